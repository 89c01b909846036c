//! Code lists, aliases and indicators: the only way from a printed label to a code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::label::{nearest, normalise};
use super::period::PeriodKind;
use super::unit::Unit;

/// The code of a total. Never a blank, so that a sum over a dimension must say what it means.
pub const TOTAL: &str = "_T";

/// How codes begin that a table makes up for itself, so that nobody takes them for official ones.
pub const LOCAL: [&str; 2] = ["x-", "x_"];

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

    /// Whether a table made the code up for itself: it is in no official list, and known to that table alone.
    pub fn is_local(&self) -> bool {
        is_local(&self.0)
    }
}

/// Whether a name of a code, list or unit is one that a table made up for itself.
pub fn is_local(name: &str) -> bool {
    LOCAL.iter().any(|prefix| name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty()))
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
    #[error("\"{label}\" is the name of several {list} codes: {}", .codes.iter().map(Code::as_str).collect::<Vec<_>>().join(", "))]
    Ambiguous { list: String, label: String, codes: Vec<Code> },
}

/// All code lists, aliases, units and indicators of a project.
#[derive(Clone, Debug, Default)]
pub struct Codebook {
    pub lists: BTreeMap<String, CodeList>,
    pub aliases: Vec<Alias>,
    pub units: Vec<Unit>,
    pub indicators: Vec<Indicator>,
    /// (list, scope, normalised label) → the codes of this name, as a rule one; made by [`Codebook::index`].
    index: BTreeMap<(String, String, String), BTreeSet<Code>>,
}

impl Codebook {
    /// Rebuild the look-up index after the lists have been filled: the code itself, its name, then the aliases, which
    /// decide where a name is that of several codes (a 鼓楼区 is in many cities).
    pub fn index(&mut self) {
        let entries = self.lists.values().flat_map(|list| list.entries.iter().map(|e| (list.name.as_str(), e)));
        let entries = entries.map(|(list, e)| (list, e.code.as_str(), e.name_zh.as_str()));
        let indicators = self.indicators.iter().map(|i| ("indicator", i.code.as_str(), i.name_zh.as_str()));
        let units = self.units.iter().map(|u| ("unit", u.code.as_str(), u.name_zh.as_str()));
        let mut index: BTreeMap<_, BTreeSet<Code>> = BTreeMap::new();
        // The names of local codes are aliases of their table, so that no other table meets them.
        for (list, code, name) in entries.chain(indicators).chain(units).filter(|(_, code, _)| !is_local(code)) {
            for label in [code, name] {
                let key = (list.to_owned(), String::new(), normalise(label));
                index.entry(key).or_default().insert(Code::new(code));
            }
        }
        for alias in &self.aliases {
            let key = (alias.list.clone(), alias.scope.clone(), normalise(&alias.label));
            index.insert(key, BTreeSet::from([alias.code.clone()]));
        }
        self.index = index;
    }

    /// The code a printed label means in a table: the table's own alias first, then the dataset's, then everyone's.
    ///
    /// # Errors
    /// The list does not exist, no name or alias equals the label (then with the nearest known labels), or several codes
    /// have this name.
    pub fn lookup(&self, list: &str, dataset: &str, table: &str, label: &str) -> Result<Code, LookupError> {
        if list != "indicator" && list != "unit" && !self.lists.contains_key(list) {
            return Err(LookupError::NoList { list: list.to_owned() });
        }
        let wanted = normalise(label);
        for scope in [format!("{dataset}/{table}"), dataset.to_owned(), String::new()] {
            let Some(codes) = self.index.get(&(list.to_owned(), scope, wanted.clone())) else { continue };
            return match codes.first() {
                Some(code) if codes.len() == 1 => Ok(code.clone()),
                _ => {
                    let (list, label, codes) = (list.to_owned(), label.to_owned(), codes.iter().cloned().collect());
                    Err(LookupError::Ambiguous { list, label, codes })
                }
            };
        }
        let known = self.index.keys().filter(|k| k.0 == list && (k.1.is_empty() || k.1.starts_with(dataset)));
        let near = nearest(label, known.map(|k| k.2.as_str())).into_iter().map(str::to_owned).collect();
        Err(LookupError::Unknown { list: list.to_owned(), label: label.to_owned(), near })
    }

    /// The code that a label means everywhere, where it means one.
    pub fn find(&self, list: &str, label: &str) -> Option<Code> {
        let codes = self.index.get(&(list.to_owned(), String::new(), normalise(label)))?;
        codes.first().filter(|_| codes.len() == 1).cloned()
    }

    pub fn unit(&self, code: &str) -> Option<&Unit> {
        self.units.iter().find(|u| u.code == code)
    }

    pub fn indicator(&self, code: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|i| i.code.as_str() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_several_codes_is_not_guessed() {
        let entry = |code: &str, name_zh: &str| CodeEntry {
            code: Code::new(code),
            parent: None,
            name_zh: name_zh.into(),
            name_en: String::new(),
            valid_from: String::new(),
            valid_to: String::new(),
        };
        let entries = vec![entry("320106", "鼓楼区"), entry("350102", "鼓楼区"), entry("350103", "台江区")];
        let list = CodeList { name: "region".into(), version: "2020".into(), entries };
        let alias = Alias {
            list: "region".into(),
            scope: "fuzhou".into(),
            label: "鼓楼区".into(),
            code: Code::new("350102"),
            reason: "the city's own".into(),
        };
        let lists = BTreeMap::from([(list.name.clone(), list)]);
        let mut book = Codebook { lists, aliases: vec![alias], ..Codebook::default() };
        book.index();
        let look_up = |dataset: &str, label: &str| {
            book.lookup("region", dataset, "t", label).map(|c| c.to_string()).map_err(|e| e.to_string())
        };
        assert_eq!(look_up("fuzhou", "鼓楼区"), Ok("350102".into()));
        assert_eq!(look_up("nanjing", "320106"), Ok("320106".into()));
        let several = "\"鼓楼区\" is the name of several region codes: 320106, 350102";
        assert_eq!(look_up("nanjing", "鼓楼区"), Err(several.into()));
    }
}
