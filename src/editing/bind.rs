//! Rules put to figures: every place where a rule holds good, with the cells that it needs there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use num_traits::{Signed as _, Zero as _};
use rust_decimal::Decimal;

use super::edit::{Edit, Exact, Factor, Sense, Term, exact};
use super::material::{Key, Material, Part, Reading, TableKey};
use super::tell::fact::Need;
use super::words::place;
use crate::domain::TOTAL;
use crate::spec::rules::{
    Comparison, Extremes, Level, Linear, Missing, Operand, Place, Rate, RelationKind, Role, Rule, Rulebook, Severity,
    Step, Within,
};

/// A rule put to some cells; cells are places in the list of readings.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Place in the rulebook.
    pub rule: usize,
    pub edit: Edit,
    /// The reading that the finding is about.
    pub at: usize,
    /// All cells, in the order in which they are told.
    pub cells: Vec<usize>,
    pub severity: Severity,
    pub form: Form,
    /// What is needed and is not there.
    pub missing: Vec<Need>,
}

/// How an instance is told.
#[derive(Clone, Debug)]
pub enum Form {
    /// Parts along a dimension, against a whole.
    Parts {
        dimension: Arc<str>,
        count: usize,
        sum: bool,
    },
    /// Terms with what they are called and count, against the figure.
    Terms {
        terms: Vec<Counted>,
        is: Comparison,
        cut_off: bool,
    },
    Rate {
        part: Option<usize>,
        less: Option<usize>,
        whole: Option<usize>,
        times: i64,
    },
    Level {
        per: usize,
        near_pct: i64,
    },
    /// The other place, which counts.
    Places {
        other: usize,
    },
    /// The lowest or the highest that is stated, which a figure lies beyond.
    Extreme {
        stated: usize,
        is_low: bool,
    },
    Bounds {
        low: Option<i64>,
        high: Option<i64>,
    },
}

/// A term: what it is called, what it counts, its cell, and the cell that it is multiplied by.
#[derive(Clone, Debug)]
pub struct Counted {
    pub role: Role,
    pub times: i64,
    pub cell: usize,
    pub each: Option<usize>,
}

/// All instances of the rules that say something of exact sums, products and bounds.
pub fn instances(book: &Rulebook, material: &Material) -> Vec<Instance> {
    let mut all = Vec::new();
    for (nth, rule) in book.rules.iter().enumerate() {
        let binder = Binder { nth, rule, material };
        if let Some(kind) = &rule.relation {
            all.extend(binder.relation(kind.kind));
        }
        if let Some(kind) = &rule.linear {
            all.extend(material.starts(&kind.at).filter_map(|at| binder.linear(kind, at)));
        }
        if let Some(kind) = &rule.rate {
            all.extend(material.starts(&kind.at).filter_map(|at| binder.rate(kind, at)));
        }
        if let Some(kind) = &rule.level {
            let standards = binder.standards(kind);
            all.extend(material.starts(&kind.at).filter_map(|at| binder.level(kind, at, &standards)));
        }
        if let Some(kind) = &rule.places {
            all.extend((0..material.readings.len()).filter_map(|at| binder.places(kind.revision, at)));
        }
        if let Some(kind) = &rule.extremes {
            all.extend((0..material.readings.len()).filter_map(|at| binder.extreme(kind, at)));
        }
        if let Some(kind) = &rule.range {
            for indicator in &kind.indicators {
                let of_indicator = |at: &usize| *material.readings[*at].key.indicator == **indicator;
                let readings = (0..material.readings.len()).filter(of_indicator);
                all.extend(readings.flat_map(|at| binder.bounds(kind.low, kind.high, at)));
            }
        }
    }
    all
}

struct Binder<'a> {
    nth: usize,
    rule: &'a Rule,
    material: &'a Material,
}

/// What stands for an operand.
enum Found {
    Cell(usize),
    Nothing,
    Missing(Role),
    /// The rule does not hold here.
    Silent,
}

fn term(cell: usize, factor: i64) -> Term {
    Term { cell, factor: Factor::Exactly(factor.into()) }
}

