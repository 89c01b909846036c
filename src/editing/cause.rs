//! What lies behind failed edits: the cells that would have to change, and the slip of print that would explain them. One
//! cause explains several edits; nothing is changed by finding it.

use std::collections::{BTreeMap, BTreeSet};

use num_traits::{Signed as _, Zero as _};
use rust_decimal::Decimal;

use super::bind::Instance;
use super::edit::{Cell, Edit, Exact, Factor, Interval, Sense, exact};
use super::locate::{Located, Locator, Problem, allowed};
use super::material::{Material, Reading};
use super::slip::{Meant, meant};
use super::words::place;

/// Cells of a problem up to which it is looked at as a whole; of a larger one, what stands around its failed edits.
const CELLS_MAX: usize = 600;
/// Repairs that are tried to the end for one cause.
const TRIALS_MAX: usize = 400;

/// Why some edits fail together.
#[derive(Clone, Debug, Default)]
pub struct Cause {
    /// The edits it explains, as places in the list of instances.
    pub instances: Vec<usize>,
    /// The smallest sets of cells whose change lets all edits hold; several where they weigh the same.
    pub sets: Vec<Vec<usize>>,
    /// Slips of one cell that let all edits hold, the likeliest first.
    pub repairs: Vec<Repair>,
}

/// A number that may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    pub cell: usize,
    pub meant: Meant,
    /// All figures then agree to the last digit, not only within rounding.
    pub exact: bool,
}

impl Cause {
    /// The cells of all sets.
    pub fn suspects(&self) -> BTreeSet<usize> {
        self.sets.iter().flatten().copied().collect()
    }

    /// The repairs that are as good as the first.
    pub fn candidates(&self) -> &[Repair] {
        let Some(first) = self.repairs.first() else { return &[] };
        let count = self.repairs.iter().take_while(|repair| repair.exact == first.exact).count();
        &self.repairs[..count]
    }
}

/// The causes behind the failed ones among some instances that share cells.
pub fn causes(
    part: &[usize],
    failed: &BTreeSet<usize>,
    all: &[Instance],
    cells: &[Cell],
    material: &Material,
) -> Vec<Cause> {
    let part = neighbourhood(part, failed, all);
    let local = Local::new(&part, all, cells);
    let locator = Locator::new(Problem { cells: &local.cells, edits: &local.edits });
    let wrong: Vec<usize> = part.iter().copied().filter(|nth| failed.contains(nth)).collect();
    let sets: Vec<Vec<usize>> = match locator.locate() {
        Located::Sets { sets, .. } => sets,
        Located::TooMany | Located::Never => Vec::new(),
    };
    if sets.is_empty() {
        // No few cells explain so much: it has one reason that lies in no cell.
        return vec![Cause { instances: wrong, sets: Vec::new(), repairs: Vec::new() }];
    }
    let mut causes = Vec::new();
    let mut open: Vec<Vec<usize>> = together(&wrong, all, &local.global(&sets));
    while let Some(instances) = open.pop() {
        let of_group: BTreeSet<usize> = instances.iter().flat_map(|nth| all[*nth].edit.cells()).collect();
        let own: BTreeSet<Vec<usize>> = local
            .global(&sets)
            .into_iter()
            .map(|set| set.into_iter().filter(|cell| of_group.contains(cell)).collect())
            .collect();
        // What changes elsewhere does not belong here: of a set and a part of it, the part.
        let holds_other = |set: &Vec<usize>| own.iter().any(|o| o != set && o.iter().all(|cell| set.contains(cell)));
        let sets_here = own.iter().filter(|set| !holds_other(set)).cloned().collect();
        let mut cause = Cause { instances, sets: sets_here, repairs: Vec::new() };
        let elsewhere: Vec<usize> = sets.first().map_or(Vec::new(), |set| {
            set.iter().copied().filter(|cell| !of_group.contains(&local.order[*cell])).collect()
        });
        cause.repairs = repairs(&cause, &elsewhere, &local, &locator, all, material);
        if cause.repairs.is_empty() && cause.instances.len() > 1 && cause.sets.iter().all(|set| set.len() > 1) {
            // No one cell explains all of them: each by itself.
            open.extend(cause.instances.iter().map(|nth| vec![*nth]));
            continue;
        }
        causes.push(cause);
    }
    causes.sort_by_key(|cause| cause.instances.clone());
    causes
}

/// A problem small enough to be looked at as a whole: if need be, the failed edits and those that share a cell with them.
fn neighbourhood(part: &[usize], failed: &BTreeSet<usize>, all: &[Instance]) -> Vec<usize> {
    let cells: BTreeSet<usize> = part.iter().flat_map(|nth| all[*nth].edit.cells()).collect();
    if cells.len() <= CELLS_MAX {
        return part.to_vec();
    }
    let near: BTreeSet<usize> =
        part.iter().filter(|nth| failed.contains(nth)).flat_map(|nth| all[*nth].edit.cells()).collect();
    part.iter().copied().filter(|nth| all[*nth].edit.cells().any(|cell| near.contains(&cell))).collect()
}

/// The cells and edits of one part, numbered for themselves.
struct Local {
    /// The cell of each number.
    order: Vec<usize>,
    number: BTreeMap<usize, usize>,
    cells: Vec<Cell>,
    edits: Vec<Edit>,
}

