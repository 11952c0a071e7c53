//! Two factors (security.md ): asked for wherever the account or the portal wants them, by no
//! door avoided, and told to the portal as it was.

use serde_json::json;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::doors::ACCOUNT;
use crate::support::login::answer;
use crate::support::login::ask_for_code;
use crate::support::login::enrol;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::secret_on;
use crate::support::login::totp;
use crate::support::relying_party::claims;

/// Somebody with an app; the browser it was enrolled in is gone.
async fn enrolled(provider: &TestProvider, seed: u64) -> (Person, String) {
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person).await;
    log_in(provider, &browser, &person).await;
    let (secret, _) = enrol(provider, &browser).await;
    provider.wait_seconds(60);
    (person, secret)
}

/// Where a redirect leads.
fn towards(page: &Page) -> Option<String> {
    page.location().map(|to| to.path().to_owned())
}

on_both!(
    /// one factor of an account with an app opens no page of ours and no form of one.
    an_account_with_an_app_needs_two_factors_everywhere,
    |provider| {
        let (person, secret) = enrolled(&provider, 61).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        log_in(&provider, &browser, &person).await;
        let second = Some("/login/second".to_owned());

        for path in ACCOUNT {
            assert_eq!(towards(&browser.get(&provider.url(path)).await), second, "{path}");
        }
        let page = browser.get(&provider.url("/login/second")).await;
        let csrf = page.csrf();
        for (path, name, value) in [
            ("/account/sessions", "end", "all"),
            ("/account/portals", "withdraw", "web1"),
            ("/account/password", "current_password", person.password()),
            ("/account/totp", "step", "remove"),
            ("/account/reauthenticate", "password", person.password()),
        ] {
            let fields = [("csrf", &*csrf), (name, value)];
            let page = browser.post(&provider.url(path), &fields).await;
            assert_eq!(towards(&page), second, "{path}");
        }
        assert!(provider.account(&person).await.has_totp);

        let page = browser.follow(browser.get(&web1.authorize(&[])).await).await;
        let page = browser.submit(&page, &[("code", &totp(&provider, &secret))]).await;
        let landing = web1.walk(&browser, &person, page).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let id_token = claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(id_token["amr"], json!(["pwd", "otp", "mfa"]));
        assert_eq!(id_token["acr"], "urn:yihao:acr:2");
        assert!(is_logged_in(&provider, &browser).await);
    }
);

