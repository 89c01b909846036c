//! What row, column and table say of a cell together: of each what it says alone is prepared once, so that a cell only
//! chooses.

use std::sync::Arc;

use super::header::marks_of;
use super::label::Line;
use crate::domain::{Breakdown, Code, Coordinates, Period};
use crate::spec::annotation::Marks;
use crate::spec::table::{Meaning, PeriodRule, SignRule, UnitUse};

/// A row or a column, or some of them over which a cell is merged, with what it says of its cells.
pub(super) struct Side<'a> {
    pub line: &'a Line<'a>,
    /// What several of them mean together.
    several: Option<Box<Meaning>>,
    pub marks: Marks,
    /// With those of the table, where the side is a row.
    pub coordinates: Arc<Coordinates>,
}

impl<'a> Side<'a> {
    /// A row or column; `base` is what the table says, for rows.
    pub fn of_line(line: &'a Line<'a>, base: &Meaning) -> Side<'a> {
        let marks = marks_of(&line.label.parts);
        Side { line, several: None, marks, coordinates: coordinates(&line.meaning, base) }
    }

    /// Several of them, of which `line` is the first.
    pub fn of_several(line: &'a Line<'a>, meaning: Meaning, marks: Marks, base: &Meaning) -> Side<'a> {
        let coordinates = coordinates(&meaning, base);
        Side { line, several: Some(Box::new(meaning)), marks, coordinates }
    }

    pub fn meaning(&self) -> &Meaning {
        self.several.as_deref().unwrap_or(&self.line.meaning)
    }
}

fn coordinates(meaning: &Meaning, base: &Meaning) -> Arc<Coordinates> {
    let breakdown = Breakdown(meaning.breakdown.over(&base.breakdown));
    Arc::new(Coordinates::new(meaning.dimensions.over(&base.dimensions), breakdown))
}

/// What is said of numbers, besides where they stand.
#[derive(Clone, Copy)]
pub(super) struct Said<'m> {
    pub indicator: Option<&'m Code>,
    pub unit: Option<&'m UnitUse>,
    pub period: Option<PeriodRule>,
    pub sign: Option<SignRule>,
}

impl<'m> Said<'m> {
    /// # Errors
    /// Row and column say something different about the same thing, which is named.
    pub fn of_cell(row: &'m Meaning, column: &'m Meaning, title: &'m Meaning) -> Result<Said<'m>, &'static str> {
        if let Some(what) = row.clash_of_facts(column) {
            return Err(what);
        }
        Ok(Said {
            indicator: row.indicator.as_ref().or(column.indicator.as_ref()).or(title.indicator.as_ref()),
            unit: row.unit.as_ref().or(column.unit.as_ref()).or(title.unit.as_ref()),
            period: period(row, column, title),
            sign: row.sign.or(column.sign).or(title.sign),
        })
    }

    /// Of a number that has a meaning of its own, in a footnote or beside others in a cell.
    pub fn of_number(meaning: &'m Meaning) -> Said<'m> {
        Said {
            indicator: meaning.indicator.as_ref(),
            unit: meaning.unit.as_ref(),
            period: meaning.period,
            sign: meaning.sign,
        }
    }
}

/// Where a number stands that has a meaning of its own.
pub(super) fn place_of(meaning: &Meaning) -> Arc<Coordinates> {
    coordinates(meaning, &Meaning::default())
}

/// All that is said of a cell whose numbers have meanings of their own beside it.
pub(super) fn whole(row: &Meaning, column: &Meaning, title: &Meaning) -> Meaning {
    Meaning { period: period(row, column, title), ..row.over(column).over(title) }
}

/// `year-to-date` changes the period that the other axis states.
pub(super) fn period(row: &Meaning, column: &Meaning, title: &Meaning) -> Option<PeriodRule> {
    let stated = match [row.period, column.period] {
        [Some(PeriodRule::YearToDate), period] | [period, Some(PeriodRule::YearToDate)] => {
            year_to_date(period.or(title.period))
        }
        [of_row, of_column] => of_row.or(of_column),
    };
    stated.or(title.period)
}

/// January to the month; January alone stays a month.
fn year_to_date(period: Option<PeriodRule>) -> Option<PeriodRule> {
    match period {
        Some(PeriodRule::Fixed(Period::Month { year, month })) if month > 1 => {
            Some(PeriodRule::Fixed(Period::Months { start: (year, 1), end: (year, month) }))
        }
        Some(PeriodRule::Fixed(month @ Period::Month { .. })) => Some(PeriodRule::Fixed(month)),
        _ => None,
    }
}
