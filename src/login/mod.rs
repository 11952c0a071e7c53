//! Proving who somebody is: what is needed next (`decide`), the ways to prove it (`authenticators`),
//! and the session that remembers it (`sign_on`).

pub mod authenticators;
pub mod decide;
pub mod first_factor;
pub mod known_browsers;
pub mod second_factor;
pub mod sign_on;
pub mod totp_enrolment;

use crate::store::StoreError;

/// What the end-user must be told. A wrong answer is never more precise than this.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Unknown, wrong, locked, or too often: all look alike.
    #[error("rejected")]
    Rejected,
    /// The code is wrong, old, or used.
    #[error("code wrong")]
    CodeWrong,
    /// Too many people log in at this moment.
    #[error("busy")]
    Busy,
    /// The session that the step belongs to is over.
    #[error("session over")]
    SessionOver,
    /// A dependency is away.
    #[error("away")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sealed value of the account does not open.
    #[error(transparent)]
    Vault(#[from] crate::vault::VaultError),
}

impl LoginError {
    /// The message on the page.
    pub fn message_key(&self) -> &'static str {
        match self {
            Self::Rejected => "login-rejected",
            Self::CodeWrong => "code-wrong",
            Self::SessionOver => "session-expired",
            Self::Busy | Self::Away(_) | Self::Store(_) | Self::Vault(_) => "busy",
        }
    }
}

impl From<crate::throttle::ThrottleError> for LoginError {
    fn from(error: crate::throttle::ThrottleError) -> Self {
        match error {
            crate::throttle::ThrottleError::TooMany => Self::Rejected,
            crate::throttle::ThrottleError::Store(error) => Self::Store(error),
        }
    }
}

impl From<crate::crypto::password::Busy> for LoginError {
    fn from(_: crate::crypto::password::Busy) -> Self {
        Self::Busy
    }
}
