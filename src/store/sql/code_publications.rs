//! New codes: what authorities reported, and the signed batches in which it was published. There is one batch a
//! day, and a batch never changes.

use std::collections::HashMap;

use sqlx::Postgres;
use sqlx::QueryBuilder;
use sqlx::Sqlite;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::code_record::Announcement;
use crate::domain::code_record::BatchState;
use crate::domain::code_record::CodeBatch;
use crate::domain::code_record::CodePublication;
use crate::domain::id::CodeBatchId;
use crate::domain::id::EntityDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::code_batches;
use crate::store::sql::db::Db;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::store_error;
use crate::store::sql::legacy_codes::digest_of;
use crate::store::sql::registers::take_time;

/// When what waits for two officers counts as received: the end of time.
pub(super) const WAITING: Timestamp = Timestamp(i64::MAX);
/// So many rows go into one statement.
const PIECE: usize = 500;

/// Where something reported of a code stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// Its batch waits for two officers, who may take it back.
    Waiting,
    /// It is published, or will be.
    Confirmed,
}

/// Something reported of a code, to be published.
#[derive(Debug, Clone)]
pub struct NewAnnouncement {
    /// Under which the code is found.
    pub uscc_digest: EntityDigest,
    /// What happened to it.
    pub status: Announcement,
    /// `Announced`, sealed.
    pub document: Vec<u8>,
}

type Row = (i64, String, i64, Vec<u8>, String, String, i64);

/// The text that reads publications; lists go without the signed text.
macro_rules! select_publication {
    ($token:literal, $rest:literal) => {
        concat!(
            "SELECT number, day, entries, digest, kid, ",
            $token,
            ", signed_at FROM code_publication ",
            $rest
        )
    };
}

impl Store {
    /// Keeps a batch of what was reported, as a whole or not at all, until two officers decide; one `Taken` of many
    /// undoes all. One file at a time, so that of two the later one sees what the earlier one withdrew.
    pub async fn add_announcements(
        &self,
        batch: CodeBatch,
        announcements: Vec<NewAnnouncement>,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        let batch = CodeBatch {
            state: BatchState::Staged,
            records: i64::try_from(announcements.len()).unwrap_or(i64::MAX),
            ..batch
        };
        self.write(move |tx| {
            Box::pin(async move {
                take_time(tx).await?;
                execute!(
                    tx,
                    "INSERT INTO lease (name, holder, until_at)
                     VALUES ('code announcements', 'file', 0)
                     ON CONFLICT (name) DO UPDATE SET until_at = 0"
                )?;
                code_batches::insert(tx, &batch).await?;
                for piece in announcements.chunks(PIECE) {
                    insert(tx, batch.id, piece).await?;
                }
                append(tx, &record).await
            })
        })
        .await
    }

    /// What was reported of these codes before, of at most a thousand, and where it stands.
    pub async fn find_announcements(
        &self,
        digests: &[EntityDigest],
    ) -> Result<HashMap<(EntityDigest, Announcement), Reported>, StoreError> {
        if digests.is_empty() {
            return Ok(HashMap::new());
        }
        macro_rules! ask {
            ($db:ty, $pool:expr) => {{
                let mut query = QueryBuilder::<$db>::new(
                    "SELECT uscc_digest, status, received_at FROM code_announcement
                      WHERE uscc_digest IN (",
                );
                let mut list = query.separated(", ");
                for digest in digests {
                    list.push_bind(&digest.as_bytes()[..]);
                }
                query.push(")");
                query.build_query_as::<(Vec<u8>, String, i64)>().fetch_all($pool).await
            }};
        }
        let found = match &self.db {
            Db::Postgres(pool) => ask!(Postgres, pool),
            Db::Sqlite { read, .. } => ask!(Sqlite, read),
        };
        let read = |(code, status, received_at): (Vec<u8>, String, i64)| {
            let status = Announcement::parse(&status);
            let status = status.ok_or(StoreError::Unreadable("code announcement"))?;
            let waits = received_at == WAITING.0;
            let reported = if waits { Reported::Waiting } else { Reported::Confirmed };
            Ok(((EntityDigest(digest_of(&code)?), status), reported))
        };
        found.map_err(store_error)?.into_iter().map(read).collect()
    }

    /// What is to be published and was confirmed before then, oldest first.
    pub async fn waiting_announcements(
        &self,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<(uuid::Uuid, Vec<u8>)>, StoreError> {
        fetch!(
            &self.db,
            fetch_all,
            (uuid::Uuid, Vec<u8>),
            "SELECT id, document FROM code_announcement
              WHERE publication IS NULL AND received_at < $1
              ORDER BY received_at, id LIMIT $2",
            before.0,
            limit
        )
    }

    /// Whether a batch reports of a code that was withdrawn, so that it cannot be confirmed any more.
    pub async fn reports_of_withdrawn(&self, batch: CodeBatchId) -> Result<bool, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_one,
            (i64,),
            "SELECT COUNT(*) FROM code_announcement mine
               JOIN code_announcement gone ON gone.uscc_digest = mine.uscc_digest
              WHERE mine.batch_id = $1 AND mine.received_at = $2
                AND gone.status = 'withdrawn' AND gone.received_at < $2",
            batch.0,
            WAITING.0
        )?;
        Ok(row.0 > 0)
    }

