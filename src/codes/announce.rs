//! What authorities report of new codes, to be published: a file is kept whole or not at all, since what is
//! published cannot be taken back, only withdrawn by a later record.

use std::collections::HashSet;
use std::io::Read;

use crate::audit;
use crate::codes::CodesError;
use crate::codes::import::day;
use crate::codes::words;
use crate::domain::audit_event::AuditKind;
use crate::domain::code_record::Announced;
use crate::domain::code_record::Announcement;
use crate::domain::id::EntityDigest;
use crate::domain::legal_entity::OrganisationName;
use crate::domain::request_context::RequestContext;
use crate::domain::uscc::Uscc;
use crate::domain::uscc::UsccError;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::store::sql::NewAnnouncement;
use crate::table::Cells;
use crate::table::Column;
use crate::table::Encoding;
use crate::table::Table;
use crate::table::TableError;
use crate::table::Width;
use crate::vault::VaultError;

/// Most rows of one file: it is kept in one transaction.
const MOST_ROWS: usize = 20_000;

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

/// Keeps the codes of a file until the next day's batch; says how many.
pub async fn announce(
    provider: &Provider,
    context: &RequestContext,
    source: impl Read,
    (authority, encoding): (&str, Option<Encoding>),
) -> Result<usize, CodesError> {
    let authority = words(authority, "authority")?;
    let mut table = Table::begin(source, &COLUMNS, encoding, Width::Any)?;
    let mut kept = Vec::new();
    let mut seen = HashSet::new();
    while let Some(row) = table.next_row().map_err(TableError::from)? {
        let cells = row.whole()?;
        let line = cells.line();
        let refuse = |reason: &str| CodesError::Line { line, reason: reason.to_owned() };
        if kept.len() == MOST_ROWS {
            return Err(CodesError::TooMany(MOST_ROWS));
        }
        let new = read(provider, &cells).map_err(refuse)?;
        if seen.contains(&(new.uscc_digest, new.status)) {
            return Err(refuse("E_DUPLICATE"));
        }
        check(provider, &new, &seen).await?.map_err(refuse)?;
        seen.insert((new.uscc_digest, new.status));
        kept.push(new);
    }
    let count = kept.len();
    let event = audit::done(AuditKind::CodesAnnounced).detail("codes", count);
    let record = event.detail("authority", authority).record(provider, context);
    match provider.store.add_announcements(kept, record).await {
        Err(StoreError::Taken) => Err(CodesError::Over),
        other => Ok(other.map(|()| count)?),
    }
}

fn read(provider: &Provider, cells: &Cells<'_>) -> Result<NewAnnouncement, &'static str> {
    let uscc = Uscc::parse(cells.cell(USCC), provider.config.synthetic());
    let uscc = uscc.map_err(UsccError::code)?;
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
    Ok(NewAnnouncement { uscc_digest, status, document, received_at: provider.clock.now() })
}

/// A code is given out once, and only what was given out changes or is withdrawn, once, whether that stands further
/// up in the file or came before it.
async fn check(
    provider: &Provider,
    new: &NewAnnouncement,
    seen: &HashSet<(EntityDigest, Announcement)>,
) -> Result<Result<(), &'static str>, StoreError> {
    let told = async |status| {
        let (store, digest) = (&provider.store, new.uscc_digest);
        Ok::<_, StoreError>(
            seen.contains(&(digest, status)) || store.is_announced(digest, status).await?,
        )
    };
    let (known, withdrawn) =
        (told(Announcement::Issued).await?, told(Announcement::Withdrawn).await?);
    Ok(match new.status {
        Announcement::Issued if known => Err("E_ANNOUNCED"),
        Announcement::Changed | Announcement::Withdrawn if !known => Err("E_NOT_ANNOUNCED"),
        _ if withdrawn => Err("E_WITHDRAWN"),
        _ => Ok(()),
    })
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
