//! A client: the software of a portal (RFC 6749 §2, OpenID Connect Registration §2) and the policy we hold it to.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::acting::SubjectKind;
use crate::domain::identity_document::PersonKey;
use crate::domain::policy::Synthetic;
use crate::domain::scope::Scope;
use crate::jose::Algorithm;

/// `client_id`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    /// Longest `client_id` that can exist, in bytes.
    pub const MAX_LENGTH: usize = 100;

    /// Reads a `client_id`: 1 to 100 characters of `A-Z a-z 0-9 - . _ ~`.
    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed);
        fits.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// `application_type`: decides which redirect URIs may be registered and compared how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Runs on a server or in a browser.
    #[default]
    Web,
    /// Runs on the person's device (RFC 8252).
    Native,
}

/// `token_endpoint_auth_method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// A public client: it has no secret.
    None,
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret in the body.
    ClientSecretPost,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
}

impl ClientAuthentication {
    /// Every method, as discovery lists them.
    pub const ALL: [Self; 4] =
        [Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt, Self::None];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

/// `grant_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
}

impl GrantType {
    /// Every grant type, as discovery lists them.
    pub const ALL: [Self; 3] =
        [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// `response_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect.
    #[default]
    Query,
    /// In a form the browser posts (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

impl ResponseMode {
    /// Every mode, as discovery lists them.
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    /// The value on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }
}

/// `subject_type` of a client: one `sub` for all, or one per sector (OpenID Connect Core §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// A `sub` of the sector's own.
    #[default]
    Pairwise,
    /// The same `sub` as at other public clients.
    Public,
}

/// Form of the access tokens a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// A handle only we can read; revoked within seconds (D8).
    #[default]
    Opaque,
    /// `at+jwt` (RFC 9068) for an audience that accepts its delay.
    Jwt,
}

/// Which `aud` an assertion of the client may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssertionAudience {
    /// The issuer as one string, nothing else (FAPI 2.0 §5.3.2.1).
    Issuer,
    /// The issuer, the token endpoint, or a list that has one of them (RFC 7523 §3).
    #[default]
    IssuerOrEndpoint,
}

/// A secret we know only by its digest (SM3 of 256 random bits); the old one dies at `expires_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// SM3, hexadecimal.
    pub digest: String,
    /// When it stops working, if a newer one was made.
    pub expires_at: Option<Timestamp>,
}

impl ClientSecret {
    /// What is kept of a secret.
    pub fn digest_of(secret: &str) -> String {
        hex::encode(crate::crypto::digest::sm3(secret.as_bytes()))
    }
}

/// The rules one client is held to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientPolicy {
    /// PKCE is asked of this client (RFC 9700 §2.1.1); a public client never gets around it.
    pub require_pkce: bool,
    /// Refresh tokens rotate; by default those of public clients only.
    pub rotate_refresh_tokens: bool,
    /// Which `aud` its assertions may carry.
    pub assertion_audience: AssertionAudience,
    /// Consent is not asked: the province's own portals, by decision of an officer.
    pub first_party: bool,
    /// `id_number` may be asked for, for this purpose.
    pub id_number_purpose: Option<String>,
    /// For whom people may come to it.
    pub subject_kinds: BTreeSet<SubjectKind>,
}

impl Default for ClientPolicy {
    fn default() -> Self {
        Self {
            require_pkce: true,
            rotate_refresh_tokens: false,
            assertion_audience: AssertionAudience::default(),
            first_party: false,
            id_number_purpose: None,
            subject_kinds: BTreeSet::from([SubjectKind::NaturalPerson]),
        }
    }
}

