//! Texts, tables and charts as PDF, by a typesetter: what is printed goes to it as data, what it looks like stands in `pdf.typ`. The
//! files are tagged for screen readers (PDF/UA-1) and carry the parts of the fonts that they use.

use std::collections::BTreeMap;

use resvg::usvg::fontdb::Style;
use serde_json::{Value, json};
use typst::diag::{FileError, FileResult, Severity, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt, World, WorldExt};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use super::text::Whole;
use crate::diag::Diagnostic;
use crate::report::chart::font::Face;
use crate::report::chart::picture::Picture;
use crate::report::definition::spec::Palette;
use crate::report::prose::document::{Block, Run, Words};
use crate::report::table::frame::{Frame, status_sign};
use crate::report::table::sheet::{Align, BODY_SIZE, Line, Placed, Sheet, Slot, What, slots};
use crate::report::table::widths::{even_lines, wanted};

const LAYOUT: &str = include_str!("pdf.typ");

/// What a line of text takes of the paper between its margins, in points: upright, sideways.
const ROOM: [f64; 2] = [470.0, 718.0];

/// The type of a wide table, before the paper is turned, and the smallest that is still read, in points.
const SIZE_WIDE: f64 = 9.0;
const SIZE_UPRIGHT_MIN: f64 = 8.0;
const SIZE_MIN: f64 = 5.5;

/// A digit of the fonts that are printed with, in parts of the height of its type; and half a Chinese character.
const DIGIT: f64 = 0.56;
const HALF_WIDTH: f64 = 0.5;

/// Between a cell's text and its edge, in points, as `pdf.typ` has it.
const INSET: f64 = 3.0;

/// What numbers of pages and of the tables of a text are written with.
const NUMBERS: &str = "表续0123456789—";

/// The typesetter with its fonts, opened once for all files.
pub struct Printer {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    layout: Source,
    families: Value,
    face: Face,
}

