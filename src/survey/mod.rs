//! What is in a file that nobody declared: the tables of every sheet, with their extent, header, labels and notes, and what
//! may be guessed of units, periods and codes. Guesses only: whatever is believed is written into a specification by a
//! person, whom [`draft`] saves the typing. Reading by a specification is `ingest`'s business.
//!
//! In reading order: `cell` says what a cell looks like, `lines` makes a sheet of it, `blocks` finds the tables from top to
//! bottom, `columns` from left to right, `guess` what they may mean, `oddity` what looks wrong.

mod blocks;
mod cell;
mod columns;
pub mod draft;
pub mod guess;
mod lines;
mod oddity;
pub mod html;
pub mod report;
pub mod text;
pub mod trial;

use std::borrow::Cow;
use std::ops::Range;

use crate::domain::label::normalise;
use crate::grid::{CellRef, Document, Grid, Span};
use blocks::Block;
use lines::Lines;

/// Numbers that a body must hold to be called a table.
const NUMBERS_MIN: usize = 4;

/// A file, sheet by sheet.
#[derive(Debug)]
pub struct Survey {
    pub sheets: Vec<Sheet>,
}

/// A sheet and its tables.
#[derive(Debug)]
pub struct Sheet {
    pub name: String,
    pub hidden: bool,
    pub rows: u32,
    pub cols: u32,
    pub tables: Vec<Table>,
}

impl Sheet {
    /// Every table with those that continue it.
    pub fn whole_tables(&self) -> Vec<Vec<&Table>> {
        let mut whole: Vec<(usize, Vec<&Table>)> = Vec::new();
        for (nth, table) in self.tables.iter().enumerate() {
            match table.continues.and_then(|head| whole.iter_mut().find(|(n, _)| *n == head)) {
                Some((_, parts)) => parts.push(table),
                None => whole.push((nth, vec![table])),
            }
        }
        whole.into_iter().map(|(_, parts)| parts).collect()
    }
}

/// A table as it stands on its sheet.
#[derive(Clone, Debug)]
pub struct Table {
    /// Texts above the header, from top to bottom.
    pub titles: Vec<CellRef>,
    pub header: Range<u32>,
    pub body: Range<u32>,
    pub label_cols: Vec<u32>,
    pub data_cols: Vec<u32>,
    /// Data columns that hold texts.
    pub text_cols: Vec<u32>,
    /// Lines below the body.
    pub notes: Vec<CellRef>,
    /// Numbers in the data columns of the body.
    pub numbers: usize,
    /// The table of this sheet that this one continues: the same header corner, to its right or below.
    pub continues: Option<usize>,
}

impl Table {
    /// Title to notes, first label column to last data column.
    pub fn extent(&self) -> Span {
        let cols = || self.label_cols.iter().chain(&self.data_cols);
        let rows = self.titles.iter().map(|t| t.row).chain([self.header.start, self.body.start]);
        let last_row = self.notes.iter().map(|n| n.row).chain([self.body.end.saturating_sub(1)]).max();
        Span {
            first: CellRef { row: rows.min().unwrap_or(0), col: cols().min().copied().unwrap_or(0) },
            last: CellRef { row: last_row.unwrap_or(0), col: cols().max().copied().unwrap_or(0) },
        }
    }
}

/// Look at every sheet of a file.
pub fn survey(document: &Document) -> Survey {
    Survey { sheets: document.grids.iter().map(sheet).collect() }
}

fn sheet(grid: &Grid) -> Sheet {
    let lines = Lines::new(grid);
    let mut tables = Vec::new();
    for block in blocks::blocks(&lines) {
        let parts = columns::parts(&lines, &block);
        if parts.len() < 2 {
            tables.extend(table(&lines, &block));
            continue;
        }
        let top = block.titles.iter().copied().chain([block.header.start]).min().unwrap_or(0);
        let rows = top..block.body.end;
        for cols in parts {
            // A part alone may end sooner than its neighbours, and may hold several tables.
            let part = lines.within(rows.clone(), cols);
            let inside: Vec<Block> = blocks::blocks(&part);
            tables.extend(inside.iter().filter_map(|b| table(&part, b)));
        }
    }
    mark_continuations(grid, &mut tables);
    Sheet { name: grid.sheet.clone(), hidden: grid.hidden, rows: grid.rows, cols: grid.cols, tables }
}

fn table(lines: &Lines, block: &Block) -> Option<Table> {
    let columns = columns::columns(lines, block);
    let numbers: usize = lines
        .lines
        .iter()
        .filter(|l| block.body.contains(&l.row))
        .map(|l| l.cells.iter().filter(|(col, k)| columns.data.contains(col) && is_figure(*k)).count())
        .sum();
    if numbers < NUMBERS_MIN || !columns.numeric {
        return None;
    }
    let cells = |rows: &[u32]| {
        let rows: Vec<&lines::Line> = lines.lines.iter().filter(|l| rows.contains(&l.row)).collect();
        rows.iter().flat_map(|l| l.cells.iter().map(|(col, _)| CellRef { row: l.row, col: *col })).collect()
    };
    Some(Table {
        titles: cells(&block.titles),
        header: block.header.clone(),
        body: block.body.clone(),
        label_cols: columns.labels,
        data_cols: columns.data,
        text_cols: columns.texts,
        notes: cells(&block.notes),
        numbers,
        continues: None,
    })
}

fn is_figure(kind: cell::Kind) -> bool {
    matches!(kind, cell::Kind::Number | cell::Kind::Period)
}

/// A table whose corner and row labels are those of one before it is its continuation (续表).
fn mark_continuations(grid: &Grid, tables: &mut [Table]) {
    let corner = |t: &Table| -> Vec<String> {
        let text = |col: &u32| {
            let row = t.header.clone().find(|row| !grid.is_blank(*row, *col));
            row.map_or(String::new(), |row| normalise(grid.text(row, *col)).into_owned())
        };
        t.label_cols.iter().map(text).collect()
    };
    let labels = |t: &Table| -> Vec<Cow<'_, str>> {
        let col = t.label_cols.first().copied().unwrap_or(0);
        t.body.clone().map(|row| normalise(grid.text(row, col))).filter(|text| !text.is_empty()).take(200).collect()
    };
    for nth in 1..tables.len() {
        let (own, own_labels) = (corner(&tables[nth]), labels(&tables[nth]));
        if own.is_empty() || own_labels.is_empty() {
            continue;
        }
        tables[nth].continues = (0..nth).find(|n| {
            let other = labels(&tables[*n]);
            let shared = own_labels.iter().filter(|l| other.contains(l)).count();
            let begins_so = tables[nth].titles.iter().any(|t| normalise(grid.text(t.row, t.col)).contains("续"));
            tables[*n].continues.is_none()
                && corner(&tables[*n]) == own
                && (begins_so || (shared * 5 >= own_labels.len() * 4 && tables[nth].titles.len() < 2))
        });
    }
}

#[cfg(test)]
mod tests;
