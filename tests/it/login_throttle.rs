//! Guessing at passwords (security.md ): one count an account over all its doors and
//! spellings, one a source, and neither shuts out whoever is already in.

use yihao::domain::account::IdentifierKind;
use yihao::domain::request_context::RequestContext;
use yihao::throttle;
use yihao::throttle::Counted;

use crate::on_both;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::try_password;

const WRONG: &str = "surely not this one";

/// Fails so often in a row, waiting out every delay.
async fn fail(provider: &TestProvider, person: &Person, times: usize) {
    for _ in 0..times {
        let page = try_password(provider, &Browser::new(), (&person.id_number, WRONG)).await;
        assert_eq!(provider.refusal_of(&page).await, "login wrong answer");
        provider.wait_seconds(31);
    }
}

/// The status of a login with the right password in a new browser.
async fn right(provider: &TestProvider, person: &Person) -> u16 {
    let identity = (&*person.id_number, person.password());
    try_password(provider, &Browser::new(), identity).await.status
}

on_both!(success_makes_the_count_begin_anew, |provider| {
    let person = Person::synthetic(12);
    provider.add_person(&person).await;
    fail(&provider, &person, 9).await;
    assert_eq!(right(&provider, &person).await, 303);

    fail(&provider, &person, 9).await;

    assert_eq!(right(&provider, &person).await, 303, "nine are not ten");
});

on_both!(
    /// ten failures in a quarter of an hour rest the account for a quarter, over every spelling
    /// and door, for the right password too, with the same words; it recovers by itself.
    ten_failures_rest_the_account_over_all_doors,
    |provider| {
        let person = Person::synthetic(13);
        provider.add_person(&person).await;
        let (inside, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let landing = web1.log_in(&inside, &person, &[]).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let lower = person.id_number.to_lowercase();
        fail(&provider, &person, 4).await;
        for identifier in [&person.phone, &lower, &person.phone] {
            try_password(&provider, &Browser::new(), (identifier, WRONG)).await;
            provider.wait_seconds(31);
        }
        let again = provider.url("/account/reauthenticate");
        let change = provider.url("/account/password");
        let current = [("current_password", WRONG), ("password", "x"), ("password_again", "x")];
        for (door, fields) in [(&again, &[("password", WRONG)][..]), (&change, &current[..])] {
            let page = inside.get(door).await;
            assert_eq!(inside.submit(&page, fields).await.status, 400);
            provider.wait_seconds(31);
        }
        let typed = &person.id_number;
        let tenth = try_password(&provider, &Browser::new(), (typed, WRONG)).await;
        provider.wait_seconds(31);

        let page = try_password(&provider, &Browser::new(), (typed, person.password())).await;
        assert_eq!(page.plain_body(typed), tenth.plain_body(typed), "the same words");
        assert_eq!(provider.refusal_of(&page).await, "login too many attempts");
        let page = inside.get(&again).await;
        let page = inside.submit(&page, &[("password", person.password())]).await;
        assert_eq!(page.status, 400, "the door inside is the same door");
        assert_eq!(provider.refusal_of(&page).await, "step_up too many attempts");
        assert!(is_logged_in(&provider, &inside).await, "an open session goes on");
        let refreshed = web1.refresh(tokens["refresh_token"].as_str().unwrap()).await;
        assert_eq!(refreshed.status, 200, "{}", refreshed.body);

        provider.wait_seconds(13 * 60);
        assert_eq!(right(&provider, &person).await, 400);
        provider.wait_seconds(2 * 60);
        assert_eq!(right(&provider, &person).await, 303, "it recovers by itself");
    }
);

/// Failures from the tests' own address; at the front door a hundred hashes would take long.
async fn tire_source(provider: &TestProvider, times: u32) {
    let context = RequestContext { source: [127, 0, 0, 1].into(), ..RequestContext::internal("x") };
    for _ in 0..times {
        let nobody = uuid::Uuid::new_v4().to_string();
        let counted = provider.provider.vault.index(IdentifierKind::Phone, &nobody);
        let admitted = throttle::admit(&provider.provider, &context, Counted::Nobody(counted));
        assert!(admitted.await.is_ok());
    }
}

/// Whether a login is refused within the two seconds that the source has to wait; on a slow machine it
/// is tried again, since a login that came later says nothing.
async fn is_slowed_down(provider: &TestProvider, person: &Person, forwarded: &str) -> bool {
    for _ in 0..20 {
        provider.wait_seconds(3);
        tire_source(provider, 1).await;
        let begun = std::time::Instant::now();
        let told = via(provider, person, forwarded).await;
        if begun.elapsed() < std::time::Duration::from_secs(2) {
            return told == "login too many attempts";
        }
    }
    panic!("no login within two seconds");
}

/// Logs in with a header of its own; gives what the audit says, or "in".
async fn via(provider: &TestProvider, person: &Person, forwarded: &str) -> String {
    let browser = Browser::new();
    let csrf = browser.get(&provider.url("/login")).await.csrf();
    let fields = [
        ("csrf", &*csrf),
        ("method", "password"),
        ("identifier", &person.id_number),
        ("password", person.password()),
    ];
    let headers = [("x-forwarded-for", forwarded), ("forwarded", forwarded)];
    let page = browser.post_with(&provider.url("/login"), &headers, &fields).await;
    if page.status == 303 { "in".to_owned() } else { provider.refusal_of(&page).await }
}

on_both!(
    /// beyond a hundred failures a source is slowed down, not shut out, and a header that an
    /// untrusted peer writes changes nothing.
    a_source_that_failed_a_hundred_times_is_slowed_down,
    |provider| {
        let (person, inside) = (Person::synthetic(17), Person::synthetic(18));
        provider.add_person(&person).await;
        provider.add_person(&inside).await;
        let open = Browser::new();
        log_in(&provider, &open, &inside).await;
        tire_source(&provider, 100).await;

        let many = "203.0.113.7, ".repeat(400);
        for forwarded in ["", "203.0.113.7", "a", "_hidden", "1.1.1.1, 2.2.2.2", "db.test", &many] {
            assert!(is_slowed_down(&provider, &person, forwarded).await, "{forwarded:.40}");
        }
        assert!(is_logged_in(&provider, &open).await, "an open session behind it goes on");
        provider.wait_seconds(3);
        assert_eq!(via(&provider, &person, "").await, "in", "slowed down is not shut out");
    }
);

/// behind a proxy of ours its header counts, up to the first word that is no address.
#[tokio::test]
async fn a_trusted_proxy_tells_the_source() {
    let trust = |config: &mut yihao::config::Config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    };
    let provider = TestProvider::start_with(Backend::Sqlite, trust).await;
    let person = Person::synthetic(20);
    provider.add_person(&person).await;
    tire_source(&provider, 100).await;

    for forwarded in ["a", "203.0.113.7, a", "_hidden", "db.example.test"] {
        assert!(is_slowed_down(&provider, &person, forwarded).await, "{forwarded}");
    }
    assert_eq!(via(&provider, &person, "203.0.113.7").await, "in");
    assert_eq!(via(&provider, &person, "10.0.0.1, 2001:db8::7").await, "in");
}

/// one IPv6 network of 64 bits is one source.
#[test]
fn addresses_of_one_ipv6_network_are_one_source() {
    let network = |address: &str| {
        let source = address.parse().unwrap();
        RequestContext { source, ..RequestContext::internal("x") }.source_network()
    };
    assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
    assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    assert_eq!(network("::ffff:203.0.113.7"), network("203.0.113.7"));
}
