//! `yihao register import legacy-codes` and `yihao codes`: mappings from legacy codes to credit codes, and the
//! publication of new ones.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;
use anyhow::bail;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use serde_json::Value;
use serde_json::json;

use crate::cli::output;
use crate::cli::register::report;
use crate::cli::register::report::Report as Refused;
use crate::codes::Order;
use crate::codes::announce;
use crate::codes::import;
use crate::codes::publication;
use crate::console::codes as figures;
use crate::domain::code_record::CodeBatch;
use crate::domain::code_record::Report;
use crate::domain::id::CodeBatchId;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;
use crate::table::Encoding;

/// How it is imported.
pub const EXAMPLE: &str = "Example:
  yihao register import legacy-codes mappings.csv --authority 某某省市场监督管理局 \\
    --evidence 市监函〔2026〕12号 --dry-run";
/// So many batches are listed.
const LISTED: i64 = 50;

/// On whose word a file is handed in.
#[derive(clap::Args)]
struct Said {
    /// The authority that says so.
    #[arg(long)]
    authority: String,
    /// The letter or file it says so in.
    #[arg(long)]
    evidence: String,
    /// How the file is written: utf-8 or gbk. Seen from the file if it is not said.
    #[arg(long)]
    encoding: Option<Encoding>,
    /// Only look: say what would be done, keep nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Said {
    fn order(&self) -> Order<'_> {
        Order {
            authority: &self.authority,
            evidence: &self.evidence,
            encoding: self.encoding,
            dry_run: self.dry_run,
        }
    }
}

/// What is imported, and on whose word.
#[derive(clap::Args)]
pub struct Import {
    /// The file, CSV with the columns `kind`, `value`, `uscc`, `name` and perhaps `valid_from`.
    file: PathBuf,
    #[command(flatten)]
    said: Said,
    /// Where refused rows are named, by line and reason. Without this: beside the file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// What is announced, and on whose word.
#[derive(clap::Args)]
pub struct Announce {
    /// The file.
    file: PathBuf,
    #[command(flatten)]
    said: Said,
}

/// What to do with codes.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists batches of legacy codes and of new ones, newest first.
    #[command(after_help = "Example:\n  yihao codes list --json")]
    List,
    /// Shows what was found in a batch.
    #[command(after_help = "Example:\n  yihao codes show 0193f6a2-7c1e-7000-8000-000000000000")]
    Show {
        /// The batch.
        batch: uuid::Uuid,
    },
    /// Tells how many legacy codes are converted, by authority and city.
    #[command(after_help = "Example:\n  yihao codes figures --json")]
    Figures,
    /// Receives new credit codes of a CSV file with the columns `uscc`, `name`, `date` and perhaps
    /// `status`. Two officers let them be published, with the next day's batch.
    #[command(after_help = "Example:
  yihao codes announce new.csv --authority 某某省市场监督管理局 --evidence 市监函〔2026〕13号")]
    Announce(Announce),
    /// Publishes everything that was confirmed as the batch of today, if today has none.
    #[command(after_help = "Example:\n  yihao codes publish")]
    Publish,
}

/// Imports mappings.
pub async fn import(provider: &Provider, what: Import, as_json: bool) -> anyhow::Result<()> {
    let context = RequestContext::internal("import");
    let (source, progress) = watched(&what.file, as_json)?;
    let path = what.report.unwrap_or_else(|| report::beside(&what.file));
    let mut refused = Refused::begin(&path)?;
    let name = |line: i64, reason: &str| {
        refused.add(line.unsigned_abs(), reason).map_err(std::io::Error::other)
    };
    let imported =
        import::import(provider, (&context, None), source, what.said.order(), name).await;
    progress.finish_and_clear();
    refused.keep()?;
    let (batch, report) = imported.with_context(|| what.file.display().to_string())?;
    let mut told = summary(&report);
    told["batch"] = batch.map(|batch| batch.to_string()).into();
    told["dry_run"] = what.said.dry_run.into();
    if report.refused > 0 {
        told["report"] = json!(path);
    }
    tell(told, &report, as_json)?;
    match report.refused {
        0 => Ok(()),
        some => bail!("{some} rows were refused; {} names their lines", path.display()),
    }
}

