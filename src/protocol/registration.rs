//! Client registration rules (OpenID Connect Registration §2, RFC 7591 §2): what a client's metadata must
//! look like before it is stored, whoever stores it.

use crate::domain::client::ApplicationType;
use crate::domain::client::Client;
use crate::domain::client::ClientAuthentication;
use crate::domain::client::GrantType;
use crate::jose::DEFAULT_KEY_LIMIT;
use crate::jose::JwkSet;
use crate::protocol::redirect_uri;

/// Most URIs of a kind one client may have.
const MAX_URIS: usize = 20;

/// Why the metadata cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct RegistrationError {
    /// Which member.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

/// Checks a client's metadata; `loopback_allowed` lets `http` loopback URIs pass, for a demo issuer.
pub fn check(client: &Client, loopback_allowed: bool) -> Result<(), RegistrationError> {
    let wrong =
        |field, problem: &str| Err(RegistrationError { field, problem: problem.to_owned() });
    if client.name.trim().is_empty() || client.name.chars().count() > 100 {
        return wrong("client_name", "has 1 to 100 characters");
    }
    if client.name.chars().any(char::is_control) {
        return wrong("client_name", "has a control character");
    }
    check_uris("redirect_uris", &client.redirect_uris, client, loopback_allowed)?;
    check_uris(
        "post_logout_redirect_uris",
        &client.post_logout_redirect_uris,
        client,
        loopback_allowed,
    )?;
    if let Some(uri) = &client.backchannel_logout_uri
        && let Some(problem) = redirect_uri::problem(uri, ApplicationType::Web, loopback_allowed)
    {
        return wrong("backchannel_logout_uri", problem);
    }
    if client.may_use(GrantType::AuthorizationCode) && client.redirect_uris.is_empty() {
        return wrong("redirect_uris", "one is needed for the authorization code grant");
    }
    if client.is_public() && client.may_use(GrantType::ClientCredentials) {
        return wrong("grant_types", "a public client has no credentials");
    }
    check_keys(client)
}

fn check_uris(
    field: &'static str,
    uris: &[String],
    client: &Client,
    loopback_allowed: bool,
) -> Result<(), RegistrationError> {
    if uris.len() > MAX_URIS {
        return Err(RegistrationError {
            field,
            problem: format!("has more than {MAX_URIS} entries"),
        });
    }
    for uri in uris {
        let problem = redirect_uri::problem(uri, client.application_type, loopback_allowed);
        if let Some(problem) = problem {
            return Err(RegistrationError { field, problem: problem.to_owned() });
        }
    }
    Ok(())
}

fn check_keys(client: &Client) -> Result<(), RegistrationError> {
    let wrong = |problem: String| Err(RegistrationError { field: "jwks", problem });
    match (&client.jwks, client.authentication) {
        (None, ClientAuthentication::PrivateKeyJwt) => {
            wrong("is needed for private_key_jwt".into())
        }
        (None, _) => Ok(()),
        (Some(jwks), _) => {
            match jwks.as_object().map(|jwks| JwkSet::from_json(jwks, DEFAULT_KEY_LIMIT)) {
                Some(Ok(set)) if !set.keys().is_empty() => Ok(()),
                Some(Ok(_)) => wrong("has no key that can be used".into()),
                Some(Err(error)) => wrong(error.to_string()),
                None => wrong("is not a JWK set".into()),
            }
        }
    }
}
