//! Passwords at every door where one is typed (security.md A-53): lengths, spellings, and what is too large
//! to be one.

use yihao::domain::password::PasswordRule;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::login::sign_up_form;
use crate::support::login::try_password;

async fn signed_in(provider: &TestProvider, seed: u64) -> (Person, Browser) {
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person).await;
    log_in(provider, &browser, &person).await;
    (person, browser)
}

async fn change(provider: &TestProvider, browser: &Browser, current: &str, new: &str) -> Page {
    let page = browser.get(&provider.url("/account/password")).await;
    let fields = [("current_password", current), ("password", new), ("password_again", new)];
    browser.submit(&page, &fields).await
}

/// The answer to the sign-up form of somebody new, with this password.
async fn sign_up(provider: &TestProvider, seed: u64, password: &str) -> Page {
    let (person, browser) = (Person::synthetic(seed), Browser::new());
    provider.add_person(&person.clone().without_account()).await;
    let page = browser.get(&provider.url("/signup")).await;
    browser.submit(&page, &sign_up_form(&person, password)).await
}

on_both!(
    /// A password is kept to the letter, blanks and NUL included; an accent is one letter in both of its
    /// spellings.
    a_password_is_kept_as_it_was_typed,
    |provider| {
        for (number, (set, typed, status)) in [
            ("plum\0rain on the lake", "plum\0rain on the lake", 303),
            ("plum rain\0on the lake", "plum rain", 400),
            ("  plum rain lake ", "  plum rain lake ", 303),
            ("  plum rain lake ", "plum rain lake", 400),
            ("caf\u{e9} by the lake", "cafe\u{301} by the lake", 303),
            ("cafe\u{301} by the lake", "caf\u{e9} by the lake", 303),
            ("cafe\u{301} by the lake", "cafe by the lake", 400),
        ]
        .into_iter()
        .enumerate()
        {
            let seed = 381 + u64::try_from(number).unwrap();
            let (person, browser) = signed_in(&provider, seed).await;
            let done = change(&provider, &browser, person.password(), set).await;
            assert_eq!(done.status, 303, "{set:?}");
            let identity = (&*person.id_number, typed);
            let page = try_password(&provider, &Browser::new(), identity).await;
            assert_eq!(page.status, status, "{set:?} {typed:?}");
        }
    }
);

on_both!(
    /// 128 characters sign up, and log in; one more is refused beside its field.
    a_sign_up_takes_128_characters_and_no_more,
    |provider| {
        let longest = "plum rain on a lake, ".repeat(7)[..128].to_owned();
        let page = sign_up(&provider, 391, &format!("{longest}!")).await;
        assert_eq!((page.status, page.has("password-error")), (400, true));
        let page = sign_up(&provider, 392, &longest).await;
        assert!(page.status == 200 && page.has("code"), "{}", page.body);
    }
);

on_both_backends!(
    /// The rule of the deployment holds at sign-up, too.
    the_rule_of_the_deployment_counts_at_sign_up,
    |backend| {
        for (rule, bad, good) in [
            (PasswordRule::Nist, "tr0ub4dor&3x", "lantern orchard 7"),
            (PasswordRule::Mlps3, "lantern orchard", "Lantern orchard"),
        ] {
            let provider =
                TestProvider::start_with(backend.clone(), |config| config.password.policy = rule).await;
            let page = sign_up(&provider, 393, bad).await;
            assert_eq!((page.status, page.has("password-error")), (400, true), "{bad}");
            assert_eq!(sign_up(&provider, 394, good).await.status, 200, "{good}");
        }
    }
);

on_both!(
    /// A megabyte is no password, and is not read to its end.
    a_megabyte_is_no_password,
    |provider| {
        let (person, browser) = signed_in(&provider, 395).await;
        let before = provider.account(&person).await.password_hash;
        let huge = "x".repeat(1024 * 1024);
        let csrf = browser.get(&provider.url("/account/password")).await.csrf();
        for (path, name) in [
            ("/login", "password"),
            ("/signup", "password"),
            ("/account/password", "password"),
            ("/account/reauthenticate", "password"),
        ] {
            let fields = [("csrf", &*csrf), ("identifier", &*person.id_number), (name, &huge)];
            assert_eq!(browser.post(&provider.url(path), &fields).await.status, 413, "{path}");
        }
        assert_eq!(provider.account(&person).await.password_hash, before);
    }
);

on_both!(
    /// What everybody here thinks of first, and the own name, are no password.
    a_password_of_the_place_and_the_year_is_refused,
    |provider| {
        let (person, browser) = signed_in(&provider, 396).await;
        for weak in ["Province@2026", "province2026", "Province2026!", "Yihao@2026"] {
            let page = change(&provider, &browser, person.password(), weak).await;
            assert_eq!(page.status, 400, "{weak}");
            assert!(page.body.contains("role=\"alert\""), "a reason is told");
        }
        let long_name = "买买提江·阿不都热合曼";
        for (seed, name, password) in [(397, long_name, long_name), (398, "ZHANG SANFENG", "Zhang Sanfeng")] {
            let person = Person { name: name.to_owned(), ..Person::synthetic(seed) };
            let browser = Browser::new();
            provider.add_person(&person).await;
            log_in(&provider, &browser, &person).await;
            let page = change(&provider, &browser, person.password(), password).await;
            assert_eq!(page.status, 400, "{password}");
        }
    }
);

on_both!(
    /// Characters are counted in one spelling: seventy accents typed apart are seventy characters.
    accents_typed_apart_are_counted_as_letters,
    |provider| {
        let sentence = "plum rain on a quiet lake, lantern by lantern over water..";
        let apart: String =
            sentence.chars().map(|letter| format!("e\u{301}{letter}")).chain(["e\u{301}".repeat(12)]).collect();
        let together = apart.replace("e\u{301}", "\u{e9}");
        assert_eq!((together.chars().count(), together.matches('\u{e9}').count()), (128, 70));
        for (seed, set) in [(399, &apart), (400, &together)] {
            let (person, browser) = signed_in(&provider, seed).await;
            assert_eq!(change(&provider, &browser, person.password(), set).await.status, 303);
            for typed in [&apart, &together] {
                let identity = (&*person.id_number, &**typed);
                let page = try_password(&provider, &Browser::new(), identity).await;
                assert_eq!(page.status, 303, "{}", typed.chars().count());
            }
        }
    }
);

on_both!(
    /// a password that is hard to judge keeps nobody waiting, nor anybody else.
    a_password_that_is_hard_to_judge_is_judged_at_once,
    |provider| {
        let hard: String = "4@8({[<369|1!70$5+%2".repeat(5);
        let begun = std::time::Instant::now();
        let (browser, url) = (Browser::new(), provider.url("/healthz"));
        let health = async {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let begun = std::time::Instant::now();
            assert_eq!(browser.get(&url).await.status, 200);
            begun.elapsed()
        };
        let (page, health) = tokio::join!(sign_up(&provider, 449, &hard), health);
        assert!(matches!(page.status, 200 | 400), "{}", page.status);
        let second = std::time::Duration::from_secs(1);
        assert!(health < second && begun.elapsed() < 2 * second, "{health:?} {:?}", begun.elapsed());
    }
);
