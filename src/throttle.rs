//! One throttle an account and one a source, shared by all doors, counted before the costly work
//! (security.md P6, A-48, A-49). The rule itself is `domain::attempts`.

use crate::clock::Timestamp;
use crate::domain::attempts;
use crate::domain::attempts::AttemptLimits;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;
use crate::domain::id::OperatorId;
use crate::domain::mandate::Principal;
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
    source: Option<[u8; 32]>,
    /// Whether, if it fails, it is the one after which the account rests for a while.
    pub rests_now: bool,
}

/// Lets an attempt at the first factor through, or says no. `at_home`: this browser has logged in to the
/// account before; then strangers at the same address do not hold it up.
pub async fn admit(
    provider: &Provider,
    context: &RequestContext,
    counted: Counted,
    at_home: bool,
) -> Result<Admitted, ThrottleError> {
    let source = (!at_home).then(|| source_key(provider, context, "source"));
    let key = AttemptKey { digest: key(provider, "login", counted), limits: attempts::ACCOUNT };
    count(provider, key, source.map(|digest| (digest, attempts::SOURCE))).await
}

/// Lets an attempt at a second factor through, or says no. A session is open, so the source is not asked.
pub async fn admit_second(
    provider: &Provider,
    account: AccountId,
) -> Result<Admitted, ThrottleError> {
    let digest = key(provider, "second factor", Counted::Account(account));
    count(provider, AttemptKey { digest, limits: attempts::SECOND_FACTOR }, None).await
}

/// Lets an operator's login through, or says no; by the name that was typed, whether or not anybody has it.
pub async fn admit_operator(
    provider: &Provider,
    context: &RequestContext,
    login_name: &str,
) -> Result<Admitted, ThrottleError> {
    let digest = provider.vault.short_secret.tag_parts(&[b"operator", login_name.as_bytes()]);
    let source = (source_key(provider, context, "source"), attempts::SOURCE);
    count(provider, AttemptKey { digest, limits: attempts::ACCOUNT }, Some(source)).await
}

/// Lets an attempt to sign up with this number through, or says no.
pub async fn admit_sign_up(
    provider: &Provider,
    context: &RequestContext,
    digest: IdentifierDigest,
) -> Result<Admitted, ThrottleError> {
    let digest = key(provider, "sign-up", Counted::Nobody(digest));
    let source = (source_key(provider, context, "source"), attempts::SOURCE);
    count(provider, AttemptKey { digest, limits: attempts::SIGN_UP }, Some(source)).await
}

/// Lets a counter ask the register about this number, or says no: each officer's attempts are his own, so that no
/// stranger keeps a counter from serving somebody.
pub async fn admit_counter(
    provider: &Provider,
    operator: OperatorId,
    digest: IdentifierDigest,
) -> Result<Admitted, ThrottleError> {
    let key = [b"counter".as_slice(), operator.0.as_bytes(), digest.as_bytes()];
    let digest = provider.vault.short_secret.tag_parts(&key);
    count(provider, AttemptKey { digest, limits: attempts::SIGN_UP }, None).await
}

/// Lets an attempt to recover the account of this number through, or says no: names, phones and codes are
/// not tried out at it.
pub async fn admit_recovery(
    provider: &Provider,
    context: &RequestContext,
    digest: IdentifierDigest,
) -> Result<Admitted, ThrottleError> {
    let digest = key(provider, "recovery", Counted::Nobody(digest));
    let source = (source_key(provider, context, "source"), attempts::SOURCE);
    count(provider, AttemptKey { digest, limits: attempts::SIGN_UP }, Some(source)).await
}

/// Lets an attempt of this account to claim an organisation through, or says no: nobody tries out who represents
/// what.
pub async fn admit_claim(
    provider: &Provider,
    context: &RequestContext,
    account: AccountId,
) -> Result<Admitted, ThrottleError> {
    let digest = key(provider, "claim", Counted::Account(account));
    let source = (source_key(provider, context, "source"), attempts::SOURCE);
    count(provider, AttemptKey { digest, limits: attempts::SIGN_UP }, Some(source)).await
}

/// Lets this account name somebody who is to act for a principal, or says no: nobody tries out who has which name
/// and number. It counts whatever comes of it, against the account, and against the organisation, where many
/// accounts act for one.
pub async fn admit_offer(
    provider: &Provider,
    context: &RequestContext,
    account: AccountId,
    principal: Principal,
) -> Result<(), ThrottleError> {
    let mut keys = vec![AttemptKey {
        digest: key(provider, "offer", Counted::Account(account)),
        limits: attempts::OFFER,
    }];
    if let Principal::Organisation(id) = principal {
        let digest = provider.vault.short_secret.tag_parts(&[b"offer of", id.0.as_bytes()]);
        keys.push(AttemptKey { digest, limits: attempts::OFFER_OF_ORGANISATION });
    }
    let digest = source_key(provider, context, "source");
    keys.push(AttemptKey { digest, limits: attempts::SOURCE });
    admit_all(provider, keys).await.map(drop)
}

