//! Code lists, aliases and indicators: the only way from a printed label to a code.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::label::{nearest, normalise};
use super::period::PeriodKind;
use super::unit::Unit;

/// The code of a total. Never a blank, so that a sum over a dimension must say what it means.
pub const TOTAL: &str = "_T";

/// A code of some list; cheap to copy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(Arc<str>);

impl Code {
    pub fn new(code: &str) -> Self {
        Code(Arc::from(code))
    }

    pub fn total() -> Self {
        Code::new(TOTAL)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One row of a code list (`pipelines/codes/<list>.csv`); the columns of `core_code`.
#[derive(Clone, Debug)]
pub struct CodeEntry {
    pub code: Code,
    pub parent: Option<Code>,
    pub name_zh: String,
    pub name_en: String,
    /// ISO dates or years, blank where open.
    pub valid_from: String,
    pub valid_to: String,
}

/// A versioned list of codes.
#[derive(Clone, Debug)]
pub struct CodeList {
    pub name: String,
    pub version: String,
    pub entries: Vec<CodeEntry>,
}

impl CodeList {
    pub fn get(&self, code: &str) -> Option<&CodeEntry> {
        self.entries.iter().find(|e| e.code.as_str() == code)
    }
}

/// A printed label and the code it means, with the reason (`pipelines/codes/aliases.csv`).
#[derive(Clone, Debug)]
pub struct Alias {
    pub list: String,
    /// Blank: everywhere. Else a dataset (`yuxi-2013`) or one of its tables (`yuxi-2013/injury_by_county`).
    pub scope: String,
    pub label: String,
    pub code: Code,
    pub reason: String,
}

/// What is counted; a row of `core_indicator` (`pipelines/codes/indicator.csv`).
#[derive(Clone, Debug)]
pub struct Indicator {
    pub code: Code,
    pub name_zh: String,
    pub name_en: String,
    /// Code of a base unit.
    pub unit: String,
    pub kind: PeriodKind,
    pub definition: String,
    pub numerator: String,
    pub denominator: String,
    pub source: String,
}

/// Why a label has no code.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LookupError {
    #[error("there is no code list \"{list}\"")]
    NoList { list: String },
    #[error("no {list} code for \"{label}\"")]
    Unknown { list: String, label: String, near: Vec<String> },
}

/// All code lists, aliases, units and indicators of a project.
#[derive(Clone, Debug, Default)]
pub struct Codebook {
    pub lists: BTreeMap<String, CodeList>,
    pub aliases: Vec<Alias>,
    pub units: Vec<Unit>,
    pub indicators: Vec<Indicator>,
    /// (list, scope, normalised label) → code; made by [`Codebook::index`].
    index: BTreeMap<(String, String, String), Code>,
}

impl Codebook {
    /// Rebuild the look-up index after the lists have been filled: the code itself, its names, then the aliases.
    pub fn index(&mut self) {
        self.index.clear();
        for list in self.lists.values() {
            for entry in &list.entries {
                for label in [entry.code.as_str(), &entry.name_zh] {
                    let key = (list.name.clone(), String::new(), normalise(label));
                    self.index.entry(key).or_insert_with(|| entry.code.clone());
                }
            }
        }
        for indicator in &self.indicators {
            for label in [indicator.code.as_str(), &indicator.name_zh] {
                let key = ("indicator".to_owned(), String::new(), normalise(label));
                self.index.entry(key).or_insert_with(|| indicator.code.clone());
            }
        }
        for unit in &self.units {
            for label in [&unit.code, &unit.name_zh] {
                let key = ("unit".to_owned(), String::new(), normalise(label));
                self.index.entry(key).or_insert_with(|| Code::new(&unit.code));
            }
        }
        for alias in &self.aliases {
            self.index.insert((alias.list.clone(), alias.scope.clone(), normalise(&alias.label)), alias.code.clone());
        }
    }

    /// The code a printed label means in a table: the table's own alias first, then the dataset's, then everyone's.
    ///
    /// # Errors
    /// The list does not exist, or no name or alias equals the label; then with the nearest known labels.
    pub fn lookup(&self, list: &str, dataset: &str, table: &str, label: &str) -> Result<Code, LookupError> {
        if list != "indicator" && list != "unit" && !self.lists.contains_key(list) {
            return Err(LookupError::NoList { list: list.to_owned() });
        }
        let wanted = normalise(label);
        for scope in [format!("{dataset}/{table}"), dataset.to_owned(), String::new()] {
            if let Some(code) = self.index.get(&(list.to_owned(), scope, wanted.clone())) {
                return Ok(code.clone());
            }
        }
        let known = self.index.keys().filter(|k| k.0 == list && (k.1.is_empty() || k.1.starts_with(dataset)));
        let near = nearest(label, known.map(|k| k.2.as_str())).into_iter().map(str::to_owned).collect();
        Err(LookupError::Unknown { list: list.to_owned(), label: label.to_owned(), near })
    }

    pub fn unit(&self, code: &str) -> Option<&Unit> {
        self.units.iter().find(|u| u.code == code)
    }

    pub fn indicator(&self, code: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|i| i.code.as_str() == code)
    }
}
