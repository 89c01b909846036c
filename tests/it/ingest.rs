//! The ten fixture tables against what the papers print: every fact, every cell, every declared relation.

use std::collections::BTreeMap;
use std::path::Path;

use rust_decimal::Decimal;
use shebao::domain::Observation;
use shebao::grid::{Addressing, Cell, CellRef, Document, Format, Grid, Span};
use shebao::ingest::{Ingested, ingest};
use shebao::project::Project;
use shebao::spec;

use crate::seeds;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every table of the project, read; all without a fault.
fn read_all() -> Vec<Ingested> {
    let project = Project::open(root(), None).expect("a project");
    let loaded = spec::load(&project);
    let faults: Vec<String> = loaded.diagnostics.iter().map(|d| d.render()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let mut all = Vec::new();
    for source in &loaded.value.sources {
        for table in &source.tables {
            for edition in &table.editions {
                let document = document(&edition.file);
                let read = ingest(source, table, edition, &loaded.value.codebook, &document, &edition.file, "");
                let faults: Vec<String> = read.diagnostics.iter().map(|d| d.render()).collect();
                assert!(faults.is_empty(), "{}", faults.join("\n"));
                all.push(read.value);
            }
        }
    }
    all
}

/// A fixture by its text and merged cells.
fn document(file: &str) -> Document {
    let stem = file.rsplit_once('.').expect("a file has an extension").0;
    let text = root().join("fixtures/text").join(format!("{stem}.csv"));
    let layout: toml::Table =
        std::fs::read_to_string(text.with_extension("toml")).expect("a layout").parse().expect("TOML");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(text).expect("a text");
    let mut rows: Vec<Vec<String>> =
        reader.records().map(|r| r.expect("a record").iter().map(str::to_owned).collect()).collect();
    let mut addressing = Addressing::A1;
    if let Some(fields) = layout.get("fields").and_then(toml::Value::as_array) {
        let fields: Vec<String> = fields.iter().map(|f| f["name"].as_str().expect("a name").to_owned()).collect();
        rows.drain(..layout["first_row"].as_integer().expect("a row") as usize - 1);
        rows.insert(0, fields.clone());
        addressing = Addressing::Record { fields };
    }
    let mut cells = BTreeMap::new();
    for (row, line) in rows.iter().enumerate() {
        for (col, text) in line.iter().enumerate().filter(|(_, t)| !t.is_empty()) {
            cells.insert(CellRef { row: row as u32, col: col as u32 }, Cell::text(text.as_str()));
        }
    }
    let merges = layout.get("merges").and_then(toml::Value::as_array).map_or(&[][..], Vec::as_slice);
    let cols = rows.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let grid = Grid {
        sheet: String::new(),
        hidden: false,
        addressing,
        cells,
        merges: merges.iter().map(|m| span(m.as_str().expect("a range"))).collect(),
        rows: rows.len() as u32,
        cols,
    };
    Document { format: Format::Delimited, encoding: None, grids: vec![grid], diagnostics: Vec::new() }
}

fn span(range: &str) -> Span {
    let cell = |text: &str| CellRef {
        row: text[1..].parse::<u32>().expect("a row") - 1,
        col: u32::from(text.as_bytes()[0] - b'A'),
    };
    let (first, last) = range.split_once(':').expect("a range");
    Span { first: cell(first), last: cell(last) }
}

fn key(o: &Observation) -> seeds::Key {
    let d = &o.dimensions;
    [
        format!("{}/{}", o.dataset, o.table_id),
        o.indicator.to_string(),
        o.period.to_string(),
        d.region.to_string(),
        d.scheme.to_string(),
        d.ownership.to_string(),
        d.population.to_string(),
        d.breakdown.to_string(),
    ]
}

#[test]
fn every_fact_of_the_tables_is_an_observation() {
    let Some(folder) = seeds::folder() else { return };
    let (facts, prose) = seeds::facts(&folder);
    let observations: Vec<Observation> = read_all().into_iter().flat_map(|i| i.observations).collect();
    let numbers: BTreeMap<seeds::Key, Decimal> =
        observations.iter().filter_map(|o| Some((key(o), o.value.number()?))).collect();
    let mut wrong = Vec::new();
    for (id, (key, expected)) in &facts {
        match numbers.get(key) {
            Some(number) if number == expected => {}
            found => wrong.push(format!("{id}: {found:?}, expected {expected} at {key:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let named: std::collections::BTreeSet<&seeds::Key> = facts.values().map(|(key, _)| key).collect();
    let extra: Vec<&seeds::Key> = numbers.keys().filter(|k| !named.contains(k)).collect();
    eprintln!(
        "{} facts in cells found, {} in the prose of footnotes left out, {} observations ({} numbers), numbers without a fact: {extra:?}",
        facts.len(),
        prose.len(),
        observations.len(),
        numbers.len()
    );
    assert_eq!((facts.len(), prose.len()), (517, 16));
}