impl Printer {
    /// With the fonts that the palette names, as far as the machine has them, and the one that has most characters of the texts, which
    /// are all that will be printed.
    ///
    /// # Errors
    /// No font has Chinese characters.
    pub fn open<'a>(palette: &Palette, texts: impl IntoIterator<Item = &'a str>) -> Result<Printer, Diagnostic> {
        let face = Face::find(texts.into_iter().chain([NUMBERS]))?;
        let installed = |wanted: &[String]| {
            let is_there =
                |name: &&String| face.database.faces().any(|f| f.families.iter().any(|(own, _)| own == *name));
            wanted.iter().find(is_there).unwrap_or(&face.family).clone()
        };
        let (title, body) = (installed(&palette.font.print_title), installed(&palette.font.print_body));
        let mut fonts = Vec::new();
        for name in [&body, &title, &face.family] {
            let own = face.database.faces().filter(|f| f.style == Style::Normal && [400, 700].contains(&f.weight.0));
            for found in own.filter(|f| f.families.first().is_some_and(|(own, _)| own == name)) {
                let data = face.database.with_face_data(found.id, |data, index| (data.to_vec(), index));
                fonts.extend(data.and_then(|(data, index)| Font::new(Bytes::new(data), index)));
            }
        }
        let layout = Source::new(file("/main.typ"), LAYOUT.to_owned());
        Ok(Printer {
            // Heads of rows that screen readers know as such.
            library: LazyHash::new(
                Library::builder().with_features([Feature::A11yExtras].into_iter().collect()).build(),
            ),
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
            layout,
            families: json!({ "title": [title, face.family], "body": [body, face.family] }),
            face,
        })
    }

    /// A text with its tables and charts.
    ///
    /// # Errors
    /// A character has no glyph, or the typesetter refuses the pages.
    pub fn text(&self, whole: &Whole<'_>) -> Result<Vec<u8>, Diagnostic> {
        let mut blocks: Vec<Value> = Vec::new();
        let mut files = BTreeMap::new();
        let mut level = 0;
        self.check(&whole.document.texts())?;
        for block in &whole.document.blocks {
            match block {
                Block::Heading(own, words) => {
                    level = *own;
                    blocks.push(json!({ "kind": "heading", "level": level, "runs": runs(whole, words) }));
                }
                Block::Paragraph(words) => blocks.push(json!({ "kind": "paragraph", "runs": runs(whole, words) })),
                Block::Note(words) => blocks.push(json!({ "kind": "note", "runs": runs(whole, words) })),
                Block::Item(words) => match blocks.last_mut().and_then(|last| last.get_mut("items")?.as_array_mut()) {
                    Some(items) => items.push(runs(whole, words)),
                    None => blocks.push(json!({ "kind": "list", "items": [runs(whole, words)] })),
                },
                Block::Table(id) => {
                    let Some(frame) = whole.table(id).map(|table| table.frame.as_ref()) else { continue };
                    self.check(&frame.texts())?;
                    blocks.push(table(frame, level + 1));
                }
                Block::Chart(id) => {
                    let Some(chart) = whole.chart(id) else { continue };
                    self.check(&chart.texts)?;
                    let path = format!("/{id}.svg");
                    blocks.push(json!({ "kind": "chart", "file": path, "alt": chart.alt }));
                    files.insert(path, Bytes::from_string(chart.svg.clone()));
                }
            }
        }
        self.print(
            json!({
                "title": whole.document.title, "publisher": whole.publisher, "imprint": whole.imprint, "cover": whole.cover,
                "single": false, "landscape": false, "notices": whole.document.notices, "blocks": blocks,
            }),
            files,
        )
    }

    /// One table, on a page of its own.
    ///
    /// # Errors
    /// As [`Printer::text`].
    pub fn table(&self, frame: &Frame, publisher: &str) -> Result<Vec<u8>, Diagnostic> {
        self.check(&frame.texts())?;
        let block = table(frame, 1);
        self.print(
            json!({
                "title": frame.full_title(), "publisher": publisher, "imprint": frame.source, "cover": false, "single": true,
                "landscape": block["landscape"], "notices": [], "blocks": [block],
            }),
            BTreeMap::new(),
        )
    }

    /// A chart, on a page of its own size.
    ///
    /// # Errors
    /// As [`Printer::text`].
    pub fn picture(&self, picture: &Picture, publisher: &str) -> Result<Vec<u8>, Diagnostic> {
        self.check(&picture.texts)?;
        let path = "/picture.svg";
        self.print(
            json!({
                "title": picture.title, "publisher": publisher, "imprint": "", "cover": false, "single": true, "landscape": false,
                "notices": [], "blocks": [], "picture": { "file": path, "alt": picture.alt },
            }),
            BTreeMap::from([(path.to_owned(), Bytes::from_string(picture.svg.clone()))]),
        )
    }

    fn check(&self, texts: &[String]) -> Result<(), Diagnostic> {
        texts.iter().try_for_each(|text| self.face.check(text))
    }

    fn print(&self, mut data: Value, mut files: BTreeMap<String, Bytes>) -> Result<Vec<u8>, Diagnostic> {
        data["fonts"] = self.families.clone();
        files.insert("/data.json".to_owned(), Bytes::from_string(data.to_string()));
        let desk = Desk { printer: self, files };
        let refused = |faults: &[SourceDiagnostic]| {
            let said = faults.iter().find(|fault| fault.severity == Severity::Error);
            let line = said
                .and_then(|fault| desk.range(fault.span))
                .map_or(0, |range| 1 + LAYOUT.bytes().take(range.start).filter(|byte| *byte == b'\n').count());
            let words = said.map_or("it says no more", |fault| fault.message.as_str());
            Diagnostic::error("pdf", format!("the pages of {} cannot be set: {words} (pdf.typ:{line})", data["title"]))
                .hint("the page and the Word document beside it are whole")
        };
        let document = typst::compile(&desk).output.map_err(|faults| refused(&faults))?;
        let standards = PdfStandards::new(&[PdfStandard::Ua_1]).expect("one standard contradicts no other");
        let options =
            PdfOptions { standards, creator: Smart::Custom(Some("shebao".to_owned())), ..PdfOptions::default() };
        let bytes = typst_pdf::pdf(&document, &options).map_err(|faults| refused(&faults))?;
        // What was remembered of older files is not needed again.
        typst::comemo::evict(8);
        Ok(bytes)
    }
}

