//! One source fails at many accounts. An office behind one address has people who mistype, and who then log
//! in: an account that logs in, wherever, does not count any more.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::Limits;
use crate::domain::alert::Finding;
use crate::domain::alert::Rule;
use crate::domain::alert::Subject;
use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::Outcome;
use crate::domain::id::AccountId;
use crate::monitor::rules::Event;
use crate::monitor::rules::tracked::Tracked;

/// Sources remembered of one account.
const SOURCES: usize = 4;

/// Accounts at which each source failed.
#[derive(Debug)]
pub struct Spraying {
    limits: Limits,
    sources: Tracked<[u8; 16], Source>,
    /// Where an account failed, so that its success is found.
    failed_from: Tracked<AccountId, Vec<[u8; 16]>>,
}

#[derive(Debug, Default)]
struct Source {
    failed: HashMap<AccountId, Timestamp>,
    silent_until: Option<Timestamp>,
}

impl Spraying {
    /// Nothing seen yet.
    pub fn new(limits: Limits) -> Self {
        let memory = limits.window * 2;
        Self { limits, sources: Tracked::new(memory), failed_from: Tracked::new(memory) }
    }

    /// How far back an event can still matter.
    pub fn memory(&self) -> Duration {
        self.sources.memory()
    }

    /// A failure counts, a success takes back what it counted.
    pub fn observe(&mut self, event: &Event) -> Option<Finding> {
        let account = event.account?;
        if event.is(AuditKind::Login, Outcome::Done) {
            for source in self.failed_from.remove(&account).unwrap_or_default() {
                if let Some(source) = self.sources.get_mut(&source) {
                    source.failed.remove(&account);
                }
            }
            return None;
        }
        let digest = event.source.filter(|_| event.is(AuditKind::Login, Outcome::Refused))?;
        let from = self.failed_from.touch(&account, event.at);
        if from.len() < SOURCES && !from.contains(&digest) {
            from.push(digest);
        }
        let source = self.sources.touch(&digest, event.at);
        if source.silent_until.is_some_and(|until| event.at < until) {
            return None;
        }
        let over = event.at.minus(self.limits.window);
        source.failed.insert(account, event.at);
        if source.failed.len() < self.limits.threshold as usize {
            return None;
        }
        // No more are ever kept than the threshold, so this is short.
        source.failed.retain(|_, at| *at > over);
        if source.failed.len() < self.limits.threshold as usize {
            return None;
        }
        let (events, first) = (source.failed.len(), source.failed.values().min().copied()?);
        source.failed.clear();
        source.silent_until = Some(event.at.plus(self.limits.window));
        Some(event.finding(Rule::Spraying, Subject::Source(digest), events, first))
    }
}
