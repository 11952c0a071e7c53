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

#[test]
fn rules_of_monitoring_have_numbers_that_mean_something() {
    assert!(with(|c| c.monitor.guessing.threshold = 0).is_err());
    assert!(with(|c| c.monitor.spraying.window_minutes = 0).is_err());
    assert!(with(|c| c.monitor.enumeration.window_minutes = 1441).is_err());
    assert!(with(|c| c.monitor.impossible_travel.kilometres = 0).is_err());
    assert!(with(|c| c.monitor.night_to_hour = 24).is_err());
    let off = |c: &mut Config| {
        c.monitor.guessing.enabled = false;
        c.monitor.guessing.threshold = 0;
    };
    assert!(with(off).is_ok(), "what is off needs none");
}

#[test]
fn alerts_go_somewhere_whole_or_nowhere() {
    let url = || Some("https://soc.example/alerts".parse().unwrap());
    assert!(with(|c| c.monitor.webhook_url = url()).is_err());
    assert!(with(|c| c.monitor.mail.url = Some("smtps://mail.example".parse().unwrap())).is_err());
}
