//! The ten fixture tables against what the papers print: every fact, every cell, every declared relation.

use std::collections::BTreeMap;
use std::path::Path;

use rust_decimal::Decimal;
use shebao::domain::Observation;
use shebao::grid;
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
                let path = project.input.join(&edition.file);
                let document = grid::read(&path, &edition.file, edition.encoding.as_deref());
                let document = document.unwrap_or_else(|d| panic!("{}", d.render()));
                let read = ingest(source, table, edition, &loaded.value.codebook, &document, &edition.file, "");
                let faults: Vec<String> = read.diagnostics.iter().map(|d| d.render()).collect();
                assert!(faults.is_empty(), "{}", faults.join("\n"));
                all.push(read.value);
            }
        }
    }
    all
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
