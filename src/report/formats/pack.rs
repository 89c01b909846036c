//! The containers of office files: a zip archive whose bytes depend on its parts alone.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::diag::Diagnostic;

/// Parts in the order given; the first is stored as it is, as OpenDocument asks of its `mimetype`.
///
/// # Errors
/// The parts do not fit an archive.
pub fn pack(parts: &[(&str, Vec<u8>)]) -> Result<Vec<u8>, Diagnostic> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // The earliest day an archive can name: when a file was made is said by the release.
    let plain = SimpleFileOptions::default().last_modified_time(DateTime::default());
    let fault = |error: String| Diagnostic::error("archive", format!("an office file cannot be packed: {error}"));
    for (nth, (name, bytes)) in parts.iter().enumerate() {
        let method = if nth == 0 { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        archive.start_file(*name, plain.compression_method(method)).map_err(|e| fault(e.to_string()))?;
        archive.write_all(bytes).map_err(|e| fault(e.to_string()))?;
    }
    Ok(archive.finish().map_err(|e| fault(e.to_string()))?.into_inner())
}
