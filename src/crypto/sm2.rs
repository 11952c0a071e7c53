//! SM2 signatures (GB/T 32918.2 on the curve of GB/T 32918.5, SM3 as the hash).
//!
//! A signature is 64 bytes, r ‖ s, big-endian. Both sides must agree on the signer's user id, which
//! is hashed into every signature; ours is the customary default.

use crate::crypto::random;
use ::sm2::NonZeroScalar;
use ::sm2::PublicKey;
use ::sm2::Scalar;
use ::sm2::SecretKey;
use ::sm2::dsa;
use ::sm2::dsa::signature::RandomizedSigner;
use ::sm2::dsa::signature::Verifier;
use ::sm2::elliptic_curve::rand_core::TryCryptoRng;
use ::sm2::elliptic_curve::rand_core::TryRng;
use ::sm2::pkcs8::DecodePrivateKey;
use ::sm2::pkcs8::EncodePrivateKey;
use std::convert::Infallible;
use std::fmt;
use std::hint::black_box;
use zeroize::Zeroizing;

/// The default user id (GB/T 35276-2017 §10), which JOSE and certificates use.
pub const DEFAULT_USER_ID: &str = "1234567812345678";

/// The bytes are not a key of the SM2 curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid SM2 key")]
pub struct Sm2KeyError;

/// An SM2 private key, ready to sign: setting it up costs more than a signature.
///
/// The scalar is overwritten when the key is dropped, and `Debug` shows nothing of it. It is boxed,
/// so that moving the key leaves no copies behind.
pub struct SigningKey(Box<dsa::SigningKey>);

impl SigningKey {
    /// A new random key.
    pub fn generate() -> Self {
        loop {
            // A candidate is unusable once in 2^32.
            let candidate = Zeroizing::new(random::bytes::<32>());
            if let Ok(key) = Self::from_scalar(&candidate) {
                return key;
            }
        }
    }

    /// Reads a private key from its 32 big-endian bytes.
    pub fn from_scalar(bytes: &[u8; 32]) -> Result<Self, Sm2KeyError> {
        let scalar = NonZeroScalar::try_from(&bytes[..]).map_err(|_| Sm2KeyError)?;
        Self::from_nonzero(scalar)
    }

    /// Reads a private key from PKCS#8 DER.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Sm2KeyError> {
        let key = SecretKey::from_pkcs8_der(der).map_err(|_| Sm2KeyError)?;
        Self::from_nonzero(key.to_nonzero_scalar())
    }

    /// GB/T 32918.1 §6.1 allows private keys up to n − 2: signing divides by 1 + d.
    fn from_nonzero(scalar: NonZeroScalar) -> Result<Self, Sm2KeyError> {
        if *scalar == -Scalar::ONE {
            return Err(Sm2KeyError);
        }
        dsa::SigningKey::from_nonzero_scalar(DEFAULT_USER_ID, scalar)
            .map(|key| Self(Box::new(key)))
            .map_err(|_| Sm2KeyError)
    }

    /// Writes the private key as PKCS#8 DER.
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        SecretKey::from(self.0.as_nonzero_scalar())
            .to_pkcs8_der()
            .expect("an SM2 key always has a DER form")
            .to_bytes()
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key().clone())
    }

    /// Signs the message. The nonce mixes fresh randomness into the derivation of RFC 6979, so a
    /// weak moment of the generator still does not reveal the key.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0
            .try_sign_with_rng(&mut OperatingSystem, message)
            .expect("our generator does not fail, and r and s are zero with negligible probability")
            .to_bytes()
            .into()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("sm2::SigningKey(***)")
    }
}

impl Drop for SigningKey {
    fn drop(&mut self) {
        // The library's own type does not wipe itself and does not lend its scalar mutably. So the
        // key of scalar one takes its place, and `black_box` keeps the write from being left out.
        let mut one = [0; 32];
        one[31] = 1;
        if let Ok(blank) = dsa::SigningKey::from_slice(DEFAULT_USER_ID, &one) {
            *self.0 = blank;
            black_box(&mut *self.0);
        }
    }
}

/// An SM2 public key, on the curve and not the identity, with its user id already hashed.
#[derive(Clone)]
pub struct VerifyingKey(dsa::VerifyingKey);

