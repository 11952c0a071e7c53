//! How a machine is let in: token, operator, pace, scope, query and body, in this order; and that a change is made
//! once, however often it is asked for with the same idempotency key.

use std::sync::Arc;

use axum::RequestExt;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::RawPathParams;
use axum::extract::Request;
use axum::response::IntoResponse;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header;

use crate::console::ConsoleError;
use crate::console::machines;
use crate::console::repeats;
use crate::console::repeats::Begun;
use crate::console::repeats::Known;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::ClientId;
use crate::domain::operator::Operator;
use crate::domain::request_context::RequestContext;
use crate::domain::scope::Scope;
use crate::http::api::call::Call;
use crate::http::api::call::LIMIT;
use crate::http::api::call::PAGE_TOKEN;
use crate::http::api::operation::Filter;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Sent;
use crate::http::api::problem;
use crate::http::api::problem::MEDIA_TYPE;
use crate::http::api::problem::Problem;
use crate::http::oauth;
use crate::http::site::Site;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters::Parameters;
use crate::protocol::protected_resource;

/// The header of a change that may be repeated.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// What such a key looks like; the quotes of a structured field may be left out.
pub const KEY_PATTERN: &str = "^\"?[A-Za-z0-9_.:-]{8,128}\"?$";
/// How long such a key is, without its quotes.
const KEY_LENGTH: std::ops::RangeInclusive<usize> = 8..=128;
/// The longest answer that is kept for a repetition, in bytes: what a change says fits easily.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Answers a request to this operation.
pub async fn answer(site: Site, operation: Arc<Operation>, request: Request) -> Response {
    let Some(context) = request.extensions().get::<RequestContext>().cloned() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let answered = admit(site, &context, &operation, request).await;
    problem::told(answered.unwrap_or_else(Problem::into_response), &context)
}

async fn admit(
    site: Site,
    context: &RequestContext,
    operation: &Operation,
    mut request: Request,
) -> Result<Response, Problem> {
    let (operator, scope) = who(&site, context, request.headers()).await?;
    if let Some(wait) =
        machines::admit(&site.provider, &operator).await.map_err(ConsoleError::from)?
    {
        return Err(Problem::too_many(wait));
    }
    if !scope.contains(operation.scope.as_str()) {
        let error = ErrorCode::InsufficientScope.because("the scope does not suffice");
        let problem = Problem::insufficient_scope(operation.scope.as_str());
        return Err(refused((&site, context), operator.client_id.as_ref(), problem, error).await);
    }
    let query = query(operation, &request)?;
    let id = match request.extract_parts::<RawPathParams>().await {
        Ok(params) => params.iter().next().map(|(_, value)| value.to_owned()),
        Err(_) => return Err(Problem::not_found()),
    };
    let headers = request.headers().clone();
    let key = if operation.changes { Some(key(&headers)?) } else { None };
    let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let body = body(operation, &headers, request).await?;
    let call =
        Call { site, context: context.clone(), operator, scope, path: operation.path, id, query };
    let deed = (operation.prepare)(call.clone(), &body)?;
    let Some(key) = key else { return Ok(deed.await) };
    let under_way = call.site.provider.under_way.clone();
    let parts: [&[u8]; 2] = [target.as_bytes(), &body];
    match repeats::begin(call.actor(), &key, &parts).await? {
        Known::Another => Err(Problem::key_reused()),
        Known::Begun => Err(Problem::in_progress()),
        Known::Done(status, answer) => Ok(again(status, answer)),
        // Whoever goes away does not stop what was begun.
        Known::New(begun) => under_way
            .spawn(async move {
                let response = problem::told(deed.await, &call.context);
                keep(&call, begun, response).await
            })
            .await
            .unwrap_or_else(|_| Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response())),
    }
}

/// The machine of the token, and what the token carries.
async fn who(
    site: &Site,
    context: &RequestContext,
    headers: &HeaderMap,
) -> Result<(Operator, Scope), Problem> {
    let at = (site, context);
    let told = |error: &OAuthError| Problem::of(error);
    let token = match oauth::authorization(headers) {
        Ok(header) => header.and_then(oauth::bearer).ok_or_else(Problem::no_token)?.to_owned(),
        Err(error) => return Err(refused(at, None, told(&error), error).await),
    };
    let live = match protected_resource::machine_token(&site.provider, &token).await {
        Ok(live) => live,
        Err(error) => return Err(refused(at, None, told(&error), error).await),
    };
    let found = machines::find(&site.provider, &live.client.id).await;
    let Some(operator) = found.map_err(ConsoleError::from)? else {
        let error = ErrorCode::AccessDenied.because("the client is not an operator");
        return Err(refused(at, Some(&live.client.id), Problem::no_operator(), error).await);
    };
    Ok((operator, live.handle.scope))
}

