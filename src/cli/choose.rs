//! Which edition of a specification a file given on the command line is, and what its name says.

use anyhow::bail;

use crate::spec::pattern::Captured;
use crate::spec::{Edition, Table};

/// The edition asked for, else the one that has a file of this name, else the last.
///
/// # Errors
/// The specification has no such edition.
pub fn edition<'a>(table: &'a Table, wanted: Option<&str>, file: &str) -> anyhow::Result<&'a Edition> {
    let found = match wanted {
        Some(id) => table.editions.iter().find(|e| e.id == id),
        None => table.editions.iter().find(|e| e.file_by_end(file).is_some()).or(table.editions.last()),
    };
    let Some(found) = found else {
        let known: Vec<&str> = table.editions.iter().map(|e| e.id.as_str()).collect();
        bail!("{} has no such edition; it has {}", table.spec, known.join(", "));
    };
    Ok(found)
}

/// What the name of the file says about its numbers.
///
/// # Errors
/// The edition takes something from the names of its files, and this is none of them.
pub fn captured(edition: &Edition, file: &str) -> anyhow::Result<Vec<Captured>> {
    if let Some(captured) = edition.file_by_end(file) {
        return Ok(captured);
    }
    if edition.files.iter().all(|name| name.is_literal()) {
        return Ok(Vec::new());
    }
    bail!(
        "the names of the files of edition {} say what holds for their numbers, and \"{file}\" ends like none of them: {}",
        edition.id,
        edition.files_shown()
    )
}
