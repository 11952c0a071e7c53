//! One ID number in every spelling (security.md A-51): the same account at every door, and look-alikes nobody
//! at none.

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::officers;
use crate::support::console::send;
use crate::support::login::log_in;
use crate::support::login::sign_up_form;
use crate::support::login::try_password;
use crate::support::recovery::ask;
use crate::support::recovery::at_counter;
use crate::support::recovery::counter_code;
use crate::support::terminal;

/// The number printed in GB 11643.
const NUMBER: &str = "11010519491231002X";

fn person() -> Person {
    Person { id_number: NUMBER.to_owned(), ..Person::synthetic(371) }
}

/// Spellings of the number that people and their keyboards make.
fn spellings() -> Vec<String> {
    let body = &NUMBER[..17];
    let wide = |text: &str| -> String {
        text.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect()
    };
    let mut all: Vec<String> =
        ["x", "Ｘ", "ｘ", "Ⅹ", "ⅹ"].iter().map(|last| format!("{body}{last}")).collect();
    all.extend([wide(NUMBER), format!("{}x", wide(body)), format!("  {NUMBER} ")]);
    all.push(format!("\u{3000}{NUMBER}\u{3000}"));
    all
}

/// Texts that look like the number and are none.
fn look_alikes() -> Vec<String> {
    let body = &NUMBER[..17];
    vec![
        format!("{body}Х"),
        format!("{body}Χ"),
        NUMBER.replacen('1', "①", 1),
        NUMBER.replacen('1', "١", 1),
        format!("{}\u{200B}{}", &NUMBER[..6], &NUMBER[6..]),
        format!("{}\0{}", &NUMBER[..6], &NUMBER[6..]),
        format!("\u{200F}{NUMBER}"),
        format!("{body}0"),
        "110105199002300028".to_owned(),
        "110105194913310021".to_owned(),
        body.to_owned(),
        format!("{NUMBER}1"),
    ]
}

async fn fill(provider: &TestProvider, browser: &Browser, person: &Person) -> Page {
    let page = browser.get(&provider.url("/signup")).await;
    browser.submit(&page, &sign_up_form(person, person.password())).await
}

on_both!(every_spelling_logs_the_same_person_in, |provider| {
    let person = person();
    provider.add_person(&person).await;
    for spelling in spellings() {
        let identity = (&*spelling, person.password());
        let page = try_password(&provider, &Browser::new(), identity).await;
        assert_eq!(page.status, 303, "{spelling:?}");
    }
});

on_both!(every_spelling_signs_up_one_account, |provider| {
    let person = person();
    provider.add_person(&person.clone().without_account()).await;
    for (number, spelling) in spellings().into_iter().enumerate() {
        let browser = Browser::new();
        let spelled = Person { id_number: spelling, ..person.clone() };
        let page = fill(&provider, &browser, &spelled).await;
        assert_eq!(page.status, 200, "{:?}: {}", spelled.id_number, page.body);
        let code = provider.code_of_message(number + 1).await;
        let done = browser.submit(&page, &[("code", &code), ("step", "verify")]).await;
        let expected = if number == 0 { 200 } else { 409 };
        assert_eq!(done.status, expected, "{:?}", spelled.id_number);
        // The phone gets five messages an hour.
        provider.wait_seconds(3601);
    }
    assert_eq!(provider.rows(&["account"]).await, [1]);
    log_in(&provider, &Browser::new(), &person).await;
});

on_both!(a_look_alike_is_refused_before_the_register_is_asked, |provider| {
    let person = person();
    provider.add_person(&person.clone().without_account()).await;
    let tables = ["account", "one_time_code", "throttle", "audit WHERE kind = 'sign_up'"];
    let before = provider.rows(&tables).await;
    for number in look_alikes() {
        let other = Person { id_number: number, ..person.clone() };
        let page = fill(&provider, &Browser::new(), &other).await;
        assert_eq!(page.status, 400, "{:?}", other.id_number);
        assert!(page.has("id_number-error"), "{:?}", other.id_number);
        for field in ["name", "phone", "password", "password_again", "terms"] {
            assert!(!page.has(&format!("{field}-error")), "{:?}: {field}", other.id_number);
        }
    }
    assert_eq!(provider.rows(&tables).await, before);
    assert_eq!(provider.messages_sent().await, 0);
});

/// What an operator is told who writes this to `yihao account show -`; the complaint when it is refused.
fn shown(provider: &TestProvider, typed: &str) -> Result<String, String> {
    let told = terminal::asked(provider, &["account", "show", "-"], typed);
    told.inspect_err(|told| assert!(!told.contains("19491231"), "{told}"))
}

