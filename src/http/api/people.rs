//! `/people`: somebody looked up by number or phone, the account masked, and what an operator does with it.

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::acts;
use crate::console::operators;
use crate::console::people;
use crate::console::people::NoteMark;
use crate::domain::account::Account;
use crate::domain::act::Request;
use crate::domain::api_scope::ApiScope;
use crate::domain::id::AccountId;
use crate::http::account::device;
use crate::http::api::call::Call;
use crate::http::api::fields::Moment;
use crate::http::api::fields::PersonSearch;
use crate::http::api::fields::Reason;
use crate::http::api::fields::Text;
use crate::http::api::fields::text;
use crate::http::api::operation::Asked;
use crate::http::api::operation::Done;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;
use crate::http::failure::Failure;
use crate::people::account_centre;
use crate::people::evidence;

/// The operations on people.
pub fn operations() -> Vec<Operation> {
    use ApiScope::{PeopleRead, PeopleWrite};
    vec![
        Operation::send("/people/search", PeopleRead, search).looking().named(
            "searchPeople",
            "Look somebody up by ID number or phone; every look-up is recorded",
        ),
        Operation::read("/people/{id}", PeopleRead, show)
            .named("getPerson", "An account, masked; every look is recorded"),
        Operation::read("/people/{id}/notes", PeopleRead, notes)
            .named("listNotes", "The notes to an account, newest first"),
        Operation::send("/people/{id}/notes", PeopleWrite, add_note)
            .named("addNote", "Write a note to an account"),
        Operation::send("/people/{id}/lock", PeopleWrite, lock)
            .named("lockPerson", "Lock an account; every session ends"),
        Operation::send("/people/{id}/unlock", PeopleWrite, unlock)
            .named("unlockPerson", "Unlock an account"),
        Operation::send("/people/{id}/end-sessions", PeopleWrite, end_sessions)
            .named("endSessions", "End every session of a person"),
        Operation::send("/people/{id}/acts", PeopleWrite, ask)
            .named("askAboutPerson", "Ask for what a second officer has to approve"),
    ]
}

/// Somebody was found.
#[derive(Serialize, ToSchema)]
struct FoundPerson {
    /// The key of the account.
    id: uuid::Uuid,
}

/// An account, masked.
#[derive(Serialize, ToSchema)]
struct Person {
    /// Its key.
    id: uuid::Uuid,
    /// `active`, `locked`, `stopped` or `cancelled`.
    status: String,
    /// The name, masked.
    name: String,
    /// What bears the ID number: a code of GA/T 517-2004, or our own.
    id_type: String,
    /// Which country or area issued it, ISO 3166-1 alpha-3.
    id_country: String,
    /// The ID number, masked.
    id_number: String,
    /// The phone, masked.
    phone: Option<String>,
    /// How well the identity was established.
    assurance: u8,
    /// Whether there is a password.
    has_password: bool,
    /// Whether an authenticator app is set up.
    has_totp: bool,
    /// When the account was made.
    created_at: Moment,
    /// Devices that are logged in.
    sessions: Vec<PersonSession>,
    /// Portals the person shares data with.
    portals: Vec<PersonPortal>,
    /// What happened last, newest first.
    history: Vec<PersonEvent>,
    /// What the identity rests on, newest first.
    evidence: Vec<PersonEvidence>,
    /// Accounts that became part of this one, and can be split off again.
    absorbed: Vec<AbsorbedAccount>,
    /// The account this one became part of.
    merged_into: Option<uuid::Uuid>,
    /// In full, for a quarter of an hour after a second officer approved it for this machine.
    unmasked: Option<Unmasked>,
}

/// A device that is logged in.
#[derive(Serialize, ToSchema)]
struct PersonSession {
    /// What it is.
    device: String,
    /// Since when.
    started_at: Moment,
    /// When it was last used.
    last_seen_at: Moment,
}

/// A portal the person shares data with.
#[derive(Serialize, ToSchema)]
struct PersonPortal {
    /// Its `client_id`.
    client_id: String,
    /// What it is called.
    name: String,
    /// Since when.
    since: Moment,
}

