//! The footnote block below a table: which cells each note concerns, and the numbers declared to stand in it.
//!
//! A note that begins with a mark concerns the cells that carry the mark, at their number, their row or column label, or the
//! table's title; any other note concerns every cell.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Reading;
use super::body::{self, Read};
use super::label::Line;
use super::locate::Found;
use super::presence::Met;
use crate::diag::Diagnostic;
use crate::domain::label::normalise;
use crate::domain::{Observation, Observations, Series};
use crate::grid::{CellRef, CellValue, Grid};
use crate::spec::annotation::Marks;
use crate::spec::pattern::Capture;
use crate::spec::table::Meaning;

/// Characters within which a colon makes the beginning of a line a name: `资料来源:`.
const NAME_CHARS_MAX: usize = 6;

/// One note of the footnote block.
#[derive(Clone, Debug)]
pub(super) struct Footnote {
    pub at: CellRef,
    pub text: String,
    /// The mark that it begins with.
    pub mark: Option<usize>,
    /// The first row of its block.
    block: u32,
}

/// What was read of one panel.
pub(super) struct Noted {
    /// The first row of the footnotes below it.
    pub block: u32,
    pub used: Used,
    pub read: Read,
}

/// Marks with the first cell that carries each.
pub(super) type Used = BTreeMap<usize, CellRef>;

/// A label without its translation, and without the marks at its end or before the brackets at its end; and those.
pub(super) fn of_label<'t>(reading: &Reading, printed: &'t str) -> (Cow<'t, str>, Marks) {
    let (text, mut marks) = without_marks(reading, printed);
    let own = reading.own_language(&text);
    if own.len() == text.len() {
        return (text, marks);
    }
    // The mark may stand before the translation.
    let (own, inner) = without_marks(reading, own);
    marks.splice(..0, inner);
    (Cow::Owned(own.into_owned()), marks)
}

fn without_marks<'t>(reading: &Reading, printed: &'t str) -> (Cow<'t, str>, Marks) {
    let annotations = &reading.layout().annotations;
    let (rest, marks) = annotations.at_end(printed);
    let closed = rest.trim_end().ends_with([')', '）']);
    let Some(open) = rest.rfind(['(', '（']).filter(|_| closed) else { return (Cow::Borrowed(rest), marks) };
    let (before, inner) = annotations.at_end(&rest[..open]);
    if inner.is_empty() {
        return (Cow::Borrowed(rest), marks);
    }
    (Cow::Owned(format!("{before}{}", &rest[open..])), [inner, marks].concat())
}

/// Marks that concern the whole table: of its title, its unit line and the cells over the label columns.
pub(super) fn of_title(reading: &Reading, found: &Found<'_>) -> Vec<(usize, CellRef)> {
    let annotations = &reading.layout().annotations;
    let own = if found.is_first() { 0..0 } else { found.top..found.header.start };
    let above = found.cells(found.title.clone()).chain(found.cells(own));
    let mut marks: Vec<(usize, CellRef)> = Vec::new();
    for (at, cell) in above {
        // A line of its own may say what state all figures are in; a footnote mark alone refers to nothing.
        let whole = annotations.whole(&cell.text).filter(|nth| annotations.get(*nth).status.is_some());
        let found = whole.map_or_else(|| of_label(reading, &cell.text).1, |nth| vec![nth]);
        marks.extend(found.into_iter().map(|nth| (nth, at)));
    }
    for row in found.header.clone() {
        for col in &found.label_cols {
            let found = of_label(reading, found.grid.text(row, *col)).1;
            marks.extend(found.into_iter().map(|nth| (nth, CellRef { row, col: *col })));
        }
    }
    marks
}

