//! Compound files, in which older office files lie: streams by name, cut into sectors that form chains ([MS-CFB]).
//!
//! Sectors of a stream lie in runs between those of others. They are moved together within the file's own bytes, so that a
//! large stream is not held twice. Nothing is believed but the chains: sectors beyond the file and chains without an end
//! are faults.

use std::borrow::Cow;
use std::ops::Range;

pub(super) const SIGNATURE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// Numbers of the first sectors of the table of chains that the header holds itself.
const LISTED_IN_HEADER: Range<usize> = 76..512;
const ENTRY_BYTES: usize = 128;
/// Streams smaller than this lie in one stream that they share, cut into sectors of their own.
const SMALL_SECTOR_SHIFT: u32 = 6;
const STORAGE: u8 = 1;
const STREAM: u8 = 2;

/// What is wrong with a container.
pub(super) type Broken = &'static str;

pub(super) struct Compound<'a> {
    sectors: Sectors<'a>,
    /// For each sector the next of its chain.
    next: Vec<u32>,
    /// What lies at the top of the directory.
    entries: Vec<Entry>,
    /// The stream of the small streams.
    small: Entry,
    /// Where its table of chains begins.
    small_next: u32,
    /// Streams of at least so many bytes have sectors of the file.
    large: u64,
}

/// A file or a stream in sectors of one size.
#[derive(Clone, Copy)]
struct Sectors<'a> {
    bytes: &'a [u8],
    /// The size of a sector as a power of two.
    shift: u32,
    /// Where the first one begins.
    start: usize,
}

struct Entry {
    name: String,
    kind: u8,
    first: u32,
    length: u64,
    /// Entries beside it, before and after, and the first of those in it.
    linked: [u32; 3],
}

impl<'a> Compound<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Compound<'a>, Broken> {
        let number = |at| u32_at(bytes, at).ok_or("its header is cut short");
        let is_large_kind = match u16_at(bytes, 30) {
            Some(9) => false,
            Some(12) => true,
            _ => return Err("the size of its sectors is none of the two there are"),
        };
        let shift = if is_large_kind { 12 } else { 9 };
        let sectors = Sectors { bytes, shift, start: 1 << shift };
        let next = sectors.table(number(68)?)?;
        let directory = sectors.chain(&next, number(48)?, None)?.of(bytes.into());
        let entries: Vec<Entry> = directory.chunks_exact(ENTRY_BYTES).map(|e| Entry::read(e, is_large_kind)).collect();
        let (small, entries) = top(entries).ok_or("its directory is empty")?;
        Ok(Compound { sectors, next, entries, small, small_next: number(60)?, large: number(56)?.into() })
    }

    /// Whether a stream or a folder lies at the top of the directory.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// Where a stream lies.
    pub(super) fn stream(&self, name: &str) -> Result<Runs, Broken> {
        let entry = self.entry(name).filter(|e| e.kind == STREAM).ok_or("the stream is missing")?;
        if entry.length >= self.large {
            return self.sectors.chain(&self.next, entry.first, Some(entry.length));
        }
        let all = self.sectors.chain(&self.next, self.small.first, Some(self.small.length))?;
        let next = self.sectors.chain(&self.next, self.small_next, None)?;
        let next = numbers(&next.of(self.sectors.bytes.into()));
        let bytes = all.clone().of(self.sectors.bytes.into());
        let small = Sectors { bytes: &bytes, shift: SMALL_SECTOR_SHIFT, start: 0 };
        Ok(small.chain(&next, entry.first, Some(entry.length))?.within(&all))
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.name.eq_ignore_ascii_case(name))
    }
}

impl<'a> Sectors<'a> {
    fn place(&self, sector: u32) -> Option<usize> {
        (sector as usize).checked_shl(self.shift)?.checked_add(self.start).filter(|at| *at < self.bytes.len())
    }

