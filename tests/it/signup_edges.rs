//! Sign-ups at the same time, in parts, and by somebody who means harm (security.md, P2, P13):
//! nothing is kept before the code, and one number makes one account.

use futures_util::future::join_all;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::login::sign_up_form;

/// Somebody the register knows and we do not.
async fn registered(provider: &TestProvider, seed: u64) -> Person {
    let person = Person::synthetic(seed);
    provider.add_person(&person.clone().without_account()).await;
    person
}

async fn fill(provider: &TestProvider, browser: &Browser, person: &Person) -> Page {
    let page = browser.get(&provider.url("/signup")).await;
    browser.submit(&page, &sign_up_form(person, person.password())).await
}

async fn finish(browser: &Browser, page: &Page, code: &str) -> Page {
    browser.submit(page, &[("code", code), ("step", "verify")]).await
}

on_both!(
    /// Before the code nothing of the person is kept but a sealed row that expires, and nobody logs in.
    nothing_is_made_before_the_code,
    |provider| {
        let person = registered(&provider, 231).await;
        let browser = Browser::new();
        let tables = ["account", "identifier_index", "session"];

        let page = fill(&provider, &browser, &person).await;

        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(provider.rows(&tables).await, [0, 0, 0]);
        let code = provider.code_sent_to(&person.phone).await;
        provider.wait_seconds(301);
        assert_eq!(finish(&browser, &page, &code).await.status, 400, "five minutes are over");
        assert_eq!(provider.rows(&tables).await, [0, 0, 0]);
        let start_again = browser.submit(&page, &[("step", "send")]).await;
        assert_eq!(start_again.status, 400, "and no new code comes for it");
        assert_eq!(provider.messages_sent().await, 1);
    }
);

on_both!(
    /// P2: of many answers with one code, and of two browsers with one number, one makes the account.
    one_number_makes_one_account,
    |provider| {
        let person = registered(&provider, 232).await;
        let twin = Person { phone: Person::synthetic(233).phone, ..person.clone() };
        let (here, there) = (Browser::new(), Browser::new());
        let first = fill(&provider, &here, &person).await;
        let second = fill(&provider, &there, &twin).await;
        let code = provider.code_sent_to(&person.phone).await;
        let other = provider.code_sent_to(&twin.phone).await;
        let copies: Vec<Browser> = (0..5).map(|_| here.copy()).collect();

        let tries = copies.iter().map(|copy| finish(copy, &first, &code));
        let (pages, twin) = tokio::join!(join_all(tries), finish(&there, &second, &other));

        let made = pages.iter().chain([&twin]).filter(|page| page.status == 200).count();
        assert_eq!(made, 1);
        assert!(pages.iter().chain([&twin]).all(|page| matches!(page.status, 200 | 400 | 409)));
        assert_eq!(provider.rows(&["account"]).await, [1]);
    }
);

on_both!(
    /// a number in another spelling is the same number, at the register and among accounts.
    every_spelling_signs_the_same_person_up,
    |provider| {
        let person =
            (240..400).map(Person::synthetic).find(|one| one.id_number.ends_with('X')).unwrap();
        provider.add_person(&person.clone().without_account()).await;
        let wide: String =
            person.id_number.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
        let spelled = Person { id_number: wide, ..person.clone() };
        let browser = Browser::new();
        let page = fill(&provider, &browser, &spelled).await;
        let code = provider.code_sent_to(&person.phone).await;
        assert_eq!(finish(&browser, &page, &code).await.status, 200);

        log_in(&provider, &browser, &person).await;
        let lower = Person { id_number: person.id_number.to_lowercase(), ..person.clone() };
        let again = Browser::new();
        provider.wait_seconds(60);
        let page = fill(&provider, &again, &lower).await;
        let code = provider.code_of_message(2).await;
        assert_eq!(finish(&again, &page, &code).await.status, 409, "the account exists");
        assert_eq!(provider.rows(&["account"]).await, [1]);
    }
);

on_both!(
    /// A birth date that has not come, or lies too far back, is no person's.
    nobody_signs_up_before_being_born,
    |provider| {
        use yihao::domain::citizen_id::CitizenId;
        use yihao::domain::policy::Synthetic;
        let tomorrow = provider.clock.now().plus(std::time::Duration::from_hours(48));
        let tomorrow = tomorrow.date_in_beijing().unwrap();
        let soon = format!(
            "990001{:04}{:02}{:02}001",
            tomorrow.year(),
            u8::from(tomorrow.month()),
            tomorrow.day()
        );
        for body in [soon.as_str(), "99000118500101001"] {
            let mut numbers = "0123456789X".chars().map(|check| format!("{body}{check}"));
            let is_one = |text: &String| CitizenId::parse(text, Synthetic::Accepted).is_ok();
            let id_number = numbers.find(is_one).expect("one check character is right");
            let person = Person { id_number, ..Person::synthetic(234) };
            provider.add_person(&person.clone().without_account()).await;
            let page = fill(&provider, &Browser::new(), &person).await;
            assert_eq!(page.status, 400);
            assert!(page.has("id_number-error"), "{body}");
        }
        assert!(provider.messages().await.is_empty());
    }
);

on_both!(
    /// a new code puts an end to the one before it, and a sign-up before it in the same browser.
    the_newest_code_counts,
    |provider| {
        let person = registered(&provider, 235).await;
        let browser = Browser::new();
        let page = fill(&provider, &browser, &person).await;
        let old = provider.code_of_message(1).await;

        let again = browser.submit(&page, &[("step", "send")]).await;
        let new = provider.code_of_message(2).await;

        assert_eq!(again.status, 200);
        if old != new {
            assert_eq!(finish(&browser, &again, &old).await.status, 400, "the old code is void");
        }
        provider.wait_seconds(60);
        let later = fill(&provider, &browser, &person).await;
        let newest = provider.code_of_message(3).await;
        assert_eq!(finish(&browser, &page, &new).await.status, 400, "the sign-up before it is void");
        assert_eq!(finish(&browser, &later, &newest).await.status, 200);
    }
);

on_both!(
    /// the tries of a code are not given back by asking for another: five wrong ones end the sign-up.
    another_code_gives_no_try_back,
    |provider| {
        let person = registered(&provider, 236).await;
        let browser = Browser::new();
        let page = fill(&provider, &browser, &person).await;
        let code = provider.code_of_message(1).await;
        let wrong = if code == "000000" { "111111" } else { "000000" };
        for _ in 0..3 {
            assert_eq!(finish(&browser, &page, wrong).await.status, 400);
        }
        provider.wait_seconds(61);
        let again = browser.submit(&page, &[("step", "send")]).await;
        assert_eq!(again.status, 200, "{}", again.body);
        let new = provider.code_of_message(2).await;
        let wrong = if new == "000000" { "111111" } else { "000000" };
        for _ in 0..2 {
            assert_eq!(finish(&browser, &page, wrong).await.status, 400);
        }
        assert_eq!(finish(&browser, &page, &new).await.status, 400, "five tries are over");
        provider.wait_seconds(601);
        browser.submit(&page, &[("step", "send")]).await;
        assert_eq!(provider.messages_sent().await, 2, "and no third code comes");
        assert_eq!(provider.rows(&["account"]).await, [0]);
    }
);