/// Every mark that stands in the table.
pub(super) fn used(of_title: Vec<(usize, CellRef)>, rows: &[Line<'_>], columns: &[Line<'_>], read: &Read) -> Used {
    let labels = columns.iter().chain(rows).flat_map(|l| &l.label.parts);
    let of_labels = labels.flat_map(|p| p.marks.iter().map(|nth| (*nth, p.at)));
    let of_cells = read.marked.iter().flat_map(|(o, marks)| marks.iter().map(|nth| (*nth, read.observations[*o].at)));
    let mut used = Used::new();
    for (nth, at) in of_title.into_iter().chain(of_labels).chain(of_cells) {
        used.entry(nth).or_insert(at);
    }
    used
}

/// The notes of all blocks of a sheet. A cell is a note, but for lines that begin with a mark, which are notes of their own,
/// and cells that go on with the note above: indented, and neither marked nor numbered.
pub(super) fn footnotes(reading: &Reading, panels: &[Found<'_>]) -> Vec<Footnote> {
    let mut notes = Vec::new();
    for (nth, panel) in panels.iter().enumerate() {
        // Panels side by side share their block.
        if panels[..nth].iter().all(|p| p.notes != panel.notes) {
            notes.extend(block(reading, panel));
        }
    }
    notes
}

fn block(reading: &Reading, found: &Found<'_>) -> Vec<Footnote> {
    let cells = found.cells(found.notes.clone()).filter(|(_, cell)| cell.value != CellValue::UnsavedFormula);
    let mut notes: Vec<Footnote> = Vec::new();
    for (at, cell) in cells {
        for (nth, line) in cell.text.lines().filter(|l| !l.trim().is_empty()).enumerate() {
            let text = line.trim().to_owned();
            let mark = mark_of(reading, line);
            let last = notes.last_mut().filter(|_| mark.is_none());
            match last {
                // The mark stands in a cell of its own, the note beside it.
                Some(last) if last.at.row == at.row && last.mark.is_some() && is_mark(reading, &last.text) => {
                    last.text.push_str(&text);
                }
                Some(last) if nth > 0 => {
                    last.text.push('\n');
                    last.text.push_str(&text);
                }
                Some(last) if line.starts_with(char::is_whitespace) && last.at.row < at.row && !is_numbered(&text) => {
                    let words = last.text.ends_with(|c: char| c.is_ascii_alphanumeric())
                        && text.starts_with(|c: char| c.is_ascii_alphanumeric());
                    last.text.push_str(if words { " " } else { "" });
                    last.text.push_str(&text);
                }
                _ => notes.push(Footnote { at, text, mark, block: found.notes.start }),
            }
        }
    }
    notes
}

/// The mark that a line of the block begins with, behind `注:` or another text of `until`.
fn mark_of(reading: &Reading, line: &str) -> Option<usize> {
    let annotations = &reading.layout().annotations;
    let first = |text: &str| {
        let (taken, nth) = annotations.first_of(text)?;
        // A word is a mark only where the line goes on to explain it: `p: provisional`, not `provisional`.
        let word = text[..taken.end].ends_with(char::is_alphanumeric);
        let apart = text[taken.end..].starts_with(|c: char| c.is_whitespace() || ":：、.．=＝".contains(c));
        (!word || apart || annotations.get(nth).status.is_none()).then_some(nth)
    };
    first(line).or_else(|| first(behind_word(reading, line)?))
}

/// What follows a text of `until` and its colon.
fn behind_word<'t>(reading: &Reading, line: &'t str) -> Option<&'t str> {
    let words = reading.layout().until.iter().filter(|w| !w.is_empty());
    let ends = words.filter_map(|word| {
        let mut ends = line.char_indices().map(|(at, c)| at + c.len_utf8());
        ends.find(|end| normalise(&line[..*end]) == *word)
    });
    let rest = line[ends.max()?..].trim_start();
    Some(rest.strip_prefix([':', '：']).unwrap_or(rest))
}

fn is_mark(reading: &Reading, text: &str) -> bool {
    reading.layout().annotations.whole(text).is_some()
        || behind_word(reading, text).is_some_and(|rest| reading.layout().annotations.whole(rest).is_some())
}

