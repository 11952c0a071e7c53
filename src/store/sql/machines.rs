//! Machines: the operator a client is, and what an operator asked for.

use crate::domain::act::Act;
use crate::domain::client::ClientId;
use crate::domain::id::ActId;
use crate::domain::id::OperatorId;
use crate::domain::operator::Operator;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::acts;
use crate::store::sql::acts::select_act;
use crate::store::sql::db::fetch;
use crate::store::sql::operators;
use crate::store::sql::operators::select_operator;

impl Store {
    /// The machine this client is, while it may work.
    pub async fn find_machine(&self, client: &ClientId) -> Result<Option<Operator>, StoreError> {
        let sql =
            select_operator!("FROM operator o WHERE o.client_id = $1 AND o.status = 'active'");
        let row = fetch!(&self.db, fetch_optional, operators::Row, sql, client.as_str())?;
        row.map(operators::Row::read).transpose()
    }

    /// Acts one operator asked for, older than `before`, newest first.
    pub async fn acts_of(
        &self,
        operator: OperatorId,
        before: Option<ActId>,
        limit: i64,
    ) -> Result<Vec<Act>, StoreError> {
        let sql = select_act!("WHERE requested_by = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
        let before = before.map_or(uuid::Uuid::max(), |id| id.0);
        let rows = fetch!(&self.db, fetch_all, acts::Row, sql, operator.0, before, limit)?;
        rows.into_iter().map(acts::Row::read).collect()
    }
}
