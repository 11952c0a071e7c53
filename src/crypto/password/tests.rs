//! Tests of password hashing.

use super::HASH_LENGTH;
use super::HasherError;
use super::PasswordHasher;
use super::Profile;
use super::Verification;
use metrics::Counter;
use metrics::Gauge;
use metrics::Histogram;
use metrics::Key;
use metrics::KeyName;
use metrics::Metadata;
use metrics::SharedString;
use metrics::Unit;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

fn hasher(profile: Profile) -> PasswordHasher {
    PasswordHasher::new(profile, b"pepper").unwrap()
}

#[test]
fn both_profiles_accept_the_password_and_nothing_else() {
    for profile in [Profile::ARGON2ID, Profile::GM] {
        let hasher = hasher(profile);
        let stored = hasher.hash("密码 password".as_bytes());

        assert_eq!(hasher.verify("密码 password".as_bytes(), &stored), Verification::Right);
        for wrong in ["", "密码 passwor", "密码 Password", "密码 password "] {
            assert_eq!(hasher.verify(wrong.as_bytes(), &stored), Verification::Wrong, "{wrong}");
        }
    }
}

#[test]
fn stored_texts_name_their_parameters_and_differ_each_time() {
    let hasher = hasher(Profile::ARGON2ID);
    let stored = hasher.hash(b"password");
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_ne!(stored, hasher.hash(b"password"));
    let gm = self::hasher(Profile::GM).hash(b"password");
    assert!(gm.starts_with("$pbkdf2-hmac-sm3$i=100000$"), "{gm}");
}

#[test]
fn another_profile_or_other_parameters_ask_for_a_new_hash() {
    let stronger = Profile::Argon2id { memory: 19_456, passes: 3 };
    let stored = hasher(Profile::ARGON2ID).hash(b"password");

    for profile in [Profile::GM, stronger] {
        let hasher = hasher(profile);
        assert_eq!(hasher.verify(b"password", &stored), Verification::RightButOutdated);
        assert_eq!(hasher.verify(b"passwort", &stored), Verification::Wrong);
    }
    let gm = hasher(Profile::GM).hash(b"password");
    let verification = hasher(Profile::ARGON2ID).verify(b"password", &gm);
    assert_eq!(verification, Verification::RightButOutdated);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(40))]

    /// Another implementation of RFC 9106 comes to the same, whatever this processor is good at.
    #[test]
    fn argon2id_is_what_another_implementation_computes(
        password in proptest::collection::vec(proptest::num::u8::ANY, 0..70),
        salt in proptest::collection::vec(proptest::num::u8::ANY, 8..40),
        memory in 8_u32..700,
        passes in 1_u32..4,
    ) {
        let params = argon2::Params::new(memory, passes, 1, Some(HASH_LENGTH)).unwrap();
        let other = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut expected = [0; HASH_LENGTH];
        other.hash_password_into(&password, &salt, &mut expected).unwrap();
        proptest::prop_assert_eq!(super::argon2id(memory, passes).hash(&password, &salt).unwrap(), expected);
    }
}

#[test]
fn the_known_hash_is_known_elsewhere_too() {
    let params = argon2::Params::new(256, 2, 1, Some(HASH_LENGTH)).unwrap();
    let other = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut expected = [0; HASH_LENGTH];
    other.hash_password_into(b"password", b"somesalt", &mut expected).unwrap();
    assert_eq!(super::KNOWN_HASH, expected);
}

#[test]
fn another_pepper_makes_the_password_wrong() {
    let stored = hasher(Profile::ARGON2ID).hash(b"password");
    let other = PasswordHasher::new(Profile::ARGON2ID, b"other").unwrap();
    assert_eq!(other.verify(b"password", &stored), Verification::Wrong);
}

#[test]
fn nul_bytes_and_long_tails_count() {
    let hasher = hasher(Profile::ARGON2ID);
    let stored = hasher.hash(b"pass\0word");
    assert_eq!(hasher.verify(b"pass\0word", &stored), Verification::Right);
    assert_eq!(hasher.verify(b"pass\0wort", &stored), Verification::Wrong);
    assert_eq!(hasher.verify(b"pass", &stored), Verification::Wrong);

    let long = [b'a'; 73];
    let stored = hasher.hash(&long);
    assert_eq!(hasher.verify(&long, &stored), Verification::Right);
    assert_eq!(hasher.verify(&long[..72], &stored), Verification::Wrong);
}

#[test]
fn texts_that_are_no_hash_or_ask_for_too_much_are_wrong() {
    let hasher = hasher(Profile::ARGON2ID);
    let tail = "c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for stored in [
        String::new(),
        "password".into(),
        format!("$argon2id$v=19$m=4294967295,t=2,p=1${tail}"),
        format!("$argon2id$v=19$m=19456,t=4294967295,p=1${tail}"),
        format!("$argon2id$v=19$m=0,t=0,p=1${tail}"),
        format!("$pbkdf2-hmac-sm3$i=4294967295${tail}"),
        format!("$pbkdf2-hmac-sm3$i=0${tail}"),
    ] {
        assert_eq!(hasher.verify(b"password", &stored), Verification::Wrong, "{stored}");
    }
}

#[test]
fn profiles_below_the_floor_or_beyond_reason_are_refused() {
    for profile in [
        Profile::Argon2id { memory: 19_455, passes: 2 },
        Profile::Argon2id { memory: 19_456, passes: 1 },
        Profile::Argon2id { memory: u32::MAX, passes: 2 },
        Profile::Gm { iterations: 99_999 },
        Profile::Gm { iterations: u32::MAX },
    ] {
        let refused = PasswordHasher::new(profile, b"pepper").unwrap_err();
        assert_eq!(refused, HasherError::Profile, "{profile:?}");
    }
}

#[test]
fn every_hash_is_counted_once_and_an_unknown_user_costs_as_many() {
    let count = |work: &dyn Fn(&PasswordHasher)| {
        let recorder = CountingRecorder::default();
        let hasher = hasher(Profile::ARGON2ID);
        metrics::with_local_recorder(&recorder, || work(&hasher));
        recorder.0.load(Ordering::Relaxed)
    };
    let stored = hasher(Profile::ARGON2ID).hash(b"password");

    assert_eq!(count(&|hasher| _ = hasher.hash(b"password")), 1);
    assert_eq!(count(&|hasher| _ = hasher.verify(b"password", &stored)), 1);
    assert_eq!(count(&|hasher| _ = hasher.verify(b"password", "broken")), 1);
    assert_eq!(count(&|hasher| _ = hasher.verify_nothing(b"password")), 1);
}

#[test]
fn memory_is_given_back_after_a_rest() {
    let hasher = hasher(Profile::ARGON2ID);
    let (now, rest) = (Instant::now(), Duration::from_secs(30));
    assert_eq!(hasher.release_idle(now, rest), 0);
    hasher.verify_nothing(b"password");
    assert_eq!(hasher.release_idle(now, rest), 0);
    assert_eq!(hasher.release_idle(now + rest, rest), 1);
}

#[test]
fn debug_shows_the_profile_and_no_pepper() {
    let text = format!("{:?}", hasher(Profile::GM));
    assert_eq!(text, "PasswordHasher { profile: Gm { iterations: 100000 }, .. }");
}

/// Counts what is added to `password_hash_operations_total`.
#[derive(Default)]
struct CountingRecorder(Arc<AtomicU64>);

impl metrics::Recorder for CountingRecorder {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        assert_eq!(key.name(), "password_hash_operations_total");
        Counter::from_arc(Arc::clone(&self.0))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}
