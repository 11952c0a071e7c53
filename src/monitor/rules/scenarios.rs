//! Replays: each attack is found by its rule, once, and by no other; what stays below is found by none.

use super::*;
use crate::domain::alert::Rule;

/// 2026-11-24 10:00 in Beijing.
pub(super) const MORNING: i64 = 1_795_485_600;
const HOUR: i64 = 3600;

/// An event so many seconds after the morning began.
pub(super) fn event(seconds: i64, kind: AuditKind, outcome: Outcome) -> Event {
    Event {
        at: Timestamp::from_seconds(MORNING + seconds),
        kind,
        outcome,
        reason: String::new(),
        account: None,
        operator: None,
        client: None,
        source: None,
        position: None,
        request_id: format!("r{seconds}"),
    }
}

pub(super) fn account(number: u128) -> AccountId {
    AccountId(uuid::Uuid::from_u128(number))
}

pub(super) fn operator(number: u128) -> OperatorId {
    OperatorId(uuid::Uuid::from_u128(number))
}

pub(super) fn source(number: u64) -> [u8; 16] {
    u128::from(number).to_be_bytes()
}

pub(super) fn client(name: &str) -> Option<ClientId> {
    ClientId::parse(name)
}

/// So many events, evenly over so many seconds.
fn evenly(count: i64, seconds: i64, make: impl Fn(i64, i64) -> Event) -> Vec<Event> {
    (0..count).map(|number| make(number, number * seconds / count)).collect()
}

fn refused_login(seconds: i64) -> Event {
    event(seconds, AuditKind::Login, Outcome::Refused)
}

fn guesses(count: i64, seconds: i64) -> Vec<Event> {
    evenly(count, seconds, |number, at| Event {
        account: Some(account(7)),
        source: Some(source(number.unsigned_abs())),
        ..refused_login(at)
    })
}

fn sprayed(count: i64, seconds: i64) -> Vec<Event> {
    evenly(count, seconds, |number, at| Event {
        account: Some(account(1000 + u128::from(number.unsigned_abs()))),
        source: Some(source(1)),
        ..refused_login(at)
    })
}

fn unknown_numbers(count: i64, seconds: i64) -> Vec<Event> {
    evenly(count, seconds, |_, at| Event { source: Some(source(1)), ..refused_login(at) })
}

const TAIYUAN: Position = Position { latitude: 37.87, longitude: 112.55 };
const SANYA: Position = Position { latitude: 18.25, longitude: 109.51 };

fn travels(places: &[(i64, Position)]) -> Vec<Event> {
    let login = |(minutes, position): &(i64, Position)| Event {
        account: Some(account(7)),
        position: Some(*position),
        ..event(minutes * 60, AuditKind::Login, Outcome::Done)
    };
    places.iter().map(login).collect()
}

fn portal_failures(count: i64, from: i64, seconds: i64) -> Vec<Event> {
    evenly(count, seconds, |_, at| Event {
        client: client("portal"),
        ..event(from + at, AuditKind::CodeRedeemed, Outcome::Refused)
    })
}

fn looked_up(count: i64, seconds: i64) -> Vec<Event> {
    evenly(count, seconds, |number, at| Event {
        operator: Some(operator(3)),
        ..event(
            at,
            AuditKind::PersonSought,
            if number % 3 == 0 { Outcome::Refused } else { Outcome::Done },
        )
    })
}

fn acts(count: i64, from: i64) -> Vec<Event> {
    evenly(count, 60, |_, at| Event {
        operator: Some(operator(3)),
        ..event(from + at, AuditKind::AccountUnlocked, Outcome::Done)
    })
}

fn sign_ups(missed: i64, confirmed: i64, seconds: i64) -> Vec<Event> {
    let mut events = evenly(missed, seconds, |_, at| Event {
        reason: "register does not confirm".to_owned(),
        ..event(at, AuditKind::SignUp, Outcome::Refused)
    });
    events.extend(evenly(confirmed, seconds, |_, at| event(at, AuditKind::SignUp, Outcome::Done)));
    events.sort_by_key(|event| event.at);
    events
}

/// Every rule is on, with its defaults.
pub(super) fn replay(events: &[Event]) -> Vec<Finding> {
    let mut watch = Watch::new(&Settings::default());
    events.iter().flat_map(|event| watch.observe(event)).collect()
}

