//! Two cells that state the same, though no two rows and no two columns mean the same.

use super::{document, pipelines, read};

/// The cells that state what one before them states, in a table of 甲 and 乙 by two columns.
fn twice(keys: &str, row: &str, column: &str) -> Vec<String> {
    let spec = format!(
        "title = \"t\"\nunit = \"person\"\ncorner = \"项目\"\n{keys}
        [context]\nindicator = \"insured_person\"\n[[rows]]\nlabel = \"甲\"\n[[rows]]\nlabel = \"乙\"\n{row}
        [[columns]]\nlabel = \"人数\"\n[[columns]]\nlabel = \"其他\"\n{column}
        [[edition]]\nid = \"1\"\nfile = \"t/t.csv\""
    );
    let pipelines = pipelines(&spec);
    let read = read(&pipelines, &document("项目 | 人数 | 其他\n甲 | 1 | 2\n乙 | 3 | 4", Vec::new()));
    let told = |d: &crate::diag::Diagnostic| format!("{} {}", d.code, d.place.cell.as_deref().unwrap_or("-"));
    read.diagnostics.iter().map(told).collect()
}

#[test]
fn what_both_axes_may_say_is_held_together() {
    let year = "period = \"2012\"";
    let (beijing, employees) = ("region = \"110000\"", "population = \"employee\"");
    assert_eq!(twice(year, beijing, employees), [""; 0]);
    assert_eq!(twice(year, beijing, beijing), ["stated-twice B3", "stated-twice C3"]);
    let later = "period = \"2013\"";
    assert_eq!(twice(year, later, later), ["stated-twice B3", "stated-twice C3"]);
    let beneficiaries = "indicator = \"beneficiary_person\"";
    assert_eq!(twice(year, beneficiaries, beneficiaries), ["stated-twice B3", "stated-twice C3"]);
    assert_eq!(twice(year, beneficiaries, later), [""; 0]);
}
