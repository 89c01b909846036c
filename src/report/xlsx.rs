//! A frame as a workbook in the yearbook layout: title, unit note, merged header between three rules, body, footnotes and
//! source; the observations behind it on a second sheet; on a hidden third one the key of every figure, by which
//! `shebao explain` finds it again. Numbers are numbers, shown as printed by their number format.

use rust_decimal::prelude::ToPrimitive;
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, FormatDiagonalBorder, Workbook, Worksheet,
    XlsxError,
};
use unicode_width::UnicodeWidthStr;

use super::frame::{Block, Cell, Content, Frame, Tidy};
use super::spec::{Head, Palette};
use crate::diag::Diagnostic;

/// Points per line of body text, and of the smaller notes.
const LINE_POINTS: f64 = 15.75;
const NOTE_POINTS: f64 = 13.5;
const BODY_SIZE: f64 = 10.5;
const NOTE_SIZE: f64 = 9.0;
const TITLE_SIZE: f64 = 14.0;

/// Columns, in widths of a half-width character.
const COLUMN_WIDTH_MIN: usize = 8;
const COLUMN_WIDTH_MAX: usize = 28;

/// A header no wider than this keeps to one line; a longer one breaks before its bracket first.
const HEADER_LINE_MAX: usize = 16;

/// A part of a header no wider than this is not broken again; a wider one takes half its width.
const HEADER_PART_MAX: usize = 20;

/// Room beside a text, without which programs with other fonts break it.
const AIR: usize = 2;

/// Tables wider than this are printed on a page turned sideways.
const PORTRAIT_WIDTH_MAX: usize = 92;

/// Longest sheet name a workbook may have.
const SHEET_NAME_MAX: usize = 31;

/// # Errors
/// The table is larger than a worksheet, or has no cells.
pub fn render(frame: &Frame, palette: &Palette) -> Result<Vec<u8>, Diagnostic> {
    if frame.is_empty() {
        return Err(Diagnostic::error("empty-table", format!("the table \"{}\" has no cells to print", frame.id))
            .hint("check its where = { … }"));
    }
    write(frame, palette).map_err(|error| {
        Diagnostic::error("xlsx", format!("the table \"{}\" does not fit a workbook: {error}", frame.id))
            .hint("a sheet has 1,048,576 rows and 16,384 columns; a cell holds 32,767 characters")
    })
}

fn write(frame: &Frame, palette: &Palette) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&properties(frame, palette)?);
    let sheet = workbook.add_worksheet();
    sheet.set_name(sheet_name(frame))?;
    Page::new(frame, palette).write(sheet)?;
    write_tidy(workbook.add_worksheet(), &frame.tidy, palette)?;
    write_keys(workbook.add_worksheet(), frame)?;
    workbook.save_to_buffer()
}

/// The date is fixed so that the same table gives the same bytes; when it was published is said by the release.
fn properties(frame: &Frame, palette: &Palette) -> Result<DocProperties, XlsxError> {
    let date = ExcelDateTime::from_ymd(2000, 1, 1)?;
    Ok(DocProperties::new()
        .set_title(frame.full_title())
        .set_subject(&frame.unit_note)
        .set_author(&palette.publisher)
        .set_comment(&frame.source)
        .set_creation_datetime(&date))
}

fn sheet_name(frame: &Frame) -> String {
    let wanted = if frame.number.is_empty() { &frame.id } else { &frame.number };
    wanted.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(SHEET_NAME_MAX).collect()
}

/// Width of the widest line of a text in half-width characters.
fn text_width(text: &str) -> usize {
    text.split('\n').map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// Lines a text takes in a column of a width.
fn line_count(text: &str, width: usize) -> usize {
    text.split('\n').map(|line| line.width().div_ceil(width.max(1)).max(1)).sum()
}

/// A header as it stands in a column of a width: one line where there is room, else broken before its bracket, so that
/// no program breaks it inside its unit.
fn header_text(text: &str, width: usize) -> String {
    let bracket = text.find(['（', '(']).filter(|at| *at > 0);
    match bracket {
        Some(at) if !text.contains('\n') && text_width(text) + AIR > width => {
            format!("{}\n{}", &text[..at], &text[at..])
        }
        _ => text.to_owned(),
    }
}

/// The width a header asks for: its widest line, or half of one too long for any column.
fn header_width(text: &str) -> usize {
    let broken = header_text(text, HEADER_LINE_MAX + AIR);
    let lines = broken.split('\n').map(UnicodeWidthStr::width);
    lines.map(|line| if line <= HEADER_PART_MAX { line } else { line.div_ceil(4) * 2 }).max().unwrap_or(0) + AIR
}

/// Where everything stands on the sheet.
struct Page<'a> {
    frame: &'a Frame,
    palette: &'a Palette,
    widths: Vec<usize>,
    /// Label columns whose labels are all equally wide, as years are.
    centred_labels: Vec<bool>,
    labels: usize,
    header_row: u32,
    body_row: u32,
}

