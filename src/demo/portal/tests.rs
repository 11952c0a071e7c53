//! Tests of the portal against a small issuer: sign-in, silence, step-up, both logouts.

mod issuer;

use std::collections::HashMap;
use std::net::SocketAddr;

use serde_json::Value;
use serde_json::json;
use url::Url;

use super::Peer;
use super::Portal;
use super::PortalConfig;
use super::PortalKind;
use super::RunningPortal;
use crate::clock::Clock;
use crate::outbound::Outbound;
use crate::outbound::OutboundRules;
use issuer::Issuer;

/// A portal, and a browser with a cookie jar for it.
struct Visit {
    portal: RunningPortal,
    issuer: Issuer,
    outbound: Outbound,
    cookies: HashMap<String, String>,
}

struct Page {
    status: u16,
    location: Option<String>,
    body: String,
}

impl Visit {
    async fn start() -> Self {
        let issuer = Issuer::start().await;
        // The base URL must be known before the portal listens, so a free port is borrowed first.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let portal = Portal::start(config(&issuer.url(), free)).await.unwrap();
        let allow = vec![free.to_string().parse().unwrap(), issuer.host().parse().unwrap()];
        let outbound = Outbound::new(OutboundRules { allow, ca_file: None }).unwrap();
        Self { portal, issuer, outbound, cookies: HashMap::new() }
    }

    fn base(&self) -> String {
        format!("http://{}", self.portal.address())
    }

    async fn open(&mut self, url: &str) -> Page {
        let ours = url.starts_with(&self.base());
        let jar: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let mut request = http::Request::get(url);
        if ours {
            request = request.header("cookie", jar.join("; "));
        }
        let response = self.outbound.exchange(request.body(Vec::new()).unwrap()).await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if ours {
            assert!(response.headers()["content-security-policy"].to_str().unwrap().len() > 40);
        }
        let header = |name| response.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
        let (status, location) = (response.status().as_u16(), header("location"));
        Page { status, location, body: String::from_utf8(response.into_body()).unwrap() }
    }

    /// Opens a path of the portal and follows redirects to the end.
    async fn walk(&mut self, path: &str) -> Page {
        let mut url = format!("{}{path}", self.base());
        for _ in 0..8 {
            let page = self.open(&url).await;
            let Some(location) = page.location else { return page };
            url = Url::parse(&url).unwrap().join(&location).unwrap().to_string();
        }
        panic!("the redirects do not end: {url}");
    }

