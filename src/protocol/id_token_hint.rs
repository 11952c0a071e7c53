//! `id_token_hint` (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2): a genuine ID token of ours,
//! however old, that names somebody. Anything else is refused.

use crate::domain::client::ClientId;
use crate::jose::Algorithm;
use crate::jose::Expected;
use crate::jose::verify_jwt;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::provider::Provider;

/// What a genuine hint says.
#[derive(Debug, Clone)]
pub struct Hint {
    /// `sub`.
    pub subject: String,
    /// `sid`.
    pub sid: Option<String>,
    /// `aud`: the client it was issued to.
    pub client_id: ClientId,
}

/// Verifies a hint; with `client`, it must have been issued to that one.
pub fn verify(
    provider: &Provider,
    hint: &str,
    client: Option<&ClientId>,
) -> Result<Hint, OAuthError> {
    let refuse = || ErrorCode::InvalidRequest.because("id_token_hint is not an ID token of ours");
    let expected = Expected { algorithms: &Algorithm::ALL, types: &[Some("JWT")] };
    let ring = provider.keyring.ring();
    let claims = verify_jwt(hint, ring.known_keys(), &expected).map_err(|_| refuse())?.claims;
    let text = |name: &'static str| claims.string(name).ok().flatten().map(str::to_owned);
    if text("iss").as_deref() != Some(provider.config.issuer_text()) {
        return Err(refuse());
    }
    // An ID token of ours has one audience; a logout token or access token has other claims.
    let client_id = text("aud").and_then(|aud| ClientId::parse(&aud)).ok_or_else(refuse)?;
    if client.is_some_and(|client| *client != client_id) || claims.get("auth_time").is_none() {
        return Err(refuse());
    }
    let subject = text("sub").ok_or_else(refuse)?;
    Ok(Hint { subject, sid: text("sid"), client_id })
}
