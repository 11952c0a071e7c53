//! Organisations and their mandates as operators see them: found by exact code, within the operator's region by the
//! division in the credit code, every look recorded. Suspending is one officer's; what gives power back or ends
//! everything needs a second one.

use crate::audit;
use crate::codes;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::acts;
use crate::console::people;
use crate::console::reason;
use crate::domain::act::Request;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::ActId;
use crate::domain::id::MandateId;
use crate::domain::id::OrganisationId;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::MandateRole;
use crate::domain::mandate::MandateState;
use crate::domain::mandate::Principal;
use crate::domain::masking::Masks;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::domain::organisation::Organisation;
use crate::domain::organisation::OrganisationRecord;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::organisations::notices;
use crate::organisations::notices::Change;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::Effect;
pub use crate::store::sql::Held;
use crate::store::sql::OrganisationStep;

/// So many mandates stand on a page.
pub const PAGE: usize = 50;

/// An organisation as found.
pub struct Found {
    /// Its code.
    pub uscc: Uscc,
    /// Its account, once somebody claimed it.
    pub account: Option<Organisation>,
    /// Its name: what the account says, or the register.
    pub name: String,
}

impl Found {
    /// The name for pages: public, except that of an individual business.
    pub fn masked_name(&self, masks: Masks) -> String {
        if self.uscc.is_individual_business() { masks.name(&self.name) } else { self.name.clone() }
    }
}

/// What the register says now.
pub enum AtRegister {
    /// This.
    Known(Box<LegalEntity>),
    /// There is no such organisation.
    Unknown,
    /// It gives no answer.
    Away,
}

/// Looks an organisation up by its credit code, or by one it had before. None: there is none, or none here.
pub async fn seek(actor: Actor<'_>, typed: &str) -> Result<Option<Found>, ConsoleError> {
    actor.demand(Permission::SeeOrganisations).await?;
    let provider = actor.provider;
    let uscc = match Uscc::parse(typed, provider.config.synthetic()) {
        Ok(uscc) => Some(uscc),
        Err(_) => codes::find_uscc(provider, typed).await?,
    };
    let found = match uscc.filter(|uscc| is_within(actor, uscc)) {
        Some(uscc) => by_code(actor, uscc).await?,
        None => None,
    };
    let event = match &found {
        Some(found) => {
            let event = audit::done(AuditKind::OrganisationSought);
            match &found.account {
                Some(account) => event.detail("organisation", account.id.to_string()),
                None => event,
            }
        }
        None => audit::refused(AuditKind::OrganisationSought, "nothing here"),
    };
    let record = event.operator(actor.operator.id).record(provider, actor.context);
    provider.store.record(record).await?;
    Ok(found)
}

async fn by_code(actor: Actor<'_>, uscc: Uscc) -> Result<Option<Found>, ConsoleError> {
    let provider = actor.provider;
    let digest = provider.vault.index_uscc(&uscc);
    if let Some(account) = provider.store.find_organisation_by_code(digest).await? {
        let name = provider.vault.open_organisation(&account.record)?.name;
        return Ok(Some(Found { uscc, account: Some(account), name }));
    }
    match at_register(actor, &uscc).await {
        AtRegister::Known(entity) => {
            let name = entity.name.as_str().to_owned();
            Ok(Some(Found { uscc, account: None, name }))
        }
        AtRegister::Unknown => Ok(None),
        AtRegister::Away => Err(ConsoleError::RegisterAway),
    }
}

/// What the register says of it at this moment.
pub async fn at_register(actor: Actor<'_>, uscc: &Uscc) -> AtRegister {
    match actor.provider.legal_entities.find(uscc).await {
        Ok(Some(entity)) => AtRegister::Known(Box::new(entity)),
        Ok(None) => AtRegister::Unknown,
        Err(error) => {
            metrics::counter!("register_failures_total", "register" => "legal_entities")
                .increment(1);
            tracing::warn!(%error, "the register of legal entities gave no answer");
            AtRegister::Away
        }
    }
}

/// The organisation of that key, if it lies where the operator works.
pub async fn find(actor: Actor<'_>, id: OrganisationId) -> Result<Found, ConsoleError> {
    actor.demand(Permission::SeeOrganisations).await?;
    let account = actor.provider.store.find_organisation(id).await?;
    let account = account.ok_or(ConsoleError::NotFound)?;
    let OrganisationRecord { uscc, name } =
        actor.provider.vault.open_organisation(&account.record)?;
    let uscc = Uscc::parse(&uscc, Synthetic::Accepted)
        .map_err(|_| StoreError::Unreadable("organisation"))?;
    if !is_within(actor, &uscc) {
        return Err(ConsoleError::NotFound);
    }
    Ok(Found { uscc, account: Some(account), name })
}

