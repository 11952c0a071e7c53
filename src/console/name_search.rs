//! People by their exact name, within the operator's region or a narrower one: masked, a page at a time, every
//! page recorded as a look-up.

use crate::audit;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::people;
use crate::console::people::Person;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::operator;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::domain::person_name::PersonName;
use crate::store::sql::NameMark;
use crate::vault::INDEX_EPOCH;

/// So many people stand on a page: enough to find one, too few to copy a register.
pub const PAGE: usize = 20;

/// What an operator asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The name, whole.
    pub name: &'a str,
    /// A six-digit code; empty for all of the operator's own region.
    pub region: &'a str,
    /// Where the page before ended; empty for the first one.
    pub after: &'a str,
}

/// One page.
pub struct Found {
    /// The people.
    pub people: Vec<Person>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
    /// Whether everybody is in the index yet.
    pub is_complete: bool,
}

/// Looks people up by name. Nobody, and people of other regions alone, look alike.
pub async fn seek(actor: Actor<'_>, wanted: Wanted<'_>) -> Result<Found, ConsoleError> {
    actor.demand(Permission::SeePeople).await?;
    let name = PersonName::parse(wanted.name).map_err(|_| ConsoleError::Name)?;
    let region = region(actor, wanted.region).await?;
    let after = match wanted.after {
        "" => None,
        text => Some(mark(text).ok_or(ConsoleError::NotFound)?),
    };
    let (store, vault) = (&actor.provider.store, &actor.provider.vault);
    let digest = vault.index_name(name.expose());
    let divisions = Region::codes_of(region.as_ref());
    let wanted = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut found =
        store.find_accounts_by_name((INDEX_EPOCH, digest), divisions, after, wanted).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|((division, id), _)| format!("{division}.{id}"));
    let mut people = Vec::with_capacity(found.len());
    for (_, account) in found {
        // The index is a means; who is shown is judged by what the person's own row says.
        let person = people::within(actor, account)?;
        people.extend(person.filter(|person| person.profile.name == name.expose()));
    }
    record(actor, region.as_ref(), people.len()).await?;
    let is_complete = store.name_index_progress(INDEX_EPOCH).await?.is_complete;
    Ok(Found { people, next, is_complete })
}

/// The region that is searched; a try beyond the operator's own is recorded.
async fn region(actor: Actor<'_>, code: &str) -> Result<Option<Region>, ConsoleError> {
    let own = actor.operator.region.as_ref();
    if code.is_empty() {
        return Ok(own.cloned());
    }
    let region = Region::parse(code).ok_or(ConsoleError::Beyond)?;
    if operator::covers(own, Some(&region)) {
        return Ok(Some(region));
    }
    let refused = audit::refused(AuditKind::PersonSought, "another region");
    let record = refused.operator(actor.operator.id).detail("region", region.code());
    actor.provider.store.record(record.record(actor.provider, actor.context)).await?;
    Err(ConsoleError::Beyond)
}

async fn record(
    actor: Actor<'_>,
    region: Option<&Region>,
    found: usize,
) -> Result<(), ConsoleError> {
    let mut event = match found {
        0 => audit::refused(AuditKind::PersonSought, "nobody here"),
        _ => audit::done(AuditKind::PersonSought),
    };
    event = event.operator(actor.operator.id).detail("by", "name").detail("found", found);
    if let Some(region) = region {
        event = event.detail("region", region.code());
    }
    let record = event.record(actor.provider, actor.context);
    Ok(actor.provider.store.record(record).await?)
}

/// Where the page before ended: `division.account`.
fn mark(text: &str) -> Option<NameMark> {
    let (division, account) = text.split_once('.')?;
    Some((division.parse().ok()?, AccountId(account.parse().ok()?)))
}
