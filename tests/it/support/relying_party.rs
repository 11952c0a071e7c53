//! A relying party as a test drives it, parameter by parameter.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use yihao::crypto::base64url;
use yihao::crypto::digest;

use crate::support::Browser;
use crate::support::Page;
use crate::support::Person;
use crate::support::TestProvider;
use crate::support::fixture;
use crate::support::fixture::SECRET;

/// The verifier of every request; the challenge follows from it.
pub const VERIFIER: &str = "a-code-verifier-of-at-least-forty-three-characters-0123456789";

/// A relying party.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    /// `client_id`.
    pub client_id: &'static str,
    /// `redirect_uri`.
    pub redirect_uri: String,
    issuer: String,
    secret: String,
}

/// What came back to the redirect URI.
#[derive(Debug, Clone)]
pub struct Landing(pub BTreeMap<String, String>);

impl Landing {
    /// Every name once, our issuer among them, and either a code or an error (RFC 6749 §4.1.2, RFC 9207).
    fn of(pairs: &[(String, String)]) -> Self {
        let landing = Self(pairs.iter().cloned().collect());
        assert_eq!(landing.0.len(), pairs.len(), "a name stands twice: {pairs:?}");
        assert!(landing.get("iss").is_some(), "no issuer: {pairs:?}");
        assert_ne!(landing.get("code").is_some(), landing.get("error").is_some(), "{pairs:?}");
        landing
    }

    /// A parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The code of a success.
    pub fn code(&self) -> &str {
        self.get("code").unwrap_or_else(|| panic!("no code: {:?}", self.0))
    }

    /// The error of a refusal.
    pub fn error(&self) -> &str {
        self.get("error").unwrap_or_else(|| panic!("no error: {:?}", self.0))
    }
}

impl RelyingParty {
    /// One of the fixture's clients.
    pub fn new(provider: &TestProvider, client_id: &'static str) -> Self {
        let client = fixture::clients().into_iter().find(|c| c.id.as_str() == client_id);
        let client = client.expect("a client of the fixture");
        let redirect_uri = client.redirect_uris.first().cloned().unwrap_or_default();
        Self::of(provider, client_id, &redirect_uri)
    }

    /// Any confidential client that authenticates by `client_secret_basic`.
    pub fn of(provider: &TestProvider, client_id: &'static str, redirect_uri: &str) -> Self {
        Self {
            client_id,
            redirect_uri: redirect_uri.to_owned(),
            issuer: provider.issuer.clone(),
            secret: SECRET.to_owned(),
        }
    }

