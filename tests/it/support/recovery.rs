//! Coming back to an account, as a test walks it.

use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::console::Operator;
use crate::support::console::decide;
use crate::support::console::send;

/// The password that is chosen in the end.
pub const NEW: &str = "seven herons over the ferry";

/// Fills in the first page.
pub async fn ask(provider: &TestProvider, browser: &Browser, person: &Person) -> Page {
    let page = browser.get(&provider.url("/recover")).await;
    let fields =
        [("name", &*person.name), ("id_number", &*person.id_number), ("phone", &*person.phone)];
    browser.submit(&page, &fields).await
}

/// Goes as far as the phone is proven.
pub async fn prove_phone(provider: &TestProvider, browser: &Browser, person: &Person) -> Page {
    let sent = ask(provider, browser, person).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let code = provider.code_sent_to(&person.phone).await;
    browser.submit(&sent, &[("code", &code)]).await
}

/// Sends the form for the new password.
pub async fn set(browser: &Browser, page: &Page, password: &str) -> Page {
    browser.submit(page, &[("password", password), ("password_again", password)]).await
}

/// A code of the counter for this person: asked for, approved, shown.
pub async fn counter_code(
    provider: &TestProvider,
    [staff, officer]: [&Operator; 2],
    person: &Person,
) -> (String, String) {
    let path = format!("/console/people/{}", provider.account(person).await.id);
    let fields = [("kind", "recover_at_counter"), ("reason", "身份证已核对")];
    let asked = send(provider, staff, &format!("{path}/ask"), &fields).await;
    assert_eq!(asked.status, 303, "{}", asked.body);
    let early = send(provider, staff, &format!("{path}/counter-code"), &[]).await;
    assert_eq!(early.status, 400, "not before it is approved");
    assert_eq!(decide(provider, officer, "approve").await.status, 303);
    let shown = send(provider, staff, &format!("{path}/counter-code"), &[]).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    let code = shown.body.split("id=\"counter-code\" translate=\"no\">").nth(1).unwrap();
    (path, code.split('<').next().unwrap().to_owned())
}

/// Fills in the page for whoever was at a counter.
pub async fn at_counter(
    provider: &TestProvider,
    browser: &Browser,
    (person, phone, code): (&Person, &str, &str),
) -> Page {
    let page = browser.get(&provider.url("/recover/counter")).await;
    let fields = [
        ("id_number", &*person.id_number),
        ("code", code),
        ("phone", phone),
        ("password", NEW),
        ("password_again", NEW),
    ];
    browser.submit(&page, &fields).await
}
