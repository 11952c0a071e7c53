//! Looking people up: by number or phone, which leads to the account; by name, which leads to a list. Both are
//! posted, so that neither stands in an address.

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::console::ConsoleError;
use crate::console::name_search;
use crate::console::name_search::Found;
use crate::console::name_search::Wanted;
use crate::console::people;
use crate::console::people::Person;
use crate::domain::division;
use crate::domain::masking::Masks;
use crate::domain::operator::Permission;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::message_key;
use crate::http::console::operators;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::identifier::Typed;

/// What the page shows beside its forms.
#[derive(Default)]
struct Shown<'a> {
    identifier: Typed<'a>,
    error: Option<&'a str>,
    wanted: Wanted<'a>,
    name_error: Option<&'a str>,
    found: Option<Found>,
}

/// `GET /console/people`
pub async fn ask(officer: Officer) -> Result<Response, Failure> {
    if let Err(error) = officer.actor().demand(Permission::SeePeople).await {
        return officer.refuse(error);
    }
    page(&officer, StatusCode::OK, &Shown::default())
}

/// `POST /console/people`
pub async fn seek(OfficerForm { officer, form }: OfficerForm) -> Result<Response, Failure> {
    let typed = documents::typed(&form, "identifier");
    let told = |status, error| {
        page(&officer, status, &Shown { identifier: typed, error: Some(error), ..Shown::default() })
    };
    match people::seek(officer.actor(), typed).await {
        Ok(Some(id)) => Ok(respond::see_other(&format!("/console/people/{id}"))),
        Ok(None) => told(StatusCode::NOT_FOUND, "console-nobody"),
        Err(ConsoleError::Name) => told(StatusCode::BAD_REQUEST, "console-not-an-identifier"),
        Err(error) => officer.refuse(error),
    }
}

/// `POST /console/people/by-name`
pub async fn seek_by_name(OfficerForm { officer, form }: OfficerForm) -> Result<Response, Failure> {
    let text = |name| form.get(name).unwrap_or_default();
    let wanted = Wanted { name: text("name"), region: text("region"), after: text("after") };
    let shown = Shown { wanted, ..Shown::default() };
    match name_search::seek(officer.actor(), wanted).await {
        Ok(found) => page(&officer, StatusCode::OK, &Shown { found: Some(found), ..shown }),
        Err(error) => {
            let said = match error {
                ConsoleError::Name => Some("console-not-a-name"),
                _ => message_key(&error),
            };
            match said {
                Some(_) => {
                    let shown = Shown { name_error: said, ..shown };
                    page(&officer, StatusCode::BAD_REQUEST, &shown)
                }
                None => officer.refuse(error),
            }
        }
    }
}

fn page(officer: &Officer, status: StatusCode, shown: &Shown<'_>) -> Result<Response, Failure> {
    let masks = officer.visitor.provider().config.masking;
    let rows = |found: &Found| found.people.iter().map(|one| row(one, masks)).collect::<Vec<_>>();
    let people = shown.found.as_ref().map(rows);
    let page = json!({
        "identifier": shown.identifier.text,
        "documents": officer.documents(shown.identifier), "error": shown.error, "name": shown.wanted.name,
        "region": shown.wanted.region, "regions": operators::regions(officer),
        "name_error": shown.name_error, "people": people,
        "later": !shown.wanted.after.is_empty(),
        "next": shown.found.as_ref().and_then(|found| found.next.as_deref()),
        "incomplete": shown.found.as_ref().is_some_and(|found| !found.is_complete),
    });
    officer.page((status, "console/people.html"), page)
}

fn row(person: &Person, masks: Masks) -> Value {
    let (account, profile) = (&person.account, &person.profile);
    json!({
        "id": account.id.to_string(),
        "name": masks.name(&profile.name),
        "id_type_key": documents::title_key(profile.key().document_type),
        "id_number": profile.key().masked(),
        "division": profile.key().division().and_then(division::full_name),
        "status": account.status.as_str(),
    })
}
