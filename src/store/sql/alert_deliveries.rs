//! Alerts on their way to webhook, syslog and mail: leased by one node at a time, tried until delivered or
//! given up.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::alert::AlertDelivery;
use crate::domain::alert::Channel;
use crate::domain::audit_event::AuditRecord;
use crate::domain::id::AlertId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::alerts::NewAlert;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// Puts an alert on its way over each of its channels, in the transaction that raises it.
pub(super) async fn enqueue(
    tx: &mut Tx<'_>,
    new: &NewAlert,
    now: Timestamp,
) -> Result<(), StoreError> {
    let subject = new.finding.subject.to_string();
    for channel in &new.channels {
        execute!(
            tx,
            "INSERT INTO alert_delivery (id, alert_id, channel, attempts, due_at, leased_until,
                                         created_at)
             SELECT $1, id, $2, 0, $3, 0, $3 FROM alert
              WHERE rule = $4 AND subject = $5 AND state <> 'closed'",
            uuid::Uuid::now_v7(),
            channel.as_str(),
            now.0,
            new.finding.rule.as_str(),
            subject.as_str()
        )?;
    }
    Ok(())
}

impl Store {
    /// Alerts that are due, leased to this caller: no other node tries them before the lease ends.
    pub async fn lease_alert_deliveries(
        &self,
        limit: i64,
        lease: Duration,
        now: Timestamp,
    ) -> Result<Vec<AlertDelivery>, StoreError> {
        let due = fetch!(
            &self.db,
            fetch_all,
            (uuid::Uuid, uuid::Uuid, String, i64, i64),
            "SELECT id, alert_id, channel, attempts, created_at FROM alert_delivery
              WHERE due_at <= $1 AND leased_until <= $1
                AND delivered_at IS NULL AND given_up_at IS NULL
              ORDER BY due_at LIMIT $2",
            now.0,
            limit
        )?;
        let mut leased = Vec::new();
        for (id, alert_id, channel, attempts, created_at) in due {
            if !self.lease_alert_delivery(id, now.plus(lease), now).await? {
                continue;
            }
            let alert = self.find_alert(AlertId(alert_id)).await?;
            let (Some(alert), Some(channel)) = (alert, Channel::parse(&channel)) else {
                return Err(StoreError::Unreadable("alert"));
            };
            let created_at = Timestamp(created_at);
            leased.push(AlertDelivery { id, channel, alert, attempts, created_at });
        }
        Ok(leased)
    }

    async fn lease_alert_delivery(
        &self,
        id: uuid::Uuid,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let won = execute!(
                    tx,
                    "UPDATE alert_delivery SET leased_until = $2, attempts = attempts + 1
                      WHERE id = $1 AND due_at <= $3 AND leased_until <= $3
                        AND delivered_at IS NULL AND given_up_at IS NULL",
                    id,
                    until.0,
                    now.0
                )?;
                Ok(won == 1)
            })
        })
        .await
    }

    /// It was delivered.
    pub async fn settle_alert_delivery(
        &self,
        id: uuid::Uuid,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE alert_delivery SET delivered_at = $2, last_problem = NULL
                      WHERE id = $1",
                    id,
                    now.0
                )
                .map(drop)
            })
        })
        .await
    }

    /// It was not: it is due again later, or given up with a record of it.
    pub async fn postpone_alert_delivery(
        &self,
        id: uuid::Uuid,
        problem: String,
        due_at: Timestamp,
        given_up: Option<AuditRecord>,
    ) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "UPDATE alert_delivery SET due_at = $2, leased_until = 0, last_problem = $3,
                            given_up_at = $4
                      WHERE id = $1 AND delivered_at IS NULL",
                    id,
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
