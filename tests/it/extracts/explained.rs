//! Figures counted from records explained: by file, month and condition with the count, never person by person.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::rows;
use crate::support::TestProject;

/// A project with made-up extracts of 400 persons and 5 months, and all models.
pub fn made_up() -> (TestProject, String) {
    let project = TestProject::of(&["pipelines/codes", "pipelines/agency", "pipelines/synth.toml", "sql/models"]);
    for folder in ["sql/audits", "reports", "fixtures/agency"] {
        fs::create_dir_all(project.file(folder)).unwrap();
    }
    for (from, to) in [
        ("death             = 0.01", "death             = 0.2"),
        ("arrears           = 0.08", "arrears           = 0.5"),
        ("claim_after_death = 0.15", "claim_after_death = 0.8"),
        // One wrong record is too many for so small a file.
        ("wrong             = 0.0005", "wrong             = 0.0"),
    ] {
        project.edit("pipelines/synth.toml", from, to);
    }
    let out = project.file("made").display().to_string();
    project.shebao(&["synth", "--persons", "400", "--months", "5", "--seed", "3", &out]).must_end_with(0);
    project.shebao(&["run", "--input", &out]).must_end_with(0);
    (project, out)
}

/// The records of a table below a figure, by what they are: those that count or are summed, or those that only choose.
fn records<'a>(all: &'a Value, table: &str, role: &str, found: &mut Vec<&'a Value>) {
    for behind in all.as_array().into_iter().flatten() {
        if behind["table"] == table && behind["role"] == role {
            found.push(behind);
        }
        records(&behind["below"], table, role, found);
    }
}

/// How many records of a table a figure was computed from.
fn counted(told: &Value, table: &str) -> u64 {
    let mut found = Vec::new();
    for cell in told["cells"].as_object().unwrap().values() {
        records(&cell["records"], table, "value", &mut found);
    }
    found.iter().map(|behind| behind["count"].as_u64().unwrap()).sum()
}

fn number(project: &TestProject, sql: &str) -> u64 {
    rows(project, sql)[1].parse().unwrap()
}

/// The explanation of a figure, as it is printed.
fn explain(project: &TestProject, made: &str, figure: &[&str]) -> String {
    project.shebao(&[&["explain"], figure, &["--input", made]].concat()).must_end_with(0).stdout
}

fn json(project: &TestProject, made: &str, figure: &[&str]) -> Value {
    serde_json::from_str(&explain(project, made, &[figure, &["--json"]].concat())).unwrap()
}

#[test]
fn a_figure_of_records_leads_to_files_months_and_conditions() {
    let (project, made) = made_up();
    let json = |figure: &[&str]| json(&project, &made, figure);
    // Each question counts the same records by a query of its own.
    let (month, place) = ("2025-03", "530402");
    let insured = ["coverage.insured_person", "--period", month, "--region", place, "--scheme", "work-injury"];
    let told = json(&insured);
    let holders = format!(
        "SELECT count(*) AS n FROM core_contribution AS c WHERE c.month = '{month}' AND EXISTS (SELECT 1 FROM core_contribution \
         AS o JOIN core_unit AS u ON u.month = o.month AND u.unit_id = o.unit_id WHERE o.month = c.month AND o.unit_id = c.unit_id \
         AND o.person_id = c.person_id AND o.scheme = 'work-injury' AND u.region = '{place}')"
    );
    let found = number(&project, &holders);
    assert!(found > 50, "{found} records");
    assert_eq!(counted(&told, "core_contribution"), found);
    assert_eq!(
        told["extracts"].as_array().unwrap().iter().map(|e| e["file"].as_str().unwrap()).collect::<Vec<_>>(),
        [format!("agency/contribution/{place}-{month}.csv")]
    );
    let benefit = ["core_month_benefit.amount_yuan", "--where", "month=2025-03", "--region", place];
    let kinds = rows(&project, "SELECT DISTINCT scheme, benefit_kind FROM core_benefit");
    let (scheme, kind) = kinds[1].split_once(',').unwrap();
    let kind = format!("benefit_kind={kind}");
    let told = json(&[&benefit[..], &["--scheme", scheme, "--where", &kind]].concat());
    let sql = format!(
        "SELECT count(*) AS n FROM core_benefit WHERE month = '{month}' AND region = '{place}' AND scheme = '{scheme}' \
         AND benefit_kind = '{}'",
        kind.split_once('=').unwrap().1
    );
    assert_eq!(counted(&told, "core_benefit"), number(&project, &sql));
    // What is owed goes back to the contributions of the months that are owed, through two tables of units.
    let owed = rows(
        &project,
        "SELECT month, region, scheme FROM core_month_arrears WHERE arrears_yuan > 0 AND region <> '_T' AND scheme <> '_T' \
         AND ownership = '_T' AND industry = '_T' ORDER BY month DESC",
    );
    let last = owed[1..].iter().max().unwrap();
    let [owed_month, owed_place, owed_scheme] = last.split(',').collect::<Vec<_>>()[..] else { panic!("{last}") };
    let at = format!("month={owed_month}");
    let arrears = ["core_month_arrears.arrears_yuan", "--where", &at, "--region", owed_place, "--scheme", owed_scheme];
    let told = json(&arrears);
    let sql = format!(
        "SELECT count(*) AS n FROM core_contribution AS c JOIN core_unit AS u ON u.month = c.month AND u.unit_id = c.unit_id \
         WHERE u.region = '{owed_place}' AND c.scheme = '{owed_scheme}' AND EXISTS (SELECT 1 FROM core_arrears AS a \
         JOIN core_debt AS d ON d.unit_id = a.unit_id AND d.scheme = a.scheme AND d.month <= a.month \
         WHERE a.month = '{owed_month}' AND a.scheme = '{owed_scheme}' AND a.unit_id = c.unit_id AND d.month = c.month \
         AND a.region = '{owed_place}' AND d.region = a.region \
         AND d.paid_month IS NOT DISTINCT FROM CASE WHEN c.paid_date IS NOT NULL THEN substr(CAST(c.paid_date AS VARCHAR), 1, 7) \
         WHEN c.paid_yuan <> 0 THEN c.month END)"
    );
    assert_eq!(counted(&told, "core_contribution"), number(&project, &sql), "{last}");
    no_person_shows(&project, &made, &[&insured, &arrears]);
}

