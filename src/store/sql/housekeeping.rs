//! What nobody needs any longer goes, in batches, and work that only one node may do is leased.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::code_batches;
use crate::store::sql::db::execute;
use crate::store::sql::tallies;

/// Rows removed at once: small enough that nobody waits for it.
const BATCH: i64 = 500;

/// What goes as soon as it has expired.
const EXPIRED: [&str; 5] = [
    "DELETE FROM one_time_code WHERE id IN
        (SELECT id FROM one_time_code WHERE expires_at < $1 LIMIT $2)",
    "DELETE FROM spent_jti WHERE digest IN
        (SELECT digest FROM spent_jti WHERE expires_at < $1 LIMIT $2)",
    "DELETE FROM revoked_access_token WHERE jti IN
        (SELECT jti FROM revoked_access_token WHERE expires_at < $1 LIMIT $2)",
    "DELETE FROM api_request WHERE key_digest IN
        (SELECT key_digest FROM api_request WHERE expires_at < $1 LIMIT $2)",
    "DELETE FROM approval WHERE id IN (SELECT id FROM approval WHERE expires_at < $1 LIMIT $2)",
];

/// What stays for another day.
const EXPIRED_YESTERDAY: [&str; 7] = [
    "DELETE FROM session WHERE id IN
        (SELECT s.id FROM session s WHERE s.expires_at < $1 AND NOT EXISTS
            (SELECT 1 FROM approval p WHERE p.session_id = s.id) LIMIT $2)",
    "DELETE FROM operator_session WHERE digest IN
        (SELECT digest FROM operator_session WHERE expires_at < $1 LIMIT $2)",
    "DELETE FROM outbox WHERE id IN
        (SELECT id FROM outbox WHERE due_at < $1
          AND (delivered_at IS NOT NULL OR given_up_at IS NOT NULL) LIMIT $2)",
    "DELETE FROM recovery WHERE id IN (SELECT id FROM recovery WHERE expires_at < $1 LIMIT $2)",
    "DELETE FROM alert_delivery WHERE id IN
        (SELECT id FROM alert_delivery WHERE due_at < $1
          AND (delivered_at IS NOT NULL OR given_up_at IS NOT NULL) LIMIT $2)",
    "DELETE FROM waiting_message WHERE id IN
        (SELECT id FROM waiting_message WHERE given_up_at < $1 LIMIT $2)",
    // An import may change every organisation there is; nothing hangs on those nobody claimed.
    "DELETE FROM legal_entity_change WHERE digest IN
        (SELECT c.digest FROM legal_entity_change c WHERE c.changed_at < $1 AND NOT EXISTS
            (SELECT 1 FROM organisation o WHERE o.digest = c.digest) LIMIT $2)",
];

impl Store {
    /// Removes one batch of what has expired from every table that grows; says how many rows.
    pub async fn purge(&self, now: Timestamp) -> Result<u64, StoreError> {
        let (day, at) = (Duration::from_hours(24), now);
        self.write(move |tx| {
            Box::pin(async move {
                let (half_year, year) = (now.minus(day * 180).0, now.minus(day * 365).0);
                let (now, yesterday, quarter) = (now.0, now.minus(day).0, now.minus(day * 90).0);
                let mut removed = 0;
                for sql in EXPIRED {
                    removed += execute!(tx, sql, now, BATCH)?;
                }
                for sql in EXPIRED_YESTERDAY {
                    removed += execute!(tx, sql, yesterday, BATCH)?;
                }
                removed += execute!(
                    tx,
                    "DELETE FROM throttle WHERE key_digest IN
                        (SELECT key_digest FROM throttle
                          WHERE (updated_at < $1 AND total < 100) OR updated_at < $3 LIMIT $2)",
                    yesterday,
                    BATCH,
                    quarter
                )?;
                // What was found is evidence, and what was agreed to stands in the audit chain.
                removed += execute!(
                    tx,
                    "DELETE FROM identity_check WHERE id IN
                        (SELECT id FROM identity_check WHERE expires_at < $1 LIMIT $2)",
                    quarter,
                    BATCH
                )?;
                // A login is over within the hour, and nobody comes back to it.
                removed += execute!(
                    tx,
                    "UPDATE identity_check SET flow = NULL WHERE id IN
                        (SELECT id FROM identity_check
                          WHERE flow IS NOT NULL AND created_at < $1 LIMIT $2)",
                    yesterday,
                    BATCH
                )?;
                removed += execute!(
                    tx,
                    "DELETE FROM known_browser WHERE id IN
                        (SELECT id FROM known_browser WHERE last_at < $1 LIMIT $2)",
                    year,
                    BATCH
                )?;
                removed += execute!(
                    tx,
                    "DELETE FROM acting_choice WHERE session_id IN
                        (SELECT session_id FROM acting_choice WHERE chosen_at < $1 LIMIT $2)
                        AND chosen_at < $1",
                    year,
                    BATCH
                )?;
                // Applications that came to nothing hold contacts nobody needs any longer.
                removed += execute!(
                    tx,
                    "DELETE FROM application WHERE id IN
                        (SELECT id FROM application
                          WHERE client_id IS NULL AND updated_at < $1 LIMIT $2)",
                    half_year,
                    BATCH
                )?;
                removed += tallies::purge(tx, at, BATCH).await?;
                removed += code_batches::purge(tx, at, BATCH).await?;
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
