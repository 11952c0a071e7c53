//! Recovery codes (ASVS 6.6): printed at enrolment, each good once, instead of the app.

use async_trait::async_trait;

use crate::domain::assurance::Method;
use crate::domain::id::AccountId;
use crate::login::LoginError;
use crate::login::authenticators::Attempt;
use crate::login::authenticators::Authenticator;
use crate::login::authenticators::Challenge;
use crate::provider::Provider;

/// Letters and digits nobody confuses with one another.
const ALPHABET: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz-";
/// How many there are.
pub const COUNT: usize = 10;

/// The recovery-code authenticator.
pub struct RecoveryCode;

/// New codes.
pub fn generate() -> Vec<String> {
    (0..COUNT).map(|_| generate_one()).collect()
}

/// A new code: 50 random bits, in two groups of five.
pub fn generate_one() -> String {
    let letter = |byte: u8| char::from(ALPHABET[usize::from(byte) % 31]);
    let letters: String = crate::crypto::random::bytes::<10>().map(letter).iter().collect();
    format!("{}-{}", &letters[..5], &letters[5..])
}

/// What is kept of a recovery code.
pub fn digest(provider: &Provider, account: AccountId, code: &str) -> [u8; 32] {
    keyed_digest(provider, "recovery", account, code)
}

/// What is kept of a code of this shape: a keyed digest, since the code is short. Blanks, hyphens and case
/// are free.
pub fn keyed_digest(
    provider: &Provider,
    purpose: &str,
    account: AccountId,
    code: &str,
) -> [u8; 32] {
    let folded: String =
        code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let parts = [purpose.as_bytes(), account.0.as_bytes(), folded.as_bytes()];
    provider.vault.short_secret.tag_parts(&parts)
}

#[async_trait]
impl Authenticator for RecoveryCode {
    fn method(&self) -> Method {
        Method::RecoveryCode
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
        let digest = digest(provider, account.id, answer);
        let now = provider.clock.now();
        if provider.store.spend_recovery_code(account.id, digest, now).await? {
            Ok(())
        } else {
            Err(LoginError::CodeWrong)
        }
    }
}