fn file(path: &str) -> FileId {
    let path = VirtualPath::new(path).expect("a plain path");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// What the typesetter sees while it sets one file: the layout, its data and pictures; no clock, no disk, no network.
struct Desk<'a> {
    printer: &'a Printer,
    files: BTreeMap<String, Bytes>,
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.printer.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.printer.book
    }

    fn main(&self) -> FileId {
        self.printer.layout.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.printer.layout.id() { Ok(self.printer.layout.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(id.get().vpath().get_with_slash()).cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.printer.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn runs(whole: &Whole<'_>, words: &Words) -> Value {
    let run = |run: &Run| match run {
        Run::Text(text) => json!({ "text": text, "signs": "" }),
        Run::Figure(nth, shown) => {
            let signs = whole.document.figures.get(*nth).map_or("", |used| status_sign(used.quoted.status));
            json!({ "text": shown, "signs": signs })
        }
    };
    words.iter().map(run).collect()
}

/// A table laid out for the paper.
struct Paper {
    sheet: Sheet,
    /// Of its type, in points.
    size: f64,
    landscape: bool,
}

impl Paper {
    /// As it is, with heads of more lines, in smaller type, or sideways, in this order.
    fn of(frame: &Frame) -> Paper {
        let natural: usize = wanted(frame).iter().sum();
        let laid = |room: f64, landscape: bool| {
            let size = (room / (DIGIT * natural.max(1) as f64)).clamp(SIZE_WIDE, BODY_SIZE);
            let sheet = Sheet::within(frame, (room / (DIGIT * size)) as usize);
            let width: usize = sheet.widths.iter().sum();
            Paper { sheet, size: (room / (DIGIT * width.max(1) as f64)).min(size), landscape }
        };
        let upright = laid(ROOM[0], false);
        if upright.size >= SIZE_UPRIGHT_MIN {
            return upright;
        }
        let turned = laid(ROOM[1], true);
        Paper { size: turned.size.max(SIZE_MIN), ..turned }
    }

    /// Half-width characters that a cell has room for.
    fn room(&self, placed: &Placed) -> usize {
        let columns = &self.sheet.widths[placed.column..placed.column + placed.wide];
        let width = columns.iter().sum::<usize>() as f64 * DIGIT * self.size;
        let room = width - 2.0 * INSET - f64::from(placed.look.indent as u32) * self.size;
        (room / (HALF_WIDTH * self.size)).max(0.0) as usize
    }
}

/// A table as data; its title makes a heading of the level.
fn table(frame: &Frame, level: u8) -> Value {
    let paper = Paper::of(frame);
    let Paper { sheet: laid, size, landscape } = &paper;
    let pages: Vec<Value> = laid
        .pages
        .iter()
        .enumerate()
        .map(|(nth, page)| {
            let lines: Vec<&Line> = page.head.iter().chain(&page.body).collect();
            let height: f64 = page.head.iter().map(|line| line.height).sum();
            let rows: Vec<Value> =
                slots(&lines, laid.widths.len()).iter().map(|row| cells(row, &paper, height)).collect();
            let (head, body) = rows.split_at(page.head.len());
            json!({ "title": frame.page_title(nth), "head": head, "body": body })
        })
        .collect();
    json!({
        "kind": "table", "id": frame.id, "level": level, "widths": laid.widths, "size": size, "unit": frame.unit_note,
        "again": frame.page_title(1), "pages": pages, "foot": frame.foot(), "landscape": landscape,
    })
}

/// The cells that begin in a row; those covered by others are not told again. A row that begins a group of rows says so.
fn cells(row: &[Slot<'_>], paper: &Paper, head: f64) -> Value {
    let blank = json!({
        "kind": "text", "text": "", "signs": "", "indent": 0, "wide": 1, "high": 1, "align": "left", "label": false,
        "top": false, "bottom": false, "thin": false,
    });
    let cell = |slot: &Slot<'_>| match slot {
        Slot::Cell(placed) => Some(cell(placed, paper, head)),
        Slot::Empty => Some(blank.clone()),
        Slot::Across | Slot::Down(_) => None,
    };
    let begins = matches!(row.first(), Some(Slot::Cell(placed)) if placed.high > 1);
    let mut cells: Vec<Value> = row.iter().filter_map(cell).collect();
    cells.iter_mut().for_each(|cell| cell["group"] = json!(begins));
    Value::Array(cells)
}

fn cell(placed: &Placed, paper: &Paper, head: f64) -> Value {
    let look = placed.look;
    let align = match look.align {
        Align::Left => "left",
        Align::Centre => "center",
        Align::Right => "right",
    };
    let mut cell = json!({
        "kind": "text", "text": "", "signs": "", "indent": look.indent, "wide": placed.wide, "high": placed.high, "align": align,
        "label": placed.column < paper.sheet.labels, "top": look.rules.top, "bottom": look.rules.bottom, "thin": look.rules.thin_bottom,
    });
    match &placed.what {
        What::Text(text) => cell["text"] = json!(even_lines(text, paper.room(placed))),
        What::Number(figure, signs) => {
            cell["text"] = json!(figure.text());
            cell["signs"] = json!(signs);
        }
        What::Diagonal { rows, columns } => {
            cell["kind"] = json!("diagonal");
            cell["rows"] = json!(rows);
            cell["columns"] = json!(columns);
            cell["height"] = json!(head.max(2.0 * BODY_SIZE * 1.6));
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Picture, Printer};
    use crate::report::definition::spec::Palette;
    use crate::report::formats::text::{Shown, Whole};
    use crate::report::made::Made;
    use crate::report::prose::document::{Document, blocks, mark_block, mark_figure};
    use crate::report::tests::{OBSERVATIONS, REPORT, frame};

    fn text(title: &str, body: &str) -> Document {
        Document { title: title.to_owned(), blocks: blocks(body), ..Document::default() }
    }

    /// What a PDF must have, seen without a reader: a tagged structure, a language, a title, embedded fonts.
    fn check(bytes: &[u8]) {
        assert!(bytes.starts_with(b"%PDF-1.7"), "{}", String::from_utf8_lossy(&bytes[..20]));
        let text = String::from_utf8_lossy(bytes);
        for part in ["/MarkInfo", "/Lang", "/StructTreeRoot", "/FontFile3", "pdfuaid"] {
            assert!(text.contains(part), "no {part}");
        }
    }

    #[test]
    fn a_table_is_set_in_three_rules_and_repeats_its_bytes() {
        let (frame, _) = frame(OBSERVATIONS, REPORT);
        let texts = frame.texts();
        let printer = Printer::open(&Palette::default(), texts.iter().map(String::as_str)).unwrap();
        let bytes = printer.table(&frame, "社").unwrap_or_else(|fault| panic!("{}", fault.render()));
        check(&bytes);
        assert_eq!(printer.table(&frame, "社").unwrap(), bytes);
        keep("table", &bytes);
    }

    #[test]
    fn a_text_is_set_with_its_tables_and_charts() {
        let (frame, _) = frame(OBSERVATIONS, REPORT);
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"20\"><rect width=\"40\" height=\"20\" fill=\"#0072b2\"/></svg>";
        let picture = Picture {
            id: "one".into(),
            title: "图1".into(),
            alt: "蓝".into(),
            svg: svg.into(),
            png: Vec::new(),
            obs_ids: BTreeSet::new(),
            texts: vec!["图1".into()],
        };
        let body = format!(
            "# 一、参保\n\n年末参保{}。\n\n- 其一\n- 其二\n\n{}\n\n## （一）小节\n\n{}\n\n> 注：无。",
            mark_figure(0, "12万人"),
            mark_block("table", "financing"),
            mark_block("chart", "one")
        );
        let document = text("公报", &body);
        let texts = [document.texts(), frame.texts(), picture.texts.clone()].concat();
        let tables =
            vec![Shown { called: "financing".into(), report: "sample", frame: std::borrow::Cow::Owned(frame) }];
        let mut whole = Whole {
            name: "sample",
            document: &document,
            tables,
            charts: &[picture],
            publisher: "社",
            imprint: "版本".into(),
            cover: false,
            made: &Made::default(),
        };
        let printer = Printer::open(&Palette::default(), texts.iter().map(String::as_str)).unwrap();
        for cover in [false, true] {
            whole.cover = cover;
            let bytes = printer.text(&whole).unwrap_or_else(|fault| panic!("{}", fault.render()));
            check(&bytes);
            keep(if cover { "cover" } else { "text" }, &bytes);
        }
    }

    /// For a person to look at: `SHEBAO_KEEP_PDF=folder cargo test`.
    fn keep(name: &str, bytes: &[u8]) {
        if let Ok(folder) = std::env::var("SHEBAO_KEEP_PDF") {
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.pdf")), bytes).unwrap();
        }
    }
}
