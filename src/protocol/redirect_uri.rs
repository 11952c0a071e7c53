//! Redirect URIs (RFC 6749 §3.1.2, RFC 9700 §2.1 and §4.1.3, RFC 8252 §7): what may be registered, and
//! the byte-for-byte comparison with its one exception, the port of a native client's loopback.

use url::Host;
use url::Url;

use crate::domain::client::ApplicationType;
use crate::domain::client::Client;

/// Longest redirect URI, in bytes.
const MAX_LENGTH: usize = 2048;

/// Whether this client registered the URI.
pub fn is_registered(client: &Client, uri: &str) -> bool {
    if client.redirect_uris.iter().any(|registered| registered == uri) {
        return true;
    }
    client.application_type == ApplicationType::Native
        && client.redirect_uris.iter().any(|registered| differs_in_loopback_port(registered, uri))
}

/// RFC 8252 §7.3: `http://127.0.0.1/cb` registered, `http://127.0.0.1:51004/cb` asked. Texts are
/// compared, so nothing a URL parser folds is taken for the same.
fn differs_in_loopback_port(registered: &str, uri: &str) -> bool {
    ["http://127.0.0.1", "http://[::1]"].iter().any(|origin| {
        match (registered.strip_prefix(origin), uri.strip_prefix(origin)) {
            (Some(registered), Some(uri)) => without_port(registered)
                .zip(without_port(uri))
                .is_some_and(|(registered, uri)| registered == uri),
            _ => false,
        }
    })
}

/// The rest after `:port`, which must be a number if it is there; the path must begin with `/`.
fn without_port(rest: &str) -> Option<&str> {
    let path = match rest.strip_prefix(':') {
        Some(after) => {
            let end = after.find('/')?;
            let digits = &after[..end];
            let port: u16 = digits.parse().ok()?;
            // `+80` and `080` are numbers to a parser, and no ports to anybody else.
            if port == 0 || digits != port.to_string() {
                return None;
            }
            &after[end..]
        }
        None => rest,
    };
    path.starts_with('/').then_some(path)
}

/// Why a URI cannot be registered; `None` when it can.
pub fn problem(
    uri: &str,
    application_type: ApplicationType,
    loopback_allowed: bool,
) -> Option<&'static str> {
    if uri.len() > MAX_LENGTH {
        return Some("is longer than 2048 characters");
    }
    // RFC 3986 §2: ASCII alone. It goes into a header, and is compared byte for byte.
    let strange = |byte: u8| byte <= b' ' || byte >= 0x7F || byte == b'\\' || byte == b'*';
    if uri.bytes().any(strange) {
        return Some("has a character that has no place in a redirect URI");
    }
    let Ok(parsed) = Url::parse(uri) else { return Some("is not an absolute URI") };
    if uri.contains('#') {
        return Some("has a fragment");
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Some("has a user name");
    }
    // Browsers read `https:///rp.test`, `https:/rp.test` and `https:rp.test` as one address; RFC 3986 §3.2 does not.
    let written_out = uri.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'));
    if parsed.has_host() && !written_out {
        return Some("does not name its host after two slashes");
    }
    let loopback = match parsed.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match parsed.scheme() {
        "https" if parsed.host().is_some() => None,
        "http" if loopback && (application_type == ApplicationType::Native || loopback_allowed) => {
            None
        }
        "http" => Some("must be https"),
        // RFC 8252 §7.1: a private-use scheme is a domain name turned around.
        scheme if application_type == ApplicationType::Native && scheme.contains('.') => None,
        _ => Some("has a scheme that cannot be registered"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_port_of_a_loopback_address_is_free() {
        let same = |uri| differs_in_loopback_port("http://127.0.0.1/cb", uri);
        assert!(same("http://127.0.0.1:51004/cb"));
        for other in [
            "http://localhost:51004/cb",
            "http://127.0.0.1:51004/other",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1:80:90/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:080/cb",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1@evil.example/cb",
            "http://127.1/cb",
            "https://127.0.0.1:1/cb",
        ] {
            assert!(!same(other), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_registered() {
        for uri in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "\tjavascript:alert(1)",
            "data:text/html,x",
            "file:///x",
            "https://rp.test/cb#frag",
            "https://*.rp.test/cb",
            "https://rp.test/*",
            "http://rp.test/cb",
            "https://user@rp.test/cb",
            "https://rp.test/\u{56DE}",
            "https:///rp.test/cb",
            "https:/rp.test/cb",
            "https:rp.test/cb",
        ] {
            assert!(problem(uri, ApplicationType::Web, false).is_some(), "{uri}");
        }
        assert_eq!(problem("https://rp.test/cb?tenant=7", ApplicationType::Web, false), None);
        assert_eq!(problem("cn.gov.prov.app:/cb", ApplicationType::Native, false), None);
        assert_eq!(problem("http://127.0.0.1/cb", ApplicationType::Native, false), None);
    }
}
