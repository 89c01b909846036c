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

/// A system prepared to be asked many times, each time with other bounds for a few of its variables.
pub struct Solver {
    system: System,
    /// All amounts are taken so many times: sums without a constant hold for multiples too, and whole numbers are quick.
    scale: Exact,
    /// Nearly always the fractions fit into machine numbers.
    small: Option<Tableau<i128>>,
}

impl Solver {
    pub fn new(mut system: System) -> Solver {
        let ends =
            system.variables.iter().flat_map(|v| [v.bounds.low.as_ref(), v.bounds.high.as_ref(), Some(&v.start)]);
        let scale = ends.flatten().fold(BigInt::from(1), |scale, end| scale.lcm(end.denom()));
        let scale = Exact::from_integer(scale);
        for variable in &mut system.variables {
            variable.bounds = variable.bounds.times(&scale);
            variable.start *= &scale;
        }
        for sum in &mut system.sums {
            sum.bounds = sum.bounds.times(&scale);
        }
        let small = Tableau::new(&system);
        Solver { system, scale, small }
    }

    /// # Errors
    /// The statements, with these bounds in the place of some variables' own, contradict each other.
    pub fn check(&self, bounds: &[(usize, Interval)]) -> Result<(), Conflict> {
        let bounds: Vec<(usize, Interval)> = bounds.iter().map(|(nth, of)| (*nth, of.times(&self.scale))).collect();
        let small = self.small.as_ref().and_then(|tableau| tableau.clone().bounded(&bounds)?.solve());
        // If a number leaves the machine's range, all is done again without a limit.
        small.or_else(|| Tableau::<BigInt>::new(&self.system)?.bounded(&bounds)?.solve()).unwrap_or(Ok(()))
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

/// A sum and a product as those of `Ratio`, at once where both are whole, as nearly all are.
fn add<T: Whole>(a: &Ratio<T>, b: &Ratio<T>) -> Option<Ratio<T>> {
    match a.denom().is_one() && b.denom().is_one() {
        true => Some(Ratio::new_raw(a.numer().checked_add(b.numer())?, T::one())),
        false => a.checked_add(b),
    }
}

fn times<T: Whole>(a: &Ratio<T>, b: &Ratio<T>) -> Option<Ratio<T>> {
    match a.denom().is_one() && b.denom().is_one() {
        true => Some(Ratio::new_raw(a.numer().checked_mul(b.numer())?, T::one())),
        false => a.checked_mul(b),
    }
}

/// `basic = Σ coefficient × nonbasic`, sorted by variable.
type Row<T> = Vec<(usize, Ratio<T>)>;

/// The state of the method: sums are variables too, numbered after the others.
#[derive(Clone)]
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
                total = add(&total, &times(factor, &value[*variable])?)?;
            }
            value.push(total);
            rows.push(row);
        }
        let basic = (own..all).collect();
        let row_of = (0..all).map(|variable| variable.checked_sub(own)).collect();
        Some(Tableau { own, low, high, value, rows, basic, row_of })
    }

    /// The same with other bounds for some variables, none of which is in a row of its own yet.
    fn bounded(mut self, bounds: &[(usize, Interval)]) -> Option<Tableau<T>> {
        for (variable, bounds) in bounds {
            let end = |end: &Option<Exact>| match end {
                Some(end) => Some(Some(fraction(end)?)),
                None => Some(None),
            };
            (self.low[*variable], self.high[*variable]) = (end(&bounds.low)?, end(&bounds.high)?);
            let value = &self.value[*variable];
            let nearest = match (&self.low[*variable], &self.high[*variable]) {
                (Some(low), _) if value < low => Some(low.clone()),
                (_, Some(high)) if value > high => Some(high.clone()),
                _ => None,
            };
            if let Some(nearest) = nearest {
                let step = nearest.checked_sub(value)?;
                self.move_by(*variable, &step)?;
            }
        }
        Some(self)
    }

    /// `None` where a number leaves the range of the type.
    fn solve(mut self) -> Option<Result<(), Conflict>> {
        loop {
            // The variable of the lowest number first, always: so the method cannot go round in circles.
            let broken = (0..self.value.len()).find_map(|variable| {
                self.row_of[variable]?;
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
        self.value[variable] = add(&self.value[variable], step)?;
        for (row, basic) in self.rows.iter().zip(&self.basic) {
            if let Ok(at) = row.binary_search_by_key(&variable, |(v, _)| *v) {
                self.value[*basic] = add(&self.value[*basic], &times(&row[at].1, step)?)?;
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
                row.push((*variable, times(coefficient, &negative)?));
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
            Some((_, held)) => *held = add(held, &number)?,
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
            false => b.next().map_or(Some(()), |(variable, number)| push(*variable, times(number, factor)?))?,
        }
    }
    sum.retain(|(_, number)| *number.numer() != T::zero());
    Some(sum)
}
