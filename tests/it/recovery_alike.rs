//! What a recovery tells of an account to whoever asks for one (security.md A-50, P13): nothing, in status,
//! headers, length, words or work.

use yihao::domain::account::AccountStatus;

use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::metered;
use crate::support::recovery::ask;
use crate::support::recovery::at_counter;

/// Tables in which the same is written for everybody.
const TABLES: [&str; 5] = [
    "one_time_code",
    "throttle",
    "recovery",
    "audit WHERE kind = 'one_time_code_sent'",
    "audit WHERE outcome = 'refused'",
];

/// Everything that can be compared.
type Appearance = (u16, Vec<String>, String, String);

fn appearance(page: &Page, person: &Person) -> Appearance {
    let mut names: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
    names.sort();
    let mut body = page.plain_body("");
    for name in ["pending", "phone_masked"] {
        let field = format!("name=\"{name}\" value=\"");
        if let Some(value) = page.body.split(&field).nth(1) {
            body = body.replace(value.split('"').next().unwrap(), &name.to_uppercase());
        }
    }
    for typed in [&person.name, &person.id_number, &person.phone] {
        body = body.replace(&**typed, "TYPED");
    }
    (page.status, names, page.header("content-length").to_owned(), body)
}

/// Active, nobody, locked, stopped, cancelled: names of one length, so that a page that shows them has one.
async fn people(provider: &TestProvider) -> Vec<(&'static str, Person)> {
    let states = [
        ("active", None),
        ("nobody", None),
        ("locked", Some(AccountStatus::Locked)),
        ("stopped", Some(AccountStatus::Stopped)),
        ("cancelled", Some(AccountStatus::Cancelled)),
    ];
    let mut people = Vec::new();
    for (seed, (what, status)) in (8401..).zip(states) {
        let person = Person::synthetic(seed);
        let account =
            if what == "nobody" { person.clone().without_account() } else { person.clone() };
        provider.add_person(&account).await;
        if let Some(status) = status {
            provider.set_status(&person, status).await;
        }
        people.push((what, person));
    }
    people
}

/// who asks with name, number and phone, and answers with a wrong code, learns nothing of the account.
#[test]
fn a_recovery_looks_alike_for_everybody() {
    metered(async |meter| {
        let provider = TestProvider::start(Backend::Sqlite).await;
        // From here on the address is one that is counted already.
        ask(&provider, &Browser::new(), &Person::synthetic(8_499)).await;
        let mut seen = Vec::new();
        for (what, person) in people(&provider).await {
            let (browser, hashes) = (Browser::new(), meter.hashes());
            let before = provider.rows(&TABLES).await;
            let sent = ask(&provider, &browser, &person).await;
            assert_eq!(sent.status, 200, "{what}: {}", sent.body);
            let wrong = browser.submit(&sent, &[("code", "not it")]).await;
            assert_eq!(wrong.status, 400, "{what}: {}", wrong.body);
            let over = browser.submit(&sent, &[("code", "not it")]).await;
            let after = provider.rows(&TABLES).await;
            let written: Vec<i64> =
                after.iter().zip(before).map(|(now, then)| now - then).collect();
            let pages = [&sent, &wrong, &over].map(|page| appearance(page, &person));
            seen.push((what, pages, written, meter.hashes() - hashes));
        }
        let (_, pages, written, hashes) = &seen[0];
        for other in &seen[1..] {
            assert_eq!((&other.1, &other.2, &other.3), (pages, written, hashes), "{}", other.0);
        }
        let rang = provider.messages_sent().await;
        assert_eq!(rang, 2, "of who is active and of who stopped his account himself");
    });
}

/// at the page for whoever was at a counter a wrong code is wrong, whosever number it is typed with.
#[test]
fn a_counter_recovery_looks_alike_for_everybody() {
    metered(async |meter| {
        let provider = TestProvider::start(Backend::Sqlite).await;
        // From here on the address is one that is counted already.
        ask(&provider, &Browser::new(), &Person::synthetic(8_499)).await;
        let mut seen = Vec::new();
        for (what, person) in people(&provider).await {
            let (browser, hashes) = (Browser::new(), meter.hashes());
            let before = provider.rows(&TABLES).await;
            let wrong =
                at_counter(&provider, &browser, (&person, &person.phone, "aaaaa-bbbbb")).await;
            assert_eq!(wrong.status, 400, "{what}: {}", wrong.body);
            let after = provider.rows(&TABLES).await;
            let written: Vec<i64> =
                after.iter().zip(before).map(|(now, then)| now - then).collect();
            seen.push((what, appearance(&wrong, &person), written, meter.hashes() - hashes));
        }
        let (_, page, written, hashes) = &seen[0];
        for other in &seen[1..] {
            assert_eq!((&other.1, &other.2, &other.3), (page, written, hashes), "{}", other.0);
        }
        assert_eq!(provider.messages_sent().await, 0);
    });
}
