//! What ingest leaves for the SQL models: a Parquet table each in one folder.

mod rows;

use std::path::Path;

use jiff::civil::Date;

use rows::{
    Cells, answer_rows, break_rows, code_rows, concordance_rows, delivery_row, edition_row, finding_of, finding_row,
    indicator_rows, observation_of, question_rows, relation_of, relation_row, submission_row, table_of, table_row,
    text, unit_rows, version_rows,
};

pub use rows::observation_row;

use super::error::StoreError;
use super::parquet::{self, Row};
use super::records::Submission;
use super::schema;
use crate::domain::{Code, Codebook, Finding, Observation, Period, Relation, Text};

/// Everything a batch of files gave, and the code lists it was read with.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    pub observations: Vec<Observation>,
    pub findings: Vec<Finding>,
    pub relations: Vec<Relation>,
    pub codebook: Codebook,
    pub tables: Vec<TableInfo>,
    pub editions: Vec<EditionInfo>,
    /// The files of agencies that the records come from.
    pub submissions: Vec<Submission>,
    pub deliveries: Vec<DeliveryInfo>,
}

/// What is known of a table as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableInfo {
    pub dataset: String,
    pub table_id: String,
    pub title: String,
    pub publisher: String,
    pub citation: String,
    pub licence: String,
    /// The lowest wins where two tables state the same quantity.
    pub priority: i32,
    /// As printed: `表5`.
    pub number: Option<String>,
}

/// One edition of a table, read or not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EditionInfo {
    pub dataset: String,
    pub table_id: String,
    pub edition: String,
    /// When it came out; editions of a table that state no time are ordered by their names.
    pub published: Option<Date>,
    /// The edition that it replaces as a whole.
    pub replaces: Option<String>,
}

/// One file that was due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryInfo {
    /// The name of what was due in the calendar.
    pub delivery: String,
    pub period: Period,
    pub region: Code,
    /// The record table that the files fill; `None` where they are tables.
    pub record_table: Option<&'static str>,
    /// `arrived`, `kept`, `withheld`, `refused`, `missing`.
    pub state: &'static str,
    /// ISO; blank beyond the calendar.
    pub due_at: String,
    /// The file with its digest, where there is one.
    pub file: Option<(String, String)>,
}

/// Write every stage table into a folder, made if need be; rows sorted by their natural key.
///
/// # Errors
/// The folder cannot be written, two observations share an id, or a number has more than six decimals.
pub fn write(folder: &Path, stage: &Stage) -> Result<(), StoreError> {
    std::fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
    let named = |row: &Row<'_>| format!("obs_id {}", text(&row[0]));
    let observations = by_id(&stage.observations)?;
    parquet::write(folder, &schema::OBSERVATION, observations.into_iter().map(observation_row), named)?;
    let named = |row: &Row<'_>| format!("finding {} of {} {}", text(&row[0]), text(&row[8]), text(&row[10]));
    parquet::write(folder, &schema::FINDING, sorted(stage.findings.iter().map(finding_row)), named)?;
    let named = |row: &Row<'_>| format!("unit {}", text(&row[0]));
    parquet::write(folder, &schema::UNIT, sorted(unit_rows(&stage.codebook)), named)?;
    let unnamed = |_: &Row<'_>| String::new();
    parquet::write(folder, &schema::CODE, sorted(code_rows(&stage.codebook)), unnamed)?;
    parquet::write(folder, &schema::INDICATOR, sorted(indicator_rows(&stage.codebook)), unnamed)?;
    parquet::write(folder, &schema::QUESTION, sorted(question_rows(&stage.codebook)), unnamed)?;
    parquet::write(folder, &schema::ANSWER, sorted(answer_rows(&stage.codebook)), unnamed)?;
    parquet::write(folder, &schema::RELATION, sorted(stage.relations.iter().map(relation_row)), unnamed)?;
    parquet::write(folder, &schema::VERSION, sorted(version_rows(&stage.codebook)), unnamed)?;
    parquet::write(folder, &schema::CONCORDANCE, sorted(concordance_rows(&stage.codebook)), unnamed)?;
    parquet::write(folder, &schema::BREAK, sorted(break_rows(&stage.codebook)), unnamed)?;
    parquet::write(folder, &schema::DELIVERY, sorted(stage.deliveries.iter().map(delivery_row)), unnamed)?;
    parquet::write(folder, &schema::EDITION, sorted(stage.editions.iter().map(edition_row)), unnamed)?;
    parquet::write(folder, &schema::SUBMISSION, sorted(stage.submissions.iter().map(submission_row)), unnamed)?;
    parquet::write(folder, &schema::TABLE, sorted(stage.tables.iter().map(table_row)), unnamed)
}

/// The observations of a stage, sorted by id.
///
/// # Errors
/// The file cannot be read or was not written by [`write`].
pub fn read_observations(folder: &Path) -> Result<Vec<Observation>, StoreError> {
    read(folder, &schema::OBSERVATION, observation_of)
}

/// The findings of ingest, without those of the audits.
///
/// # Errors
/// The file cannot be read or was not written by [`write`].
pub fn read_findings(folder: &Path) -> Result<Vec<Finding>, StoreError> {
    read(folder, &schema::FINDING, finding_of)
}

/// # Errors
/// The file cannot be read or was not written by [`write`].
pub fn read_relations(folder: &Path) -> Result<Vec<Relation>, StoreError> {
    read(folder, &schema::RELATION, relation_of)
}

/// # Errors
/// The file cannot be read or was not written by [`write`].
pub fn read_tables(folder: &Path) -> Result<Vec<TableInfo>, StoreError> {
    read(folder, &schema::TABLE, table_of)
}

fn read<T>(folder: &Path, table: &schema::Table, from: fn(&mut Cells) -> Option<T>) -> Result<Vec<T>, StoreError> {
    let rows = parquet::read(folder, table)?;
    let mut read = Vec::with_capacity(rows.len());
    for (nth, row) in rows.into_iter().enumerate() {
        read.push(from(&mut row.into_iter()).ok_or_else(|| StoreError::Malformed {
            path: folder.join(format!("{}.parquet", table.name)),
            message: format!("row {} is not one this version of shebao writes; run `shebao run --force`", nth + 1),
        })?);
    }
    Ok(read)
}

/// The observations in the order of their ids.
fn by_id(observations: &[Observation]) -> Result<Vec<&Observation>, StoreError> {
    let id = |(name, o): &(Text, &Observation)| [o.origin().id_path.as_bytes(), name.as_bytes()].concat();
    // Most stand on the sheet of their neighbour, and differ in the cell alone.
    let order = |a: &(Text, &Observation), b: &(Text, &Observation)| match a.1.origin().id_path == b.1.origin().id_path
    {
        true => a.0.cmp(&b.0),
        false => id(a).cmp(&id(b)),
    };
    let mut sorted: Vec<(Text, &Observation)> = observations.iter().map(|o| (o.name(), o)).collect();
    sorted.sort_unstable_by(order);
    if let Some([(_, first), (_, second)]) = sorted.array_windows().find(|[a, b]| order(a, b).is_eq()) {
        let place = |o: &Observation| {
            crate::diag::Place::cell(&o.origin().source_file, &o.origin().sheet, o.cell().as_str()).to_string()
        };
        return Err(StoreError::DuplicateId { obs_id: first.obs_id(), first: place(first), second: place(second) });
    }
    Ok(sorted.into_iter().map(|(_, o)| o).collect())
}

fn sorted<'a>(rows: impl IntoIterator<Item = Row<'a>>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = rows.into_iter().collect();
    rows.sort();
    rows
}

#[cfg(test)]
mod tests;
