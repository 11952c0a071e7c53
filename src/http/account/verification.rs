//! How well an identity is established, what that rests on, and how its owner raises it.

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::domain::account::Account;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::evidence::Compared;
use crate::domain::evidence::Evidence;
use crate::domain::identity_check::CheckKind;
use crate::domain::identity_check::CheckState;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::http::verify;
use crate::people::evidence;
use crate::people::verification;
use crate::people::verification::Outcome;
use crate::people::verification::VerifyError;
use crate::provider::Provider;

const PATH: &str = "/account/verification";

/// `GET /account/verification`
pub async fn show(owner: Owner) -> Result<Response, Failure> {
    let done = owner.visitor.query.get("done");
    let done =
        done.filter(|done| matches!(*done, "confirmed" | "denied" | "unfinished" | "stopped"));
    let done = done.map(str::to_owned);
    page(&owner, StatusCode::OK, (None, done.as_deref())).await
}

/// `POST /account/verification`: begins a check, asks after it, or gives it up.
pub async fn change(OwnerForm { owner, form }: OwnerForm) -> Result<Response, Failure> {
    let (visitor, signed_in) = (&owner.visitor, &owner.signed_in);
    let (provider, context) = (visitor.provider(), &visitor.context);
    let who = (&signed_in.account, &signed_in.session);
    let told = match form.get("step") {
        Some("begin") => {
            if !owner.is_fresh() {
                return Ok(Owner::ask_again(PATH));
            }
            let kind = form.get("kind").and_then(CheckKind::parse);
            let kind = kind.ok_or_else(|| Failure::bad_request("kind is none of this page's"))?;
            let how = (kind, form.get("agreed").is_some());
            match verification::begin(provider, context, who, how, None).await {
                Ok(page) => return Ok(respond::see_other(&page)),
                Err(error) => Err(error),
            }
        }
        Some("look") => match verification::look_again(provider, context, who).await {
            Err(VerifyError::Over) => settled(&owner).await,
            asked => asked.map(word),
        },
        Some("stop") => verification::give_up(provider, context, &signed_in.account)
            .await
            .map(|()| Some("stopped")),
        _ => return Err(Failure::bad_request("step is none of this page's")),
    };
    tell(&owner, told).await
}

/// `GET /account/verification/return`: the service sends its visitors back here, and nothing they bring is a
/// result.
pub async fn come_back(owner: Owner) -> Result<Response, Failure> {
    let (visitor, signed_in) = (&owner.visitor, &owner.signed_in);
    let token = visitor.query.get("check").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Failure::bad_request("check is missing"))?;
    let who = (&signed_in.account, &signed_in.session);
    let (provider, context) = (visitor.provider(), &visitor.context);
    let check = match verification::returned(provider, context, who, token).await {
        Ok(check) => check,
        Err(error) => return tell(&owner, Err(error)).await,
    };
    let told = verification::come_back(provider, context, who.0, &check).await;
    match check.flow.as_deref() {
        Some(tx) => verify::returned(tx, told),
        None => tell(&owner, told.map(word)).await,
    }
}

/// What came of the last check: it may have been settled while its owner looked at the page.
async fn settled(owner: &Owner) -> Result<Option<&'static str>, VerifyError> {
    let last = verification::last(owner.visitor.provider(), &owner.signed_in.account).await?;
    match last.map(|(check, _)| check.state) {
        Some(CheckState::Confirmed) => Ok(Some("confirmed")),
        Some(CheckState::Denied) => Ok(Some("denied")),
        _ => Err(VerifyError::Over),
    }
}

/// What a page is told of an outcome; of one that is open, nothing.
pub fn word(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Confirmed => Some("confirmed"),
        Outcome::Denied => Some("denied"),
        Outcome::Unfinished => Some("unfinished"),
        Outcome::Pending => None,
    }
}