/// Which rules touch a cell.
#[derive(Clone, Copy, Default)]
struct Rules {
    top: bool,
    thin_bottom: bool,
    bottom: bool,
}

impl<'a> Page<'a> {
    fn new(frame: &'a Frame, palette: &'a Palette) -> Page<'a> {
        let header_row = frame.header_row() as u32;
        Page {
            frame,
            palette,
            widths: column_widths(frame),
            centred_labels: (0..frame.heads.len()).map(|column| equally_wide(frame, column)).collect(),
            labels: frame.heads.len(),
            header_row,
            body_row: header_row + frame.header.len() as u32,
        }
    }

    fn write(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        for (column, width) in self.widths.iter().enumerate() {
            sheet.set_column_width(column as u16, *width as f64 + 1.0)?;
        }
        self.title(sheet)?;
        self.header(sheet)?;
        self.body(sheet)?;
        let last_row = self.notes(sheet)?;
        let last_column = self.last_column();
        sheet.set_screen_gridlines(false);
        sheet.set_freeze_panes(self.body_row, self.labels as u16)?;
        sheet.set_repeat_rows(0, self.body_row - 1)?;
        sheet.set_print_area(0, 0, last_row, last_column)?;
        sheet.set_paper_size(9).set_print_fit_to_pages(1, 0).set_print_center_horizontally(true);
        if self.widths.iter().sum::<usize>() > PORTRAIT_WIDTH_MAX {
            sheet.set_landscape();
        }
        sheet.set_footer("&C&P / &N");
        Ok(())
    }

    fn last_column(&self) -> u16 {
        (self.widths.len() - 1) as u16
    }

    fn font(&self, size: f64) -> Format {
        Format::new()
            .set_font_name(&self.palette.font.workbook_body)
            .set_font_size(size)
            .set_align(FormatAlign::VerticalCenter)
    }

    fn title(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let format = Format::new()
            .set_font_name(&self.palette.font.workbook_title)
            .set_font_size(TITLE_SIZE)
            .set_align(FormatAlign::Center)
            .set_align(FormatAlign::VerticalCenter)
            .set_text_wrap();
        let title = self.frame.full_title();
        let total: usize = self.widths.iter().sum();
        let lines = line_count(&title, (total as f64 * BODY_SIZE / TITLE_SIZE) as usize);
        sheet.set_row_height(0, 8.0 + 20.0 * lines as f64)?;
        span(sheet, [0, 0, 0, u32::from(self.last_column())], &title, &format)?;
        if !self.frame.unit_note.is_empty() {
            let format = self.font(NOTE_SIZE).set_align(FormatAlign::Right);
            span(sheet, [1, 0, 1, u32::from(self.last_column())], &self.frame.unit_note, &format)?;
        }
        Ok(())
    }

    fn header(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let last = self.body_row - 1;
        for (row, height) in self.header_heights().into_iter().enumerate() {
            sheet.set_row_height(self.header_row + row as u32, height)?;
        }
        for (column, head) in self.frame.heads.iter().enumerate() {
            let range = [self.header_row, column as u32, last, column as u32];
            let rules = Rules { top: true, thin_bottom: true, bottom: false };
            let format = ruled(self.font(BODY_SIZE).set_align(FormatAlign::Center).set_text_wrap(), rules);
            match head {
                Head::Text(text) => span(sheet, range, &header_text(text, self.widths[column]), &format)?,
                Head::Diagonal { rows, columns } => {
                    let format = format
                        .set_align(FormatAlign::Left)
                        .set_border_diagonal(FormatBorder::Thin)
                        .set_border_diagonal_type(FormatDiagonalBorder::BorderDown);
                    // Full-width blanks: every font draws them as wide as a Chinese character.
                    let room = self.widths[column].saturating_sub(text_width(columns)) / 2;
                    span(sheet, range, &format!("{}{columns}\n{rows}", "\u{3000}".repeat(room)), &format)?;
                }
            }
        }
        for (level, blocks) in self.frame.header.iter().enumerate() {
            for block in blocks {
                let first = self.header_row + level as u32;
                let column = (self.labels + block.column) as u32;
                let rules = Rules { top: level == 0, thin_bottom: true, bottom: false };
                let format = ruled(self.font(BODY_SIZE).set_align(FormatAlign::Center).set_text_wrap(), rules);
                let range = [first, column, first + block.high as u32 - 1, column + block.wide as u32 - 1];
                span(sheet, range, &header_text(&block.text, self.block_width(block)), &format)?;
            }
        }
        Ok(())
    }

    /// Width of all data columns that a header block stands over.
    fn block_width(&self, block: &Block) -> usize {
        let first = self.labels + block.column;
        self.widths[first..first + block.wide].iter().sum()
    }

    /// Heights that let every header text be read, the extra of a tall cell given to its last row.
    fn header_heights(&self) -> Vec<f64> {
        let mut lines = vec![1.0_f64; self.frame.header.len()];
        for (level, blocks) in self.frame.header.iter().enumerate() {
            for block in blocks {
                let width = self.block_width(block);
                raise(&mut lines, level, block.high, line_count(&header_text(&block.text, width), width));
            }
        }
        for (column, head) in self.frame.heads.iter().enumerate() {
            let needed = match head {
                Head::Text(text) => line_count(&header_text(text, self.widths[column]), self.widths[column]),
                Head::Diagonal { .. } => 2,
            };
            raise(&mut lines, 0, self.frame.header.len(), needed);
        }
        lines.into_iter().map(|n| n * LINE_POINTS + 4.0).collect()
    }

    fn body(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let count = self.frame.cells.len();
        for (at, (stub, cells)) in self.frame.stub.iter().zip(&self.frame.cells).enumerate() {
            let row = self.body_row + at as u32;
            let lines = self.row_lines(stub, cells);
            sheet.set_row_height(row, lines as f64 * LINE_POINTS + 2.0)?;
            for block in stub {
                let rules = Rules { bottom: at + block.high == count, ..Rules::default() };
                let centred = block.group || self.centred_labels[block.column];
                let align = if centred { FormatAlign::Center } else { FormatAlign::Left };
                let format = ruled(self.font(BODY_SIZE).set_align(align).set_text_wrap(), rules);
                let last_column = block.column + block.wide - 1;
                let range = [row, block.column as u32, row + block.high as u32 - 1, last_column as u32];
                span(sheet, range, &block.text, &format)?;
            }
            for (nth, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.covered) {
                let rules = Rules { bottom: at + cell.high == count, ..Rules::default() };
                self.data(sheet, row, (self.labels + nth) as u32, cell, rules)?;
            }
        }
        Ok(())
    }

    /// Lines of the tallest cell in a row.
    fn row_lines(&self, stub: &[Block], cells: &[Cell]) -> usize {
        let labels = stub
            .iter()
            .filter(|b| b.high == 1)
            .map(|block| line_count(&block.text, self.widths[block.column..block.column + block.wide].iter().sum()));
        let texts = cells.iter().enumerate().filter(|(_, c)| c.high == 1 && !c.covered).map(|(nth, cell)| {
            let first = self.labels + nth;
            line_count(&cell.text(), self.widths[first..first + cell.wide].iter().sum())
        });
        labels.chain(texts).max().unwrap_or(1)
    }

    fn data(&self, sheet: &mut Worksheet, row: u32, column: u32, cell: &Cell, rules: Rules) -> Result<(), XlsxError> {
        let merged = cell.wide > 1 || cell.high > 1;
        let align = match (&cell.content, merged) {
            (_, true) | (Content::Text(_), _) => FormatAlign::Center,
            _ => FormatAlign::Right,
        };
        let format = ruled(self.font(BODY_SIZE).set_align(align), rules);
        let range = [row, column, row + cell.high as u32 - 1, column + cell.wide as u32 - 1];
        match &cell.content {
            Content::Number(figure) => {
                let format = format.set_num_format(figure.spreadsheet_format());
                if merged {
                    span(sheet, range, "", &format)?;
                }
                // Spreadsheets hold binary numbers of 15 digits; the exact one stands on the second sheet.
                let number = figure.number.to_f64().unwrap_or(f64::NAN);
                sheet.write_number_with_format(row, column as u16, number, &format)?;
                Ok(())
            }
            Content::Text(text) => span(sheet, range, text, &format.set_text_wrap()),
            Content::Mark(text) => span(sheet, range, text, &format),
            Content::Blank => span(sheet, range, "", &format),
        }
    }

    /// Footnotes and source below the table; the number of the last row written.
    fn notes(&self, sheet: &mut Worksheet) -> Result<u32, XlsxError> {
        let format = self.font(NOTE_SIZE).set_align(FormatAlign::Left).set_text_wrap();
        let total: usize = self.widths.iter().sum::<usize>() + self.widths.len();
        let room = (total as f64 * BODY_SIZE / NOTE_SIZE) as usize;
        let mut row = self.body_row + self.frame.cells.len() as u32;
        for line in self.frame.foot() {
            sheet.set_row_height(row, line_count(&line, room) as f64 * NOTE_POINTS + 3.0)?;
            span(sheet, [row, 0, row, u32::from(self.last_column())], &line, &format)?;
            row += 1;
        }
        Ok(row - 1)
    }
}

