//! Sessions of a browser (security.md ): an id nobody else chose, new with every
//! rise, dead on the server when it ends.

use crate::on_both;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::relying_party::claims;

const COOKIE: &str = "yihao-session";

fn session(browser: &Browser) -> String {
    browser.cookie(COOKIE).expect("a session cookie")
}

/// Whether this cookie value alone opens the account.
async fn opens(provider: &TestProvider, cookie: &str) -> bool {
    let thief = Browser::new();
    thief.set_cookie(COOKIE, cookie);
    thief.is_signed_in(provider).await
}

on_both!(
    /// the id is new after every proof, a chosen one is never adopted, and the old ones are dead.
    the_session_id_changes_at_every_rise,
    |provider| {
        let (person, other) = (Person::synthetic(71), Person::synthetic(72));
        provider.add_person(&person).await;
        provider.add_person(&other).await;
        let browser = Browser::new();
        let chosen = "AAAAAAAAAAAAAAAAAAAAAA";
        browser.set_cookie(COOKIE, chosen);
        browser.log_in(&provider, &person).await;
        let mut ids = vec![chosen.to_owned(), session(&browser)];

        let (app, _) = browser.enrol_app(&provider).await;
        ids.push(session(&browser));
        let again = browser.get(&provider.url("/account/reauthenticate")).await;
        browser.submit(&again, &[("password", person.password())]).await;
        ids.push(session(&browser));
        assert!(browser.is_signed_in(&provider).await);
        let page = browser.get(&provider.url("/oauth2/logout")).await;
        browser.submit(&page, &[]).await;
        assert!(browser.cookie(COOKIE).is_none());
        provider.wait_seconds(60);
        let page = browser.log_in(&provider, &person).await;
        ids.push(session(&browser));
        browser.submit(&page, &[("code", &app.code(provider.clock.now()))]).await;
        ids.push(session(&browser));
        let page = browser.get(&provider.url("/oauth2/logout")).await;
        browser.submit(&page, &[]).await;
        browser.log_in(&provider, &other).await;

        let last = session(&browser);
        for old in &ids {
            assert_ne!(*old, last);
            assert!(!opens(&provider, old).await, "{old} of {ids:?}");
        }
        let mut different = ids.clone();
        different.dedup();
        assert_eq!(different, ids);
        assert!(opens(&provider, &last).await);
    }
);

on_both!(
    /// whoever logs in where somebody is logged in ends that session, and is somebody else to the
    /// portal.
    another_person_in_the_same_browser_is_another_session,
    |provider| {
        let (first, second) = (Person::synthetic(73), Person::synthetic(74));
        provider.add_person(&first).await;
        provider.add_person(&second).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let token = async |person: &Person, change: &[(&str, &str)]| {
            let landing = web1.log_in(&browser, person, change).await;
            let tokens = web1.redeem(landing.code()).await.json();
            claims(tokens["id_token"].as_str().unwrap())
        };
        let one = token(&first, &[]).await;
        let old = session(&browser);

        let two = token(&second, &[("prompt", "login")]).await;

        assert_ne!(one["sub"], two["sub"]);
        assert_ne!(one["sid"], two["sid"]);
        assert!(!opens(&provider, &old).await, "the first session ended");
        let live = "SELECT COUNT(*) FROM session WHERE ended_at IS NULL";
        assert_eq!(provider.count(live).await, 1);
    }
);

on_both!(
    /// an ended session is dead for pages and portals alike, whoever kept its cookie.
    a_kept_cookie_of_an_ended_session_is_nothing,
    |provider| {
        let person = Person::synthetic(75);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        web1.log_in(&browser, &person, &[]).await;
        let thief = browser.copy();
        assert!(thief.is_signed_in(&provider).await);
        let page = browser.get(&provider.url("/oauth2/logout")).await;

        browser.submit(&page, &[]).await;

        assert!(!thief.is_signed_in(&provider).await);
        assert!(!browser.is_signed_in(&provider).await);
        let silent = thief.get(&web1.authorize(&[("prompt", "none")])).await;
        assert_eq!(web1.landing(&silent).unwrap().error(), "login_required");
        let account = thief.get(&provider.url("/account")).await;
        assert_eq!(account.header("cache-control"), "no-store", "nothing for the back button");
        assert!(!opens(&provider, &session(&thief)).await);
    }
);

on_both!(
    /// requests under way when the session ends do not bring it back.
    no_request_in_flight_brings_a_session_back,
    |provider| {
        let person = Person::synthetic(76);
        provider.add_person(&person).await;
        let browser = Browser::new();
        browser.log_in(&provider, &person).await;
        let copies: Vec<Browser> = (0..20).map(|_| browser.copy()).collect();
        let page = browser.get(&provider.url("/oauth2/logout")).await;
        // So old that every request writes when it was seen.
        provider.wait_seconds(120);

        let account = provider.url("/account");
        let reads = futures_util::future::join_all(copies.iter().map(|copy| copy.get(&account)));
        let (_, end) = tokio::join!(reads, browser.submit(&page, &[]));

        assert_eq!(end.status, 200);
        for copy in &copies {
            assert!(!copy.is_signed_in(&provider).await);
        }
    }
);

