//! A browser as far as our pages need one: cookies, forms, redirects. It runs no script.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Mutex;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use reqwest::redirect::Policy;
use url::Url;

/// The form of the console that has a file.
const WITH_FILE: &str = "/console/codes/new";

/// A browser with its cookies.
pub struct Browser {
    client: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it came from.
    pub url: Url,
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: String,
}

/// A form on a page.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it is sent.
    pub action: Url,
    /// Its hidden fields.
    pub fields: BTreeMap<String, String>,
}

impl Default for Browser {
    fn default() -> Self {
        Self::new()
    }
}

impl Browser {
    /// A browser nobody knows.
    pub fn new() -> Self {
        Self::with(reqwest::Client::builder())
    }

    /// One that opens a connection for each request.
    pub fn without_keep_alive() -> Self {
        Self::with(reqwest::Client::builder().pool_max_idle_per_host(0))
    }

    /// The same, at an address of its own as a trusted proxy tells it, so that its failures are its own.
    pub fn behind_proxy() -> Self {
        let address = Ipv4Addr::from(yihao::crypto::random::bytes::<4>()).to_string();
        let address = HeaderValue::from_str(&address).unwrap();
        let headers = HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), address)]);
        let builder = reqwest::Client::builder().pool_max_idle_per_host(0);
        Self::with(builder.default_headers(headers))
    }

    fn with(builder: reqwest::ClientBuilder) -> Self {
        let client = builder
            .redirect(Policy::none())
            .no_proxy()
            .user_agent("Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
            .build()
            .unwrap();
        Self { client, cookies: Mutex::default() }
    }

    /// The same browser, as a thief of its cookies would have it.
    pub fn copy(&self) -> Self {
        let copy = Self::new();
        copy.cookies.lock().unwrap().extend(self.cookies());
        copy
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// All of them, by name.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.lock().unwrap().clone()
    }

    /// Sets a cookie.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// GET, without following.
    pub async fn get(&self, url: &str) -> Page {
        self.send(self.client.get(url)).await
    }

    /// The same, of a provider that may die meanwhile.
    pub async fn try_get(&self, url: &str) -> Option<Page> {
        self.try_send(self.client.get(url)).await.ok()
    }

    /// POST of a form as its page sends it, without following.
    pub async fn post(&self, url: &str, fields: &[(&str, &str)]) -> Page {
        if url.ends_with(WITH_FILE) {
            let parts = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
            return self.post_parts(url, &[], &parts.collect::<Vec<_>>()).await;
        }
        self.send(self.client.post(url).form(fields)).await
    }

    /// POST of a form with headers of its own.
    pub async fn post_with(
        &self,
        url: &str,
        headers: &[(&'static str, &str)],
        fields: &[(&str, &str)],
    ) -> Page {
        let mut request = self.client.post(url).form(fields);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// POST of these bytes, whatever they are.
    pub async fn post_bytes(
        &self,
        url: &str,
        headers: &[(&'static str, &str)],
        body: Vec<u8>,
    ) -> Page {
        let mut request = self.client.post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// POST of a form with files, as a browser sends it (RFC 7578).
    pub async fn post_parts(
        &self,
        url: &str,
        headers: &[(&'static str, &str)],
        parts: &[(&str, &[u8])],
    ) -> Page {
        let mut body = Vec::new();
        for (name, bytes) in parts {
            let head = format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--x--\r\n");
        let typed = [("content-type", "multipart/form-data; boundary=x")];
        let headers: Vec<_> = headers.iter().copied().chain(typed).collect();
        self.post_bytes(url, &headers, body).await
    }

    /// GET with headers of its own.
    pub async fn get_with(&self, url: &str, headers: &[(&'static str, &str)]) -> Page {
        let mut request = self.client.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Sends the form on a page with these fields, without following.
    pub async fn submit(&self, page: &Page, fields: &[(&str, &str)]) -> Page {
        self.send(self.filled(page, fields)).await
    }

    /// The same, to a provider that may die meanwhile.
    pub async fn try_submit(&self, page: &Page, fields: &[(&str, &str)]) -> Option<Page> {
        self.try_send(self.filled(page, fields)).await.ok()
    }

    /// The form on a page with these fields.
    fn filled(&self, page: &Page, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let form = page.form();
        let mut all = form.fields.clone();
        all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.client.post(form.action).form(&all)
    }

    /// Follows redirects as long as they stay with the provider that answered.
    pub async fn follow(&self, page: Page) -> Page {
        let mut page = page;
        for _ in 0..10 {
            match page.location() {
                Some(next) if next.origin() == page.url.origin() => {
                    page = self.get(next.as_str()).await;
                }
                _ => return page,
            }
        }
        panic!("redirects go in circles at {}", page.url)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        self.try_send(request).await.expect("an answer")
    }

    async fn try_send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Page> {
        let line: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request =
            if line.is_empty() { request } else { request.header("cookie", line.join("; ")) };
        let response = request.send().await?;
        for cookie in response.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            let mut jar = self.cookies.lock().unwrap();
            if cookie.to_ascii_lowercase().contains("max-age=0") || value.is_empty() {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(Page {
            url: response.url().clone(),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await?,
        })
    }
}

impl Page {
    /// Where a redirect leads.
    pub fn location(&self) -> Option<Url> {
        let location = self.headers.get("location")?.to_str().unwrap();
        Some(self.url.join(location).unwrap())
    }

    /// A header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Whether an element with this id stands on the page.
    pub fn has(&self, id: &str) -> bool {
        self.body.contains(&format!("id=\"{id}\""))
    }

    /// The first form.
    pub fn form(&self) -> Form {
        let start = self
            .body
            .find("<form")
            .unwrap_or_else(|| panic!("no form at {} ({}): {}", self.url, self.status, self.body));
        let text = &self.body[start..];
        let text = &text[..text.find("</form>").unwrap()];
        let action = attribute(text, "action").expect("an action");
        let mut fields = BTreeMap::new();
        for input in text.split("<input ").skip(1) {
            let input = &input[..input.find('>').unwrap()];
            if attribute(input, "type").as_deref() == Some("hidden") {
                let name = attribute(input, "name").unwrap();
                let value = attribute(input, "value").unwrap_or_default();
                let twice = fields.insert(name, value);
                assert!(twice.is_none(), "a field stands twice: {text}");
            }
        }
        Form { action: self.url.join(&action).unwrap(), fields }
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
    let value = &tag[start..];
    Some(unescape(&value[..value.find('"')?]))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#x2f;", "/")
        .replace("&amp;", "&")
}

/// Every cookie of an https issuer is locked to it.
pub fn assert_locked(page: &Page, name: &str) {
    let cookies = page.set_cookies();
    let cookie = cookies.iter().find(|cookie| cookie.starts_with(&format!("{name}=")));
    let cookie = cookie.unwrap_or_else(|| panic!("no {name}: {cookies:?}"));
    let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
    for attribute in ["Secure", "Path=/", "HttpOnly", "SameSite=Lax"] {
        assert!(attributes.contains(&attribute), "{attribute}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}
