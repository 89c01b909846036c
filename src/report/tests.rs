//! Reports on rows made by hand: what a table looks like, and what is said when a report is wrong.

mod left_out;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;

use super::Imprint;
use super::publish::publish_tables;
use crate::diag::Diagnostic;
use crate::report::chart::draw;
use crate::report::chart::font::Face;
use crate::report::chart::plot;
use crate::report::definition::spec::{Palette, ReportSpec, load, load_text};
use crate::report::formats::{csv, html, xlsx};
use crate::report::made::Made;
use crate::report::rows::names::Names;
use crate::report::rows::records::Records;
use crate::report::rows::source::Tables;
use crate::report::table::frame::{Frame, Tidy};
use crate::report::table::select::fill_rows;
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

pub const OBSERVATIONS: &str = "
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

pub const REPORT: &str = r#"
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
    Names::read(&Tables { names: Vec::new(), grains: BTreeMap::new(), read: &|table, _| Ok(code_table(table)) })
        .unwrap()
}

fn code_table(table: &str) -> Rows {
    match table {
        "core_code" => rows(
            "list | code | name_zh\n population | adult | 成年人\n population | child | 儿童\n population | college | 大学生",
        ),
        "core_indicator" => rows("indicator | name_zh\n insured | 参保人数\n standard | 标准"),
        _ => {
            rows("unit | name_zh | base | *factor\n person|人|person|1\n 10k_person|万人|person|10000\n yuan|元|yuan|1")
        }
    }
}

/// Publish reports from hand-made observations; the files written below the folder, and what was said.
fn publish(observations: &str, text: &str) -> (Vec<String>, String) {
    let observations = rows(observations);
    let read = |table: &str, filters: &[(String, String)]| -> Result<Rows, Diagnostic> {
        Ok(match table {
            "core_observation" => {
                let wanted = filters.iter().map(|(column, value)| (column.clone(), vec![value.clone()])).collect();
                let found = Records::new(&observations).matching(&wanted);
                let kept = found.into_iter().map(|at| observations.rows[at].clone()).collect();
                Rows { columns: observations.columns.clone(), rows: kept }
            }
            "core_finding" | "core_table" => Rows::default(),
            other => code_table(other),
        })
    };
    let tables = Tables { names: vec!["core_observation".to_owned()], grains: BTreeMap::new(), read: &read };
    let folder = tempfile::tempdir().unwrap();
    let loaded = load_text("sample", text, Palette::default());
    let mut faults = loaded.diagnostics;
    let specs: Vec<ReportSpec> = loaded.value.into_iter().collect();
    let into = folder.path().join("out");
    let published = publish_tables(&specs, &tables, &Imprint::default(), &into, None, &mut |_| {}).unwrap();
    let files = published.split(&mut faults).files;
    let below = |file: &PathBuf| file.to_string_lossy().into_owned();
    (files.iter().map(below).collect(), rendered(&faults))
}

/// The files of one table, in the order written.
const TABLE_FILES: [&str; 8] = ["xlsx", "ods", "docx", "csv", "sdmx.csv", "structure.xml", "pdf", "html"];

/// Files that are neither those of a table alone nor of a chart: the index, and what holds a whole report.
fn of_tables(files: &[String]) -> Vec<&str> {
    let own = files.iter().filter(|file| file.starts_with("tables/sample/financing."));
    own.map(|file| file.trim_start_matches("tables/sample/financing.")).collect()
}

/// A second table and a chart beside [`REPORT`].
const MORE: &str = r#"
[[table]]
id      = "second"
title   = "第二表"
from    = "core_observation"
where   = { indicator = "insured" }
heads   = ["地区"]
rows    = [{ each = "period" }]
columns = [{ label = "人数" }]

[[chart]]
id     = "chart"
kind   = "bar"
title  = "图"
from   = "core_observation"
where  = { indicator = "insured" }
x      = { dimension = "period" }
y      = { unit = "person", decimals = 0 }
series = [{ label = "人数" }]
"#;

fn report(text: &str) -> ReportSpec {
    let loaded = load_text("sample", text, Palette::default());
    assert!(!loaded.has_errors(), "{}", rendered(&loaded.diagnostics));
    loaded.value.unwrap()
}

fn rendered(faults: &[Diagnostic]) -> String {
    faults.iter().map(Diagnostic::render).collect::<Vec<_>>().join("\n")
}

pub fn frame(observations: &str, text: &str) -> (Frame, String) {
    let filled = fill_rows(&report(text).tables[0], &rows(observations), &names(), &[]);
    let faults = rendered(&filled.diagnostics);
    (filled.value.unwrap(), faults)
}

