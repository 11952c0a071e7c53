//! The login pages as a test walks them.

use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;

/// What a person writes into the sign-up form.
pub fn sign_up_form<'a>(person: &'a Person, password: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("name", &person.name),
        ("id_number", &person.id_number),
        ("phone", &person.phone),
        ("password", password),
        ("password_again", password),
        ("terms", "1"),
    ]
}

/// Sends the login form with this identifier and password; the answer as it is.
pub async fn try_password(
    provider: &TestProvider,
    browser: &Browser,
    (identifier, password): (&str, &str),
) -> Page {
    let page = browser.get(&provider.url("/login")).await;
    browser.submit(&page, &[("identifier", identifier), ("password", password)]).await
}

/// Logs a person in with the password, without a portal.
pub async fn log_in(provider: &TestProvider, browser: &Browser, person: &Person) {
    let identity = (&*person.id_number, person.password());
    let page = try_password(provider, browser, identity).await;
    assert_eq!(page.status, 303, "{}", page.body);
}

/// Asks for a code at the login page; the page with the field for it.
pub async fn ask_for_code(provider: &TestProvider, browser: &Browser, identifier: &str) -> Page {
    let page = browser.get(&provider.url("/login?method=sms")).await;
    browser.submit(&page, &[("identifier", identifier), ("step", "send")]).await
}

/// Answers the page with a code.
pub async fn answer(browser: &Browser, page: &Page, code: &str) -> Page {
    let form = page.form();
    let identifier = form.fields.get("identifier").cloned().unwrap_or_default();
    let fields = [("identifier", &*identifier), ("code", code), ("step", "verify")];
    browser.submit(page, &fields).await
}

/// Whether the browser is logged in well enough for the account.
pub async fn is_logged_in(provider: &TestProvider, browser: &Browser) -> bool {
    browser.get(&provider.url("/account")).await.status == 200
}

/// The code an authenticator app with this secret shows now.
pub fn totp(provider: &TestProvider, secret: &str) -> String {
    totp_of_step(secret, provider.clock.now().seconds() / 30)
}

/// The code it shows in a step of 30 seconds.
pub fn totp_of_step(secret: &str, step: i64) -> String {
    let base32: String = secret.chars().filter(|c| !c.is_whitespace()).collect();
    let secret = totp_rs::Secret::try_from_base32(base32).expect("base32");
    let totp = totp_rs::Builder::new().with_secret(&secret[..]).build().unwrap();
    totp.generate(u64::try_from(step * 30).unwrap()).to_string()
}

/// Enrols an app on the account page; gives its secret and the recovery codes.
pub async fn enrol(provider: &TestProvider, browser: &Browser) -> (String, Vec<String>) {
    let page = browser.get(&provider.url("/account/totp")).await;
    let offer = browser.submit(&page, &[("step", "begin")]).await;
    assert_eq!(offer.status, 200, "{}", offer.body);
    let secret = secret_on(&offer);
    let code = totp(provider, &secret);
    let codes = browser.submit(&offer, &[("step", "enrol"), ("code", &code)]).await;
    assert_eq!(codes.status, 200, "{}", codes.body);
    (secret, recovery_codes_on(&codes))
}

/// The secret an enrolment page shows.
pub fn secret_on(page: &Page) -> String {
    between(&page.body, "<p class=\"secret\" translate=\"no\">", "</p>").to_owned()
}

/// The recovery codes a page shows.
pub fn recovery_codes_on(page: &Page) -> Vec<String> {
    let list = between(&page.body, "<ul class=\"codes\" translate=\"no\">", "</ul>");
    list.split("<li>").skip(1).map(|item| item.split("</li>").next().unwrap().to_owned()).collect()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let rest =
        &text[text.find(start).unwrap_or_else(|| panic!("no {start}: {text}")) + start.len()..];
    &rest[..rest.find(end).unwrap()]
}
