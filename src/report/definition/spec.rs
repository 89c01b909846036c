//! Reports as they are meant: `reports/<report>/report.toml` and `reports/palette.toml`, read, checked and resolved, all
//! faults of all files at once. Whether a table or a code exists is not known here; `select` finds out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Checked, Diagnostic, Place, SourceText};
use crate::domain::value::Mark;
use crate::report::definition::parse::parse;
use crate::report::definition::raw::{RawGenerated, RawKind, RawPalette, RawReport, RawShape};
use crate::report::definition::resolve::{refuse_name, resolve};
use crate::report::definition::stated::Stated;

/// Largest report file read, in bytes.
const REPORT_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The prose of a report, beside its `report.toml`.
const TEXT: &str = "text.md";

/// One folder below `reports/`.
#[derive(Clone, Debug)]
pub struct ReportSpec {
    /// The folder's name.
    pub name: String,
    pub title: String,
    pub title_en: String,
    pub summary: String,
    pub order: i64,
    pub tables: Vec<TableSpec>,
    pub charts: Vec<ChartSpec>,
    /// The prose of `text.md`, where there is one.
    pub text: Option<TextSpec>,
    pub palette: Arc<Palette>,
}

/// A text whose figures are named by key.
#[derive(Clone, Debug)]
pub struct TextSpec {
    pub source: Arc<SourceText>,
    /// Words that the text uses by name.
    pub with: BTreeMap<String, String>,
    /// A page of its own for the title, and a list of contents after it.
    pub cover: bool,
}

#[derive(Clone, Debug)]
pub struct TableSpec {
    pub id: String,
    pub number: String,
    pub title: String,
    pub title_en: String,
    pub unit_note: String,
    pub generated: Vec<Generated>,
    pub bilingual: bool,
    /// Rows of the body on one page; `None`: as many as the page takes.
    pub page_rows: Option<usize>,
    pub from: String,
    pub filter: Selector,
    pub heads: Vec<Head>,
    pub rows: Vec<Node>,
    pub columns: Vec<Node>,
    pub merge: BTreeSet<String>,
    pub absent: Vec<Selector>,
    pub marks: BTreeMap<Mark, String>,
    /// Lines below the table, as they are.
    pub notes: Vec<String>,
    /// Notes that are numbered, with the cells they are bound to.
    pub bound: Vec<(String, Selector)>,
    pub source: String,
    pub style: Style,
    /// Every value of every selector, those of the table first.
    pub stated: Vec<Stated>,
    /// The line of `from`, for faults of the whole table.
    pub place: Place,
}

/// The head of a label column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    Text(String),
    Bilingual {
        text: String,
        english: String,
    },
    /// A cell divided by a diagonal: what the columns are above it, what the rows are below.
    Diagonal {
        rows: String,
        columns: String,
    },
}

impl Head {
    /// The head as one text, for a column with one head.
    pub fn plain(&self) -> String {
        match self {
            Head::Text(text) | Head::Bilingual { text, .. } => text.clone(),
            Head::Diagonal { rows, .. } => rows.clone(),
        }
    }
}