/// The same, for somebody who looks at the whole page: that is recorded.
pub async fn look(actor: Actor<'_>, id: OrganisationId) -> Result<Found, ConsoleError> {
    let found = find(actor, id).await?;
    let event = audit::done(AuditKind::OrganisationSeen).operator(actor.operator.id);
    let event = event.detail("organisation", id.to_string());
    actor.provider.store.record(event.record(actor.provider, actor.context)).await?;
    Ok(found)
}

/// The mandates of an organisation, newest first and before the mark: those that can be used, or those that are
/// over; and whether there are more.
pub async fn mandates(
    actor: Actor<'_>,
    id: OrganisationId,
    (open, before, limit): (bool, Option<MandateId>, usize),
) -> Result<(Vec<Mandate>, bool), ConsoleError> {
    find(actor, id).await?;
    let (principal, part) = (Principal::Organisation(id), (before, more_than(limit)));
    Ok(page(actor.provider.store.list_mandates_of(principal, open, part).await?, limit))
}

/// Who acts or acted for a person, likewise.
pub async fn mandates_about(
    actor: Actor<'_>,
    person: AccountId,
    (open, before, limit): (bool, Option<MandateId>, usize),
) -> Result<(Vec<Mandate>, bool), ConsoleError> {
    people::find(actor, person).await?;
    let (principal, part) = (Principal::Person(person), (before, more_than(limit)));
    Ok(page(actor.provider.store.list_mandates_of(principal, open, part).await?, limit))
}

/// What a person represents or represented, likewise.
pub async fn mandates_held(
    actor: Actor<'_>,
    person: AccountId,
    (before, limit): (Option<MandateId>, usize),
) -> Result<(Vec<Held>, bool), ConsoleError> {
    people::find(actor, person).await?;
    let part = (before, more_than(limit));
    Ok(page(actor.provider.store.list_mandates_of_agent(person, part).await?, limit))
}

/// Suspends an organisation: what goes on in its name ends at once, its mandates rest.
pub async fn suspend(actor: Actor<'_>, id: OrganisationId, why: &str) -> Result<(), ConsoleError> {
    actor.demand(Permission::ChangeOrganisations).await?;
    let why = reason(why)?;
    find(actor, id).await?;
    let record = audit::done(AuditKind::OrganisationSuspended).operator(actor.operator.id);
    let record = record.detail("organisation", id.to_string()).why(&why);
    let record = record.record(actor.provider, actor.context);
    let at = record.at;
    if !actor.provider.store.suspend_organisation(id, record).await? {
        return Err(ConsoleError::Over);
    }
    notices::changed(actor.provider, id, Change::Suspended, at);
    Ok(())
}

/// Asks a second officer to let people act for an organisation again, or to end every mandate of it.
pub async fn ask(
    actor: Actor<'_>,
    (id, resume): (OrganisationId, bool),
    why: &str,
) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::AskAboutOrganisations).await?;
    let found = find(actor, id).await?;
    let suspended = found.account.is_some_and(|account| account.suspended_at.is_some());
    if resume && !suspended {
        return Err(ConsoleError::Over);
    }
    let request = if resume {
        Request::ResumeOrganisation { organisation: id }
    } else {
        Request::EndOrganisation { organisation: id }
    };
    acts::ask(actor, request, why).await
}

/// Ends a mandate, with what hangs on it. The one on which all of an organisation hangs is not one officer's.
pub async fn end_mandate(actor: Actor<'_>, id: MandateId, why: &str) -> Result<(), ConsoleError> {
    let found = mandate_here(actor, id).await?;
    let about_person = |mandate: &Mandate| matches!(mandate.principal, Principal::Person(_));
    let permission = if found.as_ref().is_some_and(about_person) {
        Permission::ChangePeople
    } else {
        Permission::ChangeOrganisations
    };
    actor.demand(permission).await?;
    let (why, mandate) = (reason(why)?, found.ok_or(ConsoleError::NotFound)?);
    if !mandate.state.is_open() {
        return Err(ConsoleError::Over);
    }
    if mandate.terms.role == MandateRole::LegalRepresentative {
        return Err(ConsoleError::Second);
    }
    let mut event = audit::done(AuditKind::MandateEnded).operator(actor.operator.id);
    if let Some(agent) = mandate.agent {
        event = event.account_id(agent);
    }
    let record = event.detail("mandate", id.to_string()).why(&why);
    let record = record.record(actor.provider, actor.context);
    let at = record.at;
    if !actor.provider.store.end_mandate(id, MandateState::Revoked, record).await? {
        return Err(ConsoleError::Over);
    }
    notices::ended(actor.provider, mandate.principal, at, None);
    Ok(())
}

