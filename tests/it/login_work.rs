//! What a refused login costs and tells (security.md ): one password hash whoever
//! it is, none where there is nothing to compare, and never more than are counted.

use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use yihao::domain::account::AccountStatus;
use yihao::domain::audit_event::AuditRecord;
use yihao::domain::id::AccountId;

use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::login::try_password;
use crate::support::metered;

/// Everything a refused person, or an attacker, can compare.
fn appearance(page: &Page, typed: &str) -> (u16, Vec<String>, String) {
    let mut names: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (page.status, names, page.plain_body(typed))
}

/// A record with its sealed part opened.
async fn in_plain_words(provider: &TestProvider, record: &AuditRecord) -> String {
    let id = record.account_id.unwrap_or_else(AccountId::generate);
    let account = provider.provider.store.find_account(id).await.unwrap();
    let vault = &provider.provider.vault;
    let personal = vault.open_personal(account.as_ref(), &record.personal).unwrap();
    format!("{record:?} {}", String::from_utf8(personal).unwrap())
}

/// wrong, empty, locked, cancelled and unknown are one answer in status, headers and words, cost
/// one hash each, and leave one audit record that names nobody.
#[test]
fn whoever_is_refused_looks_alike() {
    metered(async |meter| {
        let provider = TestProvider::start(Backend::Sqlite).await;
        let people: Vec<Person> = (1..=4).map(Person::synthetic).collect();
        for person in &people[..3] {
            provider.add_person(person).await;
        }
        provider.set_status(&people[1], AccountStatus::Locked).await;
        provider.set_status(&people[2], AccountStatus::Cancelled).await;
        let browser = Browser::new();
        let mut seen = Vec::new();
        for (person, password) in [
            (&people[0], "not the password at all"),
            (&people[0], ""),
            (&people[1], people[1].password()),
            (&people[2], people[2].password()),
            (&people[3], people[3].password()),
        ] {
            let before = meter.hashes();

            let page = try_password(&provider, &browser, (&person.id_number, password)).await;

            assert_eq!(page.status, 400);
            assert_eq!(meter.hashes() - before, 1, "one hash whoever it is");
            assert!(provider.refusal_of(&page).await.starts_with("login "));
            let record = provider.records_of(&page).await.remove(0);
            let told = in_plain_words(&provider, &record).await;
            for secret in [&*person.id_number, &person.phone, &person.name, person.password()] {
                assert!(!told.contains(secret), "{told}");
            }
            seen.push(appearance(&page, &person.id_number));
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
        assert!(browser.cookie("yihao-session").is_none(), "nobody got a session");
    });
}

/// look-alikes of an ID number are nobody, refused with the same words before anything is looked
/// up or compared.
#[test]
fn what_is_no_identifier_costs_nothing() {
    metered(async |meter| {
        let provider = TestProvider::start(Backend::Sqlite).await;
        let person = (100..1000).map(Person::synthetic).find(|one| one.id_number.ends_with('X'));
        let person = person.unwrap();
        provider.add_person(&person).await;
        let (number, body) = (&person.id_number, &person.id_number[..17]);
        let browser = Browser::new();
        let mut seen = Vec::new();
        for spelling in [
            format!("{body}Х"),
            format!("{body}Χ"),
            format!("{body}①"),
            format!("{}٣{}", &number[..16], &number[17..]),
            format!("\u{200B}{number}"),
            format!("{number}\0"),
            format!("\u{200F}{number}"),
            format!("{body}0"),
            body.to_owned(),
            format!("{number}1"),
            "110105194913310021".to_owned(),
            "110105199002300028".to_owned(),
            "' or 1=1--".to_owned(),
            "%".to_owned(),
            "9".repeat(3000),
        ] {
            let before = meter.hashes();
            let page = try_password(&provider, &browser, (&spelling, person.password())).await;
            assert_eq!(provider.refusal_of(&page).await, "login not an identifier", "{spelling}");
            assert_eq!(meter.hashes(), before, "{spelling}");
            // As the value of its field: a `%` stands in addresses of the page, too.
            let shown = format!("value=\"{}\"", spelling.replace('\'', "&#x27;"));
            assert!(page.body.contains(&shown), "{spelling}");
            seen.push(appearance(&page, &shown));
        }
        assert!(seen.iter().all(|one| one.0 == 400 && *one == seen[0]), "{seen:?}");
    });
}

/// longer than 128 characters is refused before it is hashed; what differs only behind the 72nd
/// byte differs; a NUL ends nothing.
#[test]
fn long_passwords_are_compared_whole_or_not_at_all() {
    metered(async |meter| {
        let provider = TestProvider::start(Backend::Sqlite).await;
        let password =
            format!("{}\0and the first of two endings", "plum rain on the lake ".repeat(5));
        let password: String = password.chars().chain("!".repeat(128).chars()).take(128).collect();
        let person = Person { password: Some(password.clone()), ..Person::synthetic(6) };
        provider.add_person(&person).await;
        let (browser, typed) = (Browser::new(), &person.id_number);
        let login = async |password: &str| {
            let before = meter.hashes();
            let page = try_password(&provider, &browser, (typed, password)).await;
            (page, meter.hashes() - before)
        };

        let (other, _) = login(&password.replace("first", "other")).await;
        let (short, _) = login(password.split('\0').next().unwrap()).await;
        let (long, work) = login(&format!("{password}!")).await;

        assert_eq!((other.status, short.status, long.status), (400, 400, 400));
        assert_eq!(work, 0, "no work is done for it");
        assert_eq!(appearance(&long, typed), appearance(&other, typed));
        assert_eq!(provider.refusal_of(&long).await, "login wrong answer");
        provider.wait_seconds(31);
        log_in(&provider, &browser, &person).await;
    });
}

/// of many guesses at once at most ten are compared, because each is counted before it is.
#[test]
fn guesses_at_once_are_counted_before_they_are_compared() {
    metered(async |meter| {
        let provider = TestProvider::start(Backend::Sqlite).await;
        let person = Person::synthetic(14);
        provider.add_person(&person).await;
        let browsers: Vec<Browser> = (0..50).map(|_| Browser::new()).collect();
        let (before, guess) = (meter.hashes(), (&*person.id_number, "surely not this one"));

        let tries = browsers.iter().map(|browser| try_password(&provider, browser, guess));
        let pages = join_all(tries).await;

        assert!(pages.iter().all(|page| page.status == 400));
        assert!(meter.hashes() - before <= 10, "{}", meter.hashes() - before);
        assert!(meter.value("throttled_attempts_total") >= 40);
    });
}

/// two hundred guesses at once, split over three doors, are ten.
fn guesses_at_once_over_all_doors(backend: Backend) {
    metered(async |meter| {
        let provider = TestProvider::start(backend).await;
        let (person, inside) = (Person::synthetic(17), Browser::new());
        provider.add_person(&person).await;
        log_in(&provider, &inside, &person).await;
        let again = inside.get(&provider.url("/account/reauthenticate")).await;
        let change = inside.get(&provider.url("/account/password")).await;
        let login = inside.copy();
        let login_page = Browser::new();
        let front = login_page.get(&provider.url("/login")).await;
        let wrong = "surely not this one";
        let guess = [("identifier", &*person.id_number), ("password", wrong)];
        let current = [
            ("current_password", wrong),
            ("password", "lantern on a lake"),
            ("password_again", "lantern on a lake"),
        ];
        let password = [("password", wrong)];
        let before = meter.hashes();

        let (one, two, three) = tokio::join!(
            join_all((0..100).map(|_| login_page.submit(&front, &guess))),
            join_all((0..50).map(|_| inside.submit(&again, &password))),
            join_all((0..50).map(|_| login.submit(&change, &current))),
        );

        let all = one.iter().chain(&two).chain(&three);
        assert!(
            all.clone().all(|page| page.status == 400),
            "{:?}",
            all.map(|p| p.status).collect::<Vec<_>>()
        );
        assert!(meter.hashes() - before <= 10, "{}", meter.hashes() - before);
    });
}

#[test]
fn guesses_at_once_are_counted_over_all_doors() {
    guesses_at_once_over_all_doors(Backend::Sqlite);
}

#[test]
fn guesses_at_once_are_counted_over_all_doors_on_postgres() {
    if let Some(backend) = Backend::postgres() {
        guesses_at_once_over_all_doors(backend);
    }
}

#[tokio::test]
async fn guesses_at_once_are_counted_on_postgres_too() {
    let Some(backend) = Backend::postgres() else { return };
    let provider = TestProvider::start(backend).await;
    let person = Person::synthetic(15);
    provider.add_person(&person).await;
    let browsers: Vec<Browser> = (0..30).map(|_| Browser::new()).collect();
    let guess = (&*person.id_number, "surely not this one");

    let tries = browsers.iter().map(|browser| try_password(&provider, browser, guess));
    let pages = join_all(tries).await;

    assert!(pages.iter().all(|page| page.status == 400));
    let compared = "SELECT COUNT(*) FROM audit WHERE reason = 'wrong answer'";
    assert!(provider.count(compared).await <= 10);
}

/// The longest answer to a refresh or an introspection of some in a row.
async fn programs_go_on(party: &RelyingParty, refresh: &str) -> Duration {
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let begun = Instant::now();
        assert_eq!(party.refresh(refresh).await.status, 200);
        let known = party.call("/oauth2/introspect", &[("token", refresh)]).await;
        assert_eq!(known.json()["active"], true);
        longest = longest.max(begun.elapsed() / 2);
    }
    longest
}

