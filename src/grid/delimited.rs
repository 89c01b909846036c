//! Text separated by commas, tabs or another character, cell for cell as a spreadsheet program would open it.
//!
//! Rows are records: a quoted line break belongs to its cell. Blank lines are rows, so that row numbers are those a person
//! sees; this is why the text is read here rather than by a reader that drops blank lines.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::limit::{self, CellCount};
use super::sheet::Builder;
use super::{Addressing, Cell, CellRef, Document, Format, column_letters, encoding};
use crate::diag::{Diagnostic, Place};
use crate::domain::text::Shared;

/// What may separate cells, the likelier first.
const DELIMITERS: [char; 7] = [',', '\t', ';', '|', '^', '~', '¦'];

pub(super) fn read(
    bytes: &[u8],
    shown: &str,
    declared: Option<&str>,
    delimiter: Option<char>,
) -> Result<Document, Diagnostic> {
    let charset = match declared {
        Some(label) => encoding::named(label)?,
        None => encoding::detect(bytes),
    };
    let text = encoding::decode(bytes, charset).map_err(|fault| {
        let at = last_place(&fault.before, delimiter);
        let address = format!("{}{}", column_letters(at.col), at.row + 1);
        fault.diagnostic(declared.is_some(), bytes).at(Place::cell(shown, "", address))
    })?;
    let (stated, body) = stated_delimiter(&text);
    let delimiter = delimiter.or(stated).unwrap_or_else(|| likely_delimiter(body));
    let count = CellCount::default();
    let mut sheet = Builder::new("", Addressing::A1, &count).of_lines();
    let mut shared = Shared::default();
    let mut places = 0;
    let end = records(body, delimiter, |row, col, cell| {
        sheet.check_place(row, col)?;
        places += 1;
        if places > limit::PLACES {
            return Err(limit::exceeded("cells, blank ones counted", limit::PLACES));
        }
        if cell.is_empty() { Ok(()) } else { sheet.put(row, col, Cell::text(shared.text(cell))) }
    })?;
    let grid = sheet.finish();
    let doubt = declared.and_then(|_| encoding::doubt(bytes, charset));
    let mut diagnostics: Vec<Diagnostic> = doubt.map(|d| d.at(Place::file(shown))).into_iter().collect();
    if let Some(at) = end.open_quote {
        let fault = Diagnostic::warning("open-quote", "a quotation mark opens here and is never closed")
            .at(Place::cell(shown, "", grid.address(at)))
            .hint("all that follows was read as one cell: close the quotation, or remove the mark");
        diagnostics.push(fault);
    }
    let encoding = Some(encoding::name(charset));
    Ok(Document { format: Format::Delimited, encoding, grids: vec![grid], diagnostics })
}

/// Where a text breaks off.
fn last_place(text: &str, delimiter: Option<char>) -> CellRef {
    let (stated, body) = stated_delimiter(text);
    let delimiter = delimiter.or(stated).unwrap_or_else(|| likely_delimiter(body));
    let mut last = CellRef { row: 0, col: 0 };
    let mut note = |row, col, _: &str| {
        last = CellRef { row, col };
        Ok(())
    };
    match records(body, delimiter, &mut note) {
        Ok(end) if end.at_line_start && !body.is_empty() => CellRef { row: last.row + 1, col: 0 },
        _ => last,
    }
}

/// `sep=;` in the first line, by which programs tell spreadsheets the delimiter; spreadsheets do not show that line.
fn stated_delimiter(text: &str) -> (Option<char>, &str) {
    let line = text.lines().next().unwrap_or("");
    let stated = line.trim_matches('"').strip_prefix("sep=").and_then(|rest| {
        let mut rest = rest.chars();
        rest.next().filter(|_| rest.next().is_none())
    });
    match stated {
        Some(delimiter) => {
            (Some(delimiter), text[line.len()..].trim_start_matches('\r').strip_prefix('\n').unwrap_or(""))
        }
        None => (None, text),
    }
}

