//! Names of codes, and units, read from the warehouse once for all tables.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::diag::Diagnostic;
use crate::domain::label::nearest;
use crate::domain::unit::Unit;
use crate::report::rows::records::Records;
use crate::report::rows::source::Tables;

/// Code lists, indicators and units as the warehouse holds them.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// (list, code) → Chinese name
    codes: BTreeMap<(String, String), String>,
    /// (list, code) → English name
    english: BTreeMap<(String, String), String>,
    units: BTreeMap<String, Unit>,
}

impl Names {
    /// # Errors
    /// The warehouse lacks `core_code`, `core_indicator` or `core_measure`.
    pub fn read(tables: &Tables<'_>) -> Result<Names, Diagnostic> {
        let mut names = Names::default();
        let codes = (tables.read)("core_code", &[])?;
        let records = Records::new(&codes);
        for row in 0..codes.rows.len() {
            let key = (records.text(row, "list"), records.text(row, "code"));
            names.english.insert(key.clone(), records.text(row, "name_en"));
            names.codes.insert(key, records.text(row, "name_zh"));
        }
        let indicators = (tables.read)("core_indicator", &[])?;
        let records = Records::new(&indicators);
        for row in 0..indicators.rows.len() {
            let key = ("indicator".to_owned(), records.text(row, "indicator"));
            names.english.insert(key.clone(), records.text(row, "name_en"));
            names.codes.insert(key, records.text(row, "name_zh"));
        }
        let units = (tables.read)("core_measure", &[])?;
        let records = Records::new(&units);
        for row in 0..units.rows.len() {
            let unit = Unit {
                code: records.text(row, "unit"),
                name_zh: records.text(row, "name_zh"),
                base: records.text(row, "base"),
                factor: records.number(row, "factor").unwrap_or(Decimal::ONE),
            };
            names.units.insert(unit.code.clone(), unit);
        }
        Ok(names)
    }

    /// The Chinese name of a code; the code itself where it has none, as years do.
    pub fn code<'a>(&'a self, list: &str, code: &'a str) -> &'a str {
        self.codes
            .get(&(list.to_owned(), code.to_owned()))
            .map(String::as_str)
            .filter(|name| !name.is_empty())
            .unwrap_or(code)
    }

    /// The English name of a code; the code itself where it has none of any language, as years do; else blank.
    pub fn english<'a>(&'a self, list: &str, code: &'a str) -> &'a str {
        match self.english.get(&(list.to_owned(), code.to_owned())) {
            Some(name) => name,
            None => code,
        }
    }

    /// The codes of a list; none where there is no such list.
    pub fn codes_of<'a>(&'a self, list: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.codes.keys().filter(move |(name, _)| name == list).map(|(_, code)| code.as_str())
    }

    pub fn unit(&self, code: &str) -> Option<&Unit> {
        self.units.get(code)
    }

    /// The codes of all units.
    pub fn units(&self) -> impl Iterator<Item = &str> {
        self.units.keys().map(String::as_str)
    }

    /// A hint for a unit that does not exist.
    pub fn unit_hint(&self, code: &str) -> String {
        match nearest(code, self.units.keys().map(String::as_str)).first() {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "units are listed in pipelines/codes/unit.csv".to_owned(),
        }
    }
}
