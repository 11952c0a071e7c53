//! Taking one's data along, stopping an account, and giving it up (PIPL art. 45, 47; security.md A-71).

use yihao::people::cancellation;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::sign_up_form;
use crate::support::login::try_password;

const DAY: i64 = 24 * 3600;

async fn logged_in(provider: &TestProvider, seed: u64) -> (Person, Browser) {
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person).await;
    log_in(provider, &browser, &person).await;
    (person, browser)
}

async fn press(
    provider: &TestProvider,
    browser: &Browser,
    path: &str,
    fields: &[(&str, &str)],
) -> Page {
    let page = browser.get(&provider.url(path)).await;
    let csrf = page.form_with("csrf").fields["csrf"].clone();
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", &*csrf)]).collect();
    browser.post(&provider.url(path), &fields).await
}

async fn cancel(provider: &TestProvider, browser: &Browser) -> Page {
    press(provider, browser, "/account/cancel", &[("step", "cancel"), ("understood", "1")]).await
}

on_both!(
    /// PIPL art. 45: everything, to read and for machines; for who typed the password a moment ago.
    a_person_takes_their_data_along,
    |provider| {
        let (person, browser) = logged_in(&provider, 8201).await;
        let web1 = RelyingParty::new(&provider, "web1");
        web1.log_in(&browser, &person, &[]).await;

        let json = press(&provider, &browser, "/account/export", &[("format", "json")]).await;

        assert_eq!((json.status, json.header("content-type")), (200, "application/json"));
        assert!(json.header("content-disposition").contains("attachment"));
        let export = json.json();
        assert_eq!(export["person"]["id_number"], person.id_number);
        assert_eq!(export["consents"][0]["client_id"], "web1");
        assert!(export["history"].as_array().unwrap().iter().any(|event| event["kind"] == "login"));
        for secret in ["password_hash", "scrypt", "secret"] {
            assert!(!json.body.contains(secret), "{secret}");
        }
        let page = press(&provider, &browser, "/account/export", &[("format", "read")]).await;
        assert!(page.body.contains(&person.id_number));
        provider.wait_seconds(6 * 60);
        let stale = press(&provider, &browser, "/account/export", &[("format", "json")]).await;
        assert_eq!((stale.status, stale.body.contains(&person.name)), (303, false));
    }
);

