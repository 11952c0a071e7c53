//! Two factors (security.md ): asked for wherever the account or the portal wants them, by no
//! door avoided, and told to the portal as it was.

use serde_json::Value;
use serde_json::json;

use crate::on_both;
use crate::support::App;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::relying_party::claims;

/// Every page of the account centre.
const ACCOUNT: [&str; 7] = [
    "/account",
    "/account/sessions",
    "/account/portals",
    "/account/history",
    "/account/password",
    "/account/totp",
    "/account/reauthenticate",
];

/// Somebody with an app; the browser it was enrolled in is gone.
async fn enrolled(provider: &TestProvider, seed: u64) -> (Person, App) {
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person).await;
    browser.log_in(provider, &person).await;
    let (app, _) = browser.enrol_app(provider).await;
    provider.wait_seconds(60);
    (person, app)
}

/// What the ID token says of the login.
async fn id_token(party: &RelyingParty, code: &str) -> Value {
    let tokens = party.redeem(code).await.json();
    claims(tokens["id_token"].as_str().unwrap_or_else(|| panic!("no ID token: {tokens}")))
}

/// Logs in by text message in this browser.
async fn by_sms(provider: &TestProvider, browser: &Browser, person: &Person) -> Page {
    let page = browser.get(&provider.url("/login?method=sms")).await;
    let nth = provider.messages_sent().await + 1;
    let page = browser.submit(&page, &[("identifier", &person.phone), ("step", "send")]).await;
    let code = provider.code_of_message(nth).await;
    let page = browser.submit(&page, &[("step", "verify"), ("code", &code)]).await;
    browser.follow(page).await
}

on_both!(
    /// one factor of an account with an app opens no page of ours and no portal, silently or not.
    an_account_with_an_app_needs_two_factors_everywhere,
    |provider| {
        let (person, app) = enrolled(&provider, 61).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let page = browser.log_in(&provider, &person).await;
        assert_eq!(page.url.path(), "/login/second");

        for path in ACCOUNT {
            let page = browser.get(&provider.url(path)).await;
            let to = page.location().map(|to| to.path().to_owned());
            assert_eq!(to.as_deref(), Some("/login/second"), "{path}");
        }
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
            let to = page.location().map(|to| to.path().to_owned());
            assert_eq!(to.as_deref(), Some("/login/second"), "{path}");
        }
        let silent = browser.get(&web1.authorize(&[("prompt", "none")])).await;
        assert_eq!(web1.landing(&silent).unwrap().error(), "interaction_required");
        let page = browser.get(&web1.authorize(&[])).await;
        assert_eq!(page.location().unwrap().path(), "/login/second");

        let page = browser.follow(page).await;
        let page = browser.submit(&page, &[("code", &app.code(provider.clock.now()))]).await;
        let landing = web1.walk(&browser, &person, page).await;
        let id_token = id_token(&web1, landing.code()).await;
        assert_eq!(id_token["amr"], json!(["pwd", "otp", "mfa"]));
        assert_eq!(id_token["acr"], "urn:yihao:acr:2");
        assert!(browser.is_signed_in(&provider).await);
    }
);

/// a text message is no way around an app that was enrolled to be stronger, in whichever order.
#[tokio::test]
async fn a_text_message_does_not_stand_in_for_the_app() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (person, app) = enrolled(&provider, 62).await;
    let browser = Browser::new();
    let page = by_sms(&provider, &browser, &person).await;
    assert_eq!(page.url.path(), "/login/second");
    let method = page.form().fields["method"].clone();
    assert_eq!(method, "password");

    let page = browser.submit(&page, &[("password", person.password())]).await;
    let page = browser.follow(page).await;

    assert_eq!(page.url.path(), "/login/second", "the app is asked for as well");
    assert_eq!(page.form().fields["method"], "totp");
    let page = browser.submit(&page, &[("code", &app.code(provider.clock.now()))]).await;
    assert_eq!(browser.follow(page).await.url.path(), "/account");
}

/// a session of one factor is raised when a portal asks for two, and the proofs are told truly.
#[tokio::test]
async fn a_portal_that_wants_two_factors_gets_the_missing_one() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(63);
    provider.add_person(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let landing = web1.log_in(&browser, &person, &[]).await;
    let one = id_token(&web1, landing.code()).await;
    provider.wait_seconds(100);
    let two = [("acr_values", "urn:yihao:acr:2")];
    let silent = [two[0], ("prompt", "none")];
    let refused = browser.get(&web1.authorize(&silent)).await;
    assert_eq!(web1.landing(&refused).unwrap().error(), "interaction_required");

    let page = browser.follow(browser.get(&web1.authorize(&two)).await).await;
    assert_eq!((page.url.path(), &*page.form().fields["method"]), ("/login/second", "sms"));
    let page = browser.submit(&page, &[("step", "send")]).await;
    let code = provider.code_sent_to(&person.phone).await;
    let page = browser.submit(&page, &[("step", "verify"), ("code", &code)]).await;
    let landing = web1.walk(&browser, &person, page).await;

    let raised = id_token(&web1, landing.code()).await;
    assert_eq!((&one["acr"], &one["amr"]), (&json!("urn:yihao:acr:1"), &json!(["pwd"])));
    assert_eq!(raised["acr"], "urn:yihao:acr:2");
    assert_eq!(raised["amr"], json!(["pwd", "sms", "mfa"]));
    let age = raised["auth_time"].as_i64().unwrap() - one["auth_time"].as_i64().unwrap();
    assert!((100..160).contains(&age), "auth_time is that of the newest proof");
    let page = browser.get(&web1.authorize(&silent)).await;
    assert!(web1.landing(&page).unwrap().get("code").is_some(), "now silently as well");
}

