//! Documents that are made once and copied from then on: provider metadata and keys (OpenID Connect
//! Discovery 1.0 §4, RFC 8414 §3, RFC 7517 §5).

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use http::HeaderValue;
use http::header;

use crate::http::site::Site;

/// `GET /.well-known/openid-configuration` and its OAuth sister.
pub async fn metadata(State(site): State<Site>) -> Response {
    document(site.metadata.clone())
}

/// `GET /oauth2/jwks`
pub async fn jwks(State(site): State<Site>) -> Response {
    document(Bytes::from_owner(site.provider.keyring.ring().jwks.clone()))
}

/// `GET /oauth2/jwks/sm2`
pub async fn jwks_with_sm2(State(site): State<Site>) -> Response {
    document(Bytes::from_owner(site.provider.keyring.ring().jwks_with_sm2.clone()))
}

/// Caches keep it for five minutes: a new key is published far longer before it signs.
fn document(bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
