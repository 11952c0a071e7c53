//! Clients: the list, one of them, its switch, and asking to make it an operator.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::console::ConsoleError;
use crate::console::clients;
use crate::console::machines;
use crate::console::name_of;
use crate::console::operators::Wanted;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::domain::operator::Role;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::message_key;
use crate::http::console::operators::regions;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::protocol::parameters::Parameters;
use crate::protocol::registration;
use crate::protocol::registration::RegisterError;

/// `GET /console/clients`
pub async fn list(officer: Officer) -> Result<Response, Failure> {
    let after = match officer.visitor.query.get("after") {
        None => None,
        Some(id) => {
            Some(ClientId::parse(id).ok_or_else(|| Failure::bad_request("after is no client"))?)
        }
    };
    let page = clients::page(officer.actor(), after.as_ref(), clients::PAGE).await;
    let (found, more) = match page {
        Ok(found) => found,
        Err(error) => return officer.refuse(error),
    };
    let shown: Vec<Value> = found
        .iter()
        .map(|client| {
            json!({
                "id": client.id, "name": client.name, "host": client.host(),
                "authentication": client.authentication.as_str(),
                "disabled": client.disabled_at.is_some(), "sandbox": client.sandbox,
            })
        })
        .collect();
    let next = found.last().filter(|_| more).map(|client| client.id.as_str());
    let page = json!({ "clients": shown, "next": next });
    officer.page((StatusCode::OK, "console/clients.html"), page)
}

/// What the page says.
type Said<'a> = (StatusCode, Option<&'a str>, Option<&'a str>);

/// `GET /console/clients/{id}`
pub async fn show(Path(id): Path<String>, officer: Officer) -> Result<Response, Failure> {
    let done = officer.visitor.query.get("done");
    let done = done.map(|done| if done == "asked" { "console-asked" } else { "console-done" });
    match clients::find(officer.actor(), &id).await {
        Ok(client) => {
            page(&officer, &client, &Parameters::default(), (StatusCode::OK, None, done)).await
        }
        Err(error) => officer.refuse(error),
    }
}

/// `POST /console/clients/{id}/switch`: off when it is on, on when it is off.
pub async fn switch(
    Path(id): Path<String>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let why = form.get("reason").unwrap_or_default();
    let (client, why) = match clients::to_switch(officer.actor(), &id, why).await {
        Ok(allowed) => allowed,
        Err(error) => return explain(&officer, &id, &Parameters::default(), error).await,
    };
    let (provider, context) = (officer.visitor.provider(), &officer.visitor.context);
    let (off, by) = (client.disabled_at.is_none(), Some((officer.operator.id, &*why)));
    match registration::set_disabled(provider, context, &client, off, by).await {
        Ok(()) => Ok(respond::see_other(&format!("/console/clients/{}?done=1", client.id))),
        Err(RegisterError::Store(error)) => Err(error.into()),
        Err(_) => Err(Failure::not_found()),
    }
}

/// `POST /console/clients/{id}/connect`: asks for the machine to be made an operator.
pub async fn connect(
    Path(id): Path<String>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let text = |name| form.get(name).unwrap_or_default();
    let wanted = Wanted {
        name: text("name"),
        role: text("role"),
        region: text("region"),
        reason: text("reason"),
    };
    match machines::ask_to_connect(officer.actor(), &id, wanted).await {
        Ok(_) => Ok(respond::see_other(&format!("/console/clients/{id}?done=asked"))),
        Err(error) => explain(&officer, &id, &form, error).await,
    }
}

/// The page of the client with what is wrong, where the operator can do something about it.
async fn explain(
    officer: &Officer,
    id: &str,
    form: &Parameters,
    error: ConsoleError,
) -> Result<Response, Failure> {
    match (message_key(&error), clients::find(officer.actor(), id).await) {
        (Some(key), Ok(client)) => {
            page(officer, &client, form, (StatusCode::BAD_REQUEST, Some(key), None)).await
        }
        _ => officer.refuse(error),
    }
}

async fn page(
    officer: &Officer,
    client: &Client,
    form: &Parameters,
    (status, error, done): Said<'_>,
) -> Result<Response, Failure> {
    let (provider, own) = (officer.visitor.provider(), officer.operator.role);
    let grants: Vec<&str> = client.grant_types.iter().map(|grant| grant.as_str()).collect();
    let machine = match machines::find(provider, &client.id).await? {
        None => None,
        Some(machine) => Some(json!({
            "name": name_of(provider, &machine.name)?, "role": machine.role.as_str(),
            "region": machine.region.as_ref().map(Region::name),
        })),
    };
    let asks = own.may(Permission::AskAboutOperators) && machines::can_connect(client);
    let text = |name| form.get(name).unwrap_or_default();
    let page = json!({
        "client": {
            "id": client.id, "name": client.name, "host": client.host(),
            "redirect_uris": client.redirect_uris, "scope": client.scope.to_string(),
            "grant_types": grants, "algorithm": client.id_token_signed_response_alg.as_str(),
            "authentication": client.authentication.as_str(),
            "first_party": client.policy.first_party,
            "id_number_purpose": client.policy.id_number_purpose,
            "disabled": client.disabled_at.is_some(),
        },
        "may": { "switch": own.may(Permission::ChangeClients), "connect": asks && machine.is_none() },
        "machine": machine,
        "roles": Role::ALL.iter().filter(|role| own.may_ask_for(**role)).map(|r| r.as_str())
            .collect::<Vec<_>>(),
        "regions": regions(officer),
        "fields": { "name": text("name"), "role": text("role"), "region": text("region") },
        "error": error, "done": done,
    });
    officer.page((status, "console/client.html"), page)
}
