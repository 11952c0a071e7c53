//! A busy normal day of a province, generated: on it no rule speaks. People mistype, forget, travel; offices
//! and a carrier put thousands behind one address; counters are full; portals fail a little all the time.

use super::scenarios::account;
use super::scenarios::client;
use super::scenarios::event;
use super::scenarios::operator;
use super::scenarios::replay;
use super::scenarios::source;
use super::*;

/// The day begins at midnight in Beijing, ten hours before the scenarios' morning.
const MIDNIGHT: i64 = -10 * HOUR;
const HOUR: i64 = 3600;
const LOGINS: u64 = 40_000;
const PEOPLE: u64 = 25_000;
const CARRIER: u64 = 1;

/// Numbers that look random and are the same for the same seed (`SplitMix64`).
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.throw() % bound
    }

    fn of_thousand(&mut self, share: u64) -> bool {
        self.below(1000) < share
    }

    /// A second of the day: nine in ten between eight and twenty-two, with a peak at nine.
    fn second(&mut self) -> i64 {
        let spread = |dice: &mut Self, from: i64, hours: u64| {
            MIDNIGHT + from * HOUR + dice.below(hours * 3600).cast_signed()
        };
        match self.below(10) {
            0 => spread(self, 0, 24),
            1..=3 => spread(self, 9, 2),
            _ => spread(self, 8, 14),
        }
    }
}

/// One person comes: perhaps mistypes, mostly logs in, and then uses a portal.
fn comes(dice: &mut Dice, events: &mut Vec<Event>) {
    let (mut at, person) = (dice.second(), dice.below(PEOPLE));
    let from = match dice.below(10) {
        // A quarter and more of all come through one carrier's address, others from an office of theirs.
        0..3 => CARRIER,
        3..6 => 10 + person % 40,
        _ => 1000 + person,
    };
    let here = |event: Event| Event { source: Some(source(from)), ..event };
    if dice.of_thousand(10) {
        events.push(here(event(at, AuditKind::Login, Outcome::Refused)));
        at += 20;
    }
    let mine = |event: Event| Event { account: Some(account(person.into())), ..here(event) };
    let mistakes = match dice.below(100) {
        0..=3 => 1,
        4 => 2,
        5 if dice.of_thousand(300) => 5,
        _ => 0,
    };
    for _ in 0..mistakes {
        events.push(mine(event(at, AuditKind::Login, Outcome::Refused)));
        at += 15;
    }
    if mistakes > 0 && dice.of_thousand(100) {
        return;
    }
    // A province is some hundred kilometres wide: people are here or there, and at times far away.
    let degrees = |number: u64| f64::from(u32::try_from(number % 20).unwrap_or_default()) / 10.0;
    let position = Position { latitude: 37.0 + degrees(person), longitude: 112.0 };
    events.push(Event {
        position: Some(position),
        ..mine(event(at, AuditKind::Login, Outcome::Done))
    });
    uses_portal(dice, events, at, person);
}

fn uses_portal(dice: &mut Dice, events: &mut Vec<Event>, at: i64, person: u64) {
    let portal = client(&format!("portal-{}", dice.below(30)));
    let there = |event: Event| Event {
        account: Some(account(person.into())),
        client: portal.clone(),
        ..event
    };
    events.push(there(event(at + 2, AuditKind::CodeIssued, Outcome::Done)));
    let redeemed = if dice.of_thousand(15) { Outcome::Refused } else { Outcome::Done };
    events.push(there(event(at + 3, AuditKind::CodeRedeemed, redeemed)));
}

