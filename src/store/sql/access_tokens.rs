//! Access tokens that were revoked alone, before their time (RFC 7009); of all others nothing is stored.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::cache::Change;
use crate::store::sql::audit::append;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

impl Store {
    /// Revokes one access token before its time.
    pub async fn revoke_access_token(
        &self,
        jti: String,
        expires_at: Timestamp,
        record: AuditRecord,
    ) -> Result<(), StoreError> {
        let token = jti.clone();
        self.write(move |tx| {
            Box::pin(async move {
                execute!(
                    tx,
                    "INSERT INTO revoked_access_token (jti, expires_at) VALUES ($1, $2)
                     ON CONFLICT (jti) DO NOTHING",
                    jti.as_str(),
                    expires_at.0
                )?;
                append(tx, &record).await
            })
        })
        .await?;
        self.caches.forget(Change::AccessToken(token));
        Ok(())
    }

    /// Whether this access token was revoked alone.
    pub async fn is_access_token_revoked(
        &self,
        jti: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if let Some(known) = self.caches.revocation(jti, now) {
            return Ok(known);
        }
        let reading = self.caches.begin(now);
        let row = fetch!(
            &self.db,
            fetch_optional,
            (i64,),
            "SELECT expires_at FROM revoked_access_token WHERE jti = $1",
            jti
        )?;
        self.caches.keep_revocation(reading, jti, row.is_some());
        Ok(row.is_some())
    }
}
