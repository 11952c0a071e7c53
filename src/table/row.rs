//! A row of a table, and its fields.

use std::borrow::Cow;

use crate::table::Encoding;
use crate::table::Problem;
use crate::table::TableError;

/// One row.
#[derive(Debug)]
pub struct Row {
    /// The line it begins on.
    pub line: u64,
    /// Why it cannot be read, if so.
    pub(super) problem: Option<Problem>,
    pub(super) encoding: Encoding,
    /// The fields that were asked for, one after the other, and where each ends.
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

/// All fields of a row that is one.
#[derive(Debug)]
pub struct Cells<'r> {
    line: i64,
    fields: Vec<Cow<'r, str>>,
}

impl Cells<'_> {
    /// The line the row begins on.
    pub fn line(&self) -> i64 {
        self.line
    }

    /// The field of a column; empty where table or row lack it.
    pub fn cell(&self, column: usize) -> &str {
        self.fields.get(column).map_or("", AsRef::as_ref)
    }
}

impl Row {
    /// All fields, for tables of which no row may be bad.
    pub fn whole(&self) -> Result<Cells<'_>, TableError> {
        let fields: Result<Vec<_>, Problem> =
            (0..self.ends.len()).map(|column| self.get(column)).collect();
        let line = i64::try_from(self.line).unwrap_or(i64::MAX);
        match (self.problem, fields) {
            (None, Ok(fields)) => Ok(Cells { line, fields }),
            (Some(problem), _) | (None, Err(problem)) => Err(TableError::of(self.line, problem)),
        }
    }

    /// The field of a column, by its place among those that were asked for; empty where the table lacks
    /// the column. An error says why the row is none.
    pub fn get(&self, column: usize) -> Result<Cow<'_, str>, Problem> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        let field = &self.bytes[start..self.ends[column]];
        if field.contains(&0) {
            return Err(Problem::Nul);
        }
        match self.encoding {
            Encoding::Utf8 => {
                str::from_utf8(field).map(Cow::Borrowed).map_err(|_| Problem::NotUtf8)
            }
            Encoding::Gb18030 => encoding_rs::GB18030
                .decode_without_bom_handling_and_without_replacement(field)
                .ok_or(Problem::NotGbk),
        }
    }
}
