//! Codes by SMS, authenticator apps, recovery codes (RFC 6238, ASVS 6.5 and 6.6; security.md,
//!

use serde_json::json;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login;
use crate::support::login::answer;
use crate::support::login::ask_for_code;
use crate::support::login::is_logged_in;
use crate::support::relying_party::claims;

async fn person(provider: &TestProvider) -> Person {
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    person
}

on_both!(a_code_by_sms_logs_in_once, |provider| {
    let person = person(&provider).await;
    let browser = Browser::new();
    let page = ask_for_code(&provider, &browser, &person.phone).await;
    let code = provider.code_sent_to(&person.phone).await;
    let done = answer(&browser, &page, &code).await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert!(is_logged_in(&provider, &browser).await);
    let again = Browser::new();
    let page = ask_for_code(&provider, &again, &person.id_number).await;
    let used = answer(&again, &page, &code).await;
    assert_eq!(used.status, 400);
});

on_both!(
    /// nobody learns from the page whether a phone or number has an account.
    asking_for_a_code_tells_nothing,
    |provider| {
        let person = person(&provider).await;
        let unknown = Person::synthetic(77);
        let known = ask_for_code(&provider, &Browser::new(), &person.id_number).await;
        let none = ask_for_code(&provider, &Browser::new(), &unknown.id_number).await;
        let bare = |page: &crate::support::Page, typed: &str| {
            let form = page.form();
            page.body
                .replace(&form.fields["csrf"], "")
                .replace(&form.fields["challenge"], "")
                .replace(typed, "")
        };
        assert_eq!(bare(&known, &person.id_number), bare(&none, &unknown.id_number));
        provider.code_sent_to(&person.phone).await;
        assert!(provider.last_message_to(&unknown.phone).await.is_none());
        assert_eq!(provider.messages().await.len(), 1);
    }
);

