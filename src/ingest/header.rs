//! Stacked and merged headers, and label columns, to one path of texts per column and row.

use std::ops::Range;

use super::Reading;
use super::hint;
use super::label::{Axis, entries, fit};
use super::locate::{Found, origin};
use super::note;
use super::number;
use super::value;
use crate::diag::Diagnostic;
use crate::domain::Text;
use crate::grid::{CellRef, CellValue, Grid, on_all_cores};
use crate::spec::annotation::Marks;
use crate::spec::table::Entry;

/// Rows whose labels one core reads at a time.
const ROWS_AT_ONCE: usize = 1 << 12;

/// The label of one row or column, from the outermost text to the innermost.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// Row or column of the sheet.
    pub line: u32,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The first cell of a merged range, so that equal cells are one label.
    pub at: CellRef,
    /// Without the marks at its end.
    pub text: Text,
    pub marks: Marks,
}

/// The marks of a label's parts.
pub(super) fn marks_of(parts: &[Part]) -> Marks {
    parts.iter().flat_map(|p| p.marks.iter().copied()).collect()
}

impl Label {
    /// The label as printed, for messages.
    pub fn shown(&self) -> String {
        self.parts.iter().map(|p| p.text.trim().replace('\n', "")).collect::<Vec<_>>().join(" / ")
    }

    /// The innermost cell.
    pub fn at(&self) -> Option<CellRef> {
        self.parts.last().map(|p| p.at)
    }
}

/// One label per column that has a header; a column that has cells but no header is an error. What stands right before
/// the labels belongs to the table where it is declared to hold no figures.
pub(super) fn columns(reading: &Reading, found: &Found<'_>, faults: &mut Vec<Diagnostic>) -> Vec<Label> {
    let grid = found.grid;
    if found.header.is_empty() {
        return unheaded(reading, found);
    }
    let mut labels: Vec<Label> = Vec::new();
    for col in found.left_cols().rev() {
        let label = column(reading, found, col, None, &mut Vec::new());
        if !entries(reading, Axis::Columns).iter().any(|e| !e.is_read() && fit(reading, e, &label).is_some()) {
            break;
        }
        labels.insert(0, label);
    }
    for col in found.data_cols() {
        let label = column(reading, found, col, labels.last(), faults);
        let filled = || found.body.clone().map(|row| CellRef { row, col }).find(|at| has_text(grid, *at));
        if !label.parts.is_empty() {
            labels.push(label);
        } else if let Some(at) = filled() {
            let fault = reading.fault("header-blank", "the cell stands in a column without a header", grid, at);
            faults.push(
                fault.hint("is it a note, or has the header moved? header_rows and corner say where the header is"),
            );
        }
    }
    labels
}

/// Where no header is printed: the columns that hold anything are those of the entries, in their order.
fn unheaded(reading: &Reading, found: &Found<'_>) -> Vec<Label> {
    let label = |(at, entry): (CellRef, &Entry)| {
        let part = Part { at, text: entry.shown().into(), marks: Marks::new() };
        Label { line: at.col, parts: vec![part] }
    };
    filled(found).into_iter().zip(entries(reading, Axis::Columns)).map(label).collect()
}

/// The first cell of every column that holds anything.
fn filled(found: &Found<'_>) -> Vec<CellRef> {
    let first = |col: u32| found.body.clone().map(|row| CellRef { row, col }).find(|at| has_text(found.grid, *at));
    found.data_cols().filter_map(first).collect()
}

/// Where no header is printed: that there are as many columns as are declared.
pub(super) fn miscounted(reading: &Reading, found: &Found<'_>) -> Option<Diagnostic> {
    let declared = entries(reading, Axis::Columns).len();
    let filled = filled(found);
    if !found.header.is_empty() || filled.len() == declared {
        return None;
    }
    let message = format!("{} columns hold figures, declared are {declared}", filled.len());
    let at = filled.get(declared).or(filled.last()).copied().unwrap_or(found.corner);
    let hint = "the table prints no header: its columns stand in the order in which they are declared";
    Some(reading.fault("columns-count", message, found.grid, at).hint(hint))
}

