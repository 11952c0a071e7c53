//! Published vectors for `crypto`: GB/T 32905, 32907 and 32918, RFC 8998, and Wycheproof.
//!
//! Every case of every file runs, and the numbers are asserted, so that none is skipped unseen.
//! Where the product does not use a primitive that a file has vectors for (SM2 encryption and KDF,
//! bare SM4 blocks and modes, HKDF with a salt), the test composes it from the same libraries. Two
//! things are left out: SM4-CCM and the SM2 key exchange, which exist nowhere in the product.

#![expect(clippy::unwrap_used, reason = "a malformed vector should stop the test")]

use aes_gcm::KeyInit;
use aes_gcm::Nonce;
use aes_gcm::aead::Aead;
use aes_gcm::aead::Payload;
use aes_gcm::aead::consts::U12;
use hkdf::Hkdf;
use serde_json::Value;
use sm2::pke::DecryptingKey;
use sm2::pke::Mode;
use sm3::Sm3;
use sm4::Sm4;
use sm4::cipher::BlockCipherDecrypt;
use sm4::cipher::BlockCipherEncrypt;
use yihao::crypto::digest;
use yihao::crypto::mac;
use yihao::crypto::mac::MacKey;
use yihao::crypto::seal::Sm4Gcm;
use yihao::crypto::sm2::DEFAULT_USER_ID;
use yihao::crypto::sm2::SigningKey;
use yihao::crypto::sm2::VerifyingKey;

const SM2: &str = include_str!("../vectors/sm2.json");
const SM3: &str = include_str!("../vectors/sm3.json");
const SM4: &str = include_str!("../vectors/sm4.json");
const HMAC_SM3: &str = include_str!("../vectors/hmac_sm3_test.json");
const SM4_GCM: &str = include_str!("../vectors/sm4_gcm_test.json");

/// The cases under a name, which must be exactly so many.
fn cases(file: &str, name: &str, count: usize) -> Vec<Value> {
    let document: Value = serde_json::from_str(file).unwrap();
    let cases = document[name].as_array().unwrap().clone();
    assert_eq!(cases.len(), count, "{name}");
    cases
}

/// The tests of a Wycheproof file, each with the group it stands in.
fn wycheproof(file: &str, count: usize) -> Vec<(Value, Value)> {
    let document: Value = serde_json::from_str(file).unwrap();
    let mut tests = Vec::new();
    for group in document["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            tests.push((group.clone(), test.clone()));
        }
    }
    assert_eq!(tests.len(), count);
    tests
}

fn text<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_else(|| panic!("{name} is missing: {case}"))
}

fn bytes(case: &Value, name: &str) -> Vec<u8> {
    hex::decode(text(case, name)).unwrap()
}

fn array<const N: usize>(case: &Value, name: &str) -> [u8; N] {
    bytes(case, name).try_into().unwrap()
}

fn length(case: &Value, name: &str) -> usize {
    usize::try_from(case[name].as_u64().unwrap()).unwrap()
}

/// Z of GB/T 32918.2 §5.5, from our SM3 and the parameters in the file.
fn identity_hash(user_id: &str, x: &[u8], y: &[u8]) -> [u8; 32] {
    let document: Value = serde_json::from_str(SM2).unwrap();
    let curve = |name| bytes(&document["curve"], name);
    let bits = u16::try_from(user_id.len() * 8).unwrap().to_be_bytes();
    let (a, b, gx, gy) = (curve("a"), curve("b"), curve("gx"), curve("gy"));
    digest::sm3_parts(&[&bits, user_id.as_bytes(), &a, &b, &gx, &gy, x, y])
}

#[test]
fn sm2_keys_are_the_same_in_every_encoding() {
    for case in cases(SM2, "keys", 2) {
        let key = SigningKey::from_scalar(&array(&case, "d")).unwrap();
        let expected = (array(&case, "x"), array(&case, "y"));
        assert_eq!(key.verifying_key().coordinates(), expected);
        for name in ["compressed", "uncompressed"] {
            let public = VerifyingKey::from_sec1(&bytes(&case, name)).unwrap();
            assert_eq!(public.coordinates(), expected, "{name}");
        }
        let der = base64_standard(text(&case, "pkcs8_der_b64"));
        let read = SigningKey::from_pkcs8(&der).unwrap();
        assert_eq!(read.verifying_key().coordinates(), expected);
        assert_eq!(*read.to_pkcs8(), der);
    }
}

