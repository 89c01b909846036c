//! Printed numbers, as print and OCR leave them: `36. 7`, `- 3. 5`, `1 408 700`, `238,952`, `＋1147`, `.7`, `3 .16%`.
//!
//! White space is forgiven where it cannot change the number: around sign, point and percent sign, and between groups of
//! three digits. Whatever could be read in two ways is a fault, never a guess.

use rust_decimal::Decimal;

use crate::spec::pattern::NUMBER_CHARS_MAX;

/// Digits after the point that an exact decimal can hold.
const DECIMALS_MAX: usize = 28;

/// A number as printed, before unit and sign rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Printed {
    /// Without sign.
    pub magnitude: Decimal,
    pub sign: Option<Sign>,
    /// Digits after the point.
    pub decimals: u8,
    /// Whether a percent sign follows.
    pub percent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Plus,
    Minus,
}

/// Why a text is no number; the message says what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("there is no digit in it")]
    NoDigit,
    #[error("it has two decimal points")]
    Points,
    #[error("nothing follows the decimal point")]
    OpenPoint,
    #[error("it has a sign in the middle or two signs")]
    Signs,
    #[error("the letter {0} stands where a digit should")]
    Letter(char),
    #[error("the character {0} does not belong to a number")]
    Character(char),
    #[error("its digits are not in groups of three, so it may hide a digit or another number")]
    Groups,
    #[error("commas and spaces both part its digits")]
    MixedGroups,
    #[error("it begins with a zero, as codes do")]
    LeadingZero,
    #[error("it is longer than any number printed")]
    TooLong,
}

/// Read a printed number.
///
/// # Errors
/// The text is not a number, or could be two.
pub fn parse(printed: &str) -> Result<Printed, NumberError> {
    plain(printed).map_or_else(|| forgiving(printed), Ok)
}

/// Numbers as spreadsheets print them: `-1234.5`, `238,952`, `64925.30`. Nearly all are, so that they are read in one pass
/// and without a copy; whatever else there is has to be looked at.
fn plain(printed: &str) -> Option<Printed> {
    /// Digits that a mantissa of 64 bits surely holds.
    const DIGITS_MAX: usize = 18;
    let (sign, figure) = match printed.as_bytes() {
        [b'-', rest @ ..] => (Some(Sign::Minus), rest),
        [b'+', rest @ ..] => (Some(Sign::Plus), rest),
        all => (None, all),
    };
    if figure.len() > DIGITS_MAX || matches!(figure, [b'0', b'0'..=b'9' | b',', ..]) {
        return None;
    }
    let mut mantissa = 0i64;
    // Digits since the last comma, whether there is one, and digits since the point.
    let (mut group, mut grouped, mut decimals) = (0, false, None);
    for byte in figure {
        match (byte, decimals) {
            (b'0'..=b'9', _) => {
                mantissa = mantissa * 10 + i64::from(byte - b'0');
                match &mut decimals {
                    Some(count) => *count += 1,
                    None => group += 1,
                }
            }
            (b',', None) if (1..=3).contains(&group) && (!grouped || group == 3) => (group, grouped) = (0, true),
            (b'.', None) => decimals = Some(0),
            _ => return None,
        }
    }
    let whole = if grouped { group == 3 } else { group > 0 };
    let decimals = decimals.unwrap_or(0u8);
    let open_point = figure.last() == Some(&b'.');
    (whole && !open_point).then(|| {
        let magnitude = Decimal::new(mantissa, u32::from(decimals));
        Printed { magnitude, sign, decimals, percent: false }
    })
}

fn forgiving(printed: &str) -> Result<Printed, NumberError> {
    let folded: Vec<char> = printed.trim().chars().map(fold).collect();
    if folded.len() > NUMBER_CHARS_MAX {
        return Err(NumberError::TooLong);
    }
    let text: String = folded.into_iter().collect();
    let text = text.trim();
    characters(text)?;
    let (text, percent) = match text.strip_suffix('%') {
        Some(rest) => (rest.trim_end(), true),
        None => (text, false),
    };
    let (text, sign) = match text.chars().next() {
        Some('+') => (text[1..].trim_start(), Some(Sign::Plus)),
        Some('-') => (text[1..].trim_start(), Some(Sign::Minus)),
        _ => (text, None),
    };
    if text.contains(['+', '-', '%']) {
        return Err(NumberError::Signs);
    }
    let (whole, fraction) = match text.split_once('.') {
        Some((_, fraction)) if fraction.contains('.') => return Err(NumberError::Points),
        Some((_, fraction)) if fraction.trim().is_empty() => return Err(NumberError::OpenPoint),
        Some((whole, fraction)) => (whole.trim_end(), fraction.trim_start()),
        None => (text, ""),
    };
    let whole = whole_digits(whole)?;
    let fraction = fraction_digits(fraction)?;
    if whole.is_empty() && fraction.is_empty() {
        return Err(NumberError::NoDigit);
    }
    if fraction.len() > DECIMALS_MAX {
        return Err(NumberError::TooLong);
    }
    let plain = format!("{}.{fraction}", if whole.is_empty() { "0" } else { &whole });
    // Exactly or not at all: the plain reading would round what does not fit.
    let magnitude = Decimal::from_str_exact(plain.trim_end_matches('.')).map_err(|_| NumberError::TooLong)?;
    Ok(Printed { magnitude, sign, decimals: fraction.len() as u8, percent })
}

