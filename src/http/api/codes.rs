//! `/codes`: batches of legacy codes and of new ones, figures and disputes. A machine hands a batch in; letting it count
//! is for two officers, and a machine can only ask.

use axum::body::Bytes;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::codes::LARGEST_FILE;
use crate::codes::Order;
use crate::console::codes;
use crate::console::codes::Dispute as Found;
use crate::console::codes::Figures;
use crate::domain::api_scope::ApiScope;
use crate::domain::code_record;
use crate::domain::code_record::BatchKind;
use crate::domain::code_record::CodeBatch;
use crate::domain::id::CodeBatchId;
use crate::domain::id::LegacyCodeId;
use crate::http::api::call::Call;
use crate::http::api::fields::Moment;
use crate::http::api::fields::Text;
use crate::http::api::fields::one_of;
use crate::http::api::fields::text;
use crate::http::api::operation::Asked;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;
use crate::http::failure::Failure;

/// The operations on codes.
pub fn operations() -> Vec<Operation> {
    use ApiScope::{CodesRead, CodesWrite};
    vec![
        Operation::read("/codes/batches", CodesRead, list)
            .named("listCodeBatches", "Batches of legacy codes and of new ones, newest first"),
        Operation::take(("/codes/batches", LARGEST_FILE), CodesWrite, hand_in)
            .needs("kind", "What the file holds", one_of(BatchKind::ALL.iter().map(|kind| kind.as_str())))
            .needs("authority", "Which authority says so", text::<2, 100>())
            .needs("evidence", "The letter or file it says so in", text::<2, 100>())
            .filter("encoding", "How it is written, where that cannot be seen", one_of(["utf-8", "gbk"]))
            .filter("dry_run", "Only look: keep nothing", one_of(["true", "false"]))
            .named(
                "handInCodeBatch",
                "Hand in a file (RFC 4180), to be kept as a batch until two officers decide: legacy codes with \
                 the columns `kind`, `value`, `uscc`, `name` and perhaps `valid_from`; new codes with `uscc`, \
                 `name`, `date` and perhaps `status`",
            ),
        Operation::read("/codes/batches/{id}", CodesRead, show)
            .named("getCodeBatch", "A batch and what was found in it"),
        Operation::send("/codes/batches/{id}/acts", CodesWrite, ask)
            .named("askAboutCodeBatch", "Ask for a batch to count, or to be taken back"),
        Operation::read("/codes/figures", CodesRead, figures)
            .named("getCodeFigures", "How many legacy codes are converted, by authority and city"),
        Operation::read("/codes/disputes", CodesRead, disputes)
            .named("listCodeDisputes", "Mappings another one contradicts"),
        Operation::send("/codes/disputes/{id}/acts", CodesWrite, settle)
            .named("askToSettleCode", "Ask for a disputed mapping to count, or not to"),
    ]
}

/// What was found in a file that was handed in.
#[derive(Serialize, ToSchema)]
struct HandedIn {
    /// The batch that waits for two officers; none after a dry run.
    batch: Option<uuid::Uuid>,
    /// Rows of the file.
    rows: u64,
    /// What can be confirmed.
    valid: u64,
    /// Rows that say nothing that can be kept.
    refused: u64,
    /// Rows that stand in the file already.
    duplicate: u64,
    /// Mappings another one contradicts.
    conflict: u64,
    /// Mappings that counted already.
    converted: u64,
    /// Rows taken that officers should look at.
    warned: u64,
    /// The first lines with something to tell.
    findings: Vec<Finding>,
}

/// A batch of mappings from legacy codes to credit codes, or of new credit codes.
#[derive(Serialize, ToSchema)]
struct Batch {
    /// Its key.
    id: uuid::Uuid,
    /// `legacy_codes` or `new_codes`.
    kind: String,
    /// `staged`, `confirmed` or `rolled_back`.
    state: String,
    /// Which authority says so.
    authority: String,
    /// The letter or file it says so in.
    evidence: String,
    /// How many rows were kept.
    records: i64,
    /// When it was read.
    created_at: Moment,
    /// When it was confirmed or taken back.
    decided_at: Option<Moment>,
    /// Rows of the file.
    rows: u64,
    /// What can be confirmed.
    valid: u64,
    /// Rows that say nothing that can be kept.
    refused: u64,
    /// Rows that stand in the file already.
    duplicate: u64,
    /// Mappings another one contradicts.
    conflict: u64,
    /// Mappings that counted already.
    converted: u64,
    /// Rows taken that officers should look at.
    warned: u64,
    /// The first lines with something to tell.
    findings: Vec<Finding>,
}

/// Something about a line of the file.
#[derive(Serialize, ToSchema)]
struct Finding {
    /// Which line.
    line: i64,
    /// What, as a stable name.
    reason: String,
}

/// How many mappings stand where.
#[derive(Serialize, ToSchema)]
struct CodeFigures {
    /// All that count or may count.
    total: i64,
    /// They count.
    converted: i64,
    /// Their batch waits.
    pending: i64,
    /// Another one contradicts them.
    disputed: i64,
    /// By authority and city; none within a row.
    rows: Vec<CodeFiguresRow>,
}

/// The same, of one authority in one city.
#[derive(Serialize, ToSchema)]
struct CodeFiguresRow {
    /// Which authority.
    authority: String,
    /// The first four digits of the city's division.
    city: String,
    /// All that count or may count.
    total: i64,
    /// They count.
    converted: i64,
    /// Their batch waits.
    pending: i64,
    /// Another one contradicts them.
    disputed: i64,
}

