//! One account in two places, too far apart for the time between. Where a network is, a file of the
//! deployment says; a network it does not know is nowhere, and proves nothing.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::config::ImpossibleTravel;
use crate::domain::alert::Finding;
use crate::domain::alert::Rule;
use crate::domain::alert::Subject;
use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::Outcome;
use crate::domain::id::AccountId;
use crate::monitor::rules::Event;
use crate::monitor::rules::tracked::Tracked;

/// A place on Earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    /// North of the equator.
    pub latitude: f64,
    /// East of Greenwich.
    pub longitude: f64,
}

/// The mean radius of the Earth (IUGG).
const EARTH_KILOMETRES: f64 = 6371.0088;

impl Position {
    /// The way along the surface (haversine).
    pub fn kilometres_to(self, other: Self) -> f64 {
        let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
        let cosines = self.latitude.to_radians().cos() * other.latitude.to_radians().cos();
        let chord =
            half(self.latitude, other.latitude) + cosines * half(self.longitude, other.longitude);
        2.0 * EARTH_KILOMETRES * chord.sqrt().min(1.0).asin()
    }
}

/// Where each account was last.
#[derive(Debug)]
pub struct Travel {
    speed: f64,
    distance: f64,
    window: Duration,
    last: Tracked<AccountId, Last>,
}

#[derive(Debug, Default)]
struct Last {
    seen: Option<(Timestamp, Position)>,
    silent_until: Option<Timestamp>,
}

impl Travel {
    /// Nobody seen yet.
    pub fn new(settings: &ImpossibleTravel) -> Self {
        let window = Duration::from_mins(settings.window_minutes.into());
        Self {
            speed: settings.kilometres_an_hour.into(),
            distance: settings.kilometres.into(),
            window,
            last: Tracked::new(window * 2),
        }
    }

    /// How far back an event can still matter.
    pub fn memory(&self) -> Duration {
        self.last.memory()
    }

    /// Compares a login with the one before.
    pub fn observe(&mut self, event: &Event) -> Option<Finding> {
        let position = event.position.filter(|_| event.is(AuditKind::Login, Outcome::Done))?;
        let account = event.account?;
        let last = self.last.touch(&account, event.at);
        let (before, from) = last.seen.replace((event.at, position))?;
        let passed = event.at.since(before).max(before.since(event.at));
        let way = from.kilometres_to(position);
        let silent = last.silent_until.is_some_and(|until| event.at < until);
        if silent || passed > self.window || way < self.distance {
            return None;
        }
        if way <= self.speed * passed.as_secs_f64() / 3600.0 {
            return None;
        }
        last.silent_until = Some(event.at.plus(self.window));
        let subject = Subject::Account(account);
        Some(event.finding(Rule::ImpossibleTravel, subject, 2, before.min(event.at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_those_of_the_map() {
        let beijing = Position { latitude: 39.9042, longitude: 116.4074 };
        let shanghai = Position { latitude: 31.2304, longitude: 121.4737 };
        let way = beijing.kilometres_to(shanghai);
        assert!((1060.0..1075.0).contains(&way), "{way}");
        assert!(beijing.kilometres_to(beijing) < 0.001);
    }
}
