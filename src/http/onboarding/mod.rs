//! `/onboarding`: a portal applies, and its developer looks after it by a link nobody else has.

mod picture;
mod shown;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::console::applications;
use crate::domain::application::State;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::http::site::Site;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::onboarding::Errors;
use crate::onboarding::OnboardingError;
use crate::onboarding::addresses;
use crate::onboarding::form::FIELDS;
use crate::onboarding::form::REASONS;
use crate::onboarding::logo;
use crate::onboarding::testers;
use crate::onboarding::testers::Tester;
use crate::onboarding::tracking;
use crate::onboarding::tracking::Applicant;
use crate::onboarding::tracking::Tracked;
use crate::protocol::parameters::Parameters;

pub use picture::show as show_logo;
pub use shown::document_shown;
pub use shown::report_shown;

/// The routes below `/onboarding`.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/onboarding", get(show).post(submit))
        .route("/onboarding/{token}", get(track).post(step))
        .route(
            "/onboarding/{token}/logo",
            post(picture::upload).layer(DefaultBodyLimit::max(UPLOAD)),
        )
}

/// Longest body of an upload, in bytes: the file, and the form around it.
const UPLOAD: usize = logo::LARGEST + 4 * 1024;

/// What came of a step on the tracking page.
enum Told {
    /// It was done.
    Done,
    /// A new secret, shown in this answer alone.
    Secret(String),
    /// A test person, whose password is shown in this answer alone.
    Tester(Tester),
    /// A form for another unit of the same supplier.
    Another(Value),
}

/// `GET /onboarding`
pub async fn show(visitor: Visitor) -> Result<Response, Failure> {
    form_page(&visitor, &json!({}), (StatusCode::OK, &Errors::new()))
}

/// `POST /onboarding`
pub async fn submit(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let applicant = Applicant { provider: visitor.provider(), context: &visitor.context };
    let (status, errors) = match tracking::submit(applicant, &form).await {
        Ok(token) => {
            let url = applications::tracking_url(visitor.provider(), &token);
            let page = json!({ "url": url, "path": format!("/onboarding/{token}") });
            return visitor.page("onboarding_filed.html", page);
        }
        Err(OnboardingError::Fields(errors)) => (StatusCode::BAD_REQUEST, errors),
        Err(OnboardingError::TooMany) => {
            (StatusCode::TOO_MANY_REQUESTS, Errors::from([("form", "portal-too-many")]))
        }
        Err(error) => return Err(failure(&visitor, error).await),
    };
    form_page(&visitor, &typed(&form), (status, &errors))
}

/// `GET /onboarding/{token}`
pub async fn track(Path(token): Path<String>, visitor: Visitor) -> Result<Response, Failure> {
    let tracked = find(&visitor, &token).await?;
    let done = visitor.query.get("done").map(|_| "portal-done");
    let page = json!({ "done": done });
    track_page(&visitor, (&token, &tracked), page, (StatusCode::OK, &Errors::new()))
}

/// `POST /onboarding/{token}`
pub async fn step(
    Path(token): Path<String>,
    Posted { visitor, form }: Posted,
) -> Result<Response, Failure> {
    let tracked = find(&visitor, &token).await?;
    let told = |errors: Errors, status| {
        let page = json!({ "typed": typed(&form) });
        track_page(&visitor, (&token, &tracked), page, (status, &errors))
    };
    let whole = |key| Errors::from([("form", key)]);
    match take(&visitor, &tracked, &form).await {
        Ok(Told::Done) => Ok(respond::see_other(&format!("/onboarding/{token}?done=1"))),
        Ok(Told::Secret(secret)) => {
            let page = json!({ "secret": secret });
            track_page(&visitor, (&token, &tracked), page, (StatusCode::OK, &Errors::new()))
        }
        Ok(Told::Tester(Tester { id_number, password })) => {
            let page = json!({ "tester": { "id_number": id_number, "password": password } });
            track_page(&visitor, (&token, &tracked), page, (StatusCode::OK, &Errors::new()))
        }
        Ok(Told::Another(fields)) => form_page(&visitor, &fields, (StatusCode::OK, &Errors::new())),
        Err(OnboardingError::Fields(errors)) => told(errors, StatusCode::BAD_REQUEST),
        Err(OnboardingError::Over) => told(whole("portal-over"), StatusCode::CONFLICT),
        Err(OnboardingError::NotGreen) => told(whole("portal-not-green"), StatusCode::CONFLICT),
        Err(OnboardingError::TooMany) => {
            told(whole("portal-too-many"), StatusCode::TOO_MANY_REQUESTS)
        }
        Err(error) => Err(failure(&visitor, error).await),
    }
}

