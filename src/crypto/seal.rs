//! Sealing: SM4-GCM (GB/T 32907, RFC 8998) under a named key, bound to where the value belongs.
//!
//! A sealed value is `version ‖ key id ‖ nonce ‖ ciphertext ‖ tag` with 1, 4, 12, n and 16 bytes.
//! What the caller gives as associated data (table, column and row, for example) must be given
//! again to open it, so that a value moved to another place does not open.

use crate::crypto::random;
use aes_gcm::AesGcm;
use aes_gcm::KeyInit;
use aes_gcm::aead::Aead;
use aes_gcm::aead::Payload;
use aes_gcm::aead::consts::U12;
use sm4::Sm4;
use std::fmt;
use zeroize::Zeroizing;

const VERSION: u8 = 1;
const HEADER_LENGTH: usize = 5;
const NONCE_LENGTH: usize = 12;
const TAG_LENGTH: usize = 16;

/// How many bytes sealing adds to a plaintext.
pub const OVERHEAD: usize = HEADER_LENGTH + NONCE_LENGTH + TAG_LENGTH;

/// SM4-GCM with a 96-bit nonce and a 128-bit tag, and no other sizes.
pub type Sm4Gcm = AesGcm<Sm4, U12>;

/// Why a sealed value does not open, or a set of keys cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Too short, or of a version this binary does not know.
    #[error("the sealed value is malformed")]
    Malformed,
    /// Sealed under a key that is not in the set.
    #[error("the sealed value names an unknown key")]
    UnknownKey,
    /// Changed, cut, moved to another place, or sealed under another key of the same name.
    #[error("the sealed value is not authentic")]
    Forged,
    /// The set of keys has no current key, or the same id twice.
    #[error("the set of sealing keys is inconsistent")]
    InconsistentKeys,
}

/// The SM4 keys of one purpose: one to seal with, and the older ones that still open.
///
/// Nonces are random, so one key must not seal more than 2^32 values (NIST SP 800-38D §8.3): at a
/// thousand a second, rotate it within seven weeks.
pub struct SealingKeys {
    current: u32,
    /// A handful of keys: a scan is cheaper than a map. Key schedules are computed once, here.
    ciphers: Vec<(u32, Sm4Gcm)>,
}

impl SealingKeys {
    /// Prepares the keys; `current` names the one to seal with.
    pub fn new(
        current: u32,
        keys: impl IntoIterator<Item = (u32, Zeroizing<[u8; 16]>)>,
    ) -> Result<Self, SealError> {
        let mut ciphers: Vec<(u32, Sm4Gcm)> = Vec::new();
        for (id, key) in keys {
            if ciphers.iter().any(|(other, _)| *other == id) {
                return Err(SealError::InconsistentKeys);
            }
            ciphers.push((id, Sm4Gcm::new((&*key).into())));
        }
        let keys = Self { current, ciphers };
        keys.cipher(current).ok_or(SealError::InconsistentKeys)?;
        Ok(keys)
    }

    /// The id of the key that new values are sealed with.
    pub fn current(&self) -> u32 {
        self.current
    }

    /// Seals the plaintext, bound to the associated data.
    pub fn seal(&self, associated_data: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let cipher = self.cipher(self.current).expect("`new` checked that the current key exists");
        let nonce = random::bytes::<NONCE_LENGTH>();
        let header = header(self.current);
        let bound = bind(header, associated_data);
        let ciphertext = cipher
            .encrypt(&nonce.into(), Payload { msg: plaintext, aad: &bound })
            .expect("GCM seals up to 64 GiB, more than fits in a request or a row");
        [&header[..], &nonce, &ciphertext].concat()
    }

    /// Opens a sealed value with the associated data it was sealed with.
    pub fn open(
        &self,
        associated_data: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let id = key_id(sealed)?;
        let cipher = self.cipher(id).ok_or(SealError::UnknownKey)?;
        let (nonce, ciphertext) = sealed[HEADER_LENGTH..]
            .split_first_chunk::<NONCE_LENGTH>()
            .ok_or(SealError::Malformed)?;
        let bound = bind(header(id), associated_data);
        cipher
            .decrypt(nonce.into(), Payload { msg: ciphertext, aad: &bound })
            .map(Zeroizing::new)
            .map_err(|_| SealError::Forged)
    }

    fn cipher(&self, id: u32) -> Option<&Sm4Gcm> {
        self.ciphers.iter().find(|(each, _)| *each == id).map(|(_, cipher)| cipher)
    }
}

impl fmt::Debug for SealingKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<u32> = self.ciphers.iter().map(|(id, _)| *id).collect();
        formatter
            .debug_struct("SealingKeys")
            .field("current", &self.current)
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}

