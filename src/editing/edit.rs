//! An edit: one rule put to some cells. Each cell stands for the interval of true values that print as it does; an edit
//! holds where some choice from the intervals satisfies it.

use std::ops::Neg;

use num_bigint::BigInt;
use num_rational::Ratio;
use num_traits::{Signed as _, Zero as _};
use rust_decimal::Decimal;

/// Up to this size, with this many digits after the point and times this factor, sums of decimals are exact.
const AMOUNT_MAX: Decimal = Decimal::from_parts(0x6FC1_0000, 0x0023_86F2, 0, false, 0);
const SCALE_MAX: u32 = 9;
const FACTOR_MAX: Decimal = Decimal::ONE_HUNDRED;

/// Exact at any size: a factor times an amount may have more digits than a decimal holds.
pub type Exact = Ratio<BigInt>;

/// The fraction that a decimal is.
pub fn exact(number: Decimal) -> Exact {
    Exact::new(BigInt::from(number.mantissa()), BigInt::from(10u8).pow(number.scale()))
}

/// A set of numbers without a gap; an end that is `None` is open to infinity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    pub low: Option<Exact>,
    pub high: Option<Exact>,
}

impl Interval {
    pub const ALL: Interval = Interval { low: None, high: None };

    pub fn new(low: Option<Decimal>, high: Option<Decimal>) -> Interval {
        Interval { low: low.map(exact), high: high.map(exact) }
    }

    pub fn point(number: Exact) -> Interval {
        Interval { low: Some(number.clone()), high: Some(number) }
    }

    pub fn around(value: Decimal, rounding: Decimal) -> Interval {
        let (value, rounding) = (exact(value), exact(rounding));
        Interval { low: Some(&value - &rounding), high: Some(value + rounding) }
    }

    pub fn contains(&self, number: &Exact) -> bool {
        self.low.as_ref().is_none_or(|low| low <= number) && self.high.as_ref().is_none_or(|high| number <= high)
    }

    /// The numbers that lie in both; `None` where there is none.
    pub fn meet(&self, other: &Interval) -> Option<Interval> {
        let low = [&self.low, &other.low].into_iter().flatten().max().cloned();
        let high = [&self.high, &other.high].into_iter().flatten().min().cloned();
        let empty = matches!((&low, &high), (Some(low), Some(high)) if low > high);
        (!empty).then_some(Interval { low, high })
    }

    /// The smallest interval that holds both.
    pub fn hull(&self, other: &Interval) -> Interval {
        let end = |a: &Option<Exact>, b: &Option<Exact>, pick: fn(Exact, Exact) -> Exact| match (a, b) {
            (Some(a), Some(b)) => Some(pick(a.clone(), b.clone())),
            _ => None,
        };
        Interval { low: end(&self.low, &other.low, Exact::min), high: end(&self.high, &other.high, Exact::max) }
    }

    pub fn plus(&self, other: &Interval) -> Interval {
        let end = |a: &Option<Exact>, b: &Option<Exact>| Some(a.as_ref()? + b.as_ref()?);
        Interval { low: end(&self.low, &other.low), high: end(&self.high, &other.high) }
    }

    pub fn times(&self, factor: &Exact) -> Interval {
        let end = |end: &Option<Exact>| end.as_ref().map(|end| end * factor);
        match factor.is_negative() {
            // Nothing of something unbounded is nothing.
            _ if factor.is_zero() => Interval::point(Exact::zero()),
            true => Interval { low: end(&self.high), high: end(&self.low) },
            false => Interval { low: end(&self.low), high: end(&self.high) },
        }
    }

    /// The products of a number of each, where those of `other` are not negative.
    pub fn of(&self, other: &Interval) -> Interval {
        let zero = Exact::zero();
        let floor = other.low.clone().filter(|low| *low > zero).unwrap_or(zero.clone());
        let product = |factor: &Option<Exact>, seeks_high: bool| {
            let factor = factor.as_ref()?;
            // The product is extreme at the largest amount if the factor points that way, else at the smallest.
            match (factor.is_negative() == seeks_high, &other.high) {
                (true, _) => Some(factor * &floor),
                (false, _) if factor.is_zero() => Some(Exact::zero()),
                (false, high) => high.as_ref().map(|high| factor * high),
            }
        };
        Interval { low: product(&self.low, false), high: product(&self.high, true) }
    }
}

