//! Coming back with a code that was handed out at a counter, against the document and under four eyes
//! (security.md A-69): the person chooses the new password and proves the new phone; what was lost goes.

use serde::Deserialize;
use serde::Serialize;

use crate::audit;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::ActId;
use crate::domain::id::OneTimeCodeId;
use crate::domain::id::RecoveryId;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::recovery;
use crate::domain::recovery::Recovery;
use crate::domain::recovery::RecoveryState;
use crate::domain::request_context::RequestContext;
use crate::identifier;
use crate::identifier::Typed;
use crate::login::authenticators::recovery_code;
use crate::messages;
use crate::messages::Notice;
use crate::notify::SmsTemplate;
use crate::one_time_code;
use crate::one_time_code::Sent;
use crate::one_time_code::Use;
use crate::people::password;
use crate::people::password::SetPasswordError;
use crate::people::phone;
use crate::provider::Provider;
use crate::recovery::RecoveryError;
use crate::store::StoreError;
use crate::store::sql::Finished;
use crate::store::sql::Restoration;
use crate::throttle;
use crate::throttle::ThrottleError;

/// What a code for the new phone is good for, and what the seal of its payload is bound to.
const PURPOSE: &str = "counter recovery";
/// The recovery belongs to whoever holds the code, not to a browser.
const BINDING: [u8; 32] = [0; 32];

/// The form as typed.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// The document and its number.
    pub document: Typed<'a>,
    /// The code of the counter.
    pub code: &'a str,
    /// The new phone.
    pub phone: &'a str,
    /// The new password.
    pub password: &'a str,
    /// The same once more.
    pub password_again: &'a str,
}

/// What waits beside the code for the phone, sealed.
#[derive(Serialize, Deserialize)]
struct Payload {
    code_digest: [u8; 32],
    account_id: AccountId,
    phone: String,
    password_hash: String,
}

/// A recovery for this account and the code that opens it; the code is shown once and kept as a digest.
pub fn issue(provider: &Provider, account: &Account, act: ActId) -> (String, Recovery) {
    let code = recovery_code::generate_one();
    let now = provider.clock.now();
    let recovery = Recovery {
        id: RecoveryId::generate(),
        account_id: account.id,
        state: RecoveryState::Ready,
        binding: BINDING,
        code_digest: Some(digest(provider, account.id, &code)),
        act_id: Some(act),
        credential_epoch: account.credential_epoch,
        ready_at: now,
        expires_at: now.plus(recovery::COUNTER_CODE),
        created_at: now,
    };
    (code, recovery)
}

/// Judges number, code and password, and sends a code to the new phone.
pub async fn begin(
    provider: &Provider,
    context: &RequestContext,
    form: Form<'_>,
    binding: [u8; 32],
) -> Result<Sent, RecoveryError> {
    let synthetic = identifier::synthetic(&provider.config);
    let document = identifier::document(&provider.config, form.document);
    let phone = PhoneNumber::parse(form.phone, synthetic);
    let (Ok(document), Ok(phone)) = (&document, &phone) else {
        let wrong = [
            document.err().map(identifier::refusal),
            phone.is_err().then_some(("phone", "phone-invalid")),
        ];
        return Err(RecoveryError::Fields(wrong.into_iter().flatten().collect()));
    };
    if form.password != form.password_again {
        return Err(SetPasswordError::Mismatch.into());
    }
    let index = provider.vault.index_person(document.key());
    let admitted = match throttle::admit_recovery(provider, context, index).await {
        Ok(admitted) => admitted,
        Err(ThrottleError::TooMany) => return refuse(provider, context, "too many attempts").await,
        Err(ThrottleError::Store(error)) => return Err(error.into()),
    };
    let account = provider.store.find_account_by_identifier(&index).await?;
    // For nobody the same digest and look-up are made.
    let id = account.as_ref().map_or_else(AccountId::generate, |account| account.id);
    let code_digest = digest(provider, id, form.code);
    let found = provider.store.find_counter_recovery(code_digest, provider.clock.now()).await?;
    let (Some(account), Some(_)) = (account, found) else {
        return refuse(provider, context, "wrong code").await;
    };
    throttle::forgive(provider, admitted).await?;
    let profile = provider.vault.open_profile(&account)?;
    let known = (profile.name.as_str(), profile.id_number.as_str(), phone.expose());
    let new = password::check(provider, form.password, known).await?;
    let password_hash = provider.passwords.hash(&new).await.map_err(|_| RecoveryError::Busy)?;
    let phone_text = phone.expose().to_owned();
    let payload = Payload { code_digest, account_id: account.id, phone: phone_text, password_hash };
    let json = serde_json::to_vec(&payload).map_err(|_| StoreError::Unreadable("recovery"))?;
    let sealed = provider.vault.seal_data(PURPOSE, &json);
    let usage = Use { purpose: PURPOSE, binding, template: |code| SmsTemplate::BindPhone { code } };
    let whom = (Some(&account), Some(phone.expose()));
    let id = one_time_code::issue(provider, context, usage, whom, sealed).await?;
    let phone_masked = provider.config.masking.phone(phone.expose());
    Ok(Sent { pending: id.to_string(), phone_masked })
}

