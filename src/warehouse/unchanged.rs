//! Tables that would come out as they did for the release before: its files are taken over, nothing is computed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::build::file;
use super::output::{self, Written};
use crate::diag::Diagnostic;
use crate::store::derived::{self, Derived};
use crate::store::release::{Made, Manifest, Releases};
use crate::store::{StoreError, sha256_file};

/// The tables of the release before; none where there is no such release, or it cannot be read.
#[derive(Default)]
pub struct Before {
    folder: PathBuf,
    made: BTreeMap<String, Made>,
    /// By table and month.
    months: BTreeMap<(String, String), Derived>,
}

impl Before {
    pub fn of(warehouse: &Path) -> Before {
        let release = Releases::open(warehouse).current().ok().flatten();
        let found = release.and_then(|release| Some((Manifest::read(&release.path).ok()?, release.path)));
        found.map_or_else(Before::default, |(manifest, folder)| {
            let months = manifest.derived.into_iter().map(|month| ((month.table.clone(), month.month.clone()), month));
            Before { folder, made: manifest.made, months: months.collect() }
        })
    }

    /// A month of a table that was made from the same and is there; the file need not be opened to know its rows.
    pub fn month(&self, warehouse: &Path, table: &str, month: &str, from: &str) -> Option<&Derived> {
        let known = self.months.get(&(table.to_owned(), month.to_owned()))?;
        let stands = derived::is_made_from(&known.file, from) && known.doubled == 0;
        Some(known).filter(|known| stands && warehouse.join(&known.file).is_file())
    }

    /// What is known of a table of it.
    pub fn made(&self, name: &str) -> Option<&Made> {
        self.made.get(name)
    }

    /// Put the file of a table where it is wanted, if it was made from the same; what it holds, and the digest of that.
    pub fn take(&self, name: &str, from: &str, path: &Path) -> Option<(Written, Made)> {
        let made = self.made(name).filter(|made| made.from == from)?;
        let file = self.folder.join(path.file_name()?);
        // A file that was changed since would be handed on from release to release.
        let stands = sha256_file(&file).is_ok_and(|content| content == made.content);
        let written = stands.then(|| output::read_back(&file)).flatten()?;
        // Releases share the file, which is never written again; where the disk knows no links it is computed.
        fs::hard_link(&file, path).ok()?;
        Some((written, made.clone()))
    }
}

/// A digest of the file of a table that lies in one of these folders; computed once.
pub fn content(known: &mut BTreeMap<String, String>, table: &str, folders: [&Path; 2]) -> Result<String, Diagnostic> {
    if let Some(digest) = known.get(table) {
        return Ok(digest.clone());
    }
    let path = folders.iter().map(|folder| file(folder, table)).find(|path| path.is_file());
    let path = path.unwrap_or_else(|| file(folders[0], table));
    let digest = sha256_file(&path).map_err(StoreError::io("read", &path))?;
    known.insert(table.to_owned(), digest.clone());
    Ok(digest)
}
