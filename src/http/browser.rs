//! The anonymous cookie that tells one browser from another: 256 random bits, no row, nothing known. A
//! flow is bound to it, and so is the token that every form of ours carries (design D5). Beside it, sealed:
//! whose logins succeeded here before, so that strangers at the same address hold nobody up (security.md
//! What it claims is believed as long as the account has not forgotten the browser.

use std::sync::Arc;
use std::sync::OnceLock;

use axum::extract::Request;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::header;

use crate::config::Config;
use crate::crypto::base64url;
use crate::crypto::digest;
use crate::domain::choices::Choices;
use crate::http::cookies;
use crate::http::site::Site;
use crate::login::known_browsers::Known;
use crate::provider::Provider;

/// A browser.
#[derive(Debug, Clone)]
pub struct Browser {
    value: String,
    /// Whether it was never seen before.
    is_new: bool,
    /// The cookie with the accounts it is known to, sealed.
    known: Option<String>,
    /// Whose login succeeded in this request.
    logged_in: Arc<OnceLock<LoggedIn>>,
}

/// What a login leaves with the browser.
#[derive(Debug)]
struct LoggedIn {
    /// That it is known to the account.
    known: Known,
    /// How the account wants pages to look.
    choices: Choices,
}

/// What the seal of that cookie is bound to.
const KNOWN: &str = "known browser";
/// So many accounts know one browser: a family's, not an internet café's.
const MOST_KNOWN: usize = 5;
/// How long they do, in seconds.
const KNOWN_SECONDS: u32 = 365 * 24 * 60 * 60;

/// Knows the browser, or gives it a name with this answer.
pub async fn remember(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let config = &site.provider.config;
    let (names, secure) = (cookies::names(config), config.cookies_are_secure());
    let value = cookies::find(request.headers(), names.browser).filter(|value| is_ours(value));
    let browser = Browser {
        is_new: value.is_none(),
        value: value.unwrap_or_else(crate::crypto::random::token),
        known: cookies::find(request.headers(), names.known),
        logged_in: Arc::default(),
    };
    request.extensions_mut().insert(browser.clone());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    cookies::complete_removal(headers, names.session, secure);
    let new = browser.is_new.then(|| cookies::set(names.browser, &browser.value, secure, None));
    let kept = |name, value: Option<&str>| {
        value.and_then(|value| cookies::set(name, value, secure, Some(KNOWN_SECONDS)))
    };
    let known = kept(names.known, browser.known_now(&site.provider).as_deref());
    let (locale, elder) = browser.look_now();
    let look = [kept(names.locale, locale), kept(names.elder, elder)];
    for cookie in [new.flatten(), known].into_iter().chain(look).flatten() {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

impl Browser {
    /// What a flow is bound to.
    pub fn digest(&self) -> String {
        base64url::encode(digest::sm3(self.value.as_bytes()))
    }

    /// A login of this account just succeeded here.
    pub fn note_login(&self, known: Known, choices: &Choices) {
        // A second one in the same request is of the same account.
        let _ = self.logged_in.set(LoggedIn { known, choices: choices.clone() });
    }

    /// What the cookie claims of accounts whose logins succeeded here before, oldest first.
    pub fn known_accounts(&self, provider: &Provider) -> Vec<Known> {
        let sealed = self.known.as_deref();
        sealed.and_then(|known| provider.vault.open_transit(KNOWN, known).ok()).unwrap_or_default()
    }

    /// The cookie that remembers this request's login, too.
    fn known_now(&self, provider: &Provider) -> Option<String> {
        let now = self.logged_in.get()?.known;
        let mut accounts = self.known_accounts(provider);
        accounts.retain(|known| known.account != now.account);
        accounts.push(now);
        let newest = accounts.split_off(accounts.len().saturating_sub(MOST_KNOWN));
        provider.vault.seal_transit(KNOWN, &newest).ok()
    }

    /// Language and print, where the account that just logged in keeps them.
    fn look_now(&self) -> (Option<&str>, Option<&'static str>) {
        let Some(LoggedIn { choices, .. }) = self.logged_in.get() else { return (None, None) };
        let elder = choices.elder.map(|elder| if elder { "1" } else { "0" });
        (choices.locale.as_deref(), elder)
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

fn is_ours(value: &str) -> bool {
    base64url::decode_array::<32>(value).is_ok()
}
