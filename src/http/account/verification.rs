//! How well an identity is established, what that rests on, and how its owner raises it.

use axum::response::Response;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::domain::assurance::IdentityAssurance;
use crate::domain::evidence::Compared;
use crate::domain::evidence::Evidence;
use crate::domain::identity_check::CheckKind;
use crate::domain::identity_check::CheckState;
use crate::http::account::Owner;
use crate::http::account::OwnerForm;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::people::evidence;
use crate::people::verification;
use crate::people::verification::Outcome;
use crate::people::verification::VerifyError;

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
            match verification::begin(provider, context, who, how).await {
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
    let told = verification::come_back(visitor.provider(), &visitor.context, who, token).await;
    tell(&owner, told.map(word)).await
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

fn word(outcome: Outcome) -> Option<&'static str> {
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
        Err(VerifyError::NotOffered) => (StatusCode::BAD_REQUEST, "verification-not-offered"),
        Err(VerifyError::NotAgreed) => (StatusCode::BAD_REQUEST, "verification-not-agreed"),
        Err(VerifyError::NotNeeded) => (StatusCode::CONFLICT, "verification-not-needed"),
        Err(VerifyError::Over) => (StatusCode::CONFLICT, "verification-over"),
        Err(VerifyError::TooMany) => (StatusCode::TOO_MANY_REQUESTS, "verification-too-many"),
        Err(VerifyError::Away(_)) => (StatusCode::SERVICE_UNAVAILABLE, "verification-away"),
        Err(VerifyError::Store(error)) => return Err(error.into()),
        Err(VerifyError::Vault(error)) => return Err(error.into()),
    };
    page(owner, status, (Some(key), None)).await
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
    let last = verification::last(provider, &signed_in.account).await?;
    let waiting = last.filter(|(_, live)| *live).map(|(check, _)| {
        json!({
            "kind": check.kind.as_str(), "state": check.state.as_str(),
            "at": check.created_at.to_beijing(), "until": check.expires_at.to_beijing(),
        })
    });
    // The services know people by numbers of the citizens' layout.
    let known = signed_in.profile.key().has_citizen_layout();
    let kinds: Vec<CheckKind> = provider
        .verifiers
        .kinds()
        .filter(|kind| kind.source().demands().1 > level && known)
        .collect();
    let origins: Vec<&str> =
        kinds.iter().filter_map(|kind| Some(provider.verifiers.get(*kind)?.pages())).collect();
    let page = json!({
        "level": level.level(), "top": level >= IdentityAssurance::COUNTER,
        "error": error, "done": done, "waiting": waiting,
        "evidence": found.iter().map(shown).collect::<Vec<Value>>(),
        "ways": kinds.iter().map(|kind| json!({
            "kind": kind.as_str(), "consent": kind.consent(),
        })).collect::<Vec<Value>>(),
    });
    visitor.page_towards(&origins, (status, "account_verification.html"), page)
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
