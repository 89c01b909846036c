//! A number as a file holds it, taken apart into the 15 digits a spreadsheet keeps and the place of its point.

use rust_decimal::Decimal;

use crate::domain::text::Text;

/// Digits a spreadsheet keeps of a number.
const KEPT: usize = 15;
const KEPT_END: u64 = 1_000_000_000_000_000;
const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// A way to show nothing but the number: with so many decimals, with commas between thousands or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plain {
    pub decimals: u8,
    pub grouped: bool,
}

/// `-12.50` is negative, its digits are 125, and its scale is 1: zeros at the end are dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    pub(super) negative: bool,
    pub(super) digits: u64,
    /// Digits after the point; less than 0 for zeros before it.
    pub(super) scale: i32,
    /// What was stored, where it has more digits than are kept.
    stored: Option<f64>,
}

impl Figure {
    /// A number written in digits, with an exponent or without; `None` where it is none.
    pub fn read(text: &str) -> Option<Figure> {
        Figure::plain(text.as_bytes())
            .or_else(|| text.trim().parse().ok().filter(|f: &f64| f.is_finite()).map(Figure::from_f64))
    }

    /// Most numbers are a few digits and a point: no floating point is needed to read them.
    fn plain(text: &[u8]) -> Option<Figure> {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        if text.is_empty() || text.len() > KEPT + 1 {
            return None;
        }
        let (mut digits, mut scale, mut point) = (0u64, 0, false);
        for byte in text {
            match byte {
                b'0'..=b'9' => {
                    digits = digits * 10 + u64::from(byte - b'0');
                    scale += i32::from(point);
                }
                b'.' if !point => point = true,
                _ => return None,
            }
        }
        if digits >= KEPT_END || text == b"." {
            return None;
        }
        Some(Figure { negative, digits, scale, stored: None }.trimmed())
    }

    /// A whole number of few digits, the point before its last `scale` ones.
    pub fn whole(value: i64, scale: i32) -> Figure {
        Figure { negative: value < 0, digits: value.unsigned_abs(), scale, stored: None }.trimmed()
    }

    pub fn from_f64(value: f64) -> Figure {
        let (negative, size) = (value.is_sign_negative() && value != 0.0, value.abs());
        // Fifteen digits tell any two of their kind apart, so the first decimal that is this number is its shortest form.
        for (scale, power) in POWERS.iter().enumerate() {
            let large = size * power;
            if large >= KEPT_END as f64 {
                break;
            }
            // A cast instead of `round`, which is a call on processors of the oldest kind.
            let whole = (large + 0.5) as u64;
            if whole as f64 / power == size {
                return Figure { negative, digits: whole, scale: scale as i32, stored: None };
            }
        }
        Figure::from_shortest(value, negative, size)
    }

