//! dBASE and FoxPro tables: field names and records.
//!
//! Read here byte by byte rather than by a library, because the print matters: a numeric field keeps its digits as text
//! (`2.50` has two decimals), a bad byte is placed in its record and field, and record numbers count deleted records, as
//! every dBASE program does.

mod memo;

use encoding_rs::Encoding;
use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::limit::CellCount;
use super::number_format::Number;
use super::sheet::Builder;
use super::{Addressing, Cell, CellValue, Document, Format, encoding, number_format};
use crate::diag::{Diagnostic, Place};

const HEADER: usize = 32;
const FIELD: usize = 32;
const END_OF_FIELDS: u8 = 0x0D;
pub(super) const DELETED: u8 = b'*';
/// First bytes of dBASE III to V and FoxPro tables, with and without memo.
const VERSIONS: &[u8] = &[0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8E, 0xCB, 0xF5, 0xFB];
/// Those of Visual FoxPro, where a field of type B is a number and not a memo.
const FOXPRO: &[u8] = &[0x30, 0x31, 0x32];

pub(super) struct Field {
    pub(super) name: Vec<u8>,
    pub(super) kind: u8,
    pub(super) start: usize,
    pub(super) width: usize,
    /// The bit among the flags of a record that says whether the text is shorter than its field.
    short_flag: Option<usize>,
}

/// What lies beside a dbf file.
#[derive(Clone, Copy, Default)]
pub(super) struct Beside<'a> {
    pub code_page: Option<&'a str>,
    pub memo: Option<&'a [u8]>,
}

pub(super) struct Header {
    version: u8,
    pub(super) records: usize,
    pub(super) size: usize,
    pub(super) record_size: usize,
    language: u8,
    pub(super) fields: Vec<Field>,
}

/// Whether the header is one of a dBASE table: the sizes it states fit each other and the file.
pub(super) fn is_dbf(bytes: &[u8]) -> bool {
    read_header(bytes).is_some()
}

/// The header, of the beginning of a file that holds it all.
pub(super) fn read_header(bytes: &[u8]) -> Option<Header> {
    let version = *bytes.first().filter(|v| VERSIONS.contains(v))?;
    let two = |at: usize| bytes.get(at..at + 2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])));
    let (size, record_size) = (two(8)?, two(10)?);
    let records = two(4)? + (two(6)? << 16);
    if size < HEADER + 1 || size > bytes.len() || record_size == 0 {
        return None;
    }
    let mut header = Header { version, records, size, record_size, language: bytes[29], fields: Vec::new() };
    let (mut at, mut start, mut flags) = (HEADER, 1, 0);
    while *bytes.get(at)? != END_OF_FIELDS {
        let raw = bytes.get(at..at + FIELD).filter(|_| at + FIELD < size)?;
        let name = raw[..11].split(|b| *b == 0).next().unwrap_or(&[]).to_vec();
        // A character field longer than 255 keeps the rest of its width where others keep their decimals.
        let long = raw[11] == b'C' && raw[17] > 0;
        let width = usize::from(raw[16]) + if long { usize::from(raw[17]) << 8 } else { 0 };
        // Texts of varying length and fields that may be void have flags, in the order of the fields.
        let varies = matches!(raw[11], b'V' | b'Q') && FOXPRO.contains(&version);
        let short_flag = varies.then_some(flags);
        flags += usize::from(varies) + usize::from(raw[18] & 2 != 0);
        header.fields.push(Field { name, kind: raw[11], start, width, short_flag });
        start += width;
        at += FIELD;
    }
    (start <= record_size).then_some(header)
}

impl Header {
    /// The bytes of a text whose length varies; its last byte is its length where it does not fill its field.
    fn varying<'r>(&self, field: &Field, record: &'r [u8]) -> &'r [u8] {
        let raw = &record[field.start..field.start + field.width];
        let flags = self.fields.iter().find(|f| f.kind == b'0').map(|f| &record[f.start..f.start + f.width]);
        let bit = |nth: usize| flags.and_then(|f| f.get(nth / 8)).is_some_and(|byte| byte >> (nth % 8) & 1 == 1);
        match (field.short_flag.is_some_and(bit), raw.last()) {
            (true, Some(length)) => &raw[..usize::from(*length).min(raw.len() - 1)],
            _ => raw,
        }
    }
}

