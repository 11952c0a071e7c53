//! The local replicas of the population and the legal-entity register, filled by `yihao register import`.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use zeroize::Zeroizing;

use crate::domain::citizen_id::CitizenId;
use crate::domain::identity_document::PersonKey;
use crate::domain::legal_entity::EntityStatus;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::legal_entity::OrganisationName;
use crate::domain::legal_entity::Representative;
use crate::domain::person_name::PersonName;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::registers::LegalEntityRegister;
use crate::registers::PopulationRegister;
use crate::registers::RegisterAnswer;
use crate::registers::RegisterAway;
use crate::store::Store;
use crate::store::sql::RegisterEntry;
use crate::vault::Vault;

/// What the seal of a person's entry is bound to.
const POPULATION: &str = "population";
/// What the seal of an organisation's entry is bound to.
const LEGAL_ENTITY: &str = "legal entity";
/// The same of the digest that tells a change of status or representative.
const STANDING: &str = "legal entity standing";

/// The replicas.
pub struct Replica {
    store: Store,
    vault: Arc<Vault>,
}

/// What is sealed of an organisation: name, status, the representative's name and number. The code is not:
/// whoever finds the entry has it.
type Record = (String, String, Option<(String, String)>);

/// An entry that opens and makes no sense: another program wrote it.
#[derive(Debug, thiserror::Error)]
#[error("an entry of the replica cannot be read")]
struct Unreadable;

impl Replica {
    /// Over this store.
    pub fn new(store: Store, vault: Arc<Vault>) -> Self {
        Self { store, vault }
    }
}

/// A person as it is stored: found by the document, holding the name.
pub fn person(vault: &Vault, name: &str, key: PersonKey<'_>) -> RegisterEntry {
    let name = name.as_bytes();
    let digest = vault.index_person(key).0;
    let marked = if key.has_citizen_layout() { key.number.as_bytes() } else { &digest[..] };
    RegisterEntry {
        digest,
        record: vault.seal_data(POPULATION, name),
        content: vault.content_mark(POPULATION, &[marked, name]),
        standing: [0; 16],
    }
}

/// An organisation as it is stored: found by the code.
pub fn organisation(vault: &Vault, entity: &LegalEntity) -> RegisterEntry {
    let (uscc, status) = (entity.uscc.as_str().as_bytes(), entity.status.as_str());
    let representative = entity.representative.as_ref();
    let representative =
        representative.map(|known| (known.name.expose(), known.id_number.expose()));
    let (name, number) = representative.unwrap_or_default();
    let entity_name = entity.name.as_str();
    let text = Zeroizing::new(json!([entity_name, status, representative]).to_string());
    let standing = [uscc, status.as_bytes(), name.as_bytes(), number.as_bytes()];
    let [a, b, c, d] = standing;
    RegisterEntry {
        digest: vault.index_uscc(&entity.uscc).0,
        record: vault.seal_data(LEGAL_ENTITY, text.as_bytes()),
        content: vault.content_mark(LEGAL_ENTITY, &[a, b, c, d, entity_name.as_bytes()]),
        standing: vault.content_mark(STANDING, &standing),
    }
}

#[async_trait]
impl PopulationRegister for Replica {
    async fn compare(
        &self,
        name: &str,
        key: PersonKey<'_>,
    ) -> Result<RegisterAnswer, RegisterAway> {
        let digest = self.vault.index_person(key);
        let found = self.store.find_person(&digest).await.map_err(away)?;
        let Some(sealed) = found else { return Ok(RegisterAnswer::NoMatch) };
        let known = self.vault.open_data(POPULATION, &sealed).map_err(away)?;
        let same = crate::crypto::constant_time_eq(&known, name.as_bytes());
        Ok(if same { RegisterAnswer::Match } else { RegisterAnswer::NoMatch })
    }
}

#[async_trait]
impl LegalEntityRegister for Replica {
    async fn find(&self, uscc: &Uscc) -> Result<Option<LegalEntity>, RegisterAway> {
        let digest = self.vault.index_uscc(uscc);
        let found = self.store.find_legal_entity(&digest).await.map_err(away)?;
        let Some(sealed) = found else { return Ok(None) };
        let text = self.vault.open_data(LEGAL_ENTITY, &sealed).map_err(away)?;
        let record: Record = serde_json::from_slice(&text).map_err(|_| away(Unreadable))?;
        read(uscc, &record).map(Some).ok_or_else(|| away(Unreadable))
    }
}

fn away(error: impl std::error::Error + Send + Sync + 'static) -> RegisterAway {
    RegisterAway(Box::new(error))
}

fn read(uscc: &Uscc, (name, status, representative): &Record) -> Option<LegalEntity> {
    let representative = match representative {
        None => None,
        // Whether synthetic numbers are accepted was decided when the entry was written.
        Some((name, number)) => Some(Representative {
            name: PersonName::parse(name).ok()?,
            id_number: CitizenId::parse(number, Synthetic::Accepted).ok()?,
        }),
    };
    Some(LegalEntity {
        uscc: uscc.clone(),
        name: OrganisationName::parse(name).ok()?,
        status: EntityStatus::parse(status)?,
        representative,
    })
}
