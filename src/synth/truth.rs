//! What the statistics of the records must find, counted while the records are made up.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::SynthError;

/// Counts by name of the table and key; amounts are in fen.
#[derive(Debug, Default)]
pub struct Truth {
    tables: BTreeMap<&'static str, BTreeMap<Vec<String>, Vec<i64>>>,
}

/// Each table: its name, its keys, its figures.
const TABLES: [(&str, &[&str], &[&str]); 9] = [
    ("file", &["source_file"], &["records", "rejected"]),
    (
        "insured",
        &["month", "region", "industry", "ownership", "scheme"],
        &["insured_person", "base_fen", "floor", "ceiling"],
    ),
    ("arrears", &["month", "region", "industry", "ownership", "scheme"], &["unpaid_records", "arrears_fen"]),
    ("recovered", &["paid_month", "month", "region", "scheme"], &["records", "recovered_fen"]),
    ("change", &["month", "scheme"], &["insured_person", "new", "returned", "stopped", "transferred"]),
    ("exclusive", &["month"], &["persons"]),
    ("schemes", &["month", "number_of_schemes"], &["persons"]),
    ("benefit", &["month", "region", "scheme", "benefit_kind"], &["persons", "amount_fen"]),
    ("after_death", &["month"], &["persons", "amount_fen"]),
];

impl Truth {
    /// Add to the figures of a table under a key.
    pub(crate) fn add(&mut self, table: &'static str, key: &[&str], figures: &[i64]) {
        let rows = self.tables.entry(table).or_default();
        let key: Vec<String> = key.iter().map(|part| (*part).to_owned()).collect();
        let held = rows.entry(key).or_insert_with(|| vec![0; figures.len()]);
        for (held, more) in held.iter_mut().zip(figures) {
            *held += more;
        }
    }

    /// The figures of a table by key.
    pub fn table(&self, name: &str) -> impl Iterator<Item = (&[String], &[i64])> {
        let rows = self.tables.get(name).into_iter().flatten();
        rows.map(|(key, figures)| (key.as_slice(), figures.as_slice()))
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), SynthError> {
        let io = |path: &Path| {
            let path = path.display().to_string();
            move |source| SynthError::Io { path, source }
        };
        fs::create_dir_all(folder).map_err(io(folder))?;
        for (name, keys, figures) in TABLES {
            let mut text = format!("{},{}\n", keys.join(","), figures.join(","));
            for (key, values) in self.table(name) {
                let values: Vec<String> = values.iter().map(i64::to_string).collect();
                let _ = writeln!(text, "{},{}", key.join(","), values.join(","));
            }
            let path = folder.join(format!("{name}.csv"));
            fs::write(&path, text).map_err(io(&path))?;
        }
        Ok(())
    }
}
