//! All integration tests, one binary, one module a feature.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod account;
mod account_credentials;
mod account_history;
mod architecture;
mod authorization_code;
mod authorization_request;
mod browser;
mod client_auth;
mod codes;
mod commands;
mod conformance_basic;
mod crash;
mod crypto_vectors;
mod discovery;
mod endpoints;
mod flows;
mod grants;
mod hostile_input;
mod identifiers;
mod jose_vectors;
mod login_codes;
mod login_factors;
mod login_password;
mod login_throttle;
mod login_totp;
mod login_two_factors;
mod login_work;
mod logout;
mod logout_edges;
mod nodes;
mod page_states;
mod pages;
mod registers;
mod relying_parties;
mod rolling_restart;
mod session_ends;
mod sessions;
mod signup;
mod signup_edges;
mod store;
mod support;
mod tokens;
mod wire;
