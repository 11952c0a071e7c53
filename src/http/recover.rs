//! `/recover`: who one is, the code on the phone, one proof more or a time of waiting, the new password; and
//! `/recover/counter` for whoever was handed a code there.

use std::collections::BTreeMap;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::domain::assurance::Method;
use crate::http::documents;
use crate::http::failure::Failure;
use crate::http::flow::Flow;
use crate::http::second_factor::wrong;
use crate::http::site::Site;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::one_time_code::Sent;
use crate::people::password;
use crate::people::password::SetPasswordError;
use crate::protocol::parameters::Parameters;
use crate::recovery::RecoveryError;
use crate::recovery::by_proof;
use crate::recovery::by_proof::Form;
use crate::recovery::by_proof::Standing;
use crate::recovery::counter;

/// Flows of a recovery; a code for one is nothing for a login.
const FLOW: &str = "recovery";

type Errors = BTreeMap<&'static str, &'static str>;
type Told<'a> = (StatusCode, Option<&'a str>);

/// The routes below `/recover`.
pub fn routes() -> Router<Site> {
    Router::new()
        .route("/recover", get(show).post(submit))
        .route("/recover/code", post(confirm))
        .route("/recover/second", post(second))
        .route("/recover/password", post(set_password))
        .route("/recover/counter", get(show_counter).post(submit_counter))
        .route("/recover/counter/code", post(confirm_counter))
}

/// `GET /recover`
pub async fn show(visitor: Visitor) -> Result<Response, Failure> {
    let tx = tx(&visitor, visitor.query.get("tx")).await?;
    page(
        &visitor,
        "recover.html",
        tx.as_deref(),
        &Parameters::default(),
        (StatusCode::OK, &Errors::new()),
    )
}

/// `POST /recover`
pub async fn submit(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let tx = tx(&visitor, form.get("tx")).await?;
    let text = |name| form.get(name).unwrap_or_default();
    let document = documents::typed(&form, "id_number");
    let fields = Form { name: text("name"), document, phone: text("phone") };
    let binding = visitor.browser.binding(FLOW);
    let sent = by_proof::begin(visitor.provider(), &visitor.context, fields, binding).await;
    let (status, errors) = match sent {
        Ok(sent) => {
            return code_page(&visitor, false, tx.as_deref(), &sent, (StatusCode::OK, None));
        }
        Err(error) => told(error)?,
    };
    page(&visitor, "recover.html", tx.as_deref(), &form, (status, &errors))
}

/// `POST /recover/code`
pub async fn confirm(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let tx = tx(&visitor, form.get("tx")).await?;
    let answer = (form.get("pending").unwrap_or_default(), form.get("code").unwrap_or_default());
    let binding = visitor.browser.binding(FLOW);
    match by_proof::confirm(visitor.provider(), &visitor.context, answer, binding).await {
        Ok(standing) => go_on(&visitor, tx.as_deref(), &standing),
        Err(RecoveryError::Wrong) => {
            let told = (StatusCode::BAD_REQUEST, Some("code-wrong"));
            code_page(&visitor, false, tx.as_deref(), &typed_before(&form), told)
        }
        Err(error) => Err(failure(error)),
    }
}

/// `POST /recover/second`
pub async fn second(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let tx = tx(&visitor, form.get("tx")).await?;
    let (provider, context) = (visitor.provider(), &visitor.context);
    let (id, binding) = (form.get("recovery").unwrap_or_default(), visitor.browser.binding(FLOW));
    if form.get("step") == Some("wait") {
        let until = by_proof::wait(provider, context, id, binding).await.map_err(failure)?;
        let page = json!({ "tx": tx, "until": until.to_beijing() });
        return visitor.page("recover_waiting.html", page);
    }
    let method = form.get("method").and_then(Method::parse);
    let method = method.ok_or_else(|| Failure::bad_request("the method is not offered here"))?;
    let answer = (id, method, form.get("code").unwrap_or_default());
    match by_proof::prove(provider, context, answer, binding).await {
        Ok(id) => password_page(&visitor, tx.as_deref(), &id.to_string(), (StatusCode::OK, None)),
        Err(RecoveryError::Wrong) => {
            let standing = by_proof::find(provider, id, binding).await.map_err(failure)?;
            let told = (StatusCode::BAD_REQUEST, Some(wrong(method)));
            second_page(&visitor, tx.as_deref(), &standing, told)
        }
        Err(error) => Err(failure(error)),
    }
}

