//! Periods and breakdowns, which are text in the tables.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::common::Result;

use crate::domain::{self, Breakdown, Period};

pub fn period_previous(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    Ok(texts(strings(&arguments[0]).map(|period| offset(period?, -1))))
}

pub fn period_offset(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let offsets = arguments[1].as_primitive::<Int64Type>().iter();
    Ok(texts(strings(&arguments[0]).zip(offsets).map(|(period, by)| offset(period?, by?))))
}

pub fn period_year(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let years = strings(&arguments[0]).map(|period| Some(i64::from(parse(period?)?.end().year())));
    Ok(Arc::new(years.collect::<Int64Array>()))
}

pub fn period_month_count(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let counts = strings(&arguments[0]).map(|period| {
        let period = parse(period?)?;
        let month = |date: jiff::civil::Date| i64::from(date.year()) * 12 + i64::from(date.month());
        Some(month(period.end()) - month(period.start()) + 1)
    });
    Ok(Arc::new(counts.collect::<Int64Array>()))
}

/// `2013-09` as `2013年9月`.
pub fn period_zh(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    Ok(texts(strings(&arguments[0]).map(|period| Some(domain::period_zh(period?)))))
}

pub fn breakdown_value(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let pairs = strings(&arguments[0]).zip(strings(&arguments[1]));
    Ok(texts(pairs.map(|(breakdown, key)| Some(Breakdown::parse(breakdown?)?.0.get(key?)?.to_string()))))
}

pub fn breakdown_without(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let pairs = strings(&arguments[0]).zip(strings(&arguments[1]));
    Ok(texts(pairs.map(|(breakdown, key)| {
        let mut breakdown = Breakdown::parse(breakdown?)?;
        breakdown.0.remove(key?);
        Some(breakdown.to_string())
    })))
}

pub fn breakdown_with(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let rows = strings(&arguments[0]).zip(strings(&arguments[1])).zip(strings(&arguments[2]));
    Ok(texts(rows.map(|((breakdown, key), value)| {
        let mut breakdown = Breakdown::parse(breakdown?)?;
        breakdown.0.insert(key?.into(), value?.into());
        Some(breakdown.to_string())
    })))
}

/// How many slips of a typesetter lie between two printed numbers: a digit lost, added, changed, or swapped with its
/// neighbour.
pub fn slip_distance(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let pairs = strings(&arguments[0]).zip(strings(&arguments[1]));
    let distances = pairs.map(|(a, b)| i64::try_from(strsim::osa_distance(a?, b?)).ok());
    Ok(Arc::new(distances.collect::<Int64Array>()))
}

fn strings(array: &ArrayRef) -> impl Iterator<Item = Option<&str>> {
    let array = array.as_string::<i32>();
    (0..array.len()).map(|nth| array.is_valid(nth).then(|| array.value(nth)))
}

fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

fn parse(period: &str) -> Option<Period> {
    period.parse().ok()
}

fn offset(period: &str, by: i64) -> Option<String> {
    Some(parse(period)?.offset(by)?.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, AsArray, StringArray};
    use datafusion::arrow::datatypes::Int64Type;

    use super::{offset, slip_distance};

    #[test]
    fn periods_move_by_their_own_step() {
        let rows = [
            ("2004", -1, Some("2003")),
            ("2004-01", -1, Some("2003-12")),
            ("2003-12", 13, Some("2005-01")),
            ("2013-01/2013-08", -1, Some("2012-01/2012-08")),
            ("2004", 9000, None),
            ("2004年", -1, None),
        ];
        for (period, by, moved) in rows {
            assert_eq!(offset(period, by).as_deref(), moved, "{period} {by:+}");
        }
    }

    #[test]
    fn a_digit_lost_changed_or_swapped_is_one_slip() {
        let rows = [("1169", "11692", 1), ("6001.78", "7001.78", 1), ("22159.56", "22159.65", 1), ("1788", "2052", 4)];
        for (a, b, distance) in rows {
            let text = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
            let found = slip_distance(&[text(a), text(b)]).unwrap();
            assert_eq!(found.as_primitive::<Int64Type>().value(0), distance, "{a} {b}");
        }
    }
}
