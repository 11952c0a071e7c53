//! Codes sent to the phone, where somebody means harm (security.md ): bound to account,
//! browser, flow and purpose, counted over all of them, sent nowhere else.

use futures_util::future::join_all;
use yihao::domain::account::AccountStatus;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::login::answer;
use crate::support::login::ask_for_code;
use crate::support::login::is_logged_in;
use crate::support::login::sign_up_form;
use crate::support::login::try_password;
use crate::support::relying_party::claims;

fn challenge(page: &Page) -> String {
    page.form().fields["challenge"].clone()
}

on_both!(a_portal_learns_that_it_was_a_text_message, |provider| {
    let person = Person::synthetic(32);
    provider.add_person(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let page = browser.follow(browser.get(&web1.authorize(&[])).await).await;
    let tx = page.form().fields["tx"].clone();
    let page = browser.get(&provider.url(&format!("/login?method=sms&tx={tx}"))).await;

    let page = browser.submit(&page, &[("identifier", &person.phone), ("step", "send")]).await;
    let code = provider.code_sent_to(&person.phone).await;
    let grouped = format!(" {} {} ", &code[..3], &code[3..]);
    let page = answer(&browser, &page, &grouped).await;
    let landing = web1.walk(&browser, &person, page).await;

    let tokens = web1.redeem(landing.code()).await.json();
    let id_token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["amr"], serde_json::json!(["sms"]));
    assert_eq!(id_token["acr"], "urn:yihao:acr:1");
});

on_both!(
    /// tries count against the account, however many codes they are spread over.
    tries_spread_over_many_codes_are_counted_together,
    |provider| {
        let person = Person::synthetic(34);
        provider.add_person(&person).await;
        for _ in 0..10 {
            let browser = Browser::new();
            let page = ask_for_code(&provider, &browser, &person.phone).await;
            answer(&browser, &page, "not it").await;
            provider.wait_seconds(31);
        }

        let identity = (&*person.id_number, person.password());
        let right = try_password(&provider, &Browser::new(), identity).await;

        assert_eq!(provider.refusal_of(&right).await, "login too many attempts");
    }
);