/// The label of a column, blank where it has none; `left` is the one before.
fn column(reading: &Reading, found: &Found<'_>, col: u32, left: Option<&Label>, faults: &mut Vec<Diagnostic>) -> Label {
    let grid = found.grid;
    let mut parts: Vec<Part> = Vec::new();
    // Under a text of its own, a blank repeats nothing: what stands on the left stands under another.
    let mut own = false;
    for row in found.header.clone() {
        let mut at = origin(grid, CellRef { row, col });
        let blank_above_text = is_blank(grid, at)
            && (row + 1..found.header.end).any(|below| !is_blank(grid, origin(grid, CellRef { row: below, col })));
        if reading.layout().header_inherits && blank_above_text && !own {
            let depth = (row - found.header.start) as usize;
            at = left.and_then(|l| l.parts.get(depth)).map_or(at, |p| p.at);
        }
        own |= at.col == col && !is_blank(grid, at);
        push(reading, grid, at, &mut parts, faults);
    }
    Label { line: col, parts }
}

/// One label per row that has one; a row that has cells but no label is an error, a blank row is skipped.
pub(super) fn rows(reading: &Reading, found: &Found<'_>, faults: &mut Vec<Diagnostic>) -> Vec<Label> {
    let body = found.body.clone();
    // A row that takes its label from the one above is read after it, and a label of several rows with all of them.
    let apart = !reading.layout().label_inherits && found.grid.merges().is_empty();
    let stretch = if apart { ROWS_AT_ONCE } else { body.len() };
    let starts = body.clone().step_by(stretch.max(1));
    let stretches: Vec<Range<u32>> = starts.map(|row| row..body.end.min(row + stretch as u32)).collect();
    let mut labels = Vec::with_capacity(body.len());
    for (read, told) in on_all_cores(&stretches, |rows| some_rows(reading, found, rows.clone())) {
        labels.extend(read);
        faults.extend(told);
    }
    labels
}

/// The labels of some rows, and what is wrong with them.
fn some_rows(reading: &Reading, found: &Found<'_>, rows: Range<u32>) -> (Vec<Label>, Vec<Diagnostic>) {
    let grid = found.grid;
    let (mut labels, mut faults): (Vec<Label>, _) = (Vec::new(), Vec::new());
    for row in rows {
        let filled = || found.data_cols().map(|col| CellRef { row, col }).find(|at| has_text(grid, *at));
        let mut parts = Vec::with_capacity(found.label_cols.len());
        let mut own = false;
        for (depth, col) in found.label_cols.iter().enumerate() {
            let mut at = found.label_at(row, *col);
            let mut blank = is_blank(grid, at);
            if blank && reading.layout().label_inherits && !own && filled().is_some() {
                at = labels.last().and_then(|l| l.parts.get(depth)).map_or(at, |p| p.at);
                blank = is_blank(grid, at);
            }
            own |= at.row == row && !blank;
            if !blank {
                push(reading, grid, at, &mut parts, &mut faults);
            } else if !reading.layout().levels.any() {
                // A text behind a blank is not the label of the whole row.
                parts.push(Part { at, text: Text::default(), marks: Marks::new() });
            }
        }
        parts.truncate(parts.iter().rposition(|p| !p.text.is_empty()).map_or(0, |last| last + 1));
        if parts.is_empty()
            && let Some(at) = filled().filter(|at| is_banner(reading, found, *at))
        {
            push(reading, grid, at, &mut parts, &mut faults);
        }
        if !parts.is_empty() {
            labels.push(Label { line: row, parts });
        } else if let Some(at) = filled() {
            let mut fault = reading.fault("label-blank", "the cell stands in a row without a label", grid, at);
            if let Some(hint) = hint::of_row(reading, found, row) {
                fault = fault.hint(hint);
            }
            faults
                .push(fault.hint("a label that holds for several rows needs merged cells, or label_blank = \"above\""));
        }
    }
    (labels, faults)
}

