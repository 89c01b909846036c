//! The statistics that SQL makes of made-up extracts are what was counted while these were made up.

use std::fs;

use serde::Deserialize;

use super::{given, rows, sorted};
use crate::support::TestProject;

#[derive(Deserialize)]
struct Questions {
    truth: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    name: String,
    sql: String,
    /// Leave out rows of the truth in which nothing is counted.
    #[serde(default)]
    drop: bool,
}

fn project() -> TestProject {
    let project = TestProject::of(&["pipelines/codes", "pipelines/agency", "pipelines/synth.toml", "sql/models"]);
    for folder in ["sql/audits", "reports", "fixtures/agency"] {
        fs::create_dir_all(project.file(folder)).unwrap();
    }
    // Often enough that everything happens among few persons.
    for (from, to) in [
        ("wrong             = 0.0005", "wrong             = 0.002"),
        ("death             = 0.01", "death             = 0.08"),
        ("arrears           = 0.08", "arrears           = 0.5"),
        ("claim_after_death = 0.15", "claim_after_death = 0.6"),
    ] {
        project.edit("pipelines/synth.toml", from, to);
    }
    project
}

#[test]
fn the_statistics_of_made_up_extracts_say_the_truth() {
    let project = project();
    let out = project.file("made").display().to_string();
    project.shebao(&["synth", "--persons", "1500", "--months", "16", "--seed", "7", &out]).must_end_with(0);
    project.shebao(&["run", "--input", &out]).must_end_with(0);
    let questions: Questions = toml::from_str(&given("statistics.toml")).unwrap();
    for Question { name, sql, drop } in questions.truth {
        let truth = sorted(&fs::read_to_string(format!("{out}/truth/{name}.csv")).unwrap());
        let truth: Vec<String> =
            truth.into_iter().filter(|line| !drop || !line.ends_with(",0,0,0") && !nothing(line)).collect();
        assert!(truth.len() > 1, "{name}: it happens");
        assert_eq!(rows(&project, &sql), truth, "{name}");
    }
    let findings = rows(&project, "SELECT DISTINCT rule FROM core_finding");
    assert_eq!(findings, ["rule", "records-set-aside"], "no key stands twice");
}

/// A key with a single count, which is 0.
fn nothing(line: &str) -> bool {
    line.ends_with(",0") && line.matches(',').count() == 1
}

#[test]
fn files_that_no_release_names_are_removed_and_no_others() {
    let project = super::project();
    let file = "fixtures/agency/contribution/530402-2026-01.csv";
    project.write(file, super::gb18030(&given("contribution.csv")));
    project.shebao(&["run"]).must_end_with(0);
    let before = rows(&project, "SELECT * FROM core_contribution");
    let first = project.current();
    for left in ["records/core_contribution/2026-01/killed.parquet", "derived/core_gone/2026-01/killed.parquet"] {
        project.write(&format!("warehouse/{left}"), "half a file");
    }
    let named = super::files(&project.file("warehouse/records/core_contribution"));
    let fewer: Vec<String> = given("contribution.csv").lines().take(3).map(|line| format!("{line}\n")).collect();
    project.write(file, super::gb18030(&fewer.concat()));
    project.shebao(&["run"]).must_end_with(0);
    let now = super::files(&project.file("warehouse/records/core_contribution"));
    assert!(!now.keys().any(|path| path.contains("killed")), "what no release names is gone");
    assert!(!project.file("warehouse/derived/core_gone").exists());
    for (path, bytes) in named.iter().filter(|(path, _)| !path.contains("killed")) {
        assert_eq!(now.get(path), Some(bytes), "the first release keeps {path}");
    }
    let sql = "SELECT * FROM core_contribution";
    let old = project.shebao(&["query", sql, "--format", "csv", "--as-of", &first]).must_end_with(0);
    assert_eq!(sorted(&old.stdout), before);
}