/// Lets an attempt to verify the identity of this account through, or says no: every check at a service costs
/// somebody money, and a counter is no place to try names and numbers at.
pub async fn admit_verification(
    provider: &Provider,
    context: &RequestContext,
    account: AccountId,
) -> Result<Admitted, ThrottleError> {
    let digest = key(provider, "verification", Counted::Account(account));
    let source = (source_key(provider, context, "source"), attempts::SOURCE);
    count(provider, AttemptKey { digest, limits: attempts::SIGN_UP }, Some(source)).await
}

/// Lets a message to a phone through, or says no. Where there is no phone, `to` is anything else: the same
/// work is done. Messages of a source are counted apart from its failures, since they are none.
pub async fn admit_message(
    provider: &Provider,
    context: &RequestContext,
    to: &[u8],
) -> Result<Admitted, ThrottleError> {
    let digest = provider.vault.short_secret.tag_parts(&[b"message", to]);
    let source = (source_key(provider, context, "messages"), attempts::SOURCE_MESSAGES);
    count(provider, AttemptKey { digest, limits: attempts::MESSAGE }, Some(source)).await
}

/// Whether somebody is told once more of what happened: so many notices of a kind an hour, whoever causes them.
pub async fn admit_notice(
    provider: &Provider,
    about: &str,
    counted: Counted,
) -> Result<bool, StoreError> {
    let digest = key(provider, &format!("notice {about}"), counted);
    let now = provider.clock.now();
    let keys = vec![AttemptKey { digest, limits: attempts::NOTICE }];
    Ok(provider.store.admit_attempt(keys, now).await?.is_ok())
}

/// Lets an application of this source be filed, or says no.
pub async fn admit_application(
    provider: &Provider,
    context: &RequestContext,
) -> Result<Admitted, ThrottleError> {
    let digest = source_key(provider, context, "application");
    count(provider, AttemptKey { digest, limits: attempts::APPLICATION }, None).await
}

/// Counts a request of a machine to the Admin API; or says when it may ask again. Every node counts in the same
/// place.
pub async fn admit_machine(
    provider: &Provider,
    client: &ClientId,
) -> Result<Option<Timestamp>, StoreError> {
    let digest = provider.vault.short_secret.tag_parts(&[b"machine", client.as_str().as_bytes()]);
    let limits = attempts::machine(provider.config.api.requests_per_minute);
    let now = provider.clock.now();
    let admitted = provider.store.admit_attempt(vec![AttemptKey { digest, limits }], now).await?;
    Ok(admitted.err())
}

/// The attempt succeeded: the account's count starts anew, the source gets its attempt back.
pub async fn forgive(provider: &Provider, admitted: Admitted) -> Result<(), StoreError> {
    let returned = admitted.source.into_iter().collect();
    provider.store.forgive_attempt(vec![admitted.account], returned).await
}

/// The attempt was not judged: both get it back.
pub async fn give_back(provider: &Provider, admitted: Admitted) -> Result<(), StoreError> {
    let returned = [admitted.account].into_iter().chain(admitted.source).collect();
    provider.store.forgive_attempt(Vec::new(), returned).await
}

fn key(provider: &Provider, door: &str, counted: Counted) -> [u8; 32] {
    let name = match &counted {
        Counted::Account(id) => id.0.as_bytes().as_slice(),
        Counted::Nobody(digest) => digest.as_bytes(),
    };
    provider.vault.short_secret.tag_parts(&[door.as_bytes(), name])
}

async fn count(
    provider: &Provider,
    key: AttemptKey,
    source: Option<([u8; 32], AttemptLimits)>,
) -> Result<Admitted, ThrottleError> {
    let source = source.map(|(digest, limits)| AttemptKey { digest, limits });
    let mut keys = vec![key];
    keys.extend(source);
    let failures = admit_all(provider, keys).await?;
    Ok(Admitted {
        account: key.digest,
        source: source.map(|source| source.digest),
        rests_now: failures == i64::from(key.limits.lock_after),
    })
}

/// Counts against all of them or none; the failures of the first.
async fn admit_all(provider: &Provider, mut keys: Vec<AttemptKey>) -> Result<i64, ThrottleError> {
    if provider.config.test_profile {
        // A conformance run logs one person in hundreds of times from one address.
        let counts = keys.first().is_some_and(|key| key.limits != attempts::MESSAGE);
        keys.truncate(usize::from(counts));
    }
    let now = provider.clock.now();
    let admitted = provider.store.admit_attempt(keys, now).await?;
    admitted.map_err(|_| {
        metrics::counter!("throttled_attempts_total").increment(1);
        ThrottleError::TooMany
    })
}

fn source_key(provider: &Provider, context: &RequestContext, what: &str) -> [u8; 32] {
    let network = context.source_network();
    provider.vault.short_secret.tag_parts(&[what.as_bytes(), network.as_bytes()])
}

/// Forgets every failed attempt at an account: an operator looked at it.
pub async fn reset(provider: &Provider, account: AccountId) -> Result<(), StoreError> {
    let key = |door: &str| key(provider, door, Counted::Account(account));
    provider.store.forgive_attempt(vec![key("login"), key("second factor")], Vec::new()).await
}
