//! The twelve fixture tables against what the papers print: every fact, every cell, every declared relation.

use std::collections::BTreeMap;
use std::path::Path;

use rust_decimal::Decimal;
use shebao::diag::Severity;
use shebao::domain::{Dimensions, Observation};
use shebao::grid;
use shebao::ingest::{Ingested, Input, Task, ingest};
use shebao::project::Project;
use shebao::spec;

use crate::seeds;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every table of the project of which a file is there, read; all without a fault. A file named by period comes when it comes.
pub fn read_all() -> Vec<Ingested> {
    let project = Project::open(root(), None).expect("a project");
    let loaded = spec::load(&project);
    let faults: Vec<String> = loaded.diagnostics.iter().map(|d| d.render()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let mut all = Vec::new();
    for source in &loaded.value.sources {
        for table in &source.tables {
            for edition in &table.editions {
                if edition.files.iter().any(|file| file.as_str().contains('{')) {
                    continue;
                }
                let read = |file: &'_ str| {
                    let document = grid::read(&project.input.join(file), file, shebao::ingest::declared(edition));
                    document.unwrap_or_else(|d| panic!("{}", d.render()))
                };
                let files: Vec<_> = edition.files.iter().map(|f| (f.as_str(), read(f.as_str()))).collect();
                let input = |(file, document)| Input { document, file, sha256: "", captured: &[] };
                let inputs: Vec<Input<'_>> = files.iter().map(|(file, document)| input((*file, document))).collect();
                let task = Task { source, table, edition, codebook: &loaded.value.codebook };
                let read = ingest(task, &inputs);
                let faults = read.diagnostics.iter().filter(|d| d.severity > Severity::Info);
                let faults: Vec<String> = faults.map(|d| d.render()).collect();
                assert!(faults.is_empty(), "{}", faults.join("\n"));
                all.push(read.value);
            }
        }
    }
    all
}

fn key(o: &Observation) -> seeds::Key {
    let d = o.dimensions();
    [
        format!("{}/{}", o.origin().dataset, o.origin().table_id),
        o.indicator().to_string(),
        o.period().to_string(),
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
    assert_eq!((facts.len(), prose.len()), (1101, 16));
}

/// What stands in a fenced block of `pipelines/README.md`, the first of its kind.
fn block(kind: &str) -> String {
    let text = std::fs::read_to_string(root().join("pipelines/README.md")).expect("the page");
    let start = text.split(&format!("```{kind}\n")).nth(1).expect("a block");
    start.split("```").next().expect("its end").to_owned()
}

#[test]
fn the_worked_examples_of_the_manual_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    std::fs::create_dir(folder.path().join("example")).expect("a folder");
    put("example/source.toml", "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n");
    put("example/injury.toml", &[block("toml"), block("toml-next")].join("\n"));
    put("example/example.csv", &block("csv"));
    put("example/next.csv", &block("csv-next"));
    let loaded = spec::load_folder(folder.path(), &root().join("pipelines/codes"), &|p| p.display().to_string());
    let mut faults = loaded.diagnostics;
    let source = &loaded.value.sources[0];
    let table = &source.tables[0];
    let printed = [("example/example.csv", "observations", 12), ("example/next.csv", "observations-next", 15)];
    for (edition, (file, expected, count)) in table.editions.iter().zip(printed) {
        let document = grid::read(&folder.path().join(file), file, shebao::ingest::declared(edition));
        let document = document.expect("the example is read");
        let task = Task { source, table, edition, codebook: &loaded.value.codebook };
        let read = ingest(task, &[Input { document: &document, file, sha256: "", captured: &[] }]).split(&mut faults);
        assert!(faults.is_empty(), "{faults:?}");
        let lines: Vec<String> = read.observations.iter().map(shown).collect();
        assert_eq!(lines.len(), count);
        for expected in block(expected).lines() {
            assert!(lines.iter().any(|l| l == expected), "{expected} is not among\n{}", lines.join("\n"));
        }
    }
}

/// An observation as the manual shows it.
fn shown(o: &Observation) -> String {
    let Dimensions { region, population, .. } = o.dimensions();
    let value = o.value.number().map(|n| n.to_string());
    let value = value.or(o.value.mark().map(|m| m.as_str().to_owned())).unwrap_or_default();
    format!("{} {} {} {region} {population} {value}", o.cell(), o.indicator(), o.period())
}

