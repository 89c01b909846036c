//! Number formats, bold and indent of the cells of an `.xls` file, which calamine does not tell.
//!
//! A walk over the records of the Workbook stream (BIFF5 and BIFF8); values, strings and merged cells are left to
//! calamine. Also the place where an encrypted stream and rectangles too large to hold are found, before calamine
//! sees them.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::sync::Arc;

use cfb::CompoundFile;

use super::archive::damaged;
use super::{format, limit, number_format};
use crate::diag::Diagnostic;

// Record types, by the names of [MS-XLS].
const FORMULA: u16 = 0x0006;
const EOF: u16 = 0x000A;
const FILE_PASS: u16 = 0x002F;
const FONT: u16 = 0x0031;
const BOUND_SHEET: u16 = 0x0085;
const MUL_RK: u16 = 0x00BD;
const RSTRING: u16 = 0x00D6;
const XF: u16 = 0x00E0;
const LABEL_SST: u16 = 0x00FD;
const DIMENSIONS: u16 = 0x0200;
const NUMBER: u16 = 0x0203;
const LABEL: u16 = 0x0204;
const BOOL_ERR: u16 = 0x0205;
const RK: u16 = 0x027E;
const FORMAT: u16 = 0x041E;
const BOF: u16 = 0x0809;

const BIFF8: u16 = 0x0600;
const BOLD_WEIGHT: u16 = 600;

/// How a cell is dressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub code: Option<Arc<String>>,
    pub bold: bool,
    pub indent: u8,
}

/// Styles of the cells, sheet by sheet in the order of the workbook.
#[derive(Debug, Default)]
pub(super) struct Styles {
    /// By index of XF record.
    list: Vec<Style>,
    /// The index for every cell with a value.
    sheets: Vec<BTreeMap<(u32, u32), u16>>,
}

impl Styles {
    pub(super) fn get(&self, sheet: usize, row: u32, col: u32) -> Option<&Style> {
        self.list.get(usize::from(*self.sheets.get(sheet)?.get(&(row, col))?))
    }
}

struct Record<'a> {
    kind: u16,
    data: &'a [u8],
}

impl Record<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        self.data.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]))
    }

    fn u32(&self, at: usize) -> Option<u32> {
        Some(u32::from(self.u16(at)?) | (u32::from(self.u16(at + 2)?) << 16))
    }
}

/// The records from a place in the stream; ends where the stream does.
fn records(stream: &[u8], from: usize) -> impl Iterator<Item = Record<'_>> {
    let mut rest = stream.get(from..).unwrap_or(&[]);
    std::iter::from_fn(move || {
        let head = rest.get(..4)?;
        let size = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let record = Record { kind: u16::from_le_bytes([head[0], head[1]]), data: rest.get(4..4 + size)? };
        rest = &rest[4 + size..];
        Some(record)
    })
}

/// # Errors
/// The container is broken, the stream encrypted, or its cells span more than can be held.
pub(super) fn read(bytes: &[u8]) -> Result<Styles, Diagnostic> {
    let broken = |e: std::io::Error| damaged(&format!("its container cannot be read: {e}"));
    let mut file = CompoundFile::open(Cursor::new(bytes)).map_err(broken)?;
    let name = if file.exists("/Workbook") { "/Workbook" } else { "/Book" };
    let mut stream = Vec::new();
    file.open_stream(name).map_err(broken)?.read_to_end(&mut stream).map_err(broken)?;
    read_stream(&stream)
}

