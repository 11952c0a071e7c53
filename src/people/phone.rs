//! The phone of an account: changed by its owner with a code sent to the new one, or taken off. Old and new
//! are told (security.md A-55). A phone another account holds is that account's until its owner lets it go:
//! numbers are handed out anew, and whoever has one now is not who had it then.

use serde::Deserialize;
use serde::Serialize;

use crate::audit;
use crate::domain::account::Account;
use crate::domain::account::IdentifierKind;
use crate::domain::account::Profile;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::OneTimeCodeId;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::request_context::RequestContext;
use crate::identifier;
use crate::messages;
use crate::messages::Notice;
use crate::notify::SmsTemplate;
use crate::one_time_code;
use crate::one_time_code::Sent;
use crate::one_time_code::Use;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::PhoneChange;
use crate::store::sql::PhoneRefused;
use crate::vault::INDEX_EPOCH;
use crate::vault::VaultError;

/// What a code for a new phone is good for, and what the seal of its payload is bound to.
const PURPOSE: &str = "phone";

/// Why the phone is not changed.
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// It is no mobile phone.
    #[error("not a mobile phone")]
    Invalid,
    /// It is the one that is bound.
    #[error("the same phone")]
    Same,
    /// The code is wrong, old or used.
    #[error("the code is wrong")]
    CodeWrong,
    /// Another account holds it.
    #[error("another account holds it")]
    Held,
    /// The account was changed meanwhile.
    #[error("the account was changed meanwhile")]
    Stale,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What waits beside the code, sealed.
#[derive(Serialize, Deserialize)]
struct Payload {
    account_id: AccountId,
    phone: String,
}

/// Sends a code to the phone that is to be bound.
pub async fn begin(
    provider: &Provider,
    context: &RequestContext,
    (account, typed): (&Account, &str),
    binding: [u8; 32],
) -> Result<Sent, PhoneError> {
    let phone = PhoneNumber::parse(typed, identifier::synthetic(&provider.config));
    let phone = phone.map_err(|_| PhoneError::Invalid)?;
    if provider.vault.open_profile(account)?.phone.as_deref() == Some(phone.expose()) {
        return Err(PhoneError::Same);
    }
    let payload = Payload { account_id: account.id, phone: phone.expose().to_owned() };
    let json = serde_json::to_vec(&payload).map_err(|_| StoreError::Unreadable("phone"))?;
    let sealed = provider.vault.seal_data(PURPOSE, &json);
    let usage = Use { purpose: PURPOSE, binding, template: |code| SmsTemplate::BindPhone { code } };
    let whom = (Some(account), Some(phone.expose()));
    let id = one_time_code::issue(provider, context, usage, whom, sealed).await?;
    Ok(Sent {
        pending: id.to_string(),
        phone_masked: provider.config.masking.phone(phone.expose()),
    })
}

/// Binds the phone its code was sent to.
pub async fn confirm(
    provider: &Provider,
    context: &RequestContext,
    (account, pending, code): (&Account, &str, &str),
    binding: [u8; 32],
) -> Result<(), PhoneError> {
    let id = pending.parse().map(OneTimeCodeId).map_err(|_| PhoneError::CodeWrong)?;
    let spent = one_time_code::spend(provider, (PURPOSE, binding), id, code).await?;
    let payload = match spent {
        Some(spent) => provider.vault.open_data(PURPOSE, &spent.payload)?,
        None => return refuse(provider, context, account, PhoneError::CodeWrong).await,
    };
    let payload: Payload =
        serde_json::from_slice(&payload).map_err(|_| StoreError::Unreadable("phone"))?;
    if payload.account_id != account.id {
        return refuse(provider, context, account, PhoneError::CodeWrong).await;
    }
    let old = provider.vault.open_profile(account)?.phone;
    let change = change(provider, account, Some(&payload.phone))?;
    let record = audit::done(AuditKind::PhoneChanged).account(account).record(provider, context);
    match provider.store.change_phone(account.id, change, record).await? {
        Ok(()) => {}
        Err(refused) => return refuse(provider, context, account, refused.into()).await,
    }
    for phone in old.iter().chain([&payload.phone]) {
        messages::notify_phone(provider, phone, Notice::PhoneChanged);
    }
    Ok(())
}

/// Takes the phone off the account, so that somebody else may have it.
pub async fn remove(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
) -> Result<(), PhoneError> {
    let Some(old) = provider.vault.open_profile(account)?.phone else { return Ok(()) };
    let change = change(provider, account, None)?;
    let record = audit::done(AuditKind::PhoneChanged).account(account).detail("removed", true);
    let record = record.record(provider, context);
    match provider.store.change_phone(account.id, change, record).await? {
        Ok(()) => messages::notify_phone(provider, &old, Notice::PhoneRemoved),
        Err(refused) => return refuse(provider, context, account, refused.into()).await,
    }
    Ok(())
}

/// The account's profile with another phone, or none, sealed and indexed.
pub fn change(
    provider: &Provider,
    account: &Account,
    phone: Option<&str>,
) -> Result<PhoneChange, VaultError> {
    let profile = Profile {
        phone: phone.map(str::to_owned),
        phone_bound_at: phone.map(|_| provider.clock.now()),
        ..provider.vault.open_profile(account)?
    };
    let index = |phone: &str| (INDEX_EPOCH, provider.vault.index(IdentifierKind::Phone, phone));
    Ok(PhoneChange {
        from: account.profile.clone(),
        to: provider.vault.seal_profile(account, &profile)?,
        index: phone.map(index),
    })
}

async fn refuse(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    error: PhoneError,
) -> Result<(), PhoneError> {
    let why = match error {
        PhoneError::Held => "held by another account",
        PhoneError::Stale => "changed meanwhile",
        _ => "wrong code",
    };
    let record = audit::refused(AuditKind::PhoneChanged, why).account(account);
    provider.store.record(record.record(provider, context)).await?;
    Err(error)
}

impl From<PhoneRefused> for PhoneError {
    fn from(refused: PhoneRefused) -> Self {
        match refused {
            PhoneRefused::Held => Self::Held,
            PhoneRefused::Stale => Self::Stale,
        }
    }
}
