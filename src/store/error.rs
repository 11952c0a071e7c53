//! How the store fails: away (try again), or wrong (look into the log).

/// Why an operation of the store has no result.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is full, or did not answer in time; nothing is known to have changed.
    #[error("the database is away")]
    Away(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database answered with an error of its own.
    #[error("the database refused")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored value does not mean what it must.
    #[error("a stored {0} cannot be read")]
    Unreadable(&'static str),
    /// What has to be unique is there already; nothing was kept.
    #[error("it is taken")]
    Taken,
    /// The mandate under which something was to be written is not in force any more; nothing was kept.
    #[error("the mandate is not in force")]
    MandateOver,
    /// The database belongs to another version or issuer.
    #[error("{0}")]
    Mismatch(String),
}

impl StoreError {
    /// Whether waiting may help: told as 503 with Retry-After.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }
}
