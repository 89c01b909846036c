//! Parquet files: the names of their columns as the first row, then their records.
//!
//! Read record by record: a table that people print is small, and what comes out are the exact values of the file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ::parquet::file::metadata::ParquetMetaData;
use ::parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use ::parquet::record::Field;
use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::archive::damaged;
use super::limit::{self, CellCount};
use super::number_format::{self, Number};
use super::sheet::Builder;
use super::{Addressing, Cell, CellValue, Document, Format};
use crate::diag::Diagnostic;
use crate::domain::text::Shared;

pub(super) fn read(path: &Path) -> Result<Document, Diagnostic> {
    let unreadable = |error: &dyn std::fmt::Display| damaged(&format!("its contents cannot be read: {error}"));
    let file = File::open(path).map_err(|e| unreadable(&e))?;
    let reader = SerializedFileReader::new(Ending(file)).map_err(|e| unreadable(&e))?;
    check_size(reader.metadata())?;
    let count = CellCount::default();
    let mut sheet = Builder::new("", Addressing::A1, &count).of_lines();
    let fields = reader.metadata().file_metadata().schema_descr().root_schema().get_fields();
    for (col, field) in (0..).zip(fields) {
        sheet.put(0, col, Cell::text(field.name()))?;
    }
    let mut shared = Shared::default();
    for (row, record) in (1..).zip(reader.get_row_iter(None).map_err(|e| unreadable(&e))?) {
        let record = record.map_err(|e| unreadable(&e))?;
        for (col, (_, field)) in (0..).zip(record.get_column_iter()) {
            if let Some(cell) = cell(field, &mut shared) {
                sheet.put(row, col, cell)?;
            }
        }
        sheet.grid.rows = row + 1;
    }
    Ok(Document { format: Format::Parquet, encoding: None, grids: vec![sheet.finish()], diagnostics: Vec::new() })
}

/// A file whose end is an error to read beyond: the reader of page headers skips as many fields as a header says there are,
/// and at a silent end goes on doing so, billions of times.
pub(super) struct Ending<T>(pub(super) T);

impl Length for Ending<File> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for Ending<File> {
    type T = Ending<<File as ChunkReader>::T>;

    fn get_read(&self, start: u64) -> ::parquet::errors::Result<Self::T> {
        self.0.get_read(start).map(Ending)
    }

    fn get_bytes(&self, start: u64, length: usize) -> ::parquet::errors::Result<bytes::Bytes> {
        self.0.get_bytes(start, length)
    }
}

impl<T: Read> Read for Ending<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 if !buffer.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

/// Before a record is made: a few bytes can stand for as many records as one likes.
fn check_size(metadata: &ParquetMetaData) -> Result<(), Diagnostic> {
    let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(u64::MAX);
    let columns = metadata.file_metadata().schema_descr().num_columns() as u64;
    if rows.saturating_mul(columns.max(1)) > limit::CELLS {
        return Err(limit::exceeded("cells", limit::CELLS));
    }
    let size = metadata.row_groups().iter().map(|g| u64::try_from(g.total_byte_size()).unwrap_or(u64::MAX));
    if size.fold(0, u64::saturating_add) > limit::UNPACKED_BYTES {
        return Err(limit::exceeded("bytes when unpacked", limit::UNPACKED_BYTES));
    }
    Ok(())
}

