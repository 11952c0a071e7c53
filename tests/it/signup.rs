//! Signing up against the population register (design D11; security.md A-50, P13).

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::login::sign_up_form;

const PASSWORD: &str = "lantern over the lake";

async fn send(browser: &Browser, page: &Page, person: &Person, change: &[(&str, &str)]) -> Page {
    let mut fields = sign_up_form(person, PASSWORD).to_vec();
    fields.retain(|(name, _)| change.iter().all(|(changed, _)| changed != name));
    fields.extend(change.iter().filter(|(_, value)| !value.is_empty()));
    browser.submit(page, &fields).await
}

async fn fill(provider: &TestProvider, browser: &Browser, person: &Person) -> Page {
    let page = browser.get(&provider.url("/signup")).await;
    send(browser, &page, person, &[]).await
}

async fn registered(provider: &TestProvider, seed: u64) -> Person {
    let person = Person::synthetic(seed).without_account();
    provider.add_person(&person).await;
    Person { password: Some(PASSWORD.to_owned()), ..person }
}

on_both!(a_person_of_the_register_signs_up_and_logs_in, |provider| {
    let person = registered(&provider, 1).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let login = browser.follow(browser.get(&web1.authorize(&[])).await).await;
    let tx = login.form().fields["tx"].clone();
    let page = browser.get(&format!("{}?tx={tx}", provider.url("/signup"))).await;
    let asked = send(&browser, &page, &person, &[]).await;
    assert_eq!(asked.status, 200, "{}", asked.body);
    assert!(!asked.body.contains(&person.phone), "masked");

    let code = provider.code_sent_to(&person.phone).await;
    let done = browser.submit(&asked, &[("code", &code), ("step", "verify")]).await;

    assert_eq!(done.status, 200, "{}", done.body);
    let login = browser.get(&format!("{}?tx={tx}", provider.url("/login"))).await;
    let landing = web1.walk(&browser, &person, login).await;
    let tokens = web1.redeem(landing.code()).await.json();
    let userinfo = web1.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(
        (&userinfo["name"], &userinfo["identity_assurance"]),
        (&person.name.into(), &1.into())
    );
});

on_both!(every_field_is_judged_at_once, |provider| {
    let person = registered(&provider, 1).await;
    let browser = Browser::new();
    let page = browser.get(&provider.url("/signup")).await;
    for (change, field) in [
        (("name", "<b>"), "name"),
        (("name", ""), "name"),
        (("id_number", "990018194110240059"), "id_number"),
        (("id_number", "12345"), "id_number"),
        (("phone", "12"), "phone"),
        (("password", "short"), "password"),
        (("password", "password1234"), "password"),
        (("password_again", "another one here"), "password_again"),
        (("terms", ""), "terms"),
    ] {
        let answer = send(&browser, &page, &person, &[change]).await;
        assert_eq!(answer.status, 400, "{change:?}");
        assert!(answer.has(&format!("{field}-error")), "{change:?}: {}", answer.body);
        assert!(!answer.body.contains(PASSWORD), "a password is never shown again");
    }
    let short = person.phone.trim_start_matches("+86");
    let own =
        send(&browser, &page, &person, &[("password", short), ("password_again", short)]).await;
    assert!(own.has("password-error"), "the own phone is no password");
    let all = browser.submit(&page, &[("name", "<"), ("phone", "x")]).await;
    for field in ["name", "id_number", "phone", "password", "terms"] {
        assert!(all.has(&format!("{field}-error")), "{field}");
    }
});

on_both!(nobody_signs_up_whom_the_register_does_not_confirm, |provider| {
    let person = registered(&provider, 1).await;
    let stranger = Person::synthetic(40);
    let wrong_name = Person { name: "测试九九".to_owned(), ..person.clone() };
    let mut bodies = Vec::new();
    for person in [&stranger, &wrong_name] {
        let page = fill(&provider, &Browser::new(), person).await;
        assert_eq!(page.status, 400);
        let csrf = page.form().fields["csrf"].clone();
        let mut body = page.body.replace(&csrf, "");
        for typed in [&person.name, &person.id_number, &person.phone] {
            body = body.replace(typed.as_str(), "");
        }
        bodies.push(body);
    }
    assert_eq!(bodies[0], bodies[1], "an unknown number and a wrong name look alike");
    assert!(provider.messages().await.is_empty(), "no code before the register agrees");
    assert_eq!(provider.audit(1).await, ["sign_up refused register does not confirm"]);
});

