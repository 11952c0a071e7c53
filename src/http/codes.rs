//! New credit codes as everybody may read them: pages for people, and signed batches for programs, with what a cache
//! needs to know of them (RFC 9110 §8.8.3, RFC 9111 §5.2.2).

use axum::body::Body;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::codes::CodesError;
use crate::codes::publication;
use crate::codes::publication::PublishedCode;
use crate::crypto::digest::sm3;
use crate::domain::code_record::CodePublication;
use crate::domain::division;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::http::site::Site;
use crate::http::visitor::Visitor;

/// So many batches or codes stand on a page.
const PAGE: usize = 50;
/// So many batches stand in the feed.
const FEED: usize = 100;

/// `GET /codes`
pub async fn list(visitor: Visitor) -> Result<Response, Failure> {
    let before = number(visitor.query.get("before").unwrap_or("9223372036854775807"))?;
    let (batches, more) = publication::list(visitor.provider(), before, PAGE).await?;
    let next = batches.last().filter(|_| more).map(|last| last.number);
    let batches: Vec<Value> = batches.iter().map(shown).collect();
    visitor.page("codes.html", json!({ "batches": batches, "next": next }))
}

/// `GET /codes/{number}`
pub async fn show(Path(text): Path<String>, visitor: Visitor) -> Result<Response, Failure> {
    let number = number(&text).map_err(|_| Failure::not_found())?;
    let provider = visitor.provider();
    let batch = publication::find_head(provider, number).await?;
    let batch = batch.ok_or_else(Failure::not_found)?;
    let after = visitor.query.get("after").map(str::parse).transpose();
    let after = after.map_err(|_| Failure::bad_request("after is no mark"))?;
    let wanted = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut found = publication::codes_of(provider, number, after, wanted).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|(id, _)| id.to_string());
    let codes: Vec<Value> = found.iter().map(|(_, code)| line(code)).collect();
    let page = json!({ "batch": shown(&batch), "codes": codes, "next": next });
    visitor.page("codes_batch.html", page)
}

/// `GET /codes/feed.json`: the newest batches, or those before a number.
pub async fn feed(
    State(site): State<Site>,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
    headers: HeaderMap,
) -> Response {
    let before = query.as_deref().and_then(|query| query.strip_prefix("before="));
    let Ok(before) = before.map_or(Ok(i64::MAX), number) else { return unknown() };
    let Ok((batches, more)) = publication::list(&site.provider, before, FEED).await else {
        return away();
    };
    let issuer = site.provider.config.issuer_text().trim_end_matches('/');
    let item = |batch: &CodePublication| {
        json!({
            "number": batch.number, "day": batch.day, "codes": batch.entries,
            "sm3": hex::encode(&batch.digest),
            "url": format!("{issuer}/codes/batches/{}.json", batch.number),
        })
    };
    let last = batches.last().filter(|_| more);
    let next = last.map(|last| format!("{issuer}/codes/feed.json?before={}", last.number));
    let feed = json!({
        "issuer": site.provider.config.issuer_text(), "keys": format!("{issuer}/codes/keys.json"),
        "batches": batches.iter().map(item).collect::<Vec<Value>>(), "next": next,
    });
    document(&headers, &feed, "public, max-age=300")
}

/// `GET /codes/batches/{number}.json`: a batch as it was signed (RFC 7515 §7.2.2).
pub async fn batch(
    State(site): State<Site>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(Ok(number)) = file.strip_suffix(".json").map(number) else { return unknown() };
    let Ok(found) = publication::find_head(&site.provider, number).await else { return away() };
    let Some(head) = found else { return unknown() };
    // It never changes: number and digest tell it from every other one.
    let tag = tag(&format!("{number}-{}", hex::encode(&head.digest)));
    let caching = "public, max-age=31536000, immutable";
    if knows(&headers, &tag) {
        return told(StatusCode::NOT_MODIFIED, Body::empty(), (&tag, caching));
    }
    let Some(_turn) = site.batches.take().await else { return away() };
    match publication::find(&site.provider, number).await {
        Ok(Some(batch)) => told(StatusCode::OK, Body::from(signed(&batch)), (&tag, caching)),
        Ok(None) => unknown(),
        Err(_) => away(),
    }
}

/// A batch as a JWS in flattened JSON.
#[derive(Serialize)]
struct Signed<'a> {
    day: &'a str,
    number: i64,
    payload: &'a str,
    protected: &'a str,
    signature: &'a str,
    sm3: String,
}

/// The one copy of a signed text that is made.
fn signed(batch: &CodePublication) -> Vec<u8> {
    let mut parts = batch.token.split('.');
    let mut part = || parts.next().unwrap_or_default();
    let (protected, payload, signature) = (part(), part(), part());
    let (day, sm3) = (&*batch.day, hex::encode(&batch.digest));
    let signed = Signed { day, number: batch.number, payload, protected, signature, sm3 };
    let mut text = Vec::with_capacity(batch.token.len() + 512);
    // Plain texts and a number are always written, and memory takes them.
    serde_json::to_writer(&mut text, &signed).unwrap_or_default();
    text
}

/// `GET /codes/keys.json`
pub async fn keys(State(site): State<Site>, headers: HeaderMap) -> Response {
    match publication::keys(&site.provider).await {
        Ok(keys) => document(&headers, &keys, "public, max-age=300"),
        Err(_) => away(),
    }
}

fn shown(batch: &CodePublication) -> Value {
    json!({
        "number": batch.number, "day": batch.day, "entries": batch.entries, "kid": batch.kid,
        "sm3": hex::encode(&batch.digest), "signed_at": batch.signed_at.to_beijing(),
    })
}

fn line(code: &PublishedCode) -> Value {
    let place = division::full_name(&code.division).unwrap_or_else(|| code.division.clone());
    json!({
        "uscc": code.uscc, "name": code.name, "status": code.status, "date": code.date,
        "department": code.department_name, "division": place,
    })
}

/// The number of a batch, in its one spelling.
fn number(text: &str) -> Result<i64, Failure> {
    let number: Option<i64> = text.parse().ok();
    number
        .filter(|number| *number > 0 && number.to_string() == text)
        .ok_or_else(|| Failure::bad_request("not the number of a batch"))
}

/// JSON with its digest as a strong validator; 304 for who has it.
fn document(asked: &HeaderMap, body: &Value, caching: &'static str) -> Response {
    let text = body.to_string();
    let tag = tag(&hex::encode(&sm3(text.as_bytes())[..16]));
    if knows(asked, &tag) {
        return told(StatusCode::NOT_MODIFIED, Body::empty(), (&tag, caching));
    }
    told(StatusCode::OK, Body::from(text), (&tag, caching))
}

fn tag(of: &str) -> String {
    format!("\"{of}\"")
}

/// Whether who asks has the document of this tag.
fn knows(asked: &HeaderMap, tag: &str) -> bool {
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    known.is_some_and(|list| {
        list.split(',').any(|one| one.trim().trim_start_matches("W/") == tag || one.trim() == "*")
    })
}

fn told(status: StatusCode, body: Body, (tag, caching): (&str, &'static str)) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn unknown() -> Response {
    respond::json(StatusCode::NOT_FOUND, &json!({ "error": "not_found" }))
}

fn away() -> Response {
    let body = json!({ "error": "temporarily_unavailable" });
    let mut response = respond::json(StatusCode::SERVICE_UNAVAILABLE, &body);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

impl From<CodesError> for Failure {
    fn from(error: CodesError) -> Self {
        match error {
            CodesError::Store(error) => error.into(),
            CodesError::Vault(error) => error.into(),
            _ => Self::server(),
        }
    }
}
