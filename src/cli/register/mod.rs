//! `yihao register`: filling the replicas of the population and the legal-entity register.

mod import;
pub mod report;
pub mod rows;

use std::path::PathBuf;

use anyhow::bail;
use serde_json::json;

use crate::cli::legacy_codes;
use crate::cli::output;
use crate::cli::register::import::Done;
use crate::cli::register::import::Order;
use crate::provider::Provider;
use crate::store::sql::Register;
use crate::table::Encoding;

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
    /// The population: a CSV file with the columns `name` and `id_number` and, for documents whose number does not
    /// tell what it is, `id_type` and `id_country`.
    #[command(after_help = "Example:\n  yihao register import people people.csv --dry-run")]
    People(Options),
    /// Organisations: a CSV file with the columns `uscc`, `name`, `status` and, where there is one,
    /// `representative_name` and `representative_id_number`; and, for documents whose number does not tell what it is,
    /// `representative_id_type` and `representative_id_country`.
    #[command(
        after_help = "Example:\n  yihao register import organisations organisations.csv --encoding gbk"
    )]
    Organisations(Options),
    /// Which credit codes took the place of which legacy codes, as a batch for two officers.
    #[command(after_help = legacy_codes::EXAMPLE)]
    LegacyCodes(legacy_codes::Import),
}

/// What is imported, and how.
#[derive(clap::Args)]
pub struct Options {
    /// The file.
    file: PathBuf,
    /// How its characters are written, utf-8 or gbk; without this it is looked for.
    #[arg(long, value_name = "ENCODING")]
    encoding: Option<Encoding>,
    /// Only look: say what would be done, change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Begin at the first line, although an import was interrupted and could go on.
    #[arg(long)]
    restart: bool,
    /// Where refused rows are named, by line and reason. Without this: beside the file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Runs the command.
pub async fn run(provider: &Provider, command: Command, json: bool) -> anyhow::Result<()> {
    let Command::Import(import) = command;
    let (register, options) = match import {
        Import::People(options) => (Register::Population, options),
        Import::Organisations(options) => (Register::LegalEntities, options),
        Import::LegacyCodes(what) => return legacy_codes::import(provider, what, json).await,
    };
    let report = options.report.unwrap_or_else(|| report::beside(&options.file));
    let order = Order {
        register,
        file: options.file,
        encoding: options.encoding,
        dry_run: options.dry_run,
        restart: options.restart,
        report,
        quiet: json,
    };
    let done = Box::pin(import::run(provider, &order)).await?;
    tell(&order, &done, json)?;
    match done.refused() {
        0 => Ok(()),
        some => bail!("{some} rows were refused; {} names their lines", order.report.display()),
    }
}

fn tell(order: &Order, done: &Done, json: bool) -> anyhow::Result<()> {
    if !json {
        for line in &done.first_refused {
            output::line(line)?;
        }
    }
    let (tally, refused) = (&done.tally, done.refused());
    let mut told = json!({
        "rows": tally.rows, "refused": refused, "reasons": tally.refused, "dry_run": order.dry_run,
        "seconds": done.seconds, "rows_per_second": done.rate,
    });
    let more = if order.dry_run {
        json!({ "acceptable": tally.rows - refused })
    } else {
        json!({
            "written": tally.added + tally.rewritten, "added": tally.added,
            "rewritten": tally.rewritten,
            "unchanged": tally.entries - tally.added - tally.rewritten,
            "repeated": tally.rows - refused - tally.entries,
            "went_on_at_line": done.went_on_at,
        })
    };
    let mut add = |more: serde_json::Value| {
        if let (Some(told), serde_json::Value::Object(more)) = (told.as_object_mut(), more) {
            told.extend(more);
        }
    };
    add(more);
    if order.register == Register::LegalEntities {
        add(json!({ "status_or_representative_changed": tally.changed, "odd": tally.odd }));
    }
    if refused > 0 {
        add(json!({ "report": order.report }));
    }
    output::object(&told, json)
}