/// Something that happened to an account.
#[derive(Serialize, ToSchema)]
struct PersonEvent {
    /// What.
    kind: String,
    /// `done` or `refused`.
    outcome: String,
    /// By which method, where there was one.
    method: Option<String>,
    /// When.
    at: Moment,
}

/// A verification of the identity.
#[derive(Serialize, ToSchema)]
struct PersonEvidence {
    /// Who was asked: `population_register`, `face`, `bank_card`, `network_certificate` or `counter`.
    source: String,
    /// What was compared: of `name`, `id_number`, `phone`, `face`, `bank_card`, `certificate` and `document`.
    compared: Vec<String>,
    /// `confirmed` or `denied`.
    finding: String,
    /// What was shown at a counter.
    document: Option<String>,
    /// Who saw document and face there.
    clerk: Option<String>,
    /// Who decided that it counts.
    officer: Option<String>,
    /// When.
    at: Moment,
}

/// An account that became part of another one.
#[derive(Serialize, ToSchema)]
struct AbsorbedAccount {
    /// Its key.
    id: uuid::Uuid,
    /// When.
    merged_at: Moment,
}

/// What was unmasked.
#[derive(Serialize, ToSchema)]
struct Unmasked {
    /// The name.
    name: String,
    /// What bears the ID number: a code of GA/T 517-2004, or our own.
    id_type: String,
    /// Which country or area issued it, ISO 3166-1 alpha-3.
    id_country: String,
    /// The ID number.
    id_number: String,
    /// The phone.
    phone: Option<String>,
    /// Why it was approved.
    reason: String,
}

/// A note to an account.
#[derive(Serialize, ToSchema)]
struct Note {
    /// Who wrote it.
    author: String,
    /// When.
    at: Moment,
    /// What.
    text: String,
}

/// A new note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewNote {
    /// What; no personal data.
    #[schema(schema_with = text::<1, 1000>)]
    text: Text<1, 1000>,
}

/// What can be asked for about a person; a code of a counter is handed out by people alone.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PersonActKind {
    Unmask,
    ResetSecondFactors,
    ReleasePhone,
}

/// What is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PersonAct {
    /// What.
    kind: PersonActKind,
    /// Why: the second officer reads it.
    #[schema(schema_with = text::<2, 200>)]
    reason: Text<2, 200>,
}

async fn search(call: Call, body: PersonSearch) -> Result<One<FoundPerson>, Problem> {
    let found = people::seek(call.actor(), body.typed()).await?;
    let id = found.ok_or_else(Problem::not_found)?;
    Ok(One(FoundPerson { id: id.0 }))
}

async fn show(call: Call) -> Result<One<Person>, Problem> {
    let actor = call.actor();
    let person = people::look(actor, call.key()?).await?;
    let (account, profile) = (&person.account, &person.profile);
    let (key, masks) = (profile.key(), actor.provider.config.masking);
    let found = acts::about(actor, account.id).await?;
    let unmasked = acts::may_look(actor, account.id, &found).await?.map(|reason| Unmasked {
        name: profile.name.clone(),
        id_type: key.document_type.code().to_owned(),
        id_country: key.country.to_owned(),
        id_number: profile.id_number.clone(),
        phone: profile.phone.clone(),
        reason,
    });
    let sessions = account_centre::sessions(actor.provider, account).await;
    let sessions = sessions.map_err(Failure::from)?.into_iter().map(|session| PersonSession {
        device: device::describe(&session.user_agent),
        started_at: session.created_at.into(),
        last_seen_at: session.last_seen_at.into(),
    });
    let portals = account_centre::consents(actor.provider, account).await.map_err(Failure::from)?;
    let portals = portals.into_iter().map(|(client, consent)| PersonPortal {
        client_id: client.id.to_string(),
        name: client.name.clone(),
        since: consent.granted_at.into(),
    });
    let history = account_centre::history(actor.provider, account, None).await;
    let history = history.map_err(Failure::from)?.0.into_iter().map(|entry| PersonEvent {
        kind: entry.kind,
        outcome: entry.outcome,
        method: entry.method,
        at: entry.at.into(),
    });
    Ok(One(Person {
        id: account.id.0,
        status: account.status.as_str().to_owned(),
        name: masks.name(&profile.name),
        id_type: key.document_type.code().to_owned(),
        id_country: key.country.to_owned(),
        id_number: key.masked(),
        phone: profile.phone.as_deref().map(|phone| masks.phone(phone)),
        assurance: account.identity_assurance.level(),
        has_password: account.password_hash.is_some(),
        has_totp: account.has_totp,
        created_at: account.created_at.into(),
        sessions: sessions.collect(),
        portals: portals.collect(),
        history: history.collect(),
        evidence: evidence(actor, account).await?,
        absorbed: absorbed(actor, account).await?,
        merged_into: account.merged_into.map(|into| into.0),
        unmasked,
    }))
}

