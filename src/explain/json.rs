//! An explanation for programs: every cell on the way under a name of its own, so that each stands there once. A figure can
//! be computed again from it: operators, functions and aggregates over literals and cells, each with its value.

use serde_json::{Map, Value, json};

use super::source::Printed;
use super::{Explanation, Key, Origin};
use crate::warehouse::Scalar;
use crate::warehouse::provenance::{Part, Tree};

pub fn json(explanation: &Explanation) -> Value {
    let cells: Map<String, Value> =
        (0..explanation.cells.len()).map(|nth| (name(nth), cell(explanation, nth))).collect();
    let depends_on: Map<String, Value> =
        explanation.depends_on.iter().map(|(table, rows)| (table.clone(), json!(rows.len()))).collect();
    let extracts = explanation.extracts.iter();
    let extracts = extracts.map(|((table, file), rows)| json!({ "file": file, "table": table, "records": rows }));
    json!({
        "figure": name(0),
        "cells": cells,
        "depends_on": depends_on,
        "extracts": extracts.collect::<Vec<_>>(),
    })
}

/// The name of a cell, by its place in the explanation.
pub fn name(nth: usize) -> String {
    format!("c{nth}")
}

/// One cell of an explanation.
pub fn cell(explanation: &Explanation, nth: usize) -> Value {
    let explained = &explanation.cells[nth];
    let mut out = json!({
        "table": explained.cell.table,
        "column": explained.cell.column,
        "key": key(&explained.key),
        "value": value(&explained.value),
    });
    let mut put = |name: &str, value: Value| {
        out[name] = value;
    };
    if !explained.meaning.is_empty() {
        put("meaning", json!(explained.meaning));
    }
    match &explained.origin {
        Origin::Computed { doc, tree, selected, .. } => {
            put("model", json!(doc));
            put("expression", expression(explanation, tree));
            let rows = selected.iter();
            let rows = rows.map(|row| json!({ "table": row.table, "key": key(&row.key), "columns": row.columns }));
            put("selected_by", rows.collect());
        }
        Origin::Counted { doc, records, with } => {
            put("model", json!(doc));
            put("records", records.iter().map(super::records::json).collect());
            put("with", with.iter().map(|cell| explanation.position(cell).map(name)).collect());
        }
        Origin::Printed(printed) => put("source", source(printed)),
        Origin::Declared { row, cells } => {
            put("declared", key(row));
            if !cells.is_empty() {
                put("speaks_of", cells.iter().map(|cell| explanation.position(cell).map(name)).collect());
            }
        }
    }
    out
}

/// Null, or the value as text: no digit is lost on the way through a program's own numbers.
pub fn value(value: &Scalar) -> Value {
    match value {
        Scalar::Null => Value::Null,
        Scalar::Bool(truth) => json!(truth),
        other => json!(other.to_string()),
    }
}

pub fn key(key: &Key) -> Value {
    key.iter().map(|(column, value)| (column.clone(), json!(value))).collect::<Map<_, _>>().into()
}

fn expression(explanation: &Explanation, tree: &Tree) -> Value {
    let args = |args: &[Tree]| args.iter().map(|arg| expression(explanation, arg)).collect::<Vec<_>>();
    let mut out = match &tree.part {
        Part::Literal => return json!({ "literal": value(&tree.value) }),
        Part::Cell(cell) => json!({ "cell": explanation.position(cell).map(name) }),
        Part::Row(rows) => {
            json!({ "row": rows.iter().map(|(table, row)| json!({ "table": table, "row": row })).collect::<Vec<_>>() })
        }
        Part::Apply { name, args: inner } => json!({ "op": name, "args": args(inner) }),
        Part::Cast { to, decimals, arg } => {
            json!({ "op": "cast", "to": to, "decimals": decimals, "args": [expression(explanation, arg)] })
        }
        Part::Choice { name, because, of, arg, decided } => json!({
            "op": "choice",
            "by": name,
            "of": of,
            "because": because,
            "decided_by": args(decided),
            "args": [expression(explanation, arg)],
        }),
    };
    out["value"] = value(&tree.value);
    out
}

fn source(printed: &Printed) -> Value {
    let findings: Vec<Value> = printed
        .findings
        .iter()
        .map(|f| json!({ "rule": f.rule, "severity": f.severity, "message": f.message, "suggestion": f.suggestion }))
        .collect();
    let mut out = json!({
        "obs_id": printed.obs_id,
        "dataset": printed.dataset,
        "table_id": printed.table_id,
        "title": printed.title,
        "citation": printed.citation,
        "edition": printed.edition,
        "file": printed.file,
        "sha256": printed.sha256,
        "sheet": printed.sheet,
        "cell": printed.address,
        "printed": printed.text,
        "printed_unit": printed.unit,
        "status": printed.status,
        "mark": printed.mark,
        "qualifier": printed.qualifier,
        "section": printed.section,
        "quote": printed.quote,
        "notes": printed.notes,
        "findings": findings,
    });
    if let Some((original, entry)) = &printed.correction {
        out["correction"] = json!({ "original_value": original, "entry": entry });
    }
    out
}
