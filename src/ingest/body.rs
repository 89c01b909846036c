//! The cells of a table's body: each with what its row and column mean, its number or mark, and its origin.

use rust_decimal::Decimal;

use super::Reading;
use super::header::marks_of;
use super::label::{Axis, Line, merged, shared};
use super::locate::Found;
use super::number;
use super::presence::Met;
use super::split;
use super::value::{self, Amount, SCALE_MAX};
use crate::diag::Diagnostic;
use crate::domain::{Breakdown, Code, Dimension, Dimensions, Mark, Observation, Origin, Period, Status, Value};
use crate::grid::{CellRef, Grid};
use crate::spec::annotation::Marks;
use crate::spec::table::{Meaning, PeriodRule};

/// Numbers in the base unit are smaller than this, ten thousand times what any fund or nation has in yuan: sums, shares and
/// tolerances of such numbers stay within the decimals of the warehouse, so that no single cell can stop a build.
const VALUE_LIMIT: u64 = 1_000_000_000_000_000_000;

/// One number or mark with all that is known of it.
struct Statement<'a> {
    amount: Result<Amount, Mark>,
    meaning: Meaning,
    printed: &'a str,
    /// Number among several of one cell, from 1; 0 where the cell has one only.
    nth: usize,
    status: Status,
}

/// What holds for every number of a part, and the marks beside its title.
pub(super) struct Title {
    pub meaning: Meaning,
    pub marks: Marks,
}

/// What one axis says of a cell.
struct Said {
    meaning: Meaning,
    marks: Marks,
}

/// An observation and the marks that concern it: its own, and those of its row, its column and the table.
pub(super) struct Marked {
    pub observation: Observation,
    pub marks: Marks,
    pub at: CellRef,
}

