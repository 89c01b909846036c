//! Records that a later file states anew: of two with one key the one of the later submission holds, and the earlier file
//! gives way to a copy without it. Files are never changed, so that releases made before keep what they had.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use ::parquet::column::reader::{ColumnReader, get_typed_column_reader};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader as _, RowGroupReader, SerializedFileReader};
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};

use super::super::digest::sha256_bytes;
use super::super::error::StoreError;
use super::file::{fault, properties};
use super::{Left, Submission};
use crate::domain::record::MONTH;
use crate::domain::record_table;

/// Let later records take the place of earlier ones, in all that a release is to consist of. `key` gives the columns by
/// which records of a table are told apart, by dataset and extract.
///
/// # Errors
/// A file cannot be read or written.
pub fn supersede(
    warehouse: &Path,
    submissions: &mut [Submission],
    key: &dyn Fn(&Submission) -> Vec<&'static str>,
) -> Result<(), StoreError> {
    let mut together: BTreeMap<(String, String, String), Vec<(usize, usize)>> = BTreeMap::new();
    for (nth, submission) in submissions.iter().enumerate() {
        let others = submission.scope.iter().filter(|(name, _)| *name != MONTH);
        let scope = format!("{:?}", others.collect::<Vec<_>>());
        for (part, of) in submission.parts.iter().enumerate() {
            let extract = format!("{}/{}", submission.dataset, submission.extract);
            together.entry((extract, scope.clone(), of.month.clone())).or_default().push((nth, part));
        }
    }
    for mut parts in together.into_values() {
        parts.sort_by(|(a, _), (b, _)| order(&submissions[*a]).cmp(&order(&submissions[*b])));
        let mut later: HashSet<Vec<u8>> = HashSet::new();
        let mut names: Vec<String> = Vec::new();
        for (at, (nth, part)) in parts.iter().enumerate().rev() {
            let columns = key(&submissions[*nth]);
            let is_first = at == 0;
            let left = match names.is_empty() {
                true => None,
                false => Some(leave(warehouse, &submissions[*nth], *part, &columns, &names, &later)?),
            };
            submissions[*nth].parts[*part].left = left;
            if !is_first {
                let path = warehouse.join(&submissions[*nth].parts[*part].file);
                each_key(&path, &columns, |key| {
                    later.insert(key);
                })?;
                names.push(submissions[*nth].id.clone());
            }
        }
    }
    Ok(())
}

/// By what a submission is later than another: its month, its count, its name.
fn order(submission: &Submission) -> (Option<&String>, &[u64], &str) {
    (submission.scope.get(MONTH), &submission.count, &submission.source_file)
}

/// What is left of a part when those of later submissions have taken their place.
fn leave(
    warehouse: &Path,
    submission: &Submission,
    part: usize,
    columns: &[&str],
    names: &[String],
    later: &HashSet<Vec<u8>>,
) -> Result<Left, StoreError> {
    let of = &submission.parts[part];
    let after = sha256_bytes(names.join("\n").as_bytes())[..16].to_owned();
    // Known from the release before.
    if let Some(known) = of.left.as_ref().filter(|left| left.after == after && warehouse.join(&left.file).is_file()) {
        return Ok(known.clone());
    }
    let path = warehouse.join(&of.file);
    let mut stays = Vec::with_capacity(of.rows as usize);
    each_key(&path, columns, |key| stays.push(!later.contains(&key)))?;
    let rows = stays.iter().filter(|stays| **stays).count() as u64;
    if rows == of.rows {
        return Ok(Left { after, file: of.file.clone(), rows });
    }
    let file = of.file.replace(&submission.id, &format!("{}-{after}", submission.id));
    copy(&submission.table, &path, &warehouse.join(&file), &stays)?;
    Ok(Left { after, file, rows })
}

/// Hand over the key of each record of a file.
fn each_key(path: &Path, columns: &[&str], mut take: impl FnMut(Vec<u8>)) -> Result<(), StoreError> {
    let fault = |error| fault(path, error);
    let reader = open(path)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let places: Vec<usize> =
        (0..schema.num_columns()).filter(|nth| columns.contains(&schema.column(*nth).name())).collect();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(fault)?;
        let rows = group.metadata().num_rows() as usize;
        let mut keys = vec![Vec::new(); rows];
        for place in &places {
            Cells::read(group.as_ref(), *place).map_err(fault)?.append(&mut keys);
        }
        keys.into_iter().for_each(&mut take);
    }
    Ok(())
}

fn open(path: &Path) -> Result<SerializedFileReader<File>, StoreError> {
    let file = File::open(path).map_err(StoreError::io("read", path))?;
    SerializedFileReader::new(file).map_err(|error| fault(path, error))
}

