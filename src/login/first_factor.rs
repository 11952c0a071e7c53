//! The first factor: find the account, count the attempt, judge the answer. Unknown, wrong, locked and
//! cancelled look alike, in words, in time and in work done (security.md P13).

use crate::audit;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::assurance::Method;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::recovery::PHONE_FADES;
use crate::domain::request_context::RequestContext;
use crate::identifier;
use crate::identifier::Typed;
use crate::login::LoginError;
use crate::login::authenticators;
use crate::login::authenticators::Attempt;
use crate::login::authenticators::Challenge;
use crate::login::known_browsers;
use crate::login::known_browsers::Known;
use crate::messages;
use crate::messages::Notice;
use crate::provider::Provider;
use crate::throttle;
use crate::throttle::Counted;
use crate::throttle::ThrottleError;

/// What a login form says.
pub struct Login<'a> {
    /// Who, as typed.
    pub identifier: Typed<'a>,
    /// How.
    pub method: Method,
    /// Digest of the browser and flow.
    pub binding: [u8; 32],
    /// The challenge that is answered.
    pub challenge: Option<&'a str>,
    /// What this browser claims of accounts that logged in with it before.
    pub known: Vec<Known>,
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
    // After so long the phone may be somebody else's; and nobody's account is asked about just as well.
    let id = account.as_ref().map_or_else(AccountId::generate, |account| account.id);
    let since = provider.clock.now().minus(PHONE_FADES);
    let in_use = provider.store.was_used_since(id, since).await?;
    let usable = |account: &&Account| is_usable(account, login.method) && in_use;
    let attempt = Attempt {
        context,
        account: account.as_ref().filter(usable),
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
        return refuse(provider, context, (None, login.method), "not an identifier").await;
    };
    let account = provider.store.find_account_by_identifier(&digest).await?;
    let counted =
        account.as_ref().map_or(Counted::Nobody(digest), |account| Counted::Account(account.id));
    let at_home = match &account {
        Some(account) => known_browsers::is_known(provider, account, &login.known).await?,
        None => false,
    };
    let admitted = match throttle::admit(provider, context, counted, at_home).await {
        Ok(admitted) => admitted,
        Err(ThrottleError::TooMany) => {
            let who = (account.as_ref(), login.method);
            return refuse(provider, context, who, "too many attempts").await;
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
    let usable = account.as_ref().is_some_and(|found| is_usable(found, login.method));
    match (judged, account) {
        (Ok(()), Some(account)) if usable => {
            throttle::forgive(provider, admitted).await?;
            Ok(account)
        }
        (Ok(()) | Err(LoginError::Rejected | LoginError::CodeWrong), account) => {
            if let Some(account) = account.as_ref().filter(|_| usable && admitted.rests_now) {
                messages::notify(provider, account, Notice::LoginRests);
            }
            let reason = if usable { "wrong answer" } else { "no usable account" };
            refuse(provider, context, (account.as_ref(), login.method), reason).await
        }
        (Err(error), _) => {
            // Nothing was judged: a busy moment of ours is no failure of theirs.
            throttle::give_back(provider, admitted).await?;
            Err(error)
        }
    }
}

/// Whether this method logs in to the account: it may be used, and its owner did not switch the method off.
fn is_usable(account: &Account, method: Method) -> bool {
    account.status == AccountStatus::Active && account.choices.allows(method)
}

async fn refuse(
    provider: &Provider,
    context: &RequestContext,
    (account, method): (Option<&Account>, Method),
    reason: &str,
) -> Result<Account, LoginError> {
    let mut event = audit::refused(AuditKind::Login, reason).detail("method", method.as_str());
    if let Some(account) = account {
        event = event.account(account);
    }
    provider.store.record(event.record(provider, context)).await?;
    Err(LoginError::Rejected)
}
