//! The readers of office files: no input makes them fail, and what they read keeps to the limits.

use std::path::Path;

use shebao::diag::{Diagnostic, Severity};
use shebao::grid::{self, Document};

/// Rows and columns of a sheet that are looked at.
const ROWS_SEEN: u32 = 64;
const COLUMNS_SEEN: u32 = 32;

pub fn check(extension: &str, bytes: &[u8]) {
    let name = format!("fuzz.{extension}");
    let read = match extension {
        // Read from where it lies.
        "parquet" => read_file(bytes, &name),
        _ => grid::parse(bytes, Path::new(&name), &name, grid::Declared::default()),
    };
    let document = match read {
        Ok(document) => document,
        Err(fault) => {
            assert_ne!(fault.code, "reader-failed", "{}", fault.render());
            assert_eq!(fault.severity, Severity::Error, "{}", fault.render());
            assert!(!fault.hints.is_empty(), "no hint: {}", fault.render());
            return;
        }
    };
    document.diagnostics.iter().for_each(|d| drop(d.render()));
    assert!(document.grids.len() <= grid::limit::SHEETS);
    for sheet in &document.grids {
        assert!(sheet.cols <= grid::limit::COLUMNS, "{} columns", sheet.cols);
        for row in (0..sheet.rows.min(ROWS_SEEN)).chain(sheet.rows.saturating_sub(1)..sheet.rows) {
            for col in 0..sheet.cols.min(COLUMNS_SEEN) {
                let at = grid::CellRef { row, col };
                assert!(!sheet.address(at).is_empty());
                let span = sheet.merge_at(at);
                assert!(span.is_none_or(|s| s.contains(at) && s.last.row < sheet.rows && s.last.col < sheet.cols));
                assert!(sheet.get(row, col).is_none() || span.is_none_or(|s| s.first == at), "a covered cell is kept");
                assert!(sheet.text(row, col).len() <= grid::limit::CELL_CHARS * 4);
            }
        }
    }
}

fn read_file(bytes: &[u8], name: &str) -> Result<Document, Diagnostic> {
    let path = std::env::temp_dir().join(format!("shebao-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).expect("a temporary file can be written");
    let read = grid::read(&path, name, grid::Declared::default());
    std::fs::remove_file(&path).expect("it can be removed");
    read
}
