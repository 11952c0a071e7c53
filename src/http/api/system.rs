//! `/system`: how the system is, and logout tokens that did not arrive.

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::console::ConsoleError;
use crate::console::system;
use crate::domain::api_scope::ApiScope;
use crate::domain::id::DeliveryId;
use crate::http::api::call::Call;
use crate::http::api::fields::Moment;
use crate::http::api::fields::Reason;
use crate::http::api::operation::Asked;
use crate::http::api::operation::Done;
use crate::http::api::operation::One;
use crate::http::api::operation::Operation;
use crate::http::api::operation::Page;
use crate::http::api::problem::Problem;

/// The operations on the system.
pub fn operations() -> Vec<Operation> {
    use ApiScope::{KeysWrite, SystemRead, SystemWrite};
    vec![
        Operation::read("/system", SystemRead, show)
            .named("getSystem", "Health, registers and signing keys"),
        Operation::read("/system/deliveries", SystemRead, deliveries)
            .named("listDeliveries", "Logout tokens that did not arrive, the next due first"),
        Operation::change("/system/deliveries/{id}/retry", SystemWrite, retry)
            .named("retryDelivery", "Have one tried again, now"),
        Operation::send("/system/keys/rotate", KeysWrite, rotate_keys)
            .named("askToRotateKeys", "Ask for the next signing keys to take over now"),
    ]
}

/// How the system is.
#[derive(Serialize, ToSchema)]
struct System {
    /// Whether the database answers.
    is_ready: bool,
    /// The host that answers about people; null for the local replica.
    population_register: Option<String>,
    /// The host that answers about organisations; null for the local replica.
    legal_entity_register: Option<String>,
    /// Whether that host is left alone after failures.
    legal_entity_register_rests: bool,
    /// The host that takes text messages; null where none is set.
    sms_gateway: Option<String>,
    /// Signing keys that are published.
    keys: Vec<SigningKey>,
}

/// A signing key, without the key.
#[derive(Serialize, ToSchema)]
struct SigningKey {
    /// Its thumbprint.
    kid: String,
    /// `alg`.
    algorithm: String,
    /// `next`, `current` or `retired`.
    state: String,
    /// When it was made.
    created_at: Moment,
    /// Until when it is published.
    expires_at: Option<Moment>,
}

/// A logout token that did not arrive.
#[derive(Serialize, ToSchema)]
struct Delivery {
    /// Its key.
    id: uuid::Uuid,
    /// To which client.
    client_id: String,
    /// Tries so far.
    attempts: i64,
    /// Since when it waits.
    since: Moment,
    /// When it is tried next.
    due_at: Moment,
    /// When it was given up.
    given_up_at: Option<Moment>,
    /// What was in the way.
    problem: Option<String>,
}

async fn show(call: Call) -> Result<One<System>, Problem> {
    let found = system::look(call.actor()).await?;
    let keys = found.keys.into_iter().map(|key| SigningKey {
        kid: key.kid,
        algorithm: key.algorithm,
        state: key.state,
        created_at: key.created_at.into(),
        expires_at: key.expires_at.map(Moment::from),
    });
    Ok(One(System {
        is_ready: found.is_ready,
        population_register: found.population,
        legal_entity_register: found.legal_entities.host,
        legal_entity_register_rests: found.legal_entities.rests,
        sms_gateway: found.sms,
        keys: keys.collect(),
    }))
}

async fn deliveries(call: Call) -> Result<Page<Delivery>, Problem> {
    let wanted = call.page::<(Timestamp, DeliveryId)>()?;
    let limit = usize::from(wanted.limit);
    let (found, more) = system::undelivered(call.actor(), wanted.after, limit).await?;
    let last = found.last().filter(|_| more);
    let next = last.map(|last| call.next(&(last.due_at, last.id))).transpose()?;
    let shown = found.into_iter().map(|waiting| Delivery {
        id: waiting.id.0,
        client_id: waiting.client_id.to_string(),
        attempts: waiting.attempts,
        since: waiting.created_at.into(),
        due_at: waiting.due_at.into(),
        given_up_at: waiting.given_up_at.map(Moment::from),
        problem: waiting.problem,
    });
    Ok(Page(shown.collect(), next))
}

async fn retry(call: Call) -> Result<Done, Problem> {
    match system::retry(call.actor(), call.key()?).await {
        Ok(()) => Ok(Done),
        // None waits under this key: whether one ever did is nobody's business.
        Err(ConsoleError::Over) => Err(Problem::not_found()),
        Err(error) => Err(error.into()),
    }
}

async fn rotate_keys(call: Call, body: Reason) -> Result<Asked, Problem> {
    Ok(system::ask_to_rotate(call.actor(), body.reason.as_str()).await?.into())
}
