//! Batches of codes as officers hand them in and see them, and what two of them decide: a batch counts or is taken
//! back, a disputed mapping is settled.

use uuid::Uuid;

use crate::codes;
use crate::codes::CodesError;
use crate::codes::Order;
use crate::codes::announce::announce;
use crate::codes::import::import;
use crate::codes::publication;
use crate::codes::publication::PublishedCode;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::acts;
use crate::domain::act::Request;
use crate::domain::code_record::BatchKind;
use crate::domain::code_record::BatchState;
use crate::domain::code_record::CodeBatch;
use crate::domain::code_record::CodeStatus;
use crate::domain::code_record::LegacyRecord;
use crate::domain::code_record::Report;
use crate::domain::id::ActId;
use crate::domain::id::CodeBatchId;
use crate::domain::id::LegacyCodeId;
use crate::domain::legacy_code::LegacyCode;
use crate::domain::operator::Permission;
use crate::domain::policy::Synthetic;
use crate::domain::uscc::Uscc;
use crate::provider::Provider;
use crate::store::sql::BatchMark;
use crate::store::sql::CodeFigure;
use crate::store::sql::CodeStep;
use crate::store::sql::Effect;

/// How many mappings stand where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// All of them that count or may count.
    pub total: i64,
    /// They count.
    pub converted: i64,
    /// Their batch waits.
    pub pending: i64,
    /// Another one contradicts them.
    pub disputed: i64,
}

/// The figures of the province, and of every authority in every city.
pub struct AllFigures {
    /// Together.
    pub all: Figures,
    /// By authority and the first four digits of the city's division.
    pub rows: Vec<(String, String, Figures)>,
}

/// A disputed mapping, as an officer sees it: what leads to a person is masked.
pub struct Dispute {
    /// The mapping.
    pub record: LegacyRecord,
    /// The legacy code.
    pub value: String,
    /// The credit code this mapping names.
    pub uscc: String,
    /// The name it gives; none of an individual business.
    pub name: Option<String>,
    /// The credit code and authority of the one that counts.
    pub rival: Option<(String, CodeBatch)>,
    /// The batch it came in.
    pub batch: CodeBatch,
}