/// `None` where the record holds nothing.
fn cell(field: &Field, shared: &mut Shared) -> Option<Cell> {
    Some(match field {
        Field::Null => return None,
        Field::Bool(truth) => {
            Cell { value: CellValue::Bool(*truth), ..Cell::text(if *truth { "TRUE" } else { "FALSE" }) }
        }
        Field::Byte(n) => whole(i64::from(*n)),
        Field::Short(n) => whole(i64::from(*n)),
        Field::Int(n) => whole(i64::from(*n)),
        Field::Long(n) => whole(*n),
        Field::UByte(n) => whole(i64::from(*n)),
        Field::UShort(n) => whole(i64::from(*n)),
        Field::UInt(n) => whole(i64::from(*n)),
        Field::ULong(n) => exact(Decimal::from(*n)),
        Field::Float16(n) => floating(f64::from(f32::from(*n)), &f32::from(*n).to_string()),
        // The shortest digits of the narrow number: 0.1 is not 0.10000000149011612.
        Field::Float(n) => floating(f64::from(*n), &n.to_string()),
        Field::Double(n) => floating(*n, &n.to_string()),
        // Its digits are written with the zeros that its scale asks for.
        Field::Decimal(_) => {
            let text = field.to_string();
            let value = Decimal::from_str_exact(&text).map_or(CellValue::Text, CellValue::Number);
            Cell { value, ..Cell::text(text) }
        }
        Field::Str(text) => Cell::text(shared.text(&super::workbook::line_breaks(text.as_str().into()))),
        Field::Date(days) => date(i64::from(*days)).map_or_else(|| Cell::text(days.to_string()), |d| day(d, "")),
        Field::TimestampMillis(millis) => moment(*millis, 1_000),
        Field::TimestampMicros(micros) => moment(*micros, 1_000_000),
        other => Cell::text(other.to_string()),
    })
}

fn whole(number: i64) -> Cell {
    exact(Decimal::from(number))
}

fn exact(number: Decimal) -> Cell {
    Cell { value: CellValue::Number(number), ..Cell::text(number.to_string()) }
}

/// What is no number stays text: `NaN`, `inf`.
fn floating(number: f64, shortest: &str) -> Cell {
    match Number::read(shortest).filter(|_| number.is_finite()) {
        Some(number) => number_format::general_cell(number),
        None => Cell::text(shortest),
    }
}

pub(super) fn date(days_since_1970: i64) -> Option<Date> {
    jiff::civil::date(1970, 1, 1).checked_add(days_since_1970.days()).ok()
}

fn day(date: Date, time: &str) -> Cell {
    Cell { value: CellValue::Date(date), ..Cell::text(format!("{date}{time}")) }
}

fn moment(ticks: i64, a_second: i64) -> Cell {
    let seconds = ticks.div_euclid(a_second);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let time = format!(" {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    let time = if second == 0 { "" } else { &time };
    date(days).map_or_else(|| Cell::text(ticks.to_string()), |d| day(d, time))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
    use ::parquet::file::properties::WriterProperties;
    use ::parquet::file::writer::SerializedFileWriter;
    use ::parquet::schema::parser::parse_message_type;

    use super::*;

    #[test]
    fn records_are_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let schema = "message t { required binary 地区 (STRING); optional int64 人数 (DECIMAL(10,2)); required double 比例; \
                      required int32 日期 (DATE); }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut writer = SerializedFileWriter::new(
            File::create(&path).unwrap(),
            schema,
            Arc::new(WriterProperties::builder().build()),
        )
        .unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let names = [ByteArray::from("北京市"), ByteArray::from("天津市")];
        column.typed::<ByteArrayType>().write_batch(&names, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&[123_450], Some(&[1, 0]), None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<DoubleType>().write_batch(&[0.1, 7.0], None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int32Type>().write_batch(&[0, 12_629], None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        let grid = super::super::read(&path, "a.parquet", crate::grid::Declared::default()).unwrap().grids.remove(0);
        let shown: Vec<String> = grid.iter().map(|(at, c)| format!("{}={}", grid.address(at), c.text)).collect();
        assert_eq!(
            shown.join(" "),
            "A1=地区 B1=人数 C1=比例 D1=日期 A2=北京市 B2=1234.50 C2=0.1 D2=1970-01-01 A3=天津市 C3=7 D3=2004-07-30"
        );
        assert_eq!(grid.get(1, 1).unwrap().value, CellValue::Number(Decimal::new(123_450, 2)));
    }

    #[test]
    fn a_broken_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, b"PAR1 and no more").unwrap();
        assert_eq!(
            super::super::read(&path, "a.parquet", crate::grid::Declared::default()).unwrap_err().code,
            "damaged-file"
        );
    }
}
