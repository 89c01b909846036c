//! The cells of a sheet, row by row, and its merged ranges, found without a walk over all of them.

use std::collections::BTreeMap;

use super::limit::{self, CellCount};
use super::{Addressing, Cell, CellRef, CellValue, Span};
use crate::diag::Diagnostic;

/// One sheet, html table, dbf file or delimited file.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Blank where the format has no sheets; for html the caption or `table 2` where a page has several tables.
    pub sheet: String,
    pub hidden: bool,
    pub addressing: Addressing,
    /// Rows and columns used, counted from the first.
    pub rows: u32,
    pub cols: u32,
    /// Cells that are not empty, in order of rows, then columns; of a merged range only its first cell. They lie in the
    /// stretches of whole rows in which they were read.
    stretches: Stretches,
    /// Where each row with cells begins.
    starts: Vec<Place>,
    /// Where the cells lie whose text is more than ASCII, as names are and figures are not.
    words: Vec<Place>,
    merges: Vec<Span>,
    /// A tree over `merges`: in the middle of every stretch of them, the last row that any of the stretch reaches.
    reach: Vec<u32>,
}

/// Where a cell is kept.
#[derive(Clone, Copy, Debug)]
struct Place {
    row: u32,
    stretch: u32,
    /// Its number in the stretch.
    cell: u32,
}

/// Cells of a stretch, unless one row alone has more: they are never moved to make room for others.
const STRETCH_CELLS: usize = 1 << 13;

/// Cells of some rows; none is moved to put them together with those of others.
#[derive(Clone, Debug, Default)]
struct Stretch {
    cells: Vec<Cell>,
    /// The column of each cell.
    columns: Vec<u32>,
}

/// The stretches of a sheet.
#[derive(Clone, Debug, Default)]
struct Stretches(Vec<Stretch>);

impl Drop for Stretches {
    /// A large sheet is freed beside what comes next: walking over a million cells once more takes its time.
    fn drop(&mut self) {
        const MANY: usize = 32;
        if self.0.len() > MANY {
            let stretches = std::mem::take(&mut self.0);
            // Where there is no thread to be had, they are dropped here and now.
            drop(std::thread::Builder::new().spawn(|| drop(stretches)));
        }
    }
}

impl std::ops::Deref for Stretches {
    type Target = Vec<Stretch>;

    fn deref(&self) -> &Vec<Stretch> {
        &self.0
    }
}

impl std::ops::DerefMut for Stretches {
    fn deref_mut(&mut self) -> &mut Vec<Stretch> {
        &mut self.0
    }
}

impl Grid {
    pub fn get(&self, row: u32, col: u32) -> Option<&Cell> {
        self.cells_in(row).get(col)
    }

    /// The cell's text, blank where there is none.
    pub fn text(&self, row: u32, col: u32) -> &str {
        self.get(row, col).map_or("", |c| &c.text)
    }

