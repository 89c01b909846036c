//! Numbers in messages: exact, with thousands parted by commas, in the unit that the cell prints.

use num_bigint::BigInt;
use num_traits::{Signed as _, ToPrimitive as _};
use rust_decimal::Decimal;

use super::edit::{Exact, exact};
use super::material::Reading;
use crate::domain::{Addressing, CellRef};

/// Digits after the point that a finding's numbers have.
const SCALE: u32 = 12;

/// The decimal nearest to a fraction, half away from zero; `None` outside the range of decimals.
pub fn decimal(number: &Exact) -> Option<Decimal> {
    let scaled = number * Exact::from_integer(BigInt::from(10u8).pow(SCALE));
    let half = Exact::new(1.into(), 2.into());
    let rounded = if scaled.is_negative() { (scaled - half).ceil() } else { (scaled + half).floor() };
    Decimal::try_from_i128_with_scale(rounded.to_integer().to_i128()?, SCALE).ok().map(|number| number.normalize())
}

/// `143,078` or `22,159.65`.
pub fn grouped(number: Decimal) -> String {
    let text = number.normalize().abs().to_string();
    let (whole, part) = text.split_once('.').map_or((text.as_str(), String::new()), |(w, p)| (w, format!(".{p}")));
    let mut groups = String::new();
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth).is_multiple_of(3) {
            groups.push(',');
        }
        groups.push(digit);
    }
    let sign = if number.is_sign_negative() && !number.is_zero() { "-" } else { "" };
    format!("{sign}{groups}{part}")
}

/// An amount of base units as it would be printed beside a cell.
pub fn beside(reading: &Reading, amount: &Exact) -> String {
    decimal(&(amount / exact(reading.factor))).map_or_else(|| "?".to_owned(), grouped)
}

/// The number of a cell as printed, or a dash.
pub fn shown(reading: &Reading) -> String {
    reading.printed_value().map_or_else(|| "—".to_owned(), grouped)
}

/// A cell's address as seen from another: with its file where that is another.
pub fn address(of: &Reading, from: &Reading) -> String {
    match of.is_of_one_sheet(from) {
        true => of.cell.clone(),
        false => format!("{}!{}", of.source_file, of.cell),
    }
}

/// Where a cell stands, to sort by: row before column, and `B5` before `B10`.
pub fn place(cell: &str) -> (Option<CellRef>, &str) {
    (Addressing::parse(cell).map(|(_, at)| at), cell)
}

#[cfg(test)]
mod tests {
    use super::{decimal, grouped, place};
    use crate::editing::edit::{Exact, exact};

    #[test]
    fn numbers_are_told_as_they_are_printed() {
        for (number, told) in [
            ("143078", "143,078"),
            ("-0.09", "-0.09"),
            ("22159.650", "22,159.65"),
            ("0", "0"),
            ("-1234567.5", "-1,234,567.5"),
        ] {
            assert_eq!(grouped(number.parse().unwrap()), told);
        }
    }

    #[test]
    fn cells_stand_by_row_and_column() {
        let mut cells = ["B10", "R4C10", "B5", "A10", "AA5", "R4C9", "rec12.N", "rec2.N"];
        cells.sort_by_key(|cell| place(cell));
        assert_eq!(cells, ["rec2.N", "R4C9", "R4C10", "B5", "AA5", "A10", "B10", "rec12.N"]);
    }

    #[test]
    fn fractions_round_half_away_from_zero() {
        let third = Exact::new(2.into(), 3.into());
        assert_eq!(decimal(&third).unwrap().to_string(), "0.666666666667");
        assert_eq!(decimal(&-third).unwrap().to_string(), "-0.666666666667");
        assert_eq!(decimal(&exact("-426240".parse().unwrap())).unwrap().to_string(), "-426240");
    }
}
