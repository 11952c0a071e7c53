//! A session: sign-on of one browser at our provider. It accumulates proofs (design D5).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::assurance::AuthenticatorAssurance;
use crate::domain::assurance::Method;
use crate::domain::assurance::Proof;
use crate::domain::assurance::Requirement;
use crate::domain::id::AccountId;
use crate::domain::id::SessionId;

/// How long sessions of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetime {
    /// Without use.
    pub idle: Duration,
    /// At most, however busy.
    pub absolute: Duration,
}

/// A live session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its key; never leaves the provider.
    pub id: SessionId,
    /// Whose it is.
    pub account_id: AccountId,
    /// What was proven, oldest first, one entry a method.
    pub proofs: Vec<Proof>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// The account's credential epoch when it began.
    pub credential_epoch: i64,
    /// What the browser called itself, shortened.
    pub user_agent: String,
}

impl Session {
    /// `auth_time`: when the person last proved something (OpenID Connect Core §2).
    pub fn auth_time(&self) -> Timestamp {
        self.proofs.iter().map(|proof| proof.at).max().unwrap_or(self.created_at)
    }

    /// `amr`, each value once (RFC 8176); `mfa` when two factors were shown.
    pub fn amr(&self) -> Vec<&'static str> {
        let mut values: Vec<&'static str> = Vec::new();
        for value in self.proofs.iter().map(|proof| proof.method.amr()) {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        if self.authenticator_assurance() >= AuthenticatorAssurance::TWO_FACTORS {
            values.push("mfa");
        }
        values
    }

    /// What its proofs amount to.
    pub fn authenticator_assurance(&self) -> AuthenticatorAssurance {
        AuthenticatorAssurance::of(&self.proofs)
    }

    /// The same session with the proofs alone that count for a request.
    #[must_use]
    pub fn counting(&self, requirement: &Requirement) -> Self {
        let counts = |proof: &Proof| requirement.counts(proof);
        Self { proofs: self.proofs.iter().copied().filter(counts).collect(), ..self.clone() }
    }

    /// Its proofs with this one added; a method counts once, with its newest time.
    pub fn proofs_with(&self, proof: Proof) -> Vec<Proof> {
        with_proof(&self.proofs, proof)
    }

    /// Whether this method was proven at or after `moment`.
    pub fn has_proven_since(&self, method: Method, moment: Timestamp) -> bool {
        self.proofs.iter().any(|proof| proof.method == method && proof.at >= moment)
    }
}

fn with_proof(proofs: &[Proof], proof: Proof) -> Vec<Proof> {
    let kept = proofs.iter().copied().filter(|old| old.method != proof.method);
    kept.chain([proof]).collect()
}
