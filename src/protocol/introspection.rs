//! Token introspection (RFC 7662): by a resource server for tokens of its own audience, and by a client
//! for its own tokens. Whatever is not active says nothing but that.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::domain::client::Client;
use crate::domain::id::RefreshTokenDigest;
use crate::domain::token::OpaqueKind;
use crate::protocol::access_token;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters::Parameters;
use crate::provider::Provider;

/// What this client may know of the token.
pub async fn introspect(
    provider: &Provider,
    client: &Client,
    parameters: &Parameters,
) -> Result<Map<String, Value>, OAuthError> {
    if client.is_public() {
        return Err(ErrorCode::UnauthorizedClient.because("a public client may not introspect"));
    }
    let token = parameters.require("token")?;
    let found = match token {
        token if OpaqueKind::RefreshToken.fits(token) => {
            refresh_token(provider, client, token).await?
        }
        token if access_token::fits(token) => access_token(provider, client, token).await?,
        _ => None,
    };
    Ok(found.unwrap_or_else(|| Map::from_iter([("active".to_owned(), json!(false))])))
}

async fn access_token(
    provider: &Provider,
    client: &Client,
    token: &str,
) -> Result<Option<Map<String, Value>>, OAuthError> {
    let Some(live) = access_token::find_live(provider, token).await? else { return Ok(None) };
    let may_know = match &live.handle.audience {
        Some(audience) => client.audiences.contains(audience),
        None => live.client.id == client.id,
    };
    Ok((may_know || live.client.id == client.id).then(|| access_token::describe(provider, &live)))
}

async fn refresh_token(
    provider: &Provider,
    client: &Client,
    token: &str,
) -> Result<Option<Map<String, Value>>, OAuthError> {
    let digest = RefreshTokenDigest::of(token);
    let now = provider.clock.now();
    let found = provider.store.find_live_refresh_token(digest, now).await?;
    let live = found.filter(|(token, authorization)| {
        authorization.is_live()
            && authorization.client_id == client.id
            && now < token.idle_expires_at
            && now < token.expires_at
    });
    Ok(live.map(|(token, authorization)| {
        Map::from_iter([
            ("active".to_owned(), json!(true)),
            ("client_id".to_owned(), json!(client.id)),
            ("scope".to_owned(), json!(authorization.approval.scope.to_string())),
            ("sub".to_owned(), json!(authorization.approval.subject)),
            ("exp".to_owned(), json!(token.expires_at.seconds())),
        ])
    }))
}