/// A registered client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// `client_id`.
    pub id: ClientId,
    /// `client_name`, shown to people.
    pub name: String,
    /// `application_type`.
    #[serde(default)]
    pub application_type: ApplicationType,
    /// `token_endpoint_auth_method`.
    pub authentication: ClientAuthentication,
    /// Digests of its secrets, newest first.
    #[serde(default)]
    pub secrets: Vec<ClientSecret>,
    /// `jwks`: its public keys, as registered.
    #[serde(default)]
    pub jwks: Option<serde_json::Value>,
    /// `redirect_uris`, byte for byte.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// `post_logout_redirect_uris`, byte for byte.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// `backchannel_logout_uri`.
    #[serde(default)]
    pub backchannel_logout_uri: Option<String>,
    /// `grant_types`.
    pub grant_types: Vec<GrantType>,
    /// `response_modes` it may use.
    pub response_modes: Vec<ResponseMode>,
    /// The scope values it may ask for.
    pub scope: Scope,
    /// Audiences it may ask for with `resource` (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    /// Audiences it *is*, and may introspect tokens of.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// `id_token_signed_response_alg`.
    pub id_token_signed_response_alg: Algorithm,
    /// Form of its access tokens.
    #[serde(default)]
    pub access_token_format: AccessTokenFormat,
    /// `subject_type`.
    #[serde(default)]
    pub subject_type: SubjectType,
    /// The sector its pairwise subjects belong to: a host name.
    pub sector: String,
    /// `default_max_age`, in seconds.
    #[serde(default)]
    pub default_max_age: Option<u32>,
    /// The rules it is held to.
    #[serde(default)]
    pub policy: ClientPolicy,
    /// Whether its developer still tries it out: then only test people can log in there.
    #[serde(default)]
    pub sandbox: bool,
    /// The digest under which its logo is found.
    #[serde(default)]
    pub logo: Option<String>,
    /// When it was switched off.
    #[serde(default)]
    pub disabled_at: Option<Timestamp>,
    /// What was issued to it before this moment is void: switching a client on again revives nothing.
    #[serde(default)]
    pub valid_from: Timestamp,
}

impl Client {
    /// Whether it cannot keep a secret.
    pub fn is_public(&self) -> bool {
        self.authentication == ClientAuthentication::None
    }

    /// Whether it may use this grant type.
    pub fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether its refresh tokens rotate: a public client's always do (RFC 9700 §2.2.2).
    pub fn rotates_refresh_tokens(&self) -> bool {
        self.is_public() || self.policy.rotate_refresh_tokens
    }

    /// Whether the person of this document may log in there. In the sandbox only people who are
    /// nobody, so that no citizen's data reaches a portal that was not approved; elsewhere they may only
    /// where the deployment accepts them everywhere.
    pub fn admits(&self, key: PersonKey<'_>, accepted: Synthetic) -> bool {
        if key.is_synthetic() {
            self.sandbox || accepted == Synthetic::Accepted
        } else {
            !self.sandbox
        }
    }

    /// Whether people come to it for themselves and nobody else.
    pub fn takes_only_persons(&self) -> bool {
        self.policy.subject_kinds.iter().all(|kind| *kind == SubjectKind::NaturalPerson)
    }

    /// Whether it was ended for good: nothing is left it could work with.
    pub fn is_retired(&self) -> bool {
        self.grant_types.is_empty() && self.secrets.is_empty() && self.jwks.is_none()
    }

    /// Whether it proves who it is with a secret.
    pub fn keeps_secret(&self) -> bool {
        matches!(
            self.authentication,
            ClientAuthentication::ClientSecretBasic | ClientAuthentication::ClientSecretPost
        )
    }

    /// Gives it a new secret; the old ones work until `grace` is over.
    pub fn add_secret(&mut self, new: ClientSecret, grace: Duration, now: Timestamp) {
        let until = now.plus(grace);
        self.secrets.retain(|secret| secret.expires_at.is_none_or(|at| at > now));
        for secret in &mut self.secrets {
            secret.expires_at = Some(secret.expires_at.map_or(until, |at| at.min(until)));
        }
        self.secrets.insert(0, new);
    }

    /// Whether it has to send a `code_challenge`.
    pub fn needs_pkce(&self) -> bool {
        self.is_public() || self.policy.require_pkce
    }

    /// The host people see beside its name: where its first redirect URI leads.
    pub fn host(&self) -> String {
        self.host_of(self.redirect_uris.first().map_or("", String::as_str))
    }

    /// The host this redirect URI of it leads to.
    pub fn host_of(&self, redirect_uri: &str) -> String {
        url::Url::parse(redirect_uri)
            .ok()
            .and_then(|uri| uri.host_str().map(str::to_owned))
            .unwrap_or_else(|| self.sector.clone())
    }
}
