//! Localisation (Fellegi–Holt): the smallest weighted sets of cells whose change lets all edits hold at once.
//!
//! Exact, by implicit hitting sets: guess the lightest sets that meet every contradiction known so far; try each with all
//! other cells kept within what they print; where that still contradicts itself, the method of `simplex` names the cells
//! that do, one of which must change, and the guess is made again. The first guess that holds is the answer, and so are all
//! others of its weight. No number is rounded, so that amounts of 10¹² and half a cent stand side by side.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::Zero as _;
use rust_decimal::Decimal;

use super::edit::{Cell, Edit, Exact, Factor, Interval, Sense, exact, hull};
use super::simplex::{Conflict, Solver, Sum, System, Variable};

/// Sets of equal weight that are told; where there are more, any of them may be meant and nothing is located.
pub const SETS_MAX: usize = 512;
/// Steps of the search for sets before it gives up and says so.
const STEPS_MAX: usize = 100_000;

/// What would have to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// All sets of the smallest weight, each sorted; one empty set where nothing need change.
    Sets { weight: u32, sets: Vec<Vec<usize>> },
    /// There are too many cells or sets to tell.
    TooMany,
    /// The edits contradict each other whatever the cells hold.
    Never,
}

/// Some cells and the edits between them.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    pub cells: &'a [Cell],
    pub edits: &'a [Edit],
}

impl<'a> Problem<'a> {
    pub fn locate(self) -> Located {
        Locator::new(self).locate()
    }
}

/// A problem prepared to be asked many times.
pub struct Locator<'a> {
    problem: Problem<'a>,
    /// The cell of each variable, and the variable of each cell.
    order: Vec<usize>,
    number: BTreeMap<usize, usize>,
    solver: Solver,
    /// The cells whose numbers are factors of each sum.
    factors: Vec<Vec<usize>>,
    /// Printed numbers that the quantity cannot have: contradictions of their own.
    impossible: Vec<usize>,
}

