//! The result of a query as a Parquet file: zstd, statistics, the same bytes for the same rows.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use datafusion::arrow::array::{ArrayRef, AsArray as _, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::file::reader::{FileReader as _, SerializedFileReader};
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// Why a result could not be written: the query failed on the way, or the disk.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error(transparent)]
    Query(#[from] DataFusionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row of another month than the one that is written.
    #[error("a row holds {found} in \"{column}\" while {month} is being built")]
    Month { column: String, found: String, month: String },
}

/// What was written.
#[derive(Debug, Default)]
pub struct Written {
    pub rows: u64,
    /// Keys that stand more than once.
    pub duplicates: Vec<Duplicate>,
}

/// Under which doubled keys are written into the file itself, where it has some.
const DUPLICATES: &str = "shebao.duplicates";

/// A key of several rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// Column and value, in the order of the grain.
    pub key: Vec<(String, String)>,
    pub rows: u64,
}

/// Write a stream of rows, sorted by `grain`, and count the keys that are doubled.
pub async fn write(stream: SendableRecordBatchStream, path: &Path, grain: &[String]) -> Result<Written, OutputError> {
    write_checked(stream, path, grain, |_| Ok(())).await
}

/// The same for the rows of one month, which the column must hold.
pub async fn write_month(
    stream: SendableRecordBatchStream,
    path: &Path,
    grain: &[String],
    column: &str,
    month: &str,
) -> Result<Written, OutputError> {
    let check = |batch: &RecordBatch| {
        let Some(months) = batch.column_by_name(column) else { return Ok(()) };
        let months = cast(months, &DataType::Utf8View).map_err(DataFusionError::from)?;
        let wrong = months.as_string_view().iter().find(|found| *found != Some(month));
        wrong.map_or(Ok(()), |found| {
            let found = found.map_or("null".to_owned(), |found| format!("\"{found}\""));
            Err(OutputError::Month { column: column.to_owned(), found, month: month.to_owned() })
        })
    };
    write_checked(stream, path, grain, check).await
}

/// What was written into a file of this program; `None` where it cannot be read.
pub fn read_back(path: &Path) -> Option<Written> {
    let reader = SerializedFileReader::new(File::open(path).ok()?).ok()?;
    let metadata = reader.metadata().file_metadata();
    let noted = metadata.key_value_metadata().into_iter().flatten().find(|noted| noted.key == DUPLICATES);
    let duplicates = noted.and_then(|noted| noted.value.as_deref()).map(serde_json::from_str).transpose().ok()?;
    Some(Written { rows: u64::try_from(metadata.num_rows()).ok()?, duplicates: duplicates.unwrap_or_default() })
}

/// What a file notes of a column of text.
pub enum Range {
    /// No value.
    Nothing,
    /// The least and the greatest.
    Texts(String, String),
    Unknown,
}

/// From which to which value a column of a file goes.
pub fn range_of(path: &Path, column: &str) -> Range {
    noted_range(path, column).unwrap_or(Range::Unknown)
}

fn noted_range(path: &Path, column: &str) -> Option<Range> {
    let reader = SerializedFileReader::new(File::open(path).ok()?).ok()?;
    let text = |bytes: Option<&[u8]>| Some(std::str::from_utf8(bytes?).ok()?.to_owned());
    let mut range = Range::Nothing;
    for group in reader.metadata().row_groups() {
        let chunk = group.columns().iter().find(|chunk| chunk.column_path().string() == column)?;
        let noted = chunk.statistics()?;
        if noted.null_count_opt() == u64::try_from(group.num_rows()).ok() {
            continue;
        }
        let (least, greatest) = (text(noted.min_bytes_opt())?, text(noted.max_bytes_opt())?);
        range = match range {
            Range::Texts(first, last) => Range::Texts(first.min(least), last.max(greatest)),
            _ => Range::Texts(least, greatest),
        };
    }
    Some(range)
}

