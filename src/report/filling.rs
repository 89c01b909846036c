//! The tables, charts and texts of reports, filled from a release. Nothing here writes, and nothing is changed by filling, so that
//! many are filled at once; what becomes of them is for [`super::publish`].

use crate::diag::{Checked, Diagnostic};
use crate::report::chart::plot::{self, Plot};
use crate::report::definition::spec::{ChartSpec, Generated, ReportSpec, TableSpec, TextSpec};
use crate::report::prose::document::Document;
use crate::report::prose::render::{self, About};
use crate::report::rows::kept;
use crate::report::rows::names::Names;
use crate::report::rows::source::Tables;
use crate::report::table::frame::Frame;
use crate::report::table::generate::Sources;
use crate::report::table::select;
use crate::store::release::Kept;

/// The table of corrected figures; a release made before has none.
const CORRECTIONS: &str = "core_correction";

/// A release as reports ask for it, and what has to be said with its figures.
pub struct Filling<'a> {
    tables: &'a Tables<'a>,
    pub names: Names,
    sources: Sources,
    kept: &'a [Kept],
    /// Notes on corrected figures, by observation.
    corrected: Vec<(String, String)>,
}

/// A table with a cell in doubt is not printed with a blank in its place.
fn faultless<T>(filled: Checked<Option<T>>) -> Checked<Option<T>> {
    let wrong = filled.has_errors();
    Checked::new(filled.value.filter(|_| !wrong), filled.diagnostics)
}

impl<'a> Filling<'a> {
    /// From the tables of a release; `kept` are those whose figures an earlier release gave.
    ///
    /// # Errors
    /// The release lacks the tables every report needs.
    pub fn from(tables: &'a Tables<'a>, kept: &'a [Kept]) -> Result<Filling<'a>, Diagnostic> {
        let is_there = tables.names.iter().any(|name| name == CORRECTIONS);
        let corrected = if is_there { kept::corrections(&(tables.read)(CORRECTIONS, &[])?) } else { Vec::new() };
        Ok(Filling { tables, names: Names::read(tables)?, sources: Sources::read(tables), kept, corrected })
    }

    pub fn table(&self, spec: &TableSpec) -> Checked<Option<Frame>> {
        let mut filled = faultless(select::fill(spec, self.tables, &self.names));
        if let Some(frame) = &mut filled.value {
            frame.kept = kept::among(self.kept, kept::obs_ids(&frame.tidy));
            frame.notes.extend(kept::corrected(&self.corrected, kept::obs_ids(&frame.tidy)));
            if frame.source.is_empty() && spec.generated.contains(&Generated::Source) {
                frame.source = self.sources.line(frame);
            }
        }
        filled
    }

    pub fn chart(&self, report: &ReportSpec, spec: &ChartSpec) -> Checked<Option<Plot>> {
        let mut filled = faultless(plot::fill(spec, self.tables, &self.names, &report.palette));
        if let Some(plot) = &mut filled.value {
            let ids = || plot.obs_ids.iter().map(String::as_str);
            let (kept, notes) = (kept::among(self.kept, ids()), kept::corrected(&self.corrected, ids()));
            plot.kept = kept;
            plot.notes.extend(notes);
        }
        filled
    }

    /// A text says of kept and corrected figures what a table says of them.
    pub fn text(&self, report: &ReportSpec, spec: &TextSpec, about: &About<'_>) -> Checked<Option<Document>> {
        let mut filled = faultless(render::render(report, spec, self.tables, &self.names, about));
        if let Some(document) = &mut filled.value {
            let ids = || document.figures.iter().flat_map(|used| &used.quoted.obs_ids).map(String::as_str);
            let kept = kept::among(self.kept, ids());
            let corrected = kept::corrected(&self.corrected, ids());
            document.notices = kept.iter().map(kept::notice).chain(corrected).collect();
        }
        filled
    }
}
