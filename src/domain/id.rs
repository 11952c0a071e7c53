//! Keys of our own rows, and digests that stand for values we do not keep.

use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use crate::clock::Timestamp;

macro_rules! row_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new key; version 7, so that neighbours in time are neighbours in the index.
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl From<Uuid> for $name {
            fn from(key: Uuid) -> Self {
                Self(key)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

impl AccountId {
    /// The least key that is made at that moment: older accounts have lesser ones.
    pub fn first_at(at: Timestamp) -> Self {
        let milliseconds = u128::try_from(at.0).unwrap_or(0);
        Self(Uuid::from_u128(milliseconds << 80))
    }
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The digest (SM3) under which the value is kept.
            pub fn of(value: &str) -> Self {
                Self(crate::crypto::digest::sm3(value.as_bytes()))
            }

            /// As bytes, for a look-up.
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }
    };
}

row_key!(
    /// One account: a person's row with us.
    AccountId
);
row_key!(
    /// One session: sign-on of a browser at our provider.
    SessionId
);
row_key!(
    /// One authorization: what an end-user approved for a client.
    AuthorizationId
);
row_key!(
    /// One audit record.
    AuditId
);
row_key!(
    /// One message waiting in the outbox.
    DeliveryId
);
row_key!(
    /// One one-time code that was sent to a phone.
    OneTimeCodeId
);
row_key!(
    /// One operator.
    OperatorId
);
row_key!(
    /// One way back to an account.
    RecoveryId
);
row_key!(
    /// One note of an operator to an account.
    NoteId
);
row_key!(
    /// One act that waits, or waited, for a second officer.
    ActId
);
row_key!(
    /// One alert of monitoring.
    AlertId
);
row_key!(
    /// One portal's application for access.
    ApplicationId
);
row_key!(
    /// One browser that an account has logged in with.
    KnownBrowserId
);
row_key!(
    /// One organisation that was claimed.
    OrganisationId
);
row_key!(
    /// One piece of evidence of who somebody is.
    EvidenceId
);
row_key!(
    /// One sign-up that waits for the register.
    WaitingSignUpId
);
row_key!(
    /// One check of an identity that a service makes for us.
    CheckId
);
row_key!(
    /// One mandate.
    MandateId
);

row_key!(
    /// One batch of mappings from legacy codes to credit codes.
    CodeBatchId
);
row_key!(
    /// One case of an identity in doubt.
    IdentityCaseId
);
row_key!(
    /// One mapping from a legacy code to a credit code.
    LegacyCodeId
);

digest!(
    /// An authorization code (RFC 6749 §4.1.2).
    CodeDigest
);
digest!(
    /// A refresh token (RFC 6749 §6).
    RefreshTokenDigest
);
digest!(
    /// The session cookie.
    SessionDigest
);
digest!(
    /// What a person comes back with from a service that checks an identity.
    CheckDigest
);
digest!(
    /// An operator's session cookie.
    OperatorSessionDigest
);
digest!(
    /// The token of an operator's invitation.
    InvitationDigest
);
digest!(
    /// The token of an application's tracking link.
    TrackingDigest
);
digest!(
    /// The idempotency key of a request to the Admin API, with whose it is.
    ApiRequestDigest
);
digest!(
    /// A `jti` that was seen (RFC 7523 §3).
    JtiDigest
);

/// The blind index of a person's name: HMAC-SM3 under a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameDigest(pub [u8; 32]);

impl NameDigest {
    /// As bytes, for a look-up.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The blind index of a legacy code: HMAC-SM3 under a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LegacyDigest(pub [u8; 32]);

impl LegacyDigest {
    /// As bytes, for a look-up.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The blind index of an identifier: HMAC-SM3 under the index key of its epoch (D1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdentifierDigest(pub [u8; 32]);

impl IdentifierDigest {
    /// As bytes, for a look-up.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The blind index of an organisation's code: HMAC-SM3 under a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityDigest(pub [u8; 32]);

impl EntityDigest {
    /// As bytes, for a look-up.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
