//! Cells by their declared type, from the bytes of the file: plain characters as they stand, others decoded and folded to
//! half width first.

use std::borrow::Cow;

use super::Wrong;
use super::mask::{self, PERSON_DIGITS};
use crate::domain::label::normalise;
use crate::grid::rows::TextForm;
use crate::store::records::{TEXT_BYTES, UNIT_BYTES};

/// Characters of a personal number.
const PERSON_CHARS: std::ops::RangeInclusive<usize> = 8..=32;
/// Years that records are of.
const YEARS: std::ops::RangeInclusive<u32> = 1850..=2199;
/// Characters of an amount that is smaller than any limit.
const PLAIN_CHARS: usize = 14;
/// More fen than any fund holds.
const FEN: i128 = 100_000_000_000_000_000;

/// Read a cell that holds signs of ASCII, be they printed in full width.
#[inline]
pub(super) fn folded<T>(
    text: &TextForm,
    bytes: &[u8],
    read: impl FnOnce(&[u8]) -> Result<T, Wrong>,
) -> Result<T, Wrong> {
    if bytes.is_ascii() {
        return read(bytes);
    }
    read(normalise(&decoded(text, bytes)?).as_bytes())
}

fn decoded<'a>(text: &TextForm, bytes: &'a [u8]) -> Result<Cow<'a, str>, Wrong> {
    text.decode(bytes).ok_or_else(|| Wrong::new("undecodable", format!("the bytes are not {}", text.name())))
}

/// Money in fen as most of it is printed, in yuan: some digits, and at most two behind a point; [`fen`] reads all forms.
#[inline]
pub(super) fn plain_fen(bytes: &[u8]) -> Option<i64> {
    if bytes.is_empty() || bytes.len() > PLAIN_CHARS {
        return None;
    }
    let (mut value, mut point) = (0i64, None);
    for (nth, byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' => value = value * 10 + i64::from(byte - b'0'),
            b'.' if point.is_none() && nth > 0 => point = Some(nth),
            _ => return None,
        }
    }
    match point.map_or(0, |point| bytes.len() - point - 1) {
        0 => Some(value * 100),
        1 => Some(value * 10),
        2 => Some(value),
        _ => None,
    }
}

/// Money in fen, of a number printed in a unit of so many fen.
pub(super) fn fen(bytes: &[u8], unit: i64) -> Result<i64, Wrong> {
    let wrong = || Wrong::new("not-a-number", "the cell is not a number");
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    let (mut value, mut decimals, mut seen, mut point) = (0i128, 0u32, 0u32, false);
    // Digits since the last comma; a comma parts thousands or nothing.
    let mut since_comma = None;
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + i128::from(byte - b'0');
                seen += 1;
                decimals += u32::from(point);
                since_comma = since_comma.map(|n| n + u32::from(!point));
            }
            b'.' if !point => point = true,
            b',' if !point
                && seen > 0
                && since_comma.is_none_or(|n| n == 3)
                && (since_comma.is_some() || seen <= 3) =>
            {
                since_comma = Some(0);
            }
            _ => return Err(wrong()),
        }
        if seen > 30 {
            return Err(Wrong::new("too-large", "the number has more digits than any amount"));
        }
    }
    if seen == 0 || since_comma.is_some_and(|n| n != 3) {
        return Err(wrong());
    }
    let scale = 10i128.pow(decimals);
    let scaled = value * i128::from(unit);
    if scaled % scale != 0 {
        return Err(Wrong::new("not-exact", "the amount is not a whole number of fen"));
    }
    let fen = scaled / scale;
    if fen >= FEN {
        return Err(Wrong::new("too-large", "the amount is larger than any fund"));
    }
    Ok(if negative { -fen as i64 } else { fen as i64 })
}

pub(super) fn count(bytes: &[u8]) -> Result<i64, Wrong> {
    let hundredfold = fen(bytes, 1).map_err(|wrong| match wrong.reason {
        "not-exact" => Wrong::new("not-whole", "the cell is not a whole number"),
        _ => wrong,
    })?;
    Ok(hundredfold)
}

