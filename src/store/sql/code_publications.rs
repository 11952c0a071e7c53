//! New codes: what authorities reported, and the signed batches in which it was published. There is one batch a
//! day, and a batch never changes.

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
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

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
    /// When it was received.
    pub received_at: Timestamp,
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
                execute!(
                    tx,
                    "INSERT INTO lease (name, holder, until_at)
                     VALUES ('code announcements', 'file', 0)
                     ON CONFLICT (name) DO UPDATE SET until_at = 0"
                )?;
                code_batches::insert(tx, &batch).await?;
                for new in &announcements {
                    insert(tx, batch.id, new).await?;
                }
                append(tx, &record).await
            })
        })
        .await
    }

    /// Whether that was reported of the code before, and where it stands.
    pub async fn find_announcement(
        &self,
        digest: EntityDigest,
        status: Announcement,
    ) -> Result<Option<Reported>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (Option<i64>,),
            "SELECT confirmed_at FROM code_announcement WHERE uscc_digest = $1 AND status = $2
              ORDER BY confirmed_at LIMIT 1",
            digest.as_bytes(),
            status.as_str()
        )?;
        let standing = |at: Option<i64>| at.map_or(Reported::Waiting, |_| Reported::Confirmed);
        Ok(row.map(|(at,)| standing(at)))
    }

    /// What waits to be published and was confirmed before then, oldest first.
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
              WHERE publication IS NULL AND confirmed_at < $1
              ORDER BY confirmed_at, id LIMIT $2",
            before.0,
            limit
        )
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

/// Of a code that is withdrawn nothing is kept any more.
async fn insert(
    tx: &mut Tx<'_>,
    batch: CodeBatchId,
    new: &NewAnnouncement,
) -> Result<(), StoreError> {
    let kept = execute!(
        tx,
        "INSERT INTO code_announcement (id, batch_id, uscc_digest, status, document, received_at)
         SELECT $1, $2, $3, $4, $5, $6
          WHERE NOT EXISTS (SELECT 1 FROM code_announcement
                             WHERE uscc_digest = $3 AND status = 'withdrawn')
         ON CONFLICT (uscc_digest, status) WHERE status <> 'changed' DO NOTHING",
        uuid::Uuid::now_v7(),
        batch.0,
        new.uscc_digest.as_bytes(),
        new.status.as_str(),
        new.document.as_slice(),
        new.received_at.0
    )?;
    if kept == 1 { Ok(()) } else { Err(StoreError::Taken) }
}

/// What a batch reports is published from now on, and of each code in the order in which it was confirmed, whatever
/// the clock does.
pub(super) async fn confirm(
    tx: &mut Tx<'_>,
    batch: CodeBatchId,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE code_announcement SET confirmed_at = (
            SELECT CASE WHEN $2 < COALESCE(MAX(before.confirmed_at), 0)
                        THEN MAX(before.confirmed_at) ELSE $2 END
              FROM code_announcement before
             WHERE before.uscc_digest = code_announcement.uscc_digest)
          WHERE batch_id = $1",
        batch.0,
        now.0
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
