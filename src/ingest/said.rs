//! What row, column and table say of a cell together: of each what it says alone is prepared once, so that a cell only
//! chooses.

use std::borrow::Cow;
use std::sync::Arc;

use super::header::marks_of;
use super::label::Line;
use crate::domain::{Breakdown, Code, Coordinates, Period};
use crate::spec::annotation::Marks;
use crate::spec::table::{Meaning, PeriodRule, SignRule, UnitUse};

/// A row or a column, or some of them over which a cell is merged, with what it says of its cells.
#[derive(Clone)]
pub(super) struct Side<'a> {
    pub line: &'a Line,
    pub meaning: Cow<'a, Meaning>,
    pub marks: Marks,
    /// With those of the table, where the side is a row.
    coordinates: Arc<Coordinates>,
}

impl<'a> Side<'a> {
    /// A row or column; `base` is what the table says, for rows.
    pub fn of_line(line: &'a Line, base: &Meaning) -> Side<'a> {
        let marks = marks_of(&line.label.parts);
        Side { line, meaning: Cow::Borrowed(&line.meaning), marks, coordinates: coordinates(&line.meaning.over(base)) }
    }

    /// Several of them, of which `line` is the first.
    pub fn of_several(line: &'a Line, meaning: Meaning, marks: Marks, base: &Meaning) -> Side<'a> {
        let coordinates = coordinates(&meaning.over(base));
        Side { line, meaning: Cow::Owned(meaning), marks, coordinates }
    }
}

fn coordinates(meaning: &Meaning) -> Arc<Coordinates> {
    let codes = meaning.dimensions.iter().map(|(dimension, code)| (*dimension, code.clone()));
    Arc::new(Coordinates::new(codes, Breakdown(meaning.breakdown.clone())))
}

/// What is said of one number.
pub(super) struct Said<'m> {
    pub indicator: Option<&'m Code>,
    pub unit: Option<&'m UnitUse>,
    pub period: Option<PeriodRule>,
    pub sign: Option<SignRule>,
    pub coordinates: [Arc<Coordinates>; 2],
}

impl<'m> Said<'m> {
    /// # Errors
    /// Row and column say something different about the same thing, which is named.
    pub fn of_cell(row: &'m Side<'_>, column: &'m Side<'_>, title: &'m Meaning) -> Result<Said<'m>, &'m str> {
        let (of_row, of_column) = (&*row.meaning, &*column.meaning);
        if let Some(what) = of_row.clash(of_column) {
            return Err(what);
        }
        Ok(Said {
            indicator: of_row.indicator.as_ref().or(of_column.indicator.as_ref()).or(title.indicator.as_ref()),
            unit: of_row.unit.as_ref().or(of_column.unit.as_ref()).or(title.unit.as_ref()),
            period: period(of_row, of_column, title),
            sign: of_row.sign.or(of_column.sign).or(title.sign),
            coordinates: [Arc::clone(&row.coordinates), Arc::clone(&column.coordinates)],
        })
    }

    /// Of a number that has a meaning of its own, in a footnote or beside others in a cell.
    pub fn of_number(meaning: &'m Meaning) -> Said<'m> {
        Said {
            indicator: meaning.indicator.as_ref(),
            unit: meaning.unit.as_ref(),
            period: meaning.period,
            sign: meaning.sign,
            coordinates: [coordinates(meaning), Arc::default()],
        }
    }
}

/// All that is said of a cell whose numbers have meanings of their own beside it.
pub(super) fn whole(row: &Side<'_>, column: &Side<'_>, title: &Meaning) -> Meaning {
    let period = period(&row.meaning, &column.meaning, title);
    Meaning { period, ..row.meaning.over(&column.meaning).over(title) }
}

/// `year-to-date` changes the period that the other axis states.
fn period(row: &Meaning, column: &Meaning, title: &Meaning) -> Option<PeriodRule> {
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
