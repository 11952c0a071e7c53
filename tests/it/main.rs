//! All integration tests, one binary, one module a feature.

mod architecture;
mod authorization_code;
mod crypto_vectors;
mod identifiers;
mod jose_vectors;
mod support;
