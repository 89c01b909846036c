//! Finds a table in a document: by its anchor's text, then by the text over its label columns (`corner`), and from there as
//! far as it reaches (`extent`).

use std::ops::Range;

use super::Reading;
use super::corner::{self, Corner};
use super::extent;
use super::presence::Met;
use crate::diag::Diagnostic;
use crate::domain::label::{nearest, normalise};
use crate::grid::{Cell, CellRef, Document, Grid, on_all_cores};
use crate::spec::edition::sheet_fits;
use crate::spec::pattern::Captured;

/// Texts of the file that a message quotes at most.
const TEXTS_SHOWN: usize = 4;
/// Rows that one core searches at a time.
const ROWS_AT_ONCE: usize = 1 << 11;

/// Where the header of a table begins.
pub(super) struct Place<'a> {
    pub grid: &'a Grid,
    /// What the sheet's name says.
    pub of_sheet: Vec<Captured>,
    /// What the anchor's captures hold.
    pub captured: Vec<Captured>,
    pub anchor: Option<CellRef>,
    /// First row that belongs to the table: the anchor's, or the sheet's first.
    pub top: u32,
    pub corner: Corner,
}

/// A panel of a table: a part with one header.
pub(super) struct Found<'a> {
    pub grid: &'a Grid,
    /// What the sheet's name says.
    pub of_sheet: Vec<Captured>,
    /// What the anchor's captures hold.
    pub captured: Vec<Captured>,
    /// Rows above the table's first header, from the anchor's on.
    pub title: Range<u32>,
    /// First row that belongs to the panel: after the panel above.
    pub top: u32,
    /// First cell of the header: over the first label column.
    pub corner: CellRef,
    pub label_cols: Vec<u32>,
    /// Columns of the panel, and of all panels side by side.
    pub cols: Range<u32>,
    pub table_cols: Range<u32>,
    pub header: Range<u32>,
    pub body: Range<u32>,
    /// Rows of the footnote block.
    pub notes: Range<u32>,
}

impl Found<'_> {
    /// The cells of some rows within the table's columns; of a row that has none there, those left of it.
    pub fn cells(&self, rows: Range<u32>) -> impl Iterator<Item = (CellRef, &Cell)> {
        rows.flat_map(move |row| {
            let cells = |cols: Range<u32>| {
                let cells = self.grid.row(row).filter(move |(at, _)| cols.contains(&at.col));
                cells.filter(|(_, cell)| !cell.text.is_blank())
            };
            let outside = if cells(self.table_cols.clone()).next().is_none() { 0..self.table_cols.start } else { 0..0 };
            cells(outside).chain(cells(self.table_cols.clone()))
        })
    }

    /// Whether the panel stands right below the table's title.
    pub fn is_first(&self) -> bool {
        self.top == self.title.start
    }

    /// Columns left of the table.
    pub fn left_cols(&self) -> Range<u32> {
        if self.cols.start == self.table_cols.start { 0..self.cols.start } else { 0..0 }
    }

    /// Columns that hold no labels.
    pub fn data_cols(&self) -> impl Iterator<Item = u32> + '_ {
        self.cols.clone().filter(|col| self.label_cols.iter().all(|label| !self.beneath(*label).contains(col)))
    }

    /// The columns of one label: those that the text over it is merged over. How far right the label stands in them is an
    /// indent.
    pub fn beneath(&self, label_col: u32) -> std::ops::RangeInclusive<u32> {
        let headed = Some(CellRef { row: self.corner.row, col: label_col }).filter(|_| !self.header.is_empty());
        let over = headed.and_then(|at| self.grid.merge_at(at));
        label_col..=over.map_or(label_col, |m| m.last.col)
    }

    /// The cell that holds a label in a row: the first of its columns that is not blank.
    pub fn label_at(&self, row: u32, label_col: u32) -> CellRef {
        let cells = self.beneath(label_col).map(|col| origin(self.grid, CellRef { row, col }));
        let mut filled = cells.filter(|at| !self.grid.is_blank(at.row, at.col));
        filled.next().unwrap_or_else(|| origin(self.grid, CellRef { row, col: label_col }))
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

/// The table's panels on one of the sheets of a scope.
pub(super) fn locate<'a>(reading: &Reading, scope: Scope<'a>, faults: &mut Vec<Diagnostic>) -> Option<Vec<Found<'a>>> {
    let anchor = match &reading.layout().anchor {
        Some(_) => Some(anchor(reading, &scope.grids, faults)?),
        None => None,
    };
    let (grids, at, captured) = match anchor {
        Some((grid, at, captured)) => (vec![grid], Some(at), captured),
        None => (scope.grids, None, Vec::new()),
    };
    let (grid, corner) = corner::find(reading, &grids, at, faults)?;
    let place = Place { grid, of_sheet: scope.captured, captured, anchor: at, top: at.map_or(0, |at| at.row), corner };
    extent::panels(reading, place, faults)
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
    for grid in visible().filter(|g| names.iter().all(|name| sheet_fits(name, &g.sheet).is_none())) {
        if names.iter().any(|name| !name.is_literal()) && holds_table(reading, grid) {
            let place = CellRef { row: 0, col: 0 };
            let message = format!("the sheet \"{}\" holds the table, and its name is not that of a part", grid.sheet);
            let hint = format!("if it is a part, name it in sheet in {}, or correct its name", reading.table.spec);
            faults.push(reading.fault("sheet-undeclared", message, grid, place).hint(hint));
        }
    }
    met.sheets_there.extend(document.grids.iter().map(|g| g.sheet.clone()));
    if scopes.is_empty() {
        let there = document.grids.iter().map(|g| format!("\"{}\"", g.sheet)).collect::<Vec<_>>().join(", ");
        let wanted = names.iter().map(|n| format!("\"{}\"", n.as_str())).collect::<Vec<_>>().join(" or ");
        let fault = reading.fault_of_file("sheet-missing", format!("there is no sheet {wanted}"));
        let fault = fault.hint(format!("sheets of the file: {there}; correct sheet in {}", reading.table.spec));
        faults.push(fault.hint(format!("if the sheet was renamed, {} tells how to declare it", reading.drift())));
    }
    scopes
}

