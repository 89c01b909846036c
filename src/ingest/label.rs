//! Labels found, held against labels declared: presence, order, and the codes that captures stand for.

use std::collections::{BTreeSet, HashMap};

use super::Reading;
use super::header::{Label, Part};
use super::hierarchy;
use super::hint;
use super::locate::Found;
use super::note;
use super::presence::{Met, Stranger};
use super::twice;
use super::unit::{PrintedUnit, captured_unit, strip};
use crate::diag::Diagnostic;
use crate::domain::fingerprint::fingerprint;
use crate::domain::{Code, Dimension, LookupError, Period, TOTAL};
use crate::grid::{CellRef, Grid, on_all_cores};
use crate::spec::pattern::{Capture, Captured, Pattern};
use crate::spec::table::{Entry, Meaning, PeriodRule, UnitUse};

/// Labels that one core holds against the declared ones at a time.
const LABELS_AT_ONCE: usize = 1 << 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Axis {
    Rows,
    Columns,
}

impl Axis {
    pub fn noun(self) -> &'static str {
        match self {
            Axis::Rows => "row label",
            Axis::Columns => "header",
        }
    }
}

/// A row or column whose meaning is known.
#[derive(Clone, Debug)]
pub(super) struct Line<'l> {
    pub label: &'l Label,
    pub meaning: Meaning,
    /// A number that lines which mean the same have in common, and hardly any others.
    print: u64,
    /// Units printed in the label.
    pub units: Vec<PrintedUnit>,
    /// The unit that the label captures.
    pub captured: Option<PrintedUnit>,
}

/// An entry that fits a label, and what both say.
pub(super) struct Fitting<'e> {
    pub entry: &'e Entry,
    pub meaning: Meaning,
    /// The unit that the label captures.
    pub unit: Option<PrintedUnit>,
    /// Names in the label that are misprinted, and what they are read as.
    pub misprints: Vec<Misprint>,
}

/// A label that fits an entry's text but stands for no code.
pub(super) struct Unknown {
    pub error: LookupError,
    pub list: String,
}

/// Give every label the meaning of the entry that declares it; what is not as declared is an error.
pub(super) fn assign<'l>(
    reading: &Reading,
    found: &Found<'_>,
    labels: &'l [Label],
    axis: Axis,
    met: &mut Met,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Line<'l>> {
    let (grid, entries) = (found.grid, entries(reading, axis));
    let stretches: Vec<&[Label]> = labels.chunks(LABELS_AT_ONCE).collect();
    let (mut lines, mut order) = (Vec::with_capacity(labels.len()), Vec::with_capacity(labels.len()));
    for mut some in on_all_cores(&stretches, |labels| Assigned::of(reading, found, labels, axis)) {
        lines.append(&mut some.lines);
        order.append(&mut some.order);
        met.remarks.append(&mut some.remarks);
        met.strangers.append(&mut some.strangers);
        faults.append(&mut some.faults);
    }
    met.entries(axis).extend(order.iter().map(|(nth, _)| nth));
    repeated(reading, grid, entries, &order, axis, faults);
    sequence(reading, grid, entries, &order, axis, faults);
    match axis {
        Axis::Columns => periods_from_left(reading, grid, &mut lines, faults),
        Axis::Rows => {
            let rows: Vec<(&Entry, &Label)> = order.iter().map(|(nth, label)| (&entries[*nth], *label)).collect();
            hierarchy::lone(reading, found, &rows, faults);
        }
    }
    lines
}

/// Some labels, held against the declared ones.
#[derive(Default)]
struct Assigned<'l> {
    lines: Vec<Line<'l>>,
    /// The entry each label belongs to.
    order: Vec<(usize, &'l Label)>,
    remarks: Vec<Diagnostic>,
    strangers: Vec<Stranger>,
    faults: Vec<Diagnostic>,
}

