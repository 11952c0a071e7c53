//! `/login`: the first factor.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::domain::acting::SubjectKind;
use crate::domain::assurance::Method;
use crate::http::choose;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::flow;
use crate::http::flow::Flow;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::identifier;
use crate::identifier::Typed;
use crate::login::LoginError;
use crate::login::decide::Decision;
use crate::login::first_factor;
use crate::login::first_factor::Login;

/// Ways to begin.
const METHODS: [Method; 2] = [Method::Password, Method::Sms];

/// The tab for who comes for an organisation, and the field that names it.
const ORGANISATION: &str = "organisation";

/// Asks for the page on which the document is named beside its number.
const OTHER_DOCUMENT: &str = "other";

/// What stands in the form besides what is always there.
#[derive(Default)]
struct Shown<'a> {
    identifier: Typed<'a>,
    /// Whether the document has to be named.
    other_document: bool,
    organisation: Option<&'a str>,
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
    let organisation = (visitor.query.get("as") == Some(ORGANISATION)).then_some("");
    // A hint that may be of several documents is a question which one it is.
    let other_document = visitor.query.get("document") == Some(OTHER_DOCUMENT)
        || identifier::needs_card(&visitor.provider().config, &hint);
    let shown = Shown {
        identifier: hint.as_str().into(),
        other_document,
        organisation,
        ..Shown::default()
    };
    page(&visitor, flow.as_ref(), (StatusCode::OK, method), &shown)
}

/// `POST /login`
pub async fn submit(Posted { mut visitor, form }: Posted) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, form.get("tx")).await?;
    let request = flow.as_ref().map(|flow| &flow.request);
    visitor.look = visitor.look.asked_for(request.and_then(|r| r.ui_locales.as_deref()));
    let method = flow::chosen(form.get("method"), &METHODS)?;
    let login = Login {
        identifier: documents::typed(&form, "identifier"),
        method,
        binding: visitor.browser.binding(form.get("tx").unwrap_or_default()),
        challenge: form.get("challenge"),
        known: visitor.browser.known_accounts(visitor.provider()),
    };
    let organisation = form.get(ORGANISATION);
    let shown = |error| Shown {
        identifier: login.identifier,
        other_document: !login.identifier.card.is_empty(),
        organisation,
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
            let session = visitor.remember(&account, method).await?;
            match organisation {
                Some(text) => {
                    choose::by_organisation(&visitor, flow.as_ref(), (account.id, session), text)
                        .await
                }
                None => Ok(flow::go_on(flow.as_ref())),
            }
        }
        Err(error @ (LoginError::Rejected | LoginError::CodeWrong)) => {
            let key = match method {
                Method::Sms => "code-wrong",
                _ => error.message_key(),
            };
            // What was typed alone decides it, not whether somebody has that number.
            let unclear = login.identifier.card.is_empty()
                && identifier::needs_card(&provider.config, login.identifier.text);
            let key = if unclear { "login-name-the-document" } else { key };
            let mut shown = shown(Some(key));
            shown.other_document |= unclear;
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
    let (sent, config) = (shown.challenge.is_some(), &visitor.provider().config);
    let typed = shown.identifier;
    let documents =
        shown.other_document.then(|| documents::ambiguous(config, visitor.look.locale, typed));
    let context = json!({
        "tx": flow.map(|flow| flow.tx.as_str()),
        "client": flow.map(Flow::client_shown),
        "method": method.as_str(),
        "methods": METHODS.map(Method::as_str),
        "identifier": typed.text,
        "documents": documents,
        "organisation": shown.organisation,
        "enterprise": flow.is_none_or(|flow| {
            flow.client.policy.subject_kinds.contains(&SubjectKind::Organisation)
        }),
        "challenge": shown.challenge,
        "sent": sent,
        "code_sent_to": identifier::masked_phone(config, typed.text),
        "error": shown.error,
        "notice": null,
    });
    let towards: Vec<&str> = flow.map(Flow::redirect_uri).into_iter().collect();
    visitor.page_towards(&towards, (status, "login.html"), context)
}
