//! The way forward from a file of records: every published figure that changes when records of the file are missing is named,
//! and those of other times and places are not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Map, Value};

use super::explained::made_up;
use crate::support::TestProject;

/// Table, column, and the key as text.
type Figure = (String, String, String);

fn parsed(project: &TestProject, args: &[&str]) -> Value {
    serde_json::from_str(&project.shebao(args).must_end_with(0).stdout).unwrap()
}

fn key(row: &Map<String, Value>, columns: &[String]) -> String {
    let told = columns.iter().map(|column| match row.get(column) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    });
    told.collect::<Vec<_>>().join("|")
}

/// The tables of indicators, with the columns that tell their rows apart.
fn grains(project: &TestProject) -> BTreeMap<String, Vec<String>> {
    let mut grains = BTreeMap::new();
    for entry in fs::read_dir(project.file("sql/models/ind")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let grain = text.lines().find_map(|line| line.strip_prefix("-- grain:")).unwrap();
        let columns = grain.split(',').map(|column| column.trim().to_owned()).collect();
        grains.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), columns);
    }
    assert!(grains.len() > 30, "{} tables", grains.len());
    grains
}

/// Every number of some tables.
fn numbers(project: &TestProject, tables: &BTreeMap<String, Vec<String>>) -> BTreeMap<Figure, String> {
    let mut all = BTreeMap::new();
    for (table, grain) in tables {
        let rows = parsed(project, &["query", &format!("SELECT * FROM {table}"), "--json"]);
        for row in rows.as_array().unwrap() {
            let row = row.as_object().unwrap();
            for (column, value) in row.iter().filter(|(column, value)| value.is_number() && !grain.contains(column)) {
                all.insert((table.clone(), column.clone(), key(row, grain)), value.to_string());
            }
        }
    }
    all
}

#[test]
fn a_file_of_records_leads_to_the_figures_that_its_records_make() {
    let (project, made) = made_up();
    let file = "agency/contribution/530402-2025-03.csv";
    let told = parsed(&project, &["impact", file, "--input", &made, "--json"]);
    assert_eq!(told["records"][0]["table"], "core_contribution");
    assert!(told["records"][0]["months"]["2025-03"].as_u64().unwrap() > 100, "{}", told["records"]);
    let months: Vec<&String> = told["records"][0]["months"].as_object().unwrap().keys().collect();
    let grains = grains(&project);
    let mut named: BTreeSet<Figure> = BTreeSet::new();
    for figure in told["figures"].as_array().unwrap() {
        let table = figure["table"].as_str().unwrap();
        if let Some(grain) = grains.get(table) {
            let key = key(figure["key"].as_object().unwrap(), grain);
            named.insert((table.to_owned(), figure["column"].as_str().unwrap().to_owned(), key));
        }
    }
    let before = numbers(&project, &grains);

    // The same project, for which every fifth line of the file was lost.
    let path = project.file("made").join(file);
    let text = fs::read(&path).unwrap();
    let lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
    let left: Vec<u8> = lines.filter(|(nth, _)| nth % 5 != 4).flat_map(|(_, line)| line.to_vec()).collect();
    assert!(left.len() < text.len());
    fs::write(&path, left).unwrap();
    project.shebao(&["run", "--input", &made]).must_end_with(0);
    let after = numbers(&project, &grains);

    let changed: BTreeSet<&Figure> =
        before.iter().filter(|(figure, value)| after.get(figure) != Some(value)).map(|(figure, _)| figure).collect();
    assert!(changed.len() > 300, "{} figures changed", changed.len());
    let missed: Vec<&&Figure> = changed.iter().filter(|figure| !named.contains(**figure)).collect();
    assert!(missed.is_empty(), "{} of {} changed and are not named: {:?}", missed.len(), changed.len(), &missed[..1]);
    // Another month or another place is no figure of the file, but for what is compared and carried on.
    let is_its = |key: &str| months.iter().any(|month| key.starts_with(month.as_str()));
    let of_month = |figure: &&Figure| figure.0 == "ind_coverage" && !is_its(&figure.2);
    assert_eq!(named.iter().find(of_month), None);
    let of_place = |figure: &&Figure| figure.0 == "ind_coverage" && figure.2.contains("|530403|");
    assert_eq!(named.iter().find(of_place), None);
    assert!(named.len() * 2 < before.len(), "{} of {} figures are named", named.len(), before.len());
}

#[test]
fn a_cell_of_a_file_of_records_is_not_asked_for() {
    let (project, made) = made_up();
    project
        .shebao(&["impact", "agency/contribution/530402-2025-03.csv", "B7", "--input", &made])
        .must_end_with(2)
        .must_contain("holds records, which are followed as a whole");
}
