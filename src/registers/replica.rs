//! The local replicas of the population and the legal-entity register, filled by `yihao register import`.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::domain::document_type::DocumentType;
use crate::domain::identity_document::IdentityDocument;
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

/// What is sealed of an organisation: name, status, representative. The code is not: whoever finds the entry has it.
type Record = (String, String, Option<Named>);

/// A representative as sealed: name and number, and type and country of the document where the number has not the layout of
/// citizens'. Those that have it are sealed as they were before there were others, so that nodes of the version before
/// read them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    CitizenLayout(String, String),
    Other(String, String, DocumentType, String),
}

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
    RegisterEntry {
        digest: vault.index_person(key).0,
        record: vault.seal_data(POPULATION, name),
        content: vault.content_mark(POPULATION, &[&marked(vault, key), name]),
        standing: [0; 16],
    }
}

/// By what contents tell one document from another: numbers of the citizens' layout need neither type nor country.
fn marked(vault: &Vault, key: PersonKey<'_>) -> Vec<u8> {
    if key.has_citizen_layout() {
        key.number.as_bytes().to_vec()
    } else {
        vault.index_person(key).0.to_vec()
    }
}

/// An organisation as it is stored: found by the code.
pub fn organisation(vault: &Vault, entity: &LegalEntity) -> RegisterEntry {
    let (uscc, status) = (entity.uscc.as_str().as_bytes(), entity.status.as_str());
    let representative = entity.representative.as_ref();
    let name = representative.map(|known| known.name.expose()).unwrap_or_default();
    let document = representative.map(|known| Zeroizing::new(marked(vault, known.document.key())));
    let document = document.unwrap_or_default();
    let entity_name = entity.name.as_str();
    let sealed = representative.map(|known| {
        let key = known.document.key();
        if key.has_citizen_layout() {
            json!([name, key.number])
        } else {
            json!([name, key.number, key.document_type, key.country])
        }
    });
    let text = Zeroizing::new(json!([entity_name, status, sealed]).to_string());
    let standing = [uscc, status.as_bytes(), name.as_bytes(), &document];
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
        Some(named) => {
            let (name, number, card, country) = match named {
                Named::CitizenLayout(name, number) => (name, number, "", ""),
                Named::Other(name, number, card, country) => {
                    (name, number, card.code(), &**country)
                }
            };
            // Whether synthetic numbers are accepted was decided when the entry was written.
            let document =
                IdentityDocument::of_register(card, country, number, Synthetic::Accepted);
            Some(Representative { name: PersonName::parse(name).ok()?, document: document.ok()? })
        }
    };
    Some(LegalEntity {
        uscc: uscc.clone(),
        name: OrganisationName::parse(name).ok()?,
        status: EntityStatus::parse(status)?,
        representative,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::document_type::Card;
    use crate::domain::synthetic;

    fn entity(document: IdentityDocument) -> LegalEntity {
        LegalEntity {
            uscc: synthetic::uscc(1),
            name: OrganisationName::parse("样例企业壹").unwrap(),
            status: EntityStatus::Active,
            representative: Some(Representative { name: synthetic::name(1), document }),
        }
    }

    fn opened(vault: &Vault, entry: &RegisterEntry) -> String {
        let text = vault.open_data(LEGAL_ENTITY, &entry.record).unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    }

    fn known(text: &str) -> Option<LegalEntity> {
        read(&synthetic::uscc(1), &serde_json::from_str(text).ok()?)
    }

    /// What an earlier version sealed opens, and what it can read is sealed and marked as it did: a node of it goes on,
    /// and an import of the same file changes nothing.
    #[test]
    fn records_of_before_open_and_citizens_are_sealed_as_before() {
        let (vault, number) = (Vault::derive_from(&[7; 32]), synthetic::citizen_id(1));
        let name = synthetic::name(1);
        let before = json!(["样例企业壹", "active", [name.expose(), number.expose()]]).to_string();
        let citizen = entity(IdentityDocument::of_citizen_layout(&number));
        assert_eq!(known(&before), Some(citizen.clone()));
        let entry = organisation(&vault, &citizen);
        assert_eq!(opened(&vault, &entry), before);
        let uscc = citizen.uscc.as_str().as_bytes();
        let [name, number] = [name.expose(), number.expose()].map(str::as_bytes);
        let standing = [uscc, b"active", name, number];
        assert_eq!(entry.standing, vault.content_mark(STANDING, &standing));
        let content = [uscc, b"active", name, number, "样例企业壹".as_bytes()];
        assert_eq!(entry.content, vault.content_mark(LEGAL_ENTITY, &content));
        let nobody = LegalEntity { representative: None, ..citizen.clone() };
        assert_eq!(known(r#"["样例企业壹","active",null]"#), Some(nobody.clone()));
        let standing = [uscc, b"active", b"", b""];
        assert_eq!(organisation(&vault, &nobody).standing, vault.content_mark(STANDING, &standing));
    }

    #[test]
    fn every_other_document_is_kept_whole() {
        let vault = Vault::derive_from(&[7; 32]);
        let document = |card, country, number| {
            IdentityDocument::parse(card, country, number, Synthetic::Accepted).unwrap()
        };
        let all = [
            document(Card::ForeignPassport, "UTO", "00000001"),
            document(Card::ForeignPassport, "FRA", "00000001"),
            document(Card::TaiwanPermit, "", "00000001"),
            document(Card::HongKongMacaoPermit, "", "M0000000003"),
            document(Card::PermanentResidenceCard, "", "USA140100010113"),
        ];
        let entries = all.map(|document| {
            let entity = entity(document);
            let entry = organisation(&vault, &entity);
            assert_eq!(known(&opened(&vault, &entry)), Some(entity));
            entry
        });
        let standings: std::collections::HashSet<_> =
            entries.iter().map(|entry| entry.standing).collect();
        assert_eq!(standings.len(), entries.len(), "each is another representative");
        for text in [
            r#"["样例企业壹","active",["测试一"]]"#,
            r#"["样例企业壹","active",["测试一","L898902C3"]]"#,
            r#"["样例企业壹","active",["测试一","L898902C3","414","UTO"]]"#,
            r#"["样例企业壹","active",["测试一","L898902C3","FOREIGN_PASSPORT","XYZ"]]"#,
        ] {
            assert_eq!(known(text), None, "{text}");
        }
    }
}
