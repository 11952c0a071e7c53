//! The phone of an account: another one, or none; and whether its text messages log in.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::domain::assurance::Method;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::one_time_code::Sent;
use crate::people::choices;
use crate::people::phone;
use crate::people::phone::PhoneError;

/// Flows of a change of phone.
const FLOW: &str = "phone";
const PATH: &str = "/account/phone";

/// `GET /account/phone`
pub async fn show(owner: Owner) -> Result<Response, Failure> {
    let done = owner.visitor.query.get("done").is_some();
    page(&owner, (StatusCode::OK, None), (done, None))
}

/// `POST /account/phone`
pub async fn change(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    if !owner.is_fresh() {
        return Ok(Owner::ask_again(PATH));
    }
    let (visitor, account) = (&owner.visitor, &owner.signed_in.account);
    let (provider, context) = (visitor.provider(), &visitor.context);
    let binding = visitor.browser.binding(FLOW);
    let text = |name| form.get(name).unwrap_or_default();
    let done = match form.get("step") {
        Some("send") => {
            match phone::begin(provider, context, (account, text("phone")), binding).await {
                Ok(sent) => return page(&owner, (StatusCode::OK, None), (false, Some(&sent))),
                Err(error) => Err(error),
            }
        }
        Some("verify") => {
            let answer = (account, text("pending"), text("code"));
            phone::confirm(provider, context, answer, binding).await
        }
        Some("remove") => phone::remove(provider, context, account).await,
        Some(step @ ("block-sms" | "allow-sms")) => {
            let who = (account, &owner.signed_in.session);
            let to = (Method::Sms, step == "block-sms");
            choices::block_method(provider, context, who, to).await?;
            return Ok(respond::see_other(PATH));
        }
        _ => return Err(Failure::bad_request("step is none of this page's")),
    };
    let (status, key) = match done {
        Ok(()) => return Ok(respond::see_other("/account/phone?done=1")),
        Err(PhoneError::Invalid) => (StatusCode::BAD_REQUEST, "phone-invalid"),
        Err(PhoneError::Same) => (StatusCode::BAD_REQUEST, "phone-same"),
        Err(PhoneError::CodeWrong) => (StatusCode::BAD_REQUEST, "code-wrong"),
        Err(PhoneError::Held) => (StatusCode::CONFLICT, "phone-held"),
        Err(PhoneError::Stale) => (StatusCode::CONFLICT, "account-changed"),
        Err(PhoneError::Store(error)) => return Err(error.into()),
        Err(PhoneError::Vault(error)) => return Err(error.into()),
    };
    let again = (key == "code-wrong").then(|| Sent {
        pending: text("pending").to_owned(),
        phone_masked: text("phone_masked").to_owned(),
    });
    page(&owner, (status, Some(key)), (false, again.as_ref()))
}

fn page(
    owner: &Owner,
    (status, error): (StatusCode, Option<&str>),
    (done, sent): (bool, Option<&Sent>),
) -> Result<Response, Failure> {
    let masks = owner.visitor.provider().config.masking;
    let page = json!({
        "phone": owner.signed_in.profile.phone.as_deref().map(|phone| masks.phone(phone)),
        "fresh": owner.is_fresh(), "error": error, "done": done,
        "sms_login": owner.signed_in.account.choices.allows(Method::Sms),
        "pending": sent.map(|sent| &sent.pending),
        "phone_masked": sent.map(|sent| &sent.phone_masked),
    });
    owner.visitor.page_towards(&[], (status, "account_phone.html"), page)
}
