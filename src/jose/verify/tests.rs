//! Tests of the strict parser: what a forger, or a careless library, would send.

use super::Expected;
use super::MAX_TOKEN_LENGTH;
use super::unverified_claims;
use super::verify_jwt;
use crate::crypto::base64url;
use crate::crypto::sm2;
use crate::jose::Algorithm;
use crate::jose::JoseError;
use crate::jose::JwkSet;
use crate::jose::SigningKey;
use crate::jose::sign_jwt;
use serde_json::json;

const JWT: Expected<'_> = Expected { algorithms: &Algorithm::ALL, types: &[None, Some("JWT")] };

fn key(algorithm: Algorithm) -> SigningKey {
    SigningKey::generate(algorithm).unwrap()
}

fn set(keys: &[&SigningKey]) -> JwkSet {
    JwkSet::from_keys(keys.iter().map(|key| key.public_key().clone())).unwrap()
}

/// A token with a header and a payload as they are given, and a right signature over them.
fn token(key: &SigningKey, header: &str, payload: &str) -> String {
    let signed = format!("{}.{}", base64url::encode(header), base64url::encode(payload));
    let signature = base64url::encode(key.sign(signed.as_bytes()).unwrap());
    format!("{signed}.{signature}")
}

fn refusal(key: &SigningKey, header: &str, payload: &str) -> JoseError {
    verify_jwt(&token(key, header, payload), &set(&[key]), &JWT).unwrap_err()
}

#[test]
fn every_algorithm_verifies_its_own_tokens_and_no_other_key_does() {
    for algorithm in Algorithm::ALL {
        let (own, other) = (key(algorithm), key(algorithm));
        let token = sign_jwt(&own, "at+jwt", &json!({ "sub": "x" })).unwrap();
        let expected = Expected { algorithms: &[algorithm], types: &[Some("at+jwt")] };

        let verified = verify_jwt(&token, &set(&[&other, &own]), &expected).unwrap();
        assert_eq!(verified.claims.string("sub"), Ok(Some("x")));
        assert_eq!(verified.header.kid.as_deref(), Some(own.kid()));
        assert_eq!(verified.header.algorithm, algorithm);
        let unknown = verify_jwt(&token, &set(&[&other]), &expected).unwrap_err();
        assert_eq!(unknown, JoseError::UnknownKey);
        let signature = token.rfind('.').unwrap() + 1;
        assert!(!other.public_key().verify(
            algorithm,
            &token.as_bytes()[..signature - 1],
            &base64url::decode(&token[signature..]).unwrap(),
        ));
    }
}

#[test]
fn only_algorithms_on_the_list_are_accepted() {
    let key = key(Algorithm::Es256);
    let token = sign_jwt(&key, "JWT", &json!({})).unwrap();
    for algorithms in [&[][..], &[Algorithm::Rs256, Algorithm::Sm2]] {
        let expected = Expected { algorithms, types: &[Some("JWT")] };
        assert_eq!(verify_jwt(&token, &set(&[&key]), &expected), Err(JoseError::Algorithm));
    }
}

