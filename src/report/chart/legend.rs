//! How the series of a chart are named: in a legend above it, or at the ends of their lines.

use plotters::style::RGBColor;

use super::axis::Steps;
use super::draw::colour;
use super::font::Face;
use super::plot::{Plot, Series};
use super::scene::spread;
use crate::report::definition::spec::{Kind, Shape};

pub const LABEL_SIZE: f64 = 14.0;
/// Lines that are named at their ends, and how wide their names may be.
const NAMED_MAX: usize = 8;
const NAMED_WIDTH_MAX: f64 = 200.0;

/// One entry of the legend.
#[derive(Clone)]
pub struct Entry {
    pub label: String,
    pub colour: RGBColor,
    pub shape: Shape,
    pub nth: usize,
}

/// The legend in rows that fit; nothing for a single series that the title already names.
pub fn legend_rows(plot: &Plot, face: &Face, width: f64) -> Vec<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for series in &plot.series {
        let own = if plot.kind == Kind::Diverging { &plot.palette.chart.positive } else { &series.colour };
        let entry = |label: &str, hex: &str| Entry {
            label: label.to_owned(),
            colour: colour(hex),
            shape: series.shape,
            nth: series.nth,
        };
        entries.push(entry(&series.label, own));
        if !series.negative_label.is_empty() {
            entries.push(entry(&series.negative_label, &plot.palette.chart.negative));
        }
    }
    let named_in_place =
        matches!(plot.kind, Kind::Slope | Kind::Pyramid | Kind::Heat | Kind::SmallMultiples | Kind::Waterfall);
    if entries.len() < 2 || named_in_place {
        return Vec::new();
    }
    let mut rows: Vec<Vec<Entry>> = vec![Vec::new()];
    let mut used = 0.0;
    for entry in entries {
        let wide = entry_width(face, &entry.label);
        if used + wide > width && used > 0.0 {
            rows.push(Vec::new());
            used = 0.0;
        }
        used += wide;
        if let Some(row) = rows.last_mut() {
            row.push(entry);
        }
    }
    rows
}

pub fn entry_width(face: &Face, label: &str) -> f64 {
    face.width(label, LABEL_SIZE) + 32.0 + 24.0
}

/// The room that the names of lines take at their ends; `None` where they stand in a legend: lines that end early, names
/// that are long, or more lines than can be told apart there.
pub fn named_at_ends(plot: &Plot, face: &Face) -> Option<i32> {
    let reach = plot.series.iter().all(|s| s.points.last().is_some_and(Option::is_some));
    let wide = plot.series.iter().map(|s| face.width(&s.label, LABEL_SIZE)).fold(0.0, f64::max);
    let fits = plot.kind == Kind::Line && plot.series.len() > 1 && plot.series.len() <= NAMED_MAX;
    (fits && reach && wide <= NAMED_WIDTH_MAX).then(|| wide.ceil() as i32 + 12)
}

/// Where each line's name stands, as near to its end as the others let it.
pub fn ends(plot: &Plot, steps: &Steps, top: i32, bottom: i32) -> Vec<(usize, i32)> {
    let end = |s: &Series| {
        s.points.last().and_then(Option::as_ref).map_or(bottom, |p| height_of(steps, p.number, top, bottom))
    };
    let wanted: Vec<i32> = plot.series.iter().map(end).collect();
    spread(&wanted, 20, top, bottom).into_iter().enumerate().collect()
}

pub fn height_of(steps: &Steps, number: f64, top: i32, bottom: i32) -> i32 {
    let share = (number - steps.low) / (steps.high - steps.low);
    bottom - (share * f64::from(bottom - top)).round() as i32
}