/// Cells of every fixture as the paper prints them: observation, value in the base unit or mark, decimals, text.
const CELLS: [(&str, &str, &str, &str); 27] = [
    ("qinghai-2005/nonpublic_coverage/2005/B3", "147800", "0", "147800"),
    ("qinghai-2005/nonpublic_coverage/2005/E4", "0.2", "1", "0. 2"),
    ("qinghai-2005/nonpublic_coverage/2005/A5#1", "349800", "2", "34. 98"),
    ("qinghai-2005/nonpublic_coverage/2005/A5#2", "68", "0", "68"),
    ("qinghai-2005/enrolment/2005/B3", "367000", "1", "36. 7"),
    ("qinghai-2005/enrolment/2005/D5", "-35000", "1", "- 3. 5"),
    ("qinghai-2005/enrolment/2005/H7", "-2000", "1", "- 0. 2"),
    ("shandong-2003/employment/2003/rec1.城镇就业", "1408700", "0", "1 408 700"),
    ("shandong-2003/employment/2003/rec2.城镇失业", "1650", "0", "1 650"),
    ("shandong-2003/pension_by_base/2003/R4C5", "53.97", "2", "53.97"),
    ("shandong-2003/pension_by_base/2003/R5C5", "81.5", "1", "81.5"),
    ("yuxi-2013/medical_financing/2013/C4", "238952", "0", "238,952"),
    ("yuxi-2013/medical_financing/2013/D8", "20", "0", "20"),
    ("yuxi-2013/medical_financing/2013/F9#1", "260", "0", "260/280"),
    ("yuxi-2013/medical_financing/2013/F9#2", "280", "0", "260/280"),
    ("yuxi-2013/medical_financing/2013/H11", "649253000", "2", "64925.30"),
    ("yuxi-2013/medical_subsidy/2013/C6", "not_applicable", "", "\u{3000}"),
    ("yuxi-2013/medical_subsidy/2013/N6", "0", "0", "0"),
    ("yuxi-2013/medical_benefit/2013/D5", "90000", "0", "9"),
    ("yuxi-2013/medical_benefit/2013/E8", "not_available", "", "\u{3000}"),
    ("yuxi-2013/unemployment_fund/2013/E3", "73323000", "1", "7332.3"),
    ("yuxi-2013/injury_by_county/2013/I5", "11470000", "0", "＋1147"),
    ("yuxi-2013/injury_by_county/2013/I7", "-2900000", "0", "290"),
    ("yuxi-2013/injury_by_county/2013/J6", "-3500000", "0", "+350"),
    ("yuxi-2013/injury_by_county/2013/J15", "3920000", "0", "392"),
    ("yuxi-2013/injury_by_county/2013/K5", "not_available", "", ""),
    ("yuxi-2013/injury_by_year/2013/R4C4", "not_available", "", ""),
];

#[test]
fn cells_keep_what_is_printed() {
    let observations: Vec<Observation> = read_all().into_iter().flat_map(|i| i.observations).collect();
    for (id, value, decimals, printed) in CELLS {
        let o = observations.iter().find(|o| o.obs_id() == id).unwrap_or_else(|| panic!("there is no {id}"));
        let number = o.value.number().map(|n| n.to_string());
        let found = number.unwrap_or_else(|| o.value.mark().map_or(String::new(), |m| m.as_str().to_owned()));
        let digits = o.decimals.map_or(String::new(), |d| d.to_string());
        assert_eq!((found.as_str(), digits.as_str(), o.printed.as_str()), (value, decimals, printed), "{id}");
    }
    let cap = observations.iter().find(|o| o.obs_id().ends_with("medical_benefit/2013/D5")).expect("the cap");
    assert_eq!(cap.breakdown().to_string(), "_T");
    assert_eq!(*cap.notes(), ["注：自2013年8月起，新农合取消封顶线。"]);
}

#[test]
fn wholes_and_parts_are_named() {
    let mut relations: Vec<String> = read_all()
        .into_iter()
        .flat_map(|i| i.relations)
        .map(|r| format!("{} {} {} {} {}", r.relation_id, r.dimension.as_str(), r.whole, r.part, r.indicator))
        .collect();
    relations.sort();
    insta::assert_snapshot!(relations.join("\n"));
}
