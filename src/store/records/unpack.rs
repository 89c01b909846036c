//! Columns of records read back as they were written: cells that are numbers, words with their dictionary.

use ::parquet::basic::{Encoding, Type};
use ::parquet::column::page::Page;
use ::parquet::column::reader::get_typed_column_reader;
use ::parquet::data_type::{DataType, Int32Type, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::RowGroupReader;
use ::parquet::schema::types::{ColumnDescPtr, ColumnDescriptor};

use super::column::{Column, NO_WORD, Words};
use super::pack;

/// A column of a group of rows.
pub(super) fn read(group: &dyn RowGroupReader, nth: usize) -> Result<Column, ParquetError> {
    let about = group.metadata().column(nth).column_descr_ptr();
    let rows = group.metadata().num_rows() as usize;
    Ok(match about.physical_type() {
        Type::INT32 => numbers::<Int32Type>(group, nth, rows, Column::Short(Vec::with_capacity(rows)))?,
        Type::INT64 => numbers::<Int64Type>(group, nth, rows, Column::Long(Vec::with_capacity(rows)))?,
        _ => words(group, nth, &about)?,
    })
}

fn numbers<T: DataType>(
    group: &dyn RowGroupReader,
    nth: usize,
    rows: usize,
    mut column: Column,
) -> Result<Column, ParquetError>
where
    T::T: Into<i64>,
{
    let optional = group.metadata().column(nth).column_descr().max_def_level() > 0;
    let mut there = optional.then(Vec::new);
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(nth)?);
    let (mut values, mut read) = (Vec::with_capacity(rows), 0);
    while read < rows {
        match reader.read_records(rows - read, there.as_mut(), None, &mut values)?.0 {
            0 => break,
            records => read += records,
        }
    }
    let mut values = values.into_iter().peekable();
    for row in 0..read {
        let is_there = there.as_ref().is_none_or(|there| there[row] > 0);
        match (values.next_if(|_| is_there), &mut column) {
            (Some(value), Column::Short(cells)) => cells.push(value.into() as i32),
            (Some(value), column) => column.push_long(value.into()),
            (None, column) => column.push_missing(),
        }
    }
    Ok(column)
}

/// Words, by a dictionary or one by one.
fn words(group: &dyn RowGroupReader, nth: usize, about: &ColumnDescPtr) -> Result<Column, ParquetError> {
    let broken = || ParquetError::General(format!("the column {} is not as records are written", about.name()));
    let mut words = Words::default();
    let mut cells = Vec::with_capacity(group.metadata().num_rows() as usize);
    for page in group.get_column_page_reader(nth)? {
        match page? {
            Page::DictionaryPage { buf, num_values, .. } => {
                listed(&buf, num_values as usize, |word| {
                    words.push(word);
                })
                .ok_or_else(broken)?;
            }
            Page::DataPage { buf, num_values, encoding, .. } => {
                let rows = num_values as usize;
                let found = match encoding {
                    Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => places(about, &buf, rows),
                    Encoding::PLAIN => there(about, &buf, rows).and_then(|(there, rest)| {
                        let count = there.as_ref().map_or(rows, |there| there.iter().filter(|t| **t > 0).count());
                        let mut numbers = Vec::with_capacity(count);
                        listed(rest, count, |word| numbers.push(words.push(word)))?;
                        Some(spread(there, numbers))
                    }),
                    _ => None,
                };
                let found = found.ok_or_else(broken)?;
                if found.iter().any(|number| *number != NO_WORD && *number as usize >= words.len()) {
                    return Err(broken());
                }
                cells.extend(found);
            }
            Page::DataPageV2 { .. } => return Err(broken()),
        }
    }
    Ok(Column::Words { words, cells })
}

/// The places in a dictionary that a page of so many rows holds.
pub(super) fn places(about: &ColumnDescriptor, page: &[u8], rows: usize) -> Option<Vec<u32>> {
    let (there, rest) = there(about, page, rows)?;
    let count = there.as_ref().map_or(rows, |there| there.iter().filter(|there| **there > 0).count());
    let (width, packed) = rest.split_first()?;
    let numbers = pack::unpacked(packed, u32::from(*width).min(u32::BITS), count)?;
    Some(spread(there, numbers))
}

/// The beginning of a page: 1 for each cell that is there, where some may be missing; and what is behind it.
fn there<'a>(about: &ColumnDescriptor, page: &'a [u8], rows: usize) -> Option<(Option<Vec<u32>>, &'a [u8])> {
    if about.max_def_level() == 0 {
        return Some((None, page));
    }
    let (length, behind) = page.split_first_chunk::<4>()?;
    let (levels, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((Some(pack::unpacked(levels, 1, rows)?), behind))
}

/// Numbers at the places of the cells that are there.
fn spread(there: Option<Vec<u32>>, numbers: Vec<u32>) -> Vec<u32> {
    let Some(mut there) = there else { return numbers };
    let mut numbers = numbers.into_iter();
    for cell in &mut there {
        *cell = if *cell > 0 { numbers.next().unwrap_or(NO_WORD) } else { NO_WORD };
    }
    there
}

/// Hand over words, each behind its length.
fn listed(mut bytes: &[u8], count: usize, mut take: impl FnMut(&[u8])) -> Option<()> {
    for _ in 0..count {
        let (length, behind) = bytes.split_first_chunk::<4>()?;
        let (word, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        take(word);
        bytes = behind;
    }
    Some(())
}
