//! A circuit breaker: who has failed five times in a row is left alone for half a minute, and then asked
//! once before everybody asks again (security.md F10, F29: no call piles up before a dead dependency).

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use crate::clock::Clock;
use crate::clock::Timestamp;

/// So many failures in a row open it.
const FAILURES: u32 = 5;
/// It stays open for so long.
const REST: Duration = Duration::from_secs(30);

/// The breaker in front of one dependency.
pub struct Breaker {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// While it is open: when the next caller may try.
    open_until: Option<Timestamp>,
}

impl Breaker {
    /// A closed one: everybody may call.
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Whether this caller may call. While the breaker is open one caller in each rest may: what it meets
    /// decides for all.
    pub fn admits(&self) -> bool {
        let (now, mut state) = (self.clock.now(), self.lock());
        match state.open_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                state.open_until = Some(now.plus(REST));
                true
            }
        }
    }

    /// Whether nobody but one may call now.
    pub fn is_open(&self) -> bool {
        self.lock().open_until.is_some()
    }

    /// The dependency answered.
    pub fn succeeded(&self) {
        *self.lock() = State::default();
    }

    /// It did not.
    pub fn failed(&self) {
        let (now, mut state) = (self.clock.now(), self.lock());
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.open_until = Some(now.plus(REST));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment, so a panic elsewhere leaves nothing half-made.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Breaker;
    use super::FAILURES;
    use crate::clock::Clock;

    fn open() -> (Breaker, Clock) {
        let clock = Clock::system();
        let breaker = Breaker::new(clock.clone());
        for _ in 0..FAILURES {
            assert!(breaker.admits());
            breaker.failed();
        }
        (breaker, clock)
    }

    #[test]
    fn five_failures_in_a_row_open_it_for_half_a_minute() {
        let (breaker, clock) = open();
        assert!(!breaker.admits() && breaker.is_open());
        clock.advance(29_000);
        assert!(!breaker.admits());
    }

    #[test]
    fn after_the_rest_one_may_try_and_decides_for_all() {
        let (breaker, clock) = open();
        clock.advance(30_001);
        assert!(breaker.admits() && !breaker.admits());
        breaker.failed();
        assert!(!breaker.admits());
        clock.advance(30_001);
        assert!(breaker.admits());
        breaker.succeeded();
        assert!(breaker.admits() && breaker.admits() && !breaker.is_open());
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed() {
        let breaker = Breaker::new(Clock::system());
        for _ in 0..3 * FAILURES {
            breaker.failed();
            breaker.succeeded();
        }
        assert!(breaker.admits());
    }
}
