//! Printed units: in brackets after a title or label, and on a line of their own (单位：人、万元). Each is held against
//! the unit that was declared.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::Reading;
use super::label::Line;
use super::locate::Found;
use super::note;
use crate::diag::Diagnostic;
use crate::domain::label::{nearest, normalise};
use crate::grid::CellRef;
use crate::spec::pattern::{Capture, Captured};
use crate::spec::table::UnitUse;

/// How a line begins to state units, in small letters.
const UNIT_WORDS: [&str; 3] = ["单位:", "unit:", "units:"];
/// What makes 单位 an office, not a unit of measurement.
const OFFICES: [&str; 10] = ["填报", "编制", "填表", "报送", "制表", "主管", "报告", "统计", "汇总", "发布"];

/// A unit as printed somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PrintedUnit {
    /// Normalised.
    pub name: String,
    pub code: String,
}

/// A label without the unit in brackets at its end, and that unit; normalised.
pub(super) fn strip<'t>(reading: &Reading, text: &'t str) -> (Cow<'t, str>, Vec<PrintedUnit>) {
    let text = normalise(text);
    let bracket = text.strip_suffix(')').and_then(|t| t.rfind('('));
    let Some(open) = bracket else { return (text, Vec::new()) };
    match names(reading, &text[open + 1..text.len() - 1]) {
        Some(units) => (Cow::Owned(text[..open].to_owned()), units),
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
    let code = reading.codebook.lookup("unit", reading.labels(), name).ok()?;
    Some(PrintedUnit { name: normalise(name).into_owned(), code: code.to_string() })
}

/// The unit that a label or a title captures.
pub(super) fn captured_unit(reading: &Reading, captured: &[Captured]) -> Option<PrintedUnit> {
    captured.iter().find(|c| c.capture == Capture::Unit).and_then(|c| printed(reading, &c.text))
}

/// Whether a printed unit is the declared one, or what is declared to be printed for it.
pub(super) fn agrees(declared: &UnitUse, printed: &[PrintedUnit]) -> bool {
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
    rows: &[Line<'_>],
    columns: &[Line<'_>],
    faults: &mut Vec<Diagnostic>,
) {
    let titles = [&found.captured[..], &found.of_sheet, reading.captured];
    let of_title: Vec<PrintedUnit> = titles.into_iter().filter_map(|t| captured_unit(reading, t)).collect();
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
    let silent = |line: &&Line<'_>| line.units.is_empty() && line.captured.is_none();
    let mut of_rows: Vec<Option<&UnitUse>> = Vec::new();
    for row in rows.iter().filter(silent).map(|row| row.meaning.unit.as_ref()) {
        if !of_rows.contains(&row) {
            of_rows.push(row);
        }
    }
    for column in columns.iter().filter(silent) {
        let of_cells =
            of_rows.iter().filter_map(|of_row| column.meaning.unit.as_ref().or(*of_row).or(context.as_ref()));
        let wrong = of_cells.into_iter().find(|unit| !agrees(unit, &units));
        if let Some(declared) = wrong {
            faults.push(contradiction(reading, found, *at, &column.label.shown(), declared, &units));
        }
    }
}

/// A remark where rows or columns print a unit of another kind than all that the table's unit line names: the line does not
/// hold for them, as a reader would take it to.
pub(super) fn beside_its_line<'l>(
    reading: &Reading,
    found: &Found<'_>,
    lines: impl Iterator<Item = &'l Line<'l>>,
) -> Option<Diagnostic> {
    let stated = of_table(reading, found, &mut Vec::new());
    let (at, _) = stated.first()?;
    let named: Vec<&PrintedUnit> = stated.iter().flat_map(|(_, units)| units).collect();
    let base = |unit: &PrintedUnit| reading.codebook.unit(&unit.code).map(|unit| unit.base.as_str());
    let is_strange = |unit: &&PrintedUnit| named.iter().all(|of_line| base(of_line) != base(unit));
    let told = |line: &Line<'_>| {
        let own = line.units.iter().chain(&line.captured).find(is_strange)?;
        Some((line.label.shown().to_string(), own.name.clone()))
    };
    let strange: BTreeSet<(String, String)> = lines.filter_map(told).collect();
    if strange.is_empty() {
        return None;
    }
    let names: Vec<&str> = named.iter().map(|unit| unit.name.as_str()).collect();
    let names = names.join("、");
    let en: Vec<String> = strange.iter().map(|(label, unit)| format!("\"{label}\" ({unit})")).collect();
    let zh: Vec<String> = strange.iter().map(|(label, unit)| format!("“{label}”（{unit}）")).collect();
    let message = format!("the unit that stands for the table, {names}, does not hold for {}", en.join(", "));
    let remark = reading.remark("unit-line", message, found.grid, *at);
    let remark = remark.zh(format!("表的单位“{names}”不适用于{}", zh.join("、")));
    Some(remark.hint("each number has the unit that is nearest to it; the line should name all units"))
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
pub(super) fn of_table(
    reading: &Reading,
    found: &Found<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(CellRef, Vec<PrintedUnit>)> {
    // A panel that states none has the units of the table.
    let own = above(reading, found, found.top..found.header.start, faults);
    match own.is_empty() && !found.is_first() {
        true => above(reading, found, found.title.clone(), faults),
        false => own,
    }
}

fn above(
    reading: &Reading,
    found: &Found<'_>,
    rows: Range<u32>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(CellRef, Vec<PrintedUnit>)> {
    let mut stated = Vec::new();
    for (at, cell) in found.cells(rows) {
        let (label, _) = note::of_label(reading, reading.own_language(&cell.text));
        let text = normalise(&label);
        let lists = lists(&text);
        if lists.is_empty() {
            let bare = text.trim_matches(['(', ')']).strip_prefix("单位").and_then(|list| names(reading, list));
            let units = bare.unwrap_or_else(|| strip(reading, &label).1);
            faults.extend(multiples(reading, &text).map(|name| unknown(reading, found, at, name)));
            stated.extend((!units.is_empty()).then_some((at, units)));
            continue;
        }
        let mut said: Vec<Vec<PrintedUnit>> = Vec::new();
        for list in lists {
            match names(reading, list) {
                Some(units) => said.push(units),
                None => {
                    let strangers = split(list).filter(|name| printed(reading, name).is_none());
                    faults.extend(strangers.map(|name| unknown(reading, found, at, name)));
                }
            }
        }
        let codes = |units: &[PrintedUnit]| units.iter().map(|u| u.code.clone()).collect::<BTreeSet<_>>();
        if said.windows(2).any(|pair| codes(&pair[0]) != codes(&pair[1])) {
            let message = format!("the cell states two units: \"{}\"", cell.text.replace('\n', " "));
            faults
                .push(reading.fault("unit-contradicts", message, found.grid, at).hint("one of the two is misprinted"));
        }
        stated.extend(said.into_iter().map(|units| (at, units)));
    }
    stated
}

/// Names in brackets at the end of a title that have no code and are a multiple of one that has: `（千人）`.
fn multiples<'t>(reading: &Reading, text: &'t str) -> impl Iterator<Item = &'t str> {
    let list = text.strip_suffix(')').and_then(|t| t.rsplit_once('(')).map_or("", |(_, list)| list);
    split(list).filter(|name| {
        let unit = name.trim_start_matches(['十', '百', '千', '万', '亿']);
        unit.len() < name.len() && printed(reading, name).is_none() && printed(reading, unit).is_some()
    })
}

/// The lists of units in a line: what follows 单位:, and Unit: where the line says it in English too.
fn lists(text: &str) -> Vec<&str> {
    let lower = text.to_ascii_lowercase();
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for word in UNIT_WORDS {
        let places = lower.match_indices(word).map(|(at, word)| (at, at + word.len()));
        // 填报单位: names an office.
        starts.extend(places.filter(|(at, _)| !OFFICES.iter().any(|office| text[..*at].ends_with(office))));
    }
    starts.sort_unstable();
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([text.len()]);
    let list =
        |(start, end): (usize, usize)| text[start..end].trim_end_matches("计量").trim_matches([')', '(', ',', ';']);
    starts.iter().map(|(_, start)| *start).zip(ends).map(list).collect()
}

fn unknown(reading: &Reading, found: &Found<'_>, at: CellRef, name: &str) -> Diagnostic {
    let known = reading.codebook.units.iter().map(|u| u.name_zh.as_str());
    let near = nearest(name, known);
    let fault = reading.fault("unknown-unit", format!("no unit code for \"{name}\""), found.grid, at);
    let fault = if near.is_empty() { fault } else { fault.hint(format!("did you mean {}?", near.join(" or "))) };
    let alias = format!("unit,{},{name},CODE,why", reading.table.dataset);
    fault.hint(format!("add the unit to pipelines/codes/unit.csv, or its name to aliases.csv: {alias}"))
}
