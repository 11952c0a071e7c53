//! What is shown at a counter and believed by two officers: who represents an organisation, who is the guardian of a
//! child, who helps somebody for some hours. Staff see the documents and file it; another officer decides; nothing
//! exists before (decision 0016).

use crate::audit;
use crate::clock::Timestamp;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::Party;
use crate::console::acts;
use crate::console::organisations;
use crate::console::organisations::AtRegister;
use crate::console::reason;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::account::Profile;
use crate::domain::act::Act;
use crate::domain::act::CounterAsked;
use crate::domain::act::CounterRequest;
use crate::domain::act::Request;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditKind;
use crate::domain::guardianship;
use crate::domain::guardianship::BirthDate;
use crate::domain::guardianship::BirthDateError;
use crate::domain::id::AccountId;
use crate::domain::id::ActId;
use crate::domain::id::MandateId;
use crate::domain::identity::Identity;
use crate::domain::legal_entity::LegalEntity;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::MandateRole;
use crate::domain::mandate::MandateState;
use crate::domain::mandate::Matters;
use crate::domain::mandate::Parties;
use crate::domain::mandate::Principal;
use crate::domain::mandate::Term;
use crate::domain::mandate::Terms;
use crate::domain::mandate_evidence::MandateEvidence;
use crate::domain::operator::Permission;
use crate::domain::person_name::PersonName;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::identifier;
use crate::identifier::Typed;
use crate::organisations::claim;
use crate::organisations::following;
use crate::people::sign_up;
use crate::provider::Provider;
use crate::registers::RegisterAnswer;
use crate::store::sql::Appointment;
use crate::store::sql::Effect;
use crate::store::sql::OrganisationStep;
use crate::throttle;
use crate::throttle::ThrottleError;

/// A person as typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown<'a> {
    /// The name.
    pub name: &'a str,
    /// The document.
    pub document: Typed<'a>,
    /// The birth date in it; empty where the number tells it, or where it does not matter.
    pub born: &'a str,
}

/// For whom somebody is to act, as typed.
#[derive(Debug, Clone)]
pub enum Wanted<'a> {
    /// For the organisation with this credit code, as its representative.
    Organisation(&'a str),
    /// For a child.
    Ward(Shown<'a>),
    /// For somebody who needs help, in some matters for some hours.
    Help {
        /// Who.
        person: Shown<'a>,
        /// In which matters.
        matters: Matters,
        /// For how many hours.
        hours: &'a str,
    },
}

/// Asks a second officer to believe what was shown.
pub async fn ask(
    actor: Actor<'_>,
    (agent, wanted): (Shown<'_>, Wanted<'_>),
    (documents, why): (&str, &str),
) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::ServeAtCounter).await?;
    let documents = reason(documents).map_err(|_| ConsoleError::Documents)?;
    reason(why)?;
    let agent = named(actor, agent, Party::Agent)?;
    let asked = match wanted {
        Wanted::Organisation(code) => {
            let uscc = Uscc::parse(code, actor.provider.config.synthetic());
            let uscc = uscc.map_err(|_| ConsoleError::Name)?;
            active(actor, &uscc).await?;
            CounterAsked::Claim { uscc: uscc.as_str().to_owned() }
        }
        Wanted::Ward(ward) => {
            let (ward, born) = (named(actor, ward, Party::Principal)?, stated(ward)?);
            if until_of_age(actor, (&ward, born))?.is_none() {
                return Err(ConsoleError::Age);
            }
            confirm(actor, &agent, &ward).await?;
            CounterAsked::Guardian { ward, born }
        }
        Wanted::Help { person, matters, hours } => {
            let hours = guardianship::help(hours).ok_or(ConsoleError::Hours)?;
            let (person, born) = (named(actor, person, Party::Principal)?, stated(person)?);
            if until_of_age(actor, (&person, born))?.is_some() {
                return Err(ConsoleError::Age);
            }
            confirm(actor, &agent, &person).await?;
            let asked = CounterAsked::Helper { person, born, matters, hours };
            terms(actor, &asked)?;
            asked
        }
    };
    let request = CounterRequest { agent, asked, documents };
    acts::ask(actor, Request::Counter(Box::new(request)), why).await
}

fn named(actor: Actor<'_>, shown: Shown<'_>, party: Party) -> Result<Identity, ConsoleError> {
    let name = PersonName::parse(shown.name).map_err(|_| ConsoleError::Name)?;
    let document = identifier::document(&actor.provider.config, shown.document);
    let document = document.map_err(|error| ConsoleError::NoDocument(party, error))?;
    Ok(Identity::new(name.expose(), document.key()))
}

