//! Messages to people by SMS: what may be said, and the gateway that says it (domain facts 6.1).
//!
//! A message is a template with its variables, never free text, because gateways deliver registered
//! templates only. Who may be sent one, and how often, is the throttle's business and not decided
//! here. Telephone numbers and codes appear in no log: their `Debug` is masked.

mod http_gateway;
mod outbox;
mod phone;
mod template;

pub use http_gateway::HttpGateway;
pub use http_gateway::HttpGatewaySettings;
pub use outbox::MemoryOutbox;
pub use outbox::Sent;
pub use phone::Phone;
pub use phone::PhoneError;
pub use template::OneTimeCode;
pub use template::SmsTemplate;
pub use template::TemplateName;

use async_trait::async_trait;
use uuid::Uuid;

/// One SMS.
#[derive(Debug, Clone)]
pub struct SmsMessage {
    /// Names this message towards the gateway, which delivers it once however often it is sent.
    pub message_id: Uuid,
    /// Whom it goes to.
    pub phone: Phone,
    /// What it says.
    pub template: SmsTemplate,
}

impl SmsMessage {
    /// A new message with an id of its own.
    pub fn new(phone: Phone, template: SmsTemplate) -> Self {
        Self { message_id: Uuid::now_v7(), phone, template }
    }
}

/// The gateway's own number for a message it accepted, kept for complaints and delivery reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt(pub String);

/// Why a message was not accepted. Nothing here repeats the gateway's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// The gateway will not send this message; trying again does not help.
    #[error("the SMS gateway refused the message (code {code})")]
    Refused {
        /// The gateway's code, or the HTTP status where it gave none.
        code: i64,
    },
    /// The gateway cannot be reached, is overloaded, or does not answer as documented.
    #[error("the SMS gateway is away")]
    Away,
    /// No answer in time. The message may be on its way; sending it again with the same
    /// `message_id` is safe.
    #[error("the SMS gateway did not answer in time")]
    TimedOut,
    /// The configuration gives no usable gateway.
    #[error("the SMS gateway is not set up: {0}")]
    Setup(String),
}

/// What delivers messages: an HTTP gateway, the demo's outbox, later a carrier protocol (CMPP).
#[async_trait]
pub trait SmsGateway: Send + Sync {
    /// Hands one message over. Accepted is not delivered.
    async fn send(&self, message: &SmsMessage) -> Result<Receipt, NotifyError>;
}