fn raise(lines: &mut [f64], first: usize, high: usize, needed: usize) {
    let have: f64 = lines[first..first + high].iter().sum();
    if have < needed as f64 {
        lines[first + high - 1] += needed as f64 - have;
    }
}

/// The three rules: thick above the header and below the body, thin below the header (and below its group heads).
fn ruled(format: Format, rules: Rules) -> Format {
    let format = if rules.top { format.set_border_top(FormatBorder::Medium) } else { format };
    let format = if rules.thin_bottom { format.set_border_bottom(FormatBorder::Thin) } else { format };
    if rules.bottom { format.set_border_bottom(FormatBorder::Medium) } else { format }
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

fn equally_wide(frame: &Frame, column: usize) -> bool {
    let mut widths = frame.stub.iter().flatten().filter(|b| b.column == column).map(|b| text_width(&b.text));
    let first = widths.next();
    widths.all(|width| Some(width) == first)
}

/// Wide enough for every figure and for every header, which breaks before its bracket if at all.
fn column_widths(frame: &Frame) -> Vec<usize> {
    let mut widths = vec![COLUMN_WIDTH_MIN; frame.heads.len() + frame.columns()];
    for (column, head) in frame.heads.iter().enumerate() {
        let own = match head {
            Head::Text(text) => header_width(text),
            Head::Diagonal { rows, columns } => text_width(rows) + text_width(columns) + 2,
        };
        widths[column] = widths[column].max(own).min(COLUMN_WIDTH_MAX);
    }
    for block in frame.stub.iter().flatten().filter(|b| b.wide == 1) {
        widths[block.column] = widths[block.column].max(text_width(&block.text)).min(COLUMN_WIDTH_MAX);
    }
    for cells in &frame.cells {
        for (nth, cell) in cells.iter().enumerate().filter(|(_, c)| c.wide == 1 && !c.covered) {
            let own = text_width(&cell.text()) + 2;
            let own = if matches!(cell.content, Content::Text(_)) { own.min(COLUMN_WIDTH_MAX) } else { own };
            let at = frame.heads.len() + nth;
            widths[at] = widths[at].max(own);
        }
    }
    // From the single columns up to the heads of groups, which widen what stands below them.
    for block in frame.header.iter().rev().flatten() {
        let first = frame.heads.len() + block.column;
        let own = &mut widths[first..first + block.wide];
        let short = header_width(&block.text).saturating_sub(own.iter().sum());
        own.iter_mut().for_each(|width| *width += short.div_ceil(block.wide));
    }
    widths
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
    let mut row = 0;
    for (at, cells) in frame.cells.iter().enumerate() {
        for (nth, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.covered) {
            for figure in cell.origins.iter().map(|origin| &origin.figure) {
                row += 1;
                let key: serde_json::Map<String, serde_json::Value> =
                    figure.key.iter().map(|(column, value)| (column.clone(), value.clone().into())).collect();
                let key = serde_json::Value::from(key).to_string();
                for (column, text) in
                    [frame.address(at, nth).as_str(), &figure.table, &figure.column, &key].iter().enumerate()
                {
                    sheet.write_string(row, column as u16, *text)?;
                }
            }
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

#[cfg(test)]
mod tests {
    use super::{header_text, header_width, line_count};

    fn check(text: &str, width: usize, lines: &str) {
        assert_eq!(header_width(text), width, "{text}");
        let shown = header_text(text, width);
        assert_eq!(shown, lines, "{text}");
        assert_eq!(line_count(&shown, width), line_count(&shown, width + 2), "{text} has room to spare");
    }

    #[test]
    fn a_header_breaks_before_its_bracket() {
        check("年度", 6, "年度");
        check("起付线（元）", 14, "起付线（元）");
        check("基金收入（万元）", 18, "基金收入（万元）");
        check("参保人数（万人次）", 12, "参保人数\n（万人次）");
        check("财政补助标准\n（元/人）", 14, "财政补助标准\n（元/人）");
        check("领取失业保险金人数（人）", 20, "领取失业保险金人数\n（人）");
        check("（元）", 8, "（元）");
    }
}
