//! Accounts and the blind indexes that find them (design D1). Everything personal arrives sealed.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::account::IdentifierKind;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditRecord;
use crate::domain::choices::Choices;
use crate::domain::evidence::Evidence;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;
use crate::store::sql::evidence;
use crate::store::sql::known_browsers;
use crate::store::sql::name_index;
use crate::store::sql::name_index::IndexedName;

/// An account to be made, with everything that finds it.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The account.
    pub account: Account,
    /// Its identifiers: epoch of the index key, kind, digest.
    pub identifiers: Vec<(i64, IdentifierKind, IdentifierDigest)>,
    /// Its name.
    pub name: IndexedName,
    /// What its identity rests on.
    pub evidence: Option<Evidence>,
}

/// The columns of [`Row`], of `account a`.
macro_rules! columns {
    () => {
        "a.id, a.status, a.identity_assurance, a.assurance_cap, a.person_key, a.profile, a.password_hash,
         a.password_changed_at, a.credential_epoch,
         (SELECT COUNT(*) FROM totp t WHERE t.account_id = a.id) AS has_totp, a.blocked_methods,
         a.locale, a.elder, a.created_at, a.updated_at, a.merged_into,
         (SELECT COUNT(*) FROM subject_override o WHERE o.account_id = a.id) AS other_subjects"
    };
}
pub(super) use columns;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: uuid::Uuid,
    status: String,
    identity_assurance: i64,
    assurance_cap: Option<i64>,
    person_key: Vec<u8>,
    profile: Vec<u8>,
    password_hash: Option<String>,
    password_changed_at: Option<i64>,
    credential_epoch: i64,
    has_totp: i64,
    blocked_methods: String,
    locale: Option<String>,
    elder: Option<i64>,
    created_at: i64,
    updated_at: i64,
    merged_into: Option<uuid::Uuid>,
    other_subjects: i64,
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
            concat!(
                "SELECT ",
                columns!(),
                " FROM identifier_index i JOIN account a ON a.id = i.account_id
                  WHERE i.digest = $1"
            ),
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
            concat!("SELECT ", columns!(), " FROM account a WHERE a.id = $1"),
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

    /// Whether somebody logged in to the account, or made it, since then: the audit chain knows.
    pub async fn was_used_since(
        &self,
        id: AccountId,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT at FROM audit WHERE account_id = $1 AND at > $2 AND outcome = 'done'
                AND kind IN ('login', 'step_up', 'sign_up', 'account_recovered') LIMIT 1",
            id.0,
            since.0
        );
        Ok(row?.is_some())
    }

    /// Makes the account, unless one of its identifiers is taken; then nothing is kept but the
    /// refusal. Of concurrent callers exactly one gets `true`.
    pub async fn add_account(
        &self,
        new: NewAccount,
        done: AuditRecord,
        taken: AuditRecord,
    ) -> Result<bool, StoreError> {
        let added = self.write(move |tx| Box::pin(async move { add(tx, &new, &done).await })).await;
        match added {
            Err(StoreError::Taken) => self.record(taken).await.map(|()| false),
            other => other.map(|()| true),
        }
    }

    /// Locks, unlocks or cancels; `false` when it already was so, or is used no more. Every session of the account ends at once,
    /// and no browser is known to it any more.
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
                      WHERE id = $1 AND status <> $2 AND status <> 'merged'",
                        id.0,
                        status.as_str(),
                        now.0
                    )? == 1;
                    if changed {
                        crate::store::sql::sessions::end_all(tx, id, None, now).await?;
                        known_browsers::forget_all(tx, id).await?;
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

/// Whether the account is in use and somebody confirmed whose it is; it stays so until this write is over.
pub(super) async fn hold_real_named(tx: &mut Tx<'_>, id: AccountId) -> Result<bool, StoreError> {
    let sql = match tx {
        Tx::Postgres(_) => {
            "SELECT id FROM account WHERE id = $1 AND status = 'active'
                AND identity_assurance >= $2 FOR SHARE"
        }
        Tx::Sqlite { .. } => {
            "SELECT id FROM account WHERE id = $1 AND status = 'active' AND identity_assurance >= $2"
        }
    };
    let level = i64::from(IdentityAssurance::REGISTER_MATCH.level());
    Ok(fetch_in!(tx, fetch_optional, (uuid::Uuid,), sql, id.0, level)?.is_some())
}

/// The account with everything that finds it and what it rests on; `Taken` undoes it when one of its identifiers
/// is taken.
pub(super) async fn add(
    tx: &mut Tx<'_>,
    new: &NewAccount,
    done: &AuditRecord,
) -> Result<(), StoreError> {
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
            return Err(StoreError::Taken);
        }
    }
    name_index::insert(tx, account.id, &new.name).await?;
    if let Some(found) = &new.evidence {
        evidence::insert(tx, found).await?;
    }
    append(tx, done).await
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
    pub(super) fn into_account(self) -> Result<Account, StoreError> {
        let unreadable = StoreError::Unreadable("account");
        let Some(status) = AccountStatus::parse(&self.status) else { return Err(unreadable) };
        let level = |number: i64| u8::try_from(number).ok().and_then(IdentityAssurance::from_level);
        let Some(identity_assurance) = level(self.identity_assurance) else {
            return Err(unreadable);
        };
        let Some(blocked) = Choices::read_blocked(&self.blocked_methods) else {
            return Err(unreadable);
        };
        let elder = self.elder.map(|elder| elder == 1);
        Ok(Account {
            id: AccountId(self.id),
            status,
            identity_assurance,
            assurance_cap: self.assurance_cap.and_then(level),
            person_key: self.person_key,
            profile: self.profile,
            password_hash: self.password_hash,
            password_changed_at: self.password_changed_at.map(Timestamp),
            credential_epoch: self.credential_epoch,
            has_totp: self.has_totp > 0,
            has_other_subjects: self.other_subjects > 0,
            merged_into: self.merged_into.map(AccountId),
            choices: Choices { blocked, locale: self.locale, elder },
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
        })
    }
}
