//! What a password must be before it is accepted (ASVS 6.2, NIST SP 800-63B §3.1.1.2, GB/T 22239-2019
//! 8.1.4.1), and the one spelling in which it is hashed.

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// Longest password, in characters; a longer one is refused before it is hashed.
pub const MAX_CHARACTERS: usize = 128;

/// What a new password has to fulfil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordRule {
    /// 8 characters or more, no composition rule.
    Citizen,
    /// 15 characters or more, when nothing else protects the account.
    Nist,
    /// 8 characters or more of three classes.
    Mlps3,
}

/// Why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too few characters.
    #[error("the password is too short")]
    TooShort,
    /// More than [`MAX_CHARACTERS`].
    #[error("the password is too long")]
    TooLong,
    /// Easily guessed: among the common ones, a pattern, or made of what is known of the person.
    #[error("the password is easily guessed")]
    Common,
    /// Too few kinds of characters, where the rule asks for them.
    #[error("the password has too few kinds of characters")]
    Classes,
}

/// The bytes that are hashed: NFC, so that both spellings of `é` are one password. Blanks count.
pub fn normalize(password: &str) -> Vec<u8> {
    password.nfc().collect::<String>().into_bytes()
}

/// Whether a password may be set. `known` is what an attacker knows of the person.
pub fn check(password: &str, rule: PasswordRule, known: &[&str]) -> Result<(), PasswordError> {
    let characters = password.nfc().count();
    let least = if rule == PasswordRule::Nist { 15 } else { 8 };
    if characters > MAX_CHARACTERS {
        return Err(PasswordError::TooLong);
    }
    if characters < least {
        return Err(PasswordError::TooShort);
    }
    if rule == PasswordRule::Mlps3 && classes(password) < 3 {
        return Err(PasswordError::Classes);
    }
    // The estimator looks at the first hundred characters: more of them only add to a good password.
    let beginning: String = password.chars().take(100).collect();
    let known: Vec<&str> = known.iter().copied().chain(["yihao", "一号"]).collect();
    if zxcvbn::zxcvbn(&beginning, &known).score() < zxcvbn::Score::Two {
        return Err(PasswordError::Common);
    }
    Ok(())
}

fn classes(password: &str) -> usize {
    let kinds: [fn(char) -> bool; 3] =
        [|c| c.is_ascii_lowercase(), |c| c.is_ascii_uppercase(), |c| c.is_ascii_digit()];
    let plain = kinds.iter().filter(|kind| password.chars().any(**kind)).count();
    plain + usize::from(password.chars().any(|c| !c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_and_personal_passwords_are_refused() {
        let known = ["110105194912310021", "19491231", "张三丰", "13800138000"];
        for password in
            ["password", "12345678", "qwertyuiop", "aaaaaaaaaa", "19491231", "13800138000"]
        {
            let verdict = check(password, PasswordRule::Citizen, &known);
            assert_eq!(verdict, Err(PasswordError::Common), "{password}");
        }
    }

    #[test]
    fn a_sentence_of_one_class_is_a_good_password() {
        for password in ["correct horse battery", "离离原上草一岁一枯荣", "三月的风很大啊"]
        {
            let verdict = check(password, PasswordRule::Citizen, &[]);
            let short = password.chars().count() < 8;
            assert_eq!(verdict, if short { Err(PasswordError::TooShort) } else { Ok(()) });
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(check("x7#kQ2", PasswordRule::Citizen, &[]), Err(PasswordError::TooShort));
        let long = "好".repeat(129);
        assert_eq!(check(&long, PasswordRule::Citizen, &[]), Err(PasswordError::TooLong));
        assert_eq!(check("tr0ub4dor&3x", PasswordRule::Nist, &[]), Err(PasswordError::TooShort));
        let plain = check("lantern orchard", PasswordRule::Mlps3, &[]);
        assert_eq!(plain, Err(PasswordError::Classes));
        assert_eq!(check("Lantern orchard", PasswordRule::Mlps3, &[]), Ok(()));
    }

    #[test]
    fn both_spellings_of_an_accent_are_one_password() {
        assert_eq!(normalize("caf\u{e9}"), normalize("cafe\u{301}"));
        assert_ne!(normalize(" cafe"), normalize("cafe"));
    }
}