on_both!(
    /// five tries, five minutes, one browser.
    a_code_is_for_five_tries_five_minutes_and_one_browser,
    |provider| {
        let person = person(&provider).await;
        let (browser, thief) = (Browser::new(), Browser::new());
        let page = ask_for_code(&provider, &browser, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        let own = thief.get(&provider.url("/login?method=sms")).await;
        let challenge = page.form().fields["challenge"].clone();
        let stolen = [
            ("identifier", &*person.phone), ("challenge", &challenge), ("code", &code),
            ("step", "verify"),
        ];
        assert_eq!(thief.submit(&own, &stolen).await.status, 400, "another browser");
        provider.clock.advance(5 * 60_000 + 1000);
        assert_eq!(answer(&browser, &page, &code).await.status, 400, "too late");

        let page = ask_for_code(&provider, &browser, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        let wrong = if code == "000000" { "111111" } else { "000000" };
        for _ in 0..5 {
            provider.clock.advance(31_000);
            assert_eq!(answer(&browser, &page, wrong).await.status, 400);
        }
        provider.clock.advance(31_000);
        assert_eq!(answer(&browser, &page, &code).await.status, 400, "five tries are over");
    }
);

on_both!(messages_to_one_phone_are_few, |provider| {
    let person = person(&provider).await;
    for _ in 0..3 {
        ask_for_code(&provider, &Browser::new(), &person.phone).await;
    }
    assert!(provider.messages().await.len() <= 2, "the third within a minute is not sent");
    for _ in 0..20 {
        provider.clock.advance(61_000);
        ask_for_code(&provider, &Browser::new(), &person.phone).await;
    }
    assert!(provider.messages().await.len() <= 6, "five in an hour");
});

on_both!(
    /// Acceptance 2: a portal that asks for two factors gets them, and the app is set up on the way.
    a_portal_that_asks_for_two_factors_gets_them,
    |provider| {
        let person = person(&provider).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        web1.log_in(&browser, &person, &[]).await;
        let asked = [("acr_values", "urn:yihao:acr:2")];

        let page = browser.follow(browser.get(&web1.authorize(&asked)).await).await;
        let sms = page.has("send-code");
        assert!(sms, "a phone is a second factor already: {}", page.url);
        let page = browser.submit(&page, &[("step", "send")]).await;
        let code = provider.code_sent_to(&person.phone).await;
        let page = browser.submit(&page, &[("step", "verify"), ("code", &code)]).await;
        let landing = web1.walk(&browser, &person, page).await;

        let token = web1.redeem(landing.code()).await.json();
        let token = claims(token["id_token"].as_str().unwrap());
        assert_eq!(token["acr"], "urn:yihao:acr:2");
        assert_eq!(token["amr"], json!(["pwd", "sms", "mfa"]));
    }
);

on_both!(
    /// Without a phone the app is enrolled in the flow; its first code counts.
    without_any_second_factor_an_app_is_enrolled_in_the_flow,
    |provider| {
        let person = Person::synthetic(4);
        provider.add_person_without_phone(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let asked = [("acr_values", "urn:yihao:acr:2")];
        let silent = [("acr_values", "urn:yihao:acr:2"), ("prompt", "none")];
        web1.log_in(&browser, &person, &[]).await;
        let refused = browser.get(&web1.authorize(&silent)).await;
        assert_eq!(web1.landing(&refused).unwrap().error(), "interaction_required");

        let page = browser.follow(browser.get(&web1.authorize(&asked)).await).await;
        let secret = login::secret_on(&page);
        let wrong = browser.submit(&page, &[("code", "000000")]).await;
        assert_eq!(wrong.status, 400);
        assert_eq!(login::secret_on(&wrong), secret, "the same secret again");
        let code = login::totp(&provider, &secret);
        let codes = browser.submit(&wrong, &[("code", &code)]).await;
        assert_eq!(login::recovery_codes_on(&codes).len(), 10);

        let landing = web1.log_in(&browser, &person, &silent).await;
        let token = web1.redeem(landing.code()).await.json();
        assert_eq!(claims(token["id_token"].as_str().unwrap())["acr"], "urn:yihao:acr:2");
    }
);

on_both!(
    /// D5: an account with an app is logged in nowhere with a password alone.
    an_account_with_an_app_asks_for_it_everywhere,
    |provider| {
        let person = person(&provider).await;
        let browser = Browser::new();
        login::log_in(&provider, &browser, &person).await;
        let (secret, _) = login::enrol(&provider, &browser).await;
        let (fresh, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        login::log_in(&provider, &fresh, &person).await;
        assert!(!is_logged_in(&provider, &fresh).await, "the account page asks for the app");
        let silent = fresh.get(&web1.authorize(&[("prompt", "none")])).await;
        assert_eq!(web1.landing(&silent).unwrap().error(), "interaction_required");
        let page = fresh.follow(fresh.get(&web1.authorize(&[])).await).await;
        assert!(!page.has("send-code"), "a phone is no way around the app");
        let used = fresh.submit(&page, &[("code", &login::totp(&provider, &secret))]).await;
        assert_eq!(used.status, 400, "the code that enrolled the app is spent");
        provider.clock.advance(31_000);
        let page = fresh.submit(&page, &[("code", &login::totp(&provider, &secret))]).await;
        web1.walk(&fresh, &person, page).await.code();
        assert!(is_logged_in(&provider, &fresh).await);
    }
);

on_both!(
    /// one step is accepted once, the one before it too, and nothing older.
    a_step_is_accepted_once_and_a_late_one_still,
    |provider| {
        let person = person(&provider).await;
        let first = Browser::new();
        login::log_in(&provider, &first, &person).await;
        let (secret, _) = login::enrol(&provider, &first).await;
        provider.clock.advance(60_000);
        let late = login::totp(&provider, &secret);
        provider.clock.advance(30_000);
        assert_eq!(second(&provider, &person, &late).await, 303, "a step late");
        assert_eq!(second(&provider, &person, &late).await, 400, "once");
        let old = login::totp(&provider, &secret);
        provider.clock.advance(60_000);
        assert_eq!(second(&provider, &person, &old).await, 400, "two steps late");
    }
);

async fn second(provider: &TestProvider, person: &Person, code: &str) -> u16 {
    let browser = Browser::new();
    login::log_in(provider, &browser, person).await;
    let page = browser.get(&provider.url("/login/second")).await;
    browser.submit(&page, &[("code", code)]).await.status
}

on_both!(
    /// recovery codes replace the app, each once; new ones void the old.
    recovery_codes_are_good_once,
    |provider| {
        let person = person(&provider).await;
        let browser = Browser::new();
        login::log_in(&provider, &browser, &person).await;
        let (_, codes) = login::enrol(&provider, &browser).await;
        assert_eq!(codes.len(), 10);
        let recover = |code: String| {
            let (provider, person) = (&provider, &person);
            async move {
                let browser = Browser::new();
                login::log_in(provider, &browser, person).await;
                let page = browser.get(&provider.url("/login/second?method=recovery_code")).await;
                browser.submit(&page, &[("code", &code)]).await.status
            }
        };
        assert_eq!(recover(codes[0].to_uppercase().replace('-', " ")).await, 303);
        assert_eq!(recover(codes[0].clone()).await, 400);
        assert_eq!(recover("aaaaa-aaaaa".to_owned()).await, 400);
        let page = browser.get(&provider.url("/account/totp")).await;
        let renewed = browser.submit(&page, &[("step", "renew")]).await;
        let renewed = login::recovery_codes_on(&renewed);
        assert_eq!(recover(codes[1].clone()).await, 400, "void");
        assert_eq!(recover(renewed[0].clone()).await, 303);
    }
);

on_both!(
    /// the second factor rests after five wrong answers, whatever the browser.
    a_second_factor_is_not_guessed,
    |provider| {
        let person = person(&provider).await;
        let browser = Browser::new();
        login::log_in(&provider, &browser, &person).await;
        let (secret, _) = login::enrol(&provider, &browser).await;
        provider.clock.advance(61_000);
        for _ in 0..6 {
            assert_eq!(second(&provider, &person, "000000").await, 400);
        }
        let right = login::totp(&provider, &secret);
        assert_eq!(second(&provider, &person, &right).await, 400, "it rests");
        provider.clock.advance(61_000);
        let right = login::totp(&provider, &secret);
        assert_eq!(second(&provider, &person, &right).await, 303);
    }
);

on_both!(removing_the_app_asks_for_the_password_again, |provider| {
    let person = person(&provider).await;
    let browser = Browser::new();
    login::log_in(&provider, &browser, &person).await;
    login::enrol(&provider, &browser).await;
    provider.clock.advance(6 * 60_000);
    let page = browser.get(&provider.url("/account/totp")).await;
    let asked = browser.submit(&page, &[("step", "remove")]).await;
    let ask = browser.follow(asked).await;
    assert!(ask.url.path().ends_with("/account/reauthenticate"));
    let again = browser.submit(&ask, &[("password", "wrong")]).await;
    assert_eq!(again.status, 400);
    let back = browser.submit(&again, &[("password", person.password())]).await;
    assert_eq!(back.location().unwrap().path(), "/account/totp");
    let page = browser.get(&provider.url("/account/totp")).await;
    browser.submit(&page, &[("step", "remove")]).await;
    assert!(!provider.account(&person).await.has_totp);
});
