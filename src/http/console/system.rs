//! How the system is, and the deliveries that wait.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::console::system;
use crate::console::system::Key;
use crate::console::system::Undelivered;
use crate::domain::id::DeliveryId;
use crate::domain::operator::Permission;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::mark;
use crate::http::console::mark_text;
use crate::http::console::message_key;
use crate::http::failure::Failure;
use crate::http::respond;

/// `GET /console/system`
pub async fn show(officer: Officer) -> Result<Response, Failure> {
    let after = mark(&officer, "after")?.map(|(at, id)| (at, DeliveryId(id)));
    page(&officer, after, (StatusCode::OK, None)).await
}

/// `POST /console/system/deliveries/{id}`
pub async fn retry(
    Path(id): Path<String>,
    OfficerForm { officer, .. }: OfficerForm,
) -> Result<Response, Failure> {
    let id = DeliveryId(id.parse().unwrap_or_default());
    match system::retry(officer.actor(), id).await {
        Ok(()) => Ok(respond::see_other("/console/system")),
        Err(error) => match message_key(&error) {
            Some(key) => page(&officer, None, (StatusCode::CONFLICT, Some(key))).await,
            None => officer.refuse(error),
        },
    }
}

/// `POST /console/system/keys`: asks a second officer.
pub async fn rotate_keys(OfficerForm { officer, form }: OfficerForm) -> Result<Response, Failure> {
    let why = form.get("reason").unwrap_or_default();
    match system::ask_to_rotate(officer.actor(), why).await {
        Ok(_) => Ok(respond::see_other("/console/acts")),
        Err(error) => match message_key(&error) {
            Some(key) => page(&officer, None, (StatusCode::BAD_REQUEST, Some(key))).await,
            None => officer.refuse(error),
        },
    }
}

async fn page(
    officer: &Officer,
    after: Option<(Timestamp, DeliveryId)>,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let actor = officer.actor();
    let system = match system::look(actor).await {
        Ok(system) => system,
        Err(error) => return officer.refuse(error),
    };
    let (waiting, more) = system::undelivered(actor, after, system::PAGE).await?;
    let last = waiting.last().filter(|_| more);
    let next = last.map(|last| mark_text((last.due_at, last.id.0)));
    let page = json!({
        "replica": system.replica.map(|(entries, at)| json!({
            "entries": entries, "at": at.to_beijing(),
        })),
        "entities": json!({
            "host": system.legal_entities.host, "rests": system.legal_entities.rests,
            "replica": system.legal_entities.replica.map(|(entries, at)| json!({
                "entries": entries, "at": at.to_beijing(),
            })),
        }),
        "population_rests": system.population_rests, "unsealed": system.unsealed,
        "ready": system.is_ready, "population": system.population, "sms": system.sms,
        "keys": system.keys.iter().map(key).collect::<Vec<Value>>(),
        "deliveries": waiting.iter().map(delivery).collect::<Vec<Value>>(),
        "next": next, "error": error,
        "may": {
            "retry": officer.operator.role.may(Permission::RetryDeliveries),
            "keys": officer.operator.role.may(Permission::AskAboutKeys),
        },
    });
    officer.page((status, "console/system.html"), page)
}

fn key(key: &Key) -> Value {
    json!({
        "kid": key.kid, "algorithm": key.algorithm, "state": key.state,
        "created_at": key.created_at.to_beijing(),
        "expires_at": key.expires_at.map(Timestamp::to_beijing),
    })
}

fn delivery(waiting: &Undelivered) -> Value {
    json!({
        "id": waiting.id.to_string(), "client": waiting.client_id, "attempts": waiting.attempts,
        "since": waiting.created_at.to_beijing(), "due_at": waiting.due_at.to_beijing(),
        "given_up": waiting.given_up_at.is_some(), "problem": waiting.problem,
    })
}
