//! A text as a Word document: title, headings that make its outline, paragraphs two characters in, tables between three rules,
//! charts as pictures with their description, wide tables on a page turned sideways.

use super::docx::{OFFICE, WORD, content_types, footer, pages, paragraphs, properties, relations, section, styles};
use super::keys;
use super::pack::pack;
use super::text::Whole;
use super::xml::Xml;
use crate::diag::Diagnostic;
use crate::report::chart::picture::Picture;
use crate::report::definition::spec::Palette;
use crate::report::prose::document::{Block, Run, Words};
use crate::report::table::frame::status_sign;
use crate::report::table::key::{Keyed, keyed_in_document};
use crate::report::table::sheet::Sheet;

/// English metric units per pixel of a picture, at the size that fills the page between its margins.
const PICTURE_WIDTH: usize = 6_120_000;

/// # Errors
/// The parts do not fit an archive.
pub fn render(whole: &Whole<'_>, palette: &Palette) -> Result<Vec<u8>, Diagnostic> {
    let mut relations_of =
        [("styles", "styles.xml"), ("footer", "footer.xml"), ("customXml1", "../customXml/item1.xml")]
            .map(|(id, target)| (id.to_owned(), target.to_owned()))
            .to_vec();
    let mut media = Vec::new();
    let document = document(whole, &mut relations_of, &mut media);
    let targets: Vec<(&str, &str)> = relations_of.iter().map(|(id, target)| (id.as_str(), target.as_str())).collect();
    let mut parts = vec![
        ("[Content_Types].xml", content_types()),
        ("_rels/.rels", relations(&[("document", "word/document.xml"), ("core", "docProps/core.xml")])),
        ("docProps/core.xml", properties(&whole.document.title, &whole.imprint, whole.publisher)),
        ("word/_rels/document.xml.rels", relations(&targets)),
        ("word/document.xml", document),
        ("word/styles.xml", styles(palette)),
        ("word/footer.xml", footer()),
        (keys::OFFICE_PART, keys::part(&keyed(whole))),
    ];
    parts.extend(media.iter().map(|(name, bytes): &(String, Vec<u8>)| (name.as_str(), bytes.clone())));
    pack(&parts)
}

/// The figures of the sentences by their number in the text, those of the tables by table and cell.
fn keyed(whole: &Whole<'_>) -> Vec<Keyed> {
    let used = whole.document.figures.iter().enumerate();
    let used = used.map(|(nth, used)| Keyed {
        sheet: String::new(),
        cell: format!("F{}", nth + 1),
        figure: used.quoted.key.clone(),
    });
    let mut keys: Vec<Keyed> = used.collect();
    let mut tables = 0;
    for block in &whole.document.blocks {
        let Block::Table(id) = block else { continue };
        let Some(frame) = whole.table(id).map(|table| table.frame.as_ref()) else { continue };
        keys.extend(keyed_in_document(frame, &mut tables));
    }
    keys
}

fn document(whole: &Whole<'_>, targets: &mut Vec<(String, String)>, media: &mut Vec<(String, Vec<u8>)>) -> Vec<u8> {
    let mut xml = Xml::new();
    xml.open("w:document", &[("xmlns:w", WORD), ("xmlns:r", OFFICE)]).open("w:body", &[]);
    paragraphs(&mut xml, &whole.document.title, &[("style", "TextTitle")], "", 0);
    for line in [whole.publisher, &whole.imprint] {
        paragraphs(&mut xml, line, &[("style", "TextByline")], "", 0);
    }
    for notice in &whole.document.notices {
        paragraphs(&mut xml, notice, &[("style", "TableNote")], "", 0);
    }
    // Headings that lead to what comes next; whether nothing stands behind the last page turned sideways.
    let (mut waiting, mut is_fresh): (Vec<&Block>, bool) = (Vec::new(), false);
    for block in &whole.document.blocks {
        if matches!(block, Block::Heading(..)) {
            waiting.push(block);
            continue;
        }
        let wide = match block {
            Block::Table(id) => whole.table(id).map(|table| Sheet::of(&table.frame)).filter(|laid| laid.landscape),
            _ => None,
        };
        // A page turned sideways is a section of its own, with the headings that lead to it; what stands before it ends its own upright.
        if wide.is_some() && !is_fresh {
            turn(&mut xml, false);
        }
        headings(&mut xml, whole, &mut waiting);
        is_fresh = wide.is_some();
        match block {
            Block::Heading(..) => {}
            Block::Paragraph(text) => words(&mut xml, whole, text, "TextBody", ""),
            Block::Item(text) => words(&mut xml, whole, text, "TextItem", "· "),
            Block::Note(text) => words(&mut xml, whole, text, "TableNote", ""),
            Block::Table(id) => {
                let Some(frame) = whole.table(id).map(|table| table.frame.as_ref()) else { continue };
                let laid = wide.unwrap_or_else(|| Sheet::of(frame));
                paragraphs(&mut xml, "", &[("style", "TableNote")], "", 0);
                pages(&mut xml, frame, &laid);
                paragraphs(&mut xml, "", &[("style", "TableNote")], "", 0);
                if laid.landscape {
                    turn(&mut xml, true);
                }
            }
            Block::Chart(id) => {
                let Some(chart) = whole.chart(id) else { continue };
                let nth = media.len() + 1;
                targets.push((format!("image{nth}"), format!("media/image{nth}.png")));
                media.push((format!("word/media/image{nth}.png"), chart.png.clone()));
                picture(&mut xml, chart, nth);
            }
        }
    }
    headings(&mut xml, whole, &mut waiting);
    section(&mut xml, false);
    xml.finish()
}