    fn from_shortest(value: f64, negative: bool, size: f64) -> Figure {
        let rounded = format!("{size:.14e}");
        let (mantissa, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
        let digits = mantissa.bytes().filter(u8::is_ascii_digit).fold(0, |sum, d| sum * 10 + u64::from(d - b'0'));
        let scale = KEPT as i32 - 1 - exponent.parse::<i32>().unwrap_or(0);
        Figure { negative, digits, scale, stored: Some(value) }.trimmed()
    }

    /// Without its sign.
    pub(super) fn size(self) -> Figure {
        Figure { negative: false, stored: self.stored.map(f64::abs), ..self }
    }

    fn trimmed(mut self) -> Figure {
        while self.digits != 0 && self.digits.is_multiple_of(10) && self.scale > 0 {
            self.digits /= 10;
            self.scale -= 1;
        }
        if self.digits == 0 {
            (self.scale, self.negative) = (0, false);
        }
        self
    }

    pub(super) fn to_f64(self) -> f64 {
        if let Some(stored) = self.stored {
            return stored;
        }
        let size = match POWERS.get(self.scale.unsigned_abs() as usize) {
            Some(power) if self.scale >= 0 => self.digits as f64 / power,
            Some(power) => self.digits as f64 * power,
            None => format!("{}e{}", self.digits, -self.scale).parse().unwrap_or_default(),
        };
        if self.negative { -size } else { size }
    }

    /// The stored number in its shortest decimal form, where one can be held.
    pub(super) fn exact(self) -> Option<Decimal> {
        match self.stored {
            Some(stored) => Decimal::from_str_exact(&format!("{stored}")).ok(),
            None => {
                let scale = u32::try_from(self.scale).ok().filter(|scale| *scale <= Decimal::MAX_SCALE)?;
                Some(Decimal::from_parts(self.digits as u32, (self.digits >> 32) as u32, 0, self.negative, scale))
            }
        }
    }

    /// How General shows it, where that is nothing but the number.
    pub(super) fn plain_general(self) -> Option<Plain> {
        // Smaller ones are shown with an exponent.
        const DECIMALS_MOST: i32 = 12;
        let decimals = u8::try_from(self.scale).ok().filter(|_| self.scale <= DECIMALS_MOST)?;
        Some(Plain { decimals, grouped: false })
    }

    /// The number with so many decimals, halves rounded away from zero; `None` where not all its digits are kept, or zeros
    /// would have to be added beyond what a machine word holds.
    pub(super) fn shown_plain(self, plain: Plain) -> Option<Text> {
        let drop = self.scale - i32::from(plain.decimals);
        let digits = match u32::try_from(drop) {
            Ok(drop) => rounded(self.digits, drop),
            Err(_) => self.digits.checked_mul(10u64.checked_pow(drop.unsigned_abs())?)?,
        };
        if self.stored.is_some() || plain.decimals > 15 {
            return None;
        }
        // From its end: decimals and a point, at most 20 digits and their commas, a minus.
        let mut buffer = [0; 48];
        let (mut at, mut rest) = (buffer.len(), digits);
        let mut put = |byte: u8| {
            at -= 1;
            buffer[at] = byte;
        };
        for _ in 0..plain.decimals {
            put(b'0' + (rest % 10) as u8);
            rest /= 10;
        }
        if plain.decimals > 0 {
            put(b'.');
        }
        put(b'0' + (rest % 10) as u8);
        rest /= 10;
        let mut group = 1;
        while rest > 0 {
            if plain.grouped && group == 3 {
                put(b',');
                group = 0;
            }
            put(b'0' + (rest % 10) as u8);
            rest /= 10;
            group += 1;
        }
        if self.negative && digits != 0 {
            put(b'-');
        }
        Text::of_ascii(&buffer[at..])
    }

    /// As General shows it in a cell wide enough.
    pub(super) fn general(self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        let mut buffer = [0; 20];
        let digits = write_digits(self.digits, &mut buffer);
        // The place of the first digit: 1 for units.
        let place = digits.len() as i32 - self.scale;
        match place {
            // A number too large or too small to be shown in full.
            29.. | ..-12 if self.digits != 0 => {
                let (first, rest) = digits.split_at(1);
                let rest = rest.trim_end_matches('0');
                out.push_str(first);
                if !rest.is_empty() {
                    out.push('.');
                    out.push_str(rest);
                }
                let sign = if place > 0 { '+' } else { '-' };
                out.push_str(&format!("E{sign}{:02}", (place - 1).abs()));
            }
            ..=0 => {
                out.push_str("0.");
                out.extend(std::iter::repeat_n('0', place.unsigned_abs() as usize));
                out.push_str(digits);
            }
            place if self.scale > 0 => {
                let (whole, fraction) = digits.split_at(place as usize);
                out.push_str(whole);
                out.push('.');
                out.push_str(fraction);
            }
            _ => {
                out.push_str(digits);
                out.extend(std::iter::repeat_n('0', self.scale.unsigned_abs() as usize));
            }
        }
    }
}

/// Digits without the last ones, halves rounded away from zero.
pub(super) fn rounded(digits: u64, drop: u32) -> u64 {
    match drop {
        0 => digits,
        drop => {
            10u64.checked_pow(drop).map_or(0, |power| (digits / power) + u64::from(digits % power >= power.div_ceil(2)))
        }
    }
}

/// The digits of a whole number; formatting by the standard library costs more than reading the cell.
pub(super) fn write_digits(mut number: u64, buffer: &mut [u8; 20]) -> &str {
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    std::str::from_utf8(&buffer[at..]).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_reading_agree() {
        let mut numbers: Vec<f64> =
            vec![0.0, -0.0, 0.1 + 0.2, 1e15, 999_999_999_999_999.0, 1e-14, 2.5e-7, 1e22, 1e300, 5e-324];
        numbers.extend((0..20_000).map(|n| f64::from(n * 7919 % 1_000_003) / POWERS[n as usize % 9]));
        for number in numbers {
            let told = Figure::from_f64(number);
            let text = format!("{number}");
            let read = Figure::read(&text).unwrap();
            assert_eq!((told.negative, told.digits, told.scale), (read.negative, read.digits, read.scale), "{number}");
            assert_eq!(told.exact(), Decimal::from_str_exact(&text).ok(), "{number}");
            assert_eq!(told.to_f64(), number);
            let mut shown = String::new();
            told.general(&mut shown);
            let plain = told.plain_general().and_then(|plain| told.shown_plain(plain));
            assert!(plain.is_none_or(|plain| plain == *shown), "{number}");
            let shown: f64 = shown.parse().unwrap();
            assert!((shown - number).abs() <= number.abs() * 1e-14, "{number}: {shown}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".", "1.2.3", "1,2", "a", "NaN", "inf", "--1", "0x1"] {
            assert_eq!(Figure::read(text), None, "{text}");
        }
        for (text, digits, scale) in
            [(" 1.50 ", 15, 1), ("1e3", 1000, 0), ("+2", 2, 0), (".5", 5, 1), ("5.", 5, 0), ("007", 7, 0)]
        {
            let read = Figure::read(text).unwrap();
            assert_eq!((read.digits, read.scale), (digits, scale), "{text}");
        }
    }
}
