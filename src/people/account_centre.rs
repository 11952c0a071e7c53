//! What a person may see and end of their own: sessions, consents, history (GB/T 35273-2020 §8).

use std::sync::Arc;

use crate::audit;
use crate::clock::Timestamp;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::AuditRecord;
use crate::domain::audit_event::Outcome;
use crate::domain::client::Client;
use crate::domain::client::ClientId;
use crate::domain::id::SessionId;
use crate::domain::request_context::RequestContext;
use crate::domain::session::Session;
use crate::messages;
use crate::messages::Notice;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::AuditQuery;
use crate::store::sql::Consent;
use crate::store::sql::SealedAudit;
use crate::store::sql::SessionEnd;

/// So many entries of the history stand on one page.
const PAGE: usize = 20;
/// Events of one moment stay on one page, since the next one begins before a moment.
pub(super) const MOMENT: usize = 20;

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
    /// What the client was allowed to know.
    pub scope: Option<String>,
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
    end(provider, context, account, SessionEnd::All).await
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

/// The owner stops the account: somebody else was at it. Every session ends, nobody logs in, and it comes
/// back by recovery or at a counter.
pub async fn stop(
    provider: &Provider,
    context: &RequestContext,
    account: &Account,
) -> Result<(), StoreError> {
    let record = audit::done(AuditKind::AccountLocked).account(account).detail("by", "owner");
    let record = record.record(provider, context);
    let (status, now) = (AccountStatus::Stopped, provider.clock.now());
    if provider.store.set_account_status(account.id, status, record, now).await? {
        messages::notify(provider, account, Notice::AccountStopped);
    }
    Ok(())
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

/// When, and from which address, the person logged in before this session began.
pub async fn login_before(
    provider: &Provider,
    account: &Account,
    session: &Session,
) -> Result<Option<(Timestamp, Option<String>)>, StoreError> {
    let before = Some(session.created_at);
    let query = AuditQuery { account_id: Some(account.id), before, limit: 100 };
    let found = provider.store.find_audit(&query).await?;
    let login = |record: &AuditRecord| {
        record.kind == AuditKind::Login.as_str() && record.outcome == Outcome::Done.as_str()
    };
    let last = found.into_iter().map(|sealed| sealed.record).find(login);
    Ok(last.map(|record| {
        let source = source(provider, account, &record);
        (record.at, source)
    }))
}

/// The address a record came from; none for what no browser asked for.
fn source(provider: &Provider, account: &Account, record: &AuditRecord) -> Option<String> {
    let personal = audit::open_personal(provider, account, record)?;
    let source = personal.get("source")?.as_str()?;
    (source != "0.0.0.0").then(|| source.to_owned())
}

/// A page of the account's history, newest first, and where the next one begins.
pub async fn history(
    provider: &Provider,
    account: &Account,
    before: Option<Timestamp>,
) -> Result<(Vec<HistoryEntry>, Option<Timestamp>), StoreError> {
    let limit = i64::try_from(PAGE + MOMENT).unwrap_or(i64::MAX);
    let query = AuditQuery { account_id: Some(account.id), before, limit };
    let mut found = provider.store.find_audit(&query).await?;
    let end = page_end(&found, PAGE);
    let next = (end < found.len()).then(|| found[end - 1].record.at);
    found.truncate(end);
    let mut entries = Vec::with_capacity(found.len());
    for sealed in found {
        let record = sealed.record;
        let source = source(provider, account, &record);
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
            scope: text(details.get("scope")),
            source,
            client,
        });
    }
    Ok((entries, next))
}

/// Where a page of these ends: after a pageful, and after everything of its last moment.
pub(super) fn page_end(found: &[SealedAudit], page: usize) -> usize {
    let Some(last) = found.get(page - 1) else { return found.len() };
    let same = |sealed: &&SealedAudit| sealed.record.at == last.record.at;
    page + found[page..].iter().take_while(same).count()
}