pub(super) fn read(
    bytes: &[u8],
    shown: &str,
    declared: Option<&str>,
    beside: Beside<'_>,
) -> Result<Document, Diagnostic> {
    let header = read_header(bytes).ok_or_else(|| super::archive::damaged("its header is not one of a dBASE table"))?;
    let body = &bytes[header.size..];
    let whole = body.len() / header.record_size;
    if whole < header.records {
        let message = format!("the file is cut short: it should hold {} records and holds {whole}", header.records);
        return Err(Diagnostic::error("truncated-file", message).hint("fetch or copy it again"));
    }
    let memos = beside.memo.and_then(|bytes| memo::Memos::open(bytes, header.version));
    let charset = charset(&header, body, declared, beside.code_page, memos.as_ref())?;
    let count = CellCount::default();
    let mut reading = Reading {
        header: &header,
        charset,
        declared: declared.is_some(),
        shown,
        sheet: Builder::new("", Addressing::A1, &count).of_lines(),
        cut: Vec::new(),
        memos,
        lost: Vec::new(),
    };
    reading.field_names()?;
    let mut deleted = 0;
    for (index, record) in body.chunks_exact(header.record_size).take(header.records).enumerate() {
        if record[0] == DELETED {
            deleted += 1;
        } else {
            reading.record(index as u32 + 1, record)?;
        }
    }
    let mut diagnostics = Vec::new();
    let mut note = |severity: fn(&'static str, String) -> Diagnostic, code, message| {
        diagnostics.push(severity(code, message).at(Place::file(shown)));
    };
    if deleted > 0 {
        note(Diagnostic::info, "deleted-records", format!("deleted records left out: {deleted}"));
    }
    if let Some(first) = reading.cut.first() {
        let cells = reading.cut.len();
        let message =
            format!("texts are cut in the middle of a character at the width of their field: {cells}, first {first}");
        note(Diagnostic::warning, "cut-text", message);
    }
    if header.fields.iter().any(|f| f.kind == b'M') && reading.memos.is_none() {
        let message =
            "memo fields are kept in a file of the same name ending in .fpt or .dbt, which is missing; they are \
                       left blank"
                .to_owned();
        note(Diagnostic::warning, "memo-file-missing", message);
    }
    if let Some(first) = reading.lost.first() {
        let message = format!("memo texts are missing in the memo file: {}, first {first}", reading.lost.len());
        note(Diagnostic::warning, "memo-missing", message);
    }
    if header.fields.iter().any(|f| f.kind != b'M' && is_object(f, header.version)) {
        note(Diagnostic::info, "object-field", "fields of pictures and other objects are not read".to_owned());
    }
    let encoding = Some(encoding::name(charset));
    Ok(Document { format: Format::Dbf, encoding, grids: vec![reading.sheet.finish()], diagnostics })
}

/// The encoding: declared, or in the file beside, or by the language byte, or detected over all texts.
fn charset(
    header: &Header,
    body: &[u8],
    declared: Option<&str>,
    code_page: Option<&str>,
    memos: Option<&memo::Memos<'_>>,
) -> Result<&'static Encoding, Diagnostic> {
    if let Some(label) = declared {
        return encoding::named(label);
    }
    let label = code_page.map(|page| match page.trim_start_matches(|c: char| !c.is_ascii_digit()) {
        "936" => "gbk",
        "54936" => "gb18030",
        "950" => "big5",
        "65001" => "utf-8",
        "1252" => "windows-1252",
        _ => page,
    });
    if let Some(charset) = label.and_then(|label| encoding::named(label).ok()) {
        return Ok(charset);
    }
    // Language bytes that name no one encoding surely (0, "Windows ANSI") are left to detection.
    let by_language = match header.language {
        0x4D | 0x7A => Some("gbk"),
        0x4F | 0x78 => Some("big5"),
        0x7B | 0x13 => Some("shift_jis"),
        0x4E | 0x79 => Some("euc-kr"),
        0xC8 => Some("windows-1250"),
        0xC9 => Some("windows-1251"),
        0xCB => Some("windows-1253"),
        0xCA => Some("windows-1254"),
        0x65 | 0x26 => Some("ibm866"),
        _ => None,
    };
    if let Some(label) = by_language {
        return encoding::named(label);
    }
    let mut texts: Vec<u8> = header.fields.iter().flat_map(|f| [f.name.as_slice(), b"\n"].concat()).collect();
    for record in body.chunks_exact(header.record_size).take(header.records) {
        for field in header.fields.iter().filter(|f| f.kind == b'C') {
            texts.extend_from_slice(record[field.start..field.start + field.width].trim_ascii_end());
            texts.push(b'\n');
        }
        for field in header.fields.iter().filter(|f| f.kind == b'M') {
            let block = memo::block(&record[field.start..field.start + field.width]);
            let text = memos.zip(block).and_then(|(memos, block)| memos.text(block));
            texts.extend_from_slice(text.map_or(&[], |(_, text)| text));
            texts.push(b'\n');
        }
    }
    Ok(encoding::detect(&texts))
}

