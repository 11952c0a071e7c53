//! The durable outbox: leased by one node at a time, tried until delivered or given up.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::client::ClientId;
use crate::domain::delivery::Delivery;
use crate::domain::delivery::NewDelivery;
use crate::domain::id::DeliveryId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// A message that did not arrive yet.
#[derive(Debug, Clone)]
pub struct Undelivered {
    /// Its key.
    pub id: DeliveryId,
    /// To which client.
    pub client_id: ClientId,
    /// Tries so far.
    pub attempts: i64,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// When it was given up.
    pub given_up_at: Option<Timestamp>,
    /// What was in the way.
    pub problem: Option<String>,
}

#[derive(sqlx::FromRow)]
struct UndeliveredRow {
    id: uuid::Uuid,
    client_id: String,
    attempts: i64,
    due_at: i64,
    created_at: i64,
    given_up_at: Option<i64>,
    last_problem: Option<String>,
}

impl UndeliveredRow {
    fn read(self) -> Result<Undelivered, StoreError> {
        Ok(Undelivered {
            id: DeliveryId(self.id),
            client_id: ClientId::parse(&self.client_id).ok_or(StoreError::Unreadable("message"))?,
            attempts: self.attempts,
            due_at: Timestamp(self.due_at),
            created_at: Timestamp(self.created_at),
            given_up_at: self.given_up_at.map(Timestamp),
            problem: self.last_problem,
        })
    }
}

/// Puts a message into the outbox inside the transaction of what caused it.
pub(super) async fn enqueue(tx: &mut Tx<'_>, new: &NewDelivery) -> Result<(), StoreError> {
    let message =
        serde_json::to_string(&new.message).map_err(|_| StoreError::Unreadable("message"))?;
    execute!(
        tx,
        "INSERT INTO outbox (id, client_id, message, attempts, due_at, leased_until, created_at)
         VALUES ($1, $2, $3, 0, $4, 0, $4)",
        new.id.0,
        new.client_id.as_str(),
        message.as_str(),
        new.created_at.0
    )
    .map(drop)
}

impl Store {
    /// Messages that are due, leased to this caller: no other node tries them before the lease ends.
    pub async fn lease_deliveries(
        &self,
        limit: i64,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<Delivery>, StoreError> {
        let due = fetch!(
            &self.db,
            fetch_all,
            (uuid::Uuid, String, String, i64, i64),
            "SELECT id, client_id, message, attempts, created_at FROM outbox
              WHERE due_at <= $1 AND leased_until <= $1
                AND delivered_at IS NULL AND given_up_at IS NULL
              ORDER BY due_at LIMIT $2",
            now.0,
            limit
        )?;
        let mut leased = Vec::new();
        for (id, client_id, message, attempts, created_at) in due {
            let until = now.plus(lease).0;
            let won = self
                .write(move |tx| {
                    Box::pin(async move {
                        execute!(
                            tx,
                            "UPDATE outbox SET leased_until = $2, attempts = attempts + 1
                              WHERE id = $1 AND due_at <= $3 AND leased_until <= $3
                                AND delivered_at IS NULL AND given_up_at IS NULL",
                            id,
                            until,
                            now.0
                        )
                    })
                })
                .await;
            // What is leased already must be tried by this caller: nobody else will before the lease ends.
            if won.is_err() && !leased.is_empty() {
                break;
            }
            if won? == 1 {
                leased.push(Delivery {
                    id: DeliveryId(id),
                    client_id: ClientId::parse(&client_id)
                        .ok_or(StoreError::Unreadable("message"))?,
                    message: serde_json::from_str(&message)
                        .map_err(|_| StoreError::Unreadable("message"))?,
                    attempts,
                    created_at: Timestamp(created_at),
                });
            }
        }
        Ok(leased)
    }

    /// Messages that wait or were given up, the one due first before the others, after `after`.
    pub async fn list_undelivered(
        &self,
        after: Option<(Timestamp, DeliveryId)>,
        limit: i64,
    ) -> Result<Vec<Undelivered>, StoreError> {
        let (due_at, id) = after.unwrap_or((Timestamp(i64::MIN), DeliveryId(uuid::Uuid::nil())));
        let rows = fetch!(
            &self.db,
            fetch_all,
            UndeliveredRow,
            "SELECT id, client_id, attempts, due_at, created_at, given_up_at, last_problem FROM outbox
              WHERE delivered_at IS NULL AND (due_at > $1 OR (due_at = $1 AND id > $2))
              ORDER BY due_at, id LIMIT $3",
            due_at.0,
            id.0,
            limit
        )?;
        rows.into_iter().map(UndeliveredRow::read).collect()
    }

    /// Makes a message due now, given up or not; `false` when it was delivered meanwhile.
    pub async fn retry_delivery(
        &self,
        id: DeliveryId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let due = execute!(
                    tx,
                    "UPDATE outbox SET due_at = $2, created_at = CASE WHEN given_up_at IS NULL
                            THEN created_at ELSE $2 END, given_up_at = NULL
                      WHERE id = $1 AND delivered_at IS NULL",
                    id.0,
                    record.at.0
                )? == 1;
                if due {
                    append(tx, &record).await?;
                }
                Ok(due)
            })
        })
        .await
    }

    /// It was delivered.
    pub async fn settle_delivery(
        &self,
        id: DeliveryId,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE outbox SET delivered_at = $2, last_problem = NULL WHERE id = $1",
                    id.0,
                    record.at.0
                )?;
                append(tx, &record).await
            })
        })
        .await
    }

    /// It was not: it is due again later, or given up with a record of it.
    pub async fn postpone_delivery(
        &self,
        id: DeliveryId,
        problem: String,
        due_at: Timestamp,
        given_up: Option<AuditRecord>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE outbox SET due_at = $2, leased_until = 0, last_problem = $3,
                            given_up_at = $4
                      WHERE id = $1 AND delivered_at IS NULL",
                    id.0,
                    due_at.0,
                    problem.as_str(),
                    given_up.as_ref().map(|record| record.at.0)
                )?;
                match &given_up {
                    Some(record) => append(tx, record).await,
                    None => Ok(()),
                }
            })
        })
        .await
    }
}