impl Local {
    fn new(part: &[usize], all: &[Instance], cells: &[Cell]) -> Local {
        let used: BTreeSet<usize> = part.iter().flat_map(|nth| all[*nth].edit.cells()).collect();
        let order: Vec<usize> = used.into_iter().collect();
        let number: BTreeMap<usize, usize> = order.iter().enumerate().map(|(nth, cell)| (*cell, nth)).collect();
        let edit = |nth: &usize| {
            let mut edit = all[*nth].edit.clone();
            for term in &mut edit.terms {
                term.cell = number[&term.cell];
                if let Factor::Cells { cells, .. } = &mut term.factor {
                    cells.iter_mut().for_each(|cell| *cell = number[cell]);
                }
            }
            edit
        };
        let edits = part.iter().map(edit).collect();
        let cells = order.iter().map(|cell| cells[*cell].clone()).collect();
        Local { order, number, cells, edits }
    }

    fn global(&self, sets: &[Vec<usize>]) -> Vec<Vec<usize>> {
        sets.iter().map(|set| set.iter().map(|cell| self.order[*cell]).collect()).collect()
    }
}

/// Failed edits that may have one cause: those that share a cell which would have to change.
fn together(wrong: &[usize], all: &[Instance], sets: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let suspects: BTreeSet<usize> = sets.iter().flatten().copied().collect();
    let mut groups: Vec<(BTreeSet<usize>, Vec<usize>)> = Vec::new();
    for nth in wrong {
        let own: BTreeSet<usize> = all[*nth].edit.cells().filter(|cell| suspects.contains(cell)).collect();
        let (joined, apart): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(cells, _)| !cells.is_disjoint(&own));
        groups = apart;
        let mut group = (own, vec![*nth]);
        for (cells, members) in joined {
            group.0.extend(cells);
            group.1.extend(members);
        }
        group.1.sort_unstable();
        groups.push(group);
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// Every slip of one cell that lets the failed edits hold, and all others; `elsewhere` is what other causes would change.
fn repairs(
    cause: &Cause,
    elsewhere: &[usize],
    local: &Local,
    locator: &Locator<'_>,
    all: &[Instance],
    material: &Material,
) -> Vec<Repair> {
    let mut shared: Option<BTreeSet<usize>> = None;
    for nth in &cause.instances {
        let own: BTreeSet<usize> = all[*nth].edit.cells().collect();
        shared = Some(shared.map_or(own.clone(), |held| held.intersection(&own).copied().collect()));
    }
    let suspects = cause.suspects();
    let mut found = Vec::new();
    let mut trials = 0;
    for cell in shared.into_iter().flatten() {
        let reading = &material.readings[cell];
        let own = local.number[&cell];
        // What other causes leave open says nothing here.
        let edits: Vec<&Edit> = local
            .edits
            .iter()
            .filter(|edit| edit.cells().any(|c| c == own) && !edit.cells().any(|c| elsewhere.contains(&c)))
            .collect();
        let Some(range) = allowed(own, &local.cells, &edits) else { continue };
        let bounded = range.low.is_some() && range.high.is_some();
        for meant in candidates(reading, bounded) {
            let Some((value, to)) = stands_for(reading, &meant) else { continue };
            if range.meet(&to).is_none() || trials >= TRIALS_MAX {
                continue;
            }
            trials += 1;
            if locator.holds(elsewhere, Some((own, &to))).is_ok() {
                let left: Exact =
                    cause.instances.iter().map(|nth| left_over(&all[*nth].edit, cell, value, material)).sum();
                found.push(Repair { cell, meant, exact: left.is_zero() });
            }
        }
    }
    let order = |repair: &Repair| {
        let reading = &material.readings[repair.cell];
        let longer = repair.meant.decimals != reading.decimals;
        let text = repair.meant.text.clone();
        (!repair.exact, !suspects.contains(&repair.cell), longer, repair.meant.slip, place(&reading.cell), text)
    };
    found.sort_by_key(order);
    found
}

fn candidates(reading: &Reading, bounded: bool) -> Vec<Meant> {
    let Some(printed) = reading.printed_value() else { return Vec::new() };
    let is_count = reading.rounding.is_zero();
    let mut all = meant(printed, reading.decimals);
    // A slip of size is one only where the rules say how large the number must be; a count of persons has no decimals.
    all.retain(|meant| (bounded || meant.slip.is_of_digits()) && !(is_count && meant.value.normalize().scale() > 0));
    all
}

/// The value and the true values that a text in the place of a cell's would stand for.
fn stands_for(reading: &Reading, meant: &Meant) -> Option<(Decimal, Interval)> {
    let value = meant.value.checked_mul(reading.factor)?;
    let half = Decimal::new(5, u32::from(meant.decimals.min(20)) + 1);
    let rounding = if reading.rounding.is_zero() { Decimal::ZERO } else { half.checked_mul(reading.factor)? };
    Some((value, Interval::around(value, rounding)))
}

/// What an edit still misses at the printed values, with another value for one cell.
fn left_over(edit: &Edit, cell: usize, value: Decimal, material: &Material) -> Exact {
    let at = |nth: usize| if nth == cell { value } else { material.readings[nth].value.unwrap_or_default() };
    let sum: Exact = edit
        .terms
        .iter()
        .map(|term| match &term.factor {
            Factor::Exactly(factor) => exact(*factor) * exact(at(term.cell)),
            Factor::Cells { times, cells } => {
                exact(*times) * exact(cells.first().map_or(Decimal::ZERO, |c| at(*c))) * exact(at(term.cell))
            }
        })
        .sum();
    if edit.sense == Sense::AtMostZero && !sum.is_positive() { Exact::zero() } else { sum.abs() }
}
