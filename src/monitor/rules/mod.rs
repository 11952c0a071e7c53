//! What is watched for: pure folds over audit events, deterministic, bounded in memory. They never see an
//! address or a name, only keys and digests, so that nothing they find can tell one.
//!
//! A rule that has spoken of a subject is silent about it for one window more: an attack that goes on is one
//! finding, and one that lasts is found again.

mod counting;
mod portal_failures;
mod register_mismatches;
mod spraying;
mod tracked;
mod travel;

#[cfg(test)]
mod busy_day;
#[cfg(test)]
mod scenarios;

pub use travel::Position;

use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::Monitor as Settings;
use crate::domain::alert::Finding;
use crate::domain::alert::Rule;
use crate::domain::alert::Subject;
use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::Outcome;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::OperatorId;
use crate::monitor::rules::counting::Counting;
use crate::monitor::rules::portal_failures::PortalFailures;
use crate::monitor::rules::register_mismatches::RegisterMismatches;
use crate::monitor::rules::spraying::Spraying;
use crate::monitor::rules::travel::Travel;

/// One audit record as rules see it.
#[derive(Debug, Clone)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: AuditKind,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was refused.
    pub reason: String,
    /// Whose account.
    pub account: Option<AccountId>,
    /// Which operator.
    pub operator: Option<OperatorId>,
    /// Which portal.
    pub client: Option<ClientId>,
    /// The network it came from, by a keyed digest.
    pub source: Option<[u8; 16]>,
    /// Where that network is.
    pub position: Option<Position>,
    /// The request.
    pub request_id: String,
}

impl Event {
    fn is(&self, kind: AuditKind, outcome: Outcome) -> bool {
        self.kind == kind && self.outcome == outcome
    }

    /// A finding of one event, this one.
    fn finding(&self, rule: Rule, subject: Subject, events: usize, first_at: Timestamp) -> Finding {
        Finding {
            rule,
            subject,
            events: i64::try_from(events).unwrap_or(i64::MAX),
            first_at,
            last_at: self.at,
            request_id: self.request_id.clone(),
        }
    }
}

/// All rules that are on, with what they remember.
#[derive(Debug)]
pub struct Watch {
    counting: Vec<Counting>,
    spraying: Option<Spraying>,
    travel: Option<Travel>,
    portal_failures: Option<PortalFailures>,
    register_mismatches: Option<RegisterMismatches>,
    memory: Duration,
}

impl Watch {
    /// The rules of this configuration, with nothing seen yet.
    pub fn new(settings: &Settings) -> Self {
        let travel = settings.impossible_travel.enabled.then_some(&settings.impossible_travel);
        let travel = travel.map(Travel::new);
        let night = (settings.night_from_hour, settings.night_to_hour);
        let counting = [
            settings.guessing.limits().map(counting::guessing),
            settings.enumeration.limits().map(counting::enumeration),
            settings.mass_look_ups.limits().map(counting::mass_look_ups),
            settings.night_acts.limits().map(|limits| counting::night_acts(limits, night)),
        ];
        let counting: Vec<Counting> = counting.into_iter().flatten().collect();
        let spraying = settings.spraying.limits().map(Spraying::new);
        let portal_failures = settings.portal_failures.limits().map(PortalFailures::new);
        let register_mismatches =
            settings.register_mismatches.limits().map(RegisterMismatches::new);
        let memories = [
            counting.iter().map(Counting::memory).max(),
            spraying.as_ref().map(Spraying::memory),
            travel.as_ref().map(Travel::memory),
            portal_failures.as_ref().map(PortalFailures::memory),
            register_mismatches.as_ref().map(RegisterMismatches::memory),
        ];
        let memory = memories.into_iter().flatten().max().unwrap_or_default();
        Self { counting, spraying, travel, portal_failures, register_mismatches, memory }
    }

    /// How far back an event can still matter.
    pub fn memory(&self) -> Duration {
        self.memory
    }

    /// Takes an event in; gives what it completes.
    pub fn observe(&mut self, event: &Event) -> Vec<Finding> {
        let mut found: Vec<Finding> =
            self.counting.iter_mut().filter_map(|rule| rule.observe(event)).collect();
        found.extend(self.spraying.as_mut().and_then(|rule| rule.observe(event)));
        found.extend(self.travel.as_mut().and_then(|rule| rule.observe(event)));
        found.extend(self.portal_failures.as_mut().and_then(|rule| rule.observe(event)));
        found.extend(self.register_mismatches.as_mut().and_then(|rule| rule.observe(event)));
        found
    }
}
