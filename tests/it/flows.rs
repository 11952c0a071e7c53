//! Cookies, and the flow they bind to its browser (security.md; RFC 6265): what we set, what
//! we believe, and what another browser can do with an address of ours.

use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;

/// Begins a login for a portal; gives its page and `tx`.
async fn begin(browser: &Browser, party: &RelyingParty) -> (Page, String) {
    let page = browser.follow(browser.get(&party.authorize(&[])).await).await;
    let tx = page.form().fields["tx"].clone();
    (page, tx)
}

fn is_start_again(page: &Page) -> bool {
    page.status == 400 && page.location().is_none() && page.body.contains("请从头开始")
}

/// on https every cookie is bound to this host, to https, and away from scripts and other sites.
#[tokio::test]
async fn cookies_of_a_real_issuer_are_host_cookies() {
    let https = |config: &mut yihao::config::Config| {
        config.issuer = config.issuer.as_str().replace("http://", "https://").parse().unwrap();
    };
    let provider = TestProvider::start_with(Backend::Sqlite, https).await;
    let person = Person::synthetic(91);
    provider.add_person(&person).await;
    let browser = Browser::new();

    let first = browser.get(&provider.url("/login")).await;
    let fields = [("identifier", &*person.id_number), ("password", person.password())];
    let second = browser.submit(&first, &fields).await;

    let mut cookies = first.set_cookies();
    cookies.extend(second.set_cookies());
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert!(cookies[0].starts_with("__Host-yihao-browser="), "{cookies:?}");
    assert!(cookies[1].starts_with("__Host-yihao-session="), "{cookies:?}");
    for cookie in cookies {
        let mut attributes: Vec<_> = cookie.split("; ").skip(1).collect();
        attributes.sort_unstable();
        assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"], "{cookie}");
    }
    let hsts = second.header("strict-transport-security");
    assert_eq!(hsts, "max-age=31536000; includeSubDomains");
}

/// on loopback they cannot be `Secure`; everything else holds, and logging out takes them back.
#[tokio::test]
async fn cookies_of_a_loopback_issuer_lack_only_what_https_gives() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(92);
    provider.add_person(&person).await;
    let browser = Browser::new();
    let first = browser.get(&provider.url("/login")).await;
    let fields = [("identifier", &*person.id_number), ("password", person.password())];
    let second = browser.submit(&first, &fields).await;

    let mut cookies = first.set_cookies();
    cookies.extend(second.set_cookies());
    for cookie in &cookies {
        let mut attributes: Vec<_> = cookie.split("; ").skip(1).collect();
        attributes.sort_unstable();
        assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Lax"], "{cookie}");
    }
    assert!(browser.get(&provider.url("/account")).await.set_cookies().is_empty());
    let page = browser.get(&provider.url("/oauth2/logout")).await;
    let page = browser.submit(&page, &[]).await;
    let taken = page.set_cookies().into_iter().find(|cookie| cookie.contains("Max-Age=0"));
    assert!(taken.is_some_and(|cookie| cookie.starts_with("yihao-session=")));
}

/// a cookie that stands twice is none, in either order, whoever's the other one is.
#[tokio::test]
async fn a_tossed_twin_of_the_session_cookie_is_no_session() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (victim, attacker) = (Person::synthetic(93), Person::synthetic(94));
    let (own, tossed) = (Browser::new(), Browser::new());
    for (person, browser) in [(&victim, &own), (&attacker, &tossed)] {
        provider.add_person(person).await;
        browser.log_in(&provider, person).await;
    }
    let own = own.cookie("yihao-session").unwrap();
    let tossed = tossed.cookie("yihao-session").unwrap();
    let url = provider.url("/account");
    let status = async |line: &str| Browser::new().get_with(&url, &[("cookie", line)]).await.status;

    assert_eq!(status(&format!("yihao-session={own}")).await, 200);
    for (first, second) in [(&own, &tossed), (&tossed, &own), (&own, &own)] {
        let line = format!("yihao-session={first}; x=1; yihao-session={second}");
        assert_eq!(status(&line).await, 303, "nobody is logged in");
    }
    let mut client = reqwest::Client::new().get(&url);
    for value in [&own, &tossed] {
        client = client.header("cookie", format!("yihao-session={value}"));
    }
    let page = client.send().await.unwrap();
    assert_eq!(page.url().path(), "/login", "two header lines are no way around");
}

