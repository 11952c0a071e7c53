//! Password hashing: HMAC-SM3 under a pepper, over Argon2id (RFC 9106) or PBKDF2 (GM/T 0091).
//!
//! The pepper is kept outside the database, so a stolen table alone cannot be searched. The caller
//! normalises the password; here it is bytes of any content and length. `pool` bounds how many
//! hashes run at once, `phc` is the stored text, `memory` the reuse of Argon2's blocks.

mod memory;
mod phc;
mod pool;

pub use pool::Busy;
pub use pool::Pool;

use crate::crypto::constant_time_eq;
use crate::crypto::mac::MacKey;
use crate::crypto::random;
use argon2_rust::Algorithm;
use argon2_rust::Argon2;
use argon2_rust::Params;
use argon2_rust::Version;
use argon2_rust::params::TagLen;
use memory::Memory;
use phc::Stored;
use sm3::Sm3;
use std::fmt;
use std::hint::black_box;
use std::time::Duration;
use std::time::Instant;
use zeroize::Zeroizing;

const SALT_LENGTH: usize = 16;
const HASH_LENGTH: usize = 32;
/// `password` with the salt `somesalt` in 256 KiB and two passes, as the tests of the reference
/// implementation have it.
const KNOWN_HASH: [u8; HASH_LENGTH] = [
    0x9d, 0xfe, 0xb9, 0x10, 0xe8, 0x0b, 0xad, 0x03, 0x11, 0xfe, 0xe2, 0x0f, 0x9c, 0x0e, 0x2b, 0x12,
    0xc1, 0x79, 0x87, 0xb4, 0xca, 0xc9, 0x0c, 0x2e, 0xf5, 0x4d, 0x5b, 0x30, 0x21, 0xc6, 0x8b, 0xfe,
];

/// How passwords are hashed, and what that costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Argon2id with one lane.
    Argon2id {
        /// Memory in KiB.
        memory: u32,
        /// Number of passes over the memory.
        passes: u32,
    },
    /// PBKDF2-HMAC-SM3, where an assessor admits domestic algorithms only.
    Gm {
        /// Number of iterations.
        iterations: u32,
    },
}

impl Profile {
    /// Argon2id as OWASP asks for it: 19 MiB, two passes, one lane. Also the floor.
    pub const ARGON2ID: Self = Self::Argon2id { memory: 19_456, passes: 2 };
    /// PBKDF2-HMAC-SM3 with the customary count. Also the floor.
    pub const GM: Self = Self::Gm { iterations: 100_000 };

    /// Whether the profile costs at least what the defaults cost, and no more than a stored hash
    /// may ask for.
    fn is_acceptable(self) -> bool {
        match self {
            Self::Argon2id { memory, passes } => {
                memory >= 19_456 && passes >= 2 && self.is_bounded()
            }
            Self::Gm { iterations } => iterations >= 100_000 && self.is_bounded(),
        }
    }

    /// A stored text must not be able to ask for an hour of work or all the memory: whoever can
    /// write one row of the table would stop the service.
    fn is_bounded(self) -> bool {
        match self {
            Self::Argon2id { memory, passes } => {
                (8..=262_144).contains(&memory) && (1..=16).contains(&passes)
            }
            Self::Gm { iterations } => (1..=10_000_000).contains(&iterations),
        }
    }
}

/// Why there is no hasher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HasherError {
    /// The profile is below the floor, or beyond what a stored hash may ask for.
    #[error("the password hashing profile is outside its limits")]
    Profile,
    /// This machine computes a known hash differently: every password would be wrong.
    #[error("Argon2id fails its self-test on this processor")]
    SelfTest,
}

/// What comparing a password with a stored hash found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// Not this password.
    Wrong,
    /// This password, hashed as it is done today.
    Right,
    /// This password, hashed under another profile: hash it anew while it is known.
    RightButOutdated,
}

