//! Codes sent to a phone (ASVS 6.6.2): six digits, five minutes, five tries, bound to one purpose and
//! one browser. The message leaves after the answer, so the answer does not tell whether there was
//! anything to send (security.md A-50).

use std::time::Duration;

use crate::audit;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::OneTimeCodeId;
use crate::domain::request_context::RequestContext;
use crate::messages;
use crate::notify;
use crate::notify::SmsTemplate;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::NewOneTimeCode;
use crate::store::sql::OneTimeCode;
use crate::store::sql::OneTimeCodeTry;
use crate::throttle;

/// How long a code works.
pub const LIFETIME: Duration = Duration::from_mins(5);

/// What a code is good for, and where it belongs.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    /// `login`, `sign-up`: a code for one is nothing for another.
    pub purpose: &'static str,
    /// Digest of the browser and flow.
    pub binding: [u8; 32],
    /// The words around the code.
    pub template: fn(notify::OneTimeCode) -> SmsTemplate,
}

/// A code on its way, as a page carries it.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What comes back with the answer.
    pub pending: String,
    /// Where the code went, masked.
    pub phone_masked: String,
}

/// Makes a code and sends it to `phone`. Without a phone the same row is written and nothing leaves.
/// `payload` comes back, unread, with the right answer.
pub async fn issue(
    provider: &Provider,
    context: &RequestContext,
    usage: Use,
    (account, phone): (Option<&Account>, Option<&str>),
    payload: Vec<u8>,
) -> Result<OneTimeCodeId, StoreError> {
    let (id, code) = (OneTimeCodeId::generate(), crate::crypto::random::digits(6));
    let phone = admitted(provider, context, phone, usage.binding).await?;
    // A code that nobody gets must not be guessed either (security.md A-47): no answer is right.
    let code_digest = match phone {
        Some(_) => digest(provider, id, &code),
        None => crate::crypto::random::bytes(),
    };
    let new = NewOneTimeCode {
        id,
        account_id: account.map(|account| account.id),
        purpose: usage.purpose,
        binding: usage.binding,
        code_digest,
        payload,
        expires_at: provider.clock.now().plus(LIFETIME),
    };
    let record = sent(provider, context, account, usage.purpose);
    provider.store.add_one_time_code(new, record).await?;
    if let Some(phone) = phone {
        messages::send(provider, &phone, (usage.template)(notify::OneTimeCode::new(code)));
    }
    Ok(id)
}

/// Replaces the code of a row that still waits, and sends the new one. `phone_of` reads the number
/// from the payload. False when there is no such row.
pub async fn issue_again(
    provider: &Provider,
    context: &RequestContext,
    usage: Use,
    id: OneTimeCodeId,
    phone_of: impl Fn(&[u8]) -> Option<String>,
) -> Result<Option<Vec<u8>>, StoreError> {
    let code = crate::crypto::random::digits(6);
    let again = OneTimeCodeTry {
        id,
        purpose: usage.purpose,
        binding: usage.binding,
        code_digest: digest(provider, id, &code),
    };
    let now = provider.clock.now();
    let Some(payload) = provider.store.find_one_time_code_payload(&again, now).await? else {
        return Ok(None);
    };
    let phone = phone_of(&payload);
    if let Some(phone) = admitted(provider, context, phone.as_deref(), usage.binding).await? {
        let record = sent(provider, context, None, usage.purpose);
        if provider.store.renew_one_time_code(again, now.plus(LIFETIME), record).await? {
            messages::send(provider, &phone, (usage.template)(notify::OneTimeCode::new(code)));
        }
    }
    Ok(Some(payload))
}

/// Spends a code. None when it is wrong, old, used, tried too often, or somebody else's.
pub async fn spend(
    provider: &Provider,
    (purpose, binding): (&'static str, [u8; 32]),
    id: OneTimeCodeId,
    answer: &str,
) -> Result<Option<OneTimeCode>, StoreError> {
    let digits: String = answer.chars().filter(|c| !c.is_whitespace()).collect();
    let tried = OneTimeCodeTry { id, purpose, binding, code_digest: digest(provider, id, &digits) };
    provider.store.spend_one_time_code(tried, provider.clock.now()).await
}

/// What is kept of a code: a keyed digest bound to the row, since the code is short.
fn digest(provider: &Provider, id: OneTimeCodeId, code: &str) -> [u8; 32] {
    provider.vault.short_secret.tag_parts(&[b"one-time code", id.0.as_bytes(), code.as_bytes()])
}

/// The phone, if it may be sent one more message. Without a phone the flow is counted instead, so that the
/// work does not tell whether there is one.
async fn admitted(
    provider: &Provider,
    context: &RequestContext,
    phone: Option<&str>,
    binding: [u8; 32],
) -> Result<Option<String>, StoreError> {
    let to = phone.map_or(&binding[..], str::as_bytes);
    match throttle::admit_message(provider, context, to).await {
        Ok(_) => Ok(phone.map(str::to_owned)),
        Err(throttle::ThrottleError::TooMany) => Ok(None),
        Err(throttle::ThrottleError::Store(error)) => Err(error),
    }
}

fn sent(
    provider: &Provider,
    context: &RequestContext,
    account: Option<&Account>,
    purpose: &str,
) -> crate::domain::audit_event::AuditRecord {
    let mut event = audit::done(AuditKind::CodeSent).detail("purpose", purpose);
    if let Some(account) = account {
        event = event.account(account);
    }
    event.record(provider, context)
}
