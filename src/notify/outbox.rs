//! An outbox in memory that stands in for the SMS gateway in `yihao demo` and tests.
//!
//! Nothing leaves the process. `/demo/outbox` shows what lies here, so that a visitor without a
//! telephone can read the code that was "sent".

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use async_trait::async_trait;
use serde::Serialize;

use crate::clock::Clock;
use crate::clock::Timestamp;
use crate::notify::NotifyError;
use crate::notify::Phone;
use crate::notify::Receipt;
use crate::notify::SmsGateway;
use crate::notify::SmsMessage;
use crate::notify::TemplateName;

/// The last 200 messages. Clones share them.
#[derive(Clone)]
pub struct MemoryOutbox {
    clock: Clock,
    signature: String,
    sent: Arc<Mutex<VecDeque<Sent>>>,
}

/// One message as the outbox shows it. It holds a live code, so it has no `Debug`.
#[derive(Clone, Serialize)]
pub struct Sent {
    /// When it was handed over.
    pub at: Timestamp,
    /// To whom, masked.
    pub phone: String,
    /// To whom; never shown.
    #[serde(skip)]
    to: Phone,
    /// What the person reads.
    pub text: String,
    /// The code in it.
    pub code: Option<String>,
    /// Which template it is.
    pub template: TemplateName,
}

const KEPT: usize = 200;

impl MemoryOutbox {
    /// An empty outbox whose messages bear this signature (`一号`).
    pub fn new(clock: Clock, signature: impl Into<String>) -> Self {
        Self { clock, signature: signature.into(), sent: Arc::default() }
    }

    /// The messages, newest first.
    pub fn messages(&self) -> Vec<Sent> {
        self.with(|sent| sent.iter().rev().cloned().collect())
    }

    /// The newest message to a number, for tests that read a code.
    pub fn last_to(&self, phone: &Phone) -> Option<Sent> {
        self.with(|sent| sent.iter().rev().find(|sent| sent.to == *phone).cloned())
    }

    fn with<T>(&self, look: impl FnOnce(&mut VecDeque<Sent>) -> T) -> T {
        // A panic elsewhere cannot leave the queue half changed, so a poisoned lock is usable.
        look(&mut self.sent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for MemoryOutbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MemoryOutbox").finish_non_exhaustive()
    }
}

#[async_trait]
impl SmsGateway for MemoryOutbox {
    async fn send(&self, message: &SmsMessage) -> Result<Receipt, NotifyError> {
        let sent = Sent {
            at: self.clock.now(),
            phone: message.phone.masked(),
            to: message.phone.clone(),
            text: message.template.text(&self.signature),
            code: message.template.code().map(|code| code.expose().to_owned()),
            template: message.template.name(),
        };
        self.with(|kept| {
            if kept.len() == KEPT {
                kept.pop_front();
            }
            kept.push_back(sent);
        });
        Ok(Receipt(message.message_id.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::KEPT;
    use super::MemoryOutbox;
    use crate::clock::Clock;
    use crate::notify::OneTimeCode;
    use crate::notify::Phone;
    use crate::notify::SmsGateway;
    use crate::notify::SmsMessage;
    use crate::notify::SmsTemplate;

    #[tokio::test]
    async fn the_newest_two_hundred_messages_are_kept_with_their_codes() {
        let outbox = MemoryOutbox::new(Clock::system(), "一号");
        let phone: Phone = "+8613800138000".parse().unwrap();
        for number in 0..=KEPT {
            let code = OneTimeCode::new(format!("{number:06}"));
            let message = SmsMessage::new(phone.clone(), SmsTemplate::LoginCode { code });
            outbox.send(&message).await.unwrap();
        }

        let messages = outbox.messages();

        assert_eq!(messages.len(), KEPT);
        assert_eq!(messages[0].code.as_deref(), Some("000200"));
        assert_eq!(messages[KEPT - 1].code.as_deref(), Some("000001"));
        assert_eq!(outbox.last_to(&phone).unwrap().phone, "+86 138****8000");
        assert!(!serde_json::to_string(&messages).unwrap().contains("13800138000"));
    }
}
