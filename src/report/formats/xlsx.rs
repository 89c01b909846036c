//! The yearbook layout as a workbook, the observations behind it on a second sheet, and on a hidden third one the key of every
//! figure, by which `shebao explain` finds it again. Numbers are numbers, shown as printed
//! by their number format.

use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, FormatDiagonalBorder, Workbook, Worksheet,
    XlsxError,
};

use crate::diag::Diagnostic;
use crate::report::definition::spec::Palette;
use crate::report::table::frame::{Frame, Tidy};
use crate::report::table::key::{addresses, keyed};
use crate::report::table::sheet::{Align, BODY_SIZE, Look, NOTE_SIZE, Placed, Sheet, Size, TITLE_SIZE, What};
use crate::report::table::widths::{COLUMN_WIDTH_MAX, text_width};

/// # Errors
/// The table is larger than a worksheet, or has no cells.
pub fn render(frame: &Frame, palette: &Palette) -> Result<Vec<u8>, Diagnostic> {
    if frame.is_empty() {
        return Err(Diagnostic::error("empty-table", format!("the table \"{}\" has no cells to print", frame.id))
            .hint("check its where = { … }"));
    }
    write(frame, palette).map_err(|error| too_large(&frame.id, &error))
}

/// What a workbook refuses.
pub fn too_large(id: &str, error: &XlsxError) -> Diagnostic {
    Diagnostic::error("xlsx", format!("the table \"{id}\" does not fit a workbook: {error}"))
        .hint("a sheet has 1,048,576 rows and 16,384 columns; a cell holds 32,767 characters")
}

fn write(frame: &Frame, palette: &Palette) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(&frame.full_title(), palette, &frame.source)?.set_subject(&frame.unit_note));
    let laid = Sheet::of(frame);
    let sheet = workbook.add_worksheet();
    sheet.set_name(&laid.name)?;
    write_sheet(sheet, &laid, palette)?;
    write_tidy(workbook.add_worksheet(), &frame.tidy, palette)?;
    write_keys(workbook.add_worksheet(), frame)?;
    workbook.save_to_buffer()
}

/// The date is fixed so that the same table gives the same bytes; when it was published is said by the release.
pub fn properties(title: &str, palette: &Palette, comment: &str) -> Result<DocProperties, XlsxError> {
    let date = ExcelDateTime::from_ymd(2000, 1, 1)?;
    let properties = DocProperties::new().set_title(title).set_author(&palette.publisher).set_comment(comment);
    Ok(properties.set_creation_datetime(&date))
}

fn write_sheet(sheet: &mut Worksheet, laid: &Sheet, palette: &Palette) -> Result<(), XlsxError> {
    for (column, width) in laid.widths.iter().enumerate() {
        sheet.set_column_width(column as u16, *width as f64 + 1.0)?;
    }
    let (lines, breaks) = laid.lines();
    for (row, line) in lines.iter().enumerate() {
        sheet.set_row_height(row as u32, line.height)?;
        for cell in &line.cells {
            write_cell(sheet, row as u32, cell, laid, palette)?;
        }
    }
    let head = laid.head_lines() as u32;
    sheet.set_screen_gridlines(false);
    if breaks.is_empty() {
        // One page as declared, but paper may be shorter: then the heads come again.
        sheet.set_freeze_panes(head, laid.labels as u16)?;
        sheet.set_repeat_rows(0, head - 1)?;
        sheet.set_print_fit_to_pages(1, 0);
    } else {
        let breaks: Vec<u32> = breaks.iter().map(|row| *row as u32).collect();
        sheet.set_page_breaks(&breaks)?;
        // Programs that fit a sheet to a number of pages pass over the breaks within it.
        sheet.set_print_scale(laid.scale() as u16);
    }
    sheet.set_print_area(0, 0, lines.len() as u32 - 1, (laid.widths.len() - 1) as u16)?;
    sheet.set_paper_size(9).set_print_center_horizontally(true);
    if laid.landscape {
        sheet.set_landscape();
    }
    sheet.set_footer("&C&P / &N");
    Ok(())
}

fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    cell: &Placed,
    laid: &Sheet,
    palette: &Palette,
) -> Result<(), XlsxError> {
    let format = format_of(&cell.look, palette);
    let (column, last_column) = (cell.column as u32, (cell.column + cell.wide - 1) as u32);
    let range = [row, column, row + cell.high as u32 - 1, last_column];
    match &cell.what {
        What::Text(text) => span(sheet, range, text, &format),
        What::Diagonal { rows, columns } => {
            // Full-width blanks: every font draws them as wide as a Chinese character.
            let room = laid.widths[cell.column].saturating_sub(text_width(columns)) / 2;
            span(sheet, range, &format!("{}{columns}\n{rows}", "\u{3000}".repeat(room)), &format)
        }
        What::Number(figure, signs) => {
            let format = format.set_num_format(figure.spreadsheet_format(signs));
            if range[0] != range[2] || range[1] != range[3] {
                span(sheet, range, "", &format)?;
            }
            // Spreadsheets hold binary numbers of 15 digits; the exact one stands on the second sheet.
            let number = figure.number.to_f64().unwrap_or(f64::NAN);
            sheet.write_number_with_format(row, column as u16, number, &format)?;
            Ok(())
        }
    }
}

