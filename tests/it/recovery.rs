//! Coming back to an account (security.md ): by what is left, by waiting, at a counter; never by a
//! phone alone.

use yihao::domain::account::AccountStatus;
use yihao::domain::operator::Role;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::console::appoint;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::login::enrol;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::totp;
use crate::support::login::try_password;
use crate::support::recovery::NEW;
use crate::support::recovery::ask;
use crate::support::recovery::at_counter;
use crate::support::recovery::counter_code;
use crate::support::recovery::prove_phone;
use crate::support::recovery::set;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

async fn logs_in(provider: &TestProvider, person: &Person, password: &str) -> bool {
    let identity = (&*person.id_number, password);
    try_password(provider, &Browser::new(), identity).await.status == 303
}

on_both!(
    /// phone and app lead to a new password; the others are out, tokens are dead, the app is still
    /// asked for, nobody is logged in by it, and the owner is told.
    the_app_and_the_phone_set_a_new_password,
    |provider| {
        let person = Person::synthetic(8001);
        provider.add_person(&person).await;
        let (old, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let tokens = {
            let landing = web1.log_in(&old, &person, &[("scope", "openid offline_access")]).await;
            web1.redeem(landing.code()).await.json()
        };
        let (secret, _) = enrol(&provider, &old).await;
        provider.wait_seconds(60);
        let browser = Browser::new();

        let page = prove_phone(&provider, &browser, &person).await;
        assert!(page.has("prove-totp") && page.has("prove-recovery_code"), "{}", page.body);
        let wrong = browser.press(&page, "prove-totp", &[("code", "000000")]).await;
        assert_eq!(wrong.status, 400, "{}", wrong.body);
        let code = totp(&provider, &secret);
        let page = browser.press(&page, "prove-totp", &[("code", &code)]).await;
        let weak = set(&browser, &page, "password1234").await;
        assert_eq!(weak.status, 400);
        let done = set(&browser, &page, NEW).await;

        assert_eq!(done.status, 200, "{}", done.body);
        assert!(!is_logged_in(&provider, &browser).await, "no automatic login");
        assert!(!is_logged_in(&provider, &old).await, "everybody is out");
        let refreshed = web1.refresh(tokens["refresh_token"].as_str().unwrap()).await;
        assert_eq!(refreshed.status, 400, "the refresh token is dead");
        assert!(!logs_in(&provider, &person, person.password()).await);
        let login = try_password(&provider, &browser, (&person.id_number, NEW)).await;
        assert_eq!(login.status, 303);
        assert!(!is_logged_in(&provider, &browser).await, "the app is still asked for");
        assert_eq!(set(&browser, &page, NEW).await.status, 400, "once");
        let told = provider.messages().await;
        assert!(told.iter().any(|message| message.text.contains("找回")), "the owner is told");
    }
);

on_both!(
    /// without an app one waits; the owner is told and can object; afterwards the phone is proven anew.
    waiting_sets_a_new_password_if_nobody_objects,
    |provider| {
        let person = Person::synthetic(8002);
        provider.add_person(&person).await;
        let browser = Browser::new();
        let page = prove_phone(&provider, &browser, &person).await;
        assert!(page.has("wait") && !page.has("prove-totp"));
        let waiting = browser.press(&page, "id=\"wait\"", &[("step", "wait")]).await;
        assert_eq!(waiting.status, 200, "{}", waiting.body);

        provider.wait_seconds(71 * HOUR);
        let early = prove_phone(&provider, &browser, &person).await;
        assert!(early.has("waits") && !early.has("wait"), "not yet: {}", early.body);
        provider.wait_seconds(2 * HOUR);
        let other = Browser::new();
        let page = prove_phone(&provider, &other, &person).await;
        let done = set(&other, &page, NEW).await;

        assert_eq!(done.status, 200, "{}", done.body);
        assert!(logs_in(&provider, &person, NEW).await);
    }
);

on_both!(
    /// the owner sees that somebody recovers the account, and stops it.
    the_owner_stops_a_recovery_that_waits,
    |provider| {
        let person = Person::synthetic(8003);
        provider.add_person(&person).await;
        let (stranger, owner) = (Browser::new(), Browser::new());
        let page = prove_phone(&provider, &stranger, &person).await;
        stranger.press(&page, "id=\"wait\"", &[("step", "wait")]).await;
        log_in(&provider, &owner, &person).await;
        let account = owner.get(&provider.url("/account")).await;
        assert!(account.has("stop-recovery"), "{}", account.body);

        let stopped = owner.press(&account, "stop-recovery", &[]).await;
        assert_eq!(stopped.status, 303);
        provider.wait_seconds(73 * HOUR);
        let page = prove_phone(&provider, &stranger, &person).await;

        assert!(page.has("wait"), "it begins anew: {}", page.body);
        assert!(!owner.get(&provider.url("/account")).await.has("stop-recovery"));
    }
);

on_both!(
    /// unknown, wrong name, wrong phone, locked and cancelled look like somebody who can be recovered,
    /// and nothing is sent.
    nobody_learns_who_has_an_account,
    |provider| {
        let known = Person::synthetic(8004);
        provider.add_person(&known).await;
        let unknown = Person::synthetic(8005).without_account();
        provider.add_person(&unknown).await;
        let locked = Person::synthetic(8006);
        provider.add_person(&locked).await;
        provider.set_status(&locked, AccountStatus::Locked).await;
        let other_phone = Person { phone: unknown.phone.clone(), ..known.clone() };
        let other_name = Person { name: "王五".to_owned(), ..known.clone() };
        let plain = |page: &Page, person: &Person| {
            let page = page.plain_body(&person.phone);
            let pending = page.split("name=\"pending\" value=\"").nth(1).unwrap();
            let pending = pending.split('"').next().unwrap().to_owned();
            let masked = page.split("name=\"phone_masked\" value=\"").nth(1).unwrap();
            let masked = masked.split('"').next().unwrap().to_owned();
            page.replace(&pending, "PENDING").replace(&masked, "MASKED")
        };
        let mut bodies = Vec::new();
        for person in [&known, &unknown, &locked, &other_phone, &other_name] {
            let page = ask(&provider, &Browser::new(), person).await;
            assert_eq!(page.status, 200, "{}", page.body);
            bodies.push(plain(&page, person));
        }
        for body in &bodies[1..] {
            assert_eq!(body, &bodies[0]);
        }
        assert_eq!(provider.messages_sent().await, 1, "only the owner's phone rang");
    }
);

on_both!(
    /// a phone nobody has used to log in for a quarter may be somebody else's: it neither logs
    /// in nor waits its way in.
    a_phone_that_was_handed_out_anew_leads_nowhere,
    |provider| {
        let person = Person::synthetic(8007);
        provider.add_person(&person).await;
        provider.wait_seconds(91 * DAY);
        let browser = Browser::new();
        let page = prove_phone(&provider, &browser, &person).await;
        assert!(page.has("no-wait") && !page.has("wait"), "{}", page.body);
        let id = page.body.split("name=\"recovery\" value=\"").nth(1);
        assert!(id.is_none(), "there is nothing to send");

        let sent = provider.messages_sent().await;
        crate::support::login::ask_for_code(&provider, &browser, &person.phone).await;
        assert_eq!(provider.messages_sent().await, sent, "no code to log in with either");
        log_in(&provider, &browser, &person).await;
        let page = prove_phone(&provider, &Browser::new(), &person).await;
        assert!(page.has("wait"), "whoever logs in with the password is there again");
    }
);

on_both!(
    /// a recovery belongs to its browser, its newest form, its time and the credentials it was begun
    /// under.
    a_recovery_is_one_browsers_and_ends,
    |provider| {
        let person = Person::synthetic(8008);
        provider.add_person(&person).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let (_, codes) = enrol(&provider, &browser).await;
        let ready = async |browser: &Browser, code: &str| {
            provider.wait_seconds(HOUR);
            let page = prove_phone(&provider, browser, &person).await;
            browser.press(&page, "prove-recovery_code", &[("code", code)]).await
        };
        let first = Browser::new();
        let page = ready(&first, &codes[0]).await;
        let stolen = Browser::new();
        let own = stolen.get(&provider.url("/recover")).await.csrf();
        let mut fields = page.form().fields;
        fields.insert("csrf".to_owned(), own);
        fields.insert("password".to_owned(), NEW.to_owned());
        fields.insert("password_again".to_owned(), NEW.to_owned());
        let fields: Vec<_> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let foreign = stolen.post(&provider.url("/recover/password"), &fields).await;
        assert_eq!(foreign.status, 400, "another browser");
        let second = Browser::new();
        let newer = ready(&second, &codes[1]).await;
        assert_eq!(set(&first, &page, NEW).await.status, 400, "a newer one ended it");
        provider.wait_seconds(16 * 60);
        assert_eq!(set(&second, &newer, NEW).await.status, 400, "too late");
        let third = Browser::new();
        let page = ready(&third, &codes[2]).await;
        provider.set_status(&person, AccountStatus::Locked).await;
        assert_eq!(set(&third, &page, NEW).await.status, 400, "locked meanwhile");
        provider.set_status(&person, AccountStatus::Active).await;
        assert_eq!(set(&third, &page, NEW).await.status, 400, "the credentials changed meanwhile");
        assert!(logs_in(&provider, &person, person.password()).await, "nothing changed");
    }
);

on_both!(
    /// A-54, F18: thirty at once with different passwords: one wins, and that password is the one.
    of_many_at_once_one_sets_the_password,
    |provider| {
        let person = Person::synthetic(8009);
        provider.add_person(&person).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let (_, codes) = enrol(&provider, &browser).await;
        let page = prove_phone(&provider, &browser, &person).await;
        let page = browser.press(&page, "prove-recovery_code", &[("code", &codes[0])]).await;
        let passwords: Vec<String> =
            (0..8).map(|n| format!("heron {n} over the long ferry")).collect();
        let tries = passwords.iter().map(|password| set(&browser, &page, password));
        let answers = futures_util::future::join_all(tries).await;

        let won: Vec<_> = (0..8).filter(|n| answers[*n].status == 200).collect();
        assert_eq!(won.len(), 1, "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
        assert!(logs_in(&provider, &person, &passwords[won[0]]).await);
    }
);

on_both!(
    /// names, phones and codes are not tried out at a number.
    a_number_is_not_asked_about_again_and_again,
    |provider| {
        let person = Person::synthetic(8010);
        provider.add_person(&person).await;
        for _ in 0..12 {
            let wrong = Person { name: "王五".to_owned(), ..person.clone() };
            assert_eq!(ask(&provider, &Browser::new(), &wrong).await.status, 200);
        }
        let page = ask(&provider, &Browser::new(), &person).await;
        assert_eq!(page.status, 200, "and nothing is told of it");
        assert_eq!(provider.messages_sent().await, 0);
        let field = ask(
            &provider,
            &Browser::new(),
            &Person { id_number: "1101".to_owned(), phone: "1".to_owned(), ..person },
        )
        .await;
        assert_eq!(field.status, 400);
        assert!(field.has("id_number-error") && field.has("phone-error"), "{}", field.body);
    }
);

on_both!(
    /// phone, app and password are lost: a counter asks, a second officer approves, the person
    /// chooses the password; the code works once, and for that person alone.
    a_counter_brings_back_who_lost_everything,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        // The example of the standard: 北京市朝阳区.
        let id_number = "11010519491231002X".to_owned();
        let person = Person { id_number, ..Person::synthetic(8011) };
        provider.add_person(&person).await;
        let other = Person::synthetic(8012);
        provider.add_person(&other).await;
        let staff = appoint(&provider, [&system, &security], (Role::CounterStaff, "110100"), "counter").await;
        let old = Browser::new();
        log_in(&provider, &old, &person).await;
        enrol(&provider, &old).await;
        let (path, code) = counter_code(&provider, [&staff, &security], &person).await;
        let again = send(&provider, &staff, &format!("{path}/counter-code"), &[]).await;
        assert_eq!(again.status, 400, "shown once");
        let new_phone = Person::synthetic(8013).phone;
        let browser = Browser::new();

        for (who, wrong) in [(&other, &*code), (&person, "aaaaa-bbbbb"), (&person, "")] {
            let page = at_counter(&provider, &browser, (who, &new_phone, wrong)).await;
            assert_eq!(page.status, 400, "{}", page.body);
        }
        let sent = at_counter(&provider, &browser, (&person, &other.phone, &code)).await;
        let sms = provider.code_sent_to(&other.phone).await;
        let held = browser.submit(&sent, &[("code", &sms)]).await;
        assert_eq!(held.status, 409, "another account holds that phone: {}", held.body);
        provider.wait_seconds(60);
        let spaced = format!(" {} ", code.to_uppercase().replace('-', " "));
        let sent = at_counter(&provider, &browser, (&person, &new_phone, &spaced)).await;
        assert_eq!(sent.status, 200, "{}", sent.body);
        let sms = provider.code_sent_to(&new_phone).await;
        let done = browser.submit(&sent, &[("code", &sms)]).await;

        assert_eq!(done.status, 200, "{}", done.body);
        assert!(!is_logged_in(&provider, &old).await);
        assert!(!logs_in(&provider, &person, person.password()).await);
        let login = try_password(&provider, &browser, (&new_phone, NEW)).await;
        assert_eq!(login.status, 303, "by the new phone");
        assert!(is_logged_in(&provider, &browser).await, "the app is gone");
        assert_eq!(try_password(&provider, &Browser::new(), (&person.phone, NEW)).await.status, 400);
        let reused = at_counter(&provider, &browser, (&person, &new_phone, &code)).await;
        assert_eq!(reused.status, 400, "once");
    }
);

on_both!(
    /// A code of a counter ends after a day, and with a change of the account.
    a_code_of_a_counter_grows_old,
    |provider| {
        let [system, security, _] = officers(&provider).await;
        let person = Person::synthetic(8014);
        provider.add_person(&person).await;
        let (_, code) = counter_code(&provider, [&security, &system], &person).await;
        provider.wait_seconds(25 * HOUR);
        let page = at_counter(&provider, &Browser::new(), (&person, &person.phone, &code)).await;
        assert_eq!(page.status, 400, "{}", page.body);
    }
);