/// One audit record a refusal; what the machine is told, unless the refusal cannot be recorded.
async fn refused(
    (site, context): (&Site, &RequestContext),
    client: Option<&ClientId>,
    problem: Problem,
    error: OAuthError,
) -> Problem {
    let code = error.code;
    let error = oauth::record(site, context, (AuditKind::TokenRefused, client), error).await;
    if error.code == code && !problem.is_ours() { problem } else { error.into() }
}

/// The query, if the operation knows every name in it, and each has a value.
fn query(operation: &Operation, request: &Request) -> Result<Parameters, Problem> {
    let text = request.uri().query().unwrap_or_default().as_bytes();
    if url::form_urlencoded::parse(text).any(|(_, value)| value.is_empty()) {
        return Err(Problem::bad_request("the query has a name without a value"));
    }
    let query = Parameters::parse(text)?;
    let known = |name: &str| {
        let paging = operation.is_list() && [LIMIT, PAGE_TOKEN].contains(&name);
        paging || operation.filters.iter().any(|filter| filter.name == name)
    };
    if query.iter().any(|(name, _)| !known(name)) {
        return Err(Problem::bad_request("the query has a name this request does not know"));
    }
    let missing = |filter: &&Filter| filter.required && query.get(filter.name).is_none();
    if let Some(filter) = operation.filters.iter().find(missing) {
        return Err(Problem::bad_request(format!("{} is missing", filter.name)));
    }
    Ok(query)
}

/// The idempotency key of a change.
fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let wrong = || Problem::bad_request("one Idempotency-Key of 8 to 128 characters is needed");
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = values.next().and_then(|value| value.to_str().ok()).ok_or_else(wrong)?;
    let key = key.strip_prefix('"').unwrap_or(key);
    let key = key.strip_suffix('"').unwrap_or(key);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
    let fits = KEY_LENGTH.contains(&key.len()) && key.bytes().all(plain);
    if fits && values.next().is_none() { Ok(key.to_owned()) } else { Err(wrong()) }
}

/// The body, of the one kind there is, or none where none is wanted.
async fn body(
    operation: &Operation,
    headers: &HeaderMap,
    request: Request,
) -> Result<Bytes, Problem> {
    let expected = match operation.sent {
        Sent::Nothing => None,
        Sent::Json(..) => Some("application/json"),
        Sent::Csv(_) => Some("text/csv"),
    };
    if let Some(expected) = expected {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
        let coded = headers.contains_key(header::CONTENT_ENCODING);
        if coded || !kind.trim().eq_ignore_ascii_case(expected) {
            return Err(Problem::unsupported());
        }
    }
    let body = Bytes::from_request(request, &()).await;
    let body = body.map_err(|refused| {
        let status = refused.status();
        Problem::new(status, "too_large", "the body is too large, or cannot be read")
    })?;
    if expected.is_none() && !body.is_empty() {
        return Err(Problem::bad_request("this request has no body"));
    }
    Ok(body)
}

/// Keeps the answer to a change, so that it can be given again.
async fn keep(call: &Call, begun: Begun, response: Response) -> Result<Response, Problem> {
    let (head, body) = response.into_parts();
    if head.status == StatusCode::SERVICE_UNAVAILABLE {
        // Nothing is known to have changed, so the same key may try again.
        repeats::forget(call.actor(), begun).await?;
        return Ok(Response::from_parts(head, body));
    }
    let answer = axum::body::to_bytes(body, LONGEST_ANSWER).await;
    let answer = answer.map_err(|_| Problem::from(crate::http::failure::Failure::server()))?;
    repeats::finish(call.actor(), begun, head.status.as_u16(), &answer).await?;
    Ok(Response::from_parts(head, Body::from(answer)))
}

/// The answer that was kept.
fn again(status: u16, answer: Vec<u8>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let has_body = !answer.is_empty();
    let mut response = Response::new(Body::from(answer));
    *response.status_mut() = status;
    let kind = if status.is_success() { "application/json" } else { MEDIA_TYPE };
    if has_body {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}
