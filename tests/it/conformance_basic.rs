//! The Basic and Form Post Basic certification plans (conformance.md 1.1): one test a module, named after
//! it; modules about refusals are in `authorization_request`, those about codes in `authorization_code`.

use std::time::Duration;

use serde_json::Value;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::TestProvider;
use crate::support::relying_party::Landing;
use crate::support::relying_party::claims;
use crate::support::relying_party::header;

/// Both plans run every flow module: by query, and by a posted form.
const MODES: [&str; 2] = ["query", "form_post"];

async fn person(provider: &TestProvider) -> Person {
    let person = Person::synthetic(1);
    provider.add_person(&person).await;
    person
}

async fn id_token(rp: &RelyingParty, landing: &Landing) -> Value {
    let answer = rp.redeem(landing.code()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    claims(answer.json()["id_token"].as_str().unwrap())
}

/// A flow with this change of the request succeeds; gives the ID token.
async fn flow(provider: &TestProvider, change: &[(&str, &str)]) -> Value {
    let person = person(provider).await;
    let web1 = RelyingParty::new(provider, "web1");
    let mut token = Value::Null;
    for mode in MODES {
        let change: Vec<_> = change.iter().copied().chain([("response_mode", mode)]).collect();
        let landing = web1.log_in(&Browser::new(), &person, &change).await;
        assert_eq!(landing.get("state"), Some("S1"), "{mode}");
        assert_eq!(landing.get("iss"), Some(&*provider.issuer), "{mode}");
        token = id_token(&web1, &landing).await;
    }
    token
}

on_both!(oidcc_server, |provider| {
    let person = person(&provider).await;
    for (client, mode) in [("web1", MODES[0]), ("web2", MODES[1]), ("spa1", MODES[0])] {
        let rp = RelyingParty::new(&provider, client);
        let landing = rp.log_in(&Browser::new(), &person, &[("response_mode", mode)]).await;
        assert!(landing.code().len() >= 43, "256 bits");
        let answer = rp.redeem(landing.code()).await;
        assert_eq!(answer.status, 200, "{client}: {}", answer.body);
        let tokens = answer.json();
        assert_eq!(tokens["token_type"], "Bearer");
        assert!(tokens["expires_in"].as_i64().is_some());
        let token = claims(tokens["id_token"].as_str().unwrap());
        assert!(token.get("name").is_none(), "nothing nobody asked for");
        let hash = yihao::jose::left_half_hash(
            yihao::jose::Algorithm::Es256,
            tokens["access_token"].as_str().unwrap(),
        );
        assert_eq!(token["at_hash"], hash);
    }
});

on_both!(oidcc_idtoken_signature, |provider| {
    use yihao::jose::Algorithm;
    let person = person(&provider).await;
    let web1 = RelyingParty::new(&provider, "web1");
    for algorithm in Algorithm::ALL {
        provider.change_client("web1", |c| c.id_token_signed_response_alg = algorithm).await;
        let landing = web1.log_in(&Browser::new(), &person, &[]).await;
        let answer = web1.redeem(landing.code()).await.json();
        let token = answer["id_token"].as_str().unwrap();
        let path = if algorithm == Algorithm::Sm2 { "/oauth2/jwks/sm2" } else { "/oauth2/jwks" };
        let jwks = Browser::new().get(&provider.url(path)).await.body;
        let keys = yihao::jose::JwkSet::parse(jwks.as_bytes(), 10).unwrap();
        let expected = yihao::jose::Expected { algorithms: &[algorithm], types: &[Some("JWT")] };
        yihao::jose::verify_jwt(token, &keys, &expected).expect("a good signature");
        let head = header(token);
        let names: Vec<&String> = head.as_object().unwrap().keys().collect();
        assert_eq!(names, ["alg", "kid", "typ"], "A-31: nothing about the key but its name");
        let access = answer["access_token"].as_str().unwrap();
        let hash = yihao::jose::left_half_hash(algorithm, access);
        assert_eq!((&head["typ"], &claims(token)["at_hash"]), (&"JWT".into(), &hash.into()));
    }
});

on_both!(oidcc_userinfo_get_post_header_and_post_body, |provider| {
    let person = person(&provider).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let landing = web1.log_in(&browser, &person, &[]).await;
    let tokens = web1.redeem(landing.code()).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let (url, bearer) = (provider.url("/oauth2/userinfo"), format!("Bearer {token}"));
    let by_get = web1.userinfo(token).await.json();
    let by_header = browser.post_with(&url, &[("authorization", &bearer)], &[]).await.json();
    let by_body = browser.post(&url, &[("access_token", token)]).await.json();
    assert_eq!(by_get["name"], person.name);
    assert_eq!((&by_header, &by_body), (&by_get, &by_get));
});

on_both!(oidcc_ensure_request_without_nonce_succeeds_for_code_flow, |provider| {
    assert!(flow(&provider, &[("nonce", "")]).await.get("nonce").is_none());
});

on_both!(oidcc_scope_profile_email_phone_all, |provider| {
    let person = person(&provider).await;
    let web1 = RelyingParty::new(&provider, "web1");
    for (scope, claims) in [
        ("openid", &[][..]),
        ("openid profile", &["name", "subject_type", "identity_assurance", "id_number_masked"]),
        ("openid phone", &["phone_number", "phone_number_verified"]),
        ("openid email", &[]),
        ("openid profile email phone", &["name", "phone_number"]),
    ] {
        let landing = web1.log_in(&Browser::new(), &person, &[("scope", scope)]).await;
        let tokens = web1.redeem(landing.code()).await.json();
        let userinfo = web1.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
        for claim in claims {
            assert!(userinfo.get(claim).is_some(), "{scope}: {claim}");
        }
        assert_eq!(userinfo.get("name").is_some(), scope.contains("profile"));
        assert_eq!(userinfo.get("phone_number").is_some(), scope.contains("phone"));
    }
});

on_both!(oidcc_alternate_happy_flow, |provider| {
    flow(&provider, &[("scope", "offline_access profile openid")]).await;
});

on_both!(oidcc_display_page_and_popup, |provider| {
    let person = person(&provider).await;
    let web1 = RelyingParty::new(&provider, "web1");
    for display in ["page", "popup", "touch"] {
        let change = [("display", display)];
        web1.log_in(&Browser::new(), &person, &change).await.code();
    }
});

on_both!(oidcc_prompt_login_max_age_and_select_account, |provider| {
    let person = person(&provider).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let mut last = id_token(&web1, &web1.log_in(&browser, &person, &[]).await).await;
    for change in [("prompt", "login"), ("max_age", "1"), ("prompt", "select_account")] {
        provider.clock.advance(5_000);
        let page = browser.get(&web1.authorize(&[change])).await;
        assert!(page.location().unwrap().path().ends_with("/login"), "{change:?} asks again");
        let token = id_token(&web1, &web1.walk(&browser, &person, page).await).await;
        let time = |token: &Value| token["auth_time"].as_i64().unwrap();
        assert!(time(&token) > time(&last), "{change:?}");
        assert_eq!(token["sub"], last["sub"]);
        last = token;
    }
});

on_both!(oidcc_prompt_none_logged_in_id_token_hint_and_max_age_10000, |provider| {
    let person = person(&provider).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let landing = web1.log_in(&browser, &person, &[]).await;
    let answer = web1.redeem(landing.code()).await.json();
    let hint = answer["id_token"].as_str().unwrap();
    let first = claims(hint);
    provider.clock.advance(5_000);
    for change in [
        &[("prompt", "none")][..],
        &[("prompt", "none"), ("id_token_hint", hint)],
        &[("max_age", "10000")],
    ] {
        let page = browser.get(&web1.authorize(change)).await;
        let landing = web1.landing(&page).unwrap_or_else(|| panic!("{change:?}: {}", page.url));
        let token = id_token(&web1, &landing).await;
        assert_eq!((&token["sub"], &token["auth_time"]), (&first["sub"], &first["auth_time"]));
    }
});

on_both!(
    /// A hint that names somebody else is not answered silently with this person.
    a_hint_for_another_person_asks_for_login,
    |provider| {
        let (one, other) = (person(&provider).await, Person::synthetic(7));
        provider.add_person(&other).await;
        let web1 = RelyingParty::new(&provider, "web1");
        let landing = web1.log_in(&Browser::new(), &other, &[]).await;
        let answer = web1.redeem(landing.code()).await.json();
        let hint = answer["id_token"].as_str().unwrap().to_owned();
        let browser = Browser::new();
        web1.log_in(&browser, &one, &[]).await;
        let silent = [("prompt", "none"), ("id_token_hint", &*hint)];
        let page = browser.get(&web1.authorize(&silent)).await;
        assert_eq!(web1.landing(&page).unwrap().error(), "login_required");
        let page = browser.get(&web1.authorize(&[("id_token_hint", &hint)])).await;
        assert!(page.location().unwrap().path().ends_with("/login"));
        let landing = web1.walk(&browser, &other, page).await;
        assert_eq!(id_token(&web1, &landing).await["sub"], claims(&hint)["sub"]);
    }
);

on_both!(oidcc_ensure_request_with_unknown_parameter_succeeds, |provider| {
    flow(&provider, &[("extra", "foobar")]).await;
});

on_both!(oidcc_login_hint_ui_locales_and_claims_locales, |provider| {
    let change =
        [("login_hint", "bob@example.test"), ("ui_locales", "se"), ("claims_locales", "se")];
    flow(&provider, &change).await;
});

on_both!(ui_locales_choose_the_language_of_the_page, |provider| {
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    for (asked, lang) in [("en-GB zh", "lang=\"en\""), ("zh-CN", "lang=\"zh-CN\"")] {
        let page = browser.get(&web1.authorize(&[("ui_locales", asked)])).await;
        let page = browser.follow(page).await;
        assert!(page.body.contains(&format!("<html {lang}")), "{asked}");
    }
});

on_both!(oidcc_ensure_request_with_acr_values_succeeds, |provider| {
    let token = flow(&provider, &[("acr_values", "urn:yihao:acr:1 unknown")]).await;
    assert_eq!(token["acr"], "urn:yihao:acr:1");
});

on_both!(oidcc_ensure_post_request_succeeds, |provider| {
    let person = person(&provider).await;
    let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
    let url: url::Url = web1.authorize(&[]).parse().unwrap();
    let fields: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    let page = browser.post(&provider.url("/oauth2/authorize"), &fields).await;
    web1.walk(&browser, &person, page).await.code();
});

on_both!(oidcc_server_client_secret_post, |provider| {
    let person = person(&provider).await;
    let post1 = RelyingParty::new(&provider, "post1");
    let landing = post1.log_in(&Browser::new(), &person, &[]).await;
    assert_eq!(post1.redeem(landing.code()).await.status, 200);
});

on_both!(oidcc_claims_essential, |provider| {
    let person = person(&provider).await;
    let web1 = RelyingParty::new(&provider, "web1");
    let asked = r#"{"userinfo":{"name":{"essential":true},"nickname":null},"id_token":{"phone_number":null,"auth_time":{"essential":true}}}"#;
    let change = [("scope", "openid"), ("claims", asked)];
    let landing = web1.log_in(&Browser::new(), &person, &change).await;
    let tokens = web1.redeem(landing.code()).await.json();
    let userinfo = web1.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(userinfo["name"], person.name);
    assert!(userinfo.get("phone_number").is_none());
    let token = claims(tokens["id_token"].as_str().unwrap());
    assert_eq!(token["phone_number"], person.phone);
    assert!(token.get("name").is_none());
});

on_both!(oidcc_refresh_token, |provider| {
    let person = person(&provider).await;
    let web1 = RelyingParty::new(&provider, "web1");
    let landing = web1.log_in(&Browser::new(), &person, &[]).await;
    let first = web1.redeem(landing.code()).await.json();
    let refresh = first["refresh_token"].as_str().unwrap();
    let stranger = RelyingParty::new(&provider, "post1").refresh(refresh).await;
    assert_eq!((stranger.status, &stranger.json()["error"]), (400, &Value::from("invalid_grant")));
    let again = web1.refresh(refresh).await;
    assert_eq!(again.status, 200, "{}", again.body);
    let (old, new) = (
        claims(first["id_token"].as_str().unwrap()),
        claims(again.json()["id_token"].as_str().unwrap()),
    );
    for claim in ["iss", "sub", "aud", "auth_time", "acr"] {
        assert_eq!(old[claim], new[claim], "{claim}");
    }
});

on_both!(oidcc_ensure_request_with_valid_pkce_succeeds, |provider| {
    flow(&provider, &[]).await;
});

on_both!(
    /// Basic sends no PKCE: a client may be exempted by policy, and then no verifier is taken (A-09 i).
    a_client_exempted_from_pkce_does_without,
    |provider| {
        let person = person(&provider).await;
        provider.change_client("web1", |client| client.policy.require_pkce = false).await;
        let web1 = RelyingParty::new(&provider, "web1");
        let bare = [("code_challenge", ""), ("code_challenge_method", "")];
        let landing = web1.log_in(&Browser::new(), &person, &bare).await;
        let downgraded = web1.redeem(landing.code()).await;
        assert_eq!(downgraded.json()["error"], "invalid_grant");
        let landing = web1.log_in(&Browser::new(), &person, &bare).await;
        let answer = web1.redeem_with(landing.code(), &[("code_verifier", "")]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
);

on_both!(oidcc_codereuse_30seconds, |provider| {
    let person = person(&provider).await;
    let web1 = RelyingParty::new(&provider, "web1");
    let landing = web1.log_in(&Browser::new(), &person, &[]).await;
    let tokens = web1.redeem(landing.code()).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(web1.userinfo(token).await.status, 200);
    provider.clock.advance(i64::try_from(Duration::from_secs(30).as_millis()).unwrap());
    let again = web1.redeem(landing.code()).await;
    assert_eq!((again.status, &again.json()["error"]), (400, &Value::from("invalid_grant")));
    assert_eq!(web1.userinfo(token).await.status, 401, "what it issued is taken back");
});
