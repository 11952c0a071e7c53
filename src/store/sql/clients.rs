//! Clients: one JSON document a row, served from memory for seconds (design D6, D8).

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::client_change::ClientChange;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::db::fetch_in;

impl Store {
    /// The client of that id, also a disabled one; at most seconds old.
    pub async fn find_client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        if let Some(client) = self.caches.client(id) {
            return Ok(Some(client));
        }
        let reading = self.caches.begin(Timestamp::default());
        let row = fetch!(
            &self.db,
            fetch_optional,
            (String,),
            "SELECT document FROM client WHERE client_id = $1",
            id.as_str()
        )?;
        let Some((document,)) = row else { return Ok(None) };
        let client = Arc::new(read(&document)?);
        self.caches.keep_client(reading, &client);
        Ok(Some(client))
    }

    /// Every client, by id.
    pub async fn list_clients(&self) -> Result<Vec<Client>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String,),
            "SELECT document FROM client ORDER BY client_id"
        )?;
        rows.iter().map(|(document,)| read(document)).collect()
    }

    /// Clients whose ids follow that one, by id.
    pub async fn find_clients(&self, after: &str, limit: i64) -> Result<Vec<Client>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String,),
            "SELECT document FROM client WHERE client_id > $1 ORDER BY client_id LIMIT $2",
            after,
            limit
        )?;
        rows.iter().map(|(document,)| read(document)).collect()
    }

    /// Registers a client; `false` when the id is taken.
    pub async fn add_client(
        &self,
        client: &Client,
        record: AuditRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let client = client.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let added = insert(tx, &client, now).await?;
                if added {
                    append(tx, &record).await?;
                }
                Ok(added)
            })
        })
        .await
    }

    /// Replaces a client's document; `false` when there is no such client.
    pub async fn replace_client(
        &self,
        client: &Client,
        record: AuditRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (id, document) = (client.id.as_str().to_owned(), write(client)?);
        let replaced = self
            .write(move |tx| {
                Box::pin(async move {
                    let replaced = execute!(
                        tx,
                        "UPDATE client SET document = $2, updated_at = $3 WHERE client_id = $1",
                        &id,
                        &document,
                        now.0
                    )? == 1;
                    if replaced {
                        append(tx, &record).await?;
                    }
                    Ok(replaced)
                })
            })
            .await?;
        self.caches.forget(Change::Client(client.id.clone()));
        Ok(replaced)
    }
}

/// Registers a client inside a transaction; `false` when the id is taken.
pub(super) async fn insert(
    tx: &mut Tx<'_>,
    client: &Client,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let document = write(client)?;
    let added = execute!(
        tx,
        "INSERT INTO client (client_id, document, created_at, updated_at)
         VALUES ($1, $2, $3, $3) ON CONFLICT (client_id) DO NOTHING",
        client.id.as_str(),
        &document,
        now.0
    )?;
    Ok(added == 1)
}

/// The text that reads a client to change it; `$lock` as the engine needs it.
macro_rules! locked {
    ($lock:literal) => {
        concat!("SELECT document FROM client WHERE client_id = $1 ", $lock)
    };
}

/// Changes a client inside a transaction, as it is at this moment; `false` when there is none.
pub(super) async fn change(
    tx: &mut Tx<'_>,
    id: &ClientId,
    change: &ClientChange,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let sql = match tx {
        Tx::Postgres(_) => locked!("FOR UPDATE"),
        Tx::Sqlite { .. } => locked!(""),
    };
    let row = fetch_in!(tx, fetch_optional, (String,), sql, id.as_str())?;
    let Some((document,)) = row else { return Ok(false) };
    let document = write(&change.apply(&read(&document)?, now))?;
    let changed = execute!(
        tx,
        "UPDATE client SET document = $2, updated_at = $3 WHERE client_id = $1",
        id.as_str(),
        &document,
        now.0
    )?;
    Ok(changed == 1)
}

fn read(document: &str) -> Result<Client, StoreError> {
    serde_json::from_str(document).map_err(|_| StoreError::Unreadable("client"))
}

fn write(client: &Client) -> Result<String, StoreError> {
    serde_json::to_string(client).map_err(|_| StoreError::Unreadable("client"))
}
