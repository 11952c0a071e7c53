//! The one source of time. Tests move it; nothing else asks the operating system.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[expect(
    clippy::unsafe_derive_deserialize,
    reason = "the unsafe code is inside the time macros and never sees the number"
)]
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds since the epoch, as JWT's `NumericDate` wants them (RFC 7519 §2).
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment of a `NumericDate`.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// How long ago `earlier` was; nothing when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This moment and `duration` more.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// This moment less `duration`.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// RFC 3339 in UTC with seconds, for logs, pages and exports.
    pub fn to_rfc3339(self) -> String {
        time::OffsetDateTime::from_unix_timestamp(self.seconds())
            .ok()
            .and_then(|at| at.format(&time::format_description::well_known::Rfc3339).ok())
            .unwrap_or_default()
    }

    /// The moment of such a text.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let format = &time::format_description::well_known::Rfc3339;
        let at = time::OffsetDateTime::parse(text, format).ok()?;
        Some(Self::from_seconds(at.unix_timestamp()))
    }

    /// `2026-11-24 16:30` in China's one time zone, for people.
    pub fn to_beijing(self) -> String {
        let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]");
        self.beijing().and_then(|at| at.format(format).ok()).unwrap_or_default()
    }

    /// The moment such a text names, to the minute; a `T` may stand between, as browsers write it, and a day
    /// alone is its beginning.
    pub fn from_beijing(text: &str) -> Option<Self> {
        let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]");
        let mut text = text.trim().replacen('T', " ", 1);
        if text.len() == 10 {
            text.push_str(" 00:00");
        }
        let at = time::PrimitiveDateTime::parse(&text, format).ok()?;
        let at = at.assume_offset(time::macros::offset!(+8));
        Some(Self::from_seconds(at.unix_timestamp()))
    }

    /// The calendar day in China, which decides whether a birth date lies in the future.
    pub fn date_in_beijing(self) -> Option<time::Date> {
        self.beijing().map(time::OffsetDateTime::date)
    }

    /// The hour of the day in China, 0 to 23.
    pub fn hour_in_beijing(self) -> u8 {
        self.beijing().map_or(0, time::OffsetDateTime::hour)
    }

    fn beijing(self) -> Option<time::OffsetDateTime> {
        let at = time::OffsetDateTime::from_unix_timestamp(self.seconds()).ok()?;
        Some(at.to_offset(time::macros::offset!(+8)))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Tells the time. Clones share what a test adds to it.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    ahead_millis: Arc<AtomicI64>,
}

impl Clock {
    /// The operating system's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    pub fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX));
        Timestamp(since_epoch.saturating_add(self.ahead_millis.load(Ordering::Relaxed)))
    }

    /// Moves this clock and its clones; tests wait for nothing.
    pub fn advance(&self, millis: i64) {
        self.ahead_millis.fetch_add(millis, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;
    use std::time::Duration;

    #[test]
    fn time_never_turns_negative() {
        assert_eq!(Timestamp(5).since(Timestamp(10)), Duration::ZERO);
        assert_eq!(Timestamp(1_999).seconds(), 1);
    }

    #[test]
    fn people_write_beijing_time() {
        let at = Timestamp::from_rfc3339("2026-11-24T08:30:00Z").unwrap();
        for text in ["2026-11-24 16:30", "2026-11-24T16:30", " 2026-11-24 16:30 "] {
            assert_eq!(Timestamp::from_beijing(text), Some(at), "{text}");
        }
        let day = Timestamp::from_beijing("2026-11-24").unwrap();
        assert_eq!(day.to_beijing(), "2026-11-24 00:00");
        for wrong in ["", "2026-11", "24.11.2026", "2026-02-30", "2026-11-24 25:00", "now"] {
            assert_eq!(Timestamp::from_beijing(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn people_read_beijing_time() {
        assert_eq!(Timestamp(0).to_beijing(), "1970-01-01 08:00");
        assert_eq!(Timestamp(0).to_rfc3339(), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_written_moment_is_read_again() {
        let at = Timestamp(1_795_514_400_000);
        assert_eq!(Timestamp::from_rfc3339(&at.to_rfc3339()), Some(at));
        assert_eq!(Timestamp::from_rfc3339("yesterday"), None);
    }
}