/// Batches, newest first, and whether there are more.
pub async fn batches(
    actor: Actor<'_>,
    before: Option<BatchMark>,
    limit: usize,
) -> Result<(Vec<CodeBatch>, bool), ConsoleError> {
    actor.demand(Permission::SeeCodes).await?;
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = actor.provider.store.list_code_batches(before, wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// One batch.
pub async fn batch(actor: Actor<'_>, id: CodeBatchId) -> Result<CodeBatch, ConsoleError> {
    actor.demand(Permission::SeeCodes).await?;
    actor.provider.store.find_code_batch(id).await?.ok_or(ConsoleError::NotFound)
}

/// How many mappings stand where.
pub async fn figures(actor: Actor<'_>) -> Result<AllFigures, ConsoleError> {
    actor.demand(Permission::SeeCodes).await?;
    Ok(summed(actor.provider.store.code_figures().await?))
}

/// Adds up what the store counts by status.
pub fn summed(counted: Vec<CodeFigure>) -> AllFigures {
    let (mut all, mut rows) = (Figures::default(), Vec::<(String, String, Figures)>::new());
    for figure in counted {
        let other =
            |row: &(String, String, Figures)| (&row.0, &row.1) != (&figure.authority, &figure.city);
        if rows.last().is_none_or(other) {
            rows.push((figure.authority.clone(), figure.city.clone(), Figures::default()));
        }
        let own = rows.last_mut().map(|row| &mut row.2);
        for sum in own.into_iter().chain([&mut all]) {
            sum.add(&figure);
        }
    }
    AllFigures { all, rows }
}

impl Figures {
    fn add(&mut self, figure: &CodeFigure) {
        let part = match CodeStatus::parse(&figure.status) {
            Some(CodeStatus::Confirmed) => &mut self.converted,
            Some(CodeStatus::Candidate) => &mut self.pending,
            Some(CodeStatus::Disputed) => &mut self.disputed,
            Some(CodeStatus::Superseded) | None => return,
        };
        *part += figure.records;
        self.total += figure.records;
    }
}

/// Disputed mappings, after the mark, and whether there are more.
pub async fn disputes(
    actor: Actor<'_>,
    after: Option<LegacyCodeId>,
    limit: usize,
) -> Result<(Vec<Dispute>, bool), ConsoleError> {
    actor.demand(Permission::SeeCodes).await?;
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = actor.provider.store.disputed_codes(after, wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let mut shown = Vec::with_capacity(found.len());
    for record in found {
        shown.push(dispute(actor.provider, record).await?);
    }
    Ok((shown, more))
}

async fn dispute(provider: &Provider, record: LegacyRecord) -> Result<Dispute, ConsoleError> {
    let mapping = codes::open(provider, &record)?;
    let value = LegacyCode::parse(record.kind, &mapping.value, Synthetic::Accepted);
    let batch = provider.store.find_code_batch(record.batch).await?;
    let rival = match provider.store.rival_of(&record).await? {
        Some(rival) => {
            let batch = provider.store.find_code_batch(rival.batch).await?;
            let uscc = shown(&codes::open(provider, &rival)?.uscc).0;
            batch.map(|batch| (uscc, batch))
        }
        None => None,
    };
    let (uscc, is_business) = shown(&mapping.uscc);
    Ok(Dispute {
        value: value.map_or_else(|_| String::new(), |value| value.masked()),
        uscc,
        name: Some(mapping.name).filter(|_| !is_business),
        rival,
        batch: batch.ok_or(ConsoleError::NotFound)?,
        record,
    })
}

/// A credit code as others may see it, and whether it is an individual business's.
fn shown(uscc: &str) -> (String, bool) {
    match Uscc::parse(uscc, Synthetic::Accepted) {
        Ok(uscc) => (uscc.masked().into_owned(), uscc.is_individual_business()),
        Err(_) => (String::new(), true),
    }
}

/// Reads a file into a batch that waits for two officers; after a dry run there is only what was found in it.
pub async fn hand_in(
    actor: Actor<'_>,
    kind: BatchKind,
    file: &[u8],
    order: Order<'_>,
) -> Result<(Option<CodeBatchId>, Report), ConsoleError> {
    actor.demand(Permission::AskAboutCodes).await?;
    let by = (actor.context, Some(actor.operator.id));
    Ok(match kind {
        BatchKind::Legacy => import(actor.provider, by, file, order, |_, _| Ok(())).await?,
        BatchKind::New => announce(actor.provider, by, file, order).await?,
    })
}

/// Whether two officers can take a batch back. New codes that were confirmed are published, and stay.
pub fn can_be_taken_back(batch: &CodeBatch) -> bool {
    match batch.state {
        BatchState::Staged => true,
        BatchState::Confirmed => batch.kind == BatchKind::Legacy,
        BatchState::Importing | BatchState::RolledBack => false,
    }
}

/// New codes of a batch after the mark, as they are published, with the mark of each; and whether there are more.
pub async fn announced(
    actor: Actor<'_>,
    batch: CodeBatchId,
    after: Option<Uuid>,
    limit: usize,
) -> Result<(Vec<(Uuid, PublishedCode)>, bool), ConsoleError> {
    actor.demand(Permission::SeeCodes).await?;
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = publication::codes_in(actor.provider, batch, after, wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// Asks a second officer to let a batch count, or to take one back.
pub async fn ask_about_batch(
    actor: Actor<'_>,
    (id, confirm): (CodeBatchId, bool),
    why: &str,
) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::AskAboutCodes).await?;
    let batch = actor.provider.store.find_code_batch(id).await?.ok_or(ConsoleError::NotFound)?;
    let possible =
        if confirm { batch.state == BatchState::Staged } else { can_be_taken_back(&batch) };
    if !possible {
        return Err(ConsoleError::Over);
    }
    let request = match (confirm, batch.kind) {
        (true, BatchKind::Legacy) => Request::ConfirmCodes { batch: id },
        // What is never taken back two people have seen.
        (true, BatchKind::New) if actor.operator.client_id.is_some() => {
            return Err(ConsoleError::Second);
        }
        (true, BatchKind::New) if actor.provider.store.reports_of_withdrawn(id).await? => {
            return Err(ConsoleError::CodeWithdrawn);
        }
        (true, BatchKind::New) => Request::PublishCodes { batch: id },
        (false, _) => Request::RollBackCodes { batch: id },
    };
    acts::ask(actor, request, why).await
}

/// Asks a second officer to settle a disputed mapping.
pub async fn ask_to_settle(
    actor: Actor<'_>,
    (code, accept): (LegacyCodeId, bool),
    why: &str,
) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::AskAboutCodes).await?;
    let found = actor.provider.store.find_legacy_code(code).await?;
    match found.ok_or(ConsoleError::NotFound)?.status {
        CodeStatus::Disputed => {}
        _ => return Err(ConsoleError::Over),
    }
    acts::ask(actor, Request::SettleCode { code, accept }, why).await
}

/// What an approval does.
pub(super) fn effect(request: &Request) -> Result<Effect, ConsoleError> {
    Ok(Effect::Codes(match request {
        Request::ConfirmCodes { batch } | Request::PublishCodes { batch } => {
            CodeStep::Confirm(*batch)
        }
        Request::RollBackCodes { batch } => CodeStep::RollBack(*batch),
        Request::SettleCode { code, accept: true } => CodeStep::Accept(*code),
        Request::SettleCode { code, accept: false } => CodeStep::Reject(*code),
        _ => return Err(ConsoleError::NotFound),
    }))
}

impl From<CodesError> for ConsoleError {
    fn from(error: CodesError) -> Self {
        match error {
            CodesError::Store(error) => error.into(),
            CodesError::Vault(error) => error.into(),
            other => Self::Codes(other),
        }
    }
}
