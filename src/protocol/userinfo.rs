//! UserInfo (OpenID Connect Core §5.3): the claims the person agreed to, for a token issued for it.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::audit;
use crate::domain::audit_event::AuditKind;
use crate::domain::request_context::RequestContext;
use crate::domain::scope;
use crate::domain::self_check::Check;
use crate::protocol::access_token;
use crate::protocol::acting;
use crate::protocol::claims;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::self_check;
use crate::protocol::verified_claims;
use crate::provider::Provider;

/// The claims this token opens.
pub async fn claims(
    provider: &Provider,
    context: &RequestContext,
    token: &str,
) -> Result<Map<String, Value>, OAuthError> {
    let refuse = || ErrorCode::InvalidToken.because("the access token is not valid here");
    if !access_token::fits(token) {
        return Err(refuse());
    }
    let live = access_token::find_live(provider, token).await?;
    // A token for another audience is none of ours, even if it is valid there.
    let live = live.filter(|live| live.handle.audience.is_none()).ok_or_else(refuse)?;
    if !live.handle.scope.contains(scope::OPENID) {
        return Err(ErrorCode::InsufficientScope.because("the token was not issued for openid"));
    }
    let authorization = live.authorization.as_ref().ok_or_else(refuse)?;
    let account = provider
        .store
        .known_account(authorization.account_id, provider.clock.now())
        .await?
        .ok_or_else(refuse)?;
    let profile = provider.vault.open_profile(&account)?;
    let mut approval = authorization.approval.clone();
    approval.scope = live.handle.scope.clone();
    let mut claims = claims::userinfo(&live.client, &approval, &account, &profile);
    let asked = (&*approval.claims.verified_userinfo, false);
    let told =
        verified_claims::tell(provider, (&live.client, &approval), (&account, &profile), asked);
    if let Some(verified) = told.await? {
        claims.insert(verified_claims::CLAIM.to_owned(), verified);
    }
    let verified = claims.get(verified_claims::CLAIM);
    if claims.contains_key("id_number") || verified.is_some_and(verified_claims::has_number) {
        let record = audit::done(AuditKind::IdNumberReleased)
            .account(&account)
            .client(&live.client.id)
            .detail("purpose", live.client.policy.id_number_purpose.clone())
            .record(provider, context);
        provider.store.record(record).await?;
    }
    if let Some(acting) = &approval.acting {
        claims = acting::userinfo(provider, acting, claims).await?.ok_or_else(refuse)?;
    }
    claims.insert("sub".to_owned(), json!(approval.subject));
    self_check::note(provider, &live.client, Check::UserInfo, true).await;
    Ok(claims)
}
