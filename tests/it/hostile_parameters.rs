//! Every parameter of every endpoint with text that wants to be markup, SQL, a pattern or a burden
//! (security.md ): an answer that says no, of the right type, with nothing repeated and
//! nothing of the inside told.

use serde_json::json;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::fixture::SECRET;
use crate::support::login::log_in;

const MARKUP: &str = "\"'><svg onload=alert(1)>{{7*7}}</title><script>alert(1)</script>";

/// Every parameter of an authorization request, and some that are none.
const AUTHORIZE: &[&str] = &[
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "claims",
    "acr_values",
    "login_hint",
    "id_token_hint",
    "ui_locales",
    "resource",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "error",
    "error_description",
    "tx",
];
const LOGOUT: &[&str] =
    &["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint", "csrf"];
const TOKEN: &[&str] = &[
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
    "resource",
    "token",
    "token_type_hint",
    "client_assertion",
];
const LOGIN: &[&str] = &["identifier", "password", "method", "step", "challenge", "code", "tx"];
const PROGRAMS: [&str; 3] = ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"];

fn hostile() -> Vec<String> {
    let words = ["'", "''", "\\", "%", "_", "';--", "' or 1=1", "%27%20or%201=1", "a\0b", MARKUP];
    let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
    words.push("{\"$gt\":\"\"}".to_owned());
    words.push("'".repeat(10_240));
    words
}

/// Nothing broke, nothing of the inside is told, and nothing is markup that was not ours.
fn assert_harmless(page: &Page, what: &str) {
    assert!(
        matches!(page.status, 200 | 303 | 400 | 401 | 403 | 413 | 431),
        "{what}: {}",
        page.status
    );
    for inside in ["sqlx::", "SQLITE", "syntax error", "SELECT", "panicked", "src/"] {
        assert!(!page.body.contains(inside), "{what}: {}", page.body);
    }
    let body = &page.body;
    assert!(!body.contains("<svg onload") && !body.contains("<script>alert"), "{what}: {body}");
    assert!(!body.contains("{{7*7}}</title>"), "{what}: {body}");
}

on_both!(
    /// every parameter of the endpoints for browsers.
    a_browser_brings_hostile_text_in_every_parameter,
    |provider| {
        let person = Person::synthetic(361);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let tables = ["account", "session", "approval", "consent", "client", "throttle"];
        let before = provider.rows(&tables).await;
        let logout = provider.url("/oauth2/logout");
        for word in hostile() {
            for name in AUTHORIZE {
                let what = format!("authorize {name}={word:.30}");
                // Taken away, so that nothing stands twice.
                let page = browser.get(&web1.authorize(&[(*name, &*word)])).await;
                assert_harmless(&page, &what);
                assert_ne!(page.status, 200, "{what}");
                let there = page.location().is_none_or(|to| {
                    to.origin() == page.url.origin() || to.as_str().starts_with(&web1.redirect_uri)
                });
                assert!(there, "{what}: {:?}", page.location());
                assert_harmless(&browser.follow(page).await, &what);
            }
            for name in LOGOUT {
                let page = browser.post(&logout, &[(*name, &*word)]).await;
                assert_harmless(&page, &format!("logout {name}={word:.30}"));
                assert!(page.location().is_none(), "logout {name}={word:.30}");
            }
        }
        assert_eq!(provider.rows(&tables).await, before);
    }
);

on_both!(
    /// every field of the login form, one by one.
    the_login_form_takes_hostile_text_in_every_field,
    |provider| {
        let person = Person::synthetic(362);
        provider.add_person(&person).await;
        let browser = Browser::new();
        let page = browser.get(&provider.url("/login")).await;
        for word in hostile() {
            for name in LOGIN {
                let fields = [("identifier", "x"), ("password", "y")];
                let mut fields: Vec<_> =
                    fields.into_iter().filter(|(known, _)| known != name).collect();
                fields.push((name, &*word));
                let answer = browser.submit(&page, &fields).await;
                assert_eq!(answer.status, 400, "{name}={word:.30}");
                assert_harmless(&answer, &format!("{name}={word:.30}"));
            }
        }
        assert_eq!(provider.rows(&["session"]).await, [0]);
        log_in(&provider, &browser, &person).await;
    }
);

