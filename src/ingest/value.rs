//! What one cell holds: a printed number, a stored number and how it is shown, or a mark.

use rust_decimal::{Decimal, RoundingStrategy};

use super::Reading;
use super::number::{self, Sign};
use super::said::Said;
use crate::diag::Diagnostic;
use crate::domain::Mark;
use crate::grid::{Cell, CellRef, CellValue, Grid};
use crate::spec::annotation::{Annotations, Marks};
use crate::spec::mark::MarkTexts;
use crate::spec::table::{self, Layout, SignRule};

/// Digits after the point that a stored value may have.
pub(super) const SCALE_MAX: u32 = 6;

/// A number in the printed unit, and its decimals as printed.
pub(super) struct Amount {
    pub number: Decimal,
    pub decimals: u8,
}

/// What a cell's text says but for the marks beside it.
#[derive(Default)]
pub(super) struct Bare<'t> {
    pub text: &'t str,
    pub marks: Marks,
    /// The text is one that stands where there is no number.
    missing: Option<Mark>,
}

/// A cell's text without the marks beside its number, and those.
pub(super) fn bare<'t>(reading: &Reading, printed: &'t str) -> Bare<'t> {
    let Layout { marks, annotations, .. } = reading.layout();
    if is_surely_bare(printed.as_bytes(), marks, annotations) {
        return Bare { text: printed, marks: Marks::new(), missing: None };
    }
    let missing = marks.get(printed);
    if missing.is_some() {
        return Bare { text: printed, marks: Marks::new(), missing };
    }
    let (text, behind) = annotations.at_end(printed);
    let (text, mut beside) = annotations.at_start(text);
    beside.extend(behind);
    let missing = if beside.is_empty() { None } else { marks.get(text) };
    Bare { text, marks: beside, missing }
}

/// Whether a text begins and ends with characters that no mark has there, as nearly all numbers do.
fn is_surely_bare(printed: &[u8], marks: &MarkTexts, annotations: &Annotations) -> bool {
    let [first, last] = match printed {
        [first, .., last] => [*first, *last],
        [only] => [*only; 2],
        [] => return false,
    };
    let ascii = first.is_ascii_graphic() && last.is_ascii_graphic();
    let [first, last] = [first, last].map(char::from);
    ascii && !marks.begin_with(first) && !annotations.may_stand_beside(first, last)
}

/// The number of a cell that shows it and nothing else, as most cells do: its text need not be read. `None` where more may
/// stand in the cell.
pub(super) fn plain(reading: &Reading, cell: &Cell, said: &Said<'_>) -> Option<Amount> {
    let Layout { marks, annotations, splits, .. } = reading.layout();
    let (CellValue::Number(stored), Some(decimals)) = (cell.value, cell.plain_decimals()) else { return None };
    let is_sound =
        stored.scale() <= SCALE_MAX && splits.is_empty() && is_surely_bare(cell.text.as_bytes(), marks, annotations);
    let sign = stored.is_sign_negative().then_some(Sign::Minus);
    is_sound.then(|| Amount { number: signed(stored.abs(), sign, said.sign), decimals })
}

/// The number or the mark that a cell holds.
pub(super) fn read(
    reading: &Reading,
    grid: &Grid,
    at: CellRef,
    cell: Option<&Cell>,
    bare: &Bare<'_>,
    said: &Said<'_>,
) -> Result<Result<Amount, Mark>, Box<Diagnostic>> {
    if let Some(mark) = bare.missing {
        return Ok(Err(mark));
    }
    let Some(cell) = cell else {
        let fault = reading.fault("blank-cell", "the cell is blank, and no mark is declared for a blank", grid, at);
        return Err(Box::new(fault.hint("add to pipelines/codes/aliases.csv: mark,,,not_available,why")));
    };
    let printed = bare.text;
    match &cell.value {
        CellValue::Text => {
            let read = number::parse(printed).map_err(|e| Box::new(not_a_number(reading, grid, at, printed, &e)))?;
            percent_fits(reading, grid, at, said, read.percent)?;
            Ok(Ok(Amount { number: signed(read.magnitude, read.sign, said.sign), decimals: read.decimals }))
        }
        CellValue::Number(stored) => stored_number(reading, grid, at, (cell, printed), *stored, said).map(Ok),
        CellValue::UnsavedFormula => Err(Box::new(unsaved_formula(reading, grid, at))),
        other => {
            let kind = match other {
                CellValue::Date(_) => "a date",
                CellValue::Bool(_) => "true or false",
                _ => "the error of a formula",
            };
            let message = format!("the cell holds {kind}, \"{printed}\", where a number is expected");
            Err(Box::new(
                reading
                    .fault("not-a-number", message, grid, at)
                    .hint("correct the cell, or its number format, at the source"),
            ))
        }
    }
}

