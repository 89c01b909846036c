//! A table ready to be drawn: all that the renderers see. Nothing here knows where numbers come from or how a page looks.

use super::format::Figure;
use super::kept::notice;
use super::spec::Head;
use crate::grid::column_letters;
use crate::store::release::Kept;

/// One table in its yearbook layout.
#[derive(Clone, Debug)]
pub struct Frame {
    pub id: String,
    pub number: String,
    pub title: String,
    pub unit_note: String,
    /// Heads of the label columns, each as high as the header.
    pub heads: Vec<Head>,
    /// The header's cells, row by row; columns count from the first data column.
    pub header: Vec<Vec<Block>>,
    /// The label cells of each row; columns count from the first label column.
    pub stub: Vec<Vec<Block>>,
    pub cells: Vec<Vec<Cell>>,
    pub notes: Vec<String>,
    pub source: String,
    /// Tables of earlier releases whose figures are printed here.
    pub kept: Vec<Kept>,
    pub tidy: Tidy,
}

impl Frame {
    pub fn columns(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }

    /// What stands below the table, line by line.
    pub fn foot(&self) -> Vec<String> {
        let source = Some(&self.source).filter(|source| !source.is_empty());
        self.notes.iter().chain(source).cloned().chain(self.kept.iter().map(notice)).collect()
    }

    /// Where a data cell stands on the workbook's sheet: `D7`. Below title and unit note comes the header.
    pub fn address(&self, row: usize, column: usize) -> String {
        let above = self.header_row() + self.header.len() + row;
        let at = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        format!("{}{}", column_letters(at(self.heads.len() + column)), above + 1)
    }

    /// The row of the sheet in which the header begins, from 0.
    pub fn header_row(&self) -> usize {
        if self.unit_note.is_empty() { 1 } else { 2 }
    }

    /// No renderer can draw it: it has no cell.
    pub fn is_empty(&self) -> bool {
        self.columns() == 0 || self.header.is_empty() || self.stub.is_empty()
    }

    /// `表1　玉溪市…`
    pub fn full_title(&self) -> String {
        if self.number.is_empty() { self.title.clone() } else { format!("{}　{}", self.number, self.title) }
    }
}

/// A label that covers one or several cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub text: String,
    pub column: usize,
    pub wide: usize,
    pub high: usize,
    /// The label stands over or before others.
    pub group: bool,
}

/// One data cell.
#[derive(Clone, Debug)]
pub struct Cell {
    pub content: Content,
    /// Columns and rows covered; (1, 1) for most.
    pub wide: usize,
    pub high: usize,
    /// The cell lies under a neighbour that covers it.
    pub covered: bool,
    pub origins: Vec<Trace>,
}

impl Cell {
    pub fn blank() -> Cell {
        Cell { content: Content::Blank, wide: 1, high: 1, covered: false, origins: Vec::new() }
    }

    /// What a reader sees.
    pub fn text(&self) -> String {
        match &self.content {
            Content::Blank => String::new(),
            Content::Number(figure) => figure.text(),
            Content::Mark(text) | Content::Text(text) => text.clone(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Blank,
    Number(Figure),
    /// The sign that stands for an absent number.
    Mark(String),
    /// A cell that holds several numbers, as it was printed.
    Text(String),
}

/// Where a number was read; blank fields where the table read does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub obs_id: String,
    pub file: String,
    pub sheet: String,
    pub cell: String,
    pub printed: String,
    /// The mark's name; blank for numbers.
    pub mark: String,
    pub figure: FigureKey,
}

/// Which figure of the release is printed, so that it can be asked for again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FigureKey {
    pub table: String,
    pub column: String,
    /// Columns that tell the row apart, with their values.
    pub key: Vec<(String, String)>,
}

/// The observations behind a table, one per line, for machines.
#[derive(Clone, Debug, Default)]
pub struct Tidy {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}
