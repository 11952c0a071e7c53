//! A portal and the browser of one person, as far as the provider sees them: every step of a login, every
//! call of a client, each answer checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use anyhow::ensure;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use http::header;
use hyper::body::Bytes;
use serde_json::Value;
use yihao::clock::Clock;
use yihao::crypto::base64url;
use yihao::crypto::digest;
use yihao::crypto::random;
use yihao::jose::Algorithm;
use yihao::jose::Claims;
use yihao::jose::DEFAULT_KEY_LIMIT;
use yihao::jose::Expected;
use yihao::jose::JwkSet;
use yihao::jose::left_half_hash;
use yihao::jose::verify_jwt;
use yihao::protocol::discovery;

use crate::connection::Answer;
use crate::connection::Connection;
use crate::connection::Extra;
use crate::fixture;

/// One ID token in so many is verified: verifying costs three times the signature.
const VERIFY_EVERY: u64 = 20;

/// What all callers know of the provider.
pub struct Target {
    issuer: String,
    keys: JwkSet,
    people: u64,
    portal: String,
    service: String,
}

/// One caller: a connection, a browser's cookies, and the tokens of the last login.
pub struct Caller {
    target: Arc<Target>,
    connection: Connection,
    cookies: BTreeMap<String, String>,
    tokens: Tokens,
    documents: BTreeMap<&'static str, Bytes>,
    calls: u64,
    /// Signatures that were verified.
    pub verified: u64,
}

#[derive(Default)]
struct Tokens {
    access: String,
    refresh: String,
    subject: String,
}

/// A request on its way, to be recognised when its answer comes.
struct Asked {
    path: String,
    state: String,
    nonce: String,
    verifier: String,
}

impl Target {
    /// Reads the keys of the provider.
    pub async fn find(
        issuer: &str,
        connection: &mut Connection,
        people: u64,
    ) -> anyhow::Result<Self> {
        let answer = connection.send(discovery::JWKS, Extra::default()).await?;
        answer.expect(StatusCode::OK, "jwks")?;
        let basic = |id| format!("Basic {}", STANDARD.encode(format!("{id}:{}", fixture::SECRET)));
        Ok(Self {
            issuer: issuer.to_owned(),
            keys: JwkSet::parse(&answer.body, DEFAULT_KEY_LIMIT)?,
            people,
            portal: basic(fixture::PORTAL),
            service: basic(fixture::SERVICE),
        })
    }
}

impl Caller {
    /// A caller who has done nothing yet.
    pub fn new(target: Arc<Target>, connection: Connection) -> Self {
        Self {
            target,
            connection,
            cookies: BTreeMap::new(),
            tokens: Tokens::default(),
            documents: BTreeMap::new(),
            calls: 0,
            verified: 0,
        }
    }

    /// Provider metadata.
    pub async fn discovery(&mut self) -> anyhow::Result<()> {
        let issuer = self.target.issuer.clone();
        let is_right = |document: &Value| document["issuer"] == *issuer;
        self.document(discovery::OPENID_CONFIGURATION, is_right).await
    }

    /// The keys.
    pub async fn jwks(&mut self) -> anyhow::Result<()> {
        let is_right =
            |document: &Value| document["keys"].as_array().is_some_and(|k| !k.is_empty());
        self.document(discovery::JWKS, is_right).await
    }

