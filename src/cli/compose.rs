//! The composition root: from a configuration to a provider. The only place that knows which store,
//! which gateway and which register stand behind the traits.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use anyhow::bail;
use tokio_util::task::TaskTracker;

use crate::audit;
use crate::clock::Clock;
use crate::config::Config;
use crate::config::PasswordHash;
use crate::config::read_secret;
use crate::crypto::mac::MacKey;
use crate::crypto::password::HasherError;
use crate::crypto::password::PasswordHasher;
use crate::crypto::password::Pool;
use crate::crypto::password::Profile;
use crate::domain::identity_check::CheckKind;
use crate::domain::latency::Latency;
use crate::domain::request_context::RequestContext;
use crate::keyring::Keyring;
use crate::monitor::Monitor;
use crate::notify::HttpGateway;
use crate::notify::HttpGatewaySettings;
use crate::notify::MemoryOutbox;
use crate::notify::SmsGateway;
use crate::notify::TemplateName;
use crate::outbound::AllowRule;
use crate::outbound::Outbound;
use crate::outbound::OutboundRules;
use crate::provider::Parts;
use crate::provider::Provider;
use crate::registers::LegalEntityRegister;
use crate::registers::PopulationRegister;
use crate::registers::platform::PlatformSettings;
use crate::registers::platform::legal_entities::LegalEntities;
use crate::registers::platform::population::Population;
use crate::registers::platform::verification::Verification;
use crate::registers::replica::Replica;
use crate::registers::verifier::IdentityVerifier;
use crate::registers::verifier::Verifiers;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::sql::Settings;
use crate::vault::Vault;

/// A provider, and what only its maker needs.
pub struct Composed {
    /// The provider.
    pub provider: Provider,
    /// The messages that are kept because there is no gateway.
    pub outbox: Option<MemoryOutbox>,
    /// Monitoring, unless it is off.
    pub monitor: Option<Arc<Monitor>>,
}

/// Opens everything the configuration names, and makes what an embedded deployment needs: the folder,
/// its master key, its tables.
pub async fn compose(config: Config, clock: Clock) -> anyhow::Result<Composed> {
    require_master_key(&config)?;
    // Somebody else's database is looked at before anything of ours is made.
    let shared = if is_embedded(&config)? { None } else { Some(open_shared(&config).await?) };
    make_data_dir(&config)?;
    let vault = Arc::new(open_vault(&config)?);
    let store = match shared {
        Some(store) => store,
        None => open_embedded(&config).await?,
    };
    let now = clock.now();
    store.claim_issuer(config.issuer_text(), now).await.context("database")?;
    let keyring = load_keyring(&config, &vault, &store, &clock).await?;
    let outbound = outbound(&config)?;
    let (sms, outbox) = gateway(&config, &outbound, &clock)?;
    let monitor = monitor(&config, &outbound, &clock)?.map(Arc::new);
    let passwords = passwords(&config, &vault)?;
    let platforms = platforms(&config, &outbound, &clock)?;
    let replica = Arc::new(Replica::new(store.clone(), vault.clone()));
    let population = platforms.population.unwrap_or_else(|| replica.clone());
    let legal_entities = platforms.legal_entities.unwrap_or(replica);
    let latency = Latency::default();
    let parts = Parts {
        config,
        clock,
        store,
        vault,
        keyring,
        passwords,
        sms,
        population,
        legal_entities,
        verifiers: platforms.verifiers,
        outbound,
        latency,
        under_way: TaskTracker::new(),
    };
    Ok(Composed { provider: Provider::new(parts), outbox, monitor })
}

/// A PostgreSQL that is there and has the schema of this version.
async fn open_shared(config: &Config) -> anyhow::Result<Store> {
    let store = open_store(config).await?;
    store.check_schema().await.with_context(|| cannot_use(config))?;
    Ok(store)
}

/// A file of ours, brought up to date by whoever opens it. One that is up to date is only read: a command
/// beside a running server writes nothing on its way in.
async fn open_embedded(config: &Config) -> anyhow::Result<Store> {
    let store = open_store(config).await?;
    if let Err(StoreError::Mismatch(_)) = store.check_schema().await {
        store.migrate().await.with_context(|| cannot_use(config))?;
    }
    store.check_schema().await.with_context(|| cannot_use(config))?;
    Ok(store)
}

