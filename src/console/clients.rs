//! Clients as operators see them. Changing one is the protocol's rule; whether somebody may is judged here.

use std::sync::Arc;

use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::reason;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::operator::Permission;

/// So many clients stand on a page.
pub const PAGE: usize = 50;

/// Every client, by its identifier.
pub async fn list(actor: Actor<'_>) -> Result<Vec<Client>, ConsoleError> {
    actor.demand(Permission::SeeClients).await?;
    Ok(actor.provider.store.list_clients().await?)
}

/// One page of them, after that identifier, and whether there are more.
pub async fn page(
    actor: Actor<'_>,
    after: Option<&ClientId>,
    limit: usize,
) -> Result<(Vec<Client>, bool), ConsoleError> {
    actor.demand(Permission::SeeClients).await?;
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let after = after.map_or("", ClientId::as_str);
    let mut found = actor.provider.store.find_clients(after, wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// The client of that identifier.
pub async fn find(actor: Actor<'_>, id: &str) -> Result<Arc<Client>, ConsoleError> {
    actor.demand(Permission::SeeClients).await?;
    let id = ClientId::parse(id).ok_or(ConsoleError::NotFound)?;
    actor.provider.store.find_client(&id).await?.ok_or(ConsoleError::NotFound)
}

/// The client, if this operator may switch it off or on, and his reason in full.
pub async fn to_switch(
    actor: Actor<'_>,
    id: &str,
    why: &str,
) -> Result<(Arc<Client>, String), ConsoleError> {
    actor.demand(Permission::ChangeClients).await?;
    Ok((find(actor, id).await?, reason(why)?))
}
