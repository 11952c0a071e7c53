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
use crate::domain::id::EntityDigest;
use crate::domain::id::IdentifierDigest;
use crate::domain::id::LegacyDigest;
use crate::domain::id::MandateId;
use crate::domain::id::NameDigest;
use crate::domain::identity_document::PersonKey;
use crate::domain::legacy_code::LegacyKind;
use crate::domain::mandate::Parties;
use crate::domain::organisation::OrganisationRecord;
use crate::domain::uscc::Uscc;

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
    names: MacKey,
    organisations: MacKey,
    contents: MacKey,
    codes: MacKey,
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
            names: mac("yihao name index 1"),
            organisations: mac("yihao organisation index 1"),
            contents: mac("yihao register content 1"),
            codes: mac("yihao legacy code index 1"),
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

    /// Under which digest a person is found by the identity document. Numbers of the citizens' layout are nobody
    /// else's, so their digest is that of the number alone, as it was before there were other documents.
    pub fn index_person(&self, key: PersonKey<'_>) -> IdentifierDigest {
        if key.has_citizen_layout() {
            return self.index(IdentifierKind::CitizenId, key.number);
        }
        let kind = IdentifierKind::Document.as_str();
        let parts = [kind, key.document_type.code(), key.country, key.number];
        IdentifierDigest(self.index.tag_parts(&parts.map(str::as_bytes)))
    }

    /// Under which digest people of this name are found.
    pub fn index_name(&self, canonical: &str) -> NameDigest {
        NameDigest(self.names.tag(canonical.as_bytes()))
    }

    /// Under which digest an organisation is found.
    pub fn index_uscc(&self, uscc: &Uscc) -> EntityDigest {
        EntityDigest(self.organisations.tag(uscc.as_str().as_bytes()))
    }

    /// A keyed digest by which two contents of a register's entry are told apart without opening their
    /// seals; 128 bits, which is for equality and proves nothing.
    pub fn content_mark(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 16] {
        let mut all = vec![purpose.as_bytes()];
        all.extend(parts);
        let tag = self.contents.tag_parts(&all);
        std::array::from_fn(|position| tag[position])
    }

    /// Under which digest a legacy code of this kind is found.
    pub fn index_code(&self, kind: LegacyKind, canonical: &str) -> LegacyDigest {
        LegacyDigest(self.codes.tag_parts(&[kind.as_str().as_bytes(), canonical.as_bytes()]))
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
        self.open_profile_of(account.id, &account.person_key, &account.profile)
    }

    /// The same, where of the account only this is at hand.
    pub fn open_profile_of(
        &self,
        id: AccountId,
        person_key: &[u8],
        profile: &[u8],
    ) -> Result<Profile, VaultError> {
        let keys = self.person_keys(id, person_key)?;
        let text = keys.open(id.0.as_bytes(), profile).map_err(|_| VaultError::Sealed)?;
        serde_json::from_slice(&text).map_err(|_| VaultError::Sealed)
    }

    /// Another profile of the same person, sealed under the person's key.
    pub fn seal_profile(
        &self,
        account: &Account,
        profile: &Profile,
    ) -> Result<Vec<u8>, VaultError> {
        let keys = self.person_keys(account.id, &account.person_key)?;
        let text = Zeroizing::new(serde_json::to_vec(profile).map_err(|_| VaultError::Sealed)?);
        Ok(keys.seal(account.id.0.as_bytes(), &text))
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
        self.open_personal_of(account.map(|account| (account.id, &*account.person_key)), sealed)
    }

    /// The same, where of the account only its key and the person's sealed key are known.
    pub fn open_personal_of(
        &self,
        person: Option<(AccountId, &[u8])>,
        sealed: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let opened = match (sealed.split_first(), person) {
            (Some((&PERSON, sealed)), Some((id, key))) => {
                self.person_keys(id, key)?.open(b"audit", sealed)
            }
            (Some((&STRANGER, sealed)), _) => self.data.open(b"audit", sealed),
            _ => return Err(VaultError::Sealed),
        };
        opened.map(|text| text.to_vec()).map_err(|_| VaultError::Sealed)
    }

    /// Seals a value about a person under that person's key, bound to what it is: erasing the key erases it.
    pub fn seal_of(
        &self,
        account: &Account,
        purpose: &str,
        text: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let keys = self.person_keys(account.id, &account.person_key)?;
        Ok(keys.seal(format!("{purpose} {}", account.id).as_bytes(), text))
    }

    /// Opens what [`Vault::seal_of`] sealed for the same person and purpose.
    pub fn open_of(
        &self,
        account: &Account,
        purpose: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let keys = self.person_keys(account.id, &account.person_key)?;
        let opened = keys.open(format!("{purpose} {}", account.id).as_bytes(), sealed);
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

    /// Seals what we know of an organisation.
    pub fn seal_organisation(&self, record: &OrganisationRecord) -> Result<Vec<u8>, VaultError> {
        let text = Zeroizing::new(serde_json::to_vec(record).map_err(|_| VaultError::Sealed)?);
        Ok(self.seal_data("organisation", &text))
    }

    /// Opens it.
    pub fn open_organisation(&self, sealed: &[u8]) -> Result<OrganisationRecord, VaultError> {
        let text = self.open_data("organisation", sealed)?;
        serde_json::from_slice(&text).map_err(|_| VaultError::Sealed)
    }

    /// Seals who takes part in a mandate.
    pub fn seal_parties(&self, id: MandateId, parties: &Parties) -> Result<Vec<u8>, VaultError> {
        let text = Zeroizing::new(serde_json::to_vec(parties).map_err(|_| VaultError::Sealed)?);
        Ok(self.seal_data(&format!("mandate {id}"), &text))
    }

    /// Opens it.
    pub fn open_parties(&self, id: MandateId, sealed: &[u8]) -> Result<Parties, VaultError> {
        let text = self.open_data(&format!("mandate {id}"), sealed)?;
        serde_json::from_slice(&text).map_err(|_| VaultError::Sealed)
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
