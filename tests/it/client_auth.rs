//! How clients prove who they are (RFC 6749 §2.3, OpenID Connect Core §9; security.md A-19, A-21). Assertions
//! stand in `client_assertion`.

use std::time::Duration;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::fixture::SECRET;
use crate::support::relying_party::assert_invalid_client;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const TOKEN: &str = "/oauth2/token";
/// Every endpoint that asks a client who it is.
const ENDPOINTS: [&str; 3] = [TOKEN, "/oauth2/introspect", "/oauth2/revoke"];
/// What each of them needs beside the client.
const ENOUGH: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("token", "x")];

/// A place to knock at: the URL of an endpoint.
struct Door(String);

impl Door {
    async fn with_headers(
        &self,
        headers: &[(&'static str, &str)],
        fields: &[(&str, &str)],
    ) -> Page {
        let all: Vec<_> = ENOUGH.iter().chain(fields).copied().collect();
        Browser::new().post_with(&self.0, headers, &all).await
    }

    async fn with_header(&self, header: &str, fields: &[(&str, &str)]) -> Page {
        self.with_headers(&[("authorization", header)], fields).await
    }

    async fn with_form(&self, fields: &[(&str, &str)]) -> Page {
        self.with_headers(&[], fields).await
    }
}

fn door(provider: &TestProvider, path: &str) -> Door {
    Door(provider.url(path))
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

on_both!(
    /// A-19: every way but the registered one is refused, and all refusals look alike.
    only_the_registered_method_with_the_right_proof_is_accepted,
    |provider| {
        let svc1 = RelyingParty::new(&provider, "svc1");
        let (right, wrong) = (svc1.basic(SECRET), svc1.basic("wrong"));
        let of = |id| RelyingParty::new(&provider, id).basic(SECRET);
        let malformed = |bytes: &[u8]| format!("Basic {}", STANDARD.encode(bytes));
        for path in ENDPOINTS {
            let door = door(&provider, path);
            assert_eq!(door.with_header(&right, &[]).await.status, 200, "{path}");
            assert_eq!(door.with_header(&right.replace("Basic", "bAsIc"), &[]).await.status, 200);

            let reference = door.with_header(&wrong, &[]).await;
            assert_invalid_client(&reference, path);
            let mut refused = Vec::new();
            for header in [
                basic("nobody", "secret"),
                of("spa1"),
                of("web2"),
                of("post1"),
                malformed(b"no colon"),
                malformed(&[0xFF, b':', 0xFE]),
                format!("Basic {}", "A".repeat(10_000)),
                "Basic".to_owned(),
                "Basic !!!".to_owned(),
                "Bearer x".to_owned(),
            ] {
                refused.push((door.with_header(&header, &[]).await, header));
            }
            for fields in [
                &[("client_id", "svc1"), ("client_secret", SECRET)][..],
                &[("client_id", "spa1"), ("client_secret", SECRET)],
                &[("client_id", "web2"), ("client_secret", SECRET)],
                &[("client_id", "nobody"), ("client_secret", "x")],
                &[("client_id", "svc1")],
                &[],
            ] {
                refused.push((door.with_form(fields).await, format!("{fields:?}")));
            }
            for (page, what) in &refused {
                assert_invalid_client(page, &format!("{path}: {what:.60}"));
            }
            assert_eq!(refused[0].0.body, reference.body, "unknown client and wrong secret look alike");
        }
    }
);

on_both!(
    /// A-19, A-21: what stands in the address is never read, right or wrong.
    nothing_is_read_from_an_address,
    |provider| {
        let right = RelyingParty::new(&provider, "svc1").basic(SECRET);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(ENOUGH).extend_pairs([("client_id", "post1"), ("client_secret", SECRET)]);
        let query = query.finish();
        for path in ENDPOINTS {
            let addressed = Door(format!("{}?{query}", provider.url(path)));
            assert_invalid_client(&addressed.with_form(&[]).await, path);
            let in_body = [("client_id", "post1"), ("client_secret", SECRET)];
            let genuine = door(&provider, path).with_form(&in_body).await;
            assert_ne!(genuine.status, 401, "the same in the body: {path}");
            let headers = [
                ("authorization", &*right),
                ("content-type", "application/x-www-form-urlencoded"),
            ];
            let empty = Browser::new().post_bytes(&addressed.0, &headers, Vec::new()).await;
            assert_eq!((empty.status, &empty.json()["error"]), (400, &json!("invalid_request")));
        }
    }
);

on_both!(
    /// A-19: two ways at once are no way.
    one_request_uses_one_method,
    |provider| {
        let svc1 = RelyingParty::new(&provider, "svc1");
        let right = svc1.basic(SECRET);
        for path in ENDPOINTS {
            let door = door(&provider, path);
            let mut refused = Vec::new();
            for fields in [
                &[("client_id", "svc1"), ("client_secret", SECRET)][..],
                &[("client_id", "web1")],
                &[("client_assertion_type", ASSERTION), ("client_assertion", "a.b.c")],
            ] {
                refused.push(door.with_header(&right, fields).await);
            }
            let lines = [("authorization", &*right), ("authorization", &*right)];
            refused.push(door.with_headers(&lines, &[]).await);
            refused.push(door.with_form(&ENOUGH[..1]).await);
            for page in refused {
                assert_eq!((page.status, &page.json()["error"]), (400, &json!("invalid_request")));
                let audit = provider.audit(1).await;
                assert_eq!(audit, ["client_authentication_refused refused invalid_request"]);
            }
        }
    }
);

on_both!(
    /// A-19: after 20 wrong secrets the source is slowed down; the right secret still works.
    wrong_secrets_never_shut_out_the_right_one,
    |provider| {
        let svc1 = RelyingParty::new(&provider, "svc1");
        let (door, wrong) = (door(&provider, TOKEN), svc1.basic("wrong"));
        for _ in 0..21 {
            assert_invalid_client(&door.with_header(&wrong, &[]).await, "wrong");
        }
        let mut longest = Duration::ZERO;
        for _ in 0..4 {
            let begin = Instant::now();
            assert_invalid_client(&door.with_header(&wrong, &[]).await, "wrong");
            longest = longest.max(begin.elapsed());
        }
        assert!(longest >= Duration::from_millis(290), "{longest:?}");
        assert_eq!(door.with_header(&svc1.basic(SECRET), &[]).await.status, 200);
    }
);

on_both!(
    /// A-21: other methods and media types are never processed.
    only_a_posted_form_is_read,
    |provider| {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let basic = RelyingParty::new(&provider, "svc1").basic(SECRET);
        for path in ENDPOINTS {
            let url = provider.url(path);
            for method in ["GET", "HEAD", "PUT", "DELETE", "TRACE"] {
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
        let url = provider.url("/oauth2/authorize");
        for method in ["PUT", "DELETE", "TRACE"] {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let answer = http.request(method.clone(), &url).send().await.unwrap();
            assert_eq!(answer.status(), 405, "{method}");
            assert!(answer.headers().contains_key("allow"), "{method}");
        }
        let json = http.post(&url).header("content-type", "application/json").body("{}");
        assert_eq!(json.send().await.unwrap().status(), 415);
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
    let door = door(&provider, TOKEN);
    for secret in [SECRET, &new] {
        assert_eq!(door.with_header(&svc1.basic(secret), &[]).await.status, 200);
    }
    provider.clock.advance(3_600_000);
    assert_invalid_client(&door.with_header(&svc1.basic(SECRET), &[]).await, "old");
    assert_eq!(door.with_header(&svc1.basic(&new), &[]).await.status, 200);
});

on_both!(
    /// A-19: bytes that are no text are credentials that prove nothing.
    a_header_that_is_no_text_proves_nothing,
    |provider| {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let bytes = http::HeaderValue::from_bytes(b"Basic \xff\xfe").unwrap();
        for path in ENDPOINTS {
            let request = http.post(provider.url(path)).header("authorization", bytes.clone());
            let answer = request.form(&ENOUGH).send().await.unwrap();
            assert_eq!(answer.status(), 401, "{path}");
            let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
            assert!(challenge.starts_with("Basic "), "{path}: {challenge}");
            let body: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(body["error"], "invalid_client", "{path}");
        }
    }
);

on_both!(
    /// A-21: what is compressed is not opened.
    a_compressed_body_is_not_read,
    |provider| {
        let basic = RelyingParty::new(&provider, "svc1").basic(SECRET);
        for path in ENDPOINTS.iter().chain(&["/oauth2/userinfo"]) {
            for encoding in ["gzip", "deflate", "br", "gzip, gzip"] {
                let headers = [("authorization", &*basic), ("content-encoding", encoding)];
                let headers = if *path == "/oauth2/userinfo" { &headers[1..] } else { &headers };
                let fields = [ENOUGH[0], ENOUGH[1], ("access_token", "x")];
                let page = Browser::new().post_with(&provider.url(path), headers, &fields).await;
                assert_eq!(page.status, 415, "{path} {encoding}: {}", page.body);
            }
        }
    }
);
