//! Code lists, aliases and indicators: the only way from a printed label to a code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::concordance::{Break, Correspondence};
use super::label::{nearest, normalise};
use super::period::{Period, PeriodKind};
use super::questionnaire::Questionnaire;
use super::unit::Unit;
use super::validity::Validity;

/// The code of a total. Never a blank, so that a sum over a dimension must say what it means.
pub const TOTAL: &str = "_T";

/// Scope of the names in the code lists themselves, after every alias. No dataset is called so.
const NAMES: &str = "*";

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
        static TOTAL_CODE: LazyLock<Code> = LazyLock::new(|| Code::new(TOTAL));
        TOTAL_CODE.clone()
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

/// One row of a code list (`pipelines/codes/<list>.csv`).
#[derive(Clone, Debug)]
pub struct CodeEntry {
    pub code: Code,
    pub parent: Option<Code>,
    pub name_zh: String,
    pub name_en: String,
    pub valid: Validity,
    /// The version whose file holds the row.
    pub version: String,
}

/// An edition of a code list, and when it was in force.
#[derive(Clone, Debug)]
pub struct Version {
    pub name: String,
    pub valid: Validity,
}

/// A list of codes in all its versions. No code means one thing in one version and another in the next: where a standard
/// gives its codes a new meaning, those of the other versions are written with the version (`H-2002`).
#[derive(Clone, Debug)]
pub struct CodeList {
    pub name: String,
    pub name_zh: String,
    /// The base version, whose names labels mean unless a table says otherwise.
    pub version: String,
    /// The codes of every version, those of the base first.
    pub entries: Vec<CodeEntry>,
    /// All versions, the base first.
    pub versions: Vec<Version>,
}

impl CodeList {
    /// A list of one version.
    pub fn single(name: &str, name_zh: &str, version: &str, entries: Vec<CodeEntry>) -> CodeList {
        let [name, name_zh, version] = [name, name_zh, version].map(str::to_owned);
        let only = Version { name: version.clone(), valid: Validity::default() };
        CodeList { name, name_zh, version, entries, versions: vec![only] }
    }

    pub fn get(&self, code: &str) -> Option<&CodeEntry> {
        self.entries.iter().find(|e| e.code.as_str() == code)
    }

    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|v| v.name == name)
    }

    /// Whether a version has a code: those of its own file, or, where it has none, what the base version's file holds for
    /// the time in which the version was in force.
    pub fn holds(&self, version: &Version, entry: &CodeEntry) -> bool {
        let own = self.entries.iter().any(|e| e.version == version.name);
        match own && version.name != self.version {
            true => entry.version == version.name,
            false => {
                let single = self.versions.len() == 1;
                entry.version == self.version && (single || entry.valid.overlaps(&version.valid))
            }
        }
    }

    /// The version that is in force in a period; the base version where none says that it is.
    pub fn version_in(&self, period: Period) -> &str {
        let dated = self.versions.iter().filter(|v| !v.valid.is_open());
        dated.clone().find(|v| v.valid.covers(period)).map_or(&self.version, |v| &v.name)
    }

    /// When a code may be used: by its own dates, or by those of the version that brought it.
    pub fn validity(&self, entry: &CodeEntry) -> Validity {
        let of_version = self.version(&entry.version).filter(|v| v.name != self.version).map(|v| v.valid.clone());
        match entry.valid.is_open() {
            true => of_version.unwrap_or_default(),
            false => entry.valid.clone(),
        }
    }
}

/// Who reads a label: a table, by the versions of code lists that it declares.
#[derive(Clone, Copy, Debug)]
pub struct LabelScope<'a> {
    pub dataset: &'a str,
    pub table: &'a str,
    /// List → version; the base version of any other list.
    pub versions: &'a BTreeMap<String, String>,
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
    /// Whether the label is no name of the code but a misprint of one.
    pub misprint: bool,
}

/// Digits of the finest class.
const CLASS_DIGITS: usize = 4;

