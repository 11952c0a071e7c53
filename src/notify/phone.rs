//! A telephone number as the gateway needs it (ITU-T E.164).

use std::fmt;
use std::str::FromStr;

/// A number in E.164 form (`+8613800138000`). Which numbers people may register is decided where
/// they register; this type only keeps the number opaque and its `Debug` masked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

/// This text is no E.164 number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a telephone number in E.164 form")]
pub struct PhoneError;

impl Phone {
    /// The whole number, for the gateway alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `+86 138****8000`: the first three and last four digits of a mainland number, the last four
    /// of any other.
    pub fn masked(&self) -> String {
        let (_, last) = self.0.split_at(self.0.len() - 4);
        match self.0.strip_prefix("+86") {
            Some(number) if number.len() == 11 => format!("+86 {}****{last}", &number[..3]),
            _ => format!("****{last}"),
        }
    }
}

impl FromStr for Phone {
    type Err = PhoneError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('+').ok_or(PhoneError)?;
        let numeric = digits.bytes().all(|byte| byte.is_ascii_digit());
        // E.164: at most fifteen digits, and no country code starts with zero.
        if !numeric || !(7..=15).contains(&digits.len()) || digits.starts_with('0') {
            return Err(PhoneError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Phone({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::Phone;

    #[test]
    fn only_e164_numbers_are_phones() {
        assert!("+8613800138000".parse::<Phone>().is_ok());
        assert!("+85261234567".parse::<Phone>().is_ok());
        for text in ["13800138000", "+86 13800138000", "+0123456789", "+1", "+1234567890123456"] {
            assert!(text.parse::<Phone>().is_err(), "{text}");
        }
    }

    #[test]
    fn debug_shows_the_masked_number_only() {
        let phone: Phone = "+8613800138000".parse().unwrap();
        assert_eq!(format!("{phone:?}"), "Phone(+86 138****8000)");
        let phone: Phone = "+85261234567".parse().unwrap();
        assert_eq!(phone.masked(), "****4567");
    }
}
