//! Coming back to an account whose password is lost (security.md ): name, number and the bound
//! phone first, then the app or a recovery code; without them a time of waiting in which the owner can
//! object. The phone alone never suffices, since numbers are handed out anew (domain.md 6.1). The second
//! factors stay as they are, and nobody is logged in by it.

use std::time::Duration;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::assurance::Method;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::OneTimeCodeId;
use crate::domain::id::RecoveryId;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::person_name::PersonName;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::recovery;
use crate::domain::recovery::Recovery;
use crate::domain::recovery::RecoveryState;
use crate::domain::request_context::RequestContext;
use crate::identifier;
use crate::identifier::Typed;
use crate::login::LoginError;
use crate::login::authenticators::Attempt;
use crate::login::second_factor;
use crate::messages;
use crate::messages::Notice;
use crate::notify::SmsTemplate;
use crate::one_time_code;
use crate::one_time_code::Sent;
use crate::one_time_code::Use;
use crate::people::password;
use crate::people::password::SetPasswordError;
use crate::provider::Provider;
use crate::recovery::RecoveryError;
use crate::registers::RegisterAnswer;
use crate::store::StoreError;
use crate::store::sql::Finished;
use crate::store::sql::Restoration;
use crate::throttle;
use crate::throttle::ThrottleError;
use crate::vault::VaultError;

/// What a recovery code sent to the phone is good for.
const PURPOSE: &str = "recovery";

/// The form as typed.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// Name.
    pub name: &'a str,
    /// The document and its number.
    pub document: Typed<'a>,
    /// The bound phone.
    pub phone: &'a str,
}

/// What comes after the phone.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What the page carries.
    pub id: RecoveryId,
    /// Whether the new password may be set now.
    pub is_ready: bool,
    /// What else can be proven.
    pub methods: Vec<Method>,
    /// Whether waiting leads on; not when nobody has used the account for so long that the phone may be
    /// somebody else's.
    pub may_wait: bool,
    /// Until when one waits already.
    pub waits_until: Option<Timestamp>,
}

/// Compares the form with the register and the account, and sends a code to the bound phone. Whether there
/// is such an account, whether all fits, or whether it was tried too often: the answer is the same.
pub async fn begin(
    provider: &Provider,
    context: &RequestContext,
    form: Form<'_>,
    binding: [u8; 32],
) -> Result<Sent, RecoveryError> {
    let (name, document, phone) = read(provider, form)?;
    let digest = provider.vault.index_person(document.key());
    let admitted = match throttle::admit_recovery(provider, context, digest).await {
        Ok(_) => true,
        Err(ThrottleError::TooMany) => false,
        Err(ThrottleError::Store(error)) => return Err(error.into()),
    };
    // Whoever tries too often is not let through to the register either.
    let answer = if admitted {
        let answer = provider.population.compare(name.expose(), document.key()).await;
        answer.map_err(RecoveryError::RegisterAway)?
    } else {
        RegisterAnswer::NoMatch
    };
    let found = provider.store.find_account_by_identifier(&digest).await?;
    let account = match found {
        Some(account) if owns(provider, &account, &phone, (answer, &name))? => Some(account),
        _ => None,
    };
    let usage =
        Use { purpose: PURPOSE, binding, template: |code| SmsTemplate::ResetPassword { code } };
    let to = account.as_ref().map(|_| phone.expose());
    let whom = (account.as_ref(), to);
    let id = one_time_code::issue(provider, context, usage, whom, Vec::new()).await?;
    let phone_masked = provider.config.masking.phone(phone.expose());
    Ok(Sent { pending: id.to_string(), phone_masked })
}

