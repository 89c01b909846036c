//! Records in order, however many: what memory is not meant to hold is sorted, put aside on disk, and merged.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::super::error::StoreError;
use super::batch::Batch;
use super::column::Words;
use super::file::GROUP_ROWS;
use super::row::RowForm;

/// Bytes of records that one thread holds before it puts them aside.
const RUN_BYTES: usize = 96 << 20;

/// Where a thread gathers records.
pub struct Runs<'a> {
    pub batch: Batch,
    form: &'a RowForm,
    codes: &'a [Words],
    /// Where runs are put aside, and under which name.
    folder: &'a Path,
    name: String,
    aside: Vec<PathBuf>,
    run_bytes: usize,
}

impl<'a> Runs<'a> {
    /// In the memory of `batch`, of which the records are forgotten.
    pub fn new(mut batch: Batch, form: &'a RowForm, codes: &'a [Words], folder: &'a Path, name: String) -> Runs<'a> {
        batch.begin(form, codes);
        Runs { batch, form, codes, folder, name, aside: Vec::new(), run_bytes: RUN_BYTES }
    }

    /// Put aside what is there if it is enough; whether it was, and the numbers of words begin anew.
    ///
    /// # Errors
    /// The disk cannot take what memory does not hold.
    pub fn settle(&mut self) -> Result<bool, StoreError> {
        let is_full = self.batch.bytes() >= self.run_bytes;
        if is_full {
            self.put_aside()?;
        }
        Ok(is_full)
    }

    fn put_aside(&mut self) -> Result<(), StoreError> {
        let path = self.folder.join(format!("{}-{}.run", self.name, self.aside.len()));
        let fault = |error| StoreError::io("write", &path)(error);
        std::fs::create_dir_all(self.folder).map_err(StoreError::io("make the folder", self.folder))?;
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(fault)?);
        self.each_row(|row| {
            let length = (row.len() as u32).to_be_bytes();
            file.write_all(&length).and_then(|()| file.write_all(row)).map_err(fault)
        })?;
        file.flush().map_err(fault)?;
        self.batch = Batch::new(self.form, self.codes);
        self.aside.push(path);
        Ok(())
    }

    /// Hand over the records in memory as bytes, in their order.
    fn each_row(&self, mut take: impl FnMut(&[u8]) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut bytes = Vec::new();
        self.batch.each_key(self.form, |rows| {
            rows.iter().try_for_each(|row| {
                bytes.clear();
                self.form.write(&self.batch, *row as usize, &mut bytes);
                take(&bytes)
            })
        })
    }

    /// Whether all records are in memory.
    pub fn is_in_memory(&self) -> bool {
        self.aside.is_empty()
    }

    /// Turn to rows what is there, of which nothing stays in columns.
    fn give_sources(&mut self, sources: &mut Vec<Source>) -> Result<(), StoreError> {
        let mut rows = Vec::new();
        self.each_row(|row| {
            rows.extend_from_slice(row);
            Ok(())
        })?;
        self.batch = Batch::default();
        for path in std::mem::take(&mut self.aside) {
            let file = File::open(&path).map_err(StoreError::io("read", &path))?;
            sources.push(Source::Disk { file: BufReader::with_capacity(256 << 10, file), path });
        }
        sources.push(Source::Memory { rows, next: 0 });
        Ok(())
    }
}

enum Source {
    Memory { rows: Vec<u8>, next: usize },
    Disk { file: BufReader<File>, path: PathBuf },
}

impl Source {
    /// The next row; `false` at the end.
    fn next(&mut self, form: &RowForm, into: &mut Vec<u8>) -> Result<bool, StoreError> {
        into.clear();
        match self {
            Source::Memory { rows, next } => {
                let rest = &rows[*next..];
                if rest.is_empty() {
                    return Ok(false);
                }
                into.extend_from_slice(&rest[..form.length(rest)]);
                *next += into.len();
                Ok(true)
            }
            Source::Disk { file, path } => {
                let mut length = [0; 4];
                match file.read_exact(&mut length) {
                    Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(false),
                    read => read.map_err(StoreError::io("read", path))?,
                }
                into.resize(u32::from_be_bytes(length) as usize, 0);
                file.read_exact(into).map_err(StoreError::io("read", path))?;
                Ok(true)
            }
        }
    }
}

/// The first row of a source that is not taken yet; the smallest stands on top of a heap.
struct Head {
    row: Vec<u8>,
    source: usize,
}

