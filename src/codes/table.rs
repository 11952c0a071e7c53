//! Tables as authorities send them: CSV (RFC 4180) in UTF-8 or GBK (GB 18030-2022), with or without a byte order
//! mark, read row by row in bounded memory.

use std::io;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use encoding_rs::DecoderResult;
use encoding_rs::Encoding;

/// Longest row, in bytes: names and numbers need a few hundred.
const LONGEST_ROW: usize = 64 * 1024;
/// So much of a file is looked at to tell its encoding.
const SAMPLE: usize = 64 * 1024;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// UTF-8.
    Utf8,
    /// GBK, as the larger GB 18030.
    Gbk,
}

impl Charset {
    /// The encoding of that name.
    pub fn parse(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Some(Self::Utf8),
            "gbk" | "gb18030" | "gb2312" => Some(Self::Gbk),
            _ => None,
        }
    }

    fn encoding(self) -> &'static Encoding {
        match self {
            Self::Utf8 => encoding_rs::UTF_8,
            Self::Gbk => encoding_rs::GB18030,
        }
    }
}

/// Why a file is no table that can be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be read at all.
    #[error("the file cannot be read: {0}")]
    Away(#[from] io::Error),
    /// Neither UTF-8 nor GBK.
    #[error("line {0}: the file is neither UTF-8 nor GBK there; say which with --encoding")]
    Charset(u64),
    /// UTF-16, which spreadsheets call Unicode.
    #[error("the file is UTF-16: save it as UTF-8 or GBK")]
    Utf16,
    /// A row that is longer than any can be, such as one whose quotation mark is never closed.
    #[error("line {0}: the row is longer than 64 KiB")]
    Row(u64),
    /// Rows that follow an open quotation mark would otherwise be swallowed in silence.
    #[error("line {0}: a quotation mark is never closed")]
    Quote(u64),
    /// A column is missing.
    #[error("the table has no column `{0}`")]
    Column(&'static str),
    /// Not a table in the sense of RFC 4180.
    #[error("line {0}: not a row of this table")]
    Shape(u64),
}

/// A column, by its English and Chinese names.
pub struct Column(pub &'static str, pub &'static str);

/// A table that is read row by row.
pub struct Table<R> {
    rows: csv::Reader<Decoded<R>>,
    places: Vec<Option<usize>>,
    record: csv::StringRecord,
    allowance: Arc<AtomicUsize>,
    line: u64,
    /// The line of the row before.
    last: u64,
}

impl<R: Read> Table<R> {
    /// Begins: tells the encoding if it is not said, and finds the columns. The first `needed` of them must be there.
    pub fn begin(
        mut source: R,
        charset: Option<Charset>,
        columns: &[Column],
        needed: usize,
    ) -> Result<Self, TableError> {
        let mut sample = Vec::new();
        source.by_ref().take(SAMPLE as u64).read_to_end(&mut sample)?;
        if sample.starts_with(&[0xFF, 0xFE]) || sample.starts_with(&[0xFE, 0xFF]) {
            return Err(TableError::Utf16);
        }
        let charset = charset.unwrap_or_else(|| guess(&sample));
        let allowance = Arc::new(AtomicUsize::new(LONGEST_ROW));
        let decoded = Decoded {
            source,
            waiting: sample,
            decoder: charset.encoding().new_decoder_with_bom_removal(),
            text: String::with_capacity(8 * 1024),
            given: 0,
            quotes: 0,
            ended: false,
            allowance: allowance.clone(),
        };
        let rows = csv::ReaderBuilder::new().flexible(true).from_reader(decoded);
        let (record, places) = (csv::StringRecord::new(), Vec::new());
        let mut table = Self { rows, places, record, allowance, line: 1, last: 1 };
        let header = table.rows.headers().cloned().map_err(|error| table.told(&error))?;
        let place = |column: &Column| {
            header.iter().position(|name| [column.0, column.1].contains(&name.trim()))
        };
        table.places = columns.iter().map(place).collect();
        if let Some(missing) = table.places.iter().take(needed).position(Option::is_none) {
            return Err(TableError::Column(columns[missing].0));
        }
        Ok(table)
    }

    /// Goes to the next row; `false` after the last one. An error ends the table.
    pub fn advance(&mut self) -> Result<bool, TableError> {
        self.allowance.store(LONGEST_ROW, Ordering::Relaxed);
        self.line = self.rows.position().line();
        let more = self.rows.read_record(&mut self.record);
        if let Some(position) = self.record.position().filter(|_| more.is_ok()) {
            self.line = position.line();
        }
        match more {
            Ok(false) if self.rows.get_ref().quotes % 2 == 1 => Err(TableError::Quote(self.last)),
            Ok(more) => {
                self.last = self.line;
                Ok(more)
            }
            Err(error) => Err(self.told(&error)),
        }
    }

    /// The line the row begins in.
    pub fn line(&self) -> i64 {
        i64::try_from(self.line).unwrap_or(i64::MAX)
    }

    /// What the row says in a column; nothing where the column or the cell is missing.
    pub fn cell(&self, column: usize) -> &str {
        let place = self.places.get(column).copied().flatten();
        place.and_then(|place| self.record.get(place)).unwrap_or_default()
    }

    fn told(&self, error: &csv::Error) -> TableError {
        let line = self.line;
        match error.kind() {
            csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                TableError::Charset(line)
            }
            csv::ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                TableError::Row(line)
            }
            csv::ErrorKind::Io(error) => TableError::Away(io::Error::from(error.kind())),
            _ => TableError::Shape(line),
        }
    }
}

