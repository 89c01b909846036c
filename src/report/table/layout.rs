//! The header and stub of a table: declared entries expanded with the codes of the data, then set out as blocks.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Place;
use crate::report::definition::spec::{Name, Node, Order, Selector, Style};
use crate::report::rows::names::Names;
use crate::report::rows::records::{Records, below, position};
use crate::report::table::frame::Block;

/// An entry with its label, its codes and the style that holds there.
#[derive(Clone, Debug)]
pub struct Branch {
    pub label: String,
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
    for node in nodes {
        let inner = below(filter, &node.filter);
        let style = node.style.within(style);
        let entries = match &node.name {
            Name::Label(label) => vec![(label.clone(), inner)],
            Name::Each { dimension, labels, order, .. } => codes(dimension, &inner, *order, records, reading)
                .into_iter()
                .map(|code| {
                    let own = Selector::from([(dimension.clone(), vec![code.clone()])]);
                    (code_label(dimension, &code, labels, names), below(&inner, &own))
                })
                .collect(),
        };
        for (label, filter) in entries {
            let children = expand(&node.children, &filter, &style, records, names, reading);
            branches.push(Branch { label, filter, style: style.clone(), children, place: node.place.clone() });
        }
    }
    branches
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
        let (down, across) = position(&records.text(row, "cell"));
        let at = match reading {
            Reading::Downwards => (down, across),
            Reading::Across => (across, down),
        };
        first.entry(code).and_modify(|before| *before = at.min(*before)).or_insert(at);
    }
    let mut codes: Vec<(String, (u32, u32))> = first.into_iter().collect();
    if order == Order::Source {
        codes.sort_by_key(|(_, at)| *at);
    }
    codes.into_iter().map(|(code, _)| code).collect()
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

fn place_header(branches: &[Branch], level: usize, levels: usize, column: &mut usize, rows: &mut [Vec<Block>]) {
    for branch in branches {
        let wide = leaves(std::slice::from_ref(branch)).len();
        let group = !branch.children.is_empty();
        let high = if group { 1 } else { levels - level };
        rows[level].push(Block { text: branch.label.clone(), column: *column, wide, high, group });
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
        before.push(Block { text: branch.label.clone(), column: level, wide, high, group });
        if group {
            place_stub(&branch.children, level + 1, label_columns, before, rows);
        } else {
            rows.push(std::mem::take(before));
        }
    }
}
