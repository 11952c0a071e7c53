//! Which configurations are refused.

use super::*;

fn with(change: impl FnOnce(&mut Config)) -> Result<(), ConfigError> {
    let mut config = Config::default();
    change(&mut config);
    config.check()
}

#[test]
fn http_is_for_loopback_alone() {
    assert!(with(|_| {}).is_ok());
    assert!(with(|c| c.issuer = "http://127.0.0.1:8080".parse().unwrap()).is_ok());
    assert!(with(|c| c.issuer = "http://id.example.gov".parse().unwrap()).is_err());
    assert!(with(|c| c.issuer = "https://id.example.gov".parse().unwrap()).is_ok());
    assert!(with(|c| c.issuer = "https://id.example.gov/x?y".parse().unwrap()).is_err());
}

#[test]
fn hooks_never_meet_a_real_issuer() {
    let real = |c: &mut Config| {
        c.issuer = "https://id.example.gov".parse().unwrap();
        c.test_profile = true;
    };
    assert!(with(real).is_err());
}
