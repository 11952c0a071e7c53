//! `yihao account`: what an operator at a terminal may see and do of an account, where the console is not at hand.

use anyhow::Context;
use serde_json::json;

use crate::audit;
use crate::cli::output;
use crate::domain::account::Account;
use crate::domain::account::AccountStatus;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AccountId;
use crate::domain::request_context::RequestContext;
use crate::identifier;
use crate::identifier::Typed;
use crate::people::account_centre;
use crate::provider::Provider;

/// What to do with an account.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Shows an account, masked.
    #[command(after_help = "Example:\n  echo 99…X | yihao account show -")]
    Show(Which),
    /// Locks an account: every session ends, every token dies.
    Lock(Which),
    /// Unlocks an account, and forgets failed attempts.
    Unlock(Which),
}

/// Which account.
#[derive(clap::Args)]
pub struct Which {
    /// Its key, or `-` to read an ID number or phone from standard input: what stands on a command
    /// line is seen by everybody on the machine.
    account: String,
    /// Which document bears the number on standard input, where the number does not tell: `511` or `FOREIGN_PASSPORT`.
    #[arg(long, value_name = "TYPE", default_value = "")]
    id_type: String,
    /// Which country issued that passport, by its three letters.
    #[arg(long, value_name = "COUNTRY", default_value = "")]
    id_country: String,
}

/// Runs the command.
pub async fn run(provider: &Provider, command: Command, json: bool) -> anyhow::Result<()> {
    match command {
        Command::Show(which) => show(provider, &find(provider, &which).await?, json).await,
        Command::Lock(which) => {
            let (status, kind) = (AccountStatus::Locked, AuditKind::AccountLocked);
            change(provider, &find(provider, &which).await?, (status, kind), json).await
        }
        Command::Unlock(which) => {
            let account = find(provider, &which).await?;
            let record = audit::done(AuditKind::AccountUnlocked).account(&account);
            let record = record.detail("forgotten", "failed attempts");
            provider.store.record(record.record(provider, &context())).await?;
            crate::throttle::reset(provider, account.id).await?;
            let (status, kind) = (AccountStatus::Active, AuditKind::AccountUnlocked);
            change(provider, &account, (status, kind), json).await
        }
    }
}

async fn find(provider: &Provider, which: &Which) -> anyhow::Result<Account> {
    let found = if which.account == "-" {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).context("cannot read the identifier")?;
        let typed = Typed { text: line.trim(), card: &which.id_type, country: &which.id_country };
        let digest = identifier::digest(provider, typed).context("not an identifier")?;
        provider.store.find_account_by_identifier(&digest).await?
    } else {
        let id = which.account.parse().context("not the key of an account; use - for a number")?;
        provider.store.find_account(AccountId(id)).await?
    };
    found.context("there is no such account")
}

fn context() -> RequestContext {
    RequestContext::internal("account")
}

async fn show(provider: &Provider, account: &Account, json: bool) -> anyhow::Result<()> {
    let profile = provider.vault.open_profile(account)?;
    let (key, masks) = (profile.key(), provider.config.masking);
    let sessions = account_centre::sessions(provider, account).await?.len();
    let shown = json!({
        "account": account.id.to_string(),
        "status": account.status.as_str(),
        "name": masks.name(&profile.name),
        "id_type": key.document_type.code(),
        "id_country": key.country,
        "id_number": key.masked(),
        "phone": profile.phone.as_deref().map(|phone| masks.phone(phone)),
        "identity_assurance": account.identity_assurance.level(),
        "password": account.password_hash.is_some(),
        "totp": account.has_totp,
        "sessions": sessions,
        "created": account.created_at.to_rfc3339(),
    });
    output::object(&shown, json)
}

async fn change(
    provider: &Provider,
    account: &Account,
    (status, kind): (AccountStatus, AuditKind),
    json: bool,
) -> anyhow::Result<()> {
    let record = audit::done(kind).account(account).record(provider, &context());
    if matches!(account.status, AccountStatus::Cancelled | AccountStatus::Merged) {
        anyhow::bail!("the account is {}: it is used no more", account.status.as_str());
    }
    let now = provider.clock.now();
    let changed = provider.store.set_account_status(account.id, status, record, now).await?;
    let told = json!({
        "account": account.id.to_string(), "status": status.as_str(), "changed": changed,
    });
    output::object(&told, json)
}
