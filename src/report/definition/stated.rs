//! What a report states in `where`, checked against the release: codes that no list has, and selections that match no row.

use std::collections::BTreeSet;

use crate::diag::{Checked, Diagnostic, Place};
use crate::domain::label::nearest;
use crate::report::definition::spec::Selector;
use crate::report::rows::names::Names;
use crate::report::rows::records::Records;
use crate::report::rows::source::{Tables, quoted};
use crate::warehouse::Rows;

/// Columns whose values are codes of the list of the same name. The keys of a breakdown have lists of their own.
pub const CODED: [&str; 6] = ["indicator", "region", "scheme", "ownership", "industry", "population"];

/// Values named in one hint.
const NAMED_MAX: usize = 5;

/// One value of a selector and where it is written.
#[derive(Clone, Debug)]
pub struct Stated {
    pub column: String,
    pub value: String,
    pub place: Place,
}

/// Codes that neither their list nor the rows read know.
pub fn unknown_codes(stated: &[Stated], records: &Records<'_>, names: &Names) -> Vec<Diagnostic> {
    let told = |s: &Stated| Some(unknown_code(&s.column, &s.value, records, names)?.at(s.place.clone()));
    stated.iter().filter_map(told).collect()
}

/// What is wrong with a value that neither the list of its column nor the rows read know; `None` where either does, or there
/// is no list.
pub fn unknown_code(column: &str, value: &str, records: &Records<'_>, names: &Names) -> Option<Diagnostic> {
    let is_unknown = CODED.contains(&column)
        && names.codes_of(column).next().is_some()
        && !names.codes_of(column).any(|code| code == value)
        && !(0..records.rows.rows.len()).any(|row| records.text(row, column) == value);
    if !is_unknown {
        return None;
    }
    let near = nearest(value, names.codes_of(column));
    let listed = format!("codes stand in pipelines/codes/{column}.csv");
    let fault = Diagnostic::error("unknown-code", format!("{column} has no code \"{value}\""));
    Some(fault.hint(match near.is_empty() {
        true => listed,
        false => format!("did you mean {}? {listed}", quoted(&near)),
    }))
}

/// What a table or chart asks of the release, and where it says so.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub from: &'a str,
    pub filter: &'a Selector,
    pub stated: &'a [Stated],
    pub place: &'a Place,
}

/// What is made of the rows that are wanted; `None` where there are none. Without rows, what is wrong with the definition
/// itself (`check`) says more than that nothing answers it.
pub fn filled<T>(
    wanted: Wanted<'_>,
    tables: &Tables<'_>,
    check: impl FnOnce(&Records<'_>) -> Vec<Diagnostic>,
    fill: impl FnOnce(&Rows) -> Checked<Option<T>>,
) -> Checked<Option<T>> {
    match tables.select(wanted.from, wanted.filter, wanted.place) {
        Ok(rows) if rows.rows.is_empty() => {
            let mut faults = check(&Records::new(&rows));
            if faults.is_empty() {
                faults.push(no_rows(wanted, tables));
            }
            Checked::new(None, faults)
        }
        Ok(rows) => fill(&rows),
        Err(fault) => Checked::new(None, vec![fault]),
    }
}

/// A selection that no row answers: the first value at fault, with the nearest that exist.
fn no_rows(wanted: Wanted<'_>, tables: &Tables<'_>) -> Diagnostic {
    let Wanted { from: table, filter, stated, place } = wanted;
    if filter.is_empty() || distinct(table, &Selector::new(), None, tables).is_some_and(|rows| rows.is_empty()) {
        return Diagnostic::error("no-rows", format!("{table} has no rows"))
            .at(place.clone())
            .hint("this release holds nothing to print here; see what `shebao run` says of the files");
    }
    let conditions: Vec<String> = filter.iter().map(|(column, values)| condition(column, values)).collect();
    let fault = Diagnostic::error("no-rows", format!("no row of {table} matches where {}", conditions.join(", ")));
    let Some((column, existing)) = culprit(table, filter, tables) else {
        return fault.at(place.clone()).hint("check its where = { … }");
    };
    let written = stated.iter().find(|s| s.column == column).map_or(place, |s| &s.place);
    let wanted = filter.get(&column).and_then(|values| values.first()).map_or("", String::as_str);
    let near = nearest(wanted, existing.iter().map(String::as_str));
    let named: Vec<&str> = existing.iter().take(NAMED_MAX).map(String::as_str).collect();
    let more = if existing.len() > NAMED_MAX { ", …" } else { "" };
    fault.at(written.clone()).hint(match near.is_empty() {
        false => format!("did you mean {column} = {}?", quoted(&near)),
        true => format!("there {column} is {}{more}", quoted(&named)),
    })
}

fn condition(column: &str, values: &[String]) -> String {
    format!("{column} = {}", quoted(&values.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// The column without which there would be rows, or else one whose value no row holds; with the values it could have.
fn culprit(table: &str, filter: &Selector, tables: &Tables<'_>) -> Option<(String, BTreeSet<String>)> {
    let without = filter.keys().map(|column| {
        let others: Selector =
            filter.iter().filter(|(c, _)| *c != column).map(|(c, v)| (c.clone(), v.clone())).collect();
        (column, others)
    });
    let alone = filter.keys().map(|column| (column, Selector::new()));
    without.chain(alone).find_map(|(column, others)| {
        let existing = distinct(table, &others, Some(column), tables)?;
        let wanted = filter.get(column)?;
        let wrong = !existing.is_empty() && !wanted.iter().any(|value| existing.contains(value));
        wrong.then(|| (column.clone(), existing))
    })
}

/// The values of a column in the rows selected (of any column: whether there are rows at all); `None` where they cannot
/// be read.
fn distinct(table: &str, filter: &Selector, column: Option<&str>, tables: &Tables<'_>) -> Option<BTreeSet<String>> {
    let rows = tables.select(table, filter, &Place::default()).ok()?;
    let records = Records::new(&rows);
    Some((0..rows.rows.len()).map(|row| column.map_or_else(String::new, |c| records.text(row, c))).collect())
}
