//! Number formats, bold, merged cells and the errors of formulas in an `.xlsb` file, which calamine does not tell.
//!
//! A walk over the records of the parts `styles.bin`, `workbook.bin` and each sheet, by the names of [MS-XLSB].

use std::collections::BTreeMap;
use std::sync::Arc;

use calamine::{CellErrorType, Dimensions};
use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};

use super::archive::{self, damaged};
use super::biff::Style;
use super::number_format;
use crate::diag::Diagnostic;

const ROW_HEADER: u32 = 0;
/// Cells with a value: numbers, errors, truth values, texts and results of formulas.
const CELLS: std::ops::RangeInclusive<u32> = 2..=11;
const FORMULA_ERROR: u32 = 11;
const FONT: u32 = 43;
const FORMAT: u32 = 44;
const XF: u32 = 47;
const BUNDLE_SHEET: u32 = 156;
const MERGE_CELL: u32 = 176;
const BEGIN_CELL_XFS: u32 = 617;
const END_CELL_XFS: u32 = 618;
const BOLD_WEIGHT: u16 = 600;

#[derive(Debug, Default)]
pub(super) struct Details {
    styles: Vec<Style>,
    sheets: Vec<SheetDetails>,
}

#[derive(Debug, Default)]
struct SheetDetails {
    cells: BTreeMap<(u32, u32), usize>,
    merges: Vec<Dimensions>,
    errors: Vec<((u32, u32), CellErrorType)>,
}

impl Details {
    pub(super) fn style(&self, sheet: usize, row: u32, col: u32) -> Option<&Style> {
        self.styles.get(*self.sheets.get(sheet)?.cells.get(&(row, col))?)
    }

    pub(super) fn merges(&self, sheet: usize) -> &[Dimensions] {
        self.sheets.get(sheet).map_or(&[], |s| &s.merges)
    }

    /// Cells whose formula ended in an error.
    pub(super) fn errors(&self, sheet: usize) -> &[((u32, u32), CellErrorType)] {
        self.sheets.get(sheet).map_or(&[], |s| &s.errors)
    }
}

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

    /// A text with its length in front, and where it ends.
    fn text(&self, at: usize) -> Option<(String, usize)> {
        let end = at + 4 + 2 * self.u32(at)? as usize;
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

pub(super) fn read(bytes: &[u8]) -> Result<Details, Diagnostic> {
    let styles = match archive::part(bytes, "xl/styles.bin") {
        Ok(part) => read_styles(&part),
        Err(_) => Vec::new(),
    };
    let targets = read_targets(&archive::part(bytes, "xl/_rels/workbook.bin.rels")?)?;
    let mut sheets = Vec::new();
    for record in records(&archive::part(bytes, "xl/workbook.bin")?).filter(|r| r.kind == BUNDLE_SHEET) {
        let target = record.text(8).and_then(|(id, _)| targets.get(&id).cloned()).unwrap_or_default();
        let path = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
        let part = archive::part(bytes, &path).unwrap_or_default();
        sheets.push(read_sheet(&part));
    }
    Ok(Details { styles, sheets })
}

fn read_targets(xml: &[u8]) -> Result<BTreeMap<String, String>, Diagnostic> {
    let text = std::str::from_utf8(xml).map_err(|_| damaged("its list of parts is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    let mut targets = BTreeMap::new();
    loop {
        match reader.read_event().map_err(|e| damaged(&e.to_string()))? {
            Event::Eof => return Ok(targets),
            Event::Start(element) | Event::Empty(element) if element.local_name().as_ref() == "Relationship" => {
                let value = |name: &str| {
                    let found = element.try_get_attribute(name).ok().flatten()?;
                    found.normalized_value(XmlVersion::Implicit1_0).ok().map(|v| v.into_owned())
                };
                targets.extend(value("Id").zip(value("Target")));
            }
            _ => {}
        }
    }
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
                    code: codes
                        .get(&code)
                        .cloned()
                        .or_else(|| number_format::builtin(code).map(str::to_owned))
                        .map(Arc::new),
                    bold: fonts.get(font).copied().unwrap_or(false),
                    indent: record.data.get(11).copied().unwrap_or(0),
                });
            }
            _ => {}
        }
    }
    styles
}

fn read_sheet(part: &[u8]) -> SheetDetails {
    let mut sheet = SheetDetails::default();
    let mut row = 0;
    for record in records(part) {
        match record.kind {
            ROW_HEADER => row = record.u32(0).unwrap_or(row),
            kind if CELLS.contains(&kind) => {
                if let (Some(col), Some(style)) = (record.u32(0), record.u32(4)) {
                    sheet.cells.insert((row, col), (style & 0x00FF_FFFF) as usize);
                    if kind == FORMULA_ERROR {
                        sheet.errors.extend(record.data.get(8).and_then(|e| error(*e)).map(|e| ((row, col), e)));
                    }
                }
            }
            MERGE_CELL => {
                let corner = |row: usize, col: usize| record.u32(row).zip(record.u32(col));
                if let (Some(first), Some(last)) = (corner(0, 8), corner(4, 12)) {
                    sheet.merges.push(Dimensions { start: first, end: last });
                }
            }
            _ => {}
        }
    }
    sheet
}

fn error(code: u8) -> Option<CellErrorType> {
    Some(match code {
        0x00 => CellErrorType::Null,
        0x07 => CellErrorType::Div0,
        0x0F => CellErrorType::Value,
        0x17 => CellErrorType::Ref,
        0x1D => CellErrorType::Name,
        0x24 => CellErrorType::Num,
        0x2A => CellErrorType::NA,
        0x2B => CellErrorType::GettingData,
        _ => return None,
    })
}
