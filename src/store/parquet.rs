//! Rows of cells ⇄ Parquet files through polars: zstd, statistics, one row group order, no clock and no chance in the bytes.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use jiff::civil::Date;
use polars::prelude::*;
use rust_decimal::Decimal;

use super::error::StoreError;
use super::schema::{self, Kind, PRECISION, SCALE};

/// One cell of a stage table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    Null,
    Text(String),
    Number(Decimal),
    Integer(i32),
    Date(Date),
}

impl Cell {
    pub fn text(text: impl ToString) -> Cell {
        Cell::Text(text.to_string())
    }

    pub fn optional<T: ToString>(text: Option<T>) -> Cell {
        text.map_or(Cell::Null, |text| Cell::Text(text.to_string()))
    }

    pub fn number(number: Option<Decimal>) -> Cell {
        number.map_or(Cell::Null, Cell::Number)
    }

    pub fn into_number(self) -> Option<Decimal> {
        if let Cell::Number(number) = self { Some(number) } else { None }
    }
}

/// As people and CSV write it: nothing for null, numbers without closing zeros.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Null => Ok(()),
            Cell::Text(text) => f.write_str(text),
            Cell::Number(number) => number.normalize().fmt(f),
            Cell::Integer(integer) => integer.fmt(f),
            Cell::Date(date) => date.fmt(f),
        }
    }
}

/// A row, in the column order of its table.
pub type Row = Vec<Cell>;

/// Write rows, in the order given, as `<folder>/<table>.parquet`. `name` says what a row is called in an error.
pub fn write(
    folder: &Path,
    table: &schema::Table,
    rows: &[Row],
    name: impl Fn(&Row) -> String,
) -> Result<(), StoreError> {
    let path = folder.join(format!("{}.parquet", table.name));
    let fault = |error: PolarsError| polars_fault("write", &path, error);
    let mut columns = Vec::with_capacity(table.columns.len());
    for (nth, (column, kind)) in table.columns.iter().enumerate() {
        columns.push(column_of(column, *kind, nth, rows, &name).map_err(|error| match error {
            ColumnFault::Store(error) => error,
            ColumnFault::Polars(error) => fault(error),
        })?);
    }
    let mut frame = DataFrame::new(rows.len(), columns).map_err(fault)?;
    let file = File::create(&path).map_err(StoreError::io("write", &path))?;
    let mut file = BufWriter::new(file);
    ParquetWriter::new(&mut file)
        .with_compression(ParquetCompression::Zstd(None))
        .with_statistics(StatisticsOptions::default())
        .finish(&mut frame)
        .map_err(fault)?;
    file.flush().map_err(StoreError::io("write", &path))
}

/// Every row of `<folder>/<table>.parquet`; a column that the file lacks gives null.
pub fn read(folder: &Path, table: &schema::Table) -> Result<Vec<Row>, StoreError> {
    let path = folder.join(format!("{}.parquet", table.name));
    let fault = |error: PolarsError| polars_fault("read", &path, error);
    let file = File::open(&path).map_err(StoreError::io("read", &path))?;
    let frame = ParquetReader::new(file).finish().map_err(fault)?;
    let mut rows: Vec<Row> = (0..frame.height()).map(|_| Vec::with_capacity(table.columns.len())).collect();
    for (column, kind) in table.columns {
        // Who makes a value of the row says whether it can do without the cell.
        match frame.column(column) {
            Ok(series) => cells_of(series, *kind, &mut rows).map_err(fault)?,
            Err(_) => rows.iter_mut().for_each(|row| row.push(Cell::Null)),
        }
    }
    Ok(rows)
}

enum ColumnFault {
    Store(StoreError),
    Polars(PolarsError),
}

