//! The texts over a table's label columns, by which its header is found; blank where nothing stands there.
//!
//! Where several places fit, the one below the anchor counts; what could be another table's header is an error.

use super::Reading;
use super::label::{Axis, begins};
use super::locate::{near_texts, origin, search, shown};
use super::note;
use super::number;
use crate::diag::Diagnostic;
use crate::domain::label::{lacks, normalise};
use crate::grid::{Cell, CellRef, CellValue, Grid};

/// Rows by which the headers of tables side by side may be apart for a doubt to arise which is meant.
const ROWS_APART: u32 = 3;

/// The cells over the label columns, the first of them first.
pub(super) type Corner = Vec<CellRef>;

/// The table's corner: below the anchor, or the only one of all sheets.
pub(super) fn find<'a>(
    reading: &Reading,
    grids: &[&'a Grid],
    anchor: Option<CellRef>,
    faults: &mut Vec<Diagnostic>,
) -> Option<(&'a Grid, Corner)> {
    if let Some(anchor) = anchor.filter(|_| reading.layout().header_rows == 0) {
        return grids.first().map(|grid| (*grid, unheaded(reading, grid, anchor)));
    }
    let wanted = shown_texts(reading);
    let top = anchor.map_or(0, |at| at.row);
    let mut found: Vec<(&Grid, Corner)> = Vec::new();
    for grid in grids.iter().copied() {
        // Where nothing stands over the label columns, the anchor's own row is no header.
        let top = if reading.layout().corner[0].is_empty() { anchor.map_or(0, |at| at.row + 1) } else { top };
        let shown = |at, cell: &Cell| shows(reading, cell).then(|| at_header(reading, grid, at))?;
        found.extend(
            search(grid, top..grid.rows, !reading.layout().corner[0].is_ascii(), shown)
                .into_iter()
                .map(|corner| (grid, corner)),
        );
    }
    let Some((grid, first)) = found.first().cloned() else {
        let blank = reading.layout().corner.iter().all(String::is_empty);
        let beside = if blank { " beside columns with nothing printed over them" } else { "" };
        let message = format!("no header begins with \"{wanted}\"{beside}");
        let near = reading.layout().corner.iter().find(|t| !t.is_empty()).unwrap_or(&wanted);
        let fault = reading.fault_of_file("header-missing", message).hint(near_texts(near, grids, top));
        faults.push(fault.hint(format!("if the header changed, {} tells how to declare it", reading.drift())));
        return None;
    };
    let Some(anchor) = anchor else {
        let other = found.iter().skip(1).find(|(g, c)| !std::ptr::eq(*g, grid) || is_other(reading, &first, c));
        if let Some((other_grid, other)) = other {
            let both = [(grid, first[0]), (*other_grid, other[0])];
            faults.push(ambiguous(reading, &format!("the header \"{wanted}\" stands twice"), both));
            return None;
        }
        return Some((grid, first));
    };
    let corners: Vec<Corner> = found.into_iter().map(|(_, corner)| corner).collect();
    let corner = nearest(reading, grid, anchor, &corners, faults)?;
    belongs(reading, grid, anchor, &corner, faults)?;
    Some((grid, corner))
}

/// Where a table begins that prints no header: below its anchor, its labels from the anchor's column on.
fn unheaded(reading: &Reading, grid: &Grid, anchor: CellRef) -> Corner {
    let row = grid.merge_at(anchor).map_or(anchor.row, |m| m.last.row) + 1;
    let labels = reading.layout().corner.len() as u32;
    (anchor.col..anchor.col + labels).map(|col| CellRef { row, col }).collect()
}

/// Whether a further corner is that of another table, not of the table's own panels.
fn is_other(reading: &Reading, first: &Corner, other: &Corner) -> bool {
    let panels = reading.layout().panels;
    let beside = other[0].row == first[0].row;
    !(beside && panels.right || other[0].col == first[0].col && panels.below || panels.right && panels.below)
}

