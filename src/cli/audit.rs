//! `yihao audit`: verifying the chain, and exporting it.

use serde_json::json;

use crate::audit::chain;
use crate::cli::output;
use crate::provider::Provider;

/// What to do with the audit chain.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Reads the whole chain and says where it was changed, cut or made anew.
    #[command(after_help = "Example:\n  yihao audit verify --config yihao.toml --json")]
    Verify,
    /// Writes every record as a JSON line; what is personal stays sealed.
    #[command(after_help = "Example:\n  yihao audit export > audit.jsonl")]
    Export,
}

/// Records read at once.
const BATCH: i64 = 1000;

/// Runs the command.
pub async fn run(provider: &Provider, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::Verify => verify(provider, json).await,
        Command::Export => export(provider).await,
    }
}

async fn verify(provider: &Provider, json: bool) -> anyhow::Result<()> {
    let found = chain::verify(provider).await?;
    if json {
        output::json(&found)?;
    } else {
        output::line(&format!(
            "{} records, {} signed heads, {} records not chained yet",
            found.records, found.heads, found.unsealed
        ))?;
        for broken in &found.breaks {
            output::line(&format!("at {}: {}", broken.sequence, broken.problem))?;
        }
    }
    if found.breaks.is_empty() { Ok(()) } else { anyhow::bail!("the audit chain is broken") }
}

async fn export(provider: &Provider) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let batch = provider.store.audit_chain(after, BATCH).await?;
        if batch.is_empty() {
            return Ok(());
        }
        for sealed in batch {
            let Some((sequence, link)) = sealed.seal else { continue };
            after = sequence;
            let record = sealed.record;
            let details: serde_json::Value = serde_json::from_str(&record.details)?;
            let told = json!({
                "sequence": sequence, "id": record.id.0, "at": record.at.to_rfc3339(),
                "kind": record.kind, "outcome": record.outcome, "reason": record.reason,
                "account": record.account_id, "client_id": record.client_id,
                "request_id": record.request_id, "details": details,
                "personal": hex::encode(&record.personal),
                "mac": hex::encode(&record.mac), "link": hex::encode(&link),
            });
            output::line(&told.to_string())?;
        }
    }
}
