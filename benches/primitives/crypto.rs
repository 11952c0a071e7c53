//! Hashes, seals, encodings and passwords.

use divan::Bencher;
use divan::black_box;
use yihao::crypto::base64url;
use yihao::crypto::digest;
use yihao::crypto::mac::MacKey;
use yihao::crypto::password::PasswordHasher;
use yihao::crypto::password::Profile;
use yihao::crypto::random;
use yihao::crypto::seal::SealingKeys;
use zeroize::Zeroizing;

#[divan::bench(args = [64, 256, 1024])]
fn sm3(bencher: Bencher, length: usize) {
    let message = vec![7; length];
    bencher.bench(|| digest::sm3(black_box(&message)));
}

#[divan::bench(args = [64, 256, 1024])]
fn hmac_sm3(bencher: Bencher, length: usize) {
    let (key, message) = (MacKey::new(b"key"), vec![7; length]);
    bencher.bench(|| key.tag(black_box(&message)));
}

fn sealing_keys() -> SealingKeys {
    SealingKeys::new(1, [(1, Zeroizing::new([7; 16]))]).unwrap()
}

#[divan::bench(args = [256, 1024])]
fn sm4_gcm_seal(bencher: Bencher, length: usize) {
    let (keys, text) = (sealing_keys(), vec![7; length]);
    bencher.bench(|| keys.seal(b"purpose", black_box(&text)));
}

#[divan::bench(args = [256, 1024])]
fn sm4_gcm_open(bencher: Bencher, length: usize) {
    let keys = sealing_keys();
    let sealed = keys.seal(b"purpose", &vec![7; length]);
    bencher.bench(|| keys.open(b"purpose", black_box(&sealed)));
}

/// A person's own key is opened and scheduled for every look at the profile.
#[divan::bench]
fn sm4_gcm_key_schedule() -> SealingKeys {
    sealing_keys()
}

#[divan::bench]
fn base64url_encode_256(bencher: Bencher) {
    bencher.bench(|| base64url::encode(black_box([7; 256])));
}

#[divan::bench]
fn base64url_decode_256(bencher: Bencher) {
    let text = base64url::encode([7; 256]);
    bencher.bench(|| base64url::decode(black_box(&text)));
}

#[divan::bench]
fn random_token() -> String {
    random::token()
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn password_argon2id(bencher: Bencher) {
    let hasher = PasswordHasher::new(Profile::ARGON2ID, b"pepper").unwrap();
    bencher.bench(|| hasher.hash(black_box(b"correct horse battery staple")));
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn password_gm(bencher: Bencher) {
    let hasher = PasswordHasher::new(Profile::GM, b"pepper").unwrap();
    bencher.bench(|| hasher.hash(black_box(b"correct horse battery staple")));
}
