//! Tokens as a test gets and asks after them.

use serde_json::json;

use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;

/// What one person's login at one client gave.
pub struct Tokens {
    /// The client.
    pub rp: RelyingParty,
    /// The person.
    pub person: Person,
    /// Where the person is logged in.
    pub browser: Browser,
    /// `access_token`
    pub access: String,
    /// `refresh_token`
    pub refresh: String,
    /// `id_token`
    pub id: String,
}

/// Logs the first person in at this client and redeems the code.
pub async fn tokens(provider: &TestProvider, client: &'static str) -> Tokens {
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    let (browser, rp) = (Browser::new(), RelyingParty::new(provider, client));
    let landing = rp.log_in(&browser, &person, &[]).await;
    let answer = rp.redeem(landing.code()).await.json();
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    Tokens {
        access: text("access_token"),
        refresh: text("refresh_token"),
        id: text("id_token"),
        rp,
        person,
        browser,
    }
}

/// `J(error)` of RFC 6749 §5.2.
pub fn assert_error(page: &Page, status: u16, error: &str) {
    assert_eq!((page.status, &page.json()["error"]), (status, &json!(error)), "{}", page.body);
}

/// What introspection says to this client; of what is not active, nothing else.
pub async fn is_active(rp: &RelyingParty, token: &str) -> bool {
    let page = rp.call("/oauth2/introspect", &[("token", token)]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let active = page.json()["active"] == true;
    assert!(active || page.body == r#"{"active":false}"#, "{}", page.body);
    active
}

/// The refresh token of a success.
pub fn refresh_of(page: &Page) -> String {
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()["refresh_token"].as_str().unwrap().to_owned()
}

/// The access token of a success.
pub fn access_of(page: &Page) -> String {
    assert_eq!(page.status, 200, "{}", page.body);
    page.json()["access_token"].as_str().unwrap().to_owned()
}
