//! Private keys that sign tokens: parsed once, kept ready, or held by a certified module.

use crate::crypto::sm2;
use crate::jose::Algorithm;
use crate::jose::JoseError;
use crate::jose::PublicKey;
use crate::jose::material::Material;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::encoding::Pkcs8V1Der;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
use aws_lc_rs::signature::EcdsaKeyPair;
use aws_lc_rs::signature::Ed25519KeyPair;
use aws_lc_rs::signature::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use aws_lc_rs::signature::RSA_PSS_SHA256;
use aws_lc_rs::signature::RsaEncoding;
use aws_lc_rs::signature::RsaKeyPair;
use serde_json::Value;
use std::fmt;
use zeroize::Zeroizing;

/// A certified cryptographic module (PKCS#11, SDF) that signs with a key we never see.
pub trait KeyModule: Send + Sync {
    /// Signs the message, hashing included, in the form JWS gives the algorithm's signatures.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError>;
}

/// A private key for one algorithm. Share it by `Arc`; signing needs no lock.
pub struct SigningKey {
    algorithm: Algorithm,
    private: Private,
    public: PublicKey,
    /// The header of every token of this key, up to its `typ`.
    header_start: String,
}

enum Private {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Sm2(sm2::SigningKey),
    Module(Box<dyn KeyModule>),
}

impl SigningKey {
    /// A new random key; RSA keys have 2048 bits, and take a second or so.
    pub fn generate(algorithm: Algorithm) -> Result<Self, JoseError> {
        let private = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => {
                RsaKeyPair::generate(KeySize::Rsa2048).map(Private::Rsa)
            }
            Algorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Private::P256)
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Private::Ed25519),
            Algorithm::Sm2 => Ok(Private::Sm2(sm2::SigningKey::generate())),
        };
        Self::new(algorithm, private.map_err(|_| JoseError::Key("it could not be generated"))?)
    }

    /// Reads a private key from PKCS#8 DER. It must be of the algorithm's kind, and sound.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, JoseError> {
        let private = match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => {
                RsaKeyPair::from_pkcs8(der).ok().map(Private::Rsa)
            }
            Algorithm::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
                .ok()
                .map(Private::P256),
            // The first version of PKCS#8, which OpenSSL writes, has no public key to compare.
            Algorithm::EdDsa => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(Private::Ed25519)
            }
            Algorithm::Sm2 => sm2::SigningKey::from_pkcs8(der).ok().map(Private::Sm2),
        };
        Self::new(algorithm, private.ok_or(JoseError::Key("not PKCS#8 of a fitting key"))?)
    }

    /// A key that a module holds, with the public half the module gave.
    pub fn in_module(
        algorithm: Algorithm,
        public: &PublicKey,
        module: Box<dyn KeyModule>,
    ) -> Result<Self, JoseError> {
        if !public.allows(algorithm) {
            return Err(JoseError::Algorithm);
        }
        Ok(Self::assemble(algorithm, Private::Module(module), public.material().clone()))
    }

    fn new(algorithm: Algorithm, private: Private) -> Result<Self, JoseError> {
        let material = private.material()?;
        Ok(Self::assemble(algorithm, private, material))
    }

    fn assemble(algorithm: Algorithm, private: Private, material: Material) -> Self {
        let public = PublicKey::new(None, Some(algorithm), material);
        // Neither an algorithm's name nor a thumbprint needs escaping.
        let header_start = format!(r#"{{"alg":"{algorithm}","kid":"{}","typ":"#, public.kid());
        Self { algorithm, private, public, header_start }
    }

    /// Writes the private key as PKCS#8 DER; a module's key never leaves it.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        let refused = JoseError::Key("it cannot be exported");
        let der = match &self.private {
            Private::Rsa(key) => {
                AsDer::<Pkcs8V1Der<'_>>::as_der(key).ok().map(|der| der.as_ref().to_vec())
            }
            Private::P256(key) => key.to_pkcs8v1().ok().map(|der| der.as_ref().to_vec()),
            Private::Ed25519(key) => key.to_pkcs8().ok().map(|der| der.as_ref().to_vec()),
            Private::Sm2(key) => return Ok(key.to_pkcs8()),
            Private::Module(_) => None,
        };
        der.map(Zeroizing::new).ok_or(refused)
    }

    /// The algorithm the key signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The SHA-256 thumbprint of the public half (RFC 7638), of SM2 keys too.
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The public half as published: `kty`, its members, `use`, `alg` and `kid`.
    pub fn public_jwk(&self) -> Value {
        Value::Object(self.public.to_jwk())
    }

    /// Signs the message, in the form JWS gives the algorithm's signatures.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        match &self.private {
            Private::Rsa(key) => {
                let padding: &'static dyn RsaEncoding = match self.algorithm {
                    Algorithm::Ps256 => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(padding, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| JoseError::Signing)?;
                Ok(signature)
            }
            Private::P256(key) => key
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| JoseError::Signing),
            Private::Ed25519(key) => key
                .try_sign(message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| JoseError::Signing),
            Private::Sm2(key) => Ok(key.sign(message).to_vec()),
            Private::Module(module) => module.sign(message),
        }
    }

    pub(super) fn header_start(&self) -> &str {
        &self.header_start
    }
}

impl Private {
    /// The public half, with the same checks as for anybody else's key.
    fn material(&self) -> Result<Material, JoseError> {
        match self {
            Self::Rsa(key) => {
                let public = key.public_key();
                Material::rsa(
                    public.modulus().big_endian_without_leading_zero().to_vec(),
                    public.exponent().big_endian_without_leading_zero(),
                )
            }
            Self::P256(key) => match key.public_key().as_ref() {
                [4, point @ ..] if point.len() == 64 => {
                    let (mut x, mut y) = ([0; 32], [0; 32]);
                    x.copy_from_slice(&point[..32]);
                    y.copy_from_slice(&point[32..]);
                    Material::p256(x, y)
                }
                _ => Err(JoseError::Key("the point is not on P-256")),
            },
            Self::Ed25519(key) => {
                let x = key.public_key().as_ref().try_into();
                Material::ed25519(x.map_err(|_| JoseError::Key("not an Ed25519 public key"))?)
            }
            Self::Sm2(key) => Ok(Material::Sm2(key.verifying_key())),
            Self::Module(_) => Err(JoseError::Key("a module gives its public half itself")),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
