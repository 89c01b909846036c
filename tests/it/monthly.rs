//! The monthly job: what is due, what came and what did not, by a calendar of three regions; and what a timer needs.

mod timer;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use shebao::store::{Manifest, Releases};

use crate::extracts;
use crate::support::{TestProject, root};

const SOURCE: &str = "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n";

const TABLE: &str = r#"title   = "参保人数"
corner  = "险种"
unit    = "person"
context = { indicator = "insured_person" }

[[rows]]
label = "{scheme}"

[[columns]]
label = "人数"

[[edition]]
id   = "monthly"
file = "office/{region}_{month}.csv"
"#;

const CALENDAR: &str = r#"time_zone = "Asia/Shanghai"

[[due]]
name    = "参保月报"
file    = "office/{region}_{month}.csv"
every   = "month"
from    = "2026-09"
regions = ["530402", "530403", "易门县"]
due_day = 10
due_time = "18:00"
"#;

/// Before and after the deadline of October, 10 November 18:00 in China.
const IN_TIME: &str = "2026-11-10T09:59:59Z";
const TOO_LATE: &str = "2026-11-12T03:00:00Z";

fn office(on_missing: &str) -> TestProject {
    let project = TestProject::small(&[
        "core_code",
        "core_table",
        "core_indicator",
        "core_measure",
        "core_observation",
        "core_delivery",
    ]);
    project.write("pipelines/office/source.toml", SOURCE);
    project.write("pipelines/office/table.toml", TABLE);
    project.write("pipelines/calendar.toml", format!("{CALENDAR}on_missing = \"{on_missing}\"\n"));
    for region in ["530402", "530403", "530425"] {
        deliver(&project, region, "2026-09", 10);
    }
    project
}

fn deliver(project: &TestProject, region: &str, month: &str, persons: u32) {
    project.write(&format!("fixtures/office/{region}_{month}.csv"), format!("险种,人数\n失业保险,{persons}\n"));
}

fn answers(project: &TestProject, sql: &str) -> Vec<String> {
    let said = project.shebao(&["query", sql, "--format", "csv"]).must_end_with(0);
    said.stdout.lines().skip(1).map(str::to_owned).collect()
}

fn figures(project: &TestProject) -> Vec<String> {
    answers(project, "SELECT period, region, value FROM core_observation ORDER BY period, region")
}

