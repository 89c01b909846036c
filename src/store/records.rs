//! The rows of extracts: files that never change, by table and month, named by what they were made from; a release lists
//! those that it consists of, and shares them with other releases.
//!
//! ```text
//! warehouse/records/<table>/<month>/<submission>.parquet           sorted by the columns of the table
//! warehouse/records/<table>/<month>/<submission>-<after>.parquet   without what later submissions state anew
//! warehouse/records/core_reject/<submission>/core_reject.parquet
//! ```

mod batch;
mod chunk;
mod column;
mod file;
mod pack;
mod row;
mod sort;
mod supersede;
mod unpack;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use batch::Batch;
pub use column::{Column, Words};
pub use file::Files;
pub use row::{RowForm, TEXT_BYTES, UNIT_BYTES};
pub use sort::{Runs, in_order};
pub use supersede::supersede;

use super::error::StoreError;
use super::schema::{self, Kind};
use crate::domain::RecordKind;
use crate::grid::on_all_cores;

/// Below the warehouse.
pub(super) const FOLDER: &str = "records";

/// The table of cells that were set aside.
pub const REJECT: &str = "core_reject";

/// What it is, and what its columns mean.
pub const REJECT_DOC: &str = "Cells of agencies' files that were set aside with their records, or records as a whole";
pub const REJECT_COLUMNS: [(&str, &str); 13] = [
    ("dataset", "the source, a folder of pipelines/"),
    ("extract", "the layout of the file, a file of that folder"),
    ("record_table", "the table that the record was meant for"),
    ("source_file", "the file"),
    ("source_sha256", "its digest"),
    ("line", "the line or row of it"),
    ("label", "the header over the cell, blank: the record as a whole"),
    ("field", "the column of the table"),
    ("raw", "the text of the cell; of what may be a personal number the form alone"),
    ("reason", "why, in one word"),
    ("message", "why"),
    ("file_state", "taken: all other records of the file were; refused: none was"),
    ("submission", "the file as core_submission knows it"),
];

/// One file of an agency as it was taken in, or refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// A digest of the file, its name, the layout, the code lists, the key and the program.
    pub id: String,
    pub dataset: String,
    pub extract: String,
    pub table: String,
    pub source_file: String,
    pub source_sha256: String,
    /// What tells it from others: captures of its name, by their names. A later one of the same scope replaces it.
    pub scope: BTreeMap<String, String>,
    /// Which of two of the same scope is the later one: counted by its name, then the name itself.
    pub count: Vec<u64>,
    /// By which key personal numbers were hashed.
    pub key: String,
    /// Records in the file, and those of them that were set aside.
    pub records: u64,
    pub rejected: u64,
    /// Set aside, by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Too many were set aside: nothing of the file was taken.
    pub refused: bool,
    pub parts: Vec<Part>,
    /// The file of what was set aside, below the warehouse.
    pub rejects: Option<String>,
}

/// The records of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub month: String,
    /// Below the warehouse.
    pub file: String,
    pub rows: u64,
    /// What later submissions leave of it, where there are any of its month.
    #[serde(default)]
    pub left: Option<Left>,
}

/// A part without the records that later submissions state anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// A digest of the later submissions.
    pub after: String,
    /// The file of those that stay: that of the part itself where all do.
    pub file: String,
    pub rows: u64,
}

impl Part {
    /// The file and the number of the records that hold.
    pub fn in_force(&self) -> (&str, u64) {
        self.left.as_ref().map_or((&self.file, self.rows), |left| (&left.file, left.rows))
    }
}

impl Submission {
    /// Whether this one comes after another of the same scope.
    pub fn is_later(&self, other: &Submission) -> bool {
        (&self.count, &self.source_file) > (&other.count, &other.source_file)
    }

    /// Its files below the warehouse, and those that hold what is left of them.
    fn files(&self) -> impl Iterator<Item = &str> {
        let left = self.parts.iter().filter_map(|part| Some(&part.left.as_ref()?.file));
        self.parts.iter().map(|part| &part.file).chain(left).chain(&self.rejects).map(String::as_str)
    }

