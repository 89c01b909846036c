//! Row labels in levels: tables of one column, each with what is read of it or what is told.

use super::{document, pipelines, read};
use crate::domain::Observation;
use crate::grid::{Cell, Grid};

/// A table with one column of persons in Yunnan, 2012; `keys` belong to the table, `rows` are its entries.
pub(super) fn spec(keys: &str, rows: &str) -> String {
    let rows: String =
        rows.split(';').map(|row| format!("[[rows]]\nlabel = {}\n", row.trim().replace(" + ", "\n"))).collect();
    format!(
        "title = \"t\"\nperiod = \"2012\"\n{keys}\n{rows}
        [[edition]]\nid = \"1\"\nfile = \"t/t.csv\""
    )
}

pub(super) const COLUMN: &str =
    "corner = \"项目\"\nunit = \"person\"\n[context]\nindicator = \"insured_person\"\n[[columns]]\nlabel = \"人数\"";

/// What each row of a table with the given levels becomes, or the faults; `_` stands for a blank, `＿` for a full-width
/// one, `>` for a level of the cell's indent, `!` for bold.
pub(super) fn told(levels: &str, rows: &str, table: &str) -> String {
    let keys = format!("levels = [{levels}]\n{COLUMN}");
    told_of(&spec(&keys, rows), &format!("项目 | 人数\n{table}"))
}

pub(super) fn told_of(spec: &str, table: &str) -> String {
    let pipelines = pipelines(spec);
    let mut document = document(table, Vec::new());
    dress(&mut document.grids[0]);
    let read = read(&pipelines, &document);
    if read.has_errors() {
        return read.diagnostics.iter().map(|d| d.render()).collect();
    }
    read.value.observations.iter().map(line).collect::<Vec<_>>().join("; ")
}

fn dress(grid: &mut Grid) {
    for row in 0..grid.rows {
        let Some(cell) = grid.get(row, 0) else { continue };
        let printed = cell.text.as_str();
        let text: String = printed.chars().filter(|c| !matches!(c, '!' | '>')).collect();
        let mut dressed = Cell::text(text.replace('_', " ").replace('＿', "\u{3000}"));
        dressed.bold = printed.contains('!');
        dressed.indent = printed.matches('>').count() as u8;
        grid.set(row, 0, dressed);
    }
}

/// The cell, the dimensions that are divided, and the number.
fn line(o: &Observation) -> String {
    let d = o.dimensions();
    let codes = [&d.region, &d.ownership, &d.scheme, &d.population, &d.industry];
    let divided: Vec<&str> = codes.into_iter().map(|c| c.as_str()).filter(|c| *c != "_T").collect();
    let breakdown = if d.breakdown.0.is_empty() { String::new() } else { format!(" {}", d.breakdown) };
    format!("{} {}{breakdown} {}", o.cell(), divided.join("/"), o.printed)
}

pub(super) fn check(levels: &str, rows: &str, table: &str, expected: &str) {
    let table = table
        .split(' ')
        .filter(|row| !row.is_empty())
        .map(|row| row.replace('=', " | "))
        .collect::<Vec<_>>()
        .join("\n");
    let found = told(levels, rows, &table);
    if expected.starts_with("error") {
        let mut rest = found.as_str();
        for piece in expected.trim_start_matches("error ").split(" … ") {
            let at = rest.find(piece).unwrap_or_else(|| panic!("no \"{piece}\" in\n{found}"));
            rest = &rest[at + piece.len()..];
        }
        assert!(found.matches("error[").count() == 1 || expected.contains("error["), "{found}");
    } else {
        assert_eq!(found, expected, "{levels}, {table}");
    }
}

const REGIONS: &str = r#""{region}"; ["{region}", "{region}"]"#;
const CITY: &str = r#""{region}"; ["{region}", "{population}"]"#;
const KINDS: &str = r#""合计"; ["{ownership}"]; ["{ownership}", "{ownership}"]; ["{ownership}", "{population}"]"#;

