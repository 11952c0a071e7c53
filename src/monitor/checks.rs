//! Checks that need no events: whether the audit chain holds, and whether this node's clock is right.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::audit::chain::Break;
use crate::audit::chain::Walk;
use crate::domain::alert::Finding;
use crate::domain::alert::Rule;
use crate::domain::alert::Subject;
use crate::monitor::Monitor;
use crate::monitor::count_raised;
use crate::provider::Provider;
use crate::store::StoreError;

/// Broken places that are remembered, so that each is told once.
const KNOWN: usize = 10_000;

/// The chain as this node watches it.
pub struct ChainWatch {
    /// What is sealed from now on.
    new: Walk,
    /// Round and round over everything.
    round: Walk,
    known: BTreeSet<(i64, &'static str)>,
    /// Up to where an end was told to be missing. Heads signed before the cut, some only just, tell it again.
    told_missing: i64,
}

impl Monitor {
    /// Verifies what was sealed since the last turn, and a stretch of what was before.
    pub async fn check_chain(&self, provider: &Provider) -> Result<(), StoreError> {
        let mut place = self.chain.lock().await;
        let mut watch = match place.take() {
            Some(watch) => watch,
            None => ChainWatch {
                new: Walk::from_end(provider).await?,
                round: Walk::begin(provider).await?,
                known: BTreeSet::new(),
                told_missing: 0,
            },
        };
        let missing = self.missing_end(provider, &mut watch.new).await?;
        watch.new.go_on(provider, i64::MAX).await?;
        let mut breaks = watch.new.take_breaks();
        let stretch = i64::from(provider.config.monitor.chain_records_per_minute);
        if watch.round.go_on(provider, stretch).await? {
            let next = Walk::begin(provider).await?;
            let round = std::mem::replace(&mut watch.round, next);
            breaks.extend(round.end(provider).await?.breaks);
        } else {
            breaks.extend(watch.round.take_breaks());
        }
        if watch.known.len() > KNOWN {
            watch.known.clear();
        }
        if let Some(missing) = &missing {
            watch.told_missing = missing.sequence;
        }
        breaks.retain(|broken| {
            let is_of_end = broken.is_of_missing_end();
            let news = if is_of_end { "the end is missing" } else { broken.problem };
            let is_told = is_of_end && broken.sequence <= watch.told_missing;
            !is_told && watch.known.insert((broken.sequence, news))
        });
        breaks.extend(missing);
        if !breaks.is_empty() {
            self.tell_broken(provider, &breaks).await?;
        }
        *place = Some(watch);
        Ok(())
    }

    /// Whether what the rules have read, or this watch, is no longer there. Both then go on from the end,
    /// so that it is told once.
    async fn missing_end(
        &self,
        provider: &Provider,
        new: &mut Walk,
    ) -> Result<Option<Break>, StoreError> {
        // In this order: the chain grows meanwhile, and is never behind what was read of it by itself.
        let cursor = provider.store.monitor_cursor().await?.unwrap_or(0);
        let tail = provider.store.audit_tail().await?.sequence;
        if tail >= cursor && new.stands(provider).await? {
            return Ok(None);
        }
        let head = provider.store.last_audit_head().await?.map_or(0, |head| head.sequence);
        let sequence = cursor.max(new.reached()).max(head);
        if tail < cursor {
            provider.store.set_monitor_cursor(tail).await?;
        }
        *new = Walk::from_end(provider).await?;
        Ok(Some(Break { sequence, problem: "what was read up to here is missing" }))
    }

    async fn tell_broken(&self, provider: &Provider, breaks: &[Break]) -> Result<(), StoreError> {
        for broken in breaks {
            let Break { sequence, problem } = broken;
            tracing::error!(sequence, problem, "the audit chain is broken");
        }
        let finding = Finding {
            events: i64::try_from(breaks.len()).unwrap_or(i64::MAX),
            ..finding_now(provider, Rule::BrokenChain, Subject::Chain)
        };
        self.raise(provider, finding).await
    }

    /// Compares this node's clock with the database's.
    pub async fn check_clock(&self, provider: &Provider) -> Result<(), StoreError> {
        let allowed = provider.config.monitor.clock_drift_seconds;
        if allowed == 0 {
            return Ok(());
        }
        let before = provider.clock.now().0;
        let there = provider.store.now().await?;
        let after = provider.clock.now().0;
        // Somewhere between the two moments the database looked at its clock.
        let drift = (before - there).max(there - after).max(0);
        metrics::gauge!("clock_drift_seconds")
            .set(Duration::from_millis(drift.unsigned_abs()).as_secs_f64());
        if drift <= i64::from(allowed) * 1000 {
            return Ok(());
        }
        let finding = finding_now(provider, Rule::ClockDrift, Subject::Node(self.host.clone()));
        self.raise(provider, finding).await
    }

    async fn raise(&self, provider: &Provider, finding: Finding) -> Result<(), StoreError> {
        let rule = finding.rule.as_str();
        let alert = self.alert(provider, finding);
        let raised = provider.store.raise_alert(alert, provider.clock.now()).await?;
        count_raised(rule, raised);
        Ok(())
    }
}

fn finding_now(provider: &Provider, rule: Rule, subject: Subject) -> Finding {
    let now = provider.clock.now();
    let request_id = String::new();
    Finding { rule, subject, events: 1, first_at: now, last_at: now, request_id }
}
