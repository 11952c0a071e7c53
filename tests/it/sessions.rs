//! Sessions and their cookies (ASVS 7; security.md ).

use http::HeaderValue;

use crate::on_both;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;

const COOKIE: &str = "yihao-session";
const MINUTE: i64 = 60_000;

async fn person(provider: &TestProvider) -> Person {
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    person
}

on_both!(
    /// the cookie changes whenever more was proven; the one before is worth nothing.
    the_cookie_changes_at_every_rise,
    |provider| {
        let person = person(&provider).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        browser.set_cookie(COOKIE, "AAAAAAAAAAAAAAAAAAAAAA");
        log_in(&provider, &browser, &person).await;
        let first = browser.cookie(COOKIE).unwrap();
        assert_ne!(first, "AAAAAAAAAAAAAAAAAAAAAA", "a planted id is not taken over");
        let thief = browser.copy();

        let page = browser.get(&web1.authorize(&[("acr_values", "urn:yihao:acr:2")])).await;
        let page = browser.follow(page).await;
        let page = browser.submit(&page, &[("step", "send")]).await;
        let code = provider.code_sent_to(&person.phone).await;
        browser.submit(&page, &[("step", "verify"), ("code", &code)]).await;

        assert_ne!(browser.cookie(COOKIE).unwrap(), first);
        assert!(is_logged_in(&provider, &browser).await);
        assert!(!is_logged_in(&provider, &thief).await);
    }
);

on_both!(a_login_ends_the_session_the_browser_had, |provider| {
    let person = person(&provider).await;
    let browser = Browser::new();
    log_in(&provider, &browser, &person).await;
    let before = browser.copy();
    let web1 = RelyingParty::new(&provider, "web1");
    web1.log_in(&browser, &person, &[("prompt", "login")]).await;
    assert!(is_logged_in(&provider, &browser).await);
    assert!(!is_logged_in(&provider, &before).await);
});

on_both!(
    /// twice, malformed, huge or somebody else's: no session, and no fault.
    a_tossed_or_broken_cookie_is_no_session,
    |provider| {
        let person = person(&provider).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let good = browser.cookie(COOKIE).unwrap();
        let account = provider.url("/account");
        let with = |line: String| {
            let account = account.clone();
            async move { Browser::new().get_with(&account, &[("cookie", &line)]).await.status }
        };
        assert_eq!(with(format!("{COOKIE}={good}")).await, 200);
        let flipped: String = good.chars().rev().collect();
        let first = if good.starts_with('A') { 'B' } else { 'A' };
        let bit = format!("{first}{}", &good[1..]);
        let account_id = provider.account(&person).await.id;
        let lifetime = provider.provider.config.session_lifetime();
        let (store, now) = (&provider.provider.store, provider.clock.now());
        let row = store.list_sessions(account_id, lifetime, now).await.unwrap()[0].id;
        for line in [
            format!("{COOKIE}={good}; {COOKIE}=AAAAAAAAAAAAAAAAAAAAAA"),
            format!("{COOKIE}=AAAAAAAAAAAAAAAAAAAAAA; {COOKIE}={good}"),
            format!("{COOKIE}={good}; {COOKIE}={good}"),
            format!("{COOKIE}={}", &good[..10]),
            format!("{COOKIE}={flipped}"),
            format!("{COOKIE}={bit}"),
            format!("{COOKIE}={row}"),
            format!("{COOKIE}={good}\u{e9}"),
            format!("{COOKIE}={}", "A".repeat(8000)),
            format!("{COOKIE}="),
        ] {
            assert_eq!(with(line.clone()).await, 303, "{line}");
        }
        let many: Vec<String> = (0..200).map(|n| format!("c{n}=1")).collect();
        assert_eq!(with(format!("{}; {COOKIE}={good}", many.join("; "))).await, 200);
        let bytes = HeaderValue::from_bytes(b"yihao-session=\xff").unwrap();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let request = http.build().unwrap().get(&account).header("cookie", bytes);
        assert_eq!(request.send().await.unwrap().status(), 303);
    }
);

