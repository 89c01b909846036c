//! The contradictions of the printed tables, no more and no fewer: what the audits must find in the fixtures stands in
//! `tests/findings.csv`, worked out from the papers; where the papers' figures close, every audit must be silent.

use std::collections::BTreeSet;
use std::fs;

use serde::Deserialize;
use shebao::warehouse::Scalar;

use crate::support::{release, root};

#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    rule: String,
    severity: String,
    period: String,
    region: String,
    scheme: String,
    source_file: String,
    sheet: String,
    cell: String,
    residual: String,
}

#[test]
fn audits_find_what_the_papers_contradict_and_nothing_else() {
    let expected = expected();
    let rules = rules_of_audits();
    let found: BTreeSet<Found> = found().into_iter().filter(|f| rules.contains(&f.rule)).collect();
    let missed: Vec<&Found> = expected.difference(&found).collect();
    let surplus: Vec<&Found> = found.difference(&expected).collect();
    assert!(missed.is_empty() && surplus.is_empty(), "not found: {missed:#?}\nnot expected: {surplus:#?}");
}

#[test]
fn the_lost_digit_is_named() {
    let sql = "SELECT message, suggestion FROM core_finding WHERE rule = 'sum-of-parts'";
    let rows = release().query(sql).expect("the query runs").rows;
    let [row] = rows.as_slice() else { panic!("one finding was expected: {rows:?}") };
    let texts: Vec<String> = row.iter().map(text).collect();
    assert_eq!(
        texts[0],
        "参保人数, 玉溪市, 工伤保险, 企业, 2012: the 10 parts by region add up to 132,555 人, 10,523 less than the printed \
         total 143,078"
    );
    assert!(texts[1].contains("B11 1,169 would have to be 11,692"), "{}", texts[1]);
}

fn expected() -> BTreeSet<Found> {
    let mut reader = csv::Reader::from_path(root().join("tests/findings.csv")).expect("the list can be read");
    reader.deserialize().collect::<Result<_, _>>().expect("the list is well formed")
}

fn found() -> Vec<Found> {
    let sql = "SELECT rule, severity, period, region, scheme, source_file, sheet, cell, residual FROM core_finding";
    let rows = release().query(sql).expect("the query runs").rows;
    let finding = |row: Vec<Scalar>| Found {
        rule: text(&row[0]),
        severity: text(&row[1]),
        period: text(&row[2]),
        region: text(&row[3]),
        scheme: text(&row[4]),
        source_file: text(&row[5]),
        sheet: text(&row[6]),
        cell: text(&row[7]),
        residual: match &row[8] {
            Scalar::Number(number) => number.normalize().to_string(),
            _ => String::new(),
        },
    };
    rows.into_iter().map(finding).collect()
}

/// The rules of `sql/audits/`, as their headers name them.
fn rules_of_audits() -> BTreeSet<String> {
    let files = fs::read_dir(root().join("sql/audits")).expect("the audits can be listed");
    let rule = |file: fs::DirEntry| {
        let sql = fs::read_to_string(file.path()).expect("an audit can be read");
        let line = sql.lines().find_map(|line| line.strip_prefix("-- rule:"));
        line.expect("an audit names its rule").trim().to_owned()
    };
    files.map(|file| rule(file.expect("the audits can be listed"))).collect()
}

fn text(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(text) => text.clone(),
        other => panic!("text was expected: {other:?}"),
    }
}
