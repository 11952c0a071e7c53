//! Mandates in people's hands: offered to a person by name and number, accepted or declined by that person,
//! taken back by who stands above, given up by who has it (Civil Code of the PRC, Articles 165, 173, 174).

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::account::Profile;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::MandateId;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::mandate::GrantError;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::MandateRole;
use crate::domain::mandate::MandateState;
use crate::domain::mandate::Parties;
use crate::domain::mandate::Principal;
use crate::domain::mandate::Terms;
use crate::domain::mandate_evidence::MandateEvidence;
use crate::domain::organisation::OrganisationRecord;
use crate::domain::person_name::PersonName;
use crate::domain::request_context::RequestContext;
use crate::identifier;
use crate::identifier::Typed;
use crate::organisations::notices;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::Held;
use crate::store::sql::NotOffered;
use crate::throttle;
use crate::throttle::ThrottleError;
use crate::vault::VaultError;

/// Offers are read so many at a time, and so many times.
const PAGE: i64 = 50;
const LOOKS: usize = 40;
/// So many offers are shown at once; those that are answered make room.
const SHOWN: usize = 50;

/// Why a mandate was not granted, accepted or ended.
#[derive(Debug, thiserror::Error)]
pub enum MandateError {
    /// The agent's name is none.
    #[error("the name cannot be read")]
    Name,
    /// The agent's number is none.
    #[error("the number cannot be read")]
    Number,
    /// The rules of granting refuse it.
    #[error(transparent)]
    Refused(#[from] GrantError),
    /// The agent is the grantor, or stands above him.
    #[error("the agent stands in the line already")]
    Loop,
    /// Nobody has confirmed yet who this person is.
    #[error("the identity is not confirmed")]
    Level,
    /// There is no such mandate for this person to do that with.
    #[error("there is no such mandate")]
    Unknown,
    /// Too many tries.
    #[error("too many attempts")]
    TooMany,
    /// Too many offers to this person wait for an answer.
    #[error("too many offers wait")]
    TooManyWait,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What a grantor filled in.
#[derive(Debug, Clone)]
pub struct Offer<'a> {
    /// Under which mandate of the grantor; none: for the grantor himself.
    pub under: Option<MandateId>,
    /// The agent's name, as typed.
    pub name: &'a str,
    /// The agent's document, as typed.
    pub number: Typed<'a>,
    /// What is granted.
    pub terms: Terms,
}

/// Offers a mandate to somebody. Whether that person has an account shows nowhere: who has none yet finds the
/// offer after signing up.
pub async fn offer(
    provider: &Provider,
    context: &RequestContext,
    (account, profile): (&Account, &Profile),
    offer: Offer<'_>,
) -> Result<MandateId, MandateError> {
    let judged = judge(provider, context, account, &offer).await;
    let (principal, name, document) = match judged {
        Ok(judged) => judged,
        Err(error) => {
            if let Some(reason) = error.reason() {
                let record = audit::refused(AuditKind::MandateOffered, reason).account(account);
                provider.store.record(record.record(provider, context)).await?;
            }
            return Err(error);
        }
    };
    let (id, now) = (MandateId::generate(), provider.clock.now());
    let parties = Parties {
        agent_name: name.expose().to_owned(),
        agent_number: document.key().masked(),
        grantor_name: profile.name.clone(),
    };
    let (role, agent_digest) = (offer.terms.role, provider.vault.index_person(document.key()));
    let mandate = Mandate {
        id,
        principal,
        parent: offer.under,
        evidence: MandateEvidence::Granted,
        terms: offer.terms,
        agent_digest,
        agent: None,
        parties: provider.vault.seal_parties(id, &parties)?,
        state: MandateState::Offered,
        granted_by: account.id,
        offered_at: now,
        accepted_at: None,
        ended_at: None,
    };
    let record = audit::done(AuditKind::MandateOffered)
        .account(account)
        .detail("mandate", id.to_string())
        .detail("role", role.as_str())
        .record(provider, context);
    match provider.store.offer_mandate(mandate, record).await? {
        Ok(()) => {
            notices::offered(provider, agent_digest, name);
            Ok(id)
        }
        Err(NotOffered::NotInForce) => Err(GrantError::NotInForce.into()),
        Err(NotOffered::TooMany) => Err(MandateError::TooManyWait),
    }
}

async fn judge(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    offer: &Offer<'_>,
) -> Result<(Principal, PersonName, IdentityDocument), MandateError> {
    let now = provider.clock.now();
    let name = PersonName::parse(offer.name).map_err(|_| MandateError::Name)?;
    let document = identifier::document(&provider.config, offer.number);
    let document = document.map_err(|_| MandateError::Number)?;
    let agent = provider.vault.index_person(document.key());
    let Some(under) = offer.under else {
        // For himself a person appoints relatives, and nobody passes that on.
        if offer.terms.role != MandateRole::Relative {
            return Err(GrantError::Role.into());
        }
        if offer.terms.delegation > 0 {
            return Err(GrantError::Delegation.into());
        }
        demand_real_name(account)?;
        offer.terms.check(now)?;
        let principal = Principal::Person(account.id);
        admit(provider, context, account, principal).await?;
        let holder = provider.store.find_account_by_identifier(&agent).await?;
        if holder.is_some_and(|holder| holder.id == account.id) {
            return Err(MandateError::Loop);
        }
        return Ok((principal, name, document));
    };
    let line = provider.store.list_line(under).await?;
    let own = line.first().filter(|own| own.agent == Some(account.id));
    let own = own.ok_or(MandateError::Unknown)?;
    own.check_grant(&offer.terms, now)?;
    // Before the number is compared with anybody's: the answer tells who stands above.
    admit(provider, context, account, own.principal).await?;
    if line.iter().any(|above| above.agent_digest == agent) {
        return Err(MandateError::Loop);
    }
    Ok((own.principal, name, document))
}

async fn admit(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    principal: Principal,
) -> Result<(), MandateError> {
    match throttle::admit_offer(provider, context, account.id, principal).await {
        Ok(()) => Ok(()),
        Err(ThrottleError::Store(error)) => Err(error.into()),
        Err(ThrottleError::TooMany) => Err(MandateError::TooMany),
    }
}

/// A mandate under which its holder appoints others for an organisation.
#[derive(Debug, Clone)]
pub struct Managed {
    /// The mandate.
    pub mandate: Mandate,
    /// The organisation.
    pub organisation: OrganisationRecord,
}

/// A mandate of this person for an organisation, in force, that may be passed on; none for anybody else's.
pub async fn managed(
    provider: &Provider,
    account: AccountId,
    id: MandateId,
) -> Result<Option<Managed>, MandateError> {
    let Some(Held { mandate, organisation, is_suspended }) =
        provider.store.find_mandate(id).await?
    else {
        return Ok(None);
    };
    let own = mandate.agent == Some(account)
        && mandate.is_in_force(provider.clock.now())
        && !is_suspended
        && mandate.terms.delegation > 0;
    let Some(record) = organisation.filter(|_| own) else { return Ok(None) };
    let organisation = provider.vault.open_organisation(&record)?;
    Ok(Some(Managed { mandate, organisation }))
}

/// What waits for this person's answer: offered to this number under this name.
pub async fn offered(
    provider: &Provider,
    account: AccountId,
    profile: &Profile,
) -> Result<Vec<(Held, Parties)>, MandateError> {
    let (mut all, mut after) = (Vec::new(), None);
    // Others may have been offered to this number under another name: they hide none that is meant.
    for _ in 0..LOOKS {
        let page = (after, PAGE);
        let found = provider.store.list_offered_mandates(account, page, now(provider)).await?;
        let full = found.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        after = found.last().map(|last| last.mandate.id);
        for held in found {
            let parties = provider.vault.open_parties(held.mandate.id, &held.mandate.parties)?;
            if parties.agent_name == profile.name {
                all.push((held, parties));
            }
        }
        if !full || all.len() >= SHOWN {
            break;
        }
    }
    all.truncate(SHOWN);
    Ok(all)
}

fn now(provider: &Provider) -> Timestamp {
    provider.clock.now()
}

/// An account that nobody has confirmed to be somebody's neither takes mandates nor gives them (decision 0014).
fn demand_real_name(account: &Account) -> Result<(), MandateError> {
    if account.identity_assurance < IdentityAssurance::REGISTER_MATCH {
        return Err(MandateError::Level);
    }
    Ok(())
}

/// Accepts what was offered, or declines it.
pub async fn answer(
    provider: &Provider,
    context: &RequestContext,
    (account, profile): (&Account, &Profile),
    (id, accepts): (MandateId, bool),
) -> Result<(), MandateError> {
    if accepts {
        demand_real_name(account)?;
    }
    let waiting = provider.store.find_mandate(id).await?;
    let waiting = waiting.filter(|held| held.mandate.state == MandateState::Offered);
    let meant = waiting.map(|held| held.mandate).ok_or(MandateError::Unknown)?;
    // Whether the number is one of this person's is decided with the answer.
    if provider.vault.open_parties(id, &meant.parties)?.agent_name != profile.name {
        return Err(MandateError::Unknown);
    }
    let grantor = meant.granted_by;
    let record = audit::done(AuditKind::MandateAnswered)
        .account(account)
        .detail("mandate", id.to_string())
        .detail("accepted", accepts)
        .record(provider, context);
    if !provider.store.answer_mandate(id, account.id, accepts, record).await? {
        return Err(MandateError::Unknown);
    }
    notices::answered(provider, grantor, accepts);
    Ok(())
}

/// Ends a mandate: its agent gives it up, or who stands above takes it back. What hangs on it ends with it.
pub async fn end(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    id: MandateId,
) -> Result<(), MandateError> {
    let line = provider.store.list_line(id).await?;
    let now = provider.clock.now();
    let may = |mandate: &Mandate| {
        let principal = mandate.principal == Principal::Person(account.id);
        let held =
            mandate.agent == Some(account.id) && (mandate.id == id || mandate.is_in_force(now));
        principal || held
    };
    if !line.iter().any(may) && !represents(provider, account, &line).await? {
        let refused = audit::refused(AuditKind::MandateEnded, "not in the line").account(account);
        provider.store.record(refused.record(provider, context)).await?;
        return Err(MandateError::Unknown);
    }
    let record = audit::done(AuditKind::MandateEnded)
        .account(account)
        .detail("mandate", id.to_string())
        .record(provider, context);
    let at = record.at;
    if !provider.store.end_mandate(id, MandateState::Revoked, record).await? {
        return Err(MandateError::Unknown);
    }
    if let Some(mandate) = line.first() {
        notices::ended(provider, mandate.principal, at, Some(account.id));
    }
    Ok(())
}

/// Whether this person is the legal representative of whom a line is about: he stands above everybody there, also
/// above who came by a certificate.
async fn represents(
    provider: &Provider,
    account: &Account,
    line: &[Mandate],
) -> Result<bool, StoreError> {
    let Some(Principal::Organisation(id)) = line.first().map(|mandate| mandate.principal) else {
        return Ok(false);
    };
    let known = provider.store.find_representative(id).await?;
    Ok(known.is_some_and(|known| known.account == account.id))
}

impl MandateError {
    /// The reason in the audit record; none where nothing was judged.
    fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Refused(error) => Some(error.as_str()),
            Self::Level => Some("identity not confirmed"),
            Self::Loop => Some("loop"),
            Self::Unknown => Some("not the grantor's"),
            Self::TooMany => Some("too many attempts"),
            Self::TooManyWait => Some("too many offers wait"),
            Self::Name | Self::Number | Self::Store(_) | Self::Vault(_) => None,
        }
    }
}
