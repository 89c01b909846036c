//! Models that are built month by month: what is made of a new month alone is what a whole rebuild makes, byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use shebao::store::{Manifest, Releases};

use crate::extracts;
use crate::support::TestProject;

const UNIT: &str = "\
-- name:  core_paid
-- grain: month, region, unit_id
-- grows: month
-- doc:   What a unit paid in a month.
SELECT month, region, unit_id, COUNT(*) AS records, SUM(paid_yuan) AS paid_yuan
FROM core_contribution
GROUP BY month, region, unit_id
";

const STATE: &str = "\
-- name:  core_running
-- grain: month, unit_id
-- grows: month
-- reads: core_running before
-- doc:   What a unit has paid up to the month.
SELECT core_month.month, COALESCE(now.unit_id, was.unit_id) AS unit_id,
       COALESCE(was.all_yuan, 0) + COALESCE(now.paid_yuan, 0) AS all_yuan
FROM core_paid AS now
FULL JOIN core_running AS was ON was.unit_id = now.unit_id
INNER JOIN core_month ON TRUE
";

const QUARTER: &str = "\
-- name:  ind_paid
-- grain: period, region
-- grows: month
-- reads: core_paid 2
-- doc:   What was paid in the month and the one before.
SELECT core_month.month AS period, region, SUM(paid_yuan) AS paid_yuan, COUNT(DISTINCT core_code.name_zh) AS names
FROM core_paid
INNER JOIN core_month ON TRUE
LEFT JOIN core_code ON core_code.list = 'region' AND core_code.code = region
GROUP BY core_month.month, region
";

const WHOLE: &str = "\
-- name:  out_paid
-- grain: region
-- doc:   What was paid in all months.
SELECT region, SUM(paid_yuan) AS paid_yuan FROM core_paid GROUP BY region
";

const HEADER: &str = "费款所属期,单位编号,个人编号,险种,缴费基数,单位应缴,个人应缴,实缴,到账日期,缴费状态\n";

fn project() -> TestProject {
    let project = extracts::project();
    for (path, sql) in
        [("core/core_paid", UNIT), ("core/core_running", STATE), ("ind/ind_paid", QUARTER), ("out/out_paid", WHOLE)]
    {
        project.write(&format!("sql/models/{path}.sql"), sql);
    }
    project
}

/// Each unit of a month pays so much for one person; a row may be of a month before.
fn send(project: &TestProject, month: u32, rows: &[(u32, u32, u32)]) {
    let row = |(of, unit, paid): &(u32, u32, u32)| {
        format!("2026{of:02},53040200{unit:04},53040219900101{unit:04},失业,5000,35,15,{paid},,已缴\n")
    };
    let text: String = rows.iter().map(row).collect();
    let name = format!("fixtures/agency/contribution/530402-2026-{month:02}.csv");
    project.write(&name, extracts::gb18030(&format!("{HEADER}{text}")));
}

/// Every file that the current release consists of, by name.
fn release(project: &TestProject) -> BTreeMap<String, Vec<u8>> {
    let warehouse = project.file("warehouse");
    let current = Releases::open(&warehouse).current().unwrap().unwrap();
    let manifest = Manifest::read(&current.path).unwrap();
    let derived = manifest.derived.iter().map(|d| (d.file.clone(), fs::read(warehouse.join(&d.file)).unwrap()));
    let own = fs::read_dir(&current.path).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap())
    });
    // The times of first release are those of the runs, which a rebuild has fewer of.
    own.filter(|(name, _)| name != "manifest.json").chain(derived).collect()
}

/// The same files taken in by an empty warehouse that has the same key.
fn rebuilt(project: &TestProject) -> TestProject {
    let rebuilt = TestProject::copy_of(project);
    let key = fs::read(project.file("warehouse/key")).unwrap();
    for folder in ["warehouse", "out"] {
        fs::remove_dir_all(rebuilt.file(folder)).unwrap();
    }
    rebuilt.write("warehouse/key", key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(rebuilt.file("warehouse/key"), fs::Permissions::from_mode(0o600)).unwrap();
    }
    rebuilt.shebao(&["run"]).must_end_with(0);
    rebuilt
}