/// Finer codes that a list leaves out, such as divisions and classes of industry: those that begin with a number from the
/// first to the last belong to a code of the list.
#[derive(Clone, Debug)]
pub struct Class {
    pub list: String,
    pub version: String,
    /// Digits, as many as in `last`.
    pub first: String,
    pub last: String,
    pub code: Code,
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
    /// For the explanatory notes of a yearbook; blank where it prints none.
    pub definition_zh: String,
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
    Unknown { list: String, label: String },
    #[error("\"{label}\" is the name of several {list} codes: {}", .codes.iter().map(Code::as_str).collect::<Vec<_>>().join(", "))]
    Ambiguous { list: String, label: String, codes: Vec<Code> },
    #[error("the {list} \"{label}\" ({code}) does not lie below {outer}")]
    Outside { list: String, label: String, code: Code, outer: Code },
}

/// All code lists, aliases, units and indicators of a project.
#[derive(Clone, Debug, Default)]
pub struct Codebook {
    pub lists: BTreeMap<String, CodeList>,
    pub aliases: Vec<Alias>,
    pub classes: Vec<Class>,
    pub units: Vec<Unit>,
    pub indicators: Vec<Indicator>,
    /// By survey.
    pub questionnaires: BTreeMap<String, Questionnaire>,
    /// Which codes of one version follow which of another, with those that follow over several steps.
    pub concordance: Vec<Correspondence>,
    pub breaks: Vec<Break>,
    /// (list, scope, normalised label) → the codes of this name, as a rule one; made by [`Codebook::index`]. The names of
    /// the lists stand in a scope of their own, so that an alias hides none of them from a look-up below an outer code.
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
                let key = (list.to_owned(), NAMES.to_owned(), normalise(label).into_owned());
                index.entry(key).or_default().insert(Code::new(code));
            }
        }
        for alias in &self.aliases {
            let key = (alias.list.clone(), alias.scope.clone(), normalise(&alias.label).into_owned());
            index.insert(key, BTreeSet::from([alias.code.clone()]));
        }
        self.index = index;
    }

    /// The code a printed label means in a table: the table's own alias first, then the dataset's, then everyone's, then
    /// the names of the list in the version that the table declares.
    ///
    /// # Errors
    /// The list does not exist, no name or alias equals the label, or several codes
    /// have this name.
    pub fn lookup(&self, list: &str, scope: LabelScope<'_>, label: &str) -> Result<Code, LookupError> {
        if list != "indicator" && list != "unit" && !self.lists.contains_key(list) {
            return Err(LookupError::NoList { list: list.to_owned() });
        }
        match self.named(list, scope, label).next() {
            Some(codes) => only(list, label, codes),
            None => Err(LookupError::Unknown { list: list.to_owned(), label: label.to_owned() }),
        }
    }

    /// The alias by which a label is read that is a misprint.
    pub fn misprint(&self, list: &str, scope: LabelScope<'_>, label: &str) -> Option<&Alias> {
        let table = |alias: &&Alias| {
            alias.scope.strip_prefix(scope.dataset).is_some_and(|t| t.strip_prefix('/') == Some(scope.table))
        };
        let read_here = |alias: &&Alias| alias.scope.is_empty() || alias.scope == scope.dataset || table(alias);
        let mut of_list = self.aliases.iter().filter(|alias| alias.misprint && alias.list == list);
        of_list.find(|alias| read_here(alias) && normalise(&alias.label) == normalise(label))
    }

    /// The code of a list to which a finer code belongs that the list leaves out: `1311` or `C1311` to the section C.
    pub fn class(&self, list: &str, version: &str, label: &str) -> Option<&Code> {
        let label = normalise(label);
        let letter = label.chars().next().filter(char::is_ascii_alphabetic);
        let digits = &label[letter.map_or(0, char::len_utf8)..];
        if !digits.bytes().all(|b| b.is_ascii_digit()) || digits.len() > CLASS_DIGITS {
            return None;
        }
        let holds = |class: &&Class| {
            let begins = digits.get(..class.first.len());
            class.list == list
                && class.version == version
                && begins.is_some_and(|begins| (class.first.as_str()..=class.last.as_str()).contains(&begins))
        };
        let found = &self.classes.iter().find(holds)?.code;
        letter.is_none_or(|letter| found.as_str().starts_with(letter.to_ascii_uppercase())).then_some(found)
    }

    /// The list of this name, in code or in print.
    pub fn list(&self, name: &str) -> Option<&CodeList> {
        let name = normalise(name);
        self.lists.values().find(|l| l.name == name || normalise(&l.name_zh) == name)
    }

    /// The known labels of a list that are nearest to one that is not: for hints, since all of them are looked at.
    pub fn near(&self, list: &str, dataset: &str, label: &str) -> Vec<&str> {
        let known = self.index.keys().filter(|k| {
            let everyone = k.1.is_empty() || k.1 == NAMES;
            k.0 == list && (everyone || k.1.starts_with(dataset))
        });
        nearest(label, known.map(|k| k.2.as_str()))
    }

    /// The code a label means below another of the same list, as a district's name below its city's: of several codes of
    /// this name the one below it, which may also be named with it (济南市市中区). A total below a code is that code's own.
    ///
    /// # Errors
    /// As [`Codebook::lookup`], or the label's code does not lie below the outer one.
    pub fn lookup_below(
        &self,
        list: &str,
        scope: LabelScope<'_>,
        label: &str,
        outer: &Code,
    ) -> Result<Code, LookupError> {
        let outer_name = self.lists.get(list).and_then(|l| l.get(outer.as_str())).map_or("", |e| e.name_zh.as_str());
        for label in [label.to_owned(), format!("{outer_name}{label}")] {
            for codes in self.named(list, scope, &label) {
                let below: Vec<Code> = codes.into_iter().filter(|code| self.is_below(list, code, outer)).collect();
                if !below.is_empty() {
                    return only(list, &label, below);
                }
            }
        }
        let code = self.lookup(list, scope, label)?;
        if code.as_str() == TOTAL {
            return Ok(outer.clone());
        }
        let (list, label, outer) = (list.to_owned(), label.to_owned(), outer.clone());
        Err(LookupError::Outside { list, label, code, outer })
    }

    /// The codes of a label, by scope: the table's, the dataset's, everyone's, and those of the lists themselves; of several
    /// versions those of the one that is read by. An alias may lead to any version where the table declares none.
    fn named(&self, list: &str, scope: LabelScope<'_>, label: &str) -> impl Iterator<Item = Vec<Code>> {
        let (name, label) = (list.to_owned(), normalise(label).into_owned());
        let codes = self.lists.get(list);
        let declared = scope.versions.get(list).and_then(|v| codes?.version(v));
        let base = codes.and_then(|codes| codes.versions.first());
        let scopes = [format!("{}/{}", scope.dataset, scope.table), scope.dataset.to_owned(), String::new()];
        let scopes = scopes.map(|scope| (scope, declared)).into_iter().chain([(NAMES.to_owned(), declared.or(base))]);
        scopes.filter_map(move |(scope, version)| {
            let found = self.index.get(&(name.clone(), scope, label.clone()))?;
            let of_version = |code: &&Code| match (codes, version) {
                (Some(codes), Some(version)) => is_of(codes, version, code),
                _ => true,
            };
            Some(found.iter().filter(of_version).cloned().collect()).filter(|codes: &Vec<Code>| !codes.is_empty())
        })
    }

    /// Whether a code has another among its parents; every code but the total lies below the total, and a local code,
    /// whose parents nobody states, below any.
    fn is_below(&self, list: &str, code: &Code, outer: &Code) -> bool {
        let Some(list) = self.lists.get(list) else { return false };
        let parent = |code: &Code| list.get(code.as_str()).and_then(|e| e.parent.clone());
        let mut parents = std::iter::successors(parent(code), parent).take(list.entries.len());
        let stated = parents.any(|p| p == *outer);
        code.as_str() != TOTAL && code != outer && (outer.as_str() == TOTAL || is_local(code.as_str()) || stated)
    }

    /// The code that a label means everywhere, where it means one.
    pub fn find(&self, list: &str, label: &str) -> Option<Code> {
        let scope = LabelScope { dataset: "", table: "", versions: &BTreeMap::new() };
        let codes = self.named(list, scope, label).next()?;
        codes.first().filter(|_| codes.len() == 1).cloned()
    }

    pub fn unit(&self, code: &str) -> Option<&Unit> {
        self.units.iter().find(|u| u.code == code)
    }

    pub fn indicator(&self, code: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|i| i.code.as_str() == code)
    }
}

