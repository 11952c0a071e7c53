//! Where verification services tell us that there is a result, and the legal-entity register that something changed; the
//! contracts are `identity-verification.md` and `legal-entity-register.md` in `docs/integration`. No cookie is read, and
//! what they say is not believed, but asked.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::OriginalUri;
use axum::extract::Path;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;
use http::Uri;
use http::uri::PathAndQuery;
use serde_json::json;

use crate::domain::request_context::RequestContext;
use crate::http::respond;
use crate::http::respond::JsonError;
use crate::http::site::Site;
use crate::incoming_call::NotTaken;
use crate::organisations::told;
use crate::people::verification::callback;

/// `POST /verification/callback/{kind}`
pub async fn receive(
    State(site): State<Site>,
    Path(kind): Path<String>,
    OriginalUri(uri): OriginalUri,
    Extension(context): Extension<RequestContext>,
    (headers, body): (HeaderMap, Bytes),
) -> Response {
    let call = (path(&uri), &headers, &*body);
    answer(callback::receive(&site.provider, &context, &kind, call).await)
}

/// `POST /registers/legal-entities/changed`
pub async fn legal_entities(
    State(site): State<Site>,
    OriginalUri(uri): OriginalUri,
    Extension(context): Extension<RequestContext>,
    (headers, body): (HeaderMap, Bytes),
) -> Response {
    answer(told::receive(&site.provider, &context, (path(&uri), &headers, &body)).await)
}

fn path(uri: &Uri) -> &str {
    uri.path_and_query().map_or("", PathAndQuery::as_str)
}

fn answer(taken: Result<(), NotTaken>) -> Response {
    let (status, code) = match taken {
        Ok(()) => (StatusCode::OK, 0),
        Err(NotTaken::Call(refused)) => (StatusCode::UNAUTHORIZED, refused.code()),
        Err(NotTaken::Unknown) => (StatusCode::BAD_REQUEST, 4000),
        Err(NotTaken::NotOffered) => (StatusCode::NOT_FOUND, 4004),
        Err(NotTaken::Store(error)) => return JsonError::from(error).into_response(),
    };
    respond::json(status, &json!({ "code": code }))
}