/// what is malformed, cut, flipped or too much is no session and no error of ours.
#[tokio::test]
async fn a_malformed_cookie_is_no_session() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(95);
    provider.add_person(&person).await;
    let browser = Browser::new();
    browser.log_in(&provider, &person).await;
    let good = browser.cookie("yihao-session").unwrap();
    let account = provider.account(&person).await.id.to_string();
    let other = if good.starts_with('A') { "B" } else { "A" };
    let flipped = format!("{other}{}", &good[1..]);
    let many: String = (0..200).map(|number| format!("c{number}=x; ")).collect();
    for line in [
        format!("yihao-session={}", &good[..good.len() - 1]),
        format!("yihao-session={flipped}"),
        format!("yihao-session={account}"),
        "yihao-session=".to_owned(),
        "yihao-session".to_owned(),
        format!("yihao-session=\"{}", "=;,\u{e9}"),
        format!("yihao-session={}", "A".repeat(8000)),
        many.clone(),
    ] {
        let page = Browser::new().get_with(&provider.url("/account"), &[("cookie", &line)]).await;
        assert_eq!(page.status, 303, "{line:.60}");
        assert_eq!(page.location().unwrap().path(), "/login");
    }
    let line = format!("{many}yihao-session={good}");
    let page = Browser::new().get_with(&provider.url("/account"), &[("cookie", &line)]).await;
    assert_eq!(page.status, 200, "strange cookies beside it do no harm");
}

/// another browser with the addresses of a flow is told to start again, logged in or not, and the
/// flow does not move.
#[tokio::test]
async fn a_flow_in_another_browser_starts_again() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let (victim, attacker) = (Person::synthetic(96), Person::synthetic(97));
    provider.add_person(&victim).await;
    provider.add_person(&attacker).await;
    let web1 = RelyingParty::new(&provider, "web1");
    let evil = Browser::new();
    let (_, tx) = begin(&evil, &web1).await;
    let (logged_in, stranger) = (Browser::new(), Browser::new());
    logged_in.log_in(&provider, &victim).await;

    for browser in [&logged_in, &stranger] {
        for path in
            ["/login", "/login/second", "/login/enrol", "/consent", "/oauth2/authorize", "/signup"]
        {
            let page = browser.get(&provider.url(&format!("{path}?tx={tx}"))).await;
            assert!(is_start_again(&page), "{path}: {}", page.status);
        }
        let csrf = browser.get(&provider.url("/signup")).await.csrf();
        for path in ["/login", "/login/second", "/consent", "/signup", "/signup/code"] {
            let fields = [("csrf", &*csrf), ("tx", &*tx), ("decision", "allow")];
            let page = browser.post(&provider.url(path), &fields).await;
            assert!(is_start_again(&page), "{path}: {}", page.status);
        }
    }
    let page = evil.get(&provider.url(&format!("/oauth2/authorize?tx={tx}"))).await;
    assert_eq!(page.location().unwrap().path(), "/login", "nobody logged in for the attacker");
    assert_eq!(provider.rows(&["approval", "consent"]).await, [0, 0]);
}

#[tokio::test]
async fn a_flow_is_over_after_an_hour() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(98);
    provider.add_person(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let (page, tx) = begin(&browser, &web1).await;
    provider.wait_seconds(3590);
    let fields = [("identifier", &*person.id_number), ("password", person.password())];
    let on = browser.submit(&page, &fields).await;
    assert_eq!(on.status, 303, "until then it goes on");

    provider.wait_seconds(20);

    let late = browser.get(&provider.url(&format!("/oauth2/authorize?tx={tx}"))).await;
    assert!(is_start_again(&late));
    assert!(is_start_again(&browser.submit(&page, &fields).await));
}

/// no letter of the sealed request can be changed, and another seal of ours is no request.
#[tokio::test]
async fn a_tampered_flow_starts_again() {
    let provider = TestProvider::start(Backend::Sqlite).await;
    let person = Person::synthetic(99);
    provider.add_person(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let (page, tx) = begin(&browser, &web1).await;
    browser.log_in(&provider, &person).await;
    let totp = browser.get(&provider.url("/account/totp")).await;
    let totp = browser.press(&totp, "begin", &[("step", "begin")]).await;
    let challenge = totp.form_with("challenge").fields["challenge"].clone();
    let mut tampered = vec![challenge, "x".to_owned(), tx[..tx.len() - 1].to_owned()];
    for place in [0, 3, tx.len() / 3, tx.len() / 2, tx.len() - 2] {
        let mut bytes = tx.clone().into_bytes();
        bytes[place] = if bytes[place] == b'Q' { b'R' } else { b'Q' };
        tampered.push(String::from_utf8(bytes).unwrap());
    }

    for tx in &tampered {
        let page = browser.get(&provider.url(&format!("/oauth2/authorize?tx={tx}"))).await;
        assert!(is_start_again(&page), "{tx:.40}: {}", page.status);
    }
    // What stands beside it in the address or the form changes nothing.
    let more = "&client_id=web2&redirect_uri=https://evil.example/cb&scope=openid+id_number";
    let on = browser.get(&provider.url(&format!("/oauth2/authorize?tx={tx}{more}"))).await;
    assert_eq!(on.location().unwrap().path(), "/consent");
    let consent = browser.follow(on).await;
    let form = [
        ("decision", "allow"),
        ("scope", "openid id_number"),
        ("redirect_uri", "https://evil.example/cb"),
    ];
    let page = browser.follow(browser.submit(&consent, &form).await).await;
    let landing = web1.landing(&page).expect("back to the portal that asked");
    let tokens = web1.redeem(landing.code()).await.json();
    assert!(!tokens["scope"].to_string().contains("id_number"));
}