on_both!(
    /// programs are answered in JSON, and nothing they sent is repeated.
    a_program_is_told_no_in_json_and_nothing_is_repeated,
    |provider| {
        let basic = RelyingParty::new(&provider, "web1").basic(SECRET);
        let browser = Browser::new();
        for path in PROGRAMS {
            for word in hostile() {
                for name in TOKEN {
                    let mut fields = vec![
                        ("grant_type", "authorization_code"),
                        ("code", "x"),
                        ("refresh_token", "x"),
                        ("token", "x"),
                    ];
                    fields.retain(|(known, _)| known != name);
                    fields.push((name, &*word));
                    let url = provider.url(path);
                    let headers = [("authorization", &*basic)];
                    let what = format!("{path} {name}={word:.30}");
                    let page = browser.post_with(&url, &headers, &fields).await;
                    assert_harmless(&page, &what);
                    assert!(!page.body.contains("svg") && !page.body.contains("or 1=1"), "{what}");
                    let typed = page.header("content-type");
                    assert!(page.body.is_empty() || typed.starts_with("application/json"), "{what}");
                }
                let fields = [("client_id", &*word), ("client_secret", &word), ("token", "x")];
                let page = browser.post(&provider.url(path), &fields).await;
                assert_harmless(&page, &format!("{path} client_id={word:.30}"));
                assert!(matches!(page.status, 400 | 401), "{path}: {}", page.status);
            }
        }
    }
);

/// `claims` that are no JSON object a client of ours would send.
fn broken_claims() -> Vec<String> {
    let deep = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    vec![
        deep(33),
        "{\"userinfo\":{\"name\":null},\"userinfo\":{\"phone_number\":null}}".to_owned(),
        "{\"userinfo\":{\"name\":null,\"name\":null}}".to_owned(),
        "{\"id_token\":{\"auth_time\":{\"essential\":NaN}}}".to_owned(),
        "{\"userinfo\":{\"name\":{\"value\":1e400}}}".to_owned(),
        "{\"userinfo\":{\"name\":{\"value\":\"\\ud800\"}}}".to_owned(),
        "{\"userinfo\":".to_owned(),
        "null".to_owned(),
    ]
}

on_both!(
    /// deep, double, endless and broken JSON is refused, at once, and to the client that sent it.
    claims_are_json_that_can_be_read,
    |provider| {
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        for claims in broken_claims() {
            let begun = std::time::Instant::now();
            let page = browser.get(&web1.authorize(&[("claims", &claims)])).await;
            assert!(begun.elapsed() < std::time::Duration::from_secs(1), "{claims:.60}");
            let landing = web1.landing(&page);
            let landing = landing.unwrap_or_else(|| panic!("{claims:.60}: {}", page.status));
            assert_eq!(landing.error(), "invalid_request", "{claims:.60}");
        }
        let deep = format!("{}1{}", "{\"a\":".repeat(2000), "}".repeat(2000));
        let large = json!({ "userinfo": { "name": { "value": "x".repeat(64 * 1024) } } }).to_string();
        for (claims, statuses) in [(&deep, &[400][..]), (&large, &[400, 413])] {
            let url = provider.url("/oauth2/authorize");
            let page = browser.post(&url, &[("client_id", "web1"), ("claims", claims)]).await;
            assert!(statuses.contains(&page.status), "{claims:.40}: {}", page.status);
        }
    }
);

on_both!(
    /// ten megabytes are no body, at any door.
    ten_megabytes_are_refused_at_every_door,
    |provider| {
        let browser = Browser::new();
        let form = "application/x-www-form-urlencoded";
        for path in PROGRAMS.iter().chain(&["/oauth2/authorize", "/oauth2/logout", "/login", "/signup"]) {
            for body in [vec![b'a'; 10 * 1024 * 1024], format!("state={}", "x".repeat(1024 * 1024)).into_bytes()] {
                let http = reqwest::Client::builder().no_proxy().build().unwrap();
                let request = http.post(provider.url(path)).header("content-type", form);
                // A server may close before it has read what it refuses.
                if let Ok(answer) = request.body(body).send().await {
                    assert_eq!(answer.status(), 413, "{path}");
                }
            }
        }
        assert_eq!(browser.get(&provider.url("/healthz")).await.status, 200);
    }
);