async fn take(
    visitor: &Visitor,
    tracked: &Tracked,
    form: &Parameters,
) -> Result<Told, OnboardingError> {
    let applicant = Applicant { provider: visitor.provider(), context: &visitor.context };
    let wish = |next| tracking::wish(applicant, tracked, next);
    match form.get("step").unwrap_or_default() {
        "correct" => tracking::correct(applicant, tracked, form).await?,
        "withdraw" => wish(State::Withdrawn).await?,
        "live" => wish(State::LiveAsked).await?,
        "not-live" => wish(State::Sandbox).await?,
        "retire" => wish(State::RetireAsked).await?,
        "not-retire" => wish(State::Live).await?,
        "keys" => tracking::replace_keys(applicant, tracked, form).await?,
        "contact" => tracking::change_contact(applicant, tracked, form).await?,
        "renew" => tracking::renew(applicant, tracked).await?,
        "addresses" => addresses::look(applicant.provider, tracked).await?,
        "secret" => {
            return Ok(Told::Secret(tracking::rotate_secret(applicant, tracked).await?));
        }
        "tester" => return Ok(Told::Tester(testers::make(applicant, tracked).await?)),
        "another" => return Ok(Told::Another(shown::for_another(&tracked.document))),
        _ => return Err(OnboardingError::Foreign),
    }
    Ok(Told::Done)
}

/// Whoever guesses a link learns no more than that it is none.
async fn find(visitor: &Visitor, token: &str) -> Result<Tracked, Failure> {
    match tracking::find(visitor.provider(), token).await {
        Ok(tracked) => Ok(tracked),
        Err(error) => Err(failure(visitor, error).await),
    }
}

/// What was typed, so that nobody types it twice.
fn typed(form: &Parameters) -> Value {
    let fields = FIELDS.into_iter().chain(REASONS);
    fields.filter_map(|name| Some((name.to_owned(), json!(form.get(name)?)))).collect()
}

fn form_page(
    visitor: &Visitor,
    fields: &Value,
    (status, errors): (StatusCode, &Errors),
) -> Result<Response, Failure> {
    let page = json!({ "form": shown::form(fields, errors, visitor.provider()) });
    visitor.page_towards(&[], (status, "onboarding.html"), page)
}

fn track_page(
    visitor: &Visitor,
    (token, tracked): (&str, &Tracked),
    mut page: Value,
    (status, errors): (StatusCode, &Errors),
) -> Result<Response, Failure> {
    let provider = visitor.provider();
    let Tracked { application, document, client, .. } = tracked;
    let typed = page.get("typed").filter(|typed| typed.get("unit_name").is_some()).cloned();
    let fields = typed.unwrap_or_else(|| shown::fields(document));
    let contact = page.get("typed").filter(|typed| typed.get("contact_name").is_some());
    page["contact"] = contact.cloned().unwrap_or_else(|| shown::fields(document));
    page["form"] = shown::form(&fields, errors, provider);
    page["errors"] = json!(errors);
    page["token"] = token.into();
    page["state"] = application.state.as_str().replace('_', "-").into();
    page["document"] = document_shown(document);
    page["report"] = report_shown(tracked.report.as_deref());
    page["client"] = client.as_deref().filter(|_| application.state.has_client()).map_or(
        Value::Null,
        |client| {
            json!({
                "id": client.id, "keeps_secret": client.keeps_secret(),
                "has_keys": client.jwks.is_some(), "sandbox": client.sandbox,
                "logo": client.logo.as_ref().map(|digest| logo::path(&client.id, digest)),
            })
        },
    );
    page["testers"] = json!(document.testers);
    page["issuer"] = provider.config.issuer_text().into();
    page["renew_by"] = application.renew_by.map(|at| at.to_beijing()[..10].to_owned()).into();
    page["is_due"] = application.is_due(provider.clock.now()).into();
    page["is_over"] = application.state.is_over().into();
    for name in ["done", "secret", "tester"] {
        if page.get(name).is_none() {
            page[name] = Value::Null;
        }
    }
    visitor.page_towards(&[], (status, "onboarding_track.html"), page)
}

async fn failure(visitor: &Visitor, error: OnboardingError) -> Failure {
    match error {
        OnboardingError::Store(error) => error.into(),
        OnboardingError::Vault(error) => error.into(),
        OnboardingError::NotFound => Failure::not_found(),
        other => {
            let refused = Failure::bad_request(other.to_string());
            visitor.refuse("a field or step of no form of ours", refused).await
        }
    }
}
