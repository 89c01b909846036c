//! Exact arithmetic on decimals, and their text.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, StringArray};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Int64Type, i256};
use datafusion::common::{Result, exec_datafusion_err, exec_err};

use rust_decimal::Decimal;

use super::RESULT_SCALE;
use crate::domain::concordance::{self, Weight};

/// Digits that a decimal column can hold.
const PRECISION: u32 = 38;

pub fn exact_div(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    by_pairs(arguments, |a, b| divide(a.number, a.scale, b.number, b.scale))
}

pub fn percent_of(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    by_pairs(arguments, |part, whole| divide(part.number, part.scale - 2, whole.number, whole.scale))
}

pub fn change_pct(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    by_pairs(arguments, |now, before| {
        let scale = now.scale.max(before.scale);
        let risen = |n: Operand| n.number.checked_mul(power_of_ten(scale - n.scale)?);
        let change = risen(now)?.checked_sub(risen(before)?)?;
        divide(change, scale - 2, before.number, before.scale)
    })
}

/// `((last / first)^(1/years) - 1) * 100`, by Newton's iteration on integers: the root is exact to the last digit kept.
pub fn annual_growth_pct(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let years = arguments[2].as_primitive::<Int64Type>().clone();
    let mut row = 0;
    by_pairs(&arguments[..2], |first, last| {
        let nth = row;
        row += 1;
        if years.is_null(nth) || first.number <= i256::ZERO || last.number < i256::ZERO {
            return Some(None);
        }
        let Ok(years @ 1..=MAX_YEARS) = u32::try_from(years.value(nth)) else { return Some(None) };
        growth(first, last, years)
    })
}

/// Of a number of 0 or more, by Newton's iteration on integers; null for a negative one.
pub fn square_root(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let (numbers, scale) = operands(&arguments[0])?;
    let values = numbers.iter().map(|number| {
        let Some(number) = number.filter(|n| *n >= 0) else { return Ok(None) };
        let root = root(i256::from_i128(number), scale);
        root.map(Some)
            .ok_or_else(|| exec_datafusion_err!("square_root({number}e-{scale}) leaves the range of decimals"))
    });
    finish(values.collect::<Result<Vec<_>>>()?)
}

/// The root at [`RESULT_SCALE`], half away from zero: one digit more, then rounded.
fn root(number: i256, scale: i32) -> Option<i128> {
    let shift = 2 * (i32::from(RESULT_SCALE) + 1) - scale;
    let square = number.checked_mul(power_of_ten(shift)?)?;
    divide(integer_root(square)?, i32::from(RESULT_SCALE) + 1, i256::ONE, 0)?
}

/// The greatest integer whose square is not above the number.
fn integer_root(square: i256) -> Option<i256> {
    if square == i256::ZERO {
        return Some(square);
    }
    // From above, the iteration falls until it has the floor of the root.
    let two = i256::from_i128(2);
    let mut guess = square;
    loop {
        let next = guess.checked_add(square.checked_div(guess)?)?.checked_div(two)?;
        if next >= guess {
            return Some(guess);
        }
        guess = next;
    }
}

/// The share of a count among so many, in percent: the lower end of its 95 % interval by Wilson's score.
pub fn wilson_low_pct(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    by_pairs(arguments, |count, total| wilson(count, total, i256::MINUS_ONE))
}

/// The upper end.
pub fn wilson_high_pct(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    by_pairs(arguments, |count, total| wilson(count, total, i256::ONE))
}

/// Decimals in which an interval is computed, and the 97.5 % point of the normal distribution with so many.
const SCORE_SCALE: i32 = 18;
const SCORE: i128 = 1_959_963_984_540_054_236;

/// `(k + z²/2 ± z √(k (n − k) / n + z²/4)) / (n + z²)`; none where there are no persons, or more than there are.
fn wilson(count: Operand, total: Operand, side: i256) -> Option<Option<i128>> {
    let scaled = |n: Operand| n.number.checked_mul(power_of_ten(SCORE_SCALE.checked_sub(n.scale)?)?);
    let (k, n) = (scaled(count)?, scaled(total)?);
    if n <= i256::ZERO || k < i256::ZERO || k > n {
        return Some(None);
    }
    let (one, z) = (power_of_ten(SCORE_SCALE)?, i256::from_i128(SCORE));
    let part = |number: i256, by: i128| number.checked_div(i256::from_i128(by));
    let z2 = z.checked_mul(z)?.checked_div(one)?;
    let spread = k.checked_mul(n.checked_sub(k)?)?.checked_div(n)?.checked_add(part(z2, 4)?)?;
    let half = z.checked_mul(integer_root(spread.checked_mul(one)?)?)?.checked_div(one)?;
    let end = k.checked_add(part(z2, 2)?)?.checked_add(half.checked_mul(side)?)?;
    let all = n.checked_add(z2)?;
    // The last of eighteen decimals may be off by a few units.
    let end = if side < i256::ZERO { end.max(i256::ZERO) } else { end.min(all) };
    divide(end, SCORE_SCALE - 2, all, SCORE_SCALE)
}

