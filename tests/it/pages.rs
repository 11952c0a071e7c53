//! Every page and every form: headers, forgery, methods, hostile text (security.md ).

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::console_forms::routes_of;
use crate::support::login::log_in;

/// Every page there is, but those of the console (`console_pages`); a route that is missing here fails `every_route_is_in_the_table`.
const PAGES: &[&str] = &[
    "/",
    "/help",
    "/privacy",
    "/codes",
    "/codes/{number}",
    "/preferences",
    "/login",
    "/login/second",
    "/login/enrol",
    "/consent",
    "/choose",
    "/verify",
    "/signup",
    "/signup/code",
    "/recover",
    "/recover/code",
    "/recover/second",
    "/recover/password",
    "/recover/counter",
    "/recover/counter/code",
    "/onboarding",
    "/onboarding/{token}",
    "/onboarding/{token}/logo",
    "/demo/outbox",
    "/account",
    "/account/sessions",
    "/account/portals",
    "/account/portals/{client}",
    "/account/mandates",
    "/account/mandates/certificate",
    "/account/mandates/history",
    "/account/mandates/{mandate}",
    "/account/history",
    "/account/password",
    "/account/totp",
    "/account/phone",
    "/account/verification",
    "/account/verification/return",
    "/account/export",
    "/account/cancel",
    "/account/recovery",
    "/account/reauthenticate",
    "/oauth2/authorize",
    "/oauth2/logout",
];

/// Every form of ours, with what would be sent by somebody who means harm.
const DOORS: &[(&str, &[(&str, &str)])] = &[
    ("/login", &[("identifier", "x"), ("password", "y")]),
    ("/login/second", &[("code", "000000")]),
    ("/login/enrol", &[("code", "000000")]),
    ("/consent", &[("decision", "allow")]),
    ("/signup", &[("name", "x")]),
    ("/signup/code", &[("code", "000000")]),
    ("/recover", &[("name", "x")]),
    ("/recover/code", &[("code", "000000")]),
    ("/recover/second", &[("step", "wait")]),
    ("/recover/password", &[("password", "x")]),
    ("/recover/counter", &[("code", "x")]),
    ("/recover/counter/code", &[("code", "000000")]),
    ("/onboarding", &[("unit_name", "x")]),
    ("/onboarding/{token}", &[("step", "secret")]),
    ("/onboarding/{token}/logo", &[("logo", "x")]),
    ("/account/sessions", &[("end", "all")]),
    ("/account/history", &[("step", "stop")]),
    ("/account/phone", &[("step", "remove")]),
    ("/account/verification", &[("step", "begin"), ("kind", "face"), ("agreed", "1")]),
    ("/account/export", &[("format", "json")]),
    ("/account/cancel", &[("step", "cancel"), ("understood", "1")]),
    ("/account/recovery", &[("stop", "1")]),
    ("/account/portals", &[("withdraw", "web1")]),
    ("/account/mandates", &[("step", "claim"), ("uscc", "x")]),
    ("/account/mandates/certificate", &[("uscc", "x"), ("signature", "x"), ("certificate", "x")]),
    ("/account/mandates/{mandate}", &[("step", "offer")]),
    ("/choose", &[("subject", "self")]),
    ("/verify", &[("step", "without")]),
    ("/account/password", &[("password", "x")]),
    ("/account/totp", &[("step", "remove")]),
    ("/account/reauthenticate", &[("password", "x")]),
];

#[test]
fn every_route_is_in_the_table() {
    for file in [
        "src/http/mod.rs",
        "src/http/recover.rs",
        "src/http/account/mod.rs",
        "src/http/onboarding/mod.rs",
    ] {
        for route in routes_of(file) {
            let machine = ["/assets/", "/logo/", "/healthz", "/readyz", "/robots.txt"];
            let feeds = [
                "/codes/feed.json",
                "/codes/keys.json",
                "/codes/batches/",
                "/verification/callback/",
                "/registers/",
            ];
            if machine.iter().chain(&feeds).any(|start| route.path.starts_with(start)) {
                continue;
            }
            let path = &*route.path;
            assert!(PAGES.contains(&path), "{path} has no place in PAGES");
            assert!(!route.posts || DOORS.iter().any(|(door, _)| *door == path), "{path}: DOORS");
        }
    }
}

on_both!(
    /// every page and every redirect carries the headers; redirects are 303.
    every_page_carries_the_headers,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let (stranger, citizen) = (Browser::new(), Browser::new());
        log_in(&provider, &citizen, &person).await;
        for browser in [&stranger, &citizen] {
            for path in PAGES.iter().chain(&["/nothing", "/healthz"]) {
                let page = browser.get(&provider.url(path)).await;
                assert!(matches!(page.status, 200 | 303 | 400 | 404 | 405), "{path}: {}", page.status);
                page.assert_headers();
                let html = page.header("content-type").starts_with("text/html");
                assert!(html || page.status == 303 || *path == "/healthz", "{path}");
                if html {
                    assert!(page.header("content-security-policy").contains("form-action 'self'"));
                }
            }
        }
    }
);

