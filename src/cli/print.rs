//! Printing rows and diagnostics: for a person as aligned text, for a machine as CSV or JSON. Numbers are printed exactly
//! as they are held; nothing is rounded here.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};
use serde_json::{Map, Value as Json, json};

use super::Fault;
use crate::diag::Diagnostic;
use crate::store::{Manifest, StoreError};
use crate::warehouse::{Rows, Scalar};

/// A command that failed, on standard error.
pub fn failure(error: &anyhow::Error, as_json: bool) {
    // What the store says of a failure already holds its cause.
    let message = if error.is::<StoreError>() { error.to_string() } else { format!("{error:#}") };
    match error.downcast_ref::<Fault>() {
        Some(Fault(found)) if as_json => {
            eprintln!("{}", json!({ "faults": found.iter().map(diagnostic).collect::<Vec<_>>() }));
        }
        Some(fault) => eprint!("{fault}"),
        None if as_json => eprintln!("{}", json!({ "faults": [{ "severity": "error", "message": message }] })),
        None => eprintln!("error: {message}"),
    }
}

/// Diagnostics on standard error, in the order met.
pub fn diagnostics(found: &[Diagnostic], as_json: bool) {
    for one in found {
        if as_json {
            eprintln!("{}", diagnostic(one));
        } else {
            eprintln!("{}", one.render());
        }
    }
}

fn diagnostic(d: &Diagnostic) -> Json {
    let (line, column) = d.place.line_column().unzip();
    json!({
        "severity": d.severity.as_str(), "code": d.code, "message": d.message, "file": d.place.file,
        "sheet": d.place.sheet, "cell": d.place.cell, "line": line, "column": column, "hints": d.hints,
    })
}

/// A whole text, written at once.
pub fn whole(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// `1 error`, `2 errors`.
pub fn count(n: usize, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {what}{plural}")
}

/// The findings of a release by severity, in words.
pub fn findings(manifest: &Manifest) -> String {
    let words = ["error", "warning", "info"].map(|severity| count(manifest.count(severity) as usize, severity));
    words.join(", ")
}

fn is_number(value: &Scalar) -> bool {
    matches!(value, Scalar::Number(_) | Scalar::Integer(_) | Scalar::Float(_))
}

/// The field's own table: a line above, one under the header, one below (三线表).
const THREE_LINES: TableStyle = {
    let line = LineStyle::none().fill('─').junction('─');
    TableStyle::new().top_border(line).header_separator(line).bottom_border(line)
};

/// Aligned text: numbers to the right, wide characters counted as two.
pub fn table(rows: &Rows, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_style(THREE_LINES).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(rows.columns.iter().map(|c| c.name.as_str()));
    for row in &rows.rows {
        table.add_row(row.iter().map(Scalar::to_string));
    }
    for nth in 0..rows.columns.len() {
        let numeric = rows.rows.iter().any(|r| is_number(&r[nth]));
        if let Some(column) = table.column_mut(nth).filter(|_| numeric) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{table}")?;
    writeln!(out, "{}", count(rows.rows.len(), "row"))
}

/// Some columns of a table, in an order.
pub fn choose(rows: Rows, columns: &[&str]) -> Rows {
    let places: Vec<usize> = columns.iter().filter_map(|name| rows.column(name)).collect();
    Rows {
        columns: places.iter().map(|place| rows.columns[*place].clone()).collect(),
        rows: rows.rows.into_iter().map(|row| places.iter().map(|place| row[*place].clone()).collect()).collect(),
    }
}

pub fn csv(rows: &Rows, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(rows.columns.iter().map(|c| c.name.as_str()))?;
    for row in &rows.rows {
        writer.write_record(row.iter().map(Scalar::to_string))?;
    }
    Ok(writer.flush()?)
}

/// An array of objects; numbers keep every digit, a missing value is `null`.
pub fn json(rows: &Rows, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "[")?;
    for (nth, row) in rows.rows.iter().enumerate() {
        let object: Map<String, Json> =
            rows.columns.iter().zip(row).map(|(column, value)| (column.name.clone(), json_value(value))).collect();
        let comma = if nth + 1 == rows.rows.len() { "" } else { "," };
        writeln!(out, "{}{comma}", Json::Object(object))?;
    }
    writeln!(out, "]")
}

fn json_value(value: &Scalar) -> Json {
    match value {
        Scalar::Null => Json::Null,
        Scalar::Text(text) => json!(text),
        Scalar::Number(number) => number.normalize().to_string().parse().map_or(Json::Null, Json::Number),
        Scalar::Integer(number) => json!(number),
        Scalar::Float(number) => json!(number),
        Scalar::Bool(truth) => json!(truth),
        Scalar::Date(date) => json!(date.to_string()),
    }
}
