//! Reading signed tokens: one strict parser for JWS and JWT (RFC 7515 §5.2, RFC 8725 §3).

use crate::crypto::base64url;
use crate::jose::Algorithm;
use crate::jose::Claims;
use crate::jose::JoseError;
use crate::jose::JwkSet;
use crate::jose::json;
use serde_json::Map;
use serde_json::Value;

/// How long a token may be. It is measured before anything else is done.
pub const MAX_TOKEN_LENGTH: usize = 8 * 1024;

/// Header parameters that end the reading: extensions we would have to understand (`crit`, `b64`),
/// keys and addresses that a forger could choose (RFC 8725 §3.10), and those of encryption.
const REFUSED_PARAMETERS: [&str; 8] = ["crit", "b64", "jku", "jwk", "x5u", "x5c", "enc", "zip"];

/// What the caller accepts.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The algorithms of this party, never more than it registered.
    pub algorithms: &'a [Algorithm],
    /// The `typ` values of this kind of token, `None` where it may be absent. Upper and lower case
    /// and the prefix `application/` make no difference (RFC 7515 §4.1.9).
    pub types: &'a [Option<&'a str>],
}

/// The header parameters that mean something to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`.
    pub algorithm: Algorithm,
    /// `kid`.
    pub kid: Option<String>,
    /// `typ`, as it was written.
    pub typ: Option<String>,
}

/// A JWS whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedJws {
    /// The header.
    pub header: Header,
    /// The payload, any bytes.
    pub payload: Vec<u8>,
}

/// A JWT whose signature was verified. Its claims are the signer's, and not yet checked.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifiedJwt {
    /// The header.
    pub header: Header,
    /// The claims.
    pub claims: Claims,
}

/// Verifies a JWT: a JWS whose payload is a strict JSON object.
pub fn verify_jwt(
    token: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<VerifiedJwt, JoseError> {
    let VerifiedJws { header, payload } = verify_jws(token, keys, expected)?;
    Ok(VerifiedJwt { header, claims: Claims::new(json::parse_object(&payload)?) })
}

/// Verifies a JWS in compact serialisation.
pub fn verify_jws(
    token: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<VerifiedJws, JoseError> {
    let parts = Parts::split(token)?;
    let header = parse_header(parts.header)?;
    if !expected.algorithms.contains(&header.algorithm) {
        return Err(JoseError::Algorithm);
    }
    if !expected.types.iter().any(|accepted| is_type(header.typ.as_deref(), *accepted)) {
        return Err(JoseError::Type);
    }
    let key = keys.select(header.algorithm, header.kid.as_deref())?;
    let payload = decode(parts.payload)?;
    if !key.verify(header.algorithm, parts.signed.as_bytes(), &decode(parts.signature)?) {
        return Err(JoseError::Signature);
    }
    Ok(VerifiedJws { header, payload })
}

/// The claims of a JWT whose signature nobody has looked at: for finding out whose keys to verify
/// it with, as with a client assertion that comes without `client_id`. Decide nothing else by them.
pub fn unverified_claims(token: &str) -> Result<Claims, JoseError> {
    let parts = Parts::split(token)?;
    parse_header(parts.header)?;
    json::parse_object(&decode(parts.payload)?).map(Claims::new)
}

/// The pieces of a compact serialisation, still encoded.
struct Parts<'a> {
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
    /// Header and payload with the dot between them.
    signed: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self, JoseError> {
        if token.len() > MAX_TOKEN_LENGTH {
            return Err(JoseError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(JoseError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(JoseError::Malformed)?;
        if payload.contains('.') {
            return Err(JoseError::Malformed);
        }
        Ok(Self { header, payload, signature, signed })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JoseError> {
    base64url::decode(part).map_err(|_| JoseError::Malformed)
}

fn parse_header(part: &str) -> Result<Header, JoseError> {
    let header = json::parse_object(&decode(part)?)?;
    if let Some(refused) = REFUSED_PARAMETERS.into_iter().find(|name| header.contains_key(*name)) {
        return Err(JoseError::Header(refused));
    }
    let algorithm = text(&header, "alg")?.ok_or(JoseError::Header("alg"))?;
    Ok(Header {
        algorithm: algorithm.parse().map_err(|_| JoseError::Algorithm)?,
        kid: text(&header, "kid")?.map(str::to_owned),
        typ: text(&header, "typ")?.map(str::to_owned),
    })
}

fn text<'a>(
    header: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, JoseError> {
    header.get(name).map(|value| value.as_str().ok_or(JoseError::Header(name))).transpose()
}

fn is_type(found: Option<&str>, accepted: Option<&str>) -> bool {
    match (found.map(media_type), accepted.map(media_type)) {
        (None, None) => true,
        (Some(found), Some(accepted)) => found.eq_ignore_ascii_case(accepted),
        _ => false,
    }
}

/// A media type without the prefix that RFC 7515 §4.1.9 lets writers leave out.
fn media_type(typ: &str) -> &str {
    const PREFIX: &str = "application/";
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => typ,
    }
}

#[cfg(test)]
mod tests;
