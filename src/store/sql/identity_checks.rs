//! Checks of an identity that a service makes for us (design D4). Each is settled once: one conditional
//! statement decides, bound to account, credentials, session and time, and the evidence is kept with it.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::evidence::Evidence;
use crate::domain::evidence::Finding;
use crate::domain::id::AccountId;
use crate::domain::id::CheckDigest;
use crate::domain::id::CheckId;
use crate::domain::id::SessionId;
use crate::domain::identity_check::CheckKind;
use crate::domain::identity_check::CheckState;
use crate::domain::identity_check::IdentityCheck;
use crate::domain::identity_check::PATIENCE;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::evidence;

/// So many services are asked again in one turn.
const BATCH: i64 = 20;

/// A check with what finds it when its owner comes back.
#[derive(Debug, Clone)]
pub struct NewCheck {
    /// The check.
    pub check: IdentityCheck,
    /// The digest of what the browser comes back with.
    pub digest: CheckDigest,
}

/// How settling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// This caller settled it.
    Done,
    /// It was settled, stopped or over before, or what it was bound to is gone.
    Over,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: uuid::Uuid,
    account_id: uuid::Uuid,
    session_id: uuid::Uuid,
    kind: String,
    state: String,
    consent: Option<String>,
    reference: Vec<u8>,
    credential_epoch: i64,
    created_at: i64,
    expires_at: i64,
    flow: Option<String>,
}

/// The text that reads checks.
macro_rules! select_check {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, session_id, kind, state, consent, reference, credential_epoch,
                    created_at, expires_at, flow FROM identity_check ",
            $rest
        )
    };
}

impl Store {
    /// Keeps a check that was begun, in the place of those before it; `false` when the session it was begun in
    /// is over.
    pub async fn add_identity_check(
        &self,
        new: NewCheck,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                stop_live(tx, new.check.account_id, record.at).await?;
                let added = insert(tx, &new).await?;
                if added {
                    append(tx, &record).await?;
                }
                Ok(added)
            })
        })
        .await
    }

    /// The check whose owner comes back with this.
    pub async fn find_check_by_digest(
        &self,
        digest: &CheckDigest,
    ) -> Result<Option<IdentityCheck>, StoreError> {
        let sql = select_check!("WHERE digest = $1");
        let row = fetch!(&self.db, fetch_optional, Row, sql, digest.as_bytes())?;
        row.map(Row::read).transpose()
    }

    /// The check of that key.
    pub async fn find_check(&self, id: CheckId) -> Result<Option<IdentityCheck>, StoreError> {
        let row = fetch!(&self.db, fetch_optional, Row, select_check!("WHERE id = $1"), id.0)?;
        row.map(Row::read).transpose()
    }

    /// The last check of this account, whatever became of it.
    pub async fn last_check(
        &self,
        account: AccountId,
    ) -> Result<Option<IdentityCheck>, StoreError> {
        let sql = select_check!("WHERE account_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1");
        let row = fetch!(&self.db, fetch_optional, Row, sql, account.0)?;
        row.map(Row::read).transpose()
    }

    /// Checks whose service is to be asked again.
    pub async fn due_checks(&self, now: Timestamp) -> Result<Vec<IdentityCheck>, StoreError> {
        let sql = select_check!(
            "WHERE state = 'pending' AND due_at <= $1 AND expires_at > $1 ORDER BY due_at LIMIT $2"
        );
        let rows = fetch!(&self.db, fetch_all, Row, sql, now.0, BATCH)?;
        rows.into_iter().map(Row::read).collect()
    }

    /// The service gave no answer: the check waits, and the service is asked again. A check that did not wait
    /// before gets its time anew.
    pub async fn keep_check_waiting(
        &self,
        check: &IdentityCheck,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (id, due) = (check.id, check.due_after(now));
        let until = check.created_at.plus(PATIENCE);
        self.write(move |tx| {
            Box::pin(async move {
                let kept = execute!(
                    tx,
                    "UPDATE identity_check SET state = 'pending', due_at = $2, expires_at = $3
                      WHERE id = $1 AND expires_at > $4
                        AND (state = 'pending' OR (state = 'open'
                            AND EXISTS (SELECT 1 FROM session s
                                 WHERE s.id = identity_check.session_id
                                   AND s.ended_at IS NULL AND s.expires_at > $4)))",
                    id.0,
                    due.0,
                    until.0,
                    now.0
                )?;
                Ok(kept == 1)
            })
        })
        .await
    }

    /// Settles a check by its evidence: once, in time, for the account and under the credentials it was begun
    /// with. A check whose owner has not come back yet lives no longer than its session; one that waits was
    /// brought back in it.
    pub async fn settle_check(
        &self,
        id: CheckId,
        found: Evidence,
        record: AuditRecord,
    ) -> Result<Settled, StoreError> {
        let account = found.account_id;
        let state = match found.finding {
            Finding::Confirmed => CheckState::Confirmed,
            Finding::Denied => CheckState::Denied,
        };
        let settled = self
            .write(move |tx| {
                Box::pin(async move {
                    let first = execute!(
                        tx,
                        "UPDATE identity_check SET state = $3, settled_at = $4
                          WHERE id = $1 AND account_id = $2 AND expires_at > $4
                            AND EXISTS (SELECT 1 FROM account a
                                 WHERE a.id = identity_check.account_id
                                   AND a.credential_epoch = identity_check.credential_epoch)
                            AND (state = 'pending' OR (state = 'open'
                                AND EXISTS (SELECT 1 FROM session s
                                     WHERE s.id = identity_check.session_id
                                       AND s.ended_at IS NULL AND s.expires_at > $4)))",
                        id.0,
                        account.0,
                        state.as_str(),
                        record.at.0
                    )? == 1;
                    if !first {
                        return Ok(Settled::Over);
                    }
                    if !evidence::take(tx, &found, &record).await? {
                        // An error undoes the settlement.
                        return Err(StoreError::Taken);
                    }
                    Ok(Settled::Done)
                })
            })
            .await;
        self.caches.forget(Change::Account(account.0));
        match settled {
            Err(StoreError::Taken) => Ok(Settled::Over),
            other => other,
        }
    }

    /// The owner gives the check up; `false` when there is none.
    pub async fn stop_check(
        &self,
        account: AccountId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let stopped = stop_live(tx, account, record.at).await? > 0;
                if stopped {
                    append(tx, &record).await?;
                }
                Ok(stopped)
            })
        })
        .await
    }
}

