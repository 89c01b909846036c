//! The observations behind a table as tidy text: one line per observation, codes and names side by side.
//!
//! UTF-8 with a byte order mark, because spreadsheet programs on Chinese systems read a file without one as GBK.

use std::collections::BTreeMap;

use crate::report::table::frame::{Frame, Tidy};
use crate::report::table::point::{Point, points};

const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// Every observation once, with the cell it is printed in: its place, what it shows and in which unit, and its notes.
pub fn render(frame: &Frame) -> Vec<u8> {
    let mut text = BYTE_ORDER_MARK.to_owned();
    let Tidy { columns, rows, at } = &frame.tidy;
    let labels = LABELS.min(columns.len());
    let heads =
        columns[..labels].iter().map(String::as_str).chain(PRINTED).chain(columns[labels..].iter().map(String::as_str));
    line(&mut text, heads.map(str::to_owned));
    let points = points(frame);
    let mut cells: BTreeMap<(usize, usize), Vec<&Point<'_>>> = BTreeMap::new();
    for point in &points {
        cells.entry((point.row - 1, point.column - 1)).or_default().push(point);
    }
    for (row, (at, nth)) in rows.iter().zip(at) {
        let printed = match cells.get(at).and_then(|own| own.get(*nth)) {
            None => PRINTED.map(|_| String::new()),
            Some(point) => {
                let number = point.value();
                let decimals = point.number.map_or_else(String::new, |_| point.decimals.to_string());
                let notes: Vec<&str> = point.notes.iter().map(|n| frame.numbered[n - 1].as_str()).collect();
                let (row, column) = (point.row.to_string(), point.column.to_string());
                [row, column, point.text.clone(), number, point.answer.unit.clone(), decimals, notes.join(" | ")]
            }
        };
        line(&mut text, row[..labels].iter().cloned().chain(printed).chain(row[labels..].iter().cloned()));
    }
    text.into_bytes()
}

/// The labels of row and column, before what is printed.
const LABELS: usize = 2;

/// What is printed, beside what was read.
const PRINTED: [&str; 7] = ["row", "column", "shown", "shown_value", "shown_unit", "shown_decimals", "shown_note"];

/// One line of CSV.
pub fn line(text: &mut String, fields: impl IntoIterator<Item = String>) {
    let fields: Vec<String> = fields.into_iter().map(|f| field(&f)).collect();
    text.push_str(&fields.join(","));
    text.push_str("\r\n");
}

/// Quoted as RFC 4180 asks.
fn field(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn fields_are_quoted_where_needed() {
        let mut text = String::new();
        line(&mut text, ["a,b", "说“1”", "x\"y", "两\n行"].map(str::to_owned));
        assert_eq!(text, "\"a,b\",说“1”,\"x\"\"y\",\"两\n行\"\r\n");
    }
}