/// The same of a mandate for this organisation, or for any where none is named, and of no other's.
pub async fn end_mandate_of_organisation(
    actor: Actor<'_>,
    (id, organisation): (MandateId, Option<OrganisationId>),
    why: &str,
) -> Result<(), ConsoleError> {
    actor.demand(Permission::ChangeOrganisations).await?;
    let found = mandate_here(actor, id).await?.ok_or(ConsoleError::NotFound)?;
    match (found.principal, organisation) {
        (Principal::Organisation(_), None) => {}
        (Principal::Organisation(own), Some(named)) if own == named => {}
        _ => return Err(ConsoleError::NotFound),
    }
    end_mandate(actor, id, why).await
}

/// The same of a mandate about this person, and of no other's.
pub async fn end_mandate_of_person(
    actor: Actor<'_>,
    (id, person): (MandateId, AccountId),
    why: &str,
) -> Result<(), ConsoleError> {
    actor.demand(Permission::ChangePeople).await?;
    let found = mandate_here(actor, id).await?;
    if found.is_none_or(|found| found.principal != Principal::Person(person)) {
        return Err(ConsoleError::NotFound);
    }
    end_mandate(actor, id, why).await
}

/// The mandate of that key, if whom it is about lies where the operator works.
pub async fn mandate_here(
    actor: Actor<'_>,
    id: MandateId,
) -> Result<Option<Mandate>, ConsoleError> {
    let Some(held) = actor.provider.store.find_mandate(id).await? else { return Ok(None) };
    let here = match held.mandate.principal {
        Principal::Organisation(_) => {
            let record = held.organisation.ok_or(StoreError::Unreadable("mandate"))?;
            let record = actor.provider.vault.open_organisation(&record)?;
            let uscc = Uscc::parse(&record.uscc, Synthetic::Accepted);
            uscc.is_ok_and(|uscc| is_within(actor, &uscc))
        }
        Principal::Person(person) => match actor.provider.store.find_account(person).await? {
            Some(account) => people::within(actor, account)?.is_some(),
            None => false,
        },
    };
    Ok(here.then_some(held.mandate))
}

/// The mandate of that key, if it is for an organisation where the operator works.
pub async fn mandate_of_organisation(
    actor: Actor<'_>,
    id: MandateId,
) -> Result<Mandate, ConsoleError> {
    actor.demand(Permission::SeeOrganisations).await?;
    let found = mandate_here(actor, id).await?;
    let about = |mandate: &Mandate| matches!(mandate.principal, Principal::Organisation(_));
    found.filter(about).ok_or(ConsoleError::NotFound)
}

/// What an approval does.
pub(super) fn effect(request: &Request) -> Result<Effect, ConsoleError> {
    let step = match request {
        Request::ResumeOrganisation { organisation } => OrganisationStep::Resume(*organisation),
        Request::EndOrganisation { organisation } => OrganisationStep::End(*organisation),
        _ => return Err(ConsoleError::NotFound),
    };
    Ok(Effect::Organisation(Box::new(step)))
}

/// The name of an organisation, as its sealed record has it, for pages.
pub fn masked_name(provider: &Provider, record: &[u8]) -> Result<String, ConsoleError> {
    let OrganisationRecord { uscc, name } = provider.vault.open_organisation(record)?;
    let uscc = Uscc::parse(&uscc, Synthetic::Accepted)
        .map_err(|_| StoreError::Unreadable("organisation"))?;
    Ok(Found { uscc, account: None, name }.masked_name(provider.config.masking))
}

/// Whether an organisation lies where the operator works: by the division in its code. What the nation registers
/// lies in no region.
pub(super) fn is_within(actor: Actor<'_>, uscc: &Uscc) -> bool {
    let here = |region: &Region| region.contains(uscc.division_code());
    actor.operator.region.as_ref().is_none_or(here)
}

fn more_than(limit: usize) -> i64 {
    i64::try_from(limit + 1).unwrap_or(i64::MAX)
}

fn page<T>(mut found: Vec<T>, limit: usize) -> (Vec<T>, bool) {
    let more = found.len() > limit;
    found.truncate(limit);
    (found, more)
}