on_both!(
    /// "Not me": everybody is out, nobody gets in, and recovery brings the account back.
    an_owner_stops_the_account_and_comes_back,
    |provider| {
        let (person, browser) = logged_in(&provider, 8202).await;
        let (thief, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let landing = web1.log_in(&thief, &person, &[("scope", "openid offline_access")]).await;
        let tokens = web1.redeem(landing.code()).await.json();

        let stopped = press(&provider, &browser, "/account/history", &[("step", "stop")]).await;

        assert_eq!(stopped.status, 200, "{}", stopped.body);
        for browser in [&browser, &thief] {
            assert!(!is_logged_in(&provider, browser).await);
        }
        let refreshed = web1.refresh(tokens["refresh_token"].as_str().unwrap()).await;
        assert_eq!(refreshed.status, 400);
        let identity = (&*person.id_number, person.password());
        let login = try_password(&provider, &Browser::new(), identity).await;
        assert_eq!(login.status, 400, "stopped looks like wrong");
        let back = Browser::new();
        let page = back.get(&provider.url("/recover")).await;
        let fields = [("name", &*person.name), ("id_number", &*person.id_number), ("phone", &*person.phone)];
        let sent = back.submit(&page, &fields).await;
        let code = provider.code_sent_to(&person.phone).await;
        let page = back.submit(&sent, &[("code", &code)]).await;
        back.press(&page, "id=\"wait\"", &[("step", "wait")]).await;
        provider.wait_seconds(73 * 3600);
        let page = back.get(&provider.url("/recover")).await;
        let sent = back.submit(&page, &fields).await;
        let code = provider.code_sent_to(&person.phone).await;
        let page = back.submit(&sent, &[("code", &code)]).await;
        let new = "a new ferry at first light";
        let done = back.submit(&page, &[("password", new), ("password_again", new)]).await;
        assert_eq!(done.status, 200, "{}", done.body);
        let login = try_password(&provider, &back, (&person.id_number, new)).await;
        assert_eq!(login.status, 303, "and it works again");
    }
);

on_both!(
    /// PIPL art. 47: given up, thought over, taken back; given up again, and then it is over: nobody logs in,
    /// tokens are dead, the numbers are free, and whoever signs up with them is somebody new.
    an_account_that_was_given_up_ends,
    |provider| {
        let (person, browser) = logged_in(&provider, 8203).await;
        let web1 = RelyingParty::new(&provider, "web1");
        let landing = web1.log_in(&browser, &person, &[("scope", "openid offline_access")]).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let sub = web1.userinfo(tokens["access_token"].as_str().unwrap()).await.json()["sub"].clone();
        let hasty = press(&provider, &browser, "/account/cancel", &[("step", "cancel")]).await;
        assert_eq!(hasty.status, 400, "it has to be understood");
        assert_eq!(cancel(&provider, &browser).await.status, 303);
        let page = browser.get(&provider.url("/account/cancel")).await;
        assert!(page.has("keep"), "{}", page.body);
        assert_eq!(
            press(&provider, &browser, "/account/cancel", &[("step", "keep")]).await.status,
            303
        );
        provider.wait_seconds(8 * DAY);
        cancellation::end_due(&provider.provider, drop).await.unwrap();
        log_in(&provider, &browser, &person).await;
        assert!(is_logged_in(&provider, &browser).await, "taken back");

        assert_eq!(cancel(&provider, &browser).await.status, 303);
        provider.wait_seconds(6 * DAY);
        cancellation::end_due(&provider.provider, drop).await.unwrap();
        log_in(&provider, &browser, &person).await;
        assert!(is_logged_in(&provider, &browser).await, "not yet");
        provider.wait_seconds(2 * DAY);
        cancellation::end_due(&provider.provider, drop).await.unwrap();

        assert!(!is_logged_in(&provider, &browser).await);
        let identity = (&*person.id_number, person.password());
        let login = try_password(&provider, &Browser::new(), identity).await;
        assert_eq!(login.status, 400);
        let refreshed = web1.refresh(tokens["refresh_token"].as_str().unwrap()).await;
        assert_eq!(refreshed.status, 400);
        let again = Person { password: Some("lantern over the lake".to_owned()), ..person.clone() };
        let newcomer = Browser::new();
        let page = newcomer.get(&provider.url("/signup")).await;
        let asked = newcomer.submit(&page, &sign_up_form(&again, again.password())).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        let code = provider.code_sent_to(&person.phone).await;
        let made = newcomer.submit(&asked, &[("code", &code), ("step", "verify")]).await;
        assert_eq!(made.status, 200, "{}", made.body);
        let landing = web1.log_in(&newcomer, &again, &[]).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let userinfo = web1.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
        assert_ne!(userinfo["sub"], sub, "somebody new, for the portal as well");
        let history = newcomer.get(&provider.url("/account/history")).await;
        assert!(!history.body.contains("account-cancelled"), "nothing of the first");
    }
);

on_both!(
    /// A recycled phone: its new holder signs up once it is free, and gains nothing of the first.
    whoever_gets_the_phone_gains_nothing_of_the_first,
    |provider| {
        let (first, firsts) = logged_in(&provider, 8204).await;
        cancel(&provider, &firsts).await;
        provider.wait_seconds(8 * DAY);
        cancellation::end_due(&provider.provider, drop).await.unwrap();
        let second = Person { phone: first.phone.clone(), ..Person::synthetic(8205) };
        provider.add_person(&second.clone().without_account()).await;
        let browser = Browser::new();
        let page = browser.get(&provider.url("/signup")).await;
        let asked = browser.submit(&page, &sign_up_form(&second, second.password())).await;
        let code = provider.code_sent_to(&second.phone).await;
        let made = browser.submit(&asked, &[("code", &code), ("step", "verify")]).await;
        assert_eq!(made.status, 200, "{}", made.body);

        log_in(&provider, &browser, &second).await;
        let account = browser.get(&provider.url("/account")).await;
        assert!(!account.body.contains(&first.name));
        let page = browser.get(&provider.url("/recover")).await;
        let fields = [("name", &*first.name), ("id_number", &*first.id_number), ("phone", &*first.phone)];
        let sent = provider.messages_sent().await;
        browser.submit(&page, &fields).await;
        assert_eq!(provider.messages_sent().await, sent, "the first cannot be recovered with it");
    }
);

on_both!(
    /// What the law keeps goes last: half a year later the person's key is erased and the chain is whole.
    the_last_of_a_person_is_erased,
    |provider| {
        let (person, browser) = logged_in(&provider, 8206).await;
        let id = provider.account(&person).await.id;
        cancel(&provider, &browser).await;
        provider.wait_seconds(8 * DAY);
        cancellation::end_due(&provider.provider, drop).await.unwrap();
        let kept = provider.provider.store.find_account(id).await.unwrap().unwrap();
        assert!(!kept.person_key.is_empty());
        let profile = provider.provider.vault.open_profile(&kept).unwrap();
        assert!(profile.name.is_empty() && profile.id_number.is_empty());
        provider.wait_seconds(181 * DAY);
        cancellation::end_due(&provider.provider, drop).await.unwrap();
        let erased = provider.provider.store.find_account(id).await.unwrap().unwrap();
        assert!(erased.person_key.is_empty() && erased.profile.is_empty());
    }
);
