//! How far a table reaches from its corner: its rows and columns, the panels in which its header begins again, and the
//! footnotes below.
//!
//! A table ends where it is said to end. Where it could go on behind that place, it is refused.

use std::ops::Range;

use super::Reading;
use super::corner::{self, Corner};
use super::label::{Axis, begins};
use super::locate::{Found, Place, origin};
use super::number;
use crate::diag::Diagnostic;
use crate::domain::Text;
use crate::domain::label::{is_han, normalise};
use crate::grid::{Cell, CellRef, CellValue, Grid};

/// Rows of a table in which one header holds.
struct Band {
    corner: Corner,
    /// From the line after the band above, or from the title.
    top: u32,
    body: Range<u32>,
    notes: Range<u32>,
}

/// What a row says about where the table ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Blank,
    /// It begins with a text of `until`.
    End,
    /// It begins with a text of `between`.
    Between,
    /// The header begins again.
    Header,
    Other,
}

/// The panels of the table, band by band, from left to right.
pub(super) fn panels<'a>(reading: &Reading, place: Place<'a>, faults: &mut Vec<Diagnostic>) -> Option<Vec<Found<'a>>> {
    let grid = place.grid;
    let wall = wall(reading, grid, &place.corner);
    let bands = bands(reading, &place, wall, faults)?;
    let title = place.top..bands[0].corner[0].row;
    let mut panels = Vec::new();
    for band in &bands {
        let (across, end) = across(reading, grid, band, wall, faults)?;
        let lead = lead(grid, &place, band);
        for (nth, corner) in across.iter().enumerate() {
            let left = |of: &Corner| of[0].col - led(reading, grid, lead, [&band.corner, of]);
            let right = across.get(nth + 1).map_or(end, left);
            panels.push(Found {
                grid,
                of_sheet: place.of_sheet.clone(),
                captured: place.captured.clone(),
                title: title.clone(),
                top: band.top,
                corner: corner[0],
                label_cols: corner.iter().map(|at| at.col).collect(),
                cols: left(corner)..right,
                table_cols: place.corner[0].col..end,
                header: header(reading, corner),
                body: band.body.clone(),
                notes: band.notes.clone(),
            });
        }
    }
    Some(panels)
}

fn header(reading: &Reading, corner: &Corner) -> Range<u32> {
    corner[0].row..corner[0].row + reading.layout().header_rows
}

/// The column that surely belongs to the table no more: the first whose header begins with a text of `until_column`.
fn wall(reading: &Reading, grid: &Grid, corner: &Corner) -> u32 {
    let words = &reading.layout().until_column;
    let closes = |col: &u32| {
        let texts = header(reading, corner).map(|row| grid.text(row, *col));
        texts.map(normalise).any(|text| words.iter().any(|w| !w.is_empty() && text.starts_with(w.as_str())))
    };
    (corner[corner.len() - 1].col + 1..grid.cols).find(closes).unwrap_or(grid.cols)
}

/// The corners of a band from left to right, and the column after the last panel.
fn across(
    reading: &Reading,
    grid: &Grid,
    band: &Band,
    wall: u32,
    faults: &mut Vec<Diagnostic>,
) -> Option<(Vec<Corner>, u32)> {
    let mut corners = vec![band.corner.clone()];
    if reading.layout().panels.right {
        corners.extend(corner::beside(reading, grid, &band.corner, wall));
    }
    if !reading.layout().until_column.iter().any(String::is_empty) {
        return Some((corners, wall));
    }
    let rows = band.corner[0].row..band.body.end;
    let filled = |col: u32| rows.clone().any(|row| has_text(grid, CellRef { row, col }));
    let last = &corners[corners.len() - 1];
    let end = (last[last.len() - 1].col + 1..wall).find(|col| !filled(*col)).unwrap_or(wall);
    // Behind a blank column, a header that is declared is none of another table.
    let next = (end..wall).find(|col| filled(*col)).map(|col| CellRef { row: band.corner[0].row, col });
    let beyond = next.map(|at| origin(grid, at)).filter(|at| begins(reading, Axis::Columns, grid.text(at.row, at.col)));
    if let Some(at) = beyond {
        let text = grid.text(at.row, at.col).replace('\n', "");
        let message = format!("a blank column ends the table, and \"{text}\", which is declared, stands behind it");
        let hint =
            format!("if the column stands there by chance, leave \"\" out of until_column in {}", reading.table.spec);
        faults.push(reading.fault("table-goes-on", message, grid, at).hint(hint));
        return None;
    }
    Some((corners, end))
}

/// How many columns left of its labels belong to a band: up to a blank one, or to where another table's title stands.
fn lead(grid: &Grid, place: &Place<'_>, band: &Band) -> u32 {
    let rows = band.corner[0].row..band.body.end;
    let filled = |col: &u32| rows.clone().any(|row| has_text(grid, CellRef { row, col: *col }));
    let titled = |anchor: &CellRef| grid.row(anchor.row).any(|(at, cell)| at.col < anchor.col && !cell.text.is_blank());
    let start = place.anchor.filter(titled).map_or(0, |anchor| anchor.col);
    (start..band.corner[0].col).rev().take_while(filled).count() as u32
}

