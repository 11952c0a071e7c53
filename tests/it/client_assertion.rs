//! Client assertions (RFC 7523 §3, RFC 7515 §4.1, RFC 8725 §3, FAPI 2.0 §5.3.2.1; security.md A-20).

use serde_json::Value;
use serde_json::json;
use yihao::jose::Algorithm;
use yihao::jose::SigningKey;

use crate::on_both;
use crate::support::RelyingParty;
use crate::support::fixture::assertion_key;
use crate::support::relying_party::assert_invalid_client;
use crate::support::relying_party::asserted;
use crate::support::relying_party::hs256;
use crate::support::relying_party::is_accepted;
use crate::support::relying_party::jwt;
use crate::support::relying_party::public_key_texts;

/// A fresh assertion of `web2` with this header and a true signature by this key.
fn signed(web2: &RelyingParty, key: &SigningKey, header: &Value) -> String {
    let payload = web2.assertion_claims(&json!({})).to_string();
    jwt(header, &payload, |message| key.sign(message).unwrap())
}

/// The header every assertion of `web2` has, with these changes.
fn header(change: Value) -> Value {
    let mut header = json!({ "alg": "ES256", "kid": assertion_key().kid(), "typ": "JWT" });
    let Value::Object(change) = change else { panic!("an object") };
    header.as_object_mut().unwrap().extend(change);
    header
}

fn stranger() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
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
            json!({ "aud": [provider.issuer] }),
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
    /// a header that the client's own key has signed, one member changed at a time. `at+jwt` is a type
    /// of another kind of token, which no policy lets through.
    an_assertion_with_another_header_is_refused,
    |provider| {
        let web2 = RelyingParty::new(&provider, "web2");
        let (own, evil) = (assertion_key(), stranger());
        let others = json!({ "keys": [evil.public_jwk()] });
        provider.change_client("web1", |client| client.jwks = Some(others)).await;
        for good in [
            json!({}),
            json!({ "typ": "client-authentication+jwt" }),
            json!({ "cty": "x", "unknown": 1 }),
        ] {
            let page = asserted(&provider, &signed(&web2, own, &header(good.clone()))).await;
            assert!(is_accepted(&page), "{good}: {}", page.body);
        }
        for bad in [
            json!({ "crit": ["exp"] }),
            json!({ "crit": ["foo"], "foo": 1 }),
            json!({ "crit": [] }),
            json!({ "b64": false }),
            json!({ "b64": false, "crit": ["b64"] }),
            json!({ "jku": "http://127.0.0.1:9999/jwks" }),
            json!({ "x5u": "http://127.0.0.1:9999/x5u" }),
            json!({ "jwk": own.public_jwk() }),
            json!({ "x5c": ["MIIB"] }),
            json!({ "typ": "at+jwt" }),
            json!({ "typ": "logout+jwt" }),
            json!({ "kid": "../../x" }),
            json!({ "kid": "' or 1=1--" }),
            json!({ "kid": "k".repeat(5_000) }),
            json!({ "kid": evil.kid() }),
            json!({ "kid": 1 }),
            json!({ "alg": "none" }),
            json!({ "alg": "None" }),
            json!({ "alg": "nOnE" }),
            json!({ "alg": "RS256" }),
            json!({ "alg": "es256" }),
            json!({ "alg": null }),
        ] {
            let page = asserted(&provider, &signed(&web2, own, &header(bad.clone()))).await;
            assert_invalid_client(&page, &bad.to_string());
        }
    }
);

on_both!(
    /// an assertion that is right in everything but whose key signed it: nothing about the key is taken
    /// from the token.
    an_assertion_by_another_key_is_refused,
    |provider| {
        let web2 = RelyingParty::new(&provider, "web2");
        let evil = stranger();
        let others = json!({ "keys": [evil.public_jwk()] });
        provider.change_client("web1", |client| client.jwks = Some(others)).await;
        for change in [
            json!({}),
            json!({ "kid": evil.kid() }),
            json!({ "kid": null }),
            json!({ "jwk": evil.public_jwk() }),
            json!({ "jwk": evil.public_jwk(), "kid": evil.kid() }),
            json!({ "jku": "http://127.0.0.1:9999/jwks", "kid": evil.kid() }),
        ] {
            let mut header = header(change);
            header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            let page = asserted(&provider, &signed(&web2, &evil, &header)).await;
            assert_invalid_client(&page, &header.to_string());
        }
        let rsa = SigningKey::generate(Algorithm::Rs256).unwrap();
        let page = asserted(&provider, &signed(&web2, &rsa, &header(json!({ "alg": "RS256" })))).await;
        assert_invalid_client(&page, "RS256 by an RSA key");
        let payload = web2.assertion_claims(&json!({})).to_string();
        for secret in public_key_texts(&assertion_key().public_jwk()) {
            for alg in ["HS256", "ES256"] {
                let header = header(json!({ "alg": alg }));
                let forged = jwt(&header, &payload, |message| hs256(&secret, message));
                assert_invalid_client(&asserted(&provider, &forged).await, alg);
            }
        }
    }
);

on_both!(
    /// a signature is 64 bytes in base64url and nothing else; a payload says each thing once.
    an_assertion_in_another_shape_is_refused,
    |provider| {
        let (web2, own) = (RelyingParty::new(&provider, "web2"), assertion_key());
        let payload = web2.assertion_claims(&json!({})).to_string();
        let shaped = |shape: &dyn Fn(Vec<u8>) -> Vec<u8>| {
            jwt(&header(json!({})), &payload, |message| shape(own.sign(message).unwrap()))
        };
        let good = shaped(&|signature| signature);
        let twice = |first: &str| payload.replacen('{', &format!("{{\"sub\":\"{first}\","), 1);
        let saying = |payload: &str| {
            jwt(&header(json!({})), payload, |message| own.sign(message).unwrap())
        };
        let (head, signature) = good.rsplit_once('.').unwrap();
        let broken = [
            ("DER", shaped(&|signature| der(&signature))),
            ("65 bytes", shaped(&|signature| [signature, vec![0]].concat())),
            ("63 bytes", shaped(&|signature| signature[..63].to_vec())),
            ("r=0, s=0", shaped(&|_| vec![0; 64])),
            ("no bytes", shaped(&|_| Vec::new())),
            ("`sub` twice, the other first", saying(&twice("web1"))),
            ("`sub` twice, the same", saying(&twice("web2"))),
            ("bytes behind the object", saying(&format!("{payload}x"))),
            ("a letter more", format!("{good}A")),
            ("padding", format!("{good}=")),
            ("a part more", format!("{good}.x")),
            ("a blank", format!("{head}. {signature}")),
            ("dots", ".".repeat(4000)),
        ];
        for (what, assertion) in &broken {
            assert_invalid_client(&asserted(&provider, assertion).await, what);
        }
        let page = asserted(&provider, &good).await;
        assert!(is_accepted(&page), "what was changed is the only thing wrong: {}", page.body);
    }
);

/// The two numbers of an ECDSA signature as X.509 writes them.
fn der(signature: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
        let mut number = bytes[start..].to_vec();
        if number[0] >= 0x80 {
            number.insert(0, 0);
        }
        [vec![2, u8::try_from(number.len()).unwrap()], number].concat()
    };
    let numbers = [number(&signature[..32]), number(&signature[32..])].concat();
    [vec![0x30, u8::try_from(numbers.len()).unwrap()], numbers].concat()
}

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