/// a proof older than `max_age` counts no more.
#[tokio::test]
async fn an_old_proof_is_given_again() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (person, app) = enrolled(&provider, 64).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let page = browser.log_in(&provider, &person).await;
    browser.submit(&page, &[("code", &app.code(provider.clock.now()))]).await;
    provider.wait_seconds(300);

    let page = browser.follow(browser.get(&web1.authorize(&[("max_age", "60")])).await).await;
    assert_eq!(page.url.path(), "/login", "both proofs are too old");
    let fields = [("identifier", &*person.id_number), ("password", person.password())];
    let page = browser.follow(browser.submit(&page, &fields).await).await;
    assert_eq!(page.url.path(), "/login/second", "the old code does not count either");
    let page = browser.submit(&page, &[("code", &app.code(provider.clock.now()))]).await;
    let landing = web1.walk(&browser, &person, page).await;

    let token = id_token(&web1, landing.code()).await;
    let age = provider.clock.now().seconds() - token["auth_time"].as_i64().unwrap();
    assert!(age < 60);
}

/// a password typed five minutes ago does not remove the app.
#[tokio::test]
async fn removing_the_app_needs_the_password_again() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (person, app) = enrolled(&provider, 65).await;
    let browser = Browser::new();
    let page = browser.log_in(&provider, &person).await;
    browser.submit(&page, &[("code", &app.code(provider.clock.now()))]).await;
    provider.wait_seconds(301);
    let page = browser.get(&provider.url("/account/totp")).await;

    let asked = browser.press(&page, "remove", &[("step", "remove")]).await;

    assert_eq!(asked.location().unwrap().path(), "/account/reauthenticate");
    assert_eq!(provider.rows(&["totp"]).await, [1]);
    let page = browser.follow(asked).await;
    let wrong = browser.submit(&page, &[("password", "surely not this one")]).await;
    assert_eq!(wrong.status, 400);
    let page = browser.submit(&page, &[("password", person.password())]).await;
    assert_eq!(page.location().unwrap().path(), "/account/totp", "back to where it was");
    let page = browser.follow(page).await;
    let page = browser.press(&page, "remove", &[("step", "remove")]).await;
    assert_eq!(page.status, 303);
    assert_eq!(provider.rows(&["totp", "recovery_code"]).await, [0, 0]);
    let fresh = Browser::new();
    assert_eq!(fresh.log_in(&provider, &person).await.url.path(), "/account");
}

/// from every step, the later ones are not reached by calling them.
#[tokio::test]
async fn no_step_is_skipped() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (person, _) = enrolled(&provider, 66).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let page = browser.follow(browser.get(&web1.authorize(&[])).await).await;
    let (tx, csrf) = (page.form().fields["tx"].clone(), page.csrf());
    let later = ["/login/second", "/login/enrol", "/consent", "/oauth2/authorize"];
    let before = provider.rows(&["session", "approval", "consent", "totp"]).await;
    let everything = [
        ("csrf", &*csrf),
        ("tx", &*tx),
        ("decision", "allow"),
        ("method", "totp"),
        ("code", "000000"),
        ("challenge", "x"),
    ];
    let back_to = async |path: &str| {
        for step in later {
            let page = browser.get(&provider.url(&format!("{step}?tx={tx}"))).await;
            assert_eq!(page.location().unwrap().path(), path, "GET {step}");
        }
        for step in &later[..3] {
            for fields in [&everything[..], &everything[..2]] {
                let page = browser.post(&provider.url(step), fields).await;
                let to = page.location().map(|to| to.path().to_owned());
                let refused = (400..404).contains(&page.status);
                assert!(refused || to.as_deref() == Some(path), "POST {step}: {}", page.status);
            }
        }
    };

    back_to("/login").await;
    assert_eq!(provider.rows(&["session", "approval", "consent", "totp"]).await, before);
    let fields = [("identifier", &*person.id_number), ("password", person.password())];
    browser.submit(&page, &fields).await;
    // After the first factor every way leads to the second; asking it of itself shows its page.
    for step in ["/login", "/login/enrol", "/consent", "/oauth2/authorize"] {
        let page = browser.get(&provider.url(&format!("{step}?tx={tx}"))).await;
        assert_eq!(page.location().unwrap().path(), "/login/second", "GET {step}");
    }
    let page = browser.post(&provider.url("/consent"), &everything).await;
    assert_eq!(page.location().unwrap().path(), "/login/second");
    let none = [("csrf", &*csrf), ("tx", &*tx), ("method", "password"), ("password", "x")];
    let page = browser.post(&provider.url("/login/second"), &none).await;
    assert_eq!(page.status, 400, "a factor that was shown is not offered again");
    assert_eq!(provider.rows(&["approval", "consent"]).await, before[1..3]);
}
