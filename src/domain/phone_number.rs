//! Mainland mobile number in international form (ITU-T E.164; the national numbering plan).

use std::fmt;

use zeroize::ZeroizeOnDrop;

use crate::domain::masking;
use crate::domain::policy::Synthetic;
use crate::domain::spelling;

const COUNTRY: &str = "+86";
/// No mobile number starts with 10, so these can be sent nowhere.
const SYNTHETIC: &str = "1000000";

/// A mainland mobile number. Personal data: `Debug` is masked, there is no `Display`.
///
/// Which ranges are live changes yearly and a number keeps its prefix when it changes carrier, so
/// the rule is the lenient one: 11 digits, the first 1, the second 3 to 9.
#[derive(Clone, PartialEq, Eq, Hash, ZeroizeOnDrop)]
pub struct PhoneNumber(String);

/// Why a text is not a mainland mobile number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneNumberError {
    /// Nothing was typed.
    #[error("the phone number is empty")]
    Empty,
    /// Something else than digits.
    #[error("the phone number has characters other than digits")]
    Charset,
    /// Not 11 digits after the country code.
    #[error("the phone number does not have 11 digits")]
    Length,
    /// Not a mobile number.
    #[error("the phone number is not a mobile number of the mainland")]
    NotMobile,
    /// `1000000xxxx` where synthetic numbers are refused.
    #[error("the phone number is reserved for tests")]
    SyntheticRefused,
}

impl PhoneNumber {
    /// Reads a number as people write it: with or without `+86`, `0086` or `86`, in groups.
    pub fn parse(text: &str, synthetic: Synthetic) -> Result<Self, PhoneNumberError> {
        let folded = spelling::fold_grouped(text, &[' ', '-']);
        if folded.is_empty() {
            return Err(PhoneNumberError::Empty);
        }
        let national = national(&folded);
        if national.is_empty() || !national.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(PhoneNumberError::Charset);
        }
        if national.len() != 11 {
            return Err(PhoneNumberError::Length);
        }
        if national.starts_with(SYNTHETIC) && synthetic == Synthetic::Refused {
            return Err(PhoneNumberError::SyntheticRefused);
        }
        let is_mobile =
            national.starts_with('1') && (b'3'..=b'9').contains(&national.as_bytes()[1]);
        if !is_mobile && !national.starts_with(SYNTHETIC) {
            return Err(PhoneNumberError::NotMobile);
        }
        Ok(Self([COUNTRY, national].concat()))
    }

    /// The canonical form, `+86` and 11 digits: for the gateway, the seal and the index.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The 11 digits, for gateways that take no country code.
    pub fn expose_national(&self) -> &str {
        &self.0[COUNTRY.len()..]
    }

    /// `137****9050`, for every page and log.
    pub fn masked(&self) -> String {
        masking::mobile(self.expose_national())
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

impl PhoneNumberError {
    /// A stable name of the reason, for audit and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "E_EMPTY",
            Self::Charset => "E_CHARSET",
            Self::Length => "E_LENGTH",
            Self::NotMobile => "E_PHONE_NOT_MOBILE",
            Self::SyntheticRefused => "E_PHONE_TEST_FORBIDDEN",
        }
    }
}

/// What follows the country code. A bare `86` counts only before 11 digits, since without a plus
/// it might begin a number too short or too long.
fn national(folded: &str) -> &str {
    ["+86", "＋86", "0086"]
        .into_iter()
        .find_map(|prefix| folded.strip_prefix(prefix))
        .or_else(|| folded.strip_prefix("86").filter(|rest| rest.len() == 11))
        .unwrap_or(folded)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::synthetic;

    #[test]
    fn reads_every_usual_spelling() {
        for text in [
            "13712349050",
            "+8613712349050",
            "+86 137 1234 9050",
            "+86-137-1234-9050",
            "008613712349050",
            "8613712349050",
            " 137-1234-9050\u{3000}",
            "１３７１２３４９０５０",
            "＋８６１３７１２３４９０５０",
        ] {
            let phone = PhoneNumber::parse(text, Synthetic::Refused).unwrap();
            assert_eq!(phone.expose(), "+8613712349050", "{text}");
            assert_eq!(phone.expose_national(), "13712349050");
            assert_eq!(format!("{phone:?}"), "PhoneNumber(137****9050)");
        }
    }

    #[test]
    fn refuses_everything_else_by_name() {
        for (text, code) in [
            ("", "E_EMPTY"),
            (" ", "E_EMPTY"),
            ("+86", "E_CHARSET"),
            ("1371234905", "E_LENGTH"),
            ("137123490500", "E_LENGTH"),
            ("1064912345678", "E_LENGTH"),
            ("12712349050", "E_PHONE_NOT_MOBILE"),
            ("23712349050", "E_PHONE_NOT_MOBILE"),
            ("10010000001", "E_PHONE_NOT_MOBILE"),
            ("10000000001", "E_PHONE_TEST_FORBIDDEN"),
            ("+85291234567", "E_CHARSET"),
            ("1371234905O", "E_CHARSET"),
            ("137\u{200B}12349050", "E_CHARSET"),
            ("٣7123490501", "E_CHARSET"),
            ("137--12349050", "E_CHARSET"),
        ] {
            let error = PhoneNumber::parse(text, Synthetic::Refused).unwrap_err();
            assert_eq!(error.code(), code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parser_never_panics(text in any::<String>(), near in "[+＋0-9０-９ -]{0,20}") {
            let _ = PhoneNumber::parse(&text, Synthetic::Accepted);
            let _ = PhoneNumber::parse(&near, Synthetic::Accepted);
        }

        #[test]
        fn canonical_form_is_stable_and_hidden(text in "1[3-9][0-9]{9}") {
            let phone = PhoneNumber::parse(&text, Synthetic::Refused).unwrap();
            let again = PhoneNumber::parse(phone.expose(), Synthetic::Refused).unwrap();
            prop_assert_eq!(&again, &phone);
            let debug = format!("{phone:?}");
            prop_assert_eq!(debug, format!("PhoneNumber({}****{})", &text[..3], &text[7..]));
        }

        #[test]
        fn synthetic_numbers_need_the_policy(seed in any::<u64>()) {
            let phone = synthetic::phone(seed);
            prop_assert!(PhoneNumber::parse(phone.expose(), Synthetic::Accepted).is_ok());
            prop_assert!(PhoneNumber::parse(phone.expose(), Synthetic::Refused).is_err());
        }
    }
}
