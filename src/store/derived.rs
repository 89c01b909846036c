//! Tables computed month by month: files that never change, named by all that they were made from and by what they hold; a
//! release lists those that it consists of, and shares them with other releases.
//!
//! ```text
//! warehouse/derived/<table>/<month>/<made from>-<content>.parquet
//! ```
//!
//! What is computed from such a file follows from its content alone: where an input changed and the rows did not, all that
//! comes after stands.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::digest::sha256_file;
use super::error::StoreError;
use super::release::sync_folder;

/// Below the warehouse.
pub(super) const FOLDER: &str = "derived";

/// A month of a computed table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Derived {
    pub table: String,
    pub month: String,
    /// Below the warehouse.
    pub file: String,
    pub rows: u64,
}

/// Digits of the digests in a name.
const DIGITS: usize = 32;

fn folder(table: &str, month: &str) -> String {
    format!("{FOLDER}/{table}/{month}")
}

/// The file of a month, below the warehouse, that was made from what the digest stands for.
pub fn find(warehouse: &Path, table: &str, month: &str, made_from: &str) -> Option<String> {
    let below = folder(table, month);
    let begins = format!("{made_from}-");
    let names =
        fs::read_dir(warehouse.join(&below)).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let name = names.filter(|name| name.starts_with(&begins)).min()?;
    Some(format!("{below}/{name}"))
}

/// The digest of what a file holds, by its name.
pub fn content(file: &str) -> &str {
    file.rsplit_once('-').map_or(file, |(_, content)| content.trim_end_matches(".parquet"))
}

/// A digest for the name of a file.
pub fn short(digest: &str) -> &str {
    &digest[..DIGITS]
}

/// Give a written file its place, its content on disk before it has its name; that is returned, as seen from the warehouse.
///
/// # Errors
/// The disk cannot take it.
pub fn put(
    warehouse: &Path,
    written: &Path,
    (table, month, made_from): (&str, &str, &str),
) -> Result<String, StoreError> {
    let content = sha256_file(written).map_err(StoreError::io("read", written))?;
    let below = folder(table, month);
    let file = format!("{below}/{made_from}-{}.parquet", short(&content));
    let folder = warehouse.join(below);
    fs::create_dir_all(&folder).map_err(StoreError::io("make the folder", &folder))?;
    fs::File::open(written).and_then(|file| file.sync_all()).map_err(StoreError::io("write", written))?;
    let path = warehouse.join(&file);
    fs::rename(written, &path).map_err(StoreError::io("put in place", &path))?;
    sync_folder(&folder)?;
    Ok(file)
}
