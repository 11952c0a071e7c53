//! What a rule remembers of each of its subjects: no more of them than a cap, and no longer than its memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use crate::clock::Timestamp;

/// Subjects one rule remembers at most. When there are more, the half that rested longest is forgotten.
const CAP: usize = 100_000;

/// Values by subject, each with the time it was last touched.
#[derive(Debug)]
pub struct Tracked<K, V> {
    entries: HashMap<K, (Timestamp, V)>,
    memory: Duration,
    cap: usize,
}

impl<K: Eq + Hash + Clone, V: Default> Tracked<K, V> {
    /// Nothing yet; what rests longer than `memory` may go.
    pub fn new(memory: Duration) -> Self {
        Self::with_cap(memory, CAP)
    }

    fn with_cap(memory: Duration, cap: usize) -> Self {
        Self { entries: HashMap::new(), memory, cap }
    }

    /// How long a subject is remembered.
    pub fn memory(&self) -> Duration {
        self.memory
    }

    /// The value of a subject, touched now.
    pub fn touch(&mut self, key: &K, now: Timestamp) -> &mut V {
        if self.entries.len() >= self.cap && !self.entries.contains_key(key) {
            self.make_room(now);
        }
        let entry = self.entries.entry(key.clone()).or_insert_with(|| (now, V::default()));
        entry.0 = entry.0.max(now);
        &mut entry.1
    }

    /// The value of a subject, if it is remembered.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key).map(|entry| &mut entry.1)
    }

    /// Forgets a subject.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.entries.remove(key).map(|entry| entry.1)
    }

    fn make_room(&mut self, now: Timestamp) {
        let over = now.minus(self.memory);
        self.entries.retain(|_, entry| entry.0 >= over);
        if self.entries.len() < self.cap {
            return;
        }
        let mut times: Vec<Timestamp> = self.entries.values().map(|entry| entry.0).collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        self.entries.retain(|_, entry| entry.0 > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rested_longest_goes_first_and_no_more_than_the_cap_stays() {
        let mut tracked: Tracked<u32, u32> = Tracked::with_cap(Duration::from_secs(1000), 10);
        for number in 0..1000_u32 {
            *tracked.touch(&0, Timestamp(number.into())) += 1;
            tracked.touch(&(number + 1), Timestamp(number.into()));
            assert!(tracked.entries.len() <= 10);
        }
        assert_eq!(tracked.get_mut(&0), Some(&mut 1000), "what is busy is not forgotten");
        assert_eq!(tracked.get_mut(&1), None);
    }

    #[test]
    fn what_is_over_makes_room() {
        let mut tracked: Tracked<u32, u32> = Tracked::with_cap(Duration::from_secs(1), 3);
        for key in 0..3 {
            tracked.touch(&key, Timestamp(0));
        }
        tracked.touch(&9, Timestamp(5000));
        assert_eq!(tracked.entries.len(), 1);
    }
}
