//! Ways to prove who you are (NIST SP 800-63B calls them authenticators), behind one trait.

pub mod password;
pub mod recovery_code;
pub mod sms;
pub mod totp;

use async_trait::async_trait;

use crate::domain::account::Account;
use crate::domain::assurance::Method;
use crate::domain::request_context::RequestContext;
use crate::login::LoginError;
use crate::provider::Provider;

/// What the page shows before the answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Challenge {
    /// What comes back with the answer, where a code was sent.
    pub id: Option<String>,
}

/// One attempt to prove something.
pub struct Attempt<'a> {
    /// The request it came with.
    pub context: &'a RequestContext,
    /// The account; none when nobody was found, and then the same work is done.
    pub account: Option<&'a Account>,
    /// Digest of the browser and flow it belongs to.
    pub binding: [u8; 32],
    /// The challenge it answers.
    pub challenge: Option<&'a str>,
}

/// One way to prove who you are.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Which.
    fn method(&self) -> Method;

    /// Prepares what the page shows: nothing, or a code on its way.
    async fn begin(
        &self,
        provider: &Provider,
        attempt: &Attempt<'_>,
    ) -> Result<Challenge, LoginError>;

    /// Judges the answer. A wrong one is never told more precisely than that.
    async fn verify(
        &self,
        provider: &Provider,
        attempt: &Attempt<'_>,
        answer: &str,
    ) -> Result<(), LoginError>;
}

/// The authenticator of a method.
pub fn of(method: Method) -> &'static dyn Authenticator {
    match method {
        Method::Password => &password::Password,
        Method::Totp => &totp::Totp,
        Method::Sms => &sms::Sms,
        Method::RecoveryCode => &recovery_code::RecoveryCode,
    }
}