/// Months since the year 0: `202610`, `2026-10`, `2026/10`, `2026.10`, `2026年10月`.
pub(super) fn month(bytes: &[u8]) -> Result<u32, Wrong> {
    let wrong = || Wrong::new("not-a-month", "the cell is not a month; one is written 202610 or 2026-10");
    let (parts, count) = parts(bytes).ok_or_else(wrong)?;
    let (year, month) = match (count, parts) {
        (1, [(whole, 6), ..]) => (whole / 100, whole % 100),
        (2, [(year, 4), (month, 1..=2), ..]) => (year, month),
        _ => return Err(wrong()),
    };
    match YEARS.contains(&year) && (1..=12).contains(&month) {
        true => Ok(year * 12 + month - 1),
        false => Err(wrong()),
    }
}

/// Days since 1970: `20261031`, `2026-10-31`, `2026/10/31`, `2026年10月31日`, also at `00:00:00`.
pub(super) fn date(bytes: &[u8]) -> Result<i32, Wrong> {
    let wrong = || Wrong::new("not-a-date", "the cell is not a day; one is written 20261031 or 2026-10-31");
    let day = match bytes.iter().position(|b| matches!(b, b' ' | b'T')) {
        Some(at) => {
            let midnight = bytes[at + 1..].iter().all(|b| matches!(b, b'0' | b':' | b'.' | b' '));
            midnight.then(|| &bytes[..at]).ok_or_else(wrong)?
        }
        None => bytes,
    };
    let (parts, count) = parts(day).ok_or_else(wrong)?;
    let (year, month, day) = match (count, parts) {
        (1, [(whole, 8), ..]) => (whole / 10_000, whole / 100 % 100, whole % 100),
        (3, [(year, 4), (month, 1..=2), (day, 1..=2)]) => (year, month, day),
        _ => return Err(wrong()),
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if !YEARS.contains(&year) || !(1..=days).contains(&day) {
        return Err(wrong());
    }
    Ok(days_since_1970(year as i32, month as i32, day as i32))
}

/// Of a day of the calendar. Years begin in March here, so that the day that may be missing is the last one.
fn days_since_1970(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Up to three numbers with what parts them left out, each with its digits.
fn parts(bytes: &[u8]) -> Option<([(u32, u32); 3], usize)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut parts = [(0, 0); 3];
    let mut count = 0;
    let mut inside = false;
    for c in text.chars() {
        match c {
            '0'..='9' => {
                if !inside {
                    count += 1;
                    inside = true;
                }
                let part = parts.get_mut(count - 1).filter(|part| part.1 < 8)?;
                *part = (part.0 * 10 + u32::from(c as u8 - b'0'), part.1 + 1);
            }
            '-' | '/' | '.' | '年' | '月' if inside => inside = false,
            '日' if inside && count == 3 => inside = false,
            _ => return None,
        }
    }
    // A closing stroke parts nothing; 月 and 日 close what is written with them.
    (!text.ends_with(['-', '/', '.', '年'])).then_some((parts, count))
}

/// The number of a unit, in capitals.
pub(super) fn unit(bytes: &[u8]) -> Result<Vec<u8>, Wrong> {
    if bytes.len() > UNIT_BYTES || !bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-') {
        let message = format!("a unit's number has at most {UNIT_BYTES} digits and letters");
        return Err(Wrong::new("unit-number", message));
    }
    Ok(bytes.to_ascii_uppercase())
}

/// A personal number in capitals, to be hashed at once.
pub(super) fn person(bytes: &[u8]) -> Result<Vec<u8>, Wrong> {
    let digits = bytes.iter().filter(|b| b.is_ascii_digit()).count();
    let formed = bytes.iter().all(u8::is_ascii_alphanumeric) && PERSON_CHARS.contains(&bytes.len());
    if !formed || digits < PERSON_DIGITS {
        let message = format!(
            "a personal number has {} to {} digits and letters, at least {PERSON_DIGITS} of them digits",
            PERSON_CHARS.start(),
            PERSON_CHARS.end()
        );
        return Err(Wrong::new("person-number", message));
    }
    Ok(bytes.to_ascii_uppercase())
}

