//! What is inside a public key, checked: a point on its curve, a modulus of sound size (RFC 7518 §6).

use crate::crypto::base64url;
use crate::crypto::sm2;
use crate::jose::Algorithm;
use crate::jose::JoseError;
use crate::jose::rsa;
use aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED;
use aws_lc_rs::signature::ED25519;
use aws_lc_rs::signature::ParsedPublicKey;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;

/// The mathematical part of a public key.
#[derive(Clone)]
pub(super) enum Material {
    Rsa { modulus: Vec<u8>, key: DecodingKey },
    P256 { x: [u8; 32], y: [u8; 32], key: DecodingKey },
    Ed25519 { x: [u8; 32], key: DecodingKey },
    Sm2(sm2::VerifyingKey),
}

impl Material {
    pub(super) fn rsa(modulus: Vec<u8>, exponent: &[u8]) -> Result<Self, JoseError> {
        rsa::check(&modulus, exponent)?;
        let key = DecodingKey::from_rsa_raw_components(&modulus, exponent);
        Ok(Self::Rsa { modulus, key })
    }

    pub(super) fn p256(x: [u8; 32], y: [u8; 32]) -> Result<Self, JoseError> {
        let point = [&[4], &x[..], &y[..]].concat();
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point)
            .map_err(|_| JoseError::Key("the point is not on P-256"))?;
        Ok(Self::P256 { x, y, key: DecodingKey::from_ec_der(&point) })
    }

    pub(super) fn ed25519(x: [u8; 32]) -> Result<Self, JoseError> {
        ParsedPublicKey::new(&ED25519, x)
            .map_err(|_| JoseError::Key("not an Ed25519 public key"))?;
        Ok(Self::Ed25519 { x, key: DecodingKey::from_ed_der(&x) })
    }

    pub(super) fn sm2(x: [u8; 32], y: [u8; 32]) -> Result<Self, JoseError> {
        sm2::VerifyingKey::from_coordinates(&x, &y)
            .map(Self::Sm2)
            .map_err(|_| JoseError::Key("the point is not on the SM2 curve"))
    }

    /// Whether signatures of the algorithm are made with keys of this kind.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match algorithm {
            Algorithm::Rs256 | Algorithm::Ps256 => matches!(self, Self::Rsa { .. }),
            Algorithm::Es256 => matches!(self, Self::P256 { .. }),
            Algorithm::EdDsa => matches!(self, Self::Ed25519 { .. }),
            Algorithm::Sm2 => matches!(self, Self::Sm2(_)),
        }
    }

    /// The members that identify the key, in the order of RFC 7638 §3.3.
    pub(super) fn members(&self) -> Vec<(&'static str, String)> {
        let curve = |name: &str, x: &[u8], y: &[u8]| {
            vec![
                ("crv", name.to_owned()),
                ("kty", "EC".to_owned()),
                ("x", base64url::encode(x)),
                ("y", base64url::encode(y)),
            ]
        };
        match self {
            Self::Rsa { modulus, .. } => vec![
                ("e", "AQAB".to_owned()),
                ("kty", "RSA".to_owned()),
                ("n", base64url::encode(modulus)),
            ],
            Self::P256 { x, y, .. } => curve("P-256", x, y),
            Self::Sm2(key) => {
                let (x, y) = key.coordinates();
                curve("SM2", &x, &y)
            }
            Self::Ed25519 { x, .. } => vec![
                ("crv", "Ed25519".to_owned()),
                ("kty", "OKP".to_owned()),
                ("x", base64url::encode(x)),
            ],
        }
    }

    /// Whether the bytes are a signature of the message by the algorithm.
    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let (name, key) = match (self, algorithm) {
            (Self::Rsa { key, .. }, Algorithm::Rs256) => (jsonwebtoken::Algorithm::RS256, key),
            (Self::Rsa { key, .. }, Algorithm::Ps256) => (jsonwebtoken::Algorithm::PS256, key),
            (Self::P256 { key, .. }, Algorithm::Es256) => (jsonwebtoken::Algorithm::ES256, key),
            (Self::Ed25519 { key, .. }, Algorithm::EdDsa) => (jsonwebtoken::Algorithm::EdDSA, key),
            (Self::Sm2(key), Algorithm::Sm2) => return key.verify(message, signature),
            _ => return false,
        };
        // Asking the provider directly needs no process-wide installation, which a second
        // provider among the dependencies' features would turn into a panic.
        (DEFAULT_PROVIDER.verifier_factory)(&name, key)
            .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
    }
}
