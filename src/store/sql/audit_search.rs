//! Searching the audit chain: by its place in it, newest first, and never further back at once than a span,
//! so that a filter that fits nothing costs no more than one that fits.

use crate::clock::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::OperatorId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::Row;
use crate::store::sql::audit::SealedAudit;
use crate::store::sql::db::fetch;

/// Records are numbered in the order in which they were sealed, which may be a little off their times.
const SLACK: i64 = 2_000;

/// Which records of the chain are wanted.
#[derive(Debug, Clone, Default)]
pub struct AuditSearch {
    /// Of this account.
    pub account_id: Option<AccountId>,
    /// At this client.
    pub client_id: Option<ClientId>,
    /// Of this kind.
    pub kind: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// By this operator.
    pub operator: Option<OperatorId>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
    /// Before this place.
    pub below: Option<i64>,
    /// At this place or after it.
    pub floor: i64,
    /// At most so many.
    pub limit: i64,
}

/// The text that searches, after the condition that says by which index.
macro_rules! search {
    ($condition:literal) => {
        concat!(
            "SELECT id, sequence, link, at, kind, outcome, reason, account_id, client_id,
                    request_id, details, personal, mac
               FROM audit WHERE ",
            $condition,
            " AND sequence < $1 AND sequence >= $2 AND at >= $3 AND at < $4
              AND (CAST($5 AS TEXT) IS NULL OR kind = $5)
              AND (CAST($6 AS TEXT) IS NULL OR outcome = $6)
              AND (CAST($7 AS TEXT) IS NULL OR client_id = $7)
              AND details LIKE $8 ORDER BY sequence DESC LIMIT $9"
        )
    };
}

impl Store {
    /// Records of the chain that match, newest first, by their place in it.
    pub async fn search_audit(&self, search: &AuditSearch) -> Result<Vec<SealedAudit>, StoreError> {
        // Which operator did it stands among the details; a key has no character that LIKE would read.
        let operator = search.operator.map(|id| format!("%\"operator\":\"{id}\"%"));
        let operator = operator.as_deref().unwrap_or("%");
        let below = search.below.unwrap_or(i64::MAX);
        let from = search.from.map_or(i64::MIN, |at| at.0);
        let until = search.until.map_or(i64::MAX, |at| at.0);
        let (kind, outcome) = (search.kind.as_deref(), search.outcome.as_deref());
        let client = search.client_id.as_ref().map(ClientId::as_str);
        let rows = match search.account_id {
            Some(account) => fetch!(
                &self.db,
                fetch_all,
                Row,
                search!("account_id = $10"),
                below,
                search.floor,
                from,
                until,
                kind,
                outcome,
                client,
                operator,
                search.limit,
                account.0
            )?,
            None => fetch!(
                &self.db,
                fetch_all,
                Row,
                search!("sequence IS NOT NULL"),
                below,
                search.floor,
                from,
                until,
                kind,
                outcome,
                client,
                operator,
                search.limit
            )?,
        };
        rows.into_iter().map(Row::into_sealed).collect()
    }

    /// A place in the chain with nothing at or after `at` before it: the chain is in the order of time but for
    /// the slack. Found by halving, so that no index is needed.
    pub async fn audit_place(&self, at: Timestamp) -> Result<i64, StoreError> {
        let (mut low, mut high) = (1, self.audit_tail().await?.sequence + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let row = fetch!(
                &self.db,
                fetch_optional,
                (i64,),
                "SELECT at FROM audit WHERE sequence >= $1 ORDER BY sequence LIMIT 1",
                middle
            )?;
            if row.is_some_and(|(found,)| found < at.0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok((low - SLACK).max(1))
    }

    /// What a portal was told of a person, newest first.
    pub async fn audit_of_portal(
        &self,
        account: AccountId,
        client: &ClientId,
        (before, limit): (Option<Timestamp>, i64),
    ) -> Result<Vec<SealedAudit>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            "SELECT id, sequence, link, at, kind, outcome, reason, account_id, client_id,
                    request_id, details, personal, mac
               FROM audit
              WHERE account_id = $1 AND client_id = $2 AND at < $3 AND outcome = 'done'
                AND kind IN ('authorization_code_issued', 'id_number_released')
              ORDER BY at DESC, id DESC LIMIT $4",
            account.0,
            client.as_str(),
            before.map_or(i64::MAX, |before| before.0),
            limit
        )?;
        rows.into_iter().map(Row::into_sealed).collect()
    }
}
