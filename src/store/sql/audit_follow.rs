//! The audit chain as monitoring reads it: in order, each record with what opens its personal fields.

use crate::clock::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::fetch;

/// A record of the chain, as far as rules look at it.
#[derive(Debug, Clone)]
pub struct FollowedAudit {
    /// Its place in the chain.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: String,
    /// How it ended.
    pub outcome: String,
    /// Why.
    pub reason: String,
    /// Whose account, and that person's sealed key where the account is still there.
    pub account: Option<(AccountId, Vec<u8>)>,
    /// Which client.
    pub client_id: Option<ClientId>,
    /// The request.
    pub request_id: String,
    /// What else, as JSON.
    pub details: String,
    /// Source and browser, sealed.
    pub personal: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Row {
    sequence: i64,
    at: i64,
    kind: String,
    outcome: String,
    reason: String,
    account_id: Option<uuid::Uuid>,
    client_id: Option<String>,
    request_id: String,
    details: String,
    personal: Vec<u8>,
    person_key: Option<Vec<u8>>,
}

impl Store {
    /// Records of the chain after `after`, in order.
    pub async fn follow_audit(
        &self,
        after: i64,
        limit: i64,
    ) -> Result<Vec<FollowedAudit>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            "SELECT a.sequence, a.at, a.kind, a.outcome, a.reason, a.account_id, a.client_id,
                    a.request_id, a.details, a.personal, p.person_key
               FROM audit a LEFT JOIN account p ON p.id = a.account_id
              WHERE a.sequence > $1 ORDER BY a.sequence LIMIT $2",
            after,
            limit
        )?;
        let read = |row: Row| FollowedAudit {
            sequence: row.sequence,
            at: Timestamp(row.at),
            kind: row.kind,
            outcome: row.outcome,
            reason: row.reason,
            account: row.account_id.map(|id| (AccountId(id), row.person_key.unwrap_or_default())),
            client_id: row.client_id.as_deref().and_then(ClientId::parse),
            request_id: row.request_id,
            details: row.details,
            personal: row.personal,
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// When the first record after this place of the chain was made.
    pub async fn audit_time_after(&self, sequence: i64) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT at FROM audit WHERE sequence > $1 ORDER BY sequence LIMIT 1";
        let row = fetch!(&self.db, fetch_optional, (i64,), sql, sequence)?;
        Ok(row.map(|row| Timestamp(row.0)))
    }
}
