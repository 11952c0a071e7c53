//! Operators as a test makes them: invited, come in, at work.

use yihao::console::invitations;
use yihao::domain::operator::Role;
use yihao::domain::request_context::RequestContext;

use crate::support::Browser;
use crate::support::Page;
use crate::support::TestProvider;
use crate::support::login::secret_on;
use crate::support::login::totp;

/// What operators of tests choose.
pub const PASSWORD: &str = "Lantern orchard 7 bridges";

/// An operator.
pub struct Operator {
    /// The browser he works in.
    pub browser: Browser,
    /// His login name.
    pub login_name: String,
    /// The secret of his app.
    pub secret: String,
}

/// Accepts the invitation of this address and logs in.
pub async fn come_in(provider: &TestProvider, url: &str, login_name: &str) -> Operator {
    let browser = Browser::new();
    let page = browser.get(&local(provider, url)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let secret = secret_on(&page);
    let done = accept(provider, &browser, &page, login_name).await;
    assert_eq!((done.status, done.header("location")), (303, "/console/login"), "{}", done.body);
    let operator = Operator { browser, login_name: login_name.to_owned(), secret };
    let page = log_in(provider, &operator).await;
    assert_eq!((page.status, page.header("location")), (303, "/console"), "{}", page.body);
    operator
}

/// Fills in the page of an invitation.
pub async fn accept(
    provider: &TestProvider,
    browser: &Browser,
    page: &Page,
    login_name: &str,
) -> Page {
    begin_step(provider);
    let code = totp(provider, &secret_on(page));
    let fields = [
        ("login_name", login_name),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
        ("code", &*code),
    ];
    browser.submit(page, &fields).await
}

/// Logs in with the next code of the app.
pub async fn log_in(provider: &TestProvider, operator: &Operator) -> Page {
    begin_step(provider);
    let code = totp(provider, &operator.secret);
    try_log_in(provider, &operator.browser, (&operator.login_name, PASSWORD, &code)).await
}

/// Moves on to the beginning of the next step of 30 seconds: the clock runs, and an operator's code is good
/// in its own step alone.
pub fn begin_step(provider: &TestProvider) {
    let into = provider.clock.now().0 % 30_000;
    provider.clock.advance(30_000 - into);
}

/// Sends the login form.
pub async fn try_log_in(
    provider: &TestProvider,
    browser: &Browser,
    (login_name, password, code): (&str, &str, &str),
) -> Page {
    let page = browser.get(&provider.url("/console/login")).await;
    let fields = [("login_name", login_name), ("password", password), ("code", code)];
    browser.submit(&page, &fields).await
}

/// The first three officers, at work.
pub async fn officers(provider: &TestProvider) -> [Operator; 3] {
    let context = RequestContext::internal("test");
    let made = invitations::invite_first(&provider.provider, &context).await.unwrap();
    let url = |role| made.iter().find(|(known, _)| *known == role).unwrap().1.clone();
    [
        come_in(provider, &url(Role::SystemOfficer), "system").await,
        come_in(provider, &url(Role::SecurityOfficer), "security").await,
        come_in(provider, &url(Role::AuditOfficer), "audit").await,
    ]
}

/// An operator of this role and region, invited by one officer with the consent of another.
pub async fn appoint(
    provider: &TestProvider,
    [asks, decides]: [&Operator; 2],
    (role, region): (Role, &str),
    login_name: &str,
) -> Operator {
    let asked = ask_to_invite(provider, asks, (role.as_str(), region)).await;
    assert_eq!(asked.status, 303, "{}", asked.body);
    let page = decide(provider, decides, "approve").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let url = page.body.split("id=\"invitation\" translate=\"no\">").nth(1).unwrap();
    let url = url.split('<').next().unwrap().replace("&#x2f;", "/");
    come_in(provider, &url, login_name).await
}

/// Asks for an operator of this role and region.
pub async fn ask_to_invite(
    provider: &TestProvider,
    operator: &Operator,
    (role, region): (&str, &str),
) -> Page {
    let fields = [("name", "王工"), ("role", role), ("region", region), ("reason", "新到岗")];
    send(provider, operator, "/console/operators", &fields).await
}

/// Decides the act that waits longest.
pub async fn decide(provider: &TestProvider, operator: &Operator, decision: &str) -> Page {
    let page = operator.browser.get(&provider.url("/console/acts")).await;
    let id = first_act(&page).expect("an act waits");
    send(provider, operator, &format!("/console/acts/{id}"), &[("decision", decision)]).await
}

/// The act that waits longest, on the page of acts.
pub fn first_act(page: &Page) -> Option<String> {
    let rest = page.body.split("action=\"/console/acts/").nth(1)?;
    Some(rest.split('"').next()?.to_owned())
}

/// Posts a form of the console.
pub async fn send(
    provider: &TestProvider,
    operator: &Operator,
    path: &str,
    fields: &[(&str, &str)],
) -> Page {
    let csrf = operator.browser.get(&provider.url("/console/login")).await.csrf();
    let fields: Vec<_> = fields.iter().copied().chain([("csrf", &*csrf)]).collect();
    operator.browser.post(&provider.url(path), &fields).await
}

/// The same address at the port this provider really has.
fn local(provider: &TestProvider, url: &str) -> String {
    let url = url.replace("&amp;", "&");
    let at = url.find("/console").expect("a page of the console");
    provider.url(&url[at..])
}
