//! For a child a guardian acts: until the fourteenth birthday, by China's calendar (Personal Information Protection
//! Law of the PRC, Article 31; Civil Code, Articles 27 and 34). And for somebody at a counter a helper acts, for
//! hours.

use std::time::Duration;

use time::Date;
use time::Month;

use crate::clock::Timestamp;

/// A guardian acts for who is younger.
pub const OF_AGE: i32 = 14;
/// A helper of a counter acts so long at most, in hours.
pub const LONGEST_HELP: u8 = 72;

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

    use super::help;
    use super::of_age;
    use crate::clock::Timestamp;

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
