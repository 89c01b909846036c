//! A described workbook to the bytes of a file: csv in three encodings, html, ods, xlsx, xls. There is no writer of xlsb.

use std::fmt::Write as _;
use std::io::Write as _;

use rust_xlsxwriter::{Format as Style, Workbook};

use super::sheet::{Book, Cell, File, Sheet, Span};
use super::write_xls;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Xlsx,
    Xls,
    Ods,
    Html,
    CsvUtf8,
    CsvGb18030,
    CsvUtf16,
}

impl Format {
    pub const ALL: [Format; 7] =
        [Format::Xlsx, Format::Xls, Format::Ods, Format::Html, Format::CsvUtf8, Format::CsvGb18030, Format::CsvUtf16];

    pub fn extension(self) -> &'static str {
        match self {
            Format::Xlsx => "xlsx",
            Format::Xls => "xls",
            Format::Ods => "ods",
            Format::Html => "html",
            Format::CsvUtf8 | Format::CsvGb18030 | Format::CsvUtf16 => "csv",
        }
    }

    /// Whether a file of this format can say all that the book says.
    pub fn holds(self, book: &Book) -> bool {
        let cells = || book.iter().flat_map(|f| &f.sheets).flat_map(|s| s.cells.iter().flatten());
        let plain = cells().all(|c| !c.bold && c.indent == 0);
        let single = book.iter().all(|f| f.sheets.len() == 1);
        let merged = book.iter().flat_map(|f| &f.sheets).any(|s| !s.merges.is_empty());
        // A table without text is no table of a page.
        let blank = book.iter().flat_map(|f| &f.sheets).any(|s| s.filled().next().is_none());
        match self {
            Format::Xlsx | Format::Xls => true,
            Format::Ods => cells().all(|c| c.indent == 0),
            Format::Html => cells().all(|c| c.indent == 0) && !blank,
            _ => plain && single && !merged,
        }
    }

    /// How the reader names a sheet.
    pub fn sheet_name<'a>(self, file: &'a File, sheet: &'a Sheet) -> &'a str {
        match self {
            Format::Xlsx | Format::Xls | Format::Ods => &sheet.name,
            Format::Html if file.sheets.len() > 1 => &sheet.name,
            _ => "",
        }
    }

    /// How the reader names a cell.
    pub fn address(self, row: usize, col: usize) -> String {
        match self {
            Format::Html => format!("R{}C{}", row + 1, col + 1),
            _ => format!("{}{}", shebao::grid::column_letters(col as u32), row + 1),
        }
    }

    pub fn bytes(self, file: &File) -> Vec<u8> {
        match self {
            Format::Xlsx => xlsx(file),
            Format::Xls => write_xls::bytes(file),
            Format::Ods => ods(file),
            Format::Html => html(file).into_bytes(),
            Format::CsvUtf8 => csv(&file.sheets[0]).into_bytes(),
            Format::CsvGb18030 => encoding_rs::GB18030.encode(&csv(&file.sheets[0])).0.into_owned(),
            Format::CsvUtf16 => {
                let units = std::iter::once(0xFEFF).chain(csv(&file.sheets[0]).encode_utf16().collect::<Vec<_>>());
                units.flat_map(u16::to_le_bytes).collect()
            }
        }
    }
}

/// A printed figure as a workbook keeps it: the number, and the number format that shows exactly the print.
pub fn number(cell: &Cell) -> Option<(f64, String)> {
    if cell.as_text {
        return None;
    }
    let (text, percent) = match cell.text.strip_suffix('%') {
        Some(text) => (text, true),
        None => (cell.text.as_str(), false),
    };
    let magnitude = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = magnitude.split_once('.').map_or((magnitude, None), |(w, f)| (w, Some(f)));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let groups: Vec<&str> = whole.split(',').collect();
    let grouped = groups.len() > 1;
    let sound = groups.iter().all(|g| digits(g))
        && (!grouped || (groups[0].len() <= 3 && groups[1..].iter().all(|g| g.len() == 3)))
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && whole.len() + fraction.map_or(0, str::len) <= 15;
    if !sound {
        return None;
    }
    let value: f64 = text.replace(',', "").parse().ok()?;
    let mut format = if grouped { "#,##0".to_owned() } else { "0".to_owned() };
    if let Some(fraction) = fraction {
        let _ = write!(format, ".{}", "0".repeat(fraction.len()));
    }
    if percent {
        // The nearest binary number of the printed figure over a hundred.
        let exact: f64 = format!("{text}e-2").replace(',', "").parse().ok()?;
        return Some((exact, format + "%"));
    }
    Some((value, format))
}

