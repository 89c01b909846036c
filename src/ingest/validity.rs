//! Codes are used while they are in force: a figure of a year under a scheme that had ended, or in a classification that
//! came later, is not what it says it is.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Reading;
use crate::diag::{Diagnostic, Place};
use crate::domain::{CodeEntry, CodeList, Coordinates, Observation, Period, TOTAL};

/// A fault for the first cell of every code and period that do not go together, and of every code of another version than
/// the declared one.
pub(super) fn check(reading: &Reading, observations: &[Observation], faults: &mut Vec<Diagnostic>) {
    // What rows and columns say is shared by many cells; only those of limited codes are looked at one by one.
    let mut limited: HashMap<*const Coordinates, bool> = HashMap::new();
    let mut is_limited =
        |c: &Arc<Coordinates>| *limited.entry(Arc::as_ptr(c)).or_insert_with(|| c.codes().any(|c| limits(reading, c)));
    let mut told: BTreeSet<(String, String, Period)> = BTreeSet::new();
    for o in observations {
        let [below, above] = &o.coordinates;
        if !is_limited(below) && !is_limited(above) {
            continue;
        }
        for (list, code) in codes_of(o) {
            let Some((codes, entry)) = find(reading, &list, &code) else { continue };
            let Some(what) = fault(reading, codes, entry, o.period) else { continue };
            if told.insert((list, code, o.period)) {
                let place = Place::cell(&o.origin().source_file, o.origin().sheet.as_str(), o.cell().as_str());
                faults.push(reading.named(what.at(place)));
            }
        }
    }
}

fn find<'r>(reading: &'r Reading, list: &str, code: &str) -> Option<(&'r CodeList, &'r CodeEntry)> {
    let codes = reading.codebook.lists.get(list)?;
    Some((codes, codes.get(code)?))
}

/// Whether a code may be out of place at all.
fn limits(reading: &Reading, (list, code): (&str, &str)) -> bool {
    let declared = reading.layout().versions.contains_key(list);
    find(reading, list, code).is_some_and(|(codes, entry)| declared || !codes.validity(entry).is_open())
}

/// Every code of an observation, what the column says over what the row says.
fn codes_of(o: &Observation) -> Vec<(String, String)> {
    let [below, above] = &o.coordinates;
    let said = |list: &str| above.codes().any(|(other, _)| other == list);
    let all = below.codes().filter(|(list, _)| !said(list)).chain(above.codes());
    all.map(|(list, code)| (list.to_owned(), code.to_owned())).collect()
}

fn fault(reading: &Reading, codes: &CodeList, entry: &CodeEntry, period: Period) -> Option<Diagnostic> {
    let (list, code, name) = (&codes.name, &entry.code, &entry.name_zh);
    if let Some(version) = reading.layout().versions.get(list).and_then(|v| codes.version(v)) {
        // Who declares the version says that the figures have been made by it, whatever their year.
        if codes.holds(version, entry) || code.as_str() == TOTAL || code.is_local() {
            return None;
        }
        let message = format!("{list} {code} ({name}) is no code of version {}", version.name);
        let hint = format!("versions in {} declares that version: take a code of it", reading.table.spec);
        return Some(Diagnostic::error("code-version", message).hint(hint));
    }
    let valid = codes.validity(entry);
    if valid.covers(period) {
        return None;
    }
    let (when, from) = match valid.ended_before(period) {
        true => (format!("ended in {}", valid.to), successors(reading, list, code.as_str())),
        false => (format!("began in {}", valid.from), predecessors(reading, list, code.as_str())),
    };
    let message = format!("the {list} {code} ({name}) {when}, and the figure is of {period}");
    let of_list = match entry.version == codes.version {
        true => format!("the dates stand in pipelines/codes/{list}.csv"),
        false => "the version's dates stand in pipelines/codes/lists.csv".to_owned(),
    };
    let hint = match (from.is_empty(), codes.versions.len() > 1) {
        (false, _) => format!("the concordance leads to {}; {of_list}", from.join(", ")),
        (true, true) => {
            format!("declare the version that the table is divided by: versions = {{ {list} = \"…\" }}; {of_list}")
        }
        (true, false) => of_list,
    };
    Some(Diagnostic::error("code-not-in-force", message).hint(hint))
}

fn successors(reading: &Reading, list: &str, code: &str) -> Vec<String> {
    let all = reading.codebook.concordance.iter().filter(|c| c.list == list && c.from_code.as_str() == code);
    unique(all.map(|c| c.to_code.to_string()))
}

fn predecessors(reading: &Reading, list: &str, code: &str) -> Vec<String> {
    let all = reading.codebook.concordance.iter().filter(|c| c.list == list && c.to_code.as_str() == code);
    unique(all.map(|c| c.from_code.to_string()))
}

fn unique(codes: impl Iterator<Item = String>) -> Vec<String> {
    let all: BTreeSet<String> = codes.collect();
    all.into_iter().collect()
}
