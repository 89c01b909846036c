//! Writes what the renderers make: the files of every table and report,
//! `charts/<id>.{svg,png}` and `index.html`; the `.way.html` beside a table explains its figures. A table
//! that cannot be filled is left out with its faults; the others are published.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::diag::{Checked, Diagnostic, Place};
use crate::explain::Explainer;
use crate::report::chart::draw as chart;
use crate::report::chart::font::Face;
use crate::report::chart::picture::Picture;
use crate::report::chart::plot::{self, Plot};
use crate::report::chart::png;
use crate::report::definition::spec::{ChartSpec, Generated, ReportSpec, TableSpec};
use crate::report::formats::html;
use crate::report::formats::package::{self, About};
use crate::report::formats::sdmx::{self, Flow};
use crate::report::formats::text::{self, Shown, Whole};
use crate::report::formats::xlsx;
use crate::report::formats::{accessible, csv, docx, docx_text, ods, way, xlsx_book};
use crate::report::prose::document::Document;
use crate::report::prose::render::{self, About as Subject};
use crate::report::rows::kept;
use crate::report::rows::names::Names;
use crate::report::rows::source::Tables;
use crate::report::site::index::{self, Imprint, Shelf};
use crate::report::table::frame::Frame;
use crate::report::table::generate::Sources;
use crate::report::table::select;
use crate::store::Manifest;
use crate::store::release::Kept;
use crate::warehouse::{Rows, Warehouse};

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Published {
    pub tables: usize,
    pub charts: usize,
    pub texts: usize,
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
        sources: Sources::read(tables),
        names,
        kept: &imprint.kept,
        corrected,
        into,
        explainer,
        explained: BTreeSet::new(),
        progress,
        faults: Vec::new(),
        published: Published::default(),
    };
    let mut shelves = Vec::new();
    for report in specs {
        let mut shelf = Shelf { report, tables: Vec::new(), charts: Vec::new(), text: None };
        for spec in &report.tables {
            if let Some(frame) = run.table(report, spec)? {
                shelf.tables.push((spec, frame));
            }
        }
        let frames: Vec<&Frame> = shelf.tables.iter().map(|(_, frame)| frame).collect();
        run.whole(report, &frames)?;
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
    let pictures = run.charts(&mut shelves)?;
    for shelf in &shelves {
        for (_, frame) in &shelf.tables {
            run.page(shelf.report, frame, &pictures)?;
        }
    }
    for nth in 0..shelves.len() {
        shelves[nth].text = run.document(&shelves, nth, imprint);
        run.text(&mut shelves, nth, &pictures, imprint)?;
    }
    let empty = |fault: Diagnostic, faults: &mut Vec<Diagnostic>| {
        faults.push(fault);
        Rows::default()
    };
    let findings = (tables.read)("core_finding", &[]).unwrap_or_else(|f| empty(f, &mut run.faults));
    let sources = (tables.read)("core_table", &[]).unwrap_or_else(|f| empty(f, &mut run.faults));
    run.write(Path::new("index.html"), index::render(imprint, &shelves, &findings, &sources).as_bytes())?;
    Ok(Checked::new(run.published, run.faults))
}

/// The tables that a report's text may show, by what it calls them: its own by their ids, all of them as `report/id`.
fn tables_for<'a>(shelves: &'a [Shelf<'a>], nth: usize) -> Vec<(String, &'a str, &'a Frame)> {
    let all = shelves.iter().enumerate().flat_map(|(at, shelf)| {
        let report = shelf.report.name.as_str();
        shelf.tables.iter().flat_map(move |(spec, frame)| {
            let own = (at == nth).then(|| (spec.id.clone(), report, frame));
            own.into_iter().chain([(format!("{report}/{}", spec.id), report, frame)])
        })
    });
    all.collect()
}

/// What the writers of a text see.
fn whole<'a>(
    report: &'a ReportSpec,
    document: &'a Document,
    tables: Vec<Shown<'a>>,
    charts: &'a [Picture],
    imprint: &Imprint,
) -> Whole<'a> {
    Whole {
        name: &report.name,
        document,
        tables,
        charts,
        publisher: &report.palette.publisher,
        imprint: imprint.line(),
        cover: report.text.as_ref().is_some_and(|text| text.cover),
        explained: false,
    }
}

/// The table of corrected figures; a release made before has none.
const CORRECTIONS: &str = "core_correction";

