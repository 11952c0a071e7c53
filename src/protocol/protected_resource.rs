//! Bearer tokens at an API of our own (RFC 6750, RFC 8707 §2): issued to a client in its own name, for this
//! audience.

use crate::protocol::access_token;
use crate::protocol::access_token::Live;
use crate::protocol::discovery;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::provider::Provider;

/// The audience of tokens for the Admin API: what a client asks for as `resource`.
pub fn admin_api(issuer: &str) -> String {
    format!("{}{}", issuer.trim_end_matches('/'), discovery::ADMIN_API)
}

/// The token, if it is valid now, for the Admin API, and no person's.
pub async fn machine_token(provider: &Provider, token: &str) -> Result<Live, OAuthError> {
    let refuse = || ErrorCode::InvalidToken.because("the access token is not valid here");
    if !access_token::fits(token) {
        return Err(refuse());
    }
    let live = access_token::find_live(provider, token).await?.ok_or_else(refuse)?;
    let audience = admin_api(provider.config.issuer_text());
    let is_ours = live.handle.audience.as_deref() == Some(&*audience);
    // A person's token speaks for the person, who is no operator, whatever audience it was asked for.
    let is_own = live.authorization.is_none() && live.handle.authorization_id.is_none();
    if is_ours && is_own { Ok(live) } else { Err(refuse()) }
}
