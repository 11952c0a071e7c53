//! Operators come in: an invitation is accepted, password and app are shown, the session ends.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use crate::console;
use crate::console::invitations;
use crate::console::invitations::AcceptError;
use crate::console::invitations::Form;
use crate::console::invitations::Offer;
use crate::console::sign_on;
use crate::console::sign_on::ChangeError;
use crate::console::sign_on::Login;
use crate::console::sign_on::LoginError;
use crate::domain::id::OperatorSessionDigest;
use crate::domain::operator::Region;
use crate::domain::password::PasswordError;
use crate::http::console::LOGIN;
use crate::http::console::Officer;
use crate::http::console::OfficerForm;
use crate::http::console::open_page;
use crate::http::console::with_cookie;
use crate::http::failure::Failure;
use crate::http::pages;
use crate::http::respond;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;

/// `GET /console/login`
pub async fn show(visitor: Visitor) -> Result<Response, Failure> {
    login_page(&visitor, (StatusCode::OK, None))
}

/// `POST /console/login`
pub async fn submit(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let text = |name| form.get(name).unwrap_or_default();
    let login =
        Login { login_name: text("login_name"), password: text("password"), code: text("code") };
    let token = crate::crypto::random::token();
    let digest = OperatorSessionDigest::of(&token);
    let replaces = visitor.console.as_deref().map(OperatorSessionDigest::of);
    let sessions = (replaces, digest);
    match sign_on::log_in(visitor.provider(), &visitor.context, login, sessions).await {
        Ok(()) => Ok(with_cookie(&visitor, respond::see_other("/console"), &token)),
        Err(LoginError::Rejected) => {
            login_page(&visitor, (StatusCode::BAD_REQUEST, Some("console-login-rejected")))
        }
        Err(LoginError::Busy) => {
            login_page(&visitor, (StatusCode::SERVICE_UNAVAILABLE, Some("busy")))
        }
        Err(LoginError::Store(error)) => Err(error.into()),
        Err(LoginError::Vault(error)) => Err(error.into()),
    }
}

/// `GET /console/password`
pub async fn show_password(officer: Officer) -> Result<Response, Failure> {
    password_page(&officer, StatusCode::OK, None)
}

/// `POST /console/password`
pub async fn change_password(
    OfficerForm { officer, form }: OfficerForm,
) -> Result<Response, Failure> {
    let text = |name| form.get(name).unwrap_or_default();
    let (shown, new) =
        ((text("current_password"), text("code")), (text("password"), text("password_again")));
    let error = match sign_on::change_password(officer.actor(), shown, new).await {
        Ok(()) => return Ok(with_cookie(&officer.visitor, respond::see_other(LOGIN), "")),
        Err(error) => error,
    };
    let busy = (StatusCode::SERVICE_UNAVAILABLE, "busy");
    let (status, key) = match error {
        ChangeError::Login(LoginError::Rejected) => {
            (StatusCode::BAD_REQUEST, "console-password-rejected")
        }
        ChangeError::Login(LoginError::Busy) | ChangeError::New(AcceptError::Busy) => busy,
        ChangeError::Login(LoginError::Store(error)) => return Err(error.into()),
        ChangeError::Login(LoginError::Vault(error)) => return Err(error.into()),
        ChangeError::New(error) => match told(&error) {
            Some((_, key)) => (StatusCode::BAD_REQUEST, key),
            None => return Err(failure(error)),
        },
    };
    password_page(&officer, status, Some(key))
}

fn password_page(
    officer: &Officer,
    status: StatusCode,
    error: Option<&str>,
) -> Result<Response, Failure> {
    officer.page((status, "console/password.html"), json!({ "error": error }))
}

/// `POST /console/logout`
pub async fn log_out(OfficerForm { officer, .. }: OfficerForm) -> Result<Response, Failure> {
    let Officer { visitor, operator, session } = officer;
    sign_on::log_out(visitor.provider(), &visitor.context, &operator, session).await?;
    Ok(with_cookie(&visitor, respond::see_other(LOGIN), ""))
}

/// `GET /console/invitation`: looking at it changes nothing.
pub async fn invitation(visitor: Visitor) -> Result<Response, Failure> {
    let token = visitor.query.get("token").unwrap_or_default();
    match invitations::offer(visitor.provider(), token).await.map_err(failure)? {
        Some(offer) => invitation_page(&visitor, token, &offer, (StatusCode::OK, "", None)),
        None => gone(&visitor).await,
    }
}

