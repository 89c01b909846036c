//! Rules of plausibility: what is possible and still asks for a look. They say of no figure that it is wrong, and weigh in
//! where a failed rule leaves open which of its cells is.

mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;

use super::edit::{Interval, exact};
use super::material::{Break, Key, Material, Reading, TableKey};
use super::number::{median, quotient, significant};
use super::slip::{Slip, meant};
use super::tell::fact::{Fact, Neighbour, Odd, Policy, Reads};
use super::words::{decimal, grouped, shown};
use crate::domain::finding::Likely;
use crate::spec::rules::{Coincidence, Direction, Growth, Magnitude, Peers, Place, Rule, Rulebook, Severity, Step};

/// Something to look at.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// Place in the rulebook.
    pub rule: usize,
    pub at: usize,
    pub cells: Vec<usize>,
    pub severity: Option<Severity>,
    pub residual: Option<Decimal>,
    pub tolerance: Option<Decimal>,
    pub fact: Fact,
    pub likely: Likely,
    /// Whether it says that this very figure stands out of its row or of its like.
    pub stands_out: bool,
}

/// What was looked at, and what there is to look at again.
#[derive(Debug, Default)]
pub struct Doubts {
    /// Rule and reading.
    pub looked: Vec<(usize, usize)>,
    pub found: Vec<Doubt>,
}

pub fn doubts(book: &Rulebook, material: &Material) -> Doubts {
    let mut all = Doubts::default();
    for (nth, rule) in book.rules.iter().enumerate() {
        let mut look = Look { nth, material, all: &mut all };
        look.rule(rule);
    }
    all.found.sort_by_key(|doubt| (doubt.rule, doubt.at));
    all
}

struct Look<'a> {
    nth: usize,
    material: &'a Material,
    all: &'a mut Doubts,
}

fn previous_of(place: &Place) -> Place {
    Place { period: Some(Step::Previous), ..place.clone() }
}

/// An amount of base units in the unit of a cell.
fn in_unit(amount: Decimal, of: &Reading) -> String {
    quotient(amount, of.factor).map_or_else(String::new, grouped)
}

/// What a figure may be after the one before it.
fn within_growth(kind: &Growth, before: Decimal) -> Interval {
    let hundred = Decimal::ONE_HUNDRED;
    let least = match kind.fall_pct {
        Some(fall) => quotient(before * (hundred - Decimal::from(fall)), hundred),
        None => quotient(before * hundred, Decimal::from(kind.factor_pct)),
    };
    Interval::new(least, quotient(before * Decimal::from(kind.factor_pct), hundred))
}