/// Whether a field holds no value but the place of one in another file, or bytes that are no text.
fn is_object(field: &Field, version: u8) -> bool {
    matches!(field.kind, b'M' | b'G' | b'P' | b'W' | b'Q') || (field.kind == b'B' && !FOXPRO.contains(&version))
}

struct Reading<'a> {
    header: &'a Header,
    charset: &'static Encoding,
    declared: bool,
    shown: &'a str,
    sheet: Builder<'a>,
    /// Addresses of texts cut within a character.
    cut: Vec<String>,
    memos: Option<memo::Memos<'a>>,
    /// Addresses of memo texts that the memo file does not hold.
    lost: Vec<String>,
}

impl Reading<'_> {
    fn field_names(&mut self) -> Result<(), Diagnostic> {
        let names: Vec<&[u8]> = self.header.fields.iter().map(|f| f.name.trim_ascii()).collect();
        let mut fields = Vec::new();
        for (col, name) in names.into_iter().enumerate() {
            let name = self.text(name, 0, &format!("name of field {}", col + 1))?;
            self.sheet.put(0, col as u32, Cell::text(&name))?;
            fields.push(name);
        }
        self.sheet.grid.addressing = Addressing::Record { fields };
        Ok(())
    }

    fn record(&mut self, row: u32, record: &[u8]) -> Result<(), Diagnostic> {
        for (col, field) in self.header.fields.iter().enumerate() {
            let col = col as u32;
            let raw = &record[field.start..field.start + field.width];
            let address = || self.sheet.grid.address(super::CellRef { row, col });
            let start = self.header.size + (row as usize - 1) * self.header.record_size + field.start;
            let cell = match field.kind {
                b'C' => {
                    let trimmed = raw.split(|b| *b == 0).next().unwrap_or(&[]).trim_ascii_end();
                    let address = address();
                    Some(Cell::text(self.text(trimmed, start, &address)?))
                }
                b'V' => {
                    let text = self.header.varying(field, record).trim_ascii_end();
                    let address = address();
                    Some(Cell::text(self.text(text, start, &address)?))
                }
                b'M' => self.memo(raw, address())?,
                _ => typed_cell(field, raw, self.header.version),
            };
            if let Some(cell) = cell {
                self.sheet.put(row, col, cell)?;
            }
        }
        self.sheet.grid.rows = self.sheet.grid.rows.max(row + 1);
        Ok(())
    }

    /// The text that a memo field points to.
    fn memo(&mut self, raw: &[u8], address: String) -> Result<Option<Cell>, Diagnostic> {
        let (Some(memos), Some(block)) = (&self.memos, memo::block(raw)) else { return Ok(None) };
        let Some((start, text)) = memos.text(block) else {
            self.lost.push(address);
            return Ok(None);
        };
        let text = self.text(text, start, &address)?;
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        Ok(Some(Cell::text(text.trim_end())))
    }

    /// Text in the encoding of the file. Programs cut a text at the width of its field without regard to characters:
    /// the torso of a last character is dropped and reported.
    fn text(&mut self, raw: &[u8], start: usize, address: &str) -> Result<String, Diagnostic> {
        match encoding::decode_part(raw, self.charset) {
            Ok(text) => Ok(text),
            Err(fault) if fault.offset + fault.bytes.len() == raw.len() && (0x81..0xFF).contains(&fault.bytes[0]) => {
                self.cut.push(address.to_owned());
                Ok(fault.before)
            }
            Err(mut fault) => {
                fault.offset += start;
                Err(fault.diagnostic(self.declared, raw).at(Place::cell(self.shown, "", address)))
            }
        }
    }
}

