//! Calls to a platform that shares a secret with us, signed both ways with HMAC-SM3 (RFC 2104; SM3: GB/T
//! 32905-2016). The contract is in `docs/integration`: `sms-gateway.md`, `population-register.md`, `alert-webhook.md`.
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

use std::time::Duration;

use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header::CONTENT_TYPE;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use url::Url;

use crate::clock::Clock;
use crate::clock::Timestamp;
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

/// How far the clock of who calls us may be off; for twice as long a nonce is remembered.
pub const TOLERANCE: Duration = Duration::from_mins(5);

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

    /// The nonce of a call that who shares the secret makes to us.
    pub fn verify<'c>(
        &self,
        call: &IncomingCall<'c>,
        now: Timestamp,
    ) -> Result<&'c str, CallError> {
        call.verify(self.secret.expose_secret().as_bytes(), now)
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

/// Why a call to us is not one of who shares our secret. The number is the contract's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Signed by somebody else, or not at all.
    #[error("the call is not signed as agreed")]
    Signature,
    /// Signed too long ago, or by a clock that is off.
    #[error("the date of the call is too far off")]
    Date,
    /// Its nonce was used before.
    #[error("the call was made before")]
    Replayed,
}

impl CallError {
    /// The `code` the caller is told.
    pub fn code(self) -> i64 {
        match self {
            Self::Signature => 4001,
            Self::Date => 4002,
            Self::Replayed => 4003,
        }
    }
}

/// A call that came in.
#[derive(Debug, Clone, Copy)]
pub struct IncomingCall<'a> {
    /// Path with query, as it was asked for.
    pub path: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: &'a [u8],
}

impl<'a> IncomingCall<'a> {
    /// The nonce, if who shares this secret signed the call a moment ago. Whoever accepts a call accepts each
    /// nonce once.
    pub fn verify(&self, secret: &[u8], now: Timestamp) -> Result<&'a str, CallError> {
        let header = |name| {
            let mut values = self.headers.get_all(name).iter();
            let value = values.next().and_then(|value| value.to_str().ok());
            value.filter(|_| values.next().is_none()).ok_or(CallError::Signature)
        };
        let (date, nonce) = (header(DATE)?, header(NONCE)?);
        let expected = request_signature(secret, &["POST", self.path, date, nonce], self.body);
        if !constant_time_eq(expected.as_bytes(), header(SIGNATURE)?.as_bytes()) {
            return Err(CallError::Signature);
        }
        let at = Timestamp::from_rfc3339(date).ok_or(CallError::Date)?;
        if now.since(at) > TOLERANCE || at.since(now) > TOLERANCE {
            return Err(CallError::Date);
        }
        Ok(nonce)
    }
}

/// What stands for a person in the answer to a check: neither name nor number, and nothing without the secret.
pub fn person_digest(secret: &[u8], check: &str, name: &str, id_number: &str) -> String {
    let text = format!("PERSON\n{check}\n{name}\n{id_number}");
    base64url::encode(MacKey::new(secret).tag(text.as_bytes()))
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
    use http::HeaderMap;
    use http::HeaderValue;

    use super::CallError;
    use super::DATE;
    use super::IncomingCall;
    use super::NONCE;
    use super::SIGNATURE;
    use super::answer_signature;
    use super::person_digest;
    use super::request_signature;
    use crate::clock::Timestamp;

    /// The worked examples of the documents, computed with another implementation of SM3 and HMAC.
    #[test]
    fn signatures_are_those_of_the_documents() {
        let lines = ["POST", "/sms", "2026-11-24T08:30:00Z", "AAAAAAAAAAAAAAAAAAAAAA"];
        let request = request_signature(b"0123456789abcdef", &lines, b"{}");
        assert_eq!(request, "ut8SarkBKNEAJ6ppmkGSWyXjPr37SmH88Io0eL86ROg");
        let answer = answer_signature(b"0123456789abcdef", 200, lines[3], br#"{"code":0}"#);
        assert_eq!(answer, "dG6pBnDYr1Iu5X8YiQbK8eb-vlAUkvJ5vw9SKzPJ3RQ");
        let check = "019363d2-7a10-7cc2-9d5b-0f3f0f8f4a11";
        let person = person_digest(b"0123456789abcdef", check, "测试一", "11010519491231002X");
        assert_eq!(person, "t6Iy_H_nRRFEclBcNOXlzxDkTj1ijNvs7pkVKtrFjjs");
    }

    #[test]
    fn a_call_is_taken_from_who_signs_it_now_and_whole() {
        let now = Timestamp::from_rfc3339("2026-11-24T08:30:00Z").unwrap();
        let judge = |path: &str, body: &[u8], date: &str, twice: bool| {
            let lines = ["POST", "/cb", date, "n1"];
            let signature = request_signature(b"secret", &lines, b"{}");
            let mut headers = HeaderMap::new();
            for (name, value) in [(DATE, date), (NONCE, "n1"), (SIGNATURE, &*signature)] {
                headers.append(name, HeaderValue::from_str(value).unwrap());
            }
            if twice {
                headers.append(NONCE, HeaderValue::from_static("n2"));
            }
            let call = IncomingCall { path, headers: &headers, body };
            call.verify(b"secret", now).map(str::to_owned)
        };
        let date = "2026-11-24T08:30:00Z";
        assert_eq!(judge("/cb", b"{}", date, false), Ok("n1".to_owned()));
        assert_eq!(judge("/cb", b"{}", "2026-11-24T08:35:00Z", false), Ok("n1".to_owned()));
        for (path, body, date, twice, why) in [
            ("/cb?x=1", &b"{}"[..], date, false, CallError::Signature),
            ("/cb", b"{ }", date, false, CallError::Signature),
            ("/cb", b"{}", date, true, CallError::Signature),
            ("/cb", b"{}", "2026-11-24T08:35:01Z", false, CallError::Date),
            ("/cb", b"{}", "2026-11-24T08:24:59Z", false, CallError::Date),
            ("/cb", b"{}", "yesterday", false, CallError::Date),
        ] {
            assert_eq!(judge(path, body, date, twice), Err(why), "{path} {date}");
        }
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
