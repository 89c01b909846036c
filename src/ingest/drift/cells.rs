//! What the cells say of units and types.

use std::collections::BTreeMap;

use super::super::label::{Axis, entries};
use super::super::locate::{Found, origin};
use super::super::unit::{PrintedUnit, agrees, of_table};
use super::super::{Reading, number, split, value};
use super::labels::Taken;
use super::{Drift, Kind};
use crate::diag::Place;
use crate::grid::{CellRef, CellValue};
use crate::spec::block::Declared;
use crate::spec::table::{Entry, UnitUse};

/// Cells that a message quotes at most.
const CELLS_TOLD: usize = 4;

pub(super) fn compare(
    reading: &Reading,
    found: &[Found<'_>],
    rows: &[Taken<'_>],
    columns: &[Taken<'_>],
    drift: &mut Drift,
) {
    for (part, found) in found.iter().enumerate() {
        let of_part = |all| Vec::from_iter(taken_of(all, part));
        let (rows, columns) = (of_part(rows), of_part(columns));
        units(reading, found, &rows, &columns, drift);
        types(reading, found, &rows, &columns, drift);
    }
}

fn taken_of<'t, 's>(all: &'t [Taken<'s>], part: usize) -> impl Iterator<Item = &'t Taken<'s>> {
    all.iter().filter(move |t| t.seen.part == part)
}

fn entry<'a>(reading: &'a Reading, axis: Axis, taken: &Taken<'_>) -> &'a Entry {
    &entries(reading, axis)[taken.entry]
}

fn units(reading: &Reading, found: &Found<'_>, rows: &[&Taken<'_>], columns: &[&Taken<'_>], drift: &mut Drift) {
    let context = reading.layout().context.unit.as_ref();
    let mut silent: BTreeMap<Axis, Vec<&Taken<'_>>> = BTreeMap::new();
    for (axis, takings) in [(Axis::Columns, columns), (Axis::Rows, rows)] {
        for taking in takings.iter().filter(|t| entry(reading, axis, t).is_read()) {
            let own = entry(reading, axis, taking);
            let printed = &taking.seen.units;
            if printed.is_empty() {
                silent.entry(axis).or_default().push(taking);
                continue;
            }
            let Some(declared) = own.meaning.unit.as_ref().or(context) else { continue };
            if !agrees(declared, printed) {
                changed(reading, Some(own), declared, printed, taking.seen.place.clone(), drift);
            }
        }
    }
    let stated = of_table(reading, found, &mut Vec::new());
    let Some((at, _)) = stated.first() else { return };
    let printed: Vec<PrintedUnit> = stated.iter().flat_map(|(_, units)| units.clone()).collect();
    let place = || reading.place(found.grid, *at);
    let of = |axis| silent.get(&axis).map_or(&[][..], Vec::as_slice);
    for column in of(Axis::Columns) {
        let column = entry(reading, Axis::Columns, column);
        if let Some(declared) = column.meaning.unit.as_ref() {
            if !agrees(declared, &printed) {
                changed(reading, Some(column), declared, &printed, place(), drift);
            }
            continue;
        }
        for row in of(Axis::Rows) {
            let row = entry(reading, Axis::Rows, row);
            let (who, declared) = match (&row.meaning.unit, context) {
                (Some(unit), _) => (Some(row), unit),
                (None, Some(unit)) => (None, unit),
                (None, None) => continue,
            };
            if !agrees(declared, &printed) {
                changed(reading, who, declared, &printed, place(), drift);
            }
        }
    }
}

/// The printed unit of the declared one's kind takes its place; a unit of another kind is told and left alone.
fn changed(
    reading: &Reading,
    who: Option<&Entry>,
    declared: &UnitUse,
    printed: &[PrintedUnit],
    place: Place,
    drift: &mut Drift,
) {
    let base = |code: &str| reading.codebook.unit(code).map(|u| u.base.clone());
    let of_kind: Vec<&PrintedUnit> = printed.iter().filter(|p| base(&p.code) == base(&declared.code)).collect();
    let names: Vec<&str> = printed.iter().map(|p| p.name.as_str()).collect();
    let label = who.map(Entry::shown);
    let whose = label.as_ref().map_or("of the table".to_owned(), |label| format!("of \"{label}\""));
    let message = format!("the unit {whose} is {}, declared is {}", names.join("、"), declared.code);
    if drift.changes.iter().all(|c| c.message != message) {
        drift.tell(Kind::UnitChanged, message, [Some(&declared.code), Some(&names.join("、"))], place);
    }
    let [unit] = of_kind.as_slice() else { return };
    let changes = &mut drift.absorbed_by;
    match who {
        None => changes.unit = Some(unit.code.clone()),
        Some(entry) => {
            let declared = Declared { label: entry.declared.clone(), new: entry.new };
            if changes.units.iter().all(|(other, _)| *other != declared) {
                changes.units.push((declared, unit.code.clone()));
            }
        }
    }
}

/// Text where numbers are expected, and numbers that are text among others that are none.
fn types(reading: &Reading, found: &Found<'_>, rows: &[&Taken<'_>], columns: &[&Taken<'_>], drift: &mut Drift) {
    for column in columns.iter().filter(|c| entry(reading, Axis::Columns, c).is_read()) {
        let (mut wrong, mut texts, mut numbers) = (Vec::new(), Vec::new(), 0);
        for row in rows.iter().filter(|r| entry(reading, Axis::Rows, r).is_read()) {
            let at = CellRef { row: row.seen.line, col: column.seen.line };
            let Some(cell) = found.grid.get(at.row, at.col).filter(|_| origin(found.grid, at) == at) else { continue };
            match &cell.value {
                CellValue::Number(_) | CellValue::UnsavedFormula => numbers += 1,
                CellValue::Text if number::parse(value::bare(reading, &cell.text).text).is_ok() => texts.push(at),
                CellValue::Text if value::is_mark(reading, &cell.text) => {}
                CellValue::Text if split::find(reading, &cell.text).is_some() => {}
                _ => wrong.push(at),
            }
        }
        let label = entry(reading, Axis::Columns, column).shown();
        let shown = |cells: &[CellRef]| {
            let told = cells.iter().take(CELLS_TOLD);
            let told: Vec<String> =
                told.map(|at| format!("{} \"{}\"", found.grid.address(*at), found.grid.text(at.row, at.col))).collect();
            let more = cells.len().saturating_sub(CELLS_TOLD);
            told.join(", ") + &(if more > 0 { format!(" and {more} more") } else { String::new() })
        };
        if let Some(first) = wrong.first() {
            let cells =
                if wrong.len() == 1 { "1 cell holds".to_owned() } else { format!("{} cells hold", wrong.len()) };
            let message = format!("under \"{label}\" {cells} no number: {}", shown(&wrong));
            drift.tell(Kind::TypeChanged, message, [Some(&label), None], reading.place(found.grid, *first));
        }
        if !texts.is_empty() && numbers > 0 {
            drift.notes.push(format!(
                "under \"{label}\" {} numbers are stored as text: {}",
                texts.len(),
                shown(&texts)
            ));
        }
    }
}
