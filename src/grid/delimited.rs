//! Delimited text: comma, tab, semicolon or bar, quoted as RFC 4180 says.
//!
//! Row numbers are those a spreadsheet program shows: every line is a row, blank lines too, and a record whose quoted
//! cells hold line breaks is one row. So records are read here rather than by a reader that drops blank lines.

use super::limit::CellCount;
use super::sheet::Builder;
use super::text::Shared;
use super::{Addressing, Cell, CellRef, Document, Format, encoding};
use crate::diag::{Diagnostic, Place};

pub(super) fn read(bytes: &[u8], shown: &str, declared: Option<&str>) -> Result<Document, Diagnostic> {
    let charset = match declared {
        Some(label) => encoding::named(label)?,
        None => encoding::detect(bytes),
    };
    let text = encoding::decode(bytes, charset).map_err(|fault| {
        let (rows, _) = records(&fault.before, delimiter(&fault.before));
        let row = rows.len().max(1) - 1;
        let col = rows.last().map_or(0, |cells| cells.len().max(1) - 1);
        let at = CellRef { row: row as u32, col: col as u32 };
        let address = format!("{}{}", super::column_letters(at.col), at.row + 1);
        fault.diagnostic(declared.is_some(), bytes).at(Place::cell(shown, "", address))
    })?;
    let delimiter = delimiter(&text);
    let (rows, open_quote) = records(&text, delimiter);
    let count = CellCount::default();
    let mut sheet = Builder::new("", Addressing::A1, &count).of_lines();
    let mut shared = Shared::default();
    for (row, cells) in rows.into_iter().enumerate() {
        for (col, cell) in cells.into_iter().enumerate().filter(|(_, c)| !c.is_empty()) {
            sheet.put(row as u32, col as u32, Cell::text(shared.text(&cell)))?;
        }
    }
    let grid = sheet.finish();
    let doubt = declared.and_then(|_| encoding::doubt(bytes, charset));
    let mut diagnostics: Vec<Diagnostic> = doubt.map(|d| d.at(Place::file(shown))).into_iter().collect();
    if let Some((row, col)) = open_quote {
        let address = grid.address(CellRef { row, col });
        let fault = Diagnostic::warning("open-quote", "a quotation mark opens here and is never closed")
            .at(Place::cell(shown, "", address))
            .hint("all that follows was read as one cell: close the quotation, or remove the mark");
        diagnostics.push(fault);
    }
    let encoding = Some(encoding::name(charset));
    Ok(Document { format: Format::Delimited, encoding, grids: vec![grid], diagnostics })
}

/// The character that separates most lines into cells: the one outside quotes that the most lines share.
fn delimiter(text: &str) -> char {
    const LINES_LOOKED_AT: usize = 200;
    let best = [',', '\t', ';', '|'].into_iter().enumerate().max_by_key(|(rank, candidate)| {
        let (mut lines, mut cells, mut quoted) = (0, 0, false);
        for line in text.lines().take(LINES_LOOKED_AT) {
            let mut here = 0;
            for c in line.chars() {
                quoted ^= c == '"';
                here += usize::from(c == *candidate && !quoted);
            }
            lines += usize::from(here > 0);
            cells += here;
        }
        (lines, cells, std::cmp::Reverse(*rank))
    });
    best.map_or(',', |(_, c)| c)
}

type Rows = Vec<Vec<String>>;

/// All records; and where a quotation was left open, its row and column.
fn records(text: &str, delimiter: char) -> (Rows, Option<(u32, u32)>) {
    let mut rows: Rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted_from = None;
    let mut chars = text.chars().peekable();
    let mut fresh = true; // nothing of this cell read yet
    while let Some(c) = chars.next() {
        if quoted_from.is_some() {
            match c {
                '"' if chars.peek() == Some(&'"') => cell.extend(chars.next()),
                '"' => quoted_from = None,
                '\r' if chars.peek() == Some(&'\n') => {}
                _ => cell.push(c),
            }
            continue;
        }
        match c {
            '"' if fresh => quoted_from = Some((rows.len() as u32, row.len() as u32)),
            c if c == delimiter => row.push(std::mem::take(&mut cell)),
            '\r' if chars.peek() == Some(&'\n') => continue,
            '\n' | '\r' => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(c),
        }
        fresh = c == delimiter || c == '\n' || c == '\r';
    }
    if !row.is_empty() || !cell.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    (rows, quoted_from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: &[(&str, &str)]) {
        let document = read(bytes, "a.csv", None).unwrap();
        let grid = &document.grids[0];
        let cells: Vec<(String, &str)> = grid.iter().map(|(at, cell)| (grid.address(at), cell.text.as_str())).collect();
        let cells: Vec<(&str, &str)> = cells.iter().map(|(a, t)| (a.as_str(), *t)).collect();
        assert_eq!(cells, expected);
    }

    #[test]
    fn rows_are_those_of_a_spreadsheet() {
        check(b"a,b\n1,2\n", &[("A1", "a"), ("B1", "b"), ("A2", "1"), ("B2", "2")]);
        check(b"a\r\n\r\nb,\"x\r\ny\"\r\nc", &[("A1", "a"), ("A3", "b"), ("B3", "x\ny"), ("A4", "c")]);
        check(b"\"1,5\",\"say \"\"so\"\"\"", &[("A1", "1,5"), ("B1", "say \"so\"")]);
        check(b"a\tb,c\n1\t2\n", &[("A1", "a"), ("B1", "b,c"), ("A2", "1"), ("B2", "2")]);
        check(b"a;b\n1,5;2\n", &[("A1", "a"), ("B1", "b"), ("A2", "1,5"), ("B2", "2")]);
        check(b"5\" pipe,1", &[("A1", "5\" pipe"), ("B1", "1")]);
        check(b"\xEF\xBB\xBFx,  y ", &[("A1", "x"), ("B1", "  y ")]);
        check("甲，乙".as_bytes(), &[("A1", "甲，乙")]);
    }

    #[test]
    fn a_bad_byte_names_its_cell() {
        let fault = read(b"a,b\n1,\xB2\xCE\xFF,2\n", "dir/a.csv", Some("gb18030")).unwrap_err();
        assert_eq!(
            fault.render(),
            "error[undecodable-byte]: byte FF at offset 8 is not GB18030\n  --> dir/a.csv, cell B2\n  hint: the declared \
             encoding may be wrong: correct `encoding` in the table's specification, or repair the file\n"
        );
    }

    #[test]
    fn an_open_quotation_is_reported() {
        let document = read(b"a,\"b\nc,d\n", "a.csv", None).unwrap();
        assert_eq!(document.diagnostics[0].place.cell.as_deref(), Some("B1"));
    }
}
