//! What hangs on the register follows it: when an organisation's status or representative changes, or a
//! mandate's term is over, the mandates end and whoever relied on them is told (design D3).

use std::time::Duration;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::EntityDigest;
use crate::domain::id::IdentifierDigest;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::organisation::Organisation;
use crate::domain::organisation::OrganisationRecord;
use crate::domain::policy::Synthetic;
use crate::domain::request_context::RequestContext;
use crate::domain::uscc::Uscc;
use crate::organisations::notices;
use crate::provider::Provider;
use crate::registers::RegisterAway;
use crate::store::StoreError;
use crate::store::sql::KnownRepresentative;
use crate::store::sql::Suspension;
use crate::vault::VaultError;

/// Changes followed, and organisations compared, in one turn.
const BATCH: i64 = 50;
/// Without news, an organisation is compared with the register after this time.
const AGE: Duration = Duration::from_hours(24);
/// One about which the register says nothing that can be understood is tried again after this time.
const PAUSE: Duration = Duration::from_mins(10);

/// Why what hangs on the register could not follow it.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The register gives no answer: nothing is concluded from that.
    #[error(transparent)]
    RegisterAway(#[from] RegisterAway),
    /// Somebody else came to represent the organisation meanwhile: it is compared anew.
    #[error("the organisation was claimed meanwhile")]
    Overtaken,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl FollowError {
    /// Whether it is about this one organisation: the others can be followed.
    fn is_of_one(&self, provider: &Provider) -> bool {
        match self {
            Self::RegisterAway(_) => !provider.legal_entities.rests(),
            Self::Overtaken | Self::Store(StoreError::Unreadable(_)) | Self::Vault(_) => true,
            Self::Store(_) => false,
        }
    }
}

/// Follows what changed in the register since the last turn, as imports and the platform told. One that cannot be
/// followed holds up no other.
pub async fn follow_changes(provider: &Provider) -> Result<(), FollowError> {
    for (digest, changed_at) in provider.store.legal_entity_changes(BATCH).await? {
        match follow(provider, digest).await {
            Ok(()) => provider.store.settle_legal_entity_change(digest, changed_at).await?,
            Err(error) if error.is_of_one(provider) => {
                tracing::warn!(%error, "an organisation could not follow the register");
                let now = provider.clock.now();
                provider.store.defer_legal_entity_change(digest, (changed_at, now)).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Compares those whose turn it is with the register: behind the data-sharing platform nobody may tell us. One that
/// cannot be compared holds up no other.
pub async fn compare_old(provider: &Provider) -> Result<(), FollowError> {
    let now = provider.clock.now();
    let due = (now.minus(AGE), now.minus(PAUSE));
    for organisation in provider.store.list_organisations_to_check(due, BATCH).await? {
        match compare(provider, &organisation).await {
            Ok(()) => {}
            Err(error) if error.is_of_one(provider) => {
                let id = organisation.id;
                tracing::warn!(%error, organisation = %id, "it could not be compared with the register");
                provider.store.note_organisation_tried(id, now).await?;
            }
            Err(error) => return Err(error),
        }
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
    // Before the register is asked: what it says is compared with who represented until then.
    let representative = provider.store.find_representative(organisation.id).await?;
    let entity = provider.legal_entities.find(&uscc).await?;
    let reason = match (&entity, &representative) {
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
        let (at, observed) = (record.at, representative.map(|known| known.mandate));
        match provider.store.suspend_mandates((organisation.id, observed), record).await? {
            Suspension::Done => {
                notices::changed(provider, organisation.id, notices::Change::Registered, at);
            }
            Suspension::Nothing => {}
            Suspension::Overtaken => return Err(FollowError::Overtaken),
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
    known: &KnownRepresentative,
) -> Result<bool, StoreError> {
    let named = registered(provider, entity);
    if known.evidence.stands(known.claimed_with, named) {
        return Ok(true);
    }
    let Some(named) = named else { return Ok(false) };
    let found = provider.store.find_account_by_identifier(&named).await?;
    Ok(found.is_some_and(|found| found.id == known.account))
}

/// Whom the register names as representative, as mandates know people.
pub fn registered(provider: &Provider, entity: &LegalEntity) -> Option<IdentifierDigest> {
    let known = entity.representative.as_ref()?;
    Some(provider.vault.index_person(known.document.key()))
}
