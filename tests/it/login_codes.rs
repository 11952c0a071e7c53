//! Codes sent to the phone, where somebody means harm (security.md ): bound to account,
//! browser, flow and purpose, counted over all of them, sent nowhere else.

use futures_util::future::join_all;

use crate::on_both;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::answer;
use crate::support::login::ask_for_code;
use crate::support::login::is_logged_in;
use crate::support::login::try_password;
use crate::support::relying_party::claims;

fn challenge(page: &Page) -> String {
    page.form().fields["challenge"].clone()
}

#[tokio::test]
async fn a_portal_learns_that_it_was_a_text_message() {
    let provider = TestProvider::start(Backend::Sqlite).await;
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
}

/// tries count against the account, however many codes they are spread over.
#[tokio::test]
async fn tries_spread_over_many_codes_are_counted_together() {
    let provider = TestProvider::start(Backend::Sqlite).await;
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

/// a code asked for without a portal is nothing on the way to one.
#[tokio::test]
async fn a_code_of_another_flow_in_the_same_browser_is_nothing() {
    let provider = TestProvider::start(Backend::Sqlite).await;
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

/// for nobody the same rows are written, and no answer is right.
#[tokio::test]
async fn for_nobody_the_same_work_is_done() {
    let provider = TestProvider::start(Backend::Sqlite).await;
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

on_both!(
    /// of many answers at the same time one succeeds.
    one_of_many_simultaneous_answers_succeeds,
    |provider| {
        let person = Person::synthetic(41);
        provider.add_person(&person).await;
        let browser = Browser::new();
        let page = ask_for_code(&provider, &browser, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        let copies: Vec<Browser> = (0..10).map(|_| browser.copy()).collect();

        let tries = copies.iter().map(|copy| answer(copy, &page, &code));
        let pages = join_all(tries).await;

        assert_eq!(pages.iter().filter(|page| page.status == 303).count(), 1);
    }
);

/// a code is sent only to the phone of the account, whatever else the form says.
#[tokio::test]
async fn the_form_does_not_say_where_a_code_goes() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (person, thief) = (Person::synthetic(43), Person::synthetic(44));
    provider.add_person(&person).await;
    let browser = Browser::new();
    let page = browser.get(&provider.url("/login?method=sms")).await;
    let fields = [("identifier", &*person.id_number), ("step", "send"), ("phone", &thief.phone)];

    browser.submit(&page, &fields).await;

    provider.code_sent_to(&person.phone).await;
    assert!(provider.outbox.last_to(&thief.phone.parse().unwrap()).is_none());
}
