//! Delimited text, cut into records and cells without being decoded.

use std::io::Read;

use encoding_rs::UTF_8;
use memchr::{memchr, memchr_iter, memrchr};

use super::{COLUMNS, Header, PIECE_BYTES, Piece, RECORD_BYTES, Sink, TextForm, unreadable};
use crate::diag::Diagnostic;

/// Lines that a quoted cell may run over. A quotation mark that is never closed would swallow the rest of the file.
const QUOTED_LINES: usize = 100;

/// A cell as the bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    pub bytes: &'a [u8],
    pub form: Form,
}

/// What quotation marks did to a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Plain,
    /// Its quotation marks are doubled.
    Doubled,
    /// Something stands behind its closing quotation mark.
    Broken,
}

/// How a record ends.
enum End {
    /// The place of the next one.
    Next(usize),
    /// Not within these bytes.
    Open,
    /// In no reasonable distance.
    Never,
}

pub(super) fn read(from: &mut dyn Read, text: TextForm, sink: &mut dyn Sink) -> Result<(), Diagnostic> {
    let mut held: Vec<u8> = Vec::with_capacity(2 * PIECE_BYTES);
    let mut line = 1;
    let mut is_first = true;
    loop {
        let before = held.len();
        let got = fill(from, &mut held)?;
        let ended = got < PIECE_BYTES;
        if line == 1 && is_first && before == 0 {
            check_beginning(&mut held)?;
        }
        let cut = whole_records(&held, &text, line, ended)?;
        if cut == 0 && !ended {
            if held.len() > RECORD_BYTES {
                return Err(too_long(line));
            }
            continue;
        }
        let rest = held.split_off(cut);
        let lines = count(&held, b'\n') as u64;
        let mut first = line;
        if is_first && !held.is_empty() {
            let (header, skipped, lines) = header(&held, text)?;
            held.drain(..skipped);
            first += lines;
            is_first = false;
            if sink.header(header).is_break() {
                return Ok(());
            }
        }
        if !held.is_empty() && sink.piece(Piece::Lines { bytes: held, first }).is_break() {
            return Ok(());
        }
        if ended {
            return if is_first { Err(empty()) } else { Ok(()) };
        }
        line += lines;
        held = Vec::with_capacity(2 * PIECE_BYTES);
        held.extend_from_slice(&rest);
    }
}

fn fill(from: &mut dyn Read, held: &mut Vec<u8>) -> Result<usize, Diagnostic> {
    from.take(PIECE_BYTES as u64).read_to_end(held).map_err(|e| unreadable(&e))
}