/// Judges the code; then says what else is needed.
pub async fn confirm(
    provider: &Provider,
    context: &RequestContext,
    (pending, code): (&str, &str),
    binding: [u8; 32],
) -> Result<Standing, RecoveryError> {
    let id = pending.parse().map(OneTimeCodeId).map_err(|_| RecoveryError::Wrong)?;
    let spent = one_time_code::spend(provider, (PURPOSE, binding), id, code).await?;
    let account = match spent.and_then(|spent| spent.account_id) {
        Some(id) => recoverable(provider, id).await?,
        None => None,
    };
    let Some(account) = account else {
        let refused = audit::refused(AuditKind::RecoveryBegun, "wrong code");
        provider.store.record(refused.record(provider, context)).await?;
        return Err(RecoveryError::Wrong);
    };
    let now = provider.clock.now();
    let new = Recovery {
        id: RecoveryId::generate(),
        account_id: account.id,
        state: RecoveryState::Open,
        binding,
        code_digest: None,
        act_id: None,
        credential_epoch: account.credential_epoch,
        ready_at: now,
        expires_at: now.plus(recovery::SITTING),
        created_at: now,
    };
    let record = audit::done(AuditKind::RecoveryBegun).account(&account);
    let begun = provider.store.begin_recovery(new, record.record(provider, context)).await?;
    standing(provider, &account, &begun).await
}

/// The page of a recovery again.
pub async fn find(
    provider: &Provider,
    id: &str,
    binding: [u8; 32],
) -> Result<Standing, RecoveryError> {
    let (recovery, account) = open(provider, id, binding, RecoveryState::Open).await?;
    standing(provider, &account, &recovery).await
}

/// Judges the second proof; then the new password may be set.
pub async fn prove(
    provider: &Provider,
    context: &RequestContext,
    (id, method, answer): (&str, Method, &str),
    binding: [u8; 32],
) -> Result<RecoveryId, RecoveryError> {
    let (recovery, account) = open(provider, id, binding, RecoveryState::Open).await?;
    if !remaining(&account).contains(&method) {
        return Err(RecoveryError::Wrong);
    }
    let attempt = Attempt { context, account: Some(&account), binding, challenge: None };
    second_factor::prove(provider, method, &attempt, answer).await.map_err(
        |error| match error {
            LoginError::Rejected | LoginError::CodeWrong => RecoveryError::Wrong,
            LoginError::Store(error) => error.into(),
            LoginError::Vault(error) => error.into(),
            _ => RecoveryError::Busy,
        },
    )?;
    let until = provider.clock.now().plus(recovery::SITTING);
    let record = audit::done(AuditKind::RecoveryBegun).account(&account);
    let record = record.detail("method", method.as_str()).record(provider, context);
    let moved = provider.store.ready_recovery(recovery.id, binding, until, record).await?;
    if moved { Ok(recovery.id) } else { Err(RecoveryError::Over) }
}

/// Begins the time of waiting; says when it is over.
pub async fn wait(
    provider: &Provider,
    context: &RequestContext,
    id: &str,
    binding: [u8; 32],
) -> Result<Timestamp, RecoveryError> {
    let (recovery, account) = open(provider, id, binding, RecoveryState::Open).await?;
    if !may_wait(provider, &account).await? {
        return Err(RecoveryError::Over);
    }
    let hours = u64::from(provider.config.account.recovery_wait_hours);
    let times = (Duration::from_hours(hours), recovery::OPEN_FOR);
    let record = audit::done(AuditKind::RecoveryDeferred).account(&account);
    let record = record.record(provider, context);
    if provider.store.defer_recovery(&recovery, times, record).await? {
        messages::notify(provider, &account, Notice::RecoveryWaits);
    }
    let now = provider.clock.now();
    let waiting = provider.store.find_waiting_recovery(account.id, now).await?;
    waiting.map(|waiting| waiting.ready_at).ok_or(RecoveryError::Over)
}

/// Sets the new password. Everybody who was logged in is out; the second factors stay.
pub async fn finish(
    provider: &Provider,
    context: &RequestContext,
    (id, new, again): (&str, &str, &str),
    binding: [u8; 32],
) -> Result<(), RecoveryError> {
    let (recovery, account) = open(provider, id, binding, RecoveryState::Ready).await?;
    if new != again {
        return Err(SetPasswordError::Mismatch.into());
    }
    let profile = provider.vault.open_profile(&account)?;
    let phone = profile.phone.as_deref().unwrap_or_default();
    let new = password::check(provider, new, (&profile.name, &profile.id_number, phone)).await?;
    let hash = provider.passwords.hash(&new).await.map_err(|_| RecoveryError::Busy)?;
    let record = audit::done(AuditKind::AccountRecovered).account(&account);
    let record = record.record(provider, context);
    let restoration = Restoration { password_hash: hash, phone: None, removes_totp: false };
    if provider.store.finish_recovery(&recovery, restoration, record).await? != Finished::Done {
        return Err(RecoveryError::Over);
    }
    throttle::reset(provider, account.id).await?;
    messages::notify(provider, &account, Notice::Recovered);
    Ok(())
}

