//! The commands as a user types them: what they say, what they leave behind, how they end.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::support::{TestProject, published, root};

/// The whole text, without what differs from machine to machine and run to run.
fn check_text(name: &str, text: &str) {
    insta::with_settings!({
        prepend_module_to_snapshot => true, omit_expression => true,
        filters => vec![
            (r"[0-9a-f]{16}", "RELEASE"), (r"\d+\.\d s", "N s"), (r"0\.1\.0\+[0-9a-f]+", "PROGRAM"), (r"RELEASE[0-9a-f]*", "RELEASE"),
        ],
    }, { insta::assert_snapshot!(name, text); });
}

#[test]
fn the_help_reads_like_a_manual() {
    let project = published();
    check_text("help", &project.shebao(&["--help"]).must_end_with(0).stdout);
    for command in ["run", "ingest", "check", "build", "report", "query", "status", "doctor", "schema"] {
        let said = project.shebao(&[command, "--help"]).must_end_with(0);
        assert!(said.stdout.lines().count() > 5, "{command} --help is no help");
    }
}

#[test]
fn the_main_job_is_told_on_one_screen_and_done_once() {
    let project = TestProject::new();
    let first = project.shebao(&["run"]).must_end_with(0);
    assert!(first.stdout.lines().count() <= 24, "the summary is longer than a screen");
    check_text("run", &format!("{}\n{}", first.stderr, first.stdout));
    let second = project.shebao(&["run"]).must_end_with(0);
    check_text("run_again", &format!("{}{}", second.stderr, second.stdout));
    for file in ["out/index.html", "out/manifest.json"] {
        assert!(project.file(file).is_file(), "{file}");
    }
    // An output folder that somebody emptied is filled again, from the same release.
    let released = project.current();
    fs::remove_dir_all(project.file("out")).unwrap();
    project.shebao(&["run"]).must_end_with(0);
    assert!(project.file("out/index.html").is_file());
    assert_eq!(project.current(), released);
}

#[test]
fn each_stage_can_be_run_alone_from_its_files() {
    let project = TestProject::new();
    project.shebao(&["build"]).must_end_with(2).must_contain("run `shebao ingest` first");
    project.shebao(&["query", "SELECT 1"]).must_end_with(2).must_contain("run `shebao run`");
    project.shebao(&["ingest"]).must_end_with(0).must_contain("observations of 18 files staged");
    project.shebao(&["build"]).must_end_with(0).must_contain("ind_fund_balance");
    project.shebao(&["report"]).must_end_with(0).must_contain("15 tables and 15 charts");
    assert_eq!(project.current(), published().current(), "the same files make the same release");
    // Another query or rule makes another release, though nothing is read anew; and the old ones make the old one again.
    let first = project.current();
    for (file, comment) in
        [("sql/models/out/out_warning.sql", "-- read again"), ("pipelines/rules/fund.toml", "# read again")]
    {
        let text = project.read(file);
        project.write(file, format!("{text}\n{comment}\n"));
        project.shebao(&["build"]).must_end_with(0);
        assert_ne!(project.current(), first, "{file} belongs to the release");
        project.write(file, text);
    }
    project.shebao(&["build"]).must_end_with(0);
    assert_eq!(project.current(), first);
}

#[test]
fn the_same_inputs_make_the_same_bytes() {
    let (one, two) = (published(), TestProject::new());
    two.shebao(&["run"]).must_end_with(0);
    let release = format!("warehouse/releases/{}", one.current());
    let mut compared = 0;
    for folder in [release.as_str(), "out", "out/charts", "out/tables/yuxi-2013", "out/tables/qinghai-2005"] {
        for entry in fs::read_dir(one.file(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(one.path()).unwrap().to_str().unwrap();
                assert!(fs::read(&path).unwrap() == fs::read(two.file(name)).unwrap(), "{name} differs");
                compared += 1;
            }
        }
    }
    assert!(compared > 40, "only {compared} files were compared");
}

