//! The authenticator app: enrolling, new recovery codes, removing.

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use crate::domain::assurance::Method;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::failure::Failure;
use crate::http::pages;
use crate::http::respond;
use crate::http::second_factor;
use crate::http::visitor::Visitor;
use crate::login::LoginError;
use crate::login::totp_enrolment;
use crate::login::totp_enrolment::Offer;

/// Where this page is.
const PATH: &str = "/account/totp";

#[derive(Serialize, Default)]
struct Page<'a> {
    enrolled: bool,
    recovery_left: i64,
    qr_svg: Option<pages::Markup>,
    secret: Option<&'a str>,
    challenge: Option<&'a str>,
    error: Option<&'a str>,
}

/// `GET /account/totp`
pub async fn show(owner: Owner) -> Result<Response, Failure> {
    let Owner { visitor, signed_in } = owner;
    let left = totp_enrolment::recovery_codes_left(visitor.provider(), &signed_in.account).await?;
    let enrolled = signed_in.account.has_totp;
    visitor.page("account_totp.html", Page { enrolled, recovery_left: left, ..Page::default() })
}

/// `POST /account/totp`
pub async fn change(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    if !owner.is_fresh() {
        return Ok(Owner::ask_again(PATH));
    }
    let Owner { visitor, signed_in } = &owner;
    let (provider, context, account) = (visitor.provider(), &visitor.context, &signed_in.account);
    match (form.get("step"), account.has_totp) {
        (Some("begin"), false) => {
            let offer = totp_enrolment::offer(provider, account)?;
            offered(visitor, &offer, (StatusCode::OK, None))
        }
        (Some("enrol"), false) => {
            let challenge = form.get("challenge").unwrap_or_default();
            let answer = (challenge, form.get("code").unwrap_or_default());
            match second_factor::complete(visitor, signed_in, answer).await {
                Ok(codes) => second_factor::recovery_codes(visitor, &codes, PATH),
                Err(LoginError::CodeWrong) => {
                    let offer = totp_enrolment::offer_again(provider, account, challenge)?;
                    let said = Some(second_factor::wrong(Method::Totp));
                    offered(visitor, &offer, (StatusCode::BAD_REQUEST, said))
                }
                Err(error) => Err(error.into()),
            }
        }
        (Some("renew"), true) => {
            let codes = totp_enrolment::renew_recovery_codes(provider, context, account).await?;
            second_factor::recovery_codes(visitor, &codes, PATH)
        }
        (Some("remove"), true) => {
            totp_enrolment::remove(provider, context, account).await?;
            Ok(respond::see_other(PATH))
        }
        // Somebody else's tab was faster: show how it stands now.
        _ => Ok(respond::see_other(PATH)),
    }
}

fn offered(
    visitor: &Visitor,
    offer: &Offer,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let page = Page {
        qr_svg: Some(pages::qr_svg(&offer.uri)?),
        secret: Some(&offer.secret),
        challenge: Some(&offer.challenge),
        error,
        ..Page::default()
    };
    visitor.page_towards(&[], (status, "account_totp.html"), page)
}