/// The file, and how much of it was read.
fn watched(file: &Path, quiet: bool) -> anyhow::Result<(impl Read + use<>, ProgressBar)> {
    let source = open(file)?;
    let progress = if quiet { ProgressBar::hidden() } else { ProgressBar::no_length() };
    progress.set_length(source.metadata().map_or(0, |about| about.len()));
    progress.set_style(ProgressStyle::with_template("{bar:30} {percent:>3}%  {eta} left")?);
    Ok((progress.wrap_read(source), progress))
}

/// Runs the command.
pub async fn run(provider: &Provider, command: Command, as_json: bool) -> anyhow::Result<()> {
    match command {
        Command::List => list(provider, as_json).await,
        Command::Show { batch } => show(provider, CodeBatchId(batch), as_json).await,
        Command::Figures => tell_figures(provider, as_json).await,
        Command::Announce(what) => announce_new(provider, what, as_json).await,
        Command::Publish => {
            let context = RequestContext::internal("publish");
            let number = publication::publish_now(provider, &context).await?;
            output::object(&json!({ "published": number }), as_json)
        }
    }
}

async fn announce_new(provider: &Provider, what: Announce, as_json: bool) -> anyhow::Result<()> {
    let context = RequestContext::internal("announce");
    let source = open(&what.file)?;
    let announced = announce::announce(provider, (&context, None), source, what.said.order()).await;
    let (batch, report) = announced.with_context(|| what.file.display().to_string())?;
    let told = json!({
        "announced": report.valid, "batch": batch.map(|batch| batch.to_string()),
        "dry_run": what.said.dry_run,
    });
    output::object(&told, as_json)
}

async fn list(provider: &Provider, as_json: bool) -> anyhow::Result<()> {
    let batches = provider.store.list_code_batches(None, LISTED).await?;
    let rows: Vec<Value> = batches.iter().map(row).collect();
    output::rows(&["batch", "kind", "state", "authority", "records", "created"], &rows, as_json)
}

async fn show(provider: &Provider, id: CodeBatchId, as_json: bool) -> anyhow::Result<()> {
    let batch = provider.store.find_code_batch(id).await?;
    let batch = batch.with_context(|| format!("there is no batch {id}"))?;
    let mut told = summary(&batch.report);
    for (name, value) in row(&batch).as_object().into_iter().flatten() {
        told[name] = value.clone();
    }
    told["evidence"] = batch.evidence.clone().into();
    tell(told, &batch.report, as_json)
}

async fn tell_figures(provider: &Provider, as_json: bool) -> anyhow::Result<()> {
    let figures = figures::summed(provider.store.code_figures().await?);
    let rows: Vec<Value> = figures
        .rows
        .iter()
        .map(|(authority, city, of)| {
            json!({
                "authority": authority, "city": city, "total": of.total,
                "converted": of.converted, "pending": of.pending, "disputed": of.disputed,
            })
        })
        .collect();
    let columns = ["authority", "city", "total", "converted", "pending", "disputed"];
    output::rows(&columns, &rows, as_json)
}

fn row(batch: &CodeBatch) -> Value {
    json!({
        "batch": batch.id.to_string(), "kind": batch.kind.as_str(), "state": batch.state.as_str(),
        "authority": batch.authority, "records": batch.records,
        "created": batch.created_at.to_rfc3339(),
    })
}

fn summary(report: &Report) -> Value {
    json!({
        "rows": report.rows, "valid": report.valid, "refused": report.refused,
        "duplicate": report.duplicate, "conflict": report.conflict,
        "converted": report.converted, "warned": report.warned,
    })
}

/// Counts, and what was found in which line.
fn tell(mut told: Value, report: &Report, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        told["findings"] = json!(report.findings);
    } else {
        for finding in &report.findings {
            output::line(&format!("line {}: {}", finding.line, finding.reason))?;
        }
    }
    output::object(&told, as_json)
}

fn open(file: &Path) -> anyhow::Result<File> {
    File::open(file).with_context(|| format!("cannot read {}", file.display()))
}
