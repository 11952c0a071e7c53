//! `/console/codes/new`: a file of legacy codes or of new ones is handed in (RFC 7578), looked at or kept until two
//! officers decide.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartRejection;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::codes::CodesError;
use crate::codes::LARGEST_FILE;
use crate::codes::Order;
use crate::codes::fault::Fault;
use crate::console::ConsoleError;
use crate::console::codes;
use crate::domain::code_record::BatchKind;
use crate::domain::code_record::Report;
use crate::domain::id::CodeBatchId;
use crate::domain::operator::Permission;
use crate::http::console::Officer;
use crate::http::console::codes::report;
use crate::http::failure::Failure;
use crate::http::failure::log_cause;
use crate::http::respond;
use crate::http::upload;
use crate::http::upload::Uploaded;

/// Longest body that is read, in bytes: who chose a file that is too large is told so.
const BODY: usize = 32 * 1024 * 1024;
/// So long an officer waits for what comes of a file; a request is given up after 30 seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// The parts of the form, and how long each may be, in bytes.
const PARTS: [(&str, usize); 6] = [
    ("kind", 32),
    ("authority", 1024),
    ("evidence", 1024),
    ("encoding", 32),
    ("act", 32),
    ("file", LARGEST_FILE),
];
/// Longest words that are shown again, in characters.
const TYPED: usize = 100;
/// How a file may be written; it is looked for where that is not said.
const ENCODINGS: [&str; 3] = ["", "utf-8", "gbk"];
/// What the two buttons say: keep the batch, or only look.
const ACTS: [&str; 2] = ["hand_in", "look"];

/// What came of a file.
type Read = Result<(Option<CodeBatchId>, Report), ConsoleError>;

/// How much of a body is read.
pub fn limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(BODY)
}

/// `GET /console/codes/new`
pub async fn ask(officer: Officer) -> Result<Response, Failure> {
    if let Err(error) = officer.actor().demand(Permission::AskAboutCodes).await {
        return officer.refuse(error);
    }
    page(&officer, StatusCode::OK, &Uploaded::default(), json!({}))
}

/// `POST /console/codes/new`
pub async fn hand_in(
    officer: Officer,
    headers: HeaderMap,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, Failure> {
    if let Err(error) = officer.actor().demand(Permission::AskAboutCodes).await {
        return officer.refuse(error);
    }
    let form = upload::read(&officer.visitor, &headers, parts, &PARTS).await?;
    let wrong = |message: &str| {
        page(&officer, StatusCode::BAD_REQUEST, &form, json!({ "error": { "key": message } }))
    };
    let Some(kind) = BatchKind::parse(form.text("kind")) else {
        return wrong("codes-file-kind-needed");
    };
    if form.bytes("file").is_none() {
        return wrong("codes-file-needed");
    }
    if form.is_too_large("file") {
        return wrong("codes-file-too-large");
    }
    if !ENCODINGS.contains(&form.text("encoding")) || !ACTS.contains(&form.text("act")) {
        return Err(Failure::bad_request("encoding or act is none of the form"));
    }
    let (officer, form) = (Arc::new(officer), Arc::new(form));
    let Some(read) = read(&officer, &form, kind).await? else {
        return Ok(respond::see_other("/console/codes?reading=1"));
    };
    match read {
        Ok((Some(batch), _)) => Ok(respond::see_other(&format!("/console/codes/{batch}"))),
        Ok((None, found)) => {
            let found = json!({ "found": report(&found), "kind": kind.as_str() });
            page(&officer, StatusCode::OK, &form, found)
        }
        Err(ConsoleError::Codes(error)) => {
            let fault = Fault::of(&error).ok_or_else(|| server(&error))?;
            let (status, message) = message(&fault);
            page(&officer, status, &form, json!({ "error": message }))
        }
        Err(error) => officer.refuse(error),
    }
}

/// Reads the file; none while that lasts longer than anybody waits for a page. Who goes away does not stop what was
/// begun.
async fn read(
    officer: &Arc<Officer>,
    form: &Arc<Uploaded>,
    kind: BatchKind,
) -> Result<Option<Read>, Failure> {
    let under_way = officer.visitor.provider().under_way.clone();
    let (officer, form) = (Arc::clone(officer), Arc::clone(form));
    let reading = under_way.spawn(async move {
        let turn = officer.visitor.site.files.take().await;
        let Some(_turn) = turn else { return Err(Failure::away()) };
        let order = Order {
            authority: form.text("authority"),
            evidence: form.text("evidence"),
            encoding: form.text("encoding").parse().ok(),
            dry_run: form.text("act") != ACTS[0],
        };
        let file = form.bytes("file").unwrap_or_default();
        Ok(codes::hand_in(officer.actor(), kind, file, order).await)
    });
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(read)) => read.map(Some),
        Ok(Err(_)) => Err(Failure::server()),
        Err(_) => Ok(None),
    }
}

/// What a page says of a file that cannot be used.
fn message(fault: &Fault) -> (StatusCode, Value) {
    let status = if fault.name == "over" { StatusCode::CONFLICT } else { StatusCode::BAD_REQUEST };
    let told = json!({
        "key": format!("codes-file-{}", fault.name), "line": fault.line, "column": fault.column,
        "rows": fault.rows, "reason": fault.reason.as_deref().map(reason_key),
    });
    (status, told)
}

/// Something is wrong with us.
fn server(cause: &CodesError) -> Failure {
    log_cause(cause, StatusCode::INTERNAL_SERVER_ERROR);
    Failure::server()
}

/// The end of the name of a message about a row.
pub(super) fn reason_key(reason: &str) -> String {
    reason.to_ascii_lowercase().replace('_', "-")
}

fn page(
    officer: &Officer,
    status: StatusCode,
    form: &Uploaded,
    mut page: Value,
) -> Result<Response, Failure> {
    let typed = |name: &str| form.text(name).chars().take(TYPED).collect::<String>();
    page["form"] = json!({
        "kind": typed("kind"), "authority": typed("authority"), "evidence": typed("evidence"),
        "encoding": typed("encoding"),
    });
    page["largest"] = (LARGEST_FILE / 1024 / 1024).into();
    officer.page((status, "console/code_file.html"), page)
}
