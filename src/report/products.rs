//! What becomes of one table, report, chart or text: its files, made in memory. Nothing here reads or writes, so that many are made
//! at once; what is filled, in what order, and where files go is for [`super::publish`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::diag::{Checked, Diagnostic, Place};
use crate::report::chart::draw as chart;
use crate::report::chart::font::Face;
use crate::report::chart::picture::Picture;
use crate::report::chart::plot::Plot;
use crate::report::chart::png;
use crate::report::definition::spec::{ChartSpec, ReportSpec, TableSpec};
use crate::report::formats::package::{self, About};
use crate::report::formats::pdf::Printer;
use crate::report::formats::sdmx::{self, Flow};
use crate::report::formats::text::{self, Whole};
use crate::report::formats::{accessible, csv, docx, docx_text, html, ods, xlsx, xlsx_book};
use crate::report::made::{Made, stem_of_chart, stem_of_table, stem_of_text};
use crate::report::rows::kept;
use crate::report::rows::names::Names;
use crate::report::table::frame::Frame;

/// Files by their path below the output folder.
pub type Files = Vec<(PathBuf, Vec<u8>)>;

/// What is above the pages of tables and texts.
pub const UP: &str = "../../";

fn files(stem: &Path, made: impl IntoIterator<Item = (&'static str, Vec<u8>)>) -> Files {
    made.into_iter().map(|(extension, bytes)| (stem.with_extension(extension), bytes)).collect()
}

/// What could not be made is not there, and its fault is told.
fn or_fault<T: Default>(made: Result<T, Diagnostic>) -> Checked<T> {
    made.map_or_else(|fault| Checked::new(T::default(), vec![fault]), |made| Checked::new(made, Vec::new()))
}

/// A table for office programs and machines; none of its files where it is larger than a worksheet, or has no cells.
pub fn table(report: &ReportSpec, spec: &TableSpec, frame: &Frame, names: &Names) -> Checked<Files> {
    let palette = &report.palette;
    let flow = Flow { report: &report.name, frame };
    let made = || {
        Ok([
            ("xlsx", xlsx::render(frame, palette)?),
            ("ods", ods::render(frame, palette)?),
            ("docx", docx::render(frame, palette)?),
            ("csv", csv::render(frame)),
            ("sdmx.csv", sdmx::render(&flow, names)),
            ("structure.xml", sdmx::structure(&flow, names)),
        ])
    };
    let made = made().map_err(|fault: Diagnostic| fault.at(spec.place.clone()));
    or_fault(made.map(|made| files(&stem_of_table(&report.name, &spec.id), made)))
}

/// The page of a table, with the charts that draw its figures, and links to what is made.
pub fn table_page(report: &ReportSpec, spec: &TableSpec, frame: &Frame, pictures: &[Picture], made: &Made) -> Files {
    let own: BTreeSet<&str> = kept::obs_ids(&frame.tidy).collect();
    // A chart may draw a few figures more, such as the balance at the beginning.
    let is_of = |ids: &BTreeSet<String>| 2 * ids.iter().filter(|id| own.contains(id.as_str())).count() > ids.len();
    let charts: Vec<&Picture> = pictures.iter().filter(|picture| is_of(&picture.obs_ids)).collect();
    let page = html::render(frame, &charts, (&report.name, &report.title), UP, made);
    files(&stem_of_table(&report.name, &spec.id), [("html", page.into_bytes())])
}

/// The sheets of paper of a table, unless the typesetter refuses it.
pub fn table_paper(report: &ReportSpec, spec: &TableSpec, frame: &Frame, printer: Option<&Printer>) -> Checked<Files> {
    let paper = printer.map(|printer| printer.table(frame, &report.palette.publisher)).transpose();
    let paper = or_fault(paper.map_err(|fault| fault.at(spec.place.clone())));
    Checked::new(
        files(&stem_of_table(&report.name, &spec.id), paper.value.map(|paper| ("pdf", paper))),
        paper.diagnostics,
    )
}

/// All tables of a report together: the machine-readable workbooks and the data package. None where it has no table, or one of them is
/// larger than a worksheet.
pub fn whole_report(report: &ReportSpec, frames: &[&Frame], names: &Names) -> Checked<Files> {
    let publisher = report.palette.publisher.as_str();
    let Some(book) = accessible::book(&report.title, &report.summary, publisher, frames, names) else {
        return Checked::new(Files::new(), Vec::new());
    };
    let about = About { name: &report.name, title: &report.title, summary: &report.summary, publisher };
    let folder = Path::new("tables").join(&report.name);
    let made = || {
        let books = [
            ("accessible.xlsx", xlsx_book::render(&book, &report.palette)?),
            ("accessible.ods", ods::render_book(&book, &report.palette)?),
        ];
        let package = package::files(&about, frames, names)?.into_iter();
        let package = package.map(|(path, bytes)| (folder.join("datapackage").join(path), bytes));
        Ok(files(&folder.join(&report.name), books).into_iter().chain(package).collect())
    };
    or_fault(made())
}

/// A chart as it is drawn, unless it cannot be.
pub fn picture(spec: &ChartSpec, plot: &Plot, face: &Face) -> Checked<Option<Picture>> {
    let drawn = chart::render(plot, face).and_then(|svg| Ok((png::render(&svg, face)?, svg)));
    or_fault(
        drawn.map(|(pixels, svg)| Some(Picture::of(plot, svg, pixels))).map_err(|fault| fault.at(spec.place.clone())),
    )
}

/// The files of a chart; no sheet of paper where the typesetter refuses it.
pub fn picture_files(picture: &Picture, publisher: &str, printer: Option<&Printer>) -> Checked<Files> {
    let paper = or_fault(printer.map(|printer| printer.picture(picture, publisher)).transpose());
    let made = [("svg", picture.svg.clone().into_bytes()), ("png", picture.png.clone())];
    let made = made.into_iter().chain(paper.value.map(|paper| ("pdf", paper)));
    Checked::new(files(&stem_of_chart(&picture.id), made), paper.diagnostics)
}

/// A text with its tables and charts; none of its files where a picture cannot be put into the document, and no sheets of paper where the
/// typesetter refuses it.
pub fn text(report: &ReportSpec, whole: &Whole<'_>, printer: Option<&Printer>) -> Checked<Files> {
    let word = match docx_text::render(whole, &report.palette) {
        Ok(word) => word,
        Err(fault) => return Checked::new(Files::new(), vec![fault]),
    };
    let place = report.text.as_ref().map(|text| Place::span(&text.source, 0..0)).unwrap_or_default();
    let paper = or_fault(printer.map(|printer| printer.text(whole)).transpose().map_err(|fault| fault.at(place)));
    let figures = ("figures.csv", text::figures(whole.document));
    let made: Vec<_> = paper.value.map(|paper| ("pdf", paper)).into_iter().chain([("docx", word), figures]).collect();
    let is_made = |(ending, _): &&(&str, &str)| made.iter().any(|(made, _)| made == ending);
    let linked: Vec<_> = text::FILES.iter().filter(is_made).copied().collect();
    let page = ("html", text::render(whole, &linked, UP).into_bytes());
    let made = made.into_iter().chain([page]);
    Checked::new(files(&stem_of_text(&report.name), made), paper.diagnostics)
}
