//! What is published equals what was printed: every table of the fixtures is read back from its workbook, by a library other
//! than the one that wrote it, and compared cell by cell with the transcription of the print.

use std::fs;
use std::path::Path;

use shebao::grid::{self, CellValue};
use unicode_normalization::UnicodeNormalization as _;

use crate::products::files;
use crate::support::{TestProject, published, root, shared};

/// Dataset, table, and the transcription outside the project.
const TABLES: [(&str, &str, &str); 10] = [
    ("qinghai-2005", "nonpublic_coverage", "s0_t1_xining_coverage"),
    ("qinghai-2005", "enrolment", "s0_t2_qinghai_enrolment"),
    ("shandong-2003", "employment", "s1_t1_shandong_employment"),
    ("shandong-2003", "pension_by_base", "s1_t2_pension_by_base_years"),
    ("yuxi-2013", "medical_financing", "s4_t1_medical_financing"),
    ("yuxi-2013", "medical_subsidy", "s4_t2_subsidy_estimate"),
    ("yuxi-2013", "medical_benefit", "s4_t3_medical_benefits"),
    ("yuxi-2013", "unemployment_fund", "s4_t4_unemployment_fund"),
    ("yuxi-2013", "injury_by_county", "s4_t5a_injury_by_county"),
    ("yuxi-2013", "injury_by_year", "s4_t5b_injury_by_year"),
];

const CHARTS: [&str; 4] =
    ["enrolment_by_scheme", "coverage_by_scheme", "unemployment_fund", "injury_surplus_by_county"];

/// A table as a reader sees it: what stands above, the header and body cell by cell, what stands below.
#[derive(Debug)]
struct Print {
    above: String,
    rows: Vec<Vec<String>>,
    below: String,
}

