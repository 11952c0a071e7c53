//! Enrolling a TOTP app: the secret travels sealed with the page until a code proves the app has it.

use serde::Deserialize;
use serde::Serialize;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::request_context::RequestContext;
use crate::login::LoginError;
use crate::login::authenticators::recovery_code;
use crate::login::authenticators::totp;
use crate::messages;
use crate::messages::Notice;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::NewTotp;
use crate::totp::Skew;

/// What the seal of a pending enrolment is bound to.
const PURPOSE: &str = "totp enrolment";
/// How long the page may stay open.
const PATIENCE_SECONDS: u64 = 900;

/// An enrolment that waits for its first code.
#[derive(Serialize, Deserialize)]
struct Pending {
    account_id: AccountId,
    secret: Vec<u8>,
    begun_at: Timestamp,
}

/// What the page shows.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The `otpauth` address the QR code holds.
    pub uri: String,
    /// The secret for those who type it.
    pub secret: String,
    /// What comes back with the code.
    pub challenge: String,
}

/// A new secret for this account.
pub fn offer(provider: &Provider, account: &Account) -> Result<Offer, LoginError> {
    let pending = Pending {
        account_id: account.id,
        secret: crate::totp::generate_secret().to_vec(),
        begun_at: provider.clock.now(),
    };
    show(provider, account, &pending)
}

/// The same secret again, after a wrong code.
pub fn offer_again(
    provider: &Provider,
    account: &Account,
    challenge: &str,
) -> Result<Offer, LoginError> {
    show(provider, account, &open(provider, account, challenge)?)
}

/// Enrols the app if the code is right; gives the recovery codes, shown once.
pub async fn enrol(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    (challenge, code): (&str, &str),
) -> Result<Vec<String>, LoginError> {
    let pending = open(provider, account, challenge)?;
    let now = provider.clock.now();
    let Some(step) = crate::totp::matching_step(&pending.secret, code, Skew::OneStep, now) else {
        let refused = audit::refused(AuditKind::TotpEnrolled, "wrong code").account(account);
        provider.store.record(refused.record(provider, context)).await?;
        return Err(LoginError::CodeWrong);
    };
    let (codes, recovery) = recovery_codes(provider, account);
    let new = NewTotp {
        secret: provider.vault.seal_data(&totp::purpose(account.id), &pending.secret),
        step,
        recovery,
    };
    let record = audit::done(AuditKind::TotpEnrolled).account(account).record(provider, context);
    provider.store.enrol_totp(account.id, new, record).await.map_err(|error| match error {
        // Another browser enrolled an app meanwhile; that one counts.
        StoreError::Taken => LoginError::SessionOver,
        other => other.into(),
    })?;
    messages::notify(provider, account, Notice::TotpEnrolled);
    Ok(codes)
}

fn open(provider: &Provider, account: &Account, challenge: &str) -> Result<Pending, LoginError> {
    let pending: Pending =
        provider.vault.open_transit(PURPOSE, challenge).map_err(|_| LoginError::SessionOver)?;
    let age = provider.clock.now().since(pending.begun_at).as_secs();
    if pending.account_id != account.id || age > PATIENCE_SECONDS {
        return Err(LoginError::SessionOver);
    }
    Ok(pending)
}

fn show(provider: &Provider, account: &Account, pending: &Pending) -> Result<Offer, LoginError> {
    let profile = provider.vault.open_profile(account)?;
    let masked = profile.key().masked();
    let host = provider.config.issuer.host_str().unwrap_or("yihao");
    let uri = crate::totp::provisioning_uri(&pending.secret, host, &masked);
    Ok(Offer {
        uri: uri.ok_or(LoginError::SessionOver)?,
        secret: crate::totp::grouped(&pending.secret),
        challenge: provider.vault.seal_transit(PURPOSE, pending)?,
    })
}

/// How many recovery codes are left.
pub async fn recovery_codes_left(
    provider: &Provider,
    account: &Account,
) -> Result<i64, LoginError> {
    Ok(provider.store.count_recovery_codes(account.id).await?)
}

/// New recovery codes in the place of all before them.
pub async fn renew_recovery_codes(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
) -> Result<Vec<String>, LoginError> {
    let (codes, digests) = recovery_codes(provider, account);
    let event = audit::done(AuditKind::TotpEnrolled).account(account);
    let record = event.detail("renewed", "recovery codes").record(provider, context);
    provider.store.replace_recovery_codes(account.id, digests, record).await?;
    messages::notify(provider, account, Notice::RecoveryCodesRenewed);
    Ok(codes)
}

/// Removes the app and its recovery codes.
pub async fn remove(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
) -> Result<(), LoginError> {
    let record = audit::done(AuditKind::TotpRemoved).account(account).record(provider, context);
    provider.store.remove_totp(account.id, record).await?;
    messages::notify(provider, account, Notice::TotpRemoved);
    Ok(())
}

fn recovery_codes(provider: &Provider, account: &Account) -> (Vec<String>, Vec<[u8; 32]>) {
    let codes = recovery_code::generate();
    let digest = |code: &String| recovery_code::digest(provider, account.id, code);
    let digests = codes.iter().map(digest).collect();
    (codes, digests)
}
