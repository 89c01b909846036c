//! Reports on rows made by hand: what a table looks like, and what is said when a report is wrong.

use jiff::civil::Date;

use super::frame::Frame;
use super::names::Names;
use super::select::fill_rows;
use super::source::Tables;
use super::spec::{Palette, ReportSpec, load_text};
use super::{html, xlsx};
use crate::diag::Diagnostic;
use crate::warehouse::{Column, Kind, Rows, Scalar};

/// A table of rows: the first line names the columns, `|` parts the cells, a column named `*number` holds numbers.
fn rows(text: &str) -> Rows {
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    let cells = |line: &str| line.split('|').map(|c| c.trim().to_owned()).collect::<Vec<_>>();
    let heads = cells(lines.next().unwrap());
    let is_number = |head: &str| head.starts_with('*');
    let columns = heads
        .iter()
        .map(|h| Column {
            name: h.trim_start_matches('*').to_owned(),
            kind: if is_number(h) { Kind::Number } else { Kind::Text },
        })
        .collect();
    let scalar = |head: &str, cell: String| match (is_number(head), cell.is_empty()) {
        (_, true) => Scalar::Null,
        (true, _) => Scalar::Number(cell.parse().unwrap()),
        (false, _) => Scalar::Text(cell),
    };
    let rows = lines.map(|l| heads.iter().zip(cells(l)).map(|(h, c)| scalar(h, c)).collect()).collect();
    Rows { columns, rows }
}

const OBSERVATIONS: &str = "
    obs_id | indicator | period | population | breakdown | *value | unit | *decimals | mark | printed | printed_unit | source_file | sheet | cell
    t/B2 | insured | 2010 | _T | _T | 2389520 | person | 1 | | 238. 95 | 10k_person | a.xls | s | B2
    t/C2 | standard | 2010 | adult | _T | 70 | yuan | 0 | | 70 | yuan | a.xls | s | C2
    t/D2 | standard | 2010 | child | _T | 10 | yuan | 0 | | 10 | yuan | a.xls | s | D2
    t/B3 | insured | 2011 | _T | _T | 2574700 | person | 2 | | 257.47 | 10k_person | a.xls | s | B3
    t/C3#1 | standard | 2011 | _T | area=x | 260 | yuan | 0 | | 260/280 | yuan | a.xls | s | C3
    t/C3#2 | standard | 2011 | _T | area=y | 280 | yuan | 0 | | 260/280 | yuan | a.xls | s | C3
    t/B4 | insured | 2012 | _T | _T | | person | | not_available | … | 10k_person | a.xls | s | B4
    t/C4 | standard | 2012 | _T | _T | 50 | yuan | 0 | | 50 | yuan | a.xls | s | C4
";

const REPORT: &str = r#"
[report]
title = "调研"

[[table]]
id      = "financing"
number  = "表1"
title   = "筹资标准"
from    = "core_observation"
merge   = ["population"]
heads   = ["年度"]
rows    = [{ each = "period" }]
columns = [
    { label = "参保人数（万人）", where = { indicator = "insured" } },
    { label = "标准（元）", where = { indicator = "standard" }, columns = [
        { label = "成年人", where = { population = "adult" } },
        { label = "儿童", where = { population = "child" } },
    ] },
]
"#;

fn names() -> Names {
    let read = |table: &str, _: &[(String, String)]| -> Result<Rows, Diagnostic> {
        Ok(match table {
            "core_code" => rows("list | code | name_zh\n population | adult | 成年人"),
            "core_indicator" => rows("indicator | name_zh\n insured | 参保人数"),
            _ => rows(
                "unit | name_zh | base | *factor\n person|人|person|1\n 10k_person|万人|person|10000\n yuan|元|yuan|1",
            ),
        })
    };
    Names::read(&Tables { names: Vec::new(), read: &read }).unwrap()
}

fn report(text: &str) -> ReportSpec {
    let loaded = load_text("sample", text, Palette::default());
    assert!(!loaded.has_errors(), "{}", rendered(&loaded.diagnostics));
    loaded.value.unwrap()
}

fn rendered(faults: &[Diagnostic]) -> String {
    faults.iter().map(Diagnostic::render).collect::<Vec<_>>().join("\n")
}

fn frame(observations: &str, text: &str) -> (Frame, String) {
    let filled = fill_rows(&report(text).tables[0], &rows(observations), &names());
    let faults = rendered(&filled.diagnostics);
    (filled.value.unwrap(), faults)
}

