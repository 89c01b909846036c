//! A sheet as lines of kinds, which is all that finding tables takes; one pass over the cells, however large the sheet.

use super::cell::{Kind, kind};
use crate::grid::{CellRef, Grid};

/// A row with something in it.
#[derive(Debug)]
pub(super) struct Line {
    pub row: u32,
    pub cells: Vec<(u32, Kind)>,
}

/// The rows of a sheet that are not blank, in order.
pub(super) struct Lines<'a> {
    pub grid: &'a Grid,
    pub lines: Vec<Line>,
}

impl<'a> Lines<'a> {
    pub fn new(grid: &'a Grid) -> Lines<'a> {
        let mut lines: Vec<Line> = Vec::new();
        for (at, cell) in grid.iter() {
            let Some(kind) = kind(cell) else { continue };
            match lines.last_mut() {
                Some(line) if line.row == at.row => line.cells.push((at.col, kind)),
                _ => lines.push(Line { row: at.row, cells: vec![(at.col, kind)] }),
            }
        }
        Lines { grid, lines }
    }

    /// The last column that a cell covers.
    pub fn last_col(&self, row: u32, col: u32) -> u32 {
        self.grid.merge_at(CellRef { row, col }).map_or(col, |m| m.last.col)
    }

    /// The last row that a cell covers.
    pub fn last_row(&self, row: u32, col: u32) -> u32 {
        self.grid.merge_at(CellRef { row, col }).map_or(row, |m| m.last.row)
    }

    pub fn text(&self, row: u32, col: u32) -> &'a str {
        self.grid.text(row, col).trim()
    }

    /// The first text of a line.
    pub fn first_text(&self, line: &Line) -> &'a str {
        line.cells.first().map_or("", |(col, _)| self.text(line.row, *col))
    }

    /// The lines of some columns only.
    pub fn within(&self, rows: std::ops::Range<u32>, cols: std::ops::RangeInclusive<u32>) -> Lines<'a> {
        let inside = |line: &&Line| rows.contains(&line.row);
        let cut = |line: &Line| Line {
            row: line.row,
            cells: line.cells.iter().filter(|(col, _)| cols.contains(col)).copied().collect(),
        };
        let lines = self.lines.iter().filter(inside).map(cut).filter(|l| !l.cells.is_empty()).collect();
        Lines { grid: self.grid, lines }
    }
}

impl Line {
    pub fn count(&self, kind: Kind) -> usize {
        self.cells.iter().filter(|(_, k)| *k == kind).count()
    }

    pub fn first_col(&self) -> u32 {
        self.cells.first().map_or(0, |(col, _)| *col)
    }

    /// The first column that holds a number, where there is one.
    pub fn first_number(&self) -> Option<u32> {
        self.cells.iter().find(|(_, k)| *k == Kind::Number).map(|(col, _)| *col)
    }
}
