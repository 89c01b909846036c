//! A chart's rows to a plot: categories and series with exact numbers and their texts; all that the drawing sees.

use std::collections::BTreeSet;
use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::diag::{Checked, Diagnostic};
use crate::domain::code::TOTAL;
use crate::domain::value::Status;
use crate::report::definition::spec::{
    Axis, ChartSpec, Decimals, Kind, Order, Palette, Selector, SeriesSpec, Shape, Style,
};
use crate::report::definition::stated::{Wanted, filled, unknown_codes};
use crate::report::rows::kept::names_observations;
use crate::report::rows::names::Names;
use crate::report::rows::records::{Records, below};
use crate::report::rows::source::{Tables, unknown_column};
use crate::report::table::layout::{Reading, code_label, codes};
use crate::report::table::select::figure;
use crate::store::release::Kept;
use crate::warehouse::Rows;

/// Categories beyond this cannot be read on one page.
const CATEGORIES_MAX: usize = 60;

/// A chart ready to be drawn.
#[derive(Clone, Debug)]
pub struct Plot {
    pub id: String,
    pub kind: Kind,
    pub number: String,
    pub title: String,
    /// Stands above the vertical axis: 单位：万人.
    pub y_label: String,
    /// Above the right axis, where there is one.
    pub y2_label: Option<String>,
    pub categories: Vec<String>,
    pub series: Vec<Series>,
    pub notes: Vec<String>,
    pub source: String,
    pub alt: String,
    /// The observations behind the points.
    pub obs_ids: BTreeSet<String>,
    /// Tables of earlier releases whose figures are drawn here.
    pub kept: Vec<Kept>,
    pub palette: Arc<Palette>,
}

#[derive(Clone, Debug)]
pub struct Series {
    pub label: String,
    pub negative_label: String,
    pub shape: Shape,
    pub is_total: bool,
    pub falls: bool,
    pub colour: String,
    pub nth: usize,
    /// One per category; `None` where there is no number.
    pub points: Vec<Option<Point>>,
}

impl Series {
    /// A number of it as it is written: one that is taken off bears its sign.
    pub fn shown(&self, point: &Point) -> String {
        let sign = if self.falls && !self.is_total { "-" } else { "" };
        format!("{sign}{}", point.text)
    }
}

#[derive(Clone, Debug)]
pub struct Point {
    /// In the unit of the axis; binary only because pixels are.
    pub number: f64,
    /// Rounded as declared.
    pub text: String,
    /// The source calls it provisional or an estimate.
    pub provisional: bool,
    /// It is not comparable with the point before it.
    pub broken: bool,
}

/// What is said below a chart of provisional figures, and of a break in a series.
const PROVISIONAL: &str = "注：斜线或空心标记为初步数或估计数。";
const BROKEN: &str = "注：折线断开处口径有变化，前后不可比。";

impl Plot {
    pub fn full_title(&self) -> String {
        if self.number.is_empty() { self.title.clone() } else { format!("{}　{}", self.number, self.title) }
    }

    /// Every text the drawing will hold.
    pub fn texts(&self) -> Vec<String> {
        let mut texts = vec![self.full_title(), self.y_label.clone(), self.source.clone()];
        texts.extend(self.categories.iter().cloned());
        texts.extend(self.y2_label.clone());
        texts.extend(self.notes.iter().cloned());
        for series in &self.series {
            texts.extend([series.label.clone(), series.negative_label.clone()]);
            texts.extend(series.points.iter().flatten().map(|p| p.text.clone()));
        }
        texts
    }
}

/// Fill a chart from the release.
pub fn fill(spec: &ChartSpec, tables: &Tables<'_>, names: &Names, palette: &Arc<Palette>) -> Checked<Option<Plot>> {
    let wanted = Wanted { from: &spec.from, filter: &spec.filter, stated: &spec.stated, place: &spec.place };
    filled(wanted, tables, |records| check(spec, records, names), |rows| fill_rows(spec, rows, names, palette))
}

