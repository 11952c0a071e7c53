//! Client credentials grant (RFC 6749 §4.4): a client in its own name. No refresh token (§4.4.3).

use serde_json::json;

use crate::domain::client::Client;
use crate::domain::request_context::RequestContext;
use crate::domain::scope;
use crate::domain::scope::Scope;
use crate::domain::token::AccessTokenHandle;
use crate::protocol::access_token;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters::Parameters;
use crate::protocol::token::TokenResponse;
use crate::protocol::token::issuance;
use crate::provider::Provider;

/// Issues a token for the client itself. Nothing is written: what could be revoked is the client.
pub fn exchange(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    parameters: &Parameters,
) -> Result<TokenResponse, OAuthError> {
    if client.is_public() {
        return Err(ErrorCode::UnauthorizedClient.because("a public client has no credentials"));
    }
    let scope = requested_scope(client, parameters.get("scope"))?;
    let audience = match parameters.get("resource") {
        None => client.resources.first().cloned(),
        Some(asked) if client.resources.iter().any(|known| known == asked) => {
            Some(asked.to_owned())
        }
        Some(_) => return Err(ErrorCode::InvalidTarget.because("resource is not registered")),
    };
    let handle: AccessTokenHandle = issuance::handle(provider, client, None, &scope, audience);
    let token = access_token::write(provider, client, &handle, Some(client.id.as_str()))?;
    tracing::debug!(request_id = context.id, client_id = %client.id, "client credentials");
    let mut response = TokenResponse::new();
    response.insert("access_token".to_owned(), json!(token));
    response.insert("token_type".to_owned(), json!("Bearer"));
    response.insert("expires_in".to_owned(), json!(access_token::LIFETIME_SECONDS));
    if !scope.is_empty() {
        response.insert("scope".to_owned(), json!(scope.to_string()));
    }
    Ok(response)
}

/// Scopes about a person have no meaning here.
fn requested_scope(client: &Client, asked: Option<&str>) -> Result<Scope, OAuthError> {
    let invalid = |why: String| ErrorCode::InvalidScope.because(why);
    let personal: Scope = [scope::OPENID, scope::OFFLINE_ACCESS]
        .into_iter()
        .chain(scope::CLAIM_SCOPES.iter().map(|entry| entry.name))
        .collect();
    let own = client.scope.difference(&personal);
    let Some(asked) = asked else { return Ok(own) };
    let asked = Scope::parse(asked).map_err(|error| invalid(error.to_string()))?;
    if !asked.is_empty() && asked.is_within(&own) {
        Ok(asked)
    } else {
        Err(invalid("scope has a value the client may not ask for".to_owned()))
    }
}
