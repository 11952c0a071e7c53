//! What happens around every request: its id, its source, its line in the log, the headers of every
//! answer, and the page that tells a refusal.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::ConnectInfo;
use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use serde_json::json;
use tracing::Instrument;

use crate::config::Config;
use crate::domain::latency::RouteClass;
use crate::domain::request_context::RequestContext;
use crate::http::api;
use crate::http::cookies;
use crate::http::failure::Failure;
use crate::http::failure::RETRY_AFTER;
use crate::http::look::Look;
use crate::http::pages::Frame;
use crate::http::respond;
use crate::http::site::Site;
use crate::protocol::discovery;

/// The header with the request id.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest `User-Agent` that is kept, in characters.
const USER_AGENT: usize = 200;
/// Longest head of a request, in bytes (security.md 0.3).
const HEAD: usize = 16 * 1024;

/// Frames a request.
pub async fn frame(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = context(&site.provider.config, &request);
    let names = cookies::names(&site.provider.config);
    cookies::keep_ours(request.headers_mut(), names);
    let (method, look) = (request.method().clone(), Look::read(request.headers(), names));
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "unmatched".to_owned());
    let is_api = api::covers(request.uri().path());
    let fits = head_length(&request) <= HEAD;
    let framed = is_framed_once(&request);
    let one_host = has_one_host(&request);
    request.extensions_mut().insert(context.clone());
    let span = tracing::info_span!("request", request_id = context.id);
    let answer = match (fits, one_host && framed) {
        (true, true) => next.run(request).instrument(span.clone()).await,
        (true, false) => StatusCode::BAD_REQUEST.into_response(),
        (false, _) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE.into_response(),
    };
    let _entered = span.enter();
    let answer = if is_api { api::told(answer, &context) } else { explain(answer, &route) };
    let mut response = match answer.extensions().get::<Failure>().cloned() {
        Some(failure) => tell(&site, &look, &context, &failure, answer.headers()),
        None => answer,
    };
    finish(&mut response, &site.provider.config, &context);
    if !framed {
        // What follows on this connection may be a part of it to somebody else.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let status = response.status().as_u16();
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    let method = method_label(&method);
    tracing::info!(method, route, status, milliseconds, "answered");
    metrics::counter!(
        "http_requests_total",
        "method" => method, "route" => route.clone(), "status" => status.to_string()
    )
    .increment(1);
    if let Some(class) = route_class(&route) {
        site.provider.latency.count(class, milliseconds);
    }
    metrics::histogram!("http_request_seconds", "route" => route).record(milliseconds / 1e3);
    response
}

/// What an answer counts for in the statistics; files and signs of life count for nothing.
fn route_class(route: &str) -> Option<RouteClass> {
    match route {
        discovery::AUTHORIZE => Some(RouteClass::Authorize),
        discovery::TOKEN => Some(RouteClass::Token),
        discovery::USERINFO | discovery::INTROSPECT => Some(RouteClass::Resource),
        "unmatched" | "/healthz" | "/readyz" | "/robots.txt" => None,
        route if route.starts_with("/login") => Some(RouteClass::Login),
        route if route.starts_with("/assets/") || route.starts_with("/logo/") => None,
        route if respond::is_for_machines(route) || api::covers(route) => None,
        _ => Some(RouteClass::Page),
    }
}

/// RFC 9112 §3.2: a request of HTTP/1.1 names its host once; older and newer ones may do without the line.
fn has_one_host(request: &Request) -> bool {
    match request.headers().get_all(header::HOST).iter().count() {
        0 => request.version() != http::Version::HTTP_11,
        count => count == 1,
    }
}

/// RFC 9112 §6.1: `chunked` once, and no other transfer coding. What two hops could read differently is
/// not read at all.
fn is_framed_once(request: &Request) -> bool {
    let mut codings = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    let chunked = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"chunked");
    codings.next().is_none_or(chunked) && codings.next().is_none()
}

/// A method nobody defined must not become a label of its own, or a long line in the log.
fn method_label(method: &http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn head_length(request: &Request) -> usize {
    let headers: usize =
        request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    headers + request.uri().path_and_query().map_or(0, |both| both.as_str().len())
}

fn context(config: &Config, request: &Request) -> RequestContext {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |ConnectInfo(address)| address.ip());
    let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let printable = |c: &char| !c.is_control();
    RequestContext {
        id: uuid::Uuid::now_v7().simple().to_string(),
        source: source(config, peer.to_canonical(), request.headers()),
        user_agent: agent.unwrap_or_default().chars().filter(printable).take(USER_AGENT).collect(),
    }
}