/// The character that cuts the lines into the same number of cells, and into cells that are not themselves lists.
fn likely_delimiter(text: &str) -> char {
    const BYTES_LOOKED_AT: usize = 64 << 10;
    let mut end = text.len().min(BYTES_LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let best =
        DELIMITERS.into_iter().enumerate().filter(|(_, d)| text[..end].contains(*d)).max_by_key(|(rank, delimiter)| {
            let (lines, whole, cells) = regularity(&text[..end], *delimiter);
            (lines, whole, cells, std::cmp::Reverse(*rank))
        });
    best.map_or(',', |(_, delimiter)| delimiter)
}

/// How many lines have the most usual number of cells beyond one, in tenths of all; how many of their cells hold no
/// delimiter of any kind, in percent; and what that number is.
fn regularity(text: &str, delimiter: char) -> (usize, usize, u32) {
    let mut lengths: BTreeMap<u32, usize> = BTreeMap::new();
    let (mut line, mut lines) = (0, 0);
    let (mut cells, mut whole) = (0, 0);
    let walked = records(text, delimiter, |row, col, cell| {
        if row != line {
            line = row;
            lines += 1;
        }
        *lengths.entry(row).or_default() = col as usize + 1;
        let is_number = cell.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | '-' | ' ' | '%'))
            && cell.matches(',').count() < 2;
        cells += usize::from(!cell.is_empty());
        whole += usize::from(!cell.is_empty() && (is_number || !cell.trim().contains(DELIMITERS)));
        Ok(())
    });
    drop(walked);
    let mut usual: BTreeMap<usize, usize> = BTreeMap::new();
    for length in lengths.values().filter(|l| **l > 1) {
        *usual.entry(*length).or_default() += 1;
    }
    let most = usual.into_iter().max_by_key(|(length, lines)| (*lines, *length));
    most.map_or((0, 0, 0), |(length, agreeing)| {
        (agreeing * 10 / (lines + 1).max(1), whole * 100 / cells.max(1), length as u32)
    })
}

/// How a text ended.
struct End {
    /// Where a quotation was left open.
    open_quote: Option<CellRef>,
    at_line_start: bool,
}

/// Hands over every cell of every record, blank ones too, with its row and column.
fn records(
    text: &str,
    delimiter: char,
    mut take: impl FnMut(u32, u32, &str) -> Result<(), Diagnostic>,
) -> Result<End, Diagnostic> {
    let ends = |c: char| c == delimiter || c == '\n' || c == '\r';
    let (mut row, mut col) = (0u32, 0u32);
    let mut rest = text;
    let mut open_quote = None;
    let mut at_line_start = true;
    while !rest.is_empty() {
        let cell = if rest.starts_with('"') {
            let (cell, after) = quoted(rest);
            open_quote = open_quote.or(after.is_none().then_some(CellRef { row, col }));
            let after = after.unwrap_or("");
            // What follows a quotation up to the delimiter belongs to the cell.
            let end = after.find(ends).unwrap_or(after.len());
            rest = &after[end..];
            if end == 0 { cell } else { Cow::Owned(format!("{cell}{}", &after[..end])) }
        } else {
            let end = rest.find(ends).unwrap_or(rest.len());
            let cell = &rest[..end];
            rest = &rest[end..];
            Cow::Borrowed(cell)
        };
        take(row, col, &cell)?;
        at_line_start = false;
        if let Some(after) = rest.strip_prefix(delimiter) {
            rest = after;
            col = col.saturating_add(1);
            if rest.is_empty() {
                take(row, col, "")?;
            }
        } else if !rest.is_empty() {
            rest = rest.strip_prefix("\r\n").unwrap_or_else(|| &rest[1..]);
            (row, col) = (row.saturating_add(1), 0);
            at_line_start = true;
        }
    }
    Ok(End { open_quote, at_line_start })
}

