//! The portal's conversation with its provider: discovery, code flow with PKCE, `UserInfo`,
//! logout address (OpenID Connect Discovery 1.0 §4, Core 1.0 §3.1 and §5.3, RFC 7636).

use std::sync::Arc;
use std::time::Duration;

use openidconnect::AccessTokenHash;
use openidconnect::AuthenticationContextClass;
use openidconnect::AuthorizationCode;
use openidconnect::Client;
use openidconnect::ClientId;
use openidconnect::ClientSecret;
use openidconnect::CsrfToken;
use openidconnect::EndUserName;
use openidconnect::IssuerUrl;
use openidconnect::LocalizedClaim;
use openidconnect::LogoutRequest;
use openidconnect::Nonce;
use openidconnect::OAuth2TokenResponse;
use openidconnect::PkceCodeChallenge;
use openidconnect::PkceCodeVerifier;
use openidconnect::PostLogoutRedirectUrl;
use openidconnect::ProviderMetadataWithLogout;
use openidconnect::RedirectUrl;
use openidconnect::Scope;
use openidconnect::SubjectIdentifier;
use openidconnect::TokenResponse;
use openidconnect::UserInfoClaims;
use openidconnect::core::CoreAuthPrompt;
use openidconnect::core::CoreAuthenticationFlow;
use openidconnect::core::CoreGenderClaim;
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::PortalConfig;
use super::PortalError;
use super::client_types::ActorClaim;
use super::client_types::Claims;
use super::client_types::Party;
use super::client_types::PortalIdToken;
use super::client_types::Provider;
use super::client_types::Tokens;
use crate::clock::Timestamp;
use crate::outbound::Outbound;

/// How a sign-in begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The person pressed the button.
    SignIn,
    /// The person wants a higher assurance.
    StepUp(String),
    /// Another one to act for (`prompt=select_account`).
    Switch,
    /// Nobody pressed anything; the provider must not show a page (`prompt=none`).
    Silent,
}

/// An authorization request under way, and what its answer must fit.
pub struct Begun {
    /// Where the browser goes.
    pub url: Url,
    /// Returns in the answer.
    pub state: String,
    /// Returns in the ID token.
    pub nonce: Nonce,
    /// Proves at the token endpoint that the request was ours.
    pub verifier: PkceCodeVerifier,
}

/// What the provider said about the person.
pub struct Identity {
    /// The pairwise subject.
    pub subject: String,
    /// The name, from `UserInfo` or the ID token.
    pub name: Option<String>,
    /// The credit code of the organisation it is about, if it is one.
    pub uscc: Option<String>,
    /// The name of who acts for it.
    pub actor: Option<String>,
    /// The assurance reached.
    pub acr: Option<String>,
    /// How the person logged in.
    pub amr: Vec<String>,
    /// When the person last proved something.
    pub auth_time: Option<Timestamp>,
    /// The provider's session, by which a logout token names this one.
    pub sid: Option<String>,
    id_token: PortalIdToken,
}

/// Why a sign-in did not happen. For the log; the person reads one sentence for all of them.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The provider cannot be reached, or does not describe itself properly.
    #[error("the provider is away: {0}")]
    Away(String),
    /// The token endpoint refused the code.
    #[error("the code was not redeemed: {0}")]
    Code(String),
    /// The ID token does not verify.
    #[error("the ID token is not acceptable: {0}")]
    IdToken(String),
    /// `UserInfo` refused, or answered for somebody else.
    #[error("UserInfo is not acceptable: {0}")]
    UserInfo(String),
}

/// The relying party.
pub struct RelyingParty {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect_uri: RedirectUrl,
    post_logout_redirect_uri: PostLogoutRedirectUrl,
    scopes: Vec<Scope>,
    provider: Provider,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    metadata: Arc<ProviderMetadataWithLogout>,
    at: Instant,
}

/// Metadata is read again after this, which also brings rotated keys.
const METADATA_LIFETIME: Duration = Duration::from_mins(10);
/// An unknown key makes the portal look again, but not more often than this.
const METADATA_REST: Duration = Duration::from_secs(10);
const DISCOVERY_ATTEMPTS: u32 = 3;
const DISCOVERY_PAUSE: Duration = Duration::from_millis(250);

