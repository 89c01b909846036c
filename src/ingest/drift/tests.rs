//! Every kind of change: what is told, and that the block makes the file yield what it prints.

use super::super::tests::pipelines;
use super::super::{Input, Task, ingest};
use super::{Drift, compare};
use crate::domain::Observation;
use crate::grid::{Document, Format, Grid, Span};
use crate::spec::block::{self, Named};

const SPEC: &str = r#"
title    = "工伤保险基金收支"
anchor   = { text = "{year}年各地工伤保险情况" }
corner   = "地区"
header_rows  = 2
header_blank = "left"
until    = ["注"]

[context]
scheme = "work-injury"

[[rows]]
label = "{region}"

[[columns]]
label     = "参保人数"
indicator = "insured_person"
unit      = "10k_person"

[[columns]]
label     = ["享受待遇人数", "合计"]
indicator = "beneficiary_person"
unit      = "person"

[[columns]]
label      = ["享受待遇人数", "工亡"]
indicator  = "beneficiary_person"
unit       = "person"
population = "work-death"

[[columns]]
label     = "基金支出"
indicator = "fund_expenditure_yuan"
unit      = "10k_yuan"

[[edition]]
id    = "2013"
file  = "t/2013.xlsx"
sheet = "表3"
"#;

const TABLE: &str = "
    表3 2012年各地工伤保险情况 | | | |
    地区 | 参保人数（万人） | 享受待遇人数（人） |      | 基金支出（万元）
         |                  | 合计               | 工亡 |
    全国 | 1,408            | 12                 | 4    | 36.7
    北京 | 1,000            | 5                  | 1    | 30
    上海 | 408              | 7                  | 3    | 6.70
    注：快报数";

fn document(sheet: &str, text: &str, merges: Vec<Span>) -> Document {
    let mut grid = Grid::from_text(text).with_merges(merges);
    grid.sheet = sheet.to_owned();
    Document { format: Format::Xlsx, encoding: None, grids: vec![grid], diagnostics: Vec::new() }
}

fn named() -> Named {
    Named {
        id: "2014".to_owned(),
        year: Some(2014),
        file: Some("t/2014.xlsx".to_owned()),
        period: None,
        replaces: false,
    }
}

fn held(spec: &str, document: &Document, edition: usize) -> Drift {
    let pipelines = pipelines(spec);
    let (source, table) = (&pipelines.sources[0], &pipelines.sources[0].tables[0]);
    let task = Task { source, table, edition: &table.editions[edition], codebook: &pipelines.codebook };
    compare(task, Input { document, file: "t/2014.xlsx", sha256: "", captured: &[] })
}

fn line(o: &Observation) -> String {
    let d = o.dimensions();
    let value = o.value.number().map_or("-".to_owned(), |n| n.normalize().to_string());
    let short = o.indicator().as_str().split('_').next().unwrap_or_default();
    format!("{} {short} {} {} {} {value}", o.cell(), o.period(), d.region, d.population)
}

/// What is told, the block, and what the file yields by it.
fn absorbed(spec: &str, document: &Document) -> (String, String, Vec<String>) {
    let drift = held(spec, document, 0);
    let told: Vec<String> = drift
        .changes
        .iter()
        .map(|c| format!("{} {}: {}", c.kind.as_str(), c.place.cell.as_deref().unwrap_or("-"), c.message))
        .collect();
    let block = block::write(spec, "2013", &named(), &drift.absorbed_by).unwrap();
    // Pasted at the end, as a person would.
    let pipelines = pipelines(&format!("{spec}\n{}", block.text));
    let (source, table) = (&pipelines.sources[0], &pipelines.sources[0].tables[0]);
    let task = Task { source, table, edition: table.editions.last().unwrap(), codebook: &pipelines.codebook };
    let read = ingest(task, &[Input { document, file: "t/2014.xlsx", sha256: "", captured: &[] }]);
    let mut lines: Vec<String> = read.diagnostics.iter().map(|d| d.render()).collect();
    lines.extend(read.value.observations.iter().map(line));
    (told.join("\n"), block.text, lines)
}