/// UTF-8 unless the sample is not, and is GBK.
fn guess(sample: &[u8]) -> Charset {
    let utf8 = match std::str::from_utf8(sample) {
        Ok(_) => true,
        // The sample may end within a character.
        Err(error) => error.error_len().is_none(),
    };
    if utf8 { Charset::Utf8 } else { Charset::Gbk }
}

/// The text of a file, as UTF-8. Gives an error of kind `InvalidData` where the encoding does not hold, and of
/// kind `FileTooLarge` when more was asked for than a row may have.
struct Decoded<R> {
    source: R,
    waiting: Vec<u8>,
    decoder: encoding_rs::Decoder,
    text: String,
    given: usize,
    quotes: usize,
    ended: bool,
    allowance: Arc<AtomicUsize>,
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() {
            if self.ended {
                return Ok(0);
            }
            self.decode()?;
        }
        let left = self.allowance.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let rest = &self.text.as_bytes()[self.given..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.given += length;
        let given = &self.text.as_bytes()[self.given - length..self.given];
        self.quotes += given.iter().map(|byte| usize::from(*byte == b'"')).sum::<usize>();
        self.allowance.store(left.saturating_sub(length), Ordering::Relaxed);
        Ok(length)
    }
}

impl<R: Read> Decoded<R> {
    fn decode(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            let mut piece = [0_u8; 8 * 1024];
            let length = self.source.read(&mut piece)?;
            self.waiting.extend_from_slice(&piece[..length]);
        }
        let last = self.waiting.is_empty();
        self.text.clear();
        self.given = 0;
        let (result, read) =
            self.decoder.decode_to_string_without_replacement(&self.waiting, &mut self.text, last);
        self.waiting.drain(..read);
        match result {
            DecoderResult::Malformed(..) => Err(io::ErrorKind::InvalidData.into()),
            DecoderResult::InputEmpty => {
                self.ended = last;
                Ok(())
            }
            DecoderResult::OutputFull => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] =
        &[Column("kind", "类别"), Column("value", "旧代码"), Column("x", "甲")];

    fn read(bytes: &[u8], charset: Option<Charset>) -> Result<Vec<(i64, String)>, TableError> {
        let mut table = Table::begin(bytes, charset, COLUMNS, 2)?;
        let mut rows = Vec::new();
        while table.advance()? {
            rows.push((table.line(), format!("{}|{}", table.cell(0), table.cell(1))));
        }
        Ok(rows)
    }

    #[test]
    fn marks_encodings_and_quoted_line_breaks_are_read() {
        let plain = "类别,旧代码\n甲,1\n\"乙\n丙\",2\n丁,3\n";
        let expected = [(2, "甲|1"), (3, "乙\n丙|2"), (5, "丁|3")];
        let expected = expected.map(|(line, text)| (line, text.to_owned()));
        let marked = format!("\u{FEFF}{plain}");
        let (gbk, ..) = encoding_rs::GBK.encode(plain);
        for bytes in [plain.as_bytes(), marked.as_bytes(), &gbk] {
            assert_eq!(read(bytes, None).unwrap(), expected);
        }
        assert_eq!(read(&gbk, Some(Charset::Gbk)).unwrap(), expected);
        assert!(matches!(read(&gbk, Some(Charset::Utf8)), Err(TableError::Charset(1))));
    }

    #[test]
    fn what_is_no_table_is_told_with_its_line() {
        assert!(matches!(read(b"kind\n1\n", None), Err(TableError::Column("value"))));
        assert!(matches!(read(b"", None), Err(TableError::Column("kind"))));
        assert!(matches!(read(&[0xFF, 0xFE, 0x61, 0], None), Err(TableError::Utf16)));
        let open = b"kind,value,note\na,1,\"x\nb,2,y\nc,3,z\n";
        assert!(matches!(read(open, None), Err(TableError::Quote(2))));
        let mut late = b"kind,value\n".to_vec();
        late.extend("organisation_code,123456789\n".repeat(5000).bytes());
        late.extend([0xB2, 0xE2, b'\n']);
        let Err(TableError::Charset(line)) = read(&late, None) else { panic!("it is refused") };
        assert!((4000..=5002).contains(&line), "{line}");
    }

    #[test]
    fn a_row_without_end_is_refused_in_little_memory() {
        let start: &[u8] = b"kind,value\nx,1\nx,\"";
        let endless = start.chain(io::repeat(b'a').take(100 * 1024 * 1024));
        let mut table = Table::begin(endless, None, COLUMNS, 2).unwrap();
        assert!(table.advance().unwrap());
        assert!(matches!(table.advance(), Err(TableError::Row(3))));
        assert!(table.rows.get_ref().text.capacity() < 1024 * 1024);
    }
}