#[test]
fn sm2_identity_hashes_match() {
    let keys = cases(SM2, "keys", 2);
    for case in cases(SM2, "za", 3) {
        let key = keys.iter().find(|key| key["name"] == case["key"]).unwrap();
        let hash = identity_hash(text(&case, "user_id_ascii"), &bytes(key, "x"), &bytes(key, "y"));
        assert_eq!(hash, array(&case, "za"));
    }
}

#[test]
fn sm2_signatures_of_the_standard_verify_and_the_demo_curve_is_refused() {
    let (mut production, mut demo) = (0, 0);
    for case in cases(SM2, "sign", 10) {
        let name = text(&case, "name");
        let (x, y) = (array(&case, "x"), array(&case, "y"));
        if text(&case, "curve") != "sm2p256v1" {
            assert!(VerifyingKey::from_coordinates(&x, &y).is_err(), "{name}");
            demo += 1;
            continue;
        }
        let (user_id, message) = (text(&case, "user_id_ascii"), bytes(&case, "message_hex"));
        let za = identity_hash(user_id, &x, &y);
        assert_eq!(za, array(&case, "za"), "{name}");
        assert_eq!(digest::sm3_parts(&[&za, &message]), array(&case, "e"), "{name}");

        let point = [&[4], &x[..], &y[..]].concat();
        let public = VerifyingKey::with_user_id(&point, user_id).unwrap();
        assert!(public.verify(&message, &bytes(&case, "sig_raw")), "{name}");
        assert!(!public.verify(&message, &bytes(&case, "sig_der")), "{name}");

        let private = SigningKey::from_scalar(&array(&case, "d")).unwrap();
        assert_eq!(private.verifying_key().coordinates(), (x, y), "{name}");
        let ours = private.sign(&message);
        assert_eq!(public.verify(&message, &ours), user_id == DEFAULT_USER_ID, "{name}");
        production += 1;
    }
    assert_eq!((production, demo), (9, 1));
}

#[test]
fn sm2_signatures_verify_or_are_refused_as_the_file_says() {
    let mut accepted = 0;
    for case in cases(SM2, "verify", 22) {
        let point = bytes(&case, "public_key_hex");
        let verified =
            VerifyingKey::with_user_id(&point, text(&case, "user_id_ascii")).is_ok_and(|key| {
                key.verify(&bytes(&case, "message_hex"), &bytes(&case, "sig_raw_hex"))
            });
        assert_eq!(verified, case["valid"].as_bool().unwrap(), "{}", case["name"]);
        accepted += usize::from(verified);
    }
    assert_eq!(accepted, 2);
}

#[test]
fn sm2_decryption_reads_the_standard_and_refuses_changes() {
    let decrypting = |case: &Value, mode| {
        let key = DecryptingKey::from_slice(&bytes(case, "d")).unwrap();
        DecryptingKey::new_with_mode(*key.as_nonzero_scalar(), mode)
    };
    let valid = cases(SM2, "encrypt", 2);
    for case in &valid {
        let plaintext = bytes(case, "plaintext_hex");
        let today = decrypting(case, Mode::C1C3C2);
        assert_eq!(today.decrypt(&bytes(case, "c1c3c2")).unwrap(), plaintext);
        assert_eq!(today.decrypt_der(&bytes(case, "asn1_gmt0009")).unwrap(), plaintext);
        let legacy = decrypting(case, Mode::C1C2C3);
        assert_eq!(legacy.decrypt(&bytes(case, "c1c2c3_legacy")).unwrap(), plaintext);
    }
    for case in cases(SM2, "encrypt_invalid", 3) {
        let base = valid.iter().find(|each| each["name"] == case["base"]).unwrap();
        let key = decrypting(base, Mode::C1C3C2);
        assert!(key.decrypt(&bytes(&case, "c1c3c2")).is_err(), "{}", case["name"]);
    }
}

