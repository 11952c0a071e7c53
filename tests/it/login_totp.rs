//! The authenticator app and its recovery codes (RFC 6238; security.md ): enrolled by its
//! first code, each step once, and from then on asked for everywhere.

use futures_util::future::join_all;
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

/// Somebody with an app, and a browser in which both factors were shown.
struct Enrolled {
    person: Person,
    browser: Browser,
    app: App,
    recovery: Vec<String>,
}

async fn enrolled(provider: &TestProvider, seed: u64) -> Enrolled {
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person).await;
    browser.log_in(provider, &person).await;
    let (app, recovery) = browser.enrol_app(provider).await;
    // The step that proved the app is spent.
    provider.wait_seconds(60);
    Enrolled { person, browser, app, recovery }
}

impl Enrolled {
    fn code(&self, provider: &TestProvider) -> String {
        self.app.code(provider.clock.now())
    }

    /// The page that asks for the second factor, in a new browser.
    async fn second_page(&self, provider: &TestProvider) -> (Browser, Page) {
        let browser = Browser::new();
        let page = browser.log_in(provider, &self.person).await;
        assert_eq!(page.url.path(), "/login/second");
        (browser, page)
    }

    /// The same for recovery codes.
    async fn recovery_page(&self, provider: &TestProvider) -> (Browser, Page) {
        let (browser, _) = self.second_page(provider).await;
        let page = browser.get(&provider.url("/login/second?method=recovery_code")).await;
        (browser, page)
    }
}

on_both!(an_app_is_enrolled_on_the_account_page, |provider| {
    let enrolled = enrolled(&provider, 51).await;

    let page = enrolled.browser.get(&provider.url("/account/totp")).await;

    assert!(page.has("remove"), "it is on");
    assert_eq!(enrolled.recovery.len(), 10);
    let secret = enrolled.recovery.iter().any(|code| page.body.contains(code));
    assert!(!secret, "recovery codes are shown once");
    let (browser, page) = enrolled.second_page(&provider).await;
    let page = browser.submit(&page, &[("code", &enrolled.code(&provider))]).await;
    assert_eq!(browser.follow(page).await.url.path(), "/account");
});

#[tokio::test]
async fn a_wrong_first_code_enrols_nothing_and_shows_the_same_secret() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (person, browser) = (Person::synthetic(52), Browser::new());
    provider.add_person(&person).await;
    browser.log_in(&provider, &person).await;
    let page = browser.get(&provider.url("/account/totp")).await;
    let offered = browser.press(&page, "begin", &[("step", "begin")]).await;
    let app = App::enrol(&offered);
    let late = app.code_of_step(provider.clock.now().seconds() / 30 - 9);

    let again = browser.press(&offered, "enrol", &[("step", "enrol"), ("code", &late)]).await;

    assert_eq!(again.status, 400);
    assert_eq!(provider.refusal_of(&again).await, "totp_enrolled wrong code");
    assert_eq!(provider.rows(&["totp", "recovery_code"]).await, [0, 0]);
    let now = App::enrol(&again).code(provider.clock.now());
    assert_eq!(now, app.code(provider.clock.now()), "nobody has to scan it twice");
    // The page of one account, or an old one, enrols nobody else.
    provider.wait_seconds(901);
    browser.get(&provider.url("/account")).await;
    let fresh = browser.get(&provider.url("/account/reauthenticate?return=/account/totp")).await;
    browser.submit(&fresh, &[("password", person.password())]).await;
    let code = app.code(provider.clock.now());
    let old = browser.press(&offered, "enrol", &[("step", "enrol"), ("code", &code)]).await;
    assert_eq!((old.status, provider.rows(&["totp"]).await), (400, vec![0]));
}

/// a portal that asks for two factors makes somebody without phone and app enrol one on the way.
#[tokio::test]
async fn an_app_is_enrolled_on_the_way_to_a_portal() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(53);
    add_without_phone(&provider, &person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let two = [("acr_values", "urn:yihao:acr:2")];
    let page = browser.follow(browser.get(&web1.authorize(&two)).await).await;
    let fields = [("identifier", &*person.id_number), ("password", person.password())];
    let page = browser.follow(browser.submit(&page, &fields).await).await;
    assert_eq!(page.url.path(), "/login/enrol");

    let app = App::enrol(&page);
    let wrong = browser.submit(&page, &[("code", "12345")]).await;
    assert_eq!((wrong.status, App::enrol(&wrong).code_of_step(1)), (400, app.code_of_step(1)));
    let page = browser.submit(&page, &[("code", &app.code(provider.clock.now()))]).await;
    assert_eq!(page.recovery_codes().len(), 10);
    let on = page.body.split("id=\"continue\" href=\"").nth(1).unwrap();
    let on = on.split('"').next().unwrap().replace("&#x2f;", "/").replace("&amp;", "&");
    let page = browser.get(&provider.url(&on)).await;
    let landing = web1.walk(&browser, &person, page).await;

    let tokens = web1.redeem(landing.code()).await.json();
    let id_token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["acr"], "urn:yihao:acr:2");
    assert_eq!(id_token["amr"], json!(["pwd", "otp", "mfa"]));
}

