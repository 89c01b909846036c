//! The header and stub of a table: declared entries expanded with the codes of the data, then set out as blocks.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Place;
use crate::report::definition::spec::{Name, Node, Order, Selector, Style};
use crate::report::rows::kept::names_observations;
use crate::report::rows::names::Names;
use crate::report::rows::records::{Records, below, position};
use crate::report::table::frame::{Block, Note};

/// An entry with its label, its codes and the style that holds there.
#[derive(Clone, Debug)]
pub struct Branch {
    pub label: String,
    pub english: String,
    pub note: String,
    pub indent: usize,
    pub filter: Selector,
    pub style: Style,
    pub children: Vec<Branch>,
    pub place: Place,
}

/// Which way codes found in the data are ordered where the source prints them.
#[derive(Clone, Copy)]
pub enum Reading {
    Downwards,
    Across,
}

/// Declared entries with every `each` replaced by one entry per code.
pub fn expand(
    nodes: &[Node],
    filter: &Selector,
    style: &Style,
    records: &Records<'_>,
    names: &Names,
    reading: Reading,
) -> Vec<Branch> {
    let mut branches = Vec::new();
    let mut parts_before = false;
    for node in nodes {
        let inner = below(filter, &node.filter);
        let style = node.style.within(style);
        let entries = match &node.name {
            Name::Label { text, english } => vec![(text.clone(), english.clone(), inner)],
            Name::Each { dimension, labels, labels_en, order, .. } => {
                codes(dimension, &inner, *order, records, reading)
                    .into_iter()
                    .map(|code| {
                        let own = Selector::from([(dimension.clone(), vec![code.clone()])]);
                        let english =
                            labels_en.get(&code).map_or_else(|| names.english(dimension, &code), String::as_str);
                        (code_label(dimension, &code, labels, names), english.to_owned(), below(&inner, &own))
                    })
                    .collect()
            }
        };
        for (label, english, filter) in entries {
            let children = expand(&node.children, &filter, &style, records, names, reading);
            let (label, english, indent) = match (node.of_which, parts_before) {
                (false, _) => (label, english, 0),
                (true, false) => (format!("{OF_WHICH}{label}"), of_which(&english), 1),
                (true, true) => (label, english, 1 + OF_WHICH.chars().count()),
            };
            parts_before = node.of_which;
            let (note, indent) = (node.note.clone(), usize::from(node.indent) + indent);
            let (style, place) = (style.clone(), node.place.clone());
            branches.push(Branch { label, english, note, indent, filter, style, children, place });
        }
    }
    branches
}

/// Stands before the first of the parts that a row is followed by; the others are set in as far.
const OF_WHICH: &str = "其中：";

fn of_which(english: &str) -> String {
    if english.is_empty() { String::new() } else { format!("of which: {english}") }
}

/// The label of a code: the report's own, or the code list's.
pub fn code_label(dimension: &str, code: &str, labels: &BTreeMap<String, String>, names: &Names) -> String {
    labels.get(code).cloned().unwrap_or_else(|| names.code(dimension, code).to_owned())
}

/// The distinct codes of a dimension in the order wanted.
pub fn codes(dimension: &str, filter: &Selector, order: Order, records: &Records<'_>, reading: Reading) -> Vec<String> {
    let mut first: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for row in records.matching(filter) {
        let code = records.text(row, dimension);
        let (down, across) = position(&cell(records, row));
        let at = match reading {
            Reading::Downwards => (down, across),
            Reading::Across => (across, down),
        };
        first.entry(code).and_modify(|before| *before = at.min(*before)).or_insert(at);
    }
    let mut codes: Vec<(String, (u32, u32))> = first.into_iter().collect();
    // Times are told in order; where a source prints them otherwise, its table may be printed so.
    if order == Order::Source && (dimension != "period" || records.has("cell")) {
        codes.sort_by_key(|(_, at)| *at);
    }
    codes.into_iter().map(|(code, _)| code).collect()
}

/// The cell that a row was printed in; of a row that was computed, that of its first figure.
fn cell(records: &Records<'_>, row: usize) -> String {
    if records.has("cell") {
        return records.text(row, "cell");
    }
    let named = records.column_names().filter(|column| names_observations(column));
    let ids = named.map(|column| records.text(row, column)).find(|id| !id.is_empty());
    ids.map_or_else(String::new, |id| id.rsplit('/').next().unwrap_or_default().to_owned())
}

/// Columns that entries divide a table by.
pub fn divided(nodes: &[Node], into: &mut BTreeSet<String>) {
    for node in nodes {
        into.extend(node.filter.keys().cloned());
        if let Name::Each { dimension, .. } = &node.name {
            into.insert(dimension.clone());
        }
        divided(&node.children, into);
    }
}

/// The entries that stand for a single row or column, in order.
pub fn leaves(branches: &[Branch]) -> Vec<&Branch> {
    branches
        .iter()
        .flat_map(|branch| if branch.children.is_empty() { vec![branch] } else { leaves(&branch.children) })
        .collect()
}

pub fn depth(branches: &[Branch]) -> usize {
    branches.iter().map(|b| 1 + depth(&b.children)).max().unwrap_or(0)
}

/// The header, one list of blocks per header row; an entry without children reaches down to the last.
pub fn header(branches: &[Branch]) -> Vec<Vec<Block>> {
    let levels = depth(branches);
    let mut rows = vec![Vec::new(); levels];
    let mut column = 0;
    place_header(branches, 0, levels, &mut column, &mut rows);
    rows
}

/// What a block says, wherever it is placed; its note is numbered when all are known.
fn block(branch: &Branch) -> Block {
    let text = Some(branch.note.clone()).filter(|note| !note.is_empty());
    Block {
        text: branch.label.clone(),
        english: branch.english.clone(),
        notes: text.into_iter().map(|text| Note { number: 0, text }).collect(),
        indent: branch.indent,
        ..Block::default()
    }
}

fn place_header(branches: &[Branch], level: usize, levels: usize, column: &mut usize, rows: &mut [Vec<Block>]) {
    for branch in branches {
        let wide = leaves(std::slice::from_ref(branch)).len();
        let group = !branch.children.is_empty();
        let high = if group { 1 } else { levels - level };
        rows[level].push(Block { column: *column, wide, high, group, ..block(branch) });
        if group {
            place_header(&branch.children, level + 1, levels, column, rows);
        } else {
            *column += 1;
        }
    }
}

/// The stub, one list of blocks per row; an entry without children reaches across to the last label column.
pub fn stub(branches: &[Branch], label_columns: usize) -> Vec<Vec<Block>> {
    let mut rows = Vec::new();
    place_stub(branches, 0, label_columns, &mut Vec::new(), &mut rows);
    rows
}

fn place_stub(
    branches: &[Branch],
    level: usize,
    label_columns: usize,
    before: &mut Vec<Block>,
    rows: &mut Vec<Vec<Block>>,
) {
    for branch in branches {
        let high = leaves(std::slice::from_ref(branch)).len();
        let group = !branch.children.is_empty();
        let wide = if group { 1 } else { label_columns.saturating_sub(level).max(1) };
        before.push(Block { column: level, wide, high, group, ..block(branch) });
        if group {
            place_stub(&branch.children, level + 1, label_columns, before, rows);
        } else {
            rows.push(std::mem::take(before));
        }
    }
}
