//! The portal's addresses: front page, sign-in, callback, sign-out, back-channel logout
//! (RFC 6749 §4.1.2, RFC 9207, OpenID Connect Back-Channel Logout 1.0 §2.5 to §2.8).

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::QueryRejection;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use openidconnect::CsrfToken;
use openidconnect::Nonce;
use openidconnect::PkceCodeVerifier;
use serde::Deserialize;

use super::PortalConfig;
use super::logout_token::Expected;
use super::logout_token::Logout;
use super::logout_token::LogoutTokenError;
use super::logout_token::Target;
use super::pages;
use super::pages::Notice;
use super::relying_party::Ask;
use super::relying_party::Identity;
use super::relying_party::RelyingParty;
use super::relying_party::SignInError;
use super::shelf::Shelf;
use crate::clock::Clock;

/// All a portal has while it runs.
pub struct Rooms {
    config: PortalConfig,
    relying_party: RelyingParty,
    clock: Clock,
    shelves: Mutex<Shelves>,
}

struct Shelves {
    sessions: Shelf<Arc<Identity>>,
    attempts: Shelf<Attempt>,
    logouts: Shelf<()>,
}

/// A sign-in under way. It belongs to the browser that began it.
struct Attempt {
    browser: String,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    silent: bool,
}

type Here = State<Arc<Rooms>>;

/// The routes, every answer with the portal's security headers.
pub fn router(rooms: Arc<Rooms>) -> Router {
    Router::new()
        .route("/", get(front_page))
        .route("/sign-in", get(sign_in))
        .route("/callback", get(callback))
        .route("/sign-out", get(sign_out))
        .route("/backchannel-logout", post(backchannel_logout))
        .route("/style.css", get(|| async { typed("text/css; charset=utf-8", pages::STYLE) }))
        .route("/icon.svg", get(icon))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .layer(middleware::map_response(guarded))
        .with_state(rooms)
}

const SESSION_LIFETIME: Duration = Duration::from_hours(8);
const ATTEMPT_LIFETIME: Duration = Duration::from_mins(10);
/// Longer than any logout token is obeyed.
const LOGOUT_MEMORY: Duration = Duration::from_mins(15);
const CAPACITY: usize = 10_000;
/// How long a portal believes the provider that nobody is logged in (seconds).
const TRIED_SECONDS: u32 = 60;

impl Rooms {
    /// An empty portal.
    pub fn new(config: PortalConfig, relying_party: RelyingParty, clock: Clock) -> Self {
        let shelves = Mutex::new(Shelves {
            sessions: Shelf::new(CAPACITY, SESSION_LIFETIME),
            attempts: Shelf::new(CAPACITY, ATTEMPT_LIFETIME),
            logouts: Shelf::new(CAPACITY, LOGOUT_MEMORY),
        });
        Self { config, relying_party, clock, shelves }
    }

    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        // Every change to a shelf is complete before anything can panic.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self, headers: &HeaderMap) -> Option<Arc<Identity>> {
        let id = cookie(headers, &self.config.cookie_name)?;
        self.shelves().sessions.find(&id, self.clock.now()).cloned()
    }

    fn cookie_name(&self, suffix: &str) -> String {
        format!("{}_{suffix}", self.config.cookie_name)
    }

    fn set_cookie(&self, name: &str, value: &str, max_age: Option<u32>) -> String {
        let secure = if self.config.base_url.scheme() == "https" { "; Secure" } else { "" };
        let lasting = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{lasting}")
    }

    fn tried(&self, seconds: u32) -> String {
        self.set_cookie(&self.cookie_name("tried"), "1", Some(seconds))
    }

    /// Sends the browser to the provider.
    async fn send_off(&self, headers: &HeaderMap, ask: Ask) -> Result<Response, SignInError> {
        let silent = ask == Ask::Silent;
        let begun = self.relying_party.begin(ask).await?;
        let name = self.cookie_name("browser");
        let browser = cookie(headers, &name).unwrap_or_else(random);
        let mut cookies = vec![self.set_cookie(&name, &browser, None)];
        if silent {
            cookies.push(self.tried(TRIED_SECONDS));
        }
        let (nonce, verifier) = (begun.nonce, begun.verifier);
        let attempt = Attempt { browser, nonce, verifier, silent };
        self.shelves().attempts.put(begun.state, attempt, self.clock.now());
        Ok(redirect(begun.url.as_str(), cookies))
    }

    /// The attempt an answer belongs to, which ends with it.
    fn attempt(&self, headers: &HeaderMap, state: &str) -> Option<Attempt> {
        let browser = cookie(headers, &self.cookie_name("browser"))?;
        let now = self.clock.now();
        let mut shelves = self.shelves();
        // An answer in another browser is a login forced on somebody (RFC 9700 §4.7), and must not
        // spoil the attempt either.
        shelves.attempts.find(state, now).filter(|attempt| attempt.browser == browser)?;
        shelves.attempts.take(state, now)
    }

    fn failed(&self, status: StatusCode, code: &str) -> Response {
        (status, Html(pages::failed(&self.config, code))).into_response()
    }

    fn away(&self, error: &SignInError) -> Response {
        tracing::warn!(portal = %self.config.name, %error, "sign-in did not happen");
        self.failed(StatusCode::BAD_GATEWAY, "provider_away")
    }
}

