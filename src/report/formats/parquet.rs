//! The data files of a package as Parquet: text, whole numbers and exact decimals, uncompressed, one row group.

use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use rust_decimal::Decimal;

use super::package::{Column, Field};
use crate::diag::Diagnostic;

/// Digits of a decimal, and those after the point.
const PRECISION: i32 = 38;
const SCALE: u32 = 6;
/// Bytes that hold so many digits.
const WIDTH: i32 = 16;

/// # Errors
/// A number has more digits than the file can hold.
pub fn write(columns: &[Column], rows: &[Vec<Field>]) -> Result<Vec<u8>, Diagnostic> {
    file(columns, rows)
        .map_err(|error| Diagnostic::error("parquet", format!("the data cannot be written as Parquet: {error}")))
}

fn file(columns: &[Column], rows: &[Vec<Field>]) -> Result<Vec<u8>, ParquetError> {
    let fields: Result<Vec<_>, ParquetError> = columns.iter().map(|column| field(column).map(Arc::new)).collect();
    let schema = Type::group_type_builder("table").with_fields(fields?).build()?;
    // The version of the library is no part of the data: the same rows give the same bytes.
    let properties = WriterProperties::builder().set_created_by("shebao".to_owned()).build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for at in 0..columns.len() {
        let Some(mut writer) = group.next_column()? else { break };
        let cells = rows.iter().map(|row| &row[at]);
        match columns[at].kind {
            "integer" => {
                let values: Vec<i32> =
                    cells.filter_map(|f| if let Field::Integer(number) = f { Some(*number) } else { None }).collect();
                writer.typed::<Int32Type>().write_batch(&values, None, None)?;
            }
            "number" => {
                let numbers: Vec<Option<Decimal>> =
                    cells.map(|f| if let Field::Number(number) = f { *number } else { None }).collect();
                let levels: Vec<i16> = numbers.iter().map(|number| i16::from(number.is_some())).collect();
                let values: Result<Vec<_>, ParquetError> = numbers.into_iter().flatten().map(decimal).collect();
                writer.typed::<FixedLenByteArrayType>().write_batch(&values?, Some(&levels), None)?;
            }
            _ => {
                // An empty text is no text, as in the CSV beside it.
                let texts: Vec<&str> =
                    cells.map(|f| if let Field::Text(text) = f { text.as_str() } else { "" }).collect();
                let levels: Vec<i16> = texts.iter().map(|text| i16::from(!text.is_empty())).collect();
                let values: Vec<ByteArray> =
                    texts.into_iter().filter(|text| !text.is_empty()).map(ByteArray::from).collect();
                writer.typed::<ByteArrayType>().write_batch(&values, Some(&levels), None)?;
            }
        }
        writer.close()?;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

fn field(column: &Column) -> Result<Type, ParquetError> {
    let builder = |physical| Type::primitive_type_builder(&column.name, physical);
    match column.kind {
        "integer" => builder(Physical::INT32).with_repetition(Repetition::REQUIRED).build(),
        "number" => builder(Physical::FIXED_LEN_BYTE_ARRAY)
            .with_repetition(Repetition::OPTIONAL)
            .with_converted_type(ConvertedType::DECIMAL)
            .with_length(WIDTH)
            .with_precision(PRECISION)
            .with_scale(SCALE as i32)
            .build(),
        _ => builder(Physical::BYTE_ARRAY)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(Some(LogicalType::String))
            .build(),
    }
}

fn decimal(number: Decimal) -> Result<FixedLenByteArray, ParquetError> {
    let mut scaled = number;
    scaled.rescale(SCALE);
    if scaled.scale() != SCALE || scaled.normalize() != number.normalize() {
        return Err(ParquetError::General(format!("{number} has more digits than a file can hold")));
    }
    Ok(FixedLenByteArray::from(scaled.mantissa().to_be_bytes().to_vec()))
}