pub(super) fn read(
    reading: &Reading,
    found: &Found<'_>,
    title: &Title,
    rows: &[Line],
    columns: &[Line],
    met: &mut Met,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Marked> {
    let mut observations = Vec::new();
    for row in rows {
        for column in columns {
            let at = CellRef { row: row.label.line, col: column.label.line };
            let Some(said) = said_at(reading, found, at, (rows, row), (columns, column), met, faults) else { continue };
            let labels = [said[0].marks.as_slice(), &said[1].marks].concat();
            let Some(meaning) = meaning_at(reading, found, &title.meaning, at, said, [row, column], faults) else {
                continue;
            };
            let meaning = meaning.over(&title.meaning);
            let (printed, own) = value::bare(reading, found.grid.text(at.row, at.col));
            let marks = [&title.marks, &labels, &own].map(Vec::as_slice).concat();
            let stated = status(reading, found.grid, at, &marks).and_then(|status| {
                let statements = statements(reading, found.grid, at, printed, (meaning, status), met)?;
                statements.into_iter().map(|s| observation(reading, found.grid, at, s)).collect::<Result<Vec<_>, _>>()
            });
            match stated {
                Ok(stated) => observations.extend(stated.into_iter().map(|observation| Marked {
                    observation,
                    marks: marks.clone(),
                    at,
                })),
                Err(fault) => faults.push(*fault),
            }
        }
    }
    observations
}

/// A number in a footnote.
pub(super) fn figure(
    reading: &Reading,
    grid: &Grid,
    at: CellRef,
    printed: &str,
    meaning: &Meaning,
    nth: usize,
    title: &Meaning,
) -> Result<Observation, Box<Diagnostic>> {
    let meaning = meaning.over(title);
    let amount = match number::parse(printed) {
        Ok(read) => Amount { number: value::signed(read.magnitude, read.sign, meaning.sign), decimals: read.decimals },
        Err(error) => return Err(Box::new(value::not_a_number(reading, grid, at, printed, &error))),
    };
    observation(reading, grid, at, Statement { amount: Ok(amount), meaning, printed, nth, status: Status::Normal })
}

/// What row and column say of a cell, each by itself; `None` for the rest of a merged cell, or after an error.
fn said_at(
    reading: &Reading,
    found: &Found<'_>,
    at: CellRef,
    (rows, row): (&[Line], &Line),
    (columns, column): (&[Line], &Line),
    met: &mut Met,
    faults: &mut Vec<Diagnostic>,
) -> Option<[Said; 2]> {
    let of = |line: &Line| Said { meaning: line.meaning.clone(), marks: marks_of(&line.label.parts) };
    let mut said = [of(row), of(column)];
    let Some(span) = found.grid.merge_at(at) else { return Some(said) };
    let over_rows = within(rows, span.first.row, span.last.row);
    let over_columns = within(columns, span.first.col, span.last.col);
    if over_rows[0].label.line != at.row || over_columns[0].label.line != at.col {
        return None;
    }
    if span.first != at {
        let (first, last) = (found.grid.address(span.first), found.grid.address(span.last));
        let message = format!("the cell is a part of {first}:{last}, a merged cell that begins outside the numbers");
        let hint = "take the merged cell apart, or say in header_rows, corner and until where the numbers are";
        faults.push(reading.fault("merged-from-outside", message, found.grid, at).hint(hint));
        return None;
    }
    let axes = [(over_rows, Axis::Rows), (over_columns, Axis::Columns)];
    for ((lines, axis), said) in axes.into_iter().zip(&mut said).filter(|((lines, _), _)| lines.len() > 1) {
        let lines: Vec<&Line> = lines.iter().collect();
        match merged(reading, &lines, axis) {
            Ok((entry, found)) => {
                met.entries(axis).extend(entry);
                *said = Said { meaning: found, marks: marks_of(shared(&lines)) };
            }
            Err(label) => {
                let message = format!("the cell is merged over what stands below \"{label}\", which is not declared");
                let hint =
                    format!("declare an entry with label \"{label}\" and merged = true in {}", reading.table.spec);
                faults.push(reading.fault("merged-undeclared", message, found.grid, span.first).hint(hint));
                return None;
            }
        }
    }
    Some(said)
}

/// The rows (columns) of a stretch of the sheet; they stand in its order.
fn within(lines: &[Line], first: u32, last: u32) -> &[Line] {
    let place = |line: u32| lines.partition_point(|l| l.label.line < line);
    &lines[place(first)..place(last.saturating_add(1))]
}

/// What row and column say of a cell together; `None` after an error.
fn meaning_at(
    reading: &Reading,
    found: &Found<'_>,
    title: &Meaning,
    at: CellRef,
    [of_row, of_column]: [Said; 2],
    [row, column]: [&Line; 2],
    faults: &mut Vec<Diagnostic>,
) -> Option<Meaning> {
    match of_row.meaning.beside(&of_column.meaning) {
        Ok(mut both) => {
            // `year-to-date` changes the period that the other axis states.
            let of = [of_row.meaning.period, of_column.meaning.period];
            both.period = match of {
                [Some(PeriodRule::YearToDate), period] | [period, Some(PeriodRule::YearToDate)] => {
                    year_to_date(period.or(title.period))
                }
                _ => both.period,
            };
            Some(both)
        }
        Err(what) => {
            let message = format!(
                "row \"{}\" and column \"{}\" state a different {what}",
                row.label.shown(),
                column.label.shown()
            );
            faults.push(reading.fault("meaning-clash", message, found.grid, at));
            None
        }
    }
}

/// January to the month; January alone stays a month.
fn year_to_date(period: Option<PeriodRule>) -> Option<PeriodRule> {
    match period {
        Some(PeriodRule::Fixed(Period::Month { year, month })) if month > 1 => {
            Some(PeriodRule::Fixed(Period::Months { start: (year, 1), end: (year, month) }))
        }
        Some(PeriodRule::Fixed(month @ Period::Month { .. })) => Some(PeriodRule::Fixed(month)),
        _ => None,
    }
}

/// What the marks say of a figure's state; two that say something different are a fault.
fn status(reading: &Reading, grid: &Grid, at: CellRef, marks: &[usize]) -> Result<Status, Box<Diagnostic>> {
    let annotations = &reading.layout().annotations;
    let mut stated =
        marks.iter().filter_map(|nth| annotations.get(*nth).status.map(|s| (s, &annotations.get(*nth).mark)));
    let Some((status, first)) = stated.next() else { return Ok(Status::Normal) };
    if let Some((other, second)) = stated.find(|(other, _)| *other != status) {
        let message = format!(
            "the marks \"{first}\" and \"{second}\" make the figure both {} and {}",
            status.as_str(),
            other.as_str()
        );
        return Err(Box::new(
            reading
                .fault("status-clash", message, grid, at)
                .hint("one of them stands at the row, the column or the title"),
        ));
    }
    Ok(status)
}

/// The numbers or the mark of a cell; `printed` is its text without the marks beside.
fn statements<'a>(
    reading: &Reading,
    grid: &'a Grid,
    at: CellRef,
    bare: &str,
    (meaning, status): (Meaning, Status),
    met: &mut Met,
) -> Result<Vec<Statement<'a>>, Box<Diagnostic>> {
    let printed = grid.text(at.row, at.col);
    let whole = split::find(reading, printed).map(|found| (printed, found));
    if let Some((text, (nth, split, captured))) =
        whole.or_else(|| split::find(reading, bare).map(|found| (bare, found)))
    {
        met.splits.insert(nth);
        let values = split::read(reading, grid, at, text, (split, &captured), &meaning)?;
        let statement =
            |(nth, (amount, meaning))| Statement { amount: Ok(amount), meaning, printed, nth: nth + 1, status };
        return Ok(values.into_iter().enumerate().map(statement).collect());
    }
    let amount = value::read(reading, grid, at, bare, &meaning)?;
    Ok(vec![Statement { amount, meaning, printed, nth: 0, status }])
}

