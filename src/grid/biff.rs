//! Excel workbooks of the kind `.xls`, of Excel 5 and 95 (BIFF5) and of Excel 97 to 2003 (BIFF8).
//!
//! One walk over the records of the Workbook stream. Nothing is held but what a record says: a stream may state that its
//! cells span the whole sheet, which costs nothing here.

mod part;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::archive::damaged;
use super::compound::{Broken, Compound};
use super::cores::as_found;
use super::limit::{self, CellCount};
use super::number_format::{Number, NumberFormat};
use super::workbook::{Style, Styles, Value, Writer, error_text, line_breaks, packed_number};
use super::{column_letters, encoding, format};
use crate::diag::{Diagnostic, Place};
use crate::domain::text::{Shared, Text};
use part::{End, Part, Parts};
use text::Texts;

// Record types, by the names of [MS-XLS].
const FORMULA: u16 = 0x0006;
const EOF: u16 = 0x000A;
const DATE_1904: u16 = 0x0022;
const FILE_PASS: u16 = 0x002F;
const FONT: u16 = 0x0031;
const CONTINUE: u16 = 0x003C;
const CODE_PAGE: u16 = 0x0042;
const COL_INFO: u16 = 0x007D;
const BOUND_SHEET: u16 = 0x0085;
const MUL_RK: u16 = 0x00BD;
const RSTRING: u16 = 0x00D6;
const XF: u16 = 0x00E0;
const MERGE_CELLS: u16 = 0x00E5;
const SST: u16 = 0x00FC;
const LABEL_SST: u16 = 0x00FD;
const NUMBER: u16 = 0x0203;
const LABEL: u16 = 0x0204;
const BOOL_ERR: u16 = 0x0205;
const STRING: u16 = 0x0207;
const ROW: u16 = 0x0208;
const RK: u16 = 0x027E;
const FORMAT: u16 = 0x041E;
const BOF: u16 = 0x0809;

const BIFF8: u16 = 0x0600;
const BOLD_WEIGHT: u16 = 600;
/// Records that one core reads at a time: worth a thread, and few enough for all cores to be busy.
const PART_BYTES: usize = 1 << 20;

#[derive(Clone, Copy)]
struct Record<'a> {
    kind: u16,
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

    /// Row and column of a cell, and its style.
    fn cell(&self) -> Option<((u32, u32), usize)> {
        Some(((self.u16(0)?.into(), self.u16(2)?.into()), self.u16(4)?.into()))
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
/// The container is broken, the stream encrypted, a record cannot be read, or a text does not decode.
pub(super) fn read<'c>(
    bytes: Cow<'_, [u8]>,
    shown: &str,
    declared: Option<&str>,
    count: &'c CellCount,
    encoding: &mut Option<String>,
) -> Result<Vec<Writer<'c>>, Diagnostic> {
    let broken = |what: Broken| damaged(&format!("its container cannot be read: {what}"));
    let file = Compound::open(&bytes).map_err(broken)?;
    let place = file.stream(if file.has("Workbook") { "Workbook" } else { "Book" }).map_err(broken)?;
    let stream = place.of(bytes);
    let book = Book::read(&stream, shown, declared)?;
    *encoding = book.texts.encoding();
    let mut sheets = Vec::new();
    for listed in &book.listed {
        let mut out = Writer::new(&listed.name, listed.hidden, book.from_1904, count);
        sheet(&book, &stream, (listed.place as usize, PART_BYTES), &mut out)?;
        sheets.push(out);
    }
    Ok(sheets)
}

/// A sheet as the workbook lists it.
struct Listed {
    name: String,
    hidden: bool,
    place: u32,
}

/// What the sheets of a workbook share.
struct Book<'a> {
    shown: &'a str,
    texts: Texts,
    listed: Vec<Listed>,
    styles: Styles,
    shared: Vec<Text>,
    from_1904: bool,
}

