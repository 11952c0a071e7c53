//! Passwords (NIST SP 800-63B §3.1.1, ASVS 6.2): one hash an attempt, whether or not there is an account.

use async_trait::async_trait;

use crate::crypto::password::Verification;
use crate::domain::assurance::Method;
use crate::domain::password::normalize;
use crate::login::LoginError;
use crate::login::authenticators::Attempt;
use crate::login::authenticators::Authenticator;
use crate::login::authenticators::Challenge;
use crate::provider::Provider;

/// The password authenticator.
pub struct Password;

#[async_trait]
impl Authenticator for Password {
    fn method(&self) -> Method {
        Method::Password
    }

    async fn begin(&self, _: &Provider, _: &Attempt<'_>) -> Result<Challenge, LoginError> {
        Ok(Challenge::default())
    }

    async fn verify(
        &self,
        provider: &Provider,
        attempt: &Attempt<'_>,
        answer: &str,
    ) -> Result<(), LoginError> {
        let Some(password) = normalize(answer) else { return Err(LoginError::Rejected) };
        let stored = attempt.account.and_then(|account| account.password_hash.as_deref());
        let Some(stored) = stored else {
            provider.passwords.verify_nothing(&password).await?;
            return Err(LoginError::Rejected);
        };
        match provider.passwords.verify(&password, stored).await? {
            Verification::Wrong => Err(LoginError::Rejected),
            Verification::Right => Ok(()),
            Verification::RightButOutdated => rehash(provider, attempt, &password, stored).await,
        }
    }
}

/// Replaces a hash of an older profile by one of today's, at the one moment the password is known.
async fn rehash(
    provider: &Provider,
    attempt: &Attempt<'_>,
    password: &[u8],
    stored: &str,
) -> Result<(), LoginError> {
    let Some(account) = attempt.account else { return Err(LoginError::Rejected) };
    let hash = provider.passwords.hash(password).await?;
    provider.store.replace_password_hash(account.id, stored.to_owned(), hash).await?;
    Ok(())
}