#[test]
fn answers_come_as_table_csv_json_and_parquet() {
    let project = published();
    let sql = "SELECT period, insured_person, change_person FROM ind_enrolment_change \
               WHERE region = '630000' AND scheme = 'unemployment' AND ownership = '_T' ORDER BY period";
    // Paper 000, table 2: 35.7, 32.2, 33.2, 33.46 (万人) and their differences.
    let csv = project.shebao(&["query", sql, "--format", "csv"]).must_end_with(0).stdout;
    assert_eq!(
        csv,
        "period,insured_person,change_person\n2001,357000,\n2002,322000,-35000\n2003,332000,10000\n2004,334600,2600\n"
    );
    let json = project.shebao(&["query", sql, "--format", "json"]).must_end_with(0).stdout;
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows[0]["change_person"], serde_json::Value::Null);
    assert_eq!(rows[3]["insured_person"].to_string(), "334600");
    check_text("query_table", &project.shebao(&["query", sql]).must_end_with(0).stdout);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer.parquet");
    let path = file.to_str().unwrap();
    project.shebao(&["query", sql, "--format", "parquet", "--output", path]).must_end_with(0);
    assert!(fs::read(&file).unwrap().starts_with(b"PAR1"));
    let piped = Command::new(env!("CARGO_BIN_EXE_shebao"))
        .arg("--project")
        .arg(project.path())
        .args(["query", sql, "--format", "parquet"])
        .output()
        .unwrap();
    assert_eq!(piped.stdout, fs::read(&file).unwrap(), "the same bytes through a pipe");
}