/// Spans longer than this are a mistake in the data, not a rate of growth.
const MAX_YEARS: u32 = 200;

/// What falls to one of several weights (`1/3 2/3`, by its place from 0) when a number is divided by all of them: by the
/// largest remainder in the number's smallest unit, so that the shares add up to it. Null where no weights are known.
pub fn allocated(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let (numbers, scale) = operands(&arguments[0])?;
    let (weights, places) = (arguments[1].as_string::<i32>(), arguments[2].as_primitive::<Int64Type>());
    let values = numbers.iter().zip(weights.iter()).zip(places.iter()).map(|row| {
        let ((Some(number), Some(weights)), Some(place)) = row else { return Ok(None) };
        if weights.is_empty() {
            return Ok(None);
        }
        let share = share_of(number, scale, weights, place);
        share.map(Some).ok_or_else(|| exec_datafusion_err!("{} cannot be divided by {weights}", plain(number, scale)))
    });
    finish(values.collect::<Result<Vec<_>>>()?)
}

fn share_of(number: i128, scale: i32, weights: &str, place: i64) -> Option<i128> {
    let weights: Vec<Weight> = weights.split(' ').map(|w| w.parse().ok()).collect::<Option<_>>()?;
    let number = Decimal::try_from_i128_with_scale(number, u32::try_from(scale).ok()?).ok()?;
    let share = *concordance::allocate(number, &weights)?.get(usize::try_from(place).ok()?)?;
    share.mantissa().checked_mul(10_i128.checked_pow(u32::try_from(RESULT_SCALE).ok()?.checked_sub(share.scale())?)?)
}

pub fn half_unit(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let decimals = arguments[0].as_primitive::<Int64Type>();
    let (factors, scale) = operands(&arguments[1])?;
    let values = decimals.iter().zip(factors.iter()).map(|pair| {
        let (Some(decimals), Some(factor)) = pair else { return Ok(None) };
        let half = i32::try_from(decimals).ok().filter(|decimals| (0..=28).contains(decimals)).and_then(|decimals| {
            let five = i256::from_i128(factor).checked_mul(i256::from_i128(5))?;
            divide(five, scale + decimals + 1, i256::ONE, 0)
        });
        half.ok_or_else(|| {
            exec_datafusion_err!("half_unit({decimals}, {factor}e-{scale}) leaves the range of decimals")
        })
    });
    finish(values.collect::<Result<Vec<_>>>()?)
}

pub fn number_text(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let (numbers, scale) = operands(&arguments[0])?;
    let texts: StringArray = numbers.iter().map(|n| n.map(|n| plain(n, scale))).collect();
    Ok(Arc::new(texts))
}

pub fn number_grouped(arguments: &[ArrayRef]) -> Result<ArrayRef> {
    let (numbers, scale) = operands(&arguments[0])?;
    let texts: StringArray = numbers.iter().map(|n| n.map(|n| group(&plain(n, scale)))).collect();
    Ok(Arc::new(texts))
}

/// `number * 10^-scale`.
#[derive(Clone, Copy)]
struct Operand {
    number: i256,
    scale: i32,
}

fn operands(array: &ArrayRef) -> Result<(&Decimal128Array, i32)> {
    match array.data_type() {
        DataType::Decimal128(_, scale) => Ok((array.as_primitive::<Decimal128Type>(), i32::from(*scale))),
        other => exec_err!("a decimal was expected, not {other}"),
    }
}

