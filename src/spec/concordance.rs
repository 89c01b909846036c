//! `pipelines/codes/concordance/*.csv` and `pipelines/codes/breaks.csv`: which codes take the place of which, and where a
//! series breaks. The weights of a code add up to 1, exactly, or none of them is known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::codes::{Row, code_exists, codes_of, list_exists, read};
use crate::diag::Diagnostic;
use crate::domain::concordance::{self, Break, BreakKind, Correspondence, Weight};
use crate::domain::label::nearest;
use crate::domain::{Code, Codebook, TOTAL, Validity};

/// The folder of the concordances, below that of the code lists.
const FOLDER: &str = "concordance";
const BREAKS: &str = "breaks.csv";

const COLUMNS: [&str; 10] =
    ["list", "from_version", "from_code", "to_version", "to_code", "weight", "unit", "valid_from", "source", "reason"];
const BREAK_COLUMNS: [&str; 10] =
    ["indicator", "scheme", "region", "ownership", "industry", "at", "kind", "reason", "reason_zh", "source"];

/// What a share of a count may be stated for: the rows of one code, by list and unit.
type FromCode = (String, String, String);

/// Read both; a project may have neither.
pub(super) fn load(folder: &Path, book: &mut Codebook, shown: &dyn Fn(&Path) -> String, faults: &mut Vec<Diagnostic>) {
    let mut stated: Vec<(Row, Correspondence)> = Vec::new();
    for path in files(&folder.join(FOLDER)) {
        for row in read(&path, &COLUMNS, shown, faults) {
            if let Some(one) = correspondence(&row, book, faults) {
                stated.push((row, one));
            }
        }
    }
    if weights_add_up(&stated, faults) {
        let all = stated.iter().map(|(_, one)| one.clone()).collect();
        match concordance::complete(all) {
            Ok(all) => book.concordance = all,
            Err(circle) => {
                if let Some((row, _)) = stated.iter().find(|(_, one)| one.from_code == circle.0) {
                    let message = format!("\"{}\" comes after itself", circle.0);
                    let fault = row.fault("concordance-circle", message, Vec::new());
                    faults.push(fault.hint("codes that change back need a code of their own"));
                }
            }
        }
    }
    let path = folder.join(BREAKS);
    if path.is_file() {
        let rows = read(&path, &BREAK_COLUMNS, shown, faults);
        book.breaks = rows.iter().filter_map(|row| break_of(row, book, faults)).collect();
    }
}

/// The CSV files of a folder, sorted; none where there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|e| e == "csv")).collect();
    paths.sort();
    paths
}

fn correspondence(row: &Row, book: &Codebook, faults: &mut Vec<Diagnostic>) -> Option<Correspondence> {
    let before = faults.len();
    let name = row.get("list");
    let Some(list) = book.lists.get(name) else {
        let known = book.lists.keys().map(String::as_str);
        faults.push(row.fault("unknown-list", format!("there is no code list \"{name}\""), nearest(name, known)));
        return None;
    };
    for (version, code) in [("from_version", "from_code"), ("to_version", "to_code")] {
        let (written, code) = (row.get(version), row.get(code));
        let Some(version) = list.version(written) else {
            let known: Vec<&str> = list.versions.iter().map(|v| v.name.as_str()).collect();
            let fault = row.fault("unknown-version", format!("list {name} has no version \"{written}\""), Vec::new());
            faults.push(fault.hint(format!(
                "its versions are {}; a version is a line of pipelines/codes/lists.csv",
                known.join(", ")
            )));
            continue;
        };
        match list.get(code) {
            Some(entry) if list.holds(version, entry) && code != TOTAL => {}
            Some(entry) if code != TOTAL => {
                let message = format!("version {written} of list {name} has no code \"{code}\" ({})", entry.name_zh);
                let of = list.versions.iter().filter(|v| list.holds(v, entry)).map(|v| v.name.as_str());
                let hint = format!("it is a code of {}", of.collect::<Vec<_>>().join(", "));
                faults.push(row.fault("unknown-code", message, Vec::new()).hint(hint));
            }
            _ => {
                let known = list.entries.iter().filter(|e| list.holds(version, e)).map(|e| e.code.as_str());
                let message = format!("list {name} has no code \"{code}\" to carry over");
                faults.push(row.fault("unknown-code", message, nearest(code, known)));
            }
        }
    }
    let (from, to) = (row.get("from_code"), row.get("to_code"));
    if from == to && !from.is_empty() {
        let message = format!("\"{from}\" takes the place of itself");
        let fault = row.fault("concordance-circle", message, Vec::new());
        faults.push(
            fault.hint("a code that stays needs no line; one that changed what it counts is a line of breaks.csv"),
        );
    }
    let weight = match row.get("weight") {
        "" => None,
        text => text.parse::<Weight>().map_err(|e| faults.push(row.fault("weight", e.to_string(), Vec::new()))).ok(),
    };
    let unit = row.get("unit");
    if !unit.is_empty() && !book.units.iter().any(|u| u.code == unit && u.base == unit) {
        let bases = book.units.iter().filter(|u| u.base == u.code).map(|u| u.code.as_str());
        faults.push(row.fault("unknown-code", format!("\"{unit}\" is no base unit"), nearest(unit, bases)));
    }
    let since = date(row, "valid_from", faults);
    reasoned(row, faults);
    let in_use = list.get(from).map_or(Validity::default(), |entry| list.validity(entry));
    (faults.len() == before).then(|| Correspondence {
        list: name.to_owned(),
        from_version: row.get("from_version").to_owned(),
        from_code: Code::new(from),
        to_version: row.get("to_version").to_owned(),
        to_code: Code::new(to),
        weight,
        weights: Vec::new(),
        place: 0,
        unit: unit.to_owned(),
        since,
        in_use,
        via: String::new(),
        source: row.get("source").to_owned(),
        reason: row.get("reason").to_owned(),
    })
}

