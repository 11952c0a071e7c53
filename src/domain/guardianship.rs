//! For a child a guardian acts: until the fourteenth birthday, by China's calendar (Personal Information Protection
//! Law of the PRC, Article 31; Civil Code, Articles 27 and 34). And for somebody at a counter a helper acts, for
//! hours.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;
use time::Date;
use time::Month;

use crate::clock::Timestamp;
use crate::domain::identity_document::PersonKey;

/// A guardian acts for who is younger.
pub const OF_AGE: i32 = 14;
/// A helper of a counter acts so long at most, in hours.
pub const LONGEST_HELP: u8 = 72;

/// A birth date as somebody read it in a document. Personal: `Debug` shows nothing.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BirthDate(Date);

/// Why nothing says when somebody was born.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BirthDateError {
    /// The number does not tell, and nobody stated it; or what was stated is no day that has come.
    #[error("the birth date is missing, or no day that has come")]
    Missing,
    /// The number says otherwise.
    #[error("the birth date is not that of the number")]
    Differs,
}

impl BirthDate {
    /// Reads `2015-03-02`.
    pub fn parse(text: &str) -> Result<Self, BirthDateError> {
        let format = time::macros::format_description!("[year]-[month]-[day]");
        Date::parse(text.trim(), format).map(Self).map_err(|_| BirthDateError::Missing)
    }
}

impl TryFrom<String> for BirthDate {
    type Error = BirthDateError;

    fn try_from(text: String) -> Result<Self, BirthDateError> {
        Self::parse(&text)
    }
}

impl From<BirthDate> for String {
    fn from(born: BirthDate) -> Self {
        born.0.to_string()
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(****-**-**)")
    }
}

/// When the holder of a document was born: its number tells it, or what was stated where it does not. A statement never
/// overrules the number.
pub fn born(
    key: PersonKey<'_>,
    stated: Option<BirthDate>,
    today: Date,
) -> Result<Date, BirthDateError> {
    let born = match (key.birth_date(), stated) {
        (_, Some(BirthDate(stated))) if !key.may_be_born(stated) => {
            return Err(BirthDateError::Differs);
        }
        (Some(told), _) => told,
        (None, Some(BirthDate(stated))) => stated,
        (None, None) => return Err(BirthDateError::Missing),
    };
    if born > today { Err(BirthDateError::Missing) } else { Ok(born) }
}

/// The moment who was born on that day becomes [`OF_AGE`]: the beginning of the birthday in Beijing. Who was born on
/// 29 February has it on 1 March where there is no such day.
pub fn of_age(born: Date) -> Option<Timestamp> {
    let year = born.year() + OF_AGE;
    let day = Date::from_calendar_date(year, born.month(), born.day())
        .or_else(|_| Date::from_calendar_date(year, Month::March, 1))
        .ok()?;
    Timestamp::from_beijing(&day.to_string())
}

/// So many hours of help; none that are none, or too many.
pub fn help(hours: &str) -> Option<u8> {
    hours.trim().parse().ok().filter(|hours| (1..=LONGEST_HELP).contains(hours))
}

/// The moment help that begins now is over.
pub fn help_until(now: Timestamp, hours: u8) -> Timestamp {
    now.plus(Duration::from_hours(u64::from(hours)))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::BirthDate;
    use super::BirthDateError;
    use super::born;
    use super::help;
    use super::of_age;
    use crate::clock::Timestamp;
    use crate::domain::document_type::Card;
    use crate::domain::identity_document::IdentityDocument;
    use crate::domain::policy::Synthetic;

    #[test]
    fn a_statement_counts_where_the_number_says_nothing_and_never_against_it() {
        let (missing, differs) = (BirthDateError::Missing, BirthDateError::Differs);
        let (citizen, passport, old_card) = (
            (Card::ResidentIdentityCard, "11010519491231002X"),
            Card::ForeignPassport,
            Card::PermanentResidenceCard,
        );
        for ((card, number), stated, expected) in [
            (citizen, "", Ok(date!(1949 - 12 - 31))),
            (citizen, "1949-12-31", Ok(date!(1949 - 12 - 31))),
            (citizen, "2015-12-31", Err(differs)),
            ((passport, "L898902C3"), "", Err(missing)),
            ((passport, "L898902C3"), "2015-03-02", Ok(date!(2015 - 03 - 02))),
            ((passport, "L898902C3"), "2026-11-28", Ok(date!(2026 - 11 - 28))),
            ((passport, "L898902C3"), "2026-11-29", Err(missing)),
            ((old_card, "USA140100010113"), "2000-01-01", Ok(date!(2000 - 01 - 01))),
            ((old_card, "USA140100010113"), "2000-01-02", Err(differs)),
        ] {
            let document =
                IdentityDocument::parse(card, "UTO", number, Synthetic::Accepted).unwrap();
            let stated = (!stated.is_empty()).then(|| BirthDate::parse(stated).unwrap());
            let found = born(document.key(), stated, date!(2026 - 11 - 28));
            assert_eq!(found, expected, "{number} {stated:?}");
        }
        for wrong in ["", "2015", "2015-02-30", "2015-3-2", "02.03.2015", "2015-03-02 00:00"] {
            assert_eq!(BirthDate::parse(wrong), Err(missing), "{wrong}");
        }
        let stated = BirthDate::parse("2015-03-02").unwrap();
        assert_eq!(serde_json::to_string(&stated).unwrap(), "\"2015-03-02\"");
        assert!(!format!("{stated:?}").contains("2015"));
    }

    #[test]
    fn a_child_is_of_age_when_the_birthday_begins_in_beijing() {
        let at = |text: &str| Timestamp::from_rfc3339(text);
        assert_eq!(of_age(date!(2012 - 11 - 28)), at("2026-11-28T00:00:00+08:00"));
        assert_eq!(of_age(date!(2012 - 11 - 28)), at("2026-11-27T16:00:00Z"));
        assert_eq!(of_age(date!(2012 - 02 - 29)), at("2026-03-01T00:00:00+08:00"));
        assert_eq!(of_age(date!(2014 - 02 - 28)), at("2028-02-28T00:00:00+08:00"));
        assert_eq!(of_age(date!(2012 - 12 - 31)), at("2026-12-31T00:00:00+08:00"));
    }

    #[test]
    fn help_is_a_matter_of_hours() {
        assert_eq!(help(" 2 "), Some(2));
        assert_eq!(help("72"), Some(72));
        for wrong in ["", "0", "73", "-1", "300", "1.5", "一"] {
            assert_eq!(help(wrong), None, "{wrong}");
        }
    }
}
