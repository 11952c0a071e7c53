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
//! signed as `signed_call` says. An accepted message is answered by `200 {"code": 0, "receipt": "…"}`, a
//! refused one by another code. The gateway delivers a `message_id` once.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::clock::Clock;
use crate::notify::NotifyError;
use crate::notify::Receipt;
use crate::notify::SmsGateway;
use crate::notify::SmsMessage;
use crate::notify::TemplateName;
use crate::outbound::Outbound;
use crate::outbound::OutboundError;
use crate::signed_call::SignedAnswer;
use crate::signed_call::SignedCaller;

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
    caller: SignedCaller,
    app_id: String,
    signature: String,
    template_ids: BTreeMap<TemplateName, String>,
}

impl HttpGateway {
    /// Refuses settings with which some message could not be sent.
    pub fn new(
        settings: HttpGatewaySettings,
        outbound: Outbound,
        clock: Clock,
    ) -> Result<Self, NotifyError> {
        let HttpGatewaySettings { url, app_id, secret, signature, template_ids } = settings;
        let caller = SignedCaller::new(url, secret, outbound, clock);
        let caller = caller.map_err(|error| NotifyError::Setup(error.to_string()))?;
        match TemplateName::ALL.iter().find(|name| !template_ids.contains_key(name)) {
            Some(name) => {
                Err(NotifyError::Setup(format!("template_ids lacks `{}`", name.as_str())))
            }
            None => Ok(Self { caller, app_id, signature, template_ids }),
        }
    }

    fn body(&self, message: &SmsMessage) -> Vec<u8> {
        json!({
            "app_id": self.app_id,
            "template_id": self.template_ids.get(&message.template.name()),
            "signature": format!("【{}】", self.signature),
            "phone": message.phone.expose(),
            "variables": message.template.variables(),
            "message_id": message.message_id,
        })
        .to_string()
        .into_bytes()
    }
}

impl fmt::Debug for HttpGateway {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("HttpGateway");
        shown.field("url", &self.caller.url().as_str()).finish_non_exhaustive()
    }
}

#[async_trait]
impl SmsGateway for HttpGateway {
    async fn send(&self, message: &SmsMessage) -> Result<Receipt, NotifyError> {
        match self.caller.post(self.body(message)).await {
            Ok(answer) => read(&answer),
            Err(OutboundError::TimedOut) => Err(NotifyError::TimedOut),
            Err(_) => Err(NotifyError::Away),
        }
    }
}

#[derive(Deserialize)]
struct Verdict {
    code: i64,
    receipt: Option<String>,
}

fn read(answer: &SignedAnswer) -> Result<Receipt, NotifyError> {
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

#[cfg(test)]
mod tests;
