//! The yearbook layout as a Word document: title and unit note as paragraphs, the table between three rules with heads that
//! Word repeats, each page of a long table with its own, notes and source below.

use super::keys;
use super::pack::pack;
use super::xml::Xml;
use crate::diag::Diagnostic;
use crate::report::definition::spec::Palette;
use crate::report::table::frame::Frame;
use crate::report::table::key::keyed_in_document;
use crate::report::table::sheet::{
    Align, BODY_SIZE, Line, NOTE_SIZE, Page, Placed, Sheet, Size, Slot, TITLE_SIZE, What, slots,
};

pub(super) const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
pub(super) const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A4 in twentieths of a point, and the margin around the text.
pub(super) const SHORT: usize = 11_906;
const LONG: usize = 16_838;
pub(super) const MARGIN: usize = 1_134;

/// Between a cell's text and its edge, in twentieths of a point.
const CELL_MARGIN: &str = "57";

/// The widest digit of the fonts that a table may be shown with, in parts of the height of its type.
const DIGIT: f64 = 0.56;

/// # Errors
/// The table has no cells.
pub fn render(frame: &Frame, palette: &Palette) -> Result<Vec<u8>, Diagnostic> {
    let laid = Sheet::of(frame);
    pack(&[
        ("[Content_Types].xml", content_types()),
        ("_rels/.rels", relations(&[("document", "word/document.xml"), ("core", "docProps/core.xml")])),
        ("docProps/core.xml", properties(&frame.full_title(), &frame.source, &palette.publisher)),
        (
            "word/_rels/document.xml.rels",
            relations(&[("styles", "styles.xml"), ("footer", "footer.xml"), ("customXml1", "../customXml/item1.xml")]),
        ),
        ("word/document.xml", document(frame, &laid)),
        ("word/styles.xml", styles(palette)),
        ("word/footer.xml", footer()),
        (keys::OFFICE_PART, keys::part(&keyed_in_document(frame, &mut 0))),
    ])
}

fn document(frame: &Frame, laid: &Sheet) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("w:document", &[("xmlns:w", WORD), ("xmlns:r", OFFICE)]).open("w:body", &[]);
    pages(&mut xml, frame, laid);
    section(&mut xml, laid.landscape);
    xml.finish()
}

/// A table with what stands above and below it.
pub(super) fn pages(xml: &mut Xml, frame: &Frame, laid: &Sheet) {
    for (nth, page) in laid.pages.iter().enumerate() {
        for line in &page.above {
            above(xml, line, nth > 0 && std::ptr::eq(line, &page.above[0]));
        }
        table(xml, page, laid, frame);
    }
    for line in laid.foot.iter().flat_map(|line| &line.cells) {
        paragraphs(xml, &line.what.text(), &[("style", "TableNote")], "", 0);
    }
}

/// The paper of what stands before.
pub(super) fn section(xml: &mut Xml, landscape: bool) {
    let (width, height) = if landscape { (LONG, SHORT) } else { (SHORT, LONG) };
    let (width, height, margin) = (width.to_string(), height.to_string(), MARGIN.to_string());
    xml.open("w:sectPr", &[]).empty("w:footerReference", &[("w:type", "default"), ("r:id", "footer")]);
    let mut size = vec![("w:w", width.as_str()), ("w:h", &height)];
    if landscape {
        size.push(("w:orient", "landscape"));
    }
    xml.empty("w:pgSz", &size);
    let margins = ["w:top", "w:right", "w:bottom", "w:left"].map(|side| (side, margin.as_str()));
    let rest = [("w:header", "600"), ("w:footer", "600"), ("w:gutter", "0")];
    xml.empty("w:pgMar", &margins.into_iter().chain(rest).collect::<Vec<_>>()).close();
}

/// Title or unit note, kept with the table below it.
fn above(xml: &mut Xml, line: &Line, begins_page: bool) {
    for cell in &line.cells {
        let style = if cell.look.size == Size::Title { "TableTitle" } else { "TableUnit" };
        let settings = [("style", style), ("page", "")];
        paragraphs(xml, &cell.what.text(), if begins_page { &settings } else { &settings[..1] }, "", 0);
    }
}

