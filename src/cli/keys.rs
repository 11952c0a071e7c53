//! `yihao keys`: the master key, and signing keys through their lives.

use serde_json::Value;
use serde_json::json;

use crate::audit;
use crate::cli::compose;
use crate::cli::output;
use crate::config::Config;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;
use crate::vault::Vault;

/// What to do with keys.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Makes the master key of a new deployment.
    #[command(after_help = "Example:\n  yihao keys init --config yihao.toml")]
    Init,
    /// Lists the signing keys that are published.
    #[command(after_help = "Example:\n  yihao keys list --json")]
    List,
    /// Lets every next signing key take over now; the old ones stay published for two days.
    #[command(after_help = "Example:\n  yihao keys rotate")]
    Rotate,
}

/// Makes the master key.
pub fn init(config: &Config) -> anyhow::Result<()> {
    compose::make_data_dir(config)?;
    let path = compose::master_key_path(config);
    if path.exists() {
        anyhow::bail!("there is a master key at {} already; it is left alone", path.display());
    }
    Vault::open(&path, true)?;
    output::line(&format!(
        "made {}; keep a copy apart from the database: without it nothing can be read",
        path.display()
    ))
}

/// Runs the command.
pub async fn run(provider: &Provider, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::Init => init(&provider.config),
        Command::List => list(provider, json).await,
        Command::Rotate => rotate(provider, json).await,
    }
}

async fn list(provider: &Provider, as_json: bool) -> anyhow::Result<()> {
    let keys = provider.store.list_signing_keys(provider.clock.now()).await?;
    let rows: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({
                "kid": key.kid, "alg": key.algorithm, "state": key.state,
                "created": key.created_at.to_rfc3339(),
                "published_until": key.expires_at.map(super::super::clock::Timestamp::to_rfc3339),
            })
        })
        .collect();
    output::rows(&["kid", "alg", "state", "created", "published_until"], &rows, as_json)
}

async fn rotate(provider: &Provider, as_json: bool) -> anyhow::Result<()> {
    let context = RequestContext::internal("keys-rotate");
    let record = audit::key_record(&provider.vault, &provider.clock, &context);
    let now = provider.clock.now();
    // A first turn publishes the next keys where there are none; the second lets them take over.
    let mut rotated = provider.keyring.advance(&provider.store, true, now, &record).await?;
    if rotated.is_empty() {
        rotated = provider.keyring.advance(&provider.store, true, now, &record).await?;
    }
    let names: Vec<&str> = rotated.iter().map(|algorithm| algorithm.as_str()).collect();
    output::object(&json!({ "rotated": names }), as_json)
}