    /// Whether the cell shows nothing but white space, or there is none.
    pub fn is_blank(&self, row: u32, col: u32) -> bool {
        self.get(row, col).is_none_or(|c| c.text.is_blank())
    }

    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// All cells, row by row.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (CellRef, &Cell)> {
        (0..self.starts.len()).flat_map(|nth| self.row_at(nth))
    }

    /// The cells of a row, of which several are looked for.
    pub fn cells_in(&self, row: u32) -> Row<'_> {
        let (columns, cells) = self.nth(row).map_or((&[][..], &[][..]), |nth| self.cells_of(nth));
        Row { columns, cells }
    }

    /// The cells of a row.
    pub fn row(&self, row: u32) -> impl DoubleEndedIterator<Item = (CellRef, &Cell)> {
        self.nth(row).into_iter().flat_map(|nth| self.row_at(nth))
    }

    /// The cells of some rows.
    pub fn rows_in(&self, rows: std::ops::Range<u32>) -> impl DoubleEndedIterator<Item = (CellRef, &Cell)> {
        let place = |row: u32| self.starts.partition_point(|s| s.row < row);
        (place(rows.start)..place(rows.end)).flat_map(|nth| self.row_at(nth))
    }

    /// The cells of some rows whose text is more than ASCII; in a table of figures these are few.
    pub fn words_in(&self, rows: std::ops::Range<u32>) -> impl Iterator<Item = (CellRef, &Cell)> {
        let place = |row: u32| self.words.partition_point(|word| word.row < row);
        self.words[place(rows.start)..place(rows.end.max(rows.start))].iter().map(|word| {
            let (stretch, nth) = (&self.stretches[word.stretch as usize], word.cell as usize);
            (CellRef { row: word.row, col: stretch.columns[nth] }, &stretch.cells[nth])
        })
    }

    fn row_at(&self, nth: usize) -> impl DoubleEndedIterator<Item = (CellRef, &Cell)> {
        let row = self.starts[nth].row;
        let (columns, cells) = self.cells_of(nth);
        columns.iter().map(move |col| CellRef { row, col: *col }).zip(cells)
    }

    /// The place of a row among those with cells.
    fn nth(&self, row: u32) -> Option<usize> {
        match self.starts.get(row as usize) {
            Some(found) if found.row == row => Some(row as usize),
            _ => self.starts.binary_search_by_key(&row, |s| s.row).ok(),
        }
    }

    /// The columns and the cells of one of the rows with cells.
    fn cells_of(&self, nth: usize) -> (&[u32], &[Cell]) {
        let start = self.starts[nth];
        let stretch = &self.stretches[start.stretch as usize];
        let next = self.starts.get(nth + 1).filter(|next| next.stretch == start.stretch);
        let cells = start.cell as usize..next.map_or(stretch.cells.len(), |next| next.cell as usize);
        (&stretch.columns[cells.clone()], &stretch.cells[cells])
    }

    /// Merged ranges in the order of their first cells; none lies over another.
    pub fn merges(&self) -> &[Span] {
        &self.merges
    }

    /// The merged range a cell lies in.
    pub fn merge_at(&self, at: CellRef) -> Option<&Span> {
        self.merge_within(0, self.merges.len(), at)
    }

    fn merge_within(&self, from: usize, to: usize, at: CellRef) -> Option<&Span> {
        if from >= to {
            return None;
        }
        let middle = from + (to - from) / 2;
        if self.reach[middle] < at.row {
            return None;
        }
        let span = &self.merges[middle];
        self.merge_within(from, middle, at).or_else(|| {
            let here = span.first.row <= at.row;
            let found = Some(span).filter(|_| here && span.contains(at));
            found.or_else(|| here.then(|| self.merge_within(middle + 1, to, at)).flatten())
        })
    }

    /// The cell's name in messages and in `core_observation.cell`.
    pub fn address(&self, at: CellRef) -> String {
        self.addressing.name(at).to_string()
    }

    /// Puts a cell into its place, in the stead of what was there.
    pub fn set(&mut self, row: u32, col: u32, cell: Cell) {
        let mut all: Vec<(CellRef, Cell)> = self.take_cells();
        all.push((CellRef { row, col }, cell));
        self.fill(all);
    }

    /// The grid with these merged ranges; cells they cover are dropped.
    #[must_use]
    pub fn with_merges(mut self, merges: Vec<Span>) -> Grid {
        self.merges = apart(merges);
        self.reach = vec![0; self.merges.len()];
        reach(&self.merges, &mut self.reach, 0);
        for span in &self.merges {
            self.rows = self.rows.max(span.last.row + 1);
            self.cols = self.cols.max(span.last.col + 1);
        }
        if !self.merges.is_empty() {
            self.drop_covered();
        }
        self
    }

    /// Leaves out what lies in a merged range and is not its first cell: nobody sees it on the sheet.
    fn drop_covered(&mut self) {
        let cells = self.take_cells();
        let mut open = Open::default();
        let mut next = self.merges.iter().peekable();
        let seen = cells.into_iter().filter(|(at, _)| {
            while let Some(span) = next.next_if(|span| span.first <= *at) {
                open.add(span);
            }
            open.at(*at).is_none_or(|span| span.first == *at)
        });
        let seen = seen.collect();
        self.fill(seen);
    }

    fn take_cells(&mut self) -> Vec<(CellRef, Cell)> {
        let places: Vec<CellRef> = self.iter().map(|(at, _)| at).collect();
        self.starts.clear();
        self.words.clear();
        let stretches = std::mem::take(&mut *self.stretches);
        places.into_iter().zip(stretches.into_iter().flat_map(|s| s.cells)).collect()
    }

    /// Takes cells in any order; of two in one place the later holds.
    fn fill(&mut self, mut cells: Vec<(CellRef, Cell)>) {
        cells.sort_by_key(|(at, _)| *at);
        let mut cells = cells.into_iter().peekable();
        while let Some((at, cell)) = cells.next() {
            if cells.peek().is_none_or(|(next, _)| *next != at) {
                self.append(at, cell);
            }
        }
    }

    /// Adds a cell that comes after all others.
    fn append(&mut self, at: CellRef, cell: Cell) {
        let last = self.starts.last().copied();
        let begins = last.is_none_or(|s| s.row != at.row);
        if begins {
            self.make_room(last);
        }
        let nth = self.stretches.len() - 1;
        let stretch = &mut self.stretches[nth];
        let place = Place { row: at.row, stretch: nth as u32, cell: stretch.cells.len() as u32 };
        if begins {
            self.starts.push(place);
        }
        if cell.plain_decimals().is_none() && !cell.text.is_ascii() {
            self.words.push(place);
        }
        self.rows = self.rows.max(at.row + 1);
        self.cols = self.cols.max(at.col + 1);
        stretch.columns.push(at.col);
        stretch.cells.push(cell);
    }

    /// Begins another stretch where the last would not hold one more row like the one that began at `last`.
    fn make_room(&mut self, last: Option<Place>) {
        match (self.stretches.last(), last) {
            (None, _) => self.stretches.push(Stretch::default()),
            (Some(stretch), Some(last)) if 2 * stretch.cells.len() - last.cell as usize > STRETCH_CELLS => {
                let (cells, columns) = (Vec::with_capacity(STRETCH_CELLS), Vec::with_capacity(STRETCH_CELLS));
                self.stretches.push(Stretch { cells, columns });
            }
            _ => {}
        }
    }

    fn last(&self) -> Option<CellRef> {
        Some(CellRef { row: self.starts.last()?.row, col: *self.stretches.last()?.columns.last()? })
    }

    /// A grid for tests: one line per row, cells separated by `|`, blank cells empty, white space around cells dropped.
    pub fn from_text(text: &str) -> Grid {
        let count = CellCount::default();
        let mut sheet = Builder::new("", Addressing::A1, &count);
        for (row, line) in text.lines().map(str::trim).filter(|l| !l.is_empty()).enumerate() {
            for (col, cell) in line.split('|').map(str::trim).enumerate() {
                sheet.grid.cols = sheet.grid.cols.max(col as u32 + 1);
                if !cell.is_empty() {
                    sheet.grid.append(CellRef { row: row as u32, col: col as u32 }, Cell::text(cell));
                }
            }
            sheet.grid.rows = row as u32 + 1;
        }
        sheet.grid
    }
}

