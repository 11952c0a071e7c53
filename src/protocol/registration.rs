//! Client registration rules (OpenID Connect Registration §2, RFC 7591 §2): what a client's metadata must
//! look like before it is stored, whoever stores it.

use std::time::Duration;

use url::Url;

use crate::audit;
use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::AuditRecord;
use crate::domain::client::AccessTokenFormat;
use crate::domain::client::ApplicationType;
use crate::domain::client::Client;
use crate::domain::client::ClientAuthentication;
use crate::domain::client::ClientId;
use crate::domain::client::ClientPolicy;
use crate::domain::client::ClientSecret;
use crate::domain::client::GrantType;
use crate::domain::client::ResponseMode;
use crate::domain::client::SubjectType;
use crate::domain::request_context::RequestContext;
use crate::domain::scope;
use crate::domain::token::OpaqueKind;
use crate::jose::Algorithm;
use crate::jose::DEFAULT_KEY_LIMIT;
use crate::jose::JwkSet;
use crate::protocol::redirect_uri;
use crate::provider::Provider;
use crate::store::StoreError;

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

/// Why a client was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Its metadata.
    #[error(transparent)]
    Metadata(#[from] RegistrationError),
    /// Its identifier belongs to another client, or to none.
    #[error("client_id: {0}")]
    Identifier(&'static str),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a new client cannot do without.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// `client_id`.
    pub id: ClientId,
    /// `client_name`.
    pub name: String,
    /// `redirect_uris`.
    pub redirect_uris: Vec<String>,
}

/// A confidential web client with the defaults of a registration that says nothing else. ES256 is ours:
/// a registration by protocol that names no algorithm gets RS256 (OpenID Connect Registration §2).
pub fn new_client(new: NewClient) -> Client {
    let sector = new
        .redirect_uris
        .first()
        .and_then(|uri| Url::parse(uri).ok())
        .and_then(|uri| uri.host_str().map(str::to_owned))
        .unwrap_or_else(|| new.id.to_string());
    Client {
        id: new.id,
        name: new.name,
        application_type: ApplicationType::Web,
        authentication: ClientAuthentication::ClientSecretBasic,
        secrets: Vec::new(),
        jwks: None,
        redirect_uris: new.redirect_uris,
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        response_modes: ResponseMode::ALL.to_vec(),
        scope: [scope::OPENID, "profile"].into_iter().collect(),
        resources: Vec::new(),
        audiences: Vec::new(),
        id_token_signed_response_alg: Algorithm::Es256,
        access_token_format: AccessTokenFormat::Opaque,
        subject_type: SubjectType::Pairwise,
        sector,
        default_max_age: None,
        policy: ClientPolicy::default(),
        disabled_at: None,
    }
}

/// A new secret: the text, shown once, and what is kept of it.
pub fn new_secret() -> (String, ClientSecret) {
    let text = OpaqueKind::ClientSecret.generate();
    let kept = ClientSecret { digest: ClientSecret::digest_of(&text), expires_at: None };
    (text, kept)
}

/// Registers a client.
pub async fn add(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
) -> Result<(), RegisterError> {
    check(client, provider.config.issuer_is_loopback())?;
    let record = audit::done(AuditKind::ClientChanged).client(&client.id);
    let record = record.detail("change", "added").record(provider, context);
    let now = provider.clock.now();
    if provider.store.add_client(client, record, now).await? {
        Ok(())
    } else {
        Err(RegisterError::Identifier("is taken"))
    }
}

/// Replaces what is known of a client.
pub async fn replace(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
) -> Result<(), RegisterError> {
    check(client, provider.config.issuer_is_loopback())?;
    let record = audit::done(AuditKind::ClientChanged).client(&client.id);
    let record = record.detail("change", "replaced").record(provider, context);
    store(provider, client, record).await
}

/// Gives a client a new secret; the old ones work until `grace` is over.
pub async fn rotate_secret(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    grace: Duration,
) -> Result<String, RegisterError> {
    let now = provider.clock.now();
    let until = now.plus(grace);
    let (text, kept) = new_secret();
    let mut changed = client.clone();
    changed.secrets.retain(|secret| secret.expires_at.is_none_or(|at| at > now));
    for secret in &mut changed.secrets {
        secret.expires_at = Some(secret.expires_at.map_or(until, |at| at.min(until)));
    }
    changed.secrets.insert(0, kept);
    let record = audit::done(AuditKind::ClientSecretRotated).client(&client.id);
    let record = record.detail("grace_seconds", grace.as_secs()).record(provider, context);
    store(provider, &changed, record).await?;
    Ok(text)
}

/// Switches a client off, or on again.
pub async fn set_disabled(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    disabled: bool,
) -> Result<(), RegisterError> {
    let mut changed = client.clone();
    changed.disabled_at = disabled.then(|| provider.clock.now());
    let record = audit::done(AuditKind::ClientDisabled).client(&client.id);
    let record = record.detail("disabled", disabled).record(provider, context);
    store(provider, &changed, record).await
}

async fn store(
    provider: &Provider,
    client: &Client,
    record: AuditRecord,
) -> Result<(), RegisterError> {
    let now = provider.clock.now();
    if provider.store.replace_client(client, record, now).await? {
        Ok(())
    } else {
        Err(RegisterError::Identifier("is unknown"))
    }
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