/// A number cell: its exact value, with the decimals that its format shows.
fn stored_number(
    reading: &Reading,
    grid: &Grid,
    at: CellRef,
    (cell, printed): (&Cell, &str),
    stored: Decimal,
    said: &Said<'_>,
) -> Result<Amount, Box<Diagnostic>> {
    // As a rule a file's numbers have no zeros at their end.
    let stored = if stored.scale() > SCALE_MAX { stored.normalize() } else { stored };
    let Some(shown) = number::parse(printed).ok().or_else(|| number::dressed(printed)) else {
        let (stored, sign) = (stored.normalize(), stored.is_sign_negative().then_some(Sign::Minus));
        return Ok(Amount { number: signed(stored.abs(), sign, said.sign), decimals: stored.scale() as u8 });
    };
    percent_fits(reading, grid, at, said, shown.percent)?;
    let exact = shifted(stored, cell.shown_shift());
    if exact.abs() != shown.magnitude && !rounds_to(exact.abs(), shown.magnitude, u32::from(shown.decimals)) {
        let message = format!("the cell shows {} and holds {}", cell.text, stored.normalize());
        let hint = format!(
            "its number format \"{}\" changes the number; correct it at the source",
            cell.format().unwrap_or("General")
        );
        return Err(Box::new(reading.fault("format-changes-number", message, grid, at).hint(hint)));
    }
    // More digits than the store keeps are a spreadsheet's arithmetic, not print: the shown number counts.
    let magnitude = if exact.scale() > SCALE_MAX { shown.magnitude } else { exact.abs() };
    let sign = shown.sign.or(exact.is_sign_negative().then_some(Sign::Minus));
    Ok(Amount { number: signed(magnitude, sign, said.sign), decimals: shown.decimals })
}

/// Whether a number shows as another one with so many decimals.
fn rounds_to(exact: Decimal, shown: Decimal, decimals: u32) -> bool {
    let rounded = exact.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    // A file keeps binary numbers, which may fall just short of a half.
    let half = Decimal::new(51, decimals);
    rounded == shown || (exact - shown).abs().saturating_mul(Decimal::ONE_HUNDRED) <= half
}

/// The number with its point moved as its format moves it.
fn shifted(stored: Decimal, places: i32) -> Decimal {
    let power = 10i128.pow(places.unsigned_abs().min(20));
    match places {
        0 => stored,
        1.. => stored.saturating_mul(Decimal::from_i128_with_scale(power, 0)).normalize(),
        _ => stored.saturating_mul(Decimal::new(1, places.unsigned_abs().min(20))).normalize(),
    }
}

fn percent_fits(
    reading: &Reading,
    grid: &Grid,
    at: CellRef,
    said: &Said<'_>,
    percent: bool,
) -> Result<(), Box<Diagnostic>> {
    let unit = said.unit.filter(|_| percent).and_then(|u| reading.codebook.unit(&u.code));
    match unit {
        Some(unit) if unit.base != "percent" => {
            let message = format!("the cell is a percentage, declared is {} ({})", unit.code, unit.name_zh);
            let hint = format!("if the print is right, write unit = \"percent\" in {}", reading.table.spec);
            Err(Box::new(reading.fault("unit-contradicts", message, grid, at).hint(hint)))
        }
        _ => Ok(()),
    }
}

/// The value's sign, by the printed sign and the rule about it.
pub(super) fn signed(magnitude: Decimal, sign: Option<Sign>, rule: Option<SignRule>) -> Decimal {
    let rule = rule.unwrap_or(SignRule {
        plus: table::Sense::Positive,
        minus: table::Sense::Negative,
        none: table::Sense::Positive,
    });
    let said = match sign {
        Some(Sign::Plus) => rule.plus,
        Some(Sign::Minus) => rule.minus,
        None => rule.none,
    };
    match said {
        table::Sense::Negative if !magnitude.is_zero() => -magnitude,
        _ => magnitude,
    }
}

/// Whether a printed text is a mark, which stands for no number.
pub(super) fn is_mark(reading: &Reading, printed: &str) -> bool {
    reading.layout().marks.get(printed).is_some()
}

/// The cell holds a formula and no result of it, whether a number or a label was expected.
pub(super) fn unsaved_formula(reading: &Reading, grid: &Grid, at: CellRef) -> Diagnostic {
    let message = format!("the formula {} has no stored value", grid.text(at.row, at.col));
    reading
        .fault("formula-without-value", message, grid, at)
        .hint("open the file in a spreadsheet program and save it, then run again")
}

pub(super) fn not_a_number(
    reading: &Reading,
    grid: &Grid,
    at: CellRef,
    printed: &str,
    error: &number::NumberError,
) -> Diagnostic {
    let message = format!("\"{}\" is not a number: {error}", printed.replace('\n', " "));
    let hint = "correct the cell at the source; a cell of several numbers is declared by [[split]], a mark in pipelines/codes/aliases.csv";
    reading.fault("not-a-number", message, grid, at).hint(hint)
}
