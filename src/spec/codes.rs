//! The code lists under `pipelines/codes/`: lists, units, indicators and aliases, with a fault per bad line.
//!
//! `lists.csv` names every list with its versions, the base version first: its codes stand in `LIST.csv`, those of another
//! version in `LIST-VERSION.csv`, where there is such a file; a version without one is a cut through the base by dates. A
//! file that is not named is a fault, so that none is read by chance.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::concordance;
use crate::diag::{Diagnostic, Place, SourceText};
use crate::domain::label::{nearest, normalise};
use crate::domain::{
    Alias, Class, Code, CodeEntry, CodeList, Codebook, Indicator, PeriodKind, TOTAL, Unit, Validity, Version,
};

/// Files that are no code lists of their own.
const OTHER_FILES: [&str; 6] = ["lists", "unit", "indicator", "aliases", "breaks", "classes"];

/// Read every file of the folder; a file that is missing or a line that is wrong is a fault.
pub(super) fn load(folder: &Path, shown: &dyn Fn(&Path) -> String, faults: &mut Vec<Diagnostic>) -> Codebook {
    let mut book = Codebook::default();
    let columns = ["list", "version", "name_zh", "name_en", "source", "valid_from", "valid_to"];
    for row in &read(&folder.join("lists.csv"), &columns, shown, faults) {
        add_version(folder, row, &mut book, shown, faults);
    }
    unlisted(folder, &book, shown, faults);
    let rows = read(&folder.join("unit.csv"), &["unit", "name_zh", "base", "factor"], shown, faults);
    book.units = once(&rows, "unit", faults).into_iter().filter_map(|row| unit(row, faults)).collect();
    let columns = [
        "indicator",
        "name_zh",
        "name_en",
        "unit",
        "kind",
        "definition",
        "definition_zh",
        "numerator",
        "denominator",
        "source",
    ];
    let rows = read(&folder.join("indicator.csv"), &columns, shown, faults);
    let rows = once(&rows, "indicator", faults);
    book.indicators = rows.into_iter().filter_map(|row| indicator(row, &book, faults)).collect();
    add_aliases(&folder.join("aliases.csv"), &mut book, shown, faults);
    add_classes(&folder.join("classes.csv"), &mut book, shown, faults);
    concordance::load(folder, &mut book, shown, faults);
    book.index();
    book
}

const CODE_COLUMNS: [&str; 6] = ["code", "parent", "name_zh", "name_en", "valid_from", "valid_to"];

/// A line of `lists.csv`: the first of a list brings the list, a further one another version of it.
fn add_version(
    folder: &Path,
    row: &Row,
    book: &mut Codebook,
    shown: &dyn Fn(&Path) -> String,
    faults: &mut Vec<Diagnostic>,
) {
    let (name, version) = (row.get("list"), row.get("version"));
    let valid = row.validity(faults);
    let Some(list) = book.lists.get_mut(name) else {
        let rows = read(&folder.join(format!("{name}.csv")), &CODE_COLUMNS, shown, faults);
        let entries = entries(&rows, version, &[], faults);
        let versions = vec![Version { name: version.to_owned(), valid }];
        let [name, name_zh, version] = ["list", "name_zh", "version"].map(|column| row.get(column).to_owned());
        let list = CodeList { name, name_zh, version, entries, versions };
        book.lists.insert(list.name.clone(), list);
        return;
    };
    if list.version(version).is_some() {
        let message = format!("list {name} has the version \"{version}\" twice");
        return faults.push(row.fault("version-twice", message, Vec::new()));
    }
    if let Some(other) = list.versions.iter().find(|other| other.valid.overlaps(&valid)) {
        let message =
            format!("the versions \"{}\" and \"{version}\" of list {name} are in force at one time", other.name);
        let fault = row.fault("version-overlap", message, Vec::new());
        faults.push(fault.hint("let valid_to of the earlier one end on the day before valid_from of the later one"));
    }
    let path = folder.join(format!("{name}-{version}.csv"));
    if path.is_file() {
        let rows = read(&path, &CODE_COLUMNS, shown, faults);
        let more = entries(&rows, version, &list.entries, faults);
        list.entries.extend(more);
    }
    list.versions.push(Version { name: version.to_owned(), valid });
}

