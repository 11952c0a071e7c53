//! `/signup`: name, number and phone, then the code.

use std::collections::BTreeMap;

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::flow::Flow;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::one_time_code::Sent;
use crate::people::sign_up;
use crate::people::sign_up::Form;
use crate::people::sign_up::SignUpError;
use crate::people::waiting;
use crate::protocol::parameters::Parameters;

/// Flows of a sign-up; a code for one is nothing for a login.
const FLOW: &str = "sign-up";

type Errors = BTreeMap<&'static str, &'static str>;

/// `GET /signup`
pub async fn show(visitor: Visitor) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, visitor.query.get("tx")).await?;
    let tx = flow.as_ref().map(|flow| flow.tx.as_str());
    page(&visitor, tx, &Parameters::default(), (StatusCode::OK, &Errors::new()))
}

/// `POST /signup`
pub async fn submit(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, form.get("tx")).await?;
    let tx = flow.as_ref().map(|flow| flow.tx.as_str());
    let text = |name| form.get(name).unwrap_or_default();
    let fields = Form {
        name: text("name"),
        document: documents::typed(&form, "id_number"),
        phone: text("phone"),
        password: text("password"),
        password_again: text("password_again"),
        terms: form.get("terms").is_some(),
        waits: form.get("waits").is_some(),
    };
    let binding = visitor.browser.binding(FLOW);
    let begun = sign_up::begin(visitor.provider(), &visitor.context, fields, binding).await;
    let whole = |key| Errors::from([("form", key)]);
    let (status, errors) = match begun {
        Ok(sent) => return code_page(&visitor, tx, &sent, (StatusCode::OK, None)),
        Err(SignUpError::Fields(errors)) => (StatusCode::BAD_REQUEST, errors),
        Err(SignUpError::NotConfirmed) => (StatusCode::BAD_REQUEST, whole("register-mismatch")),
        Err(SignUpError::Busy) => (StatusCode::SERVICE_UNAVAILABLE, whole("busy")),
        Err(SignUpError::RegisterAway(away)) => {
            metrics::counter!("register_failures_total", "register" => "population").increment(1);
            tracing::warn!(error = %away.0, "the population register is away");
            (StatusCode::SERVICE_UNAVAILABLE, whole("register-away"))
        }
        Err(error) => return Err(failure(error)),
    };
    page(&visitor, tx, &form, (status, &errors))
}

/// `POST /signup/code`
pub async fn confirm(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, form.get("tx")).await?;
    let tx = flow.as_ref().map(|flow| flow.tx.as_str());
    let binding = visitor.browser.binding(FLOW);
    let (provider, context) = (visitor.provider(), &visitor.context);
    let pending = form.get("pending").unwrap_or_default();
    if form.get("step") == Some("send") {
        return match sign_up::send_again(provider, context, pending, binding).await {
            Ok(sent) => code_page(&visitor, tx, &sent, (StatusCode::OK, None)),
            Err(SignUpError::CodeWrong) => Err(Failure::start_again()),
            Err(error) => Err(failure(error)),
        };
    }
    let answer = (pending, form.get("code").unwrap_or_default());
    match sign_up::finish(provider, context, answer, binding).await {
        Ok(_) => visitor.page("signup_done.html", json!({ "tx": tx })),
        Err(SignUpError::CodeWrong) => {
            let sent = Sent {
                pending: pending.to_owned(),
                phone_masked: form.get("phone_masked").unwrap_or_default().to_owned(),
            };
            code_page(&visitor, tx, &sent, (StatusCode::BAD_REQUEST, Some("code-wrong")))
        }
        Err(SignUpError::Waits) => {
            let hours = waiting::PATIENCE.as_secs() / 3600;
            let told = (StatusCode::ACCEPTED, "signup_waits.html");
            visitor.page_towards(&[], told, json!({ "days": hours / 24 }))
        }
        Err(SignUpError::NotConfirmed) => {
            let errors = Errors::from([("form", "register-mismatch")]);
            page(&visitor, tx, &Parameters::default(), (StatusCode::BAD_REQUEST, &errors))
        }
        Err(SignUpError::RegisterAway(_)) => {
            let errors = Errors::from([("form", "register-away")]);
            let nothing = Parameters::default();
            page(&visitor, tx, &nothing, (StatusCode::SERVICE_UNAVAILABLE, &errors))
        }
        Err(SignUpError::Exists) => {
            let errors = Errors::from([("form", "signup-exists")]);
            let nothing = Parameters::default();
            page(&visitor, tx, &nothing, (StatusCode::CONFLICT, &errors))
        }
        Err(error) => Err(failure(error)),
    }
}

fn page(
    visitor: &Visitor,
    tx: Option<&str>,
    form: &Parameters,
    (status, errors): (StatusCode, &Errors),
) -> Result<Response, Failure> {
    let text = |name| form.get(name).unwrap_or_default();
    let (config, typed) = (&visitor.provider().config, documents::typed(form, "id_number"));
    let page = json!({
        "documents": documents::choices(config, visitor.look.locale, typed),
        "tx": tx,
        "errors": {
            "form": errors.get("form"), "name": errors.get("name"),
            "id_number": errors.get("id_number"), "id_type": errors.get("id_type"),
            "id_country": errors.get("id_country"), "phone": errors.get("phone"),
            "password": errors.get("password"), "password_again": errors.get("password_again"),
            "terms": errors.get("terms"),
        },
        "has_errors": !errors.is_empty(),
        "may_wait": errors.get("form") == Some(&"register-away") || form.get("waits").is_some(),
        "fields": { "name": text("name"), "id_number": text("id_number"), "phone": text("phone") },
    });
    visitor.page_towards(&[], (status, "signup.html"), page)
}

fn code_page(
    visitor: &Visitor,
    tx: Option<&str>,
    sent: &Sent,
    (status, error): (StatusCode, Option<&str>),
) -> Result<Response, Failure> {
    let page = json!({
        "tx": tx, "pending": sent.pending, "phone_masked": sent.phone_masked, "error": error,
    });
    visitor.page_towards(&[], (status, "signup_code.html"), page)
}

fn failure(error: SignUpError) -> Failure {
    match error {
        SignUpError::Store(error) => error.into(),
        SignUpError::Vault(error) => error.into(),
        _ => Failure::bad_request("the sign-up cannot go on"),
    }
}
