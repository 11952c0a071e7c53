//! All integration tests, one binary, one module a feature.

mod authorization_code;
mod browser;
mod crypto_vectors;
mod identifiers;
mod jose_vectors;
mod relying_parties;
mod support;
