//! What tokens say and where they count: UserInfo, audiences, client credentials, ID tokens (RFC 6749 §4.4,
//! RFC 6750, RFC 9068; security.md A-30, A-31, A-34, A-35, A-37).

use serde_json::Value;
use serde_json::json;
use yihao::domain::client::AccessTokenFormat;
use yihao::domain::client::SubjectType;
use yihao::domain::scope::Scope;

use crate::on_both;
use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::relying_party::claims;
use crate::support::tokens::access_of;
use crate::support::tokens::assert_error;
use crate::support::tokens::is_active;
use crate::support::tokens::refresh_of;
use crate::support::tokens::tokens;

on_both!(
    /// A-30, A-34: UserInfo takes an access token, in the right place, and nothing else.
    userinfo_takes_access_tokens_only,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let url = provider.url("/oauth2/userinfo");
        let landing = had.rp.log_in(&had.browser, &had.person, &[]).await;
        let assertion = RelyingParty::new(&provider, "web2").assertion(&json!({}));
        let long = "a".repeat(9000);
        for token in [&*had.id, &*had.refresh, landing.code(), &*assertion, "a.b.c", &*long] {
            let page = had.rp.userinfo(token).await;
            assert_error(&page, 401, "invalid_token");
            assert!(page.header("www-authenticate").starts_with("Bearer "));
        }
        let browser = Browser::new();
        let bare = browser.get(&url).await;
        assert_eq!((bare.status, bare.body.len()), (401, 0));
        assert_eq!(bare.header("www-authenticate"), "Bearer realm=\"yihao\"");
        let lower = [("authorization", &*format!("bearer {}", had.access))];
        assert_eq!(browser.get_with(&url, &lower).await.status, 200);
        let (addressed, once) = (format!("{url}?access_token={}", had.access), ("access_token", &*had.access));
        for (page, why) in [
            (browser.get(&addressed).await, "a token has no place in an address"),
            (browser.get_with(&addressed, &lower).await, "a token has no place in an address"),
            (browser.post_with(&url, &lower, &[once]).await, "the token stands twice"),
            (browser.post(&url, &[once, once]).await, "a parameter stands twice"),
            (
                browser.get_with(&url, &[lower[0], lower[0]]).await,
                "there are two Authorization headers",
            ),
        ] {
            assert_error(&page, 400, "invalid_request");
            let challenge = "Bearer realm=\"yihao\", error=\"invalid_request\"";
            let challenge = format!("{challenge}, error_description=\"{why}\"");
            assert_eq!(page.header("www-authenticate"), challenge);
        }
        browser.set_cookie("access_token", &had.access);
        assert_eq!(browser.get(&url).await.status, 401);
    }
);

on_both!(
    /// A-30: what is no ID token of ours for this client names nobody, and the client is told.
    a_hint_is_the_clients_own_id_token,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let post1 = RelyingParty::new(&provider, "post1");
        let landing = post1.log_in(&had.browser, &had.person, &[]).await;
        let others = post1.redeem(landing.code()).await.json()["id_token"].clone();
        for hint in [&*had.access, &*had.refresh, others.as_str().unwrap()] {
            let page = had.browser.get(&had.rp.authorize(&[("id_token_hint", hint)])).await;
            let landing = had.rp.landing(&page).expect("the client is told");
            assert_eq!(landing.error(), "invalid_request", "{hint:.40}");
        }
        let page = had.browser.get(&had.rp.authorize(&[("id_token_hint", &had.id)])).await;
        had.rp.landing(&page).expect("its own is one").code();
    }
);

on_both!(
    /// A-35: a person's token for an API is the API's alone; and a token is no session.
    a_token_for_an_api_opens_nothing_of_ours,
    |provider| {
        let api = "https://api.example.test";
        provider.change_client("web1", |client| client.resources = vec![api.to_owned()]).await;
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let web1 = RelyingParty::new(&provider, "web1");
        for format in [AccessTokenFormat::Opaque, AccessTokenFormat::Jwt] {
            provider.change_client("web1", |client| client.access_token_format = format).await;
            let landing = web1.log_in(&Browser::new(), &person, &[("resource", api)]).await;
            let token = access_of(&web1.redeem(landing.code()).await);
            assert!(is_active(&RelyingParty::new(&provider, "rs1"), &token).await);
            assert_error(&web1.userinfo(&token).await, 401, "invalid_token");
            let bearer = format!("Bearer {token}");
            let headers = [("authorization", &*bearer)];
            for path in crate::support::doors::ACCOUNT {
                let page = Browser::new().get_with(&provider.url(path), &headers).await;
                assert_eq!((page.status, page.location().unwrap().path()), (303, "/login"), "{path}");
            }
        }
    }
);

