//! Cookies on the wire (RFC 6265): reading one, and refusing what a stranger tossed beside ours.

use http::HeaderMap;
use http::HeaderValue;
use http::header;

/// The value of a cookie; none when it is there twice.
pub fn find(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut found = pairs(headers).filter(|(known, _)| *known == name).map(|(_, value)| value);
    let first = found.next()?;
    found.next().is_none().then(|| first.to_owned())
}

/// Removes every cookie whose name stands twice: one of them is not ours, and which cannot be told
/// (security.md A-43).
pub fn drop_repeated(headers: &mut HeaderMap) {
    let names: Vec<&str> = pairs(headers).map(|(name, _)| name).collect();
    let repeated = |name: &str| names.iter().filter(|known| **known == name).count() > 1;
    if !names.iter().any(|name| repeated(name)) {
        return;
    }
    let kept: Vec<String> = pairs(headers)
        .filter(|(name, _)| !repeated(name))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let kept = HeaderValue::from_str(&kept.join("; "));
    headers.remove(header::COOKIE);
    if let Ok(kept) = kept {
        headers.insert(header::COOKIE, kept);
    }
}

/// `Set-Cookie` of a cookie of ours: for the whole site, unreadable to scripts, not sent along from
/// other sites but by a plain link. Without `max_age` it lives as long as the browser.
pub fn set(name: &str, value: &str, secure: bool, max_age: Option<u32>) -> Option<HeaderValue> {
    let mut text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
    if secure {
        text.push_str("; Secure");
    }
    if let Some(seconds) = max_age {
        text.push_str("; Max-Age=");
        text.push_str(&seconds.to_string());
    }
    HeaderValue::from_str(&text).ok()
}

fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(line: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(line).unwrap())])
    }

    #[test]
    fn a_cookie_that_stands_twice_is_no_cookie() {
        let mut twice = headers("a=1; b=2; a=3");
        assert_eq!(find(&twice, "a"), None);
        assert_eq!(find(&twice, "b").as_deref(), Some("2"));
        drop_repeated(&mut twice);
        assert_eq!(twice.get(header::COOKIE).unwrap(), "b=2");
    }

    #[test]
    fn one_of_each_is_left_alone() {
        let mut plain = headers("a=1; b=2");
        drop_repeated(&mut plain);
        assert_eq!(plain.get(header::COOKIE).unwrap(), "a=1; b=2");
    }
}
