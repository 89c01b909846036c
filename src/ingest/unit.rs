//! Printed units: in brackets after a title or label, and on a line of their own (单位：人、万元). Each is held against
//! the unit that was declared.

use super::Reading;
use super::label::Line;
use super::locate::Found;
use crate::diag::Diagnostic;
use crate::domain::label::{nearest, normalise};
use crate::grid::CellRef;
use crate::spec::pattern::{Capture, Captured};
use crate::spec::table::UnitUse;

/// A unit as printed somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PrintedUnit {
    /// Normalised.
    pub name: String,
    pub code: String,
}

/// A label without the unit in brackets at its end, and that unit; normalised.
pub(super) fn strip(reading: &Reading, text: &str) -> (String, Vec<PrintedUnit>) {
    let text = normalise(text);
    let bracket = text.strip_suffix(')').and_then(|t| t.rfind('('));
    let Some(open) = bracket else { return (text, Vec::new()) };
    match names(reading, &text[open + 1..text.len() - 1]) {
        Some(units) => (text[..open].to_owned(), units),
        None => (text, Vec::new()),
    }
}

/// The units of a list such as `人、万元`; `None` where one is no unit.
fn names(reading: &Reading, list: &str) -> Option<Vec<PrintedUnit>> {
    let list = list.strip_prefix("单位:").unwrap_or(list);
    split(list).map(|name| printed(reading, name)).collect()
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split(['、', ',', ';'])
}

fn printed(reading: &Reading, name: &str) -> Option<PrintedUnit> {
    let code = reading.codebook.lookup("unit", &reading.table.dataset, &reading.table.id, name).ok()?;
    Some(PrintedUnit { name: normalise(name), code: code.to_string() })
}

/// The unit that a label or a title captures.
pub(super) fn captured_unit(reading: &Reading, captured: &[Captured]) -> Option<PrintedUnit> {
    captured.iter().find(|c| c.capture == Capture::Unit).and_then(|c| printed(reading, &c.text))
}

/// Whether a printed unit is the declared one, or what is declared to be printed for it.
fn agrees(declared: &UnitUse, printed: &[PrintedUnit]) -> bool {
    match declared.label.as_deref() {
        None => printed.iter().any(|p| p.code == declared.code),
        Some("") => true,
        Some(label) => printed.iter().any(|p| p.name == label),
    }
}

/// Hold every printed unit against the declared ones.
pub(super) fn check(
    reading: &Reading,
    found: &Found<'_>,
    rows: &[Line],
    columns: &[Line],
    faults: &mut Vec<Diagnostic>,
) {
    let of_title: Vec<PrintedUnit> = captured_unit(reading, &found.captured).into_iter().collect();
    let context = title_unit(reading, found, &of_title, faults);
    for line in rows.iter().chain(columns) {
        let declared = line.meaning.unit.as_ref().or(context.as_ref());
        let captured: Vec<PrintedUnit> = line.captured.iter().cloned().collect();
        for units in [&line.units, &captured] {
            if let (Some(declared), Some(at)) = (declared, line.label.at())
                && !units.is_empty()
                && !agrees(declared, units)
            {
                faults.push(contradiction(reading, found, at, &line.label.shown(), declared, units));
            }
        }
    }
    let stated = of_table(reading, found, faults);
    let Some((at, _)) = stated.first() else { return };
    let units: Vec<PrintedUnit> = stated.iter().flat_map(|(_, units)| units.clone()).collect();
    let silent = |line: &&Line| line.units.is_empty() && line.captured.is_none();
    for column in columns.iter().filter(silent) {
        let of_cell = |row: &Line| column.meaning.unit.clone().or(row.meaning.unit.clone()).or(context.clone());
        let wrong = rows.iter().filter(silent).filter_map(of_cell).find(|unit| !agrees(unit, &units));
        if let Some(declared) = wrong {
            faults.push(contradiction(reading, found, *at, &column.label.shown(), &declared, &units));
        }
    }
}

/// The unit of numbers whose row and column state none: the declared one, or the one that the title captures.
fn title_unit(
    reading: &Reading,
    found: &Found<'_>,
    of_title: &[PrintedUnit],
    faults: &mut Vec<Diagnostic>,
) -> Option<UnitUse> {
    let declared = reading.layout().context.unit.clone();
    match (&declared, of_title) {
        (Some(declared), [_, ..]) if !agrees(declared, of_title) => {
            faults.push(contradiction(reading, found, found.corner, "the table", declared, of_title));
        }
        (None, [unit, ..]) => return Some(UnitUse { code: unit.code.clone(), label: None }),
        _ => {}
    }
    declared
}

fn contradiction(
    reading: &Reading,
    found: &Found<'_>,
    at: CellRef,
    label: &str,
    declared: &UnitUse,
    printed: &[PrintedUnit],
) -> Diagnostic {
    let names: Vec<&str> = printed.iter().map(|p| p.name.as_str()).collect();
    let own = reading.codebook.unit(&declared.code).map_or("", |u| u.name_zh.as_str());
    let expected = declared.label.as_deref().unwrap_or(own);
    let message =
        format!("the unit printed for \"{label}\" is {}, declared is {} ({expected})", names.join("、"), declared.code);
    let base = |code: &str| reading.codebook.unit(code).map(|u| u.base.as_str());
    let codes: Vec<&str> = printed.iter().map(|p| p.code.as_str()).collect();
    let of_kind: Vec<&str> = codes.iter().copied().filter(|c| base(c) == base(&declared.code)).collect();
    let codes = if of_kind.is_empty() { codes } else { of_kind };
    let codes = codes.join("\" or \"");
    let hint = format!("if the print is right, write unit = \"{codes}\" in {}", reading.table.spec);
    reading.fault("unit-contradicts", message, found.grid, at).hint(hint)
}

/// Units printed above the header: at the end of a title, or after 单位.
fn of_table(reading: &Reading, found: &Found<'_>, faults: &mut Vec<Diagnostic>) -> Vec<(CellRef, Vec<PrintedUnit>)> {
    let mut stated = Vec::new();
    let above = found.grid.iter().filter(|(at, _)| (found.top..found.header.start).contains(&at.row));
    for (at, cell) in above {
        let text = normalise(&cell.text);
        let Some((_, list)) = text.split_once("单位:") else {
            let (_, units) = strip(reading, &cell.text);
            if !units.is_empty() {
                stated.push((at, units));
            }
            continue;
        };
        let list = list.trim_end_matches(')');
        match names(reading, list) {
            Some(units) => stated.push((at, units)),
            None => {
                let strangers = split(list).filter(|name| printed(reading, name).is_none());
                faults.extend(strangers.map(|name| unknown(reading, found, at, name)));
            }
        }
    }
    stated
}

fn unknown(reading: &Reading, found: &Found<'_>, at: CellRef, name: &str) -> Diagnostic {
    let known = reading.codebook.units.iter().map(|u| u.name_zh.as_str());
    let near = nearest(name, known);
    let fault = reading.fault("unknown-unit", format!("no unit code for \"{name}\""), found.grid, at);
    let fault = if near.is_empty() { fault } else { fault.hint(format!("did you mean {}?", near.join(" or "))) };
    let alias = format!("unit,{},{name},CODE,why", reading.table.dataset);
    fault.hint(format!("add the unit to pipelines/codes/unit.csv, or its name to aliases.csv: {alias}"))
}
