//! Editions in parts and editions for a layout that moved, from the command line.

use serde_json::Value;

use crate::support::TestProject;

const SPEC: &str = "pipelines/sample/enrolment.toml";

fn project() -> TestProject {
    let project = TestProject::new();
    let source = "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n";
    project.write("pipelines/sample/source.toml", source);
    project
}

const TABLE: &str = r#"title   = "参保人数"
corner  = "地区"
unit    = "10k_person"
context = { indicator = "insured_person" }

[[rows]]
label = "{region}"

[[columns]]
label  = "养老保险"
scheme = "pension-enterprise"

[[columns]]
label  = "失业保险"
scheme = "unemployment"
"#;

/// The observations that a file yields: cell, period, region, scheme, value.
fn read(project: &TestProject, file: &str) -> Vec<String> {
    let (spec, path) = (project.file(SPEC), project.file(file));
    let arguments = ["ingest", "--spec", spec.to_str().unwrap(), path.to_str().unwrap(), "--format", "json"];
    let said = project.shebao(&arguments).must_end_with(0);
    let rows: Vec<Value> = serde_json::from_str(&said.stdout).expect("observations");
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or("").to_owned();
    rows.iter().map(|r| ["cell", "period", "region", "scheme", "value"].map(|k| text(r, k)).join(" ")).collect()
}

#[test]
fn a_file_per_year_is_one_edition() {
    let project = project();
    let edition = "\n[[edition]]\nid = \"all\"\nfile = \"sample/{year}/enrolment.csv\"\n";
    project.write(SPEC, format!("{TABLE}{edition}"));
    project.write("fixtures/sample/2012/enrolment.csv", "地区,养老保险,失业保险\n北京,1,2\n");
    project.write("fixtures/sample/2013/enrolment.csv", "地区,养老保险,失业保险\n北京,3,4\n");
    let one = ["B2 2013 110000 pension-enterprise 30000", "C2 2013 110000 unemployment 40000"];
    assert_eq!(read(&project, "fixtures/sample/2013/enrolment.csv"), one);
    project.shebao(&["run"]).must_end_with(0);
    let sql = "SELECT obs_id FROM core_observation WHERE dataset = 'sample' ORDER BY obs_id";
    let said = project.shebao(&["query", sql, "--format", "csv"]).must_end_with(0);
    let ids: Vec<&str> = said.stdout.lines().skip(1).collect();
    let of = |year: &str| ["B2", "C2"].map(|cell| format!("sample/enrolment/all/sample/{year}/enrolment.csv/{cell}"));
    assert_eq!(ids, [of("2012"), of("2013")].concat());
}

#[test]
fn a_layout_that_moved_is_told_and_taken_by_the_block() {
    let project = project();
    project.write(SPEC, format!("{TABLE}\n[[edition]]\nyear = 2012\nfile = \"sample/2012.csv\"\n"));
    project.write("fixtures/sample/2012.csv", "地区,养老保险,失业保险\n北京,1,2\n");
    let check =
        |file: &str| project.shebao(&["check", file, "--against", project.file(SPEC).to_str().unwrap(), "--json"]);
    let said = check("sample/2012.csv").must_end_with(0);
    let told: Value = serde_json::from_str(&said.stdout).expect("a report");
    assert_eq!((&told["changes"], &told["observations"]), (&Value::Array(Vec::new()), &Value::from(2)));
    project.write("fixtures/sample/2013.csv", "参保人数（人）,,,\n省份,工伤保险,失业保障,养老保险\n北京,5,4,3\n");
    let said = check("sample/2013.csv").must_end_with(1);
    let told: Value = serde_json::from_str(&said.stdout).expect("a report");
    assert_eq!(told["errors_left"], 0, "{}", said.stderr);
    let spec = project.read(SPEC);
    project.write(SPEC, format!("{spec}\n{}", told["block"].as_str().expect("a block")));
    let expected =
        ["B3 2013 110000 work-injury 5", "C3 2013 110000 unemployment 4", "D3 2013 110000 pension-enterprise 3"];
    assert_eq!(read(&project, "fixtures/sample/2013.csv"), expected, "{}", told["block"]);
    insta::assert_snapshot!(check_text(
        &project,
        "sample/2014.csv",
        "参保人数（人）,,,\n省份,工伤保险,失业保障,备注\n北京,5,4,无\n上海,5,缺,无\n"
    ));
    // The edition that was pasted is held against the next file as any other.
    let said = check("sample/2013.csv").must_end_with(0);
    let told: Value = serde_json::from_str(&said.stdout).expect("a report");
    assert_eq!(told["edition"], "2013");
}

fn check_text(project: &TestProject, file: &str, text: &str) -> String {
    project.write(&format!("fixtures/{file}"), text);
    let said = project.shebao(&["check", file, "--against", project.file(SPEC).to_str().unwrap()]).must_end_with(1);
    let folder = format!("{}/", project.path().display());
    format!("{}\n{}", said.stdout, said.stderr).replace(&folder, "")
}
