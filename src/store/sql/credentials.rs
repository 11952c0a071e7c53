//! Passwords, TOTP steps, recovery codes and one-time codes: each accepted once, decided by one
//! conditional statement (RFC 6238 §5.2; design D6).

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::JtiDigest;
use crate::domain::id::OneTimeCodeId;
use crate::domain::id::SessionId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;

/// Wrong tries a one-time code survives.
const ONE_TIME_CODE_TRIES: i64 = 5;

/// A one-time code on its way to a phone.
#[derive(Debug, Clone)]
pub struct NewOneTimeCode {
    /// Its key, which the page carries.
    pub id: OneTimeCodeId,
    /// Whose; none for a sign-up, and none when nobody was found (the same work is done).
    pub account_id: Option<AccountId>,
    /// What it is good for.
    pub purpose: &'static str,
    /// Digest of the browser and flow it belongs to.
    pub binding: [u8; 32],
    /// Digest of the code.
    pub code_digest: [u8; 32],
    /// What shall be done when it is right, sealed.
    pub payload: Vec<u8>,
    /// Until when.
    pub expires_at: Timestamp,
}

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

/// A one-time code that was right.
#[derive(Debug, Clone)]
pub struct OneTimeCode {
    /// Whose.
    pub account_id: Option<AccountId>,
    /// What shall be done now, sealed.
    pub payload: Vec<u8>,
}

/// A try at a one-time code.
#[derive(Debug, Clone)]
pub struct OneTimeCodeTry {
    /// Which code.
    pub id: OneTimeCodeId,
    /// For what.
    pub purpose: &'static str,
    /// By which browser and flow.
    pub binding: [u8; 32],
    /// Digest of the answer.
    pub code_digest: [u8; 32],
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
        .await
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
        .await
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
                execute!(
                    tx,
                    "INSERT INTO totp (account_id, secret, last_step, enrolled_at)
                     VALUES ($1, $2, $3, $4)
                     ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret,
                     last_step = excluded.last_step, enrolled_at = excluded.enrolled_at",
                    account.0,
                    new.secret.as_slice(),
                    new.step,
                    record.at.0
                )?;
                execute!(tx, "DELETE FROM recovery_code WHERE account_id = $1", account.0)?;
                for digest in &new.recovery {
                    execute!(
                        tx,
                        "INSERT INTO recovery_code (account_id, digest) VALUES ($1, $2)",
                        account.0,
                        &digest[..]
                    )?;
                }
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
        self.write(move |tx| {
            Box::pin(async move {
                execute!(tx, "DELETE FROM recovery_code WHERE account_id = $1", account.0)?;
                let removed =
                    execute!(tx, "DELETE FROM totp WHERE account_id = $1", account.0)? == 1;
                if removed {
                    append(tx, &record).await?;
                }
                Ok(removed)
            })
        })
        .await
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

    /// Keeps a one-time code; the one of the same flow and purpose before it is void.
    pub async fn add_one_time_code(
        &self,
        new: NewOneTimeCode,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE one_time_code SET spent_at = $3
                      WHERE binding = $1 AND purpose = $2 AND spent_at IS NULL",
                    &new.binding[..],
                    new.purpose,
                    record.at.0
                )?;
                execute!(
                    tx,
                    "INSERT INTO one_time_code (id, account_id, purpose, binding, code_digest,
                                                payload, tries, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6, 0, $7)",
                    new.id.0,
                    new.account_id.map(|id| id.0),
                    new.purpose,
                    &new.binding[..],
                    &new.code_digest[..],
                    new.payload.as_slice(),
                    new.expires_at.0
                )?;
                append(tx, &record).await
            })
        })
        .await
    }

    /// The payload of a code that still waits for its answer.
    pub async fn find_one_time_code_payload(
        &self,
        of: &OneTimeCodeTry,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (Vec<u8>,),
            "SELECT payload FROM one_time_code
              WHERE id = $1 AND purpose = $2 AND binding = $3 AND spent_at IS NULL
                AND expires_at > $4",
            of.id.0,
            of.purpose,
            &of.binding[..],
            now.0
        )?;
        Ok(row.map(|row| row.0))
    }

    /// Puts another code in the place of one that still waits; false when none does.
    pub async fn renew_one_time_code(
        &self,
        new: OneTimeCodeTry,
        expires_at: Timestamp,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let renewed = execute!(
                    tx,
                    "UPDATE one_time_code SET code_digest = $4, expires_at = $5, tries = 0
                      WHERE id = $1 AND purpose = $2 AND binding = $3 AND spent_at IS NULL
                        AND expires_at > $6",
                    new.id.0,
                    new.purpose,
                    &new.binding[..],
                    &new.code_digest[..],
                    expires_at.0,
                    record.at.0
                )? == 1;
                if renewed {
                    append(tx, &record).await?;
                }
                Ok(renewed)
            })
        })
        .await
    }

    /// Tries a one-time code. Of concurrent right answers exactly one succeeds; a wrong one counts.
    pub async fn spend_one_time_code(
        &self,
        attempt: OneTimeCodeTry,
        now: Timestamp,
    ) -> Result<Option<OneTimeCode>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let counted = execute!(
                    tx,
                    "UPDATE one_time_code SET tries = tries + 1
                      WHERE id = $1 AND purpose = $2 AND binding = $3 AND spent_at IS NULL
                        AND expires_at > $4 AND tries < $5",
                    attempt.id.0,
                    attempt.purpose,
                    &attempt.binding[..],
                    now.0,
                    ONE_TIME_CODE_TRIES
                )? == 1;
                let spent = counted
                    && execute!(
                        tx,
                        "UPDATE one_time_code SET spent_at = $3
                          WHERE id = $1 AND code_digest = $2 AND spent_at IS NULL",
                        attempt.id.0,
                        &attempt.code_digest[..],
                        now.0
                    )? == 1;
                if !spent {
                    return Ok(None);
                }
                let row = fetch_in!(
                    tx,
                    fetch_optional,
                    (Option<uuid::Uuid>, Vec<u8>),
                    "SELECT account_id, payload FROM one_time_code WHERE id = $1",
                    attempt.id.0
                )?;
                Ok(row.map(|(account_id, payload)| OneTimeCode {
                    account_id: account_id.map(AccountId),
                    payload,
                }))
            })
        })
        .await
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
