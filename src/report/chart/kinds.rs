//! The charts that are more than bars and lines over an axis of years: stacked bars, ranked bars, dot plot, slope chart, pyramid,
//! Likert bars, heat map, small multiples, waterfall. Each places marks in pixels; no number is made here that is printed.

use plotters::style::RGBColor;

use super::axis::Steps;
use super::draw::colour;
use super::font::Face;
use super::label::Box2;
use super::plot::{Plot, Point, Series};
use super::scene::{Anchor, Scene, Type, spread};
use crate::report::definition::spec::Kind;

pub const LABEL: f64 = 14.0;
const VALUE: f64 = 12.5;
/// Height of a row of horizontal bars, and of one panel.
const ROW: i32 = 34;
const PANEL: i32 = 170;
/// Columns of small multiples.
const PANELS_WIDE: usize = 3;
const PLOT: i32 = 380;

/// What is drawn into: the edges, and the first line below the heads.
pub struct Stage<'a> {
    pub plot: &'a Plot,
    pub face: &'a Face,
    pub left: i32,
    pub right: i32,
    pub top: i32,
}

/// Whether a kind is drawn here.
pub fn is_composed(kind: Kind) -> bool {
    !matches!(kind, Kind::Line | Kind::Bar | Kind::BarLine | Kind::Diverging)
}

/// Compose the marks of a chart; the line below the last of them.
pub fn compose(stage: &Stage<'_>, scene: &mut Scene<'_>) -> i32 {
    match stage.plot.kind {
        Kind::Stacked => stage.stacked(scene, false),
        Kind::Share => stage.stacked(scene, true),
        Kind::Ranked => stage.ranked(scene),
        Kind::Dot => stage.dots(scene),
        Kind::Slope => stage.slope(scene),
        Kind::Pyramid => stage.pyramid(scene),
        Kind::Likert => stage.likert(scene),
        Kind::Heat => stage.heat(scene),
        Kind::SmallMultiples => stage.multiples(scene),
        Kind::Waterfall => stage.waterfall(scene),
        Kind::Line | Kind::Bar | Kind::BarLine | Kind::Diverging => stage.top,
    }
}

/// A scale from numbers to pixels.
#[derive(Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
    from: i32,
    to: i32,
}

impl Scale {
    fn at(&self, number: f64) -> i32 {
        let share = (number - self.low) / (self.high - self.low);
        self.from + (share * f64::from(self.to - self.from)).round() as i32
    }
}