    /// What a batch that was handed in reports, after the mark.
    pub async fn announced_codes(
        &self,
        batch: CodeBatchId,
        after: Option<uuid::Uuid>,
        limit: i64,
    ) -> Result<Vec<(uuid::Uuid, Vec<u8>)>, StoreError> {
        fetch!(
            &self.db,
            fetch_all,
            (uuid::Uuid, Vec<u8>),
            "SELECT id, document FROM code_announcement
              WHERE batch_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            batch.0,
            after.unwrap_or_default(),
            limit
        )
    }

    /// Keeps a day's batch with what it publishes. `false` when the day has one, or another node was first.
    pub async fn publish_codes(
        &self,
        publication: CodePublication,
        announcements: Vec<uuid::Uuid>,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let published = self
            .write(move |tx| {
                Box::pin(async move {
                    let kept = execute!(
                        tx,
                        "INSERT INTO code_publication
                            (number, day, entries, digest, kid, token, signed_at)
                         SELECT $1, $2, $3, $4, $5, $6, $7
                          WHERE (SELECT COALESCE(MAX(number), 0) FROM code_publication) = $1 - 1
                         ON CONFLICT DO NOTHING",
                        publication.number,
                        publication.day.as_str(),
                        publication.entries,
                        publication.digest.as_slice(),
                        publication.kid.as_str(),
                        publication.token.as_str(),
                        publication.signed_at.0
                    )?;
                    if kept != 1 {
                        return Ok(false);
                    }
                    for id in announcements {
                        let taken = execute!(
                            tx,
                            "UPDATE code_announcement SET publication = $2
                              WHERE id = $1 AND publication IS NULL",
                            id,
                            publication.number
                        )?;
                        if taken != 1 {
                            // What was signed is not what waits: nothing is published.
                            return Err(StoreError::Taken);
                        }
                    }
                    append(tx, &record).await?;
                    Ok(true)
                })
            })
            .await;
        match published {
            Err(StoreError::Taken) => Ok(false),
            other => other,
        }
    }

    /// The newest batches before that number, without their signed text.
    pub async fn list_publications(
        &self,
        before: i64,
        limit: i64,
    ) -> Result<Vec<CodePublication>, StoreError> {
        let sql = select_publication!("''", "WHERE number < $1 ORDER BY number DESC LIMIT $2");
        let rows = fetch!(&self.db, fetch_all, Row, sql, before, limit)?;
        Ok(rows.into_iter().map(read).collect())
    }

    /// The batch of that number, with its signed text.
    pub async fn find_publication(
        &self,
        number: i64,
    ) -> Result<Option<CodePublication>, StoreError> {
        let sql = select_publication!("token", "WHERE number = $1");
        Ok(fetch!(&self.db, fetch_optional, Row, sql, number)?.map(read))
    }

    /// The batch of that number, without its signed text.
    pub async fn find_publication_head(
        &self,
        number: i64,
    ) -> Result<Option<CodePublication>, StoreError> {
        let sql = select_publication!("''", "WHERE number = $1");
        Ok(fetch!(&self.db, fetch_optional, Row, sql, number)?.map(read))
    }

