//! A portal's logo comes as a file in a form (RFC 7578), and is served to everybody for as long as it stays the
//! same.

use axum::body::Body;
use axum::extract::Multipart;
use axum::extract::Path;
use axum::extract::State;
use axum::extract::multipart::MultipartRejection;
use axum::extract::rejection::PathRejection;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::header;
use serde_json::json;

use crate::http::failure::Failure;
use crate::http::onboarding::failure;
use crate::http::onboarding::find;
use crate::http::onboarding::track_page;
use crate::http::respond;
use crate::http::site::Site;
use crate::http::upload;
use crate::http::visitor::Visitor;
use crate::onboarding::Errors;
use crate::onboarding::OnboardingError;
use crate::onboarding::logo;
use crate::onboarding::tracking::Applicant;

/// `GET /logo/{client}/{digest}`
pub async fn show(
    State(site): State<Site>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Failure> {
    // An address that is no text is nobody's.
    let Ok(Path((client, digest))) = path else { return Err(Failure::not_found()) };
    let found = logo::find(&site.provider, &client, &digest).await?;
    let mut response = Response::new(Body::from(found.ok_or_else(Failure::not_found)?));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    // Opened by itself it is no page of ours.
    let apart = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox");
    headers.insert(header::CONTENT_SECURITY_POLICY, apart);
    let file = HeaderValue::from_static("attachment; filename=\"logo.png\"");
    headers.insert(header::CONTENT_DISPOSITION, file);
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, forever);
    Ok(response)
}

/// `POST /onboarding/{token}/logo`
pub async fn upload(
    Path(token): Path<String>,
    visitor: Visitor,
    headers: HeaderMap,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, Failure> {
    let visitor = visitor.at(&format!("/onboarding/{token}"));
    let form = upload::read(&visitor, &headers, parts, &[("logo", logo::LARGEST)]).await?;
    let file = form.bytes("logo").unwrap_or_default();
    let tracked = find(&visitor, &token).await?;
    let applicant = Applicant { provider: visitor.provider(), context: &visitor.context };
    let (status, errors) = match logo::change(applicant, &tracked, file).await {
        Ok(()) => return Ok(respond::see_other(&format!("/onboarding/{token}?done=1"))),
        Err(OnboardingError::Fields(errors)) => (StatusCode::BAD_REQUEST, errors),
        Err(OnboardingError::Over) => {
            (StatusCode::CONFLICT, Errors::from([("form", "portal-over")]))
        }
        Err(error) => return Err(failure(&visitor, error).await),
    };
    track_page(&visitor, (&token, &tracked), json!({}), (status, &errors))
}
