//! One person, one account, one number: what has to be put right when two numbers were one person's, or one
//! number two people's. The register is asked whenever a name and a number come together, and nothing is
//! concluded while it is away (design D1, D11).

use crate::audit;
use crate::domain::account::Account;
use crate::domain::account::IdentifierKind;
use crate::domain::account::Profile;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditKind;
use crate::domain::division;
use crate::domain::id::AccountId;
use crate::domain::id::IdentityCaseId;
use crate::domain::identity::Identity;
use crate::domain::identity::IdentityCase;
use crate::domain::person_name::PersonName;
use crate::domain::request_context::RequestContext;
use crate::domain::subject;
use crate::identifier;
use crate::identifier::Typed;
use crate::people::evidence;
use crate::people::name_index;
use crate::provider::Provider;
use crate::registers::RegisterAnswer;
use crate::registers::RegisterAway;
use crate::store::StoreError;
use crate::store::sql::ComputedSubjects;
use crate::store::sql::Correction;
use crate::store::sql::Merge;
use crate::store::sql::Split;
use crate::vault::INDEX_EPOCH;
use crate::vault::VaultError;

/// What the seal of a case is bound to.
const CASE: &str = "identity case";

/// Why nothing is put right.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The name or the number is none, or nothing would change.
    #[error("the name or the number is not valid")]
    Invalid,
    /// The register does not say that they belong together.
    #[error("the register does not confirm it")]
    NotConfirmed,
    /// One of the accounts is over, or they are one already.
    #[error("it is over")]
    Over,
    /// The register gives no answer.
    #[error(transparent)]
    RegisterAway(#[from] RegisterAway),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// A name and a number as typed, in canonical spelling and confirmed by the register.
pub async fn read(
    provider: &Provider,
    (name, document): (&str, Typed<'_>),
) -> Result<Identity, IdentityError> {
    let name = PersonName::parse(name).map_err(|_| IdentityError::Invalid)?;
    let document = identifier::document(&provider.config, document);
    let document = document.map_err(|_| IdentityError::Invalid)?;
    let today = provider.clock.now().date_in_beijing();
    if today.is_none_or(|today| document.check_birth_date(today).is_err()) {
        return Err(IdentityError::Invalid);
    }
    let identity = Identity::new(name.expose(), document.key());
    confirm(provider, &identity).await?;
    Ok(identity)
}

/// Whether the register says so now.
pub async fn confirm(provider: &Provider, identity: &Identity) -> Result<(), IdentityError> {
    match provider.population.compare(&identity.name, identity.key()).await? {
        RegisterAnswer::Match => Ok(()),
        RegisterAnswer::NoMatch | RegisterAnswer::NotKept => Err(IdentityError::NotConfirmed),
    }
}

/// How two accounts become one: the register must know the identity that stays.
pub async fn merge(
    provider: &Provider,
    (into, profile): (&Account, &Profile),
    from: &Account,
) -> Result<Merge, IdentityError> {
    if into.id == from.id || !into.status.is_kept() || !from.status.is_kept() {
        return Err(IdentityError::Over);
    }
    confirm(provider, &Identity::new(&profile.name, profile.key())).await?;
    let subjects = subjects(provider, from.id).await?;
    Ok(Merge { into: into.id, from: from.id, subjects })
}

/// How they become two again.
pub async fn split(
    provider: &Provider,
    into: AccountId,
    from: &Account,
) -> Result<Split, IdentityError> {
    if from.merged_into != Some(into) {
        return Err(IdentityError::Over);
    }
    let vault = &provider.vault;
    let profile = vault.open_profile(from)?;
    let mut numbers = vec![vault.index_person(profile.key())];
    // Whoever had become part of it before goes with it.
    for (part, _) in provider.store.list_merged(from.id).await? {
        if let Some(part) = provider.store.find_account(part).await? {
            numbers.push(vault.index_person(vault.open_profile(&part)?.key()));
        }
    }
    let without_phone = Profile { phone: None, phone_bound_at: None, ..profile.clone() };
    let phone = profile.phone.as_deref();
    let phone = phone.map(|phone| (INDEX_EPOCH, vault.index(IdentifierKind::Phone, phone)));
    Ok(Split {
        into,
        from: from.id,
        numbers,
        phone,
        profile_without_phone: vault.seal_profile(from, &without_phone)?,
        name: name_index::entry(vault, &profile),
        subjects: subjects(provider, from.id).await?,
    })
}

/// How an account gets another name or number. The number before goes on finding the account, unless it is
/// another person's.
pub fn correction(
    provider: &Provider,
    account: &Account,
    identity: &Identity,
    frees_number: bool,
) -> Result<Correction, IdentityError> {
    let vault = &provider.vault;
    let before = vault.open_profile(account)?;
    let same_document = before.key() == identity.key();
    if !account.status.is_kept() {
        return Err(IdentityError::Over);
    }
    if same_document && (before.name == identity.name || frees_number) {
        return Err(IdentityError::Invalid);
    }
    let freed = frees_number.then(|| vault.index_person(before.key()));
    let key = identity.key();
    let after = Profile {
        name: identity.name.clone(),
        id_number: key.number.to_owned(),
        id_type: key.document_type,
        id_country: key.country.to_owned(),
        ..before
    };
    Ok(Correction {
        account: account.id,
        from: account.profile.clone(),
        to: vault.seal_profile(account, &after)?,
        freed,
        number: (INDEX_EPOCH, IdentifierKind::of(key), vault.index_person(key)),
        name: name_index::entry(vault, &after),
        evidence: evidence::of_register(account.id, provider.clock.now()),
        level: (!same_document).then_some(IdentityAssurance::REGISTER_MATCH),
    })
}

/// Opens a case where the register confirmed another name for the number of an account. Told to nobody but
/// officers.
pub async fn doubt(
    provider: &Provider,
    context: &RequestContext,
    other: &Profile,
) -> Result<(), IdentityError> {
    let digest = provider.vault.index_person(other.key());
    let Some(account) = provider.store.find_account_by_identifier(&digest).await? else {
        return Ok(());
    };
    let known = provider.vault.open_profile(&account)?;
    // By a number of old, somebody is found who has another one now: there is no doubt about him.
    if known.name == other.name || known.key() != other.key() {
        return Ok(());
    }
    let identity = Identity::new(&other.name, other.key());
    let json = serde_json::to_vec(&identity).map_err(|_| StoreError::Unreadable("identity"))?;
    let case = IdentityCase {
        id: IdentityCaseId::generate(),
        account_id: account.id,
        document: provider.vault.seal_data(CASE, &json),
        opened_at: provider.clock.now(),
    };
    let record = audit::done(AuditKind::IdentityDoubted).account(&account);
    let record = record.detail("case", case.id.to_string()).record(provider, context);
    let division = known.key().division().map_or(0, division::of_number);
    provider.store.open_identity_case(case, division, record).await?;
    Ok(())
}

/// The identity a case is about.
pub fn open(provider: &Provider, case: &IdentityCase) -> Result<Identity, IdentityError> {
    let json = provider.vault.open_data(CASE, &case.document)?;
    Ok(serde_json::from_slice(&json).map_err(|_| StoreError::Unreadable("identity"))?)
}

/// What is computed for an account at every client.
async fn subjects(provider: &Provider, account: AccountId) -> Result<ComputedSubjects, StoreError> {
    let clients = provider.store.list_clients().await?;
    let computed = clients.into_iter().map(|client| {
        let sub = subject::subject(&provider.vault.subject, &client, account);
        let sector = subject::sector(&client).to_owned();
        (client.id, sector, sub)
    });
    Ok(computed.collect())
}
