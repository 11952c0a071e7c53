//! Configuration: one TOML file, every key overridable by `YIHAO__SECTION__KEY`. An unknown key or
//! a bad value is an error that names it (design 2).

use std::net::IpAddr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::domain::masking::Masks;
use crate::domain::policy::Synthetic;
use crate::domain::session::SessionLifetime;

mod monitor;
mod sections;
mod verification;

pub use monitor::ImpossibleTravel;
pub use monitor::Limits;
pub use monitor::Mail;
pub use monitor::Monitor;
pub use sections::Account;
pub use sections::Api;
pub use sections::Certificates;
pub use sections::Codes;
pub use sections::Database;
pub use sections::Keys;
pub use sections::LegalEntities;
pub use sections::Log;
pub use sections::LogFormat;
pub use sections::Metrics;
pub use sections::Outbound;
pub use sections::Pages;
pub use sections::Password;
pub use sections::PasswordHash;
pub use sections::Population;
pub use sections::Redis;
pub use sections::Session;
pub use sections::Shutdown;
pub use sections::Sms;
pub use sections::Tls;
pub use verification::Verification;
pub use verification::Verifier;

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The issuer: `https`, unless its host is loopback.
    pub issuer: Url,
    /// Where the provider listens.
    pub listen: SocketAddr,
    /// Keys, embedded database, audit heads.
    pub data_dir: PathBuf,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Looser limits and test hooks; only with a loopback issuer.
    pub test_profile: bool,
    /// Whether numbers, phones and codes nobody real can have are accepted.
    pub accept_synthetic: bool,
    /// The database.
    pub database: Database,
    /// The cache, if there is one.
    pub redis: Redis,
    /// TLS of the listener.
    pub tls: Tls,
    /// Where we may call.
    pub outbound: Outbound,
    /// The metrics listener.
    pub metrics: Metrics,
    /// The life of keys.
    pub keys: Keys,
    /// Recovery and cancellation.
    pub account: Account,
    /// The life of sessions.
    pub session: Session,
    /// Passwords.
    pub password: Password,
    /// Text messages.
    pub sms: Sms,
    /// The population register.
    pub population: Population,
    /// The legal-entity register.
    pub legal_entities: LegalEntities,
    /// Certificates of units.
    pub certificates: Certificates,
    /// Services that verify an identity.
    pub verification: Box<Verification>,
    /// The Admin API.
    pub api: Api,
    /// Legacy codes of organisations.
    pub codes: Codes,
    /// Look of the pages.
    pub pages: Pages,
    /// How personal data is masked on pages and for portals.
    pub masking: Masks,
    /// The end of a node.
    pub shutdown: Shutdown,
    /// The log.
    pub log: Log,
    /// What is watched for.
    pub monitor: Monitor,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            issuer: Url::parse("http://localhost:8080").expect("the default issuer is a URL"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir: PathBuf::from("data"),
            trusted_proxies: Vec::new(),
            test_profile: false,
            accept_synthetic: false,
            database: Database::default(),
            redis: Redis::default(),
            tls: Tls::default(),
            outbound: Outbound::default(),
            metrics: Metrics::default(),
            keys: Keys::default(),
            account: Account::default(),
            session: Session::default(),
            password: Password::default(),
            sms: Sms::default(),
            population: Population::default(),
            legal_entities: LegalEntities::default(),
            certificates: Certificates::default(),
            verification: Box::default(),
            api: Api::default(),
            codes: Codes::default(),
            pages: Pages::default(),
            masking: Masks::default(),
            shutdown: Shutdown::default(),
            log: Log::default(),
            monitor: Monitor::default(),
        }
    }
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read, or a key or value in it is not one.
    #[error("configuration: {0}")]
    Read(String),
    /// Values that do not go together.
    #[error("configuration: {0}")]
    Rule(String),
    /// A file it names cannot be read.
    #[error("configuration: cannot read {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Config {
    /// Reads the file, if one is named, and the environment over it.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut builder = ::config::Config::builder();
        if let Some(file) = file {
            builder =
                builder.add_source(::config::File::from(file).format(::config::FileFormat::Toml));
        }
        let environment = ::config::Environment::with_prefix("YIHAO")
            .prefix_separator("__")
            .separator("__")
            .try_parsing(true)
            .list_separator(",")
            .with_list_parse_key("monitor.mail.to")
            .with_list_parse_key("outbound.allow")
            .with_list_parse_key("trusted_proxies");
        let config: Self = builder
            .add_source(environment)
            .build()
            .and_then(::config::Config::try_deserialize)
            .map_err(|error| ConfigError::Read(error.to_string()))?;
        config.check()?;
        Ok(config)
    }

    /// Refuses values that do not go together.
    pub fn check(&self) -> Result<(), ConfigError> {
        let rule = |text: &str| Err(ConfigError::Rule(text.to_owned()));
        let loopback = self.issuer_is_loopback();
        if self.issuer.scheme() != "https" && !(self.issuer.scheme() == "http" && loopback) {
            return rule("issuer must be https unless its host is loopback");
        }
        if self.issuer.query().is_some()
            || self.issuer.fragment().is_some()
            || !self.issuer.username().is_empty()
            || self.issuer.path() != "/"
        {
            return rule("issuer must be a bare origin: no path, query, fragment or user");
        }
        if self.test_profile && !loopback {
            return rule("test_profile is allowed only with a loopback issuer");
        }
        if self.accept_synthetic && !loopback {
            return rule("accept_synthetic is allowed only with a loopback issuer");
        }
        if self.tls.cert_file.is_some() != self.tls.key_file.is_some() {
            return rule("tls.cert_file and tls.key_file go together");
        }
        if self.database.connections == 0 {
            return rule("database.connections must be at least 1");
        }
        if self.api.requests_per_minute == 0 {
            return rule("api.requests_per_minute must be at least 1");
        }
        if self.population.url.is_some() != self.population.secret_file.is_some() {
            return rule("population.url and population.secret_file go together");
        }
        let section = &self.legal_entities;
        if section.url.is_some() != section.secret_file.is_some() {
            return rule("legal_entities.url and legal_entities.secret_file go together");
        }
        self.verification.check()?;
        let url = self.database_url()?;
        if !["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| url.starts_with(scheme)) {
            return rule("database.url must begin with sqlite:// or postgres://");
        }
        self.monitor.check()
    }

    /// Whether numbers nobody real can have are accepted here.
    pub fn synthetic(&self) -> Synthetic {
        if self.accept_synthetic { Synthetic::Accepted } else { Synthetic::Refused }
    }

    /// Whether the issuer's host is this machine.
    pub fn issuer_is_loopback(&self) -> bool {
        match self.issuer.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(url::Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => false,
        }
    }

    /// Whether cookies can be `Secure` and carry the `__Host-` prefix (design D13).
    pub fn cookies_are_secure(&self) -> bool {
        self.issuer.scheme() == "https"
    }

    /// The issuer as it stands in tokens and metadata: without the slash at its end.
    pub fn issuer_text(&self) -> &str {
        self.issuer.as_str().trim_end_matches('/')
    }

    /// The database's URL.
    pub fn database_url(&self) -> Result<String, ConfigError> {
        if let Some(file) = &self.database.url_file {
            return read_secret_line(file);
        }
        if self.database.url.is_empty() {
            return Ok(format!("sqlite://{}", self.data_dir.join("yihao.db").display()));
        }
        Ok(self.database.url.clone())
    }

    /// How long citizens' sessions live.
    pub fn session_lifetime(&self) -> SessionLifetime {
        SessionLifetime {
            idle: Duration::from_secs(60 * u64::from(self.session.idle_minutes)),
            absolute: Duration::from_secs(60 * 60 * u64::from(self.session.absolute_hours)),
        }
    }
}

/// The first line of a file that holds a secret.
pub fn read_secret(path: &Path) -> Result<SecretString, ConfigError> {
    read_secret_line(path).map(SecretString::from)
}

fn read_secret_line(path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests;