on_both!(
    /// half an hour without use, twelve hours with it.
    sessions_end_by_themselves,
    |provider| {
        let person = person(&provider).await;
        let idle = Browser::new();
        log_in(&provider, &idle, &person).await;
        provider.clock.advance(29 * MINUTE);
        assert!(is_logged_in(&provider, &idle).await, "used in time");
        provider.clock.advance(31 * MINUTE);
        assert!(!is_logged_in(&provider, &idle).await, "idle");
        let untouched = Browser::new();
        log_in(&provider, &untouched, &person).await;
        provider.clock.advance(31 * MINUTE);
        assert!(!is_logged_in(&provider, &untouched).await, "idle from the first minute on");

        let busy = Browser::new();
        log_in(&provider, &busy, &person).await;
        for _ in 0..28 {
            provider.clock.advance(25 * MINUTE);
            assert!(is_logged_in(&provider, &busy).await);
        }
        provider.clock.advance(25 * MINUTE);
        assert!(!is_logged_in(&provider, &busy).await, "twelve hours are over");
    }
);

on_both!(
    /// what was in flight across a logout brings nothing back.
    requests_in_flight_do_not_revive_a_session,
    |provider| {
        let person = person(&provider).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let page = browser.get(&provider.url("/oauth2/logout")).await;
        let copies: Vec<Browser> = (0..20).map(|_| browser.copy()).collect();
        let flight = copies.iter().map(|copy| is_logged_in(&provider, copy));
        let (_, out) =
            tokio::join!(futures_util::future::join_all(flight), browser.submit(&page, &[]));
        assert_eq!(out.status, 200);
        for copy in &copies {
            assert!(!is_logged_in(&provider, copy).await);
        }
        assert_eq!(browser.cookie(COOKIE), None, "the browser forgot it");
    }
);

on_both!(
    /// only one's own sessions can be ended.
    anothers_session_id_ends_nothing,
    |provider| {
        let (one, other) = (person(&provider).await, Person::synthetic(2));
        provider.add_person(&other).await;
        let (mine, theirs) = (Browser::new(), Browser::new());
        log_in(&provider, &mine, &one).await;
        log_in(&provider, &theirs, &other).await;
        let account = provider.account(&other).await;
        let lifetime = provider.provider.config.session_lifetime();
        let now = provider.clock.now();
        let store = &provider.provider.store;
        let sessions = store.list_sessions(account.id, lifetime, now).await.unwrap();
        let page = mine.get(&provider.url("/account/sessions")).await;
        let csrf = page.form().fields["csrf"].clone();
        let id = sessions[0].id.to_string();
        let fields = [("csrf", &*csrf), ("end", &*id)];
        mine.post(&provider.url("/account/sessions"), &fields).await;
        assert!(is_logged_in(&provider, &theirs).await);
        mine.post(&provider.url("/account/sessions"), &[("csrf", &csrf), ("end", "all")]).await;
        assert!(!is_logged_in(&provider, &mine).await);
        assert!(is_logged_in(&provider, &theirs).await);
    }
);

on_both!(
    /// D5: a flow belongs to the browser that began it, for an hour, unchanged.
    a_flow_is_bound_to_its_browser,
    |provider| {
        let person = person(&provider).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let login = browser.get(&web1.authorize(&[])).await.location().unwrap();
        let tampered = login.as_str().replace("tx=A", "tx=B");
        for (who, url) in [(Browser::new(), login.as_str()), (browser.copy(), &*tampered)] {
            let page = who.get(url).await;
            assert_eq!(page.status, 400);
            assert!(!page.has("password"), "start again");
        }
        let page = browser.get(login.as_str()).await;
        provider.clock.advance(61 * MINUTE);
        let fields = [("identifier", &*person.id_number), ("password", person.password())];
        assert_eq!(browser.submit(&page, &fields).await.status, 400, "an hour is over");
    }
);

#[tokio::test]
async fn cookies_of_a_real_issuer_are_locked_to_it() {
    let provider = TestProvider::start_with(Backend::Sqlite, |config| {
        config.issuer = "https://id.example.test".parse().unwrap();
        let key = config.data_dir.join("master.key");
        std::fs::create_dir_all(&config.data_dir).unwrap();
        yihao::vault::Vault::open(&key, true).unwrap();
    })
    .await;
    let page = Browser::new().get(&provider.url("/login")).await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-yihao-browser="), "{cookie}");
    for attribute in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert!(page.header("strict-transport-security").starts_with("max-age=31536000"));
}
