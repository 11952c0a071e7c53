//! Batches of codes: mappings from legacy codes to credit codes, and new codes to be published. Mappings are written
//! in pieces while nothing of their batch counts; from there a batch moves as a whole, by one conditional statement
//! on its row.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::Postgres;
use sqlx::QueryBuilder;
use sqlx::Sqlite;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::code_record::BatchKind;
use crate::domain::code_record::BatchState;
use crate::domain::code_record::CodeBatch;
use crate::domain::code_record::LegacyRecord;
use crate::domain::code_record::Report;
use crate::domain::id::CodeBatchId;
use crate::domain::id::LegacyCodeId;
use crate::domain::id::OperatorId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::store_error;
use crate::store::sql::registers::take_time;

/// Rows removed at once.
const PIECE: i64 = 2000;

/// The place of a batch in a list.
pub type BatchMark = (Timestamp, CodeBatchId);

/// How many mappings of an authority stand in one state in one city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFigure {
    /// Which authority.
    pub authority: String,
    /// The first four digits of the city's division.
    pub city: String,
    /// Where they stand.
    pub status: String,
    /// How many.
    pub records: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: uuid::Uuid,
    kind: String,
    state: String,
    authority: String,
    evidence: String,
    records: i64,
    report: String,
    created_at: i64,
    decided_by: Option<uuid::Uuid>,
    decided_at: Option<i64>,
}

/// The text that reads batches.
macro_rules! select_batch {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, state, authority, evidence, records, report, created_at, decided_by,
                    decided_at FROM code_batch ",
            $rest
        )
    };
}

impl Store {
    /// Begins a batch; nothing of it counts.
    pub async fn begin_code_batch(&self, batch: CodeBatch) -> Result<(), StoreError> {
        self.write(move |tx| Box::pin(async move { insert(tx, &batch).await })).await
    }

    /// Adds a piece of a batch, of at most a thousand mappings; gives those that are the first of their kind in it.
    pub async fn add_legacy_codes(
        &self,
        records: Vec<LegacyRecord>,
    ) -> Result<HashSet<LegacyCodeId>, StoreError> {
        if records.is_empty() {
            return Ok(HashSet::new());
        }
        self.write(move |tx| Box::pin(async move { add(tx, &records).await })).await
    }

    /// Marks what contradicts itself within a batch; says how many mappings that are, and the first lines.
    pub async fn mark_code_conflicts(
        &self,
        batch: CodeBatchId,
        limit: i64,
    ) -> Result<(u64, Vec<i64>), StoreError> {
        let marked = self.write(move |tx| Box::pin(mark_in_time(tx, batch))).await?;
        let lines = fetch!(
            &self.db,
            fetch_all,
            (i64,),
            "SELECT line FROM legacy_code mine
              WHERE batch_id = $1 AND status = 'disputed' AND EXISTS (
                SELECT 1 FROM legacy_code other
                 WHERE other.batch_id = $1 AND other.digest = mine.digest
                   AND other.uscc_digest <> mine.uscc_digest AND other.status <> 'superseded')
              ORDER BY line LIMIT $2",
            batch.0,
            limit
        )?;
        Ok((marked, lines.into_iter().map(|line| line.0).collect()))
    }

    /// A batch was read whole: it waits for two officers.
    pub async fn stage_code_batch(
        &self,
        batch: CodeBatchId,
        report: Report,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let report = text(&report)?;
        self.write(move |tx| {
            Box::pin(async move {
                take_time(tx).await?;
                let staged = execute!(
                    tx,
                    "UPDATE code_batch SET state = 'staged', report = $2,
                        records = (SELECT COUNT(*) FROM legacy_code WHERE batch_id = $1)
                      WHERE id = $1 AND state = 'importing'",
                    batch.0,
                    report.as_str()
                )?;
                if staged != 1 {
                    return Ok(false);
                }
                tally(tx, batch).await?;
                append(tx, &record).await?;
                Ok(true)
            })
        })
        .await
    }

    /// A batch that was begun and is not wanted: it goes, with all that was read.
    pub async fn discard_code_batch(&self, batch: CodeBatchId) -> Result<(), StoreError> {
        while self.write(move |tx| Box::pin(discard_piece(tx, batch))).await? > 0 {}
        Ok(())
    }

    /// Batches, newest first, before the mark; none that is still being read.
    pub async fn list_code_batches(
        &self,
        before: Option<BatchMark>,
        limit: i64,
    ) -> Result<Vec<CodeBatch>, StoreError> {
        let last = (Timestamp(i64::MAX), CodeBatchId(uuid::Uuid::max()));
        let (at, id) = before.unwrap_or(last);
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            select_batch!(
                "WHERE (created_at, id) < ($1, $2) AND state <> 'importing'
                 ORDER BY created_at DESC, id DESC LIMIT $3"
            ),
            at.0,
            id.0,
            limit
        )?;
        rows.into_iter().map(Row::read).collect()
    }

    /// The batch of that key, unless it is still being read.
    pub async fn find_code_batch(&self, id: CodeBatchId) -> Result<Option<CodeBatch>, StoreError> {
        let sql = select_batch!("WHERE id = $1 AND state <> 'importing'");
        fetch!(&self.db, fetch_optional, Row, sql, id.0)?.map(Row::read).transpose()
    }

    /// How many mappings stand where, by authority and city.
    pub async fn code_figures(&self) -> Result<Vec<CodeFigure>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String, String, String, i64),
            "SELECT b.authority, t.city, t.status, CAST(SUM(t.records) AS BIGINT)
               FROM code_tally t JOIN code_batch b ON b.id = t.batch_id
              GROUP BY b.authority, t.city, t.status
              ORDER BY b.authority, t.city, t.status"
        )?;
        let figure =
            |(authority, city, status, records)| CodeFigure { authority, city, status, records };
        Ok(rows.into_iter().map(figure).collect())
    }
}

