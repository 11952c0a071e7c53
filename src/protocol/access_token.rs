//! Access tokens (RFC 6750, RFC 9068): sealed handles that only we can read, or `at+jwt` for audiences
//! that accept its delay; and the question whether one is still worth anything (design D8).

use std::sync::Arc;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::domain::authorization::Authorization;
use crate::domain::client::Client;
use crate::domain::client::GrantType;
use crate::domain::token::ACCESS_TOKEN_PREFIX;
use crate::domain::token::AccessTokenHandle;
use crate::jose::Algorithm;
use crate::jose::Expected;
use crate::jose::verify_jwt;
use crate::protocol::error::OAuthError;
use crate::provider::Provider;
use crate::store::StoreError;

/// How long an access token lives, in seconds (security.md 0.3).
pub const LIFETIME_SECONDS: i64 = 600;
/// `typ` of a JWT access token (RFC 9068 §2.1).
const TYPE: &str = "at+jwt";
/// What the seal of a handle is bound to.
const PURPOSE: &str = "access token";

/// A token that is valid now.
pub struct Live {
    /// What it says.
    pub handle: AccessTokenHandle,
    /// To whom it was issued.
    pub client: Arc<Client>,
    /// The authorization it stands for; none for `client_credentials`.
    pub authorization: Option<Arc<Authorization>>,
}

/// The token as text, in the form the client has registered; without a subject of its own, which is so where
/// somebody acts for somebody, always the form that ends with the mandate (design D8).
pub fn write(
    provider: &Provider,
    client: &Client,
    handle: &AccessTokenHandle,
    subject: Option<&str>,
) -> Result<String, OAuthError> {
    use crate::domain::client::AccessTokenFormat::{Jwt, Opaque};
    // Only an audience that is not ourselves can accept a JWT's delay.
    match (client.access_token_format, &handle.audience, subject) {
        (Jwt, Some(audience), Some(subject)) => {
            write_jwt(provider, client, handle, (subject, audience))
        }
        (Opaque | Jwt, _, _) => {
            let sealed = provider.vault.seal_transit(PURPOSE, handle)?;
            Ok(format!("{ACCESS_TOKEN_PREFIX}{sealed}"))
        }
    }
}

fn write_jwt(
    provider: &Provider,
    client: &Client,
    handle: &AccessTokenHandle,
    (subject, audience): (&str, &str),
) -> Result<String, OAuthError> {
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(provider.config.issuer_text()));
    claims.insert("sub".to_owned(), json!(subject));
    claims.insert("aud".to_owned(), json!(audience));
    claims.insert("client_id".to_owned(), json!(client.id));
    claims.insert("iat".to_owned(), json!(handle.issued_at));
    claims.insert("exp".to_owned(), json!(handle.expires_at));
    claims.insert("jti".to_owned(), json!(handle.jti));
    if !handle.scope.is_empty() {
        claims.insert("scope".to_owned(), json!(handle.scope.to_string()));
    }
    if let Some(id) = handle.authorization_id {
        // Names the authorization to ourselves alone: introspection reads it through the row.
        claims
            .insert("authorization".to_owned(), json!(provider.vault.seal_transit(PURPOSE, &id)?));
    }
    let ring = provider.keyring.ring();
    let key = ring.signing_key(client.id_token_signed_response_alg)?;
    Ok(crate::jose::sign_jwt(key, TYPE, &claims)?)
}

