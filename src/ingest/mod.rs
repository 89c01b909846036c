//! Cells to observations: a document read by the layout that a specification declares. Pure: no input or output, no clock.
//!
//! In reading order: `locate` finds the table by its text, `header` makes one label path per row and column, `label`
//! holds the paths against the declared ones, `unit` checks printed units, `body` reads the cells with `value` and `number`, `note`
//! reads footnotes, `relation` names wholes and parts. A layout that is not what was declared is an error with its cell,
//! never a silent shift; all errors of a table are collected, and its caller withholds the edition.

mod body;
mod header;
mod hint;
mod label;
mod locate;
mod note;
pub mod number;
mod relation;
mod unit;
mod value;

use std::collections::BTreeMap;

use crate::diag::{Checked, Diagnostic, Place};
use crate::domain::{Codebook, Observation, Relation};
use crate::grid::{CellRef, Document, Grid};
use crate::spec::{Edition, Layout, Source, Table};

/// Most cells that the body of one table may have.
const BODY_CELLS_MAX: u64 = 5_000_000;

/// What one edition of a table yields.
#[derive(Debug, Default)]
pub struct Ingested {
    /// In the order of rows and columns; numbers of footnotes last.
    pub observations: Vec<Observation>,
    pub relations: Vec<Relation>,
}

/// Read one edition of a table. Where there are errors, what could be read is returned for inspection only.
pub fn ingest(
    source: &Source,
    table: &Table,
    edition: &Edition,
    codebook: &Codebook,
    document: &Document,
    file: &str,
    sha256: &str,
) -> Checked<Ingested> {
    let reading = Reading { source, table, edition, codebook, file, sha256 };
    let mut faults = Vec::new();
    let ingested = reading.read(document, &mut faults);
    Checked::new(ingested, faults)
}

/// What a layout makes of a table's place, before anything is known of its meaning; lines are rows and columns of the sheet.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    pub columns: Vec<(u32, Vec<String>)>,
    pub rows: Vec<(u32, Vec<String>)>,
}

/// The label paths of a table's rows and columns.
pub fn paths(
    source: &Source,
    table: &Table,
    edition: &Edition,
    codebook: &Codebook,
    document: &Document,
    file: &str,
) -> Checked<Paths> {
    let reading = Reading { source, table, edition, codebook, file, sha256: "" };
    let mut faults = Vec::new();
    let mut paths = Paths::default();
    if let Some(found) = locate::locate(&reading, document, &mut faults) {
        let texts = |labels: Vec<header::Label>| {
            labels.into_iter().map(|l| (l.line, l.parts.into_iter().map(|p| p.text.to_string()).collect())).collect()
        };
        paths.columns = texts(header::columns(&reading, &found, &mut faults));
        paths.rows = texts(header::rows(&reading, &found, &mut faults));
    }
    Checked::new(paths, faults)
}

/// What the steps of one reading share.
struct Reading<'a> {
    source: &'a Source,
    table: &'a Table,
    edition: &'a Edition,
    codebook: &'a Codebook,
    file: &'a str,
    sha256: &'a str,
}

impl Reading<'_> {
    fn read(&self, document: &Document, faults: &mut Vec<Diagnostic>) -> Ingested {
        let Some(found) = locate::locate(self, document, faults) else { return Ingested::default() };
        let grid = found.grid;
        let cells = u64::from(found.body.end - found.body.start) * u64::from(grid.cols);
        if cells > BODY_CELLS_MAX {
            let message = format!("the table has {cells} cells, the most that are read is {BODY_CELLS_MAX}");
            faults.push(self.fault("table-size", message, grid, found.corner));
            return Ingested::default();
        }
        let columns = header::columns(self, &found, faults);
        let rows = header::rows(self, &found, faults);
        let columns = label::assign(self, &found, &columns, label::Axis::Columns, faults);
        let rows = label::assign(self, &found, &rows, label::Axis::Rows, faults);
        label::distinct(self, grid, &columns, label::Axis::Columns, faults);
        label::distinct(self, grid, &rows, label::Axis::Rows, faults);
        unit::check(self, &found, &rows, &columns, faults);
        let footnotes = note::footnotes(&found);
        let mut observations = body::read(self, &found, &rows, &columns, faults);
        observations.extend(note::figures(self, &found, &footnotes, faults));
        for observation in &mut observations {
            observation.notes = footnotes.iter().map(|n| n.text.clone()).collect();
        }
        if faults.iter().all(|f| f.code != "label-twice") {
            self.stated_once(&observations, faults);
        }
        let relations = relation::relations(self, &observations);
        Ingested { observations, relations }
    }

    /// Two cells of one table may not state the same quantity.
    fn stated_once(&self, observations: &[Observation], faults: &mut Vec<Diagnostic>) {
        let mut seen: BTreeMap<_, &str> = BTreeMap::new();
        for o in observations {
            let key = (&o.indicator, &o.period, &o.dimensions);
            if let Some(other) = seen.insert(key, &o.origin.cell) {
                let message = format!(
                    "cells {other} and {} state the same quantity: {} of {}",
                    o.origin.cell, o.indicator, o.period
                );
                let place = Place::cell(self.file, o.origin.sheet.as_str(), o.origin.cell.as_str());
                let hint = "two rows or columns have one meaning; give one of them a dimension of its own";
                faults.push(self.named(Diagnostic::error("stated-twice", message).at(place).hint(hint)));
            }
        }
    }

    fn layout(&self) -> &Layout {
        &self.edition.layout
    }

    fn name(&self) -> String {
        format!("{}/{}", self.table.dataset, self.table.id)
    }

    /// An error at a cell.
    fn fault(&self, code: &'static str, message: impl Into<String>, grid: &Grid, at: CellRef) -> Diagnostic {
        let place = Place::cell(self.file, grid.sheet.as_str(), grid.address(at));
        self.named(Diagnostic::error(code, message).at(place))
    }

    /// An error of the whole file.
    fn fault_of_file(&self, code: &'static str, message: impl Into<String>) -> Diagnostic {
        self.named(Diagnostic::error(code, message).at(Place::file(self.file)))
    }

    fn named(&self, mut fault: Diagnostic) -> Diagnostic {
        fault.message.push_str(&format!(" (table {}, edition {})", self.name(), self.edition.id));
        fault
    }
}

#[cfg(test)]
mod tests;