/// A byte order mark goes; what is no text in bytes is refused.
fn check_beginning(held: &mut Vec<u8>) -> Result<(), Diagnostic> {
    let wide = matches!(held.as_slice(), [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) || super::encoding::wide(held).is_some();
    if wide || held.iter().take(1 << 12).any(|b| *b == 0) {
        let what = if wide { "text in UTF-16" } else { "no text" };
        return Err(Diagnostic::error("not-text", format!("the file is {what}, which extracts are not read from"))
            .hint("export it as GB18030 or UTF-8 text"));
    }
    if held.starts_with(&[0xEF, 0xBB, 0xBF]) {
        held.drain(..3);
    }
    Ok(())
}

/// Where the last whole record ends.
fn whole_records(held: &[u8], text: &TextForm, line: u64, ended: bool) -> Result<usize, Diagnostic> {
    if memchr(b'"', held).is_none() {
        return Ok(if ended { held.len() } else { memrchr(b'\n', held).map_or(0, |at| at + 1) });
    }
    let classes = Classes::new(text);
    let (mut at, mut cells) = (0, Vec::new());
    while at < held.len() {
        match classes.record(held, at, ended, &mut cells) {
            End::Next(next) if next == held.len() && !ended && held[next - 1] != b'\n' => break,
            End::Next(next) => at = next,
            End::Open if !ended => break,
            End::Open | End::Never => return Err(unclosed(line + count(&held[..at], b'\n') as u64)),
        }
    }
    Ok(at)
}

fn header(held: &[u8], text: TextForm) -> Result<(Header, usize, u64), Diagnostic> {
    let mut cells = Vec::new();
    let End::Next(end) = Classes::new(&text).record(held, 0, true, &mut cells) else { return Err(unclosed(1)) };
    if cells.len() > COLUMNS {
        return Err(super::super::limit::exceeded("columns", COLUMNS as u64));
    }
    let mut labels = Vec::with_capacity(cells.len());
    for cell in &cells {
        let decoded = text.decode(cell.bytes).ok_or_else(|| {
            let message = format!("the header is not {}", text.name());
            let is_utf8 = text.encoding != UTF_8 && std::str::from_utf8(cell.bytes).is_ok();
            let hint = match is_utf8 {
                true => "it is valid UTF-8: write encoding = \"utf-8\" in the extract's specification",
                false => "declare the file's encoding in the extract's specification: encoding = \"gb18030\"",
            };
            Diagnostic::error("undecodable-byte", message).hint(hint)
        })?;
        labels.push(decoded.replace("\"\"", "\"").trim().to_owned());
    }
    let lines = count(&held[..end], b'\n') as u64;
    Ok((Header { labels, text, counted: "line" }, end, lines))
}

/// Hand over each record of whole lines.
pub(super) fn each<'a>(bytes: &'a [u8], first: u64, text: &TextForm, mut take: impl FnMut(u64, u64, &[Raw<'a>])) {
    let mut whole = |line, lines, cells: &[Raw<'a>]| {
        if cells.iter().any(|cell| !cell.bytes.is_empty()) {
            take(line, lines, cells);
        }
    };
    let classes = Classes::new(text);
    let mut cells: Vec<Raw<'a>> = Vec::new();
    let (mut at, mut line) = (0, first);
    if !classes.has_leads() && memchr(b'"', bytes).is_none() {
        // Wherever the delimiter or a line's end stands, it is one.
        each_mark(bytes, [text.delimiter, b'\n'], |end| {
            let is_last = bytes[end] == b'\n';
            cells.push(plain(&bytes[at..end], is_last));
            at = end + 1;
            if is_last {
                whole(line, 1, &cells);
                cells.clear();
                line += 1;
            }
        });
        if at < bytes.len() || !cells.is_empty() {
            cells.push(plain(&bytes[at..], true));
            whole(line, 1, &cells);
        }
        return;
    }
    while at < bytes.len() {
        // Whoever cut the piece saw that its records end.
        let End::Next(next) = classes.record(bytes, at, true, &mut cells) else { return };
        let lines = count(&bytes[at..next], b'\n').max(1) as u64;
        whole(line, lines, &cells);
        line += lines;
        at = next;
    }
}

/// Hand over each place of one of two bytes. They stand a few bytes apart, so that eight at a time are looked at in a number.
fn each_mark(bytes: &[u8], wanted: [u8; 2], mut take: impl FnMut(usize)) {
    const LOW: u64 = u64::from_ne_bytes([0x7F; 8]);
    let wanted_eight = wanted.map(|byte| u64::from_ne_bytes([byte; 8]));
    let (eights, rest) = bytes.as_chunks::<8>();
    for (nth, eight) in eights.iter().enumerate() {
        let eight = u64::from_le_bytes(*eight);
        // The high bit of every byte that is not what is wanted: a sum of 0x7F and anything else carries into it.
        let others = wanted_eight.map(|wanted| (((eight ^ wanted) & LOW) + LOW) | (eight ^ wanted));
        let mut marks = !((others[0] & others[1]) | LOW);
        while marks > 0 {
            take(8 * nth + marks.trailing_zeros() as usize / 8);
            marks &= marks - 1;
        }
    }
    for (place, _) in rest.iter().enumerate().filter(|(_, byte)| wanted.contains(byte)) {
        take(bytes.len() - rest.len() + place);
    }
}

fn plain(text: &[u8], is_last: bool) -> Raw<'_> {
    let bytes = if is_last { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
    Raw { bytes, form: Form::Plain }
}

/// What each byte is to one who cuts cells.
struct Classes {
    delimiter: u8,
    of: [Class; 256],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Delimiter,
    LineEnd,
    /// The first byte of a character whose second may be the delimiter's.
    Lead,
}

impl Classes {
    fn new(text: &TextForm) -> Classes {
        let mut of = [Class::Other; 256];
        // Second bytes begin at 0x40, but for the digits of characters of four bytes.
        if text.delimiter >= 0x40 && text.encoding != UTF_8 {
            of[0x81..=0xFE].fill(Class::Lead);
        }
        of[usize::from(text.delimiter)] = Class::Delimiter;
        of[usize::from(b'\n')] = Class::LineEnd;
        Classes { delimiter: text.delimiter, of }
    }

    /// Whether a delimiter may be the second byte of a character.
    fn has_leads(&self) -> bool {
        self.of.contains(&Class::Lead)
    }

    /// Where a cell without quotation marks ends, and by what; at the end of the bytes as by a line's end.
    #[inline]
    fn cell_end(&self, bytes: &[u8], mut at: usize) -> (usize, Class) {
        while let Some(byte) = bytes.get(at) {
            match self.of[usize::from(*byte)] {
                Class::Other => at += 1,
                Class::Lead => at += 1 + usize::from(bytes.get(at + 1).is_some_and(|second| *second >= 0x30)),
                class => return (at, class),
            }
        }
        (bytes.len(), Class::LineEnd)
    }

    /// The cells of a record that may have quotation marks.
    fn record<'a>(&self, bytes: &'a [u8], mut at: usize, ended: bool, cells: &mut Vec<Raw<'a>>) -> End {
        cells.clear();
        loop {
            if bytes.get(at) != Some(&b'"') {
                let (end, class) = self.cell_end(bytes, at);
                let last = class != Class::Delimiter;
                cells.push(plain(&bytes[at..end], last));
                if last {
                    return End::Next((end + 1).min(bytes.len()));
                }
                at = end + 1;
                continue;
            }
            let (close, doubled) = match closing(bytes, at + 1) {
                Ok(found) => found,
                Err(end) => return end,
            };
            if close + 1 == bytes.len() && !ended {
                return End::Open;
            }
            let (end, class) = self.cell_end(bytes, close + 1);
            let behind = bytes[close + 1..end].strip_suffix(b"\r").unwrap_or(&bytes[close + 1..end]);
            let form = match (behind.is_empty(), doubled) {
                (false, _) => Form::Broken,
                (true, true) => Form::Doubled,
                (true, false) => Form::Plain,
            };
            cells.push(Raw { bytes: &bytes[at + 1..close], form });
            if class != Class::Delimiter || bytes.get(end) != Some(&self.delimiter) {
                return End::Next((end + 1).min(bytes.len()));
            }
            at = end + 1;
        }
    }
}

/// The quotation mark that closes a cell, and whether others in it are doubled.
fn closing(bytes: &[u8], from: usize) -> Result<(usize, bool), End> {
    let (mut at, mut doubled, mut lines) = (from, false, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' if bytes.get(at + 1) == Some(&b'"') => {
                doubled = true;
                at += 2;
            }
            b'"' => return Ok((at, doubled)),
            b'\n' => {
                lines += 1;
                at += 1;
                if lines > QUOTED_LINES {
                    return Err(End::Never);
                }
            }
            _ => at += 1,
        }
    }
    Err(End::Open)
}

