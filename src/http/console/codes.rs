//! Batches of legacy codes and of new ones: figures, what was found in a batch, and what two officers are asked to
//! decide.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::codes::publication::PublishedCode;
use crate::console::ConsoleError;
use crate::console::codes;
use crate::console::codes::Dispute;
use crate::console::codes::Figures;
use crate::console::operators;
use crate::domain::code_record::BatchKind;
use crate::domain::code_record::BatchState;
use crate::domain::code_record::CodeBatch;
use crate::domain::code_record::Finding;
use crate::domain::code_record::Report;
use crate::domain::division;
use crate::domain::id::ActId;
use crate::domain::id::CodeBatchId;
use crate::domain::id::LegacyCodeId;
use crate::domain::operator::Permission;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::code_files::reason_key;
use crate::http::console::mark;
use crate::http::console::mark_text;
use crate::http::console::message_key;
use crate::http::failure::Failure;
use crate::http::respond;

/// So many batches or disputes stand on a page.
const PAGE: usize = 50;

/// `GET /console/codes`
pub async fn list(officer: Officer) -> Result<Response, Failure> {
    let before = mark(&officer, "before")?.map(|(at, id)| (at, CodeBatchId(id)));
    let actor = officer.actor();
    let (batches, more) = match codes::batches(actor, before, PAGE).await {
        Ok(found) => found,
        Err(error) => return officer.refuse(error),
    };
    let figures = codes::figures(actor).await?;
    let last = batches.last().filter(|_| more);
    let row = |(authority, city, figures): &(String, String, Figures)| {
        let mut row = counts(figures);
        row["authority"] = authority.as_str().into();
        row["city"] = city_name(city).into();
        row
    };
    let page = json!({
        "batches": batches.iter().map(shown).collect::<Vec<Value>>(),
        "all": counts(&figures.all), "rows": figures.rows.iter().map(row).collect::<Vec<Value>>(),
        "next": last.map(|last| mark_text((last.created_at, last.id.0))),
        "reading": officer.visitor.query.get("reading").is_some(),
        "may_hand_in": officer.operator.role.may(Permission::AskAboutCodes),
    });
    officer.page((StatusCode::OK, "console/codes.html"), page)
}

/// `GET /console/codes/{id}`
pub async fn show(Path(id): Path<String>, officer: Officer) -> Result<Response, Failure> {
    batch_page(&officer, key(&officer, &id).await?.into(), (StatusCode::OK, None)).await
}

/// `POST /console/codes/{id}/{action}`: asks a second officer.
pub async fn act(
    Path((id, action)): Path<(String, String)>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let confirm = match action.as_str() {
        "confirm" => true,
        "roll-back" => false,
        _ => return Err(Failure::not_found()),
    };
    let id: CodeBatchId = key(&officer, &id).await?.into();
    let why = form.get("reason").unwrap_or_default();
    match codes::ask_about_batch(officer.actor(), (id, confirm), why).await {
        Err(error) => match message_key(&error) {
            Some(message) => batch_page(&officer, id, wrong(&error, message)).await,
            None => officer.refuse(error),
        },
        asked => Ok(waits(asked?)),
    }
}

/// `GET /console/codes/disputes`
pub async fn disputes(officer: Officer) -> Result<Response, Failure> {
    disputes_page(&officer, (StatusCode::OK, None)).await
}

/// `POST /console/codes/disputes/{id}`: asks a second officer.
pub async fn settle(
    Path(id): Path<String>,
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let accept = match form.get("decision") {
        Some("accept") => true,
        Some("reject") => false,
        _ => return Err(Failure::bad_request("decision must be accept or reject")),
    };
    let id: LegacyCodeId = key(&officer, &id).await?.into();
    let why = form.get("reason").unwrap_or_default();
    match codes::ask_to_settle(officer.actor(), (id, accept), why).await {
        Err(error) => match message_key(&error) {
            Some(message) => disputes_page(&officer, wrong(&error, message)).await,
            None => officer.refuse(error),
        },
        asked => Ok(waits(asked?)),
    }
}

/// The key in an address. Who may see nothing here learns not even that it is none.
async fn key(officer: &Officer, text: &str) -> Result<Uuid, Failure> {
    officer.actor().demand(Permission::SeeCodes).await?;
    text.parse().map_err(|_| Failure::not_found())
}