/// The lines that the unchanged table yields, with changes of lines.
fn lines(changes: &[(&str, &str)]) -> Vec<String> {
    let all = "
        B4 insured 2012 000000 _T 14080000
        C4 beneficiary 2012 000000 _T 12
        D4 beneficiary 2012 000000 work-death 4
        E4 fund 2012 000000 _T 367000
        B5 insured 2012 110000 _T 10000000
        C5 beneficiary 2012 110000 _T 5
        D5 beneficiary 2012 110000 work-death 1
        E5 fund 2012 110000 _T 300000
        B6 insured 2012 310000 _T 4080000
        C6 beneficiary 2012 310000 _T 7
        D6 beneficiary 2012 310000 work-death 3
        E6 fund 2012 310000 _T 67000";
    let mut all = all.to_owned();
    for (from, to) in changes {
        assert!(all.contains(from), "{from}");
        all = all.replace(from, to);
    }
    all.trim().lines().map(|l| l.trim().to_owned()).filter(|l| !l.is_empty()).collect()
}

fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = TABLE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

#[test]
fn a_file_as_declared_has_no_drift() {
    assert_eq!(held(SPEC, &document("表3", TABLE, Vec::new()), 0).changes.len(), 0);
    // Another year, and rows above.
    let text = changed(&[("2012年", "2013年"), ("    表3", "    某省 | | | |\n    表3")]);
    assert_eq!(held(SPEC, &document("表3", &text, Vec::new()), 0).changes.len(), 0);
}

#[test]
fn every_change_is_told_and_absorbed() {
    let mut said = Vec::new();
    let mut check = |about: &str, sheet: &str, text: &str, expected: Vec<String>| {
        let (told, block, lines) = absorbed(SPEC, &document(sheet, text, Vec::new()));
        said.push(format!("# {about}\n{told}\n\n{block}"));
        assert_eq!(lines, expected, "{about}\n{told}\n\n{block}");
    };
    let text = changed(&[("基金支出（万元）", "支出")]);
    check("a column renamed", "表3", &text, lines(&[]));
    let text = changed(&[("享受待遇人数（人）", "待遇享受人数（人）")]);
    check("a band renamed", "表3", &text, lines(&[]));
    let text = changed(&[("地区", "省份")]);
    check("the corner renamed", "表3", &text, lines(&[]));
    let text = changed(&[("表3 2012年各地工伤保险情况", "表4 2012年分地区工伤保险")]);
    check("the title renamed", "表3", &text, lines(&[]));
    check("the sheet renamed", "3", TABLE, lines(&[]));
    let text = changed(&[("| 基金支出（万元）", "|"), ("| 36.7", "|"), ("| 30", "|"), ("| 6.70", "|")]);
    let gone = lines(&[
        ("E4 fund 2012 000000 _T 367000", ""),
        ("E5 fund 2012 110000 _T 300000", ""),
        ("E6 fund 2012 310000 _T 67000", ""),
    ]);
    check("a column gone", "表3", &text, gone);
    let text = changed(&[
        ("基金支出（万元）", "基金支出（万元） | 备注栏目"),
        ("| 36.7", "| 36.7 | 无"),
        ("| 30", "| 30 | 无"),
        ("| 6.70", "| 6.70 | 有"),
    ]);
    check("a column new", "表3", &text, lines(&[]));
    let text = changed(&[("（万人）", "（人）")]);
    check("a column's unit", "表3", &text, lines(&[("14080000", "1408"), ("10000000", "1000"), ("4080000", "408")]));
    let text = changed(&[("合计               | 工亡", "工亡 | 合计")]);
    let moved = lines(&[
        ("C4 beneficiary 2012 000000 _T 12", "C4 beneficiary 2012 000000 work-death 12"),
        ("D4 beneficiary 2012 000000 work-death 4", "D4 beneficiary 2012 000000 _T 4"),
        ("C5 beneficiary 2012 110000 _T 5", "C5 beneficiary 2012 110000 work-death 5"),
        ("D5 beneficiary 2012 110000 work-death 1", "D5 beneficiary 2012 110000 _T 1"),
        ("C6 beneficiary 2012 310000 _T 7", "C6 beneficiary 2012 310000 work-death 7"),
        ("D6 beneficiary 2012 310000 work-death 3", "D6 beneficiary 2012 310000 _T 3"),
    ]);
    check("columns in another order", "表3", &text, moved);
    let text = changed(&[("    注：快报数", "    资料来源：统计局")]);
    check("another line after the body", "表3", &text, lines(&[]));
    let text = changed(&[("    上海 ", "    其他 ")]);
    let unread = lines(&[
        ("B6 insured 2012 310000 _T 4080000", ""),
        ("C6 beneficiary 2012 310000 _T 7", ""),
        ("D6 beneficiary 2012 310000 work-death 3", ""),
        ("E6 fund 2012 310000 _T 67000", ""),
    ]);
    check("a row new", "表3", &text, unread);
    let deeper = TABLE.replace(
        "         |                  | 合计               | 工亡 |\n",
        "         |                  | 总人数             | 其中 |\n         |                  | 合计               | 工亡 |\n",
    );
    let shifted: Vec<String> =
        lines(&[]).iter().map(|l| ["4 ", "5 ", "6 "].iter().rev().fold(l.clone(), |l, n| bump(&l, n))).collect();
    check("the header deeper", "表3", &deeper, shifted);
    let text = changed(&[("合计 ", "小计 "), ("地区", "省"), ("（万人）", "（人）"), ("2012年各地", "2012年全国各地")]);
    check("several at once", "表 3", &text, lines(&[("14080000", "1408"), ("10000000", "1000"), ("4080000", "408")]));
    insta::assert_snapshot!(said.join("\n"));
}

