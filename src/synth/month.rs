//! The files of one region and month, and what is true of them.

use std::collections::BTreeMap;

use super::fate::{Employee, Fate, Tag};
use super::truth::Truth;
use super::write::{Layouts, Sheet, Value};
use super::{SynthError, Unit, World};
use crate::store::records::month_text;

/// The day on which contributions come in, and on which people die.
const PAID_ON: u32 = 15;
const DIED_ON: u32 = 10;

/// Write the files of a region for a month.
pub(super) fn write(
    world: &World<'_>,
    layouts: &Layouts<'_>,
    region: usize,
    month: u32,
    truth: &mut Truth,
) -> Result<(), SynthError> {
    let sheet = |table: &str| layouts.file(table, world.regions[region], world.start + month);
    let mut page = Page { world, region, month, insured: BTreeMap::new(), arrears: BTreeMap::new(), truth };
    page.units(sheet("core_unit")?)?;
    page.contributions(sheet("core_contribution")?)?;
    page.benefits(sheet("core_benefit")?)?;
    page.deaths(sheet("core_death")?)?;
    page.workforce(sheet("core_workforce")?)?;
    page.changes("change", 1);
    page.changes("change_year", 12);
    page.participation();
    page.owed();
    page.close();
    Ok(())
}

/// Group of units, if any, and scheme; the last of which is the one that excludes another.
type Cell = (u32, Option<usize>, usize);

pub(super) struct Page<'w, 'a> {
    pub world: &'w World<'a>,
    pub region: usize,
    pub month: u32,
    insured: BTreeMap<Cell, [i64; 4]>,
    arrears: BTreeMap<Cell, [i64; 2]>,
    pub truth: &'w mut Truth,
}

/// Where a person's contribution of a month stands, if there is one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stands {
    unit: usize,
}

impl World<'_> {
    /// The unit that a person of a unit works for in a month.
    fn workplace(&self, home: usize, employee: &Employee, month: u32) -> usize {
        if month >= employee.moved { home ^ 1 } else { home }
    }

    pub(super) fn is_insured(&self, home: usize, employee: &Employee, month: u32) -> bool {
        employee.is_insured(month) && self.fates[self.workplace(home, employee, month)].is_active(month)
    }

    fn is_wrong(&self, employee: &Employee, month: u32, scheme: usize) -> bool {
        let turn = u64::from(month) * 64 + scheme as u64;
        self.chance.happens(Tag::Wrong, employee.number, turn, self.synth.rates.wrong)
    }

    /// Whether a usable record of a person's scheme and month is in any of the files.
    pub(super) fn stands(&self, home: usize, employee: &Employee, month: u32, scheme: usize) -> Option<Stands> {
        let is_in = employee.schemes >> scheme & 1 == 1 && self.is_insured(home, employee, month);
        let unit = self.workplace(home, employee, month);
        let usable = !self.is_wrong(employee, month, scheme) || self.is_recovered(&self.fates[unit], month);
        (is_in && usable).then_some(Stands { unit })
    }

    /// Whether what is owed for a month is paid within the months that are made up.
    fn is_recovered(&self, fate: &Fate, month: u32) -> bool {
        fate.owes(month) && fate.owing.1 < self.size.months && fate.recovered_in(fate.owing.1).contains(&month)
    }

    /// The base of a month: bases are set anew each year.
    pub(super) fn base_in(&self, employee: &Employee, month: u32) -> i64 {
        let raised = employee.base_fen * (100 + 5 * i64::from(month / 12)) / 100 / 100 * 100;
        raised.clamp(self.floor_fen(), self.ceiling_fen())
    }

    /// The persons who work for a unit in a month, each with the unit at home.
    pub(super) fn staff(&self, unit: usize, month: u32) -> impl Iterator<Item = (usize, Employee)> + '_ {
        [unit, unit ^ 1].into_iter().flat_map(move |home| {
            let of = &self.units[home];
            let employees = (0..of.persons).map(move |nth| (home, self.employee(of, nth)));
            employees.filter(move |(home, employee)| self.workplace(*home, employee, month) == unit)
        })
    }
}

pub(super) fn unit_id(world: &World<'_>, unit: &Unit) -> String {
    format!("{}{:06}", world.regions[unit.region], unit.number)
}

fn person_id(number: u64) -> u64 {
    1_000_000_000 + number
}

impl Page<'_, '_> {
    fn code(&self) -> &str {
        self.world.regions[self.region]
    }

    /// The unit under which those are insured who pay for themselves.
    fn own_account(&self) -> String {
        format!("{}999999", self.code())
    }

    fn finish(&mut self, sheet: Sheet<'_>, records: i64, rejected: i64) -> Result<(), SynthError> {
        self.truth.add("file", &[&sheet.name], &[records, rejected]);
        sheet.finish()
    }

