//! What is stated in a cell to an observation: in the base unit, with what it shares with others of its sheet.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::Reading;
use super::passage::Told;
use super::said::Said;
use super::value::{Amount, SCALE_MAX};
use crate::diag::Diagnostic;
use crate::domain::{Code, Coordinates, Mark, Observation, Origin, Period, Series, Status, Text, Unit, Value};
use crate::grid::{CellRef, Grid};
use crate::spec::table::PeriodRule;

/// Numbers in the base unit are smaller than this, ten thousand times what any fund or nation has in yuan: sums, shares and
/// tolerances of such numbers stay within the decimals of the warehouse, so that no single cell can stop a build.
const VALUE_LIMIT: u64 = 1_000_000_000_000_000_000;

fn is_within_limit(n: Decimal) -> bool {
    // Its digits held against those of the limit, which takes no division.
    let (digits, limit) = (n.mantissa().unsigned_abs(), u128::from(VALUE_LIMIT));
    digits < limit || digits < limit * 10u128.pow(n.scale())
}

/// One number or mark with all that is known of it.
pub(super) struct Statement<'s> {
    pub amount: Result<Amount, Mark>,
    pub said: Said<'s>,
    /// What row and column say of where it stands.
    pub place: [&'s Arc<Coordinates>; 2],
    pub printed: &'s Text,
    /// Number among several of one cell, from 1; 0 where the cell has one only.
    pub nth: u16,
    pub status: Status,
    /// What the row says beside its figures.
    pub told: &'s Told,
}

/// Makes the observations of a sheet.
pub(super) struct Maker<'a> {
    reading: &'a Reading<'a>,
    grid: &'a Grid,
    origin: Arc<Origin>,
    /// What a number adds nothing to that has a meaning of its own.
    pub nowhere: Arc<Coordinates>,
    /// What was counted so far, in one unit or another.
    counted: BTreeMap<Counting, Vec<Counted<'a>>>,
}

/// What is counted of which period, the status, and where the coordinates of the column are kept.
type Counting = (Code, Period, Status, usize);

/// What is counted, and how its printed numbers become numbers in the base unit.
#[derive(Clone)]
pub(super) struct Counted<'a> {
    series: Arc<Series>,
    unit: &'a Unit,
}

impl<'a> Maker<'a> {
    pub fn new(reading: &'a Reading<'a>, grid: &'a Grid) -> Maker<'a> {
        let origin = Origin {
            dataset: reading.source.id.clone(),
            table_id: reading.table.id.clone(),
            edition: reading.edition.id.clone(),
            source_file: reading.file.to_owned(),
            source_sha256: reading.sha256.to_owned(),
            sheet: grid.sheet.clone(),
            addressing: grid.addressing.clone(),
            id_path: reading.id_path(grid),
        };
        Maker { reading, grid, origin: Arc::new(origin), nowhere: Arc::default(), counted: BTreeMap::new() }
    }

    /// `known` is what is counted, where the one before it of the same series has shown it.
    pub fn observation(
        &mut self,
        at: CellRef,
        statement: &Statement<'_>,
        known: &mut Option<Counted<'a>>,
    ) -> Result<Observation, Box<Diagnostic>> {
        let Statement { amount, said, place: [row, column], printed, nth, status, told } = statement;
        let counted = match known {
            Some(known) => known,
            None => known.insert(self.counted(at, said, column, *status)?),
        };
        let (value, decimals) = match amount {
            Err(mark) => (Value::Missing(*mark), None),
            Ok(amount) => {
                let unit = counted.unit;
                let base = unit.to_base(amount.number);
                let base = base.filter(|n| n.scale() <= SCALE_MAX && is_within_limit(*n));
                let base = base.ok_or_else(|| {
                    let message =
                        format!("\"{printed}\" has more than {SCALE_MAX} decimals in {}, or is too large", unit.base);
                    Box::new(self.reading.fault("number-range", message, self.grid, at))
                })?;
                (Value::Number(base), Some(amount.decimals))
            }
        };
        let mut series = Arc::clone(&counted.series);
        if let Some(notes) = &told.notes {
            Arc::make_mut(&mut series).notes = Arc::clone(notes);
        }
        Ok(Observation {
            series,
            row: Arc::clone(row),
            at,
            nth: *nth,
            value,
            decimals,
            printed: Text::clone(printed),
            besides: told.besides.clone(),
        })
    }

    fn counted(
        &mut self,
        at: CellRef,
        said: &Said<'_>,
        column: &Arc<Coordinates>,
        status: Status,
    ) -> Result<Counted<'a>, Box<Diagnostic>> {
        let code = said.indicator.ok_or_else(|| self.lacking("indicator", at))?;
        let used = said.unit.ok_or_else(|| self.lacking("unit", at))?;
        let period = match said.period {
            Some(PeriodRule::Fixed(period)) => Some(period),
            _ => None,
        };
        let counting = period.map(|period| (code.clone(), period, status, Arc::as_ptr(column).addr()));
        let known = counting.as_ref().and_then(|counting| self.counted.get(counting));
        if let Some(known) = known.and_then(|units| units.iter().find(|c| c.unit.code == used.code)) {
            return Ok(known.clone());
        }
        let reading = self.reading;
        let indicator = reading.codebook.indicator(code.as_str()).ok_or_else(|| self.lacking("indicator", at))?;
        let unit = reading.task.codebook.unit(&used.code).ok_or_else(|| self.lacking("unit", at))?;
        if unit.base != indicator.unit {
            let message =
                format!("{code} is counted in {}, and {} is a unit of {}", indicator.unit, unit.code, unit.base);
            return Err(Box::new(reading.fault("unit-of-indicator", message, self.grid, at)));
        }
        let (Some(period), Some(counting)) = (period, counting) else { return Err(self.lacking("period", at)) };
        let series = Series {
            origin: Arc::clone(&self.origin),
            indicator: code.clone(),
            period,
            period_kind: indicator.kind,
            unit: unit.base.clone(),
            printed_unit: unit.code.clone(),
            column: Arc::clone(column),
            notes: Arc::default(),
            status,
        };
        let counted = Counted { series: Arc::new(series), unit };
        self.counted.entry(counting).or_default().push(counted.clone());
        Ok(counted)
    }

    fn lacking(&self, what: &str, at: CellRef) -> Box<Diagnostic> {
        let message = format!("nothing states the {what} of the cell");
        let fault = self.reading.fault("meaning-missing", message, self.grid, at);
        Box::new(fault.hint("a cell merged over several rows has no label of its own"))
    }
}
