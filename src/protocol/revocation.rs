//! Token revocation (RFC 7009): a client gives back its own tokens. Another's token and an unknown one are
//! answered alike, and stay as they are.

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::id::RefreshTokenDigest;
use crate::domain::request_context::RequestContext;
use crate::domain::token::OpaqueKind;
use crate::protocol::access_token;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters::Parameters;
use crate::provider::Provider;

/// Revokes; done when the database says so and not before.
pub async fn revoke(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    parameters: &Parameters,
) -> Result<(), OAuthError> {
    let token = parameters.require("token")?;
    let record = audit::done(AuditKind::TokenRevoked).client(&client.id).record(provider, context);
    if OpaqueKind::RefreshToken.fits(token) {
        let digest = RefreshTokenDigest::of(token);
        let now = provider.clock.now();
        let found = provider.store.find_refresh_token(digest, now).await?;
        if let Some((_, authorization)) = found
            && authorization.client_id == client.id
        {
            // RFC 7009 §2.1: with the refresh token go the access tokens of the same authorization.
            provider.store.revoke_authorization(authorization.id, record).await?;
        }
        return Ok(());
    }
    if access_token::fits(token)
        && let Some(handle) = access_token::read(provider, token)
        && handle.client_id == client.id
    {
        let expires_at = Timestamp::from_seconds(handle.expires_at);
        provider.store.revoke_access_token(handle.jti, expires_at, record).await?;
    }
    Ok(())
}
