//! A workbook as a clerk would describe it: files, sheets, cells, merged ranges; and the ways in which one is edited.

use std::collections::BTreeMap;

/// A cell as a person sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    pub text: String,
    pub bold: bool,
    /// Indent level of the alignment, not blanks in the text.
    pub indent: u8,
    /// Kept as text in workbooks even where it looks like a number.
    pub as_text: bool,
}

impl Cell {
    pub fn of(text: &str) -> Cell {
        Cell { text: text.to_owned(), ..Cell::default() }
    }

    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
}

/// First and last row and column of a merged range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub rows: (usize, usize),
    pub cols: (usize, usize),
}

impl Span {
    pub fn contains(&self, row: usize, col: usize) -> bool {
        (self.rows.0..=self.rows.1).contains(&row) && (self.cols.0..=self.cols.1).contains(&col)
    }

    pub fn lines(&self, axis: Axis) -> (usize, usize) {
        if axis == Axis::Rows { self.rows } else { self.cols }
    }

    fn transposed(self) -> Span {
        Span { rows: self.cols, cols: self.rows }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    Rows,
    Cols,
}

#[derive(Clone, Debug, Default)]
pub struct Sheet {
    pub name: String,
    /// Rows of equal length.
    pub cells: Vec<Vec<Cell>>,
    pub merges: Vec<Span>,
}

#[derive(Clone, Debug, Default)]
pub struct File {
    /// Without the extension.
    pub name: String,
    pub sheets: Vec<Sheet>,
}

pub type Book = Vec<File>;

impl Sheet {
    pub fn rows(&self) -> usize {
        self.cells.len()
    }

    pub fn cols(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }

    pub fn lines(&self, axis: Axis) -> usize {
        if axis == Axis::Rows { self.rows() } else { self.cols() }
    }

    /// The cells that hold text, with row and column.
    pub fn filled(&self) -> impl Iterator<Item = (usize, usize, &Cell)> {
        let rows = self.cells.iter().enumerate();
        rows.flat_map(|(r, row)| row.iter().enumerate().map(move |(c, cell)| (r, c, cell)))
            .filter(|(_, _, cell)| !cell.text.is_empty())
    }

    pub fn merge_at(&self, row: usize, col: usize) -> Option<&Span> {
        self.merges.iter().find(|m| m.contains(row, col))
    }

    /// What stands in a cell, be it the first of a merged range or another.
    pub fn seen(&self, row: usize, col: usize) -> &str {
        let (row, col) = self.merge_at(row, col).map_or((row, col), |m| (m.rows.0, m.cols.0));
        &self.cells[row][col].text
    }

    /// Add a blank line before line `at`; a merged range around it grows.
    pub fn insert(&mut self, axis: Axis, at: usize) {
        self.along(axis, |sheet| {
            sheet.cells.insert(at, vec![Cell::default(); sheet.cols()]);
            for merge in &mut sheet.merges {
                merge.rows.0 += usize::from(merge.rows.0 >= at);
                merge.rows.1 += usize::from(merge.rows.1 >= at);
            }
        });
    }

    /// Take a line out; a merged range that begins in it goes on without its text.
    pub fn delete(&mut self, axis: Axis, at: usize) {
        self.along(axis, |sheet| {
            sheet.cells.remove(at);
            sheet.merges.retain(|m| m.rows != (at, at));
            for merge in &mut sheet.merges {
                merge.rows.0 -= usize::from(merge.rows.0 > at);
                merge.rows.1 -= usize::from(merge.rows.1 >= at);
            }
            sheet.merges.retain(|m| m.rows.0 != m.rows.1 || m.cols.0 != m.cols.1);
        });
    }

    /// Exchange two lines; `false`, with nothing done, where a merged range holds one of them and not all between.
    pub fn exchange(&mut self, axis: Axis, one: usize, two: usize) -> bool {
        let inside = |m: &Span, line: usize| (m.lines(axis).0..=m.lines(axis).1).contains(&line);
        let long = |m: &Span| m.lines(axis).0 != m.lines(axis).1;
        if self.merges.iter().any(|m| long(m) && inside(m, one) != inside(m, two)) {
            return false;
        }
        self.along(axis, |sheet| {
            let stays: Vec<bool> = (0..sheet.cols())
                .map(|col| sheet.merges.iter().any(|m| m.rows.0 != m.rows.1 && m.contains(one, col)))
                .collect();
            for (col, _) in stays.iter().enumerate().filter(|(_, stays)| !**stays) {
                let other = std::mem::take(&mut sheet.cells[two][col]);
                let moved = std::mem::replace(&mut sheet.cells[one][col], other);
                sheet.cells[two][col] = moved;
            }
            for merge in sheet.merges.iter_mut().filter(|m| m.rows.0 == m.rows.1) {
                let line = if merge.rows.0 == one { two } else { one };
                if [one, two].contains(&merge.rows.0) {
                    merge.rows = (line, line);
                }
            }
        });
        true
    }

    /// Do to rows what is meant for rows, or the same to columns.
    fn along(&mut self, axis: Axis, edit: impl FnOnce(&mut Sheet)) {
        if axis == Axis::Rows {
            return edit(self);
        }
        let mut turned = self.transposed();
        edit(&mut turned);
        *self = turned.transposed();
    }

    fn transposed(&self) -> Sheet {
        let column = |col: usize| self.cells.iter().map(|row| row[col].clone()).collect();
        Sheet {
            name: self.name.clone(),
            cells: (0..self.cols()).map(column).collect(),
            merges: self.merges.iter().map(|m| m.transposed()).collect(),
        }
    }

    /// Whether a line holds nothing.
    pub fn is_blank(&self, axis: Axis, line: usize) -> bool {
        let here = |r: usize, c: usize| if axis == Axis::Rows { r == line } else { c == line };
        self.filled().all(|(r, c, cell)| !here(r, c) || cell.is_blank())
    }
}

/// Where a number stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub file: usize,
    pub sheet: usize,
    pub row: usize,
    pub col: usize,
    /// Number among several of one cell, from 1; 0 where the cell has one only.
    pub nth: usize,
}

/// A number with all that is said about it, by the name of the column of `core_observation`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub place: Place,
    pub said: BTreeMap<&'static str, String>,
}

impl Fact {
    pub fn says(&self, key: &str) -> &str {
        self.said.get(key).map_or("", String::as_str)
    }

    pub fn with(mut self, key: &'static str, text: impl Into<String>) -> Fact {
        self.said.insert(key, text.into());
        self
    }

    /// Row or column.
    pub fn line(&self, axis: Axis) -> usize {
        if axis == Axis::Rows { self.place.row } else { self.place.col }
    }
}
