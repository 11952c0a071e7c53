//! Requests of the Admin API by their idempotency key: of equal requests one is done, and its answer kept for
//! the others. Which one is decided by one statement.

use crate::clock::Timestamp;
use crate::domain::id::ApiRequestDigest;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch_in;

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownRequest {
    /// Nothing was: the request is to be done now.
    New,
    /// It stands for another request.
    Another,
    /// The request is being done, or nobody knows what became of it.
    Begun,
    /// It was done; status and answer, sealed.
    Done(i64, Vec<u8>),
}

impl Store {
    /// Keeps the key of a request, if it is not kept already. Of concurrent callers exactly one gets `New`.
    pub async fn begin_api_request(
        &self,
        key: ApiRequestDigest,
        request: [u8; 32],
        (now, expires_at): (Timestamp, Timestamp),
    ) -> Result<KnownRequest, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "DELETE FROM api_request WHERE key_digest = $1 AND expires_at <= $2",
                    key.as_bytes(),
                    now.0
                )?;
                let kept = execute!(
                    tx,
                    "INSERT INTO api_request (key_digest, request_digest, expires_at)
                     VALUES ($1, $2, $3) ON CONFLICT (key_digest) DO NOTHING",
                    key.as_bytes(),
                    &request[..],
                    expires_at.0
                )? == 1;
                if kept {
                    return Ok(KnownRequest::New);
                }
                let known = fetch_in!(
                    tx,
                    fetch_optional,
                    (Vec<u8>, Option<i64>, Option<Vec<u8>>),
                    "SELECT request_digest, status, answer FROM api_request WHERE key_digest = $1",
                    key.as_bytes()
                )?;
                Ok(match known {
                    Some((digest, ..)) if digest != request => KnownRequest::Another,
                    Some((_, Some(status), Some(answer))) => KnownRequest::Done(status, answer),
                    _ => KnownRequest::Begun,
                })
            })
        })
        .await
    }

    /// Keeps the answer to a request that was begun.
    pub async fn finish_api_request(
        &self,
        key: ApiRequestDigest,
        (status, answer): (i64, Vec<u8>),
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE api_request SET status = $2, answer = $3
                      WHERE key_digest = $1 AND status IS NULL",
                    key.as_bytes(),
                    status,
                    answer.as_slice()
                )
                .map(drop)
            })
        })
        .await
    }

    /// Forgets a request that changed nothing, so that it can be made again.
    pub async fn forget_api_request(&self, key: ApiRequestDigest) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "DELETE FROM api_request WHERE key_digest = $1 AND status IS NULL",
                    key.as_bytes()
                )
                .map(drop)
            })
        })
        .await
    }
}
