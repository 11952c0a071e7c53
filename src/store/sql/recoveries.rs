//! Ways back to an account (security.md ): each is walked by one browser, moves on by
//! conditional statements, and ends once. What was begun before credentials changed leads nowhere.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::account::AccountStatus;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::ActId;
use crate::domain::id::RecoveryId;
use crate::domain::recovery::Recovery;
use crate::domain::recovery::RecoveryState;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::credentials;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;
use crate::store::sql::known_browsers;
use crate::store::sql::phones;
use crate::store::sql::phones::PhoneChange;
use crate::store::sql::sessions;

/// How a recovery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// With what it was for.
    Done,
    /// It was over before.
    Over,
    /// Another account holds the phone; it goes on.
    PhoneHeld,
}

/// What an account is given when its owner is back.
#[derive(Debug, Clone)]
pub struct Restoration {
    /// The hash of the new password.
    pub password_hash: String,
    /// Another phone, where the old one is lost.
    pub phone: Option<PhoneChange>,
    /// Whether the app and its recovery codes go.
    pub removes_totp: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: uuid::Uuid,
    account_id: uuid::Uuid,
    state: String,
    binding: Vec<u8>,
    code_digest: Option<Vec<u8>>,
    act_id: Option<uuid::Uuid>,
    credential_epoch: i64,
    ready_at: i64,
    expires_at: i64,
    created_at: i64,
}

macro_rules! select_recovery {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, state, binding, code_digest, act_id, credential_epoch, ready_at,
                    expires_at, created_at FROM recovery ",
            $rest
        )
    };
}

impl Store {
    /// Begins one; those of the account that another browser walks end. If one has waited long enough, it is
    /// that one which goes on: it is given back, ready for this browser.
    pub async fn begin_recovery(
        &self,
        new: Recovery,
        record: AuditRecord,
    ) -> Result<Recovery, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let now = new.created_at.0;
                stop(tx, new.account_id, &["open", "ready"]).await?;
                append(tx, &record).await?;
                let waited = fetch_in!(
                    tx,
                    fetch_optional,
                    Row,
                    select_recovery!(
                        "WHERE account_id = $1 AND state = 'waiting' AND ready_at <= $2
                            AND expires_at > $2 AND credential_epoch = $3"
                    ),
                    new.account_id.0,
                    now,
                    new.credential_epoch
                )?;
                if let Some(waited) = waited {
                    let taken = execute!(
                        tx,
                        "UPDATE recovery SET state = 'ready', binding = $2, expires_at = $3
                          WHERE id = $1 AND state = 'waiting'",
                        waited.id,
                        &new.binding[..],
                        new.expires_at.0
                    )? == 1;
                    if taken {
                        let (state, binding) = (RecoveryState::Ready, new.binding);
                        let expires_at = new.expires_at;
                        return Ok(Recovery { state, binding, expires_at, ..waited.read()? });
                    }
                }
                insert(tx, &new).await?;
                Ok(new)
            })
        })
        .await
    }

    /// The recovery this browser walks, while it is in that state.
    pub async fn find_recovery(
        &self,
        id: RecoveryId,
        (binding, state): ([u8; 32], RecoveryState),
        now: Timestamp,
    ) -> Result<Option<Recovery>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            Row,
            select_recovery!("WHERE id = $1 AND binding = $2 AND state = $3 AND expires_at > $4"),
            id.0,
            &binding[..],
            state.as_str(),
            now.0
        )?;
        row.map(Row::read).transpose()
    }

    /// The one that waits for this account.
    pub async fn find_waiting_recovery(
        &self,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Option<Recovery>, StoreError> {
        let sql =
            select_recovery!("WHERE account_id = $1 AND state = 'waiting' AND expires_at > $2");
        let row = fetch!(&self.db, fetch_optional, Row, sql, account.0, now.0)?;
        row.map(Row::read).transpose()
    }

    /// Something else was proven: a password may be set until then. Once.
    pub async fn ready_recovery(
        &self,
        id: RecoveryId,
        binding: [u8; 32],
        expires_at: Timestamp,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let moved = execute!(
                    tx,
                    "UPDATE recovery SET state = 'ready', expires_at = $3
                      WHERE id = $1 AND binding = $2 AND state = 'open' AND expires_at > $4",
                    id.0,
                    &binding[..],
                    expires_at.0,
                    record.at.0
                )? == 1;
                if moved {
                    append(tx, &record).await?;
                }
                Ok(moved)
            })
        })
        .await
    }

    /// Nothing else can be proven: it waits. `false` when one of the account waits already.
    pub async fn defer_recovery(
        &self,
        recovery: &Recovery,
        (wait, then_open_for): (Duration, Duration),
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let (id, account, binding) = (recovery.id, recovery.account_id, recovery.binding);
        self.write(move |tx| {
            Box::pin(async move {
                // The account's row decides between two who come at once.
                execute!(
                    tx,
                    "UPDATE account SET updated_at = updated_at WHERE id = $1",
                    account.0
                )?;
                let ready_at = record.at.plus(wait);
                let moved = execute!(
                    tx,
                    "UPDATE recovery SET state = 'waiting', ready_at = $3, expires_at = $4
                      WHERE id = $1 AND binding = $2 AND state = 'open' AND expires_at > $5
                        AND NOT EXISTS (SELECT 1 FROM recovery w WHERE w.account_id = $6
                                           AND w.state = 'waiting' AND w.expires_at > $5)",
                    id.0,
                    &binding[..],
                    ready_at.0,
                    ready_at.plus(then_open_for).0,
                    record.at.0,
                    account.0
                )? == 1;
                if moved {
                    append(tx, &record).await?;
                }
                Ok(moved)
            })
        })
        .await
    }

    /// Keeps a code that was handed out at a counter; one for each act that allowed it.
    pub async fn add_counter_recovery(
        &self,
        new: Recovery,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                stop(tx, new.account_id, &["open", "ready", "waiting"]).await?;
                if !insert(tx, &new).await? {
                    return Err(StoreError::Taken);
                }
                append(tx, &record).await
            })
        })
        .await
        .map(|()| true)
        .or_else(|error| match error {
            StoreError::Taken => Ok(false),
            other => Err(other),
        })
    }

    /// The recovery a code of a counter belongs to.
    pub async fn find_counter_recovery(
        &self,
        code_digest: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Recovery>, StoreError> {
        let sql =
            select_recovery!("WHERE code_digest = $1 AND state = 'ready' AND expires_at > $2");
        let row = fetch!(&self.db, fetch_optional, Row, sql, &code_digest[..], now.0)?;
        row.map(Row::read).transpose()
    }

    /// Ends a recovery with what it was for: of concurrent ones exactly one, and none after the account's
    /// credentials changed. Every session ends and every token issued before is dead.
    pub async fn finish_recovery(
        &self,
        recovery: &Recovery,
        restoration: Restoration,
        record: AuditRecord,
    ) -> Result<Finished, StoreError> {
        let (id, account, binding) = (recovery.id, recovery.account_id, recovery.binding);
        let finished = self
            .write(move |tx| {
                Box::pin(async move {
                    let now = record.at;
                    let first = execute!(
                        tx,
                        "UPDATE recovery SET state = 'done'
                          WHERE id = $1 AND binding = $2 AND state = 'ready' AND expires_at > $3
                            AND EXISTS (SELECT 1 FROM account a WHERE a.id = recovery.account_id
                                           AND a.credential_epoch = recovery.credential_epoch
                                           AND a.status IN ('active', 'stopped'))",
                        id.0,
                        &binding[..],
                        now.0
                    )? == 1;
                    if !first {
                        return Ok(Finished::Over);
                    }
                    if let Some(phone) = &restoration.phone
                        && phones::put(tx, account, phone, now).await?.is_err()
                    {
                        // An error undoes the end; trying again may help.
                        return Err(StoreError::Away("the profile was changed meanwhile".into()));
                    }
                    restore(tx, account, &restoration, now).await?;
                    append(tx, &record).await?;
                    Ok(Finished::Done)
                })
            })
            .await;
        self.caches.forget(Change::Account(account.0));
        match finished {
            Err(StoreError::Taken) => Ok(Finished::PhoneHeld),
            other => other,
        }
    }

    /// Ends every recovery of an account, whoever walks it.
    pub async fn stop_recoveries(
        &self,
        account: AccountId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let stopped = stop(tx, account, &["open", "ready", "waiting"]).await? > 0;
                if stopped {
                    append(tx, &record).await?;
                }
                Ok(stopped)
            })
        })
        .await
    }
}

