//! All integration tests, one binary, one module a feature.

mod authorization_code;
mod cookies;
mod crypto_vectors;
mod identifiers;
mod jose_vectors;
mod login_codes;

mod login_throttle;
mod login_totp;
mod login_two_factors;
mod login_work;
mod session_ends;
mod support;