    fn units(&mut self, mut sheet: Sheet<'_>) -> Result<(), SynthError> {
        let world = self.world;
        let states = &world.synth.states;
        let mut records = 1;
        let own = self.own_account();
        sheet.record(&[
            ("unit_id", Value::Plain(&own)),
            ("region", Value::Code(self.code())),
            ("insured_date", Value::Day(world.start - 120, 1)),
            ("unit_status", Value::Code(states.active.get_ref())),
        ])?;
        for nth in world.places[self.region].clone() {
            let (unit, fate) = (&world.units[nth], &world.fates[nth]);
            let group = &world.synth.group[unit.group];
            let active = fate.is_active(self.month);
            let ended = fate.cancelled.filter(|_| !active);
            let name = unit_id(world, unit);
            sheet.record(&[
                ("unit_id", Value::Plain(&name)),
                ("unit_name", Value::Name { form: &group.name, region: self.code(), number: unit.number + 1 }),
                ("region", Value::Code(self.code())),
                ("industry", Value::Code(group.industry.get_ref())),
                ("ownership", Value::Code(group.ownership.get_ref())),
                ("insured_date", Value::Day(world.start - 12 * fate.age, 1)),
                ("cancelled_date", ended.map_or(Value::Blank, |month| Value::Day(world.start + month, 1))),
                ("unit_status", Value::Code(if active { states.active.get_ref() } else { states.cancelled.get_ref() })),
            ])?;
            records += 1;
        }
        self.finish(sheet, records, 0)
    }

    fn contributions(&mut self, mut sheet: Sheet<'_>) -> Result<(), SynthError> {
        let world = self.world;
        let (mut records, mut rejected) = (0, 0);
        for unit in world.places[self.region].clone() {
            let fate = &world.fates[unit];
            let months = fate.recovered_in(self.month).chain([self.month]);
            for month in months.filter(|month| fate.is_active(*month)) {
                for (_, employee) in world.staff(unit, month).filter(|(_, e)| e.is_insured(month)) {
                    let (written, wrong) = self.employee(unit, &employee, month, &mut sheet)?;
                    records += written;
                    rejected += wrong;
                }
            }
        }
        self.finish(sheet, records, rejected)
    }

    /// The records of a person, of the page's month or of one that is paid for late.
    fn employee(
        &mut self,
        at: usize,
        employee: &Employee,
        month: u32,
        sheet: &mut Sheet<'_>,
    ) -> Result<(i64, i64), SynthError> {
        let (world, states) = (self.world, &self.world.synth.states);
        let (unit, fate) = (&world.units[at], &world.fates[at]);
        let late = month != self.month;
        let (name, person) = (unit_id(world, unit), person_id(employee.number));
        let base = world.base_in(employee, month);
        let (mut written, mut rejected) = (0, 0);
        for (nth, scheme) in world.synth.scheme.iter().enumerate().filter(|(nth, _)| employee.schemes >> nth & 1 == 1) {
            let due = |percent: u32| base * i64::from(percent) / 100;
            let (unit_due, person_due) = (due(scheme.unit_pct), due(scheme.person_pct));
            let all = unit_due + person_due;
            let wrong = !late && world.is_wrong(employee, month, nth);
            let owes = !late && fate.owes(month);
            let status = if late {
                &states.recovered
            } else if owes {
                &states.unpaid
            } else {
                &states.paid
            };
            sheet.record(&[
                ("month", Value::Month(world.start + month)),
                ("region", Value::Code(self.code())),
                ("unit_id", Value::Plain(&name)),
                ("person_id", Value::Number(person)),
                ("scheme", Value::Code(scheme.code.get_ref())),
                ("base_yuan", if wrong { Value::Wrong } else { Value::Fen(base) }),
                ("unit_due_yuan", Value::Fen(unit_due)),
                ("person_due_yuan", Value::Fen(person_due)),
                ("paid_yuan", Value::Fen(if owes { 0 } else { all })),
                ("paid_date", if owes { Value::Blank } else { Value::Day(world.start + self.month, PAID_ON) }),
                ("payment_status", Value::Code(status.get_ref())),
            ])?;
            written += 1;
            rejected += i64::from(wrong);
            let cell = (month, Some(unit.group), nth);
            // A record paid for late takes the place of the one that was owed, which was counted, unless it was wrong.
            if !wrong && (!late || world.is_wrong(employee, month, nth)) {
                self.count(cell, base);
            }
            if (late || !owes) && !wrong {
                let money = if late { [0, all, 0] } else { [all, 0, 0] };
                self.fund(scheme.code.get_ref(), money);
            }
            if late {
                let (of, paid) = (month_text(world.start + month), month_text(world.start + self.month));
                let key = [paid.as_str(), &of, world.regions[self.region], scheme.code.get_ref()];
                self.truth.add("recovered", &key, &[1, all]);
            } else if owes && !wrong && !world.is_recovered(fate, month) {
                let held = self.arrears.entry(cell).or_default();
                *held = [held[0] + 1, held[1] + all];
            }
        }
        if employee.is_twice && !late {
            self.twice(person, base, sheet)?;
            written += 1;
        }
        Ok((written, rejected))
    }