on_both!(
    /// bound to the browser that asked, to the account it was sent for, and to logging in.
    a_code_is_nothing_elsewhere,
    |provider| {
        let (person, other) = (Person::synthetic(36), Person::synthetic(37));
        provider.add_person(&person).await;
        provider.add_person(&other).await;
        let (mine, thief) = (Browser::new(), Browser::new());
        let page = ask_for_code(&provider, &mine, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        let challenge = challenge(&page);

        let theirs = ask_for_code(&provider, &thief, &other.phone).await;
        let stolen = [
            ("identifier", &*person.phone),
            ("challenge", &challenge),
            ("step", "verify"),
            ("code", &code),
        ];
        assert_eq!(thief.submit(&theirs, &stolen).await.status, 400, "another browser");
        let fields = [("identifier", &*other.phone), ("step", "verify"), ("code", &code)];
        assert_eq!(mine.submit(&page, &fields).await.status, 400, "another account");
        let csrf = page.csrf();
        let fields = [("csrf", &*csrf), ("pending", &*challenge), ("code", &*code)];
        let signup = mine.post(&provider.url("/signup/code"), &fields).await;
        assert_eq!(signup.status, 400, "another purpose");
        assert!(!is_logged_in(&provider, &mine).await && !is_logged_in(&provider, &thief).await);
    }
);

on_both!(
    /// a code asked for without a portal is nothing on the way to one.
    a_code_of_another_flow_in_the_same_browser_is_nothing,
    |provider| {
        let person = Person::synthetic(38);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let plain = ask_for_code(&provider, &browser, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;

        let flow = browser.follow(browser.get(&web1.authorize(&[])).await).await;
        let fields = [
            ("method", "sms"),
            ("identifier", &*person.phone),
            ("challenge", &challenge(&plain)),
            ("step", "verify"),
            ("code", &code),
        ];

        assert_eq!(browser.submit(&flow, &fields).await.status, 400);
        provider.wait_seconds(2);
        assert_eq!(answer(&browser, &plain, &code).await.status, 303, "in its own it is good");
    }
);

on_both!(
    /// for nobody the same rows are written, and no answer is right.
    for_nobody_the_same_work_is_done,
    |provider| {
        let (person, nobody) = (Person::synthetic(39), Person::synthetic(40));
        provider.add_person(&person).await;
        let browser = Browser::new();
        let rows = ["one_time_code", "audit WHERE kind = 'one_time_code_sent'"];
        let asked = async |identifier: &str| {
            let before = provider.rows(&rows).await;
            let page = ask_for_code(&provider, &browser, identifier).await;
            let after = provider.rows(&rows).await;
            (page, after.iter().zip(before).map(|(after, before)| after - before).collect::<Vec<_>>())
        };

        let (_, known) = asked(&person.id_number).await;
        let (page, unknown) = asked(&nobody.id_number).await;

        assert_eq!(known, unknown);
        for code in ["000000", "", "123456"] {
            assert_eq!(answer(&browser, &page, code).await.status, 400);
            provider.wait_seconds(2);
        }
        let (masked, _) = asked(&nobody.phone).await;
        let short = nobody.phone.trim_start_matches("+86");
        assert!(masked.body.contains(&format!("{}****{}", &short[..3], &short[7..])));
        assert_eq!(provider.messages_sent().await, 1, "to the one who exists");
    }
);

on_both!(
    /// of many answers at the same time one succeeds.
    one_of_many_simultaneous_answers_succeeds,
    |provider| {
        let person = Person::synthetic(41);
        provider.add_person(&person).await;
        let browser = Browser::new();
        let page = ask_for_code(&provider, &browser, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        let copies: Vec<Browser> = (0..20).map(|_| browser.copy()).collect();

        let tries = copies.iter().map(|copy| answer(copy, &page, &code));
        let pages = join_all(tries).await;

        assert_eq!(pages.iter().filter(|page| page.status == 303).count(), 1);
    }
);

on_both!(
    /// a code is sent only to the phone of the account, whatever else the form says.
    the_form_does_not_say_where_a_code_goes,
    |provider| {
        let (person, thief) = (Person::synthetic(43), Person::synthetic(44));
        provider.add_person(&person).await;
        let browser = Browser::new();
        let page = browser.get(&provider.url("/login?method=sms")).await;
        let fields = [("identifier", &*person.id_number), ("step", "send"), ("phone", &thief.phone)];

        browser.submit(&page, &fields).await;

        provider.code_sent_to(&person.phone).await;
        assert!(provider.last_message_to(&thief.phone).await.is_none());
    }
);

on_both!(
    /// a message that was not sent, because the phone had its ration, leaves no code to guess at: not
    /// one of the million answers is right.
    a_code_that_nobody_gets_is_no_code,
    |provider| {
        let person = Person::synthetic(45);
        provider.add_person(&person).await;
        for _ in 0..2 {
            ask_for_code(&provider, &Browser::new(), &person.phone).await;
        }
        let page = ask_for_code(&provider, &Browser::new(), &person.phone).await;
        assert_eq!(provider.messages_sent().await, 2, "the third is not sent");

        let id: uuid::Uuid = challenge(&page).parse().unwrap();
        let select = if provider.is_on_postgres() {
            format!("SELECT encode(code_digest, 'hex') FROM one_time_code WHERE id = '{id}'")
        } else {
            let id = id.simple();
            format!("SELECT lower(hex(code_digest)) FROM one_time_code WHERE lower(hex(id)) = '{id}'")
        };
        let kept: String = provider.value(&select).await;

        let key = &provider.provider.vault.short_secret;
        // On one database: the digests are the same on the other.
        for number in 0..if provider.is_on_postgres() { 1_000 } else { 1_000_000 } {
            let code = format!("{number:06}");
            let digest = key.tag_parts(&[b"one-time code", id.as_bytes(), code.as_bytes()]);
            assert_ne!(hex::encode(digest), kept, "{code} would be right");
        }
    }
);

on_both!(
    /// a new code puts an end to the one before it in the same browser.
    the_newest_code_logs_in,
    |provider| {
        let person = Person::synthetic(46);
        provider.add_person(&person).await;
        let browser = Browser::new();
        let first = ask_for_code(&provider, &browser, &person.phone).await;
        let old = provider.code_of_message(1).await;
        provider.wait_seconds(31);
        let second = ask_for_code(&provider, &browser, &person.phone).await;
        let new = provider.code_of_message(2).await;

        assert_eq!(answer(&browser, &first, &old).await.status, 400, "the old code is void");
        provider.wait_seconds(2);
        assert_eq!(answer(&browser, &second, &new).await.status, 303);
    }
);

on_both!(
    /// a code for signing up logs nobody in.
    a_code_to_sign_up_logs_nobody_in,
    |provider| {
        let (person, new) = (Person::synthetic(47), Person::synthetic(48));
        provider.add_person(&person).await;
        provider.add_person(&new.clone().without_account()).await;
        // The phone of somebody who has an account: the code arrives, and is for signing up.
        let new = Person { phone: person.phone.clone(), ..new };
        let browser = Browser::new();
        let page = browser.get(&provider.url("/signup")).await;
        let page = browser.submit(&page, &sign_up_form(&new, new.password())).await;
        let code = provider.code_sent_to(&person.phone).await;
        let pending = page.form().fields["pending"].clone();
        let fields = [
            ("csrf", &*page.csrf()),
            ("method", "sms"),
            ("identifier", &*person.phone),
            ("challenge", &*pending),
            ("step", "verify"),
            ("code", &*code),
        ];

        assert_eq!(browser.post(&provider.url("/login"), &fields).await.status, 400);
        assert!(!is_logged_in(&provider, &browser).await);
    }
);

on_both!(
    /// the last step of a sign-up is nothing without its first.
    a_sign_up_that_nobody_began_cannot_be_finished,
    |provider| {
        let browser = Browser::new();
        let csrf = browser.get(&provider.url("/signup")).await.csrf();
        let unknown = uuid::Uuid::new_v4().to_string();
        for pending in [None, Some(""), Some("x"), Some("' or 1=1--"), Some(&*unknown)] {
            for step in ["send", "verify", ""] {
                let mut fields = vec![("csrf", &*csrf), ("step", step), ("code", "000000")];
                fields.extend(pending.map(|pending| ("pending", pending)));
                let page = browser.post(&provider.url("/signup/code"), &fields).await;
                assert_eq!(page.status, 400, "{pending:?} {step}");
            }
        }
        assert_eq!(provider.rows(&["account", "one_time_code"]).await, [0, 0]);
        assert_eq!(provider.messages_sent().await, 0);
    }
);

on_both!(
    /// a locked and a cancelled account look like none, where a code is asked for and where one is
    /// answered.
    a_closed_account_looks_like_none_to_the_phone,
    |provider| {
        let (unknown, browser) = (Person::synthetic(351), Browser::new());
        let look = |page: &Page, typed: &str| {
            let mut names: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
            names.sort();
            (page.status, names, page.header("content-length").to_owned(), page.plain_body(typed))
        };
        let mut people = vec![unknown];
        for (seed, status) in [(352, AccountStatus::Locked), (353, AccountStatus::Cancelled)] {
            let person = Person::synthetic(seed);
            provider.add_person(&person).await;
            provider.set_status(&person, status).await;
            people.push(person);
        }
        let mut seen = Vec::new();
        for person in &people {
            let sent = ask_for_code(&provider, &browser, &person.id_number).await;
            let told = answer(&browser, &sent, "000000").await;
            let typed = &*person.id_number;
            seen.push([look(&sent, typed), look(&told, typed)]);
        }
        assert_eq!(seen[0], seen[1], "locked");
        assert_eq!(seen[0], seen[2], "cancelled");
        assert_eq!(provider.messages_sent().await, 0);
    }
);