#[test]
fn indent() {
    // Blanks, full-width blanks and the cell's format; a level that is closed, and the next one.
    let expected = "B2 530400 9; B3 530402 5; B4 530421 4; B5 630100 3";
    check("\"indent\"", REGIONS, "玉溪市=9 __红塔区=5 ＿江川县=4 西宁市=3", expected);
    check("\"indent\"", REGIONS, "玉溪市=9 >红塔区=5 >江川县=4 西宁市=3", expected);
    check("\"indent\"", REGIONS, ">玉溪市=9 >__红塔区=5 >__江川县=4 >西宁市=3", expected);
    let three = r#""{region}"; ["{region}", "{region}"]; ["{region}", "{region}", "{region}"]"#;
    check(
        "\"indent\"",
        three,
        "云南省=9 _玉溪市=5 __红塔区=4 _昆明市=3",
        "error no region code for \"昆明市\" … cell A5",
    );
    check("\"indent\"", three, "云南省=9 _玉溪市=5 __红塔区=4", "B2 530000 9; B3 530400 5; B4 530402 4");
    // The first row in the middle of its cell.
    check("\"indent\"", r#""合计"; "{region}""#, "____合计=9 玉溪市=5 西宁市=3", "B2  9; B3 530400 5; B4 630100 3");
}

#[test]
fn indents_that_are_refused() {
    let unclear =
        |table: &str, expected: &str| check("\"indent\"", REGIONS, table, &format!("error level-unclear]: {expected}"));
    // Deeper than the city, and less than its other counties.
    unclear(
        "玉溪市=9 ____红塔区=5 __江川县=4",
        "\"江川县\" is indented by 2 blanks, the rows beside it by 4 blanks, as in A3 … cell A4",
    );
    // No deeper than nothing above.
    unclear(
        "__玉溪市=9 ____红塔区=5 西宁市=3",
        "\"西宁市\" is indented by nothing, the rows beside it by 2 blanks, as in A2 … cell A4",
    );
    unclear(
        "玉溪市=9 __红塔区=5 >江川县=4",
        "\"江川县\" and \"红塔区\" in A3: one is indented by 1 level of the cell's format, the other by 2 blanks … cell A4",
    );
    // An indent one blank too deep makes a county of a county: no entry has such a path, and the code list knows none.
    check(
        "\"indent\"",
        REGIONS,
        "玉溪市=9 __红塔区=5 ___江川县=4",
        "error label-undeclared]: row label \"玉溪市 / 红塔区 / 江川县\" is not declared … cell A4",
    );
    // One that is lost makes a region of its own, and its code says which.
    check("\"indent\"", REGIONS, "玉溪市=9 __红塔区=5 江川县=4", "B2 530400 9; B3 530402 5; B4 530421 4");
    // One that is too much is no county of that city.
    check(
        "\"indent\"",
        REGIONS,
        "玉溪市=9 __红塔区=5 __西宁市=4",
        "error outside-level]: the region \"西宁市\" (630100) does not lie below 530400 … cell A4",
    );
    check(
        "\"indent\"",
        REGIONS,
        "玉溪市=9 __玉溪市=5",
        "error outside-level]: the region \"玉溪市\" (530400) does not lie below 530400 … cell A3",
    );
}

#[test]
fn the_same_label_at_another_depth() {
    let rows = r#""{region}"; ["{region}", "{population}"]; "{population}""#;
    let table = "玉溪市=9 __男=5 __女=4 西宁市=9 __男=5 女=4";
    // 女 of 西宁市 has lost its blanks, and would be the women of all regions.
    let expected = "error level-unclear]: \"女\" stands at a depth of its own; elsewhere, as in A6, it stands at another … cell A9";
    check("\"indent\"", rows, &format!("云南省=8 __女=1 {table}"), expected);
    // Written out, it is meant.
    let rows = r#""女" + population = "female"; "{region}"; ["{region}", "{population}"]"#;
    let expected = "B2 female 9; B3 530000 8; B4 530000/female 1; B5 530400 9; B6 530400/female 4";
    check("\"indent\"", rows, "女=9 云南省=8 __女=1 玉溪市=9 __女=4", expected);
    // Twice at both depths is a layout.
    let rows = r#""{region}"; ["{region}", "{region}"]; ["{region}", "{population}"]; ["{region}", "{region}", "{population}"]"#;
    let table = "玉溪市=9 __女=4 __红塔区=3 ____女=2 __江川县=3 ____女=1 西宁市=9 __女=2";
    let expected = "B2 530400 9; B3 530400/female 4; B4 530402 3; B5 530402/female 2; B6 530421 3; B7 530421/female 1; B8 630100 9; B9 630100/female 2";
    check("\"indent\"", rows, table, expected);
}

#[test]
fn rows_that_go_on_in_the_next_panel() {
    let rows = r#""{region}"; ["{region}", "{region}"]"#;
    let keys = format!("panels = \"below\"\nbetween = [\"续表\"]\nlevels = [\"indent\"]\n{COLUMN}");
    let read = |table: &str| told_of(&spec(&keys, rows), table);
    let table = "项目 | 人数\n玉溪市 | 9\n__红塔区 | 5\n续表 |\n项目 | 人数\n__江川县 | 4\n西宁市 | 3";
    assert_eq!(read(table), "B2 530400 9; B3 530402 5; B6 530421 4; B7 630100 3");
    let wrong = read(&table.replace("__江川县", "__东营市"));
    assert!(wrong.contains("the region \"东营市\" (370500) does not lie below 530400"), "{wrong}");
    // Other columns, and the same rows again.
    let keys = keys.replace("label = \"人数\"", "label = \"{population}\"").replace("\"indent\"", "\"numbering\"");
    let table = "项目 | 男\n1.玉溪市 | 9\n(1)红塔区 | 5\n续表 |\n项目 | 女\n1.玉溪市 | 4\n(1)红塔区 | 3";
    let expected = "B2 530400/male 9; B3 530402/male 5; B6 530400/female 4; B7 530402/female 3";
    assert_eq!(told_of(&spec(&keys, rows), table), expected);
}

#[test]
fn of_which() {
    let rows = r#""企业" + ownership = "enterprise"; ["企业", "农民工"] + ownership = "enterprise" + population = "migrant-worker"; ["企业", "女"] + ownership = "enterprise" + population = "female"; "机关" + ownership = "government""#;
    let expected = "B2 enterprise 9; B3 enterprise/migrant-worker 5; B4 enterprise/female 4; B5 government 3";
    // With the sign in every row, no indent is needed; with indent, the rows below the sign belong to it.
    check("\"of-which\"", rows, "企业=9 其中：农民工=5 #女=4 机关=3", expected);
    check("\"of-which\", \"indent\"", rows, "企业=9 其中：农民工=5 ______女=4 机关=3", expected);
    check("\"of-which\", \"indent\"", rows, "企业=9 __其中：农民工=5 ________女=4 机关=3", expected);
    check("\"of-which\", \"indent\"", rows, "企业=9 __其中：农民工=5 ____女=4 机关=3", expected);
    check("\"of-which\", \"indent\"", rows, "企业=9 __其中:农民工=5 __女=4 机关=3", expected);
    let expected = expected.replace("B5", "B6").replace("B4", "B5").replace("B3", "B4");
    check("\"of-which\", \"indent\"", rows, "企业=9 __其中：= ____农民工=5 ____女=4 机关=3", &expected);
    // Without indent the sign binds its own row only: 女 stands for itself, and is not declared so.
    check(
        "\"of-which\"",
        rows,
        "企业=9 其中：农民工=5 女=4 机关=3",
        "error row label \"女\" is not declared, expected \"企业 / 女\" … cell A4",
    );
    check(
        "\"of-which\", \"indent\"",
        rows,
        "企业=9 __其中：农民工=5 ____________女=4 机关=3",
        "error row label \"企业 / 农民工 / 女\" is not declared",
    );
    check(
        "\"of-which\"",
        rows,
        "其中：农民工=5 企业=9 机关=3",
        "error error[label-undeclared]: row label \"农民工\" is not declared, expected \"企业 / 农民工\" … \"农民工\" is marked as a part, and no row above is its whole … cell A2",
    );
    check(
        "\"of-which\", \"indent\"",
        rows,
        "企业=9 其中：=5 __女=4",
        "error error[level-unclear]: the row has figures, and its label is only a sign … cell A3",
    );
    check(
        "\"of-which\"",
        rows,
        "企业=9 其中：= 女=4",
        "error error[level-unclear]: nothing says which rows the sign stands for … cell A3",
    );
    // A sign that is not declared is part of the label.
    check(
        "",
        "\"企业\" + ownership = \"enterprise\"; \"其中：农民工\" + population = \"migrant-worker\"",
        "企业=9 其中：农民工=5",
        "B2 enterprise 9; B3 migrant-worker 5",
    );
}

#[test]
fn two_labels_that_only_a_sign_tells_apart() {
    let rows = r#""合计"; ["合计", "女"] + population = "female""#;
    check(
        "\"of-which\", \"numbering\"",
        rows,
        "合计=9 其中：女=5 #女=4",
        "error label-twice]: the row label \"合计 / 女\" stands twice … cell A4 … error[",
    );
    let rows = r#""1.女" + population = "female"; "2.女" + population = "female""#;
    check(
        "",
        rows,
        "1.女=9 2.女=5",
        "error label-twice]: the row label \"2.女\" means the same as \"1.女\" in A2 … cell A3",
    );
    let rows = r#""{population}""#;
    check(
        "\"numbering\"",
        rows,
        "1.女=9 2.女=5",
        "error label-twice]: the row label \"女\" means the same as \"女\" in A2 … cell A3",
    );
}

#[test]
fn numbering() {
    let rows = KINDS;
    let expected = "B2  9; B3 enterprise 6; B4 110 2; B5 120 4; B6 public 3; B7 government 3";
    let table = "合计=9 一、企业=6 （一）国有企业=2 （二）集体企业=4 二、机关事业单位=3 （一）机关=3";
    check("\"numbering\"", rows, table, expected);
    let numbered = table.replace("（一）", "1.").replace("（二）", "2.");
    check("\"numbering\"", rows, &numbered, expected);
    check("\"numbering\"", rows, &table.replace("（一）", "①").replace("（二）", "②"), expected);
    check("\"numbering\", \"indent\"", rows, &table.replace("（", "__（"), expected);
    // Rows without a number: below the last one, or where their indent says.
    check("\"numbering\"", rows, &table.replace("（一）", "").replace("（二）", ""), expected);
    check("\"numbering\", \"indent\"", rows, &table.replace("（一）", "__").replace("（二）", "__"), expected);
    check("\"numbering\", \"indent\"", rows, "合计=9 一、企业=6 国有企业=2", "B2  9; B3 enterprise 6; B4 110 2");
    // 二、 is lost, and 机关 would be a kind of enterprise.
    check(
        "\"numbering\"",
        rows,
        "合计=9 一、企业=6 （一）国有企业=2 （二）集体企业=4 （一）机关=3",
        "error \"机关\" is number 1, as if a row above it were lost: number 2 stands in A5 … cell A6 … error[",
    );
    check(
        "\"numbering\"",
        rows,
        "合计=9 一、企业=6 （1）国有企业=2 1.集体企业=4",
        "error \"集体企业\" is numbered in another form than the row beside it in A4 … cell A5",
    );
    check(
        "\"numbering\", \"indent\"",
        rows,
        "合计=9 一、企业=6 __二、机关事业单位=3",
        "error \"机关事业单位\" and \"企业\" in A3: indent says one thing of how they stand to each other, numbering another … cell A4",
    );
}

#[test]
fn bold_and_headings() {
    let expected = "B2 530400 9; B3 530402 5; B4 530421 4; B5 630100 3";
    check("\"bold\"", REGIONS, "!玉溪市=9 红塔区=5 江川县=4 !西宁市=3", expected);
    check("\"bold\", \"indent\"", REGIONS, "!玉溪市=9 __红塔区=5 __江川县=4 !西宁市=3", expected);
    check(
        "\"bold\", \"indent\"",
        REGIONS,
        "玉溪市=9 __!红塔区=5",
        "error level-unclear]: \"红塔区\" and \"玉溪市\" in A2: indent says one thing",
    );
    let rows =
        r#"["企业", "{population}"] + ownership = "enterprise"; ["机关", "{population}"] + ownership = "government""#;
    let expected = "B3 enterprise/male 5; B4 enterprise/female 4; B6 government/male 3";
    check(
        "\"bold\", \"heading\"",
        &format!("{rows}; \"其他\""),
        "!企业= 男=5 女=4 !机关= 男=3 !其他=2",
        &format!("{expected}; B7  2"),
    );
    check("\"heading\"", rows, "企业= 男=5 女=4 机关= 男=3", expected);
    check("\"heading\"", rows, "_____企业= 男=5 女=4 _____机关= 男=3", expected);
    check("\"heading\", \"numbering\"", rows, "一、企业= 男=5 女=4 二、机关= 男=3", expected);
    check("\"heading\", \"indent\"", rows, "企业= __男=5 __女=4 机关= __男=3", expected);
    let rows = format!("\"合计\"; {rows}");
    check(
        "\"heading\", \"indent\"",
        &rows,
        "企业= __男=5 __女=4 合计=9",
        "B3 enterprise/male 5; B4 enterprise/female 4; B5  9",
    );
    check(
        "\"heading\"",
        &rows,
        "合计=9 企业= 男=5 女=4 机关=",
        "error heading-alone]: the heading \"机关\" has no row below it … cell A6 … if the table ends above this line … if it is a row, its figures are missing",
    );
    check("\"heading\"", &rows, "合计= 企业= 男=5", "error heading-declared]: \"合计\" has no figures");
    check(
        "\"heading\"",
        CITY,
        "玉溪市=9 西宁市= 男=5",
        "error error[heading-declared]: \"西宁市\" has no figures, like a heading, and is declared as a row … cell A3 … must not fit the entry \"{region}\": write out the labels of that entry in pipelines/t/table.toml",
    );
}
