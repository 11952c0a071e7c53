//! Every endpoint that programs call, against every way of asking wrongly (security.md,
//! An endpoint without a row here fails `every_endpoint_is_in_the_table`.

use std::time::Duration;
use std::time::Instant;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::fixture::SECRET;
use crate::support::login::log_in;

/// What an endpoint asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// Nothing: everybody may read it.
    Nothing,
    /// A client that proves who it is, and a form.
    Client,
    /// A bearer token.
    Token,
}

/// Name in the router, path, and what it asks for.
const ENDPOINTS: &[(&str, &str, Asks)] = &[
    ("OPENID_CONFIGURATION", "/.well-known/openid-configuration", Asks::Nothing),
    ("OAUTH_CONFIGURATION", "/.well-known/oauth-authorization-server", Asks::Nothing),
    ("JWKS", "/oauth2/jwks", Asks::Nothing),
    ("JWKS_SM2", "/oauth2/jwks/sm2", Asks::Nothing),
    ("/healthz", "/healthz", Asks::Nothing),
    ("/readyz", "/readyz", Asks::Nothing),
    ("/robots.txt", "/robots.txt", Asks::Nothing),
    ("/codes/feed.json", "/codes/feed.json", Asks::Nothing),
    ("/codes/keys.json", "/codes/keys.json", Asks::Nothing),
    ("TOKEN", "/oauth2/token", Asks::Client),
    ("REVOKE", "/oauth2/revoke", Asks::Client),
    ("INTROSPECT", "/oauth2/introspect", Asks::Client),
    ("USERINFO", "/oauth2/userinfo", Asks::Token),
];

/// A refusal comes before any work.
const AT_ONCE: Duration = Duration::from_secs(1);

fn of(asks: Asks) -> impl Iterator<Item = &'static str> {
    ENDPOINTS.iter().filter(move |row| row.2 == asks).map(|row| row.1)
}

#[test]
fn every_endpoint_is_in_the_table() {
    let source = std::fs::read_to_string("src/http/mod.rs").unwrap();
    let programs = &source[source.find("fn programs()").unwrap()..];
    let mut routes = 0;
    for line in programs.lines().filter(|line| line.contains(".route(")) {
        let name = line.split(".route(").nth(1).unwrap().split(',').next().unwrap();
        let name = name.trim_start_matches("discovery::").trim_matches('"');
        let known = ENDPOINTS.iter().any(|row| row.0 == name)
            || ["/assets/", "/logo/", "/codes/batches/", "VERIFICATION_CALLBACK", "REGISTER_TOLD"]
                .iter()
                .any(|start| name.starts_with(start));
        assert!(known, "{name} has no row in ENDPOINTS");
        routes += 1;
    }
    // What is signed, and not proven by a client, is `verification_refusals`' and `register_following`'s.
    assert_eq!(routes, ENDPOINTS.len() + 5, "a row has no endpoint");
}

/// A refusal in JSON that nobody keeps and that names no inside.
fn assert_refused(page: &Page, status: u16, error: &str, what: &str) {
    assert_eq!(page.status, status, "{what}: {}", page.body);
    assert_eq!(page.json()["error"], error, "{what}: {}", page.body);
    assert!(page.header("cache-control").contains("no-store"), "{what}");
    assert!(page.header("content-type").starts_with("application/json"), "{what}");
    for inside in ["sqlx", "panicked", "src/", "SELECT"] {
        assert!(!page.body.contains(inside), "{what}: {}", page.body);
    }
}

async fn raw(provider: &TestProvider, path: &str, (kind, body): (&str, Vec<u8>)) -> Page {
    let basic = RelyingParty::new(provider, "web1").basic(SECRET);
    let headers = [("authorization", &*basic), ("content-type", kind)];
    Browser::new().post_bytes(&provider.url(path), &headers, body).await
}

on_both!(
    /// without a proof nothing is told, and a citizen's cookie is none.
    nobody_is_served_without_the_proof_an_endpoint_asks_for,
    |provider| {
        let (browser, person) = (Browser::new(), Person::synthetic(1));
        provider.add_person(&person).await;
        log_in(&provider, &browser, &person).await;
        for path in of(Asks::Client) {
            let url = provider.url(path);
            let none = browser.post(&url, &[("token", "x"), ("grant_type", "refresh_token")]).await;
            assert_refused(&none, 401, "invalid_client", path);
            for credentials in ["Basic !!!", "Basic d2ViMQ==", "Bearer x", "Negotiate x", ""] {
                let headers = [("authorization", credentials)];
                let page = browser.post_with(&url, &headers, &[("token", "x")]).await;
                assert_refused(&page, 401, "invalid_client", path);
                assert!(page.header("www-authenticate").starts_with("Basic"), "{path} {credentials}");
            }
            let wrong = RelyingParty::new(&provider, "web1").basic("wrong");
            let headers = [("authorization", &*wrong)];
            let page = browser.post_with(&url, &headers, &[("token", "x")]).await;
            assert_refused(&page, 401, "invalid_client", path);
            assert!(page.header("www-authenticate").starts_with("Basic"), "{path}");
        }
        for path in of(Asks::Token) {
            for page in
                [browser.get(&provider.url(path)).await, browser.post(&provider.url(path), &[]).await]
            {
                assert_eq!(page.status, 401, "{path}: {}", page.body);
                assert!(page.header("www-authenticate").starts_with("Bearer"), "{path}");
            }
        }
    }
);

