//! Sign-ups that wait for the register. Each ends once: who takes its row away decides what becomes of it.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::IdentifierDigest;
use crate::domain::id::WaitingSignUpId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::accounts;
use crate::store::sql::accounts::NewAccount;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// So many may wait; more are told to come back.
const MOST: i64 = 50_000;
/// So many are looked at in one turn.
const BATCH: i64 = 20;

/// A sign-up that waits.
#[derive(Debug, Clone)]
pub struct WaitingSignUp {
    /// Its key.
    pub id: WaitingSignUpId,
    /// The proven phone, as its blind index.
    pub phone: IdentifierDigest,
    /// Who signs up, sealed.
    pub payload: Vec<u8>,
    /// When it began to wait.
    pub created_at: Timestamp,
    /// When the register is asked again.
    pub due_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
}

type Row = (uuid::Uuid, Vec<u8>, Vec<u8>, i64, i64, i64);

impl Store {
    /// Keeps a sign-up, in the place of one of the same phone; `false` when too many wait.
    pub async fn keep_sign_up(
        &self,
        waiting: WaitingSignUp,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let kept = execute!(
                    tx,
                    "INSERT INTO waiting_sign_up (id, phone_digest, payload, created_at, due_at,
                                                  expires_at)
                     SELECT $1, $2, $3, $4, $5, $6
                      WHERE (SELECT COUNT(*) FROM waiting_sign_up) < $7
                     ON CONFLICT (phone_digest) DO UPDATE
                        SET id = excluded.id, payload = excluded.payload,
                            created_at = excluded.created_at, due_at = excluded.due_at,
                            expires_at = excluded.expires_at",
                    waiting.id.0,
                    waiting.phone.as_bytes(),
                    waiting.payload.as_slice(),
                    waiting.created_at.0,
                    waiting.due_at.0,
                    waiting.expires_at.0,
                    MOST
                )? == 1;
                if kept {
                    append(tx, &record).await?;
                }
                Ok(kept)
            })
        })
        .await
    }

    /// Sign-ups to be looked at again.
    pub async fn due_sign_ups(&self, now: Timestamp) -> Result<Vec<WaitingSignUp>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            Row,
            "SELECT id, phone_digest, payload, created_at, due_at, expires_at FROM waiting_sign_up
              WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
            now.0,
            BATCH
        )?;
        rows.into_iter().map(read).collect()
    }

    /// The register said nothing again.
    pub async fn put_off_sign_up(
        &self,
        id: WaitingSignUpId,
        due_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE waiting_sign_up SET due_at = $2 WHERE id = $1";
                execute!(tx, sql, id.0, due_at.0).map(drop)
            })
        })
        .await
    }

    /// It came to nothing; `false` when it had ended before.
    pub async fn drop_sign_up(
        &self,
        id: WaitingSignUpId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let dropped = take(tx, id).await?;
                if dropped {
                    append(tx, &record).await?;
                }
                Ok(dropped)
            })
        })
        .await
    }

    /// Makes the account of a sign-up that waited, unless it had ended before. When one of its identifiers is
    /// taken there is none, and nothing waits any more. Says whether the account was made.
    pub async fn add_waiting_account(
        &self,
        (id, new): (WaitingSignUpId, NewAccount),
        done: AuditRecord,
        taken: AuditRecord,
    ) -> Result<bool, StoreError> {
        let added = self
            .write(move |tx| {
                Box::pin(async move {
                    if !take(tx, id).await? {
                        return Err(StoreError::Taken);
                    }
                    accounts::add(tx, &new, &done).await
                })
            })
            .await;
        match added {
            Err(StoreError::Taken) => self.drop_sign_up(id, taken).await.map(|_| false),
            other => other.map(|()| true),
        }
    }
}

async fn take(tx: &mut Tx<'_>, id: WaitingSignUpId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM waiting_sign_up WHERE id = $1", id.0)? == 1)
}

fn read(row: Row) -> Result<WaitingSignUp, StoreError> {
    let (id, phone, payload, created_at, due_at, expires_at) = row;
    let phone = phone.try_into().map_err(|_| StoreError::Unreadable("waiting sign-up"))?;
    Ok(WaitingSignUp {
        id: WaitingSignUpId(id),
        phone: IdentifierDigest(phone),
        payload,
        created_at: Timestamp(created_at),
        due_at: Timestamp(due_at),
        expires_at: Timestamp(expires_at),
    })
}
