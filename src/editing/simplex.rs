//! Can some linear statements hold at once? The general simplex method of Dutertre and de Moura, in exact fractions: no
//! tolerance, whatever the size of the numbers, and where the answer is no, the few bounds that contradict each other.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul, CheckedSub, ToPrimitive as _};

use super::edit::{Exact, Interval};

/// Statements on some variables: each within bounds, and sums of them within bounds.
#[derive(Clone, Debug, Default)]
pub struct System {
    pub variables: Vec<Variable>,
    pub sums: Vec<Sum>,
}

#[derive(Clone, Debug)]
pub struct Variable {
    pub bounds: Interval,
    /// Where to begin: near the solution, as printed values are, little is left to do.
    pub start: Exact,
}

#[derive(Clone, Debug)]
pub struct Sum {
    pub terms: Vec<(usize, Exact)>,
    pub bounds: Interval,
}

/// Statements that cannot hold at once: the variables and sums whose bounds contradict each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conflict {
    pub variables: Vec<usize>,
    pub sums: Vec<usize>,
}

impl System {
    /// # Errors
    /// The statements contradict each other.
    pub fn check(&self) -> Result<(), Conflict> {
        // Nearly always the fractions fit into machine numbers; if one does not, all is done again without a limit.
        match Tableau::<i128>::new(self).and_then(Tableau::solve) {
            Some(answer) => answer,
            None => Tableau::<BigInt>::new(self).and_then(Tableau::solve).unwrap_or(Ok(())),
        }
    }
}

/// An integer type that says when a number leaves its range.
trait Whole: Integer + Clone + CheckedAdd + CheckedSub + CheckedMul + CheckedDiv {
    fn of(number: &BigInt) -> Option<Self>;
}

impl Whole for i128 {
    fn of(number: &BigInt) -> Option<i128> {
        // Half the digits, so that a product of two still fits.
        number.to_i128().filter(|n| n.unsigned_abs() < 1 << 96)
    }
}

impl Whole for BigInt {
    fn of(number: &BigInt) -> Option<BigInt> {
        Some(number.clone())
    }
}

fn fraction<T: Whole>(number: &Exact) -> Option<Ratio<T>> {
    Some(Ratio::new_raw(T::of(number.numer())?, T::of(number.denom())?))
}

/// `basic = Σ coefficient × nonbasic`, sorted by variable.
type Row<T> = Vec<(usize, Ratio<T>)>;

/// The state of the method: sums are variables too, numbered after the others.
struct Tableau<T: Whole> {
    own: usize,
    low: Vec<Option<Ratio<T>>>,
    high: Vec<Option<Ratio<T>>>,
    value: Vec<Ratio<T>>,
    rows: Vec<Row<T>>,
    /// The variable of each row, and the row of each variable.
    basic: Vec<usize>,
    row_of: Vec<Option<usize>>,
}

impl<T: Whole> Tableau<T> {
    /// `None` where a number is too large for the type.
    fn new(system: &System) -> Option<Tableau<T>> {
        let own = system.variables.len();
        let all = own + system.sums.len();
        let bounds = system.variables.iter().map(|v| &v.bounds).chain(system.sums.iter().map(|s| &s.bounds));
        let (mut low, mut high) = (Vec::with_capacity(all), Vec::with_capacity(all));
        for bounds in bounds {
            low.push(match &bounds.low {
                Some(low) => Some(fraction(low)?),
                None => None,
            });
            high.push(match &bounds.high {
                Some(high) => Some(fraction(high)?),
                None => None,
            });
        }
        let mut value = Vec::with_capacity(all);
        for (nth, variable) in system.variables.iter().enumerate() {
            let start: Ratio<T> = fraction(&variable.start)?;
            let start = low[nth].clone().filter(|low| start < *low).unwrap_or(start);
            value.push(high[nth].clone().filter(|high| start > *high).unwrap_or(start));
        }
        let mut rows = Vec::with_capacity(system.sums.len());
        for sum in &system.sums {
            let mut row: Row<T> = Vec::with_capacity(sum.terms.len());
            for (variable, factor) in &sum.terms {
                row.push((*variable, fraction(factor)?));
            }
            row.sort_by_key(|(variable, _)| *variable);
            row = merge(&row, &Vec::new(), &Ratio::from_integer(T::one()))?;
            let mut total = Ratio::from_integer(T::zero());
            for (variable, factor) in &row {
                total = total.checked_add(&factor.checked_mul(&value[*variable])?)?;
            }
            value.push(total);
            rows.push(row);
        }
        let basic = (own..all).collect();
        let row_of = (0..all).map(|variable| variable.checked_sub(own)).collect();
        Some(Tableau { own, low, high, value, rows, basic, row_of })
    }