/// The columns that lead the first panel of a band lead one beside it too, where their headers are the same.
fn led(reading: &Reading, grid: &Grid, lead: u32, [first, corner]: [&Corner; 2]) -> u32 {
    let text = |of: &Corner, row: u32, before: u32| {
        let at = CellRef { row: of[0].row + row, col: of[0].col.checked_sub(before)? };
        let at = origin(grid, at);
        Some(normalise(grid.text(at.row, at.col)))
    };
    let rows = 0..reading.layout().header_rows;
    let same = |before: u32| rows.clone().all(|row| text(first, row, before) == text(corner, row, before));
    if (1..=lead).all(same) { lead } else { 0 }
}

/// The bands of the table from top to bottom.
fn bands(reading: &Reading, place: &Place<'_>, wall: u32, faults: &mut Vec<Diagnostic>) -> Option<Vec<Band>> {
    let (grid, first) = (place.grid, &place.corner);
    let lines = Lines { reading, grid, corner: first, cols: first[0].col..wall };
    let mut bands: Vec<Band> = Vec::new();
    let mut next = Some((first.clone(), place.top));
    while let Some((corner, top)) = next.take() {
        let start = header(reading, &corner).end;
        let end = lines.end_of_body(start);
        let mut band = Band { corner, top, body: start.min(end)..end, notes: end..end };
        let gap = lines.gap(end);
        band.notes = gap.notes.clone();
        lines.check_notes(&gap, faults)?;
        next = match gap.end {
            GapEnd::Header(corner) => Some((corner, gap.notes.end)),
            GapEnd::Stop(row) => {
                lines.check_stop(&gap, row, faults)?;
                None
            }
        };
        bands.push(band);
    }
    Some(bands)
}

/// What lies between the body of one band and the next.
struct Gap {
    notes: Range<u32>,
    /// A line that begins with a text of `until` closed the band, and the first that begins with one of `between`.
    closed: bool,
    between: Option<u32>,
    end: GapEnd,
}

enum GapEnd {
    Header(Corner),
    /// The first row that is nothing of the table's, or the row after the last.
    Stop(u32),
}

/// The rows of a sheet as far as the table's columns go.
struct Lines<'a> {
    reading: &'a Reading<'a>,
    grid: &'a Grid,
    corner: &'a Corner,
    cols: Range<u32>,
}

