//! Records in columns, as many as memory is meant to hold, and their order.

use std::collections::BTreeSet;

use super::column::{self, Column, Words};
use super::pack::width;
use super::row::RowForm;
use crate::domain::RecordColumn;

/// Bits of a record's key that are compared at once.
const KEY_BITS: u32 = u128::BITS - u32::BITS;

/// Some records of one table.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// As those of the table.
    pub columns: Vec<Column>,
    /// Where each record came from.
    pub lines: Vec<u64>,
}

impl Batch {
    /// One without records. By column: the codes that there are, in order.
    pub fn new(form: &RowForm, codes: &[Words]) -> Batch {
        let mut batch = Batch::default();
        batch.begin(form, codes);
        batch
    }

    /// Forget all records, and begin with those of this form in the memory that is there.
    pub(super) fn begin(&mut self, form: &RowForm, codes: &[Words]) {
        let mut before = std::mem::take(&mut self.columns).into_iter();
        let column = |(of, codes): (&RecordColumn, &Words)| match before.next() {
            Some(column) => column.begin(of.kind, codes),
            None => Column::new(of.kind, codes),
        };
        self.columns = form.table.columns.iter().zip(codes).map(column).collect();
        self.lines.clear();
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Bytes that it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        8 * self.lines.len() + self.columns.iter().map(Column::bytes).sum::<usize>()
    }

    /// Forget the records of these lines among those from `start` on.
    pub fn leave_out(&mut self, start: usize, lines: &BTreeSet<u64>) {
        let stays: Vec<bool> = self.lines[start..].iter().map(|line| !lines.contains(line)).collect();
        self.columns.iter_mut().for_each(|column| column.keep(start, &stays));
        column::keep(&mut self.lines, start, &stays);
    }

    /// Hand over the records by their key, those of one key together and in their order.
    pub(super) fn each_key<E>(&self, form: &RowForm, mut take: impl FnMut(&[u32]) -> Result<(), E>) -> Result<(), E> {
        // As much of the key as fits into a number, so that sorting compares numbers; the rest is rarely looked at.
        let (mut keys, mut bits, mut rest) = (vec![0u128; self.len()], 0, Vec::new());
        for nth in form.key_columns() {
            let ordered = self.columns[*nth].ordered();
            let width = width(ordered.iter().copied().max().unwrap_or_default());
            if !rest.is_empty() || bits + width > KEY_BITS {
                rest.push(ordered);
                continue;
            }
            bits += width;
            for (key, part) in keys.iter_mut().zip(ordered) {
                *key = *key << width | u128::from(part);
            }
        }
        let mut sorted: Vec<u128> = keys.into_iter().zip(0u128..).map(|(key, row)| key << u32::BITS | row).collect();
        let row = |key: &u128| *key as u32;
        let by_key = |a: &u128, b: &u128| {
            let of_rest = |row: u32| rest.iter().map(move |part| part[row as usize]);
            (a >> u32::BITS).cmp(&(b >> u32::BITS)).then_with(|| of_rest(row(a)).cmp(of_rest(row(b))))
        };
        match rest.is_empty() {
            true => sorted.sort_unstable(),
            false => sorted.sort_unstable_by(by_key),
        }
        for same in sorted.chunk_by(|a, b| by_key(a, b).is_eq()) {
            if let [one] = same {
                take(&[row(one)])?;
                continue;
            }
            let bytes = |key: &u128| {
                let mut bytes = Vec::new();
                form.write(self, row(key) as usize, &mut bytes);
                bytes
            };
            let mut rows: Vec<u32> = same.iter().map(row).collect();
            rows.sort_by_cached_key(|row| bytes(&u128::from(*row)));
            take(&rows)?;
        }
        Ok(())
    }
}
