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
use crate::domain::choices::Choices;
use crate::domain::division;
use crate::domain::document_type::DocumentType;
use crate::domain::id::AccountId;
use crate::domain::id::OneTimeCodeId;
use crate::domain::id::WaitingSignUpId;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::identity_document::PersonKey;
use crate::domain::person_name::PersonName;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::request_context::RequestContext;
use crate::identifier;
use crate::identifier::Typed;
use crate::notify::SmsTemplate;
use crate::one_time_code;
use crate::one_time_code::Sent;
use crate::one_time_code::Use;
use crate::people::evidence;
use crate::people::identity;
use crate::people::name_index;
use crate::people::password;
use crate::people::password::SetPasswordError;
use crate::people::waiting;
use crate::provider::Provider;
use crate::registers::RegisterAnswer;
use crate::store::StoreError;
use crate::store::sql::NewAccount;
use crate::throttle;
use crate::throttle::ThrottleError;
use crate::vault::INDEX_EPOCH;
use crate::vault::VaultError;

/// What a sign-up code is good for, and what the seal of its payload is bound to.
const PURPOSE: &str = "sign-up";

/// The form as typed.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// Name.
    pub name: &'a str,
    /// The document and its number.
    pub document: Typed<'a>,
    /// Mobile phone.
    pub phone: &'a str,
    /// Password.
    pub password: &'a str,
    /// The same once more.
    pub password_again: &'a str,
    /// Whether the terms were agreed to.
    pub terms: bool,
    /// Whether the sign-up is to wait where the register is away.
    pub waits: bool,
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
    /// The register gives no answer, and the sign-up waits until it does.
    #[error("the sign-up waits for the register")]
    Waits,
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
pub(super) struct Payload {
    /// Who signs up.
    pub(super) profile: Profile,
    /// What the register's answer earned.
    #[serde(default = "confirmed")]
    pub(super) assurance: IdentityAssurance,
    password_hash: String,
    /// Whether the register was away: then it is asked again before anything exists.
    #[serde(default)]
    unconfirmed: bool,
}

/// The form's values in canonical spelling.
struct Applicant {
    name: PersonName,
    document: IdentityDocument,
    phone: PhoneNumber,
    password: Vec<u8>,
}

/// Checks the form against rules and register, and sends a code to the phone.
pub async fn begin(
    provider: &Provider,
    context: &RequestContext,
    form: Form<'_>,
    binding: [u8; 32],
) -> Result<Sent, SignUpError> {
    let applicant = read(provider, form).await?;
    let who = (applicant.name.expose(), applicant.document.key());
    let (assurance, unconfirmed) = match compare_with_register(provider, context, who).await {
        Err(SignUpError::RegisterAway(_)) if form.waits => (IdentityAssurance::PHONE_ONLY, true),
        compared => (compared?, false),
    };
    let hash = provider.passwords.hash(&applicant.password).await.map_err(|_| SignUpError::Busy)?;
    let phone = applicant.phone.expose();
    let phone_masked = provider.config.masking.phone(phone);
    let key = applicant.document.key();
    let payload = Payload {
        profile: Profile::new(applicant.name.expose(), key, Some(phone)),
        assurance,
        password_hash: hash,
        unconfirmed,
    };
    let json = serde_json::to_vec(&payload).map_err(|_| StoreError::Unreadable("sign-up"))?;
    let sealed = provider.vault.seal_data(PURPOSE, &json);
    let usage = usage(binding);
    let id = one_time_code::issue(provider, context, usage, (None, Some(phone)), sealed).await?;
    Ok(Sent { pending: id.to_string(), phone_masked })
}

/// Sends another code for a sign-up that waits.
pub async fn send_again(
    provider: &Provider,
    context: &RequestContext,
    pending: &str,
    binding: [u8; 32],
) -> Result<Sent, SignUpError> {
    let id = code_id(pending)?;
    let phone_of = |payload: &[u8]| open(provider, payload).ok()?.profile.phone;
    let sent = one_time_code::issue_again(provider, context, usage(binding), id, phone_of).await?;
    let phone = sent.as_deref().and_then(phone_of).ok_or(SignUpError::CodeWrong)?;
    let phone_masked = provider.config.masking.phone(&phone);
    Ok(Sent { pending: pending.to_owned(), phone_masked })
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
    let mut payload = open(provider, &spent.payload)?;
    if payload.unconfirmed {
        let who = (&*payload.profile.name, payload.profile.key());
        payload.assurance = match compare_with_register(provider, context, who).await {
            Err(SignUpError::RegisterAway(away)) => {
                let waits = waiting::keep(provider, context, &payload).await?;
                return Err(if waits {
                    SignUpError::Waits
                } else {
                    SignUpError::RegisterAway(away)
                });
            }
            compared => compared?,
        }
    }
    complete(provider, context, payload, None).await
}

