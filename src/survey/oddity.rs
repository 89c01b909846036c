//! What looks wrong on a sheet, and is told to the clerk before it becomes an error.

use std::collections::BTreeMap;

use super::Table;
use super::cell::{self, Kind};
use crate::grid::{Cell, CellRef, CellValue, Grid};

/// Cells named of one kind of oddity.
const CELLS_TOLD: usize = 5;

/// One kind of oddity of a table or sheet.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Oddity {
    /// What it is, in a few words.
    pub what: &'static str,
    pub count: usize,
    /// The first of the cells, by their addresses.
    pub cells: Vec<String>,
    /// The text of the first.
    pub example: String,
}

/// The oddities among the data cells of a table.
pub(super) fn oddities(grid: &Grid, table: &Table) -> Vec<Oddity> {
    let mut found: BTreeMap<&'static str, Vec<(CellRef, &Cell)>> = BTreeMap::new();
    for (at, cell) in grid.rows_in(table.body.clone()) {
        if table.data_cols.binary_search(&at.col).is_err() {
            continue;
        }
        for what in of_cell(cell, table.text_cols.contains(&at.col)) {
            found.entry(what).or_default().push((at, cell));
        }
        if grid.merge_at(at).is_some() {
            found.entry("merged data cells").or_default().push((at, cell));
        }
    }
    let told = |(what, cells): (&'static str, Vec<(CellRef, &Cell)>)| Oddity {
        what,
        count: cells.len(),
        cells: cells.iter().take(CELLS_TOLD).map(|(at, _)| grid.address(*at)).collect(),
        example: cells.first().map_or(String::new(), |(_, c)| c.text.trim().chars().take(40).collect()),
    };
    found.into_iter().map(told).collect()
}

/// Whether a data cell holds what cannot be read as it stands.
pub(super) fn is_odd(cell: &Cell) -> bool {
    of_cell(cell, false).iter().any(|what| !["numbers stored as text", "full-width digits"].contains(what))
}

fn of_cell(cell: &Cell, of_text: bool) -> Vec<&'static str> {
    let mut found = Vec::new();
    match cell.value {
        CellValue::Error => found.push("errors of formulas"),
        CellValue::UnsavedFormula => found.push("formulas without a stored value"),
        CellValue::Date(_) => found.push("dates among numbers"),
        CellValue::Bool(_) => found.push("true or false among numbers"),
        CellValue::Number(_) => {}
        CellValue::Text => match cell::kind(cell) {
            Some(Kind::Number) => {
                found.push("numbers stored as text");
                if cell.text.chars().any(|c| ('\u{FF01}'..='\u{FF5E}').contains(&c)) {
                    found.push("full-width digits");
                }
            }
            Some(Kind::Text) if !of_text && cell.text.contains(|c: char| c.is_ascii_digit()) => {
                found.push("texts with digits that are no numbers (OCR, notes, several values)");
            }
            Some(Kind::Text) if !of_text => found.push("texts among numbers"),
            _ => {}
        },
    }
    found
}
