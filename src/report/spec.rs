//! Reports as they are meant: `reports/<report>/report.toml` and `reports/palette.toml`, read, checked and resolved, all
//! faults of all files at once. Whether a table or a code exists is not known here; `select` finds out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::Spanned;

use super::parse::parse;
use super::raw::{
    RawChart, RawDecimals, RawHeadCell, RawKind, RawNode, RawOrder, RawPalette, RawReport, RawSelector, RawSeries,
    RawShape, RawTable, RawValues,
};
use crate::diag::{Checked, Diagnostic, Place, SourceText};
use crate::domain::label::nearest;
use crate::domain::value::Mark;

/// Largest report file read, in bytes.
const REPORT_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// One folder below `reports/`.
#[derive(Clone, Debug)]
pub struct ReportSpec {
    /// The folder's name.
    pub name: String,
    pub title: String,
    pub summary: String,
    pub order: i64,
    pub tables: Vec<TableSpec>,
    pub charts: Vec<ChartSpec>,
    pub palette: Arc<Palette>,
}

#[derive(Clone, Debug)]
pub struct TableSpec {
    pub id: String,
    pub number: String,
    pub title: String,
    pub unit_note: String,
    pub from: String,
    pub filter: Selector,
    pub heads: Vec<Head>,
    pub rows: Vec<Node>,
    pub columns: Vec<Node>,
    pub merge: BTreeSet<String>,
    pub absent: Vec<Selector>,
    pub marks: BTreeMap<Mark, String>,
    pub notes: Vec<String>,
    pub source: String,
    pub style: Style,
    /// The line of `from`, for faults of the whole table.
    pub place: Place,
}

/// The head of a label column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    Text(String),
    /// A cell divided by a diagonal: what the columns are above it, what the rows are below.
    Diagonal {
        rows: String,
        columns: String,
    },
}

/// A row, a column, or a heading over several.
#[derive(Clone, Debug)]
pub struct Node {
    pub name: Name,
    pub filter: Selector,
    pub style: Style,
    pub children: Vec<Node>,
    pub place: Place,
}

#[derive(Clone, Debug)]
pub enum Name {
    Label(String),
    /// One node per code found in the data.
    Each {
        dimension: String,
        labels: BTreeMap<String, String>,
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
    pub series: Vec<SeriesSpec>,
    pub notes: Vec<String>,
    pub source: String,
    pub alt: String,
    pub place: Place,
}

pub type Kind = RawKind;
pub type Shape = RawShape;

#[derive(Clone, Debug)]
pub struct Category {
    pub dimension: String,
    pub label: String,
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
    /// `#rrggbb`
    pub colour: String,
    /// Place among the series, which also chooses the marker of a line.
    pub nth: usize,
}

pub type Palette = RawPalette;

/// Decimals beyond this are a slip of the pen.
const DECIMALS_MAX: u32 = 6;

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
            specs.push(resolve(raw, name, &source, &palette, &mut faults));
        }
    }
    specs.sort_by(|a, b| a.order.cmp(&b.order).then_with(|| a.name.cmp(&b.name)));
    refuse_doubles(&specs, &mut faults);
    Checked::new(specs, faults)
}

/// One report from text; for tests and editors.
pub fn load_text(name: &str, text: &str, palette: Palette) -> Checked<Option<ReportSpec>> {
    let mut faults = Vec::new();
    let source = Arc::new(SourceText { name: format!("reports/{name}/report.toml"), text: text.to_owned() });
    let raw = parse::<RawReport>(&source, &mut faults);
    let spec = raw.map(|raw| resolve(raw, name.to_owned(), &source, &Arc::new(palette), &mut faults));
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

fn refuse_doubles(specs: &[ReportSpec], faults: &mut Vec<Diagnostic>) {
    let mut charts: BTreeMap<&str, &str> = BTreeMap::new();
    for spec in specs {
        let mut tables = BTreeSet::new();
        for table in &spec.tables {
            if !tables.insert(table.id.as_str()) {
                faults.push(double("table", &table.id, &table.place, "in this report"));
            }
        }
        for chart in &spec.charts {
            if let Some(other) = charts.insert(&chart.id, &spec.name) {
                faults.push(double("chart", &chart.id, &chart.place, &format!("in reports/{other}")));
            }
        }
    }
}

fn double(what: &str, id: &str, place: &Place, other: &str) -> Diagnostic {
    Diagnostic::error("double-id", format!("the {what} id \"{id}\" is used twice, also {other}"))
        .at(place.clone())
        .hint("the id is the file name of the output; choose another")
}

/// What the resolving functions need to know of the file they read.
struct Resolver<'a> {
    source: &'a Arc<SourceText>,
    palette: &'a Palette,
    faults: &'a mut Vec<Diagnostic>,
}