/// The body as text, a covered cell as `<`.
fn body(frame: &Frame) -> String {
    let line = |cells: &Vec<super::frame::Cell>| {
        let texts = cells.iter().map(|c| if c.covered { "<".to_owned() } else { c.text() });
        texts.collect::<Vec<_>>().join(" | ")
    };
    frame.cells.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn cells_find_their_observations() {
    let (frame, faults) = frame(OBSERVATIONS, REPORT);
    assert_eq!(faults, "");
    assert_eq!(body(&frame), "239.0 | 70 | 10\n257.47 | 260/280 | <\n… | 50 | <");
    assert_eq!(frame.header[0][1].wide, 2);
    assert_eq!((frame.header[0][0].high, frame.header[1].len()), (2, 2));
    let stub: Vec<&str> = frame.stub.iter().flatten().map(|b| b.text.as_str()).collect();
    assert_eq!(stub, ["2010", "2011", "2012"]);
    assert_eq!(frame.tidy.rows.len(), 8, "every observation once, also those of the cell with two");
}

#[test]
fn the_table_chooses_marks_units_and_decimals() {
    let text = REPORT
        .replace("merge ", "marks = { not_available = \"—\" }\nmerge ")
        .replace("{ indicator = \"insured\" } }", "{ indicator = \"insured\" }, unit = \"person\", grouping = true }")
        .replace("heads ", "decimals = 0\nheads ");
    let (frame, faults) = frame(OBSERVATIONS, &text);
    assert_eq!(faults, "");
    assert_eq!(body(&frame), "2,389,520 | 70 | 10\n2,574,700 | 260/280 | <\n— | 50 | <");
}

#[test]
fn a_blank_cell_is_noted_unless_declared() {
    let text = REPORT.replace(
        "label = \"儿童\", where = { population = \"child\" }",
        "label = \"大学生\", where = { population = \"college\" }",
    );
    let (_, faults) = frame(OBSERVATIONS, &text);
    insta::assert_snapshot!(faults);
    let declared = text.replace("merge ", "absent = [{ population = \"college\", period = \"2010\" }]\nmerge ");
    assert_eq!(frame(OBSERVATIONS, &declared).1, "");
}

#[test]
fn two_observations_for_a_cell_are_a_fault() {
    let twice = format!(
        "{OBSERVATIONS}\n u/B2 | insured | 2010 | _T | _T | 2389000 | person | 0 | | 238.9 | 10k_person | b.xls | s | B2"
    );
    let (frame, faults) = frame(&twice, REPORT);
    assert!(body(&frame).starts_with(" | 70"), "{}", body(&frame));
    insta::assert_snapshot!(faults);
}

#[test]
fn a_wrong_unit_or_column_is_a_fault() {
    let (_, faults) = frame(OBSERVATIONS, &REPORT.replace("heads ", "unit = \"10k_persons\"\nheads "));
    insta::assert_snapshot!("unknown_unit", faults);
    let (_, faults) = frame(
        OBSERVATIONS,
        &REPORT.replace("{ indicator = \"standard\" },", "{ indicator = \"standard\" }, unit = \"person\","),
    );
    insta::assert_snapshot!("wrong_unit", faults);
    let spec = report(&REPORT.replace("population = \"adult\"", "populaton = \"adult\""));
    let filled = fill_rows(&spec.tables[0], &rows(OBSERVATIONS), &names());
    insta::assert_snapshot!("unknown_column", rendered(&filled.diagnostics));
}

#[test]
fn a_missing_table_is_named_with_its_line() {
    let read = |_: &str, _: &[(String, String)]| -> Result<Rows, Diagnostic> { Ok(Rows::default()) };
    let known = ["core_code", "core_observation", "ind_coverage"].map(str::to_owned).to_vec();
    let tables = Tables { names: known, read: &read };
    let spec = report(&REPORT.replace("core_observation", "core_observations"));
    let filled = super::select::fill(&spec.tables[0], &tables, &names());
    assert!(filled.value.is_none());
    insta::assert_snapshot!(rendered(&filled.diagnostics));
}

#[test]
fn all_faults_of_a_report_come_at_once() {
    let wrong = r#"
[report]
titel = "调研"
title = "调研"

[[table]]
id      = "a/b"
from    = "core_observation"
title   = "一"
heads   = ["年度"]
rows    = [{ label = "甲", rows = [{ label = "乙" }] }]
columns = [{ where = { indicator = "insured" }, decimal = 1 }]
marks   = { missing = "…" }
decimals = "as print"

[[table]]
id = "second"
from = "core_observation"
title = "二"
rows = []
columns = [{ label = "甲", rows = [{ label = "乙" }] }]
heads = ["年度"]

[[chart]]
id = "chart"
kind = "pie"
title = "图"
from = "core_observation"
x = { dimension = "period" }
y = { unit = "person", decimals = 0 }
series = [{ label = "甲", colour = "blu" }]
"#;
    let loaded = load_text("sample", wrong, Palette::default());
    insta::assert_snapshot!(rendered(&loaded.diagnostics));
}

#[test]
fn text_that_is_not_toml_is_shown() {
    let loaded = load_text("sample", "[report]\ntitle = 调研\n", Palette::default());
    insta::assert_snapshot!(rendered(&loaded.diagnostics));
}

#[test]
fn the_page_of_a_table_as_a_whole() {
    let (frame, _) = frame(OBSERVATIONS, REPORT);
    let page = html::render(&frame, "调研", "../../");
    let body = page.split("<body>").nth(1).unwrap();
    insta::assert_snapshot!(body);
}

#[test]
fn the_same_table_gives_the_same_bytes() {
    let (frame, _) = frame(OBSERVATIONS, REPORT);
    let once = xlsx::render(&frame, &Palette::default()).unwrap();
    assert_eq!(once, xlsx::render(&frame, &Palette::default()).unwrap());
}

#[test]
fn dates_are_written_as_iso_text() {
    let date = Scalar::Date(Date::constant(2004, 7, 31));
    assert_eq!(date.to_string(), "2004-07-31");
}
