//! A plot drawn as SVG through plotters: title, axes, bars, lines, legend and source, every text measured with the chart
//! font before it is placed, so that none runs into another.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::diag::Diagnostic;
use crate::report::chart::axis::Steps;
use crate::report::chart::font::Face;
use crate::report::chart::kinds::{Stage, compose, is_composed};
use crate::report::chart::label::{Box2, Labels};
use crate::report::chart::legend::{Entry, LABEL_SIZE, ends, entry_width, height_of, legend_rows, named_at_ends};
use crate::report::chart::plot::{Plot, Series};
use crate::report::chart::scene::Scene;
use crate::report::definition::spec::{Kind, Shape};
use crate::report::formats::html::escape;

const WIDTH: i32 = 960;
const PLOT_HEIGHT: i32 = 380;
const MARGIN: i32 = 24;
const TITLE_SIZE: f64 = 20.0;
const VALUE_SIZE: f64 = 12.5;
const NOTE_SIZE: f64 = 12.5;
/// Share of a category's width that its bars fill.
const BAR_SHARE: f64 = 0.68;
const BAR_WIDTH_MAX: f64 = 72.0;
/// Lines a category label may take before it is turned upright.
const CATEGORY_LINES_MAX: usize = 3;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// # Errors
/// A text has a character the font lacks, or the drawing fails.
pub fn render(plot: &Plot, face: &Face) -> Result<String, Diagnostic> {
    for text in plot.texts() {
        face.check(&text)?;
    }
    let mut svg = String::new();
    let page = Page::new(plot, face);
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH as u32, page.height as u32)).into_drawing_area();
        page.draw(&area).map_err(|error| {
            Diagnostic::error("chart", format!("the chart \"{}\" cannot be drawn: {error}", plot.id))
        })?;
        area.present().map_err(|error| {
            Diagnostic::error("chart", format!("the chart \"{}\" cannot be drawn: {error}", plot.id))
        })?;
    }
    Ok(described(&svg, plot))
}

/// Name and description for readers who do not see the picture.
fn described(svg: &str, plot: &Plot) -> String {
    let words = format!("\n<title>{}</title>\n<desc>{}</desc>", escape(&plot.full_title()), escape(&plot.alt));
    match svg.split_once('>') {
        Some((open, rest)) => {
            format!("{open} role=\"img\" aria-label=\"{}\">{words}{rest}", escape(&plot.full_title()))
        }
        None => svg.to_owned(),
    }
}

/// Where everything stands on the page, in pixels.
struct Page<'a> {
    plot: &'a Plot,
    face: &'a Face,
    families: String,
    steps: Steps,
    title: Vec<String>,
    legend: Vec<Vec<Entry>>,
    categories: Vec<Vec<String>>,
    upright: bool,
    foot: Vec<String>,
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
    height: i32,
    /// Marks of the kinds that are composed.
    scene: Option<Scene<'a>>,
    /// Steps of the right axis, where there is one.
    right_steps: Option<Steps>,
    /// Where the names of lines stand at their ends, instead of in a legend.
    ends: Vec<(usize, i32)>,
}