impl RelyingParty {
    /// Checks the addresses; calls nobody.
    pub fn new(config: &PortalConfig, outbound: Outbound) -> Result<Self, PortalError> {
        let wrong = |key, error: url::ParseError| PortalError::Config(key, error.to_string());
        let join = |path| config.base_url.join(path).map_err(|error| wrong("base_url", error));
        Ok(Self {
            issuer: IssuerUrl::new(config.issuer.clone())
                .map_err(|error| wrong("issuer", error))?,
            client_id: ClientId::new(config.client_id.clone()),
            client_secret: ClientSecret::new(config.client_secret.expose_secret().to_owned()),
            redirect_uri: RedirectUrl::from_url(join("/callback")?),
            post_logout_redirect_uri: PostLogoutRedirectUrl::from_url(join("/")?),
            scopes: config.extra_scopes.iter().cloned().map(Scope::new).collect(),
            provider: Provider(outbound),
            known: Mutex::new(None),
        })
    }

    /// Makes an authorization request.
    pub async fn begin(&self, ask: Ask) -> Result<Begun, SignInError> {
        let party = self.party(&*self.metadata().await?);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = party
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(challenge);
        request = match ask {
            Ask::SignIn => request,
            Ask::StepUp(acr) => {
                request.add_auth_context_value(AuthenticationContextClass::new(acr))
            }
            Ask::Switch => request.add_prompt(CoreAuthPrompt::SelectAccount),
            Ask::Silent => request.add_prompt(CoreAuthPrompt::None),
        };
        let (url, state, nonce) = request.url();
        Ok(Begun { url, state: state.secret().clone(), nonce, verifier })
    }

    /// Whether an authorization response names our provider (RFC 9207 §2.4).
    pub fn is_issuer(&self, iss: &str) -> bool {
        self.issuer.as_str() == iss
    }

