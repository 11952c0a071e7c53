//! `yihao client`: registering portals, until they can apply for themselves.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use anyhow::bail;
use serde_json::Value;
use serde_json::json;

use crate::cli::output;
use crate::domain::acting::SubjectKind;
use crate::domain::client::Client;
use crate::domain::client::ClientAuthentication;
use crate::domain::client::ClientId;
use crate::domain::client::GrantType;
use crate::domain::request_context::RequestContext;
use crate::domain::scope::Scope;
use crate::jose::json::parse_object;
use crate::protocol::registration;
use crate::protocol::registration::NewClient;
use crate::provider::Provider;

/// What to do with clients.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Registers a client, and shows its secret once.
    #[command(after_help = "Example:
  yihao client add portal --name 某某政务服务网 --redirect-uri https://portal.example/cb \\
      --post-logout-redirect-uri https://portal.example/ \\
      --backchannel-logout-uri https://portal.example/logout --scope 'openid profile phone'")]
    Add(Box<Add>),
    /// Lists clients.
    List,
    /// Shows one client.
    Show {
        /// `client_id`
        id: String,
    },
    /// Switches a client off; with --undo, on again.
    Disable {
        /// `client_id`
        id: String,
        /// Switch it on again.
        #[arg(long)]
        undo: bool,
    },
    /// Makes a new secret; the old one works until its grace time is over.
    #[command(after_help = "Example:\n  yihao client rotate-secret portal --grace-hours 24")]
    RotateSecret {
        /// `client_id`
        id: String,
        /// How long the old secret still works.
        #[arg(long, default_value_t = 24)]
        grace_hours: u64,
    },
}

/// A client to be registered.
#[derive(clap::Args)]
pub struct Add {
    /// `client_id`
    id: String,
    /// What people call it.
    #[arg(long)]
    name: String,
    /// Where the browser may come back to; may be repeated.
    #[arg(long = "redirect-uri")]
    redirect_uris: Vec<String>,
    /// Where the browser may go after logout; may be repeated.
    #[arg(long = "post-logout-redirect-uri")]
    post_logout_redirect_uris: Vec<String>,
    /// Where logout tokens are posted.
    #[arg(long)]
    backchannel_logout_uri: Option<String>,
    /// Scope values it may ask for.
    #[arg(long, default_value = "openid profile")]
    scope: String,
    /// `client_secret_basic`, `client_secret_post`, `private_key_jwt` or none.
    #[arg(long, default_value = "client_secret_basic")]
    authentication: String,
    /// A file with its public keys, a JWK set; needed for `private_key_jwt`.
    #[arg(long)]
    jwks_file: Option<PathBuf>,
    /// Grant types; may be repeated.
    #[arg(long = "grant-type", default_values = ["authorization_code", "refresh_token"])]
    grant_types: Vec<String>,
    /// Algorithm of its ID tokens: ES256, RS256, PS256, `EdDSA` or SM2.
    #[arg(long, default_value = "ES256")]
    alg: String,
    /// Audiences it may ask for with `resource`; may be repeated.
    #[arg(long = "resource")]
    resources: Vec<String>,
    /// Audiences it is, and may introspect tokens of; may be repeated.
    #[arg(long = "audience")]
    audiences: Vec<String>,
    /// Lets it do without PKCE; only for software that cannot.
    #[arg(long)]
    without_pkce: bool,
    /// Asks no consent: a portal of the province's own.
    #[arg(long)]
    first_party: bool,
    /// Why it may ask for the full ID number.
    #[arg(long)]
    id_number_purpose: Option<String>,
    /// For whom people may come to it: `natural_person`, `organisation`, `represented_person`; may be repeated.
    #[arg(long = "subject-kind", default_values = ["natural_person"])]
    subject_kinds: Vec<String>,
    /// All further members, as a JSON object that is laid over the client.
    #[arg(long)]
    with: Option<String>,
}

/// Runs the command.
pub async fn run(provider: &Provider, command: Command, json: bool) -> anyhow::Result<()> {
    let context = RequestContext::internal("client");
    match command {
        Command::Add(add) => run_add(provider, &context, *add, json).await,
        Command::List => list(provider, json).await,
        Command::Show { id } => output::object(&shown(&*find(provider, &id).await?)?, json),
        Command::Disable { id, undo } => {
            let client = find(provider, &id).await?;
            registration::set_disabled(provider, &context, &client, !undo, None).await?;
            output::object(&json!({ "client_id": id, "disabled": !undo }), json)
        }
        Command::RotateSecret { id, grace_hours } => {
            let client = find(provider, &id).await?;
            if client.secrets.is_empty() {
                bail!(
                    "{id} has no secret: it authenticates with {}",
                    client.authentication.as_str()
                );
            }
            let grace = Duration::from_secs(grace_hours.saturating_mul(3600));
            let secret = registration::rotate_secret(provider, &context, &client, grace).await?;
            output::object(&json!({ "client_id": id, "client_secret": secret }), json)
        }
    }
}