impl<'l> Assigned<'l> {
    fn of(reading: &Reading, found: &Found<'_>, labels: &'l [Label], axis: Axis) -> Assigned<'l> {
        let entries = entries(reading, axis);
        let mut some = Assigned::default();
        some.lines.reserve_exact(labels.len());
        some.order.reserve_exact(labels.len());
        for label in labels {
            match entry_of(reading, label, entries.iter().filter(|e| !e.merged)) {
                Ok(Some(fitting)) => some.add(reading, found, label, entries, fitting),
                Ok(None) => some.strangers.push(stranger(reading, found, label, axis)),
                Err(unknown) => some.faults.push(hint::unknown_label(reading, found, label, axis, &unknown)),
            }
        }
        some
    }

    fn add(
        &mut self,
        reading: &Reading,
        found: &Found<'_>,
        label: &'l Label,
        entries: &[Entry],
        Fitting { entry, meaning, unit, misprints }: Fitting<'_>,
    ) {
        self.order.push((entries.iter().position(|e| std::ptr::eq(e, entry)).unwrap_or(0), label));
        let at = label.at().unwrap_or(found.corner);
        let remark = |told: Misprint| reading.remark("misprinted-label", told.en, found.grid, at).zh(told.zh);
        self.remarks.extend(misprints.into_iter().map(remark));
        if entry.is_read() {
            let (print, units) = (fingerprint(&meaning), units(reading, label));
            self.lines.push(Line { label, meaning, print, units, captured: unit });
        }
    }
}

/// No two rows, and no two columns, may mean the same.
pub(super) fn distinct(reading: &Reading, grid: &Grid, lines: &[Line<'_>], axis: Axis, faults: &mut Vec<Diagnostic>) {
    if twice::all_differ(lines.iter().map(|line| line.print).collect()) {
        return;
    }
    let mut seen: HashMap<&Meaning, &Line<'_>> = HashMap::new();
    for line in lines {
        let other = *seen.entry(&line.meaning).or_insert(line);
        if std::ptr::eq(other, line) {
            continue;
        }
        let (Some(at), Some(first)) = (line.label.at(), other.label.at()) else { continue };
        let (one, two) = (line.label.shown(), other.label.shown());
        let noun = axis.noun();
        let message = format!("the {noun} \"{one}\" means the same as \"{two}\" in {}", grid.address(first));
        let hint = "one of them is wrong, or needs a dimension or an alias of its own";
        faults.push(reading.fault("label-twice", message, grid, at).hint(hint));
    }
}

pub(super) fn entries<'a>(reading: &'a Reading, axis: Axis) -> &'a [Entry] {
    match axis {
        Axis::Rows => &reading.edition.layout.rows,
        Axis::Columns => &reading.edition.layout.columns,
    }
}

pub(super) fn units(reading: &Reading, label: &Label) -> Vec<PrintedUnit> {
    label.parts.iter().rev().map(|p| strip(reading, &p.text).1).find(|u| !u.is_empty()).unwrap_or_default()
}

/// The first entry that fits the label, and what both say. `Err` where texts fit but a capture stands for no code.
pub(super) fn entry_of<'e>(
    reading: &Reading,
    label: &Label,
    entries: impl Iterator<Item = &'e Entry>,
) -> Result<Option<Fitting<'e>>, Unknown> {
    let mut unknown = None;
    for entry in entries {
        let Some(captured) = fit(reading, entry, label) else { continue };
        match meaning(reading, &captured) {
            Ok(mut found) => {
                // A unit that is declared stands; the printed one is held against it.
                found.unit = entry.meaning.unit.clone().or(found.unit);
                found.fill(&entry.meaning);
                let (unit, misprints) = (captured_unit(reading, &captured), misprints(reading, &captured));
                return Ok(Some(Fitting { entry, meaning: found, unit, misprints }));
            }
            Err(error) => unknown = unknown.or(Some(error)),
        }
    }
    match unknown {
        Some(unknown) => Err(unknown),
        None => Ok(None),
    }
}

