//! What the columns of a table of records say of a row beside its figures: its key, where in a text the figure stands, the
//! words that state it, how these bound the number, and remarks.

use std::sync::Arc;

use super::Reading;
use super::header::Label;
use super::label::{Axis, entries, fit};
use crate::diag::Diagnostic;
use crate::domain::{Besides, LookupError, Passage, Qualifier};
use crate::grid::{CellRef, Grid};
use crate::spec::table::Role;

/// The code list of the words that bound a number.
const QUALIFIERS: &str = "qualifier";

/// The columns that have a role.
#[derive(Debug, Default)]
pub(super) struct Columns(Vec<(Role, u32)>);

/// What a record says beside its figures.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub besides: Option<Arc<Besides>>,
    /// What it remarks itself.
    pub notes: Option<Arc<Vec<String>>>,
}

impl Columns {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn of(reading: &Reading, labels: &[Label]) -> Columns {
        let declared = || entries(reading, Axis::Columns).iter().filter_map(|e| Some((e, e.role?)));
        let role = |label: &Label| declared().find(|(e, _)| fit(reading, e, label).is_some()).map(|(_, role)| role);
        Columns(labels.iter().filter_map(|label| Some((role(label)?, label.line))).collect())
    }

    /// # Errors
    /// A cell that every record must fill is blank, or the word that bounds the number is not known.
    pub fn of_row(&self, reading: &Reading, grid: &Grid, row: u32) -> Result<Told, Box<Diagnostic>> {
        let mut told = Told::default();
        let (mut passage, mut qualifier) = (Passage::default(), Qualifier::default());
        for (role, col) in &self.0 {
            let at = CellRef { row, col: *col };
            let text = grid.text(row, *col).trim();
            if text.is_empty() {
                if role.is_required() {
                    let message = "the cell says where the figure of its row stands, and is blank";
                    let hint = "fill it in: a figure of a text is worth what can be looked up";
                    return Err(Box::new(reading.fault("record-blank", message, grid, at).hint(hint)));
                }
                continue;
            }
            match role {
                Role::Record => passage.record = text.to_owned(),
                Role::Paper => passage.paper = text.to_owned(),
                Role::Section => passage.section = text.to_owned(),
                Role::Quote => passage.quote = text.to_owned(),
                Role::Note => told.notes = Some(Arc::new(vec![text.to_owned()])),
                Role::Qualifier => qualifier = qualifier_of(reading, grid, at, text)?,
            }
        }
        let passage = Some(passage).filter(|p| *p != Passage::default());
        let besides = Besides { qualifier, passage, ..Besides::default() };
        told.besides = (besides != Besides::default()).then(|| Arc::new(besides));
        Ok(told)
    }
}

fn qualifier_of(reading: &Reading, grid: &Grid, at: CellRef, text: &str) -> Result<Qualifier, Box<Diagnostic>> {
    let dataset = &reading.table.dataset;
    let known = reading.codebook.lookup(QUALIFIERS, reading.labels(), text).and_then(|code| {
        let unknown = || LookupError::Unknown { list: QUALIFIERS.to_owned(), label: text.to_owned() };
        Qualifier::parse(code.as_str()).ok_or_else(unknown)
    });
    known.map_err(|error| {
        let hint = format!("add to pipelines/codes/aliases.csv: {QUALIFIERS},{dataset},{text},CODE,why");
        Box::new(reading.fault("unknown-label", error.to_string(), grid, at).hint(hint))
    })
}
