//! The rules at work: they read the audit chain from a place the database keeps. A node that begins, or takes
//! over, first reads again what the rules may still need, and raises nothing of it: that was done.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::monitor::Monitor;
use crate::monitor::count_raised;
use crate::monitor::reading::read;
use crate::monitor::rules::Watch;
use crate::provider::Provider;
use crate::store::StoreError;

/// Records read at once.
const BATCH: i64 = 1000;
/// Who takes over reads so many records again at most: a minute's work, whatever the windows.
const REWIND: i64 = 500_000;

/// What a node that follows the chain remembers.
pub struct Following {
    cursor: i64,
    watch: Watch,
}

impl Monitor {
    /// Reads on to the end of the chain and raises what is found.
    pub async fn follow(&self, provider: &Provider) -> Result<(), StoreError> {
        let mut following = self.following.lock().await;
        let done = self.read_on(provider, &mut following).await;
        if done.is_err() {
            // The rules have seen more than the database knows; they begin anew.
            *following = None;
        }
        done
    }

    /// Another node follows now; what this one remembers grows old.
    pub async fn rest(&self) {
        *self.following.lock().await = None;
    }

    async fn read_on(
        &self,
        provider: &Provider,
        place: &mut Option<Following>,
    ) -> Result<(), StoreError> {
        let store = &provider.store;
        let cursor = match store.monitor_cursor().await? {
            Some(cursor) => cursor,
            None => first_cursor(provider).await?,
        };
        let mut following = match place.take() {
            Some(following) if following.cursor == cursor => following,
            _ => self.catch_up(provider, cursor).await?,
        };
        let mut now = provider.clock.now();
        let mut behind = Duration::ZERO;
        loop {
            let records = store.follow_audit(following.cursor, BATCH).await?;
            let Some(last) = records.last() else { break };
            now = provider.clock.now();
            behind = now.since(last.at);
            let step = (following.cursor, last.sequence);
            let events =
                records.iter().filter_map(|record| read(provider, self.places.as_ref(), record));
            let findings: Vec<_> =
                events.flat_map(|event| following.watch.observe(&event)).collect();
            let rules: Vec<_> = findings.iter().map(|finding| finding.rule.as_str()).collect();
            let alerts = findings.into_iter().map(|finding| self.alert(provider, finding));
            let Some(raised) = store.advance_monitor(step, alerts.collect(), now).await? else {
                // Another node was faster; the next turn begins where it is.
                return Ok(());
            };
            rules.into_iter().zip(raised).for_each(|(rule, raised)| count_raised(rule, raised));
            following.cursor = step.1;
            gauge("monitor_lag_seconds", behind.as_secs_f64());
        }
        if behind.is_zero() {
            gauge("monitor_lag_seconds", 0.0);
        }
        gauge("monitor_read_at_seconds", Duration::from_millis(now.0.unsigned_abs()).as_secs_f64());
        *place = Some(following);
        Ok(())
    }

    /// Rules that remember what they would if they had followed all the time.
    async fn catch_up(&self, provider: &Provider, cursor: i64) -> Result<Following, StoreError> {
        let mut watch = Watch::new(&provider.config.monitor);
        let since = provider.clock.now().minus(watch.memory());
        let mut at = place_of(provider, since, cursor).await?.max(cursor - REWIND);
        while at < cursor {
            let limit = BATCH.min(cursor - at);
            let records = provider.store.follow_audit(at, limit).await?;
            let Some(last) = records.last() else { break };
            at = last.sequence;
            for record in records.iter().filter(|record| record.sequence <= cursor) {
                if let Some(event) = read(provider, self.places.as_ref(), record) {
                    drop(watch.observe(&event));
                }
            }
        }
        Ok(Following { cursor, watch })
    }
}

/// Where a deployment begins that was never followed: with what the rules may still need, not with its first
/// day.
async fn first_cursor(provider: &Provider) -> Result<i64, StoreError> {
    let memory = Watch::new(&provider.config.monitor).memory();
    let tail = provider.store.audit_tail().await?.sequence;
    let since = provider.clock.now().minus(memory);
    let cursor = place_of(provider, since, tail).await?.max(tail - REWIND);
    provider.store.set_monitor_cursor(cursor).await?;
    Ok(cursor)
}

/// The place in the chain after which records are younger than `since`, `tail` at most. Places are in order
/// of time, but for seconds, so that halving finds it.
async fn place_of(provider: &Provider, since: Timestamp, tail: i64) -> Result<i64, StoreError> {
    let (mut low, mut high) = (0, tail);
    while low < high {
        let middle = low + (high - low) / 2;
        match provider.store.audit_time_after(middle).await? {
            Some(at) if at < since => low = middle + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

fn gauge(name: &'static str, value: f64) {
    metrics::gauge!(name).set(value);
}
