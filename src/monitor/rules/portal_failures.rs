//! A portal's failures rise: within the window there are many, and several times as many as in an equal time
//! of the hour before. A portal that always fails a little, or much, is no news.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::Limits;
use crate::domain::alert::Finding;
use crate::domain::alert::Rule;
use crate::domain::alert::Subject;
use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::Outcome;
use crate::domain::client::ClientId;
use crate::monitor::rules::Event;
use crate::monitor::rules::tracked::Tracked;

/// So many times as many as before is a rise.
const RISE: u64 = 4;
/// So many windows before are compared with.
const BEFORE: u32 = 6;
/// A window is counted in so many parts.
const PARTS: u32 = 10;

/// Failures of each portal.
#[derive(Debug)]
pub struct PortalFailures {
    limits: Limits,
    portals: Tracked<ClientId, Portal>,
}

#[derive(Debug, Default)]
struct Portal {
    /// Failures by the number of the part they lie in, oldest first.
    parts: VecDeque<(i64, u64)>,
    silent_until: Option<Timestamp>,
}

impl PortalFailures {
    /// Nothing seen yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, portals: Tracked::new(limits.window * (BEFORE + 1)) }
    }

    /// How far back an event can still matter.
    pub fn memory(&self) -> Duration {
        self.portals.memory()
    }

    /// Counts a failure of a portal.
    pub fn observe(&mut self, event: &Event) -> Option<Finding> {
        let client = event.client.as_ref().filter(|_| is_failure(event))?;
        let part = i64::try_from(self.limits.window.as_millis()).ok()? / i64::from(PARTS);
        let number = event.at.0.div_euclid(part.max(1));
        let portal = self.portals.touch(client, event.at);
        portal.add(number);
        if portal.silent_until.is_some_and(|until| event.at < until) {
            return None;
        }
        let (now, usual) = portal.now_and_usual(number);
        if now < u64::from(self.limits.threshold) || now < RISE * usual {
            return None;
        }
        portal.silent_until = Some(event.at.plus(self.limits.window));
        let first = Timestamp((number - i64::from(PARTS) + 1) * part);
        let subject = Subject::Client(client.clone());
        let events = usize::try_from(now).unwrap_or(usize::MAX);
        Some(event.finding(Rule::PortalFailures, subject, events, first))
    }
}

/// What goes wrong between a portal and us. Not what people do there: a wrong password is no failure of it.
fn is_failure(event: &Event) -> bool {
    event.outcome == Outcome::Refused
        && matches!(
            event.kind,
            AuditKind::AuthorizationRefused
                | AuditKind::CodeRedeemed
                | AuditKind::Refreshed
                | AuditKind::ClientRefused
                | AuditKind::TokenRefused
        )
}

impl Portal {
    fn add(&mut self, number: i64) {
        match self.parts.back_mut() {
            // An event that comes late counts in the newest part.
            Some((last, count)) if *last >= number => *count += 1,
            _ => self.parts.push_back((number, 1)),
        }
        let oldest = number - i64::from(PARTS * (BEFORE + 1));
        while self.parts.front().is_some_and(|(part, _)| *part <= oldest) {
            self.parts.pop_front();
        }
    }

    /// Failures of the window that ends with this part, and of one of the windows before, on average since
    /// the portal first failed.
    fn now_and_usual(&self, number: i64) -> (u64, u64) {
        let parts = i64::from(PARTS);
        let split = number - parts;
        let (now, before) = self.parts.iter().fold((0, 0), |(now, before), (part, count)| {
            if *part > split { (now + count, before) } else { (now, before + count) }
        });
        let first = self.parts.front().map_or(number, |(part, _)| *part);
        let windows = (split - first).div_euclid(parts) + 1;
        (now, before / u64::try_from(windows).unwrap_or(1).max(1))
    }
}
