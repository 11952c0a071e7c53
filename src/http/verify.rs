//! `/verify`: a portal asks for more than the person's identity is established with (design D4). The person is
//! verified and comes back into the login, or goes on without, and the same decision is asked again. What a check is
//! and who settles it is `people::verification`'s, the same as on the account's own page.

use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::domain::assurance::IdentityAssurance;
use crate::domain::assurance::Method;
use crate::domain::identity_check::CheckKind;
use crate::http::account::verification as own_page;
use crate::http::failure::Failure;
use crate::http::flow;
use crate::http::flow::Flow;
use crate::http::respond;
use crate::http::second_factor;
use crate::http::session::SignedIn;
use crate::http::visitor::Posted;
use crate::http::visitor::Visitor;
use crate::login::decide::Decision;
use crate::people::verification;
use crate::people::verification::Outcome;
use crate::people::verification::VerifyError;
use crate::protocol::parameters::Parameters;

/// Where the page is.
pub const PATH: &str = "/verify";

/// What the page says besides what always stands there.
#[derive(Default)]
struct Shown<'a> {
    error: Option<&'static str>,
    password_error: Option<&'static str>,
    done: Option<&'a str>,
}

/// `GET /verify`
pub async fn show(mut visitor: Visitor) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, visitor.query.get("tx")).await?;
    let decision = flow::next(&visitor, flow.as_ref()).await?;
    let (Decision::Verify(level), Some(flow)) = (&decision, &flow) else {
        return Ok(flow::go(&decision, flow.as_ref()));
    };
    visitor.look = visitor.look.asked_for(flow.request.ui_locales.as_deref());
    let done = visitor.query.get("done");
    let done = done.filter(|done| matches!(*done, "denied" | "unfinished" | "stopped" | "over"));
    let shown = Shown { done, ..Shown::default() };
    page(&visitor, (flow, *level), (StatusCode::OK, shown)).await
}

/// `POST /verify`: types the password, begins a check, asks after it, gives it up, or goes on without.
pub async fn answer(Posted { visitor, form }: Posted) -> Result<Response, Failure> {
    let flow = Flow::find(&visitor, form.get("tx")).await?.ok_or_else(Failure::start_again)?;
    let decision = flow::next(&visitor, Some(&flow)).await?;
    let (Decision::Verify(level), Some(signed_in)) = (&decision, &visitor.signed_in) else {
        return Ok(flow::go(&decision, Some(&flow)));
    };
    let (provider, context) = (visitor.provider(), &visitor.context);
    let who = (&signed_in.account, &signed_in.session);
    let asked = (&flow, *level);
    match form.get("step") {
        Some("without") => {
            let flow = flow.without_verification(&visitor, signed_in.account.id)?;
            Ok(flow::go_on(Some(&flow)))
        }
        Some("prove") => prove(&visitor, signed_in, asked, &form).await,
        Some("begin") => begin(&visitor, signed_in, asked, &form).await,
        Some("look") => {
            let told = verification::look_again(provider, context, who).await;
            tell(&visitor, asked, told).await
        }
        Some("stop") => match verification::give_up(provider, context, who.0).await {
            Ok(()) => Ok(back(&flow.tx, Some("stopped"))),
            Err(error) => tell(&visitor, asked, Err(error)).await,
        },
        _ => Err(Failure::bad_request("step is none of this page's")),
    }
}

/// Where somebody who comes back from a service goes on with the login. Nothing is told here: the decision is asked,
/// and where it still is to be verified, the page says why.
pub fn returned(tx: &str, told: Result<Outcome, VerifyError>) -> Result<Response, Failure> {
    match told {
        Ok(outcome) => Ok(back(tx, own_page::word(outcome))),
        Err(VerifyError::Store(error)) => Err(error.into()),
        Err(VerifyError::Vault(error)) => Err(error.into()),
        Err(_) => Ok(back(tx, Some("over"))),
    }
}

fn back(tx: &str, done: Option<&str>) -> Response {
    match done {
        Some(done) => respond::see_other(&format!("{PATH}?tx={tx}&done={done}")),
        None => respond::see_other(&format!("{PATH}?tx={tx}")),
    }
}

/// A check begins with the password, typed a moment ago (security.md A-55), as on the account's own page.
async fn prove(
    visitor: &Visitor,
    signed_in: &SignedIn,
    asked: (&Flow, IdentityAssurance),
    form: &Parameters,
) -> Result<Response, Failure> {
    let password = form.get("password").unwrap_or_default();
    match second_factor::prove_password(visitor, signed_in, password).await? {
        Ok(()) => {
            visitor.remember(&signed_in.account, Method::Password).await?;
            Ok(back(&asked.0.tx, None))
        }
        Err((status, key)) => {
            let shown = Shown { password_error: Some(key), ..Shown::default() };
            page(visitor, asked, (status, shown)).await
        }
    }
}

async fn begin(
    visitor: &Visitor,
    signed_in: &SignedIn,
    asked: (&Flow, IdentityAssurance),
    form: &Parameters,
) -> Result<Response, Failure> {
    let (provider, context) = (visitor.provider(), &visitor.context);
    if !signed_in.is_fresh(provider) {
        return Ok(back(&asked.0.tx, None));
    }
    let kind = form.get("kind").and_then(CheckKind::parse);
    let kind = kind.ok_or_else(|| Failure::bad_request("kind is none of this page's"))?;
    let who = (&signed_in.account, &signed_in.session);
    let how = (kind, form.get("agreed").is_some());
    match verification::begin(provider, context, who, how, Some(&asked.0.tx)).await {
        Ok(page) => Ok(respond::see_other(&page)),
        Err(error) => tell(visitor, asked, Err(error)).await,
    }
}

/// What is settled leads on; what is not is told at once.
async fn tell(
    visitor: &Visitor,
    asked: (&Flow, IdentityAssurance),
    told: Result<Outcome, VerifyError>,
) -> Result<Response, Failure> {
    let (status, error) = match told {
        // The check that waits stands on the page.
        Ok(Outcome::Pending) => (StatusCode::SERVICE_UNAVAILABLE, None),
        Ok(outcome) => return Ok(back(&asked.0.tx, own_page::word(outcome))),
        Err(error) => {
            let (status, key) = own_page::refusal(error)?;
            (status, Some(key))
        }
    };
    page(visitor, asked, (status, Shown { error, ..Shown::default() })).await
}

async fn page(
    visitor: &Visitor,
    (flow, level): (&Flow, IdentityAssurance),
    (status, shown): (StatusCode, Shown<'_>),
) -> Result<Response, Failure> {
    let Some(signed_in) = &visitor.signed_in else { return Err(Failure::start_again()) };
    let (provider, account) = (visitor.provider(), &signed_in.account);
    let enough = |kind: &CheckKind| kind.source().demands().1 >= level;
    let kinds = verification::offered(provider, account, &signed_in.profile).into_iter();
    let kinds: Vec<CheckKind> = kinds.filter(enough).collect();
    let mut towards = own_page::origins(provider, &kinds);
    towards.push(flow.redirect_uri());
    let page = json!({
        "tx": flow.tx, "client": flow.client_shown(),
        "level": account.identity_assurance.level(), "asked": level.level(),
        "essential": flow.requirement().acr_essential,
        "typed": signed_in.is_fresh(provider),
        "waiting": own_page::waiting(provider, account).await?,
        "ways": own_page::ways(&kinds),
        "error": shown.error, "password_error": shown.password_error, "done": shown.done,
    });
    visitor.page_towards(&towards, (status, "verify.html"), page)
}
