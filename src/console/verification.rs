//! Verification at a counter (design D4): a clerk has person and document before him and types what the document
//! says; a second officer decides whether it counts. Both stand in the evidence and in the audit chain.

use crate::audit;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::acts;
use crate::console::acts::Document;
use crate::console::people;
use crate::console::people::Person;
use crate::crypto::base64url;
use crate::domain::account::AccountStatus;
use crate::domain::account::Profile;
use crate::domain::act::Act;
use crate::domain::act::Request;
use crate::domain::assurance::IdentityAssurance;
use crate::domain::audit_event::AuditKind;
use crate::domain::document_type::Card;
use crate::domain::evidence::AtCounter;
use crate::domain::evidence::Comparison;
use crate::domain::evidence::Evidence;
use crate::domain::evidence::Finding;
use crate::domain::evidence::SeenDocument;
use crate::domain::evidence::Source;
use crate::domain::id::AccountId;
use crate::domain::id::ActId;
use crate::domain::id::EvidenceId;
use crate::domain::identity_document::IdentityDocument;
use crate::domain::operator::Permission;
use crate::domain::person_name::PersonName;
use crate::people::evidence::REFERENCE;
use crate::provider::Provider;
use crate::store::sql::Effect;
use crate::throttle;
use crate::throttle::ThrottleError;

/// What a clerk says he saw.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Which document.
    pub document: SeenDocument,
    /// The name on it, as typed.
    pub name: &'a str,
    /// The number on it, as typed.
    pub id_number: &'a str,
    /// Whether the portrait on it is the person who stands there.
    pub face: bool,
}

/// Whether somebody at a counter could raise this account.
pub fn is_open(person: &Person) -> bool {
    person.account.status == AccountStatus::Active
        && person.account.identity_assurance < IdentityAssurance::COUNTER
}

/// Asks that what was seen counts. The document is compared with the account by us: a clerk who has another
/// document before him gets no further.
pub async fn ask(
    actor: Actor<'_>,
    account: AccountId,
    seen: Seen<'_>,
    why: &str,
) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::VerifyAtCounter).await?;
    let why = crate::console::reason(why)?;
    let person = people::find(actor, account).await?;
    if !is_open(&person) {
        return Err(ConsoleError::Over);
    }
    if !seen.face {
        return Err(ConsoleError::NotSeen);
    }
    let admitted = match throttle::admit_verification(actor.provider, actor.context, account).await
    {
        Ok(admitted) => admitted,
        Err(ThrottleError::Store(error)) => return Err(error.into()),
        Err(ThrottleError::TooMany) => return refuse(actor, &person, "too many attempts").await,
    };
    if !is_theirs(actor, &person, seen) {
        return refuse(actor, &person, "the document is another person's").await;
    }
    throttle::forgive(actor.provider, admitted).await?;
    let request = Request::VerifyAtCounter {
        account,
        document: seen.document,
        number: number_of(actor.provider, &person.profile),
    };
    acts::ask(actor, request, &why).await
}

fn number_of(provider: &Provider, profile: &Profile) -> String {
    base64url::encode(provider.vault.index_person(profile.key()).as_bytes())
}

fn is_theirs(actor: Actor<'_>, person: &Person, seen: Seen<'_>) -> bool {
    let synthetic = actor.provider.config.synthetic();
    let (name, known) = (PersonName::parse(seen.name), person.profile.key());
    let card = known.document_type.card();
    let document = IdentityDocument::parse(card, known.country, seen.id_number, synthetic);
    name.is_ok_and(|name| name.expose() == person.profile.name)
        && bears(seen.document, card)
        && document.is_ok_and(|document| document.key() == known)
}

/// Whether such a document bears the number by which we know somebody.
fn bears(document: SeenDocument, card: Card) -> bool {
    use SeenDocument::{
        IdCard, Passport, ResidencePermit, SocialSecurityCard, TemporaryIdCard, TravelPermit,
    };
    match card {
        Card::ResidentIdentityCard => {
            matches!(document, IdCard | TemporaryIdCard | SocialSecurityCard)
        }
        Card::ResidencePermit | Card::PermanentResidenceCard => {
            matches!(document, ResidencePermit | SocialSecurityCard)
        }
        Card::HongKongMacaoPermit | Card::TaiwanPermit => document == TravelPermit,
        Card::ForeignPassport => document == Passport,
    }
}

/// What an approval does: the evidence names who saw and who decided.
pub(super) async fn effect(
    actor: Actor<'_>,
    act: &Act,
    asked: &Document,
) -> Result<(Effect, Option<String>), ConsoleError> {
    let Request::VerifyAtCounter { account, document, number } = &asked.request else {
        return Err(ConsoleError::NotFound);
    };
    let (provider, document) = (actor.provider, *document);
    let account = provider.store.find_account(*account).await?.ok_or(ConsoleError::NotFound)?;
    // What was seen is another number's, when this account was put right since.
    if *number != number_of(provider, &provider.vault.open_profile(&account)?) {
        return Err(ConsoleError::Over);
    }
    let (clerk, officer) = (act.requested_by, actor.operator.id);
    let (compared, _) = Source::Counter.demands();
    let reference = act.id.to_string();
    let evidence = Evidence {
        id: EvidenceId::generate(),
        account_id: account.id,
        source: Source::Counter,
        compared: Comparison::of(compared),
        finding: Finding::Confirmed,
        at_counter: Some(AtCounter { document, clerk, officer }),
        reference: provider.vault.seal_of(&account, REFERENCE, reference.as_bytes())?,
        at: provider.clock.now(),
    };
    let record = audit::done(AuditKind::IdentityVerified)
        .account(&account)
        .operator(officer)
        .detail("requested_by", clerk.to_string())
        .detail("act", reference)
        .detail("source", evidence.source.as_str())
        .detail("document", document.as_str())
        .detail("compared", evidence.compared.to_string())
        .detail("evidence", evidence.id.to_string())
        .detail("level", evidence.level())
        .record(provider, actor.context);
    Ok((Effect::Verify(Box::new((evidence, record, account.profile))), None))
}

async fn refuse<T>(actor: Actor<'_>, person: &Person, why: &str) -> Result<T, ConsoleError> {
    let event = audit::refused(AuditKind::IdentityVerified, why).account(&person.account);
    let event = event.operator(actor.operator.id).detail("source", Source::Counter.as_str());
    actor.provider.store.record(event.record(actor.provider, actor.context)).await?;
    Err(ConsoleError::Document)
}