pub(super) fn words<'a>(text: &TextForm, bytes: &'a [u8], doubled: bool) -> Result<Cow<'a, str>, Wrong> {
    let mut words = decoded(text, bytes)?;
    if doubled {
        words = Cow::Owned(words.replace("\"\"", "\""));
    }
    if words.len() > TEXT_BYTES {
        return Err(Wrong::new("too-long", format!("the text has more than {TEXT_BYTES} bytes")));
    }
    // A name is no place for a personal number either.
    Ok(if mask::may_be_person(&words) { Cow::Owned(mask::form(&words)) } else { words })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_or_nothing() {
        let check = |text: &str, unit: i64, expected: Result<i64, &str>| {
            assert_eq!(fen(text.as_bytes(), unit).map_err(|w| w.reason), expected, "{text}");
            let plain = plain_fen(text.as_bytes()).filter(|_| unit == 100);
            assert!(plain.is_none() || plain.ok_or("") == expected, "{text} is read in one way");
        };
        for text in ["3580", "3580.5", "0.05", "12345678901.23", "7."] {
            assert!(plain_fen(text.as_bytes()).is_some(), "{text} is plain");
        }
        check("3580", 100, Ok(358_000));
        check("7.", 100, Ok(700));
        check("12345678901.23", 100, Ok(1_234_567_890_123));
        check(".5", 100, Ok(50));
        check("3580.5", 100, Ok(358_050));
        check("-0.01", 100, Ok(-1));
        check("0.000001", 1_000_000, Ok(1));
        check("1.23456789", 1_000_000, Err("not-exact"));
        check("12,345,678.90", 100, Ok(1_234_567_890));
        check("1234,567", 100, Err("not-a-number"));
        check("1,23", 100, Err("not-a-number"));
        check("1,2345", 100, Err("not-a-number"));
        check("3580.505", 100, Err("not-exact"));
        check("3580.500", 100, Ok(358_050));
        check("1e5", 100, Err("not-a-number"));
        check("--", 100, Err("not-a-number"));
        check(".", 100, Err("not-a-number"));
        check("1.2.3", 100, Err("not-a-number"));
        check("99999999999999999999999999999999", 100, Err("too-large"));
        check("1000000000000000", 100, Err("too-large"));
    }

    #[test]
    fn months_and_days_in_the_forms_of_offices() {
        let months = ["202610", "2026-10", "2026/10", "2026.10", "2026年10月"];
        for text in months {
            assert_eq!(month(text.as_bytes()), Ok(2026 * 12 + 9), "{text}");
        }
        for text in ["202613", "2026", "20261001", "2026-", "x", "26-10", "2026-10-01"] {
            assert_eq!(month(text.as_bytes()).unwrap_err().reason, "not-a-month", "{text}");
        }
        for text in ["20261031", "2026-10-31", "2026/10/31", "2026年10月31日", "2026-10-31 00:00:00"] {
            assert_eq!(date(text.as_bytes()), Ok(20_757), "{text}");
        }
        // Known from the calendar: the first day of all, a leap day, and one before 1970.
        assert_eq!(date(b"19700101"), Ok(0));
        assert_eq!(date(b"2000-2-29"), Ok(11_016));
        assert_eq!(date(b"1969/12/31"), Ok(-1));
        for text in ["20260230", "2026-10", "20261031 12:00:00", "19000229", "2026-10-32", "00000000"] {
            assert_eq!(date(text.as_bytes()).unwrap_err().reason, "not-a-date", "{text}");
        }
    }

    #[test]
    fn numbers_of_persons_and_units_have_a_form() {
        for text in ["5304021", "53040219900101123 4", "ABCDEFGHIJ", "张三5304021990"] {
            assert_eq!(person(text.as_bytes()).unwrap_err().reason, "person-number", "{text}");
        }
        assert_eq!(person(b"53040219900101123x"), Ok(b"53040219900101123X".to_vec()));
        assert_eq!(unit(b"91530400ma6k"), Ok(b"91530400MA6K".to_vec()));
        assert!(unit(b"9153 0400").is_err());
    }
}