on_both!(every_spelling_finds_the_same_account_for_an_operator, |provider| {
    let person = person();
    provider.add_person(&person).await;
    let id = provider.account(&person).await.id.to_string();
    for spelling in spellings() {
        let found = shown(&provider, &spelling);
        let found = found.unwrap_or_else(|told| panic!("{spelling:?} finds nobody: {told}"));
        assert!(found.contains(&id) && !found.contains(NUMBER), "{spelling:?}: {found}");
    }
    for number in look_alikes() {
        let told = shown(&provider, &number).unwrap_err();
        let known = ["not an identifier", "no such account"];
        assert!(known.iter().any(|reason| told.contains(reason)), "{number:?}: {told}");
    }
});

/// A page of somebody who typed this number, without it.
fn without(page: &Page, typed: &str) -> String {
    let shown = format!("value=\"{typed}\"");
    assert!(page.body.contains(&shown), "{typed:?} is shown as it was typed: {}", page.body);
    page.plain_body("").replace(&shown, "value=\"TYPED\"")
}

on_both!(every_spelling_recovers_the_same_account, |provider| {
    let person = person();
    provider.add_person(&person).await;
    for (sent, spelling) in spellings().into_iter().enumerate() {
        let spelled = Person { id_number: spelling.clone(), ..person.clone() };
        let page = ask(&provider, &Browser::new(), &spelled).await;
        assert_eq!(page.status, 200, "{spelling:?}: {}", page.body);
        provider.code_of_message(sent + 1).await;
        // The phone gets five messages an hour, and the number ten attempts, over all its spellings.
        provider.wait_seconds(3601);
    }
    let id = provider.account(&person).await.id;
    let counted = "SELECT COUNT(DISTINCT account_id) FROM one_time_code WHERE purpose = 'recovery'";
    assert_eq!(provider.count(counted).await, 1, "{id}");
});

on_both!(every_spelling_is_the_same_number_at_the_counter, |provider| {
    let [system, security, _] = officers(&provider).await;
    let person = person();
    provider.add_person(&person).await;
    let (_, code) = counter_code(&provider, [&security, &system], &person).await;
    for (seed, spelling) in (8501..).zip(spellings()) {
        let spelled = Person { id_number: spelling.clone(), ..person.clone() };
        let phone = Person::synthetic(seed).phone;
        let page = at_counter(&provider, &Browser::new(), (&spelled, &phone, &code)).await;
        assert_eq!(page.status, 200, "{spelling:?}: {}", page.body);
        provider.code_sent_to(&phone).await;
    }
    let tables = ["one_time_code", "throttle"];
    let before = provider.rows(&tables).await;
    for number in look_alikes() {
        let other = Person { id_number: number.clone(), ..person.clone() };
        let mut seen = Vec::new();
        for code in [&*code, "aaaaa-bbbbb"] {
            let page = at_counter(&provider, &Browser::new(), (&other, &person.phone, code)).await;
            assert_eq!(page.status, 400, "{number:?}");
            assert!(page.has("id_number-error") && !page.has("phone-error"), "{number:?}");
            seen.push(without(&page, &number));
        }
        assert_eq!(seen[0], seen[1], "the words tell of the text alone");
    }
    assert_eq!(provider.rows(&tables).await, before, "before anything is looked up");
});

on_both!(a_look_alike_recovers_nothing, |provider| {
    let person = person();
    provider.add_person(&person).await;
    let tables = ["one_time_code", "throttle"];
    let before = provider.rows(&tables).await;
    for number in look_alikes() {
        let mut seen = Vec::new();
        for known in [&person, &Person::synthetic(372)] {
            let other = Person { id_number: number.clone(), ..known.clone() };
            let page = ask(&provider, &Browser::new(), &other).await;
            assert_eq!(page.status, 400, "{number:?}");
            assert!(page.has("id_number-error") && !page.has("name-error"), "{number:?}");
            let page = without(&page, &number);
            seen.push(page.replace(&known.name, "NAME").replace(&known.phone, "PHONE"));
        }
        assert_eq!(seen[0], seen[1], "the words tell of the text alone");
    }
    assert_eq!(provider.rows(&tables).await, before, "before anything is looked up");
    assert_eq!(provider.messages_sent().await, 0);
});

on_both!(every_spelling_finds_the_same_account_in_the_console, |provider| {
    let [_, security, _] = officers(&provider).await;
    let person = person();
    provider.add_person(&person).await;
    let found = format!("/console/people/{}", provider.account(&person).await.id);
    for spelling in spellings() {
        let fields = [("identifier", &*spelling)];
        let page = send(&provider, &security, "/console/people", &fields).await;
        assert_eq!((page.status, page.header("location")), (303, &*found), "{spelling:?}");
    }
    let mut seen = Vec::new();
    for number in look_alikes() {
        let fields = [("identifier", &*number)];
        let page = send(&provider, &security, "/console/people", &fields).await;
        assert_eq!(page.status, 400, "{number:?}");
        seen.push(without(&page, &number));
    }
    assert!(seen.iter().all(|page| *page == seen[0]), "refused with the same words");
});
