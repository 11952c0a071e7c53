//! Accounts and the blind indexes that find them (design D1). Everything personal arrives sealed.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::account::IdentifierKind;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// An account to be made, with everything that finds it.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The account.
    pub account: Account,
    /// Its identifiers: epoch of the index key, kind, digest.
    pub identifiers: Vec<(i64, IdentifierKind, IdentifierDigest)>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: uuid::Uuid,
    status: String,
    identity_assurance: i64,
    person_key: Vec<u8>,
    profile: Vec<u8>,
    password_hash: Option<String>,
    password_changed_at: Option<i64>,
    credential_epoch: i64,
    has_totp: i64,
    created_at: i64,
    updated_at: i64,
}

impl Store {
    /// The account that this identifier finds.
    pub async fn find_account_by_identifier(
        &self,
        digest: &IdentifierDigest,
    ) -> Result<Option<Account>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            Row,
            "SELECT a.id, a.status, a.identity_assurance, a.person_key, a.profile,
                    a.password_hash, a.password_changed_at, a.credential_epoch,
                    (SELECT COUNT(*) FROM totp t WHERE t.account_id = a.id) AS has_totp,
                    a.created_at, a.updated_at
               FROM identifier_index i JOIN account a ON a.id = i.account_id
              WHERE i.digest = $1",
            digest.as_bytes()
        )?;
        row.map(Row::into_account).transpose()
    }

    /// The account of that key.
    pub async fn find_account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            Row,
            "SELECT a.id, a.status, a.identity_assurance, a.person_key, a.profile,
                    a.password_hash, a.password_changed_at, a.credential_epoch,
                    (SELECT COUNT(*) FROM totp t WHERE t.account_id = a.id) AS has_totp,
                    a.created_at, a.updated_at
               FROM account a WHERE a.id = $1",
            id.0
        )?;
        row.map(Row::into_account).transpose()
    }

    /// The same, at most five seconds old: good enough for what a token may show of it.
    pub async fn known_account(
        &self,
        id: AccountId,
        now: Timestamp,
    ) -> Result<Option<Arc<Account>>, StoreError> {
        if let Some(known) = self.caches.account(id.0, now) {
            return Ok(Some(known));
        }
        let reading = self.caches.begin(now);
        let found = self.find_account(id).await?.map(Arc::new);
        if let Some(found) = &found {
            self.caches.keep_account(reading, found);
        }
        Ok(found)
    }

    /// Makes the account, unless one of its identifiers is taken; then nothing is kept but the
    /// refusal. Of concurrent callers exactly one gets `true`.
    pub async fn add_account(
        &self,
        new: NewAccount,
        done: AuditRecord,
        taken: AuditRecord,
    ) -> Result<bool, StoreError> {
        let added = self
            .write(move |tx| {
                Box::pin(async move {
                    let account = &new.account;
                    insert_account(tx, account).await?;
                    for (epoch, kind, digest) in &new.identifiers {
                        let written = execute!(
                            tx,
                            "INSERT INTO identifier_index (epoch, digest, kind, account_id, created_at)
                             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (epoch, digest) DO NOTHING",
                            *epoch,
                            digest.as_bytes(),
                            kind.as_str(),
                            account.id.0,
                            account.created_at.0
                        )?;
                        if written == 0 {
                            // An error undoes the account that was just inserted.
                            return Err(StoreError::Taken);
                        }
                    }
                    append(tx, &done).await
                })
            })
            .await;
        match added {
            Err(StoreError::Taken) => self.record(taken).await.map(|()| false),
            other => other.map(|()| true),
        }
    }

    /// Locks, unlocks or cancels; `false` when it already was so. Locking and cancelling end every
    /// session of the account at once.
    pub async fn set_account_status(
        &self,
        id: AccountId,
        status: AccountStatus,
        record: AuditRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = self
            .write(move |tx| {
                Box::pin(async move {
                    let changed = execute!(
                        tx,
                        "UPDATE account SET status = $2, updated_at = $3,
                            credential_epoch = credential_epoch + 1
                      WHERE id = $1 AND status <> $2",
                        id.0,
                        status.as_str(),
                        now.0
                    )? == 1;
                    if changed {
                        crate::store::sql::sessions::end_all(tx, id, None, now).await?;
                        append(tx, &record).await?;
                    }
                    Ok(changed)
                })
            })
            .await?;
        self.caches.forget(Change::Account(id.0));
        Ok(done)
    }
}

async fn insert_account(tx: &mut Tx<'_>, account: &Account) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO account (id, status, identity_assurance, person_key, profile, password_hash,
                              password_changed_at, credential_epoch, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        account.id.0,
        account.status.as_str(),
        i64::from(account.identity_assurance.level()),
        account.person_key.as_slice(),
        account.profile.as_slice(),
        account.password_hash.as_deref(),
        account.password_changed_at.map(|at| at.0),
        account.credential_epoch,
        account.created_at.0,
        account.updated_at.0
    )
    .map(drop)
}

impl Row {
    fn into_account(self) -> Result<Account, StoreError> {
        let unreadable = StoreError::Unreadable("account");
        let Some(status) = AccountStatus::parse(&self.status) else { return Err(unreadable) };
        let level = u8::try_from(self.identity_assurance).ok();
        let Some(identity_assurance) = level.and_then(IdentityAssurance::from_level) else {
            return Err(unreadable);
        };
        Ok(Account {
            id: AccountId(self.id),
            status,
            identity_assurance,
            person_key: self.person_key,
            profile: self.profile,
            password_hash: self.password_hash,
            password_changed_at: self.password_changed_at.map(Timestamp),
            credential_epoch: self.credential_epoch,
            has_totp: self.has_totp > 0,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
        })
    }
}
