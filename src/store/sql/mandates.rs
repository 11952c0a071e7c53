//! Mandates: granted, accepted, found. Whether one may be granted or used is decided by the row it hangs on,
//! locked while the new one is written. How they end is `mandate_ends`, which there are is `mandate_lists`.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::domain::id::MandateId;
use crate::domain::id::OrganisationId;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::MandateRole;
use crate::domain::mandate::MandateState;
use crate::domain::mandate::Principal;
use crate::domain::mandate::Term;
use crate::domain::mandate::Terms;
use crate::domain::mandate_evidence::MandateEvidence;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::accounts;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;
use crate::store::sql::organisations;

/// The columns of a mandate.
macro_rules! columns {
    () => {
        "m.id, m.organisation_id, m.person_id, m.parent_id, m.evidence, m.register_digest, m.role, \
         m.agent_digest, m.agent_id, \
         m.parties, m.matters, m.delegation, m.valid_from, m.valid_until, m.state, m.granted_by, \
         m.offered_at, m.accepted_at, m.ended_at"
    };
}

/// The text that reads mandates with whom they are about.
macro_rules! held {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", o.record AS organisation, o.suspended_at
             FROM mandate m LEFT JOIN organisation o ON o.id = m.organisation_id ",
            $condition
        )
    };
}

pub(super) use columns;
pub(super) use held;

/// So many offers of one grantor may wait for one person's answer: nobody buries others' offers under his own.
const MOST_WAITING: i64 = 10;

/// Why a mandate is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotOffered {
    /// What it hangs on is not in force, or whom it is about not confirmed.
    NotInForce,
    /// Too many of the grantor wait for that person's answer.
    TooMany,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: uuid::Uuid,
    organisation_id: Option<uuid::Uuid>,
    person_id: Option<uuid::Uuid>,
    parent_id: Option<uuid::Uuid>,
    evidence: String,
    register_digest: Option<Vec<u8>>,
    role: String,
    agent_digest: Vec<u8>,
    agent_id: Option<uuid::Uuid>,
    parties: Vec<u8>,
    matters: String,
    delegation: i64,
    valid_from: i64,
    valid_until: Option<i64>,
    state: String,
    granted_by: uuid::Uuid,
    offered_at: i64,
    accepted_at: Option<i64>,
    ended_at: Option<i64>,
}

/// A mandate in somebody's hands, with whom it is about.
#[derive(Debug, Clone)]
pub struct Held {
    /// The mandate.
    pub mandate: Mandate,
    /// The organisation's record, sealed; none where it is about a person.
    pub organisation: Option<Vec<u8>>,
    /// Whether the organisation is suspended: then nobody acts for it.
    pub is_suspended: bool,
}

#[derive(sqlx::FromRow)]
pub(super) struct HeldRow {
    #[sqlx(flatten)]
    mandate: Row,
    organisation: Option<Vec<u8>>,
    suspended_at: Option<i64>,
}

/// Whom a mandate is about: an organisation or a person.
type About = (Option<uuid::Uuid>, Option<uuid::Uuid>);

