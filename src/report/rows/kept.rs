//! Figures kept from an earlier release, because the new file of their table could not be used: which of them a table or
//! a chart prints, and how its readers are told.

use std::collections::BTreeSet;

use crate::report::table::frame::Tidy;
use crate::store::release::Kept;
use crate::warehouse::Rows;

/// What every notice begins with.
pub const HEAD: &str = "沿用上次发布的数据：";

/// The kept tables that some of these observations belong to; an id begins with dataset and table.
pub fn among<'a>(kept: &[Kept], obs_ids: impl IntoIterator<Item = &'a str>) -> Vec<Kept> {
    if kept.is_empty() {
        return Vec::new();
    }
    let ids: Vec<&str> = obs_ids.into_iter().collect();
    let is_printed = |kept: &&Kept| {
        let beginning = format!("{}/{}/", kept.dataset, kept.table_id);
        ids.iter().any(|id| id.starts_with(&beginning))
    };
    kept.iter().filter(is_printed).cloned().collect()
}

/// The notes on corrected figures, by observation.
pub fn corrections(rows: &Rows) -> Vec<(String, String)> {
    let (Some(id), Some(note)) = (rows.column("obs_id"), rows.column("correction")) else { return Vec::new() };
    rows.rows.iter().map(|row| (row[id].to_string(), row[note].to_string())).collect()
}

/// The notes on those of some observations that are corrected, each once.
pub fn corrected<'a>(notes: &[(String, String)], obs_ids: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    if notes.is_empty() {
        return Vec::new();
    }
    let ids: BTreeSet<&str> = obs_ids.into_iter().collect();
    let mut told: Vec<String> = Vec::new();
    for (_, note) in notes.iter().filter(|(id, _)| ids.contains(id.as_str())) {
        if !told.contains(note) {
            told.push(note.clone());
        }
    }
    told
}

/// Whether a column names observations: those printed, or those that a printed number was made from.
pub fn names_observations(column: &str) -> bool {
    column == "obs_id" || column.ends_with("_obs_id")
}

/// The observations behind a table.
pub fn obs_ids(tidy: &Tidy) -> impl Iterator<Item = &str> {
    let columns = tidy.columns.iter().enumerate().filter(|(_, column)| names_observations(column));
    columns.flat_map(|(at, _)| tidy.rows.iter().map(move |row| row[at].as_str())).filter(|id| !id.is_empty())
}

/// One notice: which table, from which release, and why.
pub fn notice(kept: &Kept) -> String {
    format!(
        "{HEAD}{}/{} 的新文件未能采用，所印数字取自版本 {}（{}）。",
        kept.dataset, kept.table_id, kept.release, kept.reason
    )
}
