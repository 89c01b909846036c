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

/// A printed figure: where it stands in the file, and which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keyed {
    /// The sheet, or in a document of several tables the number of the table; blank where there is one.
    pub sheet: String,
    pub cell: String,
    pub figure: FigureKey,
}

/// The keys of a table's figures, each under the address that `addresses` gives its cell.
pub fn keyed(frame: &Frame, sheet: &str, addresses: &[Vec<String>]) -> Vec<Keyed> {
    let mut keys = Vec::new();
    for (cells, addresses) in frame.cells.iter().zip(addresses) {
        for (cell, address) in cells.iter().zip(addresses).filter(|(cell, _)| !cell.covered) {
            let one =
                |figure: &FigureKey| Keyed { sheet: sheet.to_owned(), cell: address.clone(), figure: figure.clone() };
            keys.extend(cell.answers.iter().map(|answer| one(&answer.key)));
        }
    }
    keys
}

/// Where each data cell stands in the tables of a document, as word processors count: `B3` of the first table, each page
/// of a long one being a table of its own. `tables` counts them.
pub fn keyed_in_document(frame: &Frame, tables: &mut usize) -> Vec<Keyed> {
    let laid = Sheet::of(frame);
    let mut lines = Vec::with_capacity(frame.cells.len());
    for page in &laid.pages {
        *tables += 1;
        lines.extend((0..page.body.len()).map(|line| (*tables, page.head.len() + line + 1)));
    }
    let mut keys = Vec::new();
    for ((table, line), cells) in lines.into_iter().zip(&frame.cells) {
        for (nth, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.covered) {
            let column = u32::try_from(laid.labels + nth).unwrap_or(u32::MAX);
            let address = format!("{}{line}", column_letters(column));
            let one =
                |figure: &FigureKey| Keyed { sheet: table.to_string(), cell: address.clone(), figure: figure.clone() };
            keys.extend(cell.answers.iter().map(|answer| one(&answer.key)));
        }
    }
    keys
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
