//! `yihao mandate`: who acts for an organisation or a person, masked; and ending one.

use anyhow::Context;
use anyhow::bail;
use serde_json::Value;
use serde_json::json;

use crate::audit;
use crate::cli::organisation;
use crate::cli::output;
use crate::clock::Timestamp;
use crate::console;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::id::MandateId;
use crate::domain::mandate::Mandate;
use crate::domain::mandate::MandateRole;
use crate::domain::mandate::MandateState;
use crate::domain::mandate::Principal;
use crate::domain::request_context::RequestContext;
use crate::organisations::notices;
use crate::provider::Provider;

/// What to do with mandates.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists who acts for an organisation or a person, newest first.
    #[command(after_help = "Example:\n  echo 91140000… | yihao mandate list --organisation -")]
    List(List),
    /// Ends a mandate, with what hangs on it. All of an organisation hangs on that of its legal
    /// representative, so a terminal cannot end it: that is for two officers in the console.
    #[command(
        after_help = "Example:\n  yihao mandate end 0193f6a2-7c1e-7d10-9a53-6b1f0c2d4e88 --reason 来函协查"
    )]
    End {
        /// Its key.
        mandate: uuid::Uuid,
        /// Why, in 2 to 200 characters; the audit record keeps it sealed.
        #[arg(long, value_parser = console::reason)]
        reason: String,
    },
}

/// Which mandates.
#[derive(clap::Args)]
pub struct List {
    /// The key of an organisation, or `-` to read its code from standard input.
    #[arg(long, required_unless_present = "account", conflicts_with = "account")]
    organisation: Option<String>,
    /// The key of a person's account.
    #[arg(long)]
    account: Option<uuid::Uuid>,
    /// Those that are over.
    #[arg(long)]
    over: bool,
    /// Those before this mandate, where the list before ended.
    #[arg(long, value_name = "MANDATE")]
    before: Option<uuid::Uuid>,
    /// So many at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
}

/// Runs the command.
pub async fn run(provider: &Provider, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::List(wanted) => list(provider, wanted, json).await,
        Command::End { mandate, reason } => end(provider, MandateId(mandate), &reason, json).await,
    }
}

async fn end(provider: &Provider, id: MandateId, why: &str, json: bool) -> anyhow::Result<()> {
    let held = provider.store.find_mandate(id).await?;
    let mandate = held.context("there is no such mandate")?.mandate;
    if mandate.terms.role == MandateRole::LegalRepresentative {
        bail!(
            "all of an organisation hangs on its legal representative's mandate: two officers end it in the console"
        );
    }
    let mut event = audit::done(AuditKind::MandateEnded).detail("mandate", id.to_string()).why(why);
    if let Some(agent) = mandate.agent {
        event = event.account_id(agent);
    }
    let record = event.record(provider, &RequestContext::internal("mandate"));
    let at = record.at;
    let ended = provider.store.end_mandate(id, MandateState::Revoked, record).await?;
    if ended {
        notices::ended(provider, mandate.principal, at, None);
        organisation::messages_left(provider).await;
    }
    output::object(&json!({ "mandate": id.to_string(), "changed": ended }), json)
}

async fn list(provider: &Provider, wanted: List, json: bool) -> anyhow::Result<()> {
    let principal = match (wanted.organisation, wanted.account) {
        (Some(which), _) => Principal::Organisation(organisation::find(provider, &which).await?.id),
        (None, account) => {
            Principal::Person(AccountId(account.context("an organisation or an account")?))
        }
    };
    let part = (wanted.before.map(MandateId), i64::from(wanted.limit));
    let found = provider.store.list_mandates_of(principal, !wanted.over, part).await?;
    let rows = found.iter().map(|mandate| row(provider, mandate));
    let rows = rows.collect::<anyhow::Result<Vec<Value>>>()?;
    let columns =
        ["mandate", "role", "state", "evidence", "name", "id_number", "valid_from", "valid_until"];
    output::rows(&columns, &rows, json)
}

fn row(provider: &Provider, mandate: &Mandate) -> anyhow::Result<Value> {
    let parties = provider.vault.open_parties(mandate.id, &mandate.parties)?;
    Ok(json!({
        "mandate": mandate.id.to_string(),
        "role": mandate.terms.role.as_str(),
        "state": mandate.state.as_str(),
        "evidence": mandate.evidence.as_str(),
        "name": provider.config.masking.name(&parties.agent_name),
        "id_number": parties.agent_number,
        "valid_from": mandate.terms.term.from.to_rfc3339(),
        "valid_until": mandate.terms.term.until.map(Timestamp::to_rfc3339),
    }))
}
