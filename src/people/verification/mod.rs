//! Raising one's own level (design D4): a check is begun at a service, the person goes to its page, and what the
//! service found is asked by us, never brought by a browser. Where it gives no answer the check waits and the
//! service is asked again; nothing is ever guessed. What a service tells us by itself is `callback`'s.

pub mod callback;

use crate::audit;
use crate::crypto::base64url;
use crate::crypto::random;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::account::Profile;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditKind;
use crate::domain::evidence::Comparison;
use crate::domain::evidence::Evidence;
use crate::domain::evidence::Finding;
use crate::domain::id::CheckDigest;
use crate::domain::id::CheckId;
use crate::domain::id::EvidenceId;
use crate::domain::identity_check::CheckKind;
use crate::domain::identity_check::CheckState;
use crate::domain::identity_check::IdentityCheck;
use crate::domain::identity_check::SITTING;
use crate::domain::request_context::RequestContext;
use crate::domain::session::Session;
use crate::messages;
use crate::messages::Notice;
use crate::people::evidence::REFERENCE;
use crate::people::verification::callback::CALLBACK;
use crate::provider::Provider;
use crate::registers::RegisterAway;
use crate::registers::verifier::Addresses;
use crate::registers::verifier::Claimant;
use crate::registers::verifier::Verdict;
use crate::store::StoreError;
use crate::store::sql::NewCheck;
use crate::store::sql::Settled;
use crate::throttle;
use crate::throttle::ThrottleError;
use crate::vault::VaultError;

/// Where a browser comes back to.
pub const RETURN: &str = "/account/verification/return";
/// Why nothing is verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no service of this kind.
    #[error("there is no such service")]
    NotOffered,
    /// The account has the level, or a higher one.
    #[error("there is nothing to gain")]
    NotNeeded,
    /// What needs a consent of its own was not agreed to.
    #[error("it was not agreed to")]
    NotAgreed,
    /// Too many attempts.
    #[error("too many attempts")]
    TooMany,
    /// The service gives no answer.
    #[error("the service is away")]
    Away(#[source] RegisterAway),
    /// The check is over, or was begun elsewhere.
    #[error("the check is over")]
    Over,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is this person.
    Confirmed,
    /// It is not.
    Denied,
    /// The person has not been through it yet.
    Unfinished,
    /// The service gives no answer; it is asked again.
    Pending,
}

/// The ways there are to raise an account, as long as it has something to gain by them. The services know people
/// by numbers of the citizens' layout; with other documents there is the counter.
pub fn offered(provider: &Provider, account: &Account, profile: &Profile) -> Vec<CheckKind> {
    let known = profile.key().has_citizen_layout();
    let gains = |kind: &CheckKind| {
        let level = kind.source().demands().1;
        known
            && level > account.identity_assurance
            && account.assurance_cap.is_none_or(|cap| level <= cap)
    };
    provider.verifiers.kinds().filter(gains).collect()
}

/// The level an account can have without leaving the house: its own, or what one of the ways leads to.
pub fn reach(provider: &Provider, account: &Account, profile: &Profile) -> IdentityAssurance {
    let kinds = offered(provider, account, profile).into_iter();
    let levels = kinds.map(|kind| kind.source().demands().1);
    levels.fold(account.identity_assurance, IdentityAssurance::max)
}

