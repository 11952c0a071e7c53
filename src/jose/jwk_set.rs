//! JSON Web Key Sets (RFC 7517 §5), and which of their keys verifies a token.

use crate::jose::Algorithm;
use crate::jose::JoseError;
use crate::jose::PublicKey;
use crate::jose::json;
use serde_json::Map;
use serde_json::Value;

/// How many keys a set may have, unless configured otherwise.
pub const DEFAULT_KEY_LIMIT: usize = 10;

/// How long the text of a set may be; the outbound client's own limit is the same.
const MAX_SET_LENGTH: usize = 64 * 1024;

/// The keys of one party that may verify its signatures, each with its own `kid`.
#[derive(Debug, Clone, Default)]
pub struct JwkSet {
    keys: Vec<PublicKey>,
}

impl JwkSet {
    /// Reads a set of at most `limit` keys from JSON text.
    ///
    /// Keys for other uses and of unknown kinds are left out. A broken, weak or private key makes
    /// the whole set an error: its owner should learn of it now, not when a token fails.
    pub fn parse(json: &[u8], limit: usize) -> Result<Self, JoseError> {
        if json.len() > MAX_SET_LENGTH {
            return Err(JoseError::TooLong);
        }
        Self::from_json(&json::parse_object(json)?, limit)
    }

    /// Reads a set from a JSON object, as [`parse`](Self::parse) does.
    pub fn from_json(set: &Map<String, Value>, limit: usize) -> Result<Self, JoseError> {
        let Some(Value::Array(members)) = set.get("keys") else {
            return Err(JoseError::Key("`keys` is not an array"));
        };
        if members.len() > limit {
            return Err(JoseError::TooManyKeys);
        }
        let mut keys = Vec::with_capacity(members.len());
        for member in members {
            let jwk = member.as_object().ok_or(JoseError::Key("not an object"))?;
            keys.extend(PublicKey::for_verifying(jwk)?);
        }
        Self::from_keys(keys)
    }

    /// A set of keys already read.
    pub fn from_keys(keys: impl IntoIterator<Item = PublicKey>) -> Result<Self, JoseError> {
        let keys: Vec<PublicKey> = keys.into_iter().collect();
        for (index, key) in keys.iter().enumerate() {
            if keys[..index].iter().any(|other| other.kid() == key.kid()) {
                return Err(JoseError::DuplicateKid);
            }
        }
        Ok(Self { keys })
    }

    /// The keys.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// The one key that may have made the signature. Without a `kid` there must be only one
    /// candidate (OpenID Connect Core §10.1), so a token never costs more than one verification.
    pub(super) fn select(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> Result<&PublicKey, JoseError> {
        let mut candidates = self
            .keys
            .iter()
            .filter(|key| kid.is_none_or(|kid| key.kid() == kid) && key.allows(algorithm));
        match (candidates.next(), candidates.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(JoseError::AmbiguousKey),
            (None, _) => Err(JoseError::UnknownKey),
        }
    }
}