/// The day from which on something holds, which must be stated.
fn date(row: &Row, column: &str, faults: &mut Vec<Diagnostic>) -> Validity {
    let valid = Validity::parse(row.get(column), "");
    if valid.as_ref().is_ok_and(Validity::is_open) {
        let message = format!("{column} is blank: from when on does it hold?");
        faults.push(row.fault("codes-date", message, Vec::new()).hint("write a year, a month or a day"));
    }
    valid.unwrap_or_else(|error| {
        faults.push(row.fault("codes-date", error.to_string(), Vec::new()));
        Validity::default()
    })
}

fn reasoned(row: &Row, faults: &mut Vec<Diagnostic>) {
    if row.get("reason").is_empty() {
        faults.push(row.fault("alias-reason", "the line needs a reason".to_owned(), Vec::new()));
    }
}

/// Whether all weights of each code add up to 1, no line stands twice, and no more is wrong.
fn weights_add_up(stated: &[(Row, Correspondence)], faults: &mut Vec<Diagnostic>) -> bool {
    let before = faults.len();
    let mut of_code: BTreeMap<FromCode, Vec<&(Row, Correspondence)>> = BTreeMap::new();
    for one in stated {
        let key = (one.1.list.clone(), one.1.unit.clone(), one.1.from_code.to_string());
        let known = of_code.entry(key).or_default();
        if known.iter().any(|(_, other)| other.to_code == one.1.to_code) {
            let message = format!("\"{}\" already leads to \"{}\"", one.1.from_code, one.1.to_code);
            faults.push(one.0.fault("concordance-twice", message, Vec::new()));
        }
        known.push(one);
    }
    for ((list, _, from), rows) in of_code {
        let last = &rows[rows.len() - 1].0;
        let weights: Vec<Weight> = rows.iter().filter_map(|(_, one)| one.weight).collect();
        if !weights.is_empty() && weights.len() < rows.len() {
            let message = format!("some weights of {list} \"{from}\" are stated and others are not");
            let fault = last.fault("weights", message, Vec::new());
            faults.push(fault.hint("state all of them; leave all blank where the shares are not known"));
        } else if !weights.is_empty() && concordance::sum(&weights) != Some(Weight::ONE) {
            let shown: Vec<String> = weights.iter().map(Weight::to_string).collect();
            let sum = concordance::sum(&weights).map_or("a number that is too long".to_owned(), |sum| sum.to_string());
            let message = format!("the weights of {list} \"{from}\" add up to {sum}, not to 1: {}", shown.join(" + "));
            let fault = last.fault("weights", message, Vec::new());
            faults.push(fault.hint("every figure must find its place, once; write thirds as 1/3"));
        }
    }
    faults.len() == before
}

fn break_of(row: &Row, book: &Codebook, faults: &mut Vec<Diagnostic>) -> Option<Break> {
    let before = faults.len();
    for list in ["indicator", "scheme", "region", "ownership", "industry"] {
        let code = row.get(list);
        if !code.is_empty() && list_exists(book, list) && !code_exists(book, list, code) {
            let known = codes_of(book, list);
            let near = nearest(code, known.iter().map(String::as_str));
            faults.push(row.fault("unknown-code", format!("list {list} has no code \"{code}\""), near));
        }
    }
    let kind = BreakKind::parse(row.get("kind"));
    if kind.is_none() {
        let fault = row.fault("break-kind", format!("\"{}\" is neither break nor policy", row.get("kind")), Vec::new());
        faults.push(fault.hint("break: no growth is computed across; policy: growth is computed, and flagged"));
    }
    let at = date(row, "at", faults);
    reasoned(row, faults);
    if row.get("reason_zh").is_empty() {
        let fault = row.fault("break-reason", "the line needs a reason in Chinese".to_owned(), Vec::new());
        faults.push(fault.hint("findings are told in both languages"));
    }
    let text = |column: &str| row.get(column).to_owned();
    let kind = kind.filter(|_| faults.len() == before)?;
    Some(Break {
        indicator: text("indicator"),
        scheme: text("scheme"),
        region: text("region"),
        ownership: text("ownership"),
        industry: text("industry"),
        at,
        kind,
        reason: text("reason"),
        reason_zh: text("reason_zh"),
        source: text("source"),
    })
}
