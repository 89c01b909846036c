//! Which printed label is which declared one: those that fit, then the likeliest of the rest by text and by place.

use std::collections::BTreeMap;

use super::super::label::{Axis, assign, entries, entry_of, units};
use super::super::locate::Found;
use super::super::presence::Met;
use super::super::unit::{PrintedUnit, strip};
use super::super::{Reading, header, hierarchy, hint, number, split, value};
use super::text::{bones, likeness, with_captures, years};
use crate::diag::Place;
use crate::domain::LookupError;
use crate::domain::label::normalise;
use crate::grid::CellRef;
use crate::spec::pattern::Pattern;
use crate::spec::revise::JOINT;
use crate::spec::table::Entry;

/// Two labels are taken for one from this likeness on.
const LIKE: f64 = 0.6;
/// Where they stand between the same neighbours as well, this is enough.
const LIKE_IN_PLACE: f64 = 0.55;
/// What standing in the same place counts for.
const PLACE: f64 = 0.25;
/// Of two paths, the innermost text alone.
const INNERMOST: f64 = 0.9;

/// A printed label, and what is known of it.
pub(super) struct Seen {
    /// Number of the part of the table it stands in.
    pub part: usize,
    /// Row or column.
    pub line: u32,
    pub place: Place,
    /// Its texts, without units.
    pub texts: Vec<String>,
    /// As printed.
    pub shown: String,
    pub units: Vec<PrintedUnit>,
    /// The entry that fits.
    pub entry: Option<usize>,
    /// Why a capture that fits stands for no code.
    pub error: Option<LookupError>,
    /// Whether any number, or what stands for one, stands in its row.
    pub has_numbers: bool,
}

/// The labels of one part of a table.
pub(super) struct Axes {
    pub columns: Vec<Seen>,
    pub rows: Vec<Seen>,
}

impl Axes {
    /// The labels of every part; rows in levels go on over the panels of a sheet.
    pub fn of_parts(reading: &Reading, parts: &[Found<'_>]) -> Vec<Axes> {
        let mut pages = Vec::new();
        let mut axes = Vec::new();
        for (nth, found) in parts.iter().enumerate() {
            if nth > 0 && !std::ptr::eq(parts[nth - 1].grid, found.grid) {
                pages.clear();
            }
            axes.push(Axes::read(reading, found, &mut pages));
        }
        axes
    }

    fn read(reading: &Reading, found: &Found<'_>, pages: &mut Vec<hierarchy::Page>) -> Axes {
        let mut faults = Vec::new();
        let columns = header::columns(reading, found, &mut faults);
        let lines = assign(reading, found, &columns, Axis::Columns, &mut Met::default(), &mut faults);
        let rows = header::rows(reading, found, &mut faults);
        let rows = hierarchy::nest(reading, found, &hierarchy::Columns::of_lines(&lines), rows, pages, &mut faults);
        let seen = |labels: &[header::Label], axis| labels.iter().map(|l| see(reading, found, l, axis)).collect();
        Axes { columns: seen(&columns, Axis::Columns), rows: seen(&rows, Axis::Rows) }
    }
}

fn see(reading: &Reading, found: &Found<'_>, label: &header::Label, axis: Axis) -> Seen {
    let declared = entries(reading, axis);
    let number = |entry: &Entry| declared.iter().position(|e| std::ptr::eq(e, entry));
    let (entry, error) = match entry_of(reading, label, declared.iter().filter(|e| !e.merged)) {
        Ok(Some(fitting)) => (number(fitting.entry), None),
        Ok(None) => (None, None),
        Err(unknown) => (None, Some(unknown.error)),
    };
    let at = label.at().unwrap_or(found.corner);
    let figure = |col: u32| {
        let at = CellRef { row: label.line, col };
        let text = found.grid.text(at.row, at.col);
        let stated = || split::find(reading, text).is_some() || value::is_mark(reading, text);
        hint::is_number(found, at) || (!text.trim().is_empty() && stated())
    };
    Seen {
        part: 0,
        line: label.line,
        place: reading.place(found.grid, at),
        texts: label.parts.iter().map(|p| plain(reading, &p.text)).collect(),
        shown: label.shown(),
        units: units(reading, label),
        entry,
        error,
        has_numbers: axis == Axis::Columns || found.data_cols().any(figure),
    }
}

/// The text without its unit and line breaks.
fn plain(reading: &Reading, text: &str) -> String {
    let (bare, units) = strip(reading, text);
    if units.is_empty() { text.replace('\n', "").trim().to_owned() } else { bare.into_owned() }
}

/// A printed label that is taken for a declared one.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub entry: usize,
    /// The label as an entry would have it.
    pub printed: Vec<String>,
    pub likeness: f64,
    /// It stands between the same labels as the declared one.
    pub in_place: bool,
}