impl Stage<'_> {
    fn ink(&self) -> RGBColor {
        colour(&self.plot.palette.chart.ink)
    }

    fn faint(&self) -> RGBColor {
        colour(&self.plot.palette.chart.faint)
    }

    fn grid(&self) -> RGBColor {
        colour(&self.plot.palette.chart.grid)
    }

    fn paper(&self) -> RGBColor {
        colour(&self.plot.palette.chart.paper)
    }

    fn kind(&self, size: f64, anchor: Anchor) -> Type {
        Type { size, colour: self.ink(), anchor, bold: false }
    }

    fn numbers(&self) -> impl Iterator<Item = f64> + '_ {
        self.plot.series.iter().flat_map(|s| s.points.iter().flatten().map(|p| p.number))
    }

    fn widest<'t>(&self, texts: impl Iterator<Item = &'t str>, size: f64) -> i32 {
        texts.map(|text| self.face.width(text, size).ceil() as i32).max().unwrap_or(0)
    }

    fn slot(&self, left: i32) -> f64 {
        f64::from(self.right - left) / self.plot.categories.len().max(1) as f64
    }

    /// Horizontal lines with their numbers, left of the plot.
    fn ticks_left(&self, scene: &mut Scene<'_>, steps: &Steps, scale: Scale, left: i32) {
        for (number, text) in steps.ticks() {
            let y = scale.at(number);
            scene.path(vec![(left, y), (self.right, y)], self.grid(), 1);
            scene.text(&text, (left - 8, y), Type { colour: self.faint(), ..self.kind(LABEL, Anchor::End) });
        }
    }

    /// Names below the columns, in lines that fit.
    fn names_below(&self, scene: &mut Scene<'_>, names: &[String], left: i32, y: i32) -> i32 {
        let slot = f64::from(self.right - left) / names.len().max(1) as f64;
        let mut deepest = 1;
        for (at, name) in names.iter().enumerate() {
            let x = f64::from(left) + (at as f64 + 0.5) * slot;
            let lines = self.face.wrap(name, LABEL, slot - 4.0);
            deepest = deepest.max(lines.len());
            for (nth, line) in lines.iter().enumerate() {
                scene.text(line, (x as i32, y + 18 + nth as i32 * 20), self.kind(LABEL, Anchor::Middle));
            }
        }
        y + 14 + deepest as i32 * 20
    }

    /// A number within a bar, in the colour that can be read on it, where there is room.
    fn inside(&self, scene: &mut Scene<'_>, point: &Point, place: Box2, fill: RGBColor) {
        let wide = self.face.width(&point.text, VALUE).ceil() as i32 + 6;
        if place.right - place.left < wide || place.bottom - place.top < 17 {
            return;
        }
        let centre = ((place.left + place.right) / 2, (place.top + place.bottom) / 2);
        // The hatching is broken behind the number.
        scene.rectangle(Box2::new(centre.0 - wide / 2, centre.1 - 8, centre.0 + wide / 2, centre.1 + 8), fill);
        let ink = if is_dark(fill) { self.paper() } else { self.ink() };
        scene.text(&point.text, centre, Type { colour: ink, ..self.kind(VALUE, Anchor::Middle) });
    }

    /// Bars one above the other; as shares every bar is as high as the plot.
    fn stacked(&self, scene: &mut Scene<'_>, as_shares: bool) -> i32 {
        let total = |at: usize| self.plot.series.iter().filter_map(|s| s.points[at].as_ref()).map(|p| p.number).sum();
        let totals: Vec<f64> = (0..self.plot.categories.len()).map(total).collect();
        let steps = if as_shares { Steps::around([100.0]) } else { Steps::around(totals.iter().copied()) };
        let left = self.left + self.widest(steps.ticks().iter().map(|(_, t)| t.as_str()), LABEL) + 10;
        let (top, bottom) = (self.top + 10, self.top + PLOT);
        let scale = Scale { low: steps.low, high: if as_shares { 100.0 } else { steps.high }, from: bottom, to: top };
        let shown: Vec<(f64, String)> = steps.ticks().into_iter().filter(|(n, _)| *n <= scale.high).collect();
        for (number, text) in &shown {
            let y = scale.at(*number);
            scene.path(vec![(left, y), (self.right, y)], self.grid(), 1);
            scene.text(text, (left - 8, y), Type { colour: self.faint(), ..self.kind(LABEL, Anchor::End) });
        }
        let slot = self.slot(left);
        let wide = (slot * 0.62).min(84.0);
        for (at, total) in totals.iter().enumerate() {
            let middle = f64::from(left) + (at as f64 + 0.5) * slot;
            let factor = if as_shares && *total > 0.0 { 100.0 / total } else { 1.0 };
            let mut level = 0.0;
            for series in &self.plot.series {
                let Some(point) = &series.points[at] else { continue };
                let (from, to) = (scale.at(level), scale.at(level + point.number * factor));
                level += point.number * factor;
                let place = Box2::new((middle - wide / 2.0) as i32, to, (middle + wide / 2.0) as i32, from);
                let fill = colour(&series.colour);
                scene.bar(place, fill, series.nth, self.paper());
                scene.path(vec![(place.left, to), (place.right, to)], self.paper(), 1);
                self.inside(scene, point, place, fill);
            }
        }
        scene.path(vec![(left, scale.at(0.0)), (self.right, scale.at(0.0))], self.ink(), 1);
        self.names_below(scene, &self.plot.categories, left, bottom)
    }

    /// Names on the left, and where the plot begins beside them.
    fn names_left(&self, scene: &mut Scene<'_>, names: &[&str]) -> i32 {
        let room = f64::from(self.right - self.left) * 0.38;
        let wrapped: Vec<Vec<String>> = names.iter().map(|name| self.face.wrap(name, LABEL, room)).collect();
        let left = self.left + self.widest(wrapped.iter().flatten().map(String::as_str), LABEL) + 12;
        for (at, lines) in wrapped.iter().enumerate() {
            let middle = self.top + 10 + at as i32 * ROW + ROW / 2;
            let first = middle - (lines.len() as i32 - 1) * 8;
            for (nth, line) in lines.iter().take(2).enumerate() {
                scene.text(line, (left - 12, first + nth as i32 * 16), self.kind(LABEL, Anchor::End));
            }
        }
        left
    }

    fn row_middle(&self, at: usize) -> i32 {
        self.top + 10 + at as i32 * ROW + ROW / 2
    }

    /// Horizontal bars from a base of zero, the number at the end of each.
    fn ranked(&self, scene: &mut Scene<'_>) -> i32 {
        let names: Vec<&str> = self.plot.categories.iter().map(String::as_str).collect();
        let left = self.names_left(scene, &names);
        let room = self.widest(self.plot.series[0].points.iter().flatten().map(|p| p.text.as_str()), VALUE) + 12;
        let high = self.numbers().fold(0.0, f64::max);
        let scale = Scale { low: 0.0, high: if high > 0.0 { high } else { 1.0 }, from: left, to: self.right - room };
        let series = &self.plot.series[0];
        for (at, point) in series.points.iter().enumerate() {
            let Some(point) = point else { continue };
            let (y, end) = (self.row_middle(at), scale.at(point.number.max(0.0)));
            scene.rectangle(Box2::new(left, y - 11, end, y + 11), colour(&series.colour));
            scene.text(&point.text, (end + 6, y), self.kind(VALUE, Anchor::Start));
        }
        let bottom = self.top + 10 + names.len() as i32 * ROW;
        scene.path(vec![(left, self.top + 6), (left, bottom + 4)], self.ink(), 1);
        bottom + 14
    }

    /// Dots on a line for each category; filled and open tell the series apart without colour.
    fn dots(&self, scene: &mut Scene<'_>) -> i32 {
        let names: Vec<&str> = self.plot.categories.iter().map(String::as_str).collect();
        let left = self.names_left(scene, &names);
        let steps = Steps::around(self.numbers());
        let scale = Scale { low: steps.low, high: steps.high, from: left + 6, to: self.right - 30 };
        let bottom = self.top + 10 + names.len() as i32 * ROW;
        self.ticks_below(scene, &steps, scale, bottom);
        for at in 0..names.len() {
            let y = self.row_middle(at);
            let own: Vec<(&Series, &Point)> =
                self.plot.series.iter().filter_map(|s| Some((s, s.points[at].as_ref()?))).collect();
            let xs: Vec<i32> = own.iter().map(|(_, point)| scale.at(point.number)).collect();
            if let (Some(low), Some(high)) = (xs.iter().min(), xs.iter().max()) {
                scene.path(vec![(*low, y), (*high, y)], self.faint(), 2);
            }
            for ((series, point), x) in own.iter().zip(&xs) {
                scene.dot((*x, y), 6, self.paper(), true);
                scene.dot((*x, y), 6, colour(&series.colour), series.nth.is_multiple_of(2));
                let is_left = xs.iter().all(|other| other >= x) && xs.len() > 1;
                let (dx, anchor) = if is_left { (-11, Anchor::End) } else { (11, Anchor::Start) };
                scene.text_if_free(&point.text, (x + dx, y), self.kind(VALUE, anchor));
            }
        }
        bottom + 34
    }

    /// Vertical lines with their numbers below.
    fn ticks_below(&self, scene: &mut Scene<'_>, steps: &Steps, scale: Scale, bottom: i32) {
        for (number, text) in steps.ticks() {
            let x = scale.at(number);
            scene.path(vec![(x, self.top + 6), (x, bottom + 4)], self.grid(), 1);
            let kind = Type { colour: self.faint(), ..self.kind(VALUE, Anchor::Middle) };
            scene.text_if_free(&text, (x, bottom + 18), kind);
        }
    }

    /// Two moments, a line for each series, its name and numbers at both ends.
    fn slope(&self, scene: &mut Scene<'_>) -> i32 {
        let label = |series: &Series, at: usize, name_first: bool| {
            let text = series.points[at].as_ref().map_or("", |p| p.text.as_str());
            if name_first { format!("{}　{text}", series.label) } else { format!("{text}　{}", series.label) }
        };
        let last = self.plot.categories.len() - 1;
        let lefts: Vec<String> = self.plot.series.iter().map(|s| label(s, 0, true)).collect();
        let rights: Vec<String> = self.plot.series.iter().map(|s| label(s, last, false)).collect();
        let left = self.left + self.widest(lefts.iter().map(String::as_str), LABEL) + 14;
        let right = self.right - self.widest(rights.iter().map(String::as_str), LABEL) - 14;
        let (low, high) = self.numbers().fold((f64::MAX, f64::MIN), |(l, h), n| (l.min(n), h.max(n)));
        let (top, bottom) = (self.top + 40, self.top + PLOT);
        let scale = Scale { low, high: if high > low { high } else { low + 1.0 }, from: bottom - 10, to: top };
        for (x, name) in [(left, &self.plot.categories[0]), (right, &self.plot.categories[last])] {
            scene.path(vec![(x, top - 12), (x, bottom)], self.grid(), 1);
            scene.text(name, (x, top - 26), Type { bold: true, ..self.kind(LABEL, Anchor::Middle) });
        }
        let ends = |at: usize| -> Vec<i32> {
            let of = |s: &Series| s.points[at].as_ref().map_or(top, |p| scale.at(p.number));
            spread(&self.plot.series.iter().map(of).collect::<Vec<_>>(), 20, top, bottom)
        };
        let (first, second) = (ends(0), ends(last));
        for (nth, series) in self.plot.series.iter().enumerate() {
            let own = colour(&series.colour);
            let kind = |anchor| Type { colour: own, ..self.kind(LABEL, anchor) };
            let from = series.points[0].as_ref().map(|p| (left, scale.at(p.number)));
            let to = series.points[last].as_ref().map(|p| (right, scale.at(p.number)));
            scene.path(from.into_iter().chain(to).collect(), own, 3);
            for (point, place, text, anchor) in [
                (from, (left - 12, first[nth]), &lefts[nth], Anchor::End),
                (to, (right + 12, second[nth]), &rights[nth], Anchor::Start),
            ] {
                if let Some(point) = point {
                    scene.dot(point, 5, own, true);
                    scene.text(text, place, kind(anchor));
                }
            }
        }
        bottom + 14
    }

    /// Two series back to back over the names of the rows.
    fn pyramid(&self, scene: &mut Scene<'_>) -> i32 {
        let names = &self.plot.categories;
        let gutter = self.widest(names.iter().map(String::as_str), LABEL) + 24;
        let middle = (self.left + self.right) / 2;
        let room = self
            .widest(self.plot.series.iter().flat_map(|s| s.points.iter().flatten().map(|p| p.text.as_str())), VALUE)
            + 12;
        let steps = Steps::around(self.numbers());
        let rows = self.top + 30;
        for (nth, series) in self.plot.series.iter().take(2).enumerate() {
            let side = if nth == 0 { -1 } else { 1 };
            let from = middle + side * gutter / 2;
            let to = if nth == 0 { self.left + room } else { self.right - room };
            let scale = Scale { low: 0.0, high: steps.high, from, to };
            let heading = Type { bold: true, ..self.kind(LABEL, Anchor::Middle) };
            scene.text(&series.label, ((from + to) / 2, self.top + 10), heading);
            // The youngest below, as pyramids are read.
            for (at, point) in series.points.iter().rev().enumerate() {
                let Some(point) = point else { continue };
                let (y, end) = (rows + at as i32 * 26 + 13, scale.at(point.number));
                scene.bar(
                    Box2::new(from.min(end), y - 10, from.max(end), y + 10),
                    colour(&series.colour),
                    nth,
                    self.paper(),
                );
                let anchor = if nth == 0 { Anchor::End } else { Anchor::Start };
                scene.text(&point.text, (end + side * 6, y), self.kind(VALUE, anchor));
            }
        }
        for (at, name) in names.iter().rev().enumerate() {
            scene.text(name, (middle, rows + at as i32 * 26 + 13), self.kind(LABEL, Anchor::Middle));
        }
        rows + names.len() as i32 * 26 + 14
    }

    /// Answers from the least to the most agreeing, each row's middle answer over one line.
    fn likert(&self, scene: &mut Scene<'_>) -> i32 {
        let names: Vec<&str> = self.plot.categories.iter().map(String::as_str).collect();
        let left = self.names_left(scene, &names);
        let series = &self.plot.series;
        let number = |s: &Series, at: usize| s.points[at].as_ref().map_or(0.0, |p| p.number);
        let half = series.len() / 2;
        // The negative answers and half of a middle one stand left of the line.
        let before = |at: usize| -> f64 {
            let own: f64 = series[..half].iter().map(|s| number(s, at)).sum();
            own + if series.len() % 2 == 1 { number(&series[half], at) / 2.0 } else { 0.0 }
        };
        let whole = |at: usize| -> f64 { series.iter().map(|s| number(s, at)).sum() };
        let low = (0..names.len()).map(before).fold(0.0, f64::max);
        let high = (0..names.len()).map(|at| whole(at) - before(at)).fold(0.0, f64::max);
        let scale = Scale { low: -low, high: if high > -low { high } else { 1.0 }, from: left, to: self.right };
        let bottom = self.top + 10 + names.len() as i32 * ROW;
        scene.path(vec![(scale.at(0.0), self.top + 4), (scale.at(0.0), bottom + 4)], self.ink(), 1);
        for at in 0..names.len() {
            let y = self.row_middle(at);
            let mut level = -before(at);
            for one in series {
                let Some(point) = &one.points[at] else { continue };
                let place = Box2::new(scale.at(level), y - 12, scale.at(level + point.number), y + 12);
                level += point.number;
                let fill = colour(&one.colour);
                scene.bar(place, fill, one.nth, self.paper());
                self.inside(scene, point, place, fill);
            }
        }
        bottom + 14
    }

    /// A row for each series, a column for each category, darker for more; the number stands in its cell.
    fn heat(&self, scene: &mut Scene<'_>) -> i32 {
        let names: Vec<&str> = self.plot.series.iter().map(|s| s.label.as_str()).collect();
        let left = self.names_left(scene, &names);
        let (low, high) = self.numbers().fold((f64::MAX, f64::MIN), |(l, h), n| (l.min(n), h.max(n)));
        let (light, dark) = (RGBColor(232, 240, 247), colour(&self.plot.palette.chart.positive));
        let slot = self.slot(left);
        for (row, series) in self.plot.series.iter().enumerate() {
            let y = self.row_middle(row);
            for (at, point) in series.points.iter().enumerate() {
                let x0 = (f64::from(left) + at as f64 * slot) as i32;
                let place = Box2::new(
                    x0 + 1,
                    y - ROW / 2 + 1,
                    (f64::from(left) + (at + 1) as f64 * slot) as i32 - 1,
                    y + ROW / 2 - 1,
                );
                let Some(point) = point else {
                    // No number is no small number: a crossed empty cell.
                    scene.path(vec![(place.left, place.bottom), (place.right, place.top)], self.grid(), 1);
                    continue;
                };
                let share = if high > low { (point.number - low) / (high - low) } else { 0.5 };
                let fill = between(light, dark, share);
                scene.rectangle(place, fill);
                self.inside(scene, point, place, fill);
            }
        }
        let bottom = self.top + 10 + names.len() as i32 * ROW;
        self.names_below(scene, &self.plot.categories, left, bottom)
    }

    /// One panel for each series, all on one scale.
    fn multiples(&self, scene: &mut Scene<'_>) -> i32 {
        let steps = Steps::around(self.numbers());
        let axis = self.widest(steps.ticks().iter().map(|(_, t)| t.as_str()), VALUE) + 10;
        let wide = (self.right - self.left) / PANELS_WIDE as i32;
        let last = self.plot.categories.len().saturating_sub(1);
        for (nth, series) in self.plot.series.iter().enumerate() {
            let (column, row) = ((nth % PANELS_WIDE) as i32, (nth / PANELS_WIDE) as i32);
            let (x0, y0) = (self.left + column * wide, self.top + row * PANEL);
            let (left, right) = (x0 + axis, x0 + wide - 30);
            let scale = Scale { low: steps.low, high: steps.high, from: y0 + PANEL - 34, to: y0 + 28 };
            scene.text(&series.label, (x0 + 4, y0 + 8), Type { bold: true, ..self.kind(LABEL, Anchor::Start) });
            for (at, (number, text)) in steps.ticks().into_iter().enumerate() {
                let y = scale.at(number);
                scene.path(vec![(left, y), (right, y)], if number == 0.0 { self.faint() } else { self.grid() }, 1);
                if at.is_multiple_of(2) {
                    let kind = Type { colour: self.faint(), ..self.kind(VALUE, Anchor::End) };
                    scene.text_if_free(&text, (left - 6, y), kind);
                }
            }
            let x = |at: usize| left + 4 + (right - left - 8) * at as i32 / last.max(1) as i32;
            let own = colour(&self.plot.series[0].colour);
            let mut run: Vec<(i32, i32)> = Vec::new();
            for (at, point) in series.points.iter().enumerate() {
                match point {
                    Some(point) => run.push((x(at), scale.at(point.number))),
                    None => scene.path(std::mem::take(&mut run), own, 3),
                }
            }
            if let [lone] = run[..] {
                scene.dot(lone, 3, own, true);
            }
            scene.path(run, own, 3);
            if let Some((at, point)) =
                series.points.iter().enumerate().rev().find_map(|(at, p)| Some((at, p.as_ref()?)))
            {
                scene.dot((x(at), scale.at(point.number)), 4, own, true);
                let above = (x(at), (scale.at(point.number) - 14).max(y0 + 24));
                scene.text_if_free(&point.text, above, self.kind(VALUE, Anchor::Middle));
            }
            for at in if last == 0 { vec![0] } else { vec![0, last] } {
                let kind = Type { colour: self.faint(), ..self.kind(VALUE, Anchor::Middle) };
                scene.text_if_free(&self.plot.categories[at], (x(at), y0 + PANEL - 18), kind);
            }
        }
        self.top + self.plot.series.len().div_ceil(PANELS_WIDE) as i32 * PANEL + 6
    }

    /// From one total over what comes in and goes out to the next; each series is a step of the one category.
    fn waterfall(&self, scene: &mut Scene<'_>) -> i32 {
        let series = &self.plot.series;
        let mut level = 0.0;
        let mut spans: Vec<(f64, f64)> = Vec::new();
        for step in series {
            let number = step.points.first().and_then(Option::as_ref).map_or(0.0, |p| p.number);
            let (from, to) = match (step.is_total, step.falls) {
                (true, _) => (0.0, number),
                (_, true) => (level, level - number),
                _ => (level, level + number),
            };
            level = to;
            spans.push((from, to));
        }
        let steps = Steps::around(spans.iter().flat_map(|(from, to)| [*from, *to]));
        let left = self.left + self.widest(steps.ticks().iter().map(|(_, t)| t.as_str()), LABEL) + 10;
        let (top, bottom) = (self.top + 16, self.top + PLOT);
        let scale = Scale { low: steps.low, high: steps.high, from: bottom, to: top };
        self.ticks_left(scene, &steps, scale, left);
        let slot = f64::from(self.right - left) / series.len().max(1) as f64;
        let x = |at: usize| f64::from(left) + (at as f64 + 0.5) * slot;
        let half = (slot * 0.31).min(44.0);
        for (at, (step, (from, to))) in series.iter().zip(&spans).enumerate() {
            let chart = &self.plot.palette.chart;
            let fill = match (step.is_total, to < from) {
                (true, _) => self.faint(),
                (_, true) => colour(&chart.negative),
                _ => colour(&chart.positive),
            };
            let (high, low) = (scale.at(from.max(*to)), scale.at(from.min(*to)));
            let place = Box2::new((x(at) - half) as i32, high, (x(at) + half) as i32, low);
            scene.bar(place, fill, if to < from { 1 } else { 0 }, self.paper());
            if at + 1 < series.len() {
                let y = scale.at(*to);
                scene.path(vec![((x(at) + half) as i32, y), ((x(at + 1) - half) as i32, y)], self.faint(), 1);
            }
            if let Some(point) = step.points.first().and_then(Option::as_ref) {
                scene.text(&step.shown(point), (x(at) as i32, high - 11), self.kind(VALUE, Anchor::Middle));
            }
        }
        scene.path(vec![(left, scale.at(0.0)), (self.right, scale.at(0.0))], self.ink(), 1);
        let names: Vec<String> = series.iter().map(|step| step.label.clone()).collect();
        self.names_below(scene, &names, left, bottom)
    }
}

/// Whether light text is read better than dark on a colour.
fn is_dark(c: RGBColor) -> bool {
    f64::from(c.0) * 0.299 + f64::from(c.1) * 0.587 + f64::from(c.2) * 0.114 < 150.0
}

fn between(light: RGBColor, dark: RGBColor, share: f64) -> RGBColor {
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
    RGBColor(mix(light.0, dark.0), mix(light.1, dark.1), mix(light.2, dark.2))
}