impl<'a> Book<'a> {
    fn read(stream: &[u8], shown: &'a str, declared: Option<&str>) -> Result<Book<'a>, Diagnostic> {
        let all = || records(stream, 0).take_while(|r| r.kind != EOF);
        let first = |kind| all().find(|r| r.kind == kind);
        if first(FILE_PASS).is_some_and(|r| r.u16(0) != Some(0) || r.data.len() > 2) {
            return Err(format::password_protected());
        }
        let version = first(BOF).and_then(|r| r.u16(0)).unwrap_or(BIFF8);
        let page = first(CODE_PAGE).and_then(|r| r.u16(0));
        let texts = match version {
            BIFF8 => Texts::Unicode,
            _ => Texts::of_code_page(page, declared, || sample(stream))?,
        };
        let mut book = Book {
            shown,
            texts,
            listed: Vec::new(),
            styles: Styles::new(styles(all(), texts)),
            shared: Vec::new(),
            from_1904: first(DATE_1904).and_then(|r| r.u16(0)) == Some(1),
        };
        let mut parts: Vec<&[u8]> = Vec::new();
        for record in all() {
            match record.kind {
                BOUND_SHEET => book.listed.extend(book.bound_sheet(&record)?),
                SST => parts = vec![record.data],
                CONTINUE if !parts.is_empty() => parts.push(record.data),
                _ if !parts.is_empty() => book.shared = shared_texts(&std::mem::take(&mut parts))?,
                _ => {}
            }
        }
        if !parts.is_empty() {
            book.shared = shared_texts(&parts)?;
        }
        match book.listed.len() {
            0..=limit::SHEETS => Ok(book),
            _ => Err(limit::exceeded("sheets", limit::SHEETS as u64)),
        }
    }

    /// A sheet with cells; those of charts and macros hold none.
    fn bound_sheet(&self, record: &Record) -> Result<Option<Listed>, Diagnostic> {
        let (Some(place), Some([state, kind])) = (record.u32(0), record.data.get(4..6)) else {
            return Err(damaged("its list of sheets is broken"));
        };
        let name = self.texts.short(record.data.get(6..).unwrap_or(&[]));
        let name = name.ok_or_else(|| damaged("the name of a sheet cannot be read"))?.replace('\0', "");
        Ok((*kind == 0).then_some(Listed { name, hidden: state & 3 != 0, place }))
    }
}

fn styles<'a>(records: impl Iterator<Item = Record<'a>>, texts: Texts) -> Vec<Style> {
    let mut codes: BTreeMap<u16, String> = BTreeMap::new();
    let (mut fonts, mut styles) = (Vec::new(), Vec::new());
    for record in records {
        match record.kind {
            FONT => fonts.push(record.u16(6).unwrap_or(0) >= BOLD_WEIGHT),
            FORMAT => codes.extend(record.u16(0).zip(texts.format_code(&record.data[2.min(record.data.len())..]))),
            XF => {
                let indent = record.data.get(8).filter(|_| matches!(texts, Texts::Unicode)).map_or(0, |b| b & 0x0F);
                styles.push((record.u16(0).unwrap_or(0), record.u16(2).unwrap_or(0), indent));
            }
            _ => {}
        }
    }
    let style = |(font, code, indent): (u16, u16, u8)| Style {
        format: NumberFormat::by_id(code, codes.get(&code).map(String::as_str)),
        // Font 4 is left out of the list by an old convention.
        bold: fonts.get(usize::from(if font > 4 { font - 1 } else { font })).copied().unwrap_or(false),
        indent,
    };
    styles.into_iter().map(style).collect()
}

fn shared_texts(parts: &[&[u8]]) -> Result<Vec<Text>, Diagnostic> {
    let (mut texts, mut shared) = (Vec::new(), Shared::default());
    let mut list = text::List::new(parts);
    while let Some(text) = list.next()? {
        texts.push(shared.text(&line_breaks(text.into())));
        if texts.len() as u64 > limit::CELLS {
            return Err(limit::exceeded("texts", limit::CELLS));
        }
    }
    Ok(texts)
}

/// Bytes of the texts of a workbook of Excel 5, by which its encoding is told where it names none.
fn sample(stream: &[u8]) -> Vec<u8> {
    const ENOUGH: usize = 64 << 10;
    let mut out = Vec::new();
    for record in records(stream, 0).filter(|r| matches!(r.kind, LABEL | RSTRING)) {
        out.extend_from_slice(record.data.get(8..).unwrap_or(&[]));
        out.push(b'\n');
        if out.len() > ENOUGH {
            break;
        }
    }
    out
}

