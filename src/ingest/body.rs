//! The cells of a table's body: each with what its row and column mean, its number or mark, and its origin.

use std::sync::Arc;

use super::Reading;
use super::fact::{Maker, Statement};
use super::header::marks_of;
use super::label::{Axis, Line, merged, shared};
use super::locate::Found;
use super::number;
use super::passage::{self, Told};
use super::presence::Met;
use super::said::{self, Said, Side};
use super::split;
use super::value::{self, Amount};
use crate::diag::Diagnostic;
use crate::domain::{Observation, Status};
use crate::grid::{CellRef, Grid, Span, on_all_cores};
use crate::spec::annotation::Marks;
use crate::spec::table::Meaning;

/// Cells of a stretch of rows that one core reads at a time, and how many such stretches are read before they are put
/// together.
const BAND_CELLS: usize = 1 << 14;
const BANDS_AT_ONCE: usize = 16;

/// What holds for every number of a part, and the marks beside its title.
pub(super) struct Title {
    pub meaning: Meaning,
    pub marks: Marks,
}

/// What was read of a panel.
#[derive(Default)]
pub(super) struct Read {
    pub observations: Vec<Observation>,
    /// The numbers of observations that marks concern, their own or those of row, column and table, with the marks.
    pub marked: Vec<(usize, Arc<Marks>)>,
}

impl Read {
    /// Add what follows.
    fn add(&mut self, mut next: Read) {
        let before = self.observations.len();
        self.observations.append(&mut next.observations);
        self.marked.extend(next.marked.into_iter().map(|(nth, marks)| (before + nth, marks)));
    }
}

pub(super) fn read(
    reading: &Reading,
    found: &Found<'_>,
    title: &Title,
    (rows, columns, records): (&[Line], &[Line], &passage::Columns),
    met: &mut Met,
    faults: &mut Vec<Diagnostic>,
) -> Read {
    let rows: Vec<Side<'_>> = rows.iter().map(|l| Side::of_line(l, &title.meaning)).collect();
    let columns: Vec<Side<'_>> = columns.iter().map(|l| Side::of_line(l, &Meaning::default())).collect();
    let body = Body { reading, found, title, rows: &rows, columns: &columns, records };
    // A band is worth a thread, and some of them take little memory besides the whole.
    let bands: Vec<&[Side<'_>]> = rows.chunks((BAND_CELLS / columns.len().max(1)).max(1)).collect();
    let mut all = Read { observations: Vec::with_capacity(rows.len() * columns.len()), marked: Vec::new() };
    for some in bands.chunks(BANDS_AT_ONCE) {
        for band in on_all_cores(some, |rows| body.band(rows)) {
            all.add(band.read);
            met.add(band.met);
            faults.extend(band.faults);
        }
    }
    all
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
    let (said, nth) = (Said::of_number(&meaning), nth as u16);
    let (status, told) = (Status::Normal, &Told::default());
    let statement = Statement { amount: Ok(amount), printed: printed.into(), nth, status, told, said };
    Maker::new(reading, grid).observation(at, statement)
}

/// The body of a panel.
struct Body<'a> {
    reading: &'a Reading<'a>,
    found: &'a Found<'a>,
    title: &'a Title,
    rows: &'a [Side<'a>],
    columns: &'a [Side<'a>],
    records: &'a passage::Columns,
}

/// Some rows of it, as they are read cell by cell.
struct Band<'a> {
    body: &'a Body<'a>,
    maker: Maker<'a>,
    read: Read,
    met: Met,
    faults: Vec<Diagnostic>,
}