on_both!(
    /// P13: that there is an account is told to the person who proved number, name and phone.
    an_account_that_exists_is_told_only_after_the_code,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let fresh = registered(&provider, 2).await;
        let browser = Browser::new();
        let taken = fill(&provider, &browser, &person).await;
        let free = fill(&provider, &Browser::new(), &fresh).await;
        let bare = |page: &Page, person: &Person| {
            let fields = page.form().fields;
            let short = person.phone.trim_start_matches("+86");
            page.body
                .replace(&fields["csrf"], "")
                .replace(&fields["pending"], "")
                .replace(&fields["phone_masked"], "")
                .replace(&short[7..], "")
        };
        assert_eq!(bare(&taken, &person), bare(&free, &fresh));
        let code = provider.code_sent_to(&person.phone).await;
        let told = browser.submit(&taken, &[("code", &code), ("step", "verify")]).await;
        assert_eq!(told.status, 409);
        assert_eq!(provider.audit(1).await, ["sign_up refused identifier taken"]);
        log_in(&provider, &Browser::new(), &person).await;
    }
);

on_both!(a_taken_phone_makes_no_account, |provider| {
    let (owner, person) = (Person::synthetic(1), registered(&provider, 2).await);
    provider.add_person(&owner).await;
    let clash = Person { phone: owner.phone.clone(), ..person.clone() };
    let browser = Browser::new();
    let page = fill(&provider, &browser, &clash).await;
    let code = provider.code_sent_to(&owner.phone).await;
    let told = browser.submit(&page, &[("code", &code), ("step", "verify")]).await;
    assert_eq!(told.status, 409);
    let page = fill(&provider, &browser, &person).await;
    let code = provider.code_sent_to(&person.phone).await;
    let done = browser.submit(&page, &[("code", &code), ("step", "verify")]).await;
    assert_eq!(done.status, 200, "the half-made account left nothing behind: {}", done.body);
});

on_both!(a_sign_up_belongs_to_its_browser_and_its_code, |provider| {
    let person = registered(&provider, 1).await;
    let browser = Browser::new();
    let page = fill(&provider, &browser, &person).await;
    let code = provider.code_sent_to(&person.phone).await;
    let thief = Browser::new();
    let own = fill(&provider, &thief, &registered(&provider, 2).await).await;
    let pending = page.form().fields["pending"].clone();
    let stolen = [("pending", &*pending), ("code", &*code), ("step", "verify")];
    assert_eq!(thief.submit(&own, &stolen).await.status, 400);
    let wrong = if code == "000000" { "111111" } else { "000000" };
    for _ in 0..5 {
        let page = browser.submit(&page, &[("code", wrong), ("step", "verify")]).await;
        assert_eq!(page.status, 400);
    }
    let late = browser.submit(&page, &[("code", &code), ("step", "verify")]).await;
    assert_eq!(late.status, 400, "five tries are over");
    provider.clock.advance(61_000);
    // Another code gives no try back; the form does.
    let again = fill(&provider, &browser, &person).await;
    assert_eq!(again.status, 200, "{}", again.body);
    let new = provider.code_of_message(3).await;
    let done = browser.submit(&again, &[("code", &new), ("step", "verify")]).await;
    assert_eq!(done.status, 200, "{}", done.body);
});

on_both!(one_number_is_not_tried_with_many_names, |provider| {
    let person = registered(&provider, 1).await;
    for n in 0..6 {
        let guess = Person {
            name: format!("测试{}", ["二", "三", "四", "五", "六", "七"][n]),
            ..person.clone()
        };
        assert_eq!(fill(&provider, &Browser::new(), &guess).await.status, 400);
    }
    let right = fill(&provider, &Browser::new(), &person).await;
    assert_eq!(right.status, 400);
    assert_eq!(provider.audit(1).await, ["sign_up refused too many attempts"]);
    provider.clock.advance(2 * 60 * 60_000);
    assert_eq!(fill(&provider, &Browser::new(), &person).await.status, 200);
});