impl Lines<'_> {
    /// The first text of a row: within the table's columns, else left of them.
    fn text(&self, row: u32) -> Option<&str> {
        // Over the cells that are there: a sheet may be as wide as it is empty.
        let first = |cols: Range<u32>| {
            let cells = self.grid.row(row).filter(|(at, _)| cols.contains(&at.col));
            cells.map(|(_, cell)| &cell.text).find(|text| !text.is_blank()).map(Text::as_str)
        };
        first(self.cols.clone()).or_else(|| first(0..self.cols.start))
    }

    fn sign(&self, row: u32) -> Sign {
        let layout = self.reading.layout();
        let Some(text) = self.text(row) else { return Sign::Blank };
        if layout.panels.below && corner::below(self.reading, self.grid, self.corner, row).is_some() {
            return Sign::Header;
        }
        // Nearly all rows begin with another character than these words.
        let first = text.chars().next().filter(|c| is_han(*c));
        let begins = |words: &[String]| {
            let like = |word: &&String| !word.is_empty() && first.is_none_or(|first| word.starts_with(first));
            words.iter().filter(like).any(|word| normalise(text).starts_with(word.as_str()))
        };
        match () {
            () if begins(&layout.between) => Sign::Between,
            () if begins(&layout.until) => Sign::End,
            () => Sign::Other,
        }
    }

    fn end_of_body(&self, start: u32) -> u32 {
        let blank_ends = self.reading.layout().until.iter().any(String::is_empty);
        let ends = |row: &u32| match self.sign(*row) {
            Sign::Blank => blank_ends,
            Sign::End | Sign::Between | Sign::Header => true,
            Sign::Other => false,
        };
        (start..self.grid.rows).find(ends).unwrap_or(self.grid.rows.max(start))
    }

    /// What follows a body: blank rows, one block of footnotes, lines between panels; up to a header or anything else.
    fn gap(&self, start: u32) -> Gap {
        let mut gap = Gap { notes: start..start, closed: false, between: None, end: GapEnd::Stop(self.grid.rows) };
        let mut row = start;
        while row < self.grid.rows {
            match self.sign(row) {
                Sign::Blank => {}
                Sign::Between => gap.between = gap.between.or(Some(row)),
                Sign::End if !gap.closed => {
                    let goes_on = |row: &u32| matches!(self.sign(*row), Sign::Other | Sign::End);
                    let end = (row + 1..self.grid.rows).find(|row| !goes_on(row)).unwrap_or(self.grid.rows);
                    gap.notes = row..end;
                    gap.closed = true;
                    row = end;
                    continue;
                }
                Sign::Header => {
                    if let Some(corner) = corner::below(self.reading, self.grid, self.corner, row) {
                        gap.end = GapEnd::Header(corner);
                    }
                    return gap;
                }
                Sign::End | Sign::Other => {
                    gap.end = GapEnd::Stop(row);
                    return gap;
                }
            }
            row += 1;
        }
        gap
    }

    /// That no row of the table stands where it is said to have ended, and no number beside a footnote.
    fn check_notes(&self, gap: &Gap, faults: &mut Vec<Diagnostic>) -> Option<()> {
        let stop = match gap.end {
            GapEnd::Stop(row) if row < self.grid.rows => Some(row),
            _ => None,
        };
        let row_like = gap.notes.clone().chain(stop).find(|row| self.is_row(*row));
        let Some(row) = row_like.or_else(|| gap.notes.clone().find(|row| self.ends_in_number(*row))) else {
            return Some(());
        };
        let text = self.text(row).unwrap_or("").replace('\n', "");
        let message = match row_like {
            Some(_) => format!("the table ends above, and \"{text}\" reads as a row of it"),
            None => format!("the table ends above, and a number stands beside \"{text}\""),
        };
        let hint = "or the row if it stands in the wrong place";
        let hint = format!("correct until in {}, {hint}", self.reading.table.spec);
        let fault = self.reading.fault("table-goes-on", message, self.grid, self.first_cell(row)).hint(hint);
        faults.push(fault);
        None
    }

    /// That the table does not go on where it is said to end.
    fn check_stop(&self, gap: &Gap, stop: u32, faults: &mut Vec<Diagnostic>) -> Option<()> {
        let (reading, spec) = (self.reading, &self.reading.table.spec);
        let mut refuse = |code: &'static str, row: u32, message: String, hint: String| {
            let at = self.first_cell(row);
            faults.push(reading.fault(code, message, self.grid, at).hint(hint));
        };
        let panels = reading.layout().panels.below;
        let again = || (stop..self.grid.rows).find(|row| panels && self.sign(*row) == Sign::Header);
        let announced = gap.between.is_some() || (!gap.closed && again().is_some());
        if panels && announced {
            let row = if stop < self.grid.rows { stop } else { gap.between.unwrap_or(stop) };
            let text = self.text(row).unwrap_or("").replace('\n', "");
            let message = format!("the table is announced to go on, and \"{text}\" is no header of it");
            let hint = format!(
                "name in between in {spec} how lines between panels begin, or in until what closes the table; the header begins with \"{}\"",
                reading.layout().corner.join(" / ")
            );
            refuse("panel-between", row, message, hint);
            return None;
        }
        let continued = |row: &u32| self.text(*row).is_some_and(is_continuation);
        if let Some(row) = (!panels).then(|| Some(stop).filter(|row| *row < self.grid.rows).filter(continued)).flatten()
        {
            let text = self.text(row).unwrap_or("").replace('\n', "");
            let message = format!("\"{text}\" says that the table goes on, and nothing is declared of that");
            let hint = format!("write panels = \"below\" and between = [\"{}\"] in {spec}", normalise(&text));
            refuse("panel-undeclared", row, message, hint);
            return None;
        }
        Some(())
    }

    fn first_cell(&self, row: u32) -> CellRef {
        self.grid.row(row).map(|(at, _)| at).next().unwrap_or(CellRef { row, col: self.cols.start })
    }

    /// A row whose last cell in the columns that hold no labels is a number.
    fn ends_in_number(&self, row: u32) -> bool {
        let mut cells = self.grid.row(row).filter(|(at, c)| self.cols.contains(&at.col) && !c.text.is_blank());
        let last = cells.rfind(|(at, _)| self.corner.iter().all(|label| label.col != at.col));
        last.is_some_and(|(_, c)| is_number(c))
    }

    /// A row whose innermost label is declared and that holds a number.
    fn is_row(&self, row: u32) -> bool {
        let labels = self.corner.iter().rev().map(|at| origin(self.grid, CellRef { row, col: at.col }));
        let label = labels.map(|at| self.grid.text(at.row, at.col)).find(|text| !text.trim().is_empty());
        let cells = self.grid.row(row).filter(|(at, _)| self.cols.contains(&at.col));
        let mut data = cells.filter(|(at, _)| self.corner.iter().all(|label| label.col != at.col));
        label.is_some_and(|text| begins(self.reading, Axis::Rows, text)) && data.any(|(_, c)| is_number(c))
    }
}

fn is_number(cell: &Cell) -> bool {
    matches!(cell.value, CellValue::Number(_)) || number::parse(&cell.text).is_ok()
}

/// 续表, 续表1, (续), 表5(续)
fn is_continuation(text: &str) -> bool {
    let text = normalise(text);
    text.starts_with("续表") || text.ends_with("(续)") || text.ends_with("续表")
}

fn has_text(grid: &Grid, at: CellRef) -> bool {
    let at = origin(grid, at);
    !grid.is_blank(at.row, at.col)
}
