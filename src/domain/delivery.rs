//! A message that must reach somebody: it waits in the outbox until it has, or is given up.

use crate::clock::Timestamp;
use crate::domain::client::ClientId;
use crate::domain::id::DeliveryId;

/// What has to be delivered.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// Tell a client that a session of its user is over (OpenID Connect Back-Channel Logout 1.0).
    Logout {
        /// `sub` at that client.
        sub: String,
        /// `sid` at that client.
        sid: String,
    },
}

/// A message to be put into the outbox with the change that causes it.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Its key.
    pub id: DeliveryId,
    /// To which client.
    pub client_id: ClientId,
    /// What.
    pub message: Message,
    /// Now.
    pub created_at: Timestamp,
}

/// A message this node has leased and now tries to deliver.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Its key.
    pub id: DeliveryId,
    /// To which client.
    pub client_id: ClientId,
    /// What.
    pub message: Message,
    /// Tries before this one.
    pub attempts: i64,
    /// Since when it waits.
    pub created_at: Timestamp,
}