impl<'a> Locator<'a> {
    pub fn new(problem: Problem<'a>) -> Locator<'a> {
        let mut number: BTreeMap<usize, usize> = BTreeMap::new();
        let mut order = Vec::new();
        for cell in problem.edits.iter().flat_map(|edit| edit.terms.iter().map(|term| term.cell)) {
            number.entry(cell).or_insert_with(|| {
                order.push(cell);
                order.len() - 1
            });
        }
        let is_impossible = |cell: &&Cell| cell.value.is_some() && cell.printed.meet(&cell.domain).is_none();
        let impossible = problem.cells.iter().enumerate().filter(|(_, cell)| is_impossible(cell)).map(|(nth, _)| nth);
        let impossible = impossible.collect();
        let printed = |cell: usize| problem.cells[cell].printed.clone();
        let (system, factors) = system(problem, &order, &number, &printed);
        Locator { problem, order, number, solver: Solver::new(system), factors, impossible }
    }

    pub fn locate(&self) -> Located {
        let weights: Vec<u32> = self.problem.cells.iter().map(|cell| cell.weight).collect();
        let mut conflicts: Vec<Vec<usize>> = Vec::new();
        let mut holding: BTreeSet<Vec<usize>> = BTreeSet::new();
        loop {
            let Some((weight, sets)) = lightest(&conflicts, &weights) else { return Located::TooMany };
            let mut learnt: BTreeSet<Vec<usize>> = BTreeSet::new();
            for set in &sets {
                // What this round has learnt may say already that it does not hold.
                let is_known = learnt.iter().any(|conflict| !conflict.iter().any(|cell| set.contains(cell)));
                if is_known || holding.contains(set) {
                    continue;
                }
                match self.holds(set, None) {
                    Ok(()) => drop(holding.insert(set.clone())),
                    Err(conflict) if conflict.is_empty() => return Located::Never,
                    Err(conflict) => drop(learnt.insert(conflict)),
                }
            }
            if learnt.is_empty() {
                return Located::Sets { weight, sets };
            }
            conflicts.extend(learnt);
        }
    }

    /// Whether all edits can hold where the cells of `free` may hold anything that they could at all, and all others, and
    /// the one that is `set` to something, keep to what they print.
    ///
    /// # Errors
    /// They cannot: the cells of which at least one must change, too.
    pub fn holds(&self, free: &[usize], set: Option<(usize, &Interval)>) -> Result<(), Vec<usize>> {
        let cells = self.problem.cells;
        let is_kept =
            |cell: usize| !free.contains(&cell) && cells[cell].value.is_some() && set.is_none_or(|(at, _)| at != cell);
        if let Some(cell) = self.impossible.iter().find(|cell| is_kept(**cell)) {
            return Err(vec![*cell]);
        }
        let range = |cell: usize| match set {
            Some((at, to)) if at == cell => to.clone(),
            _ if free.contains(&cell) => cells[cell].domain.clone(),
            _ => cells[cell].printed.clone(),
        };
        let changed = free.iter().copied().chain(set.map(|(at, _)| at));
        let is_factor = changed.clone().any(|cell| self.factors.iter().any(|of_sum| of_sum.contains(&cell)));
        let (answer, factors) = match is_factor {
            // Other factors make other sums.
            true => {
                let (system, factors) = system(self.problem, &self.order, &self.number, &range);
                (Solver::new(system).check(&[]), Some(factors))
            }
            false => {
                let bounds =
                    changed.filter_map(|cell| Some((*self.number.get(&cell)?, bounds(&cells[cell], &range(cell)))));
                (self.solver.check(&bounds.collect::<Vec<_>>()), None)
            }
        };
        let factors = factors.as_ref().unwrap_or(&self.factors);
        answer.map_err(|Conflict { variables, sums }| {
            let cells = variables.into_iter().map(|nth| self.order[nth]);
            let cells = cells.chain(sums.into_iter().flat_map(|nth| factors[nth].iter().copied()));
            cells.filter(|cell| is_kept(*cell)).collect::<BTreeSet<_>>().into_iter().collect()
        })
    }
}

/// A cell's true values, as far as the quantity can have them.
fn bounds(cell: &Cell, range: &Interval) -> Interval {
    range.meet(&cell.domain).unwrap_or(Interval::ALL)
}

/// The edits of a problem where each cell is in the interval given, and the cells whose numbers are factors of each sum.
fn system(
    problem: Problem<'_>,
    order: &[usize],
    number: &BTreeMap<usize, usize>,
    range: &dyn Fn(usize) -> Interval,
) -> (System, Vec<Vec<usize>>) {
    let variable = |cell: &usize| {
        let cell_of = &problem.cells[*cell];
        let start = cell_of.value.map_or_else(Exact::zero, exact);
        Variable { bounds: bounds(cell_of, &range(*cell)), start }
    };
    let mut system = System { variables: order.iter().map(variable).collect(), sums: Vec::new() };
    let mut factors: Vec<Vec<usize>> = Vec::new();
    for edit in problem.edits {
        let of_edit = edit.terms.iter().flat_map(|term| match &term.factor {
            Factor::Cells { cells, .. } => cells.as_slice(),
            Factor::Exactly(_) => &[],
        });
        let of_edit: Vec<usize> = of_edit.copied().collect();
        for sum in sums(edit, number, range) {
            system.sums.push(sum);
            factors.push(of_edit.clone());
        }
    }
    (system, factors)
}

/// An edit as linear statements. With a factor that is itself known within bounds only, an amount that is not negative
/// counts at least the lowest and at most the highest, and the sum must be able to be nothing between the two.
fn sums(edit: &Edit, used: &BTreeMap<usize, usize>, range: &dyn Fn(usize) -> Interval) -> Vec<Sum> {
    let zero = || Some(Exact::zero());
    let is_linear = edit.terms.iter().all(|term| matches!(term.factor, Factor::Exactly(_)));
    let with = |end: &dyn Fn(&Interval) -> Option<Exact>, bounds: Interval| {
        let terms = edit.terms.iter().map(|term| {
            let factor = match &term.factor {
                Factor::Exactly(factor) => exact(*factor),
                Factor::Cells { times, cells } => end(&hull(cells.iter().map(|c| range(*c))).times(&exact(*times)))?,
            };
            Some((used[&term.cell], factor))
        });
        // A cell may stand in several terms: growth has the base on both sides.
        let mut of_variable: BTreeMap<usize, Exact> = BTreeMap::new();
        for (variable, factor) in terms.collect::<Option<Vec<_>>>()? {
            *of_variable.entry(variable).or_insert_with(Exact::zero) += factor;
        }
        Some(Sum { terms: of_variable.into_iter().collect(), bounds })
    };
    let at_most = with(&|factor| factor.low.clone(), Interval { low: None, high: zero() });
    match edit.sense {
        Sense::AtMostZero => at_most.into_iter().collect(),
        Sense::Zero if is_linear => {
            with(&|factor| factor.low.clone(), Interval { low: zero(), high: zero() }).into_iter().collect()
        }
        Sense::Zero => {
            let at_least = with(&|factor| factor.high.clone(), Interval { low: zero(), high: None });
            at_most.into_iter().chain(at_least).collect()
        }
    }
}

/// All sets of the smallest weight that hold a member of every group, each sorted, in order; `None` where there are too many.
fn lightest(groups: &[Vec<usize>], weights: &[u32]) -> Option<(u32, Vec<Vec<usize>>)> {
    let nothing = vec![false; weights.len()];
    let (taken, barred, seen) = (Vec::new(), nothing.clone(), nothing);
    let mut search = Search { weights, taken, barred, seen, best: u32::MAX, found: BTreeSet::new(), steps: 0 };
    search.descend(&groups.iter().collect::<Vec<_>>(), 0)?;
    Some((search.best, search.found.into_iter().collect()))
}

struct Search<'a> {
    weights: &'a [u32],
    taken: Vec<usize>,
    /// Cells that the branches before have tried.
    barred: Vec<bool>,
    /// Used while a bound is made; nothing between.
    seen: Vec<bool>,
    best: u32,
    found: BTreeSet<Vec<usize>>,
    steps: usize,
}

