//! The signing keys of a moment, and the two documents that publish them (RFC 7517 §5).

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use serde_json::json;

use crate::jose::Algorithm;
use crate::jose::JoseError;
use crate::jose::JwkSet;
use crate::jose::SigningKey;

/// All published keys; one current key an algorithm.
pub struct Ring {
    current: HashMap<Algorithm, Arc<SigningKey>>,
    public: JwkSet,
    known: JwkSet,
    /// `/oauth2/jwks`, without SM2: strict clients refuse a set with a curve they do not know.
    pub jwks: Arc<[u8]>,
    /// `/oauth2/jwks/sm2`, with SM2 beside the others.
    pub jwks_with_sm2: Arc<[u8]>,
}

impl Ring {
    /// Builds the documents once, so that serving them costs a copy.
    pub fn new(
        current: HashMap<Algorithm, Arc<SigningKey>>,
        published: &[Arc<SigningKey>],
        known: &[Arc<SigningKey>],
    ) -> Result<Self, JoseError> {
        let public_keys = |keys: &[Arc<SigningKey>]| {
            JwkSet::from_keys(keys.iter().map(|key| key.public_key().clone()))
        };
        let document = |with_sm2: bool| -> Arc<[u8]> {
            let keys: Vec<Value> = published
                .iter()
                .filter(|key| with_sm2 || key.algorithm() != Algorithm::Sm2)
                .map(|key| key.public_jwk())
                .collect();
            json!({ "keys": keys }).to_string().into_bytes().into()
        };
        Ok(Self {
            current,
            public: public_keys(published)?,
            known: public_keys(known)?,
            jwks: document(false),
            jwks_with_sm2: document(true),
        })
    }

    /// The key that signs now.
    pub fn signing_key(&self, algorithm: Algorithm) -> Result<&SigningKey, JoseError> {
        self.current.get(&algorithm).map(Arc::as_ref).ok_or(JoseError::Key("is missing"))
    }

    /// Every key that was ever published, to verify what we signed long ago.
    pub fn known_keys(&self) -> &JwkSet {
        &self.known
    }

    /// Every published key, to verify what we signed.
    pub fn public_keys(&self) -> &JwkSet {
        &self.public
    }
}
