//! The audit chain as the audit officer reads it: by account, client, operator, kind, outcome and time, newest
//! first; and as he takes it along, masked, with the state of the chain.

use crate::audit;
use crate::clock::Timestamp;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::operator::Permission;
use crate::identifier;
use crate::identifier::Typed;
pub use crate::store::sql::AuditSearch as Search;
use crate::store::sql::SealedAudit;

/// So many records stand on a page.
pub const PAGE: i64 = 50;
/// So many records are looked through for one page, where no index helps.
const SPAN: i64 = 200_000;
/// Records stand in the order of their times but for so many places.
const SLACK: i64 = 4_000;
/// So many records leave in one export.
const EXPORT: usize = 10_000;
/// So many spans are looked through for it.
const SPANS: usize = 20;

/// Where the chain stands.
pub struct Chain {
    /// Records in it.
    pub records: i64,
    /// Records that wait to be chained.
    pub unsealed: i64,
    /// When its end was last signed.
    pub head_at: Option<Timestamp>,
}

/// A page of what was found.
pub struct Found {
    /// The records.
    pub records: Vec<SealedAudit>,
    /// Below which place to go on; none where the chain ends.
    pub next: Option<i64>,
}

/// Records to be taken along.
pub struct Export {
    /// The records, newest first.
    pub records: Vec<SealedAudit>,
    /// Where the chain stands.
    pub chain: Chain,
    /// Below which place the next export begins; none where nothing is left.
    pub next: Option<i64>,
}

/// A page of records that match.
pub async fn search(actor: Actor<'_>, search: Search) -> Result<Found, ConsoleError> {
    actor.demand(Permission::SeeAudit).await?;
    let limit = search.limit;
    let (search, end) = within(actor, search).await?;
    step(actor, search, end, limit).await
}

/// The account of this document or phone, which never stands in an address. Looking it up is recorded.
pub async fn account_of(
    actor: Actor<'_>,
    typed: Typed<'_>,
) -> Result<Option<AccountId>, ConsoleError> {
    actor.demand(Permission::SeeAudit).await?;
    let provider = actor.provider;
    let digest = identifier::digest(provider, typed).ok_or(ConsoleError::Name)?;
    let found = provider.store.find_account_by_identifier(&digest).await?;
    let event = match &found {
        Some(account) => audit::done(AuditKind::PersonSought).account(account),
        None => audit::refused(AuditKind::PersonSought, "nobody here"),
    };
    let record = event.operator(actor.operator.id).record(provider, actor.context);
    provider.store.record(record).await?;
    Ok(found.map(|account| account.id))
}

/// Records that match, to be taken along; that is recorded. What is sealed stays here, and so do the words
/// of operators, which may name somebody.
pub async fn export(
    actor: Actor<'_>,
    search: Search,
    format: &'static str,
) -> Result<Export, ConsoleError> {
    actor.demand(Permission::SeeAudit).await?;
    let (mut search, end) = within(actor, search).await?;
    let mut records = Vec::new();
    let mut next = search.below;
    for _ in 0..SPANS {
        let wanted = i64::try_from(EXPORT - records.len()).unwrap_or(i64::MAX);
        let found = step(actor, search.clone(), end, wanted).await?;
        records.extend(found.records);
        next = found.next;
        if next.is_none() || records.len() >= EXPORT {
            break;
        }
        search.below = next;
    }
    let chain = chain(actor).await?;
    let event = audit::done(AuditKind::AuditExported).operator(actor.operator.id);
    let event = event.detail("format", format).detail("records", records.len());
    actor.provider.store.record(event.record(actor.provider, actor.context)).await?;
    Ok(Export { records, chain, next })
}

/// The search with the places between which the times lie, and the first of them.
async fn within(actor: Actor<'_>, search: Search) -> Result<(Search, i64), ConsoleError> {
    let store = &actor.provider.store;
    let first = match search.from {
        Some(from) => store.audit_place(from).await?,
        None => 1,
    };
    let mut below = search.below.unwrap_or(i64::MAX);
    below = below.min(store.audit_tail().await?.sequence.saturating_add(1));
    if let Some(until) = search.until {
        below = below.min(store.audit_place(until).await?.saturating_add(SLACK));
    }
    Ok((Search { below: Some(below), ..search }, first))
}

/// One look: at most `limit` records, and no further back than a span, unless an index leads to them.
async fn step(
    actor: Actor<'_>,
    search: Search,
    first: i64,
    limit: i64,
) -> Result<Found, ConsoleError> {
    let below = search.below.unwrap_or(i64::MAX);
    let floor = if search.account_id.is_some() { first } else { first.max(below - SPAN) };
    let search = Search { floor, limit, ..search };
    let records = actor.provider.store.search_audit(&search).await?;
    let full = i64::try_from(records.len()).is_ok_and(|count| count == limit);
    let last = records.last().and_then(|sealed| sealed.seal.as_ref()).map(|seal| seal.0);
    let next = if full { last } else { Some(floor) };
    Ok(Found { records, next: next.filter(|next| *next > first) })
}

/// Where the chain stands.
pub async fn chain(actor: Actor<'_>) -> Result<Chain, ConsoleError> {
    actor.demand(Permission::SeeAudit).await?;
    let store = &actor.provider.store;
    Ok(Chain {
        records: store.audit_tail().await?.sequence,
        unsealed: store.unsealed_audit().await?,
        head_at: store.last_audit_head().await?.map(|head| head.signed_at),
    })
}

/// Whether a record is as it was written.
pub fn is_intact(actor: Actor<'_>, sealed: &SealedAudit) -> bool {
    let record = &sealed.record;
    let expected = record.expected_mac(&actor.provider.vault.audit);
    crate::crypto::constant_time_eq(&expected, &record.mac)
}

/// What a record says besides, in one line.
pub fn details(actor: Actor<'_>, sealed: &SealedAudit) -> String {
    let details = audit::open_details(actor.provider, &sealed.record.details);
    let Some(details) = details.as_object() else { return String::new() };
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let told = details.iter().filter(|(name, _)| *name != "operator");
    let parts: Vec<String> = told.map(|(name, value)| format!("{name}={}", plain(value))).collect();
    parts.join(" ")
}

/// Which operator did it.
pub fn operator_of(sealed: &SealedAudit) -> Option<crate::domain::id::OperatorId> {
    let details: serde_json::Value = serde_json::from_str(&sealed.record.details).ok()?;
    details.get("operator")?.as_str()?.parse().ok().map(crate::domain::id::OperatorId)
}
