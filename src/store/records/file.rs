//! Sorted rows to Parquet, a file for each month; a file has its name once it is whole.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::basic::{Compression, Encoding, ZstdLevel};
use ::parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::parser::parse_message_type;
use ::parquet::schema::types::ColumnPath;
use bytes::Bytes;

use super::super::error::StoreError;
use super::row::RowForm;
use super::{Part, month_text};
use crate::domain::record::SUBMISSION;
use crate::domain::{RecordKind, RecordTable};

/// Rows of a part of a file with statistics of its own.
const GROUP_ROWS: usize = 1 << 18;

/// The files of one submission.
pub struct Files<'a> {
    form: &'a RowForm,
    /// By column: the codes by their number, from 1.
    codes: &'a [Vec<ByteArray>],
    /// The warehouse.
    root: &'a Path,
    submission: &'a str,
    open: Option<Month>,
    parts: Vec<Part>,
}

struct Month {
    number: u32,
    path: PathBuf,
    beside: PathBuf,
    writer: SerializedFileWriter<BufWriter<File>>,
    columns: Vec<Values>,
    rows: u64,
    held: usize,
}

/// What a column of a group holds; with `present` where it may be missing.
struct Values {
    present: Option<Vec<i16>>,
    of: Of,
}

enum Of {
    Codes(Vec<u16>),
    Words { bytes: Vec<u8>, ends: Vec<u32> },
    Days(Vec<i32>),
    Integers(Vec<i64>),
}

impl<'a> Files<'a> {
    pub fn new(form: &'a RowForm, codes: &'a [Vec<ByteArray>], root: &'a Path, submission: &'a str) -> Files<'a> {
        Files { form, codes, root, submission, open: None, parts: Vec::new() }
    }

    /// Take the next row.
    ///
    /// # Errors
    /// The disk cannot take it.
    pub fn push(&mut self, row: &[u8]) -> Result<(), StoreError> {
        let number = self.form.month(row);
        if self.open.as_ref().is_none_or(|month| month.number != number) {
            self.close()?;
            self.open = Some(self.begin(number)?);
        }
        let Some(month) = &mut self.open else { return Ok(()) };
        for (nth, (values, column)) in month.columns.iter_mut().zip(self.form.table.columns).enumerate() {
            values.push(self.form, row, nth, column.kind);
        }
        month.rows += 1;
        month.held += 1;
        if month.held == GROUP_ROWS { self.write_group() } else { Ok(()) }
    }

    /// The parts that were written.
    ///
    /// # Errors
    /// The disk cannot take them.
    pub fn finish(mut self) -> Result<Vec<Part>, StoreError> {
        self.close()?;
        Ok(self.parts)
    }

    fn begin(&self, number: u32) -> Result<Month, StoreError> {
        let table = self.form.table;
        let folder = self.root.join(super::FOLDER).join(table.name).join(month_text(number));
        fs::create_dir_all(&folder).map_err(StoreError::io("make the folder", &folder))?;
        let path = folder.join(format!("{}.parquet", self.submission));
        let beside = folder.join(format!(".{}.new", self.submission));
        let file = File::create(&beside).map_err(StoreError::io("write", &beside))?;
        let fault = |error| fault(&path, error);
        let schema = parse_message_type(&schema(table)).map_err(fault)?;
        let properties = Arc::new(properties(table).build());
        let writer = SerializedFileWriter::new(BufWriter::with_capacity(1 << 20, file), Arc::new(schema), properties);
        let columns = table.columns.iter().map(|c| Values::new(c.kind, c.optional)).collect();
        let writer = writer.map_err(fault)?;
        Ok(Month { number, beside, writer, columns, rows: 0, held: 0, path: path.clone() })
    }

    fn write_group(&mut self) -> Result<(), StoreError> {
        let Some(month) = &mut self.open else { return Ok(()) };
        let fault = |error| fault(&month.path, error);
        let mut group = month.writer.next_row_group().map_err(fault)?;
        let name = ByteArray::from(self.submission);
        let of_month = ByteArray::from(month_text(month.number).as_str());
        for (nth, values) in month.columns.iter_mut().enumerate() {
            let Some(column) = group.next_column().map_err(fault)? else { break };
            let codes = if nth == 0 { std::slice::from_ref(&of_month) } else { self.codes[nth].as_slice() };
            values.write(column, codes).map_err(fault)?;
        }
        if let Some(mut column) = group.next_column().map_err(fault)? {
            let names = vec![name; month.held];
            column.typed::<ByteArrayType>().write_batch(&names, None, None).map_err(fault)?;
            column.close().map_err(fault)?;
        }
        group.close().map_err(fault)?;
        month.held = 0;
        Ok(())
    }

    fn close(&mut self) -> Result<(), StoreError> {
        if self.open.as_ref().is_some_and(|month| month.held > 0) {
            self.write_group()?;
        }
        let Some(month) = self.open.take() else { return Ok(()) };
        let mut file = month.writer.into_inner().map_err(|error| fault(&month.path, error))?;
        let io = |action| StoreError::io(action, &month.path);
        file.flush().map_err(io("write"))?;
        file.get_ref().sync_all().map_err(io("write"))?;
        fs::rename(&month.beside, &month.path).map_err(io("put in place"))?;
        if let Some(folder) = month.path.parent() {
            super::super::release::sync_folder(folder)?;
        }
        let file = month.path.strip_prefix(self.root).unwrap_or(&month.path).to_string_lossy().replace('\\', "/");
        self.parts.push(Part { month: month_text(month.number), file, rows: month.rows, left: None });
        Ok(())
    }
}

