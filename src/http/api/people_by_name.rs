//! `/people/search-by-name`: people by their exact name, masked, a page at a time. Name and place stand in the
//! body, so that neither stands in an address (security.md ).

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::console::name_search;
use crate::console::name_search::Wanted;
use crate::console::people::Person;
use crate::domain::api_scope::ApiScope;
use crate::domain::division;
use crate::domain::masking::Masks;
use crate::http::api::call::Call;
use crate::http::api::fields;
use crate::http::api::fields::Text;
use crate::http::api::fields::region;
use crate::http::api::fields::text;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::problem::Problem;

/// The look-up by name.
pub fn operations() -> Vec<Operation> {
    let path = "/people/search-by-name";
    vec![Operation::send(path, ApiScope::PeopleRead, search).looking().named(
        "searchPeopleByName",
        "People of exactly this name, masked, twenty at a time; every page is recorded",
    )]
}

/// Whom to look up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NameSearch {
    /// The whole name.
    #[schema(schema_with = text::<1, 100>)]
    name: Text<1, 100>,
    /// A six-digit code; null for all of the machine's own region.
    #[serde(default)]
    #[schema(schema_with = region)]
    region: Option<String>,
    /// `next_page_token` of the page before, for the same name and region.
    #[serde(default)]
    #[schema(schema_with = page_token)]
    page_token: Option<String>,
}

/// Somebody of that name.
#[derive(Serialize, ToSchema)]
struct Namesake {
    /// The key of the account.
    id: uuid::Uuid,
    /// `active`, `locked`, `stopped` or `cancelled`.
    status: String,
    /// The name, masked.
    name: String,
    /// What bears the ID number: a code of GA/T 517-2004, or our own.
    id_type: String,
    /// The ID number, masked.
    id_number: String,
    /// Where the number was given out, by the names of the divisions.
    division: Option<String>,
}

/// People of that name.
#[derive(Serialize, ToSchema)]
struct Namesakes {
    /// Twenty at most.
    items: Vec<Namesake>,
    /// Where the next page begins; null on the last one.
    next_page_token: Option<String>,
    /// Whether everybody can be found by name yet; after an upgrade that takes a while.
    is_complete: bool,
}

fn page_token() -> utoipa::openapi::Object {
    fields::optional_text(2000)
}

async fn search(call: Call, body: NameSearch) -> Result<One<Namesakes>, Problem> {
    let (name, region) = (body.name.as_str(), fields::division(body.region.as_deref())?);
    let words = [("name", name), ("region", region)];
    let token = body.page_token.as_deref();
    let after: Option<String> = token.map(|token| call.place_of(&words, token)).transpose()?;
    let after = after.as_deref().unwrap_or_default();
    let found = name_search::seek(call.actor(), Wanted { name, region, after }).await?;
    let masks = call.actor().provider.config.masking;
    let next_page_token = found.next.map(|place| call.next_of(&words, &place)).transpose()?;
    let items = found.people.iter().map(|person| Namesake::of(person, masks)).collect();
    Ok(One(Namesakes { items, next_page_token, is_complete: found.is_complete }))
}

impl Namesake {
    fn of(person: &Person, masks: Masks) -> Self {
        let (account, profile) = (&person.account, &person.profile);
        let key = profile.key();
        Self {
            id: account.id.0,
            status: account.status.as_str().to_owned(),
            name: masks.name(&profile.name),
            id_type: key.document_type.code().to_owned(),
            id_number: key.masked(),
            division: key.division().and_then(division::full_name),
        }
    }
}