/// The recovery that waits for this account, for its owner to see.
pub async fn waiting(
    provider: &Provider,
    account: &Account,
) -> Result<Option<Timestamp>, StoreError> {
    let now = provider.clock.now();
    let waiting = provider.store.find_waiting_recovery(account.id, now).await?;
    Ok(waiting.map(|waiting| waiting.ready_at))
}

/// The owner objects: whatever was begun is over.
pub async fn stop(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
) -> Result<bool, StoreError> {
    let record = audit::done(AuditKind::RecoveryStopped).account(account);
    provider.store.stop_recoveries(account.id, record.record(provider, context)).await
}

/// The fields in canonical spelling; what is no name, number or phone at all is told.
fn read(
    provider: &Provider,
    form: Form<'_>,
) -> Result<(PersonName, IdentityDocument, PhoneNumber), RecoveryError> {
    let synthetic = identifier::synthetic(&provider.config);
    let name = PersonName::parse(form.name).map_err(|_| ("name", "name-invalid"));
    let document =
        identifier::document(&provider.config, form.document).map_err(identifier::refusal);
    let phone = PhoneNumber::parse(form.phone, synthetic).map_err(|_| ("phone", "phone-invalid"));
    match (name, document, phone) {
        (Ok(name), Ok(document), Ok(phone)) => Ok((name, document, phone)),
        (name, document, phone) => {
            let wrong = [name.err(), document.err(), phone.err()];
            Err(RecoveryError::Fields(wrong.into_iter().flatten().collect()))
        }
    }
}

/// Whether this phone may begin a recovery of the account: bound to it, and not since yesterday; and the name is right,
/// by the register or, where it keeps no such documents, by the account.
fn owns(
    provider: &Provider,
    account: &Account,
    phone: &PhoneNumber,
    (answer, name): (RegisterAnswer, &PersonName),
) -> Result<bool, VaultError> {
    if !account.status.is_recoverable() {
        return Ok(false);
    }
    let profile = provider.vault.open_profile(account)?;
    let confirmed = match answer {
        RegisterAnswer::Match => true,
        RegisterAnswer::NotKept => profile.name == name.expose(),
        RegisterAnswer::NoMatch => false,
    };
    if !confirmed {
        return Ok(false);
    }
    let ripe_since = provider.clock.now().minus(recovery::PHONE_RIPENS);
    Ok(profile.phone.as_deref() == Some(phone.expose())
        && profile.phone_bound_at.is_none_or(|at| at <= ripe_since))
}

async fn recoverable(provider: &Provider, id: AccountId) -> Result<Option<Account>, StoreError> {
    let account = provider.store.find_account(id).await?;
    Ok(account.filter(|account| account.status.is_recoverable()))
}

async fn open(
    provider: &Provider,
    id: &str,
    binding: [u8; 32],
    state: RecoveryState,
) -> Result<(Recovery, Account), RecoveryError> {
    let id = id.parse().map(RecoveryId).map_err(|_| RecoveryError::Over)?;
    let now = provider.clock.now();
    let recovery = provider.store.find_recovery(id, (binding, state), now).await?;
    let recovery = recovery.ok_or(RecoveryError::Over)?;
    let account = recoverable(provider, recovery.account_id).await?.ok_or(RecoveryError::Over)?;
    Ok((recovery, account))
}

async fn standing(
    provider: &Provider,
    account: &Account,
    recovery: &Recovery,
) -> Result<Standing, RecoveryError> {
    Ok(Standing {
        id: recovery.id,
        is_ready: recovery.state == RecoveryState::Ready,
        methods: remaining(account),
        may_wait: may_wait(provider, account).await?,
        waits_until: waiting(provider, account).await?,
    })
}

/// What can be proven beside the phone.
fn remaining(account: &Account) -> Vec<Method> {
    if account.has_totp { vec![Method::Totp, Method::RecoveryCode] } else { Vec::new() }
}

async fn may_wait(provider: &Provider, account: &Account) -> Result<bool, StoreError> {
    let since = provider.clock.now().minus(recovery::PHONE_FADES);
    provider.store.was_used_since(account.id, since).await
}
