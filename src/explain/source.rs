//! Where the way ends: what stands in the file, and what is known about it.

use std::collections::{BTreeMap, BTreeSet};

use super::{FINDINGS, Key, OBSERVATIONS};
use crate::diag::Diagnostic;
use crate::domain::record::SUBMISSION;
use crate::warehouse::Scalar;
use crate::warehouse::provenance::{Cell, Provenance, is_personal};

/// A cell of a file, as it was read.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    pub obs_id: String,
    pub dataset: String,
    pub table_id: String,
    /// What the table is called, and who published it.
    pub title: String,
    pub citation: String,
    pub edition: String,
    pub file: String,
    pub sha256: String,
    pub sheet: String,
    /// A1, R1C1 or a record's number, as the kind of file has it.
    pub address: String,
    /// The text as it is printed, and its unit.
    pub text: String,
    pub unit: String,
    pub status: String,
    pub mark: String,
    pub qualifier: String,
    /// Where a text says it: section and words.
    pub section: String,
    pub quote: String,
    pub notes: Vec<String>,
    /// What was printed before the office corrected it, and the entry that did.
    pub correction: Option<(String, String)>,
    pub findings: Vec<Finding>,
}

/// What a rule says of the cell.
#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: String,
    pub severity: String,
    pub message: String,
    pub suggestion: String,
}

/// File, sheet and cells that a row names.
///
/// # Errors
/// The table cannot be read.
pub fn place(provenance: &mut Provenance, table: &str, row: usize) -> Result<[String; 3], Diagnostic> {
    let mut text = |column: &str| Ok::<_, Diagnostic>(provenance.value(table, row, column)?.to_string());
    Ok([text("source_file")?, text("sheet")?, text("cell")?])
}

/// The printed cell behind an observation.
///
/// # Errors
/// A table cannot be read.
pub fn printed(provenance: &mut Provenance, row: usize) -> Result<Printed, Diagnostic> {
    let mut text = |column: &str| Ok::<_, Diagnostic>(provenance.value(OBSERVATIONS, row, column)?.to_string());
    let correction = text("correction")?;
    let mut printed = Printed {
        obs_id: text("obs_id")?,
        dataset: text("dataset")?,
        table_id: text("table_id")?,
        edition: text("edition")?,
        file: text("source_file")?,
        sha256: text("source_sha256")?,
        sheet: text("sheet")?,
        address: text("cell")?,
        text: text("printed")?,
        unit: text("printed_unit")?,
        status: text("status")?,
        mark: text("mark")?,
        qualifier: text("qualifier")?,
        section: text("section")?,
        quote: text("quote")?,
        notes: text("notes")?.lines().map(str::to_owned).collect(),
        correction: None,
        title: String::new(),
        citation: String::new(),
        findings: Vec::new(),
    };
    if !correction.is_empty() {
        printed.correction = Some((text("original_value")?, correction));
    }
    let of_table = [("dataset", printed.dataset.as_str()), ("table_id", printed.table_id.as_str())];
    if let Some(table) = find(provenance, "core_table", &of_table)? {
        printed.title = provenance.value("core_table", table, "title")?.to_string();
        printed.citation = provenance.value("core_table", table, "citation")?.to_string();
    }
    printed.findings = findings(provenance, &printed)?;
    Ok(printed)
}

fn findings(provenance: &mut Provenance, printed: &Printed) -> Result<Vec<Finding>, Diagnostic> {
    let mut found = Vec::new();
    for row in 0..provenance.count(FINDINGS)? {
        let mut text = |column: &str| Ok::<_, Diagnostic>(provenance.value(FINDINGS, row, column)?.to_string());
        let names_it = text("source_file")? == printed.file
            && text("sheet")? == printed.sheet
            && text("cell")?.split([' ', ',']).any(|cell| cell == printed.address);
        if names_it {
            found.push(Finding {
                rule: text("rule")?,
                severity: text("severity")?,
                message: text("message")?,
                suggestion: text("suggestion")?,
            });
        }
    }
    Ok(found)
}

/// What a cell of a source means: the indicator's definition for an observation, the column's for others.
///
/// # Errors
/// A table cannot be read.
pub fn meaning(provenance: &mut Provenance, cell: &Cell) -> Result<String, Diagnostic> {
    if cell.table != OBSERVATIONS {
        let model = provenance.model(&cell.table);
        return Ok(model.and_then(|model| model.columns.get(&cell.column)).cloned().unwrap_or_default());
    }
    let indicator = provenance.value(&cell.table, cell.row, "indicator")?.to_string();
    let Some(row) = find(provenance, "core_indicator", &[("indicator", indicator.as_str())])? else {
        return Ok(String::new());
    };
    let name = provenance.value("core_indicator", row, "name_zh")?.to_string();
    let definition = provenance.value("core_indicator", row, "definition")?.to_string();
    Ok(if definition.is_empty() { name } else { format!("{name}: {definition}") })
}

/// The columns of a row that hold something.
///
/// # Errors
/// The table cannot be read.
pub fn whole_row(provenance: &mut Provenance, table: &str, row: usize) -> Result<Key, Diagnostic> {
    let columns = provenance.columns(table)?;
    let mut stated = Key::new();
    for column in columns {
        if is_personal(&column) {
            continue;
        }
        let value = provenance.value(table, row, &column)?;
        if value != Scalar::Null && !value.to_string().is_empty() {
            stated.push((column, value.to_string()));
        }
    }
    // A record is named by the file that it came in.
    if let Some((_, submission)) = stated.iter_mut().find(|(column, _)| column == SUBMISSION)
        && let Some(file) = provenance.extract(submission)
    {
        *submission = file;
    }
    Ok(stated)
}

/// The months of the record tables: what each is made of are the files that have records of it.
pub fn files_of(provenance: &Provenance, key: &Key) -> Key {
    let month = key.iter().map(|(_, month)| month.as_str()).next().unwrap_or_default();
    let mut files: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for extract in provenance.extracts().filter(|extract| month.is_empty() || extract.months.contains_key(month)) {
        files.entry(extract.table).or_default().insert(extract.file);
    }
    let told = files.into_iter().map(|(table, files)| (table, files.into_iter().collect::<Vec<_>>().join(" ")));
    told.collect()
}

/// The first row that holds the given values.
fn find(provenance: &mut Provenance, table: &str, wanted: &[(&str, &str)]) -> Result<Option<usize>, Diagnostic> {
    for row in 0..provenance.count(table)? {
        let mut fits = true;
        for (column, value) in wanted {
            fits &= provenance.value(table, row, column)?.to_string() == *value;
        }
        if fits {
            return Ok(Some(row));
        }
    }
    Ok(None)
}
