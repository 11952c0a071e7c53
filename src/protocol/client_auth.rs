//! Client authentication (RFC 6749 §2.3, OpenID Connect Core §9, RFC 7523): exactly the method the client
//! registered. Unknown client and wrong proof look alike.

use std::sync::Arc;

use base64::Engine;

use crate::audit;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::client::ClientAuthentication;
use crate::domain::client::ClientId;
use crate::domain::client::ClientSecret;
use crate::domain::request_context::RequestContext;
use crate::protocol::client_assertion;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::guesses;
use crate::protocol::parameters::Parameters;
use crate::provider::Provider;

/// How the client tried to prove who it is.
enum Presented<'a> {
    Basic { id: String, secret: String },
    Post { id: &'a str, secret: &'a str },
    Assertion { id: ClientId, assertion: &'a str },
    Nothing { id: &'a str },
}

/// Authenticates the client of a back-channel request. `authorization` is the header's value.
pub async fn authenticate(
    provider: &Provider,
    context: &RequestContext,
    authorization: Option<&str>,
    parameters: &Parameters,
) -> Result<Arc<Client>, OAuthError> {
    let presented = presented(authorization, parameters)?;
    let id = presented.client_id();
    let client = match &id {
        Some(id) => provider.store.find_client(id).await?,
        None => None,
    };
    let proven = match &client {
        Some(client) if client.disabled_at.is_none() => prove(provider, client, &presented).await?,
        _ => {
            // The same comparison as for a known client, with a secret nobody has.
            compare_with_nothing(&presented);
            false
        }
    };
    match client {
        Some(client) if proven => Ok(client),
        _ => {
            let refusal = audit::refused(AuditKind::ClientRefused, "client authentication failed");
            provider.store.record(refusal.record(provider, context)).await?;
            guesses::count(provider, context, id.as_ref()).await?;
            Err(ErrorCode::InvalidClient.because("client authentication failed").recorded())
        }
    }
}

impl Presented<'_> {
    fn client_id(&self) -> Option<ClientId> {
        match self {
            Self::Basic { id, .. } => ClientId::parse(id),
            Self::Post { id, .. } | Self::Nothing { id } => ClientId::parse(id),
            Self::Assertion { id, .. } => Some(id.clone()),
        }
    }
}

/// RFC 6749 §2.3: a client must not use more than one method in a request.
fn presented<'a>(
    authorization: Option<&str>,
    parameters: &'a Parameters,
) -> Result<Presented<'a>, OAuthError> {
    let invalid = |why| ErrorCode::InvalidRequest.because(why);
    let id = parameters.get("client_id");
    let secret = parameters.get("client_secret");
    let assertion = parameters.get("client_assertion");
    let methods = usize::from(authorization.is_some())
        + usize::from(secret.is_some())
        + usize::from(assertion.is_some());
    if methods > 1 {
        return Err(invalid("only one way of client authentication may be used"));
    }
    if let Some(header) = authorization {
        let (basic_id, secret) = basic(header)
            .ok_or_else(|| ErrorCode::InvalidClient.because("client authentication failed"))?;
        if id.is_some_and(|id| id != basic_id) {
            return Err(invalid("client_id differs from the Authorization header"));
        }
        return Ok(Presented::Basic { id: basic_id, secret });
    }
    if let Some(assertion) = assertion {
        if parameters.get("client_assertion_type") != Some(client_assertion::TYPE) {
            return Err(invalid("client_assertion_type is not the JWT bearer type"));
        }
        let issuer = client_assertion::claimed_client(assertion)
            .ok_or_else(|| ErrorCode::InvalidClient.because("client authentication failed"))?;
        if id.is_some_and(|id| id != issuer.as_str()) {
            return Err(invalid("client_id differs from the assertion"));
        }
        return Ok(Presented::Assertion { id: issuer, assertion });
    }
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Presented::Post { id, secret }),
        (Some(id), None) => Ok(Presented::Nothing { id }),
        (None, _) => Err(ErrorCode::InvalidClient.because("client authentication is missing")),
    }
}

/// `Authorization: Basic`: id and secret are form-encoded first (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || credentials.len() > 2048 {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(credentials.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decode(id)?, form_decode(secret)?))
}

fn form_decode(text: &str) -> Option<String> {
    // A pair whose name is the text: the parser undoes `+` and `%XX` as it does in a form. Characters
    // that separate pairs are not part of an encoded value.
    if text.contains(['&', '=']) {
        return Some(text.to_owned());
    }
    let (name, _) = url::form_urlencoded::parse(text.as_bytes()).next()?;
    Some(name.into_owned())
}

async fn prove(
    provider: &Provider,
    client: &Client,
    presented: &Presented<'_>,
) -> Result<bool, OAuthError> {
    use ClientAuthentication::{ClientSecretBasic, ClientSecretPost, None, PrivateKeyJwt};
    match (client.authentication, presented) {
        (ClientSecretBasic, Presented::Basic { secret, .. }) => {
            Ok(has_secret(provider, client, secret))
        }
        (ClientSecretPost, Presented::Post { secret, .. }) => {
            Ok(has_secret(provider, client, secret))
        }
        (PrivateKeyJwt, Presented::Assertion { assertion, .. }) => {
            client_assertion::verify(provider, client, assertion).await
        }
        (None, Presented::Nothing { .. }) => Ok(true),
        _ => {
            compare_with_nothing(presented);
            Ok(false)
        }
    }
}

fn has_secret(provider: &Provider, client: &Client, secret: &str) -> bool {
    let now = provider.clock.now();
    let digest = ClientSecret::digest_of(secret);
    let live = client
        .secrets
        .iter()
        .filter(|known| known.expires_at.is_none_or(|expires_at| now < expires_at));
    // Every secret is compared, so that the time does not say which one fits.
    live.fold(false, |found, known| {
        crate::crypto::constant_time_eq(known.digest.as_bytes(), digest.as_bytes()) | found
    })
}

fn compare_with_nothing(presented: &Presented<'_>) {
    let secret = match presented {
        Presented::Basic { secret, .. } => secret.as_str(),
        Presented::Post { secret, .. } => secret,
        Presented::Assertion { .. } | Presented::Nothing { .. } => return,
    };
    let digest = ClientSecret::digest_of(secret);
    std::hint::black_box(crate::crypto::constant_time_eq(&[b'0'; 64], digest.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::basic;

    #[test]
    fn basic_credentials_are_form_decoded() {
        assert_eq!(basic("bAsIc d2ViMTphJTNBYitj"), Some(("web1".to_owned(), "a:b c".to_owned())));
    }

    #[test]
    fn malformed_credentials_are_no_credentials() {
        for header in ["Basic", "Basic !!!", "Basic d2ViMQ==", "Bearer x", "Basic /w=="] {
            assert_eq!(basic(header), None, "{header}");
        }
    }
}
