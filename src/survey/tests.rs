//! Tables found on small sheets, one row per layout.

use super::{Table, sheet};
use crate::grid::Grid;

/// Header, body, labels, data, titles and notes of the tables of a sheet, as rows and columns counted from 1.
fn check(text: &str, expected: &[&str]) {
    let grid = Grid::from_text(text);
    let found: Vec<String> = sheet(&grid).tables.iter().map(shown).collect();
    assert_eq!(found, expected, "{text}");
}

fn shown(t: &Table) -> String {
    let cols = |cols: &[u32]| match (cols.first(), cols.last()) {
        (Some(first), Some(last)) => format!("{}-{}", first + 1, last + 1),
        _ => "none".to_owned(),
    };
    let continues = t.continues.map_or(String::new(), |n| format!(" continues {}", n + 1));
    format!(
        "header {}-{} body {}-{} labels {} data {} titles {} notes {}{continues}",
        t.header.start + 1,
        t.header.end,
        t.body.start + 1,
        t.body.end,
        cols(&t.label_cols),
        cols(&t.data_cols),
        t.titles.len(),
        t.notes.len()
    )
}

#[test]
fn tables_are_found() {
    check(
        "表3 2012年各地情况 | | \n| | 单位：人\n地区 | 人数 | 支出\n全国 | 1,408 | 36.7\n北京 | 1,000 | 30\n注：快报数 | |",
        &["header 3-3 body 4-5 labels 1-1 data 2-3 titles 2 notes 1"],
    );
    // Years over columns are a header, years down a column are labels.
    check(
        "地区 | 2019年 | 2018年\n北京市 | 35371.28 | 33105.97\n天津市 | 14104.28 | 13362.92",
        &["header 1-1 body 2-3 labels 1-1 data 2-3 titles 0 notes 0"],
    );
    check(
        "年份 | 收入 | 支出\n2012 | 16733.4 | 12211.8\n2013 | 18634.5 | 13534.2",
        &["header 1-1 body 2-3 labels 1-1 data 2-3 titles 0 notes 0"],
    );
    // The line that counts the columns belongs to the header.
    check(
        "甲 | 合计 | 男 | 女\n| 1 | 2 | 3\n城镇 | 10 | 6 | 4\n乡村 | 8 | 5 | 3",
        &["header 1-2 body 3-4 labels 1-1 data 2-4 titles 0 notes 0"],
    );
    // A heading inside a body, and marks in the place of numbers.
    check(
        "Kanton | Rot | Weiss\nOstschweiz | | \nZürich | 5.2 | 3.1\nThurgau | ... | 2.5\nBern | 7.1 | 2.2\nQuelle: BFS | |",
        &["header 1-1 body 2-5 labels 1-1 data 2-3 titles 0 notes 1"],
    );
}

#[test]
fn several_tables_on_a_sheet() {
    check(
        "表1 收入 | |\n地区 | 甲 | 乙\n北京 | 1 | 2\n上海 | 3 | 4\n表2 支出 | |\n年份 | 丙 | 丁\n2012 | 5 | 6\n2013 | 7 | 8",
        &[
            "header 2-2 body 3-4 labels 1-1 data 2-3 titles 1 notes 0",
            "header 6-6 body 7-8 labels 1-1 data 2-3 titles 1 notes 0",
        ],
    );
    // Panels: below, and to the right with the labels again.
    check(
        "地区 | 甲 | 乙\n北京 | 1 | 2\n上海 | 3 | 4\n续表 | |\n地区 | 丙 | 丁\n北京 | 5 | 6\n上海 | 7 | 8",
        &[
            "header 1-1 body 2-3 labels 1-1 data 2-3 titles 0 notes 0",
            "header 5-5 body 6-7 labels 1-1 data 2-3 titles 1 notes 0 continues 1",
        ],
    );
    check(
        "地区 | 甲 | 乙 | | 地区 | 丙 | 丁\n北京 | 1 | 2 | | 北京 | 5 | 6\n上海 | 3 | 4 | | 上海 | 7 | 8\n广东 | 3 | 4 | | 广东 | 7 | 8",
        &[
            "header 1-1 body 2-4 labels 1-1 data 2-3 titles 0 notes 0",
            "header 1-1 body 2-4 labels 5-5 data 6-7 titles 0 notes 0 continues 1",
        ],
    );
}

#[test]
fn texts_are_no_table() {
    check("姓名 | 住址\n甲 | 北京\n乙 | 上海", &[]);
    check("2013\n2014\n2015", &[]);
}
