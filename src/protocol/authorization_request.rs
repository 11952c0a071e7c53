//! Authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1): from parameters to a checked
//! value, or to a refusal that says by its type whether the browser may be sent back with it.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::assurance::Acr;
use crate::domain::assurance::Requirement;
use crate::domain::authorization::RequestedClaims;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::client::GrantType;
use crate::domain::client::ResponseMode;
use crate::domain::scope;
use crate::domain::scope::Scope;
use crate::protocol::authorization_details;
use crate::protocol::claims;
use crate::protocol::error::ErrorCode;
use crate::protocol::error::OAuthError;
use crate::protocol::id_token_hint;
use crate::protocol::parameters::Parameters;
use crate::protocol::pkce;
use crate::protocol::redirect_uri;
use crate::protocol::self_check;
use crate::provider::Provider;

/// Where the answer goes, once client and redirect URI are known to be good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnAddress {
    /// Whose.
    pub client_id: ClientId,
    /// A registered URI of that client.
    pub redirect_uri: String,
    /// How.
    pub response_mode: ResponseMode,
    /// `state`, to be repeated byte for byte.
    #[serde(with = "compact")]
    pub state: Option<String>,
}

/// Text that may be long and strange, on its way in `tx`: JSON would spell a control character with six.
mod compact {
    use serde::Deserialize;
    use serde::Deserializer;
    use serde::Serialize;
    use serde::Serializer;
    use serde::de::Error;

    use crate::crypto::base64url;

    #[expect(clippy::ref_option, reason = "serde asks for it")]
    pub fn serialize<S: Serializer>(
        text: &Option<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        text.as_ref().map(base64url::encode).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let bytes = base64url::decode(&text).map_err(|_| D::Error::custom("not base64url"))?;
        String::from_utf8(bytes).map(Some).map_err(D::Error::custom)
    }
}

/// A checked authorization request. It travels sealed in `tx` and is never trusted otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Where the answer goes.
    pub return_address: ReturnAddress,
    /// `scope`.
    pub scope: Scope,
    /// `nonce`.
    pub nonce: Option<String>,
    /// `code_challenge` (S256).
    pub code_challenge: Option<String>,
    /// `prompt`.
    pub prompt: Prompt,
    /// `max_age` in seconds, or the client's default.
    pub max_age: Option<u32>,
    /// The lowest known class of `acr_values`, or of the `acr` claim.
    pub acr: Option<Acr>,
    /// Whether that class is essential.
    pub acr_essential: bool,
    /// `claims`, the names we know.
    pub claims: RequestedClaims,
    /// `resource` (RFC 8707).
    pub resource: Option<String>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `ui_locales`.
    pub ui_locales: Option<String>,
    /// `sub` of a genuine `id_token_hint`.
    pub hinted_subject: Option<String>,
    /// The organisation `authorization_details` asks to act for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_for: Option<String>,
}

/// `prompt`, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the parameter is a set of four words")]
pub struct Prompt {
    /// Show nothing.
    pub none: bool,
    /// Log in again.
    pub login: bool,
    /// Ask for consent again.
    pub consent: bool,
    /// Choose the account again.
    pub select_account: bool,
}

/// An authorization request that is not answered with a code.
#[derive(Debug)]
pub enum Refusal {
    /// Client or redirect URI are not known to be good: the error is shown here, and only here.
    Page(OAuthError),
    /// The client is told.
    Redirect(ReturnAddress, OAuthError),
}

impl AuthorizationRequest {
    /// What the login has to achieve.
    pub fn requirement(&self, admitted_at: Timestamp) -> Requirement {
        Requirement {
            admitted_at,
            silent: self.prompt.none,
            fresh_login: self.prompt.login,
            fresh_consent: self.prompt.consent,
            fresh_account: self.prompt.select_account,
            max_age: self.max_age.map(|seconds| Duration::from_secs(seconds.into())),
            acr: self.acr,
            acr_essential: self.acr_essential,
        }
    }
}