async fn restore(
    tx: &mut Tx<'_>,
    account: AccountId,
    restoration: &Restoration,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE account SET password_hash = $2, password_changed_at = $3, status = $4,
                credential_epoch = credential_epoch + 1, updated_at = $3
          WHERE id = $1",
        account.0,
        restoration.password_hash.as_str(),
        now.0,
        AccountStatus::Active.as_str()
    )?;
    if restoration.removes_totp {
        credentials::delete_totp(tx, account).await?;
    }
    sessions::end_all(tx, account, None, now).await?;
    known_browsers::forget_all(tx, account).await?;
    stop(tx, account, &["open", "ready", "waiting"]).await.map(drop)
}

async fn stop(tx: &mut Tx<'_>, account: AccountId, states: &[&str]) -> Result<u64, StoreError> {
    let mut stopped = 0;
    for state in states {
        stopped += execute!(
            tx,
            "UPDATE recovery SET state = 'stopped' WHERE account_id = $1 AND state = $2",
            account.0,
            *state
        )?;
    }
    Ok(stopped)
}

/// `false` when the act that allowed it was used before.
async fn insert(tx: &mut Tx<'_>, new: &Recovery) -> Result<bool, StoreError> {
    let written = execute!(
        tx,
        "INSERT INTO recovery (id, account_id, state, binding, code_digest, act_id,
                               credential_epoch, ready_at, expires_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING",
        new.id.0,
        new.account_id.0,
        new.state.as_str(),
        &new.binding[..],
        new.code_digest.as_ref().map(|digest| &digest[..]),
        new.act_id.map(|act| act.0),
        new.credential_epoch,
        new.ready_at.0,
        new.expires_at.0,
        new.created_at.0
    )?;
    Ok(written == 1)
}

impl Row {
    fn read(self) -> Result<Recovery, StoreError> {
        let unreadable = StoreError::Unreadable("recovery");
        let Some(state) = RecoveryState::parse(&self.state) else { return Err(unreadable) };
        let digest =
            |bytes: Vec<u8>| bytes.try_into().map_err(|_| StoreError::Unreadable("recovery"));
        Ok(Recovery {
            id: RecoveryId(self.id),
            account_id: AccountId(self.account_id),
            state,
            binding: digest(self.binding)?,
            code_digest: self.code_digest.map(digest).transpose()?,
            act_id: self.act_id.map(ActId),
            credential_epoch: self.credential_epoch,
            ready_at: Timestamp(self.ready_at),
            expires_at: Timestamp(self.expires_at),
            created_at: Timestamp(self.created_at),
        })
    }
}