/// Outer `None`: the result leaves the range of decimals. Inner `None`: there is no result.
fn by_pairs(
    arguments: &[ArrayRef],
    mut compute: impl FnMut(Operand, Operand) -> Option<Option<i128>>,
) -> Result<ArrayRef> {
    let (left, left_scale) = operands(&arguments[0])?;
    let (right, right_scale) = operands(&arguments[1])?;
    let mut values = Vec::with_capacity(left.len());
    for (nth, pair) in left.iter().zip(right.iter()).enumerate() {
        // Called for every row, so that a third argument stays in step.
        let operand = |number: Option<i128>, scale| Operand { number: i256::from_i128(number.unwrap_or(0)), scale };
        let value = compute(operand(pair.0, left_scale), operand(pair.1, right_scale));
        values.push(match (pair, value) {
            ((Some(_), Some(_)), Some(value)) => value,
            ((Some(_), Some(_)), None) => return exec_err!("row {}: the result leaves the range of decimals", nth + 1),
            _ => None,
        });
    }
    finish(values)
}

fn finish(values: Vec<Option<i128>>) -> Result<ArrayRef> {
    Ok(Arc::new(Decimal128Array::from(values).with_data_type(super::RESULT)))
}

/// The quotient at [`RESULT_SCALE`], half away from zero. Scales may be negative.
fn divide(a: i256, a_scale: i32, b: i256, b_scale: i32) -> Option<Option<i128>> {
    if b == i256::ZERO {
        return Some(None);
    }
    let shift = i32::from(RESULT_SCALE) - a_scale + b_scale;
    let (a, b) =
        if shift >= 0 { (a.checked_mul(power_of_ten(shift)?)?, b) } else { (a, b.checked_mul(power_of_ten(-shift)?)?) };
    let (quotient, remainder) = (a.checked_div(b)?, a.checked_rem(b)?);
    let twice = remainder.wrapping_abs().checked_mul(i256::from_i128(2))?;
    let away = if twice >= b.wrapping_abs() {
        i256::from_i128(if (a < i256::ZERO) == (b < i256::ZERO) { 1 } else { -1 })
    } else {
        i256::ZERO
    };
    let rounded = quotient.checked_add(away)?.to_i128()?;
    (rounded.unsigned_abs() < 10_u128.pow(PRECISION)).then_some(Some(rounded))
}

fn growth(first: Operand, last: Operand, years: u32) -> Option<Option<i128>> {
    let Some(ratio) = divide(last.number, last.scale, first.number, first.scale)? else { return Some(None) };
    // The ratio and the root as fixed-point numbers with 28 decimals, more than twice what is kept.
    let one = i256::from_i128(10).checked_pow(28)?;
    let wide = divide_wide(last, first, one)?;
    if ratio == 0 && wide == i256::ZERO {
        return Some(Some(-100 * 10_i128.pow(12)));
    }
    let root = root_of(wide, one, years)?;
    let growth = root.checked_sub(one)?;
    divide(growth, 28 - 2, i256::ONE, 0)
}

fn divide_wide(a: Operand, b: Operand, one: i256) -> Option<i256> {
    let shift = b.scale - a.scale;
    let (mut top, mut bottom) = (a.number.checked_mul(one)?, b.number);
    if shift >= 0 {
        top = top.checked_mul(power_of_ten(shift)?)?;
    } else {
        bottom = bottom.checked_mul(power_of_ten(-shift)?)?;
    }
    top.checked_div(bottom)
}

/// The greatest fixed-point `x` with `x^years <= ratio`, by bisection: at most 256 steps, no guess to go wrong.
fn root_of(ratio: i256, one: i256, years: u32) -> Option<i256> {
    let two = i256::from_i128(2);
    let (mut low, mut high) = (i256::ZERO, ratio.max(one).checked_add(i256::ONE)?);
    while high.checked_sub(low)? > i256::ONE {
        let middle = low.checked_add(high)?.checked_div(two)?;
        if power_at_most(middle, one, years, ratio) { low = middle } else { high = middle }
    }
    Some(low)
}

/// Whether `x^years <= limit` in fixed point; a power that leaves 256 bits is above any limit.
fn power_at_most(x: i256, one: i256, years: u32, limit: i256) -> bool {
    let mut power = one;
    for _ in 0..years {
        let Some(next) = power.checked_mul(x).and_then(|p| p.checked_div(one)) else { return false };
        power = next;
        // Above one, powers only grow.
        if x >= one && power > limit {
            return false;
        }
    }
    power <= limit
}

fn power_of_ten(exponent: i32) -> Option<i256> {
    i256::from_i128(10).checked_pow(u32::try_from(exponent).ok()?)
}

