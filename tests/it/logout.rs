//! Logging out at one place and everywhere (OpenID Connect RP-Initiated Logout 1.0 and Back-Channel Logout
//! 1.0; conformance.md 1.4; security.md A-58).

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use serde_json::json;

use crate::on_both;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::fixture;
use crate::support::login::is_logged_in;
use crate::support::relying_party::claims;

const BYE: &str = "http://localhost:9443/bye";

struct Scene {
    browser: Browser,
    web1: RelyingParty,
    hint: String,
}

async fn scene(provider: &TestProvider) -> Scene {
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(provider, "web1"));
    let landing = web1.log_in(&browser, &person, &[]).await;
    let answer = web1.redeem(landing.code()).await.json();
    let hint = answer["id_token"].as_str().unwrap().to_owned();
    Scene { browser, web1, hint }
}

async fn log_out(provider: &TestProvider, browser: &Browser, fields: &[(&str, &str)]) -> Page {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields);
    browser.get(&format!("{}?{}", provider.url("/oauth2/logout"), query.finish())).await
}

on_both!(oidcc_rp_initiated_logout, |provider| {
    let scene = scene(&provider).await;
    let fields =
        [("id_token_hint", &*scene.hint), ("post_logout_redirect_uri", BYE), ("state", "a b")];
    let page = log_out(&provider, &scene.browser, &fields).await;
    assert_eq!(
        (page.status, page.header("location")),
        (303, "http://localhost:9443/bye?state=a+b")
    );
    let silent = scene.browser.get(&scene.web1.authorize(&[("prompt", "none")])).await;
    assert_eq!(scene.web1.landing(&silent).unwrap().error(), "login_required");
    // The system's clock may be set back between the two, so their order is not asked.
    let mut told = provider.audit(2).await;
    told.sort();
    assert_eq!(told, ["authorization_refused refused login_required", "logout done"]);
});

on_both!(oidcc_rp_initiated_logout_no_state, |provider| {
    let scene = scene(&provider).await;
    let fields = [("id_token_hint", &*scene.hint), ("post_logout_redirect_uri", BYE)];
    let page = log_out(&provider, &scene.browser, &fields).await;
    assert_eq!(page.header("location"), BYE);
});

on_both!(
    /// bad-post-logout-redirect-uri, query-added-to-post-logout-redirect-uri, A-58.
    oidcc_rp_initiated_logout_bad_post_logout_redirect_uri,
    |provider| {
        let scene = scene(&provider).await;
        let theirs = vec!["http://localhost:9447/bye".to_owned()];
        provider.change_client("post1", |post1| post1.post_logout_redirect_uris = theirs).await;
        for uri in [
            "https://evil.example/bye",
            "http://localhost:9443/bye?x=1",
            "http://localhost:9443/bye/",
            "http://localhost:9443@evil.example/bye",
            "javascript:alert(1)",
            "http://localhost:9447/cb",
            "http://localhost:9447/bye",
            "http://localhost:9443/BYE",
            "http://localhost:9443/bye#f",
            "http://localhost:9443/bye/../bye",
            "http://localhost:9443/bye%00",
            "http://localhost:9443/bye\0",
            "http://localhost:9443/bye/..%2Fx",
            "//localhost:9443/bye",
            " http://localhost:9443/bye",
            "http://localhost:9443.evil.example/bye",
            "http://localhost:9443\\@evil.example/bye",
            "http://localhost/bye",
        ] {
            let fields = [("id_token_hint", &*scene.hint), ("post_logout_redirect_uri", uri)];
            let page = log_out(&provider, &scene.browser, &fields).await;
            assert_eq!((page.status, page.location()), (400, None), "{uri}");
            assert!(page.has("error-code"));
        }
        assert!(is_logged_in(&provider, &scene.browser).await, "nothing happened");
    }
);

on_both!(
    /// modified-id-token-hint, bad-id-token-hint, A-30: only a genuine hint is one.
    oidcc_rp_initiated_logout_bad_id_token_hint,
    |provider| {
        use yihao::crypto::base64url;
        let scene = scene(&provider).await;
        let parts: Vec<&str> = scene.hint.split('.').collect();
        let none = base64url::encode(json!({ "alg": "none" }).to_string());
        let stranger = yihao::jose::SigningKey::generate(yihao::jose::Algorithm::Es256).unwrap();
        let foreign = yihao::jose::sign_jwt(&stranger, "JWT", &claims(&scene.hint)).unwrap();
        for hint in [format!("{none}.{}.", parts[1]), foreign, "nonsense".to_owned()] {
            let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", BYE)];
            let page = log_out(&provider, &scene.browser, &fields).await;
            assert_eq!((page.status, page.location()), (400, None));
        }
        let fields = [("id_token_hint", &*scene.hint), ("client_id", "post1")];
        assert_eq!(log_out(&provider, &scene.browser, &fields).await.status, 400, "another client's");
        assert!(is_logged_in(&provider, &scene.browser).await);
    }
);