impl Neg for Interval {
    type Output = Interval;

    fn neg(self) -> Interval {
        Interval { low: self.high.map(Neg::neg), high: self.low.map(Neg::neg) }
    }
}

/// A cell as an edit sees it.
#[derive(Clone, Debug)]
pub struct Cell {
    /// `None` where no number is printed.
    pub value: Option<Decimal>,
    /// Half a unit of its last printed digit.
    pub rounding: Decimal,
    /// Whether the number is a bound or about right, so that it stands for more than what rounds to it.
    pub is_vague: bool,
    /// The true values that print as the cell does; without a number, all of `domain`.
    pub printed: Interval,
    /// What the quantity could be at all: a number of persons is not negative.
    pub domain: Interval,
    /// How loath one is to change it: more for a total, and for a figure that other places confirm.
    pub weight: u32,
}

impl Cell {
    /// A printed number that stands for anything within `rounding` of it.
    pub fn number(value: Decimal, rounding: Decimal, domain: Interval, weight: u32) -> Cell {
        Cell {
            value: Some(value),
            rounding,
            is_vague: false,
            printed: Interval::around(value, rounding),
            domain,
            weight,
        }
    }

    /// The cell where a text says that the number is a bound (以上, 近), or about right (左右), which proves nothing.
    pub fn qualified(mut self, qualifier: &str) -> Cell {
        let (no_lower, no_higher) = match qualifier {
            "at_least" => (false, true),
            "at_most" => (true, false),
            "about" => (true, true),
            _ => return self,
        };
        self.is_vague = true;
        self.printed.low = self.printed.low.filter(|_| !no_lower);
        self.printed.high = self.printed.high.filter(|_| !no_higher);
        self
    }

    pub fn missing(domain: Interval) -> Cell {
        Cell { value: None, rounding: Decimal::ZERO, is_vague: false, printed: domain.clone(), domain, weight: 1 }
    }
}

/// What a term counts its cell by.
#[derive(Clone, Debug)]
pub enum Factor {
    Exactly(Decimal),
    /// A number times what lies between the smallest and the largest of some cells, which are not negative: a rate or a
    /// standard.
    Cells {
        times: Decimal,
        cells: Vec<usize>,
    },
}

#[derive(Clone, Debug)]
pub struct Term {
    pub cell: usize,
    pub factor: Factor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// The terms add up to nothing.
    Zero,
    /// The terms add up to nothing or less.
    AtMostZero,
}

/// A statement on the true values of some cells.
#[derive(Clone, Debug)]
pub struct Edit {
    pub terms: Vec<Term>,
    pub sense: Sense,
}

/// How an edit came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Pass,
    Fail,
    /// A number is missing, and without it both is possible.
    Unverifiable,
}

/// How an edit came out, and by how much it misses.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub verdict: Verdict,
    /// The sum of the terms at the printed values; a missing number counts as nothing.
    pub residual: Exact,
    /// How far rounding alone can move that sum.
    pub tolerance: Exact,
}

impl Edit {
    /// Every cell the edit speaks of.
    pub fn cells(&self) -> impl Iterator<Item = usize> {
        self.terms.iter().flat_map(|term| {
            let factors = match &term.factor {
                Factor::Cells { cells, .. } => cells.as_slice(),
                Factor::Exactly(_) => &[],
            };
            factors.iter().copied().chain([term.cell])
        })
    }

    /// Whether the printed numbers can be the roundings of numbers that satisfy the edit.
    pub fn verdict(&self, cells: &[Cell]) -> Verdict {
        // Nearly all edits are sums of known numbers that decimals hold; the others take longer to judge.
        match self.sum_of_decimals(cells) {
            Some((sum, tolerance)) => {
                let missed = if self.sense == Sense::Zero { sum.abs() } else { sum };
                if missed <= tolerance { Verdict::Pass } else { Verdict::Fail }
            }
            None => self.judge(cells).verdict,
        }
    }

