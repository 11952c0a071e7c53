//! What every route stands on: the provider, the pages, and documents that are made once.

use std::sync::Arc;

use axum::body::Bytes;

use crate::http::pages::Pages;
use crate::notify::MemoryOutbox;
use crate::protocol::discovery;
use crate::provider::Provider;

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
}

impl Site {
    /// Over this provider, with these pages. `outbox` opens `/demo/outbox`.
    pub fn new(provider: Provider, pages: Pages, outbox: Option<MemoryOutbox>) -> Self {
        let metadata = discovery::metadata(provider.config.issuer_text()).to_string().into();
        Self(Arc::new(Parts { provider, pages, metadata, outbox }))
    }
}

impl std::ops::Deref for Site {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
