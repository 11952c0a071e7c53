//! Changing what protects an account (security.md ): the current password is asked for, the new
//! one is judged, and the way back leads only to pages of ours.

use crate::on_both;
use crate::on_both_backends;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::login::try_password;

const NEW: &str = "a quieter lake at night";

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

on_both!(
    /// without the current password, with an empty or a wrong one, nothing changes, however fresh the
    /// session is.
    the_current_password_is_always_asked_for,
    |provider| {
        let (person, browser) = signed_in(&provider, 221).await;
        let before = provider.account(&person).await.password_hash;
        let page = browser.get(&provider.url("/account/password")).await;

        let missing = browser.submit(&page, &[("password", NEW), ("password_again", NEW)]).await;
        assert_eq!(missing.status, 400);
        assert_eq!(provider.refusal_of(&missing).await, "step_up wrong answer");
        for wrong in ["", " ", "surely not this one"] {
            assert_eq!(change(&provider, &browser, wrong, NEW).await.status, 400, "{wrong:?}");
            provider.wait_seconds(31);
        }

        assert_eq!(provider.account(&person).await.password_hash, before);
        let done = change(&provider, &browser, person.password(), NEW).await;
        assert_eq!(done.status, 303);
        let records = provider.records_of(&done).await;
        assert_eq!((records.len(), &*records[0].kind), (1, "password_changed"));
        assert!(is_logged_in(&provider, &browser).await, "the own session goes on");
    }
);

on_both!(
    /// what is easily guessed, or known of the person, is refused with its reason.
    a_new_password_is_judged,
    |provider| {
        let (person, browser) = signed_in(&provider, 222).await;
        let short = person.phone.trim_start_matches("+86").to_owned();
        let refused = [
            "password1234".to_owned(),
            "12345678".to_owned(),
            person.id_number.clone(),
            person.id_number[6..14].to_owned(),
            short,
            "x7#kQ2".to_owned(),
            "好".repeat(129),
        ];
        let mut reasons = Vec::new();
        for password in &refused {
            let page = change(&provider, &browser, person.password(), password).await;
            assert_eq!(page.status, 400, "{password:.20}");
            let said = page.body.split("role=\"alert\">").nth(1).unwrap().split('<').next().unwrap();
            reasons.push(said.to_owned());
            assert!(!page.body.contains(&**password), "and not repeated");
        }
        assert!(reasons[..5].iter().all(|reason| *reason == reasons[0]), "{reasons:?}");
        assert!(reasons[5] != reasons[0] && reasons[6] != reasons[5], "{reasons:?}");

        let longest = "plum rain on a lake, ".repeat(7)[..128].to_owned();
        for (seed, good) in [(225, "离离原上草一岁一枯荣"), (226, &longest), (227, "correct horse 🏮")]
        {
            let (person, browser) = signed_in(&provider, seed).await;
            assert_eq!(
                change(&provider, &browser, person.password(), good).await.status,
                303,
                "{good}"
            );
            let page = try_password(&provider, &Browser::new(), (&person.id_number, good)).await;
            assert_eq!(page.status, 303, "{good}");
        }
    }
);

on_both_backends!(
    /// under the profile `nist` a password alone has fifteen characters, under `mlps3` three classes.
    the_rule_of_the_deployment_counts,
    |backend| {
        use yihao::domain::password::PasswordRule;
        for (rule, bad, good) in [
            (PasswordRule::Nist, "tr0ub4dor&3x", "lantern orchard 7"),
            (PasswordRule::Mlps3, "lantern orchard", "Lantern orchard"),
        ] {
            let provider =
                TestProvider::start_with(backend.clone(), |config| config.password.policy = rule).await;
            let (person, browser) = signed_in(&provider, 223).await;
            assert_eq!(change(&provider, &browser, person.password(), bad).await.status, 400, "{bad}");
            assert_eq!(
                change(&provider, &browser, person.password(), good).await.status,
                303,
                "{good}"
            );
        }
    }
);

on_both!(
    /// Where the password is typed again, the way back leads to a page of the account or to its front.
    the_way_back_is_a_page_of_the_account,
    |provider| {
        let (person, browser) = signed_in(&provider, 224).await;
        for (back, to) in [
            ("/account/totp", "/account/totp"),
            ("//evil.example", "/account"),
            ("https://evil.example/account/totp", "/account"),
            ("/account//evil.example", "/account"),
            ("/account/../oauth2/logout", "/account"),
            ("/account/totp?step=remove", "/account"),
            ("/account/\\evil.example", "/account"),
            ("javascript:alert(1)", "/account"),
            ("/oauth2/logout", "/account"),
            ("", "/account"),
        ] {
            let mut url = url::Url::parse(&provider.url("/account/reauthenticate")).unwrap();
            url.query_pairs_mut().append_pair("return", back);
            let page = browser.get(url.as_str()).await;
            assert!(!page.body.contains("href=\"https://evil"), "{back}");
            let fields = [("password", person.password()), ("return", back)];
            let page = browser.submit(&page, &fields).await;
            assert_eq!((page.status, page.header("location")), (303, to), "{back}");
        }
    }
);
