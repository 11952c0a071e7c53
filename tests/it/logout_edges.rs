//! Logging out where somebody means harm or nobody answers (security.md ): foreign forms,
//! hints that are no hints, portals that redirect, fail for a day, or were never allowed.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use http::StatusCode;

use crate::on_both;
use crate::on_both_backends;
use crate::support::Backend;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::fixture;
use crate::support::login::is_logged_in;
use crate::support::login::log_in;
use crate::support::relying_party::claims;

const BYE: &str = "http://localhost:9443/bye";

on_both!(
    /// no page of another site logs anybody out: not by a GET, not by a form without our token, and a
    /// form with a wrong one is refused.
    another_site_logs_nobody_out,
    |provider| {
        let person = Person::synthetic(251);
        provider.add_person(&person).await;
        let browser = Browser::new();
        log_in(&provider, &browser, &person).await;
        let url = provider.url("/oauth2/logout");
        let token = browser.get(&url).await.csrf();
        let foreign = Browser::new().get(&provider.url("/login")).await.csrf();
        let cross = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];

        let by_get = browser.get_with(&url, &cross).await;
        let bare = browser.post_with(&url, &cross, &[("state", "x")]).await;
        assert!(by_get.has("logout") && bare.has("logout"), "asked, not done");
        for (headers, csrf) in [(&cross[..], &token), (&cross[..], &foreign), (&[], &foreign)] {
            let page = browser.post_with(&url, headers, &[("csrf", csrf)]).await;
            assert_eq!(page.status, 403);
            let refusal = provider.refusal_of(&page).await;
            assert_eq!(refusal, "request_refused form of another origin or browser");
        }
        assert!(is_logged_in(&provider, &browser).await);
        assert_eq!(browser.post(&url, &[("csrf", &token)]).await.status, 200);
        assert!(!is_logged_in(&provider, &browser).await);
    }
);

on_both!(
    /// what is no ID token of ours is no hint, however large, deep or strangely signed.
    no_other_token_is_a_hint,
    |provider| {
        let person = Person::synthetic(252);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let landing = web1.log_in(&browser, &person, &[]).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let id_token = tokens["id_token"].as_str().unwrap();
        let mut said = claims(id_token);
        let ring = provider.provider.keyring.ring();
        let key = ring.signing_key(yihao::jose::Algorithm::Es256).unwrap();
        let mut sign = |typ: &str, change: &[(&str, serde_json::Value)]| {
            for (name, value) in change {
                said[*name] = value.clone();
            }
            yihao::jose::sign_jwt(key, typ, &said).unwrap()
        };
        let place = id_token.len() - 5;
        let letter = if &id_token[place..=place] == "A" { "B" } else { "A" };
        let flipped = format!("{}{letter}{}", &id_token[..place], &id_token[place + 1..]);
        for (why, hint) in [
            ("an access token", tokens["access_token"].as_str().unwrap().to_owned()),
            ("a refresh token", tokens["refresh_token"].as_str().unwrap().to_owned()),
            ("a logout token", sign("logout+jwt", &[])),
            ("an access token's type", sign("at+jwt", &[])),
            ("another issuer", sign("JWT", &[("iss", "https://evil.example".into())])),
            ("cut", id_token[..id_token.len() - 10].to_owned()),
            ("flipped", flipped),
            ("dots", ".".repeat(8000)),
            ("too long", "a".repeat(9000)),
        ] {
            let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", BYE)];
            let page = browser.post(&provider.url("/oauth2/logout"), &fields).await;
            assert_eq!((page.status, page.location()), (400, None), "{why}");
        }
        assert!(is_logged_in(&provider, &browser).await);
    }
);

/// What the portals of a test heard: which, and the logout token.
type Heard = Arc<Mutex<Vec<(&'static str, String)>>>;

/// A portal that listens under a name and answers in its own way.
async fn listen(
    heard: &Heard,
    name: &'static str,
    answer: impl Fn() -> Response + Clone + Send + Sync + 'static,
) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = heard.clone();
    let hear = move |body: String| {
        heard.lock().unwrap().push((name, body));
        std::future::ready(answer())
    };
    let router = Router::new().fallback(post(hear));
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

/// Registers a portal that wants to hear at this port.
async fn portal(provider: &TestProvider, id: &'static str, port: u16) -> RelyingParty {
    let redirect_uri = format!("http://localhost:9460/{id}");
    let mut client = fixture::client(id, &redirect_uri);
    client.backchannel_logout_uri = Some(format!("http://localhost:{port}/logout"));
    client.policy.first_party = true;
    provider.add_client(&client).await;
    RelyingParty::of(provider, id, &redirect_uri)
}

async fn allowing(backend: Backend, ports: &[u16]) -> TestProvider {
    let allow = ports.iter().map(|port| format!("localhost:{port}")).collect();
    TestProvider::start_with(backend, |config| config.outbound.allow = allow).await
}

/// Waits until so much was heard; then a little, so that too much would be heard as well.
async fn wait_for(heard: &Heard, count: usize) -> Vec<&'static str> {
    for _ in 0..200 {
        if heard.lock().unwrap().len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    heard.lock().unwrap().iter().map(|(name, _)| *name).collect()
}

/// A portal that takes every connection and never answers.
async fn hang() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    port
}

