//! How clients prove who they are (RFC 6749 §2.3, RFC 7523, OpenID Connect Core §9; security.md A-19 to
//!

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::fixture::SECRET;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn assert_invalid_client(page: &Page, what: &str) {
    assert_eq!(
        (page.status, &page.json()["error"]),
        (401, &Value::from("invalid_client")),
        "{what}"
    );
    assert!(page.header("www-authenticate").starts_with("Basic "), "{what}");
    assert_eq!(page.header("cache-control"), "no-store", "{what}");
}

async fn with_header(provider: &TestProvider, header: &str, fields: &[(&str, &str)]) -> Page {
    let url = provider.url("/oauth2/token");
    let mut all = vec![("grant_type", "client_credentials")];
    all.extend(fields);
    Browser::new().post_with(&url, &[("authorization", header)], &all).await
}

async fn with_form(provider: &TestProvider, fields: &[(&str, &str)]) -> Page {
    let mut all = vec![("grant_type", "client_credentials")];
    all.extend(fields);
    Browser::new().post(&provider.url("/oauth2/token"), &all).await
}

on_both!(
    /// every way but the registered one is refused, and all refusals look alike.
    only_the_registered_method_with_the_right_proof_is_accepted,
    |provider| {
        let svc1 = RelyingParty::new(&provider, "svc1");
        let (right, wrong) = (svc1.basic(SECRET), svc1.basic("wrong"));
        assert_eq!(with_header(&provider, &right, &[]).await.status, 200);
        assert_eq!(with_header(&provider, &right.replace("Basic", "bAsIc"), &[]).await.status, 200);

        let reference = with_header(&provider, &wrong, &[]).await;
        assert_invalid_client(&reference, "wrong secret");
        let nobody = format!("Basic {}", STANDARD.encode("nobody:secret"));
        let refused = [
            with_header(&provider, &nobody, &[]).await,
            with_header(&provider, "Basic", &[]).await,
            with_header(&provider, "Basic !!!", &[]).await,
            with_header(&provider, &format!("Basic {}", STANDARD.encode("no colon")), &[]).await,
            with_header(&provider, &format!("Basic {}", "A".repeat(10_000)), &[]).await,
            with_header(&provider, &format!("Basic {}", STANDARD.encode([0xFF, b':', 0xFE])), &[]).await,
            with_header(&provider, "Bearer x", &[]).await,
            with_form(&provider, &[("client_id", "svc1"), ("client_secret", SECRET)]).await,
            with_form(&provider, &[("client_id", "svc1")]).await,
            with_form(&provider, &[("client_id", "nobody"), ("client_secret", "x")]).await,
            with_form(&provider, &[("client_id", "web2"), ("client_secret", SECRET)]).await,
            with_form(&provider, &[]).await,
        ];
        for (number, page) in refused.iter().enumerate() {
            assert_invalid_client(page, &number.to_string());
        }
        assert_eq!(refused[0].body, reference.body, "unknown client and wrong secret look alike");
        let url = format!("{}?client_id=svc1&client_secret=x", provider.url("/oauth2/token"));
        let in_address = Browser::new().post(&url, &[("grant_type", "client_credentials")]).await;
        assert_invalid_client(&in_address, "secret in the address");
    }
);

on_both!(
    /// two ways at once are no way.
    one_request_uses_one_method,
    |provider| {
        let svc1 = RelyingParty::new(&provider, "svc1");
        let right = svc1.basic(SECRET);
        for fields in [
            &[("client_id", "svc1"), ("client_secret", SECRET)][..],
            &[("client_id", "web1")],
            &[("client_assertion_type", ASSERTION), ("client_assertion", "a.b.c")],
        ] {
            let page = with_header(&provider, &right, fields).await;
            assert_eq!((page.status, &page.json()["error"]), (400, &json!("invalid_request")));
        }
        let twice = with_form(&provider, &[("grant_type", "client_credentials")]).await;
        assert_eq!(twice.json()["error"], "invalid_request");
        assert_eq!(provider.audit(1).await, ["client_authentication_refused refused invalid_request"]);
    }
);