async fn run_add(
    provider: &Provider,
    context: &RequestContext,
    add: Add,
    json: bool,
) -> anyhow::Result<()> {
    let (client, secret) = read(add)?;
    registration::add(provider, context, &client).await?;
    let mut answer = shown(&client)?;
    if let (Some(secret), Some(members)) = (secret, answer.as_object_mut()) {
        members.insert("client_secret".to_owned(), json!(secret));
    }
    output::object(&answer, json)
}

fn read(add: Add) -> anyhow::Result<(Client, Option<String>)> {
    let id = ClientId::parse(&add.id).context("client_id: letters, digits and - . _ ~")?;
    let mut client = registration::new_client(NewClient {
        id,
        name: add.name,
        redirect_uris: add.redirect_uris,
    });
    client.post_logout_redirect_uris = add.post_logout_redirect_uris;
    client.backchannel_logout_uri = add.backchannel_logout_uri;
    client.scope = Scope::parse(&add.scope).context("--scope")?;
    client.authentication = ClientAuthentication::ALL
        .into_iter()
        .find(|method| method.as_str() == add.authentication)
        .context("--authentication: no such method")?;
    client.grant_types = Vec::new();
    for name in &add.grant_types {
        let known = GrantType::ALL.into_iter().find(|known| known.as_str() == name);
        client.grant_types.push(known.with_context(|| format!("--grant-type {name}"))?);
    }
    client.id_token_signed_response_alg = add.alg.parse().context("--alg: no such algorithm")?;
    client.resources = add.resources;
    client.audiences = add.audiences;
    client.policy.require_pkce = !add.without_pkce;
    client.policy.first_party = add.first_party;
    client.policy.id_number_purpose = add.id_number_purpose;
    client.policy.subject_kinds = std::collections::BTreeSet::new();
    for name in &add.subject_kinds {
        let known = SubjectKind::parse(name).with_context(|| format!("--subject-kind {name}"))?;
        client.policy.subject_kinds.insert(known);
    }
    if let Some(file) = add.jwks_file {
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let keys = parse_object(text.as_bytes()).context("--jwks-file is not a JSON object")?;
        client.jwks = Some(Value::Object(keys));
    }
    if let Some(with) = add.with {
        client = overlaid(&client, &with)?;
    }
    let needs_secret = matches!(
        client.authentication,
        ClientAuthentication::ClientSecretBasic | ClientAuthentication::ClientSecretPost
    );
    if !needs_secret {
        return Ok((client, None));
    }
    let (secret, kept) = registration::new_secret();
    client.secrets = vec![kept];
    Ok((client, Some(secret)))
}

/// Lays members over the client; a member that is no member of a client is an error.
fn overlaid(client: &Client, with: &str) -> anyhow::Result<Client> {
    let mut document = serde_json::to_value(client)?;
    let over = &parse_object(with.as_bytes()).context("--with is not a JSON object")?;
    for (name, value) in over {
        let slot = document.get_mut(name).with_context(|| format!("--with: no member `{name}`"))?;
        match (slot, value) {
            (Value::Object(slot), Value::Object(members)) => slot.extend(members.clone()),
            (slot, value) => *slot = value.clone(),
        }
    }
    serde_json::from_value(document).context("--with")
}

async fn list(provider: &Provider, json: bool) -> anyhow::Result<()> {
    let clients = provider.store.list_clients().await?;
    let rows: Vec<Value> = clients
        .iter()
        .map(|client| {
            json!({
                "client_id": client.id, "name": client.name,
                "authentication": client.authentication.as_str(),
                "state": if client.disabled_at.is_some() { "off" } else { "on" },
            })
        })
        .collect();
    output::rows(&["client_id", "name", "authentication", "state"], &rows, json)
}

async fn find(provider: &Provider, id: &str) -> anyhow::Result<std::sync::Arc<Client>> {
    let parsed = ClientId::parse(id).context("client_id: letters, digits and - . _ ~")?;
    let found = provider.store.find_client(&parsed).await?;
    found.with_context(|| format!("there is no client {id}"))
}

/// A client as it may be shown: its secrets are digests, and even those stay here.
fn shown(client: &Client) -> anyhow::Result<Value> {
    let mut document = serde_json::to_value(client)?;
    if let Some(members) = document.as_object_mut() {
        members.remove("secrets");
    }
    Ok(document)
}
