//! What a password must be before it is accepted (ASVS 6.2, NIST SP 800-63B §3.1.1.2, GB/T 22239-2019
//! 8.1.4.1), and the one spelling in which it is hashed.

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// Longest password, in characters; a longer one is refused before it is hashed.
pub const MAX_CHARACTERS: usize = 128;

/// So many characters are looked at by the estimator.
const ESTIMATED: usize = 16;
/// Words everybody thinks of at this site.
const COMMON_WORDS: [&str; 8] =
    ["yihao", "一号", "province", "zhengwu", "shengji", "shenfen", "denglu", "admin"];

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

/// The bytes that are hashed: NFC, so that both spellings of `é` are one password. Blanks count. None when
/// it is longer than any password.
pub fn normalize(password: &str) -> Option<Vec<u8>> {
    let normal: String = password.nfc().take(MAX_CHARACTERS + 1).collect();
    (normal.chars().count() <= MAX_CHARACTERS).then(|| normal.into_bytes())
}

/// Whether a password may be set; gives the bytes to hash. `known` is what an attacker knows of the person.
pub fn check(password: &str, rule: PasswordRule, known: &[&str]) -> Result<Vec<u8>, PasswordError> {
    let normal = normalize(password).ok_or(PasswordError::TooLong)?;
    let least = if rule == PasswordRule::Nist { 15 } else { 8 };
    if password.nfc().take(least).count() < least {
        return Err(PasswordError::TooShort);
    }
    if rule == PasswordRule::Mlps3 && classes(password) < 3 {
        return Err(PasswordError::Classes);
    }
    if is_easily_guessed(password, known) {
        return Err(PasswordError::Common);
    }
    Ok(normal)
}

/// Whether somebody who knows the common passwords, the patterns and the person would soon arrive at it.
/// The estimator's work grows with the square of the length and worse, so it sees the beginning and, where
/// that says nothing, the end.
fn is_easily_guessed(password: &str, known: &[&str]) -> bool {
    let characters: Vec<char> = password.chars().collect();
    let ends: Vec<String> = known.iter().flat_map(|word| ends(word)).collect();
    let known = known.iter().copied().chain(ends.iter().map(String::as_str)).chain(COMMON_WORDS);
    let known: Vec<&str> = known.collect();
    let score = |part: &[char]| {
        let part: String = part.iter().collect();
        zxcvbn::zxcvbn(&part, &known).score()
    };
    if only_word(&characters).is_some_and(|word| score(word) == zxcvbn::Score::Zero) {
        return true;
    }
    let weak = |part: &[char]| score(part) < zxcvbn::Score::Two;
    let beginning = &characters[..characters.len().min(ESTIMATED)];
    let end = &characters[characters.len().saturating_sub(ESTIMATED)..];
    weak(beginning) && (characters.len() <= ESTIMATED || weak(end))
}

/// Beginning and end of a word that is longer than what is looked at.
fn ends(word: &str) -> Vec<String> {
    let beyond = word.chars().count().saturating_sub(ESTIMATED);
    if beyond == 0 {
        return Vec::new();
    }
    vec![word.chars().take(ESTIMATED).collect(), word.chars().skip(beyond).collect()]
}

/// The one word of a password that is a word with a year or a few signs around it, `Province@2026`: what
/// everybody makes of a common word where a rule asks for digits and signs.
fn only_word(characters: &[char]) -> Option<&[char]> {
    const DECORATION: usize = 6;
    let begin = characters.iter().position(|c| c.is_alphabetic())?;
    let end = characters.iter().rposition(|c| c.is_alphabetic())? + 1;
    let word = &characters[begin..end];
    let decorated = characters.len() - word.len() <= DECORATION;
    (decorated && word.len() <= ESTIMATED && word.iter().all(|c| c.is_alphabetic())).then_some(word)
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
        for password in [
            "password",
            "12345678",
            "qwertyuiop",
            "aaaaaaaaaa",
            "19491231",
            "13800138000",
            "Province@2026",
            "110105194912310021",
        ] {
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
            let expected = if short { Err(PasswordError::TooShort) } else { Ok(password.into()) };
            assert_eq!(verdict, expected);
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
        assert!(check("Lantern orchard", PasswordRule::Mlps3, &[]).is_ok());
    }

    /// The end of a long password may make up for its beginning.
    #[test]
    fn a_long_password_is_judged_by_its_better_end() {
        assert!(is_easily_guessed("aaaaaaaaaaaaaaaaaaaaaaaa", &[]));
        assert!(!is_easily_guessed("aaaaaaaaaaaaaaaa correct horse", &[]));
    }

    #[test]
    fn both_spellings_of_an_accent_are_one_password() {
        assert_eq!(normalize("caf\u{e9}"), normalize("cafe\u{301}"));
        assert_ne!(normalize(" cafe"), normalize("cafe"));
    }
}