/// Judges the code of the new phone, and gives the account back to its owner. `false` when another
/// account holds the phone.
pub async fn finish(
    provider: &Provider,
    context: &RequestContext,
    (pending, code): (&str, &str),
    binding: [u8; 32],
) -> Result<bool, RecoveryError> {
    let id = pending.parse().map(OneTimeCodeId).map_err(|_| RecoveryError::Wrong)?;
    let spent = one_time_code::spend(provider, (PURPOSE, binding), id, code).await?;
    let Some(spent) = spent else {
        return refuse(provider, context, "wrong code").await;
    };
    let json = provider.vault.open_data(PURPOSE, &spent.payload)?;
    let payload: Payload =
        serde_json::from_slice(&json).map_err(|_| StoreError::Unreadable("recovery"))?;
    let now = provider.clock.now();
    let recovery = provider.store.find_counter_recovery(payload.code_digest, now).await?;
    let account = provider.store.find_account(payload.account_id).await?;
    let (Some(recovery), Some(account)) = (recovery, account) else {
        return Err(RecoveryError::Over);
    };
    let old = provider.vault.open_profile(&account)?.phone;
    let keeps = old.as_deref() == Some(payload.phone.as_str());
    let phone =
        if keeps { None } else { Some(phone::change(provider, &account, Some(&payload.phone))?) };
    let restoration =
        Restoration { password_hash: payload.password_hash, phone, removes_totp: true };
    let record = audit::done(AuditKind::AccountRecovered).account(&account);
    let record = record.detail("way", "counter").record(provider, context);
    match provider.store.finish_recovery(&recovery, restoration, record).await? {
        Finished::Done => {}
        Finished::PhoneHeld => return Ok(false),
        Finished::Over => return Err(RecoveryError::Over),
    }
    throttle::reset(provider, account.id).await?;
    for phone in old.iter().filter(|_| !keeps).chain([&payload.phone]) {
        messages::notify_phone(provider, phone, Notice::Recovered);
    }
    Ok(true)
}

/// Blanks, hyphens and case are free. The code is short, so the digest is keyed and bound to the account.
fn digest(provider: &Provider, account: AccountId, code: &str) -> [u8; 32] {
    recovery_code::keyed_digest(provider, "counter", account, code)
}

async fn refuse<T>(
    provider: &Provider,
    context: &RequestContext,
    why: &str,
) -> Result<T, RecoveryError> {
    let refused = audit::refused(AuditKind::AccountRecovered, why).record(provider, context);
    provider.store.record(refused).await?;
    Err(RecoveryError::Wrong)
}
