//! What happens, counted: measures, the spans of time they are counted by, and the counts of a while. Time is
//! Beijing's, where a day begins at 16:00 UTC.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::domain::named::named;

/// Milliseconds of an hour, and of a day.
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// By how much Beijing is ahead of UTC; it has no summer time.
const AHEAD: i64 = 8 * HOUR;

named! {
    /// What is counted.
    Measure {
        /// Factors proven and refused, by method and result: `password.done`.
        Logins = "logins",
        /// First factors proven, by city: the first four digits of the person's number.
        Regions = "regions",
        /// Logins at portals, by client.
        Portals = "portals",
        /// What was refused, by kind of audit record.
        Failures = "failures",
        /// New accounts, by city.
        Accounts = "accounts",
        /// Accounts there are, by status and identity assurance: `active.1`. A look, not a count.
        Levels = "levels",
        /// Answers, by class of route and step of the scale: `login.7`.
        Latency = "latency",
        /// What waits to be delivered, by outbox and state: `logout_tokens.waiting`. A look, not a count.
        Outbox = "outbox",
    }
}

impl Measure {
    /// Whether its labels are cities, so that a region can have its own.
    pub fn is_by_city(self) -> bool {
        matches!(self, Self::Regions | Self::Accounts)
    }
}

named! {
    /// By what time is counted.
    Span {
        /// Hours.
        Hour = "hour",
        /// Days.
        Day = "day",
        /// Months.
        Month = "month",
    }
}

impl Span {
    /// When the hour, day or month of this moment began, in Beijing.
    pub fn begin_of(self, at: Timestamp) -> Timestamp {
        let day = (at.0 + AHEAD).div_euclid(DAY) * DAY - AHEAD;
        match self {
            Self::Hour => Timestamp(at.0.div_euclid(HOUR) * HOUR),
            Self::Day => Timestamp(day),
            Self::Month => {
                let into = at.date_in_beijing().map_or(0, |date| i64::from(date.day()) - 1);
                Timestamp(day - into * DAY)
            }
        }
    }

    /// The last `count` of them, the one of this moment last.
    pub fn last(self, count: usize, at: Timestamp) -> Vec<Timestamp> {
        let step = Duration::from_millis(1);
        let before = |begin: &Timestamp| Some(self.begin_of(begin.minus(step)));
        let mut begins: Vec<_> =
            std::iter::successors(Some(self.begin_of(at)), before).take(count).collect();
        begins.reverse();
        begins
    }

    /// How long its counts are kept.
    pub fn kept_for(self) -> Duration {
        let days = match self {
            Self::Hour => 14,
            Self::Day => 400,
            Self::Month => 5 * 366,
        };
        Duration::from_hours(24 * days)
    }
}

/// One count: of what, in which span, which began when, under which label.
pub type Key = (Measure, Span, Timestamp, String);

/// Counts on their way to the store; each is counted by hour, day and month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tallies(BTreeMap<Key, i64>);

impl Tallies {
    /// Counts `count` more of this.
    pub fn add(&mut self, (measure, label): (Measure, &str), at: Timestamp, count: i64) {
        for span in Span::ALL {
            let key = (measure, *span, span.begin_of(at), label.to_owned());
            *self.0.entry(key).or_default() += count;
        }
    }

    /// Whether there is nothing to count.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The counts, in one order wherever they are written, so that two writers never wait for each other.
    pub fn iter(&self) -> impl Iterator<Item = (&Key, i64)> {
        self.0.iter().map(|(key, count)| (key, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_rfc3339(text).unwrap()
    }

    #[test]
    fn a_day_begins_at_midnight_in_beijing() {
        let (before, after) = (at("2026-11-30T15:59:59Z"), at("2026-11-30T16:00:00Z"));
        assert_eq!(Span::Day.begin_of(before).to_beijing(), "2026-11-30 00:00");
        assert_eq!(Span::Day.begin_of(after).to_beijing(), "2026-12-01 00:00");
        assert_eq!(Span::Month.begin_of(before).to_beijing(), "2026-11-01 00:00");
        assert_eq!(Span::Month.begin_of(after).to_beijing(), "2026-12-01 00:00");
        assert_eq!(Span::Hour.begin_of(before).to_beijing(), "2026-11-30 23:00");
        assert_eq!(Span::Hour.begin_of(after), after);
        for span in Span::ALL {
            assert_eq!(span.begin_of(span.begin_of(before)), span.begin_of(before), "{span:?}");
        }
    }

    #[test]
    fn the_last_spans_follow_each_other_over_months_and_years() {
        let months = Span::Month.last(12, at("2026-01-15T00:00:00Z"));
        let names: Vec<_> = months.iter().map(|begin| begin.to_beijing()[..7].to_owned()).collect();
        assert_eq!((&*names[0], &*names[10], &*names[11]), ("2025-02", "2025-12", "2026-01"));
        let days = Span::Day.last(3, at("2024-02-29T20:00:00Z"));
        let names: Vec<_> = days.iter().map(|begin| begin.to_beijing()[5..10].to_owned()).collect();
        assert_eq!(names, ["02-28", "02-29", "03-01"]);
        let hours = Span::Hour.last(24, at("2026-11-30T16:30:00Z"));
        assert_eq!((hours.len(), hours[23].to_beijing()), (24, "2026-12-01 00:00".to_owned()));
    }

    #[test]
    fn each_thing_counts_once_in_every_span() {
        let mut tallies = Tallies::default();
        tallies.add((Measure::Logins, "password.done"), at("2026-11-30T15:59:59Z"), 1);
        tallies.add((Measure::Logins, "password.done"), at("2026-11-30T16:00:00Z"), 2);
        let sum = |tallies: &Tallies, span| -> Vec<i64> {
            tallies.iter().filter(|(key, _)| key.1 == span).map(|(_, count)| count).collect()
        };
        for span in Span::ALL {
            assert_eq!(sum(&tallies, *span), [1, 2], "{span:?}");
        }
        tallies.add((Measure::Logins, "password.done"), at("2026-11-30T16:20:00Z"), 3);
        assert_eq!(sum(&tallies, Span::Hour), [1, 5]);
    }

    #[test]
    fn names_are_read_again() {
        assert!(Measure::ALL.iter().all(|it| Measure::parse(it.as_str()) == Some(*it)));
        assert!(Span::ALL.iter().all(|it| Span::parse(it.as_str()) == Some(*it)));
        assert_eq!(Measure::parse("passwords"), None);
    }
}