/// The id of the key a sealed value names, unauthenticated: for finding what still needs sealing
/// anew, never for a decision.
pub fn key_id(sealed: &[u8]) -> Result<u32, SealError> {
    match sealed {
        [VERSION, a, b, c, d, rest @ ..] if rest.len() >= NONCE_LENGTH + TAG_LENGTH => {
            Ok(u32::from_be_bytes([*a, *b, *c, *d]))
        }
        _ => Err(SealError::Malformed),
    }
}

fn header(key_id: u32) -> [u8; HEADER_LENGTH] {
    let [a, b, c, d] = key_id.to_be_bytes();
    [VERSION, a, b, c, d]
}

/// Version and key id are authenticated in front of the caller's data. The header has a fixed
/// length, so the concatenation is unambiguous.
fn bind(header: [u8; HEADER_LENGTH], associated_data: &[u8]) -> Vec<u8> {
    [&header[..], associated_data].concat()
}

#[cfg(test)]
mod tests {
    use super::OVERHEAD;
    use super::SealError;
    use super::SealingKeys;
    use super::key_id;
    use proptest::prelude::any;
    use proptest::prelude::proptest;
    use zeroize::Zeroizing;

    fn keys() -> SealingKeys {
        SealingKeys::new(7, [(3, Zeroizing::new([3; 16])), (7, Zeroizing::new([7; 16]))]).unwrap()
    }

    #[test]
    fn opens_what_it_sealed_and_names_the_key() {
        let sealed = keys().seal(b"person:1:id_number", b"secret");

        assert_eq!(key_id(&sealed), Ok(7));
        assert_eq!(sealed.len(), 6 + OVERHEAD);
        assert_eq!(**keys().open(b"person:1:id_number", &sealed).unwrap(), *b"secret");
    }

    #[test]
    fn sealing_twice_gives_different_values() {
        assert_ne!(keys().seal(b"", b"secret"), keys().seal(b"", b"secret"));
    }

    #[test]
    fn an_older_key_still_opens_after_rotation() {
        let old = SealingKeys::new(3, [(3, Zeroizing::new([3; 16]))]).unwrap();
        let sealed = old.seal(b"", b"secret");

        assert_eq!(**keys().open(b"", &sealed).unwrap(), *b"secret");
        assert_eq!(old.open(b"", &keys().seal(b"", b"x")), Err(SealError::UnknownKey));
    }

    #[test]
    fn a_value_moved_elsewhere_does_not_open() {
        let sealed = keys().seal(b"person:1", b"secret");
        assert_eq!(keys().open(b"person:2", &sealed), Err(SealError::Forged));
    }

    #[test]
    fn every_changed_bit_and_every_cut_is_noticed() {
        let keys = keys();
        let sealed = keys.seal(b"place", b"secret");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(keys.open(b"place", &changed).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(keys.open(b"place", &sealed[..length]).is_err(), "length {length}");
        }
    }

    #[test]
    fn the_key_id_is_authenticated_even_where_two_ids_hold_the_same_key() {
        let twins = [(1, Zeroizing::new([9; 16])), (2, Zeroizing::new([9; 16]))];
        let keys = SealingKeys::new(1, twins).unwrap();
        let mut sealed = keys.seal(b"", b"secret");
        sealed[4] = 2;
        assert_eq!(keys.open(b"", &sealed), Err(SealError::Forged));
    }

    #[test]
    fn keys_need_a_current_one_and_distinct_ids() {
        let key = || Zeroizing::new([1; 16]);
        assert_eq!(SealingKeys::new(1, []).unwrap_err(), SealError::InconsistentKeys);
        assert_eq!(SealingKeys::new(1, [(2, key())]).unwrap_err(), SealError::InconsistentKeys);
        let twice = [(1, key()), (1, key())];
        assert_eq!(SealingKeys::new(1, twice).unwrap_err(), SealError::InconsistentKeys);
    }

    #[test]
    fn debug_shows_ids_only() {
        assert_eq!(format!("{:?}", keys()), "SealingKeys { current: 7, ids: [3, 7], .. }");
    }

    proptest! {
        #[test]
        fn opens_any_plaintext_at_any_place(place in any::<Vec<u8>>(), text in any::<Vec<u8>>()) {
            let keys = keys();
            assert_eq!(**keys.open(&place, &keys.seal(&place, &text)).unwrap(), *text);
        }

        #[test]
        fn arbitrary_bytes_never_open_and_never_panic(mut sealed in any::<Vec<u8>>()) {
            assert!(keys().open(b"", &sealed).is_err());
            sealed.splice(0..0, [1, 0, 0, 0, 7]);
            assert!(keys().open(b"", &sealed).is_err());
        }
    }
}
