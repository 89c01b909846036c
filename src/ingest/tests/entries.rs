//! Entries of rows and columns: codes below codes, totals, units from labels, what is skipped or may be absent.

use super::rows::{COLUMN, check, spec, told, told_of};
use super::{document, pipelines};
use crate::domain::{Observation, Value};

/// A table of any columns: its layout keys with entries, its text, and what is read of it or told.
fn check_table(keys: &str, table: &str, expected: &str) {
    let spec = format!("title = \"t\"\n{keys}\n[[edition]]\nid = \"1\"\nfile = \"t/t.csv\"");
    let found = told_of(&spec, table);
    match expected.strip_prefix("error ") {
        None => assert_eq!(found, expected, "{keys}"),
        Some(pieces) => {
            let mut rest = found.as_str();
            for piece in pieces.split(" … ") {
                let at = rest.find(piece).unwrap_or_else(|| panic!("no \"{piece}\" in\n{found}"));
                rest = &rest[at + piece.len()..];
            }
        }
    }
}

#[test]
fn the_inner_code_lies_below_the_outer_one() {
    let rows = r#""{population}"; ["{population}", "{population}"]"#;
    // 农民工 are employees; women are not, so that those among the employees have no code.
    check("\"of-which\"", rows, "职工=9 其中：农民工=5", "B2 employee 9; B3 migrant-worker 5");
    check(
        "\"of-which\"",
        rows,
        "职工=9 其中：女=5",
        "error outside-level]: the population \"女\" (female) does not lie below employee … cell A3",
    );
    // A total below a code is that code's own, and a code below the total is itself.
    check("\"of-which\"", rows, "合计=9 其中：女=5", "B2  9; B3 female 5");
    let rows = r#"["{region}", "{region}"]"#;
    check("\"heading\"", rows, "玉溪市= 合计=9", "error unknown-label]: no region code for \"合计\"");
    let rows = r#"["{population}", "{population}"]"#;
    check(
        "\"heading\"",
        rows,
        "职工= 合计=9 农民工=5 离退休人员= 小计=3",
        "B3 employee 9; B4 migrant-worker 5; B6 retiree 3",
    );
    check(
        "\"heading\"",
        rows,
        "职工= 小计=9 合计=9",
        "error label-twice]: the row label \"职工 / 合计\" means the same as \"职工 / 小计\" in A3",
    );
    // Columns likewise.
    let keys = "corner = \"项目\"\nheader_rows = 2\nheader_blank = \"left\"\nunit = \"person\"\nperiod = \"2012\"
        [context]\nindicator = \"insured_person\"\n[[rows]]\nlabel = \"{region}\"\n[[columns]]\nlabel = [\"{scheme}\", \"{scheme}\"]";
    let table =
        "项目 | 基本养老保险 | | 基本医疗保险\n | 合计 | 城镇企业职工基本养老保险 | 新型农村合作医疗\n全国 | 9 | 5 | 4";
    check_table(keys, table, "B3 000000/pension 9; C3 000000/pension-enterprise 5; D3 000000/medical-ncms 4");
    let wrong = table.replace("新型农村合作医疗", "老农保");
    check_table(
        keys,
        &wrong,
        "error outside-level]: the scheme \"老农保\" (pension-rural-old) does not lie below medical … cell D2",
    );
}