/// Fill a chart from rows already read.
pub fn fill_rows(spec: &ChartSpec, rows: &Rows, names: &Names, palette: &Arc<Palette>) -> Checked<Option<Plot>> {
    let records = Records::new(rows);
    let mut faults = check(spec, &records, names);
    let axes = [Some(&spec.y), spec.y2.as_ref()];
    let labels: Vec<Option<String>> =
        axes.map(|axis| axis.and_then(|axis| axis_label(axis, names, &mut faults))).into();
    if !faults.is_empty() {
        return Checked::new(None, faults);
    }
    let categories = categories(spec, &records);
    let (least, most) = match spec.kind {
        Kind::Slope => (2, 2),
        Kind::Waterfall => (1, 1),
        _ => (1, CATEGORIES_MAX),
    };
    if categories.len() < least || categories.len() > most {
        faults.push(
            Diagnostic::error(
                "chart-categories",
                format!("the chart \"{}\" has {} categories, not {least} to {most}", spec.id, categories.len()),
            )
            .at(spec.x.place.clone())
            .hint("widen or narrow it with where = { … }"),
        );
        return Checked::new(None, faults);
    }
    let mut filled: Vec<(Series, Vec<Option<Decimal>>)> = Vec::new();
    for series in &spec.series {
        filled.push(fill_series(spec, series, &categories, &records, names, &mut faults));
    }
    if filled.iter().all(|(series, _)| series.points.iter().all(Option::is_none)) {
        faults.push(
            Diagnostic::error("no-points", format!("the chart \"{}\" has no numbers to draw", spec.id))
                .at(spec.place.clone())
                .hint("check the where = { … } and the value of its series"),
        );
        return Checked::new(None, faults);
    }
    let category_labels: Vec<String> =
        categories.iter().map(|code| code_label(&spec.x.dimension, code, &spec.x.labels, names)).collect();
    let mut plot = Plot {
        id: spec.id.clone(),
        kind: spec.kind,
        number: spec.number.clone(),
        title: spec.title.clone(),
        y_label: labels[0].clone().unwrap_or_default(),
        y2_label: labels[1].clone(),
        categories: category_labels,
        series: Vec::new(),
        notes: spec.notes.clone(),
        source: spec.source.clone(),
        alt: String::new(),
        obs_ids: obs_ids(spec, &records),
        kept: Vec::new(),
        palette: palette.clone(),
    };
    if spec.x.order == Order::ValueDescending || spec.kind == Kind::Ranked {
        sort_by_value(&mut plot.categories, &mut filled);
    }
    plot.series = filled.into_iter().map(|(series, _)| series).collect();
    plot.notes.extend(said(&plot));
    plot.alt = if spec.alt.is_empty() { describe(&plot) } else { spec.alt.clone() };
    Checked::new(Some(plot), faults)
}

/// What stands above an axis; its unit must be known.
fn axis_label(axis: &Axis, names: &Names, faults: &mut Vec<Diagnostic>) -> Option<String> {
    let Some(unit) = names.unit(&axis.unit) else {
        faults.push(
            Diagnostic::error("unknown-unit", format!("there is no unit \"{}\"", axis.unit))
                .at(axis.place.clone())
                .hint(names.unit_hint(&axis.unit)),
        );
        return None;
    };
    Some(if axis.label.is_empty() { format!("单位：{}", unit.name_zh) } else { axis.label.clone() })
}

/// Every column that the chart names must exist, and every code must be known.
fn check(spec: &ChartSpec, records: &Records<'_>, names: &Names) -> Vec<Diagnostic> {
    let of_series = spec.series.iter().flat_map(|s| s.filter.keys().chain([&s.value]));
    let named: BTreeSet<&String> = of_series.chain(spec.filter.keys()).chain([&spec.x.dimension]).collect();
    let mut faults: Vec<Diagnostic> = named
        .into_iter()
        .filter(|column| !records.has(column))
        .map(|column| unknown_column(&spec.from, column, records, &spec.place))
        .collect();
    faults.extend(unknown_codes(&spec.stated, records, names));
    faults
}

fn obs_ids(spec: &ChartSpec, records: &Records<'_>) -> BTreeSet<String> {
    let rows = spec.series.iter().flat_map(|series| records.matching(&series.filter));
    let columns: Vec<&str> = records.column_names().filter(|column| names_observations(column)).collect();
    rows.flat_map(|row| columns.iter().map(move |column| records.text(row, column))).collect()
}

/// The codes along the axis that some series has a number for.
fn categories(spec: &ChartSpec, records: &Records<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for series in &spec.series {
        for code in codes(&spec.x.dimension, &series.filter, spec.x.order, records, Reading::Downwards) {
            if !all.contains(&code) {
                all.push(code);
            }
        }
    }
    // A period is its own order, whatever the source prints first.
    if spec.x.order == Order::Code || spec.x.dimension == "period" {
        all.sort();
    }
    all
}

