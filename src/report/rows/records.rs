//! Rows of a table by column name, and the rows that a selector means. A selector compares codes, never labels.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::domain::code::TOTAL;
use crate::report::definition::spec::Selector;
use crate::warehouse::{Rows, Scalar};

/// The dimensions that hold `_T` where a number is not divided by them.
pub const TOTALLED: [&str; 6] = ["region", "scheme", "ownership", "industry", "population", "breakdown"];

/// Rows with their columns by name.
pub struct Records<'a> {
    pub rows: &'a Rows,
    columns: BTreeMap<&'a str, usize>,
}

impl<'a> Records<'a> {
    pub fn new(rows: &'a Rows) -> Records<'a> {
        let columns = rows.columns.iter().enumerate().map(|(nth, c)| (c.name.as_str(), nth)).collect();
        Records { rows, columns }
    }

    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    pub fn column_names(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.rows.columns.iter().map(|c| c.name.as_str())
    }

    pub fn scalar(&self, row: usize, column: &str) -> &'a Scalar {
        self.columns.get(column).map_or(&Scalar::Null, |at| &self.rows.rows[row][*at])
    }

    /// The value as text; blank where there is none.
    pub fn text(&self, row: usize, column: &str) -> String {
        self.scalar(row, column).to_string()
    }

    /// The value as an exact number.
    pub fn number(&self, row: usize, column: &str) -> Option<Decimal> {
        match self.scalar(row, column) {
            Scalar::Number(number) => Some(*number),
            Scalar::Integer(number) => Some(Decimal::from(*number)),
            _ => None,
        }
    }

    /// Rows that hold one of the admitted values in every column of the selector.
    pub fn matching(&self, selector: &Selector) -> Vec<usize> {
        (0..self.rows.rows.len()).filter(|row| self.admits(*row, selector)).collect()
    }

    /// The rows that answer a selector among `candidates`. A breakdown such as `payer=government` is also answered by
    /// observations that say more, unless one says exactly that.
    pub fn answering(&self, candidates: &[usize], selector: &Selector) -> Vec<usize> {
        let found: Vec<usize> = candidates.iter().copied().filter(|row| self.admits(*row, selector)).collect();
        let Some(wanted) = selector.get("breakdown") else { return found };
        let exact: Vec<usize> =
            found.iter().copied().filter(|row| wanted.contains(&self.text(*row, "breakdown"))).collect();
        if exact.is_empty() { found } else { exact }
    }

    fn admits(&self, row: usize, selector: &Selector) -> bool {
        selector.iter().all(|(column, wanted)| {
            let have = self.text(row, column);
            wanted.iter().any(|want| {
                *want == have || (column == "breakdown" && want != TOTAL && pairs(want).is_subset(&pairs(&have)))
            })
        })
    }
}

fn pairs(breakdown: &str) -> BTreeSet<&str> {
    breakdown.split(';').filter(|p| !p.is_empty() && *p != TOTAL).collect()
}

/// An entry's selector below an outer one: the inner wins, breakdowns add up.
pub fn below(outer: &Selector, inner: &Selector) -> Selector {
    let mut all = outer.clone();
    for (column, values) in inner {
        match all.get(column) {
            Some(before) if column == "breakdown" => {
                let joined = join_breakdowns(before, values);
                all.insert(column.clone(), joined);
            }
            _ => {
                all.insert(column.clone(), values.clone());
            }
        }
    }
    all
}

/// A row's and a column's selector: both must hold, breakdowns add up.
pub fn crossing(row: &Selector, column: &Selector) -> Selector {
    let mut both = row.clone();
    for (name, values) in column {
        match both.get(name) {
            Some(before) if name == "breakdown" => {
                let joined = join_breakdowns(before, values);
                both.insert(name.clone(), joined);
            }
            Some(before) => {
                let common = before.iter().filter(|v| values.contains(v)).cloned().collect();
                both.insert(name.clone(), common);
            }
            None => {
                both.insert(name.clone(), values.clone());
            }
        }
    }
    both
}

/// `payer=city` with `tier=1` → `payer=city;tier=1`.
fn join_breakdowns(left: &[String], right: &[String]) -> Vec<String> {
    let mut joined = Vec::new();
    for a in left {
        for b in right {
            let all: BTreeSet<&str> = pairs(a).union(&pairs(b)).copied().collect();
            let text = all.into_iter().collect::<Vec<_>>().join(";");
            joined.push(if text.is_empty() { TOTAL.to_owned() } else { text });
        }
    }
    joined
}

/// Dimensions that some entry of a table divides by: where a cell does not name one of them, it means the total.
pub fn with_totals(selector: &Selector, divided: &BTreeSet<String>) -> Selector {
    let mut whole = selector.clone();
    for dimension in divided.iter().filter(|d| TOTALLED.contains(&d.as_str())) {
        whole.entry(dimension.clone()).or_insert_with(|| vec![TOTAL.to_owned()]);
    }
    whole
}

/// Row and column of an address, for the order in which a source prints: `B17`, `R17C2`, `rec17.NAME`.
pub fn position(cell: &str) -> (u32, u32) {
    let numbers: Vec<u32> = cell.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    let row = numbers.first().copied().unwrap_or(u32::MAX);
    let letters = cell.chars().take_while(char::is_ascii_uppercase);
    let column = match numbers.get(1) {
        Some(column) => *column,
        None => letters.fold(0, |sum: u32, c| sum.saturating_mul(26).saturating_add(c as u32 - 'A' as u32 + 1)),
    };
    (row, column)
}

#[cfg(test)]
mod tests {
    use super::{Records, crossing, position, with_totals};
    use crate::report::definition::spec::Selector;
    use crate::warehouse::{Column, Kind, Rows, Scalar};

    fn selector(text: &str) -> Selector {
        text.split_whitespace()
            .map(|part| {
                let (column, value) = part.split_once(':').unwrap();
                (column.to_owned(), value.split('|').map(str::to_owned).collect())
            })
            .collect()
    }

    fn check(wanted: &str, found: &[usize]) {
        let breakdowns = ["_T", "payer=city", "area=other;payer=government", "area=x;payer=government"];
        let rows = Rows {
            columns: vec![Column { name: "breakdown".into(), kind: Kind::Text }],
            rows: breakdowns.iter().map(|b| vec![Scalar::Text((*b).into())]).collect(),
        };
        let records = Records::new(&rows);
        assert_eq!(records.answering(&[0, 1, 2, 3], &selector(wanted)), found, "{wanted}");
    }

    #[test]
    fn a_breakdown_is_answered_exactly_or_by_what_says_more() {
        check("breakdown:_T", &[0]);
        check("breakdown:payer=city", &[1]);
        check("breakdown:payer=government", &[2, 3]);
        check("breakdown:area=x;payer=government", &[3]);
        check("breakdown:payer=county", &[]);
        check("breakdown:payer=city|_T", &[0, 1]);
    }

    #[test]
    fn rows_and_columns_cross() {
        let both = crossing(&selector("period:2001|2002 breakdown:a=1"), &selector("period:2002 breakdown:b=2"));
        assert_eq!(both, selector("period:2002 breakdown:a=1;b=2"));
        let whole = with_totals(&both, &["population".to_owned(), "period".to_owned()].into());
        assert_eq!(whole, selector("period:2002 breakdown:a=1;b=2 population:_T"));
    }

    #[test]
    fn addresses_sort_as_the_source_prints() {
        assert_eq!(position("B17"), (17, 2));
        assert_eq!(position("AA3"), (3, 27));
        assert_eq!(position("R17C2"), (17, 2));
        assert_eq!(position("rec9.NAME"), (9, 0));
    }
}
