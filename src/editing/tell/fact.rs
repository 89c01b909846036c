//! What was judged, as a value: computed once, and worded by each language in its own way. A number is text as it would be
//! printed beside the cell that the finding is about; a cell is its place in the list of readings.

use std::sync::Arc;

use rust_decimal::Decimal;

use crate::editing::loose::Loose;
use crate::spec::rules::{Comparison, Role};

#[derive(Clone, Debug)]
pub enum Fact {
    /// The figure cannot be checked for want of others.
    Unchecked(Vec<Need>),
    /// What is so far, where some parts have no number.
    Unjudged(Box<Fact>, Vec<Need>),
    /// Parts by a dimension add up to another total than the printed one.
    Parts {
        dimension: Arc<str>,
        count: usize,
        total: String,
        off: String,
        less: bool,
    },
    /// A part is more than its whole.
    PartAbove {
        part: usize,
        total: String,
        off: String,
    },
    /// Parts together are more than their whole.
    PartsAbove {
        count: usize,
        total: String,
        off: String,
    },
    Sum {
        sum: Sum,
        is: Comparison,
        off: String,
        less: bool,
    },
    /// A sum that agrees loosely; `short`: it falls short of the printed number.
    Loosely {
        sum: Sum,
        loose: Loose,
        off: String,
        short: bool,
    },
    Rate {
        part: Option<usize>,
        less: Option<usize>,
        whole: Option<usize>,
        computed: String,
    },
    /// A rate of nothing.
    NoBase,
    Level {
        persons: String,
        each: String,
        above: bool,
        off: String,
        bound: String,
        bound_each: String,
    },
    Extreme {
        stated: usize,
        is_low: bool,
    },
    /// Another place says otherwise, and counts.
    Places {
        other: usize,
    },
    Negative,
    Below(Decimal),
    Above(Decimal),
    Odd(Odd),
}

/// What is possible and still asks for a look.
#[derive(Clone, Debug)]
pub enum Odd {
    Growth {
        before: String,
        pct: Option<Decimal>,
        grows: bool,
        policies: Vec<Policy>,
    },
    /// A ratio far from the middle of its like.
    Peers {
        base: usize,
        ratio: String,
        persons: String,
        middle: String,
    },
    Unit {
        before: String,
        neighbour: Neighbour,
        factor: String,
    },
    /// A balance that moves against what came in and went out.
    Direction {
        moved: String,
        falls: bool,
        left: String,
    },
    /// The same number for several codes; of each other code a cell.
    Coincidence {
        codes: Vec<Arc<str>>,
        others: Vec<usize>,
    },
    /// A cell that stands out of its row.
    OutOfRow {
        expected: String,
    },
    /// A cell that is not `row/base` of the base's cell.
    OffBase {
        row: i64,
        base: i64,
        whole: usize,
        pct: Option<Decimal>,
    },
    Signs {
        marks: Vec<char>,
        plus: usize,
        bare: usize,
        reads: [Reads; 2],
        declared: bool,
    },
}

impl Sum {
    /// The terms as they are added up, each worded by a language.
    pub fn written(&self, word: impl Fn(&Addend) -> String) -> String {
        let mut text = String::new();
        for (nth, addend) in self.terms.iter().enumerate() {
            let sign = match (nth, addend.times < 0) {
                (0, false) => "",
                (0, true) => "−",
                (_, false) => " + ",
                (_, true) => " − ",
            };
            let times = if addend.times.abs() == 1 { String::new() } else { format!("{} × ", addend.times.abs()) };
            text.push_str(&format!("{sign}{times}{}", word(addend)));
        }
        text
    }
}

/// Something that is needed and is not there.
#[derive(Clone, Debug)]
pub enum Need {
    Figure(Role),
    /// What is paid for each of so many.
    Each(Role),
    Parts(usize),
}

/// Terms and what they come to.
#[derive(Clone, Debug)]
pub struct Sum {
    pub terms: Vec<Addend>,
    pub total: String,
    /// One term, which is the total itself.
    pub alone: bool,
}

#[derive(Clone, Debug)]
pub struct Addend {
    pub role: Role,
    pub times: i64,
    pub number: Number,
}

#[derive(Clone, Debug)]
pub enum Number {
    /// In the unit of the sum.
    Plain(String),
    /// So many, of which each counts what another cell says.
    Each { cell: usize, each: usize },
}

/// A policy that moved a series; the day is ISO text.
#[derive(Clone, Debug)]
pub struct Policy {
    pub day: String,
    pub reason: String,
    pub reason_zh: String,
}

/// What a figure is compared to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Neighbour {
    Period,
    Edition,
}

/// How the numbers under a sign are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    Plus,
    Minus,
    Both,
}
