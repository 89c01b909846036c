//! Cells that hold several numbers, by the pattern that declares what such a cell says.

use super::Reading;
use super::number;
use super::value::{self, Amount};
use crate::diag::Diagnostic;
use crate::domain::label::normalise;
use crate::grid::{CellRef, Grid};
use crate::spec::pattern::{Capture, Captured};
use crate::spec::table::{Meaning, Split, SplitNumber};

/// The split that a cell's text fits, and what its captures hold; one without captures goes first.
pub(super) fn find<'r>(reading: &'r Reading, printed: &str) -> Option<(usize, &'r Split, Vec<Captured>)> {
    let splits = reading.layout().splits.iter().enumerate();
    let fits = |(nth, split): (usize, &'r Split)| split.pattern.matches(printed).map(|c| (nth, split, c));
    splits.filter_map(fits).min_by_key(|(_, split, _)| !split.pattern.is_literal())
}

/// The numbers of the cell, each with what it means.
pub(super) fn read(
    reading: &Reading,
    grid: &Grid,
    at: CellRef,
    printed: &str,
    (split, captured): (&Split, &[Captured]),
    meaning: &Meaning,
) -> Result<Vec<(Amount, Meaning)>, Box<Diagnostic>> {
    let mut numbers = captured.iter().filter(|c| c.capture == Capture::Number);
    let mut values = Vec::new();
    for value in &split.values {
        let meaning = value.meaning.over(meaning);
        let amount = match value.number {
            SplitNumber::Stated { number, decimals } => Amount { number, decimals },
            SplitNumber::Captured => {
                let Some(held) = numbers.next() else { break };
                let text = &printed[held.printed.clone()];
                let read = number::parse(text)
                    .map_err(|error| Box::new(value::not_a_number(reading, grid, at, text, &error)))?;
                unit_fits(reading, grid, at, &printed[held.printed.end..], &meaning)?;
                Amount { number: value::signed(read.magnitude, read.sign, meaning.sign), decimals: read.decimals }
            }
        };
        values.push((amount, meaning));
    }
    Ok(values)
}

/// Where a unit's name follows the number (`400元`), it is the declared one.
fn unit_fits(
    reading: &Reading,
    grid: &Grid,
    at: CellRef,
    after: &str,
    meaning: &Meaning,
) -> Result<(), Box<Diagnostic>> {
    let word: String =
        after.chars().take_while(|c| *c == '/' || *c == '%' || *c == '％' || c.is_alphabetic()).collect();
    let Some(declared) = &meaning.unit else { return Ok(()) };
    let Ok(code) = reading.codebook.lookup("unit", reading.labels(), &word) else {
        return Ok(());
    };
    let as_printed = declared.label.as_deref().is_some_and(|label| label.is_empty() || label == normalise(&word));
    if code.as_str() == declared.code || as_printed {
        return Ok(());
    }
    let message = format!("the unit printed behind the number is {word}, declared is {}", declared.code);
    let hint = format!("if the print is right, write unit = \"{code}\" in {}", reading.table.spec);
    Err(Box::new(reading.fault("unit-contradicts", message, grid, at).hint(hint)))
}