/// Among the corners of the first row that has one, that of the anchor's column, or the nearest.
fn nearest(
    reading: &Reading,
    grid: &Grid,
    anchor: CellRef,
    corners: &[Corner],
    faults: &mut Vec<Diagnostic>,
) -> Option<Corner> {
    let row = corners[0][0].row;
    let covers = |c: &&Corner| (c[0].col..=c[c.len() - 1].col).contains(&anchor.col);
    let of_row = || corners.iter().filter(|c| c[0].row == row);
    if reading.layout().panels.right {
        // All corners of the row are the table's own, unless a title of another table stands before the anchor.
        let first = of_row().next()?;
        let before = grid.row(anchor.row).map(|(at, _)| at).find(|at| (first[0].col..anchor.col).contains(&at.col));
        if let Some(other) = before.filter(|at| !grid.is_blank(at.row, at.col)) {
            let what = "panels stand below two titles";
            faults.push(ambiguous(reading, what, [(grid, other), (grid, anchor)]));
            return None;
        }
        return Some(first.clone());
    }
    if let Some(own) = of_row().find(covers) {
        return Some(own.clone());
    }
    let left = of_row().rfind(|c| c[0].col < anchor.col);
    let right = corners.iter().find(|c| c[0].col > anchor.col && c[0].row <= row + ROWS_APART);
    match (left, right) {
        (Some(left), Some(right)) => {
            let what = format!("the header stands left and right of the anchor in {}", grid.address(anchor));
            faults.push(ambiguous(reading, &what, [(grid, left[0]), (grid, right[0])]));
            None
        }
        (Some(left), None) => Some(left.clone()),
        (None, _) => of_row().next().cloned(),
    }
}

/// That nothing between the anchor and the corner shows that the corner is another table's.
fn belongs(
    reading: &Reading,
    grid: &Grid,
    anchor: CellRef,
    corner: &Corner,
    faults: &mut Vec<Diagnostic>,
) -> Option<()> {
    let (first, last) = (corner[0], corner[corner.len() - 1]);
    let end = grid.merge_at(anchor).map_or(anchor.col, |m| m.last.col);
    let filled = |at: CellRef| !grid.is_blank(at.row, at.col);
    let title = (anchor.row..first.row)
        .flat_map(|row| (end + 1..=first.col).map(move |col| CellRef { row, col }))
        .find(|at| filled(*at));
    let body = (anchor.row + 1..first.row)
        .map(|row| CellRef { row, col: last.col + 1 })
        .find(|at| filled(CellRef { row: at.row, col: last.col }) && is_number(grid, *at));
    let Some(between) = title.or(body) else { return Some(()) };
    let wanted = shown_texts(reading);
    let message = format!(
        "the header \"{wanted}\" below the anchor in {} seems to be another table's: \"{}\" stands between",
        grid.address(anchor),
        grid.text(between.row, between.col).replace('\n', "")
    );
    let hint =
        format!("what stands over the table's own label column? correct corner or anchor in {}", reading.table.spec);
    faults.push(reading.fault("header-missing", message, grid, first).hint(hint));
    None
}

fn is_number(grid: &Grid, at: CellRef) -> bool {
    let cell = grid.get(at.row, at.col);
    cell.is_some_and(|c| matches!(c.value, CellValue::Number(_)) || number::parse(&c.text).is_ok())
}

fn ambiguous(reading: &Reading, what: &str, [one, two]: [(&Grid, CellRef); 2]) -> Diagnostic {
    let message = format!("{what}, in {} and {}", shown(one.0, one.1), shown(two.0, two.1));
    let hint = format!("give the table an anchor of its own in {}, over its first column", reading.table.spec);
    reading.fault("anchor-ambiguous", message, two.0, two.1).hint(hint)
}

