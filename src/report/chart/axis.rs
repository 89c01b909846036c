//! A vertical axis: round steps that hold all numbers, and their texts.

/// Steps of an axis from `low` to `high`, both multiples of `step`.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    pub low: f64,
    pub high: f64,
    pub step: f64,
    decimals: usize,
}

/// About how many steps an axis has.
const STEPS_WANTED: f64 = 6.0;

/// A step somewhat smaller than wanted is taken rather than the next rounder one, twice as large.
const ROUGHLY: f64 = 0.8;

impl Steps {
    /// Round steps that hold the numbers and zero.
    pub fn around(numbers: impl IntoIterator<Item = f64>) -> Steps {
        let (low, high) = numbers.into_iter().fold((0.0_f64, 0.0_f64), |(low, high), n| (low.min(n), high.max(n)));
        let range = if high > low { high - low } else { 1.0 };
        let rough = range / STEPS_WANTED;
        let power = rough.log10().floor();
        let tens = 10.0_f64.powf(power);
        let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * tens >= rough * ROUGHLY).unwrap_or(10.0);
        let step = factor * tens;
        let exponent = if factor >= 10.0 { power + 1.0 } else { power };
        Steps {
            low: (low / step + 1e-9).floor() * step,
            high: ((high.max(low + range)) / step - 1e-9).ceil() * step,
            step,
            decimals: (-exponent).max(0.0) as usize,
        }
    }

    /// The numbers at the steps, lowest first, with their texts.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let count = ((self.high - self.low) / self.step).round() as i64;
        (0..=count)
            .map(|n| self.low + n as f64 * self.step)
            .map(|number| if number.abs() < self.step * 1e-6 { 0.0 } else { number })
            .map(|number| (number, format!("{number:.*}", self.decimals)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Steps;

    fn check(numbers: &[f64], texts: &[&str]) {
        let ticks: Vec<String> = Steps::around(numbers.iter().copied()).ticks().into_iter().map(|t| t.1).collect();
        assert_eq!(ticks, texts, "{numbers:?}");
    }

    #[test]
    fn steps_are_round_and_hold_zero() {
        check(&[4.32, 61.0], &["0", "10", "20", "30", "40", "50", "60", "70"]);
        check(&[42.3, 0.2], &["0", "10", "20", "30", "40", "50"]);
        check(&[1147.0, -290.0], &["-400", "-200", "0", "200", "400", "600", "800", "1000", "1200"]);
        check(&[0.25, 0.5], &["0.0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
        check(&[], &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    }
}
