//! `Store`: opens the database, migrates it, and runs writes. The methods stand beside this file,
//! one file a subject.

mod access_tokens;
mod accounts;
mod audit;
mod authorizations;
mod clients;
mod consents;
mod credentials;
mod db;
mod housekeeping;
mod one_time_codes;
mod open;
mod outbox;
mod refresh_tokens;
mod registers;
mod sessions;
mod signing_keys;
mod throttle;
mod writer;

pub use accounts::NewAccount;
pub use audit::AuditQuery;
pub use audit::SealedAudit;
pub use audit::SignedHead;
pub use consents::Consent;
pub use credentials::NewTotp;
pub use one_time_codes::NewOneTimeCode;
pub use one_time_codes::OneTimeCode;
pub use one_time_codes::OneTimeCodeTry;
pub use open::Settings;
pub use sessions::EndedSession;
pub use sessions::NewSession;
pub use sessions::SessionEnd;
pub use signing_keys::StoredKey;
pub use throttle::AttemptKey;

use futures_util::future::BoxFuture;

use crate::store::StoreError;
use crate::store::cache::Caches;
use crate::store::sql::db::Db;
use crate::store::sql::db::Tx;
use crate::store::sql::db::store_error;

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    db: Db,
    caches: Caches,
}

impl Store {
    /// Runs `body` in one transaction and answers after its commit. An error keeps nothing.
    async fn write<F, T>(&self, body: F) -> Result<T, StoreError>
    where
        F: for<'c> FnOnce(&'c mut Tx<'_>) -> BoxFuture<'c, Result<T, StoreError>> + Send + 'static,
        T: Send + 'static,
    {
        match &self.db {
            Db::Sqlite { writer, .. } => writer.write(body).await,
            Db::Postgres(pool) => {
                let mut transaction = pool.begin().await.map_err(store_error)?;
                let result = body(&mut Tx::Postgres(&mut transaction)).await?;
                transaction.commit().await.map_err(store_error)?;
                Ok(result)
            }
        }
    }
}
