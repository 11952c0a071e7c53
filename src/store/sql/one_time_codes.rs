//! One-time codes that were sent to phones: each answered once, tried five times at most.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AccountId;
use crate::domain::id::OneTimeCodeId;
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
                AND expires_at > $4 AND tries < $5",
            of.id.0,
            of.purpose,
            &of.binding[..],
            now.0,
            ONE_TIME_CODE_TRIES
        )?;
        Ok(row.map(|row| row.0))
    }

    /// Puts another code in the place of one that still waits; false when none does. Its tries go on where
    /// they were: asking again buys no guesses (security.md A-47).
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
                    "UPDATE one_time_code SET code_digest = $4, expires_at = $5
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
}
