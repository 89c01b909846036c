//! What of a workbook a person does not see: it is read all the same, and told.

use std::ops::Range;

use super::{Grid, column_letters};
use crate::diag::{Diagnostic, Place};

/// Stretches of rows and columns of a sheet that are hidden.
#[derive(Default)]
pub(super) struct Hidden {
    rows: Vec<Range<u32>>,
    columns: Vec<Range<u32>>,
}

impl Hidden {
    pub(super) fn rows(&mut self, rows: Range<u32>) {
        extend(&mut self.rows, rows);
    }

    pub(super) fn columns(&mut self, columns: Range<u32>) {
        extend(&mut self.columns, columns);
    }

    pub(super) fn append(&mut self, other: Hidden) {
        other.rows.into_iter().for_each(|rows| self.rows(rows));
        other.columns.into_iter().for_each(|columns| self.columns(columns));
    }

    pub(super) fn told(&self, grid: &Grid, shown: &str) -> Vec<Diagnostic> {
        let place = Place { sheet: Some(grid.sheet.clone()), ..Place::file(shown) };
        let note = |code, message: String| Diagnostic::info(code, message).at(place.clone());
        let mut told = Vec::new();
        if grid.hidden {
            told.push(note("hidden-sheet", "the sheet is hidden; it is read all the same".to_owned()));
        }
        let columns = within(&self.columns, grid.cols, column_letters);
        let rows = within(&self.rows, grid.rows, |row| (row + 1).to_string());
        told.extend(
            columns.map(|list| note("hidden-columns", format!("hidden columns are read all the same: {list}"))),
        );
        told.extend(rows.map(|list| note("hidden-rows", format!("hidden rows are read all the same: {list}"))));
        told
    }
}

/// Adds a stretch to those before it; one that ends before it begins, as a damaged file may say, is none.
fn extend(stretches: &mut Vec<Range<u32>>, next: Range<u32>) {
    match stretches.last_mut() {
        _ if next.is_empty() => {}
        Some(last) if last.end == next.start => last.end = next.end,
        _ => stretches.push(next),
    }
}

/// The stretches as far as the sheet is used, named; `None` where it is used in none of them.
fn within(stretches: &[Range<u32>], used: u32, name: impl Fn(u32) -> String) -> Option<String> {
    const TOLD: usize = 8;
    let mut names: Vec<String> = stretches
        .iter()
        .filter(|s| s.start < used)
        .map(|s| match s.end.min(used) - s.start {
            1 => name(s.start),
            _ => format!("{}-{}", name(s.start), name(s.end.min(used) - 1)),
        })
        .collect();
    if names.len() > TOLD {
        let more = names.len() - TOLD;
        names.truncate(TOLD);
        names.push(format!("and {more} more stretches"));
    }
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_named_as_far_as_the_sheet_is_used() {
        let mut hidden = Hidden::default();
        for row in [1, 2, 3, 7, 20] {
            hidden.rows(row..row + 1);
        }
        hidden.columns(2..16_384);
        let grid = Grid::from_text(&"a|b|c|d\n".repeat(10));
        let told: Vec<String> = hidden.told(&grid, "a.xlsx").into_iter().map(|d| d.message).collect();
        assert_eq!(told, ["hidden columns are read all the same: C-D", "hidden rows are read all the same: 2-4, 8"]);
    }
}
