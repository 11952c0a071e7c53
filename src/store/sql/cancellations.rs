//! Accounts that end (GB/T 35273-2020 §8.5): asked for, taken back, done when the time is over; and what
//! the law keeps is erased last, with the person's key.

use crate::clock::Timestamp;
use crate::domain::account::AccountStatus;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::mandate::Principal;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::credentials;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::mandate_ends;
use crate::store::sql::sessions;

/// So many accounts end in one turn.
const BATCH: i64 = 100;
/// What goes with an account.
const LEFT_BEHIND: [&str; 9] = [
    "DELETE FROM identifier_index WHERE account_id = $1",
    "DELETE FROM name_index WHERE account_id = $1",
    "DELETE FROM consent WHERE account_id = $1",
    "DELETE FROM recovery WHERE account_id = $1",
    "DELETE FROM known_browser WHERE account_id = $1",
    "DELETE FROM portal_block WHERE account_id = $1",
    "DELETE FROM identity_case WHERE account_id = $1",
    "DELETE FROM identity_check WHERE account_id = $1",
    "DELETE FROM evidence WHERE account_id = $1",
];

impl Store {
    /// The owner gives the account up: it ends at `due_at`. `false` when that was asked for before.
    pub async fn ask_cancellation(
        &self,
        account: AccountId,
        due_at: Timestamp,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let asked = execute!(
                    tx,
                    "INSERT INTO cancellation (account_id, requested_at, due_at)
                     VALUES ($1, $2, $3) ON CONFLICT (account_id) DO NOTHING",
                    account.0,
                    record.at.0,
                    due_at.0
                )? == 1;
                if asked {
                    append(tx, &record).await?;
                }
                Ok(asked)
            })
        })
        .await
    }

    /// The owner takes that back; `false` when there is nothing to take back.
    pub async fn withdraw_cancellation(
        &self,
        account: AccountId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let withdrawn = execute!(
                    tx,
                    "DELETE FROM cancellation WHERE account_id = $1 AND done_at IS NULL",
                    account.0
                )? == 1;
                if withdrawn {
                    append(tx, &record).await?;
                }
                Ok(withdrawn)
            })
        })
        .await
    }

    /// When the account ends, if its owner gave it up.
    pub async fn cancellation_due(
        &self,
        account: AccountId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT due_at FROM cancellation WHERE account_id = $1 AND done_at IS NULL",
            account.0
        )?;
        Ok(row.map(|(due_at,)| Timestamp(due_at)))
    }

    /// Accounts whose time is over.
    pub async fn due_cancellations(&self, now: Timestamp) -> Result<Vec<AccountId>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (uuid::Uuid,),
            "SELECT account_id FROM cancellation WHERE done_at IS NULL AND due_at <= $1
              ORDER BY due_at LIMIT $2",
            now.0,
            BATCH
        )?;
        Ok(rows.into_iter().map(|(id,)| AccountId(id)).collect())
    }

    /// Ends an account: its identifiers are free, its credentials, consents and profile are gone, every
    /// session ends and every portal is told, and so does every mandate it holds or gave; and so do the accounts
    /// that had become part of it, each given with its empty profile. Says whom the mandates were about. Once; none
    /// when it was taken back meanwhile.
    pub async fn cancel_account(
        &self,
        account: AccountId,
        (profiles, erase_at): (Vec<(AccountId, Vec<u8>)>, Timestamp),
        record: AuditRecord,
    ) -> Result<Option<Vec<Principal>>, StoreError> {
        let done = self
            .write(move |tx| {
                Box::pin(async move {
                    let now = record.at;
                    let first = execute!(
                        tx,
                        "UPDATE cancellation SET done_at = $2, erase_at = $3
                          WHERE account_id = $1 AND done_at IS NULL AND due_at <= $2",
                        account.0,
                        now.0,
                        erase_at.0
                    )? == 1;
                    if !first {
                        return Ok(None);
                    }
                    let (mut gone, mut about) = (Vec::new(), Vec::new());
                    for (one, profile) in &profiles {
                        empty(tx, *one, profile, now).await?;
                        let (ended, principals) = mandate_ends::give_up_all(tx, *one, now).await?;
                        gone.extend(ended);
                        about.extend(principals);
                        execute!(
                            tx,
                            "INSERT INTO cancellation (account_id, requested_at, due_at, done_at,
                                                       erase_at)
                             VALUES ($1, $2, $2, $2, $3) ON CONFLICT (account_id) DO NOTHING",
                            one.0,
                            now.0,
                            erase_at.0
                        )?;
                    }
                    append(tx, &record).await?;
                    Ok(Some((gone, about)))
                })
            })
            .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(done.map(|(gone, about)| {
            self.forget_ended(Some(gone));
            about
        }))
    }

    /// Erases the keys of people whose accounts ended long enough ago: what the audit chain keeps of them
    /// stays in the chain and can be read by nobody. Says how many.
    pub async fn erase_people(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE account SET person_key = $2, profile = $2 WHERE id IN
                        (SELECT account_id FROM cancellation
                          WHERE erased_at IS NULL AND erase_at <= $1)",
                    now.0,
                    &[][..] as &[u8]
                )?;
                execute!(
                    tx,
                    "UPDATE cancellation SET erased_at = $1
                      WHERE erased_at IS NULL AND erase_at <= $1",
                    now.0
                )
            })
        })
        .await
    }
}

/// Takes everything off an account that finds, proves or describes anybody.
async fn empty(
    tx: &mut Tx<'_>,
    account: AccountId,
    profile: &[u8],
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE account SET status = $2, profile = $3, password_hash = NULL,
                blocked_methods = '', locale = NULL, elder = NULL,
                credential_epoch = credential_epoch + 1, updated_at = $4
          WHERE id = $1",
        account.0,
        AccountStatus::Cancelled.as_str(),
        profile,
        now.0
    )?;
    sessions::end_all(tx, account, None, now).await?;
    credentials::delete_totp(tx, account).await?;
    for sql in LEFT_BEHIND {
        execute!(tx, sql, account.0)?;
    }
    execute!(
        tx,
        "UPDATE approval SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL",
        account.0,
        now.0
    )
    .map(drop)
}
