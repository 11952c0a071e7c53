//! `/login/second` and `/login/enrol`: a further factor, or the app that will give one from now on.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::domain::assurance::Method;
use crate::http::failure::Failure;
use crate::http::flow;
use crate::http::flow::Flow;
use crate::http::pages;
use crate::http::session::SignedIn;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::login::LoginError;
use crate::login::authenticators::Attempt;
use crate::login::decide::Decision;
use crate::login::second_factor;
use crate::login::totp_enrolment;
use crate::login::totp_enrolment::Offer;

/// What stands in the form besides what is always there.
#[derive(Default)]
struct Shown {
    challenge: Option<String>,
    error: Option<&'static str>,
}

/// `GET /login/second`
pub async fn show(visitor: Visitor) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, visitor.query.get("tx")).await?;
    let decision = flow::next(&visitor, flow.as_ref()).await?;
    let (Decision::Prove(methods), Some(_)) = (&decision, &visitor.signed_in) else {
        return Ok(flow::go(&decision, flow.as_ref()));
    };
    let method = flow::chosen(visitor.query.get("method"), methods)?;
    page(&visitor, flow.as_ref(), (methods, method), (StatusCode::OK, Shown::default()))
}

/// `POST /login/second`
pub async fn submit(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, form.get("tx")).await?;
    let decision = flow::next(&visitor, flow.as_ref()).await?;
    let (Decision::Prove(methods), Some(signed_in)) = (&decision, &visitor.signed_in) else {
        return Ok(flow::go(&decision, flow.as_ref()));
    };
    let method = flow::chosen(form.get("method"), methods)?;
    let attempt = Attempt {
        context: &visitor.context,
        account: Some(&signed_in.account),
        binding: visitor.browser.binding(form.get("tx").unwrap_or_default()),
        challenge: form.get("challenge"),
    };
    let (provider, offered) = (visitor.provider(), (methods.as_slice(), method));
    if method == Method::Sms && form.get("step") != Some("verify") {
        let challenge = second_factor::begin(provider, method, &attempt).await?;
        let shown = Shown { challenge: challenge.id, error: None };
        return page(&visitor, flow.as_ref(), offered, (StatusCode::OK, shown));
    }
    let answer = form.get(if method == Method::Password { "password" } else { "code" });
    let answer = answer.unwrap_or_default();
    let (status, key) = match second_factor::prove(provider, method, &attempt, answer).await {
        Ok(()) => {
            visitor.remember(&signed_in.account, method).await?;
            return Ok(flow::go_on(flow.as_ref()));
        }
        Err(LoginError::Rejected | LoginError::CodeWrong) => {
            (StatusCode::BAD_REQUEST, wrong(method))
        }
        Err(LoginError::Busy) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        Err(error) => return Err(error.into()),
    };
    let shown = Shown { challenge: attempt.challenge.map(str::to_owned), error: Some(key) };
    page(&visitor, flow.as_ref(), offered, (status, shown))
}

/// `GET /login/enrol`
pub async fn show_enrolment(visitor: Visitor) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, visitor.query.get("tx")).await?;
    let decision = flow::next(&visitor, flow.as_ref()).await?;
    let (Decision::Enrol, Some(signed_in)) = (&decision, &visitor.signed_in) else {
        return Ok(flow::go(&decision, flow.as_ref()));
    };
    let offer = totp_enrolment::offer(visitor.provider(), &signed_in.account)?;
    enrolment_page(&visitor, flow.as_ref(), &offer, (StatusCode::OK, None))
}

/// `POST /login/enrol`
pub async fn enrol(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, form.get("tx")).await?;
    let decision = flow::next(&visitor, flow.as_ref()).await?;
    let (Decision::Enrol, Some(signed_in)) = (&decision, &visitor.signed_in) else {
        return Ok(flow::go(&decision, flow.as_ref()));
    };
    let challenge = form.get("challenge").unwrap_or_default();
    let answer = (challenge, form.get("code").unwrap_or_default());
    match complete(&visitor, signed_in, answer).await {
        Ok(codes) => {
            let on = match &flow {
                Some(flow) => format!("/oauth2/authorize?tx={}", flow.tx),
                None => "/account/totp".to_owned(),
            };
            recovery_codes(&visitor, &codes, &on)
        }
        Err(LoginError::CodeWrong) => {
            let account = &signed_in.account;
            let offer = totp_enrolment::offer_again(visitor.provider(), account, challenge)?;
            let status = (StatusCode::BAD_REQUEST, Some(wrong(Method::Totp)));
            enrolment_page(&visitor, flow.as_ref(), &offer, status)
        }
        Err(error) => Err(error.into()),
    }
}

