//! Time-based one-time passwords (RFC 6238): 30 s steps, one step of the past, each step once.

use async_trait::async_trait;
use totp_rs::Builder;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::domain::assurance::Method;
use crate::domain::id::AccountId;
use crate::login::LoginError;
use crate::login::authenticators::Attempt;
use crate::login::authenticators::Authenticator;
use crate::login::authenticators::Challenge;
use crate::provider::Provider;

/// Length of a step, in seconds.
const STEP: i64 = 30;

/// The TOTP authenticator.
pub struct Totp;

/// A new secret: 160 random bits (RFC 4226 §4).
pub fn generate_secret() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(crate::crypto::random::bytes::<20>().to_vec())
}

/// The secret as an app's user types it: base32 in groups of four.
pub fn grouped(secret: &[u8]) -> String {
    let base32 = totp_rs::Secret::from(secret).to_base32();
    let groups: Vec<_> = base32.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    groups.join(" ")
}

/// The `otpauth://` address an app scans.
pub fn provisioning_uri(secret: &[u8], issuer: &str, account: &str) -> Option<String> {
    let issuer = issuer.replace(':', " ");
    let builder = Builder::new()
        .with_secret(secret)
        .with_issuer(Some(issuer))
        .with_account_name(account.replace(':', " "));
    builder.build().ok()?.to_url().ok()
}

/// What the seal of an account's secret is bound to.
pub fn purpose(account: AccountId) -> String {
    format!("totp {account}")
}

/// The step this code belongs to: now or one step ago. Only six ASCII digits are a code.
pub fn matching_step(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let totp = Builder::new().with_secret(secret).with_skew(0).build().ok()?;
    let seconds = now.seconds();
    let check = |seconds: i64| totp.check(code, u64::try_from(seconds).ok()?);
    let step = check(seconds).or_else(|| check(seconds - STEP))?;
    i64::try_from(step).ok()
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
        let step = matching_step(&secret, answer, now).ok_or(LoginError::CodeWrong)?;
        if provider.store.spend_totp_step(account.id, step).await? {
            Ok(())
        } else {
            Err(LoginError::CodeWrong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_this_step_and_the_one_before() {
        // RFC 6238 appendix B, SHA-1, its last six digits.
        let secret = b"12345678901234567890";
        let at = |seconds| Timestamp::from_seconds(seconds);
        assert_eq!(matching_step(secret, "287082", at(59)), Some(1));
        assert_eq!(matching_step(secret, "287082", at(89)), Some(1));
        assert_eq!(matching_step(secret, "287082", at(90)), None);
        assert_eq!(matching_step(secret, "287082", at(29)), None);
    }

    #[test]
    fn only_six_ascii_digits_are_a_code() {
        for code in ["28708", "2870820", "２８７０８２", " 287082", "28708a", ""] {
            assert_eq!(matching_step(b"12345678901234567890", code, Timestamp(59_000)), None);
        }
    }
}
