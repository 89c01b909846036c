//! What must hold of any figures: rounding alone raises no alarm, one unit more than it explains always does, and the
//! located sets are those that trying all of them finds, judged by every weighting of the edits that could show a
//! contradiction (Farkas), which shares nothing with the method it judges.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rust_decimal::Decimal;

use super::edit::{Cell, Edit, Factor, Interval, Sense, Term, Verdict, exact};
use super::locate::{Located, Problem};

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn not_negative() -> Interval {
    Interval::new(Some(Decimal::ZERO), None)
}

fn term(cell: usize, factor: i64) -> Term {
    Term { cell, factor: Factor::Exactly(factor.into()) }
}

fn zero(terms: &[(usize, i64)]) -> Edit {
    Edit { terms: terms.iter().map(|(cell, factor)| term(*cell, *factor)).collect(), sense: Sense::Zero }
}

fn at_most(terms: &[(usize, i64)]) -> Edit {
    Edit { sense: Sense::AtMostZero, ..zero(terms) }
}

/// `rate × whole = times × part`.
fn rate(rate: usize, part: usize, whole: usize, times: i64) -> Edit {
    let by_rate = Factor::Cells { times: Decimal::NEGATIVE_ONE, cells: vec![rate] };
    Edit { terms: vec![term(part, times), Term { cell: whole, factor: by_rate }], sense: Sense::Zero }
}

/// A number printed with so many decimals in units of `unit`.
fn printed(value: Decimal, decimals: u32, unit: Decimal) -> Cell {
    let shown = (value / unit).round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    let rounding = Decimal::new(5, decimals + 1) * unit;
    Cell::number(shown * unit, rounding, not_negative(), 1)
}

fn run<S: Strategy>(cases: u32, strategy: S, test: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner =
        TestRunner::new_with_rng(config, proptest::test_runner::TestRng::deterministic_rng(Default::default()));
    runner
        .run(&strategy, |value| {
            test(value);
            Ok(())
        })
        .unwrap();
}

/// 10⁵ tables of true values, each rounded by itself to decimals and a unit of its own.
#[test]
fn rounding_alone_raises_no_alarm() {
    let part = (0i64..1_000_000_000_000, 0u32..4, 0usize..3);
    let strategy = (prop::collection::vec(part, 2..7), (0u32..4, 0usize..3));
    let units = [Decimal::ONE, Decimal::from(10_000), Decimal::from(100_000_000)];
    run(100_000, strategy, |(parts, (decimals, unit))| {
        let truth: Vec<Decimal> = parts.iter().map(|(cents, ..)| Decimal::new(*cents, 2)).collect();
        let whole: Decimal = truth.iter().sum();
        let mut cells: Vec<Cell> = truth
            .iter()
            .zip(&parts)
            .map(|(value, (_, decimals, unit))| printed(*value, *decimals, units[*unit]))
            .collect();
        cells.push(printed(whole, decimals, units[unit]));
        // A share with two decimals of its own.
        cells.push(printed(truth[0] * Decimal::ONE_HUNDRED / whole.max(Decimal::ONE), 2, Decimal::ONE));
        let last = truth.len();
        let sum: Vec<(usize, i64)> = (0..last).map(|nth| (nth, 1)).chain([(last, -1)]).collect();
        let mut edits = vec![zero(&sum), at_most(&[(0, 1), (last, -1)])];
        if whole >= Decimal::ONE {
            edits.push(rate(last + 1, 0, last, 100));
        }
        for edit in &edits {
            assert_eq!(edit.verdict(&cells), Verdict::Pass, "{cells:?}");
        }
    });
}

