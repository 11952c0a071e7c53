//! Organisation code, 组织机构代码 (GB 11714-1997): old accounts, and positions 9 to 17 of a USCC.

use std::fmt;

use crate::domain::policy::Synthetic;
use crate::domain::spelling;

const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// An organisation code that has been checked, without its hyphen. It is public.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrganisationCode(String);

/// Why a text is not an organisation code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrganisationCodeError {
    /// Nothing was typed.
    #[error("the organisation code is empty")]
    Empty,
    /// Not nine characters.
    #[error("the organisation code does not have nine characters")]
    Length,
    /// A character outside the alphabet, or a hyphen in the wrong place.
    #[error("the organisation code has characters other than digits and letters")]
    Charset,
    /// The check character does not fit.
    #[error("the check character is wrong")]
    CheckCharacter,
    /// Body `PDY` and five digits where synthetic codes are refused.
    #[error("the organisation code is of the zone for private use")]
    PrivateZone,
}

impl OrganisationCode {
    /// Reads a code as printed (eight characters, a hyphen, the check character) or as stored (without
    /// the hyphen).
    pub fn parse(text: &str, synthetic: Synthetic) -> Result<Self, OrganisationCodeError> {
        let folded = spelling::fold(text);
        if folded.is_empty() {
            return Err(OrganisationCodeError::Empty);
        }
        let code = match folded.split_once('-') {
            Some((body, check)) if body.len() == 8 => [body, check].concat(),
            _ => folded.as_str().to_owned(),
        };
        let is_letter = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        if !code.bytes().all(is_letter) {
            return Err(OrganisationCodeError::Charset);
        }
        if code.len() != 9 {
            return Err(OrganisationCodeError::Length);
        }
        if !code.ends_with(check_character(&code[..8])) {
            return Err(OrganisationCodeError::CheckCharacter);
        }
        if is_private(&code) && synthetic == Synthetic::Refused {
            return Err(OrganisationCodeError::PrivateZone);
        }
        Ok(Self(code))
    }

    /// The canonical form, nine characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The printed form, with the hyphen.
    pub fn hyphenated(&self) -> String {
        format!("{}-{}", &self.0[..8], &self.0[8..])
    }
}

impl fmt::Display for OrganisationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl OrganisationCodeError {
    /// A stable name of the reason, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "E_EMPTY",
            Self::Length => "E_LENGTH",
            Self::Charset => "E_CHARSET",
            Self::CheckCharacter => "E_ORG_CHECK",
            Self::PrivateZone => "E_ORG_PRIVATE_ZONE",
        }
    }
}

/// Whether the body is one of those that systems number their own things with (`PDY` and five
/// digits), and that are never exchanged.
pub(super) fn is_private(code: &str) -> bool {
    code.strip_prefix("PDY").is_some_and(|rest| rest.bytes().take(5).all(|b| b.is_ascii_digit()))
}

/// The check character of a body of eight digits and capital letters, A to Z counting 10 to 35.
///
/// Not the values of the USCC alphabet, as several web pages have it.
pub(super) fn check_character(body: &str) -> char {
    let values = body.chars().filter_map(|character| character.to_digit(36));
    let sum: u32 = values.zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
    match 11 - sum % 11 {
        10 => 'X',
        11 => '0',
        digit => char::from_digit(digit, 10).expect("a remainder of 11 leaves 1 to 9 here"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_are_one_code() {
        let printed = OrganisationCode::parse("71526726-x", Synthetic::Refused).unwrap();
        let stored = OrganisationCode::parse(" 71526726Ｘ ", Synthetic::Refused).unwrap();
        assert_eq!(printed, stored);
        assert_eq!(printed.hyphenated(), "71526726-X");
        assert_eq!(printed.to_string(), "71526726X");
    }

    #[test]
    fn private_zone_needs_the_policy() {
        let error = OrganisationCode::parse("PDY00001-X", Synthetic::Refused).unwrap_err();
        assert_eq!(error.code(), "E_ORG_PRIVATE_ZONE");
    }

    proptest! {
        #[test]
        fn parser_never_panics(text in any::<String>(), near in "[0-9A-Z-]{0,11}") {
            let _ = OrganisationCode::parse(&text, Synthetic::Accepted);
            let _ = OrganisationCode::parse(&near, Synthetic::Accepted);
        }
    }
}
