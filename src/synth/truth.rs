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
const TABLES: [(&str, &[&str], &[&str]); 15] = [
    ("file", &["source_file"], &["records", "rejected"]),
    (
        "insured",
        &["month", "region", "industry", "ownership", "scheme"],
        &["insured_person", "base_fen", "floor", "ceiling"],
    ),
    ("person", &["month", "region"], &["insured_person", "all_schemes", "workforce_person"]),
    ("arrears", &["month", "region", "industry", "ownership", "scheme"], &["unpaid_records", "arrears_fen"]),
    (
        "owed",
        &["month", "region", "industry", "ownership", "scheme"],
        &["arrears_fen", "new_fen", "recovered_fen", "age_0_3_fen", "age_3_6_fen", "age_6_12_fen", "age_12_fen"],
    ),
    ("owing", &["month", "region", "unit_id"], &["unpaid_months", "longest_run", "last_run"]),
    ("recovered", &["paid_month", "month", "region", "scheme"], &["records", "recovered_fen"]),
    ("fund", &["month", "region", "scheme"], &["income_fen", "recovered_fen", "expenditure_fen"]),
    ("change", &["month", "scheme"], &["insured_person", "new", "returned", "stopped", "transferred"]),
    ("change_year", &["month", "scheme"], &["insured_person", "new", "returned", "stopped", "transferred"]),
    ("exclusive", &["month"], &["persons"]),
    ("schemes", &["month", "number_of_schemes"], &["persons"]),
    ("benefit", &["month", "region", "scheme", "benefit_kind"], &["persons", "amount_fen"]),
    ("after_death", &["month"], &["persons", "amount_fen", "recovered_fen"]),
    ("after_death_to_date", &["month"], &["persons", "months", "amount_fen", "recovered_fen"]),
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
