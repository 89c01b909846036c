//! Sorted records to Parquet, a file for each month; a file has its name once it is whole.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use ::parquet::schema::types::TypePtr;

use super::super::error::StoreError;
use super::batch::Batch;
use super::chunk::Press;
use super::column::Column;
use super::{Part, month_text};
use crate::domain::record::SUBMISSION;
use crate::domain::{RecordKind, RecordTable};

/// Rows of a part of a file with statistics of its own.
pub(super) const GROUP_ROWS: usize = 1 << 18;
/// Bytes of a file that are held before they go to the disk; groups of rows come in blocks that are larger.
const BUFFER_BYTES: usize = 64 << 10;

/// The files of one submission.
pub struct Files<'a> {
    table: &'static RecordTable,
    /// The warehouse.
    root: &'a Path,
    submission: &'a str,
    schema: TypePtr,
    press: Press,
    open: Option<Month>,
    parts: Vec<Part>,
}

struct Month {
    number: u32,
    file: Writing,
    rows: u64,
}

/// A file on its way.
pub(super) struct Writing {
    path: PathBuf,
    beside: PathBuf,
    pub(super) writer: SerializedFileWriter<BufWriter<File>>,
}

impl Writing {
    pub(super) fn begin(path: PathBuf, schema: TypePtr) -> Result<Writing, StoreError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name(format!(".{name}.new"));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(StoreError::io("make the folder", folder))?;
        }
        let file = File::create(&beside).map_err(StoreError::io("write", &beside))?;
        let properties =
            WriterProperties::builder().set_created_by("shebao".to_owned()).set_offset_index_disabled(true).build();
        let buffer = BufWriter::with_capacity(BUFFER_BYTES, file);
        let writer = SerializedFileWriter::new(buffer, schema, Arc::new(properties)).map_err(|e| fault(&path, e))?;
        Ok(Writing { path, beside, writer })
    }

    /// The file has its name then, and is on the disk once [`super::settle`] has seen to it.
    pub(super) fn finish(self) -> Result<PathBuf, StoreError> {
        let mut file = self.writer.into_inner().map_err(|error| fault(&self.path, error))?;
        file.flush().map_err(StoreError::io("write", &self.path))?;
        fs::rename(&self.beside, &self.path).map_err(StoreError::io("put in place", &self.path))?;
        Ok(self.path)
    }
}

/// Columns of so many rows as a file of this schema.
pub(super) fn write(path: &Path, schema: &str, columns: &[Column], rows: usize) -> Result<(), StoreError> {
    let fault = |error| fault(path, error);
    let schema = Arc::new(parse_message_type(schema).map_err(fault)?);
    let mut press = Press::new().map_err(StoreError::io("write", path))?;
    let mut writing = Writing::begin(path.to_owned(), schema)?;
    let about = writing.writer.schema_descr().columns().to_vec();
    let rows: Vec<u32> = (0..rows as u32).collect();
    for rows in rows.chunks(GROUP_ROWS) {
        let mut group = writing.writer.next_row_group().map_err(fault)?;
        for (about, column) in about.iter().zip(columns) {
            press.write(&mut group, about, column, rows).map_err(fault)?;
        }
        group.close().map_err(fault)?;
    }
    writing.finish().map(drop)
}

impl<'a> Files<'a> {
    /// # Errors
    /// There is no memory to compress in.
    pub fn new(table: &'static RecordTable, root: &'a Path, submission: &'a str) -> Result<Files<'a>, StoreError> {
        let schema = parse_message_type(&schema(table)).map_err(|error| fault(root, error))?;
        let press = Press::new().map_err(StoreError::io("write", root))?;
        Ok(Files { table, root, submission, schema: Arc::new(schema), press, open: None, parts: Vec::new() })
    }

    /// Take these rows of the batch, all of one month, as a group.
    ///
    /// # Errors
    /// The disk cannot take them.
    pub fn take(&mut self, batch: &Batch, rows: &[u32]) -> Result<(), StoreError> {
        let Some(first) = rows.first() else { return Ok(()) };
        let number = batch.columns[0].short(*first as usize).unwrap_or_default();
        if self.open.as_ref().is_none_or(|month| month.number != number) {
            self.close()?;
            let folder = self.root.join(super::FOLDER).join(self.table.name).join(month_text(number));
            let path = folder.join(format!("{}.parquet", self.submission));
            self.open = Some(Month { number, file: Writing::begin(path, self.schema.clone())?, rows: 0 });
        }
        let Some(month) = &mut self.open else { return Ok(()) };
        let fault = |error| fault(&month.file.path, error);
        let about = month.file.writer.schema_descr().columns().to_vec();
        let mut group = month.file.writer.next_row_group().map_err(fault)?;
        for (nth, about) in about.iter().enumerate() {
            let written = match (nth, batch.columns.get(nth)) {
                (0, _) => self.press.write_same(&mut group, about, &month_text(number), rows.len()),
                (_, None) => self.press.write_same(&mut group, about, self.submission, rows.len()),
                (_, Some(column)) => self.press.write(&mut group, about, column, rows),
            };
            written.map_err(fault)?;
        }
        group.close().map_err(fault)?;
        month.rows += rows.len() as u64;
        Ok(())
    }

    /// The parts that were written.
    ///
    /// # Errors
    /// The disk cannot take them.
    pub fn finish(mut self) -> Result<Vec<Part>, StoreError> {
        self.close()?;
        Ok(self.parts)
    }

    fn close(&mut self) -> Result<(), StoreError> {
        let Some(month) = self.open.take() else { return Ok(()) };
        let path = month.file.finish()?;
        let file = path.strip_prefix(self.root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        self.parts.push(Part { month: month_text(month.number), file, rows: month.rows, left: None });
        Ok(())
    }
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
