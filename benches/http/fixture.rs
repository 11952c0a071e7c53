//! The people and clients every run finds. Nobody of them exists, and every password is the same.

use anyhow::Context;
use futures_util::future::try_join_all;
use yihao::audit;
use yihao::cli::compose;
use yihao::clock::Clock;
use yihao::config::Config;
use yihao::domain::account::Profile;
use yihao::domain::assurance::IdentityAssurance;
use yihao::domain::audit_event::AuditKind;
use yihao::domain::client::AccessTokenFormat;
use yihao::domain::client::Client;
use yihao::domain::client::ClientId;
use yihao::domain::client::ClientSecret;
use yihao::domain::client::GrantType;
use yihao::domain::identity_document::IdentityDocument;
use yihao::domain::request_context::RequestContext;
use yihao::domain::scope::Scope;
use yihao::domain::synthetic;
use yihao::people::sign_up;
use yihao::protocol::registration;
use yihao::protocol::registration::NewClient;
use yihao::provider::Provider;

/// The password of everybody.
pub const PASSWORD: &str = "correct-horse-battery";
/// The secret of both clients.
pub const SECRET: &str = "bench-secret-bench-secret-bench-secret";
/// A portal that logs people in.
pub const PORTAL: &str = "bench";
/// Where it takes its codes.
pub const REDIRECT_URI: &str = "https://client.example.com/cb";
/// What it asks for.
pub const SCOPE: &str = "openid profile email offline_access";
/// A program that asks in its own name.
pub const SERVICE: &str = "bench-service";
/// Whom the program calls with its JWT.
pub const AUDIENCE: &str = "https://api.example.com";

/// So many accounts share a commit.
const AT_ONCE: u64 = 64;
/// So many numbers the synthetic range of phones has.
const PHONES: u64 = 10_000;

/// What stands in the store already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Nothing may.
    Nothing,
    /// Millions of people who have all the phones there are, and maybe those of a run before.
    Millions,
}

/// Fills the store of this configuration.
pub async fn prepare(config: Config, people: u64, beside: Beside) -> anyhow::Result<()> {
    compose::make_data_dir(&config)?;
    compose::open_store(&config).await?.migrate().await.context("migrate")?;
    let provider = compose::compose(config, Clock::system()).await?.provider;
    let context = RequestContext::internal("bench");
    let portal_id = ClientId::parse(PORTAL).context("a client id")?;
    if beside == Beside::Millions && provider.store.find_client(&portal_id).await?.is_some() {
        return Ok(());
    }
    for client in [portal()?, service()?] {
        registration::add(&provider, &context, &client).await?;
    }
    // One hash for all: hashing a thousand passwords would take longer than the run.
    let hash = provider.passwords.hash(PASSWORD.as_bytes()).await?;
    for first in (0..people).step_by(usize::try_from(AT_ONCE)?) {
        let group = first..people.min(first + AT_ONCE);
        try_join_all(group.map(|number| add_person(&provider, (number, beside), &hash))).await?;
    }
    Ok(())
}

/// The ID number with which this person logs in.
pub fn identifier(number: u64) -> String {
    synthetic::citizen_id(number).expose().to_owned()
}

async fn add_person(
    provider: &Provider,
    (number, beside): (u64, Beside),
    hash: &str,
) -> anyhow::Result<()> {
    let document = IdentityDocument::of_citizen_layout(&synthetic::citizen_id(number));
    // An outside driver counts through these.
    let phone =
        (number < PHONES && beside == Beside::Nothing).then(|| format!("+861000000{number:04}"));
    let profile = Profile {
        email: Some(format!("user{number}@example.com")),
        ..Profile::new(synthetic::name(number).expose(), document.key(), phone.as_deref())
    };
    let assurance = IdentityAssurance::REGISTER_MATCH;
    let new = sign_up::new_account(provider, &profile, Some(hash.to_owned()), assurance)?;
    let context = RequestContext::internal("bench");
    let record = || audit::done(AuditKind::SignUp).account(&new.account).record(provider, &context);
    let (done, taken) = (record(), record());
    let added = provider.store.add_account(new, done, taken).await?;
    anyhow::ensure!(added, "person {number} exists already: the store was not empty");
    Ok(())
}

fn portal() -> anyhow::Result<Client> {
    let mut client = client(PORTAL)?;
    client.redirect_uris = vec![REDIRECT_URI.to_owned()];
    client.scope = Scope::parse("openid profile phone email offline_access")?;
    client.policy.first_party = true;
    client.policy.rotate_refresh_tokens = true;
    Ok(client)
}

fn service() -> anyhow::Result<Client> {
    let mut client = client(SERVICE)?;
    client.grant_types = vec![GrantType::ClientCredentials];
    client.scope = Scope::parse("records:read")?;
    client.resources = vec![AUDIENCE.to_owned()];
    client.access_token_format = AccessTokenFormat::Jwt;
    Ok(client)
}

fn client(id: &str) -> anyhow::Result<Client> {
    let mut client = registration::new_client(NewClient {
        id: ClientId::parse(id).context("client_id")?,
        name: format!("测试门户 {id}"),
        redirect_uris: Vec::new(),
    });
    client.secrets =
        vec![ClientSecret { digest: ClientSecret::digest_of(SECRET), expires_at: None }];
    Ok(client)
}