#[test]
fn one_file_is_read_by_one_specification() {
    let project = published();
    let file = project.file("fixtures/yuxi-2013/injury_by_county.xlsx");
    let spec = project.file("pipelines/yuxi-2013/injury_by_county.toml");
    let arguments = ["ingest", "--spec", spec.to_str().unwrap(), file.to_str().unwrap(), "--format", "csv"];
    let said = project.shebao(&arguments).must_end_with(0);
    let mut reader = csv::Reader::from_reader(said.stdout.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let at =
        |cell: &str, name: &str| rows.iter().find(|r| &r[column("cell")] == cell).unwrap()[column(name)].to_owned();
    // Paper 004, table 5: 市级, surplus ＋1147 万元; 江川县, shortfall 290.
    assert_eq!((at("I5", "value"), at("I5", "printed")), ("11470000".into(), "＋1147".into()));
    assert_eq!((at("I7", "value"), at("I7", "printed")), ("-2900000".into(), "290".into()));
    assert_eq!(at("K7", "mark"), "not_available");
}

#[test]
fn a_file_that_is_gone_is_told_and_its_figures_stay() {
    let project = TestProject::copy_of(published());
    fs::remove_file(project.file("fixtures/qinghai-2005/enrolment.xls")).unwrap();
    let said = project.shebao(&["run"]).must_end_with(0);
    check_text("missing_file", &format!("{}\n{}", said.stderr, said.stdout));
    let sql = "SELECT COUNT(*) FROM core_observation WHERE table_id = 'enrolment'";
    assert_eq!(project.shebao(&["query", sql, "--format", "csv"]).stdout.lines().nth(1), Some("35"));
}

#[test]
fn what_is_wrong_stays_told_until_it_is_mended() {
    let project = TestProject::copy_of(published());
    project.edit("reports/yuxi-2013/report.toml", "kind   = \"bar-line\"", "kind   = \"pie\"");
    project.shebao(&["run"]).must_end_with(1).must_contain("reports       1 fault");
    project.shebao(&["run"]).must_end_with(1).must_contain("nothing to do").must_contain("reports       1 fault");
    project.shebao(&["status"]).must_end_with(0).must_contain("mend what");
    let keys = |said: &str| -> Vec<String> {
        let told: serde_json::Value = serde_json::from_str(said).unwrap();
        told.as_object().unwrap().keys().cloned().collect()
    };
    let first = project.shebao(&["run", "--force", "--json"]).must_end_with(1).stdout;
    let second = project.shebao(&["run", "--json"]).must_end_with(1).stdout;
    assert_eq!(keys(&first), keys(&second));
}

#[test]
fn a_published_file_that_is_gone_is_printed_again() {
    let project = TestProject::copy_of(published());
    let chart = project.file("out/charts/unemployment_fund.png");
    fs::remove_file(&chart).unwrap();
    project.shebao(&["run"]).must_end_with(0);
    assert!(chart.is_file());
}

#[test]
fn an_output_folder_behind_a_link_stays_there() {
    let project = TestProject::copy_of(published());
    let served = tempfile::tempdir().unwrap();
    let folder = served.path().join("site");
    fs::rename(project.file("out"), &folder).unwrap_or_else(|_| fs::create_dir(&folder).unwrap());
    let _ = fs::remove_dir_all(project.file("out"));
    std::os::unix::fs::symlink(&folder, project.file("out")).unwrap();
    project.shebao(&["run", "--force"]).must_end_with(0);
    assert!(project.file("out").is_symlink() && folder.join("index.html").is_file());
}

#[test]
fn slips_of_a_command_are_not_taken_for_answers() {
    let project = published();
    project.shebao(&["--input", "/nowhere", "run"]).must_end_with(2).must_contain("does not exist");
    project.shebao(&["check", "--rule", "sum-of-part"]).must_end_with(2).must_contain("the rules are");
    project.shebao(&["query", "SELECT 1", "--as-of", "2026-13-45"]).must_end_with(2).must_contain("neither a time nor");
    project
        .shebao(&["query", "SELECT 1", "--as-of", "2001-01-01"])
        .must_end_with(2)
        .must_contain("the first one is of");
    let twice = "SELECT a.region, b.region FROM ind_coverage a, ind_coverage b LIMIT 1";
    project.shebao(&["query", twice, "--format", "json"]).must_end_with(2).must_contain("with AS");
}

#[test]
fn findings_can_stop_a_job_that_wants_it() {
    let project = published();
    project.shebao(&["check"]).must_end_with(0);
    project.shebao(&["check", "--fail-on", "warning"]).must_end_with(1);
    let said = project.shebao(&["check", "--rule", "sum-of-parts"]).must_end_with(0);
    check_text("check_sum_of_parts", &said.stdout);
    // All of it on a screen: a line per cause.
    let said = project.shebao(&["check", "--brief", "--severity", "warning"]).must_end_with(0);
    check_text("check_brief", &said.stdout);
}

#[test]
fn two_runs_at_once_do_not_meet() {
    let project = TestProject::copy_of(published());
    let folder =
        shebao::store::Lock::acquire(&project.file("warehouse"), "shebao run", "2026-01-31T03:00:00Z".parse().unwrap());
    let lock = folder.unwrap();
    project.shebao(&["run"]).must_end_with(2).must_contain("the warehouse is in use: shebao run (process");
    project.shebao(&["query", "SELECT 1"]).must_end_with(0);
    drop(lock);
    project.shebao(&["run"]).must_end_with(0);
}

#[test]
fn a_run_killed_at_any_moment_leaves_the_last_release() {
    let project = TestProject::copy_of(published());
    let released = project.current();
    let count = "SELECT COUNT(*) FROM core_observation";
    let before = project.shebao(&["query", count, "--format", "csv"]).must_end_with(0).stdout;
    // Killed at once, after the files were read, and after the tables were built.
    for stage in ["", "read", "build"] {
        let mut run = Command::new(env!("CARGO_BIN_EXE_shebao"))
            .arg("--project")
            .arg(project.path())
            .args(["run", "--force"])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(run.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(stage.is_empty() || lines.any(|line| line.starts_with(stage)), "no line of stage {stage}");
        run.kill().unwrap();
        run.wait().unwrap();
        assert_eq!(project.current(), released, "killed after {stage:?}");
        assert_eq!(project.shebao(&["query", count, "--format", "csv"]).must_end_with(0).stdout, before);
    }
    project.shebao(&["run", "--force"]).must_end_with(0);
    let left = fs::read_dir(project.file("warehouse/staging")).map_or(0, Iterator::count);
    assert_eq!(left, 0, "what killed runs left has not been removed");
}

#[test]
fn the_doctor_says_what_is_there() {
    let said = published().shebao(&["doctor"]).must_end_with(0);
    for line in said.stdout.lines() {
        assert!(line.starts_with("ok "), "{line}");
    }
}

#[test]
fn schemas_are_those_of_the_types() {
    let folder = tempfile::tempdir().unwrap();
    published().shebao(&["schema", folder.path().to_str().unwrap()]).must_end_with(0);
    let mut compared = 0;
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let kept = root().join("docs/schema").join(path.file_name().unwrap());
        let same = fs::read_to_string(&kept).is_ok_and(|text| text == fs::read_to_string(&path).unwrap());
        assert!(same, "docs/schema is not what `shebao schema` writes; run it again");
        compared += 1;
    }
    assert_eq!(compared, 9);
}
