//! The figures of a table one by one, for machines: what is printed in a cell, with its codes, unit, decimals, mark and notes.
//! Every machine-readable format is a writer of these.

use rust_decimal::Decimal;

use crate::domain::value::{Mark, Status};
use crate::report::table::format::Figure;
use crate::report::table::frame::{Answer, Block, Cell, Frame};
use crate::report::table::select::flat;

/// One figure, or the mark in its place.
#[derive(Clone, Debug)]
pub struct Point<'a> {
    /// Row and column of the body, counted from 1.
    pub row: usize,
    pub column: usize,
    pub row_label: String,
    pub column_label: String,
    pub answer: &'a Answer,
    /// As printed: in the printed unit, rounded.
    pub number: Option<Decimal>,
    pub decimals: u32,
    pub mark: Option<Mark>,
    pub status: Status,
    /// Numbers of the notes on the cell and on the labels it stands under.
    pub notes: Vec<usize>,
    /// What the cell shows, without the signs beside it.
    pub text: String,
}

impl Point<'_> {
    /// The number as text; blank where there is none.
    pub fn value(&self) -> String {
        self.number.map_or_else(String::new, |number| number.to_string())
    }
}

/// Every figure of a table, row by row; a cell that shows several gives each of them.
pub fn points(frame: &Frame) -> Vec<Point<'_>> {
    let mut points = Vec::new();
    for (row, cells) in frame.cells.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.covered) {
            let (rows, columns) = (frame.row_blocks(row), frame.column_blocks(column));
            for answer in &cell.answers {
                let mark = Mark::parse(&answer.mark);
                let figure = answer.figure.as_ref();
                if mark.is_none() && figure.is_none() {
                    continue;
                }
                points.push(Point {
                    row: row + 1,
                    column: column + 1,
                    row_label: path(&rows),
                    column_label: path(&columns),
                    answer,
                    number: figure.map(printed),
                    decimals: figure.map_or(0, |figure| figure.decimals),
                    mark,
                    status: answer.status,
                    notes: notes(cell, &rows, &columns),
                    text: cell.text(),
                });
            }
        }
    }
    points
}

/// The number with all its printed decimals.
fn printed(figure: &Figure) -> Decimal {
    let mut number = figure.number;
    number.rescale(figure.decimals);
    number
}

/// The numbers of the notes on a cell, then on its labels, each once.
fn notes(cell: &Cell, rows: &[&Block], columns: &[&Block]) -> Vec<usize> {
    let own = cell.notes.iter();
    let labels = rows.iter().chain(columns).flat_map(|block| &block.notes);
    let mut numbers: Vec<usize> = own.chain(labels).map(|note| note.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// `财政补助标准 / 成年人`
pub fn path(blocks: &[&Block]) -> String {
    blocks.iter().map(|block| flat(&block.text)).collect::<Vec<_>>().join(" / ")
}

impl Frame {
    /// The labels that a row stands under, outermost first.
    pub fn row_blocks(&self, row: usize) -> Vec<&Block> {
        let above = self.stub.iter().enumerate().take(row + 1);
        let mut blocks: Vec<&Block> =
            above.flat_map(|(at, blocks)| blocks.iter().filter(move |b| at + b.high > row)).collect();
        blocks.sort_by_key(|block| block.column);
        blocks
    }

    /// The heads that a column stands under, outermost first.
    pub fn column_blocks(&self, column: usize) -> Vec<&Block> {
        let covers = |block: &&Block| (block.column..block.column + block.wide).contains(&column);
        self.header.iter().flatten().filter(covers).collect()
    }
}
