//! `/audit`: the chain as the audit officer reads it and takes it along, and where it stands.

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::console::audit_search;
use crate::console::audit_search::Search;
use crate::domain::api_scope::ApiScope;
use crate::domain::audit_event::AuditKind;
use crate::domain::audit_event::Outcome;
use crate::domain::client::ClientId;
use crate::domain::id::AccountId;
use crate::domain::id::OperatorId;
use crate::http::api::call::Call;
use crate::http::api::fields::Moment;
use crate::http::api::fields::PersonSearch;
use crate::http::api::fields::client_id;
use crate::http::api::fields::moment;
use crate::http::api::fields::one_of;
use crate::http::api::fields::place;
use crate::http::api::fields::uuid;
use crate::http::api::operation::File;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;
use crate::http::audit_file;
use crate::http::audit_file::Format;

/// The operations on the audit chain.
pub fn operations() -> Vec<Operation> {
    vec![
        filtered(Operation::read("/audit/records", ApiScope::AuditRead, list))
            .named("listAuditRecords", "Sealed records, newest first"),
        filtered(Operation::read("/audit/export", ApiScope::AuditRead, export))
            .filter("format", "`jsonl` if you do not say", one_of(Format::ALL.map(Format::as_str)))
            .filter("below", "Older than the record of this number", place())
            .named(
                "exportAuditRecords",
                "Sealed records as a file, newest first, ten thousand at most; that is recorded",
            ),
        Operation::send("/audit/search-account", ApiScope::AuditRead, account).looking().named(
            "searchAuditedAccount",
            "The account of an ID number or phone, for the filter of records; that is recorded",
        ),
        Operation::read("/audit/chain", ApiScope::AuditRead, chain)
            .named("getAuditChain", "Where the chain stands"),
    ]
}

/// With the filters of records.
fn filtered(operation: Operation) -> Operation {
    let outcomes = [Outcome::Done, Outcome::Refused].map(Outcome::as_str);
    operation
        .filter("account", "About this account", uuid())
        .filter("client", "At this client", client_id())
        .filter("operator", "By this operator", uuid())
        .filter("kind", "Of this kind", one_of(AuditKind::ALL.iter().map(|kind| kind.as_str())))
        .filter("outcome", "With this outcome", one_of(outcomes))
        .filter("from", "At this time or later", moment())
        .filter("until", "Before this time", moment())
}

/// What the filters ask for.
fn search(call: &Call) -> Result<Search, Problem> {
    Ok(Search {
        account_id: call.filter("account", |text| text.parse().map(AccountId).ok())?,
        client_id: call.filter("client", ClientId::parse)?,
        operator: call.filter("operator", |text| text.parse().map(OperatorId).ok())?,
        kind: call.filter("kind", |text| AuditKind::parse(text).map(|_| text.to_owned()))?,
        outcome: call.filter("outcome", |text| Outcome::parse(text).map(|_| text.to_owned()))?,
        from: call.filter("from", Timestamp::from_rfc3339)?,
        until: call.filter("until", Timestamp::from_rfc3339)?,
        ..Search::default()
    })
}

/// A sealed record.
#[derive(Serialize, ToSchema)]
struct AuditRecord {
    /// Its number in the chain.
    sequence: i64,
    /// When.
    at: Moment,
    /// What.
    kind: String,
    /// `done` or `refused`.
    outcome: String,
    /// Why, in a word.
    reason: String,
    /// Whose account.
    account: Option<uuid::Uuid>,
    /// Which client.
    client_id: Option<String>,
    /// The request, as the log names it.
    request_id: String,
    /// What else: `name=value`, one after the other.
    details: String,
}

/// The account was found.
#[derive(Serialize, ToSchema)]
struct FoundAccount {
    /// Its key.
    id: uuid::Uuid,
}

/// Where the chain stands.
#[derive(Serialize, ToSchema)]
struct AuditChain {
    /// Records in it.
    records: i64,
    /// Records that wait to be chained.
    unsealed: i64,
    /// When its end was last signed.
    head_at: Option<Moment>,
}

async fn list(call: Call) -> Result<Page<AuditRecord>, Problem> {
    let wanted = call.page::<i64>()?;
    let search = Search { below: wanted.after, limit: wanted.limit.into(), ..search(&call)? };
    let found = audit_search::search(call.actor(), search).await?;
    let shown: Vec<AuditRecord> = found
        .records
        .iter()
        .filter_map(|sealed| {
            let record = &sealed.record;
            Some(AuditRecord {
                sequence: sealed.seal.as_ref()?.0,
                at: record.at.into(),
                kind: record.kind.clone(),
                outcome: record.outcome.clone(),
                reason: record.reason.clone(),
                account: record.account_id.map(|id| id.0),
                client_id: record.client_id.as_ref().map(ToString::to_string),
                request_id: record.request_id.clone(),
                details: audit_search::details(call.actor(), sealed),
            })
        })
        .collect();
    // A page may be empty and have a next one: so far back was looked, and no further.
    let next = found.next.map(|below| call.next(&below)).transpose()?;
    Ok(Page(shown, next))
}

async fn export(call: Call) -> Result<File, Problem> {
    let format = call.filter("format", Format::parse)?.unwrap_or(Format::Lines);
    let number = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number: &i64| plain && *number > 0)
    };
    let search = Search { below: call.filter("below", number)?, ..search(&call)? };
    Ok(File(audit_file::write(call.actor(), search, format).await?))
}

async fn account(call: Call, body: PersonSearch) -> Result<One<FoundAccount>, Problem> {
    let found = audit_search::account_of(call.actor(), body.typed()).await?;
    let id = found.ok_or_else(Problem::not_found)?;
    Ok(One(FoundAccount { id: id.0 }))
}

async fn chain(call: Call) -> Result<One<AuditChain>, Problem> {
    let chain = audit_search::chain(call.actor()).await?;
    Ok(One(AuditChain {
        records: chain.records,
        unsealed: chain.unsealed,
        head_at: chain.head_at.map(Moment::from),
    }))
}
