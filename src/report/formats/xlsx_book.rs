//! The machine-readable layout of a report as an Excel workbook: every table marked up as one, with a name and a text for
//! readers who do not see it.

use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{Format, FormatAlign, Table, TableColumn, TableStyle, Url, Workbook, Worksheet, XlsxError};

use super::accessible::{Book, Plain, Value};
use super::tag::tag;
use super::xlsx::{properties, too_large};
use crate::diag::Diagnostic;
use crate::report::definition::spec::Palette;
use crate::report::table::sheet::LINE_POINTS;

/// Large enough to read on a screen, in points.
const BODY_SIZE: f64 = 12.0;
const TITLE_SIZE: f64 = 16.0;

/// Longest text for readers who do not see a table.
const ALT_MAX: usize = 250;

/// # Errors
/// A table is larger than a worksheet.
pub fn render(book: &Book, palette: &Palette) -> Result<Vec<u8>, Diagnostic> {
    tag(&write(book, palette).map_err(|error| too_large(&book.title, &error))?, TITLE_SIZE, &book.keys)
}

fn write(book: &Book, palette: &Palette) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let properties = properties(&book.title, palette, &book.description)?;
    workbook.set_properties(&properties.set_subject(&book.description).set_keywords("社会保险 统计"));
    for plain in &book.sheets {
        write_sheet(workbook.add_worksheet(), plain, palette)?;
    }
    workbook.save_to_buffer()
}

fn write_sheet(sheet: &mut Worksheet, plain: &Plain, palette: &Palette) -> Result<(), XlsxError> {
    sheet.set_name(&plain.name)?;
    let body = Format::new().set_font_name(&palette.font.workbook_title).set_font_size(BODY_SIZE);
    let title = body.clone().set_font_size(TITLE_SIZE).set_bold();
    for (column, width) in plain.widths.iter().enumerate() {
        sheet.set_column_width(column as u16, *width as f64 * BODY_SIZE / 10.5)?;
    }
    for (row, line) in plain.above.iter().enumerate() {
        // A table's lines run over the columns beside them; those of a sheet without one are wrapped.
        let format = if plain.heads.is_empty() { body.clone().set_text_wrap() } else { body.clone() };
        sheet.write_string_with_format(row as u32, 0, line, if row == 0 { &title } else { &format })?;
    }
    if plain.heads.is_empty() {
        return Ok(());
    }
    let first = plain.above.len() as u32;
    let wrapped = body.clone().set_text_wrap().set_align(FormatAlign::Top);
    let right = wrapped.clone().set_align(FormatAlign::Right);
    let head = wrapped.clone().set_bold();
    let columns: Vec<TableColumn> =
        plain.heads.iter().map(|text| TableColumn::new().set_header(text).set_header_format(&head)).collect();
    let alt: String = plain.alt.chars().take(ALT_MAX).collect();
    let table = Table::new()
        .set_name(&plain.table_name)
        .set_columns(&columns)
        .set_style(TableStyle::None)
        .set_autofilter(false)
        .set_alt_text_title(plain.above.first().map_or("", String::as_str))
        .set_alt_text(alt);
    for (nth, lines) in plain.lines.iter().enumerate().filter(|(_, lines)| **lines > 1) {
        sheet.set_row_height(first + nth as u32, *lines as f64 * LINE_POINTS * BODY_SIZE / 10.5)?;
    }
    let last = first + plain.rows.len() as u32;
    sheet.add_table(first, 0, last, (plain.heads.len() - 1) as u16, &table)?;
    for (nth, values) in plain.rows.iter().enumerate() {
        let row = first + 1 + nth as u32;
        for (column, value) in values.iter().enumerate() {
            let column = column as u16;
            match value {
                Value::Text(text) => sheet.write_string_with_format(row, column, text, &wrapped)?,
                Value::Sign(text) => sheet.write_string_with_format(row, column, text, &right)?,
                Value::Link { sheet: target, text } => {
                    let url = Url::new(format!("internal:'{target}'!A1")).set_text(text);
                    let link = wrapped.clone().set_hyperlink();
                    sheet.write_url_with_format(row, column, url, &link)?
                }
                Value::Number(figure) => {
                    let format = right.clone().set_num_format(figure.spreadsheet_format(""));
                    sheet.write_number_with_format(row, column, figure.number.to_f64().unwrap_or(f64::NAN), &format)?
                }
            };
        }
    }
    Ok(())
}