impl Store {
    /// Offers a mandate that hangs on another one, or is about the grantor.
    pub async fn offer_mandate(
        &self,
        new: Mandate,
        record: AuditRecord,
    ) -> Result<Result<(), NotOffered>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let stands = match (new.parent, new.principal) {
                    (Some(parent), _) => hold(tx, parent, record.at).await?,
                    (None, Principal::Person(person)) => {
                        accounts::hold_real_named(tx, person).await?
                    }
                    (None, Principal::Organisation(_)) => true,
                };
                if !stands {
                    return Ok(Err(NotOffered::NotInForce));
                }
                let (waiting,) = fetch_in!(
                    tx,
                    fetch_one,
                    (i64,),
                    "SELECT COUNT(*) FROM mandate
                      WHERE agent_digest = $1 AND granted_by = $2 AND state = 'offered'",
                    new.agent_digest.as_bytes(),
                    new.granted_by.0
                )?;
                if new.state == MandateState::Offered && waiting >= MOST_WAITING {
                    return Ok(Err(NotOffered::TooMany));
                }
                insert(tx, &new).await?;
                append(tx, &record).await?;
                Ok(Ok(()))
            })
        })
        .await
    }

    /// The person whom it was offered accepts it, or does not; `false` when it is not waiting for that.
    pub async fn answer_mandate(
        &self,
        id: MandateId,
        agent: AccountId,
        accepts: bool,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                if accepts && !accounts::hold_real_named(tx, agent).await? {
                    return Ok(false);
                }
                let state = if accepts { MandateState::Active } else { MandateState::Declined };
                let answered = execute!(
                    tx,
                    "UPDATE mandate SET state = $3, agent_id = $2,
                            accepted_at = CASE WHEN $3 = 'active' THEN $4 ELSE accepted_at END,
                            ended_at = CASE WHEN $3 = 'active' THEN ended_at ELSE $4 END
                      WHERE id = $1 AND state = 'offered' AND agent_digest IN (
                            SELECT digest FROM identifier_index WHERE account_id = $2 AND kind <> 'phone')
                        AND (valid_until IS NULL OR valid_until > $4)",
                    id.0,
                    agent.0,
                    state.as_str(),
                    record.at.0
                )? == 1;
                if answered {
                    append(tx, &record).await?;
                }
                Ok(answered)
            })
        })
        .await
    }

    /// One mandate, whatever its state, with whom it is about.
    pub async fn find_mandate(&self, id: MandateId) -> Result<Option<Held>, StoreError> {
        let row = fetch!(&self.db, fetch_optional, HeldRow, held!("WHERE m.id = $1"), id.0)?;
        row.map(HeldRow::read).transpose()
    }

    /// The mandates a mandate hangs on, itself first: nobody may appear twice in a line, and whoever stands in
    /// it may end what hangs below.
    pub async fn list_line(&self, id: MandateId) -> Result<Vec<Mandate>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            concat!(
                "WITH RECURSIVE line (id, parent_id, depth) AS (
                    SELECT id, parent_id, 0 FROM mandate WHERE id = $1
                    UNION ALL
                    SELECT p.id, p.parent_id, l.depth + 1
                      FROM mandate p JOIN line l ON p.id = l.parent_id)
                 SELECT ",
                columns!(),
                " FROM line l JOIN mandate m ON m.id = l.id ORDER BY l.depth"
            ),
            id.0
        )?;
        rows.into_iter().map(Row::read).collect()
    }
}

/// Whether a mandate is in force, and what it is about not suspended; it stays so until this write is over. The
/// organisation is locked first, as by whoever claims or suspends it.
pub(super) async fn hold(
    tx: &mut Tx<'_>,
    id: MandateId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = "SELECT organisation_id, person_id FROM mandate WHERE id = $1";
    let about = fetch_in!(tx, fetch_optional, About, sql, id.0)?;
    let stands = match about {
        Some((Some(organisation), _)) => {
            organisations::hold(tx, OrganisationId(organisation)).await?
        }
        Some((_, Some(person))) => accounts::hold_real_named(tx, AccountId(person)).await?,
        _ => false,
    };
    if !stands {
        return Ok(false);
    }
    macro_rules! in_force {
        ($lock:literal) => {
            concat!(
                "SELECT id FROM mandate WHERE id = $1 AND state = 'active' AND valid_from <= $2
                    AND (valid_until IS NULL OR valid_until > $2)",
                $lock
            )
        };
    }
    let sql = match tx {
        Tx::Postgres(_) => in_force!(" FOR SHARE"),
        Tx::Sqlite { .. } => in_force!(""),
    };
    Ok(fetch_in!(tx, fetch_optional, (uuid::Uuid,), sql, id.0, now.0)?.is_some())
}

