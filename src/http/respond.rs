//! How answers are told: pages with their content policy, JSON, bearer challenges, redirects, and
//! authorization responses (RFC 6749 §5, RFC 6750 §3, RFC 9207, Form Post Response Mode).

use axum::body::Body;
use axum::response::IntoResponse;
use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use serde::Serialize;
use serde_json::json;

use crate::http::failure::Failure;
use crate::http::failure::log_cause;
use crate::organisations::told::ROUTE as REGISTER_TOLD;
use crate::people::verification::callback::ROUTE as VERIFICATION_CALLBACK;
use crate::protocol::discovery;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;

/// Whether a route is read by programs, which want JSON and no page.
pub fn is_for_machines(route: &str) -> bool {
    [
        discovery::TOKEN,
        discovery::USERINFO,
        discovery::INTROSPECT,
        discovery::REVOKE,
        discovery::JWKS,
        discovery::JWKS_SM2,
        discovery::OPENID_CONFIGURATION,
        discovery::OAUTH_CONFIGURATION,
        VERIFICATION_CALLBACK,
        REGISTER_TOLD,
    ]
    .contains(&route)
}

/// A page. `form_targets` are the sources, beside our own, to which its forms may lead: a browser
/// follows the policy through every redirect after a form.
pub fn html(status: StatusCode, html: String, form_targets: &[String]) -> Response {
    page(status, html, form_targets, "")
}

/// A page whose form is sent by a script of ours.
pub fn scripted_html(html: String, form_targets: &[String]) -> Response {
    page(StatusCode::OK, html, form_targets, "; script-src 'self'")
}

fn page(status: StatusCode, html: String, form_targets: &[String], more: &str) -> Response {
    let mut targets = String::from("'self'");
    for target in form_targets {
        targets.push(' ');
        targets.push_str(target);
    }
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; base-uri 'none'; \
         frame-ancestors 'none'; form-action {targets}{more}"
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The source of a policy that admits this URI: its origin, or the scheme of an app's own.
pub fn policy_source(uri: &str) -> Option<String> {
    let parsed = url::Url::parse(uri).ok()?;
    match parsed.origin() {
        url::Origin::Tuple(..) => Some(parsed.origin().ascii_serialization()),
        url::Origin::Opaque(_) => Some(format!("{}:", parsed.scheme())),
    }
}

/// 303: the browser goes on with GET, whatever it came with.
pub fn see_other(location: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return Failure::server().into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    response
}

/// JSON that no cache keeps.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let Ok(text) = serde_json::to_vec(body) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// A failure of the framework's, for a program.
pub fn json_failure(failure: &Failure) -> Response {
    let body = json!({ "error": failure.code, "error_description": failure.detail });
    json(failure.status, &body)
}

/// An `OAuthError` told as JSON (RFC 6749 §5.2).
#[derive(Debug)]
pub struct JsonError(pub OAuthError);

impl From<OAuthError> for JsonError {
    fn from(error: OAuthError) -> Self {
        Self(error)
    }
}

impl From<crate::store::StoreError> for JsonError {
    fn from(error: crate::store::StoreError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for JsonError {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let status = status_of(error.code);
        log_cause(&error, status);
        let body = json!({ "error": error.code.as_str(), "error_description": error.description });
        let mut response = json(status, &body);
        if error.code == ErrorCode::InvalidClient {
            let challenge = HeaderValue::from_static("Basic realm=\"yihao\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// An `OAuthError` told to a bearer (RFC 6750 §3): in the header, and in the body for people.
#[derive(Debug)]
pub enum BearerError {
    /// No token at all: no error code either (§3.1).
    Missing,
    /// A token that does not do.
    Refused(OAuthError),
}

impl From<OAuthError> for BearerError {
    fn from(error: OAuthError) -> Self {
        Self::Refused(error)
    }
}

impl IntoResponse for BearerError {
    fn into_response(self) -> Response {
        let (mut response, challenge) = match self {
            Self::Missing => (StatusCode::UNAUTHORIZED.into_response(), String::new()),
            Self::Refused(error) => {
                let status = status_of(error.code);
                log_cause(&error, status);
                let (code, why) = (error.code.as_str(), error.description);
                let body = json!({ "error": code, "error_description": why });
                let challenge = format!(", error=\"{code}\", error_description=\"{why}\"");
                (json(status, &body), challenge)
            }
        };
        if !response.status().is_server_error()
            && let Ok(value) = HeaderValue::from_str(&format!("Bearer realm=\"yihao\"{challenge}"))
        {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        if response.headers().get(header::CONTENT_TYPE).is_none() {
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        response
    }
}

fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::InvalidClient | ErrorCode::InvalidToken => StatusCode::UNAUTHORIZED,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::policy_source;

    #[test]
    fn the_policy_admits_an_origin_or_a_scheme() {
        let source = |uri| policy_source(uri).unwrap();
        assert_eq!(source("https://rp.test:9443/cb?x=1"), "https://rp.test:9443");
        assert_eq!(source("https://rp.test/cb"), "https://rp.test");
        assert_eq!(source("cn.gov.prov.app:/cb"), "cn.gov.prov.app:");
        assert_eq!(source("http://[::1]:80/cb"), "http://[::1]");
        assert_eq!(policy_source("no uri"), None);
    }
}
