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
use super::simplex::{Conflict, Sum, System, Variable};

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

impl Problem<'_> {
    pub fn locate(&self) -> Located {
        let weights: Vec<u32> = self.cells.iter().map(|cell| cell.weight).collect();
        let mut conflicts: Vec<Vec<usize>> = Vec::new();
        let mut holding: BTreeSet<Vec<usize>> = BTreeSet::new();
        loop {
            let Some((weight, sets)) = lightest(&conflicts, &weights) else { return Located::TooMany };
            let mut learnt = BTreeSet::new();
            for set in &sets {
                if holding.contains(set) {
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
        let is_free = |cell: usize| free.contains(&cell) || self.cells[cell].value.is_none();
        let range = |cell: usize| match set {
            Some((at, to)) if at == cell => to.clone(),
            _ if is_free(cell) => self.cells[cell].domain.clone(),
            _ => self.cells[cell].printed.clone(),
        };
        let mut used: BTreeMap<usize, usize> = BTreeMap::new();
        for cell in self.edits.iter().flat_map(|edit| edit.terms.iter().map(|term| term.cell)) {
            let next = used.len();
            used.entry(cell).or_insert(next);
        }
        let mut order = vec![0; used.len()];
        used.iter().for_each(|(cell, nth)| order[*nth] = *cell);
        // A printed number that the quantity cannot have is a contradiction of its own.
        let impossible = |cell: &&Cell| cell.value.is_some() && cell.printed.meet(&cell.domain).is_none();
        let alone = self.cells.iter().enumerate().filter(|(_, cell)| impossible(cell)).map(|(nth, _)| nth);
        if let Some(cell) = alone.into_iter().find(|cell| !is_free(*cell) && set.is_none_or(|(at, _)| at != *cell)) {
            return Err(vec![cell]);
        }
        let variables = order.iter().map(|cell| {
            let start = self.cells[*cell].value.map_or_else(Exact::zero, exact);
            Variable { bounds: range(*cell).meet(&self.cells[*cell].domain).unwrap_or(Interval::ALL), start }
        });
        let mut system = System { variables: variables.collect(), sums: Vec::new() };
        // The cells whose numbers are factors of each sum.
        let mut factors: Vec<Vec<usize>> = Vec::new();
        for edit in self.edits {
            let guards: Vec<usize> = edit
                .terms
                .iter()
                .flat_map(|term| match &term.factor {
                    Factor::Cells { cells, .. } => cells.as_slice(),
                    Factor::Exactly(_) => &[],
                })
                .copied()
                .collect();
            for sum in sums(edit, &used, &range) {
                system.sums.push(sum);
                factors.push(guards.clone());
            }
        }
        system.check().map_err(|Conflict { variables, sums }| {
            let cells = variables.into_iter().map(|nth| order[nth]);
            let cells = cells.chain(sums.into_iter().flat_map(|nth| factors[nth].iter().copied()));
            let kept = |cell: &usize| !is_free(*cell) && set.is_none_or(|(at, _)| at != *cell);
            cells.filter(kept).collect::<BTreeSet<_>>().into_iter().collect()
        })
    }
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
        Some(Sum { terms: terms.collect::<Option<Vec<_>>>()?, bounds })
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
    let mut search = Search { groups, weights, best: u32::MAX, found: BTreeSet::new(), steps: 0 };
    search.descend(&mut Vec::new(), &mut Vec::new(), 0)?;
    Some((search.best, search.found.into_iter().collect()))
}

struct Search<'a> {
    groups: &'a [Vec<usize>],
    weights: &'a [u32],
    best: u32,
    found: BTreeSet<Vec<usize>>,
    steps: usize,
}

impl Search<'_> {
    /// Try every member of a group that is not met yet; `barred` were tried by the branches before.
    fn descend(&mut self, taken: &mut Vec<usize>, barred: &mut Vec<usize>, weight: u32) -> Option<()> {
        self.steps += 1;
        if self.steps > STEPS_MAX || self.found.len() > SETS_MAX {
            return None;
        }
        let open = |group: &&Vec<usize>| !group.iter().any(|cell| taken.contains(cell));
        let open: Vec<&Vec<usize>> = self.groups.iter().filter(open).collect();
        let choices = |group: &Vec<usize>| group.iter().filter(|cell| !barred.contains(cell)).count();
        let Some(group) = open.iter().min_by_key(|group| choices(group)) else {
            let mut set = taken.clone();
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
        if weight.saturating_add(self.at_least(&open, barred)) > self.best {
            return Some(());
        }
        let mut members: Vec<usize> = group.iter().copied().filter(|cell| !barred.contains(cell)).collect();
        members.sort_by_key(|cell| (self.weights[*cell], *cell));
        let before = barred.len();
        for cell in members {
            taken.push(cell);
            self.descend(taken, barred, weight + self.weights[cell])?;
            taken.pop();
            barred.push(cell);
        }
        barred.truncate(before);
        Some(())
    }

    /// What the open groups cost at the least: of those that share no cell, the lightest member each.
    fn at_least(&self, open: &[&Vec<usize>], barred: &[usize]) -> u32 {
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut sum = 0u32;
        for group in open {
            let members = group.iter().filter(|cell| !barred.contains(cell));
            let Some(lightest) = members.map(|cell| self.weights[*cell]).min() else { return u32::MAX };
            if group.iter().all(|cell| !seen.contains(cell)) {
                sum = sum.saturating_add(lightest);
                seen.extend(group.iter());
            }
        }
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
