//! The front page of the console, and the acts that wait for a second officer.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::console::ConsoleError;
use crate::console::acts;
use crate::console::acts::ReadAct;
use crate::console::alerts;
use crate::console::audit_search;
use crate::console::operators;
use crate::console::operators::Names;
use crate::domain::act::Request as Asked;
use crate::domain::act::State;
use crate::domain::id::ActId;
use crate::domain::masking::Masks;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::counter;
use crate::http::console::mark;
use crate::http::console::mark_text;
use crate::http::console::message_key;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::onboarding::review;

/// `GET /console`
pub async fn home(officer: Officer) -> Result<Response, Failure> {
    let actor = officer.actor();
    let waiting = acts::count_waiting(actor).await?;
    let role = officer.operator.role;
    let chain = if role.may(Permission::SeeAudit) { Some(chain(&officer).await?) } else { None };
    let count = if role.may(Permission::SeeOperators) {
        Some(operators::count(actor).await?)
    } else {
        None
    };
    let alerts = alerts::count_open(actor).await?;
    let applications = if role.may(Permission::SeeApplications) {
        Some(review::count_waiting(actor).await?)
    } else {
        None
    };
    let page = json!({
        "waiting": waiting, "chain": chain, "people": null, "operators_count": count,
        "applications": applications, "open_alerts": alerts,
    });
    officer.page((StatusCode::OK, "console/home.html"), page)
}

/// Where the audit chain stands, as pages show it.
pub async fn chain(officer: &Officer) -> Result<Value, ConsoleError> {
    let chain = audit_search::chain(officer.actor()).await?;
    Ok(json!({
        "records": chain.records, "unsealed": chain.unsealed,
        "head_at": chain.head_at.map(crate::clock::Timestamp::to_beijing),
    }))
}

/// `GET /console/acts`
pub async fn show(officer: Officer) -> Result<Response, Failure> {
    page(&officer, (StatusCode::OK, None, json!({}))).await
}

/// `POST /console/acts/{id}`
pub async fn decide(
    Path(id): Path<String>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let id = id.parse().map(ActId).map_err(|_| Failure::not_found())?;
    let decision = match form.get("decision") {
        Some("approve") => State::Approved,
        Some("reject") => State::Rejected,
        Some("withdraw") => State::Withdrawn,
        _ => return Err(Failure::bad_request("decision must be approve, reject or withdraw")),
    };
    match acts::decide(officer.actor(), id, decision).await {
        Ok(decided) => match decided.address {
            // Shown once, here: nobody can read it again.
            Some(url) => {
                let made = match decided.request {
                    Asked::HandOverPortal { .. } => json!({ "tracking": url }),
                    _ => json!({ "invitation": url }),
                };
                page(&officer, (StatusCode::OK, None, made)).await
            }
            None => Ok(respond::see_other("/console/acts")),
        },
        Err(error) => match message_key(&error) {
            Some(key) => page(&officer, (StatusCode::CONFLICT, Some(key), json!({}))).await,
            None => officer.refuse(error),
        },
    }
}

async fn page(
    officer: &Officer,
    (status, error, made): (StatusCode, Option<&str>, Value),
) -> Result<Response, Failure> {
    let actor = officer.actor();
    let marked = |name| mark(officer, name).map(|mark| mark.map(|(at, id)| (at, ActId(id))));
    let (after, before) = (marked("after")?, marked("before")?);
    let (waiting, past) = (acts::waiting(actor, after).await?, acts::past(actor, before).await?);
    let names = operators::names(actor.provider).await?;
    let masks = actor.provider.config.masking;
    let decides = officer.operator.role.may(Permission::Decide);
    let mut open = Vec::new();
    for read in &waiting.acts {
        let own = read.act.requested_by == officer.operator.id;
        let mut shown = shown((&names, masks), read);
        shown["own"] = own.into();
        shown["may_decide"] = (decides && !own).into();
        open.push(shown);
    }
    let mut closed = Vec::new();
    for read in &past.acts {
        let mut shown = shown((&names, masks), read);
        shown["decided_by"] = read.act.decided_by.map(|by| names.of(by)).into();
        shown["decided_at"] =
            read.act.decided_at.unwrap_or(read.act.expires_at).to_beijing().into();
        shown["state"] = match read.act.state {
            State::Waiting => "expired",
            state => state.as_str(),
        }
        .into();
        closed.push(shown);
    }
    let page = json!({
        "waiting": open, "decided": closed, "error": error,
        "later": waiting.next.map(|(at, id)| mark_text((at, id.0))),
        "older": past.next.map(|(at, id)| mark_text((at, id.0))),
        "invitation": made.get("invitation"), "tracking": made.get("tracking"),
    });
    officer.page((status, "console/acts.html"), page)
}