    fn sector(&self, sector: u32) -> Option<&'a [u8]> {
        let start = self.place(sector)?;
        self.bytes.get(start..start + (1 << self.shift))
    }

    /// The table that says of each sector which comes next. Its own sectors are listed in the header, then in a chain of
    /// sectors that end with the number of the next.
    fn table(&self, mut list: u32) -> Result<Vec<u32>, Broken> {
        const MISSING: Broken = "a part of its table of sectors is missing";
        let most = self.bytes.len() >> self.shift;
        let mut listed = numbers(self.bytes.get(LISTED_IN_HEADER).ok_or(MISSING)?);
        while is_sector(list) {
            if listed.len() > most + 2 * LISTED_IN_HEADER.len() {
                return Err("its table of sectors has no end");
            }
            let mut more = numbers(self.sector(list).ok_or(MISSING)?);
            list = more.pop().unwrap_or(u32::MAX);
            listed.append(&mut more);
        }
        // Behind the last lie free places, which some programs fill with zeros.
        while listed.len() > 1 && listed.last().is_some_and(|sector| *sector == 0 || !is_sector(*sector)) {
            listed.pop();
        }
        let mut next = Vec::new();
        for sector in listed {
            next.extend(numbers(self.sector(sector).ok_or(MISSING)?));
            if next.len() > most + (1 << self.shift) {
                break;
            }
        }
        Ok(next)
    }

    /// Where the sectors of a chain lie, to its end or so many bytes of it.
    fn chain(&self, next: &[u32], first: u32, length: Option<u64>) -> Result<Runs, Broken> {
        let most = self.bytes.len();
        let length = length.map_or(Ok(None), |length| usize::try_from(length).map(Some).map_err(|_| MISSING))?;
        const MISSING: Broken = "a sector of it is missing";
        let (mut runs, mut held, mut sector): (Vec<Range<usize>>, _, _) = (Vec::new(), 0, first);
        while is_sector(sector) && length.is_none_or(|length| held < length) {
            let start = self.place(sector).ok_or(MISSING)?;
            let end = (start + (1 << self.shift)).min(most);
            match runs.last_mut() {
                Some(run) if run.end == start => run.end = end,
                _ => runs.push(start..end),
            }
            held += end - start;
            if held > most {
                return Err("a chain of its sectors has no end");
            }
            sector = next.get(sector as usize).copied().unwrap_or(u32::MAX);
        }
        if let Some(length) = length {
            let over = held.checked_sub(length).ok_or(MISSING)?;
            runs.last_mut().into_iter().for_each(|run| run.end -= over);
        }
        Ok(Runs(runs))
    }
}

/// Places in a file that follow each other in a stream.
#[derive(Clone)]
pub(super) struct Runs(Vec<Range<usize>>);

impl Runs {
    /// What lies in these places of a file.
    pub(super) fn of(self, bytes: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
        match bytes {
            Cow::Borrowed(bytes) => match &self.0[..] {
                [run] => Cow::Borrowed(&bytes[run.clone()]),
                runs => Cow::Owned(runs.iter().map(|run| &bytes[run.clone()]).collect::<Vec<_>>().concat()),
            },
            // What is still to come of a stream lies behind what is moved.
            Cow::Owned(mut bytes) if self.0.windows(2).all(|runs| runs[0].end <= runs[1].start) => {
                let mut length = 0;
                for run in self.0 {
                    bytes.copy_within(run.clone(), length);
                    length += run.len();
                }
                bytes.truncate(length);
                Cow::Owned(bytes)
            }
            Cow::Owned(bytes) => Cow::Owned(self.of(Cow::Borrowed(&bytes)).into_owned()),
        }
    }

    /// Places in a stream that itself lies in runs, as places in the file.
    fn within(self, outer: &Runs) -> Runs {
        let mut found = Vec::new();
        for run in self.0 {
            let mut start = 0;
            for outer in &outer.0 {
                let place = |at: usize| outer.start + at.clamp(start, start + outer.len()) - start;
                let place = place(run.start)..place(run.end);
                found.extend((!place.is_empty()).then_some(place));
                start += outer.len();
            }
        }
        Runs(found)
    }
}

impl Entry {
    fn read(entry: &[u8], is_large_kind: bool) -> Entry {
        let units = usize::from(u16_at(entry, 64).unwrap_or(0)).min(64) / 2;
        let units: Vec<u16> = entry[..2 * units].chunks_exact(2).map(|u| u16::from_le_bytes([u[0], u[1]])).collect();
        let number = |at| u32_at(entry, at).unwrap_or(u32::MAX);
        // Of the longer number programs of old left the upper half as it was.
        let more = if is_large_kind { u64::from(number(124)) << 32 } else { 0 };
        Entry {
            name: String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned(),
            kind: entry[66],
            first: number(116),
            length: u64::from(number(120)) | more,
            linked: [number(68), number(72), number(76)],
        }
    }
}