on_both!(
    /// after 20 wrong secrets the source is slowed down; the right secret still works.
    wrong_secrets_never_shut_out_the_right_one,
    |provider| {
        let svc1 = RelyingParty::new(&provider, "svc1");
        for _ in 0..22 {
            assert_invalid_client(&with_header(&provider, &svc1.basic("wrong"), &[]).await, "wrong");
        }
        assert_eq!(with_header(&provider, &svc1.basic(SECRET), &[]).await.status, 200);
    }
);

async fn asserted(provider: &TestProvider, assertion: &str) -> Page {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", "x"),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", assertion),
    ];
    Browser::new().post(&provider.url("/oauth2/token"), &fields).await
}

/// An authenticated client gets as far as the code, which is none.
fn is_accepted(page: &Page) -> bool {
    page.status == 400 && page.json()["error"] == "invalid_grant"
}

on_both!(
    /// claims of an assertion, one by one.
    an_assertion_is_right_in_every_claim_or_refused,
    |provider| {
        let web2 = RelyingParty::new(&provider, "web2");
        let now = provider.clock.now().seconds();
        let endpoint = provider.url("/oauth2/token");
        for good in [
            json!({}),
            json!({ "aud": endpoint }),
            json!({ "aud": [provider.issuer, "https://other.example"] }),
            json!({ "iat": now + 8, "nbf": now + 8 }),
        ] {
            let page = asserted(&provider, &web2.assertion(&good)).await;
            assert!(is_accepted(&page), "{good}: {}", page.body);
        }
        for bad in [
            json!({ "exp": null }),
            json!({ "exp": now + 3600 }),
            json!({ "exp": now - 300 }),
            json!({ "exp": "9999999999" }),
            json!({ "nbf": "9999999999" }),
            json!({ "nbf": now + 70 }),
            json!({ "iat": now + 70 }),
            json!({ "sub": "web1" }),
            json!({ "sub": null }),
            json!({ "iss": "web1", "sub": "web1" }),
            json!({ "aud": null }),
            json!({ "aud": "https://other.example" }),
            json!({ "aud": [] }),
            json!({ "aud": format!("{}/", provider.issuer) }),
            json!({ "jti": null }),
            json!({ "jti": "" }),
            json!({ "jti": "x".repeat(300) }),
        ] {
            assert_invalid_client(&asserted(&provider, &web2.assertion(&bad)).await, &bad.to_string());
        }
    }
);

on_both!(
    /// a `jti` is good once, also for many at the same moment.
    an_assertion_is_used_once,
    |provider| {
        let assertion = RelyingParty::new(&provider, "web2").assertion(&json!({}));
        let racers = (0..20).map(|_| asserted(&provider, &assertion));
        let answers = futures_util::future::join_all(racers).await;
        assert_eq!(answers.iter().filter(|page| is_accepted(page)).count(), 1);
        assert_invalid_client(&asserted(&provider, &assertion).await, "again");
    }
);