/// Whether a text is merged over data columns and alone in its row, where headings are declared: it heads the rows below.
fn is_banner(reading: &Reading, found: &Found<'_>, at: CellRef) -> bool {
    let grid = found.grid;
    let wide = grid.merge_at(at).is_some_and(|m| m.last.col > m.first.col);
    let mut others = found.data_cols().map(|col| CellRef { row: at.row, col }).filter(|other| *other != at);
    let text = grid.get(at.row, at.col).is_some_and(|c| c.value == CellValue::Text);
    reading.layout().levels.heading
        && wide
        && text
        && number::parse(grid.text(at.row, at.col)).is_err()
        && others.all(|other| !has_text(grid, other))
}

fn push(reading: &Reading, grid: &Grid, at: CellRef, parts: &mut Vec<Part>, faults: &mut Vec<Diagnostic>) {
    let cell = grid.get(at.row, at.col).filter(|cell| !cell.text.is_blank());
    let Some(cell) = cell.filter(|_| parts.last().is_none_or(|p| p.at != at)) else { return };
    if cell.value == CellValue::UnsavedFormula {
        let fault = value::unsaved_formula(reading, grid, at);
        // A merged cell stands over several columns.
        if faults.iter().all(|f| f.place.cell != fault.place.cell || f.code != fault.code) {
            faults.push(fault);
        }
    }
    let (text, marks) = note::of_label(reading, &cell.text);
    parts.push(Part { at, text: (&*text).into(), marks });
}

fn is_blank(grid: &Grid, at: CellRef) -> bool {
    grid.is_blank(at.row, at.col)
}

/// A cell of its own with text, not the rest of a merged one.
fn has_text(grid: &Grid, at: CellRef) -> bool {
    origin(grid, at) == at && !is_blank(grid, at)
}

#[cfg(test)]
mod tests {
    use super::super::locate::{locate, scopes};
    use super::super::presence::Met;
    use super::super::tests::{layout, reading_of};
    use super::{columns, rows};
    use crate::grid::{CellRef, Span};

    #[test]
    fn stacked_headers_become_paths() {
        let text = "
            类别 | 年度 | 筹资标准 |      | 总额
                 |      | 成年   | 儿童 |
            城镇 | 2010 | 70     | 10   | 4880
                 | 2011 | 70     | 10   | 7230";
        let merge = |r1, c1, r2, c2| Span { first: CellRef { row: r1, col: c1 }, last: CellRef { row: r2, col: c2 } };
        let merges = vec![merge(0, 2, 0, 3), merge(0, 4, 1, 4), merge(2, 0, 3, 0)];
        for (merges, inherits) in [(merges, ""), (Vec::new(), "header_blank = \"left\"\nlabel_blank = \"above\"")] {
            let keys = format!("corner = [\"类别\", \"年度\"]\nheader_rows = 2\n{inherits}");
            let (pipelines, document) = layout(&keys, text, merges);
            let reading = reading_of(&pipelines);
            let mut faults = Vec::new();
            let scope = scopes(&reading, &document, &mut Met::default(), &mut faults).remove(0);
            let found = locate(&reading, scope, &mut faults).unwrap().remove(0);
            let shown = |labels: Vec<super::Label>| labels.iter().map(super::Label::shown).collect::<Vec<_>>();
            assert_eq!(shown(columns(&reading, &found, &mut faults)), ["筹资标准 / 成年", "筹资标准 / 儿童", "总额"]);
            assert_eq!(shown(rows(&reading, &found, &mut faults)), ["城镇 / 2010", "城镇 / 2011"]);
            assert!(faults.is_empty());
        }
    }
}