fn stated(shown: Shown<'_>) -> Result<Option<BirthDate>, ConsoleError> {
    let text = shown.born.trim();
    if text.is_empty() { Ok(None) } else { Ok(Some(BirthDate::parse(text)?)) }
}

/// Whom it is about: somebody else than the agent, of the operator's region, whom the population register knows.
async fn confirm(
    actor: Actor<'_>,
    agent: &Identity,
    person: &Identity,
) -> Result<(), ConsoleError> {
    let provider = actor.provider;
    if person.key() == agent.key() {
        return Err(ConsoleError::Name);
    }
    if let Some(region) = &actor.operator.region {
        let division = person.key().division().ok_or(ConsoleError::NoRegion)?;
        if !region.contains(division) {
            return Err(ConsoleError::Beyond);
        }
    }
    let digest = provider.vault.index_person(person.key());
    let refused = |why: &'static str| {
        let refused = audit::refused(AuditKind::ActRequested, why).operator(actor.operator.id);
        refused.record(provider, actor.context)
    };
    let admitted = match throttle::admit_counter(provider, actor.operator.id, digest).await {
        Ok(admitted) => admitted,
        Err(ThrottleError::Store(error)) => return Err(error.into()),
        Err(ThrottleError::TooMany) => {
            provider.store.record(refused("too many attempts")).await?;
            return Err(ConsoleError::TooMany);
        }
    };
    match provider.population.compare(&person.name, person.key()).await {
        Ok(RegisterAnswer::Match) => {
            throttle::forgive(provider, admitted).await?;
            Ok(())
        }
        // What the register does not keep it cannot confirm.
        Ok(RegisterAnswer::NoMatch | RegisterAnswer::NotKept) => {
            provider.store.record(refused("register does not confirm")).await?;
            Err(ConsoleError::NotConfirmed)
        }
        Err(error) => {
            tracing::warn!(%error, "the population register gave no answer");
            throttle::give_back(provider, admitted).await?;
            Err(ConsoleError::RegisterAway)
        }
    }
}

/// The moment a child becomes too old for a guardian; none for who is.
fn until_of_age(
    actor: Actor<'_>,
    (person, stated): (&Identity, Option<BirthDate>),
) -> Result<Option<Timestamp>, ConsoleError> {
    let now = actor.provider.clock.now();
    let today = now.date_in_beijing().ok_or(BirthDateError::Missing)?;
    let born = guardianship::born(person.key(), stated, today)?;
    Ok(guardianship::of_age(born).filter(|of_age| *of_age > now))
}

/// An organisation of the operator's region that is in existence.
async fn active(actor: Actor<'_>, uscc: &Uscc) -> Result<LegalEntity, ConsoleError> {
    if !organisations::is_within(actor, uscc) {
        return Err(ConsoleError::Beyond);
    }
    match organisations::at_register(actor, uscc).await {
        AtRegister::Known(entity) if entity.is_active() => Ok(*entity),
        AtRegister::Known(_) | AtRegister::Unknown => Err(ConsoleError::NotActive),
        AtRegister::Away => Err(ConsoleError::RegisterAway),
    }
}

/// What an approval does. The registers are asked again, since days may have passed.
pub(super) async fn effect(
    actor: Actor<'_>,
    act: &Act,
    request: &CounterRequest,
) -> Result<Effect, ConsoleError> {
    let step = match &request.asked {
        CounterAsked::Claim { uscc } => claimed(actor, act, (request, uscc)).await?,
        CounterAsked::Guardian { ward: person, .. } | CounterAsked::Helper { person, .. } => {
            appointed(actor, act, (request, person)).await?
        }
    };
    Ok(Effect::Organisation(Box::new(step)))
}

async fn claimed(
    actor: Actor<'_>,
    act: &Act,
    (request, uscc): (&CounterRequest, &str),
) -> Result<OrganisationStep, ConsoleError> {
    let provider = actor.provider;
    let uscc = Uscc::parse(uscc, Synthetic::Accepted).map_err(|_| ConsoleError::Name)?;
    let entity = match organisations::at_register(actor, &uscc).await {
        AtRegister::Known(entity) if entity.is_active() => entity,
        AtRegister::Known(_) | AtRegister::Unknown => return Err(ConsoleError::NotActive),
        AtRegister::Away => return Err(ConsoleError::RegisterAway),
    };
    let known = account_of(provider, &request.agent).await?;
    let sufficient = |account: &Account| {
        account.status == AccountStatus::Active
            && account.identity_assurance >= IdentityAssurance::REGISTER_MATCH
    };
    let (account, profile) =
        known.filter(|(account, _)| sufficient(account)).ok_or(ConsoleError::NoAccount)?;
    let evidence =
        MandateEvidence::Counter { registered: following::registered(provider, &entity) };
    let new = claim::new(provider, (&account, &profile), &entity, evidence)?;
    let record = audit::done(AuditKind::OrganisationClaimed)
        .account(&account)
        .operator(actor.operator.id)
        .detail("requested_by", act.requested_by.to_string())
        .detail("act", act.id.to_string())
        .detail("mandate", new.representative.id.to_string())
        .record(provider, actor.context);
    Ok(OrganisationStep::Claim(Box::new(new), Box::new(record)))
}