/// A row of a grid.
#[derive(Clone, Copy, Debug)]
pub struct Row<'g> {
    columns: &'g [u32],
    cells: &'g [Cell],
}

impl<'g> Row<'g> {
    pub fn get(&self, col: u32) -> Option<&'g Cell> {
        // Most tables have no holes: the cell is then as far from the first as its column.
        let guess = col.checked_sub(*self.columns.first()?)? as usize;
        let nth = match self.columns.get(guess) {
            Some(found) if *found == col => guess,
            _ => self.columns.binary_search(&col).ok()?,
        };
        self.cells.get(nth)
    }
}

/// Fills `reach` for a stretch of spans and returns the last row that any of it reaches.
fn reach(spans: &[Span], into: &mut [u32], least: u32) -> u32 {
    if spans.is_empty() {
        return least;
    }
    let middle = spans.len() / 2;
    let left = reach(&spans[..middle], &mut into[..middle], least);
    let right = reach(&spans[middle + 1..], &mut into[middle + 1..], least);
    into[middle] = left.max(right).max(spans[middle].last.row);
    into[middle]
}

/// The spans in order, without those that lie over an earlier one (a file that says so is damaged).
fn apart(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut open = Open::default();
    spans.retain(|span| {
        let free = open.is_free(span);
        if free {
            open.add(span);
        }
        free
    });
    spans
}

/// Spans that may still reach the row at hand, by their first column; none lies over another.
#[derive(Default)]
struct Open(BTreeMap<u32, Span>);

impl Open {
    fn add(&mut self, span: &Span) {
        // What stood in these columns has ended.
        let ended: Vec<u32> = self.0.range(span.first.col..=span.last.col).map(|(col, _)| *col).collect();
        for col in ended {
            self.0.remove(&col);
        }
        self.0.insert(span.first.col, *span);
    }

    fn is_free(&self, span: &Span) -> bool {
        let before = self.0.range(..span.first.col).next_back().into_iter();
        let mut near = before.chain(self.0.range(span.first.col..=span.last.col)).map(|(_, s)| s);
        !near.any(|s| s.last.row >= span.first.row && s.last.col >= span.first.col)
    }

    fn at(&self, at: CellRef) -> Option<&Span> {
        self.0.range(..=at.col).next_back().map(|(_, span)| span).filter(|span| span.contains(at))
    }
}

