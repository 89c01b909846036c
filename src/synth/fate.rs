//! What befalls persons and units, drawn from the seed and their number.

use super::{Unit, World};

/// The seed. Draws of different tags, numbers and turns have nothing to do with each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chance(u64);

/// What is drawn.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Tag {
    Group = 1,
    Persons,
    Wage,
    Scheme,
    Exclusive,
    New,
    Stopped,
    Gap,
    Transferred,
    Arrears,
    Recovered,
    Cancelled,
    Death,
    Told,
    Claim,
    Pension,
    Treated,
    Wrong,
    Begun,
    Recovery,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(mixed(seed ^ 0x5368_6562_616f))
    }

    pub(crate) fn draw(self, tag: Tag, number: u64, turn: u64) -> u64 {
        mixed(mixed(self.0 ^ (tag as u64) << 56 ^ number).wrapping_add(turn))
    }

    /// Whether something of a given share happens.
    pub(crate) fn happens(self, tag: Tag, number: u64, turn: u64, share: f64) -> bool {
        // 53 bits are what a share can be told apart by.
        ((self.draw(tag, number, turn) >> 11) as f64) < share * (1u64 << 53) as f64
    }
}

/// splitmix64, by Sebastiano Vigna: every number of 64 bits to another one.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// An employee's life; months are counted from the first one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Employee {
    pub number: u64,
    /// Insured from this month on, and before this one.
    pub joined: u32,
    pub left: u32,
    /// Out from this month on, and before this one.
    pub gap: (u32, u32),
    /// With the other unit of the pair from this month on.
    pub moved: u32,
    pub died: Option<u32>,
    /// A bit for each scheme.
    pub schemes: u32,
    pub is_twice: bool,
    /// The contribution base of the first year.
    pub base_fen: i64,
}

/// A unit's fate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    /// Owing from this month on, and before this one.
    pub owing: (u32, u32),
    /// Pays in the month in which it owes no more what it owed.
    pub recovers: bool,
    pub cancelled: Option<u32>,
    /// Years before the first month.
    pub age: u32,
}

const NEVER: u32 = u32::MAX;

impl World<'_> {
    pub(crate) fn fate(&self, unit: &Unit) -> Fate {
        let (chance, months, number) = (self.chance, self.size.months, unit.number);
        let rates = &self.synth.rates;
        let month = |tag, turn| (chance.draw(tag, number, turn) % u64::from(months)) as u32;
        let owing = match chance.happens(Tag::Arrears, number, 0, rates.arrears) {
            true => {
                let start = month(Tag::Arrears, 1);
                (start, start + 1 + (chance.draw(Tag::Arrears, number, 2) % 14) as u32)
            }
            false => (NEVER, NEVER),
        };
        let ends = chance.happens(Tag::Cancelled, number, 0, rates.cancelled) && months > 1;
        Fate {
            owing,
            recovers: chance.happens(Tag::Recovered, number, 0, rates.arrears_recovered),
            cancelled: ends.then(|| month(Tag::Cancelled, 1).max(1)),
            age: 1 + (chance.draw(Tag::Begun, number, 0) % 20) as u32,
        }
    }

    pub(crate) fn employee(&self, unit: &Unit, nth: u64) -> Employee {
        let number = unit.first_person + nth;
        let (chance, months, rates) = (self.chance, self.size.months, &self.synth.rates);
        let later = |tag, turn, after: u32| {
            let rest = u64::from(months.saturating_sub(after + 1)).max(1);
            after + 1 + (chance.draw(tag, number, turn) % rest) as u32
        };
        let happens = |tag, share| chance.happens(tag, number, 0, share);
        let joined = if happens(Tag::New, rates.new) && months > 1 { later(Tag::New, 1, 0) } else { 0 };
        let left = if happens(Tag::Stopped, rates.stopped) { later(Tag::Stopped, 1, joined) } else { NEVER };
        let gap = match happens(Tag::Gap, rates.gap) {
            true => {
                let start = later(Tag::Gap, 1, joined);
                (start, start + 1 + (chance.draw(Tag::Gap, number, 2) % 4) as u32)
            }
            false => (NEVER, NEVER),
        };
        let moved =
            if happens(Tag::Transferred, rates.transferred) { later(Tag::Transferred, 1, joined) } else { NEVER };
        let died =
            happens(Tag::Death, rates.death).then(|| (chance.draw(Tag::Death, number, 1) % u64::from(months)) as u32);
        let mut schemes = 0;
        for (nth, scheme) in self.synth.scheme.iter().enumerate() {
            let is_in = chance.happens(Tag::Scheme, number, nth as u64, scheme.share);
            schemes |= u32::from(is_in) << nth;
        }
        let excluding = self.synth.exclusive.excludes.get_ref();
        let excluded = self.synth.scheme.iter().position(|s| s.code.get_ref() == excluding);
        let is_twice =
            excluded.is_some_and(|nth| schemes >> nth & 1 == 1) && happens(Tag::Exclusive, self.synth.exclusive.share);
        let base_fen = self.base(self.wage(unit, number));
        Employee { number, joined, left, gap, moved, died, schemes, is_twice, base_fen }
    }

    /// A wage, in fen: few earn much, many a little less than the mean.
    fn wage(&self, unit: &Unit, number: u64) -> i64 {
        let mean = i64::from(self.synth.group[unit.group].wage_yuan);
        let draw = |turn| (self.chance.draw(Tag::Wage, number, turn) % 1_000) as i64;
        // Two draws multiplied lean to the left; the mean of the product is 1.
        let (a, b) = (draw(0) + 500, draw(1) + 500);
        let tail = if draw(2) < 20 { 3 } else { 1 };
        mean * 100 * a / 1_000 * b / 1_000 * tail
    }

    /// The contribution base of a wage, whole yuan.
    fn base(&self, wage_fen: i64) -> i64 {
        let wage = wage_fen / 100 * 100;
        wage.clamp(self.floor_fen(), self.ceiling_fen())
    }

    pub(crate) fn floor_fen(&self) -> i64 {
        i64::from(self.synth.average_wage_yuan) * i64::from(self.synth.floor_pct)
    }

    pub(crate) fn ceiling_fen(&self) -> i64 {
        i64::from(self.synth.average_wage_yuan) * i64::from(self.synth.ceiling_pct)
    }
}

impl Employee {
    pub(crate) fn is_insured(&self, month: u32) -> bool {
        let out = (self.gap.0..self.gap.1).contains(&month);
        self.joined <= month && month < self.left && !out && self.died.is_none_or(|died| month <= died)
    }
}

impl Fate {
    pub(crate) fn is_active(&self, month: u32) -> bool {
        self.cancelled.is_none_or(|cancelled| month < cancelled)
    }

    pub(crate) fn owes(&self, month: u32) -> bool {
        (self.owing.0..self.owing.1).contains(&month)
    }

    /// The months that are paid for in a later one.
    pub(crate) fn recovered_in(&self, month: u32) -> std::ops::Range<u32> {
        if self.recovers && month == self.owing.1 && self.is_active(month) { self.owing.0..self.owing.1 } else { 0..0 }
    }
}