/// Which database, without its password.
fn cannot_use(config: &Config) -> String {
    let url = config.database_url().unwrap_or_default();
    let shown = match url::Url::parse(&url) {
        Ok(parsed) if parsed.has_host() => {
            let host = parsed.host_str().unwrap_or_default();
            format!("{}:{}{}", host, parsed.port().unwrap_or(5432), parsed.path())
        }
        _ => url.trim_start_matches("sqlite://").to_owned(),
    };
    format!("the database {shown} cannot be used")
}

/// Opens the database alone, for commands that bring it up to date.
pub async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let url = config.database_url()?;
    let connections = config.database.connections;
    let settings = Settings { url, connections, redis_url: config.redis.url.clone() };
    Store::open(&settings).await.context("the database cannot be opened")
}

/// The folder of the deployment, readable by its owner alone.
pub fn make_data_dir(config: &Config) -> anyhow::Result<()> {
    let dir = &config.data_dir;
    if dir.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(dir)
        .and_then(|()| restrict(dir))
        .with_context(|| format!("cannot make the folder {}", dir.display()))
}

#[cfg(unix)]
fn restrict(dir: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn restrict(_: &std::path::Path) -> std::io::Result<()> {
    Ok(())
}

/// Where the master key is.
pub fn master_key_path(config: &Config) -> PathBuf {
    config.keys.master_key_file.clone().unwrap_or_else(|| config.data_dir.join("master.key"))
}

/// On loopback a missing master key is made; a real deployment makes its own, and keeps it apart.
pub fn open_vault(config: &Config) -> anyhow::Result<Vault> {
    require_master_key(config)?;
    Ok(Vault::open(&master_key_path(config), makes_master_key(config))?)
}

/// Whether a missing master key is simply made.
pub fn makes_master_key(config: &Config) -> bool {
    config.issuer_is_loopback() && config.keys.master_key_file.is_none()
}

fn require_master_key(config: &Config) -> anyhow::Result<()> {
    let path = master_key_path(config);
    if makes_master_key(config) || path.exists() {
        return Ok(());
    }
    bail!(
        "there is no master key at {}: make one with `yihao keys init` and keep a copy apart from \
         the database",
        path.display()
    )
}

/// Whether the database is a file of ours, which nobody else has to bring up to date.
fn is_embedded(config: &Config) -> anyhow::Result<bool> {
    Ok(config.database_url()?.starts_with("sqlite:"))
}

async fn load_keyring(
    config: &Config,
    vault: &Arc<Vault>,
    store: &Store,
    clock: &Clock,
) -> anyhow::Result<Keyring> {
    let rotation = Duration::from_secs(u64::from(config.keys.rotation_days) * 24 * 60 * 60);
    let context = RequestContext::internal("start");
    let record = audit::key_record(vault, clock, &context);
    let keyring = Keyring::load(vault.clone(), store, rotation, clock.now(), &record).await;
    keyring.context("the signing keys cannot be loaded")
}

fn outbound(config: &Config) -> anyhow::Result<Outbound> {
    let rules: Result<Vec<AllowRule>, _> =
        config.outbound.allow.iter().map(|rule| rule.parse()).collect();
    let allow = rules.map_err(|error| anyhow::anyhow!("outbound.allow: {error}"))?;
    let rules = OutboundRules { allow, ca_file: config.outbound.ca_file.clone() };
    Outbound::new(rules).context("outbound")
}

/// Whether the platforms the configuration names could be called, as far as settings and files tell.
pub fn check_platforms(config: &Config, clock: &Clock) -> anyhow::Result<()> {
    let outbound = outbound(config)?;
    gateway(config, &outbound, clock)?;
    platforms(config, &outbound, clock)?;
    Ok(())
}

type Gateway = (Arc<dyn SmsGateway>, Option<MemoryOutbox>);

fn gateway(config: &Config, outbound: &Outbound, clock: &Clock) -> anyhow::Result<Gateway> {
    let Some(url) = &config.sms.url else {
        let outbox = MemoryOutbox::new(clock.clone(), config.sms.signature.clone());
        return Ok((Arc::new(outbox.clone()), Some(outbox)));
    };
    let Some(secret) = &config.sms.secret_file else {
        bail!("sms.secret_file is needed for sms.url");
    };
    let mut template_ids = std::collections::BTreeMap::new();
    for (name, id) in &config.sms.templates {
        let known = TemplateName::ALL.into_iter().find(|known| known.as_str() == name);
        let Some(known) = known else { bail!("sms.templates: there is no template `{name}`") };
        template_ids.insert(known, id.clone());
    }
    let settings = HttpGatewaySettings {
        url: url.clone(),
        app_id: config.sms.app_id.clone(),
        secret: read_secret(secret)?,
        signature: config.sms.signature.clone(),
        template_ids,
    };
    let gateway = HttpGateway::new(settings, outbound.clone(), clock.clone()).context("sms")?;
    Ok((Arc::new(gateway), None))
}

/// The registers that stand behind a platform; the others have a replica here.
struct Platforms {
    population: Option<Arc<dyn PopulationRegister>>,
    legal_entities: Option<Arc<dyn LegalEntityRegister>>,
    verifiers: Arc<Verifiers>,
}

fn platforms(config: &Config, outbound: &Outbound, clock: &Clock) -> anyhow::Result<Platforms> {
    let verifiers = verifiers(config, outbound, clock)?;
    let (outbound, clock) = (|| outbound.clone(), || clock.clone());
    let mut found = Platforms { population: None, legal_entities: None, verifiers };
    let section = &config.population;
    if let Some(settings) =
        settings(section.url.as_ref(), &section.app_id, section.secret_file.as_ref())?
    {
        let register = Population::new(settings, outbound(), clock()).context("population")?;
        found.population = Some(Arc::new(register));
    }
    let section = &config.legal_entities;
    if let Some(settings) =
        settings(section.url.as_ref(), &section.app_id, section.secret_file.as_ref())?
    {
        let register = LegalEntities::new(settings, outbound(), clock(), config.synthetic());
        found.legal_entities = Some(Arc::new(register.context("legal_entities")?));
    }
    Ok(found)
}

fn verifiers(
    config: &Config,
    outbound: &Outbound,
    clock: &Clock,
) -> anyhow::Result<Arc<Verifiers>> {
    let service = |kind: CheckKind| -> anyhow::Result<Option<Arc<dyn IdentityVerifier>>> {
        let section = config.verification.of(kind);
        let settings =
            settings(section.url.as_ref(), &section.app_id, section.secret_file.as_ref());
        let Some(settings) = settings? else { return Ok(None) };
        let settings = (settings, section.pages.as_ref());
        let service = Verification::new(kind, settings, outbound, clock);
        let service = service.with_context(|| format!("verification.{}", kind.as_str()))?;
        Ok(Some(Arc::new(service)))
    };
    Ok(Arc::new(Verifiers {
        face: service(CheckKind::Face)?,
        bank_card: service(CheckKind::BankCard)?,
        network_certificate: service(CheckKind::NetworkCertificate)?,
    }))
}

fn settings(
    url: Option<&url::Url>,
    app_id: &str,
    secret_file: Option<&PathBuf>,
) -> anyhow::Result<Option<PlatformSettings>> {
    let (Some(url), Some(secret)) = (url, secret_file) else { return Ok(None) };
    let (url, app_id, secret) = (url.clone(), app_id.to_owned(), read_secret(secret)?);
    Ok(Some(PlatformSettings { url, app_id, secret }))
}

/// Monitoring as configured, unless it is off.
fn monitor(config: &Config, outbound: &Outbound, clock: &Clock) -> anyhow::Result<Option<Monitor>> {
    if !config.monitor.enabled {
        return Ok(None);
    }
    Ok(Some(Monitor::new(config, outbound, clock)?))
}

/// The same, for who only looks.
pub fn check_monitor(config: &Config, clock: &Clock) -> anyhow::Result<Option<Monitor>> {
    monitor(config, &outbound(config)?, clock)
}

fn passwords(config: &Config, vault: &Vault) -> anyhow::Result<Pool> {
    let profile = match config.password.hash {
        PasswordHash::Argon2id => Profile::ARGON2ID,
        PasswordHash::Gm => Profile::Gm { iterations: config.password.gm_iterations },
    };
    let hasher = PasswordHasher::new(profile, &vault.pepper[..]).map_err(|error| match error {
        HasherError::Profile => anyhow::anyhow!("password.gm_iterations is below 100 000"),
        HasherError::SelfTest => error.into(),
    })?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = match config.password.workers {
        0 => cores.saturating_sub(1).max(1),
        some => some,
    };
    Ok(Pool::new(hasher, workers, config.password.queue))
}

/// The tag under which a node holds leases.
pub fn node_name() -> String {
    let tag = MacKey::new(b"node").tag(&crate::crypto::random::bytes::<16>());
    crate::crypto::base64url::encode(&tag[..9])
}
