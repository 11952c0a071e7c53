//! Import of mappings from legacy codes to credit codes: a file becomes a batch, read whole or not at all, that
//! waits for two officers. What is wrong with a row is reported with its line and a stable reason, never with
//! what stands in it.

use std::io::Read;

use crate::codes::By;
use crate::codes::CodesError;
use crate::codes::Order;
use crate::codes::begin;
use crate::codes::handed_in;
use crate::codes::seal;
use crate::codes::uscc_reason;
use crate::domain::audit_event::AuditKind;
use crate::domain::code_record::BatchKind;
use crate::domain::code_record::CodeStatus;
use crate::domain::code_record::LegacyRecord;
use crate::domain::code_record::Mapping;
use crate::domain::code_record::Report;
use crate::domain::id::CodeBatchId;
use crate::domain::id::EntityDigest;
use crate::domain::id::LegacyCodeId;
use crate::domain::legacy_code::LegacyCode;
use crate::domain::legacy_code::LegacyCodeError;
use crate::domain::legacy_code::LegacyKind;
use crate::domain::legal_entity::OrganisationName;
use crate::domain::uscc::Uscc;
use crate::domain::uscc::UsccWarning;
use crate::provider::Provider;
use crate::table::Cells;
use crate::table::Column;
use crate::table::Table;
use crate::table::TableError;
use crate::table::Width;

/// Most rows of one batch: two officers move it in one statement, and nobody should wait for that.
pub const MOST_ROWS: usize = 200_000;
/// Rows written in one transaction.
const PIECE: usize = 500;

const KIND: usize = 0;
const VALUE: usize = 1;
const USCC: usize = 2;
const NAME: usize = 3;
const VALID_FROM: usize = 4;

/// The columns of the file; the last one may be missing.
const COLUMNS: [Column; 5] = [
    Column { name: "kind", also: &["类别"], required: true },
    Column { name: "value", also: &["旧代码"], required: true },
    Column { name: "uscc", also: &["统一社会信用代码"], required: true },
    Column { name: "name", also: &["名称"], required: true },
    Column { name: "valid_from", also: &["生效日期"], required: false },
];

/// Reads a file into a batch that waits for two officers; after a dry run there is none. Each row that is refused is
/// named as soon as it was read, by line and reason, while the report keeps the first ones only.
pub async fn import(
    provider: &Provider,
    by: By<'_>,
    source: impl Read,
    order: Order<'_>,
    refused: impl FnMut(i64, &str) -> std::io::Result<()>,
) -> Result<(Option<CodeBatchId>, Report), CodesError> {
    let batch = begin(provider, BatchKind::Legacy, &order)?;
    let id = batch.id;
    let table = Table::begin(source, &COLUMNS, order.encoding, Width::Any)?;
    provider.store.begin_code_batch(batch).await?;
    let read = fill(provider, id, table, refused).await;
    let report = match read {
        Ok(report) if !order.dry_run => report,
        other => {
            provider.store.discard_code_batch(id).await?;
            return Ok((None, other?));
        }
    };
    let event = handed_in(AuditKind::CodesImported, by).detail("batch", id.to_string());
    let event = event.detail("valid", report.valid).detail("conflict", report.conflict);
    let record = event.detail("refused", report.refused).record(provider, by.0);
    if !provider.store.stage_code_batch(id, report.clone(), record).await? {
        return Err(CodesError::Over);
    }
    Ok((Some(id), report))
}

async fn fill(
    provider: &Provider,
    batch: CodeBatchId,
    mut table: Table<impl Read>,
    mut refused: impl FnMut(i64, &str) -> std::io::Result<()>,
) -> Result<Report, CodesError> {
    let (mut report, mut piece) = (Report::default(), Vec::with_capacity(PIECE));
    while let Some(row) = table.next_row().map_err(TableError::from)? {
        let cells = row.whole()?;
        report.rows += 1;
        if report.rows > MOST_ROWS as u64 {
            return Err(CodesError::TooMany(MOST_ROWS));
        }
        match read(provider, batch, &cells) {
            Ok((record, warnings)) => {
                report.warned += u64::from(!warnings.is_empty());
                for warning in warnings {
                    report.tell(record.line, warning);
                }
                piece.push(record);
            }
            Err(reason) => {
                report.refused += 1;
                report.tell(cells.line(), reason);
                refused(cells.line(), reason).map_err(CodesError::Report)?;
            }
        }
        if piece.len() == PIECE {
            add(provider, &mut piece, &mut report).await?;
        }
    }
    add(provider, &mut piece, &mut report).await?;
    let (contradict, lines) = provider.store.mark_code_conflicts(batch, 100).await?;
    report.valid -= contradict;
    report.conflict += contradict;
    for line in lines {
        report.tell(line, "E_CONFLICT_IN_FILE");
    }
    report.findings.sort_by_key(|finding| finding.line);
    Ok(report)
}