fn headings(xml: &mut Xml, whole: &Whole<'_>, waiting: &mut Vec<&Block>) {
    for block in waiting.drain(..) {
        if let Block::Heading(level, text) = block {
            words(xml, whole, text, &format!("Heading{level}"), "");
        }
    }
}

fn turn(xml: &mut Xml, landscape: bool) {
    xml.open("w:p", &[]).open("w:pPr", &[]);
    section(xml, landscape);
    xml.close().close();
}

fn words(xml: &mut Xml, whole: &Whole<'_>, text: &Words, style: &str, before: &str) {
    xml.open("w:p", &[]).open("w:pPr", &[]).empty("w:pStyle", &[("w:val", style)]).close();
    let run = |xml: &mut Xml, text: &str, raised: bool| {
        xml.open("w:r", &[]);
        if raised {
            xml.open("w:rPr", &[]).empty("w:vertAlign", &[("w:val", "superscript")]).close();
        }
        xml.element("w:t", &[("xml:space", "preserve")], text).close();
    };
    if !before.is_empty() {
        run(xml, before, false);
    }
    for part in text {
        match part {
            Run::Text(text) => run(xml, text, false),
            Run::Figure(nth, shown) => {
                run(xml, shown, false);
                let status = whole.document.figures.get(*nth).map_or("", |used| status_sign(used.quoted.status));
                if !status.is_empty() {
                    run(xml, status, true);
                }
            }
        }
    }
    xml.close();
}

fn picture(xml: &mut Xml, chart: &Picture, nth: usize) {
    const DRAWING: &str = "http://schemas.openxmlformats.org/drawingml/2006/main";
    const PICTURE: &str = "http://schemas.openxmlformats.org/drawingml/2006/picture";
    const PLACED: &str = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing";
    let (wide, high) = size(&chart.png).unwrap_or((16, 9));
    let (cx, cy) = (PICTURE_WIDTH.to_string(), (PICTURE_WIDTH * high / wide.max(1)).to_string());
    let (number, id) = (nth.to_string(), format!("image{nth}"));
    xml.open("w:p", &[]).open("w:pPr", &[]).empty("w:pStyle", &[("w:val", "TextByline")]).close();
    xml.open("w:r", &[]).open("w:drawing", &[]);
    xml.open("wp:inline", &[("xmlns:wp", PLACED)]).empty("wp:extent", &[("cx", &cx), ("cy", &cy)]);
    xml.empty("wp:docPr", &[("id", &number), ("name", &chart.title), ("descr", &chart.alt)]);
    xml.open("a:graphic", &[("xmlns:a", DRAWING)]).open("a:graphicData", &[("uri", PICTURE)]);
    xml.open("pic:pic", &[("xmlns:pic", PICTURE)]).open("pic:nvPicPr", &[]);
    xml.empty("pic:cNvPr", &[("id", &number), ("name", &id), ("descr", &chart.alt)]).empty("pic:cNvPicPr", &[]).close();
    xml.open("pic:blipFill", &[]).empty("a:blip", &[("r:embed", &id)]);
    xml.open("a:stretch", &[]).empty("a:fillRect", &[]).close().close();
    xml.open("pic:spPr", &[]).open("a:xfrm", &[]).empty("a:off", &[("x", "0"), ("y", "0")]);
    xml.empty("a:ext", &[("cx", &cx), ("cy", &cy)]).close();
    xml.open("a:prstGeom", &[("prst", "rect")]).empty("a:avLst", &[]);
    // prstGeom, spPr, pic, graphicData, graphic, inline, drawing, run, paragraph
    for _ in 0..9 {
        xml.close();
    }
}

/// Width and height in the head of a PNG.
fn size(png: &[u8]) -> Option<(usize, usize)> {
    let number = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?) as usize);
    Some((number(16)?, number(20)?))
}
