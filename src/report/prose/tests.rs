//! What sentences are made of figures, and what stops them. The expected words follow from the rows by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::Block;
use super::render::{About, render};
use crate::diag::SourceText;
use crate::report::definition::spec::{Palette, TextSpec, load_text};
use crate::report::rows::names::Names;
use crate::report::rows::source::Tables;
use crate::warehouse::{Column, Kind, Rows, Scalar};

const CHANGES: &str = "
    region | scheme | period | ownership | *insured_person | *change_person | *change_pct | *share_pp | *closing_yuan | mark
    62 | pension | 2012 | _T | 1408700 | 28174 | 2.0408163265 | 1.25 | 50 |
    62 | injury  | 2012 | _T | 143078 | -13169 | -8.4283 | -0.44 | 20790000 |
    62 | injury  | 2012 | enterprise | 66897 | 0 | 0 | 0 | 0 |
    62 | maternity | 2012 | _T | 999949 | 4 | 0.0004 | 0.005 | 1 |
    62 | injury  | 2011 | _T | 156247 | | | | |
    62 | medical | 2012 | _T | | | | | | confidential
";

fn rows(text: &str) -> Rows {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let heads = cells(lines.next().unwrap());
    let kind = |head: &str| if head.starts_with('*') { Kind::Number } else { Kind::Text };
    let column = |head: &String| Column { name: head.trim_start_matches('*').to_owned(), kind: kind(head) };
    let scalar = |(head, cell): (&String, String)| match (kind(head), cell.is_empty()) {
        (_, true) => Scalar::Null,
        (Kind::Number, _) => Scalar::Number(cell.parse().unwrap()),
        _ => Scalar::Text(cell),
    };
    let row = |line| heads.iter().zip(cells(line)).map(scalar).collect();
    Rows { columns: heads.iter().map(column).collect(), rows: lines.map(row).collect() }
}

/// The paragraphs of a text, or what stopped it.
fn written(text: &str) -> String {
    let read = |table: &str, _: &[(String, String)]| {
        Ok(rows(match table {
            "core_code" => {
                "list | code | name_zh | name_en\n scheme | pension | 养老保险 |\n scheme | injury | 工伤保险 |\n scheme | maternity | 生育保险 |\n scheme | medical | 医疗保险 |"
            }
            "core_indicator" => "indicator | name_zh | name_en",
            "core_measure" => {
                "unit | name_zh | base | *factor\n person|人|person|1\n 10k_person|万人|person|10000\n yuan|元|yuan|1\n 10k_yuan|万元|yuan|10000\n percent|%|percent|1\n percentage_point|个百分点|percentage_point|1"
            }
            _ => CHANGES,
        }))
    };
    let tables = Tables { names: vec!["ind_change".to_owned()], grains: BTreeMap::new(), read: &read };
    let names = Names::read(&tables).unwrap();
    let report = load_text("sample", "[report]\ntitle = \"公报\"\n", Palette::default()).value.unwrap();
    let source = Arc::new(SourceText { name: "reports/sample/text.md".to_owned(), text: text.to_owned() });
    let spec = TextSpec { source, with: BTreeMap::from([("year".to_owned(), "2012".to_owned())]), cover: false };
    let about = About { release: "r", date: "", tables: vec!["one".to_owned()], charts: Vec::new() };
    let rendered = render(&report, &spec, &tables, &names, &about);
    let said: String = rendered.diagnostics.iter().map(|fault| fault.render()).collect();
    let blocks = rendered.value.map_or(Vec::new(), |document| document.blocks);
    blocks.iter().map(Block::plain).collect::<Vec<_>>().join("\n") + &said
}

/// One figure of the table above in a text.
fn figure(scheme: &str, column: &str, options: &str, filters: &str) -> String {
    let options = if options.is_empty() { String::new() } else { format!(", {options}") };
    format!(
        "{{{{ figure(\"ind_change\", \"{column}\", region=62, period=year, scheme=\"{scheme}\"{options}){filters} }}}}"
    )
}

