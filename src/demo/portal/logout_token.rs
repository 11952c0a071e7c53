//! Judging a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4 and §2.6).
//!
//! Pure: keys, time and expectations come in, the session to end comes out. Whether a `jti` was
//! seen before is for the caller, who remembers them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKey;
use openidconnect::JsonWebKeyUse;
use openidconnect::JwsSigningAlgorithm;
use openidconnect::ProviderMetadataWithLogout;
use openidconnect::core::CoreJsonWebKey;
use openidconnect::core::CoreJwsSigningAlgorithm;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Map;
use serde_json::Value;

use crate::clock::Timestamp;

/// What a logout token that holds says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logout {
    /// The session to end, or else every session of the subject.
    pub target: Target,
    /// The token's own name; it counts once.
    pub jti: String,
}

/// Which sessions a logout token ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The one with this `sid`.
    Session(String),
    /// All of this `sub`.
    Subject(String),
}

/// Why a logout token is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogoutTokenError {
    /// Not a signed token, or not of the type `logout+jwt`.
    #[error("it is not a logout token")]
    Form,
    /// An algorithm the provider does not sign ID tokens with.
    #[error("its algorithm is not acceptable")]
    Algorithm,
    /// No key of the provider fits. The keys may have been rotated since they were read.
    #[error("no key of the provider verifies it")]
    Key,
    /// Another issuer.
    #[error("it is from another issuer")]
    Issuer,
    /// Another audience.
    #[error("it is for another client")]
    Audience,
    /// Too old, or from the future.
    #[error("its time has passed or has not come")]
    Time,
    /// Not the event, or a claim too many or too few.
    #[error("its claims are not those of a logout")]
    Claims,
}

/// What a logout token must fit.
pub struct Expected<'a> {
    /// Issuer, keys and algorithms.
    pub provider: &'a ProviderMetadataWithLogout,
    /// Us.
    pub client_id: &'a str,
    /// The present.
    pub now: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    typ: String,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    jti: String,
    events: Map<String, Value>,
    sid: Option<String>,
    sub: Option<String>,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Clocks differ by this much (seconds).
const SKEW: i64 = 60;
/// §2.4 recommends two minutes of life; whatever `exp` says, an older token is not obeyed.
const MAXIMUM_AGE: i64 = 600;

impl Expected<'_> {
    /// Judges a token, in the order of §2.6.
    pub fn verify(&self, token: &str) -> Result<Logout, LogoutTokenError> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = parts[..] else { return Err(LogoutTokenError::Form) };
        self.check_signature(header, payload, signature)?;
        let claims: Claims = decode(payload).ok_or(LogoutTokenError::Claims)?;
        self.check_claims(&claims)?;
        let target = match (claims.sid, claims.sub) {
            (Some(sid), _) => Target::Session(sid),
            (None, Some(sub)) => Target::Subject(sub),
            (None, None) => return Err(LogoutTokenError::Claims),
        };
        Ok(Logout { target, jti: claims.jti })
    }

    fn check_signature(
        &self,
        header: &str,
        payload: &str,
        signature: &str,
    ) -> Result<(), LogoutTokenError> {
        let signed = format!("{header}.{payload}");
        let header: Header = decode(header).ok_or(LogoutTokenError::Form)?;
        // RFC 8725 §3.11: the explicit type keeps an ID token from passing as a logout token.
        if !header.typ.eq_ignore_ascii_case("logout+jwt") || header.crit.is_some() {
            return Err(LogoutTokenError::Form);
        }
        let unsigned = header.alg == CoreJwsSigningAlgorithm::None;
        let announced = self.provider.id_token_signing_alg_values_supported();
        if unsigned || header.alg.uses_shared_secret() || !announced.contains(&header.alg) {
            return Err(LogoutTokenError::Algorithm);
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| LogoutTokenError::Form)?;
        let fits = |key: &&CoreJsonWebKey| {
            let signs = key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
            let named =
                header.kid.is_none() || key.key_id().map(|id| id.as_str()) == header.kid.as_deref();
            signs && named
        };
        let verifies = |key: &CoreJsonWebKey| {
            key.verify_signature(&header.alg, signed.as_bytes(), &signature).is_ok()
        };
        let mut keys = self.provider.jwks().keys().iter().filter(fits);
        if keys.any(verifies) { Ok(()) } else { Err(LogoutTokenError::Key) }
    }

    fn check_claims(&self, claims: &Claims) -> Result<(), LogoutTokenError> {
        if claims.iss != self.provider.issuer().as_str() {
            return Err(LogoutTokenError::Issuer);
        }
        let addressed = match &claims.aud {
            Audience::One(audience) => audience == self.client_id,
            Audience::Many(audiences) => audiences.iter().any(|one| one == self.client_id),
        };
        if !addressed {
            return Err(LogoutTokenError::Audience);
        }
        let now = self.now.seconds();
        let early = claims.iat > now.saturating_add(SKEW);
        let late =
            claims.exp < now.saturating_sub(SKEW) || claims.iat < now.saturating_sub(MAXIMUM_AGE);
        if early || late {
            return Err(LogoutTokenError::Time);
        }
        let event = claims.events.get(EVENT).is_some_and(Value::is_object);
        if !event || claims.nonce.is_some() || claims.jti.is_empty() {
            return Err(LogoutTokenError::Claims);
        }
        Ok(())
    }
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
