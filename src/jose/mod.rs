//! JOSE: signed tokens (RFC 7515, 7519, 8725) and public keys (RFC 7517, 7638), SM2 included.
//!
//! One `Algorithm`, one strict parser, one way in and one way out. Which claims a token must carry
//! and when it has expired is the caller's question; which keys are current is `keyring`'s.
//! Nothing else in the crate names `jsonwebtoken`.

mod algorithm;
mod claims;
mod error;
pub mod json;
mod jwk;
mod jwk_set;
mod material;
mod rsa;
mod sign;
mod signing_key;
mod verify;

pub use algorithm::Algorithm;
pub use algorithm::UnknownAlgorithm;
pub use algorithm::left_half_hash;
pub use claims::Claims;
pub use error::JoseError;
pub use jwk::PublicKey;
pub use jwk_set::DEFAULT_KEY_LIMIT;
pub use jwk_set::JwkSet;
pub use sign::sign_jwt;
pub use signing_key::KeyModule;
pub use signing_key::SigningKey;
pub use verify::Expected;
pub use verify::Header;
pub use verify::MAX_TOKEN_LENGTH;
pub use verify::VerifiedJws;
pub use verify::VerifiedJwt;
pub use verify::unverified_claims;
pub use verify::verify_jws;
pub use verify::verify_jwt;
