//! A specification tried out on the very document it was drafted from: what it reads, and what it says it cannot.

use std::collections::BTreeSet;

use super::Table;
use super::cell::{self, Kind};
use crate::diag::{Diagnostic, Severity};
use crate::domain::{Codebook, Observations};
use crate::grid::{CellRef, Document, Grid};
use crate::{ingest, spec};

/// What a drafted specification makes of its document.
#[derive(Debug, Default)]
pub struct Trial {
    pub observations: Observations,
    /// Errors of the specification and of the reading.
    pub faults: Vec<Diagnostic>,
    /// Numbers of the table, and those of them that were not read.
    pub numbers: usize,
    pub missed: Vec<CellRef>,
}

impl Trial {
    /// The trial of a layout that finds no table.
    pub fn failed(grid: &Grid, parts: &[&Table], faults: Vec<Diagnostic>) -> Trial {
        let missed = figures(grid, parts);
        let faults = faults.into_iter().filter(|f| f.severity == Severity::Error).collect();
        Trial { numbers: missed.len(), missed, faults, observations: Observations::default() }
    }

    /// Whether the table is read whole without an edit.
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.missed.is_empty() && !self.observations.is_empty()
    }
}

/// Read a document by a text of a specification.
pub fn try_out(book: &Codebook, text: &str, document: &Document, grid: &Grid, parts: &[&Table], file: &str) -> Trial {
    let figures = figures(grid, parts);
    let loaded = spec::read_text(book.clone(), "draft", text.to_owned());
    let mut faults = loaded.diagnostics;
    let pipelines = loaded.value;
    let mut trial = Trial { numbers: figures.len(), ..Trial::default() };
    let found =
        pipelines.sources.first().and_then(|s| Some((s, s.tables.first()?, s.tables.first()?.editions.first()?)));
    if let Some((source, table, edition)) = found {
        let task = ingest::Task { source, table, edition, codebook: &pipelines.codebook };
        let read = ingest::ingest(task, &[ingest::Input { document, file, sha256: "", captured: &[] }]);
        trial.observations = read.split(&mut faults).observations;
    }
    trial.faults = faults.into_iter().filter(|f| f.severity == Severity::Error).collect();
    let read: BTreeSet<CellRef> = trial.observations.iter().map(|o| o.at).collect();
    trial.missed = figures.into_iter().filter(|at| !read.contains(at)).collect();
    trial
}

/// The cells of a table's body that hold a number, in all its parts.
pub fn figures(grid: &Grid, parts: &[&Table]) -> Vec<CellRef> {
    let mut figures = Vec::new();
    for table in parts {
        let inside = |at: &CellRef| table.data_cols.binary_search(&at.col).is_ok();
        let cells = grid.rows_in(table.body.clone()).filter(|(at, _)| inside(at));
        let numbers = cells.filter(|(_, c)| matches!(cell::kind(c), Some(Kind::Number | Kind::Period)));
        figures.extend(numbers.map(|(at, _)| at));
    }
    figures
}
