//! The headers of A-12 on every state of every page: those inside a login, those that answer a form, and
//! those that refuse, on an https issuer, where everything is demanded.

use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::login::log_in;
use crate::support::login::secret_on;
use crate::support::login::totp;

/// What has to stand on every page, and on no page.
fn check(page: &Page, status: u16) {
    let at = format!("{} {}", page.url.path(), page.status);
    assert_eq!(page.status, status, "{at}: {}", page.body);
    assert!(page.header("content-type").starts_with("text/html; charset=utf-8"), "{at}");
    let policy = page.header("content-security-policy");
    for part in
        ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]
    {
        assert!(policy.contains(part), "{at}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{at}: {policy}");
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ] {
        assert_eq!(page.header(name), value, "{at}: {name}");
    }
    assert_eq!(page.header("x-request-id").len(), 32, "{at}");
    assert!(!page.body.contains("style=\"") && !page.body.contains(" onclick"), "{at}: inline");
    assert!(!page.body.contains("http://") || page.has("form-post"), "{at}: a foreign link");
    assert!(page.body.matches("<form").count() == page.body.matches("method=\"post\"").count());
}

async fn https() -> TestProvider {
    TestProvider::start_with(Backend::Sqlite, |config| {
        config.issuer = config.issuer.as_str().replace("http://", "https://").parse().unwrap();
    })
    .await
}

