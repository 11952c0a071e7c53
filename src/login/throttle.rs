//! One throttle an account and one a source, shared by all doors, counted before the costly work
//! (security.md P6, A-48, A-49).

use crate::domain::attempts;
use crate::domain::attempts::AttemptLimits;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::domain::request_context::RequestContext;
use crate::login::LoginError;
use crate::provider::Provider;
use crate::store::sql::AttemptKey;

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
) -> Result<Admitted, LoginError> {
    admit_with(provider, context, ("login", attempts::ACCOUNT), counted).await
}

/// Lets an attempt at a second factor through, or says no.
pub async fn admit_second(
    provider: &Provider,
    context: &RequestContext,
    account: AccountId,
) -> Result<Admitted, LoginError> {
    let limits = ("second factor", attempts::SECOND_FACTOR);
    admit_with(provider, context, limits, Counted::Account(account)).await
}

/// Lets a message to a phone through, or says no.
pub async fn admit_message(
    provider: &Provider,
    context: &RequestContext,
    phone: &str,
) -> Result<Admitted, LoginError> {
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
pub async fn forgive(provider: &Provider, admitted: Admitted) -> Result<(), LoginError> {
    provider.store.forgive_attempt(vec![admitted.account], vec![admitted.source]).await?;
    Ok(())
}

async fn admit_with(
    provider: &Provider,
    context: &RequestContext,
    (door, limits): (&str, AttemptLimits),
    counted: Counted,
) -> Result<Admitted, LoginError> {
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

async fn count(provider: &Provider, mut keys: Vec<AttemptKey>) -> Result<(), LoginError> {
    if provider.config.test_profile {
        // A conformance run logs one person in hundreds of times from one address.
        keys.retain(|key| key.limits != attempts::SOURCE && key.limits != attempts::MESSAGE);
    }
    let now = provider.clock.now();
    match provider.store.admit_attempt(keys, now).await? {
        Ok(()) => Ok(()),
        Err(_) => {
            metrics::counter!("throttled_attempts_total").increment(1);
            Err(LoginError::Rejected)
        }
    }
}

fn source_key(provider: &Provider, context: &RequestContext) -> [u8; 32] {
    let network = context.source_network();
    provider.vault.short_secret.tag_parts(&[b"source", network.as_bytes()])
}