    /// Whether all its files are there.
    pub fn is_whole(&self, warehouse: &Path) -> bool {
        let files = self.parts.iter().map(|part| &part.file).chain(&self.rejects);
        files.into_iter().all(|file| warehouse.join(file).is_file())
    }
}

/// A cell that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    pub line: u64,
    /// The header over the cell; blank where the whole record is meant.
    pub label: String,
    /// The column of the record table.
    pub field: String,
    /// As printed, without anything that may be a personal number.
    pub raw: String,
    pub reason: &'static str,
    pub message: String,
}

/// Write what was set aside of a submission.
///
/// # Errors
/// The disk cannot take it.
pub fn write_rejects(warehouse: &Path, of: &Submission, rejects: &[Reject]) -> Result<String, StoreError> {
    let file = format!("{FOLDER}/{REJECT}/{}/{REJECT}.parquet", of.id);
    let path = warehouse.join(&file);
    let of_kind = |kind: &Kind| match kind {
        Kind::Integer => ("int32", "", Column::new(RecordKind::Date, &Words::default())),
        _ => ("binary", " (STRING)", Column::new(RecordKind::Text, &Words::default())),
    };
    let mut text = format!("message {REJECT} {{ ");
    let mut columns = Vec::new();
    for (name, kind) in schema::REJECT.columns {
        let (physical, logical, column) = of_kind(kind);
        text.push_str(&format!("optional {physical} {name}{logical}; "));
        columns.push(column);
    }
    text.push('}');
    let state = if of.refused { "refused" } else { "taken" };
    for reject in rejects {
        let of_file = [&of.dataset, &of.extract, &of.table, &of.source_file, &of.source_sha256];
        let line = reject.line.to_string();
        let of_cell = [&line, &reject.label, &reject.field, &reject.raw].map(String::as_str);
        let about = [reject.reason, &reject.message, state, &of.id];
        let texts = of_file.into_iter().map(String::as_str).chain(of_cell).chain(about);
        for (column, text) in columns.iter_mut().zip(texts) {
            match column {
                Column::Words { .. } => column.push_word(text.as_bytes()),
                _ => column.push_short(u32::try_from(reject.line).unwrap_or(u32::MAX).min(i32::MAX as u32)),
            }
        }
    }
    file::write(&path, &text, &columns, rejects.len())?;
    Ok(file)
}

/// Bring to the disk what is new of these files: before a release names one, it must be there after any crash. Late and all
/// together, since a disk takes many files at once as quickly as a few.
///
/// # Errors
/// The disk cannot take them.
pub fn settle(warehouse: &Path, submissions: &[Submission], before: &[Submission]) -> Result<(), StoreError> {
    let there: BTreeSet<&str> = before.iter().flat_map(Submission::files).collect();
    let new: BTreeSet<&str> = submissions.iter().flat_map(Submission::files).filter(|f| !there.contains(f)).collect();
    let new: Vec<PathBuf> = new.into_iter().map(|file| warehouse.join(file)).collect();
    let synced = on_all_cores(&new, |path| {
        let file = std::fs::File::open(path).and_then(|file| file.sync_all());
        file.map_err(StoreError::io("write", path))
    });
    synced.into_iter().collect::<Result<(), StoreError>>()?;
    let folders: BTreeSet<&Path> = new.iter().filter_map(|path| path.parent()).collect();
    folders.into_iter().try_for_each(super::release::sync_folder)
}

/// The warehouse that a release, or a release being made, belongs to.
pub fn warehouse_of(release: &Path) -> PathBuf {
    release.parent().and_then(Path::parent).unwrap_or(release).to_owned()
}

/// Months since the year 0 from text such as `2026-10`.
pub fn month_number(text: &str) -> Option<u32> {
    let (year, month) = text.split_once('-')?;
    let month: u32 = month.parse().ok().filter(|month| (1..=12).contains(month))?;
    Some(year.parse::<u32>().ok()? * 12 + month - 1)
}

/// Months since the year 0 as text: `2026-10`.
pub fn month_text(number: u32) -> String {
    format!("{:04}-{:02}", number / 12, number % 12 + 1)
}
