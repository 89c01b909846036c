//! Where the numbers of a chart are written: beside their points, clear of each other, of bars and of lines; a number that
//! finds no room is left out, for the table has it.

use plotters::style::RGBColor;

/// Half the width of a line, and a little air.
const LINE_HALF: i32 = 3;

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Box2 {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

impl Box2 {
    pub fn new(left: i32, top: i32, right: i32, bottom: i32) -> Box2 {
        Box2 { left, top, right, bottom }
    }

    /// The box of a text of a width and size around its middle.
    pub fn around(centre: (i32, i32), width: f64, size: f64) -> Box2 {
        let (half, tall) = ((width / 2.0).ceil() as i32 + 1, (size * 0.55).ceil() as i32);
        Box2::new(centre.0 - half, centre.1 - tall, centre.0 + half, centre.1 + tall)
    }

    pub fn meets(&self, other: &Box2) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    /// Whether a line drawn through the point would touch the box.
    fn touches(&self, point: (i32, i32)) -> bool {
        (self.left - LINE_HALF..=self.right + LINE_HALF).contains(&point.0)
            && (self.top - LINE_HALF..=self.bottom + LINE_HALF).contains(&point.1)
    }

    fn within(&self, other: &Box2) -> bool {
        self.left >= other.left && self.right <= other.right && self.top >= other.top && self.bottom <= other.bottom
    }
}

/// A number written at a place.
#[derive(Clone, Debug)]
pub struct Placed {
    pub text: String,
    pub bounds: Box2,
    pub colour: RGBColor,
}

impl Placed {
    pub fn centre(&self) -> (i32, i32) {
        ((self.bounds.left + self.bounds.right) / 2, (self.bounds.top + self.bounds.bottom) / 2)
    }
}

/// The numbers written so far and what they must keep clear of.
pub struct Labels {
    page: Box2,
    pub placed: Vec<Placed>,
    shapes: Vec<Box2>,
    strokes: Vec<(i32, i32)>,
}

/// Pixels of a line that a number may cover before it is left out.
const COVERED_MAX: usize = 14;

impl Labels {
    pub fn new(page: Box2) -> Labels {
        Labels { page, placed: Vec::new(), shapes: Vec::new(), strokes: Vec::new() }
    }

    /// A bar or marker that numbers should not hide.
    pub fn occupy(&mut self, shape: Box2) {
        self.shapes.push(shape);
    }

    /// A line that numbers should not hide, remembered pixel by pixel.
    pub fn trace(&mut self, run: &[(i32, i32)]) {
        for pair in run.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let length = (x1 - x0).abs().max((y1 - y0).abs()).max(1);
            self.strokes.extend((0..=length).map(|n| (x0 + (x1 - x0) * n / length, y0 + (y1 - y0) * n / length)));
        }
    }

    /// Write at a fixed place, if no number stands there.
    pub fn put(&mut self, text: &str, bounds: Box2, colour: RGBColor) {
        if self.placed.iter().all(|p| !p.bounds.meets(&bounds)) {
            self.placed.push(Placed { text: text.to_owned(), bounds, colour });
        }
    }

    /// Write beside a point: above, below or aside, where it hides least.
    pub fn place(&mut self, text: &str, point: (i32, i32), width: f64, size: f64, colour: RGBColor) {
        let (x, y) = point;
        let aside = (width / 2.0).ceil() as i32 + 11;
        let places = [(0, -17), (0, 17), (aside, -9), (-aside, -9), (aside, 9), (-aside, 9), (0, -26), (0, 26)];
        let best = places
            .into_iter()
            .map(|(dx, dy)| Box2::around((x + dx, y + dy), width, size))
            .filter(|b| b.within(&self.page))
            .filter(|b| self.placed.iter().all(|p| !p.bounds.meets(b)) && self.shapes.iter().all(|s| !s.meets(b)))
            .map(|b| (self.strokes.iter().filter(|p| b.touches(**p)).count(), b))
            .min_by_key(|(covered, _)| *covered)
            .filter(|(covered, _)| *covered <= COVERED_MAX);
        if let Some((_, bounds)) = best {
            self.placed.push(Placed { text: text.to_owned(), bounds, colour });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Box2, Labels};
    use plotters::style::RGBColor;

    #[test]
    fn numbers_keep_clear_of_each_other() {
        let mut labels = Labels::new(Box2::new(0, 0, 200, 200));
        labels.trace(&[(0, 100), (200, 100)]);
        for _ in 0..3 {
            labels.place("58.5", (100, 100), 28.0, 12.0, RGBColor(0, 0, 0));
        }
        let bounds: Vec<Box2> = labels.placed.iter().map(|p| p.bounds).collect();
        assert!(bounds.len() >= 2, "{bounds:?}");
        for (nth, one) in bounds.iter().enumerate() {
            assert!(bounds.iter().skip(nth + 1).all(|other| !one.meets(other)), "{bounds:?}");
        }
    }

    #[test]
    fn a_number_without_room_is_left_out() {
        let mut labels = Labels::new(Box2::new(0, 0, 200, 200));
        labels.occupy(Box2::new(0, 0, 200, 200));
        labels.place("58.5", (100, 100), 28.0, 12.0, RGBColor(0, 0, 0));
        assert!(labels.placed.is_empty());
    }
}