    /// A document that is read once and must not change from then on.
    async fn document(
        &mut self,
        path: &'static str,
        is_right: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<()> {
        let answer = self.connection.send(path, Extra::default()).await?;
        if self.documents.get(path) == Some(&answer.body) && answer.status == StatusCode::OK {
            return Ok(());
        }
        ensure!(is_right(&answer.json(path)?), "{path}: unexpected content");
        ensure!(self.documents.insert(path, answer.body).is_none(), "{path}: it changed");
        Ok(())
    }

    /// A token for the client itself.
    pub async fn client_credentials(&mut self) -> anyhow::Result<()> {
        let form = [("grant_type", "client_credentials")];
        let authorization = self.target.service.clone();
        let extra = Extra { authorization: &authorization, form: Some(&form), ..Extra::default() };
        let answer = self.connection.send(discovery::TOKEN, extra).await?;
        let answer = answer.json("client_credentials")?;
        let token = text(&answer, "access_token")?;
        ensure!(token.split('.').count() == 3, "client_credentials: not a JWT");
        if self.is_sampled() {
            let claims = self.verify(token, "at+jwt")?;
            ensure!(claims.string("aud")? == Some(fixture::AUDIENCE), "access token: aud");
        }
        Ok(())
    }

    /// A login in a browser nobody knows, up to the tokens.
    pub async fn login(&mut self) -> anyhow::Result<()> {
        self.cookies.clear();
        self.tokens = Tokens::default();
        let asked = authorization_request();
        let login = self.browse(&asked.path, None).await?.location("authorize")?.to_owned();
        ensure!(login.starts_with("/login?"), "authorize: leads to {login}");
        let page = self.browse(&login, None).await?;
        page.expect(StatusCode::OK, "login page")?;
        let page = String::from_utf8_lossy(&page.body);
        let identifier = fixture::identifier(u64::from(number()) % self.target.people);
        let form = [
            ("csrf", hidden(&page, "csrf")?),
            ("tx", hidden(&page, "tx")?),
            ("method", hidden(&page, "method")?),
            ("identifier", &identifier),
            ("password", fixture::PASSWORD),
        ];
        let back = self.browse("/login", Some(&form)).await?.location("login")?.to_owned();
        ensure!(back.starts_with(discovery::AUTHORIZE), "login: leads to {back}");
        let answer = self.browse(&back, None).await?;
        self.redeem(&asked, &answer).await
    }

    /// Sign-on for somebody who is logged in, up to the tokens.
    pub async fn sso(&mut self) -> anyhow::Result<()> {
        let asked = authorization_request();
        let answer = self.browse(&asked.path, None).await?;
        self.redeem(&asked, &answer).await
    }

    /// A refresh; the old token is spent with it.
    pub async fn refresh(&mut self) -> anyhow::Result<()> {
        let old = std::mem::take(&mut self.tokens.refresh);
        let form = [("grant_type", "refresh_token"), ("refresh_token", &old)];
        let answer = self.call(discovery::TOKEN, &form).await?.json("refresh")?;
        let new = text(&answer, "refresh_token")?;
        ensure!(new != old, "refresh: the token did not rotate");
        self.keep(&answer, None)
    }

    /// What a client may know of its token.
    pub async fn introspection(&mut self) -> anyhow::Result<()> {
        let token = self.tokens.access.clone();
        let answer = self.call(discovery::INTROSPECT, &[("token", &token)]).await?;
        let answer = answer.json("introspection")?;
        ensure!(answer["active"] == true, "introspection: not active");
        ensure!(answer["sub"] == *self.tokens.subject, "introspection: another sub");
        Ok(())
    }

    /// What the person shares.
    pub async fn userinfo(&mut self) -> anyhow::Result<()> {
        let authorization = format!("Bearer {}", self.tokens.access);
        let extra = Extra { authorization: &authorization, ..Extra::default() };
        let answer = self.connection.send(discovery::USERINFO, extra).await?.json("userinfo")?;
        ensure!(answer["sub"] == *self.tokens.subject, "userinfo: another sub");
        text(&answer, "name").map(drop)
    }

    /// Takes the code from the redirect to the portal, and redeems it.
    async fn redeem(&mut self, asked: &Asked, answer: &Answer) -> anyhow::Result<()> {
        let location = answer.location("authorize")?;
        let query = location.strip_prefix(fixture::REDIRECT_URI).and_then(|q| q.strip_prefix('?'));
        let query = query.with_context(|| format!("authorize: leads to {location}"))?;
        let parameters: BTreeMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).collect();
        let get = |name| parameters.get(name).map(AsRef::as_ref).unwrap_or_default();
        ensure!(get("state") == asked.state, "authorize: another state");
        ensure!(get("iss") == self.target.issuer, "authorize: another iss");
        let form = [
            ("grant_type", "authorization_code"),
            ("code", get("code")),
            ("redirect_uri", fixture::REDIRECT_URI),
            ("code_verifier", &asked.verifier),
        ];
        let answer = self.call(discovery::TOKEN, &form).await?.json("token")?;
        self.keep(&answer, Some(&asked.nonce))
    }

