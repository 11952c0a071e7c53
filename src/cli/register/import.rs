//! An import from the file to the replica: one thread reads, all cores parse and seal, batches are written in
//! the order of the file. Memory holds a few batches, whatever the file's size; any end can be gone on from.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::Context;
use anyhow::bail;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::audit;
use crate::cli::register::report::Report;
use crate::cli::register::rows;
use crate::domain::audit_event::AuditKind;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;
use crate::store::sql::ImportMark;
use crate::store::sql::ImportState;
use crate::store::sql::ImportTally;
use crate::store::sql::Register;
use crate::store::sql::RegisterEntry;
use crate::table::Column;
use crate::table::Encoding;
use crate::table::Position;
use crate::table::Row;
use crate::table::Table;
use crate::table::Width;

/// Rows that are parsed and sealed together.
const CHUNK: usize = 1000;
/// Chunks that wait to be written at most: they are what memory holds.
const AHEAD: usize = 16;
/// Rows of a transaction: on SQLite others wait for it, on PostgreSQL nobody does.
const BATCH: usize = 5000;
const STAGED_BATCH: usize = 25_000;
/// Rows of a slice, about.
const SLICE: i64 = 1_000_000;
const MOST_SLICES: i64 = 256;
/// So many refused rows are named on the terminal.
const NAMED: usize = 20;
/// What is to be imported.
pub struct Order {
    /// Into which replica.
    pub register: Register,
    /// From where.
    pub file: PathBuf,
    /// As told.
    pub encoding: Option<Encoding>,
    /// Only look.
    pub dry_run: bool,
    /// Begin anew.
    pub restart: bool,
    /// Where refused rows are named.
    pub report: PathBuf,
    /// Show no progress.
    pub quiet: bool,
}

/// What was done.
pub struct Done {
    /// In numbers.
    pub tally: ImportTally,
    /// The first refused rows of this run.
    pub first_refused: Vec<String>,
    /// The line an interrupted import went on at.
    pub went_on_at: Option<i64>,
    /// How long this run took.
    pub seconds: u64,
    /// Rows a second, of this run.
    pub rate: u64,
}

impl Done {
    /// Rows that were refused.
    pub fn refused(&self) -> u64 {
        self.tally.refused.values().sum()
    }
}

/// A chunk, parsed and sealed, and where the file stands after it.
struct Sealed {
    entries: Vec<(u64, RegisterEntry)>,
    refused: Vec<(u64, &'static str)>,
    odd: Vec<&'static str>,
    rows: u64,
    after: Position,
}

/// An import at work.
struct Importer<'a> {
    provider: &'a Provider,
    order: &'a Order,
    mark: ImportMark,
    report: Report,
    first_refused: Vec<String>,
    progress: ProgressBar,
    begin: Instant,
    /// Rows that were done before this run.
    before: u64,
}

/// Imports, or goes on with an import of the same file.
pub async fn run(provider: &Provider, order: &Order) -> anyhow::Result<Done> {
    let columns = rows::columns(order.register);
    let mut table = open(order, columns)?;
    let (mark, went_on_at) = stand(provider, order, &mut table).await?;
    let report_length = u64::try_from(mark.report_length).unwrap_or(0);
    let report = Report::go_on(&order.report, report_length)?;
    let progress = if order.quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
    let before = mark.tally.rows;
    let mut importer = Importer {
        provider,
        order,
        mark,
        report,
        first_refused: Vec::new(),
        progress,
        begin: Instant::now(),
        before,
    };
    if importer.mark.state == ImportState::Reading {
        importer.read(table).await?;
    }
    if !order.dry_run {
        importer.merge().await?;
        importer.finish().await?;
    }
    importer.progress.finish_and_clear();
    let (seconds, rate) = importer.pace();
    let Importer { mark, first_refused, .. } = importer;
    Ok(Done { tally: mark.tally, first_refused, went_on_at, seconds, rate })
}

fn open(order: &Order, columns: &[Column]) -> anyhow::Result<Table<File>> {
    let file = File::open(&order.file);
    let file = file.with_context(|| format!("cannot read {}", order.file.display()))?;
    let table = Table::begin(file, columns, order.encoding, Width::Exact);
    table.with_context(|| order.file.display().to_string())
}

