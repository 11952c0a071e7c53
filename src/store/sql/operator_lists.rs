//! Operators as lists show them: a page at a time, counted, by name alone.

use crate::domain::id::OperatorId;
use crate::domain::operator::Operator;
use crate::domain::operator::Region;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::fetch;
use crate::store::sql::operators::Row;
use crate::store::sql::operators::select_operator;

impl Store {
    /// Operators of a region and those below it, or all, by their keys, which are times, after that one.
    pub async fn find_operators(
        &self,
        region: Option<&Region>,
        after: OperatorId,
        limit: i64,
    ) -> Result<Vec<Operator>, StoreError> {
        let rows = match region.map(bounds) {
            None => {
                let sql =
                    select_operator!("FROM operator o WHERE o.id > $1 ORDER BY o.id LIMIT $2");
                fetch!(&self.db, fetch_all, Row, sql, after.0, limit)?
            }
            Some((first, last)) => {
                let sql = select_operator!(
                    "FROM operator o WHERE o.id > $1 AND o.region BETWEEN $3 AND $4
                      ORDER BY o.id LIMIT $2"
                );
                fetch!(&self.db, fetch_all, Row, sql, after.0, limit, first, last)?
            }
        };
        rows.into_iter().map(Row::read).collect()
    }

    /// How many there are, likewise.
    pub async fn count_operators(&self, region: Option<&Region>) -> Result<i64, StoreError> {
        let row = match region.map(bounds) {
            None => fetch!(&self.db, fetch_optional, (i64,), "SELECT COUNT(*) FROM operator")?,
            Some((first, last)) => fetch!(
                &self.db,
                fetch_optional,
                (i64,),
                "SELECT COUNT(*) FROM operator WHERE region BETWEEN $1 AND $2",
                first,
                last
            )?,
        };
        Ok(row.map_or(0, |row| row.0))
    }

    /// Everybody's sealed name, also of those who work here no more.
    pub async fn operator_names(&self) -> Result<Vec<(OperatorId, Vec<u8>)>, StoreError> {
        let rows: Vec<(uuid::Uuid, Vec<u8>)> =
            fetch!(&self.db, fetch_all, (uuid::Uuid, Vec<u8>), "SELECT id, name FROM operator")?;
        Ok(rows.into_iter().map(|(id, name)| (OperatorId(id), name)).collect())
    }
}

/// The first and the last code of a region's divisions, as they are kept.
fn bounds(region: &Region) -> (String, String) {
    let (first, last) = region.codes();
    (format!("{first:06}"), format!("{last:06}"))
}
