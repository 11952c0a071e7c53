//! Tests of keys and sets of keys as other parties publish them.

use crate::crypto::base64url;
use crate::jose::Algorithm;
use crate::jose::DEFAULT_KEY_LIMIT;
use crate::jose::JoseError;
use crate::jose::JwkSet;
use crate::jose::PublicKey;
use crate::jose::SigningKey;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

fn jwk(algorithm: Algorithm) -> Map<String, Value> {
    SigningKey::generate(algorithm).unwrap().public_key().to_jwk()
}

/// A key with one member set, or taken away where the value is null.
fn with(mut jwk: Map<String, Value>, name: &str, value: Value) -> Map<String, Value> {
    match value {
        Value::Null => jwk.remove(name),
        value => jwk.insert(name.to_owned(), value),
    };
    jwk
}

fn parse_set(keys: &[Map<String, Value>]) -> Result<JwkSet, JoseError> {
    JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes(), DEFAULT_KEY_LIMIT)
}

#[test]
fn what_we_publish_is_read_back() {
    for algorithm in Algorithm::ALL {
        let jwk = jwk(algorithm);
        let key = PublicKey::from_jwk(&jwk).unwrap();
        assert_eq!(key.to_jwk(), jwk);
        assert_eq!(
            (jwk["alg"].as_str(), jwk["use"].as_str()),
            (Some(algorithm.as_str()), Some("sig"))
        );
        assert_eq!(jwk["kid"], key.thumbprint());
    }
}

#[test]
fn private_and_symmetric_keys_are_refused_even_where_the_rest_would_be_skipped() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
        let private = with(jwk(Algorithm::Es256), name, json!("AAAA"));
        assert_eq!(PublicKey::from_jwk(&private).unwrap_err(), JoseError::NotPublic, "{name}");
        let unused = with(private, "use", json!("enc"));
        assert_eq!(parse_set(&[unused]).unwrap_err(), JoseError::NotPublic, "{name}");
    }
    let symmetric = Map::from_iter([("kty".to_owned(), json!("oct"))]);
    assert_eq!(parse_set(&[symmetric]).unwrap_err(), JoseError::NotPublic);
}

#[test]
fn keys_for_other_uses_or_of_unknown_kinds_are_left_out_of_a_set() {
    let good = jwk(Algorithm::Es256);
    for (name, value) in [
        ("use", json!("enc")),
        ("key_ops", json!(["encrypt"])),
        ("key_ops", json!([])),
        ("alg", json!("ES384")),
        ("alg", json!("ECDH-ES")),
        ("kty", json!("AKP")),
        ("crv", json!("P-384")),
        ("crv", json!("secp256k1")),
    ] {
        let other = with(jwk(Algorithm::Es256), name, value.clone());
        let set = parse_set(&[other.clone(), good.clone()]).unwrap();
        assert_eq!(set.keys().len(), 1, "{name} {value}");
        assert_eq!(set.keys()[0].kid(), good["kid"]);
        assert!(matches!(PublicKey::from_jwk(&other), Err(JoseError::Key(_))), "{name} {value}");
    }
    let verifying = with(good, "key_ops", json!(["sign", "verify"]));
    assert_eq!(parse_set(&[verifying]).unwrap().keys().len(), 1);
}

#[test]
fn broken_keys_spoil_the_set() {
    let ec = || jwk(Algorithm::Es256);
    let rsa = || jwk(Algorithm::Rs256);
    let long_modulus = base64url::encode(vec![0xff; 8192]);
    for broken in [
        with(ec(), "kty", Value::Null),
        with(ec(), "crv", Value::Null),
        with(ec(), "y", Value::Null),
        with(ec(), "x", json!(1)),
        with(ec(), "x", json!("AAAA")),
        with(ec(), "x", json!(base64url::encode([0xff; 32]))),
        with(ec(), "y", json!(base64url::encode([0; 32]))),
        with(ec(), "alg", json!("RS256")),
        with(ec(), "alg", json!("SM2")),
        with(ec(), "alg", json!(7)),
        with(ec(), "kid", json!(7)),
        with(ec(), "use", json!(["sig"])),
        with(ec(), "key_ops", json!("verify")),
        with(ec(), "key_ops", json!([1])),
        with(jwk(Algorithm::Sm2), "crv", json!("P-256")),
        with(jwk(Algorithm::EdDsa), "x", json!(base64url::encode([1; 31]))),
        with(rsa(), "n", Value::Null),
        with(rsa(), "n", json!("")),
        with(rsa(), "n", json!(long_modulus)),
        with(rsa(), "e", json!("AQ")),
        with(rsa(), "e", json!("AQAAAAAAAAAA")),
        with(rsa(), "e", json!("AAEAAQ")),
        with(rsa(), "alg", json!("EdDSA")),
    ] {
        assert!(parse_set(&[jwk(Algorithm::EdDsa), broken.clone()]).is_err(), "{broken:?}");
    }
}

#[test]
fn sets_are_bounded_and_every_kid_is_there_once() {
    let keys: Vec<_> = (0..=DEFAULT_KEY_LIMIT).map(|_| jwk(Algorithm::EdDsa)).collect();
    assert!(parse_set(&keys[1..]).is_ok());
    assert_eq!(parse_set(&keys).unwrap_err(), JoseError::TooManyKeys);
    assert_eq!(
        parse_set(&[keys[0].clone(), keys[0].clone()]).unwrap_err(),
        JoseError::DuplicateKid
    );
    let long = format!("{{\"keys\":[]{}}}", " ".repeat(70_000));
    assert_eq!(JwkSet::parse(long.as_bytes(), 10).unwrap_err(), JoseError::TooLong);
}

#[test]
fn a_set_is_an_object_with_an_array_of_objects() {
    for text in ["[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[],"keys":[]}"#] {
        assert!(JwkSet::parse(text.as_bytes(), 10).is_err(), "{text}");
    }
    assert!(JwkSet::parse(br#"{"keys":[]}"#, 10).unwrap().keys().is_empty());
}

#[test]
fn duplicate_members_of_a_key_are_refused() {
    let text = Value::Object(jwk(Algorithm::Es256)).to_string();
    let twice = text.replacen("\"kty\":", "\"kty\":\"RSA\",\"kty\":", 1);
    assert_eq!(PublicKey::parse(twice.as_bytes()).unwrap_err(), JoseError::Json);
    assert!(PublicKey::parse(text.as_bytes()).is_ok());
}
