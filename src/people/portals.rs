//! The portals a person has to do with: what each may know, what it was told and when, and blocking one
//! (GB/T 35273-2020 §8.1, §8.4).

use std::sync::Arc;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::request_context::RequestContext;
use crate::domain::scope::Scope;
use crate::messages;
use crate::messages::Notice;
use crate::people::account_centre;
use crate::people::account_centre::MOMENT;
use crate::people::choices::on_or_off;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::Consent;

/// So many entries of what a portal was told stand on one page.
const PAGE: usize = 50;

/// A portal and what a person has to do with it.
pub struct Portal {
    /// The portal.
    pub client: Arc<Client>,
    /// What was agreed.
    pub consent: Option<Consent>,
    /// When it was last told something.
    pub last_at: Option<Timestamp>,
    /// How often it was.
    pub times: i64,
    /// Since when it is blocked.
    pub blocked_at: Option<Timestamp>,
}

/// One time a portal was told something.
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// What: the scope of a login, or none for the ID number.
    pub scope: Option<Scope>,
}

/// Every portal of a person, the blocked ones last.
pub async fn list(provider: &Provider, account: &Account) -> Result<Vec<Portal>, StoreError> {
    let store = &provider.store;
    let consents = store.list_consents(account.id).await?;
    let reached = store.list_reached(account.id).await?;
    let blocks = store.list_portal_blocks(account.id).await?;
    let mut ids: Vec<&ClientId> = Vec::new();
    let all = consents.iter().map(|consent| &consent.client_id);
    let all = all.chain(reached.iter().map(|reached| &reached.client_id));
    for id in all.chain(blocks.iter().map(|(id, _)| id)) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let mut portals = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(client) = store.find_client(id).await? else { continue };
        let told = reached.iter().find(|reached| reached.client_id == *id);
        portals.push(Portal {
            client,
            consent: consents.iter().find(|consent| consent.client_id == *id).cloned(),
            last_at: told.map(|told| told.last_at),
            times: told.map_or(0, |told| told.times),
            blocked_at: blocks.iter().find(|(blocked, _)| blocked == id).map(|(_, at)| *at),
        });
    }
    portals.sort_by_key(|portal| (portal.blocked_at.is_some(), portal.last_at.map(|at| -at.0)));
    Ok(portals)
}

/// One of them; none for a portal the person has nothing to do with.
pub async fn find(
    provider: &Provider,
    account: &Account,
    client: &ClientId,
) -> Result<Option<Portal>, StoreError> {
    let portals = list(provider, account).await?;
    Ok(portals.into_iter().find(|portal| portal.client.id == *client))
}

/// What a portal was told, newest first, and where the next page begins.
pub async fn told(
    provider: &Provider,
    account: &Account,
    client: &ClientId,
    before: Option<Timestamp>,
) -> Result<(Vec<Told>, Option<Timestamp>), StoreError> {
    let limit = i64::try_from(PAGE + MOMENT).unwrap_or(i64::MAX);
    let mut found = provider.store.audit_of_portal(account.id, client, (before, limit)).await?;
    let end = account_centre::page_end(&found, PAGE);
    let next = (end < found.len()).then(|| found[end - 1].record.at);
    found.truncate(end);
    let read = |sealed: crate::store::sql::SealedAudit| {
        let record = sealed.record;
        let details: serde_json::Value = serde_json::from_str(&record.details).unwrap_or_default();
        let scope = details.get("scope").and_then(serde_json::Value::as_str);
        Told { at: record.at, scope: scope.and_then(|text| Scope::parse(text).ok()) }
    };
    Ok((found.into_iter().map(read).collect(), next))
}

/// Blocks a portal: nobody is logged in to it with this account, its tokens are dead, and it is told that the
/// person left. Or lifts that. `false` when it is so already.
pub async fn block(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    (client, blocked): (&ClientId, bool),
) -> Result<bool, StoreError> {
    let record = audit::done(AuditKind::PortalBlocked).account(account).client(client);
    let record = record.detail("to", on_or_off(blocked)).record(provider, context);
    let (store, id) = (&provider.store, account.id);
    let done = if blocked {
        store.block_portal(id, client.clone(), record).await?
    } else {
        store.lift_portal_block(id, client.clone(), record).await?
    };
    if done {
        let notice = if blocked { Notice::PortalBlocked } else { Notice::PortalAllowed };
        messages::notify(provider, account, notice);
    }
    Ok(done)
}
