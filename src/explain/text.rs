//! An explanation for the terminal: a tree, model by model, down to the printed cells.

use std::collections::{BTreeMap, BTreeSet};

use super::formula::{formula, number, reasons};
use super::source::Printed;
use super::{Explained, Explanation, Key, Origin, Selected, records};
use crate::domain::TOTAL;
use crate::warehouse::Scalar;
use crate::warehouse::provenance::Part;

/// Counted rows that are told one by one.
const COUNTED_MAX: usize = 3;

pub fn text(explanation: &Explanation) -> String {
    let mut out = String::new();
    let mut told = vec![false; explanation.cells.len()];
    tell(explanation, 0, "", "", &mut told, &mut out);
    // A figure that is counted from records stands for them itself.
    let own = &explanation.figure().cell.table;
    let others = explanation.depends_on.iter().filter(|(table, _)| *table != own);
    let counts: Vec<String> = others.map(|(table, rows)| format!("{} of {table}", rows.len())).collect();
    if !counts.is_empty() {
        out.push_str(&format!("\nRows it depends on in any way: {}\n", counts.join(", ")));
    }
    if !explanation.extracts.is_empty() {
        let files: BTreeSet<&str> = explanation.extracts.keys().map(|(_, file)| file.as_str()).collect();
        out.push_str(&format!("Files of records it rests on: {}\n", files.len()));
    }
    out
}

fn tell(all: &Explanation, nth: usize, first: &str, rest: &str, told: &mut [bool], out: &mut String) {
    let explained = &all.cells[nth];
    let again = std::mem::replace(&mut told[nth], true);
    let mut line =
        |text: &str, is_first: bool| out.push_str(&format!("{}{text}\n", if is_first { first } else { rest }));
    line(format!("{}  {}", value(explained), title(explained)).trim_start(), true);
    if again {
        line("   as above", false);
        return;
    }
    let (below, more) = below(all, explained);
    let bar = if below.is_empty() { "   " } else { "│  " };
    for text in facts(explained) {
        line(&format!("{bar}{text}"), false);
    }
    if let Some(more) = more {
        line(&format!("{bar}{more}"), false);
    }
    for (at, next) in below.iter().enumerate() {
        let last = at + 1 == below.len();
        let (mark, space) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        tell(all, *next, &format!("{rest}{mark}"), &format!("{rest}{space}"), told, out);
    }
}

/// The cells below, and a word on those left out: of many rows that are only counted the first are told.
pub fn below(all: &Explanation, explained: &Explained) -> (Vec<usize>, Option<String>) {
    let mut below: Vec<usize> = explained.below().iter().filter_map(|cell| all.position(cell)).collect();
    let is_counted = |nth: &usize| all.cells[*nth].cell.column.is_empty();
    let counted = below.iter().filter(|nth| is_counted(nth)).count();
    if counted <= COUNTED_MAX {
        return (below, None);
    }
    let mut told = 0;
    below.retain(|nth| {
        told += usize::from(is_counted(nth));
        !is_counted(nth) || told <= COUNTED_MAX
    });
    (below, Some(format!("{counted} rows are counted, of which {COUNTED_MAX} are told here")))
}

/// The value of a cell; blank for a row that is counted as a whole.
pub fn value(explained: &Explained) -> String {
    match &explained.value {
        _ if explained.cell.column.is_empty() => String::new(),
        Scalar::Text(text) => text.clone(),
        other => number(other),
    }
}

/// `ind_coverage.coverage_pct  period 2012, region 530400, scheme unemployment`.
pub fn title(explained: &Explained) -> String {
    let name = if explained.cell.column.is_empty() {
        explained.cell.table.clone()
    } else {
        format!("{}.{}", explained.cell.table, explained.cell.column)
    };
    format!("{name}  {}", key(&explained.key)).trim_end().to_owned()
}

/// The key without the dimensions that are not divided.
pub fn key(key: &Key) -> String {
    let stated = key.iter().filter(|(_, value)| value != TOTAL && !value.is_empty());
    stated.map(|(column, value)| format!("{column} {value}")).collect::<Vec<_>>().join(", ")
}

/// What there is to say of a cell, line by line.
pub fn facts(explained: &Explained) -> Vec<String> {
    let mut lines = Vec::new();
    if !explained.meaning.is_empty() {
        lines.push(explained.meaning.clone());
    }
    match &explained.origin {
        Origin::Computed { doc, tree, selected, .. } => {
            if explained.meaning.is_empty() {
                lines.extend(sentence(doc));
            }
            if !matches!(tree.part, Part::Cell(_)) {
                lines.push(format!("= {}", formula(tree)));
            }
            let because = reasons(tree);
            if !because.is_empty() {
                lines.push(format!("because {}", unique(because).join("; ")));
            }
            lines.extend(chosen(selected));
        }
        Origin::Counted { doc, records, .. } => {
            if explained.meaning.is_empty() {
                lines.extend(sentence(doc));
            }
            lines.extend(records::lines(records));
        }
        Origin::Printed(printed) => lines.extend(place(printed)),
        Origin::Declared { row, .. } => {
            lines.push(row.iter().map(|(column, value)| format!("{column} {value}")).collect::<Vec<_>>().join(", "));
        }
    }
    lines
}

fn unique(all: Vec<String>) -> Vec<String> {
    let mut met = BTreeSet::new();
    all.into_iter().filter(|one| met.insert(one.clone())).collect()
}

fn sentence(doc: &str) -> Option<String> {
    let end = doc.find(". ").map_or(doc.len(), |at| at + 1);
    (!doc.is_empty()).then(|| doc[..end].to_owned())
}

/// The rows that only chose, by table: how many. What was looked at in each is told to programs.
fn chosen(selected: &[Selected]) -> Option<String> {
    let mut tables: BTreeMap<&str, usize> = BTreeMap::new();
    selected.iter().for_each(|row| *tables.entry(&row.table).or_default() += 1);
    let told = tables.iter().map(|(table, count)| match count {
        1 => format!("1 row of {table}"),
        count => format!("{count} rows of {table}"),
    });
    (!tables.is_empty()).then(|| format!("chosen with {}", told.collect::<Vec<_>>().join("; ")))
}

fn place(printed: &Printed) -> Vec<String> {
    let sheet = if printed.sheet.is_empty() { String::new() } else { format!("[{}]", printed.sheet) };
    let unit = if printed.unit.is_empty() { String::new() } else { format!(" ({})", printed.unit) };
    let mut lines = vec![format!(
        "printed \"{}\"{unit} in {}{sheet} {}, edition {}",
        printed.text, printed.file, printed.address, printed.edition
    )];
    let mut line = |name: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("{name} {text}"));
        }
    };
    line("table", &printed.title);
    line("section", &printed.section);
    line("words", &printed.quote);
    line("mark", &printed.mark);
    line("status", if printed.status == "normal" { "" } else { &printed.status });
    line("stated as", if printed.qualifier == "exact" { "" } else { &printed.qualifier });
    for note in &printed.notes {
        line("note", note);
    }
    if let Some((original, entry)) = &printed.correction {
        line("corrected", &format!("from {original}: {entry}"));
    }
    for finding in &printed.findings {
        line(&format!("{}:", finding.severity), &format!("{} ({})", finding.message, finding.rule));
        line("perhaps", &finding.suggestion);
    }
    lines
}