/// Where to begin: after the last batch of an interrupted import of this file, or at its first row.
async fn stand(
    provider: &Provider,
    order: &Order,
    table: &mut Table<File>,
) -> anyhow::Result<(ImportMark, Option<i64>)> {
    let (store, register) = (&provider.store, order.register);
    let fresh = mark_at(&ImportMark::default(), table.position())?;
    if order.dry_run {
        return Ok((fresh, None));
    }
    if order.restart {
        store.forget_import(register).await?;
    }
    if let Some(mark) = store.find_import(register).await? {
        let from = Position {
            read_to: u64::try_from(mark.read_to)?,
            line: u64::try_from(mark.line)?,
            digest: mark.file_digest,
        };
        if !table.go_on(from)? {
            bail!(
                "an import of another file was interrupted at its line {}: go on with that file, or begin \
                 with this one by --restart",
                mark.line
            );
        }
        if !store.stages_imports() || store.staged_entries(register).await? >= mark.staged {
            let line = mark.line;
            return Ok((mark, Some(line)));
        }
        tracing::warn!("what an interrupted import had read is lost; it begins anew");
        store.forget_import(register).await?;
        *table = open(order, rows::columns(register))?;
    }
    if !store.begin_import(register, fresh.clone(), provider.clock.now()).await? {
        bail!(SOMEBODY_ELSE);
    }
    Ok((fresh, None))
}

const SOMEBODY_ELSE: &str =
    "another import of this register is at work, or was a moment ago; try again";

/// The same import, standing there.
fn mark_at(mark: &ImportMark, position: Position) -> anyhow::Result<ImportMark> {
    Ok(ImportMark {
        read_to: i64::try_from(position.read_to)?,
        line: i64::try_from(position.line)?,
        file_digest: position.digest,
        ..mark.clone()
    })
}

impl Importer<'_> {
    async fn read(&mut self, table: Table<File>) -> anyhow::Result<()> {
        self.progress.set_length(std::fs::metadata(&self.order.file)?.len());
        let style = "{bar:30} {percent:>3}%  {msg}  {eta} left";
        self.progress.set_style(ProgressStyle::with_template(style)?);
        let batch = if self.provider.store.stages_imports() { STAGED_BATCH } else { BATCH };
        let mut chunks = read_ahead(self.provider, self.order.register, table);
        let mut entries = Vec::with_capacity(batch);
        let mut rows = 0;
        while let Some(chunk) = chunks.recv().await {
            let named = || format!("cannot read {}", self.order.file.display());
            let sealed = chunk.with_context(named)?.await?;
            self.count(&sealed)?;
            entries.extend(sealed.entries);
            rows += CHUNK;
            if rows >= batch {
                self.keep(std::mem::replace(&mut entries, Vec::with_capacity(batch))).await?;
                rows = 0;
            }
            self.progress.set_position(sealed.after.read_to);
            self.progress.set_message(format!("{} rows/s", self.pace().1));
        }
        if rows > 0 {
            self.keep(entries).await?;
        }
        Ok(())
    }

    /// Takes note of a chunk.
    fn count(&mut self, sealed: &Sealed) -> anyhow::Result<()> {
        self.mark = mark_at(&self.mark, sealed.after)?;
        let tally = &mut self.mark.tally;
        tally.rows += sealed.rows;
        for odd in &sealed.odd {
            *tally.odd.entry((*odd).to_owned()).or_default() += 1;
        }
        for (line, reason) in &sealed.refused {
            *tally.refused.entry((*reason).to_owned()).or_default() += 1;
            self.report.add(*line, reason)?;
            if self.first_refused.len() < NAMED {
                self.first_refused.push(format!("line {line}: {reason}"));
            }
        }
        Ok(())
    }

    /// Writes a batch; the import stands behind it from the same commit on.
    async fn keep(&mut self, entries: Vec<(u64, RegisterEntry)>) -> anyhow::Result<()> {
        let report_length = self.report.keep()?;
        if self.order.dry_run {
            return Ok(());
        }
        self.mark.report_length = i64::try_from(report_length)?;
        self.mark.version += 1;
        let (store, now) = (&self.provider.store, self.provider.clock.now());
        if store.stages_imports() {
            self.mark.staged += i64::try_from(entries.len())?;
        }
        let kept = store.import_batch(self.order.register, entries, self.mark.clone(), now).await?;
        // Who hangs on an organisation follows from `Store::legal_entity_changes`, where each batch has
        // noted what it changed.
        self.mark.tally = kept.context(SOMEBODY_ELSE)?;
        Ok(())
    }

    /// Moves what lies beside the replica into it.
    async fn merge(&mut self) -> anyhow::Result<()> {
        let store = &self.provider.store;
        if !store.stages_imports() || self.mark.staged == 0 {
            return Ok(());
        }
        let slices = (self.mark.staged / SLICE + 1).min(MOST_SLICES);
        self.progress.set_length(u64::try_from(slices)?);
        let style = "{bar:30} {percent:>3}%  entering the replica  {eta} left";
        self.progress.set_style(ProgressStyle::with_template(style)?);
        self.progress.reset_eta();
        while self.mark.slice < slices {
            self.progress.set_position(u64::try_from(self.mark.slice)?);
            self.mark.state = ImportState::Merging;
            self.mark.slice += 1;
            self.mark.version += 1;
            let (mark, now) = (self.mark.clone(), self.provider.clock.now());
            let merged = store.merge_import(self.order.register, slices, mark, now).await?;
            self.mark.tally = merged.context(SOMEBODY_ELSE)?;
        }
        Ok(())
    }

    async fn finish(&mut self) -> anyhow::Result<()> {
        let (provider, tally) = (self.provider, &self.mark.tally);
        let (register, version) = (self.order.register, self.mark.version);
        let refused: u64 = tally.refused.values().sum();
        let event = audit::done(AuditKind::RegisterImported).detail("register", register.name());
        let event = event.detail("written", tally.added + tally.rewritten);
        let event = event.detail("refused", refused).detail("changed", tally.changed);
        let record = event.record(provider, &RequestContext::internal("import"));
        if !provider.store.finish_import(register, version, record).await? {
            bail!(SOMEBODY_ELSE);
        }
        Ok(())
    }

    /// Seconds, and rows a second, of this run.
    fn pace(&self) -> (u64, u64) {
        let elapsed = self.begin.elapsed();
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        let rows = self.mark.tally.rows - self.before;
        (elapsed.as_secs(), rows.saturating_mul(1000) / milliseconds)
    }
}

