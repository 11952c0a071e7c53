//! Waves of sign-ups the population register does not confirm: many within the window, and a large share of
//! all. Of a busy day's sign-ups a few in a hundred mistype; who tries names and numbers against the register
//! mostly fails.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::Limits;
use crate::domain::alert::Finding;
use crate::domain::alert::Rule;
use crate::domain::alert::Subject;
use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::Outcome;
use crate::monitor::rules::Event;

/// One in so many sign-ups: a wave.
const SHARE: usize = 3;
/// Sign-ups remembered at most.
const CAP: usize = 100_000;

/// The sign-ups of a window.
#[derive(Debug)]
pub struct RegisterMismatches {
    limits: Limits,
    /// When, and whether the register did not confirm.
    sign_ups: VecDeque<(Timestamp, bool)>,
    mismatches: usize,
    silent_until: Option<Timestamp>,
}

impl RegisterMismatches {
    /// Nothing seen yet.
    pub fn new(limits: Limits) -> Self {
        Self { limits, sign_ups: VecDeque::new(), mismatches: 0, silent_until: None }
    }

    /// How far back an event can still matter.
    pub fn memory(&self) -> Duration {
        self.limits.window * 2
    }

    /// Counts a sign-up.
    pub fn observe(&mut self, event: &Event) -> Option<Finding> {
        let missed = event.is(AuditKind::SignUp, Outcome::Refused)
            && event.reason == "register does not confirm";
        if !missed && !event.is(AuditKind::SignUp, Outcome::Done) {
            return None;
        }
        let over = event.at.minus(self.limits.window);
        while self.sign_ups.front().is_some_and(|(at, _)| *at <= over) || self.sign_ups.len() >= CAP
        {
            let gone = self.sign_ups.pop_front();
            self.mismatches -= usize::from(gone.is_some_and(|(_, missed)| missed));
        }
        self.sign_ups.push_back((event.at, missed));
        self.mismatches += usize::from(missed);
        let silent = self.silent_until.is_some_and(|until| event.at < until);
        let enough = self.mismatches >= self.limits.threshold as usize
            && self.mismatches * SHARE >= self.sign_ups.len();
        if silent || !missed || !enough {
            return None;
        }
        self.silent_until = Some(event.at.plus(self.limits.window));
        let first = self.sign_ups.iter().find(|(_, missed)| *missed).map_or(event.at, |one| one.0);
        let subject = Subject::Register;
        Some(event.finding(Rule::RegisterMismatches, subject, self.mismatches, first))
    }
}
