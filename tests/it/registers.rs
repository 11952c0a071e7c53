//! The population register behind the province's data-sharing platform (design D11; security.md A-50, F10,
//! F29): the platform is `yihao mock-province`, a process of its own that checks every line of the contract.

use std::time::Duration;
use std::time::Instant;

use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::sign_up_form;
use crate::support::province::Province;
use crate::support::province::SECRET;

async fn sign_up(provider: &TestProvider, person: &Person) -> Page {
    let browser = Browser::new();
    let page = browser.get(&provider.url("/signup")).await;
    browser.submit(&page, &sign_up_form(person, "lantern over the lake")).await
}

/// It was told to come back, and nothing is different from before.
async fn assert_away(provider: &TestProvider, page: &Page, why: &str) {
    assert_eq!(page.status, 503, "{why}: {}", page.body);
    assert!(!page.header("retry-after").is_empty(), "{why}");
    assert!(provider.messages().await.is_empty(), "{why}: no code was sent");
}

async fn confirms_and_denies(backend: Backend) {
    let (known, stranger) = (Person::synthetic(50), Person::synthetic(51));
    let province = Province::start(&[&known]);
    let provider = province.provider(backend, SECRET).await;
    let denied = sign_up(&provider, &stranger).await;
    assert_eq!(denied.status, 400, "{}", denied.body);
    let misnamed = Person { name: stranger.name.clone(), ..known.clone() };
    assert_eq!(sign_up(&provider, &misnamed).await.status, 400);
    assert!(provider.messages().await.is_empty());
    let confirmed = sign_up(&provider, &known).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    assert!(!provider.code_sent_to(&known.phone).await.is_empty());
}

#[tokio::test]
async fn the_platform_decides_who_signs_up_on_sqlite() {
    Box::pin(confirms_and_denies(Backend::Sqlite)).await;
}

#[tokio::test]
async fn the_platform_decides_who_signs_up_on_postgres() {
    if let Some(backend) = Backend::postgres() {
        Box::pin(confirms_and_denies(backend)).await;
    }
}

/// F29: down, forged, unsigned, of an earlier question, senseless, refusing: no answer is made up, and the next moment it works again.
#[tokio::test]
async fn what_is_no_answer_decides_nothing() {
    let person = Person::synthetic(50);
    let province = Province::start(&[&person]);
    let provider = province.provider(Backend::Sqlite, SECRET).await;
    for fault in ["down", "forged", "unsigned", "replayed", "garbage", "refusing"] {
        province.fail(fault).await;
        assert_away(&provider, &sign_up(&provider, &person).await, fault).await;
    }
    let refused = provider.audit(20).await;
    assert!(!refused.iter().any(|line| line.starts_with("sign_up refused")), "{refused:?}");
    province.fail("none").await;
    assert_eq!(sign_up(&provider, &person).await.status, 200);
}

/// A secret that is not the platform's confirms nobody.
#[tokio::test]
async fn a_wrong_secret_confirms_nobody() {
    let person = Person::synthetic(50);
    let province = Province::start(&[&person]);
    let provider = province.provider(Backend::Sqlite, "a secret of our own alone").await;
    assert_away(&provider, &sign_up(&provider, &person).await, "wrong secret").await;
}

/// F10: who waits for a slow platform waits no longer than one call takes.
#[tokio::test]
async fn a_slow_platform_is_given_up() {
    let person = Person::synthetic(50);
    let province = Province::start(&[&person]);
    let provider = province.provider(Backend::Sqlite, SECRET).await;
    province.fail("slow").await;
    let begin = Instant::now();
    assert_away(&provider, &sign_up(&provider, &person).await, "slow").await;
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}

/// F29: who keeps failing is left alone for a while; then one question decides for all.
#[tokio::test]
async fn a_platform_that_is_gone_is_left_alone_and_found_again() {
    let people: Vec<Person> = (50..60).map(Person::synthetic).collect();
    let mut province = Province::start(&people.iter().collect::<Vec<_>>());
    let provider = province.provider(Backend::Sqlite, SECRET).await;
    province.stop();
    for person in &people[..5] {
        assert_away(&provider, &sign_up(&provider, person).await, "gone").await;
    }
    province.start_again();
    assert_away(&provider, &sign_up(&provider, &people[5]).await, "left alone").await;
    provider.clock.advance(31_000);
    for person in &people[6..8] {
        assert_eq!(sign_up(&provider, person).await.status, 200);
    }
}