impl<'a> Page<'a> {
    fn new(plot: &'a Plot, face: &'a Face) -> Page<'a> {
        let on_right = |s: &&Series| plot.y2_label.is_some() && s.shape == Shape::Line;
        let numbers = |right: bool| {
            let own = plot.series.iter().filter(move |s| on_right(s) == right);
            own.flat_map(|s| s.points.iter().flatten().map(|p| p.number))
        };
        let steps = Steps::around(numbers(false));
        let right_steps = plot.y2_label.as_ref().map(|_| Steps::around(numbers(true)));
        let widest = steps.ticks().iter().map(|(_, t)| face.width(t, LABEL_SIZE)).fold(0.0, f64::max);
        let left = MARGIN + widest.ceil() as i32 + 10;
        let beside = right_steps.as_ref().map_or(0.0, |steps| {
            steps.ticks().iter().map(|(_, t)| face.width(t, LABEL_SIZE)).fold(0.0, f64::max) + 10.0
        });
        let named = named_at_ends(plot, face);
        let right = WIDTH - MARGIN - beside.ceil() as i32 - named.unwrap_or(0);
        let title = face.wrap(&plot.full_title(), TITLE_SIZE, f64::from(WIDTH - 2 * MARGIN));
        let legend = if named.is_some() { Vec::new() } else { legend_rows(plot, face, f64::from(right - left)) };
        let head = MARGIN + title.len() as i32 * 30 + 10 + 26 * legend.len() as i32;
        let top = head + 34;
        let slot = f64::from(right - left) / plot.categories.len().max(1) as f64;
        let wrapped: Vec<Vec<String>> = plot.categories.iter().map(|c| face.wrap(c, LABEL_SIZE, slot - 6.0)).collect();
        let fits = |lines: &Vec<String>| {
            lines.len() <= CATEGORY_LINES_MAX && lines.iter().all(|l| face.width(l, LABEL_SIZE) <= slot)
        };
        let upright = !wrapped.iter().all(fits);
        let label_height = if upright {
            plot.categories.iter().map(|c| face.width(c, LABEL_SIZE)).fold(0.0, f64::max) + 14.0
        } else {
            wrapped.iter().map(Vec::len).max().unwrap_or(1) as f64 * 20.0 + 10.0
        };
        let foot: Vec<String> = plot
            .notes
            .iter()
            .chain(Some(&plot.source).filter(|s| !s.is_empty()))
            .flat_map(|line| face.wrap(line, NOTE_SIZE, f64::from(WIDTH - 2 * MARGIN)))
            .collect();
        let mut scene = None;
        let mut bottom = top + PLOT_HEIGHT;
        let mut below = bottom + label_height as i32 + 14;
        if is_composed(plot.kind) {
            let mut composed = Scene::new(face);
            below = compose(&Stage { plot, face, left: MARGIN, right, top }, &mut composed) + 14;
            bottom = below;
            scene = Some(composed);
        }
        let height = below + foot.len() as i32 * 20 + MARGIN - 8;
        let ends = if named.is_some() { ends(plot, &steps, top, bottom) } else { Vec::new() };
        let mut families = vec![face.family.clone()];
        families.extend(plot.palette.font.chart_fallback.iter().cloned());
        Page {
            plot,
            face,
            families: families.join(", "),
            steps,
            title,
            legend,
            categories: wrapped,
            upright,
            foot,
            left,
            right,
            top,
            bottom,
            height,
            scene,
            right_steps,
            ends,
        }
    }

    fn draw(&self, area: &Area<'_>) -> Result<(), Box<dyn std::error::Error>> {
        area.fill(&colour(&self.plot.palette.chart.paper))?;
        self.head(area)?;
        if let Some(scene) = &self.scene {
            scene.draw(area, &self.families)?;
            return self.footer(area);
        }
        self.grid(area)?;
        let mut labels = Labels::new(Box2::new(self.left, self.top - 16, self.right, self.bottom));
        labels.trace(&[(self.left, self.y(0.0)), (self.right, self.y(0.0))]);
        self.bars(area, &mut labels)?;
        self.lines(area, &mut labels)?;
        self.axis(area)?;
        let paper = colour(&self.plot.palette.chart.paper);
        for placed in &labels.placed {
            // Paper behind the number: it may stand on a line of the grid.
            let b = &placed.bounds;
            area.draw(&Rectangle::new([(b.left, b.top), (b.right, b.bottom)], paper.mix(0.85).filled()))?;
            let (x, y) = placed.centre();
            self.text(area, &placed.text, (x, y), VALUE_SIZE, &placed.colour, Pos::new(HPos::Center, VPos::Center))?;
        }
        self.categories(area)?;
        self.footer(area)
    }

    /// Title, unit and legend.
    fn head(&self, area: &Area<'_>) -> Result<(), Box<dyn std::error::Error>> {
        let ink = colour(&self.plot.palette.chart.ink);
        let faint = colour(&self.plot.palette.chart.faint);
        let mut y = MARGIN;
        for line in &self.title {
            self.bold(area, line, (WIDTH / 2, y + 12), TITLE_SIZE, &ink)?;
            y += 30;
        }
        y += 10;
        for row in &self.legend {
            let width: f64 = row.iter().map(|e| self.entry_width(e)).sum::<f64>() - 24.0;
            let mut x = f64::from(WIDTH) / 2.0 - width / 2.0;
            for entry in row {
                self.swatch(area, entry, (x as i32, y + 10))?;
                self.text(area, &entry.label, (x as i32 + 32, y + 10), LABEL_SIZE, &ink, left_centre())?;
                x += self.entry_width(entry);
            }
            y += 26;
        }
        if let Some(label) = &self.plot.y2_label {
            let pos = Pos::new(HPos::Right, VPos::Center);
            self.text(area, label, (WIDTH - MARGIN, self.top - 26), NOTE_SIZE, &faint, pos)?;
        }
        self.text(area, &self.plot.y_label, (MARGIN, self.top - 26), NOTE_SIZE, &faint, left_centre())
    }

    fn entry_width(&self, entry: &Entry) -> f64 {
        entry_width(self.face, &entry.label)
    }

    fn swatch(&self, area: &Area<'_>, entry: &Entry, at: (i32, i32)) -> Result<(), Box<dyn std::error::Error>> {
        let (x, y) = at;
        match entry.shape {
            Shape::Bar => {
                let mut scene = Scene::new(self.face);
                let (place, paper) = (Box2::new(x + 4, y - 7, x + 24, y + 7), colour(&self.plot.palette.chart.paper));
                match self.plot.kind {
                    Kind::Dot => scene.dot((x + 14, y), 6, entry.colour, entry.nth.is_multiple_of(2)),
                    kind if is_composed(kind) => scene.bar(place, entry.colour, entry.nth, paper),
                    _ => scene.rectangle(place, entry.colour),
                }
                scene.draw(area, &self.families)?;
            }
            Shape::Line => {
                area.draw(&PathElement::new(vec![(x, y), (x + 26, y)], entry.colour.stroke_width(3)))?;
                marker(area, entry.nth, (x + 13, y), &entry.colour)?;
            }
        }
        Ok(())
    }

    fn grid(&self, area: &Area<'_>) -> Result<(), Box<dyn std::error::Error>> {
        let grid = colour(&self.plot.palette.chart.grid);
        let faint = colour(&self.plot.palette.chart.faint);
        for (number, text) in self.steps.ticks() {
            let y = self.y(number);
            area.draw(&PathElement::new(vec![(self.left, y), (self.right, y)], grid.stroke_width(1)))?;
            let pos = Pos::new(HPos::Right, VPos::Center);
            self.text(area, &text, (self.left - 8, y), LABEL_SIZE, &faint, pos)?;
        }
        if let Some(steps) = &self.right_steps {
            for (number, text) in steps.ticks() {
                let at = (self.right + 8, self.y_of(steps, number));
                self.text(area, &text, at, LABEL_SIZE, &faint, left_centre())?;
            }
        }
        for (nth, y) in &self.ends {
            let series = &self.plot.series[*nth];
            let own = colour(&series.colour);
            self.text(area, &series.label, (self.right + 8, *y), LABEL_SIZE, &own, left_centre())?;
        }
        Ok(())
    }

    /// The line of zero, over the bars.
    fn axis(&self, area: &Area<'_>) -> Result<(), Box<dyn std::error::Error>> {
        let ink = colour(&self.plot.palette.chart.ink);
        let zero = self.y(0.0);
        area.draw(&PathElement::new(vec![(self.left, zero), (self.right, zero)], ink.stroke_width(1)))?;
        Ok(())
    }

    fn bars(&self, area: &Area<'_>, labels: &mut Labels) -> Result<(), Box<dyn std::error::Error>> {
        let bars: Vec<&Series> = self.plot.series.iter().filter(|s| s.shape == Shape::Bar).collect();
        if bars.is_empty() {
            return Ok(());
        }
        let slot = self.slot();
        let width = (slot * BAR_SHARE / bars.len() as f64).min(BAR_WIDTH_MAX);
        let zero = self.y(0.0);
        for (nth, series) in bars.iter().enumerate() {
            for (at, point) in series.points.iter().enumerate() {
                let Some(point) = point else { continue };
                let middle = self.x(at) + (nth as f64 - (bars.len() as f64 - 1.0) / 2.0) * width;
                let (x0, x1) = ((middle - width / 2.0).round() as i32, (middle + width / 2.0).round() as i32 - 1);
                let y = self.y(point.number);
                let fill = self.bar_colour(series, point.number);
                let place = Box2::new(x0, y.min(zero), x1, y.max(zero));
                let mut scene = Scene::new(self.face);
                match point.provisional {
                    true => scene.bar(place, fill, HATCHED, colour(&self.plot.palette.chart.paper)),
                    false => scene.rectangle(place, fill),
                }
                scene.draw(area, &self.families)?;
                labels.occupy(Box2::new(x0, y.min(zero), x1, y.max(zero)));
                let room = if bars.len() == 1 { slot } else { width + 4.0 };
                let wide = self.face.width(&point.text, VALUE_SIZE);
                if wide <= room {
                    let above = point.number >= 0.0;
                    let y = if above { y - 10 } else { y + 10 };
                    let bounds = Box2::around((middle.round() as i32, y), wide, VALUE_SIZE);
                    labels.put(&point.text, bounds, colour(&self.plot.palette.chart.ink));
                }
            }
        }
        Ok(())
    }

    fn bar_colour(&self, series: &Series, number: f64) -> RGBColor {
        match (self.plot.kind, number < 0.0) {
            (Kind::Diverging, false) => colour(&self.plot.palette.chart.positive),
            (Kind::Diverging, true) => colour(&self.plot.palette.chart.negative),
            _ => colour(&series.colour),
        }
    }

    fn lines(&self, area: &Area<'_>, labels: &mut Labels) -> Result<(), Box<dyn std::error::Error>> {
        let lines: Vec<&Series> = self.plot.series.iter().filter(|s| s.shape == Shape::Line).collect();
        let mut all_points = Vec::new();
        for series in &lines {
            let own = colour(&series.colour);
            let steps = self.right_steps.as_ref().unwrap_or(&self.steps);
            let mut run: Vec<(i32, i32)> = Vec::new();
            for (at, point) in series.points.iter().enumerate() {
                let ends = point.as_ref().is_none_or(|point| point.broken);
                if ends {
                    self.stroke(area, std::mem::take(&mut run), &own, labels)?;
                }
                run.extend(point.as_ref().map(|point| (self.x(at).round() as i32, self.y_of(steps, point.number))));
            }
            self.stroke(area, run, &own, labels)?;
            for (at, point) in series.points.iter().enumerate() {
                let Some(point) = point else { continue };
                let centre = (self.x(at).round() as i32, self.y_of(steps, point.number));
                marker(area, series.nth, centre, &own)?;
                if point.provisional {
                    let paper = colour(&self.plot.palette.chart.paper);
                    area.draw(&Circle::new(centre, 3, paper.filled()))?;
                }
                labels.occupy(Box2::around(centre, 11.0, 9.0));
                all_points.push((centre, point.text.clone(), own));
            }
        }
        for (centre, text, own) in all_points {
            let wide = self.face.width(&text, VALUE_SIZE);
            labels.place(&text, centre, wide, VALUE_SIZE, own);
        }
        Ok(())
    }

    /// One unbroken run of a line; a gap in the data, or a break in the series, is a gap in the line.
    fn stroke(
        &self,
        area: &Area<'_>,
        run: Vec<(i32, i32)>,
        own: &RGBColor,
        labels: &mut Labels,
    ) -> Result<(), Box<dyn std::error::Error>> {
        labels.trace(&run);
        if run.len() > 1 {
            area.draw(&PathElement::new(run, own.stroke_width(3)))?;
        }
        Ok(())
    }

    fn categories(&self, area: &Area<'_>) -> Result<(), Box<dyn std::error::Error>> {
        let ink = colour(&self.plot.palette.chart.ink);
        for (at, lines) in self.categories.iter().enumerate() {
            let x = self.x(at).round() as i32;
            if self.upright {
                let style = self.style(LABEL_SIZE, &ink, Pos::new(HPos::Right, VPos::Center), FontStyle::Normal);
                let style = style.transform(FontTransform::Rotate270);
                area.draw_text(&self.plot.categories[at], &style, (x, self.bottom + 8))?;
                continue;
            }
            for (nth, line) in lines.iter().enumerate() {
                let y = self.bottom + 18 + nth as i32 * 20;
                self.text(area, line, (x, y), LABEL_SIZE, &ink, Pos::new(HPos::Center, VPos::Center))?;
            }
        }
        Ok(())
    }

    fn footer(&self, area: &Area<'_>) -> Result<(), Box<dyn std::error::Error>> {
        let faint = colour(&self.plot.palette.chart.faint);
        let first = self.height - MARGIN + 8 - self.foot.len() as i32 * 20;
        for (nth, line) in self.foot.iter().enumerate() {
            self.text(area, line, (MARGIN, first + nth as i32 * 20), NOTE_SIZE, &faint, left_centre())?;
        }
        Ok(())
    }

    /// Width of one category.
    fn slot(&self) -> f64 {
        f64::from(self.right - self.left) / self.plot.categories.len().max(1) as f64
    }

    /// The middle of a category.
    fn x(&self, at: usize) -> f64 {
        f64::from(self.left) + (at as f64 + 0.5) * self.slot()
    }

    fn y(&self, number: f64) -> i32 {
        self.y_of(&self.steps, number)
    }

    fn y_of(&self, steps: &Steps, number: f64) -> i32 {
        height_of(steps, number, self.top, self.bottom)
    }

    fn style<'s>(&'s self, size: f64, ink: &RGBColor, pos: Pos, weight: FontStyle) -> TextStyle<'s> {
        // The SVG backend writes size / 1.24, its guess of a font's em; we measure in em ourselves.
        FontDesc::new(FontFamily::Name(&self.families), size * 1.24, weight).color(ink).pos(pos)
    }

    fn text(
        &self,
        area: &Area<'_>,
        text: &str,
        at: (i32, i32),
        size: f64,
        ink: &RGBColor,
        pos: Pos,
    ) -> Result<(), Box<dyn std::error::Error>> {
        // Half an x-height below the middle centres Latin letters; Chinese and digits stand taller.
        let at = (at.0, at.1 + (size * 0.11).round() as i32);
        area.draw_text(text, &self.style(size, ink, pos, FontStyle::Normal), at)?;
        Ok(())
    }

    fn bold(
        &self,
        area: &Area<'_>,
        text: &str,
        at: (i32, i32),
        size: f64,
        ink: &RGBColor,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let style = self.style(size, ink, Pos::new(HPos::Center, VPos::Center), FontStyle::Bold);
        area.draw_text(text, &style, (at.0, at.1 + 2))?;
        Ok(())
    }
}