#[test]
fn every_table_is_printed_again_as_it_was() {
    let mut faults = Vec::new();
    for (dataset, table, _) in TABLES {
        let source = root().join(format!("fixtures/text/{dataset}/{table}.csv"));
        let (expected, found) = (transcription(&source), workbook(dataset, table));
        faults.extend(differences(&format!("{dataset}/{table}"), &expected, &found));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_table_equals_the_paper() {
    let mut faults = Vec::new();
    for (dataset, table, seed) in TABLES {
        let Some(paper) = shared(&format!("seeds/tables/{seed}.csv")) else { return };
        faults.extend(differences(&format!("{dataset}/{table}"), &transcription(&paper), &workbook(dataset, table)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn figures_are_numbers_in_the_workbook() {
    let document = read_workbook("yuxi-2013", "injury_by_county");
    let sheet = &document.grids[0];
    let at = |row: u32, column: u32| &sheet.get(row, column).expect("a cell").value;
    // 市级 is the first row of the body: title, unit note and two header rows stand above it.
    assert_eq!(at(4, 1), &CellValue::Number(29042.into()));
    // A surplus of 1147 prints ＋1147, a shortfall of 290 prints 290; both keep their sign as numbers.
    assert_eq!((at(4, 8), sheet.text(4, 8)), (&CellValue::Number(1147.into()), "＋1147"));
    assert_eq!((at(6, 8), sheet.text(6, 8)), (&CellValue::Number((-290).into()), "290"));
    assert_eq!((at(5, 9), sheet.text(5, 9)), (&CellValue::Number((-350).into()), "+350"));
}

#[test]
fn pages_name_the_source_of_every_figure() {
    let page = published().read("out/tables/qinghai-2005/nonpublic_coverage.html");
    assert!(page.contains("<html lang=\"zh-CN\">"));
    assert!(page.contains("data-file=\"qinghai-2005/nonpublic_coverage.csv\""), "{page}");
    assert!(page.contains(">0.2</a></td>"), "{page}");
    // The coverage of work injury insurance stands in the fifth column of the fourth line of the file.
    let cell = page.split("<td ").find(|cell| cell.contains(">0.2</a></td>")).expect("the cell");
    assert!(cell.contains("原文“0. 2”"), "{cell}");
}

#[test]
fn the_tidy_file_holds_every_observation_once() {
    let text = published().read("out/tables/yuxi-2013/medical_financing.csv");
    let text = text.strip_prefix('\u{FEFF}').expect("a byte order mark");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().expect("a header").clone();
    let column = |name: &str| heads.iter().position(|h| h == name).expect(name);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("well formed");
    // Urban: 4 years × (1 + 2 + 2 + 1) cells; rural: 4 years × (1 + 1 + 1 + 1) cells, one of them holding two figures.
    assert_eq!(rows.len(), 4 * 6 + 4 * 4 + 1);
    let split: Vec<&str> =
        rows.iter().filter(|r| &r[column("printed")] == "260/280").map(|r| &r[column("value")]).collect();
    assert_eq!(split, ["260", "280"]);
}

#[test]
fn charts_are_drawn_with_text_and_as_pictures() {
    for chart in CHARTS {
        let svg = published().read(&format!("out/charts/{chart}.svg"));
        assert!(svg.contains("<title>图") && svg.contains("资料来源"), "{chart}");
        let picture = fs::read(published().file(&format!("out/charts/{chart}.png"))).expect("a picture");
        assert!(picture.starts_with(b"\x89PNG"), "{chart}");
        let width = u32::from_be_bytes(picture[16..20].try_into().expect("four bytes"));
        assert_eq!(width, 1920, "{chart} is drawn twice as dense as its SVG");
    }
}

#[test]
fn the_index_links_only_what_is_there() {
    let index = published().read("out/index.html");
    let links: Vec<&str> = index
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|l| !l.starts_with('#'))
        .collect();
    let tables = files(&published().file("out/tables"), ".docx").len();
    let reports = files(&published().file("out/tables"), "datapackage.json").len();
    assert!((tables, reports) >= (TABLES.len(), 3), "{tables} tables in {reports} reports");
    let charts = files(&published().file("out/charts"), ".svg").len();
    let texts = files(&published().file("out/texts"), ".docx").len();
    assert!((charts, texts) >= (CHARTS.len(), 4), "{charts} charts, {texts} texts");
    // Page and seven files of each table; the whole of each report in three ways; chart, SVG, PNG and PDF; page, PDF, document and
    // figures of each text.
    assert_eq!(links.len(), tables * 8 + reports * 3 + charts * 4 + texts * 4);
    for link in links {
        assert!(published().file("out").join(link).is_file(), "{link} is missing");
    }
}

#[test]
fn figures_kept_from_the_last_release_are_marked() {
    let index = published().read("out/index.html");
    assert!(!index.contains("沿用上次发布的数据"), "nothing is kept in the first release");
    let project = TestProject::copy_of(published());
    let first = project.current();
    project.write("fixtures/yuxi-2013/unemployment_fund.xls", "no workbook");
    project.shebao(&["run"]);
    let index = project.read("out/index.html");
    let (head, rest) = index.split_once("<nav aria-label=\"目录\">").expect("the contents");
    assert!(head.contains("沿用上次发布的数据：") && head.contains("yuxi-2013/unemployment_fund"), "{head}");
    assert!(head.contains(&first), "the release the figures come from: {head}");
    // The table and the charts made of it, each at its line.
    let marked: Vec<&str> = rest.lines().filter(|line| line.contains("沿用上次发布的数据：")).collect();
    let made_of_it = [
        "charts/annual_unemployment.svg",
        "tables/yuxi-2013/unemployment_fund.html",
        "charts/unemployment_fund.svg",
        "charts/papers_yuxi.svg",
    ];
    assert_eq!(marked.len(), made_of_it.len(), "{marked:?}");
    for (line, made) in marked.iter().zip(made_of_it) {
        assert!(line.contains(made), "{made} in {line}");
    }
    let page = |table: &str| project.read(&format!("out/tables/yuxi-2013/{table}.html"));
    let notice = "沿用上次发布的数据：yuxi-2013/unemployment_fund 的新文件未能采用";
    assert!(page("unemployment_fund").contains(notice));
    assert!(!page("injury_by_year").contains("沿用上次发布的数据"));
    let path = project.file("out/tables/yuxi-2013/unemployment_fund.xlsx");
    let book = grid::read(&path, "unemployment_fund.xlsx", grid::Declared::default()).expect("a workbook");
    let sheet = &book.grids[0];
    assert!((0..sheet.rows).any(|row| sheet.text(row, 0).starts_with(notice)), "the workbook travels alone");
}

fn workbook(dataset: &str, table: &str) -> Print {
    let document = read_workbook(dataset, table);
    let sheet = &document.grids[0];
    let rows = (0..sheet.rows).map(|row| (0..sheet.cols).map(|column| sheet.text(row, column).to_owned()).collect());
    print(rows.collect())
}

fn read_workbook(dataset: &str, table: &str) -> grid::Document {
    let path = published().file(&format!("out/tables/{dataset}/{table}.xlsx"));
    grid::read(&path, &format!("{table}.xlsx"), grid::Declared::default())
        .unwrap_or_else(|fault| panic!("{}", fault.render()))
}

fn transcription(path: &Path) -> Print {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path).expect("readable");
    let records = reader.records().map(|r| r.expect("well formed").iter().map(str::to_owned).collect());
    print(records.collect())
}

/// The header starts at the first row of three cells or more; the body ends with the last row of two or more.
fn print(raw: Vec<Vec<String>>) -> Print {
    let rows: Vec<Vec<String>> = raw
        .iter()
        .map(|row| row.iter().map(|cell| plain(cell)).collect::<Vec<_>>())
        .filter(|r| filled(r) > 0)
        .collect();
    let first = rows.iter().position(|r| filled(r) >= 3).expect("a header");
    let last = rows.iter().rposition(|r| filled(r) >= 2).expect("a body");
    let mut table: Vec<Vec<String>> = rows[first..=last].to_vec();
    // A diagonal head has two labels; which is written first is the typesetter's choice.
    let mut corner: Vec<char> = table[0][0].chars().collect();
    corner.sort_unstable();
    table[0][0] = corner.into_iter().collect();
    let text = |rows: &[Vec<String>]| rows.concat().concat();
    Print { above: text(&rows[..first]), rows: table, below: text(&rows[last + 1..]) }
}

fn filled(row: &[String]) -> usize {
    row.iter().filter(|cell| !cell.is_empty()).count()
}

/// A printed text without what typing and scanning did to it: width, blanks, thousands separators.
fn plain(printed: &str) -> String {
    let text: String = printed.nfkc().filter(|c| !c.is_whitespace()).collect();
    let numeric = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | '+' | '-'));
    if numeric { text.replace(',', "") } else { text }
}

fn differences(name: &str, expected: &Print, found: &Print) -> Vec<String> {
    let mut faults = Vec::new();
    for (what, wanted, have) in [("above", &expected.above, &found.above), ("below", &expected.below, &found.below)] {
        if wanted != have {
            faults.push(format!("{name}, {what} the table: expected {wanted:?}, found {have:?}"));
        }
    }
    if expected.rows.len() != found.rows.len() {
        faults.push(format!("{name}: expected {} rows, found {}", expected.rows.len(), found.rows.len()));
    }
    for (row, (wanted, have)) in expected.rows.iter().zip(&found.rows).enumerate() {
        for column in 0..wanted.len().max(have.len()) {
            let cell = |row: &[String]| row.get(column).cloned().unwrap_or_default();
            if cell(wanted) != cell(have) {
                faults.push(format!(
                    "{name}, row {}, column {}: expected {:?}, found {:?}",
                    row + 1,
                    column + 1,
                    cell(wanted),
                    cell(have)
                ));
            }
        }
    }
    faults
}

#[test]
fn a_difference_is_seen() {
    let table = |cells: &str| {
        print(cells.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect::<Vec<Vec<String>>>())
    };
    let paper =
        table("表 1 参保人数||单位：人\n年份 险种|养老|医疗\n2001|1 408 700|- 3. 5\n2002|＋1147|　\n注：无。||");
    let same = table("表1　参保人数||\n单位:人||\n险种\n年份|养老|医疗".replace("险种\n年份", "险种年份").as_str());
    assert_eq!(paper.above, same.above);
    assert_eq!(paper.rows[0], same.rows[0]);
    assert_eq!(paper.rows[1], ["2001", "1408700", "-3.5"]);
    assert_eq!(paper.rows[2], ["2002", "+1147", ""]);
    assert_eq!(paper.below, "注:无。");
    let other = table("表1参保人数||单位：人\n险种年份|养老|医疗\n2001|1408700|3.5\n2002|1147|…\n注：有。||");
    assert_eq!(differences("t", &paper, &other).len(), 4);
}
