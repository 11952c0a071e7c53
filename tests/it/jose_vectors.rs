//! Published vectors for `jose`: Wycheproof's JWS and JWK files, RFC 7638, RFC 8037, and SM2 in JOSE.
//!
//! Every case runs with every algorithm of ours allowed. Wycheproof also calls tokens valid whose
//! algorithms we do not have; those must be refused, and the numbers are asserted.

#![expect(clippy::unwrap_used, reason = "a malformed vector should stop the test")]

use proptest::prelude::any;
use proptest::prelude::proptest;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use yihao::jose::Algorithm;
use yihao::jose::DEFAULT_KEY_LIMIT;
use yihao::jose::Expected;
use yihao::jose::JoseError;
use yihao::jose::JwkSet;
use yihao::jose::PublicKey;
use yihao::jose::SigningKey;
use yihao::jose::VerifiedJws;
use yihao::jose::sign_jwt;
use yihao::jose::unverified_claims;
use yihao::jose::verify_jws;
use yihao::jose::verify_jwt;

const SM2: &str = include_str!("../vectors/sm2.json");
const JWS: &str = include_str!("../vectors/json_web_signature_test.json");
const JWK: &str = include_str!("../vectors/json_web_key_test.json");

/// Every algorithm of ours, and tokens with no `typ` or the common one.
const ANYTHING: Expected<'_> =
    Expected { algorithms: &Algorithm::ALL, types: &[None, Some("JWT")] };

fn document(file: &str) -> Value {
    serde_json::from_str(file).unwrap()
}

fn key_set(keys: &Value) -> Result<JwkSet, JoseError> {
    JwkSet::parse(keys.to_string().as_bytes(), DEFAULT_KEY_LIMIT)
}

fn verify(token: &Value, keys: &Value) -> Result<VerifiedJws, JoseError> {
    verify_jws(token.as_str().unwrap(), &key_set(keys)?, &ANYTHING)
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn wycheproof_signatures_are_judged_as_it_says() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for group in document(JWS)["testGroups"].as_array().unwrap() {
        // A group without a public key is about HMAC, whose keys are refused as a whole.
        let key = group.get("public").unwrap_or(&group["private"]);
        let keys = json!({ "keys": [key] });
        for test in group["tests"].as_array().unwrap() {
            let verified = verify(&test["jws"], &keys);
            let outcome = match (test["result"] == "valid", &verified) {
                (true, Ok(_)) => "valid and accepted",
                (true, Err(JoseError::NotPublic)) => "valid under a symmetric key, refused",
                (true, Err(JoseError::Algorithm)) => "valid in an algorithm not ours, refused",
                (false, Err(_)) => "invalid and refused",
                _ => panic!("{} {}: {verified:?}", test["tcId"], test["comment"]),
            };
            *counts.entry(outcome).or_default() += 1;
        }
    }
    let expected = [
        ("invalid and refused", 355),
        ("valid and accepted", 16),
        ("valid in an algorithm not ours, refused", 20),
        ("valid under a symmetric key, refused", 10),
    ];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn wycheproof_key_sets_are_judged_as_it_says() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for group in document(JWK)["testGroups"].as_array().unwrap() {
        assert_eq!(key_set(&group["private"]).unwrap_err(), JoseError::NotPublic);
        let keys = group.get("public").unwrap_or(&group["private"]);
        for test in group["tests"].as_array().unwrap() {
            let verified = verify(&test["jws"], keys);
            let outcome = match (test["result"] == "valid", &verified) {
                (true, Ok(_)) => "valid and accepted",
                (true, Err(JoseError::NotPublic)) => "valid under a symmetric key, refused",
                (false, Err(_)) => "invalid and refused",
                _ => panic!("{} {}: {verified:?}", test["tcId"], test["comment"]),
            };
            *counts.entry(outcome).or_default() += 1;
        }
    }
    let expected = [
        ("invalid and refused", 21),
        ("valid and accepted", 1),
        ("valid under a symmetric key, refused", 4),
    ];
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn wycheproof_weak_keys_are_refused_for_their_own_reasons() {
    let reasons: Vec<JoseError> = document(JWK)["testGroups"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|group| group.get("public"))
        .filter_map(|keys| key_set(keys).err())
        .collect();
    assert_eq!(
        reasons,
        [
            JoseError::Key("the modulus can be factored"),
            JoseError::Key("the modulus does not have 2048 to 4096 bits"),
            JoseError::Key("the exponent is not 65537"),
            JoseError::Key("the point is not on P-256"),
            JoseError::Key("a member of the key is missing"),
        ]
    );
}

#[test]
fn sm2_tokens_are_judged_as_the_file_says() {
    let document = document(SM2);
    let mut accepted = 0;
    let cases = document["jws"].as_array().unwrap();
    for case in cases {
        let key = document["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|key| key["name"] == case["key"])
            .unwrap();
        let verified = verify(&case["token"], &json!({ "keys": [key["jwk_public"]] }));
        assert_eq!(verified.is_ok(), case["valid"].as_bool().unwrap(), "{case}: {verified:?}");
        accepted += usize::from(verified.is_ok());
    }
    assert_eq!((cases.len(), accepted), (15, 1));
}

#[test]
fn sm2_keys_have_the_thumbprints_of_the_file_and_private_ones_are_refused() {
    let document = document(SM2);
    let keys = document["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for case in keys {
        let key = PublicKey::from_jwk(&object(&case["jwk_public"])).unwrap();
        assert_eq!(key.thumbprint(), case["jwk_thumbprint_sha256"]);
        assert_eq!(key.kid(), key.thumbprint());
        let private = PublicKey::from_jwk(&object(&case["jwk_private"]));
        assert_eq!(private.unwrap_err(), JoseError::NotPublic);
    }
}

#[test]
fn bad_sm2_keys_are_refused() {
    let document = document(SM2);
    let cases = document["jwk_invalid"].as_array().unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        assert!(PublicKey::from_jwk(&object(&case["jwk"])).is_err(), "{}", case["name"]);
        assert!(key_set(&json!({ "keys": [case["jwk"]] })).is_err(), "{}", case["name"]);
    }
}

#[test]
fn the_example_of_rfc_7638_has_its_thumbprint() {
    let jwk = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS\
              oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65\
              YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr\
              dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK\
              nqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29"
    });
    let key = PublicKey::from_jwk(&object(&jwk)).unwrap();
    assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(key.kid(), "2011-04-29");
}

