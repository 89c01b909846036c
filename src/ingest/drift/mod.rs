//! What moved between a declared layout and a file, and by which changes an edition would take it. Pure, like all of
//! `ingest`: the layout is tried with one change after the other until the table is found, then label is held against label.
//!
//! `place` finds sheet, title, header and its depth; `pairs` says which printed label is which declared one; `labels` tells
//! what follows from that, `cells` what units and types say. Nothing here reads a number into an observation: whether the
//! changes suffice is for the reader of the changed edition to say.

mod cells;
mod labels;
mod pairs;
mod place;
mod text;

use super::{Input, Reading, Task};
use crate::diag::Place;
use crate::domain::Period;
use crate::spec::Edition;
use crate::spec::block::Changes;
use crate::spec::table::PeriodRule;

/// What happened to a part of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    TableMoved,
    HeaderDepth,
    Renamed,
    New,
    Gone,
    Moved,
    OrderChanged,
    UnitChanged,
    TypeChanged,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::TableMoved => "table moved",
            Kind::HeaderDepth => "header depth",
            Kind::Renamed => "renamed",
            Kind::New => "new",
            Kind::Gone => "gone",
            Kind::Moved => "moved",
            Kind::OrderChanged => "order changed",
            Kind::UnitChanged => "unit changed",
            Kind::TypeChanged => "type changed",
        }
    }
}

/// One thing that moved.
#[derive(Clone, Debug)]
pub struct Change {
    pub kind: Kind,
    /// A sentence without a full stop.
    pub message: String,
    pub declared: Option<String>,
    pub printed: Option<String>,
    pub place: Place,
}

/// All that moved, and the changes that absorb it.
#[derive(Debug, Default)]
pub struct Drift {
    pub changes: Vec<Change>,
    pub absorbed_by: Changes,
    /// The year that labels state where declared ones state another, else that of the title or the sheet.
    pub year: Option<i16>,
    /// Worth knowing, and no change of the layout.
    pub notes: Vec<String>,
}

/// Hold a file against the layout of an edition.
pub fn compare(task: Task<'_>, input: Input<'_>) -> Drift {
    let mut drift = Drift::default();
    let edition = place::find(task, input, &mut drift);
    let trial = Trial { task, input, edition };
    trial.with(|reading| labels::compare(reading, input.document, &mut drift));
    let said = || trial.with(|reading| place::year(reading, input.document));
    drift.year = drift.year.or_else(said);
    drift.changes.sort_by_key(|change| change.kind);
    drift
}

/// The period that the table states for all its numbers, which a file of another year cannot share.
pub fn stated_period(edition: &Edition) -> Option<Period> {
    match edition.layout.context.period {
        Some(PeriodRule::Fixed(period)) => Some(period),
        _ => None,
    }
}

/// The first year that a file's name states.
pub fn year_of(name: &str) -> Option<i16> {
    text::years(name).first().copied()
}

/// An edition as it might be.
struct Trial<'a> {
    task: Task<'a>,
    input: Input<'a>,
    edition: Edition,
}

impl Trial<'_> {
    fn with<T>(&self, work: impl FnOnce(&Reading<'_>) -> T) -> T {
        let task = Task { edition: &self.edition, ..self.task };
        let Input { file, sha256, captured, .. } = self.input;
        work(&Reading { task, file, sha256, captured })
    }
}

impl Drift {
    fn tell(&mut self, kind: Kind, message: String, labels: [Option<&str>; 2], place: Place) {
        let [declared, printed] = labels.map(|l| l.map(str::to_owned));
        self.changes.push(Change { kind, message, declared, printed, place });
    }
}

#[cfg(test)]
mod tests;
