//! Columns of records in memory: words by number, so that each is looked at once, however many cells hold it.

use std::sync::OnceLock;

use crate::domain::RecordKind;

/// The number of no word, and the values of cells that are missing.
pub(super) const NO_WORD: u32 = u32::MAX;
pub(super) const NO_SHORT: i32 = i32::MIN;
pub(super) const NO_LONG: i64 = i64::MIN;

/// Words one behind the other, numbered as they come.
#[derive(Clone, Debug, Default)]
pub struct Words {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    /// Whether some word does not come after the one before it.
    mixed: bool,
    ranks: OnceLock<Ranks>,
}

/// The order of words.
#[derive(Clone, Debug)]
pub(super) struct Ranks {
    /// By number of a word: its place among all of them in order, the same for words that are the same.
    pub(super) of: Vec<u32>,
    /// By such a place: the number of its word.
    pub(super) numbers: Vec<u32>,
}

impl Words {
    /// Its number.
    pub fn push(&mut self, word: &[u8]) -> u32 {
        self.ranks.take();
        self.mixed |= !self.is_empty() && self.get(self.ends.len() as u32 - 1) >= word;
        self.bytes.extend_from_slice(word);
        self.ends.push(self.bytes.len() as u32);
        self.ends.len() as u32 - 1
    }

    /// These words alone, in the memory that is there.
    fn begin(&mut self, with: &Words) {
        self.bytes.clone_from(&with.bytes);
        self.ends.clone_from(&with.ends);
        self.mixed = with.mixed;
        self.ranks = with.ranks.clone();
    }

    pub fn get(&self, number: u32) -> &[u8] {
        let nth = number as usize;
        let start = nth.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start as usize..self.ends[nth] as usize]
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len() as u32).map(|number| self.get(number))
    }

    pub(super) fn ranks(&self) -> &Ranks {
        self.ranks.get_or_init(|| {
            let all: Vec<u32> = (0..self.ends.len() as u32).collect();
            if !self.mixed {
                return Ranks { of: all.clone(), numbers: all };
            }
            // Most are told apart by their beginning.
            let beginning = |word: &[u8]| {
                let mut eight = [0; 8];
                let length = word.len().min(8);
                eight[..length].copy_from_slice(&word[..length]);
                u64::from_be_bytes(eight)
            };
            let mut sorted: Vec<(u64, u32)> =
                all.iter().map(|number| (beginning(self.get(*number)), *number)).collect();
            sorted.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| self.get(a.1).cmp(self.get(b.1))));
            let mut ranks = Ranks { of: vec![0; self.len()], numbers: Vec::with_capacity(self.len()) };
            for (_, number) in sorted {
                if ranks.numbers.last().is_none_or(|last| self.get(*last) != self.get(number)) {
                    ranks.numbers.push(number);
                }
                ranks.of[number as usize] = ranks.numbers.len() as u32 - 1;
            }
            ranks
        })
    }
}

impl<'a> FromIterator<&'a [u8]> for Words {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(all: I) -> Words {
        let mut words = Words::default();
        for word in all {
            words.push(word);
        }
        words
    }
}

/// The cells of a column.
#[derive(Clone, Debug)]
pub enum Column {
    Words {
        words: Words,
        cells: Vec<u32>,
    },
    /// Days since 1970, or months since the year 0.
    Short(Vec<i32>),
    /// Fen, or a count.
    Long(Vec<i64>),
}

impl Column {
    /// One without cells; of codes, `words` are all that there are.
    pub fn new(kind: RecordKind, words: &Words) -> Column {
        match kind {
            RecordKind::Month | RecordKind::Date => Column::Short(Vec::new()),
            RecordKind::Yuan | RecordKind::Count => Column::Long(Vec::new()),
            RecordKind::Code(_) => Column::Words { words: words.clone(), cells: Vec::new() },
            RecordKind::Text | RecordKind::Person | RecordKind::Unit => {
                Column::Words { words: Words::default(), cells: Vec::new() }
            }
        }
    }

    /// One without cells, in the memory of this one where it has the same kind.
    pub(super) fn begin(self, kind: RecordKind, codes: &Words) -> Column {
        match (self, Column::new(kind, codes)) {
            (Column::Words { mut words, mut cells }, Column::Words { words: codes, .. }) => {
                words.begin(&codes);
                cells.clear();
                Column::Words { words, cells }
            }
            (Column::Short(mut cells), Column::Short(_)) => {
                cells.clear();
                Column::Short(cells)
            }
            (Column::Long(mut cells), Column::Long(_)) => {
                cells.clear();
                Column::Long(cells)
            }
            (_, other) => other,
        }
    }

