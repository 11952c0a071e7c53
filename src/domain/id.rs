//! Keys of our own rows, and digests that stand for values we do not keep.

use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

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

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
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
    /// A `jti` that was seen (RFC 7523 §3).
    JtiDigest
);

/// The blind index of an identifier: HMAC-SM3 under the index key of its epoch (D1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdentifierDigest(pub [u8; 32]);

impl IdentifierDigest {
    /// As bytes, for a look-up.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
