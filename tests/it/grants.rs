//! The corners of client authentication and of the grants that the modules of certification do not visit
//! (RFC 6749 §2.3, §4.4, §6; RFC 7521 §4.2; RFC 8707 §2; security.md ).

use serde_json::json;
use yihao::audit;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::client::Client;
use yihao::domain::client::ClientId;
use yihao::domain::client::GrantType;
use yihao::domain::request_context::RequestContext;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::relying_party::claims;

const CREDENTIALS: (&str, &str) = ("grant_type", "client_credentials");
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn assert_error(page: &Page, status: u16, error: &str) {
    assert_eq!(
        (page.status, page.json()["error"].as_str()),
        (status, Some(error)),
        "{}",
        page.body
    );
}

async fn refresh_token(provider: &TestProvider, party: &RelyingParty, seed: u64) -> String {
    let person = Person::synthetic(seed);
    provider.add_person(&person).await;
    let landing = party.log_in(&Browser::new(), &person, &[]).await;
    let tokens = party.redeem(landing.code()).await.json();
    tokens["refresh_token"].as_str().expect("a refresh token").to_owned()
}

/// What no registration lets through, as an edit of the database by hand would.
async fn force(provider: &TestProvider, id: &str, change: impl FnOnce(&mut Client)) {
    let store = &provider.provider.store;
    let found = store.find_client(&ClientId::parse(id).unwrap()).await.unwrap().expect("a client");
    let mut client = Client::clone(&found);
    change(&mut client);
    let context = RequestContext::internal("test");
    let record = audit::done(AuditKind::ClientChanged).record(&provider.provider, &context);
    assert!(store.replace_client(&client, record, provider.clock.now()).await.unwrap());
}

on_both!(
    /// an assertion names its type and its client, and needs a client with keys.
    an_assertion_says_what_it_is_and_whose,
    |provider| {
        let web2 = RelyingParty::new(&provider, "web2");
        let url = provider.url("/oauth2/token");
        let send = async |kind: &str, id: Option<&str>| {
            let assertion = web2.assertion(&json!({}));
            let mut fields = vec![
                ("grant_type", "authorization_code"),
                ("code", "x"),
                ("client_assertion_type", kind),
                ("client_assertion", &*assertion),
            ];
            fields.extend(id.map(|id| ("client_id", id)));
            Browser::new().post(&url, &fields).await
        };
        assert_error(&send(ASSERTION, Some("web2")).await, 400, "invalid_grant");
        assert_error(&send("urn:something:else", None).await, 400, "invalid_request");
        assert_error(&send("", None).await, 400, "invalid_request");
        assert_error(&send(ASSERTION, Some("web1")).await, 400, "invalid_request");
        force(&provider, "web2", |client| client.jwks = None).await;
        assert_error(&send(ASSERTION, None).await, 401, "invalid_client");
    }
);

on_both!(
    /// RFC 6749 §2.3.1: an id that is none, and credentials that are not encoded, prove nothing.
    odd_basic_credentials_prove_nothing,
    |provider| {
        use base64::Engine;
        for credentials in ["no such:x", "web1:a&b", "web1:a=b", "%ff:x", ":", "web1"] {
            let header = base64::engine::general_purpose::STANDARD.encode(credentials);
            let header = format!("Basic {header}");
            let headers = [("authorization", &*header)];
            let url = provider.url("/oauth2/token");
            let page = Browser::new().post_with(&url, &headers, &[CREDENTIALS]).await;
            assert_error(&page, 401, "invalid_client");
        }
    }
);

on_both!(
    /// RFC 6749 §4.4, RFC 8707: a client names one of its resources and part of its scope.
    a_client_asks_for_less_than_it_may,
    |provider| {
        let svc1 = RelyingParty::new(&provider, "svc1");
        let resource = "https://api.example.test";
        let asked = [CREDENTIALS, ("resource", resource), ("scope", "records:read")];
        let answer = svc1.token(&asked).await.json();
        assert_eq!(answer["scope"], "records:read");
        let said = claims(answer["access_token"].as_str().unwrap());
        assert_eq!((&said["aud"], &said["scope"]), (&json!(resource), &json!("records:read")));
        assert!(answer.get("refresh_token").is_none());
    }
);

on_both!(
    /// RFC 6749 §4.4: a client that proves nothing gets nothing, whatever its row says.
    a_public_client_has_no_credentials,
    |provider| {
        let grants = |client: &mut Client| client.grant_types.push(GrantType::ClientCredentials);
        force(&provider, "spa1", grants).await;
        let page = RelyingParty::new(&provider, "spa1").token(&[CREDENTIALS]).await;
        assert_error(&page, 400, "unauthorized_client");
    }
);

on_both!(
    /// RFC 6749 §6: a confidential client keeps its refresh token; what is no token is none.
    a_confidential_client_keeps_its_refresh_token,
    |provider| {
        let post1 = RelyingParty::new(&provider, "post1");
        let token = refresh_token(&provider, &post1, 1).await;
        for _ in 0..3 {
            let answer = post1.refresh(&token).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            assert_eq!(answer.json()["refresh_token"], token);
        }
        for none in ["x", "rt_x", &"A".repeat(600)] {
            assert_error(&post1.refresh(none).await, 400, "invalid_grant");
        }
        assert_eq!(post1.call("/oauth2/revoke", &[("token", &token)]).await.status, 200);
        assert_error(&post1.refresh(&token).await, 400, "invalid_grant");
    }
);

on_both!(
    /// a refresh that meets a revocation half-way is refused or was first; afterwards nothing works.
    a_revocation_beats_every_refresh_that_comes_after_it,
    |provider| {
        for (id, seed) in [("post1", 1), ("web1", 2)] {
            let party = RelyingParty::new(&provider, id);
            let person = Person::synthetic(seed);
            provider.add_person(&person).await;
            let browser = Browser::new();
            for _ in 0..20 {
                let landing = party.log_in(&browser, &person, &[]).await;
                let tokens = party.redeem(landing.code()).await.json();
                let token = tokens["refresh_token"].as_str().unwrap().to_owned();
                let fields = [("token", &*token)];
                let (refreshed, revoked) =
                    tokio::join!(party.refresh(&token), party.call("/oauth2/revoke", &fields));
                assert_eq!(revoked.status, 200);
                let last = match refreshed.status {
                    200 => refreshed.json()["refresh_token"].as_str().unwrap().to_owned(),
                    _ => token,
                };
                assert_error(&party.refresh(&last).await, 400, "invalid_grant");
            }
        }
    }
);

on_both!(
    /// what was alive when it was read, and revoked before it was written, is refused; a refresh that
    /// waits for nobody comes before the revocation, and what it got dies with it.
    a_revocation_in_the_middle_of_a_refresh_counts,
    |provider| {
        for (id, seed) in [("post1", 1), ("web1", 2)] {
            let party = RelyingParty::new(&provider, id);
            let token = refresh_token(&provider, &party, seed).await;
            let revoke = "UPDATE approval SET revoked_at = 1";
            let page = provider.overtaken_by(revoke, party.refresh(&token)).await;
            if page.status == 200 {
                assert_eq!(id, "post1", "a rotation waits for its family");
                let access = page.json()["access_token"].as_str().unwrap().to_owned();
                let known = party.call("/oauth2/introspect", &[("token", &access)]).await;
                assert_eq!(known.json(), json!({ "active": false }));
            } else {
                assert_error(&page, 400, "invalid_grant");
            }
            assert_error(&party.refresh(&token).await, 400, "invalid_grant");
        }
    }
);