impl Binder<'_> {
    fn instance(&self, at: usize, edit: Edit, cells: Vec<usize>, form: Form) -> Instance {
        Instance { rule: self.nth, edit, at, cells, severity: self.rule.severity, form, missing: Vec::new() }
    }

    fn relation(&self, kind: RelationKind) -> Vec<Instance> {
        let (stored, sense) = match kind {
            RelationKind::Sum => ("sum", Sense::Zero),
            RelationKind::PartOf => ("part_of", Sense::AtMostZero),
        };
        let mut groups: BTreeMap<(&str, usize), Vec<&Part>> = BTreeMap::new();
        for part in self.material.parts.iter().filter(|part| *part.kind == *stored) {
            groups.entry((&part.relation_id, part.whole)).or_default().push(part);
        }
        let mut all = Vec::new();
        for ((_, whole), parts) in groups {
            let readings = &self.material.readings;
            let mut found: Vec<usize> = parts.iter().filter_map(|part| part.part).collect();
            found.sort_by_key(|cell| place(&readings[*cell].cell));
            let missing = parts.len() - found.len();
            let with_number = found.iter().filter(|cell| readings[**cell].value.is_some()).count();
            if readings[whole].value.is_none() || with_number == 0 {
                continue;
            }
            let put = |cells: &[usize]| {
                let terms = cells.iter().map(|cell| term(*cell, 1)).chain([term(whole, -1)]).collect();
                let form = Form::Parts {
                    dimension: parts[0].dimension.clone(),
                    count: cells.len(),
                    sum: sense == Sense::Zero,
                };
                let told = cells.iter().copied().chain([whole]).collect();
                let at = if sense == Sense::Zero || cells.len() > 1 { whole } else { cells[0] };
                self.instance(at, Edit { terms, sense }, told, form)
            };
            if sense == Sense::AtMostZero {
                // A missing part says nothing, and leaves the others to be at most the whole.
                found.retain(|cell| readings[*cell].value.is_some());
                all.extend(found.iter().map(|cell| Instance { at: whole, ..put(&[*cell]) }));
            }
            if sense == Sense::Zero || found.len() > 1 {
                let mut instance = put(&found);
                if sense == Sense::Zero && missing > 0 {
                    instance.missing.push(Need::Parts(missing));
                }
                all.push(instance);
            }
        }
        all
    }

    fn find(&self, at: usize, operand: &Operand, within: Within) -> Found {
        let material = self.material;
        let within = if operand.same_table { Within::Table } else { within };
        let mut places = [&operand.is].into_iter().chain(&operand.or);
        if let Some(cell) = places.find_map(|place| self.cell(at, place, within)) {
            return Found::Cell(cell);
        }
        match operand.missing {
            Some(Missing::Nothing) => Found::Nothing,
            Some(Missing::Silent) => Found::Silent,
            Some(Missing::Begins) if !material.has_earlier(at) || material.is_parted(&material.readings[at]) => {
                Found::Silent
            }
            _ => Found::Missing(operand.role.clone()),
        }
    }

    /// The cell with a number at a place, as seen from another.
    fn cell(&self, at: usize, place: &Place, within: Within) -> Option<usize> {
        let material = self.material;
        // What stands before a break is another quantity.
        if place.period == Some(Step::Previous) && material.is_parted(&material.readings[at]) {
            return None;
        }
        let key = material.key_at(at, place)?;
        let found = match (place.period, within) {
            (Some(Step::Ending), _) => material.ending(&key),
            (Some(Step::Latest), _) => material.latest(&key),
            (_, Within::Table) => material.of_table(at, &key),
            (_, Within::Figures) => material.figure(&key),
        };
        found.filter(|cell| material.readings[*cell].value.is_some())
    }

    fn linear(&self, kind: &Linear, at: usize) -> Option<Instance> {
        let reading = &self.material.readings[at];
        if reading.value.is_none() || (kind.within == Within::Figures && !reading.counts) {
            return None;
        }
        let first = self.sum(kind, &kind.terms, at)?;
        if kind.or.is_empty() {
            return Some(first);
        }
        // Of two sums that would do, the one that comes nearer.
        let Some(second) = self.sum(kind, &kind.or, at) else { return Some(first) };
        let miss = |instance: &Instance| {
            let value = |cell: &usize| exact(self.material.readings[*cell].value.unwrap_or_default());
            let sum = instance.edit.terms.iter().map(|t| match &t.factor {
                Factor::Exactly(factor) => value(&t.cell) * exact(*factor),
                Factor::Cells { times, cells } => {
                    value(&t.cell) * exact(*times) * cells.first().map_or_else(Exact::zero, value)
                }
            });
            (!instance.missing.is_empty(), sum.sum::<Exact>().abs())
        };
        Some(if miss(&second) < miss(&first) { second } else { first })
    }

    fn sum(&self, kind: &Linear, operands: &[Operand], at: usize) -> Option<Instance> {
        let (mut terms, mut told, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        for operand in operands {
            match self.find(at, operand, kind.within) {
                Found::Cell(cell) => {
                    let times = operand.times.unwrap_or(1);
                    let each = operand.each.as_ref().map(|place| self.cell(at, place, kind.within));
                    match each {
                        None => terms.push(term(cell, times)),
                        Some(Some(each)) => {
                            let factor = Factor::Cells { times: times.into(), cells: vec![each] };
                            terms.push(Term { cell, factor });
                        }
                        Some(None) => missing.push(Need::Each(operand.role.clone())),
                    }
                    told.push(Counted { role: operand.role.clone(), times, cell, each: each.flatten() });
                }
                Found::Nothing => {}
                Found::Missing(what) => missing.push(Need::Figure(what)),
                Found::Silent => return None,
            }
        }
        if terms.is_empty() && missing.is_empty() {
            return None;
        }
        terms.push(term(at, -1));
        // At least the sum: sum − figure is at most nothing. At most: the other way round.
        if kind.is == Comparison::AtMost {
            terms.iter_mut().for_each(|t| match &mut t.factor {
                Factor::Exactly(factor) | Factor::Cells { times: factor, .. } => *factor = -*factor,
            });
        }
        let sense = if kind.is == Comparison::Equal { Sense::Zero } else { Sense::AtMostZero };
        let mut cells: Vec<usize> = told.iter().flat_map(|t| [Some(t.cell), t.each]).flatten().chain([at]).collect();
        let mut seen = BTreeSet::new();
        cells.retain(|cell| seen.insert(*cell));
        let form = Form::Terms { terms: told, is: kind.is, cut_off: kind.cut_off };
        Some(Instance { missing, ..self.instance(at, Edit { terms, sense }, cells, form) })
    }

    fn rate(&self, kind: &Rate, at: usize) -> Option<Instance> {
        let reading = &self.material.readings[at];
        if reading.value.is_none() || (kind.within == Within::Figures && !reading.counts) {
            return None;
        }
        let (mut missing, mut cells, mut silent) = (Vec::new(), Vec::new(), false);
        let mut look = |operand: &Operand| match self.find(at, operand, kind.within) {
            Found::Cell(cell) => {
                cells.push(cell);
                Some(cell)
            }
            Found::Missing(what) => {
                missing.push(Need::Figure(what));
                None
            }
            Found::Nothing => None,
            Found::Silent => {
                silent = true;
                None
            }
        };
        let (part, less, whole) = (look(&kind.part), kind.less.as_ref().and_then(&mut look), look(&kind.whole));
        if silent {
            return None;
        }
        if part.is_none() && whole.is_none() {
            return None;
        }
        let mut terms: Vec<Term> = part.iter().map(|cell| term(*cell, kind.times)).collect();
        terms.extend(less.map(|cell| term(cell, -kind.times)));
        if let Some(cell) = whole {
            terms.push(Term { cell, factor: Factor::Cells { times: Decimal::NEGATIVE_ONE, cells: vec![at] } });
        }
        cells.push(at);
        let mut seen = BTreeSet::new();
        cells.retain(|cell| seen.insert(*cell));
        let form = Form::Rate { part, less, whole, times: kind.times };
        Some(Instance { missing, ..self.instance(at, Edit { terms, sense: Sense::Zero }, cells, form) })
    }

    /// The standards by all that they share with the amounts they make.
    fn standards(&self, kind: &Level) -> BTreeMap<Shared, Vec<usize>> {
        let mut all: BTreeMap<Shared, Vec<usize>> = BTreeMap::new();
        for nth in self.material.starts(&kind.standard).filter(|nth| self.material.readings[*nth].value.is_some()) {
            all.entry(shared(&self.material.readings[nth])).or_default().push(nth);
        }
        all
    }

    fn level(&self, kind: &Level, at: usize, of_shared: &BTreeMap<Shared, Vec<usize>>) -> Option<Instance> {
        let material = self.material;
        let reading = &material.readings[at];
        reading.value?;
        if *reading.key.population != *TOTAL || *reading.key.breakdown != *TOTAL {
            return None;
        }
        let per = material.of_table(at, &material.key_at(at, &kind.per)?)?;
        let mut standards: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for standard in of_shared.get(&shared(reading)).into_iter().flatten() {
            if let Some(key) = material.readings[*standard].breakdown(&kind.sum_over) {
                standards.entry(key).or_default().push(*standard);
            }
        }
        if standards.is_empty() || material.readings[per].value.is_none_or(|value| value <= Decimal::ZERO) {
            return None;
        }
        let mut cells = vec![per];
        let mut terms = vec![term(at, -1)];
        let mut of_standards: Vec<usize> = standards.values().flatten().copied().collect();
        of_standards.sort_by_key(|cell| place(&material.readings[*cell].cell));
        of_standards.dedup_by_key(|cell| material.readings[*cell].cell.clone());
        cells.extend(of_standards);
        cells.push(at);
        for payer in standards.into_values() {
            terms.push(Term { cell: per, factor: Factor::Cells { times: Decimal::ONE, cells: payer } });
        }
        let form = Form::Level { per, near_pct: kind.near_pct };
        Some(self.instance(at, Edit { terms, sense: Sense::Zero }, cells, form))
    }

    fn places(&self, revision: Severity, at: usize) -> Option<Instance> {
        let reading = &self.material.readings[at];
        let other = self.material.figure(&reading.key).filter(|other| *other != at)?;
        let counting = &self.material.readings[other];
        // Two cells of one edition of one table are duplicates, which are another fault.
        // but two sentences of one text are two places.
        let twice = reading.table() == counting.table();
        if reading.value.is_none() || (twice && reading.citation.is_empty()) {
            return None;
        }
        let same_table = reading.dataset == counting.dataset && reading.table_id == counting.table_id;
        let severity = if same_table && !twice { revision } else { self.rule.severity };
        let edit = Edit { terms: vec![term(at, 1), term(other, -1)], sense: Sense::Zero };
        Some(Instance { severity, ..self.instance(at, edit, vec![at], Form::Places { other }) })
    }

    /// The lowest or the highest that is stated of a quantity, and the figure itself.
    fn extreme(&self, kind: &Extremes, stated: usize) -> Option<Instance> {
        let reading = &self.material.readings[stated];
        let code = reading.breakdown(&kind.key)?;
        let is_low = code == kind.low;
        if reading.value.is_none() || !(is_low || code == kind.high) {
            return None;
        }
        let key = Key { breakdown: reading.breakdown_without(&kind.key).as_str().into(), ..reading.key.clone() };
        let at = self.material.figure(&key)?;
        let sign = if is_low { 1 } else { -1 };
        let edit = Edit { terms: vec![term(stated, sign), term(at, -sign)], sense: Sense::AtMostZero };
        Some(self.instance(at, edit, vec![stated, at], Form::Extreme { stated, is_low }))
    }

    /// The bounds are what the cell could be at all; an edit without terms, since there is nothing to add up.
    fn bounds(&self, low: Option<i64>, high: Option<i64>, at: usize) -> Option<Instance> {
        self.material.readings[at].value?;
        let edit = Edit { terms: Vec::new(), sense: Sense::Zero };
        Some(self.instance(at, edit, vec![at], Form::Bounds { low, high }))
    }
}

/// What a standard and the amount it makes have in common: table, period, region, scheme, ownership, industry.
type Shared = (TableKey, [Arc<str>; 5]);

fn shared(reading: &Reading) -> Shared {
    let key = &reading.key;
    (reading.table(), [&key.period, &key.region, &key.scheme, &key.ownership, &key.industry].map(Arc::clone))
}