on_both!(
    /// twice, too long, no text, no form, too much: refused at once.
    a_malformed_request_is_refused_at_once,
    |provider| {
        const FORM: &str = "application/x-www-form-urlencoded";
        let long = "x".repeat(5_000);
        let dots = ".".repeat(60_000);
        let many: Vec<String> = (0..5_000).map(|number| format!("p{number}=1")).collect();
        let many = many.join("&");
        for path in of(Asks::Client) {
            let bodies: [(&str, Vec<u8>, u16); 9] = [
                (FORM, b"token=a&token=a&grant_type=x".to_vec(), 400),
                (FORM, b"grant_type=x&grant_type=x&token=a".to_vec(), 400),
                (FORM, format!("token={long}&grant_type={long}").into_bytes(), 400),
                (FORM, format!("token={dots}&grant_type={dots}").into_bytes(), 413),
                (FORM, b"token=%ff%fe&grant_type=%ff".to_vec(), 400),
                (FORM, many.as_bytes()[..many.len().min(60_000)].to_vec(), 400),
                (FORM, vec![b'a'; 70 * 1024], 413),
                ("application/json", b"{\"token\":\"a\"}".to_vec(), 415),
                ("multipart/form-data; boundary=x", b"--x--".to_vec(), 415),
            ];
            for (number, (kind, body, status)) in bodies.into_iter().enumerate() {
                let begin = Instant::now();
                let page = raw(&provider, path, (kind, body)).await;
                assert_eq!(page.status, status, "{path} {number}: {}", page.body);
                assert!(begin.elapsed() < AT_ONCE, "{path} {number}: {:?}", begin.elapsed());
            }
        }
    }
);

on_both!(
    /// every parameter of the token endpoint once, and what it does not know is ignored.
    no_parameter_of_a_token_request_stands_twice,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let web1 = RelyingParty::new(&provider, "web1");
        for name in [
            "grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret", "scope",
            "refresh_token", "resource", "client_assertion", "client_assertion_type",
        ] {
            for values in ["web1 web1", "web1 other", "web1 "] {
                let (first, second) = values.split_once(' ').unwrap();
                let body = format!("{name}={first}&grant=x&{name}={second}").into_bytes();
                let page = raw(&provider, "/oauth2/token", ("application/x-www-form-urlencoded", body));
                assert_refused(&page.await, 400, "invalid_request", name);
            }
        }
        let landing = web1.log_in(&Browser::new(), &person, &[]).await;
        let page = web1.redeem_with(landing.code(), &[("foo", "bar"), ("scope[]", "x")]).await;
        assert_eq!(page.status, 200, "{}", page.body);
    }
);

on_both!(
    /// no bearer token is too strange to be refused.
    a_token_that_is_none_is_refused_at_once,
    |provider| {
        let tokens = [
            "x".to_owned(),
            ".".repeat(9_000),
            format!("eyJhbGciOiJub25lIn0.{}.", "e30"),
            "eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJwMmMiOjEwMDAwMDAwfQ.a.b.c.d".to_owned(),
            format!("at_{}", "A".repeat(8_000)),
            "%00%ff".to_owned(),
        ];
        for path in of(Asks::Token) {
            for token in &tokens {
                let begin = Instant::now();
                let bearer = format!("Bearer {token}");
                let headers = [("authorization", &*bearer)];
                let page = Browser::new().get_with(&provider.url(path), &headers).await;
                assert_eq!(page.status, 401, "{path}: {}", page.body);
                assert!(begin.elapsed() < AT_ONCE, "{path}: {:?}", begin.elapsed());
            }
        }
        let web1 = RelyingParty::new(&provider, "web1");
        for token in tokens.iter().filter(|token| token.len() < 4_000) {
            let page = web1.call("/oauth2/introspect", &[("token", token)]).await;
            assert_eq!(page.json(), serde_json::json!({ "active": false }), "{token}");
            let page = web1.call("/oauth2/revoke", &[("token", token)]).await;
            assert_eq!(page.status, 200, "RFC 7009 §2.2: {token}");
        }
    }
);

on_both!(
    /// what everybody may read is read by GET alone, and changes for no cookie and no header.
    documents_are_read_and_nothing_else,
    |provider| {
        for path in of(Asks::Nothing) {
            let url = provider.url(path);
            let plain = Browser::new().get(&url).await;
            assert_eq!(plain.status, 200, "{path}: {}", plain.body);
            let headers = [("x-original-url", "/account"), ("x-http-method-override", "DELETE")];
            let odd = Browser::new().get_with(&url, &headers).await;
            // Key sets grow while the first keys are made, so what is compared is what kind of answer it is.
            let kind = |page: &Page| page.header("content-type").to_owned();
            assert_eq!((odd.status, kind(&odd)), (200, kind(&plain)), "{path}");
            let posted = Browser::new().post(&url, &[("a", "b")]).await;
            assert_eq!(posted.status, 405, "{path}: {}", posted.body);
            assert!(posted.header("allow").contains("GET"), "{path}");
        }
        for path in of(Asks::Client) {
            let page = Browser::new().get(&provider.url(path)).await;
            assert_eq!(page.status, 405, "{path}: {}", page.body);
            assert!(page.header("allow").contains("POST"), "{path}");
        }
    }
);
