//! Publishes reports: fills their tables, charts and texts from the tables of a release, one after the other, has
//! [`super::products`] make the files of all of them, on all cores, and writes these; `index.html` links them, the `.way.html` beside a
//! table or text explains its figures. What cannot be filled is left out with its faults; the others are published.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::diag::{Checked, Diagnostic, Place};
use crate::explain::Explainer;
use crate::grid::on_all_cores;
use crate::report::chart::font::Face;
use crate::report::chart::picture::Picture;
use crate::report::chart::plot;
use crate::report::definition::spec::{Generated, ReportSpec, TableSpec};
use crate::report::formats::pdf::Printer;
use crate::report::formats::text::{self, Whole};
use crate::report::formats::way;
use crate::report::products::{self, Files, UP};
use crate::report::prose::document::Document;
use crate::report::prose::render::{self, About};
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
        explainer,
        explained: BTreeSet::new(),
        progress,
        press: Press { into, faults: Vec::new(), published: Published::default() },
    };
    let mut shelves: Vec<Shelf<'_>> = specs.iter().map(|report| run.filled(report)).collect();
    run.tables(&mut shelves)?;
    let pictures = run.charts(&mut shelves)?;
    for nth in 0..shelves.len() {
        shelves[nth].text = run.document(&shelves, nth, imprint);
    }
    run.ways(&shelves)?;
    let printer = run.printer(&shelves);
    run.pages(&shelves, &pictures, printer.as_ref())?;
    run.texts(&mut shelves, &pictures, imprint, printer.as_ref())?;
    let empty = |fault: Diagnostic, faults: &mut Vec<Diagnostic>| {
        faults.push(fault);
        Rows::default()
    };
    let mut press = run.press;
    let findings = (tables.read)("core_finding", &[]).unwrap_or_else(|f| empty(f, &mut press.faults));
    let sources = (tables.read)("core_table", &[]).unwrap_or_else(|f| empty(f, &mut press.faults));
    press.write(Path::new("index.html"), index::render(imprint, &shelves, &findings, &sources).as_bytes())?;
    Ok(Checked::new(press.published, press.faults))
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

/// Every table with where it stands.
fn every_table<'a, 's>(shelves: &'a [Shelf<'s>]) -> impl Iterator<Item = (&'a Shelf<'s>, &'s TableSpec, &'a Frame)> {
    shelves.iter().flat_map(|shelf| shelf.tables.iter().map(move |(spec, frame)| (shelf, *spec, frame)))
}

/// Things whose files are made before they are written.
const MADE_AT_ONCE: usize = 64;

/// The table of corrected figures; a release made before has none.
const CORRECTIONS: &str = "core_correction";

struct Run<'a, 'p> {
    tables: &'a Tables<'a>,
    names: Names,
    sources: Sources,
    kept: &'a [Kept],
    /// Notes on corrected figures, by observation.
    corrected: Vec<(String, String)>,
    /// Explains the figures; without it they are printed without their way.
    explainer: Option<&'p mut Explainer>,
    /// Tables whose figures have a page that explains them, by their path.
    explained: BTreeSet<PathBuf>,
    progress: &'p mut dyn FnMut(&str),
    press: Press<'a>,
}

/// Writes what was made, and keeps what was wrong with it.
struct Press<'a> {
    into: &'a Path,
    faults: Vec<Diagnostic>,
    published: Published,
}

impl Run<'_, '_> {
    /// What was filled without an error; a table with a cell in doubt is not printed with a blank in its place.
    fn faultless<T>(&mut self, filled: Checked<Option<T>>) -> Option<T> {
        let wrong = filled.has_errors();
        filled.split(&mut self.press.faults).filter(|_| !wrong)
    }

