//! The door through which reports read: tables by name, nothing else.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, Place};
use crate::domain::label::nearest;
use crate::report::definition::spec::Selector;
use crate::report::rows::records::Records;
use crate::warehouse::Rows;

/// Rows one table or chart may read; a report is for people.
pub const ROWS_MAX: usize = 200_000;

/// Reads a table of the release, on any thread, limited to rows that hold the given values.
pub type ReadTable<'a> = dyn Fn(&str, &[(String, String)]) -> Result<Rows, Diagnostic> + Sync + 'a;

/// The tables of a release.
pub struct Tables<'a> {
    pub names: Vec<String>,
    /// The columns that tell the rows of a table apart, where it is known.
    pub grains: BTreeMap<String, Vec<String>>,
    pub read: &'a ReadTable<'a>,
}

impl Tables<'_> {
    /// The rows of a table that a report asks for.
    ///
    /// # Errors
    /// There is no such table, a selector names a column it does not have, or it holds too many rows.
    pub fn select(&self, table: &str, filter: &Selector, place: &Place) -> Result<Rows, Diagnostic> {
        if !self.names.iter().any(|name| name == table) {
            let fault = Diagnostic::error("unknown-table", format!("there is no table \"{table}\"")).at(place.clone());
            let near = nearest(table, self.names.iter().map(String::as_str));
            return Err(match near.is_empty() {
                false => fault.hint(format!("did you mean {}?", quoted(&near))),
                true => fault.hint(format!("the release has {}", self.names.join(", "))),
            });
        }
        let pushed: Vec<(String, String)> = filter
            .iter()
            .filter(|(column, values)| values.len() == 1 && column.as_str() != "breakdown")
            .map(|(column, values)| (column.clone(), values[0].clone()))
            .collect();
        let mut rows = (self.read)(table, &pushed).map_err(|mut fault| {
            if fault.place.text.is_none() {
                fault.place = place.clone();
            }
            fault
        })?;
        let records = Records::new(&rows);
        let kept = records.matching(filter);
        rows.rows = kept.into_iter().map(|row| rows.rows[row].clone()).collect();
        if rows.rows.len() > ROWS_MAX {
            return Err(Diagnostic::error("too-many-rows", format!("\"{table}\" gives more than {ROWS_MAX} rows"))
                .at(place.clone())
                .hint("narrow it with where = { … }"));
        }
        Ok(rows)
    }
}

/// A column that a report names and the table lacks.
pub fn unknown_column(table: &str, column: &str, records: &Records<'_>, place: &Place) -> Diagnostic {
    let fault = Diagnostic::error("unknown-column", format!("the table \"{table}\" has no column \"{column}\""))
        .at(place.clone());
    let near = nearest(column, records.column_names());
    match near.is_empty() {
        false => fault.hint(format!("did you mean {}?", quoted(&near))),
        true => fault.hint(format!("it has {}", records.column_names().collect::<Vec<_>>().join(", "))),
    }
}

/// `"a" or "b"`
pub fn quoted(names: &[&str]) -> String {
    names.iter().map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(" or ")
}
