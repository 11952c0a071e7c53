//! A mandate: who may act for whom, in which matters, for how long, and whether it may be passed on
//! (Civil Code of the PRC, Articles 161–175; design D3).

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::domain::id::MandateId;
use crate::domain::id::OrganisationId;
use crate::domain::mandate_evidence::MandateEvidence;

/// Mandates below one another at most, the first one not counted.
pub const DEEPEST: u8 = 3;
/// Matters named in one mandate at most.
pub const MOST_MATTERS: usize = 50;

/// Whom a mandate is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    /// An organisation.
    Organisation(OrganisationId),
    /// Another person.
    Person(AccountId),
}

/// As what somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MandateRole {
    /// 法定代表人: whom the register names; all matters, no term.
    LegalRepresentative,
    /// 管理员: appoints agents.
    Administrator,
    /// 经办人: acts in some matters for some time.
    Agent,
    /// 亲友: for another person, who agreed.
    Relative,
    /// 监护人: for a child under 14, established at a counter.
    Guardian,
}

impl MandateRole {
    /// Each of them.
    pub const ALL: [Self; 5] = [
        Self::LegalRepresentative,
        Self::Administrator,
        Self::Agent,
        Self::Relative,
        Self::Guardian,
    ];

    /// The value in the database, in claims and in page texts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LegalRepresentative => "legal_representative",
            Self::Administrator => "administrator",
            Self::Agent => "agent",
            Self::Relative => "relative",
            Self::Guardian => "guardian",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether who has this role may appoint somebody to that one.
    fn may_appoint(self, other: Self) -> bool {
        match self {
            Self::LegalRepresentative => matches!(other, Self::Administrator | Self::Agent),
            Self::Administrator | Self::Agent => other == Self::Agent,
            Self::Relative | Self::Guardian => other == Self::Relative,
        }
    }

    /// Whether who has this role looks after all mandates of the organisation.
    pub fn manages(self) -> bool {
        matches!(self, Self::LegalRepresentative | Self::Administrator)
    }
}

/// Where a mandate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MandateState {
    /// The agent has not answered.
    Offered,
    /// It is good, within its term.
    Active,
    /// The agent did not want it.
    Declined,
    /// Its grantor, its agent or an officer ended it.
    Revoked,
    /// The register says something else than when it was granted.
    Suspended,
    /// Its term is over.
    Lapsed,
}

impl MandateState {
    /// Each of them.
    pub const ALL: [Self; 6] =
        [Self::Offered, Self::Active, Self::Declined, Self::Revoked, Self::Suspended, Self::Lapsed];

    /// The value in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Active => "active",
            Self::Declined => "declined",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Lapsed => "lapsed",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether it can still be used, now or once it is accepted.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Offered | Self::Active)
    }
}

/// In which matters somebody may act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matters {
    /// In all.
    All,
    /// At these portals, and in these service items wherever they are dealt with.
    Listed {
        /// Portals.
        #[serde(default)]
        clients: BTreeSet<ClientId>,
        /// Codes of service items.
        #[serde(default)]
        items: BTreeSet<String>,
    },
}

impl Matters {
    /// Whether they lead to this portal. A service item may be dealt with anywhere: the portal is told which.
    pub fn lead_to(&self, client: &ClientId) -> bool {
        match self {
            Self::All => true,
            Self::Listed { clients, items } => clients.contains(client) || !items.is_empty(),
        }
    }

    /// How narrow they are, for an order: everything, portals with all that is done there, service items alone.
    pub fn narrowness(&self) -> u8 {
        match self {
            Self::All => 0,
            Self::Listed { clients, .. } if !clients.is_empty() => 1,
            Self::Listed { .. } => 2,
        }
    }

    /// Whether every matter of this is one of `other`.
    pub fn are_within(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::All) => true,
            (Self::All, Self::Listed { .. }) => false,
            (Self::Listed { clients, items }, Self::Listed { clients: wider, items: more }) => {
                clients.is_subset(wider) && items.is_subset(more)
            }
        }
    }

    /// The service items a portal has to keep to; none where it need not: all matters, or this portal itself.
    pub fn items_at(&self, client: &ClientId) -> Option<&BTreeSet<String>> {
        match self {
            Self::Listed { clients, items } if !clients.contains(client) => Some(items),
            Self::All | Self::Listed { .. } => None,
        }
    }
}

/// From when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment it is over; none: until it is taken back.
    pub until: Option<Timestamp>,
}