    /// Keeps the tokens of an answer; looks closely at one in twenty.
    fn keep(&mut self, answer: &Value, nonce: Option<&str>) -> anyhow::Result<()> {
        let id_token = text(answer, "id_token")?;
        let access = text(answer, "access_token")?.to_owned();
        let refresh = text(answer, "refresh_token")?.to_owned();
        if self.is_sampled() || self.tokens.subject.is_empty() {
            self.check_id_token(id_token, &access, nonce)?;
        }
        self.tokens.access = access;
        self.tokens.refresh = refresh;
        Ok(())
    }

    fn check_id_token(
        &mut self,
        token: &str,
        access: &str,
        nonce: Option<&str>,
    ) -> anyhow::Result<()> {
        let claims = self.verify(token, "JWT")?;
        let text = |name| claims.string(name).ok().flatten().unwrap_or_default();
        ensure!(text("aud") == fixture::PORTAL, "ID token: aud");
        ensure!(nonce.is_none_or(|nonce| text("nonce") == nonce), "ID token: nonce");
        let at_hash = left_half_hash(Algorithm::Es256, access);
        ensure!(text("at_hash") == at_hash, "ID token: at_hash");
        let known = std::mem::replace(&mut self.tokens.subject, text("sub").to_owned());
        ensure!(known.is_empty() || known == text("sub"), "ID token: another sub");
        Ok(())
    }

    /// Signature, issuer and time of a token.
    fn verify(&mut self, token: &str, typ: &str) -> anyhow::Result<Claims> {
        let expected = Expected { algorithms: &[Algorithm::Es256], types: &[Some(typ)] };
        let claims = verify_jwt(token, &self.target.keys, &expected)?.claims;
        ensure!(claims.string("iss")? == Some(&self.target.issuer), "{typ}: iss");
        let now = Clock::system().now().seconds();
        ensure!(claims.integer("exp")?.is_some_and(|exp| exp > now), "{typ}: exp");
        self.verified += 1;
        Ok(claims)
    }

    fn is_sampled(&mut self) -> bool {
        self.calls += 1;
        self.calls % VERIFY_EVERY == 1
    }

    /// A request of the portal's server.
    async fn call(&mut self, path: &str, form: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let authorization = &self.target.portal;
        self.connection
            .send(path, Extra { authorization, form: Some(form), ..Extra::default() })
            .await
    }

    /// A request of the browser.
    async fn browse(
        &mut self,
        path: &str,
        form: Option<&[(&str, &str)]>,
    ) -> anyhow::Result<Answer> {
        let cookies: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let extra = Extra { cookies: &cookies.join("; "), form, ..Extra::default() };
        let answer = self.connection.send(path, extra).await?;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().and_then(|pair| pair.split_once('='));
            let (name, value) = pair.context("a cookie without a value")?;
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        Ok(answer)
    }
}

/// A request with a state, a nonce and a verifier of its own.
fn authorization_request() -> Asked {
    let (state, nonce, verifier) = (random::token(), random::token(), random::token());
    let challenge = base64url::encode(digest::sha256(verifier.as_bytes()));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", fixture::PORTAL)
        .append_pair("redirect_uri", fixture::REDIRECT_URI)
        .append_pair("scope", fixture::SCOPE)
        .append_pair("state", &state)
        .append_pair("nonce", &nonce)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let path = format!("{}?{query}", discovery::AUTHORIZE);
    Asked { path, state, nonce, verifier }
}

fn text<'a>(answer: &'a Value, name: &str) -> anyhow::Result<&'a str> {
    answer[name].as_str().with_context(|| format!("the answer has no {name}"))
}

/// The value of a hidden field, as our pages write it.
fn hidden<'a>(page: &'a str, name: &str) -> anyhow::Result<&'a str> {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .with_context(|| format!("the page has no field {name}"))?;
    Ok(rest.split_once('"').context("a value without an end")?.0)
}

/// A random number.
pub fn number() -> u32 {
    u32::from_ne_bytes(random::bytes())
}
