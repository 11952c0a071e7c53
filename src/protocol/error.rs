//! Errors of the protocol (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6, RFC 6750 §3.1).
//! One type; whether it is told as JSON, in a header, by redirect or on a page is `http`'s matter.

use std::borrow::Cow;

use crate::store::StoreError;

macro_rules! error_codes {
    ($($variant:ident = $code:literal,)*) => {
        /// Registered error codes; nothing else is ever sent.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $(#[doc = concat!("`", $code, "`")] $variant,)* }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }
        }
    };
}

error_codes! {
    InvalidRequest = "invalid_request",
    InvalidClient = "invalid_client",
    InvalidGrant = "invalid_grant",
    InvalidScope = "invalid_scope",
    InvalidTarget = "invalid_target",
    InvalidToken = "invalid_token",
    InsufficientScope = "insufficient_scope",
    UnauthorizedClient = "unauthorized_client",
    UnsupportedGrantType = "unsupported_grant_type",
    UnsupportedResponseType = "unsupported_response_type",
    AccessDenied = "access_denied",
    LoginRequired = "login_required",
    InteractionRequired = "interaction_required",
    ConsentRequired = "consent_required",
    AccountSelectionRequired = "account_selection_required",
    UnmetAuthenticationRequirements = "unmet_authentication_requirements",
    InvalidAuthorizationDetails = "invalid_authorization_details",
    RequestNotSupported = "request_not_supported",
    RequestUriNotSupported = "request_uri_not_supported",
    TemporarilyUnavailable = "temporarily_unavailable",
    ServerError = "server_error",
}

/// What the client is told, and the cause only the log sees.
#[derive(Debug, thiserror::Error)]
#[error("{}: {description}", .code.as_str())]
pub struct OAuthError {
    /// The code.
    pub code: ErrorCode,
    /// For the developer who reads it; never a value of the request.
    pub description: Cow<'static, str>,
    /// What lies behind it.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Whether the refusal already stands in the audit chain; one record each, no more.
    pub recorded: bool,
}

impl ErrorCode {
    /// `ErrorCode::InvalidGrant.because("authorization code has expired")`
    pub fn because(self, description: impl Into<Cow<'static, str>>) -> OAuthError {
        OAuthError { code: self, description: description.into(), cause: None, recorded: false }
    }
}

impl OAuthError {
    /// The same, with what lies behind it for the log.
    #[must_use]
    pub fn caused_by(self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { cause: Some(Box::new(cause)), ..self }
    }

    /// The same, for a refusal that was recorded together with what it changed.
    #[must_use]
    pub fn recorded(self) -> Self {
        Self { recorded: true, ..self }
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        let code = if error.is_away() {
            ErrorCode::TemporarilyUnavailable
        } else {
            ErrorCode::ServerError
        };
        code.because("please try again").caused_by(error)
    }
}

impl From<crate::jose::JoseError> for OAuthError {
    fn from(error: crate::jose::JoseError) -> Self {
        ErrorCode::ServerError.because("a token could not be signed").caused_by(error)
    }
}

impl From<crate::vault::VaultError> for OAuthError {
    fn from(error: crate::vault::VaultError) -> Self {
        ErrorCode::ServerError.because("please try again").caused_by(error)
    }
}