impl Term {
    /// Whether it has begun and is not over.
    pub fn contains(&self, now: Timestamp) -> bool {
        now >= self.from && self.until.is_none_or(|until| now < until)
    }

    /// Its last minute, which people read as its end.
    pub fn last_minute(&self) -> Option<Timestamp> {
        self.until.map(|until| until.minus(Duration::from_mins(1)))
    }

    fn is_within(&self, other: &Self) -> bool {
        let ends = match (self.until, other.until) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(until), Some(latest)) => until <= latest,
        };
        ends && self.from >= other.from
    }
}

/// What is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// As what.
    pub role: MandateRole,
    /// In which matters.
    pub matters: Matters,
    /// For how long.
    pub term: Term,
    /// How many further mandates may hang below it, one below another.
    pub delegation: u8,
}

/// Who takes part, sealed in the mandate's row.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parties {
    /// The agent's name.
    pub agent_name: String,
    /// The agent's number, masked.
    pub agent_number: String,
    /// Who granted it.
    pub grantor_name: String,
}

impl std::fmt::Debug for Parties {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parties(sealed)")
    }
}

/// A mandate as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Its key.
    pub id: MandateId,
    /// For whom.
    pub principal: Principal,
    /// On which it hangs.
    pub parent: Option<MandateId>,
    /// On what it rests.
    pub evidence: MandateEvidence,
    /// What is granted.
    pub terms: Terms,
    /// Who is meant: the digest of the ID number.
    pub agent_digest: IdentifierDigest,
    /// The account that accepted it.
    pub agent: Option<AccountId>,
    /// `Parties`, sealed.
    pub parties: Vec<u8>,
    /// Where it stands.
    pub state: MandateState,
    /// Whose account granted it.
    pub granted_by: AccountId,
    /// When.
    pub offered_at: Timestamp,
    /// When the agent accepted.
    pub accepted_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

/// Why a mandate cannot be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum GrantError {
    /// The grantor's own mandate is not good now.
    #[error("the grantor's mandate is not in force")]
    NotInForce,
    /// The grantor's role does not appoint to that one.
    #[error("the grantor may not appoint to this role")]
    Role,
    /// More matters than the grantor has.
    #[error("the matters go beyond the grantor's")]
    Matters,
    /// No matter at all, or too many.
    #[error("a mandate names 1 to 50 matters")]
    NoMatters,
    /// It would be over before it begins, or is over already.
    #[error("the term is over")]
    TermOver,
    /// Longer than the grantor's.
    #[error("the term goes beyond the grantor's")]
    Term,
    /// The grantor may not pass it on, or not so far.
    #[error("the mandate may not be passed on so far")]
    Delegation,
}

impl GrantError {
    /// The name of the reason, for page texts, audit records and tests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotInForce => "not-in-force",
            Self::Role => "role",
            Self::Matters => "matters",
            Self::NoMatters => "no-matters",
            Self::TermOver => "term-over",
            Self::Term => "term",
            Self::Delegation => "delegation",
        }
    }
}

impl Mandate {
    /// Whether it is good at this moment.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.state == MandateState::Active && self.terms.term.contains(now)
    }

    /// Whether one with these terms may hang on it: nobody gives more than he has.
    pub fn check_grant(&self, terms: &Terms, now: Timestamp) -> Result<(), GrantError> {
        if !self.is_in_force(now) {
            return Err(GrantError::NotInForce);
        }
        if !self.terms.role.may_appoint(terms.role) {
            return Err(GrantError::Role);
        }
        terms.check(now)?;
        if terms.delegation >= self.terms.delegation {
            return Err(GrantError::Delegation);
        }
        if !terms.matters.are_within(&self.terms.matters) {
            return Err(GrantError::Matters);
        }
        if !terms.term.is_within(&self.terms.term) {
            return Err(GrantError::Term);
        }
        Ok(())
    }
}

impl Terms {
    /// What the legal representative has.
    pub fn of_representative(now: Timestamp) -> Self {
        Self {
            role: MandateRole::LegalRepresentative,
            matters: Matters::All,
            term: Term { from: now, until: None },
            delegation: DEEPEST,
        }
    }

    /// Whether they make sense by themselves.
    pub fn check(&self, now: Timestamp) -> Result<(), GrantError> {
        if let Matters::Listed { clients, items } = &self.matters
            && !(1..=MOST_MATTERS).contains(&(clients.len() + items.len()))
        {
            return Err(GrantError::NoMatters);
        }
        if self.term.until.is_some_and(|until| until <= now.max(self.term.from)) {
            return Err(GrantError::TermOver);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
