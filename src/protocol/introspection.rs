//! Token introspection (RFC 7662): by a resource server for tokens of its own audience, and by a client
//! for its own tokens. Whatever is not active says nothing but that.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::domain::client::Client;
use crate::domain::client::GrantType;
use crate::domain::id::RefreshTokenDigest;
use crate::domain::request_context::RequestContext;
use crate::domain::token::OpaqueKind;
use crate::protocol::access_token;
use crate::protocol::acting;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::guesses;
use crate::protocol::parameters::Parameters;
use crate::protocol::token::issuance;
use crate::provider::Provider;

/// What this client may know of the token.
pub async fn introspect(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    parameters: &Parameters,
) -> Result<Map<String, Value>, OAuthError> {
    if client.is_public() {
        return Err(ErrorCode::UnauthorizedClient.because("a public client may not introspect"));
    }
    let token = parameters.require("token")?;
    let found = match token {
        token if OpaqueKind::RefreshToken.fits(token) => {
            refresh_token(provider, context, client, token).await?
        }
        token if access_token::fits(token) => {
            access_token(provider, context, client, token).await?
        }
        _ => None,
    };
    Ok(found.unwrap_or_else(|| Map::from_iter([("active".to_owned(), json!(false))])))
}

async fn access_token(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    token: &str,
) -> Result<Option<Map<String, Value>>, OAuthError> {
    let Some(live) = access_token::find_live(provider, token).await? else {
        if access_token::read(provider, token).is_none() {
            guesses::count(provider, context, Some(&client.id)).await?;
        }
        return Ok(None);
    };
    let may_know = match &live.handle.audience {
        Some(audience) => client.audiences.contains(audience),
        None => live.client.id == client.id,
    };
    if !may_know && live.client.id != client.id {
        return Ok(None);
    }
    let mut members = access_token::describe(provider, &live);
    let acting = live.authorization.as_ref().and_then(|found| found.approval.acting.as_ref());
    if let Some(acting) = acting {
        let Some(told) = acting::claims(provider, acting, false).await? else { return Ok(None) };
        members.extend(told);
    }
    Ok(Some(members))
}

async fn refresh_token(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    token: &str,
) -> Result<Option<Map<String, Value>>, OAuthError> {
    let digest = RefreshTokenDigest::of(token);
    let now = provider.clock.now();
    let found = provider.store.find_live_refresh_token(digest, now).await?;
    if found.is_none() {
        guesses::count(provider, context, Some(&client.id)).await?;
    }
    let live = found.filter(|(token, authorization)| {
        client.may_use(GrantType::RefreshToken)
            && authorization.is_live_for(client)
            && authorization.client_id == client.id
            && now < token.idle_expires_at
            && now < token.expires_at
    });
    Ok(live.map(|(token, authorization)| {
        Map::from_iter([
            ("active".to_owned(), json!(true)),
            ("client_id".to_owned(), json!(client.id)),
            ("scope".to_owned(), json!(issuance::granted(client, &authorization).to_string())),
            ("sub".to_owned(), json!(authorization.approval.subject)),
            ("exp".to_owned(), json!(token.expires_at.seconds())),
        ])
    }))
}