fn shown((names, masks): (&Names, Masks), read: &ReadAct) -> Value {
    let subject = match &read.document.request {
        Asked::Unmask { account }
        | Asked::ResetSecondFactors { account }
        | Asked::RecoverAtCounter { account }
        | Asked::VerifyAtCounter { account, .. }
        | Asked::ReleasePhone { account }
        | Asked::CorrectIdentity { account, .. } => account.to_string(),
        Asked::MergeAccounts { account, absorbed } => format!("{absorbed} → {account}"),
        Asked::SplitAccount { account, absorbed } => format!("{account} → {absorbed}"),
        Asked::InviteOperator { name, region, .. } => match region {
            Some(region) => format!("{name} · {}", region.name()),
            None => name.clone(),
        },
        Asked::RotateKeys => String::new(),
        Asked::ConfirmCodes { batch }
        | Asked::PublishCodes { batch }
        | Asked::RollBackCodes { batch } => batch.to_string(),
        Asked::ResumeOrganisation { organisation } | Asked::EndOrganisation { organisation } => {
            organisation.to_string()
        }
        Asked::Counter(request) => counter::shown(request, masks),
        Asked::SettleCode { code, .. } => code.to_string(),
        Asked::ConnectMachine { client, name, region, .. } => match region {
            Some(region) => format!("{name} · {client} · {}", region.name()),
            None => format!("{name} · {client}"),
        },
        Asked::DisableOperator { operator } => names.of(*operator),
        Asked::GoLive { portal, .. } | Asked::RetirePortal { portal, .. } => portal.clone(),
        Asked::HandOverPortal { portal, unit, .. } => match unit {
            Some(unit) => format!("{portal} → {} {}", unit.name, unit.code),
            None => portal.clone(),
        },
    };
    let counter = match &read.document.request {
        Asked::Counter(request) => Some(request),
        _ => None,
    };
    let role = match &read.document.request {
        Asked::InviteOperator { role, .. } | Asked::ConnectMachine { role, .. } => {
            Some(role.as_str())
        }
        _ => None,
    };
    json!({
        "id": read.act.id.to_string(), "kind": read.document.request.kind(),
        "application": read.document.request.application().map(|id| id.to_string()),
        "codes": match (&read.document.request, read.document.request.code_batch()) {
            (_, Some(batch)) => Some(batch.to_string()),
            (Asked::SettleCode { .. }, _) => Some("disputes".to_owned()),
            _ => None,
        },
        "organisation": read.document.request.organisation().map(|id| id.to_string()),
        "documents": counter.map(|request| request.documents.as_str()),
        "born": counter.and_then(|request| request.asked.stated_birth_date()).map(String::from),
        "document": match &read.document.request {
            Asked::VerifyAtCounter { document, .. } => Some(document.as_str()),
            _ => None,
        },
        "subject": subject, "role": role, "reason": read.document.reason,
        "requested_by": names.of(read.act.requested_by),
        "requested_at": read.act.requested_at.to_beijing(),
        "expires_at": read.act.expires_at.to_beijing(),
        "region": match &read.document.request {
            Asked::InviteOperator { region, .. } | Asked::ConnectMachine { region, .. } => {
                region.as_ref().map(Region::name)
            }
            _ => None,
        },
    })
}
