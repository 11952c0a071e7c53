//! Coming back to an account (security.md; design 2): by proofs that remain or by waiting
//! (`by_proof`), or with a code of a counter (`counter`). It stands above `login`, whose authenticators it asks,
//! and `people`, whose passwords and phones it sets.

pub mod by_proof;
pub mod counter;

use std::collections::BTreeMap;

use crate::people::password::SetPasswordError;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why it does not go on.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// Fields that have to be changed, each with its message.
    #[error("the form has errors")]
    Fields(BTreeMap<&'static str, &'static str>),
    /// The register gives no answer.
    #[error("the register is away")]
    RegisterAway(#[source] crate::registers::RegisterAway),
    /// The code, or the other proof, is wrong.
    #[error("the proof is wrong")]
    Wrong,
    /// It is over: done, too late, in another browser, or the account changed meanwhile.
    #[error("it is over")]
    Over,
    /// The new password is not good enough.
    #[error(transparent)]
    Password(#[from] SetPasswordError),
    /// Too many people at this moment.
    #[error("busy")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}