/// The cell in quotation marks that a text begins with, and what follows; nothing follows one that is not closed.
fn quoted(text: &str) -> (Cow<'_, str>, Option<&str>) {
    let mut cell = Cow::Borrowed("");
    let mut rest = &text[1..];
    loop {
        let end = rest.find('"');
        let part = &rest[..end.unwrap_or(rest.len())];
        let part = if part.contains('\r') { Cow::Owned(part.replace("\r\n", "\n")) } else { Cow::Borrowed(part) };
        if cell.is_empty() {
            cell = part
        } else {
            cell.to_mut().push_str(&part)
        }
        let Some(end) = end else { return (cell, None) };
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                cell.to_mut().push('"');
                rest = after;
            }
            None => return (cell, Some(rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_declared(bytes: &[u8], delimiter: Option<char>, expected: &[(&str, &str)]) {
        let document = read(bytes, "a.csv", None, delimiter).unwrap();
        let grid = &document.grids[0];
        let cells: Vec<(String, &str)> = grid.iter().map(|(at, cell)| (grid.address(at), cell.text.as_str())).collect();
        let cells: Vec<(&str, &str)> = cells.iter().map(|(a, t)| (a.as_str(), *t)).collect();
        assert_eq!(cells, expected);
    }

    fn check(bytes: &[u8], expected: &[(&str, &str)]) {
        check_declared(bytes, None, expected);
    }

    #[test]
    fn rows_are_those_of_a_spreadsheet() {
        check(b"a,b\n1,2\n", &[("A1", "a"), ("B1", "b"), ("A2", "1"), ("B2", "2")]);
        check(b"a\r\n\r\nb,\"x\r\ny\"\r\nc", &[("A1", "a"), ("A3", "b"), ("B3", "x\ny"), ("A4", "c")]);
        check(b"a\rb\r\rc", &[("A1", "a"), ("A2", "b"), ("A4", "c")]);
        check(b"\"1,5\",\"say \"\"so\"\"\"", &[("A1", "1,5"), ("B1", "say \"so\"")]);
        check(b"\"a\"b,\"\",\"\"\"\"", &[("A1", "ab"), ("C1", "\"")]);
        check(b"5\" pipe,1", &[("A1", "5\" pipe"), ("B1", "1")]);
        check(b"\xEF\xBB\xBFx,  y ", &[("A1", "x"), ("B1", "  y ")]);
        check("甲，乙".as_bytes(), &[("A1", "甲，乙")]);
    }

    #[test]
    fn the_delimiter_is_found() {
        check(b"a\tb,c\n1\t2\n", &[("A1", "a"), ("B1", "b,c"), ("A2", "1"), ("B2", "2")]);
        check(b"a;b\n1,5;2\n", &[("A1", "a"), ("B1", "b"), ("A2", "1,5"), ("B2", "2")]);
        check(b"1,5;2,5;3,5\n", &[("A1", "1,5"), ("B1", "2,5"), ("C1", "3,5")]);
        check(b"a|b\n1|2", &[("A1", "a"), ("B1", "b"), ("A2", "1"), ("B2", "2")]);
        check(b"a^b,c\n1^2", &[("A1", "a"), ("B1", "b,c"), ("A2", "1"), ("B2", "2")]);
        check(b"a,\tb\n1,\t2", &[("A1", "a"), ("B1", "\tb"), ("A2", "1"), ("B2", "\t2")]);
        check(
            b"one; two; three\na,b\n1,2\n3,4",
            &[("A1", "one; two; three"), ("A2", "a"), ("B2", "b"), ("A3", "1"), ("B3", "2"), ("A4", "3"), ("B4", "4")],
        );
        check(b"sep=^\r\na^b;c", &[("A1", "a"), ("B1", "b;c")]);
        check_declared(b"a:b,c", Some(':'), &[("A1", "a"), ("B1", "b,c")]);
    }

    #[test]
    fn a_bad_byte_names_its_cell() {
        let fault = read(b"a,b\n1,\xB2\xCE\xFF,2\n", "dir/a.csv", Some("gb18030"), None).unwrap_err();
        assert_eq!(
            fault.render(),
            "error[undecodable-byte]: byte FF at offset 8 is not GB18030\n  --> dir/a.csv, cell B2\n  hint: the declared \
             encoding may be wrong: correct `encoding` in the table's specification, or repair the file\n"
        );
        let cell = |bytes: &[u8]| read(bytes, "a.csv", Some("gbk"), None).unwrap_err().place.cell.unwrap();
        assert_eq!(cell(b"a,b\n\xFF"), "A2");
        assert_eq!(cell(b"\xFF"), "A1");
        assert_eq!(cell(b"a,\xFF"), "B1");
    }

    #[test]
    fn an_open_quotation_is_reported() {
        let document = read(b"a,\"b\nc,d\n", "a.csv", None, None).unwrap();
        assert_eq!(document.diagnostics[0].place.cell.as_deref(), Some("B1"));
    }

    #[test]
    fn blanks_are_held_against_the_limits() {
        let fault = read(&b",".repeat(1 << 20), "a.csv", None, None).unwrap_err();
        assert_eq!((fault.code, fault.message.ends_with("16384 columns")), ("too-large", true), "{}", fault.message);
    }
}
