//! The observations behind a table, one per line: what was read, beside the labels of the cell it is printed in.

use std::collections::BTreeSet;

use crate::report::definition::stated::CODED;
use crate::report::rows::names::Names;
use crate::report::rows::records::Records;
use crate::report::table::frame::Tidy;
use crate::report::table::layout::{Branch, leaves};
use crate::report::table::select::{Found, flat};

/// Columns left out of machine-readable files: they differ between releases of the same data.
const NOT_PUBLISHED: [&str; 1] = ["released_at"];

/// The observations of a table in its order, each once for every column of numbers, with the labels of row and column and the names of codes.
pub fn tidy(records: &Records<'_>, found: &[Vec<Found>], rows: &[Branch], columns: &[Branch], names: &Names) -> Tidy {
    let published: Vec<&str> = records.column_names().filter(|c| !NOT_PUBLISHED.contains(c)).collect();
    let mut heads = vec!["row_label".to_owned(), "column_label".to_owned()];
    for column in &published {
        heads.push((*column).to_owned());
        if is_coded(column) {
            heads.push(format!("{column}_name"));
        }
    }
    let (row_labels, column_labels) = (paths(rows), paths(columns));
    let (row_leaves, column_leaves) = (leaves(rows), leaves(columns));
    let mut seen = BTreeSet::new();
    let (mut lines, mut places) = (Vec::new(), Vec::new());
    for (r, found_row) in found.iter().enumerate() {
        for (c, cell) in found_row.iter().enumerate() {
            for (nth, at) in cell.rows.iter().enumerate() {
                let value = row_leaves[r].style.within(&column_leaves[c].style).value;
                if !seen.insert((*at, value)) {
                    continue;
                }
                let mut line = vec![row_labels[r].clone(), column_labels[c].clone()];
                for column in &published {
                    let text = records.text(*at, column);
                    let name = is_coded(column).then(|| names.code(column, &text).to_owned());
                    line.push(text);
                    line.extend(name);
                }
                lines.push(line);
                places.push(((r, c), nth));
            }
        }
    }
    Tidy { columns: heads, rows: lines, at: places }
}

fn is_coded(column: &str) -> bool {
    CODED.contains(&column)
}

/// `财政补助标准 / 成年人` for every leaf.
fn paths(branches: &[Branch]) -> Vec<String> {
    let mut all = Vec::new();
    for branch in branches {
        if branch.children.is_empty() {
            all.push(flat(&branch.label));
        } else {
            all.extend(paths(&branch.children).into_iter().map(|rest| format!("{} / {rest}", flat(&branch.label))));
        }
    }
    all
}