async fn front_page(State(rooms): Here, headers: HeaderMap) -> Response {
    if let Some(person) = rooms.session(&headers) {
        return Html(pages::signed_in(&rooms.config, &person)).into_response();
    }
    if cookie(&headers, &rooms.cookie_name("tried")).is_some() {
        return Html(pages::signed_out(&rooms.config, None)).into_response();
    }
    // Somebody who logged in at another portal is logged in here without a click.
    match rooms.send_off(&headers, Ask::Silent).await {
        Ok(response) => response,
        Err(error) => {
            tracing::warn!(portal = %rooms.config.name, %error, "the provider was not asked");
            Html(pages::signed_out(&rooms.config, Some(Notice::ProviderAway))).into_response()
        }
    }
}

#[derive(Deserialize)]
struct SignInQuery {
    acr: Option<String>,
    /// `other`: for somebody else than before.
    r#as: Option<String>,
}

async fn sign_in(
    State(rooms): Here,
    headers: HeaderMap,
    query: Result<Query<SignInQuery>, QueryRejection>,
) -> Response {
    let query = query.ok().map(|Query(query)| (query.acr, query.r#as));
    let (acr, other) = query.unwrap_or_default();
    let ask = match (acr.as_deref(), other.as_deref()) {
        (Some("2"), _) => Ask::StepUp(rooms.config.step_up_acr.clone()),
        (Some("3"), _) => Ask::StepUp(rooms.config.verified_acr.clone()),
        (_, Some("other")) => Ask::Switch,
        _ => Ask::SignIn,
    };
    match rooms.send_off(&headers, ask).await {
        Ok(response) => response,
        Err(error) => rooms.away(&error),
    }
}

/// An authorization response: a code or an error, and who says so.
#[derive(Deserialize)]
struct Answer {
    state: String,
    code: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

async fn callback(
    State(rooms): Here,
    headers: HeaderMap,
    answer: Result<Query<Answer>, QueryRejection>,
) -> Response {
    let Ok(Query(answer)) = answer else {
        return rooms.failed(StatusCode::BAD_REQUEST, "invalid_response");
    };
    let Some(attempt) = rooms.attempt(&headers, &answer.state) else {
        return rooms.failed(StatusCode::BAD_REQUEST, "stale_request");
    };
    if answer.iss.is_some_and(|iss| !rooms.relying_party.is_issuer(&iss)) {
        return rooms.failed(StatusCode::BAD_REQUEST, "invalid_issuer");
    }
    match (answer.code, answer.error) {
        (_, Some(_)) if attempt.silent => redirect("/", vec![rooms.tried(TRIED_SECONDS)]),
        (_, Some(error)) => rooms.failed(StatusCode::OK, &error),
        (Some(code), None) => finish(&rooms, &headers, code, attempt).await,
        (None, None) => rooms.failed(StatusCode::BAD_REQUEST, "invalid_response"),
    }
}

async fn finish(rooms: &Rooms, headers: &HeaderMap, code: String, attempt: Attempt) -> Response {
    let person = match rooms.relying_party.redeem(code, attempt.verifier, &attempt.nonce).await {
        Ok(person) => person,
        Err(error @ SignInError::Away(_)) => return rooms.away(&error),
        Err(error) => {
            tracing::warn!(portal = %rooms.config.name, %error, "sign-in did not happen");
            return rooms.failed(StatusCode::BAD_REQUEST, "invalid_response");
        }
    };
    let (id, now) = (random(), rooms.clock.now());
    let mut shelves = rooms.shelves();
    // A new id at every sign-in and step-up: an id known to somebody before is worth nothing after.
    if let Some(old) = cookie(headers, &rooms.config.cookie_name) {
        shelves.sessions.take(&old, now);
    }
    shelves.sessions.put(id.clone(), Arc::new(person), now);
    drop(shelves);
    let session = rooms.set_cookie(&rooms.config.cookie_name, &id, None);
    redirect("/", vec![session, rooms.tried(0)])
}

async fn sign_out(State(rooms): Here, headers: HeaderMap) -> Response {
    // Another site must not be able to log people out with a link or an image.
    let foreign = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let id = cookie(&headers, &rooms.config.cookie_name).filter(|_| !foreign);
    let now = rooms.clock.now();
    let Some(person) = id.and_then(|id| rooms.shelves().sessions.take(&id, now)) else {
        return redirect("/", Vec::new());
    };
    let name = &rooms.config.cookie_name;
    let cookies = vec![rooms.set_cookie(name, "", Some(0)), rooms.tried(TRIED_SECONDS)];
    match rooms.relying_party.logout_url(&person).await {
        Ok(Some(url)) => redirect(url.as_str(), cookies),
        Ok(None) => redirect("/", cookies),
        Err(error) => {
            tracing::warn!(portal = %rooms.config.name, %error, "signed out here alone");
            redirect("/", cookies)
        }
    }
}

async fn backchannel_logout(State(rooms): Here, body: String) -> Response {
    let mut tokens = url::form_urlencoded::parse(body.as_bytes())
        .filter(|(name, _)| name == "logout_token")
        .map(|(_, token)| token.into_owned());
    let (Some(token), None) = (tokens.next(), tokens.next()) else {
        return refused("exactly one logout_token is needed");
    };
    match judge(&rooms, &token).await {
        Ok(Ok(logout)) => end_sessions(&rooms, logout),
        Ok(Err(error)) => refused(&error.to_string()),
        Err(error) => {
            tracing::warn!(portal = %rooms.config.name, %error, "a logout token was not judged");
            refused("the provider's keys cannot be read")
        }
    }
}

async fn judge(
    rooms: &Rooms,
    token: &str,
) -> Result<Result<Logout, LogoutTokenError>, SignInError> {
    let (client_id, now) = (rooms.relying_party.client_id(), rooms.clock.now());
    let provider = rooms.relying_party.metadata().await?;
    let judged = Expected { provider: &provider, client_id, now }.verify(token);
    match judged {
        Err(LogoutTokenError::Key) => {
            let provider = rooms.relying_party.fresh_metadata().await?;
            Ok(Expected { provider: &provider, client_id, now }.verify(token))
        }
        judged => Ok(judged),
    }
}

fn end_sessions(rooms: &Rooms, logout: Logout) -> Response {
    let mut shelves = rooms.shelves();
    if !shelves.logouts.put(logout.jti, (), rooms.clock.now()) {
        return refused("this logout token was used before");
    }
    let ended = shelves.sessions.remove_where(|person| match &logout.target {
        Target::Session(sid) => person.sid.as_ref() == Some(sid),
        Target::Subject(subject) => person.subject == *subject,
    });
    tracing::info!(portal = %rooms.config.name, ended, "the provider ended sessions");
    // Also right where no session was left: it is ended.
    StatusCode::OK.into_response()
}

/// Back-Channel Logout 1.0 §2.8.
fn refused(description: &str) -> Response {
    let body = serde_json::json!({"error": "invalid_request", "error_description": description});
    (StatusCode::BAD_REQUEST, axum::Json(body)).into_response()
}

async fn icon(State(rooms): Here) -> Response {
    typed("image/svg+xml", pages::icon(rooms.config.kind))
}

fn typed(content_type: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, content_type)], text).into_response()
}

/// The headers of every answer. Nothing is loaded from elsewhere, framed or kept.
async fn guarded(mut response: Response) -> Response {
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; \
                  form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn redirect(to: &str, cookies: Vec<String>) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    // An address or cookie that is no header value came from a provider that is none.
    let (Ok(to), Ok(cookies)) = (
        HeaderValue::from_str(to),
        cookies.into_iter().map(HeaderValue::try_from).collect::<Result<Vec<_>, _>>(),
    ) else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    headers.insert(header::LOCATION, to);
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, value)| *found == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// 256 random bits, base64url.
fn random() -> String {
    CsrfToken::new_random_len(32).into_secret()
}