fn waits(_: ActId) -> Response {
    respond::see_other("/console/acts")
}

fn wrong<'a>(error: &ConsoleError, message: &'a str) -> (StatusCode, Option<&'a str>) {
    let status = match error {
        ConsoleError::Over | ConsoleError::CodeWithdrawn => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    };
    (status, Some(message))
}

async fn batch_page(
    officer: &Officer,
    id: CodeBatchId,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let batch = match codes::batch(officer.actor(), id).await {
        Ok(batch) => batch,
        Err(error) => return officer.refuse(error),
    };
    let names = operators::names(officer.visitor.provider()).await?;
    let mut page = json!({
        "batch": shown(&batch), "evidence": batch.evidence, "error": error,
        "found": report(&batch.report),
    });
    if batch.kind == BatchKind::New {
        let after = after(officer)?;
        let (found, more) = codes::announced(officer.actor(), id, after, PAGE).await?;
        let last = found.last().filter(|_| more);
        page["next"] = last.map(|(mark, _)| mark.to_string()).into();
        page["codes"] = found.iter().map(|(_, code)| published(code)).collect();
    }
    let asks = officer.operator.role.may(Permission::AskAboutCodes);
    page["decided_by"] = batch.decided_by.map(|by| names.of(by)).into();
    page["decided_at"] = batch.decided_at.map(Timestamp::to_beijing).into();
    page["may_confirm"] = (asks && batch.state == BatchState::Staged).into();
    page["may_roll_back"] = (asks && codes::can_be_taken_back(&batch)).into();
    officer.page((status, "console/code_batch.html"), page)
}

async fn disputes_page(
    officer: &Officer,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let after = after(officer)?.map(LegacyCodeId);
    let (found, more) = match codes::disputes(officer.actor(), after, PAGE).await {
        Ok(found) => found,
        Err(error) => return officer.refuse(error),
    };
    let last = found.last().filter(|_| more);
    let page = json!({
        "disputes": found.iter().map(dispute).collect::<Vec<Value>>(), "error": error,
        "next": last.map(|last| last.record.id.to_string()),
        "may_settle": officer.operator.role.may(Permission::AskAboutCodes),
    });
    officer.page((status, "console/code_disputes.html"), page)
}

/// Where the page before ended, in lists that go by key.
fn after(officer: &Officer) -> Result<Option<Uuid>, Failure> {
    let after = officer.visitor.query.get("after").map(str::parse).transpose();
    after.map_err(|_| Failure::bad_request("after is no mark"))
}

/// What was found in a file.
pub(super) fn report(report: &Report) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "line": finding.line, "code": finding.reason, "key": reason_key(&finding.reason),
        })
    };
    json!({
        "rows": report.rows, "valid": report.valid, "refused": report.refused,
        "duplicate": report.duplicate, "conflict": report.conflict,
        "converted": report.converted, "warned": report.warned,
        "findings": report.findings.iter().map(finding).collect::<Vec<Value>>(),
    })
}

fn published(code: &PublishedCode) -> Value {
    json!({ "uscc": code.uscc, "name": code.name, "status": code.status, "date": code.date })
}

fn dispute(dispute: &Dispute) -> Value {
    json!({
        "id": dispute.record.id.to_string(), "kind": dispute.record.kind.as_str(),
        "value": dispute.value, "uscc": dispute.uscc, "name": dispute.name,
        "line": dispute.record.line, "batch": shown(&dispute.batch),
        "ready": dispute.batch.state == BatchState::Confirmed,
        "rival": dispute.rival.as_ref().map(|(uscc, batch)| json!({
            "uscc": uscc, "batch": shown(batch),
        })),
    })
}

fn shown(batch: &CodeBatch) -> Value {
    json!({
        "id": batch.id.to_string(), "kind": batch.kind.as_str(), "state": batch.state.as_str(),
        "authority": batch.authority, "records": batch.records,
        "created_at": batch.created_at.to_beijing(),
    })
}

fn counts(figures: &Figures) -> Value {
    json!({
        "total": figures.total, "converted": figures.converted, "pending": figures.pending,
        "disputed": figures.disputed,
    })
}

/// A city by its first four digits, as people call it.
fn city_name(city: &str) -> String {
    match division::city_name(city) {
        Some((province, city)) if province != city => format!("{province}{city}"),
        Some((province, _)) => province.to_owned(),
        None => format!("{city}00"),
    }
}
