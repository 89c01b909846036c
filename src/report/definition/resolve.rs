//! A report as written to a report as meant: places kept, orders and signs filled in, contradictions refused.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use crate::diag::{Diagnostic, Place, SourceText};
use crate::domain::label::nearest;
use crate::domain::value::Mark;
use crate::report::definition::parse::faulty_blocks;
use crate::report::definition::raw::{
    RawChart, RawDecimals, RawHeadCell, RawHeads, RawNode, RawOrder, RawReport, RawSelector, RawSeries, RawSign,
    RawTable, RawText, RawValues, RawY,
};
use crate::report::definition::spec::{
    Axis, Category, ChartSpec, Decimals, Generated, Head, Kind, Name, Node, Order, Palette, ReportSpec, Selector,
    SeriesSpec, Shape, Sign, Style, TableSpec, TextSpec,
};
use crate::report::definition::stated::Stated;

/// Decimals beyond this are a slip of the pen.
const DECIMALS_MAX: u32 = 6;

/// Labels set in further than this leave no room for their words.
const INDENT_MAX: u8 = 8;

/// What a table takes over from its report where it says nothing.
struct Defaults {
    generated: Vec<Generated>,
    bilingual: bool,
}

/// What the resolving functions need to know of the file they read.
struct Resolver<'a> {
    source: &'a Arc<SourceText>,
    palette: &'a Palette,
    faults: &'a mut Vec<Diagnostic>,
    /// Values of selectors met since the last table or chart.
    stated: Vec<Stated>,
}

pub fn resolve(
    raw: RawReport,
    name: String,
    source: &Arc<SourceText>,
    text: Option<Arc<SourceText>>,
    palette: &Arc<Palette>,
    faults: &mut Vec<Diagnostic>,
) -> ReportSpec {
    let mut resolver = Resolver { source, palette, faults, stated: Vec::new() };
    let defaults = Defaults { generated: raw.report.generated, bilingual: raw.report.bilingual };
    let tables: Vec<(usize, TableSpec)> = raw
        .table
        .into_iter()
        .enumerate()
        .map(|(nth, t)| (t.span().start, resolver.table(t.into_inner(), &defaults, nth)))
        .collect();
    let charts: Vec<(usize, ChartSpec)> =
        raw.chart.into_iter().map(|c| (c.span().start, resolver.chart(c.into_inner()))).collect();
    // What is wrongly specified is not printed, neither in part nor under a guessed name.
    let faulty = faulty_blocks(source, faults);
    let tables = tables.into_iter().filter(|(start, _)| !faulty.contains(start)).map(|(_, table)| table).collect();
    let charts = charts.into_iter().filter(|(start, _)| !faulty.contains(start)).map(|(_, chart)| chart).collect();
    let RawText { with, cover } = raw.text;
    let text = text.map(|source| TextSpec { source, with, cover });
    ReportSpec {
        name,
        title: raw.report.title,
        title_en: raw.report.title_en,
        summary: raw.report.summary,
        order: raw.report.order,
        tables,
        charts,
        text,
        palette: palette.clone(),
    }
}