/// Makes the account of who passed register and phone; of a sign-up that waited, in its place.
pub(super) async fn complete(
    provider: &Provider,
    context: &RequestContext,
    payload: Payload,
    waited: Option<WaitingSignUpId>,
) -> Result<AccountId, SignUpError> {
    let hash = Some(payload.password_hash);
    let new = new_account(provider, &payload.profile, hash, payload.assurance)?;
    let id = new.account.id;
    let mut event = audit::done(AuditKind::SignUp).account(&new.account);
    if let Some(city) = payload.profile.key().division().and_then(division::city_of) {
        event = event.detail("city", city);
    }
    let done = event.record(provider, context);
    let taken = audit::refused(AuditKind::SignUp, "identifier taken").record(provider, context);
    let added = match waited {
        None => provider.store.add_account(new, done, taken).await?,
        Some(waited) => provider.store.add_waiting_account((waited, new), done, taken).await?,
    };
    if added {
        Ok(id)
    } else {
        // One number of two names is somebody's work to look at; the visitor is told no more.
        if let Err(error) = identity::doubt(provider, context, &payload.profile).await {
            tracing::error!(%error, "a doubtful identity was not noted");
        }
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
    let key = profile.key();
    let mut identifiers =
        vec![(INDEX_EPOCH, IdentifierKind::of(key), provider.vault.index_person(key))];
    let index = |phone: &str| provider.vault.index(IdentifierKind::Phone, phone);
    let phone = profile.phone.as_deref().map(index);
    identifiers.extend(phone.map(|digest| (INDEX_EPOCH, IdentifierKind::Phone, digest)));
    let account = Account {
        id,
        status: AccountStatus::Active,
        identity_assurance,
        person_key,
        profile: sealed,
        password_changed_at: password_hash.is_some().then_some(now),
        password_hash,
        credential_epoch: 0,
        assurance_cap: None,
        has_totp: false,
        has_other_subjects: false,
        merged_into: None,
        choices: Choices::default(),
        created_at: now,
        updated_at: now,
    };
    // Name and number were compared with the register, or there is no level at all.
    let by_register = identity_assurance >= IdentityAssurance::REGISTER_MATCH;
    let evidence = by_register.then(|| evidence::of_register(id, now));
    let name = name_index::entry(&provider.vault, profile);
    Ok(NewAccount { account, identifiers, name, evidence })
}

/// Every field is judged, so that a person sees all that has to be changed at once.
async fn read(provider: &Provider, form: Form<'_>) -> Result<Applicant, SignUpError> {
    let synthetic = provider.config.synthetic();
    let today = provider.clock.now().date_in_beijing();
    let name = PersonName::parse(form.name).ok();
    let document = identifier::document(&provider.config, form.document).and_then(|document| {
        today.map_or(Ok(()), |today| document.check_birth_date(today)).map(|()| document)
    });
    let phone = PhoneNumber::parse(form.phone, synthetic).ok();
    let mut errors = BTreeMap::new();
    if name.is_none() {
        errors.insert("name", "name-invalid");
    }
    errors.extend(document.as_ref().err().map(|refused| identifier::refusal(*refused)));
    if phone.is_none() {
        errors.insert("phone", "phone-invalid");
    }
    if !form.terms {
        errors.insert("terms", "terms-needed");
    }
    let known = (
        name.as_ref().map_or("", PersonName::expose),
        document.as_ref().map_or("", |document| document.key().number),
        phone.as_ref().map_or("", PhoneNumber::expose),
    );
    let password = password::check(provider, form.password, known).await;
    match &password {
        Err(SetPasswordError::Rule(error)) => {
            errors.insert("password", password::message_key(*error));
        }
        Err(_) => return Err(SignUpError::Busy),
        Ok(_) if form.password != form.password_again => {
            errors.insert("password_again", "password-mismatch");
        }
        Ok(_) => {}
    }
    match (name, document, phone, password) {
        (Some(name), Ok(document), Some(phone), Ok(password)) if errors.is_empty() => {
            Ok(Applicant { name, document, phone, password })
        }
        _ => Err(SignUpError::Fields(errors)),
    }
}

/// How far the register confirms it. Of foreign passports it may keep none: then a counter has to look at them.
async fn compare_with_register(
    provider: &Provider,
    context: &RequestContext,
    (name, key): (&str, PersonKey<'_>),
) -> Result<IdentityAssurance, SignUpError> {
    let digest = provider.vault.index_person(key);
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
    let answer = provider.population.compare(name, key).await;
    match answer {
        Ok(answer) => {
            let Some(earned) = earned(answer, key) else {
                let record = refuse("register does not confirm").record(provider, context);
                provider.store.record(record).await?;
                return Err(SignUpError::NotConfirmed);
            };
            throttle::forgive(provider, admitted).await?;
            Ok(earned)
        }
        Err(away) => {
            // It was no attempt: the register said nothing.
            throttle::forgive(provider, admitted).await?;
            Err(SignUpError::RegisterAway(away))
        }
    }
}

/// What an answer of the register is worth to who bears this key; none where it does not confirm it.
pub(super) fn earned(answer: RegisterAnswer, key: PersonKey<'_>) -> Option<IdentityAssurance> {
    match answer {
        RegisterAnswer::Match => Some(IdentityAssurance::REGISTER_MATCH),
        RegisterAnswer::NotKept => (key.document_type == DocumentType::ForeignPassport)
            .then_some(IdentityAssurance::PHONE_ONLY),
        RegisterAnswer::NoMatch => None,
    }
}

/// What every sign-up was that waited before the level was kept with it.
fn confirmed() -> IdentityAssurance {
    IdentityAssurance::REGISTER_MATCH
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
