//! What a slip of the pen, of the typesetter or of a scan can have made a printed number from.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

/// How a number went wrong on its way to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Slip {
    DigitsExchanged,
    DigitLost,
    DigitAdded,
    DigitReplaced,
    Sign,
    Point,
    /// Printed in another unit than the one stated, by a factor of ten thousand or of a hundred million (万, 亿).
    Unit,
}

impl Slip {
    /// In words, for messages: what happened to the number that was meant.
    pub fn as_str(self) -> &'static str {
        match self {
            Slip::DigitsExchanged => "two digits exchanged",
            Slip::DigitLost => "a digit lost",
            Slip::DigitAdded => "a digit too many",
            Slip::DigitReplaced => "a wrong digit",
            Slip::Sign => "the sign",
            Slip::Point => "the decimal point",
            Slip::Unit => "the unit (万, 亿)",
        }
    }

    /// A slip of one digit: the others change the size of a number, and any size would do where nothing bounds it.
    pub fn is_of_digits(self) -> bool {
        matches!(self, Slip::DigitsExchanged | Slip::DigitLost | Slip::DigitAdded | Slip::DigitReplaced)
    }
}

/// What may have been meant by a printed number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meant {
    pub slip: Slip,
    pub value: Decimal,
    /// Digits after the point.
    pub decimals: u8,
    /// As it would have been printed, without signs of its own and commas.
    pub text: String,
}

/// Longest number that is looked at.
const DIGITS_MAX: usize = 24;

/// Every number that is one slip away from the magnitude of a printed one, each once, under its likeliest slip. `decimals`
/// tells `1.50` from `1.5`.
pub fn meant(printed: Decimal, decimals: u8) -> Vec<Meant> {
    let text = format!("{:.*}", usize::from(decimals), printed.abs());
    let negative = printed.is_sign_negative() && !printed.is_zero();
    let mut found: BTreeMap<String, Slip> = BTreeMap::new();
    if text.len() > DIGITS_MAX {
        return Vec::new();
    }
    let mut add = |candidate: String, slip: Slip| {
        if candidate != text && is_number(&candidate) {
            let held = found.entry(candidate).or_insert(slip);
            *held = slip.min(*held);
        }
    };
    let bytes = text.as_bytes();
    let with = |start: usize, middle: &str, end: usize| format!("{}{middle}{}", &text[..start], &text[end..]);
    for at in 0..=text.len() {
        (b'0'..=b'9').for_each(|digit| add(with(at, &char::from(digit).to_string(), at), Slip::DigitLost));
    }
    for at in (0..text.len()).filter(|at| bytes[*at] != b'.') {
        add(with(at, "", at + 1), Slip::DigitAdded);
        (b'0'..=b'9').for_each(|digit| add(with(at, &char::from(digit).to_string(), at + 1), Slip::DigitReplaced));
    }
    for at in (1..text.len()).filter(|at| bytes[at - 1] != b'.' && bytes[*at] != b'.') {
        add(
            with(at - 1, &format!("{}{}", char::from(bytes[at]), char::from(bytes[at - 1])), at + 1),
            Slip::DigitsExchanged,
        );
    }
    let digits = text.replace('.', "");
    for at in 1..=digits.len() {
        let moved = if at == digits.len() { digits.clone() } else { format!("{}.{}", &digits[..at], &digits[at..]) };
        add(moved, Slip::Point);
    }
    let sign = |value: Decimal| if negative { -value } else { value };
    let read = |(text, slip): (String, Slip)| {
        let decimals = text.split_once('.').map_or(0, |(_, part)| part.len());
        Some(Meant { slip, value: sign(text.parse().ok()?), decimals: u8::try_from(decimals).ok()?, text })
    };
    let mut all: Vec<Meant> = found.into_iter().filter_map(read).collect();
    all.extend(of_size(printed, decimals));
    all.sort();
    all
}

/// The other sign, and the units a factor of 万 or 亿 away.
fn of_size(printed: Decimal, decimals: u8) -> Vec<Meant> {
    if printed.is_zero() {
        return Vec::new();
    }
    let mut all = vec![Meant { slip: Slip::Sign, value: -printed, decimals, text: (-printed).to_string() }];
    for power in [4u32, 8] {
        let factor = Decimal::from(10u64.pow(power));
        let larger = printed.checked_mul(factor).map(|value| (value, 0));
        let smaller = printed.checked_div(factor).map(|value| (value, u32::from(decimals) + power));
        for (value, decimals) in [larger, smaller].into_iter().flatten() {
            let decimals = u8::try_from(decimals).unwrap_or(u8::MAX);
            all.push(Meant { slip: Slip::Unit, value, decimals, text: value.normalize().to_string() });
        }
    }
    all
}

/// Digits, and at most one point among them; no zero before other digits.
fn is_number(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let leading = whole.len() > 1 && whole.starts_with('0');
    !leading && [whole, part].iter().all(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{Slip, meant};

    #[test]
    fn each_slip_is_found_and_named() {
        let rows = [
            ("1169", "11692", Slip::DigitLost),
            ("22159.56", "22159.65", Slip::DigitsExchanged),
            ("6001.78", "7001.78", Slip::DigitReplaced),
            ("867", "67", Slip::DigitAdded),
            ("15", "-15", Slip::Sign),
            ("300.28", "30.028", Slip::Point),
            ("143078", "14.3078", Slip::Unit),
            ("36", "360000", Slip::Unit),
        ];
        for (printed, wanted, slip) in rows {
            let decimals = printed.split_once('.').map_or(0, |(_, part)| part.len() as u8);
            let found = meant(printed.parse().unwrap(), decimals);
            let found: Vec<_> = found.iter().filter(|m| m.text == wanted).map(|m| m.slip).collect();
            assert!(found.contains(&slip), "{printed} → {wanted}: {found:?}");
        }
    }

    #[test]
    fn nothing_is_a_slip_that_is_no_number_or_the_number_itself() {
        for found in meant("1.50".parse().unwrap(), 2) {
            assert!(found.text != "1.50" && !found.text.starts_with("00") && !found.text.ends_with('.'), "{found:?}");
        }
    }
}
