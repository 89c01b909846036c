//! Tables computed month by month: files that never change, named by all that they were made from; a release lists those
//! that it consists of, and shares them with other releases.
//!
//! ```text
//! warehouse/derived/<table>/<month>/<digest>.parquet
//! ```

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

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

/// Where the file of a month lies that was made from what the digest stands for; below the warehouse.
pub fn path(table: &str, month: &str, digest: &str) -> String {
    format!("{FOLDER}/{table}/{month}/{digest}.parquet")
}

/// Give a written file its place below the warehouse, its content on disk before it has its name.
///
/// # Errors
/// The disk cannot take it.
pub fn put(warehouse: &Path, written: &Path, below: &str) -> Result<(), StoreError> {
    let path = warehouse.join(below);
    let folder = path.parent().unwrap_or(warehouse);
    fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    fs::File::open(written).and_then(|file| file.sync_all()).map_err(StoreError::io("write", written))?;
    fs::rename(written, &path).map_err(StoreError::io("put in place", &path))?;
    sync_folder(folder)
}
