//! Consents: what a person agreed to share with a client (OpenID Connect Core §3.1.2.4).

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::scope::Scope;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// What a person agreed to share with a client.
#[derive(Debug, Clone)]
pub struct Consent {
    /// With whom.
    pub client_id: ClientId,
    /// What.
    pub scope: Scope,
    /// Claims by name beyond the scope's.
    pub claims: Vec<String>,
    /// Since when.
    pub granted_at: Timestamp,
}

impl Store {
    /// What the person agreed to share with this client.
    pub async fn find_consent(
        &self,
        account: AccountId,
        client: &ClientId,
    ) -> Result<Option<Consent>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            (String, String, String, i64),
            "SELECT client_id, scope, claims, granted_at FROM consent
              WHERE account_id = $1 AND client_id = $2",
            account.0,
            client.as_str()
        )?;
        row.map(read_consent).transpose()
    }

    /// Everything the person agreed to share, newest first.
    pub async fn list_consents(&self, account: AccountId) -> Result<Vec<Consent>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String, String, String, i64),
            "SELECT client_id, scope, claims, granted_at FROM consent
              WHERE account_id = $1 ORDER BY granted_at DESC LIMIT 500",
            account.0
        )?;
        rows.into_iter().map(read_consent).collect()
    }

    /// Remembers an agreement.
    pub async fn grant_consent(
        &self,
        account: AccountId,
        consent: Consent,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        let claims = serde_json::to_string(&consent.claims)
            .map_err(|_| StoreError::Unreadable("consent"))?;
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO consent (account_id, client_id, scope, claims, granted_at)
                     VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (account_id, client_id) DO UPDATE
                     SET scope = excluded.scope, claims = excluded.claims,
                         granted_at = excluded.granted_at",
                    account.0,
                    consent.client_id.as_str(),
                    consent.scope.to_string().as_str(),
                    claims.as_str(),
                    consent.granted_at.0
                )?;
                append(tx, &record).await
            })
        })
        .await
    }

    /// Takes an agreement back, and with it every authorization that rests on it.
    pub async fn withdraw_consent(
        &self,
        account: AccountId,
        client: &ClientId,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let client = client.as_str().to_owned();
        let done = self
            .write(move |tx| {
                Box::pin(async move {
                    let withdrawn = delete(tx, account, &client, record.at).await?;
                    append(tx, &record).await?;
                    Ok(withdrawn)
                })
            })
            .await?;
        self.caches.forget(Change::Account(account.0));
        Ok(done)
    }
}

/// The consent goes, and every authorization that rests on it; says whether there was one.
pub(super) async fn delete(
    tx: &mut Tx<'_>,
    account: AccountId,
    client: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let deleted = execute!(
        tx,
        "DELETE FROM consent WHERE account_id = $1 AND client_id = $2",
        account.0,
        client
    )? == 1;
    execute!(
        tx,
        "UPDATE approval SET revoked_at = $3
          WHERE account_id = $1 AND client_id = $2 AND revoked_at IS NULL",
        account.0,
        client,
        now.0
    )?;
    Ok(deleted)
}

fn read_consent(row: (String, String, String, i64)) -> Result<Consent, StoreError> {
    let unreadable = || StoreError::Unreadable("consent");
    let (client_id, scope, claims, granted_at) = row;
    Ok(Consent {
        client_id: ClientId::parse(&client_id).ok_or_else(unreadable)?,
        scope: Scope::parse(&scope).map_err(|_| unreadable())?,
        claims: serde_json::from_str(&claims).map_err(|_| unreadable())?,
        granted_at: Timestamp(granted_at),
    })
}
