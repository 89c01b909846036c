//! Finds a table in a document: by its anchor's text, then by the text over its label columns.

use std::ops::Range;

use super::Reading;
use super::presence::Met;
use crate::diag::Diagnostic;
use crate::domain::label::{nearest, normalise};
use crate::grid::{CellRef, Document, Grid};
use crate::spec::edition::sheet_fits;
use crate::spec::pattern::Captured;

/// Texts of the file that a message quotes at most.
const TEXTS_SHOWN: usize = 4;

/// A table's place on a sheet.
pub(super) struct Found<'a> {
    pub grid: &'a Grid,
    /// What the sheet's name says.
    pub of_sheet: Vec<Captured>,
    /// What the anchor's captures hold.
    pub captured: Vec<Captured>,
    /// First row that belongs to the table: the anchor's, or the sheet's first.
    pub top: u32,
    /// First cell of the header: over the first label column.
    pub corner: CellRef,
    pub label_cols: Vec<u32>,
    pub header: Range<u32>,
    pub body: Range<u32>,
    /// Rows of the footnote block.
    pub notes: Range<u32>,
}

impl Found<'_> {
    pub fn first_data_col(&self) -> u32 {
        self.label_cols.iter().max().map_or(0, |c| c + 1)
    }
}

/// The cell whose text shows at a place: the first of a merged range.
pub(super) fn origin(grid: &Grid, at: CellRef) -> CellRef {
    grid.merge_at(at).map_or(at, |m| m.first)
}

/// Sheets among which one part of the table is looked for.
pub(super) struct Scope<'a> {
    pub grids: Vec<&'a Grid>,
    /// What the name of the sheet says.
    pub captured: Vec<Captured>,
}

/// The table's place among the sheets of a scope.
pub(super) fn locate<'a>(reading: &Reading, scope: Scope<'a>, faults: &mut Vec<Diagnostic>) -> Option<Found<'a>> {
    let (grid, top, captured) = match &reading.layout().anchor {
        Some(_) => {
            let (grid, at, captured) = anchor(reading, &scope.grids, faults)?;
            (Some(grid), at.row, captured)
        }
        None => (None, 0, Vec::new()),
    };
    let searched = grid.map_or(scope.grids, |g| vec![g]);
    let (grid, label_cells) = corner(reading, &searched, top, grid.is_some(), faults)?;
    let corner = label_cells[0];
    let header = corner.row..corner.row + reading.layout().header_rows;
    let label_cols: Vec<u32> = label_cells.iter().map(|c| c.col).collect();
    let (end, notes) = end(reading, grid, header.end);
    let body = header.end.min(end)..end;
    Some(Found { grid, of_sheet: scope.captured, captured, top, corner, label_cols, header, body, notes })
}

/// The sheets that the edition names, each a part of its own; where it names none, all that are not hidden hold one part
/// among them.
pub(super) fn scopes<'a>(
    reading: &Reading,
    document: &'a Document,
    met: &mut Met,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Scope<'a>> {
    let visible = || document.grids.iter().filter(|g| !g.hidden);
    let names = &reading.edition.sheets;
    if names.is_empty() {
        let grids: Vec<&Grid> = visible().collect();
        if grids.is_empty() {
            faults.push(reading.fault_of_file("no-sheet", "the file has no sheet that is not hidden"));
            return Vec::new();
        }
        return vec![Scope { grids, captured: Vec::new() }];
    }
    let mut scopes: Vec<Scope<'a>> = Vec::new();
    for (nth, name) in names.iter().enumerate() {
        // A sheet that is written out may be hidden; one that only fits may be anything.
        for grid in document.grids.iter().filter(|g| name.is_literal() || !g.hidden) {
            let Some(captured) = sheet_fits(name, &grid.sheet) else { continue };
            met.sheets.insert(nth);
            match scopes.iter_mut().find(|s| normalise(&s.grids[0].sheet) == normalise(&grid.sheet)) {
                None => scopes.push(Scope { grids: vec![grid], captured }),
                // Tables of a page may share their caption.
                Some(scope) if scope.grids.iter().all(|g| !std::ptr::eq(*g, grid)) => scope.grids.push(grid),
                Some(_) => {}
            }
        }
    }
    met.sheets_there.extend(document.grids.iter().map(|g| g.sheet.clone()));
    if scopes.is_empty() {
        let there = document.grids.iter().map(|g| format!("\"{}\"", g.sheet)).collect::<Vec<_>>().join(", ");
        let wanted = names.iter().map(|n| format!("\"{}\"", n.as_str())).collect::<Vec<_>>().join(" or ");
        let fault = reading.fault_of_file("sheet-missing", format!("there is no sheet {wanted}"));
        faults.push(fault.hint(format!("sheets of the file: {there}; correct sheet in {}", reading.table.spec)));
    }
    scopes
}

