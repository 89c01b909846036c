//! Tables in parts: several sheets, several files, and editions that differ from their table.

use super::tests::pipelines;
use super::{Ingested, Input, Task, ingest};
use crate::diag::Checked;
use crate::domain::Observation;
use crate::grid::{Document, Format, Grid};

const SPEC: &str = r#"
title  = "参保人数"
corner = "地区"
unit   = "10k_person"

[context]
indicator = "insured_person"

[[rows]]
label = "{region}"

[[columns]]
label  = "养老保险"
scheme = "pension-enterprise"

[[columns]]
label  = "失业保险"
scheme = "unemployment"
"#;

/// Files, each with its sheets, each with its text.
type Files<'a> = &'a [(&'a str, &'a [(&'a str, &'a str)])];

fn read(spec: &str, files: Files<'_>) -> Checked<Ingested> {
    let pipelines = pipelines(spec);
    let source = &pipelines.sources[0];
    let task = Task {
        source,
        table: &source.tables[0],
        edition: &source.tables[0].editions[0],
        codebook: &pipelines.codebook,
    };
    let documents: Vec<(&str, Document)> = files
        .iter()
        .map(|(file, sheets)| {
            let named = |(sheet, text): &(&str, &str)| {
                let mut grid = Grid::from_text(text);
                grid.sheet = (*sheet).to_owned();
                grid
            };
            let grids = sheets.iter().map(named).collect();
            (*file, Document { format: Format::Xlsx, encoding: None, grids, diagnostics: Vec::new() })
        })
        .collect();
    let found = task.edition.files_among(documents.iter().map(|(file, _)| *file));
    assert!(found.missing.is_empty(), "{:?}", found.missing);
    let input = |(file, captured)| {
        let (_, document) = documents.iter().find(|(name, _)| *name == file).unwrap();
        Input { document, file, sha256: "", captured }
    };
    ingest(task, &found.there.iter().map(|(file, captured)| input((file, captured))).collect::<Vec<_>>())
}

fn line(o: &Observation) -> String {
    let d = o.dimensions();
    let value = o.value.number().map_or(String::new(), |n| n.normalize().to_string());
    format!("{} {} {} {} {value}", o.obs_id().trim_start_matches("t/table/"), o.period(), d.region, d.scheme)
}

#[track_caller]
fn check(spec: &str, files: Files<'_>, expected: &[&str]) {
    let read = read(spec, files);
    let faults: Vec<String> = read.diagnostics.iter().map(|d| d.render()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let lines: Vec<String> = read.value.observations.iter().map(line).collect();
    assert_eq!(lines, expected);
}

fn faults(spec: &str, files: Files<'_>) -> String {
    read(spec, files).diagnostics.iter().map(|d| d.render()).collect()
}

const BOTH: &str = "地区 | 养老保险 | 失业保险\n北京 | 1 | 2";

#[test]
fn years_in_the_names_of_sheets() {
    let spec = format!("{SPEC}\n[[edition]]\nid = \"a\"\nfile = \"t/a.xlsx\"\nsheet = \"{{year}}年\"\n");
    let sheets = [("目录", "1 | 2"), ("2012年", BOTH), ("2013年", "地区 | 养老保险 | 失业保险\n上海 | 3 | 4")];
    let expected = [
        "a/2012年!B2 2012 110000 pension-enterprise 10000",
        "a/2012年!C2 2012 110000 unemployment 20000",
        "a/2013年!B2 2013 310000 pension-enterprise 30000",
        "a/2013年!C2 2013 310000 unemployment 40000",
    ];
    check(&spec, &[("t/a.xlsx", &sheets)], &expected);
}

#[test]
fn years_in_the_names_of_files() {
    let spec = format!("{SPEC}\n[[edition]]\nid = \"a\"\nfile = [\"t/年鉴{{year}}.xls\", \"t/{{month}}.csv\"]\n");
    let files: Files<'_> = &[
        ("t/2014-02.csv", &[("", "地区 | 养老保险 | 失业保险\n北京 | 5 | 6")]),
        ("t/年鉴2012.xls", &[("表", BOTH)]),
        ("t/old/年鉴2011.xls", &[("表", BOTH)]),
    ];
    let expected = [
        "a/t/年鉴2012.xls/表!B2 2012 110000 pension-enterprise 10000",
        "a/t/年鉴2012.xls/表!C2 2012 110000 unemployment 20000",
        "a/t/2014-02.csv/B2 2014-02 110000 pension-enterprise 50000",
        "a/t/2014-02.csv/C2 2014-02 110000 unemployment 60000",
    ];
    check(&spec, files, &expected);
}

#[test]
fn the_year_of_an_edition_is_its_name_and_the_last_word_on_the_period() {
    let spec = format!("{SPEC}\n[[edition]]\nyear = 2013\nfile = \"t/a.xlsx\"\n");
    let expected = ["2013/B2 2013 110000 pension-enterprise 10000", "2013/C2 2013 110000 unemployment 20000"];
    check(&spec, &[("t/a.xlsx", &[("表", BOTH)])], &expected);
    let dated = spec.replace("corner", "anchor = { text = \"{year}年参保\" }\ncorner");
    let text = format!("2012年参保人数\n{BOTH}");
    let expected = ["2013/B3 2012 110000 pension-enterprise 10000", "2013/C3 2012 110000 unemployment 20000"];
    check(&dated, &[("t/a.xlsx", &[("表", &text)])], &expected);
}