/// A name that is misprinted and what it is read as, in both languages.
pub(super) struct Misprint {
    en: String,
    zh: String,
}

/// The captures that the code lists know for misprints.
fn misprints(reading: &Reading, captured: &[Captured]) -> Vec<Misprint> {
    let told = |held: &Captured| {
        let list = match &held.capture {
            Capture::Dimension(dimension) => dimension.as_str(),
            Capture::Breakdown(list) => list,
            Capture::Indicator => "indicator",
            _ => return None,
        };
        let alias = reading.codebook.misprint(list, reading.labels(), &held.text)?;
        let meant = reading.codebook.lists.get(list).and_then(|l| l.get(alias.code.as_str()));
        let name = meant.map_or("", |entry| entry.name_zh.as_str());
        let (text, code, blank) = (&held.text, &alias.code, if name.is_empty() { "" } else { " " });
        Some(Misprint {
            en: format!("\"{text}\" is read as {name}{blank}({code}): {}", alias.reason),
            zh: format!("原刊“{text}”，读作{name}（{code}）"),
        })
    };
    captured.iter().filter_map(told).collect()
}

/// What the captures hold where every part of the label fits, with or without the unit at its end.
pub(super) fn fit(reading: &Reading, entry: &Entry, label: &Label) -> Option<Vec<Captured>> {
    if entry.path.len() != label.parts.len() {
        return None;
    }
    let mut parts = entry.path.iter().zip(&label.parts).map(|(pattern, part)| held(reading, pattern, &part.text));
    let mut all = parts.next().unwrap_or_else(|| Some(Vec::new()))?;
    for more in parts {
        all.extend(more?);
    }
    Some(all)
}

/// What the captures hold where a text fits, with or without the unit at its end.
fn held(reading: &Reading, pattern: &Pattern, text: &str) -> Option<Vec<Captured>> {
    let stripped = || pattern.matches(&strip(reading, text).0);
    // A capture would swallow the unit, so the shorter form goes first where there is one.
    match pattern.is_literal() {
        true => pattern.matches(text).or_else(stripped),
        false => stripped().or_else(|| pattern.matches(text)),
    }
}

/// Whether a text alone is the first part of a declared header, or the last of a declared row label; `{any}` tells nothing.
pub(super) fn begins(reading: &Reading, axis: Axis, text: &str) -> bool {
    let (text, _) = note::of_label(reading, text);
    let tells = |p: &Pattern| p.captures().all(|c| *c != Capture::Any);
    entries(reading, axis).iter().filter(|e| !e.merged).any(|entry| {
        let part = if axis == Axis::Columns { entry.path.first() } else { entry.path.last() };
        let held = part.filter(|p| tells(p)).and_then(|p| held(reading, p, &text));
        held.is_some_and(|captured| meaning(reading, &captured).is_ok())
    })
}

/// What the captures of a title say, once their labels have been looked up; a unit that is declared stands.
pub(super) fn meaning_of(reading: &Reading, captured: &[Captured]) -> Result<Meaning, LookupError> {
    let found = meaning(reading, captured).map_err(|unknown| unknown.error)?;
    let unit = reading.layout().context.unit.clone().or(found.unit);
    Ok(Meaning { unit, ..found })
}