/// The root of a directory, and what lies in it and not in a folder of it.
fn top(entries: Vec<Entry>) -> Option<(Entry, Vec<Entry>)> {
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    let root = entries.first_mut()?.take()?;
    let (mut found, mut open) = (Vec::new(), vec![root.linked[2]]);
    while let Some(nth) = open.pop() {
        // Each is taken once, so that entries linked in a ring come to an end.
        let Some(entry) = entries.get_mut(nth as usize).and_then(Option::take) else { continue };
        open.extend(&entry.linked[..2]);
        found.extend(Some(entry).filter(|e| matches!(e.kind, STORAGE | STREAM)));
    }
    Some((root, found))
}

/// Whether it is the number of a sector; the largest numbers say what else there is, as the end of a chain.
fn is_sector(number: u32) -> bool {
    number < 0xFFFF_FFFA
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};

    /// A container whose streams were written in turns, so that their sectors lie between each other.
    fn container(version: cfb::Version, lengths: &[usize], turn: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut file = cfb::CompoundFile::create_with_version(version, Cursor::new(Vec::new())).unwrap();
        file.create_storage("/folder").unwrap();
        file.create_stream("/folder/Workbook").unwrap().write_all(b"another").unwrap();
        let content = |nth: usize, length: usize| (0..length).map(|at| (at * 31 + at / 256 + nth) as u8).collect();
        let all: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(nth, length)| content(nth, *length)).collect();
        let mut streams: Vec<_> =
            (0..all.len()).map(|nth| file.create_stream(format!("/stream {nth}")).unwrap()).collect();
        let most = lengths.iter().copied().max().unwrap_or(0);
        for start in (0..most).step_by(turn) {
            for (stream, content) in streams.iter_mut().zip(&all) {
                let end = (start + turn).min(content.len());
                stream.write_all(content.get(start..end).unwrap_or(&[])).unwrap();
                stream.flush().unwrap();
            }
        }
        drop(streams);
        file.flush().unwrap();
        (file.into_inner().into_inner(), all)
    }

    #[test]
    fn streams_are_read_wherever_they_lie() {
        for version in [cfb::Version::V3, cfb::Version::V4] {
            for (lengths, turn) in
                [(&[0, 1, 64, 4095][..], 5000), (&[4096, 9000, 100], 700), (&[200_000, 70_000], 1000)]
            {
                let (bytes, all) = container(version, lengths, turn);
                let file = Compound::open(&bytes).unwrap();
                for (nth, content) in all.iter().enumerate() {
                    let place = || file.stream(&format!("STREAM {nth}")).unwrap();
                    assert_eq!(*place().of(Cow::Borrowed(&bytes)), content[..]);
                    assert_eq!(*place().of(Cow::Owned(bytes.clone())), content[..]);
                }
                assert!(file.has("folder") && !file.has("Workbook") && file.stream("folder").is_err());
            }
        }
        // The header has no room for the table of so large a file.
        let (bytes, all) = container(cfb::Version::V3, &[10_000_000], 10_000_000);
        let file = Compound::open(&bytes).unwrap();
        assert_eq!(*file.stream("stream 0").unwrap().of(Cow::Owned(bytes.clone())), all[0][..]);
    }

    #[test]
    fn broken_ones_come_to_an_end() {
        let (whole, all) = container(cfb::Version::V3, &[9000, 100], 700);
        for length in (0..whole.len()).step_by(97) {
            let _ = Compound::open(&whole[..length]).map(|file| file.stream("stream 0").is_ok());
        }
        let mut met = 0;
        for at in 0..whole.len() {
            for to in [0, 1, 0xFF] {
                let mut bytes = whole.clone();
                bytes[at] = to;
                let place = Compound::open(&bytes).and_then(|file| file.stream("stream 0"));
                met += usize::from(place.is_ok_and(|place| place.of(bytes.into()).len() == all[0].len()));
            }
        }
        assert!(met > 0);
    }
}
