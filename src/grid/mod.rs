//! Files to cells: every reader turns a file into [`Grid`]s, one per sheet or table, and judges nothing.
//!
//! A cell keeps its typed value, its text as a person sees it, its number format and its emphasis; a grid keeps merged
//! ranges and how its cells are addressed. What a cell *means* is the business of `ingest`.
//!
//! [`read`] is the only door. The kind of a file is judged by its content and compared with its name; a file that is not
//! what its name says is refused. No reader trusts a size that a file states about itself ([`limit`]).

mod archive;
mod biff;
mod dbf;
mod delimited;
mod encoding;
mod format;
mod guard;
mod html;
pub mod limit;
mod number_format;
mod ods;
mod workbook;
mod xlsb;

use std::collections::BTreeMap;
use std::path::Path;

use rust_decimal::Decimal;

use crate::diag::{Diagnostic, Place};

/// Reads a file whole. `shown` is its name in messages; `encoding` is declared for text, dbf and html, and detected
/// where it is not.
///
/// # Errors
/// The file cannot be read, is not what its name says, is damaged, protected by a password, beyond a [`limit`], or holds
/// a byte that does not decode.
pub fn read(path: &Path, shown: &str, encoding: Option<&str>) -> Result<Document, Diagnostic> {
    let bytes = read_bytes(path).map_err(|d| d.at(Place::file(shown)))?;
    parse(&bytes, path, shown, encoding)
}

/// As [`read`], of bytes that are in memory; `path` is where the files that belong to them would lie.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], path: &Path, shown: &str, encoding: Option<&str>) -> Result<Document, Diagnostic> {
    guard::guarded(|| read_format(bytes, path, shown, encoding))
        .map_err(|d| if d.place.file.is_none() { d.at(Place::file(shown)) } else { d })
}

fn read_format(bytes: &[u8], path: &Path, shown: &str, encoding: Option<&str>) -> Result<Document, Diagnostic> {
    match format::judge(bytes, shown)? {
        format @ (Format::Xls | Format::Xlsx | Format::Xlsb) => workbook::read(bytes, format, shown),
        Format::Ods => ods::read(bytes, shown),
        Format::Delimited => delimited::read(bytes, shown, encoding),
        Format::Dbf => dbf::read(bytes, shown, encoding, code_page_beside(path).as_deref()),
        Format::Html => html::read(bytes, shown, encoding),
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let failed = |error: std::io::Error| {
        Diagnostic::error("unreadable-file", format!("the file cannot be read: {error}"))
            .hint("check that it exists and that you may read it")
    };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > limit::FILE_BYTES {
        return Err(limit::exceeded("bytes in a file", limit::FILE_BYTES));
    }
    std::fs::read(path).map_err(failed)
}

/// A dbf file may have its encoding written in a `.cpg` file beside it.
fn code_page_beside(path: &Path) -> Option<String> {
    let text = ["cpg", "CPG"].iter().find_map(|e| std::fs::read_to_string(path.with_extension(e)).ok())?;
    Some(text.trim().to_owned()).filter(|t| !t.is_empty())
}

/// Zero-based row and column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellRef {
    pub row: u32,
    pub col: u32,
}

/// What a file says a cell holds.
#[derive(Clone, Debug, PartialEq)]
pub enum CellValue {
    /// Text as stored.
    Text(String),
    /// A number, exact as the file's shortest decimal form says it (`0.1` is 0.1, not 0.1000000000000000055…).
    Number(Decimal),
    Date(jiff::civil::Date),
    Bool(bool),
    /// A spreadsheet error such as `#DIV/0!`.
    Error(String),
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
    pub text: String,
    /// The number format of a workbook cell (`0.00`, `#,##0`, `0.0%`), if it has one other than General.
    pub format: Option<String>,
    pub bold: bool,
    /// Indent level of the cell's alignment.
    pub indent: u8,
}

