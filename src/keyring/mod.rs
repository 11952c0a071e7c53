//! Signing keys through their lives: next, current and retired (design D9). They are sealed by the
//! vault, whose master key is not in the database.

mod life;
mod ring;

pub use life::KeyringError;
pub use ring::Ring;

use std::sync::Arc;
use std::sync::RwLock;
use std::time::Duration;

use crate::vault::Vault;

/// The ring, and what opens it.
#[derive(Clone)]
pub struct Keyring {
    vault: Arc<Vault>,
    ring: Arc<RwLock<Arc<Ring>>>,
    rotation: Duration,
}

impl Keyring {
    /// The signing keys of this moment.
    pub fn ring(&self) -> Arc<Ring> {
        match self.ring.read() {
            Ok(ring) => ring.clone(),
            // A writer only swaps a pointer; a poisoned lock still holds a whole ring.
            Err(poisoned) => poisoned.into_inner().clone(),
        }
    }

    fn replace(&self, ring: Ring) {
        match self.ring.write() {
            Ok(mut slot) => *slot = Arc::new(ring),
            Err(poisoned) => *poisoned.into_inner() = Arc::new(ring),
        }
    }
}
