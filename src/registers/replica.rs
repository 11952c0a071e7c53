//! The local replica of the population register, filled by `yihao register import people`.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::account::IdentifierKind;
use crate::registers::PopulationRegister;
use crate::registers::RegisterAnswer;
use crate::registers::RegisterAway;
use crate::store::Store;
use crate::vault::Vault;

/// What the seal of an entry is bound to.
const PURPOSE: &str = "population";

/// The replica.
pub struct Replica {
    store: Store,
    vault: Arc<Vault>,
}

impl Replica {
    /// Over this store.
    pub fn new(store: Store, vault: Arc<Vault>) -> Self {
        Self { store, vault }
    }

    /// An entry as it is stored: found by the number, holding the name.
    pub fn entry(
        vault: &Vault,
        name: &str,
        id_number: &str,
    ) -> (crate::domain::id::IdentifierDigest, Vec<u8>) {
        (
            vault.index(IdentifierKind::CitizenId, id_number),
            vault.seal_data(PURPOSE, name.as_bytes()),
        )
    }
}

#[async_trait]
impl PopulationRegister for Replica {
    async fn compare(&self, name: &str, id_number: &str) -> Result<RegisterAnswer, RegisterAway> {
        let digest = self.vault.index(IdentifierKind::CitizenId, id_number);
        let found = self.store.find_person(&digest).await.map_err(|e| RegisterAway(Box::new(e)))?;
        let Some(sealed) = found else { return Ok(RegisterAnswer::NoMatch) };
        let known =
            self.vault.open_data(PURPOSE, &sealed).map_err(|e| RegisterAway(Box::new(e)))?;
        let same = crate::crypto::constant_time_eq(&known, name.as_bytes());
        Ok(if same { RegisterAnswer::Match } else { RegisterAnswer::NoMatch })
    }
}
