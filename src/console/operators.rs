//! Who works here: seeing the operators, asking to invite one, asking to disable one. Both need a second
//! officer, and nobody hands out what lies beyond his own role and region (security.md A-69).

use std::collections::HashMap;

use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::acts;
use crate::console::name_of;
use crate::console::person_name;
use crate::domain::act::Request;
use crate::domain::id::ActId;
use crate::domain::id::OperatorId;
use crate::domain::operator;
use crate::domain::operator::Operator;
use crate::domain::operator::Permission;
use crate::domain::operator::Region;
use crate::domain::operator::Role;
use crate::provider::Provider;
use crate::store::sql::Invitation;

/// So many operators stand on a page.
pub const PAGE: usize = 50;

/// What is asked of a new operator.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The name.
    pub name: &'a str,
    /// As what.
    pub role: &'a str,
    /// A six-digit code; empty for the whole province.
    pub region: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// The operators and invitations this operator sees: those within his region.
pub async fn list(actor: Actor<'_>) -> Result<(Vec<Operator>, Vec<Invitation>), ConsoleError> {
    actor.demand(Permission::SeeOperators).await?;
    let (store, own) = (&actor.provider.store, actor.operator.region.as_ref());
    let mut operators = store.list_operators().await?;
    operators.retain(|other| operator::covers(own, other.region.as_ref()));
    Ok((operators, invitations(actor).await?))
}

/// One page of the operators this one sees, the newest last, after that one; and whether there are more.
pub async fn page(
    actor: Actor<'_>,
    after: Option<OperatorId>,
    limit: usize,
) -> Result<(Vec<Operator>, bool), ConsoleError> {
    actor.demand(Permission::SeeOperators).await?;
    let (store, own) = (&actor.provider.store, actor.operator.region.as_ref());
    let after = after.unwrap_or(OperatorId(uuid::Uuid::nil()));
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = store.find_operators(own, after, wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// The invitations that wait, as far as this operator sees them.
pub async fn invitations(actor: Actor<'_>) -> Result<Vec<Invitation>, ConsoleError> {
    actor.demand(Permission::SeeOperators).await?;
    let (provider, own) = (actor.provider, actor.operator.region.as_ref());
    let mut waiting = provider.store.list_invitations(provider.clock.now()).await?;
    waiting.retain(|invitation| operator::covers(own, invitation.region.as_ref()));
    Ok(waiting)
}

/// How many operators this one sees.
pub async fn count(actor: Actor<'_>) -> Result<i64, ConsoleError> {
    actor.demand(Permission::SeeOperators).await?;
    Ok(actor.provider.store.count_operators(actor.operator.region.as_ref()).await?)
}

/// The names that stand beside what operators did, read once for a page.
pub struct Names(HashMap<OperatorId, String>);

impl Names {
    /// The name of an operator.
    pub fn of(&self, id: OperatorId) -> String {
        self.0.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}

/// Everybody's name, also of those who work here no more.
pub async fn names(provider: &Provider) -> Result<Names, ConsoleError> {
    let mut names = HashMap::new();
    for (id, name) in provider.store.operator_names().await? {
        names.insert(id, name_of(provider, &name)?);
    }
    Ok(Names(names))
}

/// Asks a second officer to invite somebody.
pub async fn ask_to_invite(actor: Actor<'_>, wanted: Wanted<'_>) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::AskAboutOperators).await?;
    let name = person_name(wanted.name)?;
    let (role, region) = place(actor, wanted)?;
    acts::ask(actor, Request::InviteOperator { name, role, region }, wanted.reason).await
}

/// Role and region that are wanted, if they lie within the asker's own.
pub(super) fn place(
    actor: Actor<'_>,
    wanted: Wanted<'_>,
) -> Result<(Role, Option<Region>), ConsoleError> {
    let role = Role::parse(wanted.role).ok_or(ConsoleError::Beyond)?;
    let region = match wanted.region {
        "" => None,
        code => Some(Region::parse(code).ok_or(ConsoleError::Beyond)?),
    };
    let own = actor.operator;
    // The three officers work for the whole province; who works at a counter works somewhere.
    let placed = role.is_officer() == region.is_none();
    let within = operator::covers(own.region.as_ref(), region.as_ref());
    if !own.role.may_ask_for(role) || !within || !placed {
        return Err(ConsoleError::Beyond);
    }
    Ok((role, region))
}

/// Asks a second officer to disable somebody.
pub async fn ask_to_disable(
    actor: Actor<'_>,
    id: OperatorId,
    why: &str,
) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::AskAboutOperators).await?;
    let other = actor.provider.store.find_operator(id).await?.ok_or(ConsoleError::NotFound)?;
    let own = actor.operator;
    let within = operator::covers(own.region.as_ref(), other.region.as_ref());
    if !within || !other.is_active {
        return Err(ConsoleError::NotFound);
    }
    if !own.role.may_ask_for(other.role) {
        return Err(ConsoleError::Beyond);
    }
    acts::ask(actor, Request::DisableOperator { operator: id }, why).await
}