/// A mapping another one contradicts; what leads to a person is masked.
#[derive(Serialize, ToSchema)]
struct Dispute {
    /// Its key.
    id: uuid::Uuid,
    /// The batch it came in.
    batch: uuid::Uuid,
    /// The line it stood in.
    line: i64,
    /// What kind of legacy code.
    kind: String,
    /// The legacy code.
    value: String,
    /// The credit code this mapping names.
    uscc: String,
    /// The one that counts.
    rival_uscc: Option<String>,
}

/// What is asked about a batch.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchAct {
    /// What.
    kind: BatchActKind,
    /// Why.
    #[schema(schema_with = text::<2, 200>)]
    reason: Text<2, 200>,
}

/// What can be asked about a batch.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BatchActKind {
    /// That it counts.
    Confirm,
    /// That it is taken back.
    RollBack,
}

/// What is asked about a dispute.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DisputeAct {
    /// What.
    kind: DisputeActKind,
    /// Why.
    #[schema(schema_with = text::<2, 200>)]
    reason: Text<2, 200>,
}

/// What can be asked about a dispute.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum DisputeActKind {
    /// That this mapping counts, and the other one does not.
    Accept,
    /// That it does not count.
    Reject,
}

async fn list(call: Call) -> Result<Page<Batch>, Problem> {
    let wanted = call.page::<(Timestamp, CodeBatchId)>()?;
    let (found, more) = codes::batches(call.actor(), wanted.after, wanted.limit.into()).await?;
    let last = found.last().filter(|_| more);
    let next = last.map(|last| call.next(&(last.created_at, last.id))).transpose()?;
    Ok(Page(found.into_iter().map(shown).collect(), next))
}

async fn hand_in(call: Call, file: Bytes) -> Result<One<HandedIn>, Problem> {
    let said = |name| call.query.get(name).unwrap_or_default();
    let order = Order {
        authority: said("authority"),
        evidence: said("evidence"),
        encoding: call.filter("encoding", |name| name.parse().ok())?,
        dry_run: call.filter("dry_run", |text| text.parse().ok())?.unwrap_or(false),
    };
    let kind = call.filter("kind", BatchKind::parse)?;
    let kind = kind.ok_or_else(|| Problem::bad_request("kind is missing"))?;
    let turn = call.site.files.take().await;
    let Some(_turn) = turn else { return Err(Failure::away().into()) };
    let (batch, report) = codes::hand_in(call.actor(), kind, &file, order).await?;
    Ok(One(HandedIn {
        batch: batch.map(|batch| batch.0),
        rows: report.rows,
        valid: report.valid,
        refused: report.refused,
        duplicate: report.duplicate,
        conflict: report.conflict,
        converted: report.converted,
        warned: report.warned,
        findings: findings(report.findings),
    }))
}

async fn show(call: Call) -> Result<One<Batch>, Problem> {
    Ok(One(shown(codes::batch(call.actor(), call.key()?).await?)))
}

async fn ask(call: Call, body: BatchAct) -> Result<Asked, Problem> {
    let confirm = matches!(body.kind, BatchActKind::Confirm);
    let asked = (call.key()?, confirm);
    Ok(codes::ask_about_batch(call.actor(), asked, body.reason.as_str()).await?.into())
}

async fn figures(call: Call) -> Result<One<CodeFigures>, Problem> {
    let found = codes::figures(call.actor()).await?;
    let row = |(authority, city, of): (String, String, Figures)| CodeFiguresRow {
        authority,
        city,
        total: of.total,
        converted: of.converted,
        pending: of.pending,
        disputed: of.disputed,
    };
    Ok(One(CodeFigures {
        total: found.all.total,
        converted: found.all.converted,
        pending: found.all.pending,
        disputed: found.all.disputed,
        rows: found.rows.into_iter().map(row).collect(),
    }))
}

async fn disputes(call: Call) -> Result<Page<Dispute>, Problem> {
    let wanted = call.page::<LegacyCodeId>()?;
    let (found, more) = codes::disputes(call.actor(), wanted.after, wanted.limit.into()).await?;
    let last = found.last().filter(|_| more);
    let next = last.map(|last| call.next(&last.record.id)).transpose()?;
    let shown = found.into_iter().map(|found: Found| Dispute {
        id: found.record.id.0,
        batch: found.record.batch.0,
        line: found.record.line,
        kind: found.record.kind.as_str().to_owned(),
        value: found.value,
        uscc: found.uscc,
        rival_uscc: found.rival.map(|(uscc, _)| uscc),
    });
    Ok(Page(shown.collect(), next))
}

async fn settle(call: Call, body: DisputeAct) -> Result<Asked, Problem> {
    let accept = matches!(body.kind, DisputeActKind::Accept);
    let asked = (call.key()?, accept);
    Ok(codes::ask_to_settle(call.actor(), asked, body.reason.as_str()).await?.into())
}

fn shown(batch: CodeBatch) -> Batch {
    Batch {
        id: batch.id.0,
        kind: batch.kind.as_str().to_owned(),
        state: batch.state.as_str().to_owned(),
        authority: batch.authority,
        evidence: batch.evidence,
        records: batch.records,
        created_at: batch.created_at.into(),
        decided_at: batch.decided_at.map(Moment::from),
        rows: batch.report.rows,
        valid: batch.report.valid,
        refused: batch.report.refused,
        duplicate: batch.report.duplicate,
        conflict: batch.report.conflict,
        converted: batch.report.converted,
        warned: batch.report.warned,
        findings: findings(batch.report.findings),
    }
}

fn findings(found: Vec<code_record::Finding>) -> Vec<Finding> {
    found.into_iter().map(|found| Finding { line: found.line, reason: found.reason }).collect()
}
