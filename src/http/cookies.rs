//! Cookies on the wire (RFC 6265): what ours are called, reading one, and keeping away what a stranger
//! tossed beside them.

use http::HeaderMap;
use http::HeaderValue;
use http::header;

use crate::config::Config;

/// What our cookies are called.
#[derive(Debug)]
pub struct Names {
    /// The session.
    pub session: &'static str,
    /// The browser, anonymous.
    pub browser: &'static str,
    /// Accounts that logged in with this browser before, sealed.
    pub known: &'static str,
    /// An operator's session.
    pub console: &'static str,
    /// The chosen language.
    pub locale: &'static str,
    /// The large print.
    pub elder: &'static str,
}

/// `__Host-`: only this host can have set them, for the whole of it, over TLS (RFC 6265bis §4.1.3.2).
const LOCKED: Names = Names {
    session: "__Host-yihao-session",
    browser: "__Host-yihao-browser",
    known: "__Host-yihao-known",
    console: "__Host-yihao-console",
    locale: "__Host-yihao-locale",
    elder: "__Host-yihao-elder",
};

/// On a loopback address without TLS.
const PLAIN: Names = Names {
    session: "yihao-session",
    browser: "yihao-browser",
    known: "yihao-known",
    console: "yihao-console",
    locale: "yihao-locale",
    elder: "yihao-elder",
};

/// The names of this installation.
pub fn names(config: &Config) -> &'static Names {
    if config.cookies_are_secure() { &LOCKED } else { &PLAIN }
}

/// The value of a cookie; none when it is there twice.
pub fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut found = pairs(headers).filter(|(known, _)| *known == name).map(|(_, value)| value);
    let first = found.next()?;
    found.next().is_none().then(|| first.to_owned())
}

/// Leaves only cookies of ours: spelled as we spell them, with a value a cookie can have, once. One that
/// stands twice is none: which of them is ours cannot be told (security.md ).
pub fn keep_ours(headers: &mut HeaderMap, names: &Names) {
    if !headers.contains_key(header::COOKIE) {
        return;
    }
    let ours =
        [names.session, names.browser, names.known, names.console, names.locale, names.elder];
    let kept: Vec<String> = ours
        .into_iter()
        .filter_map(|name| Some(format!("{name}={}", find(headers, name)?)))
        .collect();
    headers.remove(header::COOKIE);
    if let Ok(kept) = HeaderValue::from_str(&kept.join("; "))
        && !kept.is_empty()
    {
        headers.insert(header::COOKIE, kept);
    }
}

/// `Set-Cookie` of a cookie of ours: for the whole site, unreadable to scripts, not sent along from
/// other sites but by a plain link. Without `max_age` it lives as long as the browser.
pub fn set(name: &str, value: &str, secure: bool, max_age: Option<u32>) -> Option<HeaderValue> {
    let mut text = format!("{name}={value}{}", attributes(secure));
    if let Some(seconds) = max_age {
        text.push_str("; Max-Age=");
        text.push_str(&seconds.to_string());
    }
    HeaderValue::from_str(&text).ok()
}

/// Gives a cookie that is taken back the attributes it was set with: without them a browser does not
/// believe that a `__Host-` cookie is meant.
pub fn complete_removal(headers: &mut HeaderMap, name: &str, secure: bool) {
    let is_removal = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        text.split('=').next() == Some(name) && !text.contains("HttpOnly")
    };
    let values: Vec<HeaderValue> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    if !values.iter().any(is_removal) {
        return;
    }
    headers.remove(header::SET_COOKIE);
    for value in values {
        let value = if is_removal(&value) { set(name, "", secure, Some(0)) } else { Some(value) };
        if let Some(value) = value {
            headers.append(header::SET_COOKIE, value);
        }
    }
}

fn attributes(secure: bool) -> &'static str {
    if secure {
        "; Path=/; HttpOnly; SameSite=Lax; Secure"
    } else {
        "; Path=/; HttpOnly; SameSite=Lax"
    }
}

/// Name and value of every cookie. A line may have bytes that are no text; they spoil their own cookie and
/// no other.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter(|pair| pair.is_ascii())
        .filter_map(|pair| pair.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(line: &[u8]) -> Option<String> {
        let value = HeaderValue::from_bytes(line).unwrap();
        let mut headers = HeaderMap::from_iter([(header::COOKIE, value)]);
        keep_ours(&mut headers, &PLAIN);
        headers.get(header::COOKIE).map(|kept| kept.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_cookie_that_stands_twice_is_no_cookie() {
        let line = b"yihao-session=1; yihao-browser=2; yihao-session=3";
        assert_eq!(kept(line).as_deref(), Some("yihao-browser=2"));
        assert_eq!(kept(b"yihao-session=1; yihao-session=1"), None);
    }

    #[test]
    fn another_spelling_of_a_name_is_another_cookie() {
        let line = b"yihao%2Dsession=9; yihao-session=1; other=2; Yihao-Session=3";
        assert_eq!(kept(line).as_deref(), Some("yihao-session=1"));
        assert_eq!(kept(b"yihao%2Dsession=9"), None);
    }

    #[test]
    fn bytes_that_are_no_text_spoil_no_other_cookie() {
        let line = b"\xE9=1; yihao-session=1; yihao-locale=\xFF; x=\xC3\xA9";
        assert_eq!(kept(line).as_deref(), Some("yihao-session=1"));
        let twice = b"\xC3\xA9=1; yihao-session=1; yihao-session=2; yihao-browser=3";
        assert_eq!(kept(twice).as_deref(), Some("yihao-browser=3"));
    }

    #[test]
    fn a_removal_has_the_attributes_of_the_cookie() {
        let mut headers = HeaderMap::new();
        let removal = "__Host-yihao-session=; Max-Age=0; Path=/";
        headers.append(header::SET_COOKIE, HeaderValue::from_static(removal));
        headers.append(header::SET_COOKIE, HeaderValue::from_static("other=1; Path=/"));
        complete_removal(&mut headers, "__Host-yihao-session", true);
        let values: Vec<&str> =
            headers.get_all(header::SET_COOKIE).iter().map(|v| v.to_str().unwrap()).collect();
        let whole = "__Host-yihao-session=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0";
        assert_eq!(values, [whole, "other=1; Path=/"]);
    }
}
