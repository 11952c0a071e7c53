//! Token endpoint (RFC 6749 §3.2): one grant type, one file; what they share stands here and in
//! `issuance`.

pub mod authorization_code;
pub mod client_credentials;
pub mod issuance;
pub mod refresh_token;

use serde_json::Map;
use serde_json::Value;

use crate::domain::authorization::Approval;
use crate::domain::client::Client;
use crate::domain::client::GrantType;
use crate::domain::request_context::RequestContext;
use crate::domain::self_check::Check;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::parameters::Parameters;
use crate::protocol::self_check;
use crate::provider::Provider;

/// The body of a successful answer (RFC 6749 §5.1).
pub type TokenResponse = Map<String, Value>;

/// RFC 8707 §2.2: `resource` at the token endpoint can only name what was asked for before.
fn check_resource(approval: &Approval, parameters: &Parameters) -> Result<(), OAuthError> {
    match parameters.get("resource") {
        Some(asked) if approval.resource.as_deref() != Some(asked) => {
            Err(ErrorCode::InvalidTarget.because("resource is not the one that was asked for"))
        }
        _ => Ok(()),
    }
}

/// Answers a token request of an authenticated client.
pub async fn grant(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    parameters: &Parameters,
) -> Result<TokenResponse, OAuthError> {
    let asked = parameters.require("grant_type")?;
    let grant_type = GrantType::ALL
        .into_iter()
        .find(|grant_type| grant_type.as_str() == asked)
        .ok_or_else(|| ErrorCode::UnsupportedGrantType.because("grant_type is not supported"))?;
    if !client.may_use(grant_type) {
        return Err(ErrorCode::UnauthorizedClient.because("the client may not use this grant"));
    }
    match grant_type {
        GrantType::AuthorizationCode => {
            let answer = authorization_code::exchange(provider, context, client, parameters).await;
            self_check::note(provider, client, Check::Code, answer.is_ok()).await;
            answer
        }
        GrantType::RefreshToken => {
            let answer = refresh_token::exchange(provider, context, client, parameters).await;
            self_check::note(provider, client, Check::Refresh, answer.is_ok()).await;
            answer
        }
        GrantType::ClientCredentials => {
            client_credentials::exchange(provider, context, client, parameters)
        }
    }
}
