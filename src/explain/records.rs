//! Records behind a figure in words: how many of which table, what they have in common, and the files they came in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::warehouse::provenance::Behind;

/// Files that are named in one line; the others are counted.
const FILES_MAX: usize = 4;

/// The files that the records came in, beside those of other cells: several cells may rest on the same records, so of each file
/// the most count that one cell rests on.
pub fn add_files(all: &[Behind], files: &mut BTreeMap<(String, String), u64>) {
    let mut own = BTreeMap::new();
    all.iter().for_each(|behind| behind.all_files(&mut own));
    for (file, count) in own {
        let known: &mut u64 = files.entry(file).or_default();
        *known = count.max(*known);
    }
}

/// Line by line, what lies below further in.
pub fn lines(all: &[Behind]) -> Vec<String> {
    let mut lines = Vec::new();
    for behind in all {
        tell(behind, "", &mut lines);
    }
    lines
}

fn tell(behind: &Behind, indent: &str, lines: &mut Vec<String>) {
    let count = behind.count();
    let rows = if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
    let role = if behind.is_value { "" } else { "chosen with " };
    let of = behind.columns.iter().cloned().collect::<Vec<_>>().join(", ");
    let of = if of.is_empty() { String::new() } else { format!(" ({of})") };
    lines.push(format!("{indent}{role}{rows} of {}{of}{}", behind.table, months(behind)));
    let below = format!("{indent}   ");
    if !behind.conditions.is_empty() {
        lines.push(format!("{below}where {}", behind.conditions.join("; ")));
    }
    if !behind.files.is_empty() {
        lines.push(format!("{below}{}", files(behind)));
    }
    for further in &behind.below {
        tell(further, &below, lines);
    }
}

fn months(behind: &Behind) -> String {
    let months: BTreeSet<&str> = behind.counts.keys().map(String::as_str).filter(|month| !month.is_empty()).collect();
    match (months.first(), months.last()) {
        (Some(first), Some(last)) if first == last => format!(", {first}"),
        (Some(first), Some(last)) => format!(", {first} to {last}"),
        _ => String::new(),
    }
}

fn files(behind: &Behind) -> String {
    let named = behind.files.iter().take(FILES_MAX);
    let named = named.map(|(file, months)| format!("{file} ({})", months.values().sum::<u64>()));
    let mut named: Vec<String> = named.collect();
    let more = behind.files.len().saturating_sub(FILES_MAX);
    if more > 0 {
        named.push(format!("and {more} more files"));
    }
    format!("from {}", named.join(", "))
}

/// For programs: every file with its months.
pub fn json(behind: &Behind) -> Value {
    json!({
        "table": behind.table,
        "role": if behind.is_value { "value" } else { "chosen" },
        "columns": behind.columns,
        "conditions": behind.conditions,
        "count": behind.count(),
        "months": behind.counts.iter().filter(|(month, _)| !month.is_empty()).collect::<BTreeMap<_, _>>(),
        "files": behind.files,
        "below": behind.below.iter().map(json).collect::<Vec<_>>(),
    })
}
