//! An import of a register, from its first batch to its last: where it stands moves in the transaction of
//! each batch, so that it goes on after any end. Two who would go on with one are told apart by `version`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::audit_event::AuditRecord;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::audit::append;
use crate::store::sql::db::Tx;
use crate::store::sql::db::execute;
use crate::store::sql::db::fetch;
use crate::store::sql::registers::Register;
use crate::store::sql::registers::RegisterEntry;
use crate::store::sql::registers::put::Put;
use crate::store::sql::registers::put::put;
use crate::store::sql::registers::staging;

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportState {
    /// The file is being read.
    #[default]
    Reading,
    /// It was read to its end; what lies beside the replica is moved into it, one slice after another.
    Merging,
}

/// Where an import stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportMark {
    /// How often it has moved.
    pub version: i64,
    /// How far it has come.
    pub state: ImportState,
    /// Bytes of the file that are done.
    pub read_to: i64,
    /// The line that comes next.
    pub line: i64,
    /// SM3 of the bytes that are done.
    pub file_digest: [u8; 32],
    /// How long the report of refused rows is.
    pub report_length: i64,
    /// Entries that lie beside the replica.
    pub staged: i64,
    /// The slice that comes next.
    pub slice: i64,
    /// What was done so far.
    pub tally: ImportTally,
}

/// What an import has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportTally {
    /// Rows of the file.
    pub rows: u64,
    /// Rows refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Rows taken though something about them is odd, by what it is.
    pub odd: BTreeMap<String, u64>,
    /// Different entries among the rows.
    pub entries: u64,
    /// Entries that were not there before.
    pub added: u64,
    /// Entries that said something else before.
    pub rewritten: u64,
    /// Organisations whose status or representative changed.
    pub changed: u64,
}

type Row = (i64, String, i64, i64, Vec<u8>, i64, i64, i64, String);

impl Store {
    /// The import of this register that is under way.
    pub async fn find_import(&self, register: Register) -> Result<Option<ImportMark>, StoreError> {
        let row = fetch!(
            &self.db,
            fetch_optional,
            Row,
            "SELECT version, state, read_to, line, file_digest, report_length, staged, slice, tally
               FROM register_import WHERE name = $1",
            register.name()
        )?;
        row.map(read).transpose()
    }

    /// Begins one, unless one is under way.
    pub async fn begin_import(
        &self,
        register: Register,
        mark: ImportMark,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let is_first = execute!(
                    tx,
                    "INSERT INTO register_import
                        (name, version, state, read_to, line, file_digest, report_length, staged, slice,
                         tally, started_at, updated_at)
                     VALUES ($1, $2, 'reading', $3, $4, $5, 0, 0, 0, '{}', $6, $6)
                     ON CONFLICT (name) DO NOTHING",
                    register.name(),
                    mark.version,
                    mark.read_to,
                    mark.line,
                    &mark.file_digest[..],
                    now.0
                )? == 1;
                if is_first {
                    staging::make(tx, register).await?;
                }
                Ok(is_first)
            })
        })
        .await
    }

    /// Forgets the one that is under way. What it wrote into the replica stays there.
    pub async fn forget_import(&self, register: Register) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                staging::take_time(tx).await?;
                let name = register.name();
                execute!(tx, "DELETE FROM register_import WHERE name = $1", name)?;
                staging::remove(tx, register).await
            })
        })
        .await
    }

    /// Keeps a batch, its rows with their lines, and moves the import to `mark`. Gives what is done by
    /// now; nothing: somebody else moved it, and nothing was kept.
    ///
    /// In SQLite the rows enter the replica at once; in PostgreSQL they lie beside it until
    /// [`Store::merge_import`], since one sorted pass costs a tenth of many scattered ones.
    pub async fn import_batch(
        &self,
        register: Register,
        rows: Vec<(u64, RegisterEntry)>,
        mark: ImportMark,
        now: Timestamp,
    ) -> Result<Option<ImportTally>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                staging::take_time(tx).await?;
                if !move_to(tx, register, &mark, now).await? {
                    return Ok(None);
                }
                if matches!(tx, Tx::Postgres(_)) {
                    staging::copy(tx, register, &rows).await?;
                    return Ok(Some(mark.tally));
                }
                let entries = rows.into_iter().map(|row| row.1).collect();
                let (done, _) = put(tx, register, entries, now).await?;
                count(tx, register, mark.tally, &done).await.map(Some)
            })
        })
        .await
    }

    /// Moves the slice before `mark.slice` into the replica, one of `slices`, and the import to `mark`.
    /// Gives what is done by now; nothing: somebody else moved it.
    pub async fn merge_import(
        &self,
        register: Register,
        slices: i64,
        mark: ImportMark,
        now: Timestamp,
    ) -> Result<Option<ImportTally>, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                staging::take_time(tx).await?;
                if !move_to(tx, register, &mark, now).await? {
                    return Ok(None);
                }
                let slice = staging::Slice { number: mark.slice - 1, of: slices };
                let done = staging::merge(tx, register, slice, now).await?;
                count(tx, register, mark.tally, &done).await.map(Some)
            })
        })
        .await
    }

    /// Ends an import: counts what is there now, and records it. False: somebody else did.
    pub async fn finish_import(
        &self,
        register: Register,
        version: i64,
        record: AuditRecord,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                staging::take_time(tx).await?;
                let is_ours = execute!(
                    tx,
                    "DELETE FROM register_import WHERE name = $1 AND version = $2",
                    register.name(),
                    version
                )? == 1;
                if !is_ours {
                    return Ok(false);
                }
                staging::remove(tx, register).await?;
                note_state(tx, register, record.at).await?;
                append(tx, &record).await?;
                Ok(true)
            })
        })
        .await
    }

    /// Whether batches lie beside the replica until they are merged.
    pub fn stages_imports(&self) -> bool {
        matches!(self.db, crate::store::sql::db::Db::Postgres(_))
    }

    /// How many entries lie beside the replica. After a crash of the database's server it may be fewer
    /// than there were: they are kept without a log of their own.
    pub async fn staged_entries(&self, register: Register) -> Result<i64, StoreError> {
        self.write(move |tx| Box::pin(async move { staging::count(tx, register).await })).await
    }
}

