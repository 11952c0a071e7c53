//! Monitoring: the provider watches itself (GB/T 22239-2019 8.1.3.3, 8.1.5.4; design D10). `rules` decide,
//! `following` reads the audit chain for them from a durable place, `checks` looks at the chain and the clock,
//! `delivery` sends what was found.

mod checks;
mod delivery;
mod following;
mod mail;
mod places;
mod reading;
pub mod rules;
mod syslog;

use tokio::sync::Mutex;

use crate::audit;
use crate::config::Config;
use crate::domain::alert::Channel;
use crate::domain::alert::Finding;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::AlertId;
use crate::domain::request_context::RequestContext;
use crate::monitor::checks::ChainWatch;
use crate::monitor::delivery::Channels;
use crate::monitor::following::Following;
use crate::monitor::places::Places;
use crate::outbound::Outbound;
use crate::provider::Provider;
use crate::store::sql::NewAlert;
use crate::store::sql::Raised;

/// Why monitoring cannot work as configured.
#[derive(Debug, thiserror::Error)]
#[error("monitor.{0}")]
pub struct SetupError(String);

/// Monitoring, as one node does it.
pub struct Monitor {
    places: Option<Places>,
    channels: Channels,
    host: String,
    following: Mutex<Option<Following>>,
    chain: Mutex<Option<ChainWatch>>,
}

impl Monitor {
    /// Reads the places, and refuses a channel that could never deliver.
    pub fn new(
        config: &Config,
        outbound: &Outbound,
        clock: &crate::clock::Clock,
    ) -> Result<Self, SetupError> {
        let places = config.monitor.places_file.as_deref().map(Places::read).transpose()?;
        let host = host_name();
        let channels = Channels::new(config, outbound, clock, &host)?;
        Ok(Self { places, channels, host, following: Mutex::default(), chain: Mutex::default() })
    }

    /// Where alerts are sent, besides the console.
    pub fn channels(&self) -> Vec<Channel> {
        self.channels.list()
    }

    /// Whether impossible travel can be seen.
    pub fn has_places(&self) -> bool {
        self.places.is_some()
    }

    fn alert(&self, provider: &Provider, finding: Finding) -> NewAlert {
        tracing::warn!(rule = finding.rule.as_str(), subject = %finding.subject, "found");
        let context = RequestContext::internal("monitor");
        let record = audit::done(AuditKind::AlertRaised)
            .detail("rule", finding.rule.as_str())
            .detail("subject", finding.subject.to_string())
            .detail("events", finding.events)
            .record(provider, &context);
        NewAlert { id: AlertId::generate(), finding, record, channels: self.channels() }
    }
}

fn count_raised(rule: &'static str, raised: Raised) {
    if raised != Raised::Counted {
        metrics::counter!("alerts_raised_total", "rule" => rule).increment(1);
    }
}

/// The name of this machine, as syslog and an alert about its clock tell it.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-._".contains(*c);
    let name: String = name.trim().chars().filter(plain).take(255).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}
