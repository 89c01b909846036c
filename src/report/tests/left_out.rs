//! What cannot be printed is told and left out; the rest is printed.

use super::{MORE, OBSERVATIONS, REPORT, TABLE_FILES, names, of_tables, publish, rendered, report, rows};
use crate::report::table::select::fill_rows;

#[test]
fn a_table_without_rows_is_a_fault_and_the_others_are_printed() {
    let wrong =
        MORE.replace("indicator = \"insured\"", "indicator = \"insured\", period = \"2020\", unit = \"person\"");
    let (files, faults) = publish(OBSERVATIONS, &format!("{REPORT}{wrong}"));
    assert_eq!(of_tables(&files), TABLE_FILES);
    assert!(!files.iter().any(|file| file.contains("second") || file.contains("chart")), "{files:?}");
    insta::assert_snapshot!("no_rows", faults);
    // A chart with rows, and no number in them.
    let marked = MORE.replace("indicator = \"insured\"", "indicator = \"insured\", period = \"2012\"");
    let (files, faults) = publish(OBSERVATIONS, &format!("{REPORT}{marked}"));
    assert!(files.contains(&"tables/sample/second.xlsx".to_owned()), "{files:?}");
    assert!(!files.iter().any(|file| file.starts_with("charts/")), "{files:?}");
    assert!(faults.contains("error[no-points]: the chart \"chart\" has no numbers to draw"), "{faults}");
}

#[test]
fn a_release_without_observations_prints_its_index() {
    let heads: String = OBSERVATIONS.trim_start().lines().take(1).collect();
    let (files, faults) = publish(&heads, &format!("{REPORT}{MORE}"));
    assert_eq!(files, ["index.html"]);
    assert_eq!(faults.matches("error[no-rows]: core_observation has no rows").count(), 3, "{faults}");
}

#[test]
fn rows_that_are_not_there_are_a_fault() {
    let text = REPORT.replace("{ each = \"period\" }", "{ each = \"period\", where = { unit = \"yuans\" } }");
    let filled = fill_rows(&report(&text).tables[0], &rows(OBSERVATIONS), &names(), &[]);
    assert!(filled.value.is_none());
    insta::assert_snapshot!(rendered(&filled.diagnostics));
}

#[test]
fn a_character_without_a_glyph_takes_its_own_paper_and_no_other() {
    let without = MORE.replace("第二表", "第二\u{10FFFD}表");
    let (files, told) = publish(OBSERVATIONS, &format!("{REPORT}{without}"));
    if told.contains("no-cjk-font") {
        return;
    }
    let is_there = |file: &str| files.iter().any(|made| made == file);
    assert!(is_there("tables/sample/financing.pdf") && is_there("charts/chart.pdf"), "{files:?}\n{told}");
    assert!(is_there("tables/sample/second.xlsx") && !is_there("tables/sample/second.pdf"), "{files:?}");
    assert_eq!(told.matches("missing-glyph").count(), 1, "{told}");
    assert!(told.contains("U+10FFFD") && told.contains("sample"), "{told}");
}
