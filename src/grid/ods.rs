//! OpenDocument spreadsheets, read from `content.xml`.
//!
//! A cell there carries both its value and the text a person sees, its spans and its style, so one pass over the part
//! gives all; repeated rows and columns are counted, never copied, unless they hold something.

use std::collections::BTreeSet;
use std::sync::Arc;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use rust_decimal::Decimal;

use super::archive::{Archive, damaged};
use super::hidden::Hidden;
use super::limit::{self, CellCount};
use super::number_format::Number;
use super::sheet::Builder;
use super::{Addressing, Cell, CellValue, Document, Format, Grid, Shown, format, number_format};
use crate::diag::Diagnostic;

pub(super) fn read(bytes: &[u8], shown: &str) -> Result<Document, Diagnostic> {
    let mut archive = Archive::open(bytes)?;
    let manifest = archive.optional("META-INF/manifest.xml")?.unwrap_or_default();
    if manifest.contains("encryption-data") {
        return Err(format::password_protected());
    }
    let text = archive.text("content.xml")?;
    let count = CellCount::default();
    let mut content = Content::new(&text, &count);
    content.read()?;
    let diagnostics = content.grids.iter().zip(&content.not_seen).flat_map(|(grid, h)| h.told(grid, shown)).collect();
    Ok(Document { format: Format::Ods, encoding: None, grids: content.grids, diagnostics })
}

/// A cell as its element states it.
#[derive(Default)]
struct CellElement {
    repeated: u32,
    rows: u32,
    cols: u32,
    kind: String,
    value: String,
    style: String,
    text: String,
}

struct Content<'a> {
    reader: Reader<&'a [u8]>,
    grids: Vec<Grid>,
    /// What is hidden of each.
    not_seen: Vec<Hidden>,
    count: &'a CellCount,
    bold: BTreeSet<String>,
    hidden: BTreeSet<String>,
}

fn attribute(element: &BytesStart, name: &str) -> Option<String> {
    let found = element.try_get_attribute(name).ok().flatten()?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(|v| v.into_owned())
}

/// Whether a row or column is hidden, by hand or by a filter.
fn is_hidden(element: &BytesStart) -> bool {
    matches!(attribute(element, "table:visibility").as_deref(), Some("collapse" | "filter"))
}

fn number_attribute(element: &BytesStart, name: &str, most: u32) -> u32 {
    attribute(element, name).and_then(|v| v.parse().ok()).unwrap_or(1).clamp(1, most)
}

