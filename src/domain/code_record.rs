//! What is kept of the conversion of legacy codes and of the publication of new ones (国发〔2015〕33号: 增量公示和
//! 存量转换): batches, records, where each stands.

use serde::Deserialize;
use serde::Serialize;

use crate::clock::Timestamp;
use crate::domain::id::CodeBatchId;
use crate::domain::id::EntityDigest;
use crate::domain::id::LegacyCodeId;
use crate::domain::id::LegacyDigest;
use crate::domain::id::OperatorId;
use crate::domain::legacy_code::LegacyKind;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Each of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the database, in files and on pages.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The one of that name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str() == name)
            }
        }
    };
}

named! {
    /// What a batch holds.
    BatchKind {
        /// Mappings from legacy codes to credit codes.
        Legacy = "legacy_codes",
        /// What is reported of new credit codes, to be published.
        New = "new_codes",
    }
}

named! {
    /// Where a batch stands.
    BatchState {
        /// It is being read; nothing of it counts.
        Importing = "importing",
        /// It was read whole and waits for two officers.
        Staged = "staged",
        /// Two officers confirmed it.
        Confirmed = "confirmed",
        /// Two officers took it back.
        RolledBack = "rolled_back",
    }
}

named! {
    /// Where a mapping stands.
    CodeStatus {
        /// Its batch waits.
        Candidate = "candidate",
        /// It counts; one for a legacy code.
        Confirmed = "confirmed",
        /// Another one says something else: two officers settle it.
        Disputed = "disputed",
        /// It counts no more, or never did.
        Superseded = "superseded",
    }
}

named! {
    /// What is published of a credit code.
    Announcement {
        /// It was given out.
        Issued = "issued",
        /// Name or status changed.
        Changed = "changed",
        /// It is withdrawn.
        Withdrawn = "withdrawn",
    }
}

/// What a mapping says, sealed in its row: names and numbers of individual businesses are a person's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// The legacy code, canonical.
    pub value: String,
    /// The credit code, canonical.
    pub uscc: String,
    /// The organisation's name, as the authority has it.
    pub name: String,
}

impl std::fmt::Debug for Mapping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mapping(sealed)")
    }
}

/// A mapping as the store keeps it.
#[derive(Debug, Clone)]
pub struct LegacyRecord {
    /// Its key.
    pub id: LegacyCodeId,
    /// The batch it came in.
    pub batch: CodeBatchId,
    /// The line of the file it stood in.
    pub line: i64,
    /// What kind of legacy code.
    pub kind: LegacyKind,
    /// Under which the legacy code is found.
    pub digest: LegacyDigest,
    /// Under which the credit code is found.
    pub uscc_digest: EntityDigest,
    /// `Mapping`, sealed.
    pub document: Vec<u8>,
    /// The first four digits of the division in the credit code.
    pub city: String,
    /// Where it stands.
    pub status: CodeStatus,
    /// From when the credit code counts, `2016-10-01`.
    pub valid_from: Option<String>,
    /// Who decided.
    pub decided_by: Option<OperatorId>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// A batch.
#[derive(Debug, Clone)]
pub struct CodeBatch {
    /// Its key.
    pub id: CodeBatchId,
    /// What it holds.
    pub kind: BatchKind,
    /// Where it stands.
    pub state: BatchState,
    /// Which authority says so.
    pub authority: String,
    /// The letter or file it says so in.
    pub evidence: String,
    /// How many rows were kept.
    pub records: i64,
    /// What was found while it was read.
    pub report: Report,
    /// When it was read.
    pub created_at: Timestamp,
    /// Who confirmed it, or took it back.
    pub decided_by: Option<OperatorId>,
    /// When.
    pub decided_at: Option<Timestamp>,
}

/// What was found in a file: counts, and the first lines with their reasons. Never what stands in a line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// Rows of the table.
    pub rows: u64,
    /// What can be confirmed.
    pub valid: u64,
    /// Rows that say nothing that can be kept.
    pub refused: u64,
    /// Rows that stand in the file already.
    pub duplicate: u64,
    /// Mappings another one contradicts.
    pub conflict: u64,
    /// Mappings that count already.
    pub converted: u64,
    /// Rows taken that officers should look at: the credit code has a category the table lacks, or does not hold
    /// the organisation code of before.
    pub warned: u64,
    /// The first lines with something to tell.
    pub findings: Vec<Finding>,
}

/// So many findings are kept.
const FINDINGS: usize = 200;

/// Something about a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which line.
    pub line: i64,
    /// What, as a stable name.
    pub reason: String,
}

impl Report {
    /// Tells something of a line.
    pub fn tell(&mut self, line: i64, reason: &str) {
        if self.findings.len() < FINDINGS {
            self.findings.push(Finding { line, reason: reason.to_owned() });
        }
    }
}

/// What an authority reports of a credit code, sealed until it is published.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// The code.
    pub uscc: String,
    /// The organisation's name.
    pub name: String,
    /// What happened to it.
    pub status: Announcement,
    /// When it was established, changed or withdrawn, `2026-11-27`.
    pub date: String,
}

impl std::fmt::Debug for Announced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Announced(sealed)")
    }
}

/// A day's batch as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodePublication {
    /// Counts up from 1.
    pub number: i64,
    /// The day in China, `2026-11-27`.
    pub day: String,
    /// How many codes.
    pub entries: i64,
    /// SM3 of the payload.
    pub digest: Vec<u8>,
    /// The key that signed.
    pub kid: String,
    /// The signed batch, JWS compact serialisation.
    pub token: String,
    /// When it was signed.
    pub signed_at: Timestamp,
}