/// Writes a mandate; `false` when an organisation would get a second legal representative, or somebody a second
/// mandate of a kind that is had once.
pub(super) async fn insert(tx: &mut Tx<'_>, new: &Mandate) -> Result<bool, StoreError> {
    let matters =
        serde_json::to_string(&new.terms.matters).map_err(|_| StoreError::Unreadable("mandate"))?;
    let (organisation, person) = split(new.principal);
    let written = execute!(
        tx,
        "INSERT INTO mandate (id, organisation_id, person_id, parent_id, role, agent_digest, agent_id,
                parties, matters, delegation, valid_from, valid_until, state, granted_by, offered_at,
                accepted_at, evidence, register_digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         ON CONFLICT DO NOTHING",
        new.id.0,
        organisation,
        person,
        new.parent.map(|parent| parent.0),
        new.terms.role.as_str(),
        new.agent_digest.as_bytes(),
        new.agent.map(|agent| agent.0),
        new.parties.as_slice(),
        matters.as_str(),
        i64::from(new.terms.delegation),
        new.terms.term.from.0,
        new.terms.term.until.map(|until| until.0),
        new.state.as_str(),
        new.granted_by.0,
        new.offered_at.0,
        new.accepted_at.map(|at| at.0),
        new.evidence.as_str(),
        new.evidence.registered().as_ref().map(IdentifierDigest::as_bytes)
    )?;
    Ok(written == 1)
}

pub(super) fn split(principal: Principal) -> (Option<uuid::Uuid>, Option<uuid::Uuid>) {
    match principal {
        Principal::Organisation(id) => (Some(id.0), None),
        Principal::Person(id) => (None, Some(id.0)),
    }
}

fn read_digest(bytes: &[u8]) -> Result<IdentifierDigest, StoreError> {
    bytes.try_into().map(IdentifierDigest).map_err(|_| StoreError::Unreadable("mandate"))
}

/// On what a mandate rests.
pub(super) fn read_evidence(
    name: &str,
    registered: Option<&[u8]>,
) -> Result<MandateEvidence, StoreError> {
    let registered = registered.map(read_digest).transpose()?;
    MandateEvidence::read(name, registered).ok_or(StoreError::Unreadable("mandate"))
}

impl Row {
    pub(super) fn read(self) -> Result<Mandate, StoreError> {
        let unreadable = || StoreError::Unreadable("mandate");
        let principal = match (self.organisation_id, self.person_id) {
            (Some(id), None) => Principal::Organisation(OrganisationId(id)),
            (None, Some(id)) => Principal::Person(AccountId(id)),
            _ => return Err(unreadable()),
        };
        Ok(Mandate {
            id: MandateId(self.id),
            principal,
            parent: self.parent_id.map(MandateId),
            evidence: read_evidence(&self.evidence, self.register_digest.as_deref())?,
            terms: Terms {
                role: MandateRole::parse(&self.role).ok_or_else(unreadable)?,
                matters: serde_json::from_str(&self.matters).map_err(|_| unreadable())?,
                term: Term {
                    from: Timestamp(self.valid_from),
                    until: self.valid_until.map(Timestamp),
                },
                delegation: u8::try_from(self.delegation).map_err(|_| unreadable())?,
            },
            agent_digest: read_digest(&self.agent_digest)?,
            agent: self.agent_id.map(AccountId),
            parties: self.parties,
            state: MandateState::parse(&self.state).ok_or_else(unreadable)?,
            granted_by: AccountId(self.granted_by),
            offered_at: Timestamp(self.offered_at),
            accepted_at: self.accepted_at.map(Timestamp),
            ended_at: self.ended_at.map(Timestamp),
        })
    }
}

impl HeldRow {
    pub(super) fn read(self) -> Result<Held, StoreError> {
        Ok(Held {
            mandate: self.mandate.read()?,
            organisation: self.organisation,
            is_suspended: self.suspended_at.is_some(),
        })
    }
}
