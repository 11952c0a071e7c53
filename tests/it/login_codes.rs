//! Logging in with a code sent to the phone (security.md ): bound to account, browser and
//! purpose, good once, for five minutes and five tries.

use futures_util::future::join_all;

use crate::on_both;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::relying_party::claims;

/// Asks for a code; gives the page that waits for it.
async fn ask(provider: &TestProvider, browser: &Browser, identifier: &str) -> Page {
    let page = browser.get(&provider.url("/login?method=sms")).await;
    let page = browser.submit(&page, &[("identifier", identifier), ("step", "send")]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page
}

/// Types a code into the page that waits for it.
async fn answer(browser: &Browser, page: &Page, code: &str) -> Page {
    browser.submit(page, &[("step", "verify"), ("code", code)]).await
}

/// A code that is not this one.
fn other_than(code: &str, nth: u32) -> String {
    let number: u32 = code.parse().unwrap();
    format!("{:06}", (number + 1 + nth) % 1_000_000)
}

on_both!(the_code_on_the_phone_opens_the_account_once, |provider| {
    let person = Person::synthetic(31);
    provider.add_person(&person).await;
    let browser = Browser::new();

    let page = ask(&provider, &browser, &person.id_number).await;
    let code = provider.code_sent_to(&person.phone).await;
    let grouped = format!(" {} {} ", &code[..3], &code[3..]);
    let first = answer(&browser, &page, &grouped).await;
    browser.set_cookie("yihao-session", "gone");
    let second = answer(&browser, &page, &code).await;

    assert_eq!(first.status, 303, "{}", first.body);
    assert_eq!(second.status, 400, "a code is good once");
    assert!(second.has("code-error") || second.body.contains("role=\"alert\""));
    assert!(!page.body.contains(&person.phone[3..]), "the phone is not told");
    assert_eq!(provider.refusal_of(&second).await, "login wrong answer");
});

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
    let page = answer(&browser, &page, &code).await;
    let landing = web1.walk(&browser, &person, page).await;

    let tokens = web1.redeem(landing.code()).await.json();
    let id_token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(id_token["amr"], serde_json::json!(["sms"]));
    assert_eq!(id_token["acr"], "urn:yihao:acr:1");
}

on_both!(
    /// after five tries not even the right code helps.
    five_wrong_tries_are_the_end_of_a_code,
    |provider| {
        let person = Person::synthetic(33);
        provider.add_person(&person).await;
        let browser = Browser::new();
        let page = ask(&provider, &browser, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        for nth in 0..5 {
            let wrong = answer(&browser, &page, &other_than(&code, nth)).await;
            assert_eq!(provider.refusal_of(&wrong).await, "login wrong answer");
            provider.wait_seconds(8);
        }

        let right = answer(&browser, &page, &code).await;

        assert_eq!(right.status, 400);
        assert_eq!(provider.refusal_of(&right).await, "login wrong answer");
        assert!(!browser.is_signed_in(&provider).await);
    }
);

/// tries count against the account, however many codes they are spread over.
#[tokio::test]
async fn tries_spread_over_many_codes_are_counted_together() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(34);
    provider.add_person(&person).await;
    for _ in 0..10 {
        let browser = Browser::new();
        let page = ask(&provider, &browser, &person.phone).await;
        answer(&browser, &page, "not it").await;
        provider.wait_seconds(31);
    }

    let browser = Browser::new();
    let right = browser.try_password(&provider, &person.id_number, person.password()).await;

    assert_eq!(provider.refusal_of(&right).await, "login too many attempts");
}

on_both!(a_code_is_good_for_five_minutes, |provider| {
    let person = Person::synthetic(35);
    provider.add_person(&person).await;
    let browser = Browser::new();
    let page = ask(&provider, &browser, &person.phone).await;
    let code = provider.code_sent_to(&person.phone).await;

    provider.wait_seconds(301);
    let late = answer(&browser, &page, &code).await;

    assert_eq!(late.status, 400);
    let page = ask(&provider, &browser, &person.phone).await;
    let code = provider.code_of_message(2).await;
    provider.wait_seconds(280);
    assert_eq!(answer(&browser, &page, &code).await.status, 303);
});

