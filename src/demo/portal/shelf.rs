//! A bounded store in memory whose entries lapse; sessions, attempts and seen `jti`s lie on one.
//!
//! Full means the oldest goes: a flood of visitors costs memory for `capacity` entries and no more.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Timestamp;

/// Entries by key, oldest first out.
pub struct Shelf<V> {
    capacity: usize,
    lifetime: Duration,
    entries: HashMap<String, Entry<V>>,
    order: BTreeMap<u64, String>,
    next: u64,
}

struct Entry<V> {
    place: u64,
    until: Timestamp,
    value: V,
}

impl<V> Shelf<V> {
    /// An empty shelf.
    pub fn new(capacity: usize, lifetime: Duration) -> Self {
        let (entries, order) = (HashMap::new(), BTreeMap::new());
        Self { capacity, lifetime, entries, order, next: 0 }
    }

    /// Puts an entry; whether the key was free.
    pub fn put(&mut self, key: String, value: V, now: Timestamp) -> bool {
        let free = self.take(&key, now).is_none();
        while self.oldest_must_go(now) {
            if let Some((_, key)) = self.order.pop_first() {
                self.entries.remove(&key);
            }
        }
        self.order.insert(self.next, key.clone());
        let entry = Entry { place: self.next, until: now.plus(self.lifetime), value };
        self.entries.insert(key, entry);
        self.next += 1;
        free
    }

    /// The live entry under this key.
    pub fn find(&self, key: &str, now: Timestamp) -> Option<&V> {
        self.entries.get(key).filter(|entry| entry.until > now).map(|entry| &entry.value)
    }

    /// Removes the entry under this key; nothing when it had lapsed.
    pub fn take(&mut self, key: &str, now: Timestamp) -> Option<V> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.place);
        (entry.until > now).then_some(entry.value)
    }

    /// Removes all entries that fit and says how many there were.
    pub fn remove_where(&mut self, fits: impl Fn(&V) -> bool) -> usize {
        let before = self.entries.len();
        self.entries.retain(|_, entry| !fits(&entry.value));
        self.order.retain(|_, key| self.entries.contains_key(key));
        before - self.entries.len()
    }

    fn oldest_must_go(&self, now: Timestamp) -> bool {
        let oldest = self.order.first_key_value().and_then(|(_, key)| self.entries.get(key));
        oldest.is_some_and(|entry| self.entries.len() >= self.capacity || entry.until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::Shelf;
    use crate::clock::Timestamp;
    use std::time::Duration;

    #[test]
    fn entries_lapse_and_the_oldest_goes_first() {
        let mut shelf = Shelf::new(2, Duration::from_secs(10));
        let start = Timestamp(0);
        for key in ["a", "b", "c"] {
            assert!(shelf.put(key.to_owned(), key, start));
        }
        assert_eq!(shelf.find("a", start), None);
        assert!(!shelf.put("b".to_owned(), "again", start));
        assert_eq!(shelf.find("b", start), Some(&"again"));
        assert_eq!(shelf.find("b", Timestamp(10_000)), None);
        assert_eq!(shelf.remove_where(|value| *value == "c"), 1);
        assert_eq!(shelf.take("b", start), Some("again"));
        assert!(shelf.entries.is_empty() && shelf.order.is_empty());
    }
}