impl<'a> Content<'a> {
    fn new(text: &'a str, count: &'a CellCount) -> Content<'a> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Content {
            reader,
            grids: Vec::new(),
            not_seen: Vec::new(),
            count,
            bold: BTreeSet::new(),
            hidden: BTreeSet::new(),
        }
    }

    fn event(&mut self) -> Result<Event<'a>, Diagnostic> {
        let event = self.reader.read_event();
        event.map_err(|e| {
            damaged(&format!("its content is not well-formed at byte {}: {e}", self.reader.error_position()))
        })
    }

    fn read(&mut self) -> Result<(), Diagnostic> {
        let mut style = String::new();
        loop {
            match self.event()? {
                Event::Eof => return Ok(()),
                Event::Start(element) => match element.name().0 {
                    "style:style" => style = attribute(&element, "style:name").unwrap_or_default(),
                    "style:text-properties" if attribute(&element, "fo:font-weight").as_deref() == Some("bold") => {
                        self.bold.insert(style.clone());
                    }
                    "style:table-properties" if attribute(&element, "table:display").as_deref() == Some("false") => {
                        self.hidden.insert(style.clone());
                    }
                    "table:table" => self.table(&element)?,
                    _ => {}
                },
                _ => {}
            }
        }
    }

    fn table(&mut self, element: &BytesStart) -> Result<(), Diagnostic> {
        let name = attribute(element, "table:name").unwrap_or_default();
        let mut sheet = Builder::new(name, Addressing::A1, self.count);
        sheet.grid.hidden = attribute(element, "table:style-name").is_some_and(|style| self.hidden.contains(&style));
        let (mut row, mut col) = (0u32, 0u32);
        let mut hidden = Hidden::default();
        loop {
            match self.event()? {
                Event::Eof => return Err(damaged("its content ends within a sheet")),
                Event::End(end) if end.name().0 == "table:table" => break,
                Event::Start(start) => match start.name().0 {
                    "table:table-row" => {
                        let repeated = number_attribute(&start, "table:number-rows-repeated", u32::MAX);
                        if is_hidden(&start) {
                            hidden.rows(row..row.saturating_add(repeated));
                        }
                        self.row(&mut sheet, row, repeated)?;
                        row = row.saturating_add(repeated);
                    }
                    "table:table-column" => {
                        let repeated = number_attribute(&start, "table:number-columns-repeated", u32::MAX);
                        if is_hidden(&start) {
                            hidden.columns(col..col.saturating_add(repeated));
                        }
                        col = col.saturating_add(repeated);
                    }
                    // What lies on a sheet, not in its cells.
                    "table:shapes" | "office:forms" => self.skip(&start)?,
                    _ => {}
                },
                _ => {}
            }
        }
        self.grids.push(sheet.finish());
        self.not_seen.push(hidden);
        if self.grids.len() > limit::SHEETS {
            return Err(limit::exceeded("sheets", limit::SHEETS as u64));
        }
        Ok(())
    }

    /// Reads over an element and all in it.
    fn skip(&mut self, element: &BytesStart) -> Result<(), Diagnostic> {
        self.reader.read_to_end(element.name()).map(drop).map_err(|e| damaged(&e.to_string()))
    }

    fn row(&mut self, sheet: &mut Builder<'a>, row: u32, repeated: u32) -> Result<(), Diagnostic> {
        let mut col = 0u32;
        loop {
            match self.event()? {
                Event::Eof => return Err(damaged("its content ends within a row")),
                Event::End(end) if end.name().0 == "table:table-row" => return Ok(()),
                Event::Start(start) => match start.name().0 {
                    "table:table-cell" => {
                        let cell = self.cell(&start)?;
                        self.place(sheet, (row, col), repeated, &cell)?;
                        col = col.saturating_add(cell.repeated);
                    }
                    "table:covered-table-cell" => {
                        let repeated = number_attribute(&start, "table:number-columns-repeated", u32::MAX);
                        self.skip(&start)?;
                        col = col.saturating_add(repeated);
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }

    fn place(
        &mut self,
        sheet: &mut Builder<'a>,
        at: (u32, u32),
        rows: u32,
        element: &CellElement,
    ) -> Result<(), Diagnostic> {
        let last = (at.0.saturating_add(element.rows - 1), at.1.saturating_add(element.cols - 1));
        if let Some(mut cell) = cell(element) {
            cell.bold = self.bold.contains(&element.style);
            self.count.check_room(u64::from(rows) * u64::from(element.repeated))?;
            for row in at.0..at.0.saturating_add(rows) {
                for col in at.1..at.1.saturating_add(element.repeated) {
                    sheet.put(row, col, cell.clone())?;
                }
            }
        }
        sheet.merge(at, last)
    }

    fn cell(&mut self, start: &BytesStart) -> Result<CellElement, Diagnostic> {
        let kind = attribute(start, "office:value-type").unwrap_or_default();
        let value = match kind.as_str() {
            "date" => "office:date-value",
            "time" => "office:time-value",
            "boolean" => "office:boolean-value",
            "string" => "office:string-value",
            _ => "office:value",
        };
        let mut cell = CellElement {
            repeated: number_attribute(start, "table:number-columns-repeated", u32::MAX),
            rows: number_attribute(start, "table:number-rows-spanned", u32::MAX),
            cols: number_attribute(start, "table:number-columns-spanned", u32::MAX),
            value: attribute(start, value).unwrap_or_default(),
            style: attribute(start, "table:style-name").unwrap_or_default(),
            text: String::new(),
            kind,
        };
        cell.text = self.paragraphs()?;
        if cell.text.is_empty() && cell.kind == "string" {
            cell.text.clone_from(&cell.value);
        }
        Ok(cell)
    }

    /// The text in a cell: paragraphs are lines, comments and drawings are left out.
    fn paragraphs(&mut self) -> Result<String, Diagnostic> {
        let mut text = String::new();
        let (mut depth, mut paragraphs) = (0, 0);
        loop {
            match self.event()? {
                Event::Eof => return Err(damaged("its content ends within a cell")),
                Event::End(end) => match end.name().0 {
                    "table:table-cell" => return Ok(text),
                    "text:p" | "text:h" => depth -= 1,
                    _ => {}
                },
                Event::Start(start) => match start.name().0 {
                    "text:p" | "text:h" => {
                        if paragraphs > 0 {
                            text.push('\n');
                        }
                        paragraphs += 1;
                        depth += 1;
                    }
                    "text:s" => {
                        let spaces = number_attribute(&start, "text:c", limit::CELL_CHARS as u32);
                        text.extend(std::iter::repeat_n(' ', spaces as usize));
                        // The only element that says more than it takes: checked before the next one.
                        if text.len() > limit::CELL_CHARS * 4 {
                            return Err(limit::exceeded("characters in a cell", limit::CELL_CHARS as u64));
                        }
                    }
                    "text:tab" => text.push('\t'),
                    "text:line-break" => text.push('\n'),
                    "office:annotation" | "draw:frame" | "draw:g" | "text:ruby-text" | "text:note" => {
                        self.skip(&start)?;
                    }
                    _ => {}
                },
                Event::Text(part) if depth > 0 => collapse(&part.xml10_content(), &mut text),
                Event::CData(part) if depth > 0 => text.push_str(&part.xml10_content()),
                Event::GeneralRef(part) if depth > 0 => text.extend(resolve(&part)),
                _ => {}
            }
        }
    }
}

/// White space in the source is one space; more are written as `text:s`.
fn collapse(part: &str, out: &mut String) {
    for c in part.chars() {
        if !matches!(c, ' ' | '\t' | '\n' | '\r') {
            out.push(c);
        } else if !out.ends_with([' ', '\n']) && !out.is_empty() {
            out.push(' ');
        }
    }
}

fn resolve(entity: &BytesRef) -> Option<char> {
    if let Ok(Some(c)) = entity.resolve_char_ref() {
        return Some(c);
    }
    match entity.xml10_content().as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// `None` where a cell holds neither value nor text.
fn cell(element: &CellElement) -> Option<Cell> {
    let shown = || if element.text.is_empty() { element.value.clone() } else { element.text.clone() };
    let value = match element.kind.as_str() {
        "float" | "currency" | "percentage" => return Some(number(element)),
        "date" => {
            let date = element.value.get(..10).and_then(|day| day.parse().ok());
            date.map_or(CellValue::Text, CellValue::Date)
        }
        "boolean" => CellValue::Bool(element.value == "true"),
        _ if is_error(&element.text) => CellValue::Error,
        _ => CellValue::Text,
    };
    (!shown().is_empty()).then(|| Cell { value, ..Cell::text(shown()) })
}

fn number(element: &CellElement) -> Cell {
    let exact = Decimal::from_str_exact(&element.value).ok();
    let plain = number_format::general_cell(Number::read(&element.value).unwrap_or(Number::from_f64(0.0)));
    let text = if element.text.is_empty() { plain.text } else { element.text.trim().into() };
    if is_error(&text) {
        return Cell { value: CellValue::Error, ..Cell::text(text) };
    }
    let format = (element.kind == "percentage").then(|| {
        let decimals = text.trim_end_matches(['%', '％']).split_once('.').map_or(0, |(_, d)| d.len());
        Arc::new(if decimals == 0 { "0%".to_owned() } else { format!("0.{}%", "0".repeat(decimals)) })
    });
    // A percentage shows a hundred times what it holds, if its text is one.
    let shown = Shown::Dressed { shift: if format.is_some() && text.ends_with(['%', '％']) { 2 } else { 0 } };
    Cell { value: exact.map_or(plain.value, CellValue::Number), format, shown, ..Cell::text(text) }
}

fn is_error(text: &str) -> bool {
    const ERRORS: &[&str] = &["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"];
    ERRORS.contains(&text) || (text.starts_with("Err:") && text[4..].chars().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &str, expected: &str) {
        let xml = format!(
            "<d><style:style style:name=\"b\"><style:text-properties fo:font-weight=\"bold\"/></style:style>\
             <table:table table:name=\"t\">{rows}</table:table></d>"
        );
        let count = CellCount::default();
        let mut content = Content::new(&xml, &count);
        content.read().unwrap();
        let grid = &content.grids[0];
        let mut shown: Vec<String> =
            grid.iter().map(|(at, cell)| format!("{}={}", grid.address(at), cell.text)).collect();
        shown.extend(grid.merges().iter().map(|m| format!("{}:{}", grid.address(m.first), grid.address(m.last))));
        assert_eq!(shown.join(" "), expected);
    }

    #[test]
    fn cells_show_what_a_person_sees() {
        check(
            "<table:table-row><table:table-cell office:value-type=\"percentage\" office:value=\"0.075\"><text:p>7.5%</text:p>\
             </table:table-cell><table:table-cell office:value-type=\"float\" office:value=\"2.50\"/></table:table-row>",
            "A1=7.5% B1=2.5",
        );
        check(
            "<table:table-row table:number-rows-repeated=\"3\"><table:table-cell/></table:table-row><table:table-row>\
             <table:table-cell table:number-columns-repeated=\"2\"/><table:table-cell table:number-rows-spanned=\"2\" \
             table:number-columns-spanned=\"1\"><text:p>a<text:s text:c=\"3\"/>&lt;b</text:p><text:p>c</text:p></table:table-cell>\
             <table:covered-table-cell/><table:table-cell><office:annotation><text:p>no</text:p></office:annotation>\
             <text:p>d</text:p></table:table-cell></table:table-row>",
            "C4=a   <b\nc E4=d C4:C5",
        );
    }
}
