//! What nobody needs any longer goes, in batches, and work that only one node may do is leased.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::execute;

/// Rows removed at once: small enough that nobody waits for it.
const BATCH: i64 = 500;

impl Store {
    /// Removes one batch of what has expired from every table that grows; says how many rows.
    pub async fn purge(&self, now: Timestamp) -> Result<u64, StoreError> {
        let day = Duration::from_hours(24);
        self.write(move |tx| {
            Box::pin(async move {
                let (now, yesterday, quarter) = (now.0, now.minus(day).0, now.minus(day * 90).0);
                let mut removed = 0;
                removed += execute!(
                    tx,
                    "DELETE FROM one_time_code WHERE id IN
                        (SELECT id FROM one_time_code WHERE expires_at < $1 LIMIT $2)",
                    now,
                    BATCH
                )?;
                removed += execute!(
                    tx,
                    "DELETE FROM spent_jti WHERE digest IN
                        (SELECT digest FROM spent_jti WHERE expires_at < $1 LIMIT $2)",
                    now,
                    BATCH
                )?;
                removed += execute!(
                    tx,
                    "DELETE FROM revoked_access_token WHERE jti IN
                        (SELECT jti FROM revoked_access_token WHERE expires_at < $1 LIMIT $2)",
                    now,
                    BATCH
                )?;
                removed += execute!(
                    tx,
                    "DELETE FROM approval WHERE id IN
                        (SELECT id FROM approval WHERE expires_at < $1 LIMIT $2)",
                    now,
                    BATCH
                )?;
                removed += execute!(
                    tx,
                    "DELETE FROM session WHERE id IN
                        (SELECT s.id FROM session s WHERE s.expires_at < $1 AND NOT EXISTS
                            (SELECT 1 FROM approval p WHERE p.session_id = s.id) LIMIT $2)",
                    yesterday,
                    BATCH
                )?;
                removed += execute!(
                    tx,
                    "DELETE FROM outbox WHERE id IN
                        (SELECT id FROM outbox WHERE due_at < $1
                          AND (delivered_at IS NOT NULL OR given_up_at IS NOT NULL) LIMIT $2)",
                    yesterday,
                    BATCH
                )?;
                removed += execute!(
                    tx,
                    "DELETE FROM throttle WHERE key_digest IN
                        (SELECT key_digest FROM throttle
                          WHERE (updated_at < $1 AND total < 100) OR updated_at < $3 LIMIT $2)",
                    yesterday,
                    BATCH,
                    quarter
                )?;
                Ok(removed)
            })
        })
        .await
    }

    /// Takes or renews a lease; `false` while another node holds it.
    pub async fn hold_lease(
        &self,
        name: &'static str,
        holder: String,
        lease: Duration,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let held = execute!(
                    tx,
                    "INSERT INTO lease (name, holder, until_at) VALUES ($1, $2, $3)
                     ON CONFLICT (name) DO UPDATE
                     SET holder = excluded.holder, until_at = excluded.until_at
                     WHERE lease.holder = excluded.holder OR lease.until_at < $4",
                    name,
                    holder.as_str(),
                    now.plus(lease).0,
                    now.0
                )?;
                Ok(held == 1)
            })
        })
        .await
    }
}
