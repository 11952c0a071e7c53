//! Logging in with a password (security.md ): who is refused learns nothing from it.

use yihao::crypto::password::PasswordHasher;
use yihao::crypto::password::Profile;
use yihao::domain::account::AccountStatus;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::request_context::RequestContext;

use crate::on_both;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::metered;

/// A person whose ID number ends with X.
fn person_with_x() -> Person {
    let mut people = (100..).map(Person::synthetic);
    people.find(|person| person.id_number.ends_with('X')).unwrap()
}

/// Everything a refused person, or an attacker, can compare.
fn appearance(page: &Page, typed: &str) -> (u16, Vec<String>, String) {
    let mut names: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (page.status, names, page.plain_body(typed))
}

async fn set_status(provider: &TestProvider, person: &Person, status: AccountStatus) {
    let account = provider.account(person).await;
    let context = RequestContext::internal("test");
    let record = yihao::audit::done(AuditKind::AccountLocked).account(&account);
    let record = record.record(&provider.provider, &context);
    let (store, now) = (&provider.provider.store, provider.clock.now());
    assert!(store.set_account_status(account.id, status, record, now).await.unwrap());
}

on_both!(the_right_password_opens_the_account, |provider| {
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    let browser = Browser::new();

    let page = browser.log_in(&provider, &person).await;

    assert_eq!(page.url.path(), "/account");
    assert_eq!(page.status, 200);
    assert!(!page.body.contains(&person.id_number), "the number stands there masked");
    let done = "SELECT COUNT(*) FROM audit WHERE kind = 'login' AND outcome = 'done'";
    assert_eq!(provider.count(done).await, 1);
});

/// wrong, unknown, empty, locked and cancelled are one answer: status, headers, words, and
/// one password hash each; each leaves one audit record that names nobody.
#[test]
fn whoever_is_refused_looks_alike() {
    metered(async |meter| {
        let provider = TestProvider::start(Backend::Sqlite).await;
        let people: Vec<Person> = (1..=4).map(Person::synthetic).collect();
        for person in &people[..3] {
            provider.add_person(person).await;
        }
        set_status(&provider, &people[1], AccountStatus::Locked).await;
        set_status(&provider, &people[2], AccountStatus::Cancelled).await;
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

            let page = browser.try_password(&provider, &person.id_number, password).await;

            assert_eq!(page.status, 400);
            assert_eq!(meter.hashes() - before, 1, "one hash whoever it is");
            assert!(provider.refusal_of(&page).await.starts_with("login "));
            let records = provider.records_of(&page).await;
            let account = provider.provider.store.find_account(
                records[0].account_id.unwrap_or(yihao::domain::id::AccountId::generate()),
            );
            let account = account.await.unwrap();
            let personal =
                provider.provider.vault.open_personal(account.as_ref(), &records[0].personal);
            let told = format!("{:?}{}", records[0], String::from_utf8(personal.unwrap()).unwrap());
            assert!(!told.contains(&person.id_number) && !told.contains(&person.phone));
            seen.push(appearance(&page, &person.id_number));
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
        assert!(browser.cookie("yihao-session").is_none(), "nobody got a session");
    });
}

/// every spelling people type is the same person, and look-alikes are nobody, refused with the
/// same words before anything is looked up.
#[test]
fn an_id_number_is_the_same_in_every_spelling() {
    metered(async |meter| {
        let provider = TestProvider::start(Backend::Sqlite).await;
        let person = person_with_x();
        provider.add_person(&person).await;
        let (number, body) = (&person.id_number, &person.id_number[..17]);
        let wide: String =
            number.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
        for spelling in [
            format!("{body}x"),
            format!("{body}Ｘ"),
            format!("{body}ｘ"),
            format!("{body}Ⅹ"),
            format!("  {number}\t"),
            format!("\u{3000}{number}\u{3000}"),
            wide,
        ] {
            let browser = Browser::new();
            let page = browser.try_password(&provider, &spelling, person.password()).await;
            assert_eq!(page.status, 303, "{spelling}");
        }

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
        ] {
            let before = meter.hashes();
            let page = browser.try_password(&provider, &spelling, person.password()).await;
            assert_eq!(provider.refusal_of(&page).await, "login not an identifier", "{spelling}");
            assert_eq!(meter.hashes(), before, "nothing was looked up or compared");
            seen.push(appearance(&page, &spelling));
        }
        assert!(seen.iter().all(|one| *one == seen[0] && one.0 == 400), "{seen:?}");
    });
}