/// The number inside a text that a number format dresses: `(7.5%)`, `12人`, `¥1,234.50`.
pub fn dressed(shown: &str) -> Option<Printed> {
    let start = shown.find(|c: char| c.is_ascii_digit() || c == '.')?;
    let figure: String = shown[start..].chars().take_while(|c| c.is_ascii_digit() || ",. ".contains(*c)).collect();
    let read = parse(figure.trim_end_matches([',', '.', ' '])).ok()?;
    Some(Printed { percent: shown.contains('%'), ..read })
}

/// Full width → half width, and the several signs that print a minus.
fn fold(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' | '\u{A0}' | '\u{2002}'..='\u{200A}' | '\t' | '\n' | '\r' => ' ',
        '\u{2212}' => '-',
        _ => c,
    }
}

/// Only digits, points, commas, signs and spaces, with at least one digit.
fn characters(text: &str) -> Result<(), NumberError> {
    if !text.contains(|c: char| c.is_ascii_digit()) {
        return Err(NumberError::NoDigit);
    }
    match text.chars().find(|c| !c.is_ascii_digit() && !" .,+-%".contains(*c)) {
        Some(c @ ('O' | 'o' | 'l' | 'I' | 'i' | 'S' | 'B' | 'Z' | 'q')) => Err(NumberError::Letter(c)),
        Some(c) => Err(NumberError::Character(c)),
        None => Ok(()),
    }
}

/// The digits before the point: plain, or parted in threes by commas or by spaces.
fn whole_digits(text: &str) -> Result<String, NumberError> {
    let comma = text.contains(',');
    let groups: Vec<&str> = match comma {
        true => text.split(',').map(str::trim).collect(),
        false => text.split(' ').filter(|g| !g.is_empty()).collect(),
    };
    if comma && groups.iter().any(|g| g.contains(' ')) {
        return Err(NumberError::MixedGroups);
    }
    if groups.len() > 1 {
        let first = groups[0].len();
        if !(1..=3).contains(&first) || groups[1..].iter().any(|g| g.len() != 3) {
            return Err(NumberError::Groups);
        }
    }
    let digits = groups.concat();
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(NumberError::LeadingZero);
    }
    Ok(digits)
}

/// The digits after the point: plain, or parted in threes by spaces.
fn fraction_digits(text: &str) -> Result<String, NumberError> {
    if text.contains(',') {
        return Err(NumberError::MixedGroups);
    }
    let groups: Vec<&str> = text.split(' ').filter(|g| !g.is_empty()).collect();
    let ragged = groups.len() > 1 && groups[..groups.len() - 1].iter().any(|g| g.len() != 3);
    if ragged { Err(NumberError::Groups) } else { Ok(groups.concat()) }
}

#[cfg(test)]
mod tests {
    use super::{NumberError, Printed, Sign, forgiving, parse, plain};

    fn check(text: &str, magnitude: &str, sign: Option<Sign>, percent: bool) {
        let magnitude: rust_decimal::Decimal = magnitude.parse().unwrap();
        let expected = Printed { magnitude, sign, decimals: magnitude.scale() as u8, percent };
        assert_eq!(parse(text), Ok(expected), "{text}");
    }

    #[test]
    fn printed_forms() {
        use Sign::{Minus, Plus};
        check("36. 7", "36.7", None, false);
        check("- 3. 5", "3.5", Some(Minus), false);
        check("- 0. 45", "0.45", Some(Minus), false);
        check("1 408 700", "1408700", None, false);
        check("28 500", "28500", None, false);
        check("238,952", "238952", None, false);
        check("＋1147", "1147", Some(Plus), false);
        check("+350", "350", Some(Plus), false);
        check("3 .16%", "3.16", None, true);
        check("１２．５％", "12.5", None, true);
        check(".7", "0.7", None, false);
        check("64925.30", "64925.30", None, false);
        check("0", "0", None, false);
        check("−12", "12", Some(Minus), false);
        check("0.123 456", "0.123456", None, false);
        check("1,332,810,869", "1332810869", None, false);
    }

    #[test]
    fn one_pass_reads_the_same() {
        // Every text of up to seven characters over these.
        let alphabet = ['-', '+', '0', '1', '5', '.', ','];
        let mut texts = vec![String::new()];
        let mut read = 0;
        for length in 1..=7 {
            texts = texts.iter().flat_map(|t| alphabet.map(|c| format!("{t}{c}"))).collect();
            for text in &texts {
                let Some(number) = plain(text) else { continue };
                assert_eq!(forgiving(text), Ok(number), "{text}");
                read += 1;
            }
            assert!(read > length);
        }
        for text in ["1234567.123456", "-12,345,678.90", "999999999999999999", "1,234,567,890,123"] {
            assert_eq!(plain(text).map(Ok), Some(forgiving(text)), "{text}");
        }
        assert_eq!(plain("1234567890123456789"), None);
    }

    #[test]
    fn not_numbers() {
        for (text, expected) in [
            ("12.3.4", NumberError::Points),
            ("１２O", NumberError::Letter('O')),
            ("12l", NumberError::Letter('l')),
            ("12 34", NumberError::Groups),
            ("1,40", NumberError::Groups),
            ("1,408 700", NumberError::MixedGroups),
            ("12.", NumberError::OpenPoint),
            ("1-2", NumberError::Signs),
            ("--2", NumberError::Signs),
            ("260/280", NumberError::Character('/')),
            ("约12", NumberError::Character('约')),
            ("007", NumberError::LeadingZero),
            ("0.00000000000000000000000000000", NumberError::TooLong),
            ("1234567890.12345678901234567891", NumberError::TooLong),
            ("", NumberError::NoDigit),
            ("。", NumberError::NoDigit),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }
}
