//! The end of an account (PIPL art. 47; GB/T 35273-2020 §8.5): asked for by its owner, with time to think it
//! over, done by itself when that is over. What the law keeps is erased last.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::account::Profile;
use crate::domain::audit_event::AuditKind;
use crate::domain::document_type::DocumentType;
use crate::domain::id::AccountId;
use crate::domain::mandate::Principal;
use crate::domain::request_context::RequestContext;
use crate::messages;
use crate::messages::Notice;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::vault::VaultError;

const DAY: Duration = Duration::from_hours(24);

/// Why accounts could not be ended.
#[derive(Debug, thiserror::Error)]
pub enum CancellationError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Gives the account up; it ends after the time to think it over.
pub async fn ask(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
) -> Result<(), StoreError> {
    let days = provider.config.account.cancellation_days;
    let due_at = provider.clock.now().plus(DAY * days);
    let record = audit::done(AuditKind::CancellationChanged).account(account).detail("to", "asked");
    let record = record.record(provider, context);
    if provider.store.ask_cancellation(account.id, due_at, record).await? {
        messages::notify(provider, account, Notice::CancellationAsked);
    }
    Ok(())
}

/// Takes that back.
pub async fn withdraw(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
) -> Result<(), StoreError> {
    let record = audit::done(AuditKind::CancellationChanged).account(account);
    let record = record.detail("to", "withdrawn").record(provider, context);
    provider.store.withdraw_cancellation(account.id, record).await.map(drop)
}

/// When the account ends, if it was given up.
pub async fn due(provider: &Provider, account: &Account) -> Result<Option<Timestamp>, StoreError> {
    provider.store.cancellation_due(account.id).await
}

/// An account that ended, when, and whom the mandates were about that ended with it: their people are to be told.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The account.
    pub account: AccountId,
    /// When it ended.
    pub at: Timestamp,
    /// Whom its mandates were about.
    pub about: Vec<Principal>,
}

/// Ends every account whose time is over, telling of each, and erases the last of those that ended long ago.
pub async fn end_due(
    provider: &Provider,
    mut told: impl FnMut(Ended),
) -> Result<(), CancellationError> {
    let now = provider.clock.now();
    let context = RequestContext::internal("cancellation");
    for id in provider.store.due_cancellations(now).await? {
        let Some(account) = provider.store.find_account(id).await? else { continue };
        let phone = provider.vault.open_profile(&account)?.phone;
        let nobody = Profile {
            name: String::new(),
            id_number: String::new(),
            id_type: DocumentType::default(),
            id_country: String::new(),
            phone: None,
            email: None,
            phone_bound_at: None,
            newer: BTreeMap::new(),
        };
        let mut emptied = vec![(id, provider.vault.seal_profile(&account, &nobody)?)];
        for (part, _) in provider.store.list_merged(id).await? {
            if let Some(part) = provider.store.find_account(part).await? {
                emptied.push((part.id, provider.vault.seal_profile(&part, &nobody)?));
            }
        }
        let erase_at = now.plus(DAY * provider.config.account.retention_days);
        let record = audit::done(AuditKind::AccountCancelled).account(&account);
        let record = record.record(provider, &context);
        let at = record.at;
        let ended = provider.store.cancel_account(id, (emptied, erase_at), record).await?;
        let Some(about) = ended else { continue };
        told(Ended { account: id, at, about });
        if let Some(phone) = phone {
            messages::notify_phone(provider, &phone, Notice::AccountCancelled);
        }
    }
    provider.store.erase_people(now).await?;
    Ok(())
}
