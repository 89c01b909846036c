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
    let found: BTreeSet<Found> = found().into_iter().collect();
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

/// A finding of each form in Chinese, by rule and cells, as a bureau would print it: `tests/sentences.csv`, with the numbers
/// of the papers.
#[test]
fn findings_are_told_in_chinese() {
    let rows = release().query("SELECT rule, cell, message_zh FROM core_finding").expect("the query runs").rows;
    let told: BTreeSet<[String; 3]> = rows.iter().map(|row| [0, 1, 2].map(|nth| text(&row[nth]))).collect();
    let mut reader = csv::Reader::from_path(root().join("tests/sentences.csv")).expect("the list can be read");
    for record in reader.records() {
        let record = record.expect("a record");
        let wanted = [0, 1, 2].map(|nth| record[nth].to_owned());
        let near = || told.iter().filter(|one| one[..2] == wanted[..2]).map(|one| &one[2]).collect::<Vec<_>>();
        assert!(told.contains(&wanted), "{wanted:?} is not told, but {:?}", near());
    }
}

/// Every finding and its rule speak Chinese: outside of quotations, files, cells and codes there is no English word.
#[test]
fn no_finding_is_left_in_english() {
    let sql = "SELECT rule, rule_zh, message_zh FROM core_finding";
    let rows = release().query(sql).expect("the query runs").rows;
    assert!(rows.len() > 100, "only {} findings", rows.len());
    for row in rows {
        let [rule, rule_zh, message] = [0, 1, 2].map(|nth| text(&row[nth]));
        for said in [&rule_zh, &message] {
            assert!(said.chars().any(|c| ('一'..='鿿').contains(&c)), "{rule}: {said}");
            let english: Vec<&str> = words(said).into_iter().filter(|word| is_english(word)).collect();
            assert!(english.is_empty(), "{rule}: {english:?} in {said}");
        }
    }
}

/// What stands between Chinese letters and punctuation, without what is quoted.
fn words(said: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for (nth, part) in said.split(['“', '”']).enumerate() {
        if nth % 2 == 0 {
            words.extend(part.split(|c: char| !c.is_ascii_graphic()).filter(|word| !word.is_empty()));
        }
    }
    words
}

/// Letters that are no file (`a/b.csv`), no cell (`B5`, `rec2`), no code (`base_pct=60`) and no answer (`A`).
fn is_english(word: &str) -> bool {
    let letters = word.chars().filter(char::is_ascii_alphabetic).count();
    letters > 1 && !word.contains(['/', '=']) && !word.contains(|c: char| c.is_ascii_digit())
}

#[test]
fn a_word_of_english_is_noticed() {
    assert_eq!(words("收入323 − 支出338 = -15 income“of A”，B5").into_iter().filter(|w| is_english(w)).count(), 1);
}

/// Anomaly of the survey papers → how it is found: rule, period, region, scheme, a cell that is named, the residual, how many
/// slips are equally likely, and one of them; or why nothing must be said of it.
#[derive(Debug, Deserialize)]
struct Anomaly {
    id: String,
    rule: String,
    period: String,
    region: String,
    scheme: String,
    cell: String,
    residual: String,
    candidates: String,
    repair: String,
    silent: String,
}

#[test]
fn anomalies_of_the_papers_are_found_with_their_repair() {
    let Some(folder) = crate::seeds::folder() else { return };
    let mut reader = csv::Reader::from_path(folder.join("anomalies.csv")).expect("the seeds can be read");
    let listed: BTreeSet<String> = reader.records().map(|r| r.expect("a record")[0].to_owned()).collect();
    let mut reader = csv::Reader::from_path(root().join("tests/anomalies.csv")).expect("the mapping can be read");
    let mapped: Vec<Anomaly> = reader.deserialize().collect::<Result<_, _>>().expect("the mapping is well formed");
    let named: BTreeSet<String> = mapped.iter().map(|a| a.id.clone()).collect();
    let forgotten: Vec<&String> = listed.symmetric_difference(&named).collect();
    assert!(forgotten.is_empty(), "not in both lists: {forgotten:?}");
    let sql = "SELECT rule, period, region, scheme, cell, residual, candidates, repair FROM core_finding";
    let rows = release().query(sql).expect("the query runs").rows;
    let found: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(Scalar::to_string).collect()).collect();
    let (silent, spoken): (Vec<&Anomaly>, Vec<&Anomaly>) = mapped.iter().partition(|a| !a.silent.is_empty());
    let is_found = |a: &&Anomaly| {
        found.iter().any(|row| {
            [&a.rule, &a.period, &a.region, &a.scheme].into_iter().zip(row).all(|(wanted, have)| wanted == have)
                && row[4].split(' ').any(|cell| cell == a.cell)
                && (a.residual.is_empty() || a.residual == row[5])
                && (a.candidates.is_empty() || a.candidates == row[6])
                && row[7].contains(&a.repair)
        })
    };
    let missed: Vec<&&Anomaly> = spoken.iter().filter(|a| !is_found(a)).collect();
    println!("{} anomalies: {} found, {} rightly silent", mapped.len(), spoken.len() - missed.len(), silent.len());
    assert!(missed.is_empty(), "not found: {missed:#?}");
}