/// A row as a record and what officers should look at in it, or why it is none.
fn read(
    provider: &Provider,
    batch: CodeBatchId,
    cells: &Cells<'_>,
) -> Result<(LegacyRecord, Vec<&'static str>), &'static str> {
    let synthetic = provider.config.synthetic();
    let kind = LegacyKind::parse(cells.cell(KIND)).ok_or("E_KIND")?;
    let code = LegacyCode::parse(kind, cells.cell(VALUE), synthetic);
    let code = code.map_err(LegacyCodeError::code)?;
    let uscc = Uscc::parse(cells.cell(USCC), synthetic).map_err(uscc_reason)?;
    let name = OrganisationName::parse(cells.cell(NAME)).map_err(|_| "E_NAME")?;
    let valid_from = match cells.cell(VALID_FROM).trim() {
        "" => None,
        text => Some(day(text).ok_or("E_DATE")?),
    };
    let id = LegacyCodeId::generate();
    let mapping = Mapping {
        value: code.expose().to_owned(),
        uscc: uscc.as_str().to_owned(),
        name: name.as_str().to_owned(),
    };
    let record = LegacyRecord {
        id,
        batch,
        line: cells.line(),
        kind,
        digest: provider.vault.index_code(kind, code.expose()),
        uscc_digest: provider.vault.index_uscc(&uscc),
        document: seal(provider, id, &mapping).map_err(|_| "E_NAME")?,
        city: uscc.division_code()[..4].to_owned(),
        status: CodeStatus::Candidate,
        valid_from,
        decided_by: None,
        decided_at: None,
    };
    Ok((record, warnings(&code, &uscc)))
}

/// What officers should look at though the row is taken: an authority may know better than table and rule.
fn warnings(code: &LegacyCode, uscc: &Uscc) -> Vec<&'static str> {
    let category = uscc.warning().map(|UsccWarning::UnknownCategory| "E_CATEGORY");
    let differs = code.differs_from(uscc).then_some("E_ORG_CODE_DIFFERS");
    category.into_iter().chain(differs).collect()
}

/// A day of the calendar, `2016-10-01`.
pub(super) fn day(text: &str) -> Option<String> {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text.trim(), format).ok().map(|day| day.to_string())
}

/// Keeps a piece beside what counts already.
async fn add(
    provider: &Provider,
    piece: &mut Vec<LegacyRecord>,
    report: &mut Report,
) -> Result<(), CodesError> {
    let mut records = std::mem::take(piece);
    let digests: Vec<_> = records.iter().map(|record| record.digest).collect();
    let counting = provider.store.converted_to(&digests).await?;
    for record in &mut records {
        if let Some(held) = counting.get(&record.digest) {
            compare(record, *held, report);
        }
    }
    let rows: Vec<_> = records.iter().map(|row| (row.id, row.line, row.status)).collect();
    let added = provider.store.add_legacy_codes(records).await?;
    for (id, line, status) in rows {
        match status {
            // It was told of when it was compared.
            CodeStatus::Superseded => {}
            _ if !added.contains(&id) => {
                report.duplicate += 1;
                report.tell(line, "E_DUPLICATE");
            }
            CodeStatus::Disputed => report.conflict += 1,
            _ => report.valid += 1,
        }
    }
    Ok(())
}

/// How a mapping stands beside the one that counts: spare where that says the same, since it may be taken back.
fn compare(record: &mut LegacyRecord, held: EntityDigest, report: &mut Report) {
    let (status, reason) = if held == record.uscc_digest {
        report.converted += 1;
        (CodeStatus::Superseded, "E_CONVERTED")
    } else {
        (CodeStatus::Disputed, "E_CONFLICT")
    };
    report.tell(record.line, reason);
    record.status = status;
}
