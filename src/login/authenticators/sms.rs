//! Codes sent to the registered phone, as a factor (ASVS 6.6.2, NIST SP 800-63B §3.1.3).

use async_trait::async_trait;

use crate::domain::assurance::Method;
use crate::domain::id::OneTimeCodeId;
use crate::login::LoginError;
use crate::login::authenticators::Attempt;
use crate::login::authenticators::Authenticator;
use crate::login::authenticators::Challenge;
use crate::notify::SmsTemplate;
use crate::one_time_code;
use crate::one_time_code::Use;
use crate::provider::Provider;

/// What a login code is good for.
const PURPOSE: &str = "login";

/// The SMS authenticator.
pub struct Sms;

#[async_trait]
impl Authenticator for Sms {
    fn method(&self) -> Method {
        Method::Sms
    }

    /// Sends a code to the phone of the account. For nobody, and for an account without a phone, a row
    /// is written as well and nothing is sent: the page looks the same.
    async fn begin(
        &self,
        provider: &Provider,
        attempt: &Attempt<'_>,
    ) -> Result<Challenge, LoginError> {
        let profile = match attempt.account {
            Some(account) => Some(provider.vault.open_profile(account)?),
            None => None,
        };
        let phone = profile.and_then(|profile| profile.phone);
        let usage = Use {
            purpose: PURPOSE,
            binding: attempt.binding,
            template: |code| SmsTemplate::LoginCode { code },
        };
        let whom = (attempt.account, phone.as_deref());
        let id = one_time_code::issue(provider, attempt.context, usage, whom, Vec::new()).await?;
        Ok(Challenge { id: Some(id.to_string()) })
    }

    async fn verify(
        &self,
        provider: &Provider,
        attempt: &Attempt<'_>,
        answer: &str,
    ) -> Result<(), LoginError> {
        let id = attempt.challenge.and_then(|id| id.parse().ok()).map(OneTimeCodeId);
        // The same statement runs for nobody, and for a challenge that is none.
        let id = id.unwrap_or_else(OneTimeCodeId::generate);
        let spent = one_time_code::spend(provider, (PURPOSE, attempt.binding), id, answer).await?;
        match (spent, attempt.account) {
            (Some(code), Some(account)) if code.account_id == Some(account.id) => Ok(()),
            _ => Err(LoginError::CodeWrong),
        }
    }
}
