//! Claiming an organisation by its unified social credit code (GB 32100-2015): who the legal-entity register
//! names as its legal representative, and nobody else, becomes that here.

use crate::audit;
use crate::domain::account::Account;
use crate::domain::account::Profile;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::MandateId;
use crate::domain::id::OrganisationId;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::MandateState;
use crate::domain::mandate::Parties;
use crate::domain::mandate::Principal;
use crate::domain::mandate::Terms;
use crate::domain::mandate_evidence::MandateEvidence;
use crate::domain::organisation::Organisation;
use crate::domain::organisation::OrganisationRecord;
use crate::domain::request_context::RequestContext;
use crate::domain::uscc::Uscc;
use crate::provider::Provider;
use crate::registers::RegisterAway;
use crate::store::StoreError;
use crate::store::sql::NewOrganisation;
use crate::store::sql::NotClaimed;
use crate::throttle;
use crate::throttle::ThrottleError;
use crate::vault::VaultError;

/// Why an organisation was not claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The text is no credit code.
    #[error("it is no credit code")]
    Code,
    /// The register does not name this person: there is no such organisation, it is not in existence, or
    /// somebody else represents it. It is not told which.
    #[error("the register does not confirm it")]
    NotConfirmed,
    /// Too many tries.
    #[error("too many attempts")]
    TooMany,
    /// This person represents it already.
    #[error("it is claimed already")]
    Claimed,
    /// Officers suspended it.
    #[error("it is suspended")]
    Suspended,
    /// The register gives no answer.
    #[error("the register is away")]
    RegisterAway(#[source] RegisterAway),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Claims the organisation with this code; its registered name.
pub async fn claim(
    provider: &Provider,
    context: &RequestContext,
    (account, profile): (&Account, &Profile),
    code: &str,
) -> Result<String, ClaimError> {
    let uscc = Uscc::parse(code, provider.config.synthetic()).map_err(|_| ClaimError::Code)?;
    let refused = |reason: &'static str| {
        audit::refused(AuditKind::OrganisationClaimed, reason)
            .account(account)
            .record(provider, context)
    };
    let admitted = match throttle::admit_claim(provider, context, account.id).await {
        Ok(admitted) => admitted,
        Err(ThrottleError::Store(error)) => return Err(error.into()),
        Err(ThrottleError::TooMany) => {
            provider.store.record(refused("too many attempts")).await?;
            return Err(ClaimError::TooMany);
        }
    };
    let entity = match provider.legal_entities.find(&uscc).await {
        Ok(entity) => entity,
        Err(away) => {
            // It was no attempt: the register said nothing.
            throttle::give_back(provider, admitted).await?;
            return Err(ClaimError::RegisterAway(away));
        }
    };
    let real_named = account.identity_assurance >= IdentityAssurance::REGISTER_MATCH;
    let entity = match entity.filter(|entity| real_named && entity.is_active()) {
        Some(entity) if names(provider, &entity, (account, profile)).await? => entity,
        _ => {
            provider.store.record(refused("register does not confirm")).await?;
            return Err(ClaimError::NotConfirmed);
        }
    };
    throttle::forgive(provider, admitted).await?;
    let new = new(provider, (account, profile), &entity, MandateEvidence::Register)?;
    let done = audit::done(AuditKind::OrganisationClaimed)
        .account(account)
        .detail("mandate", new.representative.id.to_string())
        .record(provider, context);
    let (reason, error) = match provider.store.claim_organisation(new, done).await? {
        Ok(()) => return Ok(entity.name.as_str().to_owned()),
        Err(NotClaimed::Already) => ("claimed already", ClaimError::Claimed),
        Err(NotClaimed::Suspended) => ("suspended", ClaimError::Suspended),
    };
    provider.store.record(refused(reason)).await?;
    Err(error)
}

/// Whether the register names this person: by the number of the account, or by another one that finds it, as after the
/// renewal of a passport.
async fn names(
    provider: &Provider,
    entity: &LegalEntity,
    (account, profile): (&Account, &Profile),
) -> Result<bool, StoreError> {
    if entity.is_represented_by(&profile.name, profile.key()) {
        return Ok(true);
    }
    let Some(known) = &entity.representative else { return Ok(false) };
    if known.name.expose() != profile.name {
        return Ok(false);
    }
    let digest = provider.vault.index_person(known.document.key());
    let found = provider.store.find_account_by_identifier(&digest).await?;
    Ok(found.is_some_and(|found| found.id == account.id))
}

/// An organisation as it is claimed by this person, and on what the claim rests.
pub fn new(
    provider: &Provider,
    (account, profile): (&Account, &Profile),
    entity: &LegalEntity,
    evidence: MandateEvidence,
) -> Result<NewOrganisation, VaultError> {
    let (now, vault) = (provider.clock.now(), &provider.vault);
    let organisation = Organisation {
        id: OrganisationId::generate(),
        record: vault.seal_organisation(&OrganisationRecord {
            uscc: entity.uscc.as_str().to_owned(),
            name: entity.name.as_str().to_owned(),
        })?,
        claimed_at: now,
        checked_at: now,
        suspended_at: None,
    };
    let id = MandateId::generate();
    let parties = Parties {
        agent_name: profile.name.clone(),
        agent_number: profile.key().masked(),
        grantor_name: profile.name.clone(),
    };
    let representative = Mandate {
        id,
        principal: Principal::Organisation(organisation.id),
        parent: None,
        evidence,
        terms: Terms::of_representative(now),
        agent_digest: vault.index_person(profile.key()),
        agent: Some(account.id),
        parties: vault.seal_parties(id, &parties)?,
        state: MandateState::Active,
        granted_by: account.id,
        offered_at: now,
        accepted_at: Some(now),
        ended_at: None,
    };
    Ok(NewOrganisation { organisation, digest: vault.index_uscc(&entity.uscc), representative })
}