on_both!(
    /// no-id-token-hint: anybody could have sent the browser here.
    oidcc_rp_initiated_logout_no_id_token_hint,
    |provider| {
        let scene = scene(&provider).await;
        let fields = [("client_id", "web1"), ("post_logout_redirect_uri", BYE)];
        let page = log_out(&provider, &scene.browser, &fields).await;
        assert_eq!((page.status, page.location()), (400, None));
        assert!(is_logged_in(&provider, &scene.browser).await);
    }
);

on_both!(
    /// no-params, only-state, no-post-logout-redirect-uri: asked first, then shown.
    oidcc_rp_initiated_logout_no_params,
    |provider| {
        let scene = scene(&provider).await;
        for fields in [&[][..], &[("state", "x")], &[("client_id", "web1")]] {
            let page = log_out(&provider, &scene.browser, fields).await;
            assert!(page.has("logout"), "a question, no image tag can answer it");
        }
        assert!(is_logged_in(&provider, &scene.browser).await);
        let page = log_out(&provider, &scene.browser, &[("state", "x")]).await;
        let out = scene.browser.submit(&page, &[]).await;
        assert_eq!((out.status, out.location()), (200, None));
        assert!(!is_logged_in(&provider, &scene.browser).await);
        let again = log_out(&provider, &scene.browser, &[]).await;
        assert_eq!(again.status, 200, "nobody is logged in: nothing to ask");
    }
);

on_both!(
    /// a genuine hint of another session asks; an old but genuine one does not.
    a_hint_counts_for_its_own_session,
    |provider| {
        let scene = scene(&provider).await;
        let other = Browser::new();
        let person = Person::synthetic(2);
        provider.add_person(&person).await;
        scene.web1.log_in(&other, &person, &[]).await;
        let fields = [("id_token_hint", &*scene.hint), ("post_logout_redirect_uri", BYE)];
        let page = log_out(&provider, &other, &fields).await;
        assert!(page.has("logout"), "somebody else is logged in here");
        assert!(is_logged_in(&provider, &other).await);
        provider.clock.advance(20 * 60_000);
        let page = log_out(&provider, &scene.browser, &fields).await;
        assert_eq!(page.header("location"), BYE, "expired, and genuine");
    }
);

on_both!(
    /// A form of another site comes without the cookie; a genuine hint still ends its session.
    a_form_of_another_site_ends_the_session_its_hint_names,
    |provider| {
        let scene = scene(&provider).await;
        let fields = [("id_token_hint", &*scene.hint), ("post_logout_redirect_uri", BYE)];
        let page = Browser::new().post(&provider.url("/oauth2/logout"), &fields).await;
        assert_eq!(page.header("location"), BYE);
        assert!(!is_logged_in(&provider, &scene.browser).await);
    }
);

on_both!(
    /// a hint signed with a key that has retired since is genuine.
    a_hint_outlives_its_key,
    |provider| {
        let scene = scene(&provider).await;
        let inner = &provider.provider;
        let context = yihao::domain::request_context::RequestContext::internal("test");
        let record = yihao::audit::key_record(&inner.vault, &inner.clock, &context);
        for _ in 0..2 {
            let now = provider.clock.now();
            inner.keyring.advance(&inner.store, true, now, &record).await.unwrap();
        }
        let landing = scene.web1.log_in(&scene.browser, &Person::synthetic(1), &[]).await;
        let newer = scene.web1.redeem(landing.code()).await.json();
        let newer = newer["id_token"].as_str().unwrap();
        assert_ne!(newer.split('.').next(), scene.hint.split('.').next(), "another key signs now");

        let fields = [("id_token_hint", &*scene.hint), ("post_logout_redirect_uri", BYE)];
        let page = log_out(&provider, &scene.browser, &fields).await;
        assert_eq!((page.status, page.header("location")), (303, BYE));
    }
);

on_both!(
    /// a picture on another site comes without the cookie: a genuine hint in its address ends nothing.
    a_picture_with_a_genuine_hint_ends_no_session,
    |provider| {
        let scene = scene(&provider).await;
        for fields in [
            &[("id_token_hint", &*scene.hint)][..],
            &[("id_token_hint", &*scene.hint), ("post_logout_redirect_uri", BYE)],
        ] {
            let page = log_out(&provider, &Browser::new(), fields).await;
            assert!(matches!(page.status, 200 | 303 | 400), "{}", page.status);
            assert!(is_logged_in(&provider, &scene.browser).await, "{fields:?}");
        }
    }
);

on_both!(
    /// a client that is off sends nobody anywhere.
    a_client_that_is_off_sends_nobody_on,
    |provider| {
        let scene = scene(&provider).await;
        provider
            .change_client("web1", |web1| web1.disabled_at = Some(yihao::clock::Timestamp(1)))
            .await;
        let fields = [("id_token_hint", &*scene.hint), ("post_logout_redirect_uri", BYE)];
        let page = log_out(&provider, &scene.browser, &fields).await;
        assert_eq!((page.status, page.location()), (400, None));
    }
);

