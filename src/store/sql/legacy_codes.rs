//! Mappings from legacy codes to credit codes, found by keyed digest. A legacy code has one confirmed mapping; the
//! unique index says so.

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
use crate::store::sql::db::fetch;

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

    /// Which credit code the confirmed mapping of this legacy code names, by its digest.
    pub async fn converted_to(
        &self,
        digest: LegacyDigest,
    ) -> Result<Option<EntityDigest>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (Vec<u8>,),
            "SELECT uscc_digest FROM legacy_code WHERE digest = $1 AND status = 'confirmed'",
            digest.as_bytes()
        )?;
        row.map(|(bytes,)| Ok(EntityDigest(digest_of(&bytes)?))).transpose()
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
