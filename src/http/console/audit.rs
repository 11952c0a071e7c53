//! The audit chain on a page: searched by what stands in the address, by a number only in a form.

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::console::ConsoleError;
use crate::console::audit_search;
use crate::console::audit_search::Search;
use crate::console::operators;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::OperatorId;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::acts::chain;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::identifier::Typed;
use crate::protocol::parameters::Parameters;

/// What stands in the address besides the place.
const FILTERS: [&str; 7] = ["account", "client", "operator", "kind", "outcome", "from", "until"];

/// `GET /console/audit`
pub async fn show(officer: Officer) -> Result<Response, Failure> {
    page(&officer, Typed::default(), (StatusCode::OK, None)).await
}

/// `POST /console/audit`: by number or phone, which never stands in an address.
pub async fn seek(OfficerForm { officer, form }: OfficerForm) -> Result<Response, Failure> {
    let typed = documents::typed(&form, "identifier");
    let said = match audit_search::account_of(officer.actor(), typed).await {
        Ok(Some(id)) => return Ok(respond::see_other(&format!("/console/audit?account={id}"))),
        Ok(None) => (StatusCode::NOT_FOUND, Some("console-nobody")),
        Err(ConsoleError::Name) => (StatusCode::BAD_REQUEST, Some("console-not-an-identifier")),
        Err(error) => return officer.refuse(error),
    };
    page(&officer, typed, said).await
}

/// The search that these parameters ask for.
pub fn read(query: &Parameters) -> Result<Search, Failure> {
    let text = |name| query.get(name).filter(|text| !text.is_empty());
    let wrong = |what: &'static str| move || Failure::bad_request(what);
    let time = |name, what| {
        text(name).map(|text| Timestamp::from_beijing(text).ok_or_else(wrong(what))).transpose()
    };
    let account = text("account").map(|id| id.parse().map(AccountId)).transpose();
    let operator = text("operator").map(|id| id.parse().map(OperatorId)).transpose();
    let client = text("client").map(|id| ClientId::parse(id).ok_or_else(wrong("no such client")));
    let below = text("below").map(str::parse).transpose();
    let known = |name: &str| AuditKind::ALL.iter().find(|kind| kind.as_str() == name);
    let kind = text("kind").map(|name| known(name).ok_or_else(wrong("no such kind")));
    let outcome = text("outcome").map(|name| match name {
        "done" | "refused" => Ok(name),
        _ => Err(Failure::bad_request("no such outcome")),
    });
    Ok(Search {
        account_id: account.map_err(|_| Failure::bad_request("account is no key of an account"))?,
        operator: operator.map_err(|_| Failure::bad_request("operator is no key of one"))?,
        client_id: client.transpose()?,
        kind: kind.transpose()?.map(|kind| kind.as_str().to_owned()),
        outcome: outcome.transpose()?.map(str::to_owned),
        from: time("from", "from is no time")?,
        until: time("until", "until is no time")?,
        below: below.map_err(|_| Failure::bad_request("below is no number"))?,
        floor: 0,
        limit: audit_search::PAGE,
    })
}

async fn page(
    officer: &Officer,
    typed: Typed<'_>,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let (actor, query) = (officer.actor(), &officer.visitor.query);
    let found = match audit_search::search(actor, read(query)?).await {
        Ok(found) => found,
        Err(error) => return officer.refuse(error),
    };
    let names = operators::names(actor.provider).await?;
    let records: Vec<Value> = found
        .records
        .iter()
        .map(|sealed| {
            let record = &sealed.record;
            json!({
                "at": record.at.to_beijing(), "kind": record.kind, "outcome": record.outcome,
                "reason": record.reason,
                "account": record.account_id.map(|id| id.to_string()),
                "client": record.client_id,
                "operator": audit_search::operator_of(sealed).map(|id| names.of(id)),
                "request_id": record.request_id,
                "details": audit_search::details(actor, sealed),
            })
        })
        .collect();
    let (working, _) = operators::list(actor).await?;
    let working: Vec<Value> = working
        .iter()
        .map(|operator| json!({ "id": operator.id.to_string(), "name": names.of(operator.id) }))
        .collect();
    let filters: serde_json::Map<String, Value> =
        FILTERS.iter().map(|name| ((*name).to_owned(), query.get(name).into())).collect();
    let page = json!({
        "filtered": FILTERS.iter().any(|name| query.get(name).is_some_and(|text| !text.is_empty())),
        "filters": filters, "operators": working, "identifier": typed.text, "error": error,
        "documents": officer.documents(typed),
        "kinds": AuditKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        "records": records, "next": found.next.map(|below| next(query, below)),
        "chain": chain(officer).await?,
    });
    officer.page((status, "console/audit.html"), page)
}

/// The address of the next page.
fn next(asked: &Parameters, below: i64) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in FILTERS {
        if let Some(value) = asked.get(name).filter(|value| !value.is_empty()) {
            query.append_pair(name, value);
        }
    }
    query.append_pair("below", &below.to_string());
    format!("/console/audit?{}", query.finish())
}