fn count(bytes: &[u8], wanted: u8) -> usize {
    memchr_iter(wanted, bytes).count()
}

fn unclosed(line: u64) -> Diagnostic {
    let message =
        format!("a quotation mark that opens a cell in line {line} is not closed within {QUOTED_LINES} lines");
    Diagnostic::error("unclosed-quotation", message)
        .hint("the file cannot be cut into records behind it: have it exported again, with quotation marks doubled")
}

fn too_long(line: u64) -> Diagnostic {
    let message = format!("the record that begins in line {line} is longer than {RECORD_BYTES} bytes");
    Diagnostic::error("record-too-long", message).hint("lines end with a line feed; is the file an extract?")
}

fn empty() -> Diagnostic {
    Diagnostic::error("empty-file", "the file is empty; an extract has a header at least")
        .hint("fetch it again; an extract without records has its header alone")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_wherever_they_stand() {
        // Every byte beside a comma and a line's end, at every place of eight.
        let mut bytes = Vec::new();
        for byte in 0..=u8::MAX {
            bytes.extend_from_slice(&[byte, b',', byte, byte, b'\n', byte, byte, byte, b',']);
        }
        let mut found = Vec::new();
        each_mark(&bytes, [b',', b'\n'], |place| found.push(place));
        let expected: Vec<usize> = (0..bytes.len()).filter(|place| b",\n".contains(&bytes[*place])).collect();
        assert_eq!(found, expected);
    }
}