/// What the page says of a wrong answer.
pub fn wrong(method: Method) -> &'static str {
    match method {
        Method::Password => "password-rejected",
        Method::Totp => "totp-wrong",
        Method::RecoveryCode => "recovery-wrong",
        Method::Sms => "code-wrong",
    }
}

/// Judges the password of who is logged in, for a step that asks for it again; the inner error is what the page says.
pub async fn prove_password(
    visitor: &Visitor,
    signed_in: &SignedIn,
    password: &str,
) -> Result<Result<(), (StatusCode, &'static str)>, Failure> {
    let attempt = Attempt {
        context: &visitor.context,
        account: Some(&signed_in.account),
        binding: visitor.browser.binding("account"),
        challenge: None,
    };
    let provider = visitor.provider();
    match second_factor::prove(provider, Method::Password, &attempt, password).await {
        Ok(()) => Ok(Ok(())),
        Err(LoginError::Rejected | LoginError::CodeWrong) => {
            Ok(Err((StatusCode::BAD_REQUEST, wrong(Method::Password))))
        }
        Err(LoginError::Busy) => Ok(Err((StatusCode::SERVICE_UNAVAILABLE, "busy"))),
        Err(error) => Err(error.into()),
    }
}

/// Enrols the app; its first code counts as a proof of this session.
pub async fn complete(
    visitor: &Visitor,
    signed_in: &SignedIn,
    answer: (&str, &str),
) -> Result<Vec<String>, LoginError> {
    let account = &signed_in.account;
    let codes =
        totp_enrolment::enrol(visitor.provider(), &visitor.context, account, answer).await?;
    visitor.remember(account, Method::Totp).await.map_err(|_| LoginError::SessionOver)?;
    Ok(codes)
}

/// The page that shows recovery codes, once.
pub fn recovery_codes(
    visitor: &Visitor,
    codes: &[String],
    continue_url: &str,
) -> Result<Response, Failure> {
    let page = json!({ "codes": codes, "continue_url": continue_url });
    visitor.page("recovery_codes.html", page)
}

fn enrolment_page(
    visitor: &Visitor,
    flow: Option<&Flow>,
    offer: &Offer,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let page = EnrolmentPage {
        qr_svg: pages::qr_svg(&offer.uri)?,
        secret: &offer.secret,
        challenge: &offer.challenge,
        action: "/login/enrol",
        tx: flow.map(|flow| flow.tx.as_str()),
        error,
    };
    let towards: Vec<&str> = flow.map(Flow::redirect_uri).into_iter().collect();
    visitor.page_towards(&towards, (status, "enrol_totp.html"), page)
}

#[derive(serde::Serialize)]
struct EnrolmentPage<'a> {
    qr_svg: pages::Markup,
    secret: &'a str,
    challenge: &'a str,
    action: &'a str,
    tx: Option<&'a str>,
    error: Option<&'a str>,
}

fn page(
    visitor: &Visitor,
    flow: Option<&Flow>,
    (methods, method): (&[Method], Method),
    (status, shown): (StatusCode, Shown),
) -> Result<Response, Failure> {
    let names: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
    let profile = visitor.signed_in.as_ref().map(|signed_in| &signed_in.profile);
    let masks = visitor.provider().config.masking;
    let phone = profile.and_then(|profile| profile.phone.as_deref());
    let phone = phone.map(|phone| masks.phone(phone));
    let page = json!({
        "tx": flow.map(|flow| flow.tx.as_str()),
        "client": flow.map(Flow::client_shown),
        "method": method.as_str(),
        "methods": names,
        "code_sent_to": shown.challenge.as_ref().and(phone),
        "challenge": shown.challenge,
        "error": shown.error,
    });
    let towards: Vec<&str> = flow.map(Flow::redirect_uri).into_iter().collect();
    visitor.page_towards(&towards, (status, "second_factor.html"), page)
}
