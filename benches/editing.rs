//! How long does it take to find the cells that must change in many records, each with errors, under many rules?
//!
//! `make bench` runs it optimised; the bound that it is held to is a minute for 10,000 records of 30 rules on two cores.

use std::thread;

use rust_decimal::Decimal;
use shebao::editing::edit::{Cell, Edit, Factor, Interval, Sense, Term};
use shebao::editing::locate::{Located, Problem};

fn main() {
    divan::main();
}

const RECORDS: u64 = 10_000;
/// Regions and columns of a record: a table of amounts with totals both ways, and an `其中` for each region.
const REGIONS: usize = 12;
const COLUMNS: usize = 5;

/// A sequence that is the same on every machine.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A record of 31 rules: 12 rows and 6 columns that add up, the grand total both ways, and 13 parts at most their whole;
/// one to three of its numbers are wrong.
fn record(seed: u64) -> (Vec<Cell>, Vec<Edit>) {
    let mut random = Sequence(seed);
    let width = COLUMNS + 1;
    let place = |row: usize, column: usize| row * width + column;
    let mut values = vec![0u64; (REGIONS + 1) * width];
    for row in 0..REGIONS {
        for column in 0..COLUMNS {
            let value = random.below(1_000_000_000);
            values[place(row, column)] = value;
            for total in [place(row, COLUMNS), place(REGIONS, column), place(REGIONS, COLUMNS)] {
                values[total] += value;
            }
        }
    }
    let count = values.len();
    values.extend((0..=REGIONS).map(|row| values[place(row, COLUMNS)] / 3).collect::<Vec<_>>());
    for _ in 0..=random.below(3) {
        let wrong = random.below(count as u64) as usize;
        values[wrong] += 1 + random.below(90_000_000);
    }
    let not_negative = Interval::new(Some(Decimal::ZERO), None);
    let cell = |(nth, value): (usize, &u64)| {
        let is_total = nth >= place(REGIONS, 0) || nth % width == COLUMNS;
        let value = Decimal::new(*value as i64, 2);
        Cell::number(value, Decimal::new(5, 3), not_negative.clone(), if is_total { 3 } else { 2 })
    };
    let cells = values.iter().enumerate().map(cell).collect();
    let sum = |parts: Vec<usize>, whole: usize, sense: Sense| {
        let term = |cell: usize, factor: i64| Term { cell, factor: Factor::Exactly(factor.into()) };
        Edit { terms: parts.into_iter().map(|cell| term(cell, 1)).chain([term(whole, -1)]).collect(), sense }
    };
    let rows = (0..=REGIONS).map(|r| sum((0..COLUMNS).map(|c| place(r, c)).collect(), place(r, COLUMNS), Sense::Zero));
    let columns =
        (0..COLUMNS).map(|c| sum((0..REGIONS).map(|r| place(r, c)).collect(), place(REGIONS, c), Sense::Zero));
    let parts = (0..=REGIONS).map(|r| sum(vec![count + r], place(r, COLUMNS), Sense::AtMostZero));
    (cells, rows.chain(columns).chain(parts).collect())
}

#[divan::bench(sample_count = 1, sample_size = 1)]
fn locate_10000_records_of_31_rules() -> usize {
    let half = |nth: u64| {
        let located = |seed: u64| {
            let (cells, edits) = record(seed);
            assert_eq!(edits.len(), 31);
            matches!(Problem { cells: &cells, edits: &edits }.locate(), Located::Sets { .. })
        };
        (0..RECORDS / 2).filter(|seed| located(seed * 2 + nth)).count()
    };
    let found = thread::scope(|scope| {
        let halves = [0, 1].map(|nth| scope.spawn(move || half(nth)));
        halves.map(|half| half.join().expect("no record stops it")).iter().sum()
    });
    println!("{found} of {RECORDS} located");
    found
}