fn anchor<'a>(
    reading: &Reading,
    grids: &[&'a Grid],
    faults: &mut Vec<Diagnostic>,
) -> Option<(&'a Grid, CellRef, Vec<Captured>)> {
    let anchor = reading.layout().anchor.as_ref()?;
    let inside = |at: &CellRef| {
        anchor
            .within
            .is_none_or(|w| (w.first.0..=w.last.0).contains(&at.row) && (w.first.1..=w.last.1).contains(&at.col))
    };
    let mut found = Vec::new();
    for grid in grids.iter().copied() {
        for (at, cell) in grid.iter().filter(|(at, _)| inside(at)) {
            found.extend(anchor.pattern.find(&cell.text).map(|captured| (grid, at, captured)));
        }
    }
    if found.len() > 1 {
        let (grid, at, _) = found[1];
        let first = format!("{} and {}", shown(found[0].0, found[0].1), shown(grid, at));
        let message = format!("the anchor \"{}\" matches two cells, {first}", anchor.pattern.as_str());
        let hint = format!("lengthen its text, or add sheet or within to the edition in {}", reading.table.spec);
        faults.push(reading.fault("anchor-ambiguous", message, grid, at).hint(hint));
        return None;
    }
    let found = found.pop();
    if found.is_none() {
        let message = format!("no cell holds the table's anchor \"{}\"", anchor.pattern.as_str());
        let fault = reading.fault_of_file("anchor-missing", message);
        faults.push(fault.hint(near_texts(anchor.pattern.as_str(), grids, 0)));
    }
    found
}

fn shown(grid: &Grid, at: CellRef) -> String {
    match grid.sheet.is_empty() {
        true => grid.address(at),
        false => format!("\"{}\"!{}", grid.sheet, grid.address(at)),
    }
}

/// Texts of the file that are like the one that was looked for.
fn near_texts(wanted: &str, grids: &[&Grid], top: u32) -> String {
    let texts = || grids.iter().flat_map(|g| g.iter().filter(|(at, _)| at.row >= top).map(move |(at, c)| (*g, at, c)));
    let near = nearest(wanted, texts().map(|(_, _, c)| c.text.as_str()));
    let places: Vec<String> = near
        .iter()
        .filter_map(|text| texts().find(|(_, _, c)| c.text == **text))
        .map(|(grid, at, cell)| format!("\"{}\" in {}", cell.text.replace('\n', " "), shown(grid, at)))
        .collect();
    match places.is_empty() {
        true => first_texts(grids, top),
        false => format!("the nearest texts are {}", places.join(", ")),
    }
}

/// What the first rows begin with, where no text is like the one that was looked for.
fn first_texts(grids: &[&Grid], top: u32) -> String {
    let mut rows: Vec<String> = Vec::new();
    for grid in grids {
        let mut last = None;
        for (at, cell) in grid.iter().filter(|(at, c)| at.row >= top && !c.text.trim().is_empty()) {
            if last.replace(at.row) != Some(at.row) && rows.len() < TEXTS_SHOWN {
                rows.push(format!("\"{}\" in {}", cell.text.replace('\n', " "), shown(grid, at)));
            }
        }
    }
    match rows.is_empty() {
        true => "the file holds no text there".to_owned(),
        false => format!("the rows begin with {}; is this the right file?", rows.join(", ")),
    }
}

/// The cells over the label columns: the first row in which all texts of the corner stand side by side.
fn corner<'a>(
    reading: &Reading,
    grids: &[&'a Grid],
    top: u32,
    anchored: bool,
    faults: &mut Vec<Diagnostic>,
) -> Option<(&'a Grid, Vec<CellRef>)> {
    let wanted = &reading.layout().corner;
    let mut found = Vec::new();
    for grid in grids.iter().copied() {
        for (at, _) in grid.iter().filter(|(at, _)| at.row >= top) {
            found.extend(corner_at(grid, at, wanted).map(|cells| (grid, cells)));
        }
    }
    if found.len() > 1 && !anchored {
        let (grid, cells) = &found[1];
        let both = format!("{} and {}", shown(found[0].0, found[0].1[0]), shown(grid, cells[0]));
        let message = format!("the header \"{}\" stands twice, in {both}", wanted.join(" / "));
        let hint = format!("give the table an anchor in {}", reading.table.spec);
        faults.push(reading.fault("anchor-ambiguous", message, grid, cells[0]).hint(hint));
        return None;
    }
    if found.is_empty() {
        let message = format!("no header begins with \"{}\"", wanted.join(" / "));
        let fault = reading.fault_of_file("header-missing", message);
        faults.push(fault.hint(near_texts(&wanted[0], grids, top)));
        return None;
    }
    Some(found.swap_remove(0))
}

fn corner_at(grid: &Grid, at: CellRef, wanted: &[String]) -> Option<Vec<CellRef>> {
    let mut cells = Vec::new();
    let mut col = at.col;
    for text in wanted {
        let cell = CellRef { row: at.row, col };
        if normalise(grid.text(at.row, col)) != *text {
            return None;
        }
        cells.push(cell);
        col = grid.merge_at(cell).map_or(col, |m| m.last.col) + 1;
    }
    Some(cells)
}

/// The row after the body, and the rows of the footnote block: from the first line that begins with a text of `until` to
/// the next blank row.
fn end(reading: &Reading, grid: &Grid, first: u32) -> (u32, Range<u32>) {
    // Over the cells that are there: a sheet may be as wide as it is empty.
    let row_text = |row: u32| grid.row(row).map(|(_, cell)| cell.text.as_str()).find(|text| !text.trim().is_empty());
    let closes = |row: &u32| {
        row_text(*row).is_some_and(|text| {
            let text = normalise(text);
            reading.layout().until.iter().any(|word| text.starts_with(word.as_str()))
        })
    };
    let end = (first..grid.rows).find(closes).unwrap_or(grid.rows.max(first));
    let last = (end..grid.rows).find(|row| row_text(*row).is_none()).unwrap_or(grid.rows.max(end));
    (end, end..last)
}
