//! The bytes of a file, and of those that lie beside it under its name.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Mutex;

use super::cores::on_all_cores;
use super::limit;
use crate::diag::Diagnostic;

/// Bytes that one core reads at a time: a large file is copied by all of them.
const PART_BYTES: usize = 4 << 20;

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let failed = |error: io::Error| unreadable(path, &error);
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > limit::FILE_BYTES {
        return Err(limit::exceeded("bytes in a file", limit::FILE_BYTES));
    }
    // What is no file of the disk states no size.
    let size = size as usize;
    if size <= PART_BYTES { fs::read(path) } else { read_in_parts(path, size) }.map_err(failed)
}

/// Why a file cannot be read, and what to do about it.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let leads = fs::read_link(path).map(|to| to.display().to_string());
    let (message, hint) = match (error.kind(), leads) {
        (io::ErrorKind::NotFound, Ok(to)) => (
            format!("a link of this name leads to {to}, which is not there"),
            "put the file itself there, or mount what the link leads to",
        ),
        (io::ErrorKind::NotFound, Err(_)) => ("there is no such file".to_owned(), "check its name and folder"),
        (io::ErrorKind::PermissionDenied, _) => (
            "the file must be readable for the user that runs shebao, and is not: permission denied".to_owned(),
            "chmod it, or give it and its folder to that user with chown; then run again",
        ),
        (io::ErrorKind::IsADirectory, _) => (
            "a folder has this name, and a file is expected".to_owned(),
            "move the folder away and put the file in its place",
        ),
        _ => (
            format!("the file cannot be read: {error}"),
            "check its disk and that nobody is still copying it; then copy it anew",
        ),
    };
    Diagnostic::error("unreadable-file", message).hint(hint)
}

/// A file of so many bytes.
fn read_in_parts(path: &Path, size: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; size];
    let parts: Vec<Mutex<&mut [u8]>> = bytes.chunks_mut(PART_BYTES).map(Mutex::new).collect();
    let places: Vec<(usize, &Mutex<&mut [u8]>)> = (0..size).step_by(PART_BYTES).zip(&parts).collect();
    let read = on_all_cores(&places, |(start, part)| {
        let mut part = part.lock().unwrap_or_else(|broken| broken.into_inner());
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(*start as u64))?;
        file.read_exact(&mut part)
    });
    read.into_iter().collect::<io::Result<()>>()?;
    Ok(bytes)
}

/// What lies beside a file under its name: a dbf file keeps its encoding in a `.cpg` file, its long texts in a `.fpt` or
/// `.dbt` file.
pub(super) fn beside(path: &Path, extensions: &[&str]) -> Option<Vec<u8>> {
    let written = extensions.iter().flat_map(|e| [(*e).to_owned(), e.to_uppercase()]);
    written.map(|e| path.with_extension(e)).find_map(|p| read(&p).ok())
}

#[cfg(test)]
mod tests {
    use super::{PART_BYTES, read};

    #[test]
    fn a_file_is_read_whole_whatever_its_size() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for size in [0, 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 7] {
            let bytes: Vec<u8> = (0..size).map(|nth| (nth % 251) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            assert!(read(&path).unwrap() == bytes, "{size}");
        }
        assert_eq!(read(&folder.path().join("b")).unwrap_err().code, "unreadable-file");
    }
}
