//! Sign-up: name and number are compared with the population register (design D11), the phone is proven
//! by a code, and only then an account exists. Whether somebody has one already is told to nobody but
//! the person who passed both (security.md P13).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::audit;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::account::IdentifierKind;
use crate::domain::account::Profile;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditKind;
use crate::domain::citizen_id::CitizenId;
use crate::domain::id::AccountId;
use crate::domain::id::OneTimeCodeId;
use crate::domain::person_name::PersonName;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::policy::Synthetic;
use crate::domain::request_context::RequestContext;
use crate::notify::SmsTemplate;
use crate::one_time_code;
use crate::one_time_code::Use;
use crate::people::password;
use crate::provider::Provider;
use crate::registers::RegisterAnswer;
use crate::store::StoreError;
use crate::store::sql::NewAccount;
use crate::throttle;
use crate::throttle::ThrottleError;
use crate::vault::VaultError;

/// What a sign-up code is good for, and what the seal of its payload is bound to.
const PURPOSE: &str = "sign-up";

/// The form as typed.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// Name.
    pub name: &'a str,
    /// Citizen ID number.
    pub id_number: &'a str,
    /// Mobile phone.
    pub phone: &'a str,
    /// Password.
    pub password: &'a str,
    /// The same once more.
    pub password_again: &'a str,
    /// Whether the terms were agreed to.
    pub terms: bool,
}

