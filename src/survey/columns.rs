//! Which columns of a block hold labels and which hold numbers, and where one block is several tables side by side.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::blocks::Block;
use super::cell::Kind;
use super::lines::Lines;
use crate::domain::label::normalise;

/// Label columns that a table has at most.
const LABELS_MAX: usize = 8;

/// The columns of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    pub labels: Vec<u32>,
    /// Every further column with a header or a cell.
    pub data: Vec<u32>,
    /// Columns among the data that hold text.
    pub texts: Vec<u32>,
    /// Whether a column is mostly numbers, which makes a table of them.
    pub numeric: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    numbers: usize,
    periods: usize,
    texts: usize,
    others: usize,
    headed: bool,
}

impl Tally {
    fn filled(self) -> usize {
        self.numbers + self.periods + self.texts + self.others
    }
}

fn tally(lines: &Lines, block: &Block) -> Vec<(u32, Tally)> {
    let mut tallies: Vec<Tally> = Vec::new();
    let mut at = |col: u32| {
        if tallies.len() <= col as usize {
            tallies.resize(col as usize + 1, Tally::default());
        }
        col as usize
    };
    let mut seen: Vec<(usize, Option<Kind>)> = Vec::new();
    for line in &lines.lines {
        if block.header.contains(&line.row) {
            for (col, _) in &line.cells {
                seen.extend((*col..=lines.last_col(line.row, *col)).map(|c| (at(c), None)));
            }
        } else if block.body.contains(&line.row) {
            seen.extend(line.cells.iter().map(|(col, kind)| (at(*col), Some(*kind))));
        }
    }
    for (col, kind) in seen {
        let tally = &mut tallies[col];
        match kind {
            None => tally.headed = true,
            Some(Kind::Number) => tally.numbers += 1,
            Some(Kind::Period) => tally.periods += 1,
            Some(Kind::Text) => tally.texts += 1,
            Some(_) => tally.others += 1,
        }
    }
    (0..).zip(tallies).filter(|(_, t)| t.headed || t.filled() > 0).collect()
}

/// The parts that stand side by side: parted by a blank column or a repeated corner, each with labels and numbers of its own.
pub(super) fn parts(lines: &Lines, block: &Block) -> Vec<RangeInclusive<u32>> {
    let tallies = tally(lines, block);
    let labelled = |t: &Tally| t.texts > t.numbers + t.others && t.texts * 2 > t.numbers + t.periods;
    let corner = tallies.first().map(|(col, _)| corner_text(lines, block, *col));
    let mut starts: Vec<u32> = Vec::new();
    for (nth, (col, t)) in tallies.iter().enumerate() {
        let after_gap = nth > 0 && tallies[nth - 1].0 + 1 < *col;
        let again = nth > 1 && corner.as_ref().is_some_and(|c| !c.is_empty() && *c == corner_text(lines, block, *col));
        let numbers_follow = tallies[nth + 1..].iter().take(3).any(|(_, t)| t.numbers > 0);
        let numbers_before =
            starts.last().is_some_and(|s| tallies.iter().any(|(c, t)| (*s..*col).contains(c) && t.numbers > t.texts));
        let begins =
            nth == 0 || ((after_gap || again) && labelled(t) && numbers_follow && numbers_before && t.filled() > 2);
        if begins {
            starts.push(*col);
        }
    }
    let last = tallies.last().map_or(0, |(col, _)| *col);
    let ends = starts.iter().skip(1).map(|s| s - 1).chain([last]);
    starts.iter().copied().zip(ends).map(|(first, last)| first..=last).collect()
}

fn corner_text(lines: &Lines, block: &Block, col: u32) -> String {
    let row = block.header.clone().find(|row| !lines.text(*row, col).is_empty());
    row.map_or(String::new(), |row| normalise(lines.text(row, col)).into_owned())
}

/// Labels on the left, numbers right of them.
pub(super) fn columns(lines: &Lines, block: &Block) -> Columns {
    let tallies = tally(lines, block);
    let mut labels: Vec<u32> = Vec::new();
    // Columns below one text that is merged over several with the first hold labels, be they years or ages.
    let box_end = tallies.first().map_or(0, |(col, _)| match block.header.is_empty() {
        true => *col,
        false => lines.last_col(block.header.start, *col),
    });
    for (nth, (col, t)) in tallies.iter().enumerate().take(LABELS_MAX) {
        let rest_numbers = tallies[nth + 1..].iter().any(|(_, t)| t.numbers > 0 || t.periods > 0);
        let of_text = t.texts > t.numbers + t.others || (t.filled() == t.texts && t.texts > 0);
        let of_periods = t.periods > 0 && t.periods >= t.numbers + t.texts + t.others;
        let serial = nth == 0 && t.numbers > 1 && is_serial(lines, block, *col);
        let years_named = names_years(&corner_text(lines, block, *col));
        let spacer = t.filled() == 0
            && !labels.is_empty()
            && tallies.get(nth + 1).is_some_and(|(_, t)| t.texts > t.numbers + t.others);
        let label = of_text || (of_periods && (nth == 0 || years_named || labels.is_empty())) || serial || spacer;
        let boxed = *col <= box_end && box_end > tallies[0].0;
        if !(label || boxed) || !rest_numbers {
            break;
        }
        // A column without a header that holds a text here and there belongs to the labels only where it has no numbers.
        labels.push(*col);
    }
    if labels.is_empty()
        && let Some((col, _)) = tallies.first().filter(|(col, _)| is_distinct(lines, block, *col))
    {
        labels.push(*col);
    }
    let rest: Vec<&(u32, Tally)> = tallies.iter().filter(|(col, _)| !labels.contains(col)).collect();
    let rest: Vec<&(u32, Tally)> =
        rest.into_iter().filter(|(col, _)| labels.last().is_none_or(|last| col > last)).collect();
    let texts =
        rest.iter().filter(|(_, t)| t.texts > 0 && t.texts >= t.numbers + t.periods).map(|(col, _)| *col).collect();
    let numeric = rest.iter().any(|(_, t)| t.numbers + t.periods > t.texts);
    Columns { numeric, labels, data: rest.iter().map(|(col, _)| *col).collect(), texts }
}

fn names_years(header: &str) -> bool {
    ["年", "Year", "year", "Jahr", "期间", "时间", "Period", "YEAR"].iter().any(|w| header.contains(w))
}

/// 1, 2, 3 … down a column.
fn is_serial(lines: &Lines, block: &Block, col: u32) -> bool {
    let numbers: Vec<i64> =
        block.body.clone().filter_map(|row| lines.text(row, col).trim_end_matches('.').parse().ok()).collect();
    numbers.len() > 2 && numbers.windows(2).all(|w| w[1] == w[0] + 1)
}

/// No two texts of the column are the same.
fn is_distinct(lines: &Lines, block: &Block, col: u32) -> bool {
    let mut seen = BTreeSet::new();
    let body = lines.lines.iter().filter(|l| block.body.contains(&l.row));
    body.map(|l| lines.text(l.row, col)).all(|text| text.is_empty() || seen.insert(text))
}