/// Begins a check for the owner of an account, who is in this login, if in one; gives the page of the service.
pub async fn begin(
    provider: &Provider,
    context: &RequestContext,
    (account, session): (&Account, &Session),
    (kind, agreed): (CheckKind, bool),
    flow: Option<&str>,
) -> Result<String, VerifyError> {
    let verifier = provider.verifiers.get(kind).ok_or(VerifyError::NotOffered)?;
    if account.identity_assurance >= kind.source().demands().1 {
        return Err(VerifyError::NotNeeded);
    }
    let profile = provider.vault.open_profile(account)?;
    if !offered(provider, account, &profile).contains(&kind) {
        return Err(VerifyError::NotOffered);
    }
    if kind.consent().is_some() && !agreed {
        return Err(VerifyError::NotAgreed);
    }
    let admitted = match throttle::admit_verification(provider, context, account.id).await {
        Ok(admitted) => admitted,
        Err(ThrottleError::Store(error)) => return Err(error.into()),
        Err(ThrottleError::TooMany) => {
            let record = audit::refused(AuditKind::IdentityCheckBegun, "too many attempts");
            let record = record.account(account).record(provider, context);
            provider.store.record(record).await?;
            return Err(VerifyError::TooMany);
        }
    };
    let (id, token) = (CheckId::generate(), base64url::encode(random::bytes::<32>()));
    let who = Claimant { name: &profile.name, id_number: &profile.id_number };
    let issuer = provider.config.issuer_text();
    let addresses = Addresses {
        return_url: &format!("{issuer}{RETURN}?check={token}"),
        callback_url: &format!("{issuer}{CALLBACK}/{}", kind.as_str()),
    };
    let begun = match verifier.begin(id, who, addresses).await {
        Ok(begun) => begun,
        Err(away) => {
            // It was no attempt: the service said nothing.
            throttle::give_back(provider, admitted).await?;
            tell_away(kind, &away);
            return Err(VerifyError::Away(away));
        }
    };
    let now = provider.clock.now();
    let check = IdentityCheck {
        id,
        account_id: account.id,
        session_id: session.id,
        kind,
        state: CheckState::Open,
        consent: kind.consent().map(str::to_owned),
        reference: provider.vault.seal_of(account, REFERENCE, begun.reference.as_bytes())?,
        credential_epoch: account.credential_epoch,
        created_at: now,
        expires_at: now.plus(SITTING),
        flow: flow.map(str::to_owned),
    };
    let mut event = audit::done(AuditKind::IdentityCheckBegun).account(account);
    event = event.detail("source", kind.as_str()).detail("check", id.to_string());
    if let Some(consent) = kind.consent() {
        event = event.detail("consent", consent);
    }
    let new = NewCheck { check, digest: CheckDigest::of(&token) };
    if provider.store.add_identity_check(new, event.record(provider, context)).await? {
        Ok(begun.page)
    } else {
        Err(VerifyError::Over)
    }
}

/// The check whose owner comes back from the service, in the session it was begun in.
pub async fn returned(
    provider: &Provider,
    context: &RequestContext,
    (account, session): (&Account, &Session),
    token: &str,
) -> Result<IdentityCheck, VerifyError> {
    let check = provider.store.find_check_by_digest(&CheckDigest::of(token)).await?;
    let own =
        |check: &IdentityCheck| check.account_id == account.id && check.session_id == session.id;
    match check.filter(own) {
        Some(check) => Ok(check),
        None => refuse(provider, context, account, "not begun in this session").await,
    }
}

/// What became of a check its owner came back from.
pub async fn come_back(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    check: &IdentityCheck,
) -> Result<Outcome, VerifyError> {
    match check.state {
        CheckState::Confirmed => Ok(Outcome::Confirmed),
        CheckState::Denied => Ok(Outcome::Denied),
        _ => ask(provider, context, check, account).await,
    }
}

/// The owner asks again what became of the last check.
pub async fn look_again(
    provider: &Provider,
    context: &RequestContext,
    (account, session): (&Account, &Session),
) -> Result<Outcome, VerifyError> {
    let check = provider.store.last_check(account.id).await?;
    // One that waits was brought back in its session; one that does not may still be on its way elsewhere.
    let theirs = |check: &IdentityCheck| {
        check.state == CheckState::Pending || check.session_id == session.id
    };
    let check = check.filter(theirs).ok_or(VerifyError::Over)?;
    ask(provider, context, &check, account).await
}

/// The owner gives the check up.
pub async fn give_up(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
) -> Result<(), VerifyError> {
    let record = audit::done(AuditKind::IdentityCheckStopped).account(account);
    let stopped = provider.store.stop_check(account.id, record.record(provider, context)).await?;
    if stopped { Ok(()) } else { Err(VerifyError::Over) }
}

/// The last check, and whether something may still come of it.
pub async fn last(
    provider: &Provider,
    account: &Account,
) -> Result<Option<(IdentityCheck, bool)>, StoreError> {
    let (check, now) = (provider.store.last_check(account.id).await?, provider.clock.now());
    Ok(check.map(|check| {
        let live = check.is_live(now);
        (check, live)
    }))
}

/// Asks services that were away, for everybody who waits for them.
pub async fn follow(provider: &Provider) -> Result<(), StoreError> {
    let context = RequestContext::internal("verification");
    for check in provider.store.due_checks(provider.clock.now()).await? {
        let account = provider.store.find_account(check.account_id).await?;
        let usable = |account: &Account| account.status == AccountStatus::Active;
        let asked = match account.filter(usable) {
            Some(account) => ask(provider, &context, &check, &account).await,
            None => Err(VerifyError::Over),
        };
        match asked {
            Ok(_) => {}
            Err(VerifyError::Store(error)) => return Err(error),
            // Nothing can come of it now; it is looked at again later, and is over in time.
            Err(_) => {
                let now = provider.clock.now();
                provider.store.keep_check_waiting(&check, now).await?;
            }
        }
    }
    Ok(())
}

