//! Writing signed tokens: JWS compact serialisation of a JWT (RFC 7515 §7.1, RFC 7519 §7.1).

use crate::crypto::base64url;
use crate::jose::JoseError;
use crate::jose::SigningKey;
use serde::Serialize;

/// Signs the claims as a JWT whose header is exactly `alg`, `kid` and `typ`. Every kind of token
/// has its own `typ` (RFC 8725 §3.11).
pub fn sign_jwt(key: &SigningKey, typ: &str, claims: &impl Serialize) -> Result<String, JoseError> {
    let claims = serde_json::to_vec(claims).map_err(|_| JoseError::Signing)?;
    if !claims.starts_with(b"{") {
        return Err(JoseError::Signing);
    }
    let typ = serde_json::to_string(typ).map_err(|_| JoseError::Signing)?;
    let header = [key.header_start(), &typ, "}"].concat();
    // A token carries its parts at 4/3 of their size, and a signature of up to 512 bytes.
    let mut token = String::with_capacity((header.len() + claims.len()) * 4 / 3 + 700);
    base64url::encode_into(header, &mut token);
    token.push('.');
    base64url::encode_into(claims, &mut token);
    let signature = key.sign(token.as_bytes())?;
    token.push('.');
    base64url::encode_into(signature, &mut token);
    Ok(token)
}