/// The rows of a file that stay, as a file of its own.
fn copy(table: &str, from: &Path, to: &Path, stays: &[bool]) -> Result<(), StoreError> {
    let reader = open(from)?;
    let beside = to.with_extension("new");
    let file = File::create(&beside).map_err(StoreError::io("write", &beside))?;
    let fault = |error| fault(to, error);
    let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
    let properties = record_table(table).map(|table| Arc::new(properties(table).build())).unwrap_or_default();
    let mut writer = SerializedFileWriter::new(BufWriter::new(file), schema, properties).map_err(fault)?;
    let mut rest = stays;
    for nth in 0..reader.num_row_groups() {
        let group = reader.get_row_group(nth).map_err(fault)?;
        let (stays, behind) = rest.split_at(group.metadata().num_rows() as usize);
        rest = behind;
        if !stays.contains(&true) {
            continue;
        }
        let mut writing = writer.next_row_group().map_err(fault)?;
        for column in 0..group.num_columns() {
            let cells = Cells::read(group.as_ref(), column).map_err(fault)?.kept(stays);
            if let Some(column) = writing.next_column().map_err(fault)? {
                cells.write(column).map_err(fault)?;
            }
        }
        writing.close().map_err(fault)?;
    }
    let mut file = writer.into_inner().map_err(fault)?;
    file.flush().and_then(|()| file.get_ref().sync_all()).map_err(StoreError::io("write", to))?;
    fs::rename(&beside, to).map_err(StoreError::io("put in place", to))
}

/// A column of a group of rows; `present` says which of them have a value, where not all do.
struct Cells {
    present: Option<Vec<i16>>,
    of: Of,
}

enum Of {
    Bytes(Vec<ByteArray>),
    Days(Vec<i32>),
    Integers(Vec<i64>),
}

impl Cells {
    fn read(group: &dyn RowGroupReader, column: usize) -> Result<Cells, ParquetError> {
        let optional = group.metadata().column(column).column_descr().max_def_level() > 0;
        let rows = group.metadata().num_rows() as usize;
        let mut present = optional.then(Vec::new);
        let reader = group.get_column_reader(column)?;
        let of = match reader {
            ColumnReader::Int32ColumnReader(_) => Of::Days(values::<Int32Type>(reader, rows, present.as_mut())?),
            ColumnReader::Int64ColumnReader(_) => Of::Integers(values::<Int64Type>(reader, rows, present.as_mut())?),
            reader => Of::Bytes(values::<ByteArrayType>(reader, rows, present.as_mut())?),
        };
        Ok(Cells { present, of })
    }

    /// Add each row's cell to what is held of the row; lengths keep one cell from passing into the next.
    fn append(&self, rows: &mut [Vec<u8>]) {
        let mut add = |row: usize, bytes: &[u8]| {
            rows[row].extend_from_slice(&(bytes.len() as u32).to_be_bytes());
            rows[row].extend_from_slice(bytes);
        };
        let is_there = |row: &usize| self.present.as_ref().is_none_or(|present| present[*row] > 0);
        let places = (0..self.present.as_ref().map_or(usize::MAX, Vec::len)).filter(is_there);
        match &self.of {
            Of::Bytes(values) => places.zip(values).for_each(|(row, value)| add(row, value.data())),
            Of::Days(values) => places.zip(values).for_each(|(row, value)| add(row, &value.to_be_bytes())),
            Of::Integers(values) => places.zip(values).for_each(|(row, value)| add(row, &value.to_be_bytes())),
        }
    }

    fn kept(self, stays: &[bool]) -> Cells {
        fn filtered<T>(values: Vec<T>, mut stays: impl Iterator<Item = bool>) -> Vec<T> {
            values.into_iter().filter(|_| stays.next().unwrap_or(false)).collect()
        }
        let present = self.present;
        let of_values = stays.iter().enumerate().filter(|(row, _)| present.as_ref().is_none_or(|p| p[*row] > 0));
        let of_values = of_values.map(|(_, stays)| *stays);
        let of = match self.of {
            Of::Bytes(values) => Of::Bytes(filtered(values, of_values)),
            Of::Days(values) => Of::Days(filtered(values, of_values)),
            Of::Integers(values) => Of::Integers(filtered(values, of_values)),
        };
        Cells { present: present.map(|present| filtered(present, stays.iter().copied())), of }
    }

    fn write(&self, mut column: SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let present = self.present.as_deref();
        match &self.of {
            Of::Bytes(values) => column.typed::<ByteArrayType>().write_batch(values, present, None)?,
            Of::Days(values) => column.typed::<Int32Type>().write_batch(values, present, None)?,
            Of::Integers(values) => column.typed::<Int64Type>().write_batch(values, present, None)?,
        };
        column.close()
    }
}

fn values<T: DataType>(
    reader: ColumnReader,
    rows: usize,
    mut present: Option<&mut Vec<i16>>,
) -> Result<Vec<T::T>, ParquetError> {
    let mut reader = get_typed_column_reader::<T>(reader);
    let mut values = Vec::with_capacity(rows);
    let mut read = 0;
    while read < rows {
        let (records, _, _) = reader.read_records(rows - read, present.as_deref_mut(), None, &mut values)?;
        if records == 0 {
            break;
        }
        read += records;
    }
    Ok(values)
}