/// Chunks in the order of the file, each as soon as it is sealed; or an error of the disk.
type Ahead = mpsc::Receiver<std::io::Result<oneshot::Receiver<Sealed>>>;
/// A chunk to be sealed, where the file stands after it, and who waits for it.
type Job = (Vec<Row>, Position, oneshot::Sender<Sealed>);

/// Reads on one thread, and parses and seals on as many as there are cores: more would only hold memory.
fn read_ahead(provider: &Provider, register: Register, mut table: Table<File>) -> Ahead {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let (jobs, queue) = std::sync::mpsc::sync_channel::<Job>(cores);
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..cores {
        let (provider, queue) = (provider.clone(), queue.clone());
        tokio::task::spawn_blocking(move || {
            // The lock is held while waiting, so one waits and the others work; it ends with the reader.
            let next = || queue.lock().ok()?.recv().ok();
            while let Some((chunk, after, waiting)) = next() {
                // Whoever waited may have gone.
                drop(waiting.send(seal(&provider, register, &chunk, after)));
            }
        });
    }
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        loop {
            let chunk = match read_chunk(&mut table) {
                Ok(chunk) if chunk.is_empty() => return,
                Ok(chunk) => chunk,
                Err(error) => {
                    drop(sender.blocking_send(Err(error)));
                    return;
                }
            };
            let (waiting, sealed) = oneshot::channel();
            let is_wanted = sender.blocking_send(Ok(sealed)).is_ok();
            if !is_wanted || jobs.send((chunk, table.position(), waiting)).is_err() {
                return;
            }
        }
    });
    receiver
}

fn read_chunk(table: &mut Table<File>) -> std::io::Result<Vec<Row>> {
    let mut chunk = Vec::with_capacity(CHUNK);
    while chunk.len() < CHUNK {
        let Some(row) = table.next_row()? else { break };
        chunk.push(row);
    }
    Ok(chunk)
}

fn seal(provider: &Provider, register: Register, chunk: &[Row], after: Position) -> Sealed {
    let synthetic = provider.config.synthetic();
    let mut sealed = Sealed {
        entries: Vec::with_capacity(chunk.len()),
        refused: Vec::new(),
        odd: Vec::new(),
        rows: chunk.len() as u64,
        after,
    };
    for row in chunk {
        match rows::take(register, row, &provider.vault, synthetic) {
            Ok(taken) => {
                sealed.entries.push((row.line, taken.entry));
                sealed.odd.extend(taken.odd);
            }
            Err(reason) => sealed.refused.push((row.line, reason)),
        }
    }
    sealed
}