on_both!(a_phone_finds_the_account_in_every_spelling, |provider| {
    let person = Person::synthetic(5);
    provider.add_person(&person).await;
    let national = person.phone.trim_start_matches("+86").to_owned();
    for spelling in [
        national.clone(),
        format!("+86{national}"),
        format!("+86 {} {} {}", &national[..3], &national[3..7], &national[7..]),
        format!("0086{national}"),
        format!("86{national}"),
        format!("{}-{}-{}", &national[..3], &national[3..7], &national[7..]),
    ] {
        let browser = Browser::new();
        let page = browser.try_password(&provider, &spelling, person.password()).await;
        assert_eq!(page.status, 303, "{spelling}");
    }
});

/// longer than 128 characters is refused before it is hashed, and what differs only behind the
/// 72nd byte differs.
#[test]
fn long_passwords_are_compared_whole_or_not_at_all() {
    metered(async |meter| {
        let provider = TestProvider::start(Backend::Sqlite).await;
        let beginning = "plum rain over the lake ".repeat(4);
        let password = format!("{beginning}, the first one, and 128 characters");
        let password: String = password.chars().take(128).collect();
        let person = Person { password: Some(password.clone()), ..Person::synthetic(6) };
        provider.add_person(&person).await;
        let browser = Browser::new();

        let other = browser
            .try_password(&provider, &person.id_number, &password.replace("first", "other"))
            .await;
        let before = meter.hashes();
        let long = format!("{password}!");
        let long: String = long.chars().chain("!".repeat(129).chars()).take(129).collect();
        let too_long = browser.try_password(&provider, &person.id_number, &long).await;

        assert_eq!(meter.hashes(), before, "no work is done for it");
        let typed = &person.id_number;
        assert_eq!(appearance(&too_long, typed), appearance(&other, typed));
        assert_eq!(provider.refusal_of(&too_long).await, "login wrong answer");
        assert_eq!(browser.log_in(&provider, &person).await.status, 200, "128 are accepted whole");
    });
}

/// both spellings of an accent are one password; blanks, emoji and NUL count.
#[tokio::test]
async fn a_password_is_what_the_person_typed() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let composed = " caf\u{e9} 🏮 au\0lait ";
    let person = Person { password: Some(composed.to_owned()), ..Person::synthetic(7) };
    provider.add_person(&person).await;
    let answer = async |password: &str| {
        Browser::new().try_password(&provider, &person.id_number, password).await.status
    };

    assert_eq!(answer(" cafe\u{301} 🏮 au\0lait ").await, 303);
    assert_eq!(answer("caf\u{e9} 🏮 au\0lait").await, 400, "blanks count");
    assert_eq!(answer(" caf\u{e9} 🏮 au").await, 400, "nothing ends at a NUL");
    assert_eq!(answer(composed).await, 303);
}

on_both!(a_hash_of_an_older_profile_is_replaced_when_the_password_is_known, |provider| {
    let person = Person::synthetic(8);
    provider.add_person(&person).await;
    let (store, vault) = (&provider.provider.store, &provider.provider.vault);
    let account = provider.account(&person).await;
    let old = PasswordHasher::new(Profile::GM, &vault.pepper[..]).unwrap();
    let old = old.hash(person.password().as_bytes());
    let today = account.password_hash.clone().unwrap();
    store.replace_password_hash(account.id, today.clone(), old.clone()).await.unwrap();
    let browser = Browser::new();

    let wrong = browser.try_password(&provider, &person.id_number, "not this one").await;
    let after_wrong = provider.account(&person).await.password_hash.unwrap();
    let right = browser.log_in(&provider, &person).await;

    assert_eq!((wrong.status, right.status), (400, 200));
    assert_eq!(after_wrong, old, "a wrong password changes nothing");
    let account = provider.account(&person).await;
    let now = account.password_hash.unwrap();
    let profile = |hash: &str| hash.split('$').nth(1).unwrap().to_owned();
    assert_eq!(profile(&now), profile(&today));
    assert_ne!(profile(&now), profile(&old));
    assert_eq!(account.credential_epoch, 0, "the password is the same");
    assert_eq!(Browser::new().log_in(&provider, &person).await.status, 200);
});

/// a login page that was sent with nothing, or with a method nobody offers, goes nowhere.
#[tokio::test]
async fn an_empty_form_logs_nobody_in() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(9);
    provider.add_person(&person).await;
    let browser = Browser::new();
    let page = browser.get(&provider.url("/login")).await;

    let empty = browser.submit(&page, &[]).await;
    let totp = browser.submit(&page, &[("method", "totp"), ("code", "123456")]).await;
    let unknown = browser.submit(&page, &[("method", "none")]).await;

    assert_eq!([empty.status, totp.status, unknown.status], [400, 400, 400]);
    assert!(!browser.is_signed_in(&provider).await);
}
