//! Time-based one-time passwords (RFC 6238): 30 s steps, six digits. Whose secret it is, and that a step
//! counts once, is the caller's matter: citizens and operators have them.

use totp_rs::Builder;
use zeroize::Zeroizing;

use crate::clock::Timestamp;

/// Length of a step, in seconds.
const STEP: i64 = 30;

/// A citizen's code may be that of the step before; an operator's may not (security.md 0.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    /// This step alone.
    None,
    /// This step, or the one before.
    OneStep,
}

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

/// The step this code belongs to. Only six ASCII digits are a code.
pub fn matching_step(secret: &[u8], code: &str, skew: Skew, now: Timestamp) -> Option<i64> {
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let totp = Builder::new().with_secret(secret).with_skew(0).build().ok()?;
    let seconds = now.seconds();
    let check = |seconds: i64| totp.check(code, u64::try_from(seconds).ok()?);
    let step = match skew {
        Skew::None => check(seconds),
        Skew::OneStep => check(seconds).or_else(|| check(seconds - STEP)),
    };
    i64::try_from(step?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_this_step_and_the_one_before() {
        // RFC 6238 appendix B, SHA-1, its last six digits.
        let secret = b"12345678901234567890";
        let at = |seconds| Timestamp::from_seconds(seconds);
        assert_eq!(matching_step(secret, "287082", Skew::OneStep, at(59)), Some(1));
        assert_eq!(matching_step(secret, "287082", Skew::OneStep, at(89)), Some(1));
        assert_eq!(matching_step(secret, "287082", Skew::OneStep, at(90)), None);
        assert_eq!(matching_step(secret, "287082", Skew::OneStep, at(29)), None);
        assert_eq!(matching_step(secret, "287082", Skew::None, at(59)), Some(1));
        assert_eq!(matching_step(secret, "287082", Skew::None, at(60)), None);
    }

    #[test]
    fn only_six_ascii_digits_are_a_code() {
        for code in ["28708", "2870820", "２８７０８２", " 287082", "28708a", ""] {
            assert_eq!(
                matching_step(b"12345678901234567890", code, Skew::OneStep, Timestamp(59_000)),
                None
            );
        }
    }
}
