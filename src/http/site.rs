//! What every route stands on: the provider, the pages, and documents that are made once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;

use crate::http::pages::Pages;
use crate::http::turns::Turns;
use crate::notify::MemoryOutbox;
use crate::protocol::discovery;
use crate::provider::Provider;

/// So many published batches are read and written out at once: each is megabytes, and strangers may ask for all.
const BATCHES_AT_ONCE: usize = 2;
/// So many files of codes are read at once: each is thousands of rows, and others wait for the database.
const FILES_AT_ONCE: usize = 1;
/// So long anybody waits for his turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// The state of the router. Cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Parts>);

/// Its parts.
pub struct Parts {
    /// The provider.
    pub provider: Provider,
    /// The pages.
    pub pages: Pages,
    /// Provider metadata as it is served.
    pub metadata: Bytes,
    /// The messages a demo shows instead of sending them.
    pub outbox: Option<MemoryOutbox>,
    /// Turns to read published batches.
    pub batches: Turns,
    /// Turns to read files of codes.
    pub files: Turns,
    ending: AtomicBool,
}

impl Site {
    /// Over this provider, with these pages. `outbox` opens `/demo/outbox`.
    pub fn new(provider: Provider, pages: Pages, outbox: Option<MemoryOutbox>) -> Self {
        let metadata = discovery::metadata(provider.config.issuer_text()).to_string().into();
        let ending = AtomicBool::new(false);
        let batches = Turns::new(BATCHES_AT_ONCE, PATIENCE);
        let files = Turns::new(FILES_AT_ONCE, PATIENCE);
        Self(Arc::new(Parts { provider, pages, metadata, outbox, batches, files, ending }))
    }

    /// From now on `/readyz` says that this node is about to end; everything else goes on.
    pub fn end_soon(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether a balancer should send people elsewhere.
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }
}

impl std::ops::Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