impl Ord for Head {
    fn cmp(&self, other: &Head) -> Ordering {
        (&other.row, other.source).cmp(&(&self.row, self.source))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Head {}

/// Hand over the records of all threads in their order, as rows of batches that no month and no group of rows runs over.
/// `is_double` looks at rows of which several may have the same key; what was put aside is removed.
///
/// # Errors
/// What was put aside cannot be read, or `take` fails.
pub fn in_order(
    runs: &mut [Runs<'_>],
    mut is_double: impl FnMut(&[u8]) -> bool,
    mut take: impl FnMut(&Batch, &[u32]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let is_there = |runs: &&mut Runs<'_>| !runs.batch.is_empty() || !runs.aside.is_empty();
    let mut runs: Vec<&mut Runs<'_>> = runs.iter_mut().filter(is_there).collect();
    match runs.as_slice() {
        [] => Ok(()),
        // Nothing to merge: the columns are taken as they are.
        [one] if one.is_in_memory() => {
            let (batch, form) = (&one.batch, one.form);
            let (mut order, mut bytes) = (Vec::with_capacity(batch.len()), Vec::new());
            batch.each_key(form, |rows| {
                for row in rows {
                    bytes.clear();
                    if rows.len() > 1 {
                        form.write(batch, *row as usize, &mut bytes);
                    }
                    if rows.len() == 1 || !is_double(&bytes) {
                        order.push(*row);
                    }
                }
                Ok::<(), StoreError>(())
            })?;
            let of_month =
                |a: &u32, b: &u32| batch.columns[0].short(*a as usize) == batch.columns[0].short(*b as usize);
            order.chunk_by(of_month).flat_map(|month| month.chunks(GROUP_ROWS)).try_for_each(|rows| take(batch, rows))
        }
        [first, ..] => {
            let (form, codes) = (first.form, first.codes);
            merge(form, codes, &mut runs, is_double, take)
        }
    }
}

fn merge(
    form: &RowForm,
    codes: &[Words],
    runs: &mut [&mut Runs<'_>],
    mut is_double: impl FnMut(&[u8]) -> bool,
    mut take: impl FnMut(&Batch, &[u32]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut sources = Vec::new();
    for runs in runs {
        runs.give_sources(&mut sources)?;
    }
    let mut heap = BinaryHeap::with_capacity(sources.len());
    for (nth, source) in sources.iter_mut().enumerate() {
        let mut row = Vec::new();
        if source.next(form, &mut row)? {
            heap.push(Head { row, source: nth });
        }
    }
    let (mut batch, mut month) = (Batch::new(form, codes), Vec::new());
    let mut all = |batch: &Batch| take(batch, &(0..batch.len() as u32).collect::<Vec<_>>());
    while let Some(mut head) = heap.peek_mut() {
        if !is_double(&head.row) {
            if batch.len() == GROUP_ROWS || month != form.month(&head.row) {
                if !batch.is_empty() {
                    all(&batch)?;
                }
                batch = Batch::new(form, codes);
                month = form.month(&head.row).to_vec();
            }
            form.read(&head.row, &mut batch);
        }
        let Head { row, source } = &mut *head;
        if !sources[*source].next(form, row)? {
            PeekMut::pop(head);
        }
    }
    all(&batch)?;
    for source in &sources {
        if let Source::Disk { path, .. } = source {
            std::fs::remove_file(path).map_err(StoreError::io("remove", path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record_table;

    #[test]
    fn records_put_aside_are_merged_in_order() {
        let table = record_table("core_unit").unwrap();
        let column = |name: &str| table.column(name).unwrap();
        let form = RowForm::new(table, &[column("unit_id")]);
        let codes: Words = [b"1".as_slice(), b"2"].into_iter().collect();
        let codes = vec![codes; table.columns.len()];
        let numbers: Vec<u64> = (0..2_000).map(|n: u64| n * 7_919 % 2_003).collect();
        // Of three threads some put rows aside; one alone does not.
        let check = |threads: usize, run_bytes: usize| {
            let folder = tempfile::tempdir().unwrap();
            let new = |n: usize| Runs {
                run_bytes,
                ..Runs::new(Batch::default(), &form, &codes, folder.path(), n.to_string())
            };
            let mut all: Vec<Runs<'_>> = (0..threads).map(new).collect();
            for (nth, number) in numbers.iter().enumerate() {
                let runs = &mut all[nth % threads];
                for (column, about) in runs.batch.columns.iter_mut().zip(table.columns) {
                    match about.name {
                        "unit_id" => column.push_word(format!("{number:06}").as_bytes()),
                        "unit_name" => column.push_word("名".repeat(nth % 5).as_bytes()),
                        "month" => column.push_short(24_310 + (*number > 1_000) as u32),
                        _ => column.push_missing(),
                    }
                }
                runs.batch.lines.push(nth as u64);
                runs.settle().unwrap();
            }
            let mut merged = Vec::new();
            let seen = |_: &[u8]| false;
            in_order(&mut all, seen, |batch, rows| {
                let cell =
                    |row: &u32, name| batch.columns[column(name)].word(*row as usize).unwrap_or_default().to_vec();
                merged.push(rows.iter().map(|row| (cell(row, "unit_id"), cell(row, "unit_name"))).collect::<Vec<_>>());
                Ok(())
            })
            .unwrap();
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left aside");
            assert_eq!(merged.len(), 2, "two months");
            merged.concat()
        };
        let alone = check(1, RUN_BYTES);
        let mut expected: Vec<Vec<u8>> = numbers.iter().map(|n| format!("{n:06}").into_bytes()).collect();
        expected.sort();
        assert_eq!(alone.iter().map(|(unit, _)| unit.clone()).collect::<Vec<_>>(), expected);
        assert_eq!(check(3, 5_000), alone);
        assert_eq!(check(1, 5_000), alone);
        assert_eq!(check(2, RUN_BYTES), alone);
    }
}
