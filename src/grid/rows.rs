//! Extracts, row by row: files of any length, read in pieces, so that memory does not grow with them.
//!
//! A [`Piece`] holds whole records and is taken apart by whoever gets it, on any thread: cells stay the bytes of the file
//! until somebody knows what they are for. In GB18030, GBK and Big5 no second byte of a character is a line's end, a comma
//! or a quotation mark, so that text need not be decoded to be cut. What a cell means is the business of `ingest`.

mod dbf;
mod delimited;
mod parquet;
#[cfg(feature = "publish")]
pub mod postgres;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::ops::ControlFlow;
use std::path::Path;

use encoding_rs::{Encoding, UTF_8};
use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::archive::damaged;
use super::{encoding, guard};
use crate::diag::{Diagnostic, Place};

pub use delimited::{Form, Raw};

/// Bytes of a piece, about.
const PIECE_BYTES: usize = 1 << 18;
/// Bytes that the reader takes from the disk at a time.
const BUFFER_BYTES: usize = 256 << 10;
/// Columns of an extract.
pub const COLUMNS: usize = 1_000;
/// Bytes of one record; a longer one is no record of an agency but a quotation mark that nobody closed.
pub const RECORD_BYTES: usize = 1 << 20;

/// What the file says before its first record.
#[derive(Clone, Debug)]
pub struct Header {
    pub labels: Vec<String>,
    /// How the cells of the pieces are to be read.
    pub text: TextForm,
    /// What a row is called in messages: a `line` of a text, a `record`, a `row`.
    pub counted: &'static str,
}

/// How bytes become cells and text.
#[derive(Clone, Copy, Debug)]
pub struct TextForm {
    encoding: &'static Encoding,
    delimiter: u8,
}

impl TextForm {
    /// The text of a cell; `None` where a byte does not decode, since none is ever replaced.
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
        self.encoding.decode_without_bom_handling_and_without_replacement(bytes)
    }

    pub fn name(&self) -> String {
        encoding::name(self.encoding)
    }
}

/// Whole records of a file.
#[derive(Debug)]
pub enum Piece {
    /// Lines of text.
    Lines { bytes: Vec<u8>, first: u64 },
    /// Records of which cells are known: each ends where `ends` says, `width` of them make a record.
    Cells { bytes: Vec<u8>, ends: Vec<u32>, width: usize, rows: Vec<u64> },
}

impl Piece {
    /// The last line has no end.
    pub fn is_open(&self) -> bool {
        matches!(self, Piece::Lines { bytes, .. } if bytes.last().is_some_and(|last| *last != b'\n'))
    }