async fn appointed(
    actor: Actor<'_>,
    act: &Act,
    (request, person): (&CounterRequest, &Identity),
) -> Result<OrganisationStep, ConsoleError> {
    let provider = actor.provider;
    let stated = request.asked.stated_birth_date();
    if matches!(request.asked, CounterAsked::Guardian { .. })
        && until_of_age(actor, (person, stated))?.is_none()
    {
        return Err(ConsoleError::Age);
    }
    let (account, principal) = if let Some((account, _)) = account_of(provider, person).await? {
        (None, account.id)
    } else {
        let profile = Profile::new(&person.name, person.key(), None);
        let assurance = IdentityAssurance::REGISTER_MATCH;
        let new = sign_up::new_account(provider, &profile, None, assurance)?;
        let record = audit::done(AuditKind::SignUp)
            .account(&new.account)
            .operator(actor.operator.id)
            .detail("requested_by", act.requested_by.to_string())
            .detail("at", "counter")
            .record(provider, actor.context);
        let id = new.account.id;
        (Some((new, record)), id)
    };
    let mandate = mandate(actor, (request, person), principal)?;
    let record = audit::done(AuditKind::MandateAppointed)
        .account_id(principal)
        .operator(actor.operator.id)
        .detail("requested_by", act.requested_by.to_string())
        .detail("act", act.id.to_string())
        .detail("mandate", mandate.id.to_string())
        .detail("role", mandate.terms.role.as_str())
        // The day itself stays sealed in the act.
        .detail("birth_date", if stated.is_some() { "stated" } else { "number" })
        .record(provider, actor.context);
    let new = Appointment { account, principal, mandate, record };
    Ok(OrganisationStep::Appoint(Box::new(new)))
}

/// It waits for the agent, who accepts it logged in, under this name and number.
fn mandate(
    actor: Actor<'_>,
    (request, person): (&CounterRequest, &Identity),
    principal: AccountId,
) -> Result<Mandate, ConsoleError> {
    let provider = actor.provider;
    let (id, agent) = (MandateId::generate(), &request.agent);
    let parties = Parties {
        agent_name: agent.name.clone(),
        agent_number: agent.key().masked(),
        grantor_name: person.name.clone(),
    };
    Ok(Mandate {
        id,
        principal: Principal::Person(principal),
        parent: None,
        evidence: MandateEvidence::Counter { registered: None },
        terms: terms(actor, &request.asked)?,
        agent_digest: provider.vault.index_person(agent.key()),
        agent: None,
        parties: provider.vault.seal_parties(id, &parties)?,
        state: MandateState::Offered,
        granted_by: principal,
        offered_at: provider.clock.now(),
        accepted_at: None,
        ended_at: None,
    })
}

fn terms(actor: Actor<'_>, asked: &CounterAsked) -> Result<Terms, ConsoleError> {
    let now = actor.provider.clock.now();
    let (role, matters, until) = match asked {
        CounterAsked::Claim { .. } => return Ok(Terms::of_representative(now)),
        CounterAsked::Guardian { ward, born } => {
            (MandateRole::Guardian, Matters::All, until_of_age(actor, (ward, *born))?)
        }
        CounterAsked::Helper { matters, hours, .. } => {
            let until = guardianship::help_until(now, *hours);
            (MandateRole::Relative, matters.clone(), Some(until))
        }
    };
    let terms = Terms { role, matters, term: Term { from: now, until }, delegation: 0 };
    terms.check(now).map_err(|_| ConsoleError::Matters)?;
    Ok(terms)
}

/// The account of a person, if there is one under this name.
async fn account_of(
    provider: &Provider,
    person: &Identity,
) -> Result<Option<(Account, Profile)>, ConsoleError> {
    let digest = provider.vault.index_person(person.key());
    let Some(account) = provider.store.find_account_by_identifier(&digest).await? else {
        return Ok(None);
    };
    let profile = provider.vault.open_profile(&account)?;
    if profile.name != person.name {
        return Err(ConsoleError::NotConfirmed);
    }
    Ok(Some((account, profile)))
}
