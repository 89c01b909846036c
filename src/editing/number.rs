//! What doubts reckon with: quotients, the middle of several numbers, digits.

use rust_decimal::Decimal;

use super::edit::exact;
use super::material::Reading;
use super::words::decimal;

/// A quotient to the digits that a finding has.
pub(super) fn quotient(a: Decimal, b: Decimal) -> Option<Decimal> {
    if b.is_zero() { None } else { decimal(&(exact(a) / exact(b))) }
}

pub(super) fn median(mut values: Vec<Decimal>) -> Option<Decimal> {
    values.sort();
    let half = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[half]),
        _ => decimal(&((exact(values[half - 1]) + exact(values[half])) / exact(2.into()))),
    }
}

/// Digits of a printed number, without the zeros at its ends.
pub(super) fn significant(reading: &Reading) -> usize {
    let digits: String = reading.printed_value().unwrap_or_default().normalize().to_string();
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    digits.trim_matches('0').len()
}
