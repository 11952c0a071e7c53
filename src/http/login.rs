//! `/login`: the first factor.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::domain::assurance::Method;
use crate::http::failure::Failure;
use crate::http::flow;
use crate::http::flow::Flow;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::login::LoginError;
use crate::login::decide::Decision;
use crate::login::first_factor;
use crate::login::first_factor::Login;
use crate::login::identifier;

/// Ways to begin.
const METHODS: [Method; 2] = [Method::Password, Method::Sms];

/// What stands in the form besides what is always there.
#[derive(Default)]
struct Shown<'a> {
    identifier: &'a str,
    challenge: Option<String>,
    error: Option<&'static str>,
}

/// `GET /login`
pub async fn show(mut visitor: Visitor) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, visitor.query.get("tx")).await?;
    let decision = flow::next(&visitor, flow.as_ref()).await?;
    if decision != Decision::LogIn {
        return Ok(flow::go(&decision, flow.as_ref()));
    }
    let request = flow.as_ref().map(|flow| &flow.request);
    visitor.look = visitor.look.asked_for(request.and_then(|r| r.ui_locales.as_deref()));
    let hint = request.and_then(|request| request.login_hint.clone()).unwrap_or_default();
    let method = flow::chosen(visitor.query.get("method"), &METHODS)?;
    let shown = Shown { identifier: &hint, ..Shown::default() };
    page(&visitor, flow.as_ref(), (StatusCode::OK, method), &shown)
}

/// `POST /login`
pub async fn submit(Posted { mut visitor, form }: Posted) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, form.get("tx")).await?;
    let request = flow.as_ref().map(|flow| &flow.request);
    visitor.look = visitor.look.asked_for(request.and_then(|r| r.ui_locales.as_deref()));
    let method = flow::chosen(form.get("method"), &METHODS)?;
    let login = Login {
        identifier: form.get("identifier").unwrap_or_default(),
        method,
        binding: visitor.browser.binding(form.get("tx").unwrap_or_default()),
        challenge: form.get("challenge"),
    };
    let shown = |error| Shown {
        identifier: login.identifier,
        challenge: login.challenge.map(str::to_owned),
        error,
    };
    let provider = visitor.provider();
    if method == Method::Sms && form.get("step") != Some("verify") {
        let challenge = first_factor::begin(provider, &visitor.context, &login).await?;
        let shown = Shown { challenge: challenge.id, ..shown(None) };
        return page(&visitor, flow.as_ref(), (StatusCode::OK, method), &shown);
    }
    let answer = form.get(if method == Method::Sms { "code" } else { "password" });
    let proven =
        first_factor::prove(provider, &visitor.context, &login, answer.unwrap_or_default()).await;
    match proven {
        Ok(account) => {
            visitor.remember(&account, method).await?;
            Ok(flow::go_on(flow.as_ref()))
        }
        Err(error @ (LoginError::Rejected | LoginError::CodeWrong)) => {
            let key = match method {
                Method::Sms => "code-wrong",
                _ => error.message_key(),
            };
            let shown = shown(Some(key));
            page(&visitor, flow.as_ref(), (StatusCode::BAD_REQUEST, method), &shown)
        }
        Err(LoginError::Busy) => {
            let shown = shown(Some("busy"));
            page(&visitor, flow.as_ref(), (StatusCode::SERVICE_UNAVAILABLE, method), &shown)
        }
        Err(error) => Err(error.into()),
    }
}

fn page(
    visitor: &Visitor,
    flow: Option<&Flow>,
    (status, method): (StatusCode, Method),
    shown: &Shown<'_>,
) -> Result<Response, Failure> {
    let sent = shown.challenge.is_some();
    let context = json!({
        "tx": flow.map(|flow| flow.tx.as_str()),
        "client": flow.map(Flow::client_shown),
        "method": method.as_str(),
        "methods": METHODS.map(Method::as_str),
        "identifier": shown.identifier,
        "challenge": shown.challenge,
        "sent": sent,
        "code_sent_to": identifier::masked_phone(&visitor.provider().config, shown.identifier),
        "error": shown.error,
        "notice": null,
    });
    let towards: Vec<&str> = flow.map(Flow::redirect_uri).into_iter().collect();
    visitor.page_towards(&towards, (status, "login.html"), context)
}