async fn stop_live(tx: &mut Tx<'_>, account: AccountId, now: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE identity_check SET state = 'stopped', settled_at = $2
          WHERE account_id = $1 AND state IN ('open', 'pending')",
        account.0,
        now.0
    )
}

async fn insert(tx: &mut Tx<'_>, new: &NewCheck) -> Result<bool, StoreError> {
    let check = &new.check;
    let added = execute!(
        tx,
        "INSERT INTO identity_check (id, account_id, session_id, kind, state, consent, digest,
                                     reference, credential_epoch, created_at, due_at, expires_at, flow)
         SELECT $1, s.account_id, s.id, $2, 'open', $3, $4, $5, $6, $7, $7, $8, $11
           FROM session s JOIN account a ON a.id = s.account_id
          WHERE s.id = $9 AND s.account_id = $10 AND s.ended_at IS NULL AND s.expires_at > $7
            AND a.status = 'active' AND a.credential_epoch = $6",
        check.id.0,
        check.kind.as_str(),
        check.consent.as_deref(),
        new.digest.as_bytes(),
        check.reference.as_slice(),
        check.credential_epoch,
        check.created_at.0,
        check.expires_at.0,
        check.session_id.0,
        check.account_id.0,
        check.flow.as_deref()
    )?;
    Ok(added == 1)
}

impl Row {
    fn read(self) -> Result<IdentityCheck, StoreError> {
        let unreadable = || StoreError::Unreadable("identity check");
        Ok(IdentityCheck {
            id: CheckId(self.id),
            account_id: AccountId(self.account_id),
            session_id: SessionId(self.session_id),
            kind: CheckKind::parse(&self.kind).ok_or_else(unreadable)?,
            state: CheckState::parse(&self.state).ok_or_else(unreadable)?,
            consent: self.consent,
            reference: self.reference,
            credential_epoch: self.credential_epoch,
            created_at: Timestamp(self.created_at),
            expires_at: Timestamp(self.expires_at),
            flow: self.flow,
        })
    }
}
