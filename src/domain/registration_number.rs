//! Registration number of market regulation, 工商注册号 (GS 15-2006, check digit of ISO 7064 MOD 11,10): what an
//! enterprise or an individual business was known by before its credit code.

use std::fmt;

use crate::domain::masking;
use crate::domain::policy::Synthetic;
use crate::domain::spelling;

/// No office has this number; made-up registration numbers begin with it.
const SYNTHETIC_AUTHORITY: &str = "149999";

/// A registration number that has been checked.
///
/// That of an individual business leads to a person, so `Debug`, which logs use, masks it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RegistrationNumber(String);

/// Why a text is not a registration number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationNumberError {
    /// Nothing was typed.
    #[error("the registration number is empty")]
    Empty,
    /// Not 15 digits, or not 13 where those of before 2007 are read.
    #[error("the registration number does not have 15 digits")]
    Length,
    /// Something other than digits.
    #[error("the registration number has characters other than digits")]
    Charset,
    /// The check digit does not fit.
    #[error("the check digit is wrong")]
    CheckDigit,
    /// A made-up authority where synthetic numbers are refused.
    #[error("the registration number is a made-up one")]
    SyntheticRefused,
}

impl RegistrationNumber {
    /// Reads a number given out since 2007-07-01: authority, sequence, check digit.
    pub fn parse(text: &str, synthetic: Synthetic) -> Result<Self, RegistrationNumberError> {
        let number = digits(text, 15)?;
        if !number.ends_with(check_digit(&number[..14])) {
            return Err(RegistrationNumberError::CheckDigit);
        }
        if number.starts_with(SYNTHETIC_AUTHORITY) && synthetic == Synthetic::Refused {
            return Err(RegistrationNumberError::SyntheticRefused);
        }
        Ok(Self(number))
    }

    /// Reads a number given out before: 13 digits that nothing can be checked of, so that only a register
    /// can tell whose it is.
    pub fn parse_before_2007(text: &str) -> Result<Self, RegistrationNumberError> {
        digits(text, 13).map(Self)
    }

    /// The canonical form: 15 digits, or 13.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The authority of the first registration. Not always a division of GB/T 2260, and not always the one
    /// in the credit code.
    pub fn authority(&self) -> &str {
        &self.0[..6]
    }

    /// An individual business, as far as the number tells: sequences that begin with 6 to 9.
    pub fn is_individual_business(&self) -> bool {
        self.0.len() == 15 && self.0.as_bytes()[6] >= b'6'
    }
}

impl fmt::Debug for RegistrationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_individual_business() {
            write!(f, "RegistrationNumber({})", masking::identity_number(&self.0))
        } else {
            write!(f, "RegistrationNumber({})", self.0)
        }
    }
}

impl RegistrationNumberError {
    /// A stable name of the reason, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "E_EMPTY",
            Self::Length => "E_LENGTH",
            Self::Charset => "E_CHARSET",
            Self::CheckDigit => "E_CHECK_DIGIT",
            Self::SyntheticRefused => "E_AUTHORITY_TEST_FORBIDDEN",
        }
    }
}

fn digits(text: &str, length: usize) -> Result<String, RegistrationNumberError> {
    let number = spelling::fold_grouped(text, &[' ', '-']);
    if number.is_empty() {
        return Err(RegistrationNumberError::Empty);
    }
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RegistrationNumberError::Charset);
    }
    if number.len() != length {
        return Err(RegistrationNumberError::Length);
    }
    Ok(number.as_str().to_owned())
}

/// The check digit of 14 digits.
pub(super) fn check_digit(body: &str) -> char {
    let product = body.chars().filter_map(|digit| digit.to_digit(10)).fold(10, |product, digit| {
        let sum = match (product + digit) % 10 {
            0 => 10,
            sum => sum,
        };
        sum * 2 % 11
    });
    char::from_digit((11 - product) % 10, 10).expect("a remainder of 10 is a digit")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn positions_have_names() {
        let number = RegistrationNumber::parse("440301103448669", Synthetic::Refused).unwrap();
        assert_eq!(number.authority(), "440301");
        assert!(!number.is_individual_business());
        assert_eq!(format!("{number:?}"), "RegistrationNumber(440301103448669)");
        let business = RegistrationNumber::parse("140100600000017", Synthetic::Refused).unwrap();
        assert!(business.is_individual_business());
        assert_eq!(format!("{business:?}"), "RegistrationNumber(1*************7)");
    }

    #[test]
    fn old_numbers_are_read_only_where_they_are_expected() {
        let old = "1401001000001";
        let error = RegistrationNumber::parse(old, Synthetic::Refused).unwrap_err();
        assert_eq!(error, RegistrationNumberError::Length);
        assert_eq!(RegistrationNumber::parse_before_2007(old).unwrap().as_str(), old);
    }

    #[test]
    fn made_up_numbers_need_the_policy() {
        let made_up = "149999000000019";
        let error = RegistrationNumber::parse(made_up, Synthetic::Refused).unwrap_err();
        assert_eq!(error.code(), "E_AUTHORITY_TEST_FORBIDDEN");
        assert!(RegistrationNumber::parse(made_up, Synthetic::Accepted).is_ok());
    }

    proptest! {
        #[test]
        fn parser_never_panics(text in any::<String>(), near in "[0-9A-Z -]{13,17}") {
            let _ = RegistrationNumber::parse(&text, Synthetic::Accepted);
            let _ = RegistrationNumber::parse_before_2007(&text);
            let _ = RegistrationNumber::parse(&near, Synthetic::Accepted);
        }

        #[test]
        fn every_wrong_digit_is_refused(body in "[0-9]{14}", position in 0_usize..15, by in 1_u8..10) {
            let number = format!("{body}{}", check_digit(&body));
            let parsed = RegistrationNumber::parse(&number, Synthetic::Accepted).unwrap();
            prop_assert_eq!(parsed.as_str(), &number);
            let mut wrong = number.into_bytes();
            wrong[position] = b'0' + (wrong[position] - b'0' + by) % 10;
            let wrong = String::from_utf8(wrong).unwrap();
            let error = RegistrationNumber::parse(&wrong, Synthetic::Accepted).unwrap_err();
            prop_assert_eq!(error, RegistrationNumberError::CheckDigit);
        }
    }
}
