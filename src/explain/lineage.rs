//! Which columns are made of which: as text for one, as OpenLineage for catalogues, as a drawing of all models.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::diag::Diagnostic;
use crate::store::Manifest;
use crate::store::digest::sha256_bytes;
use crate::survey::html::escaped;
use crate::warehouse::provenance::{ColumnLineage, Provenance};

/// A model with what its columns are made of.
#[derive(Clone, Debug)]
pub struct Lineage {
    pub model: String,
    pub doc: String,
    pub columns: ColumnLineage,
}

/// The lineage of every model.
///
/// # Errors
/// A model's SQL has a fault.
pub fn lineage(provenance: &Provenance) -> Result<Vec<Lineage>, Vec<Diagnostic>> {
    let models = provenance.models().into_iter();
    let of_model = |model: crate::warehouse::model::Model| {
        Ok(Lineage { columns: provenance.columns_of(&model)?, model: model.name, doc: model.doc })
    };
    models.map(of_model).collect()
}

/// A column, and below it what it is made of, down to the tables that were read.
pub fn text(all: &[Lineage], model: &str, column: &str) -> String {
    let mut out = String::new();
    tell(all, model, column, "", "", &mut BTreeSet::new(), &mut out);
    if let Some(lineage) = all.iter().find(|lineage| lineage.model == model) {
        let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (table, column) in &lineage.columns.chosen_by {
            tables.entry(table).or_default().push(column);
        }
        if !tables.is_empty() {
            out.push_str("\nrows chosen by\n");
        }
        for (table, columns) in tables {
            out.push_str(&format!("  {table}: {}\n", columns.join(", ")));
        }
    }
    out
}

fn tell(
    all: &[Lineage],
    model: &str,
    column: &str,
    first: &str,
    rest: &str,
    met: &mut BTreeSet<(String, String)>,
    out: &mut String,
) {
    let made_of = all.iter().find(|lineage| lineage.model == model);
    let made_of = made_of.and_then(|lineage| lineage.columns.made_of.iter().find(|(name, _)| name == column));
    let again = !met.insert((model.to_owned(), column.to_owned())) && made_of.is_some_and(|(_, of)| !of.is_empty());
    out.push_str(&format!("{first}{model}.{column}{}\n", if again { " (as above)" } else { "" }));
    let Some((_, sources)) = made_of.filter(|_| !again) else { return };
    for (nth, (table, column)) in sources.iter().enumerate() {
        let (mark, space) = if nth + 1 == sources.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        tell(all, table, column, &format!("{rest}{mark}"), &format!("{rest}{space}"), met, out);
    }
}

const NAMESPACE: &str = "shebao";
const PRODUCER: &str = "https://openlineage.io/shebao";
const EVENT_SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const COLUMNS_SCHEMA: &str = "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json";

/// One event for each model: the run that made its table, its inputs, and the columns that its columns are made of.
pub fn openlineage(all: &[Lineage], manifest: &Manifest) -> Value {
    let field = |(table, column): &(String, String)| json!({ "namespace": NAMESPACE, "name": table, "field": column });
    let events = all.iter().map(|lineage| {
        let columns = &lineage.columns;
        let inputs: BTreeSet<&str> = columns
            .made_of
            .iter()
            .flat_map(|(_, of)| of)
            .chain(&columns.chosen_by)
            .map(|(table, _)| table.as_str())
            .collect();
        let fields: Map<String, Value> = columns
            .made_of
            .iter()
            .map(|(name, of)| (name.clone(), json!({ "inputFields": of.iter().map(field).collect::<Vec<_>>() })))
            .collect();
        let names: Vec<Value> = columns.made_of.iter().map(|(name, _)| json!({ "name": name })).collect();
        let facets = json!({
            "schema": {
                "_producer": PRODUCER,
                "_schemaURL": "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json",
                "fields": names,
            },
            "columnLineage": {
                "_producer": PRODUCER,
                "_schemaURL": COLUMNS_SCHEMA,
                "fields": fields,
                "dataset": columns.chosen_by.iter().map(field).collect::<Vec<_>>(),
            },
        });
        json!({
            "eventType": "COMPLETE",
            "eventTime": manifest.released_at.to_string(),
            "run": { "runId": run_id(&manifest.release, &lineage.model) },
            "job": { "namespace": NAMESPACE, "name": lineage.model },
            "inputs": inputs.iter().map(|table| json!({ "namespace": NAMESPACE, "name": table })).collect::<Vec<_>>(),
            "outputs": [{ "namespace": NAMESPACE, "name": lineage.model, "facets": facets }],
            "producer": PRODUCER,
            "schemaURL": EVENT_SCHEMA,
        })
    });
    events.collect()
}

