//! Statistics: what the dashboards show, counted while it happens. `counting` reads the audit chain from a durable
//! place of its own, with monitoring or without; `looks` asks now and then how many there are; what a node counts by
//! itself, the time its answers take, is added every minute.

mod counting;
mod looks;
mod reading;

use tokio::sync::Mutex;

use crate::clock::Timestamp;
use crate::domain::tally::Measure;
use crate::domain::tally::Tallies;
use crate::provider::Provider;
use crate::store::StoreError;

/// Statistics, as one node keeps them.
#[derive(Debug, Default)]
pub struct Statistics {
    /// When accounts are counted next, as far as this node knows.
    next_look: Mutex<Option<Timestamp>>,
}

/// Adds how long answers took on this node since it was last done. What a node had not added when it was
/// killed is lost: a minute of one measure.
pub async fn keep_latency(provider: &Provider) -> Result<(), StoreError> {
    let taken = provider.latency.take();
    let now = provider.clock.now();
    let mut tallies = Tallies::default();
    for (label, count) in &taken {
        tallies.add((Measure::Latency, label), now, *count);
    }
    if tallies.is_empty() {
        return Ok(());
    }
    let kept = provider.store.add_tallies(tallies, now).await;
    if kept.is_err() {
        provider.latency.give_back(&taken);
    }
    kept
}
