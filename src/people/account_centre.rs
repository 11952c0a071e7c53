//! What a person may see and end of their own: sessions, consents, history (GB/T 35273-2020 §8).

use std::sync::Arc;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::audit_event::AuditKind;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::id::SessionId;
use crate::domain::request_context::RequestContext;
use crate::domain::session::Session;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::AuditQuery;
use crate::store::sql::Consent;
use crate::store::sql::SessionEnd;

/// So many entries of the history stand on one page.
const PAGE: i64 = 20;

/// One line of the history.
#[derive(Debug, Clone)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// What; the name of an `AuditKind`.
    pub kind: String,
    /// `done` or `refused`.
    pub outcome: String,
    /// How, where a method was used.
    pub method: Option<String>,
    /// From which address.
    pub source: Option<String>,
    /// At which client, by its name.
    pub client: Option<String>,
}

/// The account's live sessions, newest first.
pub async fn sessions(provider: &Provider, account: &Account) -> Result<Vec<Session>, StoreError> {
    let lifetime = provider.config.session_lifetime();
    provider.store.list_sessions(account.id, lifetime, provider.clock.now()).await
}

/// Ends one session of the account; another's id ends nothing.
pub async fn end_session(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    session: SessionId,
) -> Result<(), StoreError> {
    end(provider, context, account, SessionEnd::One(session)).await
}

/// Ends every session of the account.
pub async fn end_all_sessions(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
) -> Result<(), StoreError> {
    end(provider, context, account, SessionEnd::AllOf(account.id, None)).await
}

async fn end(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    which: SessionEnd,
) -> Result<(), StoreError> {
    let record = audit::done(AuditKind::SessionEnded).account(account).record(provider, context);
    provider.store.end_sessions(account.id, which, record).await.map(drop)
}

/// What the person agreed to share, with the clients it is shared with.
pub async fn consents(
    provider: &Provider,
    account: &Account,
) -> Result<Vec<(Arc<Client>, Consent)>, StoreError> {
    let mut found = Vec::new();
    for consent in provider.store.list_consents(account.id).await? {
        if let Some(client) = provider.store.find_client(&consent.client_id).await? {
            found.push((client, consent));
        }
    }
    Ok(found)
}

/// Takes back what was agreed with a client, and with it every token that rests on it.
pub async fn withdraw(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
    client: &ClientId,
) -> Result<bool, StoreError> {
    let record = audit::done(AuditKind::ConsentWithdrawn).account(account).client(client);
    let record = record.record(provider, context);
    provider.store.withdraw_consent(account.id, client, record).await
}

/// A page of the account's history, newest first, and where the next one begins.
pub async fn history(
    provider: &Provider,
    account: &Account,
    before: Option<Timestamp>,
) -> Result<(Vec<HistoryEntry>, Option<Timestamp>), StoreError> {
    let query = AuditQuery { account_id: Some(account.id), before, limit: PAGE + 1 };
    let mut found = provider.store.find_audit(&query).await?;
    let more = found.len() > usize::try_from(PAGE).unwrap_or(usize::MAX);
    if more {
        found.pop();
    }
    let next = found.last().filter(|_| more).map(|last| last.record.at);
    let mut entries = Vec::with_capacity(found.len());
    for sealed in found {
        let record = sealed.record;
        let personal = audit::open_personal(provider, account, &record);
        let details: serde_json::Value = serde_json::from_str(&record.details).unwrap_or_default();
        let text = |value: Option<&serde_json::Value>| value?.as_str().map(str::to_owned);
        let client = match &record.client_id {
            Some(id) => provider.store.find_client(id).await?.map(|client| client.name.clone()),
            None => None,
        };
        entries.push(HistoryEntry {
            at: record.at,
            kind: record.kind,
            outcome: record.outcome,
            method: text(details.get("method")),
            source: text(personal.as_ref().and_then(|personal| personal.get("source")))
                // What an operator or the provider itself did came from no address.
                .filter(|source| source != "0.0.0.0"),
            client,
        });
    }
    Ok((entries, next))
}