/// A field that is not of characters; `None` where it is blank.
fn typed_cell(field: &Field, raw: &[u8], version: u8) -> Option<Cell> {
    if is_object(field, version) || field.kind == b'0' {
        return None;
    }
    let eight = || <[u8; 8]>::try_from(raw).ok();
    match field.kind {
        b'I' => number(i64::from(i32::from_le_bytes(raw.try_into().ok()?)).to_string()),
        b'+' => number(i64::from(i32::from_be_bytes(raw.try_into().ok()?) & i32::MAX).to_string()),
        b'Y' => number(Decimal::new(i64::from_le_bytes(eight()?), 4).to_string()),
        b'B' => Some(number_format::general_cell(Number::from_f64(f64::from_le_bytes(eight()?)))),
        b'T' if raw.len() == 8 && !raw.iter().all(|b| *b == 0 || *b == b' ') => date_time(eight()?),
        b'T' => None,
        _ => {
            let text = String::from_utf8_lossy(raw).trim_matches(|c| c == ' ' || c == '\0').to_owned();
            match field.kind {
                _ if text.is_empty() => None,
                b'N' | b'F' => number(text),
                b'D' => Some(date(&text)),
                b'L' if text == "?" => None,
                b'L' => {
                    let value = CellValue::Bool(matches!(text.as_str(), "T" | "t" | "Y" | "y"));
                    Some(Cell { value, ..Cell::text(text) })
                }
                _ => Some(Cell::text(text)),
            }
        }
    }
}

/// A number as its digits stand in the file, or as text where it is none (`****` for one too wide).
fn number(text: String) -> Option<Cell> {
    if text.contains(['e', 'E']) {
        return Number::read(&text).map(number_format::general_cell);
    }
    match Decimal::from_str_exact(&text) {
        Ok(value) => Some(Cell { value: CellValue::Number(value), ..Cell::text(text) }),
        Err(_) => Some(Cell::text(text)),
    }
}

/// `20040730`; what is no date stays text.
fn date(text: &str) -> Cell {
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|p| p.parse::<i16>().ok());
    let found = match (text.len(), part(0..4), part(4..6), part(6..8)) {
        (8, Some(year), Some(month), Some(day)) => Date::new(year, month as i8, day as i8).ok(),
        _ => None,
    };
    found.map_or_else(|| Cell::text(text), |d| Cell { value: CellValue::Date(d), ..Cell::text(d.to_string()) })
}