/// The sheet that begins at a place; the rows of a large one are shared out among all cores.
fn sheet(
    book: &Book<'_>,
    stream: &[u8],
    (place, least): (usize, usize),
    out: &mut Writer<'_>,
) -> Result<(), Diagnostic> {
    let mut parts = Parts::of_sheet(stream, place, least);
    let first = parts.next().unwrap_or_default();
    if parts.end().is_some() {
        Reading { book, styles: &book.styles, formula: None }.records(first, out)?;
    } else {
        let read = |part: Part<'_>| {
            let (mut of_part, styles) = (out.for_part(), book.styles.apart());
            Reading { book, styles: &styles, formula: None }.records(part, &mut of_part)?;
            Ok(of_part)
        };
        let read: Vec<Result<Writer<'_>, Diagnostic>> = as_found(std::iter::once(first).chain(&mut parts), read);
        for part in read {
            out.append(part?);
        }
    }
    match parts.end().unwrap_or(End::BreaksOff) {
        End::Whole => Ok(()),
        End::Missing => Err(damaged(&format!("its sheet \"{}\" is missing", out.sheet.grid.sheet))),
        End::BreaksOff => Err(damaged(&format!("its sheet \"{}\" breaks off", out.sheet.grid.sheet))),
    }
}

struct Reading<'a> {
    book: &'a Book<'a>,
    styles: &'a Styles,
    /// The cell whose formula gave a text, which the next record holds.
    formula: Option<((u32, u32), usize)>,
}

