//! Signatures and signed tokens.

use divan::Bencher;
use divan::black_box;
use serde_json::Value;
use serde_json::json;
use yihao::jose::Algorithm;
use yihao::jose::Expected;
use yihao::jose::JwkSet;
use yihao::jose::SigningKey;

const TYPE: &str = "JWT";

fn claims() -> Value {
    json!({
        "iss": "https://id.example.gov.cn", "sub": "8Jv0yqYk3m1r7b1kLxq0Zc2s5tq",
        "aud": "portal", "iat": 1_800_000_000, "exp": 1_800_000_600,
        "auth_time": 1_800_000_000, "nonce": "n-0S6_WzA2Mj", "amr": ["pwd"],
        "acr": "urn:yihao:acr:1", "sid": "s", "at_hash": "77QmUPtjPfzWtF2AnpK9RQ",
    })
}

#[divan::bench(args = Algorithm::ALL)]
fn sign(bencher: Bencher, algorithm: Algorithm) {
    let key = SigningKey::generate(algorithm).unwrap();
    bencher.bench(|| key.sign(black_box(&[7; 400])));
}

#[divan::bench(args = Algorithm::ALL)]
fn verify(bencher: Bencher, algorithm: Algorithm) {
    let key = SigningKey::generate(algorithm).unwrap();
    let signature = key.sign(&[7; 400]).unwrap();
    let public = key.public_key();
    assert!(public.verify(algorithm, &[7; 400], &signature));
    bencher.bench(|| public.verify(algorithm, black_box(&[7; 400]), &signature));
}

#[divan::bench]
fn sign_jwt_es256(bencher: Bencher) {
    let (key, claims) = (SigningKey::generate(Algorithm::Es256).unwrap(), claims());
    bencher.bench(|| yihao::jose::sign_jwt(&key, TYPE, black_box(&claims)));
}

#[divan::bench]
fn verify_jwt_es256(bencher: Bencher) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let token = yihao::jose::sign_jwt(&key, TYPE, &claims()).unwrap();
    let keys = JwkSet::from_keys([key.public_key().clone()]).unwrap();
    let expected = Expected { algorithms: &[Algorithm::Es256], types: &[Some(TYPE)] };
    bencher.bench(|| yihao::jose::verify_jwt(black_box(&token), &keys, &expected).unwrap());
}