#[test]
fn sm3_digests_match() {
    for case in cases(SM3, "hash", 20) {
        let message = match text(&case, "name") {
            "million-a" => vec![b'a'; 1_000_000],
            _ => bytes(&case, "message_hex"),
        };
        let expected: [u8; 32] = array(&case, "digest");
        assert_eq!(digest::sm3(&message), expected, "{}", case["name"]);
        let (head, tail) = message.split_at(message.len() / 3);
        assert_eq!(digest::sm3_parts(&[head, tail]), expected, "{}", case["name"]);
    }
}

#[test]
fn hmac_sm3_tags_match() {
    for case in cases(SM3, "hmac_sm3", 8) {
        let key = MacKey::new(&bytes(&case, "key_hex"));
        let message = bytes(&case, "message_hex");
        assert_eq!(key.tag(&message), array(&case, "mac"), "{}", case["name"]);
        assert!(key.verify(&message, &bytes(&case, "mac")), "{}", case["name"]);
    }
}

#[test]
fn hkdf_sm3_matches_and_derive_is_hkdf_without_salt() {
    for case in cases(SM3, "hkdf_sm3", 3) {
        let mut okm = vec![0; length(&case, "length")];
        let hkdf = Hkdf::<Sm3>::new(Some(&bytes(&case, "salt_hex")), &bytes(&case, "ikm_hex"));
        hkdf.expand(&bytes(&case, "info_hex"), &mut okm).unwrap();
        assert_eq!(okm, bytes(&case, "okm"), "{}", case["name"]);
        if text(&case, "name") == "no-salt" {
            assert_eq!(mac::derive(&bytes(&case, "ikm_hex"), "")[..], okm[..32]);
        }
    }
}

#[test]
fn pbkdf2_hmac_sm3_matches() {
    for case in cases(SM3, "pbkdf2_hmac_sm3", 4) {
        let mut key = vec![0; length(&case, "length")];
        let iterations = u32::try_from(length(&case, "iterations")).unwrap();
        let (password, salt) = (text(&case, "password_ascii"), text(&case, "salt_ascii"));
        pbkdf2::pbkdf2_hmac::<Sm3>(password.as_bytes(), salt.as_bytes(), iterations, &mut key);
        assert_eq!(key, bytes(&case, "dk"));
    }
}

#[test]
fn sm2_kdf_matches() {
    for case in cases(SM3, "sm2_kdf", 5) {
        let (z, length) = (bytes(&case, "z_hex"), length(&case, "length"));
        let mut output = Vec::new();
        for counter in 1_u32.. {
            output.extend(digest::sm3_parts(&[&z, &counter.to_be_bytes()]));
            if output.len() >= length {
                break;
            }
        }
        assert_eq!(output[..length], bytes(&case, "out"));
    }
}

#[test]
fn sm4_blocks_match() {
    for case in cases(SM4, "block", 3) {
        let cipher = Sm4::new(&array(&case, "key").into());
        let mut block = array::<16>(&case, "plaintext").into();
        for _ in 0..case["iterations"].as_u64().unwrap_or(1) {
            cipher.encrypt_block(&mut block);
        }
        assert_eq!(block[..], bytes(&case, "ciphertext"), "{}", case["name"]);
    }
}

/// The modes of GB/T 17964 in a few lines: only these vectors need them.
fn encrypt_in_mode(case: &Value) -> Vec<u8> {
    let cipher = Sm4::new(&array(case, "key").into());
    let mut plaintext = bytes(case, "plaintext");
    if case["padding"] == "pkcs7" {
        let padding = 16 - plaintext.len() % 16;
        plaintext.extend(vec![u8::try_from(padding).unwrap(); padding]);
    }
    let mut chain = case["iv"].as_str().map_or([0; 16], |_| array(case, "iv"));
    let mut output = Vec::new();
    for chunk in plaintext.chunks(16) {
        let mut block = match text(case, "mode") {
            "ECB" => <[u8; 16]>::try_from(chunk).unwrap(),
            "CBC" => std::array::from_fn(|index| chain[index] ^ chunk[index]),
            "CTR" => chain,
            other => panic!("{other}"),
        }
        .into();
        cipher.encrypt_block(&mut block);
        if text(case, "mode") == "CTR" {
            chain = u128::from_be_bytes(chain).wrapping_add(1).to_be_bytes();
            output.extend(chunk.iter().zip(block).map(|(left, right)| left ^ right));
        } else {
            chain = block.into();
            output.extend(block);
        }
    }
    output
}

