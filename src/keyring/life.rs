//! The life of a signing key: published as *next* before its first use, *current* while it signs,
//! *retired* until the last token it signed has expired (security.md A-32, F37).

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::RwLock;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::jose::Algorithm;
use crate::jose::JoseError;
use crate::jose::SigningKey;
use crate::keyring::Keyring;
use crate::keyring::Ring;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::KeyStep;
use crate::store::sql::StoredKey;
use crate::vault::Vault;
use crate::vault::VaultError;

/// A retired key stays published for so long: the longest token and a day of caches.
const RETIREMENT: Duration = Duration::from_hours(48);
/// A new key is published for so long before it may sign: clients cache the set for 5 minutes.
const PUBLICATION: Duration = Duration::from_hours(1);

/// Why the keys are not there.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The key itself.
    #[error("signing key: {0}")]
    Key(#[from] JoseError),
}

/// Makes the audit record of a rotation; the caller knows how records are sealed.
pub type RecordKeys<'a> = &'a (dyn Fn(&str) -> AuditRecord + Send + Sync);

impl Keyring {
    /// Loads the keys; makes those that are missing, so that the provider can sign at once.
    pub async fn load(
        vault: Arc<Vault>,
        store: &Store,
        rotation: Duration,
        now: Timestamp,
        record: RecordKeys<'_>,
    ) -> Result<Self, KeyringError> {
        let empty = Ring::new(HashMap::new(), &[], &[])?;
        let keyring = Self { vault, ring: Arc::new(RwLock::new(Arc::new(empty))), rotation };
        let stored = store.list_signing_keys(now).await?;
        let missing: Vec<_> = Algorithm::ALL
            .into_iter()
            .filter(|algorithm| !has(&stored, *algorithm, "current"))
            .collect();
        let made: Vec<_> = missing
            .into_iter()
            .map(|algorithm| tokio::task::spawn_blocking(move || SigningKey::generate(algorithm)))
            .collect();
        for key in made {
            let key = key.await.map_err(|_| JoseError::Key("cannot be made"))??;
            let stored = keyring.stored(&key, "current", now, now)?;
            store.rotate_signing_key(stored, None, now, record(key.algorithm().as_str())).await?;
        }
        keyring.reload(store, now).await?;
        Ok(keyring)
    }

    /// Reads the keys again: another node may have rotated them.
    pub async fn reload(&self, store: &Store, now: Timestamp) -> Result<(), KeyringError> {
        let mut current = HashMap::new();
        let (mut published, mut known) = (Vec::new(), Vec::new());
        for stored in store.list_signing_keys(Timestamp(0)).await? {
            let Ok(algorithm) = stored.algorithm.parse::<Algorithm>() else { continue };
            let pkcs8 = self.vault.open_signing_key(&stored.private_key)?;
            let key = Arc::new(SigningKey::from_pkcs8(algorithm, &pkcs8)?);
            if stored.state == "current" {
                current.insert(algorithm, key.clone());
            }
            if stored.expires_at.is_none_or(|expires_at| expires_at > now) {
                published.push(key.clone());
            }
            known.push(key);
        }
        self.replace(Ring::new(current, &published, &known)?);
        Ok(())
    }

    /// Does what is due: publishes the next key of an algorithm, and lets it take over when the
    /// current one has served its time. `force` lets every published next key take over now.
    pub async fn advance(
        &self,
        store: &Store,
        force: bool,
        now: Timestamp,
        record: RecordKeys<'_>,
    ) -> Result<Vec<Algorithm>, KeyringError> {
        let stored = store.list_signing_keys(now).await?;
        let mut rotated = Vec::new();
        for algorithm in Algorithm::ALL {
            let next = stored.iter().find(|key| is(key, algorithm, "next"));
            let current = stored.iter().find(|key| is(key, algorithm, "current"));
            let over = current.is_some_and(|key| now.since(key.activates_at) >= self.rotation);
            let promoted = match next {
                None if !force => None,
                None => {
                    self.publish_next(store, algorithm, now, record).await?;
                    continue;
                }
                Some(key) if force || (over && now >= key.activates_at) => Some(key.kid.clone()),
                Some(_) => continue,
            };
            let took_over = promoted.is_some();
            let step = self.step(algorithm, promoted, now).await?;
            let KeyStep { added, promoted, retired_until } = step;
            let record = record(algorithm.as_str());
            let won = store.rotate_signing_key(added, promoted, retired_until, record).await?;
            if won && took_over {
                rotated.push(algorithm);
            }
        }
        self.reload(store, now).await?;
        Ok(rotated)
    }

    async fn publish_next(
        &self,
        store: &Store,
        algorithm: Algorithm,
        now: Timestamp,
        record: RecordKeys<'_>,
    ) -> Result<(), KeyringError> {
        let step = self.step(algorithm, None, now).await?;
        let record = record(algorithm.as_str());
        store.rotate_signing_key(step.added, None, step.retired_until, record).await?;
        Ok(())
    }

    /// What lets every next key take over: for a decision that is taken together with it. Nothing where no
    /// next key is published yet.
    pub async fn takeover(
        &self,
        store: &Store,
        now: Timestamp,
    ) -> Result<Vec<(Algorithm, KeyStep)>, KeyringError> {
        let stored = store.list_signing_keys(now).await?;
        let mut steps = Vec::new();
        for algorithm in Algorithm::ALL {
            if let Some(next) = stored.iter().find(|key| is(key, algorithm, "next")) {
                let step = self.step(algorithm, Some(next.kid.clone()), now).await?;
                steps.push((algorithm, step));
            }
        }
        Ok(steps)
    }

    /// A new next key, and perhaps one that takes over.
    async fn step(
        &self,
        algorithm: Algorithm,
        promoted: Option<String>,
        now: Timestamp,
    ) -> Result<KeyStep, KeyringError> {
        let key = generate(algorithm).await?;
        let added = self.stored(&key, "next", now, now.plus(PUBLICATION))?;
        Ok(KeyStep { added, promoted, retired_until: now.plus(RETIREMENT) })
    }

    fn stored(
        &self,
        key: &SigningKey,
        state: &str,
        now: Timestamp,
        activates_at: Timestamp,
    ) -> Result<StoredKey, KeyringError> {
        Ok(StoredKey {
            kid: key.kid().to_owned(),
            algorithm: key.algorithm().as_str().to_owned(),
            state: state.to_owned(),
            private_key: self.vault.seal_signing_key(&key.to_pkcs8()?),
            created_at: now,
            activates_at,
            expires_at: None,
        })
    }
}

async fn generate(algorithm: Algorithm) -> Result<SigningKey, JoseError> {
    tokio::task::spawn_blocking(move || SigningKey::generate(algorithm))
        .await
        .map_err(|_| JoseError::Key("cannot be made"))?
}

fn is(key: &StoredKey, algorithm: Algorithm, state: &str) -> bool {
    key.algorithm == algorithm.as_str() && key.state == state
}

fn has(keys: &[StoredKey], algorithm: Algorithm, state: &str) -> bool {
    keys.iter().any(|key| is(key, algorithm, state))
}
