//! Rows of cells ⇄ Parquet files through polars: zstd, statistics, one row group order, no clock and no chance in the bytes.

use std::borrow::Cow;
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
pub enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    Number(Decimal),
    Integer(i32),
    Date(Date),
}

impl<'a> Cell<'a> {
    pub fn text(text: impl Into<Cow<'a, str>>) -> Cell<'a> {
        Cell::Text(text.into())
    }

    /// The text of something that prints itself.
    pub fn shown(value: impl fmt::Display) -> Cell<'a> {
        Cell::Text(Cow::Owned(value.to_string()))
    }

    pub fn optional<T: Into<Cow<'a, str>>>(text: Option<T>) -> Cell<'a> {
        text.map_or(Cell::Null, Cell::text)
    }

    pub fn number(number: Option<Decimal>) -> Cell<'a> {
        number.map_or(Cell::Null, Cell::Number)
    }

    pub fn into_number(self) -> Option<Decimal> {
        if let Cell::Number(number) = self { Some(number) } else { None }
    }
}

/// As people and CSV write it: nothing for null, numbers without closing zeros.
impl fmt::Display for Cell<'_> {
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
pub type Row<'a> = Vec<Cell<'a>>;

/// Rows that are held in memory at a time, as columns; each such part of a file has its own statistics.
const ROWS_PER_GROUP: usize = 1 << 18;

/// Write rows, in the order given, as `<folder>/<table>.parquet`. `name` says what a row is called in an error.
pub fn write<'a>(
    folder: &Path,
    table: &schema::Table,
    rows: impl IntoIterator<Item = Row<'a>>,
    name: impl Fn(&Row<'a>) -> String,
) -> Result<(), StoreError> {
    let path = folder.join(format!("{}.parquet", table.name));
    let fault = |error: PolarsError| polars_fault("write", &path, error);
    let file = File::create(&path).map_err(StoreError::io("write", &path))?;
    let mut file = BufWriter::new(file);
    let mut group = Group::new(table);
    let writer = ParquetWriter::new(&mut file)
        .with_compression(ParquetCompression::Zstd(None))
        .with_statistics(StatisticsOptions::default());
    let mut writer = writer.batched(group.take().map_err(fault)?.schema()).map_err(fault)?;
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        for row in rows.by_ref().take(ROWS_PER_GROUP) {
            group.push(row, &name)?;
        }
        writer.write_batch(&group.take().map_err(fault)?).map_err(fault)?;
    }
    writer.finish().map_err(fault)?;
    drop(writer);
    file.flush().map_err(StoreError::io("write", &path))
}

/// Every row of `<folder>/<table>.parquet`; a column that the file lacks gives null.
pub fn read(folder: &Path, table: &schema::Table) -> Result<Vec<Row<'static>>, StoreError> {
    let path = folder.join(format!("{}.parquet", table.name));
    let fault = |error: PolarsError| polars_fault("read", &path, error);
    let file = File::open(&path).map_err(StoreError::io("read", &path))?;
    let frame = ParquetReader::new(file).finish().map_err(fault)?;
    let mut rows: Vec<Row<'static>> = (0..frame.height()).map(|_| Vec::with_capacity(table.columns.len())).collect();
    for (column, kind) in table.columns {
        // Who makes a value of the row says whether it can do without the cell.
        match frame.column(column) {
            Ok(series) => cells_of(series, *kind, &mut rows).map_err(fault)?,
            Err(_) => rows.iter_mut().for_each(|row| row.push(Cell::Null)),
        }
    }
    Ok(rows)
}

/// Rows turned into columns.
struct Group<'t> {
    table: &'t schema::Table,
    columns: Vec<Builder>,
}

/// The cells of one column.
enum Builder {
    Text(StringChunkedBuilder),
    Number(Vec<Option<i128>>),
    Integer(Vec<Option<i32>>),
    Date(Vec<Option<i32>>),
}

impl<'t> Group<'t> {
    fn new(table: &'t schema::Table) -> Group<'t> {
        let columns = table.columns.iter().map(|(name, kind)| Builder::new(name, *kind)).collect();
        Group { table, columns }
    }

    fn push<'a>(&mut self, row: Row<'a>, name: impl Fn(&Row<'a>) -> String) -> Result<(), StoreError> {
        for (nth, (cell, column)) in row.iter().zip(&mut self.columns).enumerate() {
            column.push(cell).map_err(|number| {
                let name = format!("{}, {}", name(&row), self.table.columns[nth].0);
                StoreError::Inexact { name, value: number.to_string() }
            })?;
        }
        Ok(())
    }

    /// What was pushed so far; then there is nothing.
    fn take(&mut self) -> PolarsResult<DataFrame> {
        let Group { table, columns } = std::mem::replace(self, Group::new(self.table));
        let columns = table.columns.iter().zip(columns).map(|((name, _), column)| column.finish(name));
        let columns = columns.collect::<PolarsResult<Vec<Column>>>()?;
        DataFrame::new(columns.first().map_or(0, Column::len), columns)
    }
}

impl Builder {
    fn new(name: &str, kind: Kind) -> Builder {
        match kind {
            Kind::Text | Kind::OptionalText => Builder::Text(StringChunkedBuilder::new(PlSmallStr::from_str(name), 0)),
            Kind::Number => Builder::Number(Vec::new()),
            Kind::Integer => Builder::Integer(Vec::new()),
            Kind::Date => Builder::Date(Vec::new()),
        }
    }

    /// Adds a cell; one of another kind than the column's is none. `Err` holds a number that cannot be kept exactly.
    fn push(&mut self, cell: &Cell<'_>) -> Result<(), Decimal> {
        match (self, cell) {
            (Builder::Text(column), Cell::Text(text)) => column.append_value(text),
            (Builder::Text(column), _) => column.append_null(),
            (Builder::Number(column), Cell::Number(number)) => column.push(Some(exact(*number).ok_or(*number)?)),
            (Builder::Number(column), _) => column.push(None),
            (Builder::Integer(column), Cell::Integer(integer)) => column.push(Some(*integer)),
            (Builder::Date(column), Cell::Date(date)) => column.push(Some(days_since_1970(*date))),
            (Builder::Integer(column) | Builder::Date(column), _) => column.push(None),
        }
        Ok(())
    }

    fn finish(self, name: &str) -> PolarsResult<Column> {
        let name = PlSmallStr::from_str(name);
        let series = match self {
            Builder::Text(column) => column.finish().into_series(),
            Builder::Number(numbers) => Int128Chunked::from_iter_options(name, numbers.into_iter())
                .into_decimal(usize::from(PRECISION), usize::from(SCALE))?
                .into_series(),
            Builder::Integer(integers) => Int32Chunked::from_iter_options(name, integers.into_iter()).into_series(),
            Builder::Date(days) => Int32Chunked::from_iter_options(name, days.into_iter()).into_date().into_series(),
        };
        Ok(series.into_column())
    }
}

fn cells_of(column: &Column, kind: Kind, rows: &mut [Row<'static>]) -> PolarsResult<()> {
    match kind {
        Kind::Text | Kind::OptionalText => {
            for (row, text) in rows.iter_mut().zip(column.str()?.iter()) {
                row.push(Cell::optional(text.map(str::to_owned)));
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

/// The day that is so many days after the first of 1970, or before it.
pub fn date_after_1970(days: i32) -> Date {
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
