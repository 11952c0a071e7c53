//! How often somebody may try (security.md 0.3, P6): a pure rule over a counted state. An attempt
//! is counted before the costly work, and given back when it succeeds.

use std::time::Duration;

use crate::clock::Timestamp;

/// The limits of one kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptLimits {
    /// Failures are forgotten after this time.
    pub window: Duration,
    /// So many in a window cost no delay.
    pub free: u32,
    /// The first delay; it doubles with each further failure.
    pub first_delay: Duration,
    /// The longest delay.
    pub longest_delay: Duration,
    /// From so many in a window on, nothing goes until `lock` has passed.
    pub lock_after: u32,
    /// How long.
    pub lock: Duration,
    /// So many in a row, over any time, and nothing goes until an operator resets it; [`NEVER`] does not.
    pub stop_after: u32,
}

/// A limit nobody reaches, however long he counts.
pub const NEVER: u32 = u32::MAX;

/// Failures of one account over all doors: from the 3rd a delay of 1, 2, 4 … 30 s, 10 in 15
/// minutes rest it for 15 minutes, 100 in a row stop it.
pub const ACCOUNT: AttemptLimits = AttemptLimits {
    window: Duration::from_mins(15),
    free: 2,
    first_delay: Duration::from_secs(1),
    longest_delay: Duration::from_secs(30),
    lock_after: 10,
    lock: Duration::from_mins(15),
    stop_after: 100,
};

/// Failures of one source: beyond 100 in 15 minutes it is slowed down, never shut out, since many
/// people may share an address.
pub const SOURCE: AttemptLimits = AttemptLimits {
    window: Duration::from_mins(15),
    free: 100,
    first_delay: Duration::from_secs(2),
    longest_delay: Duration::from_secs(2),
    lock_after: NEVER,
    lock: Duration::ZERO,
    stop_after: NEVER,
};

/// Messages one source asks for: an office logs in by them, so there are many; beyond that, one every two
/// seconds.
pub const SOURCE_MESSAGES: AttemptLimits = AttemptLimits { free: 300, ..SOURCE };

/// Wrong second factors of one account: after 5 the factor rests, longer each time.
pub const SECOND_FACTOR: AttemptLimits = AttemptLimits {
    window: Duration::from_hours(1),
    free: 4,
    first_delay: Duration::from_mins(1),
    longest_delay: Duration::from_mins(15),
    lock_after: 20,
    lock: Duration::from_hours(1),
    stop_after: 200,
};

/// Messages to one phone: the second after a moment, then with growing pauses, five in an hour.
pub const MESSAGE: AttemptLimits = AttemptLimits {
    window: Duration::from_hours(1),
    free: 1,
    first_delay: Duration::from_secs(30),
    longest_delay: Duration::from_mins(10),
    lock_after: 5,
    lock: Duration::from_hours(1),
    stop_after: NEVER,
};

/// Notices of one kind to one person: five in an hour, then silence; what they tell stands in the account.
pub const NOTICE: AttemptLimits = AttemptLimits {
    window: Duration::from_hours(1),
    free: 4,
    first_delay: Duration::from_hours(1),
    longest_delay: Duration::from_hours(1),
    lock_after: NEVER,
    lock: Duration::ZERO,
    stop_after: NEVER,
};

/// Sign-ups that name one number: the register is not a place to try names at.
pub const SIGN_UP: AttemptLimits = AttemptLimits {
    window: Duration::from_hours(1),
    free: 5,
    first_delay: Duration::from_mins(1),
    longest_delay: Duration::from_mins(15),
    lock_after: 10,
    lock: Duration::from_hours(1),
    stop_after: NEVER,
};

/// Offers of mandates by one account: a firm appoints its people in an afternoon, nobody tries out thousands of
/// names and numbers.
pub const OFFER: AttemptLimits = AttemptLimits {
    window: Duration::from_hours(1),
    free: 20,
    first_delay: Duration::from_mins(1),
    longest_delay: Duration::from_mins(15),
    lock_after: 60,
    lock: Duration::from_hours(1),
    stop_after: NEVER,
};

/// Offers in the name of one organisation, whoever of its people makes them.
pub const OFFER_OF_ORGANISATION: AttemptLimits =
    AttemptLimits { free: 60, lock_after: 120, ..OFFER };

/// Applications of one source: an office files many, nobody files hundreds.
pub const APPLICATION: AttemptLimits = AttemptLimits {
    window: Duration::from_hours(1),
    free: 10,
    first_delay: Duration::from_mins(1),
    longest_delay: Duration::from_mins(15),
    lock_after: 30,
    lock: Duration::from_hours(1),
    stop_after: NEVER,
};

/// Wrong secrets of one client from one source: 20, then it is slowed down.
pub const CLIENT: AttemptLimits = AttemptLimits {
    window: Duration::from_mins(15),
    free: 20,
    first_delay: Duration::from_secs(1),
    longest_delay: Duration::from_secs(30),
    lock_after: NEVER,
    lock: Duration::ZERO,
    stop_after: NEVER,
};