    fn twice(&mut self, person: u64, base: i64, sheet: &mut Sheet<'_>) -> Result<(), SynthError> {
        let (world, exclusive) = (self.world, &self.world.synth.exclusive);
        let own = self.own_account();
        let paid = i64::from(exclusive.yuan) * 100;
        self.count((self.month, None, world.synth.scheme.len()), base);
        self.fund(exclusive.scheme.get_ref(), [paid, 0, 0]);
        sheet.record(&[
            ("month", Value::Month(world.start + self.month)),
            ("region", Value::Code(self.code())),
            ("unit_id", Value::Plain(&own)),
            ("person_id", Value::Number(person)),
            ("scheme", Value::Code(exclusive.scheme.get_ref())),
            ("base_yuan", Value::Fen(base)),
            ("unit_due_yuan", Value::Fen(0)),
            ("person_due_yuan", Value::Fen(paid)),
            ("paid_yuan", Value::Fen(paid)),
            ("paid_date", Value::Day(world.start + self.month, PAID_ON)),
            ("payment_status", Value::Code(world.synth.states.paid.get_ref())),
        ])
    }

    fn fund(&mut self, scheme: &str, money: [i64; 3]) {
        let month = month_text(self.world.start + self.month);
        self.truth.add("fund", &[&month, self.world.regions[self.region], scheme], &money);
    }

    fn count(&mut self, cell: Cell, base: i64) {
        let held = self.insured.entry(cell).or_default();
        let floor = i64::from(base == self.world.floor_fen());
        let ceiling = i64::from(base == self.world.ceiling_fen());
        *held = [held[0] + 1, held[1] + base, held[2] + floor, held[3] + ceiling];
    }

    fn benefits(&mut self, mut sheet: Sheet<'_>) -> Result<(), SynthError> {
        let (world, synth) = (self.world, self.world.synth);
        let mut records = 0;
        let (first, pensioners) = world.retired[self.region];
        for number in first..first + pensioners {
            let fate = Pensioner::new(world, number);
            let fen = fate.paid_in(self.month);
            self.claimed(&fate);
            if fen == 0 {
                continue;
            }
            records += 1;
            let codes = [synth.pension.scheme.get_ref(), synth.pension.benefit_kind.get_ref()];
            self.benefit(&mut sheet, number, codes, fen)?;
        }
        let treated = synth.scheme.iter().position(|s| s.code.get_ref() == synth.treatment.scheme.get_ref());
        for home in world.places[self.region].clone() {
            for nth in 0..world.units[home].persons {
                let employee = world.employee(&world.units[home], nth);
                let turn = u64::from(self.month);
                let share = synth.rates.treated;
                if !world.chance.happens(Tag::Treated, employee.number, turn, share) {
                    continue;
                }
                if !world.is_insured(home, &employee, self.month)
                    || treated.is_none_or(|nth| employee.schemes >> nth & 1 == 0)
                {
                    continue;
                }
                let fen = 5_000 + (world.chance.draw(Tag::Treated, employee.number, turn + 1) % 2_000_000) as i64;
                let codes = [synth.treatment.scheme.get_ref(), synth.treatment.benefit_kind.get_ref()];
                self.benefit(&mut sheet, employee.number, codes, fen)?;
                records += 1;
            }
        }
        self.finish(sheet, records, 0)
    }

    fn benefit(&mut self, sheet: &mut Sheet<'_>, number: u64, codes: [&String; 2], fen: i64) -> Result<(), SynthError> {
        let month = self.world.start + self.month;
        self.truth.add(
            "benefit",
            &[&month_text(month), self.world.regions[self.region], codes[0], codes[1]],
            &[i64::from(fen > 0), fen],
        );
        self.fund(codes[0], [0, 0, fen]);
        sheet.record(&[
            ("month", Value::Month(month)),
            ("region", Value::Code(self.code())),
            ("person_id", Value::Number(person_id(number))),
            ("scheme", Value::Code(codes[0])),
            ("benefit_kind", Value::Code(codes[1])),
            ("amount_yuan", Value::Fen(fen)),
        ])
    }

