//! What is wrong with a file of codes, for whoever shows it in words of his own.

use crate::codes::CodesError;
use crate::table::TableError;

/// A fault of a file, or of what was said beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fault {
    /// Its stable name.
    pub name: &'static str,
    /// In which line.
    pub line: Option<u64>,
    /// Why that line cannot be used, as a stable name.
    pub reason: Option<String>,
    /// Which column.
    pub column: Option<&'static str>,
    /// So many rows there may be.
    pub rows: Option<usize>,
}

impl Fault {
    /// The fault behind this error; none where something is wrong with us.
    pub fn of(error: &CodesError) -> Option<Self> {
        let named = |name| Self { name, ..Self::default() };
        Some(match error {
            CodesError::Words(what) => named(what),
            CodesError::TooMany(rows) => Self { rows: Some(*rows), ..named("too-many") },
            CodesError::NoRows => named("no-rows"),
            CodesError::Over => named("over"),
            CodesError::Line { line, reason } => Self {
                line: Some(line.unsigned_abs()),
                reason: Some(reason.clone()),
                ..named("line")
            },
            CodesError::Table(error) => Self::of_table(error)?,
            CodesError::Report(_)
            | CodesError::Key
            | CodesError::Store(_)
            | CodesError::Vault(_) => return None,
        })
    }

    fn of_table(error: &TableError) -> Option<Self> {
        let named = |name| Self { name, ..Self::default() };
        Some(match error {
            TableError::Away(_) => return None,
            TableError::Utf16 => named("utf16"),
            TableError::Encoding => named("encoding"),
            TableError::NoHeader => named("no-header"),
            TableError::NoColumn(column) => Self { column: Some(column), ..named("no-column") },
            TableError::Twice(column) => Self { column: Some(column), ..named("twice") },
            TableError::Characters(line, _) => Self { line: Some(*line), ..named("characters") },
            TableError::Row(line, _) => Self { line: Some(*line), ..named("row") },
        })
    }
}