on_both!(
    /// no page is called after a person: titles stand in histories and in task bars.
    no_title_tells_whose_page_it_is,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let (citizen, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        log_in(&provider, &citizen, &person).await;
        let consent = citizen.follow(citizen.get(&web1.authorize(&[])).await).await;
        assert!(consent.has("allow"));
        let mut pages = vec![consent];
        for path in PAGES.iter().chain(&["/nothing"]) {
            pages.push(citizen.get(&provider.url(path)).await);
            pages.push(Browser::new().get(&provider.url(path)).await);
        }
        let short = person.phone.trim_start_matches("+86");
        let mut titles = 0;
        for page in pages.iter().filter(|page| page.status != 303) {
            let Some(title) = page.body.split("<title>").nth(1) else { continue };
            let title = title.split("</title>").next().unwrap();
            titles += 1;
            for personal in [&*person.name, &person.id_number, &person.id_number[6..14], short] {
                assert!(!title.contains(personal), "{}: {title}", page.url);
            }
        }
        assert!(titles > 15, "{titles}");
    }
);

on_both!(
    /// no form is taken from elsewhere, from another browser, or without its token.
    forms_come_from_our_pages_only,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let web1 = RelyingParty::new(&provider, "web1");
        let consent = browser.follow(browser.get(&web1.authorize(&[])).await).await;
        let (csrf, tx) = (consent.csrf(), consent.form().fields["tx"].clone());
        let foreign = Browser::new().get(&provider.url("/login")).await.form().fields["csrf"].clone();
        for (door, fields) in DOORS {
            let url = provider.url(door);
            // The flow is a live one: what is missing is nothing but the page the form has to come from.
            let fields: Vec<_> = fields.iter().copied().chain([("tx", &*tx)]).collect();
            let with = |token: &str| -> Vec<(String, String)> {
                let own = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
                own.chain([("csrf".to_owned(), token.to_owned())]).collect()
            };
            let refused = [
                send(&browser, &url, &[], &fields).await,
                send_owned(&browser, &url, &[], &with(&foreign)).await,
                send_owned(&browser, &url, &[], &with("")).await,
                send_owned(&browser, &url, &[("origin", "https://evil.example")], &with(&csrf)).await,
                send_owned(&browser, &url, &[("origin", "null")], &with(&csrf)).await,
                send_owned(&browser, &url, &[("sec-fetch-site", "cross-site")], &with(&csrf)).await,
                send_owned(&browser, &url, &[("sec-fetch-site", "same-site")], &with(&csrf)).await,
            ];
            for (number, page) in refused.iter().enumerate() {
                assert_eq!(page.status, 403, "{door} {number}: {}", page.body);
                page.assert_headers();
            }
            let audit = provider.audit(1).await;
            assert_eq!(audit, ["request_refused refused form of another origin or browser"]);
        }
        assert!(crate::support::login::is_logged_in(&provider, &browser).await);
        assert_eq!(provider.rows(&["approval", "consent"]).await, [0, 0]);
        let genuine = [("origin", "null"), ("sec-fetch-site", "same-origin")];
        let page = browser.get(&provider.url("/login")).await;
        assert_eq!(page.status, 303, "logged in already");
        let url = provider.url("/account/reauthenticate");
        let fields = [("csrf", &*csrf), ("password", person.password())];
        assert_eq!(browser.post_with(&url, &genuine, &fields).await.status, 303);
    }
);