#[test]
fn totals_are_apart() {
    // 合计 of every list, and of a breakdown; parts and whole stay a relation.
    let lists = ["scheme", "ownership", "industry", "population"];
    for (list, part, code) in [
        ("scheme", "失业", "unemployment"),
        ("ownership", "企业", "enterprise"),
        ("industry", "教育", "P"),
        ("population", "女", "female"),
    ] {
        assert!(lists.contains(&list));
        for total in ["合计", "总计", "小计"] {
            check("", &format!("\"{{{list}}}\""), &format!("{total}=9 {part}=5"), &format!("B2  9; B3 {code} 5"));
        }
    }
    check("", "\"{payer}\"", "合计=9 中央=5", "B2  9; B3  payer=central 5");
    let spec =
        spec(&format!("levels = [\"of-which\"]\n{COLUMN}"), r#""{population}"; ["{population}", "{population}"]"#);
    let spec = format!("{spec}\n[[sum]]\ndimension = \"population\"\nwhole = \"_T\"\nparts = \"rest\"");
    let pipelines = pipelines(&spec);
    let read = super::read(&pipelines, &document("项目 | 人数\n合计 | 9\n其中：男 | 5\n其中：女 | 4", Vec::new()));
    let parts: Vec<String> = read.value.relations.iter().map(|r| format!("{} {}", r.whole, r.part)).collect();
    assert_eq!(parts, ["_T female", "_T male"]);
}

#[test]
fn entries_that_are_skipped_or_optional() {
    let keys = "corner = \"地区\"\nunit = \"person\"\nperiod = \"2012\"\n[context]\nindicator = \"insured_person\"
        [[rows]]\nlabel = \"{any}小计\"\nskip = true\n[[rows]]\nlabel = \"{region}\"
        [[columns]]\nlabel = \"序号\"\nskip = true\n[[columns]]\nlabel = \"{scheme}\"
        [[columns]]\nlabel = \"备注\"\nskip = true\noptional = true\n[[columns]]\nlabel = \"户数\"\noptional = true\nunit = \"unit\"\nindicator = \"insured_unit\"";
    let table = "地区 | 序号 | 失业保险 | 备注\n北京 | 一 | 5 | 新\n华北小计 | x | y | \n天津 | 二 | 4 | ";
    check_table(keys, table, "C2 110000/unemployment 5; C4 120000/unemployment 4");
    check_table(keys, &table.replace(" | 备注", ""), "error header-blank]");
    check_table(keys, "地区 | 序号 | 失业保险\n北京 | 1 | 5", "C2 110000/unemployment 5");
    check_table(keys, "地区 | 序号 | 失业保险 | 户数\n北京 | 1 | 5 | 3", "C2 110000/unemployment 5; D2 110000 3");
    check_table(keys, "地区 | 失业保险\n北京 | 5", "error label-missing]: the header \"序号\" is missing");
    check_table(
        keys,
        "地区 | 序号 | 失业保险 | 备注 | 备注\n北京 | 1 | 5 | a | b",
        "error label-twice]: the header \"备注\" stands twice",
    );
    check_table(
        keys,
        "地区 | 备注 | 失业保险 | 序号\n北京 | 1 | 5 | a",
        "error label-moved]: expected the header \"序号\" here",
    );
    check_table(keys, "地区 | 序号 | 失业保险\n华北小计 | 1 | 5", "error table-empty]: every row or every column");
    // Left of the labels as well, where it is declared.
    check_table(keys, "序号 | 地区 | 失业保险\n1 | 北京 | 5", "C2 110000/unemployment 5");
    // What is not declared is not skipped with it.
    check_table(
        keys,
        "地区 | 序号 | 失业保险 | 比重\n北京 | 1 | 5 | 3",
        "error unknown-label]: no scheme code for \"比重\"",
    );
    // A row that is skipped heads nothing.
    let rows = r#""National Total" + skip = true; "{region}"; ["{region}", "{population}"]"#;
    let table = "项目 | 人数\n全国 | 9\nNational Total |\n北京 | 5";
    assert_eq!(told("\"heading\"", rows, &table.replace("项目 | 人数\n", "")), "B2 000000 9; B4 110000 5");
}

#[test]
fn a_merged_entry_is_met_once_at_least() {
    let keys = |more: &str| {
        format!("corner = \"地区\"\nheader_rows = 2\nheader_blank = \"left\"\nunit = \"person\"\nperiod = \"2012\"
        [context]\nindicator = \"insured_person\"\n[[rows]]\nlabel = \"{{region}}\"\n[[columns]]\nlabel = [\"职工\", \"{{population}}\"]
        [[columns]]\nlabel = \"职工\"\nmerged = true\npopulation = \"employee\"\n{more}")
    };
    let table = "地区 | 职工 |\n | 男 | 女\n北京 | 5 | 4";
    check_table(
        &keys(""),
        table,
        "error merged-missing]: no cell is merged over what stands below \"职工\", as is declared … optional = true in pipelines/t/table.toml",
    );
    check_table(&keys("optional = true"), table, "B3 110000/male 5; C3 110000/female 4");
}

#[test]
fn units_from_labels() {
    let keys = "corner = [\"项目\", \"单位\"]\nperiod = \"2012\"\n[context]\nregion = \"110000\"
        [[rows]]\nlabel = [\"{indicator}\", \"{unit}\"]\n[[columns]]\nlabel = \"数值\"";
    let table = "项目 | 单位 | 数值\n参保人数 | 万人 | 1.5\n基金收入 | 亿元 | 2";
    let read = |table: &str| {
        let spec = format!("title = \"t\"\n{keys}\n[[edition]]\nid = \"1\"\nfile = \"t/t.csv\"");
        let pipelines = pipelines(&spec);
        let read = super::read(&pipelines, &document(table, Vec::new()));
        assert!(!read.has_errors(), "{:?}", read.diagnostics);
        let value = |o: &Observation| match o.value {
            Value::Number(n) => format!("{} {n} {}", o.indicator(), o.series.unit),
            Value::Missing(_) => "-".to_owned(),
        };
        read.value.observations.iter().map(value).collect::<Vec<_>>()
    };
    assert_eq!(read(table), ["insured_person 15000 person", "fund_income_yuan 200000000 yuan"]);
    check_table(keys, &table.replace("亿元", "亿圆"), "error unknown-label]: no unit code for \"亿圆\" … cell B3");
    check_table(keys, &table.replace("亿元", "万人"), "error unit-of-indicator]");
    // In brackets after the label as well: both must agree.
    assert_eq!(read(&table.replace("参保人数", "参保人数（万人）"))[0], "insured_person 15000 person");
    check_table(
        keys,
        &table.replace("参保人数", "参保人数（人）"),
        "error unit-contradicts]: the unit printed for \"参保人数(人) / 万人\" is 人, declared is 10k_person"
            .replace("(人)", "（人）")
            .as_str(),
    );
    // Beside a declared unit the captured one must be that unit.
    let declared = keys
        .replace("[[columns]]", "unit = \"10k_person\"\nindicator = \"insured_person\"\n[[columns]]")
        .replace("{indicator}", "参保人数");
    check_table(
        &declared,
        "项目 | 单位 | 数值\n参保人数 | 万人 | 1.5",
        "B2 …".replace("B2 …", "C2 110000 1.5").as_str(),
    );
    check_table(
        &declared,
        "项目 | 单位 | 数值\n参保人数 | 人 | 1.5",
        "error unit-contradicts]: the unit printed for \"参保人数 / 人\" is 人, declared is 10k_person (万人) … cell B2",
    );
    // In the title.
    let keys = "anchor = { text = \"参保情况，计量单位{unit}\" }\ncorner = \"地区\"\nperiod = \"2012\"\n[context]\nindicator = \"insured_person\"
        [[rows]]\nlabel = \"{region}\"\n[[columns]]\nlabel = \"{scheme}\"";
    check_table(keys, "参保情况，计量单位万人\n地区 | 失业\n北京 | 5", "B3 110000/unemployment 5");
    let declared = keys.replace("period", "unit = \"person\"\nperiod");
    check_table(
        &declared,
        "参保情况，计量单位万人\n地区 | 失业\n北京 | 5",
        "error unit-contradicts]: the unit printed for \"the table\" is 万人, declared is person (人)",
    );
}

#[test]
fn two_languages_in_a_label() {
    let keys = "bilingual = true\ncorner = \"地区\"\nunit = \"10k_person\"\nperiod = \"2012\"\n[context]\nindicator = \"insured_person\"
        [[rows]]\nlabel = \"{region}\"\n[[columns]]\nlabel = \"失业保险\"\nscheme = \"unemployment\"";
    let table = "参保人数 Insured (2012) |\n单位：万人 (10 000 persons) |\n地区 Region | 失业保险（万人） Unemployment Insurance (10 000 persons)\n全国 National Total | 9\n北京 Beijing | 5";
    check_table(
        keys,
        table,
        "B4 000000 9; B5 110000 5"
            .replace("000000", "000000/unemployment")
            .replace("110000", "110000/unemployment")
            .as_str(),
    );
    check_table(&keys.replace("bilingual = true", ""), table, "error header-missing]");
    let wrong = table.replace("（万人）", "（人）");
    check_table(keys, &wrong, "error unit-contradicts]");
}

#[test]
fn levels_beside_other_label_columns() {
    let keys = "levels = [\"indent\", \"heading\"]\ncorner = [\"项目\", \"单位\"]\nperiod = \"2012\"\n[context]\nindicator = \"insured_person\"
        [[rows]]\nlabel = [\"{region}\", \"{unit}\"]\n[[rows]]\nlabel = [\"{region}\", \"{population}\", \"{unit}\"]\n[[columns]]\nlabel = \"数值\"";
    let table = "项目 | 单位 | 数值\n北京 | 万人 | 9\n__女 | 人 | 4\n天津 | | \n__女 | 人 | 3";
    check_table(keys, table, "C2 110000 9; C3 110000/female 4; C5 120000/female 3");
    // A label that is repeated heads nothing where its second row has figures.
    let repeated = format!("label_blank = \"above\"\n{keys}");
    let blank = "项目 | 单位 | 数值\n北京 | 人 | \n | 万人 | 9";
    check_table(&repeated, blank, "error heading-declared]: \"北京 / 人\" has no figures, like a heading");
    let spaced = table.replace("__女 | 人 | 3", "__女 | | 3");
    check_table(keys, &spaced, "error label-undeclared]: row label \"女\" is not declared … cell A5");
}
