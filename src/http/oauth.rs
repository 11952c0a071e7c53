//! Endpoints that programs call: token, introspection, revocation, UserInfo (RFC 6749 §3.2, RFC 7662,
//! RFC 7009, OpenID Connect Core §5.3).

use std::sync::Arc;

use axum::extract::FromRequest;
use axum::extract::Request;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;
use http::header;

use crate::audit;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::request_context::RequestContext;
use crate::http::respond;
use crate::http::respond::BearerError;
use crate::http::respond::JsonError;
use crate::http::site::Site;
use crate::http::visitor;
use crate::protocol::client_auth;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::introspection;
use crate::protocol::parameters::Parameters;
use crate::protocol::revocation;
use crate::protocol::token;
use crate::protocol::userinfo;

/// A request of a client that has proven who it is. No handler can forget to ask.
pub struct Authenticated {
    site: Site,
    context: RequestContext,
    client: Arc<Client>,
    form: Parameters,
}

impl FromRequest<Site> for Authenticated {
    type Rejection = Response;

    async fn from_request(request: Request, site: &Site) -> Result<Self, Response> {
        let refuse = |error: OAuthError| JsonError(error).into_response();
        let context = request.extensions().get::<RequestContext>().cloned();
        let Some(context) = context else {
            return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
        };
        let headers = request.headers().clone();
        if !visitor::is_form(&headers) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
        }
        let body = axum::body::Bytes::from_request(request, site).await;
        let body = body.map_err(IntoResponse::into_response)?;
        let authenticated = async {
            let form = Parameters::parse(&body)?;
            let header = authorization(&headers)?;
            let client = client_auth::authenticate(&site.provider, &context, header, &form).await?;
            Ok((client, form))
        };
        match authenticated.await {
            Ok((client, form)) => Ok(Self { site: site.clone(), context, client, form }),
            Err(error) => {
                let error = record(site, &context, (AuditKind::ClientRefused, None), error).await;
                Err(refuse(error))
            }
        }
    }
}

/// `POST /oauth2/token`
pub async fn token(request: Authenticated) -> Result<Response, JsonError> {
    let Authenticated { site, context, client, form } = request;
    match token::grant(&site.provider, &context, &client, &form).await {
        Ok(answer) => Ok(respond::json(StatusCode::OK, &answer)),
        Err(error) => {
            let kind = (AuditKind::TokenRefused, Some(&client.id));
            Err(record(&site, &context, kind, error).await.into())
        }
    }
}

/// `POST /oauth2/introspect`
pub async fn introspect(request: Authenticated) -> Result<Response, JsonError> {
    let Authenticated { site, context, client, form } = request;
    match introspection::introspect(&site.provider, &context, &client, &form).await {
        Ok(answer) => Ok(respond::json(StatusCode::OK, &answer)),
        Err(error) => {
            let kind = (AuditKind::TokenRefused, Some(&client.id));
            Err(record(&site, &context, kind, error).await.into())
        }
    }
}

/// `POST /oauth2/revoke`
pub async fn revoke(request: Authenticated) -> Result<Response, JsonError> {
    let Authenticated { site, context, client, form } = request;
    match revocation::revoke(&site.provider, &context, &client, &form).await {
        Ok(()) => Ok(StatusCode::OK.into_response()),
        Err(error) => {
            let kind = (AuditKind::TokenRefused, Some(&client.id));
            Err(record(&site, &context, kind, error).await.into())
        }
    }
}

/// `GET /oauth2/userinfo`; a token in the query is never read (RFC 9700 §4.3.2).
pub async fn userinfo(State(site): State<Site>, request: Request) -> Result<Response, BearerError> {
    answer_userinfo(&site, request, None).await
}

/// `POST /oauth2/userinfo`: the token in the header, or in the form (RFC 6750 §2.2).
pub async fn userinfo_by_form(
    State(site): State<Site>,
    request: Request,
) -> Result<Response, BearerError> {
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return Ok(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
    }
    if !visitor::is_form(request.headers()) {
        return answer_userinfo(&site, request, None).await;
    }
    let (parts, body) = request.into_parts();
    let head = Request::from_parts(parts.clone(), axum::body::Body::empty());
    let body = axum::body::Bytes::from_request(Request::from_parts(parts, body), &site).await;
    let body = body.map_err(|_| ErrorCode::InvalidRequest.because("the body cannot be read"))?;
    answer_userinfo(&site, head, Some(&body)).await
}

async fn answer_userinfo(
    site: &Site,
    request: Request,
    form: Option<&[u8]>,
) -> Result<Response, BearerError> {
    let context = request.extensions().get::<RequestContext>().cloned();
    let context = context.ok_or(BearerError::Missing)?;
    let claims = match presented_token(&request, form) {
        Ok(None) => return Err(BearerError::Missing),
        Ok(Some(token)) => userinfo::claims(&site.provider, &context, &token).await,
        Err(error) => Err(error),
    };
    match claims {
        Ok(claims) => Ok(respond::json(StatusCode::OK, &claims)),
        Err(error) => {
            Err(record(site, &context, (AuditKind::TokenRefused, None), error).await.into())
        }
    }
}

/// The one token of a request.
fn presented_token(request: &Request, form: Option<&[u8]>) -> Result<Option<String>, OAuthError> {
    let query = Parameters::parse(request.uri().query().unwrap_or_default().as_bytes())?;
    if query.get("access_token").is_some() {
        return Err(ErrorCode::InvalidRequest.because("a token has no place in an address"));
    }
    let form = Parameters::parse(form.unwrap_or_default())?;
    let in_header = authorization(request.headers())?.and_then(bearer);
    match (in_header, form.get("access_token")) {
        (Some(_), Some(_)) => Err(ErrorCode::InvalidRequest.because("the token stands twice")),
        (token, None) | (None, token) => Ok(token.map(str::to_owned)),
    }
}

/// The one `Authorization` header. One that is no text proves nothing, like an empty one.
pub(super) fn authorization(headers: &HeaderMap) -> Result<Option<&str>, OAuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let first = values.next().map(|value| value.to_str().unwrap_or_default());
    if values.next().is_some() {
        return Err(ErrorCode::InvalidRequest.because("there are two Authorization headers"));
    }
    Ok(first)
}

/// The token of such a header.
pub(super) fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// One audit record a refusal, and none for a failure of our own.
pub(super) async fn record(
    site: &Site,
    context: &RequestContext,
    (kind, client): (AuditKind, Option<&ClientId>),
    error: OAuthError,
) -> OAuthError {
    let ours = matches!(error.code, ErrorCode::ServerError | ErrorCode::TemporarilyUnavailable);
    if error.recorded || ours {
        return error;
    }
    let why = (error.code.as_str(), client);
    match audit::record_refusal(&site.provider, context, kind, why).await {
        Ok(()) => error,
        Err(away) => away.into(),
    }
}
