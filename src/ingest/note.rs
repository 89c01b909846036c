//! The footnote block below a table: which cells each note concerns, and the numbers declared to stand in it or in the title.
//!
//! A note that begins with a mark concerns the cells that carry the mark, at their number, their row or column label, or the
//! table's title; one that is declared, the numbers of which it says the same; any other note concerns every cell.

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
use crate::spec::table::{Meaning, Note};

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

/// What the other parts of an edition may settle: a table that goes on over several sheets has its notes below the last.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// Notes with the mark that they begin with.
    notes: Vec<(usize, String)>,
    /// Marks that no note of the part explains, the numbers that they concern, and the fault if no other part does.
    marks: Vec<(usize, Vec<usize>, Diagnostic)>,
    /// Marks of notes that concern nothing in the part, and the fault if they concern nothing in another.
    unused: Vec<(usize, Diagnostic)>,
}

impl Open {
    /// Add what a part left open whose numbers stand behind so many others.
    pub fn add(&mut self, part: Open, before: usize) {
        self.notes.extend(part.notes);
        self.unused.extend(part.unused);
        let later = |numbers: Vec<usize>| numbers.into_iter().map(|nth| nth + before).collect();
        self.marks.extend(part.marks.into_iter().map(|(mark, numbers, fault)| (mark, later(numbers), fault)));
    }