fn observation(
    reading: &Reading,
    grid: &Grid,
    at: CellRef,
    statement: Statement<'_>,
) -> Result<Observation, Box<Diagnostic>> {
    let lacking = |what: &str| {
        let message = format!("nothing states the {what} of the cell");
        Box::new(
            reading
                .fault("meaning-missing", message, grid, at)
                .hint("a cell merged over several rows has no label of its own"),
        )
    };
    let meaning = statement.meaning;
    let code = meaning.indicator.ok_or_else(|| lacking("indicator"))?;
    let indicator = reading.codebook.indicator(code.as_str()).ok_or_else(|| lacking("indicator"))?;
    let unit = meaning.unit.ok_or_else(|| lacking("unit"))?;
    let unit = reading.codebook.unit(&unit.code).ok_or_else(|| lacking("unit"))?;
    let Some(PeriodRule::Fixed(period)) = meaning.period else { return Err(lacking("period")) };
    if unit.base != indicator.unit {
        let message = format!("{code} is counted in {}, and {} is a unit of {}", indicator.unit, unit.code, unit.base);
        return Err(Box::new(reading.fault("unit-of-indicator", message, grid, at)));
    }
    let (value, decimals) = match statement.amount {
        Err(mark) => (Value::Missing(mark), None),
        Ok(amount) => {
            let base =
                unit.to_base(amount.number).filter(|n| n.scale() <= SCALE_MAX && n.abs() < Decimal::from(VALUE_LIMIT));
            let base = base.ok_or_else(|| {
                let message = format!(
                    "\"{}\" has more than {SCALE_MAX} decimals in {}, or is too large",
                    statement.printed, unit.base
                );
                Box::new(reading.fault("number-range", message, grid, at))
            })?;
            (Value::Number(base), Some(amount.decimals))
        }
    };
    let cell = grid.address(at);
    let suffix = if statement.nth == 0 { String::new() } else { format!("#{}", statement.nth) };
    Ok(Observation {
        obs_id: format!("{}{suffix}", reading.obs_id(grid, &cell)),
        dataset: reading.source.id.clone(),
        table_id: reading.table.id.clone(),
        edition: reading.edition.id.clone(),
        indicator: code,
        period,
        period_kind: indicator.kind,
        dimensions: dimensions(&meaning.dimensions, meaning.breakdown),
        value,
        unit: unit.base.clone(),
        decimals,
        printed: statement.printed.to_owned(),
        printed_unit: unit.code.clone(),
        origin: Origin {
            source_file: reading.file.to_owned(),
            source_sha256: reading.sha256.to_owned(),
            sheet: grid.sheet.clone(),
            cell,
        },
        notes: Vec::new(),
        status: statement.status,
    })
}

fn dimensions(
    stated: &std::collections::BTreeMap<Dimension, Code>,
    breakdown: std::collections::BTreeMap<String, String>,
) -> Dimensions {
    let of = |dimension| stated.get(&dimension).cloned().unwrap_or_else(Code::total);
    Dimensions {
        region: of(Dimension::Region),
        scheme: of(Dimension::Scheme),
        ownership: of(Dimension::Ownership),
        industry: of(Dimension::Industry),
        population: of(Dimension::Population),
        breakdown: Breakdown(breakdown),
    }
}
