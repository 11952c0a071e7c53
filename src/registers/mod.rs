//! Registers are sources, not assumptions (design D11): each sits behind a trait. Behind it is a local replica,
//! filled by a command, or the data-sharing platform of the province.

mod breaker;
pub mod platform;
pub mod replica;

use async_trait::async_trait;

/// What the population register says of a name and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegisterAnswer {
    /// They belong together.
    Match,
    /// They do not, or the number is not there: the register does not say which.
    NoMatch,
}

/// The register gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("the register is away")]
pub struct RegisterAway(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The population register.
#[async_trait]
pub trait PopulationRegister: Send + Sync {
    /// Whether this person has this number. Both in canonical spelling.
    async fn compare(&self, name: &str, id_number: &str) -> Result<RegisterAnswer, RegisterAway>;
}