#[test]
fn figures_are_printed_with_sign_unit_and_rounding() {
    let check = |scheme: &str, column: &str, options: &str, filters: &str, words: &str| {
        assert_eq!(written(&figure(scheme, column, options, filters)), words, "{scheme} {column} {options} {filters}");
    };
    check("pension", "insured_person", "", "", "1408700人");
    check("pension", "insured_person", "grouping=true", "", "1,408,700人");
    check("pension", "insured_person", "unit=\"10k_person\", decimals=1", "", "140.9万人");
    check("pension", "insured_person", "unit=\"10k_person\", decimals=2", " | number", "140.87");
    check("pension", "change_pct", "decimals=1", " | change", "增长2.0%");
    check("injury", "change_pct", "decimals=1", " | change", "下降8.4%");
    check("injury", "change_pct", "decimals=1", "", "-8.4%");
    check("injury", "change_pct", "decimals=1", " | size", "8.4%");
    check("injury", "change_pct", "decimals=1, ownership=\"enterprise\"", " | change", "持平");
    check("maternity", "change_pct", "decimals=1", " | change", "基本持平");
    check("pension", "share_pp", "decimals=1", " | change(\"提高\", \"降低\", \"持平\")", "提高1.3个百分点");
    check("injury", "share_pp", "decimals=1", " | change(\"提高\", \"降低\", \"持平\")", "降低0.4个百分点");
    check(
        "injury",
        "change_person",
        "unit=\"10k_person\", decimals=2",
        " | change(\"增加\", \"减少\")",
        "减少1.32万人",
    );
    check("medical", "insured_person", "", " | otherwise(\"未报送\")", "未报送");
}

#[test]
fn a_missing_figure_changes_its_sentence() {
    let sentence = |scheme: &str| {
        format!(
            "{{% set f = figure(\"ind_change\", \"insured_person\", region=62, period=year, scheme=\"{scheme}\") %}}参保人数{{% if f.present %}}为{{{{ f }}}}{{% elif f.withheld %}}不予公布{{% else %}}缺{{% endif %}}。"
        )
    };
    assert_eq!(written(&sentence("injury")), "参保人数为143078人。");
    assert_eq!(written(&sentence("medical")), "参保人数不予公布。");
    assert_eq!(written(&sentence("medical").replace("2012", "1999").replace("year", "\"1999\"")), "参保人数缺。");
    let list = "{% for row in rows(\"ind_change\", scheme=\"injury\", period=year) %}\n- {{ row.ownership }}{{ row.figure(\"insured_person\") }}\n{% endfor %}";
    assert_eq!(written(list), "_T143078人\nenterprise66897人");
}

#[test]
fn what_stops_a_text_is_told_with_its_line_and_key() {
    let check = |name: &str, text: &str| insta::assert_snapshot!(name, written(text));
    check("missing_figure", &format!("年末参保。\n参保人数{}。", figure("medical", "insured_person", "", "")));
    check(
        "vanishing_figure",
        &format!("结余{}。", figure("maternity", "closing_yuan", "unit=\"10k_yuan\", decimals=2", "")),
    );
    check("unknown_code", &figure("penson", "insured_person", "", ""));
    check("unknown_column", &figure("pension", "insured", "", ""));
    check("unknown_table", "{{ figure(\"ind_chang\", \"insured_person\") }}");
    check("wrong_unit", &figure("pension", "insured_person", "unit=\"10k_yuan\"", ""));
    check("decimals_needed", &figure("pension", "change_pct", "", ""));
    check("several_figures", "{{ figure(\"ind_change\", \"insured_person\", region=62, scheme=\"injury\") }}");
    check("number_in_text", "年末参保143078人。");
    check("unknown_table_id", "{{ table(\"ome\") }}");
    check("unknown_word", "{{ yeer }}");
    check("broken_template", "年末\n{% if %}");
}
