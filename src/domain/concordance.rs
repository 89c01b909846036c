//! What follows when codes change: the correspondence of old codes to new ones, with weights that keep every total, and the
//! places where a series breaks because nothing corresponds.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::code::Code;
use super::validity::Validity;

/// The weights of one code are brought to a common denominator; it is at most this, so that their products stay exact.
const DENOMINATOR_MAX: i128 = 1_000_000_000_000;

/// Steps that a chain of codes may have, each the successor of the one before.
const STEPS_MAX: usize = 16;

/// A share as an exact fraction: `1`, `0.35` or `1/3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    numerator: i128,
    denominator: i128,
}

/// The text is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no share; write 1, 0.35 or 1/3")]
pub struct WeightError(String);

impl Weight {
    pub const ONE: Weight = Weight { numerator: 1, denominator: 1 };

    fn new(numerator: i128, denominator: i128) -> Option<Weight> {
        let divisor = gcd(numerator, denominator);
        let weight = Weight { numerator: numerator / divisor, denominator: denominator / divisor };
        (weight.denominator <= DENOMINATOR_MAX).then_some(weight)
    }

    /// The share of a share; `None` where it has too many digits to be exact.
    pub fn of(self, other: Weight) -> Option<Weight> {
        Weight::new(self.numerator * other.numerator, self.denominator * other.denominator)
    }

    pub fn plus(self, other: Weight) -> Option<Weight> {
        let numerator = self.numerator * other.denominator + other.numerator * self.denominator;
        Weight::new(numerator, self.denominator * other.denominator)
    }
}

impl FromStr for Weight {
    type Err = WeightError;

    fn from_str(text: &str) -> Result<Weight, WeightError> {
        let digits = |text: &str| {
            let all = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
            all.then(|| text.parse::<i128>().ok()).flatten()
        };
        let weight = match (text.split_once('/'), text.split_once('.')) {
            (Some((above, below)), None) => digits(above).zip(digits(below).filter(|n| *n > 0)),
            (None, Some((whole, part))) => digits(whole).zip(digits(part)).and_then(|(whole, digits)| {
                let scale = 10_i128.pow(u32::try_from(part.len()).ok()?);
                Some((whole * scale + digits, scale))
            }),
            _ => digits(text).map(|whole| (whole, 1)),
        };
        let weight = weight.filter(|(above, below)| *above > 0 && above <= below);
        weight.and_then(|(above, below)| Weight::new(above, below)).ok_or_else(|| WeightError(text.to_owned()))
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            _ => write!(f, "{}/{}", self.numerator, self.denominator),
        }
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.max(1) } else { gcd(b, a % b) }
}

/// The sum of several shares; `None` where it cannot be held exactly.
pub fn sum(weights: &[Weight]) -> Option<Weight> {
    let (first, rest) = weights.split_first()?;
    rest.iter().try_fold(*first, |sum, weight| sum.plus(*weight))
}

/// A total divided by weights that add up to 1, by the largest remainder: every share is a whole number of the total's
/// smallest unit (its last decimal; a whole person, a whole yuan), and the shares add up to the total, exactly. Of equal
/// remainders the first is rounded up. `None` where the weights do not add up to 1 or the numbers are too long.
pub fn allocate(total: Decimal, weights: &[Weight]) -> Option<Vec<Decimal>> {
    if sum(weights) != Some(Weight::ONE) {
        return None;
    }
    let total = total.normalize();
    let scale = total.scale();
    let units = total.mantissa();
    let common = weights.iter().try_fold(1_i128, |common, w| {
        let common = common / gcd(common, w.denominator) * w.denominator;
        (common <= DENOMINATOR_MAX).then_some(common)
    })?;
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (nth, weight) in weights.iter().enumerate() {
        let product = units.abs().checked_mul(common / weight.denominator * weight.numerator)?;
        shares.push(product / common);
        remainders.push((product % common, nth));
    }
    let left = usize::try_from(units.abs() - shares.iter().sum::<i128>()).ok()?;
    remainders.sort_by_key(|(remainder, nth)| (-remainder, *nth));
    for (_, nth) in remainders.into_iter().take(left) {
        shares[nth] += 1;
    }
    shares.into_iter().map(|s| Decimal::try_from_i128_with_scale(s * units.signum(), scale).ok()).collect()
}