on_both!(
    /// A-35: an API's token is none of ours, and the ID number needs a declared purpose.
    audience_and_purpose_are_kept_apart,
    |provider| {
        let svc1 = RelyingParty::new(&provider, "svc1");
        let answer = svc1.token(&[("grant_type", "client_credentials")]).await.json();
        let token = answer["access_token"].as_str().unwrap();
        let said = claims(token);
        assert_eq!((&said["aud"], &said["sub"]), (&json!("https://api.example.test"), &json!("svc1")));
        assert_eq!(said["scope"], "records:read records:write");
        assert_error(&svc1.userinfo(token).await, 401, "invalid_token");
        assert!(is_active(&RelyingParty::new(&provider, "rs1"), token).await, "its own audience");
        assert!(!is_active(&RelyingParty::new(&provider, "web1"), token).await);
        let asked = [("grant_type", "client_credentials"), ("resource", "https://unknown.example")];
        assert_error(&svc1.token(&asked).await, 400, "invalid_target");

        let person = Person::synthetic(5);
        provider.add_person(&person).await;
        provider
            .change_client("web1", |client| {
                client.scope = yihao::domain::scope::Scope::parse("openid profile id_number").unwrap();
            })
            .await;
        let web1 = RelyingParty::new(&provider, "web1");
        let change = [("scope", "openid id_number")];
        let number = |page: Page| page.json().get("id_number").cloned();
        let landing = web1.log_in(&Browser::new(), &person, &change).await;
        let access = web1.redeem(landing.code()).await.json()["access_token"].clone();
        assert_eq!(number(web1.userinfo(access.as_str().unwrap()).await), None);
        let purpose = Some("办理养老保险".to_owned());
        provider.change_client("web1", |client| client.policy.id_number_purpose = purpose).await;
        let landing = web1.log_in(&Browser::new(), &person, &change).await;
        let answer = web1.redeem(landing.code()).await;
        assert!(!answer.body.contains(&person.id_number), "never in a token");
        let access = answer.json()["access_token"].clone();
        let given = number(web1.userinfo(access.as_str().unwrap()).await);
        assert_eq!(given, Some(json!(person.id_number)));
        assert!(provider.audit(5).await.iter().any(|line| line == "id_number_released done"));
    }
);

on_both!(
    /// A-35: a person who agreed to the scope while no purpose was declared has not agreed to the number; only
    /// a new consent gives it.
    a_purpose_declared_later_needs_a_new_consent,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let scope = "openid id_number offline_access";
        let may = Scope::parse(scope).unwrap();
        provider.change_client("web1", |client| client.scope = may).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let number = async |access: &str| {
            let page = web1.userinfo(access).await;
            assert_eq!(page.status, 200, "{}", page.body);
            page.json().get("id_number").cloned()
        };
        let landing = web1.log_in(&browser, &person, &[("scope", scope)]).await;
        let first = web1.redeem(landing.code()).await;
        let purpose = Some("办理养老保险".to_owned());
        provider.change_client("web1", |client| client.policy.id_number_purpose = purpose).await;

        assert_eq!(number(&access_of(&first)).await, None);
        let refreshed = web1.refresh(&refresh_of(&first)).await;
        assert_eq!(number(&access_of(&refreshed)).await, None);
        let page = browser.get(&web1.authorize(&[("scope", scope)])).await;
        assert_eq!(page.location().unwrap().path(), "/consent");
        let landing = web1.walk(&browser, &person, page).await;
        let access = access_of(&web1.redeem(landing.code()).await);
        assert_eq!(number(&access).await, Some(json!(person.id_number)));
    }
);