#[test]
fn sm4_modes_match() {
    for case in cases(SM4, "modes", 7) {
        let ciphertext = hex::encode(encrypt_in_mode(&case));
        assert_eq!(ciphertext, text(&case, "ciphertext"), "{}", case["mode"]);
    }
}

#[test]
fn sm4_cbc_padding_of_the_bad_cases_is_bad() {
    for case in cases(SM4, "padding_invalid", 3) {
        let mut block = array::<16>(&case, "ciphertext").into();
        Sm4::new(&array(&case, "key").into()).decrypt_block(&mut block);
        let plain: Vec<u8> = block.iter().zip(bytes(&case, "iv")).map(|(a, b)| a ^ b).collect();
        let padding = usize::from(plain[15]);
        let good = (1..=16).contains(&padding)
            && plain[16 - padding..].iter().all(|byte| usize::from(*byte) == padding);
        assert!(!good, "{}", case["reason"]);
    }
}

/// Opens with the very cipher type that `seal` uses.
fn open(case: &Value, ciphertext: &str) -> Option<Vec<u8>> {
    let nonce = Nonce::<U12>::try_from(&bytes(case, "iv")[..]).ok()?;
    let sealed = [bytes(case, ciphertext), bytes(case, "tag")].concat();
    let payload = Payload { msg: &sealed, aad: &bytes(case, "aad") };
    Sm4Gcm::new(&array(case, "key").into()).decrypt(&nonce, payload).ok()
}

#[test]
fn sm4_gcm_opens_the_good_cases_and_no_bad_one() {
    let (mut gcm, mut ccm) = (0, 0);
    for case in cases(SM4, "aead", 6) {
        if text(&case, "mode") == "CCM" {
            assert_eq!(open(&case, "ciphertext"), None);
            ccm += 1;
            continue;
        }
        let plaintext = bytes(&case, "plaintext");
        assert_eq!(open(&case, "ciphertext"), Some(plaintext.clone()), "{}", case["name"]);
        let payload = Payload { msg: &plaintext, aad: &bytes(&case, "aad") };
        let sealed = Sm4Gcm::new(&array(&case, "key").into())
            .encrypt(&array::<12>(&case, "iv").into(), payload)
            .unwrap();
        assert_eq!(sealed, [bytes(&case, "ciphertext"), bytes(&case, "tag")].concat());
        gcm += 1;
    }
    assert_eq!((gcm, ccm), (5, 1));
    for case in cases(SM4, "aead_invalid", 6) {
        assert_eq!(open(&case, "ciphertext"), None, "{}", case["name"]);
    }
}

#[test]
fn wycheproof_sm4_gcm_is_judged_as_it_says_and_other_nonce_sizes_are_refused() {
    let (mut opened, mut refused, mut other_sizes) = (0, 0, 0);
    for (group, test) in wycheproof(SM4_GCM, 104) {
        let found = open(&test, "ct");
        if group["ivSize"] != 96 {
            assert_eq!(found, None, "{}", test["tcId"]);
            other_sizes += 1;
        } else if test["result"] == "valid" {
            assert_eq!(found, Some(bytes(&test, "msg")), "{}", test["tcId"]);
            opened += 1;
        } else {
            assert_eq!(found, None, "{}", test["tcId"]);
            refused += 1;
        }
    }
    assert_eq!((opened, refused, other_sizes), (38, 27, 39));
}

#[test]
fn wycheproof_hmac_sm3_is_judged_as_it_says_and_short_tags_never_verify() {
    let (mut whole, mut truncated) = (0, 0);
    for (group, test) in wycheproof(HMAC_SM3, 174) {
        let key = MacKey::new(&bytes(&test, "key"));
        let (message, tag) = (bytes(&test, "msg"), bytes(&test, "tag"));
        let valid = test["result"] == "valid";
        assert_eq!(key.tag(&message).starts_with(&tag), valid, "{}", test["tcId"]);
        if group["tagSize"] == 256 {
            assert_eq!(key.verify(&message, &tag), valid, "{}", test["tcId"]);
            whole += 1;
        } else {
            assert!(!key.verify(&message, &tag), "{}", test["tcId"]);
            truncated += 1;
        }
    }
    assert_eq!((whole, truncated), (87, 87));
}

fn base64_standard(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.decode(text).unwrap()
}
