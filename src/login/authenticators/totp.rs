//! The authenticator app of a citizen (RFC 6238): this step or the one before, each step once.

use async_trait::async_trait;

use crate::domain::assurance::Method;
use crate::domain::id::AccountId;
use crate::login::LoginError;
use crate::login::authenticators::Attempt;
use crate::login::authenticators::Authenticator;
use crate::login::authenticators::Challenge;
use crate::provider::Provider;
use crate::totp;
use crate::totp::Skew;

/// The TOTP authenticator.
pub struct Totp;

/// What the seal of an account's secret is bound to.
pub fn purpose(account: AccountId) -> String {
    format!("totp {account}")
}

#[async_trait]
impl Authenticator for Totp {
    fn method(&self) -> Method {
        Method::Totp
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
        let account = attempt.account.ok_or(LoginError::CodeWrong)?;
        let sealed = provider.store.find_totp(account.id).await?.ok_or(LoginError::CodeWrong)?;
        let secret = provider.vault.open_data(&purpose(account.id), &sealed)?;
        let now = provider.clock.now();
        let step = totp::matching_step(&secret, answer, Skew::OneStep, now)
            .ok_or(LoginError::CodeWrong)?;
        if provider.store.spend_totp_step(account.id, step).await? {
            Ok(())
        } else {
            Err(LoginError::CodeWrong)
        }
    }
}