fn read_stream(stream: &[u8]) -> Result<Styles, Diagnostic> {
    let mut codes: BTreeMap<u16, String> = BTreeMap::new();
    let (mut fonts, mut xfs, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let mut version = BIFF8;
    for record in records(stream, 0) {
        match record.kind {
            FILE_PASS => return Err(format::password_protected()),
            BOF => version = record.u16(0).unwrap_or(BIFF8),
            FONT => fonts.push(record.u16(6).unwrap_or(0) >= BOLD_WEIGHT),
            FORMAT => codes.extend(read_format(&record, version)),
            XF => {
                let indent = record.data.get(8).map_or(0, |b| if version == BIFF8 { b & 0x0F } else { 0 });
                xfs.push((record.u16(0).unwrap_or(0), record.u16(2).unwrap_or(0), indent));
            }
            BOUND_SHEET => places.extend(record.u32(0)),
            EOF => break,
            _ => {}
        }
    }
    let list = xfs.into_iter().map(|(font, code, indent)| Style {
        code: codes.get(&code).cloned().or_else(|| number_format::builtin(code).map(str::to_owned)).map(Arc::new),
        // Font 4 is left out of the list by an old convention.
        bold: fonts.get(usize::from(if font > 4 { font - 1 } else { font })).copied().unwrap_or(false),
        indent,
    });
    let mut styles = Styles { list: list.collect(), sheets: Vec::new() };
    let mut area = 0;
    for place in places {
        let (cells, spanned) = read_sheet(stream, place as usize);
        area += spanned;
        if area > limit::AREA {
            return Err(limit::exceeded("cells between the first and the last of a sheet", limit::AREA));
        }
        styles.sheets.push(cells);
    }
    Ok(styles)
}

fn read_format(record: &Record, version: u16) -> Option<(u16, String)> {
    let id = record.u16(0)?;
    if version != BIFF8 {
        let length = usize::from(*record.data.get(2)?);
        return Some((id, String::from_utf8_lossy(record.data.get(3..3 + length)?).into_owned()));
    }
    let (length, wide) = (usize::from(record.u16(2)?), record.data.get(4)? & 1 == 1);
    let code = if wide {
        let units: Vec<u16> = (0..length).map_while(|i| record.u16(5 + 2 * i)).collect();
        String::from_utf16_lossy(&units)
    } else {
        record.data.get(5..5 + length)?.iter().map(|b| char::from(*b)).collect()
    };
    Some((id, code))
}

/// The style index of every cell with a value, and the number of cells in the rectangle around them.
fn read_sheet(stream: &[u8], place: usize) -> (BTreeMap<(u32, u32), u16>, u64) {
    let mut cells = BTreeMap::new();
    let mut declared = 0;
    let mut depth = 0; // charts on the sheet are streams within the stream
    for record in records(stream, place) {
        match record.kind {
            BOF => depth += 1,
            EOF if depth <= 1 => break,
            EOF => depth -= 1,
            _ if depth > 1 => {}
            DIMENSIONS => declared = declared_area(&record),
            NUMBER | LABEL | RSTRING | BOOL_ERR | RK | LABEL_SST | FORMULA => {
                if let (Some(row), Some(col), Some(xf)) = (record.u16(0), record.u16(2), record.u16(4)) {
                    cells.insert((u32::from(row), u32::from(col)), xf);
                }
            }
            MUL_RK => {
                let (Some(row), Some(first)) = (record.u16(0), record.u16(2)) else { continue };
                for index in 0..record.data.len().saturating_sub(6) / 6 {
                    if let Some(xf) = record.u16(4 + 6 * index) {
                        cells.insert((u32::from(row), u32::from(first) + index as u32), xf);
                    }
                }
            }
            _ => {}
        }
    }
    let rows = cells.keys().map(|(row, _)| u64::from(*row));
    let cols = cells.keys().map(|(_, col)| u64::from(*col));
    let length = |least: Option<u64>, most: Option<u64>| most.zip(least).map_or(0, |(m, l)| m - l + 1);
    let area = length(rows.clone().min(), rows.max()) * length(cols.clone().min(), cols.max());
    (cells, area.max(declared))
}

/// What calamine makes room for before it reads a cell.
fn declared_area(record: &Record) -> u64 {
    let wide = record.data.len() >= 14;
    let read = |at: usize| if wide { record.u32(at) } else { record.u16(at / 2).map(u32::from) };
    let columns_at = if wide { 8 } else { 4 };
    let corner = (read(0), read(4), record.u16(columns_at), record.u16(columns_at + 2));
    let (Some(top), Some(bottom), Some(left), Some(right)) = corner else { return 0 };
    let left = if left > 0xFF || right < left { 0 } else { left };
    u64::from(bottom.saturating_sub(top)) * u64::from(right.saturating_sub(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
    }

    fn words(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|w| w.to_le_bytes()).collect()
    }

    #[test]
    fn styles_come_from_the_records() {
        let format = [&words(&[164, 4])[..], &[0], b"0.0%"].concat();
        let globals = |place: u32| {
            [
                record(BOF, &words(&[BIFF8, 5])),
                record(FONT, &words(&[220, 0, 0, 400])),
                record(FONT, &words(&[220, 0, 0, 700])),
                record(FORMAT, &format),
                record(XF, &words(&[0, 0, 0, 0, 0])),
                record(XF, &words(&[1, 164, 0, 0, 2])),
                record(BOUND_SHEET, &place.to_le_bytes()),
                record(EOF, &[]),
            ]
            .concat()
        };
        let sheet = [
            record(BOF, &words(&[BIFF8, 16])),
            record(NUMBER, &words(&[3, 1, 1, 0, 0, 0, 0])),
            record(MUL_RK, &words(&[4, 2, 0, 0, 0, 1, 0, 0, 3])),
            record(EOF, &[]),
        ]
        .concat();
        let stream = [globals(globals(0).len() as u32), sheet].concat();
        let styles = read_stream(&stream).unwrap();
        let percent = Style { code: Some(Arc::new("0.0%".to_owned())), bold: true, indent: 2 };
        assert_eq!(styles.get(0, 3, 1), Some(&percent));
        assert_eq!(styles.get(0, 4, 2).unwrap().code.as_deref().map(String::as_str), Some("General"));
        assert_eq!(styles.get(0, 4, 3), Some(&percent));
        assert_eq!(styles.get(0, 9, 9), None);
    }

    #[test]
    fn encryption_and_size_are_found_first() {
        let locked = [record(BOF, &words(&[BIFF8, 5])), record(FILE_PASS, &words(&[1, 1, 1]))].concat();
        assert_eq!(read_stream(&locked).unwrap_err().code, "password-protected");
        let start = [record(BOF, &words(&[BIFF8, 5])), record(BOUND_SHEET, &0u32.to_le_bytes())].concat();
        let wide = record(DIMENSIONS, &words(&[0, 0, 0xFFFF, 0x00FF, 0, 256, 0]));
        let huge = [start, wide, record(EOF, &[])].concat();
        assert_eq!(read_stream(&huge).unwrap_err().code, "too-large");
    }
}