impl Look<'_> {
    fn rule(&mut self, rule: &Rule) {
        if let Some(kind) = &rule.growth {
            self.growth(kind, rule.slips && rule.severity != Severity::Info);
        }
        if let Some(kind) = &rule.peers {
            self.peers(kind);
        }
        if let Some(kind) = &rule.magnitude {
            self.magnitude(kind);
        }
        if let Some(kind) = &rule.proportional {
            self.proportional(kind);
        }
        if let Some(kind) = &rule.direction {
            self.direction(kind);
        }
        if let Some(kind) = &rule.coincidence {
            self.coincidence(kind);
        }
        if rule.signs.is_some() {
            self.signs();
        }
    }

    fn push(&mut self, at: usize, cells: Vec<usize>, numbers: [Option<Decimal>; 2], odd: Odd) -> &mut Doubt {
        let [residual, tolerance] = numbers;
        self.all.found.push(Doubt {
            rule: self.nth,
            at,
            cells,
            severity: None,
            residual,
            tolerance,
            fact: Fact::Odd(odd),
            likely: Likely::default(),
            stands_out: false,
        });
        self.all.found.last_mut().expect("one was pushed")
    }

    /// A figure that counts, and the one of the period before.
    fn pairs(&mut self, place: &Place) -> Vec<(usize, usize, Decimal, Decimal)> {
        let material = self.material;
        let before = previous_of(place);
        let pair = |now: usize| {
            let reading = &material.readings[now];
            // Across a break there is nothing to compare.
            if material.is_parted(reading) {
                return None;
            }
            let old = material.figure(&material.key_at(now, &before)?).filter(|_| reading.counts)?;
            Some((now, old, reading.value?, material.readings[old].value?))
        };
        let pairs: Vec<_> = material.starts(place).filter_map(pair).collect();
        self.all.looked.extend(pairs.iter().map(|(now, ..)| (self.nth, *now)));
        pairs
    }

    fn growth(&mut self, kind: &Growth, slips: bool) {
        let (factor, hundred) = (Decimal::from(kind.factor_pct), Decimal::ONE_HUNDRED);
        for (now, old, value, before) in self.pairs(&kind.at) {
            let change = value - before;
            let allowed = match change.is_sign_positive() {
                true => Some(before * (factor - hundred) / hundred),
                false if kind.fall_pct.is_some() => kind.fall_pct.map(|fall| before * Decimal::from(fall) / hundred),
                false => quotient(before * (factor - hundred), factor),
            };
            let Some(allowed) = allowed.filter(|allowed| before > Decimal::ZERO && change.abs() > *allowed) else {
                continue;
            };
            let reading = &self.material.readings[now];
            let earlier = &self.material.readings[old].key.period;
            let policy =
                |b: &Break| Policy { day: b.day.clone(), reason: b.reason.clone(), reason_zh: b.reason_zh.clone() };
            let odd = Odd::Growth {
                before: in_unit(before, reading),
                pct: quotient(change * hundred, before).map(|pct| pct.round_dp(2)),
                grows: change.is_sign_positive(),
                policies: self.material.breaks_between(earlier, reading).map(policy).collect(),
            };
            // Only what is taken for wrong is looked at for a slip.
            let likely = match slips {
                true => self.slips_within(now, &within_growth(kind, before), Slip::is_of_digits),
                false => Likely::default(),
            };
            self.push(now, vec![old, now], [Some(change.normalize()), Some(allowed.normalize())], odd).likely = likely;
        }
    }

    /// Figures of one table that differ by region, or by what the rule says, with what each has per person. A total of them is
    /// no peer.
    fn peers(&mut self, kind: &Peers) {
        /// What there is for each, the cell that is divided by, and the cell that is divided.
        type Ratio = (Decimal, usize, usize);
        let material = self.material;
        let totals: BTreeSet<usize> = material
            .parts
            .iter()
            .filter(|p| &*p.kind == "sum" && kind.over.iter().any(|of| of.as_str() == &*p.dimension))
            .map(|p| p.whole)
            .collect();
        let mut groups: BTreeMap<(TableKey, Key), Vec<Ratio>> = BTreeMap::new();
        for base in material.starts(&kind.per).filter(|base| !totals.contains(base)) {
            let reading = &material.readings[base];
            let ratio = || {
                let at = material.of_table(base, &material.key_at(base, &kind.at)?)?;
                let (value, per) = (material.readings[at].value?, reading.value?);
                Some((quotient(value, per).filter(|_| per > Decimal::ZERO)?, base, at))
            };
            groups.entry((reading.table(), reading.key.without(&kind.over))).or_default().extend(ratio());
        }
        for ratios in groups.into_values() {
            self.all.looked.extend(ratios.iter().map(|(_, _, at)| (self.nth, *at)));
            let Some(middle) = median(ratios.iter().map(|(ratio, ..)| *ratio).collect()) else { continue };
            if ratios.len() < kind.least || middle <= Decimal::ZERO {
                continue;
            }
            let factor = Decimal::from(kind.factor);
            let Some(lowest) = quotient(middle, factor) else { continue };
            for (ratio, base, at) in ratios {
                let residual = ratio - middle;
                let allowed =
                    if residual.is_sign_positive() { middle * (factor - Decimal::ONE) } else { middle - lowest };
                if residual.abs() <= allowed {
                    continue;
                }
                let persons = material.readings[base].value.unwrap_or_default();
                let odd = Odd::Peers {
                    base,
                    ratio: grouped(ratio.round_dp(4)),
                    persons: grouped(persons),
                    middle: grouped(middle.round_dp(4)),
                };
                let range = Interval::new(Some(lowest * persons), Some(middle * factor * persons));
                let likely = self.slips_within(at, &range, |slip| slip == Slip::Unit);
                let numbers = [Some(residual.normalize()), Some(allowed.normalize())];
                let doubt = self.push(at, vec![base, at], numbers, odd);
                doubt.stands_out = true;
                doubt.likely = if likely.repair.is_empty() { Likely::default() } else { likely };
            }
        }
    }

    fn magnitude(&mut self, kind: &Magnitude) {
        let mut of_edition: BTreeMap<(Arc<str>, Arc<str>, Key), Vec<usize>> = BTreeMap::new();
        for indicator in &kind.indicators {
            let place = Place { indicator: indicator.clone(), ..Place::default() };
            for (now, old, value, before) in self.pairs(&place) {
                self.unit_slip(kind, now, old, value, before, Neighbour::Period);
            }
            for nth in self.material.starts(&place) {
                let reading = &self.material.readings[nth];
                let key = (reading.dataset.clone(), reading.table_id.clone(), reading.key.clone());
                of_edition.entry(key).or_default().push(nth);
            }
        }
        for mut editions in of_edition.into_values() {
            editions.sort_by_key(|nth| self.material.readings[*nth].edition.clone());
            for (old, now) in editions.iter().zip(editions.iter().skip(1)) {
                let value = |nth: usize| self.material.readings[nth].value;
                if let (Some(value), Some(before)) = (value(*now), value(*old)) {
                    self.all.looked.push((self.nth, *now));
                    self.unit_slip(kind, *now, *old, value, before, Neighbour::Edition);
                }
            }
        }
    }

    fn unit_slip(
        &mut self,
        kind: &Magnitude,
        now: usize,
        old: usize,
        value: Decimal,
        before: Decimal,
        neighbour: Neighbour,
    ) {
        let near = Decimal::from(kind.near);
        let (small, large) = (value.abs().min(before.abs()), value.abs().max(before.abs()));
        let is_slip = |factor: &&i64| {
            let factor = Decimal::from(**factor);
            let product = |a: Decimal, b: Decimal| a.checked_mul(b).unwrap_or(Decimal::MAX);
            large >= product(small, factor) / near && large <= product(product(small, factor), near)
        };
        let Some(factor) = kind.factors.iter().find(is_slip).filter(|_| !small.is_zero()) else { return };
        let reading = &self.material.readings[now];
        let factor = grouped(Decimal::from(*factor));
        let odd = Odd::Unit { before: in_unit(before, reading), neighbour, factor };
        self.push(now, vec![old, now], [decimal(&exact(value - before)), None], odd).stands_out = true;
    }

    /// Slips of a cell that lead into a range, and what would have to change with it.
    fn slips_within(&self, cell: usize, range: &Interval, is_meant: impl Fn(Slip) -> bool) -> Likely {
        let reading = &self.material.readings[cell];
        let Some(printed) = reading.printed_value() else { return Likely::default() };
        let within = |value: Decimal| range.contains(&exact(value * reading.factor));
        let mut found: Vec<_> =
            meant(printed, reading.decimals).into_iter().filter(|m| is_meant(m.slip) && within(m.value)).collect();
        found.sort_by_key(|m| (m.decimals != reading.decimals, m.slip));
        let told: Vec<String> = found.iter().map(|m| format!("{} ({})", m.text, m.slip.as_str())).collect();
        let mut with_it: Vec<String> = Vec::new();
        for part in self.material.parts.iter().filter(|p| p.part == Some(cell) && &*p.kind == "sum") {
            let whole = &self.material.readings[part.whole];
            let Some(of_whole) = whole.printed_value() else { continue };
            let slips = meant(of_whole, whole.decimals);
            let follows = found.iter().find_map(|own| slips.iter().find(|m| m.value - of_whole == own.value - printed));
            with_it.extend(follows.map(|m| format!("{} {} → {}", whole.cell, shown(whole), m.text)));
        }
        with_it.sort();
        let mut repair = match told.is_empty() {
            true => String::new(),
            false => format!("{} {} would have to be {}", reading.cell, shown(reading), told.join(" or ")),
        };
        if !repair.is_empty() && !with_it.is_empty() {
            repair.push_str(&format!("; the total agrees with the slip, and with it {}", with_it.join(", ")));
        }
        let suspects = reading.cell.clone();
        Likely {
            cause: reading.obs_id.clone(),
            suspects,
            repair,
            candidates: Some(found.len() as u64),
            agrees: String::new(),
        }
    }

    fn direction(&mut self, kind: &Direction) {
        for (now, old, value, before) in self.pairs(&kind.at) {
            let material = self.material;
            let (reading, earlier) = (&material.readings[now], &material.readings[old]);
            let (mut flow, mut rounding, mut cells) = (Decimal::ZERO, Decimal::ZERO, vec![old]);
            let mut complete = true;
            for operand in &kind.terms {
                let found = material.key_at(now, &operand.is).and_then(|key| material.figure(&key));
                match found.and_then(|cell| Some((cell, material.readings[cell].value?))) {
                    Some((cell, amount)) => {
                        flow += amount * Decimal::from(operand.times.unwrap_or(1));
                        rounding += material.readings[cell].rounding;
                        cells.push(cell);
                    }
                    None => complete &= operand.missing.is_some(),
                }
            }
            cells.push(now);
            let change = value - before;
            let opposed = change.is_sign_positive() != flow.is_sign_positive();
            let sure = change.abs() > reading.rounding + earlier.rounding && flow.abs() > rounding;
            if !(complete && opposed && sure) {
                continue;
            }
            let odd = Odd::Direction {
                moved: in_unit(change.abs(), reading),
                falls: change.is_sign_negative(),
                left: in_unit(flow.abs(), reading),
            };
            self.push(now, cells, [Some((flow - change).normalize()), Some(rounding.normalize())], odd);
        }
    }

    fn coincidence(&mut self, kind: &Coincidence) {
        let mut groups: BTreeMap<(Arc<str>, Key, Decimal), Vec<usize>> = BTreeMap::new();
        for indicator in &kind.indicators {
            for nth in self.material.starts(&Place { indicator: indicator.clone(), ..Place::default() }) {
                let reading = &self.material.readings[nth];
                let Some(value) = reading.value else { continue };
                self.all.looked.push((self.nth, nth));
                if significant(reading) >= kind.digits {
                    let key = reading.key.without(&[kind.over]);
                    groups.entry((reading.dataset.clone(), key, value)).or_default().push(nth);
                }
            }
        }
        for cells in groups.into_values() {
            let codes: BTreeSet<&Arc<str>> =
                cells.iter().map(|nth| self.material.readings[*nth].key.code(kind.over)).collect();
            if codes.len() < 2 {
                continue;
            }
            let own = self.material.readings[cells[0]].key.code(kind.over);
            let first_of = |code: &&Arc<str>| {
                cells.iter().copied().find(|nth| self.material.readings[*nth].key.code(kind.over) == *code)
            };
            let others = codes.iter().copied().filter(|code| *code != own).filter_map(|code| first_of(&code)).collect();
            let odd = Odd::Coincidence { codes: codes.into_iter().cloned().collect(), others };
            self.push(cells[0], cells, [None, None], odd);
        }
    }

    fn signs(&mut self) {
        let mut columns: BTreeMap<(TableKey, Arc<str>, Arc<str>), Vec<usize>> = BTreeMap::new();
        for (nth, reading) in self.material.readings.iter().enumerate().filter(|(_, r)| r.value.is_some()) {
            columns
                .entry((reading.table(), reading.sheet.clone(), reading.key.indicator.clone()))
                .or_default()
                .push(nth);
        }
        for cells in columns.into_values() {
            let reading = |nth: &usize| &self.material.readings[*nth];
            let (plus, rest): (Vec<usize>, Vec<usize>) =
                cells.iter().partition(|nth| reading(nth).printed.trim().starts_with(['+', '＋']));
            let bare: Vec<usize> = rest
                .into_iter()
                .filter(|nth| reading(nth).printed.trim().starts_with(|c: char| c.is_ascii_digit()))
                .collect();
            if plus.is_empty() {
                continue;
            }
            let mut cells = cells.clone();
            cells.sort_by_key(|nth| (reading(nth).cell.len(), reading(nth).cell.clone()));
            self.all.looked.push((self.nth, plus[0]));
            let read = |cells: &[usize]| {
                let negative =
                    cells.iter().filter(|nth| reading(nth).value.is_some_and(|v| v.is_sign_negative())).count();
                match negative {
                    0 => Reads::Plus,
                    all if all == cells.len() => Reads::Minus,
                    _ => Reads::Both,
                }
            };
            let kinds: BTreeSet<char> =
                plus.iter().filter_map(|nth| reading(nth).printed.trim().chars().next()).collect();
            if bare.is_empty() && kinds.len() < 2 {
                continue;
            }
            // Where signs mean what they do everywhere, a plus beside no sign leaves open what no sign means.
            let reads = [read(&plus), read(&bare)];
            let declared = reads.contains(&Reads::Minus);
            let marks = kinds.into_iter().collect();
            let odd = Odd::Signs { marks, plus: plus.len(), bare: bare.len(), reads, declared };
            let severity = if declared { Severity::Info } else { Severity::Warning };
            self.push(plus[0], cells, [None, None], odd).severity = Some(severity);
        }
    }
}