on_both!(
    /// a scope of thousands of words, and five thousand characters anywhere, are refused before any
    /// look-up; more than 32 values are no scope.
    what_is_too_long_is_refused_in_every_parameter,
    |provider| {
        let web1 = RelyingParty::new(&provider, "web1");
        let (browser, svc1) = (Browser::new(), RelyingParty::new(&provider, "svc1"));
        let long = "x".repeat(5_000);
        for name in AUTHORIZE.iter().filter(|name| !["id_token_hint", "request", "tx"].contains(name)) {
            let page = browser.get(&web1.authorize(&[(*name, &*long)])).await;
            assert_eq!((page.status, page.location()), (400, None), "authorize {name}");
        }
        for name in TOKEN.iter().filter(|name| **name != "client_assertion") {
            for path in PROGRAMS {
                let mut fields = vec![("grant_type", "client_credentials"), ("token", "x")];
                fields.retain(|(known, _)| known != name);
                fields.push((name, &*long));
                let page = svc1.call(path, &fields).await;
                assert_eq!(page.json()["error"], "invalid_request", "{path} {name}");
            }
        }
        for words in [5_000, 100_000] {
            let scope = "w ".repeat(words);
            let fields = [("client_id", "web1"), ("scope", &*scope)];
            let page = browser.post(&provider.url("/oauth2/authorize"), &fields).await;
            assert!(matches!(page.status, 400 | 413), "{words}: {}", page.status);
            for grant in ["client_credentials", "refresh_token", "authorization_code"] {
                let fields = [("grant_type", grant), ("scope", &*scope), ("refresh_token", "x")];
                let basic = svc1.basic("a wrong secret");
                let url = provider.url("/oauth2/token");
                let wrong = browser.post_with(&url, &[("authorization", &basic)], &fields).await;
                let right = svc1.token(&fields).await;
                for page in [wrong, right] {
                    assert!(matches!(page.status, 400 | 413), "{grant} {words}: {}", page.status);
                }
            }
        }
        let many: Vec<String> = (0..33).map(|number| format!("s{number}")).collect();
        let many = many.join(" ");
        let asked = [("grant_type", "client_credentials"), ("scope", &*many)];
        assert_eq!(svc1.token(&asked).await.json()["error"], "invalid_scope");
        let refresh = refresh_token(&provider, &web1).await;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("scope", &many)];
        assert_eq!(web1.token(&fields).await.json()["error"], "invalid_scope");
    }
);

async fn refresh_token(provider: &TestProvider, party: &RelyingParty) -> String {
    let person = Person::synthetic(363);
    provider.add_person(&person).await;
    let landing = party.log_in(&Browser::new(), &person, &[]).await;
    party.redeem(landing.code()).await.json()["refresh_token"].as_str().unwrap().to_owned()
}

on_both!(
    /// what is allowed goes all the way: the longest `state`, of characters that grow in an address,
    /// leads to a login page that works.
    the_longest_state_leads_to_a_page_that_works,
    |provider| {
        let person = Person::synthetic(364);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        for state in ["\u{1}".repeat(4096), "\"".repeat(4096), "\u{2028}".repeat(1365)] {
            let asked = url::Url::parse(&web1.authorize(&[("state", &state)])).unwrap();
            let fields: Vec<(String, String)> = asked.query_pairs().into_owned().collect();
            let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            let page = browser.post(&provider.url("/oauth2/authorize"), &fields).await;
            let landing = web1.walk(&browser, &person, page).await;
            assert_eq!(landing.get("state"), Some(&*state), "repeated to the letter");
            assert_eq!(web1.redeem(landing.code()).await.status, 200);
        }
    }
);