/// beyond the queue a login is told to come back, in words and in `Retry-After`; who hung up does
/// not make room for more work; and everything else goes on.
#[test]
fn a_flood_of_logins_is_told_to_come_back() {
    metered(async |meter| {
        let narrow = |config: &mut yihao::config::Config| {
            config.password.workers = 1;
            config.password.queue = 2;
        };
        let provider = TestProvider::start_with(Backend::Sqlite, narrow).await;
        let person = Person::synthetic(16);
        provider.add_person(&person).await;
        let post1 = RelyingParty::new(&provider, "post1");
        let landing = post1.log_in(&Browser::new(), &person, &[]).await;
        let refresh = post1.redeem(landing.code()).await.json()["refresh_token"].clone();
        let refresh = refresh.as_str().unwrap().to_owned();
        let nobody: Vec<Person> = (200..230).map(Person::synthetic).collect();
        let browsers: Vec<Browser> = nobody.iter().map(|_| Browser::new()).collect();
        let before = meter.hashes();

        let tries = nobody.iter().zip(&browsers).map(|(person, browser)| {
            try_password(&provider, browser, (&person.id_number, "surely not this one"))
        });
        let (keys, url) = (Browser::new(), provider.url("/oauth2/jwks"));
        let (pages, jwks, meanwhile) =
            tokio::join!(join_all(tries), keys.get(&url), programs_go_on(&post1, &refresh));

        let busy: Vec<&Page> = pages.iter().filter(|page| page.status == 503).collect();
        assert!(!busy.is_empty() && pages.iter().all(|page| matches!(page.status, 400 | 503)));
        for page in &busy {
            assert!(!page.header("retry-after").is_empty());
            assert!(page.has("identifier"), "the form is there to try again");
        }
        let refused = u64::try_from(pages.len() - busy.len()).unwrap();
        assert_eq!(meter.hashes() - before, refused);
        assert_eq!(jwks.status, 200);
        assert!(meanwhile < Duration::from_secs(1), "{meanwhile:?}");
        log_in(&provider, &Browser::new(), &person).await;
    });
}