/// Requests of one machine: so many a minute at once, and beyond that one after the other at the same pace. At
/// least one a minute goes.
pub fn machine(per_minute: u32) -> AttemptLimits {
    let window = Duration::from_mins(1);
    let per_minute = per_minute.max(1);
    let pace = window / per_minute;
    AttemptLimits {
        window,
        free: per_minute - 1,
        first_delay: pace,
        longest_delay: pace,
        lock_after: NEVER,
        lock: Duration::ZERO,
        stop_after: NEVER,
    }
}

/// What is counted for one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// Begin of the window.
    pub window_from: Timestamp,
    /// Attempts in it that did not succeed.
    pub failures: i64,
    /// Attempts in a row that did not succeed.
    pub total: i64,
    /// Nothing goes before this.
    pub not_before: Timestamp,
}

impl Attempts {
    /// Nothing counted yet.
    pub fn none(now: Timestamp) -> Self {
        Self { window_from: now, failures: 0, total: 0, not_before: Timestamp::default() }
    }

    /// Counts one more attempt, or says when to come back.
    pub fn admit(self, limits: &AttemptLimits, now: Timestamp) -> Result<Self, Timestamp> {
        if limits.stop_after != NEVER && self.total >= i64::from(limits.stop_after) {
            return Err(now.plus(Duration::from_hours(24)));
        }
        if self.not_before > now {
            return Err(self.not_before);
        }
        let over = now.since(self.window_from) >= limits.window;
        let failures = if over { 1 } else { self.failures.saturating_add(1) };
        let delay = delay(limits, failures);
        Ok(Self {
            window_from: if over { now } else { self.window_from },
            failures,
            total: self.total.saturating_add(1),
            // Another caller may have read its clock before this one and come after it: without a
            // delay there is nothing for it to wait for.
            not_before: if delay.is_zero() { self.not_before } else { now.plus(delay) },
        })
    }
}

/// What the attempt after this many failures has to wait.
fn delay(limits: &AttemptLimits, failures: i64) -> Duration {
    if limits.lock_after != NEVER && failures >= i64::from(limits.lock_after) {
        return limits.lock;
    }
    let beyond = failures.saturating_sub(i64::from(limits.free));
    let Ok(doublings) = u32::try_from(beyond.saturating_sub(1)) else { return Duration::ZERO };
    let factor = 1_u32.checked_shl(doublings.min(31)).unwrap_or(u32::MAX);
    limits.first_delay.saturating_mul(factor).min(limits.longest_delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_attempts_a_quarter_of_an_hour_and_no_more() {
        let (mut attempts, mut now, mut admitted) = (Attempts::none(Timestamp(0)), Timestamp(0), 0);
        while now < Timestamp(14 * 60 * 1000) {
            match attempts.admit(&ACCOUNT, now) {
                Ok(next) => {
                    admitted += 1;
                    attempts = next;
                }
                Err(wait) => now = wait,
            }
        }
        assert_eq!(admitted, 10);
    }

    #[test]
    fn delays_double_from_the_third_failure() {
        let seconds: Vec<_> = (1..=9).map(|failures| delay(&ACCOUNT, failures).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(delay(&ACCOUNT, 10).as_secs(), 900);
    }

    #[test]
    fn who_read_the_clock_first_and_comes_second_does_not_wait() {
        let first = Attempts::none(Timestamp(2)).admit(&ACCOUNT, Timestamp(2)).unwrap();
        assert!(first.admit(&ACCOUNT, Timestamp(1)).is_ok());
    }

    #[test]
    fn a_hundred_in_a_row_stop_it() {
        let tired = Attempts { total: 100, ..Attempts::none(Timestamp(0)) };
        assert!(tired.admit(&ACCOUNT, Timestamp(i64::MAX / 2)).is_err());
    }
    #[test]
    fn a_machine_has_its_burst_and_then_its_pace() {
        let limits = machine(60);
        let (mut attempts, now) = (Attempts::none(Timestamp(0)), Timestamp(0));
        for _ in 0..60 {
            attempts = attempts.admit(&limits, now).unwrap();
        }
        let wait = attempts.admit(&limits, now).unwrap_err();
        assert_eq!(wait, Timestamp(1000));
        let attempts = attempts.admit(&limits, wait).unwrap();
        assert_eq!(attempts.admit(&limits, wait), Err(Timestamp(2000)));
        assert!(attempts.admit(&machine(0), Timestamp(60_000)).is_ok());
    }

    #[test]
    fn a_machine_that_asks_for_years_is_not_stopped() {
        let old = Attempts { total: i64::MAX / 2, ..Attempts::none(Timestamp(0)) };
        assert!(old.admit(&machine(600), Timestamp(0)).is_ok());
    }
}
