//! The report of refused rows: a line each, by line and reason, never by content. It can be cut back to where
//! an interrupted import stood.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::BufWriter;
use std::io::Seek;
use std::io::SeekFrom;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context;

const HEADER: &str = "line,reason\n";

/// The report; its file is made when there is something to say.
pub struct Report {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    length: u64,
}

/// Where refused rows of this file are named if nobody says where: beside it.
pub fn beside(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".refused.csv");
    name.into()
}

impl Report {
    /// An empty one. An older report in its place goes, since it tells of another import.
    pub fn begin(path: &Path) -> anyhow::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot replace {}", path.display()));
            }
            Ok(()) | Err(_) => {}
        }
        Ok(Self { path: path.to_owned(), file: None, length: 0 })
    }

    /// One that was so long when the import last moved.
    pub fn go_on(path: &Path, length: u64) -> anyhow::Result<Self> {
        if length == 0 {
            return Self::begin(path);
        }
        let named = || format!("cannot go on with {}", path.display());
        let mut file = OpenOptions::new().write(true).open(path).with_context(named)?;
        file.set_len(length).with_context(named)?;
        file.seek(SeekFrom::Start(length)).with_context(named)?;
        Ok(Self { path: path.to_owned(), file: Some(BufWriter::new(file)), length })
    }

    /// Names a row.
    pub fn add(&mut self, line: u64, reason: &str) -> anyhow::Result<()> {
        let named = || format!("cannot write {}", self.path.display());
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut file = BufWriter::new(File::create(&self.path).with_context(named)?);
                file.write_all(HEADER.as_bytes()).with_context(named)?;
                self.length += HEADER.len() as u64;
                none.insert(file)
            }
        };
        let text = format!("{line},{reason}\n");
        file.write_all(text.as_bytes()).with_context(named)?;
        self.length += text.len() as u64;
        Ok(())
    }

    /// Makes what was said durable, and tells how long it is.
    pub fn keep(&mut self) -> anyhow::Result<u64> {
        let named = || format!("cannot write {}", self.path.display());
        if let Some(file) = &mut self.file {
            file.flush().with_context(named)?;
            file.get_ref().sync_data().with_context(named)?;
        }
        Ok(self.length)
    }
}
