//! Tables that come as files (RFC 4180): UTF-8 or GBK (GB 18030-2022), with a byte order mark or without, quoted line
//! breaks, rows of any badness. Bounded memory whatever is in the file; every row knows its line. Who reads decides
//! whether a bad row is left out, or the whole table is none.

mod error;
mod row;

use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::str::FromStr;

use csv_core::ReadRecordResult;

use crate::crypto::digest::Sm3Stream;

pub use error::EncodingError;
pub use error::Problem;
pub use error::TableError;
pub use row::Cells;
pub use row::Row;

/// A longer row is refused; it usually is a quote that nobody closed.
const LONGEST_ROW: usize = 64 * 1024;
/// More fields make no row of ours.
const MOST_FIELDS: usize = 256;
/// What is read at once, and looked at to know the encoding.
const BUFFER: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How the characters of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// GBK, GB 2312 and GB 18030: the last contains the others.
    Gb18030,
}

/// How wide rows may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// As the first line is.
    Exact,
    /// As they like: what is missing is empty.
    Any,
}

/// A column a table may have.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name in the first line, upper or lower case.
    pub name: &'static str,
    /// What else it may be called.
    pub also: &'static [&'static str],
    /// Whether a table without it is refused.
    pub required: bool,
}

/// Where a reader stands: everything before has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Bytes from the beginning of the file.
    pub read_to: u64,
    /// The line that comes next.
    pub line: u64,
    /// SM3 of the bytes before.
    pub digest: [u8; 32],
}

/// A file of rows.
pub struct Table<R> {
    input: BufReader<R>,
    encoding: Encoding,
    /// Where each column that was asked for stands.
    places: Vec<Option<usize>>,
    /// How many fields a row has; none: as many as it likes.
    width: Option<usize>,
    parser: csv_core::Reader,
    fields: Vec<u8>,
    ends: Vec<usize>,
    read_to: u64,
    line: u64,
    hash: Sm3Stream,
}

impl FromStr for Encoding {
    type Err = EncodingError;

    fn from_str(name: &str) -> Result<Self, EncodingError> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "gbk" | "gb18030" | "gb2312" => Ok(Self::Gb18030),
            _ => Err(EncodingError),
        }
    }
}

