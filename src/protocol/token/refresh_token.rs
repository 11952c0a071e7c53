//! Refresh token grant (RFC 6749 §6, RFC 9700 §2.2.2 and §4.14, OpenID Connect Core §12).

use std::time::Duration;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::audit_event::AuditKind;
use crate::domain::authorization::Authorization;
use crate::domain::authorization::NewRefreshToken;
use crate::domain::authorization::RefreshToken;
use crate::domain::authorization::Rotation;
use crate::domain::client::Client;
use crate::domain::id::RefreshTokenDigest;
use crate::domain::request_context::RequestContext;
use crate::domain::scope::Scope;
use crate::domain::token::OpaqueKind;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::ErrorCode::InvalidGrant;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters::Parameters;
use crate::protocol::token::TokenResponse;
use crate::protocol::token::check_resource;
use crate::protocol::token::issuance;
use crate::provider::Provider;

/// Without use, a refresh token dies after this time (security.md 0.3).
pub const IDLE_LIFETIME: Duration = Duration::from_hours(14 * 24);
/// Its family dies after this time, whatever happens; rotation never moves it.
pub const ABSOLUTE_LIFETIME: Duration = Duration::from_hours(90 * 24);
/// A spent token still works for so long, while nobody has used its successor.
const GRACE: Duration = Duration::from_secs(10);
/// Why a replay is refused.
const USED: &str = "refresh token was already used";

/// A new refresh token: the text and what is kept of it.
pub fn generate(now: Timestamp, expires_at: Timestamp) -> (String, NewRefreshToken) {
    let text = OpaqueKind::RefreshToken.generate();
    let kept = NewRefreshToken {
        digest: RefreshTokenDigest::of(&text),
        idle_expires_at: now.plus(IDLE_LIFETIME).min(expires_at),
        expires_at,
    };
    (text, kept)
}

/// Uses a refresh token.
pub async fn exchange(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    parameters: &Parameters,
) -> Result<TokenResponse, OAuthError> {
    let presented = parameters.require("refresh_token")?;
    let (token, authorization) = find(provider, client, presented).await?;
    let scope = narrowed(client, &authorization, parameters.get("scope"))?;
    check_resource(&authorization.approval, parameters)?;
    let now = provider.clock.now();
    let told = |event: audit::Event<'_>| {
        event.account_id(authorization.account_id).client(&client.id).record(provider, context)
    };
    let over = now >= token.idle_expires_at || now >= token.expires_at;
    if over && token.is_spent && client.rotates_refresh_tokens() {
        // However old: who presents a spent token is not alone in having it.
        let record = told(audit::refused(AuditKind::Refreshed, USED));
        provider.store.revoke_authorization(authorization.id, record).await?;
        return Err(InvalidGrant.because(USED).recorded());
    }
    if over || !authorization.is_live_for(client) {
        let record = told(audit::refused(AuditKind::Refreshed, "token or authorization is over"));
        provider.store.record(record).await?;
        return Err(InvalidGrant.because("refresh token is no longer valid").recorded());
    }
    let mut response = issuance::tokens(provider, client, &authorization, &scope).await?;
    let done = told(audit::done(AuditKind::Refreshed));
    if !client.rotates_refresh_tokens() {
        let idle_expires_at = now.plus(IDLE_LIFETIME).min(token.expires_at);
        if !provider.store.use_refresh_token(token, idle_expires_at, done).await? {
            return Err(InvalidGrant.because("refresh token is no longer valid"));
        }
        response.insert("refresh_token".to_owned(), presented.into());
        return Ok(response);
    }
    let replay = told(audit::refused(AuditKind::Refreshed, USED));
    let (text, new) = generate(now, token.expires_at);
    match provider.store.rotate_refresh_token(token, new, GRACE, (done, replay)).await? {
        Rotation::Done => {
            response.insert("refresh_token".to_owned(), text.into());
            Ok(response)
        }
        Rotation::Replay => Err(InvalidGrant.because(USED).recorded()),
        Rotation::Revoked => {
            Err(InvalidGrant.because("refresh token is no longer valid").recorded())
        }
    }
}

/// A stranger changes nothing: to any other client the token does not exist.
async fn find(
    provider: &Provider,
    client: &Client,
    presented: &str,
) -> Result<(RefreshToken, Authorization), OAuthError> {
    let unknown = || InvalidGrant.because("refresh token is unknown");
    if !OpaqueKind::RefreshToken.fits(presented) {
        return Err(unknown());
    }
    let digest = RefreshTokenDigest::of(presented);
    let now = provider.clock.now();
    let found = provider.store.find_refresh_token(digest, now).await?;
    found.filter(|(_, authorization)| authorization.client_id == client.id).ok_or_else(unknown)
}

/// RFC 6749 §6: scope can be narrowed for this access token, never widened; what the client lost since
/// is gone.
fn narrowed(
    client: &Client,
    authorization: &Authorization,
    asked: Option<&str>,
) -> Result<Scope, OAuthError> {
    let granted = issuance::granted(client, authorization);
    let Some(asked) = asked else { return Ok(granted) };
    let invalid = |why: String| ErrorCode::InvalidScope.because(why);
    let asked = Scope::parse(asked).map_err(|error| invalid(error.to_string()))?;
    if asked.is_empty() || !asked.is_within(&granted) {
        return Err(invalid("scope goes beyond what was granted".to_owned()));
    }
    Ok(asked)
}
