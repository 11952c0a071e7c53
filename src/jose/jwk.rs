//! Public keys as JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037 §2), and thumbprints (RFC 7638).

use crate::crypto::base64url;
use crate::crypto::digest;
use crate::jose::Algorithm;
use crate::jose::JoseError;
use crate::jose::json;
use crate::jose::material::Material;
use serde_json::Map;
use serde_json::Value;
use std::fmt;

/// Members that only private and symmetric keys have (RFC 7518 §6.2.2, §6.3.2, §6.4.1; `priv` is
/// the one of post-quantum drafts).
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// A public key that may verify signatures.
#[derive(Clone)]
pub struct PublicKey {
    /// What the key's owner calls it, or its thumbprint.
    kid: String,
    /// The one algorithm its `alg` allows.
    pinned: Option<Algorithm>,
    material: Material,
}

impl PublicKey {
    /// Reads a single key from JSON text. A sound key that is not for verifying signatures is
    /// refused here, unlike in a set.
    pub fn parse(json: &[u8]) -> Result<Self, JoseError> {
        Self::from_jwk(&json::parse_object(json)?)
    }

    /// Reads a single key from a JSON object, as [`parse`](Self::parse) does.
    pub fn from_jwk(jwk: &Map<String, Value>) -> Result<Self, JoseError> {
        Self::for_verifying(jwk)?.ok_or(JoseError::Key("not for verifying signatures of ours"))
    }

    /// Reads a key of a set: `None` for one that has another use, or that only newer software
    /// understands (RFC 7517 §5), an error for one that is broken or must not be there.
    pub(super) fn for_verifying(jwk: &Map<String, Value>) -> Result<Option<Self>, JoseError> {
        let family = text(jwk, "kty")?.ok_or(JoseError::Key("`kty` is missing"))?;
        if family == "oct" || PRIVATE_MEMBERS.iter().any(|name| jwk.contains_key(*name)) {
            return Err(JoseError::NotPublic);
        }
        let kid = text(jwk, "kid")?;
        let pinned = match text(jwk, "alg")?.map(str::parse) {
            None => None,
            Some(Ok(algorithm)) => Some(algorithm),
            Some(Err(_)) => return Ok(None),
        };
        if text(jwk, "use")?.is_some_and(|purpose| purpose != "sig") || !may_verify(jwk)? {
            return Ok(None);
        }
        let Some(material) = material(family, jwk)? else { return Ok(None) };
        if pinned.is_some_and(|algorithm| !material.fits(algorithm)) {
            return Err(JoseError::Key("`alg` is not one of this kind of key"));
        }
        Ok(Some(Self::new(kid.map(str::to_owned), pinned, material)))
    }

    pub(super) fn new(kid: Option<String>, pinned: Option<Algorithm>, material: Material) -> Self {
        let kid = kid.unwrap_or_else(|| thumbprint(&material));
        Self { kid, pinned, material }
    }

    /// The `kid` of the key; its thumbprint where it has none.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The SHA-256 thumbprint (RFC 7638), of SM2 keys too.
    pub fn thumbprint(&self) -> String {
        thumbprint(&self.material)
    }

    /// Whether the key may verify signatures of the algorithm: its kind fits, and its `alg` does.
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        self.material.fits(algorithm) && self.pinned.is_none_or(|pinned| pinned == algorithm)
    }

    /// Whether the bytes are a signature of the message by the algorithm.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.allows(algorithm) && self.material.verify(algorithm, message, signature)
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }

    /// The key as a JSON Web Key, with `kid`, `use` and, where it is pinned, `alg`.
    pub fn to_jwk(&self) -> Map<String, Value> {
        let mut jwk: Map<String, Value> = self
            .material
            .members()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        jwk.insert("kid".to_owned(), self.kid.as_str().into());
        jwk.insert("use".to_owned(), "sig".into());
        if let Some(algorithm) = self.pinned {
            jwk.insert("alg".to_owned(), algorithm.as_str().into());
        }
        jwk
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({:?})", self.kid)
    }
}

/// A member that is a string, where it is present.
fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, JoseError> {
    jwk.get(name)
        .map(|value| value.as_str().ok_or(JoseError::Key("a member has the wrong type")))
        .transpose()
}

/// Whether `key_ops`, where present, lists `verify` (RFC 7517 §4.3).
fn may_verify(jwk: &Map<String, Value>) -> Result<bool, JoseError> {
    match jwk.get("key_ops") {
        None => Ok(true),
        Some(Value::Array(operations)) if operations.iter().all(Value::is_string) => {
            Ok(operations.iter().any(|operation| operation == "verify"))
        }
        Some(_) => Err(JoseError::Key("`key_ops` is not an array of strings")),
    }
}

fn material(family: &str, jwk: &Map<String, Value>) -> Result<Option<Material>, JoseError> {
    let bytes = |name| {
        let text = text(jwk, name)?.ok_or(JoseError::Key("a member of the key is missing"))?;
        base64url::decode(text).map_err(|_| JoseError::Key("a member is not strict base64url"))
    };
    // RFC 7518 §6.2.1.2: a coordinate has the full length of the curve, leading zeros included.
    let coordinate = |name| {
        <[u8; 32]>::try_from(bytes(name)?)
            .map_err(|_| JoseError::Key("a coordinate does not have 32 bytes"))
    };
    match (family, text(jwk, "crv")?) {
        ("RSA", _) => Material::rsa(bytes("n")?, &bytes("e")?).map(Some),
        ("EC", Some("P-256")) => Material::p256(coordinate("x")?, coordinate("y")?).map(Some),
        ("EC", Some("SM2")) => Material::sm2(coordinate("x")?, coordinate("y")?).map(Some),
        ("OKP", Some("Ed25519")) => Material::ed25519(coordinate("x")?).map(Some),
        ("EC" | "OKP", None) => Err(JoseError::Key("`crv` is missing")),
        _ => Ok(None),
    }
}

/// RFC 7638 §3: the required members alone, in order, without white space. None of their values
/// needs escaping.
fn thumbprint(material: &Material) -> String {
    let members: Vec<String> = material
        .members()
        .into_iter()
        .map(|(name, value)| format!("\"{name}\":\"{value}\""))
        .collect();
    base64url::encode(digest::sha256(format!("{{{}}}", members.join(",")).as_bytes()))
}

#[cfg(test)]
mod tests;
