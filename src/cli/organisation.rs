//! `yihao organisation`: what an operator at a terminal may see and do of an organisation, where the console is not at
//! hand.

use anyhow::Context;
use serde_json::json;

use crate::audit;
use crate::cli::output;
use crate::clock::Timestamp;
use crate::codes;
use crate::console;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::OrganisationId;
use crate::domain::mandate::Principal;
use crate::domain::organisation::Organisation;
use crate::domain::policy::Synthetic;
use crate::domain::request_context::RequestContext;
use crate::domain::uscc::Uscc;
use crate::organisations::notices;
use crate::organisations::notices::Change;
use crate::provider::Provider;

/// Mandates that are counted at most.
const MOST: i64 = 10_000;

/// What to do with an organisation.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Shows an organisation; masked where it leads to a person.
    #[command(after_help = "Example:\n  echo 91140000… | yihao organisation show -")]
    Show(Which),
    /// Suspends an organisation: what goes on in its name ends, its mandates rest. A terminal cannot resume it: that is
    /// for two officers in the console.
    #[command(
        after_help = "Example:\n  echo 91140000… | yihao organisation suspend - --reason 来函协查"
    )]
    Suspend(Suspend),
}

/// What is suspended.
#[derive(clap::Args)]
pub struct Suspend {
    #[command(flatten)]
    which: Which,
    /// Why, in 2 to 200 characters; the audit record keeps it sealed.
    #[arg(long, value_parser = console::reason)]
    reason: String,
}

/// Which organisation.
#[derive(clap::Args)]
pub struct Which {
    /// The key of its account, or `-` to read a credit code, or one it had before, from standard input.
    organisation: String,
}

/// Runs the command.
pub async fn run(provider: &Provider, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::Show(which) => {
            let found = find(provider, &which.organisation).await?;
            show(provider, &found, json).await
        }
        Command::Suspend(Suspend { which, reason }) => {
            let found = find(provider, &which.organisation).await?;
            let event = audit::done(AuditKind::OrganisationSuspended).why(&reason);
            let record = event.detail("organisation", found.id.to_string());
            let record = record.record(provider, &RequestContext::internal("organisation"));
            let at = record.at;
            let changed = provider.store.suspend_organisation(found.id, record).await?;
            if changed {
                notices::changed(provider, found.id, Change::Suspended, at);
                messages_left(provider).await;
            }
            let told = json!({
                "organisation": found.id.to_string(), "status": "suspended", "changed": changed,
            });
            output::object(&told, json)
        }
    }
}

/// Waits until those who are to be told were told: with the command the process ends.
pub async fn messages_left(provider: &Provider) {
    provider.under_way.close();
    provider.under_way.wait().await;
}

/// The organisation of that key, or of the code on standard input.
pub async fn find(provider: &Provider, which: &str) -> anyhow::Result<Organisation> {
    let found = if which == "-" {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).context("cannot read the code")?;
        let uscc = match Uscc::parse(line.trim(), provider.config.synthetic()) {
            Ok(uscc) => Some(uscc),
            Err(_) => codes::find_uscc(provider, line.trim()).await?,
        };
        let uscc = uscc.context("not a code of an organisation")?;
        let digest = provider.vault.index_uscc(&uscc);
        provider.store.find_organisation_by_code(digest).await?
    } else {
        let id = which.parse().context("not the key of an organisation; use - for a code")?;
        provider.store.find_organisation(OrganisationId(id)).await?
    };
    found.context("nobody claimed such an organisation")
}

async fn show(provider: &Provider, found: &Organisation, json: bool) -> anyhow::Result<()> {
    let record = provider.vault.open_organisation(&found.record)?;
    let uscc = Uscc::parse(&record.uscc, Synthetic::Accepted).context("the record is no code")?;
    let register = match provider.legal_entities.find(&uscc).await {
        Ok(entity) => entity.map_or("unknown", |entity| entity.status.as_str()),
        Err(_) => "away",
    };
    let name = if uscc.is_individual_business() {
        provider.config.masking.name(&record.name)
    } else {
        record.name
    };
    let principal = Principal::Organisation(found.id);
    let open = provider.store.list_mandates_of(principal, true, (None, MOST)).await?;
    let shown = json!({
        "organisation": found.id.to_string(),
        "uscc": uscc.masked(),
        "name": name,
        "register": register,
        "status": if found.suspended_at.is_some() { "suspended" } else { "active" },
        "suspended": found.suspended_at.map(Timestamp::to_rfc3339),
        "mandates": open.len(),
        "claimed": found.claimed_at.to_rfc3339(),
        "compared": found.checked_at.to_rfc3339(),
    });
    output::object(&shown, json)
}