impl VerifyingKey {
    /// A key from its affine coordinates.
    pub fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, Sm2KeyError> {
        Self::from_sec1(&[&[4], &x[..], &y[..]].concat())
    }

    /// A key from its SEC 1 encoding, compressed or not.
    pub fn from_sec1(point: &[u8]) -> Result<Self, Sm2KeyError> {
        Self::with_user_id(point, DEFAULT_USER_ID)
    }

    /// A key from its SEC 1 encoding, of a signer with another user id than the default.
    pub fn with_user_id(point: &[u8], user_id: &str) -> Result<Self, Sm2KeyError> {
        dsa::VerifyingKey::from_sec1_bytes(user_id, point).map(Self).map_err(|_| Sm2KeyError)
    }

    /// The affine coordinates, x then y.
    pub fn coordinates(&self) -> ([u8; 32], [u8; 32]) {
        let point = PublicKey::from(&self.0).to_sec1_bytes();
        let (mut x, mut y) = ([0; 32], [0; 32]);
        x.copy_from_slice(&point[1..33]);
        y.copy_from_slice(&point[33..65]);
        (x, y)
    }

    /// Whether the 64 bytes are a signature of the message. Any other length is refused, DER too.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        dsa::Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify(message, &signature).is_ok())
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (x, _) = self.coordinates();
        write!(formatter, "sm2::VerifyingKey({}…)", hex::encode(&x[..4]))
    }
}

/// [`random`] in the shape that the curve library asks for.
struct OperatingSystem;

impl TryRng for OperatingSystem {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_ne_bytes(random::bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_ne_bytes(random::bytes()))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Infallible> {
        random::fill(buffer);
        Ok(())
    }
}

impl TryCryptoRng for OperatingSystem {}

#[cfg(test)]
mod tests {
    use super::SigningKey;
    use super::Sm2KeyError;
    use super::VerifyingKey;
    use proptest::prelude::any;
    use proptest::prelude::proptest;

    const ORDER: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";

    /// The order of the curve, less `below`.
    fn order_less(below: u8) -> [u8; 32] {
        let mut bytes: [u8; 32] = hex::decode(ORDER).unwrap().try_into().unwrap();
        bytes[31] -= below;
        bytes
    }

    #[test]
    fn verifies_what_it_signed_and_nothing_else() {
        let key = SigningKey::generate();
        let signature = key.sign(b"message");
        let public = key.verifying_key();

        assert!(public.verify(b"message", &signature));
        assert!(!public.verify(b"massage", &signature));
        assert!(!public.verify(b"message", &signature[..63]));
        assert!(!SigningKey::generate().verifying_key().verify(b"message", &signature));
    }

    #[test]
    fn signatures_are_randomised() {
        let key = SigningKey::generate();
        assert_ne!(key.sign(b"message"), key.sign(b"message"));
    }

    #[test]
    fn private_keys_run_from_one_to_order_less_two() {
        let mut one = [0; 32];
        assert_eq!(SigningKey::from_scalar(&one).unwrap_err(), Sm2KeyError);
        one[31] = 1;
        assert!(SigningKey::from_scalar(&one).is_ok());
        assert!(SigningKey::from_scalar(&order_less(2)).is_ok());
        assert_eq!(SigningKey::from_scalar(&order_less(1)).unwrap_err(), Sm2KeyError);
        assert_eq!(SigningKey::from_scalar(&order_less(0)).unwrap_err(), Sm2KeyError);
        assert_eq!(SigningKey::from_scalar(&[0xff; 32]).unwrap_err(), Sm2KeyError);
    }

    #[test]
    fn a_key_survives_pkcs8_and_coordinates() {
        let key = SigningKey::generate();
        let again = SigningKey::from_pkcs8(&key.to_pkcs8()).unwrap();
        let (x, y) = again.verifying_key().coordinates();
        let public = VerifyingKey::from_coordinates(&x, &y).unwrap();
        assert!(public.verify(b"message", &key.sign(b"message")));
    }

    #[test]
    fn debug_shows_nothing_of_the_private_key() {
        assert_eq!(format!("{:?}", SigningKey::generate()), "sm2::SigningKey(***)");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = SigningKey::from_pkcs8(&bytes);
            let _ = VerifyingKey::from_sec1(&bytes);
            assert!(!SigningKey::generate().verifying_key().verify(b"message", &bytes));
        }
    }
}
