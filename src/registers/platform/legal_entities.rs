//! The legal-entity register behind the platform; the contract is `docs/integration/legal-entity-register.md`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;

use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::legal_entity::EntityStatus;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::legal_entity::OrganisationName;
use crate::domain::legal_entity::Representative;
use crate::domain::person_name::PersonName;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::outbound::Outbound;
use crate::registers::LegalEntityRegister;
use crate::registers::RegisterAway;
use crate::registers::platform::Platform;
use crate::registers::platform::PlatformSettings;
use crate::signed_call::CallError;
use crate::signed_call::IncomingCall;
use crate::signed_call::SetupError;

/// The register.
pub struct LegalEntities {
    platform: Platform,
    synthetic: Synthetic,
}

#[derive(Deserialize)]
struct Said {
    result: String,
    entity: Option<SaidEntity>,
}

#[derive(Deserialize)]
struct SaidEntity {
    uscc: String,
    name: String,
    status: String,
    representative: Option<SaidRepresentative>,
}

#[derive(Deserialize)]
struct SaidRepresentative {
    name: String,
    id_number: String,
    /// None, as of platforms of the contract before: the number tells.
    #[serde(default)]
    id_type: String,
    #[serde(default)]
    id_country: String,
}

/// An answer of the contract.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Found(LegalEntity),
    NotFound,
}

impl LegalEntities {
    /// Refuses settings with which nothing could be asked. `synthetic` says whether representatives may be
    /// people nobody is.
    pub fn new(
        settings: PlatformSettings,
        outbound: Outbound,
        clock: Clock,
        synthetic: Synthetic,
    ) -> Result<Self, SetupError> {
        Ok(Self { platform: Platform::new(settings, outbound, clock)?, synthetic })
    }
}

#[async_trait]
impl LegalEntityRegister for LegalEntities {
    async fn find(&self, uscc: &Uscc) -> Result<Option<LegalEntity>, RegisterAway> {
        let question = json!({ "uscc": uscc.as_str() });
        let read = |said| read(said, uscc, self.synthetic);
        let answer = self.platform.ask(question, read).await;
        match answer.map_err(|error| RegisterAway(Box::new(error)))? {
            Answer::Found(entity) => Ok(Some(entity)),
            Answer::NotFound => Ok(None),
        }
    }

    fn verify_call<'c>(
        &self,
        call: &IncomingCall<'c>,
        now: Timestamp,
    ) -> Option<Result<&'c str, CallError>> {
        Some(self.platform.caller.verify(call, now))
    }

    fn rests(&self) -> bool {
        self.platform.breaker.is_open()
    }
}

