//! An authorization: what an end-user approved for a client; the row that code and tokens stand
//! for (RFC 6749 §1.3.1, OpenID Connect Core §3.1.2; design D8).

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::account::AccountStatus;
use crate::domain::acting::Acting;
use crate::domain::assurance::Acr;
use crate::domain::assurance::AuthenticatorAssurance;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::AuthorizationId;
use crate::domain::id::CodeDigest;
use crate::domain::id::RefreshTokenDigest;
use crate::domain::id::SessionId;
use crate::domain::scope::Scope;

/// Claims asked for by name (OpenID Connect Core §5.5).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestedClaims {
    /// Names asked of UserInfo.
    pub userinfo: Vec<String>,
    /// Names asked of the ID token.
    pub id_token: Vec<String>,
    /// Elements of `verified_claims` asked of UserInfo (OpenID Connect for Identity Assurance 1.0 §5.3).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verified_userinfo: Vec<serde_json::Value>,
    /// The same, asked of the ID token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verified_id_token: Vec<serde_json::Value>,
}

impl RequestedClaims {
    /// Every name that was asked for by itself, once.
    pub fn names(&self) -> std::collections::BTreeSet<&str> {
        self.userinfo.iter().chain(&self.id_token).map(String::as_str).collect()
    }
}

/// What was true of the login when the end-user approved; tokens repeat it and never improve it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// `auth_time`.
    pub auth_time: Timestamp,
    /// `amr`.
    pub amr: Vec<String>,
    /// `acr`.
    pub acr: Option<Acr>,
    /// Identity assurance, 0 to 3.
    pub identity_assurance: IdentityAssurance,
    /// Authenticator assurance, 0 to 3.
    pub authenticator_assurance: u8,
}

impl Authentication {
    /// The level as a type.
    pub fn of(
        auth_time: Timestamp,
        amr: &[&str],
        identity: IdentityAssurance,
        authenticator: AuthenticatorAssurance,
    ) -> Self {
        Self {
            auth_time,
            amr: amr.iter().map(|&value| value.to_owned()).collect(),
            acr: Acr::reached(identity, authenticator),
            identity_assurance: identity,
            authenticator_assurance: authenticator.level(),
        }
    }
}

/// What the end-user approved and how the client has to prove it is the one who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What was granted.
    pub scope: Scope,
    /// Claims asked for by name and granted.
    pub claims: RequestedClaims,
    /// Every personal claim that was open to the client then; what it may have since is not among them.
    #[serde(default)]
    pub opened: Vec<String>,
    /// `nonce`, to be repeated.
    pub nonce: Option<String>,
    /// `redirect_uri` the code went to.
    pub redirect_uri: String,
    /// `code_challenge` (S256).
    pub code_challenge: Option<String>,
    /// Audience asked for with `resource` (RFC 8707).
    pub resource: Option<String>,
    /// How the end-user had logged in.
    pub authentication: Authentication,
    /// `sub` for this client: the person, or whom the person acts for.
    pub subject: String,
    /// For whom the person acts, if not for himself.
    #[serde(default)]
    pub acting: Option<Acting>,
    /// `sid` for this client and session.
    pub sid: String,
}

/// A new authorization with the code that stands for it.
#[derive(Debug, Clone)]
pub struct NewAuthorization {
    /// Its key.
    pub id: AuthorizationId,
    /// For whom.
    pub client_id: ClientId,
    /// By whom.
    pub account_id: AccountId,
    /// In which session.
    pub session_id: SessionId,
    /// The account's credential epoch.
    pub credential_epoch: i64,
    /// What was approved.
    pub approval: Approval,
    /// The code.
    pub code_digest: CodeDigest,
    /// Until when the code works.
    pub code_expires_at: Timestamp,
    /// Now.
    pub created_at: Timestamp,
}

/// Where the code of an authorization stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeState {
    /// It can be redeemed until then.
    Fresh {
        /// End of its life.
        expires_at: Timestamp,
    },
    /// It was redeemed, or burnt by a failed try of its own client.
    Spent,
}

/// An authorization with the state of everything its validity hangs on, read in one query.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// Its key.
    pub id: AuthorizationId,
    /// For whom.
    pub client_id: ClientId,
    /// By whom.
    pub account_id: AccountId,
    /// In which session.
    pub session_id: SessionId,
    /// What was approved.
    pub approval: Approval,
    /// Where its code stands.
    pub code: CodeState,
    /// When it was taken back, or the mandate it was given under was over.
    pub revoked_at: Option<Timestamp>,
    /// Whether its session is over.
    pub session_ended: bool,
    /// Whether the account may still be used.
    pub account_status: AccountStatus,
    /// Whether credentials changed since.
    pub credentials_changed: bool,
    /// Whether the person blocked the client, then or since.
    pub is_blocked: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Authorization {
    /// Whether tokens of it are still worth anything (D8). `offline_access` outlives the session,
    /// nothing outlives the account, a change of credentials,
    /// the mandate it was given under, or a revocation.
    pub fn is_live(&self) -> bool {
        self.revoked_at.is_none()
            && self.account_status == AccountStatus::Active
            && !self.credentials_changed
            && !self.is_blocked
            && (!self.session_ended
                || self.approval.scope.contains(crate::domain::scope::OFFLINE_ACCESS))
    }

    /// The same, for a client as it is now: what was issued before it was last switched off stays dead,
    /// and nothing outlives the session for a client that lost `offline_access`.
    pub fn is_live_for(&self, client: &Client) -> bool {
        self.is_live()
            && self.created_at > client.valid_from
            && (!self.session_ended || client.scope.contains(crate::domain::scope::OFFLINE_ACCESS))
    }
}

/// How the redemption of a code went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redemption {
    /// This caller spent it.
    First,
    /// It was spent before; everything it issued is now taken back.
    Replay,
}

/// A refresh token to be stored with a redemption or rotation.
#[derive(Debug, Clone)]
pub struct NewRefreshToken {
    /// Its digest.
    pub digest: RefreshTokenDigest,
    /// End without use.
    pub idle_expires_at: Timestamp,
    /// End at the latest; rotation never moves it.
    pub expires_at: Timestamp,
}

/// A refresh token as found.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// Its digest.
    pub digest: RefreshTokenDigest,
    /// What it stands for.
    pub authorization_id: AuthorizationId,
    /// Whether it was used before.
    pub is_spent: bool,
    /// End without use.
    pub idle_expires_at: Timestamp,
    /// End at the latest.
    pub expires_at: Timestamp,
}

/// How a rotation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The new token is the one live successor.
    Done,
    /// The old one was spent before; the whole family is now taken back.
    Replay,
    /// The family was already taken back.
    Revoked,
}
