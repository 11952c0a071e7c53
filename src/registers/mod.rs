//! Registers are sources, not assumptions (design D11): each sits behind a trait. Behind it is a local replica,
//! filled by a command, or the data-sharing platform of the province. Services that verify an identity stand
//! beside them: `verifier`.

pub mod anchors;
mod breaker;
pub mod platform;
pub mod replica;
pub mod verifier;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::domain::identity_document::PersonKey;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::uscc::Uscc;
use crate::signed_call::CallError;
use crate::signed_call::IncomingCall;

/// What the population register says of a name and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterAnswer {
    /// They belong together.
    Match,
    /// They do not, or the number is not there: the register does not say which.
    NoMatch,
    /// The register keeps no documents of that type.
    NotKept,
}

/// The register gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("the register is away")]
pub struct RegisterAway(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The population register.
#[async_trait]
pub trait PopulationRegister: Send + Sync {
    /// Whether this person has this document. Both in canonical spelling.
    async fn compare(&self, name: &str, key: PersonKey<'_>)
    -> Result<RegisterAnswer, RegisterAway>;

    /// Whether it failed repeatedly and is not asked now.
    fn rests(&self) -> bool {
        false
    }
}

/// The legal-entity register.
#[async_trait]
pub trait LegalEntityRegister: Send + Sync {
    /// What it says of the organisation with this code. None: there is no such organisation.
    async fn find(&self, uscc: &Uscc) -> Result<Option<LegalEntity>, RegisterAway>;

    /// Whether the register itself makes this call to us; gives the nonce, to be accepted once. None: it calls nobody.
    fn verify_call<'c>(
        &self,
        _call: &IncomingCall<'c>,
        _now: Timestamp,
    ) -> Option<Result<&'c str, CallError>> {
        None
    }

    /// Whether it failed repeatedly and is not asked now.
    fn rests(&self) -> bool {
        false
    }
}