impl Reading<'_> {
    /// The records of a part, but for those of streams within the stream, as charts on the sheet are.
    fn records(&mut self, (part, mut depth): Part<'_>, out: &mut Writer<'_>) -> Result<(), Diagnostic> {
        for record in records(part, 0) {
            match record.kind {
                BOF => depth += 1,
                EOF => depth = depth.saturating_sub(1),
                _ if depth > 1 => {}
                _ => self.record(&record, out)?,
            }
        }
        Ok(())
    }

    fn record(&mut self, record: &Record, out: &mut Writer<'_>) -> Result<(), Diagnostic> {
        match record.kind {
            NUMBER | RK | LABEL_SST | BOOL_ERR | LABEL | RSTRING | FORMULA => {
                let broken = || damaged(&format!("a cell of sheet \"{}\" is cut short", out.sheet.grid.sheet));
                let (at, style) = record.cell().ok_or_else(broken)?;
                self.cell(record, at, style, out)
            }
            MUL_RK => {
                let Some(((row, first), _)) = record.cell() else { return Ok(()) };
                for (col, packed) in (first..).zip(record.data[4..].chunks_exact(6)) {
                    let style = usize::from(u16::from_le_bytes([packed[0], packed[1]]));
                    let raw = u32::from_le_bytes([packed[2], packed[3], packed[4], packed[5]]);
                    out.put((row, col), Value::Number(packed_number(raw)), self.styles.get(style))?;
                }
                Ok(())
            }
            STRING => match self.formula.take() {
                Some((at, style)) => self.text(record.data, at, style, out),
                None => Ok(()),
            },
            MERGE_CELLS => {
                let number = |at: usize| record.u16(at).map(u32::from);
                for nth in 0..usize::from(record.u16(0).unwrap_or(0)) {
                    let at = 2 + 8 * nth;
                    let corners = (number(at), number(at + 2), number(at + 4), number(at + 6));
                    if let (Some(top), Some(bottom), Some(left), Some(right)) = corners {
                        out.sheet.merge((top, left), (bottom, right))?;
                    }
                }
                Ok(())
            }
            ROW if record.u16(12).is_some_and(|flags| flags & 0x20 != 0) => {
                let row = u32::from(record.u16(0).unwrap_or(0));
                out.hidden.rows(row..row + 1);
                Ok(())
            }
            COL_INFO if record.u16(8).is_some_and(|flags| flags & 1 != 0) => {
                if let (Some(first), Some(last)) = (record.u16(0), record.u16(2)) {
                    out.hidden.columns(first.into()..u32::from(last) + 1);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn cell(&mut self, record: &Record, at: (u32, u32), style: usize, out: &mut Writer<'_>) -> Result<(), Diagnostic> {
        let shown = self.book.shown;
        let broken = || fault(damaged("a cell cannot be read"), shown, at, out);
        let value = match record.kind {
            NUMBER => Value::Number(Number::from_f64(record.f64(6).ok_or_else(broken)?)),
            RK => Value::Number(packed_number(record.u32(6).ok_or_else(broken)?)),
            LABEL_SST => {
                let nth = record.u32(6).ok_or_else(broken)? as usize;
                Value::SharedText(self.book.shared.get(nth).ok_or_else(broken)?)
            }
            BOOL_ERR => match (record.data.get(6), record.data.get(7)) {
                (Some(truth), Some(0)) => Value::Bool(*truth != 0),
                (Some(code), Some(_)) => Value::Error(error_text(*code).ok_or_else(broken)?),
                _ => return Err(broken()),
            },
            LABEL | RSTRING => return self.text(record.data.get(6..).unwrap_or(&[]), at, style, out),
            _ => {
                self.formula = None;
                let result = record.data.get(6..14).ok_or_else(broken)?;
                match (result[0], &result[6..]) {
                    (0, [0xFF, 0xFF]) => {
                        self.formula = Some((at, style));
                        return Ok(());
                    }
                    (1, [0xFF, 0xFF]) => Value::Bool(result[2] != 0),
                    (2, [0xFF, 0xFF]) => Value::Error(error_text(result[2]).ok_or_else(broken)?),
                    // An empty text.
                    (_, [0xFF, 0xFF]) => return Ok(()),
                    _ => Value::Number(Number::from_f64(record.f64(6).ok_or_else(broken)?)),
                }
            }
        };
        out.put(at, value, self.styles.get(style))
    }

    fn text(&self, raw: &[u8], at: (u32, u32), style: usize, out: &mut Writer<'_>) -> Result<(), Diagnostic> {
        let text = self.book.texts.long(raw).map_err(|told| fault(told, self.book.shown, at, out))?;
        out.put(at, Value::Text(&text), self.styles.get(style))
    }
}

fn fault(told: Diagnostic, shown: &str, at: (u32, u32), out: &Writer<'_>) -> Diagnostic {
    let address = format!("{}{}", column_letters(at.1), at.0 + 1);
    told.at(Place::cell(shown, &out.sheet.grid.sheet, address))
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

    fn number(row: u16, col: u16, style: u16, number: f64) -> Vec<u8> {
        record(NUMBER, &[&words(&[row, col, style])[..], &number.to_le_bytes()].concat())
    }

    /// A workbook of one sheet named 表, in Excel 97 or, with texts in GBK, in Excel 5.
    fn stream(version: u16, more: &[Vec<u8>], cells: &[Vec<u8>]) -> Vec<u8> {
        let (name, format): (&[u8], &[u8]) =
            if version == BIFF8 { (&[1, 1, 0x68, 0x88], &[4, 0, 0]) } else { (b"\x02\xB1\xED", &[4]) };
        let globals = |place: u32| {
            [
                record(BOF, &words(&[version, 5])),
                record(CODE_PAGE, &words(&[if version == BIFF8 { 1200 } else { 936 }])),
                record(FONT, &words(&[220, 0, 0, 400])),
                record(FONT, &words(&[220, 0, 0, 700])),
                record(FORMAT, &[&words(&[164])[..], format, b"0.0%"].concat()),
                record(XF, &words(&[0, 0, 0, 0, 0, 0, 0, 0])),
                record(XF, &words(&[1, 164, 0, 0, 2, 0, 0, 0])),
                record(XF, &words(&[0, 14, 0, 0, 0, 0, 0, 0])),
                more.concat(),
                record(BOUND_SHEET, &[&place.to_le_bytes()[..], &[0, 0], name].concat()),
                record(EOF, &[]),
            ]
            .concat()
        };
        let sheet = [record(BOF, &words(&[version, 16])), cells.concat(), record(EOF, &[])].concat();
        [globals(globals(0).len() as u32), sheet].concat()
    }

    /// Cells as `A1=text`, merged ranges, and what is hidden.
    fn shown(stream: &[u8]) -> Result<String, Diagnostic> {
        let book = Book::read(stream, "t.xls", None)?;
        let count = CellCount::default();
        let read = |least: usize| {
            let mut out = Writer::new(&book.listed[0].name, false, book.from_1904, &count);
            sheet(&book, stream, (book.listed[0].place as usize, least), &mut out).map(|()| out)
        };
        let (whole, in_parts) = (told_of(read(PART_BYTES)?), told_of(read(1)?));
        assert_eq!(whole, in_parts);
        Ok(whole)
    }

    fn told_of(out: Writer<'_>) -> String {
        let grid = out.sheet.finish();
        let cell = |(at, c): (crate::grid::CellRef, &crate::grid::Cell)| {
            let dress = if c.bold { format!("[bold {}]", c.indent) } else { String::new() };
            format!("{}={}{dress}", grid.address(at), c.text)
        };
        let mut told: Vec<String> = grid.iter().map(cell).collect();
        told.extend(grid.merges().iter().map(|m| format!("{}:{}", grid.address(m.first), grid.address(m.last))));
        told.extend(out.hidden.told(&grid, "t.xls").into_iter().map(|d| d.message));
        format!("{}: {}", grid.sheet, told.join(" "))
    }

    #[test]
    fn both_kinds_are_read() {
        let check = |version, more: &[Vec<u8>], cells: &[Vec<u8>], expected: &str| {
            assert_eq!(shown(&stream(version, more, cells)).unwrap(), expected);
        };
        let percent = number(3, 1, 1, 0.075);
        check(BIFF8, &[], std::slice::from_ref(&percent), "表: B4=7.5%[bold 2]");
        check(0x0500, &[], &[percent], "表: B4=7.5%[bold 0]");
        check(0x0500, &[], &[number(0, 0, 2, 38198.0)], "表: A1=2004-07-30");
        let since_1904 = record(DATE_1904, &words(&[1]));
        check(0x0500, &[since_1904], &[number(0, 0, 2, 36736.0)], "表: A1=2004-07-30");
        let label = record(LABEL, &[&words(&[0, 0, 0, 4])[..], b"\xB2\xCE\xB1\xA3"].concat());
        check(0x0500, &[], &[label], "表: A1=参保");
        let packed = words(&[4, 2, 0, 6, 0, 0, 0x3042, 0, 3]);
        check(BIFF8, &[], &[record(MUL_RK, &packed)], "表: C5=1 D5=3088");
        check(BIFF8, &[], &[record(BOOL_ERR, &[0, 0, 0, 0, 0, 0, 0x2A, 1])], "表: A1=#N/A");
        let merges = record(MERGE_CELLS, &words(&[1, 3, 4, 1, 2]));
        let hidden = [record(ROW, &words(&[3, 0, 0, 0, 0, 0, 0x20, 0])), record(COL_INFO, &words(&[0, 0, 0, 0, 1, 0]))];
        let cells = [&hidden[..], &[number(3, 1, 0, 1.0), number(4, 2, 0, 2.0), merges]].concat();
        let told = "表: B4=1 B4:C5 hidden columns are read all the same: A hidden rows are read all the same: 4";
        check(BIFF8, &[], &cells, told);
    }

    #[test]
    fn formulas_hold_their_results() {
        let formula =
            |row: u16, result: [u8; 8]| record(FORMULA, &[&words(&[row, 0, 0])[..], &result, &[0; 8]].concat());
        let text = record(STRING, &[2, 0, 0, b'a', b'b']);
        let cells = [
            formula(0, 1.5f64.to_le_bytes()),
            formula(1, [0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
            text,
            formula(2, [1, 0, 1, 0, 0, 0, 0xFF, 0xFF]),
            formula(3, [2, 0, 7, 0, 0, 0, 0xFF, 0xFF]),
            formula(4, [3, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
        ];
        assert_eq!(shown(&stream(BIFF8, &[], &cells)).unwrap(), "表: A1=1.5 A2=ab A3=TRUE A4=#DIV/0!");
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let check = |stream: &[u8], expected: &str| assert_eq!(shown(stream).unwrap_err().code, expected);
        let locked = record(FILE_PASS, &words(&[1, 1, 1]));
        check(&stream(BIFF8, &[locked], &[]), "password-protected");
        let whole = stream(BIFF8, &[], &[number(0, 0, 0, 1.0)]);
        check(&whole[..whole.len() - 4], "damaged-file");
        check(&stream(BIFF8, &[], &[record(NUMBER, &[0; 8])]), "damaged-file");
        check(&stream(BIFF8, &[], &[record(LABEL_SST, &[0; 10])]), "damaged-file");
        let bad = record(LABEL, &[&words(&[1, 2, 0, 2])[..], b"a\xFF"].concat());
        let fault = shown(&stream(0x0500, &[], &[bad])).unwrap_err();
        assert_eq!((fault.code, fault.place.cell.as_deref()), ("undecodable-byte", Some("C2")));
        let wide = record(0x0200, &words(&[0, 0, 0xFFFF, 0x00FF, 0, 256, 0]));
        assert_eq!(shown(&stream(BIFF8, &[], &[wide, number(0, 0, 0, 1.0)])).unwrap(), "表: A1=1");
    }
}