fn table(xml: &mut Xml, page: &Page, laid: &Sheet, frame: &Frame) {
    let room = if laid.landscape { LONG } else { SHORT } - 2 * MARGIN;
    let total: usize = laid.widths.iter().sum();
    let widths: Vec<String> = laid.widths.iter().map(|width| (room * width / total.max(1)).to_string()).collect();
    // In twentieths of a point; no figure is broken within its cell.
    let size = (room as f64 / 20.0 / (DIGIT * total.max(1) as f64)).min(BODY_SIZE);
    xml.open("w:tbl", &[]).open("w:tblPr", &[]);
    xml.empty("w:tblW", &[("w:w", "5000"), ("w:type", "pct")]).empty("w:jc", &[("w:val", "center")]);
    xml.empty("w:tblLayout", &[("w:type", "fixed")]).open("w:tblCellMar", &[]);
    for side in ["w:left", "w:right"] {
        xml.empty(side, &[("w:w", CELL_MARGIN), ("w:type", "dxa")]);
    }
    xml.close();
    xml.empty("w:tblLook", &[("w:firstRow", "1"), ("w:firstColumn", "1"), ("w:noHBand", "1"), ("w:noVBand", "1")]);
    xml.empty("w:tblCaption", &[("w:val", &frame.full_title())]);
    let said = format!("{}；{} 行 {} 列。", frame.title, frame.cells.len(), frame.columns());
    xml.empty("w:tblDescription", &[("w:val", &said)]);
    xml.close().open("w:tblGrid", &[]);
    for width in &widths {
        xml.empty("w:gridCol", &[("w:w", width)]);
    }
    xml.close();
    let lines: Vec<&Line> = page.head.iter().chain(&page.body).collect();
    for (row, places) in slots(&lines, laid.widths.len()).iter().enumerate() {
        xml.open("w:tr", &[]).open("w:trPr", &[]).empty("w:cantSplit", &[]);
        let height = format!("{:.0}", lines[row].height * 20.0);
        xml.empty("w:trHeight", &[("w:val", &height), ("w:hRule", "atLeast")]);
        if row < page.head.len() {
            xml.empty("w:tblHeader", &[]);
        }
        xml.close();
        for (column, place) in places.iter().enumerate() {
            match place {
                Slot::Cell(cell) => table_cell(xml, cell, true, &widths, size),
                Slot::Down(cell) => table_cell(xml, cell, false, &widths, size),
                Slot::Across => {}
                Slot::Empty => {
                    xml.open("w:tc", &[]).open("w:tcPr", &[]);
                    xml.empty("w:tcW", &[("w:w", &widths[column]), ("w:type", "dxa")]).close();
                    xml.empty("w:p", &[]).close();
                }
            }
        }
        xml.close();
    }
    xml.close();
}

fn table_cell(xml: &mut Xml, cell: &Placed, is_first: bool, widths: &[String], size: f64) {
    xml.open("w:tc", &[]).open("w:tcPr", &[]);
    let own = widths[cell.column..cell.column + cell.wide].iter().filter_map(|width| width.parse::<usize>().ok());
    xml.empty("w:tcW", &[("w:w", &own.sum::<usize>().to_string()), ("w:type", "dxa")]);
    if cell.wide > 1 {
        xml.empty("w:gridSpan", &[("w:val", &cell.wide.to_string())]);
    }
    if cell.high > 1 {
        xml.empty("w:vMerge", if is_first { &[("w:val", "restart")] } else { &[] });
    }
    let rules = cell.look.rules;
    xml.open("w:tcBorders", &[]);
    if rules.top {
        xml.empty("w:top", &[("w:val", "single"), ("w:sz", "12"), ("w:color", "000000")]);
    }
    if rules.bottom || rules.thin_bottom {
        let size = if rules.bottom { "12" } else { "4" };
        xml.empty("w:bottom", &[("w:val", "single"), ("w:sz", size), ("w:color", "000000")]);
    }
    if rules.diagonal {
        xml.empty("w:tl2br", &[("w:val", "single"), ("w:sz", "4"), ("w:color", "000000")]);
    }
    xml.close().empty("w:vAlign", &[("w:val", "center")]).close();
    let align = |align: Align| match align {
        Align::Left => "left",
        Align::Centre => "center",
        Align::Right => "right",
    };
    let half_points = format!("{:.0}", (size * 2.0).floor());
    let settings = [("style", "TableCell"), ("align", align(cell.look.align)), ("size", half_points.as_str())];
    let settings = if size < BODY_SIZE { &settings[..] } else { &settings[..2] };
    match &cell.what {
        _ if !is_first => {
            xml.empty("w:p", &[]);
        }
        What::Diagonal { rows, columns } => {
            paragraphs(xml, columns, &[("style", "TableCell"), ("align", "right")], "", 0);
            paragraphs(xml, rows, &[("style", "TableCell"), ("align", "left")], "", 0);
        }
        What::Number(figure, signs) => {
            paragraphs(xml, &figure.text(), settings, signs, 0);
        }
        What::Text(text) => {
            paragraphs(xml, text, settings, "", cell.look.indent);
        }
    }
    xml.close();
}