/// Reads and checks a request. Nothing is redirected before the client and its URI are known.
pub async fn parse(
    provider: &Provider,
    parameters: &Parameters,
) -> Result<(Arc<Client>, AuthorizationRequest), Refusal> {
    let client = find_client(provider, parameters).await.map_err(Refusal::Page)?;
    let mut return_address = return_address(&client, parameters).map_err(Refusal::Page)?;
    self_check::note_request(provider, &client, parameters).await;
    let asked_mode = response_mode(&client, parameters);
    if let Ok(mode) = asked_mode {
        return_address.response_mode = mode;
    }
    let checked = asked_mode
        .and_then(|_| check(provider, &client, &return_address, parameters))
        .map_err(|error| Refusal::Redirect(return_address, error))?;
    Ok((client, checked))
}

/// The client of a request that was checked before, as it is now: it may have been switched off, or have
/// lost its redirect URI, while the person was logging in.
pub async fn reopen(
    provider: &Provider,
    request: &AuthorizationRequest,
) -> Result<Arc<Client>, OAuthError> {
    let address = &request.return_address;
    let client = provider.store.find_client(&address.client_id).await?;
    client
        .filter(|client| client.disabled_at.is_none())
        .filter(|client| redirect_uri::is_registered(client, &address.redirect_uri))
        .filter(|client| client.may_use(GrantType::AuthorizationCode))
        .filter(|client| request.scope.is_within(&client.scope))
        .ok_or_else(|| ErrorCode::UnauthorizedClient.because("the client was changed meanwhile"))
}

async fn find_client(
    provider: &Provider,
    parameters: &Parameters,
) -> Result<Arc<Client>, OAuthError> {
    let id = parameters.require("client_id")?;
    let unknown = || ErrorCode::InvalidRequest.because("client_id is unknown");
    let id = ClientId::parse(id).ok_or_else(unknown)?;
    let client = provider.store.find_client(&id).await?.ok_or_else(unknown)?;
    if client.disabled_at.is_some() {
        return Err(ErrorCode::UnauthorizedClient.because("the client is switched off"));
    }
    Ok(client)
}

fn return_address(client: &Client, parameters: &Parameters) -> Result<ReturnAddress, OAuthError> {
    let uri = parameters.require("redirect_uri")?;
    if !redirect_uri::is_registered(client, uri) {
        return Err(ErrorCode::InvalidRequest.because("redirect_uri is not registered"));
    }
    Ok(ReturnAddress {
        client_id: client.id.clone(),
        redirect_uri: uri.to_owned(),
        // Where the mode that is asked for is not registered, the error goes out by one that is.
        response_mode: client.response_modes.first().copied().unwrap_or_default(),
        state: parameters.get("state").map(str::to_owned),
    })
}

fn response_mode(client: &Client, parameters: &Parameters) -> Result<ResponseMode, OAuthError> {
    let asked = parameters.get("response_mode").unwrap_or(ResponseMode::Query.as_str());
    ResponseMode::ALL
        .into_iter()
        .find(|mode| mode.as_str() == asked && client.response_modes.contains(mode))
        .ok_or_else(|| ErrorCode::InvalidRequest.because("response_mode is not registered"))
}

/// Every check whose failure the client is told, in the order of the specification.
fn check(
    provider: &Provider,
    client: &Client,
    return_address: &ReturnAddress,
    parameters: &Parameters,
) -> Result<AuthorizationRequest, OAuthError> {
    refuse_request_objects(parameters)?;
    check_response_type(client, parameters)?;
    let scope = requested_scope(client, parameters)?;
    let code_challenge = code_challenge(client, parameters)?;
    let prompt = prompt(parameters)?;
    let max_age = max_age(client, parameters)?;
    let requested = claims::parse_request(parameters.get("claims"))?;
    let (acr, acr_essential) = acr(parameters, &requested)?;
    let resource = resource(client, parameters)?;
    let act_for = authorization_details::organisation(client, parameters)?;
    let hinted_subject = match parameters.get("id_token_hint") {
        Some(hint) => Some(id_token_hint::verify(provider, hint, Some(&client.id))?.subject),
        None => None,
    };
    Ok(AuthorizationRequest {
        return_address: return_address.clone(),
        scope,
        nonce: parameters.get("nonce").map(str::to_owned),
        code_challenge,
        prompt,
        max_age,
        acr,
        acr_essential,
        claims: requested.names,
        resource,
        login_hint: parameters.get("login_hint").map(|hint| hint.chars().take(100).collect()),
        ui_locales: parameters.get("ui_locales").map(|text| text.chars().take(100).collect()),
        hinted_subject,
        act_for,
    })
}

