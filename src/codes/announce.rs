//! What authorities report of new codes, to be published: a file is kept whole or not at all, and waits for two
//! officers, since what is published cannot be taken back, only withdrawn by a later record.

use std::collections::HashMap;
use std::collections::HashSet;
use std::io::Read;

use crate::codes::By;
use crate::codes::CodesError;
use crate::codes::Order;
use crate::codes::begin;
use crate::codes::handed_in;
use crate::codes::import::day;
use crate::codes::uscc_reason;
use crate::domain::audit_event::AuditKind;
use crate::domain::code_record::Announced;
use crate::domain::code_record::Announcement;
use crate::domain::code_record::BatchKind;
use crate::domain::code_record::CodeBatch;
use crate::domain::code_record::Report;
use crate::domain::id::CodeBatchId;
use crate::domain::id::EntityDigest;
use crate::domain::legal_entity::OrganisationName;
use crate::domain::uscc::Uscc;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::NewAnnouncement;
use crate::store::sql::Reported;
use crate::table::Cells;
use crate::table::Column;
use crate::table::Encoding;
use crate::table::Table;
use crate::table::TableError;
use crate::table::Width;
use crate::vault::VaultError;

/// Most rows of one file: it is kept in one transaction.
pub const MOST_ROWS: usize = 20_000;

/// So many rows are compared with what was reported before at once.
const PIECE: usize = 500;

const USCC: usize = 0;
const NAME: usize = 1;
const DATE: usize = 2;
const STATUS: usize = 3;

/// The columns of the file; without the last one every code is a new one.
const COLUMNS: [Column; 4] = [
    Column { name: "uscc", also: &["统一社会信用代码"], required: true },
    Column { name: "name", also: &["名称"], required: true },
    Column { name: "date", also: &["日期"], required: true },
    Column { name: "status", also: &["状态"], required: false },
];

/// Reads a file into a batch that waits for two officers; after a dry run there is none.
pub async fn announce(
    provider: &Provider,
    by: By<'_>,
    source: impl Read,
    order: Order<'_>,
) -> Result<(Option<CodeBatchId>, Report), CodesError> {
    let batch = begin(provider, BatchKind::New, &order)?;
    let announcements = read_all(provider, source, order.encoding).await?;
    let codes = announcements.len() as u64;
    let report = Report { rows: codes, valid: codes, ..Report::default() };
    if order.dry_run {
        return Ok((None, report));
    }
    let id = batch.id;
    let event = handed_in(AuditKind::CodesAnnounced, by).detail("batch", id.to_string());
    let event = event.detail("codes", codes).detail("authority", batch.authority.as_str());
    let record = event.record(provider, by.0);
    let batch = CodeBatch { report: report.clone(), ..batch };
    match provider.store.add_announcements(batch, announcements, record).await {
        Err(StoreError::Taken) => Err(CodesError::Over),
        other => Ok(other.map(|()| (Some(id), report))?),
    }
}

async fn read_all(
    provider: &Provider,
    source: impl Read,
    encoding: Option<Encoding>,
) -> Result<Vec<NewAnnouncement>, CodesError> {
    let mut table = Table::begin(source, &COLUMNS, encoding, Width::Any)?;
    let (mut kept, mut piece) = (Vec::new(), Vec::with_capacity(PIECE));
    let mut seen = HashSet::new();
    while let Some(row) = table.next_row().map_err(TableError::from)? {
        let cells = row.whole()?;
        let line = cells.line();
        if kept.len() + piece.len() == MOST_ROWS {
            return Err(CodesError::TooMany(MOST_ROWS));
        }
        match read(provider, &cells) {
            Ok(new) => piece.push((line, new)),
            Err(reason) => {
                // Whatever is wrong further up comes first.
                check(provider, piece, &mut seen, &mut kept).await?;
                return Err(refuse(line, reason));
            }
        }
        if piece.len() == PIECE {
            check(provider, std::mem::take(&mut piece), &mut seen, &mut kept).await?;
        }
    }
    check(provider, piece, &mut seen, &mut kept).await?;
    if kept.is_empty() { Err(CodesError::NoRows) } else { Ok(kept) }
}