    /// `None` where a number leaves the range of the type.
    fn solve(mut self) -> Option<Result<(), Conflict>> {
        loop {
            // The variable of the lowest number first, always: so the method cannot go round in circles.
            let broken = (0..self.value.len()).filter(|v| self.row_of[*v].is_some()).find_map(|variable| {
                let value = &self.value[variable];
                if let Some(low) = self.low[variable].as_ref().filter(|low| value < *low) {
                    return Some((variable, low.clone(), true));
                }
                let high = self.high[variable].as_ref().filter(|high| value > *high)?;
                Some((variable, high.clone(), false))
            });
            let Some((variable, bound, rises)) = broken else { return Some(self.bounds_agree()) };
            let row = self.row_of[variable]?;
            let helper =
                self.rows[row].iter().find(|(other, factor)| self.can_move(*other, is_positive(factor) == rises));
            let Some((helper, factor)) = helper.cloned() else {
                return Some(Err(self.conflict(variable, row)));
            };
            let step = bound.checked_sub(&self.value[variable])?.checked_div(&factor)?;
            self.move_by(helper, &step)?;
            self.value[variable] = bound;
            self.pivot(row, variable, helper, &factor)?;
        }
    }

    /// A variable that is in no row can still have bounds that leave nothing.
    fn bounds_agree(&self) -> Result<(), Conflict> {
        let empty = |v: &usize| matches!((&self.low[*v], &self.high[*v]), (Some(low), Some(high)) if low > high);
        match (0..self.own).find(empty) {
            Some(variable) => Err(Conflict { variables: vec![variable], sums: Vec::new() }),
            None => Ok(()),
        }
    }

    fn can_move(&self, variable: usize, upwards: bool) -> bool {
        let value = &self.value[variable];
        match upwards {
            true => self.high[variable].as_ref().is_none_or(|high| value < high),
            false => self.low[variable].as_ref().is_none_or(|low| value > low),
        }
    }

    fn conflict(&self, variable: usize, row: usize) -> Conflict {
        let mut conflict = Conflict::default();
        for variable in self.rows[row].iter().map(|(other, _)| *other).chain([variable]) {
            match variable.checked_sub(self.own) {
                Some(sum) => conflict.sums.push(sum),
                None => conflict.variables.push(variable),
            }
        }
        conflict
    }

    /// Move a variable that is in no row of its own, and all sums with it.
    fn move_by(&mut self, variable: usize, step: &Ratio<T>) -> Option<()> {
        self.value[variable] = self.value[variable].checked_add(step)?;
        for (row, basic) in self.rows.iter().zip(&self.basic) {
            if let Ok(at) = row.binary_search_by_key(&variable, |(v, _)| *v) {
                self.value[*basic] = self.value[*basic].checked_add(&row[at].1.checked_mul(step)?)?;
            }
        }
        Some(())
    }

    /// Exchange the variable of a row with another in it.
    fn pivot(&mut self, nth: usize, leaves: usize, enters: usize, factor: &Ratio<T>) -> Option<()> {
        let one = Ratio::from_integer(T::one());
        let minus = Ratio::from_integer(T::zero()).checked_sub(&one)?;
        let inverse = one.checked_div(factor)?;
        let negative = inverse.checked_mul(&minus)?;
        let mut row: Row<T> = Vec::with_capacity(self.rows[nth].len());
        for (variable, coefficient) in &self.rows[nth] {
            if *variable != enters {
                row.push((*variable, coefficient.checked_mul(&negative)?));
            }
        }
        let at = row.partition_point(|(v, _)| *v < leaves);
        row.insert(at, (leaves, inverse));
        for (other, held) in self.rows.iter_mut().enumerate() {
            if let Ok(at) = held.binary_search_by_key(&enters, |(v, _)| *v)
                && other != nth
            {
                let (_, coefficient) = held.remove(at);
                *held = merge(held, &row, &coefficient)?;
            }
        }
        self.rows[nth] = row;
        self.basic[nth] = enters;
        self.row_of[enters] = Some(nth);
        self.row_of[leaves] = None;
        Some(())
    }
}

fn is_positive<T: Whole>(number: &Ratio<T>) -> bool {
    *number.numer() > T::zero()
}

/// `a + factor × b`, without what cancels out.
fn merge<T: Whole>(a: &Row<T>, b: &Row<T>, factor: &Ratio<T>) -> Option<Row<T>> {
    let mut sum: Row<T> = Vec::with_capacity(a.len() + b.len());
    let mut push = |variable: usize, number: Ratio<T>| -> Option<()> {
        match sum.last_mut().filter(|(last, _)| *last == variable) {
            Some((_, held)) => *held = held.checked_add(&number)?,
            None => sum.push((variable, number)),
        }
        Some(())
    };
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    loop {
        let from_a = match (a.peek(), b.peek()) {
            (None, None) => break,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some((a, _)), Some((b, _))) => a <= b,
        };
        match from_a {
            true => a.next().map_or(Some(()), |(variable, number)| push(*variable, number.clone()))?,
            false => b.next().map_or(Some(()), |(variable, number)| push(*variable, number.checked_mul(factor)?))?,
        }
    }
    sum.retain(|(_, number)| *number.numer() != T::zero());
    Some(sum)
}
