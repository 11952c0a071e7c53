//! Turns for costly answers: so many are made at once, and who would wait too long is
//! told to come back.

use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

/// Turns for one kind of answer.
#[derive(Debug)]
pub struct Turns {
    free: Semaphore,
    patience: Duration,
}

impl Turns {
    /// So many at once; the others wait so long.
    pub fn new(at_once: usize, patience: Duration) -> Self {
        Self { free: Semaphore::new(at_once), patience }
    }

    /// A turn, until it is dropped; none when it did not come in time.
    pub async fn take(&self) -> Option<SemaphorePermit<'_>> {
        timeout(self.patience, self.free.acquire()).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_finds_no_turn_in_time_is_told_and_the_next_one_finds_it_free() {
        let turns = Turns::new(2, Duration::from_millis(20));
        let first = turns.take().await;
        let second = turns.take().await;
        assert!(first.is_some() && second.is_some());
        assert!(turns.take().await.is_none());
        drop(first);
        assert!(turns.take().await.is_some());
        assert!(turns.take().await.is_some(), "a turn ends with its answer");
    }
}
