//! `yihao operator`: who works here, and the first officers, who are invited from the machine itself.

use anyhow::Context;
use anyhow::bail;
use serde_json::Value;
use serde_json::json;

use crate::audit;
use crate::cli::output;
use crate::console::invitations;
use crate::console::name_of;
use crate::domain::audit_event::AuditKind;
use crate::domain::operator::Region;
use crate::domain::operator::Role;
use crate::domain::request_context::RequestContext;
use crate::provider::Provider;

/// What to do with operators.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Lists operators.
    #[command(after_help = "Example:\n  yihao operator list --json")]
    List,
    /// Invites the first officer of every kind nobody has yet. An address made before is void.
    #[command(after_help = "Example:\n  yihao operator invite")]
    Invite,
    /// Disables an operator, the last officer of a kind too; a new one can then be invited.
    #[command(after_help = "Example:\n  yihao operator disable zhang.san && yihao operator invite")]
    Disable {
        /// What the operator types to log in.
        login_name: String,
    },
}

/// Runs the command.
pub async fn run(provider: &Provider, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::List => list(provider, json).await,
        Command::Disable { login_name } => disable(provider, &login_name, json).await,
        Command::Invite => {
            provider.store.void_first_invitations().await?;
            let made = invitations::invite_first(provider, &context()).await?;
            if made.is_empty() {
                bail!("every kind of officer is there; further ones are invited in the console");
            }
            tell(&made, json)
        }
    }
}

/// Invites the first officers as the provider starts, if somebody is there to read it. What opens the
/// console is written to a terminal and to no log.
pub async fn greet(provider: &Provider) -> anyhow::Result<()> {
    use std::io::IsTerminal;
    if std::io::stdout().is_terminal() {
        let made = invitations::invite_first(provider, &context()).await?;
        return if made.is_empty() { Ok(()) } else { tell(&made, false) };
    }
    for role in Role::OFFICERS {
        if !provider.store.has_operator(role).await? {
            let role = role.as_str();
            tracing::warn!(role, "there is no such officer yet: run `yihao operator invite`");
        }
    }
    Ok(())
}

fn context() -> RequestContext {
    RequestContext::internal("operator")
}

fn tell(made: &[(Role, String)], json: bool) -> anyhow::Result<()> {
    let row = |(role, url): &(Role, String)| json!({ "role": role.as_str(), "url": url });
    let rows: Vec<Value> = made.iter().map(row).collect();
    if !json {
        output::line(
            "Open each address once, within 72 hours, with an authenticator app at hand:",
        )?;
    }
    output::rows(&["role", "url"], &rows, json)
}

async fn disable(provider: &Provider, login_name: &str, json: bool) -> anyhow::Result<()> {
    let found = provider.store.find_operator_by_login_name(login_name).await?;
    let operator = found.context("there is no such operator")?;
    let record = audit::done(AuditKind::OperatorDisabled).operator(operator.id);
    let record = record.detail("by", "terminal").record(provider, &context());
    let changed = provider.store.disable_operator(operator.id, record).await?;
    let told = json!({ "operator": operator.id.to_string(), "active": false, "changed": changed });
    output::object(&told, json)
}

async fn list(provider: &Provider, json: bool) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for operator in provider.store.list_operators().await? {
        rows.push(json!({
            "operator": operator.id.to_string(),
            "login_name": operator.login_name,
            "name": name_of(provider, &operator.name)?,
            "client": operator.client_id,
            "role": operator.role.as_str(),
            "region": operator.region.as_ref().map(Region::code),
            "active": operator.is_active,
            "last_login": operator.last_login_at.map(crate::clock::Timestamp::to_rfc3339),
        }));
    }
    let columns =
        ["operator", "login_name", "client", "name", "role", "region", "active", "last_login"];
    output::rows(&columns, &rows, json)
}