fn resolve(
    raw: RawReport,
    name: String,
    source: &Arc<SourceText>,
    palette: &Arc<Palette>,
    faults: &mut Vec<Diagnostic>,
) -> ReportSpec {
    let mut resolver = Resolver { source, palette, faults };
    let tables = raw.table.into_iter().map(|t| resolver.table(t)).collect();
    let charts = raw.chart.into_iter().map(|c| resolver.chart(c)).collect();
    ReportSpec {
        name,
        title: raw.report.title,
        summary: raw.report.summary,
        order: raw.report.order,
        tables,
        charts,
        palette: palette.clone(),
    }
}

impl Resolver<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place::span(self.source, span)
    }

    fn table(&mut self, raw: RawTable) -> TableSpec {
        self.check_id(&raw.id);
        let (rows_span, columns_span, heads_span) = (raw.rows.span(), raw.columns.span(), raw.heads.span());
        let place = self.place(raw.from.span());
        let style = self.style(raw.value, raw.unit, raw.decimals, raw.grouping, raw.sign);
        let rows: Vec<Node> = raw.rows.into_inner().into_iter().map(|n| self.node(n, Side::Rows)).collect();
        let columns: Vec<Node> = raw.columns.into_inner().into_iter().map(|n| self.node(n, Side::Columns)).collect();
        let heads: Vec<Head> = raw.heads.into_inner().into_iter().map(head).collect();
        for (empty, span, what) in
            [(rows.is_empty(), rows_span.clone(), "rows"), (columns.is_empty(), columns_span, "columns")]
        {
            if empty {
                self.faults.push(
                    Diagnostic::error("empty-table", format!("the table has no {what}"))
                        .at(self.place(span))
                        .hint("write at least one entry, { label = \"…\", where = { … } }"),
                );
            }
        }
        let depth = rows.iter().map(depth).max().unwrap_or(1);
        if heads.len() < depth {
            self.faults.push(
                Diagnostic::error(
                    "too-few-heads",
                    format!("rows are nested {depth} deep, but heads has {}", heads.len()),
                )
                .at(self.place(heads_span))
                .hint("give one head for each column of row labels"),
            );
        }
        let marks = raw.marks.into_iter().filter_map(|(name, text)| Some((self.mark(&name)?, text))).collect();
        TableSpec {
            id: raw.id.into_inner(),
            number: raw.number,
            title: raw.title,
            unit_note: raw.unit_note,
            from: raw.from.into_inner(),
            filter: selector(raw.filter),
            heads,
            rows,
            columns,
            merge: raw.merge.into_iter().collect(),
            absent: raw.absent.into_iter().map(selector).collect(),
            marks,
            notes: raw.notes,
            source: raw.source,
            style,
            place,
        }
    }

    fn chart(&mut self, raw: RawChart) -> ChartSpec {
        self.check_id(&raw.id);
        let place = self.place(raw.from.span());
        let series_span = raw.series.span();
        let x = Category {
            place: self.place(raw.x.dimension.span()),
            dimension: raw.x.dimension.into_inner(),
            label: raw.x.label,
            labels: raw.x.labels,
            order: order(raw.x.order),
        };
        let y = Axis {
            place: self.place(raw.y.unit.span()),
            unit: raw.y.unit.into_inner(),
            label: raw.y.label,
            decimals: raw.y.decimals,
        };
        let kind = raw.kind;
        let series: Vec<SeriesSpec> =
            raw.series.into_inner().into_iter().enumerate().map(|(n, s)| self.series(n, s, kind)).collect();
        if series.is_empty() || (kind == Kind::Diverging && series.len() != 1) {
            self.faults.push(
                Diagnostic::error("series", format!("a chart of this kind cannot show {} series", series.len()))
                    .at(self.place(series_span))
                    .hint("write one series for diverging bars, one or more for other charts"),
            );
        }
        ChartSpec {
            id: raw.id.into_inner(),
            kind,
            number: raw.number,
            title: raw.title,
            from: raw.from.into_inner(),
            filter: selector(raw.filter),
            x,
            y,
            series,
            notes: raw.notes,
            source: raw.source,
            alt: raw.alt,
            place,
        }
    }

    fn series(&mut self, nth: usize, raw: RawSeries, kind: Kind) -> SeriesSpec {
        let palette = self.palette;
        let by_order = palette.series[nth % palette.series.len()].colour.clone();
        let colour = match raw.colour {
            None => by_order,
            Some(name) => match palette.series.iter().find(|c| c.name == *name.get_ref()) {
                Some(colour) => colour.colour.clone(),
                None => {
                    let known = palette.series.iter().map(|c| c.name.as_str());
                    let fault = Diagnostic::error(
                        "unknown-colour",
                        format!("the palette has no colour \"{}\"", name.get_ref()),
                    )
                    .at(self.place(name.span()));
                    self.faults.push(match nearest(name.get_ref(), known.clone()).first() {
                        Some(near) => fault.hint(format!("did you mean \"{near}\"?")),
                        None => {
                            fault.hint(format!("reports/palette.toml has {}", known.collect::<Vec<_>>().join(", ")))
                        }
                    });
                    by_order
                }
            },
        };
        let natural = if kind == Kind::Line { Shape::Line } else { Shape::Bar };
        SeriesSpec {
            label: raw.label,
            negative_label: raw.negative_label,
            filter: selector(raw.filter),
            value: raw.value.unwrap_or_else(|| "value".to_owned()),
            shape: raw.shape.unwrap_or(natural),
            colour,
            nth,
        }
    }

    fn node(&mut self, raw: Spanned<RawNode>, side: Side) -> Node {
        let place = self.place(raw.span());
        let raw = raw.into_inner();
        let style = self.style(raw.value, raw.unit, raw.decimals, raw.grouping, raw.sign);
        let (children, wrong) = match side {
            Side::Rows => (raw.rows, raw.columns),
            Side::Columns => (raw.columns, raw.rows),
        };
        if !wrong.is_empty() {
            self.faults.push(
                Diagnostic::error("wrong-axis", "rows stand below rows, and columns below columns")
                    .at(place.clone())
                    .hint("use the same key as the list the entry stands in"),
            );
        }
        let name = match (raw.label, raw.each) {
            (None, Some(each)) => Name::Each {
                place: self.place(each.span()),
                dimension: each.into_inner(),
                labels: raw.labels,
                order: order(raw.order),
            },
            (Some(label), None) => Name::Label(label),
            (label, _) => {
                let shown = label.clone().unwrap_or_default();
                self.faults.push(
                    Diagnostic::error("label-or-each", "an entry needs either a label or each, and not both")
                        .at(place.clone())
                        .hint("write label = \"…\" for one entry, or each = \"period\" for one per code in the data"),
                );
                Name::Label(shown)
            }
        };
        let children = children.into_iter().map(|n| self.node(n, side)).collect();
        Node { name, filter: selector(raw.filter), style, children, place }
    }

    fn style(
        &mut self,
        value: Option<String>,
        unit: Option<Spanned<String>>,
        decimals: Option<Spanned<RawDecimals>>,
        grouping: Option<bool>,
        sign: Option<super::raw::RawSign>,
    ) -> Style {
        let decimals = decimals.and_then(|d| {
            let span = d.span();
            match d.into_inner() {
                RawDecimals::Count(n) if n <= DECIMALS_MAX => Some(Decimals::Fixed(n)),
                RawDecimals::Word(word) if word == "as printed" => Some(Decimals::AsPrinted),
                other => {
                    let text = match other {
                        RawDecimals::Count(n) => n.to_string(),
                        RawDecimals::Word(word) => format!("\"{word}\""),
                    };
                    self.faults.push(
                        Diagnostic::error("bad-decimals", format!("{text} is not a number of decimals"))
                            .at(self.place(span))
                            .hint(format!("write \"as printed\", or a number from 0 to {DECIMALS_MAX}")),
                    );
                    None
                }
            }
        });
        Style {
            value,
            unit: unit.map(|u| {
                let place = self.place(u.span());
                (u.into_inner(), place)
            }),
            decimals,
            grouping,
            sign: sign.map(|s| Sign { positive: s.positive, negative: s.negative }),
        }
    }

    fn mark(&mut self, name: &Spanned<String>) -> Option<Mark> {
        let mark = Mark::parse(name.get_ref());
        if mark.is_none() {
            let known = Mark::ALL.map(Mark::as_str).join(", ");
            self.faults.push(
                Diagnostic::error("unknown-mark", format!("\"{}\" is not a mark", name.get_ref()))
                    .at(self.place(name.span()))
                    .hint(format!("the marks are {known}")),
            );
        }
        mark
    }

    /// Ids become file names.
    fn check_id(&mut self, id: &Spanned<String>) {
        let text = id.get_ref();
        if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
            self.faults.push(
                Diagnostic::error("bad-id", format!("\"{text}\" cannot be a file name"))
                    .at(self.place(id.span()))
                    .hint("use letters, digits, _ and -"),
            );
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Rows,
    Columns,
}