/// What a portal's back-channel endpoint heard.
pub type Heard = Arc<Mutex<Vec<String>>>;

/// A portal that listens; fails the first `failures` calls.
pub async fn listen(failures: usize) -> (u16, Heard) {
    let heard: Heard = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let state = (heard.clone(), Arc::new(Mutex::new(failures)));
    let hear = |State((heard, left)): State<(Heard, Arc<Mutex<usize>>)>, body: String| async move {
        heard.lock().unwrap().push(body);
        let mut left = left.lock().unwrap();
        if *left > 0 {
            *left -= 1;
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        StatusCode::OK
    };
    let router = Router::new().route("/logout", post(hear)).with_state(state);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (port, heard)
}

async fn with_portal(backend: Backend, failures: usize) -> (TestProvider, Heard) {
    let (port, heard) = listen(failures).await;
    let provider = TestProvider::start_with(backend, |config| {
        config.outbound.allow = vec![format!("localhost:{port}")];
    })
    .await;
    let mut rp = fixture::client("bcl", "http://localhost:9450/cb");
    rp.backchannel_logout_uri = Some(format!("http://localhost:{port}/logout"));
    rp.policy.first_party = true;
    provider.add_client(&rp).await;
    (provider, heard)
}

pub async fn wait_for(heard: &Heard, count: usize) -> Vec<String> {
    for _ in 0..200 {
        if heard.lock().unwrap().len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    heard.lock().unwrap().clone()
}

/// oidcc-backchannel-rp-initiated-logout, A-58.
async fn a_logout_token_reaches_every_portal_of_the_session(backend: Backend) {
    let (provider, heard) = with_portal(backend, 0).await;
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let rp = RelyingParty::of(&provider, "bcl", "http://localhost:9450/cb");
    let hint = web1.log_in(&browser, &person, &[]).await;
    let hint = web1.redeem(hint.code()).await.json()["id_token"].as_str().unwrap().to_owned();
    let mut token = serde_json::Value::Null;
    for _ in 0..2 {
        let landing = rp.log_in(&browser, &person, &[]).await;
        let answer = rp.redeem(landing.code()).await.json();
        token = claims(answer["id_token"].as_str().unwrap());
    }

    log_out(&provider, &browser, &[("id_token_hint", &hint)]).await;

    let bodies = wait_for(&heard, 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(heard.lock().unwrap().len(), 1, "one logout token a client session");
    let jwt = bodies[0].strip_prefix("logout_token=").expect("a form");
    let header: serde_json::Value = serde_json::from_slice(
        &yihao::crypto::base64url::decode(jwt.split('.').next().unwrap()).unwrap(),
    )
    .unwrap();
    let said = claims(jwt);
    assert_eq!(header["typ"], "logout+jwt");
    assert_eq!((&said["iss"], &said["aud"]), (&json!(provider.issuer), &json!("bcl")));
    assert_eq!((&said["sub"], &said["sid"]), (&token["sub"], &token["sid"]));
    assert_eq!(said["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert!(said.get("nonce").is_none() && said["jti"].is_string());
    assert!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap() <= 120);
    let jwks = browser.get(&provider.url("/oauth2/jwks")).await.body;
    let keys = yihao::jose::JwkSet::parse(jwks.as_bytes(), 10).unwrap();
    let expected = yihao::jose::Expected {
        algorithms: &yihao::jose::Algorithm::ALL,
        types: &[Some("logout+jwt")],
    };
    yihao::jose::verify_jwt(jwt, &keys, &expected).expect("our signature");
    let delivered = "audit WHERE kind = 'logout_delivered' AND outcome = 'done'";
    for _ in 0..40 {
        if provider.rows(&[delivered]).await != [0] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert_ne!(provider.rows(&[delivered]).await, [0], "the ledger says so");
}

/// A failing portal is told again, until it hears.
async fn a_portal_that_fails_is_told_again(backend: Backend) {
    let (provider, heard) = with_portal(backend, 2).await;
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    let browser = Browser::new();
    let rp = RelyingParty::of(&provider, "bcl", "http://localhost:9450/cb");
    rp.log_in(&browser, &person, &[]).await;
    let page = log_out(&provider, &browser, &[]).await;
    browser.submit(&page, &[]).await;
    wait_for(&heard, 1).await;
    provider.clock.advance(5_000);
    wait_for(&heard, 2).await;
    provider.clock.advance(10_000);
    assert_eq!(wait_for(&heard, 3).await.len(), 3);
}

#[tokio::test]
async fn backchannel_logout_on_sqlite() {
    Box::pin(a_logout_token_reaches_every_portal_of_the_session(Backend::Sqlite)).await;
    Box::pin(a_portal_that_fails_is_told_again(Backend::Sqlite)).await;
}

#[tokio::test]
async fn backchannel_logout_on_postgres() {
    let Some(backend) = Backend::postgres() else { return };
    Box::pin(a_logout_token_reaches_every_portal_of_the_session(backend.clone())).await;
    Box::pin(a_portal_that_fails_is_told_again(backend)).await;
}
