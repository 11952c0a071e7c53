//! Legacy codes of organisations become credit codes, and new credit codes are published (国发〔2015〕33号: 增量公示和
//! 存量转换). Mappings arrive in batches from the authorities that know them; two officers let a batch count, and
//! what can be computed of a legacy code is never taken for a conversion.

pub mod announce;
pub mod fault;
pub mod import;
pub mod look_up;
pub mod publication;

use crate::audit;
use crate::audit::Event;
use crate::domain::audit_event::AuditKind;
use crate::domain::code_record::BatchKind;
use crate::domain::code_record::BatchState;
use crate::domain::code_record::CodeBatch;
use crate::domain::code_record::LegacyRecord;
use crate::domain::code_record::Mapping;
use crate::domain::code_record::Report;
use crate::domain::id::CodeBatchId;
use crate::domain::id::LegacyCodeId;
use crate::domain::id::OperatorId;
use crate::domain::request_context::RequestContext;
use crate::domain::uscc::UsccError;
use crate::provider::Provider;
use crate::store::StoreError;
use crate::table::Encoding;
use crate::table::TableError;
use crate::vault::VaultError;

pub use look_up::find_uscc;

/// Largest file that comes over the network, in bytes: some 50,000 rows, read while somebody waits.
pub const LARGEST_FILE: usize = 4 * 1024 * 1024;

/// The request in which a file is handed in, and the officer; none at the terminal.
pub type By<'a> = (&'a RequestContext, Option<OperatorId>);

/// On whose word a file is handed in.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The authority that says so.
    pub authority: &'a str,
    /// The letter or file it says so in.
    pub evidence: &'a str,
    /// How the file is written, if that is known.
    pub encoding: Option<Encoding>,
    /// Only look: nothing is kept.
    pub dry_run: bool,
}

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
    /// Nothing to keep.
    #[error("the file has no rows")]
    NoRows,
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

/// A batch of this kind, on that word, of which nothing was read yet.
fn begin(provider: &Provider, kind: BatchKind, order: &Order<'_>) -> Result<CodeBatch, CodesError> {
    Ok(CodeBatch {
        id: CodeBatchId::generate(),
        kind,
        state: BatchState::Importing,
        authority: words(order.authority, "authority")?,
        evidence: words(order.evidence, "evidence")?,
        records: 0,
        report: Report::default(),
        created_at: provider.clock.now(),
        decided_by: None,
        decided_at: None,
    })
}

/// That a file was read, and by whom.
fn handed_in<'a>(kind: AuditKind, (_, officer): By<'_>) -> Event<'a> {
    let event = audit::done(kind);
    match officer {
        Some(officer) => event.operator(officer),
        None => event,
    }
}

/// Why a credit code is none, apart from why a legacy code beside it is none.
fn uscc_reason(error: UsccError) -> &'static str {
    match error.code() {
        "E_EMPTY" => "E_USCC_EMPTY",
        "E_LENGTH" => "E_USCC_LENGTH",
        "E_CHARSET" => "E_USCC_CHARSET",
        other => other,
    }
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