impl Resolver<'_> {
    fn place(&self, span: Range<usize>) -> Place {
        Place::span(self.source, span)
    }

    fn table(&mut self, raw: RawTable, report: &Defaults, nth: usize) -> TableSpec {
        self.check_id(&raw.id);
        let filter = self.selector(raw.filter);
        let (rows_span, columns_span, heads_span) = (raw.rows.span(), raw.columns.span(), raw.heads.span());
        let place = self.place(raw.from.span());
        let style = self.style(raw.value, raw.unit, raw.decimals, raw.grouping, raw.sign);
        let rows: Vec<Node> = raw.rows.into_inner().into_iter().map(|n| self.node(n, Side::Rows)).collect();
        let columns: Vec<Node> = raw.columns.into_inner().into_iter().map(|n| self.node(n, Side::Columns)).collect();
        let heads: Vec<Head> = match raw.heads.into_inner() {
            RawHeads::List(heads) => heads.into_iter().map(head).collect(),
        };
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
                .hint("give one head for each column of row labels, such as heads = [\"类别\", \"年度\"]"),
            );
        }
        let marks = raw.marks.into_iter().filter_map(|(name, text)| Some((self.mark(&name)?, text))).collect();
        let generated = raw.generated.unwrap_or_else(|| report.generated.clone());
        let numbered = raw.number.is_empty() && generated.contains(&Generated::Number);
        let number = if numbered { format!("表{}", nth + 1) } else { raw.number };
        let page_rows = raw.page_rows.and_then(|rows| self.page_rows(&rows));
        let bound = raw.cell_notes.into_iter().map(|note| (note.text, self.selector(note.filter))).collect();
        TableSpec {
            id: raw.id.into_inner(),
            number,
            title: raw.title,
            title_en: raw.title_en,
            unit_note: raw.unit_note,
            generated,
            bilingual: raw.bilingual.unwrap_or(report.bilingual),
            page_rows,
            from: raw.from.into_inner(),
            filter,
            heads,
            rows,
            columns,
            merge: raw.merge.into_iter().collect(),
            absent: raw.absent.into_iter().map(|absent| self.selector(absent)).collect(),
            marks,
            notes: raw.notes,
            bound,
            source: raw.source,
            style,
            stated: std::mem::take(&mut self.stated),
            place,
        }
    }

    fn chart(&mut self, raw: RawChart) -> ChartSpec {
        self.check_id(&raw.id);
        let filter = self.selector(raw.filter);
        let place = self.place(raw.from.span());
        let series_span = raw.series.span();
        let x = Category {
            place: self.place(raw.x.dimension.span()),
            dimension: raw.x.dimension.into_inner(),
            labels: raw.x.labels,
            order: order(raw.x.order),
        };
        let y = self.axis(raw.y);
        let kind = raw.kind;
        let y2_span = raw.y2.as_ref().map(|y| y.unit.span());
        let y2 = raw.y2.map(|y| self.axis(y));
        if let Some(span) = y2_span.filter(|_| kind != Kind::BarLine) {
            self.faults.push(
                Diagnostic::error("second-axis", "only bar-line has a second axis")
                    .at(self.place(span))
                    .hint("remove y2, or write kind = \"bar-line\" with shape = \"line\" at the series it is for"),
            );
        }
        let series: Vec<SeriesSpec> =
            raw.series.into_inner().into_iter().enumerate().map(|(n, s)| self.series(n, s, kind)).collect();
        let fits = match kind {
            Kind::Diverging | Kind::Ranked => series.len() == 1,
            Kind::Pyramid => series.len() == 2,
            Kind::Stacked | Kind::Share | Kind::Likert | Kind::Waterfall => series.len() >= 2,
            _ => !series.is_empty(),
        };
        if !fits {
            self.faults.push(
                Diagnostic::error("series", format!("a chart of this kind cannot show {} series", series.len()))
                    .at(self.place(series_span))
                    .hint("write one series for diverging and ranked bars, two for a pyramid, two or more for stacked bars and waterfalls, one or more for other charts"),
            );
        }
        ChartSpec {
            id: raw.id.into_inner(),
            kind,
            number: raw.number,
            title: raw.title,
            from: raw.from.into_inner(),
            filter,
            x,
            y,
            y2,
            series,
            notes: raw.notes,
            source: raw.source,
            alt: raw.alt,
            stated: std::mem::take(&mut self.stated),
            place,
        }
    }

    fn axis(&mut self, raw: RawY) -> Axis {
        Axis {
            place: self.place(raw.unit.span()),
            unit: raw.unit.into_inner(),
            label: raw.label,
            decimals: raw.decimals,
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
            filter: self.selector(raw.filter),
            value: raw.value.unwrap_or_else(|| "value".to_owned()),
            shape: raw.shape.unwrap_or(natural),
            is_total: raw.total,
            falls: raw.falls,
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
                labels_en: raw.labels_en,
                order: order(raw.order),
            },
            (Some(text), None) => Name::Label { text, english: raw.label_en },
            (label, _) => {
                let shown = label.clone().unwrap_or_default();
                self.faults.push(
                    Diagnostic::error("label-or-each", "an entry needs either a label or each, and not both")
                        .at(place.clone())
                        .hint("write label = \"…\" for one entry, or each = \"period\" for one per code in the data"),
                );
                Name::Label { text: shown, english: String::new() }
            }
        };
        let filter = self.selector(raw.filter);
        let children = children.into_iter().map(|n| self.node(n, side)).collect();
        if raw.indent > INDENT_MAX {
            self.faults.push(
                Diagnostic::error("bad-indent", format!("a label cannot be set in by {} steps", raw.indent))
                    .at(place.clone())
                    .hint(format!("write a number from 0 to {INDENT_MAX}")),
            );
        }
        Node { name, note: raw.note, indent: raw.indent, of_which: raw.of_which, filter, style, children, place }
    }

    fn page_rows(&mut self, rows: &Spanned<usize>) -> Option<usize> {
        if *rows.get_ref() == 0 {
            self.faults.push(
                Diagnostic::error("bad-page", "a page of no rows prints nothing")
                    .at(self.place(rows.span()))
                    .hint("write how many rows of the body one page takes, such as page_rows = 30"),
            );
        }
        Some(*rows.get_ref()).filter(|rows| *rows > 0)
    }

    fn style(
        &mut self,
        value: Option<String>,
        unit: Option<Spanned<String>>,
        decimals: Option<Spanned<RawDecimals>>,
        grouping: Option<bool>,
        sign: Option<RawSign>,
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
        if !is_file_name(text) {
            self.faults.push(bad_id(text).at(self.place(id.span())));
        }
    }

    /// A selector, its values noted with their places.
    fn selector(&mut self, raw: RawSelector) -> Selector {
        let mut selector = Selector::new();
        for (column, values) in raw {
            let span = values.span();
            let values = match values.into_inner() {
                RawValues::One(value) => vec![value],
                RawValues::Several(values) => values,
            };
            for value in &values {
                let written = self.source.text.get(span.clone()).and_then(|text| text.find(&format!("\"{value}\"")));
                let span = written.map_or(span.clone(), |at| span.start + at..span.start + at + value.len() + 2);
                self.stated.push(Stated { column: column.clone(), value: value.clone(), place: self.place(span) });
            }
            selector.insert(column, values);
        }
        selector
    }
}

/// Whether a report's folder has a name that cannot be one in the output; if so, it is told.
pub fn refuse_name(name: &str, source: &Arc<SourceText>, faults: &mut Vec<Diagnostic>) -> bool {
    let refused = !is_file_name(name);
    if refused {
        faults.push(bad_id(name).at(Place::file(&source.name)).hint("rename the folder; its tables are not printed"));
    }
    refused
}

/// Small letters only: some systems take `A` and `a` for one file.
fn is_file_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
}

fn bad_id(text: &str) -> Diagnostic {
    Diagnostic::error("bad-id", format!("\"{text}\" cannot be a file name"))
        .hint("use small letters a-z, digits, _ and -")
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
        RawHeadCell::Bilingual { text, en } => Head::Bilingual { text, english: en },
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
