//! Three real files (`../shared/data/real`) read by pipelines of their own, against cells checked by hand.

use std::collections::BTreeMap;
use std::path::Path;

use shebao::diag::Severity;
use shebao::domain::{Observation, Value};
use shebao::ingest::{self, Input, Task};
use shebao::{grid, spec};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Observations of every table of `tests/real/pipelines`, by file and cell.
fn read_all(input: &Path) -> BTreeMap<(String, String), Observation> {
    let pipelines = root().join("tests/real/pipelines");
    let shown = |path: &Path| path.strip_prefix(root()).unwrap_or(path).display().to_string();
    let loaded = spec::load_folder(&pipelines, &root().join("pipelines/codes"), &shown);
    let mut faults = loaded.diagnostics;
    let mut all = BTreeMap::new();
    for source in &loaded.value.sources {
        for table in &source.tables {
            for edition in &table.editions {
                let file = edition.files[0].as_str();
                let document = grid::read(&input.join(file), file, ingest::declared(edition));
                let document = document.unwrap_or_else(|d| panic!("{}", d.render()));
                let task = Task { source, table, edition, codebook: &loaded.value.codebook };
                let read = ingest::ingest(task, &[Input { document: &document, file, sha256: "", captured: &[] }]);
                let read = read.split(&mut faults);
                all.extend(read.observations.into_iter().map(|o| ((file.to_owned(), o.cell().to_string()), o)));
            }
        }
    }
    let faults = faults.iter().filter(|d| d.severity > Severity::Info);
    let faults: Vec<String> = faults.map(|d| d.render()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    all
}

#[test]
fn cells_checked_by_hand() {
    let input = root().join("../shared/data/real");
    if !input.is_dir() {
        eprintln!("skipped: ../shared/data/real is absent");
        return;
    }
    let all = read_all(&input);
    let mut checked = 0;
    let mut reader = csv::Reader::from_path(input.join("expected.csv")).expect("the checked cells");
    for record in reader.records() {
        let record = record.expect("a record");
        let (file, cell, value) = (record[0].to_owned(), record[2].to_owned(), &record[7]);
        // Footnotes and labels are checked below.
        let number = value.parse::<rust_decimal::Decimal>();
        if !all.keys().any(|(f, _)| *f == file) || (number.is_err() && !value.is_empty()) {
            continue;
        }
        let observation = all.get(&(file.clone(), cell.clone())).unwrap_or_else(|| panic!("{file} {cell} is not read"));
        let unit_factor = match observation.series.printed_unit.as_str() {
            "10k_person" => 10_000,
            "100m_yuan" => 100_000_000,
            _ => 1,
        };
        match (number, observation.value) {
            (Ok(number), Value::Number(read)) => {
                let expected = number * rust_decimal::Decimal::from(unit_factor);
                assert_eq!(read, expected, "{file} {cell}");
            }
            (Err(_), Value::Missing(_)) => {}
            (expected, read) => panic!("{file} {cell}: {read:?}, expected {expected:?}"),
        }
        checked += 1;
    }
    eprintln!("{checked} cells of expected.csv hold, of {} cells read", all.len());
    assert_eq!(checked, 15);
}

#[test]
fn what_numbers_mean_in_the_real_files() {
    let input = root().join("../shared/data/real");
    if !input.is_dir() {
        eprintln!("skipped: ../shared/data/real is absent");
        return;
    }
    let all = read_all(&input);
    let check = |file: &str, cell: &str, expected: &[&str]| {
        let o = &all[&(file.to_owned(), cell.to_owned())];
        let d = o.dimensions();
        let parts = [o.indicator(), &d.region, &d.scheme, &d.population].map(|c| c.to_string());
        let found = [parts.as_slice(), &[o.period().to_string(), d.breakdown.to_string()]].concat();
        assert_eq!(found, expected, "{file} {cell}");
    };
    let census = "nbs-census2010/A0101a.xls";
    check(census, "E12", &["resident_person", "140000", "_T", "_T", "2010", "_T"]);
    check(census, "E35", &["resident_person", "610000", "_T", "_T", "2010", "_T"]);
    check(census, "J23", &["resident_person", "370000", "_T", "male", "2010", "coverage=household"]);
    check(census, "P8", &["sex_ratio", "000000", "_T", "_T", "2010", "coverage=collective"]);
    let monthly = "mohrss-monthly/mohrss_2013.csv";
    check(monthly, "J13", &["insured_person", "000000", "unemployment", "_T", "2013-12", "_T"]);
    check(monthly, "K13", &["fund_income_yuan", "000000", "unemployment", "_T", "2013-01/2013-12", "_T"]);
    check(monthly, "K2", &["fund_income_yuan", "000000", "unemployment", "_T", "2013-01", "_T"]);
    let query = "nbs-query-2026/分省年度数据 (3).csv";
    check(query, "C31", &["employed_person", "610000", "_T", "_T", "2024", "coverage=urban-unit"]);
    let notes = &all[&(query.to_owned(), "C31".to_owned())].notes();
    assert_eq!(notes.len(), 4);
    assert!(notes[2].starts_with("3.2012年行业采用新的分类标准"), "{notes:?}");
}
