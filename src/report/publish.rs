//! Writes what the renderers make: `tables/<report>/<id>.{xlsx,html,csv}`, `charts/<id>.{svg,png}` and `index.html`. A table
//! `.way.html` beside a table explains its figures. A table
//! that cannot be filled is left out with its faults; the others are published.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::font::Face;
use super::frame::Frame;
use super::index::{self, Imprint, Shelf};
use super::names::Names;
use super::plot::{self, Plot};
use super::select;
use super::source::Tables;
use super::spec::{ChartSpec, ReportSpec, TableSpec};
use super::{chart, csv, html, kept, png, way, xlsx};
use crate::diag::{Checked, Diagnostic, Place};
use crate::explain::Explainer;
use crate::store::Manifest;
use crate::store::release::Kept;
use crate::warehouse::{Rows, Warehouse};

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Published {
    pub tables: usize,
    pub charts: usize,
    /// All files, in the order written, the index last.
    pub files: Vec<PathBuf>,
}

/// Publish all reports from a release into a folder. `progress` is told each table and chart before it is made.
///
/// # Errors
/// The release lacks the tables every report needs, or the folder cannot be written.
pub fn publish(
    specs: &[ReportSpec],
    warehouse: &Warehouse,
    manifest: &Manifest,
    into: &Path,
    explainer: Option<&mut Explainer>,
    progress: &mut dyn FnMut(&str),
) -> Result<Checked<Published>, Vec<Diagnostic>> {
    let read = |name: &str, filters: &[(String, String)]| warehouse.table(name, filters);
    let names = warehouse.tables().to_vec();
    let grain = |explainer: &Explainer, name: &String| (name.clone(), explainer.provenance.grain(name).to_vec());
    let grains = explainer.as_ref().map_or(BTreeMap::new(), |e| names.iter().map(|name| grain(e, name)).collect());
    let tables = Tables { names, grains, read: &read };
    let imprint = Imprint {
        release: manifest.release.clone(),
        date: manifest.released_at.strftime("%Y-%m-%d").to_string(),
        source_files: manifest.sources.inputs.len(),
        observations: manifest.rows.get("core_observation").copied().unwrap_or(0),
        kept: manifest.kept.clone(),
    };
    publish_tables(specs, &tables, &imprint, into, explainer, progress).map_err(|fault| vec![fault])
}

/// As [`publish`], from any tables.
///
/// # Errors
/// As [`publish`].
pub fn publish_tables(
    specs: &[ReportSpec],
    tables: &Tables<'_>,
    imprint: &Imprint,
    into: &Path,
    explainer: Option<&mut Explainer>,
    progress: &mut dyn FnMut(&str),
) -> Result<Checked<Published>, Diagnostic> {
    let names = Names::read(tables)?;
    let is_there = tables.names.iter().any(|name| name == CORRECTIONS);
    let corrected = if is_there { kept::corrections(&(tables.read)(CORRECTIONS, &[])?) } else { Vec::new() };
    let mut run = Run {
        tables,
        names,
        kept: &imprint.kept,
        corrected,
        into,
        explainer,
        progress,
        faults: Vec::new(),
        published: Published::default(),
    };
    let mut shelves = Vec::new();
    for report in specs {
        let mut shelf = Shelf { report, tables: Vec::new(), charts: Vec::new() };
        for spec in &report.tables {
            if let Some(frame) = run.table(report, spec)? {
                shelf.tables.push((spec, frame));
            }
        }
        for spec in &report.charts {
            let filled = plot::fill(spec, tables, &run.names, &report.palette);
            if let Some(mut plot) = run.faultless(filled) {
                let ids = || plot.obs_ids.iter().map(String::as_str);
                let notes = kept::corrected(&run.corrected, ids());
                plot.kept = kept::among(run.kept, ids());
                plot.notes.extend(notes);
                shelf.charts.push((spec, plot));
            }
        }
        shelves.push(shelf);
    }
    run.charts(&mut shelves)?;
    let empty = |fault: Diagnostic, faults: &mut Vec<Diagnostic>| {
        faults.push(fault);
        Rows::default()
    };
    let findings = (tables.read)("core_finding", &[]).unwrap_or_else(|f| empty(f, &mut run.faults));
    let sources = (tables.read)("core_table", &[]).unwrap_or_else(|f| empty(f, &mut run.faults));
    run.write(Path::new("index.html"), index::render(imprint, &shelves, &findings, &sources).as_bytes())?;
    Ok(Checked::new(run.published, run.faults))
}

/// The table of corrected figures; a release made before has none.
const CORRECTIONS: &str = "core_correction";

