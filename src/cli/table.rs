//! Tables that come as files (RFC 4180): UTF-8 or GBK, with a byte order mark or without, quoted line breaks,
//! rows of any badness. Bounded memory whatever is in the file; every row knows its line.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::path::Path;

use anyhow::Context;
use anyhow::bail;
use csv_core::ReadRecordResult;

use crate::crypto::digest::Sm3Stream;

/// A longer row is refused; it usually is a quote that nobody closed.
const LONGEST_ROW: usize = 64 * 1024;
/// More fields make no row of ours.
const MOST_FIELDS: usize = 256;
/// What is read at once, and looked at to know the encoding.
const BUFFER: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How the characters of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Encoding {
    /// UTF-8.
    #[value(name = "utf-8")]
    Utf8,
    /// GBK, GB 2312 and GB 18030: the last contains the others.
    #[value(name = "gbk", alias = "gb18030", alias = "gb2312")]
    Gb18030,
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

/// One row.
#[derive(Debug)]
pub struct Row {
    /// The line it begins on.
    pub line: u64,
    /// Why it cannot be read, if so.
    problem: Option<&'static str>,
    encoding: Encoding,
    /// The fields that were asked for, one after the other, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
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
pub struct Table {
    input: BufReader<File>,
    length: u64,
    encoding: Encoding,
    /// Where each column that was asked for stands.
    places: Vec<Option<usize>>,
    /// How many fields a row has.
    width: usize,
    parser: csv_core::Reader,
    fields: Vec<u8>,
    ends: Vec<usize>,
    read_to: u64,
    line: u64,
    hash: Sm3Stream,
}

impl Row {
    /// The field of a column, by its place among those that were asked for; empty where the table lacks
    /// the column. An error says why the row is none.
    pub fn get(&self, column: usize) -> Result<Cow<'_, str>, &'static str> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        let field = &self.bytes[start..self.ends[column]];
        if field.contains(&0) {
            return Err("a NUL byte");
        }
        match self.encoding {
            Encoding::Utf8 => str::from_utf8(field).map(Cow::Borrowed).map_err(|_| "not UTF-8"),
            Encoding::Gb18030 => encoding_rs::GB18030
                .decode_without_bom_handling_and_without_replacement(field)
                .ok_or("not GBK"),
        }
    }
}

impl Table {
    /// Opens a file and reads its first line. Where the encoding is not told, it is looked for.
    pub fn open(
        path: &Path,
        columns: &[Column],
        encoding: Option<Encoding>,
    ) -> anyhow::Result<Self> {
        let named = || format!("cannot read {}", path.display());
        let file = File::open(path).with_context(named)?;
        let length = file.metadata().with_context(named)?.len();
        let mut input = BufReader::with_capacity(BUFFER, file);
        let head = input.fill_buf().with_context(named)?;
        let has_mark = head.starts_with(BYTE_ORDER_MARK);
        let encoding = match encoding {
            _ if has_mark => Encoding::Utf8,
            Some(encoding) => encoding,
            None => detect(head).with_context(|| path.display().to_string())?,
        };
        let mut table = Self {
            input,
            length,
            encoding,
            places: Vec::new(),
            width: 0,
            parser: csv_core::Reader::new(),
            fields: vec![0; LONGEST_ROW],
            ends: vec![0; MOST_FIELDS],
            read_to: 0,
            line: 1,
            hash: Sm3Stream::default(),
        };
        if has_mark {
            table.consume(BYTE_ORDER_MARK.len()).with_context(named)?;
        }
        table.read_header(columns).with_context(|| path.display().to_string())?;
        Ok(table)
    }

    /// How many bytes the file has.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Its encoding, as told or as found.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Where the reader stands.
    pub fn position(&self) -> Position {
        Position { read_to: self.read_to, line: self.line, digest: self.hash.so_far() }
    }

    /// Goes on where another reader stood, if the file up to there is what that one read. If not, this
    /// one is of no use any more.
    pub fn go_on(&mut self, from: Position) -> anyhow::Result<bool> {
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

    /// The next row, good or bad; none at the end. An error is one of the disk.
    pub fn next_row(&mut self) -> std::io::Result<Option<Row>> {
        let Some((line, width, problem)) = self.read_record()? else { return Ok(None) };
        let problem = problem.or((width != self.width).then_some("not a row of this table"));
        let mut row = Row {
            line,
            problem,
            encoding: self.encoding,
            bytes: Vec::new(),
            ends: Vec::with_capacity(self.places.len()),
        };
        if row.problem.is_none() {
            for place in &self.places {
                if let Some(place) = *place {
                    row.bytes.extend_from_slice(field(&self.fields, &self.ends, place));
                }
                row.ends.push(row.bytes.len());
            }
        }
        Ok(Some(row))
    }

    fn read_header(&mut self, columns: &[Column]) -> anyhow::Result<()> {
        let header = self.read_record()?;
        let Some((_, width, None)) = header else { bail!("the first line names no columns") };
        let mut names = Vec::with_capacity(width);
        for place in 0..width {
            let name = field(&self.fields, &self.ends, place).to_vec();
            let ends = vec![name.len()];
            let cell = Row { line: 1, problem: None, encoding: self.encoding, bytes: name, ends };
            names.push(cell.get(0).map_or_else(|_| String::new(), |name| name.trim().to_owned()));
        }
        // What stands in the first line is not repeated: without its header it is somebody's row.
        for column in columns {
            let is_it = |name: &String| {
                name.eq_ignore_ascii_case(column.name) || column.also.contains(&name.as_str())
            };
            let mut found = (0..).zip(&names).filter(|(_, name)| is_it(name)).map(|found| found.0);
            match (found.next(), found.next()) {
                (None, _) if column.required => bail!("it has no column `{}`", column.name),
                (_, Some(_)) => bail!("it has the column `{}` twice", column.name),
                (place, None) => self.places.push(place),
            }
        }
        self.width = width;
        Ok(())
    }

    /// Reads a record into `fields` and `ends`: the line it begins on, how many fields it has, and what
    /// is wrong with it. One that is too long is read to its end and not kept.
    fn read_record(&mut self) -> std::io::Result<Option<(u64, usize, Option<&'static str>)>> {
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
                    (length, problem) =
                        (0, Some("longer than a row may be; is a quote not closed?"));
                }
                ReadRecordResult::OutputEndsFull => (width, problem) = (0, Some("too many fields")),
                // What follows an open quote would otherwise be swallowed in silence.
                ReadRecordResult::Record if is_end && quotes % 2 == 1 => {
                    return Ok(Some((line, width, Some("a quote is not closed"))));
                }
                ReadRecordResult::Record => return Ok(Some((line, width, problem))),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    /// Empty lines are none of ours, but count.
    fn skip_line_breaks(&mut self) -> std::io::Result<()> {
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
    fn consume(&mut self, count: usize) -> std::io::Result<()> {
        let taken = &self.input.fill_buf()?[..count];
        self.hash.update(taken);
        self.line += taken.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.read_to += count as u64;
        self.input.consume(count);
        Ok(())
    }
}

fn field<'f>(fields: &'f [u8], ends: &[usize], place: usize) -> &'f [u8] {
    let start = if place == 0 { 0 } else { ends[place - 1] };
    &fields[start..ends[place]]
}

/// By its first bytes, which may end within a character.
fn detect(head: &[u8]) -> anyhow::Result<Encoding> {
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        bail!("it is UTF-16; save it as UTF-8 or GBK");
    }
    match str::from_utf8(head) {
        Ok(_) => return Ok(Encoding::Utf8),
        Err(error) if error.error_len().is_none() => return Ok(Encoding::Utf8),
        Err(_) => {}
    }
    let is_gbk = |bytes| {
        let decoded =
            encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes);
        decoded.is_some()
    };
    if (0..4).any(|cut| is_gbk(&head[..head.len().saturating_sub(cut)])) {
        return Ok(Encoding::Gb18030);
    }
    bail!("it is neither UTF-8 nor GBK; say which with --encoding")
}

#[cfg(test)]
mod tests;
