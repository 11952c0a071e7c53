//! Counting attempts: the row is locked, judged by the pure rule of `domain::attempts`, and written,
//! before the costly work begins (security.md P6).

use crate::clock::Timestamp;
use crate::domain::attempts::AttemptLimits;
use crate::domain::attempts::Attempts;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch_in;

/// One thing that is counted: an account, a source, a phone.
#[derive(Debug, Clone, Copy)]
pub struct AttemptKey {
    /// Keyed digest of what is counted.
    pub digest: [u8; 32],
    /// Its limits.
    pub limits: AttemptLimits,
}

impl Store {
    /// Counts one attempt against every key and gives the failures of the first in its window; or counts
    /// it against none and says when to come back.
    pub async fn admit_attempt(
        &self,
        keys: Vec<AttemptKey>,
        now: Timestamp,
    ) -> Result<Result<i64, Timestamp>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let mut counted = Vec::with_capacity(keys.len());
                for key in &keys {
                    let attempts = lock(tx, key, now).await?;
                    match attempts.admit(&key.limits, now) {
                        Ok(next) => counted.push((key, next)),
                        Err(wait) => return Ok(Err(wait)),
                    }
                }
                let failures = counted.first().map_or(0, |(_, next)| next.failures);
                for (key, next) in counted {
                    write(tx, &key.digest, &next, now).await?;
                }
                Ok(Ok(failures))
            })
        })
        .await
    }

    /// The attempt succeeded: what is `cleared` starts anew, what is `returned` counts one less.
    pub async fn forgive_attempt(
        &self,
        cleared: Vec<[u8; 32]>,
        returned: Vec<[u8; 32]>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                for digest in &cleared {
                    execute!(tx, "DELETE FROM throttle WHERE key_digest = $1", &digest[..])?;
                }
                for digest in &returned {
                    execute!(
                        tx,
                        "UPDATE throttle SET failures = failures - 1, total = total - 1
                          WHERE key_digest = $1 AND failures > 0",
                        &digest[..]
                    )?;
                }
                Ok(())
            })
        })
        .await
    }
}

async fn lock(tx: &mut Tx<'_>, key: &AttemptKey, now: Timestamp) -> Result<Attempts, StoreError> {
    execute!(
        tx,
        "INSERT INTO throttle (key_digest, window_from, failures, total, not_before, updated_at)
         VALUES ($1, $2, 0, 0, 0, $2)
         ON CONFLICT (key_digest) DO UPDATE SET updated_at = excluded.updated_at",
        &key.digest[..],
        now.0
    )?;
    let row = fetch_in!(
        tx,
        fetch_optional,
        (i64, i64, i64, i64),
        "SELECT window_from, failures, total, not_before FROM throttle WHERE key_digest = $1",
        &key.digest[..]
    )?;
    Ok(row.map_or_else(
        || Attempts::none(now),
        |(window_from, failures, total, not_before)| Attempts {
            window_from: Timestamp(window_from),
            failures,
            total,
            not_before: Timestamp(not_before),
        },
    ))
}

async fn write(
    tx: &mut Tx<'_>,
    digest: &[u8; 32],
    attempts: &Attempts,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE throttle SET window_from = $2, failures = $3, total = $4, not_before = $5,
                updated_at = $6
          WHERE key_digest = $1",
        &digest[..],
        attempts.window_from.0,
        attempts.failures,
        attempts.total,
        attempts.not_before.0,
        now.0
    )
    .map(drop)
}
