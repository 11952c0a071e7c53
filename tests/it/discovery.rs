//! Provider metadata and keys (OpenID Connect Discovery 1.0, RFC 8414, RFC 7517): the Config plan.

use std::collections::BTreeSet;

use crate::on_both;
use crate::support::Browser;
use crate::support::Person;
use crate::support::RelyingParty;
use crate::support::relying_party::claims;
use crate::support::relying_party::header;

on_both!(
    /// oidcc-discovery-endpoint-verification, oidcc-rp-initiated-logout-discovery-endpoint-verification,
    /// oidcc-backchannel-logout-discovery-endpoint-verification, A-08.
    oidcc_discovery_endpoint_verification,
    |provider| {
        let browser = Browser::new();
        for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]
        {
            let evil = [("host", "evil.example")];
            let page = browser.get_with(&provider.url(path), &evil).await;
            assert_eq!((page.status, page.header("content-type")), (200, "application/json"));
            assert_eq!(page.header("access-control-allow-origin"), "*");
            let metadata = page.json();
            assert_eq!(metadata["issuer"], provider.issuer, "whatever the Host header says");
            for endpoint in [
                "authorization_endpoint",
                "token_endpoint",
                "userinfo_endpoint",
                "jwks_uri",
                "introspection_endpoint",
                "revocation_endpoint",
                "end_session_endpoint",
            ] {
                let url = metadata[endpoint].as_str().unwrap();
                assert!(url.starts_with(&provider.issuer), "{endpoint}");
                assert_ne!(browser.get(url).await.status, 404, "{endpoint}");
            }
            let list = |name: &str| -> Vec<String> {
                serde_json::from_value(metadata[name].clone()).unwrap()
            };
            assert!(list("id_token_signing_alg_values_supported").contains(&"RS256".to_owned()));
            assert_eq!(list("response_types_supported"), ["code"]);
            assert_eq!(list("code_challenge_methods_supported"), ["S256"]);
            assert!(list("scopes_supported").contains(&"openid".to_owned()));
            assert!(!list("claims_supported").is_empty());
            for flag in [
                "authorization_response_iss_parameter_supported",
                "backchannel_logout_supported",
                "backchannel_logout_session_supported",
                "claims_parameter_supported",
            ] {
                assert_eq!(metadata[flag], true, "{flag}");
            }
            for flag in ["request_parameter_supported", "request_uri_parameter_supported"] {
                assert_eq!(metadata[flag], false, "{flag}");
            }
        }
    }
);

on_both!(
    ///
    keys_are_public_distinct_and_sm2_stands_apart,
    |provider| {
        let browser = Browser::new();
        let [jwks, with_sm2] = ["/oauth2/jwks", "/oauth2/jwks/sm2"].map(|path| provider.url(path));
        let (jwks, with_sm2) = (browser.get(&jwks).await, browser.get(&with_sm2).await);
        for page in [&jwks, &with_sm2] {
            assert_eq!(page.header("cache-control"), "public, max-age=300", "{}", page.url);
        }
        let (jwks, with_sm2) = (jwks.json(), with_sm2.json());

        let keys = jwks["keys"].as_array().unwrap();
        let kids: BTreeSet<_> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
        assert_eq!(kids.len(), keys.len());
        for key in keys.iter().chain(with_sm2["keys"].as_array().unwrap()) {
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
                assert!(key.get(private).is_none(), "{private}");
            }
        }
        assert!(keys.iter().all(|key| key["crv"] != "SM2"));
        assert_eq!(with_sm2["keys"].as_array().unwrap().len(), keys.len() + 1);
    }
);

on_both!(
    /// A-32, oidcc-server-rotate-keys: every token verifies before, during and after a rotation.
    rotated_keys_leave_older_tokens_verifiable,
    |provider| {
        let person = Person::synthetic(1);
        provider.add_person(&person).await;
        let (browser, web1) = (Browser::new(), RelyingParty::new(&provider, "web1"));
        let kid = |jwt: &str| header(jwt)["kid"].as_str().unwrap().to_owned();
        let landing = web1.log_in(&browser, &person, &[]).await;
        let before = web1.redeem(landing.code()).await.json();
        let before = before["id_token"].as_str().unwrap();

        rotate(&provider).await;
        let landing = web1.log_in(&browser, &person, &[("id_token_hint", before)]).await;
        let after = web1.redeem(landing.code()).await.json();
        let after = after["id_token"].as_str().unwrap();

        assert_ne!(kid(before), kid(after));
        let jwks = browser.get(&provider.url("/oauth2/jwks")).await.body;
        assert!(jwks.contains(&kid(before)) && jwks.contains(&kid(after)));
        assert_eq!(claims(before)["sub"], claims(after)["sub"]);
    }
);

async fn rotate(provider: &crate::support::TestProvider) {
    let context = yihao::domain::request_context::RequestContext::internal("test");
    let inner = &provider.provider;
    let record = yihao::audit::key_record(&inner.vault, &inner.clock, &context);
    for _ in 0..2 {
        let now = inner.clock.now();
        inner.keyring.advance(&inner.store, true, now, &record).await.unwrap();
    }
}
