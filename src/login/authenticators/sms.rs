//! Codes sent to the registered phone (ASVS 6.6.2): six digits, five minutes, five tries, bound to the
//! account, the purpose and the browser. The message leaves after the answer (security.md A-50).

use std::time::Duration;

use async_trait::async_trait;

use crate::audit;
use crate::domain::assurance::Method;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::OneTimeCodeId;
use crate::login::LoginError;
use crate::login::authenticators::Attempt;
use crate::login::authenticators::Authenticator;
use crate::login::authenticators::Challenge;
use crate::login::throttle;
use crate::notify::OneTimeCode;
use crate::notify::SmsMessage;
use crate::notify::SmsTemplate;
use crate::provider::Provider;
use crate::store::sql::NewOneTimeCode;
use crate::store::sql::OneTimeCodeTry;

/// How long a code works.
pub const LIFETIME: Duration = Duration::from_mins(5);
/// What a login code is good for.
const PURPOSE: &str = "login";

/// The SMS authenticator.
pub struct Sms;

/// What is kept of a code: a keyed digest bound to the row, since the code is short.
pub fn code_digest(provider: &Provider, id: OneTimeCodeId, code: &str) -> [u8; 32] {
    provider.vault.short_secret.tag_parts(&[b"one-time code", id.0.as_bytes(), code.as_bytes()])
}

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
        let (id, code) = (OneTimeCodeId::generate(), crate::crypto::random::digits(6));
        let mut event = audit::done(AuditKind::CodeSent).detail("purpose", PURPOSE);
        if let Some(account) = attempt.account {
            event = event.account(account);
        }
        let allowed = match &phone {
            Some(phone) => throttle::admit_message(provider, attempt.context, phone).await.is_ok(),
            None => false,
        };
        let new = NewOneTimeCode {
            id,
            account_id: attempt.account.map(|account| account.id),
            purpose: PURPOSE,
            binding: attempt.binding,
            code_digest: code_digest(provider, id, &code),
            payload: Vec::new(),
            expires_at: provider.clock.now().plus(LIFETIME),
        };
        provider.store.add_one_time_code(new, event.record(provider, attempt.context)).await?;
        if let Some(phone) = phone.filter(|_| allowed) {
            let code = OneTimeCode::new(code);
            send(provider, &phone, SmsTemplate::LoginCode { code });
        }
        Ok(Challenge { id: Some(id.to_string()), sent_to: None })
    }

    async fn verify(
        &self,
        provider: &Provider,
        attempt: &Attempt<'_>,
        answer: &str,
    ) -> Result<(), LoginError> {
        let id = attempt.challenge.and_then(|id| id.parse().ok()).map(OneTimeCodeId);
        let (Some(id), Some(account)) = (id, attempt.account) else {
            return Err(LoginError::CodeWrong);
        };
        let tried = OneTimeCodeTry {
            id,
            purpose: PURPOSE,
            binding: attempt.binding,
            code_digest: code_digest(provider, id, answer.trim()),
        };
        let spent = provider.store.spend_one_time_code(tried, provider.clock.now()).await?;
        if spent.is_some_and(|code| code.account_id == Some(account.id)) {
            Ok(())
        } else {
            Err(LoginError::CodeWrong)
        }
    }
}

/// Sends in the background: the answer does not wait for the gateway and does not tell whether there
/// was anything to send.
pub fn send(provider: &Provider, phone: &str, template: SmsTemplate) {
    let Ok(phone) = phone.parse() else {
        tracing::error!("a stored phone is no phone");
        return;
    };
    let provider = provider.clone();
    tokio::spawn(async move {
        if let Err(error) = provider.sms.send(&SmsMessage::new(phone, template)).await {
            metrics::counter!("sms_failures_total").increment(1);
            tracing::warn!(%error, "a text message was not accepted by the gateway");
        }
    });
}
