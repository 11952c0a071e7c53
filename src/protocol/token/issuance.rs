//! Minting tokens (RFC 6749 §5.1, OpenID Connect Core §2 and §3.1.3.3): every grant issues through here.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::clock::Timestamp;
use crate::domain::authorization::Authorization;
use crate::domain::authorization::NewRefreshToken;
use crate::domain::client::Client;
use crate::domain::client::GrantType;
use crate::domain::scope;
use crate::domain::scope::Scope;
use crate::domain::token::AccessTokenHandle;
use crate::protocol::access_token;
use crate::protocol::acting;
use crate::protocol::authorization_details;
use crate::protocol::claims;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::token::TokenResponse;
use crate::protocol::token::refresh_token;
use crate::protocol::verified_claims;
use crate::provider::Provider;

/// How long an ID token may be looked at, in seconds.
const ID_TOKEN_LIFETIME_SECONDS: i64 = 600;

/// Tokens on their way: the answer, and what has to be stored before it is given.
pub struct Minted {
    /// The answer.
    pub response: TokenResponse,
    /// The refresh token in it, to be stored.
    pub refresh_token: Option<NewRefreshToken>,
}

/// Everything a redeemed code issues.
pub async fn mint(
    provider: &Provider,
    client: &Client,
    authorization: &Authorization,
) -> Result<Minted, OAuthError> {
    let scope = granted(client, authorization);
    let mut response = tokens(provider, client, authorization, &scope).await?;
    let offline = scope.contains(scope::OFFLINE_ACCESS);
    if !offline || !client.may_use(GrantType::RefreshToken) {
        return Ok(Minted { response, refresh_token: None });
    }
    let (text, kept) = refresh_token::generate(provider.clock.now(), family_end(authorization));
    response.insert("refresh_token".to_owned(), json!(text));
    Ok(Minted { response, refresh_token: Some(kept) })
}

/// What was granted, without what the client lost since.
pub fn granted(client: &Client, authorization: &Authorization) -> Scope {
    authorization.approval.scope.intersection(&client.scope)
}

/// When everything that comes of an authorization is over, whatever happens.
fn family_end(authorization: &Authorization) -> Timestamp {
    authorization.created_at.plus(refresh_token::ABSOLUTE_LIFETIME)
}

/// Access token and ID token of an authorization.
pub async fn tokens(
    provider: &Provider,
    client: &Client,
    authorization: &Authorization,
    scope: &Scope,
) -> Result<TokenResponse, OAuthError> {
    let approval = &authorization.approval;
    let handle = handle(provider, client, Some(authorization), scope, approval.resource.clone());
    let subject = approval.acting.is_none().then_some(approval.subject.as_str());
    let access_token = access_token::write(provider, client, &handle, subject)?;
    let mut response = Map::new();
    if scope.contains(scope::OPENID) {
        let id_token = id_token(provider, client, authorization, &access_token).await?;
        response.insert("id_token".to_owned(), json!(id_token));
    }
    response.insert("access_token".to_owned(), json!(access_token));
    response.insert("token_type".to_owned(), json!("Bearer"));
    response.insert("expires_in".to_owned(), json!(handle.expires_at - handle.issued_at));
    response.insert("scope".to_owned(), json!(scope.to_string()));
    if let Some(acting) = &approval.acting
        && let Some(uscc) = acting::uscc(provider, acting).await?
    {
        let details = authorization_details::granted(&uscc);
        response.insert(authorization_details::PARAMETER.to_owned(), details);
    }
    Ok(response)
}

/// What the access token says.
pub fn handle(
    provider: &Provider,
    client: &Client,
    authorization: Option<&Authorization>,
    scope: &Scope,
    audience: Option<String>,
) -> AccessTokenHandle {
    let issued_at = provider.clock.now().seconds();
    let expires_at = issued_at + access_token::LIFETIME_SECONDS;
    AccessTokenHandle {
        authorization_id: authorization.map(|authorization| authorization.id),
        client_id: client.id.clone(),
        scope: scope.clone(),
        audience,
        jti: hex::encode(crate::crypto::random::bytes::<16>()),
        issued_at,
        // It never outlives the family it belongs to (security.md A-27).
        expires_at: authorization.map_or(expires_at, |authorization| {
            expires_at.min(family_end(authorization).seconds())
        }),
    }
}

/// The ID token. Personal claims only where the client asked for them here by name.
async fn id_token(
    provider: &Provider,
    client: &Client,
    authorization: &Authorization,
    access_token: &str,
) -> Result<String, OAuthError> {
    let approval = &authorization.approval;
    let now = provider.clock.now().seconds();
    let algorithm = client.id_token_signed_response_alg;
    let mut claims: Map<String, Value> = Map::new();
    let gone = || ErrorCode::InvalidGrant.because("the authorization is no longer valid");
    let verified = (&*approval.claims.verified_id_token, true);
    if !approval.claims.id_token.is_empty() || !verified.0.is_empty() {
        let account = provider
            .store
            .known_account(authorization.account_id, provider.clock.now())
            .await?
            .ok_or_else(gone)?;
        let profile = provider.vault.open_profile(&account)?;
        claims.extend(claims::in_id_token(client, approval, &account, &profile));
        let whom = (&*account, &profile);
        if let Some(told) =
            verified_claims::tell(provider, (client, approval), whom, verified).await?
        {
            claims.insert(verified_claims::CLAIM.to_owned(), told);
        }
    }
    if let Some(acting) = &approval.acting {
        // What was asked of the ID token by name is the person's, and stands where the person does.
        let told = acting::userinfo(provider, acting, claims).await?;
        claims = told.ok_or_else(gone)?;
    }
    let authentication = &approval.authentication;
    claims.insert("iss".to_owned(), json!(provider.config.issuer_text()));
    claims.insert("sub".to_owned(), json!(approval.subject));
    claims.insert("aud".to_owned(), json!(client.id));
    claims.insert("iat".to_owned(), json!(now));
    claims.insert("exp".to_owned(), json!(now + ID_TOKEN_LIFETIME_SECONDS));
    claims.insert("auth_time".to_owned(), json!(authentication.auth_time.seconds()));
    claims.insert("amr".to_owned(), json!(authentication.amr));
    claims.insert("sid".to_owned(), json!(approval.sid));
    let at_hash = crate::jose::left_half_hash(algorithm, access_token);
    claims.insert("at_hash".to_owned(), json!(at_hash));
    if let Some(acr) = authentication.acr {
        claims.insert("acr".to_owned(), json!(acr.as_str()));
    }
    if let Some(nonce) = &approval.nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    let ring = provider.keyring.ring();
    Ok(crate::jose::sign_jwt(ring.signing_key(algorithm)?, "JWT", &claims)?)
}