/// A sign-up that waits for its code.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// What the page carries.
    pub pending: String,
    /// Where the code went, masked.
    pub phone_masked: String,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Fields that have to be changed, each with its message.
    #[error("the form has errors")]
    Fields(BTreeMap<&'static str, &'static str>),
    /// Name and number do not belong together, or too many tries.
    #[error("the register does not confirm it")]
    NotConfirmed,
    /// The register gives no answer.
    #[error("the register is away")]
    RegisterAway(#[source] crate::registers::RegisterAway),
    /// The code is wrong, old or used.
    #[error("the code is wrong")]
    CodeWrong,
    /// There is an account already.
    #[error("there is an account already")]
    Exists,
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

/// What waits beside the code, sealed.
#[derive(Serialize, Deserialize)]
struct Payload {
    profile: Profile,
    password_hash: String,
}

/// The form's values in canonical spelling.
struct Applicant {
    name: String,
    id_number: String,
    phone: PhoneNumber,
}

/// Checks the form against rules and register, and sends a code to the phone.
pub async fn begin(
    provider: &Provider,
    context: &RequestContext,
    form: Form<'_>,
    binding: [u8; 32],
) -> Result<Waiting, SignUpError> {
    let applicant = read(provider, form)?;
    compare_with_register(provider, context, &applicant).await?;
    let password = crate::domain::password::normalize(form.password);
    let hash = provider.passwords.hash(&password).await.map_err(|_| SignUpError::Busy)?;
    let phone = applicant.phone.expose().to_owned();
    let phone_masked = applicant.phone.masked();
    let payload = Payload {
        profile: Profile {
            name: applicant.name,
            id_number: applicant.id_number,
            phone: Some(phone.clone()),
            email: None,
        },
        password_hash: hash,
    };
    let json = serde_json::to_vec(&payload).map_err(|_| StoreError::Unreadable("sign-up"))?;
    let sealed = provider.vault.seal_data(PURPOSE, &json);
    let usage = usage(binding);
    let id = one_time_code::issue(provider, context, usage, (None, Some(&phone)), sealed).await?;
    Ok(Waiting { pending: id.to_string(), phone_masked })
}

/// Sends another code for a sign-up that waits.
pub async fn send_again(
    provider: &Provider,
    context: &RequestContext,
    pending: &str,
    binding: [u8; 32],
) -> Result<Waiting, SignUpError> {
    let id = code_id(pending)?;
    let phone_of = |payload: &[u8]| open(provider, payload).ok()?.profile.phone;
    let sent = one_time_code::issue_again(provider, context, usage(binding), id, phone_of).await?;
    let phone = sent.as_deref().and_then(phone_of).ok_or(SignUpError::CodeWrong)?;
    Ok(Waiting {
        pending: pending.to_owned(),
        phone_masked: crate::domain::masking::mobile(&phone),
    })
}

/// Makes the account, if the code is right and nobody has the number or the phone.
pub async fn finish(
    provider: &Provider,
    context: &RequestContext,
    (pending, code): (&str, &str),
    binding: [u8; 32],
) -> Result<AccountId, SignUpError> {
    let id = code_id(pending)?;
    let spent = one_time_code::spend(provider, (PURPOSE, binding), id, code).await?;
    let Some(spent) = spent else {
        let refused = audit::refused(AuditKind::SignUp, "wrong code").record(provider, context);
        provider.store.record(refused).await?;
        return Err(SignUpError::CodeWrong);
    };
    let payload = open(provider, &spent.payload)?;
    let (assurance, hash) = (IdentityAssurance::REGISTER_MATCH, Some(payload.password_hash));
    let new = new_account(provider, &payload.profile, hash, assurance)?;
    let id = new.account.id;
    let done = audit::done(AuditKind::SignUp).account(&new.account).record(provider, context);
    let taken = audit::refused(AuditKind::SignUp, "identifier taken").record(provider, context);
    if provider.store.add_account(new, done, taken).await? {
        Ok(id)
    } else {
        Err(SignUpError::Exists)
    }
}

/// An account for this profile, sealed and indexed.
pub fn new_account(
    provider: &Provider,
    profile: &Profile,
    password_hash: Option<String>,
    identity_assurance: IdentityAssurance,
) -> Result<NewAccount, VaultError> {
    let id = AccountId::generate();
    let now = provider.clock.now();
    let (person_key, sealed) = provider.vault.seal_person(id, profile)?;
    let index =
        |kind, text: &str| (crate::vault::INDEX_EPOCH, kind, provider.vault.index(kind, text));
    let mut identifiers = vec![index(IdentifierKind::CitizenId, &profile.id_number)];
    identifiers.extend(profile.phone.as_deref().map(|phone| index(IdentifierKind::Phone, phone)));
    let account = Account {
        id,
        status: AccountStatus::Active,
        identity_assurance,
        person_key,
        profile: sealed,
        password_changed_at: password_hash.is_some().then_some(now),
        password_hash,
        credential_epoch: 0,
        has_totp: false,
        created_at: now,
        updated_at: now,
    };
    Ok(NewAccount { account, identifiers })
}

/// Every field is judged, so that a person sees all that has to be changed at once.
fn read(provider: &Provider, form: Form<'_>) -> Result<Applicant, SignUpError> {
    let synthetic =
        if provider.config.accept_synthetic { Synthetic::Accepted } else { Synthetic::Refused };
    let today = provider.clock.now().date_in_beijing();
    let name = PersonName::parse(form.name).ok();
    let id_number = CitizenId::parse(form.id_number, synthetic)
        .ok()
        .filter(|number| today.is_some_and(|today| number.check_birth_date(today).is_ok()));
    let phone = PhoneNumber::parse(form.phone, synthetic).ok();
    let mut errors = BTreeMap::new();
    if name.is_none() {
        errors.insert("name", "name-invalid");
    }
    if id_number.is_none() {
        errors.insert("id_number", "id-number-invalid");
    }
    if phone.is_none() {
        errors.insert("phone", "phone-invalid");
    }
    if !form.terms {
        errors.insert("terms", "terms-needed");
    }
    let known = (
        name.as_ref().map_or("", PersonName::expose),
        id_number.as_ref().map_or("", CitizenId::expose),
        phone.as_ref().map_or("", PhoneNumber::expose),
    );
    if let Err(error) = password::check(&provider.config, form.password, known) {
        errors.insert("password", password::message_key(error));
    } else if form.password != form.password_again {
        errors.insert("password_again", "password-mismatch");
    }
    match (name, id_number, phone) {
        (Some(name), Some(id_number), Some(phone)) if errors.is_empty() => Ok(Applicant {
            name: name.expose().to_owned(),
            id_number: id_number.expose().to_owned(),
            phone,
        }),
        _ => Err(SignUpError::Fields(errors)),
    }
}

async fn compare_with_register(
    provider: &Provider,
    context: &RequestContext,
    applicant: &Applicant,
) -> Result<(), SignUpError> {
    let digest = provider.vault.index(IdentifierKind::CitizenId, &applicant.id_number);
    let admitted = throttle::admit_sign_up(provider, context, digest).await;
    let refuse = |reason: &'static str| audit::refused(AuditKind::SignUp, reason);
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(ThrottleError::Store(error)) => return Err(error.into()),
        Err(ThrottleError::TooMany) => {
            let record = refuse("too many attempts").record(provider, context);
            provider.store.record(record).await?;
            return Err(SignUpError::NotConfirmed);
        }
    };
    let answer = provider.population.compare(&applicant.name, &applicant.id_number).await;
    match answer {
        Ok(RegisterAnswer::Match) => Ok(throttle::forgive(provider, admitted).await?),
        Ok(RegisterAnswer::NoMatch) => {
            let record = refuse("register does not confirm").record(provider, context);
            provider.store.record(record).await?;
            Err(SignUpError::NotConfirmed)
        }
        Err(away) => {
            // It was no attempt: the register said nothing.
            throttle::forgive(provider, admitted).await?;
            Err(SignUpError::RegisterAway(away))
        }
    }
}

fn usage(binding: [u8; 32]) -> Use {
    Use { purpose: PURPOSE, binding, template: |code| SmsTemplate::BindPhone { code } }
}

fn code_id(pending: &str) -> Result<OneTimeCodeId, SignUpError> {
    pending.parse().map(OneTimeCodeId).map_err(|_| SignUpError::CodeWrong)
}

fn open(provider: &Provider, payload: &[u8]) -> Result<Payload, SignUpError> {
    let json = provider.vault.open_data(PURPOSE, payload)?;
    serde_json::from_slice(&json).map_err(|_| StoreError::Unreadable("sign-up").into())
}