impl Values {
    fn new(kind: RecordKind, optional: bool) -> Values {
        let of = match kind {
            RecordKind::Code(_) | RecordKind::Month => Of::Codes(Vec::new()),
            RecordKind::Text | RecordKind::Person | RecordKind::Unit => {
                Of::Words { bytes: Vec::new(), ends: Vec::new() }
            }
            RecordKind::Date => Of::Days(Vec::new()),
            RecordKind::Yuan | RecordKind::Count => Of::Integers(Vec::new()),
        };
        Values { present: optional.then(Vec::new), of }
    }

    #[inline]
    fn push(&mut self, form: &RowForm, row: &[u8], column: usize, kind: RecordKind) {
        let is_there = match &mut self.of {
            Of::Codes(codes) => {
                let code = if kind == RecordKind::Month { 1 } else { form.code(row, column) };
                if code > 0 {
                    codes.push(code);
                }
                code > 0
            }
            Of::Words { bytes, ends } => {
                let there = match kind {
                    RecordKind::Person => hexadecimal(form.person(row, column), bytes),
                    RecordKind::Unit => append(form.unit(row, column), bytes),
                    _ => form.text(row, column).is_some_and(|text| append(text, bytes) || text.is_empty()),
                };
                if there {
                    ends.push(bytes.len() as u32);
                }
                there
            }
            Of::Days(days) => form.date(row, column).map(|day| days.push(day)).is_some(),
            Of::Integers(integers) => form.integer(row, column).map(|n| integers.push(n)).is_some(),
        };
        if let Some(present) = &mut self.present {
            present.push(i16::from(is_there));
        }
    }

    fn write(&mut self, mut column: SerializedColumnWriter<'_>, codes: &[ByteArray]) -> Result<(), ParquetError> {
        let present = self.present.as_deref();
        match &mut self.of {
            Of::Codes(numbers) => {
                let texts: Vec<ByteArray> = numbers.iter().map(|n| codes[usize::from(*n) - 1].clone()).collect();
                column.typed::<ByteArrayType>().write_batch(&texts, present, None)?;
                numbers.clear();
            }
            Of::Words { bytes, ends } => {
                let whole = Bytes::from(std::mem::take(bytes));
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let words = starts.zip(ends.iter()).map(|(start, end)| whole.slice(start as usize..*end as usize));
                let words: Vec<ByteArray> = words.map(ByteArray::from).collect();
                column.typed::<ByteArrayType>().write_batch(&words, present, None)?;
                ends.clear();
            }
            Of::Days(days) => {
                column.typed::<Int32Type>().write_batch(days, present, None)?;
                days.clear();
            }
            Of::Integers(integers) => {
                column.typed::<Int64Type>().write_batch(integers, present, None)?;
                integers.clear();
            }
        }
        if let Some(present) = &mut self.present {
            present.clear();
        }
        column.close()
    }
}

fn append(word: &[u8], to: &mut Vec<u8>) -> bool {
    to.extend_from_slice(word);
    !word.is_empty()
}

fn hexadecimal(bytes: &[u8], to: &mut Vec<u8>) -> bool {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    to.extend(bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]));
    true
}

fn schema(table: &RecordTable) -> String {
    let mut text = format!("message {} {{ ", table.name);
    for column in table.columns {
        let kind = match column.kind {
            RecordKind::Yuan => ("int64", " (DECIMAL(18,2))"),
            RecordKind::Count => ("int64", ""),
            RecordKind::Date => ("int32", " (DATE)"),
            _ => ("binary", " (STRING)"),
        };
        let needed = if column.optional { "optional" } else { "required" };
        text.push_str(&format!("{needed} {} {}{}; ", kind.0, column.name, kind.1));
    }
    text.push_str(&format!("required binary {SUBMISSION} (STRING); }}"));
    text
}

/// Amounts differ little in size and much in value: packed by difference. Hashes repeat nowhere in a group, so that a
/// dictionary would only be tried and dropped.
pub(super) fn properties(table: &RecordTable) -> WriterPropertiesBuilder {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by("shebao".to_owned());
    for column in table.columns {
        let path = ColumnPath::from(column.name);
        properties = match column.kind {
            RecordKind::Yuan => properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            RecordKind::Person | RecordKind::Text => properties.set_column_dictionary_enabled(path, false),
            _ => properties,
        };
    }
    properties
}

pub(super) fn fault(path: &Path, error: ParquetError) -> StoreError {
    let message = match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(source) => return StoreError::Io { action: "write", path: path.to_owned(), source: *source },
            Err(cause) => cause.to_string(),
        },
        error => error.to_string(),
    };
    StoreError::Parquet { action: "write", path: path.to_owned(), message }
}
