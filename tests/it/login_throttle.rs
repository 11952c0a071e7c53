//! Guessing at passwords (security.md ): one count an account over all its doors and
//! spellings, one a source, and neither shuts out whoever is already in.

use yihao::domain::account::IdentifierKind;
use yihao::domain::request_context::RequestContext;
use yihao::throttle;
use yihao::throttle::Counted;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::answer;
use crate::support::login::ask_for_code;
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
        // A number that ends in X has more spellings than others.
        let person = Person::synthetic(11);
        assert!(person.id_number.ends_with('X'));
        provider.add_person(&person).await;
        let (raised, second) = second_password_page(&provider, &person).await;
        let phone = Browser::new();
        let sms = ask_for_code(&provider, &phone, &person.phone).await;
        let (inside, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let landing = web1.log_in(&inside, &person, &[]).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let lower = person.id_number.to_lowercase();
        let wide: String = lower.chars().map(wide).collect();
        fail(&provider, &person, 2).await;
        for identifier in [&person.phone, &lower, &wide] {
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
        assert_eq!(raised.submit(&second, &[("password", WRONG)]).await.status, 400);
        provider.wait_seconds(31);
        assert_eq!(answer(&phone, &sms, "not it").await.status, 400);
        provider.wait_seconds(31);
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

on_both!(
    /// the owner is told when the account rests, once and on the phone of the account, and nobody is told
    /// of guesses at a number nobody has.
    the_owner_is_told_that_the_account_rests,
    |provider| {
        let (person, nobody) = (Person::synthetic(13), Person::synthetic(14));
        provider.add_person(&person).await;
        let told = async |phone: &str| {
            let last = provider.last_message_to(phone).await;
            last.is_some_and(|message| message.text.contains("暂停登录"))
        };
        fail(&provider, &person, 9).await;
        assert!(!told(&person.phone).await, "nine are not ten");
        fail(&provider, &person, 1).await;
        assert!(told(&person.phone).await);
        for _ in 0..12 {
            try_password(&provider, &Browser::new(), (&person.phone, WRONG)).await;
            try_password(&provider, &Browser::new(), (&nobody.id_number, WRONG)).await;
            provider.wait_seconds(31);
        }
        assert_eq!(provider.messages_sent().await, 1);
    }
);

fn wide(letter: char) -> char {
    char::from_u32(u32::from(letter) + 0xFEE0).unwrap()
}

/// The page that asks somebody for the password as the second factor, in a browser of its own.
async fn second_password_page(provider: &TestProvider, person: &Person) -> (Browser, Page) {
    let (browser, web1) = (Browser::new(), RelyingParty::new(provider, "web1"));
    let page = ask_for_code(provider, &browser, &person.phone).await;
    let code = provider.code_of_message(1).await;
    assert_eq!(answer(&browser, &page, &code).await.status, 303);
    let two = [("acr_values", "urn:yihao:acr:2")];
    let page = browser.follow(browser.get(&web1.authorize(&two)).await).await;
    assert_eq!((page.url.path(), &*page.form().fields["method"]), ("/login/second", "password"));
    (browser, page)
}

/// Failures from this address; at the front door a hundred hashes would take long.
async fn tire_source(provider: &TestProvider, source: &str, times: u32) {
    let source = source.parse().unwrap();
    let context = RequestContext { source, ..RequestContext::internal("x") };
    for _ in 0..times {
        let nobody = uuid::Uuid::new_v4().to_string();
        let counted = provider.provider.vault.index(IdentifierKind::Phone, &nobody);
        let admitted =
            throttle::admit(&provider.provider, &context, Counted::Nobody(counted), false);
        assert!(admitted.await.is_ok());
    }
}

/// Whether a login is refused within the two seconds that the source has to wait; on a slow machine it
/// is tried again, since a login that came later says nothing.
async fn is_slowed_down(
    provider: &TestProvider,
    person: &Person,
    (source, headers): (&str, &[(&'static str, &str)]),
) -> bool {
    for _ in 0..20 {
        provider.wait_seconds(3);
        tire_source(provider, source, 1).await;
        let begun = std::time::Instant::now();
        let told = via(provider, person, headers).await;
        if begun.elapsed() < std::time::Duration::from_secs(2) {
            return told == "login too many attempts";
        }
    }
    panic!("no login within two seconds");
}

/// Logs in with headers of its own; gives what the audit says, or "in".
async fn via(provider: &TestProvider, person: &Person, headers: &[(&'static str, &str)]) -> String {
    let browser = Browser::new();
    let csrf = browser.get(&provider.url("/login")).await.csrf();
    let fields = [
        ("csrf", &*csrf),
        ("method", "password"),
        ("identifier", &person.id_number),
        ("password", person.password()),
    ];
    let page = browser.post_with(&provider.url("/login"), headers, &fields).await;
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
        tire_source(&provider, "127.0.0.1", 100).await;

        let many = ["1.2.3.4"; 1000].join(", ");
        for forwarded in ["", "203.0.113.7", "a", "_hidden", "1.1.1.1, 2.2.2.2", "db.test", &many] {
            let headers = ["x-forwarded-for", "forwarded", "x_forwarded_for", "x-real-ip"];
            let headers = headers.map(|name| (name, forwarded));
            let headers = if forwarded.len() > 5000 { &headers[..1] } else { &headers };
            let slow = is_slowed_down(&provider, &person, ("127.0.0.1", headers)).await;
            assert!(slow, "{forwarded:.40}");
        }
        assert!(is_logged_in(&provider, &open).await, "an open session behind it goes on");
        provider.wait_seconds(3);
        assert_eq!(via(&provider, &person, &[]).await, "in", "slowed down is not shut out");
    }
);

on_both_backends!(
    /// behind a proxy of ours its header counts, up to the first word that is no address.
    a_trusted_proxy_tells_the_source,
    |backend| {
        let trust = |config: &mut yihao::config::Config| {
            config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        };
        let provider = TestProvider::start_with(backend, trust).await;
        let person = Person::synthetic(20);
        provider.add_person(&person).await;
        let (own, header) = ("127.0.0.1", "x-forwarded-for");
        tire_source(&provider, own, 100).await;

        let broken = format!("{}a", "203.0.113.7, ".repeat(1000));
        for (name, forwarded) in [
            (header, "a"),
            (header, "203.0.113.7, a"),
            (header, "_hidden"),
            (header, "db.example.test"),
            (header, &*broken),
            ("x_forwarded_for", "203.0.113.7"),
        ] {
            let headers = [(name, forwarded)];
            assert!(is_slowed_down(&provider, &person, (own, &headers)).await, "{forwarded:.40}");
        }
        let many = ["203.0.113.7"; 1000].join(", ");
        for good in ["203.0.113.7", "10.0.0.1, 2001:db8::7", &many] {
            assert_eq!(via(&provider, &person, &[(header, good)]).await, "in", "{good:.40}");
        }

        // Two addresses of one network are one source; the next network is another.
        let (one, two) = ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9");
        tire_source(&provider, one, 100).await;
        assert!(is_slowed_down(&provider, &person, (one, &[(header, two)])).await);
        assert_eq!(via(&provider, &person, &[(header, "2001:db8:1:3::1")]).await, "in");
    }
);

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

on_both!(
    /// many people who do not exist, from one address: near the hundredth it gets slow at the front
    /// door, and whoever is inside goes on.
    many_unknown_people_slow_their_address_down,
    |provider| {
        let (inside, open) = (Person::synthetic(19), Browser::new());
        provider.add_person(&inside).await;
        log_in(&provider, &open, &inside).await;
        tire_source(&provider, "127.0.0.1", 90).await;
        let mut first = None;
        for number in 90..130 {
            let nobody = Person::synthetic(5_000 + number).id_number;
            let page = try_password(&provider, &Browser::new(), (&nobody, WRONG)).await;
            assert_eq!(page.status, 400);
            if provider.refusal_of(&page).await == "login too many attempts" {
                first = first.or(Some(number));
            }
        }
        assert!(first.is_some_and(|first| (95..=115).contains(&first)), "{first:?}");
        assert!(is_logged_in(&provider, &open).await);
    }
);

on_both!(
    /// a browser the account knows does not wait for strangers at its address; one that was forgotten does,
    /// whatever its cookie says, and so does a thief with a cookie of somebody else.
    a_forgotten_browser_waits_like_a_stranger,
    |provider| {
        let (person, other) = (Person::synthetic(21), Person::synthetic(22));
        provider.add_person(&person).await;
        provider.add_person(&other).await;
        let (browser, theirs) = (Browser::new(), Browser::new());
        log_in(&provider, &browser, &person).await;
        log_in(&provider, &theirs, &other).await;
        let known = |of: &Browser| of.cookie("yihao-known").expect("a cookie");
        let cookies = [known(&browser), known(&theirs)];
        tire_source(&provider, "127.0.0.1", 100).await;
        let attempt = async |cookie: &str| {
            let fresh = Browser::new();
            fresh.set_cookie("yihao-known", cookie);
            tire_source(&provider, "127.0.0.1", 1).await;
            let page =
                try_password(&provider, &fresh, (&person.id_number, person.password())).await;
            if page.status == 303 { "in".to_owned() } else { provider.refusal_of(&page).await }
        };
        provider.wait_seconds(3);
        assert_eq!(attempt(&cookies[0]).await, "in");
        provider.wait_seconds(3);
        assert_eq!(attempt(&cookies[1]).await, "login too many attempts");
        let page = browser.get(&provider.url("/account/sessions")).await;
        let done = browser.press(&page, "id=\"forget-all\"", &[("forget", "all")]).await;
        assert_eq!(done.status, 303);

        provider.wait_seconds(3);

        assert_eq!(attempt(&cookies[0]).await, "login too many attempts");
    }
);
