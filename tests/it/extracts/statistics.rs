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

const CALENDAR: &str = r#"time_zone = "Asia/Shanghai"

[[due]]
name       = "缴费明细"
file       = "agency/contribution/{region}-{month}.csv"
every      = "month"
from       = "2025-01"
regions    = ["530402", "530403", "530423", "530424", "530425", "530426", "530427", "530428"]
due_day    = 10
on_missing = "partial"
"#;

/// A region whose file has not come makes totals that say so and have no rate; never smaller ones that look whole.
#[test]
fn a_missing_region_makes_partial_totals_that_say_so() {
    const LATER: &str = "2025-03-20T00:00:00Z";
    let project = project();
    // A wrong cell in a file of thirty rows would refuse it as a whole.
    project.edit("pipelines/synth.toml", "wrong             = 0.002", "wrong             = 0.0");
    project.write("pipelines/calendar.toml", CALENDAR);
    let out = project.file("made").display().to_string();
    project.shebao(&["synth", "--persons", "200", "--months", "2", "--seed", "3", &out]).must_end_with(0);
    let (there, away) = (project.file("made/agency/contribution/530425-2025-02.csv"), project.file("away.csv"));
    fs::rename(&there, &away).unwrap();
    let run = ["run", "--input", &out, "--period", "2025-02"];
    let said = project.shebao_at(LATER, &run).must_end_with(0);
    let told = "缴费明细 of 2025-02 is partial, 1 of 8 files are missing";
    assert!(said.stderr.contains(told) && said.stderr.contains("530425"), "{}", said.stderr);
    let status = project.shebao_at(LATER, &["status", "--input", &out]).must_end_with(0).stdout;
    assert!(status.contains("due           缴费明细 2025-02: 7 of 8 there"), "{status}");
    assert!(status.contains("  missing     530425\n"), "{status}");
    // Rows, those with a rate, and what these say to lack: of the region that is not there, nothing at all.
    let coverage = |of: &str| {
        let select = "SELECT COUNT(*) > 0 AS rows, COUNT(coverage_pct) > 0 AS rates, MIN(missing) AS missing, \
                      COUNT(missing) = COUNT(*) AS all FROM ind_coverage WHERE";
        rows(&project, &format!("{select} {of}"))[1].clone()
    };
    assert_eq!(coverage("period = '2025-02' AND region = '_T'"), "true,false,core_contribution: 530425,true");
    assert_eq!(coverage("period = '2025-02' AND region = '530402'"), "true,true,,false");
    assert_eq!(coverage("period = '2025-02' AND region = '530425'"), "false,false,,true");
    assert_eq!(coverage("period = '2025-01' AND region = '_T'"), "true,true,,false");
    let tables = [
        "ind_arrears",
        "ind_coverage",
        "ind_declared_base",
        "ind_enrolment_change",
        "ind_fund_balance",
        "ind_participation",
    ];
    let unmarked = |table: &str, period: &str| {
        let sql =
            format!("SELECT COUNT(*) > 0 FROM {table} WHERE period = '{period}' AND region = '_T' AND missing IS NULL");
        rows(&project, &sql)[1].clone()
    };
    for table in tables {
        assert_eq!([unmarked(table, "2025-01"), unmarked(table, "2025-02")], ["true", "false"], "{table}");
    }
    let insured =
        "SELECT MAX(insured_person) FROM ind_coverage WHERE period = '2025-02' AND region = '_T' AND scheme = '_T'";
    let partial: u64 = rows(&project, insured)[1].parse().unwrap();
    fs::rename(&away, &there).unwrap();
    project.shebao_at(LATER, &run).must_end_with(0);
    assert_eq!(coverage("period = '2025-02' AND region = '_T'"), "true,true,,false");
    for table in tables {
        assert_eq!(unmarked(table, "2025-02"), "true", "{table}");
    }
    assert!(rows(&project, insured)[1].parse::<u64>().unwrap() > partial);
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

#[test]
fn codes_are_those_in_force_in_the_month() {
    let project = super::project();
    project.edit("pipelines/agency/unit.toml", "rejects_max = 0.01", "rejects_max = 0.9");
    let header = "单位编号,单位名称,行政区划代码,行业代码,登记注册类型,参保日期,注销日期,状态\n";
    let unit = |number: u32, industry: &str| format!("{number},甲,530402,{industry},国有企业,20050101,,参保\n");
    let put = |month: &str, industries: &[&str]| {
        let rows = industries.iter().zip(1001..).map(|(industry, number)| unit(number, industry));
        let text = format!("{header}{}", rows.collect::<String>());
        project.write(&format!("fixtures/agency/unit/530402-{month}.csv"), super::gb18030(&text));
    };
    // 78 is 公共设施管理业 of 水利、环境 in 2017 and 2011, and 地质勘查 of 科学研究 in 2002; 79 is in 2011 of services already.
    put("2026-01", &["制造业", "1311", "C1311", "78", "7910", "B1311", "9999", "批发和零售业"]);
    put("2012-01", &["7910", "97"]);
    put("2008-01", &["7810", "98", "制造业"]);
    project.shebao(&["run"]).must_end_with(0);
    let taken = rows(&project, "SELECT month, unit_id, industry FROM core_unit");
    let expected = [
        "month,unit_id,industry",
        "2008-01,1001,M-2002",
        "2008-01,1002,T-2002",
        "2012-01,1001,O",
        "2026-01,1001,C",
        "2026-01,1002,C",
        "2026-01,1003,C",
        "2026-01,1004,N",
        "2026-01,1005,N",
        "2026-01,1008,F",
    ];
    assert_eq!(taken, expected);
    let told = rows(&project, "SELECT source_file, line, raw, reason, message FROM core_reject");
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(told[1].starts_with("agency/unit/530402-2008-01.csv,4,C,not-in-force,"), "{told:?}");
    assert!(told[1].contains("is in force from 2011-11-01 on, and the record is of 2008-01"), "{told:?}");
    assert!(told[2].starts_with("agency/unit/530402-2012-01.csv,3,97,unknown-code,"), "{told:?}");
    assert!(told[3].starts_with("agency/unit/530402-2026-01.csv,7,B1311,unknown-code,"), "{told:?}");
    assert!(told[4].starts_with("agency/unit/530402-2026-01.csv,8,9999,unknown-code,"), "{told:?}");
}
