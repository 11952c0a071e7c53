//! The authenticator app in the hands of somebody who means harm (RFC 6238; security.md A-46).

use futures_util::future::join_all;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::enrol;
use crate::support::login::log_in;
use crate::support::login::secret_on;
use crate::support::login::totp;
use crate::support::login::totp_of_step;

/// Somebody with an app whose first step is spent.
async fn enrolled(provider: &TestProvider, seed: u64) -> (Person, String, Vec<String>) {
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person).await;
    log_in(provider, &browser, &person).await;
    let (secret, recovery) = enrol(provider, &browser).await;
    provider.wait_seconds(60);
    (person, secret, recovery)
}

/// The page that asks for the second factor, in a new browser.
async fn second_page(provider: &TestProvider, person: &Person, method: &str) -> (Browser, Page) {
    let browser = Browser::new();
    log_in(provider, &browser, person).await;
    let page = browser.get(&provider.url(&format!("/login/second?method={method}"))).await;
    (browser, page)
}

/// The status of a code in a flow of its own.
async fn second(provider: &TestProvider, person: &Person, code: &str) -> u16 {
    let (browser, page) = second_page(provider, person, "totp").await;
    browser.submit(&page, &[("code", code)]).await.status
}

on_both!(a_wrong_first_code_enrols_nothing_and_an_old_page_nobody, |provider| {
    let (person, browser) = (Person::synthetic(52), Browser::new());
    provider.add_person(&person).await;
    log_in(&provider, &browser, &person).await;
    let page = browser.get(&provider.url("/account/totp")).await;
    let offered = browser.submit(&page, &[("step", "begin")]).await;
    let secret = secret_on(&offered);
    let late = totp_of_step(&secret, provider.clock.now().seconds() / 30 - 9);

    let again = browser.submit(&offered, &[("step", "enrol"), ("code", &late)]).await;

    assert_eq!(again.status, 400);
    assert_eq!(provider.refusal_of(&again).await, "totp_enrolled wrong code");
    assert_eq!(provider.rows(&["totp", "recovery_code"]).await, [0, 0]);
    assert_eq!(secret_on(&again), secret, "nobody has to scan it twice");
    provider.wait_seconds(901);
    let fresh = browser.get(&provider.url("/account/reauthenticate?return=/account/totp")).await;
    browser.submit(&fresh, &[("password", person.password())]).await;
    let code = totp(&provider, &secret);
    let old = browser.submit(&offered, &[("step", "enrol"), ("code", &code)]).await;
    assert_eq!((old.status, provider.rows(&["totp"]).await), (400, vec![0]));
});

on_both!(
    /// the secret one account was offered enrols no other.
    an_offer_belongs_to_its_account,
    |provider| {
        let (mine, theirs) = (Browser::new(), Browser::new());
        for (seed, browser) in [(53, &mine), (54, &theirs)] {
            let person = Person::synthetic(seed);
            provider.add_person(&person).await;
            log_in(&provider, browser, &person).await;
        }
        let begin = async |browser: &Browser| {
            let page = browser.get(&provider.url("/account/totp")).await;
            browser.submit(&page, &[("step", "begin")]).await
        };
        let offered = begin(&mine).await;
        let code = totp(&provider, &secret_on(&offered));
        let challenge = offered.form().fields["challenge"].clone();
        let page = begin(&theirs).await;

        let fields = [("step", "enrol"), ("code", &*code), ("challenge", &*challenge)];
        let planted = theirs.submit(&page, &fields).await;

        assert_eq!((planted.status, provider.rows(&["totp"]).await), (400, vec![0]));
    }
);

on_both!(
    /// a code is good once, also for many at the same time, and none before the last one used.
    a_code_is_good_once,
    |provider| {
        let (person, secret, _) = enrolled(&provider, 55).await;
        let (step, now) = (provider.clock.now().seconds() / 30, totp(&provider, &secret));
        let (browser, page) = second_page(&provider, &person, "totp").await;
        let copies: Vec<Browser> = (0..5).map(|_| browser.copy()).collect();
        let fields = [("code", &*now)];

        let tries = copies.iter().map(|copy| copy.submit(&page, &fields));
        // A copy that comes after the cookie changed is sent to the login page.
        let answers = join_all(tries).await;
        let won = answers.iter().filter(|page| page.status == 303 && !page.header("location").starts_with("/login"));

        assert_eq!(won.count(), 1);
        let older = totp_of_step(&secret, step - 1);
        assert_eq!(second(&provider, &person, &older).await, 400, "older than one that was used");
    }
);

