//! What a deployment lets its parsers accept. A value, so that no parser reads the configuration.

/// Whether numbers that nobody can hold are accepted: division 99, body `PDY`, phone `1000000`.
///
/// Tests and the demonstration accept them; production refuses them, since a made-up number there
/// is an attack or a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synthetic {
    /// Production.
    Refused,
    /// Tests and the demonstration.
    Accepted,
}
