//! What to do about a label that was not expected: a new name, or a sign that the table was cut at the wrong line.

use super::Reading;
use super::header::{Label, Part};
use super::label::{Axis, Unknown, entries, fit};
use super::locate::{Found, origin};
use super::note;
use super::number;
use crate::diag::Diagnostic;
use crate::domain::LookupError;
use crate::domain::label::normalise;
use crate::grid::{CellRef, CellValue};

/// Kinds of places at the end of a region's name, the longest first.
const REGION_KINDS: [&str; 9] = ["特别行政区", "自治州", "自治区", "自治县", "地区", "省", "市", "县", "区"];
/// Rows by which a declared header may miss the one of the file for a hint to name the difference.
const ROWS_AMISS: u32 = 3;

pub(super) fn unknown_label(
    reading: &Reading,
    found: &Found<'_>,
    label: &Label,
    axis: Axis,
    unknown: &Unknown,
) -> Diagnostic {
    let at = label.at().unwrap_or(found.corner);
    let outside = matches!(unknown.error, LookupError::Outside { .. });
    let code = if outside { "outside-level" } else { "unknown-label" };
    let mut fault = reading.fault(code, unknown.error.to_string(), found.grid, at);
    if let Some(hint) = of_place(reading, found, label, axis) {
        fault = fault.hint(hint);
    }
    if let LookupError::Ambiguous { list, label: printed, .. } = &unknown.error {
        let line = format!("{list},{},{printed},CODE,why", reading.table.dataset);
        return fault.hint(format!("say which one this source means in pipelines/codes/aliases.csv: {line}"));
    }
    if let LookupError::Outside { list, .. } = &unknown.error {
        let from = format!("its parents stand in pipelines/codes/{list}.csv");
        return fault.hint(format!("it stands under the wrong label, or has a code of its own there; {from}"));
    }
    if let LookupError::NoList { .. } = &unknown.error {
        return fault
            .hint("write further groups as list: label; list: label; the lists stand in pipelines/codes/lists.csv");
    }
    let LookupError::Unknown { list, label: printed } = &unknown.error else { return fault };
    let dataset = &reading.table.dataset;
    let near = reading.codebook.near(list, dataset, printed);
    let code = |label: &str| reading.codebook.lookup(list, reading.labels(), label).ok();
    let known: Vec<String> =
        near.iter().map(|n| code(n).map_or_else(|| format!("\"{n}\""), |code| format!("\"{n}\" ({code})"))).collect();
    if !known.is_empty() {
        fault = fault.hint(format!("did you mean {}?", known.join(" or ")));
    }
    let alias = |code: &str| format!("{},{dataset},{},{code},why", unknown.list, printed.replace('\n', ""));
    let sure = near.iter().find(|n| is_slip(printed, n)).and_then(|n| code(n));
    fault.hint(match sure {
        Some(code) => format!("if it means that, add to pipelines/codes/aliases.csv: {}", alias(code.as_str())),
        None => {
            format!("add the code to pipelines/codes/{}.csv, or a line to aliases.csv: {}", unknown.list, alias("CODE"))
        }
    })
}

/// Whether one name is so like another that it is taken for the same: but for the kind of place at its end, or one
/// character of three or more. Of two characters one makes another place: 南京, 北京.
fn is_slip(printed: &str, known: &str) -> bool {
    let (printed, known) = (normalise(printed), normalise(known));
    let (one, two) = (without_kind(&printed), without_kind(&known));
    let length = one.chars().count().min(two.chars().count());
    one == two || (length >= 3 && strsim::damerau_levenshtein(one, two) == 1)
}

fn without_kind(name: &str) -> &str {
    let shorter = REGION_KINDS.iter().find_map(|kind| name.strip_suffix(kind));
    shorter.filter(|rest| rest.chars().count() > 1).unwrap_or(name)
}

/// What a label that fits nothing says about where the header or the table ends.
pub(super) fn of_place(reading: &Reading, found: &Found<'_>, label: &Label, axis: Axis) -> Option<String> {
    match axis {
        Axis::Columns => of_header(reading, found, label),
        Axis::Rows => of_row(reading, found, label.line),
    }
}

/// A header cut too short or too long: with the rows below, or without the last ones, the label is as declared.
fn of_header(reading: &Reading, found: &Found<'_>, label: &Label) -> Option<String> {
    let (grid, spec, rows) = (found.grid, &reading.table.spec, reading.layout().header_rows);
    let fits = |parts: Vec<Part>| {
        let label = Label { line: label.line, parts };
        !label.parts.is_empty() && entries(reading, Axis::Columns).iter().any(|e| fit(reading, e, &label).is_some())
    };
    let mut longer = label.parts.clone();
    for more in 1..=ROWS_AMISS {
        let at = origin(grid, CellRef { row: found.header.end + more - 1, col: label.line });
        let text = grid.text(at.row, at.col);
        if !text.trim().is_empty() && longer.last().is_none_or(|p| p.at != at) {
            let (text, marks) = note::of_label(reading, text);
            longer.push(Part { at, text: (&*text).into(), marks });
        }
        if fits(longer.clone()) || fits(longer.last().cloned().into_iter().collect()) {
            let below = text.replace('\n', "");
            let hint =
                format!("the row below the header holds \"{below}\", which is expected in it: header_rows in {spec}");
            return Some(format!("{hint} is {rows}, try {}", rows + more));
        }
    }
    let mut shorter = label.parts.clone();
    for less in 1..=ROWS_AMISS.min(rows.saturating_sub(1)) {
        let row = found.header.end - less;
        shorter.retain(|p| p.at.row != row);
        if is_number(found, CellRef { row, col: label.line }) && fits(shorter.clone()) {
            let hint = format!("row {} is counted to the header and holds numbers: header_rows in {spec}", row + 1);
            return Some(format!("{hint} is {rows}, try {}", rows - less));
        }
    }
    None
}

/// A row without numbers is no row of the table: the rest of the header, or what stands below the table.
pub(super) fn of_row(reading: &Reading, found: &Found<'_>, row: u32) -> Option<String> {
    let numbers = found.data_cols().any(|col| is_number(found, CellRef { row, col }));
    if numbers {
        return None;
    }
    let (spec, rows) = (&reading.table.spec, reading.layout().header_rows);
    Some(match row == found.body.start {
        true => format!("if this line belongs to the header, write header_rows = {} in {spec}; it is {rows}", rows + 1),
        false => format!("if the table ends above this line, name its beginning in until in {spec}"),
    })
}

pub(super) fn is_number(found: &Found<'_>, at: CellRef) -> bool {
    let cell = found.grid.get(at.row, at.col);
    cell.is_some_and(|c| match c.value {
        CellValue::Number(_) | CellValue::UnsavedFormula => true,
        _ => number::parse(&c.text).is_ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::is_slip;

    #[test]
    fn another_place_is_no_slip() {
        let check = |printed: &str, known: &str, expected: bool| {
            assert_eq!(is_slip(printed, known), expected, "{printed}, {known}");
        };
        check("南京", "北京", false);
        check("南京市", "北京", false);
        check("广州市", "德州市", false);
        check("红塔", "红塔区", true);
        check("北京市", "北京", true);
        check("新疆自治区", "新疆", true);
        check("石家压市", "石家庄市", true);
        check("峨山彝旅自治县", "峨山彝族自治县", true);
        check("市区", "县区", false);
    }
}
