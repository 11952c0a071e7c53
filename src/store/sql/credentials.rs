//! Passwords, TOTP steps, recovery codes and one-time codes: each accepted once, decided by one
//! conditional statement (RFC 6238 §5.2; design D6).

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::JtiDigest;
use crate::domain::id::SessionId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// A TOTP app to be enrolled.
#[derive(Debug, Clone)]
pub struct NewTotp {
    /// Its secret, sealed.
    pub secret: Vec<u8>,
    /// The step whose code proved it.
    pub step: i64,
    /// Digests of the recovery codes.
    pub recovery: Vec<[u8; 32]>,
}

impl Store {
    /// Sets a password hash. With `end_others`, credentials count as changed: every session but
    /// `keep` ends and every token issued before is dead.
    pub async fn set_password(
        &self,
        account: AccountId,
        password_hash: String,
        keep: Option<SessionId>,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE account SET password_hash = $2, password_changed_at = $3,
                            credential_epoch = credential_epoch + 1, updated_at = $3
                      WHERE id = $1",
                    account.0,
                    password_hash.as_str(),
                    record.at.0
                )?;
                crate::store::sql::sessions::end_all(tx, account, keep, record.at).await?;
                if let Some(session) = keep {
                    execute!(
                        tx,
                        "UPDATE session SET credential_epoch = credential_epoch + 1
                          WHERE id = $1 AND account_id = $2",
                        session.0,
                        account.0
                    )?;
                }
                append(tx, &record).await
            })
        })
        .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(())
    }

    /// Replaces an outdated hash of the same password; nothing else changes.
    pub async fn replace_password_hash(
        &self,
        account: AccountId,
        from: String,
        to: String,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE account SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
                    account.0,
                    from.as_str(),
                    to.as_str()
                )
                .map(drop)
            })
        })
        .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(())
    }

    /// The sealed TOTP secret of the account.
    pub async fn find_totp(&self, account: AccountId) -> Result<Option<Vec<u8>>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (Vec<u8>,),
            "SELECT secret FROM totp WHERE account_id = $1",
            account.0
        )?;
        Ok(row.map(|row| row.0))
    }

    /// Accepts a TOTP step once, and none before it.
    pub async fn spend_totp_step(&self, account: AccountId, step: i64) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let spent = execute!(
                    tx,
                    "UPDATE totp SET last_step = $2 WHERE account_id = $1 AND last_step < $2",
                    account.0,
                    step
                )?;
                Ok(spent == 1)
            })
        })
        .await
    }

    /// Enrols a TOTP app with the step that proved it, and its recovery codes.
    pub async fn enrol_totp(
        &self,
        account: AccountId,
        new: NewTotp,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let enrolled = execute!(
                    tx,
                    "INSERT INTO totp (account_id, secret, last_step, enrolled_at)
                     VALUES ($1, $2, $3, $4) ON CONFLICT (account_id) DO NOTHING",
                    account.0,
                    new.secret.as_slice(),
                    new.step,
                    record.at.0
                )? == 1;
                if !enrolled {
                    return Err(StoreError::Taken);
                }
                put_recovery_codes(tx, account, &new.recovery).await?;
                append(tx, &record).await
            })
        })
        .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(())
    }

    /// Puts new recovery codes in the place of all before them.
    pub async fn replace_recovery_codes(
        &self,
        account: AccountId,
        digests: Vec<[u8; 32]>,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                put_recovery_codes(tx, account, &digests).await?;
                append(tx, &record).await
            })
        })
        .await
    }

    /// Removes the TOTP app and its recovery codes.
    pub async fn remove_totp(
        &self,
        account: AccountId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let done = self
            .write(move |tx| {
                Box::pin(async move {
                    let removed = delete_totp(tx, account).await?;
                    if removed {
                        append(tx, &record).await?;
                    }
                    Ok(removed)
                })
            })
            .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(done)
    }

    /// Spends a recovery code.
    pub async fn spend_recovery_code(
        &self,
        account: AccountId,
        digest: [u8; 32],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let spent = execute!(
                    tx,
                    "UPDATE recovery_code SET spent_at = $3
                      WHERE account_id = $1 AND digest = $2 AND spent_at IS NULL",
                    account.0,
                    &digest[..],
                    now.0
                )?;
                Ok(spent == 1)
            })
        })
        .await
    }

    /// How many recovery codes are left.
    pub async fn count_recovery_codes(&self, account: AccountId) -> Result<i64, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT COUNT(*) FROM recovery_code WHERE account_id = $1 AND spent_at IS NULL",
            account.0
        )?;
        Ok(row.map_or(0, |row| row.0))
    }

    /// Accepts a `jti` once.
    pub async fn spend_jti(
        &self,
        digest: JtiDigest,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let spent = execute!(
                    tx,
                    "INSERT INTO spent_jti (digest, expires_at) VALUES ($1, $2)
                     ON CONFLICT (digest) DO NOTHING",
                    digest.as_bytes(),
                    expires_at.0
                )?;
                Ok(spent == 1)
            })
        })
        .await
    }
}

async fn put_recovery_codes(
    tx: &mut Tx<'_>,
    account: AccountId,
    digests: &[[u8; 32]],
) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM recovery_code WHERE account_id = $1", account.0)?;
    for digest in digests {
        execute!(
            tx,
            "INSERT INTO recovery_code (account_id, digest) VALUES ($1, $2)",
            account.0,
            &digest[..]
        )?;
    }
    Ok(())
}

/// Removes the app and its recovery codes; says whether there was one.
pub(super) async fn delete_totp(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    execute!(tx, "DELETE FROM recovery_code WHERE account_id = $1", account.0)?;
    Ok(execute!(tx, "DELETE FROM totp WHERE account_id = $1", account.0)? == 1)
}