    /// Hand over each record: its line or number, the lines it takes, its cells. Blank lines are none.
    pub fn each<'a>(&'a self, text: &TextForm, mut take: impl FnMut(u64, u64, &[Raw<'a>])) {
        match self {
            Piece::Lines { bytes, first } => delimited::each(bytes, *first, text, take),
            Piece::Cells { bytes, ends, width, rows } => {
                let mut cells: Vec<Raw<'a>> = Vec::with_capacity(*width);
                let mut start = 0;
                for (row, ends) in rows.iter().zip(ends.chunks_exact(*width)) {
                    cells.clear();
                    for end in ends {
                        cells.push(Raw { bytes: &bytes[start..*end as usize], form: Form::Plain });
                        start = *end as usize;
                    }
                    take(*row, 1, &cells);
                }
            }
        }
    }
}

/// Who takes what is read, and may have enough of it.
pub trait Sink {
    fn header(&mut self, header: Header) -> ControlFlow<()>;
    fn piece(&mut self, piece: Piece) -> ControlFlow<()>;
}

/// Read a file piece by piece: text, plain or packed as .gz or .zip, dbf, or Parquet. `shown` is its name in messages.
///
/// # Errors
/// The file cannot be read, is not what its name says, is damaged, or is no extract.
pub fn read(
    path: &Path,
    shown: &str,
    encoding: Option<&str>,
    delimiter: char,
    sink: &mut dyn Sink,
) -> Result<(), Diagnostic> {
    let in_file = |d: Diagnostic| if d.place.file.is_none() { d.at(Place::file(shown)) } else { d };
    let read = || {
        let text = TextForm {
            encoding: encoding.map_or(Ok(UTF_8), encoding::named)?,
            delimiter: u8::try_from(delimiter).unwrap_or(b','),
        };
        dispatch(path, shown, text, sink)
    };
    guard::guarded(read).map_err(in_file)
}

/// Read text in UTF-8 with commas, from wherever it comes.
///
/// # Errors
/// It cannot be read, or is no extract.
pub fn read_text(from: &mut dyn Read, shown: &str, sink: &mut dyn Sink) -> Result<(), Diagnostic> {
    let in_file = |d: Diagnostic| if d.place.file.is_none() { d.at(Place::file(shown)) } else { d };
    delimited::read(from, TextForm { encoding: UTF_8, delimiter: b',' }, sink).map_err(in_file)
}

fn dispatch(path: &Path, shown: &str, text: TextForm, sink: &mut dyn Sink) -> Result<(), Diagnostic> {
    let failed = |error: io::Error| super::file::unreadable(path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let mut first = [0; 4];
    let length = file.read(&mut first).map_err(failed)?;
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let name = shown.rsplit('.').next().unwrap_or_default().to_lowercase();
    let kind = match &first[..length] {
        [0x1F, 0x8B, ..] => "gz",
        [b'P', b'K', 3, 4] => "zip",
        [b'P', b'A', b'R', b'1'] => "parquet",
        [0xD0, 0xCF, 0x11, 0xE0] => "xls",
        _ if name == "dbf" => "dbf",
        _ => "text",
    };
    let packed = ["gz", "zip", "parquet"];
    let either_is_packed = packed.contains(&name.as_str()) || packed.contains(&kind);
    if either_is_packed && name != kind || kind == "xls" {
        let message = format!("the file is called .{name}, and its content is {}", what(kind));
        return Err(Diagnostic::error("format-mismatch", message)
            .hint("an extract is text (.csv, .txt; plain, .gz or .zip), .dbf or .parquet: rename or export it anew"));
    }
    match kind {
        "gz" => {
            let unpacked = MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, file));
            delimited::read(&mut { unpacked }, text, sink)
        }
        "zip" => zipped(file, text, sink),
        "parquet" => parquet::read(file, sink),
        "dbf" => dbf::read(&mut BufReader::with_capacity(BUFFER_BYTES, file), text, sink),
        _ => delimited::read(&mut { file }, text, sink),
    }
}

fn what(kind: &str) -> &'static str {
    match kind {
        "gz" => "packed by gzip",
        "zip" => "a zip archive or a workbook",
        "parquet" => "Parquet",
        "xls" => "a workbook",
        _ => "something else",
    }
}

/// The one text in an archive.
fn zipped(file: File, text: TextForm, sink: &mut dyn Sink) -> Result<(), Diagnostic> {
    let broken = |error: zip::result::ZipError| damaged(&format!("it cannot be unpacked: {error}"));
    let mut archive = ZipArchive::new(BufReader::with_capacity(BUFFER_BYTES, file)).map_err(broken)?;
    let mut texts = Vec::new();
    for nth in 0..archive.len() {
        let part = archive.by_index_raw(nth).map_err(broken)?;
        let name = part.name().map_err(broken)?.to_string();
        if !part.is_dir() && !name.starts_with("__MACOSX/") {
            texts.push((nth, name));
        }
    }
    let [(nth, _)] = texts.as_slice() else {
        let message = format!("the archive holds {} files, and an extract is one", texts.len());
        return Err(Diagnostic::error("archive-content", message).hint("pack each extract by itself"));
    };
    let mut part = archive.by_index(*nth).map_err(broken)?;
    delimited::read(&mut part, text, sink)
}

fn unreadable(error: &io::Error) -> Diagnostic {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            damaged(&format!("it cannot be unpacked: {error}"))
        }
        _ => Diagnostic::error("unreadable-file", format!("the file cannot be read: {error}"))
            .hint("check that it exists, that you may read it, and that nobody is still copying it"),
    }
}

#[cfg(test)]
mod tests;
