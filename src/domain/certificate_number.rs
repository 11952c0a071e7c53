//! Number of the certificate of a social organisation or public institution, 登记证书号 (社证字第…号, 事证第…号),
//! from before it became the credit code. No standard gives it a form, and nothing can be computed of it.

use crate::domain::spelling;

/// Shortest and longest, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 4..=40;

/// A certificate number in its canonical spelling. It is public.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CertificateNumber(String);

/// Why a text is not a certificate number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateNumberError {
    /// Nothing was typed.
    #[error("the certificate number is empty")]
    Empty,
    /// Fewer than 4 or more than 40 characters.
    #[error("the certificate number does not have 4 to 40 characters")]
    Length,
    /// A character other than ideographs, digits, letters, hyphens and brackets, or no digit at all.
    #[error("the certificate number has characters that stand in none")]
    Charset,
}

impl CertificateNumber {
    /// Reads a number: folded like any other, all brackets are round ones, blanks are no part of it.
    pub fn parse(text: &str) -> Result<Self, CertificateNumberError> {
        let folded = spelling::fold(text);
        let blank = |character: &char| !spelling::is_blank(*character);
        let number: String = folded.chars().filter(blank).map(plain).collect();
        if number.is_empty() {
            return Err(CertificateNumberError::Empty);
        }
        if !LENGTH.contains(&number.chars().count()) {
            return Err(CertificateNumberError::Length);
        }
        let has_digit = number.bytes().any(|byte| byte.is_ascii_digit());
        if !has_digit || !number.chars().all(is_allowed) {
            return Err(CertificateNumberError::Charset);
        }
        Ok(Self(number))
    }

    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CertificateNumberError {
    /// A stable name of the reason, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "E_EMPTY",
            Self::Length => "E_LENGTH",
            Self::Charset => "E_CHARSET",
        }
    }
}

fn plain(character: char) -> char {
    match character {
        '（' | '〔' | '［' | '[' | '【' => '(',
        '）' | '〕' | '］' | ']' | '】' => ')',
        '－' | '—' | '–' => '-',
        other => other,
    }
}

fn is_allowed(character: char) -> bool {
    let ideograph = matches!(character, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '〇');
    ideograph
        || character.is_ascii_digit()
        || character.is_ascii_uppercase()
        || matches!(character, '-' | '(' | ')')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_usual_spelling_is_one_number() {
        for text in [
            " 晋社证字〔2008〕第 0123 号",
            "晋社证字（２００８）第0123号",
            "晋社证字[2008]第0123号",
        ] {
            let number = CertificateNumber::parse(text).unwrap();
            assert_eq!(number.as_str(), "晋社证字(2008)第0123号", "{text}");
        }
    }

    #[test]
    fn reasons_are_told_apart() {
        for (text, code) in [
            ("\u{3000}", "E_EMPTY"),
            ("123", "E_LENGTH"),
            ("社证字第号", "E_CHARSET"),
            ("社证字第1\u{200B}号", "E_CHARSET"),
            ("社证字第1Х号", "E_CHARSET"),
            ("=1+HYPERLINK", "E_CHARSET"),
        ] {
            assert_eq!(CertificateNumber::parse(text).unwrap_err().code(), code, "{text}");
        }
        assert_eq!(CertificateNumber::parse(&"1".repeat(41)), Err(CertificateNumberError::Length));
    }

    proptest! {
        #[test]
        fn canonical_form_is_stable(text in any::<String>(), near in "[社证字第0-9（）a-z -]{3,42}号") {
            for text in [text, near] {
                if let Ok(number) = CertificateNumber::parse(&text) {
                    prop_assert_eq!(CertificateNumber::parse(number.as_str()), Ok(number.clone()));
                }
            }
        }
    }
}