impl<R: Read> Table<R> {
    /// Reads the first line. Where the encoding is not told, it is looked for.
    pub fn begin(
        source: R,
        columns: &[Column],
        encoding: Option<Encoding>,
        width: Width,
    ) -> Result<Self, TableError> {
        let mut input = BufReader::with_capacity(BUFFER, source);
        let head = input.fill_buf()?;
        if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
            return Err(TableError::Utf16);
        }
        let has_mark = head.starts_with(BYTE_ORDER_MARK);
        let encoding = match encoding {
            _ if has_mark => Encoding::Utf8,
            Some(encoding) => encoding,
            None => detect(head).ok_or(TableError::Encoding)?,
        };
        let mut table = Self {
            input,
            encoding,
            places: Vec::new(),
            width: None,
            parser: csv_core::Reader::new(),
            fields: vec![0; LONGEST_ROW],
            ends: vec![0; MOST_FIELDS],
            read_to: 0,
            line: 1,
            hash: Sm3Stream::default(),
        };
        if has_mark {
            table.consume(BYTE_ORDER_MARK.len())?;
        }
        let found = table.read_header(columns)?;
        table.width = (width == Width::Exact).then_some(found);
        Ok(table)
    }

    /// Its encoding, as told or as found.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Where the reader stands.
    pub fn position(&self) -> Position {
        Position { read_to: self.read_to, line: self.line, digest: self.hash.so_far() }
    }

    /// The next row, good or bad; none at the end. An error is one of the disk.
    pub fn next_row(&mut self) -> io::Result<Option<Row>> {
        let Some((line, width, problem)) = self.read_record()? else { return Ok(None) };
        let is_other = self.width.is_some_and(|expected| expected != width);
        let problem = problem.or(is_other.then_some(Problem::OtherWidth));
        let mut row = Row {
            line,
            problem,
            encoding: self.encoding,
            bytes: Vec::new(),
            ends: Vec::with_capacity(self.places.len()),
        };
        if row.problem.is_none() {
            for place in &self.places {
                if let Some(place) = place.filter(|place| *place < width) {
                    row.bytes.extend_from_slice(field(&self.fields, &self.ends, place));
                }
                row.ends.push(row.bytes.len());
            }
        }
        Ok(Some(row))
    }

    /// Finds the columns; how many fields the first line has.
    fn read_header(&mut self, columns: &[Column]) -> Result<usize, TableError> {
        let header = self.read_record()?;
        let Some((_, width, None)) = header else { return Err(TableError::NoHeader) };
        let mut names = Vec::with_capacity(width);
        for place in 0..width {
            let name = field(&self.fields, &self.ends, place).to_vec();
            let ends = vec![name.len()];
            let cell = Row { line: 1, problem: None, encoding: self.encoding, bytes: name, ends };
            names
                .push(cell.get(0).map_err(|problem| TableError::of(1, problem))?.trim().to_owned());
        }
        // What stands in the first line is not repeated: without its header it is somebody's row.
        for column in columns {
            let is_it = |name: &String| {
                name.eq_ignore_ascii_case(column.name) || column.also.contains(&name.as_str())
            };
            let mut found = (0..).zip(&names).filter(|(_, name)| is_it(name)).map(|found| found.0);
            match (found.next(), found.next()) {
                (None, _) if column.required => return Err(TableError::NoColumn(column.name)),
                (_, Some(_)) => return Err(TableError::Twice(column.name)),
                (place, None) => self.places.push(place),
            }
        }
        Ok(width)
    }

    /// Reads a record into `fields` and `ends`: the line it begins on, how many fields it has, and what
    /// is wrong with it. One that is too long is read to its end and not kept.
    fn read_record(&mut self) -> io::Result<Option<(u64, usize, Option<Problem>)>> {
        self.skip_line_breaks()?;
        let line = self.line;
        let (mut length, mut width, mut problem) = (0, 0, None);
        let mut quotes = 0_usize;
        loop {
            let input = self.input.fill_buf()?;
            let is_end = input.is_empty();
            let (result, read, written, ended) =
                self.parser.read_record(input, &mut self.fields[length..], &mut self.ends[width..]);
            (length, width) = (length + written, width + ended);
            quotes += input[..read].iter().map(|byte| usize::from(*byte == b'"')).sum::<usize>();
            self.consume(read)?;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    (length, problem) = (0, Some(Problem::TooLong));
                }
                ReadRecordResult::OutputEndsFull => {
                    (width, problem) = (0, Some(Problem::TooManyFields));
                }
                // What follows an open quote would otherwise be swallowed in silence.
                ReadRecordResult::Record if is_end && quotes % 2 == 1 => {
                    return Ok(Some((line, width, Some(Problem::OpenQuote))));
                }
                ReadRecordResult::Record => return Ok(Some((line, width, problem))),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// Empty lines are none of ours, but count.
    fn skip_line_breaks(&mut self) -> io::Result<()> {
        loop {
            let input = self.input.fill_buf()?;
            let breaks = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let is_all = breaks == input.len() && breaks > 0;
            self.consume(breaks)?;
            if !is_all {
                return Ok(());
            }
        }
    }

    /// Takes so many bytes of the buffer.
    fn consume(&mut self, count: usize) -> io::Result<()> {
        let taken = &self.input.fill_buf()?[..count];
        self.hash.update(taken);
        self.line += taken.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.read_to += count as u64;
        self.input.consume(count);
        Ok(())
    }
}

impl<R: Read + Seek> Table<R> {
    /// Goes on where another reader stood, if the file up to there is what that one read. If not, this
    /// one is of no use any more.
    pub fn go_on(&mut self, from: Position) -> io::Result<bool> {
        self.input.seek(SeekFrom::Start(0))?;
        let mut hash = Sm3Stream::default();
        let mut rest = from.read_to;
        let mut buffer = vec![0; BUFFER];
        while rest > 0 {
            let wanted = usize::try_from(rest).unwrap_or(BUFFER).min(BUFFER);
            let read = self.input.read(&mut buffer[..wanted])?;
            if read == 0 {
                return Ok(false);
            }
            hash.update(&buffer[..read]);
            rest -= read as u64;
        }
        if hash.so_far() != from.digest {
            return Ok(false);
        }
        self.parser = csv_core::Reader::new();
        (self.read_to, self.line, self.hash) = (from.read_to, from.line, hash);
        Ok(true)
    }
}

fn field<'f>(fields: &'f [u8], ends: &[usize], place: usize) -> &'f [u8] {
    let start = if place == 0 { 0 } else { ends[place - 1] };
    &fields[start..ends[place]]
}

/// By its first bytes, which may end within a character.
fn detect(head: &[u8]) -> Option<Encoding> {
    match str::from_utf8(head) {
        Ok(_) => return Some(Encoding::Utf8),
        Err(error) if error.error_len().is_none() => return Some(Encoding::Utf8),
        Err(_) => {}
    }
    let is_gbk = |bytes| {
        let decoded =
            encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes);
        decoded.is_some()
    };
    let cut = (0..4).any(|cut| is_gbk(&head[..head.len().saturating_sub(cut)]));
    cut.then_some(Encoding::Gb18030)
}

#[cfg(test)]
mod tests;