    /// The tables and charts of a report, not yet printed.
    fn filled<'s>(&mut self, report: &'s ReportSpec) -> Shelf<'s> {
        let mut shelf = Shelf { report, tables: Vec::new(), charts: Vec::new(), text: None };
        for spec in &report.tables {
            (self.progress)(&spec.id);
            let filled = select::fill(spec, self.tables, &self.names);
            let Some(mut frame) = self.faultless(filled) else { continue };
            frame.kept = kept::among(self.kept, kept::obs_ids(&frame.tidy));
            frame.notes.extend(kept::corrected(&self.corrected, kept::obs_ids(&frame.tidy)));
            if frame.source.is_empty() && spec.generated.contains(&Generated::Source) {
                frame.source = self.sources.line(&frame);
            }
            shelf.tables.push((spec, frame));
        }
        for spec in &report.charts {
            (self.progress)(&spec.id);
            let filled = plot::fill(spec, self.tables, &self.names, &report.palette);
            let Some(mut plot) = self.faultless(filled) else { continue };
            let notes = kept::corrected(&self.corrected, plot.obs_ids.iter().map(String::as_str));
            plot.kept = kept::among(self.kept, plot.obs_ids.iter().map(String::as_str));
            plot.notes.extend(notes);
            shelf.charts.push((spec, plot));
        }
        shelf
    }

    /// The tables of all reports for office programs and machines; those that cannot be written leave the shelves.
    fn tables(&mut self, shelves: &mut [Shelf<'_>]) -> Result<(), Diagnostic> {
        let names = &self.names;
        let all: Vec<_> = every_table(shelves).collect();
        let made = self.press.print(&all, |(shelf, spec, frame)| products::table(shelf.report, spec, frame, names))?;
        self.press.published.tables = made.iter().filter(|made| **made).count();
        let mut made = made.into_iter();
        for shelf in shelves.iter_mut() {
            shelf.tables.retain(|_| made.next().unwrap_or(false));
        }
        let whole = |shelf: &Shelf<'_>| {
            let frames: Vec<&Frame> = shelf.tables.iter().map(|(_, frame)| frame).collect();
            products::whole_report(shelf.report, &frames, names)
        };
        self.press.print(shelves, whole)?;
        Ok(())
    }

    /// Pages that explain the figures of tables and texts.
    fn ways(&mut self, shelves: &[Shelf<'_>]) -> Result<(), Diagnostic> {
        for shelf in shelves {
            for (spec, frame) in &shelf.tables {
                self.way(products::stem_of_table(shelf.report, &spec.id), |explainer| {
                    way::render(frame, explainer, UP)
                })?;
            }
            if let Some(document) = &shelf.text {
                let way = |explainer: &mut Explainer| way::of_text(document, &shelf.report.name, explainer, UP);
                self.way(products::stem_of_text(shelf.report), way)?;
            }
        }
        Ok(())
    }

    fn way(
        &mut self,
        stem: PathBuf,
        explain: impl FnOnce(&mut Explainer) -> Result<String, Vec<Diagnostic>>,
    ) -> Result<(), Diagnostic> {
        match self.explainer.as_deref_mut().map(explain) {
            Some(Ok(page)) => {
                self.press.write(&stem.with_extension("way.html"), page.as_bytes())?;
                self.explained.insert(stem);
            }
            Some(Err(faults)) => self.press.faults.extend(faults),
            None => {}
        }
        Ok(())
    }

    /// The typesetter, with fonts for all that is printed.
    fn printer(&mut self, shelves: &[Shelf<'_>]) -> Option<Printer> {
        let palette = &shelves.first()?.report.palette;
        let tables = every_table(shelves).flat_map(|(.., frame)| frame.texts());
        let texts = shelves.iter().flat_map(|shelf| shelf.text.iter().flat_map(Document::texts));
        let charts = shelves.iter().flat_map(|shelf| shelf.charts.iter().flat_map(|(_, plot)| plot.texts()));
        let all: Vec<String> = tables.chain(texts).chain(charts).chain([palette.publisher.clone()]).collect();
        match Printer::open(palette, all.iter().map(String::as_str)) {
            Ok(printer) => Some(printer),
            Err(fault) => {
                self.press.faults.push(fault);
                None
            }
        }
    }

    /// The files of all charts, and the pages of all tables.
    fn pages(
        &mut self,
        shelves: &[Shelf<'_>],
        pictures: &[Picture],
        printer: Option<&Printer>,
    ) -> Result<(), Diagnostic> {
        let explained = &self.explained;
        let all: Vec<_> = every_table(shelves).collect();
        (self.progress)("pages");
        let publisher = shelves.first().map_or("", |shelf| shelf.report.palette.publisher.as_str());
        self.press.print(pictures, |picture| products::picture_files(picture, publisher, printer))?;
        self.press.print(&all, |(shelf, spec, frame)| {
            let explained = explained.contains(&products::stem_of_table(shelf.report, &spec.id));
            products::table_pages(shelf.report, spec, frame, pictures, explained, printer)
        })?;
        Ok(())
    }

    /// The products of all texts; one that cannot be written leaves the shelf.
    fn texts(
        &mut self,
        shelves: &mut [Shelf<'_>],
        pictures: &[Picture],
        imprint: &Imprint,
        printer: Option<&Printer>,
    ) -> Result<(), Diagnostic> {
        let explained = &self.explained;
        (self.progress)("texts");
        let all: Vec<usize> = (0..shelves.len()).collect();
        let made = self.press.print(&all, |nth| {
            let Shelf { report, text: Some(document), .. } = &shelves[*nth] else { return Checked::default() };
            let whole = Whole {
                name: &report.name,
                document,
                tables: text::shown(document, &tables_for(shelves, *nth)),
                charts: pictures,
                publisher: &report.palette.publisher,
                imprint: imprint.line(),
                cover: report.text.as_ref().is_some_and(|text| text.cover),
                explained: explained.contains(&products::stem_of_text(report)),
            };
            products::text(report, &whole, printer)
        })?;
        self.press.published.texts = made.iter().filter(|made| **made).count();
        for (shelf, made) in shelves.iter_mut().zip(made) {
            shelf.text.take_if(|_| !made);
        }
        Ok(())
    }

    /// The text of a report. It may show its own tables, those of other reports, and all charts.
    fn document(&mut self, shelves: &[Shelf<'_>], nth: usize, imprint: &Imprint) -> Option<Document> {
        let report = shelves[nth].report;
        let spec = report.text.as_ref()?;
        let about = About {
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
                self.press.faults.push(fault);
                shelves.iter_mut().for_each(|shelf| shelf.charts.clear());
                return Ok(pictures);
            }
        };
        let all: Vec<_> = shelves.iter().flat_map(|shelf| &shelf.charts).collect();
        for some in all.chunks(MADE_AT_ONCE) {
            for drawn in on_all_cores(some, |(spec, plot)| products::picture(spec, plot, &face)) {
                pictures.extend(drawn.split(&mut self.press.faults));
            }
        }
        self.press.published.charts = pictures.len();
        let drawn: BTreeSet<&str> = pictures.iter().map(|picture| picture.id.as_str()).collect();
        for shelf in shelves.iter_mut() {
            shelf.charts.retain(|(spec, _)| drawn.contains(spec.id.as_str()));
        }
        Ok(pictures)
    }
}

impl Press<'_> {
    /// Make files on all cores and write them, in the order of what they are made of. Returns of what there are any.
    fn print<I: Sync>(
        &mut self,
        all: &[I],
        make: impl Fn(&I) -> Checked<Files> + Sync,
    ) -> Result<Vec<bool>, Diagnostic> {
        let mut there = Vec::new();
        for some in all.chunks(MADE_AT_ONCE) {
            for made in on_all_cores(some, &make) {
                let files = made.split(&mut self.faults);
                there.push(!files.is_empty());
                for (path, bytes) in files {
                    self.write(&path, &bytes)?;
                }
            }
        }
        Ok(there)
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
