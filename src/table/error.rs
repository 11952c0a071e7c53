//! Why a row is none, and why a file is no table.

use std::io;

/// A name of no encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("utf-8 or gbk")]
pub struct EncodingError;

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum Problem {
    /// A NUL byte.
    Nul,
    /// Bytes that are none of UTF-8.
    NotUtf8,
    /// Bytes that are none of GBK.
    NotGbk,
    /// More or fewer fields than the first line.
    OtherWidth,
    /// It has no end, as far as anybody wants to read.
    TooLong,
    /// Hundreds of fields.
    TooManyFields,
    /// What follows an open quote would otherwise be swallowed in silence.
    OpenQuote,
}

/// Why a file is no table that can be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be read at all.
    #[error("it cannot be read: {0}")]
    Away(#[from] io::Error),
    /// UTF-16, which spreadsheets call Unicode.
    #[error("it is UTF-16; save it as UTF-8 or GBK")]
    Utf16,
    /// Something else.
    #[error("it is neither UTF-8 nor GBK; say which encoding it has")]
    Encoding,
    /// The first line is none.
    #[error("the first line names no columns")]
    NoHeader,
    /// A column is missing.
    #[error("it has no column `{0}`")]
    NoColumn(&'static str),
    /// Two columns of one name.
    #[error("it has the column `{0}` twice")]
    Twice(&'static str),
    /// A row is none, where all of them have to be.
    #[error("line {0}: {1}; if the encoding is another one, say which")]
    Characters(u64, Problem),
    /// The same.
    #[error("line {0}: {1}")]
    Row(u64, Problem),
}

impl Problem {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nul => "a NUL byte",
            Self::NotUtf8 => "not UTF-8",
            Self::NotGbk => "not GBK",
            Self::OtherWidth => "not a row of this table",
            Self::TooLong => "longer than a row may be; is a quote not closed?",
            Self::TooManyFields => "too many fields",
            Self::OpenQuote => "a quote is not closed",
        }
    }
}

impl From<Problem> for &'static str {
    fn from(problem: Problem) -> Self {
        problem.as_str()
    }
}

impl TableError {
    /// Of a row that is bad where none may be.
    pub(super) fn of(line: u64, problem: Problem) -> Self {
        match problem {
            Problem::NotUtf8 | Problem::NotGbk => Self::Characters(line, problem),
            other => Self::Row(line, other),
        }
    }
}