/// The body as text, a covered cell as `<`.
fn body(frame: &Frame) -> String {
    let line = |cells: &Vec<crate::report::table::frame::Cell>| {
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
    let filled = fill_rows(&spec.tables[0], &rows(OBSERVATIONS), &names(), &[]);
    insta::assert_snapshot!("unknown_column", rendered(&filled.diagnostics));
}

#[test]
fn a_missing_table_is_named_with_its_line() {
    let read = |_: &str, _: &[(String, String)]| -> Result<Rows, Diagnostic> { Ok(Rows::default()) };
    let known = ["core_code", "core_observation", "ind_coverage"].map(str::to_owned).to_vec();
    let tables = Tables { names: known, grains: BTreeMap::new(), read: &read };
    let spec = report(&REPORT.replace("core_observation", "core_observations"));
    let filled = crate::report::table::select::fill(&spec.tables[0], &tables, &names());
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
    let made: Made = TABLE_FILES.iter().map(|ending| format!("tables/sample/financing.{ending}").into()).collect();
    let (frame, _) = frame(OBSERVATIONS, REPORT);
    let page = html::render(&frame, &[], ("sample", "调研"), "../../", &made);
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

#[test]
fn nothing_to_draw_is_no_reason_to_panic() {
    let (full, _) = frame(OBSERVATIONS, REPORT);
    let no_rows = Frame { cells: Vec::new(), stub: Vec::new(), tidy: Tidy::default(), ..full.clone() };
    let no_columns = Frame { header: Vec::new(), cells: vec![Vec::new(); 3], ..full.clone() };
    let nothing = Frame { header: Vec::new(), heads: Vec::new(), ..no_rows.clone() };
    for empty in [no_rows, no_columns, nothing] {
        assert_eq!(xlsx::render(&empty, &Palette::default()).unwrap_err().code, "empty-table");
        let page = html::render(&empty, &[], ("sample", "调研"), "../../", &Made::default());
        assert_eq!(page.matches("<tbody>").count(), page.matches("</tbody>").count());
        csv::render(&empty);
    }
    let spec = report(&format!("{REPORT}{MORE}"));
    let insured: String =
        OBSERVATIONS.lines().filter(|l| !l.contains("| standard |")).map(|l| format!("{l}\n")).collect();
    let drawn = plot::fill_rows(&spec.charts[0], &rows(&insured), &names(), &spec.palette);
    let mut bare = drawn.value.unwrap();
    for series in &mut bare.series {
        series.points = vec![None; bare.categories.len()];
    }
    let bodiless = plot::Plot { categories: Vec::new(), series: Vec::new(), ..bare.clone() };
    for empty in [bare, bodiless] {
        // A machine without a Chinese font cannot draw at all.
        let Ok(face) = Face::find(empty.texts().iter().map(String::as_str)) else { return };
        assert!(draw::render(&empty, &face).unwrap().contains("</svg>"));
    }
}

/// What a reader must be warned of shows in the picture, and is said below it.
#[test]
fn provisional_figures_are_hatched_and_breaks_are_drawn_as_breaks() {
    let series = |kind: &str| {
        format!(
            "[report]\ntitle = \"t\"\n[[chart]]\nid = \"c\"\nkind = \"{kind}\"\ntitle = \"t\"\nfrom = \"core_observation\"\nx = {{ dimension = \"period\" }}\ny = {{ unit = \"person\", decimals = 0 }}\nseries = [{{ label = \"参保人数\" }}]\n"
        )
    };
    let drawn = |kind: &str, last: &str| {
        let spec = report(&series(kind));
        let observed = format!(
            "period | *value | unit | status | break\n 2009 | 10 | person | | \n 2010 | 12 | person | | \n 2011 | 14 | person | | \n 2012 | 16 | person | {last}\n"
        );
        let plot = plot::fill_rows(&spec.charts[0], &rows(&observed), &names(), &spec.palette).value.unwrap();
        let face = Face::find(plot.texts().iter().map(String::as_str)).ok()?;
        Some((draw::render(&plot, &face).unwrap(), plot.notes))
    };
    let Some((plain, notes)) = drawn("line", "normal | ") else { return };
    assert!(notes.is_empty(), "{notes:?}");
    let (broken, notes) = drawn("line", "normal | new scheme").unwrap();
    assert_eq!(notes, ["注：折线断开处口径有变化，前后不可比。"]);
    // The stroke ends at 2011: its last point is gone from the line, the marker stays.
    let stroke =
        |svg: &str| svg.split("stroke-width=\"3\" points=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let points = |svg: &str| stroke(svg).split(' ').filter(|point| point.contains(',')).count();
    assert_eq!((points(&plain), points(&broken)), (4, 3), "{broken}");
    let (hatched, notes) = drawn("bar", "provisional | ").unwrap();
    let (full, none) = drawn("bar", "normal | ").unwrap();
    assert_eq!((notes, none), (vec!["注：斜线或空心标记为初步数或估计数。".to_owned()], Vec::new()));
    assert!(hatched.matches("<polyline").count() > full.matches("<polyline").count() + 3, "{hatched}");
}

#[test]
fn a_wrong_specification_is_not_printed() {
    let whole = format!("{REPORT}{MORE}");
    let check = |from: &str, to: &str, code: &str, left_out: &[&str]| {
        assert!(whole.contains(from), "{from}");
        let (files, faults) = publish(OBSERVATIONS, &whole.replace(from, to));
        assert!(faults.contains(&format!("error[{code}]")), "{to}: {faults}");
        assert!(!files.iter().any(|file| left_out.iter().any(|id| file.contains(id))), "{to}: {files:?}");
        let pages = files.iter().filter(|file| file.ends_with(".html") && file.starts_with("tables/")).count();
        let charts = files.iter().filter(|file| file.ends_with(".svg")).count();
        let gone = usize::from(left_out.iter().any(|id| id.contains("chart")));
        assert_eq!((pages, charts), (2 - (left_out.len() - gone), 1 - gone), "{to}: {files:?}");
    };
    check("\"second\"", "\"../../second\"", "bad-id", &["second"]);
    check("\"second\"", "\"Second\"", "bad-id", &["econd"]);
    check("\"second\"", "\"二\"", "bad-id", &["二"]);
    check("\"second\"", "\"\"", "bad-id", &["second"]);
    check("\"chart\"", "\"../chart\"", "bad-id", &["chart"]);
    check("\"financing\"", "\"a.b\"", "bad-id", &["a.b"]);
    check("title   = \"第二表\"", "title = \"第二表\"\nnoets = []", "unknown-key", &["second"]);
    check("title   = \"第二表\"", "titel = \"第二表\"", "missing-key", &["second"]);
    check(
        "rows    = [{ each = \"period\" }]\ncolumns = [{ label",
        "rows = []\ncolumns = [{ label",
        "empty-table",
        &["second"],
    );
    check("heads   = [\"年度\"]", "heads = [\"年度\"]\nunit = \"persons\"", "unknown-unit", &["financing"]);
    check("title = \"调研\"", "title = \"调研\"\nnote = 1", "unknown-key", &[]);
    let heads = "heads   = [\"地区\"]";
    check(heads, &format!("{heads}\npage_rows = 0"), "bad-page", &["second"]);
    check(
        "label = \"人数\" }]\n\n[[chart]]",
        "label = \"人数\", indent = 9 }]\n\n[[chart]]",
        "bad-indent",
        &["second"],
    );
    let nowhere = "cell_notes = [{ text = \"注\", where = { period = \"2010\", population = \"adult\" } }]";
    check(heads, &format!("{heads}\n{nowhere}"), "unbound-note", &["second"]);
    check("kind   = \"bar\"", "kind = \"pyramid\"", "series", &["chart"]);
    check("kind   = \"bar\"", "kind = \"bar\"\ny2 = { unit = \"person\", decimals = 0 }", "second-axis", &["chart"]);
    check(
        "kind   = \"bar\"",
        "kind = \"bar-line\"\ny2 = { unit = \"persons\", decimals = 0 }",
        "unknown-unit",
        &["chart"],
    );
    check("kind   = \"bar\"", "kind = \"slope\"", "chart-categories", &["chart"]);
}

#[test]
fn a_report_folder_must_have_a_plain_name() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["plain", "青 海"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("report.toml"), REPORT).unwrap();
    }
    let loaded = load(folder.path());
    assert_eq!(loaded.value.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>(), ["plain"]);
    insta::assert_snapshot!(rendered(&loaded.diagnostics));
}

#[test]
fn of_two_equal_ids_the_first_is_printed() {
    let (name, again) = ("a", REPORT.replace("[report]\ntitle = \"调研\"", ""));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join(name)).unwrap();
    std::fs::write(folder.path().join(name).join("report.toml"), format!("{REPORT}{again}{MORE}")).unwrap();
    let loaded = load(folder.path());
    let ids: Vec<&str> = loaded.value[0].tables.iter().map(|table| table.id.as_str()).collect();
    assert_eq!(ids, ["financing", "second"]);
    assert!(rendered(&loaded.diagnostics).contains("error[double-id]"));
}

#[test]
fn an_unknown_code_is_a_fault_with_its_line() {
    let text = format!("{REPORT}{MORE}").replace("population = \"child\"", "population = [\"adult\", \"chld\"]");
    let text = text.replace("where  = { indicator = \"insured\" }", "where = { indicator = \"insurde\" }");
    let (files, faults) = publish(OBSERVATIONS, &text);
    assert!(of_tables(&files).is_empty() && !files.iter().any(|file| file.contains("chart")), "{files:?}");
    assert!(files.contains(&"tables/sample/second.html".to_owned()), "{files:?}");
    insta::assert_snapshot!(faults);
}

#[test]
fn a_wrong_head_says_what_to_write() {
    let said = |heads: &str| {
        let loaded = load_text("sample", &REPORT.replace("[\"年度\"]", heads), Palette::default());
        rendered(&loaded.diagnostics)
    };
    insta::assert_snapshot!("wrong_head", [said("\"地区\""), said("[{ label = \"地区\" }]"), said("[]")].join("\n"));
}