on_both!(
    /// A-37: grants that must not exist, and clients that may not use those that do.
    grants_that_must_not_exist_do_not,
    |provider| {
        let web1 = RelyingParty::new(&provider, "web1");
        for grant in [
            "password", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:saml2-bearer", "nonsense",
        ] {
            let fields = [("grant_type", grant), ("username", "x"), ("password", "y")];
            assert_error(&web1.token(&fields).await, 400, "unsupported_grant_type");
        }
        assert_error(&web1.token(&[]).await, 400, "invalid_request");
        assert_error(&web1.token(&[("grant_type", "client_credentials")]).await, 400, "unauthorized_client");
        let svc1 = RelyingParty::new(&provider, "svc1");
        let code = [("grant_type", "authorization_code"), ("code", "x")];
        assert_error(&svc1.token(&code).await, 400, "unauthorized_client");
        assert_error(&svc1.refresh("x").await, 400, "unauthorized_client");
        let plain = svc1.token(&[("grant_type", "client_credentials"), ("scope", "")]).await;
        assert_eq!((plain.status, &plain.json()["scope"]), (200, &json!("records:read records:write")));
        let answer = svc1.token(&[("grant_type", "client_credentials")]).await.json();
        assert!(answer.get("refresh_token").is_none());
        for scope in ["openid", "admin", "records:read records:read", "OPENID", " "] {
            let fields = [("grant_type", "client_credentials"), ("scope", scope)];
            assert_error(&svc1.token(&fields).await, 400, "invalid_scope");
        }
    }
);

on_both!(
    /// A-37: a password proves nothing at the token endpoint, not even that it is right.
    a_right_password_is_answered_like_a_wrong_one,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let web1 = RelyingParty::new(&provider, "web1");
        let answer = async |password: &str| {
            let fields =
                [("grant_type", "password"), ("username", &person.id_number), ("password", password)];
            let page = web1.token(&fields).await;
            assert_error(&page, 400, "unsupported_grant_type");
            page.body
        };
        assert_eq!(answer(person.password()).await, answer("wrong").await);
    }
);

on_both!(
    /// A-31: clients of one kind know a person by one subject, and no token holds the ID number.
    a_public_subject_is_the_same_everywhere,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let purpose = Some("办理养老保险".to_owned());
        let browser = Browser::new();
        let mut subjects = Vec::new();
        for id in ["web1", "post1"] {
            provider
                .change_client(id, |client| {
                    client.subject_type = SubjectType::Public;
                    client.scope = Scope::parse("openid profile id_number").unwrap();
                    client.policy.id_number_purpose.clone_from(&purpose);
                })
                .await;
            let rp = RelyingParty::new(&provider, id);
            let asked = r#"{"id_token":{"id_number":{"essential":true},"name":null}}"#;
            let change = [("scope", "openid id_number"), ("claims", asked)];
            let landing = rp.log_in(&browser, &person, &change).await;
            let answer = rp.redeem(landing.code()).await;
            assert!(!answer.body.contains(&person.id_number));
            let said = claims(answer.json()["id_token"].as_str().unwrap());
            assert_eq!((&said["name"], said.get("id_number")), (&json!(person.name), None));
            subjects.push(said["sub"].clone());
        }
        assert_eq!(subjects[0], subjects[1]);
    }
);

on_both!(
    /// A-31: what stands in an ID token.
    an_id_token_says_what_it_must_and_no_more,
    |provider| {
        let had = tokens(&provider, "web1").await;
        let said = claims(&had.id);
        let names: Vec<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
        for name in ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"] {
            assert!(names.contains(&name), "{name}");
        }
        assert!(said["exp"].is_i64() && said["iat"].is_i64());
        assert_eq!(said["amr"], json!(["pwd"]));
        assert!(!said.to_string().contains(&had.person.id_number));
        let second = RelyingParty::new(&provider, "post1");
        let landing = second.log_in(&had.browser, &had.person, &[]).await;
        let there = second.redeem(landing.code()).await.json();
        let there = claims(there["id_token"].as_str().unwrap());
        assert_ne!((&there["sub"], &there["sid"]), (&said["sub"], &said["sid"]));
        assert_ne!(Value::Null, there["sid"]);
    }
);
