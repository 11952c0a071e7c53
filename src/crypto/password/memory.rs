//! Argon2 memory, used again: fresh pages for every hash cost more than the allocator shows.

use argon2::Block;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;
use zeroize::Zeroize;

/// The blocks one hash works in.
pub(super) type Blocks = Vec<Block>;

/// Buffers at rest. There are at most as many as hashes ever ran at the same time.
#[derive(Default)]
pub(super) struct Memory(Mutex<Vec<Resting>>);

struct Resting {
    blocks: Blocks,
    /// When `release_idle` first found the buffer here; nothing else looks at a clock.
    seen: Option<Instant>,
}

impl Memory {
    /// A buffer of `count` blocks: the one used last, or a new one.
    pub(super) fn take(&self, count: usize) -> Blocks {
        let rested = self.resting().pop();
        let mut blocks = rested.map(|resting| resting.blocks).unwrap_or_default();
        blocks.resize(count, Block::new());
        blocks
    }

    /// Keeps the buffer for the next hash. What it still holds is derived from the peppered
    /// password and is overwritten by the next hash; wiping 19 MiB each time would cost a tenth
    /// of the hash.
    pub(super) fn put_back(&self, blocks: Blocks) {
        self.resting().push(Resting { blocks, seen: None });
    }

    /// Wipes and frees the buffers that rested for `rest`, counted from the first call that found
    /// them at rest: they were idle for at least that long at `now`.
    pub(super) fn release_idle(&self, now: Instant, rest: Duration) -> usize {
        let idle: Vec<Resting> = self
            .resting()
            .extract_if(.., |resting| {
                now.saturating_duration_since(*resting.seen.get_or_insert(now)) >= rest
            })
            .collect();
        let count = idle.len();
        // Outside the lock: wiping takes milliseconds, and logins wait for it.
        for mut resting in idle {
            resting.blocks.zeroize();
        }
        count
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, Vec<Resting>> {
        // A panic elsewhere leaves a list of buffers behind, and any such list is a good one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use std::time::Duration;
    use std::time::Instant;

    #[test]
    fn a_buffer_is_used_again_in_the_size_asked_for() {
        let memory = Memory::default();
        let blocks = memory.take(64);
        let address = blocks.as_ptr();
        memory.put_back(blocks);
        let again = memory.take(32);
        assert_eq!((again.as_ptr(), again.len()), (address, 32));
    }

    #[test]
    fn only_buffers_that_rested_long_enough_are_freed() {
        let memory = Memory::default();
        let (start, rest) = (Instant::now(), Duration::from_secs(30));
        let (first, second) = (memory.take(8), memory.take(8));
        memory.put_back(first);

        assert_eq!(memory.release_idle(start, rest), 0);
        assert_eq!(memory.release_idle(start + rest / 2, rest), 0);
        memory.put_back(second);
        assert_eq!(memory.release_idle(start + rest, rest), 1);
        assert_eq!(memory.release_idle(start + rest, rest), 0);
        assert_eq!(memory.release_idle(start + 2 * rest, rest), 1);
    }
}
