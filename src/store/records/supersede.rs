//! Records that a later file states anew: of two with one key the one of the later submission holds, and the earlier file
//! gives way to a copy without it. Files are never changed, so that releases made before keep what they had.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::super::digest::sha256_bytes;
use super::super::error::StoreError;
use super::chunk::Press;
use super::column::Column;
use super::file::{Writing, fault};
use super::unpack;
use super::{Left, Submission};
use crate::domain::record::MONTH;
use crate::grid::on_all_cores;

/// Let later records take the place of earlier ones, in all that a release is to consist of. `key` gives the columns by
/// which records of a table are told apart, by dataset and extract.
///
/// # Errors
/// A file cannot be read or written.
pub fn supersede(
    warehouse: &Path,
    submissions: &mut [Submission],
    key: &(dyn Fn(&Submission) -> Vec<&'static str> + Sync),
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
    let together: Vec<Vec<(usize, usize)>> = together.into_values().collect();
    let known: &[Submission] = submissions;
    let lefts = on_all_cores(&together, |parts| {
        let mut parts = parts.clone();
        parts.sort_by(|(a, _), (b, _)| order(&known[*a]).cmp(&order(&known[*b])));
        let left = |at: usize| {
            let ((nth, part), behind) = (parts[at], &parts[at + 1..]);
            let left = match behind {
                [] => None,
                _ => Some(leave(warehouse, known, (nth, part), behind, &key(&known[nth]))?),
            };
            Ok((nth, part, left))
        };
        (0..parts.len()).map(left).collect::<Result<Vec<_>, StoreError>>()
    });
    for left in lefts {
        for (nth, part, left) in left? {
            submissions[nth].parts[part].left = left;
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
    submissions: &[Submission],
    (nth, part): (usize, usize),
    behind: &[(usize, usize)],
    columns: &[&str],
) -> Result<Left, StoreError> {
    let of = &submissions[nth].parts[part];
    let names: Vec<&str> = behind.iter().rev().map(|(nth, _)| submissions[*nth].id.as_str()).collect();
    let after = sha256_bytes(names.join("\n").as_bytes())[..16].to_owned();
    // Known from the release before.
    if let Some(known) = of.left.as_ref().filter(|left| left.after == after && warehouse.join(&left.file).is_file()) {
        return Ok(known.clone());
    }
    let mut later = Later::default();
    for (nth, part) in behind {
        later.add(&warehouse.join(&submissions[*nth].parts[*part].file), columns)?;
    }
    let path = warehouse.join(&of.file);
    let stays = later.leaves(&path, columns)?;
    let rows = stays.iter().map(Vec::len).sum::<usize>() as u64;
    if rows == of.rows {
        return Ok(Left { after, file: of.file.clone(), rows });
    }
    let id = &submissions[nth].id;
    let file = of.file.replace(id, &format!("{id}-{after}"));
    copy(&path, &warehouse.join(&file), &stays)?;
    Ok(Left { after, file, rows })
}

/// The keys of later records, and by column the words that stand in them.
#[derive(Default)]
struct Later {
    keys: HashSet<Vec<u8>>,
    words: Vec<HashSet<Vec<u8>>>,
}

impl Later {
    fn add(&mut self, path: &Path, columns: &[&str]) -> Result<(), StoreError> {
        each_group(path, columns, |parts, rows| {
            self.words.resize_with(parts.len(), HashSet::new);
            for row in 0..rows {
                self.keys.insert(key(parts, row));
                for (words, part) in self.words.iter_mut().zip(parts) {
                    words.extend(part.word(row).filter(|word| !words.contains(*word)).map(<[u8]>::to_vec));
                }
            }
        })
    }

    /// The rows of a file whose keys are not among them, by groups.
    fn leaves(&self, path: &Path, columns: &[&str]) -> Result<Vec<Vec<u32>>, StoreError> {
        let mut stays = Vec::new();
        each_group(path, columns, |parts, rows| {
            // A word that stands in no later record is looked up once for all its rows; few rows are left to look up whole.
            let among = parts.iter().zip(&self.words).filter_map(|(part, later)| match part {
                Column::Words { words, cells } => {
                    let among: Vec<bool> = words.iter().map(|word| later.contains(word)).collect();
                    Some((among, cells))
                }
                _ => None,
            });
            let among: Vec<_> = among.collect();
            let may_be =
                |row: usize| among.iter().all(|(among, cells)| among.get(cells[row] as usize).copied().unwrap_or(true));
            let is_later = |row: usize| may_be(row) && self.keys.contains(&key(parts, row));
            stays.push((0..rows).filter(|row| !is_later(*row)).map(|row| row as u32).collect());
        })?;
        Ok(stays)
    }
}

/// Hand over the columns of the key, and how many rows they have, of each group of rows of a file.
fn each_group(path: &Path, columns: &[&str], mut take: impl FnMut(&[Column], usize)) -> Result<(), StoreError> {
    let fault = |error| fault(path, error);
    let reader = open(path)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let places = (0..schema.num_columns()).filter(|nth| columns.contains(&schema.column(*nth).name()));
    let places: Vec<usize> = places.collect();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(fault)?;
        let read = |place: &usize| unpack::read(group.as_ref(), *place);
        let parts = places.iter().map(read).collect::<Result<Vec<Column>, ParquetError>>().map_err(fault)?;
        take(&parts, group.metadata().num_rows() as usize);
    }
    Ok(())
}

/// Lengths keep one cell from passing into the next.
fn key(parts: &[Column], row: usize) -> Vec<u8> {
    let mut key = Vec::new();
    for part in parts {
        let (short, long);
        let cell: &[u8] = match part {
            Column::Words { .. } => part.word(row).unwrap_or_default(),
            Column::Short(_) => {
                short = part.short(row).unwrap_or_default().to_be_bytes();
                &short
            }
            Column::Long(_) => {
                long = part.long(row).unwrap_or_default().to_be_bytes();
                &long
            }
        };
        key.extend_from_slice(&(cell.len() as u32).to_be_bytes());
        key.extend_from_slice(cell);
    }
    key
}

fn open(path: &Path) -> Result<SerializedFileReader<File>, StoreError> {
    let file = File::open(path).map_err(StoreError::io("read", path))?;
    SerializedFileReader::new(file).map_err(|error| fault(path, error))
}

/// The rows of a file that stay, by groups, as a file of its own.
fn copy(from: &Path, to: &Path, stays: &[Vec<u32>]) -> Result<(), StoreError> {
    let file = Arc::new(File::open(from).map_err(StoreError::io("read", from))?);
    let reader = open(from)?;
    let mut press = Press::new().map_err(StoreError::io("write", to))?;
    let fault = |error| fault(to, error);
    let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
    let mut writing = Writing::begin(to.to_owned(), schema)?;
    for (nth, rows) in stays.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        let group = reader.get_row_group(nth).map_err(fault)?;
        let mut copied = writing.writer.next_row_group().map_err(fault)?;
        for nth in 0..group.num_columns() {
            press.copy(&mut copied, &file, (group.as_ref(), nth), rows).map_err(fault)?;
        }
        copied.close().map_err(fault)?;
    }
    writing.finish().map(drop)
}

#[cfg(test)]
mod tests {
    use ::parquet::file::statistics::Statistics;

    use super::*;
    use crate::domain::RecordKind;
    use crate::store::records::column::Words;
    use crate::store::records::file::write;

    type Cells = (Option<Vec<u8>>, Option<u32>, Option<i64>);

    /// The rows of a file, and what it tells of its columns.
    fn told(path: &Path) -> (Vec<Cells>, Vec<Option<Statistics>>) {
        let reader = open(path).unwrap();
        let group = reader.get_row_group(0).unwrap();
        let columns: Vec<Column> = (0..3).map(|nth| unpack::read(group.as_ref(), nth).unwrap()).collect();
        let row = |row| (columns[0].word(row).map(<[u8]>::to_vec), columns[1].short(row), columns[2].long(row));
        let statistics = group.metadata().columns().iter().map(|column| column.statistics().cloned());
        ((0..columns[0].len()).map(row).collect(), statistics.collect())
    }

    #[test]
    fn a_copy_is_as_if_it_had_been_written_of_the_rows_that_stay() {
        const SCHEMA: &str =
            "message t { optional binary a (STRING); optional int32 b (DATE); required int64 c (DECIMAL(18,2)); }";
        let folder = tempfile::tempdir().unwrap();
        let paths = ["whole", "copy", "anew"].map(|name| folder.path().join(name));
        let check = |rows: u32, stays: &dyn Fn(u32) -> bool| {
            let of_kind = |kind| Column::new(kind, &Words::default());
            let columns = |rows: &[u32]| {
                let mut columns = [RecordKind::Text, RecordKind::Date, RecordKind::Yuan].map(of_kind);
                for row in rows {
                    // Words that compress, and cells that are missing.
                    match row % 7 {
                        3 => columns[0].push_missing(),
                        _ => columns[0].push_word(format!("53040219900101{:06}", row * 7_919 % 101).as_bytes()),
                    }
                    match row % 11 {
                        4 => columns[1].push_missing(),
                        _ => columns[1].push_short(20_000 + row % 30),
                    }
                    columns[2].push_long(i64::from(row * 31 % 1_009));
                }
                columns
            };
            let all: Vec<u32> = (0..rows).collect();
            let kept: Vec<u32> = all.iter().copied().filter(|row| stays(*row)).collect();
            write(&paths[0], SCHEMA, &columns(&all), all.len()).unwrap();
            copy(&paths[0], &paths[1], std::slice::from_ref(&kept)).unwrap();
            write(&paths[2], SCHEMA, &columns(&kept), kept.len()).unwrap();
            assert_eq!(told(&paths[1]), told(&paths[2]));
            assert_eq!(told(&paths[1]).0.len(), kept.len());
        };
        check(5_000, &|row| row % 500 != 17);
        check(5_000, &|row| row % 3 == 0);
        // The ends of a dictionary go, or all words of a column.
        check(5_000, &|row| row * 7_919 % 101 > 0 && row % 30 != 29);
        check(700, &|row| row % 7 == 3);
        // So few that nothing is compressed.
        check(3, &|row| row != 1);
    }
}
