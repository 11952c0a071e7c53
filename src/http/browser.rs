//! The anonymous cookie that tells one browser from another: 256 random bits, no row, nothing known. A
//! flow is bound to it, and so is the token that every form of ours carries (design D5).

use axum::extract::Request;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::header;

use crate::config::Config;
use crate::crypto::base64url;
use crate::crypto::digest;
use crate::http::cookies;
use crate::http::site::Site;
use crate::provider::Provider;

/// A browser.
#[derive(Debug, Clone)]
pub struct Browser {
    value: String,
    /// Whether it was never seen before.
    is_new: bool,
}

/// Knows the browser, or gives it a name with this answer.
pub async fn remember(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let config = &site.provider.config;
    let known = cookies::find(request.headers(), name(config)).filter(|value| is_ours(value));
    let browser = Browser {
        is_new: known.is_none(),
        value: known.unwrap_or_else(crate::crypto::random::token),
    };
    request.extensions_mut().insert(browser.clone());
    let mut response = next.run(request).await;
    if browser.is_new
        && let Some(cookie) =
            cookies::set(name(config), &browser.value, config.cookies_are_secure(), None)
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

impl Browser {
    /// What a flow is bound to.
    pub fn digest(&self) -> String {
        base64url::encode(digest::sm3(self.value.as_bytes()))
    }

    /// What a one-time code is bound to: this browser and this flow.
    pub fn binding(&self, flow: &str) -> [u8; 32] {
        digest::sm3(format!("{}\n{flow}", self.value).as_bytes())
    }

    /// The token of its forms.
    pub fn csrf(&self, provider: &Provider) -> String {
        base64url::encode(provider.vault.csrf.tag(self.value.as_bytes()))
    }

    /// Whether a form with this token was made for this browser.
    pub fn owns(&self, provider: &Provider, csrf: &str) -> bool {
        let expected = self.csrf(provider);
        crate::crypto::constant_time_eq(expected.as_bytes(), csrf.as_bytes())
    }
}

/// Whether the request was sent by a page of ours, as far as the browser says.
pub fn is_from_us(config: &Config, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    // Newer browsers say it plainly. Pages without a referrer send `Origin: null` even to themselves.
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    text("origin").is_none_or(|origin| origin == config.issuer_text())
}

fn name(config: &Config) -> &'static str {
    if config.cookies_are_secure() { "__Host-yihao-browser" } else { "yihao-browser" }
}

fn is_ours(value: &str) -> bool {
    base64url::decode_array::<32>(value).is_ok()
}
