//! Notices are kept until the gateway has taken them, and tried again with growing pauses for a day, so that
//! nobody learns nothing because a gateway was away or a node was killed (security.md F29). Codes do not wait:
//! whoever needs one asks again.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::notify::NotifyError;
use crate::notify::Receipt;
use crate::notify::SmsMessage;
use crate::notify::SmsTemplate;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::WaitingMessage;

/// A notice is given up after this time.
const PATIENCE: Duration = Duration::from_hours(24);
/// Between the first attempt and the second, and longer than one takes; it doubles from then on.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(30);

/// What is kept of a notice, sealed.
#[derive(Serialize, Deserialize)]
struct Notice {
    phone: String,
    event: String,
    at: Timestamp,
}

/// Keeps a message that is about to be sent, if it still means something later; says whether it did.
pub(super) async fn keep(provider: &Provider, message: &SmsMessage) -> bool {
    let SmsTemplate::SecurityNotice { event, at } = &message.template else { return false };
    let notice = Notice { phone: message.phone.expose().to_owned(), event: event.clone(), at: *at };
    match seal_and_keep(provider, message, &notice).await {
        Ok(true) => return true,
        Ok(false) => tracing::error!("a notice is not kept: too many wait for the gateway"),
        Err(error) => tracing::error!(%error, "a notice is not kept"),
    }
    false
}

/// What became of the first attempt: it is forgotten, or waits for its second.
pub(super) async fn settle(
    provider: &Provider,
    message: &SmsMessage,
    sent: &Result<Receipt, NotifyError>,
) {
    if sent.as_ref().is_err_and(may_be_taken_later) {
        return;
    }
    if let Err(error) = provider.store.drop_message(message.message_id).await {
        // The gateway takes a number once, so that another attempt says nothing twice.
        tracing::warn!(%error, "a notice that was settled will be sent again");
    }
}

async fn seal_and_keep(
    provider: &Provider,
    message: &SmsMessage,
    notice: &Notice,
) -> Result<bool, StoreError> {
    let json = serde_json::to_vec(notice).map_err(|_| StoreError::Unreadable("message"))?;
    let now = provider.clock.now();
    let waiting = WaitingMessage {
        id: message.message_id,
        sealed: provider.vault.seal_data(&purpose(message.message_id), &json),
        attempts: 1,
        created_at: now,
    };
    provider.store.keep_message(waiting, now.plus(PAUSE)).await
}

/// Tries again what is due. Where the gateway is still away the turn ends: the others wait as long.
pub async fn deliver(
    provider: &Provider,
    due: Vec<WaitingMessage>,
    over: impl Fn() -> bool,
) -> Result<(), StoreError> {
    for waiting in due {
        if over() || !is_settled(provider, &waiting).await? {
            break;
        }
    }
    Ok(())
}

/// Tries one; `false` when the gateway is away.
async fn is_settled(provider: &Provider, waiting: &WaitingMessage) -> Result<bool, StoreError> {
    let (store, now) = (&provider.store, provider.clock.now());
    let Some(message) = open(provider, waiting) else {
        tracing::error!("a notice that waits does not open");
        return store.give_message_up(waiting.id, now).await.map(|()| true);
    };
    match provider.sms.send(&message).await {
        Ok(_) => store.drop_message(waiting.id).await.map(|()| true),
        Err(error) if may_be_taken_later(&error) && now.since(waiting.created_at) < PATIENCE => {
            let doublings = u32::try_from(waiting.attempts).unwrap_or(u32::MAX).min(16);
            let pause = LONGEST_PAUSE.min(PAUSE * 2_u32.pow(doublings));
            store.postpone_message(waiting.id, now.plus(pause)).await.map(|()| false)
        }
        Err(error) => {
            tracing::warn!(%error, "a notice is given up");
            metrics::counter!("sms_given_up_total").increment(1);
            store.give_message_up(waiting.id, now).await.map(|()| true)
        }
    }
}

fn open(provider: &Provider, waiting: &WaitingMessage) -> Option<SmsMessage> {
    let json = provider.vault.open_data(&purpose(waiting.id), &waiting.sealed).ok()?;
    let Notice { phone, event, at } = serde_json::from_slice(&json).ok()?;
    let template = SmsTemplate::SecurityNotice { event, at };
    Some(SmsMessage { message_id: waiting.id, phone: phone.parse().ok()?, template })
}

/// What the seal is bound to.
fn purpose(id: Uuid) -> String {
    format!("waiting message {id}")
}

fn may_be_taken_later(error: &NotifyError) -> bool {
    matches!(error, NotifyError::Away | NotifyError::TimedOut)
}