#[track_caller]
fn must_be_as_rebuilt(project: &TestProject) {
    let (grown, rebuilt) = (release(project), release(&rebuilt(project)));
    assert_eq!(grown.keys().collect::<Vec<_>>(), rebuilt.keys().collect::<Vec<_>>());
    let differ: Vec<&String> = grown.keys().filter(|name| grown[*name] != rebuilt[*name]).collect();
    assert!(differ.is_empty(), "not the bytes of a rebuild: {differ:?}");
}

/// The months of each table that were computed since a moment.
fn computed_since(project: &TestProject, moment: SystemTime) -> Vec<String> {
    let mut found = Vec::new();
    for (file, bytes) in release(project).into_iter().filter(|(file, _)| file.starts_with("derived/")) {
        let changed = fs::metadata(project.file("warehouse").join(&file)).unwrap().modified().unwrap();
        assert!(!bytes.is_empty());
        if changed >= moment {
            found.push(file.rsplit_once('/').unwrap().0.replace("derived/", ""));
        }
    }
    found
}

fn answers(project: &TestProject, sql: &str) -> Vec<String> {
    let said = project.shebao(&["query", sql, "--format", "csv"]).must_end_with(0);
    said.stdout.lines().skip(1).map(str::to_owned).collect()
}

#[expect(clippy::disallowed_methods, reason = "compared with the times of files")]
fn now() -> SystemTime {
    // Times of files are those of the kernel's clock, which ticks more slowly than this one.
    std::thread::sleep(Duration::from_millis(50));
    SystemTime::now()
}

#[test]
fn only_what_a_new_month_touches_is_computed() {
    let project = project();
    for month in 1..=3 {
        send(&project, month, &[(month, 1, 10), (month, 2, month)]);
    }
    let said = project.shebao(&["run"]).must_end_with(0);
    assert!(said.stderr.contains("(9 of 9 months computed)"), "{}", said.stderr);
    assert_eq!(
        answers(&project, "SELECT month, unit_id, all_yuan FROM core_running WHERE month = '2026-03' ORDER BY unit_id"),
        ["2026-03,530402000001,30", "2026-03,530402000002,6"]
    );
    assert_eq!(
        answers(&project, "SELECT period, paid_yuan, names FROM ind_paid ORDER BY period"),
        ["2026-01,11,1", "2026-02,23,1", "2026-03,25,1"]
    );
    must_be_as_rebuilt(&project);
    // A fourth month: it alone is computed.
    let before = now();
    send(&project, 4, &[(4, 1, 10), (4, 3, 1)]);
    project.shebao(&["run"]).must_end_with(0);
    assert_eq!(computed_since(&project, before), ["core_paid/2026-04", "core_running/2026-04", "ind_paid/2026-04"]);
    assert_eq!(answers(&project, "SELECT paid_yuan FROM out_paid"), ["47"]);
    must_be_as_rebuilt(&project);
    // February again: what reads the month before, and what carries a state, follows.
    let before = now();
    send(&project, 2, &[(2, 1, 10), (2, 2, 7)]);
    project.shebao(&["run"]).must_end_with(0);
    let touched = [
        "core_paid/2026-02",
        "core_running/2026-02",
        "core_running/2026-03",
        "core_running/2026-04",
        "ind_paid/2026-02",
        "ind_paid/2026-03",
    ];
    assert_eq!(computed_since(&project, before), touched);
    assert_eq!(answers(&project, "SELECT paid_yuan FROM out_paid"), ["52"]);
    must_be_as_rebuilt(&project);
    // Paid for an earlier month by the file of a later one.
    let before = now();
    send(&project, 5, &[(5, 1, 10), (4, 3, 2)]);
    project.shebao(&["run"]).must_end_with(0);
    let touched = [
        "core_paid/2026-04",
        "core_paid/2026-05",
        "core_running/2026-04",
        "core_running/2026-05",
        "ind_paid/2026-04",
        "ind_paid/2026-05",
    ];
    assert_eq!(computed_since(&project, before), touched);
    must_be_as_rebuilt(&project);
    // Another base of the same contributions, which no model looks at: the month is computed again, comes to the same rows, and
    // all that is made of these stands.
    let before = now();
    let file = "fixtures/agency/contribution/530402-2026-03.csv";
    let text = extracts::gb18030("5000,35,15,10");
    let bytes = fs::read(project.file(file)).unwrap();
    let at = bytes.windows(text.len()).position(|window| window == text).unwrap();
    project.write(file, [&bytes[..at], b"6000", &bytes[at + 4..]].concat());
    project.shebao(&["run"]).must_end_with(0);
    assert_eq!(computed_since(&project, before), ["core_paid/2026-03"]);
    must_be_as_rebuilt(&project);
    // A code list that one of them reads: its months all over, and no other's.
    let before = now();
    project.edit("pipelines/codes/region.csv", "红塔区", "红塔");
    project.shebao(&["run"]).must_end_with(0);
    let touched: Vec<String> = (1..=5).map(|month| format!("ind_paid/2026-{month:02}")).collect();
    assert!(computed_since(&project, before).ends_with(&touched));
}