/// One code of a version and one that takes its place in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correspondence {
    pub list: String,
    pub from_version: String,
    pub from_code: Code,
    pub to_version: String,
    pub to_code: Code,
    /// What part of the old code's figures belongs to the new one; `None`: a part, and nobody knows how large.
    pub weight: Option<Weight>,
    /// All weights of the old code, and the place of this one among them.
    pub weights: Vec<Weight>,
    pub place: usize,
    /// The base unit of the figures for which it holds; blank: of all. A merged fund adds up where its members do not.
    pub unit: String,
    /// From when the new code is in use: figures of periods that ended before are carried over. Only `first` is stated.
    pub since: Validity,
    /// When the old code was in use.
    pub in_use: Validity,
    /// The codes between, where the way leads over several steps.
    pub via: String,
    pub source: String,
    pub reason: String,
}

/// A place where a series stops being comparable, or where a rule changed what it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// Blank: for all.
    pub indicator: String,
    pub scheme: String,
    pub region: String,
    pub ownership: String,
    pub industry: String,
    /// The first day after it.
    pub at: Validity,
    pub kind: BreakKind,
    pub reason: String,
    pub reason_zh: String,
    pub source: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakKind {
    /// Before and after count different things: no growth is computed across.
    Break,
    /// A policy moved the figures: growth is computed, and flagged.
    Policy,
}