/// A row, a column, or a heading over several.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: Name,
    /// The note on the label; blank for none.
    pub note: String,
    /// Steps by which a row's label is set in.
    pub indent: u8,
    /// 其中： stands before the label.
    pub of_which: bool,
    pub filter: Selector,
    pub style: Style,
    pub children: Vec<Node>,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub enum Name {
    Label {
        text: String,
        english: String,
    },
    /// One node per code found in the data.
    Each {
        dimension: String,
        labels: BTreeMap<String, String>,
        labels_en: BTreeMap<String, String>,
        order: Order,
        place: Place,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Source,
    Code,
    ValueDescending,
}

/// Column → admissible values.
pub type Selector = BTreeMap<String, Vec<String>>;

/// How a number is printed, as far as a level says so; the innermost level that speaks wins.
#[derive(Clone, Debug, Default)]
pub struct Style {
    pub value: Option<String>,
    pub unit: Option<(String, Place)>,
    pub decimals: Option<Decimals>,
    pub grouping: Option<bool>,
    pub sign: Option<Sign>,
}

impl Style {
    /// This level's wishes, and the outer level's where this one is silent.
    pub fn within(&self, outer: &Style) -> Style {
        Style {
            value: self.value.clone().or_else(|| outer.value.clone()),
            unit: self.unit.clone().or_else(|| outer.unit.clone()),
            decimals: self.decimals.or(outer.decimals),
            grouping: self.grouping.or(outer.grouping),
            sign: self.sign.clone().or_else(|| outer.sign.clone()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decimals {
    AsPrinted,
    Fixed(u32),
}

/// What stands before a positive and before a negative number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sign {
    pub positive: String,
    pub negative: String,
}

impl Default for Sign {
    fn default() -> Self {
        Sign { positive: String::new(), negative: "-".to_owned() }
    }
}

#[derive(Clone, Debug)]
pub struct ChartSpec {
    pub id: String,
    pub kind: Kind,
    pub number: String,
    pub title: String,
    pub from: String,
    pub filter: Selector,
    pub x: Category,
    pub y: Axis,
    /// The axis of the lines over bars, where it is another.
    pub y2: Option<Axis>,
    pub series: Vec<SeriesSpec>,
    pub notes: Vec<String>,
    pub source: String,
    pub alt: String,
    /// Every value of every selector, those of the chart first.
    pub stated: Vec<Stated>,
    pub place: Place,
}

pub type Generated = RawGenerated;
pub type Kind = RawKind;
pub type Shape = RawShape;

#[derive(Clone, Debug)]
pub struct Category {
    pub dimension: String,
    pub labels: BTreeMap<String, String>,
    pub order: Order,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub struct Axis {
    pub unit: String,
    pub label: String,
    pub decimals: u32,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub struct SeriesSpec {
    pub label: String,
    pub negative_label: String,
    pub filter: Selector,
    pub value: String,
    pub shape: Shape,
    /// In a waterfall: a level, or what goes out.
    pub is_total: bool,
    pub falls: bool,
    /// `#rrggbb`
    pub colour: String,
    /// Place among the series, which also chooses the marker of a line.
    pub nth: usize,
}

pub type Palette = RawPalette;

/// All reports below a folder, in the order of the index page.
pub fn load(reports: &Path) -> Checked<Vec<ReportSpec>> {
    let mut faults = Vec::new();
    let palette = Arc::new(load_palette(reports, &mut faults));
    let mut specs = Vec::new();
    for folder in folders(reports, &mut faults) {
        let file = folder.join("report.toml");
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(source) = read(&file, &format!("reports/{name}/report.toml"), &mut faults) else { continue };
        if let Some(raw) = parse::<RawReport>(&source, &mut faults) {
            let refused = refuse_name(&name, &source, &mut faults);
            let file = folder.join(TEXT);
            let text = file.is_file().then(|| read(&file, &format!("reports/{name}/{TEXT}"), &mut faults)).flatten();
            let spec = resolve(raw, name, &source, text, &palette, &mut faults);
            specs.extend(Some(spec).filter(|_| !refused));
        }
    }
    specs.sort_by(|a, b| a.order.cmp(&b.order).then_with(|| a.name.cmp(&b.name)));
    refuse_doubles(&mut specs, &mut faults);
    Checked::new(specs, faults)
}

/// One report from text; for tests and editors.
pub fn load_text(name: &str, text: &str, palette: Palette) -> Checked<Option<ReportSpec>> {
    let mut faults = Vec::new();
    let source = Arc::new(SourceText { name: format!("reports/{name}/report.toml"), text: text.to_owned() });
    let raw = parse::<RawReport>(&source, &mut faults);
    let spec = raw.map(|raw| resolve(raw, name.to_owned(), &source, None, &Arc::new(palette), &mut faults));
    Checked::new(spec, faults)
}

/// The JSON Schema of `report.toml`.
pub fn json_schema() -> serde_json::Value {
    serde_json::Value::from(schemars::schema_for!(RawReport))
}

/// Folders that hold a `report.toml`, by name.
fn folders(reports: &Path, faults: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let entries = match fs::read_dir(reports) {
        Ok(entries) => entries,
        Err(error) => {
            faults.push(
                Diagnostic::error("no-reports", format!("the folder of reports cannot be read: {error}"))
                    .at(Place::file("reports"))
                    .hint("a report is a folder below reports/ with a report.toml"),
            );
            return Vec::new();
        }
    };
    let mut found: Vec<PathBuf> =
        entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.join("report.toml").is_file()).collect();
    found.sort();
    found
}

fn read(file: &Path, shown: &str, faults: &mut Vec<Diagnostic>) -> Option<Arc<SourceText>> {
    let small = fs::metadata(file).map(|m| m.len() <= REPORT_BYTES_MAX);
    let text = match small {
        Ok(true) => fs::read_to_string(file),
        Ok(false) => Err(std::io::Error::other(format!("it is larger than {REPORT_BYTES_MAX} bytes"))),
        Err(error) => Err(error),
    };
    match text {
        Ok(text) => Some(Arc::new(SourceText { name: shown.to_owned(), text })),
        Err(error) => {
            faults.push(
                Diagnostic::error("unreadable", format!("the file cannot be read: {error}"))
                    .at(Place::file(shown))
                    .hint("it must be UTF-8 text that this user may read"),
            );
            None
        }
    }
}

fn load_palette(reports: &Path, faults: &mut Vec<Diagnostic>) -> Palette {
    let file = reports.join("palette.toml");
    if !file.is_file() {
        return Palette::default();
    }
    let Some(source) = read(&file, "reports/palette.toml", faults) else { return Palette::default() };
    let Some(palette) = parse::<Palette>(&source, faults) else { return Palette::default() };
    let chart = &palette.chart;
    let named = [&chart.ink, &chart.faint, &chart.grid, &chart.paper, &chart.positive, &chart.negative];
    for colour in named.into_iter().chain(palette.series.iter().map(|s| &s.colour)) {
        let digits = colour.strip_prefix('#').unwrap_or("");
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            faults.push(
                Diagnostic::error("bad-colour", format!("\"{colour}\" is not a colour"))
                    .at(Place::file("reports/palette.toml"))
                    .hint("write #rrggbb, such as #0072b2"),
            );
            return Palette::default();
        }
    }
    if palette.series.is_empty() { Palette::default() } else { palette }
}

/// Of two with the same id, which would be the same file, the first is kept.
fn refuse_doubles(specs: &mut [ReportSpec], faults: &mut Vec<Diagnostic>) {
    let mut charts: BTreeMap<String, String> = BTreeMap::new();
    for spec in specs {
        let mut tables = BTreeSet::new();
        spec.tables.retain(|table| {
            let first = tables.insert(table.id.clone());
            if !first {
                faults.push(double("table", &table.id, &table.place, "in this report"));
            }
            first
        });
        spec.charts.retain(|chart| {
            if let Some(other) = charts.get(&chart.id) {
                faults.push(double("chart", &chart.id, &chart.place, &format!("in reports/{other}")));
                return false;
            }
            charts.insert(chart.id.clone(), spec.name.clone());
            true
        });
    }
}

fn double(what: &str, id: &str, place: &Place, other: &str) -> Diagnostic {
    Diagnostic::error("double-id", format!("the {what} id \"{id}\" is used twice, also {other}"))
        .at(place.clone())
        .hint("the id is the file name of the output; choose another")
}
