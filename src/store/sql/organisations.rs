//! Organisations that were claimed. Of many who claim one at the same moment the database lets one win: an
//! organisation has one legal representative.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::EntityDigest;
use crate::domain::id::IdentifierDigest;
use crate::domain::id::MandateId;
use crate::domain::id::OrganisationId;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::Principal;
use crate::domain::mandate_evidence::MandateEvidence;
use crate::domain::organisation::Organisation;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;
use crate::store::sql::mandate_ends;
use crate::store::sql::mandates;
use crate::store::sql::registers;

/// An organisation to be claimed.
#[derive(Debug, Clone)]
pub struct NewOrganisation {
    /// The organisation, as it is if nobody claimed it before.
    pub organisation: Organisation,
    /// The blind index of its credit code.
    pub digest: EntityDigest,
    /// Its legal representative's mandate; the organisation in it is this one or the one that is there.
    pub representative: Mandate,
}

/// Who represents an organisation.
#[derive(Debug, Clone, Copy)]
pub struct KnownRepresentative {
    /// By which mandate.
    pub mandate: MandateId,
    /// Whose account.
    pub account: AccountId,
    /// The digest of the number the organisation was claimed with.
    pub claimed_with: IdentifierDigest,
    /// On what that rests.
    pub evidence: MandateEvidence,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: uuid::Uuid,
    record: Vec<u8>,
    claimed_at: i64,
    checked_at: i64,
    suspended_at: Option<i64>,
}

/// Why an organisation is not claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotClaimed {
    /// This person represents it already.
    Already,
    /// Officers suspended it.
    Suspended,
}

impl Store {
    /// Claims an organisation for the person the register names. Who represented it before does not any more,
    /// and what that person granted is suspended.
    pub async fn claim_organisation(
        &self,
        new: NewOrganisation,
        done: AuditRecord,
    ) -> Result<Result<(), NotClaimed>, StoreError> {
        let claimed = self
            .write(move |tx| {
                Box::pin(async move {
                    let claimed = claim(tx, &new, done.at).await?;
                    if claimed.is_ok() {
                        append(tx, &done).await?;
                    }
                    Ok(claimed)
                })
            })
            .await?;
        Ok(claimed.map(|gone| {
            self.forget_ended(Some(gone));
        }))
    }

    /// Lets the holder of its certificate administer an organisation, beside whoever represents it.
    pub async fn claim_by_certificate(
        &self,
        new: NewOrganisation,
        done: AuditRecord,
    ) -> Result<Result<(), NotClaimed>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let (id, is_suspended) = put(tx, &new.organisation, new.digest).await?;
                if is_suspended {
                    return Ok(Err(NotClaimed::Suspended));
                }
                // The organisation is locked: who claims at the same moment waits, and then finds this one.
                let same = fetch_in!(
                    tx,
                    fetch_optional,
                    (uuid::Uuid,),
                    "SELECT id FROM mandate WHERE organisation_id = $1 AND agent_id = $2
                        AND evidence = 'certificate' AND state = 'active' AND valid_until > $3 LIMIT 1",
                    id.0,
                    new.representative.agent.map(|agent| agent.0),
                    done.at.0
                )?;
                if same.is_some() {
                    return Ok(Err(NotClaimed::Already));
                }
                let principal = Principal::Organisation(id);
                let administrator = Mandate { principal, ..new.representative };
                if !mandates::insert(tx, &administrator).await? {
                    return Ok(Err(NotClaimed::Already));
                }
                append(tx, &done).await?;
                Ok(Ok(()))
            })
        })
        .await
    }

    /// The organisation with this credit code, if somebody claimed it.
    pub async fn find_organisation_by_code(
        &self,
        digest: EntityDigest,
    ) -> Result<Option<Organisation>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            Row,
            "SELECT id, record, claimed_at, checked_at, suspended_at FROM organisation WHERE digest = $1",
            digest.as_bytes()
        )?;
        Ok(row.map(Row::read))
    }

    /// The organisation of that key.
    pub async fn find_organisation(
        &self,
        id: OrganisationId,
    ) -> Result<Option<Organisation>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            Row,
            "SELECT id, record, claimed_at, checked_at, suspended_at FROM organisation WHERE id = $1",
            id.0
        )?;
        Ok(row.map(Row::read))
    }

    /// Organisations that were compared with the register longest ago, but for those it was in vain for since
    /// `tried`.
    pub async fn list_organisations_to_check(
        &self,
        (before, tried): (Timestamp, Timestamp),
        limit: i64,
    ) -> Result<Vec<Organisation>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            "SELECT id, record, claimed_at, checked_at, suspended_at FROM organisation
              WHERE checked_at < $1 AND tried_at < $2 ORDER BY checked_at LIMIT $3",
            before.0,
            tried.0,
            limit
        )?;
        Ok(rows.into_iter().map(Row::read).collect())
    }

    /// Notes that an organisation was compared with the register, and under which name it is there.
    pub async fn note_organisation_check(
        &self,
        id: OrganisationId,
        record: Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                match record {
                    Some(record) => execute!(
                        tx,
                        "UPDATE organisation SET checked_at = $2, updated_at = $2, record = $3
                          WHERE id = $1",
                        id.0,
                        now.0,
                        record.as_slice()
                    ),
                    None => execute!(
                        tx,
                        "UPDATE organisation SET checked_at = $2 WHERE id = $1",
                        id.0,
                        now.0
                    ),
                }
                .map(drop)
            })
        })
        .await
    }

    /// Notes that an organisation could not be compared: others come first for a while.
    pub async fn note_organisation_tried(
        &self,
        id: OrganisationId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(tx, "UPDATE organisation SET tried_at = $2 WHERE id = $1", id.0, now.0)
                    .map(drop)
            })
        })
        .await
    }

    /// Who represents an organisation now.
    pub async fn find_representative(
        &self,
        id: OrganisationId,
    ) -> Result<Option<KnownRepresentative>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (uuid::Uuid, uuid::Uuid, Vec<u8>, String, Option<Vec<u8>>),
            "SELECT id, agent_id, agent_digest, evidence, register_digest FROM mandate
              WHERE organisation_id = $1 AND role = 'legal_representative' AND state = 'active'",
            id.0
        )?;
        let Some((mandate, account, digest, evidence, registered)) = row else { return Ok(None) };
        let digest = digest.try_into().map_err(|_| StoreError::Unreadable("mandate"))?;
        Ok(Some(KnownRepresentative {
            mandate: MandateId(mandate),
            account: AccountId(account),
            claimed_with: IdentifierDigest(digest),
            evidence: mandates::read_evidence(&evidence, registered.as_deref())?,
        }))
    }
}

