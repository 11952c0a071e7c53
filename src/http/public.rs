//! Pages and answers for everybody: front page, help, privacy, preferences, files, health, and the demo's
//! messages.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;
use http::Uri;
use http::header;
use serde_json::Value;
use serde_json::json;

use crate::http::cookies;
use crate::http::failure::Failure;
use crate::http::respond;
use crate::http::site::Site;
use crate::http::visitor::Visitor;
use crate::i18n::Locale;
use crate::people::choices;

/// Preferences are kept for a year.
const YEAR: u32 = 365 * 24 * 60 * 60;

/// `GET /`
pub async fn home(visitor: Visitor) -> Result<Response, Failure> {
    visitor.page("home.html", json!({}))
}

/// `GET /help`
pub async fn help(visitor: Visitor) -> Result<Response, Failure> {
    visitor.page("help.html", json!({}))
}

/// `GET /privacy`
pub async fn privacy(visitor: Visitor) -> Result<Response, Failure> {
    visitor.page("privacy.html", json!({}))
}

/// `GET /preferences`: remembers language and print, and goes back to where the person was.
/// Whoever is logged in finds them again in every browser, if a page of ours sent the request: a foreign link
/// changes no account.
pub async fn preferences(headers: HeaderMap, visitor: Visitor) -> Result<Response, Failure> {
    let back = visitor.query.get("return").filter(|path| is_own(path)).unwrap_or("/");
    let mut response = respond::see_other(back);
    let config = &visitor.provider().config;
    let (secure, names) = (config.cookies_are_secure(), cookies::names(config));
    let locale = visitor.query.get("locale").and_then(Locale::parse);
    let elder = visitor.query.get("elder").filter(|value| matches!(*value, "0" | "1"));
    let ours = headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
    if let Some(signed_in) = visitor.signed_in.as_ref().filter(|_| ours) {
        let look = (locale.map(Locale::tag), elder.map(|elder| elder == "1"));
        let (provider, context) = (visitor.provider(), &visitor.context);
        choices::keep_look(provider, context, &signed_in.account, look).await?;
    }
    let chosen = [(names.locale, locale.map(Locale::tag)), (names.elder, elder)];
    for (name, value) in chosen {
        let cookie = value.and_then(|value| cookies::set(name, value, secure, Some(YEAR)));
        if let Some(cookie) = cookie {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}

/// A path of ours and nothing else: no other host, no trick of slashes.
fn is_own(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.bytes().any(|byte| byte <= b' ' || byte == b'\\' || byte >= 0x7F)
}

/// `GET /assets/…`
pub async fn asset(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    site.pages.assets().respond(uri.path(), known)
}

/// `GET /healthz`: the process runs.
pub async fn healthz() -> Response {
    respond::json(StatusCode::OK, &json!({ "status": "ok" }))
}

/// `GET /readyz`: it can serve.
pub async fn readyz(State(site): State<Site>) -> Response {
    let away = |why| respond::json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": why }));
    if site.is_ending() {
        away("ending")
    } else if site.provider.is_ready().await {
        respond::json(StatusCode::OK, &json!({ "status": "ready" }))
    } else {
        away("database away")
    }
}

/// `GET /robots.txt`
pub async fn robots() -> Response {
    "User-agent: *\nDisallow: /\n".into_response()
}

/// `GET /demo/outbox`: only under `yihao demo`.
pub async fn outbox(visitor: Visitor) -> Result<Response, Failure> {
    let outbox = visitor.site.outbox.as_ref().ok_or_else(Failure::not_found)?;
    let messages: Vec<Value> = outbox
        .messages()
        .into_iter()
        .map(|sent| {
            json!({
                "at": sent.at.to_beijing(), "to_masked": sent.phone,
                "text": sent.text, "code": sent.code,
            })
        })
        .collect();
    visitor.page("demo_outbox.html", json!({ "messages": messages }))
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn only_paths_of_ours_are_gone_back_to() {
        assert!(is_own("/login?tx=a.b"));
        for path in ["//evil.example", "/\\evil.example", "https://evil.example", "", "/a\nb"] {
            assert!(!is_own(path), "{path}");
        }
    }
}