/// What closes must stay silent: no error or warning on a rule and scheme that `closed-rules.md` lists.
#[test]
fn what_closes_stays_silent() {
    let mut reader = csv::Reader::from_path(root().join("tests/closed.csv")).expect("the list can be read");
    let found = release()
        .query("SELECT rule, severity, source_file, cell, period FROM core_finding")
        .expect("the query runs")
        .rows;
    let found: Vec<Vec<String>> = found.iter().map(|row| row.iter().map(Scalar::to_string).collect()).collect();
    for record in reader.records() {
        let record = record.expect("a record");
        let (rule, file, cell, period) = (&record[0], &record[1], &record[2], &record[3]);
        let speaks = |row: &&Vec<String>| {
            row[0] == *rule
                && row[2] == *file
                && row[1] != "info"
                && (cell.is_empty() || row[3].split(' ').any(|c| c == cell))
                && (period.is_empty() || row[4] == *period)
        };
        assert!(found.iter().find(speaks).is_none(), "{record:?} closes, but {:?}", found.iter().find(speaks));
    }
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

fn text(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Text(text) => text.clone(),
        other => panic!("text was expected: {other:?}"),
    }
}

/// A correction is applied to the cell alone, keeps what is printed, is told wherever the figure is printed, and mends what
/// it was found by.
#[test]
fn a_correction_shows_wherever_the_figure_does() {
    let project = crate::support::TestProject::new();
    project.write(
        "pipelines/corrections/yuxi-2013.toml",
        "[[correction]]\nfile = \"yuxi-2013/injury_by_county.xlsx\"\nsheet = \"表5\"\ncell = \"B11\"\nfrom = \"1169\"\n\
         to = \"11692\"\nreason = \"各县区之和与合计 143078 一致\"\nwho = \"统计科\"\nwhen = \"2026-11-22\"\n",
    );
    project.shebao(&["run"]).must_end_with(0);
    let query = |sql: &str| project.shebao(&["query", sql, "--format", "csv"]).must_end_with(0).stdout;
    let sql =
        "SELECT value, original_value, printed, correction, notes FROM core_observation WHERE correction IS NOT NULL";
    let note = "更正：1169 → 11692（各县区之和与合计 143078 一致；统计科，2026-11-22）";
    let said = query(sql);
    assert!(said.contains("\n11692,1169,1169,") && said.matches(note).count() == 2, "{said}");
    let left = query("SELECT rule FROM core_finding WHERE rule IN ('sum-of-parts', 'income-per-head')");
    assert_eq!(left.trim(), "rule");
    assert!(project.read("out/tables/yuxi-2013/injury_by_county.html").contains(note));
}

/// Where a quantity is stated several times, every number of an indicator comes from the statement that counts.
#[test]
fn models_use_the_figures_that_count() {
    let sql = "SELECT r.obs_id FROM core_reading AS r LEFT ANTI JOIN core_figure AS f ON f.obs_id = r.obs_id \
               WHERE r.value IS NOT NULL";
    let overruled: BTreeSet<String> =
        release().query(sql).expect("the query runs").rows.iter().map(|row| text(&row[0])).collect();
    assert!(overruled.iter().any(|id| id.ends_with("papers/yuxi-2013.csv/M96")), "{overruled:?}");
    let models = fs::read_dir(root().join("sql/models/ind")).expect("the models can be listed");
    let mut wrong = Vec::new();
    for model in models.map(|file| file.expect("the models can be listed").path()) {
        let name = model.file_stem().expect("a name").to_string_lossy().into_owned();
        let rows = release().query(&format!("SELECT * FROM {name}")).expect("the query runs");
        for (nth, column) in rows.columns.iter().enumerate().filter(|(_, column)| column.name.ends_with("obs_id")) {
            let ids = rows.rows.iter().map(|row| row[nth].to_string());
            let used = ids.flat_map(|ids| ids.split(' ').map(str::to_owned).collect::<Vec<_>>());
            wrong.extend(used.filter(|id| overruled.contains(id)).map(|id| format!("{name}.{} is {id}", column.name)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The office declares that the report's text counts instead of the table by year: growth and finding follow.
#[test]
fn a_preference_decides_what_the_models_use() {
    let project = crate::support::TestProject::new();
    let preference = "[[prefer]]\nsection = \"二(五)\"\nindicator = \"insured_person\"\npopulation = \"migrant-worker\"\n\
                      scheme = \"work-injury\"\nperiod = \"2012\"\nreason = \"counted anew\"\n\n[[edition]]";
    let prose = project.read("pipelines/papers/prose.toml").replacen("[[edition]]", preference, 1);
    project.write("pipelines/papers/prose.toml", &prose);
    let table = project.read("pipelines/yuxi-2013/injury_by_year.toml");
    let (before, rest) = table.split_once("[[prefer]]").expect("the table is preferred");
    let (_, behind) = rest.split_once("[[edition]]").expect("an edition stands behind it");
    project.write("pipelines/yuxi-2013/injury_by_year.toml", format!("{before}[[edition]]{behind}"));
    project.shebao(&["run"]).must_end_with(0);
    let query = |sql: &str| project.shebao(&["query", sql, "--format", "csv"]).must_end_with(0).stdout;
    let said = query(
        "SELECT insured_person, previous_person, change_person FROM ind_enrolment_change WHERE period = '2012' \
         AND scheme = 'work-injury' AND population = 'migrant-worker'",
    );
    assert_eq!(said.lines().nth(1), Some("69994,74491,-4497"), "{said}");
    let said = query("SELECT cell, residual FROM core_finding WHERE rule = 'same-quantity-two-places'");
    assert_eq!(said.lines().nth(1), Some("R12C4,6875"), "{said}");
}
