//! Calls of others to us, signed with a secret we share (`signed_call`): each is taken once.

use crate::domain::id::JtiDigest;
use crate::provider::Provider;
use crate::signed_call::CallError;
use crate::signed_call::TOLERANCE;
use crate::store::StoreError;

/// Why a call is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Nobody who may call is configured here.
    #[error("there is no such service")]
    NotOffered,
    /// It is not who may that calls.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It makes no sense, or names nothing that is its caller's.
    #[error("the call names nothing that is known")]
    Unknown,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes a call that came in at this door, if its nonce was never taken there.
pub async fn accept(
    provider: &Provider,
    door: &str,
    nonce: Result<&str, CallError>,
) -> Result<Result<(), CallError>, StoreError> {
    let digest = match nonce {
        Ok(nonce) => JtiDigest::of(&format!("callback {door}\n{nonce}")),
        Err(refused) => return Ok(Err(refused)),
    };
    let until = provider.clock.now().plus(TOLERANCE * 2);
    let first = provider.store.spend_jti(digest, until).await?;
    Ok(if first { Ok(()) } else { Err(CallError::Replayed) })
}