/// Whatever the table: at the tolerance it passes, and a unit of the finest digit beyond it fails.
#[test]
fn one_unit_more_than_rounding_explains_is_caught() {
    let part = (0i64..1_000_000_000_000, 0u32..4);
    run(5_000, prop::collection::vec(part, 2..7), |parts| {
        let number =
            |value: Decimal, decimals: u32| Cell::number(value, Decimal::new(5, decimals + 1), not_negative(), 1);
        let mut cells: Vec<Cell> =
            parts.iter().map(|(n, decimals)| number(Decimal::new(*n, *decimals), *decimals)).collect();
        let sum: Decimal = cells.iter().map(|cell| cell.value.unwrap()).sum();
        let tolerance: Decimal = parts.iter().map(|(_, decimals)| Decimal::new(5, decimals + 1)).sum();
        let rounding = d("0.0005");
        let last = cells.len();
        let terms: Vec<(usize, i64)> = (0..last).map(|nth| (nth, 1)).chain([(last, -1)]).collect();
        let edit = zero(&terms);
        for (off, verdict) in [
            (tolerance + rounding, Verdict::Pass),
            (tolerance + rounding + d("0.001"), Verdict::Fail),
            (-tolerance - rounding, Verdict::Pass),
            (-tolerance - rounding - d("0.001"), Verdict::Fail),
        ] {
            cells.truncate(last);
            cells.push(Cell::number(sum + off, rounding, Interval::ALL, 1));
            let judged = edit.judge(&cells);
            assert_eq!((edit.verdict(&cells), judged.verdict), (verdict, verdict), "off by {off}");
            assert_eq!(judged.residual, exact(-off));
            assert_eq!(judged.tolerance, exact(tolerance + rounding));
        }
    });
}

#[test]
fn what_is_missing_is_neither_wrong_nor_nothing() {
    let cell = |value: Option<&str>| match value {
        Some(value) => Cell::number(d(value), d("0.5"), not_negative(), 1),
        None => Cell::missing(not_negative()),
    };
    let check = |cells: [Option<&str>; 3], edit: Edit, expected: Verdict| {
        let cells = cells.map(cell);
        assert_eq!(edit.verdict(&cells), expected, "{cells:?}");
    };
    let sum = || zero(&[(0, 1), (1, 1), (2, -1)]);
    check([Some("3"), Some("4"), Some("7")], sum(), Verdict::Pass);
    check([Some("3"), None, Some("7")], sum(), Verdict::Unverifiable);
    // The rest reaches the whole; and it is more than the whole, whatever is missing.
    check([Some("7"), None, Some("7")], sum(), Verdict::Pass);
    check([Some("9"), None, Some("7")], sum(), Verdict::Fail);
    check([Some("9"), None, None], sum(), Verdict::Unverifiable);
    let parts = || at_most(&[(0, 1), (1, 1), (2, -1)]);
    check([Some("9"), None, Some("7")], parts(), Verdict::Fail);
    check([Some("3"), None, Some("7")], parts(), Verdict::Unverifiable);
}

/// Amounts of 10¹² with a tolerance of half a cent: a cent beyond it is located, where floating point would see nothing.
#[test]
fn large_amounts_and_small_tolerances_stand_side_by_side() {
    let amount = |text: &str| Cell::number(d(text), d("0.005"), not_negative(), 1);
    let cells = ["999999999999.11", "888888888888.22", "1888888888887.36", "1888888888887.33", "0.00"].map(amount);
    let edits = [zero(&[(0, 1), (1, 1), (2, -1)]), zero(&[(3, 1), (4, 1), (0, -1), (1, -1)])];
    let found = Problem { cells: &cells, edits: &edits }.locate();
    assert_eq!(found, Located::Sets { weight: 1, sets: vec![vec![2]] });
}

#[test]
fn a_factor_may_be_the_wrong_number() {
    let number = |value: &str| Cell::number(d(value), Decimal::ZERO, not_negative(), 1);
    // 50 of 200 are 25 %, printed as 52.0; the two counts are confirmed by a sum.
    let share = Cell::number(d("52.0"), d("0.05"), Interval::new(Some(Decimal::ZERO), Some(100.into())), 1);
    let cells = [share, number("50"), number("200"), number("150")];
    let edits = [rate(0, 1, 2, 100), zero(&[(1, 1), (3, 1), (2, -1)])];
    let found = Problem { cells: &cells, edits: &edits }.locate();
    assert_eq!(found, Located::Sets { weight: 1, sets: vec![vec![0]] });
}