fn meaning(reading: &Reading, captured: &[Captured]) -> Result<Meaning, Unknown> {
    let mut meaning = Meaning::default();
    let look_up = |list: &str, text: &str, outer: Option<&Code>| -> Result<Code, Unknown> {
        let found = match outer {
            Some(outer) => reading.codebook.lookup_below(list, reading.labels(), text, outer),
            None => reading.codebook.lookup(list, reading.labels(), text),
        };
        found.map_err(|error| Unknown { error, list: list.to_owned() })
    };
    for held in captured {
        match &held.capture {
            Capture::Dimension(dimension) => {
                let code = look_up(dimension.as_str(), &held.text, meaning.dimensions.get(dimension))?;
                meaning.dimensions.insert(*dimension, code);
            }
            // An indicator lies below no other, so that the inner name says what is counted.
            Capture::Indicator => meaning.indicator = Some(look_up("indicator", &held.text, None)?),
            Capture::Unit => {
                let code = look_up("unit", &held.text, None)?.to_string();
                meaning.unit = Some(UnitUse { code, label: None });
            }
            Capture::Breakdown(list) => {
                let outer = meaning.breakdown.get(list.as_str()).map(|code| Code::new(code));
                let code = look_up(list, &held.text, outer.as_ref())?;
                // A breakdown that is not divided is left out.
                if code.as_str() != TOTAL {
                    meaning.breakdown.insert(list.clone(), code.as_str().into());
                }
            }
            Capture::Groups => {
                for (list, label) in groups(reading, &held.text)? {
                    let code = look_up(&list, label, None)?;
                    let again = code.as_str() != TOTAL && meaning.breakdown.get(list.as_str()).is_some();
                    if code.as_str() != TOTAL {
                        meaning.breakdown.insert(list.as_str().into(), code.as_str().into());
                    }
                    if again {
                        let error = LookupError::Unknown { list: list.clone(), label: held.text.to_string() };
                        return Err(Unknown { error, list });
                    }
                }
            }
            Capture::Integer(key) => {
                meaning.breakdown.insert(key.clone(), held.text.clone());
            }
            Capture::Year | Capture::Month | Capture::Period => {
                meaning.period = Some(PeriodRule::Fixed(period_below(held, meaning.period)?));
            }
            Capture::Number | Capture::Any => {}
        }
    }
    Ok(meaning)
}

/// The lists that a text of further groups names, each with the label in it: `出资方：单位；统计量：上限`. A text without
/// a name is a label of the list of breakdowns, which holds the word for none.
fn groups<'t>(reading: &Reading, text: &'t str) -> Result<Vec<(String, &'t str)>, Unknown> {
    let mut groups = Vec::new();
    for group in text.split(';') {
        let (name, label) = group.split_once(':').unwrap_or((Dimension::Breakdown.as_str(), group));
        let Some(list) = reading.codebook.list(name) else {
            return Err(Unknown { error: LookupError::NoList { list: name.to_owned() }, list: name.to_owned() });
        };
        groups.push((list.name.clone(), label));
    }
    Ok(groups)
}

/// The period that a capture holds, which lies in that of the label above it.
fn period_below(held: &Captured, outer: Option<PeriodRule>) -> Result<Period, Unknown> {
    let list = "period".to_owned();
    let unknown = || LookupError::Unknown { list: list.clone(), label: held.text.to_string() };
    let Some(period) = held.period() else { return Err(Unknown { error: unknown(), list: list.clone() }) };
    match outer {
        Some(PeriodRule::Fixed(outer)) if period.start() < outer.start() || outer.end() < period.end() => {
            let (code, outer) = (Code::new(&period.to_string()), Code::new(&outer.to_string()));
            let error = LookupError::Outside { list: list.clone(), label: held.text.to_string(), code, outer };
            Err(Unknown { error, list })
        }
        _ => Ok(period),
    }
}

/// The outer parts that all lines share.
pub(super) fn shared<'l>(lines: &[&'l Line<'_>]) -> &'l [Part] {
    let first = &lines[0].label.parts;
    let count = (0..first.len()).take_while(|n| lines.iter().all(|l| l.label.parts.get(*n) == Some(&first[*n])));
    &first[..count.count()]
}