/// What the identity rests on: no number, and nothing a source calls it.
async fn evidence(actor: Actor<'_>, account: &Account) -> Result<Vec<PersonEvidence>, Problem> {
    let names = operators::names(actor.provider).await?;
    let found = evidence::list(actor.provider, account).await.map_err(Failure::from)?;
    let shown = found.into_iter().map(|found| PersonEvidence {
        source: found.source.as_str().to_owned(),
        compared: found.compared.iter().map(|one| one.as_str().to_owned()).collect(),
        finding: found.finding.as_str().to_owned(),
        document: found.at_counter.map(|seen| seen.document.as_str().to_owned()),
        clerk: found.at_counter.map(|seen| names.of(seen.clerk)),
        officer: found.at_counter.map(|seen| names.of(seen.officer)),
        at: found.at.into(),
    });
    Ok(shown.collect())
}

/// Accounts that became part of this one.
async fn absorbed(actor: Actor<'_>, account: &Account) -> Result<Vec<AbsorbedAccount>, Problem> {
    let parts = actor.provider.store.list_merged(account.id).await.map_err(Failure::from)?;
    let shown =
        |(part, at): (AccountId, Timestamp)| AbsorbedAccount { id: part.0, merged_at: at.into() };
    Ok(parts.into_iter().map(shown).collect())
}

async fn notes(call: Call) -> Result<Page<Note>, Problem> {
    let (actor, wanted) = (call.actor(), call.page::<NoteMark>()?);
    let person = people::find(actor, call.key()?).await?;
    let names = operators::names(actor.provider).await?;
    let (found, next) = people::notes(actor, &person, wanted.after, wanted.limit.into()).await?;
    let next = next.map(|place| call.next(&place)).transpose()?;
    let shown = found.into_iter().map(|note| Note {
        author: names.of(note.operator),
        at: note.at.into(),
        text: note.text,
    });
    Ok(Page(shown.collect(), next))
}

async fn add_note(call: Call, body: NewNote) -> Result<Done, Problem> {
    people::add_note(call.actor(), call.key()?, body.text.as_str()).await?;
    Ok(Done)
}

async fn lock(call: Call, body: Reason) -> Result<Done, Problem> {
    people::set_locked(call.actor(), call.key()?, true, body.reason.as_str()).await?;
    Ok(Done)
}

async fn unlock(call: Call, body: Reason) -> Result<Done, Problem> {
    people::set_locked(call.actor(), call.key()?, false, body.reason.as_str()).await?;
    Ok(Done)
}

async fn end_sessions(call: Call, body: Reason) -> Result<Done, Problem> {
    people::end_sessions(call.actor(), call.key()?, body.reason.as_str()).await?;
    Ok(Done)
}

async fn ask(call: Call, body: PersonAct) -> Result<Asked, Problem> {
    let account: AccountId = call.key()?;
    let request = match body.kind {
        PersonActKind::Unmask => Request::Unmask { account },
        PersonActKind::ResetSecondFactors => Request::ResetSecondFactors { account },
        PersonActKind::ReleasePhone => Request::ReleasePhone { account },
    };
    let asked = acts::ask_about_person(call.actor(), request, body.reason.as_str()).await;
    Ok(asked.map_err(|error: ConsoleError| Problem::from(error))?.into())
}