/// `POST /recover/password`
pub async fn set_password(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let tx = tx(&visitor, form.get("tx")).await?;
    let text = |name| form.get(name).unwrap_or_default();
    let new = (text("recovery"), text("password"), text("password_again"));
    let binding = visitor.browser.binding(FLOW);
    match by_proof::finish(visitor.provider(), &visitor.context, new, binding).await {
        Ok(()) => done_page(&visitor, tx.as_deref()),
        Err(error) => {
            let (status, errors) = told(error)?;
            let key = errors.values().next().copied();
            password_page(&visitor, tx.as_deref(), text("recovery"), (status, key))
        }
    }
}

/// `GET /recover/counter`
pub async fn show_counter(visitor: Visitor) -> Result<Response, Failure> {
    let tx = tx(&visitor, visitor.query.get("tx")).await?;
    let nothing = Parameters::default();
    page(
        &visitor,
        "recover_counter.html",
        tx.as_deref(),
        &nothing,
        (StatusCode::OK, &Errors::new()),
    )
}

/// `POST /recover/counter`
pub async fn submit_counter(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let tx = tx(&visitor, form.get("tx")).await?;
    let text = |name| form.get(name).unwrap_or_default();
    let fields = counter::Form {
        document: documents::typed(&form, "id_number"),
        code: text("code"),
        phone: text("phone"),
        password: text("password"),
        password_again: text("password_again"),
    };
    let binding = visitor.browser.binding(FLOW);
    let sent = counter::begin(visitor.provider(), &visitor.context, fields, binding).await;
    let (status, errors) = match sent {
        Ok(sent) => {
            return code_page(&visitor, true, tx.as_deref(), &sent, (StatusCode::OK, None));
        }
        Err(RecoveryError::Wrong) => {
            (StatusCode::BAD_REQUEST, Errors::from([("form", "recover-counter-wrong")]))
        }
        Err(error) => told(error)?,
    };
    page(&visitor, "recover_counter.html", tx.as_deref(), &form, (status, &errors))
}

/// `POST /recover/counter/code`
pub async fn confirm_counter(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let tx = tx(&visitor, form.get("tx")).await?;
    let answer = (form.get("pending").unwrap_or_default(), form.get("code").unwrap_or_default());
    let binding = visitor.browser.binding(FLOW);
    match counter::finish(visitor.provider(), &visitor.context, answer, binding).await {
        Ok(true) => done_page(&visitor, tx.as_deref()),
        Ok(false) => {
            let errors = Errors::from([("phone", "phone-held")]);
            let told = (StatusCode::CONFLICT, &errors);
            page(&visitor, "recover_counter.html", tx.as_deref(), &Parameters::default(), told)
        }
        Err(RecoveryError::Wrong) => {
            let told = (StatusCode::BAD_REQUEST, Some("code-wrong"));
            code_page(&visitor, true, tx.as_deref(), &typed_before(&form), told)
        }
        Err(error) => Err(failure(error)),
    }
}

async fn tx(visitor: &Visitor, tx: Option<&str>) -> Result<Option<String>, Failure> {
    Ok(Flow::find(visitor, tx).await?.map(|flow| flow.tx))
}

fn typed_before(form: &Parameters) -> Sent {
    let text = |name| form.get(name).unwrap_or_default().to_owned();
    Sent { pending: text("pending"), phone_masked: text("phone_masked") }
}