fn column_of(
    column: &str,
    kind: Kind,
    nth: usize,
    rows: &[Row],
    name: impl Fn(&Row) -> String,
) -> Result<Column, ColumnFault> {
    let cells = rows.iter().map(|row| &row[nth]);
    let column_name = PlSmallStr::from_str(column);
    let series = match kind {
        Kind::Text | Kind::OptionalText => {
            let texts = cells.map(|cell| if let Cell::Text(text) = cell { Some(text.as_str()) } else { None });
            StringChunked::from_iter_options(column_name, texts).into_series()
        }
        Kind::Number => {
            let mut numbers = Vec::with_capacity(rows.len());
            for (cell, row) in cells.zip(rows) {
                numbers.push(match cell {
                    Cell::Number(number) => Some(exact(*number).ok_or_else(|| {
                        let name = format!("{}, {column}", name(row));
                        ColumnFault::Store(StoreError::Inexact { name, value: number.to_string() })
                    })?),
                    _ => None,
                });
            }
            Int128Chunked::from_iter_options(column_name, numbers.into_iter())
                .into_decimal(usize::from(PRECISION), usize::from(SCALE))
                .map_err(ColumnFault::Polars)?
                .into_series()
        }
        Kind::Integer => {
            let integers = cells.map(|cell| if let Cell::Integer(integer) = cell { Some(*integer) } else { None });
            Int32Chunked::from_iter_options(column_name, integers).into_series()
        }
        Kind::Date => {
            let days = cells.map(|cell| if let Cell::Date(date) = cell { Some(days_since_1970(*date)) } else { None });
            Int32Chunked::from_iter_options(column_name, days).into_date().into_series()
        }
    };
    Ok(series.into_column())
}

fn cells_of(column: &Column, kind: Kind, rows: &mut [Row]) -> PolarsResult<()> {
    match kind {
        Kind::Text | Kind::OptionalText => {
            for (row, text) in rows.iter_mut().zip(column.str()?.iter()) {
                row.push(Cell::optional(text));
            }
        }
        Kind::Number => {
            for (row, number) in rows.iter_mut().zip(column.decimal()?.physical().iter()) {
                let number = number.and_then(|n| Decimal::try_from_i128_with_scale(n, u32::from(SCALE)).ok());
                row.push(Cell::number(number.map(|n| n.normalize())));
            }
        }
        Kind::Integer => {
            for (row, integer) in rows.iter_mut().zip(column.i32()?.iter()) {
                row.push(integer.map_or(Cell::Null, Cell::Integer));
            }
        }
        Kind::Date => {
            for (row, days) in rows.iter_mut().zip(column.date()?.physical().iter()) {
                row.push(days.map_or(Cell::Null, |days| Cell::Date(date_after_1970(days))));
            }
        }
    }
    Ok(())
}

/// The number in units of 10⁻⁶; `None` rather than a rounded one.
fn exact(number: Decimal) -> Option<i128> {
    let number = number.normalize();
    let missing = u32::from(SCALE).checked_sub(number.scale())?;
    let scaled = number.mantissa().checked_mul(10_i128.pow(missing))?;
    (scaled.unsigned_abs() < 10_u128.pow(u32::from(PRECISION))).then_some(scaled)
}

const EPOCH: Date = Date::constant(1970, 1, 1);

fn days_since_1970(date: Date) -> i32 {
    date.since(EPOCH).expect("two dates of the calendar have a distance in days").get_days()
}

fn date_after_1970(days: i32) -> Date {
    EPOCH.saturating_add(jiff::Span::new().days(days))
}

fn polars_fault(action: &'static str, path: &Path, error: PolarsError) -> StoreError {
    match error {
        PolarsError::IO { error, .. } => {
            let source = error.raw_os_error().map_or_else(
                || std::io::Error::new(error.kind(), error.to_string()),
                std::io::Error::from_raw_os_error,
            );
            StoreError::Io { action, path: path.to_owned(), source }
        }
        error => StoreError::Parquet { action, path: path.to_owned(), message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_stored_exactly_or_not_at_all() {
        let rows = [
            ("349800", Some(349_800_000_000)),
            ("-0.000001", Some(-1)),
            ("2.50", Some(2_500_000)),
            ("0.0000001", None),
            ("79228162514264337593543950335", Some(79_228_162_514_264_337_593_543_950_335_000_000)),
        ];
        for (number, stored) in rows {
            assert_eq!(exact(number.parse().unwrap()), stored, "{number}");
        }
    }

    #[test]
    fn dates_keep_their_day() {
        for (date, days) in [(EPOCH, 0), (Date::constant(2004, 7, 31), 12_630), (Date::constant(1969, 12, 31), -1)] {
            assert_eq!(days_since_1970(date), days);
            assert_eq!(date_after_1970(days), date);
        }
    }
}