fn depth(node: &Node) -> usize {
    1 + node.children.iter().map(depth).max().unwrap_or(0)
}

fn head(raw: RawHeadCell) -> Head {
    match raw {
        RawHeadCell::Text(text) => Head::Text(text),
        RawHeadCell::Diagonal { rows, columns } => Head::Diagonal { rows, columns },
    }
}

fn order(raw: Option<RawOrder>) -> Order {
    match raw {
        None | Some(RawOrder::Source) => Order::Source,
        Some(RawOrder::Code) => Order::Code,
        Some(RawOrder::ValueDescending) => Order::ValueDescending,
    }
}

fn selector(raw: RawSelector) -> Selector {
    raw.into_iter()
        .map(|(column, values)| match values {
            RawValues::One(value) => (column, vec![value]),
            RawValues::Several(values) => (column, values),
        })
        .collect()
}

impl Default for RawPalette {
    /// What a project without a palette gets: colours told apart by colour-blind readers (after Okabe and Ito), dark
    /// enough for print.
    fn default() -> Self {
        use super::raw::{RawChartColours, RawColour, RawFonts};
        let colours = [
            ("blue", "#0072b2"),
            ("vermilion", "#d55e00"),
            ("green", "#009e73"),
            ("purple", "#b0578d"),
            ("ochre", "#b8860b"),
            ("grey", "#5b6770"),
        ];
        RawPalette {
            publisher: String::new(),
            font: RawFonts {
                workbook_title: "黑体".to_owned(),
                workbook_body: "宋体".to_owned(),
                chart_fallback: vec!["Microsoft YaHei".to_owned(), "PingFang SC".to_owned(), "sans-serif".to_owned()],
            },
            chart: RawChartColours {
                ink: "#1f2933".to_owned(),
                faint: "#5b6770".to_owned(),
                grid: "#dde2e6".to_owned(),
                paper: "#ffffff".to_owned(),
                positive: "#0072b2".to_owned(),
                negative: "#d55e00".to_owned(),
            },
            series: colours
                .into_iter()
                .map(|(name, colour)| RawColour { name: name.to_owned(), colour: colour.to_owned() })
                .collect(),
        }
    }
}