/// The same release and model have the same id: a UUID of version 8, its bits from their digest.
fn run_id(release: &str, model: &str) -> String {
    let digest = sha256_bytes(format!("{release}/{model}").as_bytes());
    format!("{}-{}-8{}-8{}-{}", &digest[..8], &digest[8..12], &digest[13..16], &digest[17..20], &digest[20..32])
}

/// Size of a box and room between boxes.
const WIDE: usize = 190;
const HIGH: usize = 22;
const GAP: usize = 90;
const STEP: usize = 30;

/// All tables as boxes, from what was read at the left to what is published at the right; a line for each reading.
pub fn svg(all: &[Lineage]) -> String {
    let mut reads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for lineage in all {
        let columns = &lineage.columns;
        let of = columns.made_of.iter().flat_map(|(_, of)| of).chain(&columns.chosen_by);
        let tables: BTreeSet<&str> = of.map(|(table, _)| table.as_str()).collect();
        for table in &tables {
            reads.entry(table).or_default();
        }
        reads.entry(&lineage.model).or_default().extend(tables);
    }
    let mut levels: BTreeMap<&str, usize> = BTreeMap::new();
    for _ in 0..reads.len() {
        for (table, of) in &reads {
            let level = of.iter().filter_map(|read| levels.get(read)).max().map_or(0, |below| below + 1);
            levels.insert(table, if of.is_empty() { 0 } else { level });
        }
    }
    let mut places: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut heights: Vec<usize> = vec![0; levels.values().max().map_or(0, |max| max + 1)];
    let mut by_level: Vec<(&str, usize)> = levels.into_iter().collect();
    by_level.sort_by_key(|(table, level)| (*level, *table));
    for (table, level) in by_level {
        places.insert(table, (20 + level * (WIDE + GAP), 20 + heights[level] * STEP));
        heights[level] += 1;
    }
    let (width, height) =
        (40 + heights.len() * (WIDE + GAP) - GAP, 40 + heights.iter().max().copied().unwrap_or(0) * STEP);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    for (table, of) in &reads {
        let (right, below) = places[table];
        for read in of {
            let (left, above) = places[read];
            let (x1, y1, y2) = (left + WIDE, above + HIGH / 2, below + HIGH / 2);
            let middle = (x1 + right) / 2;
            out.push_str(&format!(
                "<path d=\"M{x1} {y1}C{middle} {y1} {middle} {y2} {right} {y2}\" fill=\"none\" stroke=\"#9db0c2\" stroke-opacity=\".55\"/>\n"
            ));
        }
    }
    for (table, (x, y)) in &places {
        let fill = match table.split('_').next() {
            Some("stage") => "#eee4f4",
            Some("core") => "#cfe2f7",
            Some("ind") => "#e1f0dd",
            _ => "#fdf0c8",
        };
        let doc = all.iter().find(|lineage| lineage.model == *table).map_or("", |lineage| lineage.doc.as_str());
        out.push_str(&format!(
            "<g><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDE}\" height=\"{HIGH}\" rx=\"3\" fill=\"{fill}\" stroke=\"#66727f\" stroke-width=\".6\"/><text x=\"{}\" y=\"{}\">{}</text></g>\n",
            escaped(doc),
            x + 8,
            y + 15,
            escaped(table)
        ));
    }
    out.push_str("</svg>\n");
    out
}
