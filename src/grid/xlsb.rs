//! Excel workbooks of the kind `.xlsb`: the parts of an `.xlsx` file as records, by the names of [MS-XLSB].

use std::collections::BTreeMap;

use super::archive::{Archive, damaged, resolved};
use super::limit::{self, CellCount};
use super::number_format::{Number, NumberFormat};
use super::workbook::{Style, Styles, Value, Writer, error_text, line_breaks, packed_number};
use super::xlsx;
use crate::diag::Diagnostic;
use crate::domain::text::{Shared, Text};

const ROW_HEADER: u32 = 0;
const RK: u32 = 2;
const ERROR: u32 = 3;
const BOOL: u32 = 4;
const REAL: u32 = 5;
const SHARED_TEXT: u32 = 7;
const FORMULA_NUMBER: u32 = 9;
const FORMULA_BOOL: u32 = 10;
const FORMULA_ERROR: u32 = 11;
const SST_ITEM: u32 = 19;
const FONT: u32 = 43;
const FORMAT: u32 = 44;
const XF: u32 = 47;
const COL_INFO: u32 = 60;
const RICH_TEXT: u32 = 62;
const WORKBOOK_PROPERTIES: u32 = 153;
const BUNDLE_SHEET: u32 = 156;
const MERGE_CELL: u32 = 176;
const END_SHEET_DATA: u32 = 146;
const BEGIN_CELL_XFS: u32 = 617;
const END_CELL_XFS: u32 = 618;
const BOLD_WEIGHT: u16 = 600;

#[derive(Clone, Copy)]
struct Record<'a> {
    kind: u32,
    data: &'a [u8],
}

impl Record<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        self.data.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]))
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.data.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    fn f64(&self, at: usize) -> Option<f64> {
        self.data.get(at..at + 8).and_then(|b| b.try_into().ok()).map(f64::from_le_bytes)
    }

    /// A text with its length in front, and where it ends.
    fn text(&self, at: usize) -> Option<(String, usize)> {
        let end = (self.u32(at)? as usize).checked_mul(2)?.checked_add(at + 4)?;
        let raw = self.data.get(at + 4..end)?;
        let units: Vec<u16> = raw.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect();
        Some((String::from_utf16_lossy(&units), end))
    }
}

/// Kind and length of a record are numbers of seven bits a byte, the lowest first.
fn records(part: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut rest = part;
    std::iter::from_fn(move || {
        let kind = take_number(&mut rest, 2)?;
        let size = take_number(&mut rest, 4)? as usize;
        let data = rest.get(..size)?;
        rest = &rest[size..];
        Some(Record { kind, data })
    })
}

fn take_number(rest: &mut &[u8], most: usize) -> Option<u32> {
    let mut value = 0;
    for place in 0..most {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u32::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(value)
}

pub(super) fn read<'c>(bytes: &[u8], count: &'c CellCount) -> Result<Vec<Writer<'c>>, Diagnostic> {
    const BOOK: &str = "xl/workbook.bin";
    let mut archive = Archive::open(bytes)?;
    let relations = xlsx::relations(&mut archive, BOOK)?;
    let mut optional = |kind: &str, usual: &str| {
        let found = relations.values().find(|r| r.kind.ends_with(kind)).map(|r| r.part.clone());
        let path = found.unwrap_or_else(|| resolved("xl", usual));
        if archive.has(&path) { archive.part(&path) } else { Ok(Vec::new()) }
    };
    let styles = Styles::new(read_styles(&optional("/styles", "styles.bin")?));
    let texts = read_texts(&optional("/sharedStrings", "sharedStrings.bin")?)?;
    let book = archive.part(BOOK)?;
    let from_1904 =
        records(&book).find(|r| r.kind == WORKBOOK_PROPERTIES).and_then(|r| r.u32(0)).is_some_and(|f| f & 1 != 0);
    let mut sheets = Vec::new();
    for record in records(&book).filter(|r| r.kind == BUNDLE_SHEET) {
        let broken = || damaged("its list of sheets is broken");
        // A module of code is listed without a part.
        const NO_TEXT: u32 = u32::MAX;
        if record.u32(8) == Some(NO_TEXT) {
            continue;
        }
        let (id, end) = record.text(8).ok_or_else(broken)?;
        let (name, _) = record.text(end).ok_or_else(broken)?;
        let relation = relations.get(&id).ok_or_else(broken)?;
        if !relation.kind.ends_with("/worksheet") {
            continue;
        }
        if sheets.len() >= limit::SHEETS {
            return Err(limit::exceeded("sheets", limit::SHEETS as u64));
        }
        let mut out = Writer::new(&name, record.u32(0) != Some(0), from_1904, count);
        read_sheet(&archive.part(&relation.part)?, &styles, &texts, &mut out)?;
        sheets.push(out);
    }
    Ok(sheets)
}