/// OpenID Connect Core §6: what we do not read is refused, never ignored.
fn refuse_request_objects(parameters: &Parameters) -> Result<(), OAuthError> {
    if parameters.get("request").is_some() {
        return Err(ErrorCode::RequestNotSupported.because("request objects are not supported"));
    }
    if parameters.get("request_uri").is_some() {
        return Err(ErrorCode::RequestUriNotSupported.because("request_uri is not supported"));
    }
    Ok(())
}

fn check_response_type(client: &Client, parameters: &Parameters) -> Result<(), OAuthError> {
    let asked = parameters.require("response_type")?;
    if asked != "code" {
        return Err(ErrorCode::UnsupportedResponseType.because("response_type must be code"));
    }
    if !client.may_use(GrantType::AuthorizationCode) {
        return Err(ErrorCode::UnauthorizedClient.because("the client may not use this grant"));
    }
    Ok(())
}

fn requested_scope(client: &Client, parameters: &Parameters) -> Result<Scope, OAuthError> {
    let invalid = |why: String| ErrorCode::InvalidScope.because(why);
    let scope = Scope::parse(parameters.get("scope").unwrap_or_default())
        .map_err(|error| invalid(error.to_string()))?;
    if !scope.contains(scope::OPENID) {
        return Err(invalid("scope must contain openid".to_owned()));
    }
    if !scope.is_within(&client.scope) {
        return Err(invalid("scope has a value the client may not ask for".to_owned()));
    }
    Ok(scope)
}

fn code_challenge(client: &Client, parameters: &Parameters) -> Result<Option<String>, OAuthError> {
    let invalid = |why| Err(ErrorCode::InvalidRequest.because(why));
    match (parameters.get("code_challenge"), parameters.get("code_challenge_method")) {
        (None, None) if client.needs_pkce() => invalid("code_challenge is missing"),
        (None, None) => Ok(None),
        (None, Some(_)) => invalid("code_challenge is missing"),
        (Some(_), method) if method != Some(pkce::METHOD) => {
            invalid("code_challenge_method must be S256")
        }
        (Some(challenge), _) if !pkce::is_challenge(challenge) => {
            invalid("code_challenge is not an S256 challenge")
        }
        (Some(challenge), _) => Ok(Some(challenge.to_owned())),
    }
}

fn prompt(parameters: &Parameters) -> Result<Prompt, OAuthError> {
    let mut prompt = Prompt::default();
    let words = parameters.get("prompt").unwrap_or_default();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => return Err(ErrorCode::InvalidRequest.because("prompt has an unknown value")),
        }
    }
    if prompt.none && (prompt.login || prompt.consent || prompt.select_account) {
        return Err(ErrorCode::InvalidRequest.because("prompt=none stands alone"));
    }
    Ok(prompt)
}

fn max_age(client: &Client, parameters: &Parameters) -> Result<Option<u32>, OAuthError> {
    let Some(text) = parameters.get("max_age") else { return Ok(client.default_max_age) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if digits => Ok(Some(seconds)),
        _ => Err(ErrorCode::InvalidRequest.because("max_age is not a number of seconds")),
    }
}

/// The lowest class that satisfies the client; an essential one we do not know can never be met.
fn acr(
    parameters: &Parameters,
    requested: &claims::Request,
) -> Result<(Option<Acr>, bool), OAuthError> {
    if let Some(claim) = &requested.acr {
        let known = claim.values.iter().filter_map(|value| Acr::parse(value)).min();
        if claim.essential && known.is_none() && !claim.values.is_empty() {
            return Err(ErrorCode::UnmetAuthenticationRequirements
                .because("no class of the essential acr claim is known here"));
        }
        return Ok((known, claim.essential));
    }
    let values = parameters.get("acr_values").unwrap_or_default();
    Ok((values.split(' ').take(scope::MAX_VALUES).filter_map(Acr::parse).min(), false))
}

fn resource(client: &Client, parameters: &Parameters) -> Result<Option<String>, OAuthError> {
    match parameters.get("resource") {
        None => Ok(None),
        Some(asked) if client.resources.iter().any(|known| known == asked) => {
            Ok(Some(asked.to_owned()))
        }
        Some(_) => Err(ErrorCode::InvalidTarget.because("resource is not registered")),
    }
}