/// A paragraph; a new line within the text is one in the paragraph, and signs are raised.
pub(super) fn paragraphs(xml: &mut Xml, text: &str, settings: &[(&str, &str)], signs: &str, indent: usize) {
    let setting = |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    xml.open("w:p", &[]).open("w:pPr", &[]);
    xml.empty("w:pStyle", &[("w:val", setting("style").unwrap_or("TableCell"))]);
    if setting("page").is_some() {
        xml.empty("w:pageBreakBefore", &[]);
    }
    if indent > 0 {
        xml.empty("w:ind", &[("w:leftChars", &(indent * 100).to_string()), ("w:left", &(indent * 210).to_string())]);
    }
    if let Some(align) = setting("align") {
        xml.empty("w:jc", &[("w:val", align)]);
    }
    xml.close();
    for (nth, line) in text.split('\n').enumerate() {
        xml.open("w:r", &[]);
        if let Some(size) = setting("size") {
            xml.open("w:rPr", &[]).empty("w:sz", &[("w:val", size)]).close();
        }
        if nth > 0 {
            xml.empty("w:br", &[]);
        }
        xml.element("w:t", &[("xml:space", "preserve")], line).close();
    }
    if !signs.is_empty() {
        xml.open("w:r", &[]).open("w:rPr", &[]).empty("w:vertAlign", &[("w:val", "superscript")]).close();
        xml.element("w:t", &[("xml:space", "preserve")], signs).close();
    }
    xml.close();
}

pub(super) fn styles(palette: &Palette) -> Vec<u8> {
    let body = palette.font.workbook_body.as_str();
    let title = palette.font.workbook_title.as_str();
    let mut xml = Xml::new();
    xml.open("w:styles", &[("xmlns:w", WORD)]).open("w:docDefaults", &[]).open("w:rPrDefault", &[]).open("w:rPr", &[]);
    fonts(&mut xml, body, BODY_SIZE);
    xml.empty("w:lang", &[("w:val", "en-GB"), ("w:eastAsia", "zh-CN")]);
    xml.close().close().close();
    let kinds = [
        ("Normal", body, BODY_SIZE, "left", false),
        ("TextTitle", title, 22.0, "center", true),
        ("TextByline", body, BODY_SIZE, "center", false),
        ("Heading1", title, 16.0, "left", true),
        ("Heading2", title, 14.0, "left", true),
        ("Heading3", title, 12.0, "left", true),
        ("TextBody", body, 12.0, "both", false),
        ("TextItem", body, 12.0, "both", false),
        ("TableTitle", title, TITLE_SIZE, "center", true),
        ("TableUnit", body, NOTE_SIZE, "right", true),
        ("TableCell", body, BODY_SIZE, "left", false),
        ("TableNote", body, NOTE_SIZE, "left", false),
    ];
    for (name, font, size, align, keep) in kinds {
        let default = [("w:type", "paragraph"), ("w:styleId", name), ("w:default", "1")];
        xml.open("w:style", if name == "Normal" { &default } else { &default[..2] });
        // Word knows its own headings by this name.
        let called = name.replace("Heading", "heading ");
        xml.empty("w:name", &[("w:val", &called)]).open("w:pPr", &[]);
        if keep {
            xml.empty("w:keepNext", &[]);
        }
        let is_text = name.starts_with("Text");
        let (before, after, line) = match name.starts_with("Heading") {
            true => ("240", "120", "240"),
            false if is_text => ("0", "60", "360"),
            false => ("0", "0", "240"),
        };
        xml.empty("w:spacing", &[("w:before", before), ("w:after", after), ("w:line", line), ("w:lineRule", "auto")]);
        // A paragraph begins two characters in.
        match name {
            "TextBody" => drop(xml.empty("w:ind", &[("w:firstLineChars", "200"), ("w:firstLine", "480")])),
            "TextItem" => drop(xml.empty("w:ind", &[("w:left", "720"), ("w:hanging", "240")])),
            _ => {}
        }
        xml.empty("w:jc", &[("w:val", align)]);
        // The outline of the document: its headings, and in a document of one table its title.
        let outline = match name {
            "TableTitle" | "Heading1" => Some("0"),
            "Heading2" => Some("1"),
            "Heading3" => Some("2"),
            _ => None,
        };
        if let Some(level) = outline {
            xml.empty("w:outlineLvl", &[("w:val", level)]);
        }
        xml.close().open("w:rPr", &[]);
        fonts(&mut xml, font, size);
        xml.close().close();
    }
    xml.finish()
}