/// What the form says of an error, or that there is no form to say it.
fn told(error: RecoveryError) -> Result<(StatusCode, Errors), Failure> {
    let one = |field, key| Errors::from([(field, key)]);
    Ok(match error {
        RecoveryError::Fields(errors) => (StatusCode::BAD_REQUEST, errors),
        RecoveryError::Password(SetPasswordError::Rule(error)) => {
            (StatusCode::BAD_REQUEST, one("password", password::message_key(error)))
        }
        RecoveryError::Password(SetPasswordError::Mismatch) => {
            (StatusCode::BAD_REQUEST, one("password_again", "password-mismatch"))
        }
        RecoveryError::Busy | RecoveryError::Password(SetPasswordError::Busy) => {
            (StatusCode::SERVICE_UNAVAILABLE, one("form", "busy"))
        }
        RecoveryError::RegisterAway(away) => {
            metrics::counter!("register_failures_total", "register" => "population").increment(1);
            tracing::warn!(error = %away.0, "the population register is away");
            (StatusCode::SERVICE_UNAVAILABLE, one("form", "register-away"))
        }
        other => return Err(failure(other)),
    })
}

fn failure(error: RecoveryError) -> Failure {
    match error {
        RecoveryError::Store(error) | RecoveryError::Password(SetPasswordError::Store(error)) => {
            error.into()
        }
        RecoveryError::Vault(error) | RecoveryError::Password(SetPasswordError::Vault(error)) => {
            error.into()
        }
        RecoveryError::Busy => crate::login::LoginError::Busy.into(),
        _ => Failure::start_again(),
    }
}

fn go_on(visitor: &Visitor, tx: Option<&str>, standing: &Standing) -> Result<Response, Failure> {
    if standing.is_ready {
        let id = standing.id.to_string();
        return password_page(visitor, tx, &id, (StatusCode::OK, None));
    }
    second_page(visitor, tx, standing, (StatusCode::OK, None))
}

fn page(
    visitor: &Visitor,
    template: &str,
    tx: Option<&str>,
    form: &Parameters,
    (status, errors): (StatusCode, &Errors),
) -> Result<Response, Failure> {
    let field = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let fields: BTreeMap<&str, String> =
        ["name", "id_number", "phone"].into_iter().map(|name| (name, field(name))).collect();
    let names = [
        "form",
        "name",
        "id_type",
        "id_country",
        "id_number",
        "phone",
        "password",
        "password_again",
    ];
    let errors_shown: BTreeMap<&str, Option<&&str>> =
        names.into_iter().map(|name| (name, errors.get(name))).collect();
    let (config, typed) = (&visitor.provider().config, documents::typed(form, "id_number"));
    let page = json!({
        "documents": documents::choices(config, visitor.look.locale, typed),
        "tx": tx, "errors": errors_shown, "has_errors": !errors.is_empty(), "fields": fields,
    });
    visitor.page_towards(&[], (status, template), page)
}

fn code_page(
    visitor: &Visitor,
    counter: bool,
    tx: Option<&str>,
    sent: &Sent,
    (status, error): Told<'_>,
) -> Result<Response, Failure> {
    let page = json!({
        "tx": tx, "counter": counter, "pending": sent.pending, "phone_masked": sent.phone_masked,
        "error": error,
    });
    visitor.page_towards(&[], (status, "recover_code.html"), page)
}

fn second_page(
    visitor: &Visitor,
    tx: Option<&str>,
    standing: &Standing,
    (status, error): Told<'_>,
) -> Result<Response, Failure> {
    let methods: Vec<&str> = standing.methods.iter().map(|method| method.as_str()).collect();
    let hours = visitor.provider().config.account.recovery_wait_hours;
    let until: Value = standing.waits_until.map(crate::clock::Timestamp::to_beijing).into();
    let page = json!({
        "tx": tx, "recovery": standing.id.to_string(), "methods": methods,
        "may_wait": standing.may_wait, "hours": hours, "waits_until": until, "error": error,
    });
    visitor.page_towards(&[], (status, "recover_second.html"), page)
}

fn password_page(
    visitor: &Visitor,
    tx: Option<&str>,
    id: &str,
    (status, error): Told<'_>,
) -> Result<Response, Failure> {
    let page = json!({ "tx": tx, "recovery": id, "error": error });
    visitor.page_towards(&[], (status, "recover_password.html"), page)
}

fn done_page(visitor: &Visitor, tx: Option<&str>) -> Result<Response, Failure> {
    visitor.page("recover_done.html", json!({ "tx": tx }))
}
