//! How the system is, as its officers see it: deliveries that wait are tried again, keys show no key; and an
//! operator's own password.

use yihao::protocol::backchannel_logout;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::console::PASSWORD;
use crate::support::console::begin_step;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::console::try_log_in;
use crate::support::login::totp;

on_both!(
    /// A delivery that fails stands on the page with what was in the way, and an officer has it tried again.
    a_delivery_that_waits_is_tried_again,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let person = Person::synthetic(8401);
        provider.add_person(&person).await;
        let nobody = "http://localhost:9/logout".to_owned();
        provider.change_client("web1", |client| client.backchannel_logout_uri = Some(nobody)).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let landing = web1.log_in(&browser, &person, &[]).await;
        web1.redeem(landing.code()).await;
        let quiet = system.browser.get(&provider.url("/console/system")).await;
        assert!(!quiet.body.contains("/console/system/deliveries/"), "{}", quiet.body);
        let page = browser.get(&provider.url("/account/sessions")).await;
        browser.press(&page, "value=\"all\"", &[("end", "all")]).await;
        // The next pause is a minute, so that it still waits while the test looks; whoever is trying it at this
        // moment would write another.
        for _ in 0..100 {
            if provider.count("SELECT COUNT(*) FROM outbox WHERE last_problem IS NOT NULL").await > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        provider.execute("UPDATE outbox SET attempts = 6, due_at = 0, leased_until = 0").await;
        backchannel_logout::deliver_due(&provider.provider, || false).await.unwrap();
        let waits = "SELECT COUNT(*) FROM outbox WHERE due_at > 0 AND attempts > 6";
        for _ in 0..100 {
            if provider.count(waits).await > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }

        let page = system.browser.get(&provider.url("/console/system")).await;
        let path = page.body.split("action=\"/console/system/deliveries/").nth(1).unwrap();
        let path = format!("/console/system/deliveries/{}", path.split('"').next().unwrap());
        let seen = security.browser.get(&provider.url("/console/system")).await;
        assert!(seen.body.contains("web1") && !seen.body.contains(&path), "sees, and only sees");
        let due = "SELECT due_at FROM outbox";
        assert!(provider.count(due).await > provider.clock.now().0, "it waits");
        let again = send(&provider, &system, &path, &[]).await;

        assert_eq!(again.status, 303, "{}", again.body);
        assert!(provider.count(due).await <= provider.clock.now().0, "it is due");
        assert_eq!(provider.audit(1).await, ["delivery_retried done"]);
        provider.execute("UPDATE outbox SET delivered_at = 1").await;
        assert_eq!(send(&provider, &system, &path, &[]).await.status, 409, "it arrived meanwhile");
        for mark in ["x", "1", "1.x", "' or 1=1"] {
            let url = provider.url(&format!("/console/system?after={mark}"));
            assert_eq!(system.browser.get(&url).await.status, 400, "A-60: {mark}");
        }
        let page = system.browser.get(&provider.url("/console/system")).await;
        assert!(page.body.contains("SM2") && !page.body.contains("private"), "{}", page.body);
    }
);

on_both!(
    /// GB/T 22239 8.1.4.1: an operator changes the own password with the old one and a code nobody used; every
    /// session ends, and nobody else's password is touched.
    an_operator_changes_the_own_password,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let change = async |current: &str, new: &str, code: &str| {
            let fields = [
                ("current_password", current), ("password", new), ("password_again", new), ("code", code),
            ];
            send(&provider, &security, "/console/password", &fields).await
        };
        let new = "Ferry Lantern 8 bridges";
        begin_step(&provider);
        let code = totp(&provider, &security.secret);
        assert_eq!(change("wrong", new, &code).await.status, 400);
        assert_eq!(change(PASSWORD, "short", &code).await.status, 400);
        assert_eq!(change(PASSWORD, new, "000000").await.status, 400);
        provider.wait_seconds(60);
        begin_step(&provider);
        let code = totp(&provider, &security.secret);

        let done = change(PASSWORD, new, &code).await;

        assert_eq!((done.status, done.header("location")), (303, "/console/login"), "{}", done.body);
        let page = security.browser.get(&provider.url("/console")).await;
        assert_eq!(page.status, 303, "the session is over");
        assert_eq!(change(new, PASSWORD, &code).await.status, 303, "nobody is logged in there");
        begin_step(&provider);
        let code = totp(&provider, &security.secret);
        let login = |password: &'static str, code: String| {
            let provider = &provider;
            async move {
                try_log_in(provider, &Browser::new(), ("security", password, &code)).await.status
            }
        };
        assert_eq!(login(PASSWORD, code.clone()).await, 400);
        provider.wait_seconds(30);
        let code = totp(&provider, &security.secret);
        assert_eq!(login("Ferry Lantern 8 bridges", code).await, 303);
        assert_eq!(system.browser.get(&provider.url("/console")).await.status, 200);
    }
);

on_both!(
    /// what no officer can have meant finds nothing, on lists as in addresses, and breaks nothing.
    odd_filters_find_nothing,
    |provider| {
        let [system, security, audit] = officers(&provider).await;
        for odd in ["%00", "'", "%27%20or%201=1", "%25", "_", "%F0%9F%98%80", "%C2%85"] {
            for (operator, path) in [
                (&system, "/console/onboarding?supplier="),
                (&system, "/console/onboarding?before="),
                (&system, "/console/onboarding?state="),
                (&system, "/console/onboarding/"),
                (&system, "/console/clients/"),
                (&system, "/console/system?after="),
                (&security, "/console/people/"),
                (&security, "/console/alerts?before="),
                (&security, "/console/alerts?state="),
                (&security, "/console/alerts/"),
                (&audit, "/console/audit?kind="),
                (&audit, "/console/audit?outcome="),
                (&audit, "/console/audit?account="),
                (&audit, "/console/audit?below="),
            ] {
                let page = operator.browser.get(&provider.url(&format!("{path}{odd}"))).await;
                assert!(matches!(page.status, 200 | 400 | 404), "{path}{odd}: {}", page.status);
            }
        }
    }
);

on_both!(
    /// who logs in again in the same browser leaves no session behind.
    a_login_ends_the_session_the_browser_had,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let thief = security.browser.copy();
        assert_eq!(thief.get(&provider.url("/console")).await.status, 200);

        begin_step(&provider);
        let code = totp(&provider, &system.secret);
        let login = ("system", PASSWORD, &*code);
        assert_eq!(try_log_in(&provider, &security.browser, login).await.status, 303);

        assert_eq!(security.browser.get(&provider.url("/console")).await.status, 200);
        let old = thief.get(&provider.url("/console")).await;
        assert_eq!((old.status, old.header("location")), (303, "/console/login"));
    }
);
