//! Setting a password: the rule of the deployment, the hash, and the end of every other session
//! (ASVS 6.2, 7.4.3). Who asks was proven before.

use zeroize::Zeroizing;

use crate::audit;
use crate::crypto::password::Busy;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::SessionId;
use crate::domain::password;
use crate::domain::password::PasswordError;
use crate::domain::request_context::RequestContext;
use crate::messages;
use crate::messages::Notice;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why a password was not set.
#[derive(Debug, thiserror::Error)]
pub enum SetPasswordError {
    /// It is not good enough.
    #[error(transparent)]
    Rule(#[from] PasswordError),
    /// Typed differently the second time.
    #[error("the two passwords differ")]
    Mismatch,
    /// Too many hashes at this moment.
    #[error("busy")]
    Busy,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<Busy> for SetPasswordError {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

/// Sets the password. Every session but `keep` ends, every token issued before is dead.
pub async fn set(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    (new, again): (&str, &str),
    keep: Option<SessionId>,
) -> Result<(), SetPasswordError> {
    if new != again {
        return Err(SetPasswordError::Mismatch);
    }
    let profile = provider.vault.open_profile(account)?;
    let phone = profile.phone.unwrap_or_default();
    let new = check(provider, new, (&profile.name, &profile.id_number, &phone)).await?;
    let hash = provider.passwords.hash(&new).await?;
    let record = audit::done(AuditKind::PasswordChanged).account(account);
    let record = record.record(provider, context);
    provider.store.set_password(account.id, hash, keep, record).await?;
    messages::notify(provider, account, Notice::PasswordChanged);
    Ok(())
}

/// Whether the password may be set for somebody of this name, number and phone; gives what is hashed.
pub async fn check(
    provider: &Provider,
    new: &str,
    (name, id_number, phone): (&str, &str, &str),
) -> Result<Vec<u8>, SetPasswordError> {
    let birth_date = id_number.get(6..14).unwrap_or_default();
    let short_phone = phone.strip_prefix("+86").unwrap_or(phone);
    let known = [name, id_number, birth_date, short_phone].map(str::to_owned);
    let (rule, new) = (provider.config.password.policy, Zeroizing::new(new.to_owned()));
    // Guessing at it is work for the processor, and anybody may send one.
    let judged = provider.passwords.apart(move || {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        password::check(&new, rule, &known)
    });
    Ok(judged.await??)
}

/// The message beside the field.
pub fn message_key(error: PasswordError) -> &'static str {
    match error {
        PasswordError::TooShort => "password-too-short",
        PasswordError::TooLong => "password-too-long",
        PasswordError::Common => "password-common",
        PasswordError::Classes => "password-classes",
    }
}
