//! The stored text of a password hash, in the PHC string format with one spelling for each value.
//!
//! `$argon2id$v=19$m=19456,t=2,p=1$salt$hash` and `$pbkdf2-hmac-sm3$i=100000$salt$hash`, salt and
//! hash in standard base64 without padding.

use super::HASH_LENGTH;
use super::Profile;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use std::fmt;

/// A stored hash, taken apart.
pub(super) struct Stored {
    pub(super) profile: Profile,
    pub(super) salt: Vec<u8>,
    pub(super) hash: [u8; HASH_LENGTH],
}

impl Stored {
    /// Reads a stored text; `None` for anything that [`Stored`] would not have written so.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.strip_prefix('$')?.split('$').collect();
        let (profile, salt, hash) = match fields[..] {
            ["argon2id", "v=19", cost, salt, hash] => (argon2id(cost)?, salt, hash),
            ["pbkdf2-hmac-sm3", cost, salt, hash] => {
                (Profile::Gm { iterations: number(cost.strip_prefix("i=")?)? }, salt, hash)
            }
            _ => return None,
        };
        let salt = BASE64_STANDARD_NO_PAD.decode(salt).ok()?;
        let hash = BASE64_STANDARD_NO_PAD.decode(hash).ok()?.try_into().ok()?;
        (8..=64).contains(&salt.len()).then_some(Self { profile, salt, hash })
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.profile {
            Profile::Argon2id { memory, passes } => {
                write!(formatter, "$argon2id$v=19$m={memory},t={passes},p=1")?;
            }
            Profile::Gm { iterations } => write!(formatter, "$pbkdf2-hmac-sm3$i={iterations}")?,
        }
        let salt = BASE64_STANDARD_NO_PAD.encode(&self.salt);
        let hash = BASE64_STANDARD_NO_PAD.encode(self.hash);
        write!(formatter, "${salt}${hash}")
    }
}

fn argon2id(cost: &str) -> Option<Profile> {
    let (memory, rest) = cost.strip_prefix("m=")?.split_once(",t=")?;
    let passes = rest.strip_suffix(",p=1")?;
    Some(Profile::Argon2id { memory: number(memory)?, passes: number(passes)? })
}

/// A decimal number without sign and without leading zeros.
fn number(text: &str) -> Option<u32> {
    let value: u32 = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::Stored;
    use crate::crypto::password::Profile;
    use proptest::prelude::any;
    use proptest::prelude::proptest;

    const HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn reads_both_kinds() {
        let argon2id = format!("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ${HASH}");
        assert_eq!(Stored::parse(&argon2id).unwrap().profile, Profile::ARGON2ID);
        let gm = format!("$pbkdf2-hmac-sm3$i=100000$c29tZXNhbHQ${HASH}");
        assert_eq!(Stored::parse(&gm).unwrap().profile, Profile::GM);
    }

    #[test]
    fn refuses_what_it_would_not_write() {
        for text in [
            String::new(),
            "plain".into(),
            format!("$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ${HASH}"),
            format!("$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHQ${HASH}"),
            format!("$argon2id$v=19$m=19456,t=2,p=2$c29tZXNhbHQ${HASH}"),
            format!("$argon2id$v=19$m=019456,t=2,p=1$c29tZXNhbHQ${HASH}"),
            format!("$argon2id$v=19$m=+19456,t=2,p=1$c29tZXNhbHQ${HASH}"),
            format!("$argon2id$v=19$m=99999999999,t=2,p=1$c29tZXNhbHQ${HASH}"),
            format!("$argon2id$v=19$t=2,m=19456,p=1$c29tZXNhbHQ${HASH}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA${HASH}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ${HASH}$"),
            format!("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ=${HASH}"),
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$AAAA".into(),
            format!("$pbkdf2-hmac-sm3$i=-1$c29tZXNhbHQ${HASH}"),
            format!("$pbkdf2-hmac-sm3$100000$c29tZXNhbHQ${HASH}"),
        ] {
            assert!(Stored::parse(&text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_stored_hash_is_read_back(
            memory: u32, passes: u32, salt in proptest::collection::vec(any::<u8>(), 8..=64),
            hash: [u8; 32], gm: bool,
        ) {
            let profile = if gm {
                Profile::Gm { iterations: memory }
            } else {
                Profile::Argon2id { memory, passes }
            };
            let text = Stored { profile, salt, hash }.to_string();
            let read = Stored::parse(&text).unwrap();
            assert_eq!((read.profile, read.hash, read.to_string()), (profile, hash, text));
        }

        #[test]
        fn arbitrary_texts_never_panic(text: String, tail in r"[$a-z0-9=,+/-]{0,60}") {
            let _ = Stored::parse(&text);
            let _ = Stored::parse(&format!("$argon2id$v=19${tail}"));
            let _ = Stored::parse(&format!("$pbkdf2-hmac-sm3${tail}"));
        }
    }
}
