//! What a chart consists of, before it is drawn: rectangles, lines, dots and texts at places in pixels. A scene knows the box
//! of each of its texts, so that they can be kept clear of each other and of the edge.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::font::Face;
use super::label::Box2;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Where a text stands to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub struct Type {
    pub size: f64,
    pub colour: RGBColor,
    pub anchor: Anchor,
    pub bold: bool,
}

enum Mark {
    Rectangle(Box2, RGBColor),
    Path(Vec<(i32, i32)>, RGBColor, u32),
    Dot((i32, i32), i32, RGBColor, bool),
    Text(String, (i32, i32), Type),
}

/// A drawing being composed.
pub struct Scene<'a> {
    pub face: &'a Face,
    marks: Vec<Mark>,
    /// The boxes of all texts.
    pub texts: Vec<Box2>,
}

/// Pixels between the strokes of a hatching.
const HATCH: i32 = 7;

impl<'a> Scene<'a> {
    pub fn new(face: &'a Face) -> Scene<'a> {
        Scene { face, marks: Vec::new(), texts: Vec::new() }
    }

    pub fn rectangle(&mut self, place: Box2, colour: RGBColor) {
        self.marks.push(Mark::Rectangle(place, colour));
    }

    /// A bar of a series: told apart by its strokes where colours are printed grey.
    pub fn bar(&mut self, place: Box2, colour: RGBColor, nth: usize, paper: RGBColor) {
        self.rectangle(place, colour);
        let (rising, falling) = match nth % 4 {
            0 => (false, false),
            1 => (true, false),
            2 => (false, true),
            _ => (true, true),
        };
        let (width, height) = (place.right - place.left, place.bottom - place.top);
        let mut at = HATCH;
        while at < width + height {
            // Along the lower and right edge for strokes that rise, along the upper and right edge for those that fall.
            let (x0, rest0) = (at.min(width), (at - width).max(0));
            let (x1, rest1) = ((at - height).max(0), at.min(height));
            if rising {
                let (from, to) = ((place.left + x0, place.top + rest0), (place.left + x1, place.top + rest1));
                self.path(vec![from, to], paper, 1);
            }
            if falling {
                let from = (place.left + x0, place.bottom - rest0);
                self.path(vec![from, (place.left + x1, place.bottom - rest1)], paper, 1);
            }
            at += HATCH;
        }
    }

    pub fn path(&mut self, points: Vec<(i32, i32)>, colour: RGBColor, width: u32) {
        self.marks.push(Mark::Path(points, colour, width));
    }

    pub fn dot(&mut self, at: (i32, i32), radius: i32, colour: RGBColor, filled: bool) {
        self.marks.push(Mark::Dot(at, radius, colour, filled));
    }

    pub fn text(&mut self, text: &str, at: (i32, i32), kind: Type) {
        self.texts.push(self.text_box(text, at, kind));
        self.marks.push(Mark::Text(text.to_owned(), at, kind));
    }

    /// Write a text only where it meets no other.
    pub fn text_if_free(&mut self, text: &str, at: (i32, i32), kind: Type) -> bool {
        let place = self.text_box(text, at, kind);
        let free = self.texts.iter().all(|other| !other.meets(&place));
        if free {
            self.text(text, at, kind);
        }
        free
    }

    fn text_box(&self, text: &str, at: (i32, i32), kind: Type) -> Box2 {
        let wide = self.face.width(text, kind.size).ceil() as i32;
        let tall = (kind.size * 0.6).ceil() as i32;
        let left = match kind.anchor {
            Anchor::Start => at.0,
            Anchor::Middle => at.0 - wide / 2,
            Anchor::End => at.0 - wide,
        };
        Box2::new(left, at.1 - tall, left + wide, at.1 + tall)
    }

    /// Draw everything in the order given, with the font and those to fall back on.
    ///
    /// # Errors
    /// The backend refuses.
    pub fn draw(&self, area: &Area<'_>, families: &str) -> Result<(), Box<dyn std::error::Error>> {
        for mark in &self.marks {
            match mark {
                Mark::Rectangle(b, colour) => {
                    area.draw(&Rectangle::new([(b.left, b.top), (b.right, b.bottom)], colour.filled()))?;
                }
                Mark::Path(points, colour, width) => {
                    area.draw(&PathElement::new(points.clone(), colour.stroke_width(*width)))?;
                }
                Mark::Dot(at, radius, colour, filled) => {
                    let style = if *filled { colour.filled() } else { colour.stroke_width(2) };
                    area.draw(&Circle::new(*at, *radius, style))?;
                }
                Mark::Text(text, at, kind) => {
                    let across = match kind.anchor {
                        Anchor::Start => HPos::Left,
                        Anchor::Middle => HPos::Center,
                        Anchor::End => HPos::Right,
                    };
                    let weight = if kind.bold { FontStyle::Bold } else { FontStyle::Normal };
                    // The SVG backend writes size / 1.24, its guess of a font's em; we measure in em ourselves.
                    let font = FontDesc::new(FontFamily::Name(families), kind.size * 1.24, weight);
                    let style = font.color(&kind.colour).pos(Pos::new(across, VPos::Center));
                    let at = (at.0, at.1 + (kind.size * 0.11).round() as i32);
                    area.draw_text(text, &style, at)?;
                }
            }
        }
        Ok(())
    }
}

/// Move labels that stand one above the other apart, as little as needed, within `low..=high`.
pub fn spread(wanted: &[i32], gap: i32, low: i32, high: i32) -> Vec<i32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|at| (wanted[*at], *at));
    let mut placed = wanted.to_vec();
    let mut last = low - gap;
    for at in &order {
        placed[*at] = placed[*at].max(last + gap);
        last = placed[*at];
    }
    let mut next = high + gap;
    for at in order.iter().rev() {
        placed[*at] = placed[*at].min(next - gap);
        next = placed[*at];
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn labels_are_moved_apart_and_kept_within() {
        assert_eq!(spread(&[10, 12, 50], 16, 0, 100), [10, 26, 50]);
        assert_eq!(spread(&[98, 97], 16, 0, 100), [100, 84]);
        assert_eq!(spread(&[5, 5, 5], 10, 0, 25), [5, 15, 25]);
    }
}
