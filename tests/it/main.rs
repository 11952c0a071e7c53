//! All integration tests, one binary, one module a feature.

mod architecture;
mod authorization_code;
mod authorization_request;
mod client_auth;
mod codes;
mod conformance_basic;
mod crypto_vectors;
mod discovery;
mod identifiers;
mod jose_vectors;
mod support;
mod tokens;
