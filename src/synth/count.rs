//! What is true of a region and month, counted from the fates of persons and units, apart from what is written.

use std::collections::BTreeMap;

use super::month::{Page, Pensioner, unit_id};
use crate::store::records::month_text;

impl Page<'_, '_> {
    /// Who is new, back, gone or elsewhere against some months before.
    pub(super) fn changes(&mut self, table: &'static str, span: u32) {
        let world = self.world;
        // The first months have nothing before them: there all are as they are, and a year's table has no row.
        let before = self.month.checked_sub(span);
        if before.is_none() && span > 1 {
            return;
        }
        let mut counts = vec![[0_i64; 5]; world.synth.scheme.len()];
        for home in world.places[self.region].clone() {
            for nth in 0..world.units[home].persons {
                let employee = world.employee(&world.units[home], nth);
                for (scheme, count) in counts.iter_mut().enumerate() {
                    let stands = |month: u32| world.stands(home, &employee, month, scheme);
                    let now = stands(self.month);
                    count[0] += i64::from(now.is_some());
                    match (before.map(stands), now) {
                        (Some(None), Some(_)) => {
                            let ever = (0..before.unwrap_or_default()).any(|month| stands(month).is_some());
                            count[if ever { 2 } else { 1 }] += 1;
                        }
                        (Some(Some(_)), None) => count[3] += 1,
                        (Some(Some(old)), Some(new)) => count[4] += i64::from(old != new),
                        _ => {}
                    }
                }
            }
        }
        let month = month_text(world.start + self.month);
        for (scheme, figures) in world.synth.scheme.iter().zip(&counts) {
            self.truth.add(table, &[&month, scheme.code.get_ref()], figures);
        }
    }

    /// Who is in how many schemes, and in two that exclude each other.
    pub(super) fn participation(&mut self) {
        let world = self.world;
        let (mut numbers, mut exclusive, mut all) = (BTreeMap::<usize, i64>::new(), 0, 0);
        let excluded = world.synth.exclusive.excludes.get_ref();
        let excluded = world.synth.scheme.iter().position(|s| s.code.get_ref() == excluded);
        for home in world.places[self.region].clone() {
            for nth in 0..world.units[home].persons {
                let employee = world.employee(&world.units[home], nth);
                let stands = |scheme| world.stands(home, &employee, self.month, scheme).is_some();
                let mut number = (0..world.synth.scheme.len()).filter(|scheme| stands(*scheme)).count();
                all += i64::from(number == world.synth.scheme.len());
                if employee.is_twice && world.is_insured(home, &employee, self.month) {
                    number += 1;
                    exclusive += i64::from(excluded.is_some_and(stands));
                }
                *numbers.entry(number).or_default() += 1;
            }
        }
        let month = month_text(world.start + self.month);
        let mut insured = 0;
        for (number, persons) in numbers.into_iter().filter(|(number, _)| *number > 0) {
            self.truth.add("schemes", &[&month, &number.to_string()], &[persons]);
            insured += persons;
        }
        self.truth.add("exclusive", &[&month], &[exclusive]);
        self.truth.add("person", &[&month, world.regions[self.region]], &[insured, all, 0]);
    }

    /// What units owe at the end of the month, since when, and for how many months on end.
    pub(super) fn owed(&mut self) {
        let world = self.world;
        let now = month_text(world.start + self.month);
        for unit in world.places[self.region].clone() {
            let fate = &world.fates[unit];
            let mut unpaid = Vec::new();
            for month in (0..=self.month).filter(|month| fate.owes(*month) && fate.is_active(*month)) {
                // It comes in later than its month, or not at all.
                let paid = fate.recovers && fate.is_active(fate.owing.1) && fate.owing.1 <= self.month;
                if paid && fate.owing.1 < self.month {
                    continue;
                }
                let dues = self.dues(unit, month);
                if dues.iter().any(|fen| *fen > 0) && !paid {
                    unpaid.push(month);
                }
                for (scheme, fen) in dues.into_iter().enumerate().filter(|(_, fen)| *fen > 0) {
                    let mut figures = [0; 7];
                    if paid {
                        figures[2] = fen;
                    } else {
                        let age = match self.month - month {
                            0..=2 => 3,
                            3..=5 => 4,
                            6..=11 => 5,
                            _ => 6,
                        };
                        figures[0] = fen;
                        figures[age] = fen;
                    }
                    if month == self.month {
                        figures[1] = fen;
                    }
                    let group = &world.synth.group[world.units[unit].group];
                    let codes = [&group.industry, &group.ownership, &world.synth.scheme[scheme].code];
                    let [industry, ownership, scheme] = codes.map(|code| code.get_ref().as_str());
                    let key = [now.as_str(), world.regions[self.region], industry, ownership, scheme];
                    self.truth.add("owed", &key, &figures);
                }
            }
            if !unpaid.is_empty() {
                let (mut longest, mut run) = (0, 0);
                for (nth, month) in unpaid.iter().enumerate() {
                    run = if nth > 0 && unpaid[nth - 1] + 1 == *month { run + 1 } else { 1 };
                    longest = longest.max(run);
                }
                let last = if unpaid.last() == Some(&self.month) { run } else { 0 };
                let key = [now.as_str(), world.regions[self.region], &unit_id(world, &world.units[unit])];
                self.truth.add("owing", &key, &[unpaid.len() as i64, longest, last]);
            }
        }
    }

    /// What is due of a unit for a month, by scheme, in fen.
    fn dues(&self, unit: usize, month: u32) -> Vec<i64> {
        let world = self.world;
        let mut dues = vec![0; world.synth.scheme.len()];
        for (home, employee) in world.staff(unit, month) {
            let base = world.base_in(&employee, month);
            for (nth, scheme) in world.synth.scheme.iter().enumerate() {
                if world.stands(home, &employee, month, nth).is_some() {
                    let due = |percent: u32| base * i64::from(percent) / 100;
                    dues[nth] += due(scheme.unit_pct) + due(scheme.person_pct);
                }
            }
        }
        dues
    }

    /// What was paid to the dead, as far as their death is told within the months that are made up.
    pub(super) fn claimed(&mut self, fate: &Pensioner) {
        let Some(died) = fate.died.filter(|died| died + fate.delay < self.world.size.months) else { return };
        let month = month_text(self.world.start + self.month);
        let paid: Vec<i64> = (died + 1..=self.month).map(|month| fate.paid_in(month)).collect();
        let sums = |paid: &[i64]| {
            let of = |sign: i64| paid.iter().filter(move |fen| **fen * sign > 0);
            (of(1).count() as i64, of(1).sum::<i64>(), -of(-1).sum::<i64>())
        };
        let (months, amount, recovered) = sums(&paid);
        if months > 0 {
            self.truth.add("after_death_to_date", &[&month], &[1, months, amount, recovered]);
            let (persons, amount, recovered) = sums(&paid[paid.len() - 1..]);
            self.truth.add("after_death", &[&month], &[persons, amount, recovered]);
        }
    }
}
