//! Calls to a platform that shares a secret with us, signed both ways with HMAC-SM3 (RFC 2104; SM3: GB/T
//! 32905-2016). The contract is in `docs/integration/sms-gateway.md` and `population-register.md`.
//!
//! | header of a request | value |
//! |---|---|
//! | `x-yihao-date` | RFC 3339 in UTC, whole seconds |
//! | `x-yihao-nonce` | 128 random bits, base64url; a platform accepts each once |
//! | `x-yihao-signature` | base64url(HMAC-SM3(secret, text)) without padding |
//!
//! `text` is method, path with query, date, nonce and the lower-case hexadecimal SM3 of the body, joined by
//! line feeds. An answer that is signed has `x-yihao-signature` over `ANSWER`, status, the request's nonce
//! and the SM3 of its own body, joined the same way: it belongs to that one request.

use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header::CONTENT_TYPE;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use url::Url;

use crate::clock::Clock;
use crate::crypto::base64url;
use crate::crypto::constant_time_eq;
use crate::crypto::digest;
use crate::crypto::mac::MacKey;
use crate::crypto::random;
use crate::outbound::Outbound;
use crate::outbound::OutboundError;

/// When a request was signed.
pub const DATE: &str = "x-yihao-date";
/// What tells one request from every other.
pub const NONCE: &str = "x-yihao-nonce";
/// The signature of a request or of its answer.
pub const SIGNATURE: &str = "x-yihao-signature";

/// A shorter secret could be searched for by whoever sees one signed request.
const SECRET_LENGTH: usize = 16;

/// One address of a platform, and the secret we share with it.
#[derive(Clone)]
pub struct SignedCaller {
    url: Url,
    secret: SecretString,
    outbound: Outbound,
    clock: Clock,
}

/// What the platform answered, whatever its status.
#[derive(Debug)]
pub struct SignedAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Whether its signature is there and right.
    pub is_signed: bool,
}

/// Why this address or secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// `outbound.allow` does not admit the address.
    #[error("url: {0}")]
    Address(#[from] OutboundError),
    /// Too short.
    #[error("secret has fewer than {SECRET_LENGTH} characters")]
    Secret,
}

impl SignedCaller {
    /// Refuses an address that would never be called, and a secret that can be guessed.
    pub fn new(
        url: Url,
        secret: SecretString,
        outbound: Outbound,
        clock: Clock,
    ) -> Result<Self, SetupError> {
        outbound.check_url(&url)?;
        if secret.expose_secret().len() < SECRET_LENGTH {
            return Err(SetupError::Secret);
        }
        Ok(Self { url, secret, outbound, clock })
    }

    /// Where it calls.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Posts these bytes of JSON, signed.
    pub async fn post(&self, body: Vec<u8>) -> Result<SignedAnswer, OutboundError> {
        let date = self.clock.now().to_rfc3339();
        let nonce = base64url::encode(random::bytes::<16>());
        let path = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let secret = self.secret.expose_secret().as_bytes();
        let signature = request_signature(secret, &["POST", path, &date, &nonce], &body);
        let mut request = http::Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.as_str().parse().map_err(|_| OutboundError::Request)?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [(DATE, &date), (NONCE, &nonce), (SIGNATURE, &signature)] {
            let value = HeaderValue::try_from(value).map_err(|_| OutboundError::Request)?;
            headers.insert(name, value);
        }
        let (parts, body) = self.outbound.exchange(request).await?.into_parts();
        let status = parts.status.as_u16();
        let expected = answer_signature(secret, status, &nonce, &body);
        let is_signed = constant_time_eq(expected.as_bytes(), signature_of(&parts.headers));
        Ok(SignedAnswer { status, body, is_signed })
    }
}

fn signature_of(headers: &HeaderMap) -> &[u8] {
    headers.get(SIGNATURE).map_or(b"", HeaderValue::as_bytes)
}

/// The signature of a request: method, path with query, date and nonce, and its body.
pub fn request_signature(secret: &[u8], lines: &[&str; 4], body: &[u8]) -> String {
    sign(secret, &lines.join("\n"), body)
}

/// The signature of the answer to the request with this nonce.
pub fn answer_signature(secret: &[u8], status: u16, nonce: &str, body: &[u8]) -> String {
    sign(secret, &format!("ANSWER\n{status}\n{nonce}"), body)
}

fn sign(secret: &[u8], head: &str, body: &[u8]) -> String {
    let text = format!("{head}\n{}", hex::encode(digest::sm3(body)));
    base64url::encode(MacKey::new(secret).tag(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::answer_signature;
    use super::request_signature;

    /// The worked examples of the documents, computed with another implementation of SM3 and HMAC.
    #[test]
    fn signatures_are_those_of_the_documents() {
        let lines = ["POST", "/sms", "2026-11-24T08:30:00Z", "AAAAAAAAAAAAAAAAAAAAAA"];
        let request = request_signature(b"0123456789abcdef", &lines, b"{}");
        assert_eq!(request, "ut8SarkBKNEAJ6ppmkGSWyXjPr37SmH88Io0eL86ROg");
        let answer = answer_signature(b"0123456789abcdef", 200, lines[3], br#"{"code":0}"#);
        assert_eq!(answer, "dG6pBnDYr1Iu5X8YiQbK8eb-vlAUkvJ5vw9SKzPJ3RQ");
    }

    #[test]
    fn an_answer_belongs_to_one_request_and_one_status() {
        let of = |status, nonce, body: &[u8]| answer_signature(b"secret", status, nonce, body);
        let one = of(200, "a", b"{}");
        for other in [of(201, "a", b"{}"), of(200, "b", b"{}"), of(200, "a", b"{ }")] {
            assert_ne!(one, other);
        }
    }
}
