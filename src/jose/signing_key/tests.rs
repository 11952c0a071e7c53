//! Tests of private keys: their forms, and what they never show.

use super::KeyModule;
use super::SigningKey;
use crate::jose::Algorithm;
use crate::jose::Expected;
use crate::jose::JoseError;
use crate::jose::JwkSet;
use crate::jose::sign_jwt;
use crate::jose::verify_jwt;
use serde_json::json;
use std::sync::Arc;
use std::thread;

#[test]
fn a_key_survives_pkcs8_and_fits_its_own_kind_only() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let der = key.to_pkcs8().unwrap();
        let again = SigningKey::from_pkcs8(algorithm, &der).unwrap();
        assert_eq!((again.kid(), again.algorithm()), (key.kid(), algorithm));
        let signature = again.sign(b"message").unwrap();
        assert!(key.public_key().verify(algorithm, b"message", &signature));

        let is_rsa = |each| matches!(each, Algorithm::Rs256 | Algorithm::Ps256);
        for other in Algorithm::ALL {
            let fits = other == algorithm || is_rsa(other) && is_rsa(algorithm);
            assert_eq!(SigningKey::from_pkcs8(other, &der).is_ok(), fits, "{algorithm} as {other}");
        }
        assert!(SigningKey::from_pkcs8(algorithm, &der[..der.len() - 1]).is_err());
        assert!(SigningKey::from_pkcs8(algorithm, b"").is_err());
    }
}

#[test]
fn rsa_keys_have_2048_bits_and_the_kid_is_the_thumbprint() {
    let key = SigningKey::generate(Algorithm::Rs256).unwrap();
    let jwk = key.public_jwk();
    assert_eq!(jwk["n"].as_str().unwrap().len(), 342);
    assert_eq!(jwk["kid"], key.public_key().thumbprint());
    assert_eq!(
        (&jwk["e"], &jwk["alg"], &jwk["use"]),
        (&json!("AQAB"), &json!("RS256"), &json!("sig"))
    );
    assert_eq!(key.sign(b"").unwrap().len(), 256);
}

#[test]
fn nothing_private_is_published_or_shown() {
    for algorithm in Algorithm::ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let jwk = key.public_jwk();
        for name in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(jwk.get(name).is_none(), "{algorithm} {name}");
        }
        let shown = format!("{key:?}");
        let expected =
            format!("SigningKey {{ algorithm: {algorithm:?}, kid: {:?}, .. }}", key.kid());
        assert_eq!(shown, expected);
    }
}

#[test]
fn the_header_of_a_token_is_alg_kid_and_typ() {
    let key = SigningKey::generate(Algorithm::Sm2).unwrap();
    let token = sign_jwt(&key, "a\"b", &json!({})).unwrap();
    let header = crate::crypto::base64url::decode(token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header, json!({ "alg": "SM2", "kid": key.kid(), "typ": "a\"b" }));
}

#[test]
fn keys_are_shared_between_threads() {
    let key = Arc::new(SigningKey::generate(Algorithm::Es256).unwrap());
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let key = Arc::clone(&key);
            thread::spawn(move || key.sign(b"message").unwrap())
        })
        .collect();
    for thread in threads {
        assert!(key.public_key().verify(Algorithm::Es256, b"message", &thread.join().unwrap()));
    }
}

/// A module made of software, which is what a test has.
struct SoftModule(SigningKey);

impl KeyModule for SoftModule {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        self.0.sign(message)
    }
}

#[test]
fn a_module_signs_without_giving_its_key_away() {
    let inner = SigningKey::generate(Algorithm::Sm2).unwrap();
    let public = inner.public_key().clone();
    let key = SigningKey::in_module(Algorithm::Sm2, &public, Box::new(SoftModule(inner))).unwrap();

    let token = sign_jwt(&key, "JWT", &json!({})).unwrap();
    let keys = JwkSet::from_keys([public.clone()]).unwrap();
    let expected = Expected { algorithms: &[Algorithm::Sm2], types: &[Some("JWT")] };
    assert!(verify_jwt(&token, &keys, &expected).is_ok());
    assert!(key.to_pkcs8().is_err());

    let inner = SigningKey::generate(Algorithm::Sm2).unwrap();
    let wrong = SigningKey::in_module(Algorithm::Es256, &public, Box::new(SoftModule(inner)));
    assert_eq!(wrong.unwrap_err(), JoseError::Algorithm);
}