impl Cell {
    /// A text cell without emphasis.
    pub fn text(text: impl Into<String>) -> Cell {
        let text = text.into();
        Cell { value: CellValue::Text(text.clone()), text, format: None, bold: false, indent: 0 }
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

/// How the cells of a grid are named to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// `B17`: sheets, and delimited text (a line is a row, and so is a record that quoted line breaks spread over
    /// several lines: what a spreadsheet program shows when it opens the file).
    A1,
    /// `R17C2`: html tables after spans are expanded.
    RowColumn,
    /// `rec16.NAME`: dbf; row 0 holds the field names, row n is record n, deleted records counted.
    Record { fields: Vec<String> },
}

/// One sheet, html table, dbf file or delimited file.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Blank where the format has no sheets; for html the caption or `table 2` where a page has several tables.
    pub sheet: String,
    pub hidden: bool,
    pub addressing: Addressing,
    /// Cells that are not empty; of a merged range only its first cell.
    pub cells: BTreeMap<CellRef, Cell>,
    pub merges: Vec<Span>,
    /// Rows and columns used, counted from the first.
    pub rows: u32,
    pub cols: u32,
}

impl Grid {
    pub fn get(&self, row: u32, col: u32) -> Option<&Cell> {
        self.cells.get(&CellRef { row, col })
    }

    /// The cell's text, blank where there is none.
    pub fn text(&self, row: u32, col: u32) -> &str {
        self.get(row, col).map_or("", |c| &c.text)
    }

    /// The merged range a cell lies in.
    pub fn merge_at(&self, at: CellRef) -> Option<&Span> {
        self.merges.iter().find(|m| m.contains(at))
    }

    /// The cell's name in messages and in `core_observation.cell`.
    pub fn address(&self, at: CellRef) -> String {
        match &self.addressing {
            Addressing::A1 => format!("{}{}", column_letters(at.col), at.row + 1),
            Addressing::RowColumn => format!("R{}C{}", at.row + 1, at.col + 1),
            Addressing::Record { fields } => {
                let field = fields.get(at.col as usize).map_or("?", String::as_str);
                format!("rec{}.{}", at.row, field)
            }
        }
    }

    fn new(sheet: impl Into<String>, addressing: Addressing) -> Grid {
        Grid {
            sheet: sheet.into(),
            hidden: false,
            addressing,
            cells: BTreeMap::new(),
            merges: Vec::new(),
            rows: 0,
            cols: 0,
        }
    }

    /// Puts a cell in its place; a cell without text and number is none.
    fn put(&mut self, row: u32, col: u32, cell: Cell) {
        if cell.text.is_empty() && matches!(cell.value, CellValue::Text(_)) {
            return;
        }
        self.rows = self.rows.max(row + 1);
        self.cols = self.cols.max(col + 1);
        self.cells.insert(CellRef { row, col }, cell);
    }

    /// Records a merged range of more than one cell; its cells other than the first hold nothing a person sees.
    fn merge(&mut self, first: (u32, u32), last: (u32, u32)) {
        let (first, last) = (CellRef { row: first.0, col: first.1 }, CellRef { row: last.0, col: last.1 });
        if first == last || last.row < first.row || last.col < first.col {
            return;
        }
        let span = Span { first, last };
        let covered = self.cells.range(first..=last).map(|(at, _)| *at).filter(|at| *at != first && span.contains(*at));
        for at in covered.collect::<Vec<_>>() {
            self.cells.remove(&at);
        }
        self.rows = self.rows.max(last.row + 1);
        self.cols = self.cols.max(last.col + 1);
        self.merges.push(span);
    }

    /// A grid for tests: one line per row, cells separated by `|`, blank cells empty, white space around cells dropped.
    pub fn from_text(text: &str) -> Grid {
        let mut grid = Grid::new("", Addressing::A1);
        for (row, line) in text.lines().map(str::trim).filter(|l| !l.is_empty()).enumerate() {
            for (col, cell) in line.split('|').map(str::trim).enumerate() {
                grid.cols = grid.cols.max(col as u32 + 1);
                if !cell.is_empty() {
                    grid.cells.insert(CellRef { row: row as u32, col: col as u32 }, Cell::text(cell));
                }
            }
            grid.rows = row as u32 + 1;
        }
        grid
    }
}

/// `0` → `A`, `26` → `AA`.
pub fn column_letters(col: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = col + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(b'A' + (rest % 26) as u8);
        rest /= 26;
    }
    letters.iter().rev().map(|b| char::from(*b)).collect()
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