/// Problems of a usual run.
const CASES: u32 = 500;

/// A problem of whole numbers.
#[derive(Clone, Debug)]
struct Random {
    values: Vec<i64>,
    weights: Vec<u32>,
    /// Factors by cell; whether the sum must be nothing, or at most that.
    edits: Vec<(Vec<i64>, bool)>,
    missing: usize,
}

fn random() -> impl Strategy<Value = Random> {
    (3usize..=12).prop_flat_map(|cells| {
        let factor = prop_oneof![7 => Just(0i64), 3 => Just(1), 2 => Just(-1), 1 => Just(2)];
        let edits = prop::collection::vec((prop::collection::vec(factor, cells), prop::bool::weighted(0.75)), 1..5);
        let values = prop::collection::vec(0i64..40, cells);
        let weights = prop::collection::vec(1u32..4, cells);
        (values, weights, edits, 0..cells * 3).prop_map(|(values, weights, edits, missing)| Random {
            values,
            weights,
            edits,
            missing,
        })
    })
}

impl Random {
    fn problem(&self) -> (Vec<Cell>, Vec<Edit>) {
        let cell = |(nth, (value, weight)): (usize, (&i64, &u32))| match nth == self.missing {
            true => Cell { weight: *weight, ..Cell::missing(not_negative()) },
            false => Cell::number((*value).into(), d("0.5"), not_negative(), *weight),
        };
        let cells = self.values.iter().zip(&self.weights).enumerate().map(cell).collect();
        let edit = |(factors, equal): &(Vec<i64>, bool)| {
            let terms: Vec<(usize, i64)> =
                factors.iter().enumerate().filter(|(_, f)| **f != 0).map(|(nth, f)| (nth, *f)).collect();
            if *equal { zero(&terms) } else { at_most(&terms) }
        };
        (cells, self.edits.iter().map(edit).collect())
    }

    /// Whether all edits can hold if these cells may hold anything. They cannot where some weighting of them says that a
    /// number is less than the least it can be (Farkas' lemma); `weightings` are all that need be tried. In halves, so that
    /// all numbers are whole.
    fn holds(&self, free: u32, weightings: &BTreeSet<Vec<i64>>) -> bool {
        let least = |(nth, factor): (usize, &i64)| {
            let fixed = free & (1 << nth) == 0 && nth != self.missing;
            match (factor.signum(), fixed) {
                (1, true) => Some(factor * (2 * self.values[nth] - 1).max(0)),
                (-1, true) => Some(factor * (2 * self.values[nth] + 1)),
                (-1, false) => None,
                _ => Some(0),
            }
        };
        let contradicts =
            |sum: &Vec<i64>| sum.iter().enumerate().map(least).sum::<Option<i64>>().is_some_and(|n| n > 0);
        !weightings.iter().any(contradicts)
    }