/// A figure of a month is followed to the rows of its months.
#[test]
fn a_figure_of_a_month_is_explained_by_its_months() {
    let project = project();
    for month in 1..=3 {
        send(&project, month, &[(month, 1, 10), (month, 2, month)]);
    }
    project.shebao(&["run"]).must_end_with(0);
    let row = ["--period", "2026-02", "--region", "530402", "--json"];
    let said = project.shebao(&[&["explain", "ind_paid.paid_yuan"], &row[..]].concat()).must_end_with(0);
    let told: Value = serde_json::from_str(&said.stdout).unwrap();
    let text = told.to_string();
    assert!(text.contains("2026-01") && text.contains("2026-02") && !text.contains("2026-03"), "{told:#}");
    let said = project.shebao(&[
        "explain",
        "core_running.all_yuan",
        "--where",
        "month=2026-03",
        "--where",
        "unit_id=530402000002",
    ]);
    let said = said.must_end_with(0);
    for month in ["2026-01", "2026-02", "2026-03"] {
        assert!(said.stdout.contains(month), "{}", said.stdout);
    }
    project.shebao(&["lineage", "core_running.all_yuan"]).must_end_with(0);
}

/// Killed at any moment, the next run makes what a rebuild makes.
#[test]
fn a_killed_build_leaves_nothing_wrong() {
    const KILLS: u32 = 20;
    let project = project();
    for month in 1..=4 {
        send(&project, month, &[(month, 1, 10), (month, 2, month)]);
    }
    let begun = Instant::now();
    project.shebao(&["run"]).must_end_with(0);
    let whole = begun.elapsed();
    for nth in 1..=KILLS {
        send(&project, 1 + nth % 4, &[(1 + nth % 4, 1, 100 + nth)]);
        let mut run = Command::new(env!("CARGO_BIN_EXE_shebao"))
            .arg("--project")
            .arg(project.path())
            .arg("run")
            .env("SOURCE_DATE_EPOCH", "1764547200")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole.mul_f64(f64::from(nth) / f64::from(KILLS)));
        run.kill().unwrap();
        run.wait().unwrap();
        assert!(!release(&project).is_empty(), "kill {nth}");
    }
    project.shebao(&["run"]).must_end_with(0);
    assert!(!project.file("warehouse/staging/spill").exists());
    must_be_as_rebuilt(&project);
}

/// Rows of another month would be lost among those of the month.
#[test]
fn rows_of_another_month_are_refused() {
    let project = project();
    send(&project, 1, &[(1, 1, 10)]);
    send(&project, 2, &[(2, 1, 10)]);
    project.edit("sql/models/ind/ind_paid.sql", "core_month.month AS period", "core_paid.month AS period");
    project.edit("sql/models/ind/ind_paid.sql", "GROUP BY core_month.month", "GROUP BY core_paid.month");
    let said = project.shebao(&["run"]).must_end_with(2);
    said.must_contain("a row holds \"2026-01\" in \"period\" while 2026-02 is being built");
}
