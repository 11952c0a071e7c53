//! Mappings from legacy codes to credit codes, found by keyed digest. A legacy code has one confirmed mapping; the
//! unique index says so.

use std::collections::HashMap;

use sqlx::Postgres;
use sqlx::QueryBuilder;
use sqlx::Sqlite;

use crate::clock::Timestamp;
use crate::domain::code_record::CodeStatus;
use crate::domain::code_record::LegacyRecord;
use crate::domain::id::CodeBatchId;
use crate::domain::id::EntityDigest;
use crate::domain::id::LegacyCodeId;
use crate::domain::id::LegacyDigest;
use crate::domain::id::OperatorId;
use crate::domain::legacy_code::LegacyKind;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::Db;
use crate::store::sql::db::fetch;
use crate::store::sql::db::store_error;

#[derive(sqlx::FromRow)]
struct Row {
    id: uuid::Uuid,
    batch_id: uuid::Uuid,
    line: i64,
    kind: String,
    digest: Vec<u8>,
    uscc_digest: Vec<u8>,
    document: Vec<u8>,
    city: String,
    status: String,
    valid_from: Option<String>,
    decided_by: Option<uuid::Uuid>,
    decided_at: Option<i64>,
}

/// The text that reads mappings.
macro_rules! select_code {
    ($rest:literal) => {
        concat!(
            "SELECT id, batch_id, line, kind, digest, uscc_digest, document, city, status,
                    valid_from, decided_by, decided_at FROM legacy_code ",
            $rest
        )
    };
}

impl Store {
    /// The confirmed mappings of these codes that were decided after then.
    pub async fn find_legacy_codes(
        &self,
        digests: [LegacyDigest; 4],
        since: Timestamp,
    ) -> Result<Vec<LegacyRecord>, StoreError> {
        let [first, second, third, fourth] = &digests;
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            select_code!(
                "WHERE digest IN ($1, $2, $3, $4) AND status = 'confirmed' AND decided_at > $5"
            ),
            first.as_bytes(),
            second.as_bytes(),
            third.as_bytes(),
            fourth.as_bytes(),
            since.0
        )?;
        rows.into_iter().map(Row::read).collect()
    }

    /// Which credit codes the confirmed mappings of these legacy codes name, of at most a thousand, by their digests.
    pub async fn converted_to(
        &self,
        digests: &[LegacyDigest],
    ) -> Result<HashMap<LegacyDigest, EntityDigest>, StoreError> {
        if digests.is_empty() {
            return Ok(HashMap::new());
        }
        macro_rules! ask {
            ($db:ty, $pool:expr) => {{
                let mut query = QueryBuilder::<$db>::new(
                    "SELECT digest, uscc_digest FROM legacy_code
                      WHERE status = 'confirmed' AND digest IN (",
                );
                let mut list = query.separated(", ");
                for digest in digests {
                    list.push_bind(&digest.as_bytes()[..]);
                }
                query.push(")");
                query.build_query_as::<(Vec<u8>, Vec<u8>)>().fetch_all($pool).await
            }};
        }
        let found = match &self.db {
            Db::Postgres(pool) => ask!(Postgres, pool),
            Db::Sqlite { read, .. } => ask!(Sqlite, read),
        };
        let read = |(code, uscc): (Vec<u8>, Vec<u8>)| {
            Ok((LegacyDigest(digest_of(&code)?), EntityDigest(digest_of(&uscc)?)))
        };
        found.map_err(store_error)?.into_iter().map(read).collect()
    }

    /// The mapping of that key.
    pub async fn find_legacy_code(
        &self,
        id: LegacyCodeId,
    ) -> Result<Option<LegacyRecord>, StoreError> {
        let sql = select_code!("WHERE id = $1");
        fetch!(&self.db, fetch_optional, Row, sql, id.0)?.map(Row::read).transpose()
    }

    /// Disputed mappings, after the mark.
    pub async fn disputed_codes(
        &self,
        after: Option<LegacyCodeId>,
        limit: i64,
    ) -> Result<Vec<LegacyRecord>, StoreError> {
        let after = after.map_or(uuid::Uuid::nil(), |after| after.0);
        let sql = select_code!("WHERE status = 'disputed' AND id > $1 ORDER BY id LIMIT $2");
        let rows = fetch!(&self.db, fetch_all, Row, sql, after, limit)?;
        rows.into_iter().map(Row::read).collect()
    }

    /// The confirmed mapping that contradicts this one.
    pub async fn rival_of(&self, code: &LegacyRecord) -> Result<Option<LegacyRecord>, StoreError> {
        let sql = select_code!("WHERE digest = $1 AND status = 'confirmed' AND id <> $2");
        let row = fetch!(&self.db, fetch_optional, Row, sql, code.digest.as_bytes(), code.id.0)?;
        row.map(Row::read).transpose()
    }
}

impl Row {
    fn read(self) -> Result<LegacyRecord, StoreError> {
        let unreadable = || StoreError::Unreadable("legacy code");
        Ok(LegacyRecord {
            id: LegacyCodeId(self.id),
            batch: CodeBatchId(self.batch_id),
            line: self.line,
            kind: LegacyKind::parse(&self.kind).ok_or_else(unreadable)?,
            digest: LegacyDigest(digest_of(&self.digest)?),
            uscc_digest: EntityDigest(digest_of(&self.uscc_digest)?),
            document: self.document,
            city: self.city,
            status: CodeStatus::parse(&self.status).ok_or_else(unreadable)?,
            valid_from: self.valid_from,
            decided_by: self.decided_by.map(OperatorId),
            decided_at: self.decided_at.map(Timestamp),
        })
    }
}

pub(super) fn digest_of(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Unreadable("digest"))
}
