//! State that decides security: one SQL text for SQLite and PostgreSQL behind [`Store`], one
//! method per transaction, named for its use case (design D6, D7). What a node remembers for seconds
//! lives here as well (`cache`); the rules above never see a database.

mod cache;
pub mod error;
mod redis;
pub mod sql;

pub use error::StoreError;
pub use sql::Store;
