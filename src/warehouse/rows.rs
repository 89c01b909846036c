//! Answers as plain values: no type of the engine leaves this module.

use std::fmt;

use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Schema,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::diag::Diagnostic;
use crate::store::date_after_1970;

/// A table of plain values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Scalar>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

/// What the values of a column are, where they are not null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Integer,
    Float,
    Bool,
    Date,
}

/// One value; a decimal is exact and without trailing zeros.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Text(String),
    Number(Decimal),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Date(Date),
}

impl fmt::Display for Scalar {
    /// The value for tables and CSV: every digit, nothing rounded; a missing one is blank.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Null => Ok(()),
            Scalar::Text(text) => f.write_str(text),
            Scalar::Number(number) => write!(f, "{}", number.normalize()),
            Scalar::Integer(number) => write!(f, "{number}"),
            Scalar::Float(number) => write!(f, "{number}"),
            Scalar::Bool(truth) => write!(f, "{truth}"),
            Scalar::Date(date) => write!(f, "{date}"),
        }
    }
}

impl Rows {
    /// The position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    pub(super) fn of(schema: &Schema, batches: &[RecordBatch]) -> Result<Rows, Diagnostic> {
        let columns = schema
            .fields()
            .iter()
            .map(|field| Column { name: field.name().clone(), kind: kind_of(field.data_type()) })
            .collect();
        let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for batch in batches {
            let first = rows.len();
            rows.extend((0..batch.num_rows()).map(|_| Vec::with_capacity(batch.num_columns())));
            for (column, field) in batch.columns().iter().zip(schema.fields()) {
                let column = Cells::of(column.as_ref(), field.name())?;
                for (nth, row) in rows[first..].iter_mut().enumerate() {
                    row.push(column.get(nth)?);
                }
            }
        }
        Ok(Rows { columns, rows })
    }
}

/// One value of a column; a number of more digits than fit stays text.
pub(super) fn scalar(array: &dyn Array, row: usize) -> Scalar {
    let cell = Cells::of(array, "").and_then(|cells| cells.get(row));
    cell.unwrap_or_else(|_| {
        let text = datafusion::arrow::util::display::array_value_to_string(array, row);
        text.map_or(Scalar::Null, Scalar::Text)
    })
}

fn kind_of(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Decimal128(..) => Kind::Number,
        DataType::Boolean => Kind::Bool,
        DataType::Date32 => Kind::Date,
        DataType::Float32 | DataType::Float64 => Kind::Float,
        _ if data_type.is_integer() => Kind::Integer,
        _ => Kind::Text,
    }
}

/// One column of a batch.
struct Cells<'a> {
    name: &'a str,
    array: &'a dyn Array,
    /// For everything that is shown as text.
    formatter: ArrayFormatter<'a>,
}

impl<'a> Cells<'a> {
    fn of(array: &'a dyn Array, name: &'a str) -> Result<Self, Diagnostic> {
        const OPTIONS: FormatOptions<'static> =
            FormatOptions::new().with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%SZ"));
        let formatter = ArrayFormatter::try_new(array, &OPTIONS)
            .map_err(|error| Diagnostic::error("sql", format!("column \"{name}\" cannot be shown: {error}")))?;
        Ok(Cells { name, array, formatter })
    }

    fn get(&self, nth: usize) -> Result<Scalar, Diagnostic> {
        let array = self.array;
        if array.is_null(nth) || array.data_type() == &DataType::Null {
            return Ok(Scalar::Null);
        }
        macro_rules! integer {
            ($type:ty) => {
                i64::try_from(array.as_primitive::<$type>().value(nth))
                    .map(Scalar::Integer)
                    .map_err(|_| self.too_large(nth))
            };
        }
        match array.data_type() {
            DataType::Decimal128(_, scale) => {
                let number = array.as_primitive::<Decimal128Type>().value(nth);
                decimal(number, i32::from(*scale)).map(Scalar::Number).ok_or_else(|| self.too_large(nth))
            }
            DataType::Int8 => integer!(Int8Type),
            DataType::Int16 => integer!(Int16Type),
            DataType::Int32 => integer!(Int32Type),
            DataType::Int64 => integer!(Int64Type),
            DataType::UInt8 => integer!(UInt8Type),
            DataType::UInt16 => integer!(UInt16Type),
            DataType::UInt32 => integer!(UInt32Type),
            DataType::UInt64 => integer!(UInt64Type),
            DataType::Float32 => Ok(Scalar::Float(f64::from(array.as_primitive::<Float32Type>().value(nth)))),
            DataType::Float64 => Ok(Scalar::Float(array.as_primitive::<Float64Type>().value(nth))),
            DataType::Boolean => Ok(Scalar::Bool(array.as_boolean().value(nth))),
            DataType::Date32 => {
                let days = array.as_primitive::<Date32Type>().value(nth);
                Ok(Scalar::Date(date_after_1970(days)))
            }
            _ => Ok(Scalar::Text(self.formatter.value(nth).to_string())),
        }
    }

    fn too_large(&self, nth: usize) -> Diagnostic {
        let value = self.formatter.value(nth).to_string();
        Diagnostic::error(
            "number-range",
            format!("column \"{}\": {value} has more digits than can be shown exactly", self.name),
        )
        .hint("round it in the query: round(x, 6)")
    }
}

/// Exact, or `None` where 96 bits do not hold the digits that count.
fn decimal(mut number: i128, mut scale: i32) -> Option<Decimal> {
    while scale > 0 && number % 10 == 0 {
        number /= 10;
        scale -= 1;
    }
    while scale < 0 {
        number = number.checked_mul(10)?;
        scale += 1;
    }
    Decimal::try_from_i128_with_scale(number, u32::try_from(scale).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::{Scalar, decimal};

    #[test]
    fn decimals_lose_their_trailing_zeros_and_nothing_else() {
        let rows = [
            (349_800_000_000, 6, Some("349800")),
            (-3_500_000_000_000, 12, Some("-3.5")),
            (0, 6, Some("0")),
            (12, -2, Some("1200")),
            (99_999_999_999_999_999_999_999_999_999_999_999_999, 6, None),
        ];
        for (number, scale, text) in rows {
            assert_eq!(decimal(number, scale).map(|n| n.to_string()).as_deref(), text);
        }
    }

    #[test]
    fn text_keeps_every_digit() {
        for (number, text) in [("367000.000000", "367000"), ("-0.2450", "-0.245")] {
            assert_eq!(Scalar::Number(number.parse().unwrap()).to_string(), text);
        }
    }
}
