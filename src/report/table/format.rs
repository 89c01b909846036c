//! Numbers to text: scaling to the printed unit, rounding half away from zero, thousands separators, signs and marks.
//! The one place where a number loses digits.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::value::Mark;
use crate::report::definition::spec::Sign;

/// A number ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// In the printed unit, rounded to `decimals`.
    pub number: Decimal,
    pub decimals: u32,
    pub grouping: bool,
    pub sign: Sign,
}

impl Figure {
    /// The number rounded half away from zero (四舍五入).
    pub fn rounded(number: Decimal, decimals: u32, grouping: bool, sign: Sign) -> Figure {
        let number = number.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        Figure { number, decimals, grouping, sign }
    }

    /// The text a reader sees.
    pub fn text(&self) -> String {
        let digits = format!("{:.*}", self.decimals as usize, self.number.abs());
        let digits = if self.grouping { group(&digits) } else { digits };
        format!("{}{digits}", self.sign_text())
    }

    fn sign_text(&self) -> &str {
        if self.number.is_zero() {
            ""
        } else if self.number.is_sign_negative() {
            &self.sign.negative
        } else {
            &self.sign.positive
        }
    }

    /// The number format that makes a spreadsheet show the same text, and signs after it.
    pub fn spreadsheet_format(&self, signs: &str) -> String {
        let whole = if self.grouping { "#,##0" } else { "0" };
        let fraction = "0".repeat(self.decimals as usize);
        let digits = if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") };
        let digits = format!("{digits}{}", literal(signs));
        if self.sign == Sign::default() {
            return digits;
        }
        format!("{}{digits};{}{digits};{digits}", literal(&self.sign.positive), literal(&self.sign.negative))
    }
}

/// A quoted literal of a number format; nothing for an empty one.
fn literal(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("\"{}\"", text.replace('"', "")) }
}

/// Thousands separators in the whole part of unsigned digits.
fn group(digits: &str) -> String {
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let mut grouped = String::new();
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match fraction {
        Some(fraction) => format!("{grouped}.{fraction}"),
        None => grouped,
    }
}

/// The sign printed for a mark where neither the table nor the source has one (the usage of Chinese yearbooks).
pub fn mark_sign(mark: Mark) -> &'static str {
    match mark {
        Mark::NotAvailable => "　",
        Mark::Nil => "—",
        Mark::NotApplicable => "　",
        Mark::Confidential => "×",
        Mark::RoundedToZero => "…",
    }
}

#[cfg(test)]
mod tests {
    use super::{Figure, mark_sign};
    use crate::domain::value::Mark;
    use crate::report::definition::spec::Sign;

    fn sign(positive: &str, negative: &str) -> Sign {
        Sign { positive: positive.into(), negative: negative.into() }
    }

    fn check(number: &str, decimals: u32, grouping: bool, sign: Sign, text: &str, format: &str) {
        let figure = Figure::rounded(number.parse().unwrap(), decimals, grouping, sign);
        assert_eq!(figure.text(), text, "text of {number}");
        assert_eq!(figure.spreadsheet_format(""), format, "format of {number}");
    }

    #[test]
    fn numbers_print_as_the_yearbook_prints_them() {
        let plain = Sign::default;
        check("42.253859", 0, false, plain(), "42", "0");
        check("7332.3", 1, false, plain(), "7332.3", "0.0");
        check("1408700", 0, true, plain(), "1,408,700", "#,##0");
        check("-3.5", 1, false, plain(), "-3.5", "0.0");
        check("999999.995", 2, true, plain(), "1,000,000.00", "#,##0.00");
        check("0", 0, true, sign("+", ""), "0", "\"+\"#,##0;#,##0;#,##0");
        // A surplus carries a full-width plus, a shortfall no sign.
        check("1147", 0, false, sign("＋", ""), "＋1147", "\"＋\"0;0;0");
        check("-290", 0, false, sign("＋", ""), "290", "\"＋\"0;0;0");
        // What is remitted upwards is negative and printed with a plus.
        check("-350", 0, false, sign("", "+"), "+350", "0;\"+\"0;0");
    }

    #[test]
    fn halves_go_away_from_zero() {
        let plain = Sign::default;
        check("0.5", 0, false, plain(), "1", "0");
        check("2.5", 0, false, plain(), "3", "0");
        check("-2.5", 0, false, plain(), "-3", "0");
        check("0.125", 2, false, plain(), "0.13", "0.00");
        check("-0.004", 2, false, plain(), "0.00", "0.00");
    }

    #[test]
    fn marks_have_signs() {
        assert_eq!(Mark::ALL.map(mark_sign), ["　", "—", "　", "×", "…"]);
    }
}
