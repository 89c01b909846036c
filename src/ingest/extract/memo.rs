//! What the cells of a column were found to say, by their bytes.

use super::Wrong;
use crate::domain::fingerprint::of_bytes;

/// A cell that was met.
#[derive(Clone, Copy, Default)]
struct Entry {
    hash: u32,
    /// Where its bytes stand, and how many they are; 0: there is no cell here.
    start: u32,
    length: u32,
    number: u32,
    is_wrong: bool,
}

/// Cells by their bytes, which are never none.
#[derive(Default)]
pub(super) struct Memo {
    /// A power of two of them, a third at least empty; a cell stands where its hash says or in the next free place.
    entries: Vec<Entry>,
    count: usize,
    bytes: Vec<u8>,
    last: Entry,
    wrong: Vec<Wrong>,
}

impl Memo {
    /// Forget the cells, and be as wide as they needed: the next ones are as many, most likely.
    pub(super) fn clear(&mut self) {
        let Memo { entries, count, bytes, last, wrong } = self;
        entries.clear();
        entries.resize(width(*count), Entry::default());
        (*count, *last) = (0, Entry::default());
        bytes.clear();
        wrong.clear();
    }

    /// What `find` said of these bytes when they were met first.
    #[inline]
    pub(super) fn get(&mut self, bytes: &[u8], find: impl FnOnce() -> Result<u32, Wrong>) -> Result<u32, Wrong> {
        if self.holds(self.last, bytes) {
            return self.said(self.last);
        }
        let hash = hash(bytes);
        let mut place = self.place(hash);
        while let Some(entry) = self.entries.get(place).copied().filter(|entry| entry.length > 0) {
            if entry.hash == hash && self.holds(entry, bytes) {
                self.last = entry;
                return self.said(entry);
            }
            place = (place + 1) & (self.entries.len() - 1);
        }
        self.add(bytes, hash, find())
    }

    #[inline]
    fn holds(&self, entry: Entry, bytes: &[u8]) -> bool {
        let start = entry.start as usize;
        entry.length as usize == bytes.len() && same(&self.bytes[start..start + bytes.len()], bytes)
    }

    #[inline]
    fn said(&self, entry: Entry) -> Result<u32, Wrong> {
        if entry.is_wrong { Err(self.wrong[entry.number as usize].clone()) } else { Ok(entry.number) }
    }

    fn place(&self, hash: u32) -> usize {
        hash as usize & self.entries.len().saturating_sub(1)
    }

    fn add(&mut self, bytes: &[u8], hash: u32, said: Result<u32, Wrong>) -> Result<u32, Wrong> {
        let number = match &said {
            Ok(number) => *number,
            Err(wrong) => {
                self.wrong.push(wrong.clone());
                self.wrong.len() as u32 - 1
            }
        };
        let (start, length) = (self.bytes.len() as u32, bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
        self.last = Entry { hash, start, length, number, is_wrong: said.is_err() };
        if 3 * (self.count + 1) > 2 * self.entries.len() {
            let wider = vec![Entry::default(); width(self.count + 1)];
            for entry in std::mem::replace(&mut self.entries, wider) {
                if entry.length > 0 {
                    self.put(entry);
                }
            }
        }
        self.put(self.last);
        self.count += 1;
        said
    }

    fn put(&mut self, entry: Entry) {
        let mut place = self.place(entry.hash);
        while self.entries[place].length > 0 {
            place = (place + 1) & (self.entries.len() - 1);
        }
        self.entries[place] = entry;
    }
}

/// Places for so many cells.
fn width(count: usize) -> usize {
    (3 * count / 2 + 1).next_power_of_two().max(64)
}

/// Whether cells of one length are the same: most are so short that calling whoever compares memory costs more.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    let ((ones, one_rest), (others, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let number = |eight: &[u8; 8]| u64::from_le_bytes(*eight);
    let rest = || match (one.last_chunk::<8>(), other.last_chunk::<8>()) {
        (Some(one), Some(other)) => number(one) == number(other),
        _ => one_rest.iter().zip(other_rest).all(|(one, other)| one == other),
    };
    ones.iter().zip(others).all(|(one, other)| number(one) == number(other)) && rest()
}

/// As much of the number of the bytes as an entry keeps.
#[inline]
fn hash(bytes: &[u8]) -> u32 {
    let number = of_bytes(bytes);
    (number ^ number >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_read_once_for_each_way_of_writing_it() {
        let mut memo = Memo::default();
        let mut read = 0;
        for round in 0..3 {
            for number in 0..5_000u32 {
                let text = format!("{}", number * 37 % 5_000 + 1_000 * round / 3);
                let said = memo.get(text.as_bytes(), || {
                    read += 1;
                    let number: u32 = text.parse().unwrap();
                    if number.is_multiple_of(10) { Err(Wrong::new("round", text.clone())) } else { Ok(number) }
                });
                match text.ends_with('0') {
                    true => assert_eq!(said, Err(Wrong::new("round", text))),
                    false => assert_eq!(said, Ok(text.parse().unwrap())),
                }
            }
        }
        // 0 to 4999 in the first round, and what lies above them in the others: up to 5665.
        assert_eq!(read, 5_666);
        memo.clear();
        assert_eq!(memo.get(b"11", || Ok(12)), Ok(12), "what was forgotten is read again");
    }

    #[test]
    fn cells_are_the_same_where_every_byte_is() {
        for length in 0..40 {
            let one: Vec<u8> = (0..length).map(|nth| b'0' + nth % 10).collect();
            assert!(same(&one, &one.clone()), "{length}");
            for place in 0..one.len() {
                let mut other = one.clone();
                other[place] = b'x';
                assert!(!same(&one, &other), "{length}, {place}");
            }
        }
    }
}
