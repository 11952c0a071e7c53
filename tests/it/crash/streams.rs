//! Streams of requests that end when nobody answers any more.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use serde_json::Value;

use crate::crash::CLIENT;
use crate::crash::REDEEMED;
use crate::crash::REFRESHED;
use crate::crash::REVOKED;

/// What one stream of requests met until the process died.
#[derive(Default)]
pub struct Stream {
    /// Request ids and kinds of what was acknowledged.
    pub acknowledged: Vec<(String, &'static str)>,
    /// The request without an answer: its kind, and the token or code it was about.
    pub in_doubt: Option<(&'static str, String)>,
    /// Refresh tokens that must work.
    pub alive: Vec<String>,
    /// Codes that must not.
    pub dead_codes: Vec<String>,
    /// Refresh tokens that must not.
    pub dead_tokens: Vec<String>,
}

/// Where a stream goes, and how many requests were acknowledged on all of them.
#[derive(Clone)]
pub struct Target {
    /// The issuer.
    pub issuer: String,
    /// The count.
    pub acknowledged: Arc<AtomicUsize>,
}

/// How a request ended.
pub enum Answer {
    /// It was done.
    Done {
        /// As in the audit record.
        request_id: String,
        /// What was answered.
        body: Value,
    },
    /// It was refused.
    Refused(Value),
    /// There was no answer.
    Unknown,
}

impl Target {
    fn acknowledge(&self, stream: &mut Stream, request_id: String, kind: &'static str) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        stream.acknowledged.push((request_id, kind));
    }
}

/// Rotates one family until there is no answer.
pub async fn rotate(target: Target, first: String) -> Stream {
    let (mut stream, mut token) = (Stream::default(), first);
    loop {
        match refresh(&target.issuer, &token).await {
            Answer::Done { request_id, body } => {
                target.acknowledge(&mut stream, request_id, REFRESHED);
                token = text(&body, "refresh_token");
            }
            Answer::Refused(why) => panic!("refused before the crash: {why}"),
            Answer::Unknown => {
                stream.in_doubt = Some((REFRESHED, token));
                return stream;
            }
        }
    }
}

/// Redeems codes until there is no answer.
pub async fn redeem(target: Target, codes: Vec<String>) -> Stream {
    let mut stream = Stream::default();
    for code in codes {
        match exchange(&target.issuer, &code).await {
            Answer::Done { request_id, body } => {
                target.acknowledge(&mut stream, request_id, REDEEMED);
                stream.alive.push(text(&body, "refresh_token"));
                stream.dead_codes.push(code);
            }
            Answer::Refused(why) => panic!("refused before the crash: {why}"),
            Answer::Unknown => {
                stream.in_doubt = Some((REDEEMED, code));
                return stream;
            }
        }
    }
    stream
}

/// Revokes families until there is no answer.
pub async fn revoke(target: Target, tokens: Vec<String>) -> Stream {
    let mut stream = Stream::default();
    for token in tokens {
        let fields = [("token", &*token)];
        match post(&format!("{}/oauth2/revoke", target.issuer), &fields).await {
            Answer::Done { request_id, .. } => {
                target.acknowledge(&mut stream, request_id, REVOKED);
                stream.dead_tokens.push(token);
            }
            Answer::Refused(why) => panic!("refused before the crash: {why}"),
            Answer::Unknown => {
                stream.in_doubt = Some((REVOKED, token));
                return stream;
            }
        }
    }
    stream
}

/// Uses a refresh token.
pub async fn refresh(issuer: &str, token: &str) -> Answer {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    post(&format!("{issuer}/oauth2/token"), &fields).await
}

/// Redeems a code.
pub async fn exchange(issuer: &str, code: &str) -> Answer {
    let redirect_uri = ("redirect_uri", "https://rp.example/cb");
    let fields = [("grant_type", "authorization_code"), ("code", code), redirect_uri];
    post(&format!("{issuer}/oauth2/token"), &fields).await
}

/// One for all; every request has a connection of its own, so that none dies with the process before.
fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap()
    })
}

async fn post(url: &str, fields: &[(&str, &str)]) -> Answer {
    let mut fields = fields.to_vec();
    fields.push(("client_id", CLIENT));
    let Ok(answer) = client().post(url).form(&fields).send().await else { return Answer::Unknown };
    let status = answer.status().as_u16();
    let request_id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let Ok(body) = answer.text().await else { return Answer::Unknown };
    let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
    match status {
        200 => Answer::Done { request_id, body },
        400 => Answer::Refused(body),
        other => panic!("{other}: {body}"),
    }
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_else(|| panic!("no {name}: {body}")).to_owned()
}