impl Body<'_> {
    fn band(&self, rows: &[Side<'_>]) -> Band<'_> {
        let maker = Maker::new(self.reading, self.found.grid);
        let mut band = Band { body: self, maker, read: Read::default(), met: Met::default(), faults: Vec::new() };
        band.read.observations.reserve_exact(rows.len() * self.columns.len());
        for row in rows {
            let told = match self.records.of_row(self.reading, self.found.grid, row.line.label.line) {
                Ok(told) => told,
                Err(fault) => {
                    band.faults.push(*fault);
                    continue;
                }
            };
            for column in self.columns {
                if let Err(fault) = band.cell(row, column, &told) {
                    band.faults.push(*fault);
                }
            }
        }
        band
    }
}

impl Band<'_> {
    fn cell(&mut self, row: &Side<'_>, column: &Side<'_>, told: &Told) -> Result<(), Box<Diagnostic>> {
        let (reading, grid, title) = (self.body.reading, self.body.found.grid, self.body.title);
        let at = CellRef { row: row.line.label.line, col: column.line.label.line };
        let several = match grid.merge_at(at) {
            Some(span) => match self.merged(at, *span, row, column)? {
                Some(sides) => Some(sides),
                None => return Ok(()),
            },
            None => None,
        };
        let [row, column] = several.as_ref().map_or([row, column], |sides| sides.each_ref());
        let said = Said::of_cell(row, column, &title.meaning).map_err(|what| {
            let message = format!(
                "row \"{}\" and column \"{}\" state a different {what}",
                row.line.label.shown(),
                column.line.label.shown()
            );
            Box::new(reading.fault("meaning-clash", message, grid, at))
        })?;
        let cell = grid.get(at.row, at.col);
        let printed = cell.map(|c| c.text.clone()).unwrap_or_default();
        let bare = value::bare(reading, &printed);
        let marks = self.marks([&row.marks, &column.marks, &bare.marks]);
        let status = marks.as_ref().map_or(Ok(Status::Normal), |marks| status(reading, grid, at, marks))?;
        let first = self.read.observations.len();
        let texts = [&*printed, bare.text];
        if let Some((text, (nth, split, captured))) =
            texts.into_iter().find_map(|text| Some((text, split::find(reading, text)?)))
        {
            self.met.splits.insert(nth);
            let meaning = said::whole(row, column, &title.meaning);
            let values = split::read(reading, grid, at, text, (split, &captured), &meaning)?;
            let mut stated = Vec::new();
            for (nth, (amount, meaning)) in values.into_iter().enumerate() {
                let (nth, printed, said) = (nth as u16 + 1, printed.clone(), Said::of_number(&meaning));
                let statement = Statement { amount: Ok(amount), printed, nth, status, told, said };
                stated.push(self.maker.observation(at, statement)?);
            }
            self.read.observations.append(&mut stated);
        } else {
            let amount = value::read(reading, grid, at, cell, &bare, &said)?;
            let statement = Statement { amount, printed: printed.clone(), nth: 0, status, told, said };
            self.read.observations.push(self.maker.observation(at, statement)?);
        }
        let all = first..self.read.observations.len();
        self.read.marked.extend(marks.into_iter().flat_map(|marks| all.clone().map(move |o| (o, Arc::clone(&marks)))));
        Ok(())
    }

    /// All marks that concern a cell; `None` where there are none, as nearly everywhere.
    fn marks(&self, beside: [&Marks; 3]) -> Option<Arc<Marks>> {
        let [row, column, own] = beside;
        let all = [&self.body.title.marks, row, column, own].map(Vec::as_slice);
        if all.iter().all(|marks| marks.is_empty()) {
            return None;
        }
        let last = self.read.marked.last().map(|(_, marks)| marks);
        let same = |marks: &&Arc<Marks>| marks.iter().eq(all.iter().copied().flatten());
        Some(last.filter(same).cloned().unwrap_or_else(|| Arc::new(all.concat())))
    }

    /// What row and column say of a merged cell, each by itself; `None` for the rest of one.
    fn merged<'a>(
        &mut self,
        at: CellRef,
        span: Span,
        row: &Side<'a>,
        column: &Side<'a>,
    ) -> Result<Option<[Side<'a>; 2]>, Box<Diagnostic>> {
        let Body { reading, found, title, rows, columns, .. } = self.body;
        let over_rows = among(rows, span.first.row, span.last.row);
        let over_columns = among(columns, span.first.col, span.last.col);
        if over_rows[0].line.label.line != at.row || over_columns[0].line.label.line != at.col {
            return Ok(None);
        }
        if span.first != at {
            let grid = found.grid;
            let (first, last) = (grid.address(span.first), grid.address(span.last));
            let message =
                format!("the cell is a part of {first}:{last}, a merged cell that begins outside the numbers");
            let hint = "take the merged cell apart, or say in header_rows, corner and until where the numbers are";
            return Err(Box::new(reading.fault("merged-from-outside", message, grid, at).hint(hint)));
        }
        let nothing = Meaning::default();
        let axes = [(over_rows, row, Axis::Rows, &title.meaning), (over_columns, column, Axis::Columns, &nothing)];
        let mut sides = Vec::new();
        for (over, side, axis, base) in axes {
            let [_, _, ..] = over else {
                sides.push(side.clone());
                continue;
            };
            let lines: Vec<&Line> = over.iter().map(|s| s.line).collect();
            let (entry, meaning) = merged(reading, &lines, axis).map_err(|label| {
                let message = format!("the cell is merged over what stands below \"{label}\", which is not declared");
                let hint =
                    format!("declare an entry with label \"{label}\" and merged = true in {}", reading.table.spec);
                let fault = reading.fault("merged-undeclared", message, found.grid, span.first);
                Box::new(fault.hint(hint))
            })?;
            self.met.entries(axis).extend(entry);
            sides.push(Side::of_several(side.line, meaning, marks_of(shared(&lines)), base));
        }
        Ok(<[Side<'a>; 2]>::try_from(sides).ok())
    }
}

/// The sides, which stand in the order of the sheet, from one line to another.
fn among<'s, 'a>(sides: &'s [Side<'a>], first: u32, last: u32) -> &'s [Side<'a>] {
    let start = sides.partition_point(|s| s.line.label.line < first);
    let end = sides.partition_point(|s| s.line.label.line <= last);
    &sides[start..end]
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