    /// Bind what one part leaves open and another explains; what none does is a fault.
    pub fn settle(self, observations: &mut Observations, faults: &mut Vec<Diagnostic>) {
        let mut bound = Bound::default();
        let wanted: BTreeSet<usize> = self.marks.iter().map(|(mark, ..)| *mark).collect();
        faults.extend(self.unused.into_iter().filter(|(mark, _)| !wanted.contains(mark)).map(|(_, fault)| fault));
        for (mark, numbers, fault) in self.marks {
            let texts: BTreeSet<&String> =
                self.notes.iter().filter(|(m, _)| *m == mark).map(|(_, text)| text).collect();
            let mut texts = texts.into_iter();
            let (Some(text), None) = (texts.next(), texts.next()) else {
                faults.push(fault);
                continue;
            };
            for nth in numbers {
                observations.get_mut(nth).into_iter().for_each(|o| bound.add(o, text));
            }
        }
    }
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
        let lines = cell.text.lines().filter(|l| !l.trim().is_empty()).flat_map(|line| each(reading, line));
        for (nth, line) in lines.enumerate() {
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

/// The notes of a line that begins with a mark: `①…；②…` are two.
fn each<'t>(reading: &Reading, line: &'t str) -> Vec<&'t str> {
    let mut notes = vec![line];
    if mark_of(reading, line).is_none() {
        return notes;
    }
    let parted = |(at, c): (usize, char)| (c.is_whitespace() || "；;。".contains(c)).then_some(at + c.len_utf8());
    while let [.., last] = notes[..] {
        // What is no letter is a mark wherever it follows the end of a note.
        let begins = |at: &usize| {
            let rest = &last[*at..];
            let mark = reading.layout().annotations.first_of(rest).map(|(taken, _)| &rest[taken]);
            mark.is_some_and(|m| !m.contains(|c: char| c.is_alphabetic() || c.is_ascii_digit()))
        };
        let body = last.len() - last.trim_start().len();
        let Some(at) = last.char_indices().filter_map(parted).find(|at| *at > body && begins(at)) else { break };
        notes.pop();
        notes.extend([&last[..at], &last[at..]]);
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
/// left open.
pub(super) fn bind(
    reading: &Reading,
    found: &[Found<'_>],
    notes: &[Footnote],
    panels: Vec<Noted>,
    faults: &mut Vec<Diagnostic>,
) -> (Observations, Open) {
    let marked = notes.iter().filter_map(|n| Some((n.mark?, n.text.clone())));
    let mut open = Open { notes: marked.collect(), marks: Vec::new(), unused: unused(reading, found, notes, &panels) };
    let used: BTreeSet<usize> = panels.iter().flat_map(|p| p.used.keys().copied()).collect();
    let mut observations = Observations::default();
    for mut panel in panels {
        for (mark, fault) in unexplained(reading, found[0].grid, notes, &panel, faults) {
            let carry = panel.read.marked.iter().filter(|(_, marks)| marks.contains(&mark));
            open.marks.push((mark, carry.map(|(nth, _)| observations.len() + nth).collect(), fault));
        }
        let concerning = |marks: &[usize]| {
            let concerns = |note: &&Footnote| match note.mark {
                Some(mark) if used.contains(&mark) || reading.layout().annotations.get(mark).status.is_none() => {
                    marks.contains(&mark) && of_mark(notes, mark, panel.block).any(|n| n.at == note.at)
                }
                _ => declared(reading, note).is_none(),
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
        // What a record remarks itself stands before the footnotes.
        let of_records = Some(&panel.read.observations).filter(|_| panel.read.doubts.records);
        let read = of_records.into_iter().flatten().enumerate().filter(|(_, o)| !o.notes().is_empty());
        let remarks: Vec<(usize, Arc<Vec<String>>)> = read.map(|(nth, o)| (nth, Arc::clone(&o.series.notes))).collect();
        let (unmarked, mut bound) = (concerning(&[]), Bound::default());
        if !unmarked.is_empty() {
            panel.read.observations.iter_mut().for_each(|o| bound.give(o, &unmarked));
        }
        let mut by_marks: BTreeMap<Arc<Marks>, Arc<Vec<String>>> = BTreeMap::new();
        for (nth, marks) in panel.read.marked {
            let texts = by_marks.entry(marks).or_insert_with_key(|marks| concerning(marks));
            panel.read.observations.get_mut(nth).into_iter().for_each(|o| bound.give(o, texts));
        }
        for (nth, own) in remarks {
            let Some(o) = panel.read.observations.get_mut(nth) else { continue };
            if !Arc::ptr_eq(&o.series.notes, &own) {
                let notes = own.iter().chain(o.notes()).cloned().collect();
                bound.give(o, &Arc::new(notes));
            }
        }
        for (note, of) in notes.iter().filter_map(|note| Some((note, declared(reading, note)?))) {
            for observation in panel.read.observations.iter_mut().filter(|o| says(&of.meaning, o)) {
                bound.add(observation, &note.text);
            }
        }
        observations.append(panel.read.observations);
    }
    (observations, open)
}

/// What is declared of a footnote without a mark.
fn declared<'a>(reading: &'a Reading, note: &Footnote) -> Option<&'a Note> {
    let unmarked = note.mark.is_none();
    reading.layout().notes.iter().find(|declared| unmarked && declared.pattern.find(&note.text).is_some())
}

/// Which of the declared notes there are.
pub(super) fn met(reading: &Reading, notes: &[Footnote], met: &mut Met) {
    for (nth, of) in reading.layout().notes.iter().enumerate() {
        if notes.iter().any(|note| declared(reading, note).is_some_and(|found| std::ptr::eq(found, of))) {
            met.notes.insert(nth);
        }
    }
}

/// Whether all that a note says is said of an observation too.
fn says(of: &Meaning, observation: &Observation) -> bool {
    let breakdown = observation.breakdown();
    of.indicator.as_ref().is_none_or(|indicator| indicator == observation.indicator())
        && of.dimensions.iter().all(|(dimension, code)| observation.code(*dimension) == Some(code))
        && of.breakdown.iter().all(|(key, code)| breakdown.0.get(key) == Some(code))
}

/// Series with the notes that were given to them, one for each note or list of notes, found by where both are kept; what a
/// series was before is held, so that no other takes its place.
#[derive(Default)]
struct Bound(BTreeMap<(usize, usize), [Arc<Series>; 2]>);

impl Bound {
    /// Give an observation these notes in the stead of those it has.
    fn give(&mut self, o: &mut Observation, notes: &Arc<Vec<String>>) {
        self.bind(o, Arc::as_ptr(notes).addr(), |_| Arc::clone(notes));
    }

    /// Give it a further one.
    fn add(&mut self, o: &mut Observation, note: &String) {
        let further = |own: &[String]| Arc::new(own.iter().chain([note]).cloned().collect());
        self.bind(o, std::ptr::from_ref(note).addr(), further);
    }

    fn bind(&mut self, o: &mut Observation, place: usize, notes: impl FnOnce(&[String]) -> Arc<Vec<String>>) {
        let key = (Arc::as_ptr(&o.series).addr(), place);
        let with = || Series { notes: notes(&o.series.notes), ..Series::clone(&o.series) };
        let [_, bound] = self.0.entry(key).or_insert_with(|| [Arc::clone(&o.series), Arc::new(with())]);
        o.series = Arc::clone(bound);
    }
}

/// The notes that begin with a mark: those of the panel's own block, else those of the others.
fn of_mark(notes: &[Footnote], mark: usize, block: u32) -> impl Iterator<Item = &Footnote> {
    let own = notes.iter().any(|n| n.mark == Some(mark) && n.block == block);
    notes.iter().filter(move |n| n.mark == Some(mark) && (!own || n.block == block))
}

/// Marks of a panel that no note explains, each with the fault that it would be; marks that several explain are faults.
fn unexplained(
    reading: &Reading,
    grid: &Grid,
    notes: &[Footnote],
    panel: &Noted,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(usize, Diagnostic)> {
    let (annotations, spec) = (&reading.layout().annotations, &reading.table.spec);
    let mut open = Vec::new();
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
            open.push((*nth, reading.fault("note-missing", message, grid, *at).hint(hint)));
        }
    }
    open
}

/// Marks of notes that concern nothing, each with the fault that it would be. What explains a status may stand below every
/// table.
fn unused(reading: &Reading, found: &[Found<'_>], notes: &[Footnote], panels: &[Noted]) -> Vec<(usize, Diagnostic)> {
    let mut open = Vec::new();
    let (annotations, spec) = (&reading.layout().annotations, &reading.table.spec);
    for note in notes {
        let Some(mark) = note.mark.filter(|mark| annotations.get(*mark).status.is_none()) else { continue };
        if panels.iter().all(|p| !p.used.contains_key(&mark)) && !found.iter().any(|f| stands(reading, f, mark)) {
            let name = &annotations.get(mark).mark;
            let message = format!("the footnote \"{name}\" is marked, and nothing in the table carries the mark");
            let hint = format!("if it is no mark, list those that are in note_marks in {spec}");
            open.push((mark, reading.fault("note-unbound", message, found[0].grid, note.at).hint(hint)));
        }
    }
    open
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

/// The numbers that the table's figures declare; each must stand in one place of the part at most, in its title or in a
/// footnote, and in one part at least.
pub(super) fn figures(
    reading: &Reading,
    found: &Found<'_>,
    title: &Meaning,
    footnotes: &[Footnote],
    met: &mut Met,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Observation> {
    let mut observations = Vec::new();
    let above = found.cells(found.title.clone()).map(|(at, cell)| (at, &*cell.text));
    let places: Vec<(CellRef, &str)> = above.chain(footnotes.iter().map(|n| (n.at, n.text.as_str()))).collect();
    for (nth, figure) in reading.layout().figures.iter().enumerate() {
        let mut hits = places.iter().filter_map(|(at, text)| Some((*at, *text, figure.pattern.find(text)?)));
        let (first, second) = (hits.next(), hits.next());
        let Some((at, text, captured)) = first else { continue };
        met.figures.insert(nth);
        if let Some((other, ..)) = second {
            let message = format!("two places read \"{}\"", figure.pattern.as_str());
            faults
                .push(reading.fault("figure-ambiguous", message, found.grid, other).hint("lengthen the figure's text"));
            continue;
        }
        let printed = captured.iter().find(|c| c.capture == Capture::Number).map_or("", |c| &text[c.printed.clone()]);
        match body::figure(reading, found.grid, at, printed, &figure.meaning, nth + 1, title) {
            Ok(mut observation) => {
                let concerns = |n: &&Footnote| {
                    n.at == at
                        || (n.mark.is_none() && declared(reading, n).is_none_or(|d| says(&d.meaning, &observation)))
                };
                let notes = footnotes.iter().filter(concerns).map(|n| n.text.clone()).collect();
                Bound::default().give(&mut observation, &Arc::new(notes));
                observations.push(observation);
            }
            Err(fault) => faults.push(*fault),
        }
    }
    observations
}
