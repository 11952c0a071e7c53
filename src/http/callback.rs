//! Where verification services tell us that there is a result, and the legal-entity register that something changed; the
//! contracts are `identity-verification.md` and `legal-entity-register.md` in `docs/integration`. No cookie is read, and
//! what they say is not believed, but asked.

use axum::body::Bytes;
use axum::extract::OriginalUri;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use http::Extensions;
use http::HeaderMap;
use http::StatusCode;
use serde_json::json;

use crate::domain::request_context::RequestContext;
use crate::http::respond;
use crate::http::respond::JsonError;
use crate::http::site::Site;
use crate::organisations::told;
use crate::organisations::told::ToldError;
use crate::people::verification::callback;
use crate::people::verification::callback::CallbackError;

/// `POST /verification/callback/{kind}`
pub async fn receive(
    State(site): State<Site>,
    Path(kind): Path<String>,
    OriginalUri(uri): OriginalUri,
    extensions: Extensions,
    (headers, body): (HeaderMap, Bytes),
) -> Response {
    let Some(context) = extensions.get::<RequestContext>() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let call = (path, &headers, &*body);
    let (status, code) = match callback::receive(&site.provider, context, &kind, call).await {
        Ok(()) => (StatusCode::OK, 0),
        Err(CallbackError::Call(refused)) => (StatusCode::UNAUTHORIZED, refused.code()),
        Err(CallbackError::Unknown) => (StatusCode::BAD_REQUEST, 4000),
        Err(CallbackError::NotOffered) => (StatusCode::NOT_FOUND, 4004),
        Err(CallbackError::Store(error)) => return JsonError::from(error).into_response(),
    };
    respond::json(status, &json!({ "code": code }))
}

/// `POST /registers/legal-entities/changed`
pub async fn legal_entities(
    State(site): State<Site>,
    OriginalUri(uri): OriginalUri,
    extensions: Extensions,
    (headers, body): (HeaderMap, Bytes),
) -> Response {
    let Some(context) = extensions.get::<RequestContext>() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let path = uri.path_and_query().map_or("", |path| path.as_str());
    let (status, code) = match told::receive(&site.provider, context, (path, &headers, &body)).await
    {
        Ok(()) => (StatusCode::OK, 0),
        Err(ToldError::Call(refused)) => (StatusCode::UNAUTHORIZED, refused.code()),
        Err(ToldError::Unknown) => (StatusCode::BAD_REQUEST, 4000),
        Err(ToldError::NotOffered) => (StatusCode::NOT_FOUND, 4004),
        Err(ToldError::Store(error)) => return JsonError::from(error).into_response(),
    };
    respond::json(status, &json!({ "code": code }))
}