/// The likeliest declared label of each printed one that fits none, by the printed label.
pub(super) fn pair(reading: &Reading, axis: Axis, seen: &[Seen]) -> BTreeMap<String, Pair> {
    let declared = entries(reading, axis);
    let met: Vec<bool> = (0..declared.len()).map(|nth| seen.iter().any(|s| s.entry == Some(nth))).collect();
    let open = |nth: &usize| !declared[*nth].merged && !met[*nth];
    let mut likely: Vec<(f64, &Seen, Pair)> = Vec::new();
    for (at, stranger) in seen.iter().enumerate().filter(|(_, s)| s.entry.is_none()) {
        for nth in (0..declared.len()).filter(open) {
            let entry = &declared[nth];
            let Some((likeness, printed)) = like(reading, entry, stranger) else { continue };
            let in_place = neighbours(seen, at) == declared_neighbours(declared, &met, nth);
            if likeness >= LIKE || (in_place && likeness >= LIKE_IN_PLACE) {
                let sum = likeness + if in_place { PLACE } else { 0.0 };
                likely.push((sum, stranger, Pair { entry: nth, printed, likeness, in_place }));
            }
        }
    }
    likely.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut pairs: BTreeMap<String, Pair> = BTreeMap::new();
    for (_, stranger, pair) in likely {
        let taken = pairs.values().any(|other| other.entry == pair.entry && other.printed != pair.printed);
        if !taken && !pairs.contains_key(&stranger.shown) {
            pairs.insert(stranger.shown.clone(), pair);
        }
    }
    pairs
}

/// How like a label is to an entry, and the text by which the entry would fit it; `None` where they cannot be the same.
fn like(reading: &Reading, entry: &Entry, stranger: &Seen) -> Option<(f64, Vec<String>)> {
    if entry.is_literal() {
        let known = stranger.texts.last().is_none_or(|text| !contradicts(reading, entry, text));
        return known.then(|| (path_likeness(entry, &stranger.texts, str::to_owned), stranger.texts.clone()));
    }
    // The captures of an entry must find what they capture; years and months are the ones that print writes in ways.
    let printed: Vec<String> = stranger.texts.iter().map(|t| with_captures(t)).collect();
    let lists: Vec<&str> = reading.codebook.lists.keys().map(String::as_str).collect();
    let parsed: Vec<Pattern> = printed.iter().map(|t| Pattern::parse(t, &lists)).collect::<Result<_, _>>().ok()?;
    let same = parsed.iter().flat_map(Pattern::captures).eq(entry.path.iter().flat_map(Pattern::captures));
    same.then(|| (path_likeness(entry, &printed, bones), printed))
}

/// Whether the label is the name of a code other than the entry's.
fn contradicts(reading: &Reading, entry: &Entry, text: &str) -> bool {
    let stated = entry.meaning.dimensions.iter().map(|(d, code)| (d.as_str(), code));
    let stated = stated.chain(entry.meaning.indicator.iter().map(|code| ("indicator", code)));
    stated.into_iter().any(|(list, code)| {
        let found = reading.codebook.lookup(list, reading.labels(), text);
        found.is_ok_and(|found| found != *code)
    })
}

