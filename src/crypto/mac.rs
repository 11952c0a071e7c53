//! HMAC-SM3 (GB/T 15852.2, RFC 2104) and HKDF-SM3 (RFC 5869).

use crate::crypto::constant_time_eq;
use hkdf::Hkdf;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sm3::Sm3;
use std::fmt;

/// An HMAC-SM3 key, with the two key blocks already hashed: a tag costs no key set-up.
///
/// The state is overwritten when the key is dropped, and `Debug` shows nothing of it.
#[derive(Clone)]
pub struct MacKey(Hmac<Sm3>);

impl MacKey {
    /// Prepares the key. HMAC takes keys of any length.
    pub fn new(key: &[u8]) -> Self {
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of any length"))
    }

    /// Plain HMAC-SM3 of the message.
    pub fn tag(&self, message: &[u8]) -> [u8; 32] {
        let mut state = self.0.clone();
        state.update(message);
        state.finalize().into_bytes().into()
    }

    /// HMAC-SM3 of the parts, each preceded by its length, so that no two lists of parts give the
    /// same input: `["ab", "c"]` and `["a", "bc"]` have different tags.
    pub fn tag_parts(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut state = self.0.clone();
        for part in parts {
            state.update(&(part.len() as u64).to_be_bytes());
            state.update(part);
        }
        state.finalize().into_bytes().into()
    }

    /// Whether `tag` is the whole tag of the message; compares in constant time.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        constant_time_eq(&self.tag(message), tag)
    }

    /// Whether `tag` is the whole tag of the parts; compares in constant time.
    pub fn verify_parts(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        constant_time_eq(&self.tag_parts(parts), tag)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MacKey(***)")
    }
}

/// The 256-bit key for one purpose, drawn from a master key by HKDF-SM3. The master key must be
/// uniformly random, for there is no salt; the label names the purpose.
pub fn derive(master: &[u8], label: &str) -> [u8; 32] {
    let mut key = [0; 32];
    Hkdf::<Sm3>::new(None, master)
        .expand(label.as_bytes(), &mut key)
        .expect("HKDF gives up to 255 times 32 bytes");
    key
}

#[cfg(test)]
mod tests {
    use super::MacKey;
    use super::derive;

    #[test]
    fn a_moved_boundary_changes_the_tag_of_parts() {
        let key = MacKey::new(b"key");
        assert_ne!(key.tag_parts(&[b"ab", b"c"]), key.tag_parts(&[b"a", b"bc"]));
        assert_ne!(key.tag_parts(&[b"abc"]), key.tag_parts(&[b"abc", b""]));
        assert_ne!(key.tag_parts(&[b"abc"]), key.tag(b"abc"));
    }

    #[test]
    fn only_the_whole_right_tag_verifies() {
        let key = MacKey::new(b"key");
        let tag = key.tag(b"message");
        assert!(key.verify(b"message", &tag));
        assert!(!key.verify(b"massage", &tag));
        assert!(!key.verify(b"message", &tag[..16]));
        assert!(!key.verify(b"message", b""));
        assert!(!MacKey::new(b"kez").verify(b"message", &tag));
        assert!(key.verify_parts(&[b"a", b"b"], &key.tag_parts(&[b"a", b"b"])));
        assert!(!key.verify_parts(&[b"a", b"b"], &tag));
    }

    #[test]
    fn labels_give_unrelated_keys() {
        assert_ne!(derive(b"master", "subject"), derive(b"master", "identifier"));
        assert_ne!(derive(b"master", "subject"), derive(b"mastes", "subject"));
    }

    #[test]
    fn debug_shows_nothing_of_the_key() {
        assert_eq!(format!("{:?}", MacKey::new(b"key")), "MacKey(***)");
    }
}