/// Every kind of figure that is counted has its records, in whatever form it is told, and no person shows.
fn no_person_shows(project: &TestProject, made: &str, more: &[&[&str]]) {
    let hashes: BTreeSet<String> = rows(
        project,
        "SELECT person_id FROM core_contribution UNION SELECT person_id FROM core_benefit UNION SELECT person_id FROM core_death",
    )
    .into_iter()
    .skip(1)
    .collect();
    assert!(hashes.len() > 300);
    let month = ["core_month.month", "--where", "month=2025-02"];
    let known = more.iter().copied().chain([&month[..]]);
    let mut figures: Vec<Vec<String>> =
        known.map(|figure| figure.iter().map(|&word| word.to_owned()).collect()).collect();
    let samples = [
        ("core_month_income", "month, paid_month, region, scheme, ownership, industry", "paid_yuan"),
        ("core_month_base", "month, region, scheme, ownership, industry", "base_yuan"),
        ("core_month_participation", "month, region, ownership, industry, scheme_count, kind_count", "person"),
        ("core_month_workforce", "month, region, ownership, industry, population", "workforce_person"),
        ("core_month_double", "month, region, scheme, other_scheme, ownership, industry", "person"),
        ("ind_benefit_after_death", "period, region, scheme, benefit_kind", "person_to_date"),
        ("core_membership", "month, person_id, unit_id", "scheme_mask"),
        ("core_contribution", "month, scheme, person_id, unit_id", "base_yuan"),
    ];
    let mut happening = 0;
    for (table, key, column) in samples {
        let sql = format!("SELECT {key} FROM {table} WHERE {column} > 0 ORDER BY {key} DESC LIMIT 1");
        // Not everything happens to so few persons.
        let Some(row) = rows(project, &sql).get(1).cloned() else { continue };
        happening += 1;
        let mut figure = vec![format!("{table}.{column}")];
        for (name, value) in key.split(", ").zip(row.split(',')) {
            figure.extend(["--where".to_owned(), format!("{name}={value}")]);
        }
        figures.push(figure);
    }
    assert!(happening >= 6, "only {happening} tables have a figure");
    for figure in &figures {
        let figure: Vec<&str> = figure.iter().map(String::as_str).collect();
        let all = [&[][..], &["--json"], &["--html"]].map(|form| explain(project, made, &[&figure[..], form].concat()));
        for text in &all {
            assert!(text.contains("agency/"), "{figure:?} leads to no file:\n{text}");
            let shown = text.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| hashes.contains(*word));
            assert_eq!(shown, None, "{figure:?} shows a person");
        }
    }
    project
        .shebao(&["explain", "core_membership.person_id", "--where", "month=2025-03"])
        .must_end_with(2)
        .must_contain("say more of the key");
}
