//! Looks at how many there are: accounts by status and assurance, and what waits in the outboxes.

use crate::clock::Timestamp;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::fetch;

/// Accounts counted by one statement: a part of the seconds a statement may take.
const STRIDE: i64 = 100_000;

/// What stands in an outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxLook {
    /// Not delivered and not given up.
    pub waiting: i64,
    /// Of these, those whose time has come.
    pub due: i64,
    /// Given up, and not yet purged.
    pub given_up: i64,
}

impl Store {
    /// Accounts by status and identity assurance, of the next `STRIDE` after `after`; and where these end, unless
    /// they were the last. Every account is counted by itself at some moment of the look, not all at one.
    pub async fn count_accounts(
        &self,
        after: uuid::Uuid,
    ) -> Result<(Vec<(String, i64, i64)>, Option<uuid::Uuid>), StoreError> {
        let end = fetch!(
            &self.db,
            fetch_optional,
            (uuid::Uuid,),
            "SELECT id FROM account WHERE id > $1 ORDER BY id LIMIT 1 OFFSET $2",
            after,
            STRIDE - 1
        )?;
        let end = end.map(|row| row.0);
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String, i64, i64),
            "SELECT status, CAST(identity_assurance AS BIGINT), COUNT(*) FROM account
              WHERE id > $1 AND id <= $2 GROUP BY status, identity_assurance",
            after,
            end.unwrap_or(uuid::Uuid::max())
        )?;
        Ok((rows, end))
    }

    /// What stands in the outboxes: logout tokens, alerts, notices.
    pub async fn look_at_outboxes(
        &self,
        now: Timestamp,
    ) -> Result<[(&'static str, OutboxLook); 3], StoreError> {
        let [logout_tokens, alerts, notices] = [
            "SELECT COALESCE(SUM(CASE WHEN given_up_at IS NULL THEN 1 ELSE 0 END), 0),
                    COALESCE(SUM(CASE WHEN given_up_at IS NULL AND due_at <= $1 THEN 1 ELSE 0 END), 0),
                    COALESCE(SUM(CASE WHEN given_up_at IS NOT NULL THEN 1 ELSE 0 END), 0)
               FROM outbox WHERE delivered_at IS NULL",
            "SELECT COALESCE(SUM(CASE WHEN given_up_at IS NULL THEN 1 ELSE 0 END), 0),
                    COALESCE(SUM(CASE WHEN given_up_at IS NULL AND due_at <= $1 THEN 1 ELSE 0 END), 0),
                    COALESCE(SUM(CASE WHEN given_up_at IS NOT NULL THEN 1 ELSE 0 END), 0)
               FROM alert_delivery WHERE delivered_at IS NULL",
            "SELECT COALESCE(SUM(CASE WHEN given_up_at IS NULL THEN 1 ELSE 0 END), 0),
                    COALESCE(SUM(CASE WHEN given_up_at IS NULL AND due_at <= $1 THEN 1 ELSE 0 END), 0),
                    COALESCE(SUM(CASE WHEN given_up_at IS NOT NULL THEN 1 ELSE 0 END), 0)
               FROM waiting_message",
        ];
        Ok([
            ("logout_tokens", self.look_at_outbox(logout_tokens, now).await?),
            ("alerts", self.look_at_outbox(alerts, now).await?),
            ("notices", self.look_at_outbox(notices, now).await?),
        ])
    }

    async fn look_at_outbox(
        &self,
        sql: &'static str,
        now: Timestamp,
    ) -> Result<OutboxLook, StoreError> {
        let row = fetch!(&self.db, fetch_optional, (i64, i64, i64), sql, now.0)?;
        let (waiting, due, given_up) = row.unwrap_or_default();
        Ok(OutboxLook { waiting, due, given_up })
    }
}