/// `2.`, `（2）`, `二、`, `资料来源：`: the beginning of a note, however it is indented.
fn is_numbered(text: &str) -> bool {
    let text = normalise(text);
    let body = text.trim_start_matches('(');
    let digits = body.trim_start_matches(|c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c));
    let numbered = digits.len() < body.len() && digits.starts_with(['.', '、', ')', ',']);
    let named = text.chars().take(NAME_CHARS_MAX).any(|c| c == ':');
    numbered || named
}

/// Give every observation the notes that concern it, in their order; a mark without a note and a note without a mark are
/// faults.
pub(super) fn bind(
    reading: &Reading,
    found: &[Found<'_>],
    notes: &[Footnote],
    panels: Vec<Noted>,
    faults: &mut Vec<Diagnostic>,
) -> Observations {
    unused(reading, found, notes, &panels, faults);
    let used: BTreeSet<usize> = panels.iter().flat_map(|p| p.used.keys().copied()).collect();
    let mut observations = Observations::default();
    for mut panel in panels {
        unexplained(reading, found[0].grid, notes, &panel, faults);
        let concerning = |marks: &[usize]| {
            let concerns = |note: &&Footnote| match note.mark {
                Some(mark) if used.contains(&mark) || reading.layout().annotations.get(mark).status.is_none() => {
                    marks.contains(&mark) && of_mark(notes, mark, panel.block).any(|n| n.at == note.at)
                }
                _ => true,
            };
            let mut texts: Vec<String> = Vec::new();
            for note in notes.iter().filter(concerns) {
                // A block that every panel repeats is said once.
                if !texts.contains(&note.text) {
                    texts.push(note.text.clone());
                }
            }
            Arc::new(texts)
        };
        let (unmarked, mut bound) = (concerning(&[]), Bound::default());
        if !unmarked.is_empty() {
            panel.read.observations.iter_mut().for_each(|o| bound.give(o, &unmarked));
        }
        let mut by_marks: BTreeMap<Arc<Marks>, Arc<Vec<String>>> = BTreeMap::new();
        for (nth, marks) in panel.read.marked {
            let texts = by_marks.entry(marks).or_insert_with_key(|marks| concerning(marks));
            panel.read.observations.get_mut(nth).into_iter().for_each(|o| bound.give(o, texts));
        }
        observations.append(panel.read.observations);
    }
    observations
}

/// Series with the notes that were given to them, one for each list of notes, found by where both are kept; what a series
/// was before is held, so that no other takes its place.
#[derive(Default)]
struct Bound(BTreeMap<(usize, usize), [Arc<Series>; 2]>);

impl Bound {
    fn give(&mut self, o: &mut Observation, notes: &Arc<Vec<String>>) {
        let key = (Arc::as_ptr(&o.series).addr(), Arc::as_ptr(notes).addr());
        let with = || Series { notes: Arc::clone(notes), ..Series::clone(&o.series) };
        let [_, bound] = self.0.entry(key).or_insert_with(|| [Arc::clone(&o.series), Arc::new(with())]);
        o.series = Arc::clone(bound);
    }
}

/// The notes that begin with a mark: those of the panel's own block, else those of the others.
fn of_mark(notes: &[Footnote], mark: usize, block: u32) -> impl Iterator<Item = &Footnote> {
    let own = notes.iter().any(|n| n.mark == Some(mark) && n.block == block);
    notes.iter().filter(move |n| n.mark == Some(mark) && (!own || n.block == block))
}

/// Marks of a panel that no note explains, or more than one.
fn unexplained(reading: &Reading, grid: &Grid, notes: &[Footnote], panel: &Noted, faults: &mut Vec<Diagnostic>) {
    let (annotations, spec) = (&reading.layout().annotations, &reading.table.spec);
    for (nth, at) in &panel.used {
        let annotation = annotations.get(*nth);
        let mut found = of_mark(notes, *nth, panel.block);
        let first = found.next();
        if let Some(other) = found.find(|n| first.is_some_and(|first| first.text != n.text)) {
            let message = format!("two footnotes begin with \"{}\"", annotation.mark);
            let fault = reading.fault("note-twice", message, grid, other.at);
            faults.push(fault.hint("one of the two marks is misprinted"));
        }
        if first.is_none() && annotation.status.is_none() {
            let message = format!(
                "\"{}\" carries the mark \"{}\", and no footnote begins with it",
                shown(grid, *at),
                annotation.mark
            );
            let hint = match notes.is_empty() {
                true => format!("no footnotes were found: name the beginning of their first line in until in {spec}"),
                false => format!("if it is no mark, list those that are in note_marks in {spec}"),
            };
            faults.push(reading.fault("note-missing", message, grid, *at).hint(hint));
        }
    }
}

/// Marked notes that concern nothing. What explains a status may stand below every table.
fn unused(reading: &Reading, found: &[Found<'_>], notes: &[Footnote], panels: &[Noted], faults: &mut Vec<Diagnostic>) {
    let (annotations, spec) = (&reading.layout().annotations, &reading.table.spec);
    for note in notes {
        let Some(mark) = note.mark.filter(|mark| annotations.get(*mark).status.is_none()) else { continue };
        if panels.iter().all(|p| !p.used.contains_key(&mark)) && !found.iter().any(|f| stands(reading, f, mark)) {
            let name = &annotations.get(mark).mark;
            let message = format!("the footnote \"{name}\" is marked, and nothing in the table carries the mark");
            let hint = format!("if it is no mark, list those that are in note_marks in {spec}");
            faults.push(reading.fault("note-unbound", message, found[0].grid, note.at).hint(hint));
        }
    }
}

/// Whether a mark stands at a cell of the table, be it one that is skipped.
fn stands(reading: &Reading, found: &Found<'_>, mark: usize) -> bool {
    let annotations = &reading.layout().annotations;
    found.cells(found.header.start..found.body.end).any(|(_, cell)| {
        let (text, marks) = of_label(reading, &cell.text);
        marks.contains(&mark) || annotations.at_start(&text).1.contains(&mark)
    })
}

fn shown(grid: &Grid, at: CellRef) -> String {
    grid.text(at.row, at.col).replace('\n', "")
}

/// The numbers that the table's figures declare; each must stand in one footnote of the part at most, and in one part at least.
pub(super) fn figures(
    reading: &Reading,
    found: &Found<'_>,
    title: &Meaning,
    footnotes: &[Footnote],
    met: &mut Met,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Observation> {
    let mut observations = Vec::new();
    for (nth, figure) in reading.layout().figures.iter().enumerate() {
        let mut hits = footnotes.iter().filter_map(|n| figure.pattern.find(&n.text).map(|captured| (n, captured)));
        let (first, second) = (hits.next(), hits.next());
        let Some((note, captured)) = first else { continue };
        met.figures.insert(nth);
        if let Some((other, _)) = second {
            let message = format!("two footnotes read \"{}\"", figure.pattern.as_str());
            faults.push(
                reading.fault("figure-ambiguous", message, found.grid, other.at).hint("lengthen the figure's text"),
            );
            continue;
        }
        let printed =
            captured.iter().find(|c| c.capture == Capture::Number).map_or("", |c| &note.text[c.printed.clone()]);
        match body::figure(reading, found.grid, note.at, printed, &figure.meaning, nth + 1, title) {
            Ok(mut observation) => {
                let concerns = |n: &&Footnote| n.at == note.at || n.mark.is_none();
                let notes = footnotes.iter().filter(concerns).map(|n| n.text.clone()).collect();
                Bound::default().give(&mut observation, &Arc::new(notes));
                observations.push(observation);
            }
            Err(fault) => faults.push(*fault),
        }
    }
    observations
}