    /// The sum of the terms and what rounding can move it; `None` where a number is missing, or there is no end to its digits.
    fn sum_of_decimals(&self, cells: &[Cell]) -> Option<(Decimal, Decimal)> {
        let (mut sum, mut tolerance) = (Decimal::ZERO, Decimal::ZERO);
        for term in &self.terms {
            let Factor::Exactly(factor) = &term.factor else { return None };
            let cell = &cells[term.cell];
            // Decimals round what they cannot hold.
            let value =
                cell.value.filter(|v| v.abs() < AMOUNT_MAX && v.scale() <= SCALE_MAX && factor.abs() < FACTOR_MAX)?;
            if cell.is_vague || cell.rounding.scale() > SCALE_MAX || factor.scale() > 0 {
                return None;
            }
            sum = sum.checked_add(value.checked_mul(*factor)?)?;
            tolerance = tolerance.checked_add(cell.rounding.checked_mul(factor.abs())?)?;
        }
        Some((sum, tolerance))
    }

    /// As [`Edit::verdict`], and by how much it misses.
    pub fn judge(&self, cells: &[Cell]) -> Judgement {
        let printed = |cell: &Cell| cell.printed.clone();
        let known = |cell: &Cell| if cell.value.is_some() { printed(cell) } else { Interval::point(Exact::zero()) };
        let complete = self.cells().all(|cell| cells[cell].value.is_some());
        let range = self.range(cells, &known);
        let residual = self.at_printed(cells);
        let tolerance = match (&range.low, &range.high) {
            (Some(low), Some(high)) => (high - &residual).max(&residual - low),
            _ => Exact::zero(),
        };
        let verdict = match complete {
            true if self.allows(&range) => Verdict::Pass,
            true => Verdict::Fail,
            // What is missing could be nothing, and then all is well.
            false if self.sense == Sense::Zero && self.allows(&range) => Verdict::Pass,
            false if self.allows(&self.range(cells, &printed)) => Verdict::Unverifiable,
            false => Verdict::Fail,
        };
        Judgement { verdict, residual, tolerance }
    }

    fn allows(&self, range: &Interval) -> bool {
        match self.sense {
            Sense::Zero => range.contains(&Exact::zero()),
            Sense::AtMostZero => range.low.as_ref().is_none_or(|low| !low.is_positive()),
        }
    }

    /// All sums that the terms can have where each cell is in the interval given.
    fn range(&self, cells: &[Cell], of: &dyn Fn(&Cell) -> Interval) -> Interval {
        let term = |term: &Term| match &term.factor {
            Factor::Exactly(factor) => of(&cells[term.cell]).times(&exact(*factor)),
            Factor::Cells { times, cells: factors } => {
                let hull = hull(factors.iter().map(|cell| of(&cells[*cell])));
                hull.times(&exact(*times)).of(&of(&cells[term.cell]))
            }
        };
        self.terms.iter().map(term).fold(Interval::point(Exact::zero()), |sum, term| sum.plus(&term))
    }

    /// The sum of the terms at the printed values; of several factors the one that brings it nearest to nothing.
    fn at_printed(&self, cells: &[Cell]) -> Exact {
        let value = |cell: usize| cells[cell].value.map_or_else(Exact::zero, exact);
        let range = self.range(cells, &|cell: &Cell| Interval::point(cell.value.map_or_else(Exact::zero, exact)));
        let varied = self.terms.iter().any(|t| matches!(&t.factor, Factor::Cells { cells, .. } if cells.len() > 1));
        match (varied, range.low, range.high) {
            (true, Some(low), _) if low.is_positive() => low,
            (true, _, Some(high)) if high.is_negative() => high,
            (true, ..) => Exact::zero(),
            (false, ..) => {
                let term = |term: &Term| match &term.factor {
                    Factor::Exactly(factor) => exact(*factor) * value(term.cell),
                    Factor::Cells { times, cells } => {
                        exact(*times) * cells.first().map_or_else(Exact::zero, |c| value(*c)) * value(term.cell)
                    }
                };
                self.terms.iter().map(term).sum()
            }
        }
    }
}

/// The smallest interval that holds all of some.
pub fn hull(intervals: impl IntoIterator<Item = Interval>) -> Interval {
    intervals.into_iter().reduce(|a, b| a.hull(&b)).unwrap_or(Interval::ALL)
}
