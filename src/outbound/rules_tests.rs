//! Tests of the allow rules: the spellings, hosts and ports of security case A-66.

use super::AllowRule;
use super::Refusal;
use super::admits_address;
use super::check_url;

fn rules(texts: &[&str]) -> Vec<AllowRule> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn judge(allow: &[&str], url: &str) -> Result<(), Refusal> {
    check_url(&rules(allow), &url.parse().unwrap())
}

fn connects(allow: &[&str], name: Option<&str>, address: &str, port: u16) -> bool {
    admits_address(&rules(allow), name, address.parse().unwrap(), port)
}

#[test]
fn rules_are_hosts_addresses_and_networks_with_or_without_a_port() {
    for text in [
        "portal.example.gov.cn",
        "portal.example.gov.cn:8443",
        "10.1.2.3",
        "10.1.2.3:8443",
        "10.0.0.0/8",
        "10.0.0.0/8:8443",
        "fd00::1",
        "[fd00::1]:8443",
        "[fd00::/8]:8443",
        "localhost:8081",
        "政务.example",
    ] {
        assert!(text.parse::<AllowRule>().is_ok(), "{text}");
    }
    for text in ["", "*", "*.gov.cn", "host:0", "host:70000", "a b", "https://host", "10.0.0.0/40"]
    {
        assert!(text.parse::<AllowRule>().is_err(), "{text}");
    }
}

#[test]
fn nothing_is_called_unless_allowed() {
    for url in ["https://portal.example/", "https://10.0.0.1/", "https://[fd00::1]/"] {
        assert_eq!(judge(&[], url), Err(Refusal::NotAllowed), "{url}");
    }
}

#[test]
fn every_spelling_of_a_loopback_address_is_that_address() {
    let allow = &["portal.example", "127.0.0.1:8081"];
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0177.0.0.1",
        "0x7f.1",
        "0.0.0.0",
        "127.0.0.2",
        "169.254.169.254",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
    ] {
        for url in [format!("https://{host}:9999/"), format!("http://{host}:9999/")] {
            assert!(judge(allow, &url).is_err(), "{url}");
        }
    }
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost"] {
        assert_eq!(judge(allow, &format!("http://{host}:8081/")), Ok(()), "{host}");
    }
}

#[test]
fn schemes_credentials_and_ports_are_judged_from_the_text() {
    let allow = &["portal.example", "10.0.0.0/8"];
    assert_eq!(judge(allow, "https://portal.example/x"), Ok(()));
    assert_eq!(judge(allow, "https://PORTAL.example./x"), Ok(()));
    assert_eq!(judge(allow, "http://portal.example/"), Err(Refusal::PlainHttp));
    assert_eq!(judge(allow, "file:///etc/passwd"), Err(Refusal::Scheme));
    assert_eq!(judge(allow, "gopher://portal.example/"), Err(Refusal::Scheme));
    assert_eq!(judge(allow, "https://a:b@portal.example/"), Err(Refusal::Credentials));
    assert_eq!(judge(allow, "https://a@portal.example/"), Err(Refusal::Credentials));
    for port in [5432, 6379, 8443] {
        let url = format!("https://10.0.0.7:{port}/");
        assert_eq!(judge(allow, &url), Err(Refusal::NotAllowed), "{port}");
    }
}

#[test]
fn an_allowed_name_reaches_private_but_no_loopback_or_metadata_address() {
    let allow = &["portal.example"];
    let name = Some("portal.example");
    for address in ["203.0.113.9", "10.9.8.7", "192.168.1.1", "fd12::1", "2408:8000::1"] {
        assert!(connects(allow, name, address, 443), "{address}");
    }
    for address in [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "0.0.0.0",
        "fe80::1",
        "255.255.255.255",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
    ] {
        assert!(!connects(allow, name, address, 443), "{address}");
    }
    assert!(!connects(allow, Some("other.example"), "10.9.8.7", 443));
    assert!(!connects(allow, name, "10.9.8.7", 8443));
}

#[test]
fn a_wide_network_does_not_open_the_special_ranges_it_contains() {
    let allow = &["0.0.0.0/0", "::/0"];
    assert!(connects(allow, None, "203.0.113.9", 443));
    for address in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "0.0.0.0"] {
        assert!(!connects(allow, None, address, 443), "{address}");
    }
    assert!(connects(&["169.254.0.0/16"], None, "169.254.1.1", 443));
}

#[test]
fn a_localhost_name_is_only_ever_this_machine() {
    let allow = &["localhost:8081", "10.0.0.0/8:8081"];
    assert!(connects(allow, Some("localhost"), "127.0.0.1", 8081));
    assert!(!connects(allow, Some("localhost"), "10.0.0.1", 8081));
    assert!(!connects(allow, Some("other.example"), "127.0.0.1", 8081));
}
