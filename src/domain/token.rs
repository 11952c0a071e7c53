//! Values handed out: codes, refresh tokens, access-token handles, session cookies. Each starts
//! with a letter for its kind, a version and a shard hint, so that the data can later be spread
//! by account without changing formats (design D8).

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::id::AuthorizationId;
use crate::domain::scope::Scope;

/// What kind of value it is; one kind is never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpaqueKind {
    /// Authorization code.
    Code,
    /// Refresh token.
    RefreshToken,
    /// Client secret.
    ClientSecret,
}

impl OpaqueKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Code => "yc1",
            Self::RefreshToken => "yr1",
            Self::ClientSecret => "ys1",
        }
    }

    /// A new value: kind and version, shard hint `0` (one shard so far), 256 random bits.
    pub fn generate(self) -> String {
        format!("{}0{}", self.prefix(), crate::crypto::random::token())
    }

    /// Whether the text has the shape of this kind; anything else is refused before a look-up.
    pub fn fits(self, text: &str) -> bool {
        text.strip_prefix(self.prefix()).is_some_and(|rest| {
            rest.len() == 44
                && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
    }
}

/// Prefix of an opaque access token.
pub const ACCESS_TOKEN_PREFIX: &str = "ya10";

/// What an opaque access token says to us, sealed inside it; nobody else can read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenHandle {
    /// The authorization it stands for; none for `client_credentials`.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub authorization_id: Option<AuthorizationId>,
    /// The client it was issued to.
    #[serde(rename = "c")]
    pub client_id: ClientId,
    /// What it opens.
    #[serde(rename = "s")]
    pub scope: Scope,
    /// Audience, where it is not ourselves.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// `jti`: 128 random bits, hexadecimal.
    #[serde(rename = "j")]
    pub jti: String,
    /// Issued at, seconds.
    #[serde(rename = "i")]
    pub issued_at: i64,
    /// Dead from, seconds.
    #[serde(rename = "e")]
    pub expires_at: i64,
}

impl AccessTokenHandle {
    /// Whether its time is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now.seconds() >= self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::OpaqueKind;

    #[test]
    fn one_kind_is_not_taken_for_another() {
        let code = OpaqueKind::Code.generate();
        assert!(OpaqueKind::Code.fits(&code));
        assert!(!OpaqueKind::RefreshToken.fits(&code));
        assert!(!OpaqueKind::Code.fits(&code[..code.len() - 1]));
        assert!(!OpaqueKind::Code.fits(&format!("{code} ")));
    }
}
