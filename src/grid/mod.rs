//! Files to cells: every reader turns a file into [`Grid`]s, one per sheet or table, and judges nothing.
//!
//! A cell keeps its typed value, its text as a person sees it, its number format and its emphasis; a grid keeps merged
//! ranges and how its cells are addressed. What a cell *means* is the business of `ingest`.
//!
//! [`read`] is the only door. The kind of a file is judged by its content and compared with its name; a file that is not
//! what its name says is refused. No reader trusts a size that a file states about itself ([`limit`]).

mod archive;
mod biff;
mod compound;
mod cores;
mod dbf;
mod delimited;
mod encoding;
mod file;
mod format;
mod guard;
mod hidden;
mod html;
pub mod limit;
mod number_format;
mod ods;
mod parquet;
pub mod rows;
mod sheet;
mod workbook;
mod xlsb;
mod xlsx;
mod xml;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::diag::{Diagnostic, Place};

pub use crate::domain::address::{Addressing, CellRef, column_letters};
pub use crate::domain::text::Text;
pub use cores::on_all_cores;
pub use encoding::encode;
pub use sheet::{Grid, Row};

/// What a person says of a file that the file does not say itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declared<'a> {
    /// Of text, dbf, html and workbooks of Excel 5; detected where it is not declared.
    pub encoding: Option<&'a str>,
    /// Of text; detected where it is not declared.
    pub delimiter: Option<char>,
}

/// Reads a file whole. `shown` is its name in messages.
///
/// # Errors
/// The file cannot be read, is not what its name says, is damaged, protected by a password, beyond a [`limit`], or holds
/// a byte that does not decode.
pub fn read(path: &Path, shown: &str, declared: Declared<'_>) -> Result<Document, Diagnostic> {
    let bytes = file::read(path).map_err(|d| d.at(Place::file(shown)))?;
    parse_bytes(bytes.into(), path, shown, declared)
}

/// As [`read`], of bytes that are in memory; `path` is where the files that belong to them lie, and a
/// Parquet file itself.
///
/// # Errors
/// As those of [`read`].
pub fn parse(bytes: &[u8], path: &Path, shown: &str, declared: Declared<'_>) -> Result<Document, Diagnostic> {
    parse_bytes(bytes.into(), path, shown, declared)
}

fn parse_bytes(bytes: Cow<'_, [u8]>, path: &Path, shown: &str, declared: Declared<'_>) -> Result<Document, Diagnostic> {
    guard::guarded(|| read_format(bytes, path, shown, declared))
        .map_err(|d| if d.place.file.is_none() { d.at(Place::file(shown)) } else { d })
}

fn read_format(bytes: Cow<'_, [u8]>, path: &Path, shown: &str, declared: Declared<'_>) -> Result<Document, Diagnostic> {
    let Declared { encoding, delimiter } = declared;
    match format::judge(&bytes, shown)? {
        format @ (Format::Xls | Format::Xlsx | Format::Xlsb) => workbook::read(bytes, format, shown, encoding),
        Format::Ods => ods::read(&bytes, shown),
        Format::Delimited => delimited::read(&bytes, shown, encoding, delimiter),
        Format::Dbf => {
            let page =
                file::beside(path, &["cpg"]).and_then(|b| String::from_utf8(b).ok()).map(|t| t.trim().to_owned());
            let page = page.filter(|t| !t.is_empty());
            let memo = file::beside(path, &["fpt", "dbt"]);
            dbf::read(&bytes, shown, encoding, dbf::Beside { code_page: page.as_deref(), memo: memo.as_deref() })
        }
        Format::Html => html::read(&bytes, shown, encoding),
        Format::Parquet => parquet::read(path),
    }
}

/// What a file says a cell holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CellValue {
    /// Nothing but its text.
    Text,
    /// A number, exact as the file's shortest decimal form says it (`0.1` is 0.1, not 0.1000000000000000055…).
    Number(Decimal),
    Date(jiff::civil::Date),
    Bool(bool),
    /// A spreadsheet error; the cell's text names it, `#DIV/0!`.
    Error,
    /// A formula whose result the file does not hold; the cell's text is the formula, `=B2+B3`.
    UnsavedFormula,
}

/// One cell that is not empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub value: CellValue,
    /// What a person sees on the sheet: `7.5%` (its value is 0.075), `1,408`, `2004-07-30`; for text cells the text
    /// itself, spaces kept and line breaks as one LF. A number without a format shows at most 15 digits, which is all a
    /// spreadsheet keeps. Whoever wants the printed figure with its unit and decimals reads this, not `value`.
    pub text: Text,
    format: Option<Arc<String>>,
    shown: Shown,
    pub bold: bool,
    /// Indent level of the cell's alignment.
    pub indent: u8,
}

/// What the text of a cell shows of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// Nothing but the number, rounded to so many decimals: `-1,408.50`. Whoever knows the number need not read the text.
    Plain { decimals: u8 },
    /// Perhaps something else, and a number whose point is moved by a power of ten.
    Dressed { shift: i8 },
}

impl Cell {
    /// A text cell without emphasis.
    pub fn text(text: impl Into<Text>) -> Cell {
        let shown = Shown::Dressed { shift: 0 };
        Cell { value: CellValue::Text, text: text.into(), format: None, shown, bold: false, indent: 0 }
    }

    /// The number format of a workbook cell (`0.00`, `#,##0`, `0.0%`), if it has one other than General.
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref().map(String::as_str)
    }

    /// By which power of ten the shown number differs from the stored one: 2 for `7.5%`, which is stored as 0.075, -3 for
    /// a number shown in thousands, 0 for a percent sign that is mere text (`0.0"%"`).
    pub fn shown_shift(&self) -> i32 {
        match self.shown {
            Shown::Plain { .. } => 0,
            Shown::Dressed { shift } => shift.into(),
        }
    }

    /// The decimals of a number of which the text shows nothing else than it, rounded; `None` where that has to be seen.
    pub fn plain_decimals(&self) -> Option<u8> {
        match self.shown {
            Shown::Plain { decimals } => Some(decimals),
            Shown::Dressed { .. } => None,
        }
    }
}

/// A merged range, both corners included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub first: CellRef,
    pub last: CellRef,
}

impl Span {
    pub fn contains(&self, at: CellRef) -> bool {
        (self.first.row..=self.last.row).contains(&at.row) && (self.first.col..=self.last.col).contains(&at.col)
    }
}

/// What kind of file the bytes are, whatever the name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Xls,
    Xlsx,
    Xlsb,
    Ods,
    Delimited,
    Dbf,
    Html,
    Parquet,
}

/// A file read whole.
#[derive(Clone, Debug)]
pub struct Document {
    pub format: Format,
    /// Name of the text encoding that was declared or detected, for delimited, dbf and html.
    pub encoding: Option<String>,
    pub grids: Vec<Grid>,
    /// Oddities that do not stop reading: hidden sheets, a name that belies the content.
    pub diagnostics: Vec<Diagnostic>,
}
