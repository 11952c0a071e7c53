//! The plain struct of what rules need. It knows how to come into being and nothing else.

use std::sync::Arc;

use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::password;
use crate::domain::latency::Latency;
use crate::keyring::Keyring;
use crate::notify::SmsGateway;
use crate::outbound::Outbound;
use crate::registers::LegalEntityRegister;
use crate::registers::PopulationRegister;
use crate::registers::verifier::Verifiers;
use crate::store::Store;
use crate::vault::Vault;

/// Everything a rule may need, shared by all requests.
#[derive(Clone)]
pub struct Provider(Arc<Parts>);

/// The parts.
pub struct Parts {
    /// Configuration.
    pub config: Config,
    /// Time.
    pub clock: Clock,
    /// State.
    pub store: Store,
    /// Keys that protect our own data.
    pub vault: Arc<Vault>,
    /// Signing keys.
    pub keyring: Keyring,
    /// Password hashes, computed apart from the requests.
    pub passwords: password::Pool,
    /// Text messages.
    pub sms: Arc<dyn SmsGateway>,
    /// The population register.
    pub population: Arc<dyn PopulationRegister>,
    /// The legal-entity register.
    pub legal_entities: Arc<dyn LegalEntityRegister>,
    /// Services that verify an identity.
    pub verifiers: Arc<Verifiers>,
    /// Calls to others.
    pub outbound: Outbound,
    /// How long answers take here, until it is added to the statistics.
    pub latency: Latency,
    /// What goes on after its answer, as a message on its way; a node that ends awaits it.
    pub under_way: TaskTracker,
}

impl Provider {
    /// Of these parts.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Whether everything a request cannot do without answers.
    pub async fn is_ready(&self) -> bool {
        self.store.ping().await.is_ok()
    }
}

impl std::ops::Deref for Provider {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
