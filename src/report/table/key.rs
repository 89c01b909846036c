//! The key of a printed figure, and the cell of the workbook it is printed in: how it is found again.

use crate::grid::column_letters;
use crate::report::table::frame::Frame;
use crate::report::table::sheet::Sheet;

/// Which figure of the release is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FigureKey {
    pub table: String,
    pub column: String,
    /// Columns that tell the row apart, with their values.
    pub key: Vec<(String, String)>,
}

/// Where each data cell of a table stands on the workbook's sheet: `D7`.
pub fn addresses(frame: &Frame) -> Vec<Vec<String>> {
    let laid = Sheet::of(frame);
    let mut above = 0;
    let mut lines = Vec::with_capacity(frame.cells.len());
    for page in &laid.pages {
        above += page.above.len() + page.head.len();
        lines.extend(above..above + page.body.len());
        above += page.body.len();
    }
    let at = |line: usize, nth: usize| {
        let column = u32::try_from(laid.labels + nth).unwrap_or(u32::MAX);
        format!("{}{}", column_letters(column), line + 1)
    };
    let rows = lines.iter().zip(&frame.cells);
    rows.map(|(line, cells)| (0..cells.len()).map(|nth| at(*line, nth)).collect()).collect()
}
