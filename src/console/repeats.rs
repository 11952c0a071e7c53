//! A machine that heard no answer asks again: with the same idempotency key the request is done once, and
//! answered as before (draft-ietf-httpapi-idempotency-key-header).

use std::time::Duration;

use crate::console::Actor;
use crate::console::ConsoleError;
use crate::domain::id::ApiRequestDigest;
use crate::store::sql::KnownRequest;

/// How long a key stands for its request.
pub const LIFETIME: Duration = Duration::from_hours(24);
/// What the seal of an answer is bound to.
const PURPOSE: &str = "api answer";

/// What is to be done with a request.
pub enum Known {
    /// It is new: do it, and say what came of it.
    New(Begun),
    /// The key stands for another request.
    Another,
    /// It is being done, or nobody knows what became of it.
    Begun,
    /// It was done, with this status and answer.
    Done(u16, Vec<u8>),
}

/// A request that was begun.
#[derive(Debug, Clone, Copy)]
pub struct Begun(ApiRequestDigest);

/// Keeps the key of a request; `parts` are all that makes it another one.
pub async fn begin(actor: Actor<'_>, key: &str, parts: &[&[u8]]) -> Result<Known, ConsoleError> {
    let (provider, operator) = (actor.provider, actor.operator.id);
    let mac = &provider.vault.short_secret;
    let digest = mac.tag_parts(&[b"api key", operator.0.as_bytes(), key.as_bytes()]);
    let digest = ApiRequestDigest(digest);
    let mut named: Vec<&[u8]> = vec![b"api request", operator.0.as_bytes()];
    named.extend(parts);
    let request = mac.tag_parts(&named);
    let now = provider.clock.now();
    let times = (now, now.plus(LIFETIME));
    Ok(match provider.store.begin_api_request(digest, request, times).await? {
        KnownRequest::New => Known::New(Begun(digest)),
        KnownRequest::Another => Known::Another,
        KnownRequest::Begun => Known::Begun,
        KnownRequest::Done(status, sealed) => {
            let answer = provider.vault.open_data(PURPOSE, &sealed)?;
            let status = u16::try_from(status).unwrap_or_default();
            Known::Done(status, answer.to_vec())
        }
    })
}

/// Keeps what came of it.
pub async fn finish(
    actor: Actor<'_>,
    begun: Begun,
    status: u16,
    answer: &[u8],
) -> Result<(), ConsoleError> {
    let sealed = actor.provider.vault.seal_data(PURPOSE, answer);
    Ok(actor.provider.store.finish_api_request(begun.0, (status.into(), sealed)).await?)
}

/// Nothing came of it, so it can be tried again.
pub async fn forget(actor: Actor<'_>, begun: Begun) -> Result<(), ConsoleError> {
    Ok(actor.provider.store.forget_api_request(begun.0).await?)
}
