//! The SMS gateway over HTTP; contract in `docs/integration/sms-gateway.md` (HMAC: RFC 2104, SM3:
//! GB/T 32905-2016).
//!
//! `POST {url}` with `Content-Type: application/json` and the body
//!
//! ```json
//! {"app_id": "…", "template_id": "…", "signature": "【一号】", "phone": "+8613800138000",
//!  "variables": {"code": "123456", "minutes": "5"}, "message_id": "<UUID>"}
//! ```
//!
//! | header | value |
//! |---|---|
//! | `x-yihao-date` | RFC 3339 in UTC, whole seconds |
//! | `x-yihao-nonce` | 128 random bits, base64url; a gateway accepts each once |
//! | `x-yihao-signature` | base64url(HMAC-SM3(secret, text)) without padding |
//!
//! where `text` is method, path with query, date, nonce and the lower-case hexadecimal SM3 of the
//! body, joined by line feeds. An accepted message is answered by `200 {"code": 0, "receipt": "…"}`,
//! a refused one by another code. The gateway delivers a `message_id` once.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use http::HeaderMap;
use http::HeaderValue;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::clock::Clock;
use crate::crypto::base64url;
use crate::crypto::digest;
use crate::crypto::mac::MacKey;
use crate::crypto::random;
use crate::notify::NotifyError;
use crate::notify::Receipt;
use crate::notify::SmsGateway;
use crate::notify::SmsMessage;
use crate::notify::TemplateName;
use crate::outbound::Answer;
use crate::outbound::Outbound;
use crate::outbound::OutboundError;

/// What the configuration says of the gateway.
#[derive(Debug, Clone)]
pub struct HttpGatewaySettings {
    /// Where messages are posted; `outbound.allow` must admit it.
    pub url: Url,
    /// Who we are to the gateway.
    pub app_id: String,
    /// The key shared with the gateway.
    pub secret: SecretString,
    /// The sender's registered name, without its brackets.
    pub signature: String,
    /// The id under which each template's text is registered.
    pub template_ids: BTreeMap<TemplateName, String>,
}

/// A gateway that speaks the documented contract.
pub struct HttpGateway {
    settings: HttpGatewaySettings,
    outbound: Outbound,
    clock: Clock,
}

impl HttpGateway {
    /// Refuses settings with which some message could not be sent.
    pub fn new(
        settings: HttpGatewaySettings,
        outbound: Outbound,
        clock: Clock,
    ) -> Result<Self, NotifyError> {
        outbound
            .check_url(&settings.url)
            .map_err(|error| NotifyError::Setup(format!("url: {error}")))?;
        if settings.secret.expose_secret().len() < SECRET_LENGTH {
            let text = format!("secret has fewer than {SECRET_LENGTH} characters");
            return Err(NotifyError::Setup(text));
        }
        match TemplateName::ALL.iter().find(|name| !settings.template_ids.contains_key(name)) {
            Some(name) => {
                Err(NotifyError::Setup(format!("template_ids lacks `{}`", name.as_str())))
            }
            None => Ok(Self { settings, outbound, clock }),
        }
    }

    fn body(&self, message: &SmsMessage) -> Vec<u8> {
        json!({
            "app_id": self.settings.app_id,
            "template_id": self.settings.template_ids.get(&message.template.name()),
            "signature": format!("【{}】", self.settings.signature),
            "phone": message.phone.expose(),
            "variables": message.template.variables(),
            "message_id": message.message_id,
        })
        .to_string()
        .into_bytes()
    }

    fn headers(&self, body: &[u8]) -> Result<HeaderMap, NotifyError> {
        let date = self.clock.now().to_rfc3339();
        let nonce = base64url::encode(random::bytes::<16>());
        let path = &self.settings.url[url::Position::BeforePath..url::Position::AfterQuery];
        let secret = self.settings.secret.expose_secret().as_bytes();
        let signature = signature(secret, &["POST", path, &date, &nonce], body);
        let mut headers = HeaderMap::new();
        for (name, value) in [(DATE, date), (NONCE, nonce), (SIGNATURE, signature)] {
            let value = HeaderValue::try_from(value).map_err(|_| NotifyError::Away)?;
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

impl fmt::Debug for HttpGateway {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("HttpGateway");
        shown.field("url", &self.settings.url.as_str()).finish_non_exhaustive()
    }
}

#[async_trait]
impl SmsGateway for HttpGateway {
    async fn send(&self, message: &SmsMessage) -> Result<Receipt, NotifyError> {
        let body = self.body(message);
        let headers = self.headers(&body)?;
        match self.outbound.post_json(&self.settings.url, headers, body).await {
            Ok(answer) => read(&answer),
            Err(OutboundError::TimedOut) => Err(NotifyError::TimedOut),
            Err(_) => Err(NotifyError::Away),
        }
    }
}

const DATE: &str = "x-yihao-date";
const NONCE: &str = "x-yihao-nonce";
const SIGNATURE: &str = "x-yihao-signature";

/// A shorter secret could be searched for by whoever sees one signed request.
const SECRET_LENGTH: usize = 16;

#[derive(Deserialize)]
struct Verdict {
    code: i64,
    receipt: Option<String>,
}

fn read(answer: &Answer) -> Result<Receipt, NotifyError> {
    let verdict = serde_json::from_slice::<Verdict>(&answer.body).ok();
    match (answer.status, verdict) {
        (200, Some(Verdict { code: 0, receipt: Some(receipt) })) => Ok(Receipt(receipt)),
        // Zero means accepted, so a refusal that says zero is told by its status.
        (200..=299 | 400..=428 | 430..=499, Some(Verdict { code, .. })) if code != 0 => {
            Err(NotifyError::Refused { code })
        }
        (400..=428 | 430..=499, _) => Err(NotifyError::Refused { code: answer.status.into() }),
        _ => Err(NotifyError::Away),
    }
}

/// The signature of the contract over the four lines and the body's digest.
fn signature(secret: &[u8], lines: &[&str; 4], body: &[u8]) -> String {
    let text = format!("{}\n{}", lines.join("\n"), hex::encode(digest::sm3(body)));
    base64url::encode(MacKey::new(secret).tag(text.as_bytes()))
}

#[cfg(test)]
mod tests;