on_both!(
    /// a text message is no way around an app that was enrolled to be stronger, in whichever order.
    a_text_message_does_not_stand_in_for_the_app,
    |provider| {
        let (person, secret) = enrolled(&provider, 62).await;
        let browser = Browser::new();
        let page = ask_for_code(&provider, &browser, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        let page = browser.follow(answer(&browser, &page, &code).await).await;
        assert_eq!(page.url.path(), "/login/second");
        assert_eq!(page.form().fields["method"], "password");

        let page = browser.submit(&page, &[("password", person.password())]).await;
        let page = browser.follow(page).await;

        assert_eq!(page.url.path(), "/login/second", "the app is asked for as well");
        assert_eq!(page.form().fields["method"], "totp");
        let page = browser.submit(&page, &[("code", &totp(&provider, &secret))]).await;
        assert_eq!(browser.follow(page).await.url.path(), "/account");
    }
);

on_both!(
    /// a session of one factor is raised when a portal asks for two; `auth_time` is that of the new
    /// proof, and silence is possible from then on.
    a_raised_session_tells_when_it_was_raised,
    |provider| {
        let person = Person::synthetic(63);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let id_token = async |code: &str| {
            let tokens = web1.redeem(code).await.json();
            claims(tokens["id_token"].as_str().unwrap())
        };
        let one = id_token(web1.log_in(&browser, &person, &[]).await.code()).await;
        provider.wait_seconds(100);
        let two = [("acr_values", "urn:yihao:acr:2")];

        let page = browser.follow(browser.get(&web1.authorize(&two)).await).await;
        let page = browser.submit(&page, &[("step", "send")]).await;
        let code = provider.code_sent_to(&person.phone).await;
        let page = browser.submit(&page, &[("step", "verify"), ("code", &code)]).await;
        let raised = id_token(web1.walk(&browser, &person, page).await.code()).await;

        assert_eq!((&one["acr"], &one["amr"]), (&json!("urn:yihao:acr:1"), &json!(["pwd"])));
        let age = raised["auth_time"].as_i64().unwrap() - one["auth_time"].as_i64().unwrap();
        assert!((100..160).contains(&age), "{age}");
        assert_eq!(raised["sid"], one["sid"], "it is the same session");
        let silent = browser.get(&web1.authorize(&[two[0], ("prompt", "none")])).await;
        assert!(web1.landing(&silent).unwrap().get("code").is_some());
    }
);

on_both!(
    /// proofs older than `max_age` count no more, neither the first nor the second.
    old_proofs_are_given_again,
    |provider| {
        let (person, secret) = enrolled(&provider, 64).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        log_in(&provider, &browser, &person).await;
        let page = browser.get(&provider.url("/login/second")).await;
        browser.submit(&page, &[("code", &totp(&provider, &secret))]).await;
        provider.wait_seconds(300);

        let page = browser.follow(browser.get(&web1.authorize(&[("max_age", "60")])).await).await;
        assert_eq!(page.url.path(), "/login");
        let fields = [("identifier", &*person.id_number), ("password", person.password())];
        let page = browser.follow(browser.submit(&page, &fields).await).await;
        assert_eq!(page.url.path(), "/login/second", "the old code does not count either");
        let page = browser.submit(&page, &[("code", &totp(&provider, &secret))]).await;

        web1.walk(&browser, &person, page).await.code();
    }
);

on_both!(
    /// from every step, the later ones are not reached by calling them.
    no_step_is_skipped,
    |provider| {
        let (person, _) = enrolled(&provider, 66).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let login = browser.follow(browser.get(&web1.authorize(&[])).await).await;
        let (tx, csrf) = (login.form().fields["tx"].clone(), login.csrf());
        let tables = ["session", "approval", "consent", "totp"];
        let before = provider.rows(&tables).await;
        let everything = [
            ("csrf", &*csrf),
            ("tx", &*tx),
            ("decision", "allow"),
            ("method", "totp"),
            ("code", "000000"),
            ("challenge", "x"),
        ];
        let get =
            async |step: &str| towards(&browser.get(&provider.url(&format!("{step}?tx={tx}"))).await);

        for step in ["/login/second", "/login/enrol", "/consent", "/oauth2/authorize"] {
            assert_eq!(get(step).await.as_deref(), Some("/login"), "GET {step}");
        }
        for step in ["/login/second", "/login/enrol", "/consent"] {
            for fields in [&everything[..], &everything[..2]] {
                let page = browser.post(&provider.url(step), fields).await;
                assert_eq!(towards(&page).as_deref(), Some("/login"), "POST {step}");
            }
        }
        assert_eq!(provider.rows(&tables).await, before);

        // After the first factor every way leads to the second, and the first is no second.
        let fields = [("identifier", &*person.id_number), ("password", person.password())];
        browser.submit(&login, &fields).await;
        for step in ["/login", "/login/enrol", "/consent", "/oauth2/authorize"] {
            assert_eq!(get(step).await.as_deref(), Some("/login/second"), "GET {step}");
        }
        for step in ["/consent", "/login/enrol"] {
            let page = browser.post(&provider.url(step), &everything).await;
            assert_eq!(towards(&page).as_deref(), Some("/login/second"), "POST {step}");
        }
        let again =
            [("csrf", &*csrf), ("tx", &*tx), ("method", "password"), ("password", person.password())];
        let page = browser.post(&provider.url("/login/second"), &again).await;
        assert_eq!(page.status, 400, "a factor that was shown is not offered again");
        assert_eq!(provider.rows(&tables[1..3]).await, before[1..3]);
    }
);

on_both!(
    /// the step of another method, or an empty one, is no step: no message leaves and nobody is in.
    a_step_of_another_method_is_no_step,
    |provider| {
        let (person, _) = enrolled(&provider, 67).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let csrf = browser.get(&provider.url("/login/second")).await.csrf();
        for fields in [
            &[("method", "sms"), ("step", "send")][..],
            &[("method", "sms"), ("step", "verify"), ("code", "000000")],
            &[("method", "sms"), ("step", "verify"), ("challenge", "x"), ("code", "")],
            &[("method", "recovery_code"), ("code", "")],
            &[("method", "recovery_code")],
            &[("method", "nothing"), ("code", "000000")],
        ] {
            let fields: Vec<_> = fields.iter().copied().chain([("csrf", &*csrf)]).collect();
            let page = browser.post(&provider.url("/login/second"), &fields).await;
            assert_eq!(page.status, 400, "{fields:?}");
        }
        assert_eq!(provider.messages_sent().await, 1, "the notice of the app alone");
        assert!(!is_logged_in(&provider, &browser).await);
    }
);

on_both!(
    /// a text message after the password stands in for no app either.
    a_first_factor_given_twice_is_one_factor,
    |provider| {
        let (person, _) = enrolled(&provider, 68).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let csrf = browser.get(&provider.url("/login/second")).await.csrf();
        let url = provider.url("/login");
        let send = [("csrf", &*csrf), ("method", "sms"), ("identifier", &*person.phone)];
        let page = browser.post(&url, &send).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let code = provider.code_sent_to(&person.phone).await;

        let page = browser.follow(answer(&browser, &page, &code).await).await;

        assert_eq!((page.status, page.url.path()), (200, "/login/second"));
        assert_eq!(towards(&browser.get(&provider.url("/account")).await).as_deref(), Some("/login/second"));
    }
);

on_both!(
    /// `acr` and `amr` tell the proofs that counted: a second factor older than the request allows is
    /// none, though the session still remembers it.
    an_old_second_factor_is_not_told,
    |provider| {
        for (seed, change) in [(69, ("max_age", "60")), (70, ("prompt", "login"))] {
            let person = Person::synthetic(seed);
            provider.add_person(&person).await;
            let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
            log_in(&provider, &browser, &person).await;
            let two = [("acr_values", "urn:yihao:acr:2")];
            let page = browser.follow(browser.get(&web1.authorize(&two)).await).await;
            let page = browser.submit(&page, &[("step", "send")]).await;
            let code = provider.code_sent_to(&person.phone).await;
            let page = browser.submit(&page, &[("step", "verify"), ("code", &code)]).await;
            web1.walk(&browser, &person, page).await.code();
            provider.wait_seconds(300);

            let landing = web1.log_in(&browser, &person, &[change]).await;

            let tokens = web1.redeem(landing.code()).await.json();
            let said = claims(tokens["id_token"].as_str().unwrap());
            assert_eq!((&said["acr"], &said["amr"]), (&json!("urn:yihao:acr:1"), &json!(["pwd"])), "{change:?}");
        }
    }
);

on_both!(
    /// enrolling an app on the way to a portal needs a fresh password, as it does on the account page.
    enrolling_on_the_way_needs_a_fresh_password,
    |provider| {
        let person = Person::synthetic(354);
        provider.add_person_without_phone(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let two = [("acr_values", "urn:yihao:acr:2")];
        log_in(&provider, &browser, &person).await;
        let early = browser.follow(browser.get(&web1.authorize(&two)).await).await;
        let secret = secret_on(&early);
        provider.wait_seconds(301);

        let late = browser.follow(browser.get(&web1.authorize(&two)).await).await;
        assert!(!late.body.contains("class=\"secret\""), "no secret is shown at {}", late.url);
        assert!(late.body.contains("type=\"password\""), "the password is asked for at {}", late.url);
        let page = browser.submit(&early, &[("code", &totp(&provider, &secret))]).await;
        assert_ne!(page.status, 200, "{}", page.body);
        assert_eq!(provider.rows(&["totp"]).await, [0]);
    }
);

on_both!(
    /// a browser that is known, to this account or to another, or has a stolen cookie that says so, is asked
    /// for the second factor like any other.
    a_known_browser_is_asked_for_the_second_factor,
    |provider| {
        let (person, secret) = enrolled(&provider, 69).await;
        let (other, theirs, own) = (Person::synthetic(70), Browser::new(), Browser::new());
        provider.add_person(&other).await;
        log_in(&provider, &theirs, &other).await;
        log_in(&provider, &own, &person).await;
        let page = own.get(&provider.url("/login/second")).await;
        let page = own.submit(&page, &[("code", &totp(&provider, &secret))]).await;
        assert_eq!(page.status, 303, "{}", page.body);
        assert!(is_logged_in(&provider, &own).await);
        let known = [&theirs, &own].map(|browser| browser.cookie("yihao-known").expect("a cookie"));
        assert_ne!(known[0], known[1]);
        let spoiled = format!("{}A", known[1]);
        for cookie in [&*known[0], &known[1], &spoiled, "x", ""] {
            let browser = Browser::new();
            browser.set_cookie("yihao-known", cookie);
            log_in(&provider, &browser, &person).await;
            let page = browser.get(&provider.url("/account")).await;
            assert_eq!(towards(&page).as_deref(), Some("/login/second"), "{cookie:.20}");
        }
    }
);