/// the pages of a login, one after the other, right and wrong answers.
#[tokio::test]
async fn the_pages_of_a_login() {
    let provider = https().await;
    let person = Person::synthetic(201);
    provider.add_person_without_phone(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let two = [("acr_values", "urn:yihao:acr:2"), ("response_mode", "form_post")];
    let login = browser.follow(browser.get(&web1.authorize(&two)).await).await;
    check(&login, 200);
    let tx = login.form().fields["tx"].clone();
    check(&browser.get(&provider.url(&format!("/login?method=sms&tx={tx}"))).await, 200);
    check(&browser.submit(&login, &[("identifier", "x"), ("password", "y")]).await, 400);
    let fields = [("identifier", &*person.id_number), ("password", person.password())];

    let enrol = browser.follow(browser.submit(&login, &fields).await).await;
    check(&enrol, 200);
    check(&browser.submit(&enrol, &[("code", "1")]).await, 400);
    let code = totp(&provider, &secret_on(&enrol));
    check(&browser.submit(&enrol, &[("code", &code)]).await, 200);
    let url = provider.url(&format!("/oauth2/authorize?tx={tx}"));
    let consent = browser.follow(browser.get(&url).await).await;
    check(&consent, 200);
    let policy = consent.header("content-security-policy");
    assert!(policy.ends_with("form-action 'self' http://localhost:9443"), "{policy}");
    for shown in ["测试门户 web1", "localhost", "openid", "offline_access", &person.name] {
        assert!(consent.body.contains(shown), "{shown}");
    }
    assert!(!consent.body.contains(&person.id_number), "masked");
    check(&browser.submit(&consent, &[("decision", "perhaps")]).await, 400);
    let answer = browser.submit(&consent, &[("decision", "allow")]).await;
    let answer = browser.follow(answer).await;
    check(&answer, 200);
    let policy = answer.header("content-security-policy");
    assert!(policy.ends_with("http://localhost:9443; script-src 'self'"), "{policy}");

    let other = Browser::new();
    log_in(&provider, &other, &person).await;
    let second = other.get(&provider.url("/login/second")).await;
    check(&second, 200);
    check(&other.get(&provider.url("/login/second?method=recovery_code")).await, 200);
    check(&other.submit(&second, &[("code", "1")]).await, 400);
}

/// the pages that answer the forms of sign-up, account and logging out.
#[tokio::test]
async fn the_answers_of_forms() {
    let provider = https().await;
    let (person, fresh) = (Person::synthetic(202), Person::synthetic(203));
    provider.add_person(&person).await;
    provider.add_person(&fresh.clone().without_account()).await;
    let browser = Browser::new();
    let page = browser.get(&provider.url("/signup")).await;
    check(&page, 200);
    check(&browser.submit(&page, &[("name", "<b>")]).await, 400);
    let password = fresh.password();
    let form = [
        ("name", &*fresh.name),
        ("id_number", &fresh.id_number),
        ("phone", &fresh.phone),
        ("password", password),
        ("password_again", password),
        ("terms", "1"),
    ];
    let asked = browser.submit(&page, &form).await;
    check(&asked, 200);
    check(&browser.submit(&asked, &[("code", "1"), ("step", "verify")]).await, 400);
    let code = provider.code_sent_to(&fresh.phone).await;
    check(&browser.submit(&asked, &[("code", &code), ("step", "verify")]).await, 200);

    log_in(&provider, &browser, &person).await;
    for path in ["/account/password", "/account/reauthenticate"] {
        let page = browser.get(&provider.url(path)).await;
        let wrong = [("password", "x"), ("current_password", "x"), ("password_again", "x")];
        check(&browser.submit(&page, &wrong).await, 400);
    }
    check(&browser.get(&provider.url("/account/password?done=1")).await, 200);
    let page = browser.get(&provider.url("/account/totp")).await;
    let offer = browser.submit(&page, &[("step", "begin")]).await;
    check(&offer, 200);
    check(&browser.submit(&offer, &[("step", "enrol"), ("code", "1")]).await, 400);
    let code = totp(&provider, &secret_on(&offer));
    check(&browser.submit(&offer, &[("step", "enrol"), ("code", &code)]).await, 200);
    let page = browser.get(&provider.url("/oauth2/logout")).await;
    check(&page, 200);
    check(&browser.submit(&page, &[]).await, 200);
}

/// whatever is refused, by us or by the framework, is told on a page with the same headers.
#[tokio::test]
async fn the_pages_that_refuse() {
    let provider = https().await;
    let (browser, login) = (Browser::new(), provider.url("/login"));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = async |request: reqwest::RequestBuilder| {
        let response = request.send().await.unwrap();
        let (url, status) = (response.url().clone(), response.status().as_u16());
        let headers = response.headers().clone();
        Page { url, status, headers, body: response.text().await.unwrap() }
    };
    let form = "application/x-www-form-urlencoded";
    check(&browser.get(&provider.url("/nothing")).await, 404);
    check(&browser.get(&provider.url("/login?tx=x")).await, 400);
    check(&browser.get(&provider.url("/login?a=1&a=2")).await, 400);
    check(&browser.get(&provider.url("/login?method=none")).await, 400);
    check(&browser.get(&provider.url("/oauth2/authorize?client_id=nope")).await, 400);
    check(&browser.get(&provider.url("/oauth2/logout?id_token_hint=x")).await, 400);
    check(&browser.post(&login, &[("identifier", "x")]).await, 403);
    check(&browser.get_with(&login, &[("x-long", &"a".repeat(17_000))]).await, 431);
    check(&answer(http.delete(&login)).await, 405);
    check(&answer(http.post(&login).header("content-type", "text/plain")).await, 415);
    let large = http.post(&login).header("content-type", form).body("a=".repeat(40_000));
    check(&answer(large).await, 413);
    let utf16 = http
        .post(&login)
        .header("content-type", "application/x-www-form-urlencoded;charset=utf-16");
    check(&answer(utf16.body("a=b")).await, 415);
    let multipart = http.post(&login).header("content-type", "multipart/form-data; boundary=x");
    check(&answer(multipart.body("--x--")).await, 415);
    provider.change_client("web1", |client| client.disabled_at = Some(provider.clock.now())).await;
    let web1 = RelyingParty::new(&provider, "web1");
    check(&browser.get(&web1.authorize(&[])).await, 400);
}