    /// The number of the batch of that day.
    pub async fn publication_of(&self, day: &str) -> Result<Option<i64>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT number FROM code_publication WHERE day = $1",
            day
        )?;
        Ok(row.map(|row| row.0))
    }

    /// What a batch published, after the mark.
    pub async fn published_codes(
        &self,
        number: i64,
        after: Option<uuid::Uuid>,
        limit: i64,
    ) -> Result<Vec<(uuid::Uuid, Vec<u8>)>, StoreError> {
        fetch!(
            &self.db,
            fetch_all,
            (uuid::Uuid, Vec<u8>),
            "SELECT id, document FROM code_announcement
              WHERE publication = $1 AND id > $2 ORDER BY id LIMIT $3",
            number,
            after.unwrap_or_default(),
            limit
        )
    }
}

/// Keeps a piece of a batch. Of a code that is withdrawn nothing is kept any more: this is one file at a time, so what is
/// seen here holds until the end.
async fn insert(
    tx: &mut Tx<'_>,
    batch: CodeBatchId,
    piece: &[NewAnnouncement],
) -> Result<(), StoreError> {
    macro_rules! keep {
        ($db:ty, $connection:expr) => {{
            let mut query = QueryBuilder::<$db>::new(
                "SELECT COUNT(*) FROM code_announcement
                  WHERE status = 'withdrawn' AND batch_id IS DISTINCT FROM ",
            );
            query.push_bind(batch.0).push(" AND uscc_digest IN (");
            let mut list = query.separated(", ");
            for new in piece {
                list.push_bind(&new.uscc_digest.as_bytes()[..]);
            }
            query.push(")");
            let gone = query.build_query_as::<(i64,)>().fetch_one(&mut **$connection).await;
            if gone.map_err(store_error)?.0 > 0 {
                return Err(StoreError::Taken);
            }
            let mut query = QueryBuilder::<$db>::new(
                "INSERT INTO code_announcement
                    (id, batch_id, uscc_digest, status, document, received_at) ",
            );
            query.push_values(piece, |mut row, new| {
                row.push_bind(uuid::Uuid::now_v7())
                    .push_bind(batch.0)
                    .push_bind(&new.uscc_digest.as_bytes()[..])
                    .push_bind(new.status.as_str())
                    .push_bind(new.document.as_slice())
                    .push_bind(WAITING.0);
            });
            query.push(" ON CONFLICT (uscc_digest, status) WHERE status <> 'changed' DO NOTHING");
            query.build().execute(&mut **$connection).await.map(|done| done.rows_affected())
        }};
    }
    let kept = match tx {
        Tx::Postgres(connection) => keep!(Postgres, connection),
        Tx::Sqlite { connection, .. } => keep!(Sqlite, connection),
    };
    let is_whole = kept.map_err(store_error)? == piece.len() as u64;
    if is_whole { Ok(()) } else { Err(StoreError::Taken) }
}

/// What a batch reports is published from now on, and of each code behind what counts already, whatever the clock
/// does.
pub(super) async fn confirm(
    tx: &mut Tx<'_>,
    batch: CodeBatchId,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE code_announcement SET received_at = (
            SELECT CASE WHEN $2 <= COALESCE(MAX(before.received_at), 0)
                        THEN MAX(before.received_at) + 1 ELSE $2 END
              FROM code_announcement before
             WHERE before.uscc_digest = code_announcement.uscc_digest
               AND before.received_at < $3
               AND (before.batch_id IS NULL OR before.batch_id <> $1))
          WHERE batch_id = $1",
        batch.0,
        now.0,
        WAITING.0
    )?;
    Ok(())
}

/// What a batch reports was never said, so that it can be said anew.
pub(super) async fn take_back(tx: &mut Tx<'_>, batch: CodeBatchId) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM code_announcement WHERE batch_id = $1", batch.0)?;
    Ok(())
}

fn read((number, day, entries, digest, kid, token, signed_at): Row) -> CodePublication {
    CodePublication { number, day, entries, digest, kid, token, signed_at: Timestamp(signed_at) }
}
