//! Identities that have to be put right: the list of doubts, and the page of a person's identity with what a second
//! officer is asked to approve.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::console::ConsoleError;
use crate::console::acts;
use crate::console::identities;
use crate::console::identities::ReadCase;
use crate::console::operators;
use crate::console::people;
use crate::console::people::Person;
use crate::domain::id::AccountId;
use crate::domain::id::IdentityCaseId;
use crate::domain::masking::Masks;
use crate::domain::operator::Permission;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::message_key;
use crate::http::console::people::waiting;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::identifier::Typed;

/// `GET /console/people/doubts`
pub async fn list(officer: Officer) -> Result<Response, Failure> {
    let after = match officer.visitor.query.get("after") {
        None => None,
        Some(text) => {
            let key = text.parse().map_err(|_| Failure::bad_request("after is no mark"))?;
            Some(IdentityCaseId(key))
        }
    };
    let (cases, next) = match identities::cases(officer.actor(), after, identities::PAGE).await {
        Ok(found) => found,
        Err(error) => return officer.refuse(error),
    };
    let masks = officer.visitor.provider().config.masking;
    let page = json!({
        "doubts": cases.iter().map(|read| doubt(read, masks)).collect::<Vec<Value>>(),
        "next": next.map(|next| next.to_string()),
    });
    officer.page((StatusCode::OK, "console/doubts.html"), page)
}

/// `GET /console/people/{id}/identity`
pub async fn show(Path(id): Path<String>, officer: Officer) -> Result<Response, Failure> {
    let seen = match key(&id) {
        Ok(account) => people::look(officer.actor(), account).await,
        Err(error) => Err(error),
    };
    match seen {
        Ok(person) => page(&officer, &person, (StatusCode::OK, None)).await,
        Err(error) => officer.refuse(error),
    }
}

/// `POST /console/people/{id}/identity/{action}`: asks a second officer, or settles a doubt.
pub async fn act(
    Path((id, action)): Path<(String, String)>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let account = match key(&id) {
        Ok(account) => account,
        Err(error) => return officer.refuse(error),
    };
    let (actor, text) = (officer.actor(), |name| form.get(name).unwrap_or_default());
    let why = text("reason");
    let done = match action.as_str() {
        "merge" => {
            identities::ask_to_merge(actor, account, documents::typed(&form, "identifier"), why)
                .await
                .map(drop)
        }
        "split" => match key(text("absorbed")) {
            Ok(absorbed) => identities::ask_to_split(actor, account, absorbed, why).await.map(drop),
            Err(error) => Err(error),
        },
        "correct" => {
            let frees = form.get("frees_number").is_some();
            let identity = (text("name"), documents::typed(&form, "id_number"), frees);
            identities::ask_to_correct(actor, account, identity, why).await.map(drop)
        }
        "dismiss" => identities::dismiss(actor, account, why).await,
        _ => Err(ConsoleError::NotFound),
    };
    let told = if action == "dismiss" { "done" } else { "asked" };
    match done {
        Ok(()) => {
            Ok(respond::see_other(&format!("/console/people/{account}/identity?done={told}")))
        }
        Err(error) => match (message_key(&error), people::find(officer.actor(), account).await) {
            (Some(key), Ok(person)) => {
                let status = match error {
                    ConsoleError::RegisterAway => StatusCode::SERVICE_UNAVAILABLE,
                    ConsoleError::Over => StatusCode::CONFLICT,
                    _ => StatusCode::BAD_REQUEST,
                };
                page(&officer, &person, (status, Some(key))).await
            }
            _ => officer.refuse(error),
        },
    }
}

fn key(id: &str) -> Result<AccountId, ConsoleError> {
    id.parse().map(AccountId).map_err(|_| ConsoleError::NotFound)
}

async fn page(
    officer: &Officer,
    person: &Person,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let (actor, account) = (officer.actor(), &person.account);
    let provider = actor.provider;
    let done = officer.visitor.query.get("done").filter(|done| matches!(*done, "done" | "asked"));
    let parts = provider.store.list_merged(account.id).await?;
    let case = identities::case_of(actor, account.id).await?;
    let names = operators::names(provider).await?;
    let found = acts::about(actor, account.id).await?;
    let may = officer.operator.role.may(Permission::AskAboutPeople) && account.status.is_kept();
    let masks = provider.config.masking;
    let page = json!({
        "documents": officer.documents(Typed::default()),
        "account": {
            "id": account.id.to_string(), "status": account.status.as_str(),
            "name": masks.name(&person.profile.name),
            "id_type_key": documents::title_key(person.profile.key().document_type),
            "id_number": person.profile.key().masked(),
            "merged_into": account.merged_into.map(|into| into.to_string()),
        },
        "doubt": case.map(|(case, other)| json!({
            "name": masks.name(&other.name), "since": case.opened_at.to_beijing(),
        })),
        "parts": parts.iter().map(|(id, at)| json!({
            "id": id.to_string(), "at": at.to_beijing(),
        })).collect::<Vec<Value>>(),
        "waiting": waiting(officer, &found, &names),
        "may": may, "error": error, "done": done.map(|done| format!("console-{done}")),
    });
    officer.page((status, "console/identity.html"), page)
}

fn doubt(read: &ReadCase, masks: Masks) -> Value {
    let person = &read.person;
    json!({
        "account": person.account.id.to_string(),
        "name": masks.name(&person.profile.name),
        "id_number": person.profile.key().masked(),
        "other": masks.name(&read.other.name),
        "since": read.case.opened_at.to_beijing(),
    })
}
