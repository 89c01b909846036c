//! The cells of a table's body: each with what its row and column mean, its number or mark, and its origin.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fact::{Counted, Maker, Statement};
use super::header::marks_of;
use super::label::{Axis, Line, merged, shared};
use super::locate::Found;
use super::number;
use super::passage::{self, Told};
use super::presence::Met;
use super::said::{self, Said, Side};
use super::split;
use super::twice::{Axial, are_apart};
use super::validity;
use super::value::{self, Amount, Bare};
use super::{Doubts, Reading};
use crate::diag::Diagnostic;
use crate::domain::{Code, Observation, Observations, Status, Text};
use crate::grid::{CellRef, Grid, Row, Span, on_all_cores};
use crate::spec::annotation::Marks;
use crate::spec::table::{Meaning, PeriodRule, SignRule, UnitUse};

/// Cells of a stretch of rows that one core reads at a time: worth a thread, and many enough for all cores to be busy.
const BAND_CELLS: usize = 1 << 14;

/// What holds for every number of a part, and the marks beside its title.
pub(super) struct Title {
    pub meaning: Meaning,
    pub marks: Marks,
}

/// What was read of a panel.
#[derive(Default)]
pub(super) struct Read {
    pub observations: Observations,
    /// The numbers of observations that marks concern, their own or those of row, column and table, with the marks.
    pub marked: Vec<(usize, Arc<Marks>)>,
    pub doubts: Doubts,
}

pub(super) fn read(
    reading: &Reading,
    found: &Found<'_>,
    title: &Title,
    (rows, columns, records): (&[Line<'_>], &[Line<'_>], &passage::Columns),
    met: &mut Met,
    faults: &mut Vec<Diagnostic>,
) -> Read {
    let body = Body { reading, found, title, rows, columns, records };
    let bands: Vec<&[Line<'_>]> = rows.chunks((BAND_CELLS / columns.len().max(1)).max(1)).collect();
    let (mut read, mut of_rows, mut plain) = (Read::default(), Axial::default(), true);
    let columns = body.columns();
    let mut limited = columns.iter().any(|side| validity::is_limited(reading, &side.coordinates));
    for band in on_all_cores(&bands, |rows| body.band(rows)) {
        let before = read.observations.len();
        read.observations.add(band.observations);
        read.marked.extend(band.marked.into_iter().map(|(nth, marks)| (before + nth, marks)));
        plain &= band.plain && band.met.splits.is_empty();
        limited |= band.limited;
        of_rows.append(band.of_rows);
        met.add(band.met);
        faults.extend(band.faults);
    }
    let mut of_columns = Axial::default();
    columns.iter().for_each(|side| of_columns.add(side, &title.meaning));
    read.doubts = Doubts {
        twice: !plain || !are_apart(of_rows, of_columns),
        validity: !plain || limited,
        records: !records.is_empty(),
    };
    read
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
    let (said, nth, mut maker) = (Said::of_number(&meaning), nth as u16, Maker::new(reading, grid));
    let (place, nowhere) = (said::place_of(&meaning), Arc::clone(&maker.nowhere));
    let (amount, place, status, told) = (Ok(amount), [&place, &nowhere], Status::Normal, &Told::default());
    let statement = Statement { amount, said, place, printed: &printed.into(), nth, status, told };
    maker.observation(at, &statement, &mut None)
}

/// The body of a panel.
struct Body<'a> {
    reading: &'a Reading<'a>,
    found: &'a Found<'a>,
    title: &'a Title,
    rows: &'a [Line<'a>],
    columns: &'a [Line<'a>],
    records: &'a passage::Columns,
}

/// Some rows of it, as they are read cell by cell.
struct Band<'a> {
    body: &'a Body<'a>,
    maker: Maker<'a>,
    observations: Vec<Observation>,
    marked: Vec<(usize, Arc<Marks>)>,
    /// No cell is merged over several rows or columns.
    plain: bool,
    /// Some of its codes are not always in force.
    limited: bool,
    of_rows: Axial,
    met: Met,
    faults: Vec<Diagnostic>,
}