    /// Deaths are told up to two months late.
    fn deaths(&mut self, mut sheet: Sheet<'_>) -> Result<(), SynthError> {
        let world = self.world;
        let mut dead = Vec::new();
        for unit in &world.units[world.places[self.region].clone()] {
            for nth in 0..unit.persons {
                let employee = world.employee(unit, nth);
                dead.extend(employee.died.map(|died| (employee.number, died)));
            }
        }
        let (first, pensioners) = world.retired[self.region];
        for number in first..first + pensioners {
            dead.extend(Pensioner::new(world, number).died.map(|died| (number, died)));
        }
        let mut records = 0;
        for (number, died) in dead.into_iter().filter(|(number, died)| died + delay(world, *number) == self.month) {
            sheet.record(&[
                ("month", Value::Month(world.start + self.month)),
                ("region", Value::Code(self.code())),
                ("person_id", Value::Number(person_id(number))),
                ("death_date", Value::Day(world.start + died, DIED_ON)),
            ])?;
            records += 1;
        }
        self.finish(sheet, records, 0)
    }

    fn workforce(&mut self, mut sheet: Sheet<'_>) -> Result<(), SynthError> {
        let world = self.world;
        let mut groups: BTreeMap<usize, u64> = BTreeMap::new();
        for nth in world.places[self.region].clone() {
            if world.fates[nth].is_active(self.month) {
                *groups.entry(world.units[nth].group).or_default() += world.units[nth].persons;
            }
        }
        let records = groups.len() as i64;
        for (group, persons) in groups {
            let group = &world.synth.group[group];
            let at_work = (persons as f64 / (1.0 - world.synth.rates.uninsured).max(0.01)) as u64;
            let month = month_text(world.start + self.month);
            self.truth.add("person", &[&month, world.regions[self.region]], &[0, 0, at_work as i64]);
            sheet.record(&[
                ("month", Value::Month(world.start + self.month)),
                ("region", Value::Code(self.code())),
                ("industry", Value::Code(group.industry.get_ref())),
                ("ownership", Value::Code(group.ownership.get_ref())),
                ("population", Value::Code(world.synth.states.population.get_ref())),
                ("workforce_person", Value::Number(at_work)),
            ])?;
        }
        self.finish(sheet, records, 0)
    }

    fn close(self) {
        let Page { world, region, insured, arrears, truth, .. } = self;
        let mut add = |table, (month, group, scheme): Cell, figures: &[i64]| {
            let group = group.map(|group: usize| &world.synth.group[group]);
            let [industry, ownership] =
                group.map_or(["", ""], |group| [group.industry.get_ref().as_str(), group.ownership.get_ref().as_str()]);
            let exclusive = &world.synth.exclusive.scheme;
            let scheme = world.synth.scheme.get(scheme).map_or(exclusive, |scheme| &scheme.code);
            let month = month_text(world.start + month);
            truth.add(table, &[&month, world.regions[region], industry, ownership, scheme.get_ref()], figures);
        };
        insured.into_iter().for_each(|(cell, figures)| add("insured", cell, &figures));
        arrears.into_iter().for_each(|(cell, figures)| add("arrears", cell, &figures));
    }
}

pub(super) struct Pensioner {
    pension_fen: i64,
    pub died: Option<u32>,
    /// Months after the death in which the pension goes on.
    claims: u32,
    pub delay: u32,
    /// Whether all of that is taken back when the death is known.
    recovers: bool,
}

impl Pensioner {
    /// What is paid in a month, negative where it is taken back.
    pub(super) fn paid_in(&self, month: u32) -> i64 {
        let Some(died) = self.died else { return self.pension_fen };
        if month <= died + self.claims {
            self.pension_fen
        } else if self.recovers && month == died + self.claims.max(self.delay) + 1 {
            -self.pension_fen * i64::from(self.claims)
        } else {
            0
        }
    }

    fn new(world: &World<'_>, number: u64) -> Pensioner {
        let (chance, rates) = (world.chance, &world.synth.rates);
        let months = u64::from(world.size.months);
        let died = chance.happens(Tag::Death, number, 0, rates.death);
        let claims = chance.happens(Tag::Claim, number, 0, rates.claim_after_death);
        Pensioner {
            pension_fen: 150_000 + (chance.draw(Tag::Pension, number, 0) % 3_500) as i64 * 100,
            died: died.then(|| (chance.draw(Tag::Death, number, 1) % months) as u32),
            claims: if claims { 1 + (chance.draw(Tag::Claim, number, 1) % 6) as u32 } else { 0 },
            delay: delay(world, number),
            recovers: claims && chance.happens(Tag::Recovery, number, 0, rates.claim_recovered),
        }
    }
}

/// Months until a death is told.
fn delay(world: &World<'_>, number: u64) -> u32 {
    (world.chance.draw(Tag::Told, number, 0) % 3) as u32
}