fn format_of(look: &Look, palette: &Palette) -> Format {
    let (font, size) = match look.size {
        Size::Title => (&palette.font.workbook_title, TITLE_SIZE),
        Size::Body | Size::Strong => (&palette.font.workbook_body, BODY_SIZE),
        Size::Note => (&palette.font.workbook_body, NOTE_SIZE),
    };
    let align = match look.align {
        Align::Left => FormatAlign::Left,
        Align::Centre => FormatAlign::Center,
        Align::Right => FormatAlign::Right,
    };
    let mut format = Format::new()
        .set_font_name(font)
        .set_font_size(size)
        .set_align(FormatAlign::VerticalCenter)
        .set_align(align)
        .set_indent(look.indent as u8);
    if look.wrap {
        format = format.set_text_wrap();
    }
    if look.rules.diagonal {
        format =
            format.set_border_diagonal(FormatBorder::Thin).set_border_diagonal_type(FormatDiagonalBorder::BorderDown);
    }
    if look.rules.top {
        format = format.set_border_top(FormatBorder::Medium);
    }
    if look.rules.thin_bottom {
        format = format.set_border_bottom(FormatBorder::Thin);
    }
    if look.rules.bottom { format.set_border_bottom(FormatBorder::Medium) } else { format }
}

/// Write a text over a range, merged where it is more than one cell.
fn span(sheet: &mut Worksheet, range: [u32; 4], text: &str, format: &Format) -> Result<(), XlsxError> {
    let [row, column, last_row, last_column] = range;
    if (row, column) != (last_row, last_column) {
        sheet.merge_range(row, column as u16, last_row, last_column as u16, text, format)?;
    } else if text.is_empty() {
        sheet.write_blank(row, column as u16, format)?;
    } else {
        sheet.write_string_with_format(row, column as u16, text, format)?;
    }
    Ok(())
}

/// The second sheet: one header row, one observation per row.
/// The sheet of keys: hidden, since it speaks to programs.
pub const KEY_SHEET: &str = "shebao";

/// Its columns: the figure's cell, and what it is in the release.
pub const KEY_COLUMNS: [&str; 4] = ["cell", "table", "column", "key"];

fn write_keys(sheet: &mut Worksheet, frame: &Frame) -> Result<(), XlsxError> {
    sheet.set_name(KEY_SHEET)?;
    sheet.set_very_hidden(true);
    for (column, name) in KEY_COLUMNS.iter().enumerate() {
        sheet.write_string(0, column as u16, *name)?;
    }
    for (row, keyed) in (1..).zip(&keyed(frame, "", &addresses(frame))) {
        let figure = &keyed.figure;
        let key: serde_json::Map<String, serde_json::Value> =
            figure.key.iter().map(|(column, value)| (column.clone(), value.clone().into())).collect();
        let key = serde_json::Value::from(key).to_string();
        for (column, text) in [&keyed.cell, &figure.table, &figure.column, &key].iter().enumerate() {
            sheet.write_string(row, column as u16, text.as_str())?;
        }
    }
    Ok(())
}

fn write_tidy(sheet: &mut Worksheet, tidy: &Tidy, palette: &Palette) -> Result<(), XlsxError> {
    sheet.set_name("数据")?;
    let plain = Format::new().set_font_name(&palette.font.workbook_body).set_font_size(NOTE_SIZE);
    let head = plain.clone().set_bold().set_border_bottom(FormatBorder::Thin);
    for (column, name) in tidy.columns.iter().enumerate() {
        sheet.write_string_with_format(0, column as u16, name, &head)?;
        let widest = tidy.rows.iter().map(|r| text_width(&r[column])).max().unwrap_or(0);
        sheet.set_column_width(column as u16, widest.max(name.len()).min(COLUMN_WIDTH_MAX) as f64 + 1.0)?;
    }
    for (row, line) in tidy.rows.iter().enumerate() {
        for (column, text) in line.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            let number = text.parse::<f64>().ok().filter(|_| tidy.columns[column] == "value");
            match number {
                Some(number) => sheet.write_number_with_format(row as u32 + 1, column as u16, number, &plain)?,
                None => sheet.write_string_with_format(row as u32 + 1, column as u16, text, &plain)?,
            };
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    // Three pages wide: fitted on one, nobody could read it; left alone, a small table fills forty.
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(3, 0);
    sheet.set_repeat_rows(0, 0)?;
    if !tidy.rows.is_empty() {
        sheet.autofilter(0, 0, tidy.rows.len() as u32, (tidy.columns.len() - 1) as u16)?;
    }
    Ok(())
}
