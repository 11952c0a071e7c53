//! What the owner of an account chooses: no login by text message, no login to a portal, browsers that are
//! forgotten, language and print that go along (security.md; GB/T 35273-2020 §8).

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::answer;
use crate::support::login::ask_for_code;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;

async fn logged_in(provider: &TestProvider, seed: u64) -> (Person, Browser) {
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person).await;
    log_in(provider, &browser, &person).await;
    (person, browser)
}

async fn leave(provider: &TestProvider, browser: &Browser) {
    let page = browser.get(&provider.url("/oauth2/logout")).await;
    browser.submit(&page, &[]).await;
}

/// Sends one field to a page of the account.
async fn choose(
    provider: &TestProvider,
    browser: &Browser,
    (path, name, value): (&str, &str, &str),
) -> Page {
    let csrf = browser.get(&provider.url("/account/password")).await.csrf();
    browser.post(&provider.url(path), &[("csrf", &*csrf), (name, value)]).await
}

const BLOCK_SMS: (&str, &str, &str) = ("/account/phone", "step", "block-sms");
const ALLOW_SMS: (&str, &str, &str) = ("/account/phone", "step", "allow-sms");
const BLOCK: (&str, &str, &str) = ("/account/portals", "block", "web1");
const ALLOW: (&str, &str, &str) = ("/account/portals", "allow", "web1");

