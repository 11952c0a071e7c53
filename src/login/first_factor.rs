//! The first factor: find the account, count the attempt, judge the answer. Unknown, wrong, locked and
//! cancelled look alike, in words, in time and in work done (security.md P13).

use crate::audit;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::assurance::Method;
use crate::domain::audit_event::AuditKind;
use crate::domain::request_context::RequestContext;
use crate::login::LoginError;
use crate::login::authenticators;
use crate::login::authenticators::Attempt;
use crate::login::authenticators::Challenge;
use crate::login::identifier;
use crate::provider::Provider;
use crate::throttle;
use crate::throttle::Counted;
use crate::throttle::ThrottleError;

/// What a login form says.
pub struct Login<'a> {
    /// Who, as typed.
    pub identifier: &'a str,
    /// How.
    pub method: Method,
    /// Digest of the browser and flow.
    pub binding: [u8; 32],
    /// The challenge that is answered.
    pub challenge: Option<&'a str>,
}

/// Begins a method that needs a challenge: sends the code.
pub async fn begin(
    provider: &Provider,
    context: &RequestContext,
    login: &Login<'_>,
) -> Result<Challenge, LoginError> {
    let account = match identifier::digest(provider, login.identifier) {
        Some(digest) => provider.store.find_account_by_identifier(&digest).await?,
        None => None,
    };
    let attempt = Attempt {
        context,
        account: account.as_ref().filter(|account| account.status == AccountStatus::Active),
        binding: login.binding,
        challenge: None,
    };
    authenticators::of(login.method).begin(provider, &attempt).await
}

/// Judges the answer; gives the account it belongs to.
pub async fn prove(
    provider: &Provider,
    context: &RequestContext,
    login: &Login<'_>,
    answer: &str,
) -> Result<Account, LoginError> {
    let Some(digest) = identifier::digest(provider, login.identifier) else {
        // Not an identifier of any kind: refused before any look-up.
        return refuse(provider, context, None, "not an identifier").await;
    };
    let account = provider.store.find_account_by_identifier(&digest).await?;
    let counted =
        account.as_ref().map_or(Counted::Nobody(digest), |account| Counted::Account(account.id));
    let admitted = match throttle::admit(provider, context, counted).await {
        Ok(admitted) => admitted,
        Err(ThrottleError::TooMany) => {
            return refuse(provider, context, account.as_ref(), "too many attempts").await;
        }
        Err(ThrottleError::Store(error)) => return Err(error.into()),
    };
    let attempt = Attempt {
        context,
        account: account.as_ref(),
        binding: login.binding,
        challenge: login.challenge,
    };
    let judged = authenticators::of(login.method).verify(provider, &attempt, answer).await;
    let usable = account.as_ref().is_some_and(|found| found.status == AccountStatus::Active);
    match (judged, account) {
        (Ok(()), Some(account)) if usable => {
            throttle::forgive(provider, admitted).await?;
            Ok(account)
        }
        (Ok(()) | Err(LoginError::Rejected | LoginError::CodeWrong), account) => {
            let reason = if usable { "wrong answer" } else { "no usable account" };
            refuse(provider, context, account.as_ref(), reason).await
        }
        (Err(error), _) => Err(error),
    }
}

async fn refuse(
    provider: &Provider,
    context: &RequestContext,
    account: Option<&Account>,
    reason: &str,
) -> Result<Account, LoginError> {
    let mut event = audit::refused(AuditKind::Login, reason);
    if let Some(account) = account {
        event = event.account(account);
    }
    provider.store.record(event.record(provider, context)).await?;
    Err(LoginError::Rejected)
}
