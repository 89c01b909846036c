//! Publishes reports: has [`super::filling`] fill their tables, charts and texts, [`super::products`] make the files of each of them, on
//! all cores, and writes these; `index.html` links them, the `.way.html` beside a table or text explains its figures. What cannot be
//! filled is left out with its faults; the others are published.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::diag::{Checked, Diagnostic, Place};
use crate::explain::Explainer;
use crate::grid::on_all_cores;
use crate::report::chart::font::Face;
use crate::report::chart::picture::Picture;
use crate::report::definition::spec::{ReportSpec, TableSpec};
use crate::report::filling::Filling;
use crate::report::formats::pdf::Printer;
use crate::report::formats::text::{self, Whole};
use crate::report::formats::way;
use crate::report::made::{Made, WAY, stem_of_table, stem_of_text};
use crate::report::products::{self, Files, UP};
use crate::report::prose::document::Document;
use crate::report::prose::render::About;
use crate::report::rows::source::Tables;
use crate::report::site::index::{self, Imprint, Shelf};
use crate::report::table::frame::Frame;
use crate::store::Manifest;
use crate::warehouse::{Rows, Warehouse};

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Published {
    pub tables: usize,
    pub charts: usize,
    pub texts: usize,
    /// All files, by their path below the folder, in the order written, the index last.
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
    let filling = Filling::from(tables, &imprint.kept)?;
    let mut run = Run { filling: &filling, imprint, progress, press: Press::new(into) };
    let mut shelves: Vec<Shelf<'_>> = specs.iter().map(|report| run.filled(report)).collect();
    run.tables(&mut shelves)?;
    let pictures = run.charts(&mut shelves);
    for nth in 0..shelves.len() {
        shelves[nth].text = run.document(&shelves, nth);
    }
    let printer = run.printer(&shelves);
    run.papers(&shelves, &pictures, printer.as_ref(), explainer)?;
    run.pages(&shelves, &pictures)?;
    run.texts(&mut shelves, &pictures, printer.as_ref())?;
    let mut press = run.press;
    let mut rows = |name| {
        (tables.read)(name, &[]).unwrap_or_else(|fault| {
            press.faults.push(fault);
            Rows::default()
        })
    };
    let (findings, sources) = (rows("core_finding"), rows("core_table"));
    let index = index::render(imprint, &shelves, &press.made(), &findings, &sources);
    press.write(Path::new("index.html"), index.as_bytes())?;
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

struct Run<'a, 'p> {
    filling: &'a Filling<'a>,
    imprint: &'a Imprint,
    progress: &'p mut dyn FnMut(&str),
    press: Press<'a>,
}

impl Run<'_, '_> {
    /// The tables and charts of a report, not yet printed.
    fn filled<'s>(&mut self, report: &'s ReportSpec) -> Shelf<'s> {
        let (filling, faults) = (self.filling, &mut self.press.faults);
        report
            .tables
            .iter()
            .map(|spec| &spec.id)
            .chain(report.charts.iter().map(|spec| &spec.id))
            .for_each(|id| (self.progress)(id));
        let tables = on_all_cores(&report.tables, |spec| filling.table(spec));
        let charts = on_all_cores(&report.charts, |spec| filling.chart(report, spec));
        let mut shelf = Shelf { report, tables: Vec::new(), charts: Vec::new(), text: None };
        for (spec, filled) in report.tables.iter().zip(tables) {
            shelf.tables.extend(filled.split(faults).map(|frame| (spec, frame)));
        }
        for (spec, filled) in report.charts.iter().zip(charts) {
            shelf.charts.extend(filled.split(faults).map(|plot| (spec, plot)));
        }
        shelf
    }

    /// The text of a report. It may show its own tables, those of other reports, and all charts.
    fn document(&mut self, shelves: &[Shelf<'_>], nth: usize) -> Option<Document> {
        let report = shelves[nth].report;
        let spec = report.text.as_ref()?;
        let about = About {
            release: &self.imprint.release,
            date: &self.imprint.date,
            tables: tables_for(shelves, nth).into_iter().map(|(called, ..)| called).collect(),
            charts: shelves.iter().flat_map(|shelf| &shelf.charts).map(|(chart, _)| chart.id.clone()).collect(),
        };
        self.filling.text(report, spec, &about).split(&mut self.press.faults)
    }

    /// The tables of all reports for office programs and machines; those that cannot be written leave the shelves.
    fn tables(&mut self, shelves: &mut [Shelf<'_>]) -> Result<(), Diagnostic> {
        let names = &self.filling.names;
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

    /// Draw all charts with one font; those that cannot be drawn leave the shelves.
    fn charts(&mut self, shelves: &mut [Shelf<'_>]) -> Vec<Picture> {
        let texts = shelves.iter().flat_map(|shelf| shelf.charts.iter().flat_map(|(_, plot)| plot.texts()));
        let texts: Vec<String> = texts.collect();
        if texts.is_empty() {
            return Vec::new();
        }
        let face = match Face::find(texts.iter().map(String::as_str)) {
            Ok(face) => face,
            Err(fault) => {
                self.press.faults.push(fault);
                shelves.iter_mut().for_each(|shelf| shelf.charts.clear());
                return Vec::new();
            }
        };
        let all: Vec<_> = shelves.iter().flat_map(|shelf| &shelf.charts).collect();
        let drawn = on_all_cores(&all, |(spec, plot)| products::picture(spec, plot, &face));
        let pictures: Vec<Picture> =
            drawn.into_iter().filter_map(|drawn| drawn.split(&mut self.press.faults)).collect();
        self.press.published.charts = pictures.len();
        let drawn: BTreeSet<&str> = pictures.iter().map(|picture| picture.id.as_str()).collect();
        for shelf in shelves.iter_mut() {
            shelf.charts.retain(|(spec, _)| drawn.contains(spec.id.as_str()));
        }
        pictures
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

    /// The files of all charts and the sheets of paper of all tables; meanwhile the figures are explained, which is the work of one
    /// core.
    fn papers(
        &mut self,
        shelves: &[Shelf<'_>],
        pictures: &[Picture],
        printer: Option<&Printer>,
        explainer: Option<&mut Explainer>,
    ) -> Result<(), Diagnostic> {
        (self.progress)("papers");
        let all: Vec<_> = every_table(shelves).collect();
        let publisher = shelves.first().map_or("", |shelf| shelf.report.palette.publisher.as_str());
        let mut own = Press::new(self.press.into);
        let press = &mut self.press;
        let print = move || {
            press.print(pictures, |picture| products::picture_files(picture, publisher, printer))?;
            press.print(&all, |(shelf, spec, frame)| products::table_paper(shelf.report, spec, frame, printer))
        };
        let (printed, explained) = std::thread::scope(|scope| {
            let printing = scope.spawn(print);
            let explained = explainer.map_or(Ok(()), |explainer| own.ways(shelves, explainer));
            (printing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), explained)
        });
        printed?;
        self.press.faults.extend(own.faults);
        self.press.published.files.extend(own.published.files);
        explained
    }

    /// The pages of all tables, each with the charts that draw its figures.
    fn pages(&mut self, shelves: &[Shelf<'_>], pictures: &[Picture]) -> Result<(), Diagnostic> {
        let (all, made): (Vec<_>, Made) = (every_table(shelves).collect(), self.press.made());
        self.press.print(&all, |(shelf, spec, frame)| {
            Checked::new(products::table_page(shelf.report, spec, frame, pictures, &made), Vec::new())
        })?;
        Ok(())
    }

    /// The products of all texts; one that cannot be written leaves the shelf.
    fn texts(
        &mut self,
        shelves: &mut [Shelf<'_>],
        pictures: &[Picture],
        printer: Option<&Printer>,
    ) -> Result<(), Diagnostic> {
        (self.progress)("texts");
        let made = self.press.made();
        let all: Vec<usize> = (0..shelves.len()).collect();
        let imprint = self.imprint;
        let written = self.press.print(&all, |nth| {
            let Shelf { report, text: Some(document), .. } = &shelves[*nth] else { return Checked::default() };
            let whole = Whole {
                name: &report.name,
                document,
                tables: text::shown(document, &tables_for(shelves, *nth)),
                charts: pictures,
                publisher: &report.palette.publisher,
                imprint: imprint.line(),
                cover: report.text.as_ref().is_some_and(|text| text.cover),
                made: &made,
            };
            products::text(report, &whole, printer)
        })?;
        self.press.published.texts = written.iter().filter(|written| **written).count();
        for (shelf, written) in shelves.iter_mut().zip(written) {
            shelf.text.take_if(|_| !written);
        }
        Ok(())
    }
}

/// Writes what was made, and keeps what was wrong with it.
struct Press<'a> {
    into: &'a Path,
    faults: Vec<Diagnostic>,
    published: Published,
}

impl<'a> Press<'a> {
    fn new(into: &'a Path) -> Press<'a> {
        Press { into, faults: Vec::new(), published: Published::default() }
    }

    /// Make files and write them, on all cores. Returns of what there are any.
    fn print<I: Sync>(
        &mut self,
        all: &[I],
        make: impl Fn(&I) -> Checked<Files> + Sync,
    ) -> Result<Vec<bool>, Diagnostic> {
        let into = self.into;
        let printed = on_all_cores(all, |item| {
            let Checked { value: files, diagnostics } = make(item);
            let written = files.into_iter().map(|(below, bytes)| write(into, &below, &bytes).map(|()| below));
            (written.collect::<Result<Vec<PathBuf>, Diagnostic>>(), diagnostics)
        });
        let mut there = Vec::new();
        for (written, faults) in printed {
            self.faults.extend(faults);
            let written = written?;
            there.push(!written.is_empty());
            self.published.files.extend(written);
        }
        Ok(there)
    }

    /// Pages that explain the figures of tables and texts.
    fn ways(&mut self, shelves: &[Shelf<'_>], explainer: &mut Explainer) -> Result<(), Diagnostic> {
        for shelf in shelves {
            let name = &shelf.report.name;
            for (spec, frame) in &shelf.tables {
                self.way(stem_of_table(name, &spec.id), way::render(frame, explainer, UP))?;
            }
            if let Some(document) = &shelf.text {
                self.way(stem_of_text(name), way::of_text(document, name, explainer, UP))?;
            }
        }
        Ok(())
    }

    fn way(&mut self, stem: PathBuf, page: Result<String, Vec<Diagnostic>>) -> Result<(), Diagnostic> {
        match page {
            Ok(page) => self.write(&stem.with_extension(WAY), page.as_bytes()),
            Err(faults) => {
                self.faults.extend(faults);
                Ok(())
            }
        }
    }

    /// The files that are there by now.
    fn made(&self) -> Made {
        self.published.files.iter().cloned().collect()
    }

    fn write(&mut self, below: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
        write(self.into, below, bytes)?;
        self.published.files.push(below.to_owned());
        Ok(())
    }
}

/// Write a file whole or not at all: a reader never sees half of it.
fn write(into: &Path, below: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let path = into.join(below);
    let part = path.with_extension("part");
    let written = fs::create_dir_all(path.parent().unwrap_or(into))
        .and_then(|()| fs::write(&part, bytes))
        .and_then(|()| fs::rename(&part, &path));
    written.map_err(|error| {
        // The part may not exist, and the disk may be gone altogether; the first error is the one to tell.
        let _ = fs::remove_file(&part);
        Diagnostic::error("cannot-write", format!("the output cannot be written: {error}"))
            .at(Place::file(path.to_string_lossy()))
            .hint("free some space, or make the output folder writable for this user, and run again")
    })
}