/// Hashes passwords and compares them with stored hashes.
pub struct PasswordHasher {
    profile: Profile,
    pepper: MacKey,
    memory: Memory,
}

impl PasswordHasher {
    /// A hasher for the profile; the pepper must be random and kept out of the database. Argon2id is
    /// computed by what the processor does best, so that is tried on a known hash first.
    pub fn new(profile: Profile, pepper: &[u8]) -> Result<Self, HasherError> {
        if !profile.is_acceptable() {
            return Err(HasherError::Profile);
        }
        if argon2id(256, 2).hash(b"password", b"somesalt").as_deref() != Ok(&KNOWN_HASH) {
            return Err(HasherError::SelfTest);
        }
        Ok(Self { profile, pepper: MacKey::new(pepper), memory: Memory::default() })
    }

    /// Hashes a password with a fresh salt, as text to store.
    pub fn hash(&self, password: &[u8]) -> String {
        let salt = random::bytes::<SALT_LENGTH>();
        let hash = self.derive(self.profile, &salt, password);
        Stored { profile: self.profile, salt: salt.to_vec(), hash: *hash }.to_string()
    }

    /// Compares a password with a stored hash, in constant time. A text that is not a stored hash
    /// costs the same work as one that is, and is `Wrong`.
    pub fn verify(&self, password: &[u8], stored: &str) -> Verification {
        let Some(stored) = Stored::parse(stored).filter(|stored| stored.profile.is_bounded())
        else {
            return self.verify_nothing(password);
        };
        let hash = self.derive(stored.profile, &stored.salt, password);
        match constant_time_eq(&*hash, &stored.hash) {
            false => Verification::Wrong,
            true if stored.profile == self.profile => Verification::Right,
            true => Verification::RightButOutdated,
        }
    }

    /// Does for an unknown user the work that [`verify`](Self::verify) does for a known one, so
    /// that the time of the answer does not tell them apart.
    pub fn verify_nothing(&self, password: &[u8]) -> Verification {
        let hash = self.derive(self.profile, &[0; SALT_LENGTH], password);
        black_box(constant_time_eq(&*hash, &[0; HASH_LENGTH]));
        Verification::Wrong
    }

    /// Gives memory back that has not been used for `rest`, and says how many buffers went. Call
    /// it every few seconds; see [`Memory::release_idle`] for what `now` means.
    pub fn release_idle(&self, now: Instant, rest: Duration) -> usize {
        self.memory.release_idle(now, rest)
    }

    fn derive(
        &self,
        profile: Profile,
        salt: &[u8],
        password: &[u8],
    ) -> Zeroizing<[u8; HASH_LENGTH]> {
        metrics::counter!("password_hash_operations_total").increment(1);
        // The MAC also takes away the questions of length and of NUL bytes.
        let peppered = Zeroizing::new(self.pepper.tag(password));
        let mut hash = Zeroizing::new([0; HASH_LENGTH]);
        match profile {
            Profile::Argon2id { memory, passes } => {
                let mut hasher = self.memory.take(argon2id(memory, passes));
                hasher
                    .hash_into(&*peppered, salt, &mut *hash)
                    .expect("salt, password and output have lengths that Argon2 takes");
                self.memory.put_back(hasher);
            }
            Profile::Gm { iterations } => {
                pbkdf2::pbkdf2_hmac::<Sm3>(&*peppered, salt, iterations, &mut *hash);
            }
        }
        hash
    }
}

/// Argon2id (RFC 9106) with one lane; memory in KiB.
fn argon2id(memory: u32, passes: u32) -> Argon2 {
    let params = Params::builder()
        .memory(argon2_rust::params::Memory::kib(memory.into()))
        .passes(passes)
        .lanes(1)
        .tag_len(TagLen::bytes(HASH_LENGTH as u64))
        .build()
        .expect("bounded parameters are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

impl fmt::Debug for PasswordHasher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PasswordHasher")
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
