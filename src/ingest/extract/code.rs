//! Codes of a column: numbered in their order, and found by whatever label means them.

use super::{Task, Wrong, mask};
use crate::domain::{Code, CodeEntry, Codebook, LabelScope, RecordKind, TOTAL, Validity};
use crate::spec::Extract;
use crate::spec::pattern::Captured;
use crate::store::records::Words;

/// The codes of a list in their order; the number of a code is its place.
#[derive(Clone, Debug, Default)]
pub struct CodeSet {
    codes: Vec<String>,
    /// The months in which each is in force, counted from the year 0, where that is looked at.
    months: Vec<(u32, u32)>,
}

impl CodeSet {
    /// Those of each column of an extract's table. Whoever declares a version of a list says that the codes are of it, whatever
    /// the month.
    pub fn of(extract: &Extract, codebook: &Codebook) -> Vec<CodeSet> {
        let of_list = |list: &str| {
            let Some(list) = codebook.lists.get(list) else { return CodeSet::default() };
            let mut entries: Vec<&CodeEntry> = list.entries.iter().collect();
            entries.sort_by(|a, b| a.code.cmp(&b.code));
            entries.dedup_by(|a, b| a.code == b.code);
            let codes = entries.iter().map(|e| e.code.as_str().to_owned()).collect();
            let months: Vec<(u32, u32)> = entries.iter().map(|e| months(&list.validity(e))).collect();
            let open = extract.versions.contains_key(&list.name) || months.iter().all(|m| *m == (0, u32::MAX));
            CodeSet { codes, months: if open { Vec::new() } else { months } }
        };
        let set = |kind| if let RecordKind::Code(list) = kind { of_list(list) } else { CodeSet::default() };
        extract.table.columns.iter().map(|column| set(column.kind)).collect()
    }

    /// Whether any of the codes may be out of force.
    pub fn is_limited(&self) -> bool {
        !self.months.is_empty()
    }

    /// The code of a number, where it is not in force in a month.
    pub fn out_of_force(&self, number: u32, month: u32) -> Option<&str> {
        let nth = number as usize;
        let (first, last) = *self.months.get(nth)?;
        (month < first || month > last).then(|| self.codes[nth].as_str())
    }

    pub fn number(&self, code: &str) -> Option<u32> {
        self.codes.binary_search_by(|known| known.as_str().cmp(code)).ok().map(|place| place as u32)
    }

    /// The codes as they are written.
    pub fn words(&self) -> Words {
        self.codes.iter().map(String::as_bytes).collect()
    }
}

/// Months in which there is a day of a validity.
fn months(valid: &Validity) -> (u32, u32) {
    let month = |date: jiff::civil::Date| date.year() as u32 * 12 + date.month() as u32 - 1;
    (valid.first().map_or(0, month), valid.last().map_or(u32::MAX, month))
}

/// The code that a finer one belongs to: a division or class of industry to its section, by the declared version of the
/// list, or by that in force in the month of the file.
fn class<'a>(task: &Task<'a>, list: &str, label: &str) -> Option<&'a Code> {
    let codes = task.codebook.lists.get(list)?;
    let month = task.captured.iter().find_map(Captured::period);
    let in_force = || month.map_or(codes.version.as_str(), |month| codes.version_in(month));
    let version = task.extract.versions.get(list).map_or_else(in_force, String::as_str);
    task.codebook.class(list, version, label)
}

/// The number of the code that a label means.
pub(super) fn look_up(task: &Task<'_>, list: &str, label: &str, set: &CodeSet, totals: bool) -> Result<u32, Wrong> {
    let Task { extract, codebook, .. } = task;
    let scope = LabelScope { dataset: &extract.dataset, table: &extract.id, versions: &extract.versions };
    let shown = if mask::may_be_person(label) { mask::form(label) } else { label.to_owned() };
    let found = codebook.lookup(list, scope, label);
    match found.or_else(|error| class(task, list, label).cloned().ok_or(error)) {
        Ok(code) if code.as_str() == TOTAL && !totals => {
            Err(Wrong::new("total", format!("\"{shown}\" is a total, and a record is of one person or unit")))
        }
        Ok(code) => set
            .number(code.as_str())
            .ok_or_else(|| Wrong::new("unknown-code", format!("the {list} list has more codes than records can hold"))),
        Err(error) => {
            let mut message = match mask::may_be_person(label) {
                true => format!("no {list} code for \"{shown}\""),
                false => error.to_string(),
            };
            let near = codebook.near(list, &extract.dataset, label);
            match near.is_empty() {
                true => message.push_str("; add it to pipelines/codes/aliases.csv if the list has its code"),
                false => message.push_str(&format!(
                    "; did you mean {}? an alias stands in pipelines/codes/aliases.csv",
                    near.join(" or ")
                )),
            }
            Err(Wrong::new("unknown-code", message))
        }
    }
}
