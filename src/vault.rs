//! The vault: every key that protects our own data, derived from the master key by HKDF-SM3, one
//! label a purpose (GB/T 39786-2021: a key serves one purpose).

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::crypto::mac::MacKey;
use crate::crypto::mac::derive;
use crate::crypto::seal::SealingKeys;
use crate::domain::account::Account;
use crate::domain::account::IdentifierKind;
use crate::domain::account::Profile;
use crate::domain::id::AccountId;
use crate::domain::id::IdentifierDigest;

/// The epoch of the blind-index key now written.
pub const INDEX_EPOCH: i64 = 1;
/// The generation of the sealing keys now written.
const SEALING_KEY: u32 = 1;

/// Marks personal fields sealed under the person's own key.
const PERSON: u8 = 1;
/// Marks personal fields of somebody without an account.
const STRANGER: u8 = 0;

/// Why the vault does not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The file of the master key cannot be read or written.
    #[error("master key file {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file does not hold a key.
    #[error("master key file {0}: it must hold 64 hexadecimal digits")]
    Malformed(PathBuf),
    /// Others may read the file.
    #[error("master key file {0}: others can read it; run `chmod 600` on it")]
    Permissions(PathBuf),
    /// A sealed value does not open under our keys.
    #[error("a sealed value does not open: it was changed, or sealed under another master key")]
    Sealed,
}

/// Keys by purpose.
pub struct Vault {
    data: SealingKeys,
    transit: SealingKeys,
    signing_keys: SealingKeys,
    index: MacKey,
    /// Subjects: never rotated (D2).
    pub subject: MacKey,
    /// Audit records.
    pub audit: MacKey,
    /// CSRF tokens.
    pub csrf: MacKey,
    /// Digests of short secrets: one-time codes, recovery codes, throttle keys.
    pub short_secret: MacKey,
    /// The pepper under every password.
    pub pepper: Zeroizing<[u8; 32]>,
}