on_both!(
    /// half an hour without use, or twelve hours of it, and the session is over.
    sessions_end_by_rest_and_by_age,
    |provider| {
        let person = Person::synthetic(77);
        provider.add_person(&person).await;
        let (idle, busy) = (Browser::new(), Browser::new());
        idle.log_in(&provider, &person).await;
        busy.log_in(&provider, &person).await;

        provider.wait_seconds(20 * 60);
        assert!(busy.is_signed_in(&provider).await);
        provider.wait_seconds(11 * 60);
        assert!(!idle.is_signed_in(&provider).await, "31 minutes of rest");
        for _ in 0..33 {
            assert!(busy.is_signed_in(&provider).await);
            provider.wait_seconds(20 * 60);
        }
        assert!(busy.is_signed_in(&provider).await, "eleven and a half hours");
        provider.wait_seconds(20 * 60);
        assert!(busy.is_signed_in(&provider).await);
        provider.wait_seconds(15 * 60);
        assert!(!busy.is_signed_in(&provider).await, "twelve hours of use");
    }
);

on_both!(
    /// the owner sees the sessions and ends one or all of them; another's id ends nothing.
    the_owner_ends_sessions,
    |provider| {
        let (person, stranger) = (Person::synthetic(78), Person::synthetic(79));
        provider.add_person(&person).await;
        provider.add_person(&stranger).await;
        let (here, there, theirs) = (Browser::new(), Browser::new(), Browser::new());
        here.log_in(&provider, &person).await;
        there.log_in(&provider, &person).await;
        theirs.log_in(&provider, &stranger).await;
        let list = provider.url("/account/sessions");
        let page = here.get(&list).await;
        let other = page.body.split("name=\"end\" value=\"").nth(1).unwrap();
        let other = other.split('"').next().unwrap().to_owned();

        // a stranger who knows the id.
        let foreign = theirs.get(&list).await;
        theirs.press(&foreign, "end-all", &[("end", &other)]).await;
        assert!(there.is_signed_in(&provider).await);
        let ended = here.press(&page, &other, &[("end", &other)]).await;
        assert_eq!(ended.status, 303);
        assert!(!there.is_signed_in(&provider).await);
        assert!(here.is_signed_in(&provider).await);
        for nonsense in ["", "x", "00000000-0000-0000-0000-000000000000"] {
            let page = here.press(&page, "end-all", &[("end", nonsense)]).await;
            assert!(matches!(page.status, 303 | 400), "{nonsense}: {}", page.status);
        }

        there.log_in(&provider, &person).await;
        let page = here.press(&page, "end-all", &[("end", "all")]).await;

        assert_eq!(page.location().unwrap().path(), "/login");
        assert!(here.cookie(COOKIE).is_none());
        assert!(!here.is_signed_in(&provider).await && !there.is_signed_in(&provider).await);
        assert!(theirs.is_signed_in(&provider).await);
    }
);

/// a locked account is out on every door at once, and stays out of its old sessions when it is
/// opened again.
#[tokio::test]
async fn locking_ends_every_session() {
    use yihao::domain::account::AccountStatus;
    use yihao::domain::audit_event::AuditKind;
    use yihao::domain::request_context::RequestContext;
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(80);
    provider.add_person(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let landing = web1.log_in(&browser, &person, &[]).await;
    let waiting = web1.log_in(&browser, &person, &[]).await;
    let tokens = web1.redeem(landing.code()).await.json();
    let (access, refresh) = (&tokens["access_token"], &tokens["refresh_token"]);
    let account = provider.account(&person).await;
    let (store, context) = (&provider.provider.store, RequestContext::internal("test"));
    let set = async |status| {
        let record = yihao::audit::done(AuditKind::AccountLocked).account(&account);
        let record = record.record(&provider.provider, &context);
        store.set_account_status(account.id, status, record, provider.clock.now()).await.unwrap()
    };
    assert!(set(AccountStatus::Locked).await);

    for opened_again in [false, true] {
        if opened_again {
            assert!(set(AccountStatus::Active).await);
        }
        assert!(!browser.is_signed_in(&provider).await);
        let silent = browser.get(&web1.authorize(&[("prompt", "none")])).await;
        assert_eq!(web1.landing(&silent).unwrap().error(), "login_required");
        assert_eq!(web1.redeem(waiting.code()).await.json()["error"], "invalid_grant");
        assert_eq!(web1.refresh(refresh.as_str().unwrap()).await.json()["error"], "invalid_grant");
        assert_eq!(web1.userinfo(access.as_str().unwrap()).await.status, 401);
    }
    let again = Browser::new().log_in(&provider, &person).await;
    assert_eq!(again.url.path(), "/account", "a new login works");
}
