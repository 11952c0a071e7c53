//! `yihao register`: filling the replica of the population register.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use serde_json::json;

use crate::audit;
use crate::cli::output;
use crate::domain::audit_event::AuditKind;
use crate::domain::citizen_id::CitizenId;
use crate::domain::id::IdentifierDigest;
use crate::domain::person_name::PersonName;
use crate::domain::request_context::RequestContext;
use crate::login::identifier;
use crate::provider::Provider;
use crate::registers::replica::Replica;

/// What to do with registers.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Imports a register.
    #[command(subcommand)]
    Import(Import),
}

/// Which register.
#[derive(clap::Subcommand)]
pub enum Import {
    /// The population: a CSV file with the columns `name` and `id_number`.
    #[command(after_help = "Example:\n  yihao register import people people.csv --dry-run")]
    People {
        /// The file, UTF-8.
        file: PathBuf,
        /// Only look: say what would be done, change nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Rows written in one transaction.
const BATCH: usize = 1000;
/// So many refused rows are named.
const NAMED: usize = 20;

#[derive(serde::Deserialize)]
struct Row {
    name: String,
    id_number: String,
}

/// What an import did.
#[derive(Default)]
struct Tally {
    rows: u64,
    written: u64,
    refused: BTreeMap<&'static str, u64>,
    lines: Vec<String>,
}

/// Runs the command.
pub async fn run(provider: &Provider, command: Command, json: bool) -> anyhow::Result<()> {
    let Command::Import(Import::People { file, dry_run }) = command;
    let tally = import(provider, &file, dry_run, json).await?;
    let refused: u64 = tally.refused.values().sum();
    if !dry_run {
        let context = RequestContext::internal("import");
        let event = audit::done(AuditKind::RegisterImported).detail("register", "population");
        let event = event.detail("written", tally.written).detail("refused", refused);
        provider.store.record_import(event.record(provider, &context)).await?;
    }
    if !json {
        for line in &tally.lines {
            output::line(line)?;
        }
    }
    let told = json!({
        "rows": tally.rows, "written": tally.written, "refused": refused,
        "reasons": tally.refused, "dry_run": dry_run,
    });
    output::object(&told, json)
}

async fn import(
    provider: &Provider,
    file: &PathBuf,
    dry_run: bool,
    quiet: bool,
) -> anyhow::Result<Tally> {
    let named = || format!("cannot read {}", file.display());
    let length = std::fs::metadata(file).with_context(named)?.len();
    let mut reader = csv::Reader::from_path(file).with_context(named)?;
    let progress = if quiet { ProgressBar::hidden() } else { ProgressBar::new(length) };
    let style = "{bar:30} {percent:>3}%  {bytes_per_sec}  {eta} left";
    progress.set_style(ProgressStyle::with_template(style)?);
    let headers = reader.headers().with_context(named)?.clone();
    for column in ["name", "id_number"] {
        if !headers.iter().any(|header| header == column) {
            anyhow::bail!("{} has no column `{column}`", file.display());
        }
    }
    let (mut tally, mut batch) = (Tally::default(), Vec::with_capacity(BATCH));
    let mut record = csv::StringRecord::new();
    loop {
        let more = reader.read_record(&mut record);
        let line = record.position().map_or(0, csv::Position::line);
        match more {
            Ok(false) => break,
            Ok(true) => match read(provider, &record, &headers) {
                Ok(entry) => batch.push(entry),
                Err(reason) => tally.refuse(line, reason),
            },
            Err(error) if error.is_io_error() => return Err(error).with_context(named),
            Err(_) => tally.refuse(line, "not a row of this table"),
        }
        tally.rows += 1;
        if batch.len() == BATCH {
            progress.set_position(reader.position().byte());
            tally.written += write(provider, &mut batch, dry_run).await?;
        }
    }
    tally.written += write(provider, &mut batch, dry_run).await?;
    progress.finish_and_clear();
    Ok(tally)
}

impl Tally {
    /// Names the line, never what stands in it.
    fn refuse(&mut self, line: u64, reason: &'static str) {
        *self.refused.entry(reason).or_default() += 1;
        if self.lines.len() < NAMED {
            self.lines.push(format!("line {line}: {reason}"));
        }
    }
}

fn read(
    provider: &Provider,
    record: &csv::StringRecord,
    headers: &csv::StringRecord,
) -> Result<(IdentifierDigest, Vec<u8>), &'static str> {
    let row: Row = record.deserialize(Some(headers)).map_err(|_| "not a row of this table")?;
    let synthetic = identifier::synthetic(&provider.config);
    let number = CitizenId::parse(&row.id_number, synthetic).map_err(|_| "not an ID number")?;
    let name = PersonName::parse(&row.name).map_err(|_| "not a name")?;
    Ok(Replica::entry(&provider.vault, name.expose(), number.expose()))
}

async fn write(
    provider: &Provider,
    batch: &mut Vec<(IdentifierDigest, Vec<u8>)>,
    dry_run: bool,
) -> anyhow::Result<u64> {
    let people = std::mem::take(batch);
    if dry_run {
        return Ok(people.len() as u64);
    }
    Ok(provider.store.import_people(people, provider.clock.now()).await?)
}