async fn write_checked(
    mut stream: SendableRecordBatchStream,
    path: &Path,
    grain: &[String],
    check: impl Fn(&RecordBatch) -> Result<(), OutputError>,
) -> Result<Written, OutputError> {
    let mut file = ParquetFile::create(path, stream.schema())?;
    let mut keys = KeyWatch::new(grain);
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        check(&batch)?;
        rows += batch.num_rows() as u64;
        keys.see(&batch)?;
        file.write(&batch)?;
    }
    file.close(&keys.duplicates)?;
    Ok(Written { rows, duplicates: keys.duplicates })
}

struct ParquetFile<'a> {
    path: &'a Path,
    writer: ArrowWriter<BufWriter<File>>,
}

impl<'a> ParquetFile<'a> {
    fn create(path: &'a Path, schema: SchemaRef) -> Result<Self, OutputError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_created_by("shebao".to_owned())
            .build();
        let file = File::create(path).map_err(StoreError::io("write", path))?;
        let writer = ArrowWriter::try_new(BufWriter::new(file), schema, Some(properties));
        Ok(ParquetFile { path, writer: writer.map_err(|error| fault(path, error))? })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), OutputError> {
        self.writer.write(batch).map_err(|error| fault(self.path, error).into())
    }

    /// Not `into_inner`, which forgets why the disk refused.
    fn close(mut self, duplicates: &[Duplicate]) -> Result<(), OutputError> {
        if !duplicates.is_empty() {
            let noted =
                serde_json::to_string(duplicates).map_err(|error| parquet_fault(self.path, error.to_string()))?;
            self.writer.append_key_value_metadata(KeyValue::new(DUPLICATES.to_owned(), noted));
        }
        self.writer.finish().map_err(|error| fault(self.path, error))?;
        Ok(self.writer.inner_mut().flush().map_err(StoreError::io("write", self.path))?)
    }
}

fn fault(path: &Path, error: ParquetError) -> StoreError {
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(source) => StoreError::Io { action: "write", path: path.to_owned(), source: *source },
            Err(cause) => parquet_fault(path, cause.to_string()),
        },
        error => parquet_fault(path, error.to_string()),
    }
}

fn parquet_fault(path: &Path, message: String) -> StoreError {
    StoreError::Parquet { action: "write", path: path.to_owned(), message }
}

/// Sees rows in the order of their key and remembers those that come again; holds one key at a time.
struct KeyWatch<'a> {
    grain: &'a [String],
    converter: Option<RowConverter>,
    last: Option<OwnedRow>,
    last_is_doubled: bool,
    duplicates: Vec<Duplicate>,
}

impl<'a> KeyWatch<'a> {
    fn new(grain: &'a [String]) -> Self {
        KeyWatch { grain, converter: None, last: None, last_is_doubled: false, duplicates: Vec::new() }
    }

    fn see(&mut self, batch: &RecordBatch) -> Result<(), DataFusionError> {
        let columns: Vec<ArrayRef> =
            self.grain.iter().filter_map(|column| batch.column_by_name(column).cloned()).collect();
        if columns.is_empty() {
            return Ok(());
        }
        let converter = match &mut self.converter {
            Some(converter) => converter,
            None => {
                let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
                self.converter.insert(RowConverter::new(fields)?)
            }
        };
        let keys = converter.convert_columns(&columns)?;
        for (nth, key) in keys.iter().enumerate() {
            if self.last.as_ref().is_some_and(|last| last.row() == key) {
                match self.duplicates.last_mut().filter(|_| self.last_is_doubled) {
                    Some(duplicate) => duplicate.rows += 1,
                    None => self.duplicates.push(Duplicate { key: named(self.grain, &columns, nth)?, rows: 2 }),
                }
                self.last_is_doubled = true;
            } else {
                self.last = Some(key.owned());
                self.last_is_doubled = false;
            }
        }
        Ok(())
    }
}

fn named(grain: &[String], columns: &[ArrayRef], row: usize) -> Result<Vec<(String, String)>, DataFusionError> {
    let options = FormatOptions::default().with_null("null");
    let mut key = Vec::with_capacity(columns.len());
    for (name, column) in grain.iter().zip(columns) {
        let formatter = ArrayFormatter::try_new(column.as_ref(), &options)?;
        key.push((name.clone(), formatter.value(row).to_string()));
    }
    Ok(key)
}