/// An account of somebody who left no phone.
async fn add_without_phone(provider: &TestProvider, person: &Person) {
    use yihao::audit;
    use yihao::domain::audit_event::AuditKind;
    use yihao::domain::request_context::RequestContext;
    use yihao::people::sign_up;
    let inner = &provider.provider;
    let hash = inner.passwords.hash(person.password().as_bytes()).await.unwrap();
    let mut profile = person.profile();
    profile.phone = None;
    let new = sign_up::new_account(inner, &profile, Some(hash), person.assurance).unwrap();
    let context = RequestContext::internal("test");
    let record = || audit::done(AuditKind::SignUp).record(inner, &context);
    assert!(inner.store.add_account(new, record(), record()).await.unwrap());
}

on_both!(
    /// a code is good once, also for many at the same time; and none before the last one used.
    a_code_is_good_once,
    |provider| {
        let enrolled = enrolled(&provider, 54).await;
        let (step, now) = (provider.clock.now().seconds() / 30, enrolled.code(&provider));
        let before = enrolled.app.code_of_step(step - 1);
        let (browser, page) = enrolled.second_page(&provider).await;
        let copies: Vec<Browser> = (0..5).map(|_| browser.copy()).collect();

        let fields = [("code", &*now)];
        let tries = copies.iter().map(|copy| copy.submit(&page, &fields));
        let statuses: Vec<u16> = join_all(tries).await.iter().map(|page| page.status).collect();

        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
        let (browser, page) = enrolled.second_page(&provider).await;
        let old = browser.submit(&page, &[("code", &before)]).await;
        assert_eq!(old.status, 400, "an older step is dead once a newer one was used");
        assert_eq!(provider.refusal_of(&old).await, "step_up wrong answer");
    }
);

/// one step of the past is accepted, none of the future, and only six ASCII digits.
#[tokio::test]
async fn only_this_step_and_the_last_are_accepted() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let enrolled = enrolled(&provider, 55).await;
    // The begin of a step, so that the test does not run into the next.
    let into = provider.clock.now().0.rem_euclid(30_000);
    provider.clock.advance(30_000 - into);
    let step = provider.clock.now().seconds() / 30;
    let app = &enrolled.app;
    let right = app.code_of_step(step);
    let wide: String =
        right.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
    for wrong in [app.code_of_step(step + 1), app.code_of_step(step - 2), wide] {
        let (browser, page) = enrolled.second_page(&provider).await;
        let page = browser.submit(&page, &[("code", &wrong)]).await;
        assert_eq!(page.status, 400, "{wrong}");
    }

    let (browser, page) = enrolled.second_page(&provider).await;
    let page = browser.submit(&page, &[("code", &app.code_of_step(step - 1))]).await;

    assert_eq!(page.status, 303);
}

on_both!(
    /// after five failures the factor rests, for the account and not for the flow, and longer
    /// each time.
    five_wrong_codes_rest_the_factor,
    |provider| {
        let enrolled = enrolled(&provider, 56).await;
        for _ in 0..6 {
            // A new flow each time changes nothing.
            let (browser, page) = enrolled.second_page(&provider).await;
            assert_eq!(browser.submit(&page, &[("code", "000")]).await.status, 400);
        }

        let (browser, page) = enrolled.second_page(&provider).await;
        let right = browser.submit(&page, &[("code", &enrolled.code(&provider))]).await;
        assert_eq!(right.status, 400, "the right code has to wait as well");
        assert_eq!(provider.refusal_of(&right).await, "step_up too many attempts");
        let (browser, page) = enrolled.recovery_page(&provider).await;
        let spare = browser.submit(&page, &[("code", &enrolled.recovery[0])]).await;
        assert_eq!(spare.status, 400, "and so has the other second factor");

        provider.wait_seconds(61);
        let (browser, page) = enrolled.second_page(&provider).await;
        assert_eq!(browser.submit(&page, &[("code", "000")]).await.status, 400);
        provider.wait_seconds(61);
        let (browser, page) = enrolled.second_page(&provider).await;
        let early = browser.submit(&page, &[("code", &enrolled.code(&provider))]).await;
        assert_eq!(early.status, 400, "two minutes the second time");
        provider.wait_seconds(61);
        let (browser, page) = enrolled.second_page(&provider).await;
        let late = browser.submit(&page, &[("code", &enrolled.code(&provider))]).await;
        assert_eq!(late.status, 303);
    }
);

on_both!(each_recovery_code_is_good_once, |provider| {
    let enrolled = enrolled(&provider, 57).await;
    let (first, second) = (&enrolled.recovery[0], &enrolled.recovery[1]);
    let loose = second.to_uppercase().replace('-', " ");
    let typed = [(&**first, 303), (first, 400), (&loose, 303), (second, 400), ("zzzzz-zzzzz", 400)];
    for (code, expected) in typed {
        let (browser, page) = enrolled.recovery_page(&provider).await;
        let page = browser.submit(&page, &[("code", code)]).await;
        assert_eq!(page.status, expected, "{code}");
    }

    let page = enrolled.browser.get(&provider.url("/account/totp")).await;
    assert!(page.body.contains('8'), "eight are left");
    // New codes need the password, and put an end to the old ones.
    let page = enrolled.browser.press(&page, "renew-codes", &[("step", "renew")]).await;
    let new = page.recovery_codes();
    assert_eq!(new.len(), 10);
    let (browser, page) = enrolled.recovery_page(&provider).await;
    let old = browser.submit(&page, &[("code", &enrolled.recovery[5])]).await;
    let page = browser.submit(&page, &[("code", &new[5])]).await;
    assert_eq!((old.status, page.status), (400, 303));
});
