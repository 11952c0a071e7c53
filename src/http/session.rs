//! The session cookie and the session behind it. `tower-sessions` carries the cookie; what a session is
//! worth stands in our own store, and a late save cannot bring an ended one back (design D6).

use std::collections::HashMap;

use async_trait::async_trait;
use axum::extract::FromRequestParts;
use http::request::Parts;
use tower_sessions::Expiry;
use tower_sessions::SessionManagerLayer;
use tower_sessions::SessionStore;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::Id;
use tower_sessions::session::Record;
use tower_sessions::session_store;

use crate::config::Config;
use crate::domain::account::Account;
use crate::domain::account::Profile;
use crate::domain::assurance::Method;
use crate::domain::assurance::RECENT;
use crate::domain::id::SessionDigest;
use crate::domain::session::Session;
use crate::http::cookies;
use crate::http::failure::Failure;
use crate::provider::Provider;

/// Where the chosen id travels from the handler to the cookie.
const CHOSEN: &str = "id";
/// `last_seen_at` is kept to this many milliseconds.
const TOUCH_MILLIS: i64 = 60_000;

/// Carries the cookie and keeps nothing.
#[derive(Debug, Clone, Copy)]
pub struct Transport;

/// The cookie's layer.
pub fn layer(config: &Config) -> SessionManagerLayer<Transport> {
    SessionManagerLayer::new(Transport)
        .with_name(cookies::names(config).session)
        .with_secure(config.cookies_are_secure())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnSessionEnd)
}

#[async_trait]
impl SessionStore for Transport {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let chosen = record.data.get(CHOSEN).and_then(serde_json::Value::as_str);
        let chosen = chosen.and_then(|id| id.parse().ok());
        let missing = || session_store::Error::Backend("no id was chosen".to_owned());
        record.id = chosen.ok_or_else(missing)?;
        Ok(())
    }

    async fn save(&self, _: &Record) -> session_store::Result<()> {
        Ok(())
    }

    /// Every cookie is carried; whether a session belongs to it is asked of our store.
    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let expiry_date = time::OffsetDateTime::UNIX_EPOCH;
        Ok(Some(Record { id: *id, data: HashMap::default(), expiry_date }))
    }

    async fn delete(&self, _: &Id) -> session_store::Result<()> {
        Ok(())
    }
}

/// The session cookie of a request.
#[derive(Debug, Clone)]
pub struct SessionCookie(tower_sessions::Session);

/// Who is logged in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// Its account.
    pub account: Account,
    /// What we know of the person.
    pub profile: Profile,
}

impl SignedIn {
    /// Whether the password was typed a moment ago (security.md A-55).
    pub fn is_fresh(&self, provider: &Provider) -> bool {
        self.session.has_proven_since(Method::Password, provider.clock.now().minus(RECENT))
    }
}

impl SessionCookie {
    /// Under which digest its session is kept.
    pub fn digest(&self) -> Option<SessionDigest> {
        self.0.id().map(|id| SessionDigest::of(&id.to_string()))
    }

    /// Gives the browser a new cookie with this answer, and its digest to the store.
    pub async fn renew(&self) -> Result<SessionDigest, Failure> {
        let id = Id(i128::from_be_bytes(crate::crypto::random::bytes::<16>()));
        let text = id.to_string();
        self.0.cycle_id().await.map_err(|error| cannot(&error))?;
        self.0.insert(CHOSEN, &text).await.map_err(|error| cannot(&error))?;
        Ok(SessionDigest::of(&text))
    }

    /// Takes the cookie from the browser.
    pub async fn clear(&self) -> Result<(), Failure> {
        self.0.flush().await.map_err(|error| cannot(&error))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SessionCookie {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let session = parts.extensions.get::<tower_sessions::Session>().cloned();
        session.map(Self).ok_or_else(Failure::server)
    }
}

/// Who is logged in with this cookie.
pub async fn find(
    provider: &Provider,
    cookie: &SessionCookie,
) -> Result<Option<SignedIn>, Failure> {
    let Some(digest) = cookie.digest() else { return Ok(None) };
    let now = provider.clock.now();
    let lifetime = provider.config.session_lifetime();
    let found = provider.store.find_session(digest, lifetime, now).await?;
    let Some((session, account)) = found else { return Ok(None) };
    if now.0 - session.last_seen_at.0 > TOUCH_MILLIS {
        provider.store.touch_session(session.id, now).await?;
    }
    let profile = provider.vault.open_profile(&account)?;
    Ok(Some(SignedIn { session, account, profile }))
}

fn cannot(error: &tower_sessions::session::Error) -> Failure {
    crate::http::failure::log_cause(error, http::StatusCode::INTERNAL_SERVER_ERROR);
    Failure::server()
}