async fn send(
    browser: &Browser,
    url: &str,
    headers: &[(&'static str, &str)],
    fields: &[(&str, &str)],
) -> Page {
    browser.post_with(url, headers, fields).await
}

async fn send_owned(
    browser: &Browser,
    url: &str,
    headers: &[(&'static str, &str)],
    fields: &[(String, String)],
) -> Page {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    browser.post_with(url, headers, &fields).await
}

on_both!(
    /// a consent that is sent twice gives one code at most, and a GET gives none.
    consent_is_given_once_by_post,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let page = browser.follow(browser.get(&web1.authorize(&[])).await).await;
        let fields = [("identifier", &*person.id_number), ("password", person.password())];
        let consent = browser.follow(browser.submit(&page, &fields).await).await;
        for shown in ["测试门户 web1", "localhost", "profile", &person.name] {
            assert!(consent.body.contains(shown), "{shown}");
        }
        assert!(!consent.body.contains(&person.id_number), "masked");
        let by_get = browser.get(&format!("{}&decision=allow", consent.url)).await;
        assert!(by_get.has("allow"), "a GET only shows the page");
        let more = [("decision", "allow"), ("scope", "openid phone"), ("client_id", "web2")];
        let landing = web1.landing(&browser.follow(browser.submit(&consent, &more).await).await);
        let granted = web1.redeem(landing.unwrap().code()).await.json();
        assert_eq!(granted["scope"], "offline_access openid profile", "what was shown, no more");
        let fewer = browser.get(&web1.authorize(&[("prompt", "consent")])).await;
        let fewer = browser.follow(fewer).await;
        let fewer = browser.submit(&fewer, &[("decision", "allow"), ("scope", "openid")]).await;
        let landing = web1.landing(&browser.follow(fewer).await);
        let granted = web1.redeem(landing.unwrap().code()).await.json();
        assert_eq!(granted["scope"], "offline_access openid profile", "what was shown, no less");
        let denied = Browser::new();
        let page = denied.follow(denied.get(&web1.authorize(&[("scope", "openid phone")])).await).await;
        let consent = denied.follow(denied.submit(&page, &fields).await).await;
        let refused = denied.submit(&consent, &[("decision", "deny")]).await;
        assert_eq!(web1.landing(&refused).unwrap().error(), "access_denied");
        let nonsense = denied.submit(&consent, &[("decision", "maybe")]).await;
        assert_eq!(nonsense.status, 400);
    }
);

on_both!(
    /// what people and portals write is text on every page.
    hostile_text_stays_text,
    |provider| {
        const EVIL: &str = "\"><svg onload=alert(1)>{{31337*31337}}</title><script>alert(1)</script>";
        let person = Person { name: EVIL.to_owned(), ..Person::synthetic(1) };
        provider.add_person(&person).await;
        provider.change_client("web1", |client| client.name = EVIL.chars().take(90).collect()).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let asked = web1.authorize(&[("login_hint", EVIL), ("ui_locales", EVIL), ("state", EVIL)]);
        let login = browser.follow(browser.get(&asked).await).await;
        let fields = [("identifier", &*person.id_number), ("password", person.password())];
        let wrong = browser.submit(&login, &[("identifier", EVIL), ("password", "x")]).await;
        let consent = browser.follow(browser.submit(&login, &fields).await).await;
        assert!(consent.has("allow"));
        browser.submit(&consent, &[("decision", "allow")]).await;
        let mut pages = vec![login, wrong, consent];
        for path in ["/account", "/account/portals", "/account/history", "/oauth2/logout"] {
            pages.push(browser.get(&provider.url(path)).await);
        }
        for page in pages {
            assert!(!page.body.contains("<svg onload"), "{}", page.url);
            assert!(!page.body.contains("<script>alert"), "{}", page.url);
            assert!(!page.body.contains("982007569"), "{}", page.url);
        }
        let form = browser.get(&web1.authorize(&[("state", EVIL), ("response_mode", "form_post")])).await;
        assert_eq!(web1.landing(&form).unwrap().get("state"), Some(EVIL));
        let policy = form.header("content-security-policy");
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe-inline"), "{policy}");
    }
);

on_both!(
    /// methods, bodies, heads and addresses that are none of ours.
    what_is_no_request_of_ours_is_refused_in_words,
    |provider| {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let (login, browser) = (provider.url("/login"), Browser::new());
        let put = http.put(&login).send().await.unwrap();
        assert_eq!((put.status().as_u16(), put.headers().contains_key("allow")), (405, true));
        let json = http.post(&login).header("content-type", "application/json").body("{}");
        assert_eq!(json.send().await.unwrap().status(), 415);
        let typed = "application/x-www-form-urlencoded";
        let large = http.post(&login).header("content-type", typed).body("a=".repeat(40_000));
        assert_eq!(large.send().await.unwrap().status(), 413);
        let twice = http.post(&login).header("content-type", typed).body("csrf=a&csrf=b");
        assert_eq!(twice.send().await.unwrap().status(), 400);
        let broken = http.post(&login).header("content-type", typed).body("csrf=%FF%FE");
        assert_eq!(broken.send().await.unwrap().status(), 400);
        let head = browser.get_with(&login, &[("x-long", &"a".repeat(17_000))]).await;
        assert_eq!(head.status, 431);
        for path in ["/ACCOUNT", "//account", "/account/", "/account%2f", "/account;x=1", "/account.json"] {
            let page = browser.get(&provider.url(path)).await;
            assert!(matches!(page.status, 400 | 404), "{path}: {}", page.status);
        }
        let overridden = [("x-original-url", "/account"), ("x-http-method-override", "DELETE")];
        assert_eq!(browser.get_with(&login, &overridden).await.status, 200);
    }
);

on_both!(preferences_are_kept_and_lead_nowhere_else, |provider| {
    let browser = Browser::new();
    let page =
        browser.get(&provider.url("/preferences?locale=en&elder=1&return=/help%23code")).await;
    assert_eq!(page.header("location"), "/help#code");
    let help = browser.get(&provider.url("/help")).await;
    assert!(help.body.contains("<html lang=\"en\" class=\"elder\">"));
    for evil in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
    {
        let url = format!("{}?locale=xx&return={evil}", provider.url("/preferences"));
        assert_eq!(browser.get(&url).await.header("location"), "/", "{evil}");
    }
    assert!(browser.get(&provider.url("/help")).await.body.contains("lang=\"en\""));
});