impl BreakKind {
    pub fn as_str(self) -> &'static str {
        match self {
            BreakKind::Break => "break",
            BreakKind::Policy => "policy",
        }
    }

    pub fn parse(text: &str) -> Option<BreakKind> {
        [BreakKind::Break, BreakKind::Policy].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Codes that follow each other in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle(pub Code);

/// The stated correspondences, each with its place among the weights of its old code, and those over several steps: what A
/// leaves to B, and B to C, A leaves to C.
///
/// # Errors
/// A code comes after itself.
pub fn complete(stated: Vec<Correspondence>) -> Result<Vec<Correspondence>, Circle> {
    let mut successors: BTreeMap<(&str, &str, &Code), Vec<&Correspondence>> = BTreeMap::new();
    for one in &stated {
        successors.entry((&one.list, &one.unit, &one.from_code)).or_default().push(one);
    }
    let mut all = Vec::new();
    for direct in successors.values() {
        let mut reached: Vec<Correspondence> = direct.iter().map(|one| (*one).clone()).collect();
        all.extend(placed(reached.clone()));
        for step in 0.. {
            if step == STEPS_MAX {
                return Err(Circle(direct[0].from_code.clone()));
            }
            let known: Vec<Code> = reached.iter().map(|c| c.to_code.clone()).collect();
            let mut further: Vec<Correspondence> = Vec::new();
            let mut moved = false;
            for one in &reached {
                let steps = successors.get(&(one.list.as_str(), one.unit.as_str(), &one.to_code));
                moved |= steps.is_some();
                match steps {
                    None => join(&mut further, one.clone()),
                    Some(steps) => steps.iter().for_each(|step| join(&mut further, chain(one, step))),
                }
            }
            if !moved {
                break;
            }
            reached = further;
            all.extend(placed(reached.clone()).into_iter().filter(|c| !known.contains(&c.to_code)));
        }
    }
    Ok(all)
}

fn chain(first: &Correspondence, then: &Correspondence) -> Correspondence {
    let via = [first.via.as_str(), first.to_code.as_str()].into_iter().filter(|v| !v.is_empty());
    Correspondence {
        to_version: then.to_version.clone(),
        to_code: then.to_code.clone(),
        weight: first.weight.zip(then.weight).and_then(|(a, b)| a.of(b)),
        via: via.collect::<Vec<_>>().join(", "),
        ..first.clone()
    }
}

/// Two ways to one code are one correspondence.
fn join(all: &mut Vec<Correspondence>, one: Correspondence) {
    match all.iter_mut().find(|c| c.to_code == one.to_code) {
        Some(there) => there.weight = there.weight.zip(one.weight).and_then(|(a, b)| a.plus(b)),
        None => all.push(one),
    }
}

/// All of one old code, told their place; without weights where one of them is not known.
fn placed(mut of_code: Vec<Correspondence>) -> Vec<Correspondence> {
    let weights: Option<Vec<Weight>> = of_code.iter().map(|c| c.weight).collect();
    for (place, one) in of_code.iter_mut().enumerate() {
        one.place = place;
        one.weights = weights.clone().unwrap_or_default();
    }
    of_code
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn step(from: &str, to: &str, weight: &str) -> Correspondence {
        Correspondence {
            list: "scheme".into(),
            from_version: "1".into(),
            from_code: Code::new(from),
            to_version: "1".into(),
            to_code: Code::new(to),
            weight: weight.parse().ok(),
            weights: Vec::new(),
            place: 0,
            unit: String::new(),
            since: Validity::parse("2014", "").unwrap(),
            in_use: Validity::default(),
            via: String::new(),
            source: String::new(),
            reason: String::new(),
        }
    }

    #[test]
    fn shares_are_read_and_printed_exactly() {
        for (text, shown) in [("1", "1"), ("0.35", "7/20"), ("1/3", "1/3"), ("2/6", "1/3"), ("1.0", "1")] {
            assert_eq!(text.parse::<Weight>().map(|w| w.to_string()), Ok(shown.to_owned()));
        }
        for text in ["", "0", "2", "-1", "1/0", "3/2", "0.5/2", "50%", "1e-3", ".5", "0.0000000000001"] {
            assert_eq!(text.parse::<Weight>(), Err(WeightError(text.to_owned())));
        }
    }

    #[test]
    fn a_total_is_divided_by_the_largest_remainder() {
        let rows = [
            // 10 by thirds: 3.33 each, and the first of the equal remainders is rounded up.
            ("10", "1/3 1/3 1/3", Some("4 3 3")),
            ("-10", "1/3 1/3 1/3", Some("-4 -3 -3")),
            // 7 × 0.35 = 2.45, 7 × 0.65 = 4.55.
            ("7", "0.35 0.65", Some("2 5")),
            // To the last decimal that is printed: 0.05 = 0.02 + 0.03.
            ("0.05", "0.5 0.5", Some("0.03 0.02")),
            ("349800", "1", Some("349800")),
            ("0", "0.5 0.5", Some("0 0")),
            ("10", "0.5 0.4", None),
        ];
        for (total, weights, expected) in rows {
            let weights: Vec<Weight> = weights.split(' ').map(|w| w.parse().unwrap()).collect();
            let shares = allocate(total.parse().unwrap(), &weights);
            let shown = shares.map(|s| s.iter().map(Decimal::to_string).collect::<Vec<_>>().join(" "));
            assert_eq!(shown.as_deref(), expected, "{total}");
        }
    }

    #[test]
    fn steps_make_a_way() {
        let all = complete(vec![step("a", "b", "0.5"), step("a", "c", "0.5"), step("b", "d", "1")]).unwrap();
        let shown: Vec<String> = all
            .iter()
            .map(|c| {
                let weight = c.weight.map_or(String::new(), |w| w.to_string());
                format!("{} → {} {weight} [{}] via {}", c.from_code, c.to_code, c.weights.len(), c.via)
            })
            .collect();
        let expected = ["a → b 1/2 [2] via ", "a → c 1/2 [2] via ", "a → d 1/2 [2] via b", "b → d 1 [1] via "];
        assert_eq!(shown, expected);
        let unknown = complete(vec![step("a", "b", "?"), step("b", "c", "1")]).unwrap();
        assert!(unknown.iter().filter(|c| c.from_code.as_str() == "a").all(|c| c.weight.is_none()));
        assert_eq!(complete(vec![step("a", "b", "1"), step("b", "a", "1")]), Err(Circle(Code::new("a"))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        /// Whatever the weights, the shares add up to the total, and none is a whole unit away from its exact share.
        #[test]
        fn shares_keep_the_total(
            units in -10_i64.pow(17)..10_i64.pow(17),
            scale in 0_u32..7,
            parts in prop::collection::vec(1_u32..1000, 1..9),
        ) {
            let whole: u32 = parts.iter().sum();
            let weights: Vec<Weight> = parts.iter().map(|p| format!("{p}/{whole}").parse().unwrap()).collect();
            let total = Decimal::new(units, scale);
            let shares = allocate(total, &weights).unwrap();
            prop_assert_eq!(shares.iter().sum::<Decimal>(), total);
            let unit = Decimal::new(1, total.normalize().scale());
            for (share, part) in shares.iter().zip(&parts) {
                let missed = *share * Decimal::from(whole) - total * Decimal::from(*part);
                prop_assert!(missed.abs() < unit * Decimal::from(whole));
            }
        }
    }
}
