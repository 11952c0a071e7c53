//! State that decides security: one SQL text for SQLite and PostgreSQL behind [`Store`], one
//! method per transaction, named for its use case (design D6, D7). Caches live here as well; the
//! rules above never see a database.

pub mod error;
pub mod sql;

pub use error::StoreError;
pub use sql::Store;
