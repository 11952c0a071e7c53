//! Legacy codes of organisations become credit codes, and new credit codes are published (国发〔2015〕33号: 增量公示和
//! 存量转换). Mappings arrive in batches from the authorities that know them; two officers let a batch count, and
//! what can be computed of a legacy code is never taken for a conversion.

pub mod announce;
pub mod import;
pub mod look_up;
pub mod publication;

use crate::domain::code_record::LegacyRecord;
use crate::domain::code_record::Mapping;
use crate::domain::id::LegacyCodeId;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::table::TableError;
use crate::vault::VaultError;

pub use look_up::find_uscc;

/// Why something about codes cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum CodesError {
    /// The file is no table that can be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The name of an authority or a reference is none.
    #[error("{0} needs 2 to 100 characters that can be seen")]
    Words(&'static str),
    /// More rows than one batch holds.
    #[error("the file has more than {0} rows: divide it")]
    TooMany(usize),
    /// Somebody else was at it at the same time.
    #[error("the batch is not there any more: import the file again")]
    Over,
    /// Rows that cannot be published.
    #[error("line {line}: {reason}; nothing of the file was kept")]
    Line {
        /// Which.
        line: i64,
        /// Why.
        reason: String,
    },
    /// The rows that were refused cannot be named.
    #[error(transparent)]
    Report(std::io::Error),
    /// There is no key of SM2 to sign with.
    #[error("there is no signing key")]
    Key,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What a mapping says.
pub fn open(provider: &Provider, record: &LegacyRecord) -> Result<Mapping, CodesError> {
    let json = provider.vault.open_data(&purpose(record.id), &record.document)?;
    Ok(serde_json::from_slice(&json).map_err(|_| StoreError::Unreadable("legacy code"))?)
}

/// The same, sealed for its row.
fn seal(provider: &Provider, id: LegacyCodeId, mapping: &Mapping) -> Result<Vec<u8>, VaultError> {
    let json = serde_json::to_vec(mapping).map_err(|_| VaultError::Sealed)?;
    Ok(provider.vault.seal_data(&purpose(id), &json))
}

/// What the seal of a mapping is bound to.
fn purpose(id: LegacyCodeId) -> String {
    format!("legacy code {id}")
}

/// Words that stand on pages and in the database as they are.
fn words(text: &str, what: &'static str) -> Result<String, CodesError> {
    let text = text.trim();
    let fits = (2..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or(CodesError::Words(what))
}
