//! Changing the password, and typing it again before what matters.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::domain::assurance::Method;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::http::second_factor;
use crate::http::visitor::Visitor;
use crate::people::password;
use crate::people::password::SetPasswordError;

/// `GET /account/password`
pub async fn show(owner: Owner) -> Result<Response, Failure> {
    let done = owner.visitor.query.get("done").is_some();
    page(&owner.visitor, StatusCode::OK, None, done)
}

/// `POST /account/password`
pub async fn change(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    let text = |name| form.get(name).unwrap_or_default();
    let current = text("current_password");
    let proven = second_factor::prove_password(&owner.visitor, &owner.signed_in, current).await?;
    if let Err((status, key)) = proven {
        return page(&owner.visitor, status, Some(key), false);
    }
    let Owner { visitor, signed_in } = &owner;
    let (new, keep) = ((text("password"), text("password_again")), Some(signed_in.session.id));
    let provider = visitor.provider();
    let set = password::set(provider, &visitor.context, &signed_in.account, new, keep).await;
    let (status, key) = match set {
        Ok(()) => return Ok(respond::see_other("/account/password?done=1")),
        Err(SetPasswordError::Rule(error)) => {
            (StatusCode::BAD_REQUEST, password::message_key(error))
        }
        Err(SetPasswordError::Mismatch) => (StatusCode::BAD_REQUEST, "password-mismatch"),
        Err(SetPasswordError::Busy) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        Err(SetPasswordError::Store(error)) => return Err(error.into()),
        Err(SetPasswordError::Vault(error)) => return Err(error.into()),
    };
    page(visitor, status, Some(key), false)
}

/// `GET /account/reauthenticate`
pub async fn ask_again(owner: Owner) -> Result<Response, Failure> {
    let back = owner.visitor.query.get("return").map(str::to_owned);
    again_page(&owner.visitor, back.as_deref(), (StatusCode::OK, None))
}

/// `POST /account/reauthenticate`
pub async fn prove_again(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    let back = form.get("return");
    let password = form.get("password").unwrap_or_default();
    match second_factor::prove_password(&owner.visitor, &owner.signed_in, password).await? {
        Ok(()) => {
            owner.visitor.remember(&owner.signed_in.account, Method::Password).await?;
            Ok(respond::see_other(own_path(back)))
        }
        Err((status, key)) => again_page(&owner.visitor, back, (status, Some(key))),
    }
}

/// A page of the account; anything else a form could name leads to its front.
fn own_path(path: Option<&str>) -> &str {
    let plain = |path: &&str| {
        path.starts_with("/account/") && path.bytes().all(|b| b.is_ascii_lowercase() || b == b'/')
    };
    path.filter(plain).unwrap_or("/account")
}

fn page(
    visitor: &Visitor,
    status: StatusCode,
    error: Option<&str>,
    done: bool,
) -> Result<Response, Failure> {
    let page = json!({ "error": error, "done": done });
    visitor.page_towards(&[], (status, "account_password.html"), page)
}

fn again_page(
    visitor: &Visitor,
    back: Option<&str>,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let page = json!({ "error": error, "return_to": own_path(back) });
    visitor.page_towards(&[], (status, "account_reauthenticate.html"), page)
}