/// Asks the service, and settles the check by what it says.
async fn ask(
    provider: &Provider,
    context: &RequestContext,
    check: &IdentityCheck,
    account: &Account,
) -> Result<Outcome, VerifyError> {
    if !check.is_live(provider.clock.now()) {
        return Err(VerifyError::Over);
    }
    let verifier = provider.verifiers.get(check.kind).ok_or(VerifyError::NotOffered)?;
    let profile = provider.vault.open_profile(account)?;
    let reference = provider.vault.open_of(account, REFERENCE, &check.reference)?;
    let reference = String::from_utf8(reference).map_err(|_| VaultError::Sealed)?;
    let who = Claimant { name: &profile.name, id_number: &profile.id_number };
    let verdict = verifier.result(check.id, &reference, who).await;
    let now = provider.clock.now();
    let (finding, compared, why) = match verdict {
        Err(away) => {
            tell_away(check.kind, &away);
            let waits = provider.store.keep_check_waiting(check, now).await?;
            return if waits { Ok(Outcome::Pending) } else { Err(VerifyError::Over) };
        }
        Ok(Verdict::Unfinished) if check.state == CheckState::Pending => {
            provider.store.keep_check_waiting(check, now).await?;
            return Ok(Outcome::Unfinished);
        }
        Ok(Verdict::Unfinished) => return Ok(Outcome::Unfinished),
        Ok(verdict) => judge(check.kind, verdict),
    };
    let evidence = Evidence {
        id: EvidenceId::generate(),
        account_id: account.id,
        source: check.kind.source(),
        compared,
        finding,
        at_counter: None,
        reference: check.reference.clone(),
        at: now,
    };
    settle(provider, context, (check, account), (evidence, why)).await
}

/// What a verdict is worth, and why it is worth nothing.
fn judge(kind: CheckKind, verdict: Verdict) -> (Finding, Comparison, &'static str) {
    let (needed, _) = kind.source().demands();
    match verdict {
        Verdict::Confirmed(compared) if compared.covers(needed) => {
            (Finding::Confirmed, compared, "")
        }
        Verdict::Confirmed(compared) => (Finding::Denied, compared, "too little was compared"),
        Verdict::Elsewhere => {
            (Finding::Denied, Comparison::default(), "the result is another person's")
        }
        Verdict::Denied | Verdict::Unfinished => {
            (Finding::Denied, Comparison::default(), "not confirmed")
        }
    }
}

async fn settle(
    provider: &Provider,
    context: &RequestContext,
    (check, account): (&IdentityCheck, &Account),
    (evidence, why): (Evidence, &str),
) -> Result<Outcome, VerifyError> {
    let confirmed = evidence.finding == Finding::Confirmed;
    let event = if confirmed {
        audit::done(AuditKind::IdentityVerified)
    } else {
        audit::refused(AuditKind::IdentityVerified, why)
    };
    let event = event
        .account(account)
        .detail("source", evidence.source.as_str())
        .detail("compared", evidence.compared.to_string())
        .detail("evidence", evidence.id.to_string())
        .detail("level", evidence.level());
    let raised = evidence.raises(account.identity_assurance).is_some();
    let record = event.record(provider, context);
    if provider.store.settle_check(check.id, evidence, record).await? == Settled::Over {
        return Err(VerifyError::Over);
    }
    metrics::counter!(
        "identity_checks_total",
        "source" => check.kind.as_str(), "finding" => if confirmed { "confirmed" } else { "denied" }
    )
    .increment(1);
    if raised {
        messages::notify(provider, account, Notice::IdentityRaised);
    } else if check.state == CheckState::Pending {
        messages::notify(provider, account, Notice::IdentityNotConfirmed);
    }
    Ok(if confirmed { Outcome::Confirmed } else { Outcome::Denied })
}

async fn refuse<T>(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    why: &str,
) -> Result<T, VerifyError> {
    let record = audit::refused(AuditKind::IdentityVerified, why).account(account);
    provider.store.record(record.record(provider, context)).await?;
    Err(VerifyError::Over)
}

fn tell_away(kind: CheckKind, away: &RegisterAway) {
    metrics::counter!("verifier_failures_total", "source" => kind.as_str()).increment(1);
    tracing::warn!(source = kind.as_str(), error = %away.0, "a verification service is away");
}
