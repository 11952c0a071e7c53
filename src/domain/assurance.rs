//! Assurance: how sure we are who somebody is and how they proved it, and the one table that
//! turns both into `acr` (OpenID Connect Core §2, RFC 8176, GB/T 40651-2021; design D4).

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;

/// How well the identity behind an account was established.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct IdentityAssurance(u8);

impl IdentityAssurance {
    /// A phone number only; not real-named.
    pub const PHONE_ONLY: Self = Self(0);
    /// Name and number match the population register.
    pub const REGISTER_MATCH: Self = Self(1);
    /// A live face, a bank card or a network certificate.
    pub const LIVE: Self = Self(2);
    /// Seen at a counter, or a certificate on a token.
    pub const COUNTER: Self = Self(3);

    /// The level of this number; what lies above the scale is refused.
    pub fn from_level(level: u8) -> Option<Self> {
        (level <= 3).then_some(Self(level))
    }

    /// The number, 0 to 3.
    pub fn level(self) -> u8 {
        self.0
    }
}

/// One way a person proved who they are in this session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Something known.
    Password,
    /// A time-based code of an app (RFC 6238).
    Totp,
    /// A code sent to the registered phone.
    Sms,
    /// A recovery code printed at enrolment; stands in for the second factor.
    RecoveryCode,
}

/// What a method shows: two methods of one factor are still one factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Factor {
    /// Something known.
    Knowledge,
    /// Something owned.
    Possession,
}

impl Method {
    /// Every method there is, in the order pages offer them.
    pub const ALL: [Self; 4] = [Self::Password, Self::Totp, Self::Sms, Self::RecoveryCode];

    /// The factor it proves.
    pub fn factor(self) -> Factor {
        match self {
            Self::Password => Factor::Knowledge,
            Self::Totp | Self::Sms | Self::RecoveryCode => Factor::Possession,
        }
    }

    /// Its values in `amr` (RFC 8176 §2).
    pub fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Totp | Self::RecoveryCode => "otp",
            Self::Sms => "sms",
        }
    }

    /// The name in URLs, audit records and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Totp => "totp",
            Self::Sms => "sms",
            Self::RecoveryCode => "recovery_code",
        }
    }

    /// The method of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

/// A password typed within this time need not be typed again before credentials change.
pub const RECENT: Duration = Duration::from_mins(5);

/// A proof that was given: how, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// How it was proven.
    pub method: Method,
    /// When.
    pub at: Timestamp,
}

/// The strength of the proofs of a session: none, one factor, two factors, or hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuthenticatorAssurance(u8);

impl AuthenticatorAssurance {
    /// Nothing proven.
    pub const NONE: Self = Self(0);
    /// One factor.
    pub const ONE_FACTOR: Self = Self(1);
    /// Two different factors.
    pub const TWO_FACTORS: Self = Self(2);
    /// A cryptographic factor bound to hardware.
    pub const HARDWARE: Self = Self(3);

    /// What these proofs amount to.
    pub fn of(proofs: &[Proof]) -> Self {
        let has = |factor| proofs.iter().any(|proof| proof.method.factor() == factor);
        Self(u8::from(has(Factor::Knowledge)) + u8::from(has(Factor::Possession)))
    }

    /// The number, 0 to 3.
    pub fn level(self) -> u8 {
        self.0
    }
}

/// Authentication context class, `urn:yihao:acr:1` to `:4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Acr {
    /// Somebody proved something.
    One,
    /// Real-named, two factors.
    Two,
    /// Seen alive, two factors.
    Three,
    /// Seen at a counter, hardware-bound factor.
    Four,
}

impl Acr {
    /// Every class, lowest first, as discovery lists them.
    pub const ALL: [Self; 4] = [Self::One, Self::Two, Self::Three, Self::Four];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One => "urn:yihao:acr:1",
            Self::Two => "urn:yihao:acr:2",
            Self::Three => "urn:yihao:acr:3",
            Self::Four => "urn:yihao:acr:4",
        }
    }

    /// The class of that value; other values mean nothing to us.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|acr| acr.as_str() == value)
    }

    /// What the class asks for: the one table of D4.
    pub fn demands(self) -> (IdentityAssurance, AuthenticatorAssurance) {
        match self {
            Self::One => (IdentityAssurance::PHONE_ONLY, AuthenticatorAssurance::ONE_FACTOR),
            Self::Two => (IdentityAssurance::REGISTER_MATCH, AuthenticatorAssurance::TWO_FACTORS),
            Self::Three => (IdentityAssurance::LIVE, AuthenticatorAssurance::TWO_FACTORS),
            Self::Four => (IdentityAssurance::COUNTER, AuthenticatorAssurance::HARDWARE),
        }
    }

    /// The highest class both levels reach; nothing proven reaches none.
    pub fn reached(
        identity: IdentityAssurance,
        authenticator: AuthenticatorAssurance,
    ) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|acr| {
            let (needs_identity, needs_authenticator) = acr.demands();
            identity >= needs_identity && authenticator >= needs_authenticator
        })
    }
}

/// What an authorization request asks of the login: protocol fills it in, login answers it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word the request may carry")]
pub struct Requirement {
    /// When the request was first seen; fresh proofs must be younger.
    pub admitted_at: Timestamp,
    /// `prompt=none`: nothing may be shown.
    pub silent: bool,
    /// `prompt=login`: prove it again.
    pub fresh_login: bool,
    /// `prompt=consent`: ask again what may be shared.
    pub fresh_consent: bool,
    /// `prompt=select_account`: choose the account again.
    pub fresh_account: bool,
    /// `max_age`.
    pub max_age: Option<Duration>,
    /// The lowest class the client would be satisfied with.
    pub acr: Option<Acr>,
    /// Whether a lower class is an error (OpenID Connect Core §5.5.1.1) or only told.
    pub acr_essential: bool,
}

impl Requirement {
    /// Whether a proof is fresh enough: none before the request where it asks for a new one, none older
    /// than `max_age` when it was made.
    pub fn counts(&self, proof: &Proof) -> bool {
        let age = if self.fresh_login || self.fresh_account {
            Some(Duration::ZERO)
        } else {
            self.max_age
        };
        age.is_none_or(|age| proof.at >= self.admitted_at.minus(age))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proofs(methods: &[Method]) -> Vec<Proof> {
        methods.iter().map(|&method| Proof { method, at: Timestamp(0) }).collect()
    }

    #[test]
    fn two_methods_of_one_factor_are_one_factor() {
        use Method::{Password, Sms, Totp};
        let level = |methods: &[Method]| AuthenticatorAssurance::of(&proofs(methods)).level();
        assert_eq!(level(&[]), 0);
        assert_eq!(level(&[Password, Password]), 1);
        assert_eq!(level(&[Sms, Totp]), 1);
        assert_eq!(level(&[Password, Totp]), 2);
    }

    #[test]
    fn acr_is_the_table_of_both_levels() {
        let reached = |identity, authenticator| {
            Acr::reached(IdentityAssurance(identity), AuthenticatorAssurance(authenticator))
        };
        assert_eq!(reached(3, 0), None);
        assert_eq!(reached(0, 2), Some(Acr::One));
        assert_eq!(reached(1, 1), Some(Acr::One));
        assert_eq!(reached(1, 2), Some(Acr::Two));
        assert_eq!(reached(2, 2), Some(Acr::Three));
        assert_eq!(reached(3, 2), Some(Acr::Three));
        assert_eq!(reached(3, 3), Some(Acr::Four));
    }
}