impl Vault {
    /// Opens the vault; makes a master key when `path` does not exist and `create` is set.
    pub fn open(path: &Path, create: bool) -> Result<Self, VaultError> {
        if create && !path.exists() {
            create_master_key(path)?;
        }
        let file = |source| VaultError::File { path: path.to_owned(), source };
        check_permissions(path)?;
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(file)?);
        let mut master = Zeroizing::new([0_u8; 32]);
        hex::decode_to_slice(text.trim(), &mut master[..])
            .map_err(|_| VaultError::Malformed(path.to_owned()))?;
        Ok(Self::derive_from(&master))
    }

    /// The vault of this master key.
    pub fn derive_from(master: &[u8; 32]) -> Self {
        let mac = |label: &str| MacKey::new(&derive(master, label));
        Self {
            data: sealing(master, "yihao data 1"),
            transit: sealing(master, "yihao transit 1"),
            signing_keys: sealing(master, "yihao signing keys 1"),
            index: mac("yihao blind index 1"),
            subject: mac("yihao subject"),
            audit: mac("yihao audit 1"),
            csrf: mac("yihao csrf 1"),
            short_secret: mac("yihao short secret 1"),
            pepper: Zeroizing::new(derive(master, "yihao password pepper")),
        }
    }

    /// Under which digest an identifier is found.
    pub fn index(&self, kind: IdentifierKind, canonical: &str) -> IdentifierDigest {
        IdentifierDigest(self.index.tag_parts(&[kind.as_str().as_bytes(), canonical.as_bytes()]))
    }

    /// A new key of one person's own, sealed; and the profile sealed under it.
    pub fn seal_person(
        &self,
        id: AccountId,
        profile: &Profile,
    ) -> Result<(Vec<u8>, Vec<u8>), VaultError> {
        let key = Zeroizing::new(crate::crypto::random::bytes::<16>());
        let sealed_key = self.data.seal(id.0.as_bytes(), &key[..]);
        let text = Zeroizing::new(serde_json::to_vec(profile).map_err(|_| VaultError::Sealed)?);
        Ok((sealed_key, person(&key)?.seal(id.0.as_bytes(), &text)))
    }

    /// The profile of an account.
    pub fn open_profile(&self, account: &Account) -> Result<Profile, VaultError> {
        let keys = self.person_keys(account.id, &account.person_key)?;
        let text =
            keys.open(account.id.0.as_bytes(), &account.profile).map_err(|_| VaultError::Sealed)?;
        serde_json::from_slice(&text).map_err(|_| VaultError::Sealed)
    }

    /// Seals personal fields of an audit record under the person's key, or under ours for strangers.
    pub fn seal_personal(&self, account: Option<&Account>, text: &[u8]) -> Vec<u8> {
        let keys =
            account.and_then(|account| self.person_keys(account.id, &account.person_key).ok());
        let (owner, sealed) = match keys {
            Some(keys) => (PERSON, keys.seal(b"audit", text)),
            None => (STRANGER, self.data.seal(b"audit", text)),
        };
        [&[owner][..], &sealed].concat()
    }

    /// Opens what [`Vault::seal_personal`] sealed.
    pub fn open_personal(
        &self,
        account: Option<&Account>,
        sealed: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let opened = match (sealed.split_first(), account) {
            (Some((&PERSON, sealed)), Some(account)) => {
                self.person_keys(account.id, &account.person_key)?.open(b"audit", sealed)
            }
            (Some((&STRANGER, sealed)), _) => self.data.open(b"audit", sealed),
            _ => return Err(VaultError::Sealed),
        };
        opened.map(|text| text.to_vec()).map_err(|_| VaultError::Sealed)
    }

    /// Seals a value that stays with us, bound to what it is and to whom it belongs.
    pub fn seal_data(&self, purpose: &str, text: &[u8]) -> Vec<u8> {
        self.data.seal(purpose.as_bytes(), text)
    }

    /// Opens what [`Vault::seal_data`] sealed for the same purpose.
    pub fn open_data(
        &self,
        purpose: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.data.open(purpose.as_bytes(), sealed).map_err(|_| VaultError::Sealed)
    }

    /// Seals a value into text that travels through the browser or a client and comes back.
    pub fn seal_transit(
        &self,
        purpose: &str,
        value: &impl Serialize,
    ) -> Result<String, VaultError> {
        let text = serde_json::to_vec(value).map_err(|_| VaultError::Sealed)?;
        Ok(crate::crypto::base64url::encode(self.transit.seal(purpose.as_bytes(), &text)))
    }

    /// Opens what [`Vault::seal_transit`] sealed for the same purpose; anything else is an error.
    pub fn open_transit<T: DeserializeOwned>(
        &self,
        purpose: &str,
        text: &str,
    ) -> Result<T, VaultError> {
        let sealed = crate::crypto::base64url::decode(text).map_err(|_| VaultError::Sealed)?;
        let opened =
            self.transit.open(purpose.as_bytes(), &sealed).map_err(|_| VaultError::Sealed)?;
        serde_json::from_slice(&opened).map_err(|_| VaultError::Sealed)
    }

    /// Seals a private signing key.
    pub fn seal_signing_key(&self, pkcs8: &[u8]) -> Vec<u8> {
        self.signing_keys.seal(b"signing key", pkcs8)
    }

    /// Opens a private signing key.
    pub fn open_signing_key(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.signing_keys.open(b"signing key", sealed).map_err(|_| VaultError::Sealed)
    }

    fn person_keys(&self, id: AccountId, sealed: &[u8]) -> Result<SealingKeys, VaultError> {
        let opened = self.data.open(id.0.as_bytes(), sealed).map_err(|_| VaultError::Sealed)?;
        let mut key = Zeroizing::new([0_u8; 16]);
        if opened.len() != key.len() {
            return Err(VaultError::Sealed);
        }
        key.copy_from_slice(&opened);
        person(&key)
    }
}

fn person(key: &Zeroizing<[u8; 16]>) -> Result<SealingKeys, VaultError> {
    SealingKeys::new(SEALING_KEY, [(SEALING_KEY, key.clone())]).map_err(|_| VaultError::Sealed)
}

fn sealing(master: &[u8; 32], label: &str) -> SealingKeys {
    let derived = Zeroizing::new(derive(master, label));
    let mut key = Zeroizing::new([0_u8; 16]);
    key.copy_from_slice(&derived[..16]);
    SealingKeys::new(SEALING_KEY, [(SEALING_KEY, key)])
        .expect("one key under the id that is named current is consistent")
}

fn create_master_key(path: &Path) -> Result<(), VaultError> {
    let file = |source| VaultError::File { path: path.to_owned(), source };
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(file)?;
    }
    let key = Zeroizing::new(crate::crypto::random::bytes::<32>());
    let text = Zeroizing::new(format!("{}\n", hex::encode(&key[..])));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut handle = options.open(path).map_err(file)?;
    handle.write_all(text.as_bytes()).and_then(|()| handle.sync_all()).map_err(file)
}

#[cfg(unix)]
fn check_permissions(path: &Path) -> Result<(), VaultError> {
    use std::os::unix::fs::PermissionsExt;
    let file = |source| VaultError::File { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(file)?.permissions().mode();
    if mode & 0o077 != 0 { Err(VaultError::Permissions(path.to_owned())) } else { Ok(()) }
}

#[cfg(not(unix))]
fn check_permissions(_: &Path) -> Result<(), VaultError> {
    Ok(())
}