/// The token, if it is one of ours and valid now: in time, not revoked, its client switched on and its
/// authorization, session and account alive.
pub async fn find_live(provider: &Provider, token: &str) -> Result<Option<Live>, StoreError> {
    let now = provider.clock.now();
    let Some(mut handle) = read(provider, token).filter(|handle| !handle.is_expired(now)) else {
        return Ok(None);
    };
    let client = provider.store.find_client(&handle.client_id).await?;
    let grant_type = match handle.authorization_id {
        Some(_) => GrantType::AuthorizationCode,
        None => GrantType::ClientCredentials,
    };
    let usable = |client: &Arc<Client>| {
        client.disabled_at.is_none()
            && client.may_use(grant_type)
            && handle.issued_at > client.valid_from.seconds()
    };
    let Some(client) = client.filter(usable) else {
        return Ok(None);
    };
    if provider.store.is_access_token_revoked(&handle.jti, now).await? {
        return Ok(None);
    }
    let authorization = match handle.authorization_id {
        None => None,
        Some(id) => match provider.store.known_authorization(id, now).await? {
            Some(found) if found.is_live_for(&client) && found.client_id == client.id => {
                Some(found)
            }
            _ => return Ok(None),
        },
    };
    // What the client lost since is gone from its tokens, too.
    handle.scope = handle.scope.intersection(&client.scope);
    Ok(Some(Live { handle, client, authorization }))
}

/// What a token of ours says, whether or not it is still valid.
pub fn read(provider: &Provider, token: &str) -> Option<AccessTokenHandle> {
    match token.strip_prefix(ACCESS_TOKEN_PREFIX) {
        Some(sealed) => provider.vault.open_transit(PURPOSE, sealed).ok(),
        None => read_jwt(provider, token),
    }
}

fn read_jwt(provider: &Provider, token: &str) -> Option<AccessTokenHandle> {
    let expected = Expected { algorithms: &Algorithm::ALL, types: &[Some(TYPE)] };
    let ring = provider.keyring.ring();
    let claims = verify_jwt(token, ring.public_keys(), &expected).ok()?.claims;
    let text = |name| claims.string(name).ok().flatten();
    if text("iss")? != provider.config.issuer_text() {
        return None;
    }
    let authorization_id = match text("authorization") {
        Some(sealed) => Some(provider.vault.open_transit(PURPOSE, sealed).ok()?),
        None => None,
    };
    Some(AccessTokenHandle {
        authorization_id,
        client_id: crate::domain::client::ClientId::parse(text("client_id")?)?,
        scope: crate::domain::scope::Scope::parse(text("scope").unwrap_or_default()).ok()?,
        audience: text("aud").map(str::to_owned),
        jti: text("jti")?.to_owned(),
        issued_at: claims.integer("iat").ok()??,
        expires_at: claims.integer("exp").ok()??,
    })
}

/// Whether the text can be a token at all, so that guesses cost nothing.
pub fn fits(token: &str) -> bool {
    token.len() <= crate::jose::MAX_TOKEN_LENGTH
        && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// The members RFC 7662 §2.2 gives of an active token.
pub fn describe(provider: &Provider, live: &Live) -> Map<String, Value> {
    let handle = &live.handle;
    let mut members = Map::new();
    members.insert("active".to_owned(), json!(true));
    members.insert("client_id".to_owned(), json!(handle.client_id));
    members.insert("token_type".to_owned(), json!("Bearer"));
    members.insert("scope".to_owned(), json!(handle.scope.to_string()));
    members.insert("iss".to_owned(), json!(provider.config.issuer_text()));
    members.insert("iat".to_owned(), json!(handle.issued_at));
    members.insert("exp".to_owned(), json!(handle.expires_at));
    members.insert("jti".to_owned(), json!(handle.jti));
    if let Some(audience) = &handle.audience {
        members.insert("aud".to_owned(), json!(audience));
    }
    if let Some(authorization) = &live.authorization {
        let approval = &authorization.approval;
        members.insert("sub".to_owned(), json!(approval.subject));
        members.insert("auth_time".to_owned(), json!(approval.authentication.auth_time.seconds()));
        if let Some(acr) = approval.authentication.acr {
            members.insert("acr".to_owned(), json!(acr.as_str()));
        }
    } else {
        members.insert("sub".to_owned(), json!(handle.client_id));
    }
    members
}
