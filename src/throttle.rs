//! One throttle an account and one a source, shared by all doors, counted before the costly work
//! (security.md P6, A-48, A-49). The rule itself is `domain::attempts`.

use crate::domain::attempts;
use crate::domain::attempts::AttemptLimits;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::AttemptKey;

/// Why an attempt is not let through.
#[derive(Debug, thiserror::Error)]
pub enum ThrottleError {
    /// Too often; come back later.
    #[error("too many attempts")]
    TooMany,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whom an attempt is counted against.
#[derive(Debug, Clone, Copy)]
pub enum Counted {
    /// An account, however it was named.
    Account(AccountId),
    /// An identifier nobody has.
    Nobody(IdentifierDigest),
}

/// An attempt that was let through; it counts as failed until it is forgiven.
#[must_use]
pub struct Admitted {
    account: [u8; 32],
    source: [u8; 32],
}

/// Lets an attempt at the first factor through, or says no.
pub async fn admit(
    provider: &Provider,
    context: &RequestContext,
    counted: Counted,
) -> Result<Admitted, ThrottleError> {
    admit_with(provider, context, ("login", attempts::ACCOUNT), counted).await
}

/// Lets an attempt at a second factor through, or says no.
pub async fn admit_second(
    provider: &Provider,
    context: &RequestContext,
    account: AccountId,
) -> Result<Admitted, ThrottleError> {
    let limits = ("second factor", attempts::SECOND_FACTOR);
    admit_with(provider, context, limits, Counted::Account(account)).await
}

/// Lets an attempt to sign up with this number through, or says no.
pub async fn admit_sign_up(
    provider: &Provider,
    context: &RequestContext,
    digest: IdentifierDigest,
) -> Result<Admitted, ThrottleError> {
    admit_with(provider, context, ("sign-up", attempts::SIGN_UP), Counted::Nobody(digest)).await
}

/// Lets a message to a phone through, or says no.
pub async fn admit_message(
    provider: &Provider,
    context: &RequestContext,
    phone: &str,
) -> Result<Admitted, ThrottleError> {
    let key = provider.vault.short_secret.tag_parts(&[b"message", phone.as_bytes()]);
    let source = source_key(provider, context);
    let keys = vec![
        AttemptKey { digest: key, limits: attempts::MESSAGE },
        AttemptKey { digest: source, limits: attempts::SOURCE },
    ];
    count(provider, keys).await?;
    Ok(Admitted { account: key, source })
}

/// The attempt succeeded: the account's count starts anew, the source gets its attempt back.
pub async fn forgive(provider: &Provider, admitted: Admitted) -> Result<(), StoreError> {
    provider.store.forgive_attempt(vec![admitted.account], vec![admitted.source]).await
}

async fn admit_with(
    provider: &Provider,
    context: &RequestContext,
    (door, limits): (&str, AttemptLimits),
    counted: Counted,
) -> Result<Admitted, ThrottleError> {
    let name = match &counted {
        Counted::Account(id) => id.0.as_bytes().as_slice(),
        Counted::Nobody(digest) => digest.as_bytes(),
    };
    let account = provider.vault.short_secret.tag_parts(&[door.as_bytes(), name]);
    let source = source_key(provider, context);
    let keys = vec![
        AttemptKey { digest: account, limits },
        AttemptKey { digest: source, limits: attempts::SOURCE },
    ];
    count(provider, keys).await?;
    Ok(Admitted { account, source })
}

async fn count(provider: &Provider, mut keys: Vec<AttemptKey>) -> Result<(), ThrottleError> {
    if provider.config.test_profile {
        // A conformance run logs one person in hundreds of times from one address.
        keys.retain(|key| key.limits != attempts::SOURCE && key.limits != attempts::MESSAGE);
    }
    let now = provider.clock.now();
    if let Ok(()) = provider.store.admit_attempt(keys, now).await? {
        Ok(())
    } else {
        metrics::counter!("throttled_attempts_total").increment(1);
        Err(ThrottleError::TooMany)
    }
}

fn source_key(provider: &Provider, context: &RequestContext) -> [u8; 32] {
    let network = context.source_network();
    provider.vault.short_secret.tag_parts(&[b"source", network.as_bytes()])
}

/// Forgets every failed attempt at an account: an operator looked at it.
pub async fn reset(provider: &Provider, account: AccountId) -> Result<(), StoreError> {
    let key = |door: &str| {
        provider.vault.short_secret.tag_parts(&[door.as_bytes(), account.0.as_bytes()])
    };
    provider.store.forgive_attempt(vec![key("login"), key("second factor")], Vec::new()).await
}