fn read_styles(part: &[u8]) -> Vec<Style> {
    let mut codes = BTreeMap::new();
    let (mut fonts, mut styles) = (Vec::new(), Vec::new());
    let mut within_cells = false;
    for record in records(part) {
        match record.kind {
            FONT => fonts.push(record.u16(4).unwrap_or(0) >= BOLD_WEIGHT),
            FORMAT => codes.extend(record.u16(0).zip(record.text(2).map(|(code, _)| code))),
            BEGIN_CELL_XFS => within_cells = true,
            END_CELL_XFS => within_cells = false,
            XF if within_cells => {
                let code = record.u16(2).unwrap_or(0);
                let font = usize::from(record.u16(4).unwrap_or(0));
                styles.push(Style {
                    format: NumberFormat::by_id(code, codes.get(&code).map(String::as_str)),
                    bold: fonts.get(font).copied().unwrap_or(false),
                    indent: record.data.get(11).copied().unwrap_or(0),
                });
            }
            _ => {}
        }
    }
    styles
}

fn read_texts(part: &[u8]) -> Result<Vec<Text>, Diagnostic> {
    let (mut texts, mut shared) = (Vec::new(), Shared::default());
    for record in records(part).filter(|r| r.kind == SST_ITEM) {
        let (text, _) = record.text(1).ok_or_else(|| damaged("its list of texts is broken"))?;
        texts.push(shared.text(&line_breaks(text.into())));
        if texts.len() as u64 > limit::CELLS {
            return Err(limit::exceeded("texts", limit::CELLS));
        }
    }
    Ok(texts)
}

fn read_sheet(part: &[u8], styles: &Styles, texts: &[Text], out: &mut Writer<'_>) -> Result<(), Diagnostic> {
    let mut row = 0;
    let mut whole = false;
    for record in records(part) {
        match record.kind {
            ROW_HEADER => {
                row = record.u32(0).unwrap_or(row);
                out.sheet.check_place(row, 0)?;
                if record.data.get(11).is_some_and(|flags| flags & 0x10 != 0) {
                    out.hidden.rows(row..row.saturating_add(1));
                }
            }
            COL_INFO if record.u16(16).is_some_and(|flags| flags & 1 != 0) => {
                if let (Some(first), Some(last)) = (record.u32(0), record.u32(4)) {
                    out.hidden.columns(first..last.saturating_add(1));
                }
            }
            RK..=FORMULA_ERROR | RICH_TEXT => read_cell(&record, row, styles, texts, out)?,
            MERGE_CELL => {
                let corner = |row: usize, col: usize| record.u32(row).zip(record.u32(col));
                if let (Some(first), Some(last)) = (corner(0, 8), corner(4, 12)) {
                    out.sheet.merge(first, last)?;
                }
            }
            END_SHEET_DATA => whole = true,
            _ => {}
        }
    }
    match whole {
        true => Ok(()),
        false => Err(damaged(&format!("its sheet \"{}\" breaks off", out.sheet.grid.sheet))),
    }
}

fn read_cell(
    record: &Record,
    row: u32,
    styles: &Styles,
    texts: &[Text],
    out: &mut Writer<'_>,
) -> Result<(), Diagnostic> {
    let broken = || damaged(&format!("a cell in row {} of sheet \"{}\" cannot be read", row + 1, out.sheet.grid.sheet));
    let (col, style) = record.u32(0).zip(record.u32(4)).ok_or_else(broken)?;
    let byte = record.data.get(8).copied();
    let text;
    let value = match record.kind {
        RK => Value::Number(packed_number(record.u32(8).ok_or_else(broken)?)),
        REAL | FORMULA_NUMBER => Value::Number(Number::from_f64(record.f64(8).ok_or_else(broken)?)),
        BOOL | FORMULA_BOOL => Value::Bool(byte.ok_or_else(broken)? != 0),
        ERROR | FORMULA_ERROR => Value::Error(byte.and_then(error_text).ok_or_else(broken)?),
        SHARED_TEXT => Value::SharedText(record.u32(8).and_then(|n| texts.get(n as usize)).ok_or_else(broken)?),
        kind => {
            text = record.text(if kind == RICH_TEXT { 9 } else { 8 }).ok_or_else(broken)?.0;
            Value::Text(&text)
        }
    };
    out.put((row, col), value, styles.get((style & 0x00FF_FFFF) as usize))
}
