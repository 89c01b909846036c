//! An `.xls` file (BIFF8) with what a layout needs and nothing else: texts, numbers, number formats, bold, indent, merged
//! ranges. Records by the names of [MS-XLS].

use std::io::{Cursor, Write as _};

use super::sheet::{File, Sheet};
use super::write::number;

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000A;
const CODE_PAGE: u16 = 0x0042;
const FONT: u16 = 0x0031;
const FORMAT: u16 = 0x041E;
const XF: u16 = 0x00E0;
const BOUND_SHEET: u16 = 0x0085;
const DIMENSIONS: u16 = 0x0200;
const NUMBER: u16 = 0x0203;
const LABEL: u16 = 0x0204;
const MERGE_CELLS: u16 = 0x00E5;

/// The first number that a file may give to a format of its own.
const FORMAT_FIRST: u16 = 164;

/// Number format, bold, indent.
type Dress = (String, bool, u8);

fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    assert!(data.len() < 8224, "a record of this length would have to be continued");
    [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|w| w.to_le_bytes()).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    words(&text.encode_utf16().collect::<Vec<_>>())
}

fn length(text: &str) -> u16 {
    text.encode_utf16().count() as u16
}

pub fn bytes(file: &File) -> Vec<u8> {
    let mut dresses: Vec<Dress> = vec![("General".to_owned(), false, 0)];
    let sheets: Vec<Vec<u8>> = file.sheets.iter().map(|s| sheet(s, &mut dresses)).collect();
    let size = globals(file, &dresses, &vec![0; sheets.len()]).len();
    let mut places = Vec::new();
    let mut next = size;
    for sheet in &sheets {
        places.push(next as u32);
        next += sheet.len();
    }
    let stream = [globals(file, &dresses, &places), sheets.concat()].concat();
    let mut container =
        cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new())).expect("a container");
    container.create_stream("/Workbook").expect("a stream").write_all(&stream).expect("room for it");
    container.into_inner().into_inner()
}

fn globals(file: &File, dresses: &[Dress], places: &[u32]) -> Vec<u8> {
    let mut out = record(BOF, &words(&[0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 0, 0, 0]));
    out.extend(record(CODE_PAGE, &words(&[1200])));
    // The font with number 4 does not exist, so five come before the bold one, which is number 6.
    for weight in [400, 400, 400, 400, 400, 700] {
        let name = "Arial";
        let head = words(&[200, 0, 0x7FFF, weight, 0]);
        out.extend(record(FONT, &[&head[..], &[0, 0, 0, 0, name.len() as u8, 0], name.as_bytes()].concat()));
    }
    for (nth, (format, _, _)) in dresses.iter().enumerate() {
        let head = words(&[FORMAT_FIRST + nth as u16, length(format)]);
        out.extend(record(FORMAT, &[&head[..], &[1], &utf16(format)].concat()));
    }
    for (nth, (_, bold, indent)) in dresses.iter().enumerate() {
        let head = words(&[if *bold { 6 } else { 0 }, FORMAT_FIRST + nth as u16, 0]);
        out.extend(record(XF, &[&head[..], &[0x20, 0, *indent, 0xFC], &[0; 10]].concat()));
    }
    for (sheet, place) in file.sheets.iter().zip(places) {
        let head = [&place.to_le_bytes()[..], &[0, 0, length(&sheet.name) as u8, 1]].concat();
        out.extend(record(BOUND_SHEET, &[head, utf16(&sheet.name)].concat()));
    }
    out.extend(record(EOF, &[]));
    out
}

fn sheet(sheet: &Sheet, dresses: &mut Vec<Dress>) -> Vec<u8> {
    let mut out = record(BOF, &words(&[0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 0, 0, 0]));
    let (rows, cols) = (sheet.rows() as u16, sheet.cols() as u16);
    out.extend(record(DIMENSIONS, &words(&[0, 0, rows, 0, 0, cols, 0])));
    for (r, c, cell) in sheet.filled() {
        let stored = number(cell);
        let format = stored.as_ref().map_or("General", |(_, format)| format.as_str());
        let dress = (format.to_owned(), cell.bold, cell.indent);
        let nth = dresses.iter().position(|d| *d == dress).unwrap_or_else(|| {
            dresses.push(dress);
            dresses.len() - 1
        });
        let head = words(&[r as u16, c as u16, nth as u16]);
        out.extend(match stored {
            Some((value, _)) => record(NUMBER, &[head, value.to_le_bytes().to_vec()].concat()),
            None => {
                let text = [&length(&cell.text).to_le_bytes()[..], &[1], &utf16(&cell.text)].concat();
                record(LABEL, &[head, text].concat())
            }
        });
    }
    let merges = sheet.merges.iter();
    let merges: Vec<u16> =
        merges.flat_map(|m| [m.rows.0 as u16, m.rows.1 as u16, m.cols.0 as u16, m.cols.1 as u16]).collect();
    if !merges.is_empty() {
        out.extend(record(MERGE_CELLS, &[words(&[(merges.len() / 4) as u16]), words(&merges)].concat()));
    }
    out.extend(record(EOF, &[]));
    out
}
