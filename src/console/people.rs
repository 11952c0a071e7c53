//! People's accounts as operators see them: masked, within the operator's region, every look-up recorded.

use crate::audit;
use crate::clock::Timestamp;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::reason;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::account::Profile;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::NoteId;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::identifier;
use crate::identifier::Typed;
use crate::store::sql::Note;
pub use crate::store::sql::NoteMark;
use crate::store::sql::SessionEnd;
use crate::throttle;

/// What the seal of a note is bound to.
const NOTE: &str = "account note";
/// So many notes stand on a page.
pub const NOTES: usize = 50;
/// Longest note, in characters.
const LONGEST_NOTE: usize = 1000;

/// A person as found.
pub struct Person {
    /// The account.
    pub account: Account,
    /// What is known of the person; whoever shows it masks it.
    pub profile: Profile,
}

/// A note, opened.
pub struct ReadNote {
    /// By whom.
    pub operator: crate::domain::id::OperatorId,
    /// The text.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// Looks somebody up by document or phone. Nobody, and somebody of another region, look alike.
pub async fn seek(actor: Actor<'_>, typed: Typed<'_>) -> Result<Option<AccountId>, ConsoleError> {
    actor.demand(Permission::SeePeople).await?;
    let provider = actor.provider;
    let digest = identifier::digest(provider, typed).ok_or(ConsoleError::Name)?;
    let found = provider.store.find_account_by_identifier(&digest).await?;
    let found = match found {
        Some(account) => within(actor, account)?,
        None => None,
    };
    let mut event = match &found {
        Some(person) => audit::done(AuditKind::PersonSought).account(&person.account),
        None => audit::refused(AuditKind::PersonSought, "nobody here"),
    };
    event = event.operator(actor.operator.id);
    provider.store.record(event.record(provider, actor.context)).await?;
    Ok(found.map(|person| person.account.id))
}

/// The person of that account.
pub async fn find(actor: Actor<'_>, id: AccountId) -> Result<Person, ConsoleError> {
    actor.demand(Permission::SeePeople).await?;
    let account = actor.provider.store.find_account(id).await?;
    let person = account.map(|account| within(actor, account)).transpose()?.flatten();
    person.ok_or(ConsoleError::NotFound)
}

/// The same, for somebody who looks at the whole page: that is recorded.
pub async fn look(actor: Actor<'_>, id: AccountId) -> Result<Person, ConsoleError> {
    let person = find(actor, id).await?;
    let seen = audit::done(AuditKind::PersonSeen).account(&person.account);
    let record = seen.operator(actor.operator.id).record(actor.provider, actor.context);
    actor.provider.store.record(record).await?;
    Ok(person)
}

/// Locks or unlocks; locking ends every session, unlocking forgets failed attempts.
pub async fn set_locked(
    actor: Actor<'_>,
    id: AccountId,
    locked: bool,
    why: &str,
) -> Result<(), ConsoleError> {
    actor.demand(Permission::ChangePeople).await?;
    let why = reason(why)?;
    let person = find(actor, id).await?;
    let (to, kind) = if locked {
        (AccountStatus::Locked, AuditKind::AccountLocked)
    } else {
        (AccountStatus::Active, AuditKind::AccountUnlocked)
    };
    let fits = match person.account.status {
        AccountStatus::Active => locked,
        AccountStatus::Locked => !locked,
        AccountStatus::Stopped => true,
        AccountStatus::Cancelled | AccountStatus::Merged => false,
    };
    if !fits {
        return Err(ConsoleError::Over);
    }
    let provider = actor.provider;
    let record = audit::done(kind).account(&person.account).operator(actor.operator.id);
    let record = record.why(&why).record(provider, actor.context);
    let now = provider.clock.now();
    let changed = provider.store.set_account_status(id, to, record, now).await?;
    if !locked {
        throttle::reset(provider, id).await?;
    }
    if changed { Ok(()) } else { Err(ConsoleError::Over) }
}

/// Ends every session of a person.
pub async fn end_sessions(actor: Actor<'_>, id: AccountId, why: &str) -> Result<(), ConsoleError> {
    actor.demand(Permission::ChangePeople).await?;
    let why = reason(why)?;
    let person = find(actor, id).await?;
    let record = audit::done(AuditKind::SessionEnded).account(&person.account);
    let record = record.operator(actor.operator.id).why(&why);
    let record = record.record(actor.provider, actor.context);
    actor.provider.store.end_sessions(id, SessionEnd::All, record).await?;
    Ok(())
}

/// Writes a note.
pub async fn add_note(actor: Actor<'_>, id: AccountId, text: &str) -> Result<(), ConsoleError> {
    actor.demand(Permission::WriteNotes).await?;
    let person = find(actor, id).await?;
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_NOTE {
        return Err(ConsoleError::Reason);
    }
    let provider = actor.provider;
    let note = Note {
        id: NoteId::generate(),
        account_id: id,
        operator_id: actor.operator.id,
        text: provider.vault.seal_data(NOTE, text.as_bytes()),
        created_at: provider.clock.now(),
    };
    let record = audit::done(AuditKind::NoteAdded).account(&person.account);
    let record = record.operator(actor.operator.id).record(provider, actor.context);
    Ok(provider.store.add_note(note, record).await?)
}

/// Notes to an account before this place, newest first, and where the next page begins.
pub async fn notes(
    actor: Actor<'_>,
    person: &Person,
    before: Option<NoteMark>,
    limit: usize,
) -> Result<(Vec<ReadNote>, Option<NoteMark>), ConsoleError> {
    let before = before.unwrap_or((Timestamp(i64::MAX), NoteId(uuid::Uuid::max())));
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut found = actor.provider.store.list_notes(person.account.id, before, wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| (last.created_at, last.id));
    let read = |note: Note| {
        let text = actor.provider.vault.open_data(NOTE, &note.text)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok(ReadNote { operator: note.operator_id, text, at: note.created_at })
    };
    Ok((found.into_iter().map(read).collect::<Result<_, ConsoleError>>()?, next))
}

/// The person, if he lives where the operator looks after people: by the division of the ID number.
pub(super) fn within(actor: Actor<'_>, account: Account) -> Result<Option<Person>, ConsoleError> {
    // Whose key was erased is nobody any more.
    if account.person_key.is_empty() {
        return Ok(None);
    }
    let profile = actor.provider.vault.open_profile(&account)?;
    let division = profile.key().division().unwrap_or_default();
    let here = |region: &Region| region.contains(division);
    let visible = actor.operator.region.as_ref().is_none_or(here);
    Ok(visible.then_some(Person { account, profile }))
}