fn fill_series(
    spec: &ChartSpec,
    series: &SeriesSpec,
    categories: &[String],
    records: &Records<'_>,
    names: &Names,
    faults: &mut Vec<Diagnostic>,
) -> (Series, Vec<Option<Decimal>>) {
    let axis = spec.y2.as_ref().filter(|_| series.shape == Shape::Line).unwrap_or(&spec.y);
    let style = Style {
        value: Some(series.value.clone()),
        unit: Some((axis.unit.clone(), axis.place.clone())),
        decimals: Some(Decimals::Fixed(axis.decimals)),
        ..Style::default()
    };
    let (mut points, mut exact) = (Vec::new(), Vec::new());
    for code in categories {
        let own = Selector::from([(spec.x.dimension.clone(), vec![code.clone()])]);
        let found = records.matching(&below(&series.filter, &own));
        let value = match found.as_slice() {
            [] => None,
            [one] => records.number(*one, &series.value).map(|value| (*one, value)),
            several => {
                faults.push(ambiguous(spec, series, code, several, records));
                None
            }
        };
        let figure = value
            .and_then(|(at, value)| figure(value, at, records, &style, names).map_err(|fault| faults.push(fault)).ok());
        exact.push(value.map(|(_, value)| value).filter(|_| figure.is_some()));
        let scale = names.unit(&axis.unit);
        points.push(figure.and_then(|figure| {
            let number = value.and_then(|(_, v)| scale.and_then(|u| u.from_base(v))).and_then(|n| n.to_f64())?;
            let row = value.map_or(0, |(at, _)| at);
            let status = Status::parse(&records.text(row, "status")).unwrap_or_default();
            let provisional = matches!(status, Status::Provisional | Status::Estimated);
            let broken = !records.text(row, "break").is_empty();
            Some(Point { number, text: figure.text(), provisional, broken })
        }));
    }
    if points.iter().all(Option::is_none) {
        faults.push(
            Diagnostic::warning(
                "empty-series",
                format!("the series \"{}\" of chart \"{}\" has no numbers", series.label, spec.id),
            )
            .at(spec.place.clone())
            .hint("check its where = { … }"),
        );
    }
    let series = Series {
        label: series.label.clone(),
        negative_label: series.negative_label.clone(),
        shape: series.shape,
        is_total: series.is_total,
        falls: series.falls,
        colour: series.colour.clone(),
        nth: series.nth,
        points,
    };
    (series, exact)
}

fn ambiguous(spec: &ChartSpec, series: &SeriesSpec, code: &str, rows: &[usize], records: &Records<'_>) -> Diagnostic {
    let differing: Vec<&str> = records
        .column_names()
        .filter(|c| rows.iter().any(|at| records.text(*at, c) != records.text(rows[0], c)))
        .filter(|c| !["obs_id", "value", "printed", "cell", "notes"].contains(c))
        .collect();
    Diagnostic::error(
        "ambiguous-point",
        format!(
            "{} rows answer {} = \"{code}\" in the series \"{}\" of chart \"{}\"",
            rows.len(),
            spec.x.dimension,
            series.label,
            spec.id
        ),
    )
    .at(spec.place.clone())
    .hint(format!("they differ in {}; name one in where, the total is \"{TOTAL}\"", differing.join(", ")))
}

/// Categories from the largest number of the first series to the smallest.
fn sort_by_value(categories: &mut Vec<String>, filled: &mut [(Series, Vec<Option<Decimal>>)]) {
    let Some((_, exact)) = filled.first() else { return };
    let mut order: Vec<usize> = (0..categories.len()).collect();
    order.sort_by(|a, b| exact[*b].cmp(&exact[*a]).then(a.cmp(b)));
    *categories = order.iter().map(|at| categories[*at].clone()).collect();
    for (series, _) in filled {
        series.points = order.iter().map(|at| series.points[*at].clone()).collect();
    }
}

/// What the look of some points means; only bars and lines show it.
fn said(plot: &Plot) -> Vec<String> {
    let drawn = plot.series.iter().flat_map(|series| {
        // A break shows where a line comes from a point before it.
        let before = std::iter::once(false).chain(series.points.iter().map(Option::is_some));
        series.points.iter().zip(before).filter_map(move |(point, before)| Some((series, point.as_ref()?, before)))
    });
    let shown: Vec<(&Series, &Point, bool)> = drawn.collect();
    let is_axis = matches!(plot.kind, Kind::Line | Kind::Bar | Kind::BarLine | Kind::Diverging);
    let provisional = is_axis && shown.iter().any(|(_, point, _)| point.provisional);
    let broken =
        is_axis && shown.iter().any(|(series, point, before)| series.shape == Shape::Line && point.broken && *before);
    let notes = [(provisional, PROVISIONAL), (broken, BROKEN)];
    notes.into_iter().filter(|(is_said, _)| *is_said).map(|(_, note)| note.to_owned()).collect()
}

/// The chart in words: every series with its numbers.
fn describe(plot: &Plot) -> String {
    let mut words = format!("{}（{}）。", plot.title, plot.y_label);
    for series in &plot.series {
        let numbers: Vec<String> = plot
            .categories
            .iter()
            .zip(&series.points)
            .filter_map(|(category, point)| Some(format!("{category} {}", series.shown(point.as_ref()?))))
            .collect();
        words.push_str(&format!("{}：{}。", series.label, numbers.join("，")));
    }
    words
}