impl Search<'_> {
    /// Try every member of one of the groups that are not met yet.
    fn descend(&mut self, open: &[&Vec<usize>], weight: u32) -> Option<()> {
        self.steps += 1;
        if self.steps > STEPS_MAX || self.found.len() > SETS_MAX {
            return None;
        }
        let choices = |group: &&&Vec<usize>| group.iter().filter(|cell| !self.barred[**cell]).count();
        let Some(group) = open.iter().min_by_key(choices) else {
            let mut set = self.taken.clone();
            set.sort_unstable();
            if weight < self.best {
                self.best = weight;
                self.found.clear();
            }
            if weight == self.best {
                self.found.insert(set);
            }
            return Some(());
        };
        if weight.saturating_add(self.at_least(open)) > self.best {
            return Some(());
        }
        let mut members: Vec<usize> = group.iter().copied().filter(|cell| !self.barred[*cell]).collect();
        members.sort_by_key(|cell| (self.weights[*cell], *cell));
        for cell in &members {
            let rest: Vec<&Vec<usize>> = open.iter().copied().filter(|group| !group.contains(cell)).collect();
            self.taken.push(*cell);
            self.descend(&rest, weight + self.weights[*cell])?;
            self.taken.pop();
            self.barred[*cell] = true;
        }
        members.iter().for_each(|cell| self.barred[*cell] = false);
        Some(())
    }

    /// What the open groups cost at the least: of those that share no cell, the lightest member each.
    fn at_least(&mut self, open: &[&Vec<usize>]) -> u32 {
        let mut sum = 0u32;
        for group in open {
            let members = group.iter().filter(|cell| !self.barred[**cell]);
            // Without a member left the branch is dead.
            let lightest = members.map(|cell| self.weights[*cell]).min().unwrap_or(u32::MAX);
            if group.iter().all(|cell| !self.seen[*cell]) || lightest == u32::MAX {
                sum = sum.saturating_add(lightest);
                group.iter().for_each(|cell| self.seen[*cell] = true);
            }
        }
        open.iter().flat_map(|group| group.iter()).for_each(|cell| self.seen[*cell] = false);
        sum
    }
}

/// Cells that edits connect, directly or through others: each part can be looked at by itself. Numbers of edits.
pub fn components(cells: usize, edits: &[Edit]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..cells).collect();
    fn root(parent: &mut [usize], mut cell: usize) -> usize {
        while parent[cell] != cell {
            parent[cell] = parent[parent[cell]];
            cell = parent[cell];
        }
        cell
    }
    for edit in edits {
        let mut members = edit.cells();
        let Some(first) = members.next() else { continue };
        for other in members {
            let (a, b) = (root(&mut parent, first), root(&mut parent, other));
            parent[a.max(b)] = a.min(b);
        }
    }
    let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (nth, edit) in edits.iter().enumerate() {
        if let Some(cell) = edit.cells().next() {
            parts.entry(root(&mut parent, cell)).or_default().push(nth);
        }
    }
    parts.into_values().collect()
}

/// The numbers of whole, half or other units of one cell that let all edits hold it stands in, where all others print true.
pub fn allowed(cell: usize, cells: &[Cell], edits: &[&Edit]) -> Option<Interval> {
    let mut allowed = cells[cell].domain.clone();
    for edit in edits {
        let mut rest = Interval::point(Exact::zero());
        let mut own: Option<Decimal> = None;
        for term in &edit.terms {
            match &term.factor {
                Factor::Exactly(factor) if term.cell == cell => own = Some(*factor),
                Factor::Exactly(factor) => rest = rest.plus(&cells[term.cell].printed.times(&exact(*factor))),
                Factor::Cells { times, cells: factors } => {
                    if term.cell == cell || factors.contains(&cell) {
                        // A number that is multiplied is not bounded by one sum; the whole problem judges it.
                        return Some(allowed);
                    }
                    let factor = hull(factors.iter().map(|c| cells[*c].printed.clone())).times(&exact(*times));
                    rest = rest.plus(&factor.of(&cells[term.cell].printed));
                }
            }
        }
        let Some(own) = own.filter(|own| !own.is_zero()) else { continue };
        let inverse = exact(own).recip();
        // own × x + rest = 0, or ≤ 0.
        let needed = match edit.sense {
            Sense::Zero => (-rest).times(&inverse),
            Sense::AtMostZero => {
                let most = Interval { low: None, high: (-rest).high };
                most.times(&inverse)
            }
        };
        allowed = allowed.meet(&needed)?;
    }
    Some(allowed)
}