    /// The sums of the edits, each counted some times, in which a contradiction shows if there is one: the least value of such
    /// a sum is linear in the weights as long as no factor changes its sign, so it is largest where as many factors and
    /// weights are nothing as can be.
    fn weightings(&self) -> BTreeSet<Vec<i64>> {
        let rows = self.edits.len();
        let unit = |row: usize| (0..rows).map(|n| i64::from(n == row)).collect::<Vec<i64>>();
        let column = |cell: usize| self.edits.iter().map(|(factors, _)| factors[cell]).collect::<Vec<i64>>();
        let faces: BTreeSet<Vec<i64>> = (0..rows).map(unit).chain((0..self.values.len()).map(column)).collect();
        let faces: Vec<Vec<i64>> = faces.into_iter().collect();
        let mut sums = BTreeSet::new();
        for chosen in choices(faces.len(), rows - 1) {
            let chosen: Vec<&[i64]> = chosen.into_iter().map(|nth| faces[nth].as_slice()).collect();
            let weights = across(&chosen, rows);
            for sign in [1, -1] {
                let weights: Vec<i64> = weights.iter().map(|weight| weight * sign).collect();
                // What is at most nothing stays so only if it is counted a positive number of times.
                if weights.iter().zip(&self.edits).all(|(weight, (_, equal))| *equal || *weight >= 0) {
                    let sum =
                        |cell: usize| self.edits.iter().zip(&weights).map(|((f, _), weight)| f[cell] * weight).sum();
                    sums.insert((0..self.values.len()).map(sum).collect());
                }
            }
        }
        sums
    }

    /// All sets of the smallest weight, by trying every set.
    fn by_trying(&self) -> Option<(u32, BTreeSet<Vec<usize>>)> {
        let (count, weightings) = (self.values.len(), self.weightings());
        let members = |set: u32| (0..count).filter(move |nth| set & (1 << nth) != 0);
        let weight = |set: u32| members(set).map(|nth| self.weights[nth]).sum::<u32>();
        let mut sets: Vec<u32> = (0..1u32 << count).collect();
        sets.sort_by_key(|set| weight(*set));
        let mut found: Option<(u32, BTreeSet<Vec<usize>>)> = None;
        for set in sets {
            if found.as_ref().is_some_and(|(best, _)| weight(set) > *best) {
                break;
            }
            // What is missing need not be changed to be anything.
            if set & (1 << self.missing.min(31)) == 0 && self.holds(set, &weightings) {
                found.get_or_insert((weight(set), BTreeSet::new())).1.insert(members(set).collect());
            }
        }
        found
    }
}

/// All ways to take so many of some.
fn choices(of: usize, take: usize) -> Vec<Vec<usize>> {
    let all = (0..1u32 << of).filter(|set| set.count_ones() as usize == take);
    all.map(|set| (0..of).filter(|nth| set & (1 << nth) != 0).collect()).collect()
}

/// The vector at right angles to all of one fewer than it has parts; nothing where several are.
fn across(vectors: &[&[i64]], parts: usize) -> Vec<i64> {
    let minor = |part: usize| {
        let rows: Vec<Vec<i64>> = vectors
            .iter()
            .map(|vector| vector.iter().enumerate().filter(|(nth, _)| *nth != part).map(|(_, n)| *n).collect())
            .collect();
        determinant(&rows) * if part.is_multiple_of(2) { 1 } else { -1 }
    };
    (0..parts).map(minor).collect()
}

fn determinant(rows: &[Vec<i64>]) -> i64 {
    let Some((first, rest)) = rows.split_first() else { return 1 };
    let minor = |nth: usize| {
        let rows: Vec<Vec<i64>> = rest.iter().map(|row| [&row[..nth], &row[nth + 1..]].concat()).collect();
        determinant(&rows) * if nth.is_multiple_of(2) { first[nth] } else { -first[nth] }
    };
    (0..first.len()).filter(|nth| first[*nth] != 0).map(minor).sum()
}

/// `LOCATE_CASES=2000` tries more of them.
#[test]
fn located_sets_are_those_that_trying_all_of_them_finds() {
    let cases = std::env::var("LOCATE_CASES").map_or(CASES, |cases| cases.parse().expect("LOCATE_CASES is a number"));
    run(cases, random(), |random| {
        let (cells, edits) = random.problem();
        let found = Problem { cells: &cells, edits: &edits }.locate();
        let Located::Sets { weight, sets } = found else { panic!("{found:?} of {random:?}") };
        let (expected, all) = random.by_trying().expect("nothing is always possible: all cells at zero");
        assert_eq!((weight, sets.into_iter().collect()), (expected, all), "{random:?}");
    });
}
