//! `/account/mandates`: whom a person represents, what others offer, and who acts for the person; claiming an
//! organisation. What is granted in an organisation's name is `granting`.

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::domain::acting::SubjectKind;
use crate::domain::id::MandateId;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::MandateRole;
use crate::domain::mandate::Principal;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::account::certificate;
use crate::http::account::certificate::Typed;
use crate::http::account::granting;
use crate::http::account::granting::Granting;
use crate::http::account::mandate_history;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::organisations::claim;
use crate::organisations::claim::ClaimError;
use crate::organisations::mandates;
use crate::organisations::mandates::MandateError;
use crate::organisations::represented;
use crate::organisations::represented::Represented;
use crate::protocol::parameters::Parameters;

/// Where it is.
pub const PATH: &str = "/account/mandates";
/// So many of those a person represents stand on a page.
const PAGE: usize = 20;
/// Longest text that is searched for, in characters.
const LONGEST: usize = 60;
/// What was done, as the address says after it.
const DONE: [&str; 4] = ["offered", "accepted", "declined", "ended"];

/// What went wrong, and what was typed.
#[derive(Default)]
pub struct Wrong<'a> {
    /// The end of the message's name.
    pub error: Option<&'static str>,
    /// The credit code.
    pub code: &'a str,
    /// What was typed into the form of a certificate.
    pub certificate: Typed,
}

/// Which of those a person represents are shown.
#[derive(Default)]
struct Wanted {
    search: String,
    from: usize,
}

/// `GET /account/mandates`
pub async fn show(owner: Owner) -> Result<Response, Failure> {
    show_wanted(&owner, &Wanted::default()).await
}

async fn show_wanted(owner: &Owner, wanted: &Wanted) -> Result<Response, Failure> {
    let told = (&Wrong::default(), &Granting::default());
    page_with(owner, StatusCode::OK, told, wanted).await
}

/// `POST /account/mandates`: whatever is asked there, by who typed the password a moment ago: who gives up what
/// he has may end what others have by it. To decline needs no more than to be here.
pub async fn change(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    let step = form.get("step").unwrap_or_default();
    if ["claim", "accept", "offer", "end"].contains(&step) && !owner.is_fresh() {
        return Ok(Owner::ask_again(PATH));
    }
    match step {
        "search" => {
            let search = form.get("search").unwrap_or_default().trim();
            let from = form.get("from").and_then(|text| text.parse().ok()).unwrap_or_default();
            let search = search.chars().take(LONGEST).collect();
            show_wanted(&owner, &Wanted { search, from }).await
        }
        "claim" => run_claim(&owner, form.get("uscc").unwrap_or_default()).await,
        "accept" | "decline" => run_answer(&owner, &form, step == "accept").await,
        "end" => match end(&owner, &form).await? {
            None => Ok(done(PATH, "ended")),
            Some(error) => wrong(&owner, error).await,
        },
        "offer" => {
            let granting = Granting::read(&form, MandateRole::Relative);
            match granting::offer(&owner, None, &granting).await? {
                None => Ok(done(PATH, "offered")),
                Some(error) => {
                    let granting = granting.wrong(error);
                    page(&owner, granting::status(error), &Wrong::default(), &granting).await
                }
            }
        }
        _ => Err(Failure::bad_request("step is none of this page's")),
    }
}

/// Ends the mandate a form names; the message's name when that cannot be.
pub async fn end(owner: &Owner, form: &Parameters) -> Result<Option<&'static str>, Failure> {
    let (visitor, account) = (&owner.visitor, &owner.signed_in.account);
    let id = mandate(form)?;
    let ended = mandates::end(visitor.provider(), &visitor.context, account, id).await;
    told(ended)
}

/// The mandate a form names.
pub fn mandate(form: &Parameters) -> Result<MandateId, Failure> {
    let text = form.get("mandate").unwrap_or_default();
    text.parse().map(MandateId).map_err(|_| Failure::bad_request("mandate must be one of the page"))
}

/// After a step: the page, and what was done.
pub fn done(path: &str, what: &str) -> Response {
    respond::see_other(&format!("{path}?done={what}"))
}

/// What was done, as the address says.
pub fn done_key(owner: &Owner) -> Option<String> {
    let done = owner.visitor.query.get("done").filter(|done| DONE.contains(done));
    done.map(|done| format!("mandates-{done}-done"))
}

/// An error of the rules, as the page tells it; failures that are ours are failures.
pub fn told<T>(result: Result<T, MandateError>) -> Result<Option<&'static str>, Failure> {
    Ok(Some(match result {
        Ok(_) => return Ok(None),
        Err(MandateError::Name) => "name",
        Err(MandateError::Number) => "number",
        Err(MandateError::Refused(error)) => error.as_str(),
        Err(MandateError::Loop) => "loop",
        Err(MandateError::Level) => "level",
        Err(MandateError::Unknown) => "unknown",
        Err(MandateError::TooMany) => "too-many",
        Err(MandateError::TooManyWait) => "too-many-open",
        Err(MandateError::Store(error)) => return Err(error.into()),
        Err(MandateError::Vault(error)) => return Err(error.into()),
    }))
}

async fn run_claim(owner: &Owner, code: &str) -> Result<Response, Failure> {
    let (visitor, signed_in) = (&owner.visitor, &owner.signed_in);
    let who = (&signed_in.account, &signed_in.profile);
    let claimed = claim::claim(visitor.provider(), &visitor.context, who, code).await;
    let (status, error) = match claimed {
        Ok(_) => return Ok(done(PATH, "claimed")),
        Err(error) => not_claimed(error)?,
    };
    let wrong = Wrong { error: Some(error), code, ..Wrong::default() };
    page(owner, status, &wrong, &Granting::default()).await
}

