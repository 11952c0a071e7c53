//! Signature algorithms: RFC 7518 §3.1, RFC 8037 §3.1, and SM2 as JR/T 0325-2024 names it.

use crate::crypto::base64url;
use crate::crypto::digest;
use serde::Deserialize;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// A signature algorithm we sign and verify with. There is no `none` and no HMAC to be confused
/// with, because there is no variant for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// SM2 with SM3 and the default user id.
    Sm2,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 5] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa, Self::Sm2];

    /// The name in headers, keys and metadata.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Sm2 => "SM2",
        }
    }
}

/// The text names no algorithm of ours. Names are compared exactly, case included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown signature algorithm")]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|each| each.as_str() == text).ok_or(UnknownAlgorithm)
    }
}

impl TryFrom<String> for Algorithm {
    type Error = UnknownAlgorithm;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Algorithm> for &'static str {
    fn from(algorithm: Algorithm) -> Self {
        algorithm.as_str()
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The left half of the hash of a token or code, for `at_hash`, `c_hash` and `s_hash` (OpenID
/// Connect Core §3.1.3.6): the hash is the one the ID token's own signature uses.
pub fn left_half_hash(algorithm: Algorithm, ascii: &str) -> String {
    match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => {
            base64url::encode(&digest::sha256(ascii.as_bytes())[..16])
        }
        Algorithm::EdDsa => base64url::encode(&digest::sha512(ascii.as_bytes())[..32]),
        Algorithm::Sm2 => base64url::encode(&digest::sm3(ascii.as_bytes())[..16]),
    }
}

#[cfg(test)]
mod tests {
    use super::Algorithm;
    use super::UnknownAlgorithm;
    use super::left_half_hash;

    #[test]
    fn names_are_read_back_and_compared_exactly() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
            let json = serde_json::to_string(&algorithm).unwrap();
            assert_eq!(json, format!("\"{algorithm}\""));
            assert_eq!(serde_json::from_str::<Algorithm>(&json).unwrap(), algorithm);
        }
        for text in ["none", "None", "HS256", "rs256", "sm2", "EDDSA", "RS256 ", "RS384", ""] {
            assert_eq!(text.parse::<Algorithm>(), Err(UnknownAlgorithm), "{text}");
        }
    }

    #[test]
    fn half_hashes_match_the_examples_of_openid_connect_core() {
        // OpenID Connect Core, appendix A.3 (c_hash) and A.4 (at_hash).
        let at_hash =
            left_half_hash(Algorithm::Rs256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
        assert_eq!(at_hash, "77QmUPtjPfzWtF2AnpK9RQ");
        let c_hash = left_half_hash(
            Algorithm::Rs256,
            "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk",
        );
        assert_eq!(c_hash, "LDktKdoQak3Pk0cnXxCltA");
    }

    #[test]
    fn half_hashes_are_as_long_as_half_the_hash_of_the_algorithm() {
        for (algorithm, length) in
            [(Algorithm::Es256, 22), (Algorithm::EdDsa, 43), (Algorithm::Sm2, 22)]
        {
            assert_eq!(left_half_hash(algorithm, "token").len(), length);
        }
        assert_ne!(
            left_half_hash(Algorithm::Sm2, "token"),
            left_half_hash(Algorithm::Es256, "token")
        );
    }
}