/// What is settled is told at an address that can be loaded again; what is not, at once.
async fn tell(
    owner: &Owner,
    told: Result<Option<&'static str>, VerifyError>,
) -> Result<Response, Failure> {
    let (status, key) = match told {
        Ok(Some(word)) => return Ok(respond::see_other(&format!("{PATH}?done={word}"))),
        // The check that waits stands on the page.
        Ok(None) => return page(owner, StatusCode::SERVICE_UNAVAILABLE, (None, None)).await,
        Err(error) => refusal(error)?,
    };
    page(owner, status, (Some(key), None)).await
}

/// What a page says where nothing is verified.
pub fn refusal(error: VerifyError) -> Result<(StatusCode, &'static str), Failure> {
    Ok(match error {
        VerifyError::NotOffered => (StatusCode::BAD_REQUEST, "verification-not-offered"),
        VerifyError::NotAgreed => (StatusCode::BAD_REQUEST, "verification-not-agreed"),
        VerifyError::NotNeeded => (StatusCode::CONFLICT, "verification-not-needed"),
        VerifyError::Over => (StatusCode::CONFLICT, "verification-over"),
        VerifyError::TooMany => (StatusCode::TOO_MANY_REQUESTS, "verification-too-many"),
        VerifyError::Away(_) => (StatusCode::SERVICE_UNAVAILABLE, "verification-away"),
        VerifyError::Store(error) => return Err(error.into()),
        VerifyError::Vault(error) => return Err(error.into()),
    })
}

/// The check that something may still come of, as pages show it.
pub async fn waiting(provider: &Provider, account: &Account) -> Result<Option<Value>, Failure> {
    let last = verification::last(provider, account).await?;
    Ok(last.filter(|(_, live)| *live).map(|(check, _)| {
        json!({
            "kind": check.kind.as_str(), "state": check.state.as_str(),
            "at": check.created_at.to_beijing(), "until": check.expires_at.to_beijing(),
        })
    }))
}

/// The ways to be verified, as pages offer them.
pub fn ways(kinds: &[CheckKind]) -> Vec<Value> {
    let shown = |kind: &CheckKind| json!({ "kind": kind.as_str(), "consent": kind.consent() });
    kinds.iter().map(shown).collect()
}

/// Where the pages of these services are.
pub fn origins<'p>(provider: &'p Provider, kinds: &[CheckKind]) -> Vec<&'p str> {
    let pages = |kind: &CheckKind| Some(provider.verifiers.get(*kind)?.pages());
    kinds.iter().filter_map(pages).collect()
}

async fn page(
    owner: &Owner,
    status: StatusCode,
    (error, done): (Option<&str>, Option<&str>),
) -> Result<Response, Failure> {
    let (visitor, signed_in) = (&owner.visitor, &owner.signed_in);
    let provider = visitor.provider();
    // A check that was just settled has changed it.
    let level = evidence::level(provider, &signed_in.account).await?;
    let found = evidence::list(provider, &signed_in.account).await?;
    let now = Account { identity_assurance: level, ..signed_in.account.clone() };
    let kinds = verification::offered(provider, &now, &signed_in.profile);
    let waiting = waiting(provider, &now).await?;
    let page = json!({
        "level": level.level(), "top": level >= IdentityAssurance::COUNTER,
        "error": error, "done": done, "waiting": waiting,
        "evidence": found.iter().map(shown).collect::<Vec<Value>>(),
        "ways": ways(&kinds),
    });
    visitor.page_towards(&origins(provider, &kinds), (status, "account_verification.html"), page)
}

/// A verification as pages list it.
pub fn shown(evidence: &Evidence) -> Value {
    json!({
        "source": evidence.source.as_str(),
        "finding": evidence.finding.as_str(),
        "compared": evidence.compared.iter().map(Compared::as_str).collect::<Vec<_>>(),
        "document": evidence.at_counter.map(|seen| seen.document.as_str()),
        "at": evidence.at.to_beijing(),
    })
}