/// What a row says besides where its numbers stand: the cells below one column that lie in rows of one kind are of one
/// series.
type Kind<'a> = (Option<&'a Code>, Option<&'a UnitUse>, Option<PeriodRule>, Option<SignRule>);

/// What is known of the cells of one column in rows of one kind.
struct Known<'a> {
    said: Said<'a>,
    counted: Option<Counted<'a>>,
}

impl<'a> Body<'a> {
    /// Every band has its own, since what cores share they wait for.
    fn columns(&self) -> Vec<Side<'a>> {
        self.columns.iter().map(|l| Side::of_line(l, &Meaning::default())).collect()
    }

    fn band(&'a self, rows: &'a [Line<'a>]) -> Band<'a> {
        let columns = self.columns();
        let mut band = Band {
            body: self,
            maker: Maker::new(self.reading, self.found.grid),
            observations: Vec::with_capacity(rows.len() * columns.len()),
            marked: Vec::new(),
            plain: true,
            limited: false,
            of_rows: Axial::default(),
            met: Met::default(),
            faults: Vec::new(),
        };
        let mut kinds: BTreeMap<Kind<'_>, Vec<Option<Known<'_>>>> = BTreeMap::new();
        for line in rows {
            let told = match self.records.of_row(self.reading, self.found.grid, line.label.line) {
                Ok(told) => told,
                Err(fault) => {
                    band.faults.push(*fault);
                    continue;
                }
            };
            let row = Side::of_line(line, &self.title.meaning);
            let cells = self.found.grid.cells_in(line.label.line);
            band.of_rows.add(&row, &self.title.meaning);
            band.limited |= validity::is_limited(self.reading, &row.coordinates);
            let Meaning { indicator, unit, period, sign, .. } = &line.meaning;
            let of_kind = kinds.entry((indicator.as_ref(), unit.as_ref(), *period, *sign));
            let of_kind = of_kind.or_insert_with(|| columns.iter().map(|_| None).collect());
            for (column, known) in columns.iter().zip(of_kind) {
                if let Err(fault) = band.cell(cells, [&row, column], &told, known) {
                    band.faults.push(*fault);
                }
            }
        }
        band
    }
}

impl<'a> Band<'a> {
    fn cell(
        &mut self,
        cells: Row<'_>,
        [row, column]: [&Side<'a>; 2],
        told: &Told,
        known: &mut Option<Known<'a>>,
    ) -> Result<(), Box<Diagnostic>> {
        let at = CellRef { row: row.line.label.line, col: column.line.label.line };
        let title = &self.body.title.meaning;
        if let Some(span) = self.body.found.grid.merge_at(at) {
            self.plain = false;
            let Some([row, column]) = self.merged(at, *span, row, column)? else { return Ok(()) };
            let said = Said::of_cell(row.meaning(), column.meaning(), title);
            let said = said.map_err(|what| self.clash(at, [&row, &column], what))?;
            return self.numbers((at, cells), [&row, &column], told, (said, &mut None));
        }
        let known = match known {
            Some(known) => known,
            None => {
                let said = Said::of_cell(&row.line.meaning, &column.line.meaning, title);
                let said = said.map_err(|what| self.clash(at, [row, column], what))?;
                known.insert(Known { said, counted: None })
            }
        };
        self.numbers((at, cells), [row, column], told, (known.said, &mut known.counted))
    }

    /// The number of a cell, or each of several; `known` is what its series counts.
    fn numbers(
        &mut self,
        (at, cells): (CellRef, Row<'_>),
        sides: [&Side<'_>; 2],
        told: &Told,
        (said, known): (Said<'_>, &mut Option<Counted<'a>>),
    ) -> Result<(), Box<Diagnostic>> {
        let [row, column] = sides;
        if row.coordinates.meets(&column.coordinates)
            && let Some(what) = row.meaning().clash_of_places(column.meaning())
        {
            return Err(self.clash(at, sides, what));
        }
        let (reading, grid) = (self.body.reading, self.body.found.grid);
        let cell = cells.get(at.col);
        let blank = Text::default();
        let printed = cell.map_or(&blank, |c| &c.text);
        let number = cell.and_then(|cell| value::plain(reading, cell, &said));
        let bare = if number.is_some() { Bare::default() } else { value::bare(reading, printed) };
        let marks = self.marks([&row.marks, &column.marks, &bare.marks]);
        let status = marks.as_ref().map_or(Ok(Status::Normal), |marks| status(reading, grid, at, marks))?;
        let first = self.observations.len();
        let split = |text| Some((text, split::find(reading, text)?));
        let split = if number.is_some() { None } else { [printed, bare.text].into_iter().find_map(split) };
        if let Some((text, (nth, split, captured))) = split {
            self.met.splits.insert(nth);
            let meaning = said::whole(row.meaning(), column.meaning(), &self.body.title.meaning);
            let values = split::read(reading, grid, at, text, (split, &captured), &meaning)?;
            let nowhere = Arc::clone(&self.maker.nowhere);
            let mut stated = Vec::new();
            for (nth, (amount, meaning)) in values.into_iter().enumerate() {
                let (nth, said) = (nth as u16 + 1, Said::of_number(&meaning));
                let (amount, place) = (Ok(amount), said::place_of(&meaning));
                let statement = Statement { amount, said, place: [&place, &nowhere], printed, nth, status, told };
                stated.push(self.maker.observation(at, &statement, &mut None)?);
            }
            self.observations.append(&mut stated);
        } else {
            let amount = match number {
                Some(amount) => Ok(amount),
                None => value::read(reading, grid, at, cell, &bare, &said)?,
            };
            let place = [&row.coordinates, &column.coordinates];
            let statement = Statement { amount, said, place, printed, nth: 0, status, told };
            let known = if status == Status::Normal { known } else { &mut None };
            self.observations.push(self.maker.observation(at, &statement, known)?);
        }
        if let Some(marks) = marks {
            let all = first..self.observations.len();
            self.marked.extend(all.map(|nth| (nth, Arc::clone(&marks))));
        }
        Ok(())
    }

    fn clash(&self, at: CellRef, [row, column]: [&Side<'_>; 2], what: &str) -> Box<Diagnostic> {
        let message = format!(
            "row \"{}\" and column \"{}\" state a different {what}",
            row.line.label.shown(),
            column.line.label.shown()
        );
        Box::new(self.body.reading.fault("meaning-clash", message, self.body.found.grid, at))
    }

    /// All marks that concern a cell; `None` where there are none, as nearly everywhere.
    fn marks(&self, beside: [&Marks; 3]) -> Option<Arc<Marks>> {
        let [row, column, own] = beside;
        let all = [&self.body.title.marks, row, column, own].map(Vec::as_slice);
        if all.iter().all(|marks| marks.is_empty()) {
            return None;
        }
        let last = self.marked.last().map(|(_, marks)| marks);
        let same = |marks: &&Arc<Marks>| marks.iter().eq(all.iter().copied().flatten());
        Some(last.filter(same).cloned().unwrap_or_else(|| Arc::new(all.concat())))
    }

    /// What row and column say of a merged cell, each by itself; `None` for the rest of one.
    fn merged(
        &mut self,
        at: CellRef,
        span: Span,
        row: &Side<'a>,
        column: &Side<'a>,
    ) -> Result<Option<[Side<'a>; 2]>, Box<Diagnostic>> {
        let Body { reading, found, title, rows, columns, .. } = self.body;
        let over_rows = among(rows, span.first.row, span.last.row);
        let over_columns = among(columns, span.first.col, span.last.col);
        if over_rows[0].label.line != at.row || over_columns[0].label.line != at.col {
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
                sides.push(Side::of_line(side.line, base));
                continue;
            };
            let lines: Vec<&Line<'_>> = over.iter().collect();
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

/// The lines, which stand in the order of the sheet, from one to another.
fn among<'a>(lines: &'a [Line<'a>], first: u32, last: u32) -> &'a [Line<'a>] {
    let start = lines.partition_point(|l| l.label.line < first);
    let end = lines.partition_point(|l| l.label.line <= last);
    &lines[start..end]
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
