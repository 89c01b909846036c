//! Limits on what a file may hold, so that a file made to exhaust the machine ends in a message.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::diag::Diagnostic;

/// Bytes of a file on disk.
pub const FILE_BYTES: u64 = 512 << 20;
/// Bytes of all parts of a zipped workbook when unpacked.
pub const UNPACKED_BYTES: u64 = 1 << 30;
/// Sheets of a workbook, tables of a page.
pub const SHEETS: usize = 1_000;
/// Cells with content in one file.
pub const CELLS: u64 = 5_000_000;
/// Cells of the rectangles that the cells of an .xls file span, which its reader holds in memory at once.
pub const AREA: u64 = 20_000_000;
/// Merged ranges of one sheet.
pub const MERGES: usize = 100_000;
/// Characters of one cell.
pub const CELL_CHARS: usize = 1_000_000;
/// Rows and columns of a sheet, as the largest spreadsheet programs have them.
pub const ROWS: u32 = 1 << 20;
pub const COLUMNS: u32 = 1 << 14;
/// Lines of a text, records of a dbf file.
pub const LINES: u32 = 1 << 24;

/// The message for a file beyond a limit.
pub(super) fn exceeded(what: &str, limit: u64) -> Diagnostic {
    Diagnostic::error("too-large", format!("the file is larger than expected of a table: more than {limit} {what}"))
        .hint("split the file, or remove sheets and cells that hold no table")
}

/// Counts the cells of a file over all its sheets.
#[derive(Default)]
pub(super) struct CellCount(AtomicU64);

impl CellCount {
    /// Counts one cell with `text`.
    pub(super) fn add(&self, text: &str) -> Result<(), Diagnostic> {
        if text.len() > CELL_CHARS && text.chars().count() > CELL_CHARS {
            return Err(exceeded("characters in a cell", CELL_CHARS as u64));
        }
        if self.0.fetch_add(1, Ordering::Relaxed) >= CELLS { Err(exceeded("cells", CELLS)) } else { Ok(()) }
    }

    /// Whether so many cells more could be counted, for what a file states once for many places.
    pub(super) fn check_room(&self, cells: u64) -> Result<(), Diagnostic> {
        let all = self.0.load(Ordering::Relaxed).saturating_add(cells);
        if all > CELLS { Err(exceeded("cells", CELLS)) } else { Ok(()) }
    }
}