on_both_backends!(
    /// A portal that hangs delays no other: what comes after it is told while it is still waited for.
    a_portal_that_hangs_delays_no_other,
    |backend| {
        let heard = Heard::default();
        let live = listen(&heard, "live", || StatusCode::OK.into_response()).await;
        let dead = hang().await;
        let provider = allowing(backend, &[live, dead]).await;
        let (slow, quick) = (portal(&provider, "slow", dead).await, portal(&provider, "quick", live).await);
        let person = Person::synthetic(257);
        provider.add_person(&person).await;
        let (here, there) = (Browser::new(), Browser::new());
        slow.log_in(&here, &person, &[]).await;
        quick.log_in(&there, &person, &[]).await;
        let leave = async |browser: &Browser| {
            let page = browser.get(&provider.url("/oauth2/logout")).await;
            browser.submit(&page, &[]).await
        };
        leave(&here).await;
        let is_tried = async || provider.count("SELECT attempts FROM outbox").await > 0;
        for _ in 0..200 {
            if is_tried().await {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(is_tried().await, "the one that hangs is under way");

        leave(&there).await;

        wait_for(&heard, 1).await;
        let problem = "SELECT COUNT(*) FROM outbox WHERE last_problem IS NOT NULL";
        assert_eq!(heard.lock().unwrap().len(), 1);
        assert_eq!(provider.count(problem).await, 0, "the slow one is still waited for");
    }
);

on_both_backends!(
    /// One token for every session at every portal, whichever way the sessions end.
    every_session_is_told_whichever_way_it_ends,
    |backend| {
        let heard = Heard::default();
        let port = listen(&heard, "one", || StatusCode::OK.into_response()).await;
        let other = listen(&heard, "two", || StatusCode::NO_CONTENT.into_response()).await;
        let provider = allowing(backend, &[port, other]).await;
        let (one, two) = (portal(&provider, "one", port).await, portal(&provider, "two", other).await);
        let person = Person::synthetic(253);
        provider.add_person(&person).await;
        let (here, there) = (Browser::new(), Browser::new());
        one.log_in(&here, &person, &[]).await;
        one.log_in(&there, &person, &[]).await;
        two.log_in(&there, &person, &[]).await;

        // A new password ends the session there, not here.
        let page = here.get(&provider.url("/account/password")).await;
        let new = "a quieter lake at night";
        let fields =
            [("current_password", person.password()), ("password", new), ("password_again", new)];
        assert_eq!(here.submit(&page, &fields).await.status, 303);
        let mut told = wait_for(&heard, 2).await;
        told.sort_unstable();
        assert_eq!(told, ["one", "two"]);
        let page = here.get(&provider.url("/account/sessions")).await;
        here.press(&page, "end-all", &[("end", "all")]).await;

        assert_eq!(wait_for(&heard, 3).await.len(), 3);
        let tokens = heard.lock().unwrap().clone();
        let said: Vec<_> =
            tokens.iter().map(|(_, body)| claims(body.trim_start_matches("logout_token="))).collect();
        let different = |name: &str| {
            let values = said.iter().map(|said| said[name].as_str().unwrap());
            values.collect::<std::collections::BTreeSet<_>>().len()
        };
        assert_eq!((different("sid"), different("jti")), (3, 3), "each names its own session");
    }
);

on_both_backends!(
    /// a redirect is an answer that is not 200, and is not followed; one slow or dead portal delays no
    /// other; after a day it is given up, with a record.
    a_portal_that_redirects_is_not_followed_and_given_up_after_a_day,
    |backend| {
        let heard = Heard::default();
        let canary = listen(&heard, "canary", || StatusCode::OK.into_response()).await;
        let to = format!("http://localhost:{canary}/");
        let away = move || (StatusCode::TEMPORARY_REDIRECT, [("location", to.clone())]).into_response();
        let redirecting = listen(&heard, "redirecting", away).await;
        let good = listen(&heard, "good", || StatusCode::OK.into_response()).await;
        let provider = allowing(backend, &[redirecting, good, canary]).await;
        let bad = portal(&provider, "redirecting", redirecting).await;
        let fine = portal(&provider, "good", good).await;
        let person = Person::synthetic(254);
        provider.add_person(&person).await;
        let browser = Browser::new();
        bad.log_in(&browser, &person, &[]).await;
        fine.log_in(&browser, &person, &[]).await;
        let page = browser.get(&provider.url("/oauth2/logout")).await;

        browser.submit(&page, &[]).await;

        let mut told = wait_for(&heard, 2).await;
        told.sort_unstable();
        assert_eq!(told[..2], ["good", "redirecting"]);
        provider.wait_seconds(25 * 60 * 60);
        let given_up = "audit WHERE kind = 'logout_delivered' AND outcome = 'refused'";
        for _ in 0..100 {
            if provider.rows(&[given_up]).await == [1] {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(provider.rows(&[given_up]).await, [1]);
        provider.wait_seconds(2 * 60 * 60);
        let told = wait_for(&heard, 3).await;
        assert!(!told.contains(&"canary"), "{told:?}");
        let delivered = "audit WHERE kind = 'logout_delivered' AND outcome = 'done'";
        assert_eq!(provider.rows(&[delivered]).await, [1], "the ledger tells each delivery once");
    }
);

on_both_backends!(
    /// a portal outside `outbound.allow` is never called.
    a_portal_that_was_not_allowed_is_not_called,
    |backend| {
        let heard = Heard::default();
        let port = listen(&heard, "canary", || StatusCode::OK.into_response()).await;
        let provider = allowing(backend, &[]).await;
        let party = portal(&provider, "canary", port).await;
        let person = Person::synthetic(255);
        provider.add_person(&person).await;
        let browser = Browser::new();
        party.log_in(&browser, &person, &[]).await;
        let page = browser.get(&provider.url("/oauth2/logout")).await;

        assert_eq!(browser.submit(&page, &[]).await.status, 200);

        let tried = "SELECT COUNT(*) FROM outbox WHERE last_problem LIKE '%outbound.allow%'";
        for _ in 0..100 {
            if provider.count(tried).await == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(provider.count(tried).await, 1);
        assert!(heard.lock().unwrap().is_empty());
    }
);