on_both!(
    /// one step of the past is accepted, none of the future, and only six ASCII digits.
    only_this_step_and_the_last_are_accepted,
    |provider| {
        let (person, secret, _) = enrolled(&provider, 56).await;
        // The begin of a step, so that the test does not run into the next.
        let into = provider.clock.now().0.rem_euclid(30_000);
        provider.clock.advance(30_000 - into);
        let step = provider.clock.now().seconds() / 30;
        let right = totp_of_step(&secret, step);
        let wide: String =
            right.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
        let (next, long_ago) = (totp_of_step(&secret, step + 1), totp_of_step(&secret, step - 2));
        for wrong in [&*next, &long_ago, &wide, &right[..5]] {
            assert_eq!(second(&provider, &person, wrong).await, 400, "{wrong}");
        }

        assert_eq!(second(&provider, &person, &totp_of_step(&secret, step - 1)).await, 303);
    }
);

on_both!(
    /// after five failures both second factors rest, whatever the flow, and longer each time.
    five_wrong_codes_rest_the_factor_longer_each_time,
    |provider| {
        let (person, secret, recovery) = enrolled(&provider, 57).await;
        for _ in 0..6 {
            assert_eq!(second(&provider, &person, "000").await, 400);
        }

        let (browser, page) = second_page(&provider, &person, "totp").await;
        let right = browser.submit(&page, &[("code", &totp(&provider, &secret))]).await;
        assert_eq!(provider.refusal_of(&right).await, "step_up too many attempts");
        let (browser, page) = second_page(&provider, &person, "recovery_code").await;
        let spare = browser.submit(&page, &[("code", &recovery[0])]).await;
        assert_eq!(spare.plain_body(""), {
            let (browser, page) = second_page(&provider, &person, "recovery_code").await;
            browser.submit(&page, &[("code", "wrong")]).await.plain_body("")
        });

        provider.wait_seconds(61);
        assert_eq!(second(&provider, &person, "000").await, 400);
        provider.wait_seconds(61);
        let early = second(&provider, &person, &totp(&provider, &secret)).await;
        assert_eq!(early, 400, "two minutes the second time");
        provider.wait_seconds(61);
        assert_eq!(second(&provider, &person, &totp(&provider, &secret)).await, 303);
    }
);

on_both!(
    /// a code is good once over all browsers, each with a session of its own.
    a_code_is_good_once_over_all_sessions,
    |provider| {
        let (person, secret, _) = enrolled(&provider, 58).await;
        let mut pages = Vec::new();
        for _ in 0..20 {
            pages.push(second_page(&provider, &person, "totp").await);
        }
        let now = totp(&provider, &secret);
        let fields = [("code", &*now)];

        let tries = pages.iter().map(|(browser, page)| browser.submit(page, &fields));
        let answers = join_all(tries).await;

        assert_eq!(answers.iter().filter(|page| page.status == 303).count(), 1);
        assert!(answers.iter().all(|page| matches!(page.status, 303 | 400)));
    }
);

on_both!(
    /// digits of another script, and more than six, are no code.
    only_six_plain_digits_are_a_code,
    |provider| {
        let (person, secret, _) = enrolled(&provider, 59).await;
        let right = totp(&provider, &secret);
        let (long, blank) = (format!("{right}0"), format!("0{right}"));
        for wrong in ["０１２３４５", "٠١٢٣٤٥", &*long, &blank] {
            assert_eq!(second(&provider, &person, wrong).await, 400, "{wrong}");
        }
    }
);

on_both!(
    /// the fifth wrong code is the last: the right one, at once after it, is refused.
    the_right_code_after_five_wrong_ones_waits,
    |provider| {
        let (person, secret, _) = enrolled(&provider, 60).await;
        for _ in 0..5 {
            assert_eq!(second(&provider, &person, "000").await, 400);
        }
        let (browser, page) = second_page(&provider, &person, "totp").await;
        let right = browser.submit(&page, &[("code", &totp(&provider, &secret))]).await;
        assert_eq!(right.status, 400);
        assert_eq!(provider.refusal_of(&right).await, "step_up too many attempts");
    }
);