    /// Our client identifier, which a logout token must be addressed to.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Spends a code and learns who the person is.
    pub async fn redeem(
        &self,
        code: String,
        verifier: PkceCodeVerifier,
        nonce: &Nonce,
    ) -> Result<Identity, SignInError> {
        let party = self.party(&*self.metadata().await?);
        let tokens = party
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| SignInError::Code(error.to_string()))?
            .set_pkce_verifier(verifier)
            .request_async(&self.provider)
            .await
            .map_err(|error| SignInError::Code(error.to_string()))?;
        let id_token = tokens
            .id_token()
            .ok_or_else(|| SignInError::IdToken("there is none".to_owned()))?
            .clone();
        let claims = if let Ok(claims) = verify(&party, &tokens, &id_token, nonce) {
            claims
        } else {
            // The key may be younger than our copy of the key set.
            let party = self.party(&*self.fresh_metadata().await?);
            verify(&party, &tokens, &id_token, nonce)?
        };
        let names = self.user_info_names(&party, &tokens, claims.subject()).await?;
        Ok(identity(&claims, names, id_token))
    }

    /// Where the browser goes to end the provider's session (RP-Initiated Logout 1.0 §2).
    pub async fn logout_url(&self, identity: &Identity) -> Result<Option<Url>, SignInError> {
        let metadata = self.metadata().await?;
        let endpoint = metadata.additional_metadata().end_session_endpoint.clone();
        Ok(endpoint.map(|endpoint| {
            LogoutRequest::from(endpoint)
                .set_id_token_hint(&identity.id_token)
                .set_client_id(self.client_id.clone())
                .set_post_logout_redirect_uri(self.post_logout_redirect_uri.clone())
                .http_get_url()
        }))
    }

    /// The provider's description of itself, looked for where it is not known yet or has aged.
    pub async fn metadata(&self) -> Result<Arc<ProviderMetadataWithLogout>, SignInError> {
        self.metadata_within(METADATA_LIFETIME).await
    }

    /// The same, read again unless it was read a moment ago.
    pub async fn fresh_metadata(&self) -> Result<Arc<ProviderMetadataWithLogout>, SignInError> {
        self.metadata_within(METADATA_REST).await
    }

    async fn metadata_within(
        &self,
        age: Duration,
    ) -> Result<Arc<ProviderMetadataWithLogout>, SignInError> {
        // The lock is held while asking, so that many visitors ask once.
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.at.elapsed() < age) {
            return Ok(known.metadata.clone());
        }
        let metadata = Arc::new(self.discover().await?);
        *known = Some(Known { metadata: metadata.clone(), at: Instant::now() });
        Ok(metadata)
    }

    async fn discover(&self) -> Result<ProviderMetadataWithLogout, SignInError> {
        let mut attempt = 1;
        loop {
            let issuer = self.issuer.clone();
            match ProviderMetadataWithLogout::discover_async(issuer, &self.provider).await {
                Ok(metadata) => return Ok(metadata),
                Err(error) if attempt == DISCOVERY_ATTEMPTS => {
                    return Err(SignInError::Away(error.to_string()));
                }
                // The provider may be starting beside us.
                Err(_) => tokio::time::sleep(DISCOVERY_PAUSE).await,
            }
            attempt += 1;
        }
    }

    fn party(&self, metadata: &ProviderMetadataWithLogout) -> Party {
        let secret = Some(self.client_secret.clone());
        Client::from_provider_metadata(metadata.clone(), self.client_id.clone(), secret)
            .set_redirect_uri(self.redirect_uri.clone())
    }

    /// The subject's name, and that of who acts for it.
    async fn user_info_names(
        &self,
        party: &Party,
        tokens: &Tokens,
        subject: &SubjectIdentifier,
    ) -> Result<(Option<String>, Option<String>), SignInError> {
        // A provider without UserInfo has put everything into the ID token.
        let access_token = tokens.access_token().clone();
        let Ok(request) = party.user_info(access_token, Some(subject.clone())) else {
            return Ok((None, None));
        };
        let claims: UserInfoClaims<ActorClaim, CoreGenderClaim> = request
            .request_async(&self.provider)
            .await
            .map_err(|error| SignInError::UserInfo(error.to_string()))?;
        let actor = claims.additional_claims().act.clone().and_then(|actor| actor.name);
        Ok((claims.name().and_then(plain_name), actor))
    }
}

fn verify(
    party: &Party,
    tokens: &Tokens,
    id_token: &PortalIdToken,
    nonce: &Nonce,
) -> Result<Claims, SignInError> {
    let wrong = |error: &dyn std::error::Error| SignInError::IdToken(error.to_string());
    let verifier = party.id_token_verifier();
    let claims = id_token.claims(&verifier, nonce).map_err(|error| wrong(&error))?;
    // Core §3.1.3.8: where the ID token binds the access token, the binding must hold.
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().map_err(|error| wrong(&error))?;
        let key = id_token.signing_key(&verifier).map_err(|error| wrong(&error))?;
        let found = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .map_err(|error| wrong(&error))?;
        if found != *expected {
            return Err(SignInError::IdToken("at_hash belongs to another token".to_owned()));
        }
    }
    Ok(claims.clone())
}

fn identity(
    claims: &Claims,
    (name, actor): (Option<String>, Option<String>),
    id_token: PortalIdToken,
) -> Identity {
    let amr = claims.auth_method_refs().map(Vec::as_slice).unwrap_or_default();
    Identity {
        subject: claims.subject().to_string(),
        name: name.or_else(|| claims.name().and_then(plain_name)),
        uscc: claims.additional_claims().org.as_ref().map(|org| org.uscc.clone()),
        actor,
        acr: claims.auth_context_ref().map(|acr| acr.as_str().to_owned()),
        amr: amr.iter().map(|method| method.as_str().to_owned()).collect(),
        auth_time: claims.auth_time().map(|at| Timestamp::from_seconds(at.timestamp())),
        sid: claims.additional_claims().sid.clone(),
        id_token,
    }
}

fn plain_name(name: &LocalizedClaim<EndUserName>) -> Option<String> {
    let name = name.get(None).or_else(|| name.iter().next().map(|(_, name)| name))?;
    Some(name.to_string())
}
