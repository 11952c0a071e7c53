//! How the system is, for those who keep it running: signing keys, logout tokens that did not arrive, where
//! registers and messages come from, health.

use crate::audit;
use crate::clock::Timestamp;
use crate::console::Actor;
use crate::console::ConsoleError;
use crate::console::acts;
use crate::domain::act::Request;
use crate::domain::audit_event::AuditKind;
use crate::domain::id::ActId;
use crate::domain::id::DeliveryId;
use crate::domain::operator::Permission;
use crate::store::sql::Effect;
pub use crate::store::sql::Undelivered;

/// So many deliveries stand on a page.
pub const PAGE: usize = 50;

/// A signing key, without the key.
pub struct Key {
    /// Its thumbprint.
    pub kid: String,
    /// `alg`.
    pub algorithm: String,
    /// `next`, `current` or `retired`.
    pub state: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is published.
    pub expires_at: Option<Timestamp>,
}

/// How the legal-entity register is.
pub struct LegalEntities {
    /// The host of a platform; none for the local replica.
    pub host: Option<String>,
    /// What the local replica holds: entries, and when it was filled.
    pub replica: Option<(i64, Timestamp)>,
    /// Whether the platform is left alone after failures.
    pub rests: bool,
}

/// How the system is.
pub struct System {
    /// Whether the database answers.
    pub is_ready: bool,
    /// Keys that are published.
    pub keys: Vec<Key>,
    /// What the local replica of the population register holds: entries, and when it was filled.
    pub replica: Option<(i64, Timestamp)>,
    /// Whether the platform behind the population register is left alone after failures.
    pub population_rests: bool,
    /// Records of the audit chain that wait to be chained.
    pub unsealed: i64,
    /// Where people are looked up: the host of a platform; none for the local replica.
    pub population: Option<String>,
    /// The same three of the legal-entity register: its host, what its replica holds, whether it is left alone.
    pub legal_entities: LegalEntities,
    /// Where text messages are handed over.
    pub sms: Option<String>,
}

/// Looks.
pub async fn look(actor: Actor<'_>) -> Result<System, ConsoleError> {
    actor.demand(Permission::SeeSystem).await?;
    let provider = actor.provider;
    let stored = provider.store.list_signing_keys(provider.clock.now()).await?;
    let keys = stored.into_iter().map(|key| Key {
        kid: key.kid,
        algorithm: key.algorithm,
        state: key.state,
        created_at: key.created_at,
        expires_at: key.expires_at,
    });
    let host = |url: &url::Url| url.host_str().map(str::to_owned);
    Ok(System {
        is_ready: provider.is_ready().await,
        keys: keys.collect(),
        replica: provider.store.register_state("population").await?,
        population_rests: provider.population.rests(),
        unsealed: provider.store.unsealed_audit().await?,
        population: provider.config.population.url.as_ref().and_then(host),
        legal_entities: LegalEntities {
            host: provider.config.legal_entities.url.as_ref().and_then(host),
            replica: provider.store.register_state("legal_entity").await?,
            rests: provider.legal_entities.rests(),
        },
        sms: provider.config.sms.url.as_ref().and_then(host),
    })
}

/// Asks a second officer to let the next signing keys take over now.
pub async fn ask_to_rotate(actor: Actor<'_>, why: &str) -> Result<ActId, ConsoleError> {
    actor.demand(Permission::AskAboutKeys).await?;
    acts::ask(actor, Request::RotateKeys, why).await
}

/// What the approval of that does.
pub(super) async fn takeover(actor: Actor<'_>) -> Result<Effect, ConsoleError> {
    let (provider, now) = (actor.provider, actor.provider.clock.now());
    let steps = provider.keyring.takeover(&provider.store, now).await?;
    if steps.is_empty() {
        return Err(ConsoleError::Over);
    }
    let recorded = steps.into_iter().map(|(algorithm, step)| {
        let event = audit::done(AuditKind::KeysRotated).operator(actor.operator.id);
        let event = event.detail("alg", algorithm.as_str());
        (step, event.record(provider, actor.context))
    });
    Ok(Effect::RotateKeys(recorded.collect()))
}

/// Logout tokens that did not arrive, and whether there are more.
pub async fn undelivered(
    actor: Actor<'_>,
    after: Option<(Timestamp, DeliveryId)>,
    limit: usize,
) -> Result<(Vec<Undelivered>, bool), ConsoleError> {
    actor.demand(Permission::SeeSystem).await?;
    let wanted = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut found = actor.provider.store.list_undelivered(after, wanted).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// Has one tried again, now.
pub async fn retry(actor: Actor<'_>, id: DeliveryId) -> Result<(), ConsoleError> {
    actor.demand(Permission::RetryDeliveries).await?;
    let record = audit::done(AuditKind::DeliveryRetried).operator(actor.operator.id);
    let record = record.detail("delivery", id.to_string()).record(actor.provider, actor.context);
    if actor.provider.store.retry_delivery(id, record).await? {
        Ok(())
    } else {
        Err(ConsoleError::Over)
    }
}
