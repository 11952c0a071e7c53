//! Portals' applications: the list, one of them, and what an officer decides or asks for.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::console::ConsoleError;
use crate::console::acts;
use crate::console::applications;
use crate::console::operators;
use crate::domain::act::Request;
use crate::domain::application::State;
use crate::domain::id::ApplicationId;
use crate::domain::operator::Permission;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::message_key;
use crate::http::failure::Failure;
use crate::http::onboarding::document_shown;
use crate::http::onboarding::report_shown;
use crate::http::respond;
use crate::onboarding::form;
use crate::onboarding::logo;
use crate::onboarding::review;
use crate::onboarding::review::Decision;
use crate::onboarding::review::Wanted;
use crate::onboarding::tracking::Tracked;
use crate::protocol::parameters::Parameters;

/// `GET /console/onboarding`
pub async fn list(officer: Officer) -> Result<Response, Failure> {
    let query = &officer.visitor.query;
    let wanted = Wanted {
        state: query.get("state").and_then(State::parse),
        supplier: query.get("supplier").map(str::to_owned),
        due: query.get("due").is_some(),
        before: query.get("before").map(parse).transpose()?,
        limit: review::PAGE,
    };
    let kept = wanted.clone();
    let (found, next) = match review::list(officer.actor(), wanted).await {
        Ok(found) => found,
        Err(error) => return officer.refuse(error),
    };
    let now = officer.visitor.provider().clock.now();
    let shown: Vec<Value> = found
        .iter()
        .map(|tracked| {
            let (application, document) = (&tracked.application, &tracked.document);
            json!({
                "id": application.id.to_string(), "name": document.portal_name,
                "unit": document.unit.name, "supplier": document.supplier,
                "state": state_key(application.state),
                "submitted_at": application.submitted_at.to_beijing(),
                "renew_by": application.renew_by.map(|at| at.to_beijing()[..10].to_owned()),
                "is_due": application.is_due(now),
            })
        })
        .collect();
    let states: Vec<Value> = State::ALL
        .into_iter()
        .map(|state| json!({ "name": state.as_str(), "key": state_key(state) }))
        .collect();
    let page = json!({
        "applications": shown, "states": states,
        "filters": {
            "state": kept.state.map(State::as_str), "supplier": kept.supplier, "due": kept.due,
        },
        "next": next.map(|id| next_address(&kept, id)),
    });
    officer.page((StatusCode::OK, "console/onboarding.html"), page)
}

/// `GET /console/onboarding/{id}`
pub async fn show(Path(id): Path<String>, officer: Officer) -> Result<Response, Failure> {
    let id = parse(&id)?;
    let done = match officer.visitor.query.get("done") {
        Some("asked") => Some("console-asked"),
        Some(_) => Some("console-done"),
        None => None,
    };
    match review::find(officer.actor(), id).await {
        Ok(tracked) => page(&officer, &tracked, (StatusCode::OK, None, done)).await,
        Err(error) => officer.refuse(error),
    }
}

/// `POST /console/onboarding/{id}/{action}`
pub async fn act(
    Path((id, action)): Path<(String, String)>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let id = parse(&id)?;
    let why = form.get("reason").unwrap_or_default();
    let actor = officer.actor();
    let (done, word) = match Decision::parse(&action) {
        Some(decision) => (review::decide(actor, id, decision, why).await, "1"),
        None => (ask(&officer, id, (&action, &form), why).await, "asked"),
    };
    let Err(error) = done else {
        return Ok(respond::see_other(&format!("/console/onboarding/{id}?done={word}")));
    };
    match (message_key(&error), review::find(actor, id).await) {
        (Some(key), Ok(tracked)) => {
            let status = match error {
                ConsoleError::Reason | ConsoleError::Name => StatusCode::BAD_REQUEST,
                _ => StatusCode::CONFLICT,
            };
            page(&officer, &tracked, (status, Some(key), None)).await
        }
        _ => officer.refuse(error),
    }
}

/// Asks for what needs a second officer.
async fn ask(
    officer: &Officer,
    application: ApplicationId,
    (action, fields): (&str, &Parameters),
    why: &str,
) -> Result<(), ConsoleError> {
    let actor = officer.actor();
    actor.demand(Permission::ReviewApplications).await?;
    let portal = review::find(actor, application).await?.document.portal_name;
    let request = match action {
        "go-live" => Request::GoLive { application, portal },
        "retire" => Request::RetirePortal { application, portal },
        "new-link" => Request::HandOverPortal { application, portal, unit: None },
        "hand-over" => {
            let text = |name| fields.get(name).unwrap_or_default();
            let unit = form::read_unit(actor.provider, text("unit_name"), text("unit_code"));
            let unit = unit.ok_or(ConsoleError::Name)?;
            Request::HandOverPortal { application, portal, unit: Some(unit) }
        }
        _ => return Err(ConsoleError::NotFound),
    };
    applications::ask(actor, request, why).await.map(drop)
}

fn parse(id: &str) -> Result<ApplicationId, Failure> {
    id.parse().map(ApplicationId).map_err(|_| Failure::not_found())
}

fn state_key(state: State) -> String {
    state.as_str().replace('_', "-")
}

fn next_address(wanted: &Wanted, next: ApplicationId) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(state) = wanted.state {
        query.append_pair("state", state.as_str());
    }
    if let Some(supplier) = &wanted.supplier {
        query.append_pair("supplier", supplier);
    }
    if wanted.due {
        query.append_pair("due", "1");
    }
    query.append_pair("before", &next.to_string());
    format!("/console/onboarding?{}", query.finish())
}

async fn page(
    officer: &Officer,
    tracked: &Tracked,
    (status, error, done): (StatusCode, Option<&str>, Option<&str>),
) -> Result<Response, Failure> {
    let actor = officer.actor();
    let (application, provider) = (&tracked.application, actor.provider);
    let names = operators::names(provider).await?;
    let asked = acts::about_application(actor, application.id).await?;
    let waiting: Vec<Value> = asked
        .iter()
        .map(|read| {
            json!({
                "kind": read.document.request.kind(), "by": names.of(read.act.requested_by),
                "at": read.act.requested_at.to_beijing(),
            })
        })
        .collect();
    let may = officer.operator.role.may(Permission::ReviewApplications);
    let state = application.state;
    let logo = tracked
        .client
        .as_deref()
        .and_then(|client| client.logo.as_ref().map(|digest| logo::path(&client.id, digest)));
    let page = json!({
        "id": application.id.to_string(), "state": state_key(state),
        "document": document_shown(&tracked.document),
        "report": report_shown(tracked.report.as_deref()),
        "client_id": application.client_id,
        "logo": logo,
        "reviewed_by": application.reviewed_by.map(|by| names.of(by)),
        "submitted_at": application.submitted_at.to_beijing(),
        "renew_by": application.renew_by.map(|at| at.to_beijing()[..10].to_owned()),
        "waiting": waiting,
        "may": {
            "approve": may && state == State::Submitted,
            "return": may && matches!(
                state,
                State::Submitted | State::LiveAsked | State::RetireAsked
            ),
            "refuse": may && matches!(state, State::Submitted | State::Returned),
            "renew": may && application.is_due(provider.clock.now()),
            "go_live": may && state == State::LiveAsked,
            "retire": may && state.has_client(),
            "hand_over": may && !state.is_over(),
        },
        "error": error, "done": done,
    });
    officer.page((status, "console/application.html"), page)
}