#[test]
fn each_rule_finds_its_scenario_once_and_no_other_does() {
    let second_factor = guesses(15, 300).into_iter().map(|guess| Event {
        kind: AuditKind::StepUp,
        source: None,
        ..guess
    });
    let an_operator = guesses(15, 300).into_iter().map(|guess| Event {
        kind: AuditKind::OperatorLogin,
        account: None,
        operator: Some(operator(3)),
        ..guess
    });
    let quiet_portal = portal_failures(60, 0, 2 * HOUR);
    let rising = [quiet_portal, portal_failures(200, 2 * HOUR, 480)].concat();
    let scenarios = [
        (Rule::Guessing, "account", guesses(25, 300)),
        (Rule::Guessing, "account", second_factor.collect()),
        (Rule::Guessing, "operator", an_operator.collect()),
        (Rule::Spraying, "source", sprayed(300, 600)),
        (Rule::Enumeration, "source", unknown_numbers(200, 600)),
        (Rule::ImpossibleTravel, "account", travels(&[(0, TAIYUAN), (30, SANYA), (50, TAIYUAN)])),
        (Rule::PortalFailures, "client", rising),
        (Rule::MassLookUps, "operator", looked_up(100, 1800)),
        (Rule::NightActs, "operator", acts(5, 13 * HOUR)),
        (Rule::RegisterMismatches, "register", sign_ups(120, 40, 600)),
    ];
    for (rule, subject, events) in scenarios {
        let found = replay(&events);
        let told: Vec<_> = found.iter().map(|one| (one.rule, one.subject.kind())).collect();
        assert_eq!(told, [(rule, subject)], "{rule:?}");
        assert!(found[0].first_at <= found[0].last_at && found[0].events > 0, "{:?}", found[0]);
        assert!(found[0].request_id.starts_with('r'));
    }
}

#[test]
fn what_stays_below_is_found_by_none() {
    let settled = sprayed(100, 600).into_iter().flat_map(|failed| {
        let done = Event { outcome: Outcome::Done, source: Some(source(9)), ..failed.clone() };
        [failed, done]
    });
    for (what, events) in [
        ("nine wrong answers", guesses(9, 300)),
        ("guesses too slow to matter", guesses(40, 2 * HOUR)),
        ("an office of people who mistype and then log in", settled.collect()),
        ("few accounts", sprayed(29, 600)),
        ("few unknown numbers", unknown_numbers(59, 600)),
        ("a flight of four hours", travels(&[(0, TAIYUAN), (240, SANYA)])),
        ("a flight as fast as flights are", travels(&[(0, TAIYUAN), (150, SANYA)])),
        ("a portal that fails a little", portal_failures(150, 0, HOUR)),
        ("a busy counter", looked_up(240, 8 * HOUR)),
        ("work by day", acts(50, 2 * HOUR)),
        ("a busy day of sign-ups", sign_ups(100, 900, 600)),
    ] {
        assert_eq!(replay(&events), [], "{what}");
    }
}

#[test]
fn what_lasts_is_found_again_after_a_window() {
    assert_eq!(replay(&guesses(600, HOUR)).len(), 4);
    let again = [guesses(20, 60), guesses(20, 60).into_iter().map(later).collect()].concat();
    assert_eq!(replay(&again).len(), 2, "an hour later it is another one");
}

fn later(event: Event) -> Event {
    Event { at: event.at.plus(Duration::from_hours(1)), ..event }
}

/// It is news when it begins, and none while it stays.
#[test]
fn a_portal_that_always_fails_is_found_once() {
    assert_eq!(replay(&portal_failures(3000, 0, 4 * HOUR)).len(), 1);
}

#[test]
fn a_rule_that_is_off_finds_nothing() {
    let mut settings = Settings::default();
    settings.guessing.enabled = false;
    let mut watch = Watch::new(&settings);
    assert!(guesses(50, 60).iter().all(|event| watch.observe(event).is_empty()));
}

/// After a restart the rules are told again what happened before: they then know what they knew.
#[test]
fn rules_that_begin_in_the_middle_find_what_they_would_have() {
    let events = sprayed(60, 900);
    let whole = replay(&events);
    let mut watch = Watch::new(&Settings::default());
    for event in &events[..20] {
        watch.observe(event);
    }
    let mut restarted = Watch::new(&Settings::default());
    let since = events[20].at.minus(restarted.memory());
    for event in events[..20].iter().filter(|event| event.at >= since) {
        restarted.observe(event);
    }
    let rest: Vec<_> = events[20..].iter().flat_map(|event| restarted.observe(event)).collect();
    assert_eq!(rest, whole);
}
