//! What was declared and what was met, judged once over all files, sheets and panels that a table is joined of: a label
//! that is written out must stand in one part at least, and nothing may stand in a part that is not declared.

use std::collections::{BTreeMap, BTreeSet};

use super::Reading;
use super::label::{Axis, entries};
use crate::diag::{Diagnostic, Place};
use crate::domain::label::nearest;
use crate::spec::table::Entry;

/// What the parts of a table have met of its declaration; every part adds to it.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// Numbers of the entries that fit a label.
    rows: BTreeSet<usize>,
    columns: BTreeSet<usize>,
    pub splits: BTreeSet<usize>,
    pub figures: BTreeSet<usize>,
    pub notes: BTreeSet<usize>,
    pub sheets: BTreeSet<usize>,
    /// Names of the sheets there are.
    pub sheets_there: BTreeSet<String>,
    /// Whether a header began again.
    pub repeated: bool,
    pub strangers: Vec<Stranger>,
    /// What is odd and no fault: it hinders no reading.
    pub remarks: Vec<Diagnostic>,
    /// Parts that were found, and those that were not: what these hold is not known to be missing.
    pub parts: usize,
    pub lost: usize,
}

/// A label that fits no entry.
#[derive(Debug)]
pub(super) struct Stranger {
    pub axis: Axis,
    pub label: String,
    pub place: Place,
    pub hint: Option<String>,
}

impl Met {
    pub fn entries(&mut self, axis: Axis) -> &mut BTreeSet<usize> {
        match axis {
            Axis::Rows => &mut self.rows,
            Axis::Columns => &mut self.columns,
        }
    }

    /// Add what another part has met.
    pub fn add(&mut self, other: Met) {
        self.rows.extend(other.rows);
        self.columns.extend(other.columns);
        self.splits.extend(other.splits);
        self.figures.extend(other.figures);
        self.notes.extend(other.notes);
        self.sheets.extend(other.sheets);
        self.sheets_there.extend(other.sheets_there);
        self.repeated |= other.repeated;
        self.strangers.extend(other.strangers);
        self.remarks.extend(other.remarks);
        self.parts += other.parts;
        self.lost += other.lost;
    }
}

/// Every fault of what is missing or not declared.
pub(super) fn judge(reading: &Reading, met: &mut Met, faults: &mut Vec<Diagnostic>) {
    labels(reading, met, Axis::Columns, faults);
    labels(reading, met, Axis::Rows, faults);
    if met.lost > 0 {
        return;
    }
    let spec = &reading.table.spec;
    for (_, sheet) in reading.edition.sheets.iter().enumerate().filter(|(nth, _)| !met.sheets.contains(nth)) {
        let there = met.sheets_there.iter().map(|s| format!("\"{s}\"")).collect::<Vec<_>>().join(", ");
        let fault = reading.fault_of_file("sheet-missing", format!("there is no sheet \"{}\"", sheet.as_str()));
        faults.push(fault.hint(format!("sheets there are: {there}; correct sheet in {spec}")));
    }
    let layout = reading.layout();
    if (layout.panels.right || layout.panels.below) && !met.repeated {
        let message =
            format!("the header \"{}\" is declared to begin again, and stands once", layout.corner.join(" / "));
        let hint = format!("has the header of a panel changed? if there is one only, leave panels out in {spec}");
        faults.push(reading.fault_of_file("panel-missing", message).hint(hint));
    }
    for (_, split) in layout.splits.iter().enumerate().filter(|(nth, _)| !met.splits.contains(nth)) {
        let message = format!("no cell reads \"{}\", which is declared as several numbers", split.pattern.as_str());
        faults.push(reading.fault_of_file("split-missing", message).hint(format!("correct [[split]] in {spec}")));
    }
    for (_, figure) in layout.figures.iter().enumerate().filter(|(nth, _)| !met.figures.contains(nth)) {
        let message = format!("neither the title nor a footnote reads \"{}\"", figure.pattern.as_str());
        let hint = format!("correct [[figure]] in {spec}, or until if the footnotes were not found");
        faults.push(reading.fault_of_file("figure-missing", message).hint(hint));
    }
    for (_, note) in layout.notes.iter().enumerate().filter(|(nth, _)| !met.notes.contains(nth)) {
        let message = format!("no footnote without a mark reads \"{}\"", note.pattern.as_str());
        let hint = format!("correct [[note]] in {spec}, or until if the footnotes were not found");
        faults.push(reading.fault_of_file("note-missing", message).hint(hint));
    }
}

/// Every literal entry, nothing else; a stranger is paired with the entry that is missing.
fn labels(reading: &Reading, met: &mut Met, axis: Axis, faults: &mut Vec<Diagnostic>) {
    let declared = entries(reading, axis);
    let seen = std::mem::take(met.entries(axis));
    let absent = declared.iter().enumerate().filter(|(n, e)| met.lost == 0 && e.is_required() && !seen.contains(n));
    let (merged, missing): (Vec<&Entry>, Vec<&Entry>) = absent.map(|(_, e)| e).partition(|e| e.merged);
    let mut missing = missing.into_iter();
    // The same stranger in another part stands for the same entry.
    let mut paired: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for stranger in met.strangers.iter().filter(|s| s.axis == axis) {
        let expected = paired.entry(&stranger.label).or_insert_with(|| missing.next().map(Entry::shown));
        let near: Vec<String> = declared.iter().map(Entry::shown).collect();
        let near = nearest(&stranger.label, near.iter().map(String::as_str));
        let near = near.first().filter(|near| expected.as_deref() != Some(**near));
        faults.push(undeclared(reading, stranger, expected.as_deref(), near.copied()));
    }
    for entry in missing {
        let parts = if met.parts > 1 { format!(" in all {} parts", met.parts) } else { String::new() };
        let message = format!("the {} \"{}\" is missing{parts}", axis.noun(), entry.shown());
        let hint = format!("if the layout changed, {} tells what moved", reading.drift());
        faults.push(reading.fault_of_file("label-missing", message).hint(hint));
    }
    for entry in merged {
        let message = format!("no cell is merged over what stands below \"{}\", as is declared", entry.shown());
        let hint = format!("write optional = true in {} if that may be, or take the entry out", reading.table.spec);
        faults.push(reading.fault_of_file("merged-missing", message).hint(hint));
    }
}

fn undeclared(reading: &Reading, stranger: &Stranger, expected: Option<&str>, near: Option<&str>) -> Diagnostic {
    let noun = stranger.axis.noun();
    let message = match expected {
        Some(expected) => format!("{noun} \"{}\" is not declared, expected \"{expected}\"", stranger.label),
        None => format!("{noun} \"{}\" is not declared", stranger.label),
    };
    let mut fault = reading.named(Diagnostic::error("label-undeclared", message).at(stranger.place.clone()));
    if let Some(hint) = &stranger.hint {
        fault = fault.hint(hint);
    }
    if let Some(near) = near {
        fault = fault.hint(format!("the nearest declared is \"{near}\""));
    }
    fault.hint(format!("if the layout changed, {} tells what moved", reading.drift()))
}