#[test]
fn names_that_are_no_algorithm_of_ours_are_refused() {
    let key = key(Algorithm::Es256);
    for name in ["none", "None", "nOnE", "HS256", "es256", "ES384", "RS1", "SM3WithSM2", ""] {
        let header = json!({ "alg": name }).to_string();
        assert_eq!(refusal(&key, &header, "{}"), JoseError::Algorithm, "{name}");
    }
    assert_eq!(refusal(&key, "{}", "{}"), JoseError::Header("alg"));
    assert_eq!(refusal(&key, r#"{"alg":["ES256"]}"#, "{}"), JoseError::Header("alg"));
    assert_eq!(refusal(&key, r#"{"alg":"ES256","kid":1}"#, "{}"), JoseError::Header("kid"));
    assert_eq!(refusal(&key, r#"{"alg":"ES256","typ":null}"#, "{}"), JoseError::Header("typ"));
}

#[test]
fn a_key_is_never_used_with_the_algorithm_of_another_kind() {
    let (rsa, pss) = (key(Algorithm::Rs256), key(Algorithm::Ps256));
    let header = format!(r#"{{"alg":"PS256","kid":"{}"}}"#, rsa.kid());
    assert_eq!(refusal(&rsa, &header, "{}"), JoseError::UnknownKey);
    for (algorithm, own) in [(Algorithm::Sm2, "ES256"), (Algorithm::Es256, "SM2")] {
        assert_eq!(
            refusal(&key(algorithm), &format!(r#"{{"alg":"{own}"}}"#), "{}"),
            JoseError::UnknownKey
        );
    }
    // A key without `alg` serves both paddings, yet a signature only the one it was made with.
    let mut jwk = pss.public_key().to_jwk();
    jwk.remove("alg");
    let free = crate::jose::PublicKey::from_jwk(&jwk).unwrap();
    let signature = pss.sign(b"message").unwrap();
    assert!(free.verify(Algorithm::Ps256, b"message", &signature));
    assert!(!free.verify(Algorithm::Rs256, b"message", &signature));
}

#[test]
fn types_are_compared_as_media_types_and_an_unexpected_one_is_refused() {
    let key = key(Algorithm::EdDsa);
    let access_token = Expected { algorithms: &Algorithm::ALL, types: &[Some("at+jwt")] };
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
        let token = sign_jwt(&key, typ, &json!({})).unwrap();
        assert!(verify_jwt(&token, &set(&[&key]), &access_token).is_ok(), "{typ}");
    }
    for typ in ["JWT", "logout+jwt", "", "at+jwt ", "text/at+jwt", "application/application/at+jwt"]
    {
        let token = sign_jwt(&key, typ, &json!({})).unwrap();
        let refused = verify_jwt(&token, &set(&[&key]), &access_token);
        assert_eq!(refused, Err(JoseError::Type), "{typ}");
    }
    let untyped = token(&key, r#"{"alg":"EdDSA"}"#, "{}");
    assert_eq!(verify_jwt(&untyped, &set(&[&key]), &access_token), Err(JoseError::Type));
    assert!(verify_jwt(&untyped, &set(&[&key]), &JWT).is_ok());
}

#[test]
fn parameters_that_would_change_the_rules_are_refused() {
    let key = key(Algorithm::Es256);
    for (name, value) in [
        ("crit", r#"["exp"]"#),
        ("crit", "[]"),
        ("b64", "false"),
        ("b64", "true"),
        ("jku", r#""https://attacker.example/jwks""#),
        ("jwk", "{}"),
        ("x5u", r#""https://attacker.example/""#),
        ("x5c", "[]"),
        ("zip", r#""DEF""#),
        ("enc", r#""A128GCM""#),
    ] {
        let header = format!(r#"{{"alg":"ES256","{name}":{value}}}"#);
        assert_eq!(refusal(&key, &header, "{}"), JoseError::Header(name), "{name}");
    }
    // RFC 7515 §4: what is not understood and not critical is ignored.
    let header = r#"{"alg":"ES256","x5t":"AAAA","cty":"JWT","extra":{"a":1}}"#;
    assert!(verify_jwt(&token(&key, header, "{}"), &set(&[&key]), &JWT).is_ok());
}

#[test]
fn duplicate_members_are_refused_in_header_and_claims() {
    let key = key(Algorithm::Es256);
    assert_eq!(refusal(&key, r#"{"alg":"ES256","alg":"ES256"}"#, "{}"), JoseError::Json);
    assert_eq!(refusal(&key, r#"{"alg":"ES256"}"#, r#"{"sub":"a","sub":"b"}"#), JoseError::Json);
    let nested = r#"{"act":{"sub":"a","sub":"b"}}"#;
    assert_eq!(refusal(&key, r#"{"alg":"ES256"}"#, nested), JoseError::Json);
}

#[test]
fn claims_are_one_json_object() {
    let key = key(Algorithm::Es256);
    for payload in ["", "null", "[]", "\"text\"", "{} {}", "{", "\u{feff}{}"] {
        assert_eq!(refusal(&key, r#"{"alg":"ES256"}"#, payload), JoseError::Json, "{payload}");
    }
    assert!(sign_jwt(&key, "JWT", &"text").is_err());
    assert!(sign_jwt(&key, "JWT", &["array"]).is_err());
}

#[test]
fn the_kid_picks_the_key_and_finds_nothing_outside_the_set() {
    let key = key(Algorithm::Es256);
    let long = "x".repeat(5000);
    for kid in ["../../x", "' or 1=1--", "", &long, &key.kid()[1..]] {
        let header = json!({ "alg": "ES256", "kid": kid }).to_string();
        assert_eq!(refusal(&key, &header, "{}"), JoseError::UnknownKey, "{kid}");
    }
}

#[test]
fn without_a_kid_there_must_be_one_candidate() {
    let (first, second, other) =
        (key(Algorithm::Es256), key(Algorithm::Es256), key(Algorithm::EdDsa));
    let token = token(&first, r#"{"alg":"ES256"}"#, "{}");
    assert!(verify_jwt(&token, &set(&[&first, &other]), &JWT).is_ok());
    let ambiguous = verify_jwt(&token, &set(&[&first, &second]), &JWT);
    assert_eq!(ambiguous, Err(JoseError::AmbiguousKey));
    assert_eq!(verify_jwt(&token, &set(&[&other]), &JWT), Err(JoseError::UnknownKey));
}

#[test]
fn the_shape_is_exactly_three_parts_of_strict_base64url() {
    let key = key(Algorithm::Es256);
    let good = token(&key, r#"{"alg":"ES256"}"#, r#"{"a":1}"#);
    assert!(verify_jwt(&good, &set(&[&key]), &JWT).is_ok());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = signed.split_once('.').unwrap();
    for bad in [
        String::new(),
        ".".into(),
        "..".into(),
        signed.into(),
        format!("{good}."),
        format!(".{good}"),
        format!("{good}=="),
        format!("{good} "),
        format!("{good}\n"),
        format!(" {good}"),
        format!("{good}.{signature}.{signature}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}"),
        json!({ "protected": header, "payload": payload, "signature": signature }).to_string(),
    ] {
        let refused = verify_jwt(&bad, &set(&[&key]), &JWT).unwrap_err();
        assert!(matches!(refused, JoseError::Malformed | JoseError::Json), "{bad}: {refused}");
    }
    let bytes = base64url::decode(signature).unwrap();
    for wrong in [&[][..], &bytes[..63], &[&bytes[..], &[0]].concat()] {
        let bad = format!("{signed}.{}", base64url::encode(wrong));
        assert_eq!(verify_jwt(&bad, &set(&[&key]), &JWT), Err(JoseError::Signature), "{bad}");
    }
}

#[test]
fn long_tokens_are_refused_before_any_work() {
    let key = key(Algorithm::EdDsa);
    let claims = |length: usize| json!({ "a": "x".repeat(length) });
    let fits = sign_jwt(&key, "JWT", &claims(5900)).unwrap();
    assert!(fits.len() <= MAX_TOKEN_LENGTH);
    assert!(verify_jwt(&fits, &set(&[&key]), &JWT).is_ok());
    for token in [sign_jwt(&key, "JWT", &claims(6200)).unwrap(), ".".repeat(1_000_000)] {
        assert_eq!(verify_jwt(&token, &set(&[&key]), &JWT), Err(JoseError::TooLong));
        assert_eq!(unverified_claims(&token), Err(JoseError::TooLong));
    }
}

#[test]
fn ecdsa_and_sm2_signatures_are_64_raw_bytes_in_range() {
    for algorithm in [Algorithm::Es256, Algorithm::Sm2] {
        let key = key(algorithm);
        let public = key.public_key();
        let good = key.sign(b"message").unwrap();
        assert!(public.verify(algorithm, b"message", &good));
        let (r, s) = good.split_at(32);
        let der = [&[0x30, 0x44, 2, 32], r, &[2, 32], s].concat();
        let zero_r = [&[0; 32], s].concat();
        let zero_s = [r, &[0; 32]].concat();
        let swapped = [s, r].concat();
        let bad = [der, zero_r, zero_s, swapped, vec![0; 64], vec![0xff; 64], vec![], vec![0; 65]];
        for signature in bad {
            assert!(!public.verify(algorithm, b"message", &signature), "{signature:?}");
        }
    }
}

#[test]
fn unverified_claims_are_read_as_strictly() {
    let key = key(Algorithm::Es256);
    let good = token(&key, r#"{"alg":"ES256"}"#, r#"{"iss":"client"}"#);
    assert_eq!(unverified_claims(&good).unwrap().string("iss"), Ok(Some("client")));
    let none = token(&key, r#"{"alg":"none"}"#, r#"{"iss":"client"}"#);
    assert_eq!(unverified_claims(&none), Err(JoseError::Algorithm));
    let twice = token(&key, r#"{"alg":"ES256"}"#, r#"{"iss":"a","iss":"b"}"#);
    assert_eq!(unverified_claims(&twice), Err(JoseError::Json));
}

#[test]
fn sm2_tokens_use_the_default_user_id() {
    let key = key(Algorithm::Sm2);
    let jwk = key.public_key().to_jwk();
    let coordinate = |name: &str| base64url::decode(jwk[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let signature = key.sign(b"message").unwrap();
    assert!(sm2::VerifyingKey::from_sec1(&point).unwrap().verify(b"message", &signature));
    let other = sm2::VerifyingKey::with_user_id(&point, "").unwrap();
    assert!(!other.verify(b"message", &signature));
}