/// Add the labels of a file to a codebook; each must lead to a code that exists, and to one only.
pub(super) fn add_aliases(
    path: &Path,
    book: &mut Codebook,
    shown: &dyn Fn(&Path) -> String,
    faults: &mut Vec<Diagnostic>,
) {
    let mut seen: BTreeMap<(String, String, String), String> = BTreeMap::new();
    for row in &read(path, &["list", "scope", "label", "code", "reason"], shown, faults) {
        let (list, code) = (row.get("list"), row.get("code"));
        if !list_exists(book, list) {
            let known = book.lists.keys().map(String::as_str);
            faults.push(row.fault("unknown-list", format!("there is no code list \"{list}\""), nearest(list, known)));
            continue;
        }
        if !code_exists(book, list, code) {
            let known = codes_of(book, list);
            let near = nearest(code, known.iter().map(String::as_str));
            faults.push(row.fault("unknown-code", format!("list {list} has no code \"{code}\""), near));
            continue;
        }
        if row.get("reason").is_empty() {
            faults.push(row.fault("alias-reason", "an alias needs a reason".to_owned(), Vec::new()));
        }
        // Marks are compared as printed, since a blank and a full-width blank may differ.
        let label = row.get("label");
        let compared = if list == "mark" { label.to_owned() } else { normalise(label).into_owned() };
        let key = (list.to_owned(), row.get("scope").to_owned(), compared);
        if let Some(other) = seen.insert(key, code.to_owned()) {
            let message = format!("\"{label}\" already means \"{other}\" in this scope");
            faults.push(row.fault("alias-twice", message, Vec::new()));
        }
        book.aliases.push(Alias {
            list: list.to_owned(),
            scope: row.get("scope").to_owned(),
            label: label.to_owned(),
            code: Code::new(code),
            reason: row.get("reason").to_owned(),
            misprint: row.is_misprint(faults),
        });
    }
}

/// Add the finer codes that lists leave out; there may be no such file.
fn add_classes(path: &Path, book: &mut Codebook, shown: &dyn Fn(&Path) -> String, faults: &mut Vec<Diagnostic>) {
    if !path.is_file() {
        return;
    }
    let mut unknown = BTreeSet::new();
    for row in &read(path, &["list", "version", "first", "last", "code"], shown, faults) {
        let [list, version, first, last, code] = ["list", "version", "first", "last", "code"].map(|c| row.get(c));
        let Some(codes) = book.lists.get(list) else {
            let known = book.lists.keys().map(String::as_str);
            faults.push(row.fault("unknown-list", format!("there is no code list \"{list}\""), nearest(list, known)));
            continue;
        };
        if codes.version(version).is_none() {
            // Told once, of all its classes.
            if !unknown.insert((list.to_owned(), version.to_owned())) {
                continue;
            }
            let known = codes.versions.iter().map(|v| v.name.as_str());
            let message = format!("list {list} has no version \"{version}\"");
            faults.push(row.fault("unknown-version", message, nearest(version, known)));
        } else if codes.get(code).is_none() {
            faults.push(row.fault("unknown-code", format!("list {list} has no code \"{code}\""), Vec::new()));
        } else if first.len() != last.len()
            || first > last
            || !format!("{first}{last}").bytes().all(|b| b.is_ascii_digit())
        {
            let message = format!("\"{first}\" to \"{last}\" are no numbers of as many digits in their order");
            faults.push(row.fault("class-range", message, Vec::new()));
        } else {
            let [list, version, first, last] = [list, version, first, last].map(str::to_owned);
            book.classes.push(Class { list, version, first, last, code: Code::new(code) });
        }
    }
}

/// All codes of a list, also of the lists of units and indicators.
pub(super) fn codes_of(book: &Codebook, list: &str) -> Vec<String> {
    match list {
        "unit" => book.units.iter().map(|u| u.code.clone()).collect(),
        "indicator" => book.indicators.iter().map(|i| i.code.to_string()).collect(),
        _ => book.lists.get(list).map_or(Vec::new(), |l| l.entries.iter().map(|e| e.code.to_string()).collect()),
    }
}