on_both!(
    /// bound to the browser and flow that asked, to the account it was sent for, to logging in.
    a_code_is_nothing_elsewhere,
    |provider| {
        let (person, other) = (Person::synthetic(36), Person::synthetic(37));
        provider.add_person(&person).await;
        provider.add_person(&other).await;
        let (mine, thief) = (Browser::new(), Browser::new());
        let page = ask(&provider, &mine, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        let challenge = page.form().fields["challenge"].clone();

        // Another browser with code and challenge.
        let theirs = ask(&provider, &thief, &other.phone).await;
        let fields = [
            ("identifier", &*person.phone),
            ("challenge", &challenge),
            ("step", "verify"),
            ("code", &code),
        ];
        assert_eq!(thief.submit(&theirs, &fields).await.status, 400);
        // This browser for another account.
        let fields = [("identifier", &*other.phone), ("step", "verify"), ("code", &code)];
        assert_eq!(mine.submit(&page, &fields).await.status, 400);
        // Another purpose: the sign-up's form.
        let csrf = page.csrf();
        let fields = [("csrf", &*csrf), ("pending", &*challenge), ("code", &*code)];
        assert_eq!(mine.post(&provider.url("/signup/code"), &fields).await.status, 400);
        assert!(!mine.is_signed_in(&provider).await && !thief.is_signed_in(&provider).await);
    }
);

#[tokio::test]
async fn a_code_of_another_flow_in_the_same_browser_is_nothing() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(38);
    provider.add_person(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let plain = ask(&provider, &browser, &person.phone).await;
    let code = provider.code_sent_to(&person.phone).await;
    let challenge = plain.form().fields["challenge"].clone();

    let flow = browser.follow(browser.get(&web1.authorize(&[])).await).await;
    let fields = [
        ("method", "sms"),
        ("identifier", &*person.phone),
        ("challenge", &challenge),
        ("step", "verify"),
        ("code", &code),
    ];

    assert_eq!(browser.submit(&flow, &fields).await.status, 400);
    provider.wait_seconds(2);
    assert_eq!(answer(&browser, &plain, &code).await.status, 303, "in its own it is good");
}

/// nobody can tell from the page, or from what it takes, whether there is such an account.
#[tokio::test]
async fn for_nobody_the_page_is_the_same_and_nothing_is_sent() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (person, nobody) = (Person::synthetic(39), Person::synthetic(40));
    provider.add_person(&person).await;
    let browser = Browser::new();
    let rows = ["one_time_code", "audit WHERE kind = 'one_time_code_sent'"];

    let before = provider.rows(&rows).await;
    let known = ask(&provider, &browser, &person.id_number).await;
    let between = provider.rows(&rows).await;
    let unknown = ask(&provider, &browser, &nobody.id_number).await;
    let after = provider.rows(&rows).await;

    assert_eq!(known.plain_body(&person.id_number), unknown.plain_body(&nobody.id_number));
    assert_eq!(known.status, unknown.status);
    let grown = |from: &[i64], to: &[i64]| to.iter().zip(from).map(|(t, f)| t - f).collect();
    let (first, second): (Vec<i64>, Vec<i64>) = (grown(&before, &between), grown(&between, &after));
    assert_eq!(first, second, "the same rows are written");
    assert_eq!(provider.messages_sent().await, 1);
    for code in ["000000", "", "123456"] {
        assert_eq!(answer(&browser, &unknown, code).await.status, 400);
        provider.wait_seconds(2);
    }
    let masked = ask(&provider, &browser, &nobody.phone).await;
    assert!(masked.body.contains("****"), "a phone that was typed is told masked, whoever has it");
}

on_both!(
    /// of many answers at the same time one succeeds.
    one_of_many_simultaneous_answers_succeeds,
    |provider| {
        let person = Person::synthetic(41);
        provider.add_person(&person).await;
        let browser = Browser::new();
        let page = ask(&provider, &browser, &person.phone).await;
        let code = provider.code_sent_to(&person.phone).await;
        let copies: Vec<Browser> = (0..10).map(|_| browser.copy()).collect();

        let tries = copies.iter().map(|copy| answer(copy, &page, &code));
        let pages = join_all(tries).await;

        assert_eq!(pages.iter().filter(|page| page.status == 303).count(), 1);
    }
);

/// Messages cost money and patience: one at first, then half a minute, five in an hour.
#[tokio::test]
async fn messages_to_one_phone_are_rationed() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(42);
    provider.add_person(&person).await;
    let sent = async |provider: &TestProvider| {
        ask(provider, &Browser::new(), &person.phone).await;
        provider.messages_sent().await
    };

    assert_eq!(sent(&provider).await, 1);
    assert_eq!(sent(&provider).await, 2, "the first repetition is free");
    assert_eq!(sent(&provider).await, 2, "then it takes half a minute");
    provider.wait_seconds(31);
    assert_eq!(sent(&provider).await, 3);
    for _ in 0..10 {
        provider.wait_seconds(200);
        ask(&provider, &Browser::new(), &person.phone).await;
    }
    assert_eq!(provider.messages_sent().await, 5);
    provider.wait_seconds(3700);
    assert_eq!(sent(&provider).await, 6);
}

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
