//! Excel workbooks: values through calamine, number formats and emphasis from the styles beside them.

use std::io::Cursor;
use std::sync::Arc;

use calamine::{Data, DataRef, Dimensions, Reader, Sheet, SheetType, SheetVisible, Xls, Xlsb, Xlsx};

use super::biff::{self, Style};
use super::limit::{self, CellCount};
use super::sheet::Builder;
use super::text::Shared;
use super::{Addressing, Cell, CellValue, Document, Format, Grid, archive, number_format, xlsb};
use crate::diag::{Diagnostic, Place};

pub(super) fn read(bytes: &[u8], format: Format, shown: &str) -> Result<Document, Diagnostic> {
    if format != Format::Xls {
        archive::check(bytes)?;
    }
    let mut diagnostics = Vec::new();
    let grids = match format {
        Format::Xls => read_xls(bytes),
        Format::Xlsb => read_xlsb(bytes, &mut diagnostics),
        _ => read_xlsx(bytes),
    }?;
    for grid in grids.iter().filter(|grid| grid.hidden) {
        let place = Place { sheet: Some(grid.sheet.clone()), ..Place::file(shown) };
        let note = Diagnostic::info("hidden-sheet", "the sheet is hidden; it is read all the same");
        diagnostics.push(note.at(place));
    }
    Ok(Document { format, encoding: None, grids, diagnostics })
}

fn unreadable(error: impl std::fmt::Display) -> Diagnostic {
    let cause = error.to_string();
    if cause.contains("password") {
        return super::format::password_protected();
    }
    Diagnostic::error("unreadable-workbook", format!("the workbook cannot be read: {cause}"))
        .hint("open it in a spreadsheet program and save it anew as .xlsx")
}

/// The sheets with cells, with their place in the workbook.
fn worksheets<'c>(sheets: &[Sheet], count: &'c CellCount) -> Result<Vec<(usize, Builder<'c>)>, Diagnostic> {
    if sheets.len() > limit::SHEETS {
        return Err(limit::exceeded("sheets", limit::SHEETS as u64));
    }
    let worksheets = sheets.iter().enumerate().filter(|(_, sheet)| sheet.typ == SheetType::WorkSheet);
    Ok(worksheets
        .map(|(index, sheet)| {
            let mut builder = Builder::new(&sheet.name, Addressing::A1, count);
            builder.grid.hidden = sheet.visible != SheetVisible::Visible;
            (index, builder)
        })
        .collect())
}

fn read_xls(bytes: &[u8]) -> Result<Vec<Grid>, Diagnostic> {
    let styles = biff::read(bytes)?;
    let mut book = Xls::new(Cursor::new(bytes)).map_err(unreadable)?;
    let from_1904 = book.has_1904_epoch();
    let count = CellCount::default();
    let mut shared = Shared::default();
    let mut grids = Vec::new();
    for (index, mut sheet) in worksheets(book.sheets_metadata(), &count)? {
        let range = book.worksheet_range(&sheet.grid.sheet).map_err(unreadable)?;
        let (top, left) = range.start().unwrap_or_default();
        for (row, col, value) in range.used_cells() {
            let at = (top + row as u32, left + col as u32);
            put(&mut sheet, at, &borrowed(value), styles.get(index, at.0, at.1), from_1904, &mut shared)?;
        }
        merge(&mut sheet, &book.merge_cells_by_sheet_id(index).map_err(unreadable)?)?;
        grids.push(sheet.finish());
    }
    Ok(grids)
}

fn read_xlsx(bytes: &[u8]) -> Result<Vec<Grid>, Diagnostic> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(unreadable)?;
    let from_1904 = book.has_1904_epoch();
    let count = CellCount::default();
    let mut shared = Shared::default();
    let mut styles: Vec<Style> = Vec::new();
    let mut grids = Vec::new();
    for (_, mut sheet) in worksheets(book.sheets_metadata(), &count)? {
        let name = sheet.grid.sheet.clone();
        let mut cells = match book.worksheet_cells_reader(&name) {
            Ok(cells) => cells,
            // A sheet of charts alone has no cells to read.
            Err(calamine::XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(unreadable(error)),
        };
        if styles.is_empty() {
            styles = cells.styles().iter().map(style_of).collect();
        }
        let mut blanks = false;
        while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(unreadable)? {
            let (at, value) = (cell.get_position(), cell.get_value());
            blanks |= *value == DataRef::Empty;
            put(&mut sheet, at, value, styles.get(style), from_1904, &mut shared)?;
        }
        drop(cells);
        if blanks {
            put_unsaved_formulas(&mut book, &mut sheet)?;
        }
        merge(&mut sheet, &book.merge_cells_by_sheet_name(&name).map_err(unreadable)?)?;
        grids.push(sheet.finish());
    }
    Ok(grids)
}