/// What a header begins with, for messages: the texts over the label columns, or the first header beside blank ones.
fn shown_texts(reading: &Reading) -> String {
    let layout = reading.layout();
    let texts: Vec<&str> = layout.corner.iter().filter(|t| !t.is_empty()).map(String::as_str).collect();
    match texts.is_empty() {
        true => layout.columns.first().and_then(|c| c.path.first()).map_or(String::new(), |p| p.as_str().to_owned()),
        false => texts.join(" / "),
    }
}

/// Whether a cell may be the first that a corner is found by; nearly all surely are not.
fn shows(reading: &Reading, cell: &Cell) -> bool {
    let first = &reading.layout().corner[0];
    first.is_empty() || !lacks(&cell.text, first.chars())
}

/// The corner that a cell shows: as its first text, or as the first header beside label columns with nothing over them.
pub(super) fn at_header(reading: &Reading, grid: &Grid, at: CellRef) -> Option<Corner> {
    let wanted = &reading.layout().corner;
    if !wanted[0].is_empty() {
        return texts(reading, grid, at);
    }
    let first = at.col.checked_sub(wanted.len() as u32)?;
    let cells: Corner = (first..at.col).map(|col| CellRef { row: at.row, col }).collect();
    let labels = cells.iter().zip(wanted).all(|(at, text)| reads(reading, grid, *at, text));
    (labels && begins(reading, Axis::Columns, grid.text(at.row, at.col))).then_some(cells)
}

/// The corner whose first text stands in a cell; the others stand further right in its row, before the first stands again.
fn texts(reading: &Reading, grid: &Grid, at: CellRef) -> Option<Corner> {
    let (first, others) = reading.layout().corner.split_first()?;
    if !reads(reading, grid, at, first) {
        return None;
    }
    let mut cells = vec![at];
    for text in others {
        let last = cells[cells.len() - 1];
        let next = CellRef { row: at.row, col: grid.merge_at(last).map_or(last.col, |m| m.last.col) + 1 };
        if text.is_empty() {
            cells.push(Some(next).filter(|at| reads(reading, grid, *at, text))?);
            continue;
        }
        let further = grid.row(at.row).map(|(at, _)| at).filter(|at| at.col >= next.col);
        let mut further = further.take_while(|at| !reads(reading, grid, *at, first) || first == text);
        cells.push(further.find(|at| reads(reading, grid, *at, text))?);
    }
    Some(cells)
}

/// Whether a cell over a label column reads so; blank it is in every row of the header.
fn reads(reading: &Reading, grid: &Grid, at: CellRef, text: &str) -> bool {
    let printed = grid.text(at.row, at.col);
    if text.is_empty() {
        let over = |row: u32| origin(grid, CellRef { row, col: at.col });
        let is_blank = |at: CellRef| normalise(grid.text(at.row, at.col)).is_empty();
        return (at.row..at.row + reading.layout().header_rows).all(|row| is_blank(over(row)));
    }
    !lacks(printed, text.chars()) && normalise(&note::of_label(reading, printed).0) == text
}

/// The corner that begins again in a row, at the same column.
pub(super) fn below(reading: &Reading, grid: &Grid, first: &Corner, row: u32) -> Option<Corner> {
    let shift = if reading.layout().corner[0].is_empty() { first.len() as u32 } else { 0 };
    let again = at_header(reading, grid, CellRef { row, col: first[0].col + shift })?;
    (again[0].col == first[0].col).then_some(again)
}

/// The corners that stand further right in the row of the first.
pub(super) fn beside(reading: &Reading, grid: &Grid, first: &Corner, end: u32) -> Vec<Corner> {
    let row = first[0].row;
    let inner = first[first.len() - 1].col + 1..end;
    let cells = grid.row(row).map(|(at, _)| at).filter(|at| inner.contains(&at.col));
    let mut corners: Vec<Corner> = Vec::new();
    for at in cells {
        let Some(corner) = at_header(reading, grid, at) else { continue };
        let last = corners.last().unwrap_or(first);
        if corner[0].col > last[last.len() - 1].col {
            corners.push(corner);
        }
    }
    corners
}
