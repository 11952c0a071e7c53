//! New codes: what authorities reported, and the signed batches in which it was published. There is one batch a
//! day, and a batch never changes.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::code_record::Announcement;
use crate::domain::code_record::CodePublication;
use crate::domain::id::EntityDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

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
    /// Keeps what was reported, as a whole or not at all; one `Taken` of many undoes all. One file at a time, so that
    /// of two the later one sees what the earlier one withdrew.
    pub async fn add_announcements(
        &self,
        announcements: Vec<NewAnnouncement>,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO lease (name, holder, until_at)
                     VALUES ('code announcements', 'file', 0)
                     ON CONFLICT (name) DO UPDATE SET until_at = 0"
                )?;
                for new in &announcements {
                    insert(tx, new).await?;
                }
                append(tx, &record).await
            })
        })
        .await
    }

    /// Whether the code was announced so before.
    pub async fn is_announced(
        &self,
        digest: EntityDigest,
        status: Announcement,
    ) -> Result<bool, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT received_at FROM code_announcement WHERE uscc_digest = $1 AND status = $2
              LIMIT 1",
            digest.as_bytes(),
            status.as_str()
        )?;
        Ok(row.is_some())
    }

    /// What waits to be published and was received before then, oldest first.
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

/// Of a code that is withdrawn nothing is kept any more, and what is kept of a code stands in the order in which it
/// was kept, whichever file was read first.
async fn insert(tx: &mut Tx<'_>, new: &NewAnnouncement) -> Result<(), StoreError> {
    let kept = execute!(
        tx,
        "INSERT INTO code_announcement (id, uscc_digest, status, document, received_at)
         SELECT $1, $2, $3, $4, CASE WHEN $5 < before.latest THEN before.latest ELSE $5 END
           FROM (SELECT COALESCE(MAX(received_at), 0) AS latest,
                        COALESCE(MAX(CASE WHEN status = 'withdrawn' THEN 1 ELSE 0 END), 0) AS gone
                   FROM code_announcement WHERE uscc_digest = $2) before
          WHERE before.gone = 0
         ON CONFLICT (uscc_digest, status) WHERE status <> 'changed' DO NOTHING",
        uuid::Uuid::now_v7(),
        new.uscc_digest.as_bytes(),
        new.status.as_str(),
        new.document.as_slice(),
        new.received_at.0
    )?;
    if kept == 1 { Ok(()) } else { Err(StoreError::Taken) }
}

fn read((number, day, entries, digest, kid, token, signed_at): Row) -> CodePublication {
    CodePublication { number, day, entries, digest, kid, token, signed_at: Timestamp(signed_at) }
}