fn states(project: &TestProject, time: &str) -> Vec<String> {
    let said = project.shebao_at(time, &["status", "--json"]).must_end_with(0);
    let status: Value = serde_json::from_str(&said.stdout).unwrap();
    let of = |d: &Value| ["period", "region", "state"].map(|key| d[key].as_str().unwrap().to_owned()).join(" ");
    status["deliveries"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_period_that_is_not_whole_is_withheld() {
    let project = office("withhold");
    deliver(&project, "530402", "2026-10", 20);
    deliver(&project, "530403", "2026-10", 20);
    // An early file of November waits for its turn.
    deliver(&project, "530402", "2026-11", 30);
    let said = project.shebao_at(IN_TIME, &["run", "--period", "2026-10"]).must_end_with(1);
    let told =
        "参保月报 of 2026-10 is withheld, 1 of 3 files are missing (due until 2026-11-10T10:00:00Z): 易门县 (530425)";
    assert!(said.stderr.contains(told), "{}", said.stderr);
    let september = ["2026-09,530402,10", "2026-09,530403,10", "2026-09,530425,10"];
    assert_eq!(figures(&project), september);
    let october = [
        "2026-09 530402 arrived",
        "2026-09 530403 arrived",
        "2026-09 530425 arrived",
        "2026-10 530402 arrived",
        "2026-10 530403 arrived",
        "2026-10 530425 expected",
    ];
    assert_eq!(states(&project, IN_TIME)[3..], october[3..]);
    assert_eq!(states(&project, TOO_LATE)[5], "2026-10 530425 missing");
    let rows =
        answers(&project, "SELECT period, region, state FROM core_delivery WHERE period = '2026-10' ORDER BY region");
    assert_eq!(rows, ["2026-10,530402,withheld", "2026-10,530403,withheld", "2026-10,530425,missing"]);
    let finding = "SELECT rule, severity, period, region FROM core_finding";
    assert_eq!(answers(&project, finding), ["delivery-missing,error,2026-10,530425"]);
    // It comes, two days late; now the month is whole.
    deliver(&project, "530425", "2026-10", 20);
    project.shebao_at(TOO_LATE, &["run", "--period", "previous"]).must_end_with(0);
    let both = ["2026-10,530402,20", "2026-10,530403,20", "2026-10,530425,20"];
    assert_eq!(figures(&project), [&september[..], &both[..]].concat());
    assert_eq!(states(&project, TOO_LATE)[5], "2026-10 530425 late");
    // The same again is nothing to do, and another content is a resubmission that replaces this file's figures alone.
    let status = project.shebao_at(TOO_LATE, &["status"]).must_end_with(0).stdout;
    assert!(status.contains("next          nothing to do"), "{status}");
    let again = project.shebao_at(TOO_LATE, &["run", "--period", "2026-10"]).must_end_with(0);
    assert!(again.stdout.contains("nothing to do"), "{}", again.stdout);
    deliver(&project, "530403", "2026-10", 21);
    project.shebao_at("2026-11-13T03:00:00Z", &["run", "--period", "2026-10"]).must_end_with(0);
    assert_eq!(figures(&project)[3..], ["2026-10,530402,20", "2026-10,530403,21", "2026-10,530425,20"]);
    assert_eq!(states(&project, TOO_LATE)[4], "2026-10 530403 resubmitted");
    // A file that goes after it was published takes nothing with it, however often the job runs.
    fs::remove_file(project.file("fixtures/office/530402_2026-10.csv")).unwrap();
    for _ in 0..2 {
        project.shebao_at(TOO_LATE, &["run", "--force", "--period", "2026-10"]).must_end_with(0);
        assert_eq!(figures(&project)[3..], ["2026-10,530402,20", "2026-10,530403,21", "2026-10,530425,20"]);
        assert_eq!(states(&project, TOO_LATE)[3], "2026-10 530402 kept");
    }
}

#[test]
fn a_partial_period_is_published_as_one() {
    let project = office("partial");
    deliver(&project, "530402", "2026-10", 20);
    let said = project.shebao_at(TOO_LATE, &["run", "--period", "2026-10"]).must_end_with(0);
    let told = "参保月报 of 2026-10 is partial, 2 of 3 files are missing";
    assert!(said.stderr.contains(told), "{}", said.stderr);
    assert_eq!(figures(&project)[3..], ["2026-10,530402,20"]);
    let whole =
        "SELECT period, COUNT(*) FILTER (WHERE state = 'missing') FROM core_delivery GROUP BY period ORDER BY period";
    assert_eq!(answers(&project, whole), ["2026-09,0", "2026-10,2"]);
    let status = project.shebao_at(TOO_LATE, &["status"]).must_end_with(0).stdout;
    assert!(
        status.contains(
            "due           参保月报 2026-10: 1 of 3 there, due 2026-11-10T10:00:00Z\n  missing     530403 530425\n"
        ),
        "{status}"
    );
    // The first load of all that there is makes one line of what was late.
    assert!(status.contains("  before      3 late\n") && !status.contains("参保月报 2026-09"), "{status}");
    let mut reading = Command::new(env!("CARGO_BIN_EXE_shebao"))
        .arg("--project")
        .arg(project.path())
        .arg("status")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(reading.stdout.take());
    let told = reading.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(told.stderr).unwrap(), "", "a reader that goes away is no fault");
}

/// Records go the same way as tables; and once they were published they stay when their file goes.
#[test]
fn records_of_a_period_wait_until_it_is_whole() {
    let project = extracts::project();
    project.write(
        "sql/models/core/core_delivery.sql",
        fs::read(root().join("sql/models/core/core_delivery.sql")).unwrap(),
    );
    let calendar = CALENDAR.replace("office/{region}_{month}.csv", "agency/contribution/{region}-{month}.{any}");
    project.write("pipelines/calendar.toml", calendar.replace("2026-09", "2026-01").replace(", \"530403\"", ""));
    let sent = extracts::gb18030(&extracts::given("contribution.csv"));
    project.write("fixtures/agency/contribution/530402-2026-01.csv", &sent);
    let count = "SELECT COUNT(*) > 0 FROM core_contribution";
    let said = project.shebao_at(IN_TIME, &["run", "--period", "2026-01"]).must_end_with(1);
    assert!(said.stderr.contains("参保月报 of 2026-01 is withheld, 1 of 2 files are missing"), "{}", said.stderr);
    assert_eq!(answers(&project, count), ["false"]);
    project.write("fixtures/agency/contribution/530425-2026-01.csv", &sent);
    project.shebao_at(IN_TIME, &["run", "--period", "2026-01"]).must_end_with(0);
    assert_eq!(answers(&project, count), ["true"]);
    fs::remove_file(project.file("fixtures/agency/contribution/530402-2026-01.csv")).unwrap();
    for _ in 0..2 {
        project.shebao_at(IN_TIME, &["run", "--period", "2026-01", "--force"]).must_end_with(0);
        assert_eq!(states(&project, TOO_LATE)[0], "2026-01 530402 kept");
    }
}

/// A file of which nothing can be taken has not come: its month is withheld or marked like one that lacks it.
#[test]
fn a_file_that_is_refused_has_not_come() {
    let project = extracts::project();
    for model in ["core_delivery", "core_gap", "core_partial"] {
        let path = format!("sql/models/core/{model}.sql");
        project.write(&path, fs::read(root().join(&path)).unwrap());
    }
    let calendar = CALENDAR.replace("office/{region}_{month}.csv", "agency/contribution/{region}-{month}.{any}");
    project.write("pipelines/calendar.toml", calendar.replace("2026-09", "2026-01").replace(", \"530403\"", ""));
    let text = extracts::given("contribution.csv");
    let sent = extracts::gb18030(&text);
    let header = extracts::gb18030(&format!("{}\n", text.lines().next().unwrap()));
    let wrong = [&header[..], b"202601,530425000001,53042519900101123X,?,?,?,?,?,?,?\n"].concat();
    let (first, second) =
        ("fixtures/agency/contribution/530402-2026-01.csv", "fixtures/agency/contribution/530425-2026-01.csv");
    project.write(first, &sent);
    let run = ["run", "--period", "2026-01"];
    let came = "SELECT region, state FROM core_delivery WHERE period = '2026-01' ORDER BY region";
    let count = "SELECT COUNT(*) FROM core_contribution";
    for refused in [Vec::new(), header.clone(), wrong] {
        project.write(second, &refused);
        let said = project.shebao_at(IN_TIME, &run).must_end_with(1);
        let told = "参保月报 of 2026-01 is withheld, 1 of 2 files are there, but refused: 易门县 (530425)";
        assert!(said.stderr.contains(told) && said.stderr.contains("530425-2026-01.csv"), "{}", said.stderr);
        assert_eq!(answers(&project, count), ["0"]);
        assert_eq!(answers(&project, came), ["530402,withheld", "530425,refused"]);
        assert_eq!(states(&project, TOO_LATE)[1], "2026-01 530425 refused");
        let status = project.shebao_at(TOO_LATE, &["status"]).must_end_with(0).stdout;
        assert!(status.contains("1 of 2 there") && status.contains("  refused     530425\n"), "{status}");
    }
    project.write(second, &sent);
    project.shebao_at(IN_TIME, &run).must_end_with(0);
    let whole = answers(&project, count);
    assert_ne!(whole, ["0"]);
    // What comes in the place of a file that is published, and is of no use, takes nothing with it.
    for refused in [Vec::new(), header.clone()] {
        project.write(second, &refused);
        project.shebao_at(IN_TIME, &run);
        assert_eq!(answers(&project, count), whole);
        assert_eq!(answers(&project, came), ["530402,arrived", "530425,kept"]);
        assert_eq!(states(&project, TOO_LATE)[1], "2026-01 530425 kept");
    }
    project.edit("pipelines/calendar.toml", "due_day = 10", "due_day = 10\non_missing = \"partial\"");
    project.write("fixtures/agency/contribution/530402-2026-02.csv", &sent);
    project.write("fixtures/agency/contribution/530425-2026-02.csv", &header);
    let said = project.shebao_at(IN_TIME, &["run", "--period", "2026-02"]).must_end_with(0);
    let told = "参保月报 of 2026-02 is partial, 1 of 2 files are there, but refused: 易门县 (530425)";
    assert!(said.stderr.contains(told) && said.stderr.contains("no record below it"), "{}", said.stderr);
    assert_eq!(answers(&project, "SELECT * FROM core_partial"), ["core_contribution,2026-02,530425"]);
}

/// A file of a table goes the same way.
#[test]
fn a_table_that_cannot_be_read_has_not_come() {
    let project = office("withhold");
    project.shebao_at(IN_TIME, &["run", "--period", "2026-09"]).must_end_with(0);
    deliver(&project, "530402", "2026-10", 20);
    deliver(&project, "530403", "2026-10", 20);
    project.write("fixtures/office/530425_2026-10.csv", "");
    for _ in 0..2 {
        project.shebao_at(IN_TIME, &["run", "--period", "2026-10", "--force"]).must_end_with(1);
        assert_eq!(figures(&project).len(), 3, "those of September");
        let whole = "SELECT COUNT(*) FROM core_delivery WHERE period = '2026-10' AND state IN ('arrived', 'kept')";
        assert_eq!(answers(&project, whole), ["0"]);
    }
    deliver(&project, "530425", "2026-10", 20);
    project.shebao_at(IN_TIME, &["run", "--period", "2026-10"]).must_end_with(0);
    assert_eq!(figures(&project).len(), 6);
}

/// What is published of later months stays, and so do the marks on it; whatever the clock says.
#[test]
fn marks_are_of_all_that_is_published() {
    let project = office("partial");
    deliver(&project, "530402", "2026-10", 20);
    project.shebao_at(TOO_LATE, &["run", "--period", "2026-10"]).must_end_with(0);
    let lacks = "SELECT period, region FROM core_delivery WHERE state = 'missing' ORDER BY period, region";
    let october = ["2026-10,530403", "2026-10,530425"];
    assert_eq!(answers(&project, lacks), october);
    project.shebao_at(TOO_LATE, &["run", "--period", "2026-09", "--force"]).must_end_with(0);
    assert_eq!(answers(&project, lacks), october);
    let said = project.shebao_at("2001-09-09T00:00:00Z", &["run", "--period", "previous", "--force"]).must_end_with(0);
    assert!(said.stderr.contains("the clock says 2001-09-09, which is before 2026-10"), "{}", said.stderr);
    assert_eq!(answers(&project, lacks), october);
    project
        .shebao_at("2040-01-15T00:00:00Z", &["run", "--period", "previous"])
        .must_end_with(2)
        .must_contain("the clock says 2040-01-15, and nothing has come of any period after 2026-10");
    assert_eq!(answers(&project, lacks), october);
}

#[test]
fn two_files_for_one_delivery_are_none() {
    let project = office("partial");
    deliver(&project, "易门县", "2026-09", 99);
    let said = project.shebao_at(IN_TIME, &["run"]).must_end_with(1);
    let told = "参保月报 of 2026-09, 易门县 (530425): 2 files claim to be it, office/530425_2026-09.csv and office/易门县_2026-09.csv";
    assert!(said.stderr.contains(told), "{}", said.stderr);
    assert_eq!(figures(&project), ["2026-09,530402,10", "2026-09,530403,10"]);
}

#[test]
fn every_run_leaves_its_record() {
    let project = office("partial");
    let metrics = project.file("shebao.prom");
    let alarm = project.file("alarm.json");
    let hook = format!("cat > '{}'", alarm.display());
    let watched = ["--metrics", metrics.to_str().unwrap(), "--on-failure", &hook];
    project.shebao_at(IN_TIME, &[&["run"], &watched[..]].concat()).must_end_with(0);
    assert!(!alarm.exists(), "nothing failed");
    let text = fs::read_to_string(&metrics).unwrap();
    for line in ["shebao_run_exit_code 0", "shebao_observations 3", "shebao_findings{severity=\"error\"} 0"] {
        assert!(text.lines().any(|l| l == line), "{line} in:\n{text}");
    }
    project.edit("pipelines/calendar.toml", "due_day = 10", "due_day = 32");
    project
        .shebao_at(TOO_LATE, &[&["run"], &watched[..]].concat())
        .must_end_with(2)
        .must_contain("32 is no day of a month");
    let record: Value = serde_json::from_str(&fs::read_to_string(&alarm).unwrap()).unwrap();
    assert_eq!(record["outcome"], "failed");
    assert!(record["message"].as_str().unwrap().contains("32 is no day of a month"), "{record}");
    assert!(record["observations"].is_null() && record["finding_errors"].is_null(), "{record}");
    let text = fs::read_to_string(&metrics).unwrap();
    assert!(text.contains("shebao_run_exit_code 2\n"));
    // 0 would be a figure, and an alarm.
    let unknown = |line: &str| line.starts_with("shebao_observations") || line.starts_with("shebao_findings{");
    assert!(!text.lines().any(unknown), "{text}");
    let runs = "SELECT began_at, outcome, changed, observations FROM core_run ORDER BY began_at";
    let expected = ["2026-11-10T09:59:59Z,good,true,3", "2026-11-12T03:00:00Z,failed,false,"];
    assert_eq!(answers(&project, runs), expected);
}

/// The log tells the month, not the word by which it was asked for.
#[test]
fn a_record_names_the_month() {
    let project = office("partial");
    project.shebao_at(TOO_LATE, &["run", "--period", "previous"]).must_end_with(0);
    assert_eq!(answers(&project, "SELECT period, outcome FROM core_run"), ["2026-10,good"]);
    let log = project.read("warehouse/runs.jsonl");
    assert!(log.lines().all(|line| line.contains("\"period\":\"2026-10\"")), "{log}");
}

/// Where there is no project there is no record; who waits for the run is told all the same.
#[test]
fn a_run_without_a_project_is_told() {
    let project = TestProject::of(&["pipelines/codes"]);
    fs::remove_dir_all(project.file("pipelines")).unwrap();
    let (alarm, metrics) = (project.file("alarm.json"), project.file("shebao.prom"));
    let hook = format!("cat > '{}'", alarm.display());
    let watched = ["run", "--metrics", metrics.to_str().unwrap(), "--on-failure", &hook];
    project.shebao_at(IN_TIME, &watched).must_end_with(2).must_contain("is not a shebao project");
    let record: Value = serde_json::from_str(&fs::read_to_string(&alarm).unwrap()).unwrap();
    assert_eq!(record["outcome"], "failed");
    assert!(record["message"].as_str().unwrap().contains("is not a shebao project"), "{record}");
    assert!(fs::read_to_string(&metrics).unwrap().contains("shebao_run_exit_code 2\n"));
    assert!(!project.file("warehouse").exists(), "nothing is made of what is none");
}

/// A folder, or a link that leads nowhere, instead of one region's file: the rest is read, and what was published stays.
#[test]
fn a_file_that_cannot_be_read_hurts_nothing_else() {
    let project = extracts::project();
    let model = "sql/models/core/core_submission.sql";
    project.write(model, fs::read(root().join(model)).unwrap());
    let sent = extracts::gb18030(&extracts::given("contribution.csv"));
    let file = |region: &str| format!("fixtures/agency/contribution/{region}-2026-01.csv");
    project.write(&file("530402"), &sent);
    project.shebao(&["run"]).must_end_with(0);
    let files = "SELECT DISTINCT source_file FROM core_submission WHERE state = 'taken' ORDER BY source_file";
    let one = "agency/contribution/530402-2026-01.csv";
    assert_eq!(answers(&project, files), [one]);
    for region in ["530402", "530403"] {
        let _ = fs::remove_file(project.file(&file(region)));
    }
    std::os::unix::fs::symlink("/mnt/gone.csv", project.file(&file("530402"))).unwrap();
    fs::create_dir(project.file(&file("530403"))).unwrap();
    project.write(&file("530425"), &sent);
    for _ in 0..2 {
        let said = project.shebao(&["run"]).must_end_with(1);
        assert!(
            said.stdout.contains("nothing to do") || said.stderr.contains("leads to /mnt/gone.csv, which is not there")
        );
        assert!(
            said.stdout.contains("nothing to do") || said.stderr.contains("a folder has this name"),
            "{}",
            said.stderr
        );
        assert_eq!(answers(&project, files), [one, "agency/contribution/530425-2026-01.csv"]);
    }
    fs::remove_file(project.file(&file("530402"))).unwrap();
    fs::remove_dir(project.file(&file("530403"))).unwrap();
    project.write(&file("530402"), &sent);
    project.shebao(&["run"]).must_end_with(0);
}

/// A file of another user: told like a damaged one, until it can be read.
#[test]
fn a_file_that_may_not_be_read_keeps_its_figures() {
    let project = office("partial");
    let whole = project.allowed(&["."], &[], &["run"]).must_end_with(0);
    assert_eq!(figures(&project).len(), 3, "{}", whole.stderr);
    let file = "office/530425_2026-09.csv";
    let run = |unreadable: &[&str]| project.allowed(&["."], unreadable, &["run"]);
    let said = run(&[&format!("fixtures/{file}")]).must_end_with(1);
    let told = format!("must be readable for the user that runs shebao, and is not: permission denied\n  --> {file}");
    assert!(said.stderr.contains(&told), "{}", said.stderr);
    assert_eq!(figures(&project), ["2026-09,530402,10", "2026-09,530403,10", "2026-09,530425,10"]);
    run(&[&format!("fixtures/{file}")]).must_end_with(1).must_contain("nothing to do");
    run(&[]).must_end_with(0);
}

/// A copy under way looks like a short file; a time of a clock that jumped looks like no age at all.
#[test]
fn a_file_that_is_still_written_is_left_alone() {
    let project = office("partial");
    project.edit("pipelines/calendar.toml", "time_zone", "settle = 1\ntime_zone");
    let growing = project.file("fixtures/office/530425_2026-09.csv");
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let copy = std::thread::spawn(move || {
        let mut file = fs::OpenOptions::new().append(true).open(growing).unwrap();
        while stopped.try_recv().is_err() {
            file.write_all(b"\n").unwrap();
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let said = project.shebao_at(IN_TIME, &["run"]);
    stop.send(()).unwrap();
    copy.join().unwrap();
    assert!(
        said.stderr.contains("another program still writes it\n  --> office/530425_2026-09.csv"),
        "{}",
        said.stderr
    );
    assert_eq!(figures(&project), ["2026-09,530402,10", "2026-09,530403,10"]);
    let ahead = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let file = fs::File::options().append(true).open(project.file("fixtures/office/530425_2026-09.csv")).unwrap();
    file.set_modified(ahead).unwrap();
    project.shebao_at(IN_TIME, &["run"]).must_end_with(0);
    assert_eq!(figures(&project).len(), 3);
}

/// Killed at any moment, the release before or the new one is there, whole.
#[test]
fn a_killed_run_leaves_one_release_or_the_other() {
    const KILLS: u64 = 200;
    let project = office("withhold");
    let begun = Instant::now();
    project.shebao_at(IN_TIME, &["run"]).must_end_with(0);
    // How long a run takes; it follows what is seen, since other tests run beside this one.
    let mut whole = begun.elapsed();
    let releases = Releases::open(&project.file("warehouse"));
    let mut moment = 0x9E37_79B9_u64;
    let (mut old, mut new) = (0, 0);
    for nth in 0..KILLS {
        let before = releases.current().unwrap().unwrap().id;
        deliver(&project, "530402", "2026-09", 100 + u32::try_from(nth).unwrap());
        let mut run = Command::new(env!("CARGO_BIN_EXE_shebao"))
            .arg("--project")
            .arg(project.path())
            .arg("run")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(whole.mul_f64((moment >> 40) as f64 / (1_u64 << 24) as f64));
        run.kill().unwrap();
        run.wait().unwrap();
        let current = releases.current().unwrap().unwrap();
        let manifest = Manifest::read(&current.path).unwrap();
        assert_eq!((&manifest.release, manifest.rows["core_observation"]), (&current.id, 3), "kill {nth}");
        for table in manifest.rows.keys() {
            let bytes = fs::read(current.path.join(format!("{table}.parquet"))).unwrap();
            assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "kill {nth}: {table}");
        }
        let is_new = current.id != before;
        whole = whole.mul_f64(if is_new { 0.8 } else { 1.1 });
        (old, new) = if is_new { (old, new + 1) } else { (old + 1, new) };
        // Whatever was left by the runs before, one that is let alone completes.
        if nth % 20 == 19 {
            project.shebao_at(IN_TIME, &["run"]).must_end_with(0);
            assert_eq!(figures(&project)[0], format!("2026-09,530402,{}", 100 + nth), "after kill {nth}");
        }
    }
    eprintln!("of {KILLS} kills {old} left the release before and {new} the new one");
    assert!(old > 0 && new > 0, "all moments lay on one side: {old} before, {new} after");
    deliver(&project, "530402", "2026-09", 7);
    project.shebao_at(IN_TIME, &["run"]).must_end_with(0);
    assert_eq!(figures(&project)[0], "2026-09,530402,7");
    let killed = answers(&project, "SELECT COUNT(*) > 0 FROM core_run WHERE outcome = 'killed'");
    assert_eq!(killed, ["true"]);
}