/// Somebody flies home in the evening.
fn flies(dice: &mut Dice, events: &mut Vec<Event>, traveller: u64) {
    let person = Some(account((1_000_000 + traveller).into()));
    let morning = MIDNIGHT + 7 * HOUR + dice.below(3600).cast_signed();
    let (home, away) = (
        Position { latitude: 37.87, longitude: 112.55 },
        Position { latitude: 18.25, longitude: 109.51 },
    );
    for (hours, position) in [(0, home), (4, away), (8, away), (13, home)] {
        events.push(Event {
            account: person,
            position: Some(position),
            ..event(morning + hours * HOUR, AuditKind::Login, Outcome::Done)
        });
    }
}

/// A counter is open from eight to eighteen: thirty people an hour at most.
fn counter(dice: &mut Dice, events: &mut Vec<Event>, clerk: u64) {
    let mut at = MIDNIGHT + 8 * HOUR;
    while at < MIDNIGHT + 18 * HOUR {
        at += 120 + dice.below(300).cast_signed();
        let outcome = if dice.of_thousand(80) { Outcome::Refused } else { Outcome::Done };
        let mine = |event: Event| Event { operator: Some(operator(clerk.into())), ..event };
        events.push(mine(event(at, AuditKind::PersonSought, outcome)));
        events.push(mine(event(at + 5, AuditKind::PersonSeen, Outcome::Done)));
        if dice.of_thousand(30) {
            events.push(mine(event(at + 40, AuditKind::ActRequested, Outcome::Done)));
        }
    }
}

/// A system of an authority that uses its refresh tokens all day and night, and fails one in a hundred.
fn batch(dice: &mut Dice, events: &mut Vec<Event>, number: u64) {
    let name = format!("batch-{number}");
    for minute in 0..24 * 60 {
        for _ in 0..4 {
            let outcome = if dice.of_thousand(10) { Outcome::Refused } else { Outcome::Done };
            let at = MIDNIGHT + minute * 60 + dice.below(60).cast_signed();
            events
                .push(Event { client: client(&name), ..event(at, AuditKind::Refreshed, outcome) });
        }
    }
}

fn sign_ups(dice: &mut Dice, events: &mut Vec<Event>) {
    for _ in 0..6000 {
        let at = dice.second();
        let missed = dice.of_thousand(60);
        let (outcome, reason) = if missed {
            (Outcome::Refused, "register does not confirm")
        } else {
            (Outcome::Done, "")
        };
        events.push(Event { reason: reason.to_owned(), ..event(at, AuditKind::SignUp, outcome) });
    }
}

fn day(seed: u64) -> Vec<Event> {
    let (mut dice, mut events) = (Dice(seed), Vec::new());
    (0..LOGINS).for_each(|_| comes(&mut dice, &mut events));
    (0..50).for_each(|traveller| flies(&mut dice, &mut events, traveller));
    (1..60).for_each(|clerk| counter(&mut dice, &mut events, clerk));
    (0..3).for_each(|number| batch(&mut dice, &mut events, number));
    sign_ups(&mut dice, &mut events);
    events.sort_by_key(|event| event.at);
    events
}

#[test]
fn on_a_busy_normal_day_no_rule_speaks() {
    for seed in [1, 2026, 12_648_430] {
        let events = day(seed);
        assert!(events.len() > 100_000, "{} events", events.len());
        assert!(events.iter().filter(|event| event.outcome == Outcome::Refused).count() > 3000);
        assert_eq!(replay(&events), [], "seed {seed}");
    }
}

#[test]
fn an_attack_stands_out_of_the_busy_day() {
    let mut events = day(7);
    let refused = |at| event(at, AuditKind::Login, Outcome::Refused);
    // From the carrier's very address, while thousands log in from it.
    events.extend((0..400).map(|number: u64| Event {
        account: Some(account((2_000_000 + number).into())),
        source: Some(source(CARRIER)),
        ..refused(number.cast_signed())
    }));
    events.sort_by_key(|event| event.at);
    let found = replay(&events);
    let told: Vec<_> = found.iter().map(|one| (one.rule, one.subject.kind())).collect();
    assert_eq!(told, [(crate::domain::alert::Rule::Spraying, "source")]);
}
