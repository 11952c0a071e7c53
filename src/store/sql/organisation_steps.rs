//! What officers do about organisations and mandates: an organisation is suspended at once by one of them; what
//! gives power, or cannot be undone, happens in the transaction of a second one's decision (security.md A-69).

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::OrganisationId;
use crate::domain::mandate::Mandate;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::accounts;
use crate::store::sql::accounts::NewAccount;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch_in;
use crate::store::sql::mandate_ends;
use crate::store::sql::mandates;
use crate::store::sql::organisations;
use crate::store::sql::organisations::NewOrganisation;

/// What two officers decided about an organisation, or about who acts for somebody.
#[derive(Debug, Clone)]
pub enum OrganisationStep {
    /// People may act for the organisation again.
    Resume(OrganisationId),
    /// Every mandate of the organisation ends.
    End(OrganisationId),
    /// Somebody represents the organisation, with the record of it.
    Claim(Box<NewOrganisation>, Box<AuditRecord>),
    /// Somebody acts for a person.
    Appoint(Box<Appointment>),
}

/// A mandate for a person that was made at a counter.
#[derive(Debug, Clone)]
pub struct Appointment {
    /// The account of whom it is about, where there is none yet, with the record of it.
    pub account: Option<(NewAccount, AuditRecord)>,
    /// Whose account the principal is.
    pub principal: AccountId,
    /// The mandate.
    pub mandate: Mandate,
    /// The record of it.
    pub record: AuditRecord,
}

impl Store {
    /// Suspends an organisation: what is going on in its name ends, and its mandates rest. `false` when it was
    /// suspended before.
    pub async fn suspend_organisation(
        &self,
        id: OrganisationId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let ended = self
            .write(move |tx| {
                Box::pin(async move {
                    let suspended = execute!(
                        tx,
                        "UPDATE organisation SET suspended_at = $2, updated_at = $2
                          WHERE id = $1 AND suspended_at IS NULL",
                        id.0,
                        record.at.0
                    )?;
                    if suspended == 0 {
                        return Ok(None);
                    }
                    append(tx, &record).await?;
                    mandate_ends::leave_all(tx, id, record.at).await.map(Some)
                })
            })
            .await?;
        Ok(self.forget_ended(ended))
    }

    /// Lets people act for an organisation again; `false` when it is not suspended.
    pub async fn resume_organisation(
        &self,
        id: OrganisationId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let resumed = resume(tx, id, record.at).await?;
                if resumed {
                    append(tx, &record).await?;
                }
                Ok(resumed)
            })
        })
        .await
    }
}

/// Takes the step; the authorizations that end with it, or none where it cannot be taken.
pub(super) async fn take(
    tx: &mut Tx<'_>,
    step: &OrganisationStep,
    now: Timestamp,
) -> Result<Option<Vec<Uuid>>, StoreError> {
    match step {
        OrganisationStep::Resume(id) => Ok(resume(tx, *id, now).await?.then(Vec::new)),
        OrganisationStep::End(id) => {
            lock(tx, *id, now).await?;
            mandate_ends::revoke_all(tx, *id, now).await
        }
        OrganisationStep::Claim(new, record) => {
            let Ok(gone) = organisations::claim(tx, new, now).await? else { return Ok(None) };
            append(tx, record).await?;
            Ok(Some(gone))
        }
        OrganisationStep::Appoint(new) => Ok(appoint(tx, new).await?.then(Vec::new)),
    }
}

async fn resume(tx: &mut Tx<'_>, id: OrganisationId, now: Timestamp) -> Result<bool, StoreError> {
    let resumed = execute!(
        tx,
        "UPDATE organisation SET suspended_at = NULL, updated_at = $2
          WHERE id = $1 AND suspended_at IS NOT NULL",
        id.0,
        now.0
    )?;
    Ok(resumed == 1)
}

/// The organisation before its mandates, as everywhere.
async fn lock(tx: &mut Tx<'_>, id: OrganisationId, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "UPDATE organisation SET updated_at = $2 WHERE id = $1", id.0, now.0).map(drop)
}

async fn appoint(tx: &mut Tx<'_>, new: &Appointment) -> Result<bool, StoreError> {
    if let Some((account, record)) = &new.account {
        accounts::add(tx, account, record).await?;
    }
    // The account is locked: who appoints the same person at the same moment waits, and then finds the mandate.
    let sql = match tx {
        Tx::Postgres(_) => "SELECT id FROM account WHERE id = $1 AND status = 'active' FOR UPDATE",
        Tx::Sqlite { .. } => "SELECT id FROM account WHERE id = $1 AND status = 'active'",
    };
    if fetch_in!(tx, fetch_optional, (Uuid,), sql, new.principal.0)?.is_none() {
        return Ok(false);
    }
    let same = fetch_in!(
        tx,
        fetch_optional,
        (Uuid,),
        "SELECT id FROM mandate WHERE person_id = $1 AND agent_digest = $2 AND role = $3
            AND state IN ('offered', 'active') AND (valid_until IS NULL OR valid_until > $4) LIMIT 1",
        new.principal.0,
        new.mandate.agent_digest.as_bytes(),
        new.mandate.terms.role.as_str(),
        new.record.at.0
    )?;
    if same.is_some() || !mandates::insert(tx, &new.mandate).await? {
        return Ok(false);
    }
    append(tx, &new.record).await?;
    Ok(true)
}
