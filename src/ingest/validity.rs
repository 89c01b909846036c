//! Codes are used while they are in force: a figure of a year under a scheme that had ended, or in a classification that
//! came later, is not what it says it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Reading;
use crate::diag::{Diagnostic, Place};
use crate::domain::{CodeEntry, CodeList, Coordinates, Observation, Observations, Period, TOTAL};

/// A fault for every code that is used when it is not in force, or that is of another version than the declared one: at
/// its first cell, with the number of all.
pub(super) fn check(reading: &Reading, observations: &Observations, faults: &mut Vec<Diagnostic>) {
    // What rows and columns say is shared by many cells; only those of limited codes are looked at one by one.
    let mut limited: HashMap<*const Coordinates, bool> = HashMap::new();
    let mut may_be_out =
        |c: &Coordinates| *limited.entry(std::ptr::from_ref(c)).or_insert_with(|| is_limited(reading, c));
    let mut told: BTreeMap<(String, String, String), (Diagnostic, usize)> = BTreeMap::new();
    let mut order = Vec::new();
    for o in observations {
        let [below, above] = o.coordinates();
        if !may_be_out(below) && !may_be_out(above) {
            continue;
        }
        for (list, code) in codes_of(o) {
            let Some((codes, entry)) = find(reading, &list, &code) else { continue };
            let Some((what, fault)) = fault(reading, codes, entry, o.period()) else { continue };
            let key = (list, code, what);
            if let Some((_, cells)) = told.get_mut(&key) {
                *cells += 1;
                continue;
            }
            let place = Place::cell(&o.origin().source_file, o.origin().sheet.as_str(), o.cell().as_str());
            order.push(key.clone());
            told.insert(key, (reading.named(fault.at(place)), 1));
        }
    }
    faults.extend(order.into_iter().filter_map(|key| told.remove(&key)).map(|(fault, cells)| match cells {
        1 => fault,
        _ => fault.hint(format!("{cells} cells of the table have this fault")),
    }));
}

fn find<'r>(reading: &'r Reading, list: &str, code: &str) -> Option<(&'r CodeList, &'r CodeEntry)> {
    let codes = reading.codebook.lists.get(list)?;
    Some((codes, codes.get(code)?))
}

/// Whether any code that is said may be out of place.
pub(super) fn is_limited(reading: &Reading, said: &Coordinates) -> bool {
    said.codes().any(|code| limits(reading, code))
}

/// Whether a code may be out of place at all.
fn limits(reading: &Reading, (list, code): (&str, &str)) -> bool {
    let declared = reading.layout().versions.contains_key(list);
    find(reading, list, code).is_some_and(|(codes, entry)| declared || !codes.validity(entry).is_open())
}

/// Every code of an observation, what the column says over what the row says.
fn codes_of(o: &Observation) -> Vec<(String, String)> {
    let [below, above] = o.coordinates();
    let said = |list: &str| above.codes().any(|(other, _)| other == list);
    let all = below.codes().filter(|(list, _)| !said(list)).chain(above.codes());
    all.map(|(list, code)| (list.to_owned(), code.to_owned())).collect()
}

/// What is wrong with a code, and the fault that says so of one period.
fn fault(reading: &Reading, codes: &CodeList, entry: &CodeEntry, period: Period) -> Option<(String, Diagnostic)> {
    let (list, code, name) = (&codes.name, &entry.code, &entry.name_zh);
    if let Some(version) = reading.layout().versions.get(list).and_then(|v| codes.version(v)) {
        // Who declares the version says that the figures have been made by it, whatever their year.
        if codes.holds(version, entry) || code.as_str() == TOTAL || code.is_local() {
            return None;
        }
        let message = format!("{list} {code} ({name}) is no code of version {}", version.name);
        let hint = format!("versions in {} declares that version: take a code of it", reading.table.spec);
        return Some((message.clone(), Diagnostic::error("code-version", message).hint(hint)));
    }
    let valid = codes.validity(entry);
    if valid.covers(period) {
        return None;
    }
    let (when, from) = match valid.ended_before(period) {
        true => (format!("ended in {}", valid.to), successors(reading, list, code.as_str())),
        false => (format!("began in {}", valid.from), predecessors(reading, list, code.as_str())),
    };
    let what = format!("the {list} {code} ({name}) {when}");
    let message = format!("{what}, and the figure is of {period}");
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
    Some((what, Diagnostic::error("code-not-in-force", message).hint(hint)))
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
