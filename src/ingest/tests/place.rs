//! Where a table stands on its sheet: corners, panels, and where it ends.

use super::{document, pipelines, read};
use crate::domain::Value;

/// A table of regions and two measures, with keys of its own.
fn spec(keys: &str) -> String {
    format!(
        "title = \"t\"\nunit = \"person\"\n{keys}
        [context]\nscheme = \"pension\"
        [[rows]]\nlabel = \"{{region}}\"
        [[columns]]\nlabel = \"参保人数\"\nindicator = \"insured_person\"
        [[columns]]\nlabel = \"待遇人数\"\nindicator = \"beneficiary_person\"
        [[edition]]\nid = \"1\"\nfile = \"t/t.csv\""
    )
}

/// `cell=value` of each observation, or the faults with their cells. A line `.` is a blank row.
fn said(spec: &str, table: &str) -> String {
    let pipelines = pipelines(spec);
    let read = read(&pipelines, &document(&table.replace("\n.\n", "\n|\n"), Vec::new()));
    let fault = |d: &crate::diag::Diagnostic| format!("{} {}", d.code, d.place.cell.as_deref().unwrap_or("-"));
    if read.has_errors() {
        return read.diagnostics.iter().map(fault).collect::<Vec<_>>().join(" ");
    }
    let value = |o: &crate::domain::Observation| match o.value {
        Value::Number(number) => number.to_string(),
        Value::Missing(mark) => mark.as_str().to_owned(),
    };
    let cell = |o: &crate::domain::Observation| format!("{}={}", o.cell(), value(o));
    read.value.observations.iter().map(cell).collect::<Vec<_>>().join(" ")
}

const YEAR: &str = "period = \"2012\"";

#[test]
fn nothing_printed_over_the_label_column() {
    let check = |keys: &str, table: &str, expected: &str| {
        assert_eq!(said(&spec(&format!("{YEAR}\n{keys}")), table), expected, "{table}");
    };
    check("corner = \"\"", "表 | | 单位：人\n | 参保人数 | 待遇人数\n北京 | 1 | 2", "B3=1 C3=2");
    check("corner = \"\"", "表\n参保人数 | 待遇人数\n北京 | 1 | 2", "header-missing -");
    // The first header is misprinted: its column is not taken for labels.
    check("corner = \"\"", "表\n | 参保人 | 待遇人数\n北京 | 1 | 2", "header-missing -");
    check(
        "corner = \"\"",
        " | 参保人数 | 待遇人数\n北京 | 1 | 2\n | 参保人数 | 待遇人数\n天津 | 1 | 2",
        "anchor-ambiguous A3",
    );
}