struct Run<'a, 'p> {
    tables: &'a Tables<'a>,
    names: Names,
    sources: Sources,
    kept: &'a [Kept],
    /// Notes on corrected figures, by observation.
    corrected: Vec<(String, String)>,
    into: &'a Path,
    /// Explains the figures; without it they are printed without their way.
    explainer: Option<&'p mut Explainer>,
    /// Tables whose figures have a page that explains them, by their path.
    explained: BTreeSet<PathBuf>,
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
        if frame.source.is_empty() && spec.generated.contains(&Generated::Source) {
            frame.source = self.sources.line(&frame);
        }
        let office = xlsx::render(&frame, &report.palette).and_then(|workbook| {
            let (sheet, document) = (ods::render(&frame, &report.palette)?, docx::render(&frame, &report.palette)?);
            Ok([("xlsx", workbook), ("ods", sheet), ("docx", document)])
        });
        let office = match office {
            Ok(office) => office,
            Err(fault) => {
                self.faults.push(fault.at(spec.place.clone()));
                return Ok(None);
            }
        };
        let ways = match &mut self.explainer {
            Some(explainer) => way::render(&frame, explainer, "../../").map(Some),
            None => Ok(None),
        };
        let ways = ways.unwrap_or_else(|faults| {
            self.faults.extend(faults);
            None
        });
        let flow = Flow { report: &report.name, frame: &frame };
        let texts = [
            ("csv", csv::render(&frame)),
            ("sdmx.csv", sdmx::render(&flow, &self.names)),
            ("structure.xml", sdmx::structure(&flow, &self.names)),
        ];
        let stem = Path::new("tables").join(&report.name).join(&spec.id);
        for (extension, bytes) in office.into_iter().chain(texts) {
            self.write(&stem.with_extension(extension), &bytes)?;
        }
        if let Some(ways) = ways {
            self.write(&stem.with_extension("way.html"), ways.as_bytes())?;
            self.explained.insert(stem);
        }
        self.published.tables += 1;
        Ok(Some(frame))
    }

    /// The page of a table, with the charts that draw its figures.
    fn page(&mut self, report: &ReportSpec, frame: &Frame, pictures: &[Picture]) -> Result<(), Diagnostic> {
        let own: BTreeSet<&str> = kept::obs_ids(&frame.tidy).collect();
        let is_of = |ids: &BTreeSet<String>| !ids.is_empty() && ids.iter().all(|id| own.contains(id.as_str()));
        let charts: Vec<&Picture> = pictures.iter().filter(|picture| is_of(&picture.obs_ids)).collect();
        let stem = Path::new("tables").join(&report.name).join(&frame.id);
        let explained = self.explained.contains(&stem);
        let page = html::render(frame, &charts, &report.title, "../../", explained);
        self.write(&stem.with_extension("html"), page.as_bytes())
    }

    /// All tables of a report together: the machine-readable workbooks and the data package.
    fn whole(&mut self, report: &ReportSpec, frames: &[&Frame]) -> Result<(), Diagnostic> {
        let publisher = report.palette.publisher.as_str();
        let Some(book) = accessible::book(&report.title, &report.summary, publisher, frames, &self.names) else {
            return Ok(());
        };
        let folder = Path::new("tables").join(&report.name);
        let about = About { name: &report.name, title: &report.title, summary: &report.summary, publisher };
        let made = xlsx_book::render(&book, &report.palette).and_then(|workbook| {
            let sheets = ods::render_book(&book, &report.palette)?;
            Ok((workbook, sheets, package::files(&about, frames, &self.names)?))
        });
        let (workbook, sheets, package) = match made {
            Ok(made) => made,
            Err(fault) => {
                self.faults.push(fault);
                return Ok(());
            }
        };
        let stem = folder.join(&report.name);
        self.write(&stem.with_extension("accessible.xlsx"), &workbook)?;
        self.write(&stem.with_extension("accessible.ods"), &sheets)?;
        for (path, bytes) in package {
            self.write(&folder.join("datapackage").join(path), &bytes)?;
        }
        Ok(())
    }

    /// The text of a report. It may show its own tables, those of other reports, and all charts.
    fn document(&mut self, shelves: &[Shelf<'_>], nth: usize, imprint: &Imprint) -> Option<Document> {
        let report = shelves[nth].report;
        let spec = report.text.as_ref()?;
        let about = Subject {
            release: &imprint.release,
            date: &imprint.date,
            tables: tables_for(shelves, nth).into_iter().map(|(called, ..)| called).collect(),
            charts: shelves.iter().flat_map(|shelf| &shelf.charts).map(|(chart, _)| chart.id.clone()).collect(),
        };
        let rendered = render::render(report, spec, self.tables, &self.names, &about);
        self.faultless(rendered).map(|document| self.with_notices(document))
    }

    /// A text says of kept and corrected figures what a table says of them.
    fn with_notices(&self, mut document: Document) -> Document {
        let ids = || document.figures.iter().flat_map(|used| &used.quoted.obs_ids).map(String::as_str);
        let kept = kept::among(self.kept, ids());
        let notices = kept.iter().map(kept::notice).chain(kept::corrected(&self.corrected, ids())).collect();
        document.notices = notices;
        document
    }

    /// The products of a report's text; one that cannot be written leaves the shelf.
    fn text(
        &mut self,
        shelves: &mut [Shelf<'_>],
        nth: usize,
        pictures: &[Picture],
        imprint: &Imprint,
    ) -> Result<(), Diagnostic> {
        let Some(document) = shelves[nth].text.take() else { return Ok(()) };
        let report = shelves[nth].report;
        (self.progress)(&report.name);
        let ways = match &mut self.explainer {
            Some(explainer) => way::of_text(&document, &report.name, explainer, "../../").map(Some),
            None => Ok(None),
        };
        let ways = ways.unwrap_or_else(|faults| {
            self.faults.extend(faults);
            None
        });
        let tables = text::shown(&document, &tables_for(shelves, nth));
        let whole = Whole { explained: ways.is_some(), ..whole(report, &document, tables, pictures, imprint) };
        let word = match docx_text::render(&whole, &report.palette) {
            Ok(word) => word,
            Err(fault) => {
                self.faults.push(fault);
                return Ok(());
            }
        };
        let page = text::render(&whole, "../../");
        let stem = Path::new("texts").join(&report.name).join(&report.name);
        self.write(&stem.with_extension("html"), page.as_bytes())?;
        self.write(&stem.with_extension("docx"), &word)?;
        self.write(&stem.with_extension("figures.csv"), &text::figures(&document))?;
        if let Some(ways) = ways {
            self.write(&stem.with_extension("way.html"), ways.as_bytes())?;
        }
        self.published.texts += 1;
        shelves[nth].text = Some(document);
        Ok(())
    }

    /// Draw all charts with one font; those that cannot be drawn leave the shelves.
    fn charts(&mut self, shelves: &mut [Shelf<'_>]) -> Result<Vec<Picture>, Diagnostic> {
        let mut pictures = Vec::new();
        let texts: Vec<String> =
            shelves.iter().flat_map(|s| s.charts.iter().flat_map(|(_, plot)| plot.texts())).collect();
        if texts.is_empty() {
            return Ok(pictures);
        }
        let face = match Face::find(texts.iter().map(String::as_str)) {
            Ok(face) => face,
            Err(fault) => {
                self.faults.push(fault);
                shelves.iter_mut().for_each(|shelf| shelf.charts.clear());
                return Ok(pictures);
            }
        };
        for shelf in shelves {
            let mut drawn = Vec::new();
            for (spec, plot) in std::mem::take(&mut shelf.charts) {
                (self.progress)(&spec.id);
                if let Some(picture) = self.chart(spec, &plot, &face)? {
                    pictures.push(picture);
                    drawn.push((spec, plot));
                }
            }
            shelf.charts = drawn;
        }
        Ok(pictures)
    }

    fn chart(&mut self, spec: &ChartSpec, plot: &Plot, face: &Face) -> Result<Option<Picture>, Diagnostic> {
        let drawn = chart::render(plot, face).and_then(|svg| Ok((png::render(&svg, face)?, svg)));
        let (picture, svg) = match drawn {
            Ok(drawn) => drawn,
            Err(fault) => {
                self.faults.push(fault.at(spec.place.clone()));
                return Ok(None);
            }
        };
        let stem = Path::new("charts").join(&spec.id);
        self.write(&stem.with_extension("svg"), svg.as_bytes())?;
        self.write(&stem.with_extension("png"), &picture)?;
        self.published.charts += 1;
        Ok(Some(Picture::of(plot, svg, picture)))
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