fn csv(sheet: &Sheet) -> String {
    let mut text = String::new();
    for row in &sheet.cells {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| match cell.text.contains([',', '"', '\n']) {
                true => format!("\"{}\"", cell.text.replace('"', "\"\"")),
                false => cell.text.clone(),
            })
            .collect();
        let _ = writeln!(text, "{}", cells.join(","));
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn covered(sheet: &Sheet, row: usize, col: usize) -> Option<&Span> {
    sheet.merge_at(row, col).filter(|m| (m.rows.0, m.cols.0) != (row, col))
}

fn html(file: &File) -> String {
    let mut page = "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body>\n".to_owned();
    for sheet in &file.sheets {
        page.push_str("<table>\n");
        if file.sheets.len() > 1 {
            let _ = writeln!(page, "<caption>{}</caption>", escaped(&sheet.name));
        }
        for (r, row) in sheet.cells.iter().enumerate() {
            page.push_str("<tr>");
            for (c, cell) in row.iter().enumerate().filter(|(c, _)| covered(sheet, r, *c).is_none()) {
                let (down, across) =
                    sheet.merge_at(r, c).map_or((1, 1), |m| (m.rows.1 - m.rows.0 + 1, m.cols.1 - m.cols.0 + 1));
                let text = escaped(&cell.text).replace(' ', "&nbsp;").replace('\n', "<br>");
                let text = if cell.bold { format!("<b>{text}</b>") } else { text };
                let _ = write!(page, "<td rowspan={down} colspan={across}>{text}</td>");
            }
            page.push_str("</tr>\n");
        }
        page.push_str("</table>\n");
    }
    page + "</body></html>\n"
}

fn ods(file: &File) -> Vec<u8> {
    let mut content = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><office:document-content \
        xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
        xmlns:style=\"urn:oasis:names:tc:opendocument:xmlns:style:1.0\" \
        xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\" \
        xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
        xmlns:fo=\"urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0\" office:version=\"1.2\">\
        <office:automatic-styles><style:style style:name=\"b\" style:family=\"table-cell\">\
        <style:text-properties fo:font-weight=\"bold\"/></style:style></office:automatic-styles>\
        <office:body><office:spreadsheet>"
        .to_owned();
    for sheet in &file.sheets {
        let _ = write!(content, "<table:table table:name=\"{}\">", escaped(&sheet.name));
        for (r, row) in sheet.cells.iter().enumerate() {
            content.push_str("<table:table-row>");
            for (c, cell) in row.iter().enumerate() {
                match covered(sheet, r, c) {
                    Some(_) => content.push_str("<table:covered-table-cell/>"),
                    None => ods_cell(&mut content, cell, sheet.merge_at(r, c)),
                }
            }
            content.push_str("</table:table-row>");
        }
        content.push_str("</table:table>");
    }
    content.push_str("</office:spreadsheet></office:body></office:document-content>");
    let kind = "application/vnd.oasis.opendocument.spreadsheet";
    let manifest = format!(
        "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"><manifest:file-entry \
         manifest:full-path=\"/\" manifest:media-type=\"{kind}\"/></manifest:manifest>"
    );
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in [("mimetype", kind), ("content.xml", &content), ("META-INF/manifest.xml", &manifest)] {
        zip.start_file(name, stored).expect("a part");
        zip.write_all(text.as_bytes()).expect("a part");
    }
    zip.finish().expect("an archive").into_inner()
}

fn ods_cell(content: &mut String, cell: &Cell, merge: Option<&Span>) {
    content.push_str("<table:table-cell");
    if cell.bold {
        content.push_str(" table:style-name=\"b\"");
    }
    if let Some(m) = merge {
        let _ = write!(
            content,
            " table:number-rows-spanned=\"{}\" table:number-columns-spanned=\"{}\"",
            m.rows.1 - m.rows.0 + 1,
            m.cols.1 - m.cols.0 + 1
        );
    }
    if cell.text.is_empty() {
        content.push_str("/>");
        return;
    }
    match number(cell) {
        Some((value, format)) if format.ends_with('%') => {
            let _ = write!(content, " office:value-type=\"percentage\" office:value=\"{value}\">");
        }
        Some((value, _)) => {
            let _ = write!(content, " office:value-type=\"float\" office:value=\"{value}\">");
        }
        None => content.push_str(" office:value-type=\"string\">"),
    }
    for line in cell.text.split('\n') {
        // White space in the source is one space at most; what counts is written as an element.
        let text = escaped(line).replace(' ', "<text:s/>");
        let _ = write!(content, "<text:p>{text}</text:p>");
    }
    content.push_str("</table:table-cell>");
}

fn xlsx(file: &File) -> Vec<u8> {
    let mut book = Workbook::new();
    for sheet in &file.sheets {
        let page = book.add_worksheet();
        page.set_name(&sheet.name).expect("a name for a sheet");
        for m in &sheet.merges {
            let (rows, cols) = ((m.rows.0 as u32, m.rows.1 as u32), (m.cols.0 as u16, m.cols.1 as u16));
            page.merge_range(rows.0, cols.0, rows.1, cols.1, "", &Style::new()).expect("a merged range");
        }
        for (r, c, cell) in sheet.filled() {
            let (r, c) = (r as u32, c as u16);
            let mut style = Style::new().set_indent(cell.indent);
            if cell.bold {
                style = style.set_bold();
            }
            match number(cell) {
                Some((value, format)) => {
                    page.write_number_with_format(r, c, value, &style.set_num_format(format)).expect("a number");
                }
                None => drop(page.write_string_with_format(r, c, &cell.text, &style).expect("a text")),
            }
        }
    }
    book.save_to_buffer().expect("a workbook")
}
