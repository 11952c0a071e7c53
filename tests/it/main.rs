//! All integration tests, one binary, one module a feature.

mod crypto_vectors;
mod identifiers;
mod jose_vectors;