    pub fn push_missing(&mut self) {
        match self {
            Column::Words { cells, .. } => cells.push(NO_WORD),
            Column::Short(cells) => cells.push(NO_SHORT),
            Column::Long(cells) => cells.push(NO_LONG),
        }
    }

    /// Add the word of a number, a day, or a month.
    #[inline]
    pub fn push_short(&mut self, number: u32) {
        match self {
            Column::Words { cells, .. } => cells.push(number),
            Column::Short(cells) => cells.push(number as i32),
            Column::Long(cells) => cells.push(i64::from(number)),
        }
    }

    #[inline]
    pub fn push_long(&mut self, number: i64) {
        if let Column::Long(cells) = self {
            cells.push(number);
        }
    }

    /// A new word; where the one before is the same, it again.
    pub fn push_word(&mut self, word: &[u8]) {
        if let Column::Words { words, cells } = self {
            let again = cells.last().copied().filter(|last| *last != NO_WORD && words.get(*last) == word);
            let number = again.unwrap_or_else(|| words.push(word));
            cells.push(number);
        }
    }

    /// The number of a new word, which no cell has yet; of another kind of column there is none.
    pub fn add(&mut self, word: &[u8]) -> u32 {
        if let Column::Words { words, .. } = self { words.push(word) } else { NO_WORD }
    }

    pub fn len(&self) -> usize {
        match self {
            Column::Words { cells, .. } => cells.len(),
            Column::Short(cells) => cells.len(),
            Column::Long(cells) => cells.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Of the cells from `start` on, keep those that stay.
    pub(super) fn keep(&mut self, start: usize, stays: &[bool]) {
        match self {
            Column::Words { cells, .. } => keep(cells, start, stays),
            Column::Short(cells) => keep(cells, start, stays),
            Column::Long(cells) => keep(cells, start, stays),
        }
    }

    pub fn word(&self, row: usize) -> Option<&[u8]> {
        match self {
            Column::Words { words, cells } if cells[row] != NO_WORD => Some(words.get(cells[row])),
            _ => None,
        }
    }

    /// The number of a word, a day, or a month.
    pub fn short(&self, row: usize) -> Option<u32> {
        match self {
            Column::Words { cells, .. } => Some(cells[row]).filter(|cell| *cell != NO_WORD),
            Column::Short(cells) => Some(cells[row]).filter(|cell| *cell != NO_SHORT).map(|cell| cell as u32),
            Column::Long(_) => None,
        }
    }

    pub fn long(&self, row: usize) -> Option<i64> {
        if let Column::Long(cells) = self { Some(cells[row]).filter(|cell| *cell != NO_LONG) } else { None }
    }

    /// Its cells as numbers in the order of what they hold, 0: missing.
    pub(super) fn ordered(&self) -> Vec<u64> {
        fn beyond<T: Copy + Ord + Into<i64>>(cells: &[T], missing: T) -> Vec<u64> {
            let there = cells.iter().copied().filter(|cell| *cell != missing);
            let smallest = there.min().map_or(0, Into::into);
            let beyond = |cell: T| (cell.into().wrapping_sub(smallest) as u64).saturating_add(1);
            cells.iter().map(|cell| if *cell == missing { 0 } else { beyond(*cell) }).collect()
        }
        match self {
            Column::Words { words, cells } => {
                let ranks = &words.ranks().of;
                let ordered = |cell: &u32| if *cell == NO_WORD { 0 } else { u64::from(ranks[*cell as usize]) + 1 };
                cells.iter().map(ordered).collect()
            }
            Column::Short(cells) => beyond(cells, NO_SHORT),
            Column::Long(cells) => beyond(cells, NO_LONG),
        }
    }

    /// Bytes that a cell and its words take, about.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Column::Words { words, cells } => 4 * cells.len() + 2 * words.bytes(),
            Column::Short(cells) => 4 * cells.len(),
            Column::Long(cells) => 8 * cells.len(),
        }
    }
}

pub(super) fn keep<T: Copy>(cells: &mut Vec<T>, start: usize, stays: &[bool]) {
    let mut end = start;
    for (nth, _) in (start..).zip(stays).filter(|(_, stays)| **stays) {
        cells[end] = cells[nth];
        end += 1;
    }
    cells.truncate(end);
}
