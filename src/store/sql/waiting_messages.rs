//! Text messages that the gateway has not taken yet. One node tries them again at a time, by a lease.

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// So many may wait; what comes after them is lost, and counted.
const MOST: i64 = 100_000;
/// So many are tried in one turn.
const BATCH: i64 = 100;

/// A message that waits.
#[derive(Debug, Clone)]
pub struct WaitingMessage {
    /// The message's own id, by which the gateway knows one it had taken after all.
    pub id: Uuid,
    /// Phone and words, sealed.
    pub sealed: Vec<u8>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was to be sent first.
    pub created_at: Timestamp,
}

impl Store {
    /// Keeps a message until it is settled, to be tried again at `due_at`; `false` when too many wait.
    pub async fn keep_message(
        &self,
        waiting: WaitingMessage,
        due_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let kept = execute!(
                    tx,
                    "INSERT INTO waiting_message (id, sealed, attempts, due_at, created_at)
                     SELECT $1, $2, $3, $4, $5
                      WHERE (SELECT COUNT(*) FROM waiting_message) < $6",
                    waiting.id,
                    waiting.sealed.as_slice(),
                    waiting.attempts,
                    due_at.0,
                    waiting.created_at.0,
                    MOST
                )?;
                Ok(kept == 1)
            })
        })
        .await
    }

    /// Messages to be tried now, those that wait longest first.
    pub async fn due_messages(&self, now: Timestamp) -> Result<Vec<WaitingMessage>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (Uuid, Vec<u8>, i64, i64),
            "SELECT id, sealed, attempts, created_at FROM waiting_message
              WHERE due_at <= $1 AND given_up_at IS NULL ORDER BY due_at, id LIMIT $2",
            now.0,
            BATCH
        )?;
        let read = |(id, sealed, attempts, created_at)| WaitingMessage {
            id,
            sealed,
            attempts,
            created_at: Timestamp(created_at),
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The gateway could not take it again.
    pub async fn postpone_message(&self, id: Uuid, due_at: Timestamp) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE waiting_message SET due_at = $2, attempts = attempts + 1
                            WHERE id = $1";
                execute!(tx, sql, id, due_at.0).map(drop)
            })
        })
        .await
    }

    /// The gateway took it.
    pub async fn drop_message(&self, id: Uuid) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(tx, "DELETE FROM waiting_message WHERE id = $1", id).map(drop)
            })
        })
        .await
    }

    /// It is not tried any more; what it said is gone.
    pub async fn give_message_up(&self, id: Uuid, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let nothing: &[u8] = &[];
                let sql = "UPDATE waiting_message SET sealed = $2, due_at = $3, given_up_at = $3
                            WHERE id = $1";
                execute!(tx, sql, id, nothing, now.0).map(drop)
            })
        })
        .await
    }
}