/// The meaning of a cell merged over several lines: that of the entry declared for the label they share, and its number.
pub(super) fn merged(reading: &Reading, lines: &[&Line<'_>], axis: Axis) -> Result<(Option<usize>, Meaning), String> {
    let label = Label { line: lines[0].label.line, parts: shared(lines).to_vec() };
    let entries = entries(reading, axis);
    match entry_of(reading, &label, entries.iter().filter(|e| e.merged)) {
        Ok(Some(Fitting { entry, meaning, .. })) => Ok((entries.iter().position(|e| std::ptr::eq(e, entry)), meaning)),
        // Over all lines of an axis, the axis says nothing: its dimensions are totals.
        Ok(None) if label.parts.is_empty() => Ok((None, Meaning::default())),
        Ok(None) => Err(label.shown()),
        Err(unknown) => Err(unknown.error.to_string()),
    }
}

fn stranger(reading: &Reading, found: &Found<'_>, label: &Label, axis: Axis) -> Stranger {
    let place = reading.place(found.grid, label.at().unwrap_or(found.corner));
    Stranger { axis, label: label.shown(), place, hint: hint::of_place(reading, found, label, axis) }
}

/// A literal entry stands once in a part.
fn repeated(
    reading: &Reading,
    grid: &Grid,
    entries: &[Entry],
    order: &[(usize, &Label)],
    axis: Axis,
    faults: &mut Vec<Diagnostic>,
) {
    let mut seen = BTreeSet::new();
    for (nth, label) in order {
        if !entries[*nth].is_literal() || seen.insert(nth) {
            continue;
        }
        let at = label.at().unwrap_or(CellRef { row: 0, col: 0 });
        let message = format!("the {} \"{}\" stands twice", axis.noun(), entries[*nth].shown());
        let hint = "two columns or rows with one label need a path that tells them apart";
        faults.push(reading.fault("label-twice", message, grid, at).hint(hint));
    }
}

/// Literal entries stand in the order in which they are declared; the first that does not is reported.
fn sequence(
    reading: &Reading,
    grid: &Grid,
    entries: &[Entry],
    order: &[(usize, &Label)],
    axis: Axis,
    faults: &mut Vec<Diagnostic>,
) {
    if !reading.layout().ordered {
        return;
    }
    let found: Vec<(usize, &Label)> = order.iter().filter(|(n, _)| entries[*n].is_literal()).copied().collect();
    let mut declared: Vec<usize> = found.iter().map(|(n, _)| *n).collect();
    declared.sort_unstable();
    let moved = found.iter().zip(&declared).find(|((n, _), expected)| n != *expected);
    let Some(((_, label), expected)) = moved else { return };
    let elsewhere = found.iter().find(|(n, _)| n == expected).and_then(|(_, l)| l.at());
    let at = label.at().unwrap_or(CellRef { row: 0, col: 0 });
    let wanted = entries[*expected].shown();
    let message = format!("expected the {} \"{wanted}\" here, found \"{}\"", axis.noun(), label.shown());
    let stands = elsewhere.map_or(String::new(), |e| format!("\"{wanted}\" stands in {}; ", grid.address(e)));
    let hint = format!("{stands}if the order changed, {} tells how to declare it", reading.drift());
    faults.push(reading.fault("label-moved", message, grid, at).hint(hint));
}

/// `period = "left"`: the period of the nearest column on the left that has one of its own.
fn periods_from_left(reading: &Reading, grid: &Grid, lines: &mut [Line<'_>], faults: &mut Vec<Diagnostic>) {
    let mut left: Option<Period> = None;
    for line in lines {
        match (line.meaning.period, left) {
            (Some(PeriodRule::Fixed(period)), _) => left = Some(period),
            (Some(PeriodRule::Left), Some(period)) => {
                line.meaning.period = Some(PeriodRule::Fixed(period));
                line.print = fingerprint(&line.meaning);
            }
            (Some(PeriodRule::Left), None) => {
                let at = line.label.at().unwrap_or(CellRef { row: 0, col: 0 });
                let message =
                    format!("\"{}\" takes its period from the left, where no column has one", line.label.shown());
                faults.push(reading.fault("period-left", message, grid, at));
            }
            _ => {}
        }
    }
}
