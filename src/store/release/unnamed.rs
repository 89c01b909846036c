//! Files of records and of computed months that no release names: what killed and failed runs left.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::error::StoreError;
use super::super::{derived, records};
use super::manifest::Manifest;

/// Remove them. Releases share such files; whatever any of them names stays, so that none loses anything however
/// often or early this is ended. Where a manifest cannot be read nobody knows what it names, and all stays.
///
/// # Errors
/// A file cannot be removed.
pub(super) fn remove(warehouse: &Path) -> Result<(), StoreError> {
    let mut named = BTreeSet::new();
    for release in entries(&warehouse.join("releases"))? {
        let Ok(manifest) = Manifest::find(&release) else { return Ok(()) };
        named.extend(manifest.iter().flat_map(Manifest::files).map(|file| warehouse.join(file)));
    }
    [records::FOLDER, derived::FOLDER].iter().try_for_each(|folder| below(&warehouse.join(folder), &named))
}

/// Remove the files below a folder that are not named, and folders that hold nothing.
fn below(folder: &Path, named: &BTreeSet<PathBuf>) -> Result<(), StoreError> {
    for path in entries(folder)? {
        if path.is_dir() {
            below(&path, named)?;
            // It stays where anything is in it.
            let _ = fs::remove_dir(&path);
        } else if !named.contains(&path) {
            fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
        }
    }
    Ok(())
}

/// What is in a folder; nothing where there is none.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let read = match fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io("read the folder", folder)(error)),
    };
    let paths: Result<Vec<PathBuf>, _> = read.map(|entry| entry.map(|entry| entry.path())).collect();
    paths.map_err(StoreError::io("read the folder", folder))
}
