//! Whole tables, right and wrong: what comes out, and what the messages say.

mod entries;
mod notes;
mod place;
mod rows;
mod twice;

use std::path::Path;

use super::{Ingested, Input, Reading, Task, ingest};
use crate::diag::Checked;
use crate::domain::{Dimensions, Observation, Value};
use crate::grid::{Document, Format, Grid, Span};
use crate::spec::{self, Pipelines};

/// A table's specification with the given layout keys over a body of no meaning, and a document with its text.
pub(super) fn layout(keys: &str, text: &str, merges: Vec<Span>) -> (Pipelines, Document) {
    let rest = "
        period = \"2010\"\n[context]\nindicator = \"insured_person\"
        [[rows]]\nlabel = [\"{scheme}\", \"{year}\"]
        [[columns]]\nlabel = \"{any}\"
        [[edition]]\nid = \"1\"\nfile = \"t/t.csv\"";
    let spec = format!("title = \"t\"\npriority = 1\nunit = \"person\"\n{keys}\n{rest}");
    (pipelines(&spec), document(text, merges))
}

/// The project's code lists with one table `t/table`.
pub(super) fn pipelines(spec: &str) -> Pipelines {
    let folder = tempfile::tempdir().unwrap();
    let source = "publisher = \"p\"\ntitle = \"t\"\ncitation = \"c\"\nlicence = \"none stated\"\n";
    std::fs::create_dir(folder.path().join("t")).unwrap();
    std::fs::write(folder.path().join("t/source.toml"), source).unwrap();
    std::fs::write(folder.path().join("t/table.toml"), spec).unwrap();
    let codes = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/codes");
    let root = folder.path().to_owned();
    let shown = move |p: &Path| format!("pipelines/{}", p.strip_prefix(&root).unwrap_or(p).display());
    let loaded = spec::load_folder(folder.path(), &codes, &shown);
    let faults: Vec<String> = loaded.diagnostics.iter().map(|d| d.render()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    loaded.value
}

fn document(text: &str, merges: Vec<Span>) -> Document {
    let grid = Grid::from_text(text).with_merges(merges);
    Document { format: Format::Delimited, encoding: None, grids: vec![grid], diagnostics: Vec::new() }
}

pub(super) fn reading_of(pipelines: &Pipelines) -> Reading<'_> {
    let source = &pipelines.sources[0];
    let table = &source.tables[0];
    let task = Task { source, table, edition: &table.editions[0], codebook: &pipelines.codebook };
    Reading { task, file: "t/t.csv", sha256: "", captured: &[] }
}

fn read(pipelines: &Pipelines, document: &Document) -> Checked<Ingested> {
    let r = reading_of(pipelines);
    ingest(r.task, &[Input { document, file: r.file, sha256: r.sha256, captured: r.captured }])
}

const SPEC: &str = r#"
title    = "工伤保险基金收支"
priority = 10
anchor   = { text = "{year}年工伤保险基金收支" }
corner   = "县区"
header_rows = 2
until    = ["注"]

[context]
scheme = "work-injury"

[[rows]]
label = "{region}"

[[columns]]
label     = "参保人数"
indicator = "insured_person"
unit      = "person"

[[columns]]
label     = ["待遇人数", "合计"]
indicator = "beneficiary_person"
unit      = "person"

[[columns]]
label      = ["待遇人数", "工亡"]
indicator  = "beneficiary_person"
unit       = "person"
population = "work-death"

[[columns]]
label     = "支付基金"
indicator = "fund_expenditure_yuan"
unit      = "10k_yuan"

[[sum]]
dimension = "region"
whole     = "000000"
parts     = "rest"

[[edition]]
id   = "2013"
file = "t/t.csv"
"#;

const TABLE: &str = "
    表5 2012年工伤保险基金收支 | | | |
         |        |         |     | 单位：人、万元
    县区 | 参保人数 | 待遇人数 |     | 支付基金
         |        | 合计     | 工亡 |
    全国 | 1 408   | 12      | …  | 36. 7
    北京 | 1,000   | 5       | —  | 30
    上海 | 408     | 7       |    | - 6. 70
    注：快报数";

fn merges() -> Vec<Span> {
    let span = |r1, c1, r2, c2| Span {
        first: crate::grid::CellRef { row: r1, col: c1 },
        last: crate::grid::CellRef { row: r2, col: c2 },
    };
    vec![span(0, 0, 0, 4), span(2, 0, 3, 0), span(2, 1, 3, 1), span(2, 2, 2, 3), span(2, 4, 3, 4)]
}

#[test]
fn a_table_becomes_observations() {
    let pipelines = pipelines(SPEC);
    let read = read(&pipelines, &document(TABLE, merges()));
    assert!(!read.has_errors(), "{:?}", read.diagnostics);
    let lines: Vec<String> = read.value.observations.iter().map(line).collect();
    let expected = "
        B5 insured_person 2012 000000 _T = 1408 person, 0 decimals
        C5 beneficiary_person 2012 000000 _T = 12 person, 0 decimals
        D5 beneficiary_person 2012 000000 work-death = rounded_to_zero
        E5 fund_expenditure_yuan 2012 000000 _T = 367000 yuan, 1 decimals
        B6 insured_person 2012 110000 _T = 1000 person, 0 decimals
        C6 beneficiary_person 2012 110000 _T = 5 person, 0 decimals
        D6 beneficiary_person 2012 110000 work-death = nil
        E6 fund_expenditure_yuan 2012 110000 _T = 300000 yuan, 0 decimals
        B7 insured_person 2012 310000 _T = 408 person, 0 decimals
        C7 beneficiary_person 2012 310000 _T = 7 person, 0 decimals
        D7 beneficiary_person 2012 310000 work-death = not_available
        E7 fund_expenditure_yuan 2012 310000 _T = -67000 yuan, 2 decimals";
    let expected: Vec<&str> = expected.trim().lines().map(str::trim).collect();
    assert_eq!(lines, expected);
    assert!(read.value.observations.iter().all(|o| *o.notes() == ["注：快报数"]));
    let parts: Vec<String> = read.value.relations.iter().map(|r| format!("{} {}", r.whole, r.part)).collect();
    assert_eq!(parts, ["000000 110000", "000000 310000"]);
}

fn line(o: &Observation) -> String {
    let Dimensions { region, population, .. } = o.dimensions();
    let cell = o.cell();
    let value = match o.value {
        Value::Number(n) => format!("{n} {}, {} decimals", o.series.unit, o.decimals.unwrap_or(99)),
        Value::Missing(mark) => mark.as_str().to_owned(),
    };
    format!("{cell} {} {} {region} {population} = {value}", o.indicator(), o.period())
}

/// The messages about a table that differs from the good one by some replacements.
fn faults(changes: &[(&str, &str)]) -> String {
    let mut text = TABLE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let pipelines = pipelines(SPEC);
    let read = read(&pipelines, &document(&text, merges()));
    read.diagnostics.iter().map(crate::diag::Diagnostic::render).collect()
}

#[test]
fn messages() {
    let cases: [&[(&str, &str)]; 15] = [
        &[("北京", "北经")],
        &[("合计     | 工亡", "工亡     | 合计")],
        &[("| 工亡", "| 死亡")],
        &[("参保人数 | 待遇人数 |     |", "户数 | 待遇人数 |     |")],
        &[("1,000 ", "12.3.4"), ("| 30", "| １２O")],
        &[("人、万元", "人、亿元")],
        &[("支付基金", "支付基金（元）")],
        &[("人、万元", "人、万圆")],
        &[("2012年工伤保险基金", "2012年工伤保险费")],
        &[("注：快报数", "2013年工伤保险基金收支")],
        &[("县区", "地市")],
        &[("上海", "北京市")],
        &[("上海", "")],
        &[("| 30", "| 30%")],
        &[("| 30", "| 30 | 5")],
    ];
    let said: Vec<String> = cases.iter().map(|c| format!("{c:?}\n\n{}", faults(c))).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_formula_without_a_value_is_refused_within_the_table() {
    let pipelines = pipelines(SPEC);
    let check = |row: u32, col: u32, expected: &[&str]| {
        let mut document = document(TABLE, merges());
        let mut cell = crate::grid::Cell::text("=1160.4+228.3");
        cell.value = crate::grid::CellValue::UnsavedFormula;
        document.grids[0].sheet = "表".to_owned();
        document.grids[0].set(row, col, cell);
        let read = read(&pipelines, &document);
        let found: Vec<String> =
            read.diagnostics.iter().filter(|d| d.code == "formula-without-value").map(|d| d.render()).collect();
        assert_eq!(found, expected, "{row}, {col}");
        assert_eq!(read.has_errors(), !expected.is_empty(), "{row}, {col}");
        assert!(read.value.observations.iter().all(|o| *o.notes() == ["注：快报数"]));
    };
    let told = |cell: &str| {
        format!(
            "error[formula-without-value]: the formula =1160.4+228.3 has no stored value (table t/table, edition 2013)
  --> t/t.csv, sheet \"表\", cell {cell}
  hint: open the file in a spreadsheet program and save it, then run again\n"
        )
    };
    check(6, 3, &[&told("D7")]);
    check(5, 0, &[&told("A6")]);
    check(3, 3, &[&told("D4")]);
    check(1, 1, &[]);
    check(7, 2, &[]);
    check(9, 2, &[]);
}

/// The messages about the good table, read by a specification that differs by some replacements.
fn misread(changes: &[(&str, &str)]) -> String {
    let mut spec = SPEC.to_owned();
    for (from, to) in changes {
        assert!(spec.contains(from), "{from}");
        spec = spec.replace(from, to);
    }
    let pipelines = pipelines(&spec);
    let read = read(&pipelines, &document(TABLE, merges()));
    read.diagnostics.iter().map(crate::diag::Diagnostic::render).collect()
}

#[test]
fn a_table_cut_at_the_wrong_line_is_told() {
    let check = |changes: &[(&str, &str)], expected: &[&str]| {
        let said = misread(changes);
        let mut rest = said.as_str();
        for line in expected {
            let at = rest.find(line).unwrap_or_else(|| panic!("no \"{line}\" in\n{said}"));
            rest = &rest[at + line.len()..];
        }
    };
    let until = "\n  hint: if the table ends above this line, name its beginning in until in pipelines/t/table.toml\n";
    check(&[("until    = [\"注\"]", "")], &["no region code for \"注:快报数\"", "cell A8", until]);
    check(
        &[("header_rows = 2", "header_rows = 1")],
        &["header \"待遇人数\" is not declared", "header_rows in pipelines/t/table.toml is 1, try 2"],
    );
    check(
        &[("header_rows = 2", "header_rows = 3")],
        &["header \"参保人数 / 1 408\"", "row 5 is counted to the header", "is 3, try 2"],
    );
}

#[test]
fn a_ready_alias_is_offered_for_a_slip_only() {
    let check = |label: &str, hint: &str| {
        let said = faults(&[("北京", label)]);
        assert!(said.contains(&format!("  hint: {hint}\n")), "{said}");
    };
    let new = "add the code to pipelines/codes/region.csv, or a line to aliases.csv: region,t";
    check("南京", &format!("{new},南京,CODE,why"));
    check("广州市", &format!("{new},广州市,CODE,why"));
    check("北京省", "if it means that, add to pipelines/codes/aliases.csv: region,t,北京省,110000,why");
}

#[test]
fn merged_cells() {
    // One cell over both columns of a heading, one over all rows.
    let text = TABLE.replace("1,000   | 5       | —", "1,000   | 5       | ").replace("30\n", "\n");
    let span = |r1, c1, r2, c2| Span {
        first: crate::grid::CellRef { row: r1, col: c1 },
        last: crate::grid::CellRef { row: r2, col: c2 },
    };
    let merges = [merges(), vec![span(5, 2, 5, 3)]].concat();
    let undeclared = read(&pipelines(SPEC), &document(&text, merges.clone()));
    let messages: String = undeclared.diagnostics.iter().map(crate::diag::Diagnostic::render).collect();
    assert!(messages.contains("merged over what stands below \"待遇人数\", which is not declared"), "{messages}");
    let entry =
        "[[columns]]\nlabel = \"待遇人数\"\nmerged = true\nindicator = \"beneficiary_person\"\nunit = \"person\"\n";
    let declared = read(&pipelines(&format!("{SPEC}\n{entry}")), &document(&text, merges));
    assert!(!declared.has_errors(), "{:?}", declared.diagnostics);
    let lines: Vec<String> = declared.value.observations.iter().map(line).collect();
    assert!(lines.contains(&"C6 beneficiary_person 2012 110000 _T = 5 person, 0 decimals".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|l| l.starts_with("D6")), "{lines:?}");
}

#[test]
fn a_merged_cell_that_begins_outside_the_numbers_is_told() {
    // The label 上海 is drawn over the first number, which nobody sees then; it must not pass for a missing one.
    let first = crate::grid::CellRef { row: 6, col: 0 };
    let over_number = Span { first, last: crate::grid::CellRef { row: 6, col: 1 } };
    let read = read(&pipelines(SPEC), &document(TABLE, [merges(), vec![over_number]].concat()));
    let said: String = read.diagnostics.iter().map(crate::diag::Diagnostic::render).collect();
    assert!(said.starts_with("error[merged-from-outside]: the cell is a part of A7:B7, a merged cell"), "{said}");
    assert!(!read.value.observations.iter().any(|o| o.cell() == "B7"), "{said}");
}

#[test]
fn a_stored_number_keeps_its_value_and_shows_its_decimals() {
    let pipelines = pipelines(SPEC);
    let check = |stored: &str, shown: &str, expected: Result<&str, &str>| {
        let mut document = document(TABLE, merges());
        let mut cell = crate::grid::Cell::text(shown);
        cell.value = crate::grid::CellValue::Number(stored.parse().unwrap());
        document.grids[0].set(5, 4, cell);
        let read = read(&pipelines, &document);
        let found = match read.diagnostics.first() {
            Some(fault) => Err(fault.code),
            None => Ok(line(read.value.observations.iter().find(|o| o.cell() == "E6").unwrap())),
        };
        let expected = expected.map(|e| format!("E6 fund_expenditure_yuan 2012 110000 _T = {e}"));
        assert_eq!(found, expected, "{stored} shown as {shown}");
    };
    check("30", "30.0", Ok("300000 yuan, 1 decimals"));
    check("30.126", "30.1", Ok("301260 yuan, 1 decimals"));
    check("-30", "-30", Ok("-300000 yuan, 0 decimals"));
    check("1234.5", "1,234.50", Ok("12345000 yuan, 2 decimals"));
    check("0.333333333333", "0.33", Ok("3300 yuan, 2 decimals"));
    check("300000", "30", Err("format-changes-number"));
    // A shortfall in brackets, a unit behind the number: the format's dress hides no change of the number.
    check("-30", "(30)", Ok("-300000 yuan, 0 decimals"));
    check("30", "30.0万元", Ok("300000 yuan, 1 decimals"));
    check("-300000", "(30)", Err("format-changes-number"));
    check("-0.3", "(30%)", Err("unit-contradicts"));
    check("3", "0.0000000000000000000000000004", Err("format-changes-number"));
    check("100000000000000", "100000000000000", Err("number-range"));
    check("0.3", "30%", Err("unit-contradicts"));
}