/// Without trailing zeros: `-3.5`, `10523`.
fn plain(number: i128, scale: i32) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let scale = usize::try_from(scale).unwrap_or(0);
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, part) = digits.split_at(digits.len() - scale);
    let part = part.trim_end_matches('0');
    if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
}

/// With a comma between thousands.
fn group(plain: &str) -> String {
    let (whole, part) = plain.split_once('.').map_or((plain, None), |(whole, part)| (whole, Some(part)));
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut out = sign.to_owned();
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(part) = part {
        out.push('.');
        out.push_str(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operand(text: &str) -> Operand {
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let number: i128 = format!("{whole}{part}").parse().unwrap();
        Operand { number: i256::from_i128(number), scale: i32::try_from(part.len()).unwrap() }
    }

    #[test]
    fn quotients_are_rounded_half_away_from_zero() {
        let rows = [
            ("2", "3", Some("0.666666666667")),
            ("-2", "3", Some("-0.666666666667")),
            ("1", "8", Some("0.125")),
            ("0.0000000000005", "1", Some("0.000000000001")),
            ("-0.0000000000005", "1", Some("-0.000000000001")),
            ("1", "0", None),
            ("36.7", "-0.5", Some("-73.4")),
        ];
        for (a, b, quotient) in rows {
            let (x, y) = (operand(a), operand(b));
            let found = divide(x.number, x.scale, y.number, y.scale).unwrap().map(|n| plain(n, 12));
            assert_eq!(found.as_deref(), quotient, "{a} / {b}");
        }
    }

    #[test]
    fn growth_is_the_root_of_the_ratio() {
        // 100 → 121 over two years is 10% a year; 1 → 2 over 12 is 2^(1/12) = 1.0594630943592953 (the semitone).
        let rows = [
            ("100", "121", 2, "10"),
            ("1", "2", 12, "5.94630943593"),
            ("200", "50", 2, "-50"),
            ("5", "0", 3, "-100"),
            ("3", "3", 7, "0"),
        ];
        for (first, last, years, pct) in rows {
            let found = growth(operand(first), operand(last), years).unwrap().unwrap();
            assert_eq!(plain(found, 12), pct, "{first} → {last} over {years}");
        }
    }

    #[test]
    fn roots_are_rounded_to_the_last_decimal() {
        // √2 = 1.41421356237309504…, √0.5 = 0.70710678118654752…, √3 = 1.73205080756887729…
        let rows = [
            ("0", "0"),
            ("1", "1"),
            ("2", "1.414213562373"),
            ("0.5", "0.707106781187"),
            ("3.000000", "1.732050807569"),
            ("0.000001", "0.001"),
            ("152399025", "12345"),
        ];
        for (number, expected) in rows {
            let Operand { number, scale } = operand(number);
            assert_eq!(plain(root(number, scale).unwrap(), 12), expected);
        }
    }

    #[test]
    fn intervals_are_wilson_s() {
        // The first four as Newcombe prints them (Statistics in Medicine 17, 1998, table I, method 3).
        let rows = [
            ("81", "263", Some(("25.53", "36.62"))),
            ("15", "148", Some(("6.24", "16.05"))),
            ("0", "20", Some(("0", "16.11"))),
            ("1", "29", Some(("0.61", "17.18"))),
            ("8", "8", Some(("67.56", "100"))),
            ("0", "0", None),
            ("3", "2", None),
        ];
        for (count, total, expected) in rows {
            let end = |side| wilson(operand(count), operand(total), side).unwrap();
            let shown = |n: i128| plain((n + 5_000_000_000) / 10_000_000_000, 2);
            let found = end(i256::MINUS_ONE).zip(end(i256::ONE)).map(|(low, high)| (shown(low), shown(high)));
            let found = found.as_ref().map(|(low, high)| (low.as_str(), high.as_str()));
            assert_eq!(found, expected, "{count} of {total}");
        }
    }

    #[test]
    fn text_has_no_trailing_zeros() {
        let rows = [
            (10_523_000_000, 6, "10523", "10,523"),
            (-3_500_000, 6, "-3.5", "-3.5"),
            (0, 6, "0", "0"),
            (-123_456_789, 2, "-1234567.89", "-1,234,567.89"),
            (5, 2, "0.05", "0.05"),
        ];
        for (number, scale, text, grouped) in rows {
            assert_eq!(plain(number, scale), text);
            assert_eq!(group(&plain(number, scale)), grouped);
        }
    }
}