/// The peer, or, behind trusted proxies, the nearest address none of them has.
fn source(config: &Config, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let trusted = |address: IpAddr| config.trusted_proxies.iter().any(|net| net.contains(&address));
    let mut source = peer;
    let forwarded = headers.get_all("x-forwarded-for");
    let hops: Vec<&str> =
        forwarded.iter().filter_map(|hops| hops.to_str().ok()).flat_map(|h| h.split(',')).collect();
    for hop in hops.iter().rev() {
        if !trusted(source) {
            break;
        }
        // A hop that is no address was not written by a proxy of ours.
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        source = address.to_canonical();
    }
    source
}

/// What the framework refused by itself gets the words of a failure of ours.
fn explain(response: Response, route: &str) -> Response {
    if response.extensions().get::<Failure>().is_some() {
        return response;
    }
    let typed = response.headers().get(header::CONTENT_TYPE);
    let is_page = typed.is_some_and(|value| !value.as_bytes().starts_with(b"text/plain"));
    let status = response.status();
    if is_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let failure = match status {
        StatusCode::NOT_FOUND => Failure::not_found(),
        StatusCode::SERVICE_UNAVAILABLE => Failure::away(),
        status if status.is_server_error() => Failure::server(),
        status => Failure { status, ..Failure::bad_request(reason(status)) },
    };
    let mut explained = if respond::is_for_machines(route) {
        respond::json_failure(&failure)
    } else {
        failure.into_response()
    };
    for (name, value) in response.headers() {
        if *name == header::ALLOW {
            explained.headers_mut().insert(name.clone(), value.clone());
        }
    }
    explained
}

fn reason(status: StatusCode) -> &'static str {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => "the method is not allowed here",
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too large",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "the head is too large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "the body must be application/x-www-form-urlencoded",
        StatusCode::REQUEST_TIMEOUT => "the request took too long",
        _ => "the request cannot be read",
    }
}

/// The page of a failure.
fn tell(
    site: &Site,
    look: &Look,
    context: &RequestContext,
    failure: &Failure,
    headers: &HeaderMap,
) -> Response {
    let frame = Frame {
        locale: look.locale,
        elder: look.elder,
        request_id: context.id.clone(),
        // Nothing of a refused request is repeated, not even in the links to another language.
        path_and_query: "/".to_owned(),
        csrf: String::new(),
        signed_in: None,
    };
    let (template, page) = match failure.text {
        "start-again" => ("start_again.html", json!({ "restart_url": null })),
        text => (
            "error.html",
            json!({
                "code": failure.code, "detail": failure.detail,
                "title_key": format!("error-title-{text}"),
                "message_key": format!("error-message-{text}"),
                "status": failure.status.as_u16(),
            }),
        ),
    };
    let rendered = site.pages.render(template, &frame, page);
    let html = rendered.unwrap_or_else(|error| {
        crate::http::failure::log_cause(&error, StatusCode::INTERNAL_SERVER_ERROR);
        failure.code.to_owned()
    });
    let mut response = respond::html(failure.status, html, &[]);
    for cookie in headers.get_all(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    if let Some(allow) = headers.get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response
}

/// Headers of every answer (security.md A-12).
fn finish(response: &mut Response, config: &Config, context: &RequestContext) {
    let unavailable = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    let fixed = |value| HeaderValue::from_static(value);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, fixed("DENY"));
    headers.insert(header::REFERRER_POLICY, fixed("no-referrer"));
    headers.insert("cross-origin-opener-policy", fixed("same-origin"));
    headers.insert("permissions-policy", fixed("camera=(), geolocation=(), microphone=()"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert_with(|| fixed("default-src 'none'; frame-ancestors 'none'"));
    headers.entry(header::CACHE_CONTROL).or_insert_with(|| fixed("no-store"));
    if config.cookies_are_secure() {
        let year = fixed("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if unavailable {
        headers.insert(header::RETRY_AFTER, fixed(RETRY_AFTER));
    }
    if let Ok(id) = HeaderValue::from_str(&context.id) {
        headers.insert(REQUEST_ID, id);
    }
}