pub(super) fn code_exists(book: &Codebook, list: &str, code: &str) -> bool {
    match list {
        "unit" => book.unit(code).is_some(),
        "indicator" => book.indicator(code).is_some(),
        "mark" => book.lists.get(list).is_some_and(|l| l.get(code).is_some()),
        _ => book.lists.get(list).is_some_and(|l| code == TOTAL || l.get(code).is_some()),
    }
}

pub(super) fn list_exists(book: &Codebook, list: &str) -> bool {
    list == "unit" || list == "indicator" || book.lists.contains_key(list)
}

/// One line of a CSV file with its place.
pub(super) struct Row {
    source: Arc<SourceText>,
    span: std::ops::Range<usize>,
    fields: BTreeMap<String, String>,
}

impl Row {
    /// The field's text; blank where the file lacks the column, which has been reported.
    pub fn get(&self, column: &str) -> &str {
        self.fields.get(column).map_or("", String::as_str)
    }

    pub fn fault(&self, code: &'static str, message: String, near: Vec<&str>) -> Diagnostic {
        let fault = Diagnostic::error(code, message).at(Place::span(&self.source, self.span.clone()));
        if near.is_empty() { fault } else { fault.hint(format!("did you mean {}?", near.join(" or "))) }
    }

    /// What the column `misprint` says, which a file of aliases may leave out.
    fn is_misprint(&self, faults: &mut Vec<Diagnostic>) -> bool {
        let word = self.get("misprint");
        if !["", "yes"].contains(&word) {
            let fault = self.fault("alias-misprint", format!("misprint is \"{word}\""), Vec::new());
            faults
                .push(fault.hint(
                    "write yes where the label is a misprint of a name; leave it blank where it is another name",
                ));
        }
        word == "yes"
    }

    /// What `valid_from` and `valid_to` say; open where they say nothing that can be used.
    fn validity(&self, faults: &mut Vec<Diagnostic>) -> Validity {
        Validity::parse(self.get("valid_from"), self.get("valid_to")).unwrap_or_else(|error| {
            faults.push(self.fault("codes-date", error.to_string(), Vec::new()));
            Validity::default()
        })
    }
}

pub(super) fn read(
    path: &Path,
    columns: &[&str],
    shown: &dyn Fn(&Path) -> String,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Row> {
    let name = shown(path);
    let text = match std::fs::read(path).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => {
            let fault = Diagnostic::error("codes-encoding", "the file is not UTF-8").at(Place::file(name));
            faults.push(fault.hint("save it as CSV UTF-8"));
            return Vec::new();
        }
        Err(error) => {
            let message = format!("cannot read the code list: {error}");
            faults.push(Diagnostic::error("codes-missing", message).at(Place::file(name)));
            return Vec::new();
        }
    };
    let source = Arc::new(SourceText { name, text });
    let mut reader = csv::ReaderBuilder::new().from_reader(source.text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            faults.push(Diagnostic::error("codes-csv", error.to_string()).at(Place::span(&source, 0..0)));
            return Vec::new();
        }
    };
    for column in columns.iter().filter(|c| !header.iter().any(|h| h == **c)) {
        let fault = Diagnostic::error("codes-column", format!("the column \"{column}\" is missing"));
        faults.push(fault.at(Place::span(&source, 0..0)).hint(format!("the columns are {}", columns.join(","))));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let start = record.position().map_or(0, |p| p.byte() as usize);
                let length = source.text[start..].find('\n').unwrap_or(source.text.len() - start);
                let fields = header.iter().zip(&record).map(|(h, f)| (h.to_owned(), f.to_owned())).collect();
                rows.push(Row { source: source.clone(), span: start..start + length, fields });
            }
            Err(error) => {
                let start = error.position().map_or(0, |p| p.byte() as usize);
                let message = format!("the line does not have the header's fields: {error}");
                faults.push(Diagnostic::error("codes-csv", message).at(Place::span(&source, start..start)));
            }
        }
    }
    rows
}

