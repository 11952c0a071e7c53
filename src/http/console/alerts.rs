//! What monitoring found: the list, one alert, and what an officer does with it.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::console::ConsoleError;
use crate::console::alerts;
use crate::console::alerts::PAGE;
use crate::console::alerts::Search;
use crate::console::operators;
use crate::console::operators::Names;
use crate::domain::alert::Alert;
use crate::domain::alert::Handling;
use crate::domain::alert::Rule;
use crate::domain::alert::State;
use crate::domain::alert::Step;
use crate::domain::alert::Subject;
use crate::domain::id::AlertId;
use crate::domain::operator::Permission;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::message_key;
use crate::http::failure::Failure;
use crate::http::respond;

/// `GET /console/alerts`
pub async fn list(officer: Officer) -> Result<Response, Failure> {
    let query = &officer.visitor.query;
    let text = |name| query.get(name).filter(|text| !text.is_empty());
    let state = text("state").map(|name| State::parse(name).ok_or("state is no state of alerts"));
    let rule = text("rule").map(|name| Rule::parse(name).ok_or("rule is no rule of monitoring"));
    let before = text("before").map(|id| id.parse().map(AlertId));
    let search = Search {
        state: state.transpose().map_err(Failure::bad_request)?,
        rule: rule.transpose().map_err(Failure::bad_request)?,
        before: before.transpose().map_err(|_| Failure::bad_request("before is no alert"))?,
        limit: PAGE,
    };
    let found = match alerts::list(officer.actor(), search).await {
        Ok(found) => found,
        Err(error) => return officer.refuse(error),
    };
    let names = operators::names(officer.actor().provider).await?;
    let rows: Vec<Value> = found.iter().map(|alert| shown(&names, alert)).collect();
    let full = i64::try_from(found.len()).is_ok_and(|count| count == PAGE);
    let last = found.last().filter(|_| full).map(|alert| alert.id);
    let page = json!({
        "alerts": rows, "next": last.map(|id| next(search, id)),
        "filters": {
            "state": search.state.map(State::as_str), "rule": search.rule.map(Rule::as_str),
        },
        "states": State::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>(),
        "rules": Rule::ALL.iter().map(|rule| rule.as_str()).collect::<Vec<_>>(),
        "may_handle": officer.operator.role.may(Permission::HandleAlerts),
    });
    officer.page((StatusCode::OK, "console/alerts.html"), page)
}

/// `GET /console/alerts/{id}`
pub async fn show(Path(id): Path<String>, officer: Officer) -> Result<Response, Failure> {
    let done = officer.visitor.query.get("done").map(|_| "console-done");
    match alerts::find(officer.actor(), key(&id)?).await {
        Ok(alert) => page(&officer, &alert, (StatusCode::OK, None, done)).await,
        Err(error) => officer.refuse(error),
    }
}

/// `POST /console/alerts/{id}`
pub async fn handle(
    Path(id): Path<String>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let id = key(&id)?;
    let step = form.get("step").and_then(Step::parse);
    let step = step.ok_or_else(|| Failure::bad_request("step must be acknowledge or close"))?;
    let note = form.get("reason").unwrap_or_default();
    let error = match alerts::handle(officer.actor(), id, step, note).await {
        Ok(()) => return Ok(respond::see_other(&format!("/console/alerts/{id}?done=1"))),
        Err(error) => error,
    };
    let status = match &error {
        ConsoleError::Reason => StatusCode::BAD_REQUEST,
        _ => StatusCode::CONFLICT,
    };
    match message_key(&error) {
        Some(message) => {
            let alert = alerts::find(officer.actor(), id).await?;
            page(&officer, &alert, (status, Some(message), None)).await
        }
        None => officer.refuse(error),
    }
}

fn key(id: &str) -> Result<AlertId, Failure> {
    id.parse().map(AlertId).map_err(|_| Failure::not_found())
}

async fn page(
    officer: &Officer,
    alert: &Alert,
    (status, error, done): (StatusCode, Option<&str>, Option<&str>),
) -> Result<Response, Failure> {
    let actor = officer.actor();
    let names = operators::names(actor.provider).await?;
    let handled = |handling: &Option<Handling>| -> Result<Value, ConsoleError> {
        let Some(handling) = handling else { return Ok(Value::Null) };
        Ok(json!({
            "name": names.of(handling.by), "at": handling.at.to_beijing(),
            "note": alerts::note(actor, handling)?,
        }))
    };
    let may = alerts::may_handle(actor, alert);
    let own = officer.operator.role.may(Permission::HandleAlerts) && !may;
    let mut shown = shown(&names, alert);
    shown["acknowledged"] = handled(&alert.acknowledged)?;
    shown["closed"] = handled(&alert.closed)?;
    let page = json!({
        "alert": shown, "link": link(officer, alert), "own": own, "error": error, "done": done,
        "may": {
            "acknowledge": may && alert.state == State::Open,
            "close": may && alert.state != State::Closed,
        },
    });
    officer.page((status, "console/alert.html"), page)
}

fn shown(names: &Names, alert: &Alert) -> Value {
    let finding = &alert.finding;
    let name = match &finding.subject {
        Subject::Operator(id) => names.of(*id),
        other => other.name(),
    };
    json!({
        "id": alert.id.to_string(), "rule": finding.rule.as_str(),
        "severity": finding.rule.severity().as_str(), "state": alert.state.as_str(),
        "subject_kind": finding.subject.kind(), "subject": name,
        "events": finding.events, "occurrences": alert.occurrences,
        "first_at": finding.first_at.to_beijing(), "last_at": finding.last_at.to_beijing(),
        "raised_at": alert.raised_at.to_beijing(), "request_id": finding.request_id,
    })
}

/// Where this officer can look further.
fn link(officer: &Officer, alert: &Alert) -> Option<String> {
    let role = officer.operator.role;
    match &alert.finding.subject {
        Subject::Account(id) if role.may(Permission::SeePeople) => {
            Some(format!("/console/people/{id}"))
        }
        Subject::Account(id) if role.may(Permission::SeeAudit) => {
            Some(format!("/console/audit?account={id}"))
        }
        Subject::Client(id) if role.may(Permission::SeeClients) => {
            Some(format!("/console/clients/{}", id.as_str()))
        }
        _ => None,
    }
}

/// The address of the next page.
fn next(search: Search, before: AlertId) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(state) = search.state {
        query.append_pair("state", state.as_str());
    }
    if let Some(rule) = search.rule {
        query.append_pair("rule", rule.as_str());
    }
    query.append_pair("before", &before.to_string());
    format!("/console/alerts?{}", query.finish())
}
