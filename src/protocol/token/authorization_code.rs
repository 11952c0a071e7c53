//! Authorization code grant (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3, RFC 9700 §4.5).

use std::time::Duration;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::audit_event::AuditKind;
use crate::domain::authorization::Authorization;
use crate::domain::authorization::CodeState;
use crate::domain::authorization::Redemption;
use crate::domain::client::Client;
use crate::domain::id::CodeDigest;
use crate::domain::request_context::RequestContext;
use crate::domain::token::OpaqueKind;
use crate::protocol::error::ErrorCode::InvalidGrant;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters::Parameters;
use crate::protocol::pkce;
use crate::protocol::token::TokenResponse;
use crate::protocol::token::check_resource;
use crate::protocol::token::issuance;
use crate::provider::Provider;

/// How far the clocks of two nodes may lie apart.
const CLOCK_SKEW: Duration = Duration::from_secs(30);

/// Redeems a code.
pub async fn exchange(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    parameters: &Parameters,
) -> Result<TokenResponse, OAuthError> {
    let code = parameters.require("code")?;
    let unknown = || InvalidGrant.because("authorization code is unknown");
    if !OpaqueKind::Code.fits(code) {
        return Err(unknown());
    }
    let (digest, now) = (CodeDigest::of(code), provider.clock.now());
    // A stranger changes nothing: to any other client the code does not exist.
    let authorization = provider
        .store
        .find_authorization_by_code(digest, now)
        .await?
        .filter(|authorization| authorization.client_id == client.id)
        .ok_or_else(unknown)?;

    // The right client with a wrong redirect_uri or verifier spends the code and gets nothing.
    let issued = match check(client, &authorization, parameters, now) {
        Ok(()) => issuance::mint(provider, client, &authorization).await,
        Err(error) => Err(error),
    };
    let event = match &issued {
        Ok(_) => audit::done(AuditKind::CodeRedeemed),
        Err(_) => audit::refused(AuditKind::CodeRedeemed, "redirect_uri, verifier or time"),
    };
    let told = |event: audit::Event<'_>| {
        event.account_id(authorization.account_id).client(&client.id).record(provider, context)
    };
    let first = told(event);
    let replay = told(audit::refused(AuditKind::CodeRedeemed, "code was already used"));
    let refresh_token = issued.as_ref().ok().and_then(|tokens| tokens.refresh_token.clone());

    // One transaction: spend, remember, audit. A replay takes back what the code issued.
    match provider.store.redeem_code(digest, refresh_token, first, replay).await? {
        Redemption::First => issued.map(|tokens| tokens.response).map_err(OAuthError::recorded),
        Redemption::Replay => {
            Err(InvalidGrant.because("authorization code was already used").recorded())
        }
    }
}

/// Everything that must be true besides the code itself.
fn check(
    client: &Client,
    authorization: &Authorization,
    parameters: &Parameters,
    now: Timestamp,
) -> Result<(), OAuthError> {
    let approval = &authorization.approval;
    // A code from the future is an old one under a clock that was set back (security.md A-17).
    let future = now.plus(CLOCK_SKEW) < authorization.created_at;
    let over = matches!(authorization.code, CodeState::Fresh { expires_at } if now >= expires_at);
    if future || over {
        return Err(InvalidGrant.because("authorization code has expired"));
    }
    if parameters.get("redirect_uri") != Some(approval.redirect_uri.as_str()) {
        return Err(InvalidGrant.because("redirect_uri differs from the authorization request"));
    }
    match (&approval.code_challenge, parameters.get("code_verifier")) {
        (None, None) => {}
        (Some(challenge), Some(verifier)) if pkce::verify(challenge, verifier) => {}
        (Some(_), None) => return Err(InvalidGrant.because("code_verifier is missing")),
        // RFC 9700 §4.8.2: a verifier for a code that was asked without a challenge is a downgrade.
        _ => return Err(InvalidGrant.because("code_verifier does not fit")),
    }
    check_resource(approval, parameters)?;
    if !authorization.is_live_for(client) {
        return Err(InvalidGrant.because("the authorization is no longer valid"));
    }
    Ok(())
}