#[test]
fn label_columns_need_not_be_side_by_side() {
    let records = "title = \"t\"\ncorner = [\"地区\", \"年份\", \"指标\", \"单位\"]
        [context]\nscheme = \"pension\"
        [[rows]]\nlabel = [\"{region}\", \"{year}\", \"参保人数\", \"人\"]\nindicator = \"insured_person\"\nunit = \"person\"
        [[rows]]\nlabel = [\"{region}\", \"{year}\", \"{indicator}\", \"万人\"]\nunit = \"10k_person\"
        [[columns]]\nlabel = \"数值\"
        [[edition]]\nid = \"1\"\nfile = \"t/t.csv\"";
    let check = |table: &str, expected: &str| assert_eq!(said(records, table), expected, "{table}");
    check("地区 | 数值 | 年份 | 指标 | 单位\n北京 | 5 | 2012 | 参保人数 | 人", "B2=5");
    check("地区 | 年份 | 指标 | 单位 | 数值\n北京 | 2012 | 参保人数 | 人 | 5", "E2=5");
    check("地区 | 年份 | 指标 | 单位 | 数值 | 备注\n北京 | 2012 | 参保人数 | 人 | 5 |", "label-undeclared F1");
    check("地区 | 指标 | 年份 | 单位 | 数值\n北京 | 参保人数 | 2012 | 人 | 5", "header-missing -");
}

#[test]
fn tables_side_by_side_under_their_anchors() {
    let of = |year: &str, keys: &str| {
        spec(&format!("corner = \"地区\"\nanchor = {{ text = \"{{year}}年{year}\" }}\nuntil_column = [\"\"]\n{keys}"))
    };
    let table = "2012年甲 | | | | 2013年乙\n地区 | 参保人数 | 待遇人数 | | 地区 | 参保人数 | 待遇人数\n北京 | 1 | 2 | | 北京 | 3 | 4\n天津 | 5 | 6";
    assert_eq!(said(&of("甲", ""), table), "B3=1 C3=2 B4=5 C4=6");
    assert_eq!(said(&of("乙", ""), table), "F3=3 G3=4");
    // A corner that is misprinted is not found at the neighbour's, nor further down.
    assert_eq!(said(&of("甲", ""), &table.replacen("地区", "地域", 1)), "header-missing E2");
    let below =
        "2012年甲\n地域 | 参保人数 | 待遇人数\n北京 | 1 | 2\n.\n2013年乙\n地区 | 参保人数 | 待遇人数\n北京 | 3 | 4";
    assert_eq!(said(&of("甲", ""), below), "header-missing A6");
    // A title over the middle, between two headers.
    let between =
        " | 2012年甲\n地区 | 参保人数 | 待遇人数 | | 地区 | 参保人数 | 待遇人数\n北京 | 1 | 2 | | 北京 | 3 | 4";
    assert_eq!(said(&of("甲", ""), between), "anchor-ambiguous E2");
    let centred = " | 2012年甲\n地区 | 参保人数 | 待遇人数\n北京 | 1 | 2";
    assert_eq!(said(&of("甲", ""), centred), "B3=1 C3=2");
}

#[test]
fn panels_side_by_side() {
    let spec = spec(&format!("{YEAR}\ncorner = \"地区\"\npanels = \"right\"\nuntil = [\"注\"]"));
    let check = |table: &str, expected: &str| assert_eq!(said(&spec, table), expected, "{table}");
    check(
        "地区 | 参保人数 | 待遇人数 | 地区 | 参保人数 | 待遇人数\n北京 | 1 | 2 | 天津 | 3 | 4\n河北 | 5 | 6\n注：甲",
        "B2=1 C2=2 B3=5 C3=6 E2=3 F2=4",
    );
    check("地区 | 参保人数 | | 地区 | 待遇人数\n北京 | 1 | | 北京 | 3", "B2=1 E2=3");
    check(
        "地区 | 参保人数 | 待遇人数 | 地域 | 参保人数 | 待遇人数\n北京 | 1 | 2 | 天津 | 3 | 4",
        "label-undeclared D1 panel-missing - label-twice E1 label-twice F1 label-moved C1 label-twice E1 label-twice F1",
    );
    check("地区 | 参保人数 | 待遇人数 | 地区 | 参保人数\n北京 | 1 | 2 | 北京 | 3", "stated-twice E2");
    check(
        "地区 | 参保人数 | 待遇人数 | 地区 | 参保人数 | 领取人数\n北京 | 1 | 2 | 天津 | 3 | 4",
        "label-undeclared F1",
    );
}

#[test]
fn panels_below_a_title_over_any_of_them() {
    let spec = spec("anchor = { text = \"{year}年情况\" }\ncorner = \"地区\"\npanels = \"right\"");
    let body = "地区 | 参保人数 | 地区 | 参保人数 | 地区 | 待遇人数\n北京 | 1 | 天津 | 2 | 北京 | 3";
    for title in ["2012年情况", " | | 2012年情况", " | | | 2012年情况", " | | | | | 2012年情况"] {
        assert_eq!(said(&spec, &format!("{title}\n{body}")), "B3=1 D3=2 F3=3", "{title}");
    }
    assert_eq!(said(&spec, &format!("2011年表 | | 2012年情况\n{body}")), "anchor-ambiguous C1");
}

#[test]
fn columns_left_of_the_labels_are_the_tables_too() {
    let of = |keys: &str| spec(keys).replace("[[edition]]", "[[columns]]\nlabel = \"序号\"\nskip = true\n[[edition]]");
    // The serial number stands first, and is declared last.
    let anchored = "order = \"any\"\ncorner = \"地区\"\nanchor = { text = \"{year}年情况\" }";
    let table = "2012年情况\n序号 | 地区 | 参保人数 | 待遇人数\n1 | 北京 | 3 | 4";
    assert_eq!(said(&of(anchored), table), "C3=3 D3=4");
    assert_eq!(said(&spec(anchored), table), "label-undeclared A2");
    assert_eq!(said(&of(anchored), &table.replace("2012", " | | 2012")), "C3=3 D3=4");
    // The table on the left has a title of its own.
    let beside = "2011年表 | | 2012年情况\n地区 | 人数 | 地区 | 参保人数 | 待遇人数\n北京 | 1 | 北京 | 3 | 4";
    assert_eq!(said(&spec(anchored), beside), "D3=3 E3=4");
    let panels =
        "序号 | 地区 | 参保人数 | 待遇人数 | 序号 | 地区 | 参保人数 | 待遇人数\n1 | 北京 | 3 | 4 | 2 | 天津 | 5 | 6";
    let keys = format!("{YEAR}\norder = \"any\"\ncorner = \"地区\"\npanels = \"right\"");
    assert_eq!(said(&of(&keys), panels), "C2=3 D2=4 G2=5 H2=6");
}

#[test]
fn panels_below() {
    let keys = "corner = \"地区\"\npanels = \"below\"\nbetween = [\"续表\", \"单位\"]\nuntil = [\"注\"]";
    let spec = spec(&format!("{YEAR}\n{keys}"));
    let check = |table: &str, expected: &str| assert_eq!(said(&spec, table), expected, "{table}");
    let head = "地区 | 参保人数 | 待遇人数";
    check(&format!("{head}\n北京 | 1 | 2\n{head}\n天津 | 3 | 4\n注：甲"), "B2=1 C2=2 B4=3 C4=4");
    check(&format!("{head}\n北京 | 1 | 2\n.\n续表 | | 单位：人\n{head}\n天津 | 3 | 4"), "B2=1 C2=2 B6=3 C6=4");
    check("地区 | 参保人数\n北京 | 1\n注：甲\n续表\n地区 | 待遇人数\n北京 | 3", "B2=1 B6=3");
    // A header that is misprinted, with and without a line that announces it.
    check(
        &format!("{head}\n北京 | 1 | 2\n地域 | 参保人数 | 待遇人数\n天津 | 3 | 4"),
        "panel-missing - unknown-label A3",
    );
    check(&format!("{head}\n北京 | 1 | 2\n续表\n地域 | 参保人数 | 待遇人数\n天津 | 3 | 4"), "panel-between A4");
    check(&format!("{head}\n北京 | 1 | 2\n续表"), "panel-between A3");
    // A line that is not declared.
    check(&format!("{head}\n北京 | 1 | 2\n续表\n第二页\n{head}\n天津 | 3 | 4"), "panel-between A4");
    check(&format!("{head}\n北京 | 1 | 2\n第二页\n{head}\n天津 | 3 | 4"), "unknown-label A3");
    // What a panel prints above its header is held against what is declared.
    check(
        &format!("{head}\n北京 | 1 | 2\n单位：万人\n{head}\n天津 | 3 | 4"),
        "unit-contradicts A3 unit-contradicts A3",
    );
    check(&format!("{head}\n北京 | 1 | 2"), "panel-missing -");
    // Footnotes below each panel, with marks of their own.
    check(&format!("{head}\n北京 | 1① | 2\n注：①甲\n续表\n{head}\n天津 | 3① | 4\n注：①乙"), "B2=1 C2=2 B6=3 C6=4");
}

#[test]
fn panels_both_ways_and_their_blank_corners() {
    let keys = "corner = \"地区\"\npanels = \"both\"\nbetween = [\"续表\"]";
    let head = "地区 | 参保人数 | 待遇人数 | 地区 | 参保人数 | 待遇人数";
    let table = format!("{head}\n北京 | 1 | 2 | 天津 | 3 | 4\n续表\n{head}\n河北 | 5 | 6 | 山西 | 7 | 8");
    assert_eq!(said(&spec(&format!("{YEAR}\n{keys}")), &table), "B2=1 C2=2 E2=3 F2=4 B5=5 C5=6 E5=7 F5=8");
    let blank = table.replace("地区", "");
    let keys = keys.replace("地区", "");
    assert_eq!(said(&spec(&format!("{YEAR}\n{keys}")), &blank), "B2=1 C2=2 E2=3 F2=4 B5=5 C5=6 E5=7 F5=8");
}

#[test]
fn a_table_ends_where_it_is_said_to_and_nowhere_else() {
    let of = |keys: &str| spec(&format!("{YEAR}\ncorner = \"地区\"\n{keys}"));
    let check =
        |keys: &str, table: &str, expected: &str| assert_eq!(said(&of(keys), table), expected, "{keys}, {table}");
    let head = "地区 | 参保人数 | 待遇人数";
    check("until = [\"\"]", &format!("{head}\n北京 | 1 | 2\n.\n另表\n甲 | 3"), "B2=1 C2=2");
    check("until = [\"\", \"注\"]", &format!("{head}\n北京 | 1① | 2\n.\n注：①甲\n.\n另表"), "B2=1 C2=2");
    // A blank row, or a word, that does not end the table.
    check("until = [\"\"]", &format!("{head}\n北京 | 1 | 2\n.\n天津 | 3 | 4"), "table-goes-on A4");
    check("until = [\"天\"]", &format!("{head}\n北京 | 1 | 2\n天津 | 3 | 4"), "table-goes-on A3");
    check("until = [\"注\"]", &format!("{head}\n北京 | 1 | 2\n注：甲\n天津 | 3 | 4"), "table-goes-on A4");
    check("until = [\"注\"]", &format!("{head}\n注：甲"), "table-empty A1");
    check(
        "until = [\"注\"]",
        &format!("{head}\n北京 | 1 | 2\n注：甲\n.\n续表\n地域 | 参保人数\n天津 | 3"),
        "panel-undeclared A5",
    );
    // Columns.
    check("until_column = [\"备注\"]", "地区 | 参保人数 | 待遇人数 | 备注\n北京 | 1 | 2 | 甲", "B2=1 C2=2");
    check("until_column = [\"\"]", "地区 | 参保人数 | 待遇人数 | | 另表\n北京 | 1 | 2 | | 5", "B2=1 C2=2");
    check("until_column = [\"\"]", "地区 | 参保人数 | | 待遇人数\n北京 | 1 | | 2", "table-goes-on D1");
    check("until_column = [\"\"]", "地区 | 参保人数 | | 待遇人数\n北京 | 1 | 5 | 2", "header-blank C2");
}

#[test]
fn units_above_the_header() {
    let spec = spec(&format!("{YEAR}\ncorner = \"地区\""));
    let check = |line: &str, expected: &str| {
        let table = format!("{line}\n地区 | 参保人数 | 待遇人数\n北京 | 1 | 2");
        assert_eq!(said(&spec, &table), expected, "{line}");
    };
    let good = "B3=1 C3=2";
    let wrong = "unit-contradicts A1 unit-contradicts A1";
    for line in [
        "单位：人",
        "(单位：人)",
        "（计量单位：人）",
        "表5 单位:人、万元",
        "单位 人",
        "单位：（人）",
        "填报单位：某局",
        "情况（人）",
    ] {
        check(line, good);
    }
    for line in [
        "单位：万人",
        "（单位：万人）",
        "计量单位：万人",
        "表5情况（单位：万人）",
        "单位：元、万人",
        "单位 万人",
        "情况（万人）",
    ] {
        check(line, wrong);
    }
    check("单位：万仁", "unknown-unit A1");
    check("单位：人 Unit: 户", "unit-contradicts A1");
    check("单位：人 Unit: persons", "unknown-unit A1");
}

#[test]
fn a_table_without_a_header_begins_below_its_anchor() {
    let spec = "title = \"t\"\nanchor = { text = \"{year}年情况\" }\ncorner = \"\"\nheader_rows = 0\nuntil = [\"注\"]
        [context]\nscheme = \"pension\"
        [[rows]]\nlabel = \"{region}\"
        [[columns]]\nlabel = \"参保人数\"\nindicator = \"insured_person\"\nunit = \"person\"
        [[columns]]\nlabel = \"参保率\"\nindicator = \"coverage_pct\"\nunit = \"percent\"
        [[edition]]\nid = \"1\"\nfile = \"t/t.csv\"";
    let check = |rows: &str, expected: &str| {
        let pipelines = super::pipelines(spec);
        let read = super::read(&pipelines, &super::document(&format!("2012年情况\n{rows}"), Vec::new()));
        let faults = read.diagnostics.iter().map(|d| format!("{} {}", d.code, d.place.cell.as_deref().unwrap_or("")));
        let cells = read.value.observations.iter().map(|o| format!("{}={} {}", o.cell(), o.indicator(), o.printed));
        let said: Vec<String> = if read.has_errors() { faults.collect() } else { cells.collect() };
        assert_eq!(said.join("; "), expected, "{rows}");
    };
    let both = "B2=insured_person 1; C2=coverage_pct 2%";
    check("北京 | 1 | 2%", both);
    check("北京 | 1 | 2%\n注：甲", both);
    // A blank column parts no two others.
    check("北京 | 1 | | 2%", "B2=insured_person 1; D2=coverage_pct 2%");
    check("北京 | 2% | 1", "unit-contradicts B2");
    check("北京 | 1", "columns-count B2");
    check("北京 | 1 | 2% | 3", "columns-count D2");
    check("地区 | 人数 | 参保率\n北京 | 1 | 2%", "unknown-label A2");
}
