//! What a node remembers of the database, for five seconds at most (design D8): clients, accounts, and
//! authorizations with what their validity hangs on. Every change is forgotten here before it is
//! acknowledged, and told to the other nodes where there is Redis; a lost message costs the five seconds
//! and nothing else.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use moka::sync::Cache;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::authorization::Authorization;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::store::redis::Bus;

/// Nothing is believed for longer.
const FRESHNESS: Duration = Duration::from_secs(5);
/// A change is remembered for longer than anything that was read before it.
const MEMORY: Duration = Duration::from_secs(15);
/// Entries of a kind.
const CAPACITY: u64 = 100_000;

/// Something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A client.
    Client(ClientId),
    /// An account, a session of it, or what it agreed to.
    Account(Uuid),
    /// An authorization.
    Authorization(Uuid),
    /// An access token was revoked.
    AccessToken(String),
    /// Something that was not seen.
    Unknown,
}

/// The memory of one node. Clones share it.
#[derive(Clone)]
pub struct Caches {
    /// Orders reads and changes: what was read before a change is not believed after it.
    sequence: Arc<AtomicU64>,
    changed: Cache<String, u64>,
    forgotten: Arc<AtomicU64>,
    clients: Cache<ClientId, Kept<Arc<Client>>>,
    accounts: Cache<Uuid, Kept<Arc<Account>>>,
    authorizations: Cache<Uuid, Kept<Arc<Authorization>>>,
    revoked: Cache<String, Kept<bool>>,
    bus: Option<Bus>,
}

/// A value, and when it was read.
#[derive(Clone)]
struct Kept<T> {
    value: T,
    sequence: u64,
    read_at: Timestamp,
}

/// A read that has begun.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    sequence: u64,
    at: Timestamp,
}

impl Caches {
    /// An empty memory; with `bus` it hears of the changes of others.
    pub fn new(bus: Option<Bus>) -> Self {
        Self {
            sequence: Arc::default(),
            changed: Cache::builder().max_capacity(CAPACITY).time_to_live(MEMORY).build(),
            forgotten: Arc::default(),
            clients: cache(),
            accounts: cache(),
            authorizations: cache(),
            revoked: cache(),
            bus,
        }
    }

    /// Begins a read; what it finds counts as known from now on.
    pub fn begin(&self, now: Timestamp) -> Reading {
        Reading { sequence: self.sequence.fetch_add(1, Ordering::AcqRel), at: now }
    }

    /// Forgets what changed, here and on every other node.
    pub fn forget(&self, change: Change) {
        if let Some(bus) = &self.bus {
            bus.tell(change.clone());
        }
        self.forget_here(change);
    }

    /// Forgets what changed on another node.
    pub fn forget_here(&self, change: Change) {
        let sequence = self.sequence.fetch_add(1, Ordering::AcqRel);
        match change {
            Change::Client(id) => self.changed.insert(id.to_string(), sequence),
            Change::Account(id) | Change::Authorization(id) => {
                self.changed.insert(id.to_string(), sequence);
            }
            Change::AccessToken(jti) => self.changed.insert(jti, sequence),
            Change::Unknown => {
                self.forgotten.fetch_max(sequence, Ordering::AcqRel);
            }
        }
    }

    /// A client. What in it depends on the time is judged when it is used.
    pub fn client(&self, id: &ClientId) -> Option<Arc<Client>> {
        let kept = self.clients.get(id)?;
        self.is_unchanged(&kept, &[id.as_str()]).then_some(kept.value)
    }

    /// Keeps a client.
    pub fn keep_client(&self, reading: Reading, client: &Arc<Client>) {
        self.clients.insert(client.id.clone(), reading.of(client.clone()));
    }

    /// An account.
    pub fn account(&self, id: Uuid, now: Timestamp) -> Option<Arc<Account>> {
        let kept = self.accounts.get(&id)?;
        self.is_fresh(&kept, &[&id.to_string()], now).then_some(kept.value)
    }

    /// Keeps an account.
    pub fn keep_account(&self, reading: Reading, account: &Arc<Account>) {
        self.accounts.insert(account.id.0, reading.of(account.clone()));
    }

    /// An authorization.
    pub fn authorization(&self, id: Uuid, now: Timestamp) -> Option<Arc<Authorization>> {
        let kept = self.authorizations.get(&id)?;
        let account = kept.value.account_id.to_string();
        self.is_fresh(&kept, &[&id.to_string(), &account], now).then_some(kept.value)
    }

    /// Keeps an authorization.
    pub fn keep_authorization(&self, reading: Reading, authorization: &Arc<Authorization>) {
        self.authorizations.insert(authorization.id.0, reading.of(authorization.clone()));
    }

    /// Whether an access token is known to be revoked, or known not to be.
    pub fn revocation(&self, jti: &str, now: Timestamp) -> Option<bool> {
        let kept = self.revoked.get(jti)?;
        self.is_fresh(&kept, &[jti], now).then_some(kept.value)
    }

    /// Keeps whether an access token is revoked.
    pub fn keep_revocation(&self, reading: Reading, jti: &str, revoked: bool) {
        self.revoked.insert(jti.to_owned(), reading.of(revoked));
    }

    /// Young enough by our own clock, and read after the last change of everything it hangs on.
    fn is_fresh<T>(&self, kept: &Kept<T>, hangs_on: &[&str], now: Timestamp) -> bool {
        now >= kept.read_at
            && now.since(kept.read_at) <= FRESHNESS
            && self.is_unchanged(kept, hangs_on)
    }

    fn is_unchanged<T>(&self, kept: &Kept<T>, hangs_on: &[&str]) -> bool {
        kept.sequence >= self.forgotten.load(Ordering::Acquire)
            && hangs_on
                .iter()
                .all(|key| self.changed.get(*key).is_none_or(|changed| changed < kept.sequence))
    }
}

impl Reading {
    fn of<T>(self, value: T) -> Kept<T> {
        Kept { value, sequence: self.sequence, read_at: self.at }
    }
}

fn cache<K, V>() -> Cache<K, V>
where
    K: std::hash::Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().max_capacity(CAPACITY).time_to_live(FRESHNESS).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn what_was_read_before_a_change_is_not_believed_after_it() {
        let caches = Caches::new(None);
        let reading = caches.begin(NOW);
        caches.forget(Change::AccessToken("j".to_owned()));
        caches.keep_revocation(reading, "j", false);
        assert_eq!(caches.revocation("j", NOW), None, "the read began before the change");
        caches.keep_revocation(caches.begin(NOW), "j", true);
        assert_eq!(caches.revocation("j", NOW), Some(true));
        assert_eq!(caches.revocation("k", NOW), None);
    }

    #[test]
    fn nothing_is_believed_for_longer_than_five_seconds() {
        let caches = Caches::new(None);
        caches.keep_revocation(caches.begin(NOW), "j", false);
        assert_eq!(caches.revocation("j", NOW.plus(Duration::from_secs(5))), Some(false));
        assert_eq!(caches.revocation("j", NOW.plus(Duration::from_secs(6))), None);
        assert_eq!(caches.revocation("j", NOW.minus(Duration::from_secs(1))), None);
    }

    #[test]
    fn after_a_gap_everything_is_asked_again() {
        let caches = Caches::new(None);
        caches.keep_revocation(caches.begin(NOW), "j", false);
        caches.forget_here(Change::Unknown);
        assert_eq!(caches.revocation("j", NOW), None);
    }
}