/// What cells of some rows show, looked for on all cores; where that is more than ASCII, most cells are passed over.
pub(super) fn search<T: Send>(
    grid: &Grid,
    rows: Range<u32>,
    beyond_ascii: bool,
    show: impl Fn(CellRef, &Cell) -> Option<T> + Sync,
) -> Vec<T> {
    let stretches: Vec<Range<u32>> =
        rows.clone().step_by(ROWS_AT_ONCE).map(|row| row..rows.end.min(row + ROWS_AT_ONCE as u32)).collect();
    let shown = |rows: &Range<u32>| -> Vec<T> {
        let show = |(at, cell): (CellRef, &Cell)| show(at, cell);
        match beyond_ascii {
            true => grid.words_in(rows.clone()).filter_map(show).collect(),
            false => grid.rows_in(rows.clone()).filter_map(show).collect(),
        }
    };
    on_all_cores(&stretches, shown).into_iter().flatten().collect()
}

/// Whether a sheet has the table's anchor and its header.
fn holds_table(reading: &Reading, grid: &Grid) -> bool {
    let Some(anchor) = &reading.layout().anchor else { return false };
    let anchored = grid.iter().any(|(_, cell)| anchor.pattern.find(&cell.text).is_some());
    anchored && grid.iter().any(|(at, _)| corner::at_header(reading, grid, at).is_some())
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
        let shown = |at, cell: &Cell| inside(&at).then(|| Some((at, anchor.pattern.find(&cell.text)?)))?;
        found.extend(
            search(grid, 0..grid.rows, anchor.pattern.is_beyond_ascii(), shown)
                .into_iter()
                .map(|(at, captured)| (grid, at, captured)),
        );
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
        let fault = fault.hint(near_texts(anchor.pattern.as_str(), grids, 0));
        faults.push(fault.hint(format!("if the title changed, {} tells how to declare it", reading.drift())));
    }
    found
}

pub(super) fn shown(grid: &Grid, at: CellRef) -> String {
    match grid.sheet.is_empty() {
        true => grid.address(at),
        false => format!("\"{}\"!{}", grid.sheet, grid.address(at)),
    }
}

/// Texts of the file that are like the one that was looked for.
pub(super) fn near_texts(wanted: &str, grids: &[&Grid], top: u32) -> String {
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
        for (at, cell) in grid.iter().filter(|(at, c)| at.row >= top && !c.text.is_blank()) {
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
