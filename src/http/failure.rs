//! A refusal told on a page. A handler returns it; `frame` renders it, once, in the visitor's language,
//! with the request id of log and audit on it.

use std::borrow::Cow;

use axum::response::IntoResponse;
use axum::response::Response;
use http::StatusCode;

use crate::http::pages::PageError;
use crate::login::LoginError;
use crate::organisations::represented::RepresentedError;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Seconds after which it is worth trying again.
pub const RETRY_AFTER: &str = "2";

/// What went wrong, as a person may read it.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The status.
    pub status: StatusCode,
    /// An OAuth error code, or a word of ours.
    pub code: &'static str,
    /// Which of the texts `error-title-…` and `error-message-…`.
    pub text: &'static str,
    /// For the developer who reads it; never a value of the request.
    pub detail: Option<Cow<'static, str>>,
}

impl Failure {
    /// Of this status, code and text.
    pub fn new(status: StatusCode, code: &'static str, text: &'static str) -> Self {
        Self { status, code, text, detail: None }
    }

    /// The form was not ours, or not this browser's.
    pub fn forged() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forged_request", "forbidden")
    }

    /// The flow belongs to another browser, or is over.
    pub fn start_again() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "start_again", "start-again")
    }

    /// There is no such page.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "not-found")
    }

    /// The request is not one of ours; says why.
    pub fn bad_request(detail: impl Into<Cow<'static, str>>) -> Self {
        let plain = Self::new(StatusCode::BAD_REQUEST, "invalid_request", "request");
        Self { detail: Some(detail.into()), ..plain }
    }

    /// A dependency is away.
    pub fn away() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "busy")
    }

    /// Something is wrong with us.
    pub fn server() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "server")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<OAuthError> for Failure {
    fn from(error: OAuthError) -> Self {
        let plain = match error.code {
            ErrorCode::TemporarilyUnavailable => Self::away(),
            ErrorCode::ServerError => Self::server(),
            ErrorCode::UnauthorizedClient => {
                Self::new(StatusCode::BAD_REQUEST, error.code.as_str(), "client")
            }
            ErrorCode::UnmetAuthenticationRequirements => {
                Self::new(StatusCode::FORBIDDEN, error.code.as_str(), "assurance")
            }
            code => Self::new(StatusCode::BAD_REQUEST, code.as_str(), "request"),
        };
        log_cause(&error, plain.status);
        Self { detail: Some(error.description), ..plain }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let failure = if error.is_away() { Self::away() } else { Self::server() };
        log_cause(&error, failure.status);
        failure
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Store(error) => error.into(),
            LoginError::Busy => Self::away(),
            LoginError::SessionOver => Self::start_again(),
            LoginError::Rejected | LoginError::CodeWrong => {
                Self::new(StatusCode::FORBIDDEN, "access_denied", "denied")
            }
            LoginError::Away(_) | LoginError::Vault(_) => {
                log_cause(&error, StatusCode::INTERNAL_SERVER_ERROR);
                Self::server()
            }
        }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        log_cause(&error, StatusCode::INTERNAL_SERVER_ERROR);
        Self::server()
    }
}

impl From<RepresentedError> for Failure {
    fn from(error: RepresentedError) -> Self {
        match error {
            RepresentedError::Store(error) => error.into(),
            RepresentedError::Vault(error) => error.into(),
        }
    }
}

impl From<PageError> for Failure {
    fn from(error: PageError) -> Self {
        log_cause(&error, StatusCode::INTERNAL_SERVER_ERROR);
        Self::server()
    }
}

/// The cause of a failure that is ours, logged once, with everything that lies behind it.
pub fn log_cause(error: &(dyn std::error::Error + 'static), status: StatusCode) {
    if !status.is_server_error() {
        return;
    }
    let mut chain = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        chain.push_str(": ");
        chain.push_str(&cause.to_string());
        next = cause.source();
    }
    tracing::error!(error = chain, "a request failed");
}