/// Why a claim was refused, as pages tell it; failures that are ours are failures.
pub fn not_claimed(error: ClaimError) -> Result<(StatusCode, &'static str), Failure> {
    Ok(match error {
        ClaimError::Code => (StatusCode::BAD_REQUEST, "claim-code"),
        ClaimError::NotConfirmed => (StatusCode::BAD_REQUEST, "claim-refused"),
        ClaimError::Claimed => (StatusCode::CONFLICT, "claimed"),
        ClaimError::Suspended => (StatusCode::CONFLICT, "suspended"),
        ClaimError::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too-many"),
        ClaimError::RegisterAway(cause) => {
            metrics::counter!("register_failures_total", "register" => "legal_entities")
                .increment(1);
            tracing::warn!(%cause, "the register of legal entities gave no answer");
            (StatusCode::SERVICE_UNAVAILABLE, "register-away")
        }
        ClaimError::Store(error) => return Err(error.into()),
        ClaimError::Vault(error) => return Err(error.into()),
    })
}

async fn run_answer(owner: &Owner, form: &Parameters, accepts: bool) -> Result<Response, Failure> {
    let (visitor, signed_in) = (&owner.visitor, &owner.signed_in);
    let who = (&signed_in.account, &signed_in.profile);
    let answer = (mandate(form)?, accepts);
    let answered = mandates::answer(visitor.provider(), &visitor.context, who, answer).await;
    match told(answered)? {
        None => Ok(done(PATH, if accepts { "accepted" } else { "declined" })),
        Some(error) => wrong(owner, error).await,
    }
}

async fn wrong(owner: &Owner, error: &'static str) -> Result<Response, Failure> {
    let wrong = Wrong { error: Some(error), ..Wrong::default() };
    page(owner, StatusCode::CONFLICT, &wrong, &Granting::default()).await
}

/// The page, and what is told on it.
pub async fn page(
    owner: &Owner,
    status: StatusCode,
    wrong: &Wrong<'_>,
    granting: &Granting,
) -> Result<Response, Failure> {
    page_with(owner, status, (wrong, granting), &Wanted::default()).await
}

async fn page_with(
    owner: &Owner,
    status: StatusCode,
    (wrong, granting): (&Wrong<'_>, &Granting),
    wanted: &Wanted,
) -> Result<Response, Failure> {
    let (visitor, signed_in) = (&owner.visitor, &owner.signed_in);
    let provider = visitor.provider();
    let account = signed_in.account.id;
    let held = represented::list(provider, account).await?;
    let found: Vec<_> = held.iter().filter(|other| other.matches(&wanted.search)).collect();
    let from = if wanted.from < found.len() { wanted.from } else { 0 };
    let offered = mandates::offered(provider, signed_in.account.id, &signed_in.profile).await;
    let offered = offered.map_err(|error| match told::<()>(Err(error)) {
        Err(failure) => failure,
        Ok(_) => Failure::server(),
    })?;
    let mut waiting = Vec::with_capacity(offered.len());
    for (held, parties) in offered {
        let organisation = match &held.organisation {
            Some(record) => Some(provider.vault.open_organisation(record)?),
            None => None,
        };
        let terms = granting::terms_shown(provider, &held.mandate).await?;
        let name = organisation.map_or_else(|| parties.grantor_name.clone(), |known| known.name);
        waiting.push(json!({
            "mandate": held.mandate.id, "name": name, "grantor": parties.grantor_name,
            "terms": terms,
        }));
    }
    let part = (None, granting::PAGE + 1);
    let mine = provider.store.list_mandates_of(Principal::Person(account), true, part).await?;
    let (mine, more) = granting::part_of(mine, |mandate| mandate.id);
    let coming = represented::coming(provider, account).await?;
    let done_key = match visitor.query.get("done") {
        Some("claimed") => Some("mandates-claimed-done".to_owned()),
        _ => done_key(owner),
    };
    let page = json!({
        "done": done_key,
        "certificate": certificate::shown(owner, &wrong.certificate)?,
        "error": wrong.error.map(|error| format!("mandates-error-{error}")),
        "code": wrong.code,
        "held": found.iter().skip(from).take(PAGE).map(|other| shown(other)).collect::<Vec<_>>(),
        "search": wanted.search, "searchable": held.len() > PAGE,
        "total": held.len(), "found": found.len(),
        "before": (from > 0).then(|| from.saturating_sub(PAGE)),
        "after": (from + PAGE < found.len()).then_some(from + PAGE),
        "offered": waiting,
        "mine": granting::rows(provider, &mine).await?,
        "more": more.is_some(),
        "coming": mandate_history::held_rows(provider, &coming).await?,
        "grant_form": granting.shown(&owner.visitor, SubjectKind::RepresentedPerson).await?,
    });
    visitor.page_towards(&[], (status, "account_mandates.html"), page)
}

fn shown(other: &Represented) -> Value {
    let Mandate { terms, .. } = &other.mandate;
    json!({
        "mandate": other.mandate.id, "name": other.name, "uscc": other.uscc,
        "role_key": granting::role_key(terms.role),
        "until": terms.term.last_minute().map(Timestamp::to_beijing),
        "manages": terms.delegation > 0 && other.uscc.is_some() && !other.is_suspended,
        "suspended": other.is_suspended,
    })
}
