//! Cryptographic tools: randomness, SM3 and SHA-2, HMAC-SM3, SM4-GCM sealing, SM2, password hashing.
//!
//! This is the only module that names the primitives. It knows nothing of tokens (that is `jose`),
//! of how long keys live (`keyring`), or of what is being protected: it works on bytes.

pub mod base64url;
pub mod certificate;
pub mod digest;
pub mod mac;
pub mod password;
pub mod random;
pub mod seal;
pub mod sm2;

use subtle::ConstantTimeEq;

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::constant_time_eq;
    use super::seal::Sm4Gcm;
    use sm3::Sm3;
    use zeroize::ZeroizeOnDrop;

    #[test]
    fn key_state_is_wiped_when_it_is_dropped() {
        // This compiles only with the `zeroize` features in Cargo.toml. HMAC consists of two states
        // of its hash, and they wipe themselves.
        fn wiped<T: ZeroizeOnDrop>() {}
        wiped::<Sm3>();
        wiped::<Sm4Gcm>();
    }

    #[test]
    fn equality_needs_the_same_length_and_the_same_bytes() {
        assert!(constant_time_eq(b"", b""));
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"ab"));
    }
}