    async fn post_logout(&self, token: &str) -> (u16, String) {
        let url = format!("{}/backchannel-logout", self.base()).parse().unwrap();
        let answer = self.outbound.post_form(&url, &[("logout_token", token)]).await.unwrap();
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    fn logout_claims(&self) -> Value {
        let now = Clock::system().now().seconds();
        json!({
            "iss": self.issuer.url(), "aud": "portal", "iat": now, "exp": now + 120,
            "jti": "j-1", "sid": "sid-1", "sub": "pairwise-1",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        })
    }
}

fn config(issuer: &str, listen: SocketAddr) -> PortalConfig {
    PortalConfig {
        name: "省政务<服务>网".to_owned(),
        kind: PortalKind::Province,
        listen,
        base_url: format!("http://{listen}").parse().unwrap(),
        issuer: issuer.to_owned(),
        client_id: "portal".to_owned(),
        client_secret: "portal's secret".into(),
        cookie_name: "province".to_owned(),
        peer: Peer { name: "市门户".to_owned(), url: "http://localhost:8082".parse().unwrap() },
        extra_scopes: vec!["profile".to_owned()],
        step_up_acr: "urn:yihao:acr:2".to_owned(),
        verified_acr: "urn:yihao:acr:3".to_owned(),
        ca_file: None,
    }
}

#[tokio::test]
async fn a_stranger_is_asked_about_silently_once_and_sees_the_front_page() {
    let mut visit = Visit::start().await;

    let page = visit.walk("/").await;
    let again = visit.open(&format!("{}/", visit.base())).await;

    assert_eq!(page.status, 200);
    assert!(page.body.contains("id=\"sign-in\" href=\"/sign-in\""), "{}", page.body);
    assert!(page.body.contains("省政务&lt;服务&gt;网"));
    assert_eq!((again.status, again.location), (200, None));
    assert_eq!(visit.issuer.prompts(), ["none"]);
}

#[tokio::test]
async fn signing_in_shows_the_person_and_stepping_up_the_new_assurance() {
    let mut visit = Visit::start().await;
    visit.issuer.log_in();

    let page = visit.walk("/sign-in").await;
    let first = visit.cookies["province"].clone();
    let stepped = visit.walk("/sign-in?acr=2").await;

    assert!(page.body.contains("<span id=\"person-name\">李&lt;四&gt;</span>"), "{}", page.body);
    for part in ["pairwise-1", "urn:yihao:acr:1", "密码", "id=\"step-up\"", "id=\"sign-out\""] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(stepped.body.contains("urn:yihao:acr:2"), "{}", stepped.body);
    assert_ne!(visit.cookies["province"], first);
}

#[tokio::test]
async fn somebody_logged_in_at_the_provider_is_signed_in_without_a_click() {
    let mut visit = Visit::start().await;
    visit.issuer.log_in();

    let page = visit.walk("/").await;

    assert!(page.body.contains("id=\"sign-out\""), "{}", page.body);
    assert!(!visit.cookies.contains_key("province_tried"));
}

#[tokio::test]
async fn signing_out_ends_the_session_here_and_at_the_provider() {
    let mut visit = Visit::start().await;
    visit.issuer.log_in();
    visit.walk("/sign-in").await;

    let leaving = visit.open(&format!("{}/sign-out", visit.base())).await.location.unwrap();

    let url = Url::parse(&leaving).unwrap();
    let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(url.path(), "/logout");
    assert_eq!(query["post_logout_redirect_uri"], format!("{}/", visit.base()));
    assert_eq!(query["id_token_hint"].split('.').count(), 3);
    assert!(visit.walk("/").await.body.contains("id=\"sign-in\""));
}

#[tokio::test]
async fn an_answer_that_is_not_ours_signs_nobody_in() {
    let mut visit = Visit::start().await;
    visit.issuer.log_in();
    let start = visit.open(&format!("{}/sign-in", visit.base())).await.location.unwrap();
    let answer = visit.open(&start).await.location.unwrap();

    let jar = std::mem::take(&mut visit.cookies);
    let other_browser = visit.open(&answer).await;
    visit.cookies = jar;
    let mixed_up = answer.replace(&visit.issuer.port(), "1");
    let mixed_up = visit.open(&format!("{}{}", visit.base(), path_of(&mixed_up))).await;
    let spent = visit.open(&answer).await;

    assert!(other_browser.body.contains("stale_request"), "{}", other_browser.body);
    assert!(mixed_up.body.contains("invalid_issuer"), "{}", mixed_up.body);
    assert!(spent.body.contains("stale_request"), "{}", spent.body);
    assert!(!visit.cookies.contains_key("province"));
}

#[tokio::test]
async fn an_id_token_with_another_nonce_or_key_signs_nobody_in() {
    for fault in ["nonce", "key", "at_hash"] {
        let mut visit = Visit::start().await;
        visit.issuer.log_in();
        visit.issuer.spoil(fault);
        let page = visit.walk("/sign-in").await;
        assert_eq!(page.status, 400, "{fault}");
        assert!(!visit.cookies.contains_key("province"), "{fault}");
    }
}

#[tokio::test]
async fn a_logout_token_ends_its_session_once() {
    let mut visit = Visit::start().await;
    visit.issuer.log_in();
    visit.walk("/sign-in").await;
    visit.issuer.log_out();
    let token = visit.issuer.sign("logout+jwt", &visit.logout_claims());

    let first = visit.post_logout(&token).await;
    let replayed = visit.post_logout(&token).await;

    assert_eq!(first.0, 200, "{}", first.1);
    assert_eq!(replayed.0, 400);
    assert!(visit.walk("/").await.body.contains("id=\"sign-in\""));
}

#[tokio::test]
async fn a_false_logout_token_ends_nothing() {
    let mut visit = Visit::start().await;
    visit.issuer.log_in();
    visit.walk("/sign-in").await;
    let now = Clock::system().now().seconds();
    let changes = [
        ("iss", json!("https://evil.example")),
        ("aud", json!("another")),
        ("iat", json!(now - 3600)),
        ("iat", json!(now + 3600)),
        ("exp", json!(now - 3600)),
        ("events", json!({})),
        ("events", json!({"http://schemas.openid.net/event/backchannel-logout": true})),
        ("nonce", json!("n")),
        ("jti", json!("")),
    ];
    for (name, value) in changes {
        let mut claims = visit.logout_claims();
        claims[name] = value;
        let (status, body) = visit.post_logout(&visit.issuer.sign("logout+jwt", &claims)).await;
        assert_eq!(status, 400, "{name}");
        assert!(body.contains("invalid_request"), "{body}");
    }
    let good = visit.logout_claims();
    let mut nobody = good.clone();
    nobody.as_object_mut().unwrap().retain(|name, _| name != "sid" && name != "sub");
    let signed = visit.issuer.sign("logout+jwt", &good);
    let (unsigned, _) = signed.rsplit_once('.').unwrap();
    let none = issuer::encode(&json!({"alg": "none", "typ": "logout+jwt"}));
    let payload = issuer::encode(&good);
    for token in [
        visit.issuer.sign("JWT", &good),
        visit.issuer.sign("logout+jwt", &nobody),
        issuer::forge("logout+jwt", &good),
        format!("{unsigned}."),
        format!("{none}.{payload}."),
        "nonsense".to_owned(),
    ] {
        assert_eq!(visit.post_logout(&token).await.0, 400, "{token}");
    }
    assert!(visit.walk("/").await.body.contains("id=\"sign-out\""));
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be_and_found_when_it_comes() {
    let away = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let portal = Portal::start(config(&format!("http://{away}"), free)).await.unwrap();
    let allow = vec![free.to_string().parse().unwrap(), away.to_string().parse().unwrap()];
    let outbound = Outbound::new(OutboundRules { allow, ca_file: None }).unwrap();
    let front: Url = format!("http://{free}/").parse().unwrap();

    let before = outbound.get(&front).await.unwrap();
    let issuer = Issuer::start_at(away).await;
    let after = outbound.get(&front).await.unwrap();
    portal.stop().await;

    assert_eq!(before.status, 200);
    assert!(String::from_utf8(before.body).unwrap().contains("id=\"notice\""));
    assert_eq!(after.status, 303);
    assert!(outbound.get(&front).await.is_err());
    drop(issuer);
}

fn path_of(url: &str) -> String {
    let url = Url::parse(url).unwrap();
    url[url::Position::BeforePath..].to_owned()
}