fn path_likeness(entry: &Entry, texts: &[String], of: impl Fn(&str) -> String) -> f64 {
    let declared: Vec<String> = entry.path.iter().map(|p| of(p.as_str())).collect();
    let printed: Vec<String> = texts.iter().map(|t| of(t)).collect();
    let whole = if normalise(&declared.concat()) == normalise(&printed.concat()) {
        1.0
    } else {
        likeness(&declared.concat(), &printed.concat())
    };
    let innermost = match (declared.last(), printed.last()) {
        (Some(one), Some(other)) if declared.len() != printed.len() || declared.len() > 1 => {
            likeness(one, other) * INNERMOST
        }
        _ => 0.0,
    };
    if declared.len() == printed.len() && declared.len() > 1 {
        // Every part must be like its own: a band of another name does not make two columns one.
        let parts = declared
            .iter()
            .zip(&printed)
            .map(|(one, other)| if normalise(one) == normalise(other) { 1.0 } else { likeness(one, other) });
        let (sum, least) = parts.fold((0.0, 1.0_f64), |(sum, least), part| (sum + part, least.min(part)));
        let mean = sum / declared.len() as f64;
        return if least == 0.0 { mean * LIKE_IN_PLACE } else { mean };
    }
    whole.max(innermost)
}

/// The entries of the nearest labels on both sides that fit one.
fn neighbours(seen: &[Seen], at: usize) -> (Option<usize>, Option<usize>) {
    let same_part = |s: &&Seen| s.part == seen[at].part;
    let before = seen[..at].iter().rev().take_while(same_part).find_map(|s| s.entry);
    (before, seen[at + 1..].iter().take_while(same_part).find_map(|s| s.entry))
}

fn declared_neighbours(declared: &[Entry], met: &[bool], nth: usize) -> (Option<usize>, Option<usize>) {
    let before = (0..nth).rev().find(|n| met[*n]);
    (before, (nth + 1..declared.len()).find(|n| met[*n]))
}

/// How well the labels fit: all of them infinitely well.
pub(super) fn score(reading: &Reading, axes: &Axes) -> f64 {
    if axes.columns.is_empty() || axes.rows.is_empty() {
        return f64::MIN;
    }
    let mut sum = 0.0;
    let mut whole = true;
    // A row of numbers is none of the header.
    let is_figure = |text: &String| years(text).is_empty() && number::parse(text).is_ok();
    let figures = axes.columns.iter().flat_map(|c| &c.texts).filter(|t| is_figure(t)).count();
    for (axis, seen) in [(Axis::Columns, &axes.columns), (Axis::Rows, &axes.rows)] {
        let declared = entries(reading, axis);
        let pairs = pair(reading, axis, seen);
        let strangers = seen.iter().filter(|s| s.entry.is_none());
        let likeness: f64 = strangers.clone().map(|s| pairs.get(&s.shown).map_or(-0.5, |p| p.likeness)).sum();
        let lacking = |nth: &usize| {
            let absent = seen.iter().all(|s| s.entry != Some(*nth)) && pairs.values().all(|p| p.entry != *nth);
            declared[*nth].is_required() && !declared[*nth].merged && absent
        };
        let lacking = (0..declared.len()).filter(lacking).count();
        whole &= lacking == 0 && strangers.clone().count() == 0;
        sum += seen.iter().filter(|s| s.entry.is_some()).count() as f64 + likeness - lacking as f64 / 2.0;
    }
    match (whole, figures) {
        (true, _) => f64::INFINITY,
        (false, 0) => sum,
        (false, _) => f64::MIN,
    }
}

/// A label as an edition's keys name it.
pub(super) fn joined(texts: &[String]) -> String {
    texts.join(JOINT)
}
