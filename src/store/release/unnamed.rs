//! Files of records and of computed months that no release names: what killed and failed runs left.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::super::error::StoreError;
use super::super::{derived, records};
use super::manifest::MANIFEST;

/// Remove them. Releases share such files; whatever any of them names stays, so that none loses anything however
/// often or early this is ended. Where a manifest cannot be read nobody knows what it names, and all stays.
///
/// # Errors
/// A file cannot be removed.
pub(super) fn remove(warehouse: &Path) -> Result<(), StoreError> {
    let mut named = BTreeSet::new();
    for release in entries(&warehouse.join("releases"))? {
        let Ok(names) = Names::find(&release) else { return Ok(()) };
        named.extend(names.iter().flat_map(Names::files).map(|file| warehouse.join(file)));
    }
    [records::FOLDER, derived::FOLDER].iter().try_for_each(|folder| below(&warehouse.join(folder), &named))
}

/// Of a manifest the names of files, without the rest: there is one for every month that the job has run.
#[derive(Deserialize)]
struct Names {
    /// What has none is no manifest, and nobody knows what it names.
    #[serde(rename = "made_from")]
    _made_from: String,
    #[serde(default)]
    submissions: Vec<Sent>,
    #[serde(default)]
    derived: Vec<Named>,
}

#[derive(Deserialize)]
struct Sent {
    parts: Vec<Part>,
    rejects: Option<String>,
}

#[derive(Deserialize)]
struct Part {
    file: String,
    left: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    file: String,
}

impl Names {
    /// Those of a release folder; `None` where it has no manifest.
    fn find(release: &Path) -> Result<Option<Names>, Box<dyn std::error::Error>> {
        let path = release.join(MANIFEST);
        if !path.is_file() {
            return Ok(None);
        }
        Ok(Some(serde_json::from_slice(&fs::read(&path)?)?))
    }

    /// All files of records and of computed months that the release consists of or is continued from, below the warehouse.
    fn files(&self) -> impl Iterator<Item = &String> {
        let parts = self.submissions.iter().flat_map(|sent| &sent.parts);
        let of_parts = parts.flat_map(|part| [Some(&part.file), part.left.as_ref().map(|left| &left.file)]);
        let rejects = self.submissions.iter().map(|sent| sent.rejects.as_ref());
        of_parts.chain(rejects).flatten().chain(self.derived.iter().map(|month| &month.file))
    }
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