/// Whether an organisation is not suspended; it stays so until this write is over.
pub(super) async fn hold(tx: &mut Tx<'_>, id: OrganisationId) -> Result<bool, StoreError> {
    let sql = match tx {
        Tx::Postgres(_) => {
            "SELECT id FROM organisation WHERE id = $1 AND suspended_at IS NULL FOR SHARE"
        }
        Tx::Sqlite { .. } => "SELECT id FROM organisation WHERE id = $1 AND suspended_at IS NULL",
    };
    Ok(fetch_in!(tx, fetch_optional, (uuid::Uuid,), sql, id.0)?.is_some())
}

/// The key of an organisation, which is written if it is new, and locked; and whether it is suspended.
pub(super) async fn put(
    tx: &mut Tx<'_>,
    organisation: &Organisation,
    digest: EntityDigest,
) -> Result<(OrganisationId, bool), StoreError> {
    execute!(
        tx,
        "INSERT INTO organisation (id, digest, record, claimed_at, updated_at, checked_at)
         VALUES ($1, $2, $3, $4, $4, $4)
         ON CONFLICT (digest) DO UPDATE
         SET record = excluded.record, updated_at = excluded.updated_at",
        organisation.id.0,
        digest.as_bytes(),
        organisation.record.as_slice(),
        organisation.claimed_at.0
    )?;
    // The row is locked now: who claims at the same moment waits for this one.
    let row = fetch_in!(
        tx,
        fetch_optional,
        (uuid::Uuid, Option<i64>),
        "SELECT id, suspended_at FROM organisation WHERE digest = $1",
        digest.as_bytes()
    )?;
    let (id, suspended_at) = row.ok_or(StoreError::Unreadable("organisation"))?;
    Ok((OrganisationId(id), suspended_at.is_some()))
}

/// Makes somebody the legal representative, in the place of who was it; the authorizations that end with that.
pub(super) async fn claim(
    tx: &mut Tx<'_>,
    new: &NewOrganisation,
    now: Timestamp,
) -> Result<Result<Vec<uuid::Uuid>, NotClaimed>, StoreError> {
    let (id, is_suspended) = put(tx, &new.organisation, new.digest).await?;
    if is_suspended {
        return Ok(Err(NotClaimed::Suspended));
    }
    let same = fetch_in!(
        tx,
        fetch_optional,
        (uuid::Uuid,),
        "SELECT id FROM mandate WHERE organisation_id = $1 AND agent_id = $2
            AND role = 'legal_representative' AND state = 'active'",
        id.0,
        new.representative.agent.map(|agent| agent.0)
    )?;
    if same.is_some() {
        return Ok(Err(NotClaimed::Already));
    }
    let gone = mandate_ends::suspend_all(tx, id, now).await?;
    if gone.is_some() {
        // Of two answers of the register the older one may come last: it is asked once more.
        registers::note_change(tx, new.digest, now).await?;
    }
    let principal = Principal::Organisation(id);
    let representative = Mandate { principal, ..new.representative.clone() };
    if !mandates::insert(tx, &representative).await? {
        return Err(StoreError::Taken);
    }
    Ok(Ok(gone.unwrap_or_default()))
}

impl Row {
    fn read(self) -> Organisation {
        Organisation {
            id: OrganisationId(self.id),
            record: self.record,
            claimed_at: Timestamp(self.claimed_at),
            checked_at: Timestamp(self.checked_at),
            suspended_at: self.suspended_at.map(Timestamp),
        }
    }
}