on_both!(
    /// the signature and the header, one by one.
    an_assertion_with_another_header_or_signature_is_refused,
    |provider| {
        let web2 = RelyingParty::new(&provider, "web2");
        let encode = |value: &Value| yihao::crypto::base64url::encode(value.to_string());
        let good = web2.assertion(&json!({}));
        let parts: Vec<&str> = good.split('.').collect();
        let stranger =
            yihao::jose::SigningKey::generate(yihao::jose::Algorithm::Es256).unwrap();
        let kid = crate::support::fixture::assertion_key().kid().to_owned();
        let foreign = yihao::jose::sign_jwt(&stranger, "JWT", &json!({ "iss": "web2", "sub": "web2" }));
        let mut broken = vec![foreign.unwrap(), format!("{good}A"), format!("{good}="), format!("{good}.x")];
        for header in [
            json!({ "alg": "none" }),
            json!({ "alg": "None" }),
            json!({ "alg": "HS256", "kid": kid }),
            json!({ "alg": "RS256", "kid": kid }),
            json!({ "alg": "ES256", "kid": "../../x" }),
            json!({ "alg": "ES256", "kid": "' or 1=1--" }),
            json!({ "alg": "ES256", "kid": kid, "crit": ["exp"] }),
            json!({ "alg": "ES256", "kid": kid, "b64": false }),
            json!({ "alg": "ES256", "kid": kid, "typ": "at+jwt" }),
            json!({ "alg": "ES256", "jku": "https://evil.example/jwks" }),
            json!({ "alg": "ES256", "jwk": stranger.public_jwk() }),
        ] {
            broken.push(format!("{}.{}.{}", encode(&header), parts[1], parts[2]));
        }
        broken.push(format!("{}.{}.", parts[0], parts[1]));
        broken.push(format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)));
        broken.push(".".repeat(4000));
        for assertion in broken {
            assert_invalid_client(&asserted(&provider, &assertion).await, &assertion);
        }
    }
);

on_both!(
    /// FAPI 2.0 §5.3.2.1: a client may be held to the issuer as one string.
    the_audience_policy_of_a_client_holds,
    |provider| {
        use yihao::domain::client::AssertionAudience;
        provider
            .change_client("web2", |client| client.policy.assertion_audience = AssertionAudience::Issuer)
            .await;
        let web2 = RelyingParty::new(&provider, "web2");
        assert!(is_accepted(&asserted(&provider, &web2.assertion(&json!({}))).await));
        for bad in [json!({ "aud": [provider.issuer] }), json!({ "aud": provider.url("/oauth2/token") })] {
            assert_invalid_client(&asserted(&provider, &web2.assertion(&bad)).await, "audience");
        }
    }
);

on_both!(
    /// other methods and media types are never processed.
    only_a_posted_form_is_read,
    |provider| {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let basic = RelyingParty::new(&provider, "svc1").basic(SECRET);
        for path in ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"] {
            let url = provider.url(path);
            for method in ["GET", "PUT", "DELETE", "TRACE"] {
                let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
                let answer = http.request(method.clone(), &url).send().await.unwrap();
                assert_eq!(answer.status(), 405, "{method} {path}");
                assert!(answer.headers().contains_key("allow"), "{method} {path}");
                assert_eq!(answer.headers()["content-type"], "application/json");
            }
            for typed in [
                "application/json",
                "text/plain",
                "multipart/form-data; boundary=x",
                "application/x-www-form-urlencoded; charset=utf-16",
            ] {
                let body = "grant_type=client_credentials&token=x";
                let request = http.post(&url).header("authorization", &basic).body(body);
                let answer = request.header("content-type", typed).send().await.unwrap();
                assert_eq!(answer.status(), 415, "{typed} {path}");
            }
            let untyped = http.post(&url).header("authorization", &basic).body("a=b");
            assert_eq!(untyped.send().await.unwrap().status(), 415, "{path}");
        }
    }
);

on_both!(a_rotated_secret_works_beside_the_old_one_until_its_grace_is_over, |provider| {
    use yihao::domain::request_context::RequestContext;
    let svc1 = RelyingParty::new(&provider, "svc1");
    let id = yihao::domain::client::ClientId::parse("svc1").unwrap();
    let client = provider.provider.store.find_client(&id).await.unwrap().unwrap();
    let hour = std::time::Duration::from_hours(1);
    let context = RequestContext::internal("test");
    let new =
        yihao::protocol::registration::rotate_secret(&provider.provider, &context, &client, hour);
    let new = new.await.unwrap();
    for secret in [SECRET, &new] {
        assert_eq!(with_header(&provider, &svc1.basic(secret), &[]).await.status, 200);
    }
    provider.clock.advance(3_600_000);
    assert_invalid_client(&with_header(&provider, &svc1.basic(SECRET), &[]).await, "old");
    assert_eq!(with_header(&provider, &svc1.basic(&new), &[]).await.status, 200);
});
