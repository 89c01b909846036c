//! The header of an extract held against its layout: every declared column is there once, and no other.

use super::code::{CodeSet, look_up};
use super::{Slot, Task, mask, month_of};
use crate::diag::{Diagnostic, Place};
use crate::domain::RecordKind;
use crate::domain::label::{nearest, normalise};
use crate::grid::rows::Header;
use crate::spec::extract::capture_name;

pub(super) fn slots(task: &Task<'_>, header: &Header, faults: &mut Vec<Diagnostic>) -> Vec<Option<Slot>> {
    let extract = task.extract;
    let fault = |code, message: String| {
        Diagnostic::error(code, message).at(Place { cell: Some("header".to_owned()), ..Place::file(task.file) })
    };
    let printed: Vec<String> = header.labels.iter().map(|label| normalise(label).into_owned()).collect();
    let mut slots: Vec<Option<Slot>> = vec![None; printed.len()];
    let mut known = vec![false; printed.len()];
    for (nth, label) in printed.iter().enumerate() {
        known[nth] = extract.skip.contains(label);
    }
    for field in &extract.fields {
        let column = &extract.table.columns[field.column];
        let wanted: Vec<String> = field.labels.iter().map(|label| normalise(label).into_owned()).collect();
        let found: Vec<usize> = (0..printed.len()).filter(|nth| wanted.contains(&printed[*nth])).collect();
        match found.as_slice() {
            [nth] => {
                known[*nth] = true;
                let label = header.labels[*nth].clone();
                slots[*nth] = Some(Slot {
                    column: field.column,
                    kind: column.kind,
                    optional: column.optional,
                    fen: field.fen,
                    label,
                });
            }
            [] if field.optional => {}
            [] => {
                let fault =
                    fault("header-missing", format!("no column is headed \"{}\"", field.labels.join("\" or \"")));
                let near = nearest(&field.labels[0], header.labels.iter().map(String::as_str)).join(" or ");
                faults.push(match near.is_empty() {
                    true => fault
                        .hint(format!("it fills {} of {}; add its header to label", column.name, extract.table.name)),
                    false => fault.hint(format!("if {near} is meant, add it to label of the field {}", column.name)),
                });
            }
            several => {
                for nth in several {
                    known[*nth] = true;
                }
                let message = format!("{} columns are headed \"{}\"", several.len(), header.labels[several[0]]);
                faults.push(fault("header-twice", message).hint("have the file exported with each column once"));
            }
        }
    }
    let unknown: Vec<String> = (0..printed.len()).filter(|n| !known[*n]).map(|n| shown(&header.labels[n])).collect();
    if !unknown.is_empty() {
        let message = format!("columns that the layout does not know: {}", unknown.join(", "));
        let hint = format!("declare them as [[field]], or as known and not read: skip = [\"…\"], in {}", extract.spec);
        faults.push(fault("header-unknown", message).hint(hint));
    }
    slots
}

/// A header that is no header may be a record.
fn shown(label: &str) -> String {
    if mask::may_be_person(label) { mask::form(label) } else { format!("\"{label}\"") }
}

/// What the file's name and the layout state for every row, by column.
pub(super) fn constant(task: &Task<'_>, sets: &[CodeSet], faults: &mut Vec<Diagnostic>) -> Vec<Option<u32>> {
    let extract = task.extract;
    let table = extract.table;
    let mut row = vec![None; table.columns.len()];
    for (column, code) in &extract.context {
        row[*column] = sets[*column].number(code.as_str());
    }
    for captured in task.captured {
        let Some(column) = capture_name(&captured.capture).and_then(|name| table.column(name)) else { continue };
        match table.columns[column].kind {
            RecordKind::Month => match month_of(task.captured) {
                Some(month) => row[column] = Some(month),
                None => faults.push(in_name(task, format!("\"{}\" is not a month", captured.text))),
            },
            RecordKind::Code(list) => match look_up(task, list, &captured.text, &sets[column], table.counts) {
                Ok(code) => row[column] = Some(code),
                Err(wrong) => faults.push(in_name(task, wrong.message)),
            },
            _ => {}
        }
    }
    row
}

fn in_name(task: &Task<'_>, message: String) -> Diagnostic {
    Diagnostic::error("file-name", format!("the file's name: {message}"))
        .at(Place::file(task.file))
        .hint("rename the file, or correct the pattern in `file`")
}