/// The codes of one version; `others` are those of the versions before.
fn entries(rows: &[Row], version: &str, others: &[CodeEntry], faults: &mut Vec<Diagnostic>) -> Vec<CodeEntry> {
    let known: BTreeSet<&str> = rows.iter().map(|r| r.get("code")).collect();
    let mut entries = Vec::new();
    for row in once(rows, "code", faults) {
        let (code, parent) = (row.get("code"), row.get("parent"));
        if let Some(other) = others.iter().find(|other| other.code.as_str() == code) {
            let message = format!("the code \"{code}\" is {} in version {}", other.name_zh, other.version);
            let fault = row.fault("code-of-version", message, Vec::new());
            faults.push(fault.hint(format!("a code means one thing: write \"{code}-{version}\"")));
        }
        if !parent.is_empty() && !known.contains(parent) && !others.iter().any(|o| o.code.as_str() == parent) {
            let near = nearest(parent, known.iter().copied());
            faults.push(row.fault("unknown-code", format!("the parent \"{parent}\" is no code of this list"), near));
        }
        entries.push(CodeEntry {
            code: Code::new(code),
            parent: (!parent.is_empty()).then(|| Code::new(parent)),
            name_zh: row.get("name_zh").to_owned(),
            name_en: row.get("name_en").to_owned(),
            valid: row.validity(faults),
            version: version.to_owned(),
        });
    }
    entries
}

/// The rows but those whose code is blank or has stood before.
fn once<'a>(rows: &'a [Row], column: &str, faults: &mut Vec<Diagnostic>) -> Vec<&'a Row> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for row in rows {
        let code = row.get(column);
        if code.is_empty() || !seen.insert(code) {
            faults.push(row.fault("code-twice", format!("the code \"{code}\" is blank or stands twice"), Vec::new()));
        } else {
            kept.push(row);
        }
    }
    kept
}

fn unit(row: &Row, faults: &mut Vec<Diagnostic>) -> Option<Unit> {
    let factor = row.get("factor").parse::<Decimal>().ok().filter(|f| *f > Decimal::ZERO);
    if factor.is_none() {
        faults.push(row.fault("unit-factor", format!("\"{}\" is no factor", row.get("factor")), Vec::new()));
    }
    Some(Unit {
        code: row.get("unit").to_owned(),
        name_zh: row.get("name_zh").to_owned(),
        base: row.get("base").to_owned(),
        factor: factor?,
    })
}

fn indicator(row: &Row, book: &Codebook, faults: &mut Vec<Diagnostic>) -> Option<Indicator> {
    let unit = row.get("unit");
    if !book.units.iter().any(|u| u.code == unit && u.base == unit) {
        let bases = book.units.iter().filter(|u| u.base == u.code).map(|u| u.code.as_str());
        faults.push(row.fault("unknown-code", format!("\"{unit}\" is no base unit"), nearest(unit, bases)));
    }
    let kind = PeriodKind::parse(row.get("kind"));
    if kind.is_none() {
        let message = format!("\"{}\" is none of stock, flow, rate, rule", row.get("kind"));
        faults.push(row.fault("indicator-kind", message, Vec::new()));
    }
    Some(Indicator {
        code: Code::new(row.get("indicator")),
        name_zh: row.get("name_zh").to_owned(),
        name_en: row.get("name_en").to_owned(),
        unit: unit.to_owned(),
        kind: kind?,
        definition: row.get("definition").to_owned(),
        definition_zh: row.get("definition_zh").to_owned(),
        numerator: row.get("numerator").to_owned(),
        denominator: row.get("denominator").to_owned(),
        source: row.get("source").to_owned(),
    })
}

fn unlisted(folder: &Path, book: &Codebook, shown: &dyn Fn(&Path) -> String, faults: &mut Vec<Diagnostic>) {
    let Ok(files) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<_> =
        files.flatten().map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "csv")).collect();
    paths.sort();
    for path in paths {
        let name = path.file_stem().map_or(String::new(), |s| s.to_string_lossy().into_owned());
        let versions =
            book.lists.values().flat_map(|l| l.versions[1..].iter().map(|v| format!("{}-{}", l.name, v.name)));
        let named = book.lists.contains_key(&name) || versions.into_iter().any(|version| version == name);
        if !named && !OTHER_FILES.contains(&name.as_str()) {
            let fault =
                Diagnostic::error("unlisted-codes", format!("lists.csv does not name the code list \"{name}\""));
            faults
                .push(fault.at(Place::file(shown(&path))).hint("add a line with its version and source to lists.csv"));
        }
    }
}