struct Run<'a, 'p> {
    tables: &'a Tables<'a>,
    names: Names,
    kept: &'a [Kept],
    /// Notes on corrected figures, by observation.
    corrected: Vec<(String, String)>,
    into: &'a Path,
    /// Explains the figures; without it they are printed without their way.
    explainer: Option<&'p mut Explainer>,
    progress: &'p mut dyn FnMut(&str),
    faults: Vec<Diagnostic>,
    published: Published,
}

impl Run<'_, '_> {
    /// What was filled without an error; a table with a cell in doubt is not printed with a blank in its place.
    fn faultless<T>(&mut self, filled: Checked<Option<T>>) -> Option<T> {
        let wrong = filled.has_errors();
        filled.split(&mut self.faults).filter(|_| !wrong)
    }

    fn table(&mut self, report: &ReportSpec, spec: &TableSpec) -> Result<Option<Frame>, Diagnostic> {
        (self.progress)(&spec.id);
        let filled = select::fill(spec, self.tables, &self.names);
        let Some(mut frame) = self.faultless(filled) else { return Ok(None) };
        frame.kept = kept::among(self.kept, kept::obs_ids(&frame.tidy));
        frame.notes.extend(kept::corrected(&self.corrected, kept::obs_ids(&frame.tidy)));
        let workbook = match xlsx::render(&frame, &report.palette) {
            Ok(workbook) => workbook,
            Err(fault) => {
                self.faults.push(fault.at(spec.place.clone()));
                return Ok(None);
            }
        };
        let stem = Path::new("tables").join(&report.name).join(&spec.id);
        self.write(&stem.with_extension("xlsx"), &workbook)?;
        let ways = match &mut self.explainer {
            Some(explainer) => way::render(&frame, explainer, "../../").map(Some),
            None => Ok(None),
        };
        let ways = ways.unwrap_or_else(|faults| {
            self.faults.extend(faults);
            None
        });
        let page = html::render(&frame, &report.title, "../../", ways.is_some());
        self.write(&stem.with_extension("html"), page.as_bytes())?;
        if let Some(ways) = ways {
            self.write(&stem.with_extension("way.html"), ways.as_bytes())?;
        }
        self.write(&stem.with_extension("csv"), &csv::render(&frame.tidy))?;
        self.published.tables += 1;
        Ok(Some(frame))
    }

    /// Draw all charts with one font; those that cannot be drawn leave the shelves.
    fn charts(&mut self, shelves: &mut [Shelf<'_>]) -> Result<(), Diagnostic> {
        let texts: Vec<String> =
            shelves.iter().flat_map(|s| s.charts.iter().flat_map(|(_, plot)| plot.texts())).collect();
        if texts.is_empty() {
            return Ok(());
        }
        let face = match Face::find(texts.iter().map(String::as_str)) {
            Ok(face) => face,
            Err(fault) => {
                self.faults.push(fault);
                shelves.iter_mut().for_each(|shelf| shelf.charts.clear());
                return Ok(());
            }
        };
        for shelf in shelves {
            let mut drawn = Vec::new();
            for (spec, plot) in std::mem::take(&mut shelf.charts) {
                (self.progress)(&spec.id);
                if self.chart(spec, &plot, &face)? {
                    drawn.push((spec, plot));
                }
            }
            shelf.charts = drawn;
        }
        Ok(())
    }

    fn chart(&mut self, spec: &ChartSpec, plot: &Plot, face: &Face) -> Result<bool, Diagnostic> {
        let drawn = chart::render(plot, face).and_then(|svg| Ok((png::render(&svg, face)?, svg)));
        let (picture, svg) = match drawn {
            Ok(drawn) => drawn,
            Err(fault) => {
                self.faults.push(fault.at(spec.place.clone()));
                return Ok(false);
            }
        };
        let stem = Path::new("charts").join(&spec.id);
        self.write(&stem.with_extension("svg"), svg.as_bytes())?;
        self.write(&stem.with_extension("png"), &picture)?;
        self.published.charts += 1;
        Ok(true)
    }

    /// Write a file whole or not at all: a reader never sees half of it.
    fn write(&mut self, below: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
        let path = self.into.join(below);
        let part = path.with_extension("part");
        let written = fs::create_dir_all(path.parent().unwrap_or(self.into))
            .and_then(|()| fs::write(&part, bytes))
            .and_then(|()| fs::rename(&part, &path));
        if let Err(error) = written {
            // The part may not exist, and the disk may be gone altogether; the first error is the one to tell.
            let _ = fs::remove_file(&part);
            return Err(Diagnostic::error("cannot-write", format!("the output cannot be written: {error}"))
                .at(Place::file(path.to_string_lossy()))
                .hint("free some space, or make the output folder writable for this user, and run again"));
        }
        self.published.files.push(path);
        Ok(())
    }
}