fn refuse(line: i64, reason: &str) -> CodesError {
    CodesError::Line { line, reason: reason.to_owned() }
}

fn read(provider: &Provider, cells: &Cells<'_>) -> Result<NewAnnouncement, &'static str> {
    let uscc = Uscc::parse(cells.cell(USCC), provider.config.synthetic());
    let uscc = uscc.map_err(uscc_reason)?;
    let name = OrganisationName::parse(cells.cell(NAME)).map_err(|_| "E_NAME")?;
    let date = day(cells.cell(DATE)).ok_or("E_DATE")?;
    let status = match cells.cell(STATUS).trim() {
        "" | "新发" => Announcement::Issued,
        "变更" => Announcement::Changed,
        "撤销" => Announcement::Withdrawn,
        other => Announcement::parse(other).ok_or("E_STATUS")?,
    };
    let announced =
        Announced { uscc: uscc.to_string(), name: name.as_str().to_owned(), status, date };
    let uscc_digest = provider.vault.index_uscc(&uscc);
    let document = seal(provider, &announced).map_err(|_| "E_NAME")?;
    Ok(NewAnnouncement { uscc_digest, status, document })
}

/// Takes a piece of the file, if nothing in it contradicts what was reported before, here or elsewhere.
async fn check(
    provider: &Provider,
    piece: Vec<(i64, NewAnnouncement)>,
    seen: &mut HashSet<(EntityDigest, Announcement)>,
    kept: &mut Vec<NewAnnouncement>,
) -> Result<(), CodesError> {
    let digests: Vec<_> = piece.iter().map(|(_, new)| new.uscc_digest).collect();
    let before = provider.store.find_announcements(&digests).await?;
    for (line, new) in piece {
        judge(&new, seen, &before).map_err(|reason| refuse(line, reason))?;
        seen.insert((new.uscc_digest, new.status));
        kept.push(new);
    }
    Ok(())
}

/// A code is given out once, and only what was given out changes or is withdrawn, once. What waits for two officers
/// may be taken back, so what it gives out is not given out yet, unless it stands further up in the same file.
fn judge(
    new: &NewAnnouncement,
    seen: &HashSet<(EntityDigest, Announcement)>,
    before: &HashMap<(EntityDigest, Announcement), Reported>,
) -> Result<(), &'static str> {
    let reported = |status| {
        let key = (new.uscc_digest, status);
        if seen.contains(&key) { Some(Reported::Confirmed) } else { before.get(&key).copied() }
    };
    if seen.contains(&(new.uscc_digest, new.status)) {
        return Err("E_DUPLICATE");
    }
    let issued = reported(Announcement::Issued);
    match (new.status, issued, reported(Announcement::Withdrawn)) {
        (Announcement::Issued, Some(_), _) => Err("E_ANNOUNCED"),
        (Announcement::Changed | Announcement::Withdrawn, None, _) => Err("E_NOT_ANNOUNCED"),
        (_, _, Some(Reported::Confirmed)) => Err("E_WITHDRAWN"),
        (_, _, Some(Reported::Waiting)) | (_, Some(Reported::Waiting), _) => {
            Err("E_ANNOUNCEMENT_WAITS")
        }
        _ => Ok(()),
    }
}

/// What the seal of an announcement is bound to.
const PURPOSE: &str = "code announcement";

fn seal(provider: &Provider, announced: &Announced) -> Result<Vec<u8>, VaultError> {
    let json = serde_json::to_vec(announced).map_err(|_| VaultError::Sealed)?;
    Ok(provider.vault.seal_data(PURPOSE, &json))
}

/// What was reported.
pub(super) fn open(provider: &Provider, sealed: &[u8]) -> Result<Announced, CodesError> {
    let json = provider.vault.open_data(PURPOSE, sealed)?;
    Ok(serde_json::from_slice(&json).map_err(|_| StoreError::Unreadable("code announcement"))?)
}
