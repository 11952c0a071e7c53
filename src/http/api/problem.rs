//! What went wrong, as machines read it: `application/problem+json` (RFC 9457), with the challenge of RFC 6750
//! where a token is missing or does not do.

use std::borrow::Cow;
use std::time::Duration;

use axum::response::IntoResponse;
use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::codes::CodesError;
use crate::codes::fault::Fault;
use crate::console::ConsoleError;
use crate::domain::request_context::RequestContext;
use crate::http::failure::Failure;
use crate::http::failure::RETRY_AFTER;
use crate::http::failure::log_cause;
use crate::http::respond;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;

/// The media type of every error.
pub const MEDIA_TYPE: &str = "application/problem+json";
/// What the name of every kind of problem begins with.
const TYPE: &str = "urn:yihao:problem:";
/// What the name of a request begins with.
const REQUEST: &str = "urn:yihao:request:";

/// A problem, before it is told.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: Cow<'static, str>,
    challenge: Option<String>,
    wait: Option<u64>,
}

/// An error (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Told {
    /// Which kind of problem: `urn:yihao:problem:…`.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in words.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What was wrong with this request.
    detail: String,
    /// The request, as log and audit name it: `urn:yihao:request:…`.
    instance: String,
}

impl Problem {
    /// Of this status and kind.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, detail: detail.into(), challenge: None, wait: None }
    }

    /// The request cannot be read.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    /// It does not exist, or not for this machine.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is no such thing here")
    }

    /// The body is of another kind.
    pub fn unsupported() -> Self {
        let detail = "this request takes no body of that kind, and none with a content coding";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    /// The idempotency key stands for another request.
    pub fn key_reused() -> Self {
        let detail = "the Idempotency-Key was used for another request";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", detail)
    }

    /// The request of this idempotency key is being done, or nobody knows what became of it.
    pub fn in_progress() -> Self {
        let detail = "the request of this Idempotency-Key was begun and has no answer yet";
        Self::new(StatusCode::CONFLICT, "in_progress", detail)
    }

    /// The machine asks too much (RFC 6585 §4).
    pub fn too_many(wait: Duration) -> Self {
        let detail = "this client asks more often than is allowed";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail);
        Self {
            wait: Some(wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(1)),
            ..problem
        }
    }

    /// The client may not do anything here.
    pub fn no_operator() -> Self {
        Self::new(StatusCode::FORBIDDEN, "no_operator", "the client is not an operator")
    }

    /// No token at all (RFC 6750 §3.1: then no error code either).
    pub fn no_token() -> Self {
        let problem = Self::new(StatusCode::UNAUTHORIZED, "no_token", "a bearer token is needed");
        Self { challenge: Some(String::new()), ..problem }
    }

    /// The token does not carry the scope.
    pub fn insufficient_scope(scope: &str) -> Self {
        let detail = format!("the scope {scope} is needed");
        let problem = Self::new(StatusCode::FORBIDDEN, "insufficient_scope", detail);
        let challenge = format!(", error=\"insufficient_scope\", scope=\"{scope}\"");
        Self { challenge: Some(challenge), ..problem }
    }

    /// What is wrong with a token, or with how it was sent.
    pub fn of(error: &OAuthError) -> Self {
        let (code, detail) = (error.code.as_str(), error.description.clone());
        let status = match error.code {
            ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
            ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => return Self::new(StatusCode::BAD_REQUEST, code, detail),
        };
        let challenge = format!(", error=\"{code}\", error_description=\"{detail}\"");
        let challenge = (status == StatusCode::UNAUTHORIZED).then_some(challenge);
        Self { challenge, ..Self::new(status, code, detail) }
    }

    /// Whether the machine can do nothing about it.
    pub fn is_ours(&self) -> bool {
        self.status.is_server_error()
    }
}

