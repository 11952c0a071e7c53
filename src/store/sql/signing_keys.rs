//! Signing keys as rows: sealed, with their place in life. `keyring` gives them meaning.

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;

/// A signing key as stored.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// Its thumbprint.
    pub kid: String,
    /// `alg`.
    pub algorithm: String,
    /// `next`, `current` or `retired`.
    pub state: String,
    /// PKCS#8, sealed under the master key.
    pub private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it may sign.
    pub activates_at: Timestamp,
    /// Until when it is published, once retired.
    pub expires_at: Option<Timestamp>,
}

/// One step in the life of an algorithm's keys.
#[derive(Debug, Clone)]
pub struct KeyStep {
    /// The key that is kept.
    pub added: StoredKey,
    /// The one that becomes current.
    pub promoted: Option<String>,
    /// Until when the one that was current stays published.
    pub retired_until: Timestamp,
}

impl Store {
    /// Every key that is still published.
    pub async fn list_signing_keys(&self, now: Timestamp) -> Result<Vec<StoredKey>, StoreError> {
        let rows = fetch!(
            &self.db,
            fetch_all,
            (String, String, String, Vec<u8>, i64, i64, Option<i64>),
            "SELECT kid, algorithm, state, private_key, created_at, activates_at, expires_at
               FROM signing_key WHERE expires_at IS NULL OR expires_at > $1
              ORDER BY algorithm, created_at, kid",
            now.0
        )?;
        let key = |(kid, algorithm, state, private_key, created_at, activates_at, expires_at)| {
            StoredKey {
                kid,
                algorithm,
                state,
                private_key,
                created_at: Timestamp(created_at),
                activates_at: Timestamp(activates_at),
                expires_at: Option::map(expires_at, Timestamp),
            }
        };
        Ok(rows.into_iter().map(key).collect())
    }

    /// One step in the life of an algorithm's keys: `promoted` becomes current, the current one
    /// retires until `retired_until`, `added` is kept. `false` when another node did it first.
    pub async fn rotate_signing_key(
        &self,
        added: StoredKey,
        promoted: Option<String>,
        retired_until: Timestamp,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        let key = KeyStep { added, promoted, retired_until };
        self.write(move |tx| Box::pin(async move { take(tx, &key, &record).await }))
            .await
            .map(|()| true)
            .or_else(
                |error| if matches!(error, StoreError::Taken) { Ok(false) } else { Err(error) },
            )
    }
}

/// The same inside a write; `Taken` undoes it when another node did it first.
pub(super) async fn take(
    tx: &mut Tx<'_>,
    KeyStep { added, promoted, retired_until }: &KeyStep,
    record: &AuditRecord,
) -> Result<(), StoreError> {
    // Locks the keys: on PostgreSQL neither of two nodes would see what the other adds.
    execute!(tx, "UPDATE deployment SET created_at = created_at WHERE id = 1")?;
    if let Some(kid) = promoted {
        execute!(
            tx,
            "UPDATE signing_key SET state = 'retired', retired_at = $2, expires_at = $3
                          WHERE algorithm = $1 AND state = 'current'",
            added.algorithm.as_str(),
            record.at.0,
            retired_until.0
        )?;
        let won = execute!(
            tx,
            "UPDATE signing_key SET state = 'current' WHERE kid = $1 AND state = 'next'",
            kid.as_str()
        )? == 1;
        if !won {
            return Err(StoreError::Taken);
        }
    }
    // One key of a state and algorithm at a time: of two nodes one writes.
    let inserted = execute!(
        tx,
        "INSERT INTO signing_key
                            (kid, algorithm, state, private_key, created_at, activates_at)
                     SELECT $1, $2, $3, $4, $5, $6 FROM deployment
                      WHERE NOT EXISTS (SELECT 1 FROM signing_key
                                         WHERE algorithm = $2 AND state = $3)",
        added.kid.as_str(),
        added.algorithm.as_str(),
        added.state.as_str(),
        added.private_key.as_slice(),
        added.created_at.0,
        added.activates_at.0
    )? == 1;
    if !inserted {
        return Err(StoreError::Taken);
    }
    append(tx, record).await
}