/// `POST /console/invitation`
pub async fn accept(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let text = |name| form.get(name).unwrap_or_default();
    let token = text("token");
    let fields = Form {
        login_name: text("login_name"),
        password: text("password"),
        password_again: text("password_again"),
        challenge: text("challenge"),
        code: text("code"),
    };
    let provider = visitor.provider();
    let (status, error) = match invitations::accept(provider, &visitor.context, token, fields).await
    {
        Ok(()) => return Ok(respond::see_other(LOGIN)),
        Err(AcceptError::Over) => return gone(&visitor).await,
        Err(AcceptError::Busy) => (StatusCode::SERVICE_UNAVAILABLE, ("form", "busy")),
        Err(error) => match told(&error) {
            Some(told) => (StatusCode::BAD_REQUEST, told),
            None => return Err(failure(error)),
        },
    };
    let offer = invitations::offer_again(provider, token, fields.challenge).await;
    match offer.map_err(failure)? {
        Some(offer) => {
            let said = (status, fields.login_name, Some(error));
            invitation_page(&visitor, token, &offer, said)
        }
        None => gone(&visitor).await,
    }
}

/// The field and what is said of it.
fn told(error: &AcceptError) -> Option<(&'static str, &'static str)> {
    Some(match error {
        AcceptError::LoginName => ("login_name", "login-name-invalid"),
        AcceptError::Taken => ("login_name", "login-name-taken"),
        AcceptError::Password(PasswordError::TooShort) => ("password", "password-too-short"),
        AcceptError::Password(PasswordError::TooLong) => ("password", "password-too-long"),
        AcceptError::Password(PasswordError::Common) => ("password", "password-common"),
        AcceptError::Password(PasswordError::Classes) => ("password", "password-classes"),
        AcceptError::Mismatch => ("password_again", "password-mismatch"),
        AcceptError::Code => ("code", "totp-wrong"),
        AcceptError::Over | AcceptError::Busy | AcceptError::Store(_) | AcceptError::Vault(_) => {
            return None;
        }
    })
}

fn failure(error: AcceptError) -> Failure {
    match error {
        AcceptError::Store(error) => error.into(),
        AcceptError::Vault(error) => error.into(),
        AcceptError::Busy => Failure::away(),
        other => Failure::bad_request(other.to_string()),
    }
}

async fn gone(visitor: &Visitor) -> Result<Response, Failure> {
    let page = (StatusCode::GONE, "console/invitation_gone.html");
    let response = open_page(visitor, page, json!({}))?;
    // Who tries tokens leaves a trace.
    match visitor.refuse("the invitation is over", Failure::not_found()).await {
        failure if failure.status.is_server_error() => Err(failure),
        _ => Ok(response),
    }
}

fn login_page(
    visitor: &Visitor,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    open_page(visitor, (status, "console/login.html"), json!({ "error": error }))
}

#[derive(Serialize)]
struct InvitationPage<'a> {
    token: &'a str,
    name: String,
    role: &'a str,
    region: Option<String>,
    qr_svg: pages::Markup,
    secret: &'a str,
    challenge: &'a str,
    fields: serde_json::Value,
    errors: serde_json::Value,
    has_errors: bool,
}

fn invitation_page(
    visitor: &Visitor,
    token: &str,
    offer: &Offer,
    (status, login_name, error): (StatusCode, &str, Option<(&str, &str)>),
) -> Result<Response, Failure> {
    let of = |field: &str| error.filter(|(known, _)| *known == field).map(|(_, key)| key);
    let invitation = &offer.invitation;
    let page = InvitationPage {
        token,
        name: console::name_of(visitor.provider(), &invitation.name)?,
        role: invitation.role.as_str(),
        region: invitation.region.as_ref().map(Region::name),
        qr_svg: pages::qr_svg(&offer.uri)?,
        secret: &offer.secret,
        challenge: &offer.challenge,
        fields: json!({ "login_name": login_name }),
        errors: json!({
            "login_name": of("login_name"), "password": of("password"),
            "password_again": of("password_again"), "code": of("code"), "form": of("form"),
        }),
        has_errors: error.is_some(),
    };
    open_page(visitor, (status, "console/invitation.html"), page)
}
