//! Rows in order, however many: sorted in memory in runs of a fixed size, put aside on disk, and merged.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::super::error::StoreError;
use super::row::{Row, RowForm};

/// Bytes of rows that one thread holds before it puts them aside.
const RUN_BYTES: usize = 96 << 20;

/// Where a thread gathers rows.
pub struct Runs<'a> {
    form: &'a RowForm,
    /// Where runs are put aside, and under which name.
    folder: &'a Path,
    name: String,
    rows: Vec<u8>,
    starts: Vec<u32>,
    aside: Vec<PathBuf>,
    run_bytes: usize,
}

impl<'a> Runs<'a> {
    pub fn new(form: &'a RowForm, folder: &'a Path, name: String) -> Runs<'a> {
        Runs { form, folder, name, rows: Vec::new(), starts: Vec::new(), aside: Vec::new(), run_bytes: RUN_BYTES }
    }

    /// # Errors
    /// The disk cannot take what memory does not hold.
    pub fn push(&mut self, row: &Row) -> Result<(), StoreError> {
        self.starts.push(self.rows.len() as u32);
        row.write(&mut self.rows);
        if self.rows.len() < self.run_bytes { Ok(()) } else { self.put_aside() }
    }

    fn put_aside(&mut self) -> Result<(), StoreError> {
        let path = self.folder.join(format!("{}-{}.run", self.name, self.aside.len()));
        let fault = |error| StoreError::io("write", &path)(error);
        std::fs::create_dir_all(self.folder).map_err(StoreError::io("make the folder", self.folder))?;
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).map_err(fault)?);
        for start in order(self.form, &self.rows, &self.starts) {
            let row = &self.rows[start as usize..];
            let row = &row[..self.form.length(row)];
            let length = (row.len() as u32).to_be_bytes();
            file.write_all(&length).and_then(|()| file.write_all(row)).map_err(fault)?;
        }
        file.flush().map_err(fault)?;
        self.rows.clear();
        self.starts.clear();
        self.aside.push(path);
        Ok(())
    }

    fn into_sources(self, sources: &mut Vec<Source>) -> Result<(), StoreError> {
        for path in self.aside {
            let file = File::open(&path).map_err(StoreError::io("read", &path))?;
            sources.push(Source::Disk { file: BufReader::with_capacity(256 << 10, file), path });
        }
        let order = order(self.form, &self.rows, &self.starts);
        sources.push(Source::Memory { rows: self.rows, order, next: 0 });
        Ok(())
    }
}

/// The rows in their order, as the places where they start. Compared by the first bytes in which rows differ at all, which
/// tell most of them apart; the whole rows decide about the rest.
fn order(form: &RowForm, rows: &[u8], starts: &[u32]) -> Vec<u32> {
    let fixed = form.fixed();
    let row = |start: u32| &rows[start as usize..];
    let Some(first) = starts.first().map(|start| &row(*start)[..fixed]) else { return Vec::new() };
    let mut differs = vec![0u8; fixed];
    for start in starts {
        for ((differs, byte), first) in differs.iter_mut().zip(&row(*start)[..fixed]).zip(first) {
            *differs |= byte ^ first;
        }
    }
    let telling: Vec<usize> = (0..fixed).filter(|at| differs[*at] != 0).take(size_of::<u128>()).collect();
    let brief = |start: u32| telling.iter().fold(0u128, |brief, at| brief << 8 | u128::from(row(start)[*at]));
    let mut keyed: Vec<(u128, u32)> = starts.iter().map(|start| (brief(*start), *start)).collect();
    keyed.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| {
            let (a, b) = (row(a.1), row(b.1));
            a[..form.length(a)].cmp(&b[..form.length(b)])
        })
    });
    keyed.into_iter().map(|(_, start)| start).collect()
}

enum Source {
    Memory { rows: Vec<u8>, order: Vec<u32>, next: usize },
    Disk { file: BufReader<File>, path: PathBuf },
}

impl Source {
    /// The next row; `false` at the end.
    fn next(&mut self, form: &RowForm, into: &mut Vec<u8>) -> Result<bool, StoreError> {
        into.clear();
        match self {
            Source::Memory { rows, order, next } => {
                let Some(start) = order.get(*next) else { return Ok(false) };
                let row = &rows[*start as usize..];
                into.extend_from_slice(&row[..form.length(row)]);
                *next += 1;
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

/// Hand over all rows of all threads in their order; what was put aside is removed.
///
/// # Errors
/// What was put aside cannot be read, or `take` fails.
pub fn merge(
    form: &RowForm,
    runs: Vec<Runs<'_>>,
    mut take: impl FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut sources = Vec::new();
    for runs in runs {
        runs.into_sources(&mut sources)?;
    }
    let mut heap = BinaryHeap::with_capacity(sources.len());
    for (nth, source) in sources.iter_mut().enumerate() {
        let mut row = Vec::new();
        if source.next(form, &mut row)? {
            heap.push(Head { row, source: nth });
        }
    }
    while let Some(mut head) = heap.peek_mut() {
        take(&head.row)?;
        let Head { row, source } = &mut *head;
        if !sources[*source].next(form, row)? {
            PeekMut::pop(head);
        }
    }
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
    fn rows_put_aside_are_merged_in_order() {
        let table = record_table("core_unit").unwrap();
        let column = |name: &str| table.column(name).unwrap();
        let form = RowForm::new(table, &[column("unit_id")]);
        let folder = tempfile::tempdir().unwrap();
        let mut threads: Vec<Runs<'_>> =
            (0..2).map(|n| Runs { run_bytes: 5_000, ..Runs::new(&form, folder.path(), n.to_string()) }).collect();
        let mut row = form.row();
        let numbers: Vec<u64> = (0..2_000).map(|n: u64| n * 7_919 % 2_003).collect();
        for (nth, number) in numbers.iter().enumerate() {
            row.clear();
            row.set_unit(&form, column("unit_id"), format!("{number:06}").as_bytes());
            row.set_text(&form, column("unit_name"), "名".repeat(nth % 5).as_bytes());
            row.set_line(nth as u64);
            threads[nth % 2].push(&row).unwrap();
        }
        assert!(threads.iter().all(|runs| runs.aside.len() > 10), "the test puts rows aside");
        let mut merged = Vec::new();
        merge(&form, threads, |row| {
            merged.push(String::from_utf8(form.unit(row, column("unit_id")).to_vec()).unwrap());
            Ok(())
        })
        .unwrap();
        let mut expected: Vec<String> = numbers.iter().map(|n| format!("{n:06}")).collect();
        expected.sort();
        assert_eq!(merged, expected);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left aside");
    }
}