    /// The same with another secret.
    pub fn with_secret(self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self }
    }

    /// An authorization request; what is given replaces or adds, an empty value takes away.
    pub fn authorize(&self, change: &[(&str, &str)]) -> String {
        let challenge = base64url::encode(digest::sha256(VERIFIER.as_bytes()));
        let mut parameters: BTreeMap<&str, String> = [
            ("response_type", "code".to_owned()),
            ("client_id", self.client_id.to_owned()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("scope", "openid profile offline_access".to_owned()),
            ("state", "S1".to_owned()),
            ("nonce", "N1".to_owned()),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256".to_owned()),
        ]
        .into();
        for (name, value) in change {
            if value.is_empty() {
                parameters.remove(name);
            } else {
                parameters.insert(name, (*value).to_owned());
            }
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        format!("{}/oauth2/authorize?{}", self.issuer, query.finish())
    }

    /// Walks a person through whatever pages come, back to the redirect URI.
    pub async fn log_in(
        &self,
        browser: &Browser,
        person: &Person,
        change: &[(&str, &str)],
    ) -> Landing {
        let page = browser.get(&self.authorize(change)).await;
        self.walk(browser, person, page).await
    }

    /// Walks on from a page.
    pub async fn walk(&self, browser: &Browser, person: &Person, page: Page) -> Landing {
        let mut page = browser.follow(page).await;
        for _ in 0..6 {
            if let Some(landing) = self.landing(&page) {
                return landing;
            }
            page = if page.has("identifier") {
                browser.submit(&page, &person.login_fields()).await
            } else if page.has("allow") {
                browser.submit(&page, &[("decision", "allow")]).await
            } else {
                panic!("stuck at {} ({}): {}", page.url, page.status, page.body)
            };
            page = browser.follow(page).await;
        }
        panic!("the login does not end: {}", page.url)
    }

    /// What came back, if the browser was sent to the redirect URI.
    pub fn landing(&self, page: &Page) -> Option<Landing> {
        if page.has("form-post") {
            let form = page.form();
            assert_eq!(form.action.as_str(), self.redirect_uri);
            return Some(Landing::of(&form.fields.into_iter().collect::<Vec<_>>()));
        }
        let location = page.location()?;
        if !location.as_str().starts_with(&self.redirect_uri) {
            return None;
        }
        assert!(!page.header("location").contains('#'), "{location}");
        Some(Landing::of(&location.query_pairs().into_owned().collect::<Vec<_>>()))
    }

    /// A token request with the client's own way of authentication.
    pub async fn token(&self, fields: &[(&str, &str)]) -> Page {
        self.call("/oauth2/token", fields).await
    }

    /// The code's exchange.
    pub async fn redeem(&self, code: &str) -> Page {
        self.redeem_with(code, &[]).await
    }

    /// The code's exchange, changed.
    pub async fn redeem_with(&self, code: &str, change: &[(&str, &str)]) -> Page {
        let mut fields: BTreeMap<&str, &str> = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ]
        .into();
        for (name, value) in change {
            if value.is_empty() {
                fields.remove(name);
            } else {
                fields.insert(name, value);
            }
        }
        self.token(&fields.into_iter().collect::<Vec<_>>()).await
    }

    /// A refresh.
    pub async fn refresh(&self, refresh_token: &str) -> Page {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// A call of an endpoint that asks who the client is.
    pub async fn call(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let url = format!("{}{path}", self.issuer);
        let browser = Browser::new();
        let mut fields = fields.to_vec();
        let assertion;
        match self.client_id {
            "web2" => {
                assertion = self.assertion(&json!({}));
                fields.push((
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ));
                fields.push(("client_assertion", &assertion));
                browser.post(&url, &fields).await
            }
            "spa1" | "native1" => {
                fields.push(("client_id", self.client_id));
                browser.post(&url, &fields).await
            }
            "post1" => {
                fields.extend([("client_id", self.client_id), ("client_secret", SECRET)]);
                browser.post(&url, &fields).await
            }
            _ => {
                let basic = self.basic(&self.secret);
                browser.post_with(&url, &[("authorization", &basic)], &fields).await
            }
        }
    }

    /// The `Authorization` header with this secret.
    pub fn basic(&self, secret: &str) -> String {
        let encode =
            |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(self.client_id), encode(secret));
        format!("Basic {}", STANDARD.encode(pair))
    }

    /// A client assertion; what is given replaces or adds, null takes away.
    pub fn assertion(&self, change: &Value) -> String {
        let claims = self.assertion_claims(change);
        yihao::jose::sign_jwt(fixture::assertion_key(), "JWT", &claims).unwrap()
    }

    /// What a client assertion says; what is given replaces or adds, null takes away.
    pub fn assertion_claims(&self, change: &Value) -> Value {
        let now = yihao::clock::Clock::system().now().seconds();
        let mut claims = json!({
            "iss": self.client_id, "sub": self.client_id, "aud": self.issuer,
            "iat": now, "exp": now + 60, "jti": uuid::Uuid::new_v4().to_string(),
        });
        for (name, value) in change.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    }

    /// UserInfo with this token.
    pub async fn userinfo(&self, access_token: &str) -> Page {
        let url = format!("{}/oauth2/userinfo", self.issuer);
        let bearer = format!("Bearer {access_token}");
        Browser::new().get_with(&url, &[("authorization", &bearer)]).await
    }
}

/// The claims of a JWT, unverified: what is checked is elsewhere.
pub fn claims(jwt: &str) -> Value {
    part(jwt, 1)
}

/// The header of a JWT.
pub fn header(jwt: &str) -> Value {
    part(jwt, 0)
}

fn part(jwt: &str, nth: usize) -> Value {
    let part = jwt.split('.').nth(nth).expect("three parts");
    serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap()
}

/// A JWT with this header and payload, whatever they say, and the signature that `sign` makes of them.
pub fn jwt(header: &Value, payload: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let encode = |text: &str| base64url::encode(text);
    let signed = format!("{}.{}", encode(&header.to_string()), encode(payload));
    let signature = base64url::encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// What somebody can use as the secret of HS256 who has only the public key of an ES256 pair: PEM, DER, JWK.
pub fn public_key_texts(jwk: &Value) -> [Vec<u8>; 3] {
    let coordinate = |name: &str| base64url::decode(jwk[name].as_str().unwrap()).unwrap();
    let start = "3059301306072a8648ce3d020106082a8648ce3d03010703420004";
    let der = [hex::decode(start).unwrap(), coordinate("x"), coordinate("y")].concat();
    let text = STANDARD.encode(&der);
    let lines = [&text[..64], &text[64..]].join("\n");
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n");
    [pem.into_bytes(), der, jwk.to_string().into_bytes()]
}

/// `J(invalid_client)`: who the client is was not proven.
pub fn assert_invalid_client(page: &Page, what: &str) {
    assert_eq!(
        (page.status, &page.json()["error"]),
        (401, &Value::from("invalid_client")),
        "{what}"
    );
    assert!(page.header("www-authenticate").starts_with("Basic "), "{what}");
    assert_eq!(page.header("cache-control"), "no-store", "{what}");
}

/// HMAC with SHA-256, as HS256 has it.
pub fn hs256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    use aws_lc_rs::hmac;
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
}

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Asks for tokens with this assertion.
pub async fn asserted(provider: &TestProvider, assertion: &str) -> Page {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", "x"),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", assertion),
    ];
    Browser::new().post(&provider.url("/oauth2/token"), &fields).await
}

/// An authenticated client gets as far as the code, which is none.
pub fn is_accepted(page: &Page) -> bool {
    page.status == 400 && page.json()["error"] == "invalid_grant"
}
