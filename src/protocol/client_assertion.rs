//! `private_key_jwt`: client assertions (RFC 7523 §3, OpenID Connect Core §9, FAPI 2.0 §5.3.2.1).

use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::client::AssertionAudience;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::id::JtiDigest;
use crate::jose::Algorithm;
use crate::jose::Claims;
use crate::jose::DEFAULT_KEY_LIMIT;
use crate::jose::Expected;
use crate::jose::JwkSet;
use crate::protocol::discovery;
use crate::protocol::error::OAuthError;
use crate::provider::Provider;

/// `client_assertion_type`
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Skew tolerated between clocks.
const SKEW: Duration = Duration::from_secs(10);
/// An assertion that lives longer than this was not made for one request.
const LONGEST_LIFE: Duration = Duration::from_mins(10);
/// An `iat` or `nbf` further ahead than this is refused.
const FURTHEST_AHEAD: Duration = Duration::from_mins(1);

/// Which client the assertion claims to come from: only to find its keys.
pub fn claimed_client(assertion: &str) -> Option<ClientId> {
    let claims = crate::jose::unverified_claims(assertion).ok()?;
    ClientId::parse(claims.string("iss").ok()??)
}

/// Whether this is a good assertion of this client, seen for the first time.
pub async fn verify(
    provider: &Provider,
    client: &Client,
    assertion: &str,
) -> Result<bool, OAuthError> {
    let Some(jwks) = client.jwks.as_ref().and_then(serde_json::Value::as_object) else {
        return Ok(false);
    };
    let Ok(keys) = JwkSet::from_json(jwks, DEFAULT_KEY_LIMIT) else { return Ok(false) };
    let expected = Expected {
        algorithms: &Algorithm::ALL,
        types: &[None, Some("JWT"), Some("client-authentication+jwt")],
    };
    let Ok(verified) = crate::jose::verify_jwt(assertion, &keys, &expected) else {
        return Ok(false);
    };
    let now = provider.clock.now();
    let issuer = provider.config.issuer_text();
    let Some((jti, expires_at)) = check(client, issuer, &verified.claims, now) else {
        return Ok(false);
    };
    // Last, and only for an assertion that is right in every other way: its one use.
    let digest = JtiDigest::of(&format!("{}\n{jti}", client.id));
    Ok(provider.store.spend_jti(digest, expires_at.plus(FURTHEST_AHEAD)).await?)
}

/// The claims of RFC 7523 §3, in its order; gives the `jti` and the end of its life.
fn check(
    client: &Client,
    issuer: &str,
    claims: &Claims,
    now: Timestamp,
) -> Option<(String, Timestamp)> {
    let id = client.id.as_str();
    let text = |name| claims.string(name).ok().flatten();
    let time = |name| claims.integer(name).map(|at| at.map(Timestamp::from_seconds));
    if text("iss")? != id || text("sub")? != id || !audience_fits(client, issuer, claims) {
        return None;
    }
    let expires_at = time("exp").ok()??;
    if now >= expires_at.plus(SKEW) || expires_at > now.plus(LONGEST_LIFE) {
        return None;
    }
    for name in ["nbf", "iat"] {
        if time(name).ok()?.is_some_and(|at| at > now.plus(FURTHEST_AHEAD)) {
            return None;
        }
    }
    let jti = text("jti").filter(|jti| (1..=256).contains(&jti.len()))?;
    Some((jti.to_owned(), expires_at))
}

fn audience_fits(client: &Client, issuer: &str, claims: &Claims) -> bool {
    match client.policy.assertion_audience {
        AssertionAudience::Issuer => claims.string("aud").ok().flatten() == Some(issuer),
        AssertionAudience::IssuerOrEndpoint => {
            let endpoint = format!("{issuer}{}", discovery::TOKEN);
            claims.strings("aud").ok().flatten().is_some_and(|audiences| {
                audiences.iter().any(|aud| *aud == issuer || *aud == endpoint.as_str())
            })
        }
    }
}