on_both!(
    /// Switched off, no code is sent to log in, none that is on its way logs in, and whoever logged in so is out;
    /// switched on, it works again. The phone is told of both.
    text_messages_log_in_as_long_as_the_owner_wants,
    |provider| {
        let (person, browser) = logged_in(&provider, 8501).await;
        let (thief, late) = (Browser::new(), Browser::new());
        let page = ask_for_code(&provider, &thief, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        assert_eq!(answer(&thief, &page, &code).await.status, 303);
        assert!(is_logged_in(&provider, &thief).await);
        let waiting = ask_for_code(&provider, &late, &person.phone).await;
        let unspent = provider.code_of_message(2).await;

        let done = choose(&provider, &browser, BLOCK_SMS).await;

        assert_eq!(done.status, 303, "{}", done.body);
        assert_eq!(provider.audit(1).await, ["login_method_blocked done"]);
        assert!(!is_logged_in(&provider, &thief).await, "it may have begun with a message");
        assert!(is_logged_in(&provider, &browser).await, "the own session goes on");
        assert_eq!(answer(&late, &waiting, &unspent).await.status, 400, "too late");
        assert_eq!(provider.audit(1).await, ["login refused no usable account"]);
        let sent = provider.messages_sent().await;
        assert_eq!(sent, 3, "two codes, and a notice");
        let page = ask_for_code(&provider, &Browser::new(), &person.phone).await;
        assert_eq!(page.status, 200, "it looks as ever");
        assert_eq!(provider.messages_sent().await, sent, "and nothing is sent");

        assert_eq!(choose(&provider, &browser, BLOCK_SMS).await.status, 303, "it is so already");
        assert_eq!(provider.audit(1).await, ["one_time_code_sent done"]);
        assert_eq!(choose(&provider, &browser, ALLOW_SMS).await.status, 303);
        let again = Browser::new();
        provider.wait_seconds(61);
        let page = ask_for_code(&provider, &again, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        assert_eq!(answer(&again, &page, &code).await.status, 303);
    }
);

on_both!(
    /// A phone that does not log in is no second factor either: an app is set up instead.
    a_blocked_phone_is_no_second_factor,
    |provider| {
        let (person, browser) = logged_in(&provider, 8502).await;
        let web1 = RelyingParty::new(&provider, "web1");
        let two = web1.authorize(&[("acr_values", "urn:yihao:acr:2")]);
        let before = browser.follow(browser.get(&two).await).await;
        assert_eq!(before.url.path(), "/login/second");
        choose(&provider, &browser, BLOCK_SMS).await;

        let after = browser.follow(browser.get(&two).await).await;

        assert_eq!(after.url.path(), "/login/enrol");
        let pending = before.form();
        let csrf = pending.fields["csrf"].as_str();
        let fields = [("csrf", csrf), ("tx", &*pending.fields["tx"]), ("method", "sms")];
        let page = browser.post(&provider.url("/login/second"), &fields).await;
        assert!(page.status == 303 || page.status == 400, "{}", page.body);
        let told = provider.last_message_to(&person.phone).await.and_then(|sent| sent.code);
        assert_eq!(told, None, "no code was sent");
    }
);

on_both!(
    /// a blocked portal has nothing from that moment: its tokens are dead at every door, a code on its way
    /// is worth nothing, it is told that the person left, and nobody is logged in to it, silently or not.
    a_blocked_portal_has_nothing_any_more,
    |provider| {
        let logout = "http://localhost:9/logout".to_owned();
        provider.change_client("web1", |client| client.backchannel_logout_uri = Some(logout)).await;
        let (person, browser) = logged_in(&provider, 8503).await;
        let (web1, post1) =
            (RelyingParty::new(&provider, "web1"), RelyingParty::new(&provider, "post1"));
        let landing = web1.log_in(&browser, &person, &[("scope", "openid offline_access")]).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let (access, refresh) =
            (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
        let other = post1.log_in(&browser, &person, &[]).await;
        let others = post1.redeem(other.code()).await.json();
        let on_its_way = web1.landing(&browser.get(&web1.authorize(&[("scope", "openid")])).await);
        assert_eq!(web1.userinfo(access).await.status, 200);

        let done = choose(&provider, &browser, BLOCK).await;

        assert_eq!(done.status, 303, "{}", done.body);
        assert_eq!(provider.audit(1).await, ["portal_blocked done"]);
        assert_eq!(web1.userinfo(access).await.status, 401);
        let seen = web1.call("/oauth2/introspect", &[("token", access)]).await.json();
        assert_eq!(seen["active"], false);
        assert_eq!(web1.refresh(refresh).await.json()["error"], "invalid_grant");
        let code = on_its_way.unwrap();
        assert_eq!(web1.redeem(code.code()).await.json()["error"], "invalid_grant");
        let told = "SELECT COUNT(*) FROM outbox WHERE client_id = 'web1'";
        assert_eq!(provider.count(told).await, 1, "it is told once");
        for prompt in ["none", "login"] {
            let url = web1.authorize(&[("prompt", prompt)]);
            let page = browser.follow(browser.get(&url).await).await;
            let landing = match web1.landing(&page) {
                Some(landing) => landing,
                None => web1.walk(&browser, &person, page).await,
            };
            assert_eq!(landing.error(), "access_denied", "{prompt}");
        }
        assert!(is_logged_in(&provider, &browser).await);
        let theirs = others["access_token"].as_str().unwrap();
        assert_eq!(post1.userinfo(theirs).await.status, 200, "another portal is not concerned");

        assert_eq!(choose(&provider, &browser, BLOCK).await.status, 303, "once more");
        assert_eq!(provider.count(told).await, 1);
        assert_eq!(choose(&provider, &browser, ALLOW).await.status, 303);
        assert_eq!(web1.userinfo(access).await.status, 401, "what was dead stays dead");
        assert_eq!(web1.refresh(refresh).await.json()["error"], "invalid_grant");
        provider.wait_seconds(1);
        let again = browser.follow(browser.get(&web1.authorize(&[])).await).await;
        assert!(again.has("allow"), "it is asked again");
        let landing = web1.walk(&browser, &person, again).await;
        assert_eq!(web1.redeem(landing.code()).await.status, 200);
    }
);

on_both!(
    /// F18: who is logged in at the very moment of the block has a code that is worth nothing.
    a_code_issued_beside_the_block_is_worth_nothing,
    |provider| {
        let (person, browser) = logged_in(&provider, 8504).await;
        let web1 = RelyingParty::new(&provider, "web1");
        web1.log_in(&browser, &person, &[("scope", "openid")]).await;
        let url = web1.authorize(&[("scope", "openid")]);
        let block = "INSERT INTO portal_block (account_id, client_id, blocked_at)
                     SELECT id, 'web1', 1 FROM account";

        let page = provider.overtaken_by(block, browser.get(&url)).await;

        let landing = web1.landing(&page).expect("an answer");
        let code = landing.get("code").expect("a code: the block was not seen").to_owned();
        assert_eq!(web1.redeem(&code).await.json()["error"], "invalid_grant");
        provider.execute("UPDATE portal_block SET lifted_at = 9000000000000").await;
        assert_eq!(web1.redeem(&code).await.json()["error"], "invalid_grant");
    }
);

on_both!(
    /// A person sees what a portal was told and when; of a portal that was told nothing there is no page.
    a_portal_says_what_it_was_told,
    |provider| {
        let (person, browser) = logged_in(&provider, 8505).await;
        let web1 = RelyingParty::new(&provider, "web1");
        web1.log_in(&browser, &person, &[("scope", "openid profile")]).await;
        let list = browser.get(&provider.url("/account/portals")).await;
        assert!(list.body.contains("/account/portals/web1"), "{}", list.body);

        let page = browser.get(&provider.url("/account/portals/web1")).await;

        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("基本身份信息") && page.body.contains("history-when"));
        let (_, other) = logged_in(&provider, 8506).await;
        for path in ["web1", "nobody", "%2e%2e", "x%00"] {
            let page = other.get(&provider.url(&format!("/account/portals/{path}"))).await;
            assert_eq!(page.status, 404, "{path}");
        }
        let foreign = choose(&provider, &other, BLOCK).await;
        assert_eq!(foreign.status, 404, "nothing to do with it");
        assert_eq!(provider.rows(&["portal_block"]).await, [0]);
        let odd = browser.get(&provider.url("/account/portals/web1?before=x")).await;
        assert_eq!(odd.status, 400);
    }
);

on_both!(
    /// an old session chooses nothing, however it asks.
    an_old_session_chooses_nothing,
    |provider| {
        let (person, browser) = logged_in(&provider, 8507).await;
        RelyingParty::new(&provider, "web1").log_in(&browser, &person, &[]).await;
        provider.wait_seconds(6 * 60);
        let before = provider.account(&person).await;
        let forget = ("/account/sessions", "forget", "all");
        for field in [BLOCK_SMS, ALLOW_SMS, BLOCK, ALLOW, forget] {
            let page = choose(&provider, &browser, field).await;
            let to = format!("/account/reauthenticate?return={}", field.0);
            assert_eq!((page.status, page.header("location")), (303, &*to), "{field:?}");
            let alien = browser.post(&provider.url(field.0), &[(field.1, field.2)]).await;
            assert_eq!(alien.status, 403, "{field:?}");
        }
        assert_eq!(provider.account(&person).await, before);
        assert_eq!(provider.rows(&["portal_block", "known_browser"]).await, [0, 1]);
        assert_eq!(provider.messages_sent().await, 0);
    }
);

on_both!(
    /// Browsers are shown in words, forgotten one by one or all at once, and another person's key forgets nothing.
    known_browsers_are_shown_and_forgotten,
    |provider| {
        let (person, here) = logged_in(&provider, 8508).await;
        let (_, stranger) = logged_in(&provider, 8509).await;
        log_in(&provider, &Browser::new(), &person).await;
        leave(&provider, &here).await;
        log_in(&provider, &here, &person).await;
        let page = here.get(&provider.url("/account/sessions")).await;
        let ids: Vec<&str> = page.body.split("name=\"forget\" value=\"").skip(1).collect();
        let ids: Vec<&str> = ids.iter().map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(ids.len(), 3, "two browsers, and all of them");
        assert!(page.body.contains("Firefox · Windows"));

        let theirs = choose(&provider, &stranger, ("/account/sessions", "forget", ids[0])).await;
        assert_eq!((theirs.status, provider.rows(&["known_browser"]).await), (303, vec![3]));
        assert_eq!(choose(&provider, &here, ("/account/sessions", "forget", "x")).await.status, 400);
        let one = choose(&provider, &here, ("/account/sessions", "forget", ids[0])).await;
        assert_eq!((one.status, provider.rows(&["known_browser"]).await), (303, vec![2]));
        assert_eq!(provider.audit(1).await, ["browsers_forgotten done"]);
        choose(&provider, &here, ("/account/sessions", "forget", "all")).await;
        assert_eq!(provider.rows(&["known_browser"]).await, [1], "the stranger's");
        assert_eq!(provider.messages_sent().await, 2, "each was told");

        for _ in 0..25 {
            provider.wait_seconds(1);
            log_in(&provider, &Browser::new(), &person).await;
        }
        assert_eq!(provider.rows(&["known_browser"]).await, [21], "and no more than twenty are kept");
    }
);

on_both!(
    /// Language and large print chosen while logged in are found again in another browser; a foreign link keeps
    /// nothing.
    language_and_print_go_along,
    |provider| {
        let (person, browser) = logged_in(&provider, 8510).await;
        let url = provider.url("/preferences?locale=en&elder=1&return=/account");
        for site in ["cross-site", "same-site", "none"] {
            browser.get_with(&url, &[("sec-fetch-site", site)]).await;
        }
        browser.get(&url).await;
        let fresh = Browser::new();
        log_in(&provider, &fresh, &person).await;
        assert_eq!(fresh.cookie("yihao-locale"), None, "nothing was kept");

        browser.get_with(&url, &[("sec-fetch-site", "same-origin")]).await;

        assert_eq!(provider.audit(1).await, ["look_kept done"]);
        let other = Browser::new();
        log_in(&provider, &other, &person).await;
        let page = other.get(&provider.url("/account")).await;
        assert!(page.body.contains("<html lang=\"en\" class=\"elder\">"), "{}", page.body);
        let plain = provider.url("/preferences?locale=zh-CN&elder=0");
        other.get_with(&plain, &[("sec-fetch-site", "same-origin")]).await;
        leave(&provider, &browser).await;
        log_in(&provider, &browser, &person).await;
        let page = browser.get(&provider.url("/account")).await;
        assert!(page.body.contains("<html lang=\"zh-CN\">"));
    }
);

on_both!(
    /// What was chosen is taken along, and goes with the account.
    choices_are_exported_and_end_with_the_account,
    |provider| {
        let (person, browser) = logged_in(&provider, 8511).await;
        RelyingParty::new(&provider, "web1").log_in(&browser, &person, &[]).await;
        choose(&provider, &browser, BLOCK_SMS).await;
        choose(&provider, &browser, BLOCK).await;
        let url = provider.url("/preferences?locale=en&elder=1");
        browser.get_with(&url, &[("sec-fetch-site", "same-origin")]).await;

        let export = choose(&provider, &browser, ("/account/export", "format", "json")).await.json();

        assert_eq!(export["security"]["blocked_methods"], serde_json::json!(["sms"]));
        let known = &export["security"]["known_browsers"][0]["user_agent"];
        assert!(known.as_str().unwrap().contains("Firefox"), "{export}");
        assert_eq!(export["preferences"], serde_json::json!({ "locale": "en", "elder": true }));
        assert_eq!(export["blocked_portals"][0]["client_id"], "web1");
        let told = export["history"].as_array().unwrap().iter();
        assert!(told.clone().any(|event| event["scope"].as_str().is_some_and(|s| s.contains("openid"))));
        let csrf = browser.get(&provider.url("/account/password")).await.csrf();
        let fields = [("csrf", &*csrf), ("step", "cancel"), ("understood", "1")];
        browser.post(&provider.url("/account/cancel"), &fields).await;
        provider.wait_seconds(8 * 24 * 3600);
        yihao::people::cancellation::end_due(&provider.provider, drop).await.unwrap();
        assert_eq!(provider.rows(&["portal_block", "known_browser"]).await, [0, 0]);
        let kept = "SELECT COUNT(*) FROM account WHERE blocked_methods <> '' OR locale IS NOT NULL";
        assert_eq!(provider.count(kept).await, 0);
    }
);
