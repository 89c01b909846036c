//! Limits on what a file may hold, so that a file made to exhaust the machine ends in a message.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::diag::Diagnostic;
use crate::domain::text::Text;

/// Bytes of a file on disk.
pub const FILE_BYTES: u64 = 512 << 20;
/// Bytes of a part of a zipped workbook when unpacked: a sheet of as many cells as are read takes about 200 MB.
pub const UNPACKED_BYTES: u64 = 512 << 20;
/// How many times its packed size a part may take when unpacked (sheets take 5 to 40 times, the most that packing can do is
/// 1,032 times), and the bytes for which this is not asked.
pub const UNPACKED_TIMES: u64 = 250;
pub const UNPACKED_FREE: u64 = 16 << 20;
/// Parts of a zipped workbook.
pub const PARTS: usize = 20_000;
/// Bytes of a web page, which takes many times its size when it is taken apart.
pub const PAGE_BYTES: usize = 16 << 20;
/// Elements of a web page that are open at once.
pub const OPEN_ELEMENTS: usize = 512;
/// Sheets of a workbook, tables of a page.
pub const SHEETS: usize = 1_000;
/// Cells with content in one file.
pub const CELLS: u64 = 5_000_000;
/// Cells of a text, blank ones too: those take no room, and time all the same.
pub const PLACES: u64 = 64 << 20;
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
    /// Counts so many cells more.
    pub(super) fn add(&self, cells: u64) -> Result<(), Diagnostic> {
        let before = self.0.fetch_add(cells, Ordering::Relaxed);
        if before.saturating_add(cells) > CELLS { Err(exceeded("cells", CELLS)) } else { Ok(()) }
    }

    /// Takes back what was counted and did not come.
    pub(super) fn give_back(&self, cells: u64) {
        self.0.fetch_sub(cells, Ordering::Relaxed);
    }

    /// Whether so many cells more could be counted, for what a file states once for many places.
    pub(super) fn check_room(&self, cells: u64) -> Result<(), Diagnostic> {
        let all = self.0.load(Ordering::Relaxed).saturating_add(cells);
        if all > CELLS { Err(exceeded("cells", CELLS)) } else { Ok(()) }
    }
}

/// Holds the text of a cell against the limit.
pub(super) fn check_text(text: &Text) -> Result<(), Diagnostic> {
    if text.len() > CELL_CHARS && text.chars().count() > CELL_CHARS {
        return Err(exceeded("characters in a cell", CELL_CHARS as u64));
    }
    Ok(())
}