/// The cell one row further down.
fn bump(line: &str, row: &str) -> String {
    let next = format!("{} ", row.trim().parse::<u32>().unwrap() + 1);
    match line.get(1..3) {
        Some(found) if found == row => format!("{}{next}{}", &line[..1], &line[3..]),
        _ => line.to_owned(),
    }
}

#[test]
fn text_where_numbers_were_is_told_and_not_absorbed() {
    let text = changed(&[("36.7", "缺")]);
    let drift = held(SPEC, &document("表3", &text, Vec::new()), 0);
    let told: Vec<&str> = drift.changes.iter().map(|c| c.message.as_str()).collect();
    assert_eq!(told, ["under \"基金支出\" 1 cell holds no number: E4 \"缺\""]);
    assert_eq!(drift.absorbed_by, Default::default());
}

#[test]
fn a_label_of_another_meaning_is_no_rename() {
    let spec = r#"
title    = "t"
corner   = "地区"
unit     = "person"
period   = "2013"
context  = { indicator = "insured_person" }
rows     = [{ label = "{region}" }]
columns  = [{ label = "失业保险", scheme = "unemployment" }, { label = "生育保险", scheme = "maternity" }]
edition  = [{ id = "2013", file = "t/t.csv" }]
"#;
    let document = document("", "地区 | 失业保险 | 工伤保险\n北京 | 1 | 2", Vec::new());
    let drift = held(spec, &document, 0);
    let told: Vec<String> = drift.changes.iter().map(|c| format!("{} {}", c.kind.as_str(), c.message)).collect();
    let expected =
        ["new the header \"工伤保险\" is new; guessed: scheme work-injury", "gone the header \"生育保险\" is gone"];
    assert_eq!(told, expected);
    let block = block::write(spec, "2013", &named(), &drift.absorbed_by).unwrap();
    let expected = r#"[[edition]]
year = 2014
file = "t/2014.xlsx"
gone = ["生育保险"]

[[edition.new_columns]]
label  = "工伤保险"
after  = "失业保险"
scheme = "work-injury"
"#;
    assert_eq!(block.text, expected);
}

#[test]
fn a_year_in_a_label_takes_its_period_along() {
    let spec = r#"
title    = "t"
corner   = "地区"
unit     = "person"
context  = { indicator = "insured_person" }
rows     = [{ label = "{region}" }]
columns  = [{ label = "2012年末人数", period = "2012" }]

[[edition]]
id   = "2013"
file = "t/t.csv"
"#;
    let document = document("", "地区 | 2013年末人数\n北京 | 1", Vec::new());
    let (told, block, lines) = absorbed(spec, &document);
    assert_eq!(lines, ["B2 insured 2013 110000 _T 1"], "{told}\n{block}");
    assert!(block.contains("gone = [\"2012年末人数\"]") && block.contains("period = \"2013\""), "{block}");
}

#[test]
fn an_edition_that_differs_already_is_held_as_it_is() {
    let edition = r#"
rename = { "基金支出" = "支出" }
units  = { "参保人数" = "person" }

[[edition.new_columns]]
label = "备注"
skip  = true
"#;
    let spec = format!("{SPEC}{edition}");
    let text = changed(&[
        ("基金支出（万元）", "支出（万元） | 备考"),
        ("（万人）", "（人）"),
        ("| 36.7", "| 36.7 | 无"),
        ("| 30", "| 30 | 无"),
        ("| 6.70", "| 6.70 | 有"),
    ]);
    let (told, block, lines_) = absorbed(&spec, &document("表3", &text, Vec::new()));
    assert_eq!(lines_, lines(&[("14080000", "1408"), ("10000000", "1000"), ("4080000", "408")]), "{told}\n{block}");
}