fn fonts(xml: &mut Xml, font: &str, size: f64) {
    xml.empty("w:rFonts", &[("w:ascii", font), ("w:hAnsi", font), ("w:eastAsia", font)]);
    xml.empty("w:sz", &[("w:val", &format!("{:.0}", size * 2.0))]);
}

pub(super) fn footer() -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("w:ftr", &[("xmlns:w", WORD)]).open("w:p", &[]).open("w:pPr", &[]);
    xml.empty("w:jc", &[("w:val", "center")]).close();
    xml.open("w:fldSimple", &[("w:instr", "PAGE")]).open("w:r", &[]).element("w:t", &[], "1");
    xml.finish()
}

/// The date is fixed so that the same table gives the same bytes.
pub(super) fn properties(title: &str, description: &str, publisher: &str) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open(
        "cp:coreProperties",
        &[
            ("xmlns:cp", "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:dcterms", "http://purl.org/dc/terms/"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ],
    );
    xml.element("dc:title", &[], title).element("dc:creator", &[], publisher);
    xml.element("dc:description", &[], description).element("dc:language", &[], "zh-CN");
    xml.element("dcterms:created", &[("xsi:type", "dcterms:W3CDTF")], "2000-01-01T00:00:00Z");
    xml.finish()
}

pub(super) fn relations(targets: &[(&str, &str)]) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("Relationships", &[("xmlns", RELATIONS)]);
    for (id, target) in targets {
        let kind = match *id {
            "core" => format!("{}/metadata/core-properties", RELATIONS),
            "document" => format!("{OFFICE}/officeDocument"),
            // `image3` is an image.
            other => format!("{OFFICE}/{}", other.trim_end_matches(|c: char| c.is_ascii_digit())),
        };
        xml.empty("Relationship", &[("Id", id), ("Type", &kind), ("Target", target)]);
    }
    xml.finish()
}

pub(super) fn content_types() -> Vec<u8> {
    const WORD_TYPE: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
    let mut xml = Xml::new();
    xml.open("Types", &[("xmlns", "http://schemas.openxmlformats.org/package/2006/content-types")]);
    let relations = "application/vnd.openxmlformats-package.relationships+xml";
    xml.empty("Default", &[("Extension", "rels"), ("ContentType", relations)]);
    xml.empty("Default", &[("Extension", "xml"), ("ContentType", "application/xml")]);
    xml.empty("Default", &[("Extension", "png"), ("ContentType", "image/png")]);
    for (part, kind) in [("document", "document.main"), ("styles", "styles"), ("footer", "footer")] {
        let (part, kind) = (format!("/word/{part}.xml"), format!("{WORD_TYPE}.{kind}+xml"));
        xml.empty("Override", &[("PartName", &part), ("ContentType", &kind)]);
    }
    let core = "application/vnd.openxmlformats-package.core-properties+xml";
    xml.empty("Override", &[("PartName", "/docProps/core.xml"), ("ContentType", core)]);
    xml.finish()
}