/// What the register says of that organisation. Nothing: it makes no sense.
fn read(said: Said, uscc: &Uscc, synthetic: Synthetic) -> Option<Answer> {
    let entity = match (&*said.result, said.entity) {
        ("found", Some(entity)) => entity,
        ("not_found", None) => return Some(Answer::NotFound),
        _ => return None,
    };
    // An answer about somebody else is none about this one.
    if entity.uscc != uscc.as_str() {
        return None;
    }
    let representative = match entity.representative {
        None => None,
        Some(said) => {
            let (card, country) = (&said.id_type, &said.id_country);
            let document = IdentityDocument::of_register(card, country, &said.id_number, synthetic);
            Some(Representative {
                name: PersonName::parse(&said.name).ok()?,
                document: document.ok()?,
            })
        }
    };
    Some(Answer::Found(LegalEntity {
        uscc: uscc.clone(),
        name: OrganisationName::parse(&entity.name).ok()?,
        status: EntityStatus::ALL.into_iter().find(|known| known.as_str() == entity.status)?,
        representative,
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use serde_json::json;

    use super::Answer;
    use super::read;
    use crate::domain::identity_document::IdentityDocument;
    use crate::domain::legal_entity::EntityStatus;
    use crate::domain::policy::Synthetic;
    use crate::domain::synthetic;

    fn judge(said: Value) -> Option<Answer> {
        let said = serde_json::from_value(said).ok()?;
        read(said, &synthetic::uscc(1), Synthetic::Accepted)
    }

    fn entity() -> Value {
        json!({
            "uscc": synthetic::uscc(1).as_str(), "name": "样例企业壹", "status": "revoked",
            "representative": {
                "name": synthetic::name(1).expose(), "id_number": synthetic::citizen_id(1).expose(),
            },
        })
    }

    #[test]
    fn an_answer_of_the_contract_is_understood() {
        let found = |entity: Value| match judge(
            json!({ "result": "found", "entity": entity, "more": 1 }),
        ) {
            Some(Answer::Found(entity)) => entity,
            other => panic!("{other:?}"),
        };
        let whole = found(entity());
        assert_eq!((&whole.uscc, whole.status), (&synthetic::uscc(1), EntityStatus::Revoked));
        let document = IdentityDocument::of_citizen_layout(&synthetic::citizen_id(1));
        assert!(whole.is_represented_by(synthetic::name(1).expose(), document.key()));
        let mut nobody = entity();
        nobody["representative"] = Value::Null;
        assert_eq!(found(nobody).representative, None);
        assert_eq!(judge(json!({ "result": "not_found" })), Some(Answer::NotFound));
    }

    #[test]
    fn a_representative_is_named_by_any_document() {
        for (id_type, id_country, number, country) in [
            ("FOREIGN_PASSPORT", "UTO", "L898902C3", "UTO"),
            ("516", "HKG", "H00000000", "HKG"),
            ("516", "", "H00000000", "HKG"),
            ("", "", "H00000000", "HKG"),
            ("511", "TWN", "00000001", "TWN"),
            ("553", "CHN", "USA140100010113", "CHN"),
            ("111", "CHN", synthetic::citizen_id(1).expose(), "CHN"),
        ] {
            let mut entity = entity();
            entity["representative"] = json!({
                "name": "ERIKSSON ANNA MARIA", "id_number": number,
                "id_type": id_type, "id_country": id_country,
            });
            let said = json!({ "result": "found", "entity": entity });
            let Some(Answer::Found(found)) = judge(said.clone()) else { panic!("{said}") };
            let known = found.representative.unwrap();
            let key = known.document.key();
            assert_eq!((key.number, key.country), (number, country), "{said}");
            assert!(id_type.is_empty() || key.document_type.code() == id_type, "{said}");
        }
    }

    #[test]
    fn anything_else_is_no_answer() {
        let with = |member: &str, value: Value| {
            let mut entity = entity();
            entity[member] = value;
            json!({ "result": "found", "entity": entity })
        };
        let somebody = |name: &str, number: &str| {
            with("representative", json!({ "name": name, "id_number": number }))
        };
        for said in [
            json!({ "result": "found" }),
            json!({ "result": "perhaps", "entity": entity() }),
            json!({ "result": "not_found", "entity": entity() }),
            with("uscc", synthetic::uscc(2).as_str().into()),
            with("name", "<b>".into()),
            with("status", "存续".into()),
            with("status", "dreaming".into()),
            somebody(synthetic::name(1).expose(), "123"),
            somebody("", synthetic::citizen_id(1).expose()),
        ] {
            assert_eq!(judge(said.clone()), None, "{said}");
        }
        for (id_type, id_country, number) in [
            ("FOREIGN_PASSPORT", "", "L898902C3"),
            ("FOREIGN_PASSPORT", "XYZ", "L898902C3"),
            ("", "UTO", "L898902C3"),
            ("414", "CHN", "E00000000"),
            ("511", "HKG", "00000001"),
            ("516", "HKG", synthetic::citizen_id(1).expose()),
        ] {
            let said = with(
                "representative",
                json!({
                    "name": "ERIKSSON ANNA MARIA", "id_number": number,
                    "id_type": id_type, "id_country": id_country,
                }),
            );
            assert_eq!(judge(said.clone()), None, "{said}");
        }
        let real_only = serde_json::from_value(json!({ "result": "found", "entity": entity() }));
        assert_eq!(read(real_only.unwrap(), &synthetic::uscc(1), Synthetic::Refused), None);
    }
}