/// A grid in the making: holds every cell and merged range against the limits.
pub(super) struct Builder<'c> {
    pub(super) grid: Grid,
    /// Cells that came out of order.
    strays: Vec<(CellRef, Cell)>,
    merges: Vec<Span>,
    count: &'c CellCount,
    rows_most: u32,
    /// Cells that were counted and are still to come.
    counted: u64,
}

impl<'c> Builder<'c> {
    pub(super) fn new(sheet: impl Into<String>, addressing: Addressing, count: &'c CellCount) -> Builder<'c> {
        let grid = Grid {
            sheet: sheet.into(),
            hidden: false,
            addressing,
            rows: 0,
            cols: 0,
            stretches: Stretches::default(),
            starts: Vec::new(),
            words: Vec::new(),
            merges: Vec::new(),
            reach: Vec::new(),
        };
        Builder { grid, strays: Vec::new(), merges: Vec::new(), count, rows_most: limit::ROWS, counted: 0 }
    }

    pub(super) fn count(&self) -> &'c CellCount {
        self.count
    }

    /// For files of lines or records, of which there may be more than a spreadsheet has rows.
    pub(super) fn of_lines(mut self) -> Builder<'c> {
        self.rows_most = limit::LINES;
        self
    }

    /// Puts a cell in its place; a cell without text and number is none.
    pub(super) fn put(&mut self, row: u32, col: u32, cell: Cell) -> Result<(), Diagnostic> {
        if cell.value == CellValue::Text && cell.text.is_empty() {
            return Ok(());
        }
        self.check_place(row, col)?;
        limit::check_text(&cell.text)?;
        // In strides: sheets that are read at once share the count.
        const STRIDE: u64 = 1024;
        if self.counted == 0 {
            self.count.add(STRIDE)?;
            self.counted = STRIDE;
        }
        self.counted -= 1;
        let at = CellRef { row, col };
        match self.grid.last() {
            Some(last) if last >= at => self.strays.push((at, cell)),
            _ => self.grid.append(at, cell),
        }
        Ok(())
    }

    pub(super) fn check_place(&self, row: u32, col: u32) -> Result<(), Diagnostic> {
        if row >= self.rows_most {
            return Err(limit::exceeded("rows", u64::from(self.rows_most)));
        }
        if col >= limit::COLUMNS {
            return Err(limit::exceeded("columns", u64::from(limit::COLUMNS)));
        }
        Ok(())
    }

    /// Records a merged range; one of a single cell is none.
    pub(super) fn merge(&mut self, first: (u32, u32), last: (u32, u32)) -> Result<(), Diagnostic> {
        let (first, last) = (CellRef { row: first.0, col: first.1 }, CellRef { row: last.0, col: last.1 });
        if first == last || last.row < first.row || last.col < first.col {
            return Ok(());
        }
        self.check_place(last.row, last.col)?;
        if self.merges.len() >= limit::MERGES {
            return Err(limit::exceeded("merged cells in a sheet", limit::MERGES as u64));
        }
        self.merges.push(Span { first, last });
        Ok(())
    }

    /// Takes over what was read of a later part of the same sheet.
    pub(super) fn append(&mut self, mut later: Builder<'c>) {
        self.count.give_back(std::mem::take(&mut later.counted));
        self.strays.append(&mut later.strays);
        self.merges.append(&mut later.merges);
        let (ours, theirs) = (self.grid.last(), later.grid.starts.first().map(|s| s.row));
        if ours.zip(theirs).is_some_and(|(last, first)| first <= last.row) {
            self.strays.append(&mut later.grid.take_cells());
            return;
        }
        let before = self.grid.stretches.len() as u32;
        let moved = |place: &Place| Place { stretch: place.stretch + before, ..*place };
        self.grid.starts.extend(later.grid.starts.iter().map(moved));
        self.grid.words.extend(later.grid.words.iter().map(moved));
        self.grid.stretches.append(&mut later.grid.stretches);
        self.grid.rows = self.grid.rows.max(later.grid.rows);
        self.grid.cols = self.grid.cols.max(later.grid.cols);
    }

    pub(super) fn finish(mut self) -> Grid {
        if !self.strays.is_empty() {
            let mut all = self.grid.take_cells();
            all.append(&mut self.strays);
            self.grid.fill(all);
        }
        self.count.give_back(self.counted);
        let mut grid = if self.merges.is_empty() { self.grid } else { self.grid.with_merges(self.merges) };
        for stretch in grid.stretches.iter_mut() {
            stretch.cells.shrink_to_fit();
            stretch.columns.shrink_to_fit();
        }
        grid.starts.shrink_to_fit();
        grid.words.shrink_to_fit();
        grid
    }
}
#[cfg(test)]
mod tests;
