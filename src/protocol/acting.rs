//! Claims of who acts for whom (RFC 8693 §4.1 `act`, OpenID Connect Core §5.1; design D3): `sub` is whom the client
//! deals with, `act.sub` the person who does it.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::domain::account::AccountStatus;
use crate::domain::acting::Acting;
use crate::domain::acting::SubjectKind;
use crate::domain::legal_entity::EntityKind;
use crate::domain::mandate::Principal;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::protocol::error::OAuthError;
use crate::provider::Provider;

/// What is told of whom the person acts for; `names`: whether the person's consent opens names to the client. None
/// when that one is not there any more, or a represented person's account is closed: then nothing is worth anything.
pub async fn claims(
    provider: &Provider,
    acting: &Acting,
    names: bool,
) -> Result<Option<Map<String, Value>>, OAuthError> {
    let mut claims = Map::new();
    claims.insert("act".to_owned(), json!({ "sub": acting.actor }));
    let kind = SubjectKind::of(acting.principal).claim();
    claims.insert("subject_type".to_owned(), json!(kind));
    let mut mandate = Map::new();
    mandate.insert("role".to_owned(), json!(acting.role.as_str()));
    mandate.insert("mandate".to_owned(), json!(acting.mandate));
    if let Some(until) = acting.valid_until {
        mandate.insert("valid_until".to_owned(), json!(until.seconds()));
    }
    if let Some(items) = &acting.items {
        mandate.insert("items".to_owned(), json!(items));
    }
    match acting.principal {
        Principal::Organisation(id) => {
            let Some(organisation) = provider.store.find_organisation(id).await? else {
                return Ok(None);
            };
            let record = provider.vault.open_organisation(&organisation.record)?;
            let Ok(uscc) = Uscc::parse(&record.uscc, Synthetic::Accepted) else { return Ok(None) };
            mandate.insert("uscc".to_owned(), json!(record.uscc));
            mandate.insert("name".to_owned(), json!(record.name));
            mandate.insert("type".to_owned(), json!(EntityKind::of(&uscc).as_str()));
            if names {
                claims.insert("name".to_owned(), json!(record.name));
            }
            claims.insert("org".to_owned(), Value::Object(mandate));
        }
        Principal::Person(id) => {
            let now = provider.clock.now();
            let person = provider.store.known_account(id, now).await?;
            let usable = person.filter(|person| person.status == AccountStatus::Active);
            let Some(person) = usable else { return Ok(None) };
            if names {
                let profile = provider.vault.open_profile(&person)?;
                claims.insert("name".to_owned(), json!(profile.name));
                claims.insert("id_number_masked".to_owned(), json!(profile.key().masked()));
            }
            claims.insert("represented".to_owned(), Value::Object(mandate));
        }
    }
    Ok(Some(claims))
}

/// The same, with the person's own claims where the actor is described.
pub async fn userinfo(
    provider: &Provider,
    acting: &Acting,
    mut person: Map<String, Value>,
) -> Result<Option<Map<String, Value>>, OAuthError> {
    let told = claims(provider, acting, person.contains_key("name")).await?;
    let Some(mut told) = told else { return Ok(None) };
    person.remove("subject_type");
    person.insert("sub".to_owned(), json!(acting.actor));
    told.insert("act".to_owned(), Value::Object(person));
    Ok(Some(told))
}

/// The credit code of whom the person acts for, if it is an organisation.
pub async fn uscc(provider: &Provider, acting: &Acting) -> Result<Option<String>, OAuthError> {
    let Principal::Organisation(id) = acting.principal else { return Ok(None) };
    let Some(organisation) = provider.store.find_organisation(id).await? else { return Ok(None) };
    Ok(Some(provider.vault.open_organisation(&organisation.record)?.uscc))
}
