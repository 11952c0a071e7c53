//! What people see and change of their own account (GB/T 35273-2020 §8, ASVS 7.4).

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::doors::ACCOUNT;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::try_password;

async fn person(provider: &TestProvider, seed: u64) -> Person {
    let person = Person::synthetic(seed);
    provider.add_person(&person).await;
    person
}

on_both!(the_account_page_shows_ones_own_and_masks_it, |provider| {
    let person = person(&provider, 1).await;
    let browser = Browser::new();
    log_in(&provider, &browser, &person).await;
    let page = browser.get(&provider.url("/account")).await;
    assert!(page.body.contains(&person.name));
    for whole in [&person.id_number, &person.phone] {
        assert!(!page.body.contains(whole.as_str()), "masked");
    }
    for path in ["/account/sessions", "/account/history"] {
        let page = browser.get(&provider.url(path)).await;
        assert!(page.body.contains("Firefox · Windows") || path.ends_with("history"), "{path}");
    }
});

on_both!(every_account_page_asks_a_stranger_to_log_in, |provider| {
    for path in ACCOUNT {
        let page = Browser::new().get(&provider.url(path)).await;
        assert_eq!((page.status, page.header("location")), (303, "/login"), "{path}");
    }
});

on_both!(the_history_is_ones_own_and_has_pages, |provider| {
    let (one, other) = (person(&provider, 1).await, person(&provider, 2).await);
    for _ in 0..3 {
        try_password(&provider, &Browser::new(), (&other.id_number, "wrong")).await;
    }
    let browser = Browser::new();
    let web1 = RelyingParty::new(&provider, "web1");
    for _ in 0..12 {
        provider.clock.advance(1000);
        web1.log_in(&browser, &one, &[("prompt", "login")]).await;
    }
    let first = browser.get(&provider.url("/account/history")).await;
    let rows = |page: &Page| page.body.matches("history-when\"").count();
    assert_eq!(rows(&first), 20);
    assert!(!first.body.contains("outcome-refused"), "nothing of the other person");
    assert!(first.body.contains("测试门户 web1") && first.body.contains("127.0.0.1"));
    let start = first.body.find("/account/history?before=").unwrap();
    let next = first.body[start..].split('"').next().unwrap();
    let second = browser.get(&provider.url(next)).await;
    assert!((1..=20).contains(&rows(&second)));
    let odd = browser.get(&provider.url("/account/history?before=x")).await;
    assert_eq!(odd.status, 400);
});

on_both!(a_withdrawn_consent_takes_the_tokens_with_it, |provider| {
    let person = person(&provider, 1).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let landing = web1.log_in(&browser, &person, &[]).await;
    let tokens = web1.redeem(landing.code()).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(web1.userinfo(access).await.status, 200);
    let page = browser.get(&provider.url("/account/portals")).await;
    assert!(page.body.contains("测试门户 web1"));
    let done = browser.submit(&page, &[("withdraw", "web1")]).await;
    assert_eq!(done.status, 303);
    assert_eq!(web1.userinfo(access).await.status, 401);
    let refreshed = web1.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.json()["error"], "invalid_grant");
    let again = browser.follow(browser.get(&web1.authorize(&[])).await).await;
    assert!(again.has("allow"), "it is asked again");
    let silent = browser.get(&web1.authorize(&[("prompt", "none")])).await;
    assert_eq!(web1.landing(&silent).unwrap().error(), "consent_required");
});

on_both!(consent_is_remembered_and_asked_for_what_is_new, |provider| {
    let person = person(&provider, 1).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    web1.log_in(&browser, &person, &[("scope", "openid profile")]).await;
    let same = browser.get(&web1.authorize(&[("scope", "openid profile")])).await;
    assert!(web1.landing(&same).is_some(), "asked once");
    let fewer = browser.get(&web1.authorize(&[("scope", "openid")])).await;
    assert!(web1.landing(&fewer).is_some());
    let more = browser.get(&web1.authorize(&[("scope", "openid phone")])).await;
    let more = browser.follow(more).await;
    assert!(more.has("allow"), "a phone is new");
    browser.submit(&more, &[("decision", "allow")]).await;
    let both = browser.get(&web1.authorize(&[("scope", "openid profile phone")])).await;
    assert!(web1.landing(&both).is_some(), "what was agreed adds up");
    let fresh = [("scope", "openid"), ("prompt", "consent")];
    let asked = browser.follow(browser.get(&web1.authorize(&fresh)).await).await;
    assert!(asked.has("allow"), "prompt=consent asks in any case");
});

on_both!(a_new_password_ends_every_other_session_and_token, |provider| {
    const NEW: &str = "a quieter lake at night";
    let mut person = person(&provider, 1).await;
    let (here, there) = (Browser::new(), Browser::new());
    let web1 = RelyingParty::new(&provider, "web1");
    log_in(&provider, &here, &person).await;
    let landing = web1.log_in(&there, &person, &[]).await;
    let tokens = web1.redeem(landing.code()).await.json();

    let page = here.get(&provider.url("/account/password")).await;
    let change = |current: &'static str, new: &'static str, again: &'static str| {
        [("current_password", current), ("password", new), ("password_again", again)]
    };
    let old: &'static str = Box::leak(person.password().to_owned().into_boxed_str());
    for (fields, why) in [
        (change("wrong", NEW, NEW), "the current one is wrong"),
        (change(old, "short", "short"), "too short"),
        (change(old, NEW, "another one"), "two different ones"),
    ] {
        assert_eq!(here.submit(&page, &fields).await.status, 400, "{why}");
    }
    assert!(is_logged_in(&provider, &there).await);
    provider.clock.advance(2_000);
    let done = here.submit(&page, &change(old, NEW, NEW)).await;
    assert_eq!(done.status, 303, "{}", done.body);

    assert!(is_logged_in(&provider, &here).await);
    assert!(!is_logged_in(&provider, &there).await);
    let refreshed = web1.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.json()["error"], "invalid_grant");
    assert_eq!(web1.userinfo(tokens["access_token"].as_str().unwrap()).await.status, 401);
    let old_login = try_password(&provider, &Browser::new(), (&person.id_number, old)).await;
    assert_eq!(old_login.status, 400);
    person.password = Some(NEW.to_owned());
    log_in(&provider, &Browser::new(), &person).await;
});

on_both!(devices_can_be_logged_out_one_by_one, |provider| {
    let person = person(&provider, 1).await;
    let (here, there) = (Browser::new(), Browser::new());
    log_in(&provider, &here, &person).await;
    log_in(&provider, &there, &person).await;
    let page = here.get(&provider.url("/account/sessions")).await;
    let start = page.body.find("name=\"end\" value=\"").unwrap() + "name=\"end\" value=\"".len();
    let id = page.body[start..].split('"').next().unwrap().to_owned();
    here.submit(&page, &[("end", &id)]).await;
    assert!(is_logged_in(&provider, &here).await);
    assert!(!is_logged_in(&provider, &there).await);
});