/// Whether a version of a list has a code; what a table made for itself, and the total, are in all.
fn is_of(list: &CodeList, version: &Version, code: &Code) -> bool {
    let single = list.versions.len() == 1;
    single
        || is_local(code.as_str())
        || list.get(code.as_str()).is_none_or(|e| code.as_str() == TOTAL || list.holds(version, e))
}

/// The code, if it is one only.
fn only(list: &str, label: &str, mut codes: Vec<Code>) -> Result<Code, LookupError> {
    match codes.pop() {
        Some(code) if codes.is_empty() => Ok(code),
        last => {
            codes.extend(last);
            Err(LookupError::Ambiguous { list: list.to_owned(), label: label.to_owned(), codes })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regions with two cities that have a 鼓楼区 and a 市辖区 each, and an alias of one dataset.
    fn book() -> Codebook {
        let entry = |(code, parent, name_zh): (&str, &str, &str)| CodeEntry {
            code: Code::new(code),
            parent: (!parent.is_empty()).then(|| Code::new(parent)),
            name_zh: name_zh.into(),
            name_en: String::new(),
            valid: Validity::default(),
            version: "2020".into(),
        };
        let regions = [
            ("_T", "", "不分地区"),
            ("320000", "_T", "江苏省"),
            ("320100", "320000", "南京市"),
            ("320101", "320100", "市辖区"),
            ("320106", "320100", "鼓楼区"),
            ("350100", "_T", "福州市"),
            ("350101", "350100", "市辖区"),
            ("350102", "350100", "鼓楼区"),
            ("350103", "350100", "福州市台江区"),
        ];
        let entries = regions.into_iter().map(entry).collect();
        let list = CodeList::single("region", "行政区划", "2020", entries);
        let alias = |scope: &str, label: &str, code: &str| Alias {
            misprint: false,
            list: "region".into(),
            scope: scope.into(),
            label: label.into(),
            code: Code::new(code),
            reason: "a test".into(),
        };
        let aliases = vec![alias("fuzhou", "鼓楼区", "350102"), alias("", "合计", "_T"), alias("", "鼓楼", "320106")];
        let lists = BTreeMap::from([(list.name.clone(), list)]);
        let mut book = Codebook { lists, aliases, ..Codebook::default() };
        book.index();
        book
    }

    fn of(dataset: &str) -> LabelScope<'_> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        LabelScope { dataset, table: "t", versions: &NONE }
    }

    #[test]
    fn a_name_of_several_codes_is_not_guessed() {
        let book = book();
        let look_up = |dataset: &str, label: &str| {
            book.lookup("region", of(dataset), label).map(|c| c.to_string()).map_err(|e| e.to_string())
        };
        assert_eq!(look_up("fuzhou", "鼓楼区"), Ok("350102".into()));
        assert_eq!(look_up("nanjing", "320106"), Ok("320106".into()));
        let several = "\"鼓楼区\" is the name of several region codes: 320106, 350102";
        assert_eq!(look_up("nanjing", "鼓楼区"), Err(several.into()));
    }

    #[test]
    fn a_name_below_another_is_looked_up_there() {
        let book = book();
        let check = |dataset: &str, label: &str, outer: &str, expected: Result<&str, &str>| {
            let found = book.lookup_below("region", of(dataset), label, &Code::new(outer));
            let found = found.map(|c| c.to_string()).map_err(|e| e.to_string());
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{label} below {outer}");
        };
        check("t", "市辖区", "320100", Ok("320101"));
        check("t", "市辖区", "350100", Ok("350101"));
        check("t", "鼓楼区", "320100", Ok("320106"));
        check("t", "鼓楼区", "320000", Ok("320106"));
        // The dataset's alias says another one, which does not lie there.
        check("fuzhou", "鼓楼区", "320100", Ok("320106"));
        check("t", "鼓楼", "320100", Ok("320106"));
        check("t", "鼓楼", "350100", Err("the region \"鼓楼\" (320106) does not lie below 350100"));
        // Printed with the city's name, and without.
        check("t", "台江区", "350100", Ok("350103"));
        check("t", "福州市台江区", "350100", Ok("350103"));
        check("t", "南京市", "350100", Err("the region \"南京市\" (320100) does not lie below 350100"));
        check("t", "南京市", "320100", Err("the region \"南京市\" (320100) does not lie below 320100"));
        check("t", "鼓楼区", "_T", Err("\"鼓楼区\" is the name of several region codes: 320106, 350102"));
        check("t", "合计", "320100", Ok("320100"));
        check("t", "合计", "_T", Ok("_T"));
        check("t", "南京", "320000", Err("no region code for \"南京\""));
    }
}
