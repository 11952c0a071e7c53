//! Services that verify an identity: by a live face, a bank card or a network certificate (design D4, D11). One
//! trait for all three, since they differ in what they compare and in nothing else. What a browser brings back is
//! no proof: the service is asked.

use std::sync::Arc;

use async_trait::async_trait;

use crate::clock::Timestamp;
use crate::domain::evidence::Comparison;
use crate::domain::id::CheckId;
use crate::domain::identity_check::CheckKind;
use crate::registers::RegisterAway;
use crate::signed_call::CallError;
use crate::signed_call::IncomingCall;

/// Who is to be verified. Both in canonical spelling.
#[derive(Clone, Copy)]
pub struct Claimant<'a> {
    /// Name.
    pub name: &'a str,
    /// Number of the identity document.
    pub id_number: &'a str,
}

/// Where the service sends browser and word when it is done.
#[derive(Debug, Clone, Copy)]
pub struct Addresses<'a> {
    /// The browser comes back here.
    pub return_url: &'a str,
    /// The service tells us here that there is a result, if it tells us.
    pub callback_url: &'a str,
}

/// A check the service is ready for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// What the service calls it.
    pub reference: String,
    /// Its page for the person, on one of the addresses we know it by.
    pub page: String,
}

/// What the service says of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The person has not been through it yet.
    Unfinished,
    /// It is not this person, or the person gave up.
    Denied,
    /// It is, by comparing this.
    Confirmed(Comparison),
    /// It speaks of another person or another check: nothing follows from it.
    Elsewhere,
}

/// A service that verifies identities.
#[async_trait]
pub trait IdentityVerifier: Send + Sync {
    /// Prepares a check. The same check asked for twice is one check.
    async fn begin(
        &self,
        check: CheckId,
        who: Claimant<'_>,
        addresses: Addresses<'_>,
    ) -> Result<Begun, RegisterAway>;

    /// What came of it.
    async fn result(
        &self,
        check: CheckId,
        reference: &str,
        who: Claimant<'_>,
    ) -> Result<Verdict, RegisterAway>;

    /// Whether the service itself makes this call to us; gives the nonce, to be accepted once.
    fn verify_call<'c>(
        &self,
        call: &IncomingCall<'c>,
        now: Timestamp,
    ) -> Result<&'c str, CallError>;

    /// The origin of its pages.
    fn pages(&self) -> &str;

    /// Whether it failed repeatedly and is not asked now.
    fn rests(&self) -> bool;
}

/// The services there are, one a kind at most.
#[derive(Clone, Default)]
pub struct Verifiers {
    /// By a live face.
    pub face: Option<Arc<dyn IdentityVerifier>>,
    /// By a bank card.
    pub bank_card: Option<Arc<dyn IdentityVerifier>>,
    /// By a network certificate.
    pub network_certificate: Option<Arc<dyn IdentityVerifier>>,
}

impl Verifiers {
    /// The service of that kind, if there is one.
    pub fn get(&self, kind: CheckKind) -> Option<&dyn IdentityVerifier> {
        match kind {
            CheckKind::Face => self.face.as_deref(),
            CheckKind::BankCard => self.bank_card.as_deref(),
            CheckKind::NetworkCertificate => self.network_certificate.as_deref(),
        }
    }

    /// The kinds there is a service for, in the order pages offer them.
    pub fn kinds(&self) -> impl Iterator<Item = CheckKind> {
        CheckKind::ALL.into_iter().filter(|kind| self.get(*kind).is_some())
    }
}
