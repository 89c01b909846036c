//! The footnote block below a table, and the numbers declared to stand in it.

use super::Reading;
use super::body;
use super::locate::Found;
use super::presence::Met;
use crate::diag::Diagnostic;
use crate::domain::Observation;
use crate::grid::{CellRef, CellValue};
use crate::spec::pattern::Capture;
use crate::spec::table::Meaning;

/// One line of the footnote block.
pub(super) struct Footnote {
    pub at: CellRef,
    pub text: String,
}

pub(super) fn footnotes(found: &Found<'_>) -> Vec<Footnote> {
    let cells = found.grid.iter().filter(|(at, cell)| {
        let said = !cell.text.trim().is_empty() && cell.value != CellValue::UnsavedFormula;
        found.notes.contains(&at.row) && said
    });
    cells.map(|(at, cell)| Footnote { at, text: cell.text.trim().to_owned() }).collect()
}

/// The numbers that the table's figures declare; each must stand in one footnote of the part at most, and in one part at least.
pub(super) fn figures(
    reading: &Reading,
    found: &Found<'_>,
    title: &Meaning,
    footnotes: &[Footnote],
    met: &mut Met,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Observation> {
    let mut observations = Vec::new();
    for (nth, figure) in reading.layout().figures.iter().enumerate() {
        let mut hits = footnotes.iter().filter_map(|n| figure.pattern.find(&n.text).map(|captured| (n, captured)));
        let (first, second) = (hits.next(), hits.next());
        let Some((note, captured)) = first else { continue };
        met.figures.insert(nth);
        if let Some((other, _)) = second {
            let message = format!("two footnotes read \"{}\"", figure.pattern.as_str());
            faults.push(
                reading.fault("figure-ambiguous", message, found.grid, other.at).hint("lengthen the figure's text"),
            );
            continue;
        }
        let printed =
            captured.iter().find(|c| c.capture == Capture::Number).map_or("", |c| &note.text[c.printed.clone()]);
        match body::figure(reading, found.grid, note.at, printed, &figure.meaning, nth + 1, title) {
            Ok(observation) => observations.push(observation),
            Err(fault) => faults.push(*fault),
        }
    }
    observations
}
