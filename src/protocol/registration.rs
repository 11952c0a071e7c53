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
use crate::domain::client_name;
use crate::domain::id::OperatorId;
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
        sandbox: false,
        logo: None,
        disabled_at: None,
        valid_from: crate::clock::Timestamp::default(),
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
    let (text, kept) = new_secret();
    let mut changed = client.clone();
    changed.add_secret(kept, grace, provider.clock.now());
    let record = audit::done(AuditKind::ClientSecretRotated).client(&client.id);
    let record = record.detail("grace_seconds", grace.as_secs()).record(provider, context);
    store(provider, &changed, record).await?;
    Ok(text)
}

/// Switches a client off, or on again; what was issued to it before stays void. `by`: which operator, and
/// why.
pub async fn set_disabled(
    provider: &Provider,
    context: &RequestContext,
    client: &Client,
    disabled: bool,
    by: Option<(OperatorId, &str)>,
) -> Result<(), RegisterError> {
    let mut changed = client.clone();
    let now = provider.clock.now();
    changed.disabled_at = disabled.then_some(now);
    if disabled {
        changed.valid_from = now;
    }
    let mut event = audit::done(AuditKind::ClientDisabled).client(&client.id);
    if let Some((operator, why)) = by {
        event = event.operator(operator).why(why);
    }
    let record = event.detail("disabled", disabled).record(provider, context);
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
    problems(client, loopback_allowed).into_iter().next().map_or(Ok(()), Err)
}

/// Everything that is wrong with a client's metadata, at most once a member.
pub fn problems(client: &Client, loopback_allowed: bool) -> Vec<RegistrationError> {
    let backchannel = client.backchannel_logout_uri.as_deref().and_then(|uri| {
        redirect_uri::problem(uri, ApplicationType::Web, loopback_allowed).map(str::to_owned)
    });
    let uris = |uris: &[String]| uris_problem(uris, client.application_type, loopback_allowed);
    let found = [
        ("client_name", name_problem(&client.name)),
        ("redirect_uris", uris(&client.redirect_uris).or_else(|| redirect_problem(client))),
        ("post_logout_redirect_uris", uris(&client.post_logout_redirect_uris)),
        ("backchannel_logout_uri", backchannel),
        ("grant_types", grant_problem(client)),
        ("jwks", keys_problem(client)),
    ];
    let told = |(field, problem): (&'static str, Option<String>)| {
        problem.map(|problem| RegistrationError { field, problem })
    };
    found.into_iter().filter_map(told).collect()
}

fn name_problem(name: &str) -> Option<String> {
    if name.trim().is_empty() || name.chars().count() > client_name::LONGEST {
        return Some("has 1 to 100 characters".to_owned());
    }
    name.chars().any(client_name::misleads).then(|| "has a control character".to_owned())
}

fn uris_problem(
    uris: &[String],
    application_type: ApplicationType,
    loopback_allowed: bool,
) -> Option<String> {
    if uris.len() > MAX_URIS {
        return Some(format!("has more than {MAX_URIS} entries"));
    }
    let problem = |uri: &String| redirect_uri::problem(uri, application_type, loopback_allowed);
    uris.iter().find_map(problem).map(str::to_owned)
}

fn redirect_problem(client: &Client) -> Option<String> {
    let missing = client.may_use(GrantType::AuthorizationCode) && client.redirect_uris.is_empty();
    missing.then(|| "one is needed for the authorization code grant".to_owned())
}

fn grant_problem(client: &Client) -> Option<String> {
    let bare = client.is_public() && client.may_use(GrantType::ClientCredentials);
    bare.then(|| "a public client has no credentials".to_owned())
}

fn keys_problem(client: &Client) -> Option<String> {
    let Some(jwks) = &client.jwks else {
        let needed = client.authentication == ClientAuthentication::PrivateKeyJwt;
        return needed.then(|| "is needed for private_key_jwt".to_owned());
    };
    match jwks.as_object().map(|jwks| JwkSet::from_json(jwks, DEFAULT_KEY_LIMIT)) {
        Some(Ok(set)) if !set.keys().is_empty() => None,
        Some(Ok(_)) => Some("has no key that can be used".to_owned()),
        Some(Err(error)) => Some(error.to_string()),
        None => Some("is not a JWK set".to_owned()),
    }
}