#[test]
fn one_table_over_two_sheets() {
    let spec = format!("{SPEC}\n[[edition]]\nyear = 2013\nfile = \"t/a.xlsx\"\nsheet = [\"上\", \"下\"]\n");
    let sheets = [("上", "地区 | 养老保险\n北京 | 1"), ("下", "地区 | 失业保险\n北京 | 2")];
    let expected = ["2013/上!B2 2013 110000 pension-enterprise 10000", "2013/下!B2 2013 110000 unemployment 20000"];
    check(&spec, &[("t/a.xlsx", &sheets)], &expected);
}

#[test]
fn an_edition_states_what_differs() {
    let edition = r#"
[[edition]]
year   = 2013
file   = "t/a.csv"
gone   = ["失业保险"]
rename = { "养老保险" = "基本养老保险", "地区" = "省份" }
units  = { "养老保险" = "person" }
order  = "any"

[[edition.new_columns]]
label  = "工伤保险"
after  = "养老保险"
scheme = "work-injury"

[[edition.new_columns]]
label  = "生育保险"
after  = ""
scheme = "maternity"
"#;
    let text = "省份 | 基本养老保险 | 生育保险 | 工伤保险\n北京 | 1 | 2 | 3";
    let expected = [
        "2013/B2 2013 110000 pension-enterprise 1",
        "2013/C2 2013 110000 maternity 20000",
        "2013/D2 2013 110000 work-injury 30000",
    ];
    check(&format!("{SPEC}{edition}"), &[("t/a.csv", &[("", text)])], &expected);
    let ordered = edition.replace("order  = \"any\"\n", "");
    let said = faults(&format!("{SPEC}{ordered}"), &[("t/a.csv", &[("", text)])]);
    assert!(said.contains("expected the header \"生育保险\" here, found \"基本养老保险\""), "{said}");
}

#[test]
fn labels_may_change_places_and_depth() {
    let edition = r#"
[[edition]]
year   = 2013
file   = "t/a.csv"
rename = { "养老保险" = "失业保险", "失业保险" = "养老保险" }
"#;
    let expected = ["2013/B2 2013 110000 pension-enterprise 10000", "2013/C2 2013 110000 unemployment 20000"];
    let text = "地区 | 失业保险 | 养老保险\n北京 | 1 | 2";
    check(&format!("{SPEC}{edition}"), &[("t/a.csv", &[("", text)])], &expected);
    let edition = r#"
header_rows  = 2
header_blank = "left"
[[edition]]
year   = 2013
file   = "t/a.csv"
rename = { "养老保险" = "参保 / 养老", "失业保险" = "参保 / 失业" }
"#;
    let (head, table) = SPEC.split_once("\n[context]").unwrap();
    let (keys, edition) = edition.split_once("[[edition]]").unwrap();
    let expected = ["2013/B3 2013 110000 pension-enterprise 10000", "2013/C3 2013 110000 unemployment 20000"];
    let text = "地区 | 参保 | \n | 养老 | 失业\n北京 | 1 | 2";
    let spec = format!("{head}\n{keys}\n[context]{table}\n[[edition]]{edition}");
    check(&spec, &[("t/a.csv", &[("", text)])], &expected);
}

#[test]
fn messages() {
    let edition = |keys: &str| format!("{SPEC}\n[[edition]]\nid = \"a\"\n{keys}\n");
    let two = "地区 | 养老保险\n北京 | 1";
    let cases: [(&str, String, Files<'_>); 8] = [
        (
            "no part has the column",
            edition("file = \"t/a.xlsx\"\nsheet = \"{year}年\""),
            &[("t/a.xlsx", &[("2012年", two), ("2013年", two)])],
        ),
        (
            "a quantity stands in two files",
            edition("period = \"2013\"\nfile = [\"t/a.xls\", \"t/b.xls\"]"),
            &[("t/a.xls", &[("表", BOTH)]), ("t/b.xls", &[("表", "地区 | 失业保险\n上海 | 2\n北京 | 1")])],
        ),
        (
            "a quantity stands on two sheets",
            edition("period = \"2013\"\nfile = \"t/a.xls\"\nsheet = \"{any}月\""),
            &[("t/a.xls", &[("1月", BOTH), ("2月", two)])],
        ),
        (
            "a part has a column of its own",
            edition("file = \"t/a.xls\"\nsheet = \"{year}\""),
            &[("t/a.xls", &[("2012", BOTH), ("2013", "地区 | 养老 | 失业保险\n北京 | 1 | 2")])],
        ),
        (
            "no sheet fits",
            edition("file = \"t/a.xls\"\nsheet = [\"{year}年\", \"附\"]"),
            &[("t/a.xls", &[("2012", BOTH), ("2013", BOTH)])],
        ),
        (
            "one of the sheets is missing",
            edition("file = \"t/a.xls\"\nsheet = [\"{year}\", \"附\"]"),
            &[("t/a.xls", &[("2012", BOTH)])],
        ),
        (
            "sheet and file contradict each other",
            edition("file = \"t/{year}.xls\"\nsheet = \"{year}\""),
            &[("t/2013.xls", &[("2012", BOTH)])],
        ),
        (
            "the file's name holds no region",
            edition("year = 2013\nfile = \"t/{region}.xls\"").replace("\"{region}\"\n", "\"{any}\"\n"),
            &[("t/北经.xls", &[("", "地区 | 养老保险 | 失业保险\n合计 | 1 | 2")])],
        ),
    ];
    let said: Vec<String> =
        cases.iter().map(|(about, spec, files)| format!("# {about}\n\n{}", faults(spec, files))).collect();
    insta::assert_snapshot!(said.join("\n"));
}