impl IntoResponse for Problem {
    /// Not told yet: [`told`] knows the request.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The answer with its problem told, if it has one that was not.
pub fn told(mut response: Response, context: &RequestContext) -> Response {
    let problem = response.extensions_mut().remove::<Problem>();
    let failure = response.extensions_mut().remove::<Failure>();
    let status = response.status();
    let problem = match (problem, failure) {
        (Some(problem), _) => problem,
        (None, Some(failure)) => failure.into(),
        (None, None) if is_bare(&response) => of_status(status),
        (None, None) => return response,
    };
    let body = Told {
        kind: format!("{TYPE}{}", problem.code.replace('_', "-")),
        title: problem.code.replace('_', " "),
        status: problem.status.as_u16(),
        detail: problem.detail.into_owned(),
        instance: format!("{REQUEST}{}", context.id),
    };
    let mut answer = respond::json(problem.status, &body);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if let Some(allow) = response.headers().get(header::ALLOW) {
        headers.insert(header::ALLOW, allow.clone());
    }
    if let Some(seconds) = problem.wait {
        headers.insert(header::RETRY_AFTER, seconds.into());
    } else if problem.status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    }
    if let Some(challenge) = problem.challenge
        && let Ok(value) = HeaderValue::from_str(&format!("Bearer realm=\"yihao\"{challenge}"))
    {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
    answer
}

/// Whether it is an error the framework made by itself.
fn is_bare(response: &Response) -> bool {
    let typed = response.headers().get(header::CONTENT_TYPE);
    let is_text = typed.is_none_or(|value| value.as_bytes().starts_with(b"text/plain"));
    is_text && (response.status().is_client_error() || response.status().is_server_error())
}

fn of_status(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::not_found(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::unsupported(),
        StatusCode::SERVICE_UNAVAILABLE => Failure::away().into(),
        status if status.is_server_error() => Failure::server().into(),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(status, "method_not_allowed", "the method is not allowed here")
        }
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(status, "too_large", "the body is too large"),
        status => Problem::new(status, "invalid_request", "the request cannot be read"),
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let plain = match failure.status {
            StatusCode::SERVICE_UNAVAILABLE => "please try again",
            status if status.is_server_error() => "something is wrong with us",
            _ => "the request cannot be answered",
        };
        Self::new(failure.status, failure.code, failure.detail.unwrap_or(plain.into()))
    }
}

impl From<OAuthError> for Problem {
    fn from(error: OAuthError) -> Self {
        match error.code {
            ErrorCode::InvalidToken => Self::of(&error),
            _ => Failure::from(error).into(),
        }
    }
}

impl From<ConsoleError> for Problem {
    fn from(error: ConsoleError) -> Self {
        let (status, code) = match error {
            ConsoleError::Store(_) | ConsoleError::Vault(_) | ConsoleError::Keys(_) => {
                return Failure::from(error).into();
            }
            ConsoleError::NotFound => return Self::not_found(),
            ConsoleError::RegisterAway => return Failure::from(error).into(),
            ConsoleError::Codes(ref error) if Fault::of(error).is_none() => {
                log_cause(error, StatusCode::INTERNAL_SERVER_ERROR);
                return Failure::server().into();
            }
            ConsoleError::Over
            | ConsoleError::AlertOver
            | ConsoleError::Codes(CodesError::Over) => (StatusCode::CONFLICT, "over"),
            ConsoleError::Second => (StatusCode::FORBIDDEN, "second_officer_needed"),
            ConsoleError::NotActive | ConsoleError::NoAccount | ConsoleError::Age => {
                (StatusCode::CONFLICT, "not_possible")
            }
            ConsoleError::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            ConsoleError::Beyond => (StatusCode::FORBIDDEN, "beyond_own_powers"),
            ConsoleError::Own => (StatusCode::FORBIDDEN, "own_act"),
            ConsoleError::AboutSelf => (StatusCode::FORBIDDEN, "about_oneself"),
            ConsoleError::Reason => (StatusCode::UNPROCESSABLE_ENTITY, "reason_needed"),
            // No machine says what was seen at a counter.
            ConsoleError::Codes(_)
            | ConsoleError::Name
            | ConsoleError::NoDocument(..)
            | ConsoleError::BirthDate(_)
            | ConsoleError::NoRegion
            | ConsoleError::NotSeen
            | ConsoleError::Document
            | ConsoleError::Documents
            | ConsoleError::Hours
            | ConsoleError::Matters => (StatusCode::UNPROCESSABLE_ENTITY, "not_valid"),
            ConsoleError::LastOfKind => (StatusCode::CONFLICT, "last_of_kind"),
            ConsoleError::CodeWithdrawn => (StatusCode::CONFLICT, "code_withdrawn"),
            ConsoleError::NameTaken => (StatusCode::CONFLICT, "name_taken"),
            ConsoleError::NotGreen => (StatusCode::CONFLICT, "not_green"),
            ConsoleError::NoMachine => (StatusCode::CONFLICT, "no_machine"),
            ConsoleError::Unknown => (StatusCode::UNPROCESSABLE_ENTITY, "nobody_here"),
            ConsoleError::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            ConsoleError::NotConfirmed => (StatusCode::UNPROCESSABLE_ENTITY, "not_confirmed"),
        };
        Self::new(status, code, error.to_string())
    }
}
