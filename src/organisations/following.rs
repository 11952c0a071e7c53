//! What hangs on the register follows it: when an organisation's status or representative changes, or a
//! mandate's term is over, the mandates end and whoever relied on them is told (design D3).

use std::time::Duration;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::EntityDigest;
use crate::domain::id::IdentifierDigest;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::mandate_evidence::MandateEvidence;
use crate::domain::organisation::Organisation;
use crate::domain::organisation::OrganisationRecord;
use crate::domain::policy::Synthetic;
use crate::domain::request_context::RequestContext;
use crate::domain::uscc::Uscc;
use crate::organisations::notices;
use crate::provider::Provider;
use crate::registers::RegisterAway;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Changes followed, and organisations compared, in one turn.
const BATCH: i64 = 50;
/// Without news, an organisation is compared with the register after this time.
const AGE: Duration = Duration::from_hours(24);

/// Why what hangs on the register could not follow it.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The register gives no answer: nothing is concluded from that.
    #[error(transparent)]
    RegisterAway(#[from] RegisterAway),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Follows what imports changed since the last turn.
pub async fn follow_changes(provider: &Provider) -> Result<(), FollowError> {
    for (digest, changed_at) in provider.store.legal_entity_changes(BATCH).await? {
        follow(provider, digest).await?;
        provider.store.settle_legal_entity_change(digest, changed_at).await?;
    }
    Ok(())
}

/// Compares those whose turn it is with the register: behind the data-sharing platform nobody tells us.
pub async fn compare_old(provider: &Provider) -> Result<(), FollowError> {
    let before = provider.clock.now().minus(AGE);
    for organisation in provider.store.list_organisations_to_check(before, BATCH).await? {
        compare(provider, &organisation).await?;
    }
    Ok(())
}

/// Ends mandates whose term is over.
pub async fn end_lapsed(provider: &Provider) -> Result<(), StoreError> {
    let now: Timestamp = provider.clock.now();
    while provider.store.lapse_mandates(now).await? > 0 {}
    Ok(())
}

async fn follow(provider: &Provider, digest: EntityDigest) -> Result<(), FollowError> {
    match provider.store.find_organisation_by_code(digest).await? {
        Some(organisation) => compare(provider, &organisation).await,
        None => Ok(()),
    }
}

async fn compare(provider: &Provider, organisation: &Organisation) -> Result<(), FollowError> {
    let known = provider.vault.open_organisation(&organisation.record)?;
    let Ok(uscc) = Uscc::parse(&known.uscc, Synthetic::Accepted) else {
        return Err(StoreError::Unreadable("organisation").into());
    };
    let entity = provider.legal_entities.find(&uscc).await?;
    let representative = provider.store.find_representative(organisation.id).await?;
    let reason = match (&entity, representative) {
        (None, _) => Some("not in the register"),
        (Some(entity), _) if !entity.is_active() => Some("not in existence"),
        (Some(entity), Some(known)) if !stands(provider, entity, known).await? => {
            Some("another representative")
        }
        _ => None,
    };
    if let Some(reason) = reason {
        let context = RequestContext::internal("register");
        let record = audit::done(AuditKind::MandatesSuspended)
            .detail("organisation", organisation.id.to_string())
            .detail("because", reason)
            .record(provider, &context);
        let at = record.at;
        if provider.store.suspend_mandates(organisation.id, record).await? {
            notices::changed(provider, organisation.id, notices::Change::Registered, at);
        }
    }
    let renamed = entity.filter(|entity| entity.name.as_str() != known.name);
    let renamed = renamed.map(|entity| {
        let name = entity.name.as_str().to_owned();
        provider.vault.seal_organisation(&OrganisationRecord { name, ..known })
    });
    let now = provider.clock.now();
    provider.store.note_organisation_check(organisation.id, renamed.transpose()?, now).await?;
    Ok(())
}

/// Whether who represents an organisation still does: the register names that person, by the number the organisation
/// was claimed with or by another one that finds the same account, or says what it said when a counter knew better.
async fn stands(
    provider: &Provider,
    entity: &LegalEntity,
    (account, claimed_with, evidence): (AccountId, IdentifierDigest, MandateEvidence),
) -> Result<bool, StoreError> {
    let named = registered(provider, entity);
    if evidence.stands(claimed_with, named) {
        return Ok(true);
    }
    let Some(named) = named else { return Ok(false) };
    let found = provider.store.find_account_by_identifier(&named).await?;
    Ok(found.is_some_and(|found| found.id == account))
}

/// Whom the register names as representative, as mandates know people.
pub fn registered(provider: &Provider, entity: &LegalEntity) -> Option<IdentifierDigest> {
    let known = entity.representative.as_ref()?;
    Some(provider.vault.index_person(known.document.key()))
}
