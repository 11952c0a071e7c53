//! Argon2 memory, used again: fresh pages for every hash cost more than the allocator shows.

use argon2_rust::Argon2;
use argon2_rust::Hasher;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

/// Hashers at rest, each with the blocks of its last hash, wiped. There are at most as many as hashes
/// ever ran at the same time.
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Resting>>);

struct Resting {
    hasher: Hasher,
    /// When `release_idle` first found it here; nothing else looks at a clock.
    seen: Option<Instant>,
}

impl Memory {
    /// A hasher of these parameters: the one used last, or a new one.
    pub(super) fn take(&self, argon2: Argon2) -> Hasher {
        match self.resting().pop() {
            Some(Resting { mut hasher, .. }) => {
                hasher.set_argon2(argon2);
                hasher
            }
            None => argon2.hasher(),
        }
    }

    /// Keeps it for the next hash.
    pub(super) fn put_back(&self, hasher: Hasher) {
        self.resting().push(Resting { hasher, seen: None });
    }

    /// Frees those that rested for `rest`, counted from the first call that found them at rest: they
    /// were idle for at least that long at `now`.
    pub(super) fn release_idle(&self, now: Instant, rest: Duration) -> usize {
        let idle: Vec<Resting> = self
            .resting()
            .extract_if(.., |resting| {
                now.saturating_duration_since(*resting.seen.get_or_insert(now)) >= rest
            })
            .collect();
        // They are dropped outside the lock: logins wait for it.
        idle.len()
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, Vec<Resting>> {
        // A panic elsewhere leaves a list of hashers behind, and any such list is a good one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use argon2_rust::Algorithm;
    use argon2_rust::Argon2;
    use argon2_rust::Params;
    use argon2_rust::Version;
    use argon2_rust::params;
    use std::time::Duration;
    use std::time::Instant;

    fn argon2(kib: u64) -> Argon2 {
        let memory = params::Memory::kib(kib);
        let params = Params::builder().memory(memory).passes(1).build().unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
    }

    #[test]
    fn memory_is_used_again_whatever_the_parameters() {
        let memory = Memory::default();
        let mut hasher = memory.take(argon2(64));
        hasher.hash(b"password", b"somesalt").unwrap();
        memory.put_back(hasher);

        let mut again = memory.take(argon2(32));

        assert_eq!(again.reserved_blocks(), 64, "nothing was allocated");
        let fresh = argon2(32).hash(b"password", b"somesalt");
        assert_eq!(again.hash(b"password", b"somesalt"), fresh);
    }

    #[test]
    fn only_memory_that_rested_long_enough_is_freed() {
        let memory = Memory::default();
        let (start, rest) = (Instant::now(), Duration::from_secs(30));
        let (first, second) = (memory.take(argon2(8)), memory.take(argon2(8)));
        memory.put_back(first);

        assert_eq!(memory.release_idle(start, rest), 0);
        assert_eq!(memory.release_idle(start + rest / 2, rest), 0);
        memory.put_back(second);
        assert_eq!(memory.release_idle(start + rest, rest), 1);
        assert_eq!(memory.release_idle(start + rest, rest), 0);
        assert_eq!(memory.release_idle(start + 2 * rest, rest), 1);
    }
}
