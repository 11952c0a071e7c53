//! The phone of an account: a contact that finds it, held by one account at a time (design D1).

use crate::clock::Timestamp;
use crate::domain::account::IdentifierKind;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;

/// Another phone in an account's profile, or none.
#[derive(Debug, Clone)]
pub struct PhoneChange {
    /// The sealed profile the change was made from.
    pub from: Vec<u8>,
    /// The sealed profile it leads to.
    pub to: Vec<u8>,
    /// What finds the account by the new phone: epoch of the index key, digest.
    pub index: Option<(i64, IdentifierDigest)>,
}

/// Why a phone is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneRefused {
    /// Another account holds it.
    Held,
    /// The profile was changed meanwhile.
    Stale,
}

impl Store {
    /// Puts the phone in the place of the one before. Of concurrent changes to one account, and of
    /// accounts that want one phone, exactly one succeeds.
    pub async fn change_phone(
        &self,
        account: AccountId,
        change: PhoneChange,
        record: AuditRecord,
    ) -> Result<Result<(), PhoneRefused>, StoreError> {
        let changed = self
            .write(move |tx| {
                Box::pin(async move {
                    let done = put(tx, account, &change, record.at).await?;
                    if done.is_ok() {
                        append(tx, &record).await?;
                    }
                    Ok(done)
                })
            })
            .await;
        self.caches.forget(Change::Account(account.0));
        match changed {
            Err(StoreError::Taken) => Ok(Err(PhoneRefused::Held)),
            other => other,
        }
    }
}

/// The same inside a write; `Taken` undoes it when another account holds the phone.
pub(super) async fn put(
    tx: &mut Tx<'_>,
    account: AccountId,
    change: &PhoneChange,
    now: Timestamp,
) -> Result<Result<(), PhoneRefused>, StoreError> {
    let changed = execute!(
        tx,
        "UPDATE account SET profile = $3, updated_at = $4 WHERE id = $1 AND profile = $2",
        account.0,
        change.from.as_slice(),
        change.to.as_slice(),
        now.0
    )?;
    if changed == 0 {
        return Ok(Err(PhoneRefused::Stale));
    }
    execute!(
        tx,
        "DELETE FROM identifier_index WHERE account_id = $1 AND kind = $2",
        account.0,
        IdentifierKind::Phone.as_str()
    )?;
    let Some((epoch, digest)) = &change.index else { return Ok(Ok(())) };
    let written = execute!(
        tx,
        "INSERT INTO identifier_index (epoch, digest, kind, account_id, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (epoch, digest) DO NOTHING",
        *epoch,
        digest.as_bytes(),
        IdentifierKind::Phone.as_str(),
        account.0,
        now.0
    )?;
    if written == 0 { Err(StoreError::Taken) } else { Ok(Ok(())) }
}