fn left_centre() -> Pos {
    Pos::new(HPos::Left, VPos::Center)
}

/// The strokes of provisional bars, as a scene counts them.
const HATCHED: usize = 1;

/// A marker for each line, told apart without colour.
fn marker(area: &Area<'_>, nth: usize, at: (i32, i32), own: &RGBColor) -> Result<(), Box<dyn std::error::Error>> {
    let (x, y) = at;
    let polygon = |points: &[(i32, i32)]| {
        Polygon::new(points.iter().map(|p| (x + p.0, y + p.1)).collect::<Vec<_>>(), own.filled())
    };
    match nth % 5 {
        0 => area.draw(&Circle::new(at, 5, own.filled()))?,
        1 => area.draw(&Rectangle::new([(x - 5, y - 5), (x + 5, y + 5)], own.filled()))?,
        2 => area.draw(&polygon(&[(0, -7), (7, 5), (-7, 5)]))?,
        3 => area.draw(&polygon(&[(0, -7), (7, 0), (0, 7), (-7, 0)]))?,
        _ => area.draw(&polygon(&[(0, 7), (7, -5), (-7, -5)]))?,
    }
    Ok(())
}

/// `#rrggbb`; the palette is checked when it is read.
pub fn colour(hex: &str) -> RGBColor {
    let part = |at: usize| hex.get(at..at + 2).and_then(|h| u8::from_str_radix(h, 16).ok()).unwrap_or(0);
    RGBColor(part(1), part(3), part(5))
}
