//! Rules that count: so many events about one subject within a window.

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
use crate::monitor::rules::tracked::Tracked;

/// Whom an event is counted against, if it counts.
type Counted = dyn Fn(&Event) -> Option<Subject> + Send + Sync;

/// One rule that counts.
pub struct Counting {
    rule: Rule,
    limits: Limits,
    subject: Box<Counted>,
    counts: Tracked<Subject, Count>,
}

/// What is remembered of one subject.
#[derive(Debug, Default)]
pub struct Count {
    times: VecDeque<Timestamp>,
    silent_until: Option<Timestamp>,
}

impl Count {
    /// Counts one; when that is enough gives how many there were and since when, and is silent for a window.
    pub fn add(&mut self, at: Timestamp, limits: Limits) -> Option<(usize, Timestamp)> {
        if self.silent_until.is_some_and(|until| at < until) {
            return None;
        }
        let over = at.minus(limits.window);
        while self.times.front().is_some_and(|first| *first <= over) {
            self.times.pop_front();
        }
        self.times.push_back(at);
        if self.times.len() < limits.threshold as usize {
            return None;
        }
        let (events, first) = (self.times.len(), self.times.front().copied()?);
        self.times.clear();
        self.silent_until = Some(at.plus(limits.window));
        Some((events, first))
    }
}

impl Counting {
    fn new(
        rule: Rule,
        limits: Limits,
        subject: impl Fn(&Event) -> Option<Subject> + Send + Sync + 'static,
    ) -> Self {
        let counts = Tracked::new(limits.window * 2);
        Self { rule, limits, subject: Box::new(subject), counts }
    }

    /// How far back an event can still matter.
    pub fn memory(&self) -> Duration {
        self.counts.memory()
    }

    /// Counts the event, if it counts.
    pub fn observe(&mut self, event: &Event) -> Option<Finding> {
        let subject = (self.subject)(event)?;
        let (events, first) = self.counts.touch(&subject, event.at).add(event.at, self.limits)?;
        Some(event.finding(self.rule, subject, events, first))
    }
}

impl std::fmt::Debug for Counting {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Counting").field("rule", &self.rule).finish_non_exhaustive()
    }
}

/// Wrong answers for one account or one operator, of the first factor and of further ones. What the throttle
/// turns away counts: it is guessed on.
pub fn guessing(limits: Limits) -> Counting {
    Counting::new(Rule::Guessing, limits, |event| {
        if event.outcome != Outcome::Refused {
            return None;
        }
        match event.kind {
            AuditKind::Login | AuditKind::StepUp => event.account.map(Subject::Account),
            AuditKind::OperatorLogin => event.operator.map(Subject::Operator),
            _ => None,
        }
    })
}

/// Identifiers nobody has, tried from one source.
pub fn enumeration(limits: Limits) -> Counting {
    Counting::new(Rule::Enumeration, limits, |event| {
        let tried = match event.kind {
            AuditKind::Login => event.account.is_none(),
            AuditKind::OperatorLogin => event.operator.is_none(),
            _ => false,
        };
        let counts = tried && event.outcome == Outcome::Refused;
        event.source.filter(|_| counts).map(Subject::Source)
    })
}

/// People one operator looked up, found or not, or saw unmasked.
pub fn mass_look_ups(limits: Limits) -> Counting {
    Counting::new(Rule::MassLookUps, limits, |event| {
        let counts = matches!(
            event.kind,
            AuditKind::PersonSought | AuditKind::PersonUnmasked | AuditKind::OrganisationSought
        );
        event.operator.filter(|_| counts).map(Subject::Operator)
    })
}

/// What an operator did at night. To log in and to deal with alerts is what somebody on duty does; that an
/// operator was disabled from the machine is recorded with him, but not done by him.
pub fn night_acts(limits: Limits, night: (u8, u8)) -> Counting {
    Counting::new(Rule::NightActs, limits, move |event| {
        let of_duty = matches!(
            event.kind,
            AuditKind::OperatorLogin
                | AuditKind::OperatorLogout
                | AuditKind::AlertAcknowledged
                | AuditKind::AlertClosed
                | AuditKind::OperatorDisabled
        );
        let counts = !of_duty && event.outcome == Outcome::Done && is_night(event.at, night);
        event.operator.filter(|_| counts).map(Subject::Operator)
    })
}

/// Whether it is night in China's one time zone.
fn is_night(at: Timestamp, (from, to): (u8, u8)) -> bool {
    let hour = at.hour_in_beijing();
    if from <= to { (from..to).contains(&hour) } else { hour >= from || hour < to }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { threshold: 3, window: Duration::from_secs(10) };

    fn fired(seconds: &[i64]) -> Vec<i64> {
        let mut count = Count::default();
        let times = seconds.iter().copied();
        times.filter(|at| count.add(Timestamp(at * 1000), LIMITS).is_some()).collect()
    }

    #[test]
    fn enough_within_the_window_is_found_once_a_window() {
        for (seconds, expected) in [
            (&[0, 1][..], &[][..]),
            (&[0, 1, 2], &[2]),
            // Too slow: no three lie within ten seconds.
            (&[0, 5, 10, 15, 20], &[]),
            (&[0, 5, 9], &[9]),
            // What goes on is one finding until a window has passed.
            (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], &[2]),
            (&[0, 1, 2, 11, 12, 13, 14], &[2, 14]),
        ] {
            assert_eq!(fired(seconds), expected, "{seconds:?}");
        }
    }

    #[test]
    fn the_night_is_beijings_and_may_pass_midnight() {
        // 1970-01-01T00:00:00Z is eight in the morning there.
        let at = |hour: i64| Timestamp((hour - 8) * 60 * 60 * 1000);
        for (hour, across, within) in [
            (21, false, false),
            (22, true, false),
            (2, true, true),
            (5, true, false),
            (6, false, false),
        ] {
            assert_eq!(is_night(at(hour), (22, 6)), across, "{hour}");
            assert_eq!(is_night(at(hour), (1, 5)), within, "{hour}");
        }
        assert!(!is_night(at(3), (4, 4)), "no night at all");
    }
}
