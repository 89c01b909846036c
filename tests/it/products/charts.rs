//! Every chart as it is drawn: texts keep clear of each other and of the edge, every kind there is has been drawn, and each is to
//! the letter the drawing that a person has looked at; a few are so as pixels.

use std::collections::BTreeSet;

use quick_xml::events::Event;
use resvg::tiny_skia::{ColorU8, Pixmap};
use scraper::{ElementRef, Html, Selector};
use shebao::report::chart::font::Face;

use super::{files, sample};
use crate::support::root;

/// A text of a drawing with its box in pixels.
#[derive(Debug)]
struct Text {
    #[allow(dead_code, reason = "a fault tells which text it is")]
    words: String,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

/// Share of a text's size that stands above and below its middle.
const HALF: f64 = 0.48;

/// What two boxes may share before a reader sees it, in pixels.
const TOUCH: f64 = 0.75;

impl Text {
    fn meets(&self, other: &Text) -> bool {
        self.left + TOUCH < other.right
            && other.left + TOUCH < self.right
            && self.top + TOUCH < other.bottom
            && other.top + TOUCH < self.bottom
    }
}

/// The texts of a drawing, and its width and height.
fn texts(svg: &str) -> (Vec<Text>, f64, f64) {
    let page = Html::parse_fragment(svg);
    let root = page.select(&Selector::parse("svg").expect("a selector")).next().expect("a drawing");
    let size = |name: &str| root.attr(name).and_then(|n| n.parse::<f64>().ok()).expect("a size");
    let selector = Selector::parse("text").expect("a selector");
    let raw: Vec<(ElementRef<'_>, String)> =
        page.select(&selector).map(|t| (t, t.text().collect::<String>().trim().to_owned())).collect();
    let face = Face::find(raw.iter().map(|(_, words)| words.as_str())).unwrap_or_else(|f| panic!("{}", f.render()));
    let text = |(element, words): &(ElementRef<'_>, String)| {
        let number = |name: &str| element.attr(name).and_then(|n| n.parse::<f64>().ok()).expect("a number");
        let (x, y, em) = (number("x"), number("y"), number("font-size"));
        let wide = face.width(words, em);
        let before = match element.attr("text-anchor") {
            Some("middle") => wide / 2.0,
            Some("end") => wide,
            _ => 0.0,
        };
        // A text with a transform is turned upright about its place.
        let (left, right, top, bottom) = match element.attr("transform") {
            None => (x - before, x - before + wide, y - em * HALF, y + em * HALF),
            Some(_) => (x - em * HALF, x + em * HALF, y - wide + before, y + before),
        };
        Text { words: words.clone(), left, top, right, bottom }
    };
    (raw.iter().map(text).collect(), size("width"), size("height"))
}

#[test]
fn texts_of_charts_keep_clear_of_each_other_and_of_the_edge() {
    let mut faults = Vec::new();
    let drawings = files(&sample().file("out/charts"), ".svg");
    assert_eq!(drawings.len(), 26);
    for path in &drawings {
        let name = path.file_stem().expect("a name").to_string_lossy();
        let (texts, width, height) = texts(&std::fs::read_to_string(path).expect("a drawing"));
        assert!(texts.len() > 8, "{name} has {} texts", texts.len());
        for (nth, one) in texts.iter().enumerate() {
            if one.left < 0.0 || one.top < 0.0 || one.right > width || one.bottom > height {
                faults.push(format!("{name}: {one:?} leaves the drawing of {width} × {height}"));
            }
            let met = texts[nth + 1..].iter().filter(|other| one.meets(other));
            faults.extend(met.map(|other| format!("{name}: {one:?} meets {other:?}")));
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_kind_of_chart_is_drawn() {
    let schema = shebao::report::json_schema();
    let kinds = schema["$defs"]["RawKind"].clone();
    let named = kinds["enum"].as_array().into_iter().flatten();
    let described = kinds["oneOf"].as_array().into_iter().flatten();
    let described = described.flat_map(|one| one["enum"].as_array().into_iter().flatten().chain(one.get("const")));
    let kinds: BTreeSet<&str> = named.chain(described).filter_map(|kind| kind.as_str()).collect();
    assert!(kinds.len() >= 14, "{kinds:?}");
    let reports = files(&sample().file("reports"), "report.toml");
    let text: String = reports.iter().map(|path| std::fs::read_to_string(path).expect("a report")).collect();
    for kind in kinds {
        assert!(text.contains(&format!("= \"{kind}\"")), "no chart is a {kind}");
    }
}

/// A description names what is drawn, so that a reader who does not see the picture misses none of it.
#[test]
fn descriptions_hold_the_numbers() {
    for path in files(&sample().file("out/charts"), ".svg") {
        let svg = std::fs::read_to_string(&path).expect("a drawing");
        let (_, rest) = svg.split_once("<desc>").expect("a description");
        let (description, drawing) = rest.split_once("</desc>").expect("its end");
        // Numbers on bars and at points are set in the size of values.
        let values =
            drawing.split("<text ").filter(|t| t.contains("font-size=\"12.5\"")).filter_map(|t| t.split('\n').nth(1));
        for value in values.map(str::trim).filter(|v| v.contains('.') && v.parse::<f64>().is_ok()) {
            assert!(description.contains(value), "{}: {value} is not in {description}", path.display());
        }
    }
}

/// The font that `make setup` installs; with another one, texts are as wide as that font draws them.
const FONT: &str = "Noto Sans CJK SC";

/// A drawing with a line per shape or text: what it is, where, and how it looks, in whole pixels.
fn told(svg: &str) -> String {
    let mut reader = quick_xml::Reader::from_str(svg);
    let mut lines: Vec<String> = Vec::new();
    loop {
        match reader.read_event().expect("well formed") {
            Event::Eof => return lines.join("\n"),
            Event::Start(e) | Event::Empty(e) => {
                let mut line = e.name().as_ref().to_owned();
                for attribute in e.attributes().flatten() {
                    let (name, value) = (attribute.key.as_ref(), attribute.value.to_string());
                    let is_said = match name {
                        "font-family" | "dy" | "xmlns" | "viewBox" | "role" | "aria-label" => false,
                        "opacity" => value != "1",
                        "stroke" | "fill" => value != "none",
                        _ => true,
                    };
                    if is_said {
                        line.push_str(&format!(" {name}={}", whole_pixels(&value)));
                    }
                }
                lines.push(line);
            }
            Event::Text(text) if !text.as_ref().trim().is_empty() => {
                lines.last_mut().expect("an element").push_str(&format!(" “{}”", text.as_ref().trim()));
            }
            _ => {}
        }
    }
}

/// Numbers of an attribute without their fractions.
fn whole_pixels(value: &str) -> String {
    let number = |word: &str| word.parse::<f64>().map_or_else(|_| word.to_owned(), |n| format!("{n:.0}"));
    let point = |point: &str| point.split(',').map(number).collect::<Vec<_>>().join(",");
    value.split_whitespace().map(point).collect::<Vec<_>>().join(" ")
}

#[test]
fn charts_look_as_they_did() {
    for path in files(&sample().file("out/charts"), ".svg") {
        let svg = std::fs::read_to_string(&path).expect("a drawing");
        if !svg.contains(&format!("font-family=\"{FONT},")) {
            eprintln!("skipped: this machine draws charts with another font than {FONT}");
            return;
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        insta::assert_snapshot!(format!("chart_{name}"), told(&svg));
    }
}

/// Charts that are compared by their pixels too, one for each way of filling and stroking.
const PICTURES: [&str; 4] = ["annual_enrolment", "annual_unemployment", "heat", "pyramid"];

/// Pixels of a golden picture in one of the drawing, along each side.
const COARSE: u32 = 6;

/// What a channel may differ by, and the mean of all may.
const DIFFERENCE_MAX: u8 = 48;
const DIFFERENCE_MEAN_MAX: f64 = 1.0;

/// Means over squares of the drawing's pixels, so that a hair's breadth of an edge does not count.
fn coarse(picture: &Pixmap) -> (u32, u32, Vec<u8>) {
    let (wide, high) = (picture.width() / COARSE, picture.height() / COARSE);
    let mut means = Vec::new();
    for (row, column) in (0..high).flat_map(|row| (0..wide).map(move |column| (row, column))) {
        let mut sums = [0_u32; 3];
        for (down, across) in (0..COARSE).flat_map(|down| (0..COARSE).map(move |across| (down, across))) {
            let pixel = picture.pixel(column * COARSE + across, row * COARSE + down).expect("within the picture");
            [pixel.red(), pixel.green(), pixel.blue()].iter().zip(&mut sums).for_each(|(c, sum)| *sum += u32::from(*c));
        }
        means.extend(sums.map(|sum| (sum / (COARSE * COARSE)) as u8));
    }
    (wide, high, means)
}

/// `SHEBAO_KEEP_PICTURES=1 cargo test charts_look` writes the golden pictures anew; look at each before it is committed.
#[test]
fn pictures_of_charts_look_as_they_did() {
    let golden = root().join("tests/it/products/pictures");
    for name in PICTURES {
        let svg = std::fs::read_to_string(sample().file(&format!("out/charts/{name}.svg"))).expect("a drawing");
        if !svg.contains(&format!("font-family=\"{FONT},")) {
            eprintln!("skipped: this machine draws charts with another font than {FONT}");
            return;
        }
        let drawn = Pixmap::load_png(sample().file(&format!("out/charts/{name}.png"))).expect("a picture");
        let (wide, high, means) = coarse(&drawn);
        let path = golden.join(format!("{name}.png"));
        if std::env::var_os("SHEBAO_KEEP_PICTURES").is_some() {
            let mut small = Pixmap::new(wide, high).expect("a picture has a size");
            for (pixel, mean) in small.pixels_mut().iter_mut().zip(means.chunks(3)) {
                *pixel = ColorU8::from_rgba(mean[0], mean[1], mean[2], 255).premultiply();
            }
            small.save_png(&path).expect("it can be written");
        }
        let before = Pixmap::load_png(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!((before.width(), before.height()), (wide, high), "{name}");
        let before = before.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]);
        let differences: Vec<u8> = before.zip(&means).map(|(before, now)| before.abs_diff(*now)).collect();
        let most = differences.iter().copied().max().unwrap_or(0);
        let mean = differences.iter().map(|d| f64::from(*d)).sum::<f64>() / differences.len() as f64;
        assert!(most <= DIFFERENCE_MAX && mean <= DIFFERENCE_MEAN_MAX, "{name}: at most {most}, {mean:.2} on average");
    }
}
