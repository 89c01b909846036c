//! Every chart as it is drawn: texts keep clear of each other and of the edge, every kind there is has been drawn, and each is to
//! the letter the drawing that a person has looked at; a few are so as pixels.

use std::collections::BTreeSet;
use std::fs;

use resvg::tiny_skia::Pixmap;
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

/// Drawings depend on how wide a font's characters are: those that were looked at are set in this one.
const FONT: &str = "Noto Sans CJK SC";

/// The drawings are kept as pictures that open by themselves, beside this file.
#[test]
fn charts_are_the_drawings_that_were_looked_at() {
    for path in files(&sample().file("out/charts"), ".svg") {
        let svg = fs::read_to_string(&path).expect("a drawing");
        if !svg.contains(FONT) {
            eprintln!("skipped: this machine has no {FONT}");
            return;
        }
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "golden" }, {
            insta::assert_binary_snapshot!(&name, svg.into_bytes());
        });
    }
}

/// What a colour of a pixel may differ by, and the share of pixels that may differ by more: edges are smoothed otherwise by
/// another version of the painter.
const SHADE: u8 = 24;
const SHARE_MAX: f64 = 0.002;

#[test]
fn a_few_charts_are_so_as_pixels() {
    for name in ["pyramid", "waterfall", "heat"] {
        let path = sample().file("out/charts").join(name).with_extension("png");
        let kept = root().join("tests/it/products/golden").join(name).with_extension("png");
        if !fs::read_to_string(path.with_extension("svg")).expect("a drawing").contains(FONT) {
            eprintln!("skipped: this machine has no {FONT}");
            return;
        }
        if std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always") {
            fs::copy(&path, &kept).expect("a writable folder");
        }
        let [made, kept] = [&path, &kept].map(|path| Pixmap::load_png(path).expect("a picture"));
        assert_eq!((made.width(), made.height()), (kept.width(), kept.height()), "{name}");
        let differs = |(one, other): (&[u8], &[u8])| one.iter().zip(other).any(|(a, b)| a.abs_diff(*b) > SHADE);
        let pixels = made.data().chunks_exact(4).zip(kept.data().chunks_exact(4));
        let share = pixels.clone().filter(|pair| differs(*pair)).count() as f64 / pixels.len() as f64;
        assert!(share <= SHARE_MAX, "{name}: {share:.4} of all pixels are not as they were");
    }
}
