//! Portals a person does not want to be logged in to. A block and everything it ends are one transaction;
//! what was issued before a block was lifted stays dead, whoever issued it at that moment.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::client::ClientId;
use crate::domain::delivery::Message;
use crate::domain::delivery::NewDelivery;
use crate::domain::id::AccountId;
use crate::domain::id::DeliveryId;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::consents;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;
use crate::store::sql::outbox;

/// A portal that learned something of a person, as the audit chain knows.
#[derive(Debug, Clone)]
pub struct Reached {
    /// Which.
    pub client_id: ClientId,
    /// When it last did.
    pub last_at: Timestamp,
    /// How often.
    pub times: i64,
}

impl Store {
    /// Whether the person blocked this portal.
    pub async fn is_portal_blocked(
        &self,
        account: AccountId,
        client: &ClientId,
    ) -> Result<bool, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT blocked_at FROM portal_block
              WHERE account_id = $1 AND client_id = $2 AND lifted_at IS NULL",
            account.0,
            client.as_str()
        )?;
        Ok(row.is_some())
    }

    /// The portals a person blocked, and since when.
    pub async fn list_portal_blocks(
        &self,
        account: AccountId,
    ) -> Result<Vec<(ClientId, Timestamp)>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String, i64),
            "SELECT client_id, blocked_at FROM portal_block
              WHERE account_id = $1 AND lifted_at IS NULL ORDER BY blocked_at DESC LIMIT 500",
            account.0
        )?;
        let read = |(client, at): (String, i64)| {
            let client = ClientId::parse(&client).ok_or(StoreError::Unreadable("portal block"))?;
            Ok((client, Timestamp(at)))
        };
        rows.into_iter().map(read).collect()
    }

    /// Portals that were told something of the person, the last one first.
    pub async fn list_reached(&self, account: AccountId) -> Result<Vec<Reached>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String, i64, i64),
            "SELECT client_id, MAX(at), COUNT(*) FROM audit
              WHERE account_id = $1 AND outcome = 'done' AND client_id IS NOT NULL
                AND kind IN ('authorization_code_issued', 'id_number_released')
              GROUP BY client_id ORDER BY MAX(at) DESC LIMIT 500",
            account.0
        )?;
        let read = |(client, last_at, times): (String, i64, i64)| {
            let client_id =
                ClientId::parse(&client).ok_or(StoreError::Unreadable("audit record"))?;
            Ok(Reached { client_id, last_at: Timestamp(last_at), times })
        };
        rows.into_iter().map(read).collect()
    }

    /// Blocks a portal: consent and authorizations go, and it is told that the person left; `false` when it
    /// was blocked before.
    pub async fn block_portal(
        &self,
        account: AccountId,
        client: ClientId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let done = self
            .write(move |tx| {
                Box::pin(async move {
                    let blocked = execute!(
                        tx,
                        "INSERT INTO portal_block (account_id, client_id, blocked_at)
                         VALUES ($1, $2, $3)
                         ON CONFLICT (account_id, client_id) DO UPDATE
                         SET blocked_at = excluded.blocked_at, lifted_at = NULL
                         WHERE portal_block.lifted_at IS NOT NULL",
                        account.0,
                        client.as_str(),
                        record.at.0
                    )? == 1;
                    if !blocked {
                        return Ok(false);
                    }
                    leave(tx, account, &client, record.at).await?;
                    consents::delete(tx, account, client.as_str(), record.at).await?;
                    append(tx, &record).await?;
                    Ok(true)
                })
            })
            .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(done)
    }

    /// Lifts a block; `false` when there is none.
    pub async fn lift_portal_block(
        &self,
        account: AccountId,
        client: ClientId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let done = self
            .write(move |tx| {
                Box::pin(async move {
                    let lifted = execute!(
                        tx,
                        "UPDATE portal_block SET lifted_at = $3
                          WHERE account_id = $1 AND client_id = $2 AND lifted_at IS NULL",
                        account.0,
                        client.as_str(),
                        record.at.0
                    )? == 1;
                    if lifted {
                        append(tx, &record).await?;
                    }
                    Ok(lifted)
                })
            })
            .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(done)
    }
}

/// Every session of the account leaves the portal, which is told so once for each.
async fn leave(
    tx: &mut Tx<'_>,
    account: AccountId,
    client: &ClientId,
    now: Timestamp,
) -> Result<(), StoreError> {
    let reached = fetch_in!(
        tx,
        fetch_all,
        (uuid::Uuid, String, String),
        "SELECT c.session_id, c.sub, c.sid FROM session_client c JOIN session s ON s.id = c.session_id
          WHERE s.account_id = $1 AND c.client_id = $2 AND s.ended_at IS NULL ORDER BY c.session_id",
        account.0,
        client.as_str()
    )?;
    for (session, sub, sid) in reached {
        let left = execute!(
            tx,
            "DELETE FROM session_client WHERE session_id = $1 AND client_id = $2",
            session,
            client.as_str()
        )? == 1;
        if left {
            let delivery = NewDelivery {
                id: DeliveryId::generate(),
                client_id: client.clone(),
                message: Message::Logout { sub, sid },
                created_at: now,
            };
            outbox::enqueue(tx, &delivery).await?;
        }
    }
    Ok(())
}