/// FoxPro date and time: a Julian day and milliseconds.
fn date_time(raw: [u8; 8]) -> Option<Cell> {
    const JULIAN_DAY_OF_1970: i64 = 2_440_588;
    let day = i64::from(u32::from_le_bytes(raw[..4].try_into().ok()?));
    let seconds = u32::from_le_bytes(raw[4..].try_into().ok()?) / 1000;
    let date = jiff::civil::date(1970, 1, 1).checked_add((day - JULIAN_DAY_OF_1970).days()).ok()?;
    let text = format!("{date} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(Cell { value: CellValue::Date(date), ..Cell::text(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of fields `(name, kind, width)` and records of raw bytes.
    fn table(language: u8, fields: &[(&[u8], u8, u8)], records: &[&[u8]]) -> Vec<u8> {
        let size = (HEADER + FIELD * fields.len() + 1) as u16;
        let record_size = 1 + fields.iter().map(|f| u16::from(f.2)).sum::<u16>();
        let mut out = vec![3, 104, 7, 30];
        out.extend((records.len() as u32).to_le_bytes());
        out.extend(size.to_le_bytes());
        out.extend(record_size.to_le_bytes());
        out.extend([0; 20]);
        out[29] = language;
        for (name, kind, width) in fields {
            let mut raw = [0; FIELD];
            raw[..name.len()].copy_from_slice(name);
            (raw[11], raw[16]) = (*kind, *width);
            out.extend(raw);
        }
        out.push(END_OF_FIELDS);
        records.iter().for_each(|record| out.extend_from_slice(record));
        out
    }

    fn cells(document: &Document) -> String {
        let grid = &document.grids[0];
        let shown: Vec<String> = grid.iter().map(|(at, cell)| format!("{}={}", grid.address(at), cell.text)).collect();
        shown.join(" ")
    }

    #[test]
    fn records_keep_their_digits_and_numbers() {
        let fields: &[(&[u8], u8, u8)] = &[(b"\xB5\xD8\xC7\xF8", b'C', 4), (b"SUM", b'N', 6), (b"DAY", b'D', 8)];
        let bytes = table(
            0x4D,
            fields,
            &[b" \xBC\xC3\xC4\xCF  2.5020040730", b"*\xBC\xC3\xC4\xCF  1.0020040730", b" \xCE\xAB       920041399"],
        );
        let document = read(&bytes, "a.dbf", None, Beside::default()).unwrap();
        assert_eq!(document.encoding.as_deref(), Some("GB18030"));
        assert_eq!(
            cells(&document),
            "rec0.地区=地区 rec0.SUM=SUM rec0.DAY=DAY rec1.地区=济南 rec1.SUM=2.50 rec1.DAY=2004-07-30 rec3.地区=潍 \
             rec3.SUM=9 rec3.DAY=20041399"
        );
        assert_eq!(document.diagnostics[0].message, "deleted records left out: 1");
    }

    #[test]
    fn long_texts_come_from_the_memo_file() {
        let memo = [&[0; 512][..], b"\xB2\xCE\xB1\xA3\xC8\xCB\xCA\xFD\r\n\xCD\xF2\xC8\xCB\x1A\x1A"].concat();
        let records: &[&[u8]] = &[b"          1", b"           ", b"          9"];
        let mut bytes = table(0, &[(b"NOTE", b'M', 10)], records);
        bytes[0] = 0x83;
        let document = read(&bytes, "a.dbf", None, Beside { memo: Some(&memo), code_page: None }).unwrap();
        assert_eq!(cells(&document), "rec0.NOTE=NOTE rec1.NOTE=参保人数\n万人");
        assert_eq!(document.diagnostics[0].message, "memo texts are missing in the memo file: 1, first rec3.NOTE");
        let document = read(&bytes, "a.dbf", None, Beside::default()).unwrap();
        assert_eq!(document.diagnostics[0].code, "memo-file-missing");
    }

    #[test]
    fn texts_of_varying_length() {
        // The flags of two fields follow them: the first text is shorter than its field, the second fills it.
        let fields: &[(&[u8], u8, u8)] = &[(b"A", b'V', 6), (b"B", b'V', 4), (b"_NullFlags", b'0', 1)];
        let mut bytes = table(0x7A, fields, &[b" \xB2\xCExx\0\x02abcd\x01"]);
        bytes[0] = 0x32;
        let document = read(&bytes, "a.dbf", None, Beside::default()).unwrap();
        assert_eq!(cells(&document), "rec0.A=A rec0.B=B rec0._NullFlags=_NullFlags rec1.A=参 rec1.B=abcd");
    }

    #[test]
    fn a_bad_byte_names_record_and_field() {
        let bytes = table(0x4D, &[(b"NAME", b'C', 4)], &[b" abcd", b" a\xFFb "]);
        let fault = read(&bytes, "a.dbf", None, Beside::default()).unwrap_err();
        assert_eq!((fault.code, fault.place.cell.as_deref()), ("undecodable-byte", Some("rec2.NAME")));
        assert_eq!(bytes[fault_offset(&fault.message)], 0xFF);
    }

    fn fault_offset(message: &str) -> usize {
        message.split_once("offset ").unwrap().1.split(' ').next().unwrap().parse().unwrap()
    }

    #[test]
    fn a_short_file_is_refused() {
        let mut bytes = table(0, &[(b"NAME", b'C', 4)], &[b" abcd", b" efgh"]);
        bytes.truncate(bytes.len() - 3);
        assert_eq!(read(&bytes, "a.dbf", None, Beside::default()).unwrap_err().code, "truncated-file");
    }
}