impl Row {
    fn read(self) -> Result<CodeBatch, StoreError> {
        let unreadable = || StoreError::Unreadable("code batch");
        Ok(CodeBatch {
            id: CodeBatchId(self.id),
            kind: BatchKind::parse(&self.kind).ok_or_else(unreadable)?,
            state: BatchState::parse(&self.state).ok_or_else(unreadable)?,
            authority: self.authority,
            evidence: self.evidence,
            records: self.records,
            report: serde_json::from_str(&self.report).map_err(|_| unreadable())?,
            created_at: Timestamp(self.created_at),
            decided_by: self.decided_by.map(OperatorId),
            decided_at: self.decided_at.map(Timestamp),
        })
    }
}

async fn add(
    tx: &mut Tx<'_>,
    records: &[LegacyRecord],
) -> Result<HashSet<LegacyCodeId>, StoreError> {
    macro_rules! add {
        ($db:ty, $connection:expr) => {{
            let mut query = QueryBuilder::<$db>::new(
                "INSERT INTO legacy_code
                    (id, batch_id, line, kind, digest, uscc_digest, document, city, status,
                     valid_from) ",
            );
            query.push_values(records, |mut row, record| {
                row.push_bind(record.id.0)
                    .push_bind(record.batch.0)
                    .push_bind(record.line)
                    .push_bind(record.kind.as_str())
                    .push_bind(&record.digest.as_bytes()[..])
                    .push_bind(&record.uscc_digest.as_bytes()[..])
                    .push_bind(record.document.as_slice())
                    .push_bind(record.city.as_str())
                    .push_bind(record.status.as_str())
                    .push_bind(record.valid_from.as_deref());
            });
            query.push(" ON CONFLICT (batch_id, digest, uscc_digest) DO NOTHING RETURNING id");
            query.build_query_as::<(uuid::Uuid,)>().fetch_all(&mut **$connection).await
        }};
    }
    let added = match tx {
        Tx::Postgres(connection) => add!(Postgres, connection),
        Tx::Sqlite { connection, .. } => add!(Sqlite, connection),
    };
    Ok(added.map_err(store_error)?.into_iter().map(|(id,)| LegacyCodeId(id)).collect())
}

/// Keeps a batch as it is.
pub(super) async fn insert(tx: &mut Tx<'_>, batch: &CodeBatch) -> Result<(), StoreError> {
    let report = text(&batch.report)?;
    execute!(
        tx,
        "INSERT INTO code_batch
            (id, kind, state, authority, evidence, records, report, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        batch.id.0,
        batch.kind.as_str(),
        batch.state.as_str(),
        batch.authority.as_str(),
        batch.evidence.as_str(),
        batch.records,
        report.as_str(),
        batch.created_at.0
    )?;
    Ok(())
}

fn text(report: &Report) -> Result<String, StoreError> {
    serde_json::to_string(report).map_err(|_| StoreError::Unreadable("report"))
}

async fn mark_in_time(tx: &mut Tx<'_>, batch: CodeBatchId) -> Result<u64, StoreError> {
    take_time(tx).await?;
    mark_conflicts(tx, batch).await
}

/// Marks what contradicts itself within a batch and waits to count; says how many mappings that are.
pub(super) async fn mark_conflicts(tx: &mut Tx<'_>, batch: CodeBatchId) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE legacy_code SET status = 'disputed'
          WHERE batch_id = $1 AND status = 'candidate' AND EXISTS (
            SELECT 1 FROM legacy_code other
             WHERE other.batch_id = $1 AND other.digest = legacy_code.digest
               AND other.uscc_digest <> legacy_code.uscc_digest)",
        batch.0
    )
}

/// Counts a batch anew, after something of it moved.
pub(super) async fn tally(tx: &mut Tx<'_>, batch: CodeBatchId) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM code_tally WHERE batch_id = $1", batch.0)?;
    execute!(
        tx,
        "INSERT INTO code_tally (batch_id, city, status, records)
         SELECT batch_id, city, status, COUNT(*) FROM legacy_code
          WHERE batch_id = $1 GROUP BY batch_id, city, status",
        batch.0
    )?;
    Ok(())
}

async fn discard_piece(tx: &mut Tx<'_>, batch: CodeBatchId) -> Result<u64, StoreError> {
    let removed = execute!(
        tx,
        "DELETE FROM legacy_code WHERE id IN
            (SELECT l.id FROM legacy_code l JOIN code_batch b ON b.id = l.batch_id
              WHERE b.id = $1 AND b.state = 'importing' LIMIT $2)",
        batch.0,
        PIECE
    )?;
    if removed == 0 {
        execute!(tx, "DELETE FROM code_batch WHERE id = $1 AND state = 'importing'", batch.0)?;
    }
    Ok(removed)
}

/// Removes a piece of what was begun before then and never read to its end.
pub(super) async fn purge(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<u64, StoreError> {
    let before = now.minus(Duration::from_hours(24)).0;
    let removed = execute!(
        tx,
        "DELETE FROM legacy_code WHERE id IN
            (SELECT l.id FROM legacy_code l JOIN code_batch b ON b.id = l.batch_id
              WHERE b.state = 'importing' AND b.created_at < $1 LIMIT $2)",
        before,
        limit
    )?;
    if removed > 0 {
        return Ok(removed);
    }
    execute!(tx, "DELETE FROM code_batch WHERE state = 'importing' AND created_at < $1", before)
}