async fn note_state(tx: &mut Tx<'_>, register: Register, at: Timestamp) -> Result<(), StoreError> {
    let (name, at) = (register.name(), at.0);
    let counted = match register {
        Register::Population => execute!(
            tx,
            "INSERT INTO register_state (name, entries, imported_at)
             SELECT $1, COUNT(*), $2 FROM population WHERE 1 = 1
             ON CONFLICT (name) DO UPDATE
             SET entries = excluded.entries, imported_at = excluded.imported_at",
            name,
            at
        ),
        Register::LegalEntities => execute!(
            tx,
            "INSERT INTO register_state (name, entries, imported_at)
             SELECT $1, COUNT(*), $2 FROM legal_entity WHERE 1 = 1
             ON CONFLICT (name) DO UPDATE
             SET entries = excluded.entries, imported_at = excluded.imported_at",
            name,
            at
        ),
    };
    counted.map(drop)
}

/// Whether the import still stood where this caller thinks; whoever comes second finds it moved.
async fn move_to(
    tx: &mut Tx<'_>,
    register: Register,
    mark: &ImportMark,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let state = match mark.state {
        ImportState::Reading => "reading",
        ImportState::Merging => "merging",
    };
    let moved = execute!(
        tx,
        "UPDATE register_import
            SET version = $3, state = $4, read_to = $5, line = $6, file_digest = $7,
                report_length = $8, staged = $9, slice = $10, tally = $11, updated_at = $12
          WHERE name = $1 AND version = $2",
        register.name(),
        mark.version - 1,
        mark.version,
        state,
        mark.read_to,
        mark.line,
        &mark.file_digest[..],
        mark.report_length,
        mark.staged,
        mark.slice,
        tell(&mark.tally)?,
        now.0
    )?;
    Ok(moved == 1)
}

/// Adds what a batch or slice did.
async fn count(
    tx: &mut Tx<'_>,
    register: Register,
    mut tally: ImportTally,
    done: &Put,
) -> Result<ImportTally, StoreError> {
    tally.entries += done.latest;
    tally.added += done.added;
    tally.rewritten += done.rewritten;
    tally.changed += done.changed;
    let (name, text) = (register.name(), tell(&tally)?);
    execute!(tx, "UPDATE register_import SET tally = $2 WHERE name = $1", name, text)?;
    Ok(tally)
}

fn tell(tally: &ImportTally) -> Result<String, StoreError> {
    serde_json::to_string(tally).map_err(|_| StoreError::Unreadable("tally"))
}

fn read(row: Row) -> Result<ImportMark, StoreError> {
    let (version, state, read_to, line, digest, report_length, staged, slice, tally) = row;
    let unreadable = || StoreError::Unreadable("register import");
    Ok(ImportMark {
        version,
        state: match &*state {
            "reading" => ImportState::Reading,
            "merging" => ImportState::Merging,
            _ => return Err(unreadable()),
        },
        read_to,
        line,
        file_digest: digest.try_into().map_err(|_| unreadable())?,
        report_length,
        staged,
        slice,
        tally: serde_json::from_str(&tally).map_err(|_| unreadable())?,
    })
}
