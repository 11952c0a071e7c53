//! Identities that have to be put right: cases in doubt, and what a second officer is asked to approve. Both
//! accounts of a merge must lie within the asker's region.

use crate::audit;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::acts;
use crate::console::people;
use crate::console::people::Person;
use crate::console::reason;
use crate::domain::act::Request;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::ActId;
use crate::domain::id::IdentityCaseId;
use crate::domain::identity::Identity;
use crate::domain::identity::IdentityCase;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::identifier::Typed;
use crate::people::identity;
use crate::people::identity::IdentityError;
use crate::provider::Provider;
use crate::store::sql::Effect;

/// So many cases stand on a page.
pub const PAGE: usize = 50;

/// A case, opened.
pub struct ReadCase {
    /// The case.
    pub case: IdentityCase,
    /// The other identity the register confirmed.
    pub other: Identity,
    /// The person whose account is in doubt.
    pub person: Person,
}

/// Open cases of the operator's region, oldest first, and after which the next page begins, if there is one.
pub async fn cases(
    actor: Actor<'_>,
    after: Option<IdentityCaseId>,
    limit: usize,
) -> Result<(Vec<ReadCase>, Option<IdentityCaseId>), ConsoleError> {
    actor.demand(Permission::SeePeople).await?;
    let divisions = Region::codes_of(actor.operator.region.as_ref());
    let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let store = &actor.provider.store;
    let mut found = store.list_identity_cases(divisions, after, wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(last, _)| last.id);
    let mut read = Vec::with_capacity(found.len());
    for (case, account) in found {
        if let Some(person) = people::within(actor, account)? {
            read.push(ReadCase { other: identity::open(actor.provider, &case)?, case, person });
        }
    }
    Ok((read, next))
}

/// The open case of a person.
pub async fn case_of(
    actor: Actor<'_>,
    account: AccountId,
) -> Result<Option<(IdentityCase, Identity)>, ConsoleError> {
    let case = actor.provider.store.find_identity_case(account).await?;
    case.map(|case| Ok((case.clone(), identity::open(actor.provider, &case)?))).transpose()
}

/// Settles a case in which nothing has to be put right.
pub async fn dismiss(actor: Actor<'_>, account: AccountId, why: &str) -> Result<(), ConsoleError> {
    actor.demand(Permission::AskAboutPeople).await?;
    let person = people::find(actor, account).await?;
    let why = reason(why)?;
    let provider = actor.provider;
    let case = provider.store.find_identity_case(account).await?.ok_or(ConsoleError::Over)?;
    let record = audit::done(AuditKind::IdentityDoubtDismissed).account(&person.account);
    let record = record.operator(actor.operator.id).why(&why).detail("case", case.id.to_string());
    let record = record.record(provider, actor.context);
    let dismissed =
        provider.store.dismiss_identity_case(case.id, actor.operator.id, record).await?;
    if dismissed { Ok(()) } else { Err(ConsoleError::Over) }
}

/// Asks to join the account that this identifier finds to the one that stays.
pub async fn ask_to_merge(
    actor: Actor<'_>,
    account: AccountId,
    typed: Typed<'_>,
    why: &str,
) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::AskAboutPeople).await?;
    let into = people::find(actor, account).await?;
    let why = reason(why)?;
    let absorbed = people::seek(actor, typed).await?.ok_or(ConsoleError::Unknown)?;
    let from = people::find(actor, absorbed).await?;
    identity::merge(actor.provider, (&into.account, &into.profile), &from.account).await?;
    acts::ask(actor, Request::MergeAccounts { account, absorbed }, &why).await
}

/// Asks to make two of an account again.
pub async fn ask_to_split(
    actor: Actor<'_>,
    account: AccountId,
    absorbed: AccountId,
    why: &str,
) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::AskAboutPeople).await?;
    people::find(actor, account).await?;
    let from = people::find(actor, absorbed).await.map_err(|error| match error {
        ConsoleError::NotFound => ConsoleError::Unknown,
        other => other,
    })?;
    identity::split(actor.provider, account, &from.account).await?;
    acts::ask(actor, Request::SplitAccount { account, absorbed }, why).await
}

/// Asks to put a name or a number right; the register has to confirm both now, and again when it is approved.
pub async fn ask_to_correct(
    actor: Actor<'_>,
    account: AccountId,
    (name, document, frees_number): (&str, Typed<'_>, bool),
    why: &str,
) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::AskAboutPeople).await?;
    let person = people::find(actor, account).await?;
    let why = reason(why)?;
    let identity = identity::read(actor.provider, (name, document)).await?;
    identity::correction(actor.provider, &person.account, &identity, frees_number)?;
    acts::ask(actor, Request::CorrectIdentity { account, identity, frees_number }, &why).await
}

/// What an approval does, judged anew at that moment.
pub(super) async fn effect(provider: &Provider, request: &Request) -> Result<Effect, ConsoleError> {
    let find =
        async |id: AccountId| provider.store.find_account(id).await?.ok_or(ConsoleError::NotFound);
    Ok(match request {
        Request::MergeAccounts { account, absorbed } => {
            let (into, from) = (find(*account).await?, find(*absorbed).await?);
            let profile = provider.vault.open_profile(&into)?;
            let step = identity::merge(provider, (&into, &profile), &from).await?;
            Effect::Merge(Box::new(step))
        }
        Request::SplitAccount { account, absorbed } => {
            let from = find(*absorbed).await?;
            Effect::Split(Box::new(identity::split(provider, *account, &from).await?))
        }
        Request::CorrectIdentity { account, identity, frees_number } => {
            identity::confirm(provider, identity).await?;
            let account = find(*account).await?;
            let step = identity::correction(provider, &account, identity, *frees_number)?;
            Effect::Correct(Box::new(step))
        }
        _ => Effect::None,
    })
}

impl From<IdentityError> for ConsoleError {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Invalid => Self::Name,
            IdentityError::NotConfirmed => Self::NotConfirmed,
            IdentityError::Over => Self::Over,
            IdentityError::RegisterAway(away) => {
                tracing::warn!(%away, "the population register is away");
                Self::RegisterAway
            }
            IdentityError::Store(error) => Self::Store(error),
            IdentityError::Vault(error) => Self::Vault(error),
        }
    }
}