#[test]
fn the_example_of_rfc_8037_verifies() {
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    });
    let token = json!(
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PG\
         cvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
    let verified = verify(&token, &json!({ "keys": [jwk] })).unwrap();
    assert_eq!(verified.payload, b"Example of Ed25519 signing");
    let key = PublicKey::from_jwk(&object(&jwk)).unwrap();
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

proptest! {
    #[test]
    fn arbitrary_tokens_never_panic_and_never_verify(
        text: String, header in "[A-Za-z0-9_-]{0,40}", payload in "[A-Za-z0-9_.-]{0,40}",
    ) {
        let keys = JwkSet::default();
        for token in [text.clone(), format!("{header}.{payload}.{header}")] {
            assert!(verify_jws(&token, &keys, &ANYTHING).is_err());
            let _ = unverified_claims(&token);
        }
    }

    #[test]
    fn arbitrary_keys_never_panic(
        json in any::<Vec<u8>>(),
        kty in "EC|RSA|OKP|oct|X", crv in "P-256|SM2|Ed25519|P-384", coordinate in any::<[u8; 32]>(),
        n in any::<Vec<u8>>(), alg in "RS256|SM2|HS256|",
    ) {
        use yihao::crypto::base64url::encode;
        let _ = JwkSet::parse(&json, DEFAULT_KEY_LIMIT);
        let _ = PublicKey::parse(&json);
        let point = encode(coordinate);
        let jwk = json!({
            "kty": kty, "crv": crv, "x": point, "y": point, "n": encode(n), "e": "AQAB", "alg": alg,
        });
        let _ = key_set(&json!({ "keys": [jwk] }));
    }

    #[test]
    fn claims_come_back_as_they_were_signed(
        name in "[a-z]{1,8}", text: String, number: i64, list: Vec<String>,
    ) {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let keys = JwkSet::from_keys([key.public_key().clone()]).unwrap();
        let claims = json!({ name: text, "N": number, "L": list });
        let token = sign_jwt(&key, "JWT", &claims).unwrap();
        if token.len() <= yihao::jose::MAX_TOKEN_LENGTH {
            let verified = verify_jwt(&token, &keys, &ANYTHING).unwrap();
            assert_eq!(Value::Object(verified.claims.into_map()), claims);
        }
    }

    #[test]
    fn a_token_with_any_character_changed_is_refused(position: usize, with in "[A-Za-z0-9_.=-]") {
        let key = SigningKey::generate(Algorithm::EdDsa).unwrap();
        let keys = JwkSet::from_keys([key.public_key().clone()]).unwrap();
        let token = sign_jwt(&key, "JWT", &json!({ "sub": "x" })).unwrap();
        let position = position % token.len();
        let mut changed = token.clone();
        changed.replace_range(position..=position, &with);
        assert_eq!(verify_jws(&changed, &keys, &ANYTHING).is_ok(), changed == token);
    }
}