/// Formulas without a value, as programs write them that do not calculate; a blank in their place would read as missing.
fn put_unsaved_formulas(book: &mut Xlsx<Cursor<&[u8]>>, sheet: &mut Builder<'_>) -> Result<(), Diagnostic> {
    let mut cells = book.worksheet_cells_reader(&sheet.grid.sheet).map_err(unreadable)?;
    while let Some(cell) = cells.next_cell_with_formula().map_err(unreadable)? {
        let formula = cell.formula.filter(|f| !f.is_empty() && Data::from(cell.value) == Data::Empty);
        if let Some(formula) = formula.map(|f| format!("={f}")) {
            sheet.put(cell.pos.0, cell.pos.1, Cell { value: CellValue::UnsavedFormula, ..Cell::text(formula) })?;
        }
    }
    Ok(())
}

fn style_of(style: &calamine::Style) -> Style {
    let format = style.number_format.as_ref();
    // Formats with a number below 164 are known by it; their text is that of one language.
    let known = format.and_then(|f| f.format_id).and_then(|id| u16::try_from(id).ok());
    let code = match known.filter(|id| *id < 164).and_then(number_format::builtin) {
        Some(code) => Some(code),
        None => format.map(|f| f.format_code.as_str()),
    };
    Style {
        code: code.map(|code| Arc::new(code.to_owned())),
        bold: style.font.as_ref().is_some_and(calamine::Font::is_bold),
        indent: style.alignment.as_ref().and_then(|a| a.indent).unwrap_or(0),
    }
}

fn read_xlsb(bytes: &[u8], diagnostics: &mut Vec<Diagnostic>) -> Result<Vec<Grid>, Diagnostic> {
    let mut book = Xlsb::new(Cursor::new(bytes)).map_err(unreadable)?;
    let from_1904 = book.has_1904_epoch();
    let details = xlsb::read(bytes).unwrap_or_else(|fault| {
        let message = format!("number formats and merged cells could not be read: {}", fault.message);
        diagnostics.push(Diagnostic::warning("no-formats", message).hint("save the workbook as .xlsx"));
        xlsb::Details::default()
    });
    let count = CellCount::default();
    let mut shared = Shared::default();
    let mut grids = Vec::new();
    for (index, mut sheet) in worksheets(book.sheets_metadata(), &count)? {
        let name = sheet.grid.sheet.clone();
        let mut cells = book.worksheet_cells_reader(&name).map_err(unreadable)?;
        while let Some(cell) = cells.next_cell().map_err(unreadable)? {
            let at = cell.get_position();
            let style = details.style(index, at.0, at.1);
            put(&mut sheet, at, cell.get_value(), style, from_1904, &mut shared)?;
        }
        for (at, error) in details.errors(index) {
            let style = details.style(index, at.0, at.1);
            put(&mut sheet, *at, &DataRef::Error(error.clone()), style, from_1904, &mut shared)?;
        }
        merge(&mut sheet, details.merges(index))?;
        grids.push(sheet.finish());
    }
    Ok(grids)
}

fn merge(sheet: &mut Builder<'_>, ranges: &[Dimensions]) -> Result<(), Diagnostic> {
    ranges.iter().try_for_each(|range| sheet.merge(range.start, range.end))
}

/// Puts a value into the sheet in its style.
fn put(
    sheet: &mut Builder<'_>,
    at: (u32, u32),
    value: &DataRef<'_>,
    style: Option<&Style>,
    from_1904: bool,
    shared: &mut Shared,
) -> Result<(), Diagnostic> {
    let code = style.and_then(|s| s.code.as_ref());
    let Some(mut cell) = cell(value, code, from_1904, shared) else { return Ok(()) };
    cell.bold = style.is_some_and(|s| s.bold);
    cell.indent = style.map_or(0, |s| s.indent);
    sheet.put(at.0, at.1, cell)
}

fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::String(text) => DataRef::SharedString(text),
        Data::Int(whole) => DataRef::Int(*whole),
        Data::Float(number) => DataRef::Float(*number),
        Data::Bool(truth) => DataRef::Bool(*truth),
        Data::DateTime(moment) => DataRef::DateTime(*moment),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

fn cell(value: &DataRef<'_>, code: Option<&Arc<String>>, from_1904: bool, shared: &mut Shared) -> Option<Cell> {
    Some(match value {
        DataRef::Empty => return None,
        DataRef::Int(whole) => number_format::cell(*whole as f64, code, from_1904),
        DataRef::Float(number) => number_format::cell(*number, code, from_1904),
        DataRef::DateTime(moment) => match code.filter(|c| number_format::is_date(c)) {
            Some(code) => number_format::cell(moment.as_f64(), Some(code), from_1904),
            None => {
                let usual = if moment.is_duration() { "[h]:mm:ss" } else { "yyyy-mm-dd" };
                number_format::cell(moment.as_f64(), Some(&Arc::new(usual.to_owned())), from_1904)
            }
        },
        DataRef::DateTimeIso(text) => {
            let date = text.get(..10).and_then(|day| day.parse().ok());
            let shown = text.strip_suffix("T00:00:00").unwrap_or(text).replace('T', " ");
            Cell { value: date.map_or(CellValue::Text, CellValue::Date), ..Cell::text(shown) }
        }
        DataRef::DurationIso(text) => Cell::text(text),
        DataRef::Bool(truth) => {
            Cell { value: CellValue::Bool(*truth), ..Cell::text(if *truth { "TRUE" } else { "FALSE" }) }
        }
        DataRef::Error(error) => Cell { value: CellValue::Error, ..Cell::text(error.to_string()) },
        DataRef::String(text) => text_cell(text, shared),
        DataRef::SharedString(text) => text_cell(text, shared),
    })
}

fn text_cell(text: &str, shared: &mut Shared) -> Cell {
    match text.contains('\r') {
        true => Cell::text(shared.text(&text.replace("\r\n", "\n").replace('\r', "\n"))),
        false => Cell::text(shared.text(text)),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// A workbook of one sheet with the given rows.
    fn workbook(rows: &str) -> Vec<u8> {
        const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
        let relation = |kind: &str, target: &str| {
            format!(
                r#"<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>"#
            )
        };
        let sheets = r#"<sheets><sheet name="表" sheetId="1" r:id="r1"/></sheets>"#;
        let parts = [
            ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
            ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
            ("xl/workbook.xml", format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{sheets}</workbook>"#)),
            (
                "xl/worksheets/sheet1.xml",
                format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>"#),
            ),
        ];
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, text) in parts {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(text.as_bytes()).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn a_formula_without_a_value_is_kept_as_such() {
        let check = |cell: &str, expected: Option<(CellValue, &str)>| {
            let bytes = workbook(&format!(r#"<row r="1"><c r="A1"><v>7</v></c>{cell}</row>"#));
            let document = read(&bytes, Format::Xlsx, "t.xlsx").unwrap();
            let found = document.grids[0].get(0, 1).map(|c| (c.value, c.text.as_str()));
            assert_eq!(found, expected, "{cell}");
        };
        let number = |n: &str| CellValue::Number(n.parse().unwrap());
        let unsaved = Some((CellValue::UnsavedFormula, "=1160.4+228.3"));
        check(r#"<c r="B1"><f>1160.4+228.3</f></c>"#, unsaved);
        check(r#"<c r="B1"><f>1160.4+228.3</f><v></v></c>"#, unsaved);
        check(r#"<c r="B1"><f>1160.4+228.3</f><v/></c>"#, unsaved);
        check(r#"<c r="B1"><f>1160.4+228.3</f><v>1388.7</v></c>"#, Some((number("1388.7"), "1388.7")));
        check(r#"<c r="B1" t="str"><f>""</f><v></v></c>"#, None);
        check(r#"<c r="B1"/>"#, None);
    }
}
