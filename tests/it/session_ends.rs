//! How sessions change and end (security.md ), beside `sessions`: every id one
//! browser ever had, two people in one browser, locking, and what the owner can end.

use yihao::domain::account::AccountStatus;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::request_context::RequestContext;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::enrol;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::totp;
use crate::support::relying_party::claims;

const COOKIE: &str = "yihao-session";

fn session(browser: &Browser) -> String {
    browser.cookie(COOKIE).expect("a session cookie")
}

/// Whether this cookie value alone opens the account.
async fn opens(provider: &TestProvider, cookie: &str) -> bool {
    let thief = Browser::new();
    thief.set_cookie(COOKIE, cookie);
    is_logged_in(provider, &thief).await
}

on_both!(
    /// the id is new after every proof, after logging out and for the next person; all before it
    /// are dead.
    no_id_is_ever_used_twice,
    |provider| {
        let (person, other) = (Person::synthetic(71), Person::synthetic(72));
        provider.add_person(&person).await;
        provider.add_person(&other).await;
        let browser = Browser::new();
        let log_out = async || {
            let page = browser.get(&provider.url("/oauth2/logout")).await;
            browser.submit(&page, &[]).await;
            assert!(browser.cookie(COOKIE).is_none());
        };
        log_in(&provider, &browser, &person).await;
        let mut ids = vec![session(&browser)];

        let (secret, _) = enrol(&provider, &browser).await;
        ids.push(session(&browser));
        let again = browser.get(&provider.url("/account/reauthenticate")).await;
        browser.submit(&again, &[("password", person.password())]).await;
        ids.push(session(&browser));
        assert!(is_logged_in(&provider, &browser).await);
        log_out().await;
        provider.wait_seconds(60);
        log_in(&provider, &browser, &person).await;
        ids.push(session(&browser));
        let page = browser.get(&provider.url("/login/second")).await;
        browser.submit(&page, &[("code", &totp(&provider, &secret))]).await;
        ids.push(session(&browser));
        log_out().await;
        log_in(&provider, &browser, &other).await;

        let last = session(&browser);
        for old in &ids {
            assert!(*old != last && !opens(&provider, old).await, "{old} of {ids:?}");
        }
        let different: std::collections::BTreeSet<&String> = ids.iter().collect();
        assert_eq!(different.len(), ids.len());
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
    /// a flow that one person began and another goes on with is the other's, with the other's consent.
    a_flow_goes_on_with_whoever_is_logged_in,
    |provider| {
        let (first, second) = (Person::synthetic(75), Person::synthetic(76));
        provider.add_person(&first).await;
        provider.add_person(&second).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        log_in(&provider, &browser, &first).await;
        let consent = browser.follow(browser.get(&web1.authorize(&[])).await).await;
        assert!(consent.has("allow") && consent.body.contains(&first.name));
        let page = browser.get(&provider.url("/oauth2/logout")).await;
        browser.submit(&page, &[]).await;

        // The first tab goes on while nobody, and then somebody else, is logged in.
        let nobody = browser.submit(&consent, &[("decision", "allow")]).await;
        assert_eq!(nobody.location().unwrap().path(), "/login");
        log_in(&provider, &browser, &second).await;
        let other = browser.submit(&consent, &[("decision", "allow")]).await;
        let landing = web1.walk(&browser, &second, other).await;

        let tokens = web1.redeem(landing.code()).await.json();
        let userinfo = web1.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
        assert_eq!(userinfo["name"], second.name);
        let account = provider.account(&first).await.id;
        assert_eq!(provider.rows(&["consent"]).await, [1], "nothing of {account}");
    }
);

on_both!(
    /// an ended session is dead for portals too, and leaves nothing for the back button.
    an_ended_session_is_dead_for_portals,
    |provider| {
        let person = Person::synthetic(77);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        web1.log_in(&browser, &person, &[]).await;
        let thief = browser.copy();
        let page = browser.get(&provider.url("/oauth2/logout")).await;

        browser.submit(&page, &[]).await;

        let silent = thief.get(&web1.authorize(&[("prompt", "none")])).await;
        assert_eq!(web1.landing(&silent).unwrap().error(), "login_required");
        let account = thief.get(&provider.url("/account")).await;
        assert_eq!((account.status, account.header("cache-control")), (303, "no-store"));
    }
);

on_both!(
    /// the owner ends one session or all of them; another's id, or nonsense, ends nothing.
    the_owner_ends_all_sessions_and_nobody_elses,
    |provider| {
        let (person, stranger) = (Person::synthetic(78), Person::synthetic(79));
        provider.add_person(&person).await;
        provider.add_person(&stranger).await;
        let (here, there, theirs) = (Browser::new(), Browser::new(), Browser::new());
        log_in(&provider, &here, &person).await;
        log_in(&provider, &there, &person).await;
        log_in(&provider, &theirs, &stranger).await;
        let page = here.get(&provider.url("/account/sessions")).await;
        for nonsense in ["", "x", "00000000-0000-0000-0000-000000000000", "all' OR '1'='1"] {
            let page = here.press(&page, "end-all", &[("end", nonsense)]).await;
            assert!(matches!(page.status, 303 | 400), "{nonsense}: {}", page.status);
        }
        assert!(is_logged_in(&provider, &there).await);

        let page = here.press(&page, "end-all", &[("end", "all")]).await;

        assert_eq!(page.location().unwrap().path(), "/login");
        assert!(here.cookie(COOKIE).is_none());
        assert!(!is_logged_in(&provider, &here).await);
        assert!(!is_logged_in(&provider, &there).await);
        assert!(is_logged_in(&provider, &theirs).await);
        assert_eq!(provider.audit(1).await, ["session_ended done"]);
    }
);

on_both!(
    /// a locked account is out on every door at once, and what it had does not come back when it
    /// is opened again.
    locking_ends_everything_at_once,
    |provider| {
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
            let now = provider.clock.now();
            store.set_account_status(account.id, status, record, now).await.unwrap()
        };

        for status in [AccountStatus::Locked, AccountStatus::Active] {
            assert!(set(status).await);
            assert!(!is_logged_in(&provider, &browser).await);
            let silent = browser.get(&web1.authorize(&[("prompt", "none")])).await;
            assert_eq!(web1.landing(&silent).unwrap().error(), "login_required");
            let refused = [
                web1.redeem(waiting.code()).await.json(),
                web1.refresh(refresh.as_str().unwrap()).await.json(),
            ];
            assert!(refused.iter().all(|answer| answer["error"] == "invalid_grant"), "{refused:?}");
            assert_eq!(web1.userinfo(access.as_str().unwrap()).await.status, 401);
        }
        log_in(&provider, &Browser::new(), &person).await;
    }
);

on_both!(
    /// a client that is switched off while somebody is on the way to it gets nobody.
    a_client_switched_off_meanwhile_gets_no_code,
    |provider| {
        let person = Person::synthetic(81);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        log_in(&provider, &browser, &person).await;
        let consent = browser.follow(browser.get(&web1.authorize(&[])).await).await;
        provider.change_client("web1", |client| client.disabled_at = Some(client_time())).await;

        let page = browser.submit(&consent, &[("decision", "allow")]).await;

        assert_eq!((page.status, page.location()), (400, None));
        assert_eq!(provider.rows(&["approval", "consent"]).await, [0, 0]);
    }
);

fn client_time() -> yihao::clock::Timestamp {
    yihao::clock::Clock::system().now()
}
